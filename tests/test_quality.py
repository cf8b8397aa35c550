"""The quality report finds what was put into a catalog."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import StepPatch

from catalogs import Catalog, CatalogInfo, InputError, SplitDates, load
from catalogs.checks.findings import findings
from catalogs.checks.quality import (
    b_over_time,
    check_catalog,
    completeness_over_time,
    duplicates,
    gaps,
    incomplete_warning,
    reported_twice,
    time_of_day,
    two_reports,
)
from catalogs.store import save
from recast import run_benchmark, run_forecast
from recast.cli import main
from recast.plots.quality import over_time

DAYS = 1000


def info(completeness: float = 2.0) -> CatalogInfo:
    splits = SplitDates("2000-01-01", "2001-01-01", "2002-01-01", "2002-09-27")
    return CatalogInfo(
        "made",
        "2000-01-01",
        "2002-09-27",
        splits,
        completeness,
        magnitude_bin=0.01,
        has_locations=True,
        ties="separate",
    )


def poisson(rng: np.random.Generator, n: int = 20_000, b: float = 1.0) -> pd.DataFrame:
    """``n`` events of DAYS days at 90 degrees west, complete from M 2."""
    days = np.sort(rng.uniform(0.0, DAYS, n))
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2000-01-01", tz="UTC") + pd.to_timedelta(days, unit="D"),
            "latitude": rng.uniform(30, 40, n),
            "longitude": -90.0 + rng.uniform(-1, 1, n),
            "depth_km": 5.0,
            "magnitude": 2.0 + np.floor(100 * rng.exponential(1 / (b * np.log(10)), n)) / 100,
            "event_id": np.arange(n).astype(str),
            "event_type": "eq",
            "magnitude_type": "ml",
        }
    )


def test_a_clean_catalog_gives_no_alarm() -> None:
    report = check_catalog(Catalog(poisson(np.random.default_rng(1)), info()))
    json.dumps(report, allow_nan=False)
    assert findings(report) == []
    b = np.array([step["b"] for step in report["b_over_time"]])
    errors = np.array([step["standard_error"] for step in report["b_over_time"]])
    assert np.mean(((b - 1.0) / errors) ** 2) == pytest.approx(1.0, abs=0.6)
    assert report["event_types"] == {"eq": 20_000}
    assert report["magnitude_resolution"]["step"] == 0.01
    assert {step["completeness"] for step in report["completeness_over_time"]} == {2.0}
    low, high = report["time_of_day"]["complete"]["ci95"]
    assert low < 1.0 < high
    assert high - low < 0.15


def test_what_is_wrong_is_found() -> None:
    rng = np.random.default_rng(2)
    table = poisson(rng)
    days = (table["time"] - table["time"].iloc[0]).dt.total_seconds() / 86_400
    table = table[~days.between(400, 412)]  # a gap of 12 days, at 20 events a day
    twice = table.iloc[[5, 6]]
    renamed = table.iloc[[7]].assign(event_id="x", magnitude=2.5)
    table = pd.concat([table, twice, renamed])
    table.iloc[:3_000, table.columns.get_loc("event_type")] = "qb"
    report = check_catalog(Catalog(table, info()))
    (gap,) = report["gaps"]
    assert gap["days"] == pytest.approx(12.0, abs=0.5)
    assert gap["events_usual"] == pytest.approx(240, abs=40)
    assert gap["start"].startswith("2001-02-0")
    assert report["ties"] == {"events": 6, "largest": 2}
    assert report["duplicates"] == {"rows": 2, "identifiers": 2, "may_be_one": 3}
    assert report["not_earthquakes"] == 3_000
    text = " ".join(findings(report))
    for part in (
        "days from 2001-02-0",
        "2 rows are equal",
        "2 identifiers",
        "3,000 events are no earth",
    ):
        assert part in text


def test_a_ratio_of_day_to_night_is_put_into_words() -> None:
    report = check_catalog(Catalog(poisson(np.random.default_rng(1)), info()))
    complete = report["time_of_day"]["complete"]
    for ratio, words in ((1.5, "blasts by day?"), (0.7, "the noise of the day?")):
        found = {"day_to_night": ratio, "ci95": [ratio - 0.1, ratio + 0.1]}
        report["time_of_day"]["complete"] = complete | found
        assert findings(report) == [f"{ratio:.2f} complete events by day for one at night: {words}"]


def test_tables_without_places_or_spread_say_less() -> None:
    table = poisson(np.random.default_rng(3), n=600)
    found = duplicates(table.drop(columns=["latitude", "longitude", "event_id"]))
    assert found == {"rows": 0, "identifiers": 0}
    # One magnitude has no b-value; events of one hour tell nothing of day and night
    days = np.arange(600.0)
    table["magnitude"] = 2.0
    assert b_over_time(Catalog(table, info()), table, days) == []
    stamps = pd.Timestamp("2000-01-01T18:00", tz="UTC") + pd.to_timedelta(days, unit="D")
    assert "day_to_night" not in time_of_day(table.assign(time=stamps), days, 600.0)


def test_neighbours_are_close_in_time_and_place() -> None:
    table = poisson(np.random.default_rng(3), n=3).iloc[[0, 0, 0]].reset_index(drop=True)
    table.loc[1, "time"] += pd.Timedelta("0.9s")
    table.loc[1, "latitude"] += 0.04  # 4.4 km
    table.loc[2, "time"] += pd.Timedelta("1.5s")
    table.loc[2, "latitude"] += 0.5
    assert duplicates(table)["may_be_one"] == 1


@pytest.mark.parametrize(("length", "found"), [(10.0, 1), (0.5, 0)])
def test_gaps_need_a_rate_to_stand_out(length: float, found: int) -> None:
    """Ten days of silence at 2 events a day are none by chance, half a day is nothing."""
    rng = np.random.default_rng(4)
    days = np.sort(rng.uniform(0.0, 1000.0, 2000))
    days = days[(days < 500.0) | (days > 500.0 + length)]
    assert len(gaps(days, 1000.0)) == found
    # Nor is the quiet before and after a sequence a gap
    burst = np.sort(np.concatenate([rng.uniform(0, 1000, 30), rng.uniform(600, 610, 2000)]))
    assert gaps(burst, 1000.0) == []


@pytest.mark.parametrize("share", [0.7, 1.5])
def test_day_and_night_are_local(share: float) -> None:
    """Events at 8 to 18 h of 90 degrees west, 14 to 24 h UTC, are thinned or doubled."""
    rng = np.random.default_rng(5)
    table = poisson(rng, n=40_000)
    hour = table["time"].dt.hour
    by_day = hour >= 14
    keep = rng.random(len(table)) < np.where(by_day, share, 1.0) / max(share, 1.0)
    table = table[keep].assign(longitude=-90.0)
    days = (table["time"] - pd.Timestamp("2000-01-01", tz="UTC")).dt.total_seconds() / 86_400
    report = time_of_day(table, days.to_numpy(), DAYS)
    low, high = report["ci95"]
    assert report["local"]
    error = np.log(high / low) / 3.92
    assert abs(np.log(report["day_to_night"] / share)) < 3.0 * error
    assert high - low < 0.15
    unlocated = time_of_day(table.drop(columns="longitude"), days.to_numpy(), DAYS)
    assert not unlocated["local"]
    assert "day_to_night" not in unlocated


def test_completeness_follows_the_network() -> None:
    """Half of the time events below 3 are mostly missed: a detection curve of width 0.2."""
    rng = np.random.default_rng(6)
    table = poisson(rng, n=60_000)
    early = np.arange(len(table)) < 30_000
    m = table["magnitude"].to_numpy()
    seen = np.where(early, rng.random(len(m)) < 1 / (1 + np.exp((2.8 - m) / 0.08)), True)
    table = table[seen].reset_index(drop=True)
    days = (table["time"] - pd.Timestamp("2000-01-01", tz="UTC")).dt.total_seconds() / 86_400
    steps = completeness_over_time(table, days.to_numpy())
    levels = np.array([step["completeness"] for step in steps])
    starts = np.array([step["start"] for step in steps])
    assert np.median(levels[starts < 450]) == pytest.approx(
        3.1, abs=0.15
    )  # nine of ten are seen at 3.0
    assert set(levels[starts > 510]) == {2.0}


def test_plain_days_and_empty_windows_are_refused() -> None:
    table = poisson(np.random.default_rng(7), n=300)
    with pytest.raises(InputError, match="has no complete event in its window"):
        check_catalog(Catalog(table, info(completeness=9.0)))
    splits = SplitDates(0.0, 1.0, 2.0, 3.0)
    plain = CatalogInfo("days", 0.0, 3.0, splits, 2.0, time_unit="days since start")
    days = table.assign(time=np.linspace(0.0, 3.0, 300))
    with pytest.raises(InputError, match="counts plain days"):
        check_catalog(Catalog(days, plain))


def test_known_oddities_of_real_catalogs(real_catalog: Callable[[str], Catalog]) -> None:
    taupo = check_catalog(real_catalog("taupo"))
    assert taupo["ties"]["events"] > 0
    assert taupo["time_of_day"]["all"]["ci95"][1] < 1.0  # people make noise by day
    located = real_catalog("scedc_located").info
    longer = CatalogInfo.from_json(
        {
            **located.to_json(),
            "end": "2022-01-01",
            "splits": {**located.to_json()["splits"], "end": "2022-01-01"},
        },
        "here",
    )
    report = check_catalog(Catalog(real_catalog("scedc_located").events, longer))
    (gap,) = report["gaps"]
    assert gap["start"].startswith("2019-10-1")
    assert gap["days"] > 75.0
    assert check_catalog(load("ridgecrest_2019"))["gaps"] == []


@pytest.mark.parametrize("years", [0.5, 1.0, 3.3, 5.0])
@pytest.mark.parametrize("place", [0.0, 0.3, 1.0])
def test_a_gap_of_any_length_stands_out(years: float, place: float) -> None:
    """Of ten years with an event a day, in the middle or at either end."""
    rng = np.random.default_rng(8)
    days, length = np.sort(rng.uniform(0.0, 3650.0, 3650)), 365.0 * years
    first = place * (3650.0 - length)
    kept = days[(days < first) | (days > first + length)]
    (gap,) = gaps(kept, 3650.0)
    assert gap["days"] == pytest.approx(length, abs=5.0)
    assert gap["events_usual"] == pytest.approx(length, rel=0.2)


@pytest.mark.parametrize("hours", [3.0, 24.0])
def test_the_quiet_before_a_sequence_that_has_just_begun_is_no_gap(hours: float) -> None:
    """One in the weeks before, and hundreds since: an hour of these says nothing of the weeks."""
    end = 30.0 + hours / 24.0
    days = np.sort(np.append(np.random.default_rng(8).uniform(30.0, end, 300), 0.2))
    assert gaps(days, end) == []


def test_magnitudes_with_seven_decimals_are_checked() -> None:
    """Their minimum may be rounded above itself."""
    rng = np.random.default_rng(9)
    table = poisson(rng, 3000)
    table["magnitude"] = 2.0 + 0.00000051 + rng.exponential(0.43, len(table))
    report = check_catalog(Catalog(table, info()))
    assert report["magnitude_resolution"]["step"] == 0.0


def test_odd_magnitudes_and_changing_steps_are_named() -> None:
    table = poisson(np.random.default_rng(10), 2000)
    tenths = table["magnitude"].round(1)
    half = np.arange(len(table)) < 1000
    report = check_catalog(Catalog(table.assign(magnitude=tenths), info()))
    assert report["magnitude_resolution"]["not_in_steps"] == 0
    odd = tenths.where(np.arange(len(table)) != 7, 2.34)
    text = " ".join(findings(check_catalog(Catalog(table.assign(magnitude=odd), info()))))
    assert "1 of 2,000 magnitudes do not keep steps of 0.1, such as 2.34" in text
    mixed = table["magnitude"].where(~half, tenths)
    text = " ".join(findings(check_catalog(Catalog(table.assign(magnitude=mixed), info()))))
    assert "the step of the magnitudes changes: steps of 0.1 from 2000" in text
    assert ", steps of 0.01 from 2001" in text


def test_declared_gaps_do_not_stand_out() -> None:
    table = poisson(np.random.default_rng(2))
    days = (table["time"] - table["time"].iloc[0]).dt.total_seconds() / 86_400
    catalog = Catalog(table[~days.between(400, 412)], info())
    (gap,) = check_catalog(catalog)["gaps"]
    known = replace(info(), gaps=((gap["start"], gap["end"]),))
    assert CatalogInfo.from_json(known.to_json(), "here") == known
    assert check_catalog(Catalog(catalog.events, known))["gaps"] == []
    assert "gaps" not in info().to_json()
    with pytest.raises(InputError, match="has no length"):
        replace(info(), gaps=(("2001-01-02", "2001-01-01"),))


@pytest.mark.parametrize("days", [0.0, 30.0])
def test_gaps_are_shaded_in_the_plot(days: float) -> None:
    table = poisson(np.random.default_rng(1))
    since = (table["time"] - table["time"].iloc[0]) / pd.Timedelta(days=1)
    table = table[(since < 300.0) | (since >= 300.0 + days)].reset_index(drop=True)
    catalog = Catalog(table, info())
    report = check_catalog(catalog)
    *_, counts = over_time(catalog, report).axes
    shades = [patch for patch in counts.patches if not isinstance(patch, StepPatch)]
    assert len(shades) == len(report["gaps"]) == (days > 0.0)
    for shade in shades:
        outline = shade.get_path().transformed(shade.get_patch_transform())
        assert np.ptp(outline.vertices[:, 0]) == pytest.approx(days, abs=0.5)


def of_two_agencies(events: pd.DataFrame, seconds: float, degrees: float) -> pd.DataFrame:
    """Every event from M 3.5 on twice, as in a merged list."""
    large = events[events["magnitude"] >= 3.5]
    other = large.assign(
        time=large["time"] + pd.Timedelta(seconds=seconds),
        latitude=large["latitude"] + degrees,
        magnitude=large["magnitude"] + 0.1,
    )
    return pd.concat([events, other]).sort_values("time").reset_index(drop=True)


def test_a_dense_swarm_in_a_small_field_is_not_reported_twice() -> None:
    """Of 7,000 events a day one in twelve comes within a second of another."""
    rng = np.random.default_rng(5)
    n = 20_000
    seconds = np.sort(rng.random(n)) * 3 * 86_400
    events = pd.DataFrame(
        {
            "time": pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(seconds, unit="s"),
            "latitude": 36.0 + rng.normal(0.0, 0.006, n),
            "longitude": -117.8 + rng.normal(0.0, 0.006, n),
            "magnitude": -0.5 + rng.exponential(0.43, n),
        }
    )
    assert duplicates(events)["may_be_one"] == 0
    assert reported_twice(events) == []
    again = events.iloc[:2_000].assign(time=events["time"][:2_000] + pd.Timedelta("0.3s"))
    both = pd.concat([events, again]).sort_values("time").reset_index(drop=True)
    assert duplicates(both)["may_be_one"] > 3_000
    (said,) = reported_twice(both)
    assert "within 1 s and 5 km: if these are two reports" in said


@pytest.mark.parametrize(("seconds", "degrees"), [(1.2, 0.03), (2.0, 0.1), (2.9, 0.1)])
def test_merged_lists_of_two_agencies_are_noticed(seconds: float, degrees: float) -> None:
    catalog = load("ridgecrest_2019")
    assert reported_twice(catalog.events) == []
    both = of_two_agencies(catalog.events, seconds, degrees)
    n = len(both) - len(catalog.events)
    (said,) = reported_twice(both)
    found = re.match(r"(\d+) pairs of events within 3 s, 15 km and 0.3 magnitude units, of", said)
    assert found is not None
    assert n <= int(found[1]) <= n + 20  # and a few aftershocks
    report = check_catalog(Catalog(both, catalog.info))
    assert any("may be two reports of one event each" in line for line in findings(report))


def test_aftershocks_are_not_taken_for_second_reports() -> None:
    """Those of a rate by Omori's law, in kilometres, of magnitudes that differ by little."""
    rng = np.random.default_rng(4)
    n = 3000
    seconds = np.sort(10.0 * ((4e4 / 10.0 + 1.0) ** rng.random(n) - 1.0))
    events = pd.DataFrame(
        {
            "time": pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(seconds, unit="s"),
            "latitude": 35.0 + rng.normal(0.0, 0.02, n),
            "longitude": -117.0 + rng.normal(0.0, 0.02, n),
            "magnitude": 2.0 + rng.exponential(0.43, n),
        }
    )
    assert two_reports(events) == {}  # more than a hundred in half a minute
    assert two_reports(events.iloc[n // 2 :]) == {}
    assert two_reports(events.iloc[n * 3 // 4 :]) == {}


def test_real_catalogs_have_no_second_reports(
    real_catalog: Callable[[str], Catalog],
) -> None:
    for name in ("ncss", "taupo", "china", "horus_italy"):
        catalog = real_catalog(name)
        events, days = catalog.events, catalog.days
        assert two_reports(events) == {}, name
        for i in np.argsort(-events["magnitude"].to_numpy())[:5].tolist():
            for length in (0.1, 1.0, 10.0):
                after = (days >= days[i]) & (days < days[i] + length)
                assert two_reports(events[after]) == {}, (name, i, length)


@pytest.mark.parametrize(("share", "lowest", "said"), [(0.4, 3.0, True), (0.1, 3.0, False)])
def test_years_of_higher_completeness_are_named(
    share: float,
    lowest: float,
    said: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rng = np.random.default_rng(12)
    table = poisson(rng)
    early = (table["time"] - table["time"].min()).dt.days < share * DAYS
    table = table[~early | (table["magnitude"] >= lowest)]
    catalog = Catalog(table, info())
    warning = incomplete_warning(catalog)
    assert (warning is not None) == said
    if warning is not None:
        found = re.search(r"incomplete at M 2 for (\d+) % of its window: rates and b", warning)
        assert found is not None
        assert float(found[1]) == pytest.approx(100.0 * share, abs=3.0)
        assert warning in run_forecast(catalog, days=[1], samples=10).remarks
        assert warning in run_benchmark(catalog, ["poisson"], tmp_path).catalogs["made"].remarks
    save(catalog, tmp_path)
    out, made = str(tmp_path / "b"), str(tmp_path / "made.parquet")
    assert main(["benchmark", "--catalog", made, "--models", "poisson", "--out", out]) == 0
    shown = capsys.readouterr()
    for text in (shown.err, shown.out):
        assert ("begin later (--start), raise --completeness" in text) == said


@pytest.mark.parametrize("name", ["ridgecrest_2019", "synthetic_socal"])
def test_hours_after_a_mainshock_are_not(name: str) -> None:
    assert incomplete_warning(load(name)) is None
