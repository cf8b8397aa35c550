"""``recast live``: a folder is made, kept up to date, looked at, and refused where it cannot be."""

import json
import os
import signal
import threading
from pathlib import Path

import pandas as pd
import pytest
from live_parts import FAKE

from catalogs import InputError, load
from catalogs.exports import write_quakeml
from recast.cli import main
from recast.live.config import FILE, LiveConfiguration, SourceOptions, template
from recast.live.durations import seconds, shown
from recast.live.loop import run_every
from recast.live.parts import Parts
from recast.live.service import Service
from recast.live.sources import find_service
from recast.live.step import run_once
from recast.live.store import Store

INIT = ["--area", "34/38/-119/-116", "--completeness", "2.5"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Parts, "shipped", classmethod(lambda _: FAKE))


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A file of events that another program writes."""
    path = tmp_path / "events.csv"
    load("ridgecrest_2019").events.to_csv(path, index=False)
    os.utime(path, (1.0, 1.0))  # nobody is writing it
    return path


def made(folder: Path, *options: str) -> Path:
    assert main(["live", "init", str(folder), *INIT, *options]) == 0
    return folder


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = 2) -> str:
    capsys.readouterr()
    assert main(["live", *words]) == code
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    return line


def test_settings_that_init_writes_are_read_back(tmp_path: Path) -> None:
    made(tmp_path, "--region", 'A "quoted": # region', "--service", "INGV", "--min-magnitude", "1")
    found = LiveConfiguration.read(tmp_path / FILE)
    source = SourceOptions(service="INGV", min_magnitude=1.0)
    assert found == LiveConfiguration('A "quoted": # region', INIT[1], 2.5, source)
    for line in template(found).splitlines():
        assert len(line) <= 100


def test_area_and_completeness_may_come_from_the_history(tmp_path: Path) -> None:
    assert main(["live", "init", str(tmp_path), "--history", "ridgecrest_2019"]) == 0
    found = LiveConfiguration.read(tmp_path / FILE)
    assert (found.region, found.completeness) == ("Eastern California", 2.5)
    assert found.within.contains(35.77, -117.6).all()


def test_a_history_that_is_less_complete_is_refused(tmp_path: Path) -> None:
    options = ("--completeness", "2", "--history", "ridgecrest_2019")
    assert main(["live", "init", str(tmp_path), *options]) == 0
    with pytest.raises(InputError, match=r"complete from magnitude 2\.5 on: raise `completeness`"):
        Service(tmp_path).history()


def test_a_history_stays_and_covers_an_area_that_grows(tmp_path: Path) -> None:
    options = ("--history", "ridgecrest_2019", "--area", "35.7/35.8/-117.6/-117.5")
    assert main(["live", "init", str(tmp_path), *options]) == 0
    few, _ = Service(tmp_path).history()
    text = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text(text.replace("35.7/35.8/-117.6/-117.5", "30/40/-120/-110"))
    all_of_it, _ = Service(tmp_path).history()
    assert len(few) < len(all_of_it) == load("ridgecrest_2019").info.n_events
    (tmp_path / FILE).write_text(text.replace("ridgecrest_2019", "scedc"))
    with pytest.raises(InputError, match="is of 'ridgecrest_2019', and `history` is 'scedc'"):
        Service(tmp_path).history()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("completenes: 2", "no setting 'completenes': did you mean completeness?"),
        ("source: {kind: fdsn, servise: x}", "source: no setting 'servise': did you mean service?"),
        ("policy: {tigger_magnitude: 5}", "policy: no setting 'tigger_magnitude': did you mean"),
        ("source: {kind: ftp}", "source.kind: invalid enum value"),
        ("source: {kind: file}", "kind file needs a path"),
        ("source: {spacing: soon}", "'soon' is no length of time"),
        ("source: {days: 0}", "days = 0: give a positive number"),
        ("source: {min_magnitude: 3}", "completeness = 2, but only events from min_magnitude = 3"),
        ("policy: {magnitudes: [4, 1.5]}", "policy: magnitudes has 1.5, and events are complete"),
        ("policy: {swarm_magnitude: .nan}", "swarm_magnitude = nan: give a number"),
        ("seed: -1", "seed = -1 is negative"),
        ("completeness: low", "completeness: expected float, got str"),
        ("area: everywhere", "area 'everywhere': write a box as"),
    ],
)
def test_settings_that_cannot_be_are_named(setting: str, message: str, tmp_path: Path) -> None:
    lines = {"region": "A", "area": "1/2/3/4", "completeness": "2"}
    lines.pop(setting.partition(":")[0], None)
    path = tmp_path / FILE
    path.write_text("\n".join([*(f"{k}: {v}" for k, v in lines.items()), setting]))
    with pytest.raises(InputError) as caught:
        LiveConfiguration.read(path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_what_cannot_be_is_said_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "a")
    assert "needs --area, or a --history" in said(capsys, "init", folder)
    assert "no event service 'nowhere'" in said(
        capsys, "init", folder, *INIT, "--service", "nowhere"
    )
    assert "`recast live init" in said(capsys, "run", folder)
    made(tmp_path / "a")
    assert "exists: edit it" in said(capsys, "init", folder, *INIT)
    assert "has not run yet" in said(capsys, "status", folder)
    assert "leave out --every" in said(capsys, "run", folder, "--believe", "--every", "1h")
    assert "no length of time" in said(capsys, "run", folder, "--every", "soon")


def test_a_file_that_another_program_writes(
    tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "live", "--events", str(table))
    service = Service(folder)
    now = pd.Timestamp("2019-07-08", tz="UTC")
    first = run_once(service, now)
    assert first.poll is not None
    inside = load("ridgecrest_2019").events
    assert first.poll.n_changes == (inside["time"] <= now).sum()

    whole = table.read_bytes()
    table.write_bytes(whole[: len(whole) // 2 + 7])  # being written: another half is to come
    half = run_once(service, now + pd.Timedelta(hours=1))
    assert half.poll is not None
    assert "read again next time" in half.poll.message
    table.write_bytes(whole)
    full = run_once(service, now + pd.Timedelta(hours=2))
    assert full.poll is not None
    assert full.poll.outcome == "good"
    table.unlink()
    run_once(service, now + pd.Timedelta(hours=3))

    capsys.readouterr()
    assert main(["live", "status", str(folder), "--json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["trouble"].startswith(f"{table} cannot be read")
    assert status["last_good"] == "2019-07-08T02:00:00Z"
    assert main(["live", "status", str(folder)]) == 0
    assert "last good answer" in capsys.readouterr().out


def test_a_folder_of_quakeml(tmp_path: Path) -> None:
    pytest.importorskip("obspy")
    files = tmp_path / "files"
    files.mkdir()
    catalog = load("ridgecrest_2019").select(magnitude_completeness=4.5)
    write_quakeml(catalog, files / "a.xml")
    service = Service(made(tmp_path / "live", "--quakeml", str(files)))
    now = pd.Timestamp("2019-07-20", tz="UTC")
    report = run_once(service, now)
    assert report.poll is not None
    assert report.poll.n_changes == len(catalog.complete_events())
    (files / "b.xml").write_text("<?xml version='1.0'?><q:quakeml")
    report = run_once(service, now + pd.Timedelta(hours=1))
    assert report.poll is not None
    assert (report.poll.outcome, report.poll.n_changes) == ("partly", 0)
    assert "b.xml" in report.poll.message


def test_scores_are_printed_where_their_page_cannot_be_written(
    tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of a copy on a medium that is read only, or of a service of another user."""
    folder = made(tmp_path / "live", "--events", str(table))
    run_once(Service(folder), pd.Timestamp("2019-07-08", tz="UTC"))
    (folder / "pages" / "scores.json").unlink(missing_ok=True)
    (folder / "pages" / "scores.json").mkdir()
    for options in ((), ("--json",)):
        capsys.readouterr()
        assert main(["live", "score", str(folder), *options]) == 1
        printed = capsys.readouterr()
        assert ('"revised"' if options else "As they are known now:") in printed.out
        assert "scores.json" in printed.err


