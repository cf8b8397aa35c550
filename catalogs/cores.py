"""How many threads and processes to use by default."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from typing import Any, TypeVar

T = TypeVar("T")

_most: ContextVar[int | None] = ContextVar("most", default=None)

LIMITS = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Variables by which users and schedulers say how many threads a process may use."""


def cores() -> int:
    """Cores that this process may run on, which a scheduler may limit."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def threads() -> int:
    """Threads to start: one per core, at most what ``LIMITS`` and ``at_most`` allow."""
    given = [os.environ.get(name, "") for name in LIMITS]
    asked = _most.get()
    return min(
        [
            cores(),
            *(max(int(text), 1) for text in given if text.isdecimal()),
            *([] if asked is None else [max(asked, 1)]),
        ]
    )


@contextmanager
def at_most(n: int | None) -> Iterator[None]:
    """Limit ``threads`` to ``n`` within the block; None leaves it as it is.

    For fits on the way to a forecast, whose functions have no argument for it.
    """
    token = _most.set(_most.get() if n is None else n)
    try:
        yield
    finally:
        _most.reset(token)


def in_order(
    function: Callable[..., T], *arguments: Iterable[Any], workers: int | None = None
) -> list[T]:
    """List ``map(function, *arguments)``, on so many threads; by default on ``threads()``.

    ``function`` runs compiled code without the interpreter lock and writes what is its own.
    """
    workers = workers or threads()
    if workers == 1:  # the same without the time that a thread takes
        return list(map(function, *arguments))
    with ThreadPoolExecutor(max_workers=workers) as pool:
        return list(pool.map(function, *arguments))


def in_parallel(fill: Callable[[int, int], None], n: int) -> None:
    """Call ``fill(first, last)`` for parts of range(n), on all cores.

    ``fill`` runs compiled code without the interpreter lock and writes what is its own. The last
    parts start first: where an item looks at all before it, they take longest.
    """
    workers = threads()
    edges = [n * i // (16 * workers) for i in range(16 * workers + 1)]
    parts = [(a, b) for a, b in pairwise(edges) if a < b][::-1]
    in_order(lambda part: fill(*part), parts, workers=workers)
