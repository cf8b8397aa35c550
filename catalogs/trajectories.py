"""Simulated continuations of a history: many trajectories as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from catalogs.display import as_text, window
from catalogs.errors import InputError
from catalogs.sequence import EventSequence, FloatArray

if TYPE_CHECKING:
    import pandas as pd

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Events of ``n`` trajectories on [start, end), sorted by trajectory and time.

    Parameters
    ----------
    trajectory : array of int (event,)
        The trajectory that each event belongs to, from 0 to ``n`` - 1.
    times : array (event,)
        Days, inside [start, end).
    magnitudes : array (event,)
        Dimensionless.
    n : int
        How many trajectories, those without an event included.
    start, end : float
        The window, days.
    capped : array of int
        The trajectories that reached the cap on events and were cut off there.
    locations : array (event, 2), optional
        Latitude and longitude, degrees, where places are simulated.

    Raises
    ------
    InputError
        If there is not one location for each event.

    Examples
    --------
    >>> drawn = Trajectories.of_sequences([
    ...     EventSequence([10.5, 12.0], [3.1, 4.0], 10.0, 17.0),
    ...     EventSequence([], [], 10.0, 17.0),
    ... ])
    >>> drawn
    Trajectories: 2 on [10, 17) days
      events  1 on average, 0 to 2
      capped  none
    >>> drawn.counts
    array([2, 0])
    """

    trajectory: IntArray
    times: FloatArray
    magnitudes: FloatArray
    n: int
    start: float
    end: float
    capped: IntArray
    locations: FloatArray | None = None

    def __post_init__(self) -> None:
        if self.locations is not None and self.locations.shape != (self.times.size, 2):
            raise InputError(
                f"locations have shape {self.locations.shape}, expected ({self.times.size}, 2): "
                "latitude and longitude of each event"
            )

    @classmethod
    def of_sequences(
        cls, sequences: Sequence[EventSequence], max_events: int | None = None
    ) -> Trajectories:
        """One trajectory a sequence, those of more than ``max_events`` cut off there.

        Parameters
        ----------
        sequences : sequence of EventSequence
            One or more, on one window.
        max_events : int, optional
            For processes that know no cap of their own.

        Returns
        -------
        Trajectories
            In the order of the sequences; with locations where all events have them.
        """
        counts = np.array([len(sequence) for sequence in sequences])
        kept = counts if max_events is None else np.minimum(counts, max_events)
        return cls(
            np.repeat(np.arange(len(sequences)), kept),
            np.concatenate([s.times[:n] for s, n in zip(sequences, kept, strict=True)]),
            np.concatenate([s.magnitudes[:n] for s, n in zip(sequences, kept, strict=True)]),
            len(sequences),
            sequences[0].start,
            sequences[0].end,
            np.flatnonzero(counts > kept),
            _all_locations([(s.locations, n) for s, n in zip(sequences, kept, strict=True)]),
        )

    def sorted(self) -> Trajectories:
        """The same events by trajectory and time.

        Returns
        -------
        Trajectories
            With the events in that order.
        """
        return self._at(_in_order(self.trajectory, self.times, self.n))

    def distinct(self) -> Trajectories:
        """Sorted events less the second of two at the same double: one in 1e9 at most.

        Returns
        -------
        Trajectories
            Whose times increase strictly within each trajectory.
        """
        after = (np.diff(self.times) != 0.0) | (np.diff(self.trajectory) != 0)
        if after.all():
            return self
        return self._at(np.flatnonzero(np.append(np.ones(min(self.times.size, 1), bool), after)))

    def _at(self, chosen: IntArray) -> Trajectories:
        """The events at these positions."""
        return replace(
            self,
            trajectory=self.trajectory[chosen],
            times=self.times[chosen],
            magnitudes=self.magnitudes[chosen],
            locations=None if self.locations is None else self.locations[chosen],
        )

    @classmethod
    def joined(cls, parts: Sequence[Trajectories]) -> Trajectories:
        """The trajectories of several on one window, one after the other.

        Parameters
        ----------
        parts : sequence of Trajectories
            One or more.

        Returns
        -------
        Trajectories
            Numbered on from part to part; with locations where all events have them.
        """
        offsets = np.cumsum([0, *(part.n for part in parts)])
        return cls(
            np.concatenate([p.trajectory + o for p, o in zip(parts, offsets[:-1], strict=True)]),
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.magnitudes for part in parts]),
            int(offsets[-1]),
            parts[0].start,
            parts[0].end,
            np.concatenate([p.capped + o for p, o in zip(parts, offsets[:-1], strict=True)]),
            _all_locations([(part.locations, part.times.size) for part in parts]),
        )

    @property
    def counts(self) -> IntArray:
        """Events of each trajectory, shape (n,)."""
        return np.bincount(self.trajectory, minlength=self.n).astype(np.int64)

    @property
    def edges(self) -> IntArray:
        """Events of trajectory i stand from edges[i] until before edges[i + 1], shape (n + 1,)."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    def sequences(self) -> list[EventSequence]:
        """One sequence a trajectory.

        Returns
        -------
        list of EventSequence
            Of length ``n``, all on [start, end).
        """
        return [
            EventSequence(
                self.times[lo:hi],
                self.magnitudes[lo:hi],
                self.start,
                self.end,
                locations=None if self.locations is None else self.locations[lo:hi],
            )
            for lo, hi in pairwise(self.edges.tolist())
        ]

    def to_dataframe(self) -> pd.DataFrame:
        """The events as a table, one row each; trajectories without an event have none.

        Returns
        -------
        DataFrame
            Columns ``trajectory``, ``time`` (days), ``magnitude``, and ``latitude`` and
            ``longitude`` (degrees) where locations are known.
        """
        import pandas as pd  # noqa: PLC0415 - half a second

        columns = {"trajectory": self.trajectory, "time": self.times}
        table = pd.DataFrame(columns | {"magnitude": self.magnitudes})
        if self.locations is None:
            return table
        return table.assign(latitude=self.locations[:, 0], longitude=self.locations[:, 1])

    def __repr__(self) -> str:
        counts = self.counts
        rows = {
            "events": f"{counts.mean():.4g} on average, {counts.min():,} to {counts.max():,}",
            "capped": f"{self.capped.size:,} of them" if self.capped.size else "none",
        }
        return as_text(f"Trajectories: {self.n:,} on {window(self.start, self.end)}", rows)


def _all_locations(parts: Sequence[tuple[FloatArray | None, int]]) -> FloatArray | None:
    """The first ``n`` locations of each part, one after the other; None if any event has none."""
    known = [locations[:n] for locations, n in parts if locations is not None]
    if not known or any(locations is None and n > 0 for locations, n in parts):
        return None
    return np.concatenate(known)


def _in_order(trajectory: IntArray, times: FloatArray, n: int) -> IntArray:
    """What ``np.lexsort((times, trajectory))`` returns, in a fraction of the time.

    Small integers are sorted by their digits, and the times of one trajectory by merging what is in
    order already.
    """
    if n - 1 > np.iinfo(np.uint16).max:
        return np.lexsort((times, trajectory))
    order = np.argsort(trajectory.astype(np.uint16), kind="stable")
    ordered = times[order]
    edges = np.cumsum(np.bincount(trajectory, minlength=n)).tolist()
    for lo, hi in pairwise([0, *edges]):
        order[lo:hi] = order[lo:hi][np.argsort(ordered[lo:hi], kind="stable")]
    return order
