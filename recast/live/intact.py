"""Whether forecasts are as they were issued: each file has the hash under which it was entered."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from catalogs.errors import InputError
from catalogs.store import file_hash
from recast.live.store import Entry


def altered(folder: Path, entry: Entry, names: Iterable[str] | None = None) -> tuple[str, ...]:
    """Files of a forecast that are gone, or have another content than when it was issued.

    Parameters
    ----------
    folder : Path
        Of the forecast.
    entry : Entry
        Its row in the index.
    names : iterable of str, optional
        Files to look at; by default all.
    """
    return tuple(
        name
        for name in (entry.files if names is None else names)
        if not _has_hash(folder / name, entry.files.get(name))
    )


def check_intact(folder: Path, entry: Entry, names: Iterable[str]) -> None:
    """Refuse to read files of a forecast that were changed.

    Raises
    ------
    InputError
        Naming the first.
    """
    for name in altered(folder, entry, names):
        raise InputError(f"{folder / name} is not as it was issued: put a copy of it in its place")


def _has_hash(path: Path, expected: str | None) -> bool:
    try:
        return file_hash(path) == expected
    except OSError:
        return False
