"""Kinds of models: the interface that benchmarks, forecasts and reports use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from catalogs import Catalog, EventSequence, InputError, PointProcess, Split
from catalogs.display import as_text, some
from catalogs.files import read_json, reading, write_json
from etas.space.law import PlaceLaw
from recast.models.seen import Seen, from_json, seen_by_fit, to_json

PRETRAINED = "shipped"
"""Default net of zero-shot and few-shot models: the one that comes with the package."""

CHECKPOINT = ".ckpt"
"""Suffix of the files of nets."""

MIXTURE = "-ensemble"
"""Suffix of a model's name: the mixture of its fits with several seeds."""

SHOWN = 3
"""Catalogs that the text of a model lists."""


@dataclass(frozen=True, eq=False)
class Task:
    """One fit of one model to one catalog.

    Parameters
    ----------
    catalog : Catalog
        Fitted on its train window; its validation window may be used for early stopping.
    folder : Path
        Where fitted models are saved, one folder per catalog.
    seed : int
        Random seed, for models whose fit depends on one.
    quick : bool
        Train for a moment only, to check that everything works.
    resume : bool
        Resume an interrupted fit from what it left in ``folder``.
    pretrained : str
        Checkpoint of the net that some models start from.
    allow_leak : bool
        Allow that net to have seen the test window.
    places : bool
        Fit a law of places, too.
    plane : bool
        Fit it for scores with kernels that integrate to 1 over the plane, as a protocol has them.
    """

    catalog: Catalog
    folder: Path
    seed: int = 0
    quick: bool = False
    resume: bool = False
    pretrained: str = PRETRAINED
    allow_leak: bool = False
    places: bool = False
    plane: bool = False

    @property
    def split(self) -> Split:
        """Train, validation and test sequences."""
        return self.catalog.split()


