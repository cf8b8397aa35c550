"""One catalog of a report, with everything that its plots need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from catalogs import Catalog, EventSequence, PointProcess, Split
from catalogs.sequence import FloatArray
from recast.benchmark import folder
from recast.benchmark.folder import BenchmarkFolder
from recast.benchmark.results import ModelResult, TrainingSize
from recast.evaluation import Diagnosis, PeriodGain, gains_by_period
from recast.evaluation.gains import FEWEST_OF_PERIOD
from recast.forecast.aftershock_results import AftershockCatalog
from recast.forecast.rolling_results import RollingCatalog
from recast.models.registry import DEFAULT, MIXTURE, NULL, REFERENCE, TRUTH

PERIODS = 8
LONG_DAYS = 3 * 365.25
"""Test windows of this length or more are divided by calendar years."""


@dataclass(frozen=True, eq=False)
class Subject:
    """One catalog with everything that its plots need."""

    catalog: Catalog
    split: Split
    models: Mapping[str, ModelResult]
    diagnoses: Mapping[str, Diagnosis]
    processes: Mapping[str, PointProcess]
    """Processes to sample from."""
    rolling: RollingCatalog | None
    aftershocks: AftershockCatalog | None
    sizes: list[TrainingSize]
    remarks: list[str]
    """What a reader should know first."""
    command: str
    """Command line of the benchmark."""
    samples: int
    seed: int

    @property
    def test(self) -> EventSequence:
        """The sequence that is scored."""
        return self.split.test

    @property
    def terms(self) -> dict[str, FloatArray]:
        """Log-likelihood of each test event by model."""
        return {name: diagnosis.terms for name, diagnosis in self.diagnoses.items()}


def sampled_models(models: Mapping[str, ModelResult]) -> list[str]:
    """Choose ETAS, and the first that is neither that nor Poisson, preferring the default net."""
    others = [
        name
        for name in (*(n for n in DEFAULT[::-1] if n in models), *models)
        if name not in {NULL, REFERENCE, TRUTH.name} and not name.endswith(MIXTURE)
    ]
    chosen = [name for name in (REFERENCE,) if name in models] + others[:1]
    return chosen or list(models)[:1]


def period_edges(catalog: Catalog, test: EventSequence) -> FloatArray:
    """Divide long test windows by calendar years, others into up to eight equal parts."""
    info = catalog.info
    if info.uses_plain_days or test.scored_days < LONG_DAYS:
        periods = int(np.clip(test.n_scored // (2 * FEWEST_OF_PERIOD), 2, PERIODS))
        return np.linspace(test.score_from, test.end, periods + 1)
    first, last = (pd.Timestamp(info.to_time(day)).year for day in (test.score_from, test.end))
    years = [info.to_days(f"{year}-01-01") for year in range(first + 1, last + 1)]
    inside = [day for day in years if test.score_from < day < test.end]
    return np.array([test.score_from, *inside, test.end])


def gains_of_periods(subject: Subject, reference: str) -> dict[str, tuple[PeriodGain, ...]]:
    """Gains by period of every model other than the reference and Poisson."""
    terms, test = subject.terms, subject.test
    times = test.times[test.first_scored :]
    edges = period_edges(subject.catalog, test)
    left_out = {reference, NULL}
    return {
        name: gains_by_period(times, values - terms[reference], edges)
        for name, values in terms.items()
        if name not in left_out
    }


def read_subject(run: BenchmarkFolder, name: str, *, samples: int, seed: int) -> Subject:
    """Read one catalog of a benchmark's folder; no model is fitted."""
    catalog = folder.load_catalog(run, name)
    models = run.models(name)
    rolling, shocks, sizes = run.rolling, run.aftershocks, run.training_sizes
    consecutive = None if rolling is None else rolling.catalogs.get(name)
    known = run.result.catalogs[name].remarks
    more = [] if consecutive is None else [r for r in consecutive.remarks if r not in known]
    return Subject(
        catalog,
        catalog.split(),
        models,
        folder.diagnoses(run, catalog),
        {m: folder.load_fitted(run, catalog, m).process for m in sampled_models(models)},
        consecutive,
        None if shocks is None else shocks.catalogs.get(name),
        [] if sizes is None else sizes.catalogs.get(name, []),
        [*known, *(f"consecutive forecasts: {remark}" for remark in more)],
        run.result.command or "recast benchmark",
        samples,
        seed,
    )
