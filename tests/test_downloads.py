"""Plain files: whatever a server does, the file is whole, or one error says why."""

import hashlib
import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest
from loopback import QUICK, Fault, Provider, serving

from catalogs import InputError
from catalogs.errors import FetchError, RefusedError
from catalogs.formats import parse
from catalogs.providers.downloads import Downloads
from catalogs.providers.raw_files import clear, sizes
from catalogs.providers.web import Patience

BODY = b"".join(f"{i},event {i * i}\n".encode() for i in range(20_000))
HASH = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    return Downloads(tmp_path / "raw", patience=QUICK, progress=False)


def fetched(provider: Provider, downloads: Downloads, **options: object) -> bytes:
    raw = downloads.file(f"{provider.url}/a.csv", downloads.folder / "a.csv", **options)  # type: ignore[arg-type]
    return raw.read()


def left(downloads: Downloads) -> list[str]:
    return sorted(p.name for p in downloads.folder.iterdir()) if downloads.folder.is_dir() else []


TRANSIENT = {
    "500": [Fault(500)],
    "503 twice": [Fault(503), Fault(503)],
    "429": [Fault(429, {"Retry-After": "0"})],
    "429 until a date": [Fault(429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})],
    "cut": [Fault(cut=0.4)],
    "cut, cut later, 500, cut": [Fault(cut=0.4), Fault(cut=0.5), Fault(500), Fault(cut=0.1)],
    "cut before the first byte": [Fault(cut=0.0)],
}


@pytest.mark.parametrize("resumes", [True, False])
@pytest.mark.parametrize("faults", TRANSIENT.values(), ids=TRANSIENT)
def test_a_file_arrives_whole_in_spite_of(
    faults: list[Fault], resumes: bool, downloads: Downloads
) -> None:
    with serving(files={"/a.csv": BODY}, faults=list(faults), ranges=resumes) as provider:
        assert fetched(provider, downloads, known_hash=HASH) == BODY
        assert len(provider.asked) == len(faults) + 1
        assert left(downloads) == ["a.csv", "a.csv.json"]
        # What is here is not asked for again, and says where it came from
        assert fetched(provider, downloads) == BODY
        assert len(provider.asked) == len(faults) + 1
    record = json.loads((downloads.folder / "a.csv.json").read_text())
    assert record["sha256"] == HASH
    assert record["n_bytes"] == len(BODY)
    assert record["url"] == f"{provider.url}/a.csv"
    assert record["retrieved"].endswith("Z")
    assert "recast-forecast/" in provider.asked[0][1]["user-agent"]


def test_a_cut_download_goes_on_where_it_was(downloads: Downloads) -> None:
    with serving(files={"/a.csv": BODY}, faults=[Fault(cut=0.7)] * 6) as provider:
        with pytest.raises(FetchError, match="cut half-way, 6 times in a row: try again later"):
            fetched(provider, downloads)
        assert left(downloads) == ["a.csv.part", "a.csv.part.mark"]
        # Some of what arrived is kept each time, in steps of 64 kB
        assert (downloads.folder / "a.csv.part").stat().st_size > 0.75 * len(BODY)
        assert fetched(provider, downloads, known_hash=HASH) == BODY


def test_a_file_that_changed_meanwhile_is_not_stitched_together(downloads: Downloads) -> None:
    with serving(files={"/a.csv": BODY}, faults=[Fault(cut=0.7)] * 6) as provider:
        with pytest.raises(FetchError):
            fetched(provider, downloads)
        provider.files["/a.csv"] = BODY[::-1]
        assert fetched(provider, downloads) == BODY[::-1]


@pytest.mark.parametrize("known_hash", ["", HASH])
def test_a_file_whose_end_is_not_said_has_to_come_twice(
    known_hash: str, downloads: Downloads
) -> None:
    """A server that only hangs up may have been cut off, unless the hash tells."""
    faults = [] if known_hash else [Fault(cut=0.5)]
    with serving(files={"/a.csv": BODY}, delimited=False, faults=faults) as provider:
        assert fetched(provider, downloads, known_hash=known_hash) == BODY
        assert len(provider.asked) == (1 if known_hash else 3)


