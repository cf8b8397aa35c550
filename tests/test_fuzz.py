"""Whatever is typed or written in a YAML file: a result or one line, never a traceback."""

import re
import sys
from pathlib import Path

import fuzzing
import pytest

UNEXPECTED = re.compile(r"recast: \w*(Error|Exception|Warning|Interrupt)\b: |Traceback")
"""How `recast` reports what nobody thought of."""


@pytest.mark.parametrize(
    ("n", "n_lightning"), [(300, 30), pytest.param(9300, 700, marks=pytest.mark.slow)]
)
def test_no_input_is_answered_by_a_traceback(
    n: int, n_lightning: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECAST_TRACEBACK", "1")
    fuzzing.stop_before_work(monkeypatch)
    failed, codes = [], []
    for line in fuzzing.lines(n, n_lightning):
        code, shown = fuzzing.outcome(line)
        codes.append(code)
        said = shown.strip().splitlines()
        if code not in {0, 1, 2} or (code and not said) or UNEXPECTED.search(shown):
            config = Path("fuzz.yaml").read_bytes() if "fuzz.yaml" in line else b""
            failed.append(f"{line} {config!r}\n  -> {code} {said[-1:]}")
            sys.stderr.write(failed[-1] + "\n")  # shown by `pytest -s` as it goes
    assert not failed, f"{len(failed)} failed\n" + "\n".join(failed[:20])
    # Neither are all refused by the parser nor all understood: else nothing would be tested
    assert 0.02 < codes.count(0) / len(codes) < 0.9
