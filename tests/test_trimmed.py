"""Benchmarks on fewer training events."""

import math
from pathlib import Path

import pytest

from catalogs import load
from catalogs.files import read_json
from recast.cli import main

COMMAND = ["benchmark", "--catalog", "ridgecrest_2019", "--models", "poisson", "etas"]


def test_sizes_are_scored_on_the_same_test_window(tmp_path: Path) -> None:
    sizes = ["--trimmed", "100", "60", "100000", "--out", str(tmp_path)]
    assert main([*COMMAND, *sizes]) == 0
    rows = read_json(tmp_path / "trimmed.json")["catalogs"]["ridgecrest_2019"]
    assert [row["n_train"] for row in rows] == [60, 100]
    whole = load("ridgecrest_2019")
    for row in rows:
        assert set(row["models"]) == {"poisson", "etas"}
        # The rate of the last n training events before the last n / 3, on the same test events
        n = row["n_train"]
        split = whole.split()
        before = split.test.times[: split.test.first_scored]
        edge = len(before) - n // 3
        first, last = edge - n, edge
        days = 0.5 * (before[last - 1] + before[last] - before[first - 1] - before[first])
        rate = n / days
        score = split.test.n_scored, split.test.scored_days
        by_hand = (score[0] * math.log(rate) - rate * score[1]) / score[0]
        assert row["models"]["poisson"] == pytest.approx(by_hand, rel=1e-6)


def test_too_few_events_are_refused_before_any_fit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main([*COMMAND, "--trimmed", "10", "--out", str(out)]) == 2
    assert "10 training events are too few: give 50 or more" in capsys.readouterr().err
    assert not out.exists()
