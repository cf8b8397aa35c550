"""Grids of cells with edges at multiples of a step in latitude and longitude."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catalogs.areas import Area, bounding_box
from catalogs.clipping import centroid, clipped, crossed_cells
from catalogs.errors import InputError
from catalogs.sequence import FloatArray
from catalogs.sphere import EARTH_RADIUS, closed_border, ring_square_kilometres

IntArray = NDArray[np.int64]

MOST_CELLS = 1_000_000
"""More are as large as a forecast of 30 magnitude bins that fits into memory."""

MAP_STEPS = (0.0005, 0.001, 0.002, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Degrees."""

TOLERANCE = 1e-6
"""Degrees (0.1 m): a place so little below an edge is on it, whatever its round-off."""


@dataclass(frozen=True, eq=False)
class Grid:
    """Cells of ``step`` degrees, of which lower edges belong to the cell and upper ones do not.

    A place less than 1e-6 degrees below an edge counts as on it. Where the cells go across 180
    degrees, their longitudes go on beyond it.

    Parameters
    ----------
    step : float
        Degrees; 90 over a whole number, so that no cell lies across a pole or 180 degrees.
    rows, columns : array of int (cell,)
        Southern and western edge of each cell, in steps from latitude and longitude 0.
    radius : float
        Of the Earth, km.
    area : Box or Polygon, optional
        What the cells are over: nothing happens outside of it, in cells along its border neither.

    Raises
    ------
    InputError
        For a step that does not divide 90 degrees, no cell, a cell beyond a pole or one twice.

    Examples
    --------
    >>> from catalogs.areas import Box
    >>> grid = Grid.over(Box(35.0, 35.2, -118.0, -117.7))
    >>> len(grid), round(grid.square_km.sum())
    (6, 607)
    >>> grid.cell_of([(35.1, -117.9), (35.0999999, -117.75), (36.0, -117.9)])
    array([ 3,  5, -1])
    """

    step: float
    rows: IntArray
    columns: IntArray
    radius: float = EARTH_RADIUS
    area: Area | None = None

    def __post_init__(self) -> None:
        steps_to_pole(self.step)
        for name in ("rows", "columns"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.int64))
        if self.rows.ndim != 1 or self.rows.shape != self.columns.shape or not self.rows.size:
            raise InputError(
                f"rows {self.rows.shape} and columns {self.columns.shape} must be "
                "one-dimensional and of equal length, with one cell or more"
            )
        if self.rows.min() < -self._quarter or self.rows.max() >= self._quarter:
            raise InputError("a cell lies beyond a pole: give latitudes in [-90, 90] degrees")
        if np.unique(self._keys).size < len(self):
            raise InputError("a cell is there twice: give each once, longitudes modulo 360")

    @classmethod
    def over(cls, area: Area, step: float = 0.1, radius: float = EARTH_RADIUS) -> Grid:
        """The cells that overlap an area, column by column from the west, south first.

        One that only touches its border does not.

        Parameters
        ----------
        area : Box or Polygon
            Such as ``Region.area``.
        step : float
            Degrees.
        radius : float
            Of the Earth, km.

        Returns
        -------
        Grid
            In the order of the files of CSEP.

        Raises
        ------
        InputError
            For a step that does not divide 90 degrees, one that gives more than 1e6 cells in the
            box around the area, or an area too small to be one.
        """
        box, quarter = bounding_box(area), steps_to_pole(step)
        east = box.east if box.west < box.east else box.east + 360.0
        south, west = (
            int(np.floor((edge + TOLERANCE) * quarter / 90.0)) for edge in (box.south, box.west)
        )
        north, end = (
            int(np.ceil((edge - TOLERANCE) * quarter / 90.0)) for edge in (box.north, east)
        )
        end = min(end, west + 4 * quarter)
        n = (north - south) * (end - west)
        if n > MOST_CELLS:
            raise InputError(
                f"cells of {step:g} degrees are {n:,} in the box around {area}, more than "
                f"{MOST_CELLS:,}: choose a larger step"
            )
        columns = np.repeat(np.arange(west, end), max(north - south, 0))
        rows = np.tile(np.arange(south, north), max(end - west, 0))
        inside = area.contains(_middle(rows, quarter), _middle(columns, quarter))
        for ring in _rings(area, box.west):
            inside |= crossed_cells(ring, _edges(rows, columns, quarter), TOLERANCE)
        if not inside.any():
            raise InputError(f"area {area} is less than {TOLERANCE:g} degrees wide: widen it")
        return cls(step, rows[inside], columns[inside], radius, area)

    def __len__(self) -> int:
        return int(self.rows.size)

    @property
    def edges(self) -> FloatArray:
        """South, north, west and east of each cell, degrees, shape (cell, 4)."""
        return _edges(self.rows, self.columns, self._quarter)

    @property
    def centres(self) -> FloatArray:
        """Latitude and longitude of the middle of each cell, degrees, shape (cell, 2)."""
        return np.stack([_middle(x, self._quarter) for x in (self.rows, self.columns)], axis=1)

    @property
    def square_km(self) -> FloatArray:
        """Surface of each cell, km^2, shape (cell,)."""
        south, north, west, east = np.radians(self.edges.T)
        return np.asarray(self.radius**2 * (east - west) * (np.sin(north) - np.sin(south)))

    @property
    def inside_km2(self) -> FloatArray:
        """Surface of what of each cell lies in the area, km^2, shape (cell,)."""
        return self._inside[0]

    @property
    def middles(self) -> FloatArray:
        """Latitude and longitude of the middle of that part, degrees, shape (cell, 2)."""
        return self._inside[1]

    @property
    def is_cut(self) -> NDArray[np.bool_]:
        """Which cells lie partly outside the area, shape (cell,)."""
        return self._inside[2]

    @cached_property
    def _inside(self) -> tuple[FloatArray, FloatArray, NDArray[np.bool_]]:
        """Surface and middle of the part of each cell in the area, and whether it is not all."""
        surfaces, middles, edges = self.square_km, self.centres, self.edges
        cut = np.zeros(len(self), dtype=np.bool_)
        rings = [] if self.area is None else _rings(self.area, float(edges[:, 2].min()))
        for ring in rings:
            cut |= crossed_cells(ring, edges, TOLERANCE)
        for cell in np.flatnonzero(cut):
            parts = [part for ring in rings if len(part := clipped(ring, edges[cell]))]
            each = [ring_square_kilometres(part, self.radius) for part in parts]
            surfaces[cell] = sum(each)
            if surfaces[cell] > 0.0:
                middles[cell] = np.average([centroid(part) for part in parts], axis=0, weights=each)
        return surfaces, middles, cut

    def cell_of(self, locations: ArrayLike) -> IntArray:
        """The cells in which places lie.

        Parameters
        ----------
        locations : array (place, 2)
            Latitude and longitude, degrees; longitudes count modulo 360.

        Returns
        -------
        array of int (place,)
            Positions of the cells; -1 outside of all.
        """
        latitude, longitude = np.asarray(locations, dtype=np.float64).reshape(-1, 2).T
        known = np.isfinite(latitude) & np.isfinite(longitude)
        row, column = (
            np.floor((np.where(known, x, 0.0) + TOLERANCE) * self._quarter / 90.0).astype(np.int64)
            for x in (latitude, longitude)
        )
        row = np.where(row == self._quarter, row - 1, row)  # the pole itself
        key = self._key(row, column)
        place = np.searchsorted(self._keys, key, sorter=self._order)
        found = self._order[np.minimum(place, len(self) - 1)]
        return np.where(known & (self._keys[found] == key), found, -1)

    @property
    def _quarter(self) -> int:
        """Steps in 90 degrees."""
        return steps_to_pole(self.step)

    @cached_property
    def _keys(self) -> IntArray:
        return self._key(self.rows, self.columns)

    @cached_property
    def _order(self) -> IntArray:
        return np.argsort(self._keys)

    def _key(self, row: IntArray, column: IntArray) -> IntArray:
        """A number for each cell of the Earth."""
        return np.asarray((column % (4 * self._quarter)) * (4 * self._quarter) + row)


