"""Models other than nets: Poisson, ETAS, and the truth of a synthetic catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from catalogs import Catalog, EventSequence, InputError, PointProcess
from catalogs.files import read_json, reading, write_json
from etas.fit import fit_etas, fitting_sequence
from etas.model import ETAS
from etas.parameter_draws import draw_models
from etas.poisson import Poisson
from etas.prior import Prior
from etas.synthetic import true_model
from etas.uncertainty import Uncertainty
from recast.models.etas_report import prior_of
from recast.models.kind import CHECKPOINT, FittedModel, ModelKind, Task
from recast.models.places import region_of, smoothed_law, triggered_law
from recast.models.seen import from_json, seen_by_old_file, to_json
from recast.pretrained import is_released_etas, read_released_etas
from recast.training.region import check_completeness

if TYPE_CHECKING:
    from etas.space.law import PlaceLaw


class PoissonKind(ModelKind):
    """A homogeneous Poisson process with the rate of the train window."""

    name = "poisson"
    about = "a constant rate"
    colour = "#999999"
    dashes = ":"

    def fit(self, task: Task) -> FittedModel:
        """Fit by maximum likelihood."""
        return self.fitted(task, Poisson.fit(task.split.train, task.catalog.magnitude_law()), 1)

    def fit_places(self, task: Task) -> PlaceLaw:
        """Every place is as likely as any other."""
        from etas.space.law import UniformPlaces

        return UniformPlaces(region_of(task.catalog))

    def to_json(self, process: PointProcess) -> dict[str, Any]:
        """Return the rate, events/day."""
        return {"model": self.name, "rate": process.rate}  # type: ignore[attr-defined]

    def from_json(self, record: dict[str, Any], catalog: Catalog | None) -> Poisson:
        """Restore the process, with the magnitude law of the catalog's train window."""
        if catalog is None:
            raise InputError("a Poisson process needs the magnitude law of a catalog: name one")
        return Poisson(float(record["rate"]), catalog.magnitude_law())

    def opens(self, path: Path, record: Mapping[str, Any] | None) -> bool:
        """Also recognise files of version 0.1.0, which have the name under ``model``."""
        return super().opens(path, record) or (
            record is not None and record.get("model") == self.name
        )


class SmoothedKind(PoissonKind):
    """A constant rate, at the places of past events."""

    name = "smoothed"
    about = "a constant rate; with --places, where events have been before"
    colour = "#BBBBBB"
    dashes = "-."

    def fit_places(self, task: Task) -> PlaceLaw:
        """Past seismicity, smoothed with adaptive kernels."""
        return smoothed_law(task.catalog)