def test_run_says_that_another_is_at_work(
    tmp_path: Path, table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path / "live", "--events", str(table))
    capsys.readouterr()
    with Service(folder).locked():
        assert main(["live", "run", str(folder)]) == 0
    assert capsys.readouterr().out == (f"{folder}: another process is at work; nothing was done\n")
    assert main(["live", "run", str(folder)]) == 0
    assert "830 new or changed" in capsys.readouterr().out


def test_a_loop_outlives_bad_steps_and_ends_between_two(tmp_path: Path, table: Path) -> None:
    folder = made(tmp_path / "live", "--events", str(table))
    settings = (folder / FILE).read_text()
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        if len(lines) == 1:
            (folder / FILE).write_text("region: [")
        else:
            os.kill(os.getpid(), signal.SIGTERM)

    def complain(error: Exception) -> None:
        lines.append(str(error))
        (folder / FILE).write_text(settings)

    before = signal.getsignal(signal.SIGTERM)
    assert threading.current_thread() is threading.main_thread()
    run_every(folder, 0.01, say=say, complain=complain)
    assert "new or changed" in lines[0]
    assert "cannot be read as YAML" in lines[1]
    assert len(lines) == 3
    assert signal.getsignal(signal.SIGTERM) == before


def test_replay_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "replay")
    words = ["live", "replay", "ridgecrest_2019", folder, "--start", "2019-07-06T03:00"]
    assert (
        main([*words, "--end", "2019-07-06T04:00", "--outage", "2019-07-06", "2019-07-06T03:30"])
        == 0
    )
    assert "forecasts issued" in capsys.readouterr().out
    assert "replays ridgecrest_2019 from" in said(capsys, *words[1:], "--every", "5min")
    assert "recast live replay" in said(capsys, "run", folder)
    assert "give a positive number" in said(capsys, *words[1:], "--speed", "-1")


def test_a_database_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "live.sqlite"
    with Store(path) as store:
        store._run("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="is of version 99, and this program writes 1"):
        Store(path)
    path.write_bytes(b"something else entirely, " * 100)
    with pytest.raises(InputError, match="is damaged"):
        Store(path)


def test_services_are_found_by_name_or_address() -> None:
    assert find_service("usgs") == find_service("comcat")
    assert find_service("fdsn_ingv") == find_service("INGV")
    for address in (
        "https://a.org",
        "https://a.org/fdsnws/event/1",
        "https://a.org/fdsnws/event/1/",
    ):
        assert find_service(address).url == "https://a.org/fdsnws/event/1/"


def test_lengths_of_time() -> None:
    for text, value in {"90s": 90.0, "10 min": 600.0, "1.5h": 5400.0, "350d": 30_240_000.0}.items():
        assert seconds(text) == value
    assert shown(5400.0) == "90 min"
    assert shown(0.2) == "0 s"
