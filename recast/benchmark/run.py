"""Benchmarks, and rolling forecasts of their models, with their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path
from typing import Any

from catalogs import Catalog, InputError, load
from catalogs.cores import threads as all_threads
from catalogs.files import write_json
from catalogs.locking import locked
from catalogs.store import STORED
from recast.benchmark.comparison import Comparison, check_request, compare
from recast.benchmark.folder import (
    DIAGNOSES,
    RECORD,
    ROLLING,
    SIZES,
    BenchmarkFolder,
    load_catalog,
    load_fitted,
    open_run,
)
from recast.benchmark.protocols import followed, under_protocol
from recast.benchmark.results import BenchmarkResult, CatalogResult, TrainingSizes
from recast.benchmark.training_size import check_size, compare_by_size
from recast.evaluation.diagnosis import save_diagnoses
from recast.forecast.chunks import Progress
from recast.forecast.engine import Engine
from recast.forecast.make import check_leak
from recast.forecast.prepare import PARAMETER_SETS
from recast.forecast.rolling import Member, Rolling, roll
from recast.forecast.rolling_results import RollingCatalog, RollingResult
from recast.models.environment import describe
from recast.models.kind import PRETRAINED
from recast.models.registry import DEFAULT, MIXTURE, TRUTH, mixture_name, model_kind
from recast.models.seen import seen_by_net

DEFAULT_CATALOGS = ("ridgecrest_2019", "synthetic_socal")
DEFAULT_OUT = Path("runs/benchmark")


@dataclass(frozen=True, eq=False)
class Done:
    """One finished catalog of a benchmark."""

    comparison: Comparison
    rolling: RollingCatalog | None


def run_benchmark(
    catalogs: str | Catalog | Sequence[str | Catalog] = DEFAULT_CATALOGS,
    models: str | Sequence[str] = DEFAULT,
    out: str | PathLike[str] = DEFAULT_OUT,
    *,
    seeds: int = 1,
    quick: bool = False,
    resume: bool = False,
    workers: int | None = None,
    pretrained: str = PRETRAINED,
    sizes: Sequence[int] = (),
    rolling: Rolling | None = None,
    places: bool = False,
    protocol: str | None = None,
    select: Callable[[Catalog], Catalog] = lambda catalog: catalog,
    command: str | None = None,
    done: Callable[[Done], None] = lambda _: None,
    progress: Progress = lambda *_: None,
) -> BenchmarkResult:
    """Fit models on catalogs and compare how well each explains the test window.

    Models are fitted on each train window (nets stop early on validation) and score all windows:

        log L = sum over the events of log lambda(t_i) - integral of lambda

    in nats. With more than one seed the mixture of the nets (``recast.net.ensemble``) is scored
    too, as a model of its own. The gain over ETAS is the mean difference of log-likelihood terms
    over the test events, in nats per event, with the interval of ``recast.gain``.

    Parameters
    ----------
    catalogs : str or Catalog, or a sequence of them
        Catalogs, or names or paths for ``catalogs.load``.
    models : str or sequence of str
        Names of kinds of models, see ``model_kinds``, or files of fitted ones, which are compared
        as they are.
    out : path
        Folder for benchmark.json and the fitted models, one subfolder per catalog.
    seeds : int
        Number of fits of each model that depends on a seed.
    quick : bool
        Train for one epoch only, to check that everything works.
    resume : bool
        Resume an interrupted run from what it left in ``out``.
    workers : int, optional
        Train in this many processes at once; by default one per core, or one with a GPU. The result
        does not depend on it.
    pretrained : str
        Checkpoint of the net that zero-shot and few-shot models start from.
    sizes : sequence of int
        Also fit to these numbers of the last training events, and write scores to trimmed.json.
    rolling : Rolling, optional
        Forecast consecutive windows of the test window with every model, and write rolling.json.
    places : bool
        Fit and score laws of places, too, for catalogs with locations.
    protocol : str, optional
        Follow "recast", "paper" or "earthquakenpp" (``recast.benchmark.protocols``): what that
        fixes cannot be changed, and rows that were published under it are put beside.
    select : callable
        Applied to each catalog first, to select a part of it.
    command : str, optional
        The command line, for the record.
    done : callable
        Called with each finished catalog.
    progress : callable
        Called with the model, chunks done and chunks in total, during rolling forecasts.

    Returns
    -------
    BenchmarkResult
        The content of benchmark.json.

    Raises
    ------
    InputError
        For an unknown model, a split that is too small, a pretrained net that may have seen a
        test window, a protocol that is contradicted, or another process that is at work in
        ``out``. All are raised before anything is fitted.

    Examples
    --------
    >>> import tempfile
    >>> from recast import run_benchmark
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = run_benchmark(["ridgecrest_2019"], ["poisson", "etas"], folder)
    >>> result.catalogs["ridgecrest_2019"].models["etas"].gain_over_poisson.mean > 0.0
    True
    """
    folder = Path(out)
    catalogs = [catalogs] if isinstance(catalogs, str | Catalog) else catalogs
    models = [models] if isinstance(models, str) else models
    named = [(c if isinstance(c, str) else c.info.name, c) for c in catalogs]
    whole = [load(c) if isinstance(c, str) else c for _, c in named]
    chosen = [select(catalog) for catalog in whole]
    following = followed(protocol, whole, chosen, models, quick=quick)
    chosen = [under_protocol(catalog, following) for catalog in chosen]
    places = places or (following is not None and following.places)
    check_request(chosen, models, seeds, pretrained, places=places, workers=workers)
    for n in sizes:
        check_size(n)
    if rolling is not None:
        for catalog in chosen:
            rolling.scored(catalog)
            if any(model_kind(name).uses_pretrained for name in models):
                known = seen_by_net(pretrained, catalog)
                check_leak("the pretrained net", known, catalog, allow=False)
    how: dict[str, Any] = {
        "seeds": seeds,
        "quick": quick,
        "resume": resume,
        "workers": workers,
        "pretrained": pretrained,
    }
    environment = describe()
    version = str(environment["recast-forecast"])
    result = BenchmarkResult(
        {},
        version,
        command,
        quick,
        pretrained,
        environment,
        None if following is None else following.name,
    )
    rolled: dict[str, RollingCatalog] = {}
    begun = compare(chosen, models, folder, **how, places=places, protocol=following)
    with locked(folder), closing(begun) as comparisons:
        for comparison, (asked, _) in zip(comparisons, named, strict=True):
            name = comparison.name
            entry: CatalogResult = replace(comparison.result, source=_source(asked))
            now = datetime.now(UTC).isoformat(timespec="seconds")
            result = replace(result, catalogs={**result.catalogs, name: entry}, date=now)
            save_diagnoses(folder / name / DIAGNOSES, comparison.diagnoses)
            write_json(folder / RECORD, result.to_json())
            if rolling is not None:
                run = BenchmarkFolder(folder, result)
                rolled[name] = roll_models(
                    run, comparison.catalog, rolling, resume=resume, progress=progress
                )
                write_json(
                    folder / ROLLING,
                    _rolling_result(rolled, rolling, command, own_magnitudes=False).to_json(),
                )
            done(Done(comparison, rolled.get(name)))
        if sizes:
            found = TrainingSizes({}, version, command)
            for catalog in chosen:
                rows = compare_by_size(catalog, models, sizes, folder, **how)
                found = replace(found, catalogs={**found.catalogs, catalog.info.name: rows})
                write_json(folder / SIZES, found.to_json())
    return result


def run_rolling(
    run: str | PathLike[str],
    rolling: Rolling | None = None,
    *,
    catalogs: Sequence[str] | None = None,
    models: Sequence[str] | None = None,
    parameter_uncertainty: bool = False,
    own_magnitudes: bool = False,
    allow_leak: bool = False,
    threads: int | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    resume: bool = False,
    command: str | None = None,
    done: Callable[[str, RollingCatalog], None] = lambda *_: None,
    progress: Progress = lambda *_: None,
) -> RollingResult:
    """Forecast consecutive windows with the models of a benchmark, and score the forecasts.

    Parameters
    ----------
    run : path
        Folder of a benchmark; rolling.json is written to it.
    rolling : Rolling, optional
        Length and number of windows, samples and seed; by default 14 days, all that fit.
    catalogs, models : sequence of str, optional
        Some of those of the benchmark; by default all.
    parameter_uncertainty : bool
        Include the uncertainty of the parameters, for kinds of models that know it.
    own_magnitudes : bool
        Draw magnitudes from the nets' own laws instead of the fixed ones of the train windows.
    allow_leak : bool
        Forecast even if a model has seen later data, and mark the result.
    threads : int, optional
        By default one per core.
    workers : int
        Processes of dask that draw.
    scheduler : str, optional
        Address of a dask cluster to draw on instead.
    resume : bool
        Resume an interrupted run from what it left in ``run``.
    command : str, optional
        The command line, for the record.
    done : callable
        Called with the name and scores of each finished catalog.
    progress : callable
        Called with the model, chunks done and chunks in total.

    Returns
    -------
    RollingResult
        The content of rolling.json.

    Raises
    ------
    InputError
        If windows do not fit, a model has seen data from after its first forecast, or another
        process is at work in ``run``.

    Examples
    --------
    >>> import tempfile
    >>> from recast import Rolling, run_benchmark, run_rolling
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = run_benchmark(["ridgecrest_2019"], ["poisson", "etas"], folder)
    ...     result = run_rolling(folder, Rolling(days=0.5, samples=50))
    >>> len(result.catalogs["ridgecrest_2019"].windows)
    3
    """
    folder = open_run(Path(run))
    wanted = rolling or Rolling()
    engine = Engine(workers, scheduler)
    engine.check()
    rolled: dict[str, RollingCatalog] = {}
    result = _rolling_result(rolled, wanted, command, own_magnitudes=own_magnitudes)
    names = catalogs or folder.catalogs
    for name in names:
        if name not in folder.catalogs:
            raise InputError(f"no catalog {name!r} in {run}: it has {', '.join(folder.catalogs)}")
    loaded = {name: load_catalog(folder, name) for name in names}
    with locked(folder.folder):
        for name, catalog in loaded.items():
            rolled[name] = roll_models(
                folder,
                catalog,
                wanted,
                models=models,
                parameter_uncertainty=parameter_uncertainty,
                own_magnitudes=own_magnitudes,
                allow_leak=allow_leak,
                engine=engine,
                threads=threads,
                resume=resume,
                progress=progress,
            )
            result = _rolling_result(rolled, wanted, command, own_magnitudes=own_magnitudes)
            write_json(folder.folder / ROLLING, result.to_json())
            done(name, rolled[name])
    return result


def roll_models(
    run: BenchmarkFolder,
    catalog: Catalog,
    rolling: Rolling,
    *,
    models: Sequence[str] | None = None,
    parameter_uncertainty: bool = False,
    own_magnitudes: bool = False,
    allow_leak: bool = False,
    engine: Engine | None = None,
    threads: int | None = None,
    resume: bool = False,
    progress: Progress = lambda *_: None,
) -> RollingCatalog:
    """Forecast consecutive windows of one catalog; see ``run_rolling``."""
    name = catalog.info.name
    rows = run.models(name)
    wanted = list(models or [model for model in rows if not model.endswith(MIXTURE)])
    members: list[Member] = []
    for model in wanted:
        if model not in rows:
            raise InputError(f"no model {model!r} in {run.folder}: it has {', '.join(rows)}")
        fits = [load_fitted(run, catalog, model, i) for i in range(len(rows[model].seeds))]
        kind, first = fits[0].kind, fits[0]
        found = tuple(check_leak(model, first.seen, catalog, allow=allow_leak))
        processes = tuple(
            fit.process if own_magnitudes else fit.process.with_fixed_magnitudes() for fit in fits
        )
        if parameter_uncertainty and kind is not TRUTH:
            several, uncertainty = kind.with_uncertainty(
                first, PARAMETER_SETS, rolling.days, seed=rolling.seed
            )
            if uncertainty is not None:
                members.append(Member(model, several.processes, first.process, found, uncertainty))
                continue
        members.append(Member(model, processes[:1], leak=found))
        if len(processes) > 1 and kind.mix(processes) is not None:
            members.append(Member(mixture_name(model), processes, leak=found))
    rolled = roll(
        catalog,
        members,
        rolling,
        run.folder / "rolling" / name,
        engine=engine or Engine(),
        resume=resume,
        threads=threads or all_threads(),
        progress=progress,
    )
    return replace(rolled, remarks=[*run.result.catalogs[name].remarks, *rolled.remarks])


def _rolling_result(
    rolled: dict[str, RollingCatalog],
    rolling: Rolling,
    command: str | None,
    *,
    own_magnitudes: bool,
) -> RollingResult:
    environment = describe()
    return RollingResult(
        rolling.days,
        dict(rolled),
        rolling.samples,
        rolling.seed,
        rolling.max_events,
        own_magnitudes,
        str(environment["recast-forecast"]),
        command,
        environment,
    )


def _source(asked: str) -> str:
    """Name or path by which ``catalogs.load`` finds the catalog from any folder."""
    path = Path(asked)
    return str(path.resolve()) if path.suffix in STORED else asked
