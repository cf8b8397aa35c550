"""What a forecast says of its own numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, EventSequence, load
from catalogs.areas import parse_area
from catalogs.importing import import_table
from recast.forecast.make import run_forecast
from recast.forecast.remarks import about_area, about_chance, about_depth, beyond_the_past
from recast.forecast.results import ForecastRow
from recast.forecast.single import default_magnitudes
from recast.models.fitting import fit_model


def test_a_rarer_longer_window_is_chance() -> None:
    def rows(*probabilities: float) -> list[ForecastRow]:
        days = (1.0, 7.0, 30.0)
        often = [ForecastRow(d, 3.0, 0.5, 0.0, (0, 1), (0, 1), 0.5) for d in days]
        return often + [
            ForecastRow(d, 7.0, p, 0.0, (0, 0), (0, 0), p)
            for d, p in zip(days, probabilities, strict=True)
        ]

    (said,) = about_chance(rows(0.011, 0.005, 0.011), 2_000)
    assert "M >= 7 come in 1.1 % of the simulated catalogs of 1 day and in 0.5 % of 7 days" in said
    assert said.endswith("2,000 are too few to tell more than that it is rare: set more `samples`")
    assert about_chance(rows(0.011, 0.02, 0.02), 2_000) == []


def test_a_forecast_of_too_many_events_to_place_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recast.forecast.single.MOST_KEPT", 100)
    catalog = load("ridgecrest_2019")
    model = fit_model("etas", catalog, places=True)
    done = run_forecast(
        catalog, model, at="2019-07-12", days=[1.0], samples=50, places=True, out=tmp_path
    )
    assert done.places is None
    assert any("too many: set fewer `samples`" in remark for remark in done.remarks)
    assert (tmp_path / "forecast.csv").is_file()
    assert len(done.table) > 0


def test_large_numbers_that_hang_on_a_low_b_are_marked() -> None:
    rng = np.random.default_rng(0)
    hours = np.sort(0.01 * 600.0 ** rng.random(300))  # 1 / t until six hours after
    after = pd.Timestamp("2020-03-02", tz="UTC") + pd.to_timedelta(hours, unit="h")
    large = 4.0 + rng.exponential(1.0 / (0.6 * np.log(10.0)), 300).clip(0.0, 2.5)
    before = pd.date_range("2020-02-01", "2020-03-01", 10, tz="UTC")
    events = pd.DataFrame(
        {
            "time": [*before, pd.Timestamp("2020-03-02", tz="UTC"), *after],
            "magnitude": np.concatenate([np.full(10, 3.2), [7.0], large]).round(1),
            "latitude": np.nan,
            "longitude": np.nan,
            "depth_km": np.nan,
        }
    )
    catalog = import_table(events, "low", completeness=3.0, end=str(after[-1]))
    low = run_forecast(catalog, days=[1.0], samples=50)
    (said,) = [remark for remark in low.remarks if "lower than usual" in remark]
    assert said.startswith(("b is 0.6", "b is 0.7"))
    assert said.endswith("(compare with `b` 1)")
    usual = run_forecast(catalog, days=[1.0], samples=50, b=1.0)
    assert not any("lower than usual" in remark for remark in usual.remarks)


def test_magnitudes_beyond_the_law_are_named() -> None:
    catalog = load("ridgecrest_2019")
    asked = {"at": "2019-07-12", "days": [1.0], "magnitudes": [3.0, 9.0], "samples": 50}
    done = run_forecast(catalog, **asked)
    (said,) = [remark for remark in done.remarks if "is simulated" in remark]
    assert said.startswith("no event of M >= 9 is simulated: the law ends at 8")
    assert said.endswith(": set `maximum_magnitude` higher")
    higher = run_forecast(catalog, **asked, maximum_magnitude=9.5)
    assert not any("is simulated" in remark for remark in higher.remarks)


@pytest.mark.parametrize(
    ("depth", "hours", "said"), [(565.0, 0.5, True), (565.0, 6.0, True), (30.0, 6.0, False)]
)
def test_a_deep_mainshock_is_said(depth: float, hours: float, said: bool) -> None:
    shallow = load("ridgecrest_2019")
    largest = shallow.events["magnitude"].idxmax()
    events = shallow.events.copy()
    events.loc[largest, "depth_km"] = depth
    catalog = Catalog(events, shallow.info)
    day = float(catalog.days[catalog.events.index.get_loc(largest)]) + hours / 24.0
    notes = about_depth(catalog, day)
    assert len(notes) == said
    if said:
        assert notes[0].startswith("the M 7.1 of 2019-07-06 03:19 UTC is 565 km deep")
    assert about_depth(catalog, 1e-7) == []


def test_an_unknown_depth_says_nothing() -> None:
    known = load("ridgecrest_2019")
    catalog = Catalog(known.events.assign(depth_km=np.nan), known.info)
    assert about_depth(catalog, 3.0) == []


@pytest.mark.parametrize(("largest", "last"), [(7.1, 7.0), (8.0, 8.0), (9.1, 9.0)])
def test_magnitudes_reach_the_largest_so_far(largest: float, last: float) -> None:
    known = load("ridgecrest_2019")
    events = known.events.assign(magnitude=known.events["magnitude"].replace(7.1, largest))
    catalog = Catalog(events, known.info)
    assert default_magnitudes(catalog, 1.0)[-1] == last
    assert default_magnitudes(catalog, 1e-7)[-1] == 7.0  # before it came


def test_magnitudes_of_a_field_of_small_events_end_where_none_are_expected() -> None:
    known = load("ridgecrest_2019")
    small = known.events.assign(magnitude=known.events["magnitude"] - 4.0)
    info = replace(known.info, magnitude_completeness=known.info.magnitude_completeness - 4.0)
    assert info.magnitude_completeness == -1.5
    assert default_magnitudes(Catalog(small, info), 3.0) == (-1.5, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0)


def test_a_model_of_another_area_is_told() -> None:
    whole = load("ridgecrest_2019")
    part = whole.within(parse_area("35.8/36.5/-118.2/-117"))

    def about(fitted: Catalog, catalog: Catalog) -> list[str]:
        model = fit_model("poisson", fitted)
        day = catalog.info.to_days("2019-07-12")
        return about_area(model, catalog, day)

    assert about(whole, whole) == []
    assert about(part, part) == []
    (outside,) = about(part, whole)
    assert "% of the events so far lie outside the area of those that the model was" in outside
    (inside,) = about(whole, part)
    assert "the events lie in a part of the area of those that the model was fitted to" in inside
    model = fit_model("poisson", whole)
    done = run_forecast(part, model, at="2019-07-12", days=[1.0], samples=20)
    assert inside in done.remarks


def test_years_forecast_beyond_all_that_came_are_warned_of() -> None:
    """100 events a year, and windows of a month, a year and more."""
    history = EventSequence(np.arange(0.0, 3650.0, 3.65), np.full(1000, 2.0), 0.0, 3650.0)

    def rows(*medians: float) -> list[ForecastRow]:
        return [
            ForecastRow(days, 2.0, m, m, (m, m), (m, m), 1.0, None, None)
            for days, m in zip((30.0, 365.0, 7300.0), medians, strict=True)
        ]

    assert beyond_the_past(history, rows(900.0, 190.0, 3_900.0)) == []
    (said,) = beyond_the_past(history, rows(9.0, 230.0, 2_000.0))
    assert "230 events of M >= 2 in 365 days, where the most so far are 10" in said
    (said,) = beyond_the_past(history, rows(9.0, 230.0, 5_000.0))
    assert "5,000 events of M >= 2 in 7300 days, where the most so far are 2,000" in said
