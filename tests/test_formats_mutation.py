"""Ten thousand damaged rows of every layout: each is read right, or rejected with its line."""

import math

import numpy as np
import pytest
from row_readers import READERS
from row_writers import WRITERS, write

from catalogs.formats import Parsed, parse

N = 10_000

CHARACTERS = '0123456789 .,-+:/|;\t"#%eEnJTZabx\x00\x1a\x19\x1c\x85\xff\n'

COMMENTED = {"table"}
"""Layouts in which a row may be commented out."""


def damage(row: str, rng: np.random.Generator) -> str:
    """Replace, drop, insert, swap, cut, blank, double or leave a part of a row."""
    i, j = np.sort(rng.integers(0, len(row), 2))
    new = CHARACTERS[rng.integers(len(CHARACTERS))]
    return (
        row[:i] + new + row[i + 1 :],
        row[:i] + new + row[i + 1 :],
        row[:i] + row[i + 1 :],
        row[:i] + new + row[i:],
        row[:i] + row[i : i + 2][::-1] + row[i + 2 :],
        row[:i],
        row[:i] + " " * min(5, len(row) - i) + row[i + 5 :],
        row[: i + 3] + row[i:],
        row[:i] + row[j:],
        row,
    )[rng.integers(10)]


def values(parsed: Parsed) -> dict[int, tuple[float, ...]]:
    table = parsed.events
    times = table["time"].to_numpy("datetime64[ns]").astype(np.int64).tolist()
    columns = (table[c] for c in ("latitude", "longitude", "depth_km", "magnitude"))
    rows = zip(times, *(column.tolist() for column in columns), strict=True)
    return dict(zip(table.index.tolist(), rows, strict=True))


def same(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return all(x == y or (math.isnan(x) and math.isnan(y)) for x, y in zip(a, b, strict=True))


def check(layout: str, header: str, body: list[str]) -> tuple[int, int]:
    """Compare every line with its reader; how many are events and how many were rejected."""
    content = (header + "\n".join(body)).encode("latin-1")
    parsed = parse(content, layout.partition(" ")[0], name="file")
    events = values(parsed)
    rejected = {row.row: row for row in parsed.rejected}
    assert not events.keys() & rejected.keys()
    first = header.count("\n") + 1
    for n, line in enumerate("\n".join(body).split("\n"), start=first):
        try:
            expected = READERS[layout](line)
        except (ValueError, IndexError):
            expected = None
        if n in events:
            assert expected is not None, f"{line!r} was read as {events[n]}"
            assert same(events[n], expected), f"{line!r} was read as {events[n]}, not {expected}"
        elif n in rejected:
            assert rejected[n].reason
            assert rejected[n].text == line[:160]
            assert str(rejected[n]).startswith(f"file line {n}: ")
        else:
            blank = not line.replace(",", "").replace(";", "").replace("|", "").strip()
            assert blank or (layout in COMMENTED and line[0] in "#%"), f"{line!r} is lost"
    return len(events), len(rejected)


@pytest.mark.parametrize("layout", [name for name in WRITERS if name != "quakeml"])
def test_damaged_rows_are_read_right_or_rejected(layout: str) -> None:
    rng = np.random.default_rng(7)
    header, rows = write(layout, N, rng)
    assert check(layout, header, rows) == (N, 0)  # as long as they are whole
    events, rejected = check(layout, header, [damage(row, rng) for row in rows])
    assert events > 0.1 * N
    assert rejected > 0.1 * N


def test_damaged_values_in_quakeml_are_read_right_or_rejected() -> None:
    rng = np.random.default_rng(8)
    header, rows = write("quakeml", N, rng)
    damaged = []
    for row in rows:
        parts = row.split("<value>")
        i = int(rng.integers(1, len(parts)))
        value, rest = parts[i].split("</value>", maxsplit=1)
        clean = [ch for ch in damage(value + " ", rng) if ch >= " " and ch != "\xff"]
        parts[i] = "".join(clean) + "</value>" + rest
        damaged.append("<value>".join(parts))
    foot = "\n</eventParameters></q:quakeml>"
    parsed = parse((header + "\n".join(damaged) + foot).encode(), "quakeml", name="file")
    events, rejected = values(parsed), {row.row for row in parsed.rejected}
    for n, row in enumerate(damaged, start=1):
        try:
            expected = READERS["quakeml"](row)
        except ValueError:
            expected = None
        assert (n in events) != (n in rejected)
        assert (n in rejected) or (expected is not None and same(events[n], expected)), row
    assert min(len(events), len(rejected)) > 0.1 * N
