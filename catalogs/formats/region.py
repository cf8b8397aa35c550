"""Where the table in a text is: header, delimiter, rows, and what stands around them."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from catalogs.errors import InputError
from catalogs.formats.columns import find_columns, heading
from catalogs.formats.lines import (
    COMMENT,
    DELIMITERS,
    delimiter_of,
    fields_of,
    is_number,
)
from catalogs.formats.names import ALIASES, FREE_TEXT, KNOWN_NAMES, normalised

LOOKED_AT = 400
"""Lines among which the names of the columns are looked for."""

SAMPLE = 300
"""Rows by which the columns are told."""

NEARLY_ALL = 0.98

DISTANCE = re.compile(r"(?:kms?|mi|miles?)\.?", re.IGNORECASE)

FEW_LINES = 10
"""In fewer lines blanks may stand below each other by chance."""

PADDED = re.compile(r"(?<=\d)([/:])\s+(?=\d)")
"""The blank in ``2016/ 8/24`` and ``1: 0:56.5``."""

RULER = re.compile(r"[\s\-=_+|*~.]+")

ZONE_UNIT = re.compile(r"(?:UTC|GMT)\s*[+-]\s*\d{1,2}(?::?\d{2})?")
"""A unit in which digits stand."""

WITH_UNITS = ("time", "date", "clock", "latitude", "longitude", "depth_km")
"""Roles of columns whose unit may stand in a line below their names."""

DIGIT = re.compile(r"\d")

MANY_PAIRS = 8

HEADERLESS_EXAMPLE = '`names` "yr mo dy hr mi sc lat lon dep mag"'


@dataclass(frozen=True)
class Region:
    """A table in a text: the names of its columns, how its rows are cut, and where they begin.

    ``header`` is the line of the names, from 1, or 0 where the file has none; ``first`` the
    position of the first line below. ``free`` is the column of words in which delimiters may
    stand, ``lead`` a test whether the columns before it stand in their places, ``slots`` these
    places, from the first character to the one behind the last, where blanks keep them apart.
    """

    names: tuple[str, ...]
    delimiter: str
    header: int
    first: int
    width: int
    padded: bool = False
    free: int | None = None
    lead: Callable[[str], bool] | None = None
    slots: tuple[tuple[int, int], ...] = ()
    notes: tuple[str, ...] = ()

    def fields(self, line: str) -> list[str]:
        """The fields of a line; none where quotes are left open or a byte is zero."""
        if self.padded:
            line = PADDED.sub(r"\1", line)
        row = fields_of(line, self.delimiter)
        if (
            self.slots
            and row
            and '"' not in line
            and (self.free is not None or len(row) != self.width)
        ):
            row = placed(line, self.slots, free=self.free is not None) or row
        if self.free is not None and len(row) != self.width and row:
            row = self._gathered(line, row)
        return row

    def _gathered(self, line: str, row: list[str]) -> list[str]:
        """A row with the words of its free text together: others count from its two ends."""
        at, after = self.free or 0, self.width - (self.free or 0) - 1
        if len(row) == self.width - 1 and after == 0 and (self.lead is None or self.lead(line)):
            return [*row, ""]
        if len(row) < self.width:
            return row
        words = row[at : len(row) - after]
        glue = self.delimiter or " "
        return [*row[:at], glue.join(words), *row[len(row) - after :]]


def find_region(
    lines: list[str],
    where: str,
    chosen: Mapping[str, str] | None = None,
    names: Sequence[str] | None = None,
    *,
    loose: bool = True,
) -> Region:
    """The table among the lines.

    Raises
    ------
    InputError
        If there is none.
    """
    separator, skipped = _separator(lines)
    if names is not None:
        return _headerless(lines, where, tuple(names), loose=loose)
    begin, header = header_of(lines, chosen, separator)
    if header is None:
        number = _first_row(lines, skipped)
        if number is None:
            raise InputError(f"{where} has no events: give a table with a header line and events")
        line = lines[number].strip()
        if not all(ch.isprintable() or ch.isspace() for ch in line):
            raise InputError(f"{where} is neither text nor Parquet: export the events as CSV")
        if line[0] in "<{[":
            raise InputError(f"{where} is XML or JSON, not a table: export the events as CSV")
        if chosen and all(name.strip().isdigit() for name in chosen.values()):
            count = len(fields_of(line, delimiter_of(line)))
            return _headerless(lines, where, tuple(map(str, range(1, count + 1))), loose=loose)
        begin = _likeliest(lines, number)
        header = lines[begin - 1]
        if _looks_like_data(line):
            count = len(fields_of(line, delimiter_of(line)))
            raise InputError(
                f"{where} has no header, its first row is {line[:70]!r}: name its {count} columns "
                f"from left to right, as in {HEADERLESS_EXAMPLE}"
            )
    text = header.lstrip(COMMENT) if header[:1] in {*COMMENT} else header
    delimiter = separator or delimiter_of(text)
    region = Region(
        tuple(fields_of(text if delimiter else text.strip(), delimiter)), delimiter, begin, begin, 0
    )
    above = sum(bool(line.strip()) and line[0] not in COMMENT for line in lines[: begin - 1])
    if above:
        region = replace(region, notes=(f"{count_lines(above)} above the header left out",))
    region = _shaped(region, lines, loose=loose)
    return _with_units(region, lines) if loose else region


def _separator(lines: list[str]) -> tuple[str, int]:
    """The delimiter that a spreadsheet's line ``sep=;`` names, and the lines to pass over."""
    for i, line in enumerate(lines[:3]):
        if match := re.fullmatch(r'"?sep=(.)"?', line.strip("\ufeff \r")):
            return match.group(1), i + 1
        if line.strip():
            break
    return "", 0


