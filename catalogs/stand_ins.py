"""Magnitudes that stand for none, such as 0.0 or 9.9 where a network measured nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray

USUAL_STAND_INS = (0.0, -1.0, -2.0, -9.0, -9.9, -9.99, 9.0, 9.9, 9.99, 10.0)

LARGEST = 9.6
"""No earthquake had this magnitude: the largest, of 1960, had 9.5 or 9.6."""

FAR = 1.9
"""So far below all others not even a single magnitude follows the Gutenberg-Richter law."""

FEW = 0.02
"""More of the events than this have a magnitude that stands for none before it is asked for."""


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
