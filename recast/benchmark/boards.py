"""The records of a leaderboard, and its tables as text.

A board holds scores of the same events on the same windows under one protocol, known by
``data_sha256``; what differs in any of these stands on a board of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from catalogs.json_records import Record
from recast.benchmark.results import Gain, interval_text
from recast.benchmark.tables import latex_table
from recast.models.registry import TRUTH

Origin = Literal["run", "published"]

HASH_SHOWN = 8
"""Digits of a SHA-256 by which files and data are told apart."""


@dataclass(frozen=True)
class Entry(Record):
    """A model on a board.

    Parameters
    ----------
    model : str
        Its name, with the checkpoint that it started from where that is not the shipped one, the
        beginning of the hash of its file, and the package that adds it where that is another.
    origin : {"run", "published"}
        Whether a run scored it here, or its authors did.
    source : str
        The run, or the publication.
    nats_per_event : float
        Test score of the times, mean over seeds.
    n_events : int
        Test events.
    seeds : int, optional
        Number of fits, where that is known.
    seed_sd : float, optional
        Standard deviation over seeds.
    gain : float, optional
        Over the ETAS of the same run or publication, nats per event.
    ci95 : pair of float, optional
        Its 95 % interval; not published by others.
    places : float, optional
        Test score of the places, nats per event, as the protocol has it.
    seen : list of str
        What the model was fitted to, and until when.
    leaks : list of str
        Those of them that may hold events of the test window.
    version, date : str, optional
        Of the run.
    rank : int, optional
        On its board, by ``nats_per_event``; None with leaks, and for the truth.
    """

    model: str
    origin: Origin
    source: str
    nats_per_event: float
    n_events: int
    seeds: int | None = None
    seed_sd: float | None = None
    gain: float | None = None
    ci95: tuple[float, float] | None = None
    places: float | None = None
    seen: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    version: str | None = None
    date: str | None = None
    rank: int | None = None

    @property
    def competes(self) -> bool:
        """Whether it is ranked."""
        return not self.leaks and self.model != TRUTH.name


@dataclass(frozen=True)
class Board(Record):
    """What is comparable: one protocol, one catalog, the same events and windows.

    ``data_sha256`` is None where nobody has run it, and only publications are shown.
    """

    protocol: str
    catalog: str
    data_sha256: str | None
    n_events: int
    entries: list[Entry]

    @property
    def title(self) -> str:
        """Protocol and catalog, with the beginning of the hash."""
        known = "" if self.data_sha256 is None else f", data {_known(self.data_sha256)}"
        return f"{self.protocol}: {self.catalog}, {self.n_events:,} test events{known}"


@dataclass(frozen=True)
class Standing(Record):
    """A model over all boards of a protocol.

    Parameters
    ----------
    protocol, model : str
        Names.
    origin : {"run", "published"}
        As of its entries.
    version : str, optional
        As of its entries.
    mean_rank : float
        Over the boards that it stands on.
    boards, of : int
        Number of these, and of all boards of the protocol.
    mean_gain : float, optional
        Mean gain over ETAS on these boards, nats per event.
    """

    protocol: str
    model: str
    origin: Origin
    version: str | None
    mean_rank: float
    boards: int
    of: int
    mean_gain: float | None = None


@dataclass(frozen=True, repr=False)
class Leaderboard(Record):
    """Boards by protocol and catalog, the standing of each model, and where all of it is from.

    Parameters
    ----------
    boards : list of Board
        In the order of the protocols.
    standings : list of Standing
        By protocol, number of boards and mean rank.
    sources : dict of str to dict
        Command, version, date and machine of each run, and the notes of publications.
    left_out : dict of str to str
        Runs, or catalogs of runs, that are not on a board, with the reason.

    See Also
    --------
    write_leaderboard : makes one, with its page.
    """

    boards: list[Board]
    standings: list[Standing]
    sources: dict[str, dict[str, str]]
    left_out: dict[str, str]

    def __str__(self) -> str:
        """A table for each board, and the standings."""
        blocks = []
        for protocol in dict.fromkeys(board.protocol for board in self.boards):
            rows = [standing_cells(row) for row in self.standings if row.protocol == protocol]
            blocks.append(_aligned(f"{protocol}: all catalogs", STANDING_COLUMNS, rows))
            blocks += [
                _aligned(board.title, ENTRY_COLUMNS, [entry_cells(e) for e in board.entries])
                for board in self.boards
                if board.protocol == protocol
            ]
        if self.left_out:
            reasons = [f"{source}: {reason}" for source, reason in self.left_out.items()]
            blocks.append("\n".join(["Left out:", *reasons]))
        return "\n\n".join(blocks)

    __repr__ = __str__

    def names(self) -> list[str]:
        """Protocol and catalog of each board, with its data where that is on several."""
        plain = [f"{board.protocol}: {board.catalog}" for board in self.boards]
        return [
            name if plain.count(name) == 1 else f"{name}, data {_known(board.data_sha256)}"
            for name, board in zip(plain, self.boards, strict=True)
        ]

    def rows(self) -> Iterator[LeaderboardRow]:
        """Yield a row for each entry, as the CSV has them."""
        for board in self.boards:
            for entry in board.entries:
                low, high = (None, None) if entry.ci95 is None else entry.ci95
                yield LeaderboardRow(
                    board.protocol,
                    board.catalog,
                    board.data_sha256,
                    entry.rank,
                    entry.model,
                    entry.origin,
                    entry.nats_per_event,
                    entry.gain,
                    low,
                    high,
                    entry.places,
                    entry.n_events,
                    entry.seeds,
                    entry.seed_sd,
                    "; ".join(entry.seen),
                    "; ".join(entry.leaks),
                    entry.version,
                    entry.date,
                    entry.source,
                    self.sources[entry.source].get("command"),
                )


@dataclass(frozen=True)
class LeaderboardRow:
    """A row of the tidy CSV: an entry with its board and command."""

    protocol: str
    catalog: str
    data_sha256: str | None
    rank: int | None
    model: str
    origin: Origin
    nats_per_event: float
    gain_over_etas: float | None
    gain_low: float | None
    gain_high: float | None
    places: float | None
    n_events: int
    seeds: int | None
    seed_sd: float | None
    seen: str
    leaks: str
    version: str | None
    date: str | None
    source: str
    command: str | None


ENTRY_COLUMNS = (
    "model",
    "rank",
    "origin",
    "nats/event",
    "gain over ETAS [95\u00a0%]",
    "places",
    "seeds",
    "has seen",
    "version",
    "date",
    "source",
)

STANDING_COLUMNS = ("model", "origin", "version", "mean rank", "catalogs", "mean gain over ETAS")

SHOWN = 1
"""Catalogs that a cell names of those that a model has seen."""


def entry_cells(entry: Entry) -> list[str]:
    """The cells of an entry, under ``ENTRY_COLUMNS``."""
    spread = "" if entry.seed_sd is None else f" ± {entry.seed_sd:.4f}"
    return [
        entry.model + (" (leak)" if entry.leaks else ""),
        "-" if entry.rank is None else str(entry.rank),
        entry.origin,
        f"{entry.nats_per_event:.4f}{spread}",
        _gain_text(entry.gain, entry.ci95),
        "-" if entry.places is None else f"{entry.places:.4f}",
        "-" if entry.seeds is None else str(entry.seeds),
        seen_text(entry),
        entry.version or "-",
        (entry.date or "-")[:10],
        entry.source,
    ]


def standing_cells(row: Standing) -> list[str]:
    """The cells of a standing, under ``STANDING_COLUMNS``."""
    gain = _gain_text(row.mean_gain, None)
    rank, boards = f"{row.mean_rank:.2f}", f"{row.boards} of {row.of}"
    return [row.model, row.origin, row.version or "-", rank, boards, gain]


def seen_text(entry: Entry) -> str:
    """Name what a model was fitted to, in short; in full where it should not have been."""
    if entry.leaks:
        return f"test events perhaps: {', '.join(entry.leaks)}"
    rest = len(entry.seen) - SHOWN
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(entry.seen[:SHOWN]) + more if entry.seen else "-"


def as_latex(found: Leaderboard) -> str:
    """Write all boards as one LaTeX table, which needs no packages."""
    columns = ["protocol: catalog", "model", "rank", "nats/event", "gain over ETAS", "seeds"]
    rows = []
    for board, title in zip(found.boards, found.names(), strict=True):
        for entry in board.entries:
            cells = dict(zip(ENTRY_COLUMNS, entry_cells(entry), strict=True))
            name = f"{entry.model} (published)" if entry.origin == "published" else cells["model"]
            numbers = [f"{entry.nats_per_event:.4f}", _gain_text(entry.gain, entry.ci95)]
            start = [title, name, cells["rank"]]
            rows.append([*start, *numbers, cells["seeds"]])
    return latex_table(columns, rows, text_columns=2)


def _known(data_sha256: str | None) -> str:
    return "not known" if data_sha256 is None else data_sha256[:HASH_SHOWN]


def _gain_text(mean: float | None, ci95: tuple[float, float] | None) -> str:
    if mean is None or ci95 is None:
        return "-" if mean is None else f"{round(mean, 4) + 0.0:+.4f}"
    return interval_text(Gain(mean, ci95))


def _aligned(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table as text, without the columns in which nothing stands."""
    kept = [i for i in range(len(columns)) if any(row[i] != "-" for row in rows)]
    cells = [[row[i] for i in kept] for row in [columns, *rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) for row in cells]
    return "\n".join([title, "", *(line.rstrip() for line in lines)])
