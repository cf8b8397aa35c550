"""Forecasts after a mainshock: the Omori law of its sequence, and the factor of numbers."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import (
    Catalog,
    CatalogInfo,
    EventSequence,
    GutenbergRichter,
    InputError,
    SplitDates,
    Trajectories,
    load,
    save,
)
from catalogs.bent_magnitudes import BentGutenbergRichter
from catalogs.files import write_json
from etas import ETAS, Poisson
from etas.kernel import inverse_omori, omori_integral
from etas.omori import LOG_C, REGIMES, OmoriPrior, OmoriSequence, P, draw_aftershocks
from etas.synthetic import synthetic_catalog
from recast import load_model, run_forecast
from recast.cli import main
from recast.forecast.correction import (
    Correction,
    Learned,
    SequenceForecast,
    cut,
    learned,
    scaled,
    subcritical,
    under_way,
)
from recast.forecast.mainshocks import (
    aftershocks_until,
    current_mainshock,
    sequence_since,
    too_early,
)
from recast.forecast.results import ForecastResult
from recast.forecast.single import Request, windows_of
from recast.models.registry import model_kind
from recast.models.seen import to_json
from recast.models.so_far import fit_so_far, most_usual

LAW = GutenbergRichter(2.0, 1.0, 8.0)
PRIOR = OmoriPrior(0.0, 1.1, 1.0, 1.0, 0.2, -4.0, 0.5, 1.0)
QUIET = Poisson(0.5, LAW)
TRUTH = ETAS(0.5, 0.015, 0.8, 0.01, 1.1, LAW)


def sequence(k: float, c: float, p: float, days: float, seed: int) -> EventSequence:
    """A mainshock of M 6 on day 100, with aftershocks by a known law, and a quiet background."""
    rng = np.random.default_rng(seed)
    n = rng.poisson(k * omori_integral(0.0, days, c, p))
    after = 100.0 + inverse_omori(rng.random(n), days, c, p)
    quiet = rng.uniform(0.0, 100.0 + days, rng.poisson(0.5 * (100.0 + days)))
    times = np.sort(np.concatenate([[100.0], after, quiet]))
    magnitudes = np.minimum(LAW.sample(times.size, rng), 5.9)
    magnitudes[times == 100.0] = 6.0
    return EventSequence(times, magnitudes, 0.0, 100.0 + days)


@pytest.mark.parametrize("law", [(200.0, 0.05, 1.1), (60.0, 0.2, 0.9), (20.0, 0.01, 1.3)])
def test_the_law_of_a_sequence_is_found_from_its_events(law: tuple[float, float, float]) -> None:
    ratios = []
    for seed in range(6):
        events = sequence(*law, days=10.0, seed=seed)
        found = OmoriSequence.of(QUIET, events, 100.0, 6.0, PRIOR)
        k, c, p = law
        expected = 0.5 * 20.0 + k * omori_integral(10.0, 30.0, c, p)
        ratios.append(np.log(found.expected(20.0)[0] / expected))
    assert abs(np.mean(ratios)) < 0.15
    assert np.std(ratios) < 0.25


def test_without_aftershocks_the_prior_speaks_and_a_silent_hour_lowers_it() -> None:
    events = EventSequence([100.0], [6.0], 0.0, 100.0 + 1e-6)
    at_once = OmoriSequence.of(QUIET, events, 100.0, 6.0, PRIOR).expected(1.0)[0]
    many, rng = np.ones(2000), np.random.default_rng(0)
    which, days = draw_aftershocks([PRIOR], 4.0 * many, many, rng)
    assert 0.0 <= days.min() <= days.max() < 1.0
    numbers = np.bincount(which, minlength=2000)
    assert at_once == pytest.approx(np.median(numbers) + 0.5, rel=0.1)
    later = OmoriSequence.of(QUIET, replace(events, end=100.04), 100.0, 6.0, PRIOR).expected(1.0)[0]
    assert later < 0.3 * at_once


def test_more_events_than_the_average_sequence_has_raise_what_is_expected() -> None:
    few, many = (
        OmoriSequence.of(QUIET, sequence(k, 0.05, 1.1, 1.0, 1), 100.0, 6.0, PRIOR).expected(7.0)[0]
        for k in (30.0, 300.0)
    )
    assert many / few == pytest.approx(10.0, rel=0.35)


def test_what_came_before_the_mainshock_is_the_background() -> None:
    events = sequence(100.0, 0.05, 1.1, 5.0, 3)
    found = OmoriSequence.of(TRUTH, events, 100.0, 6.0, PRIOR)
    earlier = events.where(events.times < 100.0)
    alone = replace(earlier, end=112.0, score_from=105.0)
    background = float(TRUTH.compensator(alone, [112.0])[0])
    both, quiet = found.expected(7.0)
    assert quiet == pytest.approx(background)
    assert both > quiet


def test_a_mainshock_comes_before_its_forecast() -> None:
    with pytest.raises(InputError, match="must come before the time of its forecast"):
        OmoriSequence.of(QUIET, sequence(10.0, 0.1, 1.0, 1.0, 1), 101.0, 6.0, PRIOR)


def test_a_prior_has_spread() -> None:
    with pytest.raises(InputError, match="must be positive"):
        replace(PRIOR, p_sd=0.0)


def events_of(*rows: tuple[float, float], end: float = 100.0) -> EventSequence:
    times, magnitudes = zip(*rows, strict=True)
    return EventSequence(times, magnitudes, 0.0, end)


AFTER = [(90.0 + 0.01 * i, 2.5) for i in range(1, 26)]
BUSY = [(60.0 + 0.02 * i, 2.5) for i in range(1500)]


def test_the_mainshock_is_the_largest_event_of_thirty_days() -> None:
    found = current_mainshock(events_of((80.0, 4.5), (90.0, 6.0), *AFTER), 2.0)
    assert found == 1


def test_in_the_first_day_five_events_are_enough() -> None:
    assert current_mainshock(events_of((90.0, 6.0), *AFTER[:5], end=90.1), 2.0) is not None


@pytest.mark.parametrize(
    ("events", "why"),
    [
        (events_of((90.0, 3.9), *AFTER), "too small"),
        (events_of((90.0, 6.0), *AFTER[:4]), "fewer than five in the first day"),
        (events_of((90.0, 6.0), *AFTER[:4], end=90.1), "fewer than five in two hours"),
        (events_of(*BUSY, (90.0, 6.0), *AFTER), "no more than on any other day"),
        (events_of((69.0, 6.0), (69.5, 2.5)), "too long ago"),
        (events_of((65.0, 6.5), (90.0, 6.0), *AFTER), "an aftershock of a larger one"),
    ],
)
def test_otherwise_no_sequence_is_under_way(events: EventSequence, why: str) -> None:
    assert why
    assert current_mainshock(events, 2.0) is None


def test_a_poor_sequence_counts_where_there_is_no_other() -> None:
    poor = [(80.0, 6.0), *((80.0 + 0.01 * i, 2.5) for i in range(1, 9))]
    for end in (80.9, 81.1, 90.0, 109.9):  # it goes on when its first day is over
        assert current_mainshock(events_of(*poor, end=end), 2.0) == 0
    assert current_mainshock(events_of(*poor, end=110.1), 2.0) is None
    rich = events_of(*poor, (90.0, 5.0), *AFTER)
    assert current_mainshock(rich, 2.0) == len(poor)
    # A larger event of fewer still shows that the sequence is poorer than its foreshock's
    larger = events_of(*poor, (80.5, 6.5), *((80.5 + 0.01 * i, 2.5) for i in range(1, 4)), end=81.6)
    assert current_mainshock(larger, 2.0) is None
    # Nor does it hide one of which more may come
    young = events_of(*poor, (90.0, 5.0), (90.004, 2.5), end=90.01)
    assert current_mainshock(young, 2.0) is None
    assert too_early(young, 2.0) == len(poor)


def test_minutes_after_a_mainshock_it_is_too_early() -> None:
    shock = (90.0, 6.0)
    assert too_early(events_of(*BUSY[:9], shock, (90.001, 2.5), end=90.005), 2.0) == 9
    assert too_early(events_of(shock, end=90.00001), 2.0) == 0
    assert too_early(events_of(shock, *AFTER[:3], end=90.04), 2.0) == 0
    for known in (
        events_of(shock, end=90.0 + 1.0 / 24.0),  # an hour has shown that it has few
        events_of((90.0, 3.9), end=90.005),  # too small
        events_of((89.9, 6.5), shock, end=90.005),  # an aftershock
    ):
        assert too_early(known, 2.0) is None


def block(n: int = 50, mean: float = 20.0, seed: int = 0) -> Trajectories:
    rng = np.random.default_rng(seed)
    return Trajectories.of_sequences(
        [
            EventSequence(np.sort(rng.uniform(0.0, 7.0, k)), LAW.sample(k, rng), 0.0, 7.0)
            for k in rng.poisson(mean, n)
        ]
    )


@pytest.mark.parametrize("factor", [0.0, 0.3, 1.0, 2.6])
def test_numbers_are_multiplied_by_the_factor(factor: float) -> None:
    rng = np.random.default_rng(1)
    means = [
        scaled(block(seed=i), np.full(50, factor), rng).counts.mean() / block(seed=i).counts.mean()
        for i in range(20)
    ]
    assert np.mean(means) == pytest.approx(factor, abs=0.02)


def test_the_factor_one_changes_nothing_and_cut_trajectories_stay_marked() -> None:
    drawn = replace(block(), capped=np.array([3]))
    same = scaled(drawn, np.ones(50), np.random.default_rng(0)).sorted()
    np.testing.assert_array_equal(same.times, drawn.times)
    assert same.capped.tolist() == [3]
    twice = scaled(drawn, np.full(50, 2.0), np.random.default_rng(0))
    assert twice.capped.tolist() == [2, 3]  # 2 is made of 2 and 3


def test_trajectories_are_cut_at_the_cap_and_counted() -> None:
    drawn = block()
    shorter = cut(drawn, 30, 20)
    assert shorter.n == 30
    np.testing.assert_array_equal(shorter.counts, np.minimum(drawn.counts[:30], 20))
    np.testing.assert_array_equal(shorter.capped, np.flatnonzero(drawn.counts[:30] > 20))


def test_events_larger_than_the_mainshock_have_aftershocks_of_their_own() -> None:
    drawn = block(mean=5.0)
    large = replace(drawn, magnitudes=np.where(np.arange(drawn.times.size) == 7, 7.5, 2.5))
    one = Correction(0.0, 1e-12, 6.0, 1.0, (replace(PRIOR, log_k=3.0, log_k_sd=0.01),), LAW)
    counts = one.apply(large, 50, np.random.default_rng(0), 100_000).counts
    own = large.trajectory[7]
    assert counts[own] > 500
    elsewhere = replace(one, share=0.0).apply(large, 50, np.random.default_rng(0), 100_000)
    np.testing.assert_array_equal(elsewhere.counts, drawn.counts)
    others = np.arange(50) != own
    np.testing.assert_array_equal(counts[others], drawn.counts[others])


def test_the_spread_of_numbers_is_that_of_the_factor() -> None:
    correction = Correction(np.log(2.0), 0.5, 9.0, 1.0, (PRIOR,), LAW)
    logs = np.concatenate(
        [
            np.log(
                correction.apply(
                    block(mean=400.0, seed=i), 50, np.random.default_rng(i), 100_000
                ).counts
            )
            for i in range(20)
        ]
    )
    assert np.median(logs) == pytest.approx(np.log(800.0), abs=0.06)
    assert logs.std() == pytest.approx(0.5, abs=0.05)


def test_a_supercritical_model_is_drawn_with_a_lower_productivity() -> None:
    hot = ETAS(0.2, 0.2, 0.9, 0.01, 1.1, LAW)
    assert hot.branching_ratio(30.0) > 1.0
    cooler = subcritical(hot, 30.0)
    assert cooler.branching_ratio(30.0) == pytest.approx(0.8)
    assert subcritical(TRUTH, 30.0) is TRUTH
    assert subcritical(QUIET, 30.0) is QUIET


def test_only_forecasts_of_etas_are_corrected() -> None:
    events = sequence(50.0, 0.05, 1.1, 2.0, 1)
    assert under_way([QUIET], events) is None
    assert under_way([TRUTH, QUIET], events) is None
    found = under_way([TRUTH], events)
    assert found is not None
    assert (found.time, found.magnitude) == (100.0, 6.0)
    assert found.learned == learned()
    zone = under_way([TRUTH], events, "SZ-ONSHORE")
    assert zone is not None
    assert zone.learned.prior == REGIMES["SZ-ONSHORE"].prior(learned().prior)


LAWS = Learned(PRIOR, (0.1, -0.2, 0.3), (-0.9, 0.2, 0.5), {}, "")
NUMBERS = np.array([0.0, 10.0, 12.0, 900.0, 7000.0])


@pytest.mark.parametrize("days", [1.0, 7.0, 30.0])
def test_the_factor_has_the_law_that_is_written_down(days: float) -> None:
    """That of ``Learned``; half an event is added to numbers before logarithms are taken."""
    events = sequence(100.0, 0.05, 1.1, 3.0, 2)
    shock = int(np.argmax(events.magnitudes))
    found = SequenceForecast.of(TRUTH, events, shock, LAWS)
    expected, quiet = found.omori.expected(days)
    n = int((events.times > 100.0).sum())
    ratio = np.log(expected + 0.5) - np.log(12.5)
    shift = ratio + 0.1 - 0.2 * np.log(days) / np.log(30.0) - 0.3 * ratio
    spread = -0.9 + 0.2 * np.log(3.0) / 3.0 + 0.5 * (np.log(n + 5.0) / 5.0 - 1.0)
    law = found.correction(days, NUMBERS, LAW)
    assert law.shift == pytest.approx(shift)
    assert law.spread == pytest.approx(np.exp(spread))
    assert law.large == pytest.approx(6.0 - 0.6)
    assert law.share == pytest.approx(1.0 - quiet / expected)
    assert 0.0 < law.share < 1.0
    assert found.priors == law.priors == (PRIOR, REGIMES["ANSR-SHALCON"].prior(PRIOR))
    zone = SequenceForecast.of(TRUTH, events, shock, LAWS, regime="SZ-ONSHORE")
    assert zone.priors == (PRIOR, REGIMES["SZ-ONSHORE"].prior(PRIOR))


def test_the_spread_stays_beyond_the_times_that_it_was_learned_at() -> None:
    events = sequence(100.0, 0.05, 1.1, 0.01, 2)
    first = SequenceForecast.of(TRUTH, events, int(np.argmax(events.magnitudes)), LAWS)

    def spread(hours: float) -> float:
        later = replace(first, omori=first.omori.at(100.0 + hours / 24.0))
        return later.correction(1.0, NUMBERS, LAW).spread

    assert spread(0.3) == pytest.approx(spread(0.5)) != spread(1.0)
    assert spread(24.0 * 90.0) == pytest.approx(spread(24.0 * 30.0)) != spread(24.0 * 20.0)
    assert spread(240.0) / spread(24.0) == pytest.approx(10.0 ** (0.2 / 3.0))


def test_magnitudes_of_a_corrected_window_follow_the_law_that_bends() -> None:
    events = sequence(200.0, 0.05, 1.1, 2.0, 4)
    law = BentGutenbergRichter(2.0, 1.0, 8.0, bend=3.0, b_above=2.0)
    request = Request(events.end, (2.0,), (2.0,), 100)
    (window,) = windows_of(events, [TRUTH], request, under_way([TRUTH], events), law)
    assert isinstance(window.correction, Correction)
    assert window.correction.law == law
    m = np.concatenate([window.draw(block, 100, 1).magnitudes for block in range(2)])
    large, larger = (m >= 3.0).sum(), (m >= 3.5).sum()
    assert large > 500
    assert larger / large == pytest.approx(0.1, abs=4.0 * np.sqrt(0.09 / large))


def test_a_corrected_window_is_subcritical_and_each_block_has_factors_of_its_own() -> None:
    events = sequence(200.0, 0.05, 1.1, 2.0, 4)
    hot = replace(TRUTH, k=1.2 * TRUTH.k / TRUTH.branching_ratio(7.0))
    request, known = Request(events.end, (7.0,), (2.0,), 200), under_way([hot], events)
    (window,) = windows_of(events, [hot], request, known)
    assert window.processes[0].branching_ratio(7.0) == pytest.approx(0.8)
    assert isinstance(window.correction, Correction)
    apart = replace(window, correction=replace(window.correction, shift=0.0, spread=1.5))
    first, second = (np.log(apart.draw(block, 200, 1).counts + 0.5) for block in (0, 1))
    assert first.std() > 1.0
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.5  # of fifty


def test_windows_are_cut_off_by_what_came_so_far_or_as_asked() -> None:
    days = np.append(np.linspace(0.0, 1.0, 3_000), 50.0)
    busy = EventSequence(days, np.full(3_001, 2.5), 0.0, 60.0)
    request = Request(60.0, (0.01, 2.0), (2.0,), 50)
    assert [one.max_events for one in windows_of(busy, [TRUTH], request)] == [10_000, 30_000]
    asked = replace(request, max_events=70)
    assert [one.max_events for one in windows_of(busy, [TRUTH], asked)] == [70, 70]


def test_aftershocks_of_a_large_event_come_after_it_as_many_as_its_magnitude_says() -> None:
    sure = replace(PRIOR, log_k=-4.0, log_k_sd=1e-6, p_sd=1e-6, log_c_sd=1e-6)
    n, at = 400, 5.0
    alone = [EventSequence([at], [6.5], 0.0, 7.0)] * n
    law = Correction(0.0, 0.0, 6.0, 1.0, (sure,), LAW)
    drawn = law.with_aftershocks(Trajectories.of_sequences(alone), np.random.default_rng(0))
    c = np.exp(sure.log_c + 4.5 * sure.log_c_slope)
    mean = np.exp(-4.0 + 1.1 * 4.5) * omori_integral(0.0, 2.0, c, sure.p)
    assert drawn.counts.mean() - 1.0 == pytest.approx(mean, abs=4.0 * np.sqrt(mean / n))
    delays = drawn.times[n:] - at
    assert delays.min() >= 0.0
    assert drawn.times.max() < 7.0
    half = omori_integral(0.0, 0.5, c, sure.p) / omori_integral(0.0, 2.0, c, sure.p)
    assert np.mean(delays < 0.5) == pytest.approx(half, abs=4.0 * np.sqrt(0.25 / delays.size))
    some = replace(law, share=0.25)
    counts = some.with_aftershocks(
        Trajectories.of_sequences(alone), np.random.default_rng(1)
    ).counts
    silent = np.exp(-mean)
    have = 0.25 * (1.0 - silent)
    assert np.mean(counts > 1) == pytest.approx(have, abs=4.0 * np.sqrt(have / n))


def test_what_was_learned_is_known_with_its_source() -> None:
    known = learned()
    assert known.prior.log_k_slope > 0.0  # larger mainshocks have more aftershocks
    assert sum(known.sequences.values()) > 50
    assert "experiments/aftershocks.py" in known.command


@pytest.fixture(scope="module")
def hours_after(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """The catalog of a network, 24 hours after an M 6: little more than its sequence."""
    events = sequence(300.0, 0.05, 1.1, 40.0, 5)
    return synthetic_catalog(events, TRUTH, "hours", start="2024-01-01")


AT = "2024-04-11"  # day 101


def test_a_forecast_after_a_mainshock_needs_no_model_and_holds(hours_after: Catalog) -> None:
    done = run_forecast(hours_after, at=AT, samples=400, magnitudes=[2.0, 3.0])
    assert done.sequence is not None
    assert done.sequence.hours == pytest.approx(24.0)
    for row in done.table:
        assert row.observed is not None
        low, high = row.ci95
        assert high is not None
        assert low <= row.observed <= high
    assert "24 hours after the M 6 of 2024-04-10 00:00 UTC, with " in str(done)
    assert done.capped == 0
    assert ForecastResult.from_json(done.to_json(), "there") == done


def test_the_correction_can_be_left_out_and_widens_the_range(hours_after: Catalog) -> None:
    model = replace(fit_so_far(hours_after, 101.0), process=TRUTH)
    given = {"at": AT, "days": [7.0], "magnitudes": [2.0], "samples": 400}
    plain = run_forecast(hours_after, model, **given, uncorrected=True, fixed_parameters=True)
    mended = run_forecast(hours_after, model, **given)
    assert plain.sequence is None
    assert mended.sequence is not None
    widths = []
    for done in (plain, mended):
        low, high = done.table[0].ci95
        assert high is not None
        widths.append(np.log((high + 0.5) / (low + 0.5)))
    assert widths[1] > 1.5 * widths[0]


def test_a_forecast_that_is_not_corrected_after_a_mainshock_says_so(hours_after: Catalog) -> None:
    given = {"days": [1.0], "magnitudes": [2.0], "samples": 20, "allow_leak": True}
    known = fit_so_far(hours_after, 101.0)
    process = Poisson(2.0, known.process.magnitude_law)
    poisson = replace(known, kind=model_kind("poisson"), process=process)
    remark = "after the M 6 of 2024-04-10 00:00 UTC, and not corrected for its sequence"
    assert remark in str(run_forecast(hours_after, poisson, at=AT, **given))
    net = replace(poisson, kind=model_kind("recast-zero-shot"))
    assert f"{remark} as forecasts of ETAS are; 95 % ranges of nets have held" in str(
        run_forecast(hours_after, net, at=AT, **given)
    )
    for quiet in (
        run_forecast(hours_after, poisson, at="2024-04-09", **given),
        run_forecast(hours_after, poisson, at=AT, uncorrected=True, **given),
        run_forecast(hours_after, at=AT, **given),  # what the remark says to do
    ):
        assert "not corrected" not in str(quiet)


def test_few_aftershocks_are_said_to_be_too_few() -> None:
    days = np.concatenate([np.arange(0.0, 100.0, 0.3), [100.0], 100.0 + 0.1 * np.arange(1, 8)])
    events = EventSequence(days, np.where(days == 100.0, 5.0, 2.0), 0.0, 100.9)

    def forecast(events: EventSequence) -> ForecastResult:
        catalog = synthetic_catalog(events, TRUTH, "few", start="2024-01-01")
        model = replace(fit_so_far(catalog, events.end), process=TRUTH)
        return run_forecast(catalog, model, days=[1.0], samples=50)

    said = "and not corrected for its sequence: 7 events came in the day after it, fewer than 20"
    for until in (100.9, 102.0):
        done = forecast(replace(events, end=until))
        assert done.sequence is not None
        assert done.sequence.events == 7
        assert said not in str(done)
    # A later one of more aftershocks is what it is corrected for
    more = 110.0 + 0.01 * np.arange(30)
    both = EventSequence(
        np.append(days, more),
        np.append(np.where(days == 100.0, 5.0, 2.0), np.where(more == 110.0, 4.5, 2.0)),
        0.0,
        111.5,
    )
    assert said in str(forecast(both))
    # Where so many are usual nobody expects it to be
    often = np.unique(np.append(np.arange(0.0, 100.0, 0.1), days[days >= 100.0]))
    usual = EventSequence(often, np.where(often == 100.0, 5.0, 2.0), 0.0, 102.0)
    assert "not corrected" not in str(forecast(usual))


def test_a_regime_is_named_after_the_first_hours_too(hours_after: Catalog) -> None:
    given = {"at": AT, "days": [1.0], "samples": 50}
    assert "as its prior" not in str(run_forecast(hours_after, **given))
    done = run_forecast(hours_after, regime="SZ-ONSHORE", **given)
    assert "with past ones (subduction zone, on shore) as its prior" in str(done)


def test_a_supercritical_model_is_said_to_be_lowered(hours_after: Catalog) -> None:
    hot = replace(TRUTH, k=1.3 * TRUTH.k / TRUTH.branching_ratio(7.0))
    model = replace(fit_so_far(hours_after, 101.0), process=hot)
    done = run_forecast(hours_after, model, at=AT, days=[7.0], samples=50)
    assert "simulated with a branching ratio of 0.8 instead of 1.3" in str(done)


def test_the_same_seed_gives_the_same_corrected_forecast(
    hours_after: Catalog, tmp_path: Path
) -> None:
    given = {"at": AT, "samples": 120, "seed": 3}
    alone = run_forecast(hours_after, days=[1.0], threads=1, **given)
    several = run_forecast(hours_after, days=[1.0, 7.0], threads=2, out=tmp_path, **given)
    assert several.table[: len(alone.table)] == alone.table
    again = run_forecast(
        hours_after, days=[1.0, 7.0], threads=2, out=tmp_path, resume=True, **given
    )
    assert again.table == several.table


def test_a_window_may_be_longer_than_what_is_known(hours_after: Catalog) -> None:
    done = run_forecast(hours_after, at=AT, days=[365.0], samples=50)
    assert done.table[0].median > 0.0


def test_a_model_so_far_knows_nothing_later(hours_after: Catalog) -> None:
    changed = hours_after.events.copy()
    later = (changed["time"] >= AT).to_numpy()
    changed.loc[later, "magnitude"] = 7.0
    other = Catalog(changed, hours_after.info)
    first, second = (fit_so_far(catalog, 101.0) for catalog in (hours_after, other))
    assert first.process == second.process
    assert first.seen["hours"].until == "2024-04-11T00:00:00+00:00"


def test_without_a_sequence_parameters_are_as_likely_as_the_events_say(
    hours_after: Catalog,
) -> None:
    """Of 200 events a normal law of the errors alone allows far too much."""
    model = fit_so_far(hours_after, 90.0)
    assert model.fitted_to is not None
    assert model.prior is not None
    done = run_forecast(hours_after, at="2024-03-31", days=[7.0], samples=200)
    assert done.sequence is None
    assert done.parameter_uncertainty is not None
    assert done.parameter_uncertainty["rejected_unlikely"] > 0
    assert "ETAS, fitted to the" in str(done)


def test_a_time_outside_the_catalog_is_one_line(hours_after: Catalog) -> None:
    for at in ("2030-01-01", "1900-01-01"):
        with pytest.raises(InputError, match="is outside catalog 'hours', which covers"):
            run_forecast(hours_after, at=at)


def test_few_events_are_forecast_as_in_the_average_region(hours_after: Catalog) -> None:
    known = fit_so_far(hours_after, 3.0)
    assert known.n_parameters == 0
    done = run_forecast(hours_after, at="2024-01-04", days=[1.0], samples=50)
    assert "few events: ETAS of the average region, with the rate of these" in str(done)
    assert done.model["etas"]["mu"] > 0.0
    assert known.process.branching_ratio(30.0) < 1.0
    with pytest.raises(InputError, match="no event before"):
        fit_so_far(hours_after, 1e-6)


@pytest.mark.parametrize(
    ("n_before", "n_since"), [(0, 99), (5, 99), (15, 99), (20, 99), (21, 99), (15, 100)]
)
def test_a_file_of_one_sequence_does_not_tell_what_the_region_is_like(
    hours_after: Catalog, n_before: int, n_since: int
) -> None:
    """Of a file with few events before its mainshock, and in its sequence, the former are fitted.

    The mainshock is one of a hundred in it.
    """
    events = hours_after.events[hours_after.events["time"] < pd.Timestamp(AT, tz="UTC")]
    shock = int(events["magnitude"].to_numpy().argmax())
    after = np.linspace(shock + 1, len(events) - 1, n_since).astype(np.int64)
    rows = [*range(shock - n_before, shock + 1), *after.tolist()]
    catalog = Catalog(events.iloc[rows].reset_index(drop=True), hours_after.info)
    day = catalog.info.to_days(AT)
    since = sequence_since(catalog, day)
    assert since == pytest.approx(catalog.days[n_before])
    known, everything = fit_so_far(catalog, day, since=since), fit_so_far(catalog, day)
    assert everything.fitted_to is not None
    said = str(run_forecast(catalog, at=AT, days=[1.0], samples=50))
    if n_before < 10:
        assert known.n_parameters == 0
        assert 0.0 < known.process.mu <= max(n_before, 0.5) / 30.0
        assert "few events before the mainshock: ETAS of the average region" in said
    elif n_before <= 20 and n_since < 100:
        assert known.fitted_to is not None
        assert known.fitted_to.end == since
        assert f"fitted to the {n_before} events before the mainshock, with other" in said
    else:
        assert known.process == everything.process
        assert f"fitted to the {everything.fitted_to.n_scored:,} events so far" in said
    assert "so far, with" in str(
        run_forecast(catalog, at=AT, days=[1.0], samples=50, uncorrected=True)
    )


def test_a_few_events_of_an_hour_do_not_tell_it_either() -> None:
    splits = SplitDates("2024-01-01", "2024-01-01T12:00", "2024-01-01T18:00", "2024-01-02")
    info = CatalogInfo("begins", "2024-01-01", "2024-01-02", splits, 5.0)
    times = pd.to_datetime(["2024-01-01T00:32:40Z", "2024-01-01T00:37:00Z"]).as_unit("ns")
    catalog = Catalog(pd.DataFrame({"time": times, "magnitude": [6.3, 5.0]}), info)
    assert fit_so_far(catalog, 1.0 / 24.0).process.mu < 2.0 / 30.0


def test_aftershocks_alone_do_not_tell_the_rate_of_ordinary_times(hours_after: Catalog) -> None:
    """A fit to them would take many for events that nothing caused, and expect as many for ever."""
    info = hours_after.info

    def from_then(date: str) -> Catalog:
        splits = replace(
            info.splits, train_start=date, val_start="2024-05-01", test_start="2024-05-10"
        )
        return Catalog(hours_after.events, replace(info, start=date, splits=splits))

    known, begun = (from_then(date) for date in ("2024-03-01", "2024-04-09T23:59"))
    ordinary, short = (fit_so_far(one, one.info.to_days(AT)).process.mu for one in (known, begun))
    assert short == pytest.approx(0.5 / 30.0)
    assert 0.2 * TRUTH.mu < ordinary < 5.0 * TRUTH.mu
    assert fit_so_far(begun, 0.01).process.mu <= short  # few events
    day = begun.to_sequence().before(begun.info.to_days(AT))
    assert most_usual(day, 2.0) == pytest.approx(short)
    assert most_usual(day, 4.5) == np.inf  # no mainshock so small
    assert most_usual(replace(day, end=31.0), 2.0) == np.inf  # a month of aftershocks tells it


def test_the_b_value_leans_on_other_regions_where_there_are_few_events(
    hours_after: Catalog,
) -> None:
    few = fit_so_far(hours_after, 30.0).process.magnitude_law
    many = fit_so_far(hours_after, 140.0).process.magnitude_law
    assert few.b == pytest.approx(0.92, abs=0.1)
    assert many.b == pytest.approx(1.0, abs=0.1)
    assert many.maximum == 8.0


def test_b_and_the_largest_magnitude_can_be_given(hours_after: Catalog) -> None:
    law = fit_so_far(hours_after, 101.0, b=0.8, maximum_magnitude=7.2).process.magnitude_law
    assert (law.b, law.maximum) == (0.8, 7.2)
    done = run_forecast(hours_after, at=AT, b=0.8, maximum_magnitude=7.2, days=[1.0], samples=50)
    assert ", 50 simulations, b 0.80, M up to 7.2\n" in str(done)
    with pytest.raises(InputError, match="`maximum_magnitude` 5 is below the largest so far, 6"):
        run_forecast(hours_after, at=AT, maximum_magnitude=5.0)


@pytest.mark.parametrize("uncorrected", [False, True])
def test_they_can_be_given_for_a_fitted_model_too(hours_after: Catalog, uncorrected: bool) -> None:
    model = fit_so_far(hours_after, 101.0)
    given = {"at": AT, "days": [1.0], "samples": 200, "uncorrected": uncorrected}
    given["magnitudes"] = [2.0, 5.0, 6.9]
    larger = run_forecast(hours_after, model, b=0.85, maximum_magnitude=6.8, **given)
    assert ", 200 simulations, b 0.85, M up to 6.8\n" in str(larger)
    usual = run_forecast(hours_after, model, maximum_magnitude=9.0, **given)
    assert ", M up to 9\n" in str(usual)
    assert larger.table[1].probability > 1.2 * usual.table[1].probability
    assert larger.table[2].expected == 0.0
    with pytest.raises(InputError, match="`maximum_magnitude` 5 is below the largest so far, 6"):
        run_forecast(hours_after, model, maximum_magnitude=5.0, **given)


def test_a_net_has_magnitudes_of_its_own() -> None:
    net = load_model("shipped")
    with pytest.raises(InputError, match="`b` is for ETAS and Poisson, and recast has magnitudes"):
        run_forecast(load("ridgecrest_2019"), net, b=1.0, allow_leak=True)


def test_now_is_later_than_the_end_of_the_catalog() -> None:
    """A network's file of this morning: none of its events is late."""
    end = pd.Timestamp.now("UTC") - pd.Timedelta(hours=5)
    times = end - pd.to_timedelta(np.arange(200)[::-1] * 5.0, "h")
    magnitudes = 2.0 + np.arange(200) % 7 / 10.0
    table = pd.DataFrame({"time": times, "magnitude": magnitudes})
    first, middle, last = (f"{t.tz_localize(None).isoformat()}Z" for t in times[[0, 150, 180]])
    splits = SplitDates(first, middle, last, f"{end.tz_localize(None).isoformat()}Z")
    info = CatalogInfo("fresh", first, f"{end.tz_localize(None).isoformat()}Z", splits, 2.0)
    done = run_forecast(Catalog(table, info), at="now", days=[1.0], samples=50)
    assert pd.Timestamp(done.at) > end
    assert f"no event is known of since {info.end}: none is taken to have been" in str(done)
    assert "ETAS, fitted to the 200 events so far, with other regions as prior" in str(done)


