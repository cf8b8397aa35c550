"""One process at a time in a folder."""

from __future__ import annotations

import errno
import os
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from catalogs.errors import InputError

LOCK, HOLDER = ".lock", ".lock-holder"
"""The lock, and who holds it."""

SECONDS = 1.0
"""A process that was just killed takes a moment to end."""

POLL = 0.05
"""Seconds between looks at a lock that another process holds."""

FOREVER = -1.0
"""Seconds to wait for a lock however long it takes."""

NO_LOCKS = frozenset({errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK})
"""What file systems answer that know no locks, as those of some clusters."""


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
    from filelock import Timeout  # noqa: PLC0415 - for runs, not for all that import this

    folder.mkdir(parents=True, exist_ok=True)
    holder = folder / HOLDER
    with ExitStack() as stack:
        try:
            stack.enter_context(file_lock(folder / LOCK, seconds))
        except Timeout:
            raise InputError(
                f"{folder}: {_described(holder)} is at work there: wait for it, or choose another "
                "`out`"
            ) from None
        holder.write_text(f"{os.getpid()} on {platform.node()}", encoding="utf-8")
        stack.callback(holder.unlink, missing_ok=True)
        yield


@contextmanager
def file_lock(path: Path, seconds: float, poll: float = POLL) -> Iterator[None]:
    """Hold the lock of a file, which is left there; nothing where the file system has no locks.

    Whoever may write to the folder may hold it.

    Raises
    ------
    Timeout
        Of filelock, if another process keeps it for so many seconds.
    """
    from filelock import FileLock  # noqa: PLC0415 - for runs, not for all that import this

    _make(path)
    lock = FileLock(path)
    if _has_locks(path):
        try:
            lock.acquire(timeout=seconds, poll_interval=poll)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
    try:
        yield
    finally:
        lock.release()


def _make(path: Path) -> None:
    """Make a file that can be written by those who can write to its folder."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        with suppress(PermissionError):  # as on file systems without modes
            path.chmod(path.parent.stat().st_mode & 0o666)


def _has_locks(path: Path) -> bool:
    """Whether the file system knows locks; for others filelock makes files that outlive a kill."""
    try:
        import fcntl  # noqa: PLC0415 - posix only
    except ImportError:
        return True
    with path.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_UN)
        except OSError as error:
            return error.errno not in NO_LOCKS
    return True


def _described(holder: Path) -> str:
    who = ""
    with suppress(OSError, UnicodeDecodeError):  # it has just come, or gone
        who = holder.read_text(encoding="utf-8")
    return f"another process ({who})" if who else "another process"
