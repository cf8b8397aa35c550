"""The area in which places have densities, and the share of a kernel that lies inside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence, InputError
from catalogs.areas import Area
from catalogs.cores import in_parallel
from catalogs.sequence import FloatArray
from catalogs.sphere import EARTH_RADIUS, distances, outline, positions, square_kilometres

SMALLEST, STEP = 1e-3, 1.0 / 6.0
"""Kilometres, and step in ln r, of the grid of distances on which radial laws are integrated:
interpolated by cubics, they are good to 1e-5."""

EDGE = 50.0
"""Kilometres: pieces of the border that are straight on the map of equal distances of any event."""

TOLERANCE = 0.001
"""Degrees: epicentres rounded to the border, or across it, count as inside."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")

Cumulative = Callable[[FloatArray], FloatArray]


@dataclass(frozen=True)
class Region:
    """An area on a spherical Earth, over which densities of places integrate to 1.

    Parameters
    ----------
    area : Box or Polygon
        Edges are straight in latitude and longitude.
    radius : float
        Of the Earth, km.
    whole_plane : bool
        Whether kernels integrate to 1 over the plane, not over the region: densities of places then
        have less mass than 1 inside. Public benchmarks score so.

    Raises
    ------
    InputError
        If the border crosses itself.

    Examples
    --------
    >>> from catalogs.areas import Box
    >>> region = Region(Box(32, 37, -122, -114))
    >>> round(region.square_km)
    407461
    """

    area: Area
    radius: float = EARTH_RADIUS
    whole_plane: bool = False

    def __post_init__(self) -> None:
        outline(self.area, math.inf, self.radius)  # refuses a border that crosses itself

    @cached_property
    def square_km(self) -> float:
        """Surface, km^2."""
        return square_kilometres(self.area, self.radius)

    def positions(self, locations: ArrayLike) -> FloatArray:
        """Places as points in space, km from the centre of the Earth, shape (place, 3)."""
        return positions(locations, self.radius)

    def distances(self, here: ArrayLike, there: ArrayLike) -> FloatArray:
        """Great-circle distances, km."""
        return distances(here, there, self.radius)

    def located(self, sequence: EventSequence) -> FloatArray:
        """The places of a sequence.

        Parameters
        ----------
        sequence : EventSequence
            With locations.

        Returns
        -------
        array (event, 2)
            Latitude and longitude, degrees.

        Raises
        ------
        InputError
            If it has no locations, or a scored event lies outside.
        """
        if sequence.locations is None:
            raise InputError(
                "these events have no locations: choose a catalog with latitudes and longitudes"
            )
        first = sequence.first_scored
        scored = sequence.locations[first:]
        outside = np.flatnonzero(~self.contains(scored))
        if outside.size:
            i = int(outside[0])
            latitude, longitude = scored[i]
            raise InputError(
                f"the event of day {sequence.times[first + i]:g} at {latitude:g}, {longitude:g} "
                f"lies outside the region {self.area}: widen the region or leave the event out"
            )
        return sequence.locations

    def contains(self, locations: FloatArray) -> np.ndarray:
        """Which places lie inside, or within 0.001 degrees of it, shape (place,)."""
        inside = self.area.contains(locations[:, 0], locations[:, 1])
        for dy in (-TOLERANCE, TOLERANCE):
            for dx in (-TOLERANCE, TOLERANCE):
                inside = inside | self.area.contains(
                    np.clip(locations[:, 0] + dy, -90.0, 90.0), locations[:, 1] + dx
                )
        return np.asarray(inside)

    def borders(self, locations: FloatArray) -> Borders:
        """What is needed to integrate radial kernels about each of these places.

        Parameters
        ----------
        locations : array (place, 2)
            Latitude and longitude, degrees.

        Returns
        -------
        Borders
            How far the border is in each direction.
        """
        if self.whole_plane:
            everywhere = np.ones((len(locations), 1), dtype=np.float32)
            return Borders(np.array([np.inf]), everywhere)
        corners = np.radians(outline(self.area, EDGE, self.radius))
        places = np.radians(np.ascontiguousarray(locations, dtype=np.float64))
        nodes, weights = np.polynomial.legendre.leggauss(6)
        size = int(np.ceil(np.log(math.pi * self.radius / SMALLEST) / STEP)) + 4
        shares = np.zeros((len(places), size), dtype=np.float32)

        def fill(first: int, last: int) -> None:
            _border_shares(
                places[first:last], corners, nodes, weights, self.radius, shares[first:last]
            )

        in_parallel(fill, len(places))
        distance = SMALLEST * np.exp(STEP * (np.arange(size) - 1.0))
        used = np.flatnonzero(shares.any(axis=0)) if len(places) else np.arange(0)
        kept = slice(used[0], used[-1] + 1) if used.size else slice(0, 1)
        return Borders(distance[kept], np.ascontiguousarray(shares[:, kept]))


