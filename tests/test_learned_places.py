"""The learned law of places: a density, causal, and better than where it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import chisquare

from catalogs import Catalog, CatalogInfo, EventSequence, InputError, SplitDates, load
from catalogs.areas import Box
from catalogs.sphere import distances
from etas.space.law import UniformPlaces
from etas.space.records import law_to_json
from etas.space.region import Region
from etas.space.rounding import least_squares
from etas.space.triggered import TriggeredPlaces
from recast import fit_model, load_model
from recast.forecast.results import ForecastPlaces
from recast.models.kind import Task
from recast.models.places import LEARNED_SUFFIX, SUFFIX, load_places, save_places
from recast.models.registry import model_kind
from recast.places.adaptive import BOUNDS, AdaptiveParents, parent_sums
from recast.places.candidates import RECENT, STRONG
from recast.places.declustering import declustered
from recast.places.files import START, read_law, write_law
from recast.places.fit import QUICK_TRAIN, fit_learned_places
from recast.places.law import LearnedPlaces
from recast.places.memories import (
    ADAPTIVE,
    DECAYS,
    SMOOTHED,
    WIDTHS,
    memories,
    smoothed_log_densities,
)
from recast.places.net import MEMORY_BIAS, N_COMPONENTS, SCALE_BIAS, PlaceNet, State
from recast.places.past import Past
from recast.places.shared import read_shared
from recast.places.targets import SCALES, targets
from recast.places.training import log_densities, stacked_share

BOX = Box(-39.1, -38.5, 175.6, 176.3)
REGION = Region(BOX)
MC = 2.0
ADAPTED = AdaptiveParents(0.05, 0.3, 0.01, 1.0, 0.5, 0.4, 1.6, 0.3, 1.0)
DECLUSTERED = replace(ADAPTED, mu=0.06, declustering=ADAPTED)
MIXTURE = TriggeredPlaces(REGION, MC, 0.5, 0.5, 0.01, 1.1, 0.6, 0.7, 1.7)


def events(n: int = 800, seed: int = 0, end: float = 100.0, box: Box = BOX) -> EventSequence:
    """Events in clusters that come and go, the last two thirds of them scored."""
    low, high = np.array([box.south, box.west]), np.array([box.north, box.east])
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0.0, end, n))
    centres = rng.uniform(low + 0.2 * (high - low), high - 0.2 * (high - low), (12, 2))
    place = centres[(times / end * 11.99).astype(int)] + rng.normal(0.0, 0.01, (n, 2))
    magnitudes = MC + rng.exponential(0.5, n)
    return EventSequence(times, magnitudes, 0.0, end, end / 3.0, place)


@pytest.fixture(scope="module")
def windows() -> tuple[EventSequence, EventSequence, EventSequence]:
    """Train, validation and test."""
    every = events(1200)
    train = every.before(75.0).scored_from(10.0)
    return train, every.before(90.0).scored_from(75.0), every.scored_from(90.0)


@pytest.fixture(scope="module")
def law(windows: tuple[EventSequence, ...], tmp_path_factory: pytest.TempPathFactory) -> object:
    """A law that has been trained for an epoch."""
    train, val, _ = windows
    folder = tmp_path_factory.mktemp("start")
    return fit_learned_places(train, val, REGION, MC, quick=True, folder=folder), folder


def untrained(region: Region = REGION) -> LearnedPlaces:
    """A law whose net is as training finds it."""
    net = PlaceNet(DECLUSTERED, region.square_km)
    return LearnedPlaces(region, MC, DECLUSTERED, net, 0.9, MIXTURE, 0.02)


def disturbed(region: Region = REGION) -> LearnedPlaces:
    """A law whose net says something of everything."""
    found = untrained(region)
    torch.manual_seed(1)
    with torch.no_grad():
        for layer in (found.net.out, found.net.mix, found.net.direct):
            layer.weight.normal_(0.0, 0.05)
    return found


def grid(box: Box, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Centres of a fine grid over a box, and the surface that each stands for."""
    latitude = np.arange(box.south + step / 2, box.north, step)
    longitude = np.arange(box.west + step / 2, box.east, step)
    points = np.stack(np.meshgrid(latitude, longitude, indexing="ij"), -1).reshape(-1, 2)
    surface = np.cos(np.radians(points[:, 0])) * (np.radians(step) * REGION.radius) ** 2
    return points, surface


