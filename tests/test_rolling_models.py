"""Which models `recast benchmark --rolling` forecasts with, and what it says of each."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalogs import EventSequence, save
from catalogs.files import read_json
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast.benchmark.folder import diagnoses, load_catalog, load_process, open_run
from recast.cli import main

ROLLING = ["--quick", "--rolling", "10", "--windows", "3", "--samples", "100", "--workers", "1"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kinds of models on a synthetic catalog, later than what any net has seen."""
    root = tmp_path_factory.mktemp("models")
    empty = EventSequence.nothing()
    (events,) = SOCAL_TRUTH.sample(empty, 600.0, 1, seed=3)
    path = save(synthetic_catalog(events, SOCAL_TRUTH, "small", start="2041-01-01"), root)
    models = ["--models", "poisson", "etas", "recast-native", "recast-zero-shot"]
    command = ["benchmark", "--catalog", str(path), *models, "--seeds", "2", *ROLLING]
    assert main([*command, "--parameter-uncertainty", "--out", str(root / "run")]) == 0
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
    assert "parameter_uncertainty" not in models["truth"]
    ranges = {
        name: np.mean(np.subtract(row["quantiles"]["0.975"], row["quantiles"]["0.025"]))
        for name, row in models.items()
    }
    assert ranges["etas"] > 0.0
    assert ranges["poisson"] < ranges["etas"]  # clusters make numbers vary


def test_a_model_that_knows_the_future_is_marked(
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from recast.commands import rolling

    later = {"until": "2050-01-01", "start": "2041-01-01", "end": "2050-01-01"}
    seen = rolling._seen

    def knows(args: Any, name: str, catalog: Any) -> Any:
        from recast.models.seen import from_json

        record = {"small": {**later, "box": None, "gaps": []}}
        return from_json(record) if name == "etas" else seen(args, name, catalog)

    monkeypatch.setattr(rolling, "_seen", knows)
    path = str(folder.parent / "small.json")
    command = ["benchmark", "--catalog", path, "--models", "poisson", "etas", *ROLLING]
    assert main([*command, "--out", str(tmp_path)]) == 2
    assert "small until 2050-01-01: fit it on earlier data" in capsys.readouterr().err
    assert main([*command, "--out", str(tmp_path), "--allow-leak"]) == 0
    shown = capsys.readouterr().out
    assert "LEAK: etas was fitted on small until 2050-01-01" in shown
    assert "LEAK: poisson" not in shown
    assert rolled(tmp_path)["etas"]["leak"] == ["small until 2050-01-01"]


def test_a_scheduler_without_rolling_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "--scheduler", "tcp://127.0.0.1:1"]) == 2
    assert "--scheduler is for --rolling: add that" in capsys.readouterr().err


def test_every_model_of_a_run_is_read_again_as_it_was_scored(folder: Path) -> None:
    run = open_run(folder)
    catalog = load_catalog(run, "small")
    test = catalog.split().test
    fitted = run.models("small")
    assert {"poisson", "etas", "recast-native-ensemble"} <= set(fitted)
    for name, row in fitted.items():
        if len(row["seeds"]) > 1 and not name.endswith("-ensemble"):
            continue  # a mean over seeds
        process = load_process(run, catalog, name)
        assert process.log_likelihood(test) == pytest.approx(
            row["splits"]["test"]["log_likelihood"], rel=1e-9
        ), name


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


def test_only_synthetic_catalogs_have_a_truth(folder: Path) -> None:
    from catalogs import InputError, load

    with pytest.raises(InputError, match="'ridgecrest_2019' has no true model"):
        load_process(open_run(folder), load("ridgecrest_2019"), "truth")


@pytest.mark.parametrize("catalogs", [{}, None, ["small"]])
def test_a_record_without_catalogs_is_refused(
    catalogs: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmark.json").write_text(json.dumps({"catalogs": catalogs}))
    assert main(["report", str(tmp_path)]) == 2
    assert "benchmark.json holds no catalogs: run the benchmark again" in capsys.readouterr().err
