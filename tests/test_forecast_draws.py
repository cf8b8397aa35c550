"""Parameter sets drawn from the uncertainty of an ETAS fit."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from catalogs import EventSequence, InputError, load
from etas import ETAS
from etas.fit import fit_etas
from etas.parameter_draws import draw_models
from etas.parameters import Box
from etas.prior import Prior
from etas.several import TOGETHER, log_likelihoods
from etas.synthetic import SOCAL_TRUTH
from etas.uncertainty import Correlation, Estimate, Uncertainty

EMPTY = EventSequence.nothing()


def test_draws_have_the_standard_errors_of_the_fit() -> None:
    (events,) = SOCAL_TRUTH.sample(EMPTY, 4000.0, 1, seed=1)
    fit = fit_etas(events, SOCAL_TRUTH.magnitude_law)
    assert fit.uncertainty is not None
    draws = draw_models(fit.model, fit.uncertainty, 2000, 30.0, seed=2)
    parameters = np.array([model.parameters for model in draws.models])
    for j, name in enumerate(("mu", "k", "alpha", "c", "p")):
        error = fit.uncertainty.standard_error(name)
        logs = name in {"mu", "k", "c"}
        x = np.log(parameters[:, j]) if logs else parameters[:, j]
        value = getattr(fit.model, name)
        wanted = error / value if logs else error
        # 2,000 draws know a standard deviation to 1.6 %, the mean to 2.2 % of one
        assert x.std() == pytest.approx(wanted, rel=0.08)
        assert x.mean() == pytest.approx(np.log(value) if logs else value, abs=0.1 * wanted)
    correlation = np.corrcoef(np.log(parameters[:, 1]), parameters[:, 4])[0, 1]
    assert correlation == pytest.approx(fit.uncertainty.correlation.matrix[1][4], abs=0.05)
    assert draws.to_json()["draws"] == 2000


def test_draws_have_the_intervals_of_a_fit_that_is_well_determined() -> None:
    """With and without its events, which then say the same."""
    (events,) = SOCAL_TRUTH.sample(EMPTY, 4000.0, 1, seed=1)
    fit = fit_etas(events, SOCAL_TRUTH.magnitude_law)
    assert fit.uncertainty is not None
    for known in (None, events):
        draws = draw_models(fit.model, fit.uncertainty, 1000, 30.0, seed=2, events=known)
        assert draws.unlikely < 0.25 * 1000
        parameters = np.array([model.parameters for model in draws.models])
        for j, name in enumerate(("mu", "k", "alpha", "c", "p")):
            ends = np.quantile(parameters[:, j], [0.025, 0.975])
            # 1,000 draws know these quantiles to 0.09 standard errors
            error = 0.3 * fit.uncertainty.standard_error(name)
            assert ends == pytest.approx(fit.uncertainty.interval(name), abs=error)


def test_draws_of_a_poor_fit_are_as_likely_as_its_events_allow() -> None:
    """Four days leave intervals over many orders of magnitude, of models that lose all."""
    catalog = load("ridgecrest_2019")
    events = catalog.split().train
    fit = fit_etas(events, catalog.magnitude_law())
    assert fit.uncertainty is not None
    low, high = fit.uncertainty.interval("mu")
    assert high > 1e6 * low
    lost = []
    for known in (None, events):
        draws = draw_models(fit.model, fit.uncertainty, 200, 1.0, seed=2, events=known)
        each = [model.log_likelihood(events) for model in draws.models]
        lost.append(fit.log_likelihood - np.array(each))
    # Twice the loss is chi-squared where the likelihood is normal
    bound = stats.chi2.ppf(0.95, len(fit.uncertainty.names)) / 2.0
    assert (lost[0] < bound).mean() < 0.5
    assert (lost[1] < bound).mean() > 0.9


def with_errors(model: ETAS, **errors: float) -> Uncertainty:
    """The uncertainty of a fit that has these standard errors, without correlations."""
    known = {name: Estimate(getattr(model, name), e, (0.0, 1.0)) for name, e in errors.items()}
    identity = tuple(map(tuple, np.eye(len(known)).tolist()))
    return Uncertainty(known, Correlation(tuple(known), identity))


def test_supercritical_draws_are_thrown_away_and_counted() -> None:
    ratio = SOCAL_TRUTH.branching_ratio(1000.0)
    model = replace(SOCAL_TRUTH, k=0.97 * SOCAL_TRUTH.k / ratio)
    draws = draw_models(model, with_errors(model, k=0.05 * model.k), 1000, 1000.0, seed=3)
    assert all(m.branching_ratio(1000.0) < 1.0 for m in draws.models)
    assert {m.alpha for m in draws.models} == {model.alpha}  # without an error it stays
    # ln k above ln(1 / 0.97) is 0.61 standard deviations from the mean
    share = draws.supercritical / (1000 + draws.supercritical)
    assert share == pytest.approx(stats.norm.sf(np.log(1 / 0.97) / 0.05), abs=0.05)
    hot = replace(model, k=3.0 * model.k)
    with pytest.raises(
        InputError, match=r"have a branching ratio .* set `days` to \S+ or less"
    ) as e:
        draw_models(hot, with_errors(hot, k=0.05 * hot.k), 5, 1000.0, seed=4)
    days = float(str(e.value).partition("set `days` to ")[2].split()[0])
    assert len(draw_models(hot, with_errors(hot, k=0.05 * hot.k), 5, days, seed=4).models) == 5


def test_impossible_draws_are_thrown_away_and_counted() -> None:
    model = replace(SOCAL_TRUTH, k=1e-6)
    draws = draw_models(model, with_errors(model, alpha=model.alpha), 1000, 1000.0, seed=3)
    assert all(m.alpha >= 0.0 for m in draws.models)
    # alpha < 0 one standard deviation below the mean
    assert draws.impossible / (1000 + draws.impossible) == pytest.approx(0.1587, abs=0.04)


@pytest.mark.parametrize("taper", [None, 40.0])
def test_likelihoods_side_by_side_are_those_of_each_model(taper: float | None) -> None:
    """With history before the scored window, a gap in it, and more models than fit side by side."""
    (events,) = SOCAL_TRUTH.sample(EMPTY, 1500.0, 1, seed=3)
    gaps = ((200.0, 210.0), (600.0, 640.0))
    kept = ~np.any([(events.times >= a) & (events.times < b) for a, b in gaps], axis=0)
    times, magnitudes = events.times[kept], events.magnitudes[kept]
    events = replace(events.scored_from(300.0), times=times, magnitudes=magnitudes, gaps=gaps)
    models = [
        replace(SOCAL_TRUTH, mu=0.5 + 0.1 * i, p=0.9 + 0.05 * i, c=1e-5 * 4.0**i, taper=taper)
        for i in range(TOGETHER + 3)
    ]
    found = log_likelihoods(models, events)
    assert found == pytest.approx([m.log_likelihood(events) for m in models], rel=1e-9)


def test_likelihoods_side_by_side_have_delays_far_apart() -> None:
    """With c of minutes beside one of millennia, as fits to few events draw them."""
    events = EventSequence(np.arange(1.0, 40.0), np.full(39, 3.0), 0.0, 45.0, 20.0)
    slow = replace(SOCAL_TRUTH, mu=0.01, k=0.05 * 1e6**SOCAL_TRUTH.p, c=1e6)
    found = log_likelihoods([SOCAL_TRUTH, slow], events)
    assert found == pytest.approx([m.log_likelihood(events) for m in (SOCAL_TRUTH, slow)], rel=1e-9)


def test_fewer_draws_are_the_first_of_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are tried as many at a time as are missing, and kept as if one by one."""
    (events,) = SOCAL_TRUTH.sample(EMPTY, 300.0, 1, seed=4)
    fit = fit_etas(events, SOCAL_TRUTH.magnitude_law)
    assert fit.uncertainty is not None
    many = draw_models(fit.model, fit.uncertainty, 40, 30.0, seed=5, events=events)
    assert many.unlikely > 0
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    few = draw_models(fit.model, fit.uncertainty, 7, 30.0, seed=5, events=events)
    assert few.models == many.models[:7]
    others = draw_models(fit.model, fit.uncertainty, 7, 30.0, seed=6, events=events)
    assert not {model.mu for model in others.models} & {model.mu for model in few.models}


