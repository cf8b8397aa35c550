"""Fit one model to one catalog."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from os import PathLike
from pathlib import Path

from catalogs import Catalog, InputError, PointProcess
from catalogs.arguments import require_catalog
from catalogs.scalars import whole
from recast.models.kind import FittedModel, ModelKind, Task
from recast.models.places import save_places
from recast.models.registry import model_kind
from recast.pretrained import SHIPPED


def fit_model(
    name: str,
    catalog: Catalog,
    folder: str | PathLike[str] | None = None,
    *,
    seed: int = 0,
    quick: bool = False,
    resume: bool = False,
    pretrained: str = SHIPPED,
    places: bool = False,
) -> FittedModel:
    """Fit a model of any kind to the train window of a catalog.

    Parameters
    ----------
    name : str
        Name of the kind, one of ``model_kinds()``.
    catalog : Catalog
        Nets stop early on its validation window.
    folder : path, optional
        Where the fitted model is saved; by default it is not.
    seed : int
        Random seed, for kinds whose fit depends on one.
    quick : bool
        Train for one epoch only.
    resume : bool
        Resume an interrupted training from what it left in ``folder``.
    pretrained : str
        Checkpoint that zero-shot and few-shot models start from.
    places : bool
        Fit a law of the events' places, too.

    Returns
    -------
    FittedModel
        Its ``process`` can be scored and simulated.

    Raises
    ------
    InputError
        If there is no such kind, or it cannot be fitted to this catalog, or that is none.

    Examples
    --------
    >>> from catalogs import load
    >>> fitted = fit_model("poisson", load("ridgecrest_2019"))
    >>> round(fitted.process.rate, 1)
    109.1
    """
    require_catalog(catalog)
    kind = model_kind(name)
    if caveat := kind.caveat(catalog):
        print(caveat, file=sys.stderr)
    with ExitStack() as stack:
        where = folder or stack.enter_context(tempfile.TemporaryDirectory())
        task = Task(
            catalog, Path(where), whole("seed", seed), quick, resume, pretrained, places=places
        )
        fitted = fit_task(kind, task)
        save_fit(kind, task, fitted)
    return fitted


def save_fit(kind: ModelKind, task: Task, fitted: FittedModel) -> None:
    """Save a model and, beside it, its law of places."""
    if fitted.places is not None:
        save_places(kind.path(task.folder, task.seed), fitted.places, fitted.kind.place_laws)
    kind.save(task, fitted)


def fit_task(kind: ModelKind, task: Task) -> FittedModel:
    """Fit by a kind of model, and check what it returns.

    Raises
    ------
    InputError
        If that is not a ``FittedModel`` with a ``PointProcess``.
    """
    fitted: object = kind.fit(task)
    if not isinstance(fitted, FittedModel):
        wrong, right = fitted, "ModelKind.fitted(task, process, n_parameters)"
    elif not isinstance(fitted.process, PointProcess):
        wrong, right = fitted.process, "a FittedModel whose process is a catalogs.PointProcess"
    else:
        return replace(fitted, places=kind.fit_places(task)) if task.places else fitted
    raise InputError(f"the fit of model {kind.name!r} gives {type(wrong).__name__}: return {right}")
