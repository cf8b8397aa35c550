"""Checkpoints on disk: written whole or not at all, and read without running code."""

from __future__ import annotations

import io
import pickletools
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalogs import InputError
from catalogs.expansion import check_expansion, items_in
from catalogs.files import write_whole

if TYPE_CHECKING:
    from torch import Tensor, nn

TRAINING_STATE = ("loops", "callbacks", "optimizer_states", "lr_schedulers")
"""State that a resumed training needs, besides the weights."""

RELEASED = ("state_dict", "hyper_parameters", "pytorch-lightning_version")
"""Parts of a checkpoint that a user of its net needs."""

MAJOR = 2
"""Version of Lightning whose trainings can be resumed."""

LARGEST, LARGEST_PICKLE = 1 << 30, 1 << 24
"""Bytes of a checkpoint, and of what it holds besides tensors: ten thousand times a net here."""

KNOWN = frozenset(
    {
        "collections OrderedDict",
        "__builtin__ set",
        "torch Size",
        "torch._utils _rebuild_tensor_v2",
        *(
            f"torch {kind}Storage"
            for kind in ("BFloat16", "Bool", "Byte", "Double", "Float", "Half", "Int", "Long")
        ),
    }
)
"""Names that a checkpoint of plain values and dense tensors refers to. Torch allows more, some of
which allocate whatever size they are given."""


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read the content of a checkpoint, on the CPU.

    Only tensors and plain values are unpickled (``weights_only``): a file from elsewhere can be
    wrong but not harmful. The checksums of its parts are verified first: torch does not, and would
    accept a flipped bit in the weights. No more memory is used than the file is large: its parts
    must not be compressed, nor tensors larger than what is stored of them.

    Raises
    ------
    InputError
        If the file is missing, damaged, or holds anything else.
    """
    if path.is_dir():
        raise InputError(f"checkpoint {path} is a folder: name the file in it")
    if not path.is_file():
        raise InputError(f"checkpoint {path} does not exist: `recast fit` writes one")
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")  # noqa: TRY301
        return _loaded(path.read_bytes())
    except Exception as error:  # torch raises many kinds for a damaged archive
        raise unreadable(path, error) from error


def _loaded(data: bytes) -> dict[str, Any]:
    import torch

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        _check_archive(archive, len(data))
    content = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    if not isinstance(content, dict) or not isinstance(content.get("state_dict"), dict):
        raise TypeError("there are no weights in it")
    check_expansion(content, _parts)
    return content


def _check_archive(archive: zipfile.ZipFile, size: int) -> None:
    """Raise a ValueError for an archive that is damaged, or may cost more than its size."""
    members = archive.infolist()
    if sum(member.file_size for member in members) > size:
        raise ValueError("its parts are compressed, or overlap")
    damaged = archive.testzip()
    if damaged is not None:
        raise ValueError(f"the checksum of {damaged} is wrong")
    for member in members:
        if not member.filename.endswith(".pkl"):
            continue
        if member.file_size > LARGEST_PICKLE:
            raise ValueError(f"{member.filename} has more than {LARGEST_PICKLE:,} bytes")
        for code, name, _ in pickletools.genops(archive.read(member)):
            if code.name == "GLOBAL" and name not in KNOWN:
                raise ValueError(f"it refers to {str(name)[:80]}")


def _parts(content: Any) -> Iterable[Any]:
    """What nested content is made of; raises a ValueError for tensors larger than their storage."""
    import torch

    if isinstance(content, torch.Tensor):
        if content.numel() * content.element_size() > content.untyped_storage().nbytes():
            raise ValueError(f"a tensor of shape {tuple(content.shape)} is not stored in full")
        return ()
    return items_in(content)


def check_weights(weights: Mapping[str, Tensor], net: Callable[[], nn.Module]) -> None:
    """Raise unless ``weights`` fit a net, before any memory is taken for it.

    Raises
    ------
    ValueError
        Naming the first part that is missing, unknown or of another shape.
    """
    import torch

    with torch.device("meta"):
        wanted = {name: tuple(value.shape) for name, value in net().state_dict().items()}
    for name in sorted(wanted.keys() | weights.keys()):
        shape = tuple(weights[name].shape) if name in weights else None
        if shape != wanted.get(name):
            raise ValueError(f"{name} has shape {shape}, its settings say {wanted.get(name)}")


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
    version = str(content.get("pytorch-lightning_version", ""))
    if not version.startswith(f"{MAJOR}."):  # it would be changed to what today's Lightning reads
        raise InputError(
            f"checkpoint {path} is of Lightning {version[:20]!r}, not of {MAJOR}: start from its "
            "weights instead (--model.pretrained)"
        )
