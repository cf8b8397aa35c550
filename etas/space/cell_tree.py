"""Kernels over the cells of a grid: sources act together on cells that are far from them.

Cells make squares of 2, 4, 8, ... a side. The sources of a cell, and those of a square, are one
source for the cells outside the squares around it (Barnes and Hut 1986, doi:10.1038/324446a0), so
that a map takes as long as cells and sources, not as their product. Far away kernels are

    (q - 1) / pi D^{q-1} r^{-2q}

so that its D^{q-1} is their mean, and its place the mean of theirs, weighed by D^{q-1}. Widths that
differ by more than a factor of two are kept apart where a square is not far wider than both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numba
import numpy as np

from catalogs.grid import Grid
from catalogs.sequence import FloatArray
from catalogs.sphere import positions
from catalogs.trajectories import IntArray

AROUND = 1
"""Cells on each side of that of a source which are near it."""

SQUARES, MOST_SQUARES = 2, 8
"""The same in larger squares; to the west and east there are more, as they are narrower, at most so
many. Far from narrow sources a cell is wrong by 1.5 % (root mean square), by 14 % at worst."""

NARROW = 8.0
"""Kernels act as one where a square is so many times wider than they are."""

TOP = 4
"""Squares along the longer side of a grid, at most about so many, where none is divided from."""

SIZES = 1024
"""Classes of widths, more than there can be."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True, eq=False)
class Level:
    """Sources that act as one, those of each square and width.

    Attributes
    ----------
    rows, columns : array of int (group,)
        Of their squares, in squares from the south-western cell of the grid.
    centres : array (group, 3)
        Mean places as points in space, km.
    widths : array (group,)
        D, km^2.
    mass : array (group,)
        Sum of their weights.
    """

    rows: IntArray
    columns: IntArray
    centres: FloatArray
    widths: FloatArray
    mass: FloatArray


