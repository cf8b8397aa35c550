"""Rows of text tables: header, delimiter, and one line an event."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from operator import itemgetter

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.columns import find_columns
from catalogs.formats.parsed import Faults

DELIMITERS = ",;\t|"
COMMENT = "#%"

FEW_ZEROS = 0.001
"""A byte that is zero now and then is damage; more of them make no text."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The columns of a file that play a role, as text, one row a line, and the lines themselves."""

    table: pd.DataFrame
    faults: Faults
    lines: list[str]

    def text(self, i: int) -> str:
        """The line at a position of the table."""
        return self.lines[int(self.table.index[i]) - 1]


def decoded(content: bytes) -> str:
    """UTF-8, else Latin-1, which old catalogs use for place names and worse."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def split_lines(text: str) -> list[str]:
    """Lines as Unix, Windows and old Macs end them; other control bytes end no line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def rows_below_comments(content: bytes) -> list[tuple[int, str]]:
    """Line number and text of what is neither blank nor a comment above the first row.

    Comments stand above the rows: one below is a damaged row. Of comments only, these.
    """
    numbered = [
        (number, line)
        for number, line in enumerate(split_lines(decoded(content)), start=1)
        if line.strip()
    ]
    first = next((i for i, (_, line) in enumerate(numbered) if line[0] not in COMMENT), 0)
    return numbered[first:]


def text_cells(
    content: bytes, where: str, chosen: Mapping[str, str] | None = None, *, comments: bool = True
) -> Cells:
    """The cells of a table, with rows of a wrong number of fields noted.

    Parameters
    ----------
    content, where : bytes, str
        The file's content and name.
    chosen : mapping, optional
        Role -> column name, as for ``find_columns``.
    comments : bool
        Whether lines below the header may be comments; else they are rows, and damaged ones,
        unless they repeat the header.

    Raises
    ------
    InputError
        If it is no text, or its columns cannot be found.
    """
    head = content[:65536]
    if head.count(0) > FEW_ZEROS * len(head):
        raise InputError(f"{where} is neither text nor Parquet: export the events as CSV")
    lines = split_lines(decoded(content))
    at, header = _header(lines, where, chosen)
    delimiter = delimiter_of(header)
    names = fields_of(header, delimiter)
    positions = find_columns(names, where, chosen)
    pick = itemgetter(*positions.values())  # two columns at least, so this returns a tuple
    needed, empty = max(positions.values()) + 1, ("",) * len(positions)
    numbers, counts, usual, rows = [], [], Counter[int](), []
    for number, row in _rows(lines, at, header, delimiter, comments=comments):
        numbers.append(number)
        counts.append(len(row))
        usual[len(row)] += not any(row[len(names) :])
        rows.append(pick(row) if len(row) >= needed else empty)
    width = _width(usual, len(names))
    index = pd.Index(numbers, name="line", dtype=np.int64)
    faults = Faults(where, index)
    wrong = np.array(counts, dtype=np.int64) != width
    for i in np.flatnonzero(wrong).tolist():
        rows[i] = empty
    reason = "quotes are left open, or a byte is zero: mend the quotes or drop the line"
    faults.note(np.array(counts, dtype=np.int64) == 0, reason)

    def miscounted(i: int) -> str:
        return f"{counts[i]} fields where the header has {len(names)}: mend or drop the line"

    faults.note(wrong, miscounted)
    table = pd.DataFrame(rows, index=index, columns=list(positions), dtype=object)
    return Cells(table, faults, lines)


def _width(usual: Counter[int], expected: int) -> int:
    """Fields in a row: as the header has, or more where most rows end with empty ones.

    It is one number for all rows: with a delimiter too many inside, a row that ends in an empty
    field would look whole but for the shift of its columns.
    """
    return max(max(usual, key=lambda width: usual[width], default=expected), expected)


def _header(lines: list[str], where: str, chosen: Mapping[str, str] | None) -> tuple[int, str]:
    """Line number and text of the column names: the first line, or the last comment before it."""
    comment: tuple[int, str] | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if line[0] in COMMENT:
            comment = number, line.strip().lstrip(COMMENT)
            continue
        first = number, line.strip()
        if comment and not _names_columns(first[1], chosen) and _names_columns(comment[1], chosen):
            return comment
        if not all(ch.isprintable() or ch.isspace() for ch in line):
            raise InputError(f"{where} is neither text nor Parquet: export the events as CSV")
        if line.lstrip()[0] in "<{[":
            raise InputError(f"{where} is XML or JSON, not a table: export the events as CSV")
        return first
    if comment and _names_columns(comment[1], chosen):
        return comment
    raise InputError(f"{where} has no events: give a table with a header line and events")


def _names_columns(line: str, chosen: Mapping[str, str] | None) -> bool:
    try:
        find_columns(fields_of(line, delimiter_of(line)), "", chosen)
    except InputError:
        return False
    return True


def delimiter_of(header: str) -> str:
    """What separates the columns: the most frequent delimiter, or nothing for blanks."""
    most = max(DELIMITERS, key=header.count)
    return most if most in header else ""


def fields_of(line: str, delimiter: str) -> list[str]:
    """The fields of a line; none where quotes are left open or a byte is zero."""
    if "\0" in line:
        return []
    if not delimiter:
        return line.split()
    return _quoted(line, delimiter) if '"' in line else line.split(delimiter)


def _quoted(line: str, delimiter: str) -> list[str]:
    parts = line.split('"')
    if len(parts) == 3 and parts[0].endswith(delimiter) and parts[2].startswith(delimiter):
        # One quoted field between others, as nearly always: the csv module takes five times longer
        return [*parts[0][:-1].split(delimiter), parts[1], *parts[2][1:].split(delimiter)]
    if len(parts) % 2 == 0:
        return []
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        return []


def _rows(
    lines: list[str], header_at: int, header: str, delimiter: str, *, comments: bool
) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every row below the header.

    A row is one line, also where quotes are left open: a reader that goes on to the next quote
    would swallow the events in between.
    """
    for number, line in enumerate(lines[header_at:], start=header_at + 1):
        if not line.strip():
            continue
        if line[0] in COMMENT and (comments or line.strip().lstrip(COMMENT) == header):
            continue
        row = fields_of(line, delimiter)
        if row and not any(row):  # delimiters only, as spreadsheets leave them
            continue
        yield number, row
