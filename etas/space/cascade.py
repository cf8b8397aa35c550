"""The compiled cascade in time and space: one trajectory after the other."""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.branching import (
    delay_at,
    delay_growth,
    delay_integral,
    draw_offspring,
    recorded_excess,
    with_room,
)
from etas.space.place_loops import about, background_place, inside

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def _first_generation(
    rng: np.random.Generator,
    times: FloatArray,
    latitudes: FloatArray,
    longitudes: FloatArray,
    size: int,
    horizon: float,
    parameters: FloatArray,
    since: FloatArray,
    cumulative: FloatArray,
    known: FloatArray,
    widths: FloatArray,
    site_kernels: FloatArray,
    site: FloatArray,
    corners: FloatArray,
    frame: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, int]:
    """Append background events and direct offspring of the history."""
    c, p, q, radius = parameters[3], parameters[4], parameters[7], parameters[8]
    direct = cumulative[-1] if cumulative.size else 0.0
    background, triggered = rng.poisson(parameters[0] * horizon), rng.poisson(direct)
    most = size + background + triggered
    times, latitudes = with_room(times, most), with_room(latitudes, most)
    longitudes = with_room(longitudes, most)
    for i in range(background + triggered):
        if i < background:
            x = horizon * rng.random()
            y, z = background_place(
                rng, known, site_kernels, site[0], site[1], radius, corners, frame
            )
        else:
            j = min(
                np.searchsorted(cumulative, direct * rng.random(), side="right"), since.size - 1
            )
            ratio, grown = delay_growth(horizon, since[j] + c, 1.0 - p)
            x = delay_at(rng.random(), ratio, grown, since[j] + c, 1.0 - p)
            y, z = about(rng, known[j, 0], known[j, 1], widths[j], q, radius)
            if not inside(corners, frame, y, z):
                continue
        if x < horizon:  # rounding may carry a delay onto the end
            times[size], latitudes[size], longitudes[size] = x, y, z
            size += 1
    return times, latitudes, longitudes, size


@_jit
def cascade(
    rng: np.random.Generator,
    n: int,
    horizon: float,
    parameters: FloatArray,
    law: FloatArray,
    since: FloatArray,
    cumulative: FloatArray,
    known: FloatArray,
    widths: FloatArray,
    site_kernels: FloatArray,
    site: FloatArray,
    corners: FloatArray,
    frame: FloatArray,
    max_events: int,
) -> tuple[IntArray, FloatArray, FloatArray, FloatArray, IntArray]:
    """Times, magnitudes and places of ``n`` trajectories on [0, horizon) days from now.

    ``parameters`` are (mu, k, alpha ln 10, c, p, d, gamma ln 10, q, radius), ``law`` (completeness,
    beta, mass of the truncated law, step, and 1 where completeness is strict), ``site`` (share of
    background places at random, exponent of the others). ``since`` are the days since the past
    events, ``cumulative`` the running sum of their expected direct offspring, wherever those
    happen; what falls outside the region is left out, and has no offspring. Returns the numbers of
    events by trajectory, times, magnitudes, places (radians) and a flag for those that went beyond
    ``max_events``.
    """
    _, k, growth, c, p, d, spread, q, radius = parameters
    completeness, beta, mass, step, strict = law
    c_q = math.exp((1.0 - p) * math.log(c))
    counts, capped = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=np.int64)
    times, magnitudes = np.empty(1024), np.empty(1024)
    latitudes, longitudes = np.empty(1024), np.empty(1024)
    parent = size = 0
    for trajectory in range(n):
        first = size
        times, latitudes, longitudes, size = _first_generation(
            rng,
            times,
            latitudes,
            longitudes,
            size,
            horizon,
            parameters,
            since,
            cumulative,
            known,
            widths,
            site_kernels,
            site,
            corners,
            frame,
        )
        while parent < size:
            magnitudes = with_room(magnitudes, size)
            excess = -math.log1p(-rng.random() * mass) / beta
            magnitudes[parent] = completeness + excess
            if size - first > max_events:
                capped[trajectory] = 1
            else:
                rest = horizon - times[parent]
                recorded = recorded_excess(excess, step, strict)
                gain = k * math.exp(growth * recorded)
                ratio, grown = delay_growth(rest, c, 1.0 - p)
                mean = gain * delay_integral(ratio, grown, c_q, 1.0 - p)
                offspring = draw_offspring(rng, mean, max_events)
                width = d * math.exp(spread * recorded)
                times = with_room(times, size + offspring)
                latitudes = with_room(latitudes, size + offspring)
                longitudes = with_room(longitudes, size + offspring)
                for _ in range(offspring):
                    x = times[parent] + delay_at(rng.random(), ratio, grown, c, 1.0 - p)
                    y, z = about(rng, latitudes[parent], longitudes[parent], width, q, radius)
                    if x < horizon and inside(corners, frame, y, z):
                        times[size], latitudes[size], longitudes[size] = x, y, z
                        size += 1
            parent += 1
        counts[trajectory] = size - first
        order = np.argsort(times[first:size])
        for values in (times, magnitudes, latitudes, longitudes):
            values[first:size] = values[first:size][order]
    places = np.empty((size, 2))
    places[:, 0], places[:, 1] = latitudes[:size], longitudes[:size]
    return counts, times[:size], magnitudes[:size], places, capped
