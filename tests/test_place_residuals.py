"""Residuals of places: uniform where the law is right, and off where it is wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.stats import chisquare, kstest

from catalogs import EventSequence, GutenbergRichter, InputError, load
from catalogs.areas import Box, parse_area
from catalogs.files import write_json
from catalogs.sequence import FloatArray
from etas.space import (
    SmoothedPlaces,
    SpaceTimeETAS,
    UniformPlaces,
    place_residuals,
)
from etas.space.law import PlaceLaw
from etas.space.records import law_to_json
from etas.space.region import Region
from etas.space.residuals import PlaceResiduals, cell_test, pair_test
from etas.space.thinning import super_thinned, uniform_places
from recast import load_model, residual_report
from recast.cli import main
from recast.plots.maps import residual_map, thinned_map
from recast.plots.place_residuals import pair_ratios
from recast.report.place_words import place_sentence

BOX = Box(-39.1, -38.5, 175.6, 176.3)
REGION = Region(BOX)
TRUTH = SpaceTimeETAS(1.0, 0.03, 0.4, 0.01, 1.15, 0.5, 0.5, 1.8, GutenbergRichter(2.0), REGION)
NOTHING = EventSequence(np.empty(0), np.empty(0), -1.0, 0.0, locations=np.empty((0, 2)))


def simulated(seed: int, days: float = 400.0, truth: SpaceTimeETAS = TRUTH) -> EventSequence:
    """A catalog whose second half is scored."""
    return truth.simulate(NOTHING, days, 1, seed=seed).sequences()[0].scored_from(days / 2.0)


LAWS = {
    "uniform": UniformPlaces(REGION),
    "smoothed": SmoothedPlaces(REGION, 3, 1.0),
    "triggered": replace(TRUTH.places, background=SmoothedPlaces(REGION, 3, 1.0), taper=20.0),
    "adaptive": replace(TRUTH.places, eta=0.6),
    "declustered": SmoothedPlaces(REGION, 3, 1.0, declustering=TRUTH.places),
}


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_densities_elsewhere_are_those_of_the_law(law: PlaceLaw) -> None:
    seq = simulated(0).before(260.0)
    at = law.at_events(seq)
    here = np.asarray(seq.locations)[seq.first_scored :]
    np.testing.assert_allclose(
        at(np.arange(seq.n_scored), here), law.log_density(seq), rtol=1e-6, atol=1e-6
    )
    events, others = np.array([5, 2, 5]), here[[0, 1, 2]]
    time = float(seq.times[seq.first_scored + 5])
    there = np.log(law.density(seq, time, others[[0, 2]]))
    np.testing.assert_allclose(at(events, others)[[0, 2]], there, rtol=1e-6)
    # What a law of another package has without further work
    np.testing.assert_allclose(PlaceLaw.at_events(law, seq)(events, others), at(events, others))


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_redrawn_places_follow_the_density(law: PlaceLaw) -> None:
    seq = simulated(1, 200.0)
    event, n = 40, 3000
    drawn = law.redrawn(seq, n, seed=0)
    assert drawn.shape == (seq.n_scored, n, 2)
    assert REGION.contains(drawn[event]).all()
    # Cells of a hundredth of a degree, on which the density is summed
    latitude = np.arange(BOX.south, BOX.north, 0.0025) + 0.00125
    longitude = np.arange(BOX.west, BOX.east, 0.0025) + 0.00125
    points = np.stack(np.meshgrid(latitude, longitude, indexing="ij"), -1).reshape(-1, 2)
    log_density = law.at_events(seq)(np.full(len(points), event), points)
    surface = np.cos(np.radians(points[:, 0])) * (np.radians(0.0025) * REGION.radius) ** 2
    edges = [BOX.south + 0.15 * np.arange(5), BOX.west + 0.175 * np.arange(5)]
    mass = np.histogram2d(*points.T, edges, weights=np.exp(log_density) * surface)[0].ravel()
    seen = np.histogram2d(*drawn[event].T, edges)[0].ravel()
    assert chisquare(seen, n * mass / mass.sum()).pvalue > 0.001
    np.testing.assert_array_equal(law.redrawn(seq, n, seed=0)[event], drawn[event])


def test_super_thinned_places_of_the_truth_are_uniform_and_do_not_remember() -> None:
    """Each of 4,000: their mean, their quadrants, and those of successive ones."""
    places, kept = [], 0
    for seed in range(12):
        thinned = super_thinned(TRUTH.places, simulated(seed), seed=seed)
        places.append(thinned.locations)
        kept += int(thinned.kept.sum())
    every = np.concatenate(places)
    assert 0.05 * len(every) < kept < 0.95 * len(every)
    assert kstest(_even(every[:, 0]), "uniform").pvalue > 0.001
    assert kstest((every[:, 1] - BOX.west) / (BOX.east - BOX.west), "uniform").pvalue > 0.001
    quadrant = 2 * (_even(every[:, 0]) > 0.5) + (every[:, 1] > 0.5 * (BOX.west + BOX.east))
    assert chisquare(np.bincount(4 * quadrant[1:] + quadrant[:-1], minlength=16)).pvalue > 0.001


def _even(latitudes: FloatArray) -> FloatArray:
    """Share of the box's surface to the south."""
    south, north, here = (np.sin(np.radians(x)) for x in (BOX.south, BOX.north, latitudes))
    return np.asarray((here - south) / (north - south))