@dataclass(frozen=True, eq=False)
class CellTree:
    """The cells of a grid, in squares.

    Parameters
    ----------
    grid : Grid
        The cells.
    """

    grid: Grid

    @cached_property
    def turn(self) -> int:
        """Cells around the Earth."""
        return 4 * round(90.0 / self.grid.step)

    @cached_property
    def side(self) -> float:
        """Of a cell, from south to north, km."""
        return math.radians(self.grid.step) * self.grid.radius

    @cached_property
    def corner(self) -> tuple[int, int]:
        """Southernmost row and westernmost column."""
        return int(self.grid.rows.min()), int(self.grid.columns.min())

    @cached_property
    def numbers(self) -> IntArray:
        """The cell at each row and column from the corner on, -1 for none."""
        rows, columns = self.grid.rows - self.corner[0], self.grid.columns - self.corner[1]
        numbers = np.full((rows.max() + 1, columns.max() + 1), -1)
        numbers[rows, columns] = np.arange(len(self.grid))
        return numbers

    @cached_property
    def reach(self) -> int:
        """Squares on the west and on the east of that of a source whose cells are near it."""
        highest = float(np.abs(self.grid.centres[:, 0]).max())
        across = SQUARES / max(math.cos(math.radians(highest)), 1e-6)
        return min(math.ceil(across - 0.5), MOST_SQUARES, (self.turn - 1) // 2)

    @cached_property
    def n_levels(self) -> int:
        """How often squares are put together, and once more."""
        longest = max(self.numbers.shape)
        most = math.floor(math.log2(self.turn / (2 * self.reach + 2)))
        return 1 + max(0, min(math.ceil(math.log2(longest / TOP)), most))

    def cells(self, locations: FloatArray) -> tuple[IntArray, IntArray]:
        """Row and column of the cell of each place from the corner on, in the grid or not."""
        rows, columns = (
            np.floor(x * self.turn / 360.0).astype(np.int64) - corner
            for x, corner in zip(locations.T, self.corner, strict=True)
        )
        return rows, columns % self.turn

    def levels(
        self, locations: FloatArray, widths: FloatArray, weights: FloatArray, q: float
    ) -> tuple[list[Level], list[IntArray]]:
        """Put sources together: those of a cell, and of ever larger squares.

        Parameters
        ----------
        locations : array (source, 2)
            Latitude and longitude, degrees.
        widths : array (source,)
            D, km^2.
        weights : array (source,)
            Mass of each kernel.
        q : float
            Exponent.

        Returns
        -------
        list of Level
            From that of cells on.
        list of array of int
            The groups of each level that hold the sources, or the groups of the level before.
        """
        rows, columns = self.cells(locations)
        sizes = np.round(np.log2(widths)).astype(np.int64)
        centres, mass = positions(locations, self.grid.radius), weights
        levels: list[Level] = []
        within: list[IntArray] = []
        for level in range(self.n_levels):
            least = round(2.0 * math.log2(self.side * 2.0**level / NARROW))
            sizes = np.maximum(sizes, least)
            keys = (rows * self.turn + columns) * SIZES + sizes
            _, first, inside = np.unique(keys, return_index=True, return_inverse=True)
            widths, shares = _common(widths, mass, inside, q)
            centres = np.stack([np.bincount(inside, shares * x) for x in centres.T], axis=1)
            mass = np.asarray(np.bincount(inside, mass))
            levels.append(Level(rows[first], columns[first], centres, widths, mass))
            within.append(inside)
            rows, columns, sizes = rows[first] >> 1, columns[first] >> 1, sizes[first]
        return levels, within

    def total(
        self,
        levels: list[Level],
        within: list[IntArray],
        points: FloatArray,
        smooth: FloatArray,
        q: float,
    ) -> FloatArray:
        """Mass in each cell.

        Parameters
        ----------
        levels, within : list
            From ``levels``.
        points, smooth : array (group, 3, 3)
            Mass of each group of the first level in the cells around its own: in their part within
            the area, and in all of them.
        q : float
            Exponent.

        Returns
        -------
        array (cell,)
            Whose sum is that of the masses: each group is normalised over all cells.
        """
        own, last = levels[0], len(levels) - 1
        shares = self.grid.inside_km2 / self.grid.square_km
        around = (own.rows, own.columns, points, smooth, shares, self.numbers, self.turn)
        cells = positions(self.grid.middles, self.grid.radius)
        total = np.zeros(len(self.grid))

        def add_far(level: int, mass: FloatArray) -> FloatArray:
            at, near = levels[level], (SQUARES, self.reach) if level else (AROUND, AROUND)
            sums = _add_far(
                level, level == last, at.rows, at.columns, at.centres, at.widths, mass, q, *near,
                self.reach, self.turn, self.numbers, self.grid.radius, cells, self.grid.inside_km2,
                total,
            )  # fmt: skip
            return np.asarray(sums)

        # What a group has in all cells together if its mass is 1, without adding it
        reached = np.zeros(1)
        for level in range(last, -1, -1):
            sums = add_far(level, np.zeros(len(levels[level].rows)))
            reached = sums if level == last else sums + reached[within[level + 1]]
        whole = _add_around(*around, np.zeros(len(own.rows)), total) + own.mass * reached
        factors = np.divide(own.mass, whole, out=np.zeros_like(whole), where=whole > 0.0)
        _add_around(*around, factors, total)
        mass = own.mass * factors
        for level in range(last + 1):
            mass = mass if level == 0 else np.asarray(np.bincount(within[level], mass))
            add_far(level, mass)
        return total


def _common(
    widths: FloatArray, mass: FloatArray, inside: IntArray, q: float
) -> tuple[FloatArray, FloatArray]:
    """D of groups, whose D^{q-1} is the mean of that of their members, and the shares in it.

    Of members, by their D (km^2), mass and group ``inside``: arrays (group,) and (member,).
    """
    logs, most = np.log(widths), np.full(int(inside.max()) + 1, -np.inf)
    np.maximum.at(most, inside, logs)
    mass = np.where(mass > 0.0, mass, 1e-300)
    tails = mass * np.exp((q - 1.0) * (logs - most[inside]))
    whole = np.bincount(inside, tails)
    common = np.exp(most + np.log(whole / np.bincount(inside, mass)) / (q - 1.0))
    return np.asarray(common), tails / whole[inside]


@_jit
def _add_around(
    rows: IntArray,
    columns: IntArray,
    points: FloatArray,
    smooth: FloatArray,
    shares: FloatArray,
    numbers: IntArray,
    turn: int,
    factors: FloatArray,
    total: FloatArray,
) -> FloatArray:
    """Add what groups have in the cells around their own, times factors, and return it without."""
    sums = np.zeros(rows.size)
    for g in range(rows.size):
        for a in range(points.shape[1]):
            i = rows[g] + a - AROUND
            if not 0 <= i < numbers.shape[0]:
                continue
            for b in range(points.shape[2]):
                j = (columns[g] + b - AROUND) % turn
                if j < numbers.shape[1] and numbers[i, j] >= 0:
                    k = numbers[i, j]
                    value = points[g, a, b] + smooth[g, a, b] * shares[k]
                    sums[g] += value
                    total[k] += factors[g] * value
    return sums


@_jit
def _add_far(
    level: int,
    last: bool,
    rows: IntArray,
    columns: IntArray,
    centres: FloatArray,
    widths: FloatArray,
    mass: FloatArray,
    q: float,
    around: int,
    reach: int,
    reach_up: int,
    turn: int,
    numbers: IntArray,
    radius: float,
    cells: FloatArray,
    surfaces: FloatArray,
    total: FloatArray,
) -> FloatArray:
    """Add what groups have in the cells for which they act as one, and return it for mass 1.

    These are outside the squares around theirs, but within those around the square one level up; on
    the last level all that are outside.
    """
    sums = np.zeros(rows.size)
    bend, bend_more = 1.0 / (12.0 * radius**2), 1.0 / (90.0 * radius**4)  # arcs, as in ``pairs``
    up = level + 1
    squares, above = ((turn - 1) >> level) + 1, ((turn - 1) >> up) + 1
    for g in range(rows.size):
        scale = (q - 1.0) / (math.pi * widths[g])
        south, north = 0, numbers.shape[0]
        west, strips = 0, 1
        if not last:
            south = max(south, ((rows[g] >> 1) - SQUARES) << up)
            north = min(north, ((rows[g] >> 1) + SQUARES + 1) << up)
            west, strips = (columns[g] >> 1) - reach_up, 2 * reach_up + 1
        for strip in range(strips):
            first, end = 0, numbers.shape[1]
            if not last:
                square = (west + strip) % above
                first, end = square << up, min(end, (square + 1) << up)
            for j in range(first, end):
                apart = abs((j >> level) - columns[g])
                beside = min(apart, squares - apart) <= reach
                for i in range(south, north):
                    k = numbers[i, j]
                    if k < 0 or (beside and abs((i >> level) - rows[g]) <= around):
                        continue
                    dx = cells[k, 0] - centres[g, 0]
                    dy = cells[k, 1] - centres[g, 1]
                    dz = cells[k, 2] - centres[g, 2]
                    chord = dx * dx + dy * dy + dz * dz
                    ratio = chord * (1.0 + chord * (bend + chord * bend_more)) / widths[g]
                    value = scale * math.exp(-q * math.log1p(ratio)) * surfaces[k]
                    sums[g] += value
                    total[k] += mass[g] * value
    return sums
