"""Fitted models from their files: JSON of a fit, or checkpoints of nets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from catalogs import Catalog, CatalogInfo, Extent, InputError, PointProcess
from catalogs.files import read_json, reading
from catalogs.sequence import MAGNITUDE_TOLERANCE
from recast.models.seen import FittedOn, fitted_on, from_json, merged, read_fitted_on

if TYPE_CHECKING:
    from recast.models.neural import Recast
    from recast.net.scaling import Scaling

CHECKPOINT = ".ckpt"


@dataclass(frozen=True, eq=False)
class SavedModel:
    """What files say of a fitted model.

    ``processes`` are one, or the nets of an ensemble. ``uncertainty`` is what the JSON of an ETAS
    fit says of its parameters, None for other models and fits without it.
    """

    kind: str
    processes: tuple[PointProcess, ...]
    fitted_on: FittedOn
    record: dict[str, Any]
    uncertainty: dict[str, Any] | None = None

    @property
    def process(self) -> PointProcess:
        """The only one, or the mixture of the nets."""
        if len(self.processes) == 1:
            return self.processes[0]
        from recast.models.neural import Recast
        from recast.net.ensemble import EnsembleNet

        return Recast(EnsembleNet([cast("Recast", process).net for process in self.processes]))


def read_model(paths: Sequence[Path], catalog: Catalog) -> SavedModel:
    """The model of one file, or the nets of several, for use on ``catalog``.

    Raises
    ------
    InputError
        If a file holds no model, or several are not all nets.
    """
    if only_nets(paths):
        return _nets(paths, catalog)
    (path,) = paths
    with reading(path):
        return _fit(path, catalog)


def _fit(path: Path, catalog: Catalog) -> SavedModel:
    record = read_json(path)
    if record.get("model") == "poisson":
        return _poisson(record, catalog)
    from etas.model import ETAS

    model, protocol = ETAS.load(path), str(record.get("protocol", "unknown"))
    check_completeness(path, model.magnitude_law.completeness, catalog.info)
    if "fitted_on" in record:
        seen = from_json(record["fitted_on"])
    elif record.get("catalog") == catalog.info.name:  # a file from before they said so
        seen = fitted_on(catalog, protocol)
    else:
        seen = {str(record.get("catalog", "some catalog")): Extent.unknown()}
    return SavedModel("etas", (model,), seen, {"etas": model.to_json()}, record.get("uncertainty"))


def only_nets(paths: Sequence[Path]) -> bool:
    """Whether these are checkpoints, or the net of the package; False for one other file.

    Raises
    ------
    InputError
        If several are not all nets.
    """
    from recast.pretrained import SHIPPED

    fits = [path for path in paths if path.suffix != CHECKPOINT and str(path) != SHIPPED]
    if fits and len(paths) > 1:
        raise InputError(f"{fits[0]} is no checkpoint: of several models only nets can be mixed")
    return not fits


def net_scaling(paths: Sequence[Path], catalog: Catalog | None) -> Scaling | None:
    """What a net of several catalogs needs to know of the one it is used on; None for others."""
    from recast.pretrained import is_regional

    regional = [path for path in paths if is_regional(path)]
    if catalog is None or not regional:
        return None
    from recast.training.data import Region

    return Region(catalog, pretrained=str(regional[0])).scaling


def check_completeness(path: Path, mine: float, info: CatalogInfo) -> None:
    """A model knows the rates above its own completeness magnitude only.

    Raises
    ------
    InputError
        If ``mine`` is not that of the catalog.
    """
    theirs = info.magnitude_completeness
    if abs(mine - theirs) > MAGNITUDE_TOLERANCE:
        raise InputError(
            f"{path} was trained on events above completeness magnitude {mine:g}, catalog "
            f"{info.name!r} is complete from {theirs:g}: use the catalog it was trained on"
        )


def _poisson(record: dict[str, Any], catalog: Catalog) -> SavedModel:
    from etas.poisson import Poisson

    process = Poisson(float(record["rate"]), catalog.magnitude_law())
    seen = from_json(record.get("fitted_on", {"some catalog": Extent.unknown().to_json()}))
    return SavedModel("poisson", (process,), seen, {"rate": process.rate})


def _nets(paths: Sequence[Path], catalog: Catalog) -> SavedModel:
    from recast.models.neural import Recast

    scaling = net_scaling(paths, catalog)
    nets = tuple(Recast.load(path, scaling=scaling) for path in paths)
    for path, net in zip(paths, nets, strict=True):
        check_completeness(path, net.net.scaling.completeness, catalog.info)
    seen = merged(*(read_fitted_on(path, catalog) for path in paths))
    if scaling is not None:  # with an ETAS of this catalog's train window, and its clock
        seen = merged(seen, fitted_on(catalog, "train+val"))
    record = {"checkpoints": [str(path) for path in paths], "decoder": nets[0].net.decoder_name}
    return SavedModel("recast", nets, seen, record)
