"""A decoder that another package adds is known by its name; broken ones are one line."""

import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from outside import install
from sampling_nets import LAW, SCALING, make_history

from catalogs import EventSequence, InputError
from recast import cli
from recast.forecast.blocks import Source
from recast.models.neural import Recast
from recast.net.architectures import BUILT_IN, GROUP, architectures
from recast.net.network import RecastNet
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
@pytest.mark.parametrize(("decoder", "refused"), [("constant", False), ("hasty", True)])
def test_a_hazard_that_is_not_that_of_its_survival_has_no_score(
    decoder: str,
    refused: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    quick = ("--trainer.max_epochs", "1", "--data.steps_per_epoch", "2")
    assert cli.main(["fit", "--model.decoder", decoder, *quick]) == 0
    (best,) = tmp_path.rglob("best.ckpt")
    command = ("benchmark", "--catalog", "ridgecrest_2019", "--models", str(best), "--out", "run")
    capsys.readouterr()
    assert cli.main(command) == (2 if refused else 0)
    said = "model 'best.ckpt': over 100 intervals its compensator grows by"
    assert (said in capsys.readouterr().err) == refused


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
