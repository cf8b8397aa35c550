"""What commands import: a forecast or a fit must not wait for what it does not use."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from catalogs import load
from recast import fit_catalog

PROBE = """
import contextlib, io, json, sys
from recast.cli import main
with contextlib.redirect_stdout(io.StringIO()):
    code = main(json.loads(sys.argv[1]))
print(json.dumps([code, sorted(sys.modules)]))
"""

UNUSED = {"torch", "lightning", "matplotlib", "requests", "obspy", "distributed", "scipy.spatial"}


def modules(*words: str) -> set[str]:
    """What a process has imported that ran a command."""
    command = [sys.executable, "-c", PROBE, json.dumps(words)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    code, imported = json.loads(done.stdout)
    assert code == 0
    return set(imported)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fit_catalog(load("synthetic_socal")).write(tmp_path_factory.mktemp("model"))


def test_a_forecast_of_etas_imports_no_statistics_and_no_plots(model: Path, tmp_path: Path) -> None:
    options = ["--samples", "60", "--days", "1", "--no-plots", "--out", str(tmp_path)]
    command = ["forecast", "--catalog", "synthetic_socal", "--model", str(model), *options]
    assert not {*UNUSED, "scipy.stats", "scipy.optimize"} & modules(*command)


def test_a_fit_without_plots_imports_none(tmp_path: Path) -> None:
    command = ["etas", "fit", "--catalog", "synthetic_socal", "--no-plots", "--out", str(tmp_path)]
    assert not (UNUSED - {"scipy.spatial"}) & modules(*command)  # scipy.stats may need that
