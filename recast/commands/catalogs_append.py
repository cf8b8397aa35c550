"""`recast catalogs append`: newer events of a file in a catalog that is stored already."""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands.options import AREA, add_event_types
from recast.commands.printing import print_json
from recast.commands.reading import (
    add_reading,
    missing_of,
    print_left_out,
    print_reading,
    reading_json,
    reading_of,
)


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs append`."""
    parser = actions.add_parser(
        "append",
        help="add the newer events of a file to a stored catalog",
        description="Read a file as `recast catalogs import` does and add its events to a stored "
        "catalog, which is then known until the last of them. Events that the catalog has already, "
        "by their identifier or at the very same time, are replaced by the file's version. "
        "Completeness and splits stay.",
    )
    parser.add_argument("catalog", metavar="NAME", help="name or path of the stored catalog")
    parser.add_argument("file", type=Path, metavar="FILE", help="the file")
    add_reading(parser)
    add_event_types(parser, "earthquakes")
    parser.add_argument("--area", metavar="AREA", help=AREA)
    parser.add_argument(
        "--observed-until",
        metavar="DATE",
        help="until when events were recorded, if that is after the last one",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(run=run_append)


def run_append(args: argparse.Namespace) -> int:
    """Append, store and summarise."""
    from catalogs.appending import append_events
    from catalogs.display import some

    made = append_events(
        args.catalog,
        args.file,
        reading=reading_of(args) | {"missing_magnitudes": missing_of(args) or ()},
        event_types=args.event_types,
        area=args.area,
        observed_until=args.observed_until,
    )
    info = made.catalog.info
    counts = {"added": made.added, "replaced": made.replaced, "known": made.known}
    if args.json:
        reading = {
            "layout": made.parsed.explanation.layout,
            "reading": reading_json(args, made.parsed),
        }
        print_json(counts | {"end": info.end, "saved": str(made.record)} | reading)
        return 0
    print_reading(args, made.parsed)
    print_left_out(args, made.left_out, made.parsed)
    for note in made.notes[len(made.parsed.explanation.notes) :]:
        print(f"note: {note}")
    print(
        f"{some(made.added, 'event')} added, {made.replaced:,} replaced by newer versions, "
        f"{made.known:,} known already\n{info.name} is known until {info.end}\nsaved {made.record}"
    )
    return 0
