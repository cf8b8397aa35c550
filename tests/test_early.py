"""Forecasts in the first hour after a mainshock, and after one of few aftershocks."""

from dataclasses import replace

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter
from etas.kernel import omori_integral
from etas.model import ETAS
from etas.omori import REGIMES, OmoriPrior, OmoriSequence
from recast.forecast.correction import SequenceForecast, learned
from recast.forecast.early import OmoriWindow, sequence_forecast

LAW = GutenbergRichter(2.5)
PROCESS = ETAS(0.5, 0.02, 0.7, 0.01, 1.1, LAW)
SHOCK = 100.0


def history(aftershocks: int, hours: float, magnitude: float = 6.0) -> EventSequence:
    """A quiet region, a mainshock on day 100, and aftershocks of M 2.5 evenly until now."""
    before = np.arange(5.0, 95.0, 10.0)
    since = SHOCK + hours / 24.0 * np.arange(1, aftershocks + 1) / (aftershocks + 1)
    times = np.concatenate([before, [SHOCK], since])
    magnitudes = np.full(times.size, 2.5)
    magnitudes[before.size] = magnitude
    return EventSequence(times, magnitudes, 0.0, SHOCK + hours / 24.0)


SURE = OmoriPrior(np.log(40.0), 0.0, 1e-3, 1.0, 1e-3, np.log(0.05), 0.0, 1e-3)
"""A prior that leaves nothing to learn: K = 40, p = 1, c = 0.05 days."""


def test_draws_follow_the_posterior() -> None:
    known = learned().prior
    omori = OmoriSequence.of(PROCESS, history(3, 0.5), SHOCK, 6.0, known)
    k, c, p = omori.draw(20_000, np.random.default_rng(0))
    by_k, by_p = omori.weights.sum(axis=(0, 1)), omori.weights.sum(axis=(1, 2))
    mean = float(by_k @ omori.log_k)
    sd = float(np.sqrt(by_k @ (omori.log_k - mean) ** 2))
    # Four standard errors of the mean of 20,000
    assert np.log(k).mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(20_000))
    assert np.log(k).std() == pytest.approx(sd, rel=0.05)
    assert np.mean(p < 0.8) == pytest.approx(float(by_p[:6].sum()), abs=0.015)
    assert c.min() > 0.0


def test_numbers_are_poisson_where_the_law_is_known() -> None:
    past = history(0, 0.1)
    sequence = SequenceForecast.of(PROCESS, past, 9, replace(learned(), prior=SURE))
    window = OmoriWindow.of(sequence, 2.0)
    window = replace(window, correction=replace(window.correction, large=20.0))
    counts = np.concatenate([window.draw(block, 2000, 1).counts for block in range(40)])
    k, c, p = (values[0] for values in sequence.omori.draw(1, np.random.default_rng(0)))
    elapsed = 0.1 / 24.0
    mean = k * float(omori_integral(elapsed, elapsed + 2.0, c, p)) + window.quiet
    assert window.expected == pytest.approx(mean, rel=0.01)
    assert counts.size == 2000
    assert counts.mean() == pytest.approx(mean, abs=4 * np.sqrt(mean / 2000))
    assert counts.var() == pytest.approx(mean, rel=0.15)


def test_each_catalog_has_a_law_of_its_own_from_the_posterior() -> None:
    vague = replace(SURE, log_k=np.log(20.0), log_k_sd=0.8)
    sequence = SequenceForecast.of(PROCESS, history(0, 0.1), 9, replace(learned(), prior=vague))
    window = OmoriWindow.of(sequence, 2.0)
    window = replace(window, correction=replace(window.correction, large=20.0))
    counts = np.concatenate([window.draw(block, 2000, 1).counts for block in range(40)])
    k, c, p = sequence.omori.draw(20_000, np.random.default_rng(1))
    elapsed = sequence.omori.elapsed
    means = window.quiet + k * [
        float(omori_integral(elapsed, elapsed + 2.0, *law)) for law in zip(c, p, strict=True)
    ]
    # The variance of a Poisson number of a random mean is E N + var N
    variance = means.mean() + means.var()
    assert variance > 20.0 * means.mean()
    assert counts.mean() == pytest.approx(means.mean(), abs=4.0 * np.sqrt(variance / 2000))
    assert counts.var() == pytest.approx(variance, rel=0.3)


