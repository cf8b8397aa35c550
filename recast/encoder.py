"""From the history of a sequence to a context vector for each interval."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recast.batch import Batch


@dataclass(frozen=True)
class Scaling:
    """What centres the inputs of a net; taken from the train window of its catalog.

    ``mean_inter_time`` in days; magnitudes are dimensionless. ``completeness`` and ``b`` are kept
    with it because a net is only valid for events selected in the same way.
    """

    mean_inter_time: float
    mean_magnitude: float
    completeness: float
    b: float
    maximum_magnitude: float


class GRUEncoder(nn.Module):
    """A gated recurrent unit over [ln tau_i - ln mean tau, m_i - mean m] (Cho et al. 2014).

    The context of an interval is the hidden state after the events before it; the first
    interval of a window starts from zero.
    """

    def __init__(self, scaling: Scaling, hidden_size: int) -> None:
        super().__init__()
        self.scaling = scaling
        self.hidden_size = hidden_size
        self.gru: nn.GRU = nn.GRU(input_size=2, hidden_size=hidden_size, batch_first=True)

    def inputs(self, inter_times: Tensor, magnitudes: Tensor) -> Tensor:
        """Centred features of events, shape (..., 2), in the net's precision."""
        # 1e-3 s: no catalog resolves less, and ln 0 of an event at the window's start is avoided
        log_tau = torch.log(inter_times.clamp_min(1e-8) / self.scaling.mean_inter_time)
        features = torch.stack([log_tau, magnitudes - self.scaling.mean_magnitude], dim=-1)
        return features.to(next(self.gru.parameters()).dtype)

    def forward(self, batch: Batch) -> Tensor:
        """Context of every interval, shape (window, interval, hidden_size)."""
        x = self.inputs(batch.inter_times, batch.magnitudes)  # (window, interval, 2)
        start = x.new_zeros(x.shape[0], 1, self.hidden_size)
        if x.shape[1] == 1:
            return start
        after, _ = self.gru(x[:, :-1])  # state after the event that ends each interval
        return torch.cat([start, after], dim=1)

    def step(self, state: Tensor, inter_times: Tensor, magnitudes: Tensor) -> Tensor:
        """The state (batch, hidden_size) after one more event each."""
        x = self.inputs(inter_times, magnitudes)[:, None]  # (batch, 1, 2)
        last: Tensor = self.gru(x, state[None].contiguous())[1]  # (layer, batch, hidden_size)
        return last[0]
