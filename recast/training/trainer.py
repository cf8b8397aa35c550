"""Training of nets, for both the command line and the benchmark."""

from __future__ import annotations

import copy
import logging
import math
import multiprocessing
import os
import random
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch import Tensor

from catalogs import InputError
from catalogs.files import leftovers, naming, read_json, reading, write_json
from catalogs.store import file_hash
from recast.pretrained import FILES
from recast.pretrained.checkpoints import check_resumable, read_checkpoint, write_checkpoint
from recast.training.data import CatalogData
from recast.training.resuming import (
    BEGUN,
    ENDED,
    EVENTS,
    ORPHAN_SECONDS,
    WholeCheckpoints,
    alone,
    check_begun,
    check_same,
    digests,
    is_first,
)
from recast.training.task import RecastTask

TRAINER: dict[str, Any] = {
    "max_epochs": 30,
    "gradient_clip_val": 1.0,
    "accelerator": "auto",
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 1,
    "enable_model_summary": False,
}
"""Trainer settings of the shipped recipe; the sampler's epochs are 20 steps each."""

PAPER: dict[str, Any] = {
    "decoder": "weibull",
    "dropout": 0.1,
    "recurrent_dropout": 0.0,
    "learning_rate": 1e-2,
}
"""Arguments of RecastTask for RECAST as published, trained on windows."""

PAPER_EPOCHS = 60
"""RECAST as published has to learn the Omori law first."""

SEEDS = ("PL_GLOBAL_SEED", "PL_SEED_WORKERS")
"""Variables by which Lightning tells other processes of a training its seed."""

LAST = "last.ckpt"
"""Checkpoint of the last epoch, beside the best one."""

EARLY_STOPPING: dict[str, Any] = {"monitor": "val/nll", "patience": 12, "check_finite": True}

CHECKPOINT: dict[str, Any] = {
    "monitor": "val/nll",
    "filename": "best",
    "enable_version_counter": False,
}


def every_epoch(folder: Path | None = None) -> ModelCheckpoint:
    """Save ``last.ckpt`` after each epoch (``save_last`` would do so after the best ones only)."""
    return ModelCheckpoint(
        dirpath=folder, filename=LAST.removesuffix(".ckpt"), enable_version_counter=False
    )


EXPECTED_WARNINGS = (
    ".*does not have many workers.*",  # cutting windows costs nothing: no processes are needed
    ".*isinstance.treespec, LeafSpec.*",  # lightning uses what torch has renamed
    ".*args parameter is intended to run from within Python.*",  # as it does here
    ".*logs directory .* exists and is not empty.*",  # --out names where results are replaced
    ".*GPU available but not used.*",  # the user chose the CPU
    ".*The dirpath has changed from.*",  # a resumed run has a folder of its own
    "Checkpoint directory .* exists and is not empty.*",  # as --out again, or --resume
    ".*It is recommended to use `self.log.'val/nll/.*",  # each region is on one device
    "(?s).*(Jsonargparse|deprecated in v4).*",  # lightning uses what jsonargparse has renamed
)