def header_of(
    lines: list[str], chosen: Mapping[str, str] | None, separator: str = ""
) -> tuple[int, str | None]:
    """Line number and text of the column names: the first line, or one above or below it."""
    comment: tuple[int, str] | None = None
    first: tuple[int, str] | None = None
    looked = 0
    for number, line in enumerate(lines[: 4 * LOOKED_AT], start=1):
        if not line.strip() or line.startswith(("sep=", '"sep=')):
            continue
        looked += 1
        if looked > LOOKED_AT:
            break
        if line[0] in COMMENT and first is None:
            comment = number, line.strip().lstrip(COMMENT)
            continue
        if _names_columns(lines, number, line, chosen, separator):
            after = lines[number] if number < len(lines) else ""
            below = _names_of_two_lines(line, after, separator)
            return (number, line) if below is None else (number + 1, below)
        if first is None:
            first = number, line
            if comment and _names_columns(lines, *comment, chosen, separator):
                return comment
    if first is None and comment and _names_columns(lines, *comment, chosen, separator):
        return comment
    return 0, None


def names_columns(lines: list[str]) -> bool:
    """Whether one of the lines names a time and a magnitude."""
    return header_of(lines, None, _separator(lines)[0])[1] is not None


def _names_columns(
    lines: list[str], number: int, line: str, chosen: Mapping[str, str] | None, separator: str
) -> bool:
    text = line.strip().lstrip(COMMENT)
    delimiter = separator or delimiter_of(text)
    names = fields_of(text, delimiter)
    if len(names) < 2 or sum(is_number(name) for name in names) > 0.3 * len(names):
        return False
    shape = _shaped(Region(tuple(names), delimiter, number, number, 0), lines)
    try:
        find_columns(shape.names, "", chosen, sample_of(lines, shape, few=30))
    except InputError as error:
        return (
            "could each be" in str(error)
            or "but none for the" in str(error)
            or ("may be the" in str(error))
        )
    return True


def _is_known(name: str) -> bool:
    return bool({*heading(name).keys} & KNOWN_NAMES)


def _names_of_two_lines(line: str, below: str, separator: str) -> str | None:
    """The names in a line below those of groups of columns, as merged cells leave them.

    A name that means nothing alone has that of its group before it: Value below Magnitude.
    """
    delimiter = separator or delimiter_of(line)
    groups, names = (fields_of(text, delimiter) for text in (line, below))
    if not delimiter or len(groups) != len(names) or any(map(str.isdigit, "".join(names))):
        return None
    if sum(map(_is_known, names)) <= sum(map(_is_known, groups)):
        return None
    joined, group = [], ""
    for above, name in zip(groups, names, strict=True):
        group = above.strip() or group
        joined.append(name if _is_known(name) else f"{group} {name}".strip())
    return delimiter.join(joined)


