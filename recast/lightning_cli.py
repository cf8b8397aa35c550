"""`recast fit | validate | test | predict`: LightningCLI with this project's defaults."""

from __future__ import annotations

import sys
from operator import attrgetter
from typing import Any

from jsonargparse import ArgumentError
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

from catalogs import InputError, check_unseen
from recast.data import CatalogData
from recast.pretrained import seen
from recast.task import RecastTask
from recast.training import (
    CHECKPOINT,
    EARLY_STOPPING,
    TRAINER,
    StartCounts,
    every_epoch,
    one_thread,
    progress,
    quiet,
)


class RecastCLI(LightningCLI):
    """Scaling comes from the data; early stopping and checkpoints are settable by config."""

    def before_fit(self) -> None:
        """Refuse to fine-tune a net where it may have seen the test window."""
        start = self.model.hparams["pretrained"]
        if start is not None:
            for region in self.datamodule.regions:
                check_unseen(seen(start), region.catalog, f"net {start}")

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Link what the model knows of the data to them and expose the two callbacks."""
        for name in ("scalings", "trained_on"):
            parser.link_arguments(
                "data", f"model.{name}", compute_fn=attrgetter(name), apply_on="instantiate"
            )
        parser.add_lightning_class_args(EarlyStopping, "early_stopping")
        parser.add_lightning_class_args(ModelCheckpoint, "checkpoint")
        parser.set_defaults(
            {
                **{f"early_stopping.{k}": v for k, v in EARLY_STOPPING.items()},
                **{f"checkpoint.{k}": v for k, v in CHECKPOINT.items()},
            }
        )


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
        with quiet(), one_thread():
            RecastCLI(
                model_class=RecastTask,
                datamodule_class=CatalogData,
                seed_everything_default=0,
                trainer_defaults=trainer_defaults,
                save_config_kwargs={"overwrite": True},
                # Mistakes are raised, to be reported in one line like all others
                parser_kwargs={"prog": "recast", "exit_on_error": False},
                args=argv,
            )
    except ArgumentError as error:
        raise InputError(" ".join(str(error).split())) from error
    except ValueError as error:  # how jsonargparse passes on what a link has raised
        if isinstance(error.__cause__, InputError):
            raise error.__cause__ from None
        raise
    return 0