def test_a_density_integrates_to_one() -> None:
    """Widths of 1 km at least: the grid has 400 m."""
    box = Box(-38.9, -38.65, 175.8, 176.1)
    seq = events(300, box=box)
    points, surface = grid(box, 0.004)
    wide = replace(disturbed(Region(box)), least_width=1.0)
    assert (wide.density(seq, 95.0, points) * surface).sum() == pytest.approx(1.0, abs=0.003)


@pytest.mark.parametrize("i", [60, 299, 799])
def test_the_density_is_that_of_the_score(i: int) -> None:
    found, seq = disturbed(), events().scored_from(0.0)
    assert seq.locations is not None
    here = found.density(seq, float(seq.times[i]), seq.locations[i : i + 1])
    # Single precision in the net
    assert np.log(here[0]) == pytest.approx(found.log_density(seq)[i], abs=2e-4)
    assert found.log_density(seq)[0] == pytest.approx(-np.log(REGION.square_km))
    assert found.density(seq, 0.0, seq.locations[:2]) == pytest.approx(1.0 / REGION.square_km)


def test_the_density_elsewhere_at_the_time_of_an_event() -> None:
    found, seq = disturbed(), events(500).scored_from(0.0)
    assert seq.locations is not None
    at, here = found.at_events(seq), seq.locations
    np.testing.assert_allclose(at(np.arange(500), here), found.log_density(seq), atol=2e-4)
    some = here[[3, 30, 200]]
    density = found.density(seq, float(seq.times[250]), some)
    np.testing.assert_allclose(at(np.full(3, 250), some), np.log(density), atol=2e-4)


def test_redrawn_places_follow_the_density_of_the_net() -> None:
    """Cells of the chi-square test consist of those that the density is summed over."""
    box, n = Box(-38.9, -38.66, 175.8, 176.1), 4000
    seq = events(400, box=box)
    seq = seq.scored_from(float(seq.times[-4]))
    wide = replace(disturbed(Region(box)), least_width=1.0)
    drawn = wide.redrawn(seq, n, seed=0)
    points, surface = grid(box, 0.003)
    log_density = wide.at_events(seq)(np.full(len(points), 2), points)
    edges = [box.south + 0.06 * np.arange(5), box.west + 0.06 * np.arange(6)]
    mass = np.histogram2d(*points.T, edges, weights=np.exp(log_density) * surface)[0].ravel()
    seen = np.histogram2d(*drawn[2].T, edges)[0].ravel()
    assert chisquare(seen, n * mass / mass.sum()).pvalue > 0.001
    np.testing.assert_array_equal(wide.redrawn(seq, n, seed=0), drawn)
    # The first event of all has no past, and may be anywhere
    assert disturbed().redrawn(events(30).scored_from(0.0), 2, seed=0).shape == (30, 2, 2)


def test_later_events_change_nothing() -> None:
    found, seq = disturbed(), events()
    early = found.log_density(seq.before(70.0).scored_from(seq.score_from))
    np.testing.assert_allclose(found.log_density(seq)[: early.size], early, atol=2e-5)


def test_scores_do_not_depend_on_the_window() -> None:
    """Averages over 100 events are started 1,000 events earlier: a share of e^-10 is left."""
    found, seq = disturbed(), events(1800)
    late = found.log_density(seq.scored_from(90.0))
    np.testing.assert_allclose(found.log_density(seq)[-late.size :], late, atol=1e-3)


