"""What spreadsheets and web pages make of a list of events is read as it was meant."""

from pathlib import Path

import pandas as pd
import pytest

from catalogs import InputError, import_catalog
from catalogs.formats.parsed import Parsed
from catalogs.formats.reading import read_events

TIMES = pd.to_datetime(
    ["2023-02-06T01:17:34.500", "2023-02-06T10:24:49.250", "2023-02-15T23:59:59.900"]
)

KOERI = (["-.-", "7.4", "3.1"], ["7.7", "7.6", "-.-"])
"""ML and Mw of three events, as a list has them."""


def read(tmp_path: Path, text: str, **arguments: object) -> Parsed:
    """The events of a file of this text."""
    path = tmp_path / "events.csv"
    path.write_text(text, encoding="utf-8")
    return read_events(path, **arguments)  # type: ignore[arg-type]


def late(parsed: Parsed) -> float:
    """By how many seconds the times differ from ``TIMES`` at most."""
    times = pd.DatetimeIndex(parsed.events["time"]).tz_localize(None)
    return float(abs(times - TIMES).max().total_seconds())


@pytest.mark.parametrize("comma", [False, True])
@pytest.mark.parametrize("names", ["Date;Time", "Fecha;Hora", "Tarih;Saat"])
@pytest.mark.parametrize("dates", ["number", "text"])
def test_times_of_day_may_be_shares_of_the_day(
    dates: str, names: str, comma: bool, tmp_path: Path
) -> None:
    days = (TIMES - pd.Timestamp("1899-12-30")) / pd.Timedelta("1D")
    written = [f"{int(d)}" for d in days] if dates == "number" else [*TIMES.strftime("%Y-%m-%d")]
    rows = [f"{w};{d % 1:.9f};4.5" for w, d in zip(written, days, strict=True)]
    text = "\n".join([f"{names};Mag", *rows])
    text = text.replace(".", ",") if comma else text
    parsed = read(tmp_path, text, origin="1899-12-30" if dates == "number" else None)
    assert late(parsed) < 0.001
    assert "times of day are shares of the day: 0.5 is noon" in parsed.explanation.notes


def test_a_share_of_more_than_a_day_is_no_time(tmp_path: Path) -> None:
    rows = "\n".join(f"2023-02-06,0.{n}12345,4.5" for n in range(1, 100))
    parsed = read(tmp_path, f"Date,Time,Mag\n{rows}\n2023-02-06,17:30,4.5\n")
    assert len(parsed.events) == 99
    assert "'17:30' is no share of a day" in parsed.rejected[0].reason


def test_numbers_of_days_may_have_decimal_commas(tmp_path: Path) -> None:
    days = (TIMES - pd.Timestamp("1899-12-30")) / pd.Timedelta("1D")
    text = "\n".join(["Fecha;Mag", *(f"{d:.8f};4.5".replace(".", ",") for d in days)])
    assert late(read(tmp_path, text, origin="1899-12-30")) < 0.001


@pytest.mark.parametrize("zero", "\u0660\u06f0\u0966\uff10")
def test_digits_of_other_scripts_are_read(zero: str, tmp_path: Path) -> None:
    digits = "".join(chr(ord(zero) + n) for n in range(10))
    rows = [f"{t:%Y-%m-%d %H:%M:%S.%f},-36.125,4.5" for t in TIMES]
    text = "\n".join(rows).translate(str.maketrans("0123456789", digits))
    parsed = read(tmp_path, f"time,lat,mag\n{text}\n")
    assert late(parsed) < 1e-6
    assert parsed.events["magnitude"].tolist() == [4.5] * 3
    assert parsed.events["latitude"].tolist() == [-36.125] * 3


def test_dates_may_be_written_in_full_width(tmp_path: Path) -> None:
    rows = "\n".join(f"{t:%Y/%m/%d %H:%M:%S.%f},4.5" for t in TIMES)
    wide = str.maketrans({c: chr(ord(c) + 0xFEE0) for c in "0123456789./:"})
    assert late(read(tmp_path, f"time,mag\n{rows.translate(wide)}\n")) < 1e-6


