"""The report of a benchmark: one self-contained page, and its plots as files."""

from __future__ import annotations

from importlib.resources import files
from os import PathLike
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from catalogs.cores import cores
from catalogs.files import write_whole
from catalogs.processes import process_pool
from recast.benchmark.comparison import say
from recast.benchmark.folder import AFTERSHOCKS, RECORD, BenchmarkFolder, open_run
from recast.benchmark.results import sentence
from recast.forecast.aftershock_results import AftershockResult
from recast.report.contents import overview
from recast.report.exam import exam_page
from recast.report.section import FOLDER, Entry, catalog_section, page_entry
from recast.report.summary import gains_table, run_provenance
from recast.report.svg import colour_variables

PAGE = "report.html"

SUMMARY_NOTE = (
    "Mean difference in log-likelihood per test event, in nats (natural logarithms), with the 95 % "
    "interval of a jackknife over blocks of time. Above zero, a model explains the events "
    "better than ETAS; where the interval includes zero, the two cannot be told apart."
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
    """Write a benchmark, or an exam after mainshocks, as one HTML page, and its plots as files.

    Parameters
    ----------
    folder : path
        Folder of the benchmark, or of ``run_aftershock_exam``.
    out : path, optional
        Where report.html is written; by default ``folder``.
    samples : int
        Number of simulated continuations of the test window, for ETAS and one net.
    seed : int
        Random seed of the samples.
    workers : int, optional
        Processes, each for one catalog at a time; by default one per core. The page does not depend
        on it.
    command : str
        The command line, for the page.

    Returns
    -------
    Path, int
        The page, and the number of plots.

    Raises
    ------
    InputError
        If the folder holds no benchmark, or its catalogs or models are missing or have changed.

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
    exam = Path(folder) / AFTERSHOCKS
    if exam.is_file() and not (Path(folder) / RECORD).is_file():
        where = Path(folder if out is None else out)
        shown = exam_page(AftershockResult.load(exam), where, command)
        page = write_page(where / PAGE, **shown)
        return page, sum(len(part["plots"]) for part in shown["sections"])
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
    page = write_page(
        out / PAGE,
        title="Earthquake forecasting benchmark",
        subtitle=", ".join(run.catalogs),
        quick=run.result.quick,
        summary_title="Gain over ETAS",
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
    )
    return page, count


def write_page(path: Path, **shown: Any) -> Path:
    """Write a page with what the template shows, in both sets of colours."""
    page = _template().render(
        **shown,
        light=Markup(colour_variables(dark=False)),  # noqa: S704 - our own constants
        dark=Markup(colour_variables(dark=True)),  # noqa: S704
    )
    write_whole(path, page.encode())
    return path


def _template() -> Any:
    source = files("recast.report").joinpath("report.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, undefined=StrictUndefined).from_string(source)


def _overview(run: BenchmarkFolder, out: Path) -> Entry | None:
    """Plot all catalogs in one figure, if there are several."""
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
