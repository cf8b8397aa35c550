"""Forecasts of ETAS where no sequence is under way."""

import numpy as np
import pytest

from catalogs import Catalog, EventSequence, GutenbergRichter, Trajectories
from etas import ETAS, Poisson
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast import FittedModel, run_forecast
from recast.forecast.correction import UNIT_LOGISTIC
from recast.forecast.ordinary import OrdinaryCorrection
from recast.models.registry import model_kind

LAW = GutenbergRichter(2.0, 1.0, 8.0)


def blocks(n: int, mean: float) -> Trajectories:
    rng = np.random.default_rng(3)
    return Trajectories.of_sequences(
        [
            EventSequence(np.sort(rng.uniform(0.0, 7.0, k)), LAW.sample(k, rng), 0.0, 7.0)
            for k in rng.poisson(mean, n)
        ]
    )


def test_numbers_follow_the_law_of_the_factor() -> None:
    """The logistic law has the moment generating function pi s u / sin(pi s u), u its scale."""
    drawn = blocks(4_000, 200.0)
    law = OrdinaryCorrection(-0.3, 0.4)
    several = law.apply(drawn, 4_000, np.random.default_rng(0), 10**6)
    ratios = several.counts / 200.0
    angle = np.pi * law.spread * UNIT_LOGISTIC
    mean = np.exp(law.shift) * angle / np.sin(angle)
    assert ratios.mean() == pytest.approx(mean, abs=4.0 * ratios.std() / np.sqrt(4_000))
    assert np.median(ratios) == pytest.approx(np.exp(law.shift), rel=0.03)
    assert np.log(ratios).std() == pytest.approx(law.spread, rel=0.05)


def test_the_law_is_that_of_a_day_and_of_a_month_beyond_them() -> None:
    assert OrdinaryCorrection.over(0.1, 0.7) == OrdinaryCorrection.over(1.0, 0.7)
    assert OrdinaryCorrection.over(365.0, 0.7) == OrdinaryCorrection.over(30.0, 0.7)
    day, month = OrdinaryCorrection.over(1.0, 0.7), OrdinaryCorrection.over(30.0, 0.7)
    assert month.shift < day.shift < 0.0 < day.spread < month.spread


def test_the_law_vanishes_with_the_aftershocks_that_it_corrects() -> None:
    whole, half = OrdinaryCorrection.over(30.0, 0.3), OrdinaryCorrection.over(30.0, 0.15)
    assert whole == OrdinaryCorrection.over(30.0, 1.2)
    assert half.shift == pytest.approx(whole.shift / 2.0, abs=1e-3)
    assert half.spread == pytest.approx(whole.spread / 2.0, abs=1e-3)
    assert OrdinaryCorrection.over(30.0, 0.0) == OrdinaryCorrection(0.0, 0.0)


def test_a_declustered_catalog_is_forecast_at_its_rate() -> None:
    """Poisson at one event a day: 365 a year, within the errors of 2,000 days."""
    rate = Poisson(1.0, SOCAL_TRUTH.magnitude_law)
    (events,) = rate.sample(EventSequence.nothing(), 2000.0, 1, seed=5)
    catalog = synthetic_catalog(events, SOCAL_TRUTH, "declustered", start="2041-01-01")
    done = run_forecast(catalog, days=[365], magnitudes=[2.5], samples=500)
    (row,) = done.table[:1]
    assert row.expected == pytest.approx(365.0, rel=0.08)
    assert row.ci95[1] is not None
    assert row.ci95[0] > 280.0
    assert row.ci95[1] < 460.0


@pytest.fixture(scope="module")
def quiet() -> Catalog:
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 2000.0, 1, seed=12)
    return synthetic_catalog(events, SOCAL_TRUTH, "small", start="2041-01-01")


def fitted(process: ETAS | Poisson, kind: str) -> FittedModel:
    known = model_kind(kind)
    return FittedModel(known, process, {}, 0, record=known.to_json(process))


def test_forecasts_of_etas_are_corrected_and_say_so(quiet: Catalog) -> None:
    model = fitted(SOCAL_TRUTH, "etas")
    asked = {"days": [1.0, 30.0], "samples": 2_000, "at": "2044-06-01"}
    done = run_forecast(quiet, model, **asked)
    plain = run_forecast(quiet, model, uncorrected=True, **asked)
    assert done.sequence is None
    (month,), (before,) = (
        [row for row in one.table if row.days == 30.0][:1] for one in (done, plain)
    )
    assert month.median / before.median == pytest.approx(0.74, abs=0.05)
    assert month.ci95[1] is not None
    assert before.ci95[1] is not None
    assert month.ci95[1] / month.median > before.ci95[1] / before.median
    said = "under way: numbers are those of ETAS times 0.82 (1 day), 0.74 (30 days)"
    assert said in str(done)
    assert "no mainshock of the last 30 days" not in str(plain)


def test_other_models_are_not(quiet: Catalog) -> None:
    model = fitted(Poisson(0.7, SOCAL_TRUTH.magnitude_law), "poisson")
    asked = {"days": [30.0], "samples": 500, "at": "2044-06-01"}
    done = run_forecast(quiet, model, **asked)
    assert done.table[0] == run_forecast(quiet, model, uncorrected=True, **asked).table[0]
    assert "no mainshock of the last 30 days" not in str(done)