def _with_units(region: Region, lines: list[str]) -> Region:
    """The region with the units of a line below the names, where they tell what numbers mean."""
    below = next((line for line in lines[region.first : region.first + 2] if line.strip()), "")
    units = [field.strip(" []()") for field in region.fields(below)]
    if len(units) != len(region.names) or not any(map(str.isalpha, "".join(units))):
        return region
    if any(map(str.isdigit, ZONE_UNIT.sub("", " ".join(units)))):
        return region
    names = tuple(
        f"{name} ({unit})" if unit and not heading(name).unit and _has_unit(name) else name
        for name, unit in zip(region.names, units, strict=True)
    )
    return replace(region, names=names)


def _has_unit(name: str) -> bool:
    """Whether a column is one of times, places or depths."""
    keys = {*heading(name).keys}
    return any(keys & tier for role in WITH_UNITS for tier in ALIASES[role])


def _first_row(lines: list[str], skipped: int) -> int | None:
    """Position of the first line that is neither blank nor a comment, else of the first at all."""
    full = [i for i, line in enumerate(lines) if line.strip() and i >= skipped]
    plain = (i for i in full if lines[i][0] not in COMMENT)
    return next(plain, None)


def _likeliest(lines: list[str], first: int) -> int:
    """The line, from 1, of the header that was meant: that with most names that are known."""

    def names(line: str) -> int:
        text = line.strip().lstrip(COMMENT)
        return sum(
            bool({*heading(n).keys} & KNOWN_NAMES) for n in fields_of(text, delimiter_of(text))[:60]
        )

    best = max(range(first, min(len(lines), first + 60)), key=lambda i: (names(lines[i]), -i))
    return (best if names(lines[best]) > 1 else first) + 1


def _looks_like_data(line: str) -> bool:
    fields = fields_of(line, delimiter_of(line))
    like = sum(bool(re.fullmatch(r"[\d\s.:/+\-TZeE]*\d[\d\s.:/+\-TZeE]*", f)) for f in fields)
    return len(fields) > 2 and like > 0.5 * len(fields)


def _headerless(lines: list[str], where: str, names: tuple[str, ...], *, loose: bool) -> Region:
    first = next((i for i, li in enumerate(lines) if li.strip() and li[0] not in COMMENT), None)
    if first is None:
        raise InputError(f"{where} has no events: give a table with events")
    notes: tuple[str, ...] = ()
    if not any(map(str.isdigit, lines[first])):
        notes, first = (f"line {first + 1} is left out: it holds no number",), first + 1
    delimiter = delimiter_of(lines[first]) if first < len(lines) else ""
    region = _shaped(Region(names, delimiter, 0, first, 0, notes=notes), lines, loose=loose)
    if region.free is None and loose:
        rows = sample_of(lines, replace(region, width=0), few=50)
        usual = Counter(map(len, rows)).most_common(1)[0][0] if rows else len(names)
        if usual > len(names):  # what was not named is not wanted
            rest = tuple(f"column {i + 1}" for i in range(len(names), usual))
            region = replace(region, names=(*names, *rest), width=usual)
    return region


