"""ZMAP: ten columns without a header, and three more of errors where there are any.

Longitude, latitude, decimal year, month, day, magnitude, depth, hour, minute and second, apart by
tabs or blanks. obspy reads it too, but takes the time from the decimal year alone where that has a
fraction.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.parsed import Faults, Format, Parsed
from catalogs.formats.table import canonical
from catalogs.formats.text import rows_below_comments

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

WIDTHS = {10, 13}

YEAR = r"^(\d{4})(?:\.\d*)?$"


def read_zmap(content: bytes, where: str) -> Parsed:
    """The events of a file; of the decimal year only the whole part is used.

    Raises
    ------
    InputError
        If the first row is nothing like that.
    """
    rows = rows_below_comments(content)
    fields = [line.split() for _, line in rows]
    if not any(_is_row(row) for row in fields[:100]):
        start = f"it starts with {rows[0][1][:60]!r}" if rows else "it is empty"
        raise InputError(f"{where} is not of layout zmap, ten columns of numbers: {start}")
    width = 13 if sum(len(row) == 13 for row in fields) > len(fields) / 2 else 10
    index = pd.Index([number for number, _ in rows], name="line", dtype=np.int64)
    faults = Faults(where, index)
    counts = np.array([len(row) for row in fields], dtype=np.int64)
    faults.note(counts != width, lambda i: f"{counts[i]} fields where others have {width}")
    blank = [""] * len(ROLES)
    picked = [row[: len(ROLES)] if len(row) == width else blank for row in fields]
    cells = pd.DataFrame(picked, index=index, columns=list(ROLES), dtype=object)
    years = cells["year"].astype("str").str.extract(YEAR)[0]
    cells["year"] = years.astype(object).where(years.notna(), cells["year"])
    return faults.parsed(canonical(cells, faults), lambda i: rows[i][1])


def _is_row(fields: list[str]) -> bool:
    try:
        longitude, latitude, year, month, day = map(float, fields[:5])
        rest = [float(field) for field in fields[5:10]]
    except ValueError:
        return False
    return (
        len(fields) in WIDTHS
        and abs(longitude) <= 360.0
        and abs(latitude) <= 90.0
        and 1000.0 < year < 2300.0
        and month in range(1, 13)
        and day in range(1, 32)
        and rest[3] < 60.0
    )


def _fits(head: bytes) -> bool:
    rows = rows_below_comments(head)
    return bool(rows) and _is_row(rows[0][1].split())


ZMAP = Format("zmap", "ZMAP, ten or thirteen columns of numbers", read_zmap, _fits)
