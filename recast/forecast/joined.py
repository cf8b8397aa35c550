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
from recast.forecast.complete import STEP, recorded_from
from recast.forecast.correction import SequenceForecast, cut
from recast.forecast.early import OmoriWindow, early_windows, recorded_sequence
from recast.forecast.mainshocks import current_mainshock
from recast.forecast.single import Request, Window, stream

MISSED = 0.4
"""Magnitude units above completeness below which Mc(t) hides too few events to matter: where there
are more, the scores of corrected ETAS fall in train and validation windows."""

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

    That is as long as Mc(t) of the mainshock is 0.4 above completeness: hours after M 6, days after
    M 7. Where they do not miss more, all events tell more than the large ones.
    """
    completeness = processes[0].magnitude_law.completeness
    shock = current_mainshock(history, completeness)
    if shock is None:
        return None
    since = history.end - float(history.times[shock])
    level = float(recorded_from(float(history.magnitudes[shock]), since))
    if level < completeness + MISSED:
        return None
    return recorded_sequence(processes, history, shock, regime, magnitudes)


@dataclass(frozen=True, eq=False)
class JoinedWindow:
    """A window whose small events are those of ETAS, corrected, and whose large ones are not.

    How many events are recorded in all is told best by those that were, and how many large ones
    come, by the large ones: a simulated catalog has its events from ``level`` on from ``large``,
    and of those below it from ``small`` as many as make up its number of events there. Catalogs of
    a block are paired in the order of their numbers: a rich sequence is rich in both.
    """

    small: Window
    large: OmoriWindow
    level: float
    """Magnitude from which events are recorded now."""

    @property
    def days(self) -> float:
        """Its length."""
        return self.small.days

    @property
    def max_events(self) -> int:
        """Events at which a simulated catalog is cut off."""
        return self.small.max_events

    @property
    def processes(self) -> tuple[PointProcess, ...]:
        """What its numbers depend on beside the history."""
        return (*self.small.processes, *self.large.processes)

    @property
    def adjusted(self) -> dict[str, Any]:
        """What else they depend on."""
        large = {"from": self.level, "prior": self.large.adjusted}
        return {"small": self.small.adjusted, "large": large}

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        """Draw one block of the ``n`` trajectories, whose events are in no order."""
        small, large = self.small.draw(block, n, seed), self.large.draw(block, n, seed)
        rng = np.random.default_rng([seed, stream(self.days), block, JOINED])
        above = reaches(large.magnitudes, self.level)
        numbers = np.bincount(large.trajectory[above], minlength=large.n)
        partner = np.empty(large.n, dtype=np.int64)
        partner[np.argsort(numbers, kind="stable")] = np.argsort(small.counts, kind="stable")
        room = np.zeros(small.n, dtype=np.int64)
        room[partner] = np.maximum(small.counts[partner] - numbers, 0)
        below = some(small.trajectory, ~reaches(small.magnitudes, self.level), room, rng)
        both = replace(
            small,
            trajectory=np.concatenate([small.trajectory[below], partner[large.trajectory[above]]]),
            times=np.concatenate([small.times[below], large.times[above]]),
            magnitudes=np.concatenate([small.magnitudes[below], large.magnitudes[above]]),
            capped=np.union1d(small.capped, partner[large.capped]),
            locations=None,
        )
        over = both.counts.max(initial=0) > self.max_events
        return cut(both, both.n, self.max_events) if over else both


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
    return [
        JoinedWindow(small, replace(omori, lowest=level, key=LARGE_EVENTS), level)
        for small, omori in pairs
    ]
