"""`recast pretrain`: a net of many regions from any catalogs, and what its card says of it."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from loopback import QUICK, Provider, made_events, moved, serving

from catalogs import Catalog, InputError, Selection, load
from catalogs.files import read_json
from catalogs.providers.known import RECORDS
from catalogs.providers.web import Patience
from recast import fit_model, load_model, run_benchmark, score
from recast.benchmark.folder import load_fitted, open_run
from recast.cli import main
from recast.models.pretraining import pretrain
from recast.models.pretraining_results import PretrainingResult
from recast.net.architectures import CODE_SIZE
from recast.pretrained import SHIPPED, checkpoint_path, read_net, seen
from recast.pretrained.checkpoints import read_checkpoint, write_checkpoint
from recast.training.region import Region

RIDGECREST, SYNTHETIC = "ridgecrest_2019", "synthetic_socal"
PART = f"{RIDGECREST}@35.6/36/-117.7/-117.4"
SHORT: dict[str, Any] = {"epochs": 2, "steps_per_epoch": 3}
WORDS = ["--epochs", "2", "--steps-per-epoch", "3"]


@pytest.fixture(scope="module")
def synthetic() -> Catalog:
    """A tenth of the synthetic catalog."""
    return Selection(end="2003-01-01", fractions=(0.6, 0.2, 0.2)).of(load(SYNTHETIC))


@pytest.fixture(scope="module")
def made(
    synthetic: Catalog, tmp_path_factory: pytest.TempPathFactory
) -> tuple[PretrainingResult, Path]:
    out = tmp_path_factory.mktemp("made")
    result = pretrain([RIDGECREST, synthetic], out, unnamed=[PART], **SHORT)
    assert result is not None
    return result, out


def test_the_net_is_laid_out_as_the_one_of_the_package(made: tuple[Any, Path]) -> None:
    _, out = made
    net, shipped = (read_checkpoint(p) for p in (out / "net.ckpt", checkpoint_path(SHIPPED)))
    assert net.keys() == shipped.keys()
    assert shipped["hyper_parameters"].keys() - net["hyper_parameters"] <= {"_instantiator"}
    shapes, theirs = (
        {name: value.shape for name, value in part["state_dict"].items() if "codes" not in name}
        for part in (net, shipped)
    )
    assert shapes == theirs


def test_it_has_seen_no_validation_window(made: tuple[Any, Path], synthetic: Catalog) -> None:
    _, out = made
    for catalog in (load(RIDGECREST), synthetic):
        extent = seen(out / "net.ckpt")[catalog.info.name]
        assert extent.until == extent.end == catalog.info.splits.val_start


def test_its_last_weights_are_kept(made: tuple[Any, Path]) -> None:
    _, out = made
    last = read_checkpoint(out / "training" / "last.ckpt")
    net = read_checkpoint(out / "net.ckpt")
    assert last["global_step"] == 6
    assert all(torch.equal(net["state_dict"][k], v) for k, v in last["state_dict"].items())


def test_scores_are_those_of_whole_validation_windows(
    made: tuple[PretrainingResult, Path], synthetic: Catalog
) -> None:
    result, out = made
    for catalog in (load(RIDGECREST), synthetic):
        (row,) = (r for r in result.regions if r.name == catalog.info.name)
        val = catalog.split().val
        net = load_model(out / "net.ckpt").on(catalog, fit=True).process
        assert row.net == pytest.approx(score(net, val).nats_per_event, abs=1e-9)
        etas = Region(catalog, day_clock=False).etas
        assert row.etas == pytest.approx(score(etas, val).nats_per_event, abs=1e-9)
        assert (row.events, row.validation_events) == (catalog.split().train.n_scored, val.n_scored)


def test_an_unnamed_region_has_no_code(made: tuple[PretrainingResult, Path]) -> None:
    result, out = made
    codes = read_net(out / "net.ckpt", Region(load(RIDGECREST)).scaling).state_dict()["codes"]
    named = [region.named for region in result.regions]
    assert named == [True, True, False]
    assert [bool(code.any()) for code in codes] == named
    assert [region.weight for region in result.regions] == [1.0, 1.0, 0.33]


def test_the_card_says_what_the_record_holds(made: tuple[PretrainingResult, Path]) -> None:
    result, out = made
    record = PretrainingResult.from_json(read_json(out / "pretraining.json"), "pretraining.json")
    assert record == result
    text = (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    for region in result.regions:
        (data, scores) = (
            line for line in text.splitlines() if line.startswith(f"| {region.name} ")
        )
        assert f"{region.events:,} of M >= {region.completeness:g}" in data
        assert f"{region.start} to {region.end}" in data
        edges = "not known" if region.box is None else f"{region.box[0]:g}/{region.box[1]:g}/"
        assert edges in data
        assert f"| {region.net:.4f} | {region.net - region.etas:+.4f} |" in scores
        assert region.licence in text
    assert "doi:10.5066/F7MS3QZH" in text
    assert "| steps_per_epoch | 3 |" in text
    assert f"torch {version('torch')}" in text


def test_it_is_used_where_the_net_of_the_package_is(
    made: tuple[PretrainingResult, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out = made
    monkeypatch.chdir(tmp_path)
    near = RIDGECREST
    models = ["--models", "etas", "recast-zero-shot", "recast-few-shot"]
    start = ["--pretrained", str(out / "net.ckpt")]
    assert main(["benchmark", "--quick", "--catalog", near, *models, *start]) == 0
    found = read_json(tmp_path / "runs" / "benchmark" / "benchmark.json")["catalogs"][near][
        "models"
    ]
    assert found["recast-few-shot"]["started_from"] == str(out / "net.ckpt")
    assert np.isfinite(found["recast-zero-shot"]["gain_over_etas"]["mean"])
    digest = hashlib.sha256((out / "net.ckpt").read_bytes()).hexdigest()
    assert [row["file_sha256"] for row in found.values()] == [None, digest, digest]


def test_a_net_of_another_size_is_fine_tuned_as_it_is(synthetic: Catalog, tmp_path: Path) -> None:
    sizes = {"hidden_size": 6, "width": 5}
    pretrain([RIDGECREST, synthetic], tmp_path / "net", net=sizes, **SHORT)
    net = tmp_path / "net" / "net.ckpt"
    fitted = fit_model("recast-few-shot", load(RIDGECREST), quick=True, pretrained=str(net))
    number = sum(p.numel() for p in read_net(net, Region(load(RIDGECREST)).scaling).parameters())
    assert number - fitted.n_parameters == CODE_SIZE  # of the other region


def test_a_run_is_not_read_again_with_another_net_of_the_same_path(
    made: tuple[PretrainingResult, Path], tmp_path: Path
) -> None:
    net, catalog = tmp_path / "net.ckpt", load(RIDGECREST)
    shutil.copy(made[1] / "net.ckpt", net)
    run_benchmark([catalog], ["etas", "recast-zero-shot"], tmp_path, pretrained=str(net))
    before = load_fitted(open_run(tmp_path), catalog, "recast-zero-shot").process.fingerprint()
    content = read_checkpoint(net)
    write_checkpoint(net, content | {"state_dict": {**content["state_dict"]}, "other": 1})
    with pytest.raises(InputError, match=r"net.ckpt has changed, .* read recast-zero-shot: put"):
        load_fitted(open_run(tmp_path), catalog, "recast-zero-shot")
    shutil.copy(made[1] / "net.ckpt", net)
    again = load_fitted(open_run(tmp_path), catalog, "recast-zero-shot").process.fingerprint()
    assert again == before


def test_the_recipe_of_a_configuration_gives_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = [RIDGECREST, f"{RIDGECREST}@35/37/-118/-117", PART]
    steps = ["--data.steps_per_epoch=3", "--trainer.max_epochs=2", "--trainer.accelerator=cpu"]
    settings = ["--model.dropout=0.3", "--model.unknown=0.05"]
    parts = [f"--data.unnamed=[{PART}]", f"--data.weights={{{PART}: 0.33}}"]
    assert main(["fit", f"--data.catalog=[{', '.join(names)}]", *parts, *settings, *steps]) == 0
    pretrain(names[:2], "net", unnamed=[PART], trainer={"accelerator": "cpu"}, **SHORT)
    (last,) = Path("runs").rglob("last.ckpt")
    theirs, mine = (read_checkpoint(p)["state_dict"] for p in (last, Path("net/net.ckpt")))
    assert theirs.keys() == mine.keys()
    assert all(torch.equal(theirs[name], mine[name]) for name in mine)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """ComCat, of 900 made-up events, on the loopback device."""
    defaults = tuple(vars(QUICK).values())
    monkeypatch.setattr(Patience.__init__, "__defaults__", defaults)
    with serving(events=made_events(900), most=1000) as running:
        record = moved(RECORDS["comcat"], running.url)
        monkeypatch.setitem(RECORDS, "comcat", record)
        yield running


FETCH = (
    "comcat --name {} --area 33/36/{} --start 2020-01-01 --end 2020-10-27 --completeness 1 "
    "--fractions {}"
)


def test_boxes_of_a_provider_become_regions_and_are_fetched_once(
    provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    east = FETCH.format("east", "-117/-115", "0.6 0.2 0.2")
    west = FETCH.format("west", "-119/-117", "0.6 0.2 0.2")
    config = tmp_path / "world.yaml"
    config.write_text(
        f"fetch:\n- {east}\n- {west}\nunnamed: [west@33/34.5/-119/-117]\nweight: [east=0.5]\n"
        "gap:\n- [2020-10-01, 2020-10-05]\n- [2020-10-08, 2020-10-09]\nnet: [hidden_size=8]\n"
    )
    out = tmp_path / "net"
    command = ["pretrain", "--config", str(config), *WORDS, "--out", str(out)]
    assert main(command) == 0
    assert "written: " in capsys.readouterr().out
    result = PretrainingResult.from_json(read_json(out / "pretraining.json"), "pretraining.json")
    assert [r.name for r in result.regions[:2]] == ["east", "west"]
    assert [r.weight for r in result.regions] == [0.5, 1.0, 0.33]
    assert result.recipe["gaps"] == [["2020-10-01", "2020-10-05"], ["2020-10-08", "2020-10-09"]]
    assert result.recipe["net"] == {"dropout": 0.3, "unknown": 0.05, "hidden_size": 8}
    south, north, begin, end = result.regions[0].box or (0.0,) * 4
    assert (33 <= south < north < 36, -117 <= begin < end < -115) == (True, True)
    asked = len(provider.asked)
    assert main([*command, "--resume"]) == 0
    assert len(provider.asked) == asked


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--catalog", RIDGECREST], "two catalogs or more: name others in --catalog"),
        (["--catalog", RIDGECREST, RIDGECREST], "is named twice"),
        (["--catalog", RIDGECREST, "--weight", "x=2"], "--weight x: no such catalog in --catalog"),
        (["--catalog", RIDGECREST, "--weight", f"{RIDGECREST}=much"], "=much: give a number"),
        (["--catalog", RIDGECREST, "--net", "dropout"], "'dropout' is not NAME=VALUE"),
        (["--catalog", RIDGECREST, "--net", "dropout=[0"], "the value is not YAML"),
        (["--catalog", RIDGECREST, PART, "--net", "depth=3"], "--net depth: no such setting"),
        (["--catalog", RIDGECREST, PART, "--net", "dropout=2"], "dropout = 2 must lie in [0, 1)"),
        (["--catalog", RIDGECREST, PART, "--trainer", "accelerator=abacus"], "trainer: You selec"),
        (["--catalog", RIDGECREST, PART, "--trainer", "depth=3"], "trainer: "),
        (["--catalog", RIDGECREST, "--fetch", "atlantis"], "catalog 'atlantis' cannot be fetched"),
        (["--catalog", RIDGECREST, "--fetch", "comcat --speed 3"], "no option --speed"),
        (["--epochs", "0"], "--epochs 0: at least one is needed"),
    ],
)
def test_mistakes_are_answered_in_one_line(
    words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pretrain", "--out", str(tmp_path / "out"), *words]) == 2
    error = capsys.readouterr().err
    assert message in error.splitlines()[-1]
    assert "Traceback" not in error
    assert not list(tmp_path.rglob("*.ckpt"))


def test_a_run_goes_on_with_its_own_recipe_only(
    made: tuple[PretrainingResult, Path], synthetic: Catalog
) -> None:
    result, out = made
    names: list[str | Catalog] = [RIDGECREST, synthetic]
    with pytest.raises(InputError, match="was begun with seed = 0, not 1: choose another `out`"):
        pretrain(names, out, unnamed=[PART], **SHORT, seed=1, resume=True)
    again = pretrain(names, out, unnamed=[PART], **SHORT, resume=True)
    assert again is not None
    assert replace(again, seconds=0.0) == replace(result, seconds=0.0)
