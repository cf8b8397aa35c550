"""The Gutenberg-Richter law of magnitudes, and estimates of its b-value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from catalogs.errors import InputError
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray

LN10 = float(np.log(10.0))


@dataclass(frozen=True)
class GutenbergRichter:
    """Magnitudes of events at and above completeness, truncated at ``maximum``.

    With beta = b ln 10,

        p(m) = beta exp(-beta (m - completeness)) / (1 - exp(-beta (maximum - completeness)))

    on [completeness, maximum] (Gutenberg and Richter 1944; truncation Cosentino et al. 1977).

    Parameters
    ----------
    completeness : float
        Magnitude of completeness, the smallest magnitude.
    b : float
        The b-value: decades by which the number of events falls per magnitude unit.
    maximum : float
        The largest magnitude.

    Raises
    ------
    InputError
        If b is not positive, or the maximum not above completeness.

    References
    ----------
    Gutenberg, B. and Richter, C. F. (1944). Frequency of earthquakes in California. Bull. Seismol.
    Soc. Am. 34, 185-188. doi:10.1785/BSSA0340040185

    Cosentino, P., Ficarra, V. and Luzio, D. (1977). Truncated exponential frequency-magnitude
    relationship in earthquake statistics. Bull. Seismol. Soc. Am. 67, 1615-1623.
    doi:10.1785/BSSA0670061615

    Examples
    --------
    >>> law = GutenbergRichter(completeness=2.5, b=1.0, maximum=8.0)
    >>> drawn = law.sample(100_000, np.random.default_rng(0))
    >>> round(GutenbergRichter.fit(drawn, 2.5, bin_width=0.0).b, 2)
    1.0
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
    def mass(self) -> float:
        """Share of the untruncated law below ``maximum``."""
        return float(-np.expm1(-self.beta * (self.maximum - self.completeness)))

    def log_density(self, magnitudes: ArrayLike) -> FloatArray:
        """Log density ln p(m); -inf outside [completeness, maximum].

        Parameters
        ----------
        magnitudes : array
            Of any shape.

        Returns
        -------
        array
            In nats, of the same shape.
        """
        m = np.asarray(magnitudes, dtype=np.float64)
        inside = (m >= self.completeness) & (m <= self.maximum)
        value = np.log(self.beta / self.mass) - self.beta * (m - self.completeness)
        return np.where(inside, value, -np.inf)

    def inverse_cdf(self, u: ArrayLike) -> FloatArray:
        """Magnitude below which a fraction ``u`` of the events lies.

        Parameters
        ----------
        u : array
            Fractions in [0, 1), of any shape.

        Returns
        -------
        array
            Magnitudes, of the same shape.
        """
        return self.completeness - np.log1p(-np.asarray(u) * self.mass) / self.beta

    def sample(self, n: int, rng: np.random.Generator) -> FloatArray:
        """Draw independent magnitudes.

        Parameters
        ----------
        n : int
            How many.
        rng : numpy.random.Generator
            Source of randomness.

        Returns
        -------
        array (n,)
            Magnitudes.
        """
        return self.inverse_cdf(rng.random(n))

    def mean_productivity(self, alpha: float) -> float:
        """Mean relative productivity of an event, E[10^{alpha (m - completeness)}].

        Parameters
        ----------
        alpha : float
            Growth of productivity, decades per magnitude unit; truncation keeps the mean finite
            for any value.

        Returns
        -------
        float
            Dimensionless.
        """
        rate = (self.b - alpha) * LN10
        span = self.maximum - self.completeness
        integral = span if abs(rate * span) < 1e-9 else -np.expm1(-rate * span) / rate
        return float(self.beta * integral / self.mass)

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
        """Fit the b-value of magnitudes reported on a grid by maximum likelihood.

        Counts on a grid of step dM are geometric, whose maximum likelihood is

            beta = ln(1 + dM / (mean(m) - m_min)) / dM

        with m_min the lowest grid magnitude kept: ``completeness``, or one bin above it where the
        threshold is strict (Bender 1983; Tinti and Mulargia 1987). It differs from Utsu's
        1 / (mean(m) - m_min + dM/2) by (beta dM)^2 / 12 relative, and with ``bin_width`` 0 it is
        Aki's (1965) 1 / (mean(m) - completeness). Truncation at ``maximum`` is left out: it
        matters only when few units of magnitude lie between.

        Parameters
        ----------
        magnitudes : array (event,)
            All at or (if ``strict``) above completeness.
        completeness : float
            Magnitude of completeness.
        bin_width : float
            Step of the magnitude grid, in magnitude units; 0 for continuous magnitudes.
        strict : bool
            Whether events at exactly ``completeness`` are left out.
        maximum : float, optional
            Truncation; by default one unit above the largest magnitude, and at least
            ``completeness`` + 5.

        Returns
        -------
        GutenbergRichter
            The law of these magnitudes.

        Raises
        ------
        InputError
            For magnitudes below completeness, or fewer than two different ones.
        """
        m = np.asarray(magnitudes, dtype=np.float64)
        if m.size < 2 or np.ptp(m) == 0.0:
            raise InputError(
                f"{m.size} magnitude(s), all equal, do not determine a b-value: give at least two "
                "that differ"
            )
        below = np.flatnonzero(m < completeness - MAGNITUDE_TOLERANCE)
        if below.size:
            raise InputError(
                f"magnitudes[{below[0]}] = {m[below[0]]:g} is below completeness {completeness:g}: "
                "drop events below completeness"
            )
        excess = float(m.mean()) - (completeness + bin_width if strict else completeness)
        if excess <= 0.0:
            raise InputError(
                f"mean magnitude {m.mean():.3f} is not above the lowest bin kept, "
                f"{completeness + bin_width:g}: is the threshold {completeness:g} really strict?"
            )
        b = b_of_mean(excess, bin_width)
        top = maximum if maximum is not None else max(float(m.max()) + 1.0, completeness + 5.0)
        return cls(float(completeness), b, float(top))


