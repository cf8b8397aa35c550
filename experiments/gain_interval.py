"""How often the 95 % interval of a gain covers the expected gain, on simulated ETAS catalogs.

    python experiments/gain_interval.py experiments/gain_interval/coverage.csv

Each world is one long ETAS catalog, cut into test windows of 300 to 9,900 expected events. In each
window models are compared pairwise; the expected gain is the mean gain of all windows of the same
length. The constants of the interval were chosen on other catalogs (``--first-seed 100``) of the
"chosen" and "memory" worlds, with the results of the "verified" ones in view; ``--blocks``,
``--widening`` and ``--limit`` try others. "memory" worlds have sequences that outlast the windows.
One process, about 15 seconds a world and 1 GB.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from catalogs import EventSequence, GutenbergRichter, PointProcess
from catalogs.sequence import FloatArray
from etas import ETAS, fit_etas
from etas.kernel import tapered_omori_integral
from etas.poisson import Poisson
from recast.evaluation import intervals, mean_interval

RATE = 4.0
"""Events/day of every world."""

UNIT = 300
"""Expected events of the shortest window; all are multiples of it."""

WINDOWS = (300, 900, 3000, 9900)
PAIRS = (
    ("truth", "less alpha"),
    ("truth", "longer c"),
    ("truth", "less triggering"),
    ("less alpha", "more alpha"),
    ("longer c", "more alpha"),
    ("one fit", "another fit"),
    ("one fit", "truth"),
    ("truth", "poisson"),
)


@dataclass(frozen=True)
class World:
    """A law of catalogs: branching ratio, Omori-Utsu law, and magnitudes over ``span`` units."""

    use: str
    branching: float
    alpha: float
    span: float
    c: float
    p: float
    taper: float | None = None

    @property
    def law(self) -> GutenbergRichter:
        """b is 1: alpha of 0.9 or more makes single sequences dominate."""
        return GutenbergRichter(2.5, 1.0, 2.5 + self.span)

    @property
    def model(self) -> ETAS:
        """With ``RATE`` events/day in the long run."""
        horizon = np.inf if self.taper is None else 1e6
        mass = (
            self.c ** (1.0 - self.p) / (self.p - 1.0)
            if self.taper is None
            else tapered_omori_integral(horizon, self.c, self.p, self.taper)
        )
        k = self.branching / self.law.mean_productivity(self.alpha) / mass
        mu = RATE * (1.0 - self.branching)
        return ETAS(mu, k, self.alpha, self.c, self.p, self.law, self.taper)


WORLDS = {
    "quiet": World("chosen", 0.5, 0.7, 5.0, 0.01, 1.2),
    "bursts": World("chosen", 0.8, 0.9, 4.0, 0.01, 1.15),
    "cascades": World("chosen", 0.95, 0.5, 5.0, 0.005, 1.2),
    "california": World("chosen", 0.8, 0.7, 5.0, 0.01, 1.12),
    "critical alpha": World("chosen", 0.6, 1.0, 3.5, 0.01, 1.3),
    "dominant": World("verified", 0.7, 0.95, 5.0, 0.01, 1.2),
    "dominant, short": World("verified", 0.6, 1.0, 4.0, 0.02, 1.3),
    "dominant, rare": World("verified", 0.5, 0.9, 5.0, 0.005, 1.1),
    "swarms": World("verified", 0.85, 0.4, 5.0, 0.01, 1.25),
    "memory": World("memory", 0.9, 0.65, 5.0, 0.003, 1.0, 500.0),
    "memory, critical": World("memory", 0.95, 0.8, 4.0, 0.01, 1.1, 500.0),
}


def models(world: World, seed: int) -> dict[str, ETAS]:
    """The truth, models with other parameters, and fits to 2,500 events of other catalogs."""
    truth = world.model

    def fitted(seed: int) -> ETAS:
        days = 2000.0 + 2500.0 / RATE
        (train,) = truth.sample(EventSequence.nothing(), days, 1, seed=seed, max_events=10**7)
        return fit_etas(train.scored_from(2000.0), truth.magnitude_law).model

    return {
        "truth": truth,
        "less alpha": replace(world, alpha=world.alpha - 0.15).model,
        "more alpha": replace(world, alpha=world.alpha + 0.13).model,
        "longer c": replace(world, c=2.5 * world.c, p=world.p + 0.08).model,
        "less triggering": replace(world, branching=world.branching - 0.1).model,
        "one fit": fitted(7000 + seed),
        "another fit": fitted(8000 + seed),
    }


@dataclass(frozen=True, eq=False)
class Scored:
    """A model on the whole catalog: log rates at events, compensators there and at edges."""

    logs: FloatArray
    at_events: FloatArray
    at_edges: FloatArray

    @classmethod
    def of(cls, process: PointProcess, sequence: EventSequence, edges: FloatArray) -> Scored:
        """Of the scored window; each edge begins or ends a window."""
        times = sequence.times[sequence.first_scored :]
        queries = np.concatenate([times, edges])
        order = np.argsort(queries, kind="stable")
        cumulative = np.empty(queries.size)
        cumulative[order] = process.compensator(sequence, queries[order])
        logs = np.log(process.intensity(sequence, times))
        return cls(logs, cumulative[: times.size], cumulative[times.size :])


def window_gains(
    model: Scored, reference: Scored, times: FloatArray, edges: FloatArray, step: int
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Times and gains of the events of each window of ``step`` units, as ``event_terms`` has."""
    logs = model.logs - reference.logs
    inside = model.at_events - reference.at_events
    outside = model.at_edges - reference.at_edges
    cuts = np.searchsorted(times, edges)
    for i in range(0, edges.size - step, step):
        lo, hi = cuts[i], cuts[i + step]
        if hi - lo < 2:
            continue
        gains = logs[lo:hi] - np.diff(inside[lo:hi], prepend=outside[i])
        gains[-1] -= outside[i + step] - inside[hi - 1]
        yield times[lo:hi], gains


