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
from recast.commands.printing import print_info, print_json
from recast.commands.reading import add_reading, add_storing, read_file, refuse_taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs.formats import Parsed
    from catalogs.providers.rules import Step

SHOWN = 3
"""That many rejected rows are printed."""


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs import`."""
    parser = actions.add_parser(
        "import",
        help="make a catalog of a file of events",
        description="Read a file of events (any table: CSV, TSV, blanks between columns, Parquet; "
        "or as data centres publish them; gzip and zip are opened), choose completeness, window "
        "and splits, and store it as NAME.parquet and NAME.json. Columns of tables are found by "
        "their usual names; times without a zone are UTC. Rows that cannot be read are left out, "
        "counted and reported.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the file")
    parser.add_argument("--name", required=True, help="name of the catalog: letters, digits, _, -")
    add_reading(parser)
    add_event_types(parser, "earthquakes")
    parser.add_argument("--area", metavar="AREA", help=AREA)
    add_completeness(parser)
    add_strict_completeness(parser)
    parser.add_argument(
        "--magnitude-bin",
        type=float,
        metavar="STEP",
        help="step of the magnitude grid, 0 for continuous magnitudes (default: the coarsest of "
        "0.1, 0.01 and 0.001 that fits)",
    )
    parser.add_argument(
        "--start", metavar="DATE", help="start of the window (default: midnight of the first event)"
    )
    parser.add_argument(
        "--end", metavar="DATE", help="end of the window, exclusive (default: after the last event)"
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
    """Read, check, store and summarise a file of events."""
    from dataclasses import replace

    from catalogs import Catalog, InputError, SplitDates, parse_area, save
    from catalogs.checks.summary import describe
    from catalogs.importing import FRACTIONS, import_table, out_of_order
    from catalogs.providers.rules import Rules, choose

    refuse_taken(args.name, args.out, overwrite=args.overwrite)
    layout, parsed = read_file(args)
    area = parse_area(args.area) if args.area else None
    try:
        events, steps = choose(parsed.events, Rules(event_types=args.event_types, area=area))
    except InputError as error:
        raise InputError(f"{args.file}: {error}") from error
    catalog = import_table(
        events,
        args.name,
        completeness=args.completeness,
        strict=bool(args.strict_completeness),
        magnitude_bin=args.magnitude_bin,
        start=args.start,
        end=args.end,
        train_start=args.train_start,
        splits=SplitDates(*args.splits) if args.splits else None,
        fractions=args.fractions or FRACTIONS,
        ties=args.ties,
    )
    left_out = _left_out(parsed, steps)
    info = replace(
        catalog.info,
        note="; ".join(filter(None, (catalog.info.note, *left_out))),
        title=args.title,
        region=args.region,
        source=args.source or args.file.name,
        licence=args.licence,
        citation=args.citation,
    )
    record = save(Catalog(catalog.events, info), args.out, overwrite=args.overwrite)
    known_as = args.name if args.out is None else str(record)
    damaged = parsed.damaged()
    summary = describe(Catalog(catalog.events, info)) | {
        "layout": layout,
        "rows": parsed.n_rows,
        "rows_damaged": len(damaged),
        "rows_without_magnitude": len(parsed.rejected) - len(damaged),
        "left_out": left_out,
        "first_damaged": [str(row) for row in damaged[:SHOWN]],
        "events_read": len(parsed.events),
        "events_after": {"read": len(parsed.events)} | {step.rule: step.after for step in steps},
        "events_out_of_order": out_of_order(parsed.events),
        "saved": str(record),
        "next": f"recast benchmark --catalog {known_as}",
    }
    if args.json:
        print_json(summary)
        return 0
    _print_reading(args.file, summary)
    print_info(summary)
    print(f"saved          {record} and {record.stem}.parquet\n\nNext: {summary['next']}")
    return 0


def _left_out(parsed: Parsed, steps: Sequence[Step]) -> list[str]:
    """What the file has and the catalog has not, for people and for the record."""
    damaged = len(parsed.damaged())
    lines = []
    if len(parsed.rejected) > damaged:
        others = len(parsed.rejected) - damaged
        lines.append(f"{others:,} rows have no magnitude, or are not the network's own")
    if damaged:
        lines.append(f"{damaged:,} rows cannot be read")
    lines += [
        f"{step.rule}: {step.after:,} of {step.before:,}"
        for step in steps
        if step.after != step.before
    ]
    return lines


def _print_reading(path: Path, summary: dict[str, Any]) -> None:
    print(
        f"{path} (layout {summary['layout']}): {summary['events_read']:,} events read, "
        f"{summary['events_out_of_order']:,} of them out of time order (sorted)"
    )
    for line in (*summary["left_out"], *summary["first_damaged"]):
        print(line)
