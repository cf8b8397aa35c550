"""Simulated catalogs obey the model they are drawn from (3 standard errors, fixed seeds)."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from catalogs import EventSequence, GutenbergRichter, InputError
from etas.kernel import omori_integral
from etas.model import ETAS
from etas.synthetic import synthetic_catalog, true_model

LAW = GutenbergRichter(2.0, 1.0, 7.0)
MODEL = ETAS(0.4, 0.03, 0.6, 0.02, 1.2, LAW)
EMPTY = EventSequence([], [], 0.0, 1.0)


def expected_count(model: ETAS, days: float, steps: int = 4000) -> float:
    """E N(0, days) from nothing: the renewal equation M(t) = mu t + integral n(t - s) dM(s)."""
    edges = np.linspace(0.0, days, steps + 1)
    middles = 0.5 * (edges[1:] + edges[:-1])
    gain = model.k * LAW.mean_productivity(model.alpha)
    # Offspring by the end of each step of an event amid an earlier (or the same) step
    offspring = gain * omori_integral(0.0, middles, model.c, model.p)
    increments = np.zeros(steps)
    total = 0.0
    for i in range(steps):
        triggered = float(offspring[i:0:-1] @ increments[:i])
        increments[i] = (model.mu * edges[i + 1] + triggered - total) / (1.0 - offspring[0])
        total += increments[i]
    return total


def test_mean_number_of_events_from_nothing() -> None:
    done = MODEL.simulate(EMPTY, 20.0, 20_000, seed=1)
    error = 3.0 * done.counts.std() / np.sqrt(done.n)
    expected = expected_count(MODEL, 20.0)
    assert error < 0.03 * expected  # or the comparison would say nothing
    assert done.counts.mean() == pytest.approx(expected, abs=error)


def test_first_event_after_a_mainshock_follows_omori() -> None:
    history = EventSequence([1.0], [2.0], 0.0, 2.0)
    k, n = 0.05, 20_000
    model = ETAS(0.0, k, 0.0, 0.02, 1.1, LAW)
    done = model.simulate(history, 30.0, n, seed=2)
    first = done.times[np.concatenate([[True], np.diff(done.trajectory) != 0])]
    # P(no event before t) = exp(-k integral of the rate since the mainshock, from the start on)
    for t in (2.1, 3.0, 10.0):
        expected = np.exp(-k * float(omori_integral(1.0, t - 1.0, 0.02, 1.1)))
        survived = 1.0 - np.count_nonzero(first < t) / n
        assert survived == pytest.approx(expected, abs=3 * np.sqrt(expected * (1 - expected) / n))


def test_counts_agree_with_the_compensator_of_their_own_past() -> None:
    history = EventSequence([1.0, 1.5], [5.5, 4.0], 0.0, 2.0)
    samples = MODEL.sample(history, 20.0, 400, seed=3)
    residuals = np.array(
        [
            len(sample) - MODEL.compensator(history.followed_by(sample), 22.0)[0]
            for sample in samples
        ]
    )
    # N - Lambda is a martingale: mean zero
    assert abs(residuals.mean()) < 3 * residuals.std() / np.sqrt(residuals.size)


def test_magnitudes_follow_their_law() -> None:
    done = MODEL.simulate(EMPTY, 2000.0, 20, seed=4)
    m = done.magnitudes
    assert m.min() >= LAW.completeness
    assert m.max() <= LAW.maximum
    beta = GutenbergRichter.fit(m, 2.0, bin_width=0.0).beta
    assert beta == pytest.approx(LAW.beta, rel=3 / np.sqrt(m.size) + 1e-3)


def test_same_seed_same_catalogs_and_another_seed_another() -> None:
    a, b, c = (MODEL.simulate(EMPTY, 100.0, 5, seed=seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(a.times, b.times)
    np.testing.assert_array_equal(a.magnitudes, b.magnitudes)
    assert a.times.size != c.times.size or not np.array_equal(a.times, c.times)


@pytest.mark.parametrize(("horizon", "n"), [(0.0, 1), (-1.0, 1), (np.nan, 1), (1.0, 0)])
def test_impossible_requests_are_named(horizon: float, n: int) -> None:
    with pytest.raises(InputError, match="must be positive"):
        MODEL.simulate(EMPTY, horizon, n, seed=0)


def test_samples_may_be_supercritical() -> None:
    explosive = replace(MODEL, k=1.0)
    with pytest.raises(InputError, match="use `allow_supercritical`"):
        explosive.sample(EMPTY, 10.0, 2, seed=0)
    drawn = explosive.sample(EMPTY, 10.0, 2, seed=0, max_events=1000, allow_supercritical=True)
    assert len(drawn) == 2


def test_seeds_may_be_numbers_of_numpy() -> None:
    for seed in (np.int64(7), np.uint8(7)):
        done = MODEL.simulate(EMPTY, 100.0, 5, seed=seed)
        np.testing.assert_array_equal(done.times, MODEL.simulate(EMPTY, 100.0, 5, seed=7).times)
    several = MODEL.simulate(EMPTY, 100.0, 5, seed=np.array([1, 2]))
    np.testing.assert_array_equal(several.times, MODEL.simulate(EMPTY, 100.0, 5, seed=[1, 2]).times)


@pytest.mark.parametrize("seed", [None, 3.0, "3", (), [1.5], np.random.default_rng(0)])
def test_what_is_no_seed_is_named(seed: Any) -> None:
    with pytest.raises(InputError, match="^seed = .* give a whole number of 0 or more, or several"):
        MODEL.simulate(EMPTY, 100.0, 5, seed=seed)


@pytest.mark.parametrize(
    "model",
    [MODEL, replace(MODEL, taper=20.0)]
    + [
        replace(MODEL, magnitude_law=replace(LAW, step=0.1, strict=strict))
        for strict in (False, True)
    ],
    ids=["plain", "tapered", "in tenths", "strict"],
)
def test_a_synthetic_catalog_knows_its_truth(model: ETAS) -> None:
    (drawn,) = model.sample(EMPTY, 100.0, 1, seed=5)
    catalog = synthetic_catalog(drawn, model, "mine")
    assert true_model(catalog.info) == model
    events = catalog.to_sequence()
    assert len(events) == len(drawn)  # none falls below completeness as it is recorded
    steps = 10.0 * (events.magnitudes - 2.0)
    on_grid = np.abs(steps - np.round(steps)).max() < 1e-6
    assert on_grid == (model.magnitude_law.step > 0.0)


def test_a_catalog_of_more_than_292_years_is_continued_in_its_calendar() -> None:
    """Exact to the microsecond, where a difference of nanoseconds has no integer."""
    times = np.array([122_900.25, 122_900.5, 122_930.0])
    drawn = EventSequence(times, [2.0, 2.1, 3.0], 122_900.0, 122_931.0)
    catalog = synthetic_catalog(drawn, MODEL, "late", start="1683-05-13")
    start = pd.Timestamp("2019-11-08", tz="UTC")  # 122,900 days later, by the Gregorian calendar
    assert catalog.info.date(catalog.info.start) == start
    expected = start + pd.to_timedelta(times - 122_900.0, unit="D")
    assert abs(pd.DatetimeIndex(catalog.events["time"]) - expected).max() < pd.Timedelta("1us")
    beyond = EventSequence([3.6e6], [2.0], 0.0, 3_652_500.0)
    with pytest.raises(InputError, match=r"2,191,500 days after 2000-01-01 .* simulate fewer"):
        synthetic_catalog(beyond, MODEL, "far", start="2000-01-01")
