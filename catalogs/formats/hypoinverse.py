"""HYPOINVERSE-2000: summary files, or the summary lines of archives.

Klein (2002), USGS Open-File Report 02-171; the Northern California Earthquake Data Center publishes
its catalog so. Numbers have no points: ``4530`` seconds are 45.30.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.formats.fixed import BLANK, MINUS, ZERO, Block, Lines, Rows, parse_rows
from catalogs.formats.parsed import Format, Parsed
from catalogs.sequence import FloatArray

WIDTH, LEAST = 180, 36
"""Columns of a summary line, of which early versions write 164, and those of time, place, depth."""

SHADOW = ord("$")
PHASE_TIME = slice(17, 29)
"""Columns of a phase's line with its date and minute: in a summary line blanks are among them."""

NORTH, SOUTH = b" N", b"S"
EAST, WEST = b"E", b" W"
"""Blank is north, and west."""

PREFERRED, CODA, AMPLITUDE = (147, 146), (70, 117), (36, 121)
"""Where magnitudes begin, of three digits, and where the letter of their type is."""

NONE_PREFERRED = (
    "no magnitude is marked as preferred (columns 148-150): those of coda durations (71-73) count, "
    "and of amplitudes (37-39) where there is none"
)


def read_hypoinverse(content: bytes, where: str) -> Parsed:
    """The events of a file, with their preferred magnitudes.

    Lines of phases, those that end an event and shadow lines are passed over. Longitudes without a
    letter are west, as the program has them. A magnitude of 0.00 without a type is none.
    """
    lines = Lines.of(content)
    chosen = _summaries(lines)
    known = any(_magnitudes(block, PREFERRED)[2].any() for block in lines.blocks(chosen, WIDTH))
    fields = (PREFERRED,) if known else (CODA, AMPLITUDE)
    parsed = parse_rows(lines, chosen, WIDTH, where, lambda rows: _read(rows, fields))
    if known or not len(parsed.events):
        return parsed
    return replace(parsed, explanation=replace(parsed.explanation, notes=(NONE_PREFERRED,)))


def _summaries(lines: Lines) -> NDArray[np.int64]:
    """All lines but those that only archives have: shadows, phases, and ends of events."""
    first = lines.first_bytes()
    chosen = []
    for block in lines.blocks(np.flatnonzero((lines.lengths > 0) & (first != SHADOW)), WIDTH):
        digit = (block.cells - ZERO) < 10
        phase = ~digit[:, 0] & digit[:, PHASE_TIME].all(axis=1)
        end = (digit | (block.cells == BLANK)).all(axis=1) & block.blank(slice(0, LEAST))
        chosen.append(block.lines[~(phase | end)])
    return np.concatenate(chosen)


def _read(rows: Rows, fields: tuple[tuple[int, int], ...]) -> pd.DataFrame:
    block = rows.block
    rows.require(block.lengths >= LEAST, f"shorter than {LEAST} columns: fix or drop the row")
    stamps = [block.decimals(*span) for span in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12))]
    seconds, good = block.decimals(12, 16)
    whole = np.logical_and.reduce([good, *(ok for _, ok in stamps)])
    clock = np.stack([*(values for values, _ in stamps), seconds / 100.0], axis=1)
    events = pd.DataFrame({"time": rows.times(clock, whole, 0, 16)})
    for name, start, degrees, minus, plus in (
        ("latitude", 16, 2, SOUTH, NORTH),
        ("longitude", 23, 3, WEST, EAST),
    ):
        values, good = _angle(block, start, start + degrees, minus, plus)
        events[name] = rows.checked(name, start, start + degrees + 5, values, good)
    depth, good = block.decimals(31, 36)
    events["depth_km"] = rows.checked("depth_km", 31, 36, depth / 100.0, good, may_miss=True)
    magnitude, types = np.full(len(events), np.nan), np.full(len(events), "", dtype=object)
    for start, letter in fields:
        values, good, found = _magnitudes(block, (start, letter))
        rows.checked("magnitude", start, start + 3, values, good, may_miss=True)
        use = found & np.isnan(magnitude)
        magnitude = np.where(use, values, magnitude)
        types = np.where(use, block.text(letter, letter + 1).to_numpy(object), types)
    rows.faults.note(
        np.isnan(magnitude), "has no magnitude: fill it in or drop the row", fault="no magnitude"
    )
    events["magnitude"], events["magnitude_type"] = magnitude, types
    events["event_id"] = block.text(136, 146).set_axis(events.index)
    return events


def _angle(
    block: Block, start: int, letter: int, minus: bytes, plus: bytes
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Degrees up to ``letter``, which tells the sign, and hundredths of minutes behind."""
    degrees, whole = block.decimals(start, letter)
    minutes, good = block.decimals(letter + 1, letter + 5)
    sides = block.cells[:, letter]
    negative = np.isin(sides, np.frombuffer(minus, np.uint8))
    good = good & whole & (negative | np.isin(sides, np.frombuffer(plus, np.uint8)))
    good &= (minutes >= 0.0) & (minutes <= 6000.0) & (degrees >= 0.0)
    value = degrees + minutes / 6000.0
    return np.where(good, np.where(negative, -value, value), np.nan), good


def _magnitudes(
    block: Block, field: tuple[int, int]
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """Hundredths in three columns; where they are numbers, and where they are magnitudes."""
    start, letter = field
    hundredths, good = block.decimals(start, start + 3)
    none = (hundredths == 0.0) & block.blank([letter])
    return hundredths / 100.0, good, good & ~none


def _fits(head: bytes) -> bool:
    """Whether the first line has all its columns, and numbers without points where they belong.

    Shorter ones may be of HYPOELLIPSE, whose magnitudes have two columns: those are to be named.
    """
    lines = Lines.of(head)
    if not lines.lengths[0] or not 150 <= lines.lengths[0] <= WIDTH:
        return False
    block = next(lines.blocks(np.zeros(1, dtype=np.int64), WIDTH))
    year, month, day, hour, minute = (
        float(block.decimals(*span)[0][0]) for span in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12))
    )
    numbers = [block.decimals(*span)[1][0] for span in ((12, 16), (19, 23), (27, 31), (31, 36))]
    return bool(
        block.digits(slice(0, 12))[0]
        and 1800 < year < 2200
        and 0 < month < 13
        and 0 < day < 32
        and hour < 25
        and minute <= 60
        and all(numbers)
        and bytes(block.cells[0, 18:19]) in {b" ", b"S"}
        and bytes(block.cells[0, 26:27]) in {b" ", b"E"}
        and MINUS not in block.cells[0, 16:31]
    )


HYPOINVERSE = Format(
    "hypoinverse", "HYPOINVERSE-2000, summary lines, also of archives", read_hypoinverse, _fits
)
