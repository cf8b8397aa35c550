"""What parsing gives: the events of a file, and the rows that could not be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.errors import InputError

SHOWN = 160
"""That many characters of a rejected row are kept."""

Reading = Callable[[bytes, str], "Parsed"]
"""From the content of a file and its name (for messages) to its events."""

Fault = Literal["damaged", "early", "no magnitude", "foreign"]
"""Of a row: it cannot be read, is older than times can hold, or is whole but no event to use."""


@dataclass(frozen=True)
class Rejected:
    """A row that is not among the events, and why."""

    file: str
    row: int
    reason: str
    text: str
    fault: Fault = "damaged"
    unit: str = "line"

    @property
    def by_rule(self) -> bool:
        """Whether the row is whole but no event to use, such as one without a magnitude."""
        return self.fault in {"no magnitude", "foreign"}

    def __str__(self) -> str:
        return f"{self.file} {self.unit} {self.row}: {self.reason}"


@dataclass(frozen=True)
class Meaning:
    """A column of a file, what it was taken for, and its first values."""

    column: str
    role: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """How a file was read: what a person checks at a glance before trusting the events.

    ``header`` is the line of the column names, 0 where there is none; ``zone`` says in which zone
    times without an offset were taken to be, and who says so; ``unused`` are columns that mean
    nothing to a catalog, and ``notes`` sentences about whatever
    was not as plain as it could be.
    """

    layout: str = ""
    encoding: str = ""
    delimiter: str = ""
    header: int = 0
    zone: str = ""
    meanings: tuple[Meaning, ...] = ()
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Parsed:
    """The canonical table of a file's events, in the file's order, and the rows left out.

    ``events`` has time (datetime64[ns, UTC]), latitude, longitude [deg], depth_km and magnitude,
    NaN where unknown (never in time and magnitude); event_id, event_type and magnitude_type where
    the layout has them. Its index holds the line of the file, from 1, and is called "line" ("row"
    for Parquet, "event" for XML).
    """

    events: pd.DataFrame
    rejected: tuple[Rejected, ...] = ()
    explanation: Explanation = field(default_factory=Explanation)

    @property
    def n_rows(self) -> int:
        """Rows of the file that are neither header, comment nor blank."""
        return len(self.events) + len(self.rejected)

    def damaged(self) -> list[Rejected]:
        """The rows that should have been events."""
        return [row for row in self.rejected if not row.by_rule]

    def checked(self) -> Parsed:
        """The same, if no row is damaged.

        Raises
        ------
        InputError
            Naming the first damaged row.
        """
        for row in self.damaged():
            raise InputError(str(row))
        return self


@dataclass(frozen=True)
class Format:
    """A layout in which catalogs are published.

    ``read`` is a pure function of a file's content; ``fits`` looks at the first kilobytes and
    says whether they are unmistakably this layout.
    """

    name: str
    title: str
    read: Reading
    fits: Callable[[bytes], bool]


class Faults:
    """The rows of a file that cannot be used, collected check by check; the first reason stays.

    Parameters
    ----------
    where : str
        The file, for messages.
    rows : Index
        The number of each row, named after what it counts: "line", "row" or "event".
    """

    def __init__(self, where: str, rows: pd.Index) -> None:
        self.where = where
        self.rows = rows
        self.zone = ""
        self.notes: list[str] = []
        self._reasons: dict[int, tuple[str, Fault]] = {}

    def note(
        self,
        bad: NDArray[np.bool_],
        reason: str | Callable[[int], str],
        *,
        fault: Fault = "damaged",
    ) -> None:
        """Reject the rows marked in ``bad``; ``reason`` may be a function of their position."""
        for i in np.flatnonzero(bad).tolist():
            if i not in self._reasons:
                self._reasons[i] = (reason if isinstance(reason, str) else reason(i), fault)

    def say(self, sentence: str) -> None:
        """Note something about the whole file, once."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def place(self, row: int) -> str:
        """A row of the file, for messages."""
        return f"{self.where} {self.rows.name} {row}"

    def parsed(
        self,
        events: pd.DataFrame,
        text: Callable[[int], str],
        explanation: Explanation | None = None,
    ) -> Parsed:
        """The good rows of ``events`` (one row for each of ``rows``), and the others' reasons.

        ``text`` gives what stands at a position.
        """
        unit = str(self.rows.name)
        rejected = tuple(
            Rejected(self.where, int(self.rows[i]), reason, text(i)[:SHOWN], fault, unit)
            for i, (reason, fault) in sorted(self._reasons.items())
        )
        keep = np.ones(len(events), dtype=np.bool_)
        keep[list(self._reasons)] = False
        explanation = replace(explanation or Explanation(), zone=self.zone, notes=tuple(self.notes))
        return Parsed(events if keep.all() else events[keep], rejected, explanation)
