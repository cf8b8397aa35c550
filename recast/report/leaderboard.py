"""The leaderboard: one self-contained page over many runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from recast.benchmark.boards import (
    ENTRY_COLUMNS,
    STANDING_COLUMNS,
    Board,
    Leaderboard,
    entry_cells,
    standing_cells,
)
from recast.benchmark.leaderboard import make_leaderboard
from recast.benchmark.protocols import PROTOCOLS
from recast.models.registry import NULL
from recast.plots.leaderboard import GainRow, gains_in_rows
from recast.report.contents import Item
from recast.report.page import write_page
from recast.report.section import page_entry

PAGE = "leaderboard.html"
FOLDER = "leaderboard"
"""Folder of the plots, beside the page."""

NOTE = (
    "Mean rank over the catalogs of a protocol; those of models that stand on different catalogs "
    "cannot be compared. Rank by nats per event of the test window; models of one name and "
    "version by the mean of their runs. Runs were scored by this package, published rows by their "
    "authors, whose seeds and fits are their own. Gains are over the ETAS of the same run or "
    "publication, with the 95\u00a0% interval of a jackknife over blocks of time; others publish "
    "none. A leak is a model that may have seen events of the test window: it is not ranked."
)

READING = (
    "Circles: runs, with 95\u00a0% intervals. Diamonds: published. Above zero, a model explains "
    "the test events better than the ETAS it was published or run with."
)


def write_leaderboard(
    runs: Sequence[str | PathLike[str]] = (),
    out: str | PathLike[str] = "runs/leaderboard",
    *,
    reference: bool = True,
    command: str = "recast leaderboard",
) -> tuple[Path, Leaderboard]:
    """Rank the models of many runs by protocol and catalog, on one page.

    Parameters
    ----------
    runs : sequence of path
        Folders of benchmarks, or their benchmark.json alone, from whatever machine. The packages
        of their models need not be installed.
    out : path
        Where leaderboard.html is written, and its plots as files.
    reference : bool
        Also show the runs that come with the package, and published scores.
    command : str
        The command line, for the page.

    Returns
    -------
    Path, Leaderboard
        The page, and what it shows.

    Raises
    ------
    InputError
        If a run is missing, damaged, or named twice.

    Examples
    --------
    >>> import tempfile
    >>> from recast import run_benchmark
    >>> from recast.report.leaderboard import write_leaderboard
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = run_benchmark(["ridgecrest_2019"], ["poisson", "etas"], folder)
    ...     page, found = write_leaderboard([folder], folder, reference=False)
    >>> [(entry.rank, entry.model) for entry in found.boards[0].entries]
    [(1, 'etas'), (2, 'poisson')]
    """
    found = make_leaderboard(runs, reference=reference)
    out = Path(out)
    standings = [[row.protocol, *standing_cells(row)] for row in found.standings]
    page = write_page(
        out / PAGE,
        title="Earthquake forecasting leaderboard",
        subtitle=_subtitle(found),
        quick=False,
        summary_title="All catalogs of a protocol",
        summary=(["protocol", *STANDING_COLUMNS], standings) if standings else None,
        summary_note=NOTE,
        verdicts=[],
        overview=None,
        sections=[
            *(
                _section(board, name, i, out)
                for i, (board, name) in enumerate(zip(found.boards, found.names(), strict=True), 1)
            ),
            *_left_out(found),
        ],
        provenance=list(_provenance(found, command)),
    )
    return page, found


def _subtitle(found: Leaderboard) -> str:
    protocols = dict.fromkeys(board.protocol for board in found.boards)
    return "; ".join(f"{name}: {PROTOCOLS[name].about}" for name in protocols)


def _section(board: Board, name: str, number: int, out: Path) -> dict[str, Any]:
    """What the template shows of a board; its plot is written to a folder with its number."""
    # Ids of the page and names of files, whatever the catalog is called
    key = f"board{number}-{board.protocol}-" + re.sub(r"\W", "_", board.catalog, flags=re.ASCII)
    cells = [entry_cells(entry) for entry in board.entries]
    kept = [i for i in range(len(ENTRY_COLUMNS)) if any(row[i] != "-" for row in cells)]
    rows = [
        GainRow(
            f"{entry.model} (published)" if entry.origin == "published" else entry.model,
            entry.gain,
            entry.ci95,
            entry.origin == "published",
        )
        for entry in board.entries
        if entry.gain is not None and entry.competes and entry.model.lower() != NULL
    ]
    plots = []
    if rows:
        item = Item("gains", "Gain over ETAS", READING, gains_in_rows(rows))
        plots.append(page_entry(item, key, out / FOLDER / key))
    return {
        "key": key,
        "name": name,
        "title": name,
        "facts": f"{board.n_events:,} test events; "
        + (
            "nobody has run it yet."
            if board.data_sha256 is None
            else f"SHA-256 of events and windows {board.data_sha256}."
        ),
        "columns": [ENTRY_COLUMNS[i] for i in kept],
        "rows": [[row[i] for i in kept] for row in cells],
        "remarks": [],
        "rolling": None,
        "aftershocks": None,
        "note": "",
        "plots": plots,
        "missing": [],
        "provenance": [],
    }


def _left_out(found: Leaderboard) -> Iterator[dict[str, Any]]:
    """A section of the runs that are on no board, if there are any."""
    if found.left_out:
        yield {
            "key": "left-out",
            "name": "left out",
            "title": "Left out",
            "facts": "",
            "columns": ["run", "reason"],
            "rows": list(found.left_out.items()),
            "remarks": [],
            "rolling": None,
            "aftershocks": None,
            "note": "",
            "plots": [],
            "missing": [],
            "provenance": [],
        }


def _provenance(found: Leaderboard, command: str) -> Iterator[tuple[str, str]]:
    yield "leaderboard", command
    for source, facts in found.sources.items():
        yield source, "; ".join(f"{name}: {value}" for name, value in facts.items())
