"""The report of a benchmark: one page that needs nothing else, and its plots as files."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from catalogs import Catalog
from catalogs.jsonfile import write_whole
from recast import runs
from recast.report.contents import Item, Subject, items, overview, sampled_models
from recast.report.plots import render, sign
from recast.report.summary import (
    catalog_provenance,
    compared,
    facts,
    gains_table,
    run_provenance,
    table,
)
from recast.report.svg import colour_variables, inline_svg
from recast.report.table import sentence
from recast.runs import BenchmarkRun

PAGE = "report.html"
FOLDER = "report"
"""Of the plots, beside the page."""

SUMMARY_NOTE = (
    "Mean difference of the log-likelihood of each test event, in nats (natural logarithms), with "
    "the 95 % interval of a paired stationary block bootstrap: above zero a model explains the "
    "events better than ETAS, across zero they cannot be told apart."
)
NOTE = (
    "Scores are those of the test window, in nats per event (natural logarithms); gains are means "
    "over its events with 95 % intervals of a paired stationary block bootstrap. KS p: "
    "Kolmogorov-Smirnov test of the residuals; below 0.05 the model does not fit, which many "
    "events show of any model."
)


@dataclass(frozen=True)
class Entry:
    """A plot on the page, or why there is none."""

    id: str
    heading: str
    reading: Markup
    remedy: Markup
    svg: Markup


def build_report(
    run: BenchmarkRun, out: Path, *, samples: int, seed: int, command: str
) -> tuple[Path, int]:
    """Write ``out/report.html`` and its plots; the path of the page and the number of plots.

    No model is fitted: nets are read from their checkpoints, ``samples`` continuations of the
    test window drawn from ETAS and one net.
    """
    rolling = run.optional("rolling.json") or {"catalogs": {}}
    trimmed = run.optional("trimmed.json") or {"catalogs": {}}
    sections, count = [], 0
    for name in run.catalogs:
        began = time.perf_counter()
        catalog = runs.load_catalog(run, name)
        models = run.models(name)
        subject = Subject(
            catalog,
            catalog.split(),
            models,
            runs.diagnoses(run, catalog),
            {model: runs.load_process(run, catalog, model) for model in sampled_models(models)},
            rolling["catalogs"].get(name),
            trimmed["catalogs"].get(name, []),
            str(run.record.get("command", "recast benchmark")),
            samples,
            seed,
        )
        plots = [_entry(item, name, out, catalog) for item in items(subject)]
        sections.append(_section(catalog, subject, plots))
        count += sum(bool(plot.svg) for plot in plots)
        say(f"{name}: {len(plots)} plots in {time.perf_counter() - began:.1f} s")
    first = _overview(run, out)
    count += first is not None
    page = _template().render(
        title="Earthquake forecasting benchmark",
        subtitle=", ".join(run.catalogs),
        quick=run.record.get("quick", False),
        summary=gains_table(run),
        summary_note=SUMMARY_NOTE,
        overview=first,
        sections=sections,
        provenance=run_provenance(run, command=command, samples=samples, seed=seed),
        light=Markup(colour_variables(dark=False)),  # noqa: S704 - our own constants
        dark=Markup(colour_variables(dark=True)),  # noqa: S704
    )
    write_whole(out / PAGE, page.encode())
    return out / PAGE, count


def say(line: str) -> None:
    """Progress, beside the result."""
    print(line, file=sys.stderr, flush=True)


def _template() -> Any:
    source = files("recast.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(source)


def _entry(item: Item, name: str, out: Path, catalog: Catalog | None) -> Entry:
    key = f"{name}-{item.key}".replace("@", "_").replace("/", "_")
    svg = ""
    if item.figure is not None:
        sign(item.figure, f"{name}: {item.heading}")
        drawn = render(item.figure, "svg")
        svg = inline_svg(drawn.decode(), key, f"{item.heading}: {name}")
        folder = out / FOLDER / name if catalog is not None else out / FOLDER
        write_whole(folder / f"{item.key}.svg", drawn)
        write_whole(folder / f"{item.key}.png", render(item.figure, "png"))
    return Entry(key, item.heading, _prose(item.reading), _prose(item.remedy), Markup(svg))  # noqa: S704 - escaped by matplotlib


def _prose(text: str) -> Markup:
    """Text whose `commands` are set as code."""
    parts = text.split("`")
    coded = [
        Markup("<code>{}</code>").format(part) if i % 2 else Markup("{}").format(part)
        for i, part in enumerate(parts)
    ]
    return Markup("").join(coded)


def _section(catalog: Catalog, subject: Subject, plots: list[Entry]) -> Mapping[str, Any]:
    info = catalog.info
    columns, rows = table(subject.models)
    return {
        "key": f"catalog-{info.name}",
        "name": info.name,
        "title": info.title or info.name,
        "facts": facts(catalog, subject.split),
        "columns": columns,
        "rows": rows,
        "verdicts": [
            sentence(info.name, model, row, row["splits"]["test"]["n_events"])
            for model, row in compared(subject.models)
        ],
        "note": NOTE,
        "plots": [plot for plot in plots if plot.svg],
        "missing": [plot for plot in plots if not plot.svg],
        "provenance": catalog_provenance(catalog),
    }


def _overview(run: BenchmarkRun, out: Path) -> Entry | None:
    """All catalogs in one plot, if there are several."""
    gains = {
        name: (
            next(iter(run.models(name).values()))["splits"]["train"]["n_events"],
            {model: row["gain_over_etas"] for model, row in compared(run.models(name))},
        )
        for name in run.catalogs
    }
    if len(gains) < 2 or not any(rows for _, rows in gains.values()):
        return None
    return _entry(overview(gains), "all", out, None)
