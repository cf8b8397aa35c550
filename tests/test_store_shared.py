"""A catalog that several processes write and read, and whose writers are killed."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from storing import catalog_of

from catalogs import Catalog, load, save
from catalogs.store import LOCK

STORING = Path(__file__).with_name("storing.py")
FEW, MANY = 100, 20_000
DEAD = -9


def storing(what: str, folder: Path, n: int, how: str) -> subprocess.Popen[str]:
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


def read_beside_writers(folder: Path, rounds: int) -> tuple[int, int]:
    """How often a catalog was read while two processes wrote it, and how often it had changed."""
    record = save(catalog_of(FEW), folder)
    writers = [storing("write", folder, n, str(rounds)) for n in (FEW, MANY)]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()
    found = []
    while any(writer.poll() is None for writer in writers):
        found.append(n_of(load(record)))
    for writer in writers:
        assert writer.communicate()[1] == ""
        assert writer.returncode == 0
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
