"""`recast catalogs`: list, fetch, import, describe, select, check and export catalogs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recast.commands import (
    catalogs_append,
    catalogs_check,
    catalogs_export,
    catalogs_fetch,
    catalogs_import,
    catalogs_select,
)
from recast.commands.printing import print_info, print_json, threshold


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs`."""
    parser = subparsers.add_parser(
        "catalogs",
        help="list, fetch, import, append to, describe, select, check and export catalogs",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="list every catalog that can be loaded by name")
    which = listing.add_mutually_exclusive_group()
    which.add_argument(
        "--known", action="store_true", help="list those that `recast catalogs fetch` can download"
    )
    which.add_argument(
        "--layouts",
        action="store_true",
        help="list the layouts that `import` and `check` read",
    )
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=run_list)
    info = actions.add_parser("info", help="show the provenance, splits and b-value of a catalog")
    info.add_argument("name", metavar="NAME", help="name or path of a catalog")
    info.add_argument("--json", action="store_true", help="print JSON")
    info.set_defaults(run=run_info)
    catalogs_fetch.add_action(actions)
    for module in (
        catalogs_import,
        catalogs_append,
        catalogs_select,
        catalogs_check,
        catalogs_export,
    ):
        module.add_action(actions)
    catalogs_fetch.add_cache(actions)


def run_list(args: argparse.Namespace) -> int:
    """Print a table of the catalogs, without building generated ones."""
    from catalogs.checks.summary import outline
    from catalogs.store import GENERATED, available, load

    if args.known:
        catalogs_fetch.print_known(as_json=args.json)
        return 0
    if args.layouts:
        _print_layouts(as_json=args.json)
        return 0
    rows: list[dict[str, Any]] = []
    for name, place in available().items():
        row: dict[str, Any] = {"name": name, "where": place}
        if place != GENERATED:
            try:
                row |= outline(load(Path(place) / f"{name}.json"))
            except ValueError as error:  # one broken catalog should not hide the others
                row["error"] = str(error)
        rows.append(row)
    if args.json:
        print_json(rows)
    else:
        _print_table(rows)
        catalogs_fetch.print_names()
    return 0


def run_info(args: argparse.Namespace) -> int:
    """Print a summary of one catalog."""
    from catalogs import load
    from catalogs.checks.summary import describe

    summary = describe(load(args.name))
    if args.json:
        print_json(summary)
    else:
        print_info(summary)
    return 0


def _print_layouts(*, as_json: bool) -> None:
    from catalogs.formats import FORMATS

    if as_json:
        print_json([{"name": form.name, "title": form.title} for form in FORMATS.values()])
        return
    width = max(map(len, FORMATS))
    for form in FORMATS.values():
        print(f"{form.name:<{width}}  {form.title}")


def _print_table(rows: list[dict[str, Any]]) -> None:
    cells = [("name", "events", "window", "complete at", "where")]
    for row in rows:
        if "events" in row:
            window = f"{row['start']} to {row['end']}"
            cells.append((row["name"], f"{row['events']:,}", window, threshold(row), row["where"]))
        else:
            state = "damaged" if "error" in row else "made on first use"
            cells.append((row["name"], "", state, "", row["where"]))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        name, events, *rest = (text.ljust(w) for text, w in zip(line, widths, strict=True))
        print("  ".join((name, events.strip().rjust(widths[1]), *rest)).rstrip())
    for row in rows:
        if "error" in row:
            print(f"{row['name']}: {row['error']}")
