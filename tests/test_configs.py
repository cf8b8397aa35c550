"""Every shipped configuration runs, and the four subcommands of LightningCLI work together."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml

from catalogs import Catalog, available, load
from recast.cli import main
from recast.models.neural_kinds import FEW_SHOT_EPOCHS, few_shot_settings
from recast.models.start import start_of
from recast.pretrained import SHIPPED
from recast.pretrained.loading import checkpoint_path
from recast.training.data import CatalogData
from recast.training.region import Region
from recast.training.trainer import train
from tests.conftest import REAL_DATA

RIDGECREST = "ridgecrest_2019"
CONFIGS = sorted((Path(__file__).parent.parent / "experiments" / "configs").glob("*.yaml"))


def test_there_are_configurations() -> None:
    assert {"scedc", "white", "qtm_san_jacinto", "qtm_salton_sea", "ridgecrest_2019"} <= {
        path.stem for path in CONFIGS
    }


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_configuration_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = yaml.safe_load(path.read_text()).get("data", {}).get("catalog", "ridgecrest_2019")
    for name in [named] if isinstance(named, str) else named:
        if name.partition("@")[0] not in available() and not REAL_DATA:
            pytest.skip(f"needs the real catalog {name}: RECAST_DATA names no folder of catalogs")
    if REAL_DATA:
        monkeypatch.setenv("RECAST_DATA", str(Path(REAL_DATA).resolve()))
    monkeypatch.chdir(tmp_path)
    arguments = ["--trainer.fast_dev_run", "1", "--data.window", "32", "--data.batch_size", "2"]
    assert main(["fit", "--config", str(path), *arguments]) == 0


@pytest.mark.parametrize("name", ["ridgecrest_2019", "synthetic_socal", "taupo", "horus_italy"])
def test_a_configuration_is_the_recipe_of_the_benchmark(
    name: str, real_catalog: Callable[[str], Catalog]
) -> None:
    (path,) = (path for path in CONFIGS if path.stem == name)
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    catalog = load(name) if name in available() else real_catalog(name)
    few = few_shot_settings(catalog.split().train.n_scored)
    assert config["trainer"]["max_epochs"] == FEW_SHOT_EPOCHS
    assert config["model"]["pretrained"] == start_of(Region(catalog, pretrained=SHIPPED), SHIPPED)
    assert config["data"].get("steps_per_epoch", 20) == few["data"]["steps_per_epoch"]
    rate = config["model"].get("fine_tuning", 0.5)
    assert rate == pytest.approx(few["model"]["fine_tuning"], rel=0.01)


def test_fit_validate_test_predict_and_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    config = next(str(path) for path in CONFIGS if path.stem == "ridgecrest_2019")
    small = ["--config", config, "--data.window", "64", "--data.steps_per_epoch", "2"]
    assert main(["fit", *small, "--trainer.max_epochs", "2"]) == 0
    folder = tmp_path / "runs" / "ridgecrest_2019" / "version_0"
    assert (folder / "config.yaml").is_file()
    metrics = pd.read_csv(folder / "metrics.csv")
    assert metrics["val/nll"].notna().sum() == 2
    assert metrics["train/nll"].notna().sum() == 2

    best = str(folder / "checkpoints" / "best.ckpt")
    assert main(["validate", "--config", config, "--ckpt_path", best]) == 0
    assert main(["test", "--config", config, "--ckpt_path", best]) == 0
    assert "test/nats_per_event" in capsys.readouterr().out

    assert main(["predict", "--config", config, "--ckpt_path", best]) == 0
    (predictions,) = (tmp_path / "runs" / "ridgecrest_2019").glob("*/predictions.csv")
    table = pd.read_csv(predictions)
    assert list(table) == ["days", "magnitude", "log_intensity", "compensator_increment"]
    assert (table["compensator_increment"] > 0).all()
    assert table["days"].is_monotonic_increasing

    last = str(folder / "checkpoints" / "last.ckpt")
    assert main(["fit", *small, "--trainer.max_epochs", "3", "--ckpt_path", last]) == 0
    resumed = max((tmp_path / "runs").rglob("last.ckpt"), key=lambda p: p.stat().st_mtime)
    assert torch.load(resumed, weights_only=True)["global_step"] == 6

    elsewhere = ["--checkpoint.dirpath", str(tmp_path / "elsewhere"), "--ckpt_path", str(resumed)]
    assert main(["fit", *small, "--trainer.max_epochs", "4", *elsewhere]) == 0
    content = torch.load(tmp_path / "elsewhere" / "best.ckpt", weights_only=True)
    (state,) = (s for s in content["callbacks"].values() if s.get("monitor") == "val/nll")
    assert float(state["best_model_score"]) <= metrics["val/nll"].min() + 1e-6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data.catalog", "atlantis"], "no catalog 'atlantis'"),
        (["--data.catalogue", "scedc"], "catalogue"),
        (["--data.window", "many"], "window"),
        (["--config", "nowhere.yaml"], "nowhere.yaml"),
        (["--data.window", "0"], "window = 0"),
        (["--model.dropout", "1.5"], "dropout = 1.5"),
        (["--model.recurrent_dropout", "1"], "recurrent_dropout = 1"),
        (["--model.learning_rate", "-1"], "learning_rate = -1"),
        (["--data.weights", "{scedc: 0.5}"], "'scedc' is not in data.catalog"),
        (["--data.unnamed", "[scedc]"], "data.unnamed: 'scedc' is not in data.catalog"),
        (["--model.unknown", "1"], "unknown = 1"),
        (["--model.code_prior", "-1"], "code_prior = -1"),
        (["--data.weights", "{ridgecrest_2019: 0}"], "ridgecrest_2019: 0.0 must be positive"),
        (["--seed_everything", "-1"], "seed_everything = -1"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["fit", *arguments]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error.splitlines()[-1]
    assert "Traceback" not in error
    assert not list(tmp_path.rglob("*.ckpt"))


GOPHER = (
    "trainer: {logger: {class_path: lightning.pytorch.loggers.CSVLogger, "
    "init_args: {save_dir: 'gopher://here'}}}"
)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ("checkpoint: null", "checkpoint = None: give settings by name, as in `checkpoint: {filen"),
        ("data: {window: null}", "data.window is null: give a value, or leave it out"),
        ("model: {width: null}", "model.width is null"),
        ("trainer: {accelerator: abacus}", "trainer: You selected an invalid accelerator name"),
        (GOPHER, "a folder in the settings is not valid"),
        ("model: {warmup: 2}", "model.warmup = 2.0 must lie in [0, 1]"),
        ("a: &a [*a]", "mine.yaml cannot be read as YAML (it refers to itself)"),
        ("data: latin.yaml", "a file that the settings name is not UTF-8 text"),
        ("ckpt_path: list.ckpt", "list.ckpt cannot be read (TypeError: there are no weights in"),
        ("ckpt_path: other.ckpt", "other.ckpt cannot be read (KeyError: 'hyper_parameters')"),
        (f"ckpt_path: {checkpoint_path(SHIPPED)}", "of a training to resume: start from its weigh"),
    ],
)
def test_mistakes_in_a_file_are_answered_in_one_line(
    settings: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("latin.yaml").write_bytes("window: 64  # è\n".encode("latin-1"))
    Path("mine.yaml").write_text(settings)
    torch.save([1, 2], "list.ckpt")
    torch.save({"state_dict": {}}, "other.ckpt")
    assert main(["fit", "--config", "mine.yaml"]) == 2
    error = capsys.readouterr().err.strip()
    assert message in error.splitlines()[-1]
    assert "Traceback" not in error


def test_a_checkpoint_of_another_catalog_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    data = CatalogData(RIDGECREST, window=64, steps_per_epoch=1)
    net = str(train(data, tmp_path / "net", seed=0, max_epochs=1).checkpoint)
    assert main(["test", "--data.catalog", "synthetic_socal", "--ckpt_path", net]) == 2
    message = f"the checkpoint was trained on {RIDGECREST}, the data are synthetic_socal: use the"
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--config", "latin.yaml"], ["--config=latin.yaml"], ["--data", "latin.yaml"]]
)
def test_a_file_in_another_encoding_is_named(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("latin.yaml").write_bytes("window: 64  # è\n".encode("latin-1"))
    Path("plain.yaml").write_text("trainer: {max_epochs: 1}\n")
    assert main(["fit", "--config", "plain.yaml", *words]) == 2
    assert capsys.readouterr().err.startswith("recast: latin.yaml is not UTF-8 text")


def test_two_processes_train_together(tmp_path: Path) -> None:
    # By trainer options alone; a subprocess, since the strategy starts its sibling again
    options = [
        "--trainer.accelerator",
        "cpu",
        "--trainer.devices",
        "2",
        "--trainer.strategy",
        "ddp",
    ]
    small = ["--trainer.fast_dev_run=1", "--data.window=16", "--data.burn_in=4"]
    done = subprocess.run(
        [sys.executable, "-m", "recast", "fit", "--data.catalog", RIDGECREST, *options, *small],
        cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "epoch 1/1: validation" in done.stderr
