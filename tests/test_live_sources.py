"""What first answers and silences of a source mean for the events that are known."""

import os
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from live_parts import FAKE, configured

from catalogs import Catalog, CatalogInfo, InputError, save
from catalogs.info import SplitDates
from recast.live.config import SourceOptions
from recast.live.identity import Report
from recast.live.reconcile import Scope
from recast.live.scoring import about_gaps, all_scores, in_gaps, stored
from recast.live.service import Service, write_history
from recast.live.sources import Answer, Source
from recast.live.step import run_once
from recast.live.store import Entry, canonical
from recast.live.times import read, written

BEGIN = pd.Timestamp("2020-01-03T12:00", tz="UTC")
HOUR, DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)

QUAKEML = """\
<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"
 xmlns="http://quakeml.org/xmlns/bed/1.2"><eventParameters publicID="smi:a/a">
<event publicID="smi:a/{0}"><origin publicID="smi:a/o{0}"><time><value>{1}</value></time>
<latitude><value>34.5</value></latitude><longitude><value>-117.5</value></longitude></origin>
<magnitude publicID="smi:a/m{0}"><mag><value>3.5</value></mag></magnitude></event>
</eventParameters></q:quakeml>
"""


class Asked(Source):
    """Has one event a day; keeps the beginnings of the periods it was asked for."""

    name = "days"

    def __init__(self) -> None:
        self.starts: list[pd.Timestamp] = []

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        self.starts.append(start)
        days = pd.date_range(start.ceil("D"), end, freq="D")
        reports = (
            Report(f"d{day:%Y%m%d}", day.value, 3.0, 34.0, -117.0, 5.0, "", "", "", "")
            for day in days
        )
        return Answer(tuple(reports), Scope(start, end))


