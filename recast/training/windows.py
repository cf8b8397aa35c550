"""Training windows of one or more sequences, and their order in training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset, Sampler

from catalogs import EventSequence, InputError
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from recast.net.batch import Batch, Intervals
from recast.net.scaling import Scaling

BoolArray = NDArray[np.bool_]


class RegionBatch(NamedTuple):
    """Windows of one region, which the net reads in the region's own units."""

    region: int
    """Index of the region in ``CatalogData.regions``."""

    batch: Batch

    named: bool = True
    """Whether the net may be told the region."""

    n_train: int = 0
    """Scored intervals of the region's train sequence; 0 outside training."""

    share: float = 1.0
    """Weight by which the mean over the batches of a region is the mean over its events."""

    balance: float = 1.0
    """Weight by which the mean over all batches is the mean over regions."""


class Windows:
    """Windows of a sequence, by the interval they start at.

    ``gaps`` (days) are periods that no window may touch, including its burn-in. The excitation of
    ETAS still includes their events.
    """

    def __init__(
        self,
        sequence: EventSequence,
        scaling: Scaling,
        *,
        length: int,
        burn_in: int,
        gaps: Sequence[tuple[float, float]] = (),
    ) -> None:
        self.gaps = gaps
        self.sequence = sequence
        self.intervals = Intervals(sequence, scaling)
        self.length = length
        self.burn_in = burn_in
        self.first = sequence.first_scored
        self.stop = len(sequence) + 1
        if gaps and not self.allowed(np.arange(self.first, self.stop)).any():
            raise InputError("data.gaps leave no training window of a catalog: shorten them")

    def __len__(self) -> int:
        return self.stop - self.first

    def starting_at(self, starts: Sequence[int]) -> Batch:
        """Return a window for each of these interval numbers."""
        return self.intervals.cut(np.array(starts), length=self.length, burn_in=self.burn_in)

    def tilings(self, rng: np.random.Generator) -> Iterator[int]:
        """Yield the starts of shuffled tilings of the scored intervals, endlessly.

        Each tiling starts at a random phase, so that window edges differ; within one tiling every
        interval is scored once.
        """
        while True:
            phase = int(rng.integers(self.length))
            tiles = np.arange(self.first - phase, self.stop, self.length)
            yield from rng.permutation(tiles[self.allowed(tiles)]).tolist()

    def _edge(self, interval: IntArray) -> FloatArray:
        """Where intervals begin: at the start or the event before."""
        if len(self.sequence) == 0:
            return np.where(interval <= 0, self.sequence.start, self.sequence.end)
        last = self.sequence.times[np.clip(interval - 1, 0, len(self.sequence) - 1)]
        begin = np.where(interval <= 0, self.sequence.start, last)
        return np.where(interval > len(self.sequence), self.sequence.end, begin)

    def allowed(self, starts: IntArray) -> BoolArray:
        """Whether windows that start at these intervals touch no gap."""
        begin, end = self._edge(starts - self.burn_in), self._edge(starts + self.length)
        allowed = np.ones(starts.shape, dtype=np.bool_)
        for gap_begin, gap_end in self.gaps:
            allowed &= (end <= gap_begin) | (begin >= gap_end)
        return allowed


Step = tuple[int, tuple[int, ...]]
"""Region and window starts of one training step."""


class RegionWindows(Dataset[RegionBatch]):
    """Batches of windows of several sequences, by ``Step``; ``named`` sequences may be told."""

    def __init__(self, regions: Sequence[Windows], named: Sequence[bool]) -> None:
        self.regions = regions
        self.named = named

    def __getitem__(self, step: Step) -> RegionBatch:
        region, starts = step
        windows = self.regions[region]
        batch = windows.starting_at(starts)
        return RegionBatch(region, batch, self.named[region], len(windows))


class InTurn(Dataset[RegionBatch]):
    """Windows in which every scored interval of some sequences is scored once, batch by batch.

    A batch has at most ``most`` windows of one sequence, and is cut when it is asked for.
    """

    def __init__(
        self, regions: Sequence[Intervals], *, length: int, burn_in: int, most: int
    ) -> None:
        self.regions = regions
        self.length = length
        self.burn_in = burn_in
        starts = [np.arange(r.first_scored, r.total, length) for r in regions]
        self.parts = [
            (i, first[lo : lo + most])
            for i, first in enumerate(starts)
            for lo in range(0, first.size, most)
        ]
        self.counts = [-(-first.size // most) for first in starts]

    def __len__(self) -> int:
        return len(self.parts)

    def __getitem__(self, part: int) -> RegionBatch:
        i, first = self.parts[part]
        region = self.regions[i]
        batch = region.cut(first, length=self.length, burn_in=self.burn_in)
        n_events = max(region.total - 1 - region.first_scored, 1)
        return RegionBatch(
            i,
            batch,
            share=self.counts[i] * max(batch.n_events, 1) / n_events,
            balance=len(self.parts) / (len(self.regions) * self.counts[i]),
        )


class StepSampler(Sampler[Step]):
    """Steps of an epoch, each of one region, drawn with probability proportional to w N^exponent.

    N is the number of scored intervals, w the region's weight, 1 by default. An epoch depends on
    ``seed`` and its number only.
    """

    def __init__(
        self,
        regions: Sequence[Windows],
        *,
        batch_size: int,
        steps: int,
        exponent: float = 0.5,
        weights: Sequence[float] | None = None,
        seed: int = 0,
    ) -> None:
        # A small catalog does not fill a batch: its steps take each window once
        self.batch_sizes = [
            min(batch_size, -(-len(windows) // windows.length) + 1) for windows in regions
        ]
        self.regions = regions
        self.steps = steps
        sizes = np.array([len(windows) for windows in regions], dtype=np.float64)
        shares = sizes**exponent * (1.0 if weights is None else np.asarray(weights))
        self.shares = shares / shares.sum()
        self.seed = seed
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch; the trainer calls this at its start."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[Step]:
        choices = np.random.default_rng([self.seed, self.epoch, len(self.regions)])
        tilings = [
            windows.tilings(np.random.default_rng([self.seed, self.epoch, i]))
            for i, windows in enumerate(self.regions)
        ]
        for i in choices.choice(len(self.regions), size=self.steps, p=self.shares).tolist():
            yield i, tuple(next(tilings[i]) for _ in range(self.batch_sizes[i]))
