"""The net that comes with the package."""

import json
import re
from pathlib import Path

import pytest
import torch

from catalogs import load, save
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast.cli import main
from recast.models.neural import Recast
from recast.pretrained import SHIPPED, checkpoint_path, is_regional
from recast.training.data import Region

PATH = checkpoint_path(SHIPPED)


def test_it_is_small_and_holds_weights_only() -> None:
    assert PATH.stat().st_size < 200_000
    content = torch.load(PATH, weights_only=True)
    assert set(content) == {"state_dict", "hyper_parameters", "pytorch-lightning_version"}
    assert is_regional(SHIPPED)


def test_its_card_names_what_it_was_trained_on() -> None:
    card = PATH.with_name("MODEL_CARD.md").read_text(encoding="utf-8")
    named = {
        match.replace("@", "_").replace("/", "_").replace(".", "p")
        for match in re.findall(r"[| `]([a-z_]+(?:@[-\d./]+)?)[` ]", card)
    }
    trained = set(torch.load(PATH, weights_only=True)["hyper_parameters"]["scalings"])
    assert len(trained) == 17
    assert trained <= named, trained - named


def test_zero_shot_it_is_close_to_etas_where_etas_is_the_truth() -> None:
    """It has learned what ETAS lacks on real catalogs; where it lacks nothing, that costs."""
    region = Region(load("synthetic_socal"))
    process, test = Recast.load(SHIPPED, scaling=region.scaling), region.split.test
    gain = process.log_likelihood(test) - SOCAL_TRUTH.log_likelihood(test)
    assert -0.1 < gain / test.n_scored < 0.0


def test_it_makes_catalogs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (events,) = SOCAL_TRUTH.sample(
        load("synthetic_socal").to_sequence().before(1.0), 400.0, 1, seed=2
    )
    catalog = save(synthetic_catalog(events, SOCAL_TRUTH, "small", start="2001-01-01"), tmp_path)
    command = ["simulate", "--model", SHIPPED, "--days", "2", "--samples", "3", "--no-plots"]
    assert main([*command, "--out", str(tmp_path)]) == 2
    assert "load_model('shipped').on(catalog, fit=True), or by --catalog" in capsys.readouterr().err
    path = str(catalog.with_suffix(".json"))
    assert main([*command, "--catalog", path, "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / "simulation.json").read_text())["n"] == 3


def test_what_began_as_it_is_tested_with_the_etas_it_was_trained_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The regions of the net had a say in that ETAS, and have it again without being asked."""
    monkeypatch.chdir(tmp_path)
    data = ["--data.catalog", "synthetic_socal"]
    few = ["--data.steps_per_epoch", "1", "--trainer.max_epochs", "1"]
    assert main(["fit", *data, *few, "--model.pretrained", SHIPPED]) == 0
    (path,) = tmp_path.rglob("best.ckpt")
    saved = torch.load(path, weights_only=True)["hyper_parameters"]["scalings"]["synthetic_socal"]
    catalog = load("synthetic_socal")
    assert saved["mu"] == pytest.approx(Region(catalog, pretrained=SHIPPED).etas.mu)
    assert saved["mu"] != pytest.approx(Region(catalog).etas.mu)
    assert main(["test", *data, "--ckpt_path", str(path)]) == 0