def test_some_events_only_can_be_thinned() -> None:
    seq = simulated(3)
    at = TRUTH.places.at_events(seq)
    some = super_thinned(TRUTH.places, seq, seed=0, events=np.array([7, 3]), at=at)
    here = np.asarray(seq.locations)[seq.first_scored :]
    np.testing.assert_allclose(some.log_densities, TRUTH.places.log_density(seq)[[7, 3]])
    np.testing.assert_array_equal(some.locations[some.kept], here[[7, 3]][some.kept])


def test_all_is_kept_where_the_law_is_uniform() -> None:
    seq = simulated(3)
    thinned = super_thinned(UniformPlaces(REGION), seq, seed=0)
    assert thinned.kept.all()
    np.testing.assert_array_equal(thinned.locations, np.asarray(seq.locations)[seq.first_scored :])


@pytest.mark.parametrize(
    ("n", "days"), [(20, 200.0), pytest.param(300, 400.0, marks=pytest.mark.slow)]
)
def test_p_values_of_the_truth_are_uniform(n: int, days: float) -> None:
    """Of 300 catalogs of 400 days, 3 to 6 % of the p-values of each test are below 0.05."""
    found = []
    for seed in range(n):
        r = place_residuals(TRUTH.places, simulated(seed, days), seed=seed).residuals
        found.append([r.pairs.p, r.density.denser_p, r.density.ks_p, r.cells.p])
    for p in np.array(found).T:
        assert kstest(p, "uniform").pvalue > 0.001
        # Four standard errors
        assert np.mean(p < 0.05) < 0.05 + 4.0 * np.sqrt(0.05 * 0.95 / n)


def test_cells_have_what_was_drawn_and_lose_nothing() -> None:
    seq = simulated(5)
    r = place_residuals(TRUTH.places, seq, seed=0).residuals
    cells = r.cells
    assert sum(cells.observed) == seq.n_scored == r.n
    assert sum(cells.expected) == pytest.approx(seq.n_scored)  # residuals add up to nothing
    assert max(cells.expected) < 1.1 * min(cells.expected)
    assert cells.degrees == len(cells.observed) - 1
    edges = np.array(cells.edges)
    surface = ((edges[:, 1] - edges[:, 0]) * (edges[:, 3] - edges[:, 2])).sum()
    assert surface == pytest.approx(0.6 * 0.7)


def test_counts_of_cells_have_the_variance_that_is_said() -> None:
    """Of events that are drawn about one of two places, each from a law of its own."""
    rng = np.random.default_rng(0)
    middle = np.where(rng.random(400) < 0.3, 175.8, 176.1)
    z = []
    for _ in range(60):
        drawn = np.stack(
            [rng.uniform(-39.0, -38.6, (400, 21)), rng.normal(middle[:, None], 0.05, (400, 21))], -1
        )
        found = cell_test(drawn[:, 0], drawn[:, 1:], REGION)
        z.append(found.z)
    assert np.mean(np.square(z)) == pytest.approx(1.0, abs=0.15)


def test_a_background_that_is_wrong_is_found_and_placed() -> None:
    """The truth has its background in the west only."""
    seq = simulated(7, 600.0)
    west = np.asarray(seq.locations)[:, 1] < 175.95
    r = place_residuals(TRUTH.places, seq.where(west), seed=0).residuals
    assert r.pairs.p == pytest.approx(1.0 / 200.0)
    assert r.cells.p < 1e-6
    edges, z = np.array(r.cells.edges), np.array(r.cells.z)
    assert edges[np.argmin(z), 3] > 175.95
    assert "too few events are expected" in place_sentence(r)


@pytest.mark.parametrize(("wider", "says"), [(16.0, "too widely"), (1 / 16, "too close")])
def test_kernels_of_the_wrong_width_are_found(wider: float, says: str) -> None:
    seq = simulated(11)
    law = replace(TRUTH.places, d=wider * TRUTH.d)
    r = place_residuals(law, seq, seed=0).residuals
    assert r.density.denser_p < 1e-4
    assert (r.density.denser > 0.5) == (wider > 1.0)
    assert says in place_sentence(r)


