"""The zone of times: what columns, the text around a table and the user say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.errors import InputError
from catalogs.formats.cells import (
    EARLIEST_YEAR,
    LATEST_YEAR,
    NS_PER_SECOND,
    WRITE_TIMES,
    note,
    texts,
    utc_times,
)
from catalogs.formats.columns import heading
from catalogs.formats.names import PLACES_OF_ZONES, SHORT_PLACES, normalised
from catalogs.formats.parsed import Faults

OFFSET = re.compile(r"(?:UTC|GMT|UT)\s*([+\-\u2212])\s*(\d{1,2})(?::?(\d{2}))?", re.IGNORECASE)

UTC = re.compile(r"(?<![A-Za-z])(UTC|GMT|UT|TU|Zulu)(?![A-Za-z])|utc|UTC", re.ASCII)

ZONES = {
    "JST": 9,
    "KST": 9,
    "WIB": 7,
    "WITA": 8,
    "WIT": 9,
    "MSK": 3,
    "PHT": 8,
    "NZST": 12,
    "SGT": 8,
    "HKT": 8,
    "PHST": 8,
    "PKT": 5,
    "NPT": 5.75,
    "TRT": 3,
    "NZDT": 13,
    "AEST": 10,
    "AEDT": 11,
    "ACST": 9.5,
    "ACDT": 10.5,
    "AWST": 8,
    "CET": 1,
    "MEZ": 1,
    "CEST": 2,
    "MESZ": 2,
    "EET": 2,
    "EEST": 3,
    "EST": -5,
    "EDT": -4,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "AKST": -9,
    "AKDT": -8,
    "HST": -10,
}
"""Hours east of Greenwich of abbreviations that mean one zone."""

SEVERAL = frozenset({"CST", "CDT", "IST", "BST", "AST", "ADT", "GST", "SST", "ECT", "PT", "ET"})
"""Abbreviations of zones that are several, or change with the season."""

_WORD = r"(?<![A-Za-z])({})(?![A-Za-z])"

NAMED_ZONE = re.compile(_WORD.format("|".join([*ZONES, *SEVERAL])))
"""A zone by its abbreviation."""

_TIMES = (
    r"times?(?:[ -]?zone)?|horas?|heures?|ora|orari|zeit(?:en|zone)?|uhrzeit(?:en)?|waktu"
    r"|zona horaria|fuso orario|saat(?:ler)?"
)

_SMALL = (
    "are|is|in|the|all|given|stated|expressed|as|of|origin|standard|local|locale|lokal|oficial|time"
    "|zone|de|en|est|sont|ist|sind|e|sono|es|son|est[aá]n?|la|le"
)

SAID = re.compile(
    rf"(?i:\b(?:{_TIMES})(?:[\s:=(,-]|\b(?:{_SMALL})\b)*)"
    r"(?<![A-Za-z])((?:UTC|GMT)\s*[+\-\u2212]\s*\d{1,2}(?::?\d{2})?|[A-Z]{2,4})(?![A-Za-z])"
)
"""What text around a table says of the zone of its times, as in "all times are local (UTC-5)"."""

LOCAL = re.compile(
    r"\blocal\b|\blocale\b|\blokal|\boficial\b|\w+ (?:standard )?time\b"
    r"|当地|北京|本地|yerel|ortszeit|\bmez\b"
    r"|\btsi\b|\btsİ\b|местное|日本時間|日本標準時",
    re.IGNORECASE,
)

LOCAL_TEXT = re.compile(
    r"\blocal time\b|\bhora local\b|\bhora oficial\b|\bheure locale\b|\bora locale\b|\bortszeit\b"
    r"|\bwaktu setempat\b|\byerel saat\b|北京时间|当地时间|times? (?:are|is|in) local|日本時間",
    re.IGNORECASE,
)
"""What text around a table says of local times."""

NATIONAL = re.compile(
    r"fecha|hora|tarih|saat|zaman|tanggal|waktu|\bjam\b|\bdata\b|\bora\b|\bheure|uhrzeit",
    re.IGNORECASE,
)
"""Words of other languages than English in the name of a column of times."""

UNSTATED = "not stated, taken as UTC"

BESIDE = ("am/pm", "offset")
"""Columns that say more of the times of their rows."""


@dataclass(frozen=True)
class Zone:
    """Hours east of Greenwich, or a name, for times without an offset; and who says so.

    ``by_row`` is set where a column gives the offset of each.
    """

    value: float | str
    stated: str
    by_row: bool = False

    @property
    def is_utc(self) -> bool:
        """Whether nothing needs to be shifted."""
        return self.value == 0.0


def zone_in(name: str) -> Zone | Literal["local"] | None:
    """The zone that a column's name states: an offset, UTC, ``local`` for one that is not said."""
    if offset := OFFSET.search(name):
        hours = int(offset.group(2)) + int(offset.group(3) or 0) / 60.0
        return Zone(hours if offset.group(1) == "+" else -hours, f"column {name.strip()}")
    head = heading(name)
    if head.mark == 0 or UTC.search(name):
        return Zone(0.0, f"column {name.strip()}")
    named = {*NAMED_ZONE.findall(name)}
    first, *rest = re.findall(r"[A-Za-z]+", name) or [""]
    last = rest[-1].upper() if first and rest else ""
    if not named and len(last) > 2 and last in {*ZONES, *SEVERAL}:  # datetime_ist
        named = {last} if last != "EST" else {"EST", "estimate"}
    if len(named) == 1 and not named & SEVERAL:
        return Zone(float(ZONES[named.pop()]), f"column {name.strip()}")
    if named or head.mark == 2 or LOCAL.search(head.unit) or _says_where(name, head.unit):
        return "local"
    return "local" if re.fullmatch(r"[A-Z]{2,4}T", head.unit) else None


