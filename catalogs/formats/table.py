"""Any table of events: CSV, TSV, blanks between columns, or Parquet.

One way from bytes to events, each step of which can be looked at (``Parsed.explanation``): the text
in its encoding, the table in the text (``text.find_region``), the meaning of its columns
(``columns.find_columns``), their values, and the reason of every row that is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.archive import unpacked
from catalogs.formats.cells import (
    calendar_times,
    codes,
    identifiers,
    numbers,
    times,
)
from catalogs.formats.columns import (
    OTHER,
    beside_places,
    beside_times,
    find_columns,
    further_magnitudes,
    unused,
)
from catalogs.formats.lines import with_plain_digits
from catalogs.formats.loose import events_of
from catalogs.formats.names import (
    CALENDAR,
    normalised,
)
from catalogs.formats.parsed import Explanation, Faults, Format, Meaning, Parsed
from catalogs.formats.ranges import RANGES
from catalogs.formats.region import SAMPLE
from catalogs.formats.text import CATALOG_ID, CSEP_IDS, decoded_as, text_cells
from catalogs.formats.wanted import Wanted
from catalogs.parquet import read_parquet

FIRST = 3
"""Values of a column that an explanation shows."""

PROJECTED = re.compile("easting|northing|utm", re.IGNORECASE)
"""In names of places on a map, in metres."""


def read_table(
    content: bytes, where: str, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The canonical table of the events in a file, all rows of which must be whole.

    Raises
    ------
    InputError
        For anything that ``parse_table`` rejects: the file, the line, the value and the remedy.
    """
    parsed = parse_table(unpacked(content, where), where, columns)
    for row in parsed.rejected:
        raise InputError(str(row))
    if parsed.events.empty:
        raise InputError(f"{where} has column names but no events: give a table with events")
    return parsed.events


def parse_table(
    content: bytes,
    where: str,
    columns: Mapping[str, str] | None = None,
    *,
    as_published: bool = False,
    wanted: Wanted | None = None,
) -> Parsed:
    """The canonical table of the events in a file, in the file's order.

    Columns are found by their usual names, whatever their case (``catalogs.formats.columns``);
    times without a zone are UTC. Lines that start with # are comments, except
    that the last of them may name the columns.

    Parameters
    ----------
    content : bytes
        The file's content.
    where : str
        Its name, for error messages.
    columns : mapping, optional
        Canonical name -> the file's name, as in ``{"time": "origin_time"}``, where the usual
        names don't fit.
    as_published : bool
        Whether the file has a layout that is known, so that whatever differs is damage: comments
        and words between the rows, values out of range.
    wanted : Wanted, optional
        What else the user says of the file.

    Raises
    ------
    InputError
        For a file that is no such table, and for one that may mean several things.
    """
    if not content.strip():
        raise InputError(f"{where} is empty: give a table with a header line and events")
    wanted = wanted or Wanted(columns or {})
    if content[:4] == b"PAR1":
        return from_dataframe(_parquet(content, where), wanted.columns, where=where, wanted=wanted)
    text, encoding = decoded_as(content, where, wanted.encoding)
    text = text if as_published else with_plain_digits(text)
    cells = text_cells(text, where, wanted.columns, comments=not as_published, names=wanted.names)
    del text  # its lines are among the cells
    _refuse_several(cells.several(), where)
    faults, table = cells.faults, cells.table
    meanings = _meanings(table, cells.names)
    if as_published:
        events = canonical(table, faults)
    else:
        _say_no_places(table.columns, cells.unused, wanted.columns, faults)
        events = events_of(table, cells.names, faults, wanted, cells.around)
    how = Explanation("table", encoding, cells.region.delimiter or "blanks", cells.region.header)
    return faults.parsed(events, cells.text, replace(how, meanings=meanings, unused=cells.unused))


def _say_no_places(
    found: Iterable[str], unused: Sequence[str], chosen: Mapping[str, str], faults: Faults
) -> None:
    """Say which part of a place no column was found for, if the file has columns left."""
    absent = [role for role in ("latitude", "longitude") if role not in {*found, *chosen}]
    if not absent or (len(absent) == 2 and not unused):
        return
    names = " or ".join(f"`columns` {role}=NAME" for role in absent)
    projected = [name for name in unused if PROJECTED.search(name)]
    if len(absent) == 2 and len(projected) >= 2:
        faults.say(
            f"{' and '.join(projected[:2])} are no degrees: the events have no places; for those "
            "add columns latitude and longitude to the file"
        )
        return
    faults.say(
        f"no column for {' and '.join(absent)}: the events have no places; if the file has them in "
        f"degrees, name the column with {names}"
    )