class ETASKind(ModelKind):
    """The temporal ETAS model, fitted by maximum likelihood."""

    name = "etas"
    about = "the temporal ETAS model"
    colour = "#222222"

    def fit(self, task: Task) -> FittedModel:
        """Fit by maximum likelihood, with errors."""
        fit = fit_etas(task.split.train, task.catalog.magnitude_law())
        fitted = self.fitted(task, fit.model, 5)
        return replace(
            fitted,
            record=fit.to_json(),
            uncertainty=fit.uncertainty,
            fitted_to=task.split.train,
        )

    def fit_places(self, task: Task) -> PlaceLaw:
        """Fit places near earlier events, with weights of their own."""
        return triggered_law(task.catalog)

    def save(self, task: Task, fitted: FittedModel) -> None:
        """Save the full record of the fit."""
        known = {"fitted_on": to_json(fitted.seen)}
        record = {"catalog": task.catalog.info.name, **known, **(fitted.record or {})}
        write_json(self.path(task.folder, task.seed), record)

    def opens(self, path: Path, record: Mapping[str, Any] | None) -> bool:
        """Recognise the JSON of a fit, or of the parameters alone, and the authors' checkpoints."""
        if record is None:
            return path.suffix == CHECKPOINT and is_released_etas(path)
        return isinstance(record.get("model"), dict) or "mu" in record

    def to_json(self, process: PointProcess) -> dict[str, Any]:
        """Return parameters and magnitude law."""
        return {"etas": process.to_json()}  # type: ignore[attr-defined]

    def _read(self, path: Path, catalog: Catalog | None) -> FittedModel:
        if path.suffix == CHECKPOINT:
            model, extents = read_released_etas(path)
            if catalog is not None:
                check_completeness(path, model.magnitude_law.completeness, catalog.info)
            about = {"kind": self.name, **self.to_json(model)}
            return FittedModel(self, model, extents, 5, record=about)
        with reading(path):
            record = read_json(path)
            if isinstance(record.get("model"), dict) and "places" in record["model"]:
                return self._read_space(path, record, catalog)
            model = ETAS.load(path)
            if catalog is not None:
                check_completeness(path, model.magnitude_law.completeness, catalog.info)
            if "fitted_on" in record:
                seen = from_json(record["fitted_on"])
            else:
                seen = seen_by_old_file(record, catalog)
            known = record.get("uncertainty")
            uncertainty = None if known is None else Uncertainty.from_json(known, path)
            about = {"kind": self.name, **self.to_json(model), **_completeness(record)}
            n = int(record.get("n_parameters", 0))
            fitted = FittedModel(self, model, seen, n, record=about, uncertainty=uncertainty)
            return fitted if catalog is None else _with_events(fitted, record, catalog)

    def _read_space(
        self, path: Path, record: dict[str, Any], catalog: Catalog | None
    ) -> FittedModel:
        """Read what `recast etas fit --space` wrote: times and places are one model."""
        from etas.space.model import PARAMETERS, SpaceTimeETAS

        model = SpaceTimeETAS.from_json(record["model"])
        if catalog is not None:
            check_completeness(path, model.magnitude_law.completeness, catalog.info)
        seen = from_json(record.get("fitted_on"))
        about = {"kind": self.name, "space_time": model.to_json(), **_completeness(record)}
        n = len(PARAMETERS) - len(record.get("fixed", {}))
        return FittedModel(self, model, seen, n, record=about, places=model.places)

    def with_uncertainty(
        self, model: FittedModel, n: int, horizon: float, *, seed: int
    ) -> tuple[FittedModel, dict[str, int] | None]:
        """Draw ``n`` parameter sets that the fit cannot tell apart (``etas.parameter_draws``)."""
        if not isinstance(model.uncertainty, Uncertainty) or not isinstance(model.process, ETAS):
            return model, None
        draws = draw_models(
            model.process,
            model.uncertainty,
            n,
            horizon,
            seed=seed,
            events=None if (model.record or {}).get("completeness") else model.fitted_to,
            prior=model.prior if isinstance(model.prior, Prior) else None,
        )
        return replace(model, members=tuple(draws.models)), draws.to_json()


def _completeness(record: Mapping[str, Any]) -> dict[str, Any]:
    """How completeness changed in time, as far as a fit knew; nothing if it did not."""
    known = {name: record.get(name) for name in ("completeness", "completeness_steps")}
    return {name: value for name, value in known.items() if value}


def _with_events(fitted: FittedModel, record: Mapping[str, Any], catalog: Catalog) -> FittedModel:
    """Add the events and the prior of a saved fit, if the catalog still has them.

    They are known by their likelihood, which the record has too.
    """
    known, prior = record.get("log_likelihood"), record.get("prior")
    if known is None or record.get("completeness"):
        return fitted
    try:
        protocol = record.get("protocol", "train")
        events = fitting_sequence(catalog, protocol)
        likelihood = _likelihood(fitted.process, events)
        if not np.isclose(likelihood, known, rtol=1e-9):
            return fitted
        regions = None if prior is None else prior_of(prior, catalog, protocol)
        return replace(fitted, fitted_to=events, prior=regions)
    except InputError:  # without splits, of another time, or the net of the prior is gone
        return fitted


def _likelihood(process: PointProcess, events: EventSequence) -> float:
    """Log-likelihood, by the loop that weighs parameter sets: one fewer is loaded."""
    from etas.several import log_likelihoods

    if not isinstance(process, ETAS):
        return process.log_likelihood(events)
    return log_likelihoods([process], events)[0]


class TruthKind(ModelKind):
    """The ETAS process that a synthetic catalog was drawn from."""

    name = "truth"
    about = "what a synthetic catalog was drawn from"
    colour = "#228833"
    dashes = "--"

    def of(self, catalog: Catalog) -> FittedModel | None:
        """Return the truth of a catalog, if its record has it."""
        model = true_model(catalog.info)
        return None if model is None else FittedModel(self, model, {})

    def fit(self, task: Task) -> FittedModel:
        """Return the truth; nothing is fitted.

        Raises
        ------
        InputError
            If the truth is not known.
        """
        found = self.of(task.catalog)
        if found is None:
            name = task.catalog.info.name
            raise InputError(f"catalog {name!r} has no true model in its record")
        return found

    def load(self, folder: Path, seed: int, catalog: Catalog, pretrained: str) -> FittedModel:
        """Return the truth from the catalog's record."""
        del pretrained
        return self.fit(Task(catalog, folder, seed))
