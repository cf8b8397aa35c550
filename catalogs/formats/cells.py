"""Columns of text to numbers and times; whatever cannot be read is noted with its place."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.formats.parsed import Fault, Faults
from catalogs.sequence import FloatArray
from catalogs.texts import of_cell

MISSING = frozenset(
    {"", "-", "--", "na", "n/a", "nan", "nat", "none", "null", "<na>"}
    | {
        "---",
        "----",
        "-.-",
        "-.--",
        "--.-",
        "?",
        "*",
        ".",
        "..",
        "...",
        "nd",
        "n.d.",
        "n.a.",
        "unk",
    }
    | {"no calculable", "sin dato", "no data", "nodata", "unknown", "undef", "missing", "#n/a"}
)
"""What catalogs write, in any case of letters, where they know nothing."""

PRINTABLE = r"[ -~]*"

UNREADABLE = "unreadable"
"""Stands for a code of control bytes, as some networks have them in thousands of rows."""

NUMERIC = frozenset("0123456789.+-eE ")

POINT = ord(".")

IN_UTC = "+00:00"
"""How pandas writes the offset of UTC."""

SOME = 100_000
"""Cells that are looked at together, so that what is needed beside them has an end."""

NS_PER_SECOND = 1_000_000_000

TIME = (
    r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"(?:(?:[Tt]|\s+)(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
"""ISO 8601 dates and times as catalogs write them: slashes, a blank for the T, one-digit months."""

EARLIEST_YEAR, LATEST_YEAR = 1678, 2261
"""Whole years that nanoseconds in 64 bits can hold."""

EARLIEST_TOLD = 100
"""Smaller numbers are no years of a catalog."""

WRITE_TIMES = "write times as 2019-07-06T03:19:53.040Z"


def note(
    faults: Faults,
    column: pd.Series,
    bad: NDArray[np.bool_],
    what: str,
    remedy: str,
    *,
    fault: Fault = "damaged",
) -> None:
    """Note the bad cells of a column: the value, what is wrong with it, and what to do."""

    def reason(i: int) -> str:
        cell = str(column.iloc[i])
        value = "is empty" if cell.strip().lower() in MISSING else f"= {cell[:40]!r} {what}"
        return f"{column.name} {value}: {remedy}"

    faults.note(bad, reason, fault=fault)


def texts(column: pd.Series) -> pd.Series:
    """Cells as stripped strings, missing ones empty."""
    stripped = column.astype(str).str.strip()
    typeset = stripped.str.startswith(("\u2212", "\u2013")).to_numpy(np.bool_)
    if typeset.any():  # a minus of printers, or a dash in its place
        plain = stripped.str.replace(r"^[\u2212\u2013](?=\.?\d)", "-", regex=True)
        stripped = stripped.mask(typeset, plain)
    return stripped.mask(column.isna() | stripped.str.lower().isin(MISSING), "")


def words(column: pd.Series) -> pd.Series:
    """The same of text, without the apostrophes that keep spreadsheets from computing it."""
    cells = texts(column)
    marked = cells.str.startswith("'").to_numpy(np.bool_)
    return cells.mask(marked, cells[marked].map(of_cell)) if marked.any() else cells


def codes(column: pd.Series, *, any_script: bool = False) -> pd.Series:
    """Short codes as text; what holds other than printable ASCII is ``UNREADABLE``.

    In ``any_script`` letters of any alphabet are readable.
    """
    cells = words(column)
    return cells.where(_printable(cells, any_script=any_script), UNREADABLE)


def _printable(cells: pd.Series, *, any_script: bool) -> NDArray[np.bool_]:
    printable = cells.str.fullmatch(PRINTABLE).to_numpy(np.bool_, copy=True)
    if any_script and not printable.all():
        others = cells[~printable].tolist()
        printable[~printable] = [cell.isprintable() for cell in others]
    return printable


def identifiers(column: pd.Series, faults: Faults, *, any_script: bool = False) -> pd.Series:
    """Identifiers as text; those with other than printable ASCII characters are noted."""
    cells = words(column)
    bad = ~_printable(cells, any_script=any_script)
    note(faults, column, bad, "holds control characters", "fix or drop the row")
    return cells


def numbers(
    column: pd.Series,
    faults: Faults,
    *,
    lowest: float,
    highest: float,
    may_miss: bool = False,
    none_by_rule: bool = False,
) -> FloatArray:
    """A float64 array with every good value in [lowest, highest], NaN where nothing is known.

    Noted are cells that are no number, out of range, or empty unless ``may_miss``; an empty cell
    makes a row that is no event to use, not a damaged one, if ``none_by_rule``.
    """
    values, empty = plain_numbers(column), np.zeros(len(column), dtype=np.bool_)
    if values is None and (values := typed_numbers(column)) is not None:
        empty = np.isnan(values)
    elif values is None:
        cells = texts(column)
        values = numbers_among(cells)
        empty = (cells == "").to_numpy(np.bool_)
    note(faults, column, np.isnan(values) & ~empty, "is not a number", "fix or drop the row")
    if none_by_rule:
        reason = f"{column.name} is empty: fill it in or drop the row"
        faults.note(empty, reason, fault="no magnitude")
    elif not may_miss:
        note(faults, column, empty, "", "fill it in or drop the row")
    outside = ~empty & ~((values >= lowest) & (values <= highest))
    range_of = f"is outside {lowest:g} to {highest:g}"
    note(faults, column, outside, range_of, "fix or drop the row")
    return values


def numbers_among(cells: pd.Series) -> FloatArray:
    """The numbers of cells of text, NaN where there is none; rounded by numpy, to the last digit.

    Not every pandas does so, and some take the end of a C string for the end of a number.
    """
    found = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan, copy=True)
    found[cells.str.contains("\0", regex=False).to_numpy(np.bool_)] = np.nan
    finite = np.isfinite(found)
    with suppress(ValueError):  # pandas knows more ways to write a number
        found[finite] = cells[finite].to_numpy(np.str_).astype(np.float64)
    return found


def typed_numbers(column: pd.Series) -> FloatArray | None:
    """The numbers of a column of numbers, NaN where there is none; None for any other column.

    They are what their digits say: 3.1 in 32 bits, the nearest of which is 3.0999999, is 3.1.
    """
    if column.dtype == np.dtype(np.float32):
        bits, places = np.unique(column.to_numpy().view(np.int32), return_inverse=True)
        return np.asarray(bits.view(np.float32).astype(np.str_).astype(np.float64)[places])
    if column.dtype.kind in "iu" or column.dtype in ("float64", "Float64"):
        return column.to_numpy(np.float64, na_value=np.nan)
    return None


def plain_numbers(column: pd.Series) -> FloatArray | None:
    """The numbers of a column of text that holds only such, in a third of the time; else None."""
    if column.dtype.kind in "iuf":
        return None
    values = np.empty(len(column))
    try:
        for a in range(0, len(column), SOME):
            cells = column.iloc[a : a + SOME].tolist()
            if not NUMERIC.issuperset("".join(cells)):
                return None
            values[a : a + SOME] = np.array(cells, dtype=np.str_).astype(np.float64)
    except (TypeError, ValueError):  # not text; empty cells, or text such as "1.2.3"
        return None
    return values


def times(column: pd.Series, faults: Faults) -> pd.Series:
    """UTC times (datetime64[ns, UTC]) of datetimes or ISO 8601 text; without a zone it is UTC.

    Cells that are no such time are noted.
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        note(faults, column, column.isna().to_numpy(), "", "fill it in or drop the row")
        aware = column if column.dt.tz is not None else column.dt.tz_localize("UTC")
        utc: pd.Series = aware.dt.tz_convert("UTC").dt.as_unit("ns")
        return utc
    stamps, valid, _ = plain_times(column)
    rest = ~valid
    if rest.any():
        parts = texts(column[rest]).str.extract(TIME, flags=re.ASCII)
        fields = parts.iloc[:, :6].apply(pd.to_numeric).to_numpy(np.float64, copy=True)
        fields[:, 3:][np.isnan(fields[:, 3:])] = 0.0  # a date without a clock is its midnight
        local, are_times = calendar_stamps(fields)
        zones, known = zone_offsets(parts[6])
        stamps[rest], valid[rest] = local - zones, are_times & known
    note(faults, column, ~valid, "is not a time", WRITE_TIMES)
    return utc_times(stamps, column.index)


