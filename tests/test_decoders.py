"""A decoder that another package adds is known by its name; broken ones are one line."""

import math
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from outside import install
from sampling_nets import LAW, SCALING, make_history
from torch import Tensor, nn

from catalogs import EventSequence, InputError
from recast import cli
from recast.forecast.blocks import Source
from recast.models.neural import Recast
from recast.net.architectures import BUILT_IN, GROUP, Architecture, architectures
from recast.net.decoders import ExponentialHazard
from recast.net.encoder import Inputs, unit_free_inputs
from recast.net.network import NextEvent, RecastNet
from recast.net.promises import check_decoder
from recast.net.scaling import Scaling
from recast.pretrained.checkpoints import read_checkpoint, write_checkpoint
from recast.sampling.arrays import is_compiled
from recast.sampling.sampler import Memory


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recast]:
    monkeypatch.syspath_prepend(str(install("outside_decoder", tmp_path)))
    architectures.cache_clear()
    yield Recast(RecastNet(SCALING, decoder="constant", hidden_size=4, width=4), LAW)
    architectures.cache_clear()
    sys.modules.pop("outside_decoder", None)


def test_it_is_scored(process: Recast) -> None:
    history = make_history().scored_from(1.0)
    expected = history.n_scored * np.log(2.0) - 2.0 * history.scored_days
    assert process.log_likelihood(history) == pytest.approx(expected, rel=1e-6)
    assert "constant.log_rate" in process.net.state_dict()


def test_it_is_sampled_without_compiled_code(process: Recast) -> None:
    history = make_history()
    assert not is_compiled(process.net)
    drawn = process.simulate(history, 5.0, 300, seed=1)
    # Poisson with mean 10, five standard errors
    assert drawn.counts.mean() == pytest.approx(10.0, abs=5.0 * np.sqrt(10.0 / 300))
    source = Source.of([process], history, [history.end - 1.0])
    assert isinstance(source.histories[0][0], EventSequence)
    assert source.draw(0, 0, 1.0, 20, [1], 100).n == 20


def test_shipped_decoders_are_compiled() -> None:
    history = make_history()
    for name in BUILT_IN:
        process = Recast(RecastNet(SCALING, decoder=name, hidden_size=4, width=4))
        assert is_compiled(process.net)
        assert isinstance(Source.of([process], history, [history.end]).histories[0][0], Memory)


def test_the_command_line_trains_and_simulates_it(
    process: Recast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    quick = ("--trainer.max_epochs", "1", "--data.steps_per_epoch", "2")
    assert cli.main(["fit", "--model.decoder", "constant", *quick]) == 0
    (best,) = tmp_path.rglob("best.ckpt")
    after = ("--catalog", "ridgecrest_2019", "--days", "0.1", "--samples", "3", "--no-plots")
    assert cli.main(["simulate", "--model", str(best), *after]) == 0


@pytest.mark.usefixtures("process")
def test_a_hazard_that_is_not_that_of_its_survival_has_no_score(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    quick = ("--trainer.max_epochs", "1", "--data.steps_per_epoch", "2")
    assert cli.main(["fit", "--model.decoder", "constant", *quick]) == 0
    (best,) = tmp_path.rglob("best.ckpt")
    command = ["benchmark", "--catalog", "ridgecrest_2019", "--models", str(best), "--out", "run"]
    assert cli.main(command) == 0
    said = "over 100 intervals its `cumulative_hazard` grows by"
    capsys.readouterr()
    assert cli.main(["fit", "--model.decoder", "hasty", *quick]) == 2
    assert f"decoder 'hasty': {said}" in capsys.readouterr().err
    _rename(best, "constant", "hasty")
    for name in ("validate", "test", "predict"):
        assert cli.main([name, "--ckpt_path", str(best), *quick]) == 2
        assert said in capsys.readouterr().err
    assert cli.main(command) == 2
    wrong = "model 'best.ckpt': over 100 intervals its compensator grows by"
    assert wrong in capsys.readouterr().err


def _rename(path: Path, was: str, now: str) -> None:
    """Give the net of a checkpoint another decoder, of the same parts."""
    content = read_checkpoint(path)
    content["hyper_parameters"]["decoder"] = now
    weights = content["state_dict"].items()
    content["state_dict"] = {name.replace(f".{was}.", f".{now}."): part for name, part in weights}
    write_checkpoint(path, content)


class Cut(ExponentialHazard):
    """Its density is that of twice the rate."""

    def log_density(self, x: Tensor) -> Tensor:
        return super().log_density(x) + math.log(2.0) - self.cumulative_hazard(x)


class Late(ExponentialHazard):
    """Expects a tenth of an event before the interval begins."""

    def cumulative_hazard(self, x: Tensor) -> Tensor:
        return super().cumulative_hazard(x) + 0.1


class Made(nn.Module):
    """A rate that the context moves, by the mean of all contexts if ``together``."""

    def __init__(self, law: type[ExponentialHazard], together: bool, size: int) -> None:
        super().__init__()
        self.law, self.together = law, together
        self.linear = nn.Linear(size, 1)

    def forward(self, context: Tensor, _: Tensor, scaling: Scaling, __: Tensor) -> NextEvent:
        if self.together:
            context = context - context.mean(dim=0)
        rate = torch.exp(self.linear(context)[..., 0]) / scaling.mean_inter_time
        return self.law(rate, torch.zeros_like(rate)[..., None], torch.ones(1))


def centred(*arguments: Any) -> Tensor:
    features = unit_free_inputs(*arguments)
    return features - features.mean(dim=1, keepdim=True)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        ((ExponentialHazard, False, unit_free_inputs), ""),
        ((Cut, False, unit_free_inputs), "its `log_density` is .* where log_hazard - cumulative"),
        ((Late, False, unit_free_inputs), "its `cumulative_hazard` is 0.1 where 0 at 0 days is 0:"),
        ((ExponentialHazard, True, unit_free_inputs), "the hazard after a context depends on the"),
        ((ExponentialHazard, False, centred), "looks ahead: contexts of its net change if later"),
    ],
)
def test_what_a_decoder_promises_is_tried(
    made: tuple[type[ExponentialHazard], bool, Inputs],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    law, together, inputs = made
    parts = Architecture(lambda size, *_: Made(law, together, size), inputs)
    monkeypatch.setattr("recast.net.network.architecture", lambda _: parts)
    net = RecastNet(SCALING, decoder="made", hidden_size=4, width=4)
    batch = net.intervals(make_history().scored_from(1.0))
    refused = pytest.raises(InputError, match=f"decoder 'made'.*{message}")
    with refused if message else nullcontext():
        check_decoder(net, batch)


def test_an_unknown_decoder_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="no decoder 'none': choose from hazard, weibull"):
        RecastNet(SCALING, decoder="none")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("odd", "nowhere:NOTHING", "cannot be loaded"),
        ("odd", "math:pi", "is no recast.net.architectures.Architecture"),
        ("hazard", "outside_decoder:CONSTANT", "the name is taken or no identifier"),
        ("two words", "outside_decoder:CONSTANT", "the name is taken or no identifier"),
    ],
)
def test_a_broken_entry_point_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str, message: str
) -> None:
    monkeypatch.syspath_prepend(str(install("outside_decoder", tmp_path)))
    point = EntryPoint(name, value, GROUP)
    monkeypatch.setattr("recast.net.architectures.entry_points", lambda group: [point])
    architectures.cache_clear()
    with pytest.raises(InputError, match=message):
        architectures()
    architectures.cache_clear()
    sys.modules.pop("outside_decoder", None)
