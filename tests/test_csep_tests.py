"""The spatial and the pseudo-likelihood test: their definitions, and pyCSEP's results."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from catalogs import Catalog, EventSequence, InputError, Trajectories
from catalogs.areas import Area, Box, bounding_box, parse_area
from catalogs.exports import write_csep, write_csep_forecast
from catalogs.grid import Grid
from catalogs.sequence import FloatArray
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast.evaluation.cells import pseudo_likelihood_test, spatial_test
from recast.forecast.gridded import count_rates, located_cells

GRID = Grid.over(Box(35.0, 35.4, -118.0, -117.5))
"""Twenty cells."""

BINS = np.arange(2.5, 8.05, 0.1).round(1)


def catalog_of(cells: FloatArray, rng: np.random.Generator) -> EventSequence:
    """Events anywhere in these cells."""
    n = len(cells)
    places = GRID.centres[cells.astype(int)] + rng.uniform(-0.0499, 0.0499, (n, 2))
    magnitudes = SOCAL_TRUTH.magnitude_law.sample(n, rng).round(4)
    times = np.sort(rng.uniform(0.0, 1.0, n))
    return EventSequence(times, magnitudes, 0.0, 1.0, locations=places.round(6))


def draw(rates: FloatArray, n: int, seed: int) -> list[EventSequence]:
    """Poisson numbers of events in each cell."""
    rng = np.random.default_rng(seed)
    return [catalog_of(np.repeat(np.arange(rates.size), rng.poisson(rates)), rng) for _ in range(n)]


RATES = np.random.default_rng(5).exponential(0.15, len(GRID))


@pytest.fixture(scope="module")
def drawn() -> Trajectories:
    return Trajectories.of_sequences(draw(RATES, 400, seed=6))


@pytest.fixture(scope="module")
def observed() -> EventSequence:
    return max(draw(RATES, 5, seed=7), key=len)


def cells_of(sequence: EventSequence) -> Any:
    assert sequence.locations is not None
    return GRID.cell_of(sequence.locations)


def test_the_statistics_are_sums_over_events(drawn: Trajectories, observed: EventSequence) -> None:
    cells = located_cells(drawn, GRID)
    likelihood = pseudo_likelihood_test(RATES, drawn, cells, cells_of(observed))
    space = spatial_test(RATES, drawn, cells, cells_of(observed))
    assert likelihood is not None
    assert space is not None
    plain = [np.log(RATES[cells_of(s)]) for s in (observed, *drawn.sequences())]
    total = RATES.sum()
    assert likelihood.statistic == pytest.approx(plain[0].sum() - total, rel=1e-12)
    np.testing.assert_allclose(
        likelihood.simulated, [x.sum() - total for x in plain[1:]], rtol=1e-12
    )
    assert space.statistic == pytest.approx(plain[0].mean() - np.log(total), rel=1e-12)
    np.testing.assert_allclose(
        space.simulated, [x.mean() - np.log(total) for x in plain[1:] if x.size], rtol=1e-12
    )
    assert 0 < (drawn.counts == 0).sum() == drawn.n - space.simulated.size
    # Places alone: ten times as many events expected in each cell is no matter
    tenfold = spatial_test(10.0 * RATES, drawn, cells, cells_of(observed))
    assert tenfold is not None
    assert (tenfold.delta1, tenfold.delta2) == (space.delta1, space.delta2)


@pytest.mark.parametrize("test", [pseudo_likelihood_test, spatial_test])
def test_quantiles_of_a_true_forecast_are_uniform_and_of_a_wrong_one_small(test: Any) -> None:
    rates = 20.0 * RATES
    drawn = Trajectories.of_sequences(draw(rates, 300, seed=8))
    cells = located_cells(drawn, GRID)
    quantiles = [test(rates, drawn, cells, cells_of(s)).delta2 for s in draw(rates, 200, seed=9)]
    assert kstest(quantiles, "uniform").pvalue > 0.01
    upside_down = rates[np.argsort(rates)[::-1][np.argsort(np.argsort(rates))]]
    wrong = [test(rates, drawn, cells, cells_of(s)).delta2 for s in draw(upside_down, 20, seed=10)]
    assert max(wrong) < 0.05


def test_the_order_of_events_and_cells_is_no_matter() -> None:
    """Sums that are equal but for their order are ties."""
    rates = np.random.default_rng(0).uniform(0.01, 1.0, 30)
    cells = np.random.default_rng(1).permutation(30)
    same = EventSequence(np.arange(30) / 30.0, np.full(30, 3.0), 0.0, 1.0)
    drawn = Trajectories.of_sequences([same] * 50)
    several = np.concatenate([np.random.default_rng(i).permutation(cells) for i in range(50)])
    for test in (pseudo_likelihood_test, spatial_test):
        result = test(rates, drawn, several, np.sort(cells))
        assert result is not None
        assert (result.delta1, result.delta2) == (1.0, 1.0)


def test_without_events_there_is_no_test(drawn: Trajectories, observed: EventSequence) -> None:
    cells, nothing = located_cells(drawn, GRID), np.empty(0, dtype=np.int64)
    empty = Trajectories.of_sequences([EventSequence([], [], 0.0, 1.0)] * 3)
    for test in (pseudo_likelihood_test, spatial_test):
        assert test(RATES, drawn, cells, nothing) is None
        assert test(RATES, drawn, cells, np.array([-1, -1])) is None
    assert spatial_test(RATES, empty, nothing, cells_of(observed)) is None
    # A forecast of no event at all is as bad as can be where one came
    likelihood = pseudo_likelihood_test(RATES, empty, nothing, cells_of(observed))
    assert likelihood is not None
    np.testing.assert_allclose(likelihood.simulated, -RATES.sum())


def test_a_cell_without_a_rate_is_refused(drawn: Trajectories, observed: EventSequence) -> None:
    cells = located_cells(drawn, GRID)
    rates = RATES.copy()
    rates[3] = 0.0
    with pytest.raises(InputError, match="cell 3 has rate 0, and no event could be there"):
        spatial_test(rates, drawn, cells, cells_of(observed))
    with pytest.raises(InputError, match="take events and rates of one grid"):
        spatial_test(RATES[:5], drawn, cells, cells_of(observed))


@pytest.fixture(scope="module")
def csep() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # at import pycsep says what may change in its packages
        return pytest.importorskip("csep", reason="needs pyCSEP: pip install '.[csep]'")


def test_pycsep_agrees(
    csep: Any, drawn: Trajectories, observed: EventSequence, tmp_path: Path
) -> None:
    from csep.core import catalog_evaluations, regions

    catalog = synthetic_catalog(observed, SOCAL_TRUTH, "observed", start="2010-01-01")
    write_csep_forecast([drawn], catalog.info, tmp_path / "forecast.csv", place=None)
    assert observed.locations is not None
    latitude, longitude = observed.locations.T
    table = catalog.events.assign(latitude=latitude, longitude=longitude)
    write_csep([Catalog(table, catalog.info)], tmp_path / "observed.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        corners = GRID.edges[:, [2, 0]]
        region = regions.CartesianGrid2D.from_origins(corners, dh=0.1, magnitudes=BINS)
        theirs = csep.load_catalog_forecast(
            str(tmp_path / "forecast.csv"), region=region, n_cat=drawn.n, store=True
        )
        seen = csep.load_catalog(str(tmp_path / "observed.csv"), region=region)
        theirs.get_expected_rates()
        expected = theirs.expected_rates.data
        tests = (
            (spatial_test, catalog_evaluations.spatial_test(theirs, seen)),
            (pseudo_likelihood_test, catalog_evaluations.pseudolikelihood_test(theirs, seen)),
        )
    rates = count_rates(drawn, GRID, BINS)
    np.testing.assert_allclose(rates.rates, expected, atol=1e-12)
    assert rates.per_cell.min() > 0.0
    cells = located_cells(drawn, GRID)
    for ours, result in tests:
        mine = ours(rates.per_cell, drawn, cells, cells_of(observed))
        assert mine is not None
        assert result.status == "normal"
        assert mine.statistic == pytest.approx(result.observed_statistic, rel=1e-12)
        np.testing.assert_allclose(mine.simulated, result.test_distribution, rtol=1e-12)
        # Theirs take sums that are equal but for round-off for different
        near = np.isclose(mine.simulated, mine.statistic, rtol=1e-9).mean()
        assert mine.delta1 == pytest.approx(result.quantile[0], abs=near + 1e-12)
        assert mine.delta2 == pytest.approx(result.quantile[1], abs=near + 1e-12)
        assert near < 0.02


@pytest.mark.parametrize("area", [Box(35.0, 35.4, -118.0, -117.5), Box(-20, -19, 179.5, -179.5)])
def test_pycsep_reads_our_gridded_forecasts(csep: Any, area: Box, tmp_path: Path) -> None:
    grid = Grid.over(area)
    sequences = draw(RATES, 50, seed=11)
    moved = [replace(s, locations=grid.centres[np.arange(len(s)) % len(grid)]) for s in sequences]
    rates = count_rates(Trajectories.of_sequences(moved), grid, BINS, floor=0.01)
    rates.to_dat(tmp_path / "rates.dat")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = csep.load_gridded_forecast(str(tmp_path / "rates.dat"))
        edges = grid.edges
        places = np.stack([edges[:, 0] + 0.03, edges[:, 2] + 0.07], axis=1)
        places[:, 1] = (places[:, 1] + 180.0) % 360.0 - 180.0  # as catalogs have them
        found = theirs.region.get_index_of(places[:, 1], places[:, 0])
    np.testing.assert_array_equal(theirs.data, rates.rates)
    np.testing.assert_allclose(theirs.magnitudes, BINS)
    np.testing.assert_array_equal(found, grid.cell_of(places))
    assert theirs.event_count == pytest.approx(rates.expected)


@pytest.mark.parametrize(
    "area",
    [
        Box(35.03, 35.36, -117.97, -117.52),
        parse_area("35.3,-118 36.2,-118.1 36.3,-117.2 35.4,-117.1"),
        Box(-39.0, -38.4, 179.6, -179.7),
        parse_area("-39,179.6 -38.4,179.7 -38.3,-179.6"),
    ],
)
def test_pycsep_finds_all_simulated_events_in_the_cells_of_the_rates(
    csep: Any, area: Area, tmp_path: Path
) -> None:
    """Cells along the border reach beyond it, so that none is lost, also across 180 degrees."""
    box, rng = bounding_box(area), np.random.default_rng(3)
    latitude = rng.uniform(box.south, box.north, 9_000)
    longitude = box.west + (box.east - box.west) % 360.0 * rng.random(9_000)
    places = np.column_stack([latitude, (longitude + 180.0) % 360.0 - 180.0])
    places = places[area.contains(*places.T)]
    each = [replace(s, locations=places[i::40][: len(s)]) for i, s in enumerate(draw(RATES, 40, 4))]
    drawn = Trajectories.of_sequences(each)
    grid = Grid.over(area)
    rates = count_rates(drawn, grid, BINS, floor=0.01)
    rates.to_dat(tmp_path / "rates.dat")
    catalog = synthetic_catalog(each[0], SOCAL_TRUTH, "observed", start="2010-01-01")
    write_csep_forecast([drawn], catalog.info, tmp_path / "forecast.csv", place=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        region = csep.load_gridded_forecast(str(tmp_path / "rates.dat")).region
        counts = [
            one.spatial_counts()
            for one in csep.load_catalog_forecast(
                str(tmp_path / "forecast.csv"), region=region, n_cat=drawn.n, filter_spatial=False
            )
        ]
    assert sum(map(np.sum, counts)) == drawn.times.size
    cells = np.bincount(grid.cell_of(drawn.locations), minlength=len(grid))
    np.testing.assert_array_equal(np.sum(counts, axis=0), cells)