def test_a_catalog_that_is_out_of_date_is_not_forecast_from_now_on(hours_after: Catalog) -> None:
    with pytest.raises(InputError, match="until now is more than 3 times the longest it had"):
        run_forecast(hours_after, at="now")


def test_aftershocks_that_must_have_come_are_missed(hours_after: Catalog) -> None:
    """Two hours of a rich sequence, and three days of nothing: the file is old."""
    two_hours = hours_after.to_sequence().before(100.0 + 2.0 / 24.0)
    now = pd.Timestamp.now("UTC")
    times = (now - pd.Timedelta(days=3)).floor("s") - pd.to_timedelta(
        two_hours.end - two_hours.times, "D"
    )
    table = pd.DataFrame({"time": times, "magnitude": two_hours.magnitudes})
    start = (times[0] - pd.Timedelta(hours=1)).floor("s")
    info = replace(
        hours_after.info,
        start=start.isoformat(),
        end=(now - pd.Timedelta(days=3)).floor("s").isoformat(),
        splits=SplitDates(start.isoformat(), str(times[20]), str(times[30]), str(times[-1])),
    )
    said = r"after a mainshock: about \d+ aftershocks should have come in the 3 days until now"
    with pytest.raises(InputError, match=said):
        run_forecast(Catalog(table, info), at="now")


