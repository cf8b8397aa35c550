"""hypoDD: relocated (24 columns) or initial hypocentres (18), blanks between, no header.

Waldhauser (2001), USGS Open-File Report 01-113.
"""

from __future__ import annotations

from catalogs.errors import InputError
from catalogs.formats.lines import rows_below_comments
from catalogs.formats.parsed import Format, Parsed
from catalogs.formats.table import parse_table
from catalogs.formats.wanted import Wanted

LOC = "id lat lon depth x y zc ex ey ez yr mo dy hr mi sc mag"
NAMES = {18: f"{LOC} cid", 24: f"{LOC} nccp nccs nctp ncts rcc rct cid"}


def read_hypodd(content: bytes, where: str, wanted: Wanted | None = None) -> Parsed:
    """The events of a file hypoDD.loc or hypoDD.reloc; magnitude 0.0 is what it writes for none.

    Raises
    ------
    InputError
        If the first row is nothing like that.
    """
    rows = rows_below_comments(content[:65536])
    if not rows or not _is_row(rows[0][1].split()):
        start = f"it starts with {rows[0][1][:60]!r}" if rows else "it is empty"
        raise InputError(f"{where} is not of layout hypodd, 18 or 24 columns of numbers: {start}")
    names = NAMES[len(rows[0][1].split())].split()
    own = wanted or Wanted()
    asked = Wanted({}, names, own.encoding, own.dating, own.missing_magnitudes)
    return parse_table(content, where, wanted=asked)


def _is_row(fields: list[str]) -> bool:
    if len(fields) not in NAMES:
        return False
    try:
        number, latitude, longitude = int(fields[0]), float(fields[1]), float(fields[2])
        year, month, day, hour, minute = map(int, fields[10:15])
    except ValueError:
        return False
    return (
        number >= 0
        and abs(latitude) <= 90.0
        and abs(longitude) <= 360.0
        and 1800 < year < 2200
        and 0 < month < 13
        and 0 < day < 32
        and hour < 25
        and minute <= 60
    )


def _fits(head: bytes) -> bool:
    rows = rows_below_comments(head)
    return bool(rows) and _is_row(rows[0][1].split())


HYPODD = Format("hypodd", "hypoDD, loc and reloc files, without a header", read_hypodd, _fits)
