"""When forecasts of a service are due."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_events import table, utc

from recast.live.policy import Policy
from recast.live.records import Circle, Quake, SequenceState
from recast.live.schedule import Due, due, next_due, times
from recast.live.step import StepReport
from recast.live.times import read

SHOCK = Quake("a", "2020-01-01T10:00:00Z", 6.0, 35.0, -117.0)
STATE = SequenceState("a", "mainshock", SHOCK, Circle(35.0, -117.0, 15.0), SHOCK.time)
START = utc("2020-01-01T10:00:00")


def after(**span: float) -> pd.Timestamp:
    return START + pd.Timedelta(**span)


def test_usgs_schedule_is_the_public_one() -> None:
    delays = [time - START for time in times(STATE, Policy(), START)]
    minutes = [d / pd.Timedelta(minutes=1) for d in delays[:3]]
    hours = [d / pd.Timedelta(hours=1) for d in delays[3:8]]
    days = [d / pd.Timedelta(days=1) for d in delays[8:]]
    assert (minutes, hours) == ([10, 30, 50], [2, 4, 6, 12, 18])
    assert days[:14] == list(range(1, 15))
    assert days[14:19] == [17, 20, 23, 26, 35]
    assert set(pd.Series(days[18:-1]).diff()[1:]) == {7.0}
    assert days[-1] == 365.0


def test_it_goes_on_monthly_after_a_year() -> None:
    long = Policy(duration_days=500.0)
    days = [(time - START).days for time in times(STATE, long, START)]
    assert days[-5:] == [365, 395, 425, 455, 485]


def test_nothing_is_due_before_the_first_time_and_once_when_it_comes() -> None:
    assert due(STATE, Policy(), after(minutes=9), []) is None
    first = due(STATE, Policy(), after(minutes=10), [])
    assert first == Due("2020-01-01T10:10:00Z", "2020-01-01T10:30:00Z")
    issued = [(first.scheduled, "a")]
    assert due(STATE, Policy(), after(minutes=29), issued) is None
    assert due(STATE, Policy(), after(minutes=31), issued) == Due(
        "2020-01-01T10:30:00Z", "2020-01-01T10:50:00Z"
    )


def test_a_late_run_issues_the_latest_and_names_the_missed() -> None:
    found = due(STATE, Policy(), after(hours=3), [("2020-01-01T10:10:00Z", "a")])
    assert found == Due(
        "2020-01-01T12:00:00Z",
        "2020-01-01T14:00:00Z",
        ("2020-01-01T10:30:00Z", "2020-01-01T10:50:00Z"),
    )


def test_what_was_due_before_the_service_began_was_not_missed() -> None:
    found = due(STATE, Policy(), after(hours=3), [], since=after(minutes=45))
    assert found is not None
    assert found.missed == ("2020-01-01T10:50:00Z",)


def test_a_larger_event_starts_the_schedule_again() -> None:
    shock = Quake("b", "2020-01-02T09:00:00Z", 7.0, 35.0, -117.0)
    larger = replace(STATE, mainshock=shock, overtaken=(SHOCK,))
    issued = [("2020-01-02T04:00:00Z", "a")]
    assert due(larger, Policy(), utc("2020-01-02T09:05"), issued) is None
    found = due(larger, Policy(), utc("2020-01-02T09:12"), issued)
    assert found == Due("2020-01-02T09:10:00Z", "2020-01-02T09:30:00Z")


@pytest.mark.parametrize(("magnitude", "at_once"), [(6.1, False), (6.2, True), (5.6, True)])
def test_a_mainshock_whose_magnitude_is_revised_has_a_forecast_at_once(
    magnitude: float, at_once: bool
) -> None:
    revised = replace(STATE, mainshock=replace(SHOCK, magnitude=magnitude))
    issued = [("2020-01-01T10:10:00Z", "a")]
    found = due(revised, Policy(), after(minutes=15), issued, before=SHOCK)
    assert found == (Due("2020-01-01T10:15:00Z", "2020-01-01T10:30:00Z") if at_once else None)
    issued.append(("2020-01-01T10:15:00Z", "a"))
    assert due(revised, Policy(), after(minutes=16), issued, before=revised.mainshock) is None


@pytest.mark.parametrize("schedule", ["usgs", "ingv"])
def test_a_mainshock_that_is_one_again_has_a_forecast_at_once(schedule: str) -> None:
    policy = Policy(schedule=schedule)  # type: ignore[arg-type]
    other = Quake("b", "2020-01-01T20:00:00Z", 6.3, 35.0, -117.0)
    issued = [("2020-01-01T10:10:00Z", "a"), ("2020-01-02T10:00:00Z", "b")]
    found = due(STATE, policy, utc("2020-01-02T11:00"), issued, before=other)
    assert found is not None
    assert (found.scheduled, found.missed) == ("2020-01-02T11:00:00Z", ())
    issued.append((found.scheduled, "a"))
    assert due(STATE, policy, utc("2020-01-02T11:20"), issued, before=SHOCK) is None


def test_a_revised_origin_time_does_not_repeat_a_forecast() -> None:
    issued = [("2020-01-01T10:10:00Z", "a")]
    for revised in ("2020-01-01T10:00:20Z", "2020-01-01T09:59:40Z"):
        state = replace(STATE, mainshock=replace(SHOCK, time=revised))
        assert due(state, Policy(), after(minutes=15), issued) is None
        assert due(state, Policy(), after(minutes=31), issued) is not None


def test_a_clock_set_back_issues_nothing_again() -> None:
    issued = [("2020-01-01T12:00:00Z", "a")]
    assert due(STATE, Policy(), after(minutes=35), issued) is None
    assert due(None, Policy(), utc("2020-01-03T01:00"), [("2020-01-04T00:00:00Z", "")]) is None


def test_a_sequence_that_is_over_has_no_next() -> None:
    policy = Policy(duration_days=1.0)
    found = due(STATE, policy, after(days=1, hours=1), [])
    assert found is not None
    assert (found.scheduled, found.next) == ("2020-01-02T10:00:00Z", None)
    assert next_due(STATE, policy, after(days=1, hours=1)) is None


def test_own_times_repeat_the_last_step() -> None:
    policy = Policy(schedule=("1 h", "6 h", "1 d"), duration_days=3.0)
    hours = [(time - START) / pd.Timedelta(hours=1) for time in times(STATE, policy, START)]
    assert hours == [1, 6, 24, 42, 60]


def test_ingv_schedule_has_midnights_and_notable_events_in_the_circle() -> None:
    policy = Policy(schedule="ingv", duration_days=2.0)
    events = table(
        ("a", "2020-01-01T10:00:00", 6.0, 35.0, -117.0),
        ("b", "2020-01-01T11:00:00", 3.5, 35.0, -117.0),
        ("c", "2020-01-01T12:00:00", 3.4, 35.0, -117.0),
        ("d", "2020-01-01T13:00:00", 5.0, 36.0, -117.0),
    )
    found = list(times(STATE, policy, utc("2020-01-01T14:00"), events))
    assert found == [
        START,
        utc("2020-01-01T11:00"),
        utc("2020-01-02"),
        utc("2020-01-03"),
    ]
    done = [("2020-01-01T10:00:00Z", "a")]
    assert due(STATE, policy, utc("2020-01-01T14:00"), done, events=events) == Due(
        "2020-01-01T11:00:00Z", "2020-01-02T00:00:00Z"
    )
    assert due(STATE, policy, utc("2020-01-01T10:30"), done, events=events) is None


def test_a_notable_event_that_is_reported_late_has_its_forecast() -> None:
    policy = Policy(schedule="ingv", duration_days=2.0)
    events = table(
        ("a", "2020-01-01T10:00:00", 6.0, 35.0, -117.0),
        ("b", "2020-01-01T11:00:00", 3.7, 35.0, -117.0),
        ("c", "2020-01-01T11:00:30", 3.6, 35.0, -117.0),
    )
    done = [("2020-01-01T10:00:00Z", "a"), ("2020-01-01T11:00:30Z", "a")]
    now = utc("2020-01-01T14:00")
    assert due(STATE, policy, now, done, events=events) is None
    late = events.assign(known=[pd.NaT, utc("2020-01-01T12:10"), utc("2020-01-01T11:00:10")])
    found = due(STATE, policy, now, done, events=late)
    assert found == Due("2020-01-01T12:10:00Z", "2020-01-02T00:00:00Z")


@pytest.mark.parametrize(
    ("spacing", "scheduled", "following"),
    [
        ("daily", "2020-01-09T00:00:00Z", "2020-01-10T00:00:00Z"),
        ("weekly", "2020-01-06T00:00:00Z", "2020-01-13T00:00:00Z"),  # Mondays
    ],
)
def test_regional_forecasts(spacing: str, scheduled: str, following: str) -> None:
    policy = Policy(regional=spacing)  # type: ignore[arg-type]
    now = utc("2020-01-09T05:00")
    assert due(None, policy, now, [], since=now) == Due(scheduled, following)
    assert due(None, policy, now, [(scheduled, "")]) is None
    assert due(None, Policy(regional="none"), now, []) is None


def test_regional_forecasts_missed_while_the_service_was_down() -> None:
    found = due(None, Policy(), utc("2020-01-09T05:00"), [("2020-01-06T00:00:00Z", "")])
    assert found is not None
    assert found.missed == ("2020-01-07T00:00:00Z", "2020-01-08T00:00:00Z")


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=60))
def test_whenever_it_runs_every_time_is_issued_or_missed_once(gaps: list[int]) -> None:
    issued: list[tuple[str, str]] = []
    seen: list[str] = []
    now = START
    for gap in gaps:
        now += pd.Timedelta(minutes=gap)
        found = due(STATE, Policy(), now, issued)
        if found is None:
            continue
        seen += [*found.missed, found.scheduled]
        issued.append((found.scheduled, "a"))
        assert read(found.scheduled) <= now
        assert found.next is None or read(found.next) > now
        assert due(STATE, Policy(), now, issued) is None
    expected = [time for time in times(STATE, Policy(), now) if time <= now]
    assert [read(time) for time in seen] == expected


def test_a_report_lists_no_hundreds_of_missed_forecasts() -> None:
    days = [f"2020-01-{day:02d}T00:00:00Z" for day in range(1, 31)]
    report = StepReport("2020-02-01T00:00:00Z", None, missed=tuple(days[:2]))
    assert str(report).endswith("missed 2020-01-01T00:00:00Z, 2020-01-02T00:00:00Z")
    report = StepReport("2020-02-01T00:00:00Z", None, missed=tuple(days))
    assert str(report).endswith(
        "missed 30 forecasts from 2020-01-01T00:00:00Z to 2020-01-30T00:00:00Z"
    )
