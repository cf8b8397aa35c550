"""Numbers in fixed columns are what Python reads there, or none."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.formats.fixed import Block, Lines


def block(rows: list[str]) -> Block:
    width = max(map(len, rows))
    cells = np.frombuffer("".join(row.ljust(width) for row in rows).encode("latin-1"), np.uint8)
    lines = np.arange(len(rows))
    return Block(cells.reshape(len(rows), width), lines, np.full(len(rows), width))


WIDTH = 7
CELL = st.text("0123456789 .+-", min_size=WIDTH, max_size=WIDTH)


@given(cells=st.lists(CELL, min_size=1, max_size=50), places=st.sampled_from([None, 0, 1, 2, 3]))
def test_any_cell_is_read_as_python_does_or_rejected(cells: list[str], places: int | None) -> None:
    pattern = r" *[+-]?\d+" if places is None else rf" *[+-]?\d*\.\d{{{places}}}"
    values, good = block(cells).decimals(0, WIDTH, places)
    for cell, value, is_good in zip(cells, values.tolist(), good.tolist(), strict=True):
        whole = re.fullmatch(pattern, cell) is not None and any(ch.isdigit() for ch in cell)
        assert is_good == whole, cell
        assert value == float(cell) if whole else math.isnan(value)


@given(
    numbers=st.lists(st.floats(-999.999, 9999.999), min_size=1, max_size=50),
    places=st.integers(1, 5),
)
def test_written_numbers_come_back_to_the_last_bit(numbers: list[float], places: int) -> None:
    cells = [f"{number:12.{places}f}" for number in numbers]
    values, good = block(cells).decimals(0, 12, places)
    assert good.all()
    assert values.tolist() == [float(cell) for cell in cells]


@given(
    lines=st.lists(st.text("ab\x00é ", max_size=9), max_size=40),
    end=st.sampled_from(["\n", "\r\n"]),
    closed=st.booleans(),
)
def test_lines_are_those_of_the_file(lines: list[str], end: str, closed: bool) -> None:
    text = end.join(lines) + (end if closed else "")
    found = Lines.of(text.encode("latin-1"))
    whole = (text if text.endswith("\n") else text + "\n")[:-1].split("\n")
    assert [found.text(i) for i in range(len(found.starts))] == [
        x.removesuffix("\r") for x in whole
    ]
    rows = np.arange(len(found.starts))
    (part,) = found.blocks(rows, 5)
    for i, row in enumerate(whole):
        expected = row.removesuffix("\r")[:5].ljust(5).encode("latin-1")
        assert part.cells[i].tobytes() == expected


@pytest.mark.parametrize(("text", "expected"), [("eq\x00", "unreadable"), ("é  ", "unreadable")])
def test_codes_of_other_than_ascii_are_unreadable(text: str, expected: str) -> None:
    assert block([text, "qb "]).text(0, 3).tolist() == [expected, "qb"]
