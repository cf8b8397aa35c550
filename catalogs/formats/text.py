"""The cells of a text table: its encoding, and the columns that play a role."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.cells import SOME
from catalogs.formats.columns import (
    beside_places,
    beside_times,
    find_columns,
    further_magnitudes,
    unknown_types,
    unused,
)
from catalogs.formats.lines import split_lines
from catalogs.formats.names import normalised
from catalogs.formats.parsed import Faults
from catalogs.formats.region import (
    Region,
    count_lines,
    events_below,
    find_region,
    header_of,
    rows_of,
    sample_of,
)

FEW_ZEROS = 0.001
"""A byte that is zero now and then is damage; more of them make no text."""

ENCODINGS = ("gb18030", "big5", "shift_jis", "euc_kr", "cp1251", "cp1254", "cp1253")
"""Tried where a text is no UTF-8, and its columns have no names known in Latin-1."""

CATALOG_ID = normalised("catalog_id")
CSEP_IDS = {CATALOG_ID, normalised("event_id")}
"""Columns of CSEP's CSV, of which the first tells simulated catalogs apart."""


@dataclass(frozen=True, eq=False)
class Cells:
    """The columns of a file that play a role, as text, one row a line, and the lines themselves."""

    table: pd.DataFrame
    faults: Faults
    lines: list[str]
    region: Region
    names: dict[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()
    around: str = ""

    def text(self, i: int) -> str:
        """The line at a position of the table."""
        return self.lines[int(self.table.index[i]) - 1]

    def several(self) -> int:
        """How many catalogs the table has, one below the other as CSEP's forecasts have them.

        Their events would be taken for those of one.
        """
        names = [normalised(name) for name in self.region.names]
        if not CSEP_IDS.issubset(names):
            return 1
        i = names.index(CATALOG_ID)
        rows = rows_of(self.lines, self.region, comments=True)
        return len({row[i].strip() for _, row in rows if i < len(row)})


def decoded_as(content: bytes, where: str, encoding: str | None = None) -> tuple[str, str]:
    """The text of a file and its encoding: as asked, by its first bytes, UTF-8, or a likely one.

    Text that is no UTF-8 is Latin-1 if its columns then have known names, or no other encoding
    names them: only names and places can be wrong then, no number.

    Raises
    ------
    InputError
        For an unknown encoding, one that does not fit, or what is no text.
    """
    if encoding is not None:
        return _decoded(content, where, encoding), encoding
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return _decoded(content, where, "utf-16"), "utf-16"
    head = content[:65536]
    if head.count(0) > FEW_ZEROS * len(head):
        name = _of_two_bytes(head)
        if name is None:
            raise InputError(f"{where} is neither text nor Parquet: export the events as CSV")
        return content.decode(name, errors="replace"), name
    try:
        return content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        name = _likely(content[:20_000])
        return content.decode(name, errors="replace"), name


def _decoded(content: bytes, where: str, encoding: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except LookupError:
        raise InputError(
            f"`encoding` {encoding!r} is unknown: write utf-8, latin-1, gbk, ..."
        ) from None
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} is not in the encoding {encoding} (byte {error.start}): try another with "
            "`encoding`"
        ) from None