@pytest.mark.parametrize(
    "name",
    [
        "Data e Ora (Italia)",
        "Tarih(TS)",
        "Fecha y Hora (Chile)",
        "Fecha (Hora de M\u00e9xico)",
        "Fecha Hora Costa Rica",
        "Date (Nepal)",
        "Time [NZ]",
        "発震時\uff08日本時間\uff09",
    ],
)
def test_a_column_that_names_a_country_is_asked_of_its_zone(name: str, tmp_path: Path) -> None:
    east = pd.Timedelta(hours=3)
    text = "\n".join([f"{name};Mag", *(f"{t + east:%Y-%m-%d %H:%M:%S.%f};4.5" for t in TIMES)])
    with pytest.raises(InputError, match="is in local time: give its zone"):
        read(tmp_path, text, columns={"time": "1"})
    assert late(read(tmp_path, text, columns={"time": "1"}, time_zone="+03:00")) < 1e-6


@pytest.mark.parametrize("name", ["Date UTC (Italy)", "OT (s)", "Time (ISO 8601)", "Tarih", "ts"])
def test_other_words_beside_a_time_say_no_place(name: str, tmp_path: Path) -> None:
    text = "\n".join([f"{name};Mag", *(f"{t:%Y-%m-%d %H:%M:%S.%f};4.5" for t in TIMES)])
    assert late(read(tmp_path, text, columns={"time": "1"})) < 1e-6


@pytest.mark.parametrize("name", ["status", "Evaluation Status", "Estatus"])
@pytest.mark.parametrize("types", ["", ",type"])
@pytest.mark.parametrize("word", ["deleted", "Rejected", "withdrawn"])
def test_events_that_were_taken_back_are_left_out(
    word: str, types: str, name: str, tmp_path: Path
) -> None:
    kind = ",earthquake" if types else ""
    rows = [f"{t:%Y-%m-%d %H:%M:%S.%f},{3.0 + i / 10:.1f},reviewed" for i, t in enumerate(TIMES)]
    false = f"2023-02-07 00:00:00,9.1,{word}"
    text = "\n".join([f"time,mag,{name}{types}", *(row + kind for row in [*rows, false])])
    read(tmp_path, text)
    made = import_catalog(tmp_path / "events.csv", "mine", completeness=3.0)
    assert made.catalog.events["magnitude"].tolist() == [3.0, 3.1, 3.2]
    assert any(f"{word} 1" in line for line in made.left_out)
    kept = import_catalog(tmp_path / "events.csv", "mine", completeness=3.0, event_types="all")
    assert kept.catalog.events["magnitude"].max() == 9.1


@pytest.mark.parametrize(("order", "form"), [("dmy", "%d-%b-%y"), ("ymd", "%y-%b-%d")])
def test_months_may_be_named_beside_years_of_two_digits(
    order: str, form: str, tmp_path: Path
) -> None:
    rows = [f"{t.strftime(form)},{t:%H:%M:%S.%f},4.5" for t in TIMES]
    text = "\n".join(["Date,Time,Mag", *rows])
    with pytest.raises(InputError, match="year or the day first: say `dates` dmy or `dates` ymd"):
        read(tmp_path, text)
    assert late(read(tmp_path, text, dates=order)) < 1e-6


def test_a_year_that_is_no_day_is_told(tmp_path: Path) -> None:
    parsed = read(tmp_path, "Date,Mag\n17-Jan-94 12:30,6.7\n3-Feb-94 01:00,3.1\n")
    assert parsed.events["time"].dt.year.tolist() == [1994, 1994]
    assert parsed.events["time"].dt.day.tolist() == [17, 3]


@pytest.mark.parametrize(
    ("latitude", "longitude"),
    [
        ("8.5 LS", "115.25 BT"),
        ("8,5LS", "115,25BT"),
        ("8.5 Sur", "115.25 Este"),
        ("8\u00b030' LS", "115\u00b015' BT"),
        ("8.5\u00b0 South", "115.25\u00b0 East"),
    ],
)
def test_sides_may_be_words_behind_degrees(latitude: str, longitude: str, tmp_path: Path) -> None:
    rows = [f"{t:%Y-%m-%d %H:%M:%S.%f};{latitude};{longitude};4.5 (ML)" for t in TIMES]
    parsed = read(tmp_path, "\n".join(["time;lat;lon;mag", *rows]))
    assert parsed.events["latitude"].tolist() == pytest.approx([-8.5] * 3)
    assert parsed.events["longitude"].tolist() == pytest.approx([115.25] * 3)
    assert parsed.events["magnitude"].tolist() == [4.5] * 3


