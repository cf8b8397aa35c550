"""Files of events that commands read, and names under which they store catalogs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.commands.printing import in_options

if TYPE_CHECKING:
    from catalogs.formats.parsed import Parsed


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add what says how a file is to be read."""
    group = parser.add_argument_group("how the file is read (default: as its content shows)")
    group.add_argument(
        "--layout",
        metavar="LAYOUT",
        help="how the file is laid out, by a name that `recast catalogs list --layouts` shows "
        "(default: as its first lines show, else table)",
    )
    group.add_argument(
        "--column",
        type=_column,
        action="append",
        default=[],
        metavar="MEANING=NAME",
        help="the table's column, by name or number, for time, date, clock, year, month, day, "
        "hour, minute, second, day_of_year, magnitude, latitude, longitude, depth_km, "
        "event_id, event_type or magnitude_type, as in time=origin_time; none if there "
        "is no such column; of the magnitude also several, the first with a value counts, as in "
        "magnitude=mw,ml,mb; may be repeated",
    )
    group.add_argument(
        "--columns",
        metavar="NAMES",
        help='names of the columns of a file without a header, from left to right, as in "yr mo dy '
        'hr mi sc lat lon dep mag"; - for one that is not wanted',
    )
    group.add_argument(
        "--dates",
        choices=("dmy", "mdy", "ymd"),
        help="whether the day, the month, or a year of two digits comes first (default: as a day "
        "above 12 shows)",
    )
    group.add_argument(
        "--time-zone",
        metavar="ZONE",
        help="zone of times that state none, as in +08:00 or Asia/Manila (default: UTC)",
    )
    group.add_argument(
        "--origin",
        metavar="DATE",
        help="date from which a column of plain numbers counts days, as in 1899-12-30 for Excel's, "
        "or the unit that its name has, as t_s or Time (h) do; 'seconds since DATE', also minutes "
        "or hours; or datenum (MATLAB), mjd, jd or decimalyear",
    )
    group.add_argument(
        "--encoding", metavar="NAME", help="of the text, as in gbk (default: found, mostly utf-8)"
    )
    group.add_argument(
        "--missing-magnitude",
        nargs="+",
        type=_magnitude,
        action="extend",
        metavar="M",
        help="numbers that stand for a missing magnitude, such as 0.0; none if all are real "
        "(default: asked for where one seems to)",
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
    meaning, separator, column = text.partition("=")
    if not (meaning.strip() and separator and column.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not MEANING=NAME, as in time=origin")
    return meaning.strip(), column.strip()


def _magnitude(text: str) -> float | None:
    if text == "none":
        return None
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a magnitude nor none") from None


def reading_of(args: argparse.Namespace) -> dict[str, Any]:
    """The arguments of ``read_events`` that the options say."""
    return {
        "layout": args.layout,
        "columns": dict(args.column),
        "names": args.columns.replace(",", " ").split() if args.columns is not None else None,
        "encoding": args.encoding,
        "dates": args.dates,
        "time_zone": args.time_zone,
        "origin": args.origin,
        "strict": args.strict,
    }


def refuse_reading(args: argparse.Namespace) -> None:
    """Raise if an option says how a file is to be read: there is none."""
    from catalogs import InputError

    names = ("layout", "column", "columns", "dates", "time_zone", "origin", "encoding")
    for name in (*names, "missing_magnitude", "strict"):
        if getattr(args, name) not in (None, [], False):
            option = name.replace("_", "-")
            raise InputError(f"--{option} is for files, and {args.catalog} is stored: leave it out")


def missing_of(args: argparse.Namespace) -> list[float] | None:
    """Magnitudes that stand for none; empty if all are real, None if nothing was said."""
    asked = args.missing_magnitude
    return None if asked is None else [value for value in asked if value is not None]


def print_reading(args: argparse.Namespace, parsed: Parsed, *, values: int = 1) -> None:
    """Print what the file was taken for: a line on its layout, a table of its columns, notes."""
    from catalogs.importing import out_of_order

    how = parsed.explanation
    text = [how.encoding, f"columns apart by {_delimiter(how.delimiter)}" if how.delimiter else ""]
    text.append(f"header in line {how.header}" if how.header else "")
    print(
        f"{args.file} (layout {how.layout}): {len(parsed.events):,} events read, "
        f"{out_of_order(parsed.events):,} of them out of time order (sorted)"
    )
    if any(text):
        print(", ".join(filter(None, text)))
    rows = [("column", "meaning", "first value" if values == 1 else "first values")]
    rows += [(m.column or "-", m.role, "  ".join(m.values[:values])) for m in how.meanings]
    widths = [max(len(row[j]) for row in rows) for j in range(2)]
    for column, meaning, first in rows:
        print(f"  {column:<{widths[0]}}  {meaning:<{widths[1]}}  {first}".rstrip())
    if how.unused:
        print(f"  not used: {', '.join(how.unused)}")
    if how.zone:
        print(f"  time zone: {in_options(how.zone, vars(args))}")
    for note in how.notes:
        print(f"note: {in_options(note, vars(args))}")


def reading_json(args: argparse.Namespace, parsed: Parsed) -> dict[str, Any]:
    """What ``print_reading`` prints, as JSON types."""
    how = parsed.explanation
    return {
        "encoding": how.encoding,
        "delimiter": how.delimiter,
        "header_line": how.header,
        "time_zone": how.zone,
        "columns": [
            {"column": m.column, "meaning": m.role, "values": list(m.values)} for m in how.meanings
        ],
        "not_used": list(how.unused),
        "notes": [in_options(note, vars(args)) for note in how.notes],
    }


def print_left_out(args: argparse.Namespace, left_out: Sequence[str], parsed: Parsed) -> None:
    """Print what is not in the catalog, and the first row of each reason."""
    from catalogs.formats.reading import reasons

    for line in left_out:
        print(in_options(line, vars(args)))
    for row, n in reasons(parsed):
        text = f"{row}" + (f" ({n:,} rows like this)" if n > 1 else "")
        print(in_options(text, vars(args)))


def _delimiter(text: str) -> str:
    return {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}.get(text, text)


def refuse_taken(name: str, folder: Path | None, *, overwrite: bool) -> None:
    """Raise for a name that a new catalog cannot have."""
    from catalogs.store import check_free

    check_free(name, folder, overwrite=overwrite)
