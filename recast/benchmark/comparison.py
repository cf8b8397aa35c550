"""Fit models on catalogs and compare how well each explains the events of the test window."""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from catalogs import Catalog, InputError, Split
from catalogs.checks.extent import check_unseen
from catalogs.cores import cores
from catalogs.sequence import FloatArray
from etas.residuals import MINIMUM_EVENTS, residual_test
from etas.synthetic import true_model
from recast.evaluation import Diagnosis, diagnose, gain, mean_interval, score
from recast.evaluation.gains import BOOTSTRAP_SEED, interval_record
from recast.models.fitters import FITTERS, SEEDED, Fitted, Task
from recast.pretrained import SHIPPED, seen

if TYPE_CHECKING:
    from recast.models.neural import Recast

PRETRAINED = {"recast-zero-shot", "recast-few-shot"}
"""Models that are or start from the net of a given checkpoint."""

ENSEMBLE = "-ensemble"
"""At the end of a model's name: the mixture of its nets."""


@dataclass(frozen=True, eq=False)
class CatalogResult:
    """Scores of all models on one catalog, and what the plots need."""

    catalog: Catalog
    split: Split
    record: dict[str, Any]
    """As in benchmark.json."""

    diagnoses: dict[str, Diagnosis]
    """Of the test window by model: terms averaged over seeds, all else that of the first seed."""

    fits: dict[str, list[TimedFit]]
    """By model, one a seed; the truth of a synthetic catalog is among them."""

    @property
    def terms(self) -> dict[str, FloatArray]:
        """Log-likelihood of each test event by model, averaged over seeds, nats, shape (event,)."""
        return {name: diagnosis.terms for name, diagnosis in self.diagnoses.items()}


def benchmark(
    catalogs: Sequence[Catalog],
    models: Sequence[str],
    out: Path,
    *,
    seeds: int = 1,
    quick: bool = False,
    resume: bool = False,
    workers: int | None = None,
    pretrained: str = SHIPPED,
) -> Iterator[CatalogResult]:
    """Fit ``models`` on each train window (and stop early on validation), score all windows.

    Neural models are trained ``seeds`` times, each training in one of ``workers`` processes (by
    default one a core, and one in all where there is a GPU); the result doesn't depend on their
    number. Of more than one seed the mixture of the nets (``recast.net.ensemble``) is scored as
    well, as a model of its own. The gain over ETAS is the mean over test events of the
    difference of log-likelihood terms, in nats per event; its interval a
    paired stationary block bootstrap.

    ``recast`` starts from the net that comes with the package, unless that may have seen events of
    the test window, and ``recast-native`` from ETAS. ``recast-zero-shot`` is the net of the
    checkpoint ``pretrained`` with the ETAS of each train window, ``recast-few-shot`` the same net
    fine-tuned there.

    Yields the catalogs in order, as they are done; files lie in ``out/NAME``.

    Raises
    ------
    InputError
        For an unknown model, a split that is too small, or a pretrained net that may have seen a
        test window.
    """
    check_request(catalogs, models, seeds)
    if PRETRAINED & set(models):
        known = seen(pretrained)  # before anything is fitted
        for catalog in catalogs:
            check_unseen(known, catalog, f"net {pretrained}")
    if workers is not None and workers < 1:
        raise InputError(f"workers = {workers}: at least one is needed")
    tasks = [
        (
            name,
            Task(
                catalog,
                catalog.split(),
                out / catalog.info.name,
                seed,
                quick,
                resume,
                pretrained,
            ),
        )
        for catalog in catalogs
        for name in models
        for seed in range(seeds if name in SEEDED else 1)
    ]
    neural = sum(name in SEEDED for name, _ in tasks)
    processes = min(workers or _default_workers(), neural)
    with process_pool(processes) as pool:
        fits = iter(
            [
                pool.submit(_fit, *task) if pool and task[0] in SEEDED else partial(_fit, *task)
                for task in tasks
            ]
        )
        for catalog in catalogs:
            runs: dict[str, list[TimedFit]] = {}
            for name in models:
                for _ in range(seeds if name in SEEDED else 1):
                    fit = next(fits)
                    done = fit.result() if isinstance(fit, Future) else fit()
                    runs.setdefault(name, []).append(done)
            yield _compared(catalog, runs)


@dataclass(frozen=True, eq=False)
class TimedFit:
    """A fitted process, the seed of its fit and how long that took."""

    fitted: Fitted
    seed: int
    seconds: float


def _fit(name: str, task: Task) -> TimedFit:
    """In a process of its own, or in this one."""
    seed = f", seed {task.seed}" if name in SEEDED else ""
    say(f"{task.catalog.info.name}: fitting {name}{seed}")
    started = time.perf_counter()
    fitted = FITTERS[name](task)
    return TimedFit(fitted, task.seed, time.perf_counter() - started)


def _default_workers() -> int:
    import torch

    return 1 if torch.cuda.is_available() else cores()


