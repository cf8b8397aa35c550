"""Dates and times as people write them: in which order, in words or as numbers.

Whatever is not certain is asked for: whether the day comes first (``order``), the zone of a local
time (``zone``), the date from which days or seconds are counted (``origin``).
"""

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
    NS_PER_SECOND,
    TIME,
    WRITE_TIMES,
    calendar_stamps,
    note,
    plain_times,
    texts,
    zone_offsets,
)
from catalogs.formats.columns import MIDNIGHT, NO_DAY, are_day_shares, heading
from catalogs.formats.names import normalised, unit_of
from catalogs.formats.parsed import Faults
from catalogs.formats.zones import (
    SEVERAL,
    UNSTATED,
    by_row,
    find_zone,
    in_words,
    shifted,
    zone_of,
)
from catalogs.info import timestamp
from catalogs.sequence import FloatArray

Order = Literal["dmy", "mdy", "ymd"]

SHARE = 0.02
"""A way of writing dates counts if so many rows have it: one row alone is a damaged one."""

MOSTLY = 0.5

SOME_ROWS = 200
"""Rows by which ways of writing are told that are those of a program, and so of all rows."""

FULL = r"^\s*\d{4}[-/.]\d{1,2}[-/.]\d{1,2}[T\s]+\d{1,2}:\d{2}"


MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "jan january ene enero gen gennaio janv janvier januar janeiro oca ocak januari",
            "feb february febrero febbraio fev fevr fevrier februar fevereiro sub subat februari",
            "mar march marzo mars marz mrz marco mart maret maerz",
            "apr april abr abril aprile avr avril nis nisan",
            "may mayo mag maggio mai maio mayis mei",
            "jun june junio giu giugno juin juni junho haz haziran",
            "jul july julio lug luglio juil juillet juli julho tem temmuz",
            "aug august ago agosto aout agu agustos agustus",
            "sep sept september septiembre setiembre set settembre septembre setembro eyl eylul",
            "oct october octubre ott ottobre octobre okt oktober out outubro eki ekim",
            "nov november noviembre novembre novembro kas kasim",
            "dec december dic diciembre dicembre decembre dez dezember dezembro ara aralik",
        ),
        start=1,
    )
    for name in names.split()
}
"""Months by their names in a dozen languages, without accents."""

_CLOCK = (
    r"(?:(?:[Tt]|[\s,;_]+(?:[-\u2013]\s*)?|(?<=\d{4}):|\s*[-\u2013]\s+)(\d{1,2})[:hH.](\d{2}|\d)"
    r"(?:[:mM'.](\d{1,2}(?:\.\d*)?))?\s*(?:s|\"|'')?\s*([AaPp]\.?\s*[Mm]\.?)?)?"
)
_ZONE = r"\s*(Z|z|UTC|GMT|UT|[+-]\d{2}(?::?\d{2})?)?$"
_NAME = r"([^\W\d_]{3,10})\.?"

FORMS = {
    "year first": rf"^(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_CLOCK}{_ZONE}",
    "year last": rf"^(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_CLOCK}{_ZONE}",
    "day, month name": rf"^(\d{{1,2}})[-/.\s]*{_NAME}[-/.,\s]*(\d{{4}}){_CLOCK}{_ZONE}",
    "month name, day": (
        rf"^{_NAME}[-/\s]*(\d{{1,2}})(?:st|nd|rd|th)?[,\s/-]+(\d{{4}}){_CLOCK}{_ZONE}"
    ),
    "year, month name": rf"^(\d{{4}})[-/.\s]+{_NAME}[-/.\s]+(\d{{1,2}}){_CLOCK}{_ZONE}",
    "digits only": r"^(\d{4})(\d\d)(\d\d)(?:[T\s_-]?(\d\d):?(\d\d)(?::?(\d\d(?:\.\d*)?))?)?"
    r"\s*([AaPp]\.?\s*[Mm]\.?)?" + _ZONE,
    "short year, month name": rf"^(\d{{1,2}})[-/.\s]*{_NAME}[-/.,\s]+(\d{{2}}){_CLOCK}{_ZONE}",
    "short year": rf"^(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{1,2}}){_CLOCK}{_ZONE}",
    "short digits": r"^(\d\d)()(\d\d)(\d\d)(?:[T\s_-](\d\d):?(\d\d)(?::?(\d\d(?:\.\d*)?))?)?"
    r"\s*([AaPp]\.?\s*[Mm]\.?)?" + _ZONE,
}
"""Ways to write a date and a time, each with the clock's groups and the zone at its end."""


