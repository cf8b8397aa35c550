"""Fixed-width rows as a matrix of bytes: read column by column, without a loop over rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.formats.cells import PRINTABLE, UNREADABLE, calendar_stamps, utc_times
from catalogs.formats.parsed import Faults, Parsed
from catalogs.formats.ranges import RANGES
from catalogs.sequence import FloatArray

Bytes = NDArray[np.uint8]
Mask = NDArray[np.bool_]

ROWS = 100_000
"""Rows of a block: few enough that its index fits the memory, many enough to forget Python."""

BLANK, ZERO, POINT, NEWLINE, RETURN = b" 0.\n\r"
PLUS, MINUS = b"+-"


@dataclass(frozen=True, eq=False)
class Lines:
    """Where the lines of a file start and how long they are, without their ends."""

    data: Bytes
    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, content: bytes) -> Lines:
        """The lines that end in a newline, with or without a carriage return before it."""
        data = np.frombuffer(content if content.endswith(b"\n") else content + b"\n", np.uint8)
        ends = np.flatnonzero(data == NEWLINE)
        starts = np.concatenate([[0], ends[:-1] + 1]).astype(np.int64)
        returns = (ends > starts) & (data[np.maximum(ends - 1, 0)] == RETURN)
        return cls(data, starts, ends - starts - returns)

    def first_bytes(self) -> Bytes:
        """The first byte of every line, blank for an empty one."""
        return np.where(self.lengths > 0, self.data[self.starts], BLANK).astype(np.uint8)

    def text(self, i: int) -> str:
        """Line ``i``, counted from 0."""
        start = int(self.starts[i])
        return self.data[start : start + int(self.lengths[i])].tobytes().decode("latin-1")

    def blocks(self, chosen: NDArray[np.int64], width: int) -> Iterator[Block]:
        """The chosen lines (counted from 0) in blocks of the same width, padded with blanks."""
        padded = np.concatenate([self.data, np.full(width, BLANK, np.uint8)])
        windows = np.lib.stride_tricks.sliding_window_view(padded, width)
        for first in range(0, max(len(chosen), 1), ROWS):  # one empty block of an empty file
            lines = chosen[first : first + ROWS]
            lengths = self.lengths[lines]
            cells = windows[self.starts[lines]]
            short = np.flatnonzero(lengths < width)
            beyond = np.arange(width) >= lengths[short, None]
            cells[short] = np.where(beyond, np.uint8(BLANK), cells[short])
            yield Block(cells, lines, lengths)


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of bytes, shape (row, column), the lines they stand on, and the lines' lengths."""

    cells: Bytes
    lines: NDArray[np.int64]
    lengths: NDArray[np.int64]

    def blank(self, columns: Sequence[int] | slice) -> Mask:
        """Rows with nothing but blanks in these columns."""
        return np.asarray((self.cells[:, columns] == BLANK).all(axis=1))

    def holds(self, marks: dict[int, str]) -> Mask:
        """Rows with each of these characters at its column."""
        columns = list(marks)
        expected = np.frombuffer("".join(marks.values()).encode("ascii"), np.uint8)
        return np.asarray((self.cells[:, columns] == expected).all(axis=1))

    def digits(self, columns: Sequence[int] | slice) -> Mask:
        """Rows with nothing but digits in these columns."""
        return np.asarray(((self.cells[:, columns] - ZERO) < 10).all(axis=1))

    def whole(self, start: int, stop: int) -> FloatArray:
        """Integers of columns that ``digits`` has checked."""
        powers = 10.0 ** np.arange(stop - start - 1, -1, -1)
        return np.asarray((self.cells[:, start:stop] - ZERO) @ powers)

    def decimals(self, start: int, stop: int, places: int | None = None) -> tuple[FloatArray, Mask]:
        """Right-aligned decimal numbers, NaN where they are none, and where they are.

        Written as blanks, a sign or none, digits, and with ``places`` a point and that many
        digits. The value is the nearest float64: an integer over a power of ten.
        """
        cells = self.cells[:, start:stop]
        width = stop - start
        point = None if places is None else width - places - 1
        value = np.zeros(len(cells), dtype=np.int64)
        good = np.ones(len(cells), dtype=np.bool_)
        begun = np.zeros(len(cells), dtype=np.bool_)  # a sign or digit has been seen
        counted = np.zeros(len(cells), dtype=np.bool_)  # a digit has been seen
        negative = np.zeros(len(cells), dtype=np.bool_)
        for j in range(width):
            byte = cells[:, j]
            if j == point:
                good &= byte == POINT
                begun[:] = True
                continue
            digit = byte - ZERO  # wraps round for what is below "0"
            is_digit = digit < 10
            sign = ((byte == MINUS) | (byte == PLUS)) & ~begun
            must = point is not None and j > point
            good &= is_digit | ((((byte == BLANK) & ~begun) | sign) & (not must))
            negative |= sign & (byte == MINUS)
            begun |= sign | is_digit
            counted |= is_digit
            value = value * 10 + np.where(is_digit, digit, 0)
        good &= counted
        number = value / 10.0 ** (places or 0)
        return np.where(good, np.where(negative, -number, number), np.nan), good

    def text(self, start: int, stop: int) -> pd.Series:
        """The columns as text, stripped; ``UNREADABLE`` for other than printable ASCII."""
        raw = self.cells[:, start:stop].astype(np.uint32, order="C")  # Latin-1 as code points
        raw[raw == 0] = 0xFF  # numpy takes trailing zeros for padding
        cells = pd.Series(raw.view(f"U{stop - start}").ravel(), dtype="str").str.strip()
        return cells.where(cells.str.fullmatch(PRINTABLE), UNREADABLE)


