"""Readers of one row each, to compare parsers with: regular expressions, float and datetime.

They raise ValueError for a row that is not whole.
"""

import csv
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RANGES = ((-90, 90), (-180, 360), (-10, 1000), (-5, 10))
MISSING = {"", "-", "--", "na", "n/a", "nan", "nat", "none", "null", "<na>"}
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)

Values = tuple[int, float, float, float, float]
"""Nanoseconds since 1970, latitude, longitude, depth, magnitude."""


def nanoseconds(y: int, mo: int, d: int, h: int, mi: int, s: float) -> int:
    if not 1678 <= y <= 2261 or not 0 <= s < 100 or mi > 60 or h > 24 or (h == 24 and mi + s > 0):
        raise ValueError
    days = (datetime(y, mo, d, tzinfo=UTC) - EPOCH).days
    return (days * 86400 + h * 3600 + mi * 60) * 10**9 + round(s * 1e9)


def number(text: str) -> float:
    text = text.strip()
    if text.lower() in MISSING:
        return math.nan
    if not NUMBER.fullmatch(text):
        raise ValueError
    return float(text)


def aligned(text: str, places: int) -> float:
    if not re.fullmatch(
        rf" *[+-]?\d*\.\d{{{places}}}" if places else r" *[+-]?\d+", text, re.ASCII
    ):
        raise ValueError
    return float(text)


def checked(time: int, *values: float) -> Values:
    for value, (low, high) in zip(values, RANGES, strict=True):
        if not math.isnan(value) and not low <= value <= high:
            raise ValueError
    if math.isnan(values[-1]):
        raise ValueError
    return (time, *values)  # type: ignore[return-value]


def iso(text: str) -> int:
    match = re.fullmatch(
        r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[Tt\s]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2}\.?\d*))?)?"
        r"\s*(?:(Z|z|UTC|GMT)|([+-])(\d\d):?(\d\d)?)?\s*",
        text.strip(),
        re.ASCII,
    )
    if not match:
        raise ValueError
    y, mo, d, h, mi, s, _, sign, zh, zm = match.groups()
    east = 0
    if sign:
        if int(zh) > 14 or int(zm or 0) > 59:
            raise ValueError
        east = (int(zh) * 60 + int(zm or 0)) * 60 * (-1 if sign == "-" else 1)
    return nanoseconds(int(y), int(mo), int(d), int(h or 0), int(mi or 0), float(s or 0)) - (
        east * 10**9
    )


def fields(line: str, delimiter: str, count: int) -> list[str]:
    if not delimiter:
        row = line.split()
    elif '"' not in line:
        row = line.split(delimiter)
    else:
        if line.count('"') % 2:
            raise ValueError
        try:
            (row,) = csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True)
        except csv.Error:
            raise ValueError from None
    if len(row) != count:
        raise ValueError
    return row


def by_fields(
    delimiter: str, count: int, time: int | tuple[int, ...], *places: int
) -> Callable[[str], Values]:
    def read(line: str) -> Values:
        row = fields(line, delimiter, count)
        if isinstance(time, int):
            stamp = iso(row[time])
        else:
            *whole, second = (number(row[j]) for j in time)
            if any(x % 1 for x in whole):
                raise ValueError
            stamp = nanoseconds(*map(int, whole), second)  # type: ignore[arg-type]
        return checked(stamp, *(number(row[j]) for j in places))

    return read


def read_fdsn_text(line: str) -> Values:
    """With | in the place, the last of 13 columns, if no number stands there."""
    row = line.split("|")
    if len(row) > 13:
        for words in row[12:]:
            try:
                float(words)
            except ValueError:
                continue
            raise ValueError
        line = "|".join(row[:13])
    return by_fields("|", 13, 1, 2, 3, 4, 10)(line)


def loosely(delimiter: str, count: int, time: int, *places: int) -> Callable[[str], Values]:
    """As ``by_fields``, but places that are impossible and depths that are none are unknown."""

    def read(line: str) -> Values:
        row = fields(line, delimiter, count)
        values = [number(row[j]) for j in places[:2]]
        try:
            values.append(number(row[places[2]]))
        except ValueError:
            values.append(math.nan)
        for i, (low, high) in enumerate(RANGES[:3]):
            if not low <= values[i] <= high or (i == 2 and values[i] == 999.0):
                values[i] = math.nan
        return checked(iso(row[time]), *values, number(row[places[3]]))

    return read


