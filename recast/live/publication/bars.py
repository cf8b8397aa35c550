"""Whole percentages of numbers of events, as the public schema has them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recast.live.records import FRACTILES

BAR_LABELS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500)
"""The least number of each bar; it ends below the next one."""


def whole_percent(probability: float) -> int:
    """A probability as a whole percentage: above 99 % it is 100, below 1 % it is 0."""
    if probability > 0.99:
        return 100
    return 0 if probability < 0.01 else int(100.0 * probability + 0.5)


def bars(fractiles: Sequence[int], probability: float) -> list[int]:
    """Percentages of each bar; together they are 100.

    The first is the complement of ``probability``, that of one event or more. What lies at or above
    each further bar is read off the fractiles and rounded, and bars are differences of those, so
    that none is off by more than one.

    Examples
    --------
    >>> bars([0] * 99 + [1] * 98, 0.5)
    [50, 50, 0, 0, 0, 0, 0, 0, 0, 0]
    """
    most = whole_percent(probability)
    above = [100, most]
    for least in BAR_LABELS[2:]:
        most = min(most, whole_percent(_at_least(fractiles, least)))
        above.append(most)
    return [high - low for high, low in zip(above, [*above[1:], 0], strict=True)]


def _at_least(fractiles: Sequence[int], least: int) -> float:
    """Probability of ``least`` events or more, in the middle of what the fractiles allow."""
    below = int(np.searchsorted(np.asarray(fractiles), least))
    if below == 0:
        return 1.0
    if below == len(FRACTILES):
        return 0.0
    return 1.0 - 0.5 * (FRACTILES[below - 1] + FRACTILES[below])
