"""Printing that several commands share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from catalogs.display import some

SPELLED = {
    "as_name": "--name",
    "columns": "--column",
    "files": "--from",
    "folder": "--out",
    "history": "--catalog",
    "missing_magnitudes": "--missing-magnitude",
    "names": "--columns",
    "dates": "--dates",
    "time_zone": "--time-zone",
}
"""Options of arguments with a different name, or that catalogs recall after their import."""


def in_options(message: str, options: Mapping[str, Any]) -> str:
    """Replace arguments of Python functions, in backticks, by options in a message.

    >>> in_options("`end` is before `start`, see `epoch`", {"start": None, "end": None})
    '--end is before --start, see `epoch`'
    """
    spelled: dict[str, str] = {**SPELLED, **options.get("spelled", {})}  # of the command itself

    def option(found: re.Match[str]) -> str:
        name = found[1]
        if name in options and name not in spelled:
            return f"--{name.replace('_', '-')}"
        return spelled.get(name, found[0])

    return re.sub(r"`(\w+)`", option, message)


def print_json(content: Any) -> None:
    """Print indented JSON."""
    import json

    print(json.dumps(content, indent=2, allow_nan=False))


def print_info(summary: dict[str, Any]) -> None:
    """Print the summary from ``catalogs.checks.summary.describe``."""
    info, counts, largest = summary["info"], summary["splits"], summary["largest_magnitude"]
    dates = info["splits"]
    lines = {
        "catalog": info["name"] + (f": {info['title']}" if info["title"] else ""),
        "region": info["region"],
        "area": _area(summary),
        "completeness": threshold(summary),
        "events": f"{summary['events']:,} complete of {info['n_events']:,}"
        + (f", the largest M{largest:.2f}" if largest is not None else ""),
        "window": f"{info['start']} to {info['end']}",
        "train": f"{counts['train']:,} events from {dates['train_start']}",
        "validation": f"{counts['val']:,} events from {dates['val_start']}",
        "test": f"{counts['test']:,} events from {dates['test_start']} to {dates['end']}",
        "b-value": _b_value(summary)
        + ", magnitudes "
        + (f"in steps of {info['magnitude_bin']:g}" if info["magnitude_bin"] else "continuous"),
        "ties": f"{summary['tied_events']:,} events share a time ({info['ties']})"
        if summary["tied_events"]
        else "none",
        "note": info["note"],
        "source": info["source"],
        "fetched": _fetched(info.get("provenance", {})),
        "licence": info["licence"] or "not stated",
        "citation": info["citation"] or "not stated",
        "truth": ", ".join(
            f"{n} {value:g}" for n, value in info["truth"].items() if value is not None
        ),
    }
    for label, text in lines.items():
        if text:  # a note may have several lines
            print(f"{label:<14} {in_options(' '.join(text.split()), {})}")


def _area(summary: dict[str, Any]) -> str:
    if summary["area"] is None:
        return ""
    around = "" if "area" in summary["info"] else ", the box around its complete events"
    return f"{summary['area']}{around}"


def _b_value(summary: dict[str, Any]) -> str:
    if summary["b_value"] is None:
        few = summary["events"] < 3
        return f"not determined by {'so few events' if few else 'magnitudes that are all equal'}"
    return f"{summary['b_value']:.3f} +- {summary['b_standard_error']:.3f} where scored"


def _fetched(provenance: dict[str, Any]) -> str:
    files = provenance.get("files")
    if not files:
        return ""
    last = max(raw["retrieved"] for raw in files)
    rows = f"{provenance['rows']:,} rows in " if provenance.get("rows") is not None else ""
    return f"{rows}{some(len(files), 'file')}, the newest from {last}"


def threshold(row: dict[str, Any]) -> str:
    """``M >= 2.5``, or ``M > 2.5`` where completeness is strict."""
    sign = ">" if row["completeness_is_strict"] else ">="
    return f"M {sign} {row['magnitude_completeness']:g}"
