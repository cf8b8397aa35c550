"""What else the next epoch of a training depends on, kept in its checkpoints."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from torch import Tensor

from catalogs import InputError
from catalogs.files import write_whole

PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")
"""Names of files in the state of a ModelCheckpoint."""


class GoesOn(Callback):
    """Keeps in checkpoints what else the next epoch depends on, and restores it.

    This is the state of the random numbers (for dropout), and whether early stopping has ended the
    training. The best checkpoint is looked for beside the one that is resumed, as folders may have
    been moved. ``RecastTask`` brings it along to whatever trainer fits it.
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
