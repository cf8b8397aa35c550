"""The compiled branching cascade: one trajectory after the other, drawn from one generator."""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray

FLAT = 1e-9
"""Absolute value of 1 - p below which the Omori-Utsu law is integrated as 1 / (x + c)."""

MOST_OFFSPRING = 1_000_000
"""That many direct offspring of one event are drawn whatever the cap on a trajectory is."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def delay_growth(horizon: float, c: float, q: float) -> tuple[float, float]:
    """D = ln(1 + horizon / c) and e^{q D} - 1, which all offspring of an event share."""
    ratio = math.log1p(horizon / c)
    return ratio, math.expm1(q * ratio)


@_jit
def delay_integral(ratio: float, grown: float, c_q: float, q: float) -> float:
    """Integral of (x + c)^{q - 1} from 0 to the horizon of a ``delay_growth``; c_q is c^q."""
    return ratio if abs(q) < FLAT else c_q * grown / q


@_jit
def delay_at(u: float, ratio: float, grown: float, c: float, q: float) -> float:
    """Inverse of the law of delays up to the horizon of a ``delay_growth``, at probability u."""
    if abs(q) < FLAT:
        return c * math.expm1(u * ratio)
    drop = u * grown
    # ln((1 - u) + u e^{q D}), from the side on which it doesn't cancel
    log_mix = math.log1p(drop) if drop > -0.5 else math.log((1.0 - u) + u * math.exp(q * ratio))
    return c * math.expm1(log_mix / q)


@_jit
def draw_offspring(rng: np.random.Generator, mean: float, max_events: int) -> int:
    """How many events one triggers directly: Poisson, but no more than memory has room for.

    What is beyond has exceeded ``max_events`` anyway, and the cascade ends.
    """
    most = max(max_events, MOST_OFFSPRING)
    if not mean < 2.0 * most:
        return most + 1
    return min(rng.poisson(mean), most + 1)


@_jit
def with_room(values: FloatArray, size: int) -> FloatArray:
    """The same values in an array of at least ``size``."""
    while values.size < size:
        values = np.concatenate((values, np.empty(values.size)))
    return values


@_jit
def recorded_excess(excess: float, step: float, strict: float) -> float:
    """``GutenbergRichter.recorded_excess`` of one magnitude."""
    return excess if step == 0.0 else step * (math.floor(excess / step + 1e-9) + strict)


@_jit
def _first_generation(
    rng: np.random.Generator,
    times: FloatArray,
    size: int,
    window: tuple[float, float],
    parameters: FloatArray,
    history: FloatArray,
    cumulative: FloatArray,
) -> tuple[FloatArray, int]:
    """Append background events and direct offspring of the history."""
    start, end = window
    horizon, c, q, taper_rate = end - start, parameters[3], 1.0 - parameters[4], parameters[5]
    background = rng.poisson(parameters[0] * horizon)
    direct = cumulative[-1] if cumulative.size else 0.0
    triggered = rng.poisson(direct)
    times = with_room(times, size + background + triggered)
    for i in range(background + triggered):
        if i < background:
            x = horizon * rng.random()
        else:
            drawn = np.searchsorted(cumulative, direct * rng.random(), side="right")
            since = start - history[min(drawn, history.size - 1)]
            # The law of delays beyond `since` is the Omori-Utsu law with c shifted by `since`.
            ratio, grown = delay_growth(horizon, since + c, q)
            x = delay_at(rng.random(), ratio, grown, since + c, q)
            if taper_rate > 0.0 and rng.random() > math.exp(-taper_rate * x):
                continue
        if start + x < end:  # rounding may carry a delay onto the end
            times[size] = start + x
            size += 1
    return times, size


@_jit
def cascade(
    rng: np.random.Generator,
    n: int,
    window: tuple[float, float],
    parameters: FloatArray,
    law: FloatArray,
    history: FloatArray,
    cumulative: FloatArray,
    max_events: int,
) -> tuple[IntArray, FloatArray, FloatArray, IntArray]:
    """Times and magnitudes of ``n`` trajectories on the window [start, end).

    ``parameters`` are (mu, k, alpha ln 10, c, p, 1 / taper), ``law`` (completeness, beta, mass of
    the truncated law, step, and 1 where completeness is strict); ``history`` holds the times of
    past events, ``cumulative`` the running sum of their expected direct offspring in the window,
    tapered up to its start only: within it offspring are thinned by the taper. Returns the number
    of events of each trajectory, times, magnitudes, and a flag for those that went beyond
    ``max_events``, where the cascade stops.
    """
    _, k, growth, c, p, taper_rate = parameters
    completeness, beta, mass, step, strict = law
    q = 1.0 - p
    c_q = math.exp(q * math.log(c))
    counts = np.zeros(n, dtype=np.int64)
    capped = np.zeros(n, dtype=np.int64)
    times = np.empty(1024)
    magnitudes = np.empty(1024)
    parent = size = 0
    for i in range(n):
        first = size
        times, size = _first_generation(rng, times, size, window, parameters, history, cumulative)
        while parent < size:
            magnitudes = with_room(magnitudes, size)
            excess = -math.log1p(-rng.random() * mass) / beta
            magnitudes[parent] = completeness + excess
            if size - first > max_events:
                capped[i] = 1
            else:
                rest = window[1] - times[parent]
                gain = k * math.exp(growth * recorded_excess(excess, step, strict))
                ratio, grown = delay_growth(rest, c, q)
                mean = gain * delay_integral(ratio, grown, c_q, q)
                offspring = draw_offspring(rng, mean, max_events)
                times = with_room(times, size + offspring)
                for _ in range(offspring):
                    x = delay_at(rng.random(), ratio, grown, c, q)
                    kept = taper_rate == 0.0 or rng.random() < math.exp(-taper_rate * x)
                    if kept and times[parent] + x < window[1]:
                        times[size] = times[parent] + x
                        size += 1
            parent += 1
        counts[i] = size - first
        order = np.argsort(times[first:size])
        times[first:size] = times[first:size][order]
        magnitudes[first:size] = magnitudes[first:size][order]
    return counts, times[:size], magnitudes[:size], capped