def test_training_starts_at_the_fitted_mixture() -> None:
    """The first net has the parents of the mixture, but for the small shares it adds."""
    found, seq = untrained(), events()
    past = declustered(Past.of(seq, REGION, MC, found.least_width), ADAPTED)
    ((known, block),) = targets(past, DECLUSTERED, seq.first_scored)
    learned, fitted = log_densities(found.net, known, block).T
    memories = N_COMPONENTS * np.exp(MEMORY_BIAS)
    others = (len(SCALES) - 1) * np.exp(SCALE_BIAS)
    least = -np.log1p(memories) - np.log1p(others)
    upto = np.arange(seq.first_scored, len(seq))
    mu = DECLUSTERED.mu
    sums = parent_sums(past, DECLUSTERED, past.positions[upto], past.times[upto], upto)[:, :, 0]
    triggered = np.log(sums[:, 0]) - np.log(sums[:, 1] + mu)
    assert (learned > triggered + least - 1e-3).all()
    # f_E with its background, by the plain sum over all pairs
    smoothed = np.exp(memories_of(past, upto)[:, SMOOTHED])
    background = 0.98 * smoothed + 0.02 / REGION.square_km
    plain = np.log((sums[:, 0] + mu * background) / (sums[:, 1] + mu))
    np.testing.assert_allclose(fitted, plain, atol=2e-4)
    assert abs(learned.mean() - fitted.mean()) < -least


def memories_of(past: Past, upto: np.ndarray) -> np.ndarray:
    """Memories at the places of some events."""
    return memories(past, past.positions[upto], upto).astype(float)


def test_memories_are_the_plain_sums() -> None:
    seq = events(1300)
    past = Past.of(seq, REGION, MC, 0.02)
    assert seq.locations is not None
    i = 1250
    found = memories_of(past, np.array([i]))[0].reshape(DECAYS.size, -1)
    r2 = distances(seq.locations[i], seq.locations[:i]) ** 2
    for a, w in [(0, 3), (1, 0), (2, len(WIDTHS)), (4, len(WIDTHS) + 1), (4, 7)]:
        fixed = [*WIDTHS, *(times * past.near for times in ADAPTIVE)][w]
        widths = np.maximum(fixed**2, past.least)
        kernel = 1.0 / (np.pi * widths * past.masses(widths, 2.0)[:, 0])
        kernel = kernel[:i] * (1.0 + r2 / widths[:i]) ** -2.0
        faded = np.exp(-(seq.times[i - 1] - seq.times[:i]) / DECAYS[a])
        assert found[a, w] == pytest.approx(np.log((faded @ kernel) / faded.sum()), abs=1e-4)


@pytest.mark.parametrize("n", [400, 1300])
def test_smoothed_seismicity_counts_events_as_they_are_background(n: int) -> None:
    """One event after the other, by plain sums; of more than ``BLOCK`` events, too."""
    seq, law = events(n), replace(ADAPTED, mu=100.0)
    plain = Past.of(seq, REGION, MC, 0.02)
    past = declustered(plain, law)
    assert seq.locations is not None
    assert plain.background is None
    widths = plain.near**2
    peaks = 1.0 / (np.pi * widths * plain.masses(widths, 2.0)[:, 0])
    squared, weights = law.squared_widths(plain), law.weights(plain.excess)
    heights = weights * (law.q - 1.0) / (np.pi * squared)
    counts, smoothed = np.ones(n), np.full(n, 1.0 / REGION.square_km)
    for i in range(n):
        r2 = distances(seq.locations[i], seq.locations[:i]) ** 2
        if i > 0:
            kernels = peaks[:i] * (1.0 + r2 / widths[:i]) ** -2.0
            smoothed[i] = counts[:i] @ kernels / counts[:i].sum()
        decay = (seq.times[i] - seq.times[:i] + law.c) ** -law.p
        triggered = heights[:i] * (1.0 + r2 / squared[:i]) ** -law.q @ decay
        background = law.mu * (0.98 * smoothed[i] + 0.02 / REGION.square_km)
        counts[i] = background / (background + triggered)
    np.testing.assert_allclose(past.counts, counts, rtol=1e-6)
    np.testing.assert_allclose(np.exp(smoothed_log_densities(past)), smoothed, rtol=1e-4)
    upto = np.array([1, 100, n - 1])
    found = np.exp(memories_of(past, upto)[:, SMOOTHED])
    np.testing.assert_allclose(found, smoothed[upto], rtol=1e-4)
    assert counts.std() > 0.05
    # Known of the first events, and not of others
    early = declustered(Past.of(seq.before(50.0), REGION, MC, 0.02), law).counts
    np.testing.assert_array_equal(early, past.counts[: early.size])
    larger = replace(seq, magnitudes=seq.magnitudes + 0.5)
    other = declustered(Past.of(larger, REGION, MC, 0.02), law).counts
    assert not np.allclose(other, counts)


