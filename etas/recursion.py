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
from etas.kernel import LANE_MULTIPLE, LEVELS

NODES = LEVELS * LANE_MULTIPLE
"""Of a group of lanes, whose decay factors lie side by side."""

NEGLIGIBLE = 1e-60
"""Decay factors below this are set to 0: denormal numbers would slow the loop a hundredfold."""

# Sums over nodes may be reordered and fused (that is what lets them fill vector registers); the
# flags that assume away NaN and infinity stay off.
_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


@_jit
def add_products(score: FloatArray, gradient: FloatArray, squares: FloatArray) -> None:
    """Add a vector to ``gradient`` and its products with itself to ``squares``."""
    for m in range(score.size):
        gradient[m] += score[m]
        for j in range(score.size):
            squares[m, j] += score[m] * score[j]


@_jit
def excite(
    times: FloatArray,
    last: float,
    gains: FloatArray,
    gain_slopes: FloatArray,
    base: FloatArray,
    weights: FloatArray,
    state: FloatArray,
    excitation: FloatArray,
) -> None:
    """What a few lanes of nodes add to R, R_alpha, R_c and R_p at each event, shape (4, event).

    ``weights``, shape (3, level * lane), are w, w_c and w_p. ``state``, shape (2, level * lane),
    holds the nodes' sums over events up to the one at ``last`` and their slopes in alpha; it is
    carried on to the last of ``times``. Each lane's factors of decay lie side by side with those of
    the others, so that one vectorised loop serves all nodes of an event.
    """
    decay = np.empty(NODES)
    now = state.copy()  # of this thread alone: the states of two groups may share a cache line
    for i in range(times.size):
        dt = times[i] - last
        last = times[i]
        for lane in range(LANE_MULTIPLE):
            decay[lane] = math.exp(-base[lane] * dt)
        for node in range(LANE_MULTIPLE, NODES):
            e = decay[node - LANE_MULTIPLE] * decay[node - LANE_MULTIPLE]
            decay[node] = e if e > NEGLIGIBLE else 0.0
        r = r_alpha = r_c = r_p = 0.0
        for node in range(NODES):
            a = decay[node] * now[0, node]
            b = decay[node] * now[1, node]
            now[0, node] = a + gains[i]
            now[1, node] = b + gain_slopes[i]
            r += weights[0, node] * a
            r_alpha += weights[0, node] * b
            r_c += weights[1, node] * a
            r_p += weights[2, node] * a
        excitation[0, i] = r
        excitation[1, i] = r_alpha
        excitation[2, i] = r_c
        excitation[3, i] = r_p
    state[:] = now


@_jit
def score_sums(excitation: FloatArray, mu: float, k: float) -> tuple[float, FloatArray, FloatArray]:
    """Sum of log intensity over events, its gradient, and the sum of its products.

    ``excitation``, shape (group, 4, event), holds what ``excite`` found for each group of lanes.
    With R their sum: lambda = mu + k R. Each event has the score
    d = (1, R, k R_alpha, k R_c, k R_p) / lambda, the gradient of log lambda in mu, k, alpha, c
    and p. Returns the sums of log lambda, of d, shape (5,), and of d d^T, shape (5, 5).
    """
    groups, _, events = excitation.shape
    total = 0.0
    score = np.empty(5)
    gradient = np.zeros(5)
    squares = np.zeros((5, 5))
    for i in range(events):
        r = r_alpha = r_c = r_p = 0.0
        for group in range(groups):
            r += excitation[group, 0, i]
            r_alpha += excitation[group, 1, i]
            r_c += excitation[group, 2, i]
            r_p += excitation[group, 3, i]
        rate = mu + k * r
        inverse = 1.0 / rate
        total += math.log(rate)
        score[0] = inverse
        score[1] = r * inverse
        score[2] = k * r_alpha * inverse
        score[3] = k * r_c * inverse
        score[4] = k * r_p * inverse
        add_products(score, gradient, squares)
    return total, gradient, squares


@_jit
def expected_sums(
    since: FloatArray,
    until: FloatArray,
    gains: FloatArray,
    gain_slopes: FloatArray,
    c: float,
    p: float,
) -> tuple[float, float, float, float]:
    """Sums over events of g_j I_j, g'_j I_j, g_j dI_j/dc and g_j dI_j/dp.

    I_j is the integral of (x + c)^{-p} from ``since`` to ``until``. With q = 1 - p,
    a = since + c and D = ln((until + c) / a): I = a^q D f(q D) where f(z) = (e^z - 1) / z, which
    is smooth at p = 1.
    """
    q = 1.0 - p
    total = by_alpha = by_c = by_p = 0.0
    a = log_a = a_q = 0.0
    for j in range(gains.size):
        if since[j] + c != a:  # it is c for all events inside the window
            a = since[j] + c
            log_a = math.log(a)
            a_q = math.exp(q * log_a)
        ratio = math.log((until[j] + c) / a)
        z = q * ratio
        if abs(z) < 0.03:
            # Power series of f and f': the closed form of f' cancels here, and the next terms,
            # z^n over n! (n + 2), are below 1e-13
            f = 1.0 + z * (1 / 2 + z * (1 / 6 + z * (1 / 24 + z * (1 / 120 + z * (1 / 720)))))
            slope = 1 / 2 + z * (1 / 3 + z * (1 / 8 + z * (1 / 30 + z * (1 / 144 + z / 840))))
        else:
            grown = math.expm1(z)
            f = grown / z
            slope = ((grown + 1.0) * (z - 1.0) + 1.0) / (z * z)
        integral = a_q * ratio * f
        total += gains[j] * integral
        by_alpha += gain_slopes[j] * integral
        by_c += gains[j] * (a_q / a) * math.expm1(-p * ratio)
        by_p -= gains[j] * a_q * ratio * (log_a * f + ratio * slope)
    return total, by_alpha, by_c, by_p


