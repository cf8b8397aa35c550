"""The neural model: one module whose forward pass returns distributions."""

from __future__ import annotations

import copy
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from catalogs import EventSequence
from recast.net.architectures import architecture
from recast.net.batch import Batch, intervals
from recast.net.encoder import GRUEncoder
from recast.net.excitation import NODES, node_weights
from recast.net.magnitude import MagnitudeHead, TruncatedExponential
from recast.net.scaling import Scaling


class NextEvent(Protocol):
    """Distribution of the time to the next event, in days; every method is elementwise."""

    def log_hazard(self, x: Tensor) -> Tensor:
        """Log intensity x days after the last event, 1/days."""
        ...

    def cumulative_hazard(self, x: Tensor) -> Tensor:
        """-ln S(x)."""
        ...

    def log_survival(self, x: Tensor) -> Tensor:
        """ln S(x)."""
        ...

    def log_density(self, x: Tensor) -> Tensor:
        """ln f(x), f in 1/days."""
        ...

    def sample(self, elapsed: Tensor, generator: torch.Generator) -> Tensor:
        """Sample inter-event times given the days elapsed."""
        ...


class State(NamedTuple):
    """State of a net after an event, for a batch of trajectories."""

    hidden: Tensor
    """State of the encoder, (batch, hidden_size)."""

    amplitudes: Tensor
    """Excitation of ETAS just after the last event, events/day, (batch, node)."""


class Net(nn.Module):
    """Interface of a net: contexts of the past, and distributions of the next event.

    ``context_size`` is the last axis of its contexts; ``magnitude`` maps (scaling, contexts,
    inter-event times, expected events) to the law of the next magnitude, or is None for a fixed
    law.
    """

    scaling: Scaling
    decoder_name: str
    context_size: int
    magnitude: nn.Module | None

    def __init__(self, scaling: Scaling) -> None:
        super().__init__()
        self.scaling = scaling

    def decode(self, hidden: Tensor, amplitudes: Tensor) -> NextEvent:
        """The next event's distribution after contexts (..., context_size)."""
        raise NotImplementedError

    def contexts(self, batch: Batch) -> Tensor:
        """Context of every interval, (window, interval, context_size)."""
        raise NotImplementedError

    def advance(self, state: State, inter_times: Tensor, magnitudes: Tensor) -> State:
        """The state after one more event each, (batch,)."""
        raise NotImplementedError

    def forward(self, batch: Batch) -> NextEvent:
        """The distribution of every scored interval, batch shape (scored,)."""
        return self.decode(self.contexts(batch)[batch.scored], batch.amplitudes[batch.scored])

    def intervals(self, sequence: EventSequence) -> Batch:
        """The whole sequence as a batch in the units of this net."""
        return intervals(sequence, self.scaling)

    def state_after(self, history: EventSequence, n: int) -> State:
        """State of ``n`` trajectories after their common history."""
        batch = self.intervals(history)
        hidden = self.contexts(batch)[0, -1].expand(n, -1)
        return State(hidden, batch.amplitudes[0, -1].expand(n, -1))


