"""The report of a benchmark: one page that needs nothing else, and its plots as files."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from catalogs.files import write_whole
from recast.benchmark.comparison import process_pool, say
from recast.benchmark.folder import BenchmarkRun
from recast.report.contents import overview
from recast.report.section import FOLDER, Entry, catalog_section, page_entry
from recast.report.summary import gains_table, run_provenance
from recast.report.svg import colour_variables
from recast.report.table import compared, sentence

PAGE = "report.html"

SUMMARY_NOTE = (
    "Mean difference of the log-likelihood of each test event, in nats (natural logarithms), with "
    "the 95 % interval of a paired stationary block bootstrap: above zero a model explains the "
    "events better than ETAS, across zero they cannot be told apart."
)


def build_report(
    run: BenchmarkRun, out: Path, *, samples: int, seed: int, command: str, workers: int = 1
) -> tuple[Path, int]:
    """Write ``out/report.html`` and its plots; the path of the page and the number of plots.

    No model is fitted: nets are read from their checkpoints, ``samples`` continuations of the
    test window drawn from ETAS and one net. Catalogs are shared out to ``workers`` processes,
    whose number changes nothing.
    """
    sections = []
    with process_pool(min(workers, len(run.catalogs))) as pool:
        tasks = [(run, name, out, samples, seed) for name in run.catalogs]
        parts = [pool.submit(catalog_section, *task) for task in tasks] if pool else []
        for i, task in enumerate(tasks):
            section = parts[i].result() if pool else catalog_section(*task)
            say(f"{section['name']}: {len(section['plots'])} plots, {section['seconds']:.1f} s")
            sections.append(section)
    first = _overview(run, out)
    count = sum(len(section["plots"]) for section in sections) + (first is not None)
    page = _template().render(
        title="Earthquake forecasting benchmark",
        subtitle=", ".join(run.catalogs),
        quick=run.record.get("quick", False),
        summary=gains_table(run),
        summary_note=SUMMARY_NOTE,
        verdicts=[
            sentence(name, model, row, row["splits"]["test"]["n_events"])
            for name in run.catalogs
            for model, row in compared(run.models(name))
        ],
        overview=first,
        sections=sections,
        provenance=run_provenance(run, command=command, samples=samples, seed=seed),
        light=Markup(colour_variables(dark=False)),  # noqa: S704 - our own constants
        dark=Markup(colour_variables(dark=True)),  # noqa: S704
    )
    write_whole(out / PAGE, page.encode())
    return out / PAGE, count


def _template() -> Any:
    source = files("recast.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(source)


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
    return page_entry(overview(gains), "all catalogs", out / FOLDER)
