"""The step that brings a service up to date; done twice, it does nothing the second time.

Its order is: repair what a crash has left, ask the source, score what has passed, issue what is
due, publish. Each part is whole before the next begins: answers are entered in one transaction, and
a forecast is a folder that gets its name when it is complete and is entered after that.
"""

from __future__ import annotations

import errno
import json
import shutil
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from catalogs.display import some
from catalogs.errors import FetchError, InputError
from catalogs.files import leftovers
from catalogs.sequence import reaches
from recast.live import issuing, polling, scoring
from recast.live.border import reaching
from recast.live.intact import altered
from recast.live.parts import Site
from recast.live.records import Quake
from recast.live.sequences import quake
from recast.live.service import RECORD, SCRATCH, Service
from recast.live.silence import quiet, still
from recast.live.sources import ClockError
from recast.live.store import Entry, Poll, Store
from recast.live.times import read, written

SHOWN = 50
"""The last forecasts, which the overview and the feed list."""

LISTED = 10
"""Missed forecasts that a report lists: after a month off there are hundreds."""

OF_A_FILE = frozenset({errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR, errno.EISDIR, errno.ENOENT})
"""Errors that do not come from a disk that is full or fails, and end no step."""

STALE = pd.Timedelta(hours=1)
"""No forecast is issued from events that are known only until so long ago: it would be too low.
It is issued when the source answers again."""


@dataclass(frozen=True)
class StepReport:
    """What a step did."""

    at: str
    poll: Poll | None
    """None if it is too soon after the last one."""

    issued: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()
    """Times of forecasts that passed without one."""

    scored: int = 0
    """Windows that have passed and were scored."""

    remarks: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    """Forecasts that were due and could not be made, and why; they stay due."""

    next: str | None = None
    """When the next forecast is due."""

    is_settled: bool = False
    """Whether nothing is open that the next answer, if it is the same, would decide."""

    def __str__(self) -> str:
        parts = [] if self.poll is None else [_told(self.poll)]
        parts += [f"issued {name}" for name in self.issued]
        if self.missed:
            parts.append(f"missed {_times(self.missed)}")
        if self.scored:
            parts.append(f"scored {some(self.scored, 'window')}")
        parts += (*self.remarks, *self.failed)
        if self.next is not None:
            parts.append(f"next forecast {self.next}")
        return f"{self.at}: {'; '.join(parts) or 'nothing to do'}"


def _times(missed: tuple[str, ...]) -> str:
    """A few times, or how many, and between which."""
    if len(missed) <= LISTED:
        return ", ".join(missed)
    return f"{len(missed):,} forecasts from {min(missed)} to {max(missed)}"


def _told(poll: Poll) -> str:
    if not poll.is_good:
        return f"{poll.outcome} answer ({poll.message})"
    said = f" ({poll.message})" if poll.message else ""
    return f"{some(poll.n_events, 'event')}, {poll.n_changes:,} new or changed{said}"


def told(error: Exception) -> str:
    """An error in a line, with its kind unless it speaks for itself."""
    line = " ".join(str(error).split())
    plain = isinstance(error, InputError | FetchError | OSError)
    return line if plain else f"{type(error).__name__}: {line}"


def run_once(service: Service, now: pd.Timestamp, *, believe: bool = False) -> StepReport:
    """Bring a service up to date.

    Parameters
    ----------
    service : Service
        The folder.
    now : Timestamp
        The time, of which whole seconds count.
    believe : bool
        Take the source's answer as it is, also what it lacks.

    Raises
    ------
    BusyError
        If another process is at work on the folder.
    InputError
        If the clock was set back or is not that of the source, or the settings cannot be.
    OSError
        Naming the file that could not be written. The next step goes on from there.
    """
    now = now.floor("s")
    with service.locked(), service.store() as store:
        _check_clock(store, now, service)
        stopped = store.state("running") is not None
        if stopped:
            _remove_halves(service)
        faults = _enter_wholes(service, store)
        before = {name: store.state(name) for name in ("running", "began")}
        with store.transaction():
            store.set_state("running", written(now))
            store.set_state("began", before["began"] or written(now))
        service.history()
        try:
            poll = polling.poll(service, store, now, believe=believe)
        except ClockError:
            with store.transaction():  # as if this step had not been
                for name, value in before.items():
                    store.set_state(name, value)
            raise
        report = StepReport(written(now), poll, remarks=faults)
        if store.last_poll(good=True) is not None:
            report = _after_poll(service, store, now, report)
        _publish(service, store, now, report, anew=stopped)
        with store.transaction():
            store.set_state("last_step", written(now))
            store.set_state("running", None)
    return report


