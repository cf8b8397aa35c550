"""Records and results as a stranger may have written them, and what commands do with them."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import re
import shutil
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from catalogs.files import read_json
from catalogs.store import EMBEDDED
from recast import cli

NAMES = (
    "../../escaped",
    "../escaped",
    "..",
    ".",
    "",
    "a/b",
    "a\\b",
    "C:evil",
    "-x",
    "--help",
    "x" * 300,
    "a\nb",
    "a\x1b[2J",
    "a\x00b",
    "\u202egpj.exe",
    "\ud800",
    '"><script>alert(1)</script>',
    "a]]>",
    "javascript:alert(1)",
    "$\\frac$",
    "=1+1",
    "etas.json",
    "../../x.json",
    "shipped",
    "地震",
)
"""Texts that should not become paths, markup or formulas."""

ABSOLUTE = "ABSOLUTE"
"""Stands for a path outside of everything that a command may write to."""

NUMBERS = (
    0,
    1,
    -1,
    2,
    0.5,
    -0.5,
    0.9,
    3.7,
    12,
    1e308,
    -1e308,
    1e-320,
    5e-324,
    1e15,
    2**63,
    10**30,
    10**400,
)
TOO_LARGE = float("inf")
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"a": 1}, [None, 1], TOO_LARGE)

UNEXPECTED = re.compile(r"recast: \w*(Error|Exception|Warning|Interrupt)\b: |Traceback")
"""How `recast` reports what nobody thought of."""


def value(rng: np.random.Generator, absolute: str, old: Any = None) -> Any:
    """Anything that JSON can hold, mostly of the type that was there."""
    kind = rng.random()
    if rng.random() < 0.7 and isinstance(old, str | int | float) and not isinstance(old, bool):
        kind = 0.0 if isinstance(old, str) else 0.6
    if kind < 0.5:
        texts = (*NAMES, absolute)
        return texts[rng.integers(len(texts))]
    if kind < 0.8:
        return NUMBERS[rng.integers(len(NUMBERS))]
    return copy.deepcopy(OTHERS[rng.integers(len(OTHERS))])


def places(content: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a tree with every key or index of it."""
    if isinstance(content, dict | list):
        for key in list(content) if isinstance(content, dict) else range(len(content)):
            yield content, key
            yield from places(content[key])


def damaged(content: Any, rng: np.random.Generator, absolute: str) -> Any:
    """A copy with one value or name replaced, sometimes two, or one taken out."""
    content = copy.deepcopy(content)
    for _ in range(1 + int(rng.random() < 0.2)):
        found = list(places(content))
        # Long lists of numbers would be all that is ever changed
        fields = [place for place in found if isinstance(place[0], dict)]
        chosen = fields if fields and rng.random() < 0.8 else found
        if not chosen:
            return content
        holder, key = chosen[rng.integers(len(chosen))]
        kind = rng.random()
        if kind < 0.75:
            holder[key] = value(rng, absolute, holder[key])
        elif kind < 0.85:
            del holder[key]
        elif isinstance(holder, dict):
            name = value(rng, absolute)
            holder[name if isinstance(name, str) else str(name)[:50]] = holder.pop(key)
    return content


def write(path: Path, content: Any, rng: np.random.Generator) -> None:
    """As JSON; numbers that are too large as others may spell them."""
    text = json.dumps(content)
    if rng.random() < 0.7:
        text = text.replace("Infinity", "1e999")
    path.write_text(text, encoding="utf-8")


@dataclass
class Watch:
    """Notes what this process writes, removes or imports while it is on."""

    on: bool = False
    written: list[str] = field(default_factory=list)

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit hook."""
        if not self.on:
            return
        if event == "open" and (writing(args[1]) or flags(args[2])):
            self.note(args[0])
        if event in {"os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod"}:
            self.note(args[0])
        elif event in {"os.rename", "os.link", "os.symlink"}:
            self.note(args[0])
            self.note(args[1])

    def note(self, path: object) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            self.written.append(os.path.normpath(Path(os.fsdecode(path)).absolute()))

    def outside(self, folder: Path) -> list[str]:
        """What was written elsewhere; caches of compilers apart."""
        ours = f"{folder}{os.sep}"
        return [
            path
            for path in self.written
            if path != str(folder)
            and not path.startswith(ours)
            and "__pycache__" not in path
            and path != os.devnull
        ]


def writing(mode: object) -> bool:
    return isinstance(mode, str) and any(c in mode for c in "wax+")


def flags(found: object) -> bool:
    return isinstance(found, int) and bool(found & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


WATCH = Watch()
sys.addaudithook(WATCH)


def outcome(line: Sequence[str]) -> tuple[int, str, str]:
    """Exit code, and what was written to stdout and stderr; most warnings are errors."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    err = io.StringIO()
    WATCH.written.clear()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".* not known to this version")
        WATCH.on = True
        try:
            code = cli.main(line)
        finally:
            WATCH.on = False
    out.flush()
    return code, out.buffer.getvalue().decode(), err.getvalue()  # type: ignore[attr-defined]


