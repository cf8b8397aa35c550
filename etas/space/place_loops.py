"""Compiled loops that draw places: by parent, background and kernel."""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.recursion import NEGLIGIBLE

MOST_TRIES = 10_000
"""A parent far outside may have none of its kernel inside; then the place is uniform."""

SMALL_ANGLE = 2e-3
"""Radians (13 km) below which a place is found by a series, good to a few centimetres."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def inside(corners: FloatArray, latitude: float, longitude: float) -> bool:
    """Whether a place lies inside a polygon, by the even-odd rule; radians."""
    west = corners[:, 1].min()
    x = longitude - 2.0 * math.pi * math.floor((longitude - west) / (2.0 * math.pi))
    inside = False
    n = len(corners)
    for k in range(n):
        y_0, x_0 = corners[k, 0], corners[k, 1]
        y_1, x_1 = corners[(k + 1) % n, 0], corners[(k + 1) % n, 1]
        if (y_0 <= latitude) != (y_1 <= latitude):
            crossing = x_0 + (latitude - y_0) * (x_1 - x_0) / (y_1 - y_0)
            if x < crossing:
                inside = not inside
    return inside


@_jit
def about(
    rng: np.random.Generator,
    latitude: float,
    longitude: float,
    width: float,
    q: float,
    radius: float,
) -> tuple[float, float]:
    """A place about another, by the inverse of F(r) = 1 - (1 + r^2 / D)^{1 - q}; radians.

    A point at random in the unit disc gives the bearing, and its squared radius a number in (0, 1].
    """
    while True:
        north, east = 2.0 * rng.random() - 1.0, 2.0 * rng.random() - 1.0
        u = north * north + east * east
        if 0.0 < u <= 1.0:
            break
    length = math.sqrt(u)
    north, east = north / length, east / length
    angle = math.sqrt(width * math.expm1(math.log(u) / (1.0 - q))) / radius
    s, c = math.sin(latitude), math.cos(latitude)
    if angle < SMALL_ANGLE and c > 0.1:
        dy, dx = angle * north, angle * east / c
        return latitude + dy - 0.5 * dx * dx * s * c, longitude + dx * (1.0 + dy * s / c)
    angle = min(angle, math.pi)
    far, near = math.sin(angle), math.cos(angle)
    sine = s * near + c * far * north
    there = math.asin(min(1.0, max(-1.0, sine)))
    return there, longitude + math.atan2(east * far * c, near - s * sine)


@_jit
def _anywhere(
    rng: np.random.Generator, corners: FloatArray, frame: FloatArray
) -> tuple[float, float]:
    """A place at random in the polygon, by rejection from the box around it; radians."""
    south, north = math.sin(frame[0]), math.sin(frame[1])
    width = frame[3] - frame[2]
    if width <= 0.0:
        width += 2.0 * math.pi
    while True:
        latitude = math.asin(south + (north - south) * rng.random())
        longitude = frame[2] + width * rng.random()
        if inside(corners, latitude, longitude):
            return latitude, longitude


@_jit
def background_place(
    rng: np.random.Generator,
    known: FloatArray,
    widths: FloatArray,
    uniform: float,
    q: float,
    radius: float,
    corners: FloatArray,
    frame: FloatArray,
) -> tuple[float, float]:
    """A place of the background inside the polygon: at random, or about an event of the history."""
    for _ in range(MOST_TRIES):
        if widths.size == 0 or rng.random() < uniform:
            break
        j = int(rng.random() * widths.size)
        latitude, longitude = about(rng, known[j, 0], known[j, 1], widths[j], q, radius)
        if inside(corners, latitude, longitude):
            return latitude, longitude
    return _anywhere(rng, corners, frame)


@_jit
def _parent(
    rng: np.random.Generator,
    now: float,
    first: int,
    i: int,
    total: float,
    shares: FloatArray,
    old: FloatArray,
    new: FloatArray,
    nodes: FloatArray,
    running: FloatArray,
    marks: IntArray,
    times: FloatArray,
    gains: FloatArray,
) -> np.int64:
    """A parent by its weight: an event of the history, or a new one, counted on from there."""
    levels, lanes = shares.shape
    target = total * rng.random()
    level, lane = levels - 1, lanes - 1
    found = 0.0
    for a in range(levels):
        for b in range(lanes):
            found += shares[a, b]
            if found >= target:
                level, lane, target = a, b, -1.0
                break
        if target < 0.0:
            break
    n = running.shape[2]
    mine = (old[level, lane] + new[level, lane]) * rng.random()
    if mine < old[level, lane] or i == first:
        row, u = running[level, lane], rng.random()
        # Between two marks: fewer steps through a long row
        mark = int(u * (marks.shape[2] - 1))
        low, high = marks[level, lane, mark], marks[level, lane, mark + 1] + 1
        found_at = low + np.searchsorted(row[low:high], row[n - 1] * u, side="right")
        return np.int64(min(found_at, n - 1))
    left = new[level, lane] * rng.random()
    for j in range(i - 1, first - 1, -1):
        left -= gains[j] * math.exp(-nodes[level, lane] * (now - times[j]))
        if left <= 0.0:
            return np.int64(n + j)
    return np.int64(n + i - 1)


@_jit
def _fade(
    dt: float,
    base: FloatArray,
    taper: float,
    weights: FloatArray,
    old: FloatArray,
    new: FloatArray,
    shares: FloatArray,
    decays: FloatArray,
) -> float:
    """Let the excitation of old and new parents decay; fills ``shares`` and gives their sum."""
    levels, lanes = weights.shape
    total = 0.0
    faded = math.exp(-taper * dt)
    for lane in range(lanes):
        decays[0, lane] = math.exp(-base[lane] * dt)
    for level in range(levels):
        for lane in range(lanes):
            if level > 0:
                e = decays[level - 1, lane] ** 2
                decays[level, lane] = e if e > NEGLIGIBLE else 0.0
            old[level, lane] *= decays[level, lane] * faded
            new[level, lane] *= decays[level, lane] * faded
            shares[level, lane] = weights[level, lane] * (old[level, lane] + new[level, lane])
            total += shares[level, lane]
    return total


@_jit
def place_events(
    rng: np.random.Generator,
    edges: IntArray,
    times: FloatArray,
    gains: FloatArray,
    new_widths: FloatArray,
    known: FloatArray,
    widths: FloatArray,
    running: FloatArray,
    marks: IntArray,
    start: FloatArray,
    base: FloatArray,
    weights: FloatArray,
    site_widths: FloatArray,
    numbers: FloatArray,
    corners: FloatArray,
    frame: FloatArray,
    places: FloatArray,
    chosen: IntArray,
) -> None:
    """Places and parents of one chunk; times are since the end of the history."""
    mu, q, uniform, site_q, radius, taper = numbers
    levels, lanes = weights.shape
    nodes = np.empty((levels, lanes))
    for level in range(levels):
        nodes[level] = base * 2.0**level + taper
    old, new = np.empty((levels, lanes)), np.empty((levels, lanes))
    shares, decays = np.empty((levels, lanes)), np.empty((levels, lanes))
    n = len(known)
    for trajectory in range(edges.size - 1):
        first, last = edges[trajectory], edges[trajectory + 1]
        old[:], new[:] = start, 0.0
        before = 0.0
        for i in range(first, last):
            total = _fade(times[i] - before, base, taper, weights, old, new, shares, decays)
            before = times[i]
            for _ in range(MOST_TRIES):
                parent = np.int64(-1)
                if (mu + total) * rng.random() >= mu:
                    parent = _parent(
                        rng,
                        times[i],
                        first,
                        i,
                        total,
                        shares,
                        old,
                        new,
                        nodes,
                        running,
                        marks,
                        times,
                        gains,
                    )
                    y, x, width = (
                        (known[parent, 0], known[parent, 1], widths[parent])
                        if parent < n
                        else (places[parent - n, 0], places[parent - n, 1], new_widths[parent - n])
                    )
                    latitude, longitude = about(rng, y, x, width, q, radius)
                else:
                    latitude, longitude = background_place(
                        rng, known, site_widths, uniform, site_q, radius, corners, frame
                    )
                if inside(corners, latitude, longitude):
                    break
            else:
                parent = np.int64(-1)
                latitude, longitude = _anywhere(rng, corners, frame)
            longitude -= 2.0 * math.pi * math.floor((longitude + math.pi) / (2.0 * math.pi))
            places[i, 0], places[i, 1] = latitude, longitude
            chosen[i] = parent
            new += gains[i]
