"""Catalogs on disk: a round trip, where they are looked for, and damage."""

import errno
import json
import os
import sys
import unicodedata
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import BinaryIO, Literal

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, CatalogInfo, InputError, SplitDates, available, load, save
from catalogs.errors import CatalogNotFoundError
from catalogs.locking import locked
from catalogs.store import BUILDERS, EMBEDDED, GENERATED, LOCK, check_free, folders, user_folder
from recast.cli import main


def small(name: str = "small", magnitude: float = 3.0) -> Catalog:
    """Three located events with nanoseconds, odd depths and an identifier."""
    times = pd.to_datetime(
        ["2020-01-01T00:00:00.123456789Z", "2020-02-01T00:00Z", "2020-03-01T00:00Z"],
        format="ISO8601",
    ).as_unit("ns")
    events = pd.DataFrame(
        {
            "time": times,
            "latitude": [35.0, 35.1, np.nan],
            "longitude": [-117.0, -117.1, np.nan],
            "depth_km": [8.0, np.nan, -0.5],
            "magnitude": magnitude + np.array([0.0, 0.01, 0.02]),
            "event_id": ["ci1", "ci2", ""],
        }
    )
    splits = SplitDates("2020-01-01", "2020-01-15", "2020-02-15", "2020-04-01")
    return Catalog(events, CatalogInfo(name, "2020-01-01", "2020-04-01", splits, 2.5, licence="x"))


def left_behind(folder: Path) -> list[str]:
    """All files, hidden ones included, but for the lock."""
    return sorted(p.name for p in folder.rglob("*") if p.is_file() and p.name != LOCK)


def test_what_is_saved_is_loaded(user_cache: Path) -> None:
    catalog = small()
    record = save(catalog)
    assert record == user_cache / "small.json"
    loaded = load("small")
    pd.testing.assert_frame_equal(loaded.events, catalog.events)
    assert loaded.info == replace(
        catalog.info, n_events=3, sha256=json.loads(record.read_text())["sha256"]
    )
    np.testing.assert_array_equal(loaded.to_sequence().times, catalog.to_sequence().times)
    assert left_behind(user_cache) == ["small.json", "small.parquet"]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_the_same_however_its_accents_are_written(
    form: Literal["NFC", "NFD"], user_cache: Path
) -> None:
    """Some file systems take them apart, also those of copied catalogs."""
    name = unicodedata.normalize(form, "forêt_Ōita")
    record = save(small(name))
    assert record.stem == "forêt_Ōita"
    with pytest.raises(InputError, match="exists already"):
        check_free(name)
    for suffix in (".json", ".parquet"):
        record.with_suffix(suffix).rename(record.with_name(f"{name}{suffix}"))
    assert "forêt_Ōita" in available()
    for other in (name, record.stem):
        assert load(other).info.name == "forêt_Ōita"


def test_marks_that_no_letter_takes_in_are_named() -> None:
    with pytest.raises(InputError, match=r"use letters, .* only \(U\+093F is a mark beside"):
        check_free("हिन्दी")


def test_plain_days_are_saved_exactly(tmp_path: Path) -> None:
    days = np.array([0.1, 1.0 / 3.0, 2.9e6 + 1e-9])
    info = CatalogInfo(
        "long", 0.0, 3e6, SplitDates(0.0, 1e6, 2e6, 3e6), 2.0, time_unit="days since start"
    )
    record = save(Catalog(pd.DataFrame({"time": days, "magnitude": 3.0}), info), tmp_path)
    np.testing.assert_array_equal(load(record).to_sequence().times, days)
    assert left_behind(tmp_path) == ["long.json", "long.npz"]


def test_a_catalog_loads_by_either_path(tmp_path: Path) -> None:
    record = save(small(), tmp_path)
    for path in (record, str(record), record.with_suffix(".parquet")):
        assert load(path).info.name == "small"