def _meanings(table: pd.DataFrame, names: Mapping[str, str]) -> tuple[Meaning, ...]:
    head = table.iloc[:50]
    return tuple(
        Meaning(names[role], role, tuple(str(cell).strip() for cell in head[role] if cell)[:FIRST])
        for role in table.columns
        if not role.startswith(OTHER)
    )


def _refuse_several(n: int, where: str) -> None:
    """Raise an InputError for simulated catalogs of a forecast, which are no catalog together."""
    if n > 1:
        raise InputError(
            f"{where} holds {n:,} catalogs (column catalog_id), as simulated ones of a forecast: "
            "give the events of one"
        )


def _parquet(content: bytes, where: str) -> pd.DataFrame:
    try:
        return read_parquet(content)
    except Exception as error:  # pyarrow raises many kinds; all mean a broken file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{where}: damaged Parquet file ({reason}): fetch it again, or write it as CSV"
        ) from error


def canonical(cells: pd.DataFrame, faults: Faults, *, depths_per_km: float = 1.0) -> pd.DataFrame:
    """The canonical table of cells named by their roles, all values as published."""
    events = pd.DataFrame({"time": _times(cells, faults)})
    nothing = pd.Series(np.nan, index=cells.index)
    for name, (lowest, highest) in RANGES.items():
        known, scale = name == "magnitude", depths_per_km if name == "depth_km" else 1.0
        values = numbers(
            cells.get(name, nothing),
            faults,
            lowest=scale * lowest,
            highest=scale * highest,
            may_miss=not known,
            none_by_rule=known,
        )
        events[name] = values / scale
    if "event_id" in cells:
        events["event_id"] = identifiers(cells["event_id"], faults)
    for name in ("event_type", "magnitude_type"):
        if name in cells:
            events[name] = codes(cells[name])
    return events


def _times(cells: pd.DataFrame, faults: Faults) -> pd.Series:
    if "time" in cells:
        return times(cells["time"], faults)
    return calendar_times({n: cells[n] for n in CALENDAR if n in cells}, faults)


def from_dataframe(
    table: pd.DataFrame,
    columns: Mapping[str, str] | None = None,
    *,
    where: str = "the table",
    wanted: Wanted | None = None,
) -> Parsed:
    """The events of a pandas DataFrame, whose columns are found as in a file.

    Parameters
    ----------
    table : DataFrame
        One row an event; an index with a name is a column too. Times are datetimes or ISO 8601
        text, or calendar columns.
    columns : mapping, optional
        As for ``parse_table``.
    where : str
        What to call it in messages.
    wanted : Wanted, optional
        What else the user says of the table.

    Raises
    ------
    InputError
        If the columns cannot be found.
    """
    wanted = wanted or Wanted(columns or {})
    if any(name is not None for name in table.index.names):  # an index of times is a column too
        table = table.reset_index()
    head = table.head(SAMPLE).astype(object).where(table.head(SAMPLE).notna(), "")
    sample = [[str(cell) for cell in row] for row in head.itertuples(index=False)]
    names = [str(name) for name in table.columns]
    known = [normalised(name) for name in names]
    if CSEP_IDS.issubset(known):
        _refuse_several(table.iloc[:, known.index(CATALOG_ID)].nunique(), where)
    positions = find_columns(names, where, wanted.columns, sample)
    positions |= beside_places(names, sample, positions)
    positions |= beside_times(names, sample, {*positions.values()})
    positions |= further_magnitudes(names, where, wanted.columns, positions, sample)
    cells = table.iloc[:, list(positions.values())].set_axis(list(positions), axis="columns")
    cells = cells.set_axis(pd.RangeIndex(1, len(cells) + 1, name="row"))
    faults = Faults(where, cells.index)
    called = {role: names[i] for role, i in positions.items()}
    meanings = _meanings(cells.head(SAMPLE), called)
    rest = unused(names, positions)
    _say_no_places(called, rest, wanted.columns, faults)
    events = events_of(cells, called, faults, wanted)
    how = Explanation("table", meanings=meanings, unused=rest)
    return faults.parsed(events, lambda i: str(cells.iloc[i].to_dict()), how)


TABLE = Format(
    "table",
    "any table with a header: CSV, TSV, blanks between columns, or Parquet",
    parse_table,
    lambda _: False,
)