class PlainTimes(NamedTuple):
    """Cells of text as times: nanoseconds, which cells are times, and which of those say UTC."""

    stamps: NDArray[np.int64]
    valid: NDArray[np.bool_]
    zoned: NDArray[np.bool_]


def plain_times(column: pd.Series) -> PlainTimes:
    """The cells that are written as 2019-07-06T03:19:53.040Z.

    Any number of decimals up to nine, with or without the Z or +00:00, and a blank for the T: what
    nearly all cells are, read twenty times faster than by the regular expression.
    """
    parts = [_plain_times(column.iloc[a : a + SOME].tolist()) for a in range(0, len(column), SOME)]
    if not parts:
        return no_times(0)
    return PlainTimes(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def no_times(n: int) -> PlainTimes:
    """``n`` cells none of which is written like that."""
    return PlainTimes(np.zeros(n, np.int64), np.zeros(n, np.bool_), np.zeros(n, np.bool_))


def _plain_times(column: list[Any]) -> PlainTimes:
    cells = np.array([cell if isinstance(cell, str) else "" for cell in column], dtype=np.str_)
    width = max(cells.dtype.itemsize // 4, len("2019-07-06T03:19:53"))
    if width > len("2019-07-06T03:19:53.123456789+00:00"):
        return no_times(len(cells))
    cells = cells.astype(f"<U{width}")
    codes = cells.view(np.uint32).reshape(len(cells), width)
    digits = codes - ord("0")
    are_digits = digits < 10  # wraps round for what is below "0"
    good = are_digits[:, [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]].all(axis=1)
    good &= (codes[:, [4, 7, 13, 16]] == [ord(ch) for ch in "--::"]).all(axis=1)
    good &= (codes[:, 10] == ord("T")) | (codes[:, 10] == ord(" "))
    lengths = np.char.str_len(cells)
    last = codes[np.arange(len(cells)), np.maximum(lengths - 1, 0)]
    has_z, has_offset = last == ord("Z"), np.char.endswith(cells, IN_UTC)
    ends = lengths - has_z - len(IN_UTC) * has_offset
    good &= (ends == 19) | ((ends >= 21) & (ends <= 29) & (codes[:, min(19, width - 1)] == POINT))
    nanoseconds = np.zeros(len(cells), dtype=np.int64)
    for j in range(20, width):
        inside = j < ends
        good &= are_digits[:, j] | ~inside
        nanoseconds += np.where(inside & good, digits[:, j], 0) * 10 ** max(28 - j, 0)
    places = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))
    fields = np.stack([_whole(digits[:, a:b]) for a, b in places], axis=1)
    stamps, valid = calendar_stamps(np.where(good[:, None], fields, 1.0))
    midnight = (fields[:, 3] == 24) & (nanoseconds > 0)
    valid &= good & ~midnight
    return PlainTimes(stamps + np.where(good, nanoseconds, 0), valid, valid & (has_z | has_offset))


