"""Which models `recast benchmark --rolling` forecasts with, and what it says of each."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalogs import EventSequence, InputError, load, save
from catalogs.files import read_json, write_json
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast.benchmark.folder import diagnoses, load_catalog, load_fitted, open_run
from recast.cli import main
from recast.evaluation.diagnosis import load_diagnoses, save_diagnoses
from recast.models.registry import model_kind
from recast.pretrained import SHIPPED

ROLLING = ["--rolling", "10", "--windows", "3", "--samples", "100"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kinds of models on a synthetic catalog, later than what any net has seen."""
    root = tmp_path_factory.mktemp("models")
    empty = EventSequence.nothing()
    (events,) = SOCAL_TRUTH.sample(empty, 600.0, 1, seed=3)
    path = save(synthetic_catalog(events, SOCAL_TRUTH, "small", start="2041-01-01"), root)
    models = ["--models", "poisson", "etas", "recast-native", "recast-zero-shot"]
    run = str(root / "run")
    command = ["benchmark", "--quick", "--catalog", str(path), *models, "--seeds", "2"]
    assert main([*command, "--workers", "1", "--out", run]) == 0
    assert main(["forecast", *ROLLING, "--run", run]) == 0
    return root / "run"


def rolled(folder: Path) -> dict[str, Any]:
    models: dict[str, Any] = read_json(folder / "rolling.json")["catalogs"]["small"]["models"]
    return models


def test_the_truth_and_mixtures_forecast_beside_what_was_asked_for(folder: Path) -> None:
    expected = {"truth", "poisson", "etas", "recast-native", "recast-native-ensemble"}
    models = rolled(folder)
    assert set(models) == expected | {"recast-zero-shot"}
    assert all(row["leak"] == [] for row in models.values())
    assert all(len(row["crps"]) == 3 for row in models.values())


def test_etas_is_forecast_with_parameter_sets_that_its_fit_cannot_tell_apart(folder: Path) -> None:
    models = rolled(folder)
    assert models["etas"]["parameter_uncertainty"]["draws"] == 100
    assert models["truth"]["parameter_uncertainty"] is None
    ranges = {
        name: np.mean(np.subtract(row["quantiles"]["0.975"], row["quantiles"]["0.025"]))
        for name, row in models.items()
    }
    assert ranges["etas"] > 0.0
    assert ranges["poisson"] < ranges["etas"]  # clusters make numbers vary


def test_a_model_that_knows_the_future_is_marked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(folder, run)
    path = run / "small" / "etas.json"
    record = read_json(path)
    record["fitted_on"]["small"]["until"] = "2050-01-01"
    write_json(path, record)
    models = ["--models", "poisson", "etas"]
    command = ["forecast", *ROLLING, "--run", str(run), *models]
    assert main(command) == 2
    shown = capsys.readouterr().err
    assert "etas was fitted on data from after the forecast at 20" in shown
    assert "small until 2050-01-01: fit it on earlier data" in shown
    assert main([*command, "--allow-leak"]) == 0
    shown = capsys.readouterr().out
    assert "LEAK: etas was fitted on small until 2050-01-01" in shown
    assert "LEAK: poisson" not in shown
    assert rolled(run)["etas"]["leak"] == ["small until 2050-01-01"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["benchmark", "--windows", "3"], "--windows and --samples go with --rolling: add that"),
        (["benchmark", "--samples", "30"], "--windows and --samples go with --rolling: add that"),
        (
            ["benchmark", "--scheduler", "tcp://127.0.0.1:1"],
            "--scheduler is now in `recast forecast",
        ),
        (["forecast", "--windows", "3"], "--windows goes with --rolling: add that"),
        (
            ["forecast", "--models", "etas"],
            "--models goes with --rolling or --after-mainshocks:",
        ),
        (["forecast", "--run", "{run}"], "--run goes with --rolling or --after-mainshocks:"),
        (["forecast", "--rolling"], "add --run RUN"),
        (["forecast", "--rolling", "--run", "{run}", "--at", "2042-01-01"], "--at is for a single"),
        (["forecast", "--rolling", "--run", "{run}", "--csep"], "--csep is for a single"),
        (["forecast", "--rolling", "--run", "{run}", "--end", "2042"], "--end is for a single"),
        (["forecast", "--rolling", "--run", "{run}", "--out", "x"], "written to the folder of"),
        (["forecast", "--rolling", "--run", "{run}", "--models", "a"], "no model 'a' in"),
        (["forecast", "--rolling", "--run", "{run}", "--catalog", "a"], "no catalog 'a' in"),
    ],
)
def test_options_that_have_no_effect_are_refused(
    command: list[str], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(run=folder) for word in command]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1


def test_every_model_of_a_run_is_read_again_as_it_was_scored(folder: Path) -> None:
    run = open_run(folder)
    catalog = load_catalog(run, "small")
    test = catalog.split().test
    fitted = run.models("small")
    assert {"poisson", "etas", "recast-native-ensemble"} <= set(fitted)
    for name, row in fitted.items():
        if len(row.seeds) > 1 and not name.endswith("-ensemble"):
            continue  # a mean over seeds
        process = load_fitted(run, catalog, name).process
        assert process.log_likelihood(test) == pytest.approx(row.test.log_likelihood, rel=1e-9), (
            name
        )


def test_a_folder_of_an_older_benchmark_is_diagnosed_once(folder: Path, tmp_path: Path) -> None:
    run = open_run(folder)
    catalog = load_catalog(run, "small")
    saved = diagnoses(run, catalog)
    path = folder / "small" / "diagnosis.npz"
    path.unlink()
    made = diagnoses(run, catalog)
    assert path.is_file()
    assert list(made) == list(saved) == list(run.models("small"))
    for name, one in saved.items():
        np.testing.assert_allclose(made[name].terms, one.terms, rtol=1e-9, atol=1e-12)
    save_diagnoses(path, {"etas": made["etas"]})  # of a benchmark of fewer models
    again = diagnoses(run, catalog)
    assert list(again) == list(saved)
    assert list(load_diagnoses(path)) == list(saved)


def test_only_synthetic_catalogs_have_a_truth(folder: Path) -> None:
    with pytest.raises(InputError, match="'ridgecrest_2019' has no true model"):
        model_kind("truth").load(folder, 0, load("ridgecrest_2019"), SHIPPED)


@pytest.mark.parametrize(
    ("catalogs", "message"),
    [
        ({}, "benchmark.json holds no catalogs: run the benchmark again"),
        (None, "benchmark.json holds no catalogs: run the benchmark again"),
        (["small"], "benchmark.json: catalogs: expected object, got array"),
    ],
)
def test_a_record_without_catalogs_is_refused(
    catalogs: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmark.json").write_text(json.dumps({"catalogs": catalogs}))
    assert main(["report", str(tmp_path)]) == 2
    assert message in capsys.readouterr().err