@dataclass(frozen=True)
class Dating:
    """What a user says of the times of a file.

    Parameters
    ----------
    order : {"dmy", "mdy", "ymd"}, optional
        Whether day or month comes first where the year is last; or the year, of two digits.
    zone : str, optional
        Zone of times that say none themselves: ``+08:00``, or a name such as ``Asia/Manila``.
    origin : str, optional
        The date from which plain numbers are counted: in the unit that the column's name has,
        else in days, or as in "seconds since 2006-12-02". Or datenum, mjd, jd or decimalyear.
    """

    order: Order | None = None
    zone: str | None = None
    origin: str | None = None


def read_times(
    cells: pd.DataFrame,
    names: Mapping[str, str],
    faults: Faults,
    dating: Dating,
    around: str = "",
) -> pd.Series:
    """UTC times (datetime64[ns, UTC]) of a table's time, or date and clock; bad rows are noted.

    Parameters
    ----------
    cells : DataFrame
        Columns ``time``, or ``date`` with or without ``clock``, as text.
    names : mapping
        What the file calls them.
    around : str
        The text above and below the table, which may speak of local time.
    """
    zone = find_zone(names, dating.zone, faults, around)
    faults.zone = zone.stated if zone.is_utc else f"{zone.stated}: {in_words(zone.value)}"
    column = (
        _joined(cells["date"], cells["clock"], faults, cells.get("second"))
        if "date" in cells and "clock" in cells
        else cells["date" if "date" in cells else "time"]
    )
    column = _with_offsets(column, faults, dating)
    column = _of_digits(column, faults, dating)
    numbers = _numbers(column, dating.order)
    if "am/pm" in cells and numbers is None:
        column = _with_halves(column, cells["am/pm"], faults)
    if numbers is not None:
        stamps, valid = _of_numbers(numbers, names, faults, dating)
        zoned = np.zeros(len(column), dtype=np.bool_)
    else:
        stamps, valid, zoned = _of_text(column, faults, dating.order)
        if zoned.any() and zone.stated == UNSTATED:
            without = int((valid & ~zoned).sum())
            rest = f", {without:,} rows without one taken as UTC" if without else ""
            faults.zone = f"as each time states{rest}"
    if zone.by_row and numbers is None:
        stamps = by_row(stamps, zoned | ~valid, cells["offset"], faults)
    elif zone.by_row:
        faults.zone = "numbers count in UTC"
    return shifted(stamps, valid, zoned, zone, column, faults)


def _with_offsets(column: pd.Series, faults: Faults, dating: Dating) -> pd.Series:
    """Cells that end in the name of a zone, as in 08:25:09 JST or 08:25 (UTC+9), with its offset.

    Raises
    ------
    InputError
        For a name of several zones, unless the user says the zone.
    """
    ends = r"\s*\(?((?:UTC|GMT)\s*[+-]\s*\d{1,2}(?::?\d{2})?|[A-Z]{2,5})\)?\s*$"
    if not _has_capitals("\n".join(column.astype(str).tolist())):
        return column  # what nearly all columns are
    found = column.astype(str).str.extract(r"\d(?:\s*[AaPp]\.?[Mm]\.?)?" + ends)[0]
    words = [
        word for word in found.dropna().unique() if word not in {"UTC", "GMT", "UT", "AM", "PM"}
    ]
    for word in words:
        value = zone_of(word.replace(" ", ""))
        rows = (found == word).to_numpy(np.bool_)
        if isinstance(value, float):
            end = (
                f"{'-' if value < 0 else '+'}{int(abs(value)):02d}:{round(abs(value) % 1 * 60):02d}"
            )
        elif word in SEVERAL:
            if dating.zone is None:
                raise InputError(
                    f"{faults.place(int(column.index[int(np.argmax(rows))]))}: "
                    f"{str(column[rows].iloc[0]).strip()!r} is in {word}, which is several zones: "
                    "give the zone, as in `time_zone` +08:00"
                )
            end = ""
        else:
            continue
        column = column.where(~rows, column.astype(str).str.replace(ends, end, regex=True))
    return column


def _halves(halves: pd.Series, faults: Faults) -> pd.Series:
    """A or p of each row; what is neither is noted."""
    first = texts(halves).str.lower().replace({"上午": "a", "午前": "a", "下午": "p", "午後": "p"})
    first = first.str[:1]
    bad = ~first.isin(["a", "p"]).to_numpy(np.bool_)
    note(faults, halves.rename("AM or PM"), bad, "is neither AM nor PM", "fix or drop the row")
    return first


