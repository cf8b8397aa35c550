"""Nets, read from checkpoints."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalogs import InputError
from catalogs.checks.extent import Extent, placed
from recast.pretrained.checkpoints import check_weights, read_checkpoint, unreadable
from recast.pretrained.released import (
    is_etas,
    is_net,
    released_etas,
    released_extents,
    released_net,
)

if TYPE_CHECKING:
    from etas.model import ETAS
    from etas.prior import Prior
    from recast.net.network import RecastNet
    from recast.net.scaling import Scaling

SHIPPED = "shipped"
"""Name of the net that comes with the package; its model card is beside the file."""

SHIPPED_WORLDS = "shipped-worlds"
"""Name of the other one, which learned from synthetic catalogs, too (``recast.models.start``)."""

SHAPE = ("decoder", "hidden_size", "width")
"""Arguments of ``RecastTask`` that a net has in common with the one it starts from."""

FILES = {SHIPPED: "regions.ckpt", SHIPPED_WORLDS: "worlds.ckpt"}


def checkpoint_path(name: str | PathLike[str]) -> Path:
    """Return the path of a checkpoint, which may be one of ``FILES`` by its name there."""
    own = FILES.get(str(name))
    return Path(name) if own is None else Path(__file__).parent / own


def read_net(name: str | PathLike[str], scaling: Scaling | None = None) -> RecastNet:
    """Read the net of a checkpoint, on the catalog of ``scaling`` or the one it was trained on.

    Raises
    ------
    InputError
        If the file is missing, damaged or not such a checkpoint, or the net was trained on several
        catalogs and no scaling is given.
    """
    saved = _read(checkpoint_path(name))
    if scaling is not None:
        _check_transferable(saved, name)
        return saved.net.on(scaling, saved.number(scaling))
    if len(saved.regions) > 1:
        raise InputError(
            f"checkpoint {name} was trained on {len(saved.regions)} catalogs: say on which to use "
            "it (`catalog`)"
        )
    return saved.net


def shape_of(name: str | PathLike[str]) -> dict[str, Any]:
    """Decoder and sizes of the net of a checkpoint, which those that start from it need.

    Raises
    ------
    InputError
        If the file cannot be read, or no other net can start from it.
    """
    from recast.pretrained.hyper_parameters import plain_settings

    path = checkpoint_path(name)
    _check_transferable(_read(path), name)
    settings = plain_settings(path)
    return {part: settings[part] for part in SHAPE}


def is_regional(name: str | PathLike[str]) -> bool:
    """Whether the net of a checkpoint was trained on several catalogs."""
    return len(_read(checkpoint_path(name)).regions) > 1


def is_released_net(path: Path) -> bool:
    """Whether a file holds one of the nets that the authors of RECAST released."""
    return path.is_file() and is_net(read_checkpoint(path))


def is_released_etas(path: Path) -> bool:
    """Whether a file holds one of the ETAS models that the authors of RECAST released."""
    return path.is_file() and is_etas(read_checkpoint(path))


def read_released_etas(path: Path) -> tuple[ETAS, dict[str, Extent]]:
    """Read an ETAS model that the authors of RECAST released, and what it has seen.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    content = read_checkpoint(path)
    try:
        return released_etas(content), released_extents(content)
    except Exception as error:  # any kind, where something else was saved
        raise unreadable(path, error) from error


def seen(name: str | PathLike[str]) -> dict[str, Extent]:
    """Time and place of the training data of a checkpoint, by region.

    Unknown if the checkpoint does not record them.
    """
    return _read(checkpoint_path(name)).trained_on


def etas_prior(name: str | PathLike[str], scaling: Scaling | None) -> Prior | None:
    """Prior for the ETAS parameters of other catalogs, from the regions of a checkpoint.

    None if there are too few, or if the catalog of ``scaling`` is one of them: the net was then
    trained with the ETAS that was fitted to its events alone. No scaling: it is none of them.
    Synthetic catalogs say nothing of the Earth. Both nets of the package have the same prior.
    """
    from etas.prior import FEWEST_REGIONS, Prior

    saved = _read(checkpoint_path(SHIPPED if str(name) == SHIPPED_WORLDS else name))
    known = scaling is not None and saved.number(scaling) is not None
    regions = saved.observed
    if known or len(regions) < FEWEST_REGIONS:
        return None
    return Prior.of([(region.etas, 1.0 / region.mean_inter_time) for region in regions])


