"""`recast pretrain`: one net for many regions."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.commands.config import with_config
from recast.commands.options import (
    add_config,
    add_resume,
    add_seed,
    check_counts,
    typed,
    without_where,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast pretrain`."""
    parser = subparsers.add_parser(
        "pretrain",
        help="train one net on many regions",
        description="Train one net on the train windows of many catalogs, and write net.ckpt, "
        "which is used like the net that comes with the package, MODEL_CARD.md and "
        "pretraining.json. Parts of regions that the net is not told (--unnamed) teach it what "
        "unknown regions are like.",
    )
    parser.add_argument(
        "--catalog",
        nargs="+",
        default=[],
        metavar="NAME",
        help="names or paths of catalogs, each of which gets a code of its own",
    )
    parser.add_argument(
        "--fetch",
        nargs="+",
        default=[],
        metavar="WORDS",
        help="further catalogs from their providers, each as one quoted word with what follows "
        "`recast catalogs fetch`, as in 'comcat --name chile --area -40/-17/-76/-66 --start "
        "2000-01-01 --min-magnitude 4'",
    )
    parser.add_argument(
        "--unnamed",
        nargs="+",
        default=[],
        metavar="NAME",
        help="catalogs that get no code, such as parts of others: NAME@SOUTH/NORTH/WEST/EAST",
    )
    parser.add_argument(
        "--weight",
        nargs="+",
        default=[],
        type=_pair,
        metavar="NAME=FACTOR",
        help="how often a catalog is drawn (default: 1, and 0.33 for those of --unnamed)",
    )
    parser.add_argument(
        "--gap",
        nargs=2,
        action="append",
        default=[],
        metavar=("FROM", "UNTIL"),
        help="dates between which nothing is trained on; may be repeated",
    )
    for option, default, what in (
        ("--epochs", 25, "number of epochs"),
        ("--steps-per-epoch", 100, "steps of an epoch"),
        ("--batch-size", 32, "windows per step and device"),
    ):
        parser.add_argument(
            option, type=int, default=default, metavar="N", help=f"{what} (default: %(default)s)"
        )
    parser.add_argument(
        "--net",
        nargs="+",
        default=[],
        type=_pair,
        metavar="NAME=VALUE",
        help="settings of the net and its optimiser, those of model in `recast fit`, as in "
        "hidden_size=48 dropout=0.4 (default: dropout=0.3, and unknown=0.05 with --unnamed)",
    )
    parser.add_argument(
        "--trainer",
        nargs="+",
        default=[],
        type=_pair,
        metavar="NAME=VALUE",
        help="settings of Lightning's Trainer, as in accelerator=gpu devices=4 strategy=ddp "
        "(default: one device, a GPU where there is one)",
    )
    add_seed(parser)
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/pretrain"),
        metavar="DIR",
        help="where to write (default: %(default)s)",
    )
    add_resume(parser)
    add_config(parser)
    parser.set_defaults(run=lambda args: run(with_config(args, parser)))


def run(args: argparse.Namespace) -> int:
    """Fetch what is asked for, train, and print the scores."""
    from recast.models.pretraining import CARD, RECORD, pretrain

    check_counts(args, "epochs", "steps_per_epoch", "batch_size")
    result = pretrain(
        [*args.catalog, *_fetched(args.fetch, resume=args.resume)],
        args.out,
        unnamed=args.unnamed,
        weights={name: _number(name, value) for name, value in args.weight},
        gaps=[(begin, end) for begin, end in args.gap],
        epochs=args.epochs,
        steps_per_epoch=args.steps_per_epoch,
        batch_size=args.batch_size,
        net=dict(args.net),
        trainer=dict(args.trainer),
        seed=args.seed,
        resume=args.resume,
        command=typed(without_where(args.argv)),
    )
    if result is not None:
        print(result)
        print(f"written: {result.net}, {CARD} and {RECORD} beside it")
        print(f"\nNext: recast benchmark --models etas recast-zero-shot --pretrained {result.net}")
    return 0


def _fetched(asked: Sequence[str], *, resume: bool) -> list[str]:
    """Names or paths of the catalogs that were fetched; a resumed run takes those of before."""
    from catalogs.store import record_path
    from recast.commands.catalogs_fetch import fetched, parsed_words

    names = []
    for words in asked:
        args = parsed_words(words)
        path = record_path(args.name or args.known, args.out)
        if not (resume and path.is_file()):
            fetched(args)
        names.append(str(path) if args.out is not None else path.stem)
    return names


def _pair(text: str) -> tuple[str, Any]:
    import yaml

    name, separator, value = text.rpartition("=")
    if not (separator and name and value):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    try:
        return name, yaml.safe_load(value)
    except yaml.YAMLError:
        raise argparse.ArgumentTypeError(f"{text!r}: the value is not YAML") from None


def _number(name: str, value: Any) -> float:
    from catalogs import InputError

    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"--weight {name}={value}: give a number")
    return float(value)
