"""A source that answers, and has nothing new where something was to be expected."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from live_events import table, utc
from live_parts import FAKE, configured

from catalogs import GutenbergRichter
from catalogs.areas import parse_area
from etas.model import ETAS
from etas.omori import OmoriSequence
from recast.forecast.early import generic
from recast.live.config import SourceOptions
from recast.live.identity import Report
from recast.live.issue import known_catalog, make_forecast
from recast.live.parts import Site
from recast.live.policy import Policy
from recast.live.reconcile import Scope
from recast.live.records import Issued
from recast.live.schedule import Due
from recast.live.sequences import find_sequences
from recast.live.service import Service
from recast.live.silence import quiet, silence
from recast.live.sources import Answer, Source
from recast.live.status import status
from recast.live.step import run_once
from recast.live.times import written

AREA = parse_area("34/36/-118/-116")
PROCESS = ETAS(0.1, 0.02, 0.8, 0.01, 1.1, GutenbergRichter(2.5, 1.0, 8.5))
MAIN = ("main", "2020-01-01T00:00:00", 7.0, 35.0, -117.0)


def remarks(
    events: pd.DataFrame, now: str, *, region: bool = False, regime: str | None = None
) -> tuple[str, ...]:
    """What a forecast at a time says."""
    policy, at = Policy(regime=regime), utc(now)
    catalog = known_catalog(events, AREA, at, "2015-01-01", 2.5)
    found = find_sequences(events, policy, at)
    return silence(events, catalog, PROCESS, None if region else found[0].state, policy)


def test_a_busy_swarm_whose_source_is_late_by_minutes_is_not_silent() -> None:
    """Of 50 events an hour, some minutes without one are the longest time so far."""
    minutes = np.arange(600.0) * 1.2
    begin = utc("2021-05-01")
    times = pd.Series(begin + pd.to_timedelta(minutes, "min"))
    events = pd.DataFrame({"time": times, "magnitude": 0.5})
    assert quiet(events, times.iloc[-1] + pd.Timedelta("59min")) == ""
    assert "the longest such time" in quiet(events, times.iloc[-1] + pd.Timedelta("61min"))


def test_a_mainshock_without_aftershocks_is_told_after_some_hours() -> None:
    """The forecast takes it for a sequence of few aftershocks."""
    events = table(("old", "2019-12-31T00:00:00", 2.0, 35.5, -117.5), MAIN)
    assert remarks(events, "2020-01-01T02:00") == ()
    for hour, number in (("02:30", 9), ("12:00", 50)):
        for region in (False, True):
            (remark,) = remarks(events, f"2020-01-01T{hour}", region=region)
            assert remark.startswith(
                "no earthquake is known since 2020-01-01T00:00:00Z, where about "
                f"{number} large enough to be recorded"
            )
    # Where sequences have fewer aftershocks, by 10^-0.8, it takes longer
    assert remarks(events, "2020-01-01T02:30", regime="ANSR-OCEANBD") == ()
    small = ("small", "2020-01-01T11:50:00", 1.0, 35.9, -117.9)  # the network is at work
    assert remarks(table(MAIN, small), "2020-01-01T12:00") == ()


def test_aftershocks_that_stop_are_told() -> None:
    times = utc("2020-01-01") + pd.to_timedelta(np.geomspace(0.01, 1.0, 200), unit="D")
    sizes = np.where(np.arange(200) == 150, 5.5, 3.6)  # one of them could begin a sequence
    rows = [
        (f"e{i}", f"{at:%Y-%m-%dT%H:%M:%S}", m, 35.0, -117.0)
        for i, (at, m) in enumerate(zip(times, sizes.tolist(), strict=True))
    ]
    events = table(MAIN, *rows)
    assert remarks(events, "2020-01-02T00:50") == ()
    said = remarks(events, "2020-01-02T01:45")  # two or three would be usual
    assert not any("were to be expected" in line for line in said)
    for region in (False, True):
        (remark,) = remarks(events, "2020-01-02T04:00", region=region)
        assert remark.startswith("no earthquake is known since 2020-01-02T00:00:00Z, where about 6")


def test_the_longest_silence_in_ordinary_times_is_told() -> None:
    days = pd.date_range("2019-01-01", "2019-12-31", freq="D")
    days = days.delete(range(100, 105))  # six days without any
    rows = [(f"e{i}", f"{day:%Y-%m-%dT%H:%M:%S}", 3.0, 35.0, -117.0) for i, day in enumerate(days)]
    assert remarks(table(*rows), "2020-01-05", region=True) == ()
    (remark,) = remarks(table(*rows), "2020-01-07", region=True)
    assert "since 2019-12-31T00:00:00Z, the longest such time in five years" in remark
    # A network that was sparser once
    before = [(f"b{year}", f"{year}-06-01T00:00:00", 3.0, 35.0, -117.0) for year in (2012, 2013)]
    assert remarks(table(*before, *rows), "2020-01-07", region=True) == (remark,)
    assert remarks(table(*rows[-50:]), "2020-01-07", region=True) == ()


def test_what_is_recorded_is_expected_in_steps() -> None:
    """In each its share of what is expected there, and all of it where all is recorded."""
    known = table(MAIN, ("a", "2020-01-01T01:00:00", 3.0, 35.0, -117.0))
    catalog = known_catalog(known, AREA, utc("2020-01-01T02:00"), "2015-01-01", 2.5)
    events, day = catalog.to_sequence(), catalog.info.to_days("2020-01-01T00:00:00Z")
    omori = OmoriSequence.of(PROCESS, events, day, 7.0, generic(None).prior)
    edges = np.array([0.0, 0.25, 1.0])
    assert omori.none_within(1.0, (edges, np.ones(2))) == pytest.approx(omori.none_within(1.0))
    assert omori.none_within(1.0, (edges, np.zeros(2))) == pytest.approx(1.0)
    first = omori.none_within(1.0, (edges, np.array([1.0, 0.0])))
    assert first == pytest.approx(omori.none_within(0.25))


class Stopped(Source):
    """Answers with the same events whenever it is asked."""

    name = "stopped"

    def __init__(self, reports: tuple[Report, ...]) -> None:
        self.reports = reports

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        kept = tuple(report for report in self.reports if report.time >= start.value)
        return Answer(kept, Scope(start, end))


def report(name: str, at: pd.Timestamp, magnitude: float = 3.0) -> Report:
    return Report(name, at.value, magnitude, 34.5, -117.5, 5.0, "", "", "", "")


def test_a_service_says_it_until_an_event_comes(tmp_path: Path) -> None:
    """Its answers are minutes old and without trouble, and what they have is days old."""
    days = pd.date_range("2019-01-01", "2019-12-31", freq="D", tz="UTC")
    known = tuple(report(f"e{i}", day) for i, day in enumerate(days))
    source, now = Stopped(known), utc("2020-01-05")
    folder = configured(tmp_path, SourceOptions(days=30.0))
    pages: list[Site] = []
    parts = replace(FAKE, write_site=lambda _, site, __: pages.append(site))
    service = Service(folder, parts=parts, source=source)
    for hours, last in ((0, 10), (1, 0)):  # five days, where one was the longest time without
        source.reports = known[: len(known) - last]
        now += pd.Timedelta(hours=hours)
        said = run_once(service, now).remarks
        line = f"no earthquake is known since {written(days[-1 - last])}, the longest such time"
        assert said[-1].startswith(line)
        assert status(service, now).trouble == pages[-1].silent == said[-1]
        assert pages[-1].trouble == ""
    source.reports = (*known, report("new", now))
    now += pd.Timedelta(minutes=10)
    assert run_once(service, now).remarks == ()
    assert status(service, now).trouble == pages[-1].silent == ""


def test_a_service_says_what_its_last_forecast_says(tmp_path: Path) -> None:
    known = report("main", utc("2020-01-01"), 7.0)
    source, now = Stopped((known,)), utc("2020-01-01T12:00")
    remark = "no earthquake is known since 2020-01-01T00:00:00Z, where about 50 were"

    def make(**given: Any) -> tuple[Issued, pd.DataFrame]:
        issued, samples = FAKE.make_forecast(**given)
        return replace(issued, remarks=(remark,)), samples

    folder = configured(tmp_path, SourceOptions(days=30.0))
    service = Service(folder, parts=replace(FAKE, make_forecast=make), source=source)
    run_once(service, now)
    assert status(service, now).trouble == remark
    source.reports = (known, report("after", utc("2020-01-01T11:50")))
    run_once(service, now + pd.Timedelta(minutes=10))
    assert status(service, now).trouble == ""


def test_a_forecast_says_it_first(tmp_path: Path) -> None:
    days = pd.date_range("2019-06-01", "2019-12-31", freq="D")
    rows = [(f"e{i}", f"{day:%Y-%m-%dT%H:%M:%S}", 3.0, 35.0, -117.0) for i, day in enumerate(days)]
    events, now = table(*rows, MAIN), utc("2020-01-01T12:00")
    policy = Policy(windows=(1.0,), samples=20)
    forecast, _ = make_forecast(
        events=events,
        area=str(AREA),
        region="Here",
        sequence=find_sequences(events, policy, now)[0].state,
        due=Due("2020-01-01T12:00:00Z", None),
        now=now,
        completeness=2.5,
        policy=policy,
        seed=0,
        history_start="2019-06-01",
        models=tmp_path,
        threads=1,
    )
    assert forecast.remarks[0].startswith("no earthquake is known since 2020-01-01T00:00:00Z")
