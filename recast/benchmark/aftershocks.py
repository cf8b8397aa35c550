"""The exam after mainshocks: models fitted before each, forecasts after it, and their scores."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from catalogs import Catalog, InputError, load
from catalogs.cores import threads as all_threads
from catalogs.display import some
from catalogs.files import write_json
from catalogs.locking import locked
from recast.benchmark.comparison import caveats, say
from recast.benchmark.folder import (
    AFTERSHOCKS,
    BenchmarkFolder,
    load_catalog,
    load_fitted,
    open_run,
)
from recast.forecast.aftershock_results import AftershockCatalog, AftershockResult, mainshock_label
from recast.forecast.aftershocks import (
    DAYS,
    HOURS,
    Exam,
    examine,
    known_before,
)
from recast.forecast.blocks import n_blocks
from recast.forecast.chunks import Progress
from recast.forecast.engine import Engine
from recast.forecast.mainshocks import Mainshock, find_mainshocks
from recast.forecast.make import check_leak
from recast.forecast.prepare import PARAMETER_SETS
from recast.forecast.rolling import Member, written_time
from recast.models.environment import describe
from recast.models.fitting import fit_task
from recast.models.kind import MIXTURE, PRETRAINED, FittedModel, Task
from recast.models.neural_kinds import Shipped
from recast.models.registry import REFERENCE, TRUTH, model_kind, model_kinds, unknown_model
from recast.models.seen import seen_by_net

FOLDER = "aftershocks"
"""Folder of fits and forecasts, beside the result."""

DEFAULT_MODELS = (REFERENCE, Shipped.name)
"""Others are trained from scratch before every mainshock, or constant."""


def run_aftershock_exam(
    catalogs: Sequence[str | Catalog] | None = None,
    models: Sequence[str] | None = None,
    magnitude: float = 5.0,
    out: str | PathLike[str] | None = None,
    *,
    run: str | PathLike[str] | None = None,
    refit: bool = True,
    hours: Sequence[float] = HOURS,
    days: Sequence[float] = DAYS,
    magnitudes: Sequence[float] | None = None,
    samples: int = 500,
    seed: int = 0,
    max_events: int | None = None,
    uncorrected: bool = False,
    parameter_uncertainty: bool = False,
    own_magnitudes: bool = False,
    allow_leak: bool = False,
    pretrained: str | None = None,
    quick: bool = False,
    threads: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    resume: bool = False,
    select: Callable[[Catalog], Catalog] = lambda catalog: catalog,
    command: str | None = None,
    done: Callable[[str, AftershockCatalog], None] = lambda *_: None,
    progress: Progress = lambda *_: None,
) -> AftershockResult:
    """Forecast the hours and days after mainshocks, and score the forecasts.

    A mainshock is an event of the validation and test windows with no larger one in the 30 days
    before, and 20 complete events or more in the day after. Forecasts are made 1, 6, 24, 72 and 168
    hours after it, with all events so far as history, unless a larger event has happened by then or
    the catalog ends within the shortest window. Windows that the catalog does not cover are not
    scored.

    Before each mainshock every model is fitted again, to all that was known the day before. Models
    that depend on a seed have the last 15 % of that time as their validation window, others are
    fitted to all of it. A mainshock before which a model cannot be fitted, or which it may have
    seen, is left out for all models, and named in the result.

    Parameters
    ----------
    catalogs : sequence of str or Catalog, optional
        Catalogs, or names or paths for ``catalogs.load``; with ``run`` names of some of its
        catalogs, by default all.
    models : sequence of str, optional
        Names of kinds of models, by default etas and recast; with ``run`` some of its models, by
        default all.
    magnitude : float
        Smallest magnitude of a mainshock.
    out : path, optional
        Folder for aftershocks.json, fits and forecasts; by default ``run``, or nothing is written.
    run : path, optional
        Folder of a benchmark, whose catalogs and models are examined.
    refit : bool
        Fit each model again before each mainshock. Otherwise it is fitted to the train window
        once, or taken from ``run`` as it is.
    hours : sequence of float
        Lead times after each mainshock.
    days : sequence of float
        Lengths of the windows, all starting at the time of the forecast.
    magnitudes : sequence of float, optional
        Count events at or above these; by default completeness, and one and two units above it.
    samples : int
        Simulated catalogs per forecast.
    seed : int
        Random seed of fits and simulations.
    max_events : int, optional
        A trajectory with more is cut off there, and counted; by default ten times the events of the
        busiest window of that length so far, and at least 10,000.
    uncorrected : bool
        Simulate ETAS as it is; by default its numbers are corrected by the aftershocks so far and
        by the errors of past forecasts, as in ``run_forecast``.
    parameter_uncertainty : bool
        Include the uncertainty of the parameters, for kinds of models that know it.
    own_magnitudes : bool
        Draw magnitudes from the nets' own laws instead of the fixed ones of their train windows.
    allow_leak : bool
        Forecast even if a model may have seen later data, and mark the result.
    pretrained : str, optional
        Checkpoint that zero-shot and few-shot models start from; by default that of ``run``, or the
        net that comes with the package.
    quick : bool
        Train for one epoch only, to check that everything works.
    threads : int, optional
        By default one per core.
    workers : int
        Processes of dask that draw.
    scheduler : str, optional
        Address of a dask cluster to draw on instead.
    resume : bool
        Resume an interrupted run from what it left in ``out``; forecasts that are done are kept.
    select : callable
        Applied to each catalog first, to select a part of it.
    command : str, optional
        The command line, for the record.
    done : callable
        Called with the name and the result of each finished catalog.
    progress : callable
        Called with the mainshock, forecasts done and forecasts in total.

    Returns
    -------
    AftershockResult
        The content of aftershocks.json: forecasts, scores by window and magnitude, and differences
        of models with intervals by a jackknife over mainshocks.

    Raises
    ------
    InputError
        For an unknown catalog or model, a catalog without such a mainshock, or another process
        that is at work in ``out``; all are raised before anything is fitted.

    Examples
    --------
    >>> from recast import run_aftershock_exam
    >>> result = run_aftershock_exam(
    ...     ["synthetic_socal"], ["etas"], 6.0, refit=False, hours=[24], days=[1.0, 7.0], samples=50
    ... )
    >>> result.to_dataframe()[["model", "hours", "days", "magnitude"]].head(2)
      model  hours  days  magnitude
    0  etas   24.0   1.0        2.5
    1  etas   24.0   1.0        3.5
    """
    engine = Engine(workers, scheduler)
    engine.check()
    exam = Exam(
        magnitude,
        tuple(hours),
        tuple(days),
        None if magnitudes is None else tuple(magnitudes),
        samples,
        seed,
        max_events,
        uncorrected,
    )
    how = _How(
        refit=refit,
        parameter_uncertainty=parameter_uncertainty,
        own_magnitudes=own_magnitudes,
        allow_leak=allow_leak,
        pretrained=pretrained or PRETRAINED,
        quick=quick,
        resume=resume,
    )
    if run is None:
        subjects = _of_catalogs(catalogs, models, select)
    else:
        folder = open_run(Path(run))
        subjects = _of_run(folder, catalogs, models, refit=refit)
        how = replace(how, pretrained=pretrained or folder.result.pretrained or PRETRAINED)
    for subject in subjects:
        find_mainshocks(subject.catalog, magnitude)
    environment = describe()
    result = AftershockResult(
        magnitude,
        list(exam.hours),
        list(exam.days),
        refit,
        {},
        samples,
        seed,
        own_magnitudes,
        str(environment["recast-forecast"]),
        command,
        environment,
    )
    remarks = {s.catalog.info.name: _caveats(s, exam, how) for s in subjects}
    for line in itertools.chain.from_iterable(remarks.values()):
        say(line)
    with ExitStack() as stack:
        kept = out if out is not None else run
        where = Path(kept or stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(locked(where))
        for subject in subjects:
            name = subject.catalog.info.name
            found = examine(
                subject.catalog,
                exam,
                _members(subject, exam, how, where / FOLDER / name),
                where / FOLDER / name,
                engine=engine,
                resume=resume,
                threads=threads or all_threads(),
                progress=progress,
            )
            found = replace(found, remarks=[*remarks[name], *found.remarks])
            result = replace(result, catalogs={**result.catalogs, name: found})
            if kept is not None:
                write_json(where / AFTERSHOCKS, result.to_json())
            done(name, found)
    return result


@dataclass(frozen=True)
class _How:
    """How models are fitted and used; see ``run_aftershock_exam``."""

    refit: bool
    parameter_uncertainty: bool
    own_magnitudes: bool
    allow_leak: bool
    pretrained: str
    quick: bool
    resume: bool


@dataclass(frozen=True, eq=False)
class _Subject:
    """A catalog, the names of its models, and the benchmark that they are read from."""

    catalog: Catalog
    models: Sequence[str]
    run: BenchmarkFolder | None = None


def _of_catalogs(
    catalogs: Sequence[str | Catalog] | None,
    models: Sequence[str] | None,
    select: Callable[[Catalog], Catalog],
) -> list[_Subject]:
    if not catalogs:
        raise InputError("an exam needs catalogs, or the folder of a benchmark: name one")
    wanted = list(models or DEFAULT_MODELS)
    _check_names(wanted, "model")
    for name in wanted:
        if name not in model_kinds() and name != TRUTH.name:
            raise InputError(unknown_model(name))
    chosen = [select(load(c) if isinstance(c, str) else c) for c in catalogs]
    _check_names([catalog.info.name for catalog in chosen], "catalog")
    for catalog in chosen:
        catalog.split()
    return [_Subject(catalog, wanted) for catalog in chosen]


def _of_run(
    run: BenchmarkFolder,
    catalogs: Sequence[str | Catalog] | None,
    models: Sequence[str] | None,
    *,
    refit: bool,
) -> list[_Subject]:
    wanted = [c if isinstance(c, str) else c.info.name for c in catalogs or run.catalogs]
    subjects = []
    for name in wanted:
        if name not in run.catalogs:
            raise InputError(
                f"no catalog {name!r} in {run.folder}: it has {', '.join(run.catalogs)}"
            )
        rows = [model for model in run.models(name) if not refit or _refits(model)]
        for model in models or rows:
            if model not in rows:
                raise InputError(f"no model {model!r} in {run.folder}: it has {', '.join(rows)}")
        subjects.append(_Subject(load_catalog(run, name), list(models or rows), run))
    return subjects


def _refits(model: str) -> bool:
    """Whether a row of a benchmark can be fitted again: mixtures and files cannot."""
    return not model.endswith(MIXTURE) and model_kind(model).refits


def _caveats(subject: _Subject, exam: Exam, how: _How) -> list[str]:
    """What a user should know first of the fits, with the number of mainshocks that it is true of.

    A model is fitted anew before each of them.
    """
    catalog = subject.catalog
    if not how.refit:
        if subject.run is not None:
            return subject.run.result.catalogs[catalog.info.name].remarks
        return caveats(catalog, subject.models)
    shocks = find_mainshocks(catalog, exam.magnitude)
    lines = []
    for model in subject.models:
        said = [line for shock in shocks if (line := _caveat(model, catalog, shock))]
        if said:
            lines.append(f"{said[0]} (so before {len(said)} of {some(len(shocks), 'mainshock')})")
    return lines


def _caveat(model: str, catalog: Catalog, shock: Mainshock) -> str:
    kind = model_kind(model)
    try:
        return kind.caveat(known_before(catalog, shock, validation=kind.seeded))
    except InputError:  # too few events: this mainshock is left out
        return ""


def _check_names(names: Sequence[str], what: str) -> None:
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"{what} {repeated[0]!r} is named twice: name it once")


def _members(
    subject: _Subject, exam: Exam, how: _How, folder: Path
) -> Callable[[Mainshock, Path], list[Member]]:
    """Return the function that gives the models for a mainshock."""
    catalog, name = subject.catalog, subject.catalog.info.name
    if not how.refit:
        once = {
            model: load_fitted(subject.run, catalog, model)
            if subject.run is not None
            else _fitted(model, catalog, folder, exam, how, f"{name}: fitting {model}")
            for model in subject.models
        }
        return lambda shock, _: [
            _member(model, fitted, catalog, shock, exam, how) for model, fitted in once.items()
        ]

    def again(shock: Mainshock, where: Path) -> list[Member]:
        for model in subject.models:  # before anything is fitted
            if model_kind(model).uses_pretrained:
                known = seen_by_net(how.pretrained, None)
                check_leak(model, known, catalog, shock.time, allow=how.allow_leak)
        label = mainshock_label(written_time(catalog.info, shock.time), shock.magnitude)
        found = []
        for model in subject.models:
            before = known_before(catalog, shock, validation=model_kind(model).seeded)
            line = f"{name}, before {label}: fitting {model}"
            fitted = _fitted(model, before, where, exam, how, line)
            found.append(_member(model, fitted, catalog, shock, exam, how))
        return found

    return again


def _fitted(
    model: str, catalog: Catalog, folder: Path, exam: Exam, how: _How, line: str
) -> FittedModel:
    say(line)
    kind = model_kind(model)
    task = Task(
        catalog, folder, exam.seed, how.quick, how.resume, how.pretrained, allow_leak=how.allow_leak
    )
    fitted = fit_task(kind, task)
    if kind is not TRUTH:
        kind.save(task, fitted)
    return fitted


def _member(
    model: str, fitted: FittedModel, catalog: Catalog, shock: Mainshock, exam: Exam, how: _How
) -> Member:
    leak = check_leak(model, fitted.seen, catalog, shock.time, allow=how.allow_leak)
    draws = None
    if how.parameter_uncertainty and fitted.kind is not TRUTH:
        n = min(n_blocks(exam.samples), 2 * PARAMETER_SETS)
        fitted, draws = fitted.kind.with_uncertainty(fitted, n, exam.days[-1], seed=exam.seed)
    processes = tuple(
        process if how.own_magnitudes else process.with_fixed_magnitudes()
        for process in fitted.processes
    )
    return Member(model, processes, leak=tuple(leak), uncertainty=draws)
