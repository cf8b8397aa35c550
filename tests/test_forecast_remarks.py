"""What a forecast says of its own numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, CatalogInfo, EventSequence, InputError, SplitDates, load
from catalogs.areas import parse_area
from catalogs.importing import import_table
from etas.completeness import CompletenessHistory
from etas.model import ETAS
from recast.forecast.make import run_forecast
from recast.forecast.remarks import about_area, about_chance, about_depth, beyond_the_past
from recast.forecast.results import ForecastRow
from recast.forecast.single import default_magnitudes
from recast.models.fitting import fit_model
from recast.models.so_far import fit_so_far


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


def test_a_forecast_knows_a_table_of_completeness(tmp_path: Path) -> None:
    """Twenty events a year, b = 1, of which a century has those of M >= 5.5 only."""
    rng = np.random.default_rng(0)
    days = np.sort(rng.uniform(0.0, 170 * 365.25, 3400))
    times = pd.Timestamp("1850-01-01", tz="UTC") + pd.to_timedelta(days, unit="D")
    magnitudes = (4.0 + rng.exponential(1.0 / np.log(10.0), 3400)).round(1).clip(max=7.5)
    kept = magnitudes >= np.where(times.year < 1950, 5.5, 4.0)
    nowhere = {"latitude": np.nan, "longitude": np.nan, "depth_km": np.nan}
    events = pd.DataFrame({"time": times[kept], "magnitude": magnitudes[kept], **nowhere})
    catalog = import_table(events, "old", completeness=4.0, start="1850-01-01", end="2020-01-01")
    table = tmp_path / "mc.csv"
    table.write_text("time,magnitude\n1850-01-01,5.5\n1950-01-01,4.0\n")
    asked = {"days": [30.0], "samples": 50}
    told = run_forecast(catalog, **asked, completeness_history=table)
    plain = run_forecast(catalog, **asked)
    assert told.b_above == pytest.approx(1.0, abs=0.1)
    assert plain.b_above is not None
    assert plain.b_above < 0.85
    assert told.remarks[0].startswith(f"ETAS, fitted to the {kept.sum():,} events above Mc(t)")


def test_few_events_stand_for_those_that_a_table_hides() -> None:
    history = CompletenessHistory([0.0, 800.0], [3.5, 2.5], base=2.5)
    times = [5.0, 100.0, 210.0, 350.0, 520.0, 690.0, 850.0, 950.0]
    events = pd.DataFrame({"time": times, "magnitude": [3.5, 3.6, 4.0, 3.5, 3.7, 3.9, 2.5, 2.7]})
    info = CatalogInfo(
        "few", 0.0, 1000.0, SplitDates(0.0, 300.0, 600.0, 1000.0), 2.5, time_unit="days since start"
    )
    catalog = Catalog(events, info)
    told = fit_so_far(catalog, 1000.0, b=1.0, completeness_history=history).process
    plain = fit_so_far(catalog, 1000.0, b=1.0).process
    assert isinstance(told, ETAS)
    assert isinstance(plain, ETAS)
    assert told.mu == pytest.approx(plain.mu * 1000.0 / (800.0 * 0.1 + 200.0))


def test_a_table_of_completeness_beside_a_model_is_refused() -> None:
    catalog = load("ridgecrest_2019")
    model = fit_model("poisson", catalog)
    with pytest.raises(InputError, match="no `model` is given: leave out one of them"):
        run_forecast(catalog, model, completeness_history="helmstetter")


def test_days_since_the_start_become_a_date() -> None:
    catalog = load("ridgecrest_2019")
    with pytest.raises(InputError, match=r"5.5 is not a date: .*info.to_time makes one of days"):
        run_forecast(catalog, at=5.5, days=[1.0], samples=20)
    at = catalog.info.to_time(5.5)
    assert run_forecast(catalog, at=at, days=[1.0], samples=20).at.startswith("2019-07-11T15:19:53")
