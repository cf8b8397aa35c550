"""What parsing gives: the events of a file, and the rows that could not be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.errors import InputError

SHOWN = 160
"""That many characters of a rejected row are kept."""

Reading = Callable[[bytes, str], "Parsed"]
"""From the content of a file and its name (for messages) to its events."""


@dataclass(frozen=True)
class Rejected:
    """A row that is not among the events, and why.

    ``by_rule`` marks rows that are whole but no event to use, such as one without a magnitude;
    the others are damaged.
    """

    file: str
    row: int
    reason: str
    text: str
    by_rule: bool = False
    unit: str = "line"

    def __str__(self) -> str:
        return f"{self.file} {self.unit} {self.row}: {self.reason}"


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
        self._reasons: dict[int, tuple[str, bool]] = {}

    def note(
        self,
        bad: NDArray[np.bool_],
        reason: str | Callable[[int], str],
        *,
        by_rule: bool = False,
    ) -> None:
        """Reject the rows marked in ``bad``; ``reason`` may be a function of their position."""
        for i in np.flatnonzero(bad).tolist():
            if i not in self._reasons:
                self._reasons[i] = (reason if isinstance(reason, str) else reason(i), by_rule)

    def parsed(self, events: pd.DataFrame, text: Callable[[int], str]) -> Parsed:
        """The good rows of ``events`` (one row for each of ``rows``), and the others' reasons.

        ``text`` gives what stands at a position.
        """
        unit = str(self.rows.name)
        rejected = tuple(
            Rejected(self.where, int(self.rows[i]), reason, text(i)[:SHOWN], by_rule, unit)
            for i, (reason, by_rule) in sorted(self._reasons.items())
        )
        keep = np.ones(len(events), dtype=np.bool_)
        keep[list(self._reasons)] = False
        return Parsed(events if keep.all() else events[keep], rejected)