RECORD = "data/ridgecrest_2019.json"
RUN = "run/ridgecrest_2019"

OF_RECORDS = (
    f"catalogs info {RECORD}",
    f"catalogs info {RECORD} --json",
    "catalogs list",
    f"catalogs check {RECORD}",
    *(
        f"catalogs export {RECORD} --format {form} --out out/x"
        for form in ("quakeml", "zmap", "csv")
    ),
    f"catalogs select {RECORD} --name part --end 2019-07-12 --out out",
    f"catalogs select {RECORD} --name part --area 35/36/-118/-117 --out out",
    f"benchmark --catalog {RECORD} --models poisson",
    f"benchmark --catalog {RECORD}@35/36/-118/-117 --models poisson --places",
    f"etas fit --catalog {RECORD} --no-plots",
    f"etas score --catalog {RECORD} --model {RUN}/etas.json",
    f"forecast --catalog {RECORD} --model {RUN}/poisson.json --samples 20 --days 1 --no-plots",
    f"forecast --catalog {RECORD} --model {RUN}/etas.json --samples 20 --days 1 --csep",
    f"simulate --catalog {RECORD} --model {RUN}/etas.json --days 1 --samples 2",
    f"residuals --catalog {RECORD} --model {RUN}/etas.json",
    "forecast --rolling 0.5 --windows 1 --run run --samples 20 --no-plots",
)
"""What is done with a catalog whose record a stranger wrote."""

OF_RESULTS = {
    "run/benchmark.json": (
        "leaderboard run --runs-only",
        "leaderboard run --runs-only --format csv",
        "leaderboard run --format latex",
        "report run --samples 40 --workers 1",
        "forecast --rolling 0.5 --windows 1 --run run --samples 20 --no-plots",
        f"benchmark --catalog {RECORD} --models poisson --resume --out run",
    ),
    "run/rolling.json": ("report run --samples 40 --workers 1",),
    "run/aftershocks.json": ("report run --samples 40 --workers 1",),
    "run/trimmed.json": ("report run --samples 40 --workers 1",),
    "exam/aftershocks.json": ("report exam",),
    f"{RUN}/etas.json": (
        f"forecast --catalog {RECORD} --model {RUN}/etas.json --samples 20 --days 1 --no-plots",
        f"simulate --catalog {RECORD} --model {RUN}/etas.json --days 1 --samples 2",
        f"residuals --catalog {RECORD} --model {RUN}/etas.json",
        f"etas score --catalog {RECORD} --model {RUN}/etas.json",
    ),
    f"{RUN}/poisson.json": (
        f"forecast --catalog {RECORD} --model {RUN}/poisson.json --samples 20 --days 1 --no-plots",
        f"residuals --catalog {RECORD} --model {RUN}/poisson.json",
        f"benchmark --catalog {RECORD} --models poisson {RUN}/poisson.json",
    ),
}
"""What is done with a result that a stranger wrote."""

QUANTILES = ("0.025", "0.25", "0.5", "0.75", "0.975")


def rolling() -> dict[str, Any]:
    """Two windows of one catalog, as rolling.json has them."""
    row = {
        "quantiles": {q: [float(n), n + 1.0] for n, q in enumerate(QUANTILES)},
        "pit": [0.1, 0.6],
        "crps": [1.0, 20.0],
        "log_score": [-2.5, -9.0],
        "information_gain": [0.5, -3.0],
        "coverage": {"50": 0.5, "95": 1.0},
    }
    days = ("2019-07-10", "2019-07-11", "2019-07-12")
    windows = [
        {"start": f"{days[i]}T00:00:00Z", "end": f"{days[i + 1]}T00:00:00Z", "observed": 3 + i}
        for i in range(2)
    ]
    found = {"windows": windows, "models": {"poisson": row, "etas": row}, "remarks": ["short"]}
    return {"window_days": 1.0, "catalogs": {"ridgecrest_2019": found}, "version": "0", "seed": 1}