@dataclass(frozen=True, eq=False)
class Borders:
    """How far the border of a region is from each place, in all directions.

    With F(r) the mass of a kernel within r of its centre, the mass inside the region is

        Z = 1 / (2 pi) closed integral F(r(theta)) d theta

    along the border, r(theta) its distance in direction theta (Green's theorem; on the map of equal
    distances of the centre). ``shares`` is the measure d theta / (2 pi) by ``distance``, so that
    Z = sum_b shares_b F(distance_b) for any F.
    """

    distance: FloatArray
    """Kilometres, shape (b,)."""

    shares: np.ndarray
    """Shape (place, b); each row sums to 1 inside the region and to 0 outside."""

    def mass(self, within: Cumulative) -> FloatArray:
        """Mass inside the region of one radial kernel about each place.

        Parameters
        ----------
        within : callable
            F(r) for distances r in km, 0 at r = 0.

        Returns
        -------
        array (place,)
            In [0, 1].
        """
        return np.asarray(self.shares @ within(self.distance), dtype=np.float64)

    def parent_masses(self, widths: FloatArray, q: float) -> FloatArray:
        """Mass of F(r) = 1 - (1 + r^2 / D)^{1 - q} inside, and its slopes in ln D and q.

        Parameters
        ----------
        widths : array (place,)
            D of each place, km^2.
        q : float
            Exponent, above 1.

        Returns
        -------
        array (place, 3)
            Z, dZ / d ln D, dZ / dq.
        """
        out = np.empty((len(widths), 3))
        squares = self.distance**2

        def fill(first: int, last: int) -> None:
            _parent_masses(squares, self.shares[first:last], widths[first:last], q, out[first:last])

        in_parallel(fill, len(widths))
        return out


@_jit
def _parent_masses(
    squares: FloatArray, shares: np.ndarray, widths: FloatArray, q: float, out: FloatArray
) -> None:
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
def _border_shares(
    places: FloatArray,
    corners: FloatArray,
    nodes: FloatArray,
    weights: FloatArray,
    radius: float,
    shares: np.ndarray,
) -> None:
    """The measure d theta / (2 pi) along the border by distance, for each place.

    On a straight piece at distance h from the place, with r = h cosh v: d theta = dv / cosh v.
    """
    for i in range(len(places)):
        latitude, longitude = places[i, 0], places[i, 1]
        x, y = _on_map(latitude, longitude, corners[0], radius)
        for k in range(1, len(corners)):
            x_next, y_next = _on_map(latitude, longitude, corners[k], radius)
            dx, dy = x_next - x, y_next - y
            length = math.hypot(dx, dy)
            if length > 0.0:
                across = (x * y_next - y * x_next) / length
                h = max(abs(across), 1e-9)
                begin = math.asinh((x * dx + y * dy) / length / h)
                end = math.asinh((x_next * dx + y_next * dy) / length / h)
                pieces = max(1, math.ceil(end - begin))
                sign = math.copysign(1.0, across) / (2.0 * math.pi)
                half = 0.5 * (end - begin) / pieces
                for piece in range(pieces):
                    middle = begin + (2 * piece + 1) * half
                    for n in range(nodes.size):
                        stretch = math.cosh(middle + half * nodes[n])
                        _deposit(shares[i], h * stretch, sign * half * weights[n] / stretch)
            x, y = x_next, y_next
