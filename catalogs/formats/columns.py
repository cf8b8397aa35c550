"""What the columns of a table mean, by their names in many languages and by their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from catalogs.errors import InputError
from catalogs.event_types import compared, is_known, is_other
from catalogs.formats.names import (
    ALIASES,
    CALENDAR,
    COMPASS,
    FRACTIONS,
    FREE_TEXT,
    KNOWN_NAMES,
    LOCAL_WORDS,
    MAGNITUDE_TYPES,
    MINUTES,
    NEXT,
    ROLES_OF_TIME,
    SHORT,
    SIDE_NAMES,
    UNIT_WORDS,
    UNRELATED,
    UTC_WORDS,
    counts_time,
    normalised,
)

NO_DAY = (
    r"(?:1899[-/.]12[-/.]3[01]|(?:3[01][-/.]12|12[-/.]3[01])[-/.]1899|190[04][-/.]0?1[-/.]0?[01]"
    r"|0?[01][-/.]0?[01][-/.]190[04]|0 days)[T\s]+"
)
"""What databases and spreadsheets write before a time of day without a date: their day 0."""

CLOCK = re.compile(
    rf"\s*(?:{NO_DAY})?"
    r"\d{1,2}\s*[:hH时時点點]\s*\d{1,2}\s*([:m'分]\s*(\d{1,2}([.,]\d*)?\s*(s|''|秒)?)?)?"
    r"\s*([APap]\.?\s*[Mm]\.?)?"
    r"\s*(Z|z|\(?(UTC|GMT)\s*[+-]\s*\d{1,2}(:?\d{2})?\)?"
    r"|\(?[A-Z]{2,5}\)?|[+-]\d{2}(:?\d{2})?)?\s*"
)
"""A time of day as it is written."""

MIDNIGHT = r"(?:[T\s]+0?0:00(?::00(?:\.0*)?)?)Z?$"
"""What databases write behind a date without a time of day."""

_WEEKDAY = r"(?:[^\W\d]+,?\s+)?"
DAY = re.compile(
    rf"\s*\d{{1,4}}([-/.])\s*\d{{1,2}}\1\s*\d{{1,4}}\s*(?:{MIDNIGHT})?|[12]\d{{7}}|\d{{4}}-\d{{3}}"
    rf"|{_WEEKDAY}\d{{1,4}}[-/.,\s]*[^\W\d]{{3,10}}\.?[-/.,\s]+\d{{1,4}}"
    rf"|{_WEEKDAY}[^\W\d]{{3,10}}\.?[-/\s]*\d{{1,2}}(?:st|nd|rd|th)?[,\s/-]+\d{{4}}"
    r"|\d{4}年\s*\d{1,2}月\s*\d{1,2}日?"
)
"""A date without a time of day."""

SIX_DIGITS = re.compile(r"\d{6}")
"""A date of a short year, if a time of day stands beside it."""

DAY_SHARE = re.compile(r"[01]|0?[.,]\d+|1[.,]0+|\d(?:[.,]\d+)?[eE]-\d+")
"""A time of day as spreadsheets keep it, as a share of the day: 0.0670 is 01:36:29."""

SHORT_CLOCK = re.compile(r"\s*\d{1,2}\s*:?\s*\d{2}(\.0*)?\s*")
"""Hours and minutes."""

BLANKS = frozenset({"", "-", "nan", "NaN"})
"""Cells that hold nothing."""

PLAIN_NAME = re.compile(r"[^\s,;&|<>'\"()*?$`=\\#~!{}\[\]]+")
"""A name that is one word on a command line, and no list."""

SHOWN = 12
"""That many column names are listed in an error message."""

MAJORITY = 0.5

WAYS = ({"time"}, {"date"}, {"year", "month", "day"}, {"year", "day_of_year"})
"""Columns any of which tell the day."""

NONE = "none"
"""What ``chosen`` may say in place of a column: the file has none for this role."""


@dataclass(frozen=True)
class Heading:
    """A column's name, taken apart: ``Origin Time (UTC+8)`` is ``origintime`` in ``UTC+8``."""

    name: str
    whole: str
    key: str
    unit: str
    mark: int

    @property
    def keys(self) -> tuple[str, ...]:
        """Normalised names under which the column may be known, the most telling first."""
        return tuple(dict.fromkeys(k for k in (self.whole, self.key) if k))