def exam() -> dict[str, Any]:
    """One mainshock of one catalog, as aftershocks.json has it."""
    table = {
        "days": 1.0,
        "magnitude": 2.5,
        "expected": 5.0,
        "median": 4.0,
        "ci50": [2.0, 6.0],
        "ci95": [1.0, 12.0],
        "probability": 0.9,
        "observed": 7,
        "scores": {"pit": 0.7, "crps": 2.0, "log_score": -2.0},
    }
    made = [
        {"hours": hours, "at": f"2019-07-06T0{3 + hours}:00:00Z", "table": [table]}
        for hours in (1, 6)
    ]
    over = {"over": "etas", "mean": 0.1, "ci95": [-0.1, 0.3], "better": "more"}
    scores = {
        "days": 1.0,
        "magnitude": 2.5,
        "forecasts": 2,
        "inside_50": 0.5,
        "inside_95": 1.0,
        "log_ratio": -0.1,
        "absolute_log_ratio": 0.3,
        "crps": 2.0,
        "log_score": -2.0,
        "pit": [0.7, 0.7],
    }
    shock = {
        "time": "2019-07-06T03:19:53Z",
        "magnitude": 7.1,
        "first_day": 100,
        "forecasts": {"etas": made, "poisson": made},
        "leak": {"poisson": ["all"]},
    }
    found = {
        "sequences": [shock],
        "scores": {
            "etas": [scores],
            "poisson": [{**scores, "differences": {"log_score": over, "crps": over}}],
        },
        "left_out": [{"time": "2019-07-07T00:00:00Z", "magnitude": 5.0, "reason": "too few"}],
        "remarks": ["short"],
    }
    return {
        "magnitude": 5.0,
        "hours": [1.0, 6.0],
        "days": [1.0],
        "refitted": False,
        "catalogs": {"ridgecrest_2019": found},
        "environment": {"code": "x"},
    }


def sizes() -> dict[str, Any]:
    """Scores by number of training events, as trimmed.json has them."""
    rows = [{"n_train": n, "models": {"poisson": 0.1, "etas": 0.2}} for n in (100, 250)]
    return {"catalogs": {"ridgecrest_2019": rows}, "version": "0"}


def make(folder: Path) -> None:
    """A catalog, and the results of a benchmark of it, all in order."""
    (folder / "data").mkdir(parents=True)
    for path in EMBEDDED.glob("ridgecrest_2019.*"):
        shutil.copy(path, folder / "data")
    with contextlib.chdir(folder):
        line = f"benchmark --catalog {RECORD} --models poisson etas --out run"
        assert outcome(line.split())[0] == 0
        result = read_json(Path("run/benchmark.json"))
        result["catalogs"]["ridgecrest_2019"]["source"] = RECORD  # of every copy its own
        Path("run/benchmark.json").write_text(json.dumps(result))
        for name, content in (
            ("rolling", rolling()),
            ("aftershocks", exam()),
            ("trimmed", sizes()),
        ):
            Path(f"run/{name}.json").write_text(json.dumps(content))
        Path("exam").mkdir()
        shutil.copy("run/aftershocks.json", "exam")


@dataclass(frozen=True)
class Case:
    """A file that was changed, and a command that reads it."""

    path: str
    line: list[str]


def copy_of(whole: Path, here: Path) -> None:
    """All files again, in place of what was left of the last copy."""
    shutil.rmtree(here, ignore_errors=True)
    shutil.copytree(whole, here)


def prepared(whole: Path, here: Path, rng: np.random.Generator, absolute: str) -> Case:
    """A copy of all files with one of them changed."""
    copy_of(whole, here)
    if rng.random() < 0.5:
        path, lines = RECORD, OF_RECORDS
    else:
        names = list(OF_RESULTS)
        # Most have the scores of models, which are read by most
        path = "run/benchmark.json" if rng.random() < 0.4 else names[rng.integers(len(names))]
        lines = OF_RESULTS[path]
    content = damaged(read_json(here / path), rng, absolute)
    write(here / path, content, rng)
    return Case(path, lines[rng.integers(len(lines))].split())
