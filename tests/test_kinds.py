"""Tables of the kinds that people have, made up here: each is read right, or the remedy works."""

import bz2
import io
import lzma
import re
import shlex
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from catalogs import InputError, load
from catalogs.formats.reading import read_events
from recast import cli

N = 60
START = pd.Timestamp("2019-07-03T04:05:06.780")


def events(n: int = N) -> pd.DataFrame:
    """A sequence with a day above 12, tenths of magnitude, places and depths."""
    rng = np.random.default_rng(5)
    hours = np.sort(rng.uniform(0.0, 900.0, n))
    hours[0] = 0.0
    return pd.DataFrame(
        {
            "time": START + pd.to_timedelta(np.round(hours * 3600.0, 2), unit="s"),
            "latitude": np.round(36.0 + rng.normal(0.0, 0.2, n), 3),
            "longitude": np.round(-117.5 + rng.normal(0.0, 0.2, n), 3),
            "depth_km": np.round(rng.uniform(1.0, 15.0, n), 1),
            "magnitude": np.round(2.0 + rng.exponential(0.43, n), 1),
        }
    )


TRUTH = events()


def table(header: str, row: str, frame: pd.DataFrame = TRUTH, **shift: Any) -> str:
    """A header and one line an event, by a format of t, lat, lon, dep, m and i."""
    lines = [header]
    for i, e in enumerate(frame.itertuples(index=False)):
        t = e.time + pd.Timedelta(**shift) if shift else e.time
        lines.append(
            row.format(
                t=t,
                lat=e.latitude,
                lon=e.longitude,
                dep=e.depth_km,
                m=e.magnitude,
                i=i,
                west=-e.longitude,
                metres=round(1000 * e.depth_km),
            )
        )
    return "\n".join(lines) + "\n"


def read(folder: Path, text: str | bytes, **arguments: Any) -> pd.DataFrame:
    path = folder / "events.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_events(path, **arguments).events


def matches(found: pd.DataFrame, within: float = 1.0, frame: pd.DataFrame = TRUTH) -> None:
    """The events are those of the truth, times to so many seconds."""
    assert len(found) == len(frame)
    late = (found["time"].dt.tz_localize(None).to_numpy() - frame["time"].to_numpy()) / 1e9
    late = late.astype(np.float64)
    assert np.abs(late).max() <= within
    np.testing.assert_allclose(found["magnitude"], frame["magnitude"])


ISO = "{t:%Y-%m-%dT%H:%M:%S.%f}"

READ: dict[str, tuple[str, str, float]] = {
    # Names of parts of the calendar, by themselves and by where they stand
    "stunde": (
        "jahr;monat;tag;stunde;minute;sekunde;breite;länge;tiefe;mag",
        "{t.year};{t.month};{t.day};{t.hour};{t.minute};{t:%S.%f};{lat};{lon};{dep};{m}",
        1e-3,
    ),
    "hr mn sc": (
        "YR MO DY HR MN SC LAT LON DEP MAG",
        "{t.year} {t.month} {t.day} {t.hour} {t.minute} {t:%S.%f} {lat} {lon} {dep} {m}",
        1e-3,
    ),
    "y m d h m s": (
        "mag,y,m,d,h,m,s,lat,lon",
        "{m},{t.year},{t.month},{t.day},{t.hour},{t.minute},{t:%S.%f},{lat},{lon}",
        1e-3,
    ),
    "day first": (
        "DD MM YYYY HH MM SS LAT LON MAG",
        "{t.day} {t.month} {t.year} {t.hour} {t.minute} {t:%S.%f} {lat} {lon} {m}",
        1e-3,
    ),
    "day of year": (
        "year,doy,hour,minute,second,lat,lon,mag",
        "{t.year},{t.day_of_year},{t.hour},{t.minute},{t:%S.%f},{lat},{lon},{m}",
        1e-3,
    ),
    "seconds apart": (
        "date,hhmm,sec,lat,lon,mag",
        "{t:%Y%m%d},{t:%H%M},{t.second},{lat},{lon},{m}",
        1.0,
    ),
    "usgs": (
        "YEAR MO DA ORIG TIME LAT LONG DEP MAGNITUDE",
        "{t:%Y %m %d %H%M%S.%f} {lat} {lon} {dep} {m}",
        1e-3,
    ),
    "month names": ("Date Time Lat Lon Mag", "{t:%d-%b-%Y %H:%M:%S} {lat} {lon} {m}", 1.0),
    "words": ("Date,Lat,Lon,Mag", '"{t:%B %d, %Y %H:%M:%S}",{lat},{lon},{m}', 1.0),
    "am and pm": ("Date,Time,Lat,Lon,Mag", "{t:%m/%d/%Y,%I:%M:%S %p},{lat},{lon},{m}", 1.0),
    "padded": (
        "DATE  O.T. (UTC) LAT LONG MAG",
        "{t.year}/{t.month:2d}/{t.day:2d}  {t.hour:2d}:{t.minute:2d}:{t.second:2d} {lat} {lon} {m}",
        1.0,
    ),
    # Languages and encodings
    "italian": (
        "Data e Ora;Latitudine;Longitudine;Profondità (km);Magnitudo",
        "{t:%d/%m/%Y %H:%M:%S};{lat};{lon};{dep};{m}",
        1.0,
    ),
    "russian": (
        "Дата;Время;Широта;Долгота;Глубина;Магнитуда",
        "{t:%d.%m.%Y;%H:%M:%S};{lat};{lon};{dep};{m}",
        1.0,
    ),
    "japanese": (
        "発生日,時刻,緯度,経度,深さ,マグニチュード",
        "{t:%Y/%m/%d,%H:%M:%S},{lat},{lon},{dep},{m}",
        1.0,
    ),
    # Places
    "hemispheres": ("time,lat,lon,mag", ISO + ",{lat}N,{west}W,{m}", 1e-3),
    "columns of hemispheres": ("time,lat,ns,lon,ew,mag", ISO + ",{lat},N,{west},W,{m}", 1e-3),
    "metres": ("time;lat;lon;depth (m);mag", ISO + ";{lat};{lon};{metres};{m}", 1e-3),
    "flags": ("time,lat,lon,depth,mag", ISO + ",{lat},{lon},{dep}*,{m}", 1e-3),
    "scales": ("time,lat,lon,depth,mag", ISO + ",{lat},{lon},{dep} km,{m} ML", 1e-3),
    # Around and between the rows
    "bars": (
        "| time | lat | lon | mag |\n|---|---|---|---|",
        "| " + ISO + " | {lat} | {lon} | {m} |",
        1e-3,
    ),
    "units": ("time,lat,lon,mag\nUTC,deg,deg,-", ISO + ",{lat},{lon},{m}", 1e-3),
    "title": (
        "My catalog\nof 2019, made in 2020\n\ntime,lat,lon,mag",
        ISO + ",{lat},{lon},{m}",
        1e-3,
    ),
    "index": ("time,lat,lon,depth,mag", "{i}," + ISO + ",{lat},{lon},{dep},{m}", 1e-3),
    "words in the middle": (
        "Date Time Place Lat Lon Mag",
        "{t:%Y-%m-%d %H:%M:%S} NEAR COSO {lat} {lon} {m}",
        1.0,
    ),
    "local and UTC": (
        "Local Time,UTC Time,lat,lon,mag",
        "{t:%Y-%m-%d} 00:00:00," + ISO + ",{lat},{lon},{m}",
        1e-3,
    ),
    "no events": ("time,lat,lon,mag,type", ISO + ",{lat},{lon},{m},n", 1e-3),
}


@pytest.mark.parametrize("kind", list(READ))
def test_a_kind_of_table_is_read(kind: str, tmp_path: Path) -> None:
    header, row, within = READ[kind]
    found = read(tmp_path, table(header, row))
    matches(found, within)
    if "lon" in row or "west" in row:
        np.testing.assert_allclose(found["longitude"], TRUTH["longitude"])
        np.testing.assert_allclose(found["latitude"], TRUTH["latitude"])
    if "dep" in row or "metres" in row:
        np.testing.assert_allclose(found["depth_km"], TRUTH["depth_km"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "gbk", "utf-8-sig", "latin-1"])
