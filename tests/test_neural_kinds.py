"""How each kind of net is trained: from what, on what, for how long, and by which seed."""

from pathlib import Path
from typing import Any

import pytest
import torch

from catalogs import Catalog, InputError, Selection, load
from catalogs.checks.extent import Extent
from recast.benchmark.training_size import recent
from recast.models.fitting import fit_model
from recast.models.kind import Task
from recast.models.neural_kinds import FEW_SHOT_EPOCHS
from recast.models.registry import model_kind
from recast.models.saved import load_model
from recast.pretrained import SHIPPED, SHIPPED_WORLDS, checkpoint_path, seen, shape_of
from recast.training.region import Region
from recast.training.task import RecastTask
from recast.training.trainer import PAPER, PAPER_EPOCHS


class BegunError(Exception):
    """Instead of a training."""


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What a training is asked for; none is done."""
    asked: dict[str, Any] = {}

    def train(data: Any, folder: Path, **how: Any) -> None:
        asked.update(how, data=data, folder=folder)
        raise BegunError

    monkeypatch.setattr("recast.training.trainer.train", train)
    return asked


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """A region of 2,500 training events that neither net of the package has seen."""
    return recent(load("synthetic_socal"), 2500)


def seen_the_test_window(folder: Path) -> str:
    """A checkpoint whose net was trained on events of the test window of Ridgecrest."""
    content = torch.load(checkpoint_path(SHIPPED), weights_only=True)
    extent = Extent("2019-07-06", "2019-08-01", "2019-08-01").to_json()
    content["hyper_parameters"]["trained_on"] = {"elsewhere": extent}
    path = folder / "net.ckpt"
    torch.save(content, path)
    return str(path)


@pytest.mark.parametrize(
    ("name", "start", "epochs"),
    [
        ("recast", SHIPPED_WORLDS, FEW_SHOT_EPOCHS),
        ("recast-few-shot", SHIPPED_WORLDS, FEW_SHOT_EPOCHS),
        ("recast-native", None, None),
        ("recast-paper", None, PAPER_EPOCHS),
    ],
)
def test_a_net_is_trained_as_its_kind_says(
    name: str,
    start: str | None,
    epochs: int | None,
    begun: dict[str, Any],
    catalog: Catalog,
    tmp_path: Path,
) -> None:
    with pytest.raises(BegunError):
        model_kind(name).fit(Task(catalog, tmp_path, 3, resume=True))
    data, model = begun["data"], begun["model"]
    assert (begun["seed"], data.seed) == (3, 3)
    assert (begun["resume"], begun["max_epochs"]) == (True, epochs)
    assert model_kind(name).path(tmp_path, 3).parent == begun["folder"]
    assert model.get("pretrained") == start
    assert data.region.catalog is catalog
    # RECAST as published knows neither the time of day nor other regions
    assert data.region.day_clock is (name != "recast-paper")
    assert (data.region.pretrained is None) is (start is None)
    if start is None:
        assert model == (PAPER if name == "recast-paper" else {})
    else:
        assert data.steps_per_epoch == 13  # of 200 events each
        assert model["fine_tuning"] == pytest.approx(0.5 * 2500 / 8000)
        assert shape_of(start).items() <= model.items()
    with pytest.raises(BegunError):
        model_kind(name).fit(Task(catalog, tmp_path, quick=True))
    assert (begun["seed"], begun["resume"], begun["max_epochs"]) == (0, False, 1)


def test_few_shot_starts_from_the_net_that_is_named(
    begun: dict[str, Any], catalog: Catalog, tmp_path: Path
) -> None:
    path = tmp_path / "mine.ckpt"
    path.write_bytes(checkpoint_path(SHIPPED).read_bytes())
    with pytest.raises(BegunError):
        fit_model("recast-few-shot", catalog, tmp_path, pretrained=str(path))
    assert begun["model"]["pretrained"] == begun["data"].region.pretrained == str(path)


def test_no_net_starts_from_one_that_may_have_seen_the_test_window(
    begun: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, ridgecrest = seen_the_test_window(tmp_path), load("ridgecrest_2019")
    for name in ("recast-few-shot", "recast-zero-shot"):
        with pytest.raises(InputError, match="was trained on elsewhere from 2019-07-06"):
            fit_model(name, ridgecrest, pretrained=path)
    assert not begun
    with pytest.raises(BegunError):
        model_kind("recast-few-shot").fit(
            Task(ridgecrest, tmp_path, pretrained=path, allow_leak=True)
        )
    assert begun["model"]["pretrained"] == path
    # The default starts from ETAS alone then
    monkeypatch.setattr("recast.models.neural_kinds.SHIPPED", path)
    with pytest.raises(BegunError):
        fit_model("recast", ridgecrest)
    assert "pretrained" not in begun["model"]


def test_a_fine_tuned_net_has_seen_what_the_one_it_started_from_had(tmp_path: Path) -> None:
    ridgecrest = load("ridgecrest_2019")
    fitted = fit_model("recast-few-shot", ridgecrest, quick=True)
    assert set(fitted.seen) == {*seen(SHIPPED), "ridgecrest_2019"}
    assert fitted.started_from == SHIPPED


def test_a_mixture_has_seen_what_its_nets_have(tmp_path: Path) -> None:
    ridgecrest = load("ridgecrest_2019")
    scaling = Region(ridgecrest, day_clock=False).scaling.to_json()
    paths = []
    for name, width in (("one", 4), ("other", 8)):
        extent = Extent("2000-01-01", "2001-01-01", "2001-01-01").to_json()
        task = RecastTask({name: scaling}, {name: extent}, width=width)
        paths.append(tmp_path / f"{name}.ckpt")
        content = {"hyper_parameters": dict(task.hparams), "state_dict": task.state_dict()}
        torch.save(content, paths[-1])
    one, other = (load_model(path).on(ridgecrest) for path in paths)
    both = load_model(*paths).on(ridgecrest)
    assert [set(net.seen) for net in (one, other)] == [{"one"}, {"other"}]
    assert set(both.seen) == {"one", "other"}
    assert one.n_parameters < other.n_parameters
    assert both.n_parameters == one.n_parameters + other.n_parameters
    fewer = Selection(magnitude_completeness=3.0).of(ridgecrest)
    with pytest.raises(InputError, match=r"one\.ckpt was trained on events above completeness"):
        load_model(paths[0]).on(fewer)
