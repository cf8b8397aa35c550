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