def _after_poll(
    service: Service, store: Store, now: pd.Timestamp, report: StepReport
) -> StepReport:
    good = store.last_poll(good=True)
    if good is None:
        return report
    events = service.known_at(store, now, around=True)
    scored, faults = scoring.score(service, store, events, read(good.asked))
    plan = issuing.plan(service, store, events, now)
    issued, missed, failed, remarks = [], list[str](), list[str](), [*report.remarks, *faults]
    is_fresh = now - read(good.asked) <= STALE
    for item in plan.due:
        if not is_fresh:
            remarks.append(f"{item.title} waits for the source, which last answered {good.asked}")
            continue
        try:
            issued.append(issuing.issue(service, store, events, item, now))
            missed += item.due.missed
        except Exception as error:  # of one sequence; the others go on
            if isinstance(error, OSError) and error.errno not in OF_A_FILE:
                raise
            failed.append(f"{item.title}: {told(error)}")
    with store.transaction():
        store.set_state("active", "\n".join(sorted(s.sequence_id for s in plan.active)))
        store.set_state("mainshocks", json.dumps(_mainshocks(plan), allow_nan=False))
        unknown = _unknown(service, store, events)
        store.set_state(
            "unknown", json.dumps(unknown.to_json(), allow_nan=False) if unknown else None
        )
        silent = _silence(service, store, events, plan, read(good.asked))
        store.set_state("silent", silent or None)
        store.set_state("next", plan.next)
    remarks += [silent] if silent else []
    memory = polling.memory(store)
    return replace(
        report,
        issued=tuple(issued),
        missed=tuple(missed),
        scored=scored,
        remarks=tuple(remarks),
        failed=tuple(failed),
        next=plan.next,
        is_settled=not (memory.absences or memory.doubtful)
        and is_fresh
        and len(issued) == len(plan.due),
    )


def _mainshocks(plan: issuing.Plan) -> dict[str, Any]:
    """Of the sequences under way, by their identifiers."""
    return {state.sequence_id: state.mainshock.to_json() for state in plan.active}


def _silence(
    service: Service, store: Store, events: pd.DataFrame, plan: issuing.Plan, heard: pd.Timestamp
) -> str:
    """That the source answers and has nothing new, where a forecast says so or it is unusual."""
    latest = {entry.sequence_id: entry for entry in store.entries()}
    for name in (*sorted(state.sequence_id for state in plan.active), ""):
        if name in latest and _can_be_shown(service, latest[name]):
            found = still(service.issued(latest[name].forecast_id).remarks, events, heard)
            if found:
                return found
    return quiet(events, heard)


def _unknown(service: Service, store: Store, events: pd.DataFrame) -> Quake | None:
    """The largest event of which the last forecast of the region knows nothing, if it should."""
    entries = store.entries("")
    if not entries:
        return None
    policy, area = service.configuration.policy, service.configuration.within
    since = store.known_since(policy.trigger_magnitude)
    large = events[reaches(events["magnitude"].to_numpy(np.float64), policy.trigger_magnitude)]
    known = pd.to_datetime(large["event_id"].map(since), utc=True)
    large = large[np.fmax(large["time"], known.fillna(large["time"])) > read(entries[-1].at)]
    inside = area.contains(large["latitude"], large["longitude"])
    large = large[inside | reaching(large, area, policy)]
    if large.empty:
        return None
    return quake(large, int(np.argmax(large["magnitude"].to_numpy(np.float64))))