def _says_where(name: str, unit: str) -> bool:
    """Whether a column's name says in which country its clock stands."""
    words, short = ({*map(normalised, re.split(r"[\W\d_]+", text))} for text in (name, unit))
    return bool(words & PLACES_OF_ZONES or short & SHORT_PLACES or {"costa", "rica"} <= words)


def zone_around(text: str) -> Zone | Literal["local"] | None:
    """The zone that the text above and below a table states, as ``zone_in`` has it."""
    said = {found for line in text.splitlines() for found in SAID.findall(line)}
    values = {word: zone_of(re.sub(r"\s", "", word)) for word in said}
    values = {w: v for w, v in values.items() if v is not None or w in SEVERAL}
    if len({*values.values()}) != 1:
        return "local" if values else None
    value = next(iter(values.values()))
    return Zone(value, "the text around the table") if value is not None else "local"


def find_zone(names: Mapping[str, str], said: str | None, faults: Faults, around: str) -> Zone:
    """The zone of times without an offset.

    ``names`` are those of the columns by role, ``said`` is what the user says.

    Raises
    ------
    InputError
        If a column, or the text around the table, says that they are local but not where, or the
        user says otherwise than the file.
    """
    stated = {name: zone_in(name) for role, name in names.items() if role not in BESIDE}
    zones = [zone for zone in stated.values() if isinstance(zone, Zone)]
    local = next((name for name, zone in stated.items() if zone == "local"), None)
    asked = None if said is None else Zone(_offset(said), "`time_zone`")
    beside = names.get("offset")
    if beside is not None and (zones or asked):
        who = zones[0].stated if zones else "`time_zone`"
        faults.say(f"column {beside.strip()} is passed over: the zone is that of {who}")
    if len({zone.value for zone in zones}) > 1:
        listed = " and ".join(zone.stated for zone in zones)
        raise InputError(
            f"{faults.where}: {listed} are in two time zones, so that the day is not certain: name "
            "a date and a time of day of one zone with `columns`, or write both in UTC"
        )
    if zones:
        if asked and asked.value != zones[0].value:
            raise InputError(
                f"{faults.where}: {zones[0].stated} is not in the time zone {said}: leave "
                "`time_zone` out, or rename the column"
            )
        return next((zone for zone in zones if not zone.is_utc), zones[0])
    said_around = zone_around(around)
    if asked:
        if isinstance(said_around, Zone) and said_around.value != asked.value:
            faults.say(
                "the text around the table gives another time zone, "
                f"{in_words(said_around.value)}: that of `time_zone` is taken"
            )
        return asked
    if beside is not None:
        return Zone(0.0, f"column {beside.strip()}, row by row", by_row=True)
    return _stated_around(local, said_around, names, faults, around)


def _stated_around(
    local: str | None,
    said_around: Zone | Literal["local"] | None,
    names: Mapping[str, str],
    faults: Faults,
    around: str,
) -> Zone:
    """The zone where neither a column nor the user says it."""
    remedy = "give its zone, as in `time_zone` +08:00 or `time_zone` Asia/Manila"
    if local is not None:
        several = "/".join(NAMED_ZONE.findall(local))
        what = f"in {several}, which is no one zone" if several else "in local time"
        raise InputError(f"{faults.where}: column {local.strip()} is {what}: {remedy}")
    if isinstance(said_around, Zone):
        return said_around
    if said_around == "local":
        words = [found.group().strip() for found in SAID.finditer(around)]
        raise InputError(
            f"{faults.where}: the text around the table says {' and '.join(map(repr, words))}, "
            f"which is no one zone: {remedy}"
        )
    if said := LOCAL_TEXT.search(around):
        raise InputError(
            f"{faults.where}: the text around the table says {said.group()!r}: {remedy}"
        )
    foreign = next((n for n in names.values() if not n.isascii() or NATIONAL.search(n)), None)
    if foreign is not None:
        faults.say(
            f"times are taken as UTC, which column {foreign.strip()} does not say: national lists "
            "often give local time; if this one does, give its zone, as in `time_zone` +08:00"
        )
    return Zone(0.0, UNSTATED)


