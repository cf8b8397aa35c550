"""The area in which places have densities, and the share of a kernel that lies inside it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence, InputError
from catalogs.areas import Area, Box
from catalogs.cores import in_parallel
from catalogs.sequence import FloatArray
from catalogs.sphere import EARTH_RADIUS, distances, outline, positions, square_kilometres

EDGE = 50.0
"""Kilometres: pieces of the border that are straight on the map of equal distances of any event."""

TOLERANCE = 0.001
"""Degrees: epicentres rounded to the border, or across it, count as inside."""

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
                f"lies outside the region {self.area}: use the events inside only (--area), or "
                "widen it"
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
        from etas.space.border_loops import SMALLEST, STEP, border_shares

        if self.whole_plane:
            everywhere = np.ones((len(locations), 1), dtype=np.float32)
            return Borders(np.array([np.inf]), everywhere)
        corners = np.radians(self._edges())
        beyond = np.column_stack([-locations[:, 0], (locations[:, 1] + 360.0) % 360.0 - 180.0])
        antipodes = self.area.contains(beyond[:, 0], beyond[:, 1])
        places = np.radians(np.ascontiguousarray(locations, dtype=np.float64))
        nodes, weights = np.polynomial.legendre.leggauss(6)
        size = int(np.ceil(np.log(math.pi * self.radius / SMALLEST) / STEP)) + 4
        shares = np.zeros((len(places), size), dtype=np.float32)

        def fill(first: int, last: int) -> None:
            border_shares(
                places[first:last],
                corners,
                nodes,
                weights,
                self.radius,
                antipodes[first:last],
                shares[first:last],
            )

        in_parallel(fill, len(places))
        distance = SMALLEST * np.exp(STEP * (np.arange(size) - 1.0))
        used = np.flatnonzero(shares.any(axis=0)) if len(places) else np.arange(0)
        kept = slice(used[0], used[-1] + 1) if used.size else slice(0, 1)
        return Borders(distance[kept], np.ascontiguousarray(shares[:, kept]))

    def _edges(self) -> FloatArray:
        """The outline, open (nan) along 180 degrees in a box all around the Earth."""
        points = outline(self.area, EDGE, self.radius)
        if isinstance(self.area, Box) and self.area.east - self.area.west == 360.0:
            points = np.insert(points, np.flatnonzero(np.diff(points[:, 0])) + 1, np.nan, axis=0)
        return points


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
        from etas.space.border_loops import parent_masses

        out = np.empty((len(widths), 3))
        squares = self.distance**2

        def fill(first: int, last: int) -> None:
            parent_masses(squares, self.shares[first:last], widths[first:last], q, out[first:last])

        in_parallel(fill, len(widths))
        return out
