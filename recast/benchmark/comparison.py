"""Fit models on catalogs and compare how well they explain the events of the test window."""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from catalogs import Catalog, EventSequence, InputError, Split
from catalogs.checks.quality import gap_warning, incomplete_warning
from catalogs.cores import cores
from catalogs.processes import process_pool
from catalogs.sequence import FloatArray
from catalogs.store import file_hash
from etas.residuals import MINIMUM_EVENTS, residual_test
from recast.benchmark.identity import data_hash
from recast.benchmark.protocols import Protocol, protocol_scores
from recast.benchmark.results import (
    PLACE,
    CatalogResult,
    Gain,
    MarkScore,
    ModelResult,
    SeedResult,
    WindowScore,
)
from recast.evaluation import Diagnosis, diagnose, gain, mean_interval, score
from recast.evaluation.mark_promises import check_magnitudes, check_places
from recast.evaluation.promises import (
    check_gaps,
    check_promises,
    check_simulations,
    check_sum,
    check_terms,
)
from recast.models.fitting import fit_task, save_fit
from recast.models.from_file import FromFile, is_file_name
from recast.models.kind import PRETRAINED, FittedModel, ModelKind, Task
from recast.models.places import SUFFIX, about_box, load_places, region_of
from recast.models.registry import (
    NULL,
    REFERENCE,
    TRUTH,
    is_of_this_package,
    mixture_name,
    model_kind,
    model_kinds,
    package_of,
    unknown_model,
)
from recast.models.seen import leaks, to_json
from recast.pretrained import FILES

if TYPE_CHECKING:
    from etas.space.law import PlaceLaw


MOST_SEEDS = 1000
"""Trainings of a model: each takes minutes."""

