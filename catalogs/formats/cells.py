"""Columns of text to numbers and times; whatever cannot be read stops with its place."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.errors import InputError
from catalogs.sequence import FloatArray

MISSING = frozenset({"", "-", "--", "na", "n/a", "nan", "nat", "none", "null", "<na>"})
"""What catalogs write, in any case of letters, where they know nothing."""

NS_PER_SECOND = 1_000_000_000

TIME = (
    r"^(\d{4})[-/](\d{1,2})[-/](\d{1,2})"
    r"(?:(?:[Tt]|\s+)(\d{1,2}):(\d{1,2})(?::(\d{1,2}(?:\.\d*)?))?)?"
    r"\s*(Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?$"
)
"""ISO 8601 dates and times as catalogs write them: slashes, a blank for the T, one-digit months."""

WRITE_TIMES = "write times as 2019-07-06T03:19:53.040Z"


def stop(column: pd.Series, bad: NDArray[np.bool_], where: str, what: str, remedy: str) -> None:
    """Raise for the first bad cell: its file, line, value, and what to do."""
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        place = f"{where} {column.index.name} {column.index[i]}"
        cell = column.iloc[i]
        empty = str(cell).strip().lower() in MISSING
        value = "is empty" if empty else f"= {str(cell)[:40]!r} {what}"
        raise InputError(f"{place}: {column.name} {value}: {remedy}")


def texts(column: pd.Series) -> pd.Series:
    """Cells as stripped strings, missing ones empty."""
    stripped = column.astype(str).str.strip()
    return stripped.mask(column.isna() | stripped.str.lower().isin(MISSING), "")


def numbers(
    column: pd.Series, where: str, *, lowest: float, highest: float, may_miss: bool = False
) -> FloatArray:
    """A float64 array with every value in [lowest, highest], NaN where nothing is known.

    Raises
    ------
    InputError
        For a cell that is no number, is out of range, or is empty unless ``may_miss``.
    """
    cells = texts(column)
    values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)
    empty = (cells == "").to_numpy(np.bool_)
    stop(column, np.isnan(values) & ~empty, where, "is not a number", "mend or drop the row")
    if not may_miss:
        stop(column, empty, where, "", "fill it in or drop the row")
    outside = ~empty & ~((values >= lowest) & (values <= highest))
    stop(column, outside, where, f"is outside {lowest:g} to {highest:g}", "mend or drop the row")
    return values


def times(column: pd.Series, where: str) -> pd.Series:
    """UTC times (datetime64[ns, UTC]) of datetimes or ISO 8601 text; without a zone it is UTC.

    Raises
    ------
    InputError
        For a cell that is no such time.
    """
    if isinstance(column.dtype, pd.DatetimeTZDtype) or column.dtype.kind == "M":
        stop(column, column.isna().to_numpy(), where, "", "fill it in or drop the row")
        aware = column if column.dt.tz is not None else column.dt.tz_localize("UTC")
        utc: pd.Series = aware.dt.tz_convert("UTC").dt.as_unit("ns")
        return utc
    cells = texts(column)
    parts = cells.str.extract(TIME)
    fields = parts.iloc[:, :6].apply(pd.to_numeric).to_numpy(np.float64, copy=True)
    fields[:, 3:][np.isnan(fields[:, 3:])] = 0.0  # a date without a clock is its midnight
    stamps, valid = _stamps(fields)
    stop(column, ~valid, where, "is not a time", WRITE_TIMES)
    return _utc(stamps - _zone(parts[6]), column.index)


def calendar_times(columns: dict[str, pd.Series], where: str) -> pd.Series:
    """UTC times of columns year, month, day, hour, minute, second; the last three may be absent.

    Seconds of 60.00 and a little more roll over into the next minute, as do minutes of 60:
    networks print them when they round.
    """
    ranges: dict[str, tuple[int, int]] = {
        "year": (1678, 2261),  # what nanoseconds in 64 bits can hold
        "month": (1, 12),
        "day": (1, 31),
        "hour": (0, 24),
        "minute": (0, 60),
        "second": (0, 99),
    }
    fields = np.zeros((len(columns["year"]), len(ranges)))
    for j, (name, (lowest, highest)) in enumerate(ranges.items()):
        if name in columns:
            fields[:, j] = numbers(columns[name], where, lowest=lowest, highest=highest)
            if name != "second":
                fraction = fields[:, j] % 1.0 != 0.0
                stop(columns[name], fraction, where, "is not whole", "mend or drop the row")
    stamps, valid = _stamps(fields)
    stop(columns["day"], ~valid, where, "is not a day of that month", "mend or drop the row")
    return _utc(stamps, columns["year"].index)


def _stamps(fields: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Nanoseconds since 1970 of year, month, day, hour, minute, second, shape (event, 6)."""
    year, month, day, hour, minute, second = fields.T
    valid = (year >= 1678) & (year <= 2261) & (month >= 1) & (month <= 12) & (day >= 1)
    valid &= (hour <= 24) & (minute <= 60) & (second < 100)
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


def _zone(zones: pd.Series) -> NDArray[np.integer]:
    """Nanoseconds east of UTC of Z, UTC, GMT, +09:00, +0900, +09 and nothing."""

    def seconds(zone: str) -> int:
        if zone[0] not in "+-":
            return 0
        digits = zone[1:].replace(":", "").ljust(4, "0")
        east = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        return -east if zone[0] == "-" else east

    offsets: dict[str, int] = {zone: seconds(zone) for zone in zones.dropna().unique()}
    return zones.map(offsets).fillna(0).to_numpy(np.int64) * NS_PER_SECOND


def _utc(stamps: NDArray[np.integer], index: pd.Index) -> pd.Series:
    return pd.Series(stamps.view("datetime64[ns]"), index=index).dt.tz_localize("UTC")
