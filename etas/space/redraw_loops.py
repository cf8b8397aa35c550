"""Compiled: other places that events of the history might have had."""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray
from etas.space.place_loops import MOST_TRIES, about, anywhere, background_place, inside
from etas.space.vectors import exponentials, logarithms

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def redraw(
    rng: np.random.Generator,
    first: int,
    times: FloatArray,
    gains: FloatArray,
    known: FloatArray,
    sites: FloatArray,
    numbers: FloatArray,
    radius: float,
    corners: FloatArray,
    frame: FloatArray,
    out: FloatArray,
) -> None:
    """Places of the events from ``first`` on, several of each, in degrees.

    ``known`` has latitude and longitude (radians) and D (km^2) of all events in its columns;
    ``sites`` are ``placing.Sites.kernels``; ``numbers`` are mu, c, p, q, taper, the weight of what
    is uniform, and the q of sites.
    """
    mu, c, p, q, taper, even, site_q = numbers
    lags, logs = np.empty(times.size), np.empty(times.size)
    running = np.zeros(times.size + 1)
    for row in range(len(out)):
        i = first + row
        _weigh(i, times, gains, c, p, taper, lags, logs, running)
        total = mu + running[i]
        weight = even + (sites[i - 1, 1] if i > 0 and len(sites) > 0 else 0.0)
        uniform = even / weight if weight > 0.0 else 1.0
        for s in range(out.shape[1]):
            for _ in range(MOST_TRIES):
                at = total * rng.random()
                if at >= mu and i > 0:
                    j = min(np.searchsorted(running[1 : i + 1], at - mu, side="right"), i - 1)
                    latitude, longitude = about(
                        rng, known[j, 0], known[j, 1], known[j, 2], q, radius
                    )
                else:
                    latitude, longitude = background_place(
                        rng, known[:i], sites[:i], uniform, site_q, radius, corners, frame
                    )
                if inside(corners, frame, latitude, longitude):
                    break
            else:
                latitude, longitude = anywhere(rng, corners, frame)
            east = math.degrees(longitude)
            if not -180.0 <= east < 180.0:
                east -= 360.0 * math.floor((east + 180.0) / 360.0)
            out[row, s, 0], out[row, s, 1] = math.degrees(latitude), east


@_jit
def _weigh(
    i: int,
    times: FloatArray,
    gains: FloatArray,
    c: float,
    p: float,
    taper: float,
    lags: FloatArray,
    logs: FloatArray,
    running: FloatArray,
) -> None:
    """Running sums of the weights of the first i events at the time of the next."""
    spare, late = lags[:i], logs[:i]
    for j in range(i):
        spare[j] = times[i] - times[j] + c
    logarithms(spare, late)
    for j in range(i):
        late[j] = -p * late[j] - taper * (times[i] - times[j])
    exponentials(late, spare)
    for j in range(i):
        running[j + 1] = running[j] + gains[j] * spare[j]
