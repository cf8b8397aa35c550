"""What forecasts are drawn from: any fitted model, made ready for one or many forecast times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from catalogs import Catalog, EventSequence, PointProcess, Trajectories
from catalogs.sequence import FloatArray
from recast.evaluation.magnitudes import magnitude_bins

BLOCK = 50
"""Trajectories that share a random stream and, of an ensemble or of uncertain parameters, a member:
part of the definition of the result, so a constant."""

MAX_EVENTS = 200_000
"""Of one trajectory, by default: more than southern California has had in 39 years."""


@dataclass(frozen=True, eq=False)
class Source:
    """Processes that know the past of every forecast time; can be sent to another worker.

    Several are mixed with equal weights: each block of trajectories follows one of them.
    """

    processes: Sequence[PointProcess]
    histories: Sequence[Sequence[Any]]
    """By process and forecast time."""

    @classmethod
    def of(
        cls, processes: Sequence[PointProcess], events: EventSequence, starts: Sequence[float]
    ) -> Source:
        """Ready for forecasts of what follows ``events`` before each of ``starts``, ascending."""
        return cls(processes, [process.histories(events, starts) for process in processes])

    def draw(
        self, window: int, member: int, days: float, n: int, seed: list[int], max_events: int
    ) -> Trajectories:
        """``n`` trajectories over ``days`` from the forecast time of that index, in one thread."""
        return self.processes[member].simulate(
            self.histories[member][window],
            days,
            n,
            seed=seed,
            max_events=max_events,
            threads=1,
        )


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
    members = len(source.processes)

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
    laws = [process.magnitude_law for process in processes]
    lowest = min([catalog.info.magnitude_completeness, *(law.completeness for law in laws)])
    return magnitude_bins(lowest, max(law.maximum for law in laws))


def fingerprints(
    events: EventSequence, starts: FloatArray, processes: Sequence[PointProcess]
) -> dict[str, str]:
    """Short hashes of what a chunk depends on."""
    model = hashlib.sha256("".join(process.fingerprint() for process in processes).encode())
    data = hashlib.sha256(events.times.tobytes() + events.magnitudes.tobytes() + starts.tobytes())
    return {"model": model.hexdigest()[:16], "events": data.hexdigest()[:16]}
