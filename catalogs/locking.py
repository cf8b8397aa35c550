"""One process at a time in a folder."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from catalogs.errors import InputError
from catalogs.files import read_json, write_json

LOCK, HOLDER = ".lock", ".lock-holder"
"""The lock, and who holds it."""

SECONDS = 1.0
"""A process that was just killed takes a moment to end."""


@contextmanager
def locked(folder: Path, seconds: float = SECONDS) -> Iterator[None]:
    """No other process works in the folder, which is made if need be, in the meantime.

    The lock is the operating system's, so that it ends with the process that holds it, however that
    dies.

    Parameters
    ----------
    folder : Path
        What to lock; folders in it can be locked by themselves.
    seconds : float
        How long to wait for another process that is there.

    Raises
    ------
    InputError
        Naming that process, if it stays.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - for runs, not for all that import this

    folder.mkdir(parents=True, exist_ok=True)
    lock, holder = FileLock(folder / LOCK), folder / HOLDER
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        raise InputError(
            f"{folder}: {_described(holder)} is at work there: wait for it, or choose another `out`"
        ) from None
    try:
        write_json(holder, {"pid": os.getpid(), "host": platform.node()})
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)
    finally:
        lock.release()


def _described(holder: Path) -> str:
    with suppress(InputError, KeyError):
        known = read_json(holder)
        return f"another process ({known['pid']} on {known['host']})"
    return "another process"
