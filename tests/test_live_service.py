"""A provider that answers late, twice, empty, half, or as of yesterday, and that revises events.

After each answer the catalog is right as of then, or the last good one stays and its age is told;
and nothing that was issued changes.
"""

import errno
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from live_parts import AREA, FAKE, configured, issued_files
from loopback import Fault, Provider, as_text, service, serving

from catalogs import InputError, parse_area
from catalogs.providers.web import Patience
from recast.live.config import SourceOptions
from recast.live.service import Service
from recast.live.sources import ServiceSource
from recast.live.status import status
from recast.live.step import StepReport, run_once

BEGIN = pd.Timestamp("2020-01-03T12:00", tz="UTC")
TEN = pd.Timedelta(minutes=10)
HASTY = Patience(attempts=2, first_wait=0.001, timeout=0.3, longest_wait=1.0)


def events_until(now: pd.Timestamp) -> pd.DataFrame:
    """One every hour since the third day before; the largest is the foreshock of none."""
    times = pd.date_range("2020-01-01T00:30Z", now, freq="h").as_unit("ns")
    n = len(times)
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "event_id": [f"ev{i:06d}" for i in range(n)],
            "time": times,
            "latitude": np.round(rng.uniform(33.5, 35.5, 500)[:n], 3),
            "longitude": np.round(rng.uniform(-118, -116, 500)[:n], 3),
            "depth_km": 5.0,
            "magnitude": np.round(1.0 + rng.exponential(0.45, 500)[:n], 2).clip(max=4.9),
        }
    )


@dataclass
class Live:
    """A service, its provider, and its clock."""

    provider: Provider
    service: Service
    now: pd.Timestamp = BEGIN
    kept: dict[str, bytes] = field(default_factory=dict)

    def step(self, wait: pd.Timedelta = TEN, **options: bool) -> StepReport:
        """Some time later; what was issued before is as it was."""
        self.now += wait
        report = run_once(self.service, self.now, **options)
        files = issued_files(self.service.folder)
        assert self.kept.items() <= files.items()
        self.kept = files
        return report

    def known(self, at: pd.Timestamp | None = None) -> pd.DataFrame:
        with self.service.store(read_only=True) as store:
            return self.service.known_at(store, at or self.now)

    def change(self, i: int, **values: object) -> None:
        """The provider revises its i-th event."""
        events = self.provider.events.copy()
        for name, value in values.items():
            events.loc[i, name] = value
        self.provider.events = events

    def has_all(self) -> bool:
        """Whether the catalog is the provider's."""
        columns = ["time", "magnitude", "latitude", "longitude", "depth_km"]
        theirs = self.provider.events
        inside = parse_area(AREA).contains(theirs["latitude"], theirs["longitude"])
        known = self.known()[columns].reset_index(drop=True)
        return known.equals(theirs.loc[inside, columns].reset_index(drop=True))


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    with serving(events=events_until(BEGIN), most=10_000) as provider:
        source = ServiceSource(
            service(provider, most=5000), parse_area(AREA), None, tmp_path / ".tmp-source", HASTY
        )
        folder = configured(tmp_path, SourceOptions(service=provider.url))
        one = Live(provider, Service(folder, parts=FAKE, source=source))
        assert one.step().poll is not None
        assert one.has_all()
        yield one


def files_of(folder: Path) -> dict[str, str]:
    """What a folder holds, the database as SQL."""
    found = {
        str(path.relative_to(folder)): path.read_bytes().hex()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".sqlite"
    }
    with closing(sqlite3.connect(folder / "live.sqlite")) as database:
        return {**found, "live.sqlite": "\n".join(sorted(database.iterdump()))}


def only_query(fault: Fault) -> Callable[[str], Fault | None]:
    return lambda path: fault if "/query" in path else None


