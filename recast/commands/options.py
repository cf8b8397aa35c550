"""Options that several commands have: each means the same in all of them."""

from __future__ import annotations

import argparse
import difflib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from catalogs import Catalog
    from recast.forecast.chunks import Progress

AREA = (
    "only events inside SOUTH/NORTH/WEST/EAST, as in 32.5/36/-120/-114, or inside a polygon of "
    "three or more LATITUDE,LONGITUDE with blanks between them"
)

RENAMED = {
    "--magnitude-completeness": "--completeness M",
    "--earthquakes-only": "--event-types earthquakes",
    "--mode": "--models recast-native, recast-zero-shot or recast-few-shot",
    "-n": "--samples N",
}
"""What was spelled otherwise in version 0.1.0, and how it is now."""

WHERE = {"--workers": 1, "--threads": 1, "--scheduler": 1, "--resume": 0}
"""Options with their number of values that say where or how often, and change no result."""


class OneLineParser(argparse.ArgumentParser):
    """An argument parser whose complaints fit on one line, and which knows no abbreviations.

    An option that is added later must not change what an older command means, and options are
    looked for by name where results say how they were made.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})
        self.set_defaults(parser=self)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read more, and exit with 2."""
        self.exit(2, f"{self.prog}: {message} (see `{self.prog} --help`)\n")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Say which argument is not known, and what may have been meant."""
        word = next((word for word in unknown if word.startswith("-")), unknown[0])
        option = word.partition("=")[0]
        if option in RENAMED:
            self.error(f"{option} is now {RENAMED[option]}")
        known = [name for action in self._actions for name in action.option_strings]
        near = difflib.get_close_matches(option, known, n=1)
        hint = f": did you mean {near[0]}?" if near else ""
        kind = "option" if word.startswith("-") else "argument"
        self.error(f"no {kind} {option}{hint}")


def add_catalog(parser: argparse.ArgumentParser) -> None:
    """Add the one catalog that a command is about."""
    parser.add_argument(
        "--catalog", required=True, metavar="NAME", help="name or path of a catalog"
    )


def add_model(parser: argparse._ActionsContainer, *, required: bool = True) -> None:
    """Add the files of a fitted model."""
    parser.add_argument(
        "--model",
        nargs="+",
        required=required,
        metavar="FILE",
        help="JSON of a fit (etas.json, poisson.json) or a checkpoint (.ckpt), as `recast etas "
        "fit`, `recast fit` and `recast benchmark` write them; of several checkpoints the mixture; "
        "shipped is the net of many regions that comes with the package, and departs from the "
        "ETAS of the catalog",
    )


def add_seed(parser: argparse._ActionsContainer) -> None:
    """Add the seed of everything random."""
    parser.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")


def add_samples(parser: argparse._ActionsContainer, default: int | None) -> None:
    """Add how many catalogs are simulated."""
    known = "" if default is None else " (default: %(default)s)"
    parser.add_argument(
        "--samples", type=int, default=default, metavar="N", help=f"simulated catalogs{known}"
    )


def add_threads(parser: argparse._ActionsContainer) -> None:
    """Add how many threads compute."""
    parser.add_argument(
        "--threads", type=int, metavar="N", help="threads; changes no result (default: all cores)"
    )


def add_workers(parser: argparse._ActionsContainer, what: str) -> None:
    """Add how many processes do ``what``."""
    parser.add_argument("--workers", type=int, metavar="N", help=f"{what}; changes no result")


def add_scheduler(parser: argparse._ActionsContainer) -> None:
    """Add where forecasts are drawn."""
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="of a running dask cluster, as tcp://HOST:8786, whose workers draw the forecasts",
    )


def add_resume(parser: argparse._ActionsContainer) -> None:
    """Add whether an interrupted run is continued."""
    parser.add_argument(
        "--resume", action="store_true", help="continue what an interrupted run left in --out"
    )


def add_out(parser: argparse._ActionsContainer, default: str) -> None:
    """Add where results are written."""
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help=f"where to write (default: {default})"
    )


def add_no_plots(parser: argparse._ActionsContainer) -> None:
    """Add whether pictures are drawn."""
    parser.add_argument("--no-plots", action="store_true", help="draw nothing")


def add_place(parser: argparse._ActionsContainer, default: str) -> None:
    """Add where events are put in formats that need a place."""
    parser.add_argument(
        "--place",
        nargs=2,
        type=float,
        metavar=("LATITUDE", "LONGITUDE"),
        help=f"put all events there, in formats that need a place (default: {default})",
    )


def add_magnitudes_of_nets(parser: argparse._ActionsContainer) -> None:
    """Add from which law a net's forecast draws magnitudes."""
    parser.add_argument(
        "--own-magnitudes",
        action="store_true",
        help="draw magnitudes from the net's own law, which may run away right after a large "
        "event, instead of the Gutenberg-Richter law of the train window",
    )