def _offset(text: str) -> float | str:
    """Hours of ``+08:00``, 0 of UTC, else the name of a zone that is known.

    Raises
    ------
    InputError
        For any other name.
    """
    plain = re.fullmatch(r"(?:UTC|GMT)?\s*([+-])(\d{1,2})(?::?(\d{2}))?", text.strip())
    if plain:
        hours = int(plain.group(2)) + int(plain.group(3) or 0) / 60.0
        if hours <= 14.0:  # no place on Earth is further from Greenwich
            return hours if plain.group(1) == "+" else -hours
    if text.strip().upper() in {"UTC", "GMT", "Z"}:
        return 0.0
    try:
        pd.Timestamp("2000-01-01").tz_localize(text)
    except Exception:  # noqa: BLE001 - pandas raises whatever its zone package does
        raise InputError(
            f"`time_zone` {text!r} is no zone: write +08:00, or a name such as Asia/Manila"
        ) from None
    return text


def by_row(
    stamps: NDArray[np.int64], settled: NDArray[np.bool_], offsets: pd.Series, faults: Faults
) -> NDArray[np.int64]:
    """Times in UTC by the offset in each row, but for those ``settled``; empty ones are noted.

    Raises
    ------
    InputError
        For an offset that is not understood.
    """
    cells = texts(offsets)
    empty = (cells == "").to_numpy(np.bool_) & ~settled
    faults.note(empty, "the time zone is empty: fill it in or drop the row")
    found = stamps.copy()
    for cell in cells[~settled & ~empty].unique():
        rows = np.flatnonzero((cells == cell).to_numpy(np.bool_) & ~settled)
        value = zone_of(cell)
        if value is None:
            raise InputError(
                f"{faults.place(int(offsets.index[rows[0]]))}: {cell[:40]!r} is no one time zone: "
                "write offsets as +08:00, or pass over that column by the zone of all times, as in "
                "`time_zone` +08:00"
            )
        if isinstance(value, str):
            there = pd.DatetimeIndex(stamps[rows].view("datetime64[ns]"))
            utc = there.tz_localize(value, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC")
            clear = np.asarray(utc.notna())
            found[rows[clear]] = utc[clear].to_numpy("datetime64[ns]").astype(np.int64)
            twice = np.zeros(len(stamps), dtype=np.bool_)
            twice[rows[~clear]] = True
            faults.note(twice, f"the time comes twice or never in {value}: give it in UTC")
        else:
            found[rows] -= round(value * 3600) * NS_PER_SECOND
    return found


def zone_of(text: str) -> float | str | None:
    """Hours east of Greenwich, or the name of a zone; None if it is neither, or could be two."""
    if text.upper() in ZONES:
        return float(ZONES[text.upper()])
    signed = text.replace("\u2212", "-")
    if re.fullmatch(r"[+-]?\d{1,2}(\.\d+)?", signed):
        hours = float(signed)
        return hours if abs(hours) <= 14.0 else None
    if re.fullmatch(r"[A-Z]{2,5}", text) and text not in {"UTC", "GMT"}:
        return None
    try:
        return _offset("UTC" if text == "UT" else signed)
    except InputError:
        return None


def shifted(
    stamps: NDArray[np.int64],
    valid: NDArray[np.bool_],
    zoned: NDArray[np.bool_],
    zone: Zone,
    column: pd.Series,
    faults: Faults,
) -> pd.Series:
    """Times in UTC of those that are in a zone, but for those with one of their own."""
    if isinstance(zone.value, str):
        naive = np.flatnonzero(~zoned & valid)
        there = pd.DatetimeIndex(stamps[naive].view("datetime64[ns]"))
        utc = there.tz_localize(zone.value, ambiguous="NaT", nonexistent="NaT").tz_convert("UTC")
        clear = np.asarray(utc.notna())
        stamps[naive[clear]] = utc[clear].to_numpy("datetime64[ns]").astype(np.int64)
        twice = np.zeros(len(stamps), dtype=np.bool_)
        twice[naive[~clear]] = True
        note(faults, column, twice, f"comes twice or never in {zone.value}", "give it in UTC")
    elif not zone.is_utc:
        stamps = stamps - np.where(zoned, 0, round(zone.value * 3600) * NS_PER_SECOND)
    years = _years(column, ~valid)
    held = "which times in nanoseconds cannot hold"
    early, late = years < EARLIEST_YEAR, years > LATEST_YEAR
    note(faults, column, early, f"is before {EARLIEST_YEAR}, {held}", "leave it out", fault="early")
    note(faults, column, late, f"is after {LATEST_YEAR}, {held}", "leave it out")
    note(faults, column, ~valid, "is not a time", WRITE_TIMES)
    return utc_times(stamps, column.index)


def in_words(hours: float | str) -> str:
    """``UTC+5:30``, or the name of a zone."""
    if isinstance(hours, str):
        return hours
    minutes = round(abs(hours) * 60)
    return f"UTC{'-' if hours < 0 else '+'}{minutes // 60}" + (
        f":{minutes % 60:02d}" if minutes % 60 else ""
    )


def _years(column: pd.Series, bad: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Years of three digits or more that rows begin with, NaN where they have none or are good."""
    years = np.full(len(column), np.nan)
    cells = texts(column.iloc[np.flatnonzero(bad)])
    found = cells.str.extract(r"^(-\d{1,4}|\d{3,4})[-/.]\d{1,2}[-/.]\d{1,2}")[0]
    years[bad] = pd.to_numeric(found, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return years
