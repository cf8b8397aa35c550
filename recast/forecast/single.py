"""One forecast: simulated continuations of a catalog, counted by window and magnitude."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from catalogs import (
    Catalog,
    EventSequence,
    GutenbergRichter,
    InputError,
    PointProcess,
    Trajectories,
)
from catalogs.bent_magnitudes import BentGutenbergRichter
from catalogs.cores import in_order
from catalogs.importing import MAXIMUM_CURVATURE
from catalogs.scalars import number, whole
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches
from catalogs.trajectories import IntArray
from recast.evaluation.counts import QUANTILES, score_counts
from recast.evaluation.magnitudes import histogram_test, magnitude_histograms
from recast.forecast.blocks import (
    BLOCK,
    Source,
    bins_of,
    draw_block,
    fingerprints,
    n_blocks,
    plan_of_bins,
)
from recast.forecast.chunks import Progress, Writer, open_folder, read_chunk, read_chunks
from recast.forecast.correction import Correction, SequenceForecast, subcritical
from recast.forecast.engine import Engine
from recast.forecast.gaps import overlapped
from recast.forecast.ordinary import OrdinaryCorrection
from recast.forecast.rare import expected_counts, tells_more
from recast.forecast.results import RUNAWAY, Fan, ForecastRow, ForecastWindow

BLOCKS_PER_CHUNK = 10
"""500 trajectories: a second or less of work."""

MOST_UNITS = 6.0
"""Above completeness, up to which magnitudes are counted where none are given."""

FEWEST_BEFORE_CAP = 10_000
BUSIEST_TIMES = 10.0
"""By default a trajectory is cut off at ten times the events of the busiest window of that length
so far, and not below ten thousand: simulating it further would tell nothing."""

BEYOND = 1e100
"""More events than any number of them."""

MOST_KEPT = 10_000_000
"""Simulated events that are kept where they are asked for, 160 MB: of more, only the numbers."""

UNEVEN = 4.0
"""By how much a block may exceed its part of them: after a mainshock some have far more events."""

PILOT_BLOCKS = 4
"""Blocks from whose numbers a correction starts."""

TIMES_EXPECTED = 200.0
"""A corrected trajectory is not cut off below so many times the number that is expected."""

CORRECTED, PILOT = 3, 4
"""Keep random numbers apart from those of simulations with the same seed."""

ESTIMATED = (
    "; it is an estimate: if the network is complete to smaller ones, import again and say so "
    "(recast catalogs import --completeness)"
)
"""What a refusal of smaller magnitudes adds."""

FAN_POINTS = 61
"""Times at which the chart of cumulative numbers is drawn, both ends included."""


@dataclass(frozen=True)
class Request:
    """A forecast from day ``at`` of a catalog over each of ``days``, of events >= ``magnitudes``.

    ``at`` counts from the catalog's start. A trajectory is cut off at ``max_events``, by default at
    the ``default_cap`` of its window, and counted.
    """

    at: float
    days: tuple[float, ...]
    magnitudes: tuple[float, ...]
    samples: int = 10_000
    seed: int = 0
    max_events: int | None = None

    def __post_init__(self) -> None:
        put = partial(object.__setattr__, self)
        put("days", tuple(number("days", days) for days in self.days))
        put("magnitudes", tuple(number("magnitudes", m) for m in self.magnitudes))
        put("samples", whole("samples", self.samples))
        put("seed", whole("seed", self.seed))
        if self.max_events is not None:
            put("max_events", whole("max_events", self.max_events))
        if not self.days or min(self.days) <= 0.0 or not np.isfinite(self.days).all():
            raise InputError(f"days = {list(self.days)}: give one or more positive numbers")
        if not np.isfinite(self.magnitudes).all():
            raise InputError(
                f"`magnitudes` = {list(self.magnitudes)}: give one or more numbers, or leave it out"
            )
        cap = 1 if self.max_events is None else self.max_events
        if self.samples < 1 or cap < 1 or self.seed < 0:
            raise InputError(
                f"samples = {self.samples} and max_events = {self.max_events} must be positive, "
                f"seed = {self.seed} not negative"
            )
        put("days", tuple(sorted(set(self.days))))
        put("magnitudes", tuple(sorted(set(self.magnitudes))))

    @property
    def horizon(self) -> float:
        """The longest window, in days."""
        return self.days[-1]

    def check(self, catalog: Catalog) -> None:
        """Raise an InputError unless the catalog supports this forecast.

        The catalog must cover the time of the forecast. Magnitudes below completeness are not
        simulated.
        """
        info = catalog.info
        end, lowest = info.to_days(info.end), info.magnitude_completeness
        if not 0.0 < self.at <= end:
            raise InputError(
                f"a forecast at {info.to_time(self.at)} is outside catalog {info.name!r}, which "
                f"covers {info.start} to {info.end}: set `at` to a time there, or to now if "
                "nothing happened since (until when the network was recording, "
                "--observed-until of recast catalogs import and append says)"
            )
        if self.magnitudes and self.magnitudes[0] < lowest - MAGNITUDE_TOLERANCE:
            raise InputError(
                f"magnitude {self.magnitudes[0]:g} is below completeness {lowest:g} of catalog "
                f"{info.name!r}: smaller events are not simulated, set `magnitudes` to larger ones"
                f"{ESTIMATED if MAXIMUM_CURVATURE in info.note else ''}"
            )


class Drawable(Protocol):
    """A window that can be drawn block by block."""

    @property
    def days(self) -> float:
        """Its length."""
        ...

    @property
    def max_events(self) -> int:
        """Events at which a trajectory is cut off."""
        ...

    @property
    def complete_from(self) -> float:
        """Magnitude from which all of its events are drawn."""
        ...

    @property
    def processes(self) -> Sequence[PointProcess]:
        """What its numbers depend on beside the history."""
        ...

    @property
    def adjusted(self) -> dict[str, Any] | None:
        """What else they depend on, for the record."""
        ...

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        """Draw one block of the ``n`` trajectories, whose events may be in no order."""
        ...


@dataclass(frozen=True, eq=False)
class Window:
    """One window: what it is drawn from, and where its trajectories are cut off."""

    days: float
    source: Source
    max_events: int
    correction: Correction | OrdinaryCorrection | None = None
    law: BentGutenbergRichter | None = None
    """Of magnitudes, unless that is the model's. How many aftershocks a simulated event has was
    fitted with the model's, and stays with the rank of its magnitude."""

    @property
    def complete_from(self) -> float:
        """Magnitude from which all of its events are drawn."""
        return max(process.magnitude_law.completeness for process in self.processes)

    @property
    def processes(self) -> Sequence[PointProcess]:
        """What it is drawn from."""
        return self.source.processes

    @property
    def adjusted(self) -> dict[str, Any] | None:
        """Shift and spread of its correction, and where and to what b changes, if they do."""
        found: dict[str, Any] = {}
        if self.correction is not None:
            found["numbers"] = [self.correction.shift, self.correction.spread]
        if isinstance(self.correction, Correction):
            priors = [prior.to_json() for prior in self.correction.priors]
            found["large"] = {"from": self.correction.large, "priors": priors}
        if self.law is not None:
            found["magnitudes"] = [self.law.bend, self.law.b_above]
        return found or None

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        """Draw one block of the ``n`` trajectories."""
        if self.correction is None:
            return self._in_law(self._draw(block, n, [seed, stream(self.days)]))
        whole = self._in_law(self._draw(block, n + BLOCK, [seed, stream(self.days)]))
        rng = np.random.default_rng([seed, stream(self.days), block, CORRECTED])
        return self.correction.apply(whole, min(BLOCK, n - block * BLOCK), rng, self.max_events)

    def _in_law(self, drawn: Trajectories) -> Trajectories:
        if self.law is None:
            return drawn
        return replace(drawn, magnitudes=self.law.moved(drawn.magnitudes))

    def _draw(self, block: int, n: int, seeds: Sequence[int]) -> Trajectories:
        return draw_block(
            self.source, 0, block, self.days, n, stream=seeds, max_events=self.max_events
        )

    def corrected(self, sequence: SequenceForecast, seed: int, max_events: int | None) -> Window:
        """The same window, with numbers corrected by what is known of a sequence.

        They start from the median of a few hundred trajectories. By default those are cut off that
        have two hundred times the number that is then expected.
        """
        pilot = Trajectories.joined(
            [
                self._draw(block, PILOT_BLOCKS * BLOCK, [seed, PILOT, stream(self.days)])
                for block in range(PILOT_BLOCKS)
            ]
        )
        law = self.law or self.source.processes[0].magnitude_law
        correction = sequence.correction(self.days, pilot.counts.astype(np.float64), law)
        most = self.max_events
        if max_events is None:
            expected = np.exp(correction.shift) * float(np.median(pilot.counts))
            most = max(most, round(TIMES_EXPECTED * expected))
        return replace(self, correction=correction, max_events=most)


