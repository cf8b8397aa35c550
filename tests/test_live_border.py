"""Sequences at the border of a region: what lies outside counts where it is known, or is told."""

from pathlib import Path

import pandas as pd
from live_events import table, utc

from catalogs.areas import parse_area
from recast.live.border import beyond, outside
from recast.live.config import LiveConfiguration, SourceOptions, write_template
from recast.live.identity import Report
from recast.live.policy import Policy
from recast.live.reconcile import Scope
from recast.live.records import Circle
from recast.live.sequences import find_sequences
from recast.live.service import Service
from recast.live.sources import Answer, Source
from recast.live.step import run_once

AREA = "35/36/-118/-117"
MAIN = utc("2020-06-01T00:00")


class Nearby(Source):
    """An M 6 inside, 1 km from the border, with aftershocks on both sides; quiet before."""

    name = "near"

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        def report(i: int, at: pd.Timestamp, magnitude: float, latitude: float) -> Report:
            name = f"e{i:03d}"
            return Report(name, at.value, magnitude, latitude, -117.5, 5.0, "", "", "", "")

        days = pd.date_range(MAIN - pd.Timedelta(days=60), periods=60, freq="D")
        found = [report(i, day, 3.0 + i % 7 / 10, 35.5) for i, day in enumerate(days)]
        found.append(report(100, MAIN, 6.0, 35.99))
        for i in range(20):
            at = MAIN + pd.Timedelta(minutes=5 + 15 * i)
            found.append(report(101 + i, at, 3.0 + i % 5 / 10, 36.03 if i % 4 else 35.97))
        return Answer(tuple(r for r in found if r.time <= end.value), Scope(start, end))


def test_aftershocks_on_the_other_side_of_the_border_count(tmp_path: Path) -> None:
    policy = Policy(windows=(1.0,), regional="none", samples=20)
    write_template(
        tmp_path / "live.yaml",
        LiveConfiguration("Here", AREA, 3.0, SourceOptions(spacing="0s"), policy=policy),
    )
    service = Service(tmp_path, source=Nearby(), threads=1)
    (name,) = run_once(service, MAIN + pd.Timedelta(hours=6)).issued
    forecast = service.issued(name)
    assert forecast.observed[0] == (3.0, 20)
    kept = pd.read_parquet(tmp_path / "forecasts" / name / "catalog.parquet")
    assert len(kept) == 21
    assert run_once(service, MAIN + pd.Timedelta(hours=32)).scored == 1
    with service.store(read_only=True) as store:
        (outcomes,) = store.outcomes("first")
        inside = service.known_at(store, MAIN + pd.Timedelta(hours=32))
    assert '"observed": 0' in outcomes
    assert (inside["latitude"] < 36.0).all()


def test_a_circle_beyond_what_is_known_is_told() -> None:
    box = parse_area("34.5/36.5/-118.5/-116.5")
    assert beyond(Circle(35.9, -117.5, 50.0), box) == ()
    (remark,) = beyond(Circle(35.9, -117.5, 80.0), box)
    assert "far outside the region" in remark


def test_a_mainshock_just_outside_is_told() -> None:
    now = utc("2020-06-02")
    events = table(
        ("old", "2020-03-01T00:00", 6.0, 36.05, -117.5),
        ("far", "2020-06-01T00:00", 6.0, 36.40, -117.5),  # 13 km is its circle
        ("near", "2020-06-01T01:00", 6.0, 36.05, -117.5),
        ("small", "2020-06-01T02:00", 4.9, 36.05, -117.5),
        ("in", "2020-06-01T03:00", 6.0, 35.90, -117.5),
    )
    (remark,) = outside(events, parse_area(AREA), Policy(), now)
    assert remark.startswith("the model does not know of the M 6.0 at 2020-06-01T01:00:00Z")
    assert outside(events, parse_area(AREA), Policy(trigger_magnitude=6.5), now) == ()


