"""Gridded forecasts: expected numbers of events by cell and magnitude, and their files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from catalogs import InputError, Trajectories
from catalogs.files import naming, whole_file
from catalogs.grid import Grid
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray
from catalogs.trajectories import IntArray

LARGEST = 10.0
"""The upper end of an open last bin of magnitudes, in the files of CSEP."""

DEPTHS = (0.0, 30.0)
"""Kilometres: what the cells of CSEP reach down to."""

COLUMNS = 10


@dataclass(frozen=True, eq=False)
class GriddedRates:
    """Expected numbers of events in the window of a forecast, by cell and magnitude.

    Parameters
    ----------
    grid : Grid
        The cells.
    magnitudes : array (bin,)
        Lower edges of the bins, increasing.
    rates : array (cell, bin)
        Expected numbers, not negative.
    maximum : float, optional
        Upper edge of the last bin; by default it is open.

    Raises
    ------
    InputError
        For arrays that do not fit, edges out of order or a rate that is none.

    Examples
    --------
    >>> from catalogs.areas import Box
    >>> grid = Grid.over(Box(35.0, 35.2, -118.0, -117.7))
    >>> rates = GriddedRates(grid, np.array([4.0, 5.0]), np.full((6, 2), [0.5, 0.05]))
    >>> rates.expected, rates.per_cell.shape
    (3.3, (6,))
    """

    grid: Grid
    magnitudes: FloatArray
    rates: FloatArray
    maximum: float | None = None

    def __post_init__(self) -> None:
        edges = self.magnitudes if self.maximum is None else [*self.magnitudes, self.maximum]
        if self.magnitudes.ndim != 1 or not self.magnitudes.size or not (np.diff(edges) > 0).all():
            raise InputError(
                f"magnitudes {np.array2string(np.asarray(edges), threshold=6)} are not one or more "
                "increasing edges: give lower edges of bins in order"
            )
        if self.rates.shape != (len(self.grid), self.magnitudes.size):
            raise InputError(
                f"rates have shape {self.rates.shape}, expected ({len(self.grid)}, "
                f"{self.magnitudes.size}): one for each cell and bin of magnitudes"
            )
        bad = np.argwhere(~(np.isfinite(self.rates) & (self.rates >= 0.0)))
        if bad.size:
            cell, i = bad[0].tolist()
            raise InputError(
                f"the rate of cell {cell} at magnitude {self.magnitudes[i]:g} is "
                f"{self.rates[cell, i]:g}: give expected numbers of events, 0 or more"
            )

    @property
    def per_cell(self) -> FloatArray:
        """Expected numbers of all magnitudes, shape (cell,)."""
        return np.asarray(self.rates.sum(axis=1))

    @property
    def expected(self) -> float:
        """Expected number of all events."""
        return float(self.rates.sum())

    def with_floor(self, share: float) -> GriddedRates:
        """Spread a share of the expected number evenly over the area.

        So every cell has a positive rate, and no observed event is impossible. The expected numbers
        by magnitude stay.

        Parameters
        ----------
        share : float
            In [0, 1).

        Returns
        -------
        GriddedRates
            On the same grid.

        Raises
        ------
        InputError
            For another share, or where no event is expected.
        """
        if not 0.0 <= share < 1.0:
            raise InputError(f"`floor` {share:g} is not in [0, 1): give a share such as 0.01")
        if share == 0.0:
            return self
        by_magnitude = self.rates.sum(axis=0)
        if not by_magnitude.any():
            raise InputError("no event is expected, so that none can be spread: simulate more")
        area = self.grid.inside_km2 / self.grid.inside_km2.sum()
        evenly = area[:, None] * by_magnitude
        return replace(self, rates=(1.0 - share) * self.rates + share * evenly)

    def to_dat(self, path: Path, depths: tuple[float, float] = DEPTHS) -> None:
        """Write a file of CSEP, which pyCSEP's ``load_gridded_forecast`` reads.

        A line for each cell and bin, tab-separated: LON0 LON1 LAT0 LAT1 Z0 Z1 M0 M1 RATE FLAG.
        An open last bin ends at magnitude 10. Longitudes lie in [-180, 180] like those of
        catalogs, since pyCSEP takes them as they are: a region across 180 degrees has cells at both
        ends.

        Parameters
        ----------
        path : Path
            The file.
        depths : (float, float)
            Kilometres between which the events are.
        """
        z = "\t".join(f"{depth:g}" for depth in depths)
        begins = self.magnitudes.round(9).tolist()  # 0, not 5.6e-17
        ends = [*begins[1:], self._end]
        bins = [f"{z}\t{a:.9g}\t{b:.9g}" for a, b in zip(begins, ends, strict=True)]

        def lines() -> Iterator[str]:
            for (south, north, west, east), rates in self._cells():
                place = f"{west:.9g}\t{east:.9g}\t{south:.9g}\t{north:.9g}"
                for within, rate in zip(bins, rates, strict=True):
                    yield f"{place}\t{within}\t{rate!r}\t1\n"

        _write(path, lines())

    def to_geojson(self, path: Path) -> None:
        """Write a FeatureCollection with a polygon for each cell, as maps and GIS read it.

        Its properties are ``rate``, of all magnitudes, ``rates`` by bin and ``rate_per_km2``, of
        the part of the cell in the area; ``magnitudes`` of the collection are the lower edges of
        the bins.

        Parameters
        ----------
        path : Path
            The file.
        """
        head: dict[str, Any] = {
            "type": "FeatureCollection",
            "magnitudes": self.magnitudes.round(9).tolist(),  # 3.1, not 3.0999999999999996
            "maximum": self.maximum,
            "expected": self.expected,
        }

        def lines() -> Iterator[str]:
            yield json.dumps(head, allow_nan=False)[:-1] + ', "features": [\n'
            areas = self.grid.inside_km2.tolist()
            for i, (((south, north, west, east), rates), area) in enumerate(
                zip(self._cells(), areas, strict=True)
            ):
                ring = [(west, south), (east, south), (east, north), (west, north), (west, south)]
                total = sum(rates)
                feature = {
                    "type": "Feature",
                    "geometry": {"type": "Polygon", "coordinates": [ring]},
                    "properties": {"rate": total, "rate_per_km2": total / area, "rates": rates},
                }
                yield (",\n" if i else "") + json.dumps(feature, allow_nan=False)
            yield "\n]}\n"

        _write(path, lines())

    @classmethod
    def from_dat(cls, path: Path) -> GriddedRates:
        """Read a file of CSEP, with its cells in their order; those with flag 0 are left out.

        Cells at both ends of [-180, 180] are side by side again.

        Parameters
        ----------
        path : Path
            The file.

        Returns
        -------
        GriddedRates
            Whose last bin is open where it ends at magnitude 10.

        Raises
        ------
        InputError
            For a file that is none, or cells that are no grid.
        """
        try:
            with naming(path):
                table = np.loadtxt(path, ndmin=2)
        except ValueError as error:
            raise InputError(f"{path} is no table of numbers ({error}): make it again") from error
        if not table.size or table.shape[1] != COLUMNS:
            raise InputError(
                f"{path} has {table.shape[1] if table.size else 0} columns: need LON0 LON1 LAT0 "
                "LAT1 Z0 Z1 M0 M1 RATE FLAG"
            )
        table = table[table[:, 9] != 0.0]
        if not table.size:
            raise InputError(f"{path} has no cell with flag 1: set it for the cells to be used")
        step = _step(table, path)
        lines = np.round(table[:, [2, 0]] / step).astype(np.int64)
        cells, cell = _in_order(lines)
        cells[:, 1] = _side_by_side(cells[:, 1], round(180.0 / step))
        bins, which = _in_order(table[:, [6]])
        distinct = np.unique(cell * len(bins) + which).size
        if not len(table) == len(cells) * len(bins) == distinct:
            raise InputError(
                f"{path} has {len(table):,} lines of {len(cells):,} cells and {len(bins):,} bins "
                "of magnitudes: need one for each cell and bin"
            )
        rates = np.empty((len(cells), len(bins)))
        rates[cell, which] = table[:, 8]
        order = np.argsort(bins[:, 0])
        end = float(table[:, 7].max())
        try:
            grid = Grid(step, cells[:, 0], cells[:, 1])
            return cls(grid, bins[order, 0], rates[:, order], None if end >= LARGEST else end)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error

    @property
    def _end(self) -> float:
        if self.maximum is not None:
            return self.maximum
        return max(LARGEST, float(self.magnitudes[-1]) + 1.0)

    def _cells(self) -> Iterator[tuple[list[float], list[float]]]:
        """Edges, with longitudes in [-180, 180], and rates of each cell."""
        edges = self.grid.edges
        # None crosses 180 degrees
        turns = 360.0 * np.floor((edges[:, [2]] + 180.0) / 360.0)
        edges[:, 2:] = np.where(turns == 0.0, edges[:, 2:], (edges[:, 2:] - turns).round(9))
        return zip(edges.tolist(), self.rates.tolist(), strict=True)


def count_rates(
    parts: Trajectories | Iterable[Trajectories],
    grid: Grid,
    magnitudes: FloatArray,
    *,
    maximum: float | None = None,
    floor: float = 0.0,
) -> GriddedRates:
    """Expected numbers of events as means of those in simulated catalogs.

    Parameters
    ----------
    parts : Trajectories, or an iterable of them
        With locations; not all need be in memory.
    grid : Grid
        The cells; events outside of them do not count.
    magnitudes : array (bin,)
        Lower edges of the bins; smaller events do not count.
    maximum : float, optional
        Upper edge of the last bin; by default it is open.
    floor : float
        Share of the expected number that is spread evenly over the area, so that every cell has a
        positive rate.

    Returns
    -------
    GriddedRates
        Numbers of each simulated window.

    Raises
    ------
    InputError
        If the events have no locations.
    """
    counts = np.zeros(len(grid) * magnitudes.size, dtype=np.int64)
    n = 0
    for drawn in [parts] if isinstance(parts, Trajectories) else parts:
        cells = located_cells(drawn, grid)
        i = np.searchsorted(magnitudes, drawn.magnitudes + MAGNITUDE_TOLERANCE, side="right") - 1
        used = (cells >= 0) & (i >= 0)
        if maximum is not None:
            used &= drawn.magnitudes < maximum - MAGNITUDE_TOLERANCE
        counts += np.bincount(cells[used] * magnitudes.size + i[used], minlength=counts.size)
        n += drawn.n
    if n == 0:
        raise InputError("no simulated catalog: give one or more `parts`")
    rates = counts.reshape(len(grid), magnitudes.size) / n
    return GriddedRates(grid, magnitudes, rates, maximum).with_floor(floor)


def located_cells(drawn: Trajectories, grid: Grid) -> IntArray:
    """The cells of simulated events; -1 outside.

    Raises
    ------
    InputError
        If they have no locations.
    """
    if drawn.locations is None:
        if drawn.times.size:
            raise InputError(
                "simulated events have no places, so no cells: simulate with a law of places"
            )
        return np.empty(0, dtype=np.int64)
    return grid.cell_of(drawn.locations)


def _step(table: FloatArray, path: Path) -> float:
    """The size of the cells, degrees.

    Raises
    ------
    InputError
        If they differ in it, or have edges elsewhere than at its multiples.
    """
    step = round(float(np.median(table[:, 3] - table[:, 2])), 9)
    sizes = np.concatenate([table[:, 1] - table[:, 0], table[:, 3] - table[:, 2]])
    edges = table[:, [0, 2]] / step if step > 0.0 else np.full(2, np.nan)
    if (
        not (np.abs(sizes - step) < 1e-6).all()
        or not (np.abs(edges - np.round(edges)) < 1e-5).all()
    ):
        raise InputError(
            f"{path}: its cells are not squares of {step:g} degrees with edges at multiples of "
            "that: regrid the forecast"
        )
    return step


def _side_by_side(columns: IntArray, half: int) -> IntArray:
    """Columns on both sides of 180 degrees go on beyond it, unless they go all around the Earth."""
    taken = np.unique(columns)
    gaps = np.diff(taken)
    if taken[0] != -half or taken[-1] != half - 1 or gaps.max(initial=1) == 1:
        return columns
    return np.where(columns <= taken[np.argmax(gaps)], columns + 2 * half, columns)


def _in_order(rows: FloatArray | IntArray) -> tuple[Any, IntArray]:
    """Distinct rows in order of first appearance, and which of them each row is."""
    distinct, first, which = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(order.size)
    return distinct[order], place[which.reshape(-1)]


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write a text file, whole or not at all."""
    with whole_file(path) as stream:
        stream.writelines(line.encode() for line in lines)
