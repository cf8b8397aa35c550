"""`recast catalogs export`: write a catalog in the formats of other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from recast.commands.options import add_selection, selected

FORMATS = ("quakeml", "zmap", "csep", "csv")
"""Keys of ``catalogs.exports.WRITERS``, which imports pandas: not for `--help`."""


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs export`."""
    parser = actions.add_parser(
        "export",
        help="write a catalog as QuakeML, ZMAP, CSEP CSV or CSV",
        description="Write the complete events of a catalog in the format of other programs. CSV "
        "has the columns of the catalog's table, and `recast catalogs import` reads it back.",
    )
    parser.add_argument("catalog", metavar="NAME", help="name or path of a catalog")
    parser.add_argument("--format", choices=FORMATS, required=True, help="format of the file")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace the file")
    add_selection(parser)
    parser.set_defaults(run=run_export)


def run_export(args: argparse.Namespace) -> int:
    """Select and write."""
    from catalogs import export_catalog, load
    from catalogs.display import some

    catalog = selected(load(args.catalog), args, any_splits=True)
    n = export_catalog(catalog, args.out, args.format, overwrite=args.overwrite)
    print(f"{some(n, 'event')} of {catalog.info.name} in {args.out}")
    return 0