SAME_SCORE = 1e-4
"""Nats per event by which a model may differ that is read from its file: the last decimal shown."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """All models on one catalog: their scores, and the diagnoses that plots need."""

    catalog: Catalog
    split: Split
    result: CatalogResult
    diagnoses: dict[str, Diagnosis]
    """Diagnoses of the test window by model: terms averaged over seeds, the rest of the first."""

    places: dict[str, FloatArray] = field(default_factory=dict)
    """Log density of the place of each test event by model, nats, shape (event,)."""

    @property
    def name(self) -> str:
        """Name of the catalog."""
        return self.catalog.info.name

    @property
    def terms(self) -> dict[str, FloatArray]:
        """Log-likelihood of each test event by model, averaged over seeds, nats, shape (event,)."""
        return {name: diagnosis.terms for name, diagnosis in self.diagnoses.items()}


def compare(
    catalogs: Sequence[Catalog],
    models: Sequence[str],
    out: Path,
    *,
    seeds: int = 1,
    quick: bool = False,
    resume: bool = False,
    workers: int | None = None,
    pretrained: str = PRETRAINED,
    places: bool = False,
    protocol: Protocol | None = None,
) -> Generator[Comparison, None, None]:
    """Fit ``models`` on each train window and score all windows; see ``run_benchmark``.

    Yields the catalogs in order as they are finished; fitted models are saved in ``out/NAME``.
    """
    check_request(catalogs, models, seeds, pretrained, places=places, workers=workers)
    for catalog in catalogs:
        for line in caveats(catalog, models):
            say(line)
    tasks = [
        (
            name,
            Task(
                catalog,
                out / catalog.info.name,
                seed,
                quick,
                resume,
                pretrained,
                places=places and catalog.info.has_locations,
                plane=protocol is not None and protocol.places,
            ),
        )
        for catalog in catalogs
        for name in models
        for seed in range(seeds if model_kind(name).seeded else 1)
    ]
    apart = sum(model_kind(name).seeded for name, _ in tasks)
    with process_pool(min(workers or _default_workers(), apart)) as pool:
        fits = iter(
            [
                pool.submit(_fit, *task)
                if pool and model_kind(task[0]).seeded
                else partial(_fit, *task)
                for task in tasks
            ]
        )
        for catalog in catalogs:
            runs: dict[str, list[Timed]] = {}
            for name in models:
                for _ in range(seeds if model_kind(name).seeded else 1):
                    fit = next(fits)
                    done = fit.result() if isinstance(fit, Future) else fit()
                    runs.setdefault(model_kind(name).name, []).append(done)
            yield _compared(catalog, runs, protocol)


@dataclass(frozen=True, eq=False)
class Timed:
    """A fitted model, with the seed and duration of its fit."""

    model: FittedModel
    seed: int = 0
    seconds: float = 0.0


def _fit(name: str, task: Task) -> Timed:
    """Fit and save a model, in a worker process or in this one."""
    kind = model_kind(name)
    seed = f", seed {task.seed}" if kind.seeded else ""
    say(f"{task.catalog.info.name}: {'fitting' if kind.refits else 'reading'} {name}{seed}")
    started = time.perf_counter()
    fitted = fit_task(kind, task)
    seconds = time.perf_counter() - started
    _check(fitted, task.catalog, task.split)  # no file is left of a model that is refused
    save_fit(kind, task, fitted)
    _check_saved(fitted, task)
    return Timed(fitted, task.seed, seconds)


def _check(model: FittedModel, catalog: Catalog, split: Split) -> None:
    """Raise an InputError where parts of another package give scores that mean nothing."""
    if is_of_this_package(model):
        return
    name = model.kind.name
    check_promises(model.process, split.test, name)
    check_simulations(model.process, split.test, name)
    for window in (split.train, split.val):
        check_gaps(model.process, window, name)
        check_terms(model.process, window, name)
    check_magnitudes(model.process, split.test, catalog.magnitude_law(), name)
    if model.places is not None:
        check_places(model.places, _whole(split), region_of(catalog), name)


def _check_saved(model: FittedModel, task: Task) -> None:
    """Raise an InputError where the file of a model of another package holds another model."""
    kind = model.kind
    if is_of_this_package(model) or not kind.refits:
        return
    try:
        again = kind.load(task.folder, task.seed, task.catalog, task.pretrained)
    except InputError:  # scores need no file: what reads it says what it lacks
        return
    fitted, read = (score(each.process, task.split.test).nats_per_event for each in (model, again))
    if not abs(fitted - read) <= SAME_SCORE:
        kind.path(task.folder, task.seed).unlink(missing_ok=True)
        raise InputError(
            f"model {kind.name!r}: on the test window it has {fitted:.4f} nats per event as "
            f"fitted, and {read:.4f} as read from its file: `from_json` has to restore all of the "
            "process that `to_json` was given"
        )
    if model.places is not None:
        _check_saved_places(model.places, kind.path(task.folder, task.seed), kind, task.split.test)


def _check_saved_places(law: PlaceLaw, path: Path, kind: ModelKind, test: EventSequence) -> None:
    """Raise an InputError where the law beside the file of a model is another one."""
    again = load_places(path, kind.place_laws)
    fitted, read = (float(each.log_density(test).mean()) for each in (law, again or law))
    if not abs(fitted - read) <= SAME_SCORE:
        for file in (path, path.with_suffix(SUFFIX)):
            file.unlink(missing_ok=True)
        raise InputError(
            f"model {kind.name!r}: places of the test window have {fitted:.4f} nats per event as "
            f"fitted, and {read:.4f} by the law that is read from its file: let the arguments of "
            f"{type(law).__name__} hold all of it"
        )


def _default_workers() -> int:
    import torch

    return 1 if torch.cuda.is_available() else cores()


def _compared(
    catalog: Catalog, fits: dict[str, list[Timed]], protocol: Protocol | None = None
) -> Comparison:
    """Score everything that was fitted on a catalog."""
    split = catalog.split()
    done: dict[str, _Run] = {}
    for name, several in fits.items():
        done[name] = _combined([_run(fit, catalog, split) for fit in several])
    for name, several in fits.items():
        kind = model_kind(name)
        processes = [fit.model.process for fit in several]
        if len(several) > 1 and kind.mix(processes) is not None:
            mixture = replace(kind.mixed([fit.model for fit in several]), places=None)
            _check(mixture, catalog, split)
            seconds = sum(fit.seconds for fit in several)
            mixed = _run(Timed(mixture, 0, seconds), catalog, split)
            done[mixture_name(name)] = _combined([mixed])
    truth = TRUTH.of(catalog)
    if truth is not None:
        done[TRUTH.name] = _combined([_run(Timed(truth), catalog, split)])
    enough = split.test.n_scored > 1  # one event has no interval
    times = split.test.times[split.test.first_scored :]
    models = {}
    for name, run in done.items():
        gains = {
            reference: Gain.of(gain(run.diagnosis.terms, done[reference].diagnosis.terms, times))
            for reference in (REFERENCE, NULL)
            if reference in done and name != reference and enough
        }
        models[name] = replace(
            run.result,
            gain_over_etas=gains.get(REFERENCE),
            gain_over_poisson=gains.get(NULL),
            marks=_mark_scores(run, done.get(REFERENCE), times) if enough else {},
        )
    tests = {name: (row.test.nats_per_event, row.test.nll_per_day) for name, row in models.items()}
    laws = {
        name: several[0].model.places
        for name, several in fits.items()
        if several[0].model.places is not None
    }
    return Comparison(
        catalog,
        split,
        CatalogResult(
            replace(catalog.info, provenance={}).to_json(),
            models,
            protocol=protocol_scores(protocol, catalog, split, tests, laws),
            remarks=[
                *caveats(catalog, list(fits)),
                *about_record(catalog),
                *(about_box(catalog) if laws else []),
            ],
            data_sha256=data_hash(split),
        ),
        {name: run.diagnosis for name, run in done.items()},
        {name: run.places["test"] for name, run in done.items() if run.places},
    )


def caveats(catalog: Catalog, models: Sequence[str]) -> list[str]:
    """What a user should know first of fits of these models to a catalog."""
    said = (model_kind(name).caveat(catalog) for name in models)
    return list(dict.fromkeys(line for line in said if line))


def about_record(catalog: Catalog) -> list[str]:
    """That nothing was recorded for long, or that completeness was higher for years."""
    found = (gap_warning(catalog), incomplete_warning(catalog))
    return [warning for warning in found if warning is not None]


def check_request(
    catalogs: Sequence[Catalog],
    models: Sequence[str],
    seeds: int,
    pretrained: str = PRETRAINED,
    *,
    places: bool = False,
    workers: int | None = None,
) -> None:
    """Raise an InputError for anything wrong with a request, before any fit."""
    _check_models(models)
    for name, number in (("seeds", seeds), ("workers", workers)):
        if number is not None and number < 1:
            raise InputError(f"{name} = {number}: at least one is needed")
    if seeds > MOST_SEEDS:
        raise InputError(f"seeds = {seeds}: give {MOST_SEEDS:,} or fewer")
    names = [catalog.info.name for catalog in catalogs]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"catalog {repeated[0]!r} is named twice: name it once")
    if pretrained != PRETRAINED and not any(model_kind(name).uses_pretrained for name in models):
        raise InputError(f"`pretrained` {pretrained}: none of the models starts from it")
    if places and not any(catalog.info.has_locations for catalog in catalogs):
        raise InputError(
            f"`places`: {', '.join(names)} {'has' if len(names) == 1 else 'have'} no locations: "
            "leave it out, or choose catalogs with latitudes and longitudes"
        )
    for catalog in catalogs:
        catalog.split()
        for name in models:
            model_kind(name).check(catalog, pretrained)


def _check_models(models: Sequence[str]) -> None:
    known = model_kinds()
    unknown = [name for name in models if name not in known and not is_file_name(name)]
    if unknown:
        raise InputError(unknown_model(unknown[0]))
    names = [model_kind(name).name for name in models]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"model {repeated[0]!r} is named twice: name it once, or rename the file")


def _mark_scores(run: _Run, reference: _Run | None, times: FloatArray) -> dict[str, MarkScore]:
    """Scores of the marks that a model has laws of."""
    scores = {
        mark: MarkScore(Gain.of(mean_interval(values, times)))
        for mark, values in run.mark_gains.items()
    }
    if run.places:
        over = None
        if reference is not None and reference is not run and reference.places:
            over = Gain.of(gain(run.places["test"], reference.places["test"], times))
        known = scores.get(PLACE, MarkScore())
        means = {part: float(values.mean()) for part, values in run.places.items()}
        scores[PLACE] = replace(known, nats_per_event=means, gain_over_etas=over)
    return scores


@dataclass(frozen=True, eq=False)
class _Run:
    """Fits of one model: their result, and the diagnosis and mark gains of the test window."""

    result: ModelResult
    diagnosis: Diagnosis
    mark_gains: dict[str, FloatArray]
    """Gain over the memoryless law by mark, nats, shape (event,)."""

    places: dict[str, FloatArray]
    """Log density of places by window, nats, shape (event,); empty without a law of places."""


def _run(fit: Timed, catalog: Catalog, split: Split) -> _Run:
    process = fit.model.process
    splits: dict[str, WindowScore] = {
        part: WindowScore.from_json(score(process, window).to_json(), part)
        for part, window in split.items()
    }
    gains = {name: law.gain(split.test) for name, law in process.marks.items()}
    places = {} if fit.model.places is None else _place_terms(fit.model.places, split)
    if fit.model.places is not None and fit.model.places.reference is not None:
        gains[PLACE] = places["test"] - fit.model.places.reference.log_density(split.test)
    diagnosis = diagnose(process, split.test)
    if not is_of_this_package(fit.model):
        check_sum(diagnosis.terms, splits["test"].log_likelihood, fit.model.kind.name)
    enough = diagnosis.transformed.size >= MINIMUM_EVENTS
    one = SeedResult(
        fit.seed,
        splits,
        round(fit.seconds, 3),
        fit.model.n_parameters,
        fit.model.started_from,
        residual_test(diagnosis.transformed) if enough else None,
    )
    known = fit.model.seen
    result = ModelResult(
        splits,
        [one],
        one.fit_seconds,
        one.n_parameters,
        one.started_from,
        one.residuals,
        seen=to_json(known),
        leaks=leaks(known, catalog, split.test.score_from),
        file_sha256=_hash_of_file(fit.model),
        package=package_of(fit.model),
    )
    measured = {name: values for name, values in gains.items() if values is not None}
    return _Run(result, diagnosis, measured, places)


def _hash_of_file(model: FittedModel) -> str | None:
    """SHA-256 of the file that a model was read or started from: its name does not tell which."""
    if isinstance(model.kind, FromFile):
        return file_hash(model.kind.file)
    start = model.started_from
    return None if start is None or start in FILES else file_hash(Path(start))


def _place_terms(law: PlaceLaw, split: Split) -> dict[str, FloatArray]:
    """Log density of the place of each event by window, from one pass over all of them."""
    whole = _whole(split)
    values = law.log_density(whole)
    times = whole.times[whole.first_scored :]
    return {
        part: values[(times >= window.score_from) & (times < window.end)]
        for part, window in split.items()
    }


def _whole(split: Split) -> EventSequence:
    """All windows as one."""
    return split.test.scored_from(split.train.score_from)


def _combined(runs: Sequence[_Run]) -> _Run:
    """Average over seeds, keeping each seed's scores."""
    first, seeds = runs[0], [run.result.seeds[0] for run in runs]

    def mean(part: str, what: str) -> float:
        return float(np.mean([getattr(seed.splits[part], what) for seed in seeds]))

    splits = {
        part: WindowScore(
            window.n_events,
            mean(part, "log_likelihood"),
            mean(part, "nats_per_event"),
            mean(part, "nll_per_day"),
            window.days,
        )
        for part, window in first.result.splits.items()
    }
    tests = [seed.splits["test"].nats_per_event for seed in seeds]
    result = replace(
        first.result,
        splits=splits,
        seeds=seeds,
        fit_seconds=float(np.mean([seed.fit_seconds for seed in seeds])),
        test_sd=float(np.std(tests, ddof=1)) if len(tests) > 1 else None,
    )
    terms = np.mean([run.diagnosis.terms for run in runs], axis=0)
    gains = {
        mark: np.mean([run.mark_gains[mark] for run in runs if mark in run.mark_gains], axis=0)
        for mark in dict.fromkeys(mark for run in runs for mark in run.mark_gains)
    }
    places = {part: np.mean([run.places[part] for run in runs], axis=0) for part in first.places}
    return _Run(result, replace(first.diagnosis, terms=terms), gains, places)


def say(line: str) -> None:
    """Print progress to stderr."""
    print(line, file=sys.stderr, flush=True)
