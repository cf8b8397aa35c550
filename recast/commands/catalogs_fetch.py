"""`recast catalogs fetch | cache`: known catalogs from their providers, and the raw files."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.commands.options import (
    AREA,
    OneLineParser,
    add_completeness,
    add_event_types,
    add_splits,
    add_strict_completeness,
    add_ties,
)
from recast.commands.printing import print_info, print_json
from recast.commands.reading import add_storing, add_strict
from recast.commands.stored import next_command, print_doubts

if TYPE_CHECKING:
    from catalogs import Catalog


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs fetch`."""
    parser = actions.add_parser(
        "fetch",
        help="download a known catalog from its provider",
        description="Download the raw files of a known catalog (or use those in the cache), parse "
        "them, select events, and store the catalog as NAME.parquet and NAME.json, which records "
        "the origin of every file and how many events each rule left. `recast catalogs list "
        "--known` shows the names.",
    )
    parser.add_argument("known", metavar="KNOWN", help="name of a known catalog, such as scedc")
    parser.add_argument("--name", help="name of the stored catalog (default: the same)")
    parser.add_argument("--start", metavar="DATE", help="start of the period")
    parser.add_argument("--end", metavar="DATE", help="end of the period, exclusive")
    parser.add_argument("--area", metavar="AREA", help=AREA)
    parser.add_argument(
        "--min-magnitude", type=float, metavar="M", help="fetch events of at least this magnitude"
    )
    add_event_types(parser, None)
    add_completeness(parser)
    add_strict_completeness(parser)
    add_splits(parser, " (default: 0.6 0.2 0.2)")
    add_ties(parser, "separate", stated=False)  # the study of a preset decides
    parser.add_argument(
        "--from",
        dest="files",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="use files downloaded by hand, in the provider's format",
    )
    add_strict(parser)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--refresh", action="store_true", help="download again what is in the cache")
    where.add_argument("--offline", action="store_true", help="use only what is in the cache")
    _add_cache_folder(parser)
    add_storing(parser)
    parser.set_defaults(run=run_fetch)


