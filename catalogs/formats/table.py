"""Any table of events: CSV, TSV, blanks between columns, or Parquet."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.archive import unpacked
from catalogs.formats.cells import calendar_times, codes, identifiers, numbers, texts, times
from catalogs.formats.columns import CALENDAR, find_columns
from catalogs.formats.parsed import Faults, Format, Parsed
from catalogs.formats.ranges import RANGES
from catalogs.formats.text import text_cells

CLOCK = re.compile(r"\d{1,2}:\d{2}(:|$)|\d{2}:\d{2}:\d{2}")


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
    comments: bool = True,
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
    comments : bool
        Whether comments may also stand between the rows.

    Raises
    ------
    InputError
        For a file that is no such table.
    """
    if not content.strip():
        raise InputError(f"{where} is empty: give a table with a header line and events")
    if content[:4] == b"PAR1":
        return from_dataframe(_parquet(content, where), columns, where=where)
    cells = text_cells(content, where, columns, comments=comments)
    return cells.faults.parsed(canonical(cells.table, cells.faults), cells.text)


def _parquet(content: bytes, where: str) -> pd.DataFrame:
    try:
        return pd.read_parquet(io.BytesIO(content))
    except Exception as error:  # pyarrow raises many kinds; all mean a broken file
        reason = str(error).splitlines()[0]
        raise InputError(f"{where}: damaged Parquet file ({reason}): fetch it anew") from error


def canonical(cells: pd.DataFrame, faults: Faults, *, depths_per_km: float = 1.0) -> pd.DataFrame:
    """The canonical table of cells whose columns are named by their roles."""
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
    if "date" in cells:
        date, clock = cells["date"], cells.get("clock", cells.get("time"))
        if clock is not None and all(CLOCK.match(cell) for cell in texts(clock).head(1)):
            day = date.dt.strftime("%Y-%m-%d") if date.dtype.kind == "M" else texts(date)
            return times((day + "T" + texts(clock)).rename("time"), faults)
        if clock is None and "hour" in cells:
            midnight = times(date, faults).dt
            day = {"year": midnight.year, "month": midnight.month, "day": midnight.day}
            return calendar_times(day | {n: cells[n] for n in CALENDAR[3:] if n in cells}, faults)
        if clock is None:
            return times(date, faults)
    if "time" in cells:
        return times(cells["time"], faults)
    return calendar_times({n: cells[n] for n in CALENDAR if n in cells}, faults)


def from_dataframe(
    table: pd.DataFrame, columns: Mapping[str, str] | None = None, *, where: str = "the table"
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

    Raises
    ------
    InputError
        If the columns cannot be found.
    """
    if any(name is not None for name in table.index.names):  # an index of times is a column too
        table = table.reset_index()
    positions = find_columns([str(name) for name in table.columns], where, columns)
    cells = table.iloc[:, list(positions.values())].set_axis(list(positions), axis="columns")
    cells = cells.set_axis(pd.RangeIndex(1, len(cells) + 1, name="row"))
    faults = Faults(where, cells.index)
    return faults.parsed(canonical(cells, faults), lambda i: str(cells.iloc[i].to_dict()))


TABLE = Format(
    "table",
    "any table with a header: CSV, TSV, blanks between columns, or Parquet",
    parse_table,
    lambda _: False,
)