def read_scedc(line: str, shift: int = 0) -> Values:
    line = line.ljust(81 - shift)
    kind = r"..  ." if not shift else ".. "
    match = re.fullmatch(
        rf"(\d{{4}})/(\d\d)/(\d\d) (\d\d):(\d\d):(\d\d\.\d\d) {kind}"
        + (r"(.{5}) ..  " if not shift else r"(.{4}) ..  ")
        + r"(.{7}) (.{8}) (.{5}) .(.{9}) (.{4}) (.{4}) *",
        line,
        re.ASCII,
    )
    if not match:
        raise ValueError
    y, mo, d, h, mi, s, m, lat, lon, depth, evid, *counts = match.groups()
    aligned(evid, 0)
    for count in counts:
        if count.strip():
            aligned(count, 0)
    values = (aligned(lat, 3), aligned(lon, 3), aligned(depth, 1), aligned(m, 2))
    if values[-1] == 0.0 and line[34 - shift : 36 - shift].strip() == "n":
        raise ValueError
    return checked(nanoseconds(int(y), int(mo), int(d), int(h), int(mi), float(s)), *values)


def read_scsn(line: str) -> Values:
    match = re.fullmatch(
        r"\s*(\d{4})[\s/]+(\d\d?)[\s/]+(\d\d?)\s+(\d\d?)[\s:]+(\d\d?)[\s:]+(\d\d?\.\d*)\s+"
        r"(-?\d\d?)\s+(\d\d?\.\d+)\s*(-?\d{1,3})\s+(\d\d?\.\d+)\s+[A-Z*]\s+(-?\d\d?\.\d)\s+"
        r"(-?\d{1,3}\.\d+)\s+\d+\s+\d+\.\d+\s+\d+\s*",
        line,
        re.ASCII,
    )
    if not match:
        raise ValueError
    y, mo, d, h, mi, s, lat, lat_m, lon, lon_m, m, depth = match.groups()
    if float(lat_m) >= 60 or float(lon_m) >= 60:
        raise ValueError
    places = [
        math.copysign(abs(int(whole)) + float(part) / 60, -1 if whole[0] == "-" else 1)
        for whole, part in ((lat, lat_m), (lon, lon_m))
    ]
    stamp = nanoseconds(int(y), int(mo), int(d), int(h), int(mi), float(s))
    return checked(stamp, *places, float(depth), float(m))


def read_stp(line: str) -> Values:
    if not line.isascii() or not set(line) <= {"\t", *map(chr, range(32, 127))}:
        raise ValueError
    number, kind, *rest = line.split()
    if rest and rest[0] in {"l", "r", "t"}:
        rest = rest[1:]
    time, lat, lon, depth, m, scale, quality = rest
    clock = re.fullmatch(r"(\d{4})/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d\.?\d*)", time)
    good = re.fullmatch(
        r"\d+ [a-z][a-z] [a-z][a-z]? \d+(\.\d+)?", f"{number} {kind} {scale} {quality}"
    )
    sizes = zip((lat, lon, depth, m), (2, 3, 3, 1), strict=True)
    if not clock or not good:
        raise ValueError
    if not all(re.fullmatch(rf"-?\d{{1,{size}}}\.\d+", text) for text, size in sizes):
        raise ValueError
    *calendar, second = clock.groups()
    stamp = nanoseconds(*map(int, calendar), float(second))
    return checked(stamp, *map(float, (lat, lon, depth, m)))


def read_hauksson(line: str) -> Values:
    if line[188:].strip():
        raise ValueError
    line = line.ljust(188)
    if any(line[j] != " " for j in (4, 7, 10, 13, 16, 23, 33, 43, 54, 62)):
        raise ValueError
    clock = [int(aligned(line[a:b], 0)) for a, b in ((0, 4), (4, 7), (7, 10), (10, 13), (13, 16))]
    if min(clock) < 0:
        raise ValueError
    stamp = nanoseconds(*clock, aligned(line[16:23], 3))
    aligned(line[23:33], 0)
    columns = ((33, 43, 5), (43, 54, 5), (54, 62, 3), (62, 68, 2))
    return checked(stamp, *(aligned(line[a:b], places) for a, b, places in columns))


def hundredths(text: str, whole: int) -> float:
    if not text.strip():
        return math.nan
    match = re.fullmatch(r" *([+-]?)(\d*)", text[:whole], re.ASCII)
    lead = "" if text[:whole].strip() else " ?"
    rest = re.fullmatch(rf"(\d?){lead}(\d?) *", text[whole:], re.ASCII)
    if not match or not rest or (match[1] and not match[2]):
        raise ValueError
    value = int(match[2] or 0) + int(text[whole:].ljust(2).replace(" ", "0")) / 100
    return -value if match[1] == "-" else value


