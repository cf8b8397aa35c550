"""The net: it moves the weights and widths of the fitted mixture, and adds memories."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from recast.places.adaptive import AdaptiveParents
from recast.places.candidates import INSTANT, N_ACTIVITY
from recast.places.memories import EXPONENT, N_MEMORIES, SMOOTHED, UNIFORM
from recast.places.targets import BASE, N_LAST, REMEMBERED, SCALES, Batch

N_COMPONENTS = N_MEMORIES + 1
"""Memories and the uniform law."""

N_SITUATION = len(REMEMBERED) * (N_COMPONENTS + 1) + N_LAST

N_INPUTS = 10 + N_ACTIVITY
"""Numbers about a candidate."""

HIDDEN = 32
"""Wider layers gain nothing on catalogs of up to a hundred thousand events."""

DROPOUT = 0.2
"""Of the summary of the situation, which alone overfits."""

MEMORY_BIAS = -5.0
"""Each memory starts with a weight of e^-5, all parents together with at most 1."""

SCALE_BIAS = -3.0
"""Each other width of a parent starts with e^-3 of the fitted one."""

NOBODY = -1e4
"""Log weight of an empty place among the candidates."""


State = dict[str, Tensor]
"""Parameters of a net by name."""


class Weights(NamedTuple):
    """Logarithms of the weights of all parts of the two mixtures."""

    learned: Tensor
    """Candidates, the rest and the components, up to a constant, (target, c + 1 + component)."""

    scales: Tensor
    """Widths of each candidate, which add up to one, (target, c, width)."""

    fitted: Tensor
    """Candidates, the rest and the background, which add up to one, (target, c + 2)."""

    log_total: Tensor
    """mu + sum w Z, (target, 1)."""


class PlaceNet(nn.Module):
    """Densities of places from what is known of a time.

        f(x) = (sum_{j in C} W_j sum_s pi_js K_js(x) / Z_js + W_rest f_rest(x) + sum_m V_m M_m(x))
               / (sum_{j in C} W_j + W_rest + sum_m V_m)

    over the candidates C, the other parents as one, and the memories M_m, each a density over the
    region. W_j is the share w_j Z_j / (mu + sum w Z) of the fitted mixture times e^delta_j; the net
    gives delta_j, pi_js, V_m and the weight of the rest. Its last layers start at zero.

    Parameters
    ----------
    parents : AdaptiveParents
        The fitted mixture.
    square_km : float
        Surface of the region.
    """

    mean: Tensor
    spread: Tensor
    tails: Tensor

    def __init__(self, parents: AdaptiveParents, square_km: float) -> None:
        super().__init__()
        n_scales = len(SCALES)
        self.parents, self.log_area = parents, math.log(square_km)
        self.candidate = nn.Linear(N_INPUTS, HIDDEN)
        self.situation = nn.Linear(HIDDEN, HIDDEN, bias=False)
        self.middle = nn.Linear(HIDDEN, HIDDEN)
        self.out = nn.Linear(HIDDEN, 1 + n_scales)
        self.summary = nn.Sequential(nn.Linear(N_SITUATION, HIDDEN), nn.SiLU(), nn.Dropout(DROPOUT))
        self.mix = nn.Linear(HIDDEN, N_COMPONENTS + 1)
        self.direct = nn.Linear(N_SITUATION, N_COMPONENTS + 1, bias=False)
        for layer in (self.out, self.mix, self.direct):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.out.bias)
        nn.init.constant_(self.mix.bias, MEMORY_BIAS)
        scales, tails = torch.full((n_scales,), SCALE_BIAS), torch.full((n_scales,), EXPONENT)
        scales[BASE], tails[BASE] = 0.0, parents.q
        self.scale_bias = nn.Parameter(scales)
        self.rest_bias = nn.Parameter(torch.zeros(1))
        self.register_buffer("tails", tails)
        self.register_buffer("mean", torch.zeros(N_SITUATION))
        self.register_buffer("spread", torch.ones(N_SITUATION))

    def standardise(self, situation: Tensor) -> None:
        """Take mean and spread of the situation from those of the train window."""
        self.mean.copy_(situation.mean(dim=0))
        self.spread.copy_(situation.std(dim=0, correction=0) + 0.1)

    def forward(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """ln f, and ln f of the fitted mixture, nats, each of shape (target,)."""
        s, kernel, rest = len(SCALES), batch.kernel, batch.rest.log()
        weights = self.weights(batch)
        ratio = batch.square[..., None] * torch.exp(-kernel[..., :s])
        log_kernel = kernel[..., s : 2 * s] - self.tails * torch.log1p(ratio)
        densities = torch.cat(
            [
                torch.logsumexp(weights.scales + log_kernel, dim=-1),
                rest[:, :1] - rest[:, 1:],
                batch.components,
            ],
            dim=1,
        )
        learned = torch.logsumexp(weights.learned + densities, dim=1)
        fitted = torch.cat(
            [
                weights.fitted[:, :-2] + log_kernel[..., BASE],
                rest[:, :1] - weights.log_total,
                weights.fitted[:, -1:] + _log_background(batch.components),
            ],
            dim=1,
        )
        learned = learned - torch.logsumexp(weights.learned, dim=1)
        return learned, torch.logsumexp(fitted, dim=1)

    def weights(self, batch: Batch) -> Weights:
        """How much each part of the two mixtures has."""
        s, parents = len(SCALES), self.parents
        delay = (batch.log_age.exp() - INSTANT).clamp(min=0.0) + parents.c
        log_weight = batch.kernel[..., 2 * s] - parents.p * delay.log()
        log_weight = log_weight.masked_fill(~batch.there, NOBODY)
        rest = batch.rest.log()
        log_mu = torch.full_like(rest[:, :1], math.log(parents.mu))
        whole = torch.cat([log_weight, rest[:, 1:], log_mu], dim=1)
        log_total = torch.logsumexp(whole, dim=1, keepdim=True)
        fitted = whole - log_total
        share = fitted[:, :-2]
        situation = (batch.situation - self.mean) / self.spread
        summary = self.summary(situation)
        mix = self.mix(summary) + self.direct(situation)
        hidden = self.candidate(self._inputs(batch, share)) + self.situation(summary)[:, None]
        change = self.out(torch.relu(self.middle(torch.relu(hidden))))
        scales = torch.log_softmax(change[..., 1:] + self.scale_bias, dim=-1)
        log_rest = fitted[:, -2:-1] + self.rest_bias + mix[:, :1] - MEMORY_BIAS
        learned = torch.cat([share + change[..., 0], log_rest, mix[:, 1:]], dim=1)
        return Weights(learned, scales, fitted, log_total)

    def _inputs(self, batch: Batch, share: Tensor) -> Tensor:
        """Numbers about each candidate, all of the order of 1, shape (target, c, N_INPUTS)."""
        gap, _, _, last, largest = batch.situation[:, -N_LAST:].chunk(N_LAST, dim=1)
        excess, log_h, ratio, birth = batch.static.unbind(dim=-1)
        inputs = [
            batch.log_age / 4.0,
            excess,
            batch.rank.clamp(min=1.0).log() / 3.0,
            (log_h - 0.5 * batch.kernel[..., BASE]) / 2.0,
            ratio,
            share.clamp(min=-20.0) / 4.0,
            (birth + self.log_area) / 4.0,
            excess - largest,
            (batch.log_age - 3.0 * gap) / 4.0,
            excess - last,
        ]
        return torch.cat([torch.stack(inputs, dim=-1), batch.activity / 2.0], dim=-1)

    def __call__(self, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        """As ``forward``, with its types."""
        return super().__call__(*args, **kwargs)  # type: ignore[no-any-return]


def _log_background(components: Tensor) -> Tensor:
    """ln u of the fitted mixture, from the memories, shape (target, 1)."""
    smoothed = components[:, SMOOTHED, None] + math.log1p(-UNIFORM)
    return torch.logaddexp(smoothed, components[:, -1:] + math.log(UNIFORM))
