"""`recast catalogs`, and how `recast` reports what goes wrong; all in this process."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from catalogs import CatalogInfo, InputError, load, save
from catalogs.areas import Box
from recast import cli
from recast.models.etas_report import prior_of


def write_table(folder: Path, n: int = 300, **columns: Any) -> Path:
    """``n`` hourly events on a 0.1 grid of magnitudes, half of them at 2.0, as CSV."""
    magnitudes = np.where(np.arange(n) % 2 == 0, 2.0, 2.1 + 0.1 * (np.arange(n) % 9))
    table = pd.DataFrame(
        {
            "time": pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(np.arange(n), unit="h"),
            "mag": magnitudes.round(1),
            **columns,
        }
    )
    path = folder / "events.csv"
    table.to_csv(path, index=False)
    return path


def fails(capsys: pytest.CaptureFixture[str], *args: str | Path, code: int = 2) -> str:
    """Run, expect that exit code and one line on stderr, and give that line."""
    assert cli.main([str(a) for a in args]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err


def shows(capsys: pytest.CaptureFixture[str], *args: str | Path) -> str:
    """Run, expect success and silence on stderr, and give what it prints."""
    assert cli.main([str(a) for a in args]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_an_imported_catalog_is_stored_and_described(
    tmp_path: Path, user_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write_table(tmp_path)
    out = shows(capsys, "catalogs", "import", table, "--name", "mine", "--licence", "CC0")
    record = user_cache / "mine.json"
    for part in ("300 events read", "M >= 2.2", "Woessner and Wiemer 2005", "licence        CC0"):
        assert part in out
    assert str(record) in out
    assert out.rstrip().endswith("Next: recast benchmark --catalog mine")
    catalog = load("mine")
    assert catalog.info.source == "events.csv"
    assert catalog.info.magnitude_completeness == pytest.approx(2.2)
    assert sorted(p.name for p in user_cache.glob("[!.]*")) == ["mine.json", "mine.parquet"]
    assert "mine" in shows(capsys, "catalogs", "list")


def test_every_option_arrives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_table(tmp_path).rename(tmp_path / "odd.csv")
    table.write_text(table.read_text().replace("time,mag", "when,size", 1))
    out = shows(
        capsys,
        *("catalogs", "import", table, "--name", "odd", "--json"),
        *("--column", "time=when", "--column", "magnitude=size"),
        *("--completeness", "2.0", "--strict-completeness", "--magnitude-bin", "0.02"),
        *("--start", "2020-01-02", "--end", "2020-01-12", "--ties", "drop"),
        *("--splits", "2020-01-02", "2020-01-08", "2020-01-10", "2020-01-12"),
        *("--title", "Odd", "--region", "R", "--source", "S", "--licence", "L", "--citation", "C"),
        *("--out", tmp_path / "folder"),
    )
    summary = json.loads(out)
    record = tmp_path / "folder" / "odd.json"
    info = load(record).info
    assert info.to_json() == {
        **summary["info"],
        "sha256": info.sha256,
    }
    assert (info.title, info.region, info.source) == ("Odd", "R", "S")
    assert (info.licence, info.citation, info.ties) == ("L", "C", "drop")
    assert (info.start, info.end) == ("2020-01-02", "2020-01-12")
    assert (info.magnitude_completeness, info.completeness_is_strict) == (2.0, True)
    assert info.magnitude_bin == 0.02
    assert info.splits.val_start == "2020-01-08"
    # Every second of the hourly events is above 2.0
    assert summary["splits"] == {"train": 72, "val": 24, "test": 24}
    assert summary["events_read"] == 300
    assert summary["next"] == f"recast benchmark --catalog {record}"


def test_fractions_and_a_later_train_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shows(
        capsys,
        *("catalogs", "import", write_table(tmp_path), "--name", "x", "--json"),
        *("--completeness", "2", "--train-start", "2020-01-05", "--fractions", "0.5", "0.3", "0.2"),
    )
    summary = json.loads(out)
    # 300 - 96 events from the fifth day on
    assert summary["splits"] == {"train": 102, "val": 61, "test": 41}
    assert summary["info"]["splits"]["train_start"] == "2020-01-05"


def test_info_counts_what_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    summary = json.loads(shows(capsys, "catalogs", "info", "ridgecrest_2019", "--json"))
    catalog = load("ridgecrest_2019")
    assert summary["events"] == 830
    assert summary["splits"] == {name: part.n_scored for name, part in catalog.split().items()}
    assert summary["largest_magnitude"] == 7.1
    assert summary["tied_events"] == 0
    assert summary["b_value"] == pytest.approx(1.0, abs=2 * summary["b_standard_error"])
    assert CatalogInfo.from_json(summary["info"], "stdout") == catalog.info
    out = shows(capsys, "catalogs", "info", "ridgecrest_2019")
    for part in ("public domain", "pycsep", "M >= 2.5", "309 events", "2019-07-06T03:19:53Z"):
        assert part in out


def test_info_shows_the_area_on_record_or_the_box(
    user_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = load("ridgecrest_2019")
    around = f"{catalog.area}, the box around its complete events"
    assert around in shows(capsys, "catalogs", "info", "ridgecrest_2019")
    content = json.loads(shows(capsys, "catalogs", "info", "ridgecrest_2019", "--json"))
    assert content["area"] == str(catalog.area)
    save(catalog.within(Box(35.0, 36.0, -118.0, -117.0), "part"), user_cache)
    out = shows(capsys, "catalogs", "info", "part")
    assert "area           35/36/-118/-117\n" in out
    content = json.loads(shows(capsys, "catalogs", "info", "synthetic_socal", "--json"))
    assert content["area"] is None
    assert "\narea " not in shows(capsys, "catalogs", "info", "synthetic_socal")


def test_info_of_a_generated_catalog_tells_the_truth(capsys: pytest.CaptureFixture[str]) -> None:
    out = shows(capsys, "catalogs", "info", "synthetic_socal")
    truth = next(line for line in out.splitlines() if line.startswith("truth"))
    for name in ("mu", "k", "alpha", "c", "p", "b"):
        assert f" {name} " in truth
    assert "magnitudes continuous" in out


def test_list_shows_every_place_and_names_damage(
    tmp_path: Path,
    user_cache: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shows(capsys, "catalogs", "import", write_table(tmp_path), "--name", "mine")
    data = tmp_path / "data"
    data.mkdir()
    (data / "broken.json").write_text("{")
    monkeypatch.setenv("RECAST_DATA", str(data))
    rows = {row["name"]: row for row in json.loads(shows(capsys, "catalogs", "list", "--json"))}
    assert rows["mine"]["where"] == str(user_cache)
    assert rows["mine"]["events"] == len(load("mine").to_sequence())
    assert rows["ridgecrest_2019"]["magnitude_completeness"] == 2.5
    assert rows["synthetic_socal"] == {"name": "synthetic_socal", "where": "generated"}
    assert "broken.json cannot be read as JSON" in rows["broken"]["error"]
    assert "broken.json cannot be read as JSON" in shows(capsys, "catalogs", "list")


def test_a_taken_name_needs_overwrite(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = write_table(tmp_path)
    command = ("catalogs", "import", table, "--name", "mine")
    shows(capsys, *command)
    assert "another --name or --overwrite" in fails(capsys, *command, "--completeness", "2.3")
    assert load("mine").info.magnitude_completeness == pytest.approx(2.2)
    shows(capsys, *command, "--completeness", "2.3", "--overwrite")
    assert load("mine").info.magnitude_completeness == 2.3
    # Such a name would hide the embedded catalog, or be hidden by that of RECAST_DATA
    for name in ("ridgecrest_2019", "synthetic_socal"):
        assert "--out" in fails(capsys, "catalogs", "import", table, "--name", name, "--overwrite")
    shows(capsys, "catalogs", "import", table, "--name", "there", "--out", tmp_path / "data")
    monkeypatch.setenv("RECAST_DATA", str(tmp_path / "data"))
    assert "--out" in fails(capsys, "catalogs", "import", table, "--name", "there", "--overwrite")


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        (
            "time,mag\n2020-01-02,\n",
            (),
            "events.csv: none of 1 rows is an event; line 2: magnitude is empty",
        ),
        ("time,mag\n2020-01-01,3\nlater,4\n", ("--strict",), "line 3: time = 'later' is not"),
        ("time,mag\n2020-01-01,3\n", (), "is at or above magnitude 3.2"),
        ("time,mag\n2020-01-01,3\n", ("--completeness", "4"), "none of 1 events is at or above"),
        ("time,mag\n2020-01-01,3\n2020-01-01,3\n", ("--completeness", "2"), "lines 2 and 3 have"),
        ("when,mag\n2020-01-01,3\n", (), "no column for the time among 'when', 'mag'"),
        (
            "time,mag\n2020-01-01,3\n",
            ("--column", "time=t"),
            "no column 't' (from --column time=t)",
        ),
        ("time,mag\n2020-01-01,3\n", ("--column", "time"), "'time' is not MEANING=NAME"),
        ("time,mag\n2020-01-01,3\n", ("--completeness", "two"), "--completeness: invalid float"),
        ("time,mag\n2020-01-01,3\n", ("--splits", "a", "b"), "--splits: expected 4 arguments"),
        ("time,mag\n2020-01-01,3\n", ("--name", "a b"), "catalog name 'a b': use letters"),
        ("", (), "events.csv is empty"),
        ("\0\1\2\3", (), "neither text nor Parquet"),
    ],
    ids=str,
)
def test_bad_input_is_one_line_and_leaves_nothing(
    content: str,
    options: tuple[str, ...],
    message: str,
    tmp_path: Path,
    user_cache: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table = tmp_path / "events.csv"
    table.write_text(content)
    line = fails(capsys, "catalogs", "import", table, "--name", "mine", *options)
    assert message in line
    assert not user_cache.exists()


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "no.csv"
    line = fails(capsys, "catalogs", "import", missing, "--name", "mine")
    assert line == f"recast: {missing} cannot be read (No such file or directory): check the path\n"
    assert "cannot be read" in fails(capsys, "catalogs", "import", tmp_path, "--name", "mine")


def test_the_next_command_works_where_the_net_of_the_prior_has_seen_the_years(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            "time": pd.Timestamp("1991-09-23")
            + pd.to_timedelta(np.sort(rng.uniform(0, 90, 40)), "D"),
            "latitude": 32.5,
            "longitude": -115.5,
            "magnitude": (2.0 + rng.exponential(0.4, 40)).round(2),
        }
    )
    table.to_csv(tmp_path / "events.csv", index=False)
    asked = ("catalogs", "import", tmp_path / "events.csv", "--name", "mine")
    shown = shows(capsys, *asked, "--completeness", "2.0")
    program, *command = shown.rpartition("Next: ")[2].split()
    assert (program, *command[:2]) == ("recast", "etas", "fit")
    out = ("--out", str(tmp_path / "fit"), "--no-plots")
    assert "fitted on all: 40 events" in shows(capsys, *command, *out)
    with pytest.raises(InputError, match="was trained on scedc"):
        prior_of("shipped", load("mine"))  # where a test window is left


@pytest.mark.parametrize("name", ["may 12.csv", "a@b/events.v2.csv"])
def test_a_file_of_events_that_was_not_imported_becomes_a_catalog_as_is_said(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / name
    table.parent.mkdir(exist_ok=True)
    write_table(tmp_path).rename(table)
    line = fails(capsys, "forecast", "--catalog", table)
    program, *command = shlex.split(line.split("`")[1])
    assert program == "recast"
    shows(capsys, *command)
    assert len(load(line.split()[-1]).events) == 300


def test_an_unknown_catalog_or_command_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert "no catalog 'atlantis'" in fails(capsys, "catalogs", "info", "atlantis")
    assert "invalid choice: 'forecats'" in fails(capsys, "forecats")
    assert "COMMAND" in fails(capsys)
    assert "ACTION" in fails(capsys, "catalogs")


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (KeyboardInterrupt(), 130, "recast: interrupted"),
        (RuntimeError("two\n lines"), 1, "recast: RuntimeError: two lines"),
        (SystemExit("plain words"), 1, "plain words"),
    ],
    ids=["interrupt", "bug", "exit"],
)
def test_every_failure_is_one_line_with_its_code(
    error: BaseException,
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: object) -> None:
        raise error

    monkeypatch.setattr("catalogs.load", fail)
    assert fails(capsys, "catalogs", "info", "x", code=code) == line + "\n"


def test_a_traceback_is_shown_when_asked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("deep down")

    monkeypatch.setattr("catalogs.load", fail)
    monkeypatch.setenv("RECAST_TRACEBACK", "1")
    assert cli.main(["catalogs", "info", "x"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("Traceback")
    assert err.endswith("recast: RuntimeError: deep down\n")


def test_lightning_gets_its_arguments_untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def remember(argv: list[str]) -> int:
        seen.append(argv)
        return 7

    monkeypatch.setattr("recast.training.lightning_cli.main", remember)
    for command in cli.LIGHTNING:
        assert cli.main([command, "--trainer.help", "--config", "x.yaml"]) == 7
    assert seen == [[command, "--trainer.help", "--config", "x.yaml"] for command in cli.LIGHTNING]


def test_help_and_version_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    out = shows(capsys, "--help")
    for command in ("benchmark", "catalogs", "etas", *cli.LIGHTNING):
        assert f"\n    {command}" in out
    assert "--column MEANING=NAME" in shows(capsys, "catalogs", "import", "--help")
    assert shows(capsys, "--version").startswith("recast 0.")
