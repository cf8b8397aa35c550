"""The steps to which magnitudes are rounded, and the lowest that can occur on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches

STEPS = (0.5, 0.25, 0.2)
"""Steps coarser than tenths in which magnitudes are given."""

FINE_STEPS = (0.1, 0.05, 0.02)
"""Steps coarser than the last digit that is written."""

COARSE = 0.05
"""From this step on b is biased by magnitudes that do not keep it."""

COARSE_TOLERANCE = 0.0055
"""Converted magnitudes were rounded to hundredths: so far they may lie from their step."""

QUARTERS = 0.21
"""Quarters that were written with one digit lie by 0.2 of a quarter from themselves."""

NEARLY_ALL = 0.98
"""Magnitudes that keep a step: a few odd ones, of another agency perhaps, do not decide on it."""

MOST = 0.5
"""Share of the magnitudes that shows where a grid of known step lies."""

ENOUGH_FOR_STEPS = 50
"""Fewer magnitudes, or fewer than four different ones, keep a coarse step by chance."""

ENOUGH_ABOVE = 10
"""Events in a bin of magnitudes by which the one below, were it complete, could not be empty."""

MISSED = 20.0
"""Events that are expected where there is none: chance leaves them out once in five hundred million
tables."""

SHARP = 0.7
"""Share of the events above a magnitude, of those that the law expects, where a table was cut."""

NO_MAGNITUDE = 100.0
"""Beyond, a number is damaged or stands for none, and its distance from a grid says nothing."""

MOST_FOR_GRID = 100_000
"""Magnitudes that are enough to find it."""


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


def on_grid(m: FloatArray, lowest: float, step: float) -> FloatArray:
    """Magnitudes as they are, those between the steps of a coarse grid at the step below."""
    if step < COARSE:
        return m
    bins = (m - lowest) / step
    odd = np.abs(bins - np.round(bins)) * step > _nearness(step)
    return np.where(odd, lowest + step * np.floor(bins), m) if odd.any() else m


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


def _kept(m: FloatArray, grid: MagnitudeGrid) -> float:
    return float(grid.keep(m).mean()) if m.size else 1.0


def _nearness(step: float) -> float:
    """How far magnitudes that keep a step may lie from it."""
    if step < COARSE:
        return MAGNITUDE_TOLERANCE
    return COARSE_TOLERANCE if step < min(STEPS) else QUARTERS * step


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