def test_omoris_law_says_how_many_should_have_come() -> None:
    events = sequence(100.0, 1e-4, 1.0, 1.0, 2)
    expected = 100.0 * np.log(8.0)  # K ln((t + s) / t), from 1 to 8 days
    assert aftershocks_until(events, 2.0, 108.0) == pytest.approx(expected, rel=0.3)
    assert aftershocks_until(events.where(events.times < 100.0), 2.0, 108.0) == 0.0
    # What is known to have been quiet is none of the time in which they are missing
    quiet = replace(events, end=108.0)
    assert aftershocks_until(quiet, 2.0, 108.0) == 0.0


GAP = (100.5, 102.0)


def with_gap(events: EventSequence) -> EventSequence:
    a, b = GAP
    return replace(events.where((events.times < a) | (events.times >= b)), gaps=(GAP,))


def test_silence_of_a_gap_is_no_silence_of_the_sequence() -> None:
    """Half of three days are a gap of the catalog: the sequence expects as many as without it."""
    ratios = []
    for seed in range(20):
        events = sequence(150.0, 0.02, 1.1, 3.0, seed)
        whole = OmoriSequence.of(QUIET, events, 100.0, 6.0, PRIOR)
        known = OmoriSequence.of(QUIET, with_gap(events), 100.0, 6.0, PRIOR)
        assert known.n_events < whole.n_events
        ratios.append(known.expected(1.0)[0] / whole.expected(1.0)[0])
    assert np.mean(ratios) == pytest.approx(1.0, abs=3.0 * np.std(ratios) / np.sqrt(20.0) + 0.02)


