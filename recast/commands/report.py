"""`recast report`: a benchmark as one page to look at, send and argue with."""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands.printing import typed


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast report`."""
    parser = subparsers.add_parser(
        "report",
        help="one HTML page with the plots and tables of a benchmark",
        description="Write report.html, a page that needs no network and no other file, and its "
        "plots as PNG and SVG in the folder report beside it. No model is fitted: nets are read "
        "from their checkpoints, and continuations of the test window drawn from ETAS and one net.",
    )
    parser.add_argument(
        "folder", type=Path, metavar="RUN", help="the --out folder of `recast benchmark`"
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=200,
        metavar="N",
        help="continuations of the test window a model (default: %(default)s)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the samples (default: 0)")
    parser.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="build the catalogs' parts in this many processes; changes nothing (default: one a "
        "core)",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="where to write (default: the folder RUN)"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read a run and write its page."""
    from catalogs import InputError
    from catalogs.cores import cores
    from recast.benchmark.folder import open_run
    from recast.report.page import build_report

    if args.samples < 40:
        raise InputError(f"--samples {args.samples}: a 95 % range takes at least 40")
    if args.seed < 0:
        raise InputError(f"--seed {args.seed} is negative: give 0 or more")
    if args.workers is not None and args.workers < 1:
        raise InputError(f"--workers {args.workers}: at least one is needed")
    done = open_run(args.folder)
    page, count = build_report(
        done,
        args.out or args.folder,
        samples=args.samples,
        seed=args.seed,
        command=typed(args.argv),
        workers=args.workers or cores(),
    )
    size = page.stat().st_size / 1e6
    print(
        f"written: {page} ({size:.1f} MB, {count} plots), PNG and SVG in {page.parent / 'report'}"
    )
    return 0