def test_encodings_are_found(encoding: str, tmp_path: Path) -> None:
    header = (
        "发震时刻,经度,纬度,震级,参考位置" if encoding != "latin-1" else "time,lon,lat,mag,plaçe"
    )
    text = table(header, "{t:%Y-%m-%d %H:%M:%S},{lon},{lat},{m},x")
    found = read(tmp_path, text.encode(encoding))
    matches(found, 1.0)


def packed(kind: str, content: bytes) -> bytes:
    stream = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("README", "see the table")
            archive.writestr("__MACOSX/._a.csv", b"\0\5\26\7")
            archive.writestr("a.csv", content)
    elif kind.startswith("tar"):
        with tarfile.open(fileobj=stream, mode="w:gz" if kind == "tar.gz" else "w") as tar:
            for name, data in (("notes.txt", b"Made in 2019."), ("a.csv", content)):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    else:
        return {"bz2": bz2.compress, "xz": lzma.compress}[kind](content)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "bz2", "xz"])
def test_archives_are_opened(kind: str, tmp_path: Path) -> None:
    text = table("time,lat,lon,mag", ISO + ",{lat},{lon},{m}")
    matches(read(tmp_path, packed(kind, text.encode())), 1e-3)


def test_a_missing_value_before_words_moves_nothing(tmp_path: Path) -> None:
    """Without its depth a row of an aligned table would have "5 km" for magnitude and place."""
    row = "{t:%Y-%m-%d %H:%M:%S} {lat:8.3f} {lon:9.3f} {dep:5.1f} {m:4.1f} 5 km N of A"
    lines = table("Date       Time          Lat       Lon Depth  Mag Place", row).splitlines()
    for i in range(10, 40, 5):
        lines[i] = lines[i][:38] + " " * 6 + lines[i][44:]
    path = tmp_path / "events.txt"
    path.write_text("\n".join(lines))
    parsed = read_events(path)
    assert parsed.rejected == ()
    matches(parsed.events)
    blank = [i - 1 for i in range(10, 40, 5)]
    assert np.flatnonzero(parsed.events["depth_km"].isna()).tolist() == blank


@pytest.mark.parametrize("extra", ["7", "x", "2.5"])
def test_a_field_too_many_in_every_row_is_no_shift(extra: str, tmp_path: Path) -> None:
    for row in (ISO + "," + extra + ",{lat},{lon},{m}", extra + "," + ISO + ",{lat},{lon},{m}"):
        with pytest.raises(InputError, match="5 fields where the header has 4"):
            read(tmp_path, table("time,lat,lon,mag", row))


LAYOUT = "time,lat,lon,mag"

REMEDIES: dict[str, tuple[str, str, dict[str, float], float]] = {
    "part unknown": (
        "year,month,day,uu,minute,second,lat,lon,mag",
        "{t.year},{t.month},{t.day},{t.hour},{t.minute},{t:%S.%f},{lat},{lon},{m}",
        {},
        1e-3,
    ),
    "parts unknown": (
        "year,month,day,uu,vv,ww,lat,lon,mag",
        "{t.year},{t.month},{t.day},{t.hour},{t.minute},{t.second},{lat},{lon},{m}",
        {},
        1.0,
    ),
    "local": ("Local Time,lat,lon,mag", ISO + ",{lat},{lon},{m}", {"hours": 8}, 1e-3),
    "sizes": ("time,lat,lon,ML,Mw", ISO + ",{lat},{lon},{m},{lat}", {}, 1e-3),
    "two clocks": (
        "date,a,b,lat,lon,mag",
        "{t:%Y-%m-%d,%H:%M:%S},00:00:01,{lat},{lon},{m}",
        {},
        1.0,
    ),
}


def remedy(message: str, given: dict[str, str]) -> list[str]:
    """The first option that a message offers, with a name for NAME."""
    words = shlex.split(message.replace("'", " ").replace(", ", " ").replace(";", " "))
    at = next(i for i, word in enumerate(words) if word.startswith("--"))
    option = [words[at], words[at + 1].rstrip(":.),")]
    name, _, value = option[1].partition("=")
    return [option[0], f"{name}={given.get(name, 'uu')}" if value == "NAME" else option[1]]


@pytest.mark.parametrize("kind", list(REMEDIES))
def test_a_remedy_that_is_printed_gives_right_data(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, row, shift, within = REMEDIES[kind]
    path = tmp_path / "events.csv"
    path.write_text(table(header, row, **shift))
    command = ["catalogs", "import", str(path), "--name", "mine", "--ties", "separate"]
    for _ in range(4):
        code = cli.main(command)
        _, err = capsys.readouterr()
        if code == 0:
            break
        command += remedy(err.partition("recast: ")[2], {"hour": "uu"})
    assert code == 0, err
    matches(load("mine").events, within)


def sizes(value: float, share: float) -> pd.DataFrame:
    frame = events(300)
    frame.loc[frame.index % round(1 / share) == 1, "magnitude"] = value
    return frame


@pytest.mark.parametrize("value", [0.0, -1.0, 9.9, 9.0, -2.0])
def test_a_magnitude_that_stands_for_none_is_asked_for(
    value: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, frame = tmp_path / "events.csv", sizes(value, 0.2)
    path.write_text(table(LAYOUT, ISO + ",{lat},{lon},{m}", frame))
    command = ["catalogs", "import", str(path), "--name", "mine"]
    assert cli.main(command) == 2
    err = capsys.readouterr().err
    assert f"60 of 300 magnitudes are {value:.1f}" in err
    assert cli.main([*command, *remedy(err.partition("recast: ")[2], {})]) == 0
    kept = frame[frame["magnitude"] != value].reset_index(drop=True)
    matches(load("mine").events, 1e-3, kept)
    # Or all are real
    real = ["--missing-magnitude", "none", "--completeness", "-2", "--overwrite"]
    assert cli.main([*command, *real]) == 0
    matches(load("mine").events, 1e-3, frame)


@pytest.mark.parametrize("value", [99.0, -9.9, -99.0, 999.0])
def test_impossible_magnitudes_that_repeat_stand_for_none(value: float, tmp_path: Path) -> None:
    frame = sizes(value, 0.2)
    path = tmp_path / "events.csv"
    path.write_text(table(LAYOUT, ISO + ",{lat},{lon},{m}", frame))
    parsed = read_events(path)
    assert len(parsed.rejected) == 60
    assert all(row.by_rule for row in parsed.rejected)
    matches(parsed.events, 1e-3, frame[frame["magnitude"] != value])


def test_a_window_beyond_the_data_is_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table(LAYOUT, ISO + ",{lat},{lon},{m}"))
    command = ["catalogs", "import", str(path), "--name", "mine", "--completeness", "2"]
    for option, date, edge in (("--end", "2020-01-01", "end"), ("--start", "2019-01-01", "start")):
        assert cli.main([*command, "--overwrite", option, date]) == 2
        err = capsys.readouterr().err
        assert cli.main([*command, *remedy(err.partition("say ")[2], {}), "--overwrite"]) == 0
        assert getattr(load("mine").info, edge) == date
        capsys.readouterr()


def test_types_of_events_are_those_of_the_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kinds = ["ke", "se", "fe", "de", "km", "kh"]
    text = table(LAYOUT + ",type", ISO + ",{lat},{lon},{m},KIND")
    lines = text.splitlines()
    lines[1:] = [x.replace("KIND", kinds[i % 6]) for i, x in enumerate(lines[1:])]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(lines))
    command = ["catalogs", "import", str(path), "--name", "mine", "--completeness", "2"]
    assert cli.main(command) == 0
    out = capsys.readouterr().out
    assert "left out by type (column type): km 10, kh 10; keep them with --event-types all" in out
    assert len(load("mine").events) == 40
    assert cli.main([*command, "--overwrite", *remedy(out.partition("with ")[2], {})]) == 0
    assert len(load("mine").events) == 60
    # Whatever fails afterwards, what was left out before is said
    assert cli.main([*command, "--overwrite", "--completeness", "8"]) == 2
    err = capsys.readouterr().err
    assert "km 10, kh 10" in err
    assert "60 rows read" in err