@cache
def heading(name: str) -> Heading:
    """A column's name without its unit and without the words UTC and local."""
    name = name.replace("\uff08", "(").replace("\uff09", ")")
    unit = " ".join(part for pair in re.findall(r"\(([^)]*)\)|\[([^]]*)\]", name) for part in pair)
    plain = re.sub(r"\([^)]*\)|\[[^]]*\]", " ", name)
    words = [normalised(word) for word in re.split(r"[\s_./\-]+", plain)]
    words = [word for word in words if word]
    marked = {*words, *(normalised(word) for word in re.split(r"[\s_+\-:0-9]+", unit))}
    mark = 0 if marked & {*UTC_WORDS} else 2 if marked & {*LOCAL_WORDS} else 1
    rest = [word for word in words if word not in {*UTC_WORDS, *LOCAL_WORDS}]
    if len(rest) > 1 and rest[-1] in UNIT_WORDS:
        unit = f"{unit} {rest.pop()}"
    key = "".join(rest)
    if len(rest) == 1 and rest == words:  # datetimeutc, UTCtime
        for word in UTC_WORDS:
            shorter = key.removesuffix(word) if key.endswith(word) else key.removeprefix(word)
            if shorter != key and shorter:
                key, mark = shorter, 0
        if key.startswith("local") and key != "local":
            key, mark = key.removeprefix("local"), 2
    if not rest and words:  # a column that is called UTC
        key = words[0]
    return Heading(name, normalised(name), key, unit.strip(), mark)


def find_columns(
    names: Sequence[str],
    where: str,
    chosen: Mapping[str, str] | None = None,
    sample: Sequence[Sequence[str]] = (),
) -> dict[str, int]:
    """Position of the column that plays each role.

    Parameters
    ----------
    names : sequence of str
        Column names as the file has them.
    where : str
        The file, for error messages.
    chosen : mapping, optional
        Role -> column name, or its number from 1, where the usual names don't fit; ``none`` where
        the file has no such column. Of several for the magnitude, apart by commas, the first is
        meant, and ``further_magnitudes`` has the rest.
    sample : sequence of rows
        Some rows of the table: names that may mean several things are told by the values.

    Returns
    -------
    dict
        Always ``magnitude``, and ``time``, or ``date`` with or without ``clock``, or ``year``,
        ``month`` and ``day``; further roles where the file has them.

    Raises
    ------
    InputError
        For a choice that the file doesn't have, no time or magnitude, several of equal rank, and
        for a date or clock of which a part is not found.
    """
    columns = _Columns(tuple(map(heading, names)), where, sample)
    found, refused = columns.chosen(chosen or {})
    columns.find_times(found, refused)
    for role in ALIASES:
        if role not in {*found, *refused, *ROLES_OF_TIME}:
            columns.find(role, found)
    if "event_type" not in {*found, *refused}:
        columns.find_types(found)
    for role in ("time", "magnitude"):
        ways = WAYS if role == "time" else ({role},)
        if not any(way <= found.keys() for way in ways):
            raise InputError(
                f"{where}: no column for the {role} among {_listed(names)}: name it with "
                f"`columns` {role}=NAME"
            )
    return {role: found[role] for role in sorted(found, key=_order)}


FURTHER, OTHER = "magnitude ", "other magnitude "
"""Roles begin so of columns that are asked where others have no magnitude, and that might be."""


def further_magnitudes(
    names: Sequence[str],
    where: str,
    chosen: Mapping[str, str],
    positions: Mapping[str, int],
    sample: Sequence[Sequence[str]],
) -> dict[str, int]:
    """Columns of magnitudes besides the one in ``positions``: those chosen, and those that are not.

    The roles of the former are ``magnitude 2`` and so on, in their order, those of the latter
    ``other magnitude 1`` and so on, Mw first.
    """
    columns = _Columns(tuple(map(heading, names)), where, sample)
    asked = columns.named("magnitude", chosen["magnitude"]) if "magnitude" in chosen else []
    found = {f"{FURTHER}{n}": i for n, i in enumerate(asked[1:], start=2)}
    taken = {*positions.values(), *asked}
    others = [i for _, i in columns.candidates("magnitude", taken)]
    others = [i for i in others if any(map(_tells, columns.values(i)))]
    others.sort(key=lambda i: not columns.headings[i].key.startswith("mw"))
    return found | {f"{OTHER}{n}": i for n, i in enumerate(others, start=1)}


def in_turn(names: Sequence[str]) -> str:
    """Columns of magnitudes as an option lists them, in quotes where one is no single word."""
    listed = ",".join(name.strip() for name in names)
    return listed if all(map(PLAIN_NAME.fullmatch, names)) else f'"{listed}"'


def unused(names: Sequence[str], positions: Mapping[str, int]) -> tuple[str, ...]:
    """The columns that play no role."""
    used = {i for role, i in positions.items() if not role.startswith(OTHER)}
    rest = (name.strip() for i, name in enumerate(names) if i not in used)
    return tuple(filter(None, rest))