class StartCounts(Callback):
    """Keep the initial net if no epoch has a better validation score.

    A few hundred events may teach a net nothing: it then stays the ETAS, or the pretrained net,
    that it started as. Likewise the magnitude head is replaced by one that misses no events, or by
    the fixed Gutenberg-Richter law, if that scores better.
    """

    def __init__(self) -> None:
        self.loss = float("inf")
        self.weights: dict[str, Tensor] = {}
        self.ended = False

    def state_dict(self) -> dict[str, Any]:
        """Return the state to be kept in checkpoints."""
        return {"loss": self.loss, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        self.loss, self.weights = state_dict["loss"], state_dict["weights"]

    def on_train_start(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Infer the codes of new regions and score the initial net, unless training is resumed."""
        data = getattr(trainer, "datamodule", None)
        if trainer.global_step > 0 or not isinstance(data, CatalogData):
            return
        task = cast("RecastTask", module)
        task.infer_codes(data)
        self.weights = copy.deepcopy(task.state_dict())
        self.loss, _ = _validation(task, data, self.weights)

    def on_fit_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Also cover a training that had ended but was interrupted before ``on_train_end``."""
        if not self.ended:
            self.on_train_end(trainer, module)

    def on_train_end(self, trainer: lightning.Trainer, module: lightning.LightningModule) -> None:
        """Replace a net worse than the initial one, or a magnitude law worse than simpler ones."""
        self.ended = True
        best = next((c for c in _checkpoints(trainer) if c.monitor), None)
        data = getattr(trainer, "datamodule", None)
        if best is None or best.best_model_score is None or not isinstance(data, CatalogData):
            return
        if not trainer.is_global_zero:
            return
        path, task = Path(best.best_model_path), cast("RecastTask", module)
        content = read_checkpoint(path)
        weights = content["state_dict"]
        if self.loss < float(best.best_model_score):
            weights = self.weights
            best.best_model_score = torch.tensor(self.loss)
        if task.net.magnitude is not None:
            laws = [
                {**weights, **{f"net.magnitude.{name}": value for name, value in simple.items()}}
                for simple in task.net.magnitude.simpler()
            ]
            weights = min([weights, *laws], key=lambda law: _validation(task, data, law)[1])
        if weights is not content["state_dict"]:
            content["state_dict"] = {name: value.cpu() for name, value in weights.items()}
            write_checkpoint(path, content)


def _checkpoints(trainer: lightning.Trainer) -> list[ModelCheckpoint]:
    return [c for c in trainer.checkpoint_callbacks if isinstance(c, ModelCheckpoint)]


@torch.no_grad()
def _validation(
    task: RecastTask, data: CatalogData, weights: dict[str, Tensor]
) -> tuple[float, float]:
    """Loss of times and of magnitudes on the validation windows; regions have equal weight."""
    task.load_state_dict(weights)
    task.eval()
    losses = []
    for windows in data.val_dataloader():
        moved = task.transfer_batch_to_device(windows, task.device, 0)
        weight = moved.share * moved.balance
        losses.append([weight * float(loss) for loss in task.losses(moved, moved.region)])
    task.train()
    times, magnitudes = np.mean(losses, axis=0)
    return float(times), float(magnitudes)


class PlainProgress(Callback):
    """Progress lines, where there is no terminal for a bar or several trainings run at once."""

    def __init__(self, label: str = "", seconds: float = 10.0) -> None:
        self.label = f"{label}: " if label else ""
        self.seconds = seconds
        self._said = -float("inf")

    def on_validation_end(self, trainer: lightning.Trainer, _: lightning.LightningModule) -> None:
        """Print epoch and validation score, at most every ``seconds``."""
        now = time.monotonic()
        loss = trainer.callback_metrics.get("val/nll")
        if loss is None or not trainer.is_global_zero or now - self._said < self.seconds:
            return
        self._said = now
        print(
            f"  {self.label}epoch {trainer.current_epoch + 1}/{trainer.max_epochs}: "
            f"validation {-float(loss):.4f} nats/event",
            file=sys.stderr,
            flush=True,
        )


def progress(label: str = "") -> Callback:
    """Return a progress bar on a terminal, and plain lines elsewhere or in worker processes."""
    alone = multiprocessing.parent_process() is None
    return TQDMProgressBar(leave=True) if alone and sys.stderr.isatty() else PlainProgress(label)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the trainer's notes on hardware and products."""
    logs = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            for expected in EXPECTED_WARNINGS:
                warnings.filterwarnings("ignore", message=expected)
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread, and restore the setting of torch afterwards.

    On these nets several threads gain a third on an idle machine and lose tenfold on a busy one,
    where each small product waits for the slowest. With one thread, sums also don't depend on the
    number of cores.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Leave random numbers and settings of torch as they were, whatever training does to them.

    A seed set for a training would repeat itself in all that the caller draws afterwards.
    """
    numbers, own = torch.get_rng_state(), random.getstate()
    old = np.random.get_state()  # noqa: NPY002 - Lightning sets its seed
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    deterministic = torch.are_deterministic_algorithms_enabled()
    only_warn = torch.is_deterministic_algorithms_warn_only_enabled()
    seeds = {name: os.environ.get(name) for name in SEEDS}
    try:
        yield
    finally:
        torch.set_rng_state(numbers)
        random.setstate(own)
        np.random.set_state(old)  # noqa: NPY002
        torch.cuda.set_rng_state_all(on_gpus)
        torch.use_deterministic_algorithms(deterministic, warn_only=only_warn)
        for name, value in seeds.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@dataclass(frozen=True)
class Trained:
    """A trained net: its best checkpoint and validation score."""

    checkpoint: Path
    validation: float
    """Best validation score on windows, nats/event; with several catalogs their mean."""


def train(
    data: CatalogData,
    folder: Path,
    *,
    seed: int,
    model: Mapping[str, Any] | None = None,
    max_epochs: int | None = None,
    resume: bool = False,
    label: str = "",
    patience: int | None = None,
    trainer_settings: Mapping[str, Any] | None = None,
) -> Trained:
    """Train a net on ``data`` and keep its best checkpoint in ``folder``, and the last one.

    ``model`` holds arguments of ``RecastTask`` that differ from its defaults, ``PAPER`` for RECAST
    as published. With ``resume``, continue from ``folder/last.ckpt`` if there is one; a training
    that has finished is not repeated. ``label`` starts the progress lines. Training ends after
    ``patience`` epochs without a better score, 12 by default, and ``trainer_settings`` are other
    arguments of Lightning's ``Trainer``, such as its devices.

    Raises
    ------
    InputError
        With ``resume``, if a file in ``folder`` is damaged, or was trained on other events, with
        another ``model``, seed or number of epochs; if the trainer refuses its settings, or another
        process trains there.
    """
    with alone(folder, ORPHAN_SECONDS), undisturbed():
        for scratch in leftovers(folder) if is_first() else ():
            scratch.unlink(missing_ok=True)
        return _train(
            data,
            folder,
            seed=seed,
            model=model or {},
            epochs=max_epochs or TRAINER["max_epochs"],
            resume=resume,
            label=label,
            patience=patience or EARLY_STOPPING["patience"],
            trainer_settings=trainer_settings or {},
        )


def _train(
    data: CatalogData,
    folder: Path,
    *,
    seed: int,
    model: Mapping[str, Any],
    epochs: int,
    resume: bool,
    label: str,
    patience: int,
    trainer_settings: Mapping[str, Any],
) -> Trained:
    ended, last = folder / ENDED, folder / LAST
    asked = {"max_epochs": epochs, "patience": patience, "seed": seed, EVENTS: digests(data)}
    start = model.get("pretrained")
    if start is not None and start not in FILES:  # another net may have taken its path
        asked["SHA-256 of pretrained"] = file_hash(Path(start))
    if resume and ended.is_file():
        with reading(ended):
            record = read_json(ended)
            done = Trained(folder / record["checkpoint"], float(record["validation"]))
            check_same(done.checkpoint, RecastTask(data.scalings, **model), model)
        check_begun(folder, asked)
        return done
    resume = resume and last.is_file()
    if resume:
        check_resumable(last)
        check_same(last, RecastTask(data.scalings, **model), model)
        check_begun(folder, asked)
    ended.unlink(missing_ok=True)
    lightning.seed_everything(seed, workers=True, verbose=False)
    task = RecastTask(data.scalings, data.trained_on, **model)
    if not resume and is_first():
        last.unlink(missing_ok=True)  # of another training: none is to go on with it
        write_json(folder / BEGUN, asked)
    shown = progress(label)
    best = ModelCheckpoint(dirpath=folder, **CHECKPOINT)
    callbacks = [
        best,
        every_epoch(folder),
        EarlyStopping(**{**EARLY_STOPPING, "patience": patience}),
        StartCounts(),
        shown,
    ]
    settings = {
        **TRAINER,
        "max_epochs": epochs,
        "logger": CSVLogger(str(folder), name=None, version=""),
        "enable_progress_bar": isinstance(shown, TQDMProgressBar),
        "deterministic": True,
        "plugins": [WholeCheckpoints()],
        **trainer_settings,
    }
    trainer = _trainer(settings, callbacks)
    with quiet(), one_thread(), naming(folder / "metrics.csv"):
        trainer.fit(task, data, ckpt_path=last if resume else None)
    path = Path(best.best_model_path)
    validation = -float(best.best_model_score or float("nan"))
    here = path.resolve().parent == folder.resolve()
    if here and math.isfinite(validation) and trainer.is_global_zero:
        found = {"checkpoint": path.name, "validation": validation}
        write_json(ended, {"max_epochs": epochs, **found})
    return Trained(path, validation)


def _trainer(settings: dict[str, Any], callbacks: list[Callback]) -> lightning.Trainer:
    with quiet():
        try:
            return lightning.Trainer(**settings, callbacks=callbacks)
        except Exception as error:  # of many kinds, all caused by the settings
            raise InputError(f"trainer: {error}") from error