def test_a_taken_name_is_refused_unless_overwriting(user_cache: Path) -> None:
    save(small())
    with pytest.raises(InputError, match="exists already"):
        save(small(magnitude=4.0))
    assert load("small").events["magnitude"].min() == 3.0
    save(small(magnitude=4.0), overwrite=True)
    assert load("small").events["magnitude"].min() == 4.0
    assert left_behind(user_cache) == ["small.json", "small.parquet"]


@pytest.mark.parametrize("name", ["", "a/b", "../up", "a b", "a.json"])
def test_a_name_that_is_no_file_name_is_refused(name: str, user_cache: Path) -> None:
    with pytest.raises(InputError, match="use letters, digits"):
        save(small(name))
    assert not user_cache.exists()


def test_nothing_stays_behind_when_the_events_cannot_be_written(
    user_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half_written(_: pd.DataFrame, stream: BinaryIO, **__: object) -> None:
        stream.write(b"PAR1 and no more")
        raise OSError("disk full")

    monkeypatch.setattr(pd.DataFrame, "to_parquet", half_written)
    with pytest.raises(OSError, match="disk full"):
        save(small())
    assert left_behind(user_cache) == []


def test_nothing_stays_behind_when_the_record_cannot_arrive(
    user_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.replace

    def refuse_record(self: Path, target: Path) -> Path:
        if target.suffix == ".json":
            raise OSError("quota exceeded")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", refuse_record)
    with pytest.raises(OSError, match="quota"):
        save(small())
    assert left_behind(user_cache) == []


def test_an_overwrite_that_was_cut_off_leaves_the_old_catalog(
    user_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(small())
    rename = Path.replace

    def refuse_record(self: Path, target: Path) -> Path:
        if target.suffix == ".json":
            raise OSError("killed")
        return rename(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse_record)
        with pytest.raises(OSError, match="killed"):
            save(small(magnitude=4.0), overwrite=True)
    assert load("small").events["magnitude"].min() == 3.0
    assert left_behind(user_cache) == ["small.json", "small.parquet"]


def test_folders_are_searched_in_order(
    tmp_path: Path, user_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folders() == [user_cache, EMBEDDED]
    save(small("ridgecrest_2019"), user_cache)  # hides the embedded one
    assert len(load("ridgecrest_2019").events) == 3
    assert available()["ridgecrest_2019"] == str(user_cache)
    elsewhere = tmp_path / "data"
    save(small("ridgecrest_2019", magnitude=5.0), elsewhere)
    monkeypatch.setenv("RECAST_DATA", str(elsewhere))
    assert folders() == [elsewhere, user_cache, EMBEDDED]
    assert load("ridgecrest_2019").events["magnitude"].min() == 5.0
    assert available()["ridgecrest_2019"] == str(elsewhere)


def test_the_user_cache_is_the_operating_systems_unless_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import platformdirs

    monkeypatch.delenv("RECAST_CACHE")
    assert user_folder() == Path(platformdirs.user_cache_dir("recast-forecast")) / "catalogs"


def test_generated_catalogs_are_listed_without_being_built() -> None:
    assert available()["synthetic_socal"] == GENERATED
    assert available()["ridgecrest_2019"] == str(EMBEDDED)


def offline() -> Catalog:
    raise RuntimeError("no network")


NOT_CALLABLE = 3


def three() -> int:
    return 3


def other() -> Catalog:
    return load("ridgecrest_2019")


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("offline", "is broken (RuntimeError: no network): fix or uninstall it"),
        ("NOT_CALLABLE", "is broken (TypeError: 'int' object is not callable): fix"),
        ("gone", "is broken (AttributeError: "),
        ("three", "gives int: return a catalogs.Catalog"),
        ("other", "gives the catalog 'ridgecrest_2019': let its `info.name` be 'mine', as"),
    ],
)
def test_a_package_that_gives_no_catalog_is_named(
    value: str,
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    point = EntryPoint("mine", f"others_catalogs:{value}", BUILDERS)
    module = ModuleType("others_catalogs")
    vars(module).update(offline=offline, three=three, other=other, NOT_CALLABLE=NOT_CALLABLE)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr("catalogs.store.entry_points", lambda group: [point])
    assert available()["mine"] == GENERATED
    assert main(["catalogs", "info", "mine"]) == 2
    shown = capsys.readouterr().err
    assert f"the entry point mine = others_catalogs:{value} of recast.catalogs {complaint}" in shown
    assert shown.count("\n") == 1


def test_an_unknown_name_says_where_it_looked(user_cache: Path) -> None:
    with pytest.raises(CatalogNotFoundError) as caught:
        load("atlantis")
    message = str(caught.value)
    for part in ("atlantis", str(user_cache), str(EMBEDDED), "ridgecrest_2019", "catalogs import"):
        assert part in message
    assert "\n" not in message


def test_a_missing_path_says_how_to_import_it(tmp_path: Path) -> None:
    with pytest.raises(CatalogNotFoundError, match=r"recast catalogs import .*events.parquet"):
        load(tmp_path / "events.parquet")


def test_damaged_events_are_named(tmp_path: Path) -> None:
    events = save(small(), tmp_path).with_suffix(".parquet")
    content = bytearray(events.read_bytes())
    content[len(content) // 2] ^= 1
    events.write_bytes(content)
    with pytest.raises(InputError, match=r"small.parquet does not match the sha256"):
        load(tmp_path / "small.json")


def test_events_that_are_no_parquet_are_named(tmp_path: Path) -> None:
    record = save(small(), tmp_path)
    record.write_text(json.dumps({**json.loads(record.read_text()), "sha256": ""}))
    record.with_suffix(".parquet").write_bytes(b"not a table")
    with pytest.raises(InputError, match=r"small.parquet cannot be read"):
        load(record)


def test_missing_events_are_named(tmp_path: Path) -> None:
    record = save(small(), tmp_path)
    record.with_suffix(".parquet").unlink()
    with pytest.raises(InputError, match=r"small.parquet is missing beside small.json"):
        load(record)
    record.with_suffix(".parquet").mkdir()
    with pytest.raises(InputError, match=r"small.parquet is missing beside small.json"):
        load(record)


@pytest.mark.parametrize("content", ["{", "[1, 2]", "\udce9", "[" * 100_000, '{"start": NaN}'])
def test_a_damaged_record_is_named(tmp_path: Path, content: str) -> None:
    record = save(small(), tmp_path)
    record.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=r"small.json (cannot be read as JSON|holds no JSON)"):
        load(record)


def test_hidden_files_of_others_stay(tmp_path: Path) -> None:
    """A catalog may be saved in a folder where people work, under the name of a program."""
    others = [
        ".env.local",
        ".env.json.swp",
        ".env.d-12345678",
        "env.json.old",
        ".envs.json-12345678",
    ]
    ours = [
        ".env.0123456789abcdef.parquet",
        ".env.json-0a1b2c3d",
        "..env.0123456789abcdef.npz-0a1b2c3d",
    ]
    for name in (*others, *ours):
        (tmp_path / name).write_text("mine")
    save(small("env"), tmp_path)
    assert left_behind(tmp_path) == sorted([*others, "env.json", "env.parquet"])


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK])
def test_a_file_system_need_not_have_locks(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As some of clusters answer; one that fails when a lock is let go is never asked for one."""
    fcntl = pytest.importorskip("fcntl", reason="posix only")

    def fail(_: object, operation: int) -> None:
        if operation != fcntl.LOCK_UN or number == errno.ENOSYS:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr("fcntl.flock", fail)
    for magnitude in (3.0, 4.0):
        with locked(tmp_path / "run", seconds=0.0):
            record = save(small(magnitude=magnitude), tmp_path, overwrite=True)
        assert load(record).events["magnitude"].min() == magnitude
    assert left_behind(tmp_path) == [".lock", "small.json", "small.parquet"]


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o775, 0o777])
def test_whoever_may_write_to_a_folder_may_lock_it(mode: int, tmp_path: Path) -> None:
    tmp_path.chmod(mode)
    before = os.umask(0o022)
    try:
        save(small(), tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / LOCK).stat().st_mode & 0o777 == mode & 0o666