class RecastNet(Net):
    """A recurrent encoder of the past and a decoder of the next inter-event time.

    ``decoder="weibull"`` is RECAST as published (Dascher-Cousineau et al. 2023,
    doi:10.1029/2023GL103909): a GRU over [ln tau, m], and a linear layer to a mixture of ``width``
    Weibull distributions. ``decoder="hazard"`` starts from the ETAS model of ``scaling`` and
    learns what it misses: ``width`` is that of the modulating net. ``dropout`` acts on the context,
    ``recurrent_dropout`` on the weights of the encoder (``GRUEncoder``).

    A net with codes has ``CODE_SIZE`` numbers for each of ``n_regions`` catalogs, which change the
    weights of its encoder and its decoder (``recast.net.regional``) and are learned with them. They
    start at zero. Those of other regions are zero, or inferred (``recast.training.codes``).
    """

    magnitude: MagnitudeHead | None
    region: int | None
    """Region whose code is used; None for one that the net was not trained on."""
    codes: Tensor

    def __init__(
        self,
        scaling: Scaling,
        *,
        decoder: str = "hazard",
        hidden_size: int = 32,
        width: int = 32,
        dropout: float = 0.1,
        recurrent_dropout: float = 0.0,
        n_regions: int = 1,
    ) -> None:
        super().__init__(scaling)
        self.context_size = hidden_size
        self.dropout = nn.Dropout(dropout)
        self.region = 0
        self.decoder_name = decoder
        parts = architecture(decoder)
        self.encoder = GRUEncoder(
            parts.inputs,
            input_size=parts.input_size,
            hidden_size=hidden_size,
            code_size=parts.code_size,
            recurrent_dropout=recurrent_dropout,
        )
        self.add_module(decoder, parts.decoder(hidden_size, parts.code_size, width))
        codes = torch.zeros(n_regions, parts.code_size)
        if parts.code_size:
            self.codes = nn.Parameter(codes)
        else:
            self.register_buffer("codes", codes)
        self.magnitude = MagnitudeHead(hidden_size) if parts.has_magnitude_head else None

    def on(self, scaling: Scaling, region: int | None = None) -> RecastNet:
        """Return the net on another catalog: a view that shares all parameters.

        ``region`` is the catalog's number if the net was trained on it.
        """
        view = copy.copy(self)
        view.scaling = scaling
        view.region = region
        return view

    @property
    def decoder(self) -> nn.Module:
        """The decoder, a module by the name it has in checkpoints."""
        return self.get_submodule(self.decoder_name)

    @property
    def code(self) -> Tensor:
        """Code of the region, (code_size,)."""
        if self.region is None:
            return 0.0 * self.codes[0]  # distributed training needs all parameters in every step
        return self.codes[self.region]

    def decode(self, hidden: Tensor, amplitudes: Tensor) -> NextEvent:
        """The next event's distribution after contexts (..., hidden_size)."""
        context = self.dropout(hidden)
        distribution: NextEvent = self.decoder(context, self.code, self.scaling, amplitudes)
        return distribution

    def contexts(self, batch: Batch) -> Tensor:
        """Context of every interval, (window, interval, hidden_size)."""
        contexts: Tensor = self.encoder(
            self.scaling, batch.inter_times, batch.magnitudes, batch.expected, self.code
        )
        return contexts

    def advance(self, state: State, inter_times: Tensor, magnitudes: Tensor) -> State:
        """The state after one more event each, (batch,)."""
        s = self.scaling
        nodes = torch.from_numpy(NODES).to(state.amplitudes)
        lost = -torch.expm1(-inter_times[:, None] * nodes)  # (batch, node)
        expected = s.mu * inter_times + (state.amplitudes * lost / nodes).sum(dim=-1)
        gain = s.k * 10.0 ** (s.alpha * (magnitudes - s.completeness))
        weights = torch.from_numpy(node_weights(s.c, s.p)).to(state.amplitudes)
        amplitudes = state.amplitudes * (1.0 - lost) + gain[:, None] * weights
        hidden = self.encoder.step(s, state.hidden, inter_times, magnitudes, expected, self.code)
        return State(hidden, amplitudes)


def fixed_magnitude_law(scaling: Scaling, like: Tensor) -> TruncatedExponential:
    """Gutenberg-Richter law of the train window, of the shape of ``like``."""
    law = scaling.magnitude_law
    return TruncatedExponential(
        torch.full_like(like, law.beta), scaling.lowest_magnitude, law.maximum
    )


class LogLikelihoods(NamedTuple):
    """Log-likelihoods of the scored intervals of a batch, in nats."""

    times: Tensor
    """Log-likelihood of the event times, censored head and tail included; a scalar."""

    magnitudes: Tensor
    """ln p(m) of each scored event, given its past and its inter-event time; (scored event,)."""


def log_likelihoods(net: Net, batch: Batch) -> LogLikelihoods:
    """Score times and magnitudes in one pass of the encoder.

    An interval from elapsed time x0 to x1 contributes ln f(x1) - ln S(x0) if an event ends it and
    ln S(x1) - ln S(x0) if it is censored; x0 > 0 only where scoring starts inside it.
    """
    hidden, amplitudes = net.contexts(batch)[batch.scored], batch.amplitudes[batch.scored]
    distribution = net.decode(hidden, amplitudes)
    x1, observed = batch.inter_times[batch.scored], batch.observed[batch.scored]
    terms = torch.where(observed, distribution.log_density(x1), distribution.log_survival(x1))
    total = terms.sum() + batch.log_pace[batch.scored].sum()
    for gap in batch.gaps[batch.scored].unbind(dim=-2):  # nothing is expected there
        begin, end = (distribution.cumulative_hazard(edge) for edge in gap.unbind(dim=-1))
        total = total + (end - begin).sum()
    head = batch.elapsed[batch.scored]
    begun = head > 0.0
    if bool(begun.any()):
        # One interval at most: the same dropout mask is not needed for it
        total = total - net.decode(hidden[begun], amplitudes[begun]).log_survival(head[begun]).sum()
    magnitudes = batch.magnitudes[batch.scored][observed]
    if net.magnitude is None:
        law = fixed_magnitude_law(net.scaling, magnitudes)
    else:
        expected = batch.expected[batch.scored][observed]
        law = net.magnitude(net.scaling, hidden[observed], x1[observed], expected)
    return LogLikelihoods(total, law.log_density(magnitudes))


def log_likelihood(net: Net, batch: Batch) -> Tensor:
    """Sum over the scored intervals of the log-likelihood of the times, in nats, a scalar."""
    return log_likelihoods(net, batch).times
