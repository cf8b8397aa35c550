"""The Gutenberg-Richter law of magnitudes, and estimates of its b-value."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from catalogs.errors import InputError
from catalogs.rounded_magnitudes import lowest_on_grid, lowest_recorded, on_grid
from catalogs.scalars import number
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches

LN10 = float(np.log(10.0))

LARGEST_MAGNITUDE = 100.0
"""And -100 the smallest: what is beyond is no magnitude."""

LARGEST_POSSIBLE = 10.0
"""Largest magnitude that is drawn, unless a catalog has one: Chile 1960, the largest known, had 9.4
to 9.6."""

B_RANGE = (1e-6, 1e6)
"""Far beyond the b-values of any catalog, and within what its law can be computed for."""

WHOLE_TABLE = 1000
"""Of fewer magnitudes, such as those of a few months, small ones may be missing by themselves."""


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
    step : float
        Of the grid on which the catalog gives magnitudes, from completeness on; 0 for none. Drawn
        magnitudes are those before they are put there (``recorded_excess``).
    strict : bool
        Whether the smallest magnitude of the catalog is one step above completeness.

    Raises
    ------
    InputError
        If b is not positive, the maximum not above completeness, or one is out of range.

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
    step: float = field(default=0.0, kw_only=True)
    strict: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("completeness", "b", "maximum", "step"):
            object.__setattr__(self, name, number(name, getattr(self, name)))
        if not self.b > 0.0:
            raise InputError(f"b-value {self.b} is not positive")
        if not B_RANGE[0] <= self.b <= B_RANGE[1]:
            raise InputError(f"b-value {self.b} lies outside {B_RANGE[0]:g} to {B_RANGE[1]:g}")
        if not self.maximum > self.completeness:
            raise InputError(
                f"maximum magnitude {self.maximum} is not above completeness {self.completeness}"
            )
        for name, value in (("completeness", self.completeness), ("maximum", self.maximum)):
            if not abs(value) <= LARGEST_MAGNITUDE:
                raise InputError(f"{name} {value} is no magnitude: give one of 100 at most")
        if not 0.0 <= self.step <= 1.0:
            raise InputError(f"step {self.step} of magnitudes: give one of 0 to 1")
        if not isinstance(self.strict, bool | np.bool_):
            raise InputError(f"strict = {self.strict!r:.40}: give True or False")
        object.__setattr__(self, "strict", bool(self.strict))

    @property
    def beta(self) -> float:
        """b ln 10, per magnitude unit."""
        return self.b * LN10

    @property
    def mass(self) -> float:
        """Share of the untruncated law below ``maximum``."""
        return float(-np.expm1(-self.beta * (self.maximum - self.completeness)))

    def share_above(self, magnitudes: ArrayLike) -> FloatArray:
        """Share of the events at or above each magnitude.

        Parameters
        ----------
        magnitudes : array
            Of any shape.

        Returns
        -------
        array
            From 1 at completeness to 0 at ``maximum``, of the same shape.

        Examples
        --------
        >>> GutenbergRichter(2.0, 1.0, maximum=9.0).share_above([2.0, 3.0]).round(4)
        array([1. , 0.1])
        """
        m = np.clip(np.asarray(magnitudes, dtype=np.float64), self.completeness, self.maximum)
        above = np.exp(-self.beta * (m - self.completeness)) - 1.0 + self.mass
        return np.asarray(above / self.mass)

    def log_density(self, magnitudes: ArrayLike) -> FloatArray:
        """Log density ln p(m); -inf outside [completeness, maximum].

        Parameters
        ----------
        magnitudes : array
            Of any shape; the rounding errors of float32 do not count.

        Returns
        -------
        array
            In nats, of the same shape.
        """
        m = np.asarray(magnitudes, dtype=np.float64)
        inside = reaches(m, self.completeness) & ~reaches(m, self.maximum, strict=True)
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
        with np.errstate(divide="ignore"):  # where 1 - u mass is rounded to 0
            drawn = self.completeness - np.log1p(-np.asarray(u) * self.mass) / self.beta
        below: FloatArray = np.minimum(drawn, self.maximum)
        return below

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

    def recorded_excess(self, magnitudes: ArrayLike) -> FloatArray:
        """Magnitude units above completeness, as the catalog gives them.

        On a grid of step dM an event has the magnitude at the lower end of its bin, or where
        completeness is strict at the upper one. Productivity is fitted to these: of the magnitudes
        that are drawn, before they are put on the grid, tenths would have 4 to 10 % more offspring.

        Parameters
        ----------
        magnitudes : array
            Drawn by this law, of any shape.

        Returns
        -------
        array
            Of the same shape.

        Examples
        --------
        >>> GutenbergRichter(2.0, step=0.1).recorded_excess([2.05, 3.19]).round(6)
        array([0. , 1.1])
        """
        excess = np.asarray(magnitudes, dtype=np.float64) - self.completeness
        if self.step == 0.0:
            return excess
        return np.asarray(self.step * (np.floor(excess / self.step + 1e-9) + self.strict))

    def recorded(self, magnitudes: ArrayLike) -> FloatArray:
        """Magnitudes as the catalog gives them, on its grid.

        Parameters
        ----------
        magnitudes : array
            Drawn by this law, of any shape.

        Returns
        -------
        array
            Of the same shape.
        """
        if self.step == 0.0:
            return np.asarray(magnitudes, dtype=np.float64)
        return np.asarray(np.round(self.completeness + self.recorded_excess(magnitudes), 6))

    def mean_productivity(self, alpha: float) -> float:
        """Mean relative productivity of an event, E[10^{alpha (m - completeness)}].

        With magnitudes as the catalog gives them (``recorded_excess``).

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
        if self.step > 0.0:
            edges = np.append(np.arange(0.0, span, self.step), span)
            shares = np.exp(-self.beta * edges[:-1]) * -np.expm1(-self.beta * np.diff(edges))
            excess = edges[:-1] + self.step * self.strict
            with np.errstate(over="ignore"):
                return float((shares * 10.0 ** (alpha * excess)).sum() / self.mass)
        with np.errstate(over="ignore"):  # infinite, for who will have it so
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

        with m_min the lowest grid magnitude kept: the lowest at or above ``completeness``, or the
        next one where the threshold is strict (Bender 1983; Tinti and Mulargia 1987). It differs
        from Utsu's
        1 / (mean(m) - m_min + dM/2) by (beta dM)^2 / 12 relative, and with ``bin_width`` 0 it is
        Aki's (1965) 1 / (mean(m) - completeness). Truncation at ``maximum`` is left out: it
        matters only when few units of magnitude lie between. Magnitudes that do not keep a coarse
        step count with the bin below, as if they had been cut off: then they have the same law.

        Parameters
        ----------
        magnitudes : array (event,)
            All at or (if ``strict``) above completeness.
        completeness : float
            Magnitude of completeness. Where it lies between two magnitudes of the grid, no event
            has it, and the law begins at the upper one. Where a thousand magnitudes or more were
            cut a little above it, m_min is the smallest.
        bin_width : float
            Step of the magnitude grid, in magnitude units; 0 for continuous magnitudes.
        strict : bool
            Whether events at exactly ``completeness`` are left out.
        maximum : float, optional
            Truncation; by default one unit above the largest magnitude, and at least
            ``completeness`` + 5, but at most 10 (``largest_drawn``).

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
        first = lowest_on_grid(m, completeness, bin_width)
        if first > completeness + MAGNITUDE_TOLERANCE:
            m, strict = m[reaches(m, first)], False
        lowest = first + bin_width if strict else first
        lowest = lowest_recorded(m, lowest, fewest=WHOLE_TABLE)
        excess = float(on_grid(m, lowest, bin_width).mean()) - lowest if m.size else 0.0
        if excess <= 0.0:
            raise InputError(
                f"mean magnitude {m.mean():.3f} is not above the lowest bin kept, "
                f"{completeness + bin_width:g}: is the threshold {completeness:g} really strict?"
            )
        b = b_of_mean(excess, bin_width)
        top = largest_drawn(float(m.max()), first + 5.0) if maximum is None else maximum
        return cls(float(first), b, float(top), step=float(bin_width), strict=strict)


