"""One process at a time in a folder."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from catalogs.errors import InputError

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
        holder.write_text(f"{os.getpid()} on {platform.node()}", encoding="utf-8")
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)
    finally:
        lock.release()


def _described(holder: Path) -> str:
    who = ""
    with suppress(OSError, UnicodeDecodeError):  # it has just come, or gone
        who = holder.read_text(encoding="utf-8")
    return f"another process ({who})" if who else "another process"
