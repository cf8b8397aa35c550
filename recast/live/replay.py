"""A historical catalog as if it came in, so that a service can be rehearsed.

Events are visible some minutes after they happen; on request first magnitudes are off, identifiers
change, false events are withdrawn, and the source falls silent. The clock is simulated, and the
steps are those of a real service. What was reported when is drawn once, so that a replay that is
stopped goes on as if it had not been. Windows that overlap gaps of the catalog are not scored.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from catalogs import Catalog, load
from catalogs.areas import bounding_box, parse_area
from catalogs.errors import FetchError, InputError
from catalogs.files import write_json, write_whole
from catalogs.info import timestamp
from catalogs.json_records import Record
from catalogs.sequence import reaches
from recast.live import polling, scoring
from recast.live.config import FILE, LiveConfiguration, write_template
from recast.live.identity import Report
from recast.live.parts import Parts
from recast.live.reconcile import Scope
from recast.live.service import (
    Service,
    check_covers,
    parquet_bytes,
    spans_of,
    table_of,
    write_history,
)
from recast.live.sources import Answer, Source, reports_of, widened
from recast.live.step import StepReport, run_once
from recast.live.store import canonical
from recast.live.times import read

SCRIPT, REPORTS = "replay.json", "replay.parquet"

NEVER = np.iinfo(np.int64).max
HOUR = 3_600_000_000_000
"""Nanoseconds."""

OFF = 0.3
"""Share of events whose first magnitude is wrong, by a normal error of ``ERROR``, for an hour."""

ERROR = 0.2
RENAMED = 0.05
"""Share of events that change their identifier after half an hour."""

FALSE = 0.02
"""False events, as a share of the true ones, each withdrawn after an hour."""


@dataclass(frozen=True)
class Script(Record):
    """What is replayed, and how."""

    catalog: str
    start: str
    every: float
    """Seconds between steps."""

    delay: float
    """Seconds until an event is reported."""

    revisions: bool = False
    outages: tuple[tuple[str, str], ...] = ()
    """Periods in which the source does not answer."""

    seed: int = 0


@dataclass(frozen=True)
class ReplaySource(Source):
    """The catalog as its source had it at each time."""

    reports: list[Report]
    """In order of time."""

    visible: np.ndarray
    """From when until when each report is given, nanoseconds since 1970, (report, 2)."""

    start: pd.Timestamp
    outages: tuple[tuple[pd.Timestamp, pd.Timestamp], ...] = ()
    times: np.ndarray = field(init=False, repr=False)
    changes: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", np.array([r.time for r in self.reports], dtype=np.int64))
        object.__setattr__(self, "changes", np.unique(self.visible))

    @property
    def name(self) -> str:  # type: ignore[override]
        """A word."""
        return "the replayed catalog"

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        """What was reported at the end of a period of its events."""
        if any(begin <= end < until for begin, until in self.outages):
            raise FetchError("the source does not answer: an outage of the replay")
        start = max(start, self.start)
        first, last = np.searchsorted(self.times, [start.value, end.value + 1])
        seen = self.visible[first:last]
        rows = first + np.flatnonzero((seen[:, 0] <= end.value) & (end.value < seen[:, 1]))
        scope = Scope(start, end, edge=pd.Timedelta(0))  # times are not revised
        return Answer(tuple(self.reports[i] for i in rows.tolist()), scope)

    def next_change(self, after: pd.Timestamp) -> pd.Timestamp | None:
        """When the source will have something else to say."""
        i = int(np.searchsorted(self.changes, after.value, side="right"))
        if i == self.changes.size or self.changes[i] == NEVER:
            return None
        return pd.Timestamp(int(self.changes[i]), tz="UTC").ceil("s")


def prepare(
    folder: Path,
    script: Script,
    *,
    like: LiveConfiguration | None = None,
    area: str | None = None,
    completeness: float | None = None,
) -> None:
    """Make the folder of a replay, or check that it is one of the same script.

    Parameters
    ----------
    folder : Path
        Of the service.
    script : Script
        What is replayed.
    like : LiveConfiguration, optional
        Policy, pages and seed are as there.
    area, completeness : optional
        By default those of ``like``, else those of the catalog.

    Raises
    ------
    InputError
        For a catalog without dates or locations, or a folder with something else.
    """
    target = folder / SCRIPT
    if target.is_file():
        found = Script.load(target)
        if found != script:
            raise InputError(
                f"{folder} replays {found.catalog} from {found.start} with other options: choose "
                "another folder, or repeat them"
            )
        return
    if (folder / "live.sqlite").exists():
        raise InputError(f"{folder} is no replay: choose another folder")
    catalog = load(script.catalog)
    _check(catalog, script)
    info = catalog.info
    region = area or (like.area if like else str(catalog.area))
    least = completeness or (like.completeness if like else info.magnitude_completeness)
    check_covers(info.area, parse_area(region), f"catalog {script.catalog!r}")
    base = like or LiveConfiguration(info.region or info.name, region, least)
    configuration = replace(
        base,
        area=region,
        completeness=least,
        seed=script.seed,
        history="",
        source=replace(base.source, kind="replay", path="", min_magnitude=None, spacing="0s"),
    )
    folder.mkdir(parents=True, exist_ok=True)
    events = _named(_wanted(catalog.events, region, least))
    start = timestamp(script.start, "`start`")
    before = events["time"] < start
    write_history(
        folder / "history.parquet",
        events[before].reset_index(drop=True),
        str(info.start),
        gaps=spans_of(info),
    )
    write_whole(
        folder / REPORTS, parquet_bytes(reported(events[~before], script), {"start": script.start})
    )
    (folder / FILE).unlink(missing_ok=True)  # of an attempt that was stopped
    write_template(folder / FILE, configuration)
    write_json(target, script.to_json())


def _check(catalog: Catalog, script: Script) -> None:
    info = catalog.info
    if info.uses_plain_days or not info.has_locations:
        lack = "dates" if info.uses_plain_days else "locations"
        raise InputError(f"catalog {script.catalog!r} has no {lack}: choose another to replay")
    start = timestamp(script.start, "`start`")
    if not start < timestamp(info.end, f"catalog {script.catalog!r}"):
        raise InputError(f"`start` {script.start} is after the catalog's end, {info.end}")
    if script.every <= 0.0:
        raise InputError("`every` 0s: give a time between steps")
    for begin, end in script.outages:
        if not timestamp(begin, "`outage`") < timestamp(end, "`outage`"):
            raise InputError(f"`outage` {begin} {end}: it ends before it begins: swap the dates")


def _wanted(events: pd.DataFrame, area: str, least: float) -> pd.DataFrame:
    """The events in and around the region that are complete."""
    box = widened(bounding_box(parse_area(area)))
    events = events.dropna(subset=["latitude", "longitude"])
    inside = box.contains(events["latitude"], events["longitude"])
    large = reaches(events["magnitude"].to_numpy(np.float64), least)
    return canonical(events[inside & large]).sort_values("time", kind="stable", ignore_index=True)


def _named(events: pd.DataFrame) -> pd.DataFrame:
    """With an identifier for each event, and each once."""
    names = events["event_id"].to_numpy(object)
    repeated = events["event_id"].duplicated().to_numpy() | (names == "")
    names[repeated] = [f"re{i}" for i in np.flatnonzero(repeated)]
    return events.assign(event_id=names.astype(str))


def reported(events: pd.DataFrame, script: Script) -> pd.DataFrame:
    """What a source reports of events, in order of time: ``visible_from`` and ``visible_to``.

    Draws do not depend on where the replay ends.
    """
    times = events["time"].astype("datetime64[ns, UTC]").astype(np.int64).to_numpy()
    told = times + round(script.delay * 1e9)
    plain = events.assign(visible_from=told, visible_to=NEVER).reset_index(drop=True)
    if not script.revisions:
        return plain
    rng = np.random.default_rng(script.seed)
    n = len(plain)
    off, renamed, false = (rng.random(n) < share for share in (OFF, RENAMED, FALSE))
    error = np.round(rng.normal(0.0, ERROR, n), 1)
    shift = rng.uniform(0.05, 0.2, (n, 2)) * rng.choice([-1, 1], (n, 2))
    names = plain["event_id"].to_numpy(str)
    # First another magnitude, then the right one, then perhaps another identifier
    first = plain[off].assign(
        magnitude=(plain["magnitude"] + error)[off].round(2), visible_to=told[off] + HOUR
    )
    plain.loc[off, "visible_from"] = told[off] + HOUR
    change = told + np.where(off, HOUR, 0) + HOUR // 2
    last = plain[renamed].assign(
        event_id=np.char.add(names[renamed], "b"), visible_from=change[renamed]
    )
    plain.loc[renamed, "visible_to"] = change[renamed]
    wrong = plain[false].assign(
        event_id=np.char.add(names[false], "f"),
        time=plain["time"][false] + pd.Timedelta(minutes=1),
        latitude=(plain["latitude"] + shift[:, 0])[false].clip(-90.0, 90.0),
        longitude=(plain["longitude"] + shift[:, 1])[false].clip(-180.0, 180.0),
        visible_from=told[false] + HOUR // 60,
        visible_to=told[false] + HOUR,
    )
    together = pd.concat([first, plain, last, wrong], ignore_index=True)
    return together.sort_values(["time", "event_id", "visible_from"], ignore_index=True)


def open_replay(
    folder: Path, *, parts: Parts | None = None, threads: int | None = None
) -> tuple[Service, ReplaySource, Script]:
    """The service of a replay."""
    script = Script.load(folder / SCRIPT)
    table = table_of(folder / REPORTS).to_pandas()
    source = ReplaySource(
        reports_of(table),
        table[["visible_from", "visible_to"]].to_numpy(np.int64),
        timestamp(script.start, "`start`"),
        tuple(
            (timestamp(begin, "`outage`"), timestamp(end, "`outage`"))
            for begin, end in script.outages
        ),
    )
    return Service(folder, parts=parts, source=source, threads=threads), source, script


def replay(
    folder: Path,
    end: pd.Timestamp,
    *,
    parts: Parts | None = None,
    threads: int | None = None,
    speed: float | None = None,
    skip: bool = True,
) -> Iterator[StepReport]:
    """Go on with a replay until a time; each step's report.

    Parameters
    ----------
    folder : Path
        That ``prepare`` has made.
    end : Timestamp
        The last step is there or before.
    parts : Parts, optional
        What forecasts, scores and publishes.
    threads : int, optional
        For forecasts.
    speed : float, optional
        How many times faster than real time; by default as fast as possible.
    skip : bool
        Leave out steps in which nothing can happen; the forecasts are the same.
    """
    service, source, script = open_replay(folder, parts=parts, threads=threads)
    every = pd.Timedelta(seconds=script.every)
    with service.locked(), service.store() as store:
        stopped, last = store.state("running"), store.state("last_step")
    at = source.start if last is None else read(last) + every
    if stopped is not None:  # in the middle of a step
        at = read(stopped)
    while at <= end:
        began = time.monotonic()
        report = run_once(service, at)
        yield report
        following = _next(service, source, report, every) if skip else at + every
        if speed is not None:
            wait = (following - at).total_seconds() / speed - (time.monotonic() - began)
            time.sleep(max(wait, 0.0))
        at = following


def _next(
    service: Service, source: ReplaySource, report: StepReport, every: pd.Timedelta
) -> pd.Timestamp:
    """The next step in which something can happen."""
    at = read(report.at)
    if not report.is_settled:
        return at + every
    with service.store(read_only=True) as store:
        far = store.state("last_far_poll")
        scores = scoring.next_scores(store)
    times = [
        source.next_change(at),
        None if report.next is None else read(report.next),
        scores,
        None if far is None else read(far) + polling.DAY,
        # Before a silence the source was asked at every step
        *(begin - every for begin, _ in source.outages if begin > at),
    ]
    if any(begin - every <= at < until for begin, until in source.outages):
        return at + every
    first = min(filter(None, times), default=at)
    steps = max(-(-(first - at) // every), 1)
    return at + steps * every
