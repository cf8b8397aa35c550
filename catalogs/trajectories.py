"""Simulated continuations of a history: many trajectories as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from catalogs.sequence import EventSequence, FloatArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Events of ``n`` trajectories on [start, end), sorted by trajectory and time.

    ``trajectory``, ``times`` (days) and ``magnitudes`` have shape (event,); ``capped`` lists the
    trajectories that reached the cap on events and were cut off there.
    """

    trajectory: IntArray
    times: FloatArray
    magnitudes: FloatArray
    n: int
    start: float
    end: float
    capped: IntArray

    @classmethod
    def of_sequences(
        cls, sequences: Sequence[EventSequence], max_events: int | None = None
    ) -> Trajectories:
        """Of one sequence or more on one window, those of more than ``max_events`` cut off there.

        For processes that know no cap of their own.
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
        )

    def sorted(self) -> Trajectories:
        """The same events by trajectory and time."""
        return self._at(np.lexsort((self.times, self.trajectory)))

    def distinct(self) -> Trajectories:
        """Sorted events less the second of two at the same double: one in 1e9 at most."""
        after = (np.diff(self.times) != 0.0) | (np.diff(self.trajectory) != 0)
        return self._at(np.flatnonzero(np.append(np.ones(min(self.times.size, 1), bool), after)))

    def _at(self, chosen: IntArray) -> Trajectories:
        """The events at these positions."""
        return replace(
            self,
            trajectory=self.trajectory[chosen],
            times=self.times[chosen],
            magnitudes=self.magnitudes[chosen],
        )

    @classmethod
    def joined(cls, parts: Sequence[Trajectories]) -> Trajectories:
        """The trajectories of several on one window, one after the other."""
        offsets = np.cumsum([0, *(part.n for part in parts)])
        return cls(
            np.concatenate([p.trajectory + o for p, o in zip(parts, offsets[:-1], strict=True)]),
            np.concatenate([part.times for part in parts]),
            np.concatenate([part.magnitudes for part in parts]),
            int(offsets[-1]),
            parts[0].start,
            parts[0].end,
            np.concatenate([p.capped + o for p, o in zip(parts, offsets[:-1], strict=True)]),
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
        """One EventSequence a trajectory."""
        return [
            EventSequence(self.times[lo:hi], self.magnitudes[lo:hi], self.start, self.end)
            for lo, hi in pairwise(self.edges.tolist())
        ]
