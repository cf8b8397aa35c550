"""The models that docs/external_models.md shows: right, and two commands from pip to a ranking."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from outages import with_outages

import recast
from catalogs import EventSequence, load
from catalogs.files import read_json
from recast.evaluation.promises import check_promises
from recast.models.kind import ModelKind, Task

ROOT = Path(recast.__file__).parents[1]
PAGE = (ROOT / "docs" / "external_models.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^%%writefile (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
CATALOG = "ridgecrest_2019"
KINDS = {"rush": ("rush_kind", "RushKind"), "easytpp": ("easytpp_kind", "EasyKind")}


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that the page writes."""
    folder = tmp_path_factory.mktemp("package")
    for name, content in FILES.items():
        (folder / name).write_text(content)
    return folder


@pytest.fixture
def modules(package: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, ModuleType]]:
    """Its modules, imported in this process."""
    import importlib

    monkeypatch.syspath_prepend(str(package))
    names = [name.removesuffix(".py") for name in FILES if name.endswith(".py")]
    yield {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name)


def kind_of(modules: dict[str, ModuleType], name: str) -> ModelKind:
    module, cls = KINDS[name]
    kind: ModelKind = getattr(modules[module], cls)()
    return kind


def fitted(kind: ModelKind, folder: Path) -> Any:
    return kind.fit(Task(load(CATALOG), folder, quick=True)).process


def integrated(process: Any, sequence: EventSequence, n: int) -> float:
    """The integral of the intensity over the scored window, by the midpoint rule between events."""
    edges = np.concatenate([[sequence.score_from], sequence.times[sequence.first_scored :]])
    edges = np.append(edges, sequence.end)
    parts = (np.arange(n) + 0.5) / n
    times = (edges[:-1, None] + np.diff(edges)[:, None] * parts).ravel()
    weights = np.repeat(np.diff(edges) / n, n)
    return float(process.intensity(sequence, times) @ weights)


@pytest.mark.parametrize("name", KINDS)
def test_the_compensator_is_the_integral(
    modules: dict[str, ModuleType], name: str, tmp_path: Path
) -> None:
    process, test = fitted(kind_of(modules, name), tmp_path), load(CATALOG).split().test
    expected = integrated(process, test, 200)
    # The midpoint rule of 200 points, and float32 in the second
    assert process.compensator(test, [test.end])[0] == pytest.approx(expected, rel=2e-4)


@pytest.mark.parametrize("name", KINDS)
def test_nothing_looks_ahead(modules: dict[str, ModuleType], name: str, tmp_path: Path) -> None:
    process, test = fitted(kind_of(modules, name), tmp_path), load(CATALOG).split().test
    middle = 0.5 * (test.score_from + test.end)
    times = test.times[(test.times >= test.score_from) & (test.times < middle)]
    known = test.before(middle).scored_from(test.score_from)
    both = [process.intensity(sequence, times) for sequence in (test, known)]
    np.testing.assert_allclose(*both, rtol=1e-5)  # float32


@pytest.mark.parametrize("name", KINDS)
def test_a_saved_one_is_the_same(modules: dict[str, ModuleType], name: str, tmp_path: Path) -> None:
    kind, catalog = kind_of(modules, name), load(CATALOG)
    process = fitted(kind, tmp_path)
    again = kind.from_json(kind.to_json(process), catalog)
    test = catalog.split().test
    assert again.log_likelihood(test) == pytest.approx(process.log_likelihood(test), rel=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_outages_are_left_out(modules: dict[str, ModuleType], name: str, tmp_path: Path) -> None:
    task = Task(with_outages(), tmp_path, quick=True)
    process = kind_of(modules, name).fit(task).process
    for window in (task.split.train, task.split.val, task.split.test):
        check_promises(process, window, name)
        before, after = process.compensator(window, window.scored_gaps[0])
        assert after == pytest.approx(before, rel=1e-5)


def test_easytpp_itself_fits_the_adapter(
    modules: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    models = pytest.importorskip("easy_tpp.model", reason="needs easy-tpp 0.3")
    config = pytest.importorskip("easy_tpp.config_factory")
    (source,) = re.findall(r"^```python\n(def make_model.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    module = modules["easytpp_kind"]
    names = {"torch": module.torch, "TYPES": module.TYPES}
    exec(source, names | {"RMTPP": models.RMTPP, "ModelConfig": config.ModelConfig}, names)
    monkeypatch.setattr(module, "make_model", names["make_model"])
    process, test = fitted(kind_of(modules, "easytpp"), tmp_path), load(CATALOG).split().test
    expected = integrated(process, test, 200)
    assert process.compensator(test, [test.end])[0] == pytest.approx(expected, rel=2e-4)
    task = Task(with_outages(), tmp_path, quick=True)
    process = kind_of(modules, "easytpp").fit(task).process
    check_promises(process, task.split.test, "easytpp")


@pytest.fixture(scope="module")
def command(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Install the package by pip, and run commands that find it, in a folder of their own."""
    folder = tmp_path_factory.mktemp("work")
    site = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-index", "--no-deps", "--no-build-isolation", "--target", str(site)]
    subprocess.run([*pip, *offline, str(package)], check=True, capture_output=True)

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "recast", *words],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run.folder = folder  # type: ignore[attr-defined]
    return run


@pytest.fixture(scope="module")
def ranked(command: Callable[..., str]) -> tuple[Path, str]:
    """The two commands that the page shows, for one of its models: a folder, and what was said."""
    models = ["--models", "etas", "rush", "--seeds", "2", "--workers", "1"]
    command("benchmark", "--catalog", CATALOG, *models, "--protocol", "recast", "--out", "run")
    return command.folder, command("leaderboard", "run", "--out", "board")  # type: ignore[attr-defined]


def rush(folder: Path) -> tuple[list[float], str]:
    """Its test scores by seed, and its gain as it is shown."""
    row = read_json(folder / "run" / "benchmark.json")["catalogs"][CATALOG]["models"]["rush"]
    gain = row["gain_over_etas"]
    mean, low, high = (f"{value:+.4f}" for value in (gain["mean"], *gain["ci95"]))
    scores = [seed["splits"]["test"]["nats_per_event"] for seed in row["seeds"]]
    return scores, f"{mean} [{low}, {high}]"


def test_two_commands_from_pip_to_a_ranking(ranked: tuple[Path, str]) -> None:
    folder, shown = ranked
    scores, gain = rush(folder)
    assert len(set(scores)) == 2
    (line,) = (line for line in shown.splitlines() if line.startswith("rush") and gain in line)
    assert f"{np.mean(scores):.4f} ± {np.std(scores, ddof=1):.4f}" in line
    page = (folder / "board" / "leaderboard.html").read_text(encoding="utf-8")
    assert gain in page
