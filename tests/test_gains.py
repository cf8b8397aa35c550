"""Gains: paired, by period, with intervals where there is enough to say."""

import numpy as np
import pandas as pd
import pytest

from catalogs import InputError
from recast.evaluation import gain, gains_by_period, mean_interval


def test_periods_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(10.0, 50.0, 400))
    gains = rng.normal(0.1, 1.0, 400)
    periods = gains_by_period(times, gains, np.array([10.0, 11.0, 30.0, 50.0]))
    assert [row.n for row in periods] == np.histogram(times, [10, 11, 30, 50])[0].tolist()
    total = sum(row.n * row.mean for row in periods)
    assert total == pytest.approx(gains.sum(), rel=1e-12)
    for row in periods[1:]:
        assert row.low < row.mean < row.high


def test_an_event_on_an_edge_belongs_to_the_later_period() -> None:
    first, second = gains_by_period(np.array([1.0, 2.0]), np.array([5.0, 7.0]), np.arange(1.0, 4.0))
    assert (first.mean, second.mean) == (5.0, 7.0)


def test_few_events_have_a_mean_without_interval_and_none_have_neither() -> None:
    few, none = gains_by_period(np.arange(5.0), np.ones(5), np.array([0.0, 5.0, 6.0]))
    assert few.mean == 1.0
    assert np.isnan([few.low, few.high, none.mean]).all()
    gains = np.random.default_rng(2).normal(size=39)
    less, enough = gains_by_period(np.arange(39.0), gains, np.array([0.0, 19.0, 39.0]))
    assert np.isnan([less.low, less.high]).all()
    assert enough.low < enough.mean < enough.high


def test_a_gain_is_the_interval_of_the_differences() -> None:
    rng = np.random.default_rng(1)
    shared = rng.normal(0.0, 3.0, 500)  # what both models find hard cancels
    better = shared + rng.normal(0.05, 0.1, 500)
    got = gain(better, shared)
    want = mean_interval(better - shared)
    assert got == want
    times = np.cumsum(rng.gamma(0.1, 1.0, 500))  # blocks of events are not blocks of time
    assert gain(better, shared, times) == mean_interval(better - shared, times) != want
    # 1.96 * 0.1 / sqrt(500) = 0.0088 on either side, a third more from six blocks, and scatter;
    # 0.26 if what both find hard did not cancel
    assert 0.004 < 0.5 * (got.high - got.low) < 0.025


def test_other_events_are_no_pairs() -> None:
    with pytest.raises(InputError, match="terms of 3 and 2 events"):
        gain(np.zeros(3), np.zeros(2))


def test_terms_are_paired_in_their_order_whatever_their_labels() -> None:
    terms, null = np.array([1.0, 4.0, 2.0]), np.array([0.0, 0.5, 2.0])
    labelled = pd.Series(terms), pd.Series(null, index=[2, 1, 0])
    assert gain(*labelled) == gain(list(terms), list(null)) == gain(terms, null)
