"""`recast fit | validate | test | predict`: LightningCLI with this project's defaults."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from inspect import Parameter, signature
from itertools import pairwise
from operator import attrgetter
from pathlib import Path
from typing import Any

from jsonargparse import ArgumentError, Namespace
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI

from catalogs import InputError
from catalogs.checks.extent import check_unseen
from catalogs.files import naming, read_yaml
from recast.pretrained import seen
from recast.pretrained.checkpoints import check_resumable
from recast.pretrained.hyper_parameters import plain_settings
from recast.training.data import CatalogData
from recast.training.resuming import WholeCheckpoints, alone
from recast.training.task import RecastTask
from recast.training.trainer import (
    CHECKPOINT,
    EARLY_STOPPING,
    TRAINER,
    StartCounts,
    every_epoch,
    one_thread,
    progress,
    quiet,
)

SECTIONS = {
    "data": "{window: 256}",
    "model": "{width: 32}",
    "trainer": "{max_epochs: 30}",
    "early_stopping": "{patience: 12}",
    "checkpoint": "{filename: best}",
}
"""Sections of settings, with an example of each."""


class RecastCLI(LightningCLI):
    """LightningCLI with scaling from the data, and early stopping and checkpoints in the config.

    Only the parser of the subcommand that runs is built: each of the four takes long.
    """

    def __init__(self, args: list[str], locks: ExitStack, **settings: Any) -> None:
        self._named, self._locks = args[0], locks
        super().__init__(args=args, **settings)

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Report settings that cannot be parsed in one line."""
        try:
            super().parse_arguments(parser, args)
        except (ArgumentError, InputError, UnicodeDecodeError):
            raise
        except Exception as error:  # a parser of free text can fail in any way
            words = args if isinstance(args, list) else []
            for given in (value for option, value in pairwise(words) if option == "--config"):
                read_yaml(Path(given))  # raises if this file is the cause
            raise InputError(f"the settings cannot be understood ({error})") from error
        settings = self.config[self.config["subcommand"]]
        seed = settings.get("seed_everything")
        if isinstance(seed, int) and not 0 <= seed < 2**32:
            raise InputError(f"seed_everything = {seed}: give a number from 0 to {2**32 - 1}")
        for section, example in SECTIONS.items():
            if not isinstance(settings.get(section), Namespace):
                raise InputError(
                    f"{section} = {settings.get(section)!r}: give settings by name, as in "
                    f"`{section}: {example}`"
                )
        _check_given(settings)

    def _parse_ckpt_path(self) -> None:
        """Take the hyper-parameters of a checkpoint, once they are known to be plain values.

        LightningCLI would parse them as they are, and import what a ``class_path`` in them names.
        """
        command = self.config["subcommand"]
        given = self.config[command].get("ckpt_path")
        if given is None:
            return
        path = Path(given).resolve()  # a path, even if it is named "shipped"
        seen(path)  # reads the whole file
        if command == "fit":
            check_resumable(path)
        found = {command: {"model": plain_settings(path)}}
        self.config = self.parser.parse_object(found, self.config)

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Make a trainer that writes checkpoints whole and reads them with ``weights_only``."""
        try:
            trainer = super().instantiate_trainer(**kwargs)
        except Exception as error:  # of many kinds, all caused by its settings
            raise InputError(f"trainer: {error}") from error
        trainer.strategy.checkpoint_io = WholeCheckpoints()
        return trainer

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]  # static there
        """Arguments of the subcommand that are not settings."""
        return {self._named: LightningCLI.subcommands()[self._named] | {"weights_only"}}

    def before_fit(self) -> None:
        """Resume in the folder of the checkpoint; refuse to fine-tune a net that has seen the test.

        Unless ``checkpoint.dirpath`` is given, a resumed training writes its checkpoints where it
        began, so that the best one is the best of all epochs, not only of those after the pause.
        """
        given = self.config.fit.ckpt_path
        callbacks = [c for c in self.trainer.checkpoint_callbacks if isinstance(c, ModelCheckpoint)]
        for callback in callbacks:
            if given is not None and callback.dirpath is None:
                callback.dirpath = str(Path(given).resolve().parent)
        used = [self.trainer.log_dir, *(callback.dirpath for callback in callbacks)]
        for folder in sorted({str(path) for path in used if path}):
            self._locks.enter_context(alone(Path(folder)))
        start = self.model.hparams["pretrained"]
        if start is not None:
            for region in self.datamodule.regions:
                check_unseen(seen(start), region.catalog, f"net {start}")

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Link settings that model and data share, and expose the two callbacks."""
        for name in ("scalings", "trained_on"):
            parser.link_arguments(
                "data", f"model.{name}", compute_fn=attrgetter(name), apply_on="instantiate"
            )
        parser.link_arguments("model.pretrained", "data.pretrained")
        parser.add_lightning_class_args(EarlyStopping, "early_stopping")
        parser.add_lightning_class_args(ModelCheckpoint, "checkpoint")
        parser.set_defaults(
            {
                **{f"early_stopping.{k}": v for k, v in EARLY_STOPPING.items()},
                **{f"checkpoint.{k}": v for k, v in CHECKPOINT.items()},
            }
        )