def add_cache(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs cache`."""
    parser = actions.add_parser("cache", help="show the size of the raw files, or remove them")
    jobs = parser.add_subparsers(dest="job", required=True, metavar="JOB")
    info = jobs.add_parser("info", help="show the location and size of the raw files")
    _add_cache_folder(info)
    info.set_defaults(run=run_cache_info)
    clear = jobs.add_parser("clear", help="remove the raw files of known catalogs")
    clear.add_argument("known", metavar="KNOWN", nargs="*", help="names of known catalogs")
    clear.add_argument("--all", action="store_true", help="remove all raw files")
    _add_cache_folder(clear)
    clear.set_defaults(run=run_cache_clear)


def _add_cache_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="FOLDER",
        help="folder of the raw files (default: downloads in the user's cache)",
    )


def parsed_words(words: str) -> argparse.Namespace:
    """The arguments of `recast catalogs fetch` in a line of text."""
    parser: argparse.ArgumentParser = OneLineParser(prog="recast catalogs")
    add_action(parser.add_subparsers())
    args, unknown = parser.parse_known_args(["fetch", *shlex.split(words)])
    if unknown:
        args.parser.refuse(unknown)
    return args


def fetched(args: argparse.Namespace) -> Catalog:
    """Fetch and store."""
    from catalogs import SplitDates, fetch_catalog
    from catalogs.providers import Downloads

    folder = {} if args.cache is None else {"folder": args.cache}
    return fetch_catalog(
        args.known,
        args.name,
        start=args.start,
        end=args.end,
        area=args.area,
        min_magnitude=args.min_magnitude,
        event_types=args.event_types,
        completeness=args.completeness,
        strict_completeness=args.strict_completeness,
        splits=SplitDates(*args.splits) if args.splits else None,
        fractions=args.fractions,
        ties=args.ties,
        files=args.files,
        strict=args.strict,
        downloads=Downloads(offline=args.offline, refresh=args.refresh, **folder),
        folder=args.out,
        overwrite=args.overwrite,
    )


def run_fetch(args: argparse.Namespace) -> int:
    """Fetch, store and summarise."""
    from catalogs.checks.summary import describe
    from catalogs.store import record_path

    catalog = fetched(args)
    record = record_path(catalog.info.name, args.out)
    known_as = catalog.info.name if args.out is None else str(record)
    summary = describe(catalog)
    command = next_command(catalog, splits=summary["enough_to_split"])
    summary |= {"saved": str(record), "next": f"recast {command} {known_as}"}
    if args.json:
        print_json(summary)
        return 0
    _print_provenance(summary["info"]["provenance"], summary["events"])
    print_info(summary)
    print(f"saved          {record} and {record.stem}.parquet")
    print_doubts(catalog)
    print(f"\nNext: {summary['next']}")
    return 0


def print_known(*, as_json: bool) -> None:
    """Print the known catalogs, one per line or as JSON."""
    from catalogs.providers.known import known_records

    known = known_records()
    if as_json:
        fields = ("name", "title", "region", "way", "licence", "citation", "about", "note")
        print_json([{f: getattr(r, f) for f in fields} for r in known.values()])
        return
    width = max(map(len, known))
    for record in known.values():
        note = f" ({record.note})" if record.note else ""
        print(f"{record.name:<{width}}  {record.way:<12}  {record.title}, {record.region}{note}")


def print_names() -> None:
    """Print the names of the known catalogs, as a paragraph."""
    import textwrap

    from catalogs.providers.known import known_records

    names = ", ".join(known_records())
    print("\nAlso available by `recast catalogs fetch NAME` (details: --known):")
    print(textwrap.fill(names, 100, initial_indent="  ", subsequent_indent="  "))


def _print_provenance(provenance: dict[str, Any], n_complete: int) -> None:
    files = provenance["files"]
    n_bytes = sum(raw["n_bytes"] for raw in files)
    print(f"{len(files):,} files, {n_bytes / 1e6:,.1f} MB: {provenance['rows']:,} rows")
    for raw in files:
        if "replaces" in raw:
            print(f"  changed by the provider since the last download: {raw['url']}")
    if provenance["damaged_rows"]:
        print(f"  {provenance['damaged_rows']:,} damaged rows left out, such as")
        for row in provenance["first_damaged"]:
            print(f"    {row}")
    if provenance["rows_without_magnitude"]:
        others = provenance["rows_without_magnitude"]
        print(f"  {others:,} rows have no magnitude, or are not the network's own")
    for step in provenance["rules"]:
        print(f"  {step['before']:>10,} -> {step['after']:>10,}  {step['rule']}")
    published = provenance.get("published_events")
    if published is not None:
        same = "as published" if published == n_complete else f"the paper has {published:,}"
        print(f"  {n_complete:,} complete events: {same}")


def run_cache_info(args: argparse.Namespace) -> int:
    """Print folder and sizes."""
    from catalogs.providers.downloads import Downloads
    from catalogs.providers.raw_files import sizes

    folder = args.cache or Downloads().folder
    found = sizes(folder)
    print(f"{folder}: {sum(found.values()) / 1e6:,.1f} MB")
    for name, n_bytes in found.items():
        print(f"{n_bytes / 1e6:>12,.1f} MB  {name}")
    return 0


def run_cache_clear(args: argparse.Namespace) -> int:
    """Remove raw files, and report their size."""
    from catalogs import InputError
    from catalogs.providers.downloads import Downloads
    from catalogs.providers.known import find
    from catalogs.providers.raw_files import clear, folder_name, sizes

    downloads = Downloads() if args.cache is None else Downloads(args.cache)
    if bool(args.known) == args.all:
        raise InputError("recast catalogs cache clear: give names of known catalogs, or --all")
    names = {folder_name(find(known).source) for known in args.known} or sizes(downloads.folder)
    n_bytes = sum(clear(downloads, name) for name in sorted(names))
    print(f"{downloads.folder}: {n_bytes / 1e6:,.1f} MB removed")
    return 0
