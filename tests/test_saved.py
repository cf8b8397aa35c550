"""Fitted models from their files: what a file must hold, and what it is known to have seen."""

from dataclasses import replace
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from catalogs import InputError, load
from catalogs.files import write_json
from etas.model import ETAS
from etas.poisson import Poisson
from recast.models.registry import TRUTH, model_kind
from recast.models.saved import load_model
from recast.pretrained import SHIPPED, checkpoint_path, seen

CATALOG = load("ridgecrest_2019")
MODEL = ETAS(1.0, 0.02, 0.7, 0.01, 1.1, CATALOG.magnitude_law())


@pytest.mark.parametrize(
    ("record", "until"),
    [
        ({"catalog": "ridgecrest_2019", "protocol": "train"}, CATALOG.info.splits.val_start),
        ({"catalog": "ridgecrest_2019", "protocol": "train+val"}, CATALOG.info.splits.test_start),
        ({"catalog": "ridgecrest_2019"}, None),
        ({"catalog": "elsewhere", "protocol": "train"}, None),
        ({}, None),
    ],
)
def test_a_file_from_before_fits_said_so_is_known_by_its_catalog(
    record: dict[str, Any], until: str | None, tmp_path: Path
) -> None:
    path = tmp_path / "etas.json"
    write_json(path, {"model": MODEL.to_json(), **record})
    saved = load_model(path).on(CATALOG)
    (seen,) = saved.seen.values()
    assert seen.until == until
    assert saved.process == MODEL
    assert saved.uncertainty is None


def test_a_poisson_file_holds_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "poisson.json"
    write_json(path, {"model": "poisson", "rate": 2.0})
    process = load_model(path).on(CATALOG).process
    assert isinstance(process, Poisson)
    assert process.rate == 2.0
    for rate in ({}, {"rate": "fast"}, {"rate": None}, {"rate": -1.0}):
        write_json(path, {"model": "poisson", **rate})
        with pytest.raises(InputError, match=r"poisson.json( is damaged|: Poisson rate = -1.0)"):
            load_model(path).on(CATALOG)


def test_a_poisson_process_has_no_magnitudes_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "poisson.json"
    write_json(path, {"model": "poisson", "rate": 2.0})
    with pytest.raises(InputError, match="needs the magnitude law of a catalog: name one"):
        load_model(path).alone()


def test_a_model_without_estimates_counts_none() -> None:
    truth = TRUTH.of(load("synthetic_socal"))
    assert truth is not None
    assert "parameter" not in repr(truth)
    assert "5 parameters" in repr(replace(truth, n_parameters=5))


@pytest.mark.parametrize("name", ["net.pt", "net", "net.json"])
def test_a_checkpoint_of_another_name_is_named(name: str, tmp_path: Path) -> None:
    path = copy(checkpoint_path(SHIPPED), tmp_path / name)
    with pytest.raises(InputError, match=f"{name} is a checkpoint by its content: let its name"):
        load_model(path)
    if not name.endswith(".json"):
        with pytest.raises(InputError, match=r"files of models end with \.ckpt or \.json"):
            model_kind(str(path))


def test_the_folder_of_a_model_is_not_the_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder: name the file of a model in it"):
        load_model(tmp_path)
    with pytest.raises(InputError, match="is a folder: name the file in it"):
        seen(tmp_path)
