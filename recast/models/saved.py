"""Fitted models from their files."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from catalogs import Catalog, InputError
from catalogs.files import read_json
from recast.models.kind import FittedModel, ModelKind
from recast.models.registry import model_kind, model_kinds
from recast.pretrained import seen


@dataclass(frozen=True, eq=False)
class SavedModel:
    """A model in one file, or several of a kind to be mixed; ``on`` applies it to a catalog."""

    kind: ModelKind
    paths: tuple[Path, ...]

    def __str__(self) -> str:
        return " + ".join(map(str, self.paths))

    def on(self, catalog: Catalog, *, fit: bool = False) -> FittedModel:
        """The model for use on a catalog.

        Parameters
        ----------
        catalog : Catalog
            Complete from the magnitude from which the model was fitted.
        fit : bool
            A net of many regions departs from the ETAS of the catalog, which this allows to be
            fitted to its train window; nothing else is fitted.

        Returns
        -------
        FittedModel
            With the process to score and simulate.

        Raises
        ------
        InputError
            If the model cannot be used on the catalog, or only with ``fit``.
        """
        return self.kind.read(self.paths, catalog, fit=fit)

    def alone(self) -> FittedModel:
        """The model without a catalog, to simulate from nothing.

        Raises
        ------
        InputError
            If it needs to know of a catalog what is not in its file.
        """
        return self.kind.read(self.paths, None)


def load_model(path: str | PathLike[str], *more: str | PathLike[str]) -> SavedModel:
    """A saved model: JSON of a fit, or a checkpoint; of several checkpoints their mixture.

    Nothing is fitted. ``shipped`` is the net of many regions that comes with the package.

    Parameters
    ----------
    path, *more : path
        As `recast etas fit`, `recast fit` and `recast benchmark` write them.

    Returns
    -------
    SavedModel
        To be applied to a catalog.

    Raises
    ------
    InputError
        If a file is missing or damaged, or holds no model; or several are not of one kind that is
        mixed.

    Examples
    --------
    >>> from catalogs import load
    >>> net = load_model("shipped").on(load("ridgecrest_2019"), fit=True)
    >>> type(net.process).__name__
    'Recast'
    """
    paths = [Path(p) for p in (path, *more)]
    kinds = [_kind_of(p) for p in paths]
    if len({kind.name for kind in kinds}) > 1 or (len(paths) > 1 and not kinds[0].is_neural):
        odd = next(p for p, kind in zip(paths, kinds, strict=True) if not kind.is_neural)
        raise InputError(f"{odd} is no checkpoint: of several models only nets can be mixed")
    return SavedModel(kinds[0], tuple(paths))


def _kind_of(path: Path) -> ModelKind:
    for kind in model_kinds().values():
        if kind.opens(path, None):
            if kind.is_neural:
                seen(path)  # reads all of it
            return kind
    record: dict[str, Any] = read_json(path)
    name = record.get("kind")
    if isinstance(name, str) and "fitted_on" in record:
        try:
            return model_kind(name)
        except InputError as error:
            raise InputError(f"{path}: {error}, or install the package that adds it") from error
    for kind in model_kinds().values():
        if kind.opens(path, record):
            return kind
    raise InputError(f"{path} holds no model: give the JSON of a fit, or a checkpoint")
