"""Options that several commands share, with the same meaning in each."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from catalogs.display import closest

if TYPE_CHECKING:
    from catalogs import Catalog
    from recast.forecast.chunks import Progress

AREA = (
    "use only events inside SOUTH/NORTH/WEST/EAST, for example 32.5/36/-120/-114, or inside a "
    "polygon of three or more LATITUDE,LONGITUDE pairs, separated by blanks"
)

RENAMED = {
    "--magnitude-completeness": "--completeness M",
    "--earthquakes-only": "--event-types earthquakes",
    "--mode": "--models recast-native, recast-zero-shot or recast-few-shot",
    "-n": "--samples N",
    "--box": "--area AREA",
    "catalogs fetch --preset": "--event-types paper",
    "etas fit --protocol": "--fit-to train, train+val or all",
    "simulate --start": "--origin DATE",
    "forecast --no-csep": "the default: leave it out, or add --csep for the file",
    "benchmark --parameter-uncertainty": "the default of `recast forecast --rolling DAYS --run "
    "RUN`",
    **{
        f"benchmark {option}": f"in `recast forecast --rolling DAYS --run RUN {option}{value}`"
        for option, value in {
            "--seed": " N",
            "--own-magnitudes": "",
            "--allow-leak": "",
            "--scheduler": " ADDRESS",
        }.items()
    },
}
"""Options of version 0.1.0, in all commands or after the name of one, and what they are now."""

MOVED = {"etas residuals": "residuals", "etas simulate": "simulate"}
"""Commands of version 0.1.0, and their new names."""

WHERE = {"--workers": 1, "--threads": 1, "--scheduler": 1, "--resume": 0}
"""Options that change no result, only where and how it is computed, and their numbers of values."""


NEGATIVE = re.compile(r"-\.?\d[-+\d.,:/eE]*$")
"""A value that begins with a minus: a number, a zone as -05:00, an area as -30/-10/0/9."""


class OneLineParser(argparse.ArgumentParser):
    """An argument parser with one-line errors and without abbreviations of options.

    Options added later must not change what older commands mean, and recorded commands are searched
    for full option names.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})
        self._negative_number_matcher = NEGATIVE
        self.set_defaults(parser=self)

    def error(self, message: str) -> NoReturn:
        """Print the error and where to find help, and exit with 2."""
        self.exit(2, f"{self.prog}: {message} (see `{self.prog} --help`)\n")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Report an unknown argument, with the closest known option."""
        word = next((word for word in unknown if word.startswith("-")), unknown[0])
        option = word.partition("=")[0]
        if (now := renamed(self, option)) is not None:
            self.error(f"{option} is now {now}")
        near = closest(option, [name for action in self._actions for name in action.option_strings])
        hint = "" if near is None else f": did you mean {near}?"
        kind = "option" if word.startswith("-") else "argument"
        self.error(f"no {kind} {option}{hint}")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse an unknown command with its new name, or the closest one."""
        if isinstance(action, argparse._SubParsersAction) and value not in action.choices:  # noqa: SLF001 - argparse has no other name for it
            command = _command(self, value)
            if command in MOVED:
                self.error(f"`recast {command}` is now `recast {MOVED[command]}`")
            near = closest(value, action.choices)
            if near is not None:
                message = f"invalid choice: {value!r}: did you mean {near}?"
                raise argparse.ArgumentError(action, message)
        super()._check_value(action, value)


def renamed(parser: argparse.ArgumentParser, option: str) -> str | None:
    """What an option of version 0.1.0 is now in a command; None if it has no such option."""
    if (now := RENAMED.get(_command(parser, option))) is not None:
        return now
    now = RENAMED.get(option, "")
    known = {name for action in parser._actions for name in action.option_strings}  # noqa: SLF001 - argparse has no other list
    return now if now.partition(" ")[0] in known else None


def _command(parser: argparse.ArgumentParser, word: str) -> str:
    """The command of a parser without `recast`, and a word after it."""
    return f"{parser.prog} {word}".partition(" ")[2]


def add_catalog(parser: argparse.ArgumentParser) -> None:
    """Add the catalog that a command works on."""
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
        help="JSON of a fit (etas.json, poisson.json) or a checkpoint (.ckpt) written by `recast "
        "etas fit`, `recast fit` or `recast benchmark`, or released by the authors of RECAST; "
        "several checkpoints are mixed; 'shipped' "
        "is the net of many regions that comes with the package and builds on the ETAS of the "
        "catalog",
    )