def test_the_likeliest_make_up_the_number(monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = load("ridgecrest_2019")
    events = catalog.split().train
    fit = fit_etas(events, catalog.magnitude_law())
    assert fit.uncertainty is not None
    tried = draw_models(fit.model, fit.uncertainty, 200, 1.0, seed=2).models
    monkeypatch.setattr("etas.parameter_draws.ATTEMPTS", 200)
    draws = draw_models(fit.model, fit.uncertainty, 30, 1.0, seed=2, events=events)
    assert (len(draws.models), draws.unlikely) == (30, 170 - draws.supercritical - draws.impossible)
    worst = min(log_likelihoods(draws.models, events))
    assert worst > np.median(log_likelihoods(tried, events))


def test_half_of_those_wanted_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("etas.parameter_draws.ATTEMPTS", 200)
    ratio = SOCAL_TRUTH.branching_ratio(1000.0)
    critical = replace(SOCAL_TRUTH, k=SOCAL_TRUTH.k / ratio)  # half of the draws are above
    draws = draw_models(critical, with_errors(critical, k=0.05 * critical.k), 200, 1000.0, seed=3)
    assert len(draws.models) + draws.supercritical == 200
    assert len(draws.models) == pytest.approx(100, abs=30)


def test_draws_heed_the_prior_of_the_fit() -> None:
    """Of mu as a share of the mean rate of the scored window; history does not count."""
    (events,) = SOCAL_TRUTH.sample(EMPTY, 30.0, 1, seed=4)
    events = events.scored_from(20.0)
    rate = events.n_scored / events.scored_days
    assert len(events) > 2 * events.n_scored
    model = replace(SOCAL_TRUTH, mu=0.3 * rate)
    box = Box.of(rate, 1.0, taper=False)
    variance = np.array([0.02**2, 9.0, 9.0, 9.0, 9.0])
    prior = Prior(box.scaled(model.parameters), variance)
    errors = with_errors(model, mu=0.1 * rate)
    draws = draw_models(model, errors, 300, 10.0, seed=2, events=events, prior=prior)
    shares = np.array([drawn.mu for drawn in draws.models]) / rate
    assert shares.mean() == pytest.approx(0.3, abs=0.01)
    assert shares.std() == pytest.approx(0.02, rel=0.2)
