"""Parameter sets drawn from the uncertainty of an ETAS fit."""

from dataclasses import replace

import numpy as np
import pytest

from catalogs import EventSequence, InputError
from etas.fit import fit_etas
from etas.parameter_draws import draw_models
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
        logs = name in {"k", "c"}
        x = np.log(parameters[:, j]) if logs else parameters[:, j]
        value = getattr(fit.model, name)
        wanted = error / value if logs else error
        # 2,000 draws know a standard deviation to 1.6 %, the mean to 2.2 % of one
        assert x.std() == pytest.approx(wanted, rel=0.08)
        assert x.mean() == pytest.approx(np.log(value) if logs else value, abs=0.1 * wanted)
    correlation = np.corrcoef(np.log(parameters[:, 1]), parameters[:, 4])[0, 1]
    assert correlation == pytest.approx(fit.uncertainty.correlation.matrix[1][4], abs=0.05)
    assert draws.to_json()["draws"] == 2000


def test_supercritical_and_impossible_draws_are_thrown_away_and_counted() -> None:
    model = replace(SOCAL_TRUTH, mu=0.01)
    ratio = model.branching_ratio(1000.0)
    model = replace(model, k=0.97 * model.k / ratio)
    errors = {"mu": 0.01, "k": 0.05 * model.k}
    uncertainty = Uncertainty(
        {name: Estimate(getattr(model, name), error, (0.0, 1.0)) for name, error in errors.items()},
        Correlation(("mu", "k"), ((1.0, 0.0), (0.0, 1.0))),
    )
    draws = draw_models(model, uncertainty, 1000, 1000.0, seed=3)
    assert all(m.branching_ratio(1000.0) < 1.0 and m.mu >= 0.0 for m in draws.models)
    assert {m.alpha for m in draws.models} == {model.alpha}  # without an error it stays
    tried = 1000 + draws.supercritical + draws.impossible
    # mu < 0 one standard deviation below the mean; k beyond 1 / 0.97, that is 0.62 above it
    assert draws.impossible / tried == pytest.approx(0.1587, abs=0.04)
    assert draws.supercritical / tried == pytest.approx(0.2679 * 0.8413, abs=0.05)
    with pytest.raises(InputError, match="draws from the uncertainty of the ETAS fit have a"):
        draw_models(replace(model, k=3.0 * model.k), uncertainty, 5, 1000.0, seed=4)
