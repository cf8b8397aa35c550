"""What a kind of model is to the benchmark, to forecasts and to reports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from catalogs import Catalog, InputError, PointProcess, Split
from catalogs.files import read_json, reading, write_json
from recast.models.seen import Seen, from_json, seen_by_fit, to_json

PRETRAINED = "shipped"
"""The net that zero-shot and few-shot models start from by default: that of the package."""

MIXTURE = "-ensemble"
"""At the end of a model's name: the mixture of its fits with several seeds."""


@dataclass(frozen=True, eq=False)
class Task:
    """One model to fit on one catalog.

    Parameters
    ----------
    catalog : Catalog
        To be fitted on its train window; its validation window may be used to stop.
    folder : Path
        Where what is fitted is kept, one folder a catalog.
    seed : int
        For models whose fit depends on one.
    quick : bool
        Fit for a moment only, to see that everything works.
    resume : bool
        Continue what an interrupted fit left in ``folder``.
    pretrained : str
        Checkpoint of the net that some models start from.
    """

    catalog: Catalog
    folder: Path
    seed: int = 0
    quick: bool = False
    resume: bool = False
    pretrained: str = PRETRAINED

    @property
    def split(self) -> Split:
        """Train, validation and test sequences."""
        return self.catalog.split()


@dataclass(frozen=True, eq=False)
class FittedModel:
    """A fitted model on a catalog: a point process, and what is known of its making.

    Parameters
    ----------
    kind : ModelKind
        What it is.
    process : PointProcess
        It can be scored and simulated.
    seen : mapping of str to Extent
        What it has been fitted on, by catalog.
    n_parameters : int
        How many were estimated.
    started_from : str, optional
        Checkpoint that training began with.
    record : dict
        What results say of it, as JSON types.
    uncertainty : object, optional
        How well the parameters are known, where the kind can draw others from that.
    members : tuple of PointProcess
        Processes that are mixed, with equal weights, where it is a mixture.
    """

    kind: ModelKind
    process: PointProcess
    seen: Seen
    n_parameters: int = 0
    started_from: str | None = None
    record: Mapping[str, Any] | None = None
    uncertainty: object = None
    members: tuple[PointProcess, ...] = ()

    @property
    def processes(self) -> tuple[PointProcess, ...]:
        """What forecasts are drawn from: the members of a mixture, or the one process."""
        return self.members or (self.process,)


