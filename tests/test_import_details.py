"""Details of reading anybody's table: each is a way of writing that a person has used."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from catalogs import InputError, load
from catalogs.formats.reading import read_events
from catalogs.formats.table import from_dataframe, parse_table
from catalogs.from_files import import_catalog
from recast import cli

N = 60
DAYS = np.round(np.sort(np.random.default_rng(2).uniform(0.0, 90.0, N)), 5)
TRUTH = pd.DataFrame(
    {
        "time": (pd.Timestamp("2019-03-13") + pd.to_timedelta(DAYS, unit="D")).round("s"),
        "lat": np.round(38.0 + np.linspace(0.0, 1.0, N), 3),
        "lon": np.round(-121.0 + np.linspace(0.0, 1.0, N), 3),
        "dep": np.round(np.linspace(1.0, 12.0, N), 1),
        "m": np.round(2.0 + 0.1 * (np.arange(N) % 17), 1),
    }
)
ISO = "{t:%Y-%m-%dT%H:%M:%S}"


def table(header: str, row: str) -> str:
    rows = TRUTH.itertuples()
    lines = (row.format(t=e.time, lat=e.lat, lon=e.lon, dep=e.dep, m=e.m, i=e.Index) for e in rows)
    return "\n".join([header, *lines]) + "\n"


def reading(folder: Path, content: str | pd.DataFrame, **how: Any) -> tuple[pd.DataFrame, str]:
    """The events of a file, and all notes on how it was read."""
    path = folder / ("events.csv" if isinstance(content, str) else "events.parquet")
    if isinstance(content, str):
        path.write_text(content)
    else:
        content.to_parquet(path)
    parsed = read_events(path, **how)
    return parsed.events, "; ".join(parsed.explanation.notes)


def same_times(events: pd.DataFrame) -> None:
    found = events["time"].dt.tz_localize(None)
    np.testing.assert_array_equal(found.to_numpy("datetime64[s]"), TRUTH["time"].to_numpy("M8[s]"))
    np.testing.assert_allclose(events["magnitude"], TRUTH["m"])


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("year;month;day;hour;minute;second;mag", "{t:%Y;%m;%d;%H;%M;%S},0;{m}"),
        ("time,clock,mag", "{t:%Y-%m-%d} 00:00:00,{t:%H:%M:%S},{m}"),
        ("date,time,mag", "{t:%Y-%m-%d %H:%M:%S},{t:%H:%M:%S},{m}"),
        ("date,time,mag", "{t:%Y-%m-%d %H:%M:%S},,{m}"),
        ("date,when,mag", "{t:%Y-%m-%d},{t:%H:%M:%S},{m}"),
        ("dat,zeit,mag", "{t:%Y-%m-%d},{t:%H:%M:%S},{m}"),
        ("time,mag,,", ISO + ",{m}"),
        ("date,time,mag", "{t:%Y-%m-%d}," + ISO + ",{m}"),
        ("hour,mm,ss,day,mo,year,mag", "{t:%H,%M,%S,%d,%m,%Y},{m}"),
        ("fecha;hora;mag", "{t:%Y-%m-%d};{t:%H%M%S};{m}"),
        ("year,month,day,hora,mag", "{t:%Y,%m,%d,%H%M%S}.0,{m}"),
        ("日期,时间,mag", "{t:%Y-%m-%d},{t:%H}时{t:%M}分{t:%S}秒,{m}"),
        ("日期,mag", "{t:%Y}年{t:%m}月{t:%d}日 {t:%H}時{t:%M}分{t:%S}秒,{m}"),
    ],
)
def test_times_are_found(header: str, row: str, tmp_path: Path) -> None:
    same_times(reading(tmp_path, table(header, row))[0])


@pytest.mark.parametrize("name", ["fecha", "time"])
def test_who_names_one_column_of_times_keeps_the_other(name: str, tmp_path: Path) -> None:
    text = table(f"{name};hora;mag", "{t:%Y-%m-%d};{t:%H:%M:%S};{m}")
    for chosen in ({"time": name}, {"time": name, "clock": "hora"}, {"clock": "2"}, {"date": "1"}):
        same_times(reading(tmp_path, text, columns=chosen)[0])
    whole = table(f"{name};hora;mag", "{t:%Y-%m-%d %H:%M:%S};{t:%H:%M:%S};{m}")
    same_times(reading(tmp_path, whole, columns={"time": name, "clock": "hora"})[0])


DAYS_AS = [
    *("{t:%d %b %Y}", "{t:%b %d, %Y}", "{t:%d-%b-%Y}", "{t:%Y %B %d}", "{t:%A, %d %B %Y}"),
    *("{t:%d.%m.%Y}", "{t:%Y%m%d}", "{t:%y%m%d}", "{t:%Y-%j}", "{t:%Y}年{t:%m}月{t:%d}日"),
]


@pytest.mark.parametrize("name", ["fecha", "time"])
@pytest.mark.parametrize("written", DAYS_AS)
def test_a_clock_goes_with_dates_of_every_kind(written: str, name: str, tmp_path: Path) -> None:
    how = {"dates": "ymd"} if written == "{t:%y%m%d}" else {}
    for clock in ("hora", "clock"):
        text = table(f"{name};{clock};mag", written + ";{t:%H:%M:%S};{m}")
        same_times(reading(tmp_path, text, **how)[0])
    text = table(f"{name};hora;mag", written + ";{t:%H.%M.%S};{m}")
    with pytest.raises(InputError, match="hora may be the time of day"):
        reading(tmp_path, text, **how)


@pytest.mark.parametrize("days", ["fecha {t:%Y-%m-%d}", "time {t:%Y-%m-%d}", "y;m;d {t:%Y;%m;%d}"])
def test_a_clock_that_is_not_understood_is_asked_after(days: str, tmp_path: Path) -> None:
    header, row = days.split(maxsplit=1)
    text = table(f"{header};hora;mag", f"{row};{{t:%H.%M.%S}};{{m}}")
    with pytest.raises(InputError, match=r"hora may be the time of day.*`columns` clock=hora"):
        reading(tmp_path, text)
    same_times(reading(tmp_path, text, columns={"clock": "hora"})[0])
    midnights, _ = reading(tmp_path, text, columns={"clock": "none"})
    assert midnights["time"].dt.strftime("%F %T").tolist() == [
        f"{t:%F} 00:00:00" for t in TRUTH["time"]
    ]


def test_two_clocks_are_asked_after(tmp_path: Path) -> None:
    text = table("date,when,then,mag", "{t:%Y-%m-%d},{t:%H:%M:%S},{t:%H:%M:%S},{m}")
    with pytest.raises(
        InputError, match=r"when and then could each be the time of day.*clock=when"
    ):
        reading(tmp_path, text)
    same_times(reading(tmp_path, text, columns={"clock": "when"})[0])


def test_parquet_holds_dates_beside_clocks_and_numbers(tmp_path: Path) -> None:
    t = TRUTH["time"]
    dated = pd.DataFrame({"date": t.dt.normalize(), "clock": t.dt.strftime("%H:%M:%S")})
    same_times(reading(tmp_path, dated.assign(mag=TRUTH["m"]))[0])
    parts = {name: getattr(t.dt, name) for name in ("year", "month", "day", "hour", "minute")}
    numbers = pd.DataFrame(parts | {"second": t.dt.second.astype(float), "mag": TRUTH["m"]})
    same_times(reading(tmp_path, numbers)[0])


def test_a_word_among_numbers_is_no_time_and_spoils_no_other(tmp_path: Path) -> None:
    lines = table("time,mag", "{t:%s},{m}").splitlines()
    odd = [5, 9, 30]
    for i in odd:
        lines[i] = lines[i].replace("15", "x", 1)
    path = tmp_path / "events.csv"
    path.write_text("\n".join(lines))
    parsed = read_events(path)
    assert [row.row for row in parsed.rejected] == [i + 1 for i in odd]
    np.testing.assert_array_equal(
        parsed.events["time"].dt.tz_localize(None).to_numpy("M8[s]"),
        TRUTH["time"].drop([i - 1 for i in odd]).to_numpy("M8[s]"),
    )
    mixed = table("time,mag", ISO + ",{m}").splitlines()
    path.write_text("\n".join([*lines[:10], *mixed[10:]]))  # most are no numbers
    assert len(read_events(path).events) == N - 9


def test_a_day_that_the_year_has_not_is_none(tmp_path: Path) -> None:
    text = table("time,mag", "{t:%Y-%jT%H:%M:%S},{m}")
    same_times(reading(tmp_path, text)[0])
    events, _ = reading(tmp_path, text.replace("2019-0", "2019-4", 1))
    assert len(events) == N - 1


def test_numbers_since_1970_are_utc_whatever_a_column_says(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table("time,tz,mag", "{t:%s},+02:00,{m}"))
    parsed = read_events(path)
    same_times(parsed.events)
    assert parsed.explanation.zone == "numbers count in UTC"


def test_the_zone_of_the_user_goes_before_that_of_the_text(tmp_path: Path) -> None:
    text = "# All times are JST (UTC+9)\n" + table("time,mag", ISO + ",{m}")
    for hours, said in ((8, True), (9, False)):
        events, notes = reading(tmp_path, text, time_zone=f"+{hours:02d}:00")
        assert (events["time"] + pd.Timedelta(hours=hours)).dt.tz_localize(None).tolist() == (
            TRUTH["time"].tolist()
        )
        assert ("gives another time zone, UTC+9: that of `time_zone` is taken" in notes) is said


@pytest.mark.parametrize("text", ["# times in hora local\n", "# 日本時間\n"])
def test_text_that_says_local_time_is_asked_of_its_zone(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the text around the table says .*: give its zone"):
        reading(tmp_path, text + table("time,mag", ISO + ",{m}"))


@pytest.mark.parametrize("zone", ["Mars", "+25:00", "UTC+99", "America/Nowhere"])
def test_a_zone_that_is_none_is_named_with_its_line(zone: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 2: '.*' is no one time zone: write offsets as"):
        reading(tmp_path, table("time,tz,mag", ISO + f",{zone},{{m}}"))


def test_what_may_be_a_thousand_is_no_depth(tmp_path: Path) -> None:
    events, notes = reading(tmp_path, table("time;mag;depth", ISO + ";{m};1,234"))
    assert events["depth_km"].isna().all()
    assert "depth" in notes


def test_minutes_of_degrees_end_at_sixty(tmp_path: Path) -> None:
    text = table("time,latd,latm,lond,lonm,mag", ISO + ",38,30.0,-121,15.0,{m}")
    events, _ = reading(tmp_path, text.replace("38,30.0", "38,75.0", 3))
    assert events["latitude"].isna().sum() == 3
    np.testing.assert_allclose(events["latitude"].dropna(), 38.5)
    np.testing.assert_allclose(events["longitude"], -121.25)


def test_the_letter_o_is_what_the_others_leave(tmp_path: Path) -> None:
    header, east = "time;latitude;longitude;mag", 7
    west = table(header, ISO + ";{lat}N;121.5O;{m}")
    events, notes = reading(tmp_path, west)
    assert events["longitude"].isna().all()
    assert "O may be west (oeste) or east (Ost)" in notes
    for written, sign in (("W", -1.0), ("E", 1.0)):  # the remedy
        events, _ = reading(tmp_path, west.replace("5O", f"5{written}"))
        np.testing.assert_allclose(events["longitude"], sign * 121.5)
    for other, sign in (("E", -1.0), ("W", 1.0)):
        events, _ = reading(tmp_path, west.replace("5O", f"5{other}", east))
        np.testing.assert_allclose(events["longitude"][east:], sign * 121.5)


def test_a_name_with_a_side_leaves_letters_alone(tmp_path: Path) -> None:
    text = table("time,lat (N),lon (W),mag", ISO + ",{lat},121.5E,{m}")
    np.testing.assert_allclose(reading(tmp_path, text)[0]["longitude"], 121.5)


def test_identifiers_may_come_twice(tmp_path: Path) -> None:
    text = table("time,mag,event_id", ISO + ",{m},ev{i}")
    twice = text + text.splitlines()[-1].replace(f",{TRUTH['m'].iloc[-1]},", ",3.9,") + "\n"
    events, notes = reading(tmp_path, twice)
    assert events["event_id"].iloc[-1] == events["event_id"].iloc[-2] == f"ev{N - 1}"
    assert "identifiers" not in notes


def test_types_that_are_not_known_leave_nothing_out(tmp_path: Path) -> None:
    text = table("time,mag,kind", ISO + ",{m},K{i}")
    events, notes = reading(tmp_path, text, columns={"event_type": "kind"})
    assert len(events) == N
    assert "column kind is kept as the type of event, but few of its values are known" in notes


@pytest.mark.parametrize(("kinds", "said"), [(3, True), (30, False)])
def test_a_column_of_types_that_none_is_known_of_is_said(
    kinds: int, said: bool, tmp_path: Path
) -> None:
    lines = table("time,mag,kind", ISO + ",{m},K{i}").splitlines()
    text = "\n".join(
        [lines[0], *(f"{li.rsplit('K', 1)[0]}K{i % kinds}" for i, li in enumerate(lines[1:]))]
    )
    events, notes = reading(tmp_path, text)
    assert len(events) == N
    assert "event_type" not in events
    assert ("kind" in notes) is said  # thirty different ones are no types


def test_a_sequence_of_blasts_among_odd_types_is_left_out_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    lines = table("time,mag,event_type", ISO + ",{m},earthquake").splitlines()
    lines[1:4] = [line.replace("earthquake", "strange rumble") for line in lines[1:4]]
    lines[4] = lines[4].replace("earthquake", "quarry blast")
    path.write_text("\n".join(lines))
    said = "; ".join(import_catalog(path, "x", completeness=2.0).left_out)
    assert "kept, though no known type of earthquake" in said
    assert "strange rumble 3" in said
    assert "quarry blast 1; keep them with `event_types` all" in said


def test_a_file_without_a_header_may_have_more_than_is_named(tmp_path: Path) -> None:
    rows = table("", "{t:%Y %m %d %H %M %S} {lat} {lon} {dep} {m} 7 8").lstrip("\n")
    names = ["yr", "mo", "dy", "hr", "mi", "sc", "lat", "lon", "dep", "mag"]
    same_times(reading(tmp_path, rows, names=names)[0])
    events, notes = reading(tmp_path, "first the events of spring\n" + rows, names=names)
    same_times(events)
    assert "line 1 is left out: it holds no number" in notes
    with pytest.raises(InputError, match="has no events"):
        reading(tmp_path, "# nothing\n\n", names=names)


def test_a_magnitude_type_stands_beside_its_magnitude(tmp_path: Path) -> None:
    text = table("time,magType,author,mag,mag_type", ISO + ",mb,x,{m},ml")
    assert set(reading(tmp_path, text)[0]["magnitude_type"]) == {"ml"}


def test_a_completeness_between_the_steps_is_the_next_step(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table("time,mag", ISO + ",{m}"))
    made = import_catalog(path, "x", completeness=2.05)
    assert made.catalog.info.magnitude_completeness == 2.1
    assert "completeness 2.05 lies between steps of 0.1: 2.1 is" in made.catalog.info.note


def test_a_change_of_the_step_is_said_at_the_import(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    n = 4000
    times = pd.Timestamp("2010-01-01") + pd.to_timedelta(np.arange(n), unit="D")
    m = 2.0 + rng.exponential(0.4, n)
    m = np.where(np.arange(n) < n // 2, m.round(1), m.round(2))
    path = tmp_path / "events.csv"
    pd.DataFrame({"time": times, "mag": m.round(2)}).to_csv(path, index=False)
    made = import_catalog(path, "x", completeness=2.5)
    assert "the step of the magnitudes changes (steps of 0.1 from 2010" in made.catalog.info.note
    assert made.catalog.info.magnitude_bin == pytest.approx(0.1)


def test_what_is_appended_says_what_it_misses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = table("time,mag", ISO + ",{m}").splitlines()
    (tmp_path / "old.csv").write_text("\n".join(lines[:31]))
    (tmp_path / "new.csv").write_text("\n".join([lines[0], "2031-01-01T00:00:00,3.0"]))
    stored = ["--name", "x", "--completeness", "2", "--out", str(tmp_path)]
    assert cli.main(["catalogs", "import", str(tmp_path / "old.csv"), *stored]) == 0
    capsys.readouterr()
    append = ["catalogs", "append", str(tmp_path / "x.json"), str(tmp_path / "new.csv")]
    assert cli.main([*append, "--observed-until", "2030-01-01"]) == 2
    assert "--observed-until 2030-01-01 lies before its last event" in capsys.readouterr().err
    assert cli.main(append) == 0
    assert "is a file missing between?" in capsys.readouterr().out
    assert load(str(tmp_path / "x.json")).events.shape[0] == 31
    (tmp_path / "newer.csv").write_text("\n".join([lines[0], "2031-02-01T00:00:00,3.0"]))
    assert cli.main([*append[:3], str(tmp_path / "newer.csv"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["end"].startswith("2031-02-01")


def test_a_zone_that_is_given_is_shown_by_its_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table("time,mag", ISO + ",{m}"))
    command = ["catalogs", "import", str(path), "--explain", "--time-zone", "Europe/Rome"]
    assert cli.main(command) == 0
    assert "time zone: --time-zone: Europe/Rome" in capsys.readouterr().out


def test_explain_shows_what_it_would_do_and_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table("time,mag", ISO + ",{m}"))
    explain = ["catalogs", "import", str(path), "--explain"]
    assert cli.main([*explain, "--completeness", "2"]) == 0
    shown = capsys.readouterr().out
    first = TRUTH["time"].iloc[0]
    assert f"time       {first:%Y-%m-%dT%H:%M:%S}" in shown
    assert "M >= 2" in shown
    assert shown.endswith("Nothing was written.\n")
    assert cli.main([*explain, "--completeness", "9"]) == 0
    refused = capsys.readouterr().out
    assert "It would not be imported like this: " in refused
    assert "lower --completeness" in refused
    assert cli.main([*explain, "--completeness", "9", "--json"]) == 0
    assert "none of 60 events" in json.loads(capsys.readouterr().out)["refused"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Origin Time Lat Lon Dep Mag Type", ISO + " {lat} {lon} {dep} {m} ml"),
        ("time lat lon mag dist place", ISO + " {lat} {lon} {m} 12 km N of Town"),
    ],
)
def test_words_between_blanks_are_told_from_values(header: str, row: str, tmp_path: Path) -> None:
    events, _ = reading(tmp_path, table(header, row))
    same_times(events)
    np.testing.assert_allclose(events["longitude"], TRUTH["lon"])


@pytest.mark.parametrize(
    ("header", "row", "fields"),
    [
        ("Date Lat Lon Mag", "{t:%Y %m %d %H %M} {lat} {lon} {m}", "8 fields where .* has 4"),
        ("time,lat,lon,place,mag", ISO + ",{lat},{lon},{i},near,{m}", "6 fields where .* has 5"),
    ],
)
def test_fields_without_a_name_are_refused(
    header: str, row: str, fields: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=fields):
        reading(tmp_path, table(header, row))


def test_a_value_between_two_places_is_refused(tmp_path: Path) -> None:
    row = ISO + "  {lat:7.3f} {lon:8.3f}  {m:3.1f}  {dep:5.1f} {i:3d}  ab"
    lines = table("time                 lat     lon       mag  dep    n  nm", row).splitlines()
    lines[7] = lines[7][:21] + " " * 7 + lines[7][28:]
    lines[9] = lines[9][:23] + " " + lines[9][24:]  # 38 136, of which none is the latitude
    path = tmp_path / "events.txt"
    path.write_text("\n".join(lines))
    parsed = read_events(path)
    assert [row.row for row in parsed.rejected] == [10]
    whole = TRUTH.drop(8)
    np.testing.assert_allclose(parsed.events["magnitude"], whole["m"])
    np.testing.assert_allclose(parsed.events["latitude"], whole["lat"].mask(whole.index == 6))


def test_a_clock_alone_is_no_time(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="time = '.*' is not a time"):
        reading(tmp_path, table("time,mag", "{t:%H:%M:%S},{m}"))


def test_of_two_columns_of_one_name_the_number_is_proposed(tmp_path: Path) -> None:
    text = table("time,mag,mag", ISO + ",0.0,{m}").replace(",0.0,", ",0.1,", 5)
    with pytest.raises(InputError, match="mag and mag could each .* `columns` magnitude=3"):
        reading(tmp_path, text)
    same_times(reading(tmp_path, text, columns={"magnitude": "3"})[0])


@pytest.mark.parametrize("last", [True, False])
def test_days_without_hours_are_midnights(last: bool, tmp_path: Path) -> None:
    header, row = "year,month,day", "{t:%Y,%m,%d}"
    text = (
        table(f"mag,{header}", f"{{m}},{row}") if last else table(f"{header},mag", f"{row},{{m}}")
    )
    days = reading(tmp_path, text)[0]["time"].dt.tz_localize(None)
    assert days.tolist() == TRUTH["time"].dt.normalize().tolist()


def test_a_number_beside_a_day_is_asked_after(tmp_path: Path) -> None:
    text = table("year,month,day,x,mag", "{t:%Y,%m,%d,%H},{m}")
    with pytest.raises(InputError, match="column x may be the hour.* `columns` hour=none if"):
        reading(tmp_path, text)
    hours = reading(tmp_path, text, columns={"hour": "x"})[0]["time"].dt.tz_localize(None)
    assert hours.tolist() == TRUTH["time"].dt.floor("h").tolist()
    days = reading(tmp_path, text, columns={"hour": "none"})[0]["time"].dt.tz_localize(None)
    assert days.tolist() == TRUTH["time"].dt.normalize().tolist()


def test_one_date_that_is_contrary_to_the_others_is_asked_after(tmp_path: Path) -> None:
    lines = table("time,mag", "{t:%d/%m/%Y %H:%M:%S},{m}").splitlines()
    lines[1] = "03/16/2019 11:23:06,2.0"
    path = tmp_path / "events.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match="some dates have the day first.*say `dates` dmy if"):
        read_events(path)
    parsed = read_events(path, dates="dmy")
    assert [row.row for row in parsed.rejected] == [2]
    assert parsed.events["time"].dt.tz_localize(None).tolist() == TRUTH["time"].tolist()[1:]


def test_an_encoding_that_it_is_not_in_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(table("time,mag,place", ISO + ",{m},Zürich").encode("latin-1"))
    with pytest.raises(InputError, match=r"is not in the encoding utf-8 \(byte 4\d\): try another"):
        read_events(path, encoding="utf-8")
    same_times(read_events(path, encoding="latin-1").events)


def test_who_names_a_column_reads_a_known_layout_as_a_table(tmp_path: Path) -> None:
    header = "time,latitude,longitude,depth,mag,magType,nst,gap,dmin,rms,net,id,updated,place,type,"
    header += "horizontalError,depthError,magError,magNst,status,locationSource,magSource"
    row = ISO + "Z,{lat},{lon},{dep},9.9,ml,9,90,1,1,nc,nc{i},2020-01-01T00:00:00Z,x,earthquake,"
    path = tmp_path / "events.csv"
    path.write_text(table(header, row + "0.1,0.2,{m},9,reviewed,nc,nc"))
    assert read_events(path).explanation.layout == "ehp_csv"
    parsed = read_events(path, columns={"magnitude": "magError"})
    assert parsed.explanation.layout == "table"
    same_times(parsed.events)


@pytest.mark.parametrize(
    ("layout", "content", "message"),
    [
        ("hypodd", "time,mag\n", "is not of layout hypodd.*: it starts with 'time,mag'"),
        ("hypodd", "\n", "is not of layout hypodd.*: it is empty"),
        ("isc", "time,mag\n", "is not of layout isc: no header EVENTID,"),
    ],
)
def test_a_layout_that_it_is_not_of_is_named(
    layout: str, content: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "events.txt"
    path.write_text(content)
    with pytest.raises(InputError, match=message):
        read_events(path, layout=layout)


def test_words_behind_columns_that_were_named_are_one(tmp_path: Path) -> None:
    rows = table("", "{t:%Y %m %d %H %M %S} {m} near the {i} th Town").lstrip("\n")
    rows = rows.replace("near the", "off", 9)
    names = ["yr", "mo", "dy", "hr", "mi", "sc", "mag", "place"]
    same_times(reading(tmp_path, rows, names=names)[0])


@pytest.mark.parametrize(("others", "said"), [(0.3, True), (0.02, False)])
def test_mixed_kinds_of_magnitude_are_said_at_the_import(
    tmp_path: Path, others: float, said: bool
) -> None:
    rng = np.random.default_rng(5)
    n = 1000
    times = pd.Timestamp("2010-01-01") + pd.to_timedelta(np.arange(n), unit="D")
    m = (2.0 + rng.exponential(0.4, n)).round(1)
    kinds = np.where(np.arange(n) < others * n, "Mww", np.where(np.arange(n) % 2, "ML", "mlv"))
    path = tmp_path / "events.csv"
    pd.DataFrame({"time": times, "mag": m, "magType": kinds}).to_csv(path, index=False)
    note = import_catalog(path, "x", completeness=2.0).catalog.info.note
    assert ("kinds (700 ML, 300 Mw)" in note) is said


def agency(folder: Path, header: str = "ml,mw,mb") -> Path:
    """A file as many agencies write it: small events have ML, large ones only Mw or mb."""
    rows = [
        f"2020-01-{1 + i % 28:02d}T{i // 28:02d}:00:01,{2 + i % 20 / 10:.1f},," for i in range(60)
    ]
    rows += [
        "2020-02-01T00:00:00,,7.1,6.4",
        "2020-02-02,,,5.2",
        "2020-02-03,4.9,5.0,",
        "2020-02-04,,,",
    ]
    path = folder / "agency.csv"
    path.write_text(f"time,{header}\n" + "\n".join(rows) + "\n")
    return path


def remedy(said: str, option: str) -> list[str]:
    """The option that a message names, as words of a command."""
    found = re.search(rf"{option} magnitude=\S+", said)
    assert found is not None, said
    return shlex.split(found[0])


def test_of_several_magnitudes_the_first_that_a_row_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["catalogs", "import", str(agency(tmp_path)), "--name", "agency", "--out"]
    command += [str(tmp_path), "--completeness", "2"]
    assert cli.main(command) == 2
    asked = remedy(capsys.readouterr().err, "--column")
    assert asked == ["--column", "magnitude=mw,ml,mb"]
    assert cli.main([*command, *asked]) == 0
    shown = capsys.readouterr().out
    assert "magnitudes are the first that each row has: 2 of mw, 60 of ml, 1 of mb" in shown
    catalog = load(tmp_path / "agency.json")
    assert catalog.events["magnitude"].tolist()[-3:] == [7.1, 5.2, 5.0]
    assert catalog.events["magnitude_type"].tolist()[-4:] == ["ml", "mw", "mb", "mw"]
    assert "2 of mw, 60 of ml, 1 of mb" in catalog.info.note


def test_rows_without_a_magnitude_in_one_column_may_have_it_in_another(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["catalogs", "import", str(agency(tmp_path)), "--name", "agency", "--out"]
    command += [str(tmp_path), "--completeness", "2"]
    assert cli.main([*command, "--column", "magnitude=ml"]) == 0
    shown = capsys.readouterr().out
    said = "3 rows have no magnitude in ml; mw and mb have one for 2 of them, up to 7.1: "
    assert f"note: {said}--column magnitude=ml,mw,mb" in shown
    assert "up to 7.1" in load(tmp_path / "agency.json").info.note
    assert cli.main([*command, "--overwrite", *remedy(shown, "--column")]) == 0
    shown = capsys.readouterr().out
    assert "61 of ml, 1 of mw, 1 of mb" in shown
    assert "up to 7.1" not in shown
    assert load(tmp_path / "agency.json").events["magnitude"].tolist()[-3:] == [7.1, 5.2, 4.9]


@pytest.mark.parametrize("typed", [False, True])
def test_magnitudes_of_a_table_in_turn(typed: bool, tmp_path: Path) -> None:
    table = pd.read_csv(agency(tmp_path), dtype=None if typed else str, keep_default_na=typed)
    table["time"] = pd.to_datetime(table["time"], format="ISO8601", utc=True)
    parsed = from_dataframe(table, {"magnitude": "mb,ml,mw"})
    assert parsed.events["magnitude"].tolist()[-3:] == [6.4, 5.2, 4.9]
    assert [row.row for row in parsed.rejected] == [64]


def test_what_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("time,ml,mw\n2020-01-01,x3,4\n2020-01-02,9.9,5\n2020-01-03,3.0,4\n")
    wanted = {"columns": {"magnitude": "ml,mw"}, "missing_magnitudes": [9.9]}
    parsed = read_events(path, **wanted)
    assert parsed.events["magnitude"].tolist() == [5.0, 3.0]
    assert [(row.row, "'x3' is not a number" in row.reason) for row in parsed.rejected] == [
        (2, True)
    ]
    with pytest.raises(InputError, match=r"no column 'mx' \(from `columns` magnitude=ml,mx\)"):
        read_events(path, columns={"magnitude": "ml,mx"})
    with pytest.raises(InputError, match=r"no column 'time,ml' \(from `columns` latitude"):
        read_events(path, columns={"latitude": "time,ml"})


def test_of_names_that_come_again_the_numbers_are_proposed_in_turn(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ml, mw and mw could each .*`columns` magnitude=3,4,ml"):
        read_events(agency(tmp_path, "ml,mw,mw"))


@pytest.mark.parametrize("broken", ["", "93.6"])
def test_events_without_a_place_that_deny_one_to_all_others_are_named(
    broken: str, tmp_path: Path
) -> None:
    path = tmp_path / "events.csv"
    whole = table("time,lat,lon,mag", ISO + ",{lat},{lon},{m}")
    path.write_text(whole)
    made = import_catalog(path, "mine", completeness=2.0)
    assert made.catalog.info.has_locations
    assert not any("no places are used" in note for note in made.notes)
    path.write_text(whole.replace(",38.0,", f",{broken},", 1))
    made = import_catalog(path, "mine", completeness=2.0)
    assert not made.catalog.info.has_locations
    (said,) = [note for note in made.notes if "no places are used" in note]
    assert said.startswith(f"1 of {N} events has no latitude and longitude, the first at 2019-03-")


@pytest.mark.parametrize(
    ("name", "unit"),
    [("time_s", "seconds"), ("seconds", "seconds"), ("t_sec", "seconds"), ("Time_h", "hours")],
)
def test_a_unit_in_the_name_tells_a_column_that_counts_time(
    name: str, unit: str, tmp_path: Path
) -> None:
    """As those of laboratories and of induced seismicity do; the first event may be at 0."""
    path = tmp_path / "a.csv"
    path.write_text(f"{name},magnitude\n0.0,2.0\n1800.0,1.5\n5400.5,1.7\n")
    with pytest.raises(InputError, match=f"column {name} holds {unit} from 0 to 5400.5: give the"):
        read_events(path)
    parsed = read_events(path, origin="2020-01-01")
    assert f"{name} counts {unit} since 2020-01-01" in parsed.explanation.notes
    since = parsed.events["time"] - pd.Timestamp("2020-01-01", tz="UTC")
    each = pd.Timedelta(1, unit)
    assert (since / each).to_numpy() == pytest.approx([0.0, 1800.0, 5400.5])


def test_seconds_beside_a_calendar_are_its_seconds() -> None:
    table = b"year,month,day,hours,minutes,seconds,mag\n2020,1,2,3,4,5.5,2.0\n2020,1,2,4,5,6,2\n"
    times = parse_table(table, "a.csv").events["time"]
    assert str(times.iloc[0]) == "2020-01-02 03:04:05.500000+00:00"


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (" 2005  1 1 0120  5.4 L  13.780 -88.780 10.0  TES".ljust(79) + "1", "NORDIC"),
        ("PDE  2005/01/01 01:20:05.4  13.78  -88.78 193.1 5.0 0.0 ZONE".ljust(79) + "1", "NDK"),
    ],
)
def test_the_last_column_alone_makes_no_nordic_file(line: str, kind: str, tmp_path: Path) -> None:
    """Its first one is blank; names of regions in NDK may end in a 1."""
    path = tmp_path / "events.out"
    path.write_text(f"{line}\n")
    with pytest.raises(InputError, match=f"looks like {kind}, which obspy reads"):
        read_events(path)