HALVES = frozenset({"am", "pm", "a.m.", "p.m.", "a. m.", "p. m.", "上午", "下午", "午前", "午後"})
"""Values of a column of halves of the day."""

HALF_NAMES = frozenset({"ampm", "amorpm", "meridiem"})

OFFSET_NAMES = frozenset(
    {"tz", "timezone", "timezoneoffset", "tzoffset", "offset", "utcoffset", "gmtoffset"}
    | {"zonahoraria", "husohorario", "fusohorario", "fusoorario", "fuseauhoraire", "zeitzone"}
    | {"saatdilimi", "时区", "時區", "utcdiff"}
)

ZONE_NAMES = frozenset({"zone", "zona", "fuso", "huso", "fuseau"})
"""The same, or regions."""

ABBREVIATION = re.compile(r"UTC|GMT|[A-Z]{2,3}T|MEZ|MESZ|MSK|WIB|WITA")

STATES = frozenset({"status", "eventstatus", "evaluationstatus", "estatus", "durum"})
"""Names of a column that says whether an event was reviewed, or taken back."""

OFFSET = re.compile(r"Z|(UTC|GMT)(\s*[+-]\s*\d{1,2}(:?\d\d)?)?|[+-]\d\d:\d\d")
"""An offset from UTC that is nothing else."""


def beside_times(
    names: Sequence[str], sample: Sequence[Sequence[str]], taken: Collection[int]
) -> dict[str, int]:
    """Columns that say of each time in which half of the day, or in which zone, it is.

    And what part of a second it has, whether it was reviewed, or taken back.
    """
    found: dict[str, int] = {}
    states = [i for i, name in enumerate(names) if normalised(name) in STATES and i not in taken]
    if states:
        found["state"] = states[0]
    for i, name in enumerate(names):
        cells = {row[i].strip() for row in sample if i < len(row)} - {"", "nan", "None", "NaN"}
        if i in taken or not cells:
            continue
        if "fraction" not in found and normalised(name) in FRACTIONS:
            found["fraction"] = i
        key, lower = normalised(name), {cell.lower() for cell in cells}
        short = key in HALF_NAMES and lower <= {"a", "p"}
        if "am/pm" not in found and (lower <= HALVES or short):
            found["am/pm"] = i
        signed = any(len(cell) > 1 for cell in cells) and all(map(OFFSET.fullmatch, cells))
        known = key in OFFSET_NAMES and (key != "offset" or signed)
        known = known or (key in ZONE_NAMES and all(map(ABBREVIATION.fullmatch, cells)))
        if "offset" not in found and (known or signed):
            found["offset"] = i
    return found


def beside_places(
    names: Sequence[str], sample: Sequence[Sequence[str]], positions: Mapping[str, int]
) -> dict[str, int]:
    """Columns that hold the side of another, N or S, E or W, or the minutes of an angle.

    Letters may stand for other things, as S for sismo: a column of sides is called so, or stands
    behind the degrees under a name that means nothing else.
    """
    found, taken = {}, {*positions.values()}
    for role, sides in COMPASS.items():
        for i, name in enumerate(names):
            cells = {normalised(row[i]) for row in sample if i < len(row)} - {""}
            if i in taken or not cells or not cells <= sides.keys():
                continue
            if i == positions.get(role, i) + 1 and not _means_otherwise(name):
                found[f"{role} sign"] = i
                break
            if _names_sides(role, name):
                found.setdefault(f"{role} sign", i)
    for role, known in MINUTES.items():
        for i, name in enumerate(names):
            if i not in taken and normalised(name) in known:
                found[f"{role} minutes"] = i
                break
    return found


def _names_sides(role: str, name: str) -> bool:
    """Whether a column is called one of sides: N/S, lat_dir, hemisferio longitud."""
    key, sides = normalised(name), COMPASS[role]
    if key in sides or (len(key) == 2 and {*key} <= sides.keys()):
        return True
    called = any(key.startswith(n) or key.endswith(n) for n in ALIASES[role][0] if len(n) > 2)
    return called or key in SIDE_NAMES


def _means_otherwise(name: str) -> bool:
    keys = {*heading(name).keys}
    return bool(keys & (UNRELATED | KNOWN_NAMES)) and normalised(name) not in SIDE_NAMES


def _order(role: str) -> int:
    return list(ALIASES).index(role)