def test_events_of_the_last_month_are_told_and_great_ones_from_far() -> None:
    now, region = utc("2020-06-02"), parse_area(AREA)
    for day, number in (("2020-05-03T01:00", 1), ("2020-05-02T23:00", 0)):
        events = table(("near", day, 6.0, 36.05, -117.5))
        assert len(outside(events, region, Policy(), now)) == number
    # 190 km are the circle of M 8: the region lies within, and no point of the circle in it
    for latitude, number in ((37.5, 1), (38.0, 0)):
        events = table(("great", "2020-06-01T00:00", 8.0, latitude, -117.5))
        assert len(outside(events, region, Policy(), now)) == number


def test_a_larger_event_outside_is_told_to_a_sequence_beside_it() -> None:
    now = utc("2020-06-02")
    main = ("in", "2020-06-01T03:00", 5.5, 35.85, -117.5)
    events = table(
        ("near", "2020-06-01T01:00", 6.8, 36.05, -117.5),  # 22 km away, 37 km is its circle
        ("less", "2020-06-01T02:00", 5.4, 36.01, -117.5),
        main,
    )
    (found,) = find_sequences(events, Policy(), now, area=parse_area(AREA))
    (remark,) = outside(events, parse_area(AREA), Policy(), now, found.state)
    assert remark.startswith("the model does not know of the M 6.8 at 2020-06-01T01:00:00Z")
    assert outside(table(main), parse_area(AREA), Policy(), now, found.state) == ()
    inside = ("other", "2020-06-01T02:30", 6.7, 35.52, -117.5)  # whose circle ends 4 km away
    assert outside(table(inside, main), parse_area(AREA), Policy(), now, found.state) == ()


class Two(Source):
    """An M 6 inside, and the next day an M 7 two kilometres outside."""

    name = "two"

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        day = pd.Timedelta(days=1)
        large = [(MAIN, 6.0, 35.98), (MAIN + day + pd.Timedelta(hours=3), 7.0, 36.02)]
        days = [(MAIN - (60 - i) * day, 3.0 + i % 7 / 10, 35.5) for i in range(60)]
        after = [
            (at + pd.Timedelta(minutes=5 + 15 * i), 3.5 + i % 5 / 10, latitude)
            for at, _, latitude in large
            for i in range(20)
        ]
        reports = (
            Report(f"e{at:%m%dT%H%M}", at.value, magnitude, latitude, -117.5, 5.0, "", "", "", "")
            for at, magnitude, latitude in (*days, *large, *after)
            if at <= end
        )
        return Answer(tuple(reports), Scope(start, end))


def test_a_larger_event_just_outside_is_not_passed_over(tmp_path: Path) -> None:
    """Pages went on with the forecast for M 6, and said that it was the largest."""
    policy = Policy(windows=(1.0,), regional_windows=(1.0,), samples=20)
    write_template(
        tmp_path / "live.yaml",
        LiveConfiguration("Here", AREA, 3.0, SourceOptions(spacing="0s"), policy=policy),
    )
    service = Service(tmp_path, source=Two(), threads=1)
    day, hour = pd.Timedelta(days=1), pd.Timedelta(hours=1)
    run_once(service, MAIN + day)
    said = "does not know yet of the earthquake of magnitude\N{NO-BREAK SPACE}7"
    pages = [tmp_path / "pages" / name for name in ("region.html", "index.html")]
    assert not any(said in page.read_text() for page in pages)
    (name,) = run_once(service, MAIN + day + 4 * hour).issued
    forecast = service.issued(name).sequence
    assert forecast is not None
    assert (forecast.mainshock.magnitude, forecast.overtaken[0].magnitude) == (7.0, 6.0)
    assert all(said in page.read_text() for page in pages)
    run_once(service, MAIN + 2 * day)
    assert not any(said in page.read_text() for page in pages)


def test_a_circle_that_holds_the_whole_region_is_told() -> None:
    events = table(("big", "2020-06-01T00:00", 7.5, 35.5, -117.3))
    small = parse_area("35.4/35.6/-117.8/-117.6")
    assert len(outside(events, small, Policy(), utc("2020-06-02"))) == 1