@pytest.mark.parametrize("codes", ["ss n r p", "ML Mw mb MS", "A B C D"])
def test_a_type_that_is_none_of_events_leaves_nothing_out(codes: str, tmp_path: Path) -> None:
    text = table(LAYOUT + ",Type", ISO + ",{lat},{lon},{m},KIND").splitlines()
    marks = codes.split()
    text[1:] = [x.replace("KIND", marks[i % 4]) for i, x in enumerate(text[1:])]
    found = read(tmp_path, "\n".join(text))
    matches(found, 1e-3)
    assert "event_type" not in found
    assert ("magnitude_type" in found) == ("ML" in codes)


def test_a_file_without_a_header_is_read_by_names_or_numbers(tmp_path: Path) -> None:
    text = table("", "{t:%Y %m %d %H %M %S.%f} {lat} {lon} {dep} {m}").lstrip("\n")
    with pytest.raises(InputError, match=r'no header, .* its 10 columns .* `names` "yr mo dy'):
        read(tmp_path, text)
    names = "yr mo dy hr mi sc lat lon dep mag"
    matches(read(tmp_path, text, names=names.split()), 1e-3)
    roles = ("year", "month", "day", "hour", "minute", "second", "latitude", "longitude")
    columns = {role: str(i) for i, role in enumerate((*roles, "depth_km", "magnitude"), start=1)}
    matches(read(tmp_path, text, columns=columns), 1e-3)


def test_days_are_counted_from_a_date_that_is_said(tmp_path: Path) -> None:
    frame = TRUTH.copy()
    days = (frame["time"] - frame["time"].iloc[0]) / pd.Timedelta("1D")
    lines = [f"{d:.7f},{m}" for d, m in zip(days, frame["magnitude"], strict=True)]
    with pytest.raises(InputError, match=r"numbers from 0 to 3\d.*`origin` DATE"):
        read(tmp_path, "\n".join(["time,mag", *lines]))
    found = read(tmp_path, "\n".join(["time,mag", *lines]), origin=str(START))
    matches(found, 0.01)
    header = f"days since {START.isoformat()},mag"
    matches(read(tmp_path, "\n".join([header, *lines]), columns={"time": "1"}), 0.01)


def test_eastings_and_northings_are_said_to_be_no_degrees(tmp_path: Path) -> None:
    pairs = zip(TRUTH["time"], TRUTH["magnitude"], strict=True)
    rows = [f"{t.isoformat()},428800.5,3986400,{m}" for t, m in pairs]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(["time,Easting_m,Northing_m,mag", *rows]))
    said = " ".join(read_events(path).explanation.notes)
    assert "Easting_m and Northing_m are no degrees: the events have no places" in said
    assert "name the column" not in said


@pytest.mark.parametrize(
    ("name", "seconds", "unit"),
    [
        ("t_s", 1.0, "seconds"),
        ("Time since shut-in (h)", 3600.0, "hours"),
        ("time_min", 60.0, "minutes"),
    ],
)
def test_numbers_from_a_date_count_what_their_column_says(
    name: str, seconds: float, unit: str, tmp_path: Path
) -> None:
    """Hours of a stimulation are no days, and more seconds than make three years are no epoch."""
    passed = (TRUTH["time"] - START) / pd.Timedelta("1s") / seconds
    rows = [f"{x:.6f},{m}" for x, m in zip(passed, TRUTH["magnitude"], strict=True)]
    columns = {"time": "1"}
    with pytest.raises(InputError, match=f"holds {unit} from .*: give the date"):
        read(tmp_path, "\n".join([f"{name},mag", *rows]), columns=columns)
    found = read(tmp_path, "\n".join([f"{name},mag", *rows]), columns=columns, origin=str(START))
    matches(found, 0.01)
    since = f"{unit} since {START}"
    matches(read(tmp_path, "\n".join(["time,mag", *rows]), origin=since), 0.01)


def test_numbers_too_large_for_days_are_refused_with_the_unit_to_say(tmp_path: Path) -> None:
    for years, match in (
        (1.0, "most are too large for days since 2000-01-01"),
        (20.0, "too large"),
    ):
        early = START - pd.Timedelta(365.25 * years, "D")
        seconds = (TRUTH["time"] - early) / pd.Timedelta("1s")
        rows = [f"{s:.3f},{m}" for s, m in zip(seconds, TRUTH["magnitude"], strict=True)]
        text = "\n".join(["time,mag", *rows])
        with pytest.raises(InputError, match=match) as refused:
            read(tmp_path, text, origin="2000-01-01")
        assert "`origin` 'seconds since 2000-01-01'" in str(refused.value)
        matches(read(tmp_path, text, origin=f"seconds since {early}"), 0.01)


def test_decibels_and_the_seconds_of_a_laboratory_are_told(tmp_path: Path) -> None:
    """Amplitudes stand for no missing magnitude, though they repeat; 99 in most rows does."""
    rows = [f"{n * 1.5},{40 + n % 9}" for n in range(40)]
    with pytest.raises(InputError, match="'40' is outside -5 to 10: divide decibels by 20, or"):
        read(tmp_path, "\n".join(["Time (s),mag", *rows]), origin="2020-01-01")
    rows = [f"{n * 1.5},{2 + n % 9 / 20}" for n in range(40)]
    (tmp_path / "lab.csv").write_text("\n".join(["Time (s),mag", *rows]))
    seconds = read_events(tmp_path / "lab.csv", origin="2020-01-01")
    assert "all within 58.5 seconds" in str(seconds.explanation)
    days = read_events(tmp_path / "lab.csv", origin="days since 2020-01-01")
    assert days.events["time"].dt.tz_localize(None).iloc[2] == pd.Timestamp("2020-01-04")
    assert "all within" not in str(days.explanation)
    rows = [f"2020-01-02T00:00:{n},{99 if n % 4 else 2}" for n in range(10, 50)]
    assert len(read(tmp_path, "\n".join(["time,mag", *rows]))) == 10


@pytest.mark.parametrize("zone", ["+09:00", "Asia/Tokyo", "UTC+9"])
def test_local_times_are_shifted_once(zone: str, tmp_path: Path) -> None:
    text = table("date,time,lat,lon,mag", "{t:%Y-%m-%d,%H:%M:%S},{lat},{lon},{m}", hours=9)
    matches(read(tmp_path, text, time_zone=zone), 1.0)
    offset = table(LAYOUT, ISO + "+09:00,{lat},{lon},{m}", hours=9)
    matches(read(tmp_path, offset, time_zone=zone), 1e-3)
    stated = table("Origin Time (UTC+9),lat,lon,mag", ISO + ",{lat},{lon},{m}", hours=9)
    matches(read(tmp_path, stated), 1e-3)
    with pytest.raises(InputError, match="is not in the time zone -03:00"):
        read(tmp_path, stated, time_zone="-03:00")
    with pytest.raises(InputError, match="is no zone"):
        read(tmp_path, text, time_zone="Mars/Base")


@pytest.fixture
def appended(tmp_path: Path) -> Callable[[pd.DataFrame], Path]:
    """Write a table with identifiers."""

    def write(frame: pd.DataFrame) -> Path:
        path = tmp_path / f"part{len(list(tmp_path.iterdir()))}.csv"
        frame.to_csv(path, index=False)
        return path

    return write