def sample_of(
    lines: list[str], region: Region, *, comments: bool = True, few: int = SAMPLE
) -> list[list[str]]:
    """Rows from the beginning, and some from all over the file."""
    head = [
        row
        for _, row in zip(
            range(few), (r for _, r in rows_of(lines, region, comments=comments)), strict=False
        )
    ]
    if few < SAMPLE or len(lines) < 2 * few + region.first:
        return head
    step = max((len(lines) - region.first) // few, 1)
    spread = [line for line in lines[region.first + few :: step] if line.strip()]
    return head + [region.fields(line) for line in spread]


def _shaped(region: Region, lines: list[str], *, loose: bool = True) -> Region:
    """The region with the width of its rows, its free text, and the names that its rows ask for."""
    full = len(region.names)
    region = replace(region, width=full)
    below = [
        line
        for line in lines[region.first : region.first + 2 * SAMPLE]
        if line.strip() and line[0] not in COMMENT and any(map(str.isdigit, line))
    ][:SAMPLE]
    if not loose or not below:
        return region
    if not region.delimiter:
        padded = sum(bool(PADDED.search(line)) for line in below) > 0.02 * len(below)
        region = replace(region, padded=padded, delimiter=_other_delimiter(below, full))
    region = _words_gathered(region, below)
    if region.delimiter or region.padded or region.width != len(region.names):
        return region
    if region.free not in {None, region.width - 1}:
        return region
    slots = _slots(below, region.width, free=region.free is not None)
    if not slots:
        return region
    region = replace(region, slots=slots)
    if region.free is None:
        return region
    return replace(region, lead=lambda line: bool(placed(line, slots, free=True)))


def _words_gathered(region: Region, below: list[str]) -> Region:
    """The region with as many names as its rows have fields, or with its free text."""
    full = len(region.names)
    widths = Counter(len(region.fields(line)) for line in below)
    if set(widths) <= {full}:
        return region
    region = _renamed(region, below, widths)
    if widths[region.width] == len(below) or (region.delimiter and max(widths) <= region.width):
        return region
    return _with_free_text(region, below, widths)


def _other_delimiter(below: list[str], full: int) -> str:
    """What separates rows below a header that has blanks between its names."""
    if any(len(line.split()) == full for line in below[:5]):
        return ""
    cut = max(DELIMITERS, key=lambda d: sum(line.count(d) == full - 1 for line in below))
    fitting = sum(line.count(cut) == full - 1 for line in below)
    return cut if fitting > 0.9 * len(below) else ""


def _renamed(region: Region, below: list[str], widths: Counter[int]) -> Region:
    """The region with as many names as most rows have fields, if there is a way to that."""
    names = region.names
    while names and not names[-1].strip() and region.delimiter:
        names = names[:-1]
    if names != region.names and widths[len(names)] > widths[region.width]:
        return replace(region, names=names, width=len(names))
    usual = widths.most_common(1)[0][0]
    if not region.delimiter:
        region = _merged(region, below, usual)
        if usual != region.width and (wider := _spread(region, below, usual)):
            return replace(region, names=wider, width=len(wider))
    if usual == region.width + 1 and widths[usual] > 0.9 * len(below) and _has_index(region, below):
        note = "the first column has no name and numbers the rows"
        return replace(region, names=("", *region.names), width=usual, notes=(*region.notes, note))
    return region


def _merged(region: Region, below: list[str], usual: int) -> Region:
    """The region with names of several words joined: units to what they measure, then known names.

    Where rows have fewer fields than the header has words, of all ways to join so many the one
    counts by which most rows have numbers where numbers must be.
    """
    joined: list[str] = []
    for name in region.names:
        if joined and re.fullmatch(r"[(\[].*[)\]]", name):
            joined[-1] += f" {name}"
        else:
            joined.append(name)
    if len(joined) < len(region.names):
        region = replace(region, names=tuple(joined), width=len(joined))
    surplus = len(joined) - usual
    pairs = [
        i
        for i in range(len(joined) - 1)
        if normalised(f"{joined[i]} {joined[i + 1]}") in KNOWN_NAMES
    ]
    if surplus < 1 or surplus > len(pairs) or len(pairs) > MANY_PAIRS:
        return region
    best, most = region, 0.5 * len(below)
    rows = [row for row in map(region.fields, below) if len(row) == usual]
    for chosen in itertools.combinations(pairs, surplus):
        names = [n if i not in chosen else f"{n} {joined[i + 1]}" for i, n in enumerate(joined)]
        kept = tuple(n for i, n in enumerate(names) if i - 1 not in chosen)
        if len(kept) == usual and (score := _fitting(kept, rows)) > most:
            best, most = replace(region, names=kept, width=usual), score
    return best


def _fitting(names: tuple[str, ...], rows: list[list[str]]) -> int:
    """How many rows have numbers for magnitude and place, if the columns have these names."""
    try:
        found = find_columns(names, "", None, rows)
    except InputError:
        return 0
    numeric = [i for role, i in found.items() if role in {"magnitude", "latitude", "longitude"}]
    return sum(all(is_number(row[i]) for i in numeric) for row in rows)


def _spread(region: Region, below: list[str], usual: int) -> tuple[str, ...] | None:
    """The names with a date, a time or both spread over three columns each, if the rows are so."""
    dates = {"date", "fecha", "datum", "data", "tarih", "日期"}
    clocks = {"time", "hora", "ora", "heure", "zeit", "saat", "origin", "origintime", "时间"}
    extra = usual - len(region.names)
    for i, name in enumerate(region.names):
        if not {*heading(name).keys} & dates or extra not in {2, 4}:
            continue
        names = list(region.names)
        clock = i + 1 if i + 1 < len(names) and {*heading(names[i + 1]).keys} & clocks else None
        if extra == 4 and clock is None:
            return None
        wide = [*names[:i], f"{name} year", f"{name} month", f"{name} day"]
        rest = names[i + 1 :]
        if extra == 4:
            unit = heading(names[i + 1]).unit
            rest = [f"hour ({unit})" if unit else "hour", "minute", "second", *names[i + 2 :]]
        rows = [region.fields(line) for line in below]
        rows = [row for row in rows if len(row) == usual]
        good = [re.fullmatch(r"1\d{3}|2\d{3}", row[i]) and len(row[i + 2]) <= 2 for row in rows]
        if rows and sum(map(bool, good)) > 0.9 * len(rows):
            return (*wide[:i], "year", "month", "day", *rest)
    return None


def _has_index(region: Region, below: list[str]) -> bool:
    """Whether rows begin with their number, for which the header has no name."""
    firsts = [region.fields(line)[:1] for line in below]
    if all('"' in line.lstrip()[:1] for line in below):
        return True  # R writes the names of rows in quotes
    digits = [int(f[0]) for f in firsts if f and f[0].strip().isdigit()]
    return len(digits) == len(firsts) and all(b - a == 1 for a, b in itertools.pairwise(digits))


def _with_free_text(region: Region, below: list[str], widths: Counter[int]) -> Region:
    """The region with its column of words, if rows are wider than the header because of one."""
    names, full = region.names, len(region.names)
    candidates = [i for i, name in enumerate(names) if {*heading(name).keys} & FREE_TEXT]
    whole = [row for row in map(region.fields, below) if len(row) == full]
    if not candidates and full >= 3 and whole:
        letters = [sum(any(map(str.isalpha, row[-1])) for row in whole) > 0.9 * len(whole)]
        last = heading(names[-1]).keys
        unknown = not any(k in tier for k in last for tiers in ALIASES.values() for tier in tiers)
        candidates = [full - 1] if letters[0] and unknown else []
    if not candidates or (max(widths) <= full and region.delimiter):
        return region
    free = candidates[0]
    wide = [row for row in map(region.fields, below) if len(row) > full]
    numeric = sum(is_number(row[free]) for row in wide)
    if region.delimiter and wide and numeric > 0.5 * len(wide):
        return region  # all is shifted by one: no words stand there
    made = replace(region, free=free, width=full)
    if not region.delimiter:
        made = replace(made, lead=_without_units(below, free, _in_place(below, free)))
    return made


def _without_units(
    below: list[str], free: int, lead: Callable[[str], bool] | None
) -> Callable[[str], bool] | None:
    """A test that also finds free text that begins with km: its number was taken for a value."""

    def begins_with_unit(line: str) -> bool:
        words = line.split()
        return len(words) > free and DISTANCE.fullmatch(words[free]) is not None

    if sum(map(begins_with_unit, below)) > 0.5 * len(below):
        return lead
    return lambda line: not begins_with_unit(line) and (lead is None or lead(line))


def _in_place(below: list[str], count: int) -> Callable[[str], bool] | None:
    """A test whether the first columns of a line stand where they do in others; None if they don't.

    Without it a missing value would move those behind it one to the left, and a word of the free
    text into their place.
    """
    starts = [
        [m.span() for m, _ in zip(re.finditer(r"\S+", li), range(count), strict=False)]
        for li in below
    ]
    starts = [spans for spans in starts if len(spans) == count]
    if not starts or not count:
        return None
    if sum(
        "  " not in line.strip()[: spans[-1][1]] for line, spans in zip(below, starts, strict=False)
    ) >= NEARLY_ALL * len(starts):

        def single(line: str) -> bool:
            parts = line.strip().split(" ", count)
            return all(parts[:count])

        return single
    usual = [
        (float(np.median([s[j][0] for s in starts])), float(np.median([s[j][1] for s in starts])))
        for j in range(count)
    ]

    def aligned(line: str) -> bool:
        spans = [m.span() for m, _ in zip(re.finditer(r"\S+", line), range(count), strict=False)]
        if len(spans) < count:
            return False
        return all(_nearest(span, usual) == j for j, span in enumerate(spans))

    fitting = sum(map(aligned, below))
    return aligned if fitting > 0.5 * len(below) else None


def _slots(below: list[str], count: int, *, free: bool) -> tuple[tuple[int, int], ...]:
    """Where the columns stand, if some characters are blank in all lines between them.

    Words of a last column that is ``free`` must begin below each other.
    """
    lines = [line.expandtabs().rstrip() for line in below]
    width = max(map(len, lines))
    used = np.zeros(width + 1, dtype=np.bool_)
    for line in lines:
        used[: len(line)] |= np.array([ch != " " for ch in line])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], used]).astype(np.int8)))
    runs = list(itertools.pairwise(edges.tolist()))[::2]
    if len(runs) < count or (len(runs) > count and not free):
        return ()
    slots = (*runs[: count - 1], (runs[count - 1][0], width if free else runs[count - 1][1]))
    fitting = sum(bool(placed(line, slots, free=free)) for line in lines)
    return slots if fitting > 0.9 * len(lines) and len(lines) >= FEW_LINES else ()


