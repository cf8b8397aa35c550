"""Expected numbers by cell, from kernels about sources rather than from single points."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numba
import numpy as np
from numpy.typing import NDArray

from catalogs.grid import Grid
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.cell_tree import AROUND, CellTree
from etas.space.placing import Placed, Placer

POINTS, MOST_POINTS = 64, 10_000_000
"""Of equal mass, by which the part of a kernel near its source is laid on cells; of all sources.
Beyond, the density at the middle of a cell is taken (``cell_tree``)."""

SUB, WIDE = 4, 0.5
"""Kernels with D from ``WIDE`` q times the squared side of a cell on would have few points in each.
Their density at ``SUB`` x ``SUB`` places of a cell near by is good to 2 % there."""

POINTS_AT_ONCE = 1_000_000
"""Of which it is found out whether they lie in the area."""

GOLDEN = math.pi * (3.0 - math.sqrt(5.0))
"""Angle between one point and the next."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@dataclass(eq=False)
class CellSums:
    """Expected numbers of events in the cells of a grid, collected from simulated ones.

    Each simulated event counts as the kernel about what it was placed about, not as a point: with
    a thousand trajectories the map is as smooth as points of millions would make it. What kernels
    have outside the area of the grid is left out, as places outside the region are drawn again.

    Parameters
    ----------
    placer : Placer
        What draws the places.
    grid : Grid
        Cells over the region.
    """

    placer: Placer
    grid: Grid
    _old: FloatArray = field(init=False)
    _new: list[tuple[FloatArray, FloatArray, FloatArray]] = field(default_factory=list, init=False)
    _background: float = field(default=0.0, init=False)
    _n: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._old = np.zeros(len(self.placer.history))

    def add(self, placed: Placed) -> None:
        """Count some trajectories.

        Parameters
        ----------
        placed : Placed
            Simulated events with their parents.
        """
        n, parents, events = self._old.size, placed.parents, placed.events
        self._n += events.n
        self._background += float((parents < 0).sum())
        self._old += np.bincount(parents[(parents >= 0) & (parents < n)], minlength=n)
        if events.locations is None:
            return
        new = np.bincount(parents[parents >= n] - n, minlength=events.times.size)
        used = np.flatnonzero(new)
        kernel = self.placer.parents
        _, widths = kernel.weigh(events.magnitudes[used])
        self._new.append((events.locations[used], widths, new[used].astype(np.float64)))

    def expected(self) -> FloatArray:
        """Expected number of events of one trajectory in each cell.

        Returns
        -------
        array (cell,)
            Their sum is the mean number of events of a trajectory.
        """
        placer, grid, used = self.placer, self.grid, np.flatnonzero(self._old)
        sites, known = placer.sites, placer.region.located(placer.history)
        parts = [(known[used], placer.widths[used], self._old[used]), *self._new]
        locations, widths, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
        total = spread(grid, locations, widths, weights, placer.parents.q)
        share = sites.uniform if sites.widths.size else 1.0
        total += self._background * share * grid.inside_km2 / grid.inside_km2.sum()
        if share < 1.0:
            weights = self._background * (1.0 - share) * sites.shares
            total += spread(grid, known, sites.widths, weights, sites.q)
        return np.asarray(total / max(self._n, 1))


