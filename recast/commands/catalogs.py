"""`recast catalogs`: what there is, where to get more, and how to add one's own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from recast.commands import catalogs_fetch


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs`."""
    parser = subparsers.add_parser("catalogs", help="list, describe and import catalogs")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="every catalog that can be named")
    listing.add_argument(
        "--known", action="store_true", help="those that `recast catalogs fetch` gets"
    )
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(run=run_list)
    info = actions.add_parser("info", help="provenance, window, splits and b-value of a catalog")
    info.add_argument("name", metavar="NAME", help="name or path of a catalog")
    info.add_argument("--json", action="store_true", help="print JSON")
    info.set_defaults(run=run_info)
    _add_import(actions)
    catalogs_fetch.add_fetch(actions)
    catalogs_fetch.add_cache(actions)


def _add_import(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = actions.add_parser(
        "import",
        help="make a catalog of a table of events",
        description="Read a table of events (CSV, TSV, blanks between columns, or Parquet; gzip "
        "is opened), choose completeness, window and splits, and store it as NAME.parquet and "
        "NAME.json. Columns are found by their usual names; times without a zone are UTC.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="the table")
    parser.add_argument("--name", required=True, help="name of the catalog: letters, digits, _, -")
    parser.add_argument(
        "--column",
        type=_column,
        action="append",
        default=[],
        metavar="CANONICAL=COLUMN",
        help="the file's column for time, date, clock, year, month, day, hour, minute, second, "
        "magnitude, latitude, longitude, depth_km, event_id, event_type or magnitude_type, as in "
        "time=origin_time; may be repeated",
    )
    parser.add_argument(
        "--completeness",
        type=float,
        metavar="M",
        help="magnitude of completeness (default: maximum curvature + 0.2)",
    )
    parser.add_argument(
        "--strict", action="store_true", help="leave out events at exactly the completeness"
    )
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
    splits = parser.add_mutually_exclusive_group()
    splits.add_argument(
        "--splits",
        nargs=4,
        metavar=("TRAIN_START", "VAL_START", "TEST_START", "END"),
        help="dates between which train, validation and test windows lie",
    )
    splits.add_argument(
        "--fractions",
        nargs=3,
        type=float,
        default=(0.6, 0.2, 0.2),
        metavar=("TRAIN", "VAL", "TEST"),
        help="shares of the events (default: 0.6 0.2 0.2)",
    )
    parser.add_argument(
        "--ties",
        choices=("error", "separate", "drop"),
        default="error",
        help="events of equal time: stop, set them 1 ms apart, or keep the first (default: error)",
    )
    for field, meaning in {
        "title": "one line that says what the catalog is",
        "region": "where the events are",
        "source": "where the table comes from (default: the file's name)",
        "licence": "under which terms it may be used",
        "citation": "what to cite",
    }.items():
        parser.add_argument(f"--{field}", metavar="TEXT", default="", help=meaning)
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where to store it (default: the user's cache)"
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace a catalog of the same name"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON")
    parser.set_defaults(run=run_import)


def _column(text: str) -> tuple[str, str]:
    canonical, separator, column = text.partition("=")
    if not (canonical.strip() and separator and column.strip()):
        raise argparse.ArgumentTypeError(f"{text!r} is not CANONICAL=COLUMN, as in time=origin")
    return canonical.strip(), column.strip()


def run_list(args: argparse.Namespace) -> int:
    """Print a table of the catalogs; generated ones are not built for it."""
    from catalogs.store import GENERATED, available, load
    from catalogs.summary import outline

    if args.known:
        catalogs_fetch.print_known(as_json=args.json)
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
    """Print what is known of one catalog."""
    from catalogs import load
    from catalogs.summary import describe

    summary = describe(load(args.name))
    if args.json:
        print_json(summary)
    else:
        print_info(summary)
    return 0


def run_import(args: argparse.Namespace) -> int:
    """Read, check, store and summarise a table."""
    from dataclasses import replace

    from catalogs import Catalog, SplitDates, save
    from catalogs.formats.table import read_table
    from catalogs.importing import import_table, out_of_order
    from catalogs.summary import describe

    refuse_taken(args.name, args.out, overwrite=args.overwrite)
    events = read_table(_content(args.file), str(args.file), dict(args.column))
    catalog = import_table(
        events,
        args.name,
        completeness=args.completeness,
        strict=args.strict,
        magnitude_bin=args.magnitude_bin,
        start=args.start,
        end=args.end,
        train_start=args.train_start,
        splits=SplitDates(*args.splits) if args.splits else None,
        fractions=args.fractions,
        ties=args.ties,
    )
    info = replace(
        catalog.info,
        title=args.title,
        region=args.region,
        source=args.source or args.file.name,
        licence=args.licence,
        citation=args.citation,
    )
    record = save(Catalog(catalog.events, info), args.out, overwrite=args.overwrite)
    known_as = args.name if args.out is None else str(record)
    summary = describe(Catalog(catalog.events, info)) | {
        "events_read": len(events),
        "events_out_of_order": out_of_order(events),
        "saved": str(record),
        "next": f"recast benchmark --catalog {known_as}",
    }
    if args.json:
        print_json(summary)
        return 0
    print(
        f"{args.file}: {len(events):,} events read, "
        f"{summary['events_out_of_order']:,} of them out of time order (sorted)"
    )
    print_info(summary)
    print(f"saved          {record} and {record.stem}.parquet\n\nNext: {summary['next']}")
    return 0


def refuse_taken(name: str, folder: Path | None, *, overwrite: bool) -> None:
    """No name, or one that another catalog has: the new one would hide it or be hidden."""
    from catalogs import InputError, available
    from catalogs.store import check_name, user_folder

    check_name(name)
    if folder is not None:
        return  # ``save`` looks there, and such a catalog is loaded by its path
    place = available().get(name)
    if place is None or (overwrite and place == str(user_folder())):
        return
    remedy = "--overwrite" if place == str(user_folder()) else "--out FOLDER"
    raise InputError(
        f"catalog {name!r} exists already ({place}): choose another --name or {remedy}"
    )


def _content(path: Path) -> bytes:
    from catalogs import InputError

    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from error


def print_json(content: Any) -> None:
    """Print a result of JSON types."""
    import json

    print(json.dumps(content, indent=2, allow_nan=False))


def _print_table(rows: list[dict[str, Any]]) -> None:
    cells = [("name", "events", "window", "complete at", "where")]
    for row in rows:
        if "events" in row:
            window = f"{row['start']} to {row['end']}"
            cells.append((row["name"], f"{row['events']:,}", window, _threshold(row), row["where"]))
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


def print_info(summary: dict[str, Any]) -> None:
    """Print what ``catalogs.summary.describe`` says of a catalog, a fact a line."""
    info, counts = summary["info"], summary["splits"]
    dates = info["splits"]
    lines = {
        "catalog": info["name"] + (f": {info['title']}" if info["title"] else ""),
        "region": info["region"],
        "completeness": _threshold(summary),
        "events": f"{summary['events']:,} complete of {info['n_events']:,}, the largest "
        f"M{summary['largest_magnitude']:.2f}",
        "window": f"{info['start']} to {info['end']}",
        "train": f"{counts['train']:,} events from {dates['train_start']}",
        "validation": f"{counts['val']:,} events from {dates['val_start']}",
        "test": f"{counts['test']:,} events from {dates['test_start']} to {dates['end']}",
        "b-value": f"{summary['b_value']:.3f} +- {summary['b_standard_error']:.3f} where scored, "
        "magnitudes "
        + (f"in steps of {info['magnitude_bin']:g}" if info["magnitude_bin"] else "continuous"),
        "ties": f"{summary['tied_events']:,} events share a time ({info['ties']})"
        if summary["tied_events"]
        else "none",
        "note": info["note"],
        "source": info["source"],
        "licence": info["licence"] or "not stated",
        "citation": info["citation"] or "not stated",
        "truth": ", ".join(
            f"{n} {value:g}" for n, value in info["truth"].items() if value is not None
        ),
    }
    for label, text in lines.items():
        if text:
            print(f"{label:<14} {text}")


def _threshold(row: dict[str, Any]) -> str:
    sign = ">" if row["completeness_is_strict"] else ">="
    return f"M {sign} {row['magnitude_completeness']:g}"
