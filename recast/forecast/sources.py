"""What forecasts are drawn from: any fitted model, made ready for one or many forecast times."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from catalogs import Catalog, EventSequence, InputError, PointProcess, Trajectories
from catalogs.sequence import FloatArray
from etas.model import ETAS
from etas.simulate import simulate
from recast.evaluation.magnitude_test import magnitude_bins

if TYPE_CHECKING:
    from recast.process import Recast
    from recast.sampling import Memory

BLOCK = 50
"""Trajectories that share a random stream and, of an ensemble or of uncertain parameters, a member:
part of the definition of the result, so a constant."""

MAX_EVENTS = 200_000
"""Of one trajectory, by default: more than southern California has had in 39 years."""


class Source(Protocol):
    """A model that knows the past of every forecast time. It can be sent to another process."""

    def draw(
        self, window: int, member: int, days: float, n: int, seed: list[int], max_events: int
    ) -> Trajectories:
        """``n`` trajectories over ``days`` from the forecast time of that index, in one thread."""
        ...

    @property
    def members(self) -> int:
        """Of how many models it is a mixture."""
        ...


@dataclass(frozen=True, eq=False)
class ProcessSource:
    """Any PointProcess: each draw reads the history from its beginning."""

    process: PointProcess
    events: EventSequence
    starts: Sequence[float]
    members: int = 1

    def draw(
        self, window: int, _: int, days: float, n: int, seed: list[int], max_events: int
    ) -> Trajectories:
        """See ``Source``."""
        history = self.events.before(self.starts[window])
        rng = np.random.default_rng(seed)
        samples = self.process.sample(history, days, n, rng=rng)
        return Trajectories.of_sequences(samples, max_events)


@dataclass(frozen=True, eq=False)
class EtasSource:
    """ETAS: of several models each block of trajectories follows another."""

    models: Sequence[ETAS]
    events: EventSequence
    starts: Sequence[float]

    @property
    def members(self) -> int:
        """Parameter sets."""
        return len(self.models)

    def draw(
        self, window: int, member: int, days: float, n: int, seed: list[int], max_events: int
    ) -> Trajectories:
        """See ``Source``."""
        return simulate(
            self.models[member],
            self.events.before(self.starts[window]),
            days,
            n,
            rng=np.random.default_rng(seed),
            max_events=max_events,
            workers=1,
        )


@dataclass(frozen=True, eq=False)
class NetSource:
    """Trained nets: the mixture of their forecasts, each block of trajectories from one net.

    The state of each net at all forecast times comes from one pass over the catalog.
    """

    nets: Sequence[Recast]
    memories: Sequence[Sequence[Memory]]
    starts: Sequence[float]

    @classmethod
    def of(
        cls, nets: Sequence[Recast], events: EventSequence, starts: Sequence[float]
    ) -> NetSource:
        """Ready for forecasts at ``starts``, ascending."""
        return cls(nets, [net.memories(events, starts) for net in nets], starts)

    @property
    def members(self) -> int:
        """Nets."""
        return len(self.nets)

    def draw(
        self, window: int, member: int, days: float, n: int, seed: list[int], max_events: int
    ) -> Trajectories:
        """See ``Source``."""
        return self.nets[member].simulate_after(
            self.memories[member][window],
            self.starts[window],
            days,
            n,
            seed=seed,
            max_events=max_events,
            threads=1,
        )


def source_of(
    processes: Sequence[PointProcess], events: EventSequence, starts: Sequence[float]
) -> Source:
    """Models of one kind, made ready for forecasts of what follows ``events`` before ``starts``.

    Several nets or ETAS models are mixed with equal weights.

    Raises
    ------
    InputError
        If there is none, or several of a kind that is not mixed.
    """
    if processes and all(isinstance(process, ETAS) for process in processes):
        return EtasSource([p for p in processes if isinstance(p, ETAS)], events, starts)
    nets = [process for process in processes if getattr(process, "is_compiled", False)]
    if nets and len(nets) == len(processes):
        return NetSource.of(nets, events, starts)  # type: ignore[arg-type]
    if len(processes) != 1:
        raise InputError(f"{len(processes)} models cannot be mixed: give nets only, or one model")
    return ProcessSource(processes[0], events, starts)


def draw_blocks(
    source: Source,
    window: int,
    blocks: range,
    days: float,
    n: int,
    *,
    seed: int,
    max_events: int = MAX_EVENTS,
    threads: int = 1,
) -> Trajectories:
    """Those of ``n`` trajectories at one forecast time that are in ``blocks`` of ``BLOCK`` each.

    Block j of the forecast time i is drawn by the stream (seed, i, j) from member (i + j) modulo
    their number. So neither the other blocks nor the number of ``threads`` change it.
    """
    members = source.members

    def draw(block: int) -> Trajectories:
        size = min(BLOCK, n - block * BLOCK)
        member = (window + block) % members
        return source.draw(window, member, days, size, [seed, window, block], max_events)

    if threads == 1:
        return Trajectories.joined([draw(block) for block in blocks])
    # Compiled code runs without the interpreter lock, so threads use the cores
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return Trajectories.joined(list(pool.map(draw, blocks)))


def n_blocks(n: int) -> int:
    """Blocks of ``n`` trajectories."""
    return -(-n // BLOCK)


def bins_of(catalog: Catalog, processes: Sequence[PointProcess]) -> FloatArray:
    """Bins of the magnitude test, from the lowest magnitude observed or drawn to the largest."""
    laws = [process.magnitude_law for process in processes if hasattr(process, "magnitude_law")]
    lowest = min([catalog.info.magnitude_completeness, *(law.completeness for law in laws)])
    highest = max([law.maximum for law in laws], default=lowest + 5.0)
    return magnitude_bins(lowest, highest)


def fingerprints(
    events: EventSequence, starts: FloatArray, processes: Sequence[PointProcess]
) -> dict[str, str]:
    """Short hashes of what a chunk depends on."""
    digest = hashlib.sha256()
    for process in processes:
        net = getattr(process, "net", None)
        if net is None:
            digest.update(repr(process).encode())
            continue
        own = getattr(process, "draws_own_magnitudes", False)
        settings = {"own": own, **net.scaling.to_json()}
        digest.update(json.dumps(settings, sort_keys=True).encode())
        for name, value in sorted(net.state_dict().items()):
            digest.update(name.encode() + value.numpy().tobytes())
    data = hashlib.sha256(events.times.tobytes() + events.magnitudes.tobytes() + starts.tobytes())
    return {"model": digest.hexdigest()[:16], "events": data.hexdigest()[:16]}
