"""Forecasts in the hours and days after mainshocks, scored against what happened.

The examination of a model: large events of the validation and test windows, forecasts at fixed
times after each, and the numbers of events that were then observed.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from catalogs import Catalog, CatalogInfo, EventSequence, InputError, PointProcess
from catalogs.files import write_json
from catalogs.sequence import FloatArray
from etas.model import ETAS
from recast.evaluation.intervals import mean_by_blocks
from recast.forecast.aftershock_results import (
    AftershockCatalog,
    AftershockForecast,
    AftershockScores,
    AftershockSequence,
    LeftOut,
    SequenceDifference,
    mainshock_label,
)
from recast.forecast.bent import ABOVE, bent
from recast.forecast.blocks import fingerprints
from recast.forecast.chunks import Progress, claim
from recast.forecast.correction import learned, under_way
from recast.forecast.engine import Engine
from recast.forecast.gaps import about_windows, overlapped, spelt
from recast.forecast.mainshocks import Mainshock, find_mainshocks, is_larger, lost_mainshocks
from recast.forecast.months import first_month, followed
from recast.forecast.pooled import after_few, after_mainshock
from recast.forecast.prepare import in_ordinary_times, later_windows
from recast.forecast.results import ForecastRow
from recast.forecast.rolling import HIGHER_IS_BETTER, Member, written_time
from recast.forecast.single import Drawable, Request, draw_forecast, windows_of
from recast.models.registry import REFERENCE

HOURS = (1.0, 6.0, 24.0, 72.0, 168.0)
DAYS = (1.0, 7.0, 30.0)

DAYS_BEFORE = 1.0
"""A refit ends this long before the mainshock, so that no foreshock of the last hours is in it."""

VALIDATION = 0.15
"""Share of the time before a mainshock on which a model that is trained stops early."""

MOMENT = 1e-6
"""A tenth of a second, in days: a window that begins so much before an event contains it."""

LOWEST_LOG_SCORE = -20.0
"""Floor of each log score, so that the mean is not that of the worst forecast alone."""

FEWEST = 0.5
"""Medians and observed numbers below it are taken for it in ln(median / observed)."""

COMPARED = ("log_score", "crps")

Task = tuple[Member, float, Request]
"""A model, hours after the mainshock, and the forecast then."""

Found = AftershockForecast | str
"""A forecast, or the reason why there is none."""


@dataclass(frozen=True)
class Exam:
    """Forecasts ``hours`` after each mainshock >= ``magnitude`` over each of ``days``.

    ``magnitudes`` are those at or above which events are counted, by default completeness, and one
    and two units above it.
    """

    magnitude: float = 5.0
    hours: tuple[float, ...] = HOURS
    days: tuple[float, ...] = DAYS
    magnitudes: tuple[float, ...] | None = None
    samples: int = 500
    seed: int = 0
    max_events: int | None = None
    uncorrected: bool = False
    """Whether ETAS is simulated as it is (``recast.forecast.correction``)."""

    def __post_init__(self) -> None:
        if not self.hours or min(self.hours) <= 0.0 or not np.isfinite(self.hours).all():
            raise InputError(f"hours = {list(self.hours)}: give one or more positive numbers")
        if not np.isfinite(self.magnitude):
            raise InputError(f"magnitude = {self.magnitude} is no number: give that of a mainshock")
        Request(1.0, self.days, self.magnitudes or (), self.samples, self.seed)  # checks them
        for name in ("hours", "days"):
            object.__setattr__(self, name, tuple(sorted({float(n) for n in getattr(self, name)})))

    def request(self, info: CatalogInfo, shock: Mainshock, hours: float) -> Request:
        """Return one of the forecasts; its random numbers are its own, the same for all models."""
        lowest = info.magnitude_completeness
        at = shock.time + hours / 24.0
        stream = np.random.SeedSequence([self.seed, shock.index, round(3600.0 * hours)])
        return Request(
            at,
            self.days,
            tuple(map(info.on_grid, self.magnitudes or (lowest, lowest + 1.0, lowest + 2.0))),
            self.samples,
            int(stream.generate_state(1)[0]),
            self.max_events,
        )


def lead_times(events: EventSequence, shock: Mainshock, exam: Exam) -> list[float]:
    """Hours after a mainshock at which there is something to forecast, and to compare it with.

    Not where the catalog ends before the shortest window does or has a gap in it, nor after an
    event larger than the mainshock, which has aftershocks of its own.
    """
    return [
        hours
        for hours in _times_before(events, shock, exam)
        if not overlapped(events, *_window(shock, hours, exam.days[0]))
    ]


def _window(shock: Mainshock, hours: float, days: float) -> tuple[float, float]:
    at = shock.time + hours / 24.0
    return at, at + days


def _times_before(events: EventSequence, shock: Mainshock, exam: Exam) -> list[float]:
    """Hours before the end of the catalog and a larger event, gaps or not."""
    later = slice(shock.index + 1, None)
    larger = is_larger(events.magnitudes[later], shock.magnitude)
    end = min([events.end - exam.days[0] + 1e-9, *events.times[later][larger][:1].tolist()])
    return [hours for hours in exam.hours if shock.time + hours / 24.0 <= end]


def known_before(catalog: Catalog, shock: Mainshock, *, validation: bool) -> Catalog:
    """Return what was known the day before a mainshock, to fit a model to.

    The test window begins that day. It contains one event, as it must; nothing after that is in
    the table. With ``validation`` the last 15 % of the time before it are the validation window,
    else the time since the last event.

    Raises
    ------
    InputError
        If that is not enough for a train window.
    """
    info, days = catalog.info, catalog.days
    day = shock.time - DAYS_BEFORE
    complete = days[catalog.complete_rows()]
    past, later = complete[complete < day], complete[complete >= day]
    start = info.to_days(info.splits.train_start)
    last = float(past.max(initial=start))
    until = day - VALIDATION * (day - start) if validation else last - MOMENT
    splits = replace(info.splits, val_start=_date(info, until), test_start=_date(info, day))
    kept = (days < day) | (days == later.min())
    return Catalog(catalog.events[kept], replace(info, splits=splits))


@dataclass(frozen=True, eq=False)
class Job:
    """Everything a worker needs to make any forecast after one mainshock."""

    catalog: Catalog
    tasks: Sequence[Task]
    threads: int
    uncorrected: bool = False


def draw_task(job: Job, i: int) -> Found:
    """Make one forecast."""
    member, hours, request = job.tasks[i]
    history = job.catalog.to_sequence().before(request.at)
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = draw_forecast(
                job.catalog,
                windows_after(job, member.processes, history, request),
                request,
                Path(folder),
                engine=Engine(),
                threads=job.threads,
            )
        except InputError as error:  # a model whose numbers explode
            return str(error)
    at = written_time(job.catalog.info, request.at)
    return AftershockForecast(hours, at, done.rows(), int(done.capped[:, -1].sum()))


def windows_after(
    job: Job, processes: Sequence[PointProcess], history: EventSequence, request: Request
) -> Sequence[Drawable]:
    """What a forecast is drawn from, as ``recast.forecast.prepare`` has it for one model."""
    if job.uncorrected:
        return windows_of(history, processes, request)
    law = bent(processes, job.catalog, request.at)
    sequence = under_way(processes, history)
    near = first_month(request)
    ordinary = partial(later_windows, history, processes, law=law)
    if sequence is None:
        windows = windows_of(history, processes, request, None, law)
        if not all(isinstance(process, ETAS) for process in processes):
            return windows
        usual = in_ordinary_times(windows)
        return after_few(usual, processes, history, request, magnitudes=law)[0]
    windows = windows_of(history, processes, near, sequence, law)
    whole = after_mainshock(windows, processes, history, near, magnitudes=law)
    return followed(whole, request, ordinary)


def examine(
    catalog: Catalog,
    exam: Exam,
    members: Callable[[Mainshock, Path], Sequence[Member]],
    folder: Path,
    *,
    engine: Engine,
    resume: bool = False,
    threads: int = 1,
    progress: Progress = lambda *_: None,
) -> AftershockCatalog:
    """Forecast after every mainshock with every model, and score the forecasts.

    ``members`` gives the models for a mainshock, and may save them in the folder of its sequence. A
    mainshock for which it raises an InputError is left out for all models, and so is one after
    which a model cannot be simulated. Each forecast is a file
    ``folder/MAINSHOCK/forecasts/MODEL/HOURSh.json``, which depends neither on ``engine`` and
    ``threads`` nor on interruptions. ``progress`` is called with the mainshock, forecasts done and
    forecasts in total.

    Raises
    ------
    InputError
        If there is no mainshock or none with forecasts, or with ``resume`` the folder holds
        forecasts of something else.
    """
    info, events = catalog.info, catalog.to_sequence()
    sequences: list[AftershockSequence] = []
    left_out = _lost(catalog, events, exam.magnitude)
    windows: list[tuple[float, float]] = []
    with engine.session() as session:
        for shock in find_mainshocks(catalog, exam.magnitude):
            time, where = written_time(info, shock.time), folder / _folder_name(info, shock)
            try:
                requests = _requests(catalog, events, shock, exam)
                models = members(shock, where)
            except InputError as error:
                left_out.append(LeftOut(time, shock.magnitude, str(error)))
                continue
            tasks, files = _tasks(models, exam, requests, events, where / "forecasts", resume)
            failed: list[str] = []
            done = _Writer(
                mainshock_label(time, shock.magnitude), tasks, len(files), failed, progress
            )
            drawn = [task for _, task in tasks]
            job = Job(catalog, drawn, threads if engine.is_local else 1, exam.uncorrected)
            session.run(draw_task, job, range(len(tasks)), done)
            if failed:
                left_out.append(LeftOut(time, shock.magnitude, min(failed)))
                continue
            read = [AftershockForecast.load(path) for path in files]
            n = len(requests)
            windows += _windows(events, shock, exam)
            sequences.append(
                AftershockSequence(
                    time,
                    shock.magnitude,
                    shock.first_day,
                    {member.name: read[n * i : n * (i + 1)] for i, member in enumerate(models)},
                    {m.name: list(m.leak) for m in models if m.leak},
                    {m.name: m.uncertainty for m in models if m.uncertainty is not None},
                )
            )
    if not sequences:
        first = left_out[0]
        raise InputError(
            f"catalog {info.name!r} has no forecast after a mainshock of M >= {exam.magnitude:g}; "
            f"after {mainshock_label(first.time, first.magnitude)}: {first.reason}"
        )
    remarks = about_windows(info, events, windows)
    return AftershockCatalog(sequences, scored(sequences), left_out, remarks)


def _lost(catalog: Catalog, events: EventSequence, magnitude: float) -> list[LeftOut]:
    """Mainshocks of which too little was recorded."""
    info, left_out = catalog.info, []
    for shock in lost_mainshocks(catalog, magnitude):
        gaps = overlapped(events, shock.time, shock.time + 1.0)
        reason = f"the catalog has a gap in the day after it ({spelt(info, gaps)})"
        left_out.append(LeftOut(written_time(info, shock.time), shock.magnitude, reason))
    return left_out


def _windows(events: EventSequence, shock: Mainshock, exam: Exam) -> list[tuple[float, float]]:
    """All windows after a mainshock that the catalog covers, gaps or not."""
    each = [
        _window(shock, hours, days)
        for hours in _times_before(events, shock, exam)
        for days in exam.days
    ]
    return [(at, end) for at, end in each if end <= events.end + 1e-9]


def _requests(
    catalog: Catalog, events: EventSequence, shock: Mainshock, exam: Exam
) -> dict[float, Request]:
    """Return the forecasts after a mainshock by lead time, one or more, that the catalog allows."""
    requests = {
        hours: exam.request(catalog.info, shock, hours) for hours in lead_times(events, shock, exam)
    }
    if not requests:
        only = _times_before(events, shock, exam)
        what = "a gap of the catalog" if only else "a larger event, or the end of the catalog,"
        raise InputError(f"{what} follows too soon")
    for request in requests.values():
        request.check(catalog)
    return requests


def _tasks(
    models: Sequence[Member],
    exam: Exam,
    requests: Mapping[float, Request],
    events: EventSequence,
    folder: Path,
    resume: bool,
) -> tuple[list[tuple[Path, Task]], list[Path]]:
    """List the forecasts still to be made after a mainshock, and the files of all."""
    tasks, files = [], []
    for member in models:
        own = folder / member.name
        claim(own, _plan(exam, requests, events, member), "*h.json", resume=resume)
        for hours, request in requests.items():
            path = own / f"{hours:g}h.json"
            files.append(path)
            if not path.is_file():
                tasks.append((path, (member, hours, request)))
    return tasks, files


@dataclass
class _Writer:
    """Writes each forecast as it arrives, and reports progress."""

    label: str
    tasks: Sequence[tuple[Path, Task]]
    total: int
    failed: list[str]
    progress: Progress
    left: int = 0

    def __post_init__(self) -> None:
        self.left = len(self.tasks)

    def __call__(self, i: int, found: Found) -> None:
        path, (member, hours, _) = self.tasks[i]
        if isinstance(found, str):
            self.failed.append(f"{member.name} after {hours:g} hours: {found}")
        else:
            write_json(path, found.to_json())
        self.left -= 1
        self.progress(self.label, self.total - self.left, self.total)


def scored(sequences: Sequence[AftershockSequence]) -> dict[str, list[AftershockScores]]:
    """Score every model by window and magnitude, and compare it with ETAS, or else the first."""
    names = list(sequences[0].forecasts)
    over = REFERENCE if REFERENCE in names else names[0]
    rows = {name: _by_window(sequences, name) for name in names}
    return {
        name: [
            _scores(days, magnitude, rows[name][days, magnitude], rows[over][days, magnitude], over)
            if name != over
            else _scores(days, magnitude, rows[name][days, magnitude])
            for days, magnitude in sorted(rows[name])
        ]
        for name in names
    }


Rows = list[tuple[int, ForecastRow]]
"""Forecasts of known outcome, with the number of their sequence."""


def _by_window(
    sequences: Sequence[AftershockSequence], model: str
) -> dict[tuple[float, float], Rows]:
    found: dict[tuple[float, float], Rows] = defaultdict(list)
    for i, sequence in enumerate(sequences):
        for forecast in sequence.forecasts[model]:
            for row in forecast.table:
                if row.observed is not None:
                    found[row.days, row.magnitude].append((i, row))
    return found


def _scores(
    days: float, magnitude: float, rows: Rows, reference: Rows | None = None, over: str = ""
) -> AftershockScores:
    seen = np.array([row.observed for _, row in rows], dtype=np.float64)
    medians = np.array([row.median for _, row in rows])
    ratios = np.log(np.maximum(medians, FEWEST) / np.maximum(seen, FEWEST))
    values = _values(rows)
    inside = {
        share: float(np.mean([low <= n <= _end(high) for n, (low, high) in pairs]))
        for share, pairs in {
            "50": [(row.observed or 0, row.ci50) for _, row in rows],
            "95": [(row.observed or 0, row.ci95) for _, row in rows],
        }.items()
    }
    differences = {}
    if reference is not None:
        theirs, blocks = _values(reference), [i for i, _ in rows]
        for score in COMPARED:
            mean, ends = mean_by_blocks(values[score] - theirs[score], blocks)
            better = "higher" if score in HIGHER_IS_BETTER else "lower"
            differences[score] = SequenceDifference(over, mean, ends, better)
    return AftershockScores(
        days,
        magnitude,
        len(rows),
        inside["50"],
        inside["95"],
        float(np.median(ratios)),
        float(np.median(np.abs(ratios))),
        float(values["crps"].mean()),
        float(values["log_score"].mean()),
        [(row.scores or {})["pit"] for _, row in rows],
        differences,
        float(np.mean([row.probability for _, row in rows])),
        float((seen > 0).mean()),
    )


def _values(rows: Rows) -> Mapping[str, FloatArray]:
    values = {score: np.array([(row.scores or {})[score] for _, row in rows]) for score in COMPARED}
    return {**values, "log_score": np.maximum(values["log_score"], LOWEST_LOG_SCORE)}


def _end(high: float | None) -> float:
    """The upper end of a range; none where simulations were cut off and do not tell."""
    return np.inf if high is None else high


def _date(info: CatalogInfo, day: float) -> str | float:
    """A boundary of a window: a date to the nanosecond, or a plain day."""
    time = info.to_time(day)
    return time if isinstance(time, float) else time.isoformat()


def _folder_name(info: CatalogInfo, shock: Mainshock) -> str:
    time = info.to_time(shock.time)
    when = f"day{time:.3f}" if isinstance(time, float) else f"{time:%Y%m%dT%H%M%S}"
    return f"{when}_M{shock.magnitude:.1f}"


def _plan(
    exam: Exam, requests: Mapping[float, Request], events: EventSequence, member: Member
) -> dict[str, object]:
    """Everything that the forecasts of a model after a mainshock depend on, as JSON types.

    They do not depend on which other events are mainshocks. What is observed depends on the gaps.
    """
    starts = np.array([request.at for request in requests.values()])
    settings = asdict(exam)
    del settings["magnitude"]
    return {
        **settings,
        "hours": list(exam.hours),
        "days": list(exam.days),
        "magnitudes": None if exam.magnitudes is None else list(exam.magnitudes),
        "correction": None if exam.uncorrected else learned().to_json(),
        "bend": None if exam.uncorrected else ABOVE,
        **({"gaps": [list(gap) for gap in events.gaps]} if events.gaps else {}),
        **fingerprints(events, starts, member.processes),
    }
