"""`recast live replay`: a historical catalog as if it came in."""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands.options import (
    AREA,
    add_completeness,
    add_every,
    add_seed,
    add_threads,
    check_counts,
    duration,
)

EVERY, DELAY = 20 * 60.0, 5 * 60.0


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast live replay`."""
    parser = actions.add_parser(
        "replay",
        help="run a service on a historical catalog as if it came in",
        description="Make a folder whose source is a catalog as it came in, and take the steps of "
        "a service with a simulated clock. The same command goes on with a replay that was "
        "stopped.",
    )
    parser.add_argument("catalog", metavar="CATALOG", help="name or path of a catalog")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of the service")
    parser.add_argument("--start", required=True, metavar="DATE", help="start of the replay")
    parser.add_argument(
        "--end", metavar="DATE", help="end of the replay (default: that of the catalog)"
    )
    add_every(parser, "20min", EVERY)
    parser.add_argument(
        "--delay",
        type=duration,
        default=DELAY,
        metavar="TIME",
        help="from an event to its first report (default: 5min)",
    )
    parser.add_argument(
        "--revisions",
        action="store_true",
        help="some first magnitudes are off, some identifiers change, some events are false",
    )
    parser.add_argument(
        "--outage",
        nargs=2,
        action="append",
        default=[],
        metavar=("FROM", "UNTIL"),
        help="dates between which the source does not answer; may be repeated",
    )
    parser.add_argument(
        "--speed",
        type=float,
        metavar="X",
        help="so many times faster than real time (default: as fast as possible)",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="the live.yaml of a service, whose region, area, policy and pages are used",
    )
    parser.add_argument("--area", metavar="AREA", help=AREA)
    add_completeness(parser, "the catalog's own, or that of --config")
    add_seed(parser)
    add_threads(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Make the folder if it is new, and go on to the end."""
    from catalogs import InputError, load
    from catalogs.display import some
    from catalogs.info import timestamp
    from recast.live.config import LiveConfiguration
    from recast.live.replay import Script, prepare, replay
    from recast.live.service import BusyError

    check_counts(args, "threads")
    if args.speed is not None and not args.speed > 0.0:
        raise InputError(f"--speed {args.speed:g}: give a positive number")
    script = Script(
        args.catalog,
        args.start,
        args.every,
        args.delay,
        args.revisions,
        tuple((begin, end) for begin, end in args.outage),
        args.seed,
    )
    like = None if args.config is None else LiveConfiguration.read(args.config)
    prepare(args.folder, script, like=like, area=args.area, completeness=args.completeness)
    end = timestamp(args.end or str(load(args.catalog).info.end), "`end`")
    n = 0
    try:
        for report in replay(args.folder, end, threads=args.threads, speed=args.speed):
            n += len(report.issued)
            if report.issued or report.missed or report.failed or args.speed is not None:
                print(report, flush=True)
    except BusyError as busy:
        print(busy)
        return 0
    print(f"replayed until {end:%Y-%m-%dT%H:%M:%SZ}: {some(n, 'forecast')} issued\n")
    print(f"Next: recast live serve {args.folder}, recast live score {args.folder}")
    return 0
