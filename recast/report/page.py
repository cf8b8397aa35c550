"""The report of a benchmark: one page that needs nothing else, and its plots as files."""

from __future__ import annotations

from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from catalogs.cores import cores
from catalogs.files import write_whole
from recast.benchmark.comparison import process_pool, say
from recast.benchmark.folder import BenchmarkFolder, open_run
from recast.benchmark.results import sentence
from recast.report.contents import overview
from recast.report.section import FOLDER, Entry, catalog_section, page_entry
from recast.report.summary import gains_table, run_provenance
from recast.report.svg import colour_variables

PAGE = "report.html"

SUMMARY_NOTE = (
    "Mean difference of the log-likelihood of each test event, in nats (natural logarithms), with "
    "the 95 % interval of a jackknife over blocks of time: above zero a model explains the "
    "events better than ETAS, across zero they cannot be told apart."
)


def write_report(
    folder: str | PathLike[str],
    out: str | PathLike[str] | None = None,
    *,
    samples: int = 200,
    seed: int = 0,
    workers: int | None = None,
    command: str = "recast report",
) -> tuple[Path, int]:
    """Write the page of a benchmark, and its plots beside it.

    Parameters
    ----------
    folder : path
        Of the benchmark.
    out : path, optional
        Where report.html is written; by default ``folder``.
    samples : int
        Continuations of the test window, drawn from ETAS and one other model.
    seed : int
        Of the samples.
    workers : int, optional
        Processes that share the catalogs; by default one a core. It changes nothing.
    command : str
        By which command it was made, for the page.

    Returns
    -------
    Path, int
        The page, and the number of plots.

    Raises
    ------
    InputError
        If the folder holds no benchmark, or what it was made of is missing or has changed.

    Examples
    --------
    >>> import tempfile
    >>> from recast import run_benchmark, write_report
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = run_benchmark(["ridgecrest_2019"], ["poisson", "etas"], folder)
    ...     page, plots = write_report(folder, samples=40)
    >>> page.name
    'report.html'
    """
    run = open_run(Path(folder))
    out = run.folder if out is None else Path(out)
    workers = cores() if workers is None else workers
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
        quick=run.result.quick,
        summary=gains_table(run),
        summary_note=SUMMARY_NOTE,
        verdicts=[
            sentence(name, model, gain, row.test.n_events)
            for name, catalog in run.result.catalogs.items()
            for model, row, gain in catalog.compared()
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


def _overview(run: BenchmarkFolder, out: Path) -> Entry | None:
    """All catalogs in one plot, if there are several."""
    gains = {
        name: (
            catalog.n_events["train"],
            {model: gain for model, _, gain in catalog.compared()},
        )
        for name, catalog in run.result.catalogs.items()
    }
    if len(gains) < 2 or not any(rows for _, rows in gains.values()):
        return None
    return page_entry(overview(gains), "all catalogs", out / FOLDER)
