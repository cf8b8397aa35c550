"""Inter-event times and whole trajectories, compiled."""

from __future__ import annotations

import math

import numpy as np

from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from recast.sampling.arrays import Weights
from recast.sampling.compiled.arithmetic import StreamArray, exp, expm1, jit, uniform
from recast.sampling.compiled.steps import (
    Scratch,
    advance,
    aligned,
    decode,
    etas_expects,
    magnitude_betas,
    scratch,
)

LANES = 8
"""Enough to share the fixed cost of a step; all arrays stay in the cache."""


@jit
def first_arrival(
    rates: FloatArray, lane: int, decays: FloatArray, elapsed: float, streams: StreamArray, i: int
) -> float:
    """Draw the days from the last event to the next, given those elapsed, for decaying hazards.

    A sum of hazards is the hazard of the earliest of independent arrivals, one of each (Dassios
    and Zhao 2013, doi:10.1214/ECP.v18-2717): the background's at E / mu, and each memory's where
    A_q (1 - e^{-s_q x}) / s_q reaches E, or never. That inverts the cumulative hazard without
    iteration. As E = -ln(1 - v) >= v, most memories can be ruled out without a logarithm.
    """
    nearest: float = -math.log(uniform(streams, i)) / rates[lane, 0]
    for q in range(decays.size):
        decay, rate, v = decays[q], rates[lane, q + 1], uniform(streams, i)
        if elapsed > 0.0:
            rate *= math.exp(-decay * elapsed)
        if v < rate * nearest and v * decay < rate:
            y = -math.log1p(-v) * decay / rate
            if y < 1.0:
                nearest = min(nearest, -math.log1p(-y) / decay)
    return elapsed + nearest


@jit
def _softplus(x: float) -> float:
    return x if x > 20.0 else math.log1p(math.exp(x))  # as in torch


@jit
def mixture_arrival(
    w: Weights, raw: FloatArray, elapsed: float, streams: StreamArray, i: int
) -> float:
    """Draw the same for a mixture of Weibull distributions: logits, raw rates and raw shapes.

    The component is drawn from its posterior pi_k S_k(elapsed) / S(elapsed), then its time from
    b (x / scale)^a = b (elapsed / scale)^a + E.
    """
    size = raw.size // 3
    weights = raw[:size]
    if elapsed > 0.0:
        for k in range(size):
            rate = _softplus(max(raw[size + k], w.raw_floor))
            shape = _softplus(max(raw[2 * size + k], w.raw_floor))
            weights[k] -= rate * (elapsed / w.scale) ** shape
    highest = -math.inf
    for k in range(size):
        highest = max(highest, weights[k])
    total = 0.0
    for k in range(size):
        weights[k] = exp(weights[k] - highest)
        total += weights[k]
    left = uniform(streams, i) * total
    k = 0
    while k < size - 1 and left >= weights[k]:
        left -= weights[k]
        k += 1
    rate = _softplus(max(raw[size + k], w.raw_floor))
    shape = _softplus(max(raw[2 * size + k], w.raw_floor))
    power = -math.log(uniform(streams, i)) / rate
    if elapsed > 0.0:
        power += (elapsed / w.scale) ** shape
    tau: float = w.scale * power ** (1.0 / shape)
    return max(tau, elapsed)


@jit
def inter_times(
    w: Weights,
    s: Scratch,
    elapsed: FloatArray,
    n: int,
    streams: StreamArray,
    who: IntArray,
    tau: FloatArray,
) -> None:
    """Draw ``tau`` (lane,) after ``decode``, each from the stream of its trajectory."""
    for lane in range(n):
        i = who[lane]
        if w.is_hazard:
            tau[lane] = first_arrival(s.out, lane, w.decays, elapsed[lane], streams, i)
        else:
            tau[lane] = mixture_arrival(w, s.out[lane], elapsed[lane], streams, i)


@jit
def magnitudes(
    w: Weights,
    hidden: FloatArray,
    n: int,
    streams: StreamArray,
    who: IntArray,
    m: FloatArray,
    s: Scratch,
) -> None:
    """Draw ``m`` (lane,) from laws cut off at lowest and maximum; after ``etas_expects``."""
    magnitude_betas(w, hidden, n, s)
    for lane in range(n):
        beta = s.betas[lane]
        share = uniform(streams, who[lane]) * -expm1(-beta * (w.maximum - w.lowest))
        m[lane] = w.lowest - math.log1p(-share) / beta


