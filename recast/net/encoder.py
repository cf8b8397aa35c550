"""Encoder: from the history of a sequence to a context vector for each interval."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from catalogs.magnitudes import LN10
from recast.net.regional import RegionalChange
from recast.net.scaling import Scaling

SHORTEST = 1e-8
"""Days (1 ms): no catalog resolves less, and an event at the window's start needs no ln 0."""

Inputs = Callable[[Scaling, Tensor, Tensor, Tensor], Tensor]
"""(scaling, inter-event times, magnitudes, expected events) -> features (..., feature)."""


def log_inter_times(scaling: Scaling, inter_times: Tensor) -> Tensor:
    """ln(tau / mean tau), tau at least ``SHORTEST``."""
    return torch.log(inter_times.clamp_min(SHORTEST) / scaling.mean_inter_time)


def paper_inputs(scaling: Scaling, inter_times: Tensor, magnitudes: Tensor, _: Tensor) -> Tensor:
    """[ln tau - ln mean tau, m - mean m], as published."""
    log_tau = log_inter_times(scaling, inter_times)
    return torch.stack([log_tau, magnitudes - scaling.mean_magnitude], dim=-1)


def unit_free_inputs(
    scaling: Scaling, inter_times: Tensor, magnitudes: Tensor, expected: Tensor
) -> Tensor:
    """[ln(tau / mean tau), beta (m - Mc) - 1, ln(events that ETAS expected in tau)].

    The last measures what ETAS fails to explain: for a perfect ETAS it is the logarithm of an
    Exp(1) variable in every region. None has a unit, so a net suits catalogs of any rate and
    completeness.
    """
    log_tau = log_inter_times(scaling, inter_times)
    size = scaling.b * LN10 * (magnitudes - scaling.completeness) - 1.0
    return torch.stack([log_tau, size, torch.log(expected.clamp_min(SHORTEST))], dim=-1)


class GRUEncoder(nn.Module):
    """A gated recurrent unit over the features of events (Cho et al. 2014, arXiv:1406.1078).

    The context of an interval is the hidden state after the events before it; the first interval
    of a window starts from zero. A region's code (code_size,) changes the weights
    (``recast.net.regional``). ``recurrent_dropout`` is the share of the hidden-to-hidden weights
    that each training step drops (Merity et al. 2018, arXiv:1708.02182), which limits
    overfitting.
    """

    def __init__(
        self,
        inputs: Inputs,
        *,
        input_size: int,
        hidden_size: int,
        code_size: int = 0,
        recurrent_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.recurrent_dropout = recurrent_dropout
        self.hidden_size = hidden_size
        self.gru: nn.GRU = nn.GRU(input_size, hidden_size, batch_first=True)
        self.input_change = self.hidden_change = None
        if code_size:
            self.input_change = RegionalChange(3 * hidden_size, input_size, code_size)
            self.hidden_change = RegionalChange(3 * hidden_size, hidden_size, code_size)

    def weights(self, code: Tensor) -> dict[str, Tensor]:
        """Weights of the unit in a region, by their names in torch."""
        weights: dict[str, Tensor] = dict(self.gru.named_parameters())
        for name, change in (("ih_l0", self.input_change), ("hh_l0", self.hidden_change)):
            if change is not None:
                weight, bias = f"weight_{name}", f"bias_{name}"
                weights[weight], weights[bias] = change(weights[weight], weights[bias], code)
        return weights

    def features(
        self, scaling: Scaling, inter_times: Tensor, magnitudes: Tensor, expected: Tensor
    ) -> Tensor:
        """Features of events, (..., input_size), in the precision of the net."""
        values = self.inputs(scaling, inter_times, magnitudes, expected)
        return values.to(next(self.gru.parameters()).dtype)

    def forward(
        self,
        scaling: Scaling,
        inter_times: Tensor,
        magnitudes: Tensor,
        expected: Tensor,
        code: Tensor,
    ) -> Tensor:
        """Context of every interval (window, interval, hidden_size) from (window, interval)."""
        x = self.features(scaling, inter_times, magnitudes, expected)
        start = x.new_zeros(x.shape[0], 1, self.hidden_size)
        if x.shape[1] == 1:
            return start
        weights = self.weights(code)
        if self.training and self.recurrent_dropout > 0.0:
            name = "weight_hh_l0"
            weights[name] = nn.functional.dropout(weights[name], self.recurrent_dropout)
        # State after the event that ends each interval
        after, _ = self._run(x[:, :-1], start.transpose(0, 1), weights)
        return torch.cat([start, after], dim=1)

    def step(
        self,
        scaling: Scaling,
        state: Tensor,
        inter_times: Tensor,
        magnitudes: Tensor,
        expected: Tensor,
        code: Tensor,
    ) -> Tensor:
        """The state (batch, hidden_size) after one more event each (batch,)."""
        x = self.features(scaling, inter_times, magnitudes, expected)[:, None]  # (batch, 1, ...)
        _, last = self._run(x, state[None].contiguous(), self.weights(code))
        return last[0]  # (layer, batch, hidden_size)

    def _run(self, x: Tensor, state: Tensor, weights: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """All states (batch, event, hidden_size) and the last one, by these weights.

        They stay out of the module: ``torch.func.functional_call`` puts them there for the call,
        and two threads that score one net would compute with each other's.
        """
        out: tuple[Tensor, Tensor] = torch.gru(
            x,
            state,
            list(weights.values()),
            has_biases=True,
            num_layers=1,
            dropout=0.0,
            train=self.training,
            bidirectional=False,
            batch_first=True,
        )
        return out