def add_leak(parser: argparse._ActionsContainer) -> None:
    """Add whether a model may have seen what it forecasts."""
    parser.add_argument(
        "--allow-leak",
        action="store_true",
        help="forecast although the model has seen data from after the forecast, and mark it",
    )


def add_ties(parser: argparse._ActionsContainer, default: str, *, stated: bool = True) -> None:
    """Add what becomes of events of equal time; None unless ``stated`` where nothing is said."""
    parser.add_argument(
        "--ties",
        choices=("error", "separate", "drop"),
        default=default if stated else None,
        help="events of equal time: stop, set them 1 ms apart, or keep the first (default: "
        f"{default})",
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the fields of ``catalogs.Selection``."""
    group = parser.add_argument_group("what to use of the catalog (default: all that it says)")
    group.add_argument("--area", metavar="AREA", help=AREA)
    group.add_argument("--start", metavar="DATE", help="start of the window")
    group.add_argument("--end", metavar="DATE", help="end of the window, exclusive")
    add_completeness(group, "the catalog's own, which it may not lie below")
    add_splits(group)
    group.add_argument(
        "--event-types",
        choices=("earthquakes", "all"),
        default="all",
        help="earthquakes only, without what the network calls otherwise, such as quarry blasts; "
        "or all (default: all)",
    )


def add_event_types(parser: argparse._ActionsContainer, default: str | None) -> None:
    """Add which types of events a new catalog takes (``catalogs.event_types``)."""
    parser.add_argument(
        "--event-types",
        choices=("earthquakes", "all", "paper"),
        default=default,
        help="earthquakes only, and each identifier once (events without a type stay); all types; "
        "or what the RECAST paper kept: all types, repeated identifiers too (default: earthquakes)",
    )


def add_completeness(
    parser: argparse._ActionsContainer, default: str = "maximum curvature + 0.2"
) -> None:
    """Add the magnitude from which on a catalog is complete."""
    parser.add_argument(
        "--completeness",
        type=float,
        metavar="M",
        help=f"magnitude of completeness (default: {default})",
    )


def add_strict_completeness(parser: argparse._ActionsContainer) -> None:
    """Add whether events at completeness count."""
    parser.add_argument(
        "--strict-completeness",
        action="store_true",
        default=None,  # as the provider says, where one does
        help="leave out events at exactly the completeness",
    )


def add_splits(parser: argparse._ActionsContainer, default: str = "") -> None:
    """Add the two ways to say where train, validation and test windows lie."""
    splits = parser.add_mutually_exclusive_group()
    splits.add_argument(
        "--splits",
        nargs=4,
        metavar=("TRAIN_START", "VAL_START", "TEST_START", "END"),
        help="dates between which train, validation and test windows lie",
    )
    splits.add_argument(
        "--fractions",
        nargs=3,
        type=float,
        metavar=("TRAIN", "VAL", "TEST"),
        help=f"shares of the complete events in train, validation and test{default}",
    )


def selected(
    catalog: Catalog,
    args: argparse.Namespace,
    name: str | None = None,
    *,
    any_splits: bool = False,
) -> Catalog:
    """The part of a catalog that the options choose; ``any_splits`` where no split is looked at."""
    from catalogs import Selection

    selection = Selection(
        area=args.area,
        start=args.start,
        end=args.end,
        magnitude_completeness=args.completeness,
        splits=args.splits,
        fractions=args.fractions,
        earthquakes_only=args.event_types == "earthquakes",
    )
    return selection.of(catalog, name, any_splits=any_splits)


def check_counts(args: argparse.Namespace, *names: str) -> None:
    """Refuse numbers of threads, workers or samples below 1, and a negative seed.

    Raises
    ------
    InputError
        Naming the option.
    """
    from catalogs import InputError

    for name in names:
        value = getattr(args, name)
        if value is not None and value < 1:
            raise InputError(f"--{name.replace('_', '-')} {value}: at least one is needed")
    if getattr(args, "seed", 0) < 0:
        raise InputError(f"--seed {args.seed} is negative: give 0 or more")


def typed(argv: Sequence[str]) -> str:
    """The command, so that it can be typed again: an area may hold blanks."""
    return shlex.join(["recast", *argv])


def without_where(argv: Sequence[str]) -> list[str]:
    """The command without what changes no result, so that neither does it change the files."""
    out: list[str] = []
    skip = 0
    for word in argv:
        if skip:
            skip -= 1
        elif word.partition("=")[0] in WHERE:
            skip = 0 if "=" in word else WHERE[word]
        else:
            out.append(word)
    return out


def chunk_progress(label: str, seconds: float = 10.0) -> Progress:
    """A line every few seconds that says how far forecasts are."""
    import sys
    import time

    said = 0.0

    def say(model: str, done: int, chunks: int) -> None:
        nonlocal said
        now = time.monotonic()
        if done == chunks or now - said > seconds:
            said = now
            line = f"{label}: {model}, {done} of {chunks} chunks of forecasts"
            print(line, file=sys.stderr, flush=True)

    return say