def hours_of_day(hours: pd.Series, halves: pd.Series, faults: Faults) -> pd.Series:
    """Hours from 0 to 23 of those of a clock of 12 hours and a column of AM and PM."""
    half = _halves(halves, faults)
    values = pd.to_numeric(hours, errors="coerce")
    read = (values % 12 + 12.0 * (half == "p")).where(values.between(1, 12), values)
    wrong = ((half == "a") & (values > 12)) | ((half == "p") & (values == 0))
    note(faults, hours, wrong.to_numpy(np.bool_), "does not go with AM or PM", "fix the row")
    return read.astype(str).where(values.notna(), hours.astype(str)).rename("hour")


def _with_halves(column: pd.Series, halves: pd.Series, faults: Faults) -> pd.Series:
    half = _halves(halves, faults)
    cells = texts(column)
    named = cells.str.contains(r"[AaPp]\.?\s*[Mm]\.?$", regex=True)
    return (cells + " " + half + "m").where((cells != "") & ~named, cells).rename(str(column.name))


def _joined(
    date: pd.Series, clock: pd.Series, faults: Faults, seconds: pd.Series | None = None
) -> pd.Series:
    """Date and time of day as one text; empty clocks are noted."""
    days, clocks = texts(date), texts(clock)
    if clocks.iloc[:SOME_ROWS].str.match(NO_DAY).any():
        clocks = clocks.str.replace(rf"^{NO_DAY}", "", regex=True)
    if days.iloc[:SOME_ROWS].str.fullmatch(r"\d{8}\.0*").any():  # as a program writes them
        days = days.str.replace(r"^(\d{8})\.0*$", r"\1", regex=True)
    full = clocks.str.contains(FULL, regex=True).to_numpy(np.bool_)
    days = days.str.replace(MIDNIGHT, "", regex=True) if len(days) else days
    compact = clocks.str.fullmatch(r"\d{1,6}(?:[.,]\d*)?|\d{7,8}").to_numpy(np.bool_)
    if are_day_shares([cell for cell in clocks.iloc[:200] if cell]):
        return _with_shares(days, clocks, faults)
    if compact.mean() > MOSTLY:
        short = seconds is not None
        clocks = clocks.mask(compact, _from_digits(clocks[compact], faults, short=short))
    if seconds is not None:
        behind = texts(seconds).str.replace(",", ".", regex=False)
        behind = behind.str.replace(r"^(\d)(?=\.|$)", r"0\1", regex=True)
        clocks = (clocks + ":" + behind).mask(clocks == "", "")
    empty = (clocks == "").to_numpy(np.bool_) & (days != "").to_numpy(np.bool_)
    faults.note(empty, f"{clock.name} is empty: fill it in or drop the row")
    alone = (days == "").to_numpy(np.bool_) & (clocks != "").to_numpy(np.bool_) & ~full
    reason = f"{date.name} is empty, as where cells were merged: fill it in, or drop the row"
    faults.note(alone, reason)
    joined: pd.Series = (days + "T" + clocks).where(~full, clocks)
    joined = joined.mask(days == "", "").mask(empty, "")
    return joined.rename("time")


def _with_shares(days: pd.Series, clocks: pd.Series, faults: Faults) -> pd.Series:
    """Dates, or numbers of days, and times of day that are shares of the day, as one text."""
    faults.say("times of day are shares of the day: 0.5 is noon")
    shares = pd.to_numeric(clocks.str.replace(",", ".", regex=False), errors="coerce")
    bad = (shares.isna() | ~shares.between(0.0, 1.0)).to_numpy(np.bool_)
    note(faults, clocks, bad & (days != "").to_numpy(np.bool_), "is no share of a day", WRITE_TIMES)
    counted = days.str.fullmatch(r"\d{1,7}(?:\.0*)?").to_numpy(np.bool_)
    milliseconds = (shares.fillna(0.0) * 86_400_000.0).round().astype(np.int64)
    hours, rest = milliseconds // 3_600_000, milliseconds % 3_600_000
    minutes, rest = rest // 60_000, rest % 60_000
    written = (
        days
        + "T"
        + hours.map("{:02d}:".format)
        + minutes.map("{:02d}:".format)
        + (rest / 1e3).map("{:06.3f}".format)
    )
    if counted.mean() > MOSTLY:
        whole = pd.to_numeric(days.where(counted, ""), errors="coerce")
        written = (whole + shares).map("{:.9f}".format)
    return written.mask(bad | (days == ""), "").rename("time")


