"""`recast catalogs select`: store a part of a catalog as a catalog of its own."""

from __future__ import annotations

import argparse
from contextlib import nullcontext

from recast.commands.options import add_selection, selected
from recast.commands.printing import print_info, print_json
from recast.commands.reading import add_storing, refuse_taken


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs select`."""
    parser = actions.add_parser(
        "select",
        help="store a part of a catalog under another name",
        description="Cut an area or a window out of a catalog, raise its completeness or split it "
        "differently, and store the result as a catalog that every command takes.",
    )
    parser.add_argument("catalog", metavar="NAME", help="name or path of a catalog")
    parser.add_argument(
        "--name", required=True, help="name of the new catalog: letters, digits, _, -"
    )
    add_selection(parser)
    add_storing(parser)
    parser.set_defaults(run=run_select)


def run_select(args: argparse.Namespace) -> int:
    """Select, store and summarise."""
    from catalogs import load, save
    from catalogs.checks.summary import describe
    from catalogs.store import alone, record_path

    refuse_taken(args.name, args.out, overwrite=args.overwrite)
    replaced = record_path(args.name, args.out)  # perhaps what the new one is made of
    with alone(replaced.parent) if replaced.exists() else nullcontext():
        catalog = selected(load(args.catalog), args, args.name)
        summary = describe(catalog)  # before it is stored: its windows may be empty
        record = save(catalog, args.out, overwrite=args.overwrite)
    summary |= {"saved": str(record)}
    if args.json:
        print_json(summary)
        return 0
    print_info(summary)
    print(f"saved          {record}")
    return 0
