"""Catalogs made of files of events: imported, extended by newer events, or only looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from catalogs.areas import parse_area
from catalogs.catalog import SAME_EVENT, Catalog, in_order_of_time
from catalogs.checks.quality import SAME_KM, SAME_SECONDS, duplicates
from catalogs.display import some
from catalogs.errors import InputError
from catalogs.event_types import EventRule, are_earthquakes, is_known, types_of
from catalogs.formats.parsed import Parsed
from catalogs.formats.reading import account, read_events
from catalogs.importing import import_table, iso
from catalogs.info import timestamp
from catalogs.magnitudes import stand_in
from catalogs.providers.rules import Rules, Step, choose
from catalogs.store import EMBEDDED, GENERATED, alone, available, load, save
from catalogs.texts import composed

UNDOCUMENTED = frozenset({"table", "isc", "hypodd", "zmap", "obspy"})
"""Layouts that say nothing of how a missing magnitude is written."""

LISTED = 6
"""Types of events that a sentence names."""

WHERE_IS_IT = (
    "no event has a place, so the catalog may lie anywhere on Earth, and a net that has seen some "
    "region during its test window, as the one of the package may have, will not be used on it: "
    "say where it lies (`area`)"
)
"""What follows from leaving the area out."""

LONG_SILENCE = 20.0
"""That many usual intervals after the end of a catalog newer events begin late."""


@dataclass(frozen=True, eq=False)
class Imported:
    """A catalog made of a file, how the file was read, and what was left out of it.

    ``left_out`` and ``notes`` are sentences for people and for the record.
    """

    catalog: Catalog
    parsed: Parsed
    steps: tuple[Step, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]


def import_catalog(
    path: str | os.PathLike[str],
    name: str,
    *,
    reading: Mapping[str, Any] | None = None,
    event_types: EventRule = "earthquakes",
    area: str | None = None,
    missing_magnitudes: Sequence[float] | None = None,
    start: str | None = None,
    end: str | None = None,
    observed_from: str | None = None,
    observed_until: str | None = None,
    gaps: Sequence[tuple[str, str]] = (),
    about: Mapping[str, str] | None = None,
    **making: Any,
) -> Imported:
    r"""A catalog of a file of events; nothing is stored, which ``catalogs.save`` does.

    Parameters
    ----------
    path : path
        The file, in any layout that ``catalogs.formats.reading.read_events`` reads.
    name : str
        The catalog's name.
    reading : mapping, optional
        Arguments of ``read_events``: layout, columns, dates, time_zone, origin and so on.
    event_types : {"earthquakes", "all", "paper"}
        Which types of events to take; see ``catalogs.event_types``.
    area : str, optional
        Events inside, as ``catalogs.parse_area`` reads it; where no event has a place, the area in
        which all of them lie.
    missing_magnitudes : sequence of float, optional
        Magnitudes that stand for none; empty where all are real. By default a magnitude that seems
        to stand for none is asked for.
    start, end : str, optional
        The window [start, end) within what the file covers.
    observed_from, observed_until : str, optional
        Since and until when the network was recording, where no event lies near the ends of that.
    gaps : pairs of dates
        Spans in which nothing was recorded.
    about : mapping, optional
        Title, region, source, licence and citation.
    **making
        Further arguments of ``catalogs.importing.import_table``: completeness, ties, splits and so
        on.

    Returns
    -------
    Imported
        The catalog, and how its file was read.

    Raises
    ------
    InputError
        For a file that cannot be read or may mean several things, a window that reaches beyond what
        is known, magnitudes that seem to stand for none, and whatever ``import_table`` refuses;
        with how many rows were read and left out, and why.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "events.csv")
    ...     _ = path.write_text("time,mag\n2020-01-01,3.1\n2020-01-03,3.4\n2020-01-09,3.0\n")
    ...     made = import_catalog(path, "mine", completeness=3.0)
    >>> made.catalog.info.start, made.catalog.info.end, len(made.catalog.to_sequence())
    ('2020-01-01', '2020-01-09T00:00:01Z', 3)
    """
    where = str(path)
    options = {"missing_magnitudes": missing_magnitudes or (), **(reading or {})}
    parsed = read_events(path, **options)
    where_it_lies = parse_area(area) if area else None
    rules = Rules(event_types=event_types, area=where_it_lies if _any_place(parsed) else None)
    sentences = _type_sentences(parsed, event_types)
    try:
        _refuse_early(parsed, start or observed_from)
        events, steps = choose(parsed.events, rules)
        if missing_magnitudes is None and parsed.explanation.layout in UNDOCUMENTED:
            sentences += _ask_for_stand_ins(events, where)
        if making.get("completeness") is None:
            _refuse_equal(events, name)
        span = parsed.events["time"].min(), parsed.events["time"].max()
        splits = making.get("splits")
        _refuse_beyond(
            where, span, start, end or (splits and splits.end), observed_from, observed_until
        )
        catalog = import_table(
            events, name, start=start or observed_from, end=end or observed_until, **making
        )
        if gaps:
            catalog = Catalog(catalog.events, replace(catalog.info, gaps=tuple(gaps)))
    except InputError as error:
        detail = "; ".join([account(parsed), *sentences] if parsed.rejected or sentences else [])
        detail = f" ({detail})" if detail else ""
        raise InputError(f"{_named(where, str(error))}{detail}") from error
    left_out = (*_left_out(parsed, steps), *sentences)
    notes = parsed.explanation.notes
    if not _any_place(parsed) and where_it_lies is None:
        notes = (*notes, WHERE_IS_IT)
    notes = (*notes, *_later_than_now(parsed))
    info = replace(
        catalog.info,
        note="; ".join(filter(None, (catalog.info.note, *left_out, *parsed.explanation.notes))),
        source=Path(path).name,
        area=str(where_it_lies) if where_it_lies else "",
    )
    known: dict[str, Any] = {k: v for k, v in (about or {}).items() if v}
    info = replace(info, **known)
    return Imported(Catalog(catalog.events, info), parsed, steps, left_out, notes)


def _any_place(parsed: Parsed) -> bool:
    return bool(parsed.events[["latitude", "longitude"]].notna().any(axis=None))


def _early(parsed: Parsed) -> int:
    """Rows left out for a year that nanoseconds cannot hold."""
    return sum(row.fault == "early" for row in parsed.rejected)


def _refuse_early(parsed: Parsed, start: str | None) -> None:
    n = _early(parsed)
    if n and start is None:
        raise InputError(
            f"{n:,} of {parsed.n_rows:,} rows are earlier than 1678, the first year that times in "
            "nanoseconds can hold: to leave them out, begin with a later event, as in `start` "
            f"{parsed.events['time'].min():%Y-%m-%d}"
        )


def _later_than_now(parsed: Parsed) -> list[str]:
    """A warning where events are yet to come, as local times east of Greenwich say of new ones."""
    last = parsed.events["time"].max()
    if not last > pd.Timestamp.now("UTC"):
        return []
    return [
        (
            f"the last event is at {last:%Y-%m-%dT%H:%M:%S} UTC, later than now: if the file gives "
            "local times, say `time_zone`"
        )
    ]


def _named(where: str, message: str) -> str:
    return message if message.startswith((where, "catalog ")) else f"{where}: {message}"


def _left_out(parsed: Parsed, steps: Sequence[Step]) -> list[str]:
    """What the file has and the catalog has not."""
    damaged, early = len(parsed.damaged()), _early(parsed)
    by_rule = [row for row in parsed.rejected if row.by_rule]
    empty = sum(row.fault == "no magnitude" for row in by_rule)
    lines = [f"{count_rows(early, 'is', 'are')} earlier than 1678"] if early else []
    if empty:
        lines.append(f"{count_rows(empty)} no magnitude")
    if others := len(by_rule) - empty:
        lines.append(f"{count_rows(others, 'is', 'are')} not the network's own")
    if damaged > early:
        lines.append(f"{count_rows(damaged - early, 'cannot', 'cannot')} be read")
    lines += [
        f"{step.rule}: {step.after:,} of {step.before:,}"
        for step in steps
        if step.after != step.before
    ]
    return lines


def count_rows(n: int, one: str = "has", many: str = "have") -> str:
    """``1 row has``, ``2 rows have``."""
    return f"1 row {one}" if n == 1 else f"{n:,} rows {many}"


def _type_sentences(parsed: Parsed, rule: EventRule) -> list[str]:
    """Which types of events are left out, from which column, and how to keep them."""
    if rule != "earthquakes" or "event_type" not in parsed.events:
        return []
    types, out = types_of(parsed.events), ~are_earthquakes(parsed.events)
    column = next((m.column for m in parsed.explanation.meanings if m.role == "event_type"), "")
    source = f" (column {column})" if column else ""
    found = []
    if out.any():
        found.append(
            f"left out by type{source}: {_counts(parsed.events['event_type'][out])}; keep them "
            "with `event_types` all"
        )
    odd = ~types.isin([kind for kind in types.unique() if is_known(kind)]).to_numpy(np.bool_)
    if odd.any():
        found.append(
            f"kept, though no known type of earthquake{source}: "
            f"{_counts(parsed.events['event_type'][odd])}"
        )
    return found


def _counts(values: pd.Series) -> str:
    counted = values.value_counts()
    listed = ", ".join(f"{value} {n:,}" for value, n in counted.head(LISTED).items())
    return listed + (f" and {len(counted) - LISTED} more types" if len(counted) > LISTED else "")


def _ask_for_stand_ins(events: pd.DataFrame, where: str) -> list[str]:
    """What is to be said of a few magnitudes far from the others.

    Raises
    ------
    InputError
        Where they are many, or impossible.
    """
    found = stand_in(events["magnitude"])
    if found is None:
        return []
    verb = "is" if found.count == 1 else "are"
    sentence = (
        f"{found.count:,} of {len(events):,} magnitudes {verb} {_written(found.value)}, the others "
        f"{found.lowest:g} to {found.highest:g}: if it stands for a missing magnitude, say "
        f"`missing_magnitudes` {_written(found.value)}"
    )
    if not found.likely:
        return [sentence]
    raise InputError(f"{where}: {sentence}; if it is one, `missing_magnitudes` none")


def _written(magnitude: float) -> str:
    return f"{magnitude:.1f}" if round(magnitude, 1) == magnitude else f"{magnitude:g}"


def _refuse_equal(events: pd.DataFrame, name: str) -> None:
    if len(events) > 2 and np.ptp(events["magnitude"].to_numpy(np.float64)) == 0.0:
        raise InputError(
            f"catalog {name!r}: all {len(events):,} magnitudes are "
            f"{_written(float(events['magnitude'].iloc[0]))}, which gives no completeness and no "
            "b-value: is this the column of magnitudes? If it is, give `completeness`"
        )


def _refuse_beyond(
    where: str,
    span: tuple[pd.Timestamp, pd.Timestamp],
    start: str | None,
    end: str | float | None,
    observed_from: str | None,
    observed_until: str | None,
) -> None:
    """Raise an InputError for a window longer than what is known to have been observed."""
    first, last = span[0].floor("D"), span[1].ceil("D")
    if start is not None and observed_from is None and timestamp(start, "`start`") < first:
        raise InputError(
            f"{where}: `start` {start} lies before the first event, {span[0]:%Y-%m-%dT%H:%M:%S}: "
            f"if events were recorded since then, say `observed_from` {start}"
        )
    if end is not None and observed_until is None and timestamp(str(end), "`end`") > last:
        raise InputError(
            f"{where}: `end` {end} lies after the last event, {span[1]:%Y-%m-%dT%H:%M:%S}: "
            f"if events were recorded until then, say `observed_until` {end}"
        )


@dataclass(frozen=True, eq=False)
class Appended:
    """A catalog with the events of a newer file, and how many these were.

    ``record`` is the stored JSON, ``added`` counts new events, ``replaced`` those of which the file
    has a newer version, ``known`` those that were there already.
    """

    catalog: Catalog
    parsed: Parsed
    added: int
    replaced: int
    known: int
    left_out: tuple[str, ...]
    notes: tuple[str, ...]
    record: Path


def append_events(
    name: str,
    path: str | os.PathLike[str],
    *,
    reading: Mapping[str, Any] | None = None,
    event_types: EventRule = "earthquakes",
    area: str | None = None,
    observed_until: str | None = None,
) -> Appended:
    """Add a file's events to a stored catalog, which is then known until the last of them.

    Events of the catalog with an identifier that the file has too are replaced by the file's
    version; rows without one that equal an event in time, place and magnitude are passed over.
    Completeness, steps of magnitude and splits stay as they are.

    Parameters
    ----------
    name : str
        Name, or path of the JSON, of a stored catalog.
    path : path
        The file, in any layout that ``catalogs.formats.reading.read_events`` reads.
    reading : mapping, optional
        Arguments of ``read_events``.
    event_types : {"earthquakes", "all", "paper"}
        Which types of events to take.
    area : str, optional
        Events inside; by default the area of the catalog, where that is on record. All events
        where none has a place.
    observed_until : str, optional
        Until when the network was recording, where that is later than the last event.

    Returns
    -------
    Appended
        The catalog as it is now, and how many events were new, replaced or known.

    Raises
    ------
    InputError
        For a catalog that was not imported or in plain days, a file that cannot be read, events of
        equal time where the catalog does not allow them, and a file with nothing new.

    Examples
    --------
    >>> append_events("none", "new.csv")
    Traceback (most recent call last):
    catalogs.errors.CatalogNotFoundError: no catalog 'none' in ...
    """
    load(name).info.check_dated("to which no dates can be added", "import it again")
    folder = _folder_of(name)
    parsed = read_events(path, **(reading or {}))
    with alone(folder):  # the catalog is loaded again: others may have changed it meanwhile
        return _append(load(name), folder, path, parsed, event_types, area, observed_until)


def _append(
    catalog: Catalog,
    folder: Path,
    path: str | os.PathLike[str],
    parsed: Parsed,
    event_types: EventRule,
    area: str | None,
    observed_until: str | None,
) -> Appended:
    """Add what was read of a file to a catalog, and store it."""
    info = catalog.info
    area = area or info.area
    chosen = parse_area(area) if area else None
    rules = Rules(event_types=event_types, area=chosen if _any_place(parsed) else None)
    new, steps = choose(parsed.events, rules)
    old = catalog.events
    ids = "event_id" if "event_id" in new and "event_id" in old else None
    revised = np.zeros(len(old), dtype=np.bool_)
    if ids:
        revised = (old[ids].isin(set(new[ids]) - {""})).to_numpy(np.bool_)
    kept = old[~revised]
    same = [column for column in SAME_EVENT if column in new and column in kept]
    both = pd.concat([kept[same], new[same]])
    known = both.duplicated(same).to_numpy(np.bool_)[len(kept) :]
    fresh = new[~known]
    unchanged = _unchanged(old[revised], fresh, ids, same)
    end = info.date(info.end)
    last = fresh["time"].max().floor("s") + pd.Timedelta(seconds=1) if len(fresh) else end
    until = last if observed_until is None else timestamp(observed_until, "`observed_until`")
    if until < last:
        raise InputError(
            f"{path}: `observed_until` {observed_until} lies before its last event, "
            f"{last}: leave it out"
        )
    if len(fresh) == unchanged and until <= end:
        raise InputError(
            f"{path}: nothing in it is new to catalog {info.name!r}, known until {info.end}"
        )
    events = in_order_of_time(pd.concat([kept, fresh])).reset_index(drop=True)
    changed = replace(
        info,
        end=info.end if until <= end else iso(until),
        has_locations=bool(events[["latitude", "longitude"]].notna().all(axis=None)),
        area=info.area if info.area and parse_area(info.area) == chosen else "",
        note="; ".join(filter(None, (info.note, f"events appended from {Path(path).name}"))),
    )
    made = Catalog(events, changed)
    made.to_sequence()  # raises for events of equal time where they are not allowed
    record = save(made, folder, overwrite=True)
    n_revised = int(revised.sum())
    notes = [
        *parsed.explanation.notes,
        *_silence(catalog, fresh),
        *_twice(old, events),
        *_later_than_now(parsed),
    ]
    return Appended(
        made,
        parsed,
        len(fresh) - n_revised,
        n_revised - unchanged,
        int(known.sum()) + unchanged,
        (*_left_out(parsed, steps), *_type_sentences(parsed, event_types)),
        tuple(notes),
        record,
    )


def _unchanged(old: pd.DataFrame, new: pd.DataFrame, ids: str | None, same: list[str]) -> int:
    """How many events with the same identifier are the same in all that counts."""
    if ids is None or old.empty:
        return 0
    columns = [ids, *same]
    return int(pd.concat([old[columns], new[columns]]).duplicated(columns).sum())


def _twice(old: pd.DataFrame, events: pd.DataFrame) -> list[str]:
    """A warning where new events may be revisions of old ones."""
    pairs = duplicates(events).get("may_be_one", 0) - duplicates(old).get("may_be_one", 0)
    if pairs <= 0:
        return []
    where = f"within {SAME_SECONDS:g} s and {SAME_KM:g} km of another"
    remedy = "revised under another identifier an event counts twice: import all events again"
    return [f"{some(pairs, 'new event')} {where}: {remedy}"]


def _silence(catalog: Catalog, fresh: pd.DataFrame) -> list[str]:
    """A warning where the new events begin long after the old ones end."""
    end = catalog.info.date(catalog.info.end)
    later = fresh["time"][fresh["time"] >= end]
    if later.empty or len(catalog.events) < 2:
        return []
    times = catalog.events["time"].sort_values()
    usual = (times.iloc[-1] - times.iloc[0]) / (len(times) - 1)
    wait = later.min() - max(times.iloc[-1], end)
    if wait <= LONG_SILENCE * usual:
        return []
    return [
        (
            f"no event from {iso(end)} to {iso(later.min())}, {wait / usual:.0f} times the usual "
            "interval: is a file missing between?"
        )
    ]


def _folder_of(name: str) -> Path:
    """Where a stored catalog lies, so that it can be replaced."""
    path = Path(name)
    if path.suffix:
        return path.parent
    place = available().get(composed(name), GENERATED)
    if place in {GENERATED, str(EMBEDDED)} or not os.access(place, os.W_OK):
        raise InputError(
            f"catalog {name!r} was not imported, so no events can be added: import a file under "
            "another name"
        )
    return Path(place)


def catalog_of_file(parsed: Parsed, name: str, completeness: float | None = None) -> Catalog:
    """All events of a file as a catalog to be looked at: every type, over the file's whole span."""
    times = parsed.events["time"]
    label = "".join(ch if ch.isalnum() or ch in "_-" else "_" for ch in name.partition(".")[0])
    return import_table(
        parsed.events,
        label or "file",
        completeness=completeness,
        start=str(times.min().floor("D")),
        end=str(times.max().floor("s") + pd.Timedelta(seconds=1)),
        ties="separate",
    )