def test_newer_events_are_appended_and_revised_ones_replaced(
    appended: Callable[[pd.DataFrame], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    frame = events(100).assign(id=[f"e{i}" for i in range(100)])
    first, second = frame.iloc[:70], frame.iloc[60:].copy()
    second.loc[65, "magnitude"] = 5.5  # revised
    assert cli.main(["catalogs", "import", str(appended(first)), "--name", "mine"]) == 0
    before = load("mine").info
    capsys.readouterr()
    command = ["catalogs", "append", "mine"]
    assert cli.main([*command, str(appended(second))]) == 0
    out = capsys.readouterr().out
    assert "30 events added, 1 replaced by newer versions, 9 known already" in out
    made = load("mine")
    assert len(made.events) == 100
    assert made.events.set_index("event_id").loc["e65", "magnitude"] == 5.5
    assert made.info.splits == before.splits
    assert made.info.magnitude_completeness == before.magnitude_completeness
    last = frame["time"].iloc[-1].floor("s") + pd.Timedelta("1s")
    assert made.info.date(made.info.end) == last.tz_localize("UTC")
    # Once more: nothing is new, until it is said that nothing happened since
    again = str(appended(second))
    assert cli.main([*command, again]) == 2
    assert "nothing in it is new" in capsys.readouterr().err
    assert cli.main([*command, again, "--observed-until", "2019-09-01"]) == 0
    assert load("mine").info.end == "2019-09-01"
    assert cli.main(["catalogs", "append", "ridgecrest_2019", again]) == 2


def test_rows_without_identifiers_are_not_appended_twice(
    appended: Callable[[pd.DataFrame], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    frame = events(100)
    assert cli.main(["catalogs", "import", str(appended(frame.iloc[:70])), "--name", "mine"]) == 0
    assert cli.main(["catalogs", "append", "mine", str(appended(frame.iloc[60:]))]) == 0
    assert "30 events added, 0 replaced by newer versions, 10 known" in capsys.readouterr().out
    assert len(load("mine").events) == 100


def test_a_revision_under_another_identifier_is_told(
    appended: Callable[[pd.DataFrame], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    frame = events(100).assign(id=[f"e{i}" for i in range(100)])
    assert cli.main(["catalogs", "import", str(appended(frame.iloc[:70])), "--name", "mine"]) == 0
    newer = frame.iloc[65:].copy()
    newer.loc[69, ["id", "magnitude"]] = ["x69", 5.5]
    newer.loc[69, "time"] += pd.Timedelta("0.8s")
    capsys.readouterr()
    assert cli.main(["catalogs", "append", "mine", str(appended(newer))]) == 0
    out = capsys.readouterr().out
    assert "31 events added" in out
    assert "note: 1 new event within 1 s and 5 km of another in the catalog: revised" in out


@pytest.mark.parametrize("years", [(1692, 2020), (1700, 2020)])
def test_a_catalog_of_centuries_is_imported(years: tuple[int, int], tmp_path: Path) -> None:
    """Differences of more than 292 years fit no 64-bit nanoseconds."""
    dates = pd.date_range(f"{years[0]}-03-01", f"{years[1]}-03-01", periods=200, unit="s")
    frame = pd.DataFrame({"time": dates, "mag": 5.0 + np.arange(200) % 7 / 10})
    path = tmp_path / "events.csv"
    frame.to_csv(path, index=False)
    command = ["catalogs", "import", str(path), "--name", "mine", "--completeness", "5"]
    assert cli.main(command) == 0
    times = load("mine").to_sequence().times
    expected = (dates - dates[0].floor("D")) / pd.Timedelta("1D").as_unit("s")
    np.testing.assert_allclose(times, expected, atol=1e-6)


def test_years_before_the_nanoseconds_are_named(tmp_path: Path) -> None:
    rows = [f"{year}-05-01T00:00:00,5.{year % 10}" for year in range(1600, 1760, 2)]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(["time,mag", *rows]))
    parsed = read_events(path)
    assert len(parsed.events) == 41
    assert "is before 1678" in parsed.rejected[0].reason


@pytest.mark.parametrize(
    ("name", "others"),
    [
        *((name, "time,lat,mag") for name in ("lon (W)", "lon_w", "Long (°W)", "LonW", "lonw")),
        *((name, "time,lat,mag") for name in ("Longitude West", "West Longitude", "Longitud O")),
        ("lon O", "fecha,Latitud,magnitud"),
    ],
)
def test_degrees_counted_to_the_west_change_their_sign(
    name: str, others: str, tmp_path: Path
) -> None:
    time, lat, mag = others.split(",")
    header = f"{time};{lat};{name};{mag}"
    path = tmp_path / "events.csv"
    path.write_text(table(header, ISO + ";{lat};{west};{m}"))
    parsed = read_events(path)
    np.testing.assert_allclose(parsed.events["longitude"], TRUTH["longitude"])
    assert f"positive values are degrees west, as the name {name} says" in str(parsed.explanation)
    path.write_text(table(header, ISO + ";{lat};{lon};{m}"))  # negative already
    parsed = read_events(path)
    np.testing.assert_allclose(parsed.events["longitude"], TRUTH["longitude"])
    utc = "times are taken as UTC, which column fecha does not say"
    said = [note for note in parsed.explanation.notes if not note.startswith(utc)]
    assert said == []
    assert len(parsed.explanation.notes) == (time == "fecha")


def test_degrees_south_and_letters_for_the_west(tmp_path: Path) -> None:
    text = table("time,Lat °S,Länge O,mag", ISO + ",{lat},{west},{m}")
    found = read(tmp_path, text)
    np.testing.assert_allclose(found["latitude"], -TRUTH["latitude"])
    np.testing.assert_allclose(found["longitude"], -TRUTH["longitude"])  # O is Ost
    text = table("fecha,latitud,longitud,magnitud", ISO + ",{lat}N,{west}O,{m}")
    np.testing.assert_allclose(read(tmp_path, text)["longitude"], TRUTH["longitude"])


def test_a_side_that_is_not_clear_leaves_longitudes_unknown(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table("time,lat,lon (O),mag", ISO + ",{lat},{west},{m}"))
    parsed = read_events(path)
    assert parsed.events["longitude"].isna().all()
    assert "O may be west or east: write degrees north and east, and call it longitude" in str(
        parsed.explanation.notes
    )
    path.write_text(table("time,lat,longitude,mag", ISO + ",{lat},{lon},{m}"))
    np.testing.assert_allclose(read_events(path).events["longitude"], TRUTH["longitude"])


def test_both_signs_below_a_west_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    lines = table("time,lat,lon W,mag", ISO + ",{lat},{west},{m}").splitlines()
    lines[4] = lines[4].replace(",11", ",-11")
    path.write_text("\n".join(lines))
    parsed = read_events(path)
    assert parsed.events["longitude"].isna().all()
    assert "its values have both signs: write degrees north and east" in parsed.explanation.notes[0]
    lines[4] = re.sub(r",-11[\d.]+", ",-999", lines[4])  # stands for none
    path.write_text("\n".join(lines))
    expected = TRUTH["longitude"].where(np.arange(N) != 3)
    np.testing.assert_allclose(read_events(path).events["longitude"], expected)


def test_a_file_whose_places_are_not_found_says_so(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table("time,where_y,where_x,mag", ISO + ",{lat},{lon},{m}"))
    (note,) = read_events(path).explanation.notes
    assert "no column for latitude and longitude: the events have no places" in note
    parsed = read_events(path, columns={"latitude": "where_y", "longitude": "where_x"})
    np.testing.assert_allclose(parsed.events["latitude"], TRUTH["latitude"])
    assert parsed.explanation.notes == ()


@pytest.mark.parametrize(
    ("name", "earthquake", "blast"),
    [
        ("tipo evento", "terremoto", "esplosione"),
        ("Ereignistyp", "Erdbeben", "Sprengung"),
        ("type d'évènement", "séisme", "tir de carrière"),
        ("Olay Tipi", "Deprem", "Patlatma"),
        ("natureza", "sismo", "tiro de pedreira"),
        ("event_type", "earthquake", "quarry_blast"),
        ("evento", "tectónico", "explosión de cantera"),
        ("whatever", "earthquake", "quarry blast"),  # told by the values
    ],
)
def test_blasts_are_left_out_in_many_languages(
    name: str, earthquake: str, blast: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = table(LAYOUT + f",{name}", ISO + ",{lat},{lon},{m},KIND").splitlines()
    text[1:] = [
        x.replace("KIND", blast if i % 6 == 2 else earthquake) for i, x in enumerate(text[1:])
    ]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(text))
    command = ["catalogs", "import", str(path), "--name", "mine", "--completeness", "2"]
    assert cli.main(command) == 0
    out = capsys.readouterr().out
    assert f"left out by type (column {name}): {blast} 10" in out
    assert len(load("mine").events) == 50
    assert cli.main([*command, "--overwrite", "--event-types", "all"]) == 0
    assert len(load("mine").events) == 60


def test_types_that_are_not_known_are_said(tmp_path: Path) -> None:
    text = table(LAYOUT + ",etype", ISO + ",{lat},{lon},{m},KIND").splitlines()
    text[1:] = [x.replace("KIND", "Q" if i % 6 == 2 else "L") for i, x in enumerate(text[1:])]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(text))
    parsed = read_events(path)
    assert "event_type" not in parsed.events
    assert "column etype is not used: few of its values (L, Q, ...)" in parsed.explanation.notes[0]


def in_columns(blank: str, *, last: str = "{i:>4}", every: int = 6) -> str:
    """A table in fixed widths in which every sixth row has nothing for one of its values."""
    head = "Date       Time         Lat      Lon  Depth   Mag  Place"
    lines = [head]
    for i, e in enumerate(TRUTH.itertuples(index=False)):
        cells = {"depth": f"{e.depth_km:7.1f}", "mag": f"{e.magnitude:6.1f}"}
        if i % every == 2:
            cells[blank] = " " * len(cells[blank])
        line = f"{e.time:%Y/%m/%d %H:%M:%S} {e.latitude:9.3f} {e.longitude:9.3f}"
        lines.append(f"{line}{cells['depth']}{cells['mag']}  {last.format(i=i % 9 + 1)}".rstrip())
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("last", ["{i:>4}", "{i} km NE of Patras", "Patras"])
def test_blank_values_between_aligned_columns_shift_nothing(last: str, tmp_path: Path) -> None:
    gone = np.arange(N) % 6 == 2
    found = read(tmp_path, in_columns("depth", last=last))
    matches(found, 1.0)
    expected = TRUTH["depth_km"].where(~gone)
    np.testing.assert_allclose(found["depth_km"], expected)
    (tmp_path / "events.csv").write_text(in_columns("mag", last=last))
    parsed = read_events(tmp_path / "events.csv")
    matches(parsed.events, 1.0, TRUTH[~gone])
    assert {row.reason for row in parsed.rejected} == {
        "magnitude is empty: fill it in or drop the row"
    }


def test_the_distance_of_a_place_is_no_magnitude(tmp_path: Path) -> None:
    lines = table(
        "date time lat lon depth mag place", "{t:%Y/%m/%d %H:%M:%S} {lat} {lon} {dep} {m} P"
    )
    rows = [f"{line[:-1]}{i} km NE of Patras" for i, line in enumerate(lines.splitlines()[1:])]
    for i in range(2, N, 6):  # one value less, one blank between all
        rows[i] = re.sub(r" [\d.]+ (\d+ km)", r" \1", rows[i])
    path = tmp_path / "events.csv"
    path.write_text("\n".join([lines.splitlines()[0], *rows]))
    parsed = read_events(path)
    matches(parsed.events, 1.0, TRUTH[np.arange(N) % 6 != 2])
    assert {row.reason.partition(":")[0] for row in parsed.rejected} == {
        "columns are not in their places, is a value missing? fix or drop the line"
    }


@pytest.mark.parametrize("name", ["z", "depth"])
def test_negative_depths_are_heights(name: str, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table(f"time,lat,lon,{name},mag", ISO + ",{lat},{lon},-{dep},{m}"))
    parsed = read_events(path)
    np.testing.assert_allclose(parsed.events["depth_km"], TRUTH["depth_km"])
    assert parsed.explanation.notes == (
        "depth: most values are negative, so they are heights: the sign is changed",
    )
    path.write_text(table(f"time,lat,lon,{name},mag", ISO + ",{lat},{lon},-{metres},{m}"))
    np.testing.assert_allclose(read(tmp_path, path.read_text())["depth_km"], TRUTH["depth_km"])


def test_depths_above_the_sea_are_said_and_feet_are_changed(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    frame = TRUTH.assign(depth_km=TRUTH["depth_km"] / 5)
    path.write_text(table("time,lat,lon,depth,mag", ISO + ",{lat},{lon},-{dep:.3f},{m}", frame))
    parsed = read_events(path)
    np.testing.assert_allclose(parsed.events["depth_km"], -frame["depth_km"], atol=1e-3)
    (note,) = parsed.explanation.notes
    assert (
        "60 of 60 values are negative, which is above the sea: if they are heights, change" in note
    )
    path.write_text(path.read_text().replace(",-0", ",0").replace(",-1", ",1").replace(",-2", ",2"))
    assert "-" not in str(read_events(path).explanation.notes)
    feet = TRUTH.assign(depth_km=TRUTH["depth_km"] / 0.0003048)
    for name in ("depth_ft", "depth (ft)"):
        text = table(f"time,lat,lon,{name},mag", ISO + ",{lat},{lon},{dep:.0f},{m}", feet)
        found = read(tmp_path, text)
        np.testing.assert_allclose(found["depth_km"], TRUTH["depth_km"], atol=1e-3)


@pytest.mark.parametrize(("value", "asked"), [("9.9", True), ("0.0", False), ("-1.0", False)])
def test_few_magnitudes_far_from_the_others_are_named(
    value: str, asked: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frame = events(150)
    lines = table(LAYOUT, ISO + ",{lat},{lon},{m}", frame).splitlines()
    lines[50] = lines[50].rpartition(",")[0] + f",{value}"
    path = tmp_path / "events.csv"
    path.write_text("\n".join(lines))
    command = ["catalogs", "import", str(path), "--name", "mine"]
    assert cli.main(command) == (2 if asked else 0)
    printed = "".join(capsys.readouterr())
    assert f"1 of 150 magnitudes is {value}, the others 2 to " in printed
    if asked:
        assert cli.main([*command, "--missing-magnitude", "none"]) == 0
    assert cli.main(["catalogs", "check", "mine"]) == 0
    assert f"1 magnitude is {float(value):g}, the others 2 to" in capsys.readouterr().out
    said = remedy(printed.partition("say ")[2], {})
    assert cli.main([*command, "--overwrite", *said]) == 0
    assert len(load("mine").events) == 149


@pytest.mark.parametrize("written", ["ML {m}", "M{m}", "Mw={m}", "{m} ML"])
def test_the_scale_in_a_magnitude_is_left_out(written: str, tmp_path: Path) -> None:
    found = read(tmp_path, table(LAYOUT, ISO + ",{lat},{lon}," + written))
    matches(found, 1e-3)


def test_of_two_magnitudes_the_first_that_a_row_has_is_proposed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = table("time,lat,lon,Mw,ML", ISO + ",{lat},{lon},,{m}").splitlines()
    lines[3:9] = [line.replace(",,", ",3.3,") for line in lines[3:9]]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(lines))
    command = ["catalogs", "import", str(path), "--name", "mine", "--completeness", "2"]
    assert cli.main(command) == 2
    said = remedy(capsys.readouterr().err, {})
    assert said == ["--column", "magnitude=Mw,ML"]
    assert cli.main([*command, *said]) == 0
    assert len(load("mine").events) == N


def test_rows_without_a_magnitude_are_counted_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = table(LAYOUT, ISO + ",{lat},{lon},{m}").splitlines()
    lines[5] = lines[5].rpartition(",")[0] + ","
    lines[9] = lines[9].rpartition(",")[0] + ",x"
    path = tmp_path / "events.csv"
    path.write_text("\n".join(lines))
    command = ["catalogs", "import", str(path), "--name", "mine", "--completeness", "2"]
    assert cli.main(command) == 0
    out = capsys.readouterr().out.splitlines()
    assert {"1 row has no magnitude", "1 row cannot be read"} <= {*out}


def test_values_of_options_may_begin_with_a_minus(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table("Lat(S),lon,time,mag", "{lat},{lon}," + ISO + ",{m}", hours=-5))
    command = ["catalogs", "import", str(path), "--name", "mine", "--completeness", "2"]
    south = ["--time-zone", "-05:00", "--area", "-40/-30/-120/-110"]
    assert cli.main([*command, *south]) == 0
    matches(load("mine").events, 1e-3)
    corners = ["--area", "-40,-120 -40,-110 -30,-110 -30,-120", "--overwrite"]
    assert cli.main([*command, *corners]) == 0


def parts_of(angle: float) -> tuple[int, float]:
    """Whole degrees and minutes of an angle, both positive."""
    return int(abs(angle)), round(abs(angle) % 1 * 60, 4)


@pytest.mark.parametrize("between", ["-", " "])
def test_degrees_and_minutes_without_signs_are_read(between: str, tmp_path: Path) -> None:
    """As in phase files: 42-41.88S, and with spaces for leading zeros."""
    lines = table("time;lat;lon;mag", ISO + ";LAT;LON;{m}").splitlines()
    for i, e in enumerate(TRUTH.itertuples(), start=1):
        (y, south), (x, east) = parts_of(e.latitude), parts_of(e.longitude)
        lines[i] = lines[i].replace("LAT", f"{y}{between}{south:5.2f}S")
        lines[i] = lines[i].replace("LON", f"{x}{between}{east:5.2f} E")
    found = read(tmp_path, "\n".join(lines))
    np.testing.assert_allclose(found["latitude"], -TRUTH["latitude"].abs(), atol=1e-4)
    np.testing.assert_allclose(found["longitude"], TRUTH["longitude"].abs(), atol=1e-4)


@pytest.mark.parametrize("seconds", [False, True])
def test_degrees_and_minutes_are_read(seconds: bool, tmp_path: Path) -> None:
    def written(angle: float, side: str) -> str:
        degrees, minutes = parts_of(angle)
        rest = f"{int(minutes)}'{minutes % 1 * 60:.2f}\"" if seconds else f"{minutes:.3f}'"
        return f"{degrees}°{rest}{side}"

    lines = table("time;lat;lon;mag", ISO + ";LAT;LON;{m}").splitlines()
    for i, e in enumerate(TRUTH.itertuples(), start=1):
        lat, lon = written(e.latitude, "N"), written(e.longitude, "W")
        lines[i] = lines[i].replace("LAT", lat).replace("LON", lon)
    if seconds:
        lines = [line.replace('"', "''") for line in lines]
    found = read(tmp_path, "\n".join(lines))
    np.testing.assert_allclose(found["latitude"], TRUTH["latitude"], atol=1e-4)
    np.testing.assert_allclose(found["longitude"], TRUTH["longitude"], atol=1e-4)


@pytest.mark.parametrize("names", ["latd,latm,lond,lonm", "lat_deg,lat_min,lon_deg,lon_min"])
def test_minutes_of_another_column_count(names: str, tmp_path: Path) -> None:
    lines = [f"time,{names},mag"]
    for e in TRUTH.itertuples():
        lat, lon = parts_of(e.latitude), parts_of(e.longitude)
        lines.append(f"{e.time.isoformat()},{lat[0]},{lat[1]},-{lon[0]},{lon[1]},{e.magnitude}")
    found = read(tmp_path, "\n".join(lines))
    np.testing.assert_allclose(found["latitude"], TRUTH["latitude"], atol=1e-4)
    np.testing.assert_allclose(found["longitude"], TRUTH["longitude"], atol=1e-4)
    matches(found, 1e-3)
    degrees, minimum, *_ = names.split(",")
    text = table(f"time,{degrees},{minimum},lon,mag", ISO + ",{lat},35.5,{lon},{m}")
    np.testing.assert_allclose(read(tmp_path, text)["latitude"], TRUTH["latitude"])  # a least one


def test_swapped_places_are_refused_with_a_remedy(tmp_path: Path) -> None:
    text = table("time,longitude,latitude,mag", ISO + ",{lat},{lon},{m}")
    said = "say `columns` latitude=longitude and `columns` longitude=latitude"
    with pytest.raises(InputError, match=said):
        read(tmp_path, text)
    found = read(tmp_path, text, columns={"latitude": "longitude", "longitude": "latitude"})
    np.testing.assert_allclose(found["longitude"], TRUTH["longitude"])


def test_a_typographic_minus_is_a_minus(tmp_path: Path) -> None:
    text = table(LAYOUT, ISO + ",{lat},{lon},{m}").replace(",-", ",\u2212")
    np.testing.assert_allclose(read(tmp_path, text)["longitude"], TRUTH["longitude"])


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("date,time,ampm,lat,lon,mag", "{t:%Y-%m-%d,%I:%M:%S.%f,%p},{lat},{lon},{m}"),
        ("time,x,lat,lon,mag", "{t:%Y-%m-%d %I:%M:%S.%f,%p},{lat},{lon},{m}"),
        ("year,month,day,hour,minute,second,half,mag", "{t:%Y,%m,%d,%I,%M,%S.%f,%p},{m}"),
        ("year,month,day,time,half,mag", "{t:%Y,%m,%d,%I:%M:%S.%f,%p},{m}"),
        ("date,hhmmss,half,mag", "{t:%Y%m%d,%I%M%S.%f,%p},{m}"),
    ],
)
def test_a_column_of_am_and_pm_is_applied(header: str, row: str, tmp_path: Path) -> None:
    text = table(header, row)
    matches(read(tmp_path, text), 1e-3)
    matches(read(tmp_path, text.replace("AM", "a. m.").replace("PM", "p. m.")), 1e-3)
    # A row without it is left out, not read as of the morning
    path = tmp_path / "events.csv"
    lines = text.splitlines()
    lines[5] = lines[5].replace("AM", "").replace("PM", "")
    path.write_text("\n".join(lines))
    assert [row.row for row in read_events(path).rejected] == [6]


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("date,time,tz,lat,lon,mag", "{t:%Y-%m-%d,%H:%M:%S.%f},ZONE,{lat},{lon},{m}"),
        ("time,x,mag", ISO + ",ZONE,{m}"),
        ("local time,utc offset,mag", ISO + ",ZONE,{m}"),
        ("year,month,day,hour,minute,second,tz,mag", "{t:%Y,%m,%d,%H,%M,%S.%f},ZONE,{m}"),
        ("date,hour,minute,second,tz,mag", "{t:%Y-%m-%d,%H,%M,%S.%f},ZONE,{m}"),
    ],
)
def test_a_column_of_offsets_is_applied_row_by_row(header: str, row: str, tmp_path: Path) -> None:
    zones = {"+08:00": 8, "UTC": 0, "-05:00": -5, "UTC+3": 3}
    if ",x," not in header:
        zones |= {"JST": 9, "-3.5": -3.5, "Asia/Manila": 8, "2": 2}
    lines = [header]
    for i in range(N):
        zone, hours = list(zones.items())[i % len(zones)]
        one = table(header, row, TRUTH.iloc[i : i + 1], hours=hours).splitlines()[1]
        lines.append(one.replace("ZONE", zone))
    found = read(tmp_path, "\n".join(lines))
    matches(found, 1e-3)


def test_offsets_that_are_none_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table("time,tz,lat,lon,mag", ISO + ",CST,{lat},{lon},{m}", hours=8))
    command = ["catalogs", "import", str(path), "--name", "mine"]
    assert cli.main(command) == 2
    err = capsys.readouterr().err
    assert "'CST' is no one time zone" in err
    assert cli.main([*command, *remedy(err.partition("recast: ")[2], {})]) == 0
    assert "column tz is passed over" in capsys.readouterr().out
    matches(load("mine").events, 1e-3)
    # Times that are UTC by their name, or by their own end, are left alone
    matches(read(tmp_path, table("UTC time,tz,mag", ISO + ",+08:00,{m}")), 1e-3)
    matches(read(tmp_path, table("time,tz,mag", ISO + "Z,-480,{m}")), 1e-3)