class ModelKind(ABC):
    """One kind of model: how it is named, fitted, saved, loaded, applied and drawn.

    A package adds its own by an entry point in the group ``recast.models`` that names a subclass;
    the benchmark, forecasts, simulations, residuals and reports then know it by its ``name``. A
    kind whose process is described by some numbers implements ``fit``, ``to_json`` and
    ``from_json``; the files, seeds and mixtures follow.

    Examples
    --------
    >>> from etas.poisson import Poisson
    >>> class Busy(ModelKind):
    ...     name = "busy"
    ...     about = "twice the rate of the train window"
    ...
    ...     def fit(self, task):
    ...         once = Poisson.fit(task.split.train, task.catalog.magnitude_law())
    ...         return self.fitted(task, Poisson(2.0 * once.rate, once.magnitude_law), 1)
    ...
    ...     def to_json(self, process):
    ...         return {"rate": process.rate}
    ...
    ...     def from_json(self, record, catalog):
    ...         return Poisson(record["rate"], catalog.magnitude_law())
    """

    name: ClassVar[str]
    about: ClassVar[str] = ""
    """One line for ``recast benchmark --help``."""

    seeded: ClassVar[bool] = False
    """Whether a fit depends on the seed, so that several are worth making."""

    uses_pretrained: ClassVar[bool] = False
    """Whether it is, or starts from, the net of ``Task.pretrained``."""

    is_neural: ClassVar[bool] = False
    """Whether it is a net: trained in a process of its own, and the one a report samples from."""

    colour: ClassVar[str | None] = None
    """As #RRGGBB; None for one of the spare colours."""

    mixture_colour: ClassVar[str | None] = None
    dashes: ClassVar[str] = "-"
    """Line style, as matplotlib writes it."""

    @abstractmethod
    def fit(self, task: Task) -> FittedModel:
        """Fit to the train window of ``task.catalog``; see ``fitted``."""

    def check(self, catalog: Catalog, pretrained: str) -> None:  # noqa: B027 - most accept all
        """Raise an InputError for a catalog that it cannot be fitted to, before anything is."""

    def fitted(self, task: Task, process: PointProcess, n_parameters: int) -> FittedModel:
        """What ``fit`` returns of a process that has seen the train window only."""
        return FittedModel(self, process, seen_by_fit(task.catalog), n_parameters)

    def to_json(self, process: PointProcess) -> dict[str, Any]:
        """The numbers by which ``from_json`` makes the process again."""
        raise InputError(f"model {self.name!r} cannot be saved: give its kind a to_json")

    def from_json(self, record: dict[str, Any], catalog: Catalog | None) -> PointProcess:
        """The process of these numbers, for use on a catalog, or on none from nothing."""
        raise InputError(f"model {self.name!r} cannot be loaded: give its kind a from_json")

    def path(self, folder: Path, seed: int) -> Path:
        """Where a fit lies in the folder of its catalog."""
        name = f"{self.name}/seed{seed}.json" if self.seeded else f"{self.name}.json"
        return folder / name

    def save(self, task: Task, fitted: FittedModel) -> None:
        """Keep what was fitted in ``task.folder``."""
        content = {
            "kind": self.name,
            "catalog": task.catalog.info.name,
            "fitted_on": to_json(fitted.seen),
            "n_parameters": fitted.n_parameters,
            **self.to_json(fitted.process),
        }
        write_json(self.path(task.folder, task.seed), content)

    def load(self, folder: Path, seed: int, catalog: Catalog, pretrained: str) -> FittedModel:
        """What ``save`` kept, on its catalog; ``pretrained`` is the checkpoint of that benchmark.

        Raises
        ------
        InputError
            If the file is missing or damaged.
        """
        return self.read([self.path(folder, seed)], catalog)

    def opens(self, path: Path, record: Mapping[str, Any] | None) -> bool:
        """Whether a file is one of this kind's; ``record`` is its content where that is JSON."""
        return record is not None and record.get("kind") == self.name

    def read(
        self, paths: Sequence[Path], catalog: Catalog | None, *, fit: bool = False
    ) -> FittedModel:
        """The model of these files, for use on a catalog; of several the mixture.

        Nothing is fitted, unless a model needs to know of the catalog what is not in its file, and
        ``fit`` allows it.

        Raises
        ------
        InputError
            If a file is missing or damaged, or the model cannot be used on that catalog.
        """
        members = [self._read(path, catalog) for path in paths]
        return self.mixed(members) if len(members) > 1 else members[0]

    def _read(self, path: Path, catalog: Catalog | None) -> FittedModel:
        with reading(path):
            content = read_json(path)
            process = self.from_json(content, catalog)
            return FittedModel(
                self,
                process,
                from_json(content.get("fitted_on")),
                int(content.get("n_parameters", 0)),
                record={"kind": self.name, **self.to_json(process)},
            )

    def mix(self, processes: Sequence[PointProcess]) -> PointProcess | None:
        """One process whose law is the mean of theirs, or None for a kind that has none."""
        return None

    def mixed(self, models: Sequence[FittedModel]) -> FittedModel:
        """The mixture of several fits; without ``mix`` it can be simulated, but not scored.

        Raises
        ------
        InputError
            If there is no mixture of them.
        """
        processes = tuple(model.process for model in models)
        mixture = self.mix(processes)
        if mixture is None:
            raise InputError(f"several models of kind {self.name!r} are not mixed: give one")
        return replace(
            models[0],
            process=mixture,
            members=processes,
            n_parameters=sum(model.n_parameters for model in models),
        )

    def with_uncertainty(
        self, model: FittedModel, n: int, horizon: float, *, seed: int
    ) -> tuple[FittedModel, dict[str, int] | None]:
        """``n`` processes that the fit cannot tell apart, mixed, and how they were drawn.

        None where the kind or its file says nothing of uncertainty: the model itself then.
        """
        return model, None


def mixture_name(name: str) -> str:
    """Of the mixture of a model's seeds."""
    return f"{name}{MIXTURE}"


def plain_name(name: str) -> str:
    """The kind's name, of a mixture too."""
    return name.removesuffix(MIXTURE)
