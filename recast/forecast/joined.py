"""Forecasts in the hours after a large mainshock: small events by ETAS, large ones by the large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalogs import EventSequence, GutenbergRichter, PointProcess, Trajectories
from catalogs.sequence import reaches
from catalogs.trajectories import IntArray
from recast.forecast.blocks import BLOCK
from recast.forecast.complete import STEP, recorded_from
from recast.forecast.correction import SequenceForecast, cut
from recast.forecast.early import OmoriWindow, early_windows, recorded_sequence
from recast.forecast.mainshocks import current_mainshock
from recast.forecast.single import Request, Window, stream

MISSED, RAMP = 0.4, 0.2
"""Magnitude units above completeness from which Mc(t) hides enough events to matter: where there
are more, the scores of corrected ETAS fall in train and validation windows. From RAMP below it to
RAMP above it ever more catalogs are joined, so that numbers do not jump."""

JOINED, LARGE_EVENTS = 6, 8
"""Keep random numbers apart from those of other simulations with the same seed: of the windows,
and of their large events, which a pool would else draw as those of past sequences beside them."""


def incomplete_sequence(
    processes: Sequence[PointProcess],
    history: EventSequence,
    regime: str | None = None,
    magnitudes: GutenbergRichter | None = None,
) -> SequenceForecast | None:
    """What large events say of a sequence under way whose small ones networks miss; else None.

    That is as long as Mc(t) of the mainshock is 0.2 above completeness: hours after M 6, days after
    M 7. Where they do not miss more, all events tell more than the large ones.
    """
    completeness = processes[0].magnitude_law.completeness
    shock = current_mainshock(history, completeness)
    if shock is None:
        return None
    since = history.end - float(history.times[shock])
    level = float(recorded_from(float(history.magnitudes[shock]), since))
    if share_of_large(level, completeness) == 0.0:
        return None
    return recorded_sequence(processes, history, shock, regime, magnitudes)


def share_of_large(level: float, completeness: float) -> float:
    """Share of the catalogs whose large events are those of the large ones so far.

    ``level`` is Mc(t) now: none 0.2 above completeness, half at 0.4, and all from 0.6 on.

    Examples
    --------
    >>> round(share_of_large(2.9, 2.5), 6), share_of_large(3.5, 2.5), share_of_large(2.6, 2.5)
    (0.5, 1.0, 0.0)
    """
    return min(max((level - completeness - MISSED + RAMP) / (2.0 * RAMP), 0.0), 1.0)


@dataclass(frozen=True, eq=False)
class JoinedWindow:
    """A window whose small events are those of ETAS, corrected, and whose large ones are not.

    How many events are recorded in all is told best by those that were, and how many large ones
    come, by the large ones: a simulated catalog has its events from ``level`` on from ``large``,
    and of those below it from ``small`` as many as make up its number of events there. Catalogs of
    a block are paired in the order of their numbers: a rich sequence is rich in both. A share of
    the catalogs, 1 - ``share``, stays that of ``small``.
    """

    small: Window
    large: OmoriWindow
    level: float
    """Magnitude from which events are recorded now."""

    share: float = 1.0
    """Of the catalogs that are joined."""

    @property
    def days(self) -> float:
        """Its length."""
        return self.small.days

    @property
    def max_events(self) -> int:
        """Events at which a simulated catalog is cut off."""
        return self.small.max_events

    @property
    def complete_from(self) -> float:
        """Magnitude from which all of its events are drawn."""
        return max(self.small.complete_from, self.large.complete_from, self.level)

    @property
    def processes(self) -> tuple[PointProcess, ...]:
        """What its numbers depend on beside the history."""
        return (*self.small.processes, *self.large.processes)

    @property
    def adjusted(self) -> dict[str, Any]:
        """What else they depend on."""
        large = {"from": self.level, "share": self.share, "prior": self.large.adjusted}
        return {"small": self.small.adjusted, "large": large}

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        """Draw one block of the ``n`` trajectories, whose events are in no order."""
        small, large = self.small.draw(block, n, seed), self.large.draw(block, n, seed)
        rng = np.random.default_rng([seed, stream(self.days), block, JOINED])
        # In random order: a pool takes every so many catalogs, and must not always take the joined
        joined = rng.permutation(
            evenly(self.share, block, small.n, [seed, stream(self.days), JOINED])
        )
        above = reaches(large.magnitudes, self.level)
        numbers = np.bincount(large.trajectory[above], minlength=large.n)
        partner = np.empty(large.n, dtype=np.int64)
        partner[np.argsort(numbers, kind="stable")] = np.argsort(small.counts, kind="stable")
        room = np.zeros(small.n, dtype=np.int64)
        room[partner] = np.maximum(small.counts[partner] - numbers, 0)
        room[~joined] = small.counts[~joined]
        among = ~(joined[small.trajectory] & reaches(small.magnitudes, self.level))
        below = some(small.trajectory, among, room, rng)
        above &= joined[partner[large.trajectory]]
        both = replace(
            small,
            trajectory=np.concatenate([small.trajectory[below], partner[large.trajectory[above]]]),
            times=np.concatenate([small.times[below], large.times[above]]),
            magnitudes=np.concatenate([small.magnitudes[below], large.magnitudes[above]]),
            capped=np.union1d(small.capped, partner[large.capped][joined[partner[large.capped]]]),
            locations=None,
        )
        over = both.counts.max(initial=0) > self.max_events
        return cut(both, both.n, self.max_events) if over else both


def evenly(share: float, block: int, n: int, seed: Sequence[int]) -> NDArray[np.bool_]:
    """Which catalogs of a block are chosen, a share of all, spread evenly over all blocks.

    Where the whole part of share times their number, from a random start on, rises by one.

    Examples
    --------
    >>> both = evenly(0.3, 0, 50, [1]).sum() + evenly(0.3, 1, 50, [1]).sum()
    >>> int(both)
    30
    """
    start = np.random.default_rng(seed).random()
    number = block * BLOCK + np.arange(n + 1)
    return np.asarray(np.diff(np.floor(share * number + start)) > 0.0)


def some(
    trajectory: IntArray, among: NDArray[np.bool_], most: IntArray, rng: np.random.Generator
) -> IntArray:
    """Choose events, no more of a trajectory than ``most`` of it, each with the same probability.

    They are as far from each other in their order as they can be, from a random one on (systematic
    sampling), in linear time.

    Parameters
    ----------
    trajectory : array (event,)
        Of each event.
    among : array (event,)
        Which may be chosen.
    most : array (trajectory,)
        Number of events to choose, if there are so many.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    array (chosen,)
        Positions of the events.

    Examples
    --------
    >>> every = np.ones(4, dtype=bool)
    >>> chosen = some(np.array([0, 1, 0, 0]), every, np.array([2, 5]), np.random.default_rng(0))
    >>> np.bincount(np.array([0, 1, 0, 0])[chosen])
    array([2, 1])
    """
    events = np.flatnonzero(among)
    small = trajectory[events].astype(np.min_scalar_type(most.size))  # sorted by their digits
    events = events[np.argsort(small, kind="stable")]
    sizes = np.bincount(trajectory[events], minlength=most.size)
    kept, start = np.minimum(sizes, most), rng.integers(0, np.maximum(sizes, 1))
    position = np.arange(events.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    # In whole numbers: of n events k are kept, those at which (i k + start) mod n falls below k
    rest = (position * np.repeat(kept, sizes) + np.repeat(start, sizes)) % np.repeat(sizes, sizes)
    chosen: IntArray = events[rest < np.repeat(kept, sizes)]
    return chosen


def joined_windows(
    windows: Sequence[Window], large: SequenceForecast | None, request: Request
) -> Sequence[Window | JoinedWindow]:
    """The windows of a corrected forecast, with large events of the others if there are some."""
    if large is None:
        return windows
    base, elapsed = large.omori.process.magnitude_law.completeness, large.omori.elapsed
    now = float(recorded_from(large.magnitude, elapsed))
    level = float(max(base, round(np.ceil(now / STEP - 1e-6) * STEP, 6)))
    pairs = zip(windows, early_windows(large, request), strict=True)
    share = share_of_large(now, base)
    return [
        JoinedWindow(small, replace(omori, lowest=level, key=LARGE_EVENTS), level, share)
        for small, omori in pairs
    ]
