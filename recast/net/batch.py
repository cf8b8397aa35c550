"""Event sequences as padded tensors: the only place that knows masks.

A sequence of N events is N + 1 intervals: interval j runs from event j - 1 (or the start) to event
j (or the end). The distribution of interval j depends on the events before j only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from catalogs import EventSequence
from recast.net.excitation import Excitation
from recast.net.scaling import Scaling


class Batch(NamedTuple):
    """Windows of intervals, tensors of shape (window, interval).

    Intervals that are not ``scored`` are burn-in (the encoder sees them) or padding (it comes
    after everything scored, so nothing depends on it).
    """

    inter_times: Tensor
    """Length of the interval in days, float64."""

    magnitudes: Tensor
    """Magnitude of the event that ends the interval, float64; 0 where none does."""

    elapsed: Tensor
    """Days of the interval that lie before ``score_from`` (the censored head), float64."""

    observed: Tensor
    """Whether an event ends the interval; the tail is censored. Bool."""

    scored: Tensor
    """Whether the interval counts in the likelihood. Bool."""

    expected: Tensor
    """Events that the fitted ETAS expects in the interval, float64."""

    amplitudes: Tensor
    """Excitation of ETAS at the start of the interval, events/day, float64; one more axis, node."""

    log_pace: Tensor
    """ln of the clock's pace at the event that ends the interval, 0 where none does, float64."""

    gaps: Tensor
    """Days into the interval at which each of its gaps begins and ends, float64; two more axes, as
    many gaps as any interval has (mostly 0), and 2."""

    @property
    def n_events(self) -> int:
        """Number of events in the likelihood."""
        return int((self.scored & self.observed).sum())

    @property
    def scored_days(self) -> float:
        """Length of what is scored, in days."""
        lost = (self.gaps[..., 1] - self.gaps[..., 0]).sum(dim=-1)
        return float((self.inter_times - self.elapsed - lost)[self.scored].sum())


def intervals(sequence: EventSequence, scaling: Scaling) -> Batch:
    """The whole sequence as one window, shape (1, event + 1), in clock time."""
    whole = Intervals(sequence, scaling, most=len(sequence) + 1)
    return whole.at(np.arange(whole.total)[None], whole.excitation.states[None])


class Intervals:
    """The intervals of a sequence, of which windows are cut.

    Of each event its time, magnitude and three numbers of ETAS are kept, and its pace where there
    is a clock; all else, amplitudes above all, is made for the windows that are asked for. At most
    ``most`` amplitudes are kept, see ``Excitation``.
    """

    def __init__(
        self, sequence: EventSequence, scaling: Scaling, *, most: int | None = None
    ) -> None:
        clock = scaling.clock
        self.log_pace = clock.log_pace(sequence.times) if clock.coefficients else None
        sequence = clock.sequence(sequence)
        self.excitation = Excitation.of(scaling.etas, sequence, most=most)
        self.magnitudes = sequence.magnitudes
        self.first_scored = head = sequence.first_scored
        self.total = len(sequence) + 1
        self.unscored = sequence.score_from - (sequence.times[head - 1] if head else sequence.start)
        self.with_gaps, self.gaps = _gaps(sequence)

    def cut(self, first: NDArray[np.int64], *, length: int, burn_in: int) -> Batch:
        """Windows: the intervals from ``first`` on, ``length`` of them scored.

        ``first`` (window,) may reach below the first scored interval; what isn't scored in the
        sequence isn't scored here. Each window starts ``burn_in`` intervals earlier, or at the
        beginning of the sequence where there are fewer. Shape (window, burn_in + length).
        """
        begin = np.maximum(first - burn_in, 0)
        index = begin[:, None] + np.arange(burn_in + length)[None, :]
        mine = (index >= first[:, None]) & (index < np.minimum(first + length, self.total)[:, None])
        amplitudes = self.excitation.rows(begin, burn_in + length)
        out = self.at(np.minimum(index, self.total - 1), amplitudes)
        return out._replace(scored=out.scored & torch.from_numpy(mine))

    def at(self, index: NDArray[np.int64], amplitudes: NDArray[np.float64]) -> Batch:
        """The intervals of these numbers, shape (window, interval), with these amplitudes."""
        observed = index < self.total - 1
        magnitudes, log_pace = np.zeros(index.shape), np.zeros(index.shape)
        magnitudes[observed] = self.magnitudes[index[observed]]
        if self.log_pace is not None:
            log_pace[observed] = self.log_pace[index[observed]]
        gaps = np.zeros((*index.shape, *self.gaps.shape[1:]))
        if self.with_gaps.size:
            place = np.minimum(np.searchsorted(self.with_gaps, index), self.with_gaps.size - 1)
            found = self.with_gaps[place] == index
            gaps[found] = self.gaps[place[found]]
        arrays = (
            self.excitation.inter_times[index],
            magnitudes,
            np.where(index == self.first_scored, self.unscored, 0.0),
            observed,
            index >= self.first_scored,
            self.excitation.expected[index],
            amplitudes,
            log_pace,
            gaps,
        )
        return Batch(*map(torch.from_numpy, arrays))


def _gaps(sequence: EventSequence) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Intervals with scored gaps, and these by interval, days since it began, (interval, gap, 2).

    Zeros fill up.
    """
    gaps = np.array(sequence.scored_gaps).reshape(-1, 2)
    interval = np.searchsorted(sequence.times, gaps[:, 0], side="right")
    begin = np.concatenate([[sequence.start], sequence.times])
    some = np.unique(interval)
    out = np.zeros((some.size, np.bincount(interval).max(initial=0), 2))
    for row, i in zip(out, some.tolist(), strict=True):
        mine = gaps[interval == i] - begin[i]
        row[: len(mine)] = mine
    return some, out


def windows(sequence: EventSequence, scaling: Scaling, *, length: int, burn_in: int) -> Batch:
    """Windows in which every scored interval is scored exactly once.

    Their log-likelihoods add up to the sequence's, up to what the encoder would remember from
    before its burn-in.
    """
    first = np.arange(sequence.first_scored, len(sequence) + 1, length)
    return Intervals(sequence, scaling).cut(first, length=length, burn_in=burn_in)