def largest_drawn(largest: float, least: float) -> float:
    """One unit above the largest magnitude of a catalog, and at least some other.

    No more than 10, unless the catalog has magnitudes so large, which are of another scale.

    >>> largest_drawn(7.1, 8.0), largest_drawn(9.5, 8.0), largest_drawn(11.0, 8.0)
    (8.1, 10.0, 12.0)
    """
    top = max(largest + 1.0, least)
    return top if largest >= LARGEST_POSSIBLE else min(top, LARGEST_POSSIBLE)


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


def b_positive(magnitudes: ArrayLike, *, bin_width: float = 0.01, threshold: float = 0.2) -> float:
    """b-value from the positive differences of successive magnitudes (in order of time).

        beta = ln(1 + dM / (mean(D) - threshold)) / dM,   D = m_{i + 1} - m_i >= threshold

    (van der Elst 2021, doi:10.1029/2020JB021027). Differences of independent magnitudes are
    exponential with the same beta; a positive one needs its later, larger event to be detected,
    which short-term incompleteness hardly hinders, so that the estimate outlives it.
    ``threshold`` must be above the differences that noise of magnitudes makes; where magnitudes
    have steps it is raised to the next multiple, the smallest difference that can occur.

    Raises
    ------
    InputError
        If fewer than two differences reach the threshold.
    """
    steps = np.diff(np.asarray(magnitudes, dtype=np.float64))
    if bin_width > 0.0:  # else the mean of the differences is not over those from the threshold on
        threshold = bin_width * float(np.ceil(threshold / bin_width - MAGNITUDE_TOLERANCE))
    steps = steps[steps >= threshold - MAGNITUDE_TOLERANCE]
    excess = float(steps.mean()) - threshold if steps.size else 0.0
    if steps.size < 2 or excess <= 0.0:
        raise InputError(
            f"{steps.size} differences of successive magnitudes reach {threshold:g}: too few for a "
            "b-value; lower the threshold or add events"
        )
    return b_of_mean(excess, bin_width)
