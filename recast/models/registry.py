"""Every kind of model by name: those of this package, and those that others add.

Another package adds one by an entry point in its ``pyproject.toml``::

    [project.entry-points."recast.models"]
    renewal = "my_package:RenewalKind"
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from catalogs import InputError, PointProcess
from recast.models.classical import ETASKind, PoissonKind, SmoothedKind, TruthKind
from recast.models.from_file import SUFFIXES, FromFile, is_file_name, unknown
from recast.models.kind import MIXTURE, FittedModel, ModelKind, mixture_name, plain_name
from recast.models.neural_kinds import FewShot, Native, Paper, Released, Shipped, ZeroShot

GROUP = "recast.models"

BUILT_IN: tuple[type[ModelKind], ...] = (
    PoissonKind,
    ETASKind,
    Paper,
    Released,
    Shipped,
    Native,
    ZeroShot,
    FewShot,
    SmoothedKind,
)

NULL, REFERENCE = PoissonKind.name, ETASKind.name
"""The null model, and the one that others are compared with."""

TRUTH = TruthKind()
"""The process that a synthetic catalog was drawn from, scored wherever it is known."""

DEFAULT = (NULL, REFERENCE, Paper.name, Shipped.name)
"""The models that `recast benchmark` compares by default."""

__all__ = [
    "DEFAULT",
    "MIXTURE",
    "NULL",
    "REFERENCE",
    "TRUTH",
    "mixture_name",
    "model_kind",
    "model_kinds",
    "plain_name",
    "unknown_model",
]


@cache
def model_kinds() -> Mapping[str, ModelKind]:
    """Every kind of model that can be fitted, by name.

    Returns
    -------
    mapping of str to ModelKind
        The kinds of this package, then those of other packages.

    Raises
    ------
    InputError
        If an entry point cannot be loaded, is not a kind of model, or its name is taken.

    Examples
    --------
    >>> model_kinds()["etas"]
    ETASKind: model 'etas', the temporal ETAS model
    """
    kinds: dict[str, ModelKind] = {kind.name: kind() for kind in BUILT_IN}
    for point in entry_points(group=GROUP):
        where = f"entry point {point.name} = {point.value} of {GROUP}"
        try:
            kind = point.load()
        except Exception as error:  # whatever another package raises as it is imported
            raise InputError(f"{where} cannot be loaded ({error}): fix or remove it") from error
        if not (isinstance(kind, type) and issubclass(kind, ModelKind)):
            raise InputError(f"{where} is not a subclass of recast.ModelKind: name one")
        name = getattr(kind, "name", None)
        if not isinstance(name, str) or not all(ch.isalnum() or ch in "_-" for ch in name):
            raise InputError(f"{where} is named {name!r}: use letters, digits, _ and - only")
        if name in kinds or name == TRUTH.name or name.endswith(MIXTURE):
            raise InputError(f"{where} is named {name!r}, which is taken: choose another")
        try:
            kinds[name] = kind()
        except TypeError as error:  # without fit, perhaps
            raise InputError(f"{where}: {error}") from error
    return kinds


def model_kind(name: str) -> ModelKind:
    """Return the kind of that name, for a mixture that of its members, for a file the model in it.

    Raises
    ------
    InputError
        If there is none.
    """
    if name == TRUTH.name:
        return TRUTH
    kinds = model_kinds()
    if is_file_name(name):
        return FromFile(Path(name), kinds)
    try:
        return kinds[plain_name(name)]
    except KeyError:
        raise InputError(unknown_model(name)) from None


def is_of_this_package(model: FittedModel) -> bool:
    """Whether the tests of this package have tried models of that kind, and with that decoder."""
    kind = _own_kind(model)
    if not type(kind).__module__.startswith(f"{__package__.partition('.')[0]}."):
        return False
    return not kind.is_neural or _decoders_are_built_in(model.process)


def package_of(model: FittedModel) -> str | None:
    """Other packages that add the kind of a model or its decoder, with versions; None for ours."""
    kind = _own_kind(model)
    points = [point for point in entry_points(group=GROUP) if point.load() is type(kind)]
    if kind.is_neural:
        from recast.net.architectures import GROUP as DECODERS  # takes seconds to import

        decoders = _decoders(model.process)
        points += [point for point in entry_points(group=DECODERS) if point.name in decoders]
    packages = {f"{point.dist.name} {point.dist.version}" for point in points if point.dist}
    return ", ".join(sorted(packages)) or None


def _own_kind(model: FittedModel) -> ModelKind:
    """The kind of a model, also of one that was read from a file."""
    kind = model.kind
    return kind.holds if isinstance(kind, FromFile) and kind.holds is not None else kind


def _decoders_are_built_in(process: PointProcess) -> bool:
    from recast.net.architectures import BUILT_IN

    return _decoders(process) <= BUILT_IN.keys()


def _decoders(process: PointProcess) -> set[str]:
    """Names of the decoders of a net, or of those that it mixes."""
    from recast.models.neural import Recast  # takes seconds to import
    from recast.net.network import RecastNet

    parts = process.net.modules() if isinstance(process, Recast) else ()
    return {part.decoder_name for part in parts if isinstance(part, RecastNet)}


def unknown_model(name: str) -> str:
    """Say that there is no model of that name, and which there are."""
    if Path(name).is_file():
        return f"model {name!r}: names of files of models end with {' or '.join(sorted(SUFFIXES))}"
    return unknown(name, model_kinds())
