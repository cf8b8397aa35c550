"""A decoder of one's own: its name in ``DECODERS``, and all else follows."""

import numpy as np
import pytest
import torch
from sampling_nets import LAW, SCALING, make_history
from torch import Tensor, nn

from catalogs import EventSequence
from recast.forecast.blocks import Source
from recast.models.neural import Recast
from recast.net.decoders import ExponentialHazard
from recast.net.network import DECODERS, Architecture, RecastNet
from recast.net.scaling import Scaling
from recast.sampling.arrays import is_compiled
from recast.sampling.sampler import Memory


class ConstantDecoder(nn.Module):
    """Two events a day, whatever has happened."""

    def __init__(self, context_size: int, code_size: int, width: int) -> None:
        super().__init__()
        self.log_rate = nn.Parameter(torch.log(torch.tensor(2.0)))

    def forward(
        self, context: Tensor, code: Tensor, scaling: Scaling, amplitudes: Tensor
    ) -> ExponentialHazard:
        rate = torch.exp(self.log_rate).expand(context.shape[:-1])
        return ExponentialHazard(rate, torch.zeros_like(rate)[..., None], torch.ones(1))


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch) -> Recast:
    monkeypatch.setitem(DECODERS, "constant", Architecture(ConstantDecoder))  # type: ignore[arg-type]
    return Recast(RecastNet(SCALING, decoder="constant", hidden_size=4, width=4), LAW)  # type: ignore[arg-type]


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
    for name in DECODERS:
        process = Recast(RecastNet(SCALING, decoder=name, hidden_size=4, width=4))
        assert is_compiled(process.net)
        assert isinstance(Source.of([process], history, [history.end]).histories[0][0], Memory)
