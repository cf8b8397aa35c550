"""The values of a table as anybody may have written them: times, places, depths, magnitudes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.errors import InputError
from catalogs.event_types import are_withdrawn, types_of
from catalogs.formats.cells import (
    NS_PER_SECOND,
    calendar_times,
    codes,
    identifiers,
    note,
    numbers_among,
    plain_numbers,
    texts,
    times,
    typed_numbers,
    utc_times,
)
from catalogs.formats.columns import (
    FURTHER,
    OTHER,
    heading,
    in_turn,
    is_event_type,
)
from catalogs.formats.dates import (
    MONTHS,
    SHARE,
    Dating,
    full_years,
    hours_of_day,
    read_times,
    split_decimals,
)
from catalogs.formats.names import (
    CALENDAR,
    COMPASS,
    FRACTIONS,
    MAGNITUDE_TYPES,
    ROLES_OF_TIME,
    SIDES_ELSEWHERE,
    normalised,
    of_o,
    side_of,
)
from catalogs.formats.parsed import Faults
from catalogs.formats.ranges import RANGES
from catalogs.formats.region import SAMPLE
from catalogs.formats.wanted import Wanted
from catalogs.formats.zones import BESIDE, by_row, find_zone, shifted
from catalogs.sequence import FloatArray

METRES = frozenset({"m", "meter", "meters", "metre", "metres", "metros", "metri", "米"})

FEET = frozenset({"ft", "feet", "foot", "pies"})

NEAR_ZERO = 2.0
"""Events so near the equator and Greenwich, in degrees, show that 0, 0 is a place."""

DECIBELS = 200.0
"""Amplitudes of acoustic emissions are less than this; numbers beyond stand for no magnitude."""

FEW = 5
"""Numbers that stand for no magnitude are fewer."""

KM_PER_FOOT = 0.0003048

MILES = frozenset({"mi", "mile", "miles"})

KM_PER_MILE = 1.609344

STAND_INS = (99.0, 999.0, 9999.0, 99999.0)
"""Numbers that are no depths."""

MOSTLY = 0.9
"""So large a share of depths is negative where they are written as heights."""

FEW_DEPTHS = 4
"""Fewer negative depths that differ may stand for none."""

IN_METRES = 0.2
"""No catalog has so large a share of events deeper than 1,000 km: such depths are metres."""

SAME_EVENT_HOURS = 1.0
"""Rows with one identifier whose times differ by more are not versions of one event."""

_COMMAS = r"^([+-]?\d+,\d+)$"

_SCALES = "|".join(sorted(map(re.escape, MAGNITUDE_TYPES), key=len, reverse=True))

_DEGREES = {
    "commas": _COMMAS,
    "behind": r"^([+-]?\d+(?:[.,]\d+)?)\s*°?\s*([NSEWOnsew])$",
    "before": r"^(?P<b>[NSEWOnsew])\s*(?P<a>\d+(?:[.,]\d+)?)\s*°?$",
    "degrees": r"^([+-]?\d+(?:[.,]\d+)?)\s*°$",
}

_MINUTES = r"(?P<minutes>\d{1,2}(?:[.,]\d+)?)"

DEGREES_MINUTES = (
    rf"""^(?P<sign>[+-]?)(?P<degrees>\d{{1,3}})\s*[°º]\s*{_MINUTES}\s*['\u2032\u2019]"""
    r"""\s*(?:(?P<seconds>\d{1,2}(?:[.,]\d+)?)\s*(?:"|''|\u2033|\u201d))?\s*(?P<side>[NSEWOnsewo]?)$"""
)
"""36°34.20'N and 36°34'12"N."""

PLAIN_MINUTES = rf"^(?P<degrees>\d{{1,3}})(?:\s*-\s*|\s+){_MINUTES}\s*(?P<side>[NSEWOnsewo])$"
"""36-34.20N and 36 34.20 N, as phase files and bulletins have them."""