def _check_clock(store: Store, now: pd.Timestamp, service: Service) -> None:
    """Refuse a time before the last step: events would be known before they came."""
    last = max(filter(None, (store.state("last_step"), store.state("running"))), default=None)
    if last is not None and now < read(last):
        raise InputError(
            f"{service.folder}: the clock says {written(now)}, but the last step was at {last}: "
            "nothing was done; set the clock right, or, if it is right now and was ahead then, put "
            f"a copy of {service.database.name} from before in its place and move forecasts made "
            "since out of forecasts/"
        )


def _remove_halves(service: Service) -> None:
    """Remove what a step that was stopped has begun."""
    for folder in (service.pages, service.models):
        for path in leftovers(folder):
            path.unlink(missing_ok=True)
    for folder in (service.folder, service.forecasts):
        for path in folder.glob(f"{SCRATCH}*"):
            shutil.rmtree(path, ignore_errors=True)


def _enter_wholes(service: Service, store: Store) -> tuple[str, ...]:
    """Enter forecasts that are whole and were not entered; what is wrong with others."""
    if not service.forecasts.is_dir():
        return ()
    faults, n = list[str](), 0
    entered = {entry.forecast_id for entry in store.entries()}
    for path in sorted(service.forecasts.iterdir()):
        if path.name in entered or path.name.startswith(".") or not path.is_dir():
            continue
        try:
            store.add_entry(issuing.entry_of(path))
            n += 1
        except InputError as error:
            faults.append(str(error))
    if n and store.last_poll() is None:
        faults.append(
            f"{store.path} is new: {some(n, 'forecast')} entered again, events are known from now "
            "on only"
        )
    return tuple(faults)


def _publish(
    service: Service, store: Store, now: pd.Timestamp, report: StepReport, *, anew: bool
) -> None:
    """Write the pages if they would differ, or ``anew`` where the last step may not have."""
    anew = anew or not service.pages.is_dir()
    names = ("active", "mainshocks", "unknown")
    known = (trouble(store), *(store.state(name) for name in names))
    shown = "\n".join(text or "" for text in known)
    changed = bool(report.issued or report.scored) or shown != store.state("shown")
    real = not service.is_replay and report.poll is not None
    if not (changed or real or anew):
        return
    if report.scored or anew:
        service.parts.write_scores(
            service.pages,
            scoring.stored(service, store, "first"),
            scoring.stored(service, store, "revised"),
            region=service.configuration.region,
            updated=written(now),
        )
    service.parts.write_site(service.pages, site(service, store, now), service.configuration)
    store.set_state("shown", shown)


def site(service: Service, store: Store, now: pd.Timestamp) -> Site:
    """What the pages show."""
    good = store.last_poll(good=True)
    entries = [entry for entry in store.entries() if _can_be_shown(service, entry)]
    latest = {entry.sequence_id: entry.forecast_id for entry in entries}
    shown = {*latest.values(), *(entry.forecast_id for entry in entries[-SHOWN:])}
    unknown = store.state("unknown")
    return Site(
        region=service.configuration.region,
        now=now,
        last_good=None if good is None else read(good.asked),
        trouble=_for_readers(store),
        silent=store.state("silent") or "",
        forecasts=[(service.issued(name), service.forecasts / name) for name in sorted(shown)],
        active=frozenset((store.state("active") or "").split("\n")) - {""},
        mainshocks={
            name: Quake.from_json(shock, store.path)
            for name, shock in json.loads(store.state("mainshocks") or "{}").items()
        },
        unknown=Quake.from_json(json.loads(unknown), store.path) if unknown else None,
    )


def _can_be_shown(service: Service, entry: Entry) -> bool:
    folder = service.forecasts / entry.forecast_id
    whole = all((folder / name).is_file() for name in entry.files)
    return whole and not altered(folder, entry, (RECORD,))


def _for_readers(store: Store) -> str:
    """The same for pages: why a connection failed is for those who run the service."""
    last = store.last_poll()
    failed = last is not None and last.outcome == "failed"
    return "the source of earthquakes does not answer" if failed else _of_answer(store)


def trouble(store: Store) -> str:
    """What is wrong with the source, in a line; empty if nothing is."""
    return _of_answer(store) or store.state("silent") or ""


def _of_answer(store: Store) -> str:
    """What is wrong with its last answer."""
    last = store.last_poll()
    return "" if last is None or last.outcome == "good" else last.message
