"""The folder of a benchmark: its result, catalogs and fitted models."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from catalogs import Catalog, CatalogInfo, InputError, load
from catalogs.areas import parse_area
from catalogs.event_types import are_earthquakes
from catalogs.files import read_json
from recast.benchmark.identity import data_hash
from recast.benchmark.results import BenchmarkResult, ModelResult, TrainingSizes, newer
from recast.evaluation import event_terms
from recast.evaluation.diagnosis import Diagnosis, diagnose, load_diagnoses, save_diagnoses
from recast.forecast.aftershock_results import AftershockResult
from recast.forecast.rolling_results import RollingResult
from recast.models.kind import PRETRAINED, FittedModel
from recast.models.registry import MIXTURE, model_kind, plain_name

RECORD, ROLLING, SIZES = "benchmark.json", "rolling.json", "trimmed.json"
AFTERSHOCKS = "aftershocks.json"
DIAGNOSES = "diagnosis.npz"
OTHERS = {
    "forecast.json": "a forecast",
    "simulation.json": "a simulation",
    "etas.json": "a fit",
    "residuals.json": "an analysis of residuals",
}
"""Records of other commands, in a folder that is mistaken for that of a benchmark."""

MUST_AGREE = {"start", "end", "splits", "magnitude_completeness", "sha256"}
"""Fields of a catalog that must not have changed since it was scored."""


@dataclass(frozen=True, eq=False)
class BenchmarkFolder:
    """A folder that `recast benchmark` wrote, and its result."""

    folder: Path
    result: BenchmarkResult

    @property
    def catalogs(self) -> list[str]:
        """Names of the catalogs, in the order of the benchmark."""
        return list(self.result.catalogs)

    def models(self, catalog: str) -> dict[str, ModelResult]:
        """Return the results on a catalog, by model."""
        return self.result.catalogs[catalog].models

    @property
    def rolling(self) -> RollingResult | None:
        """Scores of rolling forecasts, if they were made."""
        path = self.folder / ROLLING
        return RollingResult.load(path) if path.is_file() else None

    @property
    def aftershocks(self) -> AftershockResult | None:
        """Scores of forecasts after mainshocks, if they were made."""
        path = self.folder / AFTERSHOCKS
        return AftershockResult.load(path) if path.is_file() else None

    @property
    def training_sizes(self) -> TrainingSizes | None:
        """Scores by number of training events, if they were made."""
        path = self.folder / SIZES
        return TrainingSizes.load(path) if path.is_file() else None


def open_run(folder: Path) -> BenchmarkFolder:
    """Read a benchmark's folder.

    Raises
    ------
    InputError
        If it holds no result, one without catalogs, one of a newer form than is known here, or a
        model of no known kind.
    """
    run = read_run(folder)
    if said := newer(run.result.schema_version):
        raise InputError(f"{run.folder / RECORD}: {said}")
    for name in {model for entry in run.result.catalogs.values() for model in entry.models}:
        try:
            model_kind(name)
        except InputError as error:
            where = run.folder / RECORD
            raise InputError(f"{where}: {error}, or install the package that adds it") from error
    return run


def read_run(folder: Path) -> BenchmarkFolder:
    """Read a benchmark's folder, or its record alone, of models that may not be installed here.

    Raises
    ------
    InputError
        If it holds no result, or one without catalogs.
    """
    path = folder if folder.suffix == ".json" and folder.is_file() else folder / RECORD
    if not path.is_file():
        other = [name for name in OTHERS if (folder / name).is_file()]
        if other:
            raise InputError(
                f"{folder} holds {OTHERS[other[0]]}, no benchmark: give the folder of a benchmark; "
                "`recast benchmark --out FOLDER` makes one"
            )
        if folder.is_dir() and any(folder.iterdir()):
            raise InputError(
                f"{folder} holds no {RECORD}: give the folder of a finished benchmark; "
                "`recast benchmark --out FOLDER` makes one"
            )
        raise InputError(
            f"{folder} holds no benchmark: `recast benchmark --out {folder}` makes one"
        )
    if not read_json(path).get("catalogs"):
        raise InputError(f"{path} holds no catalogs: run the benchmark again")
    return BenchmarkFolder(folder, BenchmarkResult.load(path))


def load_catalog(run: BenchmarkFolder, name: str) -> Catalog:
    """Load a catalog of the benchmark; a part that is not stored is cut from its catalog again.

    Raises
    ------
    InputError
        If it is not found, if its events or windows have changed, or if the record does not say how
        a part was cut.
    """
    entry = run.result.catalogs[name]
    catalog = load(entry.source or name)
    changed = [
        (field, value, entry.info.get(field))
        for field, value in catalog.info.to_json().items()
        if field in MUST_AGREE and value != entry.info.get(field)
    ]
    if not entry.info.get("sha256") and (changed or catalog.info.name != name):
        return _cut_again(run, name, catalog)
    if catalog.info.name != name:
        raise InputError(
            f"catalog {name!r} is named {catalog.info.name!r} now: benchmark it again, or give it "
            "its name back"
        )
    for field, value, then in changed:
        raise InputError(
            f"catalog {name!r}: {field} is {value}, it was {then} in {run.folder / RECORD}: "
            "benchmark it again"
        )
    return catalog


def _cut_again(run: BenchmarkFolder, name: str, whole: Catalog) -> Catalog:
    """The part of a catalog that was scored: area, windows and completeness are in the record.

    Whether other events than earthquakes were left out is not, but the hash of the events tells.
    """
    entry, where = run.result.catalogs[name], run.folder / RECORD
    info, events = CatalogInfo.from_json(entry.info, str(where)), whole.events
    if info.area and info.area != whole.info.area and whole.info.has_locations:
        inside = parse_area(info.area).contains(events["latitude"], events["longitude"])
        events = events[inside].reset_index(drop=True)
    for rows in (events, events[are_earthquakes(events)].reset_index(drop=True)):
        with suppress(InputError):  # too few events are others than those
            part = Catalog(rows, info)
            if data_hash(part.split()) == entry.data_sha256:
                return part
    raise InputError(
        f"{where} is of a part of catalog {name!r} that cannot be cut from it again, for it has "
        "other events now, or was cut by other rules: benchmark it again, and store the part "
        "before (`recast catalogs select`) to keep it"
    )


def load_fitted(run: BenchmarkFolder, catalog: Catalog, model: str, seed: int = 0) -> FittedModel:
    """Load a fitted model: that of the seed with index ``seed``, or the mixture of all.

    Raises
    ------
    InputError
        If its kind is not known, or its file is missing or damaged.
    """
    kind, folder = model_kind(model), run.folder / catalog.info.name
    models = run.models(catalog.info.name)
    pretrained = run.result.pretrained or PRETRAINED
    is_mixture = model.endswith(MIXTURE)
    seeds = [row.seed for row in models[plain_name(model) if is_mixture else model].seeds]
    if not is_mixture:
        return kind.load(folder, seeds[seed], catalog, pretrained)
    return kind.mixed([kind.load(folder, s, catalog, pretrained) for s in seeds])


def diagnoses(run: BenchmarkFolder, catalog: Catalog) -> dict[str, Diagnosis]:
    """Read the diagnoses of the test window by model.

    For folders of older benchmarks they are computed from the fitted models, and saved.
    """
    name = catalog.info.name
    path = run.folder / name / DIAGNOSES
    models = list(run.models(name))
    if path.is_file():
        saved = load_diagnoses(path)
        if set(models) <= set(saved):
            return {model: saved[model] for model in models}
    test = catalog.split().test
    made = {}
    for model, row in run.models(name).items():
        first = diagnose(load_fitted(run, catalog, model).process, test)
        rest = [
            event_terms(load_fitted(run, catalog, model, seed).process, test)
            for seed in range(1, len(row.seeds))
        ]
        made[model] = replace(first, terms=np.mean([first.terms, *rest], axis=0))
    save_diagnoses(path, made)
    return made