def test_a_gap_takes_its_part_of_the_integral() -> None:
    """With no aftershock the likelihood is exp(-K int (t + c)^-p dt) over what was recorded."""
    alone = EventSequence([100.0], [6.0], 0.0, 103.0)
    whole = OmoriSequence.of(QUIET, alone, 100.0, 6.0, PRIOR)
    known = OmoriSequence.of(QUIET, with_gap(alone), 100.0, 6.0, PRIOR)
    likely = whole.weights[20, 12] > 1e-200
    ratio = np.log(known.weights[20, 12, likely] / whole.weights[20, 12, likely])
    integral = omori_integral(0.5, 2.0, float(np.exp(LOG_C[12])), float(P[20]))
    k = np.exp(whole.log_k[likely])
    assert ratio - ratio[0] == pytest.approx(integral * (k - k[0]), rel=1e-6, abs=1e-9)


def test_a_mainshock_with_a_gap_in_its_first_day_is_under_way() -> None:
    """Seven aftershocks came before it, as in a day that is not over: no smaller one counts."""
    after = 100.0 + 0.01 * np.arange(1.0, 8.0)
    smaller = np.concatenate([[90.0], 90.0 + 0.01 * np.arange(1.0, 31.0)])
    times = np.concatenate([np.arange(0.5, 90.0, 10.0), smaller, [100.0], after])
    magnitudes = np.where(times == 100.0, 5.0, np.where(times == 90.0, 4.5, 2.5))
    events = EventSequence(times, magnitudes, 0.0, 102.0)

    def mainshock(events: EventSequence) -> float:
        found = current_mainshock(events, 2.0)
        return 0.0 if found is None else float(events.times[found])

    assert mainshock(events) == 90.0
    assert mainshock(replace(events, gaps=((100.1, 101.5),))) == 100.0
    # Of a day, ten minutes came before the gap: what came after it counts, too
    later = np.concatenate([times[:-7], 101.0 + 0.1 * np.arange(1.0, 8.0)])
    after = EventSequence(later, magnitudes, 0.0, 102.0, gaps=((100.01, 101.05),))
    assert mainshock(after) == 100.0
    assert mainshock(replace(after, gaps=())) == 90.0