@pytest.mark.parametrize(("word", "sign"), [("LU", 1), ("Norte", 1), ("Oeste", 0), ("mangoes", 0)])
def test_a_word_that_is_no_side_is_refused(word: str, sign: int, tmp_path: Path) -> None:
    text = "\n".join(["time;lat;mag", *(f"{t:%Y-%m-%d %H:%M:%S.%f};8.5 {word};4.5" for t in TIMES)])
    if sign:
        assert read(tmp_path, text).events["latitude"].tolist() == [8.5] * 3
        return
    with pytest.raises(InputError, match="is not a number"):
        read(tmp_path, text)


@pytest.mark.parametrize("name", ["Fecha", "Tarih Saat", "Tanggal", "Data e ora", "Ημερομηνία"])
def test_a_national_list_that_says_no_zone_is_remarked(name: str, tmp_path: Path) -> None:
    text = "\n".join([f"{name};Mag", *(f"{t:%Y-%m-%d %H:%M:%S};4.5" for t in TIMES)])
    for zone in (None, "UTC"):
        parsed = read(tmp_path, text, columns={"time": "1"}, time_zone=zone)
        said = any("national lists often give local time" in n for n in parsed.explanation.notes)
        assert said is (zone is None)


def test_signs_for_nothing_are_filled_from_another_column(tmp_path: Path) -> None:
    rows = [f"{t:%Y-%m-%d %H:%M:%S};-.-;{ml};{mw}" for t, ml, mw in zip(TIMES, *KOERI, strict=True)]
    text = "\n".join(["time;MD;ML;Mw", *rows])
    with pytest.raises(InputError, match="the first that has a value, with .* magnitude=Mw,MD,ML"):
        read(tmp_path, text)
    parsed = read(tmp_path, text, columns={"magnitude": "Mw,MD,ML"})
    assert parsed.events["magnitude"].tolist() == [7.7, 7.6, 3.1]


def rows_of(pattern: str, header: str = "") -> str:
    """A table of three rows, by a pattern with t, the time, and m, the magnitude."""
    rows = [pattern.format(t=t, m=m) for t, m in zip(TIMES, (7.8, 7.5, 3.1), strict=True)]
    return "\n".join([header, *rows] if header else rows) + "\n"


FULL = "{t:%Y-%m-%d %H:%M:%S.%f}"


@pytest.mark.parametrize(
    ("names", "sides", "signs"),
    [
        ("lat,N/S,lon,E/O", "1.5,N,2.5,O", (1, -1)),
        ("lat,hemisferio lat,lon,hemisferio lon", "1.5,Sur,2.5,Oeste", (-1, -1)),
        ("lat,lat_dir,lon,lon_dir", "1.5,South,2.5,East", (-1, 1)),
        ("lat,,lon,", "1.5,S,2.5,W", (-1, -1)),
        ("lat,lon,tipo,felt", "1.5,2.5,S,W", (1, 1)),
        ("lat,lon,tipo,depth type", "-1.5,-2.5,N,E", (-1, -1)),
    ],
)
@pytest.mark.parametrize("parquet", [False, True])
def test_letters_of_sides_are_told_from_others(
    names: str, sides: str, signs: tuple[int, int], parquet: bool, tmp_path: Path
) -> None:
    text = rows_of(f"{FULL},{sides},{{m}}", f"time,{names},mag")
    parsed = read(tmp_path, text)
    if parquet:
        table = pd.read_csv(tmp_path / "events.csv", dtype=str).rename(columns=str)
        table.to_parquet(tmp_path / "events.parquet")
        parsed = read_events(tmp_path / "events.parquet")
    assert parsed.events["latitude"].tolist() == [signs[0] * 1.5] * 3
    assert parsed.events["longitude"].tolist() == [signs[1] * 2.5] * 3


