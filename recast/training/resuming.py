"""Resuming: an interrupted training ends as if it had never been interrupted."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning
import torch
from lightning.fabric.plugins import TorchCheckpointIO
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.utilities import rank_zero_only
from torch import Tensor

from catalogs import EventSequence, InputError
from catalogs.files import read_json, reading, write_whole
from catalogs.locking import SECONDS, locked
from recast.pretrained.checkpoints import read_checkpoint, write_checkpoint
from recast.pretrained.hyper_parameters import plain_settings

if TYPE_CHECKING:
    from recast.training.data import CatalogData
    from recast.training.task import RecastTask

PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")
"""Names of files in the state of a ModelCheckpoint."""


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


class GoesOn(Callback):
    """Keeps in checkpoints what else the next epoch depends on, and restores it.

    This is the state of the random numbers (for dropout), and whether early stopping has ended the
    training. The best checkpoint is looked for beside the one that is resumed, as folders may have
    been moved.
    """

    def __init__(self) -> None:
        self.random: dict[str, Tensor] = {}

    def state_dict(self) -> dict[str, Any]:
        """Return the state of the random numbers at the end of an epoch."""
        states = {"cpu": torch.get_rng_state()}
        if torch.cuda.is_available():
            states["cuda"] = torch.cuda.get_rng_state()
        return {"random": states}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Keep the state until the first step."""
        self.random = state_dict["random"]

    def on_load_checkpoint(
        self,
        trainer: lightning.Trainer,
        _: lightning.LightningModule,
        checkpoint: dict[str, Any],
    ) -> None:
        """Point the callbacks to where their files are now: the best of all epochs comes along."""
        for callback in trainer.checkpoint_callbacks:
            state = checkpoint["callbacks"].get(callback.state_key)
            if not isinstance(callback, ModelCheckpoint) or state is None:
                continue
            folder = Path(callback.dirpath or ".")
            best = {_file_name(path): score for path, score in state["best_k_models"].items()}
            _bring(Path(trainer.ckpt_path or ".").parent, folder, best)
            state["dirpath"] = callback.dirpath
            for name in PATHS:
                state[name] = state[name] and str(folder / _file_name(state[name]))
            state["best_k_models"] = {str(folder / name): score for name, score in best.items()}

    def on_train_start(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """Train no further if early stopping had ended the training."""
        for callback in trainer.early_stopping_callbacks:
            if callback.wait_count >= callback.patience:
                trainer.should_stop = True

    def on_train_batch_start(self, trainer: lightning.Trainer, *_: object, **__: object) -> None:
        """Restore the random numbers before the first step after a pause."""
        if not self.random:
            return
        torch.set_rng_state(self.random["cpu"].cpu())
        if "cuda" in self.random and torch.cuda.is_available():
            torch.cuda.set_rng_state(self.random["cuda"].cpu())
        self.random = {}
        iter(trainer.train_dataloader or ())  # draws a seed, as at the beginning of each epoch


def _file_name(path: str) -> str:
    """The name of a checkpoint, which will be removed once there is a better one: never another.

    Raises
    ------
    InputError
        If a path is not that of a checkpoint.
    """
    name = Path(path).name
    if Path(name).suffix != ".ckpt":
        raise InputError(f"{path!r} is no checkpoint: start from the weights (--model.pretrained)")
    return name


def _bring(began: Path, folder: Path, names: Iterable[str]) -> None:
    """Copy the best checkpoints of a training that goes on in another folder."""
    for name in names:
        if (began / name).is_file() and not (folder / name).exists():
            write_whole(folder / name, (began / name).read_bytes())