def test_sums_of_parents_have_their_slopes() -> None:
    past = Past.of(events(400), REGION, MC, 0.02)
    upto = np.array([5, 200, 399])
    points, now = past.positions[upto], past.times[upto]

    def sums(x: np.ndarray) -> np.ndarray:
        return parent_sums(past, AdaptiveParents.of(x, 1.0), points, now, upto)

    x, h = ADAPTED.scaled(), 1e-5
    scale = [1.0, ADAPTED.c, 1.0, 1.0, 1.0, ADAPTED.q - 1.0, 1.0]
    for k in range(1, len(BOUNDS)):
        step = np.zeros(len(BOUNDS))
        step[k] = h
        slope = (sums(x + step) - sums(x - step))[:, :, 0] / (2.0 * h)
        found = sums(x)[:, :, k] * scale[k - 1]
        np.testing.assert_allclose(found, slope, rtol=1e-4, atol=1e-7)


def test_candidates_are_the_latest_and_the_strongest() -> None:
    seq = events(1000).scored_from(99.0)
    past = Past.of(seq, REGION, MC, 0.02)
    ((_, block),) = targets(past, ADAPTED, seq.first_scored)
    index = block.index[-1].numpy()
    assert index.size == RECENT + STRONG == np.unique(index).size
    np.testing.assert_array_equal(np.sort(index)[-RECENT:], np.arange(999 - RECENT, 999))
    assert past.excess[index[RECENT:]].mean() > past.excess.mean() + 0.3


@pytest.mark.parametrize("step", [0.01, 1 / 60, 0.001])
def test_rounding_is_found_and_clusters_are_not_taken_for_it(step: float) -> None:
    rng = np.random.default_rng(0)
    rounded = np.round(rng.uniform([-39.1, 175.6], [-38.5, 176.3], (600, 2)) / step) * step + 2e-5
    side = np.radians(step) * REGION.radius
    cell = side**2 * np.cos(np.radians(rounded[:, 0])) / np.pi
    np.testing.assert_allclose(least_squares(rounded, REGION.radius, 1e-4), cell)
    centres = np.array([[-38.9, 175.7], [-38.7, 175.9]])
    clusters = centres[rng.integers(2, size=600)] + rng.normal(0.0, 0.004, (600, 2))
    found = least_squares(clusters, REGION.radius, 0.02)
    np.testing.assert_allclose(found, 0.02**2)


def test_training_improves_on_the_net_it_starts_from(
    law: tuple[LearnedPlaces, Path], windows: tuple[EventSequence, ...]
) -> None:
    """And the two together are no worse than the mixture where their shares are chosen."""
    found, (train, val, test) = law[0], windows
    trained, mixture = replace(found, share=1.0 - 1e-6), replace(found, share=1e-6)
    start = replace(trained, net=PlaceNet(found.adaptive, REGION.square_km))
    assert trained.log_density(train).mean() > start.log_density(train).mean()
    assert found.log_density(val).mean() >= mixture.log_density(val).mean()
    assert np.isfinite(found.log_density(test)).all()
    assert 0.0 < found.share < 1.0


def test_the_same_seed_gives_the_same_law(
    law: tuple[LearnedPlaces, Path], windows: tuple[EventSequence, ...]
) -> None:
    """What the first fit has left is used again; damaged, it is made again."""
    (found, folder), (train, val, test) = law, windows
    state = torch.get_rng_state()
    for damage in (False, True):
        if damage:
            (folder / START).write_bytes(b"no file of torch")
        again = fit_learned_places(train, val, REGION, MC, quick=True, folder=folder)
        np.testing.assert_array_equal(again.log_density(test), found.log_density(test))
    assert torch.equal(state, torch.get_rng_state())
    other = fit_learned_places(train, val, REGION, MC, quick=True, folder=folder, seed=1)
    assert not np.array_equal(other.log_density(test), found.log_density(test))


