"""Where the events of a forecast are expected: places of simulated events, and rates by cell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from catalogs import Catalog, InputError, Trajectories
from catalogs.areas import Area
from catalogs.grid import MAP_STEPS, TOLERANCE, Grid, longer_side, map_step
from catalogs.magnitudes import GutenbergRichter
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray
from catalogs.trajectories import IntArray
from etas.space.rounding import WINDOW, rounding_step
from recast.evaluation.cells import pseudo_likelihood_test, spatial_test
from recast.evaluation.magnitudes import magnitude_bins
from recast.forecast.gridded import GriddedRates, located_cells
from recast.forecast.results import ForecastPlaces
from recast.forecast.single import Drawn

if TYPE_CHECKING:
    from etas.space.law import PlaceLaw

CELL = 0.1
"""Degrees."""

FEWEST_CELLS = 5
"""Along the longer side of a region; with fewer they are finer. A field of 5 km would be one."""

MOST_CELLS = 30_000
"""By default. A forecast of 50 magnitude bins has a .dat of 65 MB then."""

MOST_ACROSS = 900
"""Along the longer side of a region, by default; of a long and narrow one these are few cells."""

FLOOR = 1e-3
"""Share of the expected number that is spread evenly over the region, so that no cell has none."""

FEWEST = 200
"""Simulated events at or above a magnitude whose number tells their share to a tenth (1.4 sd)."""

PLACED = 5
"""Keeps random numbers of places apart from others with the same seed."""

DAT, GEOJSON = "forecast_rates.dat", "forecast_rates.geojson"


@dataclass(frozen=True, eq=False)
class PlacedForecast:
    """A forecast with places: its simulated catalogs and the rates by cell."""

    parts: list[Trajectories]
    rates: GriddedRates
    record: ForecastPlaces


def forecast_grid(catalog: Catalog, law: PlaceLaw, at: float, cell: float | None = None) -> Grid:
    """The cells of a forecast, before anything is simulated.

    Parameters
    ----------
    catalog : Catalog
        With locations.
    law : PlaceLaw
        Where events happen.
    at : float
        Time of the forecast, days.
    cell : float, optional
        Size of the cells, degrees; by default 0.1, or more where these are more than 30,000, or so
        that the longer side of a region of less than half a degree has some fifty, but none finer
        than the epicentres.

    Returns
    -------
    Grid
        Over the region of the law.

    Raises
    ------
    InputError
        If the cells are too many, finer than the epicentres are known, or do not divide 90 degrees.
    """
    area = law.region.area
    step = rounding_step(law.region.located(catalog.to_sequence().before(at))[-WINDOW:])
    if cell is None:
        cell = CELL
        if longer_side(area) < FEWEST_CELLS * CELL - TOLERANCE:
            least = max(map_step(area), step) - TOLERANCE
            cell = next((size for size in MAP_STEPS if size >= least), CELL)
        cell = next(size for size in MAP_STEPS if size >= cell and _is_small(area, size))
    grid = Grid.over(area, cell, law.region.radius)
    if cell < step - TOLERANCE:
        raise InputError(
            f"cells of {cell:g} degrees are finer than the epicentres, which are rounded to "
            f"{step:.2g}: set `cell` to that or more"
        )
    return grid


def _is_small(area: Area, cell: float) -> bool:
    """Whether the cells of an area are few enough to be the default."""
    if cell == MAP_STEPS[-1]:
        return True
    across = longer_side(area) / cell
    return across < MOST_ACROSS and len(Grid.over(area, cell)) <= MOST_CELLS


def place_forecast(
    catalog: Catalog,
    drawn: Drawn,
    law: PlaceLaw,
    magnitudes: GutenbergRichter,
    out: Path | None,
    grid: Grid,
    *,
    threads: int | None = None,
) -> PlacedForecast:
    """Draw the places of the simulated events over the longest window, and add them up by cell.

    Parameters
    ----------
    catalog : Catalog
        With locations.
    drawn : Drawn
        The forecast.
    law : PlaceLaw
        Where events happen. A learned law is scored as it is, but places are drawn from the mixture
        of ETAS that it has beside its net (``PlaceLaw.drawn``).
    magnitudes : GutenbergRichter
        Law of the magnitudes of large events, of which few are simulated. Shares of magnitudes are
        the same everywhere.
    out : Path or None
        Folder for the rates as CSEP's ``.dat`` and GeoJSON.
    grid : Grid
        The cells, from ``forecast_grid``.
    threads : int, optional
        By default one per core.

    Returns
    -------
    PlacedForecast
        Places, rates, and what the forecast says of them.

    Raises
    ------
    InputError
        If the forecast has too many events to keep.
    """
    from etas.space.rates import CellSums
    from etas.space.records import law_to_json

    if not drawn.has_events:
        raise InputError(
            f"{int(drawn.histograms.sum()):,} simulated events are too many to place: set fewer "
            "`samples` or `days`"
        )
    request = drawn.request
    scored, law = law, law.drawn
    history = catalog.to_sequence().before(request.at)
    placer = law.placer(history, request.at + request.horizon)
    sums, parts = CellSums(placer, grid), []
    for number, part in enumerate(drawn.trajectories()):
        placed = placer.place(part, seed=[request.seed, PLACED, number], threads=threads)
        sums.add(placed)
        parts.append(placed.events)
    bins = magnitude_bins(magnitudes.completeness, magnitudes.maximum)
    bins = bins[bins < magnitudes.maximum - MAGNITUDE_TOLERANCE]
    per_cell = sums.expected()
    simulated = np.concatenate([part.magnitudes for part in parts])
    rates = GriddedRates(grid, bins, per_cell[:, None] * _shares(magnitudes, bins, simulated))
    if rates.expected > 0.0:
        rates = rates.with_floor(FLOOR)
    files = []
    if out is not None:
        rates.to_dat(out / DAT)
        rates.to_geojson(out / GEOJSON)
        files = [DAT, GEOJSON]
    spatial, pseudo = _tests(drawn, rates, parts)
    most = np.argsort(per_cell)[::-1]
    half = np.searchsorted(np.cumsum(per_cell[most]), 0.5 * per_cell.sum()) + 1
    if not per_cell.any():
        half = 0
    latitude, longitude = grid.middles[most[0]].tolist()
    record = ForecastPlaces(
        law_to_json(law),
        grid.step,
        float(grid.inside_km2[most[:half]].sum()),
        (latitude, longitude - 360.0 if longitude >= 180.0 else longitude),
        files,
        spatial,
        pseudo,
        None if scored is law else type(scored).__name__,
    )
    return PlacedForecast(parts, rates, record)


def _shares(law: GutenbergRichter, bins: FloatArray, simulated: FloatArray) -> FloatArray:
    """Share of each bin of magnitudes, the last one open, shape (bin,).

    Of the simulated events, which after a mainshock need not follow one law: networks miss small
    ones. Where fewer than ``FEWEST`` are as large, the shares go on by the law.
    """
    edges = np.append(bins, law.maximum)
    above = law.share_above(edges)
    numbers = _reaching(simulated, bins)
    known = np.flatnonzero(numbers >= FEWEST)
    if known.size:
        last = int(known[-1])
        above[last:] *= numbers[last] / numbers[0] / above[last]
        above[:last] = numbers[:last] / numbers[0]
    return -np.diff(above)


def _reaching(magnitudes: FloatArray, lowest: FloatArray) -> IntArray:
    """How many magnitudes are at or above each of several in rising order.

    >>> _reaching(np.array([2.0, 2.5, 3.0]), np.array([2.0, 3.0]))
    array([3, 1])
    """
    found = np.searchsorted(np.sort(magnitudes), lowest - MAGNITUDE_TOLERANCE)
    return magnitudes.size - found


def _tests(
    drawn: Drawn, rates: GriddedRates, parts: list[Trajectories]
) -> tuple[float | None, float | None]:
    """Quantiles of the spatial and the pseudo-likelihood test, where the outcome is known."""
    observed = drawn.observed
    if observed is None or not drawn.known[-1] or observed.locations is None:
        return None, None
    if rates.expected == 0.0:
        return None, None
    whole = Trajectories.joined(parts)
    cells, seen = located_cells(whole, rates.grid), rates.grid.cell_of(observed.locations)
    spatial = spatial_test(rates.per_cell, whole, cells, seen)
    pseudo = pseudo_likelihood_test(rates.per_cell, whole, cells, seen)
    return (
        None if spatial is None else spatial.delta2,
        None if pseudo is None else pseudo.delta2,
    )
