"""Compiled loops that draw parents by thinning, and the places of events about them.

Weights of parents, g_j (t - t_j + c)^{-p} e^{-taper (t - t_j)}, change with time, so parents are
drawn from weights that are a little larger and kept with the ratio of the two. Those of the history
have the weights of the last of a few times, ``knots``, each with an alias table (Walker 1977,
doi:10.1145/355744.355749). Simulated events fall into classes of age, within which all delays count
as the most likely one. They are in order of time, so that a class is an interval of indices, whose
sum of gains is the difference of two running sums.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.place_loops import about, anywhere, background_place, inside

MOST_TRIES = 100_000
"""A parent far outside may have none of its kernel inside; then the place is uniform."""

PATIENCE = 2.0
"""Ratio of an event's age to that of the next class beyond which it joins it at once."""

AHEAD = 64
"""Parents of the history that are drawn at once."""

LATITUDE, LONGITUDE, WIDTH, SINCE = range(4)
"""Columns of ``History.events``."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")
_inlined = numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)


class History(NamedTuple):
    """Parents in the history, and the background."""

    events: FloatArray
    """Latitude and longitude (radians), D (km^2) and days before the end, shape (event, 4)."""

    knots: FloatArray
    """Times from the end of the history on, increasing from 0, days."""

    totals: FloatArray
    """Sums of the weights at the knots."""

    tables: FloatArray
    """Alias tables: of each entry the share that is its own event, and the event that has the rest,
    shape (knot, event, 2)."""

    sites: FloatArray
    """``placing.Sites.kernels``."""


class Numbers(NamedTuple):
    """Plain numbers of a law."""

    mu: float
    c: float
    p: float
    q: float
    taper: float
    uniform: float
    """Share of the background that is uniform."""

    site_q: float
    radius: float


@_jit
def fill_alias_table(weights: FloatArray, table: FloatArray) -> None:
    """Write the alias table of some weights, not all 0 (Vose 1991, doi:10.1109/32.92917)."""
    n = weights.size
    mean = weights.sum() / n
    keep, other = table[:, 0], table[:, 1]
    small, large = np.empty(n, np.int64), np.empty(n, np.int64)
    n_small = n_large = 0
    for j in range(n):
        keep[j], other[j] = weights[j] / mean, j
        if keep[j] < 1.0:
            small[n_small] = j
            n_small += 1
        else:
            large[n_large] = j
            n_large += 1
    while n_small > 0 and n_large > 0:
        n_small -= 1
        j, k = small[n_small], large[n_large - 1]
        other[j] = k
        keep[k] -= 1.0 - keep[j]
        if keep[k] < 1.0:
            n_large -= 1
            small[n_small] = k
            n_small += 1


@_inlined
def _kept(
    rng: np.random.Generator, delay: float, least: float, faded: float, numbers: Numbers
) -> bool:
    """Whether a parent is kept whose delay + c is ``delay``, but was drawn as if ``least``.

    ``faded`` are the days for which the taper was left out.

    Parts of the series of (1 + x)^{-p} are bounds of it, and say so without a power most of the
    time.
    """
    u, x, p = rng.random(), delay / least - 1.0, numbers.p
    if numbers.taper > 0.0 and rng.random() >= math.exp(-numbers.taper * faded):
        return False
    above = 1.0 - p * x * (1.0 - 0.5 * (p + 1.0) * x)
    below = above - p * (p + 1.0) * (p + 2.0) * x * x * x / 6.0
    return bool(u < below or (u < above and u < math.exp(-p * math.log1p(x))))


@_jit
def _draw_old(
    rng: np.random.Generator,
    knot: int,
    events: FloatArray,
    tables: FloatArray,
    index: IntArray,
    rows: FloatArray,
) -> None:
    """Draw events of the history by their weights at a knot, with what is known of them.

    Several at once: one after the other, each would wait for the memory.
    """
    n, size = len(events), index.shape[1]
    for s in range(size):
        at = n * rng.random()
        j = min(int(at), n - 1)
        index[knot, s] = j if at - j < tables[knot, j, 0] else int(tables[knot, j, 1])
    for s in range(size):
        j = index[knot, s]
        for k in range(4):
            rows[knot, s, k] = events[j, k]


@_inlined
def _grow_older(
    first: int,
    i: int,
    now: float,
    times: FloatArray,
    running: FloatArray,
    ages: FloatArray,
    heights: FloatArray,
    bounds: IntArray,
) -> float:
    """Move classes of age on to the time of event i; the sum of all.

    Class k then has the events from ``bounds[k + 1]`` to ``bounds[k]``, down to ``first``.
    """
    total, newest = 0.0, i
    bounds[0] = i
    for k in range(1, heights.size):
        b, age = bounds[k], ages[k]
        # One event at a time needs no branch, which would be foretold wrongly; others wait
        b += int(b < newest and now - times[b] >= age)
        while b < newest and now - times[b] >= PATIENCE * age:
            b += 1
        bounds[k] = b
        total += heights[k - 1] * (running[newest] - running[b])
        newest = b
    return float(total + heights[-1] * (running[newest] - running[first]))


@_inlined
def _new_parent(
    rng: np.random.Generator,
    target: float,
    now: float,
    times: FloatArray,
    running: FloatArray,
    bounds: IntArray,
    ages: FloatArray,
    heights: FloatArray,
    numbers: Numbers,
) -> int:
    """A simulated event by its weight, or -1; ``target`` is uniform in the sum of all classes."""
    k = 0
    while k < heights.size - 1:
        mass = heights[k] * (running[bounds[k]] - running[bounds[k + 1]])
        if target < mass:
            break
        target -= mass
        k += 1
    low, high = bounds[k + 1], bounds[k] - 1
    if low > high:  # by rounding
        return -1
    target = running[low] + target / heights[k]
    while low < high:
        middle = (low + high) // 2
        if running[middle + 1] > target:
            high = middle
        else:
            low = middle + 1
    age = now - times[low]
    if not _kept(rng, age + numbers.c, ages[k] + numbers.c, age, numbers):
        return -1
    return int(low)


@_jit
def place_events(  # noqa: C901, PLR0912, PLR0915 - one loop: calls with many arrays would cost most
    rng: np.random.Generator,
    edges: IntArray,
    times: FloatArray,
    gains: FloatArray,
    widths: FloatArray,
    history: History,
    ages: FloatArray,
    numbers: Numbers,
    corners: FloatArray,
    frame: FloatArray,
    places: FloatArray,
    chosen: IntArray,
) -> None:
    """Places (degrees) and parents of one chunk of trajectories.

    ``times`` are since the end of the history, ``ages`` where classes of age begin, from 0 on.
    """
    mu, q, radius, n = numbers.mu, numbers.q, numbers.radius, len(history.events)
    # A tuple of arrays that is passed on in a loop costs more than the loop
    known, knots, totals, tables, sites = history
    index, rows = np.empty((knots.size, AHEAD), np.int64), np.empty((knots.size, AHEAD, 4))
    used = np.full(knots.size, AHEAD)
    heights = (ages + numbers.c) ** -numbers.p
    bounds = np.empty(ages.size + 1, np.int64)
    running = np.zeros(times.size + 1)
    for i in range(times.size):
        running[i + 1] = running[i] + gains[i]
    for trajectory in range(edges.size - 1):
        first, knot = edges[trajectory], 0
        bounds[:] = first
        for i in range(first, edges[trajectory + 1]):
            now = times[i]
            new = _grow_older(first, i, now, times, running, ages, heights, bounds)
            while knot + 1 < totals.size and knots[knot + 1] <= now:
                knot += 1
            old = totals[knot]
            for _ in range(MOST_TRIES):
                parent = -1
                at = (mu + old + new) * rng.random()
                if at < mu:
                    latitude, longitude = background_place(
                        rng, known, sites, numbers.uniform, numbers.site_q, radius,
                        corners, frame,
                    )  # fmt: skip
                elif at < mu + old:
                    slot = used[knot]
                    if slot == AHEAD:
                        slot = 0
                        _draw_old(rng, knot, known, tables, index, rows)
                    used[knot] = slot + 1
                    since = rows[knot, slot, SINCE] + numbers.c
                    early = knots[knot]
                    if not _kept(rng, since + now, since + early, now - early, numbers):
                        continue
                    parent = index[knot, slot]
                    if rows[knot, slot, WIDTH] == math.inf:
                        latitude, longitude = anywhere(rng, corners, frame)
                        break
                    latitude, longitude = about(
                        rng, rows[knot, slot, LATITUDE], rows[knot, slot, LONGITUDE],
                        rows[knot, slot, WIDTH], q, radius,
                    )  # fmt: skip
                else:
                    at -= mu + old
                    j = _new_parent(rng, at, now, times, running, bounds, ages, heights, numbers)
                    if j < 0:
                        continue
                    parent = n + j
                    if widths[j] == math.inf:
                        latitude, longitude = anywhere(rng, corners, frame)
                        break
                    latitude, longitude = about(
                        rng, places[j, 0], places[j, 1], widths[j], q, radius
                    )
                if inside(corners, frame, latitude, longitude):
                    break
            else:
                parent = -1
                latitude, longitude = anywhere(rng, corners, frame)
            places[i, 0], places[i, 1], chosen[i] = latitude, longitude, parent
    for i in range(times.size):
        longitude = math.degrees(places[i, 1])
        if not -180.0 <= longitude < 180.0:
            longitude -= 360.0 * math.floor((longitude + 180.0) / 360.0)
        places[i, 0], places[i, 1] = math.degrees(places[i, 0]), longitude