def test_a_saved_law_scores_the_same(
    law: tuple[LearnedPlaces, Path], windows: tuple[EventSequence, ...], tmp_path: Path
) -> None:
    found, test = law[0], windows[2]
    model = tmp_path / "best.ckpt"
    save_places(model, MIXTURE)
    save_places(model, found)
    again = load_places(model)
    assert isinstance(again, LearnedPlaces)
    np.testing.assert_array_equal(again.log_density(test), found.log_density(test))
    assert again.mixture == found.mixture
    assert not model.with_suffix(SUFFIX).exists()
    save_places(model, MIXTURE)
    assert load_places(model) == MIXTURE
    assert not model.with_suffix(LEARNED_SUFFIX).exists()


def test_a_damaged_file_is_named(law: tuple[LearnedPlaces, Path], tmp_path: Path) -> None:
    path = tmp_path / "best.places.pt"
    write_law(path, law[0])
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"best\.places\.pt cannot be read"):
        read_law(path)
    torch.save({"state_dict": {}}, path)
    with pytest.raises(InputError, match=r"best\.places\.pt cannot be read"):
        read_law(path)


def test_places_are_drawn_from_the_mixture(law: tuple[LearnedPlaces, Path]) -> None:
    found = law[0]
    assert found.drawn is found.mixture
    assert found.parents.mu == found.mixture.mu
    history = events(60).before(70.0)
    assert found.sites(history).uniform == found.mixture.sites(history).uniform
    assert found.reference == UniformPlaces(REGION)
    plane = found.in_plane()
    assert plane.region.whole_plane
    assert plane.mixture.region.whole_plane


def test_a_fit_for_the_plane_has_most_likelihood_there() -> None:
    """Of the mixture, on the events that it is fitted to; the border cuts through clusters."""
    box = Box(-38.90, -38.85, 175.80, 175.86)
    region = Region(box)
    every = events(2200, box=box)
    assert every.locations is not None
    every = every.where(box.contains(*every.locations.T))
    train, val = every.before(80.0).scored_from(10.0), every.before(90.0).scored_from(80.0)
    there, here = (
        fit_learned_places(train, val, region, MC, quick=True, plane=plane)
        for plane in (True, False)
    )
    assert there.region == region
    fitted = train.scored_from(float(train.times[len(train) - QUICK_TRAIN]))
    for plane, better, worse in [(True, there, here), (False, here, there)]:
        scored = replace(region, whole_plane=plane)
        more, less = (
            replace(each, region=scored, share=1e-6).log_density(fitted).mean()
            for each in (better, worse)
        )
        assert more > less + 0.01


def test_mistakes_are_named(windows: tuple[EventSequence, ...]) -> None:
    train, val, _ = windows
    with pytest.raises(InputError, match="too few to learn places from, which needs 500"):
        fit_learned_places(train.scored_from(70.0), val, REGION, MC)
    with pytest.raises(InputError, match="least_width = 0.0 km must be positive"):
        fit_learned_places(train, val, REGION, MC, least_width=0.0)
    with pytest.raises(InputError, match="lies outside the region"):
        untrained(Region(Box(10, 11, 10, 11))).log_density(val)
    with pytest.raises(InputError, match="no locations"):
        untrained().log_density(replace(val, locations=None))


def test_the_share_is_that_of_most_likelihood() -> None:
    """Of draws from a known mixture of two densities."""
    rng = np.random.default_rng(0)
    n = 20_000
    x = np.where(rng.random(n) < 0.3, rng.normal(0.0, 1.0, n), rng.normal(2.0, 1.0, n))
    log_densities = -0.5 * (x[:, None] - [0.0, 2.0]) ** 2
    assert stacked_share(log_densities) == pytest.approx(0.3, abs=0.02)


