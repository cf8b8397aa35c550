"""The section of a catalog in a report: plots, as files and on the page, tables, provenance."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from catalogs import Catalog
from catalogs.files import write_whole
from recast.benchmark.folder import BenchmarkFolder
from recast.plots.style import render, sign
from recast.report.contents import Item, items
from recast.report.subject import Subject, read_subject
from recast.report.summary import aftershock_table, catalog_provenance, facts, rolling_table, table
from recast.report.svg import inline_svg

FOLDER = "report"
"""Folder of the plots, beside the page."""

NOTE = (
    "Scores are those of the test window, in nats per event (natural logarithms); gains are means "
    "over its events, with 95 % intervals of a jackknife over blocks of time. KS p: "
    "Kolmogorov-Smirnov test of the residuals; below 0.05 the model does not fit, and with enough "
    "events no model does."
)


@dataclass(frozen=True)
class Entry:
    """A plot on the page, or the reason why it is missing."""

    id: str
    heading: str
    reading: Markup
    remedy: Markup
    svg: Markup


def catalog_section(
    run: BenchmarkFolder, name: str, out: Path, samples: int, seed: int
) -> dict[str, Any]:
    """Return what the template shows of a catalog; write its plots to ``out/report/NAME``."""
    began = time.perf_counter()
    subject = read_subject(run, name, samples=samples, seed=seed)
    entries = [page_entry(item, name, out / FOLDER / name) for item in items(subject)]
    return {**_section(subject.catalog, subject, entries), "seconds": time.perf_counter() - began}


def page_entry(item: Item, name: str, folder: Path) -> Entry:
    """Make the entry of an item; write its plot to ``folder`` as PNG and SVG."""
    key = f"{name}-{item.key}"
    svg = ""
    if item.figure is not None:
        sign(item.figure, f"{name}: {item.heading}")
        drawn = render(item.figure, "svg")
        svg = inline_svg(drawn.decode(), key, f"{item.heading}: {name}")
        write_whole(folder / f"{item.key}.svg", drawn)
        write_whole(folder / f"{item.key}.png", render(item.figure, "png"))
    return Entry(key, item.heading, _prose(item.reading), _prose(item.remedy), Markup(svg))  # noqa: S704 - escaped by matplotlib


def _prose(text: str) -> Markup:
    """Mark up text with `commands` in backticks as code."""
    parts = text.split("`")
    coded = [
        Markup("<code>{}</code>").format(part) if i % 2 else Markup("{}").format(part)
        for i, part in enumerate(parts)
    ]
    return Markup("").join(coded)


def _section(catalog: Catalog, subject: Subject, plots: list[Entry]) -> dict[str, Any]:
    info = catalog.info
    columns, rows = table(subject.models)
    return {
        "key": f"catalog-{info.name}",
        "name": info.name,
        "title": info.title or info.name,
        "facts": facts(catalog, subject.split),
        "columns": columns,
        "rows": rows,
        "rolling": rolling_table(subject.rolling),
        "aftershocks": aftershock_table(subject.aftershocks),
        "remarks": subject.remarks,
        "note": NOTE,
        "plots": [plot for plot in plots if plot.svg],
        "missing": [plot for plot in plots if not plot.svg],
        "provenance": catalog_provenance(catalog),
    }