@dataclass(frozen=True)
class _Columns:
    headings: tuple[Heading, ...]
    where: str
    sample: Sequence[Sequence[str]]

    def name(self, i: int) -> str:
        """As the file has it, or the number of a column without one."""
        return self.headings[i].name.strip() or str(i + 1)

    def values(self, i: int) -> list[str]:
        """What the sample holds in a column, but for empty cells."""
        cells = (row[i].strip() for row in self.sample if i < len(row))
        return [cell for cell in cells if cell not in BLANKS]

    def fill_each_other(self, columns: Sequence[int]) -> bool:
        """Whether a row of the sample has a number in one of the columns and nothing in another."""
        rows = ([row[i].strip() for i in columns if i < len(row)] for row in self.sample)
        return any(any(map(_tells, row)) and any(map(_holds_nothing, row)) for row in rows)

    def chosen(self, chosen: Mapping[str, str]) -> tuple[dict[str, int], set[str]]:
        """Positions of the columns that were named, and the roles that are to stay empty."""
        exact = {h.name.strip() for h in self.headings}
        found, refused = {}, set()
        for given, name in chosen.items():
            role = "depth_km" if given == "depth" else given
            if role not in ALIASES:
                raise InputError(
                    f"`columns` {given}={name}: no such column in a catalog; choose one of "
                    f"{', '.join(ALIASES)}"
                )
            if name.strip() == NONE and NONE not in exact:
                refused.add(role)
                continue
            found[role] = self.named(given, name)[0]
        return found, refused

    def named(self, role: str, name: str) -> list[int]:
        """The column that was named for a role, or of magnitudes several, apart by commas."""
        whole = self.position(name)
        if whole is not None:
            return [whole]
        parts = [part for part in name.split(",") if part.strip()] if role == "magnitude" else []
        found = []
        for part in parts if len(parts) > 1 else [name]:
            position = self.position(part)
            if position is None:
                names = [h.name for h in self.headings]
                raise InputError(
                    f"{self.where}: no column {part!r} (from `columns` {role}={name}) among "
                    f"{_listed(names)}"
                )
            found.append(position)
        return [*dict.fromkeys(found)]

    def position(self, name: str) -> int | None:
        """The column of a name, whatever the case of its letters, or of a number from 1."""
        text, names = name.strip(), [h.name.strip() for h in self.headings]
        if text in names:
            return names.index(text)
        loose = [h.whole for h in self.headings]
        if normalised(name) in loose:
            return loose.index(normalised(name))
        if (bare := [h.key for h in self.headings]).count(normalised(name)) == 1:
            return bare.index(normalised(name))  # without its unit
        return int(text) - 1 if text in {str(i + 1) for i in range(len(names))} else None

    def written(self, i: int) -> str:
        """How a column is named in a list: by its number where the name would not say which."""
        name = self.name(i)
        again = sum(h.name.strip() == name for h in self.headings) > 1
        return str(i + 1) if again or PLAIN_NAME.fullmatch(name) is None else name

    def in_turn(self, columns: Sequence[int]) -> str:
        """Columns of magnitudes in an order of preference: Mw, then as they come."""
        ranked = sorted(columns, key=lambda i: not self.headings[i].key.startswith("mw"))
        return ",".join(map(self.written, ranked))

    def candidates(self, role: str, taken: set[int]) -> list[tuple[tuple[int, ...], int]]:
        """Columns that may play a role, with their rank: UTC before local, then by name."""
        ranked = []
        for i, head in enumerate(self.headings):
            if i in taken:
                continue
            for j, key in enumerate(head.keys):
                tier = next((t for t, tier in enumerate(ALIASES[role]) if key in tier), None)
                if tier is not None and self.may_be(role, tier, i):
                    mark = head.mark if role in {"time", "date", "clock"} else 0
                    ranked.append(((mark, tier, j), i))
                    break
        return sorted(ranked)

    def may_be(self, role: str, tier: int, i: int) -> bool:
        """Whether a column's values allow what its name only suggests."""
        cells = self.values(i)
        if role == "event_type":
            return tier == 0 or not cells or is_event_type(cells)
        if role == "magnitude_type" and tier:
            return bool(cells) and _share(cells, _is_magnitude_type) > MAJORITY
        if role == "date" and tier:
            return bool(cells) and _share(cells, lambda c: sum(map(str.isdigit, c)) >= 4) > MAJORITY
        if role == "clock" and tier:
            return self.are_clocks(i)
        if role == "hour" and tier:
            return not cells or _share(cells, lambda c: _within(c, 24)) > MAJORITY
        return role != "event_id" or not _says_types(cells)

    def find(self, role: str, found: dict[str, int]) -> None:
        """Note the column that plays a role, if there is one."""
        ranked = self.candidates(role, {*found.values()})
        if not ranked:
            return
        best = [i for rank, i in ranked if rank == ranked[0][0]]
        if len(best) > 1:
            filled = [i for i in best if any(map(_tells, self.values(i)))]
            best = filled if len(filled) == 1 else best
        if len(best) > 1 and role in {"event_type", "magnitude_type", "event_id"}:
            best = best[:1] if role != "magnitude_type" else self.beside(best, found)
        if len(best) > 1:
            listed = ", ".join(self.name(i) for i in best[:-1]) + f" and {self.name(best[-1])}"
            fullest = max(best, key=lambda i: sum(map(_tells, self.values(i))))
            name = self.name(fullest)
            if len({self.name(i) for i in best}) < len(best):
                name = str(fullest + 1)
            choose = f"choose one with `columns` {role}={name}"
            if role == "magnitude" and self.fill_each_other(best):
                choose = (
                    f"choose one, or take of each row the first that has a value, with `columns` "
                    f"{role}={self.in_turn(best)}"
                )
            raise InputError(f"{self.where}: columns {listed} could each be the {role}: {choose}")
        found[role] = best[0]

    def find_types(self, found: dict[str, int]) -> None:
        """Note a column that holds types of events, blasts among them, whatever it is called."""
        for i, head in enumerate(self.headings):
            free = i not in found.values() and not {*head.keys} & FREE_TEXT
            if free and _says_types(self.values(i)):
                found["event_type"] = i
                return

    def beside(self, columns: list[int], found: Mapping[str, int]) -> list[int]:
        """The column closest to the magnitude."""
        at = found.get("magnitude", 0)
        return [min(columns, key=lambda i: abs(i - at))]

    def find_times(self, found: dict[str, int], refused: set[str]) -> None:
        """Note the columns by which times are told: one way of saying it, and a whole one."""
        given = found.keys() & {*ROLES_OF_TIME}
        if given and "time" not in found and not given & {"date", "clock"}:
            self.find_calendar(found, refused)  # parts of a calendar were named
            self.join_hours(found)
            self.refuse_holes(found, refused)
            return
        self.find_days(found, refused)
        if "date" in found:
            self.find_clock(found, refused)
            self.find_seconds(found, refused)
            if not {"clock", "time"} & found.keys() and not self.dates_have_clocks(found["date"]):
                self.find_calendar(found, refused, CALENDAR[3:])
                self.refuse_no_hour(found, refused)
        elif "time" in found:
            if "time" not in given or self.may_be_days(found["time"]):
                self.settle_time(found, refused)
        elif "clock" in found:
            self.find_calendar(found, refused, CALENDAR[:3])
            self.find_seconds(found, refused)
        elif (counts := self.counted(found, refused)) is not None:
            found["time"] = counts
        else:
            self.find_calendar(found, refused)
            self.join_hours(found)
            if {"year", "month", "day"} <= found.keys() and "hour" not in found:
                self.find("clock", found)
                self.find_seconds(found, refused)
            self.refuse_holes(found, refused)
        self.refuse_lost_clock(found, refused)

    def counted(self, found: Mapping[str, int], refused: set[str]) -> int | None:
        """The column that counts a unit of time since something, if no column holds years."""
        taken = {*found.values()}
        if "time" in refused or any(self.candidates(r, taken) for r in ("year", "day_of_year")):
            return None
        named = [i for i, h in enumerate(self.headings) if counts_time(h.name) and i not in taken]
        columns = [i for i in named if _share(self.values(i), _tells) > MAJORITY]
        return columns[0] if len(columns) == 1 else None

    def refuse_no_hour(self, found: Mapping[str, int], refused: set[str]) -> None:
        """Raise an InputError for minutes or seconds without hours: they may be of the day."""
        finer = [part for part in ("minute", "second") if part in found]
        if finer and "hour" not in {*found, *refused}:
            raise InputError(
                f"{self.where}: column {self.name(found[finer[0]])} beside the dates of "
                f"{self.name(found['date'])}, but none for the hour: name it with `columns` "
                f"hour=NAME; if there is none, write times as 2019-07-06T03:19:53, or pass over it "
                f"with `columns` {finer[0]}={NONE}"
            )

    def find_days(self, found: dict[str, int], refused: set[str]) -> None:
        """A column of times or of dates, the latter for a clock that was named."""
        named = "time" in found
        for role in () if named else ("date",) if "clock" in found else ("time", "date"):
            if role not in {*found, *refused} and not (role == "time" and "date" in found):
                self.find(role, found)
        if "clock" not in found or "date" in {*found, *refused}:
            return
        times = [i for _, i in self.candidates("time", {*found.values()})]
        days = [i for i in ([found["time"]] if named else times) if self.may_be_days(i)]
        if days:
            found.pop("time", None)
            found["date"] = days[0]
        elif named:
            del found["clock"]  # the time says it all

    def refuse_lost_clock(self, found: Mapping[str, int], refused: set[str]) -> None:
        """Raise an InputError where days are all that is read, but a column is called a clock."""
        days = {"day"} & found.keys() or [
            role for role in ("date", "time") if role in found and self.may_be_days(found[role])
        ]
        if not days or {"clock", "hour"} & {*found, *refused}:
            return
        for i, head in enumerate(self.headings):
            cells = self.values(i)
            named = any(key in tier for key in head.keys for tier in ALIASES["clock"])
            if i in found.values() or not named or not _share(cells, _has_digits) > MAJORITY:
                continue
            raise InputError(
                f"{self.where}: column {self.name(i)} may be the time of day, but {cells[0]!r} is "
                f"written in no way that is known: write 13:31:58.5, or say `columns` "
                f"clock={self.name(i)}, or `columns` clock={NONE} if it is not"
            )

    def settle_time(self, found: dict[str, int], refused: set[str]) -> None:
        """A column called time may be a date beside a clock, or a clock beside a calendar."""
        at = found["time"]
        trial = {role: i for role, i in found.items() if role != "time"}
        self.find_calendar(trial, refused, CALENDAR[:3])
        if {"year", "month", "day"} <= trial.keys() and self.are_clocks(at):
            del found["time"]
            found.update(trial)
            found["clock"] = at
            self.find_seconds(found, refused)
        elif self.may_be_days(at) and self.candidates("clock", {*found.values()}):
            found["date"] = found.pop("time")
            self.find_clock(found, refused)

    def are_clocks(self, i: int) -> bool:
        """Whether a column holds times of day, also as digits only: 013635.52."""
        cells = self.values(i)
        if _share(cells, _is_clock) > MAJORITY or are_day_shares(cells):
            return True
        width = max((len(cell.partition(".")[0]) for cell in cells), default=0)
        compact = _share(cells, lambda cell: _is_compact_clock(cell, width)) > 0.98
        return self.are_hhmm(i) or (width > 4 and compact)

    def are_hhmm(self, i: int) -> bool:
        """Whether a column holds hours and minutes as one number: 1331."""
        cells = self.values(i)
        mostly = _share(cells, lambda cell: len(cell.partition(".")[0]) > 2) > MAJORITY
        return mostly and _share(cells, _is_hhmm) > 0.98

    def join_hours(self, found: dict[str, int]) -> None:
        """Hours of four digits hold the minutes as well, if nothing else does."""
        if "hour" in found and "minute" not in found and self.are_hhmm(found["hour"]):
            found["clock"] = found.pop("hour")

    def are_days(self, i: int) -> bool:
        """Whether a column holds dates without a time of day."""
        cells = self.values(i)
        return bool(cells) and _share(cells, lambda c: DAY.fullmatch(c) is not None) > MAJORITY

    def may_be_days(self, i: int) -> bool:
        """Whether a column holds dates, be they of six digits, if another one holds clocks."""
        short = _share(self.values(i), lambda c: SIX_DIGITS.fullmatch(c) is not None) > MAJORITY
        return short or self.are_days(i)

    def find_clock(self, found: dict[str, int], refused: set[str]) -> None:
        """The time of day that goes with a date: by its name, else by its values."""
        if "clock" in found or "clock" in refused:
            return
        if "time" in found:
            self.settle_date(found)
            return
        if self.dates_have_clocks(found["date"]):
            return
        utc = self.headings[found["date"]].mark == 0
        ranked = [
            (rank, i)
            for role in ("clock", "time")
            if role not in refused
            for rank, i in self.candidates(role, {*found.values()})
            if not (utc and rank[0] == 2)
        ]
        if ranked:
            self.refuse_other_day(found["date"], [i for _, i in sorted(ranked)])
            found["clock"] = min(ranked)[1]
        elif not self.candidates("hour", {*found.values()}):
            self.find_clock_by_values(found)

    def refuse_other_day(self, date: int, clocks: Sequence[int]) -> None:
        """Raise an InputError for a date that may go with the local one of two clocks."""
        local = [i for i in clocks if self.headings[i].mark == 2]
        if local and self.headings[clocks[0]].mark == 0 and self.headings[date].mark == 1:
            raise InputError(
                f"{self.where}: column {self.name(date)} may be the day of {self.name(clocks[0])} "
                f"or of {self.name(local[0])}: say `columns` clock={self.written(clocks[0])}, or "
                f"`columns` clock={self.written(local[0])} and its zone, as in `time_zone` +08:00"
            )

    def settle_date(self, found: dict[str, int]) -> None:
        """Decide whether a time beside a date is a clock, or one of the two says it all."""
        at = found["time"]
        if self.dates_have_clocks(found["date"]):
            del found["time"]
        elif self.are_clocks(at):
            found["clock"] = found.pop("time")
        elif self.are_days(found["date"]) and self.are_small(at):
            raise InputError(
                f"{self.where}: column {self.name(at)} holds numbers such as "
                f"{self.values(at)[0]!r} beside the dates of {self.name(found['date'])}: if they "
                f"are times of day, say `columns` clock={self.name(at)}; if not, `columns` "
                f"time={NONE}"
            )
        else:
            del found["date"]

    def are_small(self, i: int) -> bool:
        """Whether a column holds numbers that may be times of day, and is not named otherwise."""
        cells = self.values(i)
        small = bool(cells) and _share(cells, lambda cell: _within(cell, 240_001)) > MAJORITY
        return small and self.headings[i].key in {"time", "origintime", "ot", "otime", "eventtime"}

    def find_clock_by_values(self, found: dict[str, int]) -> None:
        """The one column of times of day, whatever its name."""
        free = [i for i in range(len(self.headings)) if i not in found.values()]
        clocks = [i for i in free if self.values(i) and _share(self.values(i), _is_clock) > 0.9]
        if len(clocks) == 1:
            found["clock"] = clocks[0]
        elif clocks:
            listed = " and ".join(map(self.name, clocks))
            raise InputError(
                f"{self.where}: columns {listed} could each be the time of day: choose one with "
                f"`columns` clock={self.name(clocks[0])}"
            )

    def find_seconds(self, found: dict[str, int], refused: set[str]) -> None:
        """Seconds in a column of their own, beside a time of day in hours and minutes."""
        if "clock" not in found or "second" in refused:
            return
        cells = self.values(found["clock"])
        short = _share(cells, lambda cell: SHORT_CLOCK.fullmatch(cell) is not None) > 0.9
        if short or self.are_hhmm(found["clock"]):
            self.find("second", found)

    def dates_have_clocks(self, i: int) -> bool:
        """Whether the dates of a column hold times of day as well."""
        cells = [cell for cell in self.values(i) if ":" in cell and len(cell) > 10]
        midnights = sum(DAY.fullmatch(cell) is not None for cell in cells)
        return len(cells) - midnights > MAJORITY * len(self.values(i))

    def find_calendar(
        self, found: dict[str, int], refused: set[str], parts: Sequence[str] = CALENDAR
    ) -> None:
        """Year to second by name, and by place where a short name may mean two things."""
        taken = {*found.values()}
        role_of: dict[int, str] = {i: role for role, i in found.items() if role in CALENDAR}
        for i, head in enumerate(self.headings):
            if i in taken:
                continue
            before = role_of.get(i - 1)
            keys = head.keys
            expected = NEXT.get(before or "")
            if before == "day" and "month" in role_of.values():
                expected = "year" if "year" not in role_of.values() else "hour"
            for role in dict.fromkeys([expected, *CALENDAR] if expected else CALENDAR):
                if role in role_of.values() or role in refused or role not in parts:
                    continue
                named = next((t for t, tier in enumerate(ALIASES[role]) if {*keys} & tier), None)
                short = role == expected or (
                    role in {"year", "day", "hour"} and self.begins(i, role)
                )
                if named is not None and (named == 0 or self.better(role, i)):
                    if not (role == "month" and {*keys} & SHORT["minute"] and before == "hour"):
                        role_of[i] = role
                        break
                elif short and {*keys} & SHORT[role]:
                    role_of[i] = role
                    break
        found.update({role: i for i, role in role_of.items()})
        if "year" in found and not {"month", "day"} & found.keys():
            self.find("day_of_year", found)

    def better(self, role: str, i: int) -> bool:
        """Whether no other column has a name of that role that means nothing else."""
        return not any(
            {*head.keys} & ALIASES[role][0] for j, head in enumerate(self.headings) if j != i
        ) and self.may_be(role, 1, i)

    def begins(self, i: int, role: str) -> bool:
        """Whether short names of the next two parts follow: y m d, d m y, or h m s."""
        runs = {"year": ("month", "day"), "day": ("month", "year"), "hour": ("minute", "second")}
        rest = self.headings[i + 1 : i + 3]
        return len(rest) == 2 and all(
            {*head.keys} & (SHORT[part] | ALIASES[part][0] | ALIASES[part][-1])
            for head, part in zip(rest, runs[role], strict=True)
        )

    def refuse_holes(self, found: Mapping[str, int], refused: set[str]) -> None:
        """Raise an InputError where a part of a calendar is missing between or behind others."""
        if "clock" in found or not found.keys() & {*CALENDAR}:
            return
        known = [part for part in CALENDAR if part in found]
        day_known = {"month", "day"} if "day_of_year" in found else set()
        for part in CALENDAR[: CALENDAR.index(known[-1])]:
            if part not in found and part not in {*refused, *day_known}:
                raise InputError(
                    f"{self.where}: columns for {', '.join(known)} but none for the {part} among "
                    f"{_listed([h.name for h in self.headings])}: name it with `columns` "
                    f"{part}=NAME"
                )
        if known[-1] == "second" or (len(known) < 3 and not day_known):
            return
        part = "hour" if known == ["year"] else CALENDAR[CALENDAR.index(known[-1]) + 1]
        at = max(found[name] for name in known) + 1
        limit = 24 if part == "hour" else 60
        if part in refused or at >= len(self.headings) or at in found.values():
            return
        cells = self.values(at)
        suspect = bool(cells) and _share(cells, lambda cell: _within(cell, limit)) > 0.95
        known_otherwise = any(
            key in UNRELATED or any(key in tier for tiers in ALIASES.values() for tier in tiers)
            for key in self.headings[at].keys
        )
        if suspect and len({*cells}) > 2 and not known_otherwise:
            raise InputError(
                f"{self.where}: column {self.name(at)} may be the {part}, for which no column is "
                f"named: say `columns` {part}={self.name(at)}, or `columns` {part}={NONE} if it is "
                "not"
            )