@pytest.mark.parametrize("decimals", [2, 3, 6])
def test_seconds_of_digits_only_have_decimals(decimals: int, tmp_path: Path) -> None:
    rows = [f"{t:%Y%m%d%H%M%S}{t.microsecond:06d}"[: 14 + decimals] for t in TIMES]
    assert late(read(tmp_path, "time,mag\n" + "".join(f"{row},4.5\n" for row in rows))) < 0.01
    older = [row.replace("2023", "1994") for row in rows]  # microseconds since 1970 by their size
    parsed = read(tmp_path, "time,mag\n" + "".join(f"{row},4.5\n" for row in older))
    assert set(parsed.events["time"].dt.year) == {1994}


@pytest.mark.parametrize("written", ["{t:%y%m%d%H%M}", "{t:%y%m%d%H%M%S}"])
def test_short_dates_in_digits_only_are_no_seconds(written: str, tmp_path: Path) -> None:
    text = rows_of(f"{written},{{m}}", "time,mag")
    with pytest.raises(InputError, match="may be a date in digits only.*`dates` ymd"):
        read(tmp_path, text)
    assert late(read(tmp_path, text, dates="ymd")) < 60.0
    counted = rows_of("{t:%s},{m}", "time,mag")
    assert late(read(tmp_path, counted)) <= 1.0


@pytest.mark.parametrize("day", ["1899-12-30", "30/12/1899", "1900-01-01", "0 days", "12/30/1899"])
def test_a_time_of_day_may_have_the_day_0_of_a_program(day: str, tmp_path: Path) -> None:
    text = rows_of(f"{{t:%Y-%m-%d}} 00:00:00,{day} {{t:%H:%M:%S.%f}},{{m}}", "Date,Time,mag")
    assert late(read(tmp_path, text)) < 1e-6


@pytest.mark.parametrize(("name", "digits"), [("msec", 3), ("Microseconds", 6)])
def test_parts_of_seconds_may_have_a_column(name: str, digits: int, tmp_path: Path) -> None:
    text = "".join(f"{t:%Y,%m,%d,%H,%M,%S},{f'{t:%f}'[:digits]},4.5\n" for t in TIMES)
    assert late(read(tmp_path, f"year,month,day,hour,minute,second,{name},mag\n{text}")) < 1e-6
    both = f"time,{name},mag\n" + rows_of(f"{FULL},7,{{m}}")
    assert late(read(tmp_path, both)) < 1e-6  # the time has its decimals already


@pytest.mark.parametrize("names", ["time,lon,lat,mag", "time,lat,lon,depth,mag", "id,time,mag,lat"])
def test_other_names_further_down_are_refused(names: str, tmp_path: Path) -> None:
    header = "time,lat,lon,mag"
    text = rows_of(f"{FULL},1.5,2.5,{{m}}", header)
    with pytest.raises(InputError, match="line 5 names columns otherwise than line 1"):
        read(tmp_path, f"{text}{names}\n{text.partition(chr(10))[2]}")
    assert len(read(tmp_path, f"{text}\ufeff{text.replace('time,', 'Time, ')}").events) == 6


def test_what_cannot_be_seen_is_no_part_of_a_value(tmp_path: Path) -> None:
    parsed = read(tmp_path, rows_of(f"\ufeff{FULL},\u200b{{m}}", "\u200btime,mag\u00ad"))
    assert late(parsed) < 1e-6
    assert parsed.events["magnitude"].tolist() == [7.8, 7.5, 3.1]


def test_units_below_the_names_count(tmp_path: Path) -> None:
    row = "{t:%Y-%m-%d},{t:%H:%M:%S.%f},1.5,2.5,100,{m}"
    text = rows_of(row, "Date,Time,Lat,Lon,Depth,Mag\n(JST),(UTC+9),(S),(W),[m],")
    parsed = read(tmp_path, text)
    assert abs(late(parsed) - 9 * 3600.0) < 1e-6
    places = ["latitude", "longitude", "depth_km"]
    assert parsed.events[places].to_numpy().tolist() == [[-1.5, -2.5, 0.1]] * 3
    assert late(read(tmp_path, text, columns={"depth": "Depth"})) > 0.0  # as it is called


