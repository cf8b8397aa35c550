"""Benchmarks with two workers that are killed at random moments, each going on where it was left.

``python interrupting.py FOLDER KILLS SEED`` lets a benchmark run to its end, and then others that
are killed by SIGTERM, SIGKILL and Ctrl-C in turn, until so many died at work, and resumed. Prints a
``Report`` as JSON. Runs are forked, so that torch is imported once for all but their workers.
"""

import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from catalogs.processes import end_with_parent
from recast.models import neural_kinds

if __name__ in {"__main__", "__mp_main__"}:  # the latter is what workers call it
    neural_kinds.QUICK_EPOCHS = 2

BENCHMARK = ["benchmark", "--catalog=ridgecrest_2019", "--models", "poisson", "recast-native"]
BENCHMARK += ["--quick", "--seeds=2", "--workers=2", "--out=run"]
BENCHMARK += ["--rolling=0.5", "--windows=2", "--samples=50"]

SIGNALS = (signal.SIGTERM, signal.SIGKILL, signal.SIGINT)
CODES = {signal.SIGTERM: 143, signal.SIGKILL: -9, signal.SIGINT: 130}
LINES = {signal.SIGTERM: "recast: terminated; ", signal.SIGINT: "recast: interrupted; "}

ORPHANED = "EOFError: Ran out of input"
"""What Python says in a worker that was starting when its parent was gone. Nobody is left then who
could keep it from saying so: 1 of 70 that are killed by SIGKILL."""

KILLS_A_RUN = 8
SECONDS = 10.0
"""In which all processes of a run have ended."""


@dataclass
class Report:
    """What happened."""

    whole_seconds: float = 0.0
    """Of computing."""

    kills: Counter[str] = field(default_factory=Counter)
    """At work, by signal."""

    phases: Counter[str] = field(default_factory=Counter)
    """At work, by what the run was doing."""

    too_late: int = 0
    slowest_end: float = 0.0
    """Seconds from the signal until no process was left."""

    runs: int = 0
    """Killed ones that were then resumed to the end."""

    faults: list[str] = field(default_factory=list)

    def add_fault(self, fault: str) -> None:
        """Keep it, and say so at once."""
        self.faults.append(fault)
        sys.stderr.write(f"FAULT {fault}\n")