ZONED = {"PST": -8, "EST": -5, "EDT": -4, "MST": -7, "PDT": -7, "CET": 1, "JST": 9, "NPT": 5.75}


@pytest.mark.parametrize("zone", [*ZONED, "UTC+5:30", "UTC-05:00"])
def test_named_zones_are_those_of_headers_preambles_and_values(zone: str, tmp_path: Path) -> None:
    hours = ZONED.get(zone, 5.5 if "30" in zone else -5)
    row = ISO + ",{lat},{lon},{m}"
    for header in (f"Date Time ({zone}),lat,lon,mag", f"Origin time [{zone}],lat,lon,mag"):
        matches(read(tmp_path, table(header, row, hours=hours)), 1e-3)
    for said in (f"Times in {zone}.", f"All times are local ({zone})", f"Time zone: {zone}"):
        text = f"# Catalog of the network. {said}\ntime,lat,lon,mag"
        matches(read(tmp_path, table(text, row, hours=hours)), 1e-3)
    values = "{t:%Y-%m-%d %H:%M:%S.%f} " + zone + ",{lat},{lon},{m}"
    matches(read(tmp_path, table("time,lat,lon,mag", values, hours=hours)), 1e-3)
    values = "{t:%Y-%m-%d,%H:%M:%S.%f} " + zone + ",{lat},{lon},{m}"
    matches(read(tmp_path, table("date,time,lat,lon,mag", values, hours=hours)), 1e-3)


