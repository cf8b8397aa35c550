"""Seeded blocks of trajectories from any fitted model, at one or more forecast times."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalogs import Catalog, EventSequence, InputError, PointProcess, Trajectories
from catalogs.cores import in_order
from catalogs.display import span
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray
from etas.model import shorter_or_other
from recast.evaluation.magnitudes import BIN, magnitude_bins, width_of_bins

BLOCK = 50
"""Trajectories that share a random stream and a member of a mixture: part of the definition of the
result, so a constant."""

MAX_EVENTS = 200_000
"""Default cap on a trajectory: more events than southern California had in 39 years."""


@dataclass(frozen=True, eq=False)
class Source:
    """Processes with the past of every forecast time, which can be sent to workers.

    Several are mixed with equal weights: each block of trajectories is drawn from one of them.
    """

    processes: Sequence[PointProcess]
    histories: Sequence[Sequence[Any]]
    """Past by process and forecast time."""

    @classmethod
    def of(
        cls, processes: Sequence[PointProcess], events: EventSequence, starts: Sequence[float]
    ) -> Source:
        """Prepare forecasts at each of ``starts``, ascending, from the events before it."""
        return cls(processes, [process.histories(events, starts) for process in processes])

    def draw(
        self, window: int, member: int, days: float, n: int, seed: list[int], max_events: int
    ) -> Trajectories:
        """Draw ``n`` trajectories over ``days`` from one forecast time, in one thread."""
        return self.processes[member].simulate(
            self.histories[member][window],
            days,
            n,
            seed=seed,
            max_events=max_events,
            threads=1,
        )


def draw_block(
    source: Source,
    window: int,
    block: int,
    days: float,
    n: int,
    *,
    stream: Sequence[int],
    max_events: int,
) -> Trajectories:
    """Draw one block, of ``BLOCK`` trajectories, of the ``n`` at one forecast time.

    Block j of the forecast time i is drawn with (``stream``, j) from member (i + j) modulo their
    number. So it depends on no other block.
    """
    size = min(BLOCK, n - block * BLOCK)
    member = (window + block) % len(source.processes)
    return source.draw(window, member, days, size, [*stream, block], max_events)


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
    """Draw some ``blocks`` of the ``n`` trajectories at one forecast time, in stream (seed, time).

    The result does not depend on the number of ``threads``.
    """

    def draw(block: int) -> Trajectories:
        return draw_block(
            source, window, block, days, n, stream=[seed, window], max_events=max_events
        )

    return Trajectories.joined(in_order(draw, blocks, workers=threads))


def n_blocks(n: int) -> int:
    """Number of blocks for ``n`` trajectories."""
    return -(-n // BLOCK)


def bins_of(catalog: Catalog, processes: Sequence[PointProcess]) -> FloatArray:
    """Bins of the magnitude test, from the lowest magnitude observed or drawn to the largest.

    They are whole steps of the catalog's magnitudes, and begin at its completeness or whole bins
    below it.
    """
    laws = [process.magnitude_law for process in processes]
    complete, width = catalog.info.magnitude_completeness, width_of_bins(catalog.info.magnitude_bin)
    lowest = min([complete, *(law.completeness for law in laws)])
    below = np.ceil((complete - lowest) / width - MAGNITUDE_TOLERANCE)
    return magnitude_bins(complete - width * below, max(law.maximum for law in laws), width)


def plan_of_bins(bins: FloatArray) -> dict[str, float]:
    """What is drawn depends on beside the models, where bins are not of the usual width."""
    width = float(np.diff(bins[:2]).sum())
    return {"magnitude_bins": round(width, 9)} if width > BIN + MAGNITUDE_TOLERANCE else {}


def check_subcritical(processes: Sequence[PointProcess], days: float) -> None:
    """Refuse a forecast whose numbers explode, and say how long a window the model allows."""
    for process in processes:
        ratio = process.branching_ratio(days)
        if ratio is not None and ratio >= 1.0:
            raise InputError(
                f"branching ratio {ratio:.3f} over {span(days)}: each event triggers one or more, "
                f"and numbers explode: {shorter_or_other(process, days)}"
            )


def fingerprints(
    events: EventSequence, starts: FloatArray, processes: Sequence[PointProcess]
) -> dict[str, str]:
    """Short hashes of the models and events that a chunk depends on."""
    model = hashlib.sha256("".join(process.fingerprint() for process in processes).encode())
    data = hashlib.sha256(events.times.tobytes() + events.magnitudes.tobytes() + starts.tobytes())
    return {"model": model.hexdigest()[:16], "events": data.hexdigest()[:16]}