@_jit
def sweep(
    steps: FloatArray,
    gains: FloatArray,
    base: FloatArray,
    w: FloatArray,
    w_over_s: FloatArray,
    taper_rate: float,
) -> tuple[FloatArray, FloatArray]:
    """Triggered intensity and its running integral at a merged sequence of stops.

    Stop i lies ``steps[i]`` days after stop i - 1 and adds ``gains[i]`` to the excitation after it
    has been read (0 where the stop is a question, not an event). ``w_over_s`` is
    w / (s + taper_rate). Returns, in units of k, the rate
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
        faded = math.exp(-taper_rate * steps[i])
        fading = -math.expm1(-taper_rate * steps[i])
        here = gone = 0.0
        for level in range(levels):
            for lane in range(lanes):
                e = decay[lane]
                lost = loss[lane]
                a = state[level, lane]
                gone += w_over_s[level, lane] * a * (lost + e * fading)
                a *= e * faded
                here += w[level, lane] * a
                state[level, lane] = a + gains[i]
                loss[lane] = lost * (1.0 + e)
                e = e * e
                decay[lane] = e if e > NEGLIGIBLE else 0.0
        total += gone
        rate[i] = here
        integral[i] = total
    return rate, integral


@_jit
def weighted_sums(  # noqa: PLR0915 - one loop, written out for the compiler
    steps: FloatArray,
    gains: FloatArray,
    gain_slopes: FloatArray,
    detection: FloatArray,
    scored: FloatArray,
    base: FloatArray,
    w: FloatArray,
    w_c: FloatArray,
    w_p: FloatArray,
    over: FloatArray,
    taper_rate: float,
    mu: float,
    k: float,
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Value, gradient in (mu, k, alpha, c, p, taper rate), score products, and compensator.

    Stop i lies ``steps[i]`` days after stop i - 1; in between a share ``detection[i]`` of the
    events is detected (0 before the scored window). It adds ``gains[i]`` to the excitation, after
    it has been read if ``scored[i]`` is 1. ``over`` is 1 / (s + taper_rate). The compensator of
    detected events has shape (stop,).

    With s' = s + taper_rate, a node's state obeys a <- e^{-s' dt} a + gain, its integral over the
    step is a (1 - e^{-s' dt}) / s', and its derivative in the taper rate is minus the state of lags
    d <- e^{-s' dt} (d + dt a).
    """
    levels, lanes = w.shape
    state = np.zeros((levels, lanes))
    slope = np.zeros((levels, lanes))
    lag = np.zeros((levels, lanes))
    decay = np.empty(lanes)
    loss = np.empty(lanes)
    compensator = np.empty(steps.size)
    score = np.empty(6)
    gradient = np.zeros(6)
    squares = np.zeros((6, 6))
    value = running = 0.0
    for i in range(steps.size):
        dt = steps[i]
        for lane in range(lanes):
            decay[lane] = math.exp(-base[lane] * dt)
            loss[lane] = -math.expm1(-base[lane] * dt)
        faded = math.exp(-taper_rate * dt)
        fading = -math.expm1(-taper_rate * dt)
        gain, gain_slope = gains[i], gain_slopes[i]
        r = r_alpha = r_c = r_p = r_taper = 0.0
        n = n_alpha = n_c = n_p = n_taper = 0.0
        for level in range(levels):
            for lane in range(lanes):
                e = decay[lane]
                lost = loss[lane]
                a, b, d = state[level, lane], slope[level, lane], lag[level, lane]
                o = over[level, lane]
                weight = w[level, lane]
                kept = e * faded
                gone = (lost + e * fading) * o
                n += weight * a * gone
                n_alpha += weight * b * gone
                n_c += w_c[level, lane] * a * gone
                n_p += w_p[level, lane] * a * gone
                n_taper += weight * (a * (dt * kept - gone) * o - d * gone)
                d = kept * (d + dt * a)
                a = kept * a
                b = kept * b
                r += weight * a
                r_alpha += weight * b
                r_c += w_c[level, lane] * a
                r_p += w_p[level, lane] * a
                r_taper -= weight * d
                state[level, lane] = a + gain
                slope[level, lane] = b + gain_slope
                lag[level, lane] = d
                loss[lane] = lost * (1.0 + e)
                e = e * e
                decay[lane] = e if e > NEGLIGIBLE else 0.0
        f = detection[i]
        running += f * (mu * dt + k * n)
        compensator[i] = running
        gradient[0] -= f * dt
        gradient[1] -= f * n
        gradient[2] -= f * k * n_alpha
        gradient[3] -= f * k * n_c
        gradient[4] -= f * k * n_p
        gradient[5] -= f * k * n_taper
        if scored[i] > 0.0:
            rate = mu + k * r
            inverse = 1.0 / rate
            value += math.log(rate)
            score[0] = inverse
            score[1] = r * inverse
            score[2] = k * r_alpha * inverse
            score[3] = k * r_c * inverse
            score[4] = k * r_p * inverse
            score[5] = k * r_taper * inverse
            add_products(score, gradient, squares)
    return value - running, gradient, squares, compensator
