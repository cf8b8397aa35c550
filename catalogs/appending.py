"""Newer events of a file in a catalog that is stored already."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.areas import Area, parse_area
from catalogs.catalog import SAME_EVENT, Catalog, in_order_of_time
from catalogs.checks.quality import SAME_KM, SAME_SECONDS
from catalogs.display import some
from catalogs.errors import InputError
from catalogs.event_types import EventRule
from catalogs.formats.parsed import Parsed
from catalogs.formats.reading import read_events
from catalogs.from_files import any_place, later_than_now, lines_left_out, lines_of_types
from catalogs.importing import iso, tied_rows
from catalogs.info import timestamp
from catalogs.providers.rules import Rules, choose
from catalogs.sphere import distances
from catalogs.store import EMBEDDED, GENERATED, alone, available, load, save
from catalogs.texts import composed

LARGE, LARGE_SECONDS, LARGE_KM = 5.0, 16.0, 100.0
"""Two events from this magnitude on, so near each other, are hardly ever two."""

ZONE_STEP, ZONE_ROUNDING = 900.0, 2.0
"""Seconds of which zones are multiples; and by how many a list may have rounded its times."""

WIDEST_HOURS, FEWEST_SHIFTED = 14.0, 5
"""No place is farther from UTC; and so many events tell that a file is in another zone."""

LONG_SILENCE = 20.0
"""That many usual intervals after the end of a catalog newer events begin late."""


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
    version, and so are those that happened at the very time of one in the file, if the file has
    none that equals them. Rows that equal an event in time, place and magnitude are passed over.
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
        For a catalog that was not imported or in plain days, a file that cannot be read or is in
        another time zone than the catalog's events, events of equal time where the catalog does not
        allow them, and a file with nothing new.

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
    rules = Rules(event_types=event_types, area=chosen if any_place(parsed) else None)
    new, steps = choose(parsed.events, rules)
    old = catalog.events
    ids = "event_id" if "event_id" in new and "event_id" in old else None
    _refuse_shifted(old, new, ids, f"{path}", info.name)
    revised = np.zeros(len(old), dtype=np.bool_)
    if ids:
        revised = old[ids].isin(set(new[ids]) - {""}).to_numpy(np.bool_)
    same = [column for column in SAME_EVENT if column in new and column in old]
    revised = revised | _at_the_same_time(old, new, same, revised)
    kept = old[~revised]
    both = pd.concat([kept[same], new[same]])
    known = both.duplicated(same).to_numpy(np.bool_)[len(kept) :]
    gone = kept[~both.duplicated(same, keep="last").to_numpy(np.bool_)[: len(kept)]]
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
    if info.ties == "error" and (groups := tied_rows(made)):
        raise InputError(
            f"{path}: with it {some(sum(map(len, groups)), 'event')} of catalog {info.name!r} "
            f"would have equal times, as at {iso(events['time'].iloc[groups[0][0]])}, which it "
            "does not allow: import all events again (recast catalogs import --ties separate)"
        )
    record = save(made, folder, overwrite=True)
    n_revised = int(revised.sum())
    twice = _twice(kept, _not_of(old[revised], fresh, ids))
    notes = [
        *parsed.explanation.notes,
        *_silence(catalog, fresh),
        *(twice or _withdrawn(catalog, gone, new, chosen)),
        *later_than_now(parsed),
    ]
    return Appended(
        made,
        parsed,
        len(fresh) - n_revised,
        n_revised - unchanged,
        int(known.sum()) + unchanged,
        (*lines_left_out(parsed, steps), *lines_of_types(parsed, event_types)),
        tuple(notes),
        record,
    )


def _refuse_shifted(
    old: pd.DataFrame, new: pd.DataFrame, ids: str | None, where: str, name: str
) -> None:
    """Raise an InputError where known events come hours earlier or later: in local time.

    Known are those with an identifier of the catalog, or else of the place and magnitude of one
    event of it and no other.
    """
    if new.empty:
        return
    reach = pd.Timedelta(hours=WIDEST_HOURS)
    around = old[old["time"].between(new["time"].min() - reach, new["time"].max() + reach)]
    place = ["latitude", "longitude", "magnitude"]
    for same in ([ids], place) if ids else (place,):
        if not {*same} <= {*old} & {*new}:
            continue
        single = [
            events.loc[~events.duplicated(same, keep=False), ["time", *same]].dropna()
            for events in (around, new)
        ]
        if same == [ids]:
            single = [events[events[ids] != ""] for events in single]
        both = single[0].merge(single[1], on=same, suffixes=("_old", "_new"))
        seconds = (both["time_new"] - both["time_old"]).dt.total_seconds().to_numpy(np.float64)
        seconds = seconds[np.abs(seconds) <= 3600.0 * WIDEST_HOURS + ZONE_ROUNDING]
        steps = np.rint(seconds / ZONE_STEP)
        steps = steps[np.abs(seconds - ZONE_STEP * steps) <= ZONE_ROUNDING]
        if steps.size < FEWEST_SHIFTED:
            continue
        values, counts = np.unique(steps, return_counts=True)
        step, n = float(values[counts.argmax()]), int(counts.max())
        if step == 0.0 or n < FEWEST_SHIFTED or n <= 0.5 * seconds.size:
            return
        hours = abs(step) * ZONE_STEP / 3600.0
        offset = f"{'-' if step < 0 else '+'}{int(hours):02d}:{round(hours % 1 * 60):02d}"
        raise InputError(
            f"{where}: {n:,} events of catalog {name!r} are in it {hours:g} hours "
            f"{'earlier' if step < 0 else 'later'}, as if one of the two were in local time: if it "
            f"is the file, say `time_zone` {offset}; if the catalog, import all events again"
        )


def _unchanged(old: pd.DataFrame, new: pd.DataFrame, ids: str | None, same: list[str]) -> int:
    """How many events with the same identifier are the same in all that counts."""
    if ids is None or old.empty:
        return 0
    columns = [ids, *same]
    return int(pd.concat([old[columns], new[columns]]).duplicated(columns).sum())


def _at_the_same_time(
    old: pd.DataFrame, new: pd.DataFrame, same: list[str], revised: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Events of which the file has another version without their identifier.

    Such a one happened at the very time of one event of the file, and is not itself in the file:
    a revised magnitude, or place. Where several events share a time nothing is taken for revised.
    """
    alone = ~old["time"].duplicated(keep=False).to_numpy(np.bool_) & ~revised
    theirs = set(new["time"][~new["time"].duplicated(keep=False)])
    candidates = alone & old["time"].isin(theirs).to_numpy(np.bool_)
    both = pd.concat([new[same], old[same]])
    there = both.duplicated(same).to_numpy(np.bool_)[len(new) :]
    return np.asarray(candidates & ~there)


