"""What a stranger's file says: used, or refused in one line, and nothing is written elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

import hostile
import numpy as np
import pytest


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog, a benchmark of it, and the results of other commands."""
    folder = tmp_path_factory.mktemp("whole") / "files"
    hostile.make(folder)
    return folder


def flat(*_: object) -> bytes:
    """In place of a picture: to draw it takes longest."""
    return b'<svg viewBox="0 0 1 1"></svg>'


@pytest.mark.parametrize("n", [120, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_file_makes_a_command_write_elsewhere_or_fail(
    n: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "deep" / "below" / "here"
    absolute = str(tmp_path / "absolute")
    monkeypatch.setenv("RECAST_TRACEBACK", "1")
    monkeypatch.setattr("recast.report.section.render", flat)
    monkeypatch.setattr("recast.plots.style.render", flat)
    failed, codes = [], []
    modules = set(sys.modules)
    for i in range(n):
        rng = np.random.default_rng([i, n])
        case = hostile.prepared(whole, here, rng, absolute)
        monkeypatch.setenv("RECAST_DATA", str(here / "data"))
        monkeypatch.chdir(here)
        code, out, err = hostile.outcome(case.line)
        monkeypatch.chdir(tmp_path)
        codes.append(code)
        elsewhere = hostile.WATCH.outside(here)
        said = err.strip().splitlines()
        if (
            elsewhere
            or code not in {0, 1, 2}
            or (code and not said)
            or hostile.UNEXPECTED.search(err)
            or "\x1b" in out + err
        ):
            failed.append(f"{i} {case.path} {case.line}\n  -> {code} {elsewhere} {said[-3:]}")
            sys.stderr.write(failed[-1] + "\n")  # shown by `pytest -s` as it goes
    assert not failed, f"{len(failed)} of {n} failed\n" + "\n".join(failed[:20])
    assert not [name for name in set(sys.modules) - modules if "evil" in name]
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    # Neither is everything refused nor everything taken: else nothing would be tested
    assert 0.1 < codes.count(0) / n < 0.9