def _from_digits(clocks: pd.Series, faults: Faults, *, short: bool) -> pd.Series:
    """``013635.52`` as 01:36:35.52; leading zeros may be lost, so all cells decide on the width.

    Raises
    ------
    InputError
        For four digits with decimals: are they minutes or seconds? In ``short`` ones seconds stand
        in a column of their own.
    """
    whole = clocks.str.replace(",", ".").str.partition(".")
    digits, rest = whole[0], whole[1] + whole[2]
    if digits.str.len().max() > 6:
        faults.say("times of day in up to eight digits end in hundredths of a second")
        digits = digits.str.zfill(8)
        digits, rest = digits.str[:6], "." + digits.str[6:]
    narrow = digits.str.len() <= 4
    if narrow.all() and rest.str.fullmatch(r"\.0*|").all():
        rest = rest.mask(rest != "", "")  # whole numbers as a program writes them
    elif (short or narrow.all()) and (rest != "").any():
        i = int(np.argmax((rest != "").to_numpy(np.bool_)))
        raise InputError(
            f"{faults.place(int(clocks.index[i]))}: {clocks.iloc[i]!r} may be hours and minutes or "
            "minutes and seconds: write times of day as 13:31:58.5"
        )
    width = 6 if digits.str.len().max() > 4 or (rest != "").any() else 4
    digits = digits.str.zfill(width)
    parts = [digits.str[i : i + 2] for i in range(0, width, 2)]
    return parts[0] + ":" + parts[1] + (":" + parts[2] + rest if width == 6 else "")


def _has_capitals(text: str) -> bool:
    """Whether two capitals of ASCII stand side by side, ten times faster than by an expression."""
    codes = np.frombuffer(text.encode("latin-1", "replace"), dtype=np.uint8)
    capitals = (codes >= ord("A")) & (codes <= ord("Z"))
    return bool((capitals[1:] & capitals[:-1]).any())


