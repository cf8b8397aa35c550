"""`recast leaderboard`: the runs of several people and machines in one ranking."""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands.options import typed
from recast.commands.printing import print_json


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast leaderboard`."""
    parser = subparsers.add_parser(
        "leaderboard",
        help="one page that ranks the models of many benchmarks",
        description="Rank the models of benchmarks by protocol and catalog, beside runs that come "
        "with the package and published scores, and write leaderboard.html, a self-contained page. "
        "Only scores of the same events on the same windows are compared.",
    )
    parser.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="--out folders of `recast benchmark`, or benchmark.json files, from any machine",
    )
    parser.add_argument(
        "--runs-only",
        action="store_true",
        help="leave out what comes with the package: its own runs, and published scores",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("runs/leaderboard"),
        metavar="DIR",
        help="where to write leaderboard.html and its plots (default: %(default)s)",
    )
    parser.add_argument(
        "--format",
        choices=("text", "csv", "latex", "json"),
        default="text",
        help="how the ranking is printed: text, csv (a row per entry), latex (a table of all "
        "catalogs), or json; default: text",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the runs, print the ranking, and write its page."""
    import sys

    from catalogs import InputError
    from recast.benchmark.boards import as_latex
    from recast.benchmark.tables import as_csv
    from recast.report.leaderboard import write_leaderboard

    if args.runs_only and not args.runs:
        raise InputError("--runs-only leaves nothing to show: name runs, or leave it out")
    page, found = write_leaderboard(
        args.runs, args.out, reference=not args.runs_only, command=typed(args.argv)
    )
    if args.format == "json":
        print_json(found.to_json())
    elif args.format == "csv":
        print(as_csv(found.rows()), end="")
    elif args.format == "latex":
        print(as_latex(found), end="")
    else:
        print(found, end="\n\n")
    said = sys.stdout if args.format == "text" else sys.stderr  # the table alone can be redirected
    print(f"written: {page}", file=said)
    return 0
