"""Maximum likelihood: the truth is recovered, and what comes out is a maximum."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from catalogs import EventSequence, GutenbergRichter, InputError, load
from etas.fit import WITH_PRIOR, fit_etas, objective_of
from etas.likelihood import Evaluation, LogLikelihood, log_likelihood_quadratic
from etas.model import ETAS
from etas.optimiser import Summit, hessian, polish, scaled_objective
from etas.parameters import C_BOUND, P_BOUND, PARAMETERS, Box
from etas.starting_points import standard_starts
from etas.synthetic import SOCAL_TRUTH, true_model


def test_the_true_parameters_of_a_synthetic_catalog_are_recovered() -> None:
    catalog = load("synthetic_socal")
    split = catalog.split()
    fit = fit_etas(split.train, catalog.magnitude_law())
    assert fit.converged
    assert fit.at_bound == ()
    # At an interior maximum the expected number of events is the observed one
    assert fit.expected == pytest.approx(fit.n_events, rel=1e-5)
    # 12,000 events give these to a few per cent (standard errors below a third of each bound)
    for name, bound in zip(PARAMETERS, (0.15, 0.12, 0.1, 0.3, 0.05), strict=True):
        truth = getattr(SOCAL_TRUTH, name)
        assert getattr(fit.model, name) == pytest.approx(truth, rel=bound), name
    # A maximum lies above the truth, by chi-squared (5) / 2: 10 is its 99.9 % quantile
    excess = fit.log_likelihood - SOCAL_TRUTH.log_likelihood(split.train)
    assert 0.0 <= excess < 10.3


def test_the_fit_is_a_maximum_in_every_direction() -> None:
    catalog = load("synthetic_socal")
    train = catalog.split().train.before(1200.0).scored_from(500.0)
    fit = fit_etas(train, catalog.magnitude_law(), starts=1)
    evaluate = LogLikelihood.of(train, 2.5, c_min=1e-5).evaluate
    rng = np.random.default_rng(0)
    for _ in range(20):
        nearby = fit.model.parameters * np.exp(0.02 * rng.standard_normal(5))
        assert evaluate(nearby).value < fit.log_likelihood


def test_a_poisson_catalog_needs_no_triggering() -> None:
    rng = np.random.default_rng(5)
    law = GutenbergRichter(2.0)
    sequence = EventSequence(np.sort(rng.uniform(0, 500, 1000)), law.sample(1000, rng), 0.0, 500.0)
    fit = fit_etas(sequence, law)
    # With no clustering ETAS gains no more than chance over Poisson (5 - 1 parameters)
    poisson = 1000 * np.log(2.0) - 1000
    assert 0.0 <= fit.log_likelihood - poisson < 10.0
    assert fit.branching_ratio < 0.5


def test_a_supercritical_fit_says_so() -> None:
    growing, nothing = replace(SOCAL_TRUTH, k=0.075, alpha=0.3, p=0.9), EventSequence.nothing()
    drawn = growing.simulate(nothing, 100.0, 1, seed=2, allow_supercritical=True)
    events = EventSequence(drawn.times, drawn.magnitudes, 0.0, 100.0)
    fit = fit_etas(events, SOCAL_TRUTH.magnitude_law, starts=1)
    assert fit.branching_ratio > 1.0
    assert f"{fit.branching_ratio:.4f} over 100 days: supercritical" in repr(fit)
    with pytest.raises(InputError, match="each event triggers one or more"):
        fit.model.simulate(nothing, 100.0, 1, seed=0)
    law, known = SOCAL_TRUTH.magnitude_law, {"k": 0.01, "alpha": 0.3, "p": 1.1, "c": 0.01}
    steady = fit_etas(events, law, fixed=known, starts=1)
    assert "supercritical" not in repr(steady)


def test_too_few_events_are_refused() -> None:
    sequence = EventSequence(np.arange(1.0, 50.0), np.full(49, 3.0), 0.0, 50.0)
    with pytest.raises(InputError, match="49 scored events are too few"):
        fit_etas(sequence, GutenbergRichter(2.0))
    for n, prior_helps in ((WITH_PRIOR, True), (WITH_PRIOR - 1, False)):
        with pytest.raises(InputError) as refused:
            fit_etas(sequence.before(n + 0.5), GutenbergRichter(2.0))
        assert str(refused.value).startswith(f"{n} scored events are too few")
        assert str(refused.value).endswith("or use a `prior`") is prior_helps


def test_truth_is_known_for_synthetic_catalogs_only() -> None:
    assert true_model(load("synthetic_socal").info) == SOCAL_TRUTH
    assert true_model(load("ridgecrest_2019").info) is None


def test_a_fit_with_nothing_left_to_estimate_is_the_model_itself() -> None:
    train = load("synthetic_socal").split().train.before(1200.0).scored_from(500.0)
    values = {name: float(getattr(SOCAL_TRUTH, name)) for name in PARAMETERS}
    fit = fit_etas(train, SOCAL_TRUTH.magnitude_law, fixed=values)
    assert fit.model == SOCAL_TRUTH
    assert fit.n_parameters == 0
    assert fit.uncertainty is None
    assert fit.log_likelihood == pytest.approx(SOCAL_TRUTH.log_likelihood(train), rel=1e-9)


def test_newton_steps_end_at_the_maximum() -> None:
    train = load("synthetic_socal").split().train.before(1200.0).scored_from(500.0)
    n = train.n_scored
    evaluate = LogLikelihood.of(train, 2.5, c_min=1e-5)
    box = Box.of(n / train.scored_days, train.scored_days, taper=False)
    objective = scaled_objective(evaluate, box, n)
    best = fit_etas(train, SOCAL_TRUTH.magnitude_law, starts=1)
    off = box.scaled(best.model.parameters * np.array([1.05, 0.96, 1.03, 1.05, 0.98]))
    near = Summit(off, objective(off), 1)
    with ThreadPoolExecutor(1) as pool:
        done, curvature = polish(objective, near, box, np.ones(5, dtype=np.bool_), pool)
    assert done.evaluation.value > near.evaluation.value
    assert np.abs(done.evaluation.gradient).max() < 1e-3 * np.abs(near.evaluation.gradient).max()
    assert n * done.evaluation.value == pytest.approx(best.log_likelihood, abs=1e-3)
    assert np.linalg.eigvalsh(curvature).max() < 0.0


@pytest.mark.parametrize("share", [1.0, 1e-4, 1e-7])
def test_second_derivatives_where_the_background_is_far_below_the_mean_rate(share: float) -> None:
    """Of the sum of logarithms of x_0, x_0 + x_1 and x_1, which has poles at zero."""

    def evaluate(x: np.ndarray) -> Evaluation:
        both = x.sum()
        value = np.log(x[0]) + np.log(both) + np.log(x[1])
        return Evaluation(float(value), 1.0 / x + 1.0 / both, np.diag(x**-2.0))

    x = np.array([share, 0.5])
    with ThreadPoolExecutor(1) as pool:
        found = hessian(evaluate, x, np.ones(2, dtype=np.bool_), pool)
    np.testing.assert_allclose(found, -np.diag(x**-2.0) - x.sum() ** -2.0, rtol=1e-4)


@pytest.mark.parametrize(("c", "p"), [(C_BOUND.lower, P_BOUND.upper), (C_BOUND.upper, 0.5)])
def test_what_is_maximised_is_exact_up_to_the_bounds(c: float, p: float) -> None:
    law, rng = GutenbergRichter(2.0, 1.0, 8.0), np.random.default_rng(0)
    times = np.cumsum(10.0 ** rng.uniform(-6.0, 1.0, 300))
    events = EventSequence(times, law.sample(300, rng), 0.0, times[-1] + 1.0, times[9])
    theta = np.array([0.01, 0.01 * c ** (p - 1.0), 0.8, c, p])
    value = objective_of(events, law, taper=False, completeness=None).evaluate(theta).value
    assert value == pytest.approx(log_likelihood_quadratic(theta, events, 2.0), rel=1e-8)


def test_starts_expect_as_many_events_as_there_are() -> None:
    events = load("synthetic_socal").split().train.before(1200.0).scored_from(500.0)
    law = replace(SOCAL_TRUTH.magnitude_law, completeness=float(events.magnitudes.min()))
    for mu, k, alpha, c, p in standard_starts(events, {"p": 1.3}):
        assert p == 1.3
        model = ETAS(mu, k, alpha, c, p, law)
        assert mu * events.scored_days == pytest.approx(0.5 * events.n_scored)
        assert model.compensator(events, events.end)[0] == pytest.approx(events.n_scored)
