"""Distances, areas and outlines on a spherical Earth."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from catalogs.areas import Area, Box, Polygon
from catalogs.errors import InputError
from catalogs.sequence import FloatArray

EARTH_RADIUS = 6371.0
"""Mean radius of the Earth, km: with it great circles are good to 0.5 %."""


def positions(locations: ArrayLike, radius: float = EARTH_RADIUS) -> FloatArray:
    """Places as points in space.

    Parameters
    ----------
    locations : array (event, 2)
        Latitude and longitude, degrees.
    radius : float
        Of the Earth, km.

    Returns
    -------
    array (event, 3)
        Kilometres from the centre of the Earth.
    """
    latitude, longitude = np.radians(np.asarray(locations, dtype=np.float64)).T
    flat = np.cos(latitude)
    return np.ascontiguousarray(
        radius
        * np.stack([flat * np.cos(longitude), flat * np.sin(longitude), np.sin(latitude)], axis=1)
    )


def distances(here: ArrayLike, there: ArrayLike, radius: float = EARTH_RADIUS) -> FloatArray:
    """Great-circle distances, in km.

    Parameters
    ----------
    here, there : array (..., 2)
        Latitude and longitude, degrees; they broadcast.
    radius : float
        Of the Earth, km.

    Returns
    -------
    array (...)
        Kilometres.

    Examples
    --------
    >>> float(distances([35.77, -117.60], [34.05, -118.25]).round(1))  # Ridgecrest, Los Angeles
    200.2
    """
    a, b = (np.radians(np.asarray(x, dtype=np.float64)) for x in (here, there))
    half = np.sin((a[..., 0] - b[..., 0]) / 2.0) ** 2
    half = half + np.cos(a[..., 0]) * np.cos(b[..., 0]) * (
        np.sin((a[..., 1] - b[..., 1]) / 2.0) ** 2
    )
    return np.asarray(2.0 * radius * np.arcsin(np.minimum(np.sqrt(half), 1.0)))


def square_kilometres(area: Area, radius: float = EARTH_RADIUS) -> float:
    """Surface of an area whose edges are straight in latitude and longitude.

        A = R^2 |sum over edges of the integral of sin(latitude) d longitude|

    Parameters
    ----------
    area : Box or Polygon
        One whose line does not cross itself.
    radius : float
        Of the Earth, km.

    Returns
    -------
    float
        Square kilometres.

    Examples
    --------
    >>> round(square_kilometres(Box(32, 37, -122, -114)))
    407461
    """
    return ring_square_kilometres(closed_border(area), radius)


def ring_square_kilometres(ring: FloatArray, radius: float = EARTH_RADIUS) -> float:
    """Surface inside a closed line of points (latitude, longitude), km^2."""
    total = 0.0
    for (y, x), (y_next, x_next) in pairwise(np.radians(ring)):
        step = y_next - y
        middle = np.sin(0.5 * (y + y_next)) * np.sinc(0.5 * step / np.pi)  # mean of the sine
        total += float(middle * (x_next - x))
    return radius**2 * abs(total)


def outline(area: Area, step: float, radius: float = EARTH_RADIUS) -> FloatArray:
    """Points along the border of an area, anticlockwise, no more than ``step`` km apart.

    Parameters
    ----------
    area : Box or Polygon
        One whose line does not cross itself.
    step : float
        Kilometres.
    radius : float
        Of the Earth, km.

    Returns
    -------
    array (point, 2)
        Latitude and longitude, degrees; the last point is the first.

    Raises
    ------
    InputError
        If the line crosses itself.
    """
    corners = closed_border(area)
    _check_simple(area, corners)
    if np.sum(corners[1:, 0] * corners[:-1, 1] - corners[:-1, 0] * corners[1:, 1]) < 0.0:
        corners = corners[::-1]
    points = [corners[:1]]
    for edge in pairwise(corners):
        ends = np.array(edge)
        n = max(1, int(np.ceil(_edge_length(ends, radius) / step)))
        share = np.linspace(0.0, 1.0, n + 1)[1:, None]
        points.append(ends[0] + share * (ends[1] - ends[0]))
    return np.concatenate(points)


def closed_border(area: Area) -> FloatArray:
    """Corners of an area with the first repeated at the end, longitudes without a jump."""
    if isinstance(area, Polygon):
        corners = area.corners()
        return np.concatenate([corners, corners[:1]])
    east = area.east if area.west < area.east else area.east + 360.0
    return np.array(
        [
            (area.south, area.west),
            (area.south, east),
            (area.north, east),
            (area.north, area.west),
            (area.south, area.west),
        ]
    )


def _edge_length(ends: FloatArray, radius: float) -> float:
    """Length of a line straight in latitude and longitude, from above."""
    dy, dx = np.radians(ends[1] - ends[0])
    widest = np.cos(np.radians(np.abs(ends[:, 0]))).max()
    return float(radius * np.hypot(dy, dx * widest))


def _check_simple(area: Area, corners: FloatArray) -> None:
    """Raise an InputError if two edges that are not neighbours meet."""
    if isinstance(area, Box):
        return
    n = len(corners) - 1
    for i in range(n):
        for j in range(i + 2, n - (i == 0)):
            if _cross(*corners[i : i + 2], *corners[j : j + 2]):
                raise InputError(f"polygon {area} {_crossing(corners)}")


def _crossing(corners: FloatArray) -> str:
    """How a line meets itself, and the remedy; a way there and back leads to a hole."""
    edges = [tuple(map(tuple, edge)) for edge in pairwise(corners.tolist())]
    back = {edge[::-1] for edge in edges}
    for edge in edges:
        if edge in back:
            (y, x), (y_end, x_end) = edge
            return (
                f"goes there and back between {y:g},{x:g} and {y_end:g},{x_end:g}, as to a hole: "
                "set the two ways 0.001 degrees apart, or leave out the hole"
            )
    return "crosses itself: give its vertices in order around the area"


def _cross(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> bool:
    """Whether the segments a-b and c-d have a point in common."""

    def side(p: FloatArray, q: FloatArray, r: FloatArray) -> float:
        return float(np.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])))

    return side(a, b, c) * side(a, b, d) <= 0.0 and side(c, d, a) * side(c, d, b) <= 0.0
