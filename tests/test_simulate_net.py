"""`recast simulate --model X.ckpt`, run in this process."""

import json
from pathlib import Path

import lightning
import pytest
import torch

from catalogs import load, save
from catalogs.files import write_json
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast.cli import main
from recast.models.neural import Recast
from recast.net.scaling import Scaling
from recast.training.task import RecastTask


def checkpoint(path: Path, scaling: Scaling) -> Path:
    torch.manual_seed(0)
    task = RecastTask({"small": vars(scaling)}, hidden_size=4, width=4)
    torch.save(
        {
            "state_dict": task.state_dict(),
            "hyper_parameters": dict(task.hparams),
            "pytorch-lightning_version": lightning.__version__,
        },
        path,
    )
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog, an untrained net of its scaling, and one of another completeness."""
    from catalogs import EventSequence

    out = tmp_path_factory.mktemp("nets")
    empty = EventSequence.nothing()
    (events,) = SOCAL_TRUTH.sample(empty, 300.0, 1, seed=2)
    catalog = synthetic_catalog(events, SOCAL_TRUTH, "small", start="2001-01-01")
    save(catalog, out)
    write_json(out / "etas.json", {"model": SOCAL_TRUTH.to_json()})
    scaling = Scaling.of(catalog, SOCAL_TRUTH)
    checkpoint(out / "net.ckpt", scaling)
    checkpoint(out / "other.ckpt", Scaling(**{**vars(scaling), "completeness": 2.0}))
    return out


def test_a_net_makes_catalogs_from_nothing(folder: Path, tmp_path: Path) -> None:
    command = ["simulate", "--model", str(folder / "net.ckpt"), "--days", "60", "--samples", "3"]
    options = ["--seed", "5", "--max-events", "40", "--out", str(tmp_path)]
    assert main([*command, *options]) == 0
    record = json.loads((tmp_path / "simulation.json").read_text())
    catalogs = [load(tmp_path / f"simulated_{i}.json") for i in range(3)]
    assert record["events"] == sum(len(catalog.events) for catalog in catalogs)
    assert record["capped"] == [i for i, c in enumerate(catalogs) if len(c.events) == 40]
    assert record["capped"]
    assert record["model"]["decoder"] == "hazard"
    assert record["branching_ratio"] is None
    assert catalogs[0].info.truth == {}  # ETAS is where the net began, not what it is
    assert (tmp_path / "counts.png").stat().st_size > 0


def test_several_nets_are_mixed(folder: Path, tmp_path: Path) -> None:
    files = [str(folder / "net.ckpt")] * 2
    options = ["--days", "20", "--samples", "2", "--max-events", "20", "--no-plots"]
    assert main(["simulate", "--model", *files, *options, "--out", str(tmp_path)]) == 0
    record = json.loads((tmp_path / "simulation.json").read_text())
    assert record["model"] == {"kind": "recast", "checkpoints": files, "decoder": "hazard"}
    assert record["events"] > 0


def test_a_net_continues_its_catalog(folder: Path, tmp_path: Path) -> None:
    command = ["simulate", "--model", str(folder / "net.ckpt"), "--no-plots"]
    past = ["--catalog", str(folder / "small.json"), "--at", "2001-09-01", "--days", "7"]
    options = ["--samples", "20", "--seed", "5", "--format", "csep", "--out", str(tmp_path)]
    for threads in ("1", "2"):
        assert main([*command, *past, *options, "--threads", threads]) == 0
        lines = (tmp_path / "simulated.csv").read_text().splitlines()
        catalog = load(str(folder / "small.json"))
        history = catalog.to_sequence().before(catalog.info.to_days("2001-09-01"))
        direct = Recast.load(folder / "net.ckpt").simulate(history, 7.0, 20, seed=5)
        assert len(lines) == 1 + direct.times.size
        assert min(line.split(",")[3] for line in lines[1:]) >= "2001-09-01"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "{0}/none.ckpt", "--days", "1"], "does not exist: `recast fit` writes one"),
        (["--model", "{0}/small.json", "--days", "1"], "small.json holds no model: give the JSON"),
        (
            ["--model", "{0}/etas.json", "--days", "1", "--device", "cuda"],
            "on the CPU only, not on",
        ),
        (
            ["--model", "{0}/net.ckpt", "{0}/etas.json", "--days", "1"],
            "etas.json is not a checkpoint",
        ),
        (["--model", "{0}/net.ckpt", "{0}/other.ckpt", "--days", "1"], "train all on the same"),
        (["--model", "{0}/net.ckpt", "--days", "1", "--device", "abacus"], "device 'abacus'"),
        (["--model", "{0}/net.ckpt", "--days", "1", "--allow-supercritical"], "is for ETAS"),
        (
            ["--model", "{0}/other.ckpt", "--days", "1", "--catalog", "{0}/small.json"],
            "events above completeness magnitude 2, catalog 'small' is complete from 2.5",
        ),
    ],
)
def test_refusals_are_one_line(
    folder: Path,
    options: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filled = [text.format(folder) for text in options]
    assert main(["simulate", *filled, "--out", str(tmp_path)]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1
