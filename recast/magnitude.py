"""The magnitude of the next event, given the past and the time it took to come."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recast.encoder import SHORTEST
from recast.scaling import Scaling

LARGEST_LOG_RATIO = 1.5
"""ln(beta / beta_0) saturates here: b between a fifth and four and a half times its mean."""

SAMPLING_LOG_RATIO = 0.2
"""The same in free-running catalogs. Dense sequences are taken for incomplete ones, so larger
magnitudes are drawn, which make them denser: at 1.5 a fifth of the continuations of some catalogs
run away, at 0.2 about as few as with a fixed b, and most of the gain is kept
(experiments/README.md)."""


@dataclass(frozen=True, eq=False)
class TruncatedExponential:
    """Gutenberg-Richter laws with their own b-values, batched.

        p(m) = beta e^{-beta (m - lowest)} / (1 - e^{-beta (maximum - lowest)})

    on [lowest, maximum]; ``beta`` = b ln 10 of shape (...).
    """

    beta: Tensor
    lowest: float
    maximum: float

    def log_density(self, magnitudes: Tensor) -> Tensor:
        """ln p(m), per magnitude unit."""
        excess = (magnitudes - self.lowest).to(self.beta.dtype)
        mass = -torch.expm1(-self.beta * (self.maximum - self.lowest))
        return torch.log(self.beta / mass) - self.beta * excess

    def inverse_cdf(self, u: Tensor) -> Tensor:
        """The magnitude below which a fraction u lies."""
        mass = -torch.expm1(-self.beta * (self.maximum - self.lowest))
        return self.lowest - torch.log1p(-u * mass) / self.beta


class MagnitudeHead(nn.Module):
    """beta = beta_0 exp(net(context, ln(tau / mean tau), ln(expected events in tau))).

    After a large event small ones are missed, so b falls for a while: the inter-event time that
    ends at the event tells how dense the sequence is (Dascher-Cousineau et al. 2023 keep b fixed;
    Stockman et al. 2023 and MAGNET, arXiv:2408.02129, report what a history-dependent law gains).
    The last layer starts at zero: training starts at the fixed-b law. The context enters detached,
    so that magnitudes never cost the times anything.
    """

    def __init__(self, context_size: int, width: int = 48) -> None:
        super().__init__()
        last = nn.Linear(width, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.net = nn.Sequential(nn.Linear(context_size + 2, width), nn.SiLU(), last)

    def of_fixed_law(self) -> dict[str, Tensor]:
        """The parameters, by name, with which this is the fixed-b law."""
        last = f"net.{len(self.net) - 1}."
        state = self.state_dict()
        return {name: torch.zeros_like(state[name]) for name in state if name.startswith(last)}

    def forward(
        self,
        scaling: Scaling,
        hidden: Tensor,
        inter_times: Tensor,
        expected: Tensor,
        *,
        largest: float = LARGEST_LOG_RATIO,
    ) -> TruncatedExponential:
        """The law of the magnitude of the event that ends each interval, (...).

        ``largest`` is where ln(beta / beta_0) saturates.
        """
        log_tau = torch.log(inter_times.clamp_min(SHORTEST) / scaling.mean_inter_time)
        log_expected = torch.log(expected.clamp_min(SHORTEST))
        extra = torch.stack([log_tau, log_expected], dim=-1).to(hidden.dtype)
        x = self.net(torch.cat([hidden.detach(), extra], dim=-1))[..., 0]
        ratio = largest * torch.tanh(x / largest)
        law = scaling.magnitude_law
        return TruncatedExponential(
            law.beta * torch.exp(ratio), scaling.lowest_magnitude, law.maximum
        )
