"""A trained net as a point process."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from catalogs import (
    EventSequence,
    GutenbergRichter,
    InputError,
    MarkLaw,
    PointProcess,
    Trajectories,
)
from catalogs.marks import FixedMagnitudes
from catalogs.process import MAX_EVENTS, Seed, check_simulation, checked_times
from catalogs.sequence import FloatArray
from recast.net.encoder import SHORTEST
from recast.net.ensemble import EnsembleNet
from recast.net.network import Net, fixed_magnitude_law, log_likelihood, log_likelihoods
from recast.net.scaling import Scaling
from recast.pretrained import read_net
from recast.sampling.arrays import Weights, is_compiled, read_weights
from recast.sampling.sampler import (
    Memory,
    check_device,
    memories,
    sample_after,
    sample_with_torch,
)


@dataclass(frozen=True, eq=False)
class NetMagnitudes(MarkLaw):
    """Magnitudes as a net's head has them: ln p(m_i | past, inter-event time)."""

    name: ClassVar[str] = "magnitude"
    net: Net

    @torch.no_grad()
    def log_density(self, sequence: EventSequence) -> FloatArray:
        """Nats of each scored event, shape (n_scored,)."""
        return np.asarray(log_likelihoods(self.net, self.net.intervals(sequence)).magnitudes)

    @property
    def reference(self) -> MarkLaw:
        """The fixed Gutenberg-Richter law of the train window."""
        return NetFixedMagnitudes(self.net)


@dataclass(frozen=True, eq=False)
class NetFixedMagnitudes(MarkLaw):
    """The fixed law of a net's train window, from the lower edge of its lowest magnitude bin."""

    name: ClassVar[str] = "magnitude"
    net: Net

    @torch.no_grad()
    def log_density(self, sequence: EventSequence) -> FloatArray:
        """Nats of each scored event, shape (n_scored,)."""
        magnitudes = torch.from_numpy(sequence.magnitudes[sequence.first_scored :].copy())
        law = fixed_magnitude_law(self.net.scaling, magnitudes)
        return np.asarray(law.log_density(magnitudes))


class Recast(PointProcess):
    """A trained net as a PointProcess: evaluation mode, float64 in and out.

    It is scored on full sequences, never on windows: the encoder runs over every event from the
    sequence's start. Magnitudes are drawn from the net's head within limits, or from
    ``magnitude_law`` where one is given or the net has no head (by default the Gutenberg-Richter
    law of its train window).
    """

    def __init__(
        self, net: Net, magnitude_law: GutenbergRichter | None = None, *, device: str = "cpu"
    ) -> None:
        check_device(device)
        self.device = device
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

    @classmethod
    def load(
        cls,
        path: str | PathLike[str],
        *more: str | PathLike[str],
        scaling: Scaling | None = None,
    ) -> Recast:
        """The net of a checkpoint written by ``recast fit`` or ``recast benchmark``.

        Of several checkpoints of one catalog the mixture, see ``recast.net.ensemble``. ``scaling``
        is that of a catalog that the net was not trained on, or of one of several that it was
        (``recast.training.data.Region(catalog).scaling``).

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

    @property
    def marks(self) -> Mapping[str, MarkLaw]:
        """The magnitude head's law, or the fixed law of a net that has none."""
        if self.net.magnitude is None:
            return {FixedMagnitudes.name: FixedMagnitudes(self.magnitude_law)}
        return {NetMagnitudes.name: NetMagnitudes(self.net)}

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

    def simulate(
        self,
        history: EventSequence | Memory,
        horizon: float,
        n: int,
        *,
        seed: Seed,
        max_events: int = MAX_EVENTS,
        threads: int | None = None,
        allow_supercritical: bool = False,  # noqa: ARG002 - a net has no branching ratio
    ) -> Trajectories:
        """``n`` continuations of ``history`` over ``horizon`` days, event by event.

        On the CPU a net is sampled by compiled code: trajectory i follows from (``seed``, i) and is
        the same for every ``n`` > i and any number of ``threads``. On other devices, and for nets
        with parts that are not compiled, torch draws all trajectories at once from one stream of
        the device. See ``PointProcess.simulate``.

        Raises
        ------
        InputError
            If a number is not positive, the seed is negative, the history holds an event below
            completeness, or a weight of the net is not finite.
        """
        check_simulation(horizon, n, seed, max_events, threads)
        clock = self.net.scaling.clock
        if isinstance(history, Memory):
            memory, begin = history, history.end
        else:
            self._check(history)
            begin = history.end
            if not self._draws_compiled:
                drawn = sample_with_torch(
                    self._sampled,
                    self.magnitude_law,
                    clock.sequence(history),
                    float(np.diff(clock([begin, begin + horizon]))[0]),
                    n,
                    seed=seed,
                    max_events=max_events,
                    device=self.device,
                )
                return self._in_days(drawn, begin, begin + horizon)
            (memory,) = self.histories(history, [begin])
        start, end = clock([begin, begin + horizon]).tolist()
        drawn = sample_after(
            self._weights(),
            memory,
            (start, end),
            n,
            seed=seed,
            max_events=max_events,
            threads=threads,
        )
        return self._in_days(drawn, begin, begin + horizon)

    @property
    def _draws_compiled(self) -> bool:
        return torch.device(self.device).type == "cpu" and is_compiled(self._sampled)

    def histories(self, sequence: EventSequence, times: Sequence[float]) -> Sequence[Any]:
        """What the net remembers at each of ``times``, ascending, in one pass over the events."""
        if not self._draws_compiled:
            return super().histories(sequence, times)
        self._check(sequence)
        clock = self.net.scaling.clock
        found = memories(self._weights(), clock.sequence(sequence), clock(times).tolist())
        return [memory._replace(end=day) for memory, day in zip(found, times, strict=True)]

    def _weights(self) -> Weights:
        if not is_compiled(self._sampled):
            raise InputError(f"{self._sampled.decoder_name}: no compiled sampler knows it")
        return read_weights(self._sampled, self.magnitude_law)

    def with_fixed_magnitudes(self) -> Recast:
        """The same net, with magnitudes drawn from the law of its train window."""
        return Recast(self.net, self.magnitude_law, device=self.device)

    def on_device(self, device: str) -> Recast:
        """The same net, simulated on that device of torch."""
        law = None if self.draws_own_magnitudes else self.magnitude_law
        return Recast(self.net, law, device=device)

    def fingerprint(self) -> str:
        """A hash of weights, scaling and law of magnitudes."""
        digest = hashlib.sha256()
        settings = {"own": self.draws_own_magnitudes, **self.net.scaling.to_json()}
        digest.update(json.dumps(settings, sort_keys=True).encode())
        digest.update(repr(self.magnitude_law).encode())
        for name, value in sorted(self.net.state_dict().items()):
            digest.update(name.encode() + value.numpy().tobytes())
        return digest.hexdigest()

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
