"""Yearly catalogs of the Southern California Earthquake Data Center: SCEC_DC and SCSN layouts.

https://service.scedc.caltech.edu/ftp/catalogs/SCEC_DC/ and .../SCSN/
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.errors import InputError
from catalogs.formats.cells import calendar_stamps, note, utc_times
from catalogs.formats.fixed import BLANK, Block, Lines, Rows, parse_rows
from catalogs.formats.lines import rows_below_comments
from catalogs.formats.parsed import Faults, Format, Parsed
from catalogs.formats.ranges import RANGES

HASH = ord("#")

FOOTER = re.compile(r"#+\s*Number of rows returned:\s*(\d+)\s*$")

CLOCK = {4: "/", 7: "/", 10: " ", 13: ":", 16: ":", 19: ".", 22: " "}
"""Marks of ``1981/01/01 01:49:29.23`` and the blank after it."""

CLOCK_DIGITS = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, 20, 21]

NO_MAGNITUDE = "n"
"""The magnitude type of events whose magnitude is not known; it is then 0.00."""


@dataclass(frozen=True)
class Columns:
    """Where the columns behind the clock stand; ``shift`` is how far left of the layout of today.

    Until 2015 the event type was one code (``le`` for local, ``re`` for regional earthquakes); the
    column GT (``l``, ``r`` or ``t``) came with the codes of today.
    """

    shift: int

    @property
    def width(self) -> int:
        """Columns of a row."""
        return 81 - self.shift

    @property
    def gaps(self) -> list[int]:
        """Columns that are blank in every row."""
        behind = [33, 36, 37, 45, 54, 60, 71, 76]
        return [25, *([] if self.shift else [26]), *(j - self.shift for j in behind)]

    def fits(self, block: Block) -> NDArray[np.bool_]:
        """Rows with all gaps and points in place."""
        points = {j - self.shift: "." for j in (30, 41, 50, 58)}
        return block.holds(CLOCK | points) & block.blank(self.gaps)

    def read(self, rows: Rows) -> pd.DataFrame:
        """The canonical table of the rows, with whatever cannot be read noted."""
        block, s = rows.block, self.shift
        whole = block.digits(CLOCK_DIGITS) & block.holds(CLOCK)
        fields = [(0, 4), (5, 7), (8, 10), (11, 13), (14, 16)]
        seconds = block.whole(17, 19) + block.whole(20, 22) / 100.0
        stamps = np.stack([*(block.whole(*field) for field in fields), seconds], axis=1)
        events = pd.DataFrame({"time": rows.times(stamps, whole, 0, 22)})
        rows.require(block.blank(self.gaps), "columns are not in their places: fix or drop it")
        kind = block.text(23, 25)
        if s == 0:
            kind = (kind + " " + block.text(27, 28)).str.rstrip()
        events["latitude"] = rows.number("latitude", 38 - s, 45 - s, 3)
        events["longitude"] = rows.number("longitude", 46 - s, 54 - s, 3)
        events["depth_km"] = rows.number("depth_km", 55 - s, 60 - s, 1)
        events["magnitude"] = rows.number("magnitude", 28 - s, 33 - s, 2)
        rows.number("event_id", 62 - s, 71 - s, None)
        for name, start in (("phases", 72), ("seismograms", 77)):
            rows.number(name, start - s, start + 4 - s, None, may_miss=True)
        codes = {
            "event_id": block.text(62 - s, 71 - s),
            "event_type": kind,
            "magnitude_type": block.text(34 - s, 36 - s),
        }
        for name, column in codes.items():
            events[name] = column.set_axis(events.index)
        unknown = (events["magnitude"] == 0.0) & (events["magnitude_type"] == NO_MAGNITUDE)
        reason = "magnitude 0.00 of type n stands for no magnitude"
        rows.faults.note(unknown.to_numpy(np.bool_), reason, fault="no magnitude")
        return events


TODAY, UNTIL_2015 = Columns(0), Columns(3)


def read_scedc(content: bytes, where: str) -> Parsed:
    """The events of a yearly file in the SCEC_DC layout of today, or in that until 2015.

    ``event_type`` holds the columns ET and GT, as in ``eq l`` or ``qb l``; until 2015 it is one
    code, as in ``le``.

    Raises
    ------
    InputError
        If the file's last line promises another number of rows: it was cut.
    """
    lines = Lines.of(content)
    chosen, promised = _data_lines(lines)
    sample = next(lines.blocks(chosen[:1000], TODAY.width))
    fits = {columns: int(columns.fits(sample).sum()) for columns in (TODAY, UNTIL_2015)}
    columns = max(fits, key=lambda layout: fits[layout])
    if len(chosen) and not fits[columns]:
        raise InputError(
            f"{where} is not of layout scedc: line {chosen[0] + 1} is "
            f"{lines.text(int(chosen[0]))[:60]!r}"
        )
    parsed = parse_rows(lines, chosen, columns.width, where, columns.read)
    if promised is not None and promised != parsed.n_rows:
        raise InputError(
            f"{where} has {parsed.n_rows:,} rows where its last line promises {promised:,}: fetch "
            "it again"
        )
    return parsed


def _data_lines(lines: Lines) -> tuple[NDArray[np.int64], int | None]:
    """The rows among the lines, and how many the footer promises.

    Comments stand above the rows, and the footer below: a # among the rows is a damaged row, and
    so is one before a date.
    """
    first = lines.first_bytes()
    plain = (first != HASH) & (first != BLANK) & (lines.lengths > 0)
    start = int(np.argmax(plain)) if plain.any() else len(first)
    is_row = lines.lengths > 0
    promised = None
    for i in np.flatnonzero((first == HASH) | (first == BLANK)).tolist():
        text = lines.text(i)
        if footer := FOOTER.match(text):
            promised = int(footer.group(1))
        damaged = i > start or sum(ch.isdigit() for ch in text[:19]) >= 8
        is_row[i] &= footer is None and bool(text.strip()) and damaged
    return np.flatnonzero(is_row), promised


SCSN_ROW = (
    r"^\s*(\d{4})[\s/]+(\d{1,2})[\s/]+(\d{1,2})\s+(\d{1,2})[\s:]+(\d{1,2})[\s:]+(\d{1,2}\.\d*)"
    r"\s+(-?)(\d{1,2})\s+(\d{1,2}\.\d+)\s*(-?)(\d{1,3})\s+(\d{1,2}\.\d+)"
    r"\s+([A-Z*])\s+(-?\d{1,2}\.\d)\s+(-?\d{1,3}\.\d+)\s+\d+\s+\d+\.\d+\s+(\d+)\s*$"
)
"""Date, clock, latitude and longitude in degrees and minutes (which may touch), quality,
magnitude, depth, phases, residual, identifier."""


def read_scsn(content: bytes, where: str) -> Parsed:
    """The events of a yearly file in the SCSN layout: places in minutes, magnitudes in tenths."""
    numbered = rows_below_comments(content)
    index = pd.Index([number for number, _ in numbered], name="line", dtype=np.int64)
    rows = pd.Series([line for _, line in numbered], index=index, dtype="str", name="row")
    faults = Faults(where, index)
    parts = rows.str.extract(SCSN_ROW, flags=re.ASCII)
    whole = parts[0].notna().to_numpy(np.bool_)
    note(faults, rows, ~whole, "is not of layout scsn", "fix or drop the row")
    numeric = [j for j in range(15) if j not in {6, 9, 12}]
    values = parts[numeric].apply(pd.to_numeric).to_numpy(np.float64, na_value=1.0)
    stamps, valid = calendar_stamps(values[:, :6])
    note(faults, rows, ~valid, "holds no time", "fix or drop the row")
    minutes = (values[:, 7] < 60.0) & (values[:, 9] < 60.0)
    note(faults, rows, ~minutes, "has 60 minutes of arc or more", "fix or drop the row")
    south, west = ((parts[j] == "-").to_numpy(np.bool_) for j in (6, 9))
    latitude = values[:, 6] + values[:, 7] / 60.0
    longitude = values[:, 8] + values[:, 9] / 60.0
    events = pd.DataFrame(
        {
            "time": utc_times(stamps, index),
            "latitude": np.where(south, -latitude, latitude),
            "longitude": np.where(west, -longitude, longitude),
            "depth_km": values[:, 11],
            "magnitude": values[:, 10],
        }
    )
    for name, (lowest, highest) in RANGES.items():
        outside = ~events[name].between(lowest, highest).to_numpy(np.bool_)
        note(faults, rows, outside, f"has a {name} outside {lowest:g} to {highest:g}", "drop it")
    events["event_id"] = parts[15].fillna("")
    return faults.parsed(events, lambda i: rows.iloc[i])


def _fits_scedc(head: bytes) -> bool:
    lines = Lines.of(head)
    chosen, _ = _data_lines(lines)
    block = next(lines.blocks(chosen[:20], TODAY.width))
    return bool(TODAY.fits(block)[:1].any() or UNTIL_2015.fits(block)[:1].any())


def _fits_scsn(head: bytes) -> bool:
    rows = rows_below_comments(head)
    return bool(rows) and re.match(SCSN_ROW, rows[0][1], flags=re.ASCII) is not None


SCEDC = Format("scedc", "SCEDC, Southern California, SCEC_DC layout", read_scedc, _fits_scedc)
SCSN = Format("scsn", "SCEDC, Southern California, SCSN layout", read_scsn, _fits_scsn)
