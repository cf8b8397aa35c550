"""A trained net as a point process."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from os import PathLike

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories
from catalogs.process import checked_times
from catalogs.sequence import FloatArray
from recast.encoder import SHORTEST
from recast.ensemble import EnsembleNet
from recast.net import Net, fixed_magnitude_law, log_likelihood, log_likelihoods
from recast.pretrained import read_net
from recast.sampling import (
    MAX_EVENTS,
    Memory,
    Seed,
    memories,
    sample_after,
    sample_trajectories,
)
from recast.scaling import Scaling
from recast.weights import Weights, is_compiled, read_weights


class Recast:
    """A trained net as a PointProcess: evaluation mode, float64 in and out.

    It is scored on full sequences, never on windows: the encoder runs over every event from the
    sequence's start. Magnitudes are drawn from the net's head within limits, or from
    ``magnitude_law`` where one is given or the net has no head (by default the Gutenberg-Richter
    law of its train window).
    """

    def __init__(self, net: Net, magnitude_law: GutenbergRichter | None = None) -> None:
        self.net = copy.deepcopy(net).to(device="cpu", dtype=torch.float64).eval()
        self.net.requires_grad_(requires_grad=False)
        self.magnitude_law = magnitude_law or net.scaling.magnitude_law
        self._sampled = self.net
        if magnitude_law is not None:
            self._sampled = copy.deepcopy(self.net)
            self._sampled.magnitude = None

    @property
    def draws_own_magnitudes(self) -> bool:
        """Whether magnitudes are drawn from the net's head rather than a fixed law."""
        return self._sampled.magnitude is not None

    @property
    def is_compiled(self) -> bool:
        """Whether compiled code samples it, so that ``simulate_after`` can."""
        return is_compiled(self._sampled)

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        *more: str | PathLike[str],
        scaling: Scaling | None = None,
    ) -> Recast:
        """The net of a checkpoint written by ``recast fit`` or ``recast benchmark``.

        Of several checkpoints of one catalog the mixture, see ``recast.ensemble``. ``scaling`` is
        that of a catalog that the net was not trained on, or of one of several that it was
        (``recast.data.Region(catalog).scaling``).

        Raises
        ------
        InputError
            If a file is missing, damaged or not such a checkpoint, they are of two catalogs, or
            the net is of several and no scaling is given.
        """
        nets = [read_net(file, scaling) for file in (path, *more)]
        return cls(EnsembleNet(nets) if more else nets[0])

    def log_likelihood(self, sequence: EventSequence) -> float:
        """Nats over [score_from, end), censored head and tail included."""
        self._check(sequence)
        with torch.no_grad():
            return float(log_likelihood(self.net, self.net.intervals(sequence)))

    def magnitude_gains(self, sequence: EventSequence) -> FloatArray | None:
        """ln p(m_i | past, inter-event time) less that of the fixed Gutenberg-Richter law.

        Nats of each scored event, shape (n_scored,); None for a net without a magnitude head.
        """
        if self.net.magnitude is None:
            return None
        self._check(sequence)
        with torch.no_grad():
            batch = self.net.intervals(sequence)
            logs = log_likelihoods(self.net, batch).magnitudes
            magnitudes = batch.magnitudes[batch.scored & batch.observed]
            fixed = fixed_magnitude_law(self.net.scaling, magnitudes).log_density(magnitudes)
        return np.asarray((logs - fixed).numpy())

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """lambda(t | events strictly before t), events/day: the hazard of the open interval."""
        queries = checked_times(times, sequence.start, sequence.end)
        self._check(sequence)
        clock = self.net.scaling.clock
        interval, since = _locate(clock.sequence(sequence), clock(queries))
        with torch.no_grad():
            batch = self.net.intervals(sequence)
            contexts = self.net.contexts(batch)[0]
            here = self.net.decode(contexts[interval], batch.amplitudes[0][interval])
            # A hazard may be singular at 0: a millisecond, below every catalog's resolution
            logs = here.log_hazard(since.clamp_min(SHORTEST)).numpy()
        return np.asarray(np.exp(logs) * clock.pace(queries))

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Integral of the intensity from ``score_from`` to each of ``times``."""
        queries = checked_times(times, sequence.score_from, sequence.end)
        self._check(sequence)
        with torch.no_grad():
            batch = self.net.intervals(sequence)
            contexts, amplitudes = self.net.contexts(batch)[0], batch.amplitudes[0]
            every = self.net.decode(contexts, amplitudes)
            # Up to the end of each interval, and what of it lies before score_from
            full = every.cumulative_hazard(batch.inter_times[0]).numpy()
            head = every.cumulative_hazard(batch.elapsed[0]).numpy()
            done = np.concatenate([[0.0], np.cumsum(np.where(batch.scored[0], full - head, 0.0))])
            clock = self.net.scaling.clock
            interval, since = _locate(clock.sequence(sequence), clock(queries))
            here = self.net.decode(contexts[interval], amplitudes[interval])
            part = here.cumulative_hazard(since).numpy()
        return np.asarray(done[interval.numpy()] + part - head[interval.numpy()])

    def sample(
        self, history: EventSequence, horizon: float, n: int, *, rng: np.random.Generator
    ) -> list[EventSequence]:
        """``n`` continuations of ``history`` over ``horizon`` days, event by event."""
        return self.simulate(history, horizon, n, seed=int(rng.integers(2**63))).sequences()

    def simulate(
        self,
        history: EventSequence,
        horizon: float,
        n: int,
        *,
        seed: Seed,
        max_events: int = MAX_EVENTS,
        device: str | torch.device = "cpu",
        threads: int | None = None,
    ) -> Trajectories:
        """The same in flat arrays, with a report of trajectories that reached ``max_events``.

        See ``recast.sampling.sample_trajectories``.
        """
        self._check(history)
        clock = self.net.scaling.clock
        start, end = clock([history.end, history.end + horizon]).tolist()
        drawn = sample_trajectories(
            self._sampled,
            self.magnitude_law,
            clock.sequence(history),
            end - start,
            n,
            seed=seed,
            max_events=max_events,
            device=device,
            threads=threads,
        )
        return self._in_days(drawn, history.end, history.end + horizon)

    def memories(self, events: EventSequence, times: Sequence[float]) -> list[Memory]:
        """What is remembered at each of ``times``, ascending, in one pass over the events."""
        self._check(events)
        clock = self.net.scaling.clock
        return memories(self._weights(), clock.sequence(events), clock(times).tolist())

    def simulate_after(
        self,
        memory: Memory,
        start: float,
        horizon: float,
        n: int,
        *,
        seed: Seed,
        max_events: int = MAX_EVENTS,
        threads: int | None = None,
    ) -> Trajectories:
        """``simulate`` from what ``memories`` returned at ``start``: the same trajectories."""
        begin, end = self.net.scaling.clock([start, start + horizon]).tolist()
        drawn = sample_after(
            self._weights(),
            memory,
            (begin, end),
            n,
            seed=seed,
            max_events=max_events,
            threads=threads,
        )
        return self._in_days(drawn, start, start + horizon)

    def _weights(self) -> Weights:
        if not is_compiled(self._sampled):
            raise InputError(
                f"{self._sampled.decoder_name}: no compiled sampler knows it: use `simulate`, "
                "or the nets of a mixture one by one"
            )
        return read_weights(self._sampled, self.magnitude_law)

    def _in_days(self, drawn: Trajectories, start: float, end: float) -> Trajectories:
        """From the time of the clock."""
        clock = self.net.scaling.clock
        if not clock.coefficients:
            return drawn
        # Rounding must not carry an event out of the window, nor two to the same double
        times = np.clip(clock.days(drawn.times), start, np.nextafter(end, 0.0))
        return replace(drawn, times=times, start=start, end=end).distinct()

    def _check(self, sequence: EventSequence) -> None:
        sequence.magnitude_excess(self.net.scaling.completeness)


def _locate(sequence: EventSequence, queries: FloatArray) -> tuple[Tensor, Tensor]:
    """Interval of each query (events strictly before it), and the days since that began."""
    interval = np.searchsorted(sequence.times, queries, side="left")
    begin = np.concatenate([[sequence.start], sequence.times])[interval]
    return torch.from_numpy(interval), torch.from_numpy(queries - begin)
