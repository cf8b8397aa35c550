"""Results for other programs and for papers: tidy CSV, and a LaTeX table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

from catalogs.texts import as_cell
from recast.benchmark.results import (
    GAIN_TITLE,
    PARTS,
    PLACE,
    BenchmarkResult,
    Gain,
    interval_text,
)
from recast.models.registry import REFERENCE

if TYPE_CHECKING:
    from recast.benchmark.results import CatalogResult, ModelResult

FIXED_LAW = "fixed law"
"""What the gain of magnitudes is over."""

LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}
"""Characters that are not themselves in LaTeX."""

NUMBERS = re.compile(r"[-+]?\d[\d,]*(\.\d+)?( \[[-+.\d]+, [-+.\d]+\])?")
"""A number, perhaps with its interval."""


@dataclass(frozen=True)
class ScoreRow:
    """One score of one model on one window of a catalog: a row of the tidy CSV.

    Gains are in nats per event, over the model ``gain_over``, with their 95 % interval. ``value``
    is missing where only a gain is defined.
    """

    protocol: str | None
    catalog: str
    data_sha256: str | None
    model: str
    window: str
    score: str
    unit: str
    value: float | None
    gain: float | None
    gain_low: float | None
    gain_high: float | None
    gain_over: str | None
    n_events: int
    seeds: int
    seed_sd: float | None
    leaks: str
    version: str | None
    date: str | None


def score_rows(result: BenchmarkResult) -> Iterator[ScoreRow]:
    """Yield a row for each catalog, model, window and score.

    Parameters
    ----------
    result : BenchmarkResult
        A benchmark.

    Yields
    ------
    ScoreRow
        Scores are ``times`` and ``places`` (nats per event), ``nll_per_day``, ``magnitudes`` (a
        gain alone), and ``places_in_plane``, as EarthquakeNPP defines it.
    """
    for name, catalog in result.catalogs.items():
        for model, row in catalog.models.items():
            for part in PARTS:
                for score, unit, value, gain, over in _scores(catalog, model, row, part):
                    low, high = (None, None) if gain is None else gain.ci95
                    yield ScoreRow(
                        result.protocol,
                        name,
                        catalog.data_sha256,
                        model,
                        part,
                        score,
                        unit,
                        value,
                        None if gain is None else gain.mean,
                        low,
                        high,
                        None if gain is None else over,
                        row.splits[part].n_events,
                        len(row.seeds),
                        row.test_sd if score == "times" and part == "test" else None,
                        "; ".join(row.leaks),
                        result.version,
                        result.date,
                    )


_Scored = tuple[str, str, float | None, Gain | None, str]


def _scores(catalog: CatalogResult, model: str, row: ModelResult, part: str) -> Iterator[_Scored]:
    """Score, unit, value, gain and what it is over, of a model on a window."""
    test, score = part == "test", row.splits[part]
    gain = row.gain_over_etas if test else None
    yield "times", "nats/event", score.nats_per_event, gain, REFERENCE
    yield "nll_per_day", "nats/day", score.nll_per_day, None, REFERENCE
    for mark, found in row.marks.items():
        if mark == PLACE and part in found.nats_per_event:
            over = found.gain_over_etas if test else None
            yield "places", "nats/event", found.nats_per_event[part], over, REFERENCE
        elif mark != PLACE and test and found.gain is not None:
            yield f"{mark}s", "nats/event", None, found.gain, FIXED_LAW
    own = {} if catalog.protocol is None else catalog.protocol.models
    if test and PLACE in row.marks and model in own:
        yield "places_in_plane", "nats/event", own[model][1], None, REFERENCE


def as_csv(rows: Iterable[Any]) -> str:
    """Write records of one class as CSV, with the names of their fields above them."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    for i, row in enumerate(rows):
        if i == 0:
            writer.writerow([field.name for field in fields(row)])
        writer.writerow([_plain(value) for value in astuple(row)])
    return stream.getvalue()


def _plain(value: object) -> object:
    """The content of a cell of CSV."""
    if isinstance(value, str):
        return as_cell(value)
    return "" if value is None else value


def as_latex(result: BenchmarkResult) -> str:
    """Write the scores of the test windows as a LaTeX table, which needs no packages."""
    columns = ["catalog", "model", "events", "nats/event", "spread", GAIN_TITLE]
    rows = [
        [
            name,
            model,
            f"{row.test.n_events:,}",
            f"{row.test.nats_per_event:.4f}",
            "" if row.test_sd is None else f"{row.test_sd:.4f}",
            interval_text(row.gain_over_etas),
        ]
        for name, catalog in result.catalogs.items()
        for model, row in catalog.models.items()
    ]
    return latex_table(columns, rows, text_columns=2)


def latex_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, text_columns: int = 1
) -> str:
    """Write a table whose first columns are text and the others numbers."""
    align = "l" * text_columns + "r" * (len(columns) - text_columns)
    lines = [rf"\begin{{tabular}}{{{align}}}", r"\hline", _row(columns), r"\hline"]
    above: Sequence[str] = ()
    for row in rows:
        if above and above[0] != row[0]:
            lines.append(r"\hline")
        repeated = bool(above) and above[0] == row[0] and text_columns > 1
        lines.append(_row(["" if repeated else row[0], *row[1:]]))
        above = row
    return "\n".join([*lines, r"\hline", r"\end{tabular}", ""])


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(_cell, cells)) + r" \\"


def _cell(text: str) -> str:
    """A number as mathematics, so that its minus is one; everything else as it is written."""
    if NUMBERS.fullmatch(text):
        return "$" + re.sub(r"(?<=\d),(?=\d)", "{,}", text).replace(" [", r"\ [") + "$"
    return "".join(LATEX.get(character, character) for character in " ".join(text.split()))
