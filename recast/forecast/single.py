"""One forecast: simulated continuations of a catalog, counted by window and magnitude."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from catalogs import Catalog, EventSequence, InputError, PointProcess, Trajectories
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches
from recast.evaluation.counts import QUANTILES, score_counts
from recast.evaluation.magnitudes import magnitude_test
from recast.forecast.blocks import (
    BLOCK,
    MAX_EVENTS,
    Source,
    draw_blocks,
    fingerprints,
    n_blocks,
)
from recast.forecast.chunks import Progress, Writer, open_folder, read_chunks
from recast.forecast.engine import Engine
from recast.forecast.results import Fan, ForecastRow

BLOCKS_PER_CHUNK = 10
"""500 trajectories: a second or less of work."""

FEWEST_BEFORE_CAP = 10_000
BUSIEST_TIMES = 10.0
"""By default a trajectory is cut off at ten times the events of the busiest window of that length
so far, and not below ten thousand: simulating it further would tell nothing."""

FAN_POINTS = 61
"""Times at which the chart of cumulative numbers is drawn, both ends included."""


@dataclass(frozen=True)
class Request:
    """A forecast from day ``at`` of a catalog over each of ``days``, of events >= ``magnitudes``.

    ``at`` counts from the catalog's start. A trajectory is cut off at ``max_events``, and counted.
    """

    at: float
    days: tuple[float, ...]
    magnitudes: tuple[float, ...]
    samples: int = 10_000
    seed: int = 0
    max_events: int = MAX_EVENTS

    def __post_init__(self) -> None:
        if not self.days or min(self.days) <= 0.0 or not np.isfinite(self.days).all():
            raise InputError(f"days = {list(self.days)}: give one or more positive numbers")
        if self.samples < 1 or self.max_events < 1 or self.seed < 0:
            raise InputError(
                f"samples = {self.samples} and max_events = {self.max_events} must be positive, "
                f"seed = {self.seed} not negative"
            )
        object.__setattr__(self, "days", tuple(sorted(set(self.days))))
        object.__setattr__(self, "magnitudes", tuple(sorted(set(self.magnitudes))))

    @property
    def horizon(self) -> float:
        """The longest window, in days."""
        return self.days[-1]

    def check(self, catalog: Catalog) -> None:
        """Raise an InputError unless the catalog supports this forecast.

        The catalog must cover the time of the forecast, and before it the length of the longest
        window: no model can have seen a longer one. Magnitudes below completeness are not
        simulated.
        """
        info = catalog.info
        end, lowest = info.to_days(info.end), info.magnitude_completeness
        if not 0.0 < self.at <= end:
            raise InputError(
                f"a forecast at {info.to_time(self.at)} is outside catalog {info.name!r}, which "
                f"covers {info.start} to {info.end}"
            )
        if self.horizon > self.at + 1e-9:
            raise InputError(
                f"a window of {self.horizon:g} days is longer than the {self.at:g} days that "
                f"catalog {info.name!r} covers before {info.to_time(self.at)}: "
                "forecast a shorter one"
            )
        if self.magnitudes and self.magnitudes[0] < lowest - MAGNITUDE_TOLERANCE:
            raise InputError(
                f"magnitude {self.magnitudes[0]:g} is below completeness {lowest:g} of catalog "
                f"{info.name!r}: smaller events are not simulated"
            )


@dataclass(frozen=True, eq=False)
class Job:
    """Everything a worker needs to draw any chunk of a forecast."""

    source: Source
    request: Request
    threads: int


@dataclass(frozen=True, eq=False)
class Drawn:
    """The simulated catalogs, and the events observed, where they are known."""

    request: Request
    drawn: Trajectories
    counts: np.ndarray
    """Numbers of events, (sample, window, magnitude)."""

    fan: np.ndarray
    """Cumulative numbers of events at ``fan_days``, (sample, time)."""

    observed: EventSequence | None
    """Events from ``at`` to the end of the longest window or of the catalog; None at its end."""

    known: tuple[bool, ...]
    """Whether the catalog has the outcome, by window."""

    @property
    def fan_days(self) -> FloatArray:
        """Days since the forecast time."""
        return np.linspace(0.0, self.request.horizon, FAN_POINTS)

    def rows(self) -> list[ForecastRow]:
        """Return expected number, ranges, probability and outcome by window and magnitude."""
        request, out = self.request, []
        rng = np.random.default_rng([request.seed, 1])
        for i, days in enumerate(request.days):
            for j, magnitude in enumerate(request.magnitudes):
                counts = self.counts[:, i, j]
                quantiles = np.quantile(counts, QUANTILES).tolist()
                row = ForecastRow(
                    days=days,
                    magnitude=magnitude,
                    expected=float(counts.mean()),
                    median=quantiles[2],
                    ci50=(quantiles[1], quantiles[3]),
                    ci95=(quantiles[0], quantiles[4]),
                    probability=float((counts > 0).mean()),
                )
                if self.known[i] and self.observed is not None:
                    seen = _count(self.observed, request.at + days, magnitude)
                    scores = score_counts(counts[None, :], [seen], rng)
                    names = ("delta1", "delta2", "pit", "crps", "log_score")
                    found = {name: float(getattr(scores, name)[0]) for name in names}
                    row = replace(row, observed=seen, scores=found)
                out.append(row)
        return out

    def magnitude_quantile(self, bins: FloatArray) -> float | None:
        """Return the magnitude test over the longest window, if its outcome is known."""
        if self.observed is None or not self.known[-1]:
            return None
        return magnitude_test(self.drawn, self.observed.magnitudes, bins)

    def quantiles(self) -> Fan:
        """Return quantiles of the cumulative number of events."""
        quantiles = np.quantile(self.fan, QUANTILES, axis=0)
        by_share = zip(QUANTILES, quantiles, strict=True)
        return Fan(self.fan_days.tolist(), {f"{q:g}": row.tolist() for q, row in by_share})


def draw_chunk(job: Job, chunk: int) -> dict[str, np.ndarray]:
    """Draw a few hundred trajectories: their events, and counts by window and magnitude."""
    request = job.request
    first, stop = chunk * BLOCKS_PER_CHUNK, n_blocks(request.samples)
    drawn = draw_blocks(
        job.source,
        0,
        range(first, min(first + BLOCKS_PER_CHUNK, stop)),
        request.horizon,
        request.samples,
        seed=request.seed,
        max_events=request.max_events,
        threads=job.threads,
    )
    since = drawn.times - request.at
    counts = np.empty((drawn.n, len(request.days), len(request.magnitudes)), dtype=np.int32)
    for i, days in enumerate(request.days):
        for j, magnitude in enumerate(request.magnitudes):
            here = (since < days) & reaches(drawn.magnitudes, magnitude)
            counts[:, i, j] = np.bincount(drawn.trajectory[here], minlength=drawn.n)
    # An event counts from the first grid time at or after it
    cell = np.ceil(since / request.horizon * (FAN_POINTS - 1)).astype(np.int64)
    flat = drawn.trajectory * FAN_POINTS + np.clip(cell, 0, FAN_POINTS - 1)
    each = np.bincount(flat, minlength=drawn.n * FAN_POINTS).reshape(drawn.n, FAN_POINTS)
    return {
        "counts": counts,
        "fan": each.cumsum(axis=1).astype(np.int32),
        "capped": drawn.capped + first * BLOCK,
        "trajectory": drawn.trajectory + first * BLOCK,
        "times": drawn.times,
        "magnitudes": drawn.magnitudes,
    }


def draw_forecast(
    catalog: Catalog,
    processes: Sequence[PointProcess],
    request: Request,
    folder: Path,
    *,
    engine: Engine,
    resume: bool = False,
    threads: int = 1,
    progress: Progress = lambda *_: None,
) -> Drawn:
    """Draw a forecast chunk by chunk into ``folder``; see ``recast.forecast.rolling.roll``.

    Raises
    ------
    InputError
        If the catalog doesn't support it, or with ``resume``, if the folder holds another one.
    """
    request.check(catalog)
    whole = catalog.to_sequence()
    history = whole.before(request.at)  # later events are not even sent to the workers
    plan = {
        **asdict(request),
        "days": list(request.days),
        "magnitudes": list(request.magnitudes),
        **fingerprints(history, np.array([request.at]), processes),
    }
    chunks = -(-n_blocks(request.samples) // BLOCKS_PER_CHUNK)
    missing = open_folder(folder, plan, chunks, resume=resume)
    if missing:
        source = Source.of(processes, history, [request.at])
        job = Job(source, request, threads if engine.is_local else 1)
        with engine.session() as session:
            done = Writer(folder, chunks, len(missing), progress)
            session.run(draw_chunk, job, missing, done)
    arrays = read_chunks(folder, chunks)
    drawn = Trajectories(
        arrays["trajectory"],
        arrays["times"],
        arrays["magnitudes"],
        request.samples,
        request.at,
        request.at + request.horizon,
        arrays["capped"],
    )
    end = min(whole.end, request.at + request.horizon)
    observed = whole.between(request.at, end) if end > request.at else None
    known = tuple(request.at + days <= whole.end + 1e-9 for days in request.days)
    return Drawn(request, drawn, arrays["counts"], arrays["fan"], observed, known)


def default_cap(events: EventSequence, at: float, days: float) -> int:
    """``BUSIEST_TIMES`` times the largest number in any window of ``days`` before ``at``."""
    times = events.before(at).times
    busiest = int((np.arange(times.size) + 1 - np.searchsorted(times, times - days)).max(initial=0))
    return max(FEWEST_BEFORE_CAP, round(BUSIEST_TIMES * busiest))


def default_magnitudes(catalog: Catalog) -> tuple[float, ...]:
    """Completeness, and whole magnitudes from there to 7, as in public forecasts."""
    lowest = catalog.info.magnitude_completeness
    return (lowest, *(float(m) for m in range(int(np.floor(lowest)) + 1, 8)))


def _count(events: EventSequence, end: float, magnitude: float) -> int:
    return int((reaches(events.magnitudes, magnitude) & (events.times < end)).sum())
