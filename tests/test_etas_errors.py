"""Standard errors, intervals, bounds, fixed parameters, tapers, starts from anywhere."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from catalogs import Catalog, EventSequence, GutenbergRichter, InputError, load
from etas.fit import ETASFit, fit_etas, fitting_sequence
from etas.likelihood import LogLikelihood, log_likelihood_quadratic
from etas.model import ETAS
from etas.parameters import ALPHA_BOUND, PARAMETERS
from etas.profile import profile_likelihood
from etas.starting_points import random_starts

LAW = GutenbergRichter(2.5, 1.0, 7.5)
TRUTH = ETAS(1.0, 0.0208, 0.7, 0.01, 1.12, LAW)
EMPTY = EventSequence.nothing()


def drawn(seed: int, days: float, model: ETAS = TRUTH) -> EventSequence:
    return model.sample(EMPTY, days, 1, seed=[21, seed])[0]


@pytest.fixture(scope="module")
def sequence() -> EventSequence:
    return drawn(0, 900.0)


def test_intervals_cover_the_truth_as_often_as_they_claim() -> None:
    n = 60
    hits = dict.fromkeys(PARAMETERS, 0)
    for seed in range(n):
        fit = fit_etas(drawn(seed, 900.0), LAW, starts=1)
        assert fit.converged
        assert fit.uncertainty is not None
        for name in fit.uncertainty.names:
            low, high = fit.uncertainty.interval(name)
            hits[name] += low <= getattr(TRUTH, name) <= high
    # 3 standard deviations of a binomial with p = 0.95 below its mean; all may hit
    for name, count in hits.items():
        assert count / n >= 0.95 - 3.0 * np.sqrt(0.95 * 0.05 / n), name
    assert 0.90 <= sum(hits.values()) / (5 * n) <= 0.99


def test_the_covariance_is_the_inverse_curvature(sequence: EventSequence) -> None:
    fit = fit_etas(sequence, LAW, starts=1)
    assert fit.uncertainty is not None
    evaluate = LogLikelihood.of(sequence, 2.5, c_min=1e-5).evaluate
    rng = np.random.default_rng(0)
    errors = np.array(fit.uncertainty.standard_errors)
    precision = np.linalg.inv(np.array(fit.uncertainty.correlation.matrix))
    best = fit.model.parameters
    for _ in range(10):
        z = 0.05 * rng.standard_normal(5)  # in units of standard errors: curvature alone counts
        drop = fit.log_likelihood - evaluate(best + z * errors).value
        assert drop == pytest.approx(0.5 * z @ precision @ z, rel=0.05)


def test_profile_likelihood_agrees_with_the_standard_error(sequence: EventSequence) -> None:
    fit = fit_etas(sequence, LAW, starts=1)
    profile = profile_likelihood(fit, sequence, "p")
    assert fit.uncertainty is not None
    low, high = profile.ci95
    assert low is not None
    assert high is not None
    # Nearly parabolic: within a quarter of the half-width
    margin = 0.25 * (high - low) / 2.0
    assert (low, high) == pytest.approx(fit.uncertainty.interval("p"), abs=margin)
    assert profile.log_likelihoods.max() <= fit.log_likelihood + 1e-6
    assert np.argmax(profile.log_likelihoods) == profile.values.size // 2
    with pytest.raises(InputError, match="'taper' was not estimated"):
        profile_likelihood(fit, sequence, "taper")
    later = sequence.scored_from(0.5 * (sequence.score_from + sequence.end))
    with pytest.raises(
        InputError, match=rf"the fit is of {len(sequence):,} events, `sequence` has"
    ):
        profile_likelihood(fit, later, "p")


def test_the_profile_of_a_positive_parameter_is_even_in_its_logarithm(
    sequence: EventSequence,
) -> None:
    fit = fit_etas(sequence, LAW, starts=1)
    assert fit.uncertainty is not None
    profile = profile_likelihood(fit, sequence, "mu")
    assert (profile.values > 0.0).all()
    np.testing.assert_allclose(np.diff(np.log(profile.values), 2), 0.0, atol=1e-9)
    low, high = profile.ci95
    assert low is not None
    assert high is not None
    # The interval of the standard error is symmetric in the logarithm as well
    np.testing.assert_allclose([low, high], fit.uncertainty.interval("mu"), rtol=0.05)
    for name in ("mu", "k", "c"):
        ends = fit.uncertainty.interval(name)
        assert np.sqrt(np.prod(ends)) == pytest.approx(getattr(fit.model, name), rel=1e-9)


def test_a_profile_of_a_parameter_on_its_bound_covers_the_box() -> None:
    # One mainshock without background: mu is on its lower bound for this seed
    start = EventSequence([0.9], [7.5], 0.0, 1.0)
    model = ETAS(0.0, 0.038, 0.5, 0.01, 1.2, LAW)
    samples = model.sample(start, 500.0, 12, seed=4)
    wholes = [start.followed_by(sample).scored_from(1.0) for sample in samples]
    fits = [fit_etas(whole, LAW, starts=1) for whole in wholes]
    i = next(i for i, fit in enumerate(fits) if fit.at_bound == ("mu",))
    profile = profile_likelihood(fits[i], wholes[i], "mu")
    assert profile.values[-1] > 1e6 * profile.values[0]
    np.testing.assert_allclose(np.diff(np.log(profile.values), 2), 0.0, atol=1e-9)
    assert np.argmax(profile.log_likelihoods) == 0
    low, high = profile.ci95
    assert low is None  # the data allow no background at all
    assert high is not None
    # Given a few values only, an interval takes three of them
    assert profile_likelihood(fits[i], wholes[i], "mu", values=[0.01]).ci95 == (None, None)


def test_a_profile_holds_what_the_fit_held(sequence: EventSequence) -> None:
    fit = fit_etas(sequence, LAW, starts=1, fixed={"p": 1.3})
    profile = profile_likelihood(fit, sequence, "alpha", values=[0.5, fit.model.alpha, 0.9])
    assert profile.log_likelihoods[1] == pytest.approx(fit.log_likelihood, abs=1e-6)
    assert profile.log_likelihoods.max() <= fit.log_likelihood + 1e-6
    # As with a prior, whose mode is no maximum of the likelihood
    lower = replace(fit, log_likelihood=fit.log_likelihood - 1.0)
    with pytest.raises(InputError, match=r"no maximum of this likelihood, 1 nats higher"):
        profile_likelihood(lower, sequence, "alpha", values=[fit.model.alpha])


def test_a_profile_without_errors_spans_the_bounds(sequence: EventSequence) -> None:
    fit = replace(fit_etas(sequence, LAW, starts=1), uncertainty=None)
    profile = profile_likelihood(fit, sequence, "alpha")
    assert (profile.values[0], profile.values[-1]) == (ALPHA_BOUND.lower, ALPHA_BOUND.upper)
    low, high = profile.ci95
    assert low is not None
    assert high is not None
    assert low < fit.model.alpha < high


def test_any_start_reaches_the_same_maximum(sequence: EventSequence) -> None:
    starts = random_starts(sequence, 40, np.random.default_rng(1))
    fit = fit_etas(sequence, LAW, starts=starts)
    ends = np.array(fit.start_log_likelihoods)
    assert ends.min() > ends.max() - 1e-6 * len(sequence)


@pytest.mark.parametrize("name", ["taupo", "qtm_san_jacinto", "horus_italy"])
def test_any_start_reaches_the_published_maximum(
    name: str, real_catalog: Callable[[str], Catalog]
) -> None:
    catalog = real_catalog(name)
    train = catalog.split().train
    starts = random_starts(train, 20, np.random.default_rng(2))
    fit = fit_etas(train, catalog.magnitude_law(), starts=starts)
    assert fit.converged
    ends = np.array(fit.start_log_likelihoods)
    assert ends.min() > ends.max() - 1e-4 * train.n_scored


def test_fixed_parameters_stay_and_cost_likelihood(sequence: EventSequence) -> None:
    free = fit_etas(sequence, LAW, starts=1)
    fixed = fit_etas(sequence, LAW, starts=1, fixed={"p": 1.3, "alpha": 0.0})
    assert (fixed.model.p, fixed.model.alpha) == (1.3, 0.0)
    assert fixed.log_likelihood < free.log_likelihood - 10.0
    assert fixed.n_parameters == 3
    assert fixed.uncertainty is not None
    assert fixed.uncertainty.names == ("mu", "k", "c")
    assert fixed.at_bound == ()  # alpha = 0 was asked for
    # The others are at their maximum given these: the expected number of events is the observed
    assert fixed.expected == pytest.approx(fixed.n_events, rel=1e-6)


@pytest.mark.parametrize(
    ("fixed", "message"),
    [({"q": 1.0}, "'q' cannot be fixed"), ({"p": 9.0}, "p = 9 is out of bounds")],
)
def test_what_cannot_be_fixed_is_named(
    fixed: dict[str, float], message: str, sequence: EventSequence
) -> None:
    with pytest.raises(InputError, match=message):
        fit_etas(sequence, LAW, fixed=fixed)


def test_a_parameter_on_its_bound_is_reported_with_the_reason() -> None:
    # A sequence of one mainshock, without background: half of the estimates of mu are on the bound
    model = ETAS(0.0, 0.038, 0.5, 0.01, 1.2, LAW)
    start = EventSequence([0.9], [7.5], 0.0, 1.0)
    edges = 0
    for sample in model.sample(start, 500.0, 12, seed=4):
        fit = fit_etas(start.followed_by(sample).scored_from(1.0), LAW, starts=1)
        assert fit.converged
        assert fit.uncertainty is not None
        if fit.at_bound == ("mu",):
            edges += 1
            assert "no background" in fit.bound_reasons["mu"]
            assert fit.uncertainty.names == ("k", "alpha", "c", "p")
        else:
            assert fit.at_bound == ()
            assert fit.bound_reasons == {}
    assert 2 <= edges <= 10  # binomial (12, 1/2): outside in 0.6 % of seeds


def test_a_taper_is_recovered_and_none_is_found_where_there_is_none() -> None:
    tapered = ETAS(1.0, 0.03, 0.6, 0.01, 1.0, LAW, 5.0)
    fit = fit_etas(drawn(1, 2000.0, tapered), LAW, starts=1, taper=True)
    assert fit.uncertainty is not None
    low, high = fit.uncertainty.interval("taper")
    assert low < 5.0 < high
    assert high < 50.0  # far shorter than the window: the data know it
    plain = drawn(2, 900.0)
    with_taper, without = (fit_etas(plain, LAW, starts=1, taper=flag) for flag in (True, False))
    # One parameter more gains chi-squared (1) / 2: 5.4 is its 99.9 % quantile
    assert -1e-6 < with_taper.log_likelihood - without.log_likelihood < 5.4


def test_a_taper_changes_a_process_as_it_says() -> None:
    history = EventSequence([1.0], [4.0], 0.0, 2.0)
    model = ETAS(0.0, 0.02, 0.7, 0.05, 1.1, LAW, 3.0)
    plain = ETAS(0.0, 0.02, 0.7, 0.05, 1.1, LAW)
    times = np.array([1.01, 1.5, 2.0])
    np.testing.assert_allclose(
        model.intensity(history, times),
        plain.intensity(history, times) * np.exp(-(times - 1.0) / 3.0),
        rtol=1e-8,
    )
    # First offspring of the history: P(none before t) from the compensator, also in simulation
    watched = EventSequence([1.0], [4.0], 0.0, 12.0, score_from=2.0)
    counts = np.array([len(s) == 0 for s in model.sample(history, 10.0, 20_000, seed=1)])
    expected = np.exp(-model.compensator(watched, 12.0)[0])
    error = 3.0 * np.sqrt(expected * (1.0 - expected) / counts.size)
    assert counts.mean() == pytest.approx(expected, abs=error)
    assert ETAS.from_json(model.to_json()) == model


def test_a_tapered_likelihood_is_that_of_its_rates() -> None:
    sequence = drawn(3, 100.0).scored_from(20.0)
    model = ETAS(0.8, 0.03, 0.7, 0.02, 1.05, LAW, 4.0)
    times = sequence.times[sequence.first_scored :]
    by_rates = np.log(model.intensity(sequence, times)).sum() - model.compensator(sequence, 100.0)
    assert model.log_likelihood(sequence) == pytest.approx(by_rates[0], rel=1e-9)
    # The compensator against the integral of the rate, gap by gap
    stops = np.concatenate([[20.0], times, [100.0]])
    nodes, weights = np.polynomial.legendre.leggauss(60)
    total = 0.0
    for lo, hi in pairwise(stops):
        u = 0.5 * (nodes + 1.0)  # points crowd after the event, where the rate falls
        x = lo + (hi - lo) * u**4
        rates = model.intensity(sequence, np.clip(x, np.nextafter(lo, hi), hi))
        total += 0.5 * (hi - lo) * float(weights @ (rates * 4.0 * u**3))
    assert total == pytest.approx(model.compensator(sequence, 100.0)[0], rel=1e-7)


def test_both_protocols_say_what_they_saw() -> None:
    catalog = load("synthetic_socal")
    split = catalog.split()
    train = fitting_sequence(catalog, "train")
    assert (train.n_scored, train.end) == (split.train.n_scored, split.train.end)
    both = fitting_sequence(catalog, "train+val")
    assert both.n_scored == split.train.n_scored + split.val.n_scored
    assert both.end == split.test.score_from
    everything = fitting_sequence(catalog, "all")
    assert everything.n_scored == both.n_scored + split.test.n_scored
    assert (everything.score_from, everything.end) == (split.train.score_from, split.test.end)


def test_the_result_is_json(sequence: EventSequence) -> None:
    fit = fit_etas(sequence, LAW, starts=1, protocol="train+val")
    record = json.loads(json.dumps(fit.to_json(), allow_nan=False))
    assert ETAS.from_json(record["model"]) == fit.model
    assert record["protocol"] == "train+val"
    row = record["uncertainty"]["parameters"]["c"]
    assert row["ci95"][0] < row["estimate"] < row["ci95"][1]
    assert len(record["uncertainty"]["correlation"]["matrix"]) == 5
    again = ETASFit.from_json({**record, "splits": {}}, "etas.json")
    assert again == fit
    assert again.to_json() == fit.to_json()
    with pytest.raises(InputError, match="etas.json: uncertainty.*: the file is damaged"):
        ETASFit.from_json({**record, "uncertainty": {"parameters": 1}}, "etas.json")


def test_a_fit_prints_as_a_table(sequence: EventSequence) -> None:
    fit = fit_etas(sequence, LAW, starts=1, fixed={"p": 1.1})
    table = fit.to_dataframe()
    assert list(table.index) == list(PARAMETERS)
    assert fit.uncertainty is not None
    row = table.loc["k"]
    assert (row["lower"], row["upper"]) == fit.uncertainty.interval("k")
    assert np.isnan(table.loc["p", "standard_error"])
    assert table.loc["p", "note"] == "fixed"
    assert str(fit) == repr(fit)
    for line in ("fitted on train", "1.1 fixed", "branching ratio", "converged"):
        assert line in str(fit)
    named = replace(fit, protocol="<b>")
    assert "<p>fitted on &lt;b&gt;" in named._repr_html_()
    assert named._repr_html_().count("<tr>") == 6
    flat = replace(fit, uncertainty=None).to_dataframe()
    assert flat["lower"].isna().all()
    assert flat["note"].to_list() == [
        "fixed" if name == "p" else "no error: the likelihood is flat here" for name in PARAMETERS
    ]


@pytest.mark.parametrize("p", [0.5, 0.8, 0.999, 1.0, 1.001, 1.2, 2.0, 3.0])
def test_the_error_of_the_linear_time_rates_over_the_whole_box(p: float) -> None:
    # Gaps from a tenth of a second to months, c from one second to 10 days, alpha from 0 to 3:
    # every rate against the plain sum, without background that would hide the error
    rng = np.random.default_rng(9)
    times = np.cumsum(10.0 ** rng.uniform(-6.0, 2.0, 400))
    sequence = EventSequence(times, LAW.sample(400, rng), 0.0, times[-1] + 1.0, times[1])
    lags = times[1:, None] - times
    earlier = lags > 0.0
    gains = sequence.magnitudes - LAW.completeness
    for c in (1e-5, 1e-3, 0.1, 10.0):
        for alpha in (0.0, 0.7, 3.0):
            kernel = np.where(earlier, (np.where(earlier, lags, 1.0) + c) ** -p, 0.0)
            exact = kernel @ 10.0 ** (alpha * gains)
            model = ETAS(0.0, 1.0, alpha, c, p, LAW)
            rates = model.intensity(sequence, times[1:])
            # 2 |Gamma(p + 2 pi i / h)| / Gamma(p) is 1.5e-9 at p = 3
            np.testing.assert_allclose(rates, exact, rtol=2.5e-9)
            # Long before a window that is scored for a minute only, too
            brief = sequence.scored_from(sequence.end - 1e-3)
            np.testing.assert_allclose(model.intensity(brief, times[1:]), exact, rtol=2.5e-9)
            by_sums = log_likelihood_quadratic(model.parameters, sequence, LAW.completeness)
            assert model.log_likelihood(sequence) == pytest.approx(by_sums, rel=1e-8)
