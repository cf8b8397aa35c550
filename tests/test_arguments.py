"""What is no catalog, no sequence or no choice is named in one line, with the way to one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from catalogs import Catalog, EventSequence, InputError, load
from etas import ETAS, fit_etas, profile_likelihood
from etas.prior import Prior
from recast import event_terms, fit_catalog, fit_model, run_forecast, score

EVENTS = EventSequence([1.0, 4.0], [3.0, 3.5], start=0.0, end=4.1)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load("ridgecrest_2019")


@pytest.mark.parametrize(
    "use",
    [lambda x: fit_model("etas", x), run_forecast, fit_catalog],
    ids=["fit", "forecast", "etas"],
)
def test_a_name_is_no_catalog(use: Callable[[object], object]) -> None:
    with pytest.raises(InputError, match=r"give catalogs.load\('ridgecrest_2019'\)"):
        use("ridgecrest_2019")
    with pytest.raises(InputError, match="give the Catalog that it is of"):
        use(EVENTS)
    with pytest.raises(InputError, match="NoneType is no Catalog"):
        use(None)


def test_a_catalog_is_no_sequence(catalog: Catalog) -> None:
    law = catalog.magnitude_law()
    model = ETAS(1.0, 0.02, 0.7, 0.01, 1.1, law)
    uses: list[Callable[[object], object]] = [
        lambda x: fit_etas(x, law),
        lambda x: score(model, x),
        lambda x: event_terms(model, x),
        model.log_likelihood,
        lambda x: model.intensity(x, [1.0]),
    ]
    for use in uses[:4]:
        with pytest.raises(InputError, match=r"give its split\(\).train"):
            use(catalog)
    with pytest.raises(InputError, match="DataFrame is no EventSequence"):
        uses[0](catalog.events)
    assert np.isfinite(score(model, catalog.split().train).log_likelihood)  # the remedy


def test_half_a_simulation_is_refused(catalog: Catalog) -> None:
    model = ETAS(1.0, 0.02, 0.7, 0.01, 1.1, catalog.magnitude_law())
    with pytest.raises(InputError, match=r"n = 2.5 is no whole number"):
        model.simulate(EVENTS, 1.0, 2.5, seed=0)
    with pytest.raises(InputError, match=r"horizon = '1' is no number"):
        model.simulate(EVENTS, "1", 2, seed=0)
    assert model.simulate(EVENTS, 1, np.int64(2), seed=0).n == 2


def test_ties_are_one_of_three(catalog: Catalog) -> None:
    with pytest.raises(InputError, match="ties 'keep': choose one of separate, drop, error"):
        catalog.to_sequence("keep")
    assert len(catalog.to_sequence("drop")) <= len(catalog.to_sequence("separate"))


def test_an_event_without_a_place_is_named() -> None:
    places = np.array([[35.0, -117.0], [np.nan, -117.0]])
    with pytest.raises(InputError, match=r"locations\[1\] = \[nan, -117.0\] is no place"):
        EventSequence([1.0, 4.0], [3.0, 3.5], 0.0, 4.1, locations=places)


def test_a_fit_needs_a_starting_point(catalog: Catalog) -> None:
    with pytest.raises(InputError, match="`starts` 0: give 1 to 3"):
        fit_etas(catalog.split().train, catalog.magnitude_law(), starts=0)


def test_a_mode_of_the_posterior_has_no_profile(catalog: Catalog) -> None:
    train, law = catalog.split().train, catalog.magnitude_law()
    free = fit_etas(train, law)
    model, rate = free.model, train.n_scored / train.scored_days
    elsewhere = [model.mu / rate, np.log(model.k), 1.5 * model.alpha, np.log(model.c), model.p]
    fit = fit_etas(train, law, prior=Prior(np.array(elsewhere), np.full(5, 1e-4)))
    with pytest.raises(InputError, match="fitted without a prior"):
        profile_likelihood(fit, train, "alpha")
    assert profile_likelihood(free, train, "alpha").ci95[0] < free.model.alpha


@pytest.mark.parametrize("value", [None, "x", [], [1.0], {}, "1", 1e308])
def test_a_saved_model_holds_numbers_and_flags(value: object, catalog: Catalog) -> None:
    """Whatever stands in a file for one of its fields is refused, or a number that can be used."""
    record = ETAS(1.0, 0.02, 0.7, 0.01, 1.1, catalog.magnitude_law()).to_json()
    fields = [*record, *(f"magnitude_law {name}" for name in record["magnitude_law"])]
    for field in fields:
        changed = {**record, "magnitude_law": dict(record["magnitude_law"])}
        *inside, name = field.split()
        (changed["magnitude_law"] if inside else changed)[name] = value
        with pytest.raises(InputError, match=r"\w"):
            ETAS.from_json(changed).simulate(EVENTS, 1e-4, 2, seed=0)