LASTING = {
    "not there": ([Fault(404)], r"/a.csv: HTTP 404: check the name", 1),
    "forbidden": (
        [Fault(403, body=b"<html><h1>For\nmembers</h1>")],
        r"HTTP 403 \(For members\): check what was asked",
        1,
    ),
    "always 500": ([Fault(500)] * 9, r"/a.csv: HTTP 500, 6 times in a row: try again later", 6),
    "always 429": ([Fault(429)] * 9, r"HTTP 429, 6 times in a row", 6),
    "come back tomorrow": (
        [Fault(429, {"Retry-After": "86400"})],
        r"HTTP 429; the server asks to come back in 86400 s: try again later",
        1,
    ),
    "no answer": ([Fault(pause=0.4)] * 2, r"no answer within 0.1 s, 2 times in a row", 2),
}


@pytest.mark.parametrize(("faults", "message", "n_asked"), LASTING.values(), ids=LASTING)
def test_one_clear_error_and_nothing_half_written(
    faults: list[Fault], message: str, n_asked: int, downloads: Downloads, tmp_path: Path
) -> None:
    if faults[0].pause:
        patience = Patience(attempts=2, first_wait=0.0, timeout=0.1)
        downloads = Downloads(tmp_path / "raw", patience=patience, progress=False)
    with serving(files={"/a.csv": BODY}, faults=list(faults)) as provider:
        with pytest.raises(FetchError, match=message) as caught:
            fetched(provider, downloads)
        assert len(provider.asked) == n_asked
    assert "\n" not in str(caught.value)
    assert left(downloads) == []


def test_waits_double_or_are_what_the_server_asks_for(downloads: Downloads) -> None:
    waits: list[float] = []
    faults = [Fault(500), Fault(503), Fault(429, {"Retry-After": "7"}), Fault(503)]
    patient = Downloads(downloads.folder, patience=Patience(sleep=waits.append), progress=False)
    with serving(files={"/a.csv": BODY}, faults=faults) as provider:
        assert fetched(provider, patient) == BODY
    assert waits == [1.0, 2.0, 7.0, 8.0]


def test_a_wrong_hash_is_refused(downloads: Downloads) -> None:
    with serving(files={"/a.csv": BODY + b"x"}) as provider:
        with pytest.raises(FetchError, match=rf"/a.csv: .* another sha256 than {HASH}.*`files`"):
            fetched(provider, downloads, known_hash=HASH)
        assert left(downloads) == []
        provider.files["/a.csv"] = BODY
        assert fetched(provider, downloads, known_hash=HASH) == BODY


def test_a_record_that_is_damaged_vouches_for_nothing(downloads: Downloads) -> None:
    path = downloads.folder / "a.csv"
    with serving(files={"/a.csv": BODY}) as provider:
        raw = downloads.file(f"{provider.url}/a.csv", path)
        assert downloads.kept(path) == raw
        for damaged in ("{", '{"colour": "red"}'):
            path.with_name("a.csv.json").write_text(damaged)
            assert downloads.kept(path) is None
        assert downloads.file(f"{provider.url}/a.csv", path).read() == BODY
        assert len(provider.asked) == 2


@pytest.mark.parametrize(
    "second", [Fault(416), Fault(206, {"Content-Range": "bytes 7-9/10"}, b"abc")]
)
def test_a_server_that_sends_another_part_is_asked_for_all(
    second: Fault, downloads: Downloads
) -> None:
    with serving(files={"/a.csv": BODY}, faults=[Fault(cut=0.4), second]) as provider:
        assert fetched(provider, downloads) == BODY
        assert len(provider.asked) == 3