def test_before_an_hour_of_a_sequence_is_recorded_it_is_early() -> None:
    """Ten minutes, and a day of nothing: what past sequences say is all that is known."""
    times = np.concatenate([np.arange(0.5, 100.0, 10.0), [100.0, 100.004]])
    events = EventSequence(times, np.where(times == 100.0, 6.0, 2.5), 0.0, 101.0)
    assert too_early(events, 2.0) is None
    assert too_early(replace(events, gaps=((100.01, 100.99),)), 2.0) == times.size - 2
    assert too_early(replace(events, gaps=((100.01, 100.5),)), 2.0) is None


def test_how_many_should_have_come_knows_gaps() -> None:
    events = sequence(100.0, 1e-4, 1.0, 1.0, 2)
    kept = (events.times < 100.6) | (events.times >= 100.9)
    gap = replace(events.where(kept), gaps=((100.6, 100.9),))
    expected = aftershocks_until(events, 2.0, 108.0)
    assert aftershocks_until(gap, 2.0, 108.0) == pytest.approx(expected, rel=0.3)
    silent = replace(events.where(events.times < 100.5), gaps=((100.5, 101.0),))
    assert aftershocks_until(silent, 2.0, 108.0) == 0.0


def test_a_mainshock_below_two_units_above_completeness_is_said_to_be() -> None:
    days = np.concatenate([np.arange(0.0, 100.0, 0.5), [100.0], 100.0 + 0.1 * np.arange(1, 8)])
    events = EventSequence(days, np.where(days == 100.0, 3.9, 2.0), 0.0, 102.0)
    catalog = synthetic_catalog(events, TRUTH, "small", start="2024-01-01")
    model = replace(fit_so_far(catalog, 102.0), process=TRUTH)
    said = "not corrected for its sequence: it is less than 2 units above completeness, 2"
    assert said in str(run_forecast(catalog, model, days=[1.0], samples=50))