def test_names_of_groups_stand_above_those_of_columns(tmp_path: Path) -> None:
    names = "Origin,,Location,,Magnitude,\nDate,Time,Lat,Lon,Value,Type"
    text = rows_of("{t:%Y-%m-%d},{t:%H:%M:%S.%f},1.5,2.5,{m},ML", names)
    parsed = read(tmp_path, text)
    assert late(parsed) < 1e-6
    assert parsed.events["latitude"].tolist() == [1.5] * 3
    assert parsed.events["magnitude"].tolist() == [7.8, 7.5, 3.1]


def test_seconds_beside_a_date_are_asked_of_their_hour(tmp_path: Path) -> None:
    text = rows_of("{t:%Y-%m-%d},4711.5,{m}", "date,seconds,mag")
    with pytest.raises(InputError, match="but none for the hour: .* `columns` second=none"):
        read(tmp_path, text)
    assert len(read(tmp_path, text, columns={"second": "none"}).events) == 3
    days = rows_of("{t:%Y-%m-%d},4711.5,{m}", "date,sod,mag") + "2023-03-01,1,2\n2023-03-02,1,2\n"
    assert any(
        "all events are set to midnight" in n for n in read(tmp_path, days).explanation.notes
    )


def test_a_depth_in_miles_is_none_in_km(tmp_path: Path) -> None:
    parsed = read(tmp_path, rows_of(f"{FULL},10,{{m}}", "time,Depth (mi),mag"))
    assert parsed.events["depth_km"].tolist() == pytest.approx([16.09344] * 3)
    both = read(tmp_path, rows_of(f"{FULL},10,16.1,{{m}}", "time,Depth Mi,Depth Km,mag"))
    assert both.events["depth_km"].tolist() == [16.1] * 3


@pytest.mark.parametrize(("near", "known"), [("35.1,-118.2", 2), ("0.3,0.7", 3)])
def test_a_place_of_zeros_is_none_unless_events_lie_near(
    near: str, known: int, tmp_path: Path
) -> None:
    text = rows_of(f"{FULL},{near},{{m}}", "time,lat,lon,mag").splitlines()
    text[2] = text[2].replace(near, "0.000,0.000")
    parsed = read(tmp_path, "\n".join(text))
    assert parsed.events["latitude"].notna().sum() == known
    assert any("stand for no place" in note for note in parsed.explanation.notes) is (known == 2)


def test_a_column_of_seconds_that_is_empty_is_passed_over(tmp_path: Path) -> None:
    text = rows_of("{t:%Y,%m,%d,%H,%M},,{m}", "Year,Mo,Da,Ho,Mi,Se,mag")
    parsed = read(tmp_path, text)
    assert len(parsed.events) == 3
    assert "column Se is empty: it is passed over" in parsed.explanation.notes


def test_hundredths_of_seconds_in_eight_digits(tmp_path: Path) -> None:
    clocks = [int(f"{t:%H%M%S}{t.microsecond // 10_000:02d}") for t in TIMES]
    rows = zip(TIMES, [*clocks[:2], clocks[2]], strict=True)
    text = "date,time,mag\n" + "".join(f"{t:%Y%m%d},{clock},4.5\n" for t, clock in rows)
    assert late(read(tmp_path, text)) < 0.01


@pytest.mark.parametrize("written", ["{t:%d%b%Y:%H:%M:%S}", "{t:%d%b%Y %H:%M:%S}"])
def test_dates_of_statistics_packages(written: str, tmp_path: Path) -> None:
    assert late(read(tmp_path, rows_of(f"{written},{{m}}", "time,mag").lower())) < 1.0