def _of_text(
    column: pd.Series, faults: Faults, order: Order | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Nanoseconds of cells of text, which of them are times, and which have an offset."""
    stamps, valid, zoned = plain_times(column)
    rest = np.flatnonzero(~valid)
    if not rest.size:
        return stamps, valid, zoned
    cells = texts(column.iloc[rest])
    parts = cells.str.extract(TIME, flags=re.ASCII)
    fields = parts.iloc[:, :6].apply(pd.to_numeric).to_numpy(np.float64, copy=True)
    fields[:, 3:][np.isnan(fields[:, 3:])] = 0.0  # a date without a clock is its midnight
    local, are_times = calendar_stamps(fields)
    east, known = zone_offsets(parts[6])
    stamps[rest], valid[rest] = local - east, are_times & known
    zoned[rest] = parts[6].notna().to_numpy()
    # What is written like that but is no time is damaged, not written otherwise
    rest = rest[parts[0].isna().to_numpy(np.bool_) & (cells != "").to_numpy(np.bool_)]
    if rest.size:
        fewest = SHARE * len(column)
        loose = _loosened(texts(column.iloc[rest]))
        for form, pattern in FORMS.items():
            parts = loose.str.extract(pattern)
            fits = parts[0].notna().to_numpy(np.bool_)
            if fits.sum() < fewest or not fits.any():
                continue
            rows = rest[fits]
            fields = _fields(form, parts[fits], column.iloc[rows], faults, order)
            local, are_times = calendar_stamps(fields)
            east, known = zone_offsets(parts.loc[fits].iloc[:, -1])
            stamps[rows], valid[rows] = local - east, are_times & known
            zoned[rows] = parts.loc[fits].iloc[:, -1].notna().to_numpy()
            loose, rest = loose[~fits], rest[~fits]
            if not rest.size:
                break
    return stamps, valid, zoned


def _loosened(cells: pd.Series) -> pd.Series:
    """Cells without padding inside dates and clocks, weekdays, and signs that stand for marks."""
    loose = cells.str.replace(r"(?<=\d)([/:.\-])\s+(?=\d)", r"\1", regex=True)
    loose = loose.str.replace(r"^(\d{1,2}\.\d{1,2}\.\d{4})\.(?=[T\s]|$)", r"\1", regex=True)
    ordinal = r"^(\d{4})-?(\d{3})(?=[T\s]|$)"
    if loose.str.match(r"\d{4}-?\d{3}(?:[T\s]|$)").any():
        loose = loose.str.replace(ordinal, _ordinal, regex=True)
    loose = loose.str.replace(r"(:\d{1,2}),(\d+)", r"\1.\2", regex=True)
    loose = loose.str.replace(r"(?<=[T\s])\s+(?=\d{1,2}:)", "", regex=True)
    loose = loose.str.replace(r"^[A-Za-z]{3,9},\s+(?=\d)", "", regex=True)
    if loose.str.contains("[年时時]", regex=True).any():
        loose = loose.str.replace("[年月]", "-", regex=True).str.replace("[日秒]", " ", regex=True)
        loose = loose.str.replace("[时時分点點]", ":", regex=True).str.rstrip(": ")
        loose = loose.str.replace(r"\s+T(?=\d)", "T", regex=True)
    return loose


def _ordinal(found: re.Match[str]) -> str:
    """2018-062 as 2018-03-03; a day that the year has not is left."""
    year, day = int(found[1]), int(found[2])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not (1678 <= year <= 2261 and 1 <= day <= 365 + leap):
        return found[0]
    return f"{pd.Timestamp(year, 1, 1) + pd.Timedelta(days=day - 1):%Y-%m-%d}"


def split_decimals(parts: dict[str, pd.Series], faults: Faults) -> dict[str, pd.Series]:
    """Decimals of the finest part of a calendar as the finer ones, which is said.

    Only where they cannot be two digits of the next part, as 13.53 for 13:53 might be.
    """
    finest = [part for part in SECONDS if part in parts]
    if not finest or "second" in parts:
        return parts
    part = finest[-1]
    values = pd.to_numeric(parts[part], errors="coerce")
    rest = values % 1.0
    if not ((rest > 0.0).mean() > MOSTLY and (rest >= 0.6).mean() > 0.1):
        return parts
    faults.say(f"decimals of the {part} are read as such: 0.5 is half of one")
    read = dict(parts)
    whole = np.floor(values)
    read[part] = whole.map("{:.0f}".format).where(values.notna(), parts[part].astype(str))
    read[part] = read[part].rename(part)
    left = (rest * SECONDS[part]).fillna(0.0).round(6)
    if part == "day":
        read["hour"], left = (left // 3600.0).rename("hour"), left % 3600.0
    if part != "minute":
        read["minute"], left = (left // 60.0).rename("minute"), left % 60.0
    read["second"] = left.round(6).rename("second")
    return read


SECONDS = {"day": 86_400.0, "hour": 3600.0, "minute": 60.0}
"""Length of the parts of a calendar whose decimals are times."""


def _fields(
    form: str, parts: pd.DataFrame, written: pd.Series, faults: Faults, order: Order | None
) -> FloatArray:
    """Year to second, shape (row, 6), of what a form has matched."""
    if form == "year last":
        a, b = (pd.to_numeric(parts[j]) for j in (0, 2))
        first = order if order in {"dmy", "mdy"} else _order(a, b, written, faults)
        contrary = ((b if first == "dmy" else a) > 12) & ((a if first == "dmy" else b) <= 12)
        if contrary.mean() > SHARE:
            other = str(written[contrary.to_numpy(np.bool_)].iloc[0])
            raise InputError(
                f"{faults.where}: {int(contrary.sum()):,} of {len(a):,} dates, such as {other!r}, "
                f"are not {first}, so that days up to 12 may be either: write all dates one way"
            )
        year, month, day = (parts[3], b, a) if first == "dmy" else (parts[3], a, b)
        rest = list(range(4, 8))
        faults.say(
            "dates are read day first, then month"
            if first == "dmy"
            else "dates are read month first, then day"
        )
    elif form in {"short year", "short digits"}:
        triple = [pd.to_numeric(parts[j]) for j in (0, 2, 3)]
        year, month, day = _short_dates(triple, order, written, faults)
        rest = list(range(4, 8))
    elif form == "short year, month name":
        month = parts[1].map(normalised).map(MONTHS).fillna(0)
        triple = [pd.to_numeric(parts[0]), month, pd.to_numeric(parts[2])]
        year, month, day = _short_dates(triple, order, written, faults, named=True)
        rest = list(range(3, 7))
    else:
        places = {
            "year first": (0, 1, 2),
            "day, month name": (2, 1, 0),
            "month name, day": (2, 0, 1),
            "year, month name": (0, 1, 2),
            "digits only": (0, 1, 2),
        }[form]
        year, month, day = (parts[j] for j in places)
        rest = list(range(3, 7))
    if "name" in form and "short" not in form:
        month = month.map(normalised).map(MONTHS)
    columns = [pd.to_numeric(x, errors="coerce") for x in (year, month, day)]
    clock = [pd.to_numeric(parts[j]).fillna(0.0) for j in rest[:3]]
    half = parts[rest[3]].astype("str").str.lower().str[:1]
    named = half.isin(["a", "p"])
    written_hour = clock[0]
    hour = clock[0] % 12 + 12.0 * (half == "p")
    clock[0] = clock[0].mask(named & clock[0].between(1, 12), hour)
    wrong = ((half == "a") & (clock[0] > 12)) | ((half == "p") & (written_hour == 0))
    clock[0] = clock[0].mask((named & ~clock[0].between(0, 23)) | wrong, 99.0)
    fields = np.stack([x.to_numpy(np.float64) for x in (*columns, *clock)], axis=1)
    return np.where(np.isnan(fields), 0.0, fields)  # month 0 is none


def _order(a: pd.Series, b: pd.Series, written: pd.Series, faults: Faults) -> Order:
    """Which comes first, where a day above 12 decides.

    Raises
    ------
    InputError
        Where none does, or some say so and some otherwise.
    """
    days_first, months_first = int((a > 12).sum()), int((b > 12).sum())
    remedy = "say `dates` dmy if the day comes first, `dates` mdy if the month does"
    example = f"{faults.place(int(written.index[0]))}: {written.name} = {str(written.iloc[0])!r}"
    if days_first and months_first:
        if min(days_first, months_first) > SHARE * len(a):
            remedy = "write all dates one way"
        other = written[(a > 12).to_numpy(np.bool_)].iloc[0]
        one = written[(b > 12).to_numpy(np.bool_)].iloc[0]
        raise InputError(
            f"{faults.where}: some dates have the day first, as {str(other)!r}, and some the "
            f"month, as {str(one)!r}: {remedy}"
        )
    if not days_first and not months_first:
        raise InputError(
            f"{example} may be day or month first, and no day above 12 tells: {remedy}"
        )
    return "dmy" if days_first else "mdy"


READ_AS = {
    "dmy": "dates are read day first, then month",
    "mdy": "dates are read month first, then day",
    "ymd": "dates are read year first, then month",
}


def _short_dates(
    triple: list[pd.Series],
    order: Order | None,
    written: pd.Series,
    faults: Faults,
    *,
    named: bool = False,
) -> tuple[pd.Series, pd.Series, pd.Series]:
    """Year, month and day of dates with years of two digits; ``named`` months are in the middle.

    Raises
    ------
    InputError
        Where several orders fit, or none.
    """
    a, b, c = triple
    fits = {
        "dmy": a.between(1, 31) & b.between(1, 12),
        "mdy": a.between(1, 12) & b.between(1, 31),
        "ymd": b.between(1, 12) & c.between(1, 31),
    }
    if named:
        del fits["mdy"]
        order = None if order == "mdy" else order
    possible = [way for way, good in fits.items() if good.mean() > 1.0 - SHARE]
    if order is None and len(possible) != 1:
        example = str(written.iloc[0]).strip()
        ways = possible or list(fits)
        raise InputError(
            f"{faults.place(int(written.index[0]))}: {written.name} = {example!r} may have the "
            f"year{' or' if named else ', the month or'} the day first: say "
            + ", ".join(f"`dates` {way}" for way in ways[:-1])
            + f" or `dates` {ways[-1]}, or write years of four digits"
        )
    way = order or possible[0]
    faults.say(READ_AS[way])
    year, month, day = {"dmy": (c, b, a), "mdy": (c, a, b), "ymd": (a, b, c)}[way]
    return full_years(year, faults), month, day


def full_years(years: pd.Series, faults: Faults) -> pd.Series:
    """Years of two digits by the rule of POSIX, which is said.

    Raises
    ------
    InputError
        Where that gives years to come.
    """
    full = years + np.where(years >= 69, 1900, 2000)
    ahead = years[(full > pd.Timestamp.now(tz="UTC").year).to_numpy(np.bool_)]
    if len(ahead):
        raise InputError(
            f"{faults.where}: {len(ahead):,} years of two digits, as {int(ahead.iloc[0]):02d}, "
            "may be of the last century, or are no years: write years of four digits"
        )
    faults.say("years of two digits: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068")
    return full


DECIMAL_COMMA = r"^\s*(\d{1,7}),(\d+)\s*$"
"""A number of days with a decimal comma."""

NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\s*")


_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_HOUR, _SIXTY = r"(?:[01]\d|2[0-4])", r"(?:[0-5]\d|60)"
ROUNDED = r"\d(?:\.\d{0,5})?[eE]\+?(?:0?[89]|1\d)"
"""1.47201E+12, a large number as spreadsheets write it, of which hours or days are lost."""

DECIMALS_OF_DIGITS = rf"([12]\d{{3}}{_DAY}{_HOUR}{_SIXTY}{_SIXTY})(\d{{2,9}})"
"""20160824013635520, the seconds with decimals but without a point."""

SHORT_DIGITS = rf"(\d\d{_DAY})({_HOUR}{_SIXTY}{_SIXTY}?)|([12]\d{{3}}{_DAY}{_HOUR})"
"""1608240136 and 160824013635, or 2016082401, which may be seconds or milliseconds since 1970."""

NEARLY_ALL = 0.9

FEWEST = 3
"""So many numbers are no dates by chance: one in two hundred is."""


def _of_digits(column: pd.Series, faults: Faults, dating: Dating) -> pd.Series:
    """Cells that are dates and times in digits only with the marks that their size leaves out.

    Raises
    ------
    InputError
        For ten or twelve digits that may count from 1970, unless the user says what they are, and
        for numbers that were rounded.
    """
    head = [cell.strip() for cell in column.iloc[:200] if isinstance(cell, str) and cell.strip()]
    if len(head) < FEWEST or dating.origin is not None:
        return column

    def fitting(pattern: str) -> float:
        return sum(re.fullmatch(pattern, cell) is not None for cell in head) / len(head)

    if fitting(ROUNDED) > MOSTLY:
        raise InputError(
            f"{faults.place(int(column.index[0]))}: {column.name} = {head[0]!r} has lost its last "
            "digits, as spreadsheets round large numbers: write times as 2019-07-06T03:19:53"
        )
    if fitting(DECIMALS_OF_DIGITS) > NEARLY_ALL:
        return texts(column).str.replace(rf"^{DECIMALS_OF_DIGITS}$", r"\1.\2", regex=True)
    if fitting(SHORT_DIGITS) < NEARLY_ALL or fitting(rf"(?:1[6-9]|20)\d\d{_DAY}\d{{4}}") > MOSTLY:
        return column
    if dating.order is not None:
        return texts(column).str.replace(r"^(\d{6})(\d{4}|\d{6})$", r"\1T\2", regex=True)
    raise InputError(
        f"{faults.place(int(column.index[0]))}: {column.name} = {head[0]!r} may be a date in "
        "digits only: with a year of two digits say `dates` ymd, or write times as "
        "2019-07-06T03:19:53; if it counts seconds, say `origin` 'seconds since 1970-01-01'"
    )


def _numbers(column: pd.Series, order: Order | None) -> FloatArray | None:
    """The cells as numbers, if most are plain ones; NaN where one is not.

    Six digits are a date where the ``order`` of its parts is said.
    """
    head = [cell for cell in column.iloc[:200] if isinstance(cell, str) and cell.strip()]
    head = [re.sub(DECIMAL_COMMA, r"\1.\2", cell) for cell in head]
    if sum(NUMBER.fullmatch(cell) is not None for cell in head) <= MOSTLY * len(head):
        return None
    cells = texts(column).str.replace(DECIMAL_COMMA, r"\1.\2", regex=True)
    if order is not None and cells.str.fullmatch(r"\d{6}|").all():
        return None
    values = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    known = cells != ""
    if not known.any() or np.isnan(values[known.to_numpy(np.bool_)]).mean() > MOSTLY:
        return None
    digits = cells[known].str.fullmatch(
        r"[12]\d{3}(0[1-9]|1[0-2])([0-2]\d|3[01])(\d{4}(\d\d)?(\.\d*)?)?"
    )
    return None if digits.mean() > MOSTLY else values


EPOCHS = {
    "s": (1e8, 2e10, 1e9),
    "ms": (1e11, 2e13, 1e6),
    "us": (1e14, 2e16, 1e3),
    "ns": (1e17, 9e18, 1.0),
}
"""Size of numbers since 1970 in each unit, from 1973 on, and nanoseconds in it."""

SINCE = re.compile(
    r"(second|sec|minute|min|hour|hr|day)s?\s+(?:since|after|from)\s+(\d{4}\S*(?:\s+\d\S*)?)",
    re.IGNORECASE,
)

DAY_NUMBERS = {
    "datenum": 719_529.0,
    "matlabdatenum": 719_529.0,
    "mjd": 40_587.0,
    "jd": 2_440_587.5,
    "juliandate": 2_440_587.5,
}
"""1970-01-01 in days that are counted from somewhere else, by the name of the column."""


YEARS = "decimalyear"


def _of_years(values: FloatArray) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Times of years with decimals, which are shares of that year's length."""
    valid = np.isfinite(values) & (values >= 1678.0) & (values < 2262.0)
    years = np.floor(np.where(valid, values, 1970.0))
    first = (years.astype(np.int64) - 1970).astype("datetime64[Y]")
    begin, stop = (x.astype("datetime64[s]").astype(np.int64) for x in (first, first + 1))
    seconds = (np.where(valid, values, 1970.0) - years) * (stop - begin)
    return begin * NS_PER_SECOND + np.rint(seconds * 1e3).astype(np.int64) * 1_000_000, valid


def _counted(low: float, high: float) -> str:
    """What numbers of such size may count, and how to say so."""
    if low >= 600_000 and high <= 800_000:
        return "they are MATLAB's, say `origin` datenum; if dates of six digits, `dates` ymd"
    if low >= 10_101 and high <= 991_231 and high > 65_000:
        return "they are dates of six digits, say `dates` ymd, dmy or mdy; if days, `origin` DATE"
    if low >= 2_300_000 and high <= 2_500_000:
        return "they are Julian days, say `origin` jd"
    if low >= 20_000 and high <= 65_000:
        return (
            "they are serial numbers of Excel, say `origin` 1899-12-30; if modified Julian days, "
            "`origin` mjd"
        )
    if low >= 1678 and high < 2262:
        return "they are years with decimals, say `origin` decimalyear; if days, `origin` DATE"
    return (
        "they are days, give the date from which they count with `origin` DATE; if seconds, with "
        "`origin` 'seconds since DATE'"
    )


UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}


