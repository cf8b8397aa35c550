"""Runs a command in children that are killed, each going on where the last one stopped.

``python killing.py JOBS`` with JOBS a JSON of objects with ``folder``, ``argv``, ``resume`` and
``kills``. A kill is ``{"after": share}`` of the seconds that the last job without kills took, or
``{"write": n, "moment": "half" | "before" | "after"}``: while the n-th file is written, or before
or after it gets its name. At last the command runs to its end. Children are forked, so that torch
is imported once.
Prints the exit codes by folder, -9 for those that were killed.
"""

import contextlib
import itertools
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at_write(n: int, moment: str) -> None:
    """Let this process die at its n-th file."""
    opened, named = itertools.count(1), itertools.count(1)
    fdopen, replace = os.fdopen, Path.replace

    def half(handle: int, mode: str = "r", **options: Any) -> Any:
        stream = fdopen(handle, mode, **options)
        if "w" in mode and next(opened) == n and moment == "half":

            def write(content: bytes) -> None:
                os.write(handle, content[: len(content) // 2])
                die()

            return contextlib.nullcontext(SimpleNamespace(write=write, of=stream))
        return stream

    def rename(self: Path, target: Path) -> Path:
        now = next(named) == n
        if now and moment == "before":
            die()
        renamed = replace(self, target)
        if now and moment == "after":
            die()
        return renamed

    os.fdopen = half  # type: ignore[assignment]
    Path.replace = rename  # type: ignore[assignment,method-assign]


def resumed(how: str) -> list[str]:
    """What says to go on: ``--resume``, or the newest ``last.ckpt`` where there is one."""
    if how == "--resume":
        return [how]
    found = sorted(Path().rglob("last.ckpt"), key=lambda path: path.stat().st_mtime)
    return ["--ckpt_path", str(found[-1])] if found else []


def child(argv: list[str], kill: dict[str, Any], seconds: float) -> None:
    """Never returns."""
    from recast.cli import main

    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    if "after" in kill:
        timer = threading.Timer(kill["after"] * seconds, die)
        timer.daemon = True
        timer.start()
    elif kill:
        at_write(kill["write"], kill["moment"])
    os._exit(main(argv))


def run(job: dict[str, Any], seconds: float) -> list[int]:
    """The exit codes; in the job's folder."""
    Path(job["folder"]).mkdir()
    os.chdir(job["folder"])
    codes = []
    for i, kill in enumerate([*job["kills"], {}]):
        argv = [*job["argv"], *(resumed(job["resume"]) if i else [])]
        pid = os.fork()
        if pid == 0:
            child(argv, kill, seconds)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    return codes


if __name__ == "__main__":
    import recast.benchmark.comparison
    import recast.training.lightning_cli  # noqa: F401 - once, for all children

    jobs = json.loads(sys.argv[1])
    ended, took = {}, 0.0
    for job in jobs:
        begin = time.monotonic()
        ended[job["folder"]] = run(job, took)
        took = took if job["kills"] else time.monotonic() - begin
    sys.stdout.write(json.dumps(ended))
