"""Processes that work for another one, and end with it however it dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import connection
from multiprocessing.context import SpawnContext, SpawnProcess
from multiprocessing.process import BaseProcess

from catalogs.files import drop_unfinished
from catalogs.starting import STARTING

SECONDS = 0.1
"""Between looks at whether a parent is alive that gave no pipe to watch."""

NO_LEAKS = "ignore:resource_tracker:UserWarning"
"""Python's tracker removes what a killed process leaves, and need not say so."""


@contextmanager
def process_pool(processes: int) -> Iterator[Executor | None]:
    """Start worker processes, or none for one: its tasks are run in this process."""
    if processes <= 1:
        yield None
        return
    with worker_processes(processes) as pool:
        yield pool


@contextmanager
def worker_processes(processes: int) -> Iterator[Executor]:
    """Start worker processes; on a failure they end at once, whatever they do.

    They end with this process, too, even if it is killed, and leave Ctrl-C to it.
    """
    _start_tracker()  # before the first semaphore
    # A fork would inherit the locks of the threads of torch and numba
    context = WorkerContext()
    pool = ProcessPoolExecutor(processes, mp_context=context)
    try:
        yield pool
    except BaseException:
        for worker in context.workers:
            worker.kill()  # a training may take hours, and nobody waits for it
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


class Worker(SpawnProcess):
    """A process that ends with its parent."""

    def start(self) -> None:
        """Start it where Ctrl-C does not reach it."""
        with undisturbed():
            super().start()

    def kill(self) -> None:
        """End it at once, if it was started."""
        if self.pid is not None:
            super().kill()

    def run(self) -> None:
        """Watch the parent from now on, and work."""
        end_with_parent()
        super().run()


class WorkerContext(SpawnContext):
    """What ``ProcessPoolExecutor`` starts its processes by; it keeps them in ``workers``."""

    def __init__(self) -> None:
        super().__init__()
        self.workers: list[Worker] = []

    def Process(self, *args: object, **kwargs: object) -> BaseProcess:  # type: ignore[override]  # noqa: N802 - its name there
        """Make a process that is not started yet."""
        worker = Worker(*args, **kwargs)  # type: ignore[arg-type]
        self.workers.append(worker)
        return worker


@contextmanager
def undisturbed() -> Iterator[None]:
    """Processes and threads that are started within this block never hear of Ctrl-C.

    A terminal sends it to all processes of a command: the first one decides, and the others end
    with it. Signals that come meanwhile reach this process, at the latest at the end of the block,
    and what ends it waits for that, by ``STARTING``.
    """
    _start_tracker()
    with STARTING:
        if not hasattr(signal, "pthread_sigmask"):  # as on Windows
            yield
            return
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_with_parent() -> None:
    """End this process as soon as the one that started it has ended, even if that was killed.

    What ``multiprocessing`` started knows by a pipe, which the system closes; others look whether
    they have been given another parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    parent = multiprocessing.parent_process()
    threading.Thread(target=_end_after, args=(parent, os.getppid()), daemon=True).start()


def _end_after(parent: BaseProcess | None, parent_id: int) -> None:
    if parent is not None:
        connection.wait([parent.sentinel])
    else:
        while os.getppid() == parent_id:
            time.sleep(SECONDS)
    drop_unfinished()
    os._exit(1)  # whatever the other threads do: nobody is there to hear of it


def _start_tracker() -> None:
    """Start the process by which Python removes semaphores of dead ones, without its warnings."""
    if os.name != "posix":
        return
    from multiprocessing import resource_tracker  # noqa: PLC0415 - posix only

    sys.warnoptions.append(NO_LEAKS)
    try:
        resource_tracker.ensure_running()
    finally:
        sys.warnoptions.remove(NO_LEAKS)
