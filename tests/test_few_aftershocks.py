"""Forecasts after a mainshock that too few events followed for a sequence."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, EventSequence, GutenbergRichter, InputError
from etas import ETAS
from etas.synthetic import synthetic_catalog
from recast import FittedModel, run_forecast
from recast.forecast.mainshocks import current_mainshock, quiet_mainshock
from recast.forecast.ordinary import OrdinaryCorrection
from recast.forecast.pooled import HALF_OF_FEW, of_few, share_of_past
from recast.models.registry import model_kind

MODEL = ETAS(0.02, 0.01, 0.7, 0.01, 1.1, GutenbergRichter(4.0, 1.0, 8.0))
SHOCK, AFTERSHOCKS = 900.0, (0.01, 0.02, 0.03, 0.035)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """A network that records M 4: an M 7 with four such aftershocks in its first hour."""
    rng = np.random.default_rng(5)
    noise = np.sort(rng.uniform(0.0, 1_000.0, 30))
    noise = noise[np.abs(noise - SHOCK) > 40.0]
    times = np.sort([*noise, SHOCK, *(SHOCK + x for x in AFTERSHOCKS)])
    magnitudes = np.where(times == SHOCK, 7.0, 4.2)
    events = EventSequence(times, magnitudes, 0.0, 1_000.0)
    return synthetic_catalog(events, MODEL, "national", start="2041-01-01")


def at(minutes: float) -> str:
    return str(pd.Timestamp("2041-01-01") + pd.Timedelta(days=SHOCK, minutes=minutes))


def fitted() -> FittedModel:
    kind = model_kind("etas")
    return FittedModel(kind, MODEL, {}, 0, record=kind.to_json(MODEL))


def expected(catalog: Catalog, minutes: float) -> float:
    done = run_forecast(
        catalog, fitted(), at=at(minutes), days=[1.0], samples=2_000, fixed_parameters=True
    )
    return done.table[0].expected


def test_numbers_do_not_fall_to_those_of_ordinary_times(catalog: Catalog) -> None:
    """They fall with the share of past sequences, and with Omori's law, and from no hour on."""
    before, after, later = (expected(catalog, minutes) for minutes in (59.0, 61.0, 240.0))
    assert after == pytest.approx(before, rel=0.1)
    assert 0.05 * before < later < 0.7 * after


def test_the_line_says_what_they_are(catalog: Catalog) -> None:
    done = run_forecast(
        catalog, fitted(), at=at(90.0), days=[1.0], samples=100, fixed_parameters=True
    )
    (said,) = [remark for remark in done.remarks if "few events followed" in remark]
    assert said.startswith("1.5 hours after the M 7 of")
    assert "40 % of the simulated catalogs" in said
    factor = np.exp(OrdinaryCorrection.over(1.0, MODEL.branching_ratio(30.0)).shift)
    assert f"numbers are those of ETAS times {factor:.2f} (1 day)" in said
    assert not any("no sequence" in remark for remark in done.remarks)
    assert share_of_past(1.5 / 24.0, HALF_OF_FEW) == pytest.approx(0.4)


def test_the_regime_that_the_line_names_can_be_another(catalog: Catalog) -> None:
    options = {"at": at(90.0), "days": [1.0], "samples": 100, "fixed_parameters": True}
    done = run_forecast(catalog, fitted(), regime="SCR-GENERIC", **options)  # type: ignore[arg-type]
    assert any("past sequences (stable continent;" in remark for remark in done.remarks)
    with pytest.raises(InputError, match="`regime` is for forecasts"):
        run_forecast(
            catalog,
            fitted(),
            regime="SCR-GENERIC",
            uncorrected=True,
            **options,  # type: ignore[arg-type]
        )


def test_past_sequences_have_a_share_of_a_hundredth_or_more(catalog: Catalog) -> None:
    history = catalog.to_sequence()
    for days in (0.5, 1.0, 4.1):
        found = of_few(history.before(SHOCK + days), 4.0)
        assert found is not None
        assert history.times[found[0]] == pytest.approx(SHOCK)
        assert found[1] == pytest.approx(1.0 / (24.0 * days + 1.0))
    assert of_few(history.before(SHOCK + 4.2), 4.0) is None


def test_days_later_they_are_those_of_ordinary_times(catalog: Catalog) -> None:
    history = catalog.to_sequence().before(SHOCK + 2.0)
    assert current_mainshock(history, 4.0) is None
    assert history.times[quiet_mainshock(history, 4.0)] == pytest.approx(SHOCK)
    done = run_forecast(
        catalog, fitted(), at=at(6.0 * 1440.0), days=[1.0], samples=100, fixed_parameters=True
    )
    assert any("no mainshock of the last 30 days" in remark for remark in done.remarks)
