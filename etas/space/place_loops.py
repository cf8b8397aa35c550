"""Compiled: places about others, at random in a polygon, and of the background."""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray

MOST_TRIES = 10_000
"""A parent far outside may have none of its kernel inside; then the place is uniform."""

SMALL_ANGLE = 2e-3
"""Radians (13 km) below which a place is found by a series, good to a few centimetres."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def inside(corners: FloatArray, frame: FloatArray, latitude: float, longitude: float) -> bool:
    """Whether a place lies inside a polygon, by the even-odd rule; radians."""
    x = longitude
    if not frame[2] <= x < frame[2] + 2.0 * math.pi:
        x -= 2.0 * math.pi * math.floor((longitude - frame[2]) / (2.0 * math.pi))
    inside = False
    y_0, x_0 = corners[-1, 0], corners[-1, 1]
    for k in range(len(corners)):
        y_1, x_1 = corners[k, 0], corners[k, 1]
        if (y_0 <= latitude) != (y_1 <= latitude):
            crossing = x_0 + (latitude - y_0) * (x_1 - x_0) / (y_1 - y_0)
            if x < crossing:
                inside = not inside
        y_0, x_0 = y_1, x_1
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
def anywhere(
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
        if inside(corners, frame, latitude, longitude):
            return latitude, longitude


@_jit
def background_place(
    rng: np.random.Generator,
    known: FloatArray,
    sites: FloatArray,
    uniform: float,
    q: float,
    radius: float,
    corners: FloatArray,
    frame: FloatArray,
) -> tuple[float, float]:
    """A place of the background inside the polygon: at random, or about an event of the history.

    ``sites`` are ``placing.Sites.kernels``.
    """
    n = len(sites)
    for _ in range(MOST_TRIES):
        if n == 0 or rng.random() < uniform:
            break
        at = rng.random() * sites[n - 1, 1]
        j = min(np.searchsorted(sites[:, 1], at, side="right"), n - 1)
        latitude, longitude = about(rng, known[j, 0], known[j, 1], sites[j, 0], q, radius)
        if inside(corners, frame, latitude, longitude):
            return latitude, longitude
    return anywhere(rng, corners, frame)


@_jit
def uniform_in(
    rng: np.random.Generator, n: int, corners: FloatArray, frame: FloatArray
) -> FloatArray:
    """Places at random in the polygon, radians, shape (n, 2)."""
    out = np.empty((n, 2))
    for i in range(n):
        out[i, 0], out[i, 1] = anywhere(rng, corners, frame)
    return out
