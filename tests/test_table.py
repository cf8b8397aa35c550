"""Any table of events: columns, times, places of errors."""

import gzip
import io
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs import InputError
from catalogs.formats.table import read_table


def read(text: str | bytes, **columns: str) -> pd.DataFrame:
    content = text.encode() if isinstance(text, str) else text
    return read_table(content, "events.csv", columns)


def stamps(events: pd.DataFrame) -> list[str]:
    return [str(t.tz_localize(None)) for t in events["time"]]


# Layouts in which data centres and authors publish; the same two events each time.
LAYOUTS = {
    "comcat": """\ufefftime,latitude,longitude,depth,mag,magType,nst,id,updated,place
2019-07-06T03:19:53.040Z,35.7695,-117.5993,8.0,7.1,mw,,ci1,2023-01-01T00:00:00.000Z,"x, CA"
2019-07-06T03:22:35.630Z,35.6167,-117.4302,,4.73,ml,,ci2,2023-01-01T00:00:00.000Z,"y, CA"
""",
    "pycsep": """lon,lat,M,time_string,depth,catalog_id,event_id
-117.5993,35.7695,7.1,2019-07-06T03:19:53.040000,8.0,-1,
-117.4302,35.6167,4.73,2019-07-06T03:22:35.630000,9.35,-1,
""",
    "spaces in names": """publicid, eventtype, origintime, longitude, latitude, magnitude, depth
a, earthquake, 2019-07-06T03:19:53.040Z, -117.5993, 35.7695, 7.1, 8
b, earthquake, 2019-07-06T03:22:35.630Z, -117.4302, 35.6167, 4.73, 9
""",
    "semicolons and a zone": """timestamp;longitude;latitude;depth;magnitude
2019-07-06T12:19:53.040000+0900;-117.5993;35.7695;8.0;7.1
2019-07-05T20:22:35.630-07:00;-117.4302;35.6167;9.35;4.73
""",
    "fdsn text": """#EventID|Time|Latitude|Longitude|Depth/Km|MagType|Magnitude|EventLocationName
1|2019-07-06T03:19:53.040000|35.7695|-117.5993|8.0|mw|7.1|RIDGECREST, CA
2|2019-07-06T03:22:35.630000|35.6167|-117.4302|9.35|ml|4.73|RIDGECREST, CA
""",
    "tabs and calendar columns": (
        "Year\tMo\tDa\tHo\tMi\tSe\tLat\tLon\tDepth\tMw\n"
        "2019\t7\t6\t3\t19.0\t53.040\t35.7695\t-117.5993\t8.0\t7.1\n"
        "2019\t7\t6\t3\t21.0\t95.630\t35.6167\t-117.4302\t9.3\t4.73\n"
    ),
    "blanks and a calendar": """YEAR MONTH DAY HOUR MIN SEC EVENTID LATITUDE LONGITUDE MAGNITUDE
2019   7   6   3  19  53.040    11  35.7695 -117.5993  7.10
2019   7   6   3  22  35.630    12  35.6167 -117.4302  4.73

""",
    "date and time": """# made by hand
# in two lines
Date Time Lat Lon Mag
2019/07/06 03:19:53.04 35.7695 -117.5993 7.1
# a remark
2019/7/6   3:22:35.63 35.6167 -117.4302 4.73
""",
    "date and hours": """date,hour,min,sec,lat,lon,ml
2019-07-06,3,19,53.04,35.7695,-117.5993,7.1
2019-07-06,3,22,35.63,35.6167,-117.4302,4.73
""",
    "a blank for the T": """TIME,LAT,LON,MAG
2019-07-06 03:19:53.040,35.7695,-117.5993,7.1
2019-07-06 03:22:35.630 UTC,35.6167,-117.4302,4.73
""",
    "a full date column": """date,lat,lon,mag
2019-07-06 03:19:53.040,35.7695,-117.5993,7.1
2019-07-06 03:22:35.630,35.6167,-117.4302,4.73
""",
}