@pytest.mark.parametrize("lowest", [None, 3.5])
def test_a_window_expects_all_events_and_knows_which_are_of_the_sequence(
    lowest: float | None,
) -> None:
    past = history(12, 12.0)
    sequence = SequenceForecast.of(PROCESS, past, 9, learned(), lowest)
    expected, quiet = sequence.omori.expected(2.0)
    window = OmoriWindow.of(sequence, 2.0)
    share = 1.0 if lowest is None else 0.1  # of the events, those of M >= 3.5
    assert window.expected == pytest.approx(expected / share, rel=1e-4)
    assert window.quiet == pytest.approx(quiet / share, rel=1e-4)
    assert window.correction.share == pytest.approx(1.0 - quiet / expected)
    assert window.correction.large == pytest.approx(6.0 - 0.6)
    assert window.max_events == 10_000
    assert replace(window, expected=400.0).max_events == 80_000
    assert replace(window, expected=400.0, most=30).max_events == 30


def test_windows_and_seeds_have_random_numbers_of_their_own() -> None:
    sequence = SequenceForecast.of(PROCESS, history(5, 1.0), 9, learned())
    one = OmoriWindow.of(sequence, 1.0).draw(0, 50, 1)
    for days, block, seed in ((1.0, 1, 1), (1.0, 0, 2), (1.5, 0, 1)):
        other = OmoriWindow.of(sequence, days).draw(block, 100, seed)
        assert np.corrcoef(one.counts, other.counts)[0, 1] < 0.5
    again = OmoriWindow.of(sequence, 1.0).draw(0, 50, 1)
    np.testing.assert_array_equal(one.times, again.times)


def test_the_mainshock_of_a_day_is_the_largest_event_within_two_seconds() -> None:
    past, second = history(30, 20.0), 1.0 / 86_400.0
    times = np.sort(np.append(past.times, [SHOCK - second, SHOCK + 60.0 * second]))
    magnitudes = np.insert(past.magnitudes, [9, 10], [4.0, 6.5])
    events = replace(past, times=times, magnitudes=magnitudes)
    found = sequence_forecast(PROCESS, events, SHOCK - second)
    assert found is not None
    assert (found[0].time, found[0].magnitude) == (SHOCK, 6.0)


def test_times_follow_the_decay_from_now_on() -> None:
    past = history(0, 12.0)
    sequence = SequenceForecast.of(PROCESS, past, 9, replace(learned(), prior=SURE))
    window = OmoriWindow.of(sequence, 30.0)
    window = replace(window, correction=replace(window.correction, large=20.0), quiet=0.0)
    drawn = window.draw(0, 50, 1)
    k, c, p = (values[0] for values in sequence.omori.draw(1, np.random.default_rng(0)))
    del k
    delays = drawn.times - past.end
    assert delays.min() >= 0.0
    assert drawn.times.max() < past.end + 30.0
    half = float(
        omori_integral(0.5, 3.5, c, p) / omori_integral(0.5, 30.5, c, p)  # half a day has passed
    )
    share = float(np.mean(delays < 3.0))
    assert share == pytest.approx(half, abs=4 * np.sqrt(0.25 / delays.size))


def test_blocks_do_not_depend_on_how_many_there_are() -> None:
    sequence = SequenceForecast.of(PROCESS, history(2, 0.2), 9, learned())
    window = OmoriWindow.of(sequence, 1.0)
    few, many = window.draw(0, 50, 1), window.draw(0, 500, 1)
    np.testing.assert_array_equal(few.times, many.times)
    assert window.draw(9, 460, 1).n == 10


@pytest.mark.parametrize(
    ("aftershocks", "hours", "early"),
    [
        (0, 0.2, True),
        (30, 0.9, True),  # many, but forecasts so soon have not been examined
        (4, 6.0, True),
        (5, 6.0, False),
        (4, 60.0, True),
        (19, 60.0, False),  # poor, and under way
        (60, 60.0, False),
    ],
)
def test_it_is_early_in_the_first_hour_and_with_few_aftershocks(
    aftershocks: int, hours: float, early: bool
) -> None:
    found = sequence_forecast(PROCESS, history(aftershocks, hours), SHOCK)
    assert found is not None
    assert found[1] is early
    prior = found[0].learned.prior
    shallow = REGIMES["ANSR-SHALCON"].prior(learned().prior)
    assert prior == (shallow if early else learned().prior)


def test_a_regime_that_is_named_is_used_early_and_late() -> None:
    zone = REGIMES["SZ-GENERIC"].prior(learned().prior)
    for aftershocks, hours in ((0, 0.2), (60, 60.0)):
        found = sequence_forecast(PROCESS, history(aftershocks, hours), SHOCK, "SZ-GENERIC")
        assert found is not None
        assert found[0].learned.prior == zone


def test_a_mainshock_that_is_not_among_the_events() -> None:
    assert sequence_forecast(PROCESS, history(3, 1.0), SHOCK - 0.5) is None