def add_seed(parser: argparse._ActionsContainer, *, stated: bool = True) -> None:
    """Add the random seed; the default is None unless ``stated``."""
    default = 0 if stated else None
    parser.add_argument("--seed", type=int, default=default, help="random seed (default: 0)")


def add_samples(parser: argparse._ActionsContainer, default: int | None) -> None:
    """Add the number of simulated catalogs."""
    known = "" if default is None else " (default: %(default)s)"
    parser.add_argument(
        "--samples",
        type=int,
        default=default,
        metavar="N",
        help=f"number of simulated catalogs{known}",
    )


def add_threads(parser: argparse._ActionsContainer) -> None:
    """Add the number of threads."""
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="number of threads; does not change the result (default: all cores)",
    )


def add_workers(parser: argparse._ActionsContainer, what: str) -> None:
    """Add the number of processes that do ``what``."""
    parser.add_argument(
        "--workers", type=int, metavar="N", help=f"{what}; does not change the result"
    )


def add_scheduler(parser: argparse._ActionsContainer) -> None:
    """Add the cluster that draws forecasts."""
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="address of a running dask cluster that draws the forecasts, as tcp://HOST:8786",
    )


def duration(text: str) -> float:
    """The seconds in a length of time such as 20min."""
    from catalogs import InputError
    from recast.live.durations import seconds

    try:
        return seconds(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_every(parser: argparse._ActionsContainer, default: str, value: float | None = None) -> None:
    """Add the time between steps of a service."""
    parser.add_argument(
        "--every",
        type=duration,
        default=value,
        metavar="TIME",
        help=f"from one step to the next, as in 10min (default: {default})",
    )


def add_config(parser: argparse._ActionsContainer) -> None:
    """Add `--config`, the options of the command in a file."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="YAML with these options by name, as in `catalog: [scedc]`; the command line takes "
        "precedence",
    )


def add_resume(parser: argparse._ActionsContainer) -> None:
    """Add whether to resume an interrupted run."""
    parser.add_argument(
        "--resume", action="store_true", help="resume an interrupted run from what it left in --out"
    )


def add_out(parser: argparse._ActionsContainer, default: str) -> None:
    """Add the output folder."""
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help=f"where to write (default: {default})"
    )


def add_no_plots(parser: argparse._ActionsContainer) -> None:
    """Add whether to draw plots."""
    parser.add_argument("--no-plots", action="store_true", help="draw no plots")


def add_place(parser: argparse._ActionsContainer, default: str) -> None:
    """Add the location of all events, for formats that need one."""
    parser.add_argument(
        "--place",
        nargs=2,
        type=float,
        metavar=("LATITUDE", "LONGITUDE"),
        help="location of all events, in formats that need one, where the model has no places "
        f"(default: {default})",
    )


def add_magnitudes_of_nets(parser: argparse._ActionsContainer) -> None:
    """Add whether nets draw magnitudes from their own law."""
    parser.add_argument(
        "--own-magnitudes",
        action="store_true",
        help="draw magnitudes from the net's own law, which may run away right after a large "
        "event, instead of the Gutenberg-Richter law of the train window",
    )


def add_leak(parser: argparse._ActionsContainer) -> None:
    """Add whether a model may have seen the data it forecasts."""
    parser.add_argument(
        "--allow-leak",
        action="store_true",
        help="forecast even if the model has seen later data, and mark the result",
    )


def add_ties(parser: argparse._ActionsContainer, default: str, *, stated: bool = True) -> None:
    """Add what to do with simultaneous events; the default is None unless ``stated``."""
    parser.add_argument(
        "--ties",
        choices=("error", "separate", "drop"),
        default=default if stated else None,
        help="simultaneous events: stop, set them 1 ms apart, or keep the first (default: "
        f"{default})",
    )


def add_selection(parser: argparse.ArgumentParser) -> None:
    """Add the fields of ``catalogs.Selection``."""
    group = parser.add_argument_group("part of the catalog to use (default: all of it)")
    group.add_argument("--area", metavar="AREA", help=AREA)
    group.add_argument("--start", metavar="DATE", help="start of the window")
    group.add_argument("--end", metavar="DATE", help="end of the window, exclusive")
    add_completeness(group, "the catalog's own, which is the lowest allowed")
    add_splits(group)
    group.add_argument(
        "--event-types",
        choices=("earthquakes", "all"),
        default="all",
        help="earthquakes only, without other types such as quarry blasts, or all (default: all)",
    )


def add_event_types(parser: argparse._ActionsContainer, default: str | None) -> None:
    """Add the types of events in a new catalog (``catalogs.event_types``)."""
    parser.add_argument(
        "--event-types",
        choices=("earthquakes", "all", "paper"),
        default=default,
        help="earthquakes only, each identifier once (events without a type are kept); all types; "
        "or as in the RECAST paper: all types and repeated identifiers (default: earthquakes)",
    )


def add_completeness(
    parser: argparse._ActionsContainer, default: str = "maximum curvature + 0.2"
) -> None:
    """Add the magnitude of completeness."""
    parser.add_argument(
        "--completeness",
        type=_magnitude,
        metavar="M",
        help=f"magnitude of completeness (default: {default})",
    )


def add_completeness_history(parser: argparse._ActionsContainer, default: str = "constant") -> None:
    """Add a completeness that changes in time."""
    parser.add_argument(
        "--completeness-history",
        metavar="HOW",
        help="completeness that changes in time: 'helmstetter' for M - 4.5 - 0.75 log10(t) after "
        "each large event (Helmstetter et al. 2006), or a CSV file with columns time (dates, or "
        "days where the catalog uses days) and magnitude, each row holding until the next "
        f"(default: {default})",
    )


def _magnitude(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        in_time = text == "helmstetter" or text.endswith(".csv")  # as version 0.1.0 had it
        hint = f": in `etas fit` this is now --completeness-history {text}" if in_time else ""
        raise argparse.ArgumentTypeError(f"invalid float value: {text!r}{hint}") from None


def add_strict_completeness(parser: argparse._ActionsContainer) -> None:
    """Add whether to leave out events at exactly the completeness."""
    parser.add_argument(
        "--strict-completeness",
        action="store_true",
        default=None,  # as the provider says, if it does
        help="leave out events at exactly the completeness",
    )


def add_splits(parser: argparse._ActionsContainer, default: str = "") -> None:
    """Add the two ways to set the train, validation and test windows."""
    splits = parser.add_mutually_exclusive_group()
    splits.add_argument(
        "--splits",
        nargs=4,
        metavar=("TRAIN_START", "VAL_START", "TEST_START", "END"),
        help="boundaries of the train, validation and test windows",
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
    """Select the part of a catalog that the options name; ``any_splits`` if splits don't matter."""
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
    """Quote a command so that it can be pasted into a shell: an area may contain blanks."""
    return shlex.join(["recast", *argv])


def warn_of_gaps(catalog: Catalog, *, complete: bool = True) -> None:
    """Print to stderr what long undeclared gaps, and incomplete years, do to a fit.

    ``complete`` is whether the fit takes completeness for constant.
    """
    import sys

    from catalogs.checks.quality import gap_warning, incomplete_warning
    from recast.commands.printing import in_options

    warnings = [gap_warning(catalog), incomplete_warning(catalog) if complete else None]
    for warning in warnings:
        if warning is not None:
            options = {"start": None, "completeness": None}
            print(f"recast: {in_options(warning, options)}", file=sys.stderr)


def without_where(argv: Sequence[str]) -> list[str]:
    """Remove the options that change no result, so that they don't change the files either."""
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


def chunk_progress(
    label: str, seconds: float = 10.0, what: str = "chunks of forecasts"
) -> Progress:
    """Return a function that prints the progress of forecasts, and the time left, now and then."""
    import sys
    import time

    said = 0.0
    begun: dict[str, tuple[float, int]] = {}  # when, and chunks done by then

    def say(model: str, done: int, chunks: int) -> None:
        nonlocal said
        now = time.monotonic()
        since, before = begun.setdefault(model, (now, done))
        if done == chunks or now - said > seconds:
            said = now
            line = f"{label}: {model}, {done} of {chunks} {what}"
            if before < done < chunks:
                left = (now - since) / (done - before) * (chunks - done)
                line += f", {rough_time(left)} left"
            print(line, file=sys.stderr, flush=True)

    return say


def rough_time(seconds: float) -> str:
    """A duration in its largest unit.

    >>> rough_time(42.3), rough_time(200.0), rough_time(9000.0)
    ('42 s', '3 min', '2.5 h')
    """
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    return f"{seconds / 60.0:.0f} min" if seconds < 5400.0 else f"{seconds / 3600.0:.1f} h"