@dataclass(frozen=True, eq=False, repr=False)
class FittedModel:
    """A model fitted to a catalog: the point process, and how it was made.

    Parameters
    ----------
    kind : ModelKind
        The kind of model.
    process : PointProcess
        The process, to score and simulate.
    seen : mapping of str to Extent
        Time and place of the data it was fitted on, by catalog.
    n_parameters : int
        Number of estimated parameters.
    started_from : str, optional
        Checkpoint that training started from.
    record : dict, optional
        Its description in the records of results, as JSON types.
    uncertainty : object, optional
        Uncertainty of the parameters, from which the kind can draw others.
    members : tuple of PointProcess
        The processes of a mixture, of equal weight; empty for a single process.
    fitted_to : EventSequence, optional
        The events of the fit, for a kind that draws other parameters by their likelihood.
    prior : object, optional
        Prior of the fit, for the same.
    places : PlaceLaw, optional
        Law of the places of events, given their times and the past.

    See Also
    --------
    fit_model, load_model : make one.

    Examples
    --------
    >>> from catalogs import load
    >>> from recast import fit_model
    >>> fit_model("poisson", load("ridgecrest_2019"))
    FittedModel: poisson, 1 parameter
      seen  ridgecrest_2019 until 2019-07-...
    """

    kind: ModelKind
    process: PointProcess
    seen: Seen
    n_parameters: int = 0
    started_from: str | None = None
    record: Mapping[str, Any] | None = None
    uncertainty: object = None
    members: tuple[PointProcess, ...] = ()
    fitted_to: EventSequence | None = None
    prior: object = None
    places: PlaceLaw | None = None

    @property
    def processes(self) -> tuple[PointProcess, ...]:
        """The processes that forecasts draw from: the members of a mixture, or the only one."""
        return self.members or (self.process,)

    def __repr__(self) -> str:
        title = f"FittedModel: {self.kind.name}"
        if self.members:
            title += f", mixture of {len(self.members)}"
        if self.n_parameters:
            title += f", {some(self.n_parameters, 'parameter')}"
        known = [f"{name} until {extent.until or '?'}" for name, extent in self.seen.items()]
        rest = len(known) - SHOWN
        rows = {"seen": ", ".join(known[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")}
        if self.started_from is not None:
            rows["started from"] = self.started_from
        return as_text(title, rows) if known else title


class ModelKind(ABC):
    """One kind of model: how it is named, fitted, saved, loaded and plotted.

    Another package adds a kind by an entry point in the group ``recast.models`` that names a
    subclass; benchmark, forecasts, simulations, residuals and reports then find it by its ``name``.
    A kind whose process is described by a few numbers implements ``fit``, ``to_json`` and
    ``from_json``; files, seeds and mixtures follow.

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
    >>> Busy()
    Busy: model 'busy', twice the rate of the train window
    """

    name: str
    about: ClassVar[str] = ""
    """One line for ``recast benchmark --help``."""

    place_laws: tuple[type[PlaceLaw], ...] = ()
    """Laws of places of its own that ``fit_places`` may give: saved ones are read as these."""

    seeded: ClassVar[bool] = False
    """Whether a fit depends on the seed, so that several are worthwhile."""

    uses_pretrained: ClassVar[bool] = False
    """Whether it is, or starts from, the net of ``Task.pretrained``."""

    refits: ClassVar[bool] = True
    """Whether it can be fitted again, to other data."""

    is_neural: ClassVar[bool] = False
    """Whether it is a net: trained in a process of its own, and sampled in reports."""

    colour: ClassVar[str | None] = None
    """Colour in plots, as #RRGGBB; None for one of the spare colours."""

    mixture_colour: ClassVar[str | None] = None
    """Colour of the mixture of its seeds."""

    dashes: ClassVar[str] = "-"
    """Line style, in the notation of matplotlib."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}: model {self.name!r}" + (
            f", {self.about}" if self.about else ""
        )

    @abstractmethod
    def fit(self, task: Task) -> FittedModel:
        """Fit to the train window of a catalog.

        Parameters
        ----------
        task : Task
            Catalog, folder, seed and settings.

        Returns
        -------
        FittedModel
            As ``fitted`` makes it.
        """

    def fit_places(self, task: Task) -> PlaceLaw | None:
        """Fit a law of places to the train window of a catalog that has locations.

        Parameters
        ----------
        task : Task
            What ``fit`` was given.

        Returns
        -------
        PlaceLaw or None
            By default None: the kind says nothing of places.
        """
        return None

    def check(self, catalog: Catalog, pretrained: str) -> None:  # noqa: B027 - most accept all
        """Raise an InputError for a catalog that the kind cannot be fitted to.

        It is called before anything is fitted. By default every catalog will do.

        Parameters
        ----------
        catalog : Catalog
            To be fitted.
        pretrained : str
            Checkpoint of the net that some models start from.
        """

    def caveat(self, catalog: Catalog) -> str:
        """Say what a user should know first of a fit to a catalog.

        Commands print it before anything else. By default there is nothing.

        Parameters
        ----------
        catalog : Catalog
            To be fitted.

        Returns
        -------
        str
            One sentence; empty for none.
        """
        return ""

    def fitted(self, task: Task, process: PointProcess, n_parameters: int) -> FittedModel:
        """Wrap a process that has seen the train window only, to be returned by ``fit``.

        Parameters
        ----------
        task : Task
            What ``fit`` was given.
        process : PointProcess
            The fitted process.
        n_parameters : int
            Number of estimated parameters.

        Returns
        -------
        FittedModel
            The process, and what it has seen.
        """
        return FittedModel(self, process, seen_by_fit(task.catalog), n_parameters)

    def to_json(self, process: PointProcess) -> dict[str, Any]:
        """Return the numbers from which ``from_json`` restores a process.

        Parameters
        ----------
        process : PointProcess
            A fitted process of this kind.

        Returns
        -------
        dict
            JSON types.

        Raises
        ------
        InputError
            If the kind does not implement it.
        """
        raise InputError(f"model {self.name!r} cannot be saved: give its kind a to_json")

    def from_json(self, record: dict[str, Any], catalog: Catalog | None) -> PointProcess:
        """Restore a process from its numbers.

        Parameters
        ----------
        record : dict
            What ``to_json`` returned, among other fields.
        catalog : Catalog or None
            The catalog that it is applied to; None to simulate from nothing.

        Returns
        -------
        PointProcess
            The process.

        Raises
        ------
        InputError
            If the kind does not implement it.
        """
        raise InputError(f"model {self.name!r} cannot be loaded: give its kind a from_json")

    def path(self, folder: Path, seed: int) -> Path:
        """Return the file of a fit in the folder of its catalog.

        Parameters
        ----------
        folder : Path
            Folder of the catalog.
        seed : int
            Seed of the fit.

        Returns
        -------
        Path
            NAME.json, or NAME/seedN.json for a kind with seeds.
        """
        name = f"{self.name}/seed{seed}.json" if self.seeded else f"{self.name}.json"
        return folder / name

    def save(self, task: Task, fitted: FittedModel) -> None:
        """Save a fit in ``task.folder``.

        Parameters
        ----------
        task : Task
            What ``fit`` was given.
        fitted : FittedModel
            What ``fit`` returned.

        Raises
        ------
        InputError
            If ``to_json`` gives other than JSON types.
        """
        content = {
            "kind": self.name,
            "catalog": task.catalog.info.name,
            "fitted_on": to_json(fitted.seen),
            "n_parameters": fitted.n_parameters,
            **self.to_json(fitted.process),
        }
        try:
            write_json(self.path(task.folder, task.seed), content)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"model {self.name!r} cannot be saved ({error}): let its `to_json` give JSON types"
            ) from error

    def load(self, folder: Path, seed: int, catalog: Catalog, pretrained: str) -> FittedModel:
        """Load what ``save`` wrote, on its catalog.

        Parameters
        ----------
        folder : Path
            Folder of the catalog.
        seed : int
            Seed of the fit.
        catalog : Catalog
            The catalog it was fitted to.
        pretrained : str
            Checkpoint of the net that some models start from.

        Returns
        -------
        FittedModel
            The model.

        Raises
        ------
        InputError
            If the file is missing or damaged.
        """
        return self.read([self.path(folder, seed)], catalog)

    def opens(self, path: Path, record: Mapping[str, Any] | None) -> bool:
        """Tell whether a file holds a model of this kind.

        Parameters
        ----------
        path : Path
            The file.
        record : mapping or None
            Its content, if it is JSON.

        Returns
        -------
        bool
            By default whether its ``kind`` is the name of this one.
        """
        return record is not None and record.get("kind") == self.name

    def read(
        self, paths: Sequence[Path], catalog: Catalog | None, *, fit: bool = False
    ) -> FittedModel:
        """Read a model from its file, or the mixture of several from theirs.

        Parameters
        ----------
        paths : sequence of Path
            The files.
        catalog : Catalog or None
            The catalog that it is applied to; None to simulate from nothing.
        fit : bool
            Allow fitting to the catalog what the model needs and its file lacks; nothing is fitted
            otherwise.

        Returns
        -------
        FittedModel
            The model on that catalog.

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
        """Mix processes into one.

        Parameters
        ----------
        processes : sequence of PointProcess
            Several of this kind.

        Returns
        -------
        PointProcess or None
            The process whose law is the mean of theirs; None for a kind without mixtures.
        """
        return None

    def mixed(self, models: Sequence[FittedModel]) -> FittedModel:
        """Mix several fits by ``mix``.

        Parameters
        ----------
        models : sequence of FittedModel
            Fits of this kind on one catalog.

        Returns
        -------
        FittedModel
            The mixture, with its members.

        Raises
        ------
        InputError
            If there is no mixture of them.
        """
        processes = tuple(model.process for model in models)
        mixture = self.mix(processes)
        if mixture is None:
            raise InputError(f"models of kind {self.name!r} cannot be mixed: give one")
        return replace(
            models[0],
            process=mixture,
            members=processes,
            n_parameters=sum(model.n_parameters for model in models),
        )

    def with_uncertainty(
        self, model: FittedModel, n: int, horizon: float, *, seed: int
    ) -> tuple[FittedModel, dict[str, int] | None]:
        """Mix processes with parameters drawn from the uncertainty of the fit.

        Parameters
        ----------
        model : FittedModel
            The fit.
        n : int
            Number of parameter sets.
        horizon : float
            Days to be forecast.
        seed : int
            Random seed.

        Returns
        -------
        FittedModel
            With ``n`` members; the model itself where its uncertainty is not known.
        dict or None
            Numbers of draws for the record; None where the uncertainty is not known.
        """
        return model, None


def mixture_name(name: str) -> str:
    """Name of the mixture of a model's seeds."""
    return f"{name}{MIXTURE}"


def plain_name(name: str) -> str:
    """Name of the kind, for a mixture that of its members."""
    return name.removesuffix(MIXTURE)
