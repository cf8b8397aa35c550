"""Hauksson-Yang-Shearer: relocated catalog of Southern California, GrowClust columns.

https://service.scedc.caltech.edu/ftp/catalogs/hauksson/Socal_DD/
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.errors import InputError
from catalogs.formats.fixed import Block, Lines, Rows, parse_rows
from catalogs.formats.parsed import Format, Parsed

WIDTH = 188

CALENDAR = ((0, 4), (4, 7), (7, 10), (10, 13), (13, 16))
"""Columns of year, month, day, hour and minute; the seconds are 16 to 22."""

NUMBERS = {
    "latitude": (33, 43, 5),
    "longitude": (43, 54, 5),
    "depth_km": (54, 62, 3),
    "magnitude": (62, 68, 2),
}
"""First column, the one behind the last, and digits behind the point."""

GAPS = [4, 7, 10, 13, 16, 23, 33, 43, 54, 62]
"""The first column of each field is blank, so that a shifted row is seen."""

EVENT_TYPE = slice(177, 180)


def read_hauksson(content: bytes, where: str) -> Parsed:
    """The events of a relocated catalog, read by columns.

    Rows that were relocated otherwise than by ``gc`` leave columns blank, which would shift every
    column for a reader that splits at blanks. ``event_type`` is ``le`` and the like.

    Raises
    ------
    InputError
        If the first row is nothing like that.
    """
    lines = Lines.of(content)
    chosen = np.flatnonzero(lines.lengths > 0)
    sample = next(lines.blocks(chosen[:100], WIDTH))
    if len(chosen) and not _in_place(sample).any():
        raise InputError(
            f"{where} is not of layout hauksson: line {chosen[0] + 1} is "
            f"{lines.text(int(chosen[0]))[:60]!r}"
        )
    return parse_rows(lines, chosen, WIDTH, where, _read)


def _in_place(block: Block) -> NDArray[np.bool_]:
    points = {19: ".", 37: ".", 48: ".", 58: ".", 65: "."}
    return block.holds(points) & block.blank(GAPS)


def _read(rows: Rows) -> pd.DataFrame:
    block = rows.block
    fields = [block.decimals(start, stop) for start, stop in CALENDAR]
    seconds, good = block.decimals(16, 23, 3)
    whole = np.logical_and.reduce([good, *(ok for _, ok in fields)])
    stamps = np.stack([*(values for values, _ in fields), seconds], axis=1)
    events = pd.DataFrame({"time": rows.times(stamps, whole, 0, 23)})
    rows.require(block.blank(GAPS), "columns are not in their places: fix or drop the row")
    for name, (start, stop, places) in NUMBERS.items():
        events[name] = rows.number(name, start, stop, places)
    rows.number("event_id", 23, 33, None)
    events["event_id"] = block.text(23, 33).set_axis(events.index)
    events["event_type"] = block.text(EVENT_TYPE.start, EVENT_TYPE.stop).set_axis(events.index)
    return events


def _fits(head: bytes) -> bool:
    lines = Lines.of(head)
    if not 150 <= lines.lengths[0] <= WIDTH + 12:
        return False
    return bool(_in_place(next(lines.blocks(np.zeros(1, dtype=np.int64), WIDTH)))[0])


HAUKSSON = Format(
    "hauksson", "Hauksson-Yang-Shearer, Southern California relocated", read_hauksson, _fits
)
