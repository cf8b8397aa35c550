"""The neural model: one module whose forward pass returns distributions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recast.batch import Batch
from recast.decoders import WeibullDecoder, WeibullMixture
from recast.encoder import GRUEncoder, Scaling


class RecastNet(nn.Module):
    """RECAST as published (Dascher-Cousineau et al. 2023, doi:10.1029/2023GL103909).

    A GRU of ``hidden_size`` units summarises the past; a linear layer turns its state, with
    dropout, into a mixture of ``components`` Weibull distributions of the next inter-event time.
    """

    def __init__(
        self, scaling: Scaling, *, hidden_size: int = 32, components: int = 32, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.scaling = scaling
        self.encoder = GRUEncoder(scaling, hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.decoder = WeibullDecoder(hidden_size, components, scaling.mean_inter_time)

    def decode(self, context: Tensor) -> WeibullMixture:
        """The next event's distribution after each context (..., hidden_size)."""
        distribution: WeibullMixture = self.decoder(self.dropout(context))
        return distribution

    def forward(self, batch: Batch) -> WeibullMixture:
        """The distribution of every scored interval, batch shape (scored,)."""
        return self.decode(self.encoder(batch)[batch.scored])


def log_likelihood(net: RecastNet, batch: Batch) -> Tensor:
    """Sum over the scored intervals in nats, a scalar.

    An interval from elapsed time x0 to x1 contributes ln f(x1) - ln S(x0) if an event ends it and
    ln S(x1) - ln S(x0) if it is censored; x0 > 0 only where scoring starts inside it.
    """
    context = net.encoder(batch)[batch.scored]
    distribution = net.decode(context)
    x1, observed = batch.inter_times[batch.scored], batch.observed[batch.scored]
    terms = torch.where(observed, distribution.log_density(x1), distribution.log_survival(x1))
    total = terms.sum()
    head = batch.elapsed[batch.scored]
    if bool((head > 0.0).any()):
        begun = head > 0.0
        total = total - net.decode(context[begun]).log_survival(head[begun]).sum()
    return total
