"""forecast.json of a live forecast: valid by the schema, and its fields agree with each other."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from issued_forecasts import MAINSHOCK, SEQUENCE, events, issued, past
from jsonschema import Draft202012Validator

from recast.live.publication.bars import BAR_LABELS, bars, whole_percent
from recast.live.publication.oaf import check, milliseconds, oaf
from recast.live.publication.options import Pages
from recast.live.publication.write import write_forecast
from recast.live.records import FRACTILES, IssuedWindow, ModelUsed, bin_of

SCHEMA = json.loads(
    (files("recast.live.publication") / "oaf.schema.json").read_text(encoding="utf-8")
)
VALIDATOR = Draft202012Validator(SCHEMA)

COUNTS = st.one_of(
    st.lists(st.integers(0, 3), min_size=1, max_size=400),
    st.lists(st.integers(0, 2000), min_size=1, max_size=400),
    st.builds(
        lambda mean, shape, seed: (
            np.random.default_rng(seed).negative_binomial(shape, shape / (shape + mean), 500)
        ).tolist(),
        st.floats(0.001, 300.0),
        st.floats(0.3, 10.0),
        st.integers(0, 1000),
    ),
)


def test_the_schema_is_one_and_refuses_what_is_none() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    content = oaf(issued(), Pages())
    for name in content:
        assert not VALIDATOR.is_valid({key: content[key] for key in content if key != name}), name
    assert not VALIDATOR.is_valid(content | {"barLabels": [0, 1]})
    assert not VALIDATOR.is_valid(content | {"template": "Scenario"})


@settings(max_examples=40)
@given(counts=COUNTS, thinning=st.floats(0.0, 1.0))
def test_fields_agree_for_any_counts(counts: list[int], thinning: float) -> None:
    numbers = np.array(counts)
    fewer = np.random.default_rng(0).binomial(numbers, thinning)
    window = IssuedWindow(
        "1 Week",
        7.0,
        "2019-07-06T04:00:00Z",
        "2019-07-13T04:00:00Z",
        (bin_of(3.0, numbers), bin_of(4.0, fewer)),
        bin_of(7.1, fewer // 2),
    )
    content = json.loads(json.dumps(oaf(issued(windows=(window,)), Pages())))
    VALIDATOR.validate(content)
    check(content)
    (shown,) = content["forecast"]
    for row, drawn in zip(
        [*shown["bins"], shown["aboveMainshockMag"]], (numbers, fewer, fewer // 2), strict=True
    ):
        shares, fractiles = row["barPercentages"], row["fractileValues"]
        assert sum(shares) == 100
        assert shares[0] == 100 - whole_percent(row["probability"])
        # From the counts themselves: fractiles are 0.5 % apart, and two roundings are added
        ends = [*BAR_LABELS[1:], np.inf]
        for share, low, high in zip(shares, BAR_LABELS, ends, strict=True):
            true = 100.0 * ((drawn >= low) & (drawn < high)).mean()
            assert abs(share - true) <= 2.01
        for fractile, n in zip(FRACTILES[::28], fractiles[::28], strict=True):
            assert (drawn <= n).mean() >= fractile - 1e-12
            assert n == 0 or (drawn <= n - 1).mean() < fractile
    for row in shown["bins"]:
        assert row["p95minimum"] <= row["median"] <= row["p95maximum"]


def test_every_field_is_there() -> None:
    content = oaf(issued(), Pages())
    VALIDATOR.validate(content)
    assert content["creationTime"] == 1562426433000
    assert content["expireTime"] == content["forecast"][-1]["timeEnd"]
    assert content["advisoryTimeFrame"] == "1 Week"
    assert content["template"] == "Mainshock"
    assert content["observations"][0] == {"magnitude": 3.0, "count": 143}
    assert content["model"]["parameters"] == {
        "mu": 0.0123456789,
        "p": 1.08,
        "b": 0.98,
        "law_beta": 2.25,
        "Mcat": 2.5,
        "magMain": 7.1,
        "regionType": "circle",
        "regionCenterLat": 35.77,
        "regionCenterLon": -117.6,
        "regionRadius": 56.0,
    }
    assert [window["label"] for window in content["forecast"]] == [
        "1 Day",
        "1 Week",
        "1 Month",
        "1 Year",
    ]
    day = content["forecast"][0]
    assert day["timeEnd"] - day["timeStart"] == 86_400_000
    # 21:19:53, at the end of its minute
    assert content["nextForecastTime"] == milliseconds("2019-07-06T21:20:00Z")
    assert oaf(issued(next=None), Pages())["nextForecastTime"] == -1


@pytest.mark.parametrize(
    ("hours", "start"),
    [
        (10 / 60, "2019-07-06T03:30:00Z"),
        (12.0, "2019-07-06T15:20:00Z"),
        (72.0, "2019-07-09T03:00:00Z"),
    ],
)
def test_windows_start_at_ten_minutes_or_from_a_day_on_at_hours(hours: float, start: str) -> None:
    content = oaf(issued(hours=hours), Pages())
    assert {window["timeStart"] for window in content["forecast"]} == {milliseconds(start)}


def test_swarms_regions_and_the_law_of_magnitudes() -> None:
    swarm = SEQUENCE.__class__(**(vars(SEQUENCE) | {"kind": "swarm"}))
    assert oaf(issued(swarm), Pages())["template"] == "Swarm"
    region = oaf(issued(None), Pages(headline="1 Day"))
    VALIDATOR.validate(region)
    assert region["template"] == "Custom"
    assert region["advisoryTimeFrame"] == "1 Day"
    assert "regionType" not in region["model"]["parameters"]
    assert "aboveMainshockMag" not in region["forecast"][0]
    law = {"magnitude_law": {"completeness": 2.5, "b": 1.1}, "factors": [{"days": 1.0}]}
    content = oaf(issued(model=ModelUsed("ETAS", "", "", law)), Pages())
    VALIDATOR.validate(content)
    assert content["model"]["parameters"]["b"] == 1.1


def test_a_forecast_of_the_past_may_be_written_today() -> None:
    content = oaf(issued(created="2026-11-26T03:12:17Z"), Pages())
    VALIDATOR.validate(content)
    check(content)
    assert content["creationTime"] > content["expireTime"]


def damaged(content: dict[str, Any], change: str) -> dict[str, Any]:
    row = content["forecast"][1]["bins"][2]
    if change == "median":
        row["median"] += 1
    elif change == "bars":
        row["barPercentages"][1] += 1
    elif change == "first bar":
        row["barPercentages"][0] += 1
        row["barPercentages"][1] -= 1
    elif change == "too probable":
        row["probability"] = 1.0
    elif change == "too improbable":
        row["probability"] = 0.01
    elif change == "fractiles":
        row["fractileValues"][5], row["fractileValues"][-1] = 99, 0
    elif change == "order":
        content["forecast"][1]["bins"].reverse()
    elif change == "label":
        content["advisoryTimeFrame"] = "1 Decade"
    return content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("median", "window 1 Week, M 5 has a median or range that is not that of the fractiles"),
        ("bars", "bars that do not make up 100"),
        ("first bar", "bars of another probability"),
        ("too probable", "a probability above its fractiles"),
        ("too improbable", "a probability below its fractiles"),
        ("fractiles", "fractiles that decrease"),
        ("order", "more events above a higher magnitude"),
        ("label", "advisoryTimeFrame is no window's label"),
    ],
)
def test_what_does_not_agree_is_noticed(change: str, message: str) -> None:
    content = damaged(oaf(issued(), Pages()), change)
    with pytest.raises(ValueError, match=message):
        check(content)


@pytest.mark.parametrize(
    ("probability", "first"),
    [(0.0, 100), (0.0099, 100), (0.01, 99), (0.5, 50), (0.99, 1), (0.9901, 0), (1.0, 0)],
)
def test_the_first_bar_is_the_complement_of_the_probability(probability: float, first: int) -> None:
    none = int(np.sum(np.array(FRACTILES) <= 1.0 - probability))
    assert bars([0] * none + [1] * (197 - none), probability)[0] == first


def test_the_same_forecast_gives_the_same_files(tmp_path: Path) -> None:
    for name, later in (("a", "2019-07-06T15:20:33Z"), ("b", "2019-07-06T16:00:00Z")):
        (tmp_path / name).mkdir()
        shuffled = events().sample(frac=1.0, random_state=1).sort_values(["time", "event_id"])
        write_forecast(tmp_path / name, issued(created=later), shuffled, past(), Pages())
    names = {path.name for path in (tmp_path / "a").iterdir()}
    assert names == {
        "forecast.json",
        "forecast.csv",
        "events.geojson",
        "sequence.geojson",
        "page.html",
    }
    for name in sorted(names - {"forecast.json", "page.html"}):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    first = json.loads((tmp_path / "a" / "forecast.json").read_text())
    second = json.loads((tmp_path / "b" / "forecast.json").read_text())
    assert first.pop("creationTime") < second.pop("creationTime")
    assert first == second
    page = (tmp_path / "a" / "page.html").read_text(encoding="utf-8")
    other = (tmp_path / "b" / "page.html").read_text(encoding="utf-8")
    written = '<time datetime="2019-07-06T15:20:33Z">6\u00a0July 2019, 15:20\u00a0UTC</time>'
    assert page.count(written) == 1
    assert page.replace(written, "") == other.replace(
        '<time datetime="2019-07-06T16:00:00Z">6\u00a0July 2019, 16:00\u00a0UTC</time>', ""
    )


def test_the_table_has_a_row_for_each_window_and_magnitude(tmp_path: Path) -> None:
    write_forecast(tmp_path, forecast := issued(), events(), [], Pages())
    table = pd.read_csv(tmp_path / "forecast.csv")
    assert len(table) == 4 * (5 + 1)
    above = table[table["is_mainshock_magnitude"]]
    assert set(above["magnitude"]) == {MAINSHOCK.magnitude}
    week = table[(table["window"] == "1 Week") & (table["magnitude"] == 5.0)].iloc[0]
    row = forecast.windows[1].bins[2]
    assert week["expected"] == pytest.approx(row.expected, rel=1e-5)
    assert (week["low95"], week["median"], week["high95"]) == (row.low95, row.median, row.high95)
    assert week["start"] == forecast.windows[1].start
    assert (pd.Timestamp(week["end"]) - pd.Timestamp(week["start"])).days == 7
