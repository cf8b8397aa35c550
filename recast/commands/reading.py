"""Files of events that commands read, and names under which they store catalogs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.formats import Parsed


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add what says how a file is to be read."""
    parser.add_argument(
        "--layout",
        metavar="LAYOUT",
        help="how the file is laid out, by a name that `recast catalogs list --layouts` shows "
        "(default: as its first lines show, else table)",
    )
    parser.add_argument(
        "--column",
        type=_column,
        action="append",
        default=[],
        metavar="CANONICAL=COLUMN",
        help="the table's column for time, date, clock, year, month, day, hour, minute, second, "
        "magnitude, latitude, longitude, depth_km, event_id, event_type or magnitude_type, as in "
        "time=origin_time; may be repeated",
    )
    add_strict(parser)


def add_strict(parser: argparse.ArgumentParser) -> None:
    """Add whether a damaged row is an error."""
    parser.add_argument(
        "--strict", action="store_true", help="stop at the first row that cannot be read"
    )


def add_storing(parser: argparse.ArgumentParser) -> None:
    """Add where a new catalog is stored, and how it is summarised."""
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where to store it (default: the user's cache)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a catalog of the same name"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")


def _column(text: str) -> tuple[str, str]:
    canonical, separator, column = text.partition("=")
    if not (canonical.strip() and separator and column.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not CANONICAL=COLUMN, as in time=origin")
    return canonical.strip(), column.strip()


def read_file(args: argparse.Namespace) -> tuple[str, Parsed]:
    """The layout of ``args.file``, and what is in it; at least one event."""
    from catalogs import InputError
    from catalogs.formats import FORMATS, detect, parse, parse_table, unpacked

    name = str(args.file)
    try:
        content = args.file.read_bytes()
    except OSError as error:
        raise InputError(f"{name} cannot be read ({error.strerror}): check the path") from error
    table = "table"
    if args.column and args.layout not in {None, table}:
        raise InputError(
            f"--column goes with --layout {table}, not with {args.layout}: leave it out"
        )
    layout = args.layout or (table if args.column else detect(content, name=name))
    if layout == table:
        parsed = parse_table(unpacked(content, name, FORMATS[table].fits), name, dict(args.column))
        parsed = parsed.checked() if args.strict else parsed
    else:
        parsed = parse(content, layout, name=name, strict=args.strict)
    if parsed.events.empty:
        first = f"; the first: {parsed.rejected[0]}" if parsed.rejected else ""
        raise InputError(f"{name}: none of {parsed.n_rows:,} rows is an event{first}")
    return layout, parsed


def refuse_taken(name: str, folder: Path | None, *, overwrite: bool) -> None:
    """Raise for a name that a new catalog cannot have."""
    from catalogs.store import check_free

    check_free(name, folder, overwrite=overwrite)