def test_a_model_says_what_it_was_fitted_to_and_that_it_knows_no_event_so_large(
    hours_after: Catalog, tmp_path: Path
) -> None:
    model = fit_so_far(hours_after, 101.0)
    small = replace(model, process=replace(TRUTH, magnitude_law=GutenbergRichter(2.0, 1.0, 5.5)))
    given = {"at": AT, "days": [1.0], "samples": 50}
    said = "the largest magnitude of the model, 5.5, is below the largest so far, 6: set `maximum"
    assert said in str(run_forecast(hours_after, small, **given))
    assert "below the largest" not in str(
        run_forecast(hours_after, small, maximum_magnitude=8.0, **given)
    )
    path = tmp_path / "etas.json"
    write_json(path, {**(model.record or {}), "fitted_on": to_json(model.seen)})
    done = str(run_forecast(hours_after, load_model(path), **given))
    assert f"\nmodel {path}, fitted to hours until 2024-04-11" in done


def test_a_catalog_that_ends_in_the_future_has_no_now(hours_after: Catalog) -> None:
    info = replace(hours_after.info, end="2124-01-01")
    with pytest.raises(InputError, match="ends at 2124-01-01, later than now: if .* --time-zone"):
        run_forecast(Catalog(hours_after.events, info), at="now")


