"""Smoothed seismicity in which events count as often as they are background."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories
from catalogs.areas import Box
from catalogs.sequence import FloatArray
from catalogs.sphere import distances
from etas.space import independence
from etas.space.background import SmoothedPlaces
from etas.space.fit import LEAST_SHARE, SpaceFit, fit_places
from etas.space.law import PlaceLaw
from etas.space.model import SpaceTimeETAS
from etas.space.placing import Placer
from etas.space.records import law_from_json, law_to_json
from etas.space.region import Region
from etas.space.triggered import PlaceTerms, TriggeredPlaces

sys.path.insert(0, str(Path(__file__).parents[1] / "experiments"))

from declustered_background import fits, simulated

REGION = Region(Box(-39.1, -38.5, 175.6, 176.3))
PARENTS = TriggeredPlaces(REGION, 2.0, 20.0, 0.5, 0.01, 1.1, 0.6, 0.7, 1.7, eta=0.3, taper=40.0)
LAW = SmoothedPlaces(REGION, 3, 1.0, 2.0, declustering=PARENTS)
MODEL = SpaceTimeETAS(0.8, 0.03, 0.4, 0.01, 1.15, 0.5, 0.5, 1.8, GutenbergRichter(2.0), REGION)
NOTHING = EventSequence([], [], 0.0, 1.0, locations=np.empty((0, 2)))

QUIET, BURST = (-38.65, 175.75), (-38.95, 176.15)


def clusters(n: int, seed: int = 0) -> EventSequence:
    """Events about a few places, in bursts, whose second half is scored."""
    rng = np.random.default_rng(seed)
    times = np.sort(np.where(rng.random(n) < 0.5, rng.uniform(0, 100, n), rng.normal(40, 0.5, n)))
    middle = np.array([-38.8, 175.95]) + rng.choice([-0.1, 0.0, 0.15], (n, 2))
    places = middle + rng.normal(0.0, 0.02, (n, 2))
    return EventSequence(times, 2.0 + rng.exponential(0.5, n), 0.0, 100.0, 50.0, places)


def shares(law: SmoothedPlaces, sequence: EventSequence) -> FloatArray:
    """phi_j, which the law has as gains."""
    return law.sources(sequence)[0].gains


def by_definition(law: SmoothedPlaces, seq: EventSequence) -> FloatArray:
    """The two sums of each event, written out."""
    assert law.declustering is not None
    parents, places = law.declustering, np.asarray(seq.locations)
    points, excess = REGION.positions(places), seq.magnitudes - 2.0
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)

    def ranked(rank: int, least: float) -> FloatArray:
        before = [np.sort(apart[i, :i]) if i else apart[1, :1] for i in range(len(seq))]
        return np.maximum([row[min(rank, row.size) - 1] for row in before], least)

    h = ranked(law.neighbours, law.least_width)
    widths = parents.d * 10.0 ** (parents.gamma * excess)
    widths *= ranked(parents.neighbours, parents.least_width) ** (2.0 * parents.eta)
    masses = REGION.borders(places).parent_masses(h**2, 1.5)[:, 0]
    phi = np.ones(len(seq))
    for i in range(len(seq)):
        r, lags = distances(places[i], places[:i]), seq.times[i] - seq.times[:i]
        smooth = phi[:i] * h[:i] / (2.0 * np.pi) * (r**2 + h[:i] ** 2) ** -1.5
        u = law.uniform_weight / REGION.square_km + smooth.sum()
        u /= law.uniform_weight + phi[:i] @ masses[:i]
        weights = 10.0 ** (parents.alpha * excess[:i]) * (lags + parents.c) ** -parents.p
        weights *= np.exp(-lags / (parents.taper or np.inf))
        kernels = (1.0 + r**2 / widths[:i]) ** -parents.q / widths[:i]
        triggered = (parents.q - 1.0) / np.pi * (weights * kernels).sum()
        phi[i] = parents.mu * u / (parents.mu * u + triggered)
    return phi


@pytest.mark.parametrize("n", [300, 2 * independence.BLOCK + 100])
def test_probabilities_are_those_of_the_definition(n: int) -> None:
    seq = clusters(n)
    expected = by_definition(LAW, seq)
    assert expected[0] == 1.0
    assert 0.05 < expected.mean() < 0.8
    np.testing.assert_allclose(shares(LAW, seq), expected, rtol=1e-9)


@pytest.mark.parametrize(("q", "share"), [(1.5, 0.0), (2.0, 0.2)])
def test_probabilities_of_any_smoothing_are_those_of_the_formula(q: float, share: float) -> None:
    """phi = mu u / (mu u + T), with u of which a share is uniform."""
    n, rng = independence.BLOCK + 90, np.random.default_rng(6)
    places = np.column_stack([rng.uniform(-39.1, -38.5, n), rng.uniform(175.6, 176.3, n)])
    widths, heights = rng.uniform(0.5, 30.0, n), rng.uniform(0.001, 0.1, n)
    masses, triggered = rng.uniform(0.5, 1.0, n), rng.uniform(0.0, 2e-3, n)
    area, weight, mu = REGION.square_km, 3.0, 1.7
    smoothing = independence.Smoothing(
        REGION.positions(places), widths, heights, masses, q, REGION.radius, area, weight, share
    )
    phi = np.ones(n)
    for i in range(n):
        r = distances(places[i], places[:i])
        kernels = heights[:i] * (1.0 + r**2 / widths[:i]) ** -q
        smooth = (weight / area + phi[:i] @ kernels) / (weight + phi[:i] @ masses[:i])
        u = share / area + (1.0 - share) * smooth
        phi[i] = mu * u / (mu * u + triggered[i])
    assert 0.2 < phi.mean() < 0.9
    found = independence.background_probabilities(smoothing, triggered, mu)
    np.testing.assert_allclose(found, phi, rtol=1e-8)


@pytest.mark.parametrize(("n", "error"), [(1_500, 0.0), (2_300, 5e-4)])
def test_probabilities_do_not_depend_on_what_comes(n: int, error: float) -> None:
    """Of more than 2,000 events sums are taken by groups, which later events belong to."""
    seq = clusters(n)
    early = seq.before(float(seq.times[1_100])).scored_from(10.0)
    np.testing.assert_allclose(shares(LAW, early), shares(LAW, seq)[:1_100], atol=error)


def test_laws_are_kept_as_json() -> None:
    both = replace(PARENTS, background=LAW)
    for law in (LAW, both):
        assert law_from_json(json.loads(json.dumps(law_to_json(law)))) == law
    model = replace(MODEL, background=LAW)
    assert SpaceTimeETAS.from_json(json.loads(json.dumps(model.to_json()))) == model
    old = {
        "law": "SmoothedPlaces",
        "area": str(REGION.area),
        "radius": REGION.radius,
        "neighbours": 3,
        "least_width": 1.0,
        "uniform_weight": 2.0,
    }
    assert law_from_json(old) == replace(LAW, declustering=None)
    with pytest.raises(InputError, match="declustering is a SmoothedPlaces, not a TriggeredPlaces"):
        law_from_json(old | {"declustering": old})


def two_clusters() -> EventSequence:
    """Events one by one at a place, and thirty within an hour at another."""
    rng = np.random.default_rng(1)
    times = np.concatenate([np.linspace(1.0, 79.0, 20), 40.0 + 0.001 * np.arange(1, 31)])
    places = np.repeat([QUIET, BURST], [20, 30], axis=0) + rng.normal(0.0, 0.005, (50, 2))
    order = np.argsort(times)
    return EventSequence(times[order], np.full(50, 2.0), 0.0, 80.0, locations=places[order])


def near(places: FloatArray, where: tuple[float, float]) -> np.ndarray:
    """Whether places are within 8 km."""
    return np.asarray(distances(np.array(where), places) < 8.0)


def test_drawn_places_count_events_by_their_probability() -> None:
    """Of the density the masses are summed by cell: of a burst that of about one event is left."""
    history = two_clusters()
    law = SmoothedPlaces(REGION, 3, 1.0, declustering=replace(PARENTS, eta=0.0))
    phi = shares(law, history)
    at = [near(np.asarray(history.locations), where) for where in (QUIET, BURST)]
    assert phi[at[0]].mean() > 0.8
    assert phi[at[1]].mean() < 0.1
    latitude, longitude = np.arange(-39.1, -38.5, 0.0025), np.arange(175.6, 176.3, 0.0025)
    points = np.stack(np.meshgrid(latitude, longitude, indexing="ij"), -1).reshape(-1, 2) + 0.00125
    surface = np.cos(np.radians(points[:, 0])) * (np.radians(0.0025) * REGION.radius) ** 2
    mass = law.density(replace(history, end=81.0), 80.5, points) * surface
    assert mass.sum() == pytest.approx(1.0, abs=0.003)

    n = 20_000
    drawn = Trajectories(
        np.arange(n), np.full(n, 80.5), np.full(n, 2.0), n, 80.0, 81.0, np.empty(0, np.int64)
    )
    model = replace(MODEL, mu=200.0, k=1e-9, background=law)
    next_one = EventSequence(
        np.append(history.times, 80.5),
        np.append(history.magnitudes, 2.0),
        0.0,
        81.0,
        80.0,
        np.append(np.asarray(history.locations), [QUIET], axis=0),
    )
    found = {
        "placed": placed(law.placer(history, 81.0), drawn),
        "triggered": placed(replace(PARENTS, mu=1e9, background=law).placer(history, 81.0), drawn),
        "redrawn": law.redrawn(next_one, n, seed=3)[0],
        "simulated": np.asarray(model.simulate(history, 1.0, 100, seed=4).locations),
    }
    for how, places in found.items():
        for where in (QUIET, BURST):
            share = mass[near(points, where)].sum()
            error = np.sqrt(share * (1.0 - share) / len(places))
            assert near(places, where).mean() == pytest.approx(share, abs=4.0 * error + 1e-3), how


def placed(placer: Placer, drawn: Trajectories) -> FloatArray:
    """Places of simulated events."""
    return np.asarray(placer.place(drawn, seed=2).events.locations)


@pytest.mark.parametrize("law", [LAW, replace(PARENTS, background=LAW)], ids=["smoothed", "both"])
def test_nothing_and_one_event_are_enough(law: PlaceLaw) -> None:
    one = EventSequence([0.5], [2.5], 0.0, 1.0, locations=[QUIET])
    here = np.array([QUIET, BURST])
    even = 1.0 / REGION.square_km
    assert law.log_density(NOTHING).size == 0
    np.testing.assert_allclose(law.density(NOTHING, 1.0, here), even)
    np.testing.assert_allclose(law.log_density(one), np.log(even))
    assert law.density(replace(one, end=2.0), 1.5, here)[0] > 10.0 * even
    smoothed = getattr(law, "background", None) or law
    assert shares(smoothed, NOTHING).size == 0
    np.testing.assert_array_equal(shares(smoothed, one), [1.0])
    model = replace(MODEL, background=smoothed, mu=50.0)
    drawn = model.simulate(NOTHING, 1.0, 4, seed=0)
    assert REGION.contains(np.asarray(drawn.locations)).all()
    later = replace(drawn, locations=None)
    for history in (NOTHING, one):
        assert REGION.contains(placed(law.placer(history, 2.0), later)).all()


def test_in_the_plane_kernels_have_mass_one() -> None:
    seq, law = clusters(200), replace(PARENTS, background=LAW).in_plane()
    plane = law.background
    assert isinstance(plane, SmoothedPlaces)
    assert plane.declustering == PARENTS
    sources, masses = plane.sources(seq)
    np.testing.assert_array_equal(masses, sources.gains)
    at = law.at_events(seq)(np.arange(seq.n_scored), np.asarray(seq.locations)[seq.first_scored :])
    np.testing.assert_allclose(at, law.log_density(seq), rtol=1e-6)


@pytest.fixture(scope="module")
def found() -> dict[str, SpaceFit[SpaceTimeETAS]]:
    """To a catalog over a uniform background, with three backgrounds."""
    return fits(simulated(5))


def test_over_a_declustered_background_mu_c_and_p_come_out_lower(
    found: dict[str, SpaceFit[SpaceTimeETAS]],
) -> None:
    """Less than half as far from those with the background that the catalog has."""
    uniform, smoothed, declustered = (found[name].model for name in found)
    for name in ("mu", "c", "p"):
        known, off, left = (getattr(model, name) for model in (uniform, smoothed, declustered))
        assert off > known, name
        assert abs(left - known) < 0.5 * (off - known), name
    assert smoothed.mu > 1.05 * uniform.mu
    assert all(fit.converged for fit in found.values())


def test_the_first_fit_declusters_the_second(found: dict[str, SpaceFit[SpaceTimeETAS]]) -> None:
    first, second = found["as it is"].model, found["declustered"].model
    plain = first.background
    assert isinstance(plain, SmoothedPlaces)
    assert plain.declustering is None
    assert isinstance(second.background, SmoothedPlaces)
    some = second.background.declustering
    assert some is not None
    assert second.background == replace(plain, declustering=some)
    # The first fit is not polished where another follows
    expected = replace(first.places, background=None)
    assert some.with_parameters(expected.parameters) == expected
    np.testing.assert_allclose(some.parameters, expected.parameters, rtol=1e-2)

    seq, smoothed = clusters(300), replace(LAW, declustering=None)
    law = fit_places(seq, REGION, 2.0, background=smoothed, decluster=False).model
    again = fit_places(seq, REGION, 2.0, background=smoothed)
    assert law.background == smoothed
    # The first fit finds next to no background, by which no event would count
    terms = PlaceTerms.of(seq, law).evaluate(law.parameters)
    least = LEAST_SHARE * (terms.total.mean() - law.mu)
    assert law.mu < 0.1 * least
    background = again.model.background
    assert isinstance(background, SmoothedPlaces)
    assert background.declustering is not None
    assert background.declustering.mu == pytest.approx(least, rel=0.01)
    some = replace(background.declustering, mu=law.mu)
    assert some.with_parameters(law.parameters) == replace(law, background=None)
    np.testing.assert_allclose(some.parameters, law.parameters, rtol=0.02, atol=0.005)
    assert again.converged
    assert again.nats_per_event == pytest.approx(again.model.log_density(seq).mean())
    assert fit_places(seq, REGION, 2.0).model.background is None


def test_without_errors_a_fit_ends_at_the_same_maximum_sooner() -> None:
    seq, smoothed = clusters(300), replace(LAW, declustering=None)
    fit = fit_places(seq, REGION, 2.0, background=smoothed)
    soon = fit_places(seq, REGION, 2.0, background=smoothed, errors=False)
    assert soon.converged
    assert soon.evaluations < fit.evaluations
    assert soon.nats_per_event == pytest.approx(fit.nats_per_event, abs=1e-8)
    np.testing.assert_allclose(soon.model.parameters, fit.model.parameters, rtol=0.01, atol=1e-3)
