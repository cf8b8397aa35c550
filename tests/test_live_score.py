"""Scores of the forecasts of a live service, against numbers worked out by hand."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from live_events import table, utc

from recast.evaluation.counts import score_counts
from recast.forecast.results import Fan
from recast.live.draws import WindowDraws, fan_of, samples_table
from recast.live.policy import label_of
from recast.live.records import (
    Circle,
    Issued,
    IssuedWindow,
    ModelUsed,
    Quake,
    SequenceState,
    bin_of,
)
from recast.live.score import (
    Outcome,
    binomial_interval,
    independent,
    outcomes,
    reliability,
    score_service,
)
from recast.live.score_page import scores_page, summary, write_scores

AT = utc("2020-01-01T06:00:00")
SHOCK = Quake("m", "2020-01-01T00:00:00Z", 6.0, 35.0, -117.0)
MAGNITUDES = (3.0, 4.0)
COUNTS = {1.0: np.arange(100), 7.0: np.arange(100) * 3}


def made(*, region: bool = False) -> tuple[Issued, pd.DataFrame]:
    """A forecast whose numbers are 0 to 99 in a day, and every third of them above M 4."""
    draws = {
        label_of(days): WindowDraws(
            days, np.stack([counts, counts // 3], axis=1), np.zeros(100, dtype=bool)
        )
        for days, counts in COUNTS.items()
    }
    windows = tuple(
        IssuedWindow(
            label,
            one.days,
            "2020-01-01T06:00:00Z",
            f"{AT + pd.Timedelta(days=one.days):%Y-%m-%dT%H:%M:%SZ}",
            tuple(bin_of(m, one.counts[:, i]) for i, m in enumerate(MAGNITUDES)),
        )
        for label, one in draws.items()
    )
    state = SequenceState("m", "mainshock", SHOCK, Circle(35.0, -117.0, 50.0), SHOCK.time)
    issued = Issued(
        forecast_id="f",
        region="Somewhere",
        area="34.5/35.5/-117.5/-116.5",
        at="2020-01-01T06:00:00Z",
        scheduled="2020-01-01T06:00:00Z",
        next=None,
        created="2020-01-01T06:01:00Z",
        windows=windows,
        completeness=2.5,
        observed=(),
        model=ModelUsed("ETAS", "", ""),
        fan=Fan([], {}),
        n_samples=100,
        seed=7,
        catalog_sha256="",
        configuration_sha256="",
        version="1",
        sequence=None if region else state,
    )
    return issued, samples_table(draws, MAGNITUDES)


EVENTS = table(
    ("m", "2020-01-01T00:00:00", 6.0, 35.0, -117.0),  # before
    ("a", "2020-01-01T06:00:00", 3.0, 35.0, -117.0),  # at the time of the forecast, M 3 exactly
    ("b", "2020-01-01T07:00:00", 4.5, 35.1, -117.0),
    ("c", "2020-01-01T08:00:00", 2.9, 35.0, -117.0),  # too small
    ("d", "2020-01-01T09:00:00", 5.0, 36.0, -117.0),  # too far
    ("e", "2020-01-02T06:00:00", 3.5, 35.0, -117.0),  # when the first window is over
    ("f", "2020-01-08T06:00:00", 3.5, 35.0, -117.0),  # when the second is
)


def test_only_windows_that_are_over_are_scored() -> None:
    issued, samples = made()
    assert outcomes(issued, samples, EVENTS, utc("2020-01-02T05:59:59")) == []
    day = outcomes(issued, samples, EVENTS, utc("2020-01-02T06:00:00"))
    assert [(o.window, o.magnitude) for o in day] == [("1 Day", 3.0), ("1 Day", 4.0)]
    week = outcomes(issued, samples, EVENTS, utc("2020-01-09"))
    assert [o.window for o in week] == ["1 Day", "1 Day", "1 Week", "1 Week"]
    assert week[:2] == [replace(o, known_until="2020-01-09T00:00:00Z") for o in day]


def test_events_are_counted_in_time_area_and_magnitude() -> None:
    issued, samples = made()
    found = outcomes(issued, samples, EVENTS, utc("2020-01-09"))
    assert [(o.window, o.magnitude, o.observed) for o in found] == [
        ("1 Day", 3.0, 2),  # a and b
        ("1 Day", 4.0, 1),
        ("1 Week", 3.0, 3),  # and e
        ("1 Week", 4.0, 1),
    ]
    assert {o.hours for o in found} == {6.0}
    assert {o.known_until for o in found} == {"2020-01-09T00:00:00Z"}


def test_scores_are_those_of_score_counts_and_by_hand() -> None:
    issued, samples = made()
    first = outcomes(issued, samples, EVENTS, utc("2020-01-02T06:00:00"))[0]
    scores = score_counts([COUNTS[1.0]], [2], np.random.default_rng(0))
    assert first.crps == scores.crps[0]
    assert first.log_score == scores.log_score[0]
    # Of the numbers 0 to 99 two are below 2, and one is equal: u lies between 2/101 and 4/101
    assert 2 / 101 <= first.pit <= 4 / 101
    # E|N - 2| - E|N - N'| / 2 = (1 + 2 + 0 + 1 + ... + 97) / 100 - (100^2 - 1) / (6 * 100)
    assert first.crps == pytest.approx((3 + 97 * 98 / 2) / 100 - 9999 / 600)
    assert first.log_score == pytest.approx(math.log(0.01), abs=0.3)
    assert (first.expected, first.probability) == (49.5, 0.99)
    # The 95 % range from 2 (the third of a hundred numbers) to 97 contains 2; the 50 % range not
    assert (first.low95, first.high95, first.inside_95, first.inside_50) == (2, 97, True, False)


def test_ends_of_the_range_belong_to_it() -> None:
    issued, samples = made()
    rows = [(f"x{i}", f"2020-01-01T12:{i:02d}:00", 3.2, 35.0, -117.0) for i in range(2)]
    at_two = outcomes(issued, samples, table(*rows), utc("2020-01-02T07:00"))[0]
    below = outcomes(issued, samples, table(*rows[:1]), utc("2020-01-02T07:00"))[0]
    assert (at_two.observed, at_two.inside_95) == (2, True)
    assert (below.observed, below.inside_95) == (1, False)


def test_half_of_the_numbers_lie_in_the_range_of_a_half() -> None:
    issued, samples = made()
    inside = {}
    for n in (23, 24, 50, 74, 75, 80):
        rows = [
            (f"x{i}", f"2020-01-01T{10 + i // 60}:{i % 60:02d}:00", 3, 35, -117) for i in range(n)
        ]
        first = outcomes(issued, samples, table(*rows), utc("2020-01-02T07:00"))[0]
        assert first.observed == n
        inside[n] = first.inside_50
    # The 25th and the 75th of the numbers from 0 to 99, both included
    assert inside == {23: False, 24: True, 50: True, 74: True, 75: False, 80: False}


def test_numbers_of_one_forecast_have_transforms_of_their_own() -> None:
    """With one random number for all, they would be as uniform as a single one."""
    issued, samples = made()
    other, none = replace(issued, forecast_id="g", seed=8), EVENTS.iloc[:0]
    found = [
        row.pit
        for forecast in (issued, other)
        for row in outcomes(forecast, samples, none, utc("2020-01-09"))
    ]
    assert len(set(found)) == len(found) == 8


def test_a_revised_catalog_changes_the_outcome_not_the_forecast() -> None:
    issued, samples = made()
    revised = EVENTS.assign(magnitude=EVENTS["magnitude"].replace(4.5, 3.9))
    then = outcomes(issued, samples, EVENTS, utc("2020-01-03"))
    later = outcomes(issued, samples, revised, utc("2020-01-03"))
    assert [o.observed for o in then] == [2, 1]
    assert [o.observed for o in later] == [2, 0]
    assert [o.expected for o in then] == [o.expected for o in later]


def test_the_same_outcome_twice() -> None:
    issued, samples = made()
    assert outcomes(issued, samples, EVENTS, utc("2020-01-09")) == outcomes(
        issued, samples, EVENTS, utc("2020-01-09")
    )


def test_no_event_at_all_is_an_outcome() -> None:
    issued, samples = made(region=True)
    found = outcomes(issued, samples, EVENTS.iloc[:0], utc("2020-01-09"))
    assert [o.observed for o in found] == [0, 0, 0, 0]
    assert {(o.kind, o.hours, o.sequence_id) for o in found} == {("region", None, "")}


def outcome(**changes: object) -> Outcome:
    issued, samples = made()
    first = outcomes(issued, samples, EVENTS, utc("2020-01-02T06:00:00"))[0]
    return replace(first, **changes)  # type: ignore[arg-type]


def test_coverage_by_magnitude_and_lead() -> None:
    rows = [
        outcome(forecast_id="1", sequence_id="a", hours=0.5, inside_95=True),
        outcome(forecast_id="2", sequence_id="a", hours=1.0, inside_95=False),
        outcome(forecast_id="3", sequence_id="b", hours=3.0, inside_95=True),
        outcome(forecast_id="3", sequence_id="b", hours=3.0, magnitude=4.0, inside_95=True),
    ]
    scores = score_service(rows)
    assert (scores.n_forecasts, scores.n_sequences) == (3, 2)
    by_magnitude = {g.value: (g.n, g.independent, g.inside_95) for g in scores.by_magnitude}
    assert by_magnitude == {"3": (3, 2, pytest.approx(2 / 3)), "4": (1, 1, 1.0)}
    by_lead = {g.value: (g.n, g.inside_95) for g in scores.by_lead}
    assert by_lead == {"under 1 h": (1, 1.0), "1 h to 6 h": (2, 0.5)}
    assert {label: len(values) for label, values in scores.pit.items()} == {"1 Day": 3}


def test_the_lowest_magnitude_of_each_forecast_stands_for_it() -> None:
    rows = [
        outcome(forecast_id=name, magnitude=m, window=window, days=days, pit=m / 10.0)
        for name, least in (("1", 2.5), ("2", 3.0))
        for m in (5.0, least, 4.0)
        for window, days in (("1 Day", 1.0), ("1 Week", 7.0))
    ]
    scores = score_service(rows)
    assert {(g.window, g.value, g.n) for g in scores.overall} == {
        (window, value, 1) for window in ("1 Day", "1 Week") for value in ("2.5", "3")
    }
    assert scores.pit == {"1 Day": (0.25, 0.3), "1 Week": (0.25, 0.3)}


def test_lead_times_stay_in_order() -> None:
    rows = [outcome(forecast_id=str(h), hours=float(h)) for h in (0, 2, 10, 30, 100, 200, 2000)]
    assert [g.value for g in score_service(rows).by_lead] == [
        "under 1 h",
        "1 h to 6 h",
        "6 h to 24 h",
        "24 h to 3 d",
        "3 d to 7 d",
        "7 d to 30 d",
        "over 30 d",
    ]


def test_windows_that_overlap_are_not_independent() -> None:
    daily = [
        outcome(sequence_id="", hours=None, at=f"2020-01-{day:02d}T00:00:00Z", days=7.0)
        for day in range(1, 16)
    ]
    assert independent(daily) == 3  # those of the 1st, the 8th and the 15th
    assert independent([*daily, outcome(sequence_id="a"), outcome(sequence_id="a")]) == 4


def test_reliability_counts_what_happened() -> None:
    rows = [outcome(probability=0.3, observed=int(i < 3)) for i in range(10)]
    rows += [outcome(probability=1.0, observed=5), outcome(probability=0.3, days=365.0)]
    low, sure = reliability(rows)
    assert (low.low, low.high, low.n) == (0.25, 0.5, 10)
    assert (low.forecast, low.happened) == (pytest.approx(0.3), 0.3)
    # Clopper and Pearson's interval of 3 in 10, as in tables
    assert low.interval == pytest.approx((0.0667, 0.6525), abs=5e-5)
    assert (sure.high, sure.n, sure.happened, sure.interval[1]) == (1.0, 1, 1.0, 1.0)


def test_each_probability_of_windows_up_to_a_month_has_one_bin() -> None:
    ends = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
    rows = [outcome(probability=p, days=30.0) for p in ends]
    rows += [outcome(probability=0.5, days=days) for days in (30.1, 90.0)]
    found = reliability(rows)
    assert [(row.low, row.n) for row in found] == [*((p, 1) for p in ends[:-2]), (0.99, 2)]


def test_binomial_interval_ends() -> None:
    # 1 - 0.025^(1/10) where nothing, or everything, happened
    assert binomial_interval(0, 10) == (0.0, pytest.approx(1 - 0.025**0.1))
    assert binomial_interval(10, 10) == (pytest.approx(0.025**0.1), 1.0)


def test_files_of_scores(tmp_path: Path) -> None:
    rows = [outcome(forecast_id=str(i), hours=float(i), inside_95=i > 0) for i in range(4)]
    revised = [replace(row, inside_95=True) for row in rows]
    write_scores(tmp_path, rows, revised, region="Here & <there>", updated="2020-02-01T00:00:00Z")
    record = json.loads((tmp_path / "scores.json").read_text())
    assert record["as_known_then"]["by_magnitude"][0]["inside_95"] == 0.75
    assert record["as_revised"]["by_magnitude"][0]["inside_95"] == 1.0
    table = pd.read_csv(tmp_path / "scores.csv")
    assert table["events"].value_counts().to_dict() == {"as known then": 4, "as revised": 4}
    assert table["inside_95"].sum() == 7
    page = (tmp_path / "scores.html").read_text()
    assert "Here &amp; &lt;there&gt;" in page
    assert "in 3 of 4 forecasts (75\u202f%), from 1 sequence." in page
    assert "in 4 of 4 forecasts (100\u202f%), from 1 sequence." in page
    assert "All forecasts after mainshocks belong to one sequence" in page
    assert page.count("<svg") == 3
    first = page
    write_scores(tmp_path, rows, revised, region="Here & <there>", updated="2020-02-01T00:00:00Z")
    assert (tmp_path / "scores.html").read_text() == first


def test_a_service_without_scores_says_so() -> None:
    scores = score_service([])
    assert summary(scores) == ["No window is over yet: the first scores come when one is."]
    assert "<svg" not in scores_page(scores)


def test_hostile_text_is_escaped() -> None:
    row = outcome(model="<script>alert(1)</script>", forecast_id="<x>")
    page = scores_page(score_service([row]), region="<b>")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<b>" not in page


def test_a_chart_needs_its_course() -> None:
    draws = WindowDraws(1.0, np.zeros((5, 1), dtype=int), np.zeros(5, dtype=bool))
    with pytest.raises(ValueError, match="drawn without its course over time"):
        fan_of(draws)
