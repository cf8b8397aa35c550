"""`recast catalogs check`: is a catalog, or a file of events, fit for use?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recast.commands.options import add_selection, selected
from recast.commands.printing import print_json
from recast.commands.reading import (
    add_reading,
    missing_of,
    reading_json,
    reading_of,
    refuse_reading,
)

if TYPE_CHECKING:
    from catalogs import Catalog


def add_action(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `recast catalogs check`."""
    parser = actions.add_parser(
        "check",
        help="ties, duplicates, gaps, event types, completeness, b-value, day and night",
        description="Look at what spoils a forecast before it is made: ties and duplicates, gaps, "
        "quarry blasts and other types of events, magnitude types and resolution, completeness "
        "and b-value over time, and detection by day and by night. With --out it also writes "
        "check.json and two plots. A file is looked at with all its events, quarry blasts too.",
    )
    parser.add_argument("catalog", metavar="NAME", help="name or path of a catalog, or a file")
    add_reading(parser)
    add_selection(parser)
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where to write JSON and plots")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run_check)


def run_check(args: argparse.Namespace) -> int:
    """Check, print and write."""
    from catalogs.checks.findings import findings
    from catalogs.checks.quality import check_catalog
    from recast.commands.stored import doubts

    catalog, reading = _catalog(args)
    report = check_catalog(catalog)
    report = reading | report | {"findings": [*findings(report), *doubts(catalog)]}
    if args.out is not None:
        _write(args.out, catalog, report)
    if args.json:
        print_json(report)
    else:
        _print(report)
    return 0


def _catalog(args: argparse.Namespace) -> tuple[Catalog, dict[str, Any]]:
    """The catalog of that name, or one made of a file, and what was rejected there."""
    from catalogs import load
    from catalogs.formats.reading import read_events
    from catalogs.from_files import catalog_of_file
    from catalogs.store import STORED

    path = Path(args.catalog)
    if not path.is_file() or (path.suffix in STORED and path.with_suffix(".json").is_file()):
        stored = load(args.catalog)
        refuse_reading(args)
        return selected(stored, args, any_splits=True), {}
    options = reading_of(args) | {"missing_magnitudes": missing_of(args) or ()}
    parsed = read_events(path, **options)
    catalog = catalog_of_file(parsed, path.name, args.completeness)
    damaged = parsed.damaged()
    reading = {
        "layout": parsed.explanation.layout,
        "reading": reading_json(args, parsed),
        "rows": parsed.n_rows,
        "rows_left_out": len(parsed.rejected) - len(damaged),
        "rows_damaged": [str(row) for row in damaged],
    }
    return selected(catalog, args, any_splits=True), reading


def _write(folder: Path, catalog: Catalog, report: dict[str, Any]) -> None:
    from catalogs.files import write_json
    from recast.plots.quality import magnitudes_and_hours, over_time
    from recast.plots.style import save

    write_json(folder / "check.json", report)
    save(over_time(catalog, report), folder / "over_time.png")
    save(magnitudes_and_hours(catalog, report), folder / "magnitudes_and_hours.png")


def _print(report: dict[str, Any]) -> None:
    resolution, twice = report["magnitude_resolution"], report["duplicates"]
    b = [step["b"] for step in report["b_over_time"]]
    levels = [step["completeness"] for step in report["completeness_over_time"]]
    lines = {
        "catalog": f"{report['catalog']}, {report['start']} to {report['end']}",
        "events": f"{report['events']:,}, of which {report['complete_events']:,} complete at "
        f"M {report['magnitude_completeness']:g}",
        "rows": _rows(report),
        "ties": f"{report['ties']['events']:,} events share a time",
        "duplicates": ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in twice.items()),
        "gaps": f"{len(report['gaps'])} suspicious",
        "event types": _counted(report["event_types"]) or "not given",
        "magnitudes": f"{_step(resolution['step'])}, {resolution['share_on_tenths']:.0%} on "
        f"tenths; types: {_counted(report['magnitude_types']) or 'not given'}",
        "completeness": f"{min(levels):.1f} to {max(levels):.1f} over {len(levels)} blocks",
        "b-value": f"{min(b):.2f} to {max(b):.2f} over {len(b)} blocks" if b else "",
        "day / night": _day(report["time_of_day"]),
    }
    for label, text in lines.items():
        if text:
            print(f"{label:<14} {text}")
    print("\nWorth a look:" if report["findings"] else "\nNothing stands out.")
    for finding in report["findings"]:
        print(f"- {finding}")


def _rows(report: dict[str, Any]) -> str:
    if "rows" not in report:
        return ""
    damaged = report["rows_damaged"]
    first = f", the first: {damaged[0]}" if damaged else ""
    return (
        f"{report['rows']:,} in layout {report['layout']}; {report['rows_left_out']:,} without a "
        f"magnitude or not the network's own, {len(damaged):,} damaged{first}"
    )


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name or 'none'} {n:,}" for name, n in list(counts.items())[:8])


def _step(step: float) -> str:
    return f"in steps of {step:g}" if step else "continuous"


def _day(parts: dict[str, Any]) -> str:
    return ", ".join(
        f"{part['day_to_night']:.2f} ({part['ci95'][0]:.2f} to {part['ci95'][1]:.2f}) of {name}"
        for name, part in parts.items()
        if "ci95" in part
    )
