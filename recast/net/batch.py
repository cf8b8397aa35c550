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
from recast.net.excitation import Excitation, excitation
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
    amplitudes, expected = excitation(scaling.etas, scaling.clock.sequence(sequence))
    return _batch(sequence, scaling, expected, amplitudes)


def _batch(
    sequence: EventSequence,
    scaling: Scaling,
    expected: NDArray[np.float64],
    amplitudes: NDArray[np.float64],
) -> Batch:
    clock = scaling.clock
    log_pace = np.append(clock.log_pace(sequence.times), 0.0)
    sequence = clock.sequence(sequence)
    n, head = len(sequence), sequence.first_scored
    elapsed = np.zeros(n + 1)
    elapsed[head] = sequence.score_from - (sequence.times[head - 1] if head else sequence.start)
    arrays = (
        sequence.inter_times,
        np.append(sequence.magnitudes, 0.0),
        elapsed,
        np.arange(n + 1) < n,
        np.arange(n + 1) >= head,
        expected,
        amplitudes,
        log_pace,
        _gaps(sequence),
    )
    return Batch(*(torch.from_numpy(a)[None] for a in arrays))


class Intervals:
    """The intervals of a sequence, of which windows are cut.

    Amplitudes, which are twenty times as much as all else, are those of the windows only: memory
    is bounded by these, not by the sequence.
    """

    def __init__(self, sequence: EventSequence, scaling: Scaling) -> None:
        self.excitation = Excitation.of(scaling.etas, scaling.clock.sequence(sequence))
        self.first_scored = sequence.first_scored
        self.total = len(sequence) + 1
        self._whole = _batch(sequence, scaling, self.excitation.expected, np.empty((self.total, 0)))

    def cut(self, first: NDArray[np.int64], *, length: int, burn_in: int) -> Batch:
        """Windows: the intervals from ``first`` on, ``length`` of them scored.

        ``first`` (window,) may reach below the first scored interval; what isn't scored in the
        sequence isn't scored here. Each window starts ``burn_in`` intervals earlier, or at the
        beginning of the sequence where there are fewer. Shape (window, burn_in + length).
        """
        begin = np.maximum(first - burn_in, 0)
        index = begin[:, None] + np.arange(burn_in + length)[None, :]
        mine = (index >= first[:, None]) & (index < np.minimum(first + length, self.total)[:, None])
        gather = torch.from_numpy(np.minimum(index, self.total - 1))
        out = Batch(*(tensor[0][gather] for tensor in self._whole))
        return out._replace(
            scored=out.scored & torch.from_numpy(mine),
            amplitudes=torch.from_numpy(self.excitation.rows(begin, burn_in + length)),
        )


def _gaps(sequence: EventSequence) -> NDArray[np.float64]:
    """Scored gaps by interval, days since it began, shape (event + 1, gap, 2); zeros fill up."""
    gaps = np.array(sequence.scored_gaps).reshape(-1, 2)
    interval = np.searchsorted(sequence.times, gaps[:, 0], side="right")
    begin = np.concatenate([[sequence.start], sequence.times])
    out = np.zeros((len(sequence) + 1, np.bincount(interval).max(initial=0), 2))
    for i in np.unique(interval).tolist():
        mine = gaps[interval == i] - begin[i]
        out[i, : len(mine)] = mine
    return out


def windows(sequence: EventSequence, scaling: Scaling, *, length: int, burn_in: int) -> Batch:
    """Windows in which every scored interval is scored exactly once.

    Their log-likelihoods add up to the sequence's, up to what the encoder would remember from
    before its burn-in.
    """
    first = np.arange(sequence.first_scored, len(sequence) + 1, length)
    return Intervals(sequence, scaling).cut(first, length=length, burn_in=burn_in)
