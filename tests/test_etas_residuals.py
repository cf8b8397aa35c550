"""Residual tests: sizes and power known in advance."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest

from catalogs import EventSequence, GutenbergRichter, InputError
from etas.fit import fit_etas
from etas.model import ETAS
from etas.poisson import Poisson
from etas.residuals import (
    ResidualTest,
    autocorrelation,
    count_band,
    outside,
    residual_test,
    transformed_times,
)

LAW = GutenbergRichter(2.5, 1.0, 7.5)
TRUTH = ETAS(1.0, 0.0208, 0.7, 0.01, 1.12, LAW)
EMPTY = EventSequence.nothing()


def test_p_values_of_a_true_model_are_uniform() -> None:
    ks, runs, correlations = [], [], []
    for seed in range(60):
        (sequence,) = TRUTH.sample(EMPTY, 200.0, 1, seed=[5, seed])
        test = residual_test(transformed_times(TRUTH, sequence))
        ks.append(test.ks_p)
        runs.append(test.runs_p)
        correlations.append(test.correlation * np.sqrt(test.n))
    # 0.001: fails once in a thousand seeds, for each
    assert kstest(ks, "uniform").pvalue > 0.001
    assert kstest(runs, "uniform").pvalue > 0.001
    assert kstest(correlations, "norm").pvalue > 0.001


@pytest.mark.parametrize("n", [10, 140, 141, 5000])
@pytest.mark.parametrize("power", [0.5, 0.9, 0.99, 1.0, 1.02, 1.1])
def test_p_values_are_those_of_scipy(n: int, power: float) -> None:
    """From no rejection to a clear one: the one-sided law takes over on the way."""
    uniforms = np.random.default_rng(n).random(n) ** power
    found = residual_test(np.cumsum(-np.log1p(-uniforms)))
    known = kstest(uniforms, "uniform")
    assert found.ks_distance == pytest.approx(known.statistic, rel=1e-9)
    assert found.ks_p == pytest.approx(known.pvalue, rel=1e-6, abs=1e-300)


def test_a_wrong_model_is_rejected() -> None:
    (sequence,) = TRUTH.sample(EMPTY, 400.0, 1, seed=6)
    poisson = residual_test(transformed_times(Poisson.fit(sequence, LAW), sequence))
    assert poisson.mean == pytest.approx(1.0, abs=0.05)  # the rate is right, the clustering not
    assert poisson.ks_p < 1e-10
    assert poisson.runs_z < -4.0  # runs are too long
    assert poisson.correlation > 0.1


def test_runs_by_hand() -> None:
    # Intervals alternate about the median: 20 runs, of 11 expected, variance 10 * 9 / 19
    intervals = np.tile([0.5, 1.5], 10)
    test = residual_test(np.cumsum(intervals))
    assert test.runs_z == pytest.approx((20 - 11) / np.sqrt(10 * 9 / 19))
    assert test.correlation == pytest.approx(-1.0)


def test_the_band_holds_what_is_plotted_in_95_percent_of_true_models() -> None:
    """A number of events that is random, and times that are not scaled by it."""
    rng = np.random.default_rng(7)
    expected, trials, inside = 1000.0, 2000, 0
    for _ in range(trials):
        transformed = np.sort(rng.uniform(0.0, expected, rng.poisson(expected)))
        away = np.abs(np.arange(1, transformed.size + 1) - transformed).max()
        inside += away <= count_band(transformed)
    # 3 binomial standard deviations, and half a point for the limit law at n = 1000
    assert inside / trials == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / trials) + 0.005)


def test_too_few_events_are_refused() -> None:
    with pytest.raises(InputError, match="9 scored events are too few"):
        residual_test(np.arange(1.0, 10.0))


def test_autocorrelations_of_a_true_model_are_small_and_of_a_wrong_one_not() -> None:
    (sequence,) = TRUTH.sample(EMPTY, 2000.0, 1, seed=8)
    true = autocorrelation(transformed_times(TRUTH, sequence), 100)
    # 95 % of 100 lags within 1.96 / sqrt(n): 11 or more outside in one case of a hundred
    assert np.count_nonzero(np.abs(true) > 1.96 / np.sqrt(len(sequence))) < 11
    wrong = autocorrelation(transformed_times(Poisson.fit(sequence, LAW), sequence), 5)
    assert wrong.min() > 3.0 * 1.96 / np.sqrt(len(sequence))


def test_a_fit_to_swarms_says_that_the_background_changes() -> None:
    """Bursts of background, which the tests of single intervals may pass."""
    rng = np.random.default_rng(3)
    (steady,) = TRUTH.sample(EMPTY, 400.0, 1, seed=6)
    bursts = np.concatenate([start + 2.0 * rng.random(60) for start in np.arange(20.0, 400.0, 40)])
    times = np.concatenate([steady.times, bursts])
    magnitudes = np.concatenate([steady.magnitudes, LAW.sample(bursts.size, rng)])
    order = np.argsort(times)
    swarms = EventSequence(times[order], magnitudes[order], 0.0, 402.0)
    said = "the background seems to change"
    fit = fit_etas(swarms, LAW)
    assert said in str(fit)
    assert fit.model.alpha < TRUTH.alpha - 0.2, fit
    plain = fit_etas(steady, LAW)
    assert said not in str(plain)
    assert "of 30 autocorrelations outside their 95 % range" in str(plain)
    large = replace(plain, residuals=replace(plain.residuals, lags_outside=30))
    assert said not in str(large), "most are outside in every large catalog"
    content = plain.residuals.to_json()
    del content["lags_outside"]
    before = ResidualTest.from_json(content, "a file of an earlier version")
    assert "autocorrelations" not in str(replace(plain, residuals=before))


def test_autocorrelation_by_hand() -> None:
    transformed = np.cumsum(np.tile([0.5, 1.5], 10))
    # The sum of the products has n - k terms, that of the squares n
    assert autocorrelation(transformed, 3) == pytest.approx([-19 / 20, 18 / 20, -17 / 20])
    assert autocorrelation(transformed[:3], 30).size == 2
    assert outside(np.array([-0.5, -0.48, 0.48, 0.5]), 16) == 2  # 1.96 / sqrt(16), either way


def test_where_no_interval_exceeds_the_median_there_are_no_runs() -> None:
    test = residual_test(np.cumsum([1.0] * 3 + [2.0] * 9))
    assert test.runs_z == 0.0
    assert test.runs_p == 1.0
    assert test.mean == pytest.approx(1.75)
