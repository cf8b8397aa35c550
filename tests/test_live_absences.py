"""Events that answers lack: when they are withdrawn, and what is said meanwhile."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd
import pytest
from live_parts import FAKE, configured

from recast.live.config import SourceOptions
from recast.live.identity import Report
from recast.live.reconcile import Memory, Scope, reconcile
from recast.live.service import Service
from recast.live.sources import Answer, Source
from recast.live.status import status
from recast.live.step import StepReport, run_once
from recast.live.store import Version

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


def withdrawn(
    lacking: Sequence[int], hours: Sequence[float], *, n: int = 60, late: Sequence[int] = ()
) -> list[int]:
    """How many of n hourly events are withdrawn by each of the answers that lack some.

    Those that came ``late`` did so one by one, after the others.
    """
    known = {
        f"e{i:02d}": Report(f"e{i:02d}", (BEGIN - i * HOUR).value, 3, 34, -117, 5, "", "", "", "")
        for i in range(n)
    }
    histories = {
        name: [Version(name, 2 + late.index(i) if i in late else 1, False, one)]
        for i, (name, one) in enumerate(known.items())
    }
    answer = [one for i, one in enumerate(known.values()) if i not in lacking]
    answer.append(known["e00"]._replace(reported_id="new", time=(BEGIN - 2 * DAY).value))
    links, memory, gone = {name: name for name in known}, Memory(), []
    if len(answer) > 1 and 0 in lacking:  # nothing is new
        answer.pop()
    for hour in hours:
        asked = BEGIN + hour * HOUR
        scope = Scope(BEGIN - 5 * DAY, asked)
        found = reconcile(answer, histories, links, scope, memory, asked)
        memory = found.memory
        gone.append(sum(version.withdrawn for version in found.versions))
    return gone


def test_a_few_are_withdrawn_by_two_answers_and_many_by_three_in_a_day() -> None:
    assert withdrawn([5], [0.0, 0.1]) == [0, 1]
    assert withdrawn([5, 6, 7], [0.0, 0.1]) == [0, 3]  # a twentieth of sixty
    assert withdrawn([5, 6, 7, 8], [0.0, 0.1, 23.9, 24.0]) == [0, 0, 0, 4]
    assert withdrawn(range(5, 25), [0.0, 30.0, 30.1]) == [0, 0, 20]
    assert withdrawn([5, 6], [0.0, 0.1], n=20) == [0, 2]
    assert withdrawn([0, 1], [0.0, 0.1], n=2) == [0, 0]  # all that are known


def test_an_answer_that_may_be_old_is_believed_after_half_an_hour_and_an_old_one_in_a_day() -> None:
    # Without the newest event, which came last
    assert withdrawn([0], [0.0, 0.1, 0.2, 0.4, 0.5], late=[0]) == [0, 0, 0, 0, 1]
    assert withdrawn([0], [0.0, 2.0, 2.1], late=[0]) == [0, 0, 1]
    # Without the newest two that came apart: older than both
    assert withdrawn([0, 1], [0.0, 0.5, 1.0, 23.9, 24.0], late=[1, 0]) == [0, 0, 0, 0, 2]
    # Without the last three
    assert withdrawn([0, 1, 2], [0.0, 0.5, 1.0, 23.9, 24.0]) == [0, 0, 0, 0, 3]
    assert withdrawn([0, 1], [0.0, 0.1]) == [0, 2]