PATTERNS: dict[str, dict[str, str]] = {
    "latitude": _DEGREES,
    "longitude": _DEGREES,
    "depth_km": {
        "commas": _COMMAS,
        "km": r"^([+-]?\d+(?:[.,]\d+)?)\s*(?:km|Km|KM|\u043a\u043c|公里|千米|[A-Z*fgdn]{1,2})$",
    },
    "magnitude": {
        "commas": _COMMAS,
        "type": rf"^(?:{_SCALES}|{_SCALES.upper()}|[Mm][A-Za-z]{{0,3}})\s*[:=]?\s*"
        r"([+-]?\d+(?:[.,]\d+)?)$",
        "scale": r"^([+-]?\d+(?:[.,]\d+)?)\s*[(\[]?"
        rf"(?:{_SCALES}|{_SCALES.upper()}|[Mm][A-Za-z]{{0,3}}|级|級)[)\]]?$",
    },
}
"""How cells that are no plain numbers may be written; the first group is the number."""


def events_of(
    cells: pd.DataFrame, names: Mapping[str, str], faults: Faults, wanted: Wanted, around: str = ""
) -> pd.DataFrame:
    """The canonical table of cells named by their roles, as anybody may have written them.

    Only time and magnitude must be there: depths and places may be unknown, which is said.
    """
    return _Loose(cells, names, faults, wanted, around).events()