def is_event_type(cells: Sequence[str]) -> bool:
    """Whether values are types of events: most of them are known for one."""
    return _share(cells, lambda cell: is_known(compared(cell))) > MAJORITY


def _says_types(cells: Sequence[str]) -> bool:
    """Whether values are types of events in words, at least one of which is no earthquake."""
    words = [cell for cell in cells if len(cell) > 2 and not any(map(str.isdigit, cell))]
    if len(words) <= MAJORITY * len(cells) or not is_event_type(words):
        return False
    return any(is_other(compared(cell)) for cell in words)


def unknown_types(
    names: Sequence[str], positions: Mapping[str, int], sample: Sequence[Sequence[str]]
) -> tuple[str, list[str]] | None:
    """A column that is called type of event, but is used for nothing, and some of its values."""
    for i, name in enumerate(names):
        if i in positions.values() or "event_type" in positions:
            continue
        if any(key in tier for key in heading(name).keys for tier in ALIASES["event_type"]):
            cells = list(dict.fromkeys(row[i].strip() for row in sample if i < len(row)))
            if len(cells := [cell for cell in cells if cell]) > 1 and len(cells) <= SHOWN:
                return name.strip(), cells[:3]
    return None


def are_day_shares(cells: Sequence[str]) -> bool:
    """Whether times of day are written as shares of the day, most of them neither 0 nor a half."""
    if _share(cells, DAY_SHARE.fullmatch) <= 0.98:
        return False
    return _share(cells, lambda cell: len(cell) > 4) > MAJORITY


