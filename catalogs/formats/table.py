"""Any table of events: CSV, TSV, blanks between columns, or Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from operator import itemgetter

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.cells import calendar_times, numbers, texts, times
from catalogs.formats.columns import CALENDAR, find_columns
from catalogs.formats.parsed import Format, Parsed

CLOCK = re.compile(r"\d{1,2}:\d{2}(:|$)|\d{2}:\d{2}:\d{2}")
DELIMITERS = ",;\t|"
COMMENT = "#%"


def read_table(
    content: bytes, where: str, columns: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The canonical table of the events in a file, in the file's order.

    Columns are found by their usual names, whatever their case (``catalogs.formats.columns``);
    times without a zone are UTC; gzip is opened. Lines that start with # are comments, except
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

    Returns
    -------
    DataFrame
        time (datetime64[ns, UTC]), latitude and longitude [deg], depth_km and magnitude, NaN
        where unknown (never in time and magnitude); event_id, event_type and magnitude_type where
        the file has them. The index holds the line of the file, from 1, and is called "line";
        for Parquet it holds the row and is called "row".

    Raises
    ------
    InputError
        For anything that cannot be read: the file, the line, the value and the remedy.
    """
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise InputError(f"{where}: damaged gzip file ({error}): fetch it anew") from None
    if not content.strip():
        raise InputError(f"{where} is empty: give a table with a header line and events")
    is_parquet = content[:4] == b"PAR1"
    cells = _parquet(content, where, columns) if is_parquet else _text(content, where, columns)
    if cells.empty:
        raise InputError(f"{where} has column names but no events: give a table with events")
    return _canonical(cells, where)


def _parquet(content: bytes, where: str, chosen: Mapping[str, str] | None) -> pd.DataFrame:
    try:
        table = pd.read_parquet(io.BytesIO(content))
    except Exception as error:  # pyarrow raises many kinds; all mean a broken file
        reason = str(error).splitlines()[0]
        raise InputError(f"{where}: damaged Parquet file ({reason}): fetch it anew") from error
    if any(name is not None for name in table.index.names):  # an index of times is a column too
        table = table.reset_index()
    positions = find_columns([str(name) for name in table.columns], where, chosen)
    cells = table.iloc[:, list(positions.values())].set_axis(list(positions), axis="columns")
    return cells.set_axis(pd.RangeIndex(1, len(cells) + 1, name="row"))


def _text(content: bytes, where: str, chosen: Mapping[str, str] | None) -> pd.DataFrame:
    if b"\0" in content[:65536]:
        raise InputError(f"{where} is neither text nor Parquet: export the events as CSV")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # place names in old catalogs
    line, header = _header(text, where, chosen)
    delimiter = _delimiter(header)
    names = _fields(header, delimiter)
    positions = find_columns(names, where, chosen)
    pick = itemgetter(*positions.values())  # two columns at least, so this returns a tuple
    lines, rows = [], []
    for number, row in _rows(text, line, delimiter, where):
        if len(row) != len(names) and (len(row) < len(names) or any(row[len(names) :])):
            raise InputError(
                f"{where} line {number}: {len(row)} fields where the header has {len(names)}: mend "
                "or drop the line"
            )
        lines.append(number)
        rows.append(pick(row))
    index = pd.Index(lines, name="line", dtype=np.int64)
    return pd.DataFrame(rows, index=index, columns=list(positions), dtype=object)


def _header(text: str, where: str, chosen: Mapping[str, str] | None) -> tuple[int, str]:
    """Line number and text of the column names: the first line, or the last comment before it."""
    comment: tuple[int, str] | None = None
    for number, line in enumerate(io.StringIO(text, newline=None), start=1):
        if not line.strip():
            continue
        if line[0] in COMMENT:
            comment = number, line.strip().lstrip(COMMENT)
            continue
        if not all(ch.isprintable() or ch.isspace() for ch in line):
            raise InputError(f"{where} is neither text nor Parquet: export the events as CSV")
        if line.lstrip()[0] in "<{[":
            raise InputError(f"{where} is XML or JSON, not a table: export the events as CSV")
        first = number, line.strip()
        if comment and not _names_columns(first[1], chosen) and _names_columns(comment[1], chosen):
            return comment
        return first
    raise InputError(f"{where} has no events: give a table with a header line and events")


def _names_columns(line: str, chosen: Mapping[str, str] | None) -> bool:
    try:
        find_columns(_fields(line, _delimiter(line)), "", chosen)
    except InputError:
        return False
    return True


def _delimiter(header: str) -> str:
    """What separates the columns: the most frequent delimiter, or nothing for blanks."""
    most = max(DELIMITERS, key=header.count)
    return most if most in header else ""


def _fields(line: str, delimiter: str) -> list[str]:
    if not delimiter:
        return line.split()
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))


def _rows(text: str, header: int, delimiter: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every row below the header."""
    lines = io.StringIO(text, newline=None)
    for _ in range(header):
        next(lines)
    kept = ("" if line[0] in COMMENT else line for line in lines)
    if not delimiter:
        for number, line in enumerate(kept, start=header + 1):
            if fields := line.split():
                yield number, fields
        return
    reader = csv.reader(kept, delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            if any(row):
                yield header + reader.line_num, row
    except csv.Error as error:
        raise InputError(
            f"{where} line {header + reader.line_num}: {error}: mend the quotes"
        ) from None


def _canonical(cells: pd.DataFrame, where: str) -> pd.DataFrame:
    events = pd.DataFrame({"time": _times(cells, where)})
    nothing = pd.Series(np.nan, index=cells.index)
    for name, (lowest, highest) in {
        "latitude": (-90.0, 90.0),
        "longitude": (-180.0, 360.0),
        "depth_km": (-10.0, 1000.0),  # from above the highest mountains to the lower mantle
    }.items():
        column = cells.get(name, nothing)
        events[name] = numbers(column, where, lowest=lowest, highest=highest, may_miss=True)
    # Beyond any earthquake: such numbers stand for "unknown".
    events["magnitude"] = numbers(cells["magnitude"], where, lowest=-5.0, highest=10.0)
    for name in ("event_id", "event_type", "magnitude_type"):
        if name in cells:
            events[name] = texts(cells[name])
    return events


def _times(cells: pd.DataFrame, where: str) -> pd.Series:
    if "date" in cells:
        date, clock = cells["date"], cells.get("clock", cells.get("time"))
        if clock is not None and all(CLOCK.match(cell) for cell in texts(clock).head(1)):
            day = date.dt.strftime("%Y-%m-%d") if date.dtype.kind == "M" else texts(date)
            return times((day + "T" + texts(clock)).rename("time"), where)
        if clock is None and "hour" in cells:
            midnight = times(date, where).dt
            day = {"year": midnight.year, "month": midnight.month, "day": midnight.day}
            return calendar_times(day | {n: cells[n] for n in CALENDAR[3:] if n in cells}, where)
        if clock is None:
            return times(date, where)
    if "time" in cells:
        return times(cells["time"], where)
    return calendar_times({n: cells[n] for n in CALENDAR if n in cells}, where)


TABLE = Format(
    "table",
    "any table with a header: CSV, TSV, blanks between columns, or Parquet",
    lambda content, where: Parsed(read_table(content, where)),
    lambda _: False,
)
