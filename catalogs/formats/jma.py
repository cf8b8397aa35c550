"""Hypocentres of the Japan Meteorological Agency: 96 bytes a row.

https://www.data.jma.go.jp/eqev/data/bulletin/hypo_e.html; its data may not be redistributed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.formats.fixed import BLANK, MINUS, ZERO, Block, Lines, Rows, parse_rows
from catalogs.formats.parsed import Format, Parsed
from catalogs.sequence import FloatArray

WIDTH = 96

OWN = b"J"
"""Rows of other agencies (U of the USGS, I of the ISC) give the same earthquakes once more."""

RECORDS = b"JUI"

JST = pd.Timedelta(hours=9)

LETTERS = {ord("A"): -1.0, ord("B"): -2.0, ord("C"): -3.0}
"""Magnitudes below -0.9: A0 is -1.0, A9 is -1.9, B0 is -2.0."""

KINDS = {
    "1": "earthquake",
    "2": "earthquake, few stations",
    "3": "artificial",
    "4": "noise",
    "5": "low-frequency earthquake",
    "": "",
}
"""What the column of subsidiary information says."""


def read_jma(content: bytes, where: str) -> Parsed:
    """The JMA's own hypocentres, in UTC: the file counts Japan's time, nine hours ahead.

    Numbers have no points: ``4530`` seconds are 45.30, and where the last digits are blank only
    those before are known. The first of two magnitudes counts, the second where it is blank.
    """
    lines = Lines.of(content)
    return parse_rows(lines, np.flatnonzero(lines.lengths > 0), WIDTH, where, _read)


def _read(rows: Rows) -> pd.DataFrame:
    block = rows.block
    first = block.cells[:, 0]
    known = np.isin(first, np.frombuffer(RECORDS, np.uint8))
    rows.require(known, "is no record J, U or I: fix or drop the row")
    rows.require(block.lengths >= WIDTH - 1, f"shorter than {WIDTH} columns: fix or drop the row")
    rows.faults.note(
        known & (first != OWN[0]), "another agency's solution, not the JMA's", fault="foreign"
    )
    dates = [(1, 5), (5, 7), (7, 9), (9, 11), (11, 13)]
    fields = [block.decimals(*field) for field in dates]
    seconds, good = _hundredths(block, 13, 15, may_miss=True)
    whole = np.logical_and.reduce([good, *(ok for _, ok in fields)])
    stamps = np.stack([*(values for values, _ in fields), seconds], axis=1)
    time = rows.times(stamps, whole, 1, 17)
    events = pd.DataFrame({"time": time - JST})
    for name, start, minutes, stop in (("latitude", 21, 24, 28), ("longitude", 32, 36, 40)):
        values, good = _degrees(block, start, minutes)
        events[name] = rows.checked(name, start, stop, values, good, may_miss=True)
    depth, good = _hundredths(block, 44, 47)
    events["depth_km"] = rows.checked("depth_km", 44, 49, depth, good, may_miss=True)
    magnitudes = []
    for start in (52, 55):
        values, good = _magnitude(block, start)
        magnitudes.append(rows.checked("magnitude", start, start + 2, values, good, may_miss=True))
    events["magnitude"] = np.where(np.isnan(magnitudes[0]), magnitudes[1], magnitudes[0])
    none = events["magnitude"].isna().to_numpy(np.bool_)
    rows.faults.note(none, "magnitude is empty: fill it in or drop the row", fault="no magnitude")
    types = [block.text(j, j + 1).set_axis(events.index) for j in (54, 57)]
    events["magnitude_type"] = types[0].where(~np.isnan(magnitudes[0]), types[1])
    kind = block.text(60, 61).set_axis(events.index)
    rows.require(kind.isin(list(KINDS)).to_numpy(np.bool_), "column 61 is none of 1 to 5 or blank")
    events["event_type"] = kind.map(KINDS).fillna("")
    return events


def _hundredths(
    block: Block, start: int, point: int, *, may_miss: bool = False
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Numbers with two digits behind a point that is not written, from ``point`` on.

    Blank last digits are unknown ones, and count as zero.
    """
    before, good = block.decimals(start, point)
    blank = block.blank(slice(start, point))
    before, good = np.where(blank, 0.0, before), good | blank
    behind = block.cells[:, point : point + 2]
    digit = (behind - ZERO) < 10
    empty = behind == BLANK
    good = good & (digit | empty).all(axis=1) & ~(empty[:, 0] & digit[:, 1] & ~blank)
    if not may_miss:
        good &= ~(blank & empty.all(axis=1))
    tens = np.where(digit, behind - ZERO, 0) @ np.array([10, 1])
    negative = (block.cells[:, start:point] == MINUS).any(axis=1)
    value = np.abs(before) + tens / 100.0
    return np.where(good, np.where(negative, -value, value), np.nan), good


def _degrees(block: Block, start: int, point: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Signed degrees up to column ``point``, and hundredths of minutes behind."""
    degrees, whole = block.decimals(start, point)
    minutes, good = _hundredths(block, point, point + 2, may_miss=True)
    good = good & whole & (minutes >= 0.0) & (minutes < 60.0)
    negative = (block.cells[:, start:point] == MINUS).any(axis=1)
    value = np.abs(degrees) + minutes / 60.0
    return np.where(good, np.where(negative, -value, value), np.nan), good


def _magnitude(block: Block, start: int) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Tenths in two columns: ``45`` is 4.5, ``-6`` is -0.6, ``A0`` is -1.0."""
    lead, last = block.cells[:, start], block.cells[:, start + 1]
    tenths = (last - ZERO).astype(np.float64) / 10.0
    lowered = np.full(len(lead), np.nan)
    for letter, whole in LETTERS.items():
        lowered[lead == letter] = whole
    good = (last - ZERO) < 10
    digit = (lead - ZERO) < 10
    value = np.where(digit, ((lead - ZERO) * 10.0 + (last - ZERO)) / 10.0, lowered - tenths)
    value = np.where(lead == MINUS, -tenths, value)
    good &= digit | (lead == MINUS) | ~np.isnan(lowered)
    return np.where(good, value, np.nan), good


def _fits(head: bytes) -> bool:
    lines = Lines.of(head)
    data = head[:1] in {RECORDS[i : i + 1] for i in range(len(RECORDS))}
    if not data or lines.lengths[0] not in {WIDTH - 1, WIDTH}:
        return False
    return bool(next(lines.blocks(np.zeros(1, dtype=np.int64), WIDTH)).digits(slice(1, 5))[0])


JMA = Format("jma", "Japan Meteorological Agency, 96 bytes a row", read_jma, _fits)