def test_pairs_are_those_within_each_distance() -> None:
    rng = np.random.default_rng(0)
    places = uniform_places(REGION, 300, rng)
    clustered = np.concatenate([places, places[:40] + 1e-4])
    found = pair_test(clustered, REGION, rng)
    assert found.p == pytest.approx(1.0 / 200.0)
    assert found.ratio[0] > 1.0 + found.band[0]
    tree = cKDTree(REGION.positions(clustered))
    pairs = np.array([len(tree.query_pairs(r)) for r in found.distances])
    uniform = 340 * 339 / 2.0 * np.pi * np.array(found.distances) ** 2 / REGION.square_km
    inner = slice(0, 6)  # the border takes little yet
    np.testing.assert_allclose(np.array(found.ratio)[inner], (pairs / uniform)[inner], rtol=0.15)
    assert pair_test(clustered, REGION, rng, least_distance=1.0).distances[0] >= 1.0


def test_a_region_across_180_degrees() -> None:
    region = Region(Box(-20, -18, 179, -179))
    rng = np.random.default_rng(1)
    places = uniform_places(region, 400, rng)
    assert region.contains(places).all()
    assert (np.abs(places[:, 1]) > 179.0).all()
    seq = EventSequence(np.arange(400.0), np.full(400, 3.0), 0.0, 400.0, locations=places)
    found = place_residuals(UniformPlaces(region), seq, seed=0)
    assert found.residuals.cells.p > 0.001
    assert 180.0 < np.array(found.residuals.cells.edges)[:, 3].max() <= 181.0
    axes = residual_map(found.residuals.cells, region.area, "there").axes[0]
    assert axes.get_xlim()[1] > 181.0
    (dots,) = (
        x
        for x in thinned_map(found.thinned, region.area).axes[0].lines
        if x.get_xdata().size == 400
    )
    assert dots.get_xdata().min() >= 179.0


def test_a_polygon_has_cells_up_to_its_border() -> None:
    region = Region(parse_area("33.599,-117.133 33.966,-116.83 33.554,-116.119 33.182,-116.429"))
    places = uniform_places(region, 400, np.random.default_rng(2))
    assert region.contains(places).all()
    seq = EventSequence(np.arange(400.0), np.full(400, 3.0), 0.0, 400.0, locations=places)
    cells = place_residuals(UniformPlaces(region), seq, seed=0).residuals.cells
    assert cells.p > 0.001
    assert sum(cells.observed) == 400
    assert max(cells.expected) < 1.1 * min(cells.expected)
    (drawn,) = residual_map(cells, region.area).axes[0].collections
    assert drawn.get_clip_path() is not None  # what lies outside is not painted
    np.testing.assert_array_equal(drawn.get_array(), cells.z)


def test_wrong_use_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seq = simulated(0)
    with pytest.raises(InputError, match=r"^\d scored events are too few"):
        place_residuals(TRUTH.places, seq.scored_from(float(seq.times[-8])), seed=0)
    write_json(tmp_path / "poisson.json", {"model": "poisson", "rate": 100.0})
    command = ["residuals", "--model", str(tmp_path / "poisson.json"), "--catalog"]
    command += ["ridgecrest_2019", "--out", str(tmp_path)]
    assert main([*command, "--places"]) == 2
    assert "has no law of places" in capsys.readouterr().err
    assert main([*command, "--seed", "1"]) == 2
    assert "--seed is for --places" in capsys.readouterr().err


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    catalog = load("ridgecrest_2019")
    law = SmoothedPlaces(Region(catalog.area), 4, 0.05)
    write_json(tmp_path / "poisson.json", {"model": "poisson", "rate": 100.0})
    write_json(tmp_path / "poisson.places.json", law_to_json(law))
    command = ["residuals", "--model", str(tmp_path / "poisson.json"), "--catalog"]
    command += ["ridgecrest_2019", "--places", "--out", str(tmp_path / "out")]
    assert main(command) == 0
    shown = capsys.readouterr().out
    record = json.loads((tmp_path / "out" / "residuals.json").read_text())
    kept = PlaceResiduals.from_json(record["places"], "residuals.json")
    test = catalog.split().test
    assert kept == place_residuals(law, test, seed=0).residuals
    assert place_sentence(kept) in shown
    model = load_model(tmp_path / "poisson.json").on(catalog)
    assert residual_report(model, catalog, places=True).places == kept
    for name in ("place_residuals", "super_thinned", "super_thinned_pairs"):
        assert (tmp_path / "out" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    line = pair_ratios(kept.pairs).axes[0].lines[-1]
    np.testing.assert_array_equal(line.get_ydata(), kept.pairs.ratio)
