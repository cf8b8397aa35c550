"""What the README tells a user to type does what it says."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest

from catalogs import load
from recast.cli import main

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

FAST = {
    "benchmark": ["--models", "poisson", "etas"],
    "fit": ["--trainer.max_epochs", "1", "--data.steps_per_epoch", "1"],
    "forecast": ["--samples", "200", "--no-plots"],
    "report": ["--samples", "40"],
}
"""Options that make a command of the README quick without changing what it does."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    """The `recast` commands, in order."""
    lines = [line for block in blocks("bash") for line in block.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("recast ")]


def test_every_command_runs_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "experiments").symlink_to(ROOT / "experiments")
    table = load("ridgecrest_2019").events
    table[["time", "latitude", "longitude", "magnitude"]].to_csv("events.csv", index=False)
    assert len(commands()) >= 12
    for command in commands():
        if command[0] == "live":  # a service: minutes, a network, and no end (`test_live_cli.py`)
            continue
        if command == ["benchmark"]:  # its second catalog takes half a minute
            command += ["--catalog", "ridgecrest_2019"]
        if "PATH" in command:
            path = next((tmp_path / "runs").rglob("best.ckpt"))
            command[command.index("PATH")] = str(path)
        assert main([*command, *FAST.get(command[0], [])]) == 0, command


def test_the_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = blocks("python")
    assert len([line for line in block.splitlines() if line]) == 6
    exec(block, {})
    gain, *table = capsys.readouterr().out.splitlines()
    assert np.isfinite(float(gain))
    assert "ridgecrest_2019, forecast at" in table[0]


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^    make (\S+)", README, re.MULTILINE)
    assert {"benchmark", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_files_that_are_linked_to_exist() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert "CONTRIBUTING.md" in links
    for link in links:
        assert (ROOT / link).exists(), link


def test_scores_of_the_experiments_are_those_of_the_readme() -> None:
    experiments = (ROOT / "experiments" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (\w+) \| ([\d.]+) \| ([\d.]*) ?\| ([\d.]+) \| (.+) \|$", README, re.MULTILINE
    )
    assert len(rows) == 8
    for name, etas, published, ours, gain in rows:
        lines = [x for x in experiments.splitlines() if x.startswith(f"| {name} |")]
        for value in (etas, published, ours, gain):
            assert any(value in line for line in lines), (name, value)
