"""How many threads and processes to start where nobody says."""

from __future__ import annotations

import os

LIMITS = ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS")
"""Variables by which users and schedulers say how many threads a process may use."""


def cores() -> int:
    """Cores that this process may run on: not all of the machine's where a scheduler says so."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def threads() -> int:
    """As many, and no more than any of ``LIMITS`` allows."""
    given = [os.environ.get(name, "") for name in LIMITS]
    return min([cores(), *(max(int(text), 1) for text in given if text.isdecimal())])