def _whole(digits: NDArray[np.uint32]) -> FloatArray:
    return np.asarray(digits @ 10.0 ** np.arange(digits.shape[1] - 1, -1, -1))


def calendar_times(columns: dict[str, pd.Series], faults: Faults) -> pd.Series:
    """UTC times of columns year, month, day, hour, minute, second; the last three may be absent.

    Seconds of 60.00 and a little more roll over into the next minute, as do minutes of 60:
    networks print them when they round.
    """
    ranges: dict[str, tuple[int, int]] = {
        "year": (EARLIEST_TOLD, LATEST_YEAR),
        "month": (1, 12),
        "day": (1, 31),
        "hour": (0, 24),
        "minute": (0, 60),
        "second": (0, 99),
    }
    fields = np.zeros((len(columns["year"]), len(ranges)))
    for j, (name, (lowest, highest)) in enumerate(ranges.items()):
        if name in columns:
            fields[:, j] = numbers(columns[name], faults, lowest=lowest, highest=highest)
            if name == "year":
                early = fields[:, j] < EARLIEST_YEAR
                what = f"is outside {EARLIEST_YEAR} to {LATEST_YEAR}"
                note(faults, columns[name], early, what, "leave it out", fault="early")
            if name != "second":
                fraction = np.rint(fields[:, j]) != fields[:, j]
                note(faults, columns[name], fraction, "is not whole", "fix or drop the row")
    stamps, valid = calendar_stamps(fields)
    note(faults, columns["day"], ~valid, "is not a day of that month", "fix or drop the row")
    return utc_times(stamps, columns["year"].index)


