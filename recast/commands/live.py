"""`recast live`: a service that keeps its catalog and its forecasts up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.commands import live_replay
from recast.commands.ending import left_to_command
from recast.commands.options import (
    AREA,
    add_completeness,
    add_every,
    add_seed,
    add_threads,
    check_counts,
)
from recast.commands.printing import print_json

if TYPE_CHECKING:
    from recast.live.config import LiveConfiguration


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast live`."""
    parser = subparsers.add_parser(
        "live",
        help="forecasts that keep themselves up to date, are kept, and are scored",
        description="A service in one folder: it asks a source for events, finds sequences, issues "
        "forecasts when they are due, publishes them as pages and files, and scores them later.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_init(actions)
    _add_run(actions)
    for name, text, run in (
        ("status", "show how a service is doing", run_status),
        ("score", "show how the forecasts of a service did, and write the page of it", run_score),
    ):
        action = actions.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        add_folder(action)
        action.add_argument("--json", action="store_true", help="print JSON")
        action.set_defaults(run=run)
    live_replay.add_action(actions)
    serve = actions.add_parser(
        "serve",
        help="show the pages of a service in a browser on this machine",
        description="Serve the pages of a service on the loopback device, for a look: other "
        "machines need a web server on its folder.",
    )
    add_folder(serve)
    serve.add_argument(
        "--port", type=int, default=8000, metavar="N", help="port (default: %(default)s)"
    )
    serve.set_defaults(run=run_serve)


def add_folder(parser: argparse.ArgumentParser) -> None:
    """Add the folder of a service."""
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="folder of the service")


def _add_init(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser(
        "init",
        help="make the folder of a service, with its settings to edit",
        description="Write live.yaml, the settings of a service with comments, to edit. Area and "
        "completeness are those of --history where they are not given.",
    )
    add_folder(parser)
    parser.add_argument("--region", help="where the events are")
    parser.add_argument("--area", metavar="AREA", help=AREA)
    add_completeness(parser, "that of --history")
    parser.add_argument(
        "--history", metavar="CATALOG", help="name or path of a catalog of earlier events"
    )
    sources = parser.add_mutually_exclusive_group()
    sources.add_argument(
        "--service",
        metavar="NAME",
        help="an FDSN event service, by its URL or as `recast catalogs list --known` shows it "
        "(default: comcat)",
    )
    sources.add_argument(
        "--events", type=Path, metavar="FILE", help="a file of events that is kept current"
    )
    sources.add_argument("--quakeml", type=Path, metavar="FOLDER", help="a folder of QuakeML files")
    parser.add_argument(
        "--min-magnitude", type=float, metavar="M", help="fetch events of at least this magnitude"
    )
    add_seed(parser)
    parser.set_defaults(run=run_init)


def _add_run(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser(
        "run",
        help="bring a service up to date: once, or every so often",
        description="Ask the source, issue the forecasts that are due, publish and score them. Run "
        "it by cron or a timer, or let it run with --every. Where another process is at work on "
        "the folder it does nothing and exits with 0; where a forecast could not be made, with 1.",
    )
    add_folder(parser)
    add_every(parser, "once")
    parser.add_argument(
        "--believe",
        action="store_true",
        help="take the answer of the source as it is, also if it is old or lacks many events",
    )
    add_threads(parser)
    parser.set_defaults(run=run_run)


def run_init(args: argparse.Namespace) -> int:
    """Write the settings."""
    from recast.live.config import FILE, write_template

    path = args.folder / FILE
    write_template(path, _configuration(args))
    print(f"written: {path}\n\nEdit it, then: recast live run {args.folder}")
    return 0


def _configuration(args: argparse.Namespace) -> LiveConfiguration:
    from catalogs import InputError, load
    from recast.live.config import Kind, LiveConfiguration, SourceOptions
    from recast.live.sources import find_service

    check_counts(args)
    source = SourceOptions(service=args.service or "comcat", min_magnitude=args.min_magnitude)
    find_service(source.service)
    if args.events is not None or args.quakeml is not None:
        kind: Kind = "file" if args.events is not None else "folder"
        path = str((args.events or args.quakeml).absolute())
        source = SourceOptions(kind, path=path, min_magnitude=args.min_magnitude)
    area, completeness, region = args.area, args.completeness, args.region
    if args.history is not None:
        catalog = load(args.history)
        area = area or str(catalog.area)
        region = region or catalog.info.region
        if completeness is None:
            completeness = catalog.info.magnitude_completeness
    if area is None or completeness is None:
        lack = "--area" if area is None else "--completeness"
        raise InputError(f"a service needs {lack}, or a --history that has it")
    return LiveConfiguration(
        region or "the region",
        area,
        completeness,
        source,
        args.history or "",
        seed=args.seed,
    )


def run_run(args: argparse.Namespace) -> int:
    """Take a step, or one every so often."""
    import pandas as pd

    from catalogs import InputError
    from recast.live.loop import run_every
    from recast.live.service import BusyError, Service
    from recast.live.step import run_once

    check_counts(args, "threads")
    if args.every is None:
        service = Service(args.folder, threads=args.threads)
        try:
            report = run_once(service, pd.Timestamp.now("UTC"), believe=args.believe)
        except BusyError as busy:
            print(busy)
            return 0
        print(report)
        return 1 if report.failed else 0
    if args.believe:
        raise InputError("--believe is for one answer: leave out --every")
    Service(args.folder)  # settings that cannot be are no reason to wait
    left_to_command()
    run_every(args.folder, args.every, say=_say, complain=_complain, threads=args.threads)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


def _complain(error: Exception) -> None:
    from recast.live.step import told

    print(f"recast: {told(error)}", file=sys.stderr, flush=True)


def run_status(args: argparse.Namespace) -> int:
    """Print how the service is doing."""
    import pandas as pd

    from recast.live.service import Service
    from recast.live.status import status

    found = status(Service(args.folder), pd.Timestamp.now("UTC"))
    if args.json:
        print_json(found.to_json())
    else:
        print(found)
    return 0


def run_score(args: argparse.Namespace) -> int:
    """Score anew, print and write the page."""
    from recast.live.score import score_service
    from recast.live.score_page import summary
    from recast.live.scoring import about_gaps, all_scores
    from recast.live.service import Service

    service = Service(args.folder)
    first, revised, updated = all_scores(service)
    then, now = score_service(first), score_service(revised)
    if args.json:
        content: dict[str, Any] = {"first": then.to_json(), "revised": now.to_json()}
        print_json({**content, "remarks": about_gaps(service)})
    else:
        for remark in about_gaps(service):
            print(f"note: {remark}")
        print("As the events were known when each window had passed:")
        for line in summary(then):
            print(f"  {line}")
        print("As they are known now:")
        for line in summary(now):
            print(f"  {line}")
    service.parts.write_scores(  # what is printed is told also where this cannot be written
        service.pages, first, revised, region=service.configuration.region, updated=updated
    )
    if not args.json:
        print(f"written: {service.pages / 'scores.html'}")
    return 0


def run_serve(args: argparse.Namespace) -> int:
    """Serve the pages until interrupted."""
    from recast.live.serve import serve

    left_to_command()
    serve(args.folder, args.port)
    return 0
