"""What a folder of `recast benchmark` holds: its record, its catalogs and its fitted models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from catalogs import Catalog, InputError, PointProcess, load
from catalogs.files import read_json, reading
from etas.model import ETAS
from etas.poisson import Poisson
from etas.synthetic import true_model
from recast.benchmark.comparison import ENSEMBLE
from recast.benchmark.shapes import check_benchmark, check_rolling, check_trimmed
from recast.evaluation import event_terms
from recast.evaluation.diagnosis import Diagnosis, diagnose, load_diagnoses, save_diagnoses
from recast.models.fitters import SEEDED
from recast.pretrained import SHIPPED

RECORD = "benchmark.json"
DIAGNOSES = "diagnosis.npz"
CHECKS = {"rolling.json": check_rolling, "trimmed.json": check_trimmed}
MUST_AGREE = {"start", "end", "splits", "magnitude_completeness", "sha256"}
"""Fields of a catalog without which its saved scores are those of other events."""


@dataclass(frozen=True, eq=False)
class BenchmarkRun:
    """A folder that `recast benchmark` wrote, and its benchmark.json."""

    folder: Path
    record: dict[str, Any]

    @property
    def catalogs(self) -> list[str]:
        """Names, in the order of the benchmark."""
        return list(self.record["catalogs"])

    def models(self, catalog: str) -> dict[str, dict[str, Any]]:
        """Records by model."""
        models: dict[str, dict[str, Any]] = self.record["catalogs"][catalog]["models"]
        return models

    def optional(self, name: str) -> dict[str, Any] | None:
        """A JSON that another command may have left in the folder."""
        path = self.folder / name
        if not path.is_file():
            return None
        record = read_json(path)
        CHECKS[name](record, str(path))
        return record


def open_run(folder: Path) -> BenchmarkRun:
    """Read a benchmark's folder.

    Raises
    ------
    InputError
        If it holds no result, or one without catalogs.
    """
    path = folder / RECORD
    if not path.is_file():
        raise InputError(f"{path} does not exist: `recast benchmark --out {folder}` makes it")
    record = read_json(path)
    catalogs = record.get("catalogs")
    if not isinstance(catalogs, dict) or not catalogs:
        raise InputError(f"{path} holds no catalogs: run the benchmark again")
    check_benchmark(record, str(path))
    return BenchmarkRun(folder, record)


def load_catalog(run: BenchmarkRun, name: str) -> Catalog:
    """The catalog that was benchmarked.

    Raises
    ------
    InputError
        If it is not found, or its events or windows are others than then.
    """
    entry = run.record["catalogs"][name]
    catalog = load(entry.get("source", name))
    info, then = catalog.info, entry["info"]
    for field, value in info.to_json().items():
        if field in MUST_AGREE and value != then.get(field):
            raise InputError(
                f"catalog {name!r}: {field} is {value}, it was {then.get(field)} in "
                f"{run.folder / RECORD}: benchmark it again"
            )
    return catalog


def load_process(run: BenchmarkRun, catalog: Catalog, model: str, seed: int = 0) -> PointProcess:
    """A fitted model of the run; of several seeds that of index ``seed``, of an ensemble all.

    Raises
    ------
    InputError
        If its file is missing or damaged.
    """
    folder = run.folder / catalog.info.name
    if model == "truth":
        truth = true_model(catalog.info)
        if truth is None:
            raise InputError(f"catalog {catalog.info.name!r} has no true model in its provenance")
        return truth
    if model == "poisson":
        path = folder / "poisson.json"
        with reading(path):
            return Poisson(float(read_json(path)["rate"]), catalog.magnitude_law())
    if model == "etas":
        return ETAS.load(folder / "etas.json")
    from recast.models.neural import Recast

    name, ensemble, _ = model.partition(ENSEMBLE)
    if name not in SEEDED:
        from recast.training.data import Region

        net = run.record.get("pretrained", SHIPPED)
        return Recast.load(net, scaling=Region(catalog, pretrained=net).scaling)
    seeds = [row["seed"] for row in run.models(catalog.info.name)[name]["seeds"]]
    paths = [trained_checkpoint(folder, name, seed) for seed in seeds]
    return Recast.load(*(paths if ensemble else paths[seed : seed + 1]))


def trained_checkpoint(folder: Path, model: str, seed: int) -> Path:
    """Where the best net of a training lies in the folder of its catalog."""
    return folder / model / f"seed{seed}" / "best.ckpt"


def diagnoses(run: BenchmarkRun, catalog: Catalog) -> dict[str, Diagnosis]:
    """Of the test window by model, as the benchmark saved them.

    Folders of older benchmarks have none: they are made from the fitted models and kept.
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
        first = diagnose(load_process(run, catalog, model), test)
        rest = [
            event_terms(load_process(run, catalog, model, seed), test)
            for seed in range(1, len(row["seeds"]))
        ]
        made[model] = replace(first, terms=np.mean([first.terms, *rest], axis=0))
    save_diagnoses(path, made)
    return made