def placed(line: str, slots: Sequence[tuple[int, int]], *, free: bool) -> list[str]:
    """The fields of a line by where they stand, empty where nothing does; none if they are shifted.

    A field is taken for missing only if those behind it stand in their places up to the last.
    """
    line = line.expandtabs().rstrip()
    begin = slots[-1][0]
    row = [""] * len(slots)
    end = begin if free else len(line)
    if free and line[begin - 1 : begin].strip():
        return []
    for found in re.finditer(r"\S+", line[:end]):
        at = [j for j, (a, b) in enumerate(slots) if found.start() < b and found.end() > a]
        if len(at) != 1 or row[at[0]]:
            return []
        row[at[0]] = found[0]
    if free:
        if line[begin : begin + 1] == " ":
            return []
        row[-1] = line[begin:]
    whole = row[:-1] if free else row
    return row if row[-1] or all(whole) else []


def _nearest(span: tuple[int, int], usual: list[tuple[float, float]]) -> int:
    """Which of the usual spans of characters one overlaps most, or is nearest to."""
    overlaps = [min(span[1], b) - max(span[0], a) for a, b in usual]
    return max(range(len(usual)), key=lambda j: overlaps[j])


def rows_of(lines: list[str], region: Region, *, comments: bool) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every row below the header.

    A row is one line, also where quotes are left open: a reader that goes on to the next quote
    would swallow the events in between. Lines of dashes or units right below the header are none.
    """
    header = lines[region.header - 1].strip() if region.header else ""
    plain = header.lstrip(COMMENT)
    started = not comments
    again = lines[region.header - 1] if region.header and comments else None
    plainly = not region.padded and region.free is None and not region.slots
    delimiter = region.delimiter
    for number, line in enumerate(lines[region.first :], start=region.first + 1):
        if not line.strip():
            continue
        if line[0] in COMMENT and (comments or line.strip().lstrip(COMMENT) == plain):
            continue
        if not started:
            if number <= region.first + 4 and (
                RULER.fullmatch(line) or not any(map(str.isdigit, line))
            ):
                continue
            started = True
        if line == again:
            continue  # a header that comes again, where files were put together
        row = fields_of(line, delimiter) if plainly else region.fields(line)
        if row and not any(row):  # delimiters only, as spreadsheets leave them
            continue
        yield number, row


def events_below(
    lines: list[str], region: Region, where: str, *, comments: bool
) -> Iterator[tuple[int, list[str]]]:
    """The rows of ``rows_of``, without headers that come again.

    Raises
    ------
    InputError
        For one with other names, by which the rows below it are not read.
    """
    looked = comments and region.header > 0
    header = normalised(lines[region.header - 1]) if looked else ""
    for number, row in rows_of(lines, region, comments=comments):
        line = lines[number - 1]
        if looked and DIGIT.search(line) is None:
            known = sum(bool({*heading(field).keys} & KNOWN_NAMES) for field in row)
            if normalised(line) == header:
                continue
            if known >= max(3, 0.5 * len(region.names)):
                raise InputError(
                    f"{where} line {number} names columns otherwise than line {region.header}: "
                    "make each table a file of its own, and add the second to the catalog of the "
                    "first by `recast catalogs append`"
                )
        yield number, row


def count_lines(n: int) -> str:
    """``1 line``, ``2 lines``."""
    return "1 line" if n == 1 else f"{n} lines"
