"""What other regions say of ETAS parameters, where a catalog has few events."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import norm

from catalogs import Catalog, EventSequence, GutenbergRichter, InputError, load
from etas.fit import fit_etas, objective_of
from etas.model import ETAS
from etas.optimiser import scaled_objective
from etas.parameters import Box
from etas.prior import Prior
from etas.synthetic import SOCAL_TRUTH
from recast.net.scaling import Scaling
from recast.pretrained import SHIPPED, etas_prior
from recast.training.data import Region

LAW = GutenbergRichter(2.5, maximum=8.0)
REGIONS = [
    (ETAS(share * rate, k, alpha, c, p, LAW), rate)
    for rate, share, k, alpha, c, p in (
        (1.0, 0.2, 0.02, 0.7, 0.010, 1.10),
        (3.0, 0.1, 0.03, 0.5, 0.004, 1.05),
        (0.3, 0.3, 0.015, 0.8, 0.020, 1.20),
        (9.0, 0.15, 0.025, 0.6, 0.002, 1.00),
        (2.0, 0.25, 0.02, 0.75, 0.008, 1.15),
    )
]
PRIOR = Prior.of(REGIONS)


def catalog_of(model: ETAS, days: float, seed: int) -> EventSequence:
    """``days`` of a catalog after as many to begin with."""
    empty = EventSequence(np.empty(0), np.empty(0), start=-days, end=0.0)
    (events,) = model.sample(empty, days, 1, seed=seed)
    return events


def test_it_is_the_mean_of_the_regions_and_twice_the_variance_between_them() -> None:
    theta = np.array([[m.mu / r, np.log(m.k), m.alpha, np.log(m.c), m.p] for m, r in REGIONS])
    np.testing.assert_allclose(PRIOR.mean, theta.mean(axis=0))
    np.testing.assert_allclose(PRIOR.variance, 2.0 * theta.var(axis=0, ddof=1))


def test_units_of_time_and_size_of_a_region_do_not_matter() -> None:
    """Background rates are compared in units of each region's mean rate."""
    busier = [(dataclasses.replace(m, mu=10.0 * m.mu), 10.0 * r) for m, r in REGIONS]
    np.testing.assert_allclose(Prior.of(busier).mean, PRIOR.mean)


def test_gradient_and_information_are_those_of_the_value() -> None:
    train = load("synthetic_socal").split().train
    box = Box.of(train.n_scored / train.scored_days, train.scored_days, taper=False)
    objective = objective_of(train, SOCAL_TRUTH.magnitude_law, taper=False, completeness=None)
    likelihood = scaled_objective(objective, box, train.n_scored)
    posterior = PRIOR.added_to(likelihood, 10)
    x, step = PRIOR.mean + 0.1, 1e-4
    here = posterior(x)
    for j in range(5):
        shift = step * np.eye(5)[j]
        slope = (posterior(x + shift).value - posterior(x - shift).value) / (2.0 * step)
        assert slope == pytest.approx(here.gradient[j], rel=1e-4, abs=1e-5)
    gained = here.information - likelihood(x).information
    np.testing.assert_allclose(gained, np.diag(1.0 / PRIOR.variance) / 10)


def test_densities_are_those_of_the_normal_law() -> None:
    law, scale = norm(PRIOR.mean, np.sqrt(PRIOR.variance)), []
    for model, rate in REGIONS:
        mu, k, alpha, c, p = model.parameters
        theta = np.array([mu / rate, np.log(k), alpha, np.log(c), p])
        scale.append(PRIOR.log_density(model, rate) - law.logpdf(theta).sum())
    np.testing.assert_allclose(scale, law.logpdf(PRIOR.mean).sum() * -1.0, rtol=1e-12)


def test_the_mode_of_the_posterior_balances_likelihood_and_prior() -> None:
    events = catalog_of(REGIONS[0][0], 200.0, seed=3)
    fit = fit_etas(events, LAW, prior=PRIOR)
    assert fit.converged
    n, days = events.n_scored, events.scored_days
    box = Box.of(n / days, days, taper=False)
    objective = objective_of(events, LAW, taper=False, completeness=None)
    theta = box.scaled(fit.model.parameters)
    gradient = n * scaled_objective(objective, box, n)(theta).gradient
    np.testing.assert_allclose(gradient, (theta - PRIOR.mean) / PRIOR.variance, atol=1e-3)
    # What is reported is the likelihood, not the posterior, and never above the maximum
    assert fit.log_likelihood == pytest.approx(fit.model.log_likelihood(events))
    assert fit.log_likelihood < fit_etas(events, LAW).log_likelihood


def test_many_events_outvote_it() -> None:
    train, law = load("synthetic_socal").split().train, SOCAL_TRUTH.magnitude_law
    plain, with_prior = fit_etas(train, law), fit_etas(train, law, prior=PRIOR)
    assert with_prior.uncertainty is not None
    for name in ("mu", "k", "alpha", "c", "p"):
        off = getattr(with_prior.model, name) - getattr(plain.model, name)
        assert abs(off) < with_prior.uncertainty.standard_error(name), name


def test_few_events_are_fitted_better_with_it() -> None:
    """Catalogs of regions that the prior has not seen, scored on what follows."""
    gains = []
    for seed, (truth, _) in enumerate(REGIONS * 4):
        prior = Prior.of([region for region in REGIONS if region[0] is not truth])
        events = catalog_of(dataclasses.replace(truth, mu=1.0), 600.0, seed)
        few, later = events.before(float(events.times[80])), events.scored_from(events.times[80])
        plain, with_prior = (fit_etas(few, LAW, prior=p).model for p in (None, prior))
        gains.append(with_prior.log_likelihood(later) - plain.log_likelihood(later))
    better = sum(gain > 0.0 for gain in gains)
    assert better >= 15, gains  # by chance in 2 % of cases; means are decided by fits gone astray


def test_regions_that_are_all_alike_have_no_scatter() -> None:
    with pytest.raises(InputError, match="mu, k, alpha, c, p: all regions have the same"):
        Prior.of(REGIONS[:1] * 4)


def test_three_regions_are_too_few() -> None:
    with pytest.raises(InputError, match="3 regions are too few .*: 4 are needed"):
        Prior.of(REGIONS[:3])


def test_it_knows_no_taper() -> None:
    train = load("synthetic_socal").split().train
    with pytest.raises(InputError, match="a prior says nothing of a taper"):
        fit_etas(train, SOCAL_TRUTH.magnitude_law, taper=True, prior=PRIOR)


def test_the_net_of_the_package_brings_one() -> None:
    catalog = load("synthetic_socal")
    prior = etas_prior(SHIPPED, Scaling.of(catalog, SOCAL_TRUTH))
    assert prior is not None
    share, _, alpha, log_c, p = prior.mean
    assert 0.0 < share < 0.5
    assert 0.2 < alpha < 1.0
    assert 1e-4 < np.exp(log_c) < 0.1
    assert 0.9 < p < 1.3
    expected = fit_etas(catalog.split().train, catalog.magnitude_law(), prior=prior).model
    assert Region(catalog, pretrained=SHIPPED).etas == expected


def test_a_region_that_the_net_knows_keeps_its_own_etas(
    real_catalog: Callable[[str], Catalog],
) -> None:
    catalog = real_catalog("taupo")
    plain = Region(catalog)
    assert etas_prior(SHIPPED, plain.scaling) is None
    assert Region(catalog, pretrained=SHIPPED).scaling == plain.scaling
