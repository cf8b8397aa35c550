"""Scores, and the interval of a paired gain."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import EventSequence, GutenbergRichter, InputError
from etas.model import ETAS
from etas.poisson import Poisson
from recast.evaluation import event_terms, mean_interval, score
from recast.evaluation.bootstrap import block_length

LAW = GutenbergRichter(2.0, 1.0, 8.0)


def test_three_units_of_one_score() -> None:
    sequence = EventSequence([1.0, 2.0, 5.0, 6.0], [3.0] * 4, 0.0, 10.0, score_from=1.5)
    result = score(Poisson(2.0, LAW), sequence)
    assert (result.n_events, result.days) == (3, 8.5)
    assert result.log_likelihood == pytest.approx(3 * np.log(2) - 17)
    assert result.nats_per_event == pytest.approx(result.log_likelihood / 3)
    assert result.nll_per_day == pytest.approx(-result.log_likelihood / 8.5)
    assert result.to_json()["nll_per_day"] == result.nll_per_day


def test_terms_of_events_add_up_to_the_log_likelihood() -> None:
    sequence = EventSequence([0.5, 2.0, 5.0, 6.0], [3.0, 2.0, 4.0, 2.5], 0.0, 10.0, score_from=1.5)
    etas = ETAS(0.3, 0.1, 0.8, 0.01, 1.2, LAW)
    terms = event_terms(etas, sequence)
    assert terms.shape == (3,)
    assert terms.sum() == pytest.approx(etas.log_likelihood(sequence), rel=1e-9)


def test_an_empty_window_has_no_score() -> None:
    sequence = EventSequence([1.0], [3.0], 0.0, 10.0, score_from=5.0)
    with pytest.raises(InputError, match="has no event"):
        score(Poisson(1.0, LAW), sequence)


def test_an_impossible_event_is_said_to_be_one() -> None:
    sequence = EventSequence([1.0], [3.0], 0.0, 10.0)
    with (
        pytest.raises(InputError, match="log-likelihood of ETAS is -inf"),
        np.errstate(all="ignore"),
    ):
        score(ETAS(0.0, 0.0, 1.0, 0.1, 1.1, LAW), sequence)


def test_the_interval_of_independent_values_is_the_classical_one() -> None:
    x = np.random.default_rng(0).normal(0.3, 2.0, 4000)
    interval = mean_interval(x, rng=np.random.default_rng(1), resamples=4000)
    error = x.std() / np.sqrt(x.size)
    assert interval.mean == pytest.approx(x.mean())
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * error, rel=0.15)


def autoregressive(n: int, coefficient: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=n)
    x = np.empty(n)
    x[0] = noise[0] / np.sqrt(1 - coefficient**2)
    for i in range(1, n):
        x[i] = coefficient * x[i - 1] + noise[i]
    return x


def test_dependence_widens_the_interval_as_theory_says() -> None:
    # The mean of x_i = rho x_{i-1} + e_i has variance var(e) / (n (1 - rho)^2): for rho = 0.5 three
    # times that of independent values with the same variance
    n, rho = 20_000, 0.5
    x = autoregressive(n, rho, 0)
    interval = mean_interval(x, rng=np.random.default_rng(1))
    assert interval.block > 5.0
    error = 1.0 / ((1 - rho) * np.sqrt(n))
    assert (interval.high - interval.low) / 2 == pytest.approx(1.96 * error, rel=0.12)


def test_the_interval_covers_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(200):
        interval = mean_interval(
            autoregressive(600, 0.4, seed), rng=np.random.default_rng(seed), resamples=400
        )
        covered += interval.low <= 0.0 <= interval.high
    assert 0.88 <= covered / 200 <= 0.99


@pytest.mark.parametrize(("coefficient", "low", "high"), [(0.0, 1.0, 6.0), (0.7, 20.0, 120.0)])
def test_block_length_grows_with_dependence(coefficient: float, low: float, high: float) -> None:
    # Theory for AR(1), n = 10,000: (2 G^2 / D)^(1/3) n^(1/3) = (4 rho^2 / (1 - rho^2)^2 n)^(1/3)
    lengths = [block_length(autoregressive(10_000, coefficient, seed)) for seed in range(9)]
    assert low <= float(np.median(lengths)) <= high


@settings(max_examples=50)
@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=40))
def test_the_mean_lies_in_the_range_of_any_values(values: list[float]) -> None:
    interval = mean_interval(values, rng=np.random.default_rng(0), resamples=50)
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9


@pytest.mark.parametrize("values", [[], [1.0], [1.0, np.nan], [[1.0, 2.0]]])
def test_values_that_have_no_interval_are_refused(values: list[float]) -> None:
    with pytest.raises(InputError, match="give no interval"):
        mean_interval(values, rng=np.random.default_rng(0))