def _not_of(revised: pd.DataFrame, fresh: pd.DataFrame, ids: str | None) -> pd.DataFrame:
    """The events that are no newer version of one that was revised."""
    newer = fresh["time"].isin(revised["time"])
    if ids:
        newer |= fresh[ids].isin(set(revised[ids]) - {""})
    return fresh[~newer]


def _twice(kept: pd.DataFrame, fresh: pd.DataFrame) -> list[str]:
    """Warnings where new events may be revisions of old ones that stayed."""
    place = {"latitude", "longitude"}
    if kept.empty or fresh.empty or not place <= (set(kept) & set(fresh)):
        return []
    old, new = (events[events["magnitude"] >= LARGE] for events in (kept, fresh))
    remedy = "revised under another identifier an event counts twice: import all events again"
    notes = []
    if n := _near(kept, fresh, SAME_SECONDS, SAME_KM):
        where = f"within {SAME_SECONDS:g} s and {SAME_KM:g} km of another in the catalog"
        notes.append(f"{some(n, 'new event')} {where}: {remedy}")
    elif n := _near(old, new, LARGE_SECONDS, LARGE_KM):
        where = f"within {LARGE_SECONDS:g} s and {LARGE_KM:g} km of another such in the catalog"
        notes.append(f"{some(n, 'new event')} of M {LARGE:g} or more {where}: {remedy}")
    return notes


def _near(old: pd.DataFrame, new: pd.DataFrame, seconds: float, km: float) -> int:
    """How many new events have an old one, the last before or the first after, so near."""
    if old.empty or new.empty:
        return 0
    old = old.sort_values("time")
    then, now = (events["time"].to_numpy("datetime64[ns]") for events in (old, new))
    there, here = (events[["latitude", "longitude"]].to_numpy(np.float64) for events in (old, new))
    after = np.searchsorted(then, now)
    near = np.zeros(now.size, dtype=np.bool_)
    for i in (np.maximum(after - 1, 0), np.minimum(after, then.size - 1)):
        apart = np.abs((now - then[i]) / np.timedelta64(1, "s"))
        near |= (apart <= seconds) & (distances(here, there[i]) <= km)
    return int(near.sum())


def _withdrawn(
    catalog: Catalog, gone: pd.DataFrame, new: pd.DataFrame, area: Area | None
) -> list[str]:
    """A warning where the file lacks a few of the catalog's complete events of its time.

    Nothing is said where it lacks half or more: then it is a list of other events, or of updates.
    """
    if new.empty:
        return []
    first, last = new["time"].min(), new["time"].max()
    rows = gone[gone["time"].between(first, last)]
    rows = rows[catalog.info.is_complete(rows["magnitude"].to_numpy(np.float64))]
    if area is not None:
        rows = rows[area.contains(rows["latitude"], rows["longitude"])]
    there = catalog.events["time"].between(first, last) & catalog.info.is_complete(
        catalog.events["magnitude"].to_numpy(np.float64)
    )
    if rows.empty or 2 * len(rows) >= int(there.sum()):
        return []
    largest = int(rows["magnitude"].to_numpy(np.float64).argmax())
    which = f"M {rows['magnitude'].iloc[largest]:g} of {iso(rows['time'].iloc[largest])}"
    which = which if len(rows) == 1 else f"the largest {which}"
    stay = "stays" if len(rows) == 1 else "stay"
    known = f"{some(len(rows), 'complete event')} of the catalog ({which}) not in the file {stay}"
    return [f"{known}: where the network has withdrawn events, import all again"]


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
