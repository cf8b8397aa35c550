"""The paper's decoder: a mixture of Weibull distributions of the next inter-event time."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, softplus

from recast.net.encoder import SHORTEST
from recast.net.scaling import Scaling

RAW_FLOOR = -5.0
"""Rates and shapes are softplus of values clamped here, so never below 0.0067 (paper's setting)."""


@dataclass(frozen=True, eq=False)
class WeibullMixture:
    """A mixture of Weibull distributions in hazard form, batched.

        S(x) = sum_k pi_k exp(-b_k (x / scale)^{a_k})

    ``log_weights``, ``rates`` b_k and ``shapes`` a_k have shape (..., component); ``scale`` is in
    days. Every method takes days of shape (...) and works in log-survival, never in exp(log S). The
    hazard at 0 may be singular: there it is that of ``SHORTEST``.
    """

    log_weights: Tensor
    rates: Tensor
    shapes: Tensor
    scale: float

    def _log_x(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """ln(x / scale) of shape (..., 1), with SHORTEST in place of x = 0, and where x > 0."""
        positive = x > 0.0
        log_x = torch.log(torch.where(positive, x, SHORTEST) / self.scale)
        return log_x.to(self.rates.dtype)[..., None], positive[..., None]

    def _hazard_power(self, x: Tensor) -> Tensor:
        """b_k (x / scale)^{a_k}, shape (..., component), exactly 0 at x = 0."""
        log_x, positive = self._log_x(x)
        return self.rates * torch.where(positive, torch.exp(self.shapes * log_x), 0.0)

    def log_survival(self, x: Tensor) -> Tensor:
        """ln P(next inter-event time > x)."""
        return torch.logsumexp(self.log_weights - self._hazard_power(x), dim=-1)

    def cumulative_hazard(self, x: Tensor) -> Tensor:
        """-ln S(x): the compensator of the interval up to x."""
        return -self.log_survival(x)

    def log_density(self, x: Tensor) -> Tensor:
        """ln f(x) with f in 1/days."""
        log_x, positive = self._log_x(x)
        power = self.rates * torch.where(positive, torch.exp(self.shapes * log_x), 0.0)
        slope = torch.log(self.rates) + torch.log(self.shapes) + self.shapes * log_x - log_x
        log_f = torch.logsumexp(self.log_weights + slope - power, dim=-1)
        return log_f - torch.log(torch.tensor(self.scale, dtype=log_f.dtype, device=log_f.device))

    def log_hazard(self, x: Tensor) -> Tensor:
        """ln(f(x) / S(x)): the log intensity x days after the last event, 1/days."""
        return self.log_density(x) - self.log_survival(x)

    def sample(self, elapsed: Tensor, generator: torch.Generator) -> Tensor:
        """Inter-event times given that ``elapsed`` days have passed without an event.

        The component is drawn from its posterior pi_k S_k(elapsed) / S(elapsed), then its time by
        the inverse of the cumulative hazard: b x^a = b elapsed^a + E with E ~ Exp(1).
        """
        past = self._hazard_power(elapsed)
        posterior = torch.softmax(self.log_weights - past, dim=-1)
        k = torch.multinomial(posterior, 1, generator=generator)
        exponential = torch.empty_like(past[..., :1]).exponential_(generator=generator)
        rate, shape = self.rates.gather(-1, k), self.shapes.gather(-1, k)
        ratio = (past.gather(-1, k) + exponential) / rate
        return (self.scale * torch.exp(torch.log(ratio) / shape))[..., 0]


class WeibullDecoder(nn.Module):
    """Context -> linear -> mixture of ``components`` Weibull distributions."""

    def __init__(self, context_size: int, _: int, components: int) -> None:
        super().__init__()
        self.linear = nn.Linear(context_size, 3 * components)

    def forward(self, context: Tensor, _: Tensor, scaling: Scaling, __: Tensor) -> WeibullMixture:
        """The distribution after each context (..., context_size); region and ETAS are ignored."""
        logits, rates, shapes = self.linear(context).chunk(3, dim=-1)  # each (..., component)
        return WeibullMixture(
            log_softmax(logits, dim=-1),
            softplus(rates.clamp_min(RAW_FLOOR)),
            softplus(shapes.clamp_min(RAW_FLOOR)),
            scaling.mean_inter_time,
        )
