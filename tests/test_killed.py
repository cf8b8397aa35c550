"""Training and benchmarks that are killed at any moment end as if they had not been."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from interrupting import scores

from catalogs.files import read_json
from recast.pretrained.checkpoints import read_checkpoint

KILLING = Path(__file__).with_name("killing.py")
INTERRUPTING = KILLING.with_name("interrupting.py")
DEAD = -9

FIT = [
    "fit",
    "--data.catalog=ridgecrest_2019",
    "--data.window=64",
    "--data.burn_in=16",
    "--data.steps_per_epoch=3",
    "--trainer.max_epochs=4",
    "--trainer.accelerator=cpu",
]
BENCHMARK = ["benchmark", "--catalog=ridgecrest_2019", "--models", "poisson", "etas", "recast"]
BENCHMARK += ["--quick", "--workers=1", "--rolling=0.5", "--windows=2", "--samples=50", "--out=run"]

Kill = dict[str, Any]
Job = dict[str, Any]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def jobs(folder: Path, argv: list[str], resume: str, several: list[list[Kill]]) -> list[Job]:
    """The command run whole in folder "0" of ``folder``, and with lists of kills in "1", "2" ..."""
    folder.mkdir(exist_ok=True)
    return [
        {"folder": str(folder / str(i)), "argv": argv, "resume": resume, "kills": kills}
        for i, kills in enumerate([[], *several])
    ]


def exit_codes(asked: list[Job]) -> list[list[int]]:
    """Of the commands of each job, except those that were run whole."""
    done = subprocess.run(
        [sys.executable, str(KILLING), json.dumps(asked)],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    codes: dict[str, list[int]] = json.loads(done.stdout)
    assert all(codes[job["folder"]] == [0] for job in asked if not job["kills"]), done.stderr
    return [codes[job["folder"]] for job in asked if job["kills"]]


def trained(folder: Path) -> dict[str, torch.Tensor]:
    """Weights of the best and of the last epoch of a training."""
    last = max(folder.rglob("last.ckpt"), key=lambda path: path.stat().st_mtime)
    return {
        f"{name}/{key}": value
        for name in ("best", "last")
        for key, value in read_checkpoint(last.with_stem(name))["state_dict"].items()
    }


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_what_is_killed_while_it_writes_ends_the_same(tmp_path: Path) -> None:
    fit, benchmark = tmp_path / "fit", tmp_path / "benchmark"
    # The fourth file is the last.ckpt of the second epoch
    kills = [{"write": 4, "moment": "half"}, {"write": 1, "moment": "after"}]
    asked = jobs(fit, FIT, "last", [kills])
    kills = [{"write": 3, "moment": "half"}, {"write": 5, "moment": "before"}]
    asked += jobs(benchmark, BENCHMARK, "--resume", [kills])
    assert exit_codes(asked) == [[DEAD, DEAD, 0]] * 2
    assert same(trained(fit / "0"), trained(fit / "1"))
    assert scores(benchmark / "0") == scores(benchmark / "1")


@pytest.mark.slow
def test_killed_at_each_file(tmp_path: Path) -> None:
    places = [(n, moment) for n in range(1, 10) for moment in ("half", "before", "after")]
    several: list[list[Kill]] = [[{"write": n, "moment": moment}] for n, moment in places]
    ended = exit_codes(jobs(tmp_path, FIT, "last", several))
    whole = trained(tmp_path / "0")
    for i, (codes, place) in enumerate(zip(ended, places, strict=True), start=1):
        assert codes[-1] == 0
        assert same(whole, trained(tmp_path / str(i))), place
    assert sum(codes[0] == DEAD for codes in ended) >= 20


@pytest.mark.slow
def test_killed_at_random_moments(tmp_path: Path) -> None:
    moments = np.random.default_rng(0).uniform(0.0, 1.0, (25, 4)).tolist()
    several: list[list[Kill]] = [[{"after": t} for t in row] for row in moments]
    first = jobs(tmp_path / "first", FIT, "last", [])  # compiles, so that the next one is timed
    ended = exit_codes(first + jobs(tmp_path, FIT, "last", several))
    whole = trained(tmp_path / "0")
    for i, (codes, row) in enumerate(zip(ended, moments, strict=True), start=1):
        assert set(codes) <= {DEAD, 0}
        assert same(whole, trained(tmp_path / str(i))), row
    assert sum(codes.count(DEAD) for codes in ended) >= 40


@pytest.mark.slow
def test_a_benchmark_killed_at_random_moments(tmp_path: Path) -> None:
    moments = np.random.default_rng(1).uniform(0.0, 1.0, (10, 3)).tolist()
    several: list[list[Kill]] = [[{"after": t} for t in row] for row in moments]
    first = jobs(tmp_path / "first", BENCHMARK, "--resume", [])
    ended = exit_codes(first + jobs(tmp_path, BENCHMARK, "--resume", several))
    whole = scores(tmp_path / "0")
    for i, (codes, row) in enumerate(zip(ended, moments, strict=True), start=1):
        assert set(codes) <= {DEAD, 0}
        assert scores(tmp_path / str(i)) == whole, row
    assert sum(codes.count(DEAD) for codes in ended) >= 15


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("kills", [3, pytest.param(200, marks=pytest.mark.slow)])
def test_benchmarks_with_workers_leave_no_process_and_change_no_score(
    kills: int, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, str(INTERRUPTING), str(tmp_path), str(kills), "0"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert report["faults"] == []
    assert sum(report["kills"].values()) >= kills
    assert min(report["kills"].values()) >= kills // 3 - kills // 20
    assert report["slowest_end"] < 10.0


PRETRAIN = ["pretrain", "--catalog", "ridgecrest_2019", "ridgecrest_2019@35.6/36/-117.7/-117.4"]
PRETRAIN += ["--epochs=4", "--steps-per-epoch=3", "--trainer", "accelerator=cpu", "--out=run"]


def test_pretraining_that_is_killed_ends_with_the_same_weights(tmp_path: Path) -> None:
    # The first file is the recipe; the sixth, of the second epoch, stays half written
    kills = [{"write": 6, "moment": "half"}, {"write": 5, "moment": "before"}]
    asked = jobs(tmp_path / "pretrain", PRETRAIN, "--resume", [kills])
    assert exit_codes(asked) == [[DEAD, DEAD, 0]]
    whole, killed = (Path(job["folder"], "run") for job in asked)
    assert same(*(read_checkpoint(run / "net.ckpt")["state_dict"] for run in (whole, killed)))
    regions = [read_json(run / "pretraining.json")["regions"] for run in (whole, killed)]
    assert regions[0] == regions[1]