@dataclass(frozen=True, eq=False)
class Rows:
    """A block that is being read: what cannot be read is noted in ``faults``."""

    block: Block
    faults: Faults

    @property
    def index(self) -> pd.Index:
        """The line of each row, from 1."""
        return self.faults.rows

    def number(
        self, name: str, start: int, stop: int, places: int | None, *, may_miss: bool = False
    ) -> FloatArray:
        """A right-aligned decimal within the range of ``name``; NaN where blank, if it may be."""
        values, good = self.block.decimals(start, stop, places)
        return self.checked(name, start, stop, values, good, may_miss=may_miss)

    def checked(
        self,
        name: str,
        start: int,
        stop: int,
        values: FloatArray,
        good: Mask,
        *,
        may_miss: bool = False,
    ) -> FloatArray:
        """The values, with those noted that are not good or outside the range of ``name``."""
        if may_miss:
            good = good | self.block.blank(slice(start, stop))
        lowest, highest = RANGES.get(name, (-np.inf, np.inf))
        outside = good & ((values < lowest) | (values > highest))
        self._note(~good, name, start, stop, "is not a number there")
        self._note(outside, name, start, stop, f"is outside {lowest:g} to {highest:g}")
        return values

    def times(self, fields: FloatArray, good: Mask, start: int, stop: int) -> pd.Series:
        """UTC times of calendar fields, shape (row, 6); noted where not good or no time."""
        stamps, valid = calendar_stamps(np.where(good[:, None], fields, 1.0))
        self._note(~(valid & good), "time", start, stop, "is not a time")
        return utc_times(stamps, self.index)

    def _note(self, bad: Mask, name: str, start: int, stop: int, what: str) -> None:
        def reason(i: int) -> str:
            text = bytes(self.block.cells[i, start:stop]).decode("latin-1")
            return f"{name} = {text!r} in columns {start + 1}-{stop} {what}: fix or drop the row"

        self.faults.note(bad, reason)

    def require(self, good: Mask, reason: str) -> None:
        """Note the rows that are not good."""
        self.faults.note(~good, reason)


def parse_rows(
    lines: Lines,
    chosen: NDArray[np.int64],
    width: int,
    where: str,
    read: Callable[[Rows], pd.DataFrame],
) -> Parsed:
    """The chosen lines, block by block, read by a function of a block's rows."""
    parts = []
    for block in lines.blocks(chosen, width):
        faults = Faults(where, pd.Index(block.lines + 1, name="line"))
        longer = np.flatnonzero(block.lengths > width)
        too_long = np.zeros(len(block.lines), dtype=np.bool_)
        too_long[[i for i in longer.tolist() if lines.text(block.lines[i])[width:].strip()]] = True
        faults.note(too_long, f"longer than {width} columns: fix or drop the row")
        events = read(Rows(block, faults))

        def text(i: int, block: Block = block) -> str:
            return lines.text(int(block.lines[i]))

        parts.append(faults.parsed(events, text))
    return Parsed(
        pd.concat([part.events for part in parts]) if len(parts) > 1 else parts[0].events,
        tuple(row for part in parts for row in part.rejected),
    )