def _counting(name: str, dating: Dating) -> tuple[str, str] | None:
    """The date from which numbers count, and what they count; None where no date is said."""
    since = SINCE.search(name)
    if since is None and dating.origin is not None:
        since = SINCE.fullmatch(dating.origin.strip())
    if since is not None:
        return since.group(2).rstrip(")]"), unit_of(since.group(1)) or "days"
    return None if dating.origin is None else (dating.origin, unit_of(name) or "days")


def _since_1970(
    values: FloatArray, valid: NDArray[np.bool_], name: str, faults: Faults
) -> NDArray[np.int64]:
    """Times of numbers that count from 1970, in the unit that their size tells."""
    largest = float(np.abs(values[valid]).max())
    for label, (low, high, scale) in EPOCHS.items():
        if low <= largest <= high:
            faults.say(f"{name} counts {label} since 1970-01-01")
            stamps = np.zeros(len(values), dtype=np.int64)
            whole = np.floor(values[valid])
            stamps[valid] = whole.astype(np.int64) * int(scale) + np.rint(
                (values[valid] - whole) * scale
            ).astype(np.int64)
            return stamps
    low, high = float(values[valid].min()), float(values[valid].max())
    unit = unit_of(name)
    if unit in {None, "days"}:
        raise InputError(
            f"{faults.where}: column {name} holds numbers from {low:g} to {high:g}, no dates: if "
            + _counted(low, high)
        )
    raise InputError(
        f"{faults.where}: column {name} holds {unit} from {low:g} to {high:g}: give the date from "
        "which they count with `origin` DATE"
    )


