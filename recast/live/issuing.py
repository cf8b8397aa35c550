"""Which forecasts are due, and issuing one: a folder that is whole when it gets its name."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from catalogs.areas import parse_area
from catalogs.errors import InputError
from catalogs.files import write_json, write_whole
from catalogs.store import file_hash
from recast.live import polling
from recast.live.border import beyond, outside
from recast.live.records import Issued, SequenceState
from recast.live.schedule import NOTABLE
from recast.live.scoring import earlier_outcomes
from recast.live.service import CATALOG, RECORD, SAMPLES, SCRATCH, Service, parquet_bytes
from recast.live.store import Entry, Store
from recast.live.times import read, written

PROMPT = pd.Timedelta(minutes=5)
"""An answer is not older when nothing is wrong."""


@dataclass(frozen=True)
class Item:
    """A forecast that is due, of a sequence or, without one, of the region."""

    sequence: SequenceState | None
    due: Any

    @property
    def title(self) -> str:
        """For people."""
        return "the region" if self.sequence is None else self.sequence.sequence_id


@dataclass(frozen=True)
class Plan:
    """What is due now, which sequences are under way, and when the next forecast is due."""

    due: tuple[Item, ...]
    active: tuple[SequenceState, ...]
    next: str | None


def plan(service: Service, store: Store, events: pd.DataFrame, now: pd.Timestamp) -> Plan:
    """Look what is due.

    Of ``events`` those of the margin are some: a larger one there takes a sequence over.
    """
    parts, policy, area = service.parts, service.configuration.policy, service.configuration.within
    entries = store.entries()
    states = {entry.sequence_id: entry.sequence for entry in entries if entry.sequence}
    known_before = tuple(states.values())
    sequences = parts.find_sequences(events, policy, now, known=known_before, area=area)
    active = [found.state for found in sequences if found.active]
    began = store.state("began")
    since = now if began is None else read(began)
    items, following = [], []
    if policy.schedule == "ingv":
        known = store.known_since(NOTABLE)
        events = events.assign(known=pd.to_datetime(events["event_id"].map(known), utc=True))
    for state in (None, *active):
        name = "" if state is None else state.sequence_id
        done = [(e.scheduled, e.mainshock_id) for e in entries if e.sequence_id == name]
        before = states[name].mainshock if name in states else None
        due = parts.due(state, policy, now, done, events=events, since=since, before=before)
        if due is not None:
            items.append(Item(state, due))
        following.append(parts.next_due(state, policy, now, events=events))
    return Plan(tuple(items), tuple(active), min(filter(None, following), default=None))


def issue(
    service: Service, store: Store, events: pd.DataFrame, item: Item, now: pd.Timestamp
) -> str:
    """Make a forecast, write its folder, enter it; the name of the forecast.

    Of ``events`` those of the margin are some: circles reach into it.
    """
    configuration = service.configuration
    service.models.mkdir(exist_ok=True)
    issued, samples = service.parts.make_forecast(
        events=events,
        area=configuration.area,
        region=configuration.region,
        sequence=item.sequence,
        due=item.due,
        now=now,
        completeness=configuration.completeness,
        policy=configuration.policy,
        seed=configuration.seed,
        history_start=service.complete_from(store),
        gaps=service.holes(store),
        models=service.models,
        threads=service.threads,
    )
    target = service.forecasts / issued.forecast_id
    if target.exists():
        raise InputError(f"{target} is in the way: move it to another place")
    area, region = parse_area(issued.area), configuration.within
    heard = store.last_poll(good=True)
    late = () if heard is None else unheard(read(heard.asked), now)
    border = outside(events, region, configuration.policy, now, item.sequence)
    if item.sequence is not None:
        border += beyond(item.sequence.region, service.around)
    events = events[area.contains(events["latitude"], events["longitude"])].reset_index(drop=True)
    content = _catalog(service, store, events)
    issued = replace(
        issued,
        remarks=(*late, *polling.reservations(store), *issued.remarks, *border),
        catalog_sha256=hashlib.sha256(content).hexdigest(),
        configuration_sha256=configuration.sha256,
        created=written(now if service.is_replay else pd.Timestamp.now("UTC")),
    )
    scratch = service.forecasts / f"{SCRATCH}{issued.forecast_id}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        write_whole(scratch / CATALOG, content)
        write_whole(scratch / SAMPLES, parquet_bytes(samples, {}))
        write_json(scratch / RECORD, issued.to_json())
        earlier = earlier_outcomes(service, store, item.sequence)
        service.parts.write_forecast(scratch, issued, events, earlier, configuration.pages)
        on_disk(scratch)
        scratch.rename(target)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    sync(service.forecasts)
    store.add_entry(entry_of(target))
    return issued.forecast_id


def unheard(heard: pd.Timestamp, now: pd.Timestamp) -> tuple[str, ...]:
    """Say that events of the last minutes are not known."""
    if now - heard <= PROMPT:
        return ()
    time = written(heard)
    return (f"events after {time} are not known, as the source is silent: numbers may be too low",)


def _catalog(service: Service, store: Store, events: pd.DataFrame) -> bytes:
    """Events as received; those of the history, which does not change, by its hash."""
    begins = store.state("history_until")
    about = {"history_until": begins or ""}
    if service.history_path.is_file():
        about["history_sha256"] = file_hash(service.history_path)
        if begins is not None:
            events = events[events["time"] >= read(begins)]
    return parquet_bytes(events, about)


def entry_of(folder: Path) -> Entry:
    """The row of the index for a folder that is whole.

    Raises
    ------
    InputError
        Naming the file, if it is not.
    """
    issued = Issued.load(folder / RECORD)
    if issued.forecast_id != folder.name:
        raise InputError(
            f"{folder} holds the forecast {issued.forecast_id}: move copies to another place"
        )
    return Entry(
        issued.forecast_id,
        issued.sequence,
        issued.scheduled,
        issued.at,
        {window.label: window.end for window in issued.windows},
        {
            path.relative_to(folder).as_posix(): file_hash(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        },
    )


def on_disk(folder: Path) -> None:
    """Wait until a folder is on the disk with all that it holds."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
