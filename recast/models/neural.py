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
from catalogs.process import (
    MAX_EVENTS,
    Seed,
    check_simulation,
    checked_times,
    without_gaps,
)
from catalogs.sequence import FloatArray
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
    """Magnitude law of a net's head: ln p(m_i | past, inter-event time)."""

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
    sequence's start.

    Parameters
    ----------
    net : Net
        A trained net, or an ensemble of them; it is copied.
    magnitude_law : GutenbergRichter, optional
        Draw magnitudes from this law; by default from the net's head within limits, or from the
        Gutenberg-Richter law of its train window where it has no head.
    device : str
        Where to simulate, as torch names it; everything else is computed on the CPU.

    Raises
    ------
    InputError
        If torch cannot use the device.

    References
    ----------
    Dascher-Cousineau, K., Shchur, O., Brodsky, E. E. and Günnemann, S. (2023). Using deep learning
    for flexible and scalable earthquake forecasting. Geophys. Res. Lett. 50, e2023GL103909.
    doi:10.1029/2023GL103909

    Examples
    --------
    >>> from catalogs import load
    >>> from etas import ETAS
    >>> from recast.net.scaling import Scaling
    >>> catalog = load("ridgecrest_2019")
    >>> etas = ETAS(20.0, 0.02, 0.7, 0.01, 1.1, catalog.magnitude_law())
    >>> process = Recast.load("shipped", scaling=Scaling.of(catalog, etas))
    >>> process
    Recast: hazard decoder, M >= 2.5, magnitudes from the net's head
    >>> process.intensity(catalog.to_sequence(), [2.0, 3.0]).shape
    (2,)
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

    def __repr__(self) -> str:
        law = "the net's head" if self.draws_own_magnitudes else "a fixed law"
        where = "" if self.device == "cpu" else f", simulated on {self.device}"
        return (
            f"Recast: {self.net.decoder_name} decoder, M >= {self.net.scaling.completeness:g}, "
            f"magnitudes from {law}{where}"
        )

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
        """Read the net of a checkpoint, or the mixture of several (``recast.net.ensemble``).

        Parameters
        ----------
        path, *more : path
            Checkpoints of `recast fit` or `recast benchmark`, all of one catalog; or "shipped".
        scaling : Scaling, optional
            That of the catalog to use it on (``recast.training.region.Region(catalog).scaling``);
            by default the one that it was trained on.

        Returns
        -------
        Recast
            The process.

        Raises
        ------
        InputError
            If a file is missing, damaged or not a checkpoint, the checkpoints are of different
            catalogs, or the net was trained on several and no scaling is given.
        """
        nets = [read_net(file, scaling) for file in (path, *more)]
        return cls(EnsembleNet(nets) if more else nets[0])

    def log_likelihood(self, sequence: EventSequence) -> float:
        """Log-likelihood of the scored window, its censored head and tail included.

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness, with their history.

        Returns
        -------
        float
            In nats.
        """
        self._check(sequence)
        with torch.no_grad():
            return float(log_likelihood(self.net, self.net.intervals(sequence)))

    @property
    def marks(self) -> Mapping[str, MarkLaw]:
        """Law of the magnitude head, or the fixed law of a net without one."""
        if self.net.magnitude is None:
            return {FixedMagnitudes.name: FixedMagnitudes(self.magnitude_law)}
        return {NetMagnitudes.name: NetMagnitudes(self.net)}

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Conditional intensity: the hazard of the interval that each time lies in.

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness, with their history.
        times : array (time,)
            Days, within [start, end].

        Returns
        -------
        array (time,)
            Events/day.
        """
        queries = checked_times(times, sequence.start, sequence.end)
        self._check(sequence)
        clock = self.net.scaling.clock
        interval, since = _locate(clock.sequence(sequence), clock(queries))
        with torch.no_grad():
            batch = self.net.intervals(sequence)
            contexts = self.net.contexts(batch)[0]
            here = self.net.decode(contexts[interval], batch.amplitudes[0][interval])
            logs = here.log_hazard(since).numpy()
        return np.asarray(np.exp(logs) * clock.pace(queries))

    @without_gaps
    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Compensator: the integral of the intensity from ``score_from`` to each of ``times``.

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness, with their history.
        times : array (time,)
            Days, within [score_from, end].

        Returns
        -------
        array (time,)
            Expected numbers of events.
        """
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
        """Draw ``n`` continuations of ``history`` over ``horizon`` days, event by event.

        On the CPU compiled code samples the net: trajectory i follows from (``seed``, i) and is the
        same for every ``n`` > i and any number of ``threads``. On other devices, and for nets with
        parts that are not compiled, torch draws all trajectories at once from one random stream.

        Parameters
        ----------
        history : EventSequence, or an element of ``histories``
            What happened before.
        horizon : float
            Days.
        n : int
            Number of trajectories.
        seed : int or sequence of int
            The same seed gives the same trajectories on any number of threads.
        max_events : int
            A trajectory with more is cut off there and listed in ``Trajectories.capped``.
        threads : int, optional
            By default one per core; the result does not depend on it.
        allow_supercritical : bool
            Not used: a net has no branching ratio.

        Returns
        -------
        Trajectories
            The new events only.

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
        """Return the encoder's state at each of ``times``, from one pass over the events.

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness.
        times : sequence of float
            Days, ascending.

        Returns
        -------
        sequence
            One ``history`` for ``simulate`` per time, of the events strictly before it.
        """
        if not self._draws_compiled:
            return super().histories(sequence, times)
        self._check(sequence)
        clock = self.net.scaling.clock
        found = memories(self._weights(), clock.sequence(sequence), clock(times).tolist())
        return [memory._replace(end=day) for memory, day in zip(found, times, strict=True)]

    def _weights(self) -> Weights:
        if not is_compiled(self._sampled):
            raise InputError(f"decoder {self._sampled.decoder_name!r} has no compiled sampler")
        return read_weights(self._sampled, self.magnitude_law)

    def with_fixed_magnitudes(self) -> Recast:
        """Return the process with magnitudes drawn from the law of the train window.

        Returns
        -------
        Recast
            The same net.
        """
        return Recast(self.net, self.magnitude_law, device=self.device)

    def on_device(self, device: str) -> Recast:
        """Return the process, simulated on another device.

        Parameters
        ----------
        device : str
            As torch names it: "cpu", "cuda".

        Returns
        -------
        Recast
            The same net.
        """
        law = None if self.draws_own_magnitudes else self.magnitude_law
        return Recast(self.net, law, device=device)

    def fingerprint(self) -> str:
        """Hash weights, scaling and magnitude law.

        Returns
        -------
        str
            SHA-256, hexadecimal.
        """
        digest = hashlib.sha256()
        settings = {"own": self.draws_own_magnitudes, **self.net.scaling.to_json()}
        digest.update(json.dumps(settings, sort_keys=True, allow_nan=False).encode())
        digest.update(repr(self.magnitude_law).encode())
        for name, value in sorted(self.net.state_dict().items()):
            digest.update(name.encode() + value.numpy().tobytes())
        return digest.hexdigest()

    def _in_days(self, drawn: Trajectories, start: float, end: float) -> Trajectories:
        """Convert from clock time to days."""
        clock = self.net.scaling.clock
        if not clock.coefficients:
            return drawn
        # Rounding must not carry an event out of the window, nor two to the same double
        times = np.clip(clock.days(drawn.times), start, np.nextafter(end, 0.0))
        return replace(drawn, times=times, start=start, end=end).distinct()

    def _check(self, sequence: EventSequence) -> None:
        sequence.magnitude_excess(self.net.scaling.completeness)


def _locate(sequence: EventSequence, queries: FloatArray) -> tuple[Tensor, Tensor]:
    """Interval of each query (events strictly before it), and days since the interval began."""
    interval = np.searchsorted(sequence.times, queries, side="left")
    begin = np.concatenate([[sequence.start], sequence.times])[interval]
    return torch.from_numpy(interval), torch.from_numpy(queries - begin)