FAULTS = {
    "late": Fault(pause=0.6),
    "empty": Fault(status=204, body=b""),
    "busy": Fault(status=503, body=b"busy"),
    "cut": Fault(cut=0.5),
    "a page": Fault(body=b"<html>maintenance</html>\n"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_bad_answer_leaves_the_last_good_state_and_its_age(name: str, live: Live) -> None:
    before = live.known()
    fault = FAULTS[name]
    live.provider.always = (lambda _: fault) if name == "empty" else only_query(fault)
    for _ in range(2):
        report = live.step()
        assert report.poll is not None
        assert report.poll.outcome == ("doubtful" if name == "empty" else "failed")
        assert report.poll.message.count("\n") == 0
    pd.testing.assert_frame_equal(live.known(), before)
    said = status(live.service, live.now)
    assert said.age_seconds == 1200.0
    assert said.trouble == report.poll.message
    shown = (live.service.pages / "index.html").read_text()
    if report.poll.outcome == "failed":  # why a connection failed, is not for the public
        assert "the source of earthquakes does not answer" in shown
        assert said.trouble not in shown
    else:
        assert said.trouble in shown
    live.provider.always = lambda path: None
    live.provider.events = events_until(live.now + TEN)
    live.step()
    assert live.has_all()
    assert status(live.service, live.now).trouble == ""


def test_a_source_that_asks_for_patience_is_left_alone(live: Live) -> None:
    """Services lock those out who go on asking."""
    live.provider.always = lambda _: Fault(429, {"Retry-After": "1800"})
    poll = live.step().poll
    assert poll is not None
    assert "HTTP 429" in poll.message
    assert poll.message.endswith("asked again from 2020-01-03T12:50:00Z on")
    live.provider.always, asked = lambda path: None, len(live.provider.asked)
    assert [live.step().poll for _ in range(2)] == [None, None]
    assert len(live.provider.asked) == asked
    assert status(live.service, live.now).trouble == poll.message
    poll = live.step().poll
    assert poll is not None
    assert poll.is_good


def test_a_forecast_waits_for_a_source_that_is_silent(live: Live) -> None:
    live.provider.always = only_query(FAULTS["busy"])
    late = pd.Timedelta(hours=12, minutes=30)
    report = live.step(late)  # past midnight, when the region's forecast is due
    assert report.issued == ()
    assert "waits for the source, which last answered 2020-01-03T12:10:00Z" in report.remarks[0]
    live.provider.always = lambda path: None
    assert len(live.step().issued) == 1


def test_a_forecast_says_that_the_source_is_silent(live: Live) -> None:
    live.now = pd.Timestamp("2020-01-03T23:40", tz="UTC")
    heard = live.step()
    assert heard.poll is not None
    assert heard.poll.is_good
    live.provider.always = only_query(FAULTS["busy"])
    (name,) = live.step().issued
    (remark,) = live.service.issued(name).remarks
    assert remark.startswith(f"events after {heard.at} are not known, as the source is silent")


def test_rows_that_come_twice_and_out_of_order_are_one_event_each(live: Live) -> None:
    live.provider.sloppy = True
    report = live.step()
    assert report.poll is not None
    assert report.poll.n_changes == 0
    assert live.has_all()


def test_yesterdays_file_is_not_believed(live: Live) -> None:
    before = live.known()
    old = events_until(BEGIN - pd.Timedelta(days=1))
    old["magnitude"] += 0.1  # as they were then: never seen by this service
    live.provider.events = old
    report = live.step()
    assert report.poll is not None
    assert report.poll.outcome == "doubtful"
    assert "ends before the last" in report.poll.message
    pd.testing.assert_frame_equal(live.known(), before)
    live.provider.events = events_until(live.now)
    live.step()
    assert live.has_all()


def test_an_answer_from_before_two_changes_is_not_believed(live: Live) -> None:
    old = live.provider.events
    for i in (10, 20):
        live.change(i, magnitude=3.3)
        live.step()
    before = live.known()
    live.provider.events = old
    report = live.step()
    assert report.poll is not None
    assert report.poll.message == "the answer is older than what is known"
    pd.testing.assert_frame_equal(live.known(), before)


def test_revisions_are_known_from_when_they_came(live: Live) -> None:
    i, then = 30, live.now
    was = live.provider.events.loc[i, "magnitude"]
    live.change(i, magnitude=4.2, time=live.provider.events.loc[i, "time"] + pd.Timedelta("2s"))
    report = live.step()
    assert report.poll is not None
    assert report.poll.n_changes == 1
    assert live.has_all()
    assert live.known(then)["magnitude"].iloc[i] == was
    assert live.known()["magnitude"].iloc[i] == 4.2
    with live.service.store(read_only=True) as store:
        found = store.known_since(4.2)
        assert found[live.known()["event_id"].iloc[i]] == f"{live.now:%Y-%m-%dT%H:%M:%SZ}"
        assert len(found) == int((live.known()["magnitude"] >= 4.2).sum())


def test_a_late_report_of_a_notable_event_has_its_forecast(live: Live) -> None:
    policy = replace(live.service.configuration.policy, schedule="ingv", trigger_magnitude=4.95)
    live.service.configuration = replace(live.service.configuration, policy=policy)
    main = len(live.provider.events) - 1
    live.change(main, magnitude=5.0)

    def report(name: str, minutes: float) -> None:
        time = live.now + pd.Timedelta(minutes=minutes)
        event = live.provider.events.iloc[[main]].assign(event_id=name, time=time, magnitude=3.6)
        live.provider.events = pd.concat([live.provider.events, event], ignore_index=True)

    assert len(live.step().issued) == 1
    report("soon", 5.0)
    assert len(live.step().issued) == 1
    assert live.step().issued == ()
    report("late", -17.0)  # before the other
    assert len(live.step().issued) == 1
    assert live.step().issued == ()


def test_a_mainshock_that_is_revised_has_a_forecast_at_once(live: Live) -> None:
    live.change(len(live.provider.events) - 1, magnitude=5.1)
    (first,) = live.step(pd.Timedelta(minutes=20)).issued
    assert live.step(pd.Timedelta(minutes=1)).issued == ()
    live.change(len(live.provider.events) - 1, magnitude=5.6)
    (second,) = live.step(pd.Timedelta(minutes=1)).issued
    sequences = [live.service.issued(name).sequence for name in (first, second)]
    assert [s.mainshock.magnitude for s in sequences if s is not None] == [5.1, 5.6]
    assert live.step(pd.Timedelta(minutes=1)).issued == ()


def test_a_forecast_whose_folder_is_taken_does_not_stop_the_others(live: Live) -> None:
    live.now = pd.Timestamp("2020-01-04T00:00", tz="UTC")
    live.provider.events = events_until(live.now)
    live.change(len(live.provider.events) - 1, magnitude=5.1)
    taken = live.service.forecasts / "region-20200104T001000"
    taken.mkdir(parents=True)
    report = live.step()
    (name,) = report.issued
    assert name.startswith("ev000071")
    assert report.failed == (f"the region: {taken} is in the way: move it to another place",)
    taken.rmdir()
    assert live.step(pd.Timedelta(minutes=5)).issued == ("region-20200104T001500",)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("|3.3|", "|3,3|", "magnitude = '3,3' is not a number: fix or drop the row"),
        ("|3.3|", "|inf|", "magnitude = 'inf' is outside -5 to 10: fix or drop the row"),
        ("|3.3|", "|99|", "magnitude = '99' is outside -5 to 10: fix or drop the row"),
        ("ev000030|", "ev0000\0|", "quotes are left open, or a byte is zero"),
    ],
)
def test_rows_that_cannot_be_read_are_told(before: str, after: str, said: str, live: Live) -> None:
    live.change(30, magnitude=3.3)
    row = as_text(live.provider.events.iloc[[30]]).decode().splitlines()[1]
    live.provider.text = lambda text: text.replace(row, row.replace(before, after, 1))
    n = len(live.known())
    for _ in range(3):
        report = live.step()
        assert report.poll is not None
        assert report.poll.outcome == "partly"
        assert "1 row could not be read, the first: 127.0.0.1" in report.poll.message
        assert said in report.poll.message
    assert len(live.known()) == n
    live.now = pd.Timestamp("2020-01-03T23:40", tz="UTC")
    live.provider.events = pd.concat([live.provider.events, events_until(live.now).iloc[60:]])
    live.step()
    (name,) = live.step(pd.Timedelta(minutes=20)).issued
    (remark,) = live.service.issued(name).remarks
    assert "events may be missing from the last answer of the source: 1 row could not" in remark


