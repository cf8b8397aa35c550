"""Checkpoints on disk: written whole or not at all, and read without running code."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from catalogs import InputError
from catalogs.files import write_whole

TRAINING_STATE = ("loops", "callbacks", "optimizer_states", "lr_schedulers")
"""State that a resumed training needs, besides the weights."""

RELEASED = ("state_dict", "hyper_parameters", "pytorch-lightning_version")
"""Parts of a checkpoint that a user of its net needs."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read the content of a checkpoint, on the CPU.

    Only tensors and plain values are unpickled (``weights_only``): a file from elsewhere can be
    wrong but not harmful. The checksums of its parts are verified first: torch does not, and would
    accept a flipped bit in the weights.

    Raises
    ------
    InputError
        If the file is missing, damaged, or holds anything else.
    """
    if not path.is_file():
        raise InputError(f"checkpoint {path} does not exist: `recast fit` writes one")
    try:
        return _loaded(path.read_bytes())
    except Exception as error:  # torch raises many kinds for a damaged archive
        raise unreadable(path, error) from error


def _loaded(data: bytes) -> dict[str, Any]:
    import torch

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"the checksum of {damaged} is wrong")
    content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if not isinstance(content, dict) or not isinstance(content.get("state_dict"), dict):
        raise TypeError("there are no weights in it")
    return content


def unreadable(path: Path, error: Exception) -> InputError:
    """Return a one-line error for a checkpoint that cannot be used."""
    reason = str(error).splitlines()[0] if str(error) else "no reason given"
    return InputError(
        f"checkpoint {path} cannot be read ({type(error).__name__}: {reason}): it is "
        "damaged, or of another kind or version; train it again"
    )


def write_checkpoint(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint; a reader sees the old file or the new one."""
    import torch

    stream = io.BytesIO()
    torch.save(content, stream)
    write_whole(path, stream.getvalue())


def release(checkpoint: Path, out: Path) -> None:
    """Write the net of a training of fixed length: its last weights and what they have seen.

    The optimiser is left out. No validation window has chosen the last weights, and the file says
    so: what its net has seen ends with the train windows.
    """
    content = read_checkpoint(checkpoint)
    for extent in content["hyper_parameters"]["trained_on"].values():
        extent["until"] = extent["end"]
    write_checkpoint(out, {name: content[name] for name in RELEASED})


def check_resumable(path: Path) -> None:
    """Raise an InputError for a checkpoint that training cannot be resumed from."""
    content = read_checkpoint(path)
    missing = [name for name in TRAINING_STATE if name not in content]
    if missing:
        raise InputError(
            f"checkpoint {path} has no {missing[0]} of a training to resume: start from its "
            "weights instead (--model.pretrained)"
        )