def b_prior(name: str | PathLike[str]) -> tuple[float, float]:
    """Mean and standard deviation of the b-values of a checkpoint's regions."""
    values = [region.b for region in _read(checkpoint_path(name)).observed]
    return statistics.fmean(values), statistics.pstdev(values)


def load_weights(
    net: RecastNet, regions: Sequence[Scaling], name: str | PathLike[str]
) -> list[bool]:
    """Give ``net`` the weights of a checkpoint, and the codes of those ``regions`` that it knows.

    Returns
    -------
    list of bool
        Which regions it knows.

    Raises
    ------
    InputError
        If the file cannot be read, or its net has other parts or sizes.
    """
    import torch

    saved = _read(checkpoint_path(name))
    _check_transferable(saved, name)
    weights, mine = saved.net.state_dict(), net.state_dict()
    codes = weights["codes"]
    numbers = [saved.number(scaling) for scaling in regions]
    if codes.shape[1:] == mine["codes"].shape[1:]:
        weights["codes"] = torch.stack(
            [torch.zeros_like(codes[0]) if i is None else codes[i] for i in numbers]
        )
    for key in sorted(weights.keys() | mine.keys()):
        theirs = tuple(weights[key].shape) if key in weights else None
        wanted = tuple(mine[key].shape) if key in mine else None
        if theirs != wanted:
            raise InputError(
                f"pretrained net {name}: {key} has shape {theirs}, this model's {wanted}: give "
                "model.decoder, model.hidden_size and model.width that it was trained with"
            )
    net.load_state_dict(weights)
    return [i is not None for i in numbers]


@dataclass(frozen=True, eq=False)
class _Saved:
    """Content of a checkpoint without the state of its training."""

    net: RecastNet
    regions: list[Scaling]
    trained_on: dict[str, Extent]
    observed: list[Scaling]
    """Those of the regions that are not synthetic."""
    is_released: bool = False
    """Whether it is in days, not in the units of a catalog."""

    def number(self, scaling: Scaling) -> int | None:
        """Return the number of the region with this train window, if there is one."""
        fields = ("mean_inter_time", "mean_magnitude", "completeness", "b")
        for i, region in enumerate(self.regions):
            pairs = [(getattr(region, field), getattr(scaling, field)) for field in fields]
            if all(math.isclose(a, b, rel_tol=1e-6) for a, b in pairs):
                return i
        return None


def _check_transferable(saved: _Saved, name: str | PathLike[str]) -> None:
    """Refuse to use a net elsewhere that counts in the units of its own catalog."""
    if saved.is_released:
        raise InputError(
            f"{name} is a net of one catalog, in days: no other can start from it; name it as the "
            "model, not as the pretrained one"
        )


def _read(path: Path) -> _Saved:
    from recast.net.network import RecastNet
    from recast.pretrained.hyper_parameters import hyper_parameters

    content = read_checkpoint(path)
    try:
        if is_net(content):
            net = released_net(content)
            regions = [net.scaling]
            return _Saved(net, regions, released_extents(content), regions, is_released=True)
        saved = hyper_parameters(content)
        regions = list(saved.scalings.values())
        weights = {key.removeprefix("net."): value for key, value in content["state_dict"].items()}

        def blank() -> RecastNet:
            return RecastNet(
                regions[0],
                decoder=saved.decoder,
                hidden_size=saved.hidden_size,
                width=saved.width,
                dropout=saved.dropout,
                n_regions=len(regions),
            )

        check_weights(weights, blank)
        net = blank()
        net.load_state_dict(weights)
        trained_on = placed(saved.trained_on or {})
        if not trained_on:  # a file that doesn't say
            before = saved.pretrained
            names = [*saved.scalings, *([] if before is None else [f"all that {before} knew"])]
            trained_on = dict.fromkeys(names, Extent.unknown())
    except Exception as error:  # any kind, where something else was saved than a net
        raise unreadable(path, error) from error
    synthetic = {name for name, extent in trained_on.items() if not extent.observed}
    observed = [scaling for name, scaling in saved.scalings.items() if name not in synthetic]
    return _Saved(net, regions, trained_on, observed)