def spread(
    grid: Grid, locations: FloatArray, widths: FloatArray, weights: FloatArray, q: float
) -> FloatArray:
    """Kernels (q - 1) / (pi D) (1 + r^2 / D)^{-q} about sources, by cell.

    Each is normalised over all cells; of those along the border what lies in the area counts.

    Parameters
    ----------
    grid : Grid
        The cells, which may have an area.
    locations : array (source, 2)
        Latitude and longitude, degrees.
    widths : array (source,)
        D, km^2.
    weights : array (source,)
        Mass of each kernel over all cells.
    q : float
        Exponent.

    Returns
    -------
    array (cell,)
        Whose sum is that of the weights.
    """
    if not len(locations):
        return np.zeros(len(grid))
    tree = CellTree(grid)
    levels, within = tree.levels(locations, widths, weights, q)
    group = within[0]
    own = np.stack([levels[0].rows, levels[0].columns], axis=1) + tree.corner
    points = max(4, min(POINTS, MOST_POINTS // len(locations)))
    places = np.radians(locations)
    wide = widths >= WIDE * q * tree.side**2
    row, outside = _outside(tree, locations[~wide], widths[~wide], own[group[~wide]], q, points)
    near = _near(
        places[~wide],
        widths[~wide],
        weights[~wide],
        group[~wide],
        own,
        q,
        tree.turn // 4,
        grid.radius,
        points,
        row,
        outside,
    )
    smooth = _smooth(
        places[wide],
        widths[wide],
        weights[wide],
        group[wide],
        own,
        q,
        tree.turn // 4,
        grid.radius,
    )
    return tree.total(levels, within, near, smooth, q)


def _outside(
    tree: CellTree, locations: FloatArray, widths: FloatArray, own: IntArray, q: float, points: int
) -> tuple[IntArray, NDArray[np.bool_]]:
    """Points of kernels that are outside the area of the grid, for sources near its border.

    Returns
    -------
    array of int (source,)
        Row of the table below; -1 far from the border, where none is.
    array of bool (row, point)
        True outside.
    """
    grid, row = tree.grid, np.full(len(locations), -1)
    if grid.area is None or not grid.is_cut.any():
        return row, np.zeros((0, points), dtype=np.bool_)
    cut = replace(grid, rows=grid.rows[grid.is_cut], columns=grid.columns[grid.is_cut])
    steps = grid.step * np.arange(-AROUND, AROUND + 1)
    middle = grid.step * (own + 0.5)
    around = [cut.cell_of(middle + np.array([dy, dx])) >= 0 for dy in steps for dx in steps]
    near = np.flatnonzero(np.any(around, axis=0))
    row[near] = np.arange(near.size)
    outside = np.empty((near.size, points), dtype=np.bool_)
    batch = max(1, POINTS_AT_ONCE // points)
    for i in range(0, near.size, batch):
        some = near[i : i + batch]
        latitude, longitude = _drawn(
            np.radians(locations[some]), widths[some], some, q, grid.radius, points
        )
        outside[i : i + batch] = ~grid.area.contains(latitude, longitude)
    return row, outside


@_jit
def _point(
    y: float, x: float, width: float, s: int, k: int, points: int, q: float, radius: float
) -> tuple[float, float]:
    """Point k of those that stand for the kernel of source s, radians."""
    square = width * math.expm1(math.log((k + 0.5) / points) / (1.0 - q))
    r, angle = math.sqrt(square) / radius, (s + k) * GOLDEN
    return y + r * math.cos(angle), x + r * math.sin(angle) / max(math.cos(y), 1e-6)


@_jit
def _drawn(
    places: FloatArray, widths: FloatArray, numbers: IntArray, q: float, radius: float, points: int
) -> tuple[FloatArray, FloatArray]:
    """Latitudes and longitudes of all points of sources, degrees, shape (source, point) each."""
    latitude, longitude = np.empty((widths.size, points)), np.empty((widths.size, points))
    for i in range(widths.size):
        y, x = places[i, 0], places[i, 1]
        for k in range(points):
            north, east = _point(y, x, widths[i], numbers[i], k, points, q, radius)
            latitude[i, k], longitude[i, k] = math.degrees(north), math.degrees(east)
    return latitude, longitude


@_jit
def _near(
    places: FloatArray,
    widths: FloatArray,
    weights: FloatArray,
    group: IntArray,
    own: IntArray,
    q: float,
    quarter: int,
    radius: float,
    points: int,
    row: IntArray,
    outside: NDArray[np.bool_],
) -> FloatArray:
    """Mass of each group of sources in the cells around its own, shape (group, row, column)."""
    near = np.zeros((len(own), 2 * AROUND + 1, 2 * AROUND + 1))
    for s in range(weights.size):
        g = group[s]
        y, x = places[s, 0], places[s, 1]
        for k in range(points):
            if row[s] >= 0 and outside[row[s], k]:
                continue
            north, east = _point(y, x, widths[s], s, k, points, q, radius)
            i = math.floor(math.degrees(north) * quarter / 90.0) - own[g, 0] + AROUND
            j = math.floor(math.degrees(east) * quarter / 90.0) - own[g, 1] + AROUND
            j %= 4 * quarter
            if 0 <= i < near.shape[1] and j < near.shape[2]:
                near[g, i, j] += weights[s] / points
    return near


@_jit
def _smooth(
    places: FloatArray,
    widths: FloatArray,
    weights: FloatArray,
    group: IntArray,
    own: IntArray,
    q: float,
    quarter: int,
    radius: float,
) -> FloatArray:
    """Mass of each group of wide sources in the whole cells around its own, as ``_near``."""
    size = 0.5 * math.pi / quarter
    smooth = np.zeros((len(own), 2 * AROUND + 1, 2 * AROUND + 1))
    for s in range(weights.size):
        g = group[s]
        y, x = places[s, 0], places[s, 1]
        height = weights[s] * (q - 1.0) / (math.pi * widths[s])
        for i in range(smooth.shape[1]):
            south = size * (own[g, 0] + i - AROUND)
            for a in range(SUB):
                latitude = south + (a + 0.5) / SUB * size
                surface = max(math.cos(latitude), 0.0) * (radius * size / SUB) ** 2
                northward = math.sin(0.5 * (latitude - y)) ** 2
                for j in range(smooth.shape[2]):
                    west = size * (own[g, 1] + j - AROUND)
                    for b in range(SUB):
                        half = math.sin(0.5 * (west + (b + 0.5) / SUB * size - x))
                        chord = northward + math.cos(latitude) * math.cos(y) * half**2
                        ratio = 4.0 * radius**2 * chord / widths[s]
                        smooth[g, i, j] += height * surface * math.exp(-q * math.log1p(ratio))
    return smooth
