"""Simulated continuations of a history: many trajectories as flat arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
    def of_unsorted(
        cls,
        trajectory: IntArray,
        times: FloatArray,
        magnitudes: FloatArray,
        n: int,
        start: float,
        end: float,
        capped: IntArray,
    ) -> Trajectories:
        """Sort events; of two at the same double (one in 1e9 at most) the second is left out."""
        order = np.lexsort((times, trajectory))
        return cls.of_sorted(
            trajectory[order], times[order], magnitudes[order], n, start, end, capped
        )

    @classmethod
    def of_sorted(
        cls,
        trajectory: IntArray,
        times: FloatArray,
        magnitudes: FloatArray,
        n: int,
        start: float,
        end: float,
        capped: IntArray,
    ) -> Trajectories:
        """The same for events that are sorted already."""
        distinct = np.ones(times.size, dtype=np.bool_)
        distinct[1:] = (np.diff(times) != 0.0) | (np.diff(trajectory) != 0)
        return cls(
            trajectory[distinct], times[distinct], magnitudes[distinct], n, start, end, capped
        )

    @classmethod
    def of_sequences(cls, sequences: Sequence[EventSequence]) -> Trajectories:
        """Of one sequence or more on one window."""
        counts = [len(sequence) for sequence in sequences]
        return cls.of_sorted(
            np.repeat(np.arange(len(sequences)), counts),
            np.concatenate([sequence.times for sequence in sequences]),
            np.concatenate([sequence.magnitudes for sequence in sequences]),
            len(sequences),
            sequences[0].start,
            sequences[0].end,
            np.empty(0, dtype=np.int64),
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

    def sequences(self) -> list[EventSequence]:
        """One EventSequence a trajectory."""
        edges = np.concatenate([[0], np.cumsum(self.counts)])
        return [
            EventSequence(self.times[lo:hi], self.magnitudes[lo:hi], self.start, self.end)
            for lo, hi in pairwise(edges)
        ]
