"""A catalog that several processes write and read, and whose writers are killed."""

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from storing import append, catalog_of

from catalogs import Catalog, InputError, load, save, store
from catalogs.store import LOCK, alone
from recast.cli import main

STORING = Path(__file__).with_name("storing.py")
FEW, MANY = 100, 20_000
ROUNDS = 20
DEAD = -9

Process: TypeAlias = subprocess.Popen[str]


def storing(what: str, folder: Path, n: int, how: str) -> Process:
    argv = [sys.executable, str(STORING), what, str(folder), str(n), how]
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def n_of(catalog: Catalog) -> int:
    """How many events there are; as the record says in both places, or it is of another table."""
    n = len(catalog.events)
    assert catalog.info.n_events == n
    assert catalog.info.title == str(n)
    return n


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != LOCK)


def two_processes(what: str, folder: Path, ns: tuple[int, int], rounds: int) -> list[Process]:
    """Processes that have begun to write at the same time."""
    writers = [storing(what, folder, n, str(rounds)) for n in ns]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    return writers


def check_ended(writers: list[Process]) -> None:
    for writer in writers:
        assert writer.communicate()[1] == ""
        assert writer.returncode == 0


def read_beside_writers(folder: Path, rounds: int) -> tuple[int, int]:
    """How often a catalog was read while two processes wrote it, and how often it had changed."""
    record = save(catalog_of(FEW), folder)
    writers = two_processes("write", folder, (FEW, MANY), rounds)
    found = []
    while any(writer.poll() is None for writer in writers):
        found.append(n_of(load(record)))
    check_ended(writers)
    assert n_of(load(record)) in (FEW, MANY)
    assert files(folder) == ["shared.json", "shared.parquet"]
    return len(found), sum(a != b for a, b in pairwise(found))


def test_every_read_beside_two_writers_is_whole(tmp_path: Path) -> None:
    n, changes = read_beside_writers(tmp_path, 50)
    assert n > 50
    assert changes > 3


@pytest.mark.slow
def test_every_read_of_a_thousand_rounds_is_whole(tmp_path: Path) -> None:
    n, changes = read_beside_writers(tmp_path, 1000)
    assert n > 1000
    assert changes > 50


def test_a_read_begins_again_where_a_catalog_has_gone_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record says the same then, and the events that the reader met were of the other one."""
    record = save(catalog_of(FEW), tmp_path)
    said, reads, read_as = record.read_bytes(), [], store._read_as

    def meanwhile(path: Path, about: dict[str, Any]) -> Catalog:
        reads.append(about)
        if len(reads) > 1:
            return read_as(path, about)
        save(catalog_of(MANY), tmp_path, overwrite=True)
        with pytest.raises(InputError, match="does not match the sha256"):
            read_as(path, about)
        save(catalog_of(FEW), tmp_path, overwrite=True)
        raise store._MismatchError("the events of the other one")

    monkeypatch.setattr(store, "_read_as", meanwhile)
    assert n_of(load(record)) == FEW
    assert reads == [json.loads(said)] * 2


def test_what_two_processes_append_at_once_is_all_there(tmp_path: Path) -> None:
    record = save(catalog_of(FEW), tmp_path)
    check_ended(two_processes("append", tmp_path, (10, 20), ROUNDS))
    appended = load(record).events["time"].iloc[FEW:]
    expected = [f"00:{minute:02}:{second}" for minute in range(ROUNDS) for second in (10, 20)]
    assert appended.dt.strftime("%H:%M:%S").tolist() == expected
    assert load(record).info.note.count("events appended from") == 2 * ROUNDS


def test_a_reader_waits_for_nobody(tmp_path: Path) -> None:
    """Neither where a writer has the folder to itself nor where the events are damaged."""
    record = save(catalog_of(FEW), tmp_path)
    with ThreadPoolExecutor(1) as other, alone(tmp_path):
        assert n_of(other.submit(load, record).result(timeout=10.0)) == FEW
        record.with_suffix(".parquet").write_bytes(b"PAR1")
        with pytest.raises(InputError, match="does not match the sha256"):
            other.submit(load, record).result(timeout=10.0)


def test_a_writer_says_what_it_waits_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogs.store.PATIENCE", 0.1)
    with ThreadPoolExecutor(1) as other, alone(tmp_path), alone(tmp_path / "."):
        waiting = other.submit(save, catalog_of(FEW), tmp_path)
        with pytest.raises(InputError, match="another process has been writing catalogs there"):
            waiting.result(timeout=10.0)
        save(catalog_of(FEW), tmp_path)
    save(catalog_of(FEW), tmp_path, overwrite=True)
    with ThreadPoolExecutor(1) as other:
        done = other.submit(save, catalog_of(FEW), tmp_path, overwrite=True)
        assert done.result(timeout=10.0).exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs SIGKILL")
@pytest.mark.parametrize(
    ("write", "moment", "left"),
    [
        (1, "half", FEW),  # the events that wait
        (1, "before", FEW),
        (1, "after", FEW),
        (2, "half", FEW),  # the record
        (2, "before", FEW),
        (2, "after", MANY),
        (3, "before", MANY),  # the events take their place
        (3, "after", MANY),
    ],
)
def test_a_killed_writer_leaves_the_old_catalog_or_the_new(
    write: int, moment: str, left: int, tmp_path: Path
) -> None:
    record = save(catalog_of(FEW), tmp_path)
    dying = storing("kill", tmp_path, MANY, json.dumps({"n": write, "moment": moment}))
    dying.communicate()
    assert dying.returncode == DEAD
    assert n_of(load(record)) == left
    save(catalog_of(FEW + 1), tmp_path, overwrite=True)
    assert n_of(load(record)) == FEW + 1
    assert files(tmp_path) == ["shared.json", "shared.parquet"]


def test_a_record_that_was_edited_by_hand_is_taken_as_it_is(tmp_path: Path) -> None:
    record = save(catalog_of(FEW), tmp_path)
    record.write_text(record.read_text().replace('"licence": ""', '"licence": "CC0"'))
    assert load(record).info.licence == "CC0"


@pytest.mark.skipif(os.name == "nt", reason="needs a umask")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_files_have_the_mode_of_the_umask(mask: int, mode: int, tmp_path: Path) -> None:
    before = os.umask(mask)
    try:
        record = save(catalog_of(FEW), tmp_path / "folder")
    finally:
        os.umask(before)
    for path in (record, record.with_suffix(".parquet"), record.with_name(LOCK)):
        assert path.stat().st_mode & 0o777 == mode


def test_a_selection_that_takes_its_own_name_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record = save(catalog_of(FEW), tmp_path)
    with ThreadPoolExecutor(1) as other:

        def meanwhile(catalog: Catalog, *_: object) -> Catalog:
            other.submit(append, tmp_path, 10, 0)
            time.sleep(0.5)  # long enough for it, were it let in
            return catalog

        monkeypatch.setattr("recast.commands.catalogs_select.selected", meanwhile)
        command = ["catalogs", "select", str(record), "--name", "shared", "--out", str(tmp_path)]
        assert main([*command, "--overwrite"]) == 0, capsys.readouterr().err
    assert len(load(record).events) == FEW + 1
