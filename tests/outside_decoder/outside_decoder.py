"""Decoders of a constant rate, as a package that is not ours adds them: a right and a wrong one."""

import math

import torch
from torch import Tensor, nn

from recast.net.architectures import Architecture
from recast.net.decoders import ExponentialHazard
from recast.net.scaling import Scaling


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


class Hasty(ExponentialHazard):
    """Five times the hazard that its survival has: no density."""

    def log_hazard(self, x: Tensor) -> Tensor:
        return super().log_hazard(x) + math.log(5.0)


class HastyDecoder(ConstantDecoder):
    def forward(
        self, context: Tensor, code: Tensor, scaling: Scaling, amplitudes: Tensor
    ) -> ExponentialHazard:
        right = super().forward(context, code, scaling, amplitudes)
        return Hasty(right.background, right.amplitudes, right.nodes)


HASTY = Architecture(HastyDecoder)
CONSTANT = Architecture(ConstantDecoder)