def coverage(world: World, seed: int, events: int, at_most: int) -> Iterator[dict[str, object]]:
    """A row for each pair and length of window."""
    truth, begin = world.model, 0.15 * events / RATE
    end = begin + events / RATE
    (drawn,) = truth.sample(EventSequence.nothing(), end, 1, seed=seed, max_events=10**8)
    sequence = drawn.scored_from(begin)
    times = sequence.times[sequence.first_scored :]
    edges = np.minimum(begin + UNIT / RATE * np.arange(events // UNIT + 1), sequence.end)
    done = {name: Scored.of(m, sequence, edges) for name, m in models(world, seed).items()}
    mean_rate = Poisson(times.size / (end - begin), world.law)
    done["poisson"] = Scored.of(mean_rate, sequence, edges)
    for model, reference in PAIRS:
        for size in WINDOWS:
            step = size // UNIT
            windows = list(window_gains(done[model], done[reference], times, edges, step))
            means = np.array([gains.mean() for _, gains in windows])
            total = sum(gains.sum() for _, gains in windows) / sum(t.size for t, _ in windows)
            some = np.unique(np.linspace(0, len(windows) - 1, at_most).astype(int))
            ends = np.array(
                [mean_interval(windows[i][1], windows[i][0])[1:3] for i in some.tolist()]
            )
            width = np.median(ends[:, 1] - ends[:, 0]) / (2 * 1.96 * means.std())
            yield {
                "model": model,
                "reference": reference,
                "window_events": size,
                "windows": some.size,
                "expected_gain": f"{means.mean():.5f}",
                "gain_per_expected_event": f"{total:.5f}",
                "covered": f"{_share(ends, means.mean()):.3f}",
                "covered_per_expected_event": f"{_share(ends, total):.3f}",
                "relative_width": f"{width:.2f}",
            }


def _share(ends: FloatArray, value: float) -> float:
    return float(np.mean((ends[:, 0] <= value) & (value <= ends[:, 1])))


def main() -> None:
    """Write the table, and print what it says of each world."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--events", type=int, default=1_200_000, help="of each world")
    parser.add_argument("--windows", type=int, default=500, help="at most, of each length")
    parser.add_argument("--first-seed", type=int, default=0, help="of the first world")
    parser.add_argument("--blocks", type=int, default=intervals.BLOCKS)
    parser.add_argument("--widening", type=float, default=intervals.SKEW_WIDENING)
    parser.add_argument("--limit", type=float, default=intervals.SKEW_LIMIT, help="of skewness")
    args = parser.parse_args()
    intervals.BLOCKS, intervals.SKEW_WIDENING = args.blocks, args.widening
    intervals.SKEW_LIMIT = args.limit
    args.out.parent.mkdir(parents=True, exist_ok=True)
    with args.out.open("w", newline="") as file:
        writer = None
        for seed, (name, world) in enumerate(WORLDS.items(), args.first_seed):
            rows = [
                {"use": world.use, "world": name, **row}
                for row in coverage(world, seed, args.events, args.windows)
            ]
            if writer is None:
                writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
                writer.writeheader()
            writer.writerows(rows)
            file.flush()
            shares = np.array([float(str(row["covered"])) for row in rows])
            print(
                f"{world.use:9}{name:18}covered: median {np.median(shares):.3f}, "
                f"{shares.min():.3f} to {shares.max():.3f}; 0.90 to 0.98 in "
                f"{np.mean((shares >= 0.90) & (shares <= 0.98)):.0%} of {shares.size} pairs",
                flush=True,
            )


if __name__ == "__main__":
    main()
