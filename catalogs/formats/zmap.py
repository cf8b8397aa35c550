"""ZMAP: nine or ten columns without a header, and up to three more of errors.

Longitude, latitude, decimal year, month, day, magnitude, depth, hour, minute and mostly second,
apart by tabs, blanks or commas. obspy reads it too, but takes the time from the decimal year alone
where that has a fraction.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.lines import rows_below_comments
from catalogs.formats.parsed import Faults, Format, Parsed
from catalogs.formats.ranges import RANGES
from catalogs.formats.table import canonical

ROLES = (
    "longitude",
    "latitude",
    "year",
    "month",
    "day",
    "magnitude",
    "depth_km",
    "hour",
    "minute",
    "second",
)

WIDTHS = {9, 10, 11, 12, 13}

YEAR = r"^(\d{4})(?:\.\d*)?$"


def read_zmap(content: bytes, where: str) -> Parsed:
    """The events of a file; of the decimal year only the whole part is used.

    Raises
    ------
    InputError
        If the first row is nothing like that.
    """
    rows = rows_below_comments(content)
    fields = [_fields(line) for _, line in rows]
    if not any(_is_row(row) for row in fields[:100]):
        start = f"it starts with {rows[0][1][:60]!r}" if rows else "it is empty"
        raise InputError(f"{where} is not of layout zmap, nine columns of numbers or more: {start}")
    width = Counter(len(row) for row in fields if len(row) in WIDTHS).most_common(1)[0][0]
    roles = ROLES[: min(width, len(ROLES))]
    index = pd.Index([number for number, _ in rows], name="line", dtype=np.int64)
    faults = Faults(where, index)
    counts = np.array([len(row) for row in fields], dtype=np.int64)
    faults.note(counts != width, lambda i: f"{counts[i]} fields where others have {width}")
    blank = [""] * len(roles)
    picked = [row[: len(roles)] if len(row) == width else blank for row in fields]
    cells = pd.DataFrame(picked, index=index, columns=list(roles), dtype=object)
    years = cells["year"].astype("str").str.extract(YEAR)[0]
    cells["year"] = years.astype(object).where(years.notna(), cells["year"])
    return faults.parsed(canonical(cells, faults), lambda i: rows[i][1])


def _fields(line: str) -> list[str]:
    return [field.strip() for field in line.split(",")] if "," in line else line.split()


def _is_row(fields: list[str]) -> bool:
    """Whether these may be an event, whose place or depth may be unknown (nan)."""
    try:
        longitude, latitude, year, month, day = map(float, fields[:5])
        rest = [float(field) for field in fields[5:10]]
    except ValueError:
        return False
    return (
        len(fields) in WIDTHS
        and not abs(longitude) > 360.0
        and not abs(latitude) > 90.0
        and 1000.0 < year < 2300.0
        and month in range(1, 13)
        and day in range(1, 32)
        and not rest[1] <= RANGES["depth_km"][0]
        and 0.0 <= rest[2] <= 24.0
        and 0.0 <= rest[3] <= 60.0
    )


def _fits(head: bytes) -> bool:
    rows = rows_below_comments(head)
    return bool(rows) and _is_row(_fields(rows[0][1]))


ZMAP = Format("zmap", "ZMAP, nine to thirteen columns of numbers", read_zmap, _fits)
