"""Log-likelihood of the temporal ETAS model: linear-time with gradient, and the quadratic sum."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import numpy as np

from catalogs import EventSequence
from catalogs.cores import threads
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from etas.blocks import Task, rounds
from etas.kernel import LANE_MULTIPLE, LEVELS, Quadrature, omori_integral

NOTHING = 1e-60
"""Weights of nodes that add nothing to any rate."""

PIECE = 32_768
"""Events that are prepared or scored by one task: a millisecond of work, many times what it
costs to hand it to a thread."""

PADDING = 72
"""Rows whose length is a power of two would compete for the same lines of the caches."""

PIECES = 2
"""Of a block, whose nodes are summed by one task for each group: then threads end together."""


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A log-likelihood at one point: ``value`` (nats), ``gradient`` (j,), ``information`` (j, j).

    ``information`` is the sum over scored events of (grad log lambda)(grad log lambda)^T, whose
    expectation is the Fisher information of a point process (Ogata 1978,
    doi:10.1007/BF02480216); it is positive semi-definite everywhere, unlike the Hessian.
    """

    value: float
    gradient: FloatArray
    information: FloatArray


@dataclass(frozen=True, eq=False)
class LogLikelihood:
    """Log-likelihood of (mu, k, alpha, c, p) for one sequence, in linear time.

        log L = sum_{scored i} log lambda(t_i) - mu T - k sum_j 10^{alpha (m_j - Mc)} I_j(c, p)
        lambda(t) = mu + k sum_{t_j < t} 10^{alpha (m_j - Mc)} (t - t_j + c)^{-p}

    (Ogata 1988, doi:10.1080/01621459.1988.10478560). The sum over earlier events is carried as a
    sum of exponentials (``etas.kernel.Quadrature``), relative error below 1e-8; the integrals I_j
    of the Omori-Utsu law over the scored window are exact. Units: days, nats.

    Long sequences are evaluated on ``workers`` threads. Whatever their number, the sums are those
    of the same blocks of events and groups of nodes in the same order, hence equal to the last bit.
    """

    sequence: EventSequence
    excess: FloatArray
    quadrature: Quadrature
    workers: int = field(default_factory=threads)

    @classmethod
    def of(
        cls, sequence: EventSequence, completeness: float, *, c_min: float, p_max: float = 3.0
    ) -> LogLikelihood:
        """Prepare a sequence for evaluations with c >= c_min and p <= p_max."""
        horizon = sequence.end - sequence.start
        return cls(
            sequence,
            sequence.magnitude_excess(completeness),
            Quadrature.for_range(horizon, c_min, p_max=p_max),
        )

    def evaluate(self, parameters: FloatArray) -> Evaluation:
        """Value (nats), gradient and Fisher information at (mu, k, alpha, c, p), in one pass."""
        mu, k, _, _, _ = (float(x) for x in parameters)
        seq = self.sequence
        log_rates, gradient, information, sums = _Pass(self, parameters).run()
        expected, expected_alpha, expected_c, expected_p = sums.tolist()
        value = log_rates - mu * seq.scored_days - k * expected
        gradient -= np.array(
            [seq.scored_days, expected, k * expected_alpha, k * expected_c, k * expected_p]
        )
        return Evaluation(value, gradient, information)


