"""`recast catalogs import`: a file of events as a catalog."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.commands.options import (
    AREA,
    add_completeness,
    add_event_types,
    add_splits,
    add_strict_completeness,
    add_ties,
)
from recast.commands.printing import in_options, print_info, print_json
from recast.commands.reading import (
    add_reading,
    add_storing,
    missing_of,
    print_left_out,
    print_reading,
    reading_json,
    reading_of,
    refuse_taken,
)
from recast.commands.stored import next_command, print_doubts

if TYPE_CHECKING:
    from catalogs.from_files import Imported

SHOWN = 3
"""That many damaged rows are listed in JSON."""


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs import`."""
    parser = actions.add_parser(
        "import",
        help="make a catalog of a file of events",
        description="Read a file of events (any table: CSV, TSV, blanks between columns, Parquet; "
        "or as data centres publish them; compressed files and archives are opened), choose "
        "completeness, window and splits, and store it as NAME.parquet and NAME.json. Columns of "
        "tables are found by their usual names in many languages, and what each was taken for is "
        "printed; times without a zone are UTC. Rows that cannot be read are left out, counted and "
        "reported. Begin with --explain.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the file")
    parser.add_argument("--name", help="name of the catalog: letters, digits, _, -")
    parser.add_argument(
        "--explain", action="store_true", help="show how the file would be read, and write nothing"
    )
    add_reading(parser)
    add_event_types(parser, "earthquakes")
    parser.add_argument(
        "--area",
        metavar="AREA",
        help=f"{AREA}; for a file without places: where its events lie, without which a net that "
        "has seen some region during the test window is not used",
    )
    add_completeness(parser)
    add_strict_completeness(parser)
    parser.add_argument(
        "--magnitude-bin",
        type=float,
        metavar="STEP",
        help="step of the magnitude grid, 0 for continuous magnitudes (default: the coarsest that "
        "nearly all keep)",
    )
    parser.add_argument(
        "--start",
        metavar="DATE",
        help="start of the window (default: midnight of the first event)",
    )
    parser.add_argument(
        "--end", metavar="DATE", help="end of the window, exclusive (default: after the last event)"
    )
    parser.add_argument(
        "--observed-from",
        metavar="DATE",
        help="since when events were recorded, if that is before the first one",
    )
    parser.add_argument(
        "--observed-until",
        metavar="DATE",
        help="until when events were recorded, if that is after the last one",
    )
    parser.add_argument(
        "--gap",
        nargs=2,
        action="append",
        default=[],
        metavar=("FROM", "UNTIL"),
        help="dates between which nothing was recorded; may be repeated",
    )
    parser.add_argument(
        "--train-start",
        metavar="DATE",
        help="score from here on; earlier events are history only (default: start of the window)",
    )
    add_splits(parser, " (default: 0.6 0.2 0.2)")
    add_ties(parser, "error")
    for field, meaning in {
        "title": "one line that says what the catalog is",
        "region": "where the events are",
        "source": "where the table comes from (default: the file's name)",
        "licence": "under which terms it may be used",
        "citation": "what to cite",
    }.items():
        parser.add_argument(f"--{field}", metavar="TEXT", default="", help=meaning)
    add_storing(parser)
    parser.set_defaults(run=run_import)


def run_import(args: argparse.Namespace) -> int:
    """Read, check, store and summarise a file of events; or only say how it would be read."""
    from catalogs import InputError, save
    from catalogs.checks.summary import describe

    if args.explain:
        return _explain(args)
    if args.name is None:
        raise InputError("--name is missing: give the catalog a name, or --explain to store none")
    refuse_taken(args.name, args.out, overwrite=args.overwrite)
    made = _imported(args, args.name)
    record = save(made.catalog, args.out, overwrite=args.overwrite)
    known_as = args.name if args.out is None else str(record)
    summary = describe(made.catalog) | _counts(args, made)
    command = next_command(made.catalog, splits=summary["enough_to_split"])
    if summary["b_value"] is None and summary["events"] > 2:  # a forecast takes that of others
        command = "forecast --catalog"
    summary |= {"saved": str(record), "next": f"recast {command} {known_as}"}
    if args.json:
        print_json(summary)
        return 0
    print_reading(args, made.parsed)
    print_left_out(args, made.left_out, made.parsed)
    _print_notes(args, made)
    print_info(summary)
    print(f"saved          {record} and {record.stem}.parquet")
    print_doubts(made.catalog)
    print(f"\nNext: {summary['next']}")
    return 0


def _print_notes(args: argparse.Namespace, made: Imported) -> None:
    """Print what is to be said of the catalog beyond how its file was read."""
    for note in made.notes[len(made.parsed.explanation.notes) :]:
        print(f"note: {in_options(note, vars(args))}")


def _imported(args: argparse.Namespace, name: str, **changed: Any) -> Imported:
    from catalogs import SplitDates
    from catalogs.from_files import import_catalog

    making = {
        "completeness": args.completeness,
        "strict": bool(args.strict_completeness),
        "magnitude_bin": args.magnitude_bin,
        "train_start": args.train_start,
        "splits": SplitDates(*args.splits) if args.splits else None,
        "fractions": args.fractions,
        "ties": args.ties,
    }
    return import_catalog(
        args.file,
        name,
        reading=reading_of(args),
        event_types=args.event_types,
        area=args.area,
        missing_magnitudes=missing_of(args),
        start=args.start,
        end=args.end,
        observed_from=args.observed_from,
        observed_until=args.observed_until,
        gaps=[(begin, stop) for begin, stop in args.gap],
        about={n: getattr(args, n) for n in ("title", "region", "source", "licence", "citation")},
        **(making | changed),
    )


def _counts(args: argparse.Namespace, made: Imported) -> dict[str, Any]:
    from catalogs.importing import out_of_order

    parsed, damaged = made.parsed, made.parsed.damaged()
    return {
        "layout": parsed.explanation.layout,
        "reading": reading_json(args, parsed),
        "rows": parsed.n_rows,
        "rows_damaged": len(damaged),
        "rows_without_magnitude": len(parsed.rejected) - len(damaged),
        "left_out": [in_options(line, vars(args)) for line in made.left_out],
        "notes": [in_options(note, vars(args)) for note in made.notes],
        "first_damaged": [in_options(str(row), vars(args)) for row in damaged[:SHOWN]],
        "events_read": len(parsed.events),
        "events_after": {"read": len(parsed.events)}
        | {step.rule: step.after for step in made.steps},
        "events_out_of_order": out_of_order(parsed.events),
    }


def _explain(args: argparse.Namespace) -> int:
    """Print how the file would be read, and what a catalog of it would be; write nothing."""
    from catalogs import InputError
    from catalogs.checks.summary import describe
    from catalogs.formats.reading import read_events

    try:
        made = _imported(args, args.name or "explained", ties="separate")
    except InputError as error:
        options = reading_of(args) | {"missing_magnitudes": missing_of(args) or (), "strict": False}
        parsed = read_events(args.file, **options)
        if args.json:
            print_json(
                {
                    "reading": reading_json(args, parsed),
                    "refused": in_options(str(error), vars(args)),
                }
            )
            return 0
        print_reading(args, parsed, values=3)
        print_left_out(args, (), parsed)
        print(f"\nIt would not be imported like this: {in_options(str(error), vars(args))}")
        return 0
    summary = describe(made.catalog) | _counts(args, made)
    if args.json:
        print_json(summary)
        return 0
    print_reading(args, made.parsed, values=3)
    print_left_out(args, made.left_out, made.parsed)
    _print_notes(args, made)
    print()
    print_info(summary)
    print("\nNothing was written.")
    return 0
