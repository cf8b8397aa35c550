"""A service that keeps itself up to date: a step now and then, until a signal ends it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pandas as pd

from recast.live.parts import Parts
from recast.live.service import Service
from recast.live.step import run_once

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def until_signal() -> Iterator[threading.Event]:
    """An event that is set by the first SIGINT or SIGTERM; the second ends the program as usual."""
    stop = threading.Event()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(_: int, __: FrameType | None) -> None:
        stop.set()
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_every(
    folder: Path,
    every: float,
    *,
    say: Callable[[str], None],
    complain: Callable[[Exception], None],
    parts: Parts | None = None,
    threads: int | None = None,
) -> None:
    """Take a step every so many seconds, until SIGINT or SIGTERM comes; steps are not cut off.

    Settings are read anew for each step. A step that fails is reported, and the next one tried.

    Parameters
    ----------
    folder : Path
        Of the service.
    every : float
        Seconds from the beginning of a step to that of the next.
    say : function
        Called with the report of each step, one line.
    complain : function
        Called with the error of a step that failed.
    parts : Parts, optional
        What forecasts, scores and publishes.
    threads : int, optional
        For forecasts.
    """
    with until_signal() as stop:
        while not stop.is_set():
            began = time.monotonic()
            try:
                service = Service(folder, parts=parts, threads=threads)
                say(str(run_once(service, pd.Timestamp.now("UTC"))))
            except Exception as error:  # noqa: BLE001 - a service outlives a bad step
                complain(error)
            stop.wait(max(every - (time.monotonic() - began), 0.0))