def calendar_stamps(fields: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Nanoseconds since 1970, and whether it is a time, of calendar fields, shape (event, 6).

    The fields are year, month, day, hour, minute and second: a clock of 24:00:00 is the next
    midnight, and 60 minutes or up to 99.99 seconds roll over; 24:00:01 is no time.
    """
    year, month, day, hour, minute, second = fields.T
    valid = (year >= EARLIEST_YEAR) & (year <= LATEST_YEAR)
    valid &= (month >= 1) & (month <= 12) & (day >= 1)
    valid &= (hour >= 0) & (minute >= 0) & (minute <= 60) & (second >= 0) & (second < 100)
    valid &= (hour < 24) | ((hour == 24) & (minute == 0) & (second == 0))
    first = np.full(len(fields), np.datetime64("1970-01", "M"))
    months = (year[valid] - 1970) * 12 + month[valid] - 1
    first[valid] += months.astype(np.int64).astype("timedelta64[M]")
    days = (first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")
    valid &= np.where(valid, day, 1) <= days.astype(np.int64)
    clean = np.where(valid[:, None], fields, 1.0)
    date = first.astype("datetime64[D]").astype(np.int64) + clean[:, 2].astype(np.int64) - 1
    clock = clean[:, 3] * 3600 + clean[:, 4] * 60
    # Rounded apart from the rest: 60 s hold in float64 to 1e-5 ns, a century does not.
    fraction = np.rint(clean[:, 5] * NS_PER_SECOND).astype(np.int64)
    whole = (date * 86_400 + clock.astype(np.int64)) * NS_PER_SECOND
    return whole + fraction, valid


def zone_offsets(zones: pd.Series) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Nanoseconds east of UTC of Z, UTC, GMT, +09:00, +0900, +09 and nothing; False if none."""

    def seconds(zone: str) -> float:
        if zone[0] not in "+-":
            return 0.0
        digits = zone[1:].replace(":", "").ljust(4, "0")
        hours, minutes = int(digits[:2]), int(digits[2:])
        if hours > 14 or minutes > 59:  # no place on Earth is further from Greenwich
            return np.nan
        return (hours * 3600 + minutes * 60) * (-1.0 if zone[0] == "-" else 1.0)

    offsets = {zone: seconds(zone) for zone in zones.dropna().unique()}
    east = np.where(zones.isna(), 0.0, zones.map(offsets).to_numpy(np.float64, na_value=np.nan))
    known = ~np.isnan(east)
    return np.where(known, east, 0.0).astype(np.int64) * NS_PER_SECOND, known


def utc_times(stamps: NDArray[np.int64], index: pd.Index) -> pd.Series:
    """Nanoseconds since 1970 as datetime64[ns, UTC]."""
    return pd.Series(stamps.view("datetime64[ns]"), index=index).dt.tz_localize("UTC")
