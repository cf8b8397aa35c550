"""Catalogs on disk: ``<name>.parquet`` with the events and ``<name>.json`` with the provenance.

The record holds the sha256 of its events, and the moment in which it is replaced is the moment in
which a catalog changes: new events wait beside it under a hidden name that holds their hash,
``.<name>.<hash>.parquet``, and take the place of the old ones afterwards. So whoever reads sees
one catalog or the other, and so does whoever comes after a writer that was killed. Writers of one
folder wait for each other, from before they load what they change; readers never wait.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shlex
import threading
import unicodedata
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import platformdirs
from filelock import Timeout

from catalogs.areas import parse_area
from catalogs.catalog import Catalog
from catalogs.errors import CatalogNotFoundError, InputError
from catalogs.expansion import most_unpacked
from catalogs.files import json_bytes, naming, read_json, write_whole
from catalogs.info import CatalogInfo
from catalogs.json_records import warn_of_unknown
from catalogs.locking import file_lock
from catalogs.parquet import read_parquet
from catalogs.texts import check_name, composed
from catalogs.whereabouts import with_known_area

STORED = frozenset({".json", ".parquet", ".npz"})
"""Suffixes of the files of stored catalogs: ``load`` takes any of them for the catalog."""

EMBEDDED = Path(__file__).parent / "embedded"
BUILDERS = "recast.catalogs"
"""Entry-point group of functions () -> Catalog, by which packages add catalogs of their own."""

LOCK = ".catalogs.lock"
"""Held by whoever writes a catalog to a folder, and left there."""

LEFTOVER = (
    r"\.{0}\.[0-9A-Za-z]{{,16}}\.(parquet|npz)"  # events that wait
    r"|\.\.?{0}\.([0-9A-Za-z]{{,16}}\.)?(json|parquet|npz)-[0-9a-f]{{8}}"  # not whole
)
"""Names of what a writer of a catalog leaves where it is killed."""

PATIENCE = 60.0
"""Seconds that a writer waits for another one."""

POLL = 0.01
"""Seconds between its looks."""

TRIES = 100
"""Times that a reader begins again where the catalog changes under its eyes, before it gives up."""

FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")
"""Of names of files: ours, and that of copies from file systems that take accents apart."""

GENERATED = "generated"
"""Where ``available`` says that a catalog of a builder is."""


def folders() -> list[Path]:
    """Where catalogs are looked for, in order: $RECAST_DATA, the user's cache, the package."""
    places = [_folder("RECAST_DATA")] if os.environ.get("RECAST_DATA") else []
    return [*places, user_folder(), EMBEDDED]


def _folder(variable: str) -> Path:
    """The folder that a variable of the environment names."""
    folder = Path(os.environ[variable])
    if folder.is_file():
        raise InputError(f"{variable} = {folder} is a file: name the folder of the catalogs")
    return folder


def user_folder() -> Path:
    """Where catalogs are kept for this user; not created before something is saved there.

    $RECAST_CACHE replaces the operating system's cache folder, for homes with a small quota.
    """
    own = os.environ.get("RECAST_CACHE")
    cache = _folder("RECAST_CACHE") if own else Path(platformdirs.user_cache_dir("recast-forecast"))
    return cache / "catalogs"


def builders() -> dict[str, Callable[[], Catalog]]:
    """Generated catalogs: name -> function, found by entry point so that nothing is imported."""
    return {point.name: _lazy(point) for point in entry_points(group=BUILDERS)}


def _lazy(point: EntryPoint) -> Callable[[], Catalog]:
    def build() -> Catalog:
        where = f"the entry point {point.name} = {point.value} of {BUILDERS}"
        try:
            catalog: object = point.load()()
        except Exception as error:  # whatever another package raises
            raise InputError(
                f"{where} is broken ({type(error).__name__}: {error}): fix or uninstall it"
            ) from error
        if not isinstance(catalog, Catalog):
            raise InputError(f"{where} gives {type(catalog).__name__}: return a catalogs.Catalog")
        if catalog.info.name != point.name:  # results would bear the name of another catalog
            raise InputError(
                f"{where} gives the catalog {catalog.info.name!r}: let its `info.name` be "
                f"{point.name!r}, as dataclasses.replace makes it"
            )
        return catalog

    return build


def available() -> dict[str, str]:
    """Every catalog that ``load`` finds by name, and where.

    Returns
    -------
    dict of str to str
        Name -> folder, or ``"generated"`` for one that is computed on first use.

    Examples
    --------
    >>> available()["synthetic_socal"]
    'generated'
    """
    found = dict.fromkeys(builders(), GENERATED)
    for folder in reversed(folders()):
        if folder.is_dir():
            records = sorted(folder.glob("*.json"))
            found.update({composed(path.stem): str(folder) for path in records})
    return dict(sorted(found.items()))