@contextmanager
def process_pool(processes: int) -> Iterator[Executor | None]:
    """Processes, or None where one would do; what is not yet begun is dropped on failure."""
    if processes <= 1:
        yield None
        return
    # A fork would inherit the locks of the threads of torch and numba
    pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _compared(catalog: Catalog, fits: dict[str, list[TimedFit]]) -> CatalogResult:
    """Score everything that was fitted on a catalog."""
    split = catalog.split()
    done = {
        name: _combined([_run(fit.fitted, split, fit.seed, fit.seconds) for fit in several])
        for name, several in fits.items()
    }
    for name, several in fits.items():
        if len(several) > 1:
            mixture = TimedFit(_mixture(several), 0, sum(fit.seconds for fit in several))
            done[f"{name}{ENSEMBLE}"] = _combined([_run(mixture.fitted, split, 0, mixture.seconds)])
    truth = true_model(catalog.info)
    if truth is not None:
        done["truth"] = _combined([_run(Fitted(truth, 0), split, 0, 0.0)])
        fits = {**fits, "truth": [TimedFit(Fitted(truth, 0), 0, 0.0)]}
    for name, run in done.items():
        for reference in ("etas", "poisson"):
            # One event has no interval
            compared = reference in done and name != reference and split.test.n_scored > 1
            run.record[f"gain_over_{reference}"] = (
                interval_record(gain(run.diagnosis.terms, done[reference].diagnosis.terms))
                if compared
                else None
            )
        run.record["magnitude_gain"] = (
            None
            if run.magnitude_gains is None or split.test.n_scored < 2
            else _mean_record(run.magnitude_gains)
        )
    models_record = {name: run.record for name, run in done.items()}
    return CatalogResult(
        catalog,
        split,
        {"info": replace(catalog.info, provenance={}).to_json(), "models": models_record},
        {name: run.diagnosis for name, run in done.items()},
        fits,
    )


def _mixture(fits: Sequence[TimedFit]) -> Fitted:
    from recast.models.neural import Recast
    from recast.net.ensemble import EnsembleNet

    processes = [cast("Recast", fit.fitted.process) for fit in fits]
    return Fitted(
        Recast(EnsembleNet([process.net for process in processes])),
        sum(fit.fitted.n_parameters for fit in fits),
    )


def check_request(catalogs: Sequence[Catalog], models: Sequence[str], seeds: int) -> None:
    """Raise InputError for whatever is wrong with a request, before any fit."""
    unknown = [name for name in models if name not in FITTERS]
    if unknown:
        raise InputError(f"no model {unknown[0]!r}: choose from {', '.join(FITTERS)}")
    if seeds < 1:
        raise InputError(f"seeds = {seeds}: at least one is needed")
    names = [catalog.info.name for catalog in catalogs]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InputError(f"catalog {repeated[0]!r} is named twice: results would overwrite")
    for catalog in catalogs:
        catalog.split()


@dataclass(frozen=True, eq=False)
class Run:
    """One fit: its record, and what it says of the test window and of each magnitude there."""

    record: dict[str, Any]
    diagnosis: Diagnosis
    magnitude_gains: FloatArray | None
    """Over the fixed Gutenberg-Richter law, nats, shape (event,); None without a law of its own."""


def _run(fitted: Fitted, split: Split, seed: int, seconds: float) -> Run:
    splits = {name: score(fitted.process, part).to_json() for name, part in split.items()}
    record = {
        "seed": seed,
        "splits": splits,
        "fit_seconds": round(seconds, 3),
        "n_parameters": fitted.n_parameters,
        "started_from": fitted.started_from,
    }
    gains = getattr(fitted.process, "magnitude_gains", lambda _: None)(split.test)
    diagnosis = diagnose(fitted.process, split.test)
    enough = diagnosis.transformed.size >= MINIMUM_EVENTS
    record["residuals"] = residual_test(diagnosis.transformed).to_json() if enough else None
    return Run(record, diagnosis, gains)


def _combined(runs: Sequence[Run]) -> Run:
    """Means over seeds, with each seed's scores kept beside them."""
    first = runs[0].record
    splits = {
        part: {
            key: value
            if key == "n_events"
            else float(np.mean([run.record["splits"][part][key] for run in runs]))
            for key, value in first["splits"][part].items()
        }
        for part in first["splits"]
    }
    record = {
        "splits": splits,
        "seeds": [run.record for run in runs],
        "fit_seconds": float(np.mean([run.record["fit_seconds"] for run in runs])),
        "n_parameters": first["n_parameters"],
        "started_from": first["started_from"],
        "residuals": first["residuals"],
    }
    tests = [run.record["splits"]["test"]["nats_per_event"] for run in runs]
    record["test_sd"] = float(np.std(tests, ddof=1)) if len(tests) > 1 else None
    gains = [run.magnitude_gains for run in runs if run.magnitude_gains is not None]
    return Run(
        record,
        replace(runs[0].diagnosis, terms=np.mean([run.diagnosis.terms for run in runs], axis=0)),
        np.mean(gains, axis=0) if gains else None,
    )


def _mean_record(gains: FloatArray) -> dict[str, Any]:
    return interval_record(mean_interval(gains, rng=np.random.default_rng(BOOTSTRAP_SEED)))


def say(line: str) -> None:
    """Progress, beside the result."""
    print(line, file=sys.stderr, flush=True)
