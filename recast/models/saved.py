"""Fitted models, read from their files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

from catalogs import Catalog, InputError
from recast.models.from_file import kind_of
from recast.models.kind import FittedModel, ModelKind
from recast.models.places import load_places
from recast.models.registry import model_kinds


@dataclass(frozen=True, eq=False, repr=False)
class SavedModel:
    """A model in one file, or several to be mixed; ``on`` applies it to a catalog.

    Parameters
    ----------
    kind : ModelKind
        The kind of model.
    paths : tuple of Path
        Its files.

    See Also
    --------
    load_model : makes one.

    Examples
    --------
    >>> load_model("shipped")
    SavedModel: recast in shipped
    """

    kind: ModelKind
    paths: tuple[Path, ...]

    def __str__(self) -> str:
        return " + ".join(map(str, self.paths))

    def __repr__(self) -> str:
        return f"SavedModel: {self.kind.name} in {self}"

    def on(self, catalog: Catalog, *, fit: bool = False) -> FittedModel:
        """Apply the model to a catalog.

        Parameters
        ----------
        catalog : Catalog
            With the completeness magnitude that the model was fitted with.
        fit : bool
            Allow fitting ETAS to the train window, which a net of many regions builds on; nothing
            else is fitted.

        Returns
        -------
        FittedModel
            Its ``process`` can be scored and simulated.

        Raises
        ------
        InputError
            If the model cannot be used on the catalog, or only with ``fit``.
        """
        model = self.kind.read(self.paths, catalog, fit=fit)
        places = (
            load_places(self.paths[0], self.kind.place_laws) if catalog.info.has_locations else None
        )
        return model if places is None else replace(model, places=places)

    def alone(self) -> FittedModel:
        """Return the model without a catalog, to simulate from nothing.

        Returns
        -------
        FittedModel
            Its ``process`` can be simulated.

        Raises
        ------
        InputError
            If the model cannot be used without a catalog.
        """
        return self.kind.read(self.paths, None)


def load_model(path: str | PathLike[str], *more: str | PathLike[str]) -> SavedModel:
    """Read a saved model: the JSON of a fit, or one or more checkpoints.

    Several checkpoints are mixed with equal weights. ``shipped`` is the net of many regions that
    comes with the package.

    Parameters
    ----------
    path, *more : path
        Files that `recast etas fit`, `recast fit` or `recast benchmark` wrote, or checkpoints that
        the authors of RECAST released.

    Returns
    -------
    SavedModel
        Its method ``on`` applies it to a catalog.

    Raises
    ------
    InputError
        If a file is missing, damaged or holds no model, or several are not all checkpoints.

    Examples
    --------
    >>> from catalogs import load
    >>> net = load_model("shipped").on(load("ridgecrest_2019"), fit=True)
    >>> type(net.process).__name__
    'Recast'
    """
    paths = [Path(p) for p in (path, *more)]
    kinds = [kind_of(p, model_kinds()) for p in paths]
    if len({kind.name for kind in kinds}) > 1 or (len(paths) > 1 and not kinds[0].is_neural):
        odd = next(p for p, kind in zip(paths, kinds, strict=True) if not kind.is_neural)
        raise InputError(f"{odd} is not a checkpoint: only nets can be mixed, give one model")
    return SavedModel(kinds[0], tuple(paths))
