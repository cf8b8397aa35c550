"""Resuming: an interrupted training ends as if it had never been interrupted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.utilities import rank_zero_only

from catalogs import EventSequence, InputError
from catalogs.files import read_json, reading
from catalogs.locking import SECONDS, locked
from recast.pretrained.checkpoints import read_checkpoint, write_checkpoint
from recast.pretrained.hyper_parameters import plain_settings

if TYPE_CHECKING:
    from recast.training.data import CatalogData
    from recast.training.task import RecastTask

BEGUN, ENDED = "begun.json", "trained.json"
"""Records of how a training was begun, and of how it ended."""

EVENTS = "events"
"""Entry of the former that holds the ``digests``."""

ORPHAN_SECONDS = 10.0
"""In which the worker of a run that was killed has surely ended; it takes a fraction of one."""


@contextmanager
def alone(folder: Path, seconds: float = SECONDS) -> Iterator[None]:
    """No other training is in the folder; the first of several processes, one a device, locks it.

    Raises
    ------
    InputError
        If there is one, and it does not end within ``seconds``.
    """
    with locked(folder, seconds) if is_first() else nullcontext():
        yield


def is_first() -> bool:
    """Whether this process is the only one of a training, or the first of several."""
    return not getattr(rank_zero_only, "rank", 0)


def check_same(checkpoint: Path, asked: RecastTask, settings: Iterable[str]) -> None:
    """Refuse a checkpoint trained on other events or with other settings than ``asked``.

    Raises
    ------
    InputError
        Naming the first of ``settings``, or of the fields of the scaling, that differs.
    """
    known = plain_settings(checkpoint)
    asked.on_load_checkpoint(read_checkpoint(checkpoint))
    for name in settings:
        was, now = known.get(name), asked.hparams[name]
        if was != now:
            raise InputError(
                f"{checkpoint} was trained with {name} = {was}, not {now}: choose another `out`, "
                "or leave out `resume`"
            )


def digests(data: CatalogData) -> dict[str, str]:
    """What decides of each region which net is kept: the events up to the test window, hashed."""
    return {region.name: _digest(region.split.val) for region in data.regions}


def _digest(sequence: EventSequence) -> str:
    digest = hashlib.sha256(sequence.times.astype("<f8").tobytes())
    digest.update(sequence.magnitudes.astype("<f8").tobytes())
    digest.update(repr((sequence.start, sequence.score_from, sequence.end, sequence.gaps)).encode())
    return digest.hexdigest()


def check_begun(folder: Path, asked: Mapping[str, Any]) -> None:
    """Refuse to go on with a training that was begun with other settings or events than ``asked``.

    Version 0.1.0 and earlier ones did not record these; of them the end of a training tells how
    many epochs it had.

    Raises
    ------
    InputError
        Naming the first that differs.
    """
    for name in (BEGUN, ENDED):
        path = folder / name
        if not path.is_file():
            continue
        with reading(path):
            known = {key: value for key, value in read_json(path).items() if key in asked}
        for key, was in known.items():
            if was == asked[key]:
                continue
            if key == EVENTS:
                what = "on other events of the train and validation windows than there are now"
            else:
                what = f"with {key} = {was}, not {asked[key]}"
            raise InputError(
                f"{path}: it was trained {what}: choose another `out`, or leave out `resume`"
            )


class WholeCheckpoints(TorchCheckpointIO):
    """Reads and writes checkpoints by ``recast.pretrained.checkpoints``.

    Lightning writes to the system's temporary folder and moves the file; across disks that is a
    copy, which an interruption can cut short.
    """

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: Any = None,  # noqa: ARG002 - of remote storage
    ) -> None:
        """Write a checkpoint."""
        write_checkpoint(Path(path), checkpoint)

    def load_checkpoint(self, path: str | Path, *_: object, **__: object) -> dict[str, Any]:
        """Read a checkpoint, always with ``weights_only``, whose hyper-parameters are plain."""
        plain_settings(Path(path))
        return read_checkpoint(Path(path))