@pytest.mark.parametrize(
    ("names", "row"),
    [
        ("地震の発生日,地震の発生時刻,緯度,経度,深さ,\uff2d", "1°30.0'N,2°30.0'E,5 km,{m}"),
        ("日期,时间,纬度,经度,深度,震级", "北纬1.5度,东经2.5度,5公里,{m}级"),
        ("Дата,Время,Широта,Долгота,Глубина_км,Магнитуда", "1.5 \u0441.ш.,2.5 в.д.,5,{m}"),
        ("Datum,Vrijeme,Geografska širina,Geografska dužina,Dubina,Magnituda", "1.5,2.5,5,{m}"),
        ("Data,Czas,Szerokość,Długość,Głębokość,Magnituda", "1.5,2.5,5,{m}"),
        ("tgl,ot,lat,lon,depth,mag", "1.5,2.5,5,{m}"),
        ("일자,date,위도,경도,깊이(km),규모", "1.5,2.5,5,{m}"),
    ],
)
def test_more_languages(names: str, row: str, tmp_path: Path) -> None:
    times = "x,{t:%Y-%m-%d %H:%M:%S.%f}," if "date" in names else "{t:%Y-%m-%d},{t:%H:%M:%S.%f},"
    parsed = read(tmp_path, rows_of(times + row, names))
    assert late(parsed) < 1e-6
    places = ["latitude", "longitude", "depth_km"]
    assert parsed.events[places].to_numpy().tolist() == [[1.5, 2.5, 5.0]] * 3
    assert parsed.events["magnitude"].tolist() == [7.8, 7.5, 3.1]


def test_a_date_beside_a_local_clock_and_one_in_utc_is_asked_after(tmp_path: Path) -> None:
    text = rows_of("{t:%Y-%m-%d},x,{t:%H:%M:%S.%f},{m}", "Fecha,Hora local,Hora UTC,mag")
    text = "\n".join(
        line.replace(",x,", f",{t - pd.Timedelta(hours=5):%H:%M:%S.%f},")
        for line, t in zip(text.splitlines(), [TIMES[0], *TIMES], strict=True)
    )
    with pytest.raises(InputError, match="Fecha may be the day of Hora UTC or of Hora local: say"):
        read(tmp_path, text)
    assert late(read(tmp_path, text, columns={"clock": "3"})) < 1e-6
    shifted = read(tmp_path, text, columns={"clock": "2"}, time_zone="-05:00")
    assert late(shifted) in {0.0, 86_400.0}


def test_a_column_of_zones_may_be_called_zone(tmp_path: Path) -> None:
    parsed = read(tmp_path, rows_of(f"{FULL},CEST,{{m}}", "time,zone,mag"))
    assert abs(late(parsed) - 7200.0) < 1e-6
    assert late(read(tmp_path, rows_of(f"{FULL},ALPS,{{m}}", "time,zone,mag"))) < 1e-6


def test_magnitudes_with_their_scale_are_told_apart(tmp_path: Path) -> None:
    parsed = read(tmp_path, rows_of(f"{FULL},{{m}},", "time,MAGNITUD Ml,MAGNITUD Mw"))
    assert parsed.events["magnitude"].tolist() == [7.8, 7.5, 3.1]
    text = rows_of(f"{FULL},{{m}},5.5", "time,Local Magnitude,Moment Magnitude")
    with pytest.raises(InputError, match="could each be the magnitude: choose one with"):
        read(tmp_path, text)
    chosen = read(tmp_path, text, columns={"magnitude": "Moment Magnitude"})
    assert chosen.events["magnitude"].tolist() == [5.5] * 3


def test_times_that_a_spreadsheet_has_rounded_are_refused(tmp_path: Path) -> None:
    rows = [f"{t.value / 1e6:.5E},4.5\n" for t in TIMES]
    with pytest.raises(InputError, match="has lost its last digits, as spreadsheets round"):
        read(tmp_path, "time,mag\n" + "".join(rows))
    whole = "".join(f"{t.value / 1e9:.12e},4.5\n" for t in TIMES)
    assert late(read(tmp_path, "time,mag\n" + whole)) < 0.01


def test_a_date_and_a_clock_of_two_zones_are_refused(tmp_path: Path) -> None:
    text = rows_of("{t:%Y-%m-%d},{t:%H:%M:%S.%f},{m}", "Date (UTC),Time (UTC+8),mag")
    with pytest.raises(InputError, match="are in two time zones, so that the day is not certain"):
        read(tmp_path, text)
    assert late(read(tmp_path, text.replace("+8", ""))) < 1e-6


def test_dates_may_be_whole_numbers_as_a_program_writes_them(tmp_path: Path) -> None:
    text = rows_of("{t:%Y%m%d}.0,{t:%H%M%S}.0,{m}", "date,time,mag")
    assert late(read(tmp_path, text)) < 1.0
