"""A damaged file is refused in one line that names it, or read as something valid."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from damage import damaged, rewritten

from catalogs import Catalog, CatalogInfo, InputError, SplitDates, load, save
from catalogs.files import read_yaml
from catalogs.store import EMBEDDED
from recast.benchmark.folder import load_catalog, load_fitted, open_run
from recast.cli import main
from recast.evaluation.diagnosis import load_diagnoses
from recast.forecast.chunks import open_folder, read_chunks
from recast.models.saved import load_model
from recast.plots.forecasts import rolling_forecasts
from recast.pretrained import read_net, seen
from recast.report.summary import gains_table, rolling_table, table
from recast.training.data import CatalogData
from recast.training.trainer import train

RIDGECREST = "ridgecrest_2019"
Read = Callable[[], Any]


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small benchmark with everything that can lie in its folder."""
    folder = tmp_path_factory.mktemp("run")
    command = ["benchmark", "--catalog", RIDGECREST, "--models", "poisson", "etas", "recast-native"]
    command += ["--quick", "--rolling", "0.25", "--windows", "6", "--samples", "40"]
    assert main([*command, "--trimmed", "60", "--out", str(folder)]) == 0
    return folder


def refused(path: Path, versions: Iterator[bytes], read: Read, *names: str) -> int:
    """How many versions of a file are refused, in one line that has its name or another one.

    All others must be readable; any other exception than InputError is a failure.
    """
    whole, lines = path.read_bytes(), []
    try:
        for version in versions:
            path.write_bytes(version)
            try:
                read()
            except InputError as error:
                lines.append(str(error))
    finally:
        path.write_bytes(whole)
    for line in lines:
        assert any(name in line for name in (path.name, *names)), line
        assert "\n" not in line
    return len(lines)


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_checkpoints(run_folder: Path) -> None:
    path = run_folder / RIDGECREST / "recast-native" / "seed0" / "best.ckpt"
    weights = read_net(path).state_dict()

    def read() -> None:
        seen(path)
        again = read_net(path).state_dict()
        assert all((again[key] == value).all() for key, value in weights.items())

    content = path.read_bytes()
    # Of a zip archive a few hundred bytes are padding: what is read is never other weights
    assert refused(path, damaged(content, rng(), 120), read) > 100


