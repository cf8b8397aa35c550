"""Excitation of ETAS as decaying exponentials, event by event, for the hazard decoder."""

from __future__ import annotations

import numba
import numpy as np
from scipy.special import gammaln

from catalogs import EventSequence
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from etas.model import ETAS

STEP = 1.0
"""In ln s. The sum of exponentials then ripples by 6e-4 about the power law, far less than the net
may change each amplitude; one coarse grid for all regions keeps them comparable."""

NODES: FloatArray = np.exp(np.arange(np.log(1e-5), np.log(2e5), STEP))
"""s_q in 1/days: decay times from half a second to 270 years."""


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


def excitation(etas: ETAS, sequence: EventSequence) -> tuple[FloatArray, FloatArray]:
    """Amplitudes at the start of each interval, and the events ETAS expects in it.

        a_q(j) = k w_q sum_{i < j} 10^{alpha (m_i - Mc)} e^{-s_q (t_{j-1} - t_i)}

    so that x days into interval j the intensity of ETAS is mu + sum_q a_q e^{-s_q x}.
    Returns the amplitudes (events/day), shape (event + 1, node), and the compensator of each
    interval (events), shape (event + 1,).
    """
    weights = etas.k * node_weights(etas.c, etas.p)
    return _excitation(
        sequence.inter_times, gains(etas, sequence.magnitudes), weights, NODES, etas.mu
    )


@numba.njit(cache=True, nogil=True)
def _excitation(
    inter_times: FloatArray,
    event_gains: FloatArray,
    weights: FloatArray,
    nodes: FloatArray,
    mu: float,
) -> tuple[FloatArray, FloatArray]:
    amplitudes = np.zeros((inter_times.size, nodes.size))
    expected = np.empty(inter_times.size)
    for j in range(inter_times.size):
        tau = inter_times[j]
        total = mu * tau
        for q in range(nodes.size):
            lost = -np.expm1(-nodes[q] * tau)
            total += amplitudes[j, q] * lost / nodes[q]
            if j + 1 < inter_times.size:
                amplitudes[j + 1, q] = amplitudes[j, q] * (1.0 - lost) + weights[q] * event_gains[j]
        expected[j] = total
    return amplitudes, expected
