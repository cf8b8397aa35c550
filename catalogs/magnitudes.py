"""The Gutenberg-Richter law of magnitudes, and estimates of its b-value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catalogs.errors import InputError
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
        excess = float(_on_grid(m, lowest, bin_width).mean()) - lowest if m.size else 0.0
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


def _on_grid(m: FloatArray, lowest: float, step: float) -> FloatArray:
    """Magnitudes as they are, those between the steps of a coarse grid at the step below."""
    if step < COARSE:
        return m
    bins = (m - lowest) / step
    odd = np.abs(bins - np.round(bins)) * step > _nearness(step)
    return np.where(odd, lowest + step * np.floor(bins), m) if odd.any() else m


def _nearness(step: float) -> float:
    """How far magnitudes that keep a step may lie from it."""
    if step < COARSE:
        return MAGNITUDE_TOLERANCE
    return COARSE_TOLERANCE if step < min(STEPS) else QUARTERS * step


def lowest_on_grid(magnitudes: ArrayLike, completeness: float, step: float) -> float:
    """The lowest magnitude that can occur at or above completeness, where magnitudes keep a step.

    That is completeness itself where most of the complete magnitudes are whole steps away from it,
    and where they keep no grid. Where completeness lies between two magnitudes of the grid, it is
    the upper one: all that depends on the distance of magnitudes from completeness, such as b,
    then stays the same as completeness moves between the two.

    Parameters
    ----------
    magnitudes : array (event,)
        In any order; those below completeness do not count.
    completeness : float
        Magnitude of completeness.
    step : float
        Of the grid, in magnitude units; 0 for continuous magnitudes.

    Returns
    -------
    float
        Not below ``completeness``.

    Examples
    --------
    >>> lowest_on_grid([2.0, 2.1, 2.3, 2.0], 1.95, step=0.1)
    2.0
    >>> lowest_on_grid([2.013, 2.1719, 2.3002], 1.95, step=0.0)
    1.95
    """
    m = np.asarray(magnitudes, dtype=np.float64)
    m = m[reaches(m, completeness) & (m < NO_MAGNITUDE)]
    m = m[:: m.size // MOST_FOR_GRID + 1]
    is_grid = MAGNITUDE_TOLERANCE < step <= 1.0
    if not is_grid or m.size == 0 or completeness < -NO_MAGNITUDE:
        return completeness
    widest = _nearness(step)
    for near, enough in ((MAGNITUDE_TOLERANCE, NEARLY_ALL), (widest, MOST)):
        offsets = [completeness, 0.0]
        if step >= COARSE and m.size >= ENOUGH_FOR_STEPS:  # any: converted from another scale
            turns = np.exp(2j * np.pi * (m - completeness) / step)
            offsets.append(completeness + step * float(np.angle(turns.mean())) / (2.0 * np.pi))
        shares = [_kept(m, MagnitudeGrid(step, offset, near)) for offset in offsets]
        if max(shares) >= enough:
            offset = offsets[shares.index(max(shares))]
            first = offset + step * float(np.ceil((completeness - offset - near) / step))
            return _written(m, (first, first + step), completeness, near)
    return completeness


def lowest_recorded(magnitudes: ArrayLike, lowest: float, *, fewest: int = 50) -> float:
    """The smallest magnitude, where a table was cut there, less than a tenth above ``lowest``.

    Completeness is often given as the lower edge of the bin in which it was found, 1.95 for a table
    of M >= 2. By the number of its events twenty or more would lie between the two, and none does,
    while as many lie above: where small events went unrecorded, they grow rare by degrees. Fewer
    than ``fewest`` events leave ``lowest`` as it is.
    """
    m = np.asarray(magnitudes, dtype=np.float64)
    if m.size < fewest:
        return lowest
    least = float(m.min())
    gap, excess = least - lowest, float(m.mean()) - least
    if not MAGNITUDE_TOLERANCE < gap < 0.1 - MAGNITUDE_TOLERANCE or excess <= 0.0:
        return lowest
    expected, above = m.size * gap / excess, np.count_nonzero(m < least + gap)
    return least if expected > MISSED and above > SHARP * expected else lowest


def _written(m: FloatArray, grid: tuple[float, float], completeness: float, near: float) -> float:
    """The lower of two magnitudes of the grid as most near it are written.

    The upper one, where the lower one lies below completeness by a rounding, and is not written.
    """
    cells = [np.sort(m[np.abs(m - magnitude) <= near]) for magnitude in grid]
    if near > MAGNITUDE_TOLERANCE and not cells[0].size and cells[1].size >= ENOUGH_ABOVE:
        cells = cells[1:]
    here = cells[0]
    found = float(here[here.size // 2]) if here.size else max(grid[0], completeness)
    return completeness if abs(found - completeness) < 1e-9 else round(found, 6)  # of float32


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


STEPS = (0.5, 0.25, 0.2)
"""Steps coarser than tenths in which magnitudes are given."""

FINE_STEPS = (0.1, 0.05, 0.02)
"""Steps coarser than the last digit that is written."""

NEARLY_ALL = 0.98
"""Magnitudes that keep a step: a few odd ones, of another agency perhaps, do not decide on it."""

ENOUGH_FOR_STEPS = 50
"""Fewer magnitudes, or fewer than four different ones, keep a coarse step by chance."""

MOST = 0.5
"""Share of the magnitudes that shows where a grid of known step lies."""

MISSED = 20.0
"""Events that are expected where there is none: chance leaves them out once in five hundred million
tables."""

WHOLE_TABLE = 1000
"""Of fewer magnitudes, such as those of a few months, small ones may be missing by themselves."""

SHARP = 0.7
"""Share of the events above a magnitude, of those that the law expects, where a table was cut."""

ENOUGH_ABOVE = 10
"""Events in a bin of magnitudes by which the one below, were it complete, could not be empty."""

NO_MAGNITUDE = 100.0
"""Beyond, a number is damaged or stands for none, and its distance from a grid says nothing."""

MOST_FOR_GRID = 100_000
"""Magnitudes that are enough to find it."""

COARSE = 0.05
"""From this step on b is biased by magnitudes that do not keep it."""


COARSE_TOLERANCE = 0.0055
"""Converted magnitudes were rounded to hundredths: so far they may lie from their step."""


QUARTERS = 0.21
"""Quarters that were written with one digit lie by 0.2 of a quarter from themselves."""


@dataclass(frozen=True)
class MagnitudeGrid:
    """The step that nearly all magnitudes keep: they are ``offset`` plus multiples of ``step``.

    ``step`` is 0 for continuous magnitudes; ``rounding`` is how far magnitudes that keep the step
    lie from it at most, where they were rounded after conversion from another scale; ``odd`` is how
    many do not keep it.
    """

    step: float
    offset: float = 0.0
    rounding: float = MAGNITUDE_TOLERANCE
    odd: int = 0

    def keep(self, magnitudes: ArrayLike) -> NDArray[np.bool_]:
        """Which magnitudes keep the step."""
        m = np.asarray(magnitudes, dtype=np.float64)
        if self.step == 0.0:
            return np.ones(m.shape, dtype=np.bool_)
        away = m - self.offset - self.step * np.round((m - self.offset) / self.step)
        return np.asarray(np.abs(away) <= self.rounding)


def magnitude_steps(magnitudes: ArrayLike) -> MagnitudeGrid:
    """The grid on which nearly all (98 %) magnitudes lie, the coarsest that there is.

    Tried are 0.5, 0.25 and 0.2 (also where they were written with one digit), 0.1, 0.05, 0.01 and
    0.001; then any step that a conversion makes, such as 0.085 where Mw = 0.85 ML + 1 of tenths was
    rounded to hundredths.
    """
    m = np.asarray(magnitudes, dtype=np.float64)
    written = next(
        (10.0**-d for d in (1, 2, 3) if _kept(m, MagnitudeGrid(10.0**-d)) >= NEARLY_ALL), 0.0
    )
    if written == 0.0:
        return MagnitudeGrid(0.0)
    found = MagnitudeGrid(written)
    values = np.unique(np.round(m, 6))
    if m.size >= ENOUGH_FOR_STEPS and values.size >= 4:
        candidates = STEPS if written == 0.1 else (*STEPS, *FINE_STEPS) if written == 0.01 else ()
        grids = [MagnitudeGrid(step, 0.0, _rounding(step, written)) for step in candidates]
        fits = next((grid for grid in grids if _kept(m, grid) >= NEARLY_ALL), None)
        others = [written < 0.1 and _converted(m, written), fits, found]
        found = max((grid for grid in others if grid), key=lambda grid: grid.step)
    return replace(found, odd=int((~found.keep(m)).sum()))


def _kept(m: FloatArray, grid: MagnitudeGrid) -> float:
    return float(grid.keep(m).mean()) if m.size else 1.0


def _rounding(step: float, written: float) -> float:
    """How far multiples of a step lie from themselves once they were written with few digits."""
    whole = abs(step / written - round(step / written)) < 1e-9
    return MAGNITUDE_TOLERANCE if whole else written / 2.0 + MAGNITUDE_TOLERANCE


def _converted(m: FloatArray, written: float) -> MagnitudeGrid | None:
    """A step between 0.03 and 0.3, and an offset, by which nearly all magnitudes are explained."""
    values, counts = np.unique(np.round(m / written).astype(np.int64), return_counts=True)
    usual = values <= np.quantile(np.repeat(values, counts), 0.9)
    span = int(values[usual].max() - values[usual].min()) + 1
    if m.size < 2 * ENOUGH_FOR_STEPS or values.size < 8 or usual.sum() > 0.5 * span:
        return None
    x, width = values * written, 1.25 * written
    passed = []
    for step in np.arange(0.3, 2.9 * written, -0.00005):
        phase = np.mod(x, step)
        order = np.argsort(phase)
        circle = np.concatenate([phase[order], phase[order] + step])
        total = np.concatenate([[0], np.cumsum(np.tile(counts[order], 2))])
        stop = np.searchsorted(circle, circle[: x.size] + width, side="right")
        held = total[stop] - total[: x.size]
        best = int(np.argmax(held))
        if held[best] >= NEARLY_ALL * m.size:
            inside = circle[best : stop[best]]
            passed.append((float(np.ptp(inside)), float(step), float(inside.mean())))
        elif passed:
            break
    if not passed:
        return None
    _, step, offset = min(passed)
    for _ in range(3):  # least squares, of those that are near
        k = np.round((x - offset) / step)
        near = np.abs(x - offset - k * step) < 0.7 * width
        step, offset = np.polyfit(k[near], x[near], 1)
    grids = (
        MagnitudeGrid(float(size), float(np.median((x - size * k)[near])), 0.55 * written)
        for size in (round(step, 3), step)
    )
    return next((grid for grid in grids if _kept(m, grid) >= NEARLY_ALL), None)


def magnitude_grid(magnitudes: ArrayLike) -> float:
    """The step that nearly all magnitudes keep, 0 for continuous ones; see ``magnitude_steps``."""
    return magnitude_steps(magnitudes).step


def step_changes(magnitudes: ArrayLike) -> list[tuple[int, float]]:
    """Periods in which magnitudes were given in different steps.

    Parameters
    ----------
    magnitudes : array (event,)
        In order of time.

    Returns
    -------
    list of (position, step)
        Where each period begins, and its step; one only where the step does not change.
    """
    m = np.asarray(magnitudes, dtype=np.float64)
    whole = [(0, magnitude_grid(m))]
    on_tenths = MagnitudeGrid(0.1).keep(m)
    share = float(on_tenths.mean()) if m.size else 1.0
    if m.size < 2 * ENOUGH_FOR_STEPS or share >= NEARLY_ALL or share < 0.15:
        return whole
    cuts = _cuts(on_tenths, 0, 3)
    edges = [0, *cuts, m.size]
    found: list[tuple[int, float]] = []
    for a, b in pairwise(edges):
        step = magnitude_grid(m[a:b])
        if not found or abs(found[-1][1] - step) > MAGNITUDE_TOLERANCE:
            found.append((a, step))
    return found


def _cuts(marked: NDArray[np.bool_], first: int, depth: int) -> list[int]:
    """Where the share of marked events changes, by the likelihood of two shares against one."""
    n = marked.size
    if n < 2 * ENOUGH_FOR_STEPS or depth == 0:
        return []
    sums = np.cumsum(marked, dtype=np.int64)
    k = np.arange(ENOUGH_FOR_STEPS, n - ENOUGH_FOR_STEPS + 1)
    left, right = sums[k - 1], sums[-1] - sums[k - 1]
    gain = (
        _binomial(left, k)
        + _binomial(right, n - k)
        - _binomial(sums[-1:], np.array([n], dtype=np.int64))
    )
    best = int(np.argmax(gain))
    a, b = left[best] / k[best], right[best] / (n - k[best])
    if gain[best] < 20.0 or abs(a - b) < 0.3:
        return []
    at = int(k[best])
    return [
        *_cuts(marked[:at], first, depth - 1),
        first + at,
        *_cuts(marked[at:], first + at, depth - 1),
    ]


def _binomial(hits: NDArray[np.int64], trials: NDArray[np.int64]) -> FloatArray:
    p = np.clip(hits / trials, 1e-9, 1.0 - 1e-9)
    return np.asarray(hits * np.log(p) + (trials - hits) * np.log1p(-p), dtype=np.float64)


@dataclass(frozen=True)
class StandIn:
    """A magnitude that seems to stand for none: how often it comes, and where the others lie.

    It is ``likely`` where it comes often, or no earthquake ever had it.
    """

    value: float
    count: int
    lowest: float
    highest: float
    likely: bool = True


USUAL_STAND_INS = (0.0, -1.0, -2.0, -9.0, -9.9, -9.99, 9.0, 9.9, 9.99, 10.0)

LARGEST = 9.6
"""No earthquake had this magnitude: the largest, of 1960, had 9.5 or 9.6."""

FAR = 1.9
"""So far below all others not even a single magnitude follows the Gutenberg-Richter law."""

FEW = 0.02
"""More of the events than this have a magnitude that stands for none before it is asked for."""


def stand_in(magnitudes: ArrayLike) -> StandIn | None:
    """The magnitude that holds more than a few per cent of the events far from the rest, if any.

    It is the smallest or the largest with a hole between it and the others; or one of the usual
    numbers (0.0, -1.0, 9.9) with five times as many events as any magnitude around, half a unit
    away or, where it alone stands out so, 0.15. Fewer events than that count where they lie far
    below the others, or above any earthquake.
    """
    m = np.asarray(np.round(np.asarray(magnitudes, dtype=np.float64), 6), dtype=np.float64)
    values, counts = np.unique(m, return_counts=True)
    if values.size < 4 or m.size < 20:
        return None
    steps = np.diff(values)
    usual = float(np.median(steps[: max(values.size // 2, 2)]))
    enough = counts >= max(3.0, FEW * m.size)
    found = None
    for at, gap in ((0, steps[0]), (values.size - 1, steps[-1])):
        if enough[at] and gap > max(0.3, 3.0 * usual) - MAGNITUDE_TOLERANCE:
            found = at
    for value in USUAL_STAND_INS if found is None else ():
        at = int(np.argmin(np.abs(values - value)))
        near = np.abs(values - value) < 0.55
        near[at] = False
        if abs(values[at] - value) > 1e-6 or not enough[at]:
            continue
        around = int(counts[near].max()) if near.any() else 0
        if counts[at] > 5 * max(around, 1) or _alone_stands_out(values, counts, at, near):
            found = at
            break
    likely = found is not None or bool(values[-1] > LARGEST)
    if found is None and likely:
        found = values.size - 1
    if found is None and steps[0] > FAR - MAGNITUDE_TOLERANCE:
        found = 0
    if found is None:
        return None
    rest = np.delete(values, found)
    value, count = float(values[found]), int(counts[found])
    return StandIn(value, count, float(rest[0]), float(rest[-1]), likely)


def _alone_stands_out(
    values: FloatArray, counts: NDArray[np.int64], at: int, near: NDArray[np.bool_]
) -> bool:
    """Whether a magnitude has five times as many events as those 0.15 away, and no near one has.

    Of small events the law of Gutenberg and Richter has several times as many half a unit below;
    and where some magnitudes are rounded to halves, the next half stands out as well.
    """

    def stands_out(i: int) -> bool:
        close = np.abs(values - values[i]) < 0.15
        close[i] = False
        return bool(close.any() and counts[i] > 5 * counts[close].max())

    others = np.flatnonzero(near & (counts > counts[at] / 10.0))
    return stands_out(at) and not any(map(stands_out, others.tolist()))


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
