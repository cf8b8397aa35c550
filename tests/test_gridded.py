"""Gridded forecasts: numbers of simulated events by cell and magnitude, there and back as files."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories
from catalogs.areas import Box, Polygon
from catalogs.grid import Grid
from recast.forecast.gridded import GriddedRates, count_rates
from recast.forecast.places import _shares

FIJI = Grid.over(Box(-20.0, -15.0, 175.0, -175.0), 0.5)
BINS = np.array([4.0, 5.0, 6.0])


def random_rates(grid: Grid = FIJI, maximum: float | None = None) -> GriddedRates:
    rng = np.random.default_rng(0)
    return GriddedRates(grid, BINS, rng.exponential(1e-3, (len(grid), 3)), maximum)


def simulated(n: int = 40) -> Trajectories:
    """Catalogs of 0 to 5 events, some of them outside, some too small."""
    rng = np.random.default_rng(1)
    sequences = []
    for _ in range(n):
        m = int(rng.integers(0, 6))
        places = np.column_stack([rng.uniform(-20.5, -15.0, m), rng.uniform(175.0, 185.5, m)])
        places[:, 1] = (places[:, 1] + 180.0) % 360.0 - 180.0
        times, magnitudes = np.sort(rng.uniform(0.0, 1.0, m)), rng.uniform(3.5, 7.5, m).round(1)
        sequences.append(EventSequence(times, magnitudes, 0.0, 1.0, locations=places))
    return Trajectories.of_sequences(sequences)


def test_rates_are_mean_numbers_of_events() -> None:
    drawn = simulated()
    assert drawn.locations is not None
    rates = count_rates(drawn, FIJI, BINS, maximum=7.0)
    latitude, longitude = drawn.locations.T
    east = longitude % 360.0
    for i, (low, high) in enumerate([(4.0, 5.0), (5.0, 6.0), (6.0, 7.0)]):
        counted = (latitude >= -20.0) & (latitude < -15.0) & (east >= 175.0) & (east < 185.0)
        counted &= (drawn.magnitudes >= low - 1e-9) & (drawn.magnitudes < high - 1e-9)
        assert rates.rates[:, i].sum() * drawn.n == pytest.approx(counted.sum(), rel=1e-12)
        south, _, west, _ = FIJI.edges[57]
        here = counted & (latitude >= south) & (latitude < south + 0.5)
        here &= (east >= west) & (east < west + 0.5)
        assert rates.rates[57, i] * drawn.n == pytest.approx(here.sum())
    open_end = count_rates([drawn, drawn], FIJI, BINS)
    assert open_end.expected > rates.expected
    np.testing.assert_array_equal(open_end.rates[:, :2], rates.rates[:, :2])


def test_a_floor_gives_every_cell_a_rate_and_changes_no_number() -> None:
    plain = count_rates(simulated(), FIJI, BINS)
    floored = count_rates(simulated(), FIJI, BINS, floor=0.1)
    assert plain.per_cell.min() == 0.0
    empty = plain.per_cell == 0.0
    share = FIJI.square_km / FIJI.square_km.sum()
    np.testing.assert_allclose(
        floored.per_cell[empty], 0.1 * plain.expected * share[empty], rtol=1e-12
    )
    np.testing.assert_allclose(floored.rates.sum(axis=0), plain.rates.sum(axis=0), rtol=1e-12)


def test_what_is_spread_and_what_a_map_shows_is_for_the_part_of_a_cell_in_the_area(
    tmp_path: Path,
) -> None:
    grid = Grid.over(Polygon(((0.0, 0.0), (0.0, 4.0), (4.0, 0.0))), 1.0)
    middle = grid.cell_of([(0.5, 0.5), (1.5, 2.4)])  # of the second a half lies inside
    assert grid.inside_km2[middle[1]] / grid.square_km[middle[1]] == pytest.approx(0.5, rel=0.01)
    rates = GriddedRates(grid, BINS[:1], np.ones((len(grid), 1))).with_floor(0.5)
    more = rates.per_cell - 0.5
    assert more[middle[1]] / more[middle[0]] == pytest.approx(0.5, rel=0.01)
    rates.to_geojson(tmp_path / "map.geojson")
    for cell, feature in enumerate(json.loads((tmp_path / "map.geojson").read_text())["features"]):
        density = rates.per_cell[cell] / grid.inside_km2[cell]
        assert feature["properties"]["rate_per_km2"] == pytest.approx(density)


def test_magnitudes_of_single_precision_count_in_their_bin() -> None:
    tenths = np.array([4.1, 4.2, 4.3, 4.4])
    single = tenths.astype(np.float32).astype(np.float64)
    assert (single < tenths).any()
    places = np.tile([-17.2, 178.2], (4, 1))
    one = EventSequence(np.arange(4.0), single, 0.0, 9.0, locations=places)
    rates = count_rates(Trajectories.of_sequences([one]), FIJI, tenths)
    assert rates.rates.sum(axis=0).tolist() == [1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("maximum", [None, 7.5])
def test_a_file_of_csep_is_read_as_it_was_written(maximum: float | None, tmp_path: Path) -> None:
    rates, path = random_rates(maximum=maximum), tmp_path / "rates.dat"
    rates.to_dat(path)
    back = GriddedRates.from_dat(path)
    np.testing.assert_array_equal(back.rates, rates.rates)
    np.testing.assert_array_equal(back.grid.edges, rates.grid.edges)
    np.testing.assert_array_equal(back.magnitudes, BINS)
    assert back.maximum == maximum
    first = path.read_text().splitlines()[0].split("\t")
    assert first[:8] == ["175", "175.5", "-20", "-19.5", "0", "30", "4", "5"]
    assert (float(first[8]), first[9]) == (rates.rates[0, 0], "1")
    last = path.read_text().splitlines()[-1].split("\t")
    assert last[:2] == ["-175.5", "-175"]
    longitudes = np.loadtxt(path)[:, :2]
    assert longitudes.min() == -180.0
    assert longitudes.max() == 180.0
    assert last[6:8] == ["6", "10" if maximum is None else "7.5"]


def test_a_file_of_the_whole_earth_and_one_beyond_180_degrees_are_read_as_they_are(
    tmp_path: Path,
) -> None:
    path = tmp_path / "rates.dat"
    earth = Grid.over(Box(-10.0, 10.0, -180.0, 180.0), 5.0)
    GriddedRates(earth, BINS, np.ones((len(earth), 3))).to_dat(path)
    np.testing.assert_array_equal(GriddedRates.from_dat(path).grid.edges, earth.edges)
    rates = random_rates()
    rates.to_dat(path)
    turned = np.loadtxt(path)
    turned[turned[:, 0] < 0.0, :2] += 360.0  # as older files have it
    np.savetxt(path, turned)
    np.testing.assert_array_equal(GriddedRates.from_dat(path).grid.edges, FIJI.edges)


def test_a_bin_that_begins_at_magnitude_0_begins_at_0(tmp_path: Path) -> None:
    """Sums of steps are 5.6e-17 there, and an event of M 0 would be in the bin below."""
    bins, path = -0.3 + 0.1 * np.arange(5), tmp_path / "rates.dat"
    assert bins[3] > 0.0
    GriddedRates(FIJI, bins, np.ones((len(FIJI), 5))).to_dat(path)
    assert path.read_text().splitlines()[3].split("\t")[6:8] == ["0", "0.1"]


def test_cells_of_a_file_keep_their_order_and_those_with_flag_0_are_left_out(
    tmp_path: Path,
) -> None:
    rates, path = random_rates(), tmp_path / "rates.dat"
    rates.to_dat(path)
    lines = path.read_text().splitlines()
    blocks = [lines[i : i + 3] for i in range(0, len(lines), 3)]
    order = np.random.default_rng(2).permutation(len(blocks)).tolist()
    masked = [line[:-1] + "0" for line in blocks[order[-1]]]
    text = [line for i in order[:-1] for line in blocks[i]] + masked
    path.write_text("\n".join(text))
    back = GriddedRates.from_dat(path)
    np.testing.assert_array_equal(back.rates, rates.rates[order[:-1]])
    np.testing.assert_array_equal(back.grid.centres, FIJI.centres[order[:-1]])


def test_maps_read_cells_as_polygons(tmp_path: Path) -> None:
    rates, path = random_rates(), tmp_path / "rates.geojson"
    rates.to_geojson(path)
    content = json.loads(path.read_text())
    assert content["type"] == "FeatureCollection"
    assert content["magnitudes"] == BINS.tolist()
    assert content["expected"] == pytest.approx(rates.expected)
    assert len(content["features"]) == len(FIJI)
    for i, feature in enumerate(content["features"]):
        (ring,) = feature["geometry"]["coordinates"]
        assert ring[0] == ring[-1]
        x, y = np.array(ring).T
        assert x.min() >= -180.0
        assert x.max() <= 180.0
        twice = np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])
        assert twice / 2.0 == pytest.approx(0.25)  # square degrees, anticlockwise
        middle = (y[:-1].mean(), x[:-1].mean())
        assert FIJI.cell_of([middle]).tolist() == [i]
        properties = feature["properties"]
        assert properties["rates"] == rates.rates[i].tolist()
        assert properties["rate"] == pytest.approx(rates.per_cell[i])
        assert properties["rate_per_km2"] == pytest.approx(rates.per_cell[i] / FIJI.square_km[i])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\t1\n", "\t0\n", "has no cell with flag 1"),
        ("175\t175.5", "lon\t175.5", "is no table of numbers"),
        ("175\t175.5\t", "175.1\t175.6\t", "squares of 0.5 degrees with edges"),
        ("175\t175.5\t", "175\t176\t", "squares of 0.5 degrees"),
        ("-20\t-19.5\t0\t30\t4\t", "-20\t-19.5\t0\t30\t4.5\t", "one for each cell and bin"),
        ("-20\t-19.5\t0\t30\t4\t5\t", "-20\t-19.5\t0\t30\t4\t5\t-", "0 or more"),
    ],
)
def test_a_file_that_is_no_grid_is_refused(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "rates.dat"
    random_rates().to_dat(path)
    text = path.read_text()
    path.write_text(text.replace(old, new, -1 if "1\n" in old else 1))
    with pytest.raises(InputError, match=message) as error:
        GriddedRates.from_dat(path)
    assert str(path) in str(error.value)
    (tmp_path / "short.dat").write_text("1 2 3\n")
    with pytest.raises(InputError, match="has 3 columns: need LON0 LON1"):
        GriddedRates.from_dat(tmp_path / "short.dat")


def test_rates_that_cannot_be_are_refused() -> None:
    rates, drawn = random_rates(), simulated()
    with pytest.raises(InputError, match=r"shape \(200, 2\), expected \(200, 3\)"):
        replace(rates, rates=rates.rates[:, :2])
    with pytest.raises(InputError, match="the rate of cell 0 at magnitude 4 is nan"):
        replace(rates, rates=np.full((200, 3), np.nan))
    with pytest.raises(InputError, match="give lower edges of bins in order"):
        replace(rates, maximum=5.5)
    with pytest.raises(InputError, match=r"`floor` 1 is not in \[0, 1\)"):
        rates.with_floor(1.0)
    with pytest.raises(InputError, match="no event is expected"):
        count_rates(drawn, FIJI, np.array([9.0]), floor=0.1)
    with pytest.raises(InputError, match="no simulated catalog"):
        count_rates([], FIJI, BINS)
    with pytest.raises(InputError, match="simulated events have no places"):
        count_rates(replace(drawn, locations=None), FIJI, BINS)
    nothing = Trajectories.of_sequences([EventSequence([], [], 0.0, 1.0)])
    assert count_rates([drawn, nothing], FIJI, BINS).expected > 0.0


def test_shares_of_magnitudes_are_those_of_the_simulated_events() -> None:
    """Where networks miss small ones, no single law has them; large ones, which are few, do."""
    law = GutenbergRichter(2.5, 1.0, 8.0)
    rng = np.random.default_rng(2)
    drawn = law.sample(200_000, rng)
    seen = drawn[(drawn >= 3.4) | (rng.random(drawn.size) < 0.3)]
    bins = np.arange(2.5, 8.0, 0.1).round(6)
    above = np.cumsum(_shares(law, bins, seen)[::-1])[::-1]
    assert above[0] == pytest.approx(1.0)
    for m in (2.7, 3.0, 3.4, 4.0, 5.0):
        n = (seen >= m - 1e-6).sum()
        assert above[np.abs(bins - m).argmin()] == pytest.approx(n / seen.size)
    six, seven = (above[np.abs(bins - m).argmin()] for m in (6.0, 7.0))
    assert seven / six == pytest.approx(law.share_above(7.0) / law.share_above(6.0))
    assert six == pytest.approx(law.share_above(6.0) * drawn.size / seen.size, rel=0.2)
    few = np.cumsum(_shares(law, bins, seen[:50])[::-1])[::-1]
    assert few == pytest.approx(law.share_above(bins))