def load(name: str | os.PathLike[str]) -> Catalog:
    """Load a catalog by name or path.

    Names are looked up in the folder that $RECAST_DATA names, the user's cache, and the package.

    Parameters
    ----------
    name : str or path-like
        A name, or a path that ends in .json, .parquet or .npz. ``NAME@AREA`` is the part inside an
        area, as ``parse_area`` reads it: ``ncss@36/38/-123/-121`` is a box.

    Returns
    -------
    Catalog
        Its events and provenance.

    Raises
    ------
    InputError
        For an unknown name, saying where it looked and how to get the catalog; for a broken file,
        naming it; for a function of another package that gives no catalog; and for an area that
        cannot be cut from the catalog.

    Examples
    --------
    >>> load("ridgecrest_2019@35.7/36/-117.7/-117.4").to_sequence()
    EventSequence of 258 events
      window      [0, 6.97769) days, all of it scored
      magnitudes  2.5 to 7.1
    """
    path = Path(name)
    if path.suffix in STORED:
        if not path.with_suffix(".json").is_file():
            raise CatalogNotFoundError(
                f"{path.with_suffix('.json')} does not exist: `recast catalogs import {path} "
                "--name NAME` makes a catalog of a table of events"
            )
        return _read(path.with_suffix(".json"))
    whole, at, area = str(name).rpartition("@")
    if at and not path.is_file():
        return load(whole).within(parse_area(area))
    for folder in folders():
        for form in FORMS:
            record = folder / f"{unicodedata.normalize(form, str(path))}.json"
            if record.is_file():
                return _read(record)
    build = builders().get(str(name))
    if build is not None:
        return build()
    if path.is_file():
        label = re.sub(r"[^0-9A-Za-z_]+", "_", path.name.partition(".")[0]).strip("_") or "mine"
        raise CatalogNotFoundError(
            f"{path} is a file, not a catalog: `recast catalogs import {shlex.quote(str(path))} "
            f"--name {label}` makes one of a table of events, which is then named {label}"
        )
    raise CatalogNotFoundError(
        f"no catalog {str(name)!r} in {', '.join(map(str, folders()))}: known are "
        f"{', '.join(available())}; `recast catalogs fetch {path.name}` gets a known one, "
        f"`recast catalogs import FILE --name {path.name}` adds one, "
        "RECAST_DATA names a folder of catalogs"
    )


def check_free(
    name: str, folder: str | PathLike[str] | None = None, *, overwrite: bool = False
) -> None:
    """Raise an InputError for a name that a new catalog cannot have.

    It may be unfit for files, or taken by a catalog that would hide the new one or be hidden by
    it. In a ``folder`` of its own, where catalogs are loaded by path, only ``save`` checks.
    """
    check_name(name)
    place = None if folder is not None else available().get(composed(name))
    own = place == str(user_folder())
    if place is None or (overwrite and own):
        return
    remedy = "`overwrite`" if own else "`folder`"
    raise InputError(
        f"catalog {name!r} exists already ({place}): choose another `name` or {remedy}"
    )


def record_path(name: str, folder: str | PathLike[str] | None = None) -> Path:
    """Where the JSON of a catalog of that name is saved: by default in the user's cache."""
    return (user_folder() if folder is None else Path(folder)) / f"{composed(name)}.json"


def save(
    catalog: Catalog, folder: str | PathLike[str] | None = None, *, overwrite: bool = False
) -> Path:
    """Save a catalog under its name: NAME.json and the file of its events, or neither.

    Parameters
    ----------
    catalog : Catalog
        Its ``info.name`` names the files.
    folder : path, optional
        By default the user's cache, where ``load`` finds it by name.
    overwrite : bool
        Replace a catalog of the same name.

    Returns
    -------
    Path
        Of the JSON.

    Raises
    ------
    InputError
        If the name is taken and ``overwrite`` is not set, or is not a plain file name.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save(load("ridgecrest_2019"), folder)
    ...     len(load(path).events)
    830
    """
    check_name(catalog.info.name)
    target = record_path(catalog.info.name, folder)
    _refuse_taken(target, overwrite=overwrite)
    content = _content(catalog)
    digest = hashlib.sha256(content).hexdigest()
    info = replace(catalog.info, n_events=len(catalog.events), sha256=digest)
    with alone(target.parent), naming(target):
        _refuse_taken(target, overwrite=overwrite)  # by another process, meanwhile
        _settle(target)
        waiting = _waiting(target, info)
        try:
            write_whole(waiting, content)
            write_whole(target, json_bytes(info.to_json()))  # from here on it is the new catalog
        except OSError:
            waiting.unlink(missing_ok=True)
            raise
        _settle(target)
    return target