@pytest.mark.parametrize("layout", list(LAYOUTS))
def test_columns_are_found_by_their_usual_names(layout: str) -> None:
    events = read(LAYOUTS[layout])
    assert stamps(events) == ["2019-07-06 03:19:53.040000", "2019-07-06 03:22:35.630000"]
    assert events["time"].dtype == "datetime64[ns, UTC]"
    np.testing.assert_array_equal(events["magnitude"], [7.1, 4.73])
    np.testing.assert_array_equal(events["latitude"], [35.7695, 35.6167])
    np.testing.assert_array_equal(events["longitude"], [-117.5993, -117.4302])
    lines = LAYOUTS[layout].splitlines()
    assert [i for i, line in enumerate(lines, start=1) if "-117." in line] == list(events.index)
    assert events.index.name == "line"


def test_gzip_windows_lines_and_latin_1_are_read() -> None:
    text = "time,mag,place\r\n2020-01-01,3.0,Grimsvötn\r\n2020-01-02,4.0,x\r\n"
    events = read(gzip.compress(text.encode("latin-1")))
    assert stamps(events) == ["2020-01-01 00:00:00", "2020-01-02 00:00:00"]
    assert events.index.tolist() == [2, 3]


def parquet(frame: pd.DataFrame, **options: Any) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, **options)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "time",
    [
        pd.to_datetime(["2020-01-01T12:00", "2020-01-02T12:00"]),
        pd.to_datetime(["2020-01-01T13:00+01:00", "2020-01-02T13:00+01:00"]),
        pd.Index(["2020-01-01T12:00:00Z", "2020-01-02 12:00"]),
    ],
    ids=["naive", "zoned", "text"],
)
def test_parquet_times_of_any_kind_are_utc(time: pd.Index) -> None:
    frame = pd.DataFrame({"Origin Time": time, "mag": np.array([2.01, 3.5], dtype=np.float32)})
    for content in (parquet(frame), parquet(frame.set_index("Origin Time"))):
        events = read(content)
        assert stamps(events) == ["2020-01-01 12:00:00", "2020-01-02 12:00:00"]
        np.testing.assert_array_equal(events["magnitude"], [2.01, 3.5])
        assert (events.index.name, events.index.tolist()) == ("row", [1, 2])


def test_columns_can_be_mapped() -> None:
    text = "when,size,time,mag\n2020-01-01,3.0,2021-01-01,9.0\n"
    events = read(text, time="when", magnitude="size")
    assert stamps(events) == ["2020-01-01 00:00:00"]
    assert events["magnitude"].tolist() == [3.0]
    # Headers that were swapped by mistake
    swapped = "id time Ml\n7 1.5 2020-01-01T00:00:01Z\n"
    events = read(swapped, time="Ml", magnitude="time")
    assert stamps(events) == ["2020-01-01 00:00:01"]
    assert events["magnitude"].tolist() == [1.5]


def test_mapped_calendar_columns_win_over_a_time_column() -> None:
    text = "y,m,d,time,mag\n2020,1,2,noon,3.0\n"
    events = read(text, year="y", month="m", day="d")
    assert stamps(events) == ["2020-01-02 00:00:00"]


@given(
    time=st.datetimes(
        pd.Timestamp("1700-01-01").to_pydatetime(), pd.Timestamp("2250-01-01").to_pydatetime()
    ),
    nanoseconds=st.integers(0, 999),
)
def test_times_are_read_to_the_nanosecond(time: Any, nanoseconds: int) -> None:
    stamp = pd.Timestamp(time).as_unit("ns") + pd.Timedelta(nanoseconds, unit="ns")
    second = f"{stamp.second:02d}.{stamp.microsecond:06d}{stamp.nanosecond:03d}"
    iso = f"time,mag\n{stamp:%Y-%m-%dT%H:%M}:{second}Z\n".replace(",mag", ",mag", 1)
    iso = iso.replace("Z\n", "Z,1\n")
    assert read(iso)["time"].iloc[0] == stamp.tz_localize("UTC")
    row = f"{stamp.year},{stamp.month},{stamp.day},{stamp.hour},{stamp.minute},{second},1"
    calendar = f"year,month,day,hour,minute,second,mag\n{row}\n"
    assert read(calendar)["time"].iloc[0] == stamp.tz_localize("UTC")