@pytest.mark.parametrize("magnitude", ["", "None"])
def test_an_event_without_a_magnitude_is_no_fault(magnitude: str, live: Live) -> None:
    row = as_text(live.provider.events.iloc[[30]]).decode().splitlines()[1]
    cells = row.split("|")
    cells[10] = magnitude
    live.provider.text = lambda text: text.replace(row, "|".join(cells))
    report = live.step()
    assert report.poll is not None
    assert (report.poll.outcome, report.poll.message) == ("good", "")


def test_a_bar_in_the_name_of_a_place_is_a_letter(live: Live) -> None:
    live.change(30, magnitude=4.4)
    row = as_text(live.provider.events.iloc[[30]]).decode().splitlines()[1]
    *cells, _ = row.split("|")
    live.provider.text = lambda text: text.replace(row, "|".join([*cells, "Searles Valley|CA"]))
    report = live.step()
    assert report.poll is not None
    assert (report.poll.outcome, report.poll.message) == ("good", "")
    assert live.known()["magnitude"].iloc[30] == 4.4
    assert live.known()["place"].iloc[30] == "Searles Valley|CA"


def test_an_answer_that_cannot_be_written_is_no_fault_of_the_source(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step ends, as it does where another file cannot be written."""

    def full(*_: Any, **__: Any) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device", "poll-1")

    with monkeypatch.context() as patch:
        patch.setattr("recast.live.sources.tempfile.TemporaryDirectory", full)
        with pytest.raises(OSError, match="poll-1"):
            live.step()
    assert status(live.service, live.now).trouble == ""
    live.step()
    assert live.has_all()


def test_an_error_of_one_file_does_not_stop_the_others(live: Live) -> None:
    def make(**given: Any) -> Any:
        if given["sequence"] is None:
            raise OSError(errno.ENOTEMPTY, "Directory not empty", "somewhere")
        return FAKE.make_forecast(**given)

    live.service.parts = replace(FAKE, make_forecast=make)
    live.now = pd.Timestamp("2020-01-04T00:00", tz="UTC")
    live.provider.events = events_until(live.now)
    live.change(len(live.provider.events) - 1, magnitude=5.1)
    report = live.step()
    assert len(report.issued) == 1
    assert "the region: " in report.failed[0]
    assert "Directory not empty: 'somewhere'" in report.failed[0]


def test_an_identifier_that_changes_stays_one_event(live: Live) -> None:
    name = live.known()["event_id"].iloc[30]
    was = float(live.provider.events.loc[30, "magnitude"])
    live.change(30, event_id="us7000abcd", magnitude=was + 0.5)
    live.step()
    assert live.has_all()
    assert live.known()["event_id"].iloc[30] == name
    live.change(30, magnitude=was + 0.6)  # under its new name
    live.step()
    assert live.known()["event_id"].iloc[30] == name
    assert live.has_all()


def test_a_foreshock_that_is_deleted_is_withdrawn_when_two_answers_lack_it(live: Live) -> None:
    n = len(live.known())
    live.provider.events = events_until(live.now + TEN).drop(index=[40]).reset_index(drop=True)
    live.step()
    assert status(live.service, live.now).missing == ("ev000040",)
    assert len(live.known()) == n
    live.step()
    assert live.has_all()
    assert "ev000040" in set(live.known(BEGIN + TEN)["event_id"])
    live.provider.events = events_until(live.now + TEN)  # it comes back
    live.step()
    assert live.has_all()


def test_the_newest_event_is_withdrawn_after_half_an_hour(live: Live) -> None:
    # An answer without the newest event, and with nothing new, may be an old one
    old = live.provider.events
    live.provider.events = events_until(live.now + pd.Timedelta(hours=1))
    live.step(pd.Timedelta(hours=1))
    live.provider.events = old
    outcomes = []
    for _ in range(4):
        report = live.step()
        assert report.poll is not None
        outcomes.append(report.poll.outcome)
    assert outcomes == ["doubtful"] * 3 + ["good"]
    assert live.has_all()


def test_many_that_vanish_are_kept_for_a_day(live: Live) -> None:
    full = live.provider.events
    live.provider.events = full.drop(index=range(5, 25)).reset_index(drop=True)
    live.change(30, magnitude=3.3)  # it is no old answer
    report = live.step()
    assert report.poll is not None
    assert report.poll.outcome == "partly"
    assert "20 of 60 known events missing" in status(live.service, live.now).trouble
    assert len(live.known()) == 60
    magnitudes = live.known().set_index("event_id")["magnitude"]
    assert magnitudes["ev000050"] == 3.3  # what it has is believed
    live.step(pd.Timedelta(hours=4))
    live.provider.events = pd.concat([full.iloc[5:25], live.provider.events]).sort_values("time")
    live.step()
    assert status(live.service, live.now).missing == ()


def test_a_person_may_believe_an_answer(live: Live) -> None:
    live.provider.events = live.provider.events.iloc[20:40].reset_index(drop=True)
    assert len(live.known()) == 60
    live.step(believe=True)
    assert len(live.known()) == 20


@pytest.mark.parametrize("latitude", [36.2, 52.0], ids=["beside it", "far away"])
def test_an_event_that_moves_out_of_the_region_leaves_the_catalog(
    latitude: float, live: Live
) -> None:
    live.change(30, latitude=latitude)
    for _ in range(2 if latitude < 40.0 else 4):
        live.step()
    assert live.has_all()
    assert len(live.known()) == 59


def test_a_second_step_at_once_does_nothing(live: Live) -> None:
    def written() -> dict[Path, int]:
        files = live.service.folder.rglob("*")
        return {path: path.stat().st_mtime_ns for path in files if "sqlite" not in path.name}

    before = written()
    report = live.step(pd.Timedelta(seconds=5))
    assert report.poll is None
    assert report.issued == ()
    assert written() == before


@pytest.mark.parametrize("days", [1.0, -0.01, 3650.0])
def test_a_clock_that_is_not_the_sources_does_nothing(days: float, live: Live) -> None:
    before = files_of(live.service.folder)
    live.provider.ahead = -86400.0 * days
    with pytest.raises(
        InputError, match=r"this machine says 20.* 127\.0\.0\.1:\d+ \d{4}-.*check_clock: false"
    ):
        live.step(pd.Timedelta(days=2))
    assert files_of(live.service.folder) == before
    live.now -= pd.Timedelta(days=2)
    live.provider.ahead = 60.0
    live.step()
    assert live.has_all()
    assert status(live.service, live.now).trouble == ""


def test_a_source_whose_clock_is_wrong_is_heard_where_the_settings_say_so(live: Live) -> None:
    live.provider.ahead = 86400.0
    path = live.service.folder / "live.yaml"
    path.write_text(path.read_text().replace("check_clock: true", "check_clock: false"))
    report = run_once(Service(live.service.folder, parts=FAKE), live.now + TEN)
    assert report.poll is not None
    assert report.poll.is_good


def test_a_clock_that_was_set_back_does_nothing(live: Live) -> None:
    with pytest.raises(InputError, match=r"the clock says 2020-01-03T11:10:00Z, but the last step"):
        live.step(-pd.Timedelta(hours=1))
    live.now += pd.Timedelta(hours=1)
    live.step()
    assert live.has_all()
