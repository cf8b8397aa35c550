"""One thread is one thread: of this project's own, and of the libraries that it computes with."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalogs import cores

PACKAGES = [Path(__file__).parent.parent / name for name in ("catalogs", "etas", "recast")]

PROBE = """
import json, os, sys, time
from recast.cli import main
import numba, torch
begin, used = time.perf_counter(), time.process_time()
code = main(json.loads(sys.argv[1]))
share = (time.process_time() - used) / (time.perf_counter() - begin)
sys.stdout = sys.__stdout__
print("\\n" + json.dumps([code, share, torch.get_num_threads(), numba.get_num_threads()]))
"""

MODEL = {"mu": 0.5, "k": 0.02, "alpha": 0.6, "c": 0.01, "p": 1.1}
LAW = {"completeness": 2.5, "b": 1.0, "maximum": 7.5}


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({}, 8),
        ({"OMP_NUM_THREADS": "1"}, 1),
        ({"NUMBA_NUM_THREADS": "1"}, 1),
        ({"OMP_NUM_THREADS": "3", "NUMBA_NUM_THREADS": "2"}, 2),
        ({"OMP_NUM_THREADS": "99"}, 8),
        ({"OMP_NUM_THREADS": "0", "NUMBA_NUM_THREADS": "4,2"}, 1),
        ({"OMP_NUM_THREADS": ""}, 8),
    ],
)
def test_no_more_threads_than_allowed(
    limits: dict[str, str], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cores, "cores", lambda: 8)
    for name in cores.LIMITS:
        monkeypatch.delenv(name, raising=False)
    for name, value in limits.items():
        monkeypatch.setenv(name, value)
    assert cores.threads() == expected


def test_no_more_threads_than_a_command_was_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "cores", lambda: 8)
    for name in cores.LIMITS:
        monkeypatch.delenv(name, raising=False)
    with cores.at_most(3):
        assert cores.threads() == 3
        with cores.at_most(None):
            assert cores.threads() == 3
        with cores.at_most(1):
            assert cores.threads() == 1
    assert cores.threads() == 8


def test_results_are_in_order_on_as_many_threads_as_asked_for() -> None:
    at_once, most = set(), []

    def slow_first(i: int, j: int) -> int:
        at_once.add(i)
        most.append(len(at_once))
        time.sleep(0.02 / (i + 1))
        at_once.discard(i)
        return 10 * i + j

    for workers in (1, 3):
        most.clear()
        assert cores.in_order(slow_first, range(6), range(6), workers=workers) == [
            11 * i for i in range(6)
        ]
        assert max(most) == workers


def test_no_more_cores_than_a_scheduler_gives() -> None:
    assert cores.cores() == len(os.sched_getaffinity(0))


def test_where_no_scheduler_can_limit_it_all_cores_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert cores.cores() == 6
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores.cores() == 1


def test_nobody_else_counts_cores() -> None:
    counting = [
        path.name
        for package in PACKAGES
        for path in package.rglob("*.py")
        if "cpu_count" in path.read_text(encoding="utf-8")
    ]
    assert sorted(counting) == ["cores.py", "environment.py"]  # the latter says what a machine has


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "limited"),
    [
        (["etas", "fit", "--catalog", "synthetic_socal", "--fit-to", "train"], True),
        (
            ["simulate", "--model", "etas.json", "--days=200", "--samples=3000", "--threads=1"],
            False,
        ),
        (["fit", "--data.steps_per_epoch=10", "--trainer.max_epochs=2"], True),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_command_keeps_one_core_busy(command: list[str], limited: bool, tmp_path: Path) -> None:
    """Seconds of computing over seconds that passed; on a busy machine it is less than one."""
    (tmp_path / "etas.json").write_text(json.dumps({**MODEL, "magnitude_law": LAW}))
    limits = {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"} if limited else {}
    unset = {k: v for k, v in os.environ.items() if k not in cores.LIMITS}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(command)],
        cwd=tmp_path,
        env={**unset, **limits},
        capture_output=True,
        text=True,
        check=True,
    )
    code, share, torch_threads, numba_threads = json.loads(done.stdout.splitlines()[-1])
    assert code == 0, done.stderr
    assert share < 1.15
    assert not limited or torch_threads == numba_threads == 1
