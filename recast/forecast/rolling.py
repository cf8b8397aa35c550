"""Forecasts of consecutive windows, drawn chunk by chunk and scored against what happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalogs import Catalog, CatalogInfo, EventSequence, InputError, PointProcess
from catalogs.display import some, span
from catalogs.scalars import number, whole
from catalogs.sequence import FloatArray
from recast.evaluation import mean_interval
from recast.evaluation.counts import score_counts
from recast.evaluation.magnitudes import magnitude_test
from recast.forecast.blocks import (
    MAX_EVENTS,
    Source,
    bins_of,
    check_subcritical,
    draw_blocks,
    fingerprints,
    n_blocks,
    plan_of_bins,
)
from recast.forecast.chunks import Progress, Writer, open_folder, read_chunks
from recast.forecast.engine import Engine
from recast.forecast.gaps import about_windows, overlapped, spelt
from recast.forecast.rolling_results import Difference, RollingCatalog, RollingScores, RollingWindow
from recast.models.registry import REFERENCE

WINDOWS_PER_CHUNK = 5
"""A second or two of work: an interruption loses little, and no file is tiny."""

HIGHER_IS_BETTER = {"log_score", "information_gain"}
COMPARED = ("crps", "log_score", "information_gain")


@dataclass(frozen=True)
class Rolling:
    """Rolling forecasts: consecutive windows from the start of the test window.

    Parameters
    ----------
    days : float
        Length of a window.
    samples : int
        Simulated catalogs per window.
    windows : int, optional
        Number of windows; by default all that fit.
    seed : int
        Random seed.
    max_events : int
        A trajectory with more is cut off there, and counted.

    Raises
    ------
    InputError
        If a number is not positive, or the seed is negative.

    Examples
    --------
    >>> from catalogs import load
    >>> Rolling(days=14.0, windows=2).starts(load("synthetic_socal"))
    array([4100., 4114.])
    """

    days: float = 14.0
    samples: int = 1000
    windows: int | None = None
    seed: int = 0
    max_events: int = MAX_EVENTS

    def __post_init__(self) -> None:
        object.__setattr__(self, "days", number("days", self.days))
        for name in ("samples", "windows", "seed", "max_events"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, whole(name, value))
        if not (np.isfinite(self.days) and self.days > 0.0) or self.samples < 1:
            raise InputError(f"windows of {self.days} days, {self.samples} samples: both positive")
        if self.max_events < 1 or self.seed < 0 or (self.windows is not None and self.windows < 1):
            raise InputError(
                f"max_events = {self.max_events} and windows = {self.windows} must be positive, "
                f"seed = {self.seed} not negative"
            )

    def starts(self, catalog: Catalog) -> FloatArray:
        """Day on which each window begins.

        Parameters
        ----------
        catalog : Catalog
            With its test window.

        Returns
        -------
        array (window,)
            Days since the catalog's start.

        Raises
        ------
        InputError
            If the test window is shorter than one window, or than those asked for.
        """
        info = catalog.info
        begin, end = info.to_days(info.splits.test_start), info.to_days(info.splits.end)
        fit = int((end - begin) / self.days + 1e-9)
        if fit < (self.windows or 1):
            raise InputError(
                f"catalog {info.name!r}: its test window has {span(end - begin)}, too few for "
                f"{some(self.windows or 1, 'window')} of {span(self.days)}"
            )
        return np.asarray(begin + self.days * np.arange(self.windows or fit))

    def scored(self, catalog: Catalog) -> NDArray[np.bool_]:
        """Which windows are scored: those that overlap no gap of the catalog.

        Parameters
        ----------
        catalog : Catalog
            With its test window.

        Returns
        -------
        array of bool (window,)
            False where it is not known what came.

        Raises
        ------
        InputError
            If that is so of all, or they do not fit.
        """
        starts, events = self.starts(catalog).tolist(), catalog.to_sequence()
        known = np.array([not overlapped(events, start, start + self.days) for start in starts])
        if not known.any():
            gaps = overlapped(events, starts[0], starts[-1] + self.days)
            raise InputError(
                f"catalog {catalog.info.name!r}: every window of {span(self.days)} overlaps its "
                f"gaps ({spelt(catalog.info, gaps)}), where nothing was recorded: choose shorter "
                "windows, or other `splits`"
            )
        return known


@dataclass(frozen=True, eq=False)
class Job:
    """Everything a worker needs to draw any chunk of one model on one catalog."""

    source: Source
    observed: Sequence[FloatArray]
    """Magnitudes in each window."""

    bins: FloatArray
    rolling: Rolling
    threads: int


@dataclass(frozen=True, eq=False)
class Member:
    """A model of the comparison: one process, or several to be mixed."""

    name: str
    processes: tuple[PointProcess, ...]
    point: PointProcess | None = None
    """Process whose likelihood replaces that of the mixture, as with uncertain parameters."""

    leak: tuple[str, ...] = ()
    """Data it has seen from after the first window's start."""

    uncertainty: dict[str, int] | None = None
    """Numbers of its parameter draws, if it has several."""


