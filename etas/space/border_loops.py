"""Compiled loops over the border of a region."""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray

SMALLEST, STEP = 1e-3, 1.0 / 6.0
"""Kilometres, and step in ln r, of the grid of distances on which radial laws are integrated:
interpolated by cubics, they are good to 1e-5."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def parent_masses(
    squares: FloatArray, shares: np.ndarray, widths: FloatArray, q: float, out: FloatArray
) -> None:
    """Mass inside of the kernel about each place, and its slopes in ln D and q."""
    for i in range(widths.size):
        z = by_width = by_q = 0.0
        for b in range(squares.size):
            share = shares[i, b]
            if share != 0.0 and not math.isfinite(squares[b]):
                z += share
            elif share != 0.0:
                ratio = squares[b] / widths[i]
                log = math.log1p(ratio)
                outside = share * math.exp((1.0 - q) * log)
                z += share - outside
                by_width += (1.0 - q) * outside * ratio / (1.0 + ratio)
                by_q += outside * log
        out[i, 0], out[i, 1], out[i, 2] = z, by_width, by_q


@_jit
def _on_map(
    latitude: float, longitude: float, corner: FloatArray, radius: float
) -> tuple[float, float]:
    """East and north of a point on the map of equal distances about a place, km."""
    dx = corner[1] - longitude
    east = math.cos(corner[0]) * math.sin(dx)
    north = math.cos(latitude) * math.sin(corner[0]) - math.sin(latitude) * math.cos(
        corner[0]
    ) * math.cos(dx)
    half = (
        math.sin(0.5 * (corner[0] - latitude)) ** 2
        + math.cos(latitude) * math.cos(corner[0]) * math.sin(0.5 * dx) ** 2
    )
    distance = 2.0 * radius * math.asin(min(1.0, math.sqrt(half)))
    length = math.hypot(east, north)
    if length == 0.0:
        return 0.0, 0.0
    return distance * east / length, distance * north / length


@_jit
def _from_antipode(east: float, north: float, around: float) -> tuple[float, float]:
    """A point in the same direction, as far from the centre as it was from the antipode, km."""
    distance = math.hypot(east, north)
    left = max(around - distance, 0.0) / distance
    return east * left, north * left


@_jit
def _deposit(row: np.ndarray, distance: float, share: float) -> None:
    """Add a share at a distance to the grid in ln r, by the cubic through four points of it."""
    place = max(math.log(max(distance, 1e-30) / SMALLEST) / STEP + 1.0, 1.0)
    left = min(int(place), row.size - 3)
    u = place - left
    row[left - 1] += np.float32(-share * u * (u - 1.0) * (u - 2.0) / 6.0)
    row[left] += np.float32(share * (u + 1.0) * (u - 1.0) * (u - 2.0) / 2.0)
    row[left + 1] += np.float32(-share * (u + 1.0) * u * (u - 2.0) / 2.0)
    row[left + 2] += np.float32(share * (u + 1.0) * u * (u - 1.0) / 6.0)


@_jit
def border_shares(
    places: FloatArray,
    corners: FloatArray,
    nodes: FloatArray,
    weights: FloatArray,
    radius: float,
    antipodes: np.ndarray,
    shares: np.ndarray,
) -> None:
    """The measure d theta / (2 pi) along the border by distance, for each place.

    On a straight piece at distance h from the place, with r = h cosh v: d theta = dv / cosh v.
    Beyond a quarter of the Earth pieces are straight on the map about the antipode, and h is the
    distance from there. Of a region with the antipode inside, a turn lies at the antipode itself.
    """
    around = math.pi * radius
    for i in range(len(places)):
        latitude, longitude = places[i, 0], places[i, 1]
        x, y = _on_map(latitude, longitude, corners[0], radius)
        for k in range(1, len(corners)):
            x_next, y_next = _on_map(latitude, longitude, corners[k], radius)
            far = min(math.hypot(x, y), math.hypot(x_next, y_next)) > 0.5 * around
            a, b = _from_antipode(x, y, around) if far else (x, y)
            a_next, b_next = _from_antipode(x_next, y_next, around) if far else (x_next, y_next)
            dx, dy = a_next - a, b_next - b
            length = math.hypot(dx, dy)
            if length > 0.0:  # not so where the border is open
                across = (a * b_next - b * a_next) / length
                h = max(abs(across), 1e-9)
                begin = math.asinh((a * dx + b * dy) / length / h)
                end = math.asinh((a_next * dx + b_next * dy) / length / h)
                pieces = max(1, math.ceil(end - begin))
                sign = math.copysign(1.0, across) / (2.0 * math.pi)
                half = 0.5 * (end - begin) / pieces
                for piece in range(pieces):
                    middle = begin + (2 * piece + 1) * half
                    for n in range(nodes.size):
                        stretch = math.cosh(middle + half * nodes[n])
                        distance = around - h * stretch if far else h * stretch
                        _deposit(shares[i], distance, sign * half * weights[n] / stretch)
            x, y = x_next, y_next
        turns = shares[i].sum()  # one inside, less one with the antipode inside
        if turns < -0.5 or (turns < 0.5 and antipodes[i]):
            _deposit(shares[i], around, 1.0)
