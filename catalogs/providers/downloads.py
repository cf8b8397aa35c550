"""Raw files as their providers sent them, each with a record of where it came from.

Beside ``FILE`` stands ``FILE.json`` with its URL, hash and time. Both appear by renaming, the
record last, and a file that is not what its record says is fetched again: wherever a process is
stopped, what is here is whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pooch
from filelock import Timeout
from tqdm import tqdm

from catalogs.errors import FetchError, InputError, RefusedError
from catalogs.files import leftovers, naming, read_json, write_json, write_whole
from catalogs.locking import file_lock
from catalogs.providers.web import (
    Patience,
    TransientError,
    check_repeated,
    chunks,
    opened,
    says_its_end,
)
from catalogs.store import file_hash, user_folder

LOCK_TIMEOUT = 3600.0
"""Seconds to wait for another process: longer than any catalog takes to fetch."""

GIGABYTE = 1 << 30

STAMP = "%Y-%m-%dT%H:%M:%SZ"
"""How times are written: they sort as text."""


@dataclass(frozen=True)
class RawFile:
    """A file as a provider sent it.

    ``retrieved`` is when (ISO 8601, UTC). ``replaces`` is the hash of an earlier download, where
    the provider has since changed the file.
    """

    path: Path
    url: str
    sha256: str
    n_bytes: int
    retrieved: str
    replaces: str = ""

    def read(self) -> bytes:
        """The content."""
        return self.path.read_bytes()

    def to_json(self) -> dict[str, str | int]:
        """What the provenance of a catalog says of it."""
        return {k: v for k, v in asdict(self).items() if k != "path" and v != ""}


@dataclass(frozen=True)
class Downloads:
    """A folder of raw files, and how files get there.

    Parameters
    ----------
    folder : Path
        By default ``downloads`` in the user's cache; made when something arrives.
    offline : bool
        Ask no server: what is not here is an error.
    refresh : bool
        Ask for everything again, also for what is here.
    patience : Patience
        How often and how long to try.
    progress : bool or None
        Show progress bars; None shows them on terminals.
    """

    folder: Path = field(default_factory=lambda: user_folder().parent / "downloads")
    offline: bool = False
    refresh: bool = False
    patience: Patience = field(default_factory=Patience)
    progress: bool | None = None

    @property
    def quiet(self) -> bool | None:
        """What tqdm calls ``disable``."""
        return None if self.progress is None else not self.progress

    @contextmanager
    def locked(self, name: str) -> Iterator[Path]:
        """The subfolder of that name, with no other process writing to it.

        The lock is the operating system's, so that it ends with the process that holds it.
        """
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        lock = self.folder / f".{name}.lock"
        with ExitStack() as stack:
            try:
                try:
                    stack.enter_context(file_lock(lock, 0.1))
                except Timeout:
                    waiting = f"waiting for another process that fetches {name}"
                    with tqdm(desc=waiting, bar_format="{desc}", disable=self.quiet, leave=False):
                        stack.enter_context(file_lock(lock, LOCK_TIMEOUT))
            except Timeout:
                raise FetchError(
                    f"{folder}: another process has been fetching {name!r} for "
                    f"{LOCK_TIMEOUT / 60:.0f} minutes: wait for it or stop it"
                ) from None
            for scratch in (*folder.rglob("tmp*"), *leftovers(folder)):
                scratch.unlink(missing_ok=True)  # what a stopped process left
            yield folder

    def kept(self, path: Path) -> RawFile | None:
        """The file, if it is here and is what its record says."""
        record = _record(path)
        if not (path.is_file() and record.is_file()):
            return None
        try:
            raw = RawFile(path=path, **read_json(record))
        except (InputError, TypeError):
            return None
        return raw if path.stat().st_size == raw.n_bytes and file_hash(path) == raw.sha256 else None

    def keep(self, path: Path, data: bytes, url: str) -> RawFile:
        """Write what a service answered."""
        write_whole(path, data)
        return self._recorded(path, url)

    def drop(self, path: Path) -> None:
        """Remove a file and its record."""
        path.unlink(missing_ok=True)
        _record(path).unlink(missing_ok=True)

    def file(
        self,
        url: str,
        path: Path,
        *,
        known_hash: str = "",
        not_before: str = "",
        most: int = GIGABYTE,
    ) -> RawFile:
        """The file at a URL, from here or from there.

        Parameters
        ----------
        url : str
            Where it is.
        path : Path
            Where to keep it.
        known_hash : str
            Its sha256 where the registry has one. Otherwise that of the first download counts: a
            file on disk that differs is damaged, and a later download that differs says so.
        not_before : str
            A file retrieved earlier (ISO 8601, UTC) is fetched again: it was still growing.
        most : int
            Larger files, in bytes, are refused.

        Raises
        ------
        FetchError
            Naming the URL, what happened and the remedy.
        InputError
            If it is not here and ``offline`` is set.
        """
        old = self.kept(path)
        is_good = old is not None and known_hash in {"", old.sha256}
        if old is not None and is_good and old.retrieved >= not_before and not self.refresh:
            return old
        if self.offline:
            lack = f"is older than {not_before}" if is_good else "is not there or damaged"
            raise InputError(f"{path} {lack}, and `offline` is set: fetch {url} without it")
        self._retrieve(url, path, known_hash, most)
        raw = self._recorded(path, url)
        if old is not None and old.sha256 != raw.sha256:
            raw = replace(raw, replaces=old.sha256)
            _write_record(raw)
        return raw

    def _retrieve(self, url: str, path: Path, known_hash: str, most: int) -> None:
        pooch.get_logger().setLevel("WARNING")  # it announces every file
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f"{path.name}.part")
        fresh = path.with_name(f"tmp-{path.name}")  # the old file stays until this one is whole
        fresh.unlink(missing_ok=True)  # pooch would keep a file whose hash it does not know

        lengths: list[int] = []

        def download(url: str, output_file: str, _: object) -> None:
            self.patience.persist(lambda: attempt(url), url)
            part.replace(output_file)

        def attempt(url: str) -> None:
            if self._continue(url, part, most) or known_hash:
                return
            try:
                check_repeated(lengths, part.stat().st_size)
            except TransientError:
                part.unlink()  # must not be resumed
                raise

        try:
            pooch.retrieve(url, known_hash or None, fresh.name, path.parent, downloader=download)
        except ValueError as error:  # only ever the hash
            raise FetchError(
                f"{url}: what arrived has another sha256 than {known_hash}, the published one: the "
                "file was replaced or damaged on the way; try again, or read the provider's notes "
                "and give the file as `files`"
            ) from error
        _record(path).unlink(missing_ok=True)
        fresh.replace(path)

    def _recorded(self, path: Path, url: str) -> RawFile:
        now = f"{datetime.now(UTC):{STAMP}}"
        raw = RawFile(path, url, file_hash(path), path.stat().st_size, now)
        _write_record(raw)
        return raw

    def _continue(self, url: str, part: Path, most: int) -> bool:
        """Get the rest of a file, or all of it where the server cannot tell it is the same.

        Returns whether the server said where the file ends.
        """
        mark = part.with_name(f"{part.name}.mark")  # ETag or date of what has arrived so far
        n = part.stat().st_size if part.is_file() else 0
        headers = {"Accept-Encoding": "identity"}  # ranges count the file's own bytes
        if n and mark.is_file():
            headers |= {"Range": f"bytes={n}-", "If-Range": mark.read_text(encoding="utf-8")}
        try:
            with opened(url, self.patience.timeout, headers=headers) as response:
                if response.status_code != 206:
                    n = 0
                    part.unlink(missing_ok=True)
                    _mark(mark, response.headers)
                else:
                    _check_range(url, n, response.headers)
                rest = response.headers.get("Content-Length", "")
                is_delimited = says_its_end(response)
                bar = tqdm(
                    desc=part.name.removesuffix(".part"),
                    initial=n,
                    total=n + int(rest) if rest.isdecimal() else None,
                    unit="B",
                    unit_scale=True,
                    disable=self.quiet,
                    leave=False,
                )
                with part.open("ab") as stream, bar:
                    for chunk in chunks(response, most, n):
                        with naming(part):
                            stream.write(chunk)
                        bar.update(len(chunk))
        except RefusedError as error:
            if error.status != 416:
                raise
            part.unlink(missing_ok=True)
            raise TransientError("the server cannot continue a download that was cut") from error
        mark.unlink(missing_ok=True)
        if not part.stat().st_size:
            part.unlink()
            raise TransientError("an empty answer")
        return is_delimited


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _write_record(raw: RawFile) -> None:
    write_json(_record(raw.path), raw.to_json())


def _check_range(url: str, n: int, headers: Mapping[str, str]) -> None:
    if not headers.get("Content-Range", "").startswith(f"bytes {n}-"):
        raise RefusedError(f"{url}: another part than was asked for", 416, "")


def _mark(mark: Path, headers: Mapping[str, str]) -> None:
    """Note by what the server can tell that a file is still the same, if by anything."""
    etag = headers.get("ETag", "")
    same = headers.get("Last-Modified", "") if etag.startswith("W/") or not etag else etag
    if same:
        mark.write_text(same, encoding="utf-8")
    else:
        mark.unlink(missing_ok=True)
