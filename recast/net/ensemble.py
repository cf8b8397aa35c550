"""Ensembles: the mixture of the distributions of several nets of one catalog."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from catalogs import InputError
from recast.net.batch import Batch
from recast.net.magnitude import LARGEST_LOG_RATIO, DetectedExponential
from recast.net.network import Net, NextEvent, State
from recast.net.scaling import Scaling


@dataclass(frozen=True, eq=False)
class EqualMixture:
    """Inter-event times from one of K distributions, each as likely before any time has passed.

        f(x) = mean_k f_k(x),    S(x) = mean_k S_k(x)

    Its density integrates to one as theirs do, so the likelihood stays exact. Days of shape (...).
    """

    members: Sequence[NextEvent]

    def _mean(self, logs: list[Tensor]) -> Tensor:
        return torch.logsumexp(torch.stack(logs), dim=0) - math.log(len(logs))

    def log_survival(self, x: Tensor) -> Tensor:
        """ln P(next inter-event time > x)."""
        return self._mean([member.log_survival(x) for member in self.members])

    def cumulative_hazard(self, x: Tensor) -> Tensor:
        """-ln S(x): the compensator of the interval up to x."""
        return -self.log_survival(x)

    def log_density(self, x: Tensor) -> Tensor:
        """ln f(x), f in 1/days."""
        return self._mean([member.log_density(x) for member in self.members])

    def log_hazard(self, x: Tensor) -> Tensor:
        """ln(f(x) / S(x)): the log intensity x days after the last event, 1/days."""
        return self.log_density(x) - self.log_survival(x)

    def sample(self, elapsed: Tensor, generator: torch.Generator) -> Tensor:
        """Sample inter-event times given the days elapsed, from a member drawn by S_k(elapsed)."""
        survived = torch.stack([m.log_survival(elapsed) for m in self.members], dim=-1)
        shape = survived.shape
        posterior = torch.softmax(survived, dim=-1).reshape(-1, shape[-1])
        k = torch.multinomial(posterior, 1, generator=generator).reshape(1, *shape[:-1])
        drawn = torch.stack([member.sample(elapsed, generator) for member in self.members])
        return drawn.gather(0, k)[0]


class _Members(nn.ModuleList):
    """Nets whose contexts are concatenated."""

    def each(self, hidden: Tensor) -> list[tuple[Net, Tensor]]:
        """Pair every member with its part of contexts (..., context_size)."""
        out, begin = [], 0
        for member in cast(Iterable[Net], self):
            end = begin + member.context_size
            out.append((member, hidden[..., begin:end]))
            begin = end
        return out


class EnsembleMagnitude(nn.Module):
    """Magnitude law whose beta and share missed are the means over the members."""

    def __init__(self, members: Sequence[Net]) -> None:
        super().__init__()
        self.members = _Members(members)

    def forward(
        self,
        scaling: Scaling,
        hidden: Tensor,
        inter_times: Tensor,
        expected: Tensor,
        *,
        largest: float = LARGEST_LOG_RATIO,
    ) -> DetectedExponential:
        """The law of the magnitude of the event that ends each interval, (...)."""
        laws: list[DetectedExponential] = [
            member.magnitude(scaling, part, inter_times, expected, largest=largest)
            for member, part in self.members.each(hidden)
            if member.magnitude is not None
        ]
        beta = torch.stack([law.beta for law in laws]).mean(dim=0)
        missed = torch.stack([law.missed for law in laws]).mean(dim=0)
        return DetectedExponential(beta, missed, laws[0].lowest, laws[0].maximum)


class EnsembleNet(Net):
    """Nets that were trained on the same catalog with different seeds; see ``EqualMixture``.

    Noise that one seed happens to fit is not repeated by the others (Lakshminarayanan et al. 2017,
    arXiv:1612.01474).

    Raises
    ------
    InputError
        If there are no members, or their scalings differ.
    """

    def __init__(self, members: Sequence[Net]) -> None:
        if not members:
            raise InputError("an ensemble needs at least one net")
        first = members[0]
        for i, member in enumerate(members):
            if member.scaling != first.scaling:
                raise InputError(
                    f"net {i} of the ensemble was trained on other events or with another ETAS "
                    "than net 0: train all on the same catalog"
                )
        super().__init__(first.scaling)
        self.members = _Members(members)
        self.context_size = sum(member.context_size for member in members)
        self.decoder_name = f"mixture of {len(members)} nets ({first.decoder_name})"
        heads = all(member.magnitude is not None for member in members)
        self.magnitude = EnsembleMagnitude(members) if heads else None

    def decode(self, hidden: Tensor, amplitudes: Tensor) -> NextEvent:
        """The mixture after contexts (..., context_size)."""
        return EqualMixture(
            [member.decode(part, amplitudes) for member, part in self.members.each(hidden)]
        )

    def contexts(self, batch: Batch) -> Tensor:
        """Context of every interval, (window, interval, context_size)."""
        members = cast(Iterable[Net], self.members)
        return torch.cat([member.contexts(batch) for member in members], dim=-1)

    def advance(self, state: State, inter_times: Tensor, magnitudes: Tensor) -> State:
        """The state after one more event each, (batch,)."""
        after = [
            member.advance(State(part, state.amplitudes), inter_times, magnitudes)
            for member, part in self.members.each(state.hidden)
        ]
        return State(torch.cat([s.hidden for s in after], dim=-1), after[0].amplitudes)
