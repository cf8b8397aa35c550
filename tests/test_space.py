"""Laws of places: densities over a region, their likelihoods, and the space-time ETAS model."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from catalogs import Catalog, EventSequence, GutenbergRichter, InputError, Trajectories
from catalogs.areas import Box, parse_area
from catalogs.grid import Grid
from catalogs.sequence import FloatArray
from catalogs.sphere import distances, outline, square_kilometres
from etas.kernel import Quadrature, omori_integral
from etas.model import ETAS
from etas.space.background import SmoothedPlaces
from etas.space.earthquakenpp import scores
from etas.space.excitation import excitations
from etas.space.fit import fit_places, fit_space_time
from etas.space.law import PlaceLaw, UniformPlaces
from etas.space.likelihood import SpaceTimeLikelihood
from etas.space.model import SpaceTimeETAS
from etas.space.neighbours import neighbour_distances
from etas.space.pairs import Kernel, Sources, pair_sums
from etas.space.placing import Flat, Placed, Sites
from etas.space.rates import CellSums, spread
from etas.space.records import law_from_json, law_to_json
from etas.space.region import Region
from etas.space.triggered import PlaceLikelihood, PlaceTerms, TriggeredPlaces

BOX = Box(-39.1, -38.5, 175.6, 176.3)
REGION = Region(BOX)
POLYGON = parse_area("33.599,-117.133 33.966,-116.83 33.554,-116.119 33.182,-116.429")
LAW = TriggeredPlaces(REGION, 2.0, 0.5, 0.5, 0.01, 1.1, 0.6, 0.7, 1.7)
DECLUSTERED = SmoothedPlaces(REGION, 3, 1.0, declustering=LAW)
MODEL = SpaceTimeETAS(0.8, 0.03, 0.4, 0.01, 1.15, 0.5, 0.5, 1.8, GutenbergRichter(2.0), REGION)


def events(n: int, seed: int = 0, box: Box = BOX) -> EventSequence:
    """Events in clusters, whose second half is scored."""
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0.0, 100.0, n))
    middle = np.array([0.5 * (box.south + box.north), 0.5 * (box.west + box.east)])
    places = middle + rng.choice([-0.1, 0.0, 0.15], (n, 2)) + rng.normal(0.0, 0.02, (n, 2))
    magnitudes = 2.0 + rng.exponential(0.5, n)
    return EventSequence(times, magnitudes, 0.0, 100.0, 50.0, places)


def cells(box: Box, step: float) -> tuple[np.ndarray, np.ndarray]:
    """Centres of a fine grid over a box, and the surface that each stands for."""
    latitude = np.arange(box.south + step / 2, box.north, step)
    longitude = np.arange(box.west + step / 2, box.east, step)
    points = np.stack(np.meshgrid(latitude, longitude, indexing="ij"), -1).reshape(-1, 2)
    surface = np.cos(np.radians(points[:, 0])) * (np.radians(step) * REGION.radius) ** 2
    return points, surface


def test_a_cap_of_the_sphere_and_a_triangle_have_their_surface() -> None:
    north = Box(0, 90, -180, 180)
    assert square_kilometres(north, 1.0) == pytest.approx(2 * np.pi)
    small = parse_area("0,0 0,0.001 0.001,0")
    assert square_kilometres(small, 1.0) == pytest.approx(0.5 * np.radians(0.001) ** 2, rel=1e-6)


def test_points_along_a_border_are_no_further_apart_than_asked() -> None:
    for text in ("0,0 60,60 60,0", "-39.1/-38.5/175.6/176.3"):
        points = outline(parse_area(text), 50.0)
        assert distances(points[1:], points[:-1]).max() <= 50.0 + 1e-6
        np.testing.assert_array_equal(points[0], points[-1])


@pytest.mark.parametrize(
    ("area", "place"),
    [
        (BOX, (-38.8, 176.0)),
        (BOX, (-38.5001, 175.61)),  # eleven metres from the border
        (POLYGON, (33.6, -116.6)),
        (Box(-20, -18, 179, -179), (-19.0, -179.95)),  # across 180 degrees
        (Box(32, 42, -125, -114), (41.97, -119.5)),  # no great circle runs along a parallel
    ],
)
def test_the_mass_of_a_kernel_inside_a_region(area: object, place: tuple[float, float]) -> None:
    region = Region(area)  # type: ignore[arg-type]
    borders = region.borders(np.array([place]))
    q, width = 1.6, np.array([30.0])
    rng = np.random.default_rng(0)
    r = np.sqrt(width * np.expm1(np.log(rng.random(200_000)) / (1 - q)))
    bearing = rng.uniform(0, 2 * np.pi, r.size)
    latitude = place[0] + np.degrees(r * np.cos(bearing) / region.radius)
    stretch = region.radius * np.cos(np.radians(0.5 * (latitude + place[0])))
    longitude = place[1] + np.degrees(r * np.sin(bearing) / stretch)
    inside = region.area.contains(latitude, (longitude + 180) % 360 - 180).mean()
    assert borders.parent_masses(width, q)[0, 0] == pytest.approx(inside, abs=0.005)


@pytest.mark.parametrize(
    "box",
    [
        Box(-90, 90, -180, 180),  # all of the Earth
        Box(-60, 60, -180, 180),  # all around
        Box(-80, 85, -170, 175),  # with the other end of the Earth inside, and a border
        Box(-90, -30, -180, 180),
    ],
)
def test_kernels_in_regions_of_half_the_earth_and_more(box: Box) -> None:
    """Places at even steps of F and of the golden angle about each event, counted inside."""
    region, n, q, width = Region(box), 100_000, 1.5, 1e6
    places = np.array([(-45.0, 0.0), (-58.0, 120.0), (-31.0, -75.3)])
    u, bearing = (np.arange(n) + 0.5) / n, 2.0 * np.pi * (np.arange(n) * 0.6180339887498949)
    angle = np.minimum(np.sqrt(width * np.expm1(np.log(u) / (1.0 - q))) / region.radius, np.pi)
    found = region.borders(places).parent_masses(np.full(len(places), width), q)[:, 0]
    for (y, x), mass in zip(np.radians(places), found, strict=True):
        sine = np.sin(y) * np.cos(angle) + np.cos(y) * np.sin(angle) * np.cos(bearing)
        aside = np.sin(bearing) * np.sin(angle) * np.cos(y)
        there = x + np.arctan2(aside, np.cos(angle) - np.sin(y) * sine)
        latitude = np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0)))
        assert mass == pytest.approx(box.contains(latitude, np.degrees(there)).mean(), abs=5e-4)


def test_numbers_on_all_of_the_earth_are_those_that_are_simulated() -> None:
    world = replace(MODEL, region=Region(Box(-90, 90, -180, 180)), c=0.1)
    history = EventSequence(
        [1.0, 4.0], [5.0, 6.0], 0.0, 5.0, locations=[(-38.8, 175.9), (58.5, -20.0)]
    )
    drawn = world.simulate(history, 5.0, 200, seed=0).sequences()
    expected = [world.compensator(history.followed_by(one), [10.0])[0] for one in drawn]
    surplus = np.array([len(one) for one in drawn]) - expected  # a martingale
    assert np.mean(expected) > 5.0
    assert abs(surplus.mean()) < 3.0 * np.sqrt(np.mean(expected) / len(drawn))


def test_a_region_that_holds_antipodes_holds_the_kernels_about_its_events() -> None:
    q, width = 1.5, 400.0
    places = np.array([(0.0, 0.0), (-20.0, 180.0), (-20.0, -180.0), (52.0, 179.999), (89.9, 5.0)])
    whole = Region(Box(-90, 90, -180, 180)).borders(places)
    masses = whole.parent_masses(np.full(5, width), q)[:, 0]
    np.testing.assert_allclose(masses, 1.0, rtol=1e-5)
    most = Region(Box(-80, 85, -100, 140))  # the antipodes of two places are inside
    places = np.array([(0.0, 0.0), (-20.0, 180.0), (-20.0, 100.0), (-85.0, 0.0)])
    masses = most.borders(places).parent_masses(np.full(4, 1e-4), q)[:, 0]
    np.testing.assert_allclose(masses, [1.0, 0.0, 1.0, 0.0], atol=1e-4)
    cap = Region(Box(-90, -60, -180, 180)).borders(np.array([(-75.0, 180.0), (75.0, 0.0)]))
    np.testing.assert_allclose(cap.parent_masses(np.full(2, 1e-4), q)[:, 0], [1, 0], atol=1e-5)


@pytest.mark.parametrize("q", [1.3, 1.7, 2.5])
def test_parents_wider_than_the_region_weigh_what_of_them_lies_inside(q: float) -> None:
    places = np.array([(-38.8, 176.0), (-38.51, 175.62), (-38.8, 176.29)])
    flat = Flat.of(REGION, q)
    widths = flat.beyond * np.array([1.01, 3.0, 10.0])
    gains, infinite = flat.spread(np.full(3, 2.0), widths)
    masses = REGION.borders(places).parent_masses(widths, q)[:, 0]
    np.testing.assert_allclose(gains, 2.0 * masses, rtol=0.02)
    assert np.isinf(infinite).all()
    usual = np.array([1.0, 0.99 * flat.beyond])
    for given, same in zip((np.ones(2), usual), flat.spread(np.ones(2), usual), strict=True):
        np.testing.assert_array_equal(given, same)


def test_background_is_drawn_about_events_and_at_random_by_their_weights() -> None:
    """Uniform 6 against 1 and 3 events: six of ten at random, one of four about the first."""
    sites = Sites.about(np.array([2.0, 5.0]), np.array([1.0, 3.0]), 6.0, 1.5)
    assert (sites.uniform, sites.even) == (0.6, pytest.approx(6.0))
    assert sites.shares.tolist() == [0.25, 0.75]
    assert Sites.about(np.empty(0), np.empty(0), 6.0, 1.5).uniform == 1.0
    # Two epicentres in a corner: of the places of background only the uniform ones are elsewhere
    corner = EventSequence([1.0, 2.0], [2.0] * 2, 0.0, 9.0, locations=[(-39.09, 175.61)] * 2)
    law = SmoothedPlaces(REGION, 1, 0.1, 2.0)
    n = 4_000
    one = Trajectories(
        np.arange(n), np.full(n, 9.5), np.full(n, 2.5), n, 9.0, 10.0, np.empty(0, np.int64)
    )
    drawn = np.asarray(law.placer(corner, 10.0).place(one, seed=4).events.locations)
    away = distances((-39.09, 175.61), drawn) > 10.0
    # Their shares are those of weights inside the region, where nearly all of the kernels is
    share = law.density(corner, 9.5, np.array([(-38.6, 176.2)]))[0] * REGION.square_km
    assert 0.5 < share < 0.53
    assert away.mean() == pytest.approx(share, abs=0.05)


def test_smoothed_densities_have_great_circles_at_any_time() -> None:
    """Those of a time agree with those of an event thousands of kilometres away."""
    wide = SmoothedPlaces(Region(Box(18, 54, 73, 135)), 1, 300.0, 1e-9)
    known = EventSequence(
        [1.0, 2.0, 3.0], [2.0] * 3, 0.0, 9.0, locations=[(30, 75), (31, 76), (40, 95)]
    )
    at_time = wide.density(known, 3.0, np.array([(40.0, 95.0)]))
    np.testing.assert_allclose(np.log(at_time), wide.log_density(known)[2:], atol=1e-5)


def test_masses_are_exact_in_their_slopes_and_for_any_kernel() -> None:
    places = events(20).locations
    assert places is not None
    borders, widths = REGION.borders(places), np.full(20, 3.0)
    mass = borders.parent_masses(widths, 1.7)
    h = 1e-5
    up, down = (borders.parent_masses(widths * np.exp(x), 1.7)[:, 0] for x in (h, -h))
    np.testing.assert_allclose(mass[:, 1], (up - down) / (2 * h), rtol=1e-4, atol=1e-9)
    up, down = (borders.parent_masses(widths, 1.7 + x)[:, 0] for x in (h, -h))
    np.testing.assert_allclose(mass[:, 2], (up - down) / (2 * h), rtol=1e-4, atol=1e-9)
    any_kernel = borders.mass(lambda r: 1.0 - (1.0 + r**2 / 3.0) ** -0.7)
    np.testing.assert_allclose(any_kernel, mass[:, 0], rtol=1e-5)
    whole = replace(REGION, whole_plane=True).borders(places).parent_masses(widths, 1.7)
    np.testing.assert_array_equal(whole, [[1.0, 0.0, 0.0]] * 20)


def test_places_that_rounding_put_across_the_border_are_inside() -> None:
    """To three decimals of a degree."""
    for away, inside in ((0.0009, True), (0.0011, False)):
        places = [
            (-38.5 + away, 176.0),
            (-39.1 - away, 176.0),
            (-38.8, 176.3 + away),
            (-38.8, 175.6 - away),
        ]
        assert REGION.contains(np.array(places)).tolist() == [inside] * 4


@pytest.mark.parametrize("least", [0.2, 3.0])
def test_epicentres_that_repeat_have_kernels_of_the_least_width(least: float) -> None:
    """Of K(0) = 1 / (2 pi h^2), and what the uniform share adds."""
    places = np.tile([-38.8, 176.0], (4, 1))
    law = SmoothedPlaces(REGION, 2, least, 1.0)
    known = EventSequence(np.arange(4.0), np.full(4, 2.0), 0.0, 5.0, locations=places)
    mass = REGION.borders(places).parent_masses(np.full(4, least**2), 1.5)[:, 0]
    wanted = 1.0 / REGION.square_km + 4.0 / (2.0 * np.pi * least**2)
    found = law.density(known, 4.5, places[:1])
    assert found[0] == pytest.approx(wanted / (1.0 + mass.sum()), rel=1e-9)


@pytest.mark.parametrize(
    ("law", "k", "least", "uniform"),
    [(SmoothedPlaces(REGION), 8, 0.2, 1.0), (SmoothedPlaces(REGION, 3, 1.0, 2.0), 3, 1.0, 2.0)],
)
def test_kernels_are_as_wide_as_the_way_to_the_kth_nearest_of_earlier_events(
    law: SmoothedPlaces, k: int, least: float, uniform: float
) -> None:
    known, place = events(40), np.array([(-38.7, 176.1)])
    assert known.locations is not None
    points, (point,) = REGION.positions(known.locations), REGION.positions(place)
    apart = [np.sort(np.linalg.norm(points[:j] - points[j], axis=1)) for j in range(1, 40)]
    ways = [near[min(k, near.size) - 1] for near in apart]
    h2 = np.maximum([ways[0], *ways], least) ** 2  # the first has that of the second
    chord = np.linalg.norm(points - point, axis=1)
    r2 = (2.0 * REGION.radius * np.arcsin(chord / (2.0 * REGION.radius))) ** 2
    kernels = np.sqrt(h2) / (2.0 * np.pi) * (r2 + h2) ** -1.5
    masses = REGION.borders(known.locations).parent_masses(h2, 1.5)[:, 0]
    wanted = (uniform / REGION.square_km + kernels.sum()) / (uniform + masses.sum())
    found = law.density(known, known.end, place)
    assert found[0] == pytest.approx(wanted, rel=1e-9)


def test_in_the_plane_the_kernels_of_a_background_are_not_normalised_either() -> None:
    known, background = events(40), SmoothedPlaces(REGION, 3, 5.0)
    assert known.locations is not None
    law = replace(LAW, background=background, mu=1e9)  # all that comes is background
    places = known.locations[:5]
    plane = law.in_plane().density(known, 90.0, places)
    np.testing.assert_allclose(plane, background.in_plane().density(known, 90.0, places))
    assert (plane < 0.99 * law.density(known, 90.0, places)).all()


def test_a_hole_is_drawn_with_two_ways_apart() -> None:
    """On one line there and back it would be a border that touches itself, which is refused."""
    outer, hole = "32,-122 32,-114 37,-114 37,-122", "36,-120 36,-117 34,-117 34,-120"
    with pytest.raises(InputError, match="between 32,-122 and 34,-120, as to a hole: set the two"):
        Region(parse_area(f"{outer} 32,-122 34,-120 {hole}"))
    region = Region(parse_area(f"{outer} 32.001,-122 34.001,-120 {hole}"))
    ring = square_kilometres(Box(32, 37, -122, -114)) - square_kilometres(Box(34, 36, -120, -117))
    assert region.square_km == pytest.approx(ring, rel=1e-4)
    places = np.array([(35.0, -118.5), (33.0, -118.5)])
    assert region.contains(places).tolist() == [False, True]
    assert region.borders(places).shares.sum(axis=1) == pytest.approx([0.0, 1.0], abs=1e-3)


def test_impossible_regions_and_places_outside_are_named() -> None:
    with pytest.raises(InputError, match="crosses itself"):
        Region(parse_area("0,0 1,1 1,0 0,2"))
    inside = events(5)
    without = replace(inside, locations=None)
    with pytest.raises(InputError, match="no locations"):
        UniformPlaces(REGION).log_density(without)
    with pytest.raises(InputError, match="lies outside the region"):
        UniformPlaces(Region(Box(10, 11, 10, 11))).log_density(inside)


def test_pair_sums_are_the_double_sum_and_its_derivatives() -> None:
    seq, kernel = events(60), Kernel(0.02, 1.2, 1.6, REGION.radius, 0.01)
    assert seq.locations is not None
    excess = seq.magnitudes - 2.0
    points = REGION.positions(seq.locations)

    def sums(alpha: float = 0.6, d: float = 0.7, gamma: float = 0.5, **changed: float) -> object:
        gains, widths = 10 ** (alpha * excess), d * 10 ** (gamma * excess)
        slope = np.log(10.0) * excess
        sources = Sources(seq.times, points, gains, gains * slope, widths, slope)
        return pair_sums(sources, replace(kernel, **changed), 10)

    found = np.asarray(sums())
    i = 40
    lags = seq.times[i] - seq.times[:i]
    r = distances(seq.locations[i], seq.locations[:i])
    w = 0.7 * 10 ** (0.5 * excess[:i])
    terms = 10 ** (0.6 * excess[:i]) * (lags + 0.02) ** -1.2 * np.exp(-0.01 * lags)
    expected = (terms * 0.6 / (np.pi * w) * (1 + r**2 / w) ** -1.6).sum()
    assert found[i - 10, 0] == pytest.approx(expected, rel=1e-6)
    h = 1e-6
    moves = [
        ({"alpha": 0.6 + h}, {"alpha": 0.6 - h}),
        ({"c": 0.02 + h}, {"c": 0.02 - h}),
        ({"p": 1.2 + h}, {"p": 1.2 - h}),
        ({"d": 0.7 * np.exp(h)}, {"d": 0.7 * np.exp(-h)}),
        ({"gamma": 0.5 + h}, {"gamma": 0.5 - h}),
        ({"q": 1.6 + h}, {"q": 1.6 - h}),
    ]
    for column, (up, down) in enumerate(moves, start=1):
        slope = (np.asarray(sums(**up))[:, 0] - np.asarray(sums(**down))[:, 0]) / (2 * h)
        np.testing.assert_allclose(found[:, column], slope, rtol=1e-5, atol=1e-8)


def test_excitations_are_the_double_sum() -> None:
    times = np.sort(np.random.default_rng(1).uniform(0, 10, 30))
    gains = np.random.default_rng(2).random((30, 2))
    quadrature = Quadrature.for_range(10.0, 0.05, p_max=1.3)
    found = excitations(times, gains, quadrature, 0.05, 1.3, 0.1)
    lags = times[20] - times[:20]
    law = (lags + 0.05) ** -1.3 * np.exp(-0.1 * lags)
    np.testing.assert_allclose(found[20, :2], law @ gains[:20], rtol=1e-7)
    by_c = -1.3 * law / (lags + 0.05)
    np.testing.assert_allclose(found[20, 2], by_c @ gains[:20, 0], rtol=1e-7)
    by_p = -law * np.log(lags + 0.05)
    np.testing.assert_allclose(found[20, 3], by_p @ gains[:20, 0], rtol=1e-7)


@pytest.mark.parametrize(
    "law",
    [
        UniformPlaces(REGION),
        SmoothedPlaces(REGION, 3, 1.0),
        LAW,
        replace(LAW, background=SmoothedPlaces(REGION, 3, 1.0), taper=20.0),
        replace(LAW, eta=0.6),
        DECLUSTERED,
        replace(LAW, background=DECLUSTERED),
    ],
    ids=["uniform", "smoothed", "triggered", "both", "adaptive", "declustered", "over declustered"],
)
def test_a_density_integrates_to_one_and_is_that_of_the_score(law: PlaceLaw) -> None:
    seq = events(80)
    assert seq.locations is not None
    points, surface = cells(BOX, 0.0025)
    density = law.density(seq, 77.0, points)
    assert (density * surface).sum() == pytest.approx(1.0, abs=0.002)
    i = len(seq) - 3
    here = law.density(seq, float(seq.times[i]), seq.locations[i : i + 1])
    np.testing.assert_allclose(
        law.log_density(seq)[i - seq.first_scored], np.log(here[0]), rtol=1e-6
    )


@pytest.mark.parametrize(
    "law",
    [SmoothedPlaces(REGION, 3, 1.0), LAW, DECLUSTERED],
    ids=["smoothed", "triggered", "declustered"],
)
def test_later_events_change_nothing(law: PlaceLaw) -> None:
    seq = events(80)
    early = law.log_density(seq.before(80.0).scored_from(50.0))
    np.testing.assert_allclose(law.log_density(seq)[: early.size], early, rtol=1e-9)


@pytest.mark.parametrize("n", [40, 400])
def test_neighbours_are_earlier_ones(n: int) -> None:
    points = np.random.default_rng(3).random((n, 3))
    points[n // 2 : n // 2 + 15] = points[0]  # epicentres repeat
    found = neighbour_distances(points, 4)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    for i in range(n):
        before = np.sort(apart[i, :i]) if i else apart[1, :1]
        assert found[i] == pytest.approx(before[min(3, before.size - 1)])


def test_the_likelihood_of_places_has_its_gradient() -> None:
    law = replace(LAW, eta=0.4)
    likelihood = PlaceLikelihood(PlaceTerms.of(events(120), law))
    check_gradient(likelihood, law.parameters)
    for each in (law, LAW):
        terms = PlaceTerms.of(events(120), each, adaptive=True)
        value = PlaceLikelihood(terms).evaluate(each.parameters).value
        assert value == pytest.approx(each.log_density(events(120)).sum())


def test_the_space_time_likelihood_is_that_of_times_and_places() -> None:
    seq = replace(events(120), gaps=())
    gap = (61.0, 62.0)
    seq = seq.where((seq.times < gap[0]) | (seq.times >= gap[1]))
    seq = replace(seq, gaps=(gap,))
    likelihood = SpaceTimeLikelihood(PlaceTerms.of(seq, MODEL.places))
    parts = MODEL.log_likelihood(seq) + MODEL.places.log_density(seq).sum()
    assert likelihood.evaluate(MODEL.parameters).value == pytest.approx(parts, rel=1e-9)
    check_gradient(likelihood, MODEL.parameters)


def check_gradient(
    likelihood: PlaceLikelihood | SpaceTimeLikelihood, parameters: np.ndarray
) -> None:
    """Compare with central differences."""
    gradient = likelihood.evaluate(parameters).gradient
    for k, value in enumerate(parameters):
        step = np.zeros(parameters.size)
        step[k] = 1e-5 * abs(value)
        up, down = (likelihood.evaluate(parameters + s).value for s in (step, -step))
        assert gradient[k] == pytest.approx((up - down) / (2 * step[k]), rel=1e-4, abs=1e-5)


def test_times_are_those_of_etas_where_everything_lies_inside() -> None:
    plane = replace(MODEL, region=replace(REGION, whole_plane=True))
    seq = events(60)
    plain = ETAS(0.8, 0.03, 0.4, 0.01, 1.15, GutenbergRichter(2.0))
    assert plane.log_likelihood(seq) == pytest.approx(plain.log_likelihood(seq), rel=1e-9)
    assert MODEL.branching_ratio(10.0) == plain.branching_ratio(10.0)
    assert MODEL.branching_ratio_inside(seq, 10.0) < MODEL.branching_ratio(10.0)


def test_a_fit_finds_what_was_simulated() -> None:
    nothing = EventSequence(np.empty(0), np.empty(0), -1.0, 0.0, locations=np.empty((0, 2)))
    truth = replace(MODEL, mu=2.0)
    drawn = truth.simulate(nothing, 700.0, 1, seed=4).sequences()[0]
    fit = fit_space_time(drawn, truth.magnitude_law, REGION)
    assert fit.converged
    assert fit.uncertainty is not None
    for name in fit.model.names:
        off = getattr(fit.model, name) - getattr(truth, name)
        assert abs(off) < 4.0 * fit.uncertainty.standard_error(name), name
    assert "converged" in str(fit)
    places = fit_places(drawn, REGION, 2.0, fixed={"gamma": 0.5, "eta": 0.0})
    assert places.converged
    assert places.fixed == {"gamma": 0.5, "eta": 0.0}
    assert places.model.gamma == 0.5
    best = fit.model.places.log_density(drawn).mean()
    assert places.nats_per_event > best - 1e-3  # it has its own alpha, c and p


def test_rounded_and_repeated_epicentres_earn_nothing() -> None:
    rng = np.random.default_rng(3)
    seq = events(400)
    assert seq.locations is not None
    rounded = replace(seq, locations=seq.locations.round(1))
    law = GutenbergRichter(2.0)
    exact, bound = fit_places(seq, REGION, 2.0), fit_places(rounded, REGION, 2.0)
    cell = np.radians(0.1) ** 2 * REGION.radius**2 * np.cos(np.radians(38.8))
    assert exact.least_square is None
    assert bound.least_square == pytest.approx(cell / np.pi, rel=0.01)
    assert "rounded" in bound.bound_reasons["d"]
    assert bound.model.eta == 0.0
    assert bound.nats_per_event < exact.nats_per_event

    both = fit_space_time(rounded, law, REGION)
    assert both.model.d >= cell / np.pi * 0.99
    assert both.model.q <= 2.0
    given = fit_space_time(rounded, law, REGION, fixed={"d": 1.0})
    assert given.least_square is None
    assert given.model.d == 1.0

    again = np.flatnonzero(rng.random(400) < 0.4)[1:]
    repeated = seq.locations.copy()
    for i in again:
        repeated[i] = repeated[i - 1]
    few = fit_places(replace(seq, locations=repeated), REGION, 2.0, fixed={"gamma": 0.0})
    peak = (few.model.q - 1.0) / (np.pi * few.model.d)
    assert few.least_square == pytest.approx(0.02**2)
    assert peak <= 1.0 / (np.pi * 0.02**2) * (1.0 + 1e-9)


def test_a_fit_ends_where_groups_of_events_make_the_likelihood_jump(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    region, law = Region(parse_area("-40/-37/178/-179")), GutenbergRichter(3.0, 1.0)
    truth = SpaceTimeETAS(0.3, 0.02, 0.7, 0.01, 1.1, 1.0, 0.5, 1.8, law, region)
    nothing = EventSequence([], [], 0.0, 1e-3, locations=np.empty((0, 2)))
    drawn = truth.simulate(nothing, 3000.0, 1, seed=15)
    seq = EventSequence(
        drawn.times, drawn.magnitudes, 1e-3, 3000.0, 300.0, locations=drawn.locations
    )
    fit = fit_space_time(seq, law, region)
    assert fit.converged
    # The plain sum has no jumps
    monkeypatch.setattr("etas.space.triggered.earlier_sums", lambda *given: pair_sums(*given[:3]))
    exact = fit_space_time(seq, law, region)
    assert fit.uncertainty is not None
    assert exact.uncertainty is not None
    assert fit.uncertainty.names == truth.names
    for name in truth.names:
        error = exact.uncertainty.standard_error(name)
        assert fit.uncertainty.standard_error(name) == pytest.approx(error, rel=0.03)
        assert abs(getattr(fit.model, name) - getattr(exact.model, name)) < 0.03 * error


def test_what_is_determined_has_an_error_where_others_are_flat() -> None:
    """Poisson events anywhere: of offspring that there are none of nothing can be said."""
    rng = np.random.default_rng(2)
    n, days = 200, 800.0
    law, area = GutenbergRichter(3.0, 1.0, 8.0), Region(parse_area("42/43/13/14"))
    times, magnitudes = np.sort(rng.uniform(0.0, days, n)), law.sample(n, rng)
    places = np.column_stack([rng.uniform(42.0, 43.0, n), rng.uniform(13.0, 14.0, n)])
    events = EventSequence(times, magnitudes, 0.0, days, locations=places)
    fit = fit_space_time(events, law, area)
    assert fit.model.k < 1e-4
    assert fit.uncertainty is not None
    # The relative error of a rate of n events
    relative = fit.uncertainty.standard_error("mu") / fit.model.mu
    assert relative == pytest.approx(n**-0.5, rel=0.05)
    assert re.search(r"\n +mu +\S+ +\S+ +\S+ to \S+\n", repr(fit))
    assert re.search(r"\n +k +\S+ no error: the likelihood is flat here\n", repr(fit))


def test_too_few_events_are_named() -> None:
    with pytest.raises(InputError, match="too few to fit places"):
        fit_places(events(100), REGION, 2.0)
    with pytest.raises(InputError, match="'x' cannot be fixed"):
        fit_places(events(200), REGION, 2.0, fixed={"x": 1.0})


def test_the_mean_number_of_simulated_events_is_the_compensator() -> None:
    history = events(60).before(70.0)
    drawn = MODEL.simulate(history, 20.0, 400, seed=1)
    assert REGION.contains(np.asarray(drawn.locations)).all()
    expected = [
        MODEL.compensator(history.followed_by(s).scored_from(history.end), 90.0)[0]
        for s in drawn.sequences()
    ]
    off = drawn.counts - np.array(expected)  # a martingale
    assert abs(off.mean()) < 4.0 * off.std() / np.sqrt(off.size)
    again = MODEL.simulate(history, 20.0, 400, seed=1, threads=1)
    np.testing.assert_array_equal(drawn.locations, again.locations)


@pytest.mark.parametrize("n", [3_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_numbers_in_the_region_and_by_cell_are_those_of_densities(n: int) -> None:
    """Counts of a cascade in time and space, and expected numbers, which are integrals."""
    history = events(60).before(70.0)
    drawn = MODEL.simulate(history, 1.0, n, seed=5)

    def offspring(magnitudes: FloatArray, places: FloatArray, lags: FloatArray) -> float:
        """Expected number inside the region, by the mass that each kernel has there."""
        excess = magnitudes - 2.0
        widths = MODEL.d * 10.0 ** (MODEL.gamma * excess)
        masses = REGION.borders(places).parent_masses(widths, MODEL.q)[:, 0]
        each = omori_integral(np.maximum(lags - 1.0, 0.0), lags, MODEL.c, MODEL.p)
        return float((MODEL.k * 10.0 ** (MODEL.alpha * excess) * masses * each).sum())

    located = np.asarray(drawn.locations)
    expected = (
        MODEL.mu
        + offspring(history.magnitudes, np.asarray(history.locations), 71.0 - history.times)
        + offspring(drawn.magnitudes, located, 71.0 - drawn.times) / n
    )
    within = 0.01 if n == 100_000 else 0.06
    assert drawn.counts.mean() == pytest.approx(expected, rel=within)

    placer = MODEL.places.placer(history, 71.0)
    sums, grid = CellSums(placer, Grid.over(BOX, 0.1)), Grid.over(BOX, 0.1)
    sums.add(placer.place(drawn, seed=6))
    by_cell = n * sums.expected()
    seen = np.bincount(grid.cell_of(located), minlength=len(grid))
    off = np.abs(seen - by_cell)
    assert (off < 0.02 * by_cell + 4.0 * np.sqrt(by_cell)).all()


def test_supercritical_simulations_are_refused() -> None:
    with pytest.raises(InputError, match="branching ratio"):
        replace(MODEL, k=2.0).simulate(events(10), 10.0, 1, seed=0)


@pytest.mark.parametrize(
    "law",
    [
        UniformPlaces(REGION),
        SmoothedPlaces(REGION, 3, 1.0),
        replace(LAW, background=SmoothedPlaces(REGION, 3, 1.0), taper=20.0),
        replace(LAW, eta=0.6),
        replace(LAW, mu=1e-4, alpha=4.0, gamma=5.0),
        DECLUSTERED,
    ],
    ids=["uniform", "smoothed", "both", "adaptive", "wide", "declustered"],
)
def test_drawn_places_follow_the_density_and_sums_by_cell_theirs(law: PlaceLaw) -> None:
    history = events(60).before(70.0)
    n = 40_000
    one = Trajectories(
        np.arange(n), np.full(n, 70.5), np.full(n, 2.5), n, 70.0, 71.0, np.empty(0, np.int64)
    )
    placer = law.placer(history, 71.0)
    placed = placer.place(one, seed=2)
    again = placer.place(one, seed=2, threads=1)
    np.testing.assert_array_equal(placed.events.locations, again.events.locations)
    points, surface = cells(BOX, 0.0025)
    longer = EventSequence(
        history.times, history.magnitudes, 0.0, 71.0, locations=history.locations
    )
    mass = law.density(longer, 70.5, points) * surface
    grid = Grid.over(BOX, 0.05)
    expected = np.bincount(grid.cell_of(points), mass, minlength=len(grid)) * n
    seen = np.bincount(grid.cell_of(np.asarray(placed.events.locations)), minlength=len(grid))
    enough = expected > 10.0
    assert ((seen - expected) ** 2 / expected)[enough].sum() < enough.sum() + 5 * np.sqrt(
        2 * enough.sum()
    )
    sums = CellSums(placer, grid)
    sums.add(placed)
    by_cell = sums.expected()
    assert by_cell.sum() == pytest.approx(1.0, rel=0.01)
    np.testing.assert_allclose(by_cell, expected / n, atol=0.006)


@pytest.mark.parametrize("step", [0.5, 0.2, 0.1])
@pytest.mark.parametrize("text", ["-39.03/-38.57/175.62/176.27", "-39,175.6 -38.5,175.7 -39,176.3"])
def test_cells_along_the_border_expect_what_falls_into_the_region(text: str, step: float) -> None:
    region = Region(parse_area(text))
    found = events(200)
    assert found.locations is not None
    inside = region.area.contains(*found.locations.T)
    history = EventSequence(
        found.times[inside],
        found.magnitudes[inside],
        0.0,
        100.0,
        locations=found.locations[inside],
    ).before(70.0)
    law = replace(LAW, region=region, background=SmoothedPlaces(region, 3, 0.5))
    n = 40_000
    one = Trajectories(
        np.arange(n), np.full(n, 70.5), np.full(n, 2.5), n, 70.0, 71.0, np.empty(0, np.int64)
    )
    placer = law.placer(history, 71.0)
    placed = placer.place(one, seed=3)
    grid = Grid.over(region.area, step)
    assert grid.is_cut.any()
    sums = CellSums(placer, grid)
    sums.add(placed)
    by_cell, cell = sums.expected(), grid.cell_of(np.asarray(placed.events.locations))
    assert (cell >= 0).all()
    assert by_cell.sum() == pytest.approx(1.0, rel=1e-9)
    seen = np.bincount(cell, minlength=len(grid)) / n
    np.testing.assert_allclose(by_cell, seen, atol=0.006)
    assert by_cell[grid.is_cut].sum() == pytest.approx(seen[grid.is_cut].sum(), abs=0.02)


def test_every_simulated_event_counts_about_its_parent() -> None:
    """Those of the first event of the history, and of the first that was simulated, too."""
    known = EventSequence([1.0], [3.0], 0.0, 9.0, locations=[(-38.75, 175.85)])
    placer, grid = LAW.placer(known, 10.0), Grid.over(BOX, 0.1)
    spots = np.array([(-38.75, 176.15), (-38.95, 176.05), (-38.65, 176.05)])
    times, sizes = np.array([9.1, 9.2, 9.3]), np.full(3, 2.5)
    drawn = Trajectories(
        np.zeros(3, np.int64), times, sizes, 1, 9.0, 10.0, np.empty(0, np.int64), spots
    )
    for parents, where in (([0, 0, 0], (-38.75, 175.85)), ([1, 1, 1], (-38.75, 176.15))):
        sums = CellSums(placer, grid)
        sums.add(Placed(drawn, np.array(parents)))
        by_cell = sums.expected()
        assert by_cell.sum() == pytest.approx(3.0)
        assert np.argmax(by_cell) == grid.cell_of([where])[0]


def test_uniform_places_are_expected_by_what_of_a_cell_lies_in_the_area() -> None:
    region = Region(parse_area("-39,175.6 -38.5,175.7 -39,176.3"))
    known = EventSequence([1.0], [3.0], 0.0, 9.0, locations=[(-38.9, 175.8)])
    n = 300
    one = Trajectories(
        np.arange(n), np.full(n, 9.5), np.full(n, 2.5), n, 9.0, 10.0, np.empty(0, np.int64)
    )
    placer, grid = UniformPlaces(region).placer(known, 10.0), Grid.over(region.area, 0.1)
    assert grid.is_cut.any()
    sums = CellSums(placer, grid)
    sums.add(placer.place(one, seed=0))
    np.testing.assert_allclose(sums.expected(), grid.inside_km2 / region.square_km, rtol=1e-6)


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0, 5.0, 20.0])
@pytest.mark.parametrize("text", ["-39.1/-38.5/175.6/176.3", "-20/-18/179.3/-179.1"])
def test_kernels_wider_than_a_cell_are_smooth(text: str, width: float) -> None:
    """``width`` is that of the kernels in cells."""
    area = parse_area(text)
    grid = Grid.over(area, 0.1)
    side = np.radians(0.1) * grid.radius
    sources = np.random.default_rng(1).uniform((0.2, 0.2), (0.5, 0.5), (10, 2))
    sources += grid.edges[:, [0, 2]].min(axis=0)
    found = spread(grid, sources, np.full(10, (width * side) ** 2), np.full(10, 0.1), 1.5)
    truth = np.zeros(len(grid))
    steps = (np.arange(20) + 0.5) / 20.0 * 0.1
    for dy in steps:
        for dx in steps:
            points = grid.edges[:, [0, 2]] + np.array([dy, dx])
            for source in sources:
                r = distances(points, source, grid.radius)
                truth += np.cos(np.radians(points[:, 0])) * (1 + (r / width / side) ** 2) ** -1.5
    truth /= truth.sum()
    # Those of a cell are one source for cells further away
    tolerance = 0.04 if width >= 1.0 else 0.15
    most = truth > 0.2 * truth.max()
    np.testing.assert_allclose(found[most], truth[most], rtol=tolerance)
    assert found.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("32/37/-122/-114", 0.1),
        ("-25/-12/173/-170", 0.2),
        ("60/72/-170/-140", 0.2),
        ("-90/90/-180/180", 2.0),
    ],
    ids=["California", "across 180 degrees", "Alaska", "the Earth"],
)
def test_sources_act_together_on_cells_far_away(text: str, step: float) -> None:
    """Against their sum one by one, where cells are so far that their middle stands for them."""
    grid, q, n = Grid.over(parse_area(text), step), 1.6, 300
    rng, side = np.random.default_rng(4), np.radians(step) * grid.radius
    corner, extent = grid.edges[:, [0, 2]].min(axis=0), np.ptp(grid.centres, axis=0)
    sources = corner + rng.uniform(0.35, 0.65, (n, 2)) * extent
    widths = (side * 10 ** rng.uniform(-2.5, 1.0, n)) ** 2
    weights = rng.uniform(0.5, 1.5, n)
    found = spread(grid, sources, widths, weights, q)
    assert found.sum() == pytest.approx(weights.sum())
    narrow = widths < 0.01 * side**2
    sources, widths, weights = sources[narrow], widths[narrow], weights[narrow]
    found = spread(grid, sources, widths, weights, q)
    away = np.abs((sources[:, None] - grid.centres) / step).max(axis=2).min(axis=0) > 2.0
    away &= distances(sources[0], grid.centres, grid.radius) < 10_000.0  # not on the other side
    squares = np.array([distances(x, grid.centres[away], grid.radius) for x in sources]) ** 2
    heights = weights * (q - 1.0) / (np.pi * widths)
    truth = heights @ (1.0 + squares / widths[:, None]) ** -q * grid.inside_km2[away]
    np.testing.assert_allclose(found[away], truth, rtol=0.2)
    assert np.abs(found[away] / truth - 1.0).mean() < 0.03


def test_new_events_are_parents_too() -> None:
    """Of two events at once, the second is placed about the first as often as its weight says."""
    history = EventSequence([0.5], [2.0], 0.0, 1.0, locations=[[-38.6, 175.7]])
    n = 5_000
    law = replace(LAW, mu=1e-9, d=0.01, q=3.0)
    drawn = Trajectories(
        np.repeat(np.arange(n), 2),
        np.tile([1.1, 1.6], n),
        np.full(2 * n, 2.0),
        n,
        1.0,
        2.0,
        np.empty(0, np.int64),
    )
    placed = law.placer(history, 2.0).place(drawn, seed=0)
    second = placed.parents[1::2]
    old, new = (1.1 + 0.01) ** -1.1, (0.5 + 0.01) ** -1.1
    assert (second > 0).mean() == pytest.approx(new / (old + new), abs=0.03)
    assert (second[second > 0] == 1 + np.arange(0, 2 * n, 2)[second > 0]).all()


def test_parents_much_wider_than_the_region_are_not_drawn_in_vain() -> None:
    """They count as the share of their offspring that lies inside."""
    n, width = 20_000, 1e9
    law = replace(LAW, mu=1.0, alpha=1.5, c=0.01, p=0.5, d=0.01, gamma=2.75, q=2.0)
    drawn = Trajectories(
        np.repeat(np.arange(n), 2),
        np.tile([1.1, 1.6], n),
        np.tile([6.0, 2.0], n),
        n,
        1.0,
        2.0,
        np.empty(0, np.int64),
    )
    place = [[-38.6, 175.7]]
    for at in (2.0, 6.0):  # without a wide parent before, and with one
        history = EventSequence([0.5], [at], 0.0, 1.0, locations=place)
        began = time.perf_counter()
        placed = law.placer(history, 2.0).place(drawn, seed=0)
        assert time.perf_counter() - began < 20.0
        second = placed.parents[1::2]
        inside = (law.q - 1.0) * REGION.square_km / (np.pi * width)
        new = 10.0 ** (1.5 * 4.0) * inside * (0.5 + 0.01) ** -0.5
        old = (1.1 + 0.01) ** -0.5 * (1.0 if at == 2.0 else 10.0 ** (1.5 * 4.0) * inside)
        assert (second > 0).mean() == pytest.approx(new / (1.0 + old + new), abs=0.02)


def test_parents_are_drawn_by_their_weights_at_any_time() -> None:
    """Of a history that is just under way, and of a burst of simulated events before a gap."""
    ages = np.geomspace(1e-3, 80.0, 30)[::-1]
    places = np.tile([[-38.6, 175.7]], (30, 1))
    history = EventSequence(100.0 - ages, 2.0 + 0.05 * np.arange(30), 0.0, 100.0, locations=places)
    law = replace(LAW, mu=0.2, d=1e-6, q=3.0, gamma=0.0, taper=30.0)
    n, times = 10_000, np.append(100.0 + np.geomspace(1e-3, 0.02, 40), [100.5, 106.0])
    magnitudes = np.tile([2.0, 3.0], 21)
    drawn = Trajectories(
        np.repeat(np.arange(n), 42),
        np.tile(times, n),
        np.tile(magnitudes, n),
        n,
        100.0,
        107.0,
        np.empty(0, np.int64),
    )
    placer = law.placer(history, 107.0)
    assert placer.knots.size > 5
    found = placer.place(drawn, seed=3).parents.reshape(n, 42)
    known = np.append(history.times, times)
    gains = 10.0 ** (law.alpha * (np.append(history.magnitudes, magnitudes) - law.completeness))
    for i in (0, 20, 40, 41):
        delays = times[i] - known[: 30 + i]
        weights = gains[: 30 + i] * (delays + law.c) ** -law.p * np.exp(-delays / 30.0)
        expected = n * np.append(law.mu, weights) / (law.mu + weights.sum())
        parents = found[:, i].copy()
        parents[parents >= 30] -= 42 * np.arange(n)[parents >= 30]
        seen = np.bincount(parents + 1, minlength=31 + i)
        assert seen.size == 31 + i
        enough = expected > 10.0
        assert enough.sum() > 8
        square = ((seen - expected) ** 2 / expected)[enough].sum()
        assert square < enough.sum() + 4.0 * np.sqrt(2.0 * enough.sum())


def test_laws_and_models_are_kept_as_json() -> None:
    law = replace(LAW, background=SmoothedPlaces(REGION, 3, 1.0), taper=20.0)
    for each in (UniformPlaces(REGION), law):
        assert law_from_json(json.loads(json.dumps(law_to_json(each)))) == each
    model = replace(MODEL, background=SmoothedPlaces(REGION, 3, 1.0))
    assert SpaceTimeETAS.from_json(json.loads(json.dumps(model.to_json()))) == model
    with pytest.raises(InputError, match="no law of places"):
        law_from_json({"law": "guess"})
    with pytest.raises(InputError, match="no space-time ETAS"):
        SpaceTimeETAS.from_json({"mu": 1.0})
    record = model.to_json() | {"places": law_to_json(UniformPlaces(REGION))}
    with pytest.raises(InputError, match="no parents"):
        SpaceTimeETAS.from_json(record)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"q": 1.0}, "q = 1.0 must be above 1"),
        ({"d": 0.0}, "d = 0.0 must be positive"),
        ({"p": np.inf}, "p = inf must be finite"),
        ({"taper": -1.0}, "taper = -1.0"),
    ],
)
def test_impossible_parameters_are_named(change: dict[str, float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(LAW, **change)
    with pytest.raises(InputError, match="p = -0.5: places are drawn for p from 0 on"):
        replace(LAW, p=-0.5).placer(events(10), 80.0)
    with pytest.raises(InputError, match="neighbours = 0"):
        SmoothedPlaces(REGION, 0)
    with pytest.raises(InputError, match="mu = 0.0"):
        replace(MODEL, mu=0.0)


def test_the_public_benchmark_is_reproduced(real_catalog: Callable[[str], Catalog]) -> None:
    """T and S that its own code gives on these places: 2.3309 and -2.1964."""
    times, places = scores("salton_sea_10", real_catalog("salton_sea_10").split().test)
    assert times == pytest.approx(2.3309, abs=0.001)
    assert places == pytest.approx(-2.1964, abs=0.001)
