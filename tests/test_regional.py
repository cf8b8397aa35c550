"""What a region's code does to weights that all regions share."""

from __future__ import annotations

import torch
from sampling_nets import SCALING

from recast.net.architectures import CODE_SIZE
from recast.net.excitation import NODES
from recast.net.network import RecastNet
from recast.net.regional import RegionalChange


def test_each_number_adds_one_matrix_of_rank_one_or_one_shift() -> None:
    torch.manual_seed(0)
    change = RegionalChange(5, 4, 6).double()
    for parameter in change.parameters():
        parameter.data.normal_()
    weight, bias = torch.randn(5, 4, dtype=torch.float64), torch.randn(5, dtype=torch.float64)
    code = torch.tensor([2.0, 0.0, -1.0, 1.0, 3.0, 0.0], dtype=torch.float64)
    u, v, s = change.left, change.right, change.shift
    changed, shifted = change(weight, bias, code)
    expected = weight + 2.0 * torch.outer(u[:, 0], v[0]) - torch.outer(u[:, 2], v[2])
    torch.testing.assert_close(changed, expected)
    torch.testing.assert_close(shifted, bias + s[:, 0] + 3.0 * s[:, 1])
    assert torch.linalg.matrix_rank(changed - weight) == 2


def test_the_code_zero_changes_nothing() -> None:
    torch.manual_seed(0)
    change, weight, bias = RegionalChange(5, 4, 6), torch.randn(5, 4), torch.randn(5)
    changed, shifted = change(weight, bias, torch.zeros(6))
    assert torch.equal(changed, weight)
    assert torch.equal(shifted, bias)


def test_a_code_of_zero_can_learn() -> None:
    """Else a region would keep the code it starts with."""
    torch.manual_seed(0)
    net = RecastNet(SCALING, n_regions=2)
    torch.nn.init.normal_(net.decoder.last.weight)  # at ETAS itself nothing but this layer can
    here, there = net.on(SCALING, 0), net.on(SCALING, None)
    hidden, x = torch.randn(6, net.context_size), torch.rand(6)
    amplitudes = torch.rand(6, len(NODES))
    (gradient,) = torch.autograd.grad(
        here.decode(hidden, amplitudes).log_density(x).sum(), net.codes
    )
    assert gradient.shape == (2, CODE_SIZE)
    assert (gradient[0] != 0.0).all()
    assert (gradient[1] == 0.0).all()
    (gradient,) = torch.autograd.grad(
        there.decode(hidden, amplitudes).log_density(x).sum(), net.codes
    )
    assert (gradient == 0.0).all()