def test_a_folder_that_is_empty_at_first(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    folder = configured(tmp_path, SourceOptions("folder", path=str(files), days=3.0))
    service = Service(folder, parts=FAKE)
    report = run_once(service, BEGIN)
    assert report.issued == ()
    assert report.failed == (
        "the region: nothing to forecast from: the source has had no events so far",
    )
    (files / "a.xml").write_text(QUAKEML.format("1", "2012-01-01T00:00:00Z"))  # long ago
    report = run_once(service, BEGIN + HOUR)
    assert (len(report.issued), report.failed) == (1, ())
    with service.store(read_only=True) as store:
        assert service.complete_from(store) == "2012-01-01T00:00:00Z"


def test_a_file_whose_events_have_no_place(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    table.write_text("time,latitude,longitude,depth,mag,id\n2020-01-03T00:00:00Z,,,5.0,3.0,a\n")
    os.utime(table, (0, 0))
    service = Service(configured(tmp_path, SourceOptions("file", path=str(table))), parts=FAKE)
    poll = run_once(service, BEGIN).poll
    assert poll is not None
    assert poll.message == f"{table} has no event with a time, a magnitude and a place"


def test_windows_in_a_hole_are_not_scored(tmp_path: Path) -> None:
    """Nothing is known of what came in them; they were scored as if nothing had."""
    table = tmp_path / "events.csv"
    service = Service(configured(tmp_path, SourceOptions("file", path=str(table))), parts=FAKE)
    scored = []
    for now in (BEGIN, BEGIN + 100 * DAY, BEGIN + 102 * DAY):  # it was off for some months
        rolling(table, now, 30)
        run_once(service, now)
        with service.store(read_only=True) as store:
            scored.append([row.forecast_id for row in stored(service, store, "first")])
    lost, known = (f"region-{at:%Y%m%dT%H%M%S}" for at in (BEGIN, BEGIN + 100 * DAY))
    assert scored == [[], [], [known]]
    assert about_gaps(service) == ["1 window overlaps gaps of the catalog: not scored"]
    assert [row.forecast_id for row in all_scores(service)[1]] == [known]
    rolling(table, BEGIN + 103 * DAY, 200)  # the file has them again
    run_once(service, BEGIN + 103 * DAY)
    assert [row.forecast_id for row in all_scores(service)[1]][:2] == [lost, known]


def test_gaps_of_a_history_are_no_quiet_time(tmp_path: Path) -> None:
    times = pd.date_range("2018-01-01", "2019-06-01", freq="D", tz="UTC")
    events = canonical(
        pd.DataFrame({"time": times, "magnitude": 3.0, "latitude": 34.5, "longitude": -117.5})
    )
    info = CatalogInfo(
        "past",
        "2018-01-01",
        "2019-06-02",
        SplitDates("2018-01-01", "2018-09-01", "2019-01-01", "2019-06-01"),
        1.0,
        has_locations=True,
        gaps=(("2018-03-01", "2018-06-01"), ("2019-04-20", "2019-05-10")),
    )
    save(Catalog(events, info), tmp_path / "catalogs")
    table = tmp_path / "events.csv"
    settings = configured(
        tmp_path,
        SourceOptions("file", path=str(table)),
        history=str(tmp_path / "catalogs" / "past.json"),
    )
    service = Service(settings, parts=FAKE)
    rolling(table, read("2019-05-31"), 30)
    assert run_once(service, read("2019-05-31")).issued
    with service.store(read_only=True) as store:  # the file has some days of the second
        assert service.holes(store) == (
            (read("2018-03-01"), read("2018-06-01")),
            (read("2019-04-20"), read("2019-05-01")),
        )


def test_a_history_of_a_part_of_the_area_is_refused(tmp_path: Path) -> None:
    """What it lacks would be quiet."""
    times = pd.date_range("2018-01-01", "2019-06-01", freq="D", tz="UTC")
    events = canonical(
        pd.DataFrame({"time": times, "magnitude": 3.0, "latitude": 34.5, "longitude": -117.5})
    )
    for area, lacks in (("33/36/-119/-117", True), ("32/37/-120/-115", False), ("", False)):
        folder = tmp_path / f"area{area[:2]}"
        folder.mkdir()
        service = Service(configured(folder, SourceOptions("file", path="none")), parts=FAKE)
        write_history(service.history_path, events, "2018-01-01", area=area)
        if lacks:
            with pytest.raises(InputError, match=r"covers 33/36/-119/-117, 50% of the area"):
                service.history()
        else:
            assert len(service.history()[0]) == len(events)


def rolling(table: Path, now: pd.Timestamp, days: int) -> None:
    """A file with an event on each of the last days."""
    times = pd.date_range((now - days * DAY).ceil("D"), now, freq="D")
    rows = [f"{at:%Y-%m-%dT%H:%M:%S}Z,34.5,-117.5,5.0,3.0,d{at:%Y%m%d}" for at in times]
    table.write_text("\n".join(["time,latitude,longitude,depth,mag,id", *rows, ""]))
    os.utime(table, (0, 0))


def test_what_a_file_does_not_have_any_more_is_a_hole(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    service = Service(configured(tmp_path, SourceOptions("file", path=str(table))), parts=FAKE)
    before = pd.date_range("2018-01-01", "2019-06-01", freq="D", tz="UTC")
    events = canonical(
        pd.DataFrame({"time": before, "magnitude": 3.0, "latitude": 34.5, "longitude": -117.5})
    )
    write_history(service.history_path, events, "2018-01-01", end="2019-06-02")
    holes = []
    for now in (BEGIN, BEGIN + DAY, BEGIN + 100 * DAY):  # it was off for some months
        rolling(table, now, 30)
        assert run_once(service, now).issued
        with service.store(read_only=True) as store:
            holes.append(service.holes(store))
    first = (read("2019-06-02"), read("2019-12-05"))
    assert holes == [(first,), (first,), (first, (BEGIN + DAY, read("2020-03-14")))]
    rolling(table, BEGIN + 101 * DAY, 200)  # it has them again
    run_once(service, BEGIN + 101 * DAY)
    with service.store(read_only=True) as store:
        assert service.holes(store) == ((first[0], read("2019-09-27")),)


def test_windows_are_scored_an_hour_after_they_end_and_again_a_month_later(
    tmp_path: Path,
) -> None:
    service = Service(configured(tmp_path, SourceOptions()), parts=FAKE, source=Asked())
    (name,) = run_once(service, BEGIN).issued  # of a day
    found = []
    for wait in (DAY + HOUR * 0.9, DAY + HOUR, 30.9 * DAY, 31 * DAY):
        run_once(service, BEGIN + wait)
        with service.store(read_only=True) as store:
            found.append(
                [
                    name in {row.forecast_id for row in stored(service, store, basis)}
                    for basis in ("first", "revised")
                ]
            )
    assert found == [[False, False], [True, False], [True, False], [True, True]]


def test_a_window_that_touches_a_hole_is_known() -> None:
    begin = written(BEGIN)
    entry = Entry("f", None, begin, begin, {"1 Day": written(BEGIN + DAY)}, {})
    for first, last, lost in (
        (BEGIN - DAY, BEGIN, False),
        (BEGIN + DAY, BEGIN + 2 * DAY, False),
        (BEGIN - DAY, BEGIN + HOUR, True),
        (BEGIN + DAY - HOUR, BEGIN + 2 * DAY, True),
        (BEGIN + HOUR, BEGIN + 2 * HOUR, True),
    ):
        assert in_gaps(entry, [(first, last)]) == ({"1 Day"} if lost else set())


def test_what_is_said_of_the_future_is_not_entered(tmp_path: Path) -> None:
    """Predictions, or a clock that is fast: an event is known once it has come."""

    class Ahead(Asked):
        def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
            return replace(super().ask(start, end + 5 * DAY), scope=Scope(start, end))

    service = Service(configured(tmp_path, SourceOptions()), parts=FAKE, source=Ahead())
    polls = [run_once(service, BEGIN + days * DAY).poll for days in (0, 2)]
    assert polls[0] is not None
    assert polls[1] is not None
    assert polls[1].n_changes == 2
    with service.store(read_only=True) as store:
        known = service.known_at(store, BEGIN + 9 * DAY)
    assert known["time"].max() <= BEGIN + 2 * DAY


def test_a_silence_longer_than_a_poll_looks_back_leaves_nothing_out(tmp_path: Path) -> None:
    source = Asked()
    options = SourceOptions(days=0.25)
    service = Service(configured(tmp_path, options), parts=FAKE, source=source)
    for hours in (0, 2, 20):  # the next far poll is a day after the first
        run_once(service, BEGIN + hours * DAY / 24)
    assert source.starts[1] <= BEGIN + DAY / 12 - DAY / 4
    assert source.starts[2] <= BEGIN + DAY / 12
    assert source.starts[2] > BEGIN - DAY


@pytest.mark.parametrize("days", [20, 500])
def test_after_a_silence_nothing_is_left_out(days: int, tmp_path: Path) -> None:
    source = Asked()
    service = Service(configured(tmp_path, SourceOptions()), parts=FAKE, source=source)
    run_once(service, BEGIN)
    late = BEGIN + days * DAY
    run_once(service, late)
    assert source.starts[-1] < BEGIN
    with service.store(read_only=True) as store:
        known = service.known_at(store, late)
    assert (known["time"].diff().dropna() == DAY).all()