def _refuse_taken(target: Path, *, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists already: choose another name, or allow overwriting")


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the only one who writes catalogs to a folder, which is made if need be.

    Whoever loads a catalog, changes it and saves it does all three meanwhile, or what another
    process saved between is lost. It may be nested, and does nothing where there are no locks.

    Raises
    ------
    InputError
        If another process keeps the folder to itself for a minute.
    """
    key = folder.resolve()
    if key in _held.folders:
        yield
        return
    with ExitStack() as stack:
        with naming(folder / LOCK):
            folder.mkdir(parents=True, exist_ok=True)
            try:
                stack.enter_context(file_lock(folder / LOCK, PATIENCE, POLL))
            except Timeout as error:
                raise InputError(
                    f"{folder}: another process has been writing catalogs there for "
                    f"{PATIENCE:g} s: wait for it, or end it"
                ) from error
        _held.folders |= {key}
        stack.callback(_let_go, key)
        yield


class _Held(threading.local):
    """The folders that this thread has to itself."""

    folders: frozenset[Path] = frozenset()


_held = _Held()


def _let_go(key: Path) -> None:
    _held.folders -= {key}


def _settle(target: Path) -> None:
    """Finish a change of catalog: events that wait take their place, leftovers go.

    What is hidden under this name was left by writers that were killed.
    """
    with suppress(InputError):  # nobody waits for a record that is missing or damaged
        info = CatalogInfo.from_json(read_json(target), str(target))
        waiting, events = _waiting(target, info), target.with_suffix(_suffix(info))
        if waiting.exists():
            waiting.replace(events)
    ours = re.compile(LEFTOVER.format(re.escape(target.stem)))
    for leftover in target.parent.glob(".*"):  # others hide files, too: .env.local
        if ours.fullmatch(leftover.name):
            leftover.unlink(missing_ok=True)


def _waiting(record: Path, info: CatalogInfo) -> Path:
    """Where the events of a record are until they take the place of older ones."""
    digest = "".join(ch for ch in info.sha256[:16] if ch.isalnum())
    return record.with_name(f".{record.stem}.{digest}{_suffix(info)}")


def _suffix(info: CatalogInfo) -> str:
    """The suffix of the file of events: plain days fit no column of dates."""
    return ".npz" if info.uses_plain_days else ".parquet"


def _content(catalog: Catalog) -> bytes:
    """The file of events."""
    stream = io.BytesIO()
    if catalog.info.uses_plain_days:
        names = {"time_days": "time", "magnitude": "magnitude"}
        if catalog.info.has_locations:
            names |= {"latitude": "latitude", "longitude": "longitude"}
        arrays = {key: catalog.events[name].to_numpy(np.float64) for key, name in names.items()}
        np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    else:
        catalog.events.to_parquet(stream, index=False)
    return stream.getvalue()


def _read(record: Path) -> Catalog:
    """The catalog of a record; where that is being replaced, the new one."""
    for _ in range(TRIES):
        before = _identity(record)
        about = read_json(record)
        try:
            return _read_as(record, about)
        except _MismatchError:
            if _identity(record) == before:  # nobody has written it meanwhile
                raise
    raise InputError(f"{record} changes faster than it can be read: end what writes it")


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Which file stands under a name: one that says the same may have taken its place."""
    try:
        found = path.stat()
    except FileNotFoundError:  # ``read_json`` says so
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


class _MismatchError(InputError):
    """The events are not those of the record: another catalog arrives, or they are damaged."""


def _read_as(record: Path, about: dict[str, Any]) -> Catalog:
    info = with_known_area(CatalogInfo.from_json(about, str(record)))
    warn_of_unknown(info.others, record, "it is kept, but changes nothing here")
    path = record.with_suffix(_suffix(info))
    # Those that wait come first: once they do not, they have taken their place
    for place in (_waiting(record, info), path) if info.sha256 else (path,):
        try:
            with place.open("rb") as stream:
                if not info.sha256 or _hash_of(stream) == info.sha256:
                    return Catalog(_events(stream, info, path), info)
        except (FileNotFoundError, IsADirectoryError):
            continue
    if not path.is_file():
        raise _MismatchError(f"{path} is missing beside {record.name}: fetch or import it again")
    raise _MismatchError(
        f"{path} does not match the sha256 in {record.name}: it is damaged or was changed; "
        "fetch or import it again"
    )


def _events(stream: io.BufferedReader, info: CatalogInfo, path: Path) -> pd.DataFrame:
    stream.seek(0)
    try:
        content = stream.read()
        return _read_days(content) if info.uses_plain_days else read_parquet(content)
    except Exception as error:  # pyarrow and numpy raise many kinds; all mean a broken file
        raise InputError(f"{path} cannot be read ({error}): fetch or import it again") from error


def _read_days(content: bytes) -> pd.DataFrame:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    if size > most_unpacked(content):
        raise ValueError(f"it unpacks to {size:,} bytes, which no catalog of its size does")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        known = [name for name in ("magnitude", "latitude", "longitude") if name in arrays]
        return pd.DataFrame({"time": arrays["time_days"]} | {name: arrays[name] for name in known})


def file_hash(path: Path) -> str:
    """The sha256 of a file's content, in hexadecimal digits."""
    with path.open("rb") as stream:
        return _hash_of(stream)


def _hash_of(stream: io.BufferedReader) -> str:
    return hashlib.file_digest(stream, "sha256").hexdigest()