def living(session: int) -> list[int]:
    """Processes of a session, without those that are dead and not waited for."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = entry.read_text().rpartition(")")[2].split()[:4]
        except (OSError, ValueError):  # has ended meanwhile
            continue
        if int(its_session) == session and state not in "ZX":
            found.append(int(entry.parent.name))
    return found


def computed(session: int) -> float:
    """Seconds that the living processes of a session have computed, with their ended children."""
    ticks = 0
    for pid in living(session):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def wait_until(true: Callable[[], Any], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def hears(pid: int) -> bool:
    """Whether a process has a handler of SIGTERM, or has ended."""
    try:
        caught = Path(f"/proc/{pid}/status").read_text().partition("SigCgt:")[2].split()[0]
    except (OSError, IndexError):
        return True
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


def start(folder: Path, argv: list[str]) -> int:
    """Fork a run, a session of its own that writes to the files "out" and "err"."""
    pid = os.fork()
    if pid:
        wait_until(lambda: hears(pid), SECONDS)
        return pid
    os.setsid()
    end_with_parent()  # a harness that is killed leaves no runs
    os.chdir(folder)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where this is in background
    from recast.cli import main

    sys.argv = ["recast", *argv]
    os._exit(main())


def phase(folder: Path, since: float) -> str:
    """What a run that began at ``since`` is doing, by what it has said and written."""
    err, record = (folder / "err").read_text(), folder / "run" / "benchmark.json"
    if "recast-native, seed" in err:
        is_scored = record.is_file() and record.stat().st_mtime > since
        return "rolling forecasts and plots" if is_scored else "training and scoring"
    return "starting workers" if "fitting poisson" in err else "starting"


def killed(folder: Path, argv: list[str], how: signal.Signals, after: float, said: Report) -> bool:
    """Start a run and kill it when it has computed so long; False if it had ended before.

    Seconds of computing don't depend on what else the machine does.
    """
    since = time.time()
    pid = start(folder, argv)
    looking = os.WEXITED | os.WNOHANG | os.WNOWAIT
    ended = False
    while not ended and computed(pid) < after:
        ended = wait_until(lambda: os.waitid(os.P_PID, pid, looking), 0.05)
    doing = "" if ended else phase(folder, since)
    begin = time.monotonic()
    if not ended:
        # A terminal sends Ctrl-C to all processes of a command
        (os.killpg if how == signal.SIGINT else os.kill)(pid, how)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if not wait_until(lambda: not living(pid), SECONDS):
        said.add_fault(f"{folder.name}: {len(living(pid))} processes left after {how.name}")
    said.slowest_end = max(said.slowest_end, time.monotonic() - begin)
    err = Path(folder, "err").read_text()
    orphaned = how == signal.SIGKILL and ORPHANED in err
    if ("Traceback" in err and not orphaned) or "leaked" in err:
        said.add_fault(f"{folder.name}: {how.name} ({doing}): {err}")
    if code == 0:
        said.too_late += 1
        return False
    if code != CODES[how] or LINES.get(how, "") not in err:
        said.add_fault(f"{folder.name}: {code} after {how.name} ({doing}): {err}")
    said.kills[how.name] += 1
    said.phases[doing] += 1
    n = sum(said.kills.values())
    sys.stderr.write(f"{n} {folder.name} {how.name} after {after:.1f} s: {doing}\n")
    return True


def scores(folder: Path) -> Any:
    """All numbers of a benchmark but the seconds it took."""

    def timeless(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: timeless(value) for key, value in part.items() if key != "fit_seconds"}
        return [timeless(value) for value in part] if isinstance(part, list) else part

    records = (folder / "run" / name for name in ("benchmark.json", "rolling.json"))
    return [timeless(json.loads(path.read_text())["catalogs"]) for path in records]


def finished(folder: Path, argv: list[str]) -> str:
    """Let a run end; what it complained of, if it failed."""
    code = os.waitstatus_to_exitcode(os.waitpid(start(folder, argv), 0)[1])
    said = Path(folder, "err").read_text()
    return "" if code == 0 else f"{folder.name}: {code} at the end: {said}"


def interrupt(folder: Path, kills: int, seed: int) -> Report:
    """Kill and resume runs until so many were killed at work."""
    said, random = Report(), np.random.default_rng(seed)
    for whole in (folder / "compiled", folder / "whole"):  # the first one takes longer
        whole.mkdir()
        begin = sum(os.times()[2:4])
        failed = finished(whole, BENCHMARK)
        said.whole_seconds = sum(os.times()[2:4]) - begin
        if failed:
            raise RuntimeError(failed)
    expected = scores(whole)
    while sum(said.kills.values()) < kills:
        run = folder / f"run{said.runs}"
        run.mkdir()
        resume: list[str] = []
        for _ in range(KILLS_A_RUN):
            how = SIGNALS[sum(said.kills.values()) % len(SIGNALS)]
            after = random.uniform(0.0, said.whole_seconds)
            if not killed(run, [*BENCHMARK, *resume], how, after, said):
                failed = ""
                break
            resume = ["--resume"]
        else:
            failed = finished(run, [*BENCHMARK, *resume])
        said.runs += 1
        if failed:
            said.add_fault(failed)
        elif scores(run) != expected:
            said.add_fault(f"{run.name}: other scores")
    return said


if __name__ == "__main__":
    import recast.benchmark.comparison
    import recast.training.lightning_cli  # noqa: F401 - once, for all runs

    report = interrupt(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
    sys.stdout.write(json.dumps(vars(report)))