def _say_short(values: FloatArray, unit: str, origin: str, faults: Faults) -> None:
    """Say that a laboratory's hour is too short for what is known of earthquakes."""
    span = float(np.ptp(values)) if values.size else 0.0
    if unit == "seconds" and 0.0 < span < UNITS["d"]:
        faults.say(
            f"all within {span:,.4g} seconds: fits and forecasts are made for days to decades, "
            "with delays of a second and more; in a laboratory count seconds as days, by `origin` "
            f"'days since {origin}'"
        )


def _of_numbers(
    values: FloatArray,
    names: Mapping[str, str],
    faults: Faults,
    dating: Dating,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Times of plain numbers: seconds or milliseconds since 1970 by their size, others by a date.

    From a date they count what it says, as in ``seconds since 2006-12-02``, else the unit in the
    name of the column, else days.

    Raises
    ------
    InputError
        For numbers since nobody knows when, and where most are beyond the calendar.
    """
    name = next((text for role, text in names.items() if role in {"time", "date"}), "time").strip()
    valid = np.isfinite(values)
    if YEARS in {heading(name).key, dating.origin} and dating.origin in {None, YEARS}:
        faults.say(f"{name} counts years with decimals")
        return _of_years(values)
    day_number = heading(name).key if dating.origin is None else dating.origin.strip().lower()
    first = DAY_NUMBERS.get(day_number, 0.0)
    counting = ("1970-01-01", "days") if first else _counting(name, dating)
    if counting is None:
        return _since_1970(values, valid, name, faults), valid
    origin, unit = counting
    begin = timestamp(origin, f"{faults.where}: origin of {name}").value
    if first:
        faults.say(f"{name} counts days, of which number {first:.12g} is {origin} ({day_number})")
    else:
        faults.say(f"{name} counts {unit} since {origin}")
        _say_short(values[valid], unit, origin, faults)
    nanoseconds = (values - first) * UNITS[unit[0]] * NS_PER_SECOND
    within = valid & (np.abs(nanoseconds + float(begin)) < 9e18)
    if unit == "days" and within.sum() <= MOSTLY * valid.sum():
        raise InputError(
            f"{faults.where}: column {name} has numbers up to {values[valid].max():g}, and most "
            f"are too large for days since {origin}: if they are seconds, say `origin` 'seconds "
            f"since {origin}'"
        )
    stamps = np.zeros(len(values), dtype=np.int64)
    stamps[within] = begin + np.rint(nanoseconds[within]).astype(np.int64)
    return stamps, within