def test_plain_days_have_no_now() -> None:
    events = sequence(50.0, 0.05, 1.1, 2.0, 1)
    with pytest.raises(InputError, match="counts plain days, which have no now"):
        run_forecast(synthetic_catalog(events, TRUTH, "plain"), at="now")


def test_the_command_needs_a_catalog_only(
    hours_after: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(hours_after, tmp_path)
    path = str(tmp_path / "hours.json")
    given = ["--at", AT, "--samples", "100", "--no-plots", "--out", str(tmp_path / "out")]
    assert main(["forecast", "--catalog", path, *given, "--maximum-magnitude", "7.5"]) == 0
    assert "(--uncorrected simulates ETAS as it is)" in capsys.readouterr().out
    assert main(["forecast", "--catalog", path, *given, "--uncorrected"]) == 0
    assert "simulates ETAS as it is" not in capsys.readouterr().out


def test_an_import_in_the_hours_after_a_mainshock_leads_to_a_forecast(
    hours_after: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = hours_after.events[hours_after.events["time"] < pd.Timestamp(AT, tz="UTC")]
    rows.to_csv(tmp_path / "network.csv", index=False)
    command = ["catalogs", "import", str(tmp_path / "network.csv"), "--name", "network"]
    assert main([*command, "--completeness", "2"]) == 0
    _, _, following = capsys.readouterr().out.partition("Next: recast ")
    assert following.split() == ["forecast", "--catalog", "network"]
    given = ["--no-plots", "--samples", "100", "--days", "1", "--out", str(tmp_path / "out")]
    assert main([*following.split(), *given]) == 0
    assert "hours after the M 6 of 2024-04-10" in capsys.readouterr().out


def test_an_import_says_that_b_is_too_low_where_small_events_were_missed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = load("ridgecrest_2019").events
    events.to_csv(tmp_path / "week.csv", index=False)
    command = ["catalogs", "import", str(tmp_path / "week.csv"), "--name", "week"]
    assert main([*command, "--completeness", "2.5"]) == 0
    out = capsys.readouterr().out
    assert re.search(
        r"\nnote: [\d,]+ of these [\d,]+ events came while networks missed small ones after the "
        r"M 7.1: the b-value above is too low \(`recast forecast` allows for that\)\n\nNext: ",
        out,
    )
    assert main(["catalogs", "check", "week"]) == 0
    assert re.search(
        r"\n- [\d,]+ of these [\d,]+ events came while networks", capsys.readouterr().out
    )


def test_completeness_that_a_mainshock_s_day_tells_is_a_guess(
    hours_after: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = hours_after.events
    shock = events["time"][events["magnitude"].idxmax()]
    since = events["time"] - shock
    rows = events[(since >= pd.Timedelta(0)) & (since < pd.Timedelta(hours=1))]
    rows.to_csv(tmp_path / "hour.csv", index=False)
    command = ["catalogs", "import", str(tmp_path / "hour.csv"), "--name", "hour"]
    assert main(command) == 0
    note = (
        "is estimated mostly by the day after the M 6, when small ones are missed: if the network"
    )
    assert note in capsys.readouterr().out
    lowest = load("hour").info.magnitude_completeness
    forecast = ["forecast", "--catalog", "hour", "--magnitudes", "2", "--out", str(tmp_path / "o")]
    forecast += ["--no-plots", "--samples", "100", "--days", "1"]
    assert lowest > 2.0
    assert main(forecast) == 2
    assert (
        "import again and say so (recast catalogs import --completeness)" in capsys.readouterr().err
    )
    assert main([*command, "--completeness", "2", "--overwrite"]) == 0
    assert "is estimated" not in capsys.readouterr().out
    assert main(forecast) == 0


def test_completeness_that_few_events_tell_is_a_guess(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load("ridgecrest_2019").events[-20:].to_csv(tmp_path / "few.csv", index=False)
    assert main(["catalogs", "import", str(tmp_path / "few.csv"), "--name", "few"]) == 0
    assert "is estimated by 20 events only: if the network" in capsys.readouterr().out


def test_an_import_minutes_after_a_mainshock_leads_to_a_forecast_too(
    hours_after: Catalog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    largest = hours_after.events.loc[hours_after.events["magnitude"].idxmax()]
    rows = hours_after.events[hours_after.events["time"] <= largest["time"]]
    rows.to_csv(tmp_path / "minutes.csv", index=False)
    command = ["catalogs", "import", str(tmp_path / "minutes.csv"), "--name", "minutes"]
    assert main([*command, "--completeness", "2"]) == 0
    assert capsys.readouterr().out.endswith("\nNext: recast forecast --catalog minutes\n")


def test_a_regime_says_what_to_expect_of_aftershocks() -> None:
    prior = REGIMES["ANSR-SHALCON"].prior(PRIOR)
    # 10^(a + M - m) for a mainshock four units above completeness
    assert prior.log_k + 4.0 * prior.log_k_slope == pytest.approx(np.log(10.0 ** (-2.42 + 4.0)))
    assert (prior.log_c, prior.p_sd) == (PRIOR.log_c, PRIOR.p_sd)
    hour = sequence(50.0, 0.05, 1.1, 1.0 / 24.0, 1)
    few, many = (under_way([TRUTH], hour, name) for name in ("ANSR-OCEANBD", "SZ-ONSHORE"))
    assert few is not None
    assert many is not None
    assert few.omori.expected(7.0)[0] < many.omori.expected(7.0)[0]


def test_a_regime_is_one_of_those_known_and_has_an_effect(hours_after: Catalog) -> None:
    with pytest.raises(InputError, match="no `regime` 'MARS': ANSR-DEEPCON, "):
        run_forecast(hours_after, at=AT, regime="MARS")
    with pytest.raises(InputError, match="`regime` is for forecasts of ETAS after a mainshock"):
        run_forecast(hours_after, at=AT, regime="SZ-GENERIC", uncorrected=True)
    with pytest.raises(InputError, match="`regime` is for forecasts of ETAS after a mainshock"):
        run_forecast(hours_after, at="2024-03-31", regime="SZ-GENERIC")  # before it
