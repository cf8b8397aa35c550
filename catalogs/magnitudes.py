"""The Gutenberg-Richter law of magnitudes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from catalogs.errors import InputError
from catalogs.sequence import FloatArray

LN10 = float(np.log(10.0))


@dataclass(frozen=True)
class GutenbergRichter:
    """Magnitudes of events at and above completeness, truncated at ``maximum``.

    With beta = b ln 10,

        p(m) = beta exp(-beta (m - completeness)) / (1 - exp(-beta (maximum - completeness)))

    on [completeness, maximum] (Gutenberg and Richter 1944; truncation Cosentino et al. 1977).
    """

    completeness: float
    b: float = 1.0
    maximum: float = 9.0

    def __post_init__(self) -> None:
        if not self.b > 0.0:
            raise InputError(f"b-value {self.b} is not positive")
        if not self.maximum > self.completeness:
            raise InputError(
                f"maximum magnitude {self.maximum} is not above completeness {self.completeness}"
            )

    @property
    def beta(self) -> float:
        """b ln 10, per magnitude unit."""
        return self.b * LN10

    @property
    def _mass(self) -> float:
        return float(-np.expm1(-self.beta * (self.maximum - self.completeness)))

    def log_density(self, magnitudes: ArrayLike) -> FloatArray:
        """ln p(m) in nats; -inf outside [completeness, maximum]."""
        m = np.asarray(magnitudes, dtype=np.float64)
        inside = (m >= self.completeness) & (m <= self.maximum)
        value = np.log(self.beta / self._mass) - self.beta * (m - self.completeness)
        return np.where(inside, value, -np.inf)

    def inverse_cdf(self, u: ArrayLike) -> FloatArray:
        """The magnitude below which a fraction u of the events lies."""
        return self.completeness - np.log1p(-np.asarray(u) * self._mass) / self.beta

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """``n`` independent magnitudes."""
        return self.inverse_cdf(rng.random(n))

    def mean_productivity(self, alpha: float) -> float:
        """E[10^{alpha (m - completeness)}], dimensionless; finite for any alpha by truncation."""
        rate = (self.b - alpha) * LN10
        span = self.maximum - self.completeness
        integral = span if abs(rate * span) < 1e-9 else -np.expm1(-rate * span) / rate
        return float(self.beta * integral / self._mass)

    @classmethod
    def fit(
        cls,
        magnitudes: ArrayLike,
        completeness: float,
        *,
        bin_width: float = 0.01,
        strict: bool = False,
        maximum: float | None = None,
    ) -> GutenbergRichter:
        """Maximum likelihood b-value of magnitudes reported on a grid.

            beta = ln(1 + bin_width / (mean(m) - m_min)) / bin_width

        with m_min the lowest magnitude kept on the grid: ``completeness``, or one bin above it
        where the threshold is strict (van der Elst 2021, eq. 3; Tinti and Mulargia 1987). With
        ``bin_width`` 0 this is Aki's (1965) 1 / (mean(m) - completeness). The law itself starts
        half a bin below m_min, which for a strict threshold and for continuous magnitudes is
        above or at ``completeness``. ``maximum`` defaults to one unit above the largest
        magnitude, at least completeness + 5.
        """
        m = np.asarray(magnitudes, dtype=np.float64)
        if m.size < 2 or np.ptp(m) == 0.0:
            raise InputError(
                f"{m.size} magnitude(s) do not determine a b-value: give at least two that differ"
            )
        lowest = completeness + bin_width if strict else completeness
        excess = float(m.mean()) - lowest
        if excess <= 0.0:
            raise InputError(
                f"mean magnitude {m.mean():.3f} is not above completeness {lowest:g}: drop events "
                "below completeness"
            )
        beta = np.log1p(bin_width / excess) / bin_width if bin_width > 0.0 else 1.0 / excess
        top = maximum if maximum is not None else max(float(m.max()) + 1.0, completeness + 5.0)
        return cls(float(completeness), float(beta / LN10), float(top))