class _Pass:
    """One evaluation: blocks of events in turn, in each the groups of nodes beside one another.

    While the nodes of a block are summed, the block before it is scored and the next one prepared,
    so that there is work for every thread. Memory does not grow with the number of events.
    """

    def __init__(self, likelihood: LogLikelihood, parameters: FloatArray) -> None:
        self.sequence, self.excess = likelihood.sequence, likelihood.excess
        self.mu, self.k, self.alpha, self.c, self.p = (float(x) for x in parameters)
        quadrature = likelihood.quadrature
        weights = np.stack(quadrature.weights(self.c, self.p))
        base = quadrature.base.reshape(-1, LANE_MULTIPLE)
        weights = weights.reshape(3, LEVELS, -1, LANE_MULTIPLE).transpose(2, 0, 1, 3)
        weights = weights.reshape(len(base), 3, LEVELS * LANE_MULTIPLE)
        # Nodes far above 1 / c have weights of e^{-c s}, nothing: most c are far above the lowest
        active = ~(np.abs(weights).max(axis=(1, 2)) <= NOTHING)  # keeps what is not finite
        self.base, self.weights = base[active], weights[active]
        groups = len(self.base)
        self.state = np.zeros((groups, 2, LEVELS * LANE_MULTIPLE))
        n = len(self.sequence)
        self.blocks, self.pieces = _slices(n, PIECES * PIECE), _slices(n, PIECE)
        # While one block is excited, the next is prepared and the one before it scored
        width = min(PIECES * PIECE, n)
        self.gains = np.empty((2, 2, width))
        self.excitation = np.empty((2, groups, 4, width + PADDING))
        self.scores: dict[int, tuple[float, FloatArray, FloatArray]] = {}
        self.expected: dict[int, FloatArray] = {}
        self.workers = likelihood.workers if len(self.blocks) > 1 else 1

    def run(self) -> tuple[float, FloatArray, FloatArray, FloatArray]:
        """Sum of log rates, its gradient, the information, and the sums of expected events."""
        with rounds(self.workers) as together:
            for i in range(-1, len(self.blocks) + 1):
                together(self.tasks(i))
        scores = [self.scores[piece] for piece in range(len(self.pieces))]
        values, gradients, information = zip(*scores, strict=True)
        return (
            float(np.sum(values)),
            np.sum(gradients, axis=0),
            np.sum(information, axis=0),
            np.sum([self.expected[piece] for piece in range(len(self.pieces))], axis=0),
        )

    def tasks(self, i: int) -> list[Task]:
        """What can be done while block ``i`` is excited, the longest first."""
        tasks: list[Task] = []
        if 0 <= i < len(self.blocks):
            tasks += [partial(self.excite, i, group) for group in range(len(self.base))]
        for j in range(PIECES):
            if (i + 1) * PIECES + j < len(self.pieces):
                tasks.append(partial(self.prepare, (i + 1) * PIECES + j))
            if 0 <= (i - 1) * PIECES + j < len(self.pieces):
                tasks.append(partial(self.score, (i - 1) * PIECES + j))
        return tasks

    def prepare(self, piece: int) -> None:
        """Gains of a piece's events, and how many events they are expected to trigger."""
        from etas.recursion import expected_sums

        seq, part = self.sequence, self.pieces[piece]
        times, excess = seq.times[part], LN10 * self.excess[part]
        gains, slopes = self.gains[self.place(piece)]
        np.exp(self.alpha * excess, out=gains)
        np.multiply(gains, excess, out=slopes)

        def expected(begin: float, end: float) -> FloatArray:
            since, until = (np.maximum(edge - times, 0.0) for edge in (begin, end))
            return np.array(expected_sums(since, until, gains, slopes, self.c, self.p))

        sums = expected(seq.score_from, seq.end)
        for gap in seq.scored_gaps:
            sums -= expected(*gap)
        self.expected[piece] = sums

    def place(self, piece: int, first: int = 0) -> tuple[int, slice, slice]:
        """Where in an array of blocks the events of a piece are, from its ``first`` on."""
        block, part = piece // PIECES, self.pieces[piece]
        begin = self.blocks[block].start
        return block % 2, slice(None), slice(part.start + first - begin, part.stop - begin)

    def excite(self, i: int, group: int) -> None:
        """What the nodes of a group add at a block's events."""
        from etas.recursion import excite

        block = self.blocks[i]
        times = self.sequence.times[block]
        gains, slopes = self.gains[i % 2, :, : times.size]
        excite(
            times,
            self.sequence.times[block.start - 1] if block.start else self.sequence.start,
            gains,
            slopes,
            self.base[group],
            self.weights[group],
            self.state[group],
            self.excitation[i % 2, group, :, : times.size],
        )

    def score(self, piece: int) -> None:
        """Sums over the scored events of a piece."""
        from etas.recursion import score_sums

        part = self.pieces[piece]
        first = min(max(self.sequence.first_scored, part.start), part.stop) - part.start
        block, everything, events = self.place(piece, first)
        excitation = self.excitation[block, :, everything, events]
        self.scores[piece] = score_sums(excitation, self.mu, self.k)


def _slices(n: int, length: int) -> list[slice]:
    """``range(n)`` in parts of a length, the last of which may be shorter."""
    return [slice(lo, min(lo + length, n)) for lo in range(0, max(n, 1), length)]


def log_likelihood_quadratic(
    parameters: FloatArray, sequence: EventSequence, completeness: float, *, block: int = 512
) -> float:
    """The same log-likelihood by the plain double sum: O(N^2) time, the reference for tests."""
    mu, k, alpha, c, p = (float(x) for x in parameters)
    times = sequence.times
    gains = np.exp(alpha * LN10 * sequence.magnitude_excess(completeness))
    log_rates = 0.0
    for lo in range(sequence.first_scored, times.size, block):
        hi = min(lo + block, times.size)
        lags = times[lo:hi, None] - times[None, :hi]
        # A non-positive lag is the event itself or a later one; 1 stands in to keep the power real.
        triggered = np.where(lags > 0.0, (np.where(lags > 0.0, lags, 1.0) + c) ** -p, 0.0)
        log_rates += float(np.log(mu + k * (triggered @ gains[:hi])).sum())
    since = np.maximum(sequence.score_from - times, 0.0)
    expected = float(gains @ omori_integral(since, sequence.end - times, c, p))
    for begin, end in sequence.scored_gaps:
        since, until = (np.maximum(edge - times, 0.0) for edge in (begin, end))
        expected -= float(gains @ omori_integral(since, until, c, p))
    return log_rates - mu * sequence.scored_days - k * expected
