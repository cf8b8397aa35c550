"""The `recast` command: run a subcommand and report errors in one line."""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import warnings
from collections.abc import Sequence
from typing import NoReturn

from catalogs.errors import FetchError, InputError
from catalogs.texts import visible
from recast.commands.ending import INTERRUPTED, Ending
from recast.commands.options import OneLineParser
from recast.commands.printing import in_options

LIGHTNING = {
    "fit": "train a neural model",
    "validate": "score a trained model on the validation window",
    "test": "score a trained model on the test window",
    "predict": "evaluate a trained model event by event",
}
"""Subcommands that LightningCLI parses."""


def main(args: Sequence[str] | None = None) -> int:
    """Run `recast` with these arguments (by default those of the process); return the exit code.

    0 means success, 2 input that the user can fix, 1 any other failure, 130 an interruption, 143 an
    end by SIGTERM. Errors are printed as one line on stderr; with RECAST_TRACEBACK=1 in the
    environment unexpected ones come with a traceback.
    """
    argv = list(sys.argv[1:] if args is None else args)
    ending = Ending()
    if args is None:  # else the process is somebody else's
        _prepare_terminal()
        _await_signals(ending)
    try:
        return _dispatch(argv, ending)
    except SystemExit as stop:  # parsers exit; a caller in the same process wants the code
        if isinstance(stop.code, str):
            print(stop.code, file=sys.stderr)
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except KeyboardInterrupt:
        print(ending.line(signal.SIGINT), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader, perhaps `head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001 - the last resort of the command line
        return _report(error)


def _prepare_terminal() -> None:
    """Print whatever names have, and warnings of libraries in one line each."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")

    def show(message: Warning | str, *_: object, **__: object) -> None:
        print(f"recast: {visible(' '.join(str(message).split()))}", file=sys.stderr)

    warnings.showwarning = show


def _await_signals(ending: Ending) -> None:
    """End on signals; of several processes that train together, the first one does, for all."""
    if os.environ.get("LOCAL_RANK", "0") == "0":
        ending.on_signals()
        return
    from catalogs.processes import end_with_parent

    end_with_parent()


def _dispatch(argv: list[str], ending: Ending) -> int:
    if argv and argv[0] in LIGHTNING:
        from recast.commands import settings_help

        if {"-h", "--help"} & set(argv):
            settings_help.print_help(argv[0], LIGHTNING[argv[0]])
            return 0
        if argv[0] == "fit":
            ending.remedy = "--ckpt_path with the last.ckpt of the run resumes it"
        from recast.training import lightning_cli  # torch takes seconds to import

        return lightning_cli.main(["--help" if a == settings_help.ALL else a for a in argv])
    parsed, unknown = _parser().parse_known_args(argv)
    if unknown:
        parsed.parser.refuse(unknown)
    parsed.argv = argv  # results record the command
    if hasattr(parsed, "resume"):
        ending.remedy = "the same command with --resume goes on"
    try:
        code: int = parsed.run(parsed)
    except (FetchError, InputError) as error:
        error.args = (in_options(str(error), vars(parsed)),)
        raise
    return code


def _parser() -> argparse.ArgumentParser:
    from recast.commands import (  # not for `recast fit`
        benchmark,
        catalogs,
        etas,
        forecast,
        leaderboard,
        live,
        pretrain,
        report,
        residuals,
        simulate,
    )

    parser: argparse.ArgumentParser = OneLineParser(
        prog="recast",
        description="Earthquake forecasting with neural point processes, measured against ETAS.",
        epilog="Environment: RECAST_DATA is a folder of catalogs, RECAST_CACHE that of downloaded "
        "and imported ones; RECAST_TRACEBACK=1 adds tracebacks to unexpected errors.",
    )
    parser.add_argument("--version", action=Version, help="show the version and exit")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    benchmark.add_parser(subparsers)
    for name, purpose in LIGHTNING.items():  # for `recast --help` only
        subparsers.add_parser(name, help=purpose, add_help=False)
    pretrain.add_parser(subparsers)
    etas.add_parser(subparsers)
    forecast.add_parser(subparsers)
    simulate.add_parser(subparsers)
    residuals.add_parser(subparsers)
    report.add_parser(subparsers)
    leaderboard.add_parser(subparsers)
    live.add_parser(subparsers)
    catalogs.add_parser(subparsers)
    return parser


class Version(argparse.Action):
    """Look the version up only when asked: reading package metadata takes a while."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:  # noqa: A002
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        """Print and exit."""
        from importlib.metadata import version

        print(f"recast {version('recast-forecast')}")
        parser.exit()


def _report(error: Exception) -> int:
    message = visible(" ".join(str(error).split()))  # of values from files
    if isinstance(error, InputError):
        print(f"recast: {message}", file=sys.stderr)
        return 2
    if isinstance(error, FetchError):
        print(f"recast: {message}", file=sys.stderr)
        return 1
    if isinstance(error, OSError) and error.filename is not None:  # the disk is full, perhaps
        print(f"recast: {visible(str(error.filename))}: {error.strerror}", file=sys.stderr)
        return 1
    if os.environ.get("RECAST_TRACEBACK") == "1":
        import traceback

        traceback.print_exception(error)
    print(f"recast: {type(error).__name__}: {message}", file=sys.stderr)
    return 1
