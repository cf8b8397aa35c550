"""The nets that the authors released, and other models in files, as models of a benchmark."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from catalogs import Catalog, EventSequence, InputError, load
from recast.cli import main
from recast.models.registry import model_kind
from recast.models.saved import load_model
from recast.models.seen import leaks
from recast.pretrained import load_weights, read_net, seen
from recast.pretrained.checkpoints import write_checkpoint
from recast.training.region import Region

FILES = {
    "scedc": "SCEDC",
    "white": "White",
    "qtm_san_jacinto": "QTMSanJacinto",
    "qtm_salton_sea": "QTMSaltonSea",
}
PUBLISHED = {
    "scedc": (-22.812099, -13.56627, -14.168238),
    "white": (-63.387341, -76.727364, -89.433266),
    "qtm_san_jacinto": (-7.567898, -2.991349, -6.70382),
    "qtm_salton_sea": (-72.69088, -3.835536, -13.109165),
}
"""NLL per day of train, validation and test of these nets, Dascher-Cousineau et al. (2023)."""


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if "qtm" in name else pytest.mark.slow) for name in FILES],
)
def test_the_released_nets_score_as_published(
    real_catalog: Callable[[str], Catalog], released_file: Callable[[str], Path], name: str
) -> None:
    catalog, path = real_catalog(name), released_file(f"{FILES[name]}_RecurrentTPP.ckpt")
    model = load_model(path).on(catalog)
    assert model.kind.name == "recast-released"
    for (part, window), published in zip(catalog.split().items(), PUBLISHED[name], strict=True):
        # Two events of one time are set 1 ms apart here; the authors had 1e-10 days: 3.6 nats
        apart = name == "scedc" and part == "test"
        nll = -model.process.log_likelihood(window) / window.scored_days
        assert nll == pytest.approx(published, rel=1.2e-4 if apart else 1e-6)
    (extent,) = model.seen.values()
    assert (list(model.seen), extent.until) == ([name], catalog.info.splits.test_start)
    model_kind(str(path)).check(catalog, "shipped")  # tested on what came after
    dates = replace(catalog.info.splits, val_start="2011-01-01", test_start="2012-01-01")
    early = Catalog(catalog.events, replace(catalog.info, splits=dates))
    with pytest.raises(InputError, match=f"fitted on {name} until .*: test later"):
        model_kind(str(path)).check(early, "shipped")


@pytest.mark.parametrize(
    ("name", "published"),
    {
        "qtm_san_jacinto": (-7.442773, -2.939479, -6.672636),
        "qtm_salton_sea": (-73.820083, -3.757067, -13.025055),
    }.items(),
)
def test_the_released_etas_scores_as_published(
    real_catalog: Callable[[str], Catalog],
    released_file: Callable[[str], Path],
    name: str,
    published: tuple[float, float, float],
) -> None:
    """Published in single precision."""
    catalog = real_catalog(name)
    model = load_model(released_file(f"{FILES[name]}_ETAS.ckpt")).on(catalog)
    for (_, window), expected in zip(catalog.split().items(), published, strict=True):
        nll = -model.process.log_likelihood(window) / window.scored_days
        assert nll == pytest.approx(expected, rel=1e-5)
    assert list(model.seen) == [name]


SIZE, COMPONENTS = 4, 3


def released_content(tau_mean: float = 0.0974556, seed: int = 0) -> dict[str, Any]:
    """A small net with random weights in the layout of the files."""
    rng = np.random.default_rng(seed)
    shapes = {
        "rnn.weight_ih_l0": (3 * SIZE, 2),
        "rnn.weight_hh_l0": (3 * SIZE, SIZE),
        "rnn.bias_ih_l0": (3 * SIZE,),
        "rnn.bias_hh_l0": (3 * SIZE,),
        "hypernet_time.weight": (3 * COMPONENTS, SIZE),
        "hypernet_time.bias": (3 * COMPONENTS,),
        "hypernet_mag.weight": (1, SIZE),
        "hypernet_mag.bias": (1,),
    }
    state = {n: torch.tensor(rng.normal(size=s, scale=0.5)).float() for n, s in shapes.items()}
    state["log_tau_mean"] = torch.tensor(tau_mean).log()
    settings = {
        "context_size": SIZE,
        "num_components": COMPONENTS,
        "tau_mean": tau_mean,
        "mag_mean": 2.9,
        "richter_b": 0.9,
        "mag_completeness": 2.5,
    }
    return {"state_dict": state, "hyper_parameters": settings}


def made_file(folder: Path, **content: Any) -> Path:
    path = folder / "made_RecurrentTPP.ckpt"
    write_checkpoint(path, released_content(**content))
    return path


def plain_log_likelihood(content: dict[str, Any], sequence: EventSequence) -> float:
    """The published formulas, event by event, scored from the sequence's start."""
    w = {n: v.double().numpy() for n, v in content["state_dict"].items()}
    settings = content["hyper_parameters"]

    def sigmoid(x: np.ndarray) -> np.ndarray:
        return np.asarray(1.0 / (1.0 + np.exp(-x)))

    def law(h: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        raw = w["hypernet_time.weight"] @ h + w["hypernet_time.bias"]
        rate, shape, logit = np.split(raw, 3)
        positive = (np.log1p(np.exp(np.maximum(x, -5.0))) for x in (rate, shape))
        return *positive, np.exp(logit) / np.exp(logit).sum()

    h, total = np.zeros(SIZE), 0.0
    for i, tau in enumerate(sequence.inter_times):
        rate, shape, share = law(h)
        survival = share * np.exp(-rate * tau**shape)
        if i == len(sequence):
            return float(total + np.log(survival.sum()))
        total += np.log((survival * rate * shape * tau ** (shape - 1.0)).sum())
        x = np.array(
            [np.log(tau) - w["log_tau_mean"], sequence.magnitudes[i] - settings["mag_mean"]]
        )
        gates = w["rnn.weight_ih_l0"] @ x + w["rnn.bias_ih_l0"]
        memory = w["rnn.weight_hh_l0"] @ h + w["rnn.bias_hh_l0"]
        (r, z, n), (mr, mz, mn) = np.split(gates, 3), np.split(memory, 3)
        update = sigmoid(z + mz)
        h = (1.0 - update) * np.tanh(n + sigmoid(r + mr) * mn) + update * h
    raise AssertionError


def test_a_released_net_follows_the_published_formulas(tmp_path: Path) -> None:
    content = released_content()
    sequence = load("ridgecrest_2019").to_sequence()
    process = load_model(made_file(tmp_path)).alone().process
    expected = plain_log_likelihood(content, sequence)
    assert process.log_likelihood(sequence) == pytest.approx(expected, rel=1e-9)


def test_what_it_has_seen_is_that_of_its_catalog(tmp_path: Path) -> None:
    """By the scale of its times; a net of other data may have seen anything."""
    (extent,) = seen(made_file(tmp_path)).values()
    assert (extent.start, extent.end, extent.until) == ("1981-01-01", "2005-01-01", "2014-01-01")
    ridgecrest = load("ridgecrest_2019")
    assert leaks(load_model(made_file(tmp_path)).on(ridgecrest).seen, ridgecrest, 0.0) == []
    other = made_file(tmp_path, tau_mean=0.3)
    with pytest.raises(InputError, match="some catalog until an unknown date.*: test later"):
        model_kind(str(other)).check(ridgecrest, "shipped")


def test_no_other_catalog_starts_from_it(tmp_path: Path) -> None:
    """Its weights know days, not the mean inter-event times of a catalog."""
    path, scaling = made_file(tmp_path), Region(load("ridgecrest_2019")).scaling
    for use in (
        lambda: read_net(path, scaling),
        lambda: load_weights(read_net(path), [scaling], path),
    ):
        with pytest.raises(InputError, match="is a net of one catalog, in days"):
            use()
    with pytest.raises(InputError, match="recast-released is read from a file: name that"):
        model_kind("recast-released").check(load("ridgecrest_2019"), "shipped")


def run(*words: object) -> int:
    return main([str(word) for word in words])


def test_every_command_takes_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path, out = made_file(tmp_path), tmp_path / "run"
    catalog = ("--catalog", "ridgecrest_2019")
    few = ("--samples", 50, "--no-plots")
    assert run("benchmark", *catalog, "--models", "etas", path, "--out", out) == 0
    assert f"{path.name} explains them worse than ETAS" in capsys.readouterr().out
    rows = json.loads((out / "benchmark.json").read_text())["catalogs"]["ridgecrest_2019"]["models"]
    scored = rows[path.name]["splits"]["test"]["log_likelihood"]
    test = load("ridgecrest_2019").split().test
    assert scored == pytest.approx(load_model(path).alone().process.log_likelihood(test))
    assert run("report", out, "--samples", 40) == 0
    assert run("forecast", "--rolling", 0.5, "--run", out, *few) == 0
    assert path.name in capsys.readouterr().out
    assert run("forecast", *catalog, "--model", path, "--days", 1, *few) == 0
    assert run("simulate", "--model", path, "--days", 1, *few) == 0
    assert run("residuals", *catalog, "--model", path, "--no-plots") == 0
    assert run("benchmark", *catalog, "--models", "etas", path, path, "--out", out) == 2
    assert "named twice: name it once, or rename the file" in capsys.readouterr().err


def test_a_benchmark_finds_the_file_again_or_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Any fitted model may be named by its file: here an ETAS fit."""
    fit, out = tmp_path / "etas.json", tmp_path / "run"
    catalog = ("--catalog", "ridgecrest_2019")
    assert run("etas", "fit", *catalog, "--no-plots", "--out", tmp_path) == 0
    assert run("benchmark", *catalog, "--models", "poisson", fit, "--out", out) == 0
    rolling = ("forecast", "--rolling", 0.5, "--run", out, "--samples", 50, "--no-plots")
    assert run(*rolling) == 0
    fit.write_text(fit.read_text() + "\n")
    assert run(*rolling) == 2
    assert (
        "etas.json has changed, from which the benchmark read etas.json: put back"
        in capsys.readouterr().err
    )
    fit.unlink()
    assert run(*rolling) == 2
    assert "is missing, from which the benchmark read" in capsys.readouterr().err


def test_a_released_etas_has_the_parameters_of_its_file(tmp_path: Path) -> None:
    values = {"mu": 20.0, "k": 0.02, "alpha": 0.7, "c": 0.01, "p": 1.1}
    state = {f"log_{name}": torch.tensor(value).double().log() for name, value in values.items()}
    settings = {"base_rate_init": 1.0 / 0.0416628, "mag_completeness": 2.5, "richter_b": 0.9}
    path = tmp_path / "made_ETAS.ckpt"
    write_checkpoint(path, {"state_dict": state, "hyper_parameters": settings})
    model = load_model(path).on(load("ridgecrest_2019"))
    assert (model.kind.name, list(model.seen)) == ("etas", ["white"])
    for name, value in values.items():
        assert getattr(model.process, name) == pytest.approx(value)
    assert load_model(path).alone().process.magnitude_law.b == 0.9
    broken = settings | {"richter_b": "one"}
    write_checkpoint(path, {"state_dict": state, "hyper_parameters": broken})
    with pytest.raises(InputError, match="made_ETAS.ckpt cannot be read"):
        load_model(path).alone()
