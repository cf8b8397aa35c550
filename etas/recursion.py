"""The compiled loops of the linear-time ETAS: one multiply-add per event and node.

A_q(i) = sum_{j < i} g_j e^{-s_q (t_i - t_j)} obeys A_q(i) = e^{-s_q dt} (A_q(i - 1) + g_{i-1}),
and the decay factors of a lane are successive squares, so an event costs one exponential a lane
and a handful of vectorised multiply-adds a node. Memory doesn't grow with events x nodes.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray

NEGLIGIBLE = 1e-60
"""Decay factors below this are set to 0: denormal numbers would slow the loop a hundredfold."""

# Sums over nodes may be reordered and fused (that is what lets them fill vector registers); the
# flags that assume away NaN and infinity stay off.
_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


@_jit
def score_sums(
    times: FloatArray,
    gains: FloatArray,
    gain_slopes: FloatArray,
    base: FloatArray,
    w: FloatArray,
    w_c: FloatArray,
    w_p: FloatArray,
    mu: float,
    k: float,
    first: int,
) -> tuple[float, float, float, float, float, float]:
    """Sum of log intensity over events from index ``first`` on, and of its gradient.

    With R = sum_q w_q A_q: lambda = mu + k R. Returns the sums of log lambda, 1 / lambda,
    R / lambda, k R_alpha / lambda, k R_c / lambda and k R_p / lambda.
    """
    levels, lanes = w.shape
    state = np.zeros((levels, lanes))
    slope = np.zeros((levels, lanes))
    decay = np.empty(lanes)
    total = by_mu = by_k = by_alpha = by_c = by_p = 0.0
    for i in range(times.size):
        r = r_alpha = r_c = r_p = 0.0
        if i > 0:
            dt = times[i] - times[i - 1]
            gain = gains[i - 1]
            gain_slope = gain_slopes[i - 1]
            for lane in range(lanes):
                decay[lane] = math.exp(-base[lane] * dt)
            for level in range(levels):
                for lane in range(lanes):
                    e = decay[lane]
                    a = e * (state[level, lane] + gain)
                    b = e * (slope[level, lane] + gain_slope)
                    state[level, lane] = a
                    slope[level, lane] = b
                    r += w[level, lane] * a
                    r_c += w_c[level, lane] * a
                    r_p += w_p[level, lane] * a
                    r_alpha += w[level, lane] * b
                    e = e * e
                    decay[lane] = e if e > NEGLIGIBLE else 0.0
        if i >= first:
            rate = mu + k * r
            inverse = 1.0 / rate
            total += math.log(rate)
            by_mu += inverse
            by_k += r * inverse
            by_alpha += k * r_alpha * inverse
            by_c += k * r_c * inverse
            by_p += k * r_p * inverse
    return total, by_mu, by_k, by_alpha, by_c, by_p


@_jit
def sweep(
    steps: FloatArray,
    gains: FloatArray,
    base: FloatArray,
    w: FloatArray,
    w_over_s: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Triggered intensity and its running integral at a merged sequence of stops.

    Stop i lies ``steps[i]`` days after stop i - 1 and adds ``gains[i]`` to the excitation after it
    has been read (0 where the stop is a question, not an event). Returns, in units of k, the rate
    sum_q w_q A_q and the integral since the first stop, both of shape (stop,).
    """
    levels, lanes = w.shape
    state = np.zeros((levels, lanes))
    decay = np.empty(lanes)
    loss = np.empty(lanes)
    rate = np.empty(steps.size)
    integral = np.empty(steps.size)
    total = 0.0
    for i in range(steps.size):
        for lane in range(lanes):
            decay[lane] = math.exp(-base[lane] * steps[i])
            loss[lane] = -math.expm1(-base[lane] * steps[i])
        here = gone = 0.0
        for level in range(levels):
            for lane in range(lanes):
                e = decay[lane]
                lost = loss[lane]
                a = state[level, lane]
                gone += w_over_s[level, lane] * a * lost
                a *= e
                here += w[level, lane] * a
                state[level, lane] = a + gains[i]
                loss[lane] = lost * (1.0 + e)
                e = e * e
                decay[lane] = e if e > NEGLIGIBLE else 0.0
        total += gone
        rate[i] = here
        integral[i] = total
    return rate, integral