def _is_magnitude_type(cell: str) -> bool:
    return cell.lower() in MAGNITUDE_TYPES


def _is_clock(cell: str) -> bool:
    return CLOCK.fullmatch(cell) is not None


def _has_digits(cell: str) -> bool:
    return sum(map(str.isdigit, cell)) > 1


def _is_compact_clock(cell: str, width: int) -> bool:
    """Hours, minutes and seconds in digits only, of eight also hundredths."""
    digits, point, _ = cell.partition(".")
    if not digits.isdigit() or width > (6 if point else 8):
        return False
    digits = digits.zfill(6 if width <= 6 else 8)
    return int(digits[:2]) < 25 and int(digits[2:4]) < 61 and int(digits[4:6]) < 61


def _is_hhmm(cell: str) -> bool:
    digits, _, rest = cell.partition(".")
    if not (digits.isdigit() and len(digits) <= 4 and not rest.strip("0")):
        return False
    return int(digits) <= 2400 and int(digits) % 100 < 60


def _tells(cell: str) -> bool:
    """Whether a cell holds a number other than 0."""
    try:
        return float(cell.replace(",", ".")) != 0.0
    except ValueError:
        return False


def _holds_nothing(cell: str) -> bool:
    """Whether a cell is blank, or a sign for nothing as -.- is."""
    return cell in BLANKS or not any(map(str.isalnum, cell))


def _within(cell: str, limit: int) -> bool:
    try:
        return 0.0 <= float(cell) < limit
    except ValueError:
        return False


def _share(cells: Sequence[str], test: Callable[[str], object]) -> float:
    return sum(bool(test(cell)) for cell in cells) / len(cells) if cells else 0.0


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name.strip()[:30]) for name in names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown
