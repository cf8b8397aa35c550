"""Scores of numbers of events: exact laws, and what an honest forecast must get."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from catalogs import GutenbergRichter, InputError, Trajectories, load
from catalogs.sequence import MAGNITUDE_TOLERANCE
from etas import Poisson
from recast.evaluation.counts import crps, log_score, number_test, randomised_pit, score_counts
from recast.evaluation.magnitudes import magnitude_bins, magnitude_histograms, magnitude_test
from recast.forecast.blocks import bins_of


def test_the_number_test_counts_samples_on_both_sides() -> None:
    delta1, delta2 = number_test([[1, 2, 2, 5]], [2])
    assert (delta1[0], delta2[0]) == (0.75, 0.75)
    delta1, delta2 = number_test([[1, 2, 2, 5]], [6])
    assert (delta1[0], delta2[0]) == (0.0, 1.0)


def test_crps_is_that_of_the_samples_distribution() -> None:
    """Against the integral of (F(x) - 1{x >= observed})^2 over x, which is piecewise constant."""
    rng = np.random.default_rng(1)
    for observed in (0, 7, 30):
        samples = rng.poisson(9.0, 50)
        grid = np.arange(0, 60)
        below = (samples[:, None] <= grid).mean(axis=0)
        integral = ((below - (grid >= observed)) ** 2).sum()
        assert crps(samples, observed)[0] == pytest.approx(integral, rel=1e-12)
    assert crps([[4]], [9])[0] == 5.0


def test_the_log_score_is_a_probability_law() -> None:
    """It adds up to one over all counts, for narrow and for wide samples."""
    rng = np.random.default_rng(2)
    for samples in (rng.poisson(0.3, 400), rng.negative_binomial(2, 0.05, 400), np.zeros(3, int)):
        k = np.arange(4000)
        total = np.exp(log_score(np.tile(samples, (k.size, 1)), k)).sum()
        rest = 1.0 / ((samples.size + 1) * (k.size + 1))  # of the sample that is spread over all
        assert total + rest == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    "samples",
    [
        np.concatenate([np.arange(20, 60), [5_000, 9_000, 20_000]]),  # few far from the others
        np.repeat([20, 22, 400, 450], 9),  # less wide than its middle half is for a normal law
    ],
)
def test_the_log_score_spreads_samples_as_its_formula_says(samples: np.ndarray) -> None:
    z = np.log(samples + 0.5)
    width = 0.9 * min(z.std(), stats.iqr(z) / 1.349) * samples.size**-0.2
    for k in (3, 35, 300, 9_000):
        mass = np.diff(stats.norm.cdf(np.log([[k], [k + 1.0]]), z, width), axis=0).sum()
        wanted = (mass + 1.0 / ((k + 1.0) * (k + 2.0))) / (samples.size + 1)
        assert log_score(samples, k)[0] == pytest.approx(np.log(wanted), rel=1e-6)


def test_the_log_score_of_many_samples_is_that_of_their_law() -> None:
    samples = np.random.default_rng(3).poisson(40.0, (1, 400_000))
    for observed in (25, 40, 60):
        expected = stats.poisson.logpmf(observed, 40.0)
        # Silverman's kernel widens a law of sd 6.3 by 0.4 at its median, and samples scatter
        assert log_score(samples, observed)[0] == pytest.approx(expected, abs=0.05)


@pytest.mark.parametrize("spread", [0.3, 0.6, 1.0])
def test_five_hundred_samples_cost_little_of_the_score_of_their_law(spread: float) -> None:
    """Numbers after mainshocks: Poisson, of a mean whose logarithm scatters."""
    rng, mean = np.random.default_rng(7), 300.0
    quantiles = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    observed = rng.poisson(mean * np.exp(spread * rng.standard_normal(1000)))
    means = mean * np.exp(spread * quantiles)
    law = np.log([stats.poisson.pmf(k, means).mean() for k in observed.tolist()])
    samples = rng.poisson(mean * np.exp(spread * rng.standard_normal((1000, 500))))
    assert -0.05 < (log_score(samples, observed) - law).mean() < 0.01


def test_a_number_among_the_largest_samples_is_no_miss() -> None:
    """378 came, of samples with median 69 and a few up to 3,414: about 1 in 10,000 for each."""
    rng = np.random.default_rng(8)
    samples = np.exp(rng.logistic(np.log(69.0), 0.45, (1, 500))).astype(int)
    assert (samples > 378).sum() >= 5
    assert -11.0 < log_score(samples, [378])[0] < -8.0


def test_samples_that_agree_have_their_share_however_many_events_they_are() -> None:
    for number in (0, 3, 10**6):
        share = (99.0 + 1.0 / ((number + 1.0) * (number + 2.0))) / 100.0
        assert log_score([[number] * 99], [number])[0] == pytest.approx(np.log(share), abs=1e-9)


def test_a_number_beyond_all_samples_costs_what_the_rule_says() -> None:
    assert log_score([[3, 4, 5]], [1000])[0] == pytest.approx(-np.log(4.0 * 1001.0 * 1002.0))


def test_an_honest_forecast_is_calibrated() -> None:
    """Samples and observation of one law: uniform PIT, ranges that hold what they say."""
    rng = np.random.default_rng(4)
    rates = rng.gamma(2.0, 4.0, 4000)
    counts = rng.poisson(rates[:, None], (4000, 99))
    scores = score_counts(counts, rng.poisson(rates), rng)
    assert stats.kstest(scores.pit, "uniform").pvalue > 0.01
    record = scores.to_json()
    # Discrete ranges with their ends hold more than the nominal share
    assert 0.945 < record["coverage"]["95"] < 0.99
    assert 0.49 < record["coverage"]["50"] < 0.75
    assert list(record["quantiles"]) == ["0.025", "0.25", "0.5", "0.75", "0.975"]
    assert np.all(np.diff(list(record["quantiles"].values()), axis=0) >= 0.0)


def test_the_truth_has_the_best_mean_scores() -> None:
    """Both scores are proper: a forecast too low, too high or too wide has a worse mean."""
    rng = np.random.default_rng(5)
    observed = rng.poisson(10.0, 3000)
    good = rng.poisson(10.0, (3000, 200))
    for bad in (rng.poisson(6.0, (3000, 200)), rng.negative_binomial(2, 2 / 12, (3000, 200))):
        assert crps(good, observed).mean() < crps(bad, observed).mean()
        assert log_score(good, observed).mean() > log_score(bad, observed).mean()


def test_pit_of_ties_is_spread_between_its_steps() -> None:
    u = randomised_pit(np.zeros((2000, 9), int), np.zeros(2000, int), np.random.default_rng(6))
    assert stats.kstest(u, "uniform").pvalue > 0.01
    u = randomised_pit([[1, 2, 3]], [9], np.random.default_rng(6))
    assert 0.75 < u[0] < 1.0


@pytest.mark.parametrize(
    ("counts", "observed", "message"),
    [([[1, 2], [3, 4]], [1], "a row of samples"), ([[1, -2]], [1], "negative")],
)
def test_wrong_numbers_are_refused(
    counts: list[list[int]], observed: list[int], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        crps(counts, observed)


def drawn(rng: np.random.Generator, n: int, events: int, b: float) -> Trajectories:
    trajectory = np.repeat(np.arange(n), events)
    magnitudes = 2.0 + rng.exponential(1.0 / (b * np.log(10.0)), n * events)
    nothing = np.empty(0, np.int64)
    times = np.tile(np.linspace(0.0, 0.9, events), n)
    return Trajectories(trajectory, times, magnitudes, n, 0.0, 1.0, nothing)


def test_the_magnitude_test_finds_another_b() -> None:
    rng = np.random.default_rng(7)
    forecast, bins = drawn(rng, 300, 80, 1.0), magnitude_bins(2.0, 8.0)
    honest = [magnitude_test(forecast, drawn(rng, 1, 80, 1.0).magnitudes, bins) for _ in range(200)]
    assert stats.kstest([p for p in honest if p is not None], "uniform").pvalue > 0.01
    other = [magnitude_test(forecast, drawn(rng, 1, 80, 0.6).magnitudes, bins) for _ in range(50)]
    assert np.mean([p for p in other if p is not None]) > 0.9
    assert magnitude_test(forecast, np.empty(0), bins) is None
    with pytest.raises(InputError, match="below the lowest bin"):
        magnitude_test(forecast, np.array([1.5]), bins)


def test_the_magnitude_test_compares_shapes_and_counts_equal_distances() -> None:
    """Catalogs are scaled to the observed number: one of twice the events is no further."""
    bins, nothing = magnitude_bins(2.0, 3.0), np.empty(0, np.int64)
    shape = np.array([2.0, 2.0, 2.1])

    def simulated(*parts: np.ndarray) -> Trajectories:
        who = np.repeat(np.arange(len(parts)), [part.size for part in parts])
        m = np.concatenate(parts)
        return Trajectories(who, np.zeros(m.size), m, len(parts), 0.0, 1.0, nothing)

    twice = simulated(shape, np.tile(shape, 2), np.tile(shape, 40))
    assert magnitude_test(twice, shape, bins) == 1.0
    assert magnitude_test(twice, np.full(3, 2.9), bins) == 1.0
    # With U of 12 events, scaled to 3: D is sum (log10(L + 1) - log10(U + 1))^2
    mixed = simulated(np.tile(shape, 2), np.tile([2.1, 2.5], 3), np.empty(0))
    seen = np.array([2.0, 2.1, 2.5])
    union = np.array([4.0, 5.0, 3.0]) / 4.0
    away = [
        ((np.log10(np.array(one) + 1.0) - np.log10(union + 1.0)) ** 2).sum()
        for one in ([2.0, 1.0, 0.0], [0.0, 1.5, 1.5], [1.0, 1.0, 1.0])
    ]
    assert away[2] < min(away[:2])
    assert magnitude_test(mixed, seen, bins) == 0.0
    assert magnitude_test(mixed, shape, bins) == np.mean([d <= away[0] for d in away[:2]])


@pytest.mark.parametrize("step", [0.0, 0.01, 0.085, 0.1, 0.2, 0.5])
def test_the_magnitude_test_knows_the_step_of_magnitudes(step: float) -> None:
    rng = np.random.default_rng(3)
    known = load("ridgecrest_2019")
    info = replace(known.info, magnitude_bin=step, magnitude_completeness=2.0)
    catalog = replace(known, info=info)
    bins = bins_of(catalog, [Poisson(1.0, GutenbergRichter(1.85, 1.0, 8.0))])
    lowest = catalog.info.magnitude_completeness
    width = float(np.diff(bins[:2])[0])
    assert width >= 0.1 - 1e-9
    assert bins[0] <= 1.85 + 1e-9
    if step:
        assert width / step == pytest.approx(round(width / step))
    whole = (bins - lowest) / width
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-9)
    forecast, found = drawn(rng, 300, 80, 1.0), []
    forecast = replace(forecast, magnitudes=forecast.magnitudes + lowest - 2.0)
    for _ in range(200):
        m = drawn(rng, 1, 80, 1.0).magnitudes
        m = lowest + step * np.floor((m - 2.0) / step + 1e-9) if step else m + lowest - 2.0
        found.append(magnitude_test(forecast, m, bins))
    # 10 of 200 are expected, and 20 or more with probability 0.003; bins of 0.1 gave nearly all
    assert np.sum(np.array(found) > 0.95) < 20


@pytest.mark.parametrize("lowest", [2.0, 2.05])
@pytest.mark.parametrize("highest", [2.05, 8.3])
def test_events_are_counted_in_the_bin_whose_edge_they_reach(lowest: float, highest: float) -> None:
    rng = np.random.default_rng(0)
    bins = magnitude_bins(lowest, highest)
    drawn = lowest + rng.exponential(0.43, 5_000)
    magnitudes = np.concatenate([drawn, np.round(drawn, 1) + 0.05, bins, bins - 1e-9])
    magnitudes = magnitudes[magnitudes >= lowest - 1e-8]
    who = rng.integers(0, 7, magnitudes.size)
    nothing = np.empty(0, np.int64)
    many = Trajectories(who, np.zeros(who.size), magnitudes, 7, 0.0, 1.0, nothing)
    place = np.searchsorted(bins, magnitudes + MAGNITUDE_TOLERANCE, side="right") - 1
    expected = np.zeros((7, bins.size))
    np.add.at(expected, (who, place), 1)
    np.testing.assert_array_equal(magnitude_histograms(many, bins), expected)
    below = replace(many, magnitudes=magnitudes - 0.01)
    with pytest.raises(InputError, match="lies below the lowest bin"):
        magnitude_histograms(below, bins)
