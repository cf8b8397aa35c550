"""Events that answers lack: when they are withdrawn, and what is said meanwhile."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest
from live_parts import FAKE, configured

from recast.live.config import SourceOptions
from recast.live.identity import Report
from recast.live.reconcile import Scope
from recast.live.service import Service
from recast.live.sources import Answer, Source
from recast.live.status import status
from recast.live.step import StepReport, run_once

BEGIN = pd.Timestamp("2020-01-10T12:00", tz="UTC")
HOUR, DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)


class Listed(Source):
    """Has an event every three hours since a month before, less those that were deleted."""

    name = "a list"

    def __init__(self) -> None:
        self.deleted: set[str] = set()

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        times = pd.date_range(BEGIN - 30 * DAY, end, freq="3h")
        reports = (
            Report(f"{at:%m%dT%H}", at.value, 3.0, 34.0, -117.0, 5.0, "", "", "", "")
            for at in times[times >= start]
        )
        kept = (report for report in reports if report.reported_id not in self.deleted)
        return Answer(tuple(kept), Scope(start, end))

    def names(self, start: pd.Timestamp, end: pd.Timestamp) -> set[str]:
        return {report.reported_id for report in self.ask(start, end).reports}


class Running:
    """A service that asks a list."""

    def __init__(self, folder: Path) -> None:
        self.source, self.now = Listed(), BEGIN
        configured(folder, SourceOptions(days=3.0, daily_days=20.0))
        self.service = Service(folder, parts=FAKE, source=self.source)
        run_once(self.service, self.now)

    def step(self, wait: pd.Timedelta = 6 * HOUR, *, believe: bool = False) -> StepReport:
        self.now += wait
        return run_once(self.service, self.now, believe=believe)

    def known(self) -> set[str]:
        with self.service.store(read_only=True) as store:
            return set(self.service.known_at(store, self.now)["event_id"])

    def steps_until_gone(self, names: Iterable[str]) -> pd.Timedelta:
        """How long the service knows deleted events."""
        since, names = self.now, set(names)
        while not self.known().isdisjoint(names):
            self.step()
            assert self.now - since < 5 * DAY, "never withdrawn"
        return self.now - since


@pytest.fixture
def running(tmp_path: Path) -> Running:
    return Running(tmp_path)


def test_an_old_event_is_withdrawn_by_the_second_answer_that_covers_it(running: Running) -> None:
    running.source.deleted = {"0101T09"}  # nine days old: only the polls of a day look so far
    assert running.steps_until_gone(running.source.deleted) <= 2 * DAY
    assert status(running.service, running.now).missing == ()


def test_many_old_events_are_withdrawn_by_the_third_answer(running: Running) -> None:
    running.source.deleted = running.source.names(BEGIN - 15 * DAY, BEGIN - 9 * DAY)
    lasted = running.steps_until_gone(running.source.deleted)
    assert 2 * DAY <= lasted <= 3 * DAY


def test_an_old_event_that_comes_back_is_missed_no_more(running: Running) -> None:
    running.source.deleted = {"0101T09"}
    running.step(DAY)
    assert status(running.service, running.now).missing == ("0101T09",)
    running.step()  # looks back three days
    assert status(running.service, running.now).missing == ("0101T09",)
    running.source.deleted = set()
    running.step(DAY)
    assert status(running.service, running.now).missing == ()


def test_what_is_too_old_to_be_asked_for_is_missed_no_more(running: Running) -> None:
    oldest = BEGIN - 20 * DAY + 26 * HOUR
    running.source.deleted = running.source.names(oldest, oldest + 3 * HOUR)
    running.step(DAY)
    assert status(running.service, running.now).missing != ()
    running.step(DAY)
    assert status(running.service, running.now).missing == ()
    assert running.source.deleted <= running.known()


def test_to_believe_an_answer_is_to_believe_it_of_old_events(running: Running) -> None:
    running.source.deleted = {"0101T09"}
    running.step(HOUR, believe=True)
    assert "0101T09" not in running.known()


def test_forecasts_say_that_answers_lack_many_events(running: Running) -> None:
    def remarks() -> tuple[str, ...]:
        (name,) = running.step(DAY).issued
        return running.service.issued(name).remarks

    assert remarks() == ()
    lost = running.source.names(running.now - 2 * DAY, running.now - DAY)
    running.source.deleted = lost
    (first,) = remarks()
    assert first == (
        "since 2020-01-12T12:00:00Z answers of the source lack 9 of 152 known events: small ones "
        "since then may be missing, too, and numbers far too low"
    )
    assert status(running.service, running.now).remarks == (first,)
    running.step(HOUR)
    running.steps_until_gone(lost)
    (last,) = remarks()  # they are withdrawn
    assert "since 2020-01-12T12:00:00Z answers of the source lack 9 of" in last
    running.source.deleted = set()
    assert remarks() == ()
    running.source.deleted = lost
    assert len(remarks()) == 1
    running.step(HOUR, believe=True)
    assert remarks() == ()