@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("23:59:60.00", "2020-01-01 00:00:00"),
        ("23:58:60.5", "2019-12-31 23:59:00.500000"),
        ("24:00:00", "2020-01-01 00:00:00"),
        ("23:60:04.29", "2020-01-01 00:00:04.290000"),
    ],
)
def test_sixty_seconds_roll_over(clock: str, expected: str) -> None:
    assert stamps(read(f"date,time,mag\n2019/12/31,{clock},3\n")) == [expected]


HEADER = "time,latitude,longitude,mag\n2020-01-01,35,-117,3.0\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + "2020-13-01,35,-117,3", "line 3: time = '2020-13-01' is not a time: write"),
        (HEADER + "2020-02-30,35,-117,3", "line 3: time = '2020-02-30' is not a time"),
        (HEADER + "\n\n01/02/2020,35,-117,3", "line 5: time = '01/02/2020' may be day or month"),
        (HEADER + "1577836800,35,-117,3", "line 3: time = '1577836800' is not a time"),
        (HEADER + ",35,-117,3", "line 3: time is empty"),
        (HEADER + "2020-01-02,35,-117,", "line 3: magnitude is empty: fill it in or drop"),
        (HEADER + "2020-01-02,35,-117,NaN", "line 3: magnitude is empty"),
        (HEADER + "2020-01-02,35,-117,3.x", "line 3: magnitude = '3.x' is not a number"),
        (HEADER + "2020-01-02,35,-117,inf", "line 3: magnitude = 'inf' is outside -5 to 10"),
        (HEADER + "2020-01-02,35,-117,-99.9", "line 3: magnitude = '-99.9' is outside"),
        (HEADER + "2020-01-02,35,X117,3", "line 3: longitude = 'X117' is not a number"),
        (HEADER + "2020-01-02,35,-117", "line 3: 3 fields where the header has 4"),
        (HEADER + "2020-01-02,35,-117,3,4", "line 3: 5 fields where the header has 4"),
        (HEADER + '2020-01-02,"35,-117,3\n' + "x" * 200_000, "fix the quotes"),
        ("time,place\n2020-01-01,x\n", "no column for the magnitude among 'time', 'place': name"),
        ("a b c\n1 2 3\n", "no column for the time among 'a', 'b', 'c'"),
        ("time,ml,mw\n2020-01-01,3,4\n", "columns ml and mw could each be the magnitude: choose"),
        ("time,mag\n", "column names but no events"),
        ("# only a remark\n", "has no events"),
        ("", "events.csv is empty"),
        (" \n\n", "events.csv is empty"),
        ("year,month,day,mag\n2020,1.5,1,3\n", "line 2: month = '1.5' is not whole"),
        ("year,month,day,mag\n2020,2,30,3\n", "line 2: day = '30' is not a day of that month"),
        ("year,month,day,mag\n120,2,3,3\n", "line 2: year = '120' is outside 1678 to 2261"),
        ("year,month,day,hour,mag\n2020,2,3,,3\n", "line 2: hour is empty"),
        ('{"type": "FeatureCollection"}', "is XML or JSON"),
        ("<?xml version='1.0'?><q/>", "is XML or JSON"),
        (bytes(range(256)) * 10, "neither text nor Parquet"),
        (b"\x01\x02\x03\x7f\x80\xff" * 99, "neither text nor Parquet"),
        (b"PAR1 nothing more", "damaged Parquet file"),
        (gzip.compress(b"time,mag\n" * 99)[:20], "damaged gzip file"),
    ],
    # An archive holds the time at which it was made, and workers have to agree on names
    ids=lambda value: value[:60] if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_cannot_be_read_stops_in_one_line(text: str | bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read(text)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("events.csv")


def test_an_impossible_mapping_is_named() -> None:
    with pytest.raises(InputError, match=r"no column 'when' .* among 'time', 'mag'"):
        read("time,mag\n2020-01-01,3\n", time="when")
    with pytest.raises(InputError, match=r"`columns` size=mag: no such column in a catalog"):
        read("time,mag\n2020-01-01,3\n", size="mag")