@jit
def encode(
    w: Weights,
    inter_times: FloatArray,
    magnitudes: FloatArray,
    hidden: FloatArray,
    amplitudes: FloatArray,
) -> None:
    """Compute the state after a whole history, in place; one lane."""
    s = scratch(w, 1)
    tau, m = np.empty(1), np.empty(1)
    for i in range(magnitudes.size):
        tau[0], m[0] = inter_times[i], magnitudes[i]
        etas_expects(w, amplitudes, tau, 1, s)
        advance(w, m, hidden, amplitudes, 1, s)


@jit
def _copy_row(source: FloatArray, i: int, target: FloatArray, j: int) -> None:
    for k in range(source.shape[1]):
        target[j, k] = source[i, k]


@jit
def _with_room(values: np.ndarray, size: int) -> np.ndarray:
    if size <= values.size:
        return values
    return np.concatenate((values, np.empty_like(values)))


@jit
def trajectories(
    w: Weights,
    streams: StreamArray,
    hidden: FloatArray,
    amplitudes: FloatArray,
    last: float,
    window: tuple[float, float],
    max_events: int,
) -> tuple[IntArray, FloatArray, FloatArray, IntArray]:
    """Draw continuations on [start, end) of the state (1, ...) after the event at ``last``.

    ``streams`` (trajectory, 4) are the states of the random streams, which are used up. Returns the
    number of events of each trajectory, times and magnitudes of all in order, and a flag for
    trajectories that were cut off at ``max_events``.
    """
    start, end = window
    total, begun, n, trajectory_count = 0, 0, 0, streams.shape[0]
    lanes = min(LANES, trajectory_count)
    s = scratch(w, lanes)
    counts = np.zeros(trajectory_count, dtype=np.int64)
    capped = np.zeros(trajectory_count, dtype=np.int64)
    times, sizes, whose = np.empty(1024), np.empty(1024), np.empty(1024, dtype=np.int64)
    h, a = aligned(lanes, hidden.shape[1]), aligned(lanes, amplitudes.shape[1])
    t, elapsed, tau, m = np.empty(lanes), np.empty(lanes), np.empty(lanes), np.empty(lanes)
    who = np.empty(lanes, dtype=np.int64)
    while True:
        while n < lanes and begun < trajectory_count:
            _copy_row(hidden, 0, h, n)
            _copy_row(amplitudes, 0, a, n)
            t[n], elapsed[n], who[n] = last, start - last, begun
            n, begun = n + 1, begun + 1
        if n == 0:
            break
        decode(w, h, a, n, s)
        inter_times(w, s, elapsed, n, streams, who, tau)
        for lane in range(n):
            t[lane] = max(t[lane] + tau[lane], start)  # rounding may carry the first one before
            elapsed[lane] = 0.0
        lane = 0
        while lane < n:
            i = who[lane]
            capped[i] = t[lane] < end and counts[i] == max_events
            if t[lane] < end and not capped[i]:
                lane += 1
                continue
            n -= 1  # the last lane takes its place
            _copy_row(h, n, h, lane)
            _copy_row(a, n, a, lane)
            t[lane], tau[lane], elapsed[lane], who[lane] = t[n], tau[n], elapsed[n], who[n]
        etas_expects(w, a, tau, n, s)
        magnitudes(w, h, n, streams, who, m, s)
        times, sizes = _with_room(times, total + n), _with_room(sizes, total + n)
        whose = _with_room(whose, total + n)
        for lane in range(n):
            times[total], sizes[total], whose[total] = t[lane], m[lane], who[lane]
            counts[who[lane]] += 1
            total += 1
        advance(w, m, h, a, n, s)
    place = np.cumsum(counts) - counts  # of the next event of each trajectory
    sorted_times, sorted_sizes = np.empty(total), np.empty(total)
    for j in range(total):
        at = place[whose[j]]
        sorted_times[at], sorted_sizes[at] = times[j], sizes[j]
        place[whose[j]] += 1
    return counts, sorted_times, sorted_sizes, capped