def b_of_mean(excess: float, bin_width: float) -> float:
    """The maximum likelihood b-value of magnitudes whose mean lies ``excess`` above the lowest bin.

        b = ln(1 + dM / excess) / (dM ln 10),    1 / (excess ln 10) without bins

    (see ``GutenbergRichter.fit``); ``excess`` must be positive.
    """
    beta = np.log1p(bin_width / excess) / bin_width if bin_width > 0.0 else 1.0 / excess
    return float(beta / LN10)


def b_standard_error(magnitudes: ArrayLike, b: float) -> float:
    """Standard error of a b-value, from the scatter of the magnitudes.

        ln(10) b^2 sqrt(sum (m - mean(m))^2 / (n (n - 1)))

    (Shi and Bolt 1982). It holds for continuous magnitudes and for fine bins.
    """
    m = np.asarray(magnitudes, dtype=np.float64)
    return float(LN10 * b**2 * m.std(ddof=1) / np.sqrt(m.size))


def magnitude_grid(magnitudes: ArrayLike) -> float:
    """The step of the grid on which all magnitudes lie: 0.1, 0.01, 0.001, or 0 for none of them."""
    m = np.asarray(magnitudes, dtype=np.float64)
    for digits in (1, 2, 3):
        if np.all(np.abs(m - np.round(m, digits)) < MAGNITUDE_TOLERANCE):
            return float(10.0**-digits)
    return 0.0


def b_positive(magnitudes: ArrayLike, *, bin_width: float = 0.01, threshold: float = 0.2) -> float:
    """b-value from the positive differences of successive magnitudes (in order of time).

        beta = ln(1 + dM / (mean(D) - threshold)) / dM,   D = m_{i + 1} - m_i >= threshold

    (van der Elst 2021, doi:10.1029/2020JB021027). Differences of independent magnitudes are
    exponential with the same beta; a positive one needs its later, larger event to be detected,
    which short-term incompleteness hardly hinders, so that the estimate outlives it.
    ``threshold`` must be above the differences that noise of magnitudes makes.

    Raises
    ------
    InputError
        If fewer than two differences reach the threshold.
    """
    steps = np.diff(np.asarray(magnitudes, dtype=np.float64))
    steps = steps[steps >= threshold - MAGNITUDE_TOLERANCE]
    excess = float(steps.mean()) - threshold if steps.size else 0.0
    if steps.size < 2 or excess <= 0.0:
        raise InputError(
            f"{steps.size} differences of successive magnitudes reach {threshold:g}: too few for a "
            "b-value; lower the threshold or add events"
        )
    return b_of_mean(excess, bin_width)