def test_one_process_waits_for_another_but_not_for_ever(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogs.providers.downloads.LOCK_TIMEOUT", 0.2)
    with downloads.locked("one"), ThreadPoolExecutor(1) as pool:

        def wait() -> None:
            with Downloads(downloads.folder, progress=False).locked("one"):
                raise AssertionError

        with pytest.raises(FetchError, match="another process has been fetching 'one' for"):
            pool.submit(wait).result()
    with downloads.locked("one") as folder:
        (folder / "tmp123").touch()
    with downloads.locked("one") as folder:
        assert list(folder.iterdir()) == []  # what a stopped process left is gone


def test_the_first_hash_is_remembered(downloads: Downloads) -> None:
    path = downloads.folder / "a.csv"
    with serving(files={"/a.csv": BODY}) as provider:
        url = f"{provider.url}/a.csv"
        downloads.file(url, path)
        path.write_bytes(BODY[:-1] + b"?")  # damaged on disk, of the same length
        assert downloads.file(url, path).read() == BODY
        assert len(provider.asked) == 2
        # Changed by the provider: noticed when asked for again, and said
        provider.files["/a.csv"] = BODY[::-1]
        assert downloads.file(url, path).read() == BODY
        refreshing = Downloads(downloads.folder, refresh=True, patience=QUICK, progress=False)
        raw = refreshing.file(url, path)
        assert raw.read() == BODY[::-1]
        assert raw.replaces == HASH
        assert downloads.kept(path) == raw
        # A refresh that fails leaves what was there
        provider.faults = [Fault(404)]
        with pytest.raises(RefusedError):
            refreshing.file(url, path)
        assert downloads.kept(path) == raw


def test_offline_asks_nobody(downloads: Downloads) -> None:
    offline = Downloads(downloads.folder, offline=True)
    with serving(files={"/a.csv": BODY}) as provider:
        with pytest.raises(InputError, match=r"a.csv is not there or damaged, and `offline`"):
            fetched(provider, offline)
        assert provider.asked == []
        fetched(provider, downloads)
        assert fetched(provider, offline) == BODY
        assert len(provider.asked) == 1


def test_an_empty_file_is_no_file(downloads: Downloads) -> None:
    """Some file servers send nothing to clients that they don't know."""
    expected = pytest.raises(FetchError, match="an empty answer, 6 times in a row")
    with serving(files={"/a.csv": b""}) as provider, expected:
        fetched(provider, downloads)
    assert left(downloads) == []


def test_a_server_that_is_not_there(downloads: Downloads) -> None:
    with serving() as provider:
        pass
    with pytest.raises(FetchError, match=r"a.csv: cannot be reached .*: check the network"):
        fetched(provider, downloads)
    assert left(downloads) == []


@pytest.mark.parametrize("announced", [True, False])
def test_a_download_is_bounded(announced: bool, downloads: Downloads) -> None:
    expected = pytest.raises(FetchError, match="bytes or more where at most 100,000 are expected")
    with serving(files={"/a.csv": BODY}, delimited=announced) as provider, expected:
        fetched(provider, downloads, most=100_000)
    assert sum(p.stat().st_size for p in downloads.folder.iterdir()) <= 100_000


def test_names_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("../../outside.csv", "time,mag\n2020-01-01T00:00:00,2.0\n")
    before = sorted(tmp_path.parent.rglob("*"))
    assert len(parse(archive.getvalue(), "table", name="a.zip").events) == 1
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_the_folder_can_be_measured_and_cleared(downloads: Downloads) -> None:
    assert sizes(downloads.folder) == {}
    with serving(files={"/a.csv": BODY}) as provider, downloads.locked("one") as folder:
        downloads.file(f"{provider.url}/a.csv", folder / "a.csv")
    n_bytes = sizes(downloads.folder)["one"]
    assert n_bytes > len(BODY)
    assert clear(downloads, "one") == n_bytes
    assert sizes(downloads.folder) == {}
    with pytest.raises(InputError, match="holds nothing of 'one'"):
        clear(downloads, "one")