def _check_given(settings: Namespace) -> None:
    """Raise an InputError if a setting that needs a value is null."""
    for section, owner in (("data", CatalogData), ("model", RecastTask)):
        for name, parameter in signature(owner).parameters.items():
            needed = parameter.default not in {None, Parameter.empty}
            if needed and settings[section].get(name, parameter.default) is None:
                raise InputError(f"{section}.{name} is null: give a value, or leave it out")


def main(argv: list[str]) -> int:
    """Run one subcommand; ``argv`` starts with its name."""
    trainer_defaults: dict[str, Any] = {
        **TRAINER,
        "logger": {
            "class_path": "lightning.pytorch.loggers.CSVLogger",
            "init_args": {"save_dir": "runs", "name": "recast"},
        },
        "callbacks": [progress(), StartCounts(), every_epoch()],
        "enable_progress_bar": sys.stderr.isatty(),
    }
    try:
        with (
            quiet(),
            one_thread(),
            naming(Path("config.yaml or metrics.csv of the run")),
            ExitStack() as locks,
        ):
            done = RecastCLI(
                argv,
                locks,
                model_class=RecastTask,
                datamodule_class=CatalogData,
                seed_everything_default=0,
                trainer_defaults=trainer_defaults,
                save_config_kwargs={"overwrite": True},
                # Errors are raised, to be reported in one line like all others
                parser_kwargs={"prog": "recast", "exit_on_error": False},
            )
    except ArgumentError as error:
        message = " ".join(str(error).split())
        raise InputError(f"{message} (see `recast {argv[0]} --help`)") from error
    except UnicodeDecodeError as error:
        named = [word.partition("=")[2] or word for word in argv]
        files = [word for word in named if Path(word).is_file() and not _is_text(Path(word))]
        which = ", ".join(files) or "a file that the settings name"
        raise InputError(f"{which} is not UTF-8 text ({error})") from error
    except ValueError as error:  # how jsonargparse passes on errors raised in a link
        if isinstance(error.__cause__, InputError):
            raise error.__cause__ from None
        if "rotocol not known" in str(error):  # of a folder like gopher://here
            raise InputError(f"a folder in the settings is not valid ({error})") from error
        raise
    print(_written(argv[0], done.trainer))
    return 0


def _written(command: str, trainer: Trainer) -> str:
    """Report the files that a subcommand wrote; nothing if it prints its results."""
    folder = Path(trainer.log_dir or ".")
    if command == "predict":
        return "\n".join(f"written: {path}" for path in sorted(folder.glob("predictions*.csv")))
    best = next((c for c in trainer.checkpoint_callbacks if getattr(c, "monitor", None)), None)
    if command != "fit" or not isinstance(best, ModelCheckpoint) or best.best_model_score is None:
        return ""
    return (
        f"best checkpoint: {best.best_model_path}, validation "
        f"{-float(best.best_model_score):.4f} nats/event; `recast test --ckpt_path` scores it"
    )


def _is_text(path: Path) -> bool:
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True
