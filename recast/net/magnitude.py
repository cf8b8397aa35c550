"""Law of the next magnitude, given the past and the inter-event time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recast.net.encoder import SHORTEST, log_inter_times
from recast.net.scaling import Scaling

LARGEST_LOG_RATIO = 1.5
"""ln(beta / beta_0) saturates here: b between a fifth and four and a half times its mean."""

LARGEST_MISSED = 0.9
"""The share of events missed at the lowest magnitude saturates here, and at a surplus as large."""

SAMPLING_LOG_RATIO = 0.2
"""Where ln(beta / beta_0) saturates in free-running catalogs. Dense sequences are taken for
incomplete ones, so larger magnitudes are drawn, which make them denser: at 1.5 a fifth of the
continuations of some catalogs run away, at 0.2 about as few as with a fixed b
(experiments/README.md). They follow the exponential law of the same mean: the share missed is left
out."""


@dataclass(frozen=True, eq=False)
class TruncatedExponential:
    """Gutenberg-Richter laws with their own b-values, batched.

        p(m) = beta e^{-beta (m - lowest)} / (1 - e^{-beta (maximum - lowest)})

    on [lowest, maximum]; ``beta`` = b ln 10 of shape (...). Larger magnitudes have the same
    formula: no event makes a score infinite.
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
        """Magnitude below which a fraction u lies."""
        mass = -torch.expm1(-self.beta * (self.maximum - self.lowest))
        return self.lowest - torch.log1p(-u * mass) / self.beta


@dataclass(frozen=True, eq=False)
class DetectedExponential:
    """Gutenberg-Richter laws of which the smallest events are missed, batched.

    With x = m - lowest, of which the detector sees the share 1 - w e^{-t x}:

        p(m) = t e^{-t x} (1 - w e^{-t x}) / ((1 - Y) - w (1 - Y^2) / 2)

    on [lowest, maximum], where Y = e^{-t (maximum - lowest)}; larger magnitudes have the same
    formula. ``missed`` is w, the share missed at the lowest magnitude, below 1; less than zero
    where small events are in surplus, zero for the law of Gutenberg and Richter. ``beta`` (...) is
    1 / (mean excess of magnitude), as if nothing were missed; the tail falls off by
    t = beta (4 - w) / (4 - 2 w), up to what lies above ``maximum``.
    """

    beta: Tensor
    missed: Tensor
    lowest: float
    maximum: float

    def log_density(self, magnitudes: Tensor) -> Tensor:
        """ln p(m), per magnitude unit."""
        w = self.missed
        tail = self.beta * (4.0 - w) / (4.0 - 2.0 * w)
        small = torch.exp(-tail * (magnitudes - self.lowest).to(tail.dtype))
        end = torch.exp(-tail * (self.maximum - self.lowest))
        mass = (1.0 - end) - 0.5 * w * (1.0 - end.square())
        return torch.log(tail * small / mass) + torch.log1p(-w * small)


class MagnitudeHead(nn.Module):
    """beta / beta_0 and the share missed, from context, ln(tau / mean tau), ln(expected in tau).

    After a large event small ones are missed, so b falls for a while and the law bends: the
    inter-event time that ends at the event tells how dense the sequence is (Dascher-Cousineau et
    al. 2023 keep b fixed; Stockman et al. 2023 and MAGNET, arXiv:2408.02129, report what a
    history-dependent law gains). The last layers start at zero: training starts at the fixed-b law.
    The context enters detached, so that magnitudes never affect the fit of the times.
    """

    def __init__(self, context_size: int, width: int = 48) -> None:
        super().__init__()
        last, self.missed = nn.Linear(width, 1), nn.Linear(width, 1)
        for layer in (last, self.missed):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.net = nn.Sequential(nn.Linear(context_size + 2, width), nn.SiLU(), last)

    def simpler(self) -> list[dict[str, Tensor]]:
        """Parameters by name of two simpler laws: nothing missed, and fixed b."""
        zero = {name: torch.zeros_like(value) for name, value in self.state_dict().items()}
        last = f"net.{len(self.net) - 1}."
        parts = (("missed.",), ("missed.", last))
        return [{k: v for k, v in zero.items() if k.startswith(part)} for part in parts]

    def forward(
        self,
        scaling: Scaling,
        hidden: Tensor,
        inter_times: Tensor,
        expected: Tensor,
        *,
        largest: float = LARGEST_LOG_RATIO,
    ) -> DetectedExponential:
        """The law of the magnitude of the event that ends each interval, (...).

        ``largest`` is where ln(beta / beta_0) saturates.
        """
        log_tau = log_inter_times(scaling, inter_times)
        log_expected = torch.log(expected.clamp_min(SHORTEST))
        extra = torch.stack([log_tau, log_expected], dim=-1).to(hidden.dtype)
        inner = self.net[:-1](torch.cat([hidden.detach(), extra], dim=-1))
        ratio = _saturated(self.net[-1](inner)[..., 0], largest)
        missed = _saturated(self.missed(inner)[..., 0], LARGEST_MISSED)
        law = scaling.magnitude_law
        return DetectedExponential(
            law.beta * torch.exp(ratio), missed, scaling.lowest_magnitude, law.maximum
        )


def _saturated(x: Tensor, largest: float) -> Tensor:
    return largest * torch.tanh(x / largest)
