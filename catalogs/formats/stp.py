"""Event lists of the Seismic Transfer Program (STP) of the Southern California Data Center."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from catalogs.formats.cells import calendar_stamps, note, utc_times
from catalogs.formats.lines import decoded, split_lines
from catalogs.formats.parsed import Faults, Format, Parsed
from catalogs.formats.ranges import RANGES

ROW = (
    r"^[ \t]*(\d+)[ \t]+([a-z]{2})(?:[ \t]+([lrt]))?"
    r"[ \t]+(\d{4})/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d(?:\.\d*)?)"
    r"[ \t]+(-?\d{1,2}\.\d+)[ \t]+(-?\d{1,3}\.\d+)[ \t]+(-?\d{1,3}\.\d+)"
    r"[ \t]+(-?\d\.\d+)[ \t]+([a-z]{1,2})[ \t]+\d+(?:\.\d+)?[ \t]*$"
)
"""Identifier, type, since 2015 how far away, time, place, depth, magnitude, its type, quality."""

COMMENT = re.compile(r"[ \t]*#(?!.*\d{4}/\d\d/\d\d)")
"""STP writes one above each answer, of which a file may have several; before a row it is damage."""

NO_MAGNITUDE = "n"
"""The magnitude type of events whose magnitude is not known; it is then 0.00."""


def read_stp(content: bytes, where: str) -> Parsed:
    """The events of a list, with the types of the SCEDC, as ``le l``, ``qb l`` or ``sn``."""
    numbered = _rows(content)
    index = pd.Index([number for number, _ in numbered], name="line", dtype=np.int64)
    rows = pd.Series([line for _, line in numbered], index=index, dtype="str", name="row")
    faults = Faults(where, index)
    parts = rows.str.extract(ROW, flags=re.ASCII)
    whole = parts[0].notna().to_numpy(np.bool_)
    note(faults, rows, ~whole, "is not of layout stp", "fix or drop the row")
    values = parts[[*range(3, 13)]].apply(pd.to_numeric).to_numpy(np.float64, na_value=1.0)
    stamps, valid = calendar_stamps(values[:, :6])
    note(faults, rows, ~valid, "holds no time", "fix or drop the row")
    events = pd.DataFrame({"time": utc_times(stamps, index)})
    for i, (name, (lowest, highest)) in enumerate(RANGES.items(), start=6):
        events[name] = values[:, i]
        outside = ~events[name].between(lowest, highest).to_numpy(np.bool_)
        note(faults, rows, outside, f"has a {name} outside {lowest:g} to {highest:g}", "drop it")
    kinds = parts[1].fillna("") + " " + parts[2].fillna("")
    events["event_id"] = parts[0].fillna("")
    events["event_type"] = kinds.str.strip()
    events["magnitude_type"] = parts[13].fillna("")
    unknown = (events["magnitude"] == 0.0) & (events["magnitude_type"] == NO_MAGNITUDE)
    reason = "magnitude 0.00 of type n stands for no magnitude"
    faults.note(unknown.to_numpy(np.bool_), reason, fault="no magnitude")
    return faults.parsed(events, lambda i: rows.iloc[i])


def _rows(content: bytes) -> list[tuple[int, str]]:
    """Line number and text of what is neither blank nor a comment."""
    return [
        (number, line)
        for number, line in enumerate(split_lines(decoded(content)), start=1)
        if line.strip() and COMMENT.match(line) is None
    ]


def _fits(head: bytes) -> bool:
    rows = _rows(head)
    return bool(rows) and re.match(ROW, rows[0][1], flags=re.ASCII) is not None


STP = Format("stp", "event lists of STP (SCEDC, Southern California)", read_stp, _fits)
