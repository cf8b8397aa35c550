"""`recast report`: a benchmark as one HTML page."""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands.options import (
    add_out,
    add_samples,
    add_seed,
    add_workers,
    check_counts,
    typed,
    without_where,
)

SAMPLES = 200


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast report`."""
    parser = subparsers.add_parser(
        "report",
        help="one HTML page with the plots and tables of a benchmark",
        description="Write report.html, a self-contained page, and its plots as PNG and SVG in the "
        "folder report beside it. Continuations of the test window are simulated from ETAS and "
        "one net, which are read from the folder of the benchmark.",
    )
    parser.add_argument(
        "folder", type=Path, metavar="RUN", help="the --out folder of `recast benchmark`"
    )
    add_samples(parser, SAMPLES)
    add_seed(parser)
    add_workers(
        parser, "number of processes, each for one catalog at a time (default: one per core)"
    )
    add_out(parser, "the folder RUN")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read a run and write its page."""
    from catalogs import InputError
    from recast.report.page import write_report

    check_counts(args, "workers")
    if args.samples < 40:
        raise InputError(f"--samples {args.samples}: a 95 % range needs at least 40")
    page, count = write_report(
        args.folder,
        args.out,
        samples=args.samples,
        seed=args.seed,
        workers=args.workers,
        command=typed(without_where(args.argv)),
    )
    size = page.stat().st_size / 1e6
    print(
        f"written: {page} ({size:.1f} MB, {count} plots), PNG and SVG in {page.parent / 'report'}"
    )
    return 0