def a_catalog() -> Catalog:
    """The same events as a catalog."""
    seq, splits = events(1200), SplitDates(5.0, 70.0, 85.0, 100.0)
    assert seq.locations is not None
    latitude, longitude = seq.locations.T
    table = pd.DataFrame(
        {
            "time": seq.times,
            "latitude": latitude,
            "longitude": longitude,
            "magnitude": seq.magnitudes,
        }
    )
    unit = "days since start"
    info = CatalogInfo("made", 0.0, 100.0, splits, MC, time_unit=unit, has_locations=True)
    return Catalog(table, info)


def test_a_net_that_is_fitted_with_places_learns_them(tmp_path: Path) -> None:
    catalog = a_catalog()
    fitted = fit_model("recast-native", catalog, tmp_path, quick=True, places=True)
    assert isinstance(fitted.places, LearnedPlaces)
    test = catalog.split().test
    saved = load_model(tmp_path / "recast-native" / "seed0" / "best.ckpt").on(catalog)
    assert isinstance(saved.places, LearnedPlaces)
    np.testing.assert_array_equal(saved.places.log_density(test), fitted.places.log_density(test))


def test_zero_shot_places_come_from_the_shipped_net(tmp_path: Path) -> None:
    catalog = a_catalog()
    task = Task(catalog, tmp_path, quick=True, places=True, allow_leak=True)
    found = model_kind("recast-zero-shot").fit_places(task)
    assert isinstance(found, LearnedPlaces)
    weights, seen = read_shared()
    assert all((found.net.state_dict()[name] == weights[name]).all() for name in weights)
    assert {extent.until for extent in seen.values()} == {"2010-01-01", "2012-01-01", "2014-01-01"}
    assert np.isfinite(found.log_density(catalog.split().test)).all()


@pytest.mark.parametrize(
    ("kind", "starts"), [("recast", True), ("recast-few-shot", True), ("recast-native", False)]
)
def test_nets_start_from_the_shipped_net_of_places(
    kind: str, starts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not `recast-native`, which knows the catalog alone, nor where it has seen the test window."""
    given: list[object] = []
    monkeypatch.setattr(
        "recast.places.fit.fit_learned_places", lambda *_, **told: given.append(told["weights"])
    )
    weights, _ = read_shared()
    catalog, fit_places = a_catalog(), model_kind(kind).fit_places
    for why in ("", "was trained on the same years"):
        monkeypatch.setattr("recast.models.places.may_have_seen", lambda *_, told=why: told)
        fit_places(Task(catalog, tmp_path))
    fit_places(Task(catalog, tmp_path, allow_leak=True))
    used = [one is not None and set(cast("State", one)) == set(weights) for one in given]
    assert used == [starts, False, starts]


@pytest.mark.parametrize("kind", ["recast", "recast-zero-shot"])
def test_few_events_are_placed_as_etas_has_them(kind: str, tmp_path: Path) -> None:
    """The catalog has 309 in its train window."""
    task = Task(load("ridgecrest_2019"), tmp_path, quick=True, places=True)
    assert isinstance(model_kind(kind).fit_places(task), TriggeredPlaces)


def test_a_forecast_says_what_places_are_drawn_from(law: tuple[LearnedPlaces, Path]) -> None:
    about = law_to_json(law[0].drawn)
    drawn = ForecastPlaces(about, 0.1, 1.0, (0.0, 0.0), [], scored="LearnedPlaces")
    assert "places are drawn as ETAS has them" in drawn.note()
    assert "drawn" not in replace(drawn, scored=None).note()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("salton_sea_10", -2.0), ("white_06", -4.02)])
def test_scores_of_real_catalogs(
    real_catalog: Callable[[str], Catalog], name: str, least: float
) -> None:
    """Test scores of which the benchmark's ETAS has -2.196 and -4.175 on the same places."""
    from etas.space.earthquakenpp import SETS

    catalog = real_catalog(name)
    split, region = catalog.split(), Region(SETS[name].area)
    completeness = catalog.magnitude_law().completeness
    found = fit_learned_places(split.train, split.val, region, completeness)
    assert found.log_density(split.test).mean() > least