def tenths(text: str) -> float:
    if text == "  ":
        return math.nan
    if not re.fullmatch(r"[\d\-ABC]\d", text, re.ASCII):
        raise ValueError
    if text[0].isdigit():
        return int(text) / 10
    return -("-ABC".index(text[0])) - int(text[1]) / 10


def read_jma(line: str) -> Values:
    if line[0] != "J" or len(line) < 95 or line[96:].strip() or line[60] not in " 12345":
        raise ValueError
    clock = [int(aligned(line[a:b], 0)) for a, b in ((1, 5), (5, 7), (7, 9), (9, 11), (11, 13))]
    second = hundredths(line[13:17], 2)
    stamp = nanoseconds(*clock, 0.0 if math.isnan(second) else second)
    places = []
    for a, b, c in ((21, 24, 28), (32, 36, 40)):
        if not line[a:c].strip():
            places.append(math.nan)
            continue
        degrees, minutes = aligned(line[a:b], 0), hundredths(line[b:c], 2)
        minutes = 0.0 if math.isnan(minutes) else minutes
        if not 0 <= minutes < 60:
            raise ValueError
        places.append(math.copysign(abs(degrees) + minutes / 60, -1 if "-" in line[a:b] else 1))
    first, second_magnitude = tenths(line[52:54]), tenths(line[55:57])
    m = second_magnitude if math.isnan(first) else first
    return checked(stamp - 9 * 3600 * 10**9, *places, hundredths(line[44:49], 3), m)


def read_hypoinverse(line: str) -> Values:
    if len(line) < 36 or line[180:].strip() or line[18] not in " NS" or line[26] not in " EW":
        raise ValueError
    clock = [int(aligned(line[a:b], 0)) for a, b in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12))]
    stamp = nanoseconds(*clock, aligned(line[12:16], 0) / 100)
    places = []
    for a, b, minus in ((16, 18, "S"), (23, 26, " W")):
        degrees, minutes = aligned(line[a:b], 0), aligned(line[b + 1 : b + 5], 0)
        if degrees < 0 or not 0 <= minutes <= 6000:
            raise ValueError
        value = degrees + minutes / 6000
        places.append(-value if line[b] in minus else value)
    blank = not line[147:150].strip()
    m = math.nan if blank else aligned(line[147:150], 0) / 100
    if m == 0 and line[146] == " ":
        m = math.nan
    depth = math.nan if not line[31:36].strip() else aligned(line[31:36], 0) / 100
    return checked(stamp, *places, depth, m)


def read_quakeml(text: str) -> Values:
    """One event on one line, as ``row_writers`` writes it."""
    values = re.findall(r"<(time|latitude|longitude|depth|mag)><value>([^<]*)</value>", text)
    found = dict(values)
    depth = number(found["depth"]) / 1000
    places = (number(found["latitude"]), number(found["longitude"]))
    return checked(iso(found["time"]), *places, depth, number(found["mag"]))


def read_zmap(line: str) -> Values:
    row = fields(line, "", 10)
    year = re.fullmatch(r"(\d{4})(\.\d*)?", row[2], re.ASCII)
    if not year:
        raise ValueError
    whole = [number(row[j]) for j in (3, 4, 7, 8)]
    if any(x % 1 for x in whole):
        raise ValueError
    stamp = nanoseconds(int(year[1]), *map(int, whole), number(row[9]))  # type: ignore[call-arg]
    return checked(stamp, *(number(row[j]) for j in (1, 0, 6, 5)))


READERS: dict[str, Callable[[str], Values]] = {
    "scedc": read_scedc,
    "scedc until 2015": lambda line: read_scedc(line, 3),
    "scsn": read_scsn,
    "stp": read_stp,
    "hauksson": read_hauksson,
    "jma": read_jma,
    "hypoinverse": read_hypoinverse,
    "qtm": by_fields("", 17, (0, 1, 2, 3, 4, 5), 7, 8, 9, 10),
    "white": by_fields("", 6, 5, 1, 2, 3, 4),
    "ehp_csv": by_fields(",", 22, 0, 1, 2, 3, 4),
    "geonet": by_fields(",", 9, 2, 5, 4, 7, 6),
    "horus": by_fields("\t", 11, (0, 1, 2, 3, 4, 5), 6, 7, 8, 9),
    "tan2021": by_fields(",", 12, (0, 1, 2, 3, 4, 5), 6, 7, 8, 10),
    "shelly2020": by_fields("", 11, (1, 2, 3, 4, 5, 6), 7, 8, 9, 10),
    "fdsn_text": read_fdsn_text,
    "table": loosely(";", 5, 0, 2, 1, 3, 4),
    "quakeml": read_quakeml,
    "zmap": read_zmap,
}