def draw_chunk(job: Job, chunk: int) -> dict[str, np.ndarray]:
    """Draw consecutive windows: counts and magnitude tests, by window along the first axis."""
    rolling = job.rolling
    first = chunk * WINDOWS_PER_CHUNK
    windows = range(first, min(first + WINDOWS_PER_CHUNK, len(job.observed)))
    counts, tests, capped = [], [], []
    for window in windows:
        drawn = draw_blocks(
            job.source,
            window,
            range(n_blocks(rolling.samples)),
            rolling.days,
            rolling.samples,
            seed=rolling.seed,
            max_events=rolling.max_events,
            threads=job.threads,
        )
        quantile = magnitude_test(drawn, job.observed[window], job.bins)
        counts.append(drawn.counts.astype(np.int32))
        tests.append(np.nan if quantile is None else quantile)
        capped.append(drawn.capped.size)
    return {
        "window": np.array(windows, dtype=np.int32),
        "counts": np.array(counts),
        "observed": np.array([job.observed[i].size for i in windows], dtype=np.int32),
        "magnitude_test": np.array(tests),
        "capped": np.array(capped, dtype=np.int32),
    }


def roll(
    catalog: Catalog,
    members: Sequence[Member],
    rolling: Rolling,
    folder: Path,
    *,
    engine: Engine,
    resume: bool = False,
    threads: int = 1,
    progress: Progress = lambda *_: None,
) -> RollingCatalog:
    """Forecast every window with every model and score the forecasts: a catalog of rolling.json.

    Windows that overlap gaps of the catalog are left out of it, and a remark says how many.
    Chunks are saved in ``folder/MODEL``. They depend on catalog, model and ``rolling`` only, not on
    ``engine``, ``threads`` or interruptions. ``progress`` is called with the model, chunks done and
    chunks in total.

    Raises
    ------
    InputError
        If windows don't fit or all overlap gaps, or with ``resume`` the folder holds chunks of
        something else.
    """
    starts, events = rolling.starts(catalog), catalog.to_sequence()
    known = rolling.scored(catalog)
    inside = [events.between(start, start + rolling.days) for start in starts.tolist()]
    observed = [window.magnitudes for window in inside]
    seen = np.array([len(window) for window in inside])
    mixed = [process for member in members for process in member.processes]
    bins = bins_of(catalog, mixed)
    chunks = -(-starts.size // WINDOWS_PER_CHUNK)
    todo: list[tuple[Member, list[int]]] = []
    for member in members:  # refuse what doesn't fit before anything is drawn
        check_subcritical(member.processes, rolling.days)
        plan = {
            **asdict(rolling),
            **fingerprints(events, starts, member.processes),
            **plan_of_bins(bins),
        }
        todo.append((member, open_folder(folder / member.name, plan, chunks, resume=resume)))
    with engine.session() as session:
        for member, missing in todo:
            if not missing:
                continue
            source = Source.of(member.processes, events, starts.tolist())
            job = Job(source, observed, bins, rolling, threads if engine.is_local else 1)
            done = Writer(folder / member.name, chunks, len(missing), progress)
            session.run(draw_chunk, job, missing, done)
    models: dict[str, RollingScores] = {}
    for member in members:
        drawn = read_chunks(folder / member.name, chunks)
        # The same random numbers for every model: differences are due to the models
        scores = score_counts(drawn["counts"], seen, np.random.default_rng([rolling.seed, 1]))
        quantiles = drawn["magnitude_test"][known]
        models[member.name] = RollingScores(
            **scores.where(known).to_json(),
            magnitude_test=[None if np.isnan(x) else float(x) for x in quantiles],
            capped=int(drawn["capped"][known].sum()),
            members=len(member.processes),
            leak=list(member.leak),
            parameter_uncertainty=member.uncertainty,
        )
    models = _compared(models, members, catalog, starts, rolling.days, known)
    windows = [
        RollingWindow(
            written_time(catalog.info, start),
            written_time(catalog.info, start + rolling.days),
            int(n),
        )
        for start, n in zip(starts[known].tolist(), seen[known], strict=True)
    ]
    spans = [(start, start + rolling.days) for start in starts.tolist()]
    return RollingCatalog(windows, models, about_windows(catalog.info, events, spans))


def written_time(info: CatalogInfo, days: float) -> str:
    """Date in ISO 8601 to the microsecond, which days as doubles hold, or the plain day."""
    time = info.to_time(days)
    return f"{time:g}" if isinstance(time, float) else time.round("us").isoformat()


def window_log_likelihoods(
    processes: Sequence[PointProcess], sequence: EventSequence, starts: FloatArray, days: float
) -> FloatArray:
    """Log of the mean likelihood of the events in each window, nats, shape (window,).

    For one process: the sum of log intensities minus the compensator. Several are mixed window by
    window, as their forecasts are.
    """
    ends = starts + days
    first, last = np.searchsorted(sequence.times, [starts[0], ends[-1]])
    times = sequence.times[first:last]
    each = []
    for process in processes:
        logs = np.concatenate([[0.0], np.cumsum(np.log(process.intensity(sequence, times)))])
        at = np.searchsorted(times, np.append(starts, ends[-1]))
        edges = process.compensator(sequence, np.append(starts, ends[-1]))
        each.append(np.diff(logs[at]) - np.diff(edges))
    return np.asarray(np.logaddexp.reduce(each, axis=0) - np.log(len(each)))


def _compared(
    models: dict[str, RollingScores],
    members: Sequence[Member],
    catalog: Catalog,
    starts: FloatArray,
    days: float,
    scored: NDArray[np.bool_],
) -> dict[str, RollingScores]:
    """Add information gains and score differences, with intervals, over the reference.

    They are those of the windows that are ``scored``.
    """
    test = catalog.split().test
    logs = {
        member.name: window_log_likelihoods(
            member.processes if member.point is None else (member.point,), test, starts, days
        )[scored]
        for member in members
    }
    base = models.get(REFERENCE)
    if base is None:
        return models
    n = int(scored.sum())
    zeros = {"information_gain": np.zeros(n)}
    out: dict[str, RollingScores] = {}
    for name, row in models.items():
        known = replace(row, information_gain=(logs[name] - logs[REFERENCE]).tolist())
        differences = {}
        for score in COMPARED if name != REFERENCE and n > 1 else ():
            theirs = zeros[score] if score in zeros else np.array(getattr(base, score))
            interval = mean_interval(np.array(getattr(known, score)) - theirs)
            differences[score] = Difference(
                REFERENCE,
                interval.mean,
                (interval.low, interval.high),
                "higher" if score in HIGHER_IS_BETTER else "lower",
                interval.effective_blocks,
            )
        out[name] = replace(known, differences=differences)
    return out
