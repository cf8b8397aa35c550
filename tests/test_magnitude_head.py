"""Laws of magnitudes of which the smallest are missed, and the head that gives them."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.integrate import quad

from recast.net.magnitude import DetectedExponential, MagnitudeHead, TruncatedExponential
from recast.pretrained import read_net
from recast.training.data import CatalogData
from recast.training.task import RecastTask
from recast.training.trainer import train


def law(missed: float, maximum: float = 8.0) -> DetectedExponential:
    w = torch.tensor(missed, dtype=torch.float64)
    return DetectedExponential(torch.tensor(2.3, dtype=torch.float64), w, 1.0, maximum)


def density(law: DetectedExponential, magnitude: float) -> float:
    return float(torch.exp(law.log_density(torch.tensor(magnitude, dtype=torch.float64))))


@pytest.mark.parametrize("missed", [-0.9, -0.3, 0.0, 0.5, 0.9])
def test_the_density_integrates_to_one_and_has_the_mean_it_says(missed: float) -> None:
    short, long = law(missed, maximum=2.5), law(missed, maximum=30.0)
    assert quad(lambda m: density(short, m), 1.0, 2.5)[0] == pytest.approx(1.0, abs=1e-9)
    mean = quad(lambda m: (m - 1.0) * density(long, m), 1.0, 30.0, limit=200)[0]
    assert mean == pytest.approx(1.0 / 2.3, rel=1e-8)


def test_at_the_lowest_magnitude_the_share_is_missed() -> None:
    bent = law(0.6)
    tail = 2.3 * (4.0 - 0.6) / (4.0 - 2.0 * 0.6)
    whole = density(bent, 6.0) * np.exp(tail * 5.0)  # where nothing is missed, carried down
    assert density(bent, 1.0) == pytest.approx(0.4 * whole, rel=1e-6)


def test_where_nothing_is_missed_it_is_the_law_of_gutenberg_and_richter() -> None:
    m = torch.linspace(1.0, 8.0, 50, dtype=torch.float64)
    plain = TruncatedExponential(torch.tensor(2.3, dtype=torch.float64), 1.0, 8.0)
    torch.testing.assert_close(law(0.0).log_density(m), plain.log_density(m))


def test_simpler_laws_of_a_head() -> None:
    torch.manual_seed(0)
    head = MagnitudeHead(4)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    scaling = RecastTask(CatalogData("synthetic_socal").scalings).regions[0]
    given = (scaling, torch.randn(5, 4), torch.rand(5), torch.rand(5))
    own, bent = head(*given), copy.deepcopy(head.state_dict())
    nothing_missed, fixed = head.simpler()
    head.load_state_dict(nothing_missed, strict=False)
    plain = head(*given)
    assert (own.missed != 0.0).all()
    assert (plain.missed == 0.0).all()
    torch.testing.assert_close(plain.beta, own.beta)
    head.load_state_dict(bent)
    head.load_state_dict(fixed, strict=False)
    assert (head(*given).missed == 0.0).all()  # and b is fixed
    constant = torch.full((5,), scaling.magnitude_law.beta)
    torch.testing.assert_close(head(*given).beta, constant)


def test_magnitudes_do_not_affect_the_fit_of_the_times() -> None:
    torch.manual_seed(0)
    head = MagnitudeHead(4)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter)
    hidden = torch.randn(5, 4, requires_grad=True)
    scaling = RecastTask(CatalogData("synthetic_socal").scalings).regions[0]
    law = head(scaling, hidden, torch.rand(5), torch.rand(5))
    (hidden.square().sum() + law.log_density(torch.full((5,), 3.0)).sum()).backward()
    assert hidden.grad is not None
    torch.testing.assert_close(hidden.grad, 2.0 * hidden.detach())  # not through the magnitudes
    assert all(parameter.grad is not None for parameter in head.parameters())


def test_training_keeps_what_validation_confirms(tmp_path: Path) -> None:
    """Nothing is missed in a synthetic catalog: a head that says so has to give way."""
    data = CatalogData("synthetic_socal", steps_per_epoch=1)
    task = RecastTask(data.scalings)
    assert task.net.magnitude is not None
    with torch.no_grad():
        task.net.magnitude.missed.bias.fill_(2.0)
    content = {"hyper_parameters": dict(task.hparams), "state_dict": task.state_dict()}
    torch.save(content, tmp_path / "net.ckpt")
    model = {"pretrained": str(tmp_path / "net.ckpt")}
    net = read_net(train(data, tmp_path / "run", seed=0, model=model, max_epochs=1).checkpoint)
    assert isinstance(net.magnitude, MagnitudeHead)
    assert float(net.magnitude.missed.bias.detach()) == 0.0
