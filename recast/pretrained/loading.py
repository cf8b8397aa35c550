"""Reading the net of a checkpoint."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from catalogs import InputError

if TYPE_CHECKING:
    from recast.net import RecastNet
    from recast.scaling import Scaling
    from recast.task import RecastTask

SHIPPED = "shipped"
"""Names the net that comes with the package; its model card lies beside it."""


def checkpoint_path(name: str | PathLike[str]) -> Path:
    """Where a checkpoint lies: a path, or ``SHIPPED``."""
    shipped = Path(__file__).parent / "regions.ckpt"
    return shipped if str(name) == SHIPPED else Path(name)


def read_net(name: str | PathLike[str], scaling: Scaling | None = None) -> RecastNet:
    """The net of a checkpoint, on the catalog of ``scaling`` or the one it was trained on.

    Raises
    ------
    InputError
        If the file is missing, damaged or not such a checkpoint, or the net was trained on several
        catalogs and no scaling says on which to use it.
    """
    task = _read_task(checkpoint_path(name))
    if scaling is not None:
        return task.net.on(scaling)
    if len(task.regions) > 1:
        raise InputError(
            f"checkpoint {name} was trained on {len(task.regions)} catalogs: say on which to use "
            "it (--catalog)"
        )
    return task.net


def is_regional(name: str | PathLike[str]) -> bool:
    """Whether the net of a checkpoint was trained on several catalogs."""
    return len(_read_task(checkpoint_path(name)).regions) > 1


def load_weights(net: RecastNet, name: str | PathLike[str]) -> None:
    """Give ``net`` the weights of a checkpoint.

    Raises
    ------
    InputError
        If the file cannot be read, or its net has other parts or sizes.
    """
    weights = _read_task(checkpoint_path(name)).net.state_dict()
    mine = net.state_dict()
    for key in sorted(weights.keys() | mine.keys()):
        theirs = tuple(weights[key].shape) if key in weights else None
        wanted = tuple(mine[key].shape) if key in mine else None
        if theirs != wanted:
            raise InputError(
                f"pretrained net {name}: {key} has shape {theirs}, this model's {wanted}: give "
                "model.decoder, model.hidden_size and model.width that it was trained with"
            )
    net.load_state_dict(weights)


def _read_task(path: Path) -> RecastTask:
    from recast.task import RecastTask

    if not path.is_file():
        raise InputError(f"checkpoint {path} does not exist: `recast fit` writes one")
    try:
        # What it was fine-tuned from need not exist any more
        return RecastTask.load_from_checkpoint(
            path, map_location="cpu", weights_only=True, pretrained=None
        )
    except Exception as error:  # torch raises many kinds for a damaged archive
        reason = str(error).splitlines()[0]
        raise InputError(
            f"checkpoint {path} cannot be read ({type(error).__name__}: {reason}): it is "
            "damaged or of another kind; train it anew"
        ) from error