@pytest.mark.parametrize("where", ["header", "preamble", "values"])
@pytest.mark.parametrize("zone", ["CST", "IST"])
def test_names_of_several_zones_are_asked_for(
    zone: str, where: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header = f"Time ({zone}),mag" if where == "header" else "time,mag"
    header = f"# Times are in {zone}.\n{header}" if where == "preamble" else header
    end = " " + zone if where == "values" else ""
    path = tmp_path / "events.csv"
    path.write_text(table(header, "{t:%Y-%m-%d %H:%M:%S.%f}" + end + ",{m}", hours=8))
    command = ["catalogs", "import", str(path), "--name", "mine"]
    assert cli.main(command) == 2
    err = capsys.readouterr().err
    assert zone in err
    assert cli.main([*command, *remedy(err.partition("recast: ")[2], {})]) == 0
    matches(load("mine").events, 1e-3)


def test_a_time_of_the_download_says_nothing_of_the_events(tmp_path: Path) -> None:
    head = "# Query time: 2020-01-01 10:00 PST\n# Local times of stations: see PDT\ntime,mag"
    matches(read(tmp_path, table(head, ISO + ",{m}")), 1e-3)


@pytest.mark.parametrize(
    "names",
    ["HrMn Sec", "hhmm ss", "Hour Sec", "Time Sec", "OriginTime Seconds", "ot sec", "uu Sec"],
)
@pytest.mark.parametrize("clock", ["{t:%H%M}", "{hm}", "{hm}.0"])
def test_hours_and_minutes_of_one_column_go_with_seconds(
    names: str, clock: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.csv"
    text = ["Year Month Day " + names + " Lat Lon Mag"]
    for e in TRUTH.itertuples(index=False):
        t, hm = e.time, 100 * e.time.hour + e.time.minute
        said = clock.format(t=t, hm=hm)
        text.append(f"{t:%Y %m %d} {said} {t:%S.%f} {e.latitude} {e.longitude} {e.magnitude}")
    path.write_text("\n".join(text))
    name = names.split(maxsplit=1)[0]
    if name != "uu":
        matches(read_events(path).events, 1e-3)
    for role in ("clock", "hour"):
        matches(read_events(path, columns={role: name}).events, 1e-3)
    command = ["catalogs", "import", str(path), "--name", "mine"]
    if name == "uu":
        assert cli.main(command) == 2
        command += remedy(capsys.readouterr().err.partition("recast: ")[2], {"hour": "uu"})
    assert cli.main(command) == 0
    matches(load("mine").events, 1e-3)


def test_hours_and_minutes_with_decimals_are_refused(tmp_path: Path) -> None:
    text = table("year,month,day,hhmm,mag", "{t:%Y,%m,%d,%H%M}.53,{m}")
    with pytest.raises(InputError, match="may be hours and minutes or minutes and seconds"):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("zero", "said"),
    [
        ("1899-12-30", "--origin 1899-12-30"),
        ("1858-11-17", "--origin mjd"),
        ("1970-01-01", "--origin datenum"),
        ("1970-01-01", "--origin jd"),
    ],
)
def test_the_origin_of_days_is_no_start_of_the_window(
    zero: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.csv"
    first = {"--origin datenum": 719_529.0, "--origin jd": 2_440_587.5}.get(said, 0.0)
    days = (TRUTH["time"] - pd.Timestamp(zero)) / pd.Timedelta("1D") + first
    rows = [f"{d:.9f},{m}" for d, m in zip(days, TRUTH["magnitude"], strict=True)]
    path.write_text("\n".join(["time,mag", *rows]))
    command = ["catalogs", "import", str(path), "--name", "mine"]
    assert cli.main(command) == 2
    err = capsys.readouterr().err
    assert said in err
    assert cli.main([*command, *said.split()]) == 0
    made = load("mine")
    matches(made.events, 0.01)
    assert made.info.start == "2019-07-03"
    if first:
        name = "datenum" if "datenum" in said else "JD"
        path.write_text("\n".join([f"{name},mag", *rows]))
        parsed = read_events(path)
        matches(parsed.events, 0.01)
        assert f"of which number {first:.12g} is 1970-01-01" in parsed.explanation.notes[0]
    path.write_text(table(LAYOUT, ISO + "+02:00,{lat},{lon},{m}", hours=2))
    assert read_events(path).explanation.zone == "as each time states"


def test_years_before_the_nanoseconds_are_no_quiet_loss(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.csv"
    for header, day in (("year,month,day", "{},5,1"), ("time", "{}-05-01T00:00:00")):
        rows = [day.format(year) + f",5.{year % 10}" for year in range(1200, 2000, 2)]
        path.write_text("\n".join([header + ",mag", *rows]))
        command = ["catalogs", "import", str(path), "--name", "mine", "--overwrite"]
        command += ["--completeness", "5"]
        assert cli.main(command) == 2
        err = capsys.readouterr().err
        assert "239 of 400 rows are earlier than 1678" in err
        assert cli.main([*command, *remedy(err.partition("recast: ")[2], {})]) == 0
        assert "239 rows are earlier than 1678" in capsys.readouterr().out
        assert len(load("mine").events) == 161


SHORT = {
    "{t:%d/%m/%y %H:%M:%S.%f}": "dmy",
    "{t:%m-%d-%y %I:%M:%S.%f %p}": "mdy",
    "{t:%y-%m-%d %H:%M:%S.%f}": "ymd",
    "{t:%d.%m.%y,%H:%M:%S.%f}": "dmy",
    "{t:%y%m%d,%H%M%S.%f}": "ymd",
    "{t:%y%m%d,%H,%M,%S.%f}": "ymd",
    "{t:%d%m%y,%H%M%S.%f}": "dmy",
}


@pytest.mark.parametrize("written", list(SHORT))
@pytest.mark.parametrize("years", [0, -7305, -12419])  # 2019, 1999, 1985
def test_years_of_two_digits_are_read_or_asked_for(
    written: str, years: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    commas = {0: "time", 1: "date,time", 3: "date,hour,minute,second"}[written.count(",")]
    frame = TRUTH.assign(time=TRUTH["time"] + pd.Timedelta(days=years))
    path = tmp_path / "events.csv"
    path.write_text(table(commas + ",mag", written + ",{m}", frame))
    command = ["catalogs", "import", str(path), "--name", "mine"]
    code = cli.main(command)
    out, err = capsys.readouterr()
    if code:
        assert f"--dates {SHORT[written]}" in err or f", {SHORT[written]}" in err
        assert cli.main([*command, "--dates", SHORT[written]]) == 0
        out = capsys.readouterr().out
    else:
        assert "%m-%d-" in written or years  # an order that only one reading fits
    assert "years of two digits" in out
    matches(load("mine").events, 1e-3, frame)


def test_a_column_of_years_of_two_digits(tmp_path: Path) -> None:
    row = "{t:%y,%m,%d,%H,%M,%S.%f},{m}"
    header = "yr,mo,dy,hr,mn,sec,mag"
    matches(read(tmp_path, table(header, row)), 1e-3)
    past = TRUTH.assign(time=TRUTH["time"] - pd.Timedelta(days=365 * 30))
    matches(read(tmp_path, table(header, row, past)), 1e-3, past)
    old = TRUTH.assign(time=TRUTH["time"] - pd.Timedelta(days=365 * 60))
    with pytest.raises(InputError, match="may be of the last century"):
        read(tmp_path, table(header, row, old))


def share(seconds: str, unit: float) -> pd.Series:
    """Of a unit, the decimals of times that are counted in seconds from its beginning."""
    return (TRUTH["time"] - TRUTH["time"].dt.floor(seconds)) / pd.Timedelta(seconds=unit)


@pytest.mark.parametrize("part", ["day", "hour", "minute", "date and hour"])
def test_decimals_of_the_finest_part_of_a_calendar(part: str, tmp_path: Path) -> None:
    times = TRUTH["time"].dt
    day = times.day + share("D", 86_400.0)
    hour = times.hour + share("h", 3600.0)
    minute = times.minute + share("min", 60.0)
    columns = {
        "day": {"year": times.year, "month": times.month, "day": day},
        "hour": {"year": times.year, "month": times.month, "day": times.day, "hour": hour},
        "minute": {
            "year": times.year,
            "month": times.month,
            "day": times.day,
            "hour": times.hour,
            "minute": minute,
        },
        "date and hour": {"date": times.strftime("%Y-%m-%d"), "hour": hour},
    }[part]
    frame = pd.DataFrame({**columns, "mag": TRUTH["magnitude"]})
    path = tmp_path / "events.csv"
    frame.to_csv(path, index=False, float_format="%.9g")
    parsed = read_events(path)
    matches(parsed.events, 0.05)
    assert "0.5 is half of one" in parsed.explanation.notes[0]
    if part == "hour":  # 13.53 may be 13:53
        frame["hour"] = [f"{h}.{m:02d}" for h, m in zip(times.hour, times.minute, strict=True)]
        frame.to_csv(path, index=False)
        left_out = [row.reason for row in read_events(path).rejected]
        assert len(left_out) > N - 5
        assert "is not whole" in left_out[0]


def test_days_of_the_year_and_years_with_decimals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in ("{t:%Y-%jT%H:%M:%S.%f},{m}", "{t:%Y%j %H:%M:%S.%f},{m}"):
        matches(read(tmp_path, table("time,mag", row)), 1e-3)
    matches(read(tmp_path, table("date,time,mag", "{t:%Y-%j,%H:%M:%S.%f},{m}")), 1e-3)
    year = pd.Timestamp("2019-01-01")
    decimals = 2019.0 + (TRUTH["time"] - year) / pd.Timedelta(days=365)
    rows = [f"{y:.11f},{m}" for y, m in zip(decimals, TRUTH["magnitude"], strict=True)]
    path = tmp_path / "events.csv"
    path.write_text("\n".join(["decimal year,mag", *rows]))
    matches(read_events(path, columns={"time": "decimal year"}).events, 0.01)
    path.write_text("\n".join(["time,mag", *rows]))
    command = ["catalogs", "import", str(path), "--name", "mine"]
    assert cli.main(command) == 2
    assert cli.main([*command, *remedy(capsys.readouterr().err.partition("recast: ")[2], {})]) == 0
    matches(load("mine").events, 0.01)


def test_a_minus_of_printers_is_a_minus(tmp_path: Path) -> None:
    text = table(LAYOUT, ISO + ",{lat},{lon},{m}")
    for sign in ("\u2212", "\u2013"):
        found = read(tmp_path, text.replace(",-", f",{sign}"))
        np.testing.assert_allclose(found["longitude"], TRUTH["longitude"])


def test_numbers_beside_dates_are_no_days(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.csv"
    path.write_text(table("date,time,mag", "{t:%Y-%m-%d},{t:%H%M}.53,{m}"))
    command = ["catalogs", "import", str(path), "--name", "mine"]
    assert cli.main(command) == 2
    err = capsys.readouterr().err
    assert "if they are times of day, say --column clock=time; if not, --column time=none" in err
    assert cli.main([*command, "--column", "clock=time"]) == 2
    assert "may be hours and minutes or minutes and seconds" in capsys.readouterr().err
    assert cli.main([*command, "--column", "time=none", "--ties", "separate"]) == 0
    matches(load("mine").events, 86_400.0)


def test_datetimes_of_parquet_obey_zones_too(tmp_path: Path) -> None:
    frame = TRUTH.assign(time=TRUTH["time"] + pd.Timedelta("8h"), tz="+08:00")
    path = tmp_path / "events.parquet"
    frame.to_parquet(path)
    matches(read_events(path).events, 1e-3)
    frame.drop(columns="tz").to_parquet(path)
    matches(read_events(path, time_zone="+08:00").events, 1e-3)
    frame.drop(columns="tz").rename(columns={"time": "Time (UTC+8)"}).to_parquet(path)
    matches(read_events(path).events, 1e-3)
    TRUTH.assign(time=TRUTH["time"].dt.tz_localize("UTC"), tz="+08:00").to_parquet(path)
    matches(read_events(path).events, 1e-3)


def test_dates_that_are_written_both_ways_are_refused(tmp_path: Path) -> None:
    day = table("time,mag", "{t:%d/%m/%Y %H:%M:%S},{m}").splitlines()
    month = table("time,mag", "{t:%m/%d/%Y %H:%M:%S},{m}").splitlines()
    mixed = "\n".join(day[:30] + month[30:])
    for order in (None, "dmy", "mdy"):
        with pytest.raises(InputError, match="write all dates one way"):
            read(tmp_path, mixed, dates=order)


def test_a_zone_at_the_end_of_a_name_counts_in_small_letters(tmp_path: Path) -> None:
    text = table("time_jst,mag", ISO + ",{m}", hours=9)
    matches(read(tmp_path, text, columns={"time": "time_jst"}), 1e-3)
    for name in ("datetime_ist", "time_est"):
        text = table(name + ",mag", ISO + ",{m}", hours=9)
        with pytest.raises(InputError, match=r"give its zone, as in `time_zone`"):
            read(tmp_path, text, columns={"time": name})
        matches(read(tmp_path, text, columns={"time": name}, time_zone="+09:00"), 1e-3)


def test_a_japanese_table_is_read_and_its_clock_asked_after(tmp_path: Path) -> None:
    header = "発生日時,緯度,経度,深さ,マグニチュード"
    text = table(header, ISO + ",{lat},{lon},{dep},{m}", hours=9)
    matches(read(tmp_path, text, time_zone="+09:00"), 1e-3)
    path = tmp_path / "events.csv"
    path.write_text(text)
    assert "national lists often give local time" in str(read_events(path).explanation)


def test_what_a_catalog_recalls_of_its_import_names_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = table("発生日時,緯度,経度,深さ,マグニチュード", ISO + ",{lat},{lon},{dep},{m}", hours=9)
    (tmp_path / "events.csv").write_text(text)
    stored = ["--name", "jp", "--out", str(tmp_path)]
    assert cli.main(["catalogs", "import", str(tmp_path / "events.csv"), *stored]) == 0
    assert cli.main(["catalogs", "info", str(tmp_path / "jp.json")]) == 0
    shown = capsys.readouterr().out
    assert shown.count("as in --time-zone +08:00") == 3  # the note, and twice the record
    assert "`" not in shown
