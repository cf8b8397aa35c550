"""Excitation of ETAS as decaying exponentials, event by event, for the hazard decoder."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from catalogs import EventSequence
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from etas.model import ETAS

STEP = 1.0
"""In ln s. The sum of exponentials then ripples by 6e-4 about the power law at p = 1 (by 1.4e-2 at
p = 3), far less than the net may change each amplitude; one coarse grid for all regions keeps them
comparable."""

NODES: FloatArray = np.exp(np.arange(np.log(1e-5), np.log(2e5), STEP))
"""s_q in 1/days: decay times from half a second to 270 years."""

MOST_STATES = 250_000
"""Amplitudes of so many intervals are kept, 50 MB; of longer sequences the others are computed."""


def node_weights(c: float, p: float) -> FloatArray:
    """w_q with (x + c)^{-p} ~ sum_q w_q e^{-s_q x}, shape (node,); see ``etas.kernel.Quadrature``.

    The lowest node carries the geometric series of those below it as well.
    """
    weights = STEP * np.exp(p * np.log(NODES) - c * NODES - gammaln(p))
    weights[0] /= -np.expm1(-STEP * p)
    return np.asarray(weights)


def gains(etas: ETAS, magnitudes: FloatArray) -> FloatArray:
    """10^{alpha (m - Mc)} of each event."""
    excess = magnitudes - etas.magnitude_law.completeness
    return np.asarray(np.exp(etas.alpha * LN10 * excess))


@dataclass(frozen=True, eq=False)
class Excitation:
    """The excitation of a sequence, of which not all amplitudes are kept: ``rows`` are computed.

        a_q(j) = k w_q sum_{i < j} 10^{alpha (m_i - Mc)} e^{-s_q (t_{j-1} - t_i)}

    in events/day: x days into interval j the intensity of ETAS is mu + sum_q a_q e^{-s_q x}.

    ``states`` are the amplitudes at the start of every ``stride``-th interval, ``expected`` the
    compensator of each, shape (event + 1,).
    """

    inter_times: FloatArray
    jumps: FloatArray
    weights: FloatArray
    states: FloatArray
    stride: int
    expected: FloatArray

    @classmethod
    def of(cls, etas: ETAS, sequence: EventSequence, *, most: int | None = None) -> Excitation:
        """Of a sequence, with at most ``most`` states, by default ``MOST_STATES``."""
        inter_times, jumps = sequence.inter_times, gains(etas, sequence.magnitudes)
        weights = etas.k * node_weights(etas.c, etas.p)
        stride = -(-inter_times.size // (most or MOST_STATES))
        states, expected = _states(inter_times, jumps, weights, NODES, etas.mu, stride)
        return cls(inter_times, jumps, weights, states, stride, expected)

    def rows(self, begin: NDArray[np.int64], length: int) -> FloatArray:
        """Amplitudes of ``length`` intervals from each of ``begin``, (window, interval, node).

        Equal to the last bit whatever is kept; after the sequence's end its last are repeated.
        """
        return _rows(
            begin,
            length,
            self.inter_times,
            self.jumps,
            self.weights,
            NODES,
            self.states,
            self.stride,
        )


_jit = numba.njit(cache=True, nogil=True)


@_jit
def _states(
    inter_times: FloatArray,
    jumps: FloatArray,
    weights: FloatArray,
    nodes: FloatArray,
    mu: float,
    stride: int,
) -> tuple[FloatArray, FloatArray]:
    states = np.empty((-(-inter_times.size // stride), nodes.size))
    expected = np.empty(inter_times.size)
    now = np.zeros(nodes.size)
    for j in range(inter_times.size):
        if j % stride == 0:
            states[j // stride] = now
        tau = inter_times[j]
        total = mu * tau
        for q in range(nodes.size):
            lost = -np.expm1(-nodes[q] * tau)
            total += now[q] * lost / nodes[q]
            if j + 1 < inter_times.size:
                now[q] = now[q] * (1.0 - lost) + weights[q] * jumps[j]
        expected[j] = total
    return states, expected


@_jit
def _rows(
    begin: NDArray[np.int64],
    length: int,
    inter_times: FloatArray,
    jumps: FloatArray,
    weights: FloatArray,
    nodes: FloatArray,
    states: FloatArray,
    stride: int,
) -> FloatArray:
    rows = np.empty((begin.size, length, nodes.size))
    now = np.empty(nodes.size)
    for window in range(begin.size):
        first = begin[window]
        last = min(first + length, inter_times.size) - 1
        for j in range(first // stride * stride, last + 1):
            if j % stride == 0:
                now[:] = states[j // stride]
            else:
                for q in range(nodes.size):
                    lost = -np.expm1(-nodes[q] * inter_times[j - 1])
                    now[q] = now[q] * (1.0 - lost) + weights[q] * jumps[j - 1]
            if j >= first:
                rows[window, j - first] = now
        for i in range(last + 1 - first, length):
            rows[window, i] = now
    return rows
