"""Archives: opened in memory, bounded, and nothing of them is ever written or executed."""

import gzip
import io
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from catalogs import InputError
from catalogs.formats import detect, parse
from catalogs.formats.archive import unpacked

CSV = b"time,mag\n2020-01-01,3.0\n"


def zipped(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def test_the_one_catalog_of_an_archive_is_found() -> None:
    assert unpacked(zipped(("folder/a.csv", CSV)), "file") == CSV
    both = zipped(("README", b"Read me"), ("a.csv", CSV))
    assert unpacked(both, "file", lambda head: head.startswith(b"time")) == CSV
    with pytest.raises(InputError, match=r"holds 2 files \('README', 'a.csv'\), 0 of them"):
        unpacked(both, "file", lambda _: False)
    header = b"year,month,day,hour,minute,second,lat,lon,depth,mw,ml_median\n"
    tan = zipped(("README", b"Read me"), ("b.csv", header + b"2016,1,1,0,0,1.5,42,13,8,2,2\n"))
    assert detect(tan, name="file") == "tan2021"
    assert len(parse(tan, "tan2021", name="file").events) == 1


def test_names_in_an_archive_lead_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    evil = zipped(("../../evil.csv", CSV))
    assert len(parse(evil, "table", name="file").events) == 1
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(("a", content))])
def test_bombs_are_not_unpacked(pack: object) -> None:
    bomb = pack(b"0" * 1_000_000)  # type: ignore[operator]
    assert len(bomb) < 10_000
    with pytest.raises(InputError, match="unpacks to more than 100,000 bytes"):
        unpacked(bomb, "file", limit=100_000)


@pytest.mark.parametrize(
    "data",
    [gzip.compress(CSV * 99)[:-9], zipped(("a", CSV * 99))[:60]],
    ids=["gzip", "zip"],  # archives hold the time at which they were made
)
def test_damage_is_named(data: bytes) -> None:
    with pytest.raises(InputError, match=r"^file: damaged (gzip|zip|archive)"):
        parse(data, "table", name="file")
    with pytest.raises(InputError, match=r"^file: damaged"):
        detect(zipped(("a", CSV))[:60], name="file")


def test_a_pickle_is_not_opened() -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return pytest.fail, ("unpickled",)

    with pytest.raises(InputError):
        parse(pickle.dumps(Trap()), "table", name="file")
    with pytest.raises(InputError):
        parse(pickle.dumps(Trap()), "obspy", name="file")


TAN = (
    b"year,month,day,hour,minute,second,lat,lon,depth,mw,ml_median\n2016,1,1,0,0,1.5,42,13,8,2,2\n"
)


@pytest.mark.parametrize("pack", [gzip.compress, lambda content: zipped(("b.csv", content))])
def test_what_is_packed_twice_is_recognised(pack: Callable[[bytes], bytes]) -> None:
    twice = zipped(("b.packed", pack(TAN)))
    assert detect(twice, name="file") == "tan2021"
    assert len(parse(twice, "tan2021", name="file").events) == 1


def test_damage_inside_an_archive_is_named() -> None:
    rng = np.random.default_rng(0)
    whole = gzip.compress(TAN + rng.bytes(200_000).hex().encode())
    with pytest.raises(InputError, match="^file: damaged archive .*: fetch it again"):
        detect(zipped(("b.csv.gz", whole[:40])), name="file")
    both = bytearray(zipped(("README", b"Read me"), ("a.csv", CSV)))
    both[both.index(b"a.csv") + len("a.csv")] ^= 0xFF
    with pytest.raises(InputError, match="^file: damaged archive .*: fetch it again"):
        unpacked(bytes(both), "file", lambda head: head.startswith(b"time"))


def test_a_workbook_is_told_from_text() -> None:
    for data in (b"\xd0\xcf\x11\xe0" + bytes(600), zipped(("xl/workbook.xml", b"<a/>"))):
        with pytest.raises(
            InputError, match="is a spreadsheet, as of Excel.*save its sheet as CSV"
        ):
            unpacked(data, "file")


def test_what_is_packed_for_ever_is_no_catalog() -> None:
    data = CSV
    for _ in range(4):
        data = gzip.compress(data)
    assert unpacked(data, "file") == CSV
    with pytest.raises(InputError, match="file is neither text nor Parquet"):
        parse(gzip.compress(data), "table", name="file")