def test_training_goes_on_from_no_damaged_checkpoint(run_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "seed0"
    shutil.copytree(run_folder / RIDGECREST / "recast-native" / "seed0", folder)
    path = folder / "last.ckpt"
    data = CatalogData(RIDGECREST, steps_per_epoch=1)

    def read() -> None:
        train(data, folder, seed=0, max_epochs=1, resume=True)

    (folder / "trained.json").unlink()
    versions = iter([b"", path.read_bytes()[:-100], b"PK\x03\x04", path.read_bytes()[100:]])
    assert refused(path, versions, read) == 4


@pytest.mark.parametrize("name", ["etas.json", "poisson.json"])
def test_fits(name: str, run_folder: Path) -> None:
    path, catalog = run_folder / RIDGECREST / name, load(RIDGECREST)
    run = open_run(run_folder)

    def read() -> None:
        model = load_model(path).on(catalog).process
        model.log_likelihood(catalog.split().test)
        load_fitted(run, catalog, path.stem)

    content = path.read_bytes()
    assert refused(path, damaged(content, rng(), 100), read) > 50
    assert refused(path, rewritten(content, rng(), 150), read) > 10


def plain(folder: Path) -> Path:
    """A stored catalog in plain days."""
    splits = SplitDates(0.0, 60.0, 80.0, 100.0)
    info = CatalogInfo("plain", 0.0, 100.0, splits, 2.0, time_unit="days since start")
    table = pd.DataFrame({"time": np.arange(0.5, 100.0), "magnitude": 3.0})
    return save(Catalog(table, info), folder)


def dated(folder: Path) -> Path:
    """A stored catalog with a calendar."""
    return save(load(EMBEDDED / f"{RIDGECREST}.json"), folder)


# Damage within the name of a field that may be absent makes it another one
@pytest.mark.filterwarnings("ignore:.* not known to this version")
@pytest.mark.parametrize("make", [plain, dated])
def test_stored_catalogs(make: Callable[[Path], Path], tmp_path: Path) -> None:
    record = make(tmp_path)
    (events,) = (path for path in tmp_path.glob("[!.]*") if path != record)

    def read() -> None:
        load(record).split()

    content = events.read_bytes()
    changed = (version for version in damaged(content, rng(), 100) if version != content)
    assert refused(events, changed, read) >= 95
    content = record.read_bytes()
    both = (events.name, "catalog '")
    assert refused(record, damaged(content, rng(), 100), read, *both) > 30
    assert refused(record, rewritten(content, rng(), 150), read, *both) > 40


def test_records_of_benchmarks(run_folder: Path) -> None:
    path = run_folder / "benchmark.json"

    def read() -> None:
        run = open_run(run_folder)
        gains_table(run)
        for name in run.catalogs:
            table(run.models(name))
            load_catalog(run, name)

    content = path.read_bytes()
    assert refused(path, damaged(content, rng(), 100), read, "no catalog") > 40
    assert refused(path, rewritten(content, rng(), 150), read, "no catalog") > 30


def test_records_of_rolling_forecasts(run_folder: Path) -> None:
    path = run_folder / "rolling.json"
    run = open_run(run_folder)

    def read() -> None:
        result = run.rolling
        assert result is not None
        for name, catalog in result.catalogs.items():
            rolling_table(catalog)
            if plots and len(catalog.models) < 9:
                rolling_forecasts(name, catalog, result.window_days)

    content, plots = path.read_bytes(), False
    assert refused(path, damaged(content, rng(), 100), read) > 40
    plots = True
    assert refused(path, rewritten(content, rng(), 30), read) > 5


def test_parts_of_forecasts_and_diagnoses(run_folder: Path) -> None:
    folder = run_folder / "rolling" / RIDGECREST / "etas"
    path, before = folder / "chunk_000000.npz", read_chunks(folder, 2)

    def read() -> None:
        for name, values in read_chunks(folder, 2).items():
            np.testing.assert_array_equal(values, before[name])

    assert refused(path, damaged(path.read_bytes(), rng(), 100), read) > 80
    plan = folder / "plan.json"
    asked = json.loads(plan.read_text())
    content = plan.read_bytes()
    resume = lambda: open_folder(folder, asked, 2, resume=True)  # noqa: E731 - of a loop
    assert refused(plan, damaged(content, rng(), 60), resume, str(folder)) > 40
    assert refused(plan, rewritten(content, rng(), 60), resume, str(folder)) > 40
    path = run_folder / RIDGECREST / "diagnosis.npz"
    assert refused(path, damaged(path.read_bytes(), rng(), 60), lambda: load_diagnoses(path)) > 40


def test_a_training_that_ended_says_so_in_a_whole_file(run_folder: Path) -> None:
    folder = run_folder / RIDGECREST / "recast-native" / "seed0"
    path = folder / "trained.json"
    data = CatalogData(RIDGECREST, steps_per_epoch=1)

    def read() -> None:
        train(data, folder, seed=0, max_epochs=1, resume=True)

    texts = (b"", b"{", b"[1]", b'{"max_epochs": 1}', b'{"max_epochs": 1, "checkpoint": 3}')
    assert refused(path, iter(texts), read) == 5


def test_configurations(tmp_path: Path) -> None:
    path = tmp_path / "options.yaml"
    path.write_text("catalog: [ridgecrest_2019]\nrolling: 0.5\nquick: true\n")
    assert refused(path, damaged(path.read_bytes(), rng(), 150), lambda: read_yaml(path)) > 20


COMMANDS = {
    "ckpt": [
        ["test", "--ckpt_path"],
        ["validate", "--ckpt_path"],
        ["predict", "--ckpt_path"],
        ["fit", "--ckpt_path"],
        ["fit", "--model.pretrained"],
        ["simulate", "--catalog", RIDGECREST, "--days", "1", "--model"],
        ["forecast", "--catalog", RIDGECREST, "--days", "1", "--model"],
        ["residuals", "--catalog", RIDGECREST, "--model"],
        ["benchmark", "--models", "recast-few-shot", "--catalog", RIDGECREST, "--pretrained"],
    ],
    "json": [
        ["simulate", "--catalog", RIDGECREST, "--days", "1", "--model"],
        ["forecast", "--catalog", RIDGECREST, "--days", "1", "--model"],
        ["residuals", "--catalog", RIDGECREST, "--model"],
        ["etas", "score", "--catalog", RIDGECREST, "--model"],
        ["fit", "--data.etas_file"],
        ["catalogs", "info"],
        ["catalogs", "check"],
        ["benchmark", "--catalog"],
        ["fit", "--data.catalog"],
    ],
    "parquet": [["catalogs", "import", "--name", "x"]],
    "yaml": [["benchmark", "--config"], ["fit", "--config"]],
}


CONTENTS = {"empty": b"", "damaged": b"\x80\x04\x95 no such file"}


@pytest.mark.parametrize(
    ("suffix", "command", "content"),
    [
        pytest.param(suffix, command, content, id=f"{suffix}-{'-'.join(command)}-{name}")
        for suffix, several in COMMANDS.items()
        for command in several
        for name, content in CONTENTS.items()
        if content or command != ["fit", "--config"]  # an empty one changes no default
    ],
)
def test_every_command_says_which_file_is_damaged(
    suffix: str,
    command: list[str],
    content: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path(f"bad.{suffix}")
    path.write_bytes(content)
    assert main([*command, str(path)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert path.name in lines[-1]
    assert len(lines) == 1
