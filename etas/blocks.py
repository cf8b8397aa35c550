"""Work that is cut into blocks, some of which may run at once: the same result on any number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

Task = Callable[[], None]

Round = Callable[[list[Task]], None]
"""Runs tasks, in any order or at once, until all are done."""


@contextmanager
def rounds(workers: int) -> Iterator[Round]:
    """How to run rounds of tasks on ``workers`` threads; on one, without any.

    Tasks call compiled code, which runs without the interpreter lock, and write what is their own:
    so results do not depend on the number of threads.
    """
    if workers == 1:
        yield _in_turn
        return
    with ThreadPoolExecutor(max_workers=workers) as pool:

        def at_once(tasks: list[Task]) -> None:
            for done in [pool.submit(task) for task in tasks]:
                done.result()

        yield at_once


def _in_turn(tasks: list[Task]) -> None:
    for task in tasks:
        task()
