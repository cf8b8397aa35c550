"""The default decoder: the hazard of ETAS, its background and each exponential modulated."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, silu

from recast.net.excitation import NODES
from recast.net.regional import RegionalChange
from recast.net.scaling import Scaling

LARGEST_MODULATION = 4.0
"""Log modulations saturate here: a factor of 55 either way is more than any catalog needs."""


@dataclass(frozen=True, eq=False)
class ExponentialHazard:
    """Inter-event times whose hazard is a constant plus decaying exponentials, batched.

        h(x) = background + sum_q A_q e^{-s_q x}
        -ln S(x) = background x + sum_q A_q (1 - e^{-s_q x}) / s_q

    ``background`` (...) and ``amplitudes`` (..., node) in events/day, ``nodes`` s_q (node,) in
    1/days. Every method takes days of shape (...). S(x) = 1 - F(x) tends to 0 as the background
    is positive.
    """

    background: Tensor
    amplitudes: Tensor
    nodes: Tensor

    def _decay(self, x: Tensor) -> Tensor:
        """s_q x, shape (..., node)."""
        return x.to(self.background.dtype)[..., None] * self.nodes

    def log_hazard(self, x: Tensor) -> Tensor:
        """ln h(x): the log intensity x days after the last event, 1/days."""
        triggered = (self.amplitudes * torch.exp(-self._decay(x))).sum(dim=-1)
        return torch.log(self.background + triggered)

    def cumulative_hazard(self, x: Tensor) -> Tensor:
        """-ln S(x): the compensator of the interval up to x."""
        triggered = (self.amplitudes * (-torch.expm1(-self._decay(x)) / self.nodes)).sum(dim=-1)
        return self.background * x.to(self.background.dtype) + triggered

    def log_survival(self, x: Tensor) -> Tensor:
        """ln P(next inter-event time > x)."""
        return -self.cumulative_hazard(x)

    def log_density(self, x: Tensor) -> Tensor:
        """ln f(x), f in 1/days."""
        return self.log_hazard(x) - self.cumulative_hazard(x)

    def sample(self, elapsed: Tensor, generator: torch.Generator) -> Tensor:
        """Inter-event times given that ``elapsed`` days have passed without an event.

        Solves -ln S(x) = -ln S(elapsed) + E with E ~ Exp(1): the cumulative hazard is concave and
        increasing, so Newton's method from the left converges monotonically.
        """
        target = self.cumulative_hazard(elapsed) + torch.empty_like(self.background).exponential_(
            generator=generator
        )
        return self.inverse_cumulative_hazard(target, elapsed)

    def inverse_cumulative_hazard(self, target: Tensor, start: Tensor) -> Tensor:
        """The x >= start at which -ln S(x) reaches ``target``.

        On a concave increasing function Newton's steps from below never overshoot, and each is at
        least what the tangent allows; 1e-12 relative is reached in some tens of steps.
        """
        x = start.to(self.background.dtype).clone()
        for _ in range(200):
            gap = target - self.cumulative_hazard(x)
            step = gap / torch.exp(self.log_hazard(x))
            x = x + step.clamp_min(0.0)
            if bool((step <= 1e-12 * x).all()):
                break
        return x


class HazardDecoder(nn.Module):
    """Context, background and excitation of ETAS -> hazard.

        h(x) = mu e^{d + g_0(c)} + sum_q a_q e^{g_q(c)} e^{-s_q x}

    with the background mu and amplitudes a_q of the fitted ETAS, a learned number d, and
    modulations g of the context c by a small net whose last layer starts at zero: training starts
    at ETAS. A region's code changes the weights of the small net (``recast.net.regional``). The
    intensity, compensator and survival stay in closed form.
    """

    nodes: Tensor

    def __init__(self, context_size: int, code_size: int, width: int) -> None:
        super().__init__()
        nodes = torch.from_numpy(NODES).float()
        self.register_buffer("nodes", nodes)
        self.log_background_factor = nn.Parameter(torch.zeros(()))
        last_size = 1 + nodes.numel()
        self.first, self.last = nn.Linear(context_size, width), nn.Linear(width, last_size)
        self.first_change = RegionalChange(width, context_size, code_size)
        self.last_change = RegionalChange(last_size, width, code_size)
        for silent in (
            self.last.weight,
            self.last.bias,
            self.last_change.left,
            self.last_change.shift,
        ):
            nn.init.zeros_(silent)

    def layers(self, code: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Weights and biases of the small net's layers in a region; a SiLU is between them."""
        return [
            self.first_change(self.first.weight, self.first.bias, code),
            self.last_change(self.last.weight, self.last.bias, code),
        ]

    def forward(
        self, context: Tensor, code: Tensor, scaling: Scaling, amplitudes: Tensor
    ) -> ExponentialHazard:
        """The distribution after each context (..., context_size) in the region of ``code``.

        The background mu is that of ``scaling``; ``amplitudes`` a_q (..., node) in events/day.
        """
        first, last = self.layers(code)
        g = linear(silu(linear(context, *first)), *last)  # (..., 1 + node)
        g = LARGEST_MODULATION * torch.tanh(g / LARGEST_MODULATION)
        return ExponentialHazard(
            scaling.background * torch.exp(self.log_background_factor + g[..., 0]),
            amplitudes.to(g.dtype) * torch.exp(g[..., 1:]),
            self.nodes,
        )