def _of_two_bytes(head: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of plain letters is zero."""
    for name, part in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if part.count(0) > 0.4 * len(part) and head.count(0) < 0.6 * len(head):
            return name
    return None


def _likely(head: bytes) -> str:
    """The first encoding in which a line names a time and a magnitude, else Latin-1."""
    for name in ("latin-1", *ENCODINGS):
        if header_of(split_lines(head.decode(name, errors="ignore")), None)[1] is not None:
            return name
    return "latin-1"


def text_cells(
    text: str,
    where: str,
    chosen: Mapping[str, str] | None = None,
    *,
    comments: bool = True,
    names: Sequence[str] | None = None,
) -> Cells:
    """The cells of a table, with rows of a wrong number of fields noted.

    Parameters
    ----------
    text, where : str
        The file's text and name.
    chosen : mapping, optional
        Role -> column name, as for ``find_columns``.
    comments : bool
        Whether lines below the header may be comments or a footer, and the last column words with
        delimiters in them; else they are damaged rows, unless they repeat the header.
    names : sequence of str, optional
        Of the columns of a file that has no header, from left to right.

    Raises
    ------
    InputError
        If it is no table, or its columns cannot be found.
    """
    lines = split_lines(text)
    region = find_region(lines, where, chosen, names, loose=comments)
    # A known layout has known columns, whatever their values
    sample = sample_of(lines, region, comments=comments) if comments else []
    positions = find_columns(region.names, where, chosen, sample)
    positions |= beside_places(region.names, sample, positions)
    positions |= beside_times(region.names, sample, {*positions.values()})
    more = further_magnitudes(region.names, where, chosen or {}, positions, sample)
    positions |= more if comments else {}
    pick = itemgetter(*positions.values())  # two columns at least, so this returns a tuple
    needed, empty = max(positions.values()) + 1, ("",) * len(positions)
    numbers, counts, over, rows = array("q"), array("q"), Counter[int](), _Rows([*positions])
    shifted, lead, ends = [], region.lead, len(region.names)
    for number, row in events_below(lines, region, where, comments=comments):
        numbers.append(number)
        counts.append(len(row))
        if len(row) > ends and any(row[ends:]):
            over[len(row)] += 1
        rows.append(pick(row) if len(row) >= needed else empty)
        if lead is not None and not lead(lines[number - 1]):
            shifted.append(len(numbers) - 1)
    width = _width(Counter(counts) - over, region.width)
    if comments:
        kept = len(numbers) - _footer(lines, numbers, counts, width)
        below = [lines[number - 1] for number in numbers[kept:]]
        numbers, counts = numbers[:kept], counts[:kept]
    else:
        below = []
    index = pd.Index(np.array(numbers, dtype=np.int64), name="line")
    faults = Faults(where, index)
    found = np.array(counts, dtype=np.int64)
    wrong = found != width
    reason = "quotes are left open, or a byte is zero: fix the quotes or drop the line"
    faults.note(found == 0, reason)
    expected = len(region.names)

    def miscounted(i: int) -> str:
        what = "the header has" if region.header else "others have"
        return f"{counts[i]} fields where {what} {expected}: fix or drop the line"

    faults.note(wrong, miscounted)
    moved = np.zeros(len(index), dtype=np.bool_)
    moved[[i for i in shifted if i < len(index)]] = True
    faults.note(moved, "columns are not in their places, is a value missing? fix or drop the line")
    if (untold := unknown_types(region.names, positions, sample)) is not None:
        faults.say(
            f"column {untold[0]} is not used: few of its values ({', '.join(untold[1])}, ...) are "
            "known for types of events, so blasts may be among the events"
        )
    for text_of_note in region.notes:
        faults.say(text_of_note)
    if below:
        faults.say(f"{count_lines(len(below))} below the table left out: {below[0].strip()[:60]!r}")
    table = rows.table(len(index)).set_axis(index)
    table.iloc[np.flatnonzero(wrong)] = ""
    around = "\n".join([*lines[: max(region.header - 1, 0)], *below])
    named = {role: region.names[i].strip() or str(i + 1) for role, i in positions.items()}
    return Cells(table, faults, lines, region, named, unused(region.names, positions), around)


class _Rows:
    """Rows of text, kept by column as pandas does: Python's own strings take five times as much."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.latest: list[tuple[str, ...]] = []
        self.parts: list[pd.DataFrame] = []

    def append(self, row: tuple[str, ...]) -> None:
        self.latest.append(row)
        if len(self.latest) == SOME:
            self._put_away()

    def _put_away(self) -> None:
        self.parts.append(pd.DataFrame(self.latest, columns=self.names, dtype=str))
        self.latest = []

    def table(self, n: int) -> pd.DataFrame:
        """The first rows as a table."""
        self._put_away()
        return pd.concat(self.parts, ignore_index=True).iloc[:n]


def _width(usual: Counter[int], expected: int) -> int:
    """Fields in a row: as the header has, or more where most rows end with empty ones.

    It is one number for all rows: with a delimiter too many inside, a row that ends in an empty
    field would look whole but for the shift of its columns.
    """
    return max(max(usual, key=lambda width: usual[width], default=expected), expected)


def _footer(lines: list[str], numbers: Sequence[int], counts: Sequence[int], width: int) -> int:
    """How many lines at the end are words below the table: a total, a source, a remark."""
    count = 0
    firsts = {lines[n - 1].strip()[:6] for n in numbers[:50]}
    for number, fields in zip(reversed(numbers), reversed(counts), strict=True):
        line = lines[number - 1].strip().strip('"')
        words = re.findall(r"[^\W\d_]{3,}", line[:40])
        plain = re.match(r"[^\W\d_]{3,}", line) is not None and line[:6] not in firsts
        if fields == width or not (plain and (len(words) > 1 or line.isupper() or ":" in line)):
            break
        count += 1
    return count if count < len(numbers) else 0