@dataclass(frozen=True, eq=False)
class Job:
    """Everything a worker needs to draw any chunk of a forecast."""

    request: Request
    windows: Sequence[Drawable]
    bins: FloatArray
    threads: int
    events: bool
    """Whether to keep those of the longest window."""

    law: GutenbergRichter | None = None
    """Of all magnitudes, if there is one."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """The numbers of simulated events, and the events observed, where they are known."""

    request: Request
    counts: IntArray
    """Numbers of events, (sample, window, magnitude)."""

    capped: NDArray[np.bool_]
    """Whether a trajectory was cut off, (sample, window)."""

    caps: tuple[int, ...]
    """Events at which trajectories were cut off, by window."""

    fan: IntArray
    """Cumulative numbers of events at ``fan_days``, (sample, time)."""

    histograms: IntArray
    """Events of the longest window by magnitude, (sample, bin)."""

    bins: FloatArray
    """Lower edges of the magnitude bins."""

    observed: EventSequence | None
    """Events from ``at`` to the end of the longest window or of the catalog; None at its end."""

    known: tuple[bool, ...]
    """Whether the catalog has the outcome, by window: it ends later, and has no gap there."""

    folder: Path
    """Where the chunks are."""

    has_events: bool
    """Whether the chunks hold the events: asked for, and few enough."""

    numbers: FloatArray | None = None
    firsts: FloatArray | None = None
    """What ``rare.expected_counts`` gives, (sample, window, magnitude), if it does."""

    @property
    def fan_days(self) -> FloatArray:
        """Days since the forecast time."""
        return np.linspace(0.0, self.request.horizon, FAN_POINTS)

    def rows(self) -> list[ForecastRow]:
        """Return expected number, ranges, probability and outcome by window and magnitude."""
        request, out = self.request, []
        for i, days in enumerate(request.days):
            rng = np.random.default_rng([request.seed, 1, stream(days)])
            for j, magnitude in enumerate(request.magnitudes):
                counts = self.counts[:, i, j]
                row = summarised(days, magnitude, counts, self.capped[:, i])
                if self.numbers is not None and self.firsts is not None:
                    row = smoothed(row, self.numbers[:, i, j], self.firsts[:, i, j])
                if self.known[i] and self.observed is not None:
                    seen = _count(self.observed, request.at + days, magnitude)
                    scores = score_counts(counts[None, :], [seen], rng)
                    names = ("delta1", "delta2", "pit", "crps", "log_score")
                    found = {name: float(getattr(scores, name)[0]) for name in names}
                    row = replace(row, observed=seen, scores=found)
                out.append(row)
        return out

    def windows(self) -> list[ForecastWindow]:
        """Return the cap of each window, and how many trajectories reached it."""
        cut = self.capped.sum(axis=0).tolist()
        return list(map(ForecastWindow, self.request.days, self.caps, cut))

    def magnitude_quantile(self) -> float | None:
        """Return the magnitude test over the longest window, if its outcome is known."""
        if self.observed is None or not self.known[-1]:
            return None
        return histogram_test(self.histograms, self.observed.magnitudes, self.bins)

    def quantiles(self) -> Fan:
        """Return quantiles of the cumulative number of events."""
        quantiles = np.quantile(self.fan, QUANTILES, axis=0)
        by_share = zip(QUANTILES, quantiles, strict=True)
        return Fan(self.fan_days.tolist(), {f"{q:g}": row.tolist() for q, row in by_share})

    def trajectories(self) -> Iterator[Trajectories]:
        """Read the simulated catalogs over the longest window, a few hundred at a time.

        Only if ``has_events``.
        """
        request, here = self.request, n_chunks(self.request.samples)
        first = (len(request.days) - 1) * here
        for chunk in range(first, first + here):
            arrays = read_chunk(self.folder, chunk)
            sizes = arrays["sizes"]
            yield Trajectories(
                np.repeat(np.arange(sizes.size), sizes),
                arrays["times"],
                arrays["magnitudes"],
                sizes.size,
                request.at,
                request.at + request.horizon,
                np.flatnonzero(arrays["capped"]),
                arrays.get("locations"),
            )


EVENTS = frozenset({"sizes", "times", "magnitudes", "locations"})
"""Arrays of a chunk that hold events one by one."""


def summarised(
    days: float, magnitude: float, counts: IntArray, capped: NDArray[np.bool_]
) -> ForecastRow:
    """Summarise the numbers of events of all trajectories, some of which may have been cut off.

    Those had at least as many events as were counted. What would change if they had had any number
    more is marked as a lower bound; an upper end that only they could tell is None.
    """
    low, low50, median, high50, high = np.quantile(counts, QUANTILES).tolist()
    seen = {
        "expected": float(counts.mean()),
        "low95": low,
        "low50": low50,
        "median": median,
        "high50": high50,
        "high95": high,
        "probability": float((counts > 0).mean()),
    }
    most = np.where(capped, BEYOND, counts)
    highest = [most.mean(), *np.quantile(most, QUANTILES).tolist(), (most > 0).mean()]
    share = float(capped.mean())
    return ForecastRow(
        days=days,
        magnitude=magnitude,
        expected=seen["expected"],
        median=median,
        ci50=(low50, None if share > 0.25 else high50),
        ci95=(low, None if share > RUNAWAY else high),
        probability=seen["probability"],
        lower_bounds=tuple(n for n, top in zip(seen, highest, strict=True) if seen[n] < top),
    )


def smoothed(row: ForecastRow, numbers: FloatArray, firsts: FloatArray) -> ForecastRow:
    """The row with the mean and the probability that magnitudes are expected to give, if better."""
    if not tells_more(firsts):
        return row
    return replace(row, expected=float(numbers.mean()), probability=float(firsts.mean()))


def stream(days: float) -> int:
    """Number of a window's random stream, from its length: which others are asked for is no matter.

    >>> stream(1.0) == stream(1)
    True
    """
    return int(np.float64(days).view(np.uint64))


def n_chunks(samples: int) -> int:
    """Number of chunks of each window."""
    return -(-n_blocks(samples) // BLOCKS_PER_CHUNK)


def draw_chunk(job: Job, chunk: int) -> dict[str, np.ndarray]:
    """Draw a few hundred trajectories over one window, and count their events by magnitude.

    Those of the longest window are also counted by time and by magnitude bin, and kept where asked
    for, unless there are too many. Each block is counted before the next is drawn: few trajectories
    are in memory.
    """
    request = job.request
    i, part = divmod(chunk, n_chunks(request.samples))
    window, longest = job.windows[i], i == len(job.windows) - 1

    def draw(block: int) -> dict[str, np.ndarray]:
        drawn = window.draw(block, request.samples, request.seed)
        found = counted(drawn, request.magnitudes)
        if job.law is not None:
            found["numbers"], found["firsts"] = expected_counts(
                drawn, request.magnitudes, window.complete_from, job.law
            )
        if not longest:
            return found
        found |= detailed(drawn, job.bins)
        most = UNEVEN * MOST_KEPT * drawn.n / request.samples
        return found | kept(drawn.sorted().distinct(), most) if job.events else found

    first = part * BLOCKS_PER_CHUNK
    blocks = range(first, min(first + BLOCKS_PER_CHUNK, n_blocks(request.samples)))
    parts = in_order(draw, blocks, workers=job.threads)
    return {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}


def counted(drawn: Trajectories, magnitudes: Sequence[float]) -> dict[str, np.ndarray]:
    """Count the events of each trajectory by magnitude, (trajectory, magnitude)."""
    counts = np.empty((drawn.n, len(magnitudes)), dtype=np.int32)
    for j, magnitude in enumerate(magnitudes):
        here = reaches(drawn.magnitudes, magnitude)
        counts[:, j] = np.bincount(drawn.trajectory[here], minlength=drawn.n)
    capped = np.zeros(drawn.n, dtype=np.bool_)
    capped[drawn.capped] = True
    return {"counts": counts, "capped": capped}


def detailed(drawn: Trajectories, bins: FloatArray) -> dict[str, np.ndarray]:
    """Count the events of each trajectory by time and magnitude bin."""
    # An event counts from the first grid time at or after it
    share = (drawn.times - drawn.start) / (drawn.end - drawn.start)
    cell = np.clip(np.ceil(share * (FAN_POINTS - 1)).astype(np.int64), 0, FAN_POINTS - 1)
    flat = drawn.trajectory * FAN_POINTS + cell
    each = np.bincount(flat, minlength=drawn.n * FAN_POINTS).reshape(drawn.n, FAN_POINTS)
    return {
        "fan": each.cumsum(axis=1).astype(np.int32),
        "histograms": magnitude_histograms(drawn, bins),
    }


def kept(drawn: Trajectories, most: float) -> dict[str, np.ndarray]:
    """The events themselves, or none where there are more than ``most``."""
    end = drawn.times.size if drawn.times.size <= most else 0
    arrays = {
        "has_events": np.full(drawn.n, end == drawn.times.size),
        "sizes": drawn.counts,
        "times": drawn.times[:end],
        "magnitudes": drawn.magnitudes[:end],
    }
    return arrays if drawn.locations is None else arrays | {"locations": drawn.locations[:end]}


def windows_of(
    history: EventSequence,
    processes: Sequence[PointProcess] | Mapping[float, Sequence[PointProcess]],
    request: Request,
    sequence: SequenceForecast | None = None,
    law: BentGutenbergRichter | None = None,
) -> tuple[Window, ...]:
    """Prepare the windows of a forecast, each to be drawn from ``processes`` by itself.

    These are the same for all, or those of its length. With a ``sequence`` under way its numbers
    are corrected (``recast.forecast.correction``). Magnitudes follow ``law``, by default that of
    the processes.
    """
    windows = []
    for days in request.days:
        several = processes[days] if isinstance(processes, Mapping) else processes
        if sequence is not None:
            several = [subcritical(process, days) for process in several]
        source = Source.of(several, history, [request.at])
        cap = request.max_events or default_cap(history, request.at, days)
        window = Window(days, source, cap, law=law)
        if sequence is not None:
            window = window.corrected(sequence, request.seed, request.max_events)
        windows.append(window)
    return tuple(windows)


def draw_forecast(
    catalog: Catalog,
    windows: Sequence[Drawable],
    request: Request,
    folder: Path,
    *,
    engine: Engine,
    law: GutenbergRichter | None = None,
    events: bool = False,
    resume: bool = False,
    threads: int = 1,
    progress: Progress = lambda *_: None,
) -> Drawn:
    """Draw a forecast chunk by chunk into ``folder``; see ``recast.forecast.rolling.roll``.

    Each of the ``windows``, those of the request (``windows_of``), is drawn by itself. With
    ``events`` those of the longest window are kept, if they are not too many. If ``law`` is that of
    all magnitudes (``recast.forecast.rare``), it tells how many large events to expect.

    Raises
    ------
    InputError
        If the catalog doesn't support it, or with ``resume``, if the folder holds another one.
    """
    request.check(catalog)
    whole = catalog.to_sequence()
    history = whole.before(request.at)
    everything = [process for window in windows for process in window.processes]
    bins = bins_of(catalog, everything)
    caps = tuple(window.max_events for window in windows)
    plan = {
        **asdict(request),
        "days": list(request.days),
        "magnitudes": list(request.magnitudes),
        "max_events": list(caps),
        **fingerprints(history, np.array([request.at]), everything),
        **plan_of_bins(bins),
    }
    adjusted = [window.adjusted for window in windows if window.adjusted is not None]
    if adjusted:
        plan["corrections"] = adjusted
    if law is not None:
        plan["magnitudes_from"] = [window.complete_from for window in windows]
    chunks = len(windows) * n_chunks(request.samples)
    missing = open_folder(folder, plan, chunks, resume=resume)
    if events:  # which another run may not have kept
        longest = range(chunks - n_chunks(request.samples), chunks)
        drawn = [chunk for chunk in longest if chunk not in missing]
        missing += [
            chunk for chunk in drawn if "has_events" not in read_chunk(folder, chunk, EVENTS)
        ]
        missing.sort()
    if missing:
        job = Job(request, windows, bins, threads if engine.is_local else 1, events, law)
        with engine.session() as session:
            done = Writer(folder, chunks, len(missing), progress)
            # The longest window first: the time left is then not more than it seems
            session.run(draw_chunk, job, missing[::-1], done)
    arrays = read_chunks(folder, chunks, without=EVENTS)
    shape = (len(windows), request.samples)
    end = min(whole.end, request.at + request.horizon)
    observed = whole.between(request.at, end) if end > request.at else None
    known = tuple(
        request.at + days <= whole.end + 1e-9
        and not overlapped(whole, request.at, request.at + days)
        for days in request.days
    )
    by_sample = {
        name: arrays[name].reshape(*shape, -1).swapaxes(0, 1)
        for name in ("counts", "numbers", "firsts")
        if name in arrays
    }
    return Drawn(
        request,
        by_sample["counts"],
        arrays["capped"].reshape(shape).T,
        caps,
        arrays["fan"],
        arrays["histograms"],
        bins,
        observed,
        known,
        folder,
        events and bool(arrays["has_events"].all()),
        by_sample.get("numbers"),
        by_sample.get("firsts"),
    )


def default_cap(events: EventSequence, at: float, days: float) -> int:
    """``BUSIEST_TIMES`` times the largest number in any window of ``days`` before ``at``."""
    times = events.before(at).times
    busiest = int((np.arange(times.size) + 1 - np.searchsorted(times, times - days)).max(initial=0))
    return max(FEWEST_BEFORE_CAP, round(BUSIEST_TIMES * busiest))


def default_magnitudes(catalog: Catalog, day: float) -> tuple[float, ...]:
    """Completeness, and whole magnitudes from there to 7, as in public forecasts.

    At most six units above completeness, of which there is one in a million events. After larger
    events to theirs: whether one as large follows is what is asked then.
    """
    lowest = catalog.info.magnitude_completeness
    events = catalog.to_sequence()
    usual = min(7.0, lowest + MOST_UNITS)
    largest = float(events.magnitudes[events.times < day].max(initial=usual))
    last = int(np.floor(largest + MAGNITUDE_TOLERANCE))
    return (lowest, *(float(m) for m in range(int(np.floor(lowest)) + 1, last + 1)))


def _count(events: EventSequence, end: float, magnitude: float) -> int:
    return int((reaches(events.magnitudes, magnitude) & (events.times < end)).sum())
