"""`recast catalogs import`, `check` and `export` on files of every kind; all in this process."""

import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from row_writers import write

from catalogs import load
from catalogs.exports import WRITERS
from catalogs.formats import FORMATS, parse
from recast import cli
from recast.commands.catalogs_export import FORMATS as EXPORTED

WINDOW = ("--completeness", "0.5", "--ties", "separate")


def made(layout: str, folder: Path, n: int = 400) -> Path:
    """A gzipped file of a layout, its last row damaged."""
    header, rows = write(layout, n, np.random.default_rng(3))
    rows[-1] = rows[-1][:20]
    foot = "\n</eventParameters></q:quakeml>" if layout == "quakeml" else "\n"
    path = folder / f"{layout}.gz"
    path.write_bytes(gzip.compress((header + "\n".join(rows) + foot).encode()))
    return path


def run(capsys: pytest.CaptureFixture[str], *args: object, code: int = 0) -> str:
    assert cli.main(["catalogs", *map(str, args)]) == code
    out, err = capsys.readouterr()
    assert (out if code else err) == ""
    return err if code else out


@pytest.mark.parametrize("layout", ["scedc", "hauksson", "jma", "qtm", "ehp_csv", "fdsn_text"])
def test_a_layout_is_recognised_and_damage_reported(
    layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = made(layout, tmp_path)
    summary = json.loads(run(capsys, "import", path, "--name", "mine", "--json", *WINDOW))
    assert summary["layout"] == layout
    assert (summary["rows"], summary["rows_damaged"], summary["events_read"]) == (400, 1, 399)
    (first,) = summary["first_damaged"]
    assert first.startswith(f"{path} line 40")
    assert len(load("mine").events) == 399
    text = run(capsys, "import", path, "--name", "mine", "--overwrite", *WINDOW)
    assert f"(layout {layout}): 399 events read" in text
    assert f"1 row cannot be read\n{path} line 40" in text
    assert "1 row cannot be read" in load("mine").info.note
    error = run(capsys, "import", path, "--name", "other", "--strict", *WINDOW, code=2)
    assert f"{path} line 40" in error


def test_events_that_are_yet_to_come_are_local_times(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, now = tmp_path / "events.csv", pd.Timestamp.now("UTC").tz_localize(None)
    for last, local in ((now - pd.Timedelta(hours=1), False), (now + pd.Timedelta(hours=8), True)):
        times = last - pd.to_timedelta(np.arange(60.0), unit="h")
        pd.DataFrame({"time": times, "magnitude": 2.0 + np.arange(60) % 7}).to_csv(path)
        imported = ("import", path, "--name", "mine", "--overwrite", *WINDOW)
        text = run(capsys, *imported)
        assert ("later than now: if the file gives local times, say --time-zone" in text) is local
        assert "later than now" not in run(capsys, *imported, "--time-zone", "+09:00")


def test_events_of_another_agency_are_counted_apart_from_damage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, rows = write("jma", 70, np.random.default_rng(3))
    rows[4:8] = ["U" + row[1:] for row in rows[4:8]]
    rows[9] = rows[9][:20]
    path = tmp_path / "jma.txt"
    path.write_text(header + "\n".join(rows) + "\n")
    summary = json.loads(run(capsys, "import", path, "--name", "mine", "--json", *WINDOW))
    assert summary["left_out"][:2] == [
        "4 rows are not the network's own",
        "1 row cannot be read",
    ]
    assert (summary["events_read"], summary["rows_damaged"]) == (65, 1)


def test_a_layout_can_be_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = made("white", tmp_path)
    run(capsys, "import", path, "--name", "white", "--layout", "white", *WINDOW)
    assert load("white").events["magnitude"].max() < 8.0
    error = run(capsys, "import", path, "--name", "no", "--layout", "geonet", code=2)
    assert "is not of layout geonet: no header with the columns publicid" in error
    error = run(
        capsys, "import", path, "--name", "no", "--layout", "qtm", "--column", "time=t", code=2
    )
    assert "--column goes with --layout table" in error


def test_every_layout_and_every_format_of_export_can_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = run(capsys, "list", "--layouts").splitlines()
    assert [line.split()[0] for line in lines] == list(FORMATS)
    listed = json.loads(run(capsys, "list", "--layouts", "--json"))
    assert [row["title"] for row in listed] == [form.title for form in FORMATS.values()]
    options = ("--name", "no", "--layout", "nope")
    error = run(capsys, "import", made("white", tmp_path), *options, code=2)
    assert f"layout 'nope': choose one of {', '.join(FORMATS)}" in error
    assert sorted(EXPORTED) == sorted(WRITERS)


def test_quarry_blasts_and_other_places_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = made("ehp_csv", tmp_path)
    text = gzip.decompress(path.read_bytes()).decode()
    path.write_bytes(gzip.compress(text.replace("earthquake", "quarry blast", 100).encode()))
    text = run(capsys, "import", path, "--name", "mine", *WINDOW)
    assert "earthquakes, and events of no type: 299 of 399" in text
    assert set(load("mine").events["event_type"]) == {"earthquake"}
    keep = ("--event-types", "paper", "--area", "32/35/-122/-114", "--json")
    summary = json.loads(run(capsys, "import", path, "--name", "all", *keep, *WINDOW))
    inside = parse(path.read_bytes(), "ehp_csv", name="x").events["latitude"] < 35
    assert summary["events_after"] == {"read": 399, "within 32/35/-122/-114": int(inside.sum())}
    error = run(capsys, "import", path, "--name", "no", "--area", "0/1/0/1", *WINDOW, code=2)
    assert "none of 299 events is left by the rule: within 0/1/0/1" in error


def test_a_file_is_checked_with_its_quarry_blasts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = made("scedc", tmp_path)
    text = gzip.decompress(path.read_bytes()).decode().replace("eq  l", "qb  l", 40)
    path.write_bytes(gzip.compress(text.encode()))
    folder = tmp_path / "out"
    out = run(capsys, "check", path, "--completeness", "0.5", "--out", folder)
    for part in ("qb l 40", "400 in layout scedc", "1 damaged, the first", "40 events are no"):
        assert part in out
    assert sorted(p.name for p in folder.iterdir()) == [
        "check.json",
        "magnitudes_and_hours.png",
        "over_time.png",
    ]
    report = json.loads((folder / "check.json").read_text())
    assert report["not_earthquakes"] == 40
    assert len(report["rows_damaged"]) == 1


def test_a_catalog_is_checked_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(run(capsys, "check", "ridgecrest_2019", "--json"))
    assert report["events"] == 830
    part = json.loads(run(capsys, "check", "ridgecrest_2019", "--end", "2019-07-10", "--json"))
    assert part["events"] < 830
    assert "Worth a look" in run(capsys, "check", "ridgecrest_2019")
    assert "no catalog 'nothing'" in run(capsys, "check", "nothing", code=2)


@pytest.mark.parametrize(
    "option",
    [
        *("--layout table", "--column time=t", "--columns t_m", "--dates dmy", "--time-zone UTC"),
        *("--origin 2000-01-01", "--encoding utf-8", "--missing-magnitude 9.9", "--strict"),
    ],
)
def test_how_a_file_is_read_means_nothing_to_a_stored_catalog(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error = run(capsys, "check", "ridgecrest_2019", *option.split(), code=2)
    assert f"{option.split(maxsplit=1)[0]} is for files, and ridgecrest_2019 is stored" in error


@pytest.mark.parametrize(
    ("form", "layout"), [("csv", "table"), ("csep", "table"), ("quakeml", "quakeml")]
)
def test_what_is_exported_is_imported_again(
    form: str, layout: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"events.{form}"
    assert "830 events" in run(capsys, "export", "ridgecrest_2019", "--format", form, "--out", path)
    parsed = parse(path.read_bytes(), layout, name="file", strict=True)
    table = load("ridgecrest_2019").events.sort_values("time")
    for name in ("latitude", "longitude", "depth_km", "magnitude"):
        np.testing.assert_array_equal(parsed.events[name], table[name])
    seconds = parsed.events["time"].to_numpy() - table["time"].to_numpy()
    assert np.abs(pd.to_timedelta(seconds).total_seconds()).max() <= 1e-6
    error = run(capsys, "export", "ridgecrest_2019", "--format", form, "--out", path, code=2)
    assert "exists already" in error
    more = ("--overwrite", "--completeness", "4")
    text = run(capsys, "export", "ridgecrest_2019", "--format", form, "--out", path, *more)
    assert f"{(table['magnitude'] >= 4).sum()} events" in text


def test_nothing_is_written_of_a_catalog_that_does_not_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "bare.csv"
    times = pd.date_range("2020-01-01", periods=200, freq="h", tz="UTC")
    pd.DataFrame({"time": times, "mag": 2.0 + np.arange(200) % 7 / 10}).to_csv(table, index=False)
    run(capsys, "import", table, "--name", "bare", "--completeness", "2")
    path = tmp_path / "file.xml"
    error = run(capsys, "export", "bare", "--format", "quakeml", "--out", path, code=2)
    assert "has no locations" in error
    assert not path.exists()