def map_step(area: Area) -> float:
    """Size of the cells of a map of an area, degrees: some fifty along its longer side."""
    longest = longer_side(area)
    return next((step for step in MAP_STEPS if longest <= 60.0 * step), MAP_STEPS[-1])


def longer_side(area: Area) -> float:
    """How far an area reaches in latitude or in longitude, whichever is more, degrees."""
    box = bounding_box(area)
    east = box.east if box.west < box.east else box.east + 360.0
    return max(box.north - box.south, east - box.west)


def _rings(area: Area, west: float) -> list[FloatArray]:
    """The border of an area that lies east of a meridian, and again one turn to the west of that.

    The second has cells only where the area goes around the Earth and ends in the cell in which it
    begins.
    """
    ring = closed_border(area)
    turns = np.ceil((west - TOLERANCE - ring[:, 1].min()) / 360.0)
    turn = np.array([0.0, 360.0])
    return [ring + turns * turn, ring + (turns - 1.0) * turn]


def steps_to_pole(step: float) -> int:
    """How many steps are 90 degrees.

    Raises
    ------
    InputError
        If they are no whole number.
    """
    if not 0.0 < step <= 90.0:
        raise InputError(f"step {step:g} is not in (0, 90] degrees: choose one such as 0.1")
    n = round(90.0 / step)
    if abs(n * step - 90.0) > TOLERANCE:
        raise InputError(
            f"step {step:g} does not divide 90 degrees, so that cells would lie across a pole: "
            "choose one such as 0.1, 0.25 or 1"
        )
    return n


def _edges(rows: IntArray, columns: IntArray, quarter: int) -> FloatArray:
    """South, north, west and east, degrees, shape (cell, 4)."""
    lines = np.stack([rows, rows + 1, columns, columns + 1], axis=1)
    return np.asarray(90.0 * lines / quarter)


def _middle(lines: IntArray, quarter: int) -> FloatArray:
    """Degrees half a step above each edge."""
    return np.asarray(90.0 * (2 * lines + 1) / (2 * quarter))