@dataclass(frozen=True, eq=False)
class _Loose:
    """A table of anybody: what is no time or magnitude may be unknown, and is said."""

    cells: pd.DataFrame
    names: Mapping[str, str]
    faults: Faults
    wanted: Wanted
    around: str = ""
    sources: list[NDArray[np.intp]] = field(default_factory=list)
    """Which column each magnitude is of, once they are read, where several were asked for."""

    def events(self) -> pd.DataFrame:
        """The canonical table."""
        events = pd.DataFrame({"time": self.with_fractions(self.times())})
        self.say_days(events["time"])
        self.refuse_swapped()
        for role in ("latitude", "longitude"):
            events[role] = self.place(role)
        self.say_nowhere(events)
        events["depth_km"] = self.depth()
        events["magnitude"] = self.magnitude()
        cells = self.cells
        if "event_id" in cells:
            ids = identifiers(cells["event_id"], self.faults, any_script=True)
            if self.tell_apart(ids, events["time"]):
                events["event_id"] = ids
        for name in ("event_type", "magnitude_type"):
            if name in cells:
                events[name] = codes(cells[name], any_script=True)
        if "magnitude_type" not in cells and (kinds := self.kinds()) is not None:
            events["magnitude_type"] = kinds
        if "event_type" in events and not is_event_type(types_of(events).tolist()):
            self.faults.say(
                f"column {self.names['event_type']} is kept as the type of event, but few of its "
                "values are known for one: nothing is left out for them"
            )
        if "state" in cells and (gone := are_withdrawn(cells["state"])).any():
            if "event_type" not in events:
                events["event_type"] = ""
            events["event_type"] = events["event_type"].mask(gone, codes(cells["state"]))
        return events

    def times(self) -> pd.Series:
        """In UTC."""
        self.pass_over_empty()
        cells, faults, dating = self.cells, self.faults, self.wanted.dating
        names = {r: n for r, n in self.names.items() if r in (*ROLES_OF_TIME, *BESIDE)}
        role = "date" if "date" in cells else "time"
        if role in cells and (cells[role].dtype.kind == "M" or "hour" in cells):
            column = cells[role]
            if "clock" in cells and column.dtype.kind == "M":
                cells = cells.assign(date=column.dt.strftime("%Y-%m-%d"))
            elif "hour" in cells and "date" in cells and column.dtype.kind != "M":
                day = read_times(cells[["date"]], {"date": "date"}, faults, Dating(dating.order)).dt
                parts = {"year": day.year, "month": day.month, "day": day.day}
                parts |= {n: self.plain(n) for n in CALENDAR[3:] if n in cells}
                parts = split_decimals(parts, faults)
                return self.in_zone(calendar_times(parts, faults), names)
            else:
                read = times(column, faults)
                naive = column.dtype.kind == "M" and getattr(column.dt, "tz", None) is None
                return self.in_zone(read, names) if naive else read
        if role in cells:
            typed = [r for r in ("time", "date", "clock", "second", *BESIDE) if r in cells]
            text = pd.DataFrame(
                {r: cells[r] if cells[r].dtype.kind == "O" else cells[r].astype(str) for r in typed}
            )
            return read_times(text, names, faults, dating, self.around)
        if "clock" in cells:
            parts = {n: self.plain(n) for n in CALENDAR[:3]}
            day = calendar_times(parts, faults).dt.strftime("%Y-%m-%d")
            typed = [r for r in ("clock", "second", *BESIDE) if r in cells]
            text = pd.DataFrame({"date": day} | {r: cells[r].astype(str) for r in typed})
            return read_times(text, names, faults, dating, self.around)
        parts = {n: self.plain(n) for n in CALENDAR if n in cells}
        if "day_of_year" in cells:
            parts |= _month_and_day(parts["year"], self.plain("day_of_year"), faults)
        parts = split_decimals(parts, faults)
        return self.in_zone(calendar_times(parts, faults), names)

    def pass_over_empty(self) -> None:
        """Leave out seconds, and minutes, where no row has them."""
        for part in reversed([part for part in CALENDAR[4:] if part in self.cells]):
            column = self.cells[part]
            if (texts(column.iloc[:SAMPLE]) != "").any() or (texts(column) != "").any():
                return
            self.faults.say(f"column {self.names[part]} is empty: it is passed over")
            del self.cells[part]

    def with_fractions(self, time: pd.Series) -> pd.Series:
        """Times of whole seconds with the parts of a second of another column."""
        if "fraction" not in self.cells:
            return time
        name = self.names["fraction"]
        parts = numbers_among(texts(self.cells["fraction"])) * FRACTIONS[normalised(name)]
        known = time.notna().to_numpy(np.bool_)
        whole = (time == time.dt.floor("s")).to_numpy(np.bool_) | ~known
        if not whole.all():
            return time  # they have their decimals already
        bad = known & ~((parts >= 0) & (parts < NS_PER_SECOND))
        note(self.faults, self.cells["fraction"], bad, "is no part of a second", "fix the row")
        self.faults.say(f"parts of seconds are those of column {name}")
        return time + pd.to_timedelta(np.where(bad | ~known, 0, parts).astype(np.int64), unit="ns")

    def say_days(self, time: pd.Series) -> None:
        """Say that no time of day was found."""
        told = {"clock", "hour"} & {*self.cells.columns} or len(time) < FEW
        if not told and (time == time.dt.floor("D")).all():
            self.faults.say(
                "no time of day is known, all events are set to midnight: if the file has it, name "
                "its column with `columns` clock=NAME"
            )

    def in_zone(self, local: pd.Series, names: Mapping[str, str]) -> pd.Series:
        """Times of calendar columns in UTC."""
        faults = self.faults
        zone = find_zone(names, self.wanted.dating.zone, faults, self.around)
        faults.zone = zone.stated if zone.is_utc else f"{zone.stated}: {zone.value}"
        if zone.is_utc and not zone.by_row:
            return local
        stamps = local.to_numpy("datetime64[ns]").astype(np.int64)
        everywhere = np.ones(len(stamps), dtype=np.bool_)
        if zone.by_row:
            return utc_times(by_row(stamps, ~everywhere, self.cells["offset"], faults), local.index)
        return shifted(stamps, everywhere, ~everywhere, zone, local.rename("time"), faults)

    def plain(self, role: str) -> pd.Series:
        """A part of a calendar as numbers: names of months, decimal commas."""
        column = self.cells[role]
        if role == "year":
            years = pd.to_numeric(column, errors="coerce")
            short = years[years.notna()].between(0, 99)
            if len(short) and short.all() and (years.dropna() % 1 == 0).all():
                full = full_years(years.dropna(), self.faults).reindex(column.index).astype(object)
                return full.where(years.notna(), column).astype(str).rename(role)
        if column.dtype.kind not in "OU" and str(column.dtype) != "str":
            return column
        if role == "month":
            words = column.astype(str).str.strip()
            named = words.str.contains(r"^[^\W\d]{3,}", regex=True).to_numpy(np.bool_)
            if named.mean() > SHARE:
                months = words[named].map(normalised).map(MONTHS)
                column = column.mask(named & True, months.reindex(column.index)).astype(object)
                column = column.where(column.notna(), words).astype(str)
        if role == "hour" and "am/pm" in self.cells:
            return hours_of_day(column, self.cells["am/pm"], self.faults)
        if role == "second":
            words = column.astype(str)
            commas = words.str.fullmatch(r"\s*\d{1,2},\d+\s*").to_numpy(np.bool_)
            if commas.mean() > SHARE:
                self.faults.say("seconds have decimal commas")
                column = words.str.replace(",", ".", regex=False)
        read: pd.Series = column.rename(role)
        return read

    def number(self, role: str) -> tuple[FloatArray, pd.Series]:
        """The numbers of a column, NaN for the rest; and its cells, empty where nothing is known.

        Decimal commas, hemispheres and units are read where many cells of the column have them.
        """
        column = self.cells[role]
        values = typed_numbers(column)
        values = plain_numbers(column) if values is None else values
        if values is not None:
            return values, column
        cells = texts(column).str.replace("\u2212", "-", regex=False)
        if role in {"latitude", "longitude"}:
            cells = self.in_degrees(role, with_letters(role, cells))
        values = numbers_among(cells)
        odd = np.flatnonzero(np.isnan(values) & (cells != "").to_numpy(np.bool_))
        fewest = max(1.0, SHARE * float((cells != "").sum()))
        for what, pattern in PATTERNS[role].items():
            found = cells.iloc[odd].str.extract(pattern)
            found = found[["a", "b"]].set_axis([0, 1], axis="columns") if "a" in found else found
            fits = found[0].notna().to_numpy(np.bool_)
            if fits.sum() < fewest:
                continue
            if what == "commas":
                if role == "depth_km" and not found[0].str.contains(r",(?:\d{1,2}|\d{4,})$").any():
                    continue  # 1,234 may be a thousand
                self.faults.say(f"{role.removesuffix('_km')}: decimal commas")
                read = numbers_among(found[0][fits].str.replace(",", ".", regex=False))
            else:
                read = numbers_among(found[0][fits].str.replace(",", ".", regex=False))
                if what in {"before", "behind"}:
                    letter = found[1][fits].str.upper()
                    if "O" in letter.array:
                        letter = letter.replace("O", self.meaning_of_o(letter))
                        read = np.where(letter == "?", np.nan, read)
                        cells = cells.mask(cells.index.isin(letter.index[letter == "?"]), "")
                    read = np.where(letter.isin(["S", "W"]), -np.abs(read), read)
                else:
                    side = "before" if what == "type" else "behind"
                    self.faults.say(
                        f"{role.removesuffix('_km')}: letters {side} numbers are left out"
                    )
            values[odd[fits]] = read
            odd = odd[~fits]
        return values, cells

    def place(self, role: str) -> FloatArray:
        """Degrees; unknown where they are impossible."""
        if role not in self.cells:
            return np.full(len(self.cells), np.nan)
        values, cells = self.number(role)
        bad = _unread(values, cells)
        note(self.faults, self.cells[role], bad, "is not a number", "fix or drop the row")
        if (minutes := self.cells.get(f"{role} minutes")) is not None:
            values = self.with_minutes(role, values, minutes)
        sign = self.cells.get(f"{role} sign")
        if sign is not None:
            letters = texts(sign).map(normalised).map(COMPASS[role])
            if (letters == "O").any():
                called = normalised(self.names[f"{role} sign"]).upper()
                known = [*letters.dropna(), *(called if len(called) == 2 else "")]  # E/O
                letters = letters.replace("O", self.meaning_of_o(pd.Series(known)))
                values = np.where(letters == "?", np.nan, values)
            negative = letters.isin(["S", "W"]).to_numpy(np.bool_)
            values = np.where(negative, -np.abs(values), values)
            self.faults.say(f"{role}: the sign is that of column {self.names[f'{role} sign']}")
        else:
            values = self.on_side(role, values)
        lowest, highest = RANGES[role]
        return self.known(
            role, values, (values >= lowest) & (values <= highest), f"{lowest:g} to {highest:g}"
        )

    def say_nowhere(self, events: pd.DataFrame) -> None:
        """Take 0, 0 for no place where no other event lies near it."""
        places = events[["latitude", "longitude"]]
        zero = (places == 0.0).all(axis=1)
        near = ((places.abs() < NEAR_ZERO).all(axis=1) & ~zero).any()
        if zero.any() and not near and not zero[places.notna().all(axis=1)].all():
            self.faults.say(
                f"latitude 0 and longitude 0 stand for no place, as in {self.faults.rows.name} "
                f"{self.faults.rows[int(np.argmax(zero.to_numpy(np.bool_)))]}: "
                f"{int(zero.sum()):,} places are taken for unknown"
            )
            events.loc[zero, ["latitude", "longitude"]] = np.nan

    def in_degrees(self, role: str, cells: pd.Series) -> pd.Series:
        """Cells with degrees and minutes, perhaps seconds, as decimals; the others as they are."""
        parts = cells.str.extract(DEGREES_MINUTES)
        parts = parts.combine_first(cells.str.extract(PLAIN_MINUTES))
        fits = parts["minutes"].notna().to_numpy(np.bool_)
        if not fits.any():
            return cells
        degrees, minutes, seconds = (
            numbers_among(parts[name].fillna("0").str.replace(",", ".", regex=False))
            for name in ("degrees", "minutes", "seconds")
        )
        fits = fits & (minutes < 60.0) & (seconds < 60.0)
        decimal = pd.Series(degrees + minutes / 60.0 + seconds / 3600.0, index=cells.index)
        written = parts["sign"].fillna("") + decimal.map("{:.7f}".format) + parts["side"].fillna("")
        self.faults.say(f"{role}: degrees and minutes are read as such")
        return cells.where(~fits, written)

    def with_minutes(self, role: str, degrees: FloatArray, column: pd.Series) -> FloatArray:
        """Whole degrees with the minutes of another column; unknown where these are none."""
        minutes = numbers_among(texts(column).str.replace(",", ".", regex=False))
        name, known = self.names[f"{role} minutes"], degrees[np.isfinite(degrees)]
        if known.size and (known == np.rint(known)).mean() < MOSTLY:
            return degrees  # decimal already: the column is something else
        good = (degrees == np.rint(degrees)) & (minutes >= 0.0) & (minutes < 60.0)
        self.faults.say(f"{role}: minutes are those of column {name}")
        if (bad := np.isfinite(degrees) & ~good).any():
            self.unknown(role, bad, f"that are not whole or have no minutes in column {name}")
        signs = np.where(np.signbit(degrees), -1.0, 1.0)
        return np.where(good, degrees + signs * minutes / 60.0, np.nan)

    def refuse_swapped(self) -> None:
        """Raise an InputError where latitudes and longitudes seem to stand for each other."""
        if not {"latitude", "longitude"} <= {*self.cells.columns}:
            return
        some = self.cells.iloc[:: len(self.cells) // SAMPLE + 1]  # it is so of most rows or of none
        latitude, longitude = (
            numbers_among(texts(some[role])) for role in ("latitude", "longitude")
        )
        known = np.isfinite(latitude) & np.isfinite(longitude)
        swapped = (
            (np.abs(latitude) > 90.0) & (np.abs(longitude) <= 90.0) & (np.abs(latitude) <= 360)
        )
        if known.any() and swapped[known].mean() > MOSTLY:
            names = self.names
            raise InputError(
                f"{self.faults.where}: the latitudes in column {names['latitude']} are beyond 90 "
                f"degrees, as if it held longitudes: say `columns` latitude={names['longitude']} "
                f"and `columns` longitude={names['latitude']}"
            )

    def meaning_of_o(self, letters: pd.Series) -> str:
        """E or W for the O behind degrees: Ost or oeste; ``?`` if nothing tells."""
        others = {*letters} & {"E", "W"}
        if len(others) == 1:
            return "W" if "E" in others else "E"
        meant = of_o(self.names.values())
        if meant == "?":
            self.faults.say(
                "longitude: O may be west (oeste) or east (Ost), and is taken for unknown: write W "
                "or E"
            )
        return meant

    def on_side(self, role: str, values: FloatArray) -> FloatArray:
        """Degrees counted from Greenwich to the east and from the equator to the north.

        A name such as ``lon (W)`` says that positive numbers count to the west.
        """
        name = self.names[role]
        side = side_of(name, self.names.values())
        if side not in {"S", "W", "?"} or not (values > 0).any():
            return values
        lettered = texts(self.cells[role]).str.contains(r"^\s*[NSEWOnsewo]|[NSEWOnsewo]\s*$")
        if lettered.any():
            return values
        if side == "?" or ((values < 0) & (values >= RANGES[role][0])).any():
            what = "O may be west or east" if side == "?" else "its values have both signs"
            self.faults.say(
                f"{role}: column {name} is left out, {what}: write degrees north and east, and "
                f"call it {role}"
            )
            return np.full(len(values), np.nan)
        self.faults.say(
            f"{role}: positive values are degrees {'south' if side == 'S' else 'west'}, as the "
            f"name {name} says: the sign is changed"
        )
        west = -values
        return np.where(west < -180.0, west + 360.0, west) if role == "longitude" else west

    def depth(self) -> FloatArray:
        """In km: metres are scaled, what is impossible or unreadable is unknown."""
        role = "depth_km"
        if role not in self.cells:
            return np.full(len(self.cells), np.nan)
        values, cells = self.number(role)
        bad = _unread(values, cells)
        head = heading(self.names[role])
        unit = {*re.split(r"[^\w]+", head.unit.lower())}
        sizes = np.abs(values[np.isfinite(values)])
        written = bool(unit & METRES) or head.key in {"depthm", "depthmeters", "depthmetres"}
        in_km = "km" in unit or "km" in head.whole
        plausible = sizes[~np.isin(sizes, [9999.0, 99999.0])]
        if unit & FEET or (head.key in {"depthft", "depthfeet"} and not head.unit):
            self.faults.say("depth is in feet, as the header says: changed to km")
            values = np.where(np.isin(np.abs(values), STAND_INS), np.nan, values) * KM_PER_FOOT
        elif unit & MILES or head.key in {"depthmi", "depthmiles"}:
            self.faults.say("depth is in miles, as the header says: changed to km")
            values = np.where(np.isin(np.abs(values), STAND_INS), np.nan, values) * KM_PER_MILE
        elif written or (not in_km and plausible.size and (plausible > 1000.0).mean() > IN_METRES):
            why = "as the header says" if written else "as the values show"
            self.faults.say(f"depth is in metres, {why}: divided by 1,000")
            values = np.where(np.abs(values) == 999.0, np.nan, values) / 1000.0
        values = self.downwards(values, head.key)
        lowest, highest = RANGES[role]
        good = (values >= lowest) & (values <= highest) & (values != 999.0)
        if bad.any():
            self.unknown(role, bad, "not a number")
        return self.known(role, values, good, f"{lowest:g} to {highest:g} km")

    def downwards(self, values: FloatArray, name: str) -> FloatArray:
        """Depths below the sea as positive numbers, where they are written as heights."""
        plain = values[np.isfinite(values) & ~np.isin(np.abs(values), STAND_INS)]
        below = plain < 0
        heights = below.mean() > MOSTLY if plain.size else False
        if not heights or np.unique(plain[below]).size < FEW_DEPTHS:
            return values
        if name != "z" and not (plain < RANGES["depth_km"][0]).any():
            self.faults.say(
                f"depth: {int(below.sum()):,} of {plain.size:,} values are negative, which is "
                "above the sea: if they are heights, change their sign in the file"
            )
            return values
        self.faults.say("depth: most values are negative, so they are heights: the sign is changed")
        return np.where(np.isin(np.abs(values), (*STAND_INS, 9.999, 99.999)), np.nan, -values)

    def known(
        self, role: str, values: FloatArray, good: NDArray[np.bool_], limits: str
    ) -> FloatArray:
        """The values, NaN where they are not good, which is said."""
        outside = np.isfinite(values) & ~good
        outside |= np.isinf(values)
        if outside.any():
            self.unknown(role, outside, f"outside {limits}")
        return np.where(good, values, np.nan)

    def unknown(self, role: str, bad: NDArray[np.bool_], why: str) -> None:
        """Say how many values are taken for unknown, and the first."""
        i = int(np.flatnonzero(bad)[0])
        value = str(self.cells[role].iloc[i]).strip()[:40]
        place = f"{self.faults.rows.name} {self.faults.rows[i]}"
        self.faults.say(
            f"{role.removesuffix('_km')}: {int(bad.sum()):,} values {why} are taken for unknown, "
            f"the first {value!r} in {place}"
        )

    def magnitude(self) -> FloatArray:
        """Magnitudes; rows that have none are no events, and those that cannot have one are bad."""
        faults, column = self.faults, self.cells["magnitude"]
        values, cells, source = self.first_magnitudes()
        column = column.where(source == 0, cells) if source.any() else column
        empty = np.isnan(values) & ~_unread(values, cells)
        self.say_others(values, empty)
        note(faults, column, np.isnan(values) & ~empty, "is not a number", "fix or drop the row")
        faults.note(empty, "magnitude is empty: fill it in or drop the row", fault="no magnitude")
        for value in self.wanted.missing_magnitudes:
            reason = f"magnitude {value:g} stands for none (`missing_magnitudes`)"
            faults.note(np.abs(values - value) < 1e-9, reason, fault="no magnitude")
        lowest, highest = RANGES["magnitude"]
        outside = ~empty & ~((values >= lowest) & (values <= highest))
        remedy = "fix or drop the row"
        if _are_amplitudes(values[outside], int((~empty).sum())):
            remedy = "divide decibels by 20, or add one number to all magnitudes"
        elif outside.any():
            for value, n in zip(*np.unique(values[outside], return_counts=True), strict=True):
                if n > 1:
                    reason = f"magnitude {value:g} stands for none, as in {n:,} rows"
                    faults.note(values == value, reason, fault="no magnitude")
        note(faults, column, outside, f"is outside {lowest:g} to {highest:g}", remedy)
        return values

    def first_magnitudes(self) -> tuple[FloatArray, pd.Series, NDArray[np.intp]]:
        """Of each row the first magnitude of the columns asked for, its cell, and which it is of.

        What cannot be read is not passed over.
        """
        values, cells = self.number("magnitude")
        source = np.zeros(len(values), dtype=np.intp)
        roles = [role for role in self.cells if str(role).startswith(FURTHER)]
        if not roles:
            return values, cells, source
        cells = texts(cells)
        for n, role in enumerate(roles, start=1):
            more, their = self.numbers_of(str(role))
            none = ~self.tell(values) & ~_unread(values, cells)
            filled = none & (self.tell(more) | _unread(more, their))
            values = np.where(filled, more, values)
            cells = cells.mask(filled, texts(their))
            source[filled] = n
        self.sources.append(source)
        there = self.tell(values)
        counts = [int((there & (source == n)).sum()) for n in range(len(roles) + 1)]
        named = [self.names[str(role)] for role in ("magnitude", *roles)]
        listed = ", ".join(f"{n:,} of {name}" for n, name in zip(counts, named, strict=True))
        self.faults.say(f"magnitudes are the first that each row has: {listed}")
        return values, cells, source

    def kinds(self) -> pd.Series | None:
        """The type of each magnitude, where columns that are called so were asked in turn."""
        roles = ["magnitude", *(r for r in self.cells if str(r).startswith(FURTHER))]
        named = [self.names[str(role)].strip().lower() for role in roles]
        if not self.sources or not {*named} <= MAGNITUDE_TYPES:
            return None
        of = np.array(named, dtype=object)[self.sources[0]]
        return pd.Series(of, self.cells.index, dtype="str")

    def numbers_of(self, role: str) -> tuple[FloatArray, pd.Series]:
        """The magnitudes of another column, and its cells."""
        other = replace(self, cells=self.cells.assign(magnitude=self.cells[role]))
        return other.number("magnitude")

    def tell(self, values: FloatArray) -> NDArray[np.bool_]:
        """Which numbers are magnitudes, and do not stand for none."""
        lowest, highest = RANGES["magnitude"]
        there = (values >= lowest) & (values <= highest)
        for value in self.wanted.missing_magnitudes:
            there &= ~(np.abs(values - value) < 1e-9)
        return there

    def say_others(self, values: FloatArray, empty: NDArray[np.bool_]) -> None:
        """Say that rows without a magnitude have one in columns that were not asked for."""
        none = empty | (~np.isnan(values) & ~self.tell(values))
        left, used, largest = none.copy(), [], -np.inf
        for role in self.cells if none.any() else ():
            if not str(role).startswith(OTHER):
                continue
            more, _ = self.numbers_of(str(role))
            filled = left & self.tell(more)
            if filled.any():
                used.append(self.names[str(role)])
                largest = max(largest, float(more[filled].max()))
                left &= ~filled
        if not used:
            return
        asked = ["magnitude", *(str(role) for role in self.cells if str(role).startswith(FURTHER))]
        mine = [self.names[role] for role in asked]
        rows = f"{int(none.sum()):,} rows have" if none.sum() > 1 else "1 row has"
        have = "have" if len(used) > 1 else "has"
        self.faults.say(
            f"{rows} no magnitude in {' or '.join(mine)}; {' and '.join(used)} {have} one for "
            f"{int((none & ~left).sum()):,} of them, up to {largest:g}: `columns` magnitude="
            + in_turn((*mine, *used))
        )

    def tell_apart(self, ids: pd.Series, time: pd.Series) -> bool:
        """Whether values are those of single events, or of templates, groups, nothing."""
        named = ids != ""
        again = named & ids.duplicated(keep=False)
        if not again.any():
            return True
        first = time.groupby(ids).transform("first")
        apart = again & ((time - first).abs() > pd.Timedelta(hours=SAME_EVENT_HOURS))
        repeated = ids[again & ids.duplicated()]
        if apart.sum() <= 0.5 * len(repeated):
            return True
        most, count = ids[named].value_counts().index[0], int(ids[named].value_counts().iloc[0])
        self.faults.say(
            f"column {self.names['event_id']} is not taken for identifiers: {count:,} events of "
            f"different times share {str(most)[:40]!r}"
        )
        return False


def with_letters(role: str, cells: pd.Series) -> pd.Series:
    """Degrees with the word of their side, as 8.5 LS, 70,2 Oeste or 北纬31.2度, with its letter.

    >>> with_letters("latitude", pd.Series(["8.5 LS", "2.1 LU", "33,4 Sur", "-1.5"])).tolist()
    ['8.5 S', '2.1 N', '33,4 S', '-1.5']
    """
    sides = {word: letter for word, letter in COMPASS[role].items() if len(word) > 1}
    for word, letter in () if "".join(cells).isascii() else SIDES_ELSEWHERE.items():
        named = cells.str.contains(word, regex=False)
        plain = cells[named].str.replace(word, "", regex=False).str.strip(" 度°")
        cells = cells.where(~named, (plain + " " + letter).reindex(cells.index))
    found = cells.str.extract(r"^(.*[\d°'\"])\s*([^\W\d_]{2,6})$")
    letters = found[1].map(normalised, na_action="ignore").map(sides)
    return cells.where(letters.isna(), found[0] + " " + letters)


def _month_and_day(year: pd.Series, day_of_year: pd.Series, faults: Faults) -> dict[str, pd.Series]:
    """The calendar's day of a day of the year; days that the year has not are noted."""
    numbers_of = [
        pd.to_numeric(x, errors="coerce").to_numpy(np.float64) for x in (year, day_of_year)
    ]
    years, days = (np.where(np.isfinite(x), x, 1.0) for x in numbers_of)
    leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    bad = ~np.isfinite(numbers_of[1]) | (days < 1) | (days > 365 + leap) | (days % 1 != 0)
    note(faults, day_of_year, bad, "is no day of that year", "fix or drop the row")
    starts = np.where((years >= 1678) & (years <= 2261), years, 1970).astype(np.int64) - 1970
    dates = starts.astype("datetime64[Y]").astype("datetime64[D]") + (
        np.where(bad, 1, days).astype(np.int64) - 1
    )
    stamps = pd.Series(dates.astype("datetime64[ns]"), index=year.index).dt
    return {"month": stamps.month.rename("month"), "day": stamps.day.rename("day")}


def _are_amplitudes(values: FloatArray, n: int) -> bool:
    """Whether numbers that are no magnitudes are what most of ``n`` events have, in decibels."""
    amplitudes = values[np.abs(values) < DECIBELS]
    return amplitudes.size > 0.5 * n and len({*amplitudes.tolist()}) >= FEW


def _unread(values: FloatArray, cells: pd.Series) -> NDArray[np.bool_]:
    """Cells that hold something, but no number."""
    unread = np.isnan(values)
    if unread.any():
        unread[unread] = (texts(cells[unread]) != "").to_numpy(np.bool_)
    return unread
