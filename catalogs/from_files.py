"""Catalogs made of files of events: imported, or only looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from catalogs.areas import parse_area
from catalogs.catalog import Catalog
from catalogs.checks.quality import gap_warning, incomplete_warning, reported_twice
from catalogs.display import some
from catalogs.errors import InputError
from catalogs.event_types import EventRule, are_earthquakes, is_known, types_of
from catalogs.formats.parsed import Parsed
from catalogs.formats.reading import account, read_events
from catalogs.importing import import_table, tied_rows
from catalogs.info import timestamp
from catalogs.providers.rules import Rules, Step, choose
from catalogs.stand_ins import stand_in

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
    rules = Rules(event_types=event_types, area=where_it_lies if any_place(parsed) else None)
    sentences = lines_of_types(parsed, event_types)
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
        sentences = [*sentences, *_in_gaps(catalog)]
    except InputError as error:
        detail = "; ".join([account(parsed), *sentences] if parsed.rejected or sentences else [])
        detail = f" ({detail})" if detail else ""
        raise InputError(f"{_named(where, str(error))}{detail}") from error
    left_out = (*lines_left_out(parsed, steps), *sentences)
    notes = parsed.explanation.notes
    if not any_place(parsed) and where_it_lies is None:
        notes = (*notes, WHERE_IS_IT)
    notes = (*notes, *later_than_now(parsed), *_silent(catalog), *reported_twice(catalog.events))
    notes = (*notes, *_dropped(catalog), *_few_without_place(events))
    info = replace(
        catalog.info,
        note="; ".join(filter(None, (catalog.info.note, *left_out, *parsed.explanation.notes))),
        source=Path(path).name,
        area=str(where_it_lies) if where_it_lies else "",
    )
    known: dict[str, Any] = {k: v for k, v in (about or {}).items() if v}
    info = replace(info, **known)
    return Imported(Catalog(catalog.events, info), parsed, steps, left_out, notes)


def any_place(parsed: Parsed) -> bool:
    """Whether any event of a file has a place."""
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


def _in_gaps(catalog: Catalog) -> list[str]:
    """What the gaps of a catalog leave out of it."""
    info, days = catalog.info, catalog.days
    inside = np.zeros(len(days), dtype=np.bool_)
    for begin, end in info.gaps:
        inside |= (days >= info.to_days(begin)) & (days < info.to_days(end))
    if not inside.any():
        return []
    largest = float(catalog.events["magnitude"].to_numpy(np.float64)[inside].max())
    inside_gaps = (
        f"{some(int(inside.sum()), 'event')} inside the gaps, the largest of M {largest:.1f}"
    )
    return [f"{inside_gaps}: left out of all that is fitted, scored or forecast"]


def _dropped(catalog: Catalog) -> list[str]:
    """A warning where of events at one time a smaller one is kept."""
    if catalog.info.ties != "drop":
        return []
    magnitudes = catalog.events["magnitude"].to_numpy(np.float64)
    lost = [rows for rows in tied_rows(catalog) if magnitudes[rows].max() > magnitudes[rows[0]]]
    if not lost:
        return []
    worst = max(lost, key=lambda rows: float(magnitudes[rows].max()))
    kept, dropped = magnitudes[worst[0]], magnitudes[worst].max()
    what = f"the first is kept, {some(len(lost), 'time')} a smaller one"
    example = f"M {kept:.1f} instead of M {dropped:.1f}"
    remedy = "say `ties` separate, or put the right one first"
    return [f"of events at the same time {what}, as {example}: {remedy}"]


def _few_without_place(events: pd.DataFrame) -> list[str]:
    """That a few events without a place deny one to all others."""
    missing = events[["latitude", "longitude"]].isna().any(axis=1)
    if not missing.any() or missing.all():
        return []
    n, first = int(missing.sum()), events["time"][missing].iloc[0]
    return [
        (
            f"{n:,} of {len(missing):,} events {'has' if n == 1 else 'have'} no latitude and "
            f"longitude, the first at {first:%Y-%m-%dT%H:%M:%S} UTC, so that no places are used: "
            "drop such rows from the file to use those of the others"
        )
    ]


def _silent(catalog: Catalog) -> list[str]:
    """Warnings of long silences that are not declared, and of years that are incomplete."""
    warnings = (gap_warning(catalog), incomplete_warning(catalog))
    return [warning for warning in warnings if warning is not None]


def later_than_now(parsed: Parsed) -> list[str]:
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


def lines_left_out(parsed: Parsed, steps: Sequence[Step]) -> list[str]:
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


def lines_of_types(parsed: Parsed, rule: EventRule) -> list[str]:
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
