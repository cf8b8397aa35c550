"""What a service has received and issued: one SQLite file, to which rows are only added.

It keeps a rollback journal, not a write-ahead log: between steps there is one file, which can be
copied and lies on any file system. Every change is one transaction, and is on the disk when it ends
(``synchronous = EXTRA``); what a crash cut off, SQLite undoes when the file is opened next.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.sequence import MAGNITUDE_TOLERANCE
from recast.live.identity import Report
from recast.live.records import SequenceState
from recast.live.times import written

SCHEMA_VERSION = 1

SCHEMA = """
CREATE TABLE polls (
  poll INTEGER PRIMARY KEY,
  asked TEXT NOT NULL,
  period_start TEXT NOT NULL,
  period_end TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('good', 'partly', 'doubtful', 'failed')),
  message TEXT NOT NULL,
  n_events INTEGER NOT NULL,
  n_changes INTEGER NOT NULL
) STRICT;
CREATE INDEX polls_by_outcome ON polls (outcome, asked);

-- An earthquake as it was reported from one poll on: never changed, never deleted.
CREATE TABLE versions (
  version INTEGER PRIMARY KEY,
  event_id TEXT NOT NULL,
  poll INTEGER NOT NULL REFERENCES polls,
  known TEXT NOT NULL,
  withdrawn INTEGER NOT NULL CHECK (withdrawn IN (0, 1)),
  reported_id TEXT NOT NULL,
  time INTEGER NOT NULL,
  magnitude REAL NOT NULL,
  latitude REAL NOT NULL,
  longitude REAL NOT NULL,
  depth_km REAL,
  event_type TEXT NOT NULL,
  magnitude_type TEXT NOT NULL,
  place TEXT NOT NULL,
  url TEXT NOT NULL
) STRICT;
CREATE INDEX versions_by_event ON versions (event_id, version);
CREATE INDEX versions_by_time ON versions (time);

-- Identifiers under which an earthquake was reported.
CREATE TABLE identifiers (
  reported_id TEXT PRIMARY KEY,
  event_id TEXT NOT NULL,
  poll INTEGER NOT NULL REFERENCES polls
) STRICT;

-- Known earthquakes that the last answers did not have, until they are withdrawn or come back.
CREATE TABLE absences (
  event_id TEXT PRIMARY KEY,
  since TEXT NOT NULL,
  answers INTEGER NOT NULL
) STRICT;

CREATE TABLE forecasts (
  forecast_id TEXT PRIMARY KEY,
  sequence_id TEXT NOT NULL,
  sequence TEXT NOT NULL,
  scheduled TEXT NOT NULL,
  at TEXT NOT NULL,
  ends TEXT NOT NULL,
  files TEXT NOT NULL
) STRICT;

CREATE TABLE outcomes (
  forecast_id TEXT NOT NULL REFERENCES forecasts,
  basis TEXT NOT NULL CHECK (basis IN ('first', 'revised')),
  label TEXT NOT NULL,
  known_until TEXT NOT NULL,
  content TEXT NOT NULL,
  PRIMARY KEY (forecast_id, basis, label)
) STRICT;

CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""

COLUMNS = ", ".join(Report._fields)

GOOD = ("good", "partly")
"""Outcomes of polls whose answers were believed."""


class Version(NamedTuple):
    """An earthquake as it was known from one poll on."""

    event_id: str
    poll: int
    withdrawn: bool
    report: Report


@dataclass(frozen=True)
class Poll:
    """A question to the source, and what came of it."""

    asked: str
    period_start: str
    period_end: str
    outcome: str
    message: str = ""
    n_events: int = 0
    n_changes: int = 0

    @property
    def is_good(self) -> bool:
        """Whether the answer was believed."""
        return self.outcome in GOOD


@dataclass(frozen=True)
class Entry:
    """A forecast in the index; ``files`` are hashes by name, ``ends`` of windows by label."""

    forecast_id: str
    sequence: SequenceState | None
    scheduled: str
    at: str
    ends: Mapping[str, str]
    files: Mapping[str, str]

    @property
    def sequence_id(self) -> str:
        """Of its sequence; empty for the region."""
        return "" if self.sequence is None else self.sequence.sequence_id

    @property
    def mainshock_id(self) -> str:
        """The mainshock when it was issued; empty for the region."""
        return "" if self.sequence is None else self.sequence.mainshock.event_id


class Store:
    """The database of a service.

    Parameters
    ----------
    path : Path
        The file; made where it is missing, unless ``read_only``.
    read_only : bool
        Look, and change nothing.
    durable : bool
        Wait until changes are on the disk; without it they outlive the process, but perhaps not a
        loss of power.

    Raises
    ------
    InputError
        If the file is no such database, or of another version.
    OSError
        Naming the file, if the disk is full or the folder cannot be written.
    """

    def __init__(self, path: Path, *, read_only: bool = False, durable: bool = True) -> None:
        self.path = path
        mode = "ro" if read_only else "rwc"
        with self._naming():
            self._db = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode={mode}",
                uri=True,
                timeout=30.0,
                isolation_level=None,
            )
            try:
                self._prepare("EXTRA" if durable else "OFF", new=not read_only)
            except BaseException:
                self._db.close()
                raise

    def _prepare(self, synchronous: str, *, new: bool) -> None:
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute(f"PRAGMA synchronous = {synchronous}")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0 and new:
            self._db.executescript(
                f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )
        elif version != SCHEMA_VERSION:
            raise InputError(
                f"{self.path} is of version {version}, and this program writes {SCHEMA_VERSION}: "
                "use the one that made it, or start in a new folder"
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorname", "")
            if code in {"SQLITE_NOTADB", "SQLITE_CORRUPT"}:
                raise InputError(
                    f"{self.path} is damaged ({error}): put a copy of the folder in its place"
                ) from error
            if isinstance(error, sqlite3.OperationalError):  # a full disk, a folder that is gone
                raise OSError(None, str(error), str(self.path)) from error
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes of the block, or none."""
        with self._naming():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    # State

    def state(self, name: str) -> str | None:
        """A value that was set, or None."""
        row = self._one("SELECT value FROM state WHERE name = ?", name)
        return None if row is None else str(row[0])

    def set_state(self, name: str, value: str | None) -> None:
        """Set or, with None, forget a value."""
        if value is None:
            self._run("DELETE FROM state WHERE name = ?", name)
        else:
            self._run("INSERT OR REPLACE INTO state VALUES (?, ?)", name, value)

    # Polls

    def last_poll(self, *, good: bool = False) -> Poll | None:
        """The last poll, or the last one whose answer was believed."""
        row = self._one(
            "SELECT asked, period_start, period_end, outcome, message, n_events, n_changes "
            "FROM polls WHERE NOT ? OR outcome IN ('good', 'partly') ORDER BY poll DESC LIMIT 1",
            good,
        )
        return None if row is None else Poll(*row)

    def add_poll(self, poll: Poll) -> int:
        """Enter a poll; its number."""
        cursor = self._run(
            "INSERT INTO polls VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)",
            poll.asked,
            poll.period_start,
            poll.period_end,
            poll.outcome,
            poll.message,
            poll.n_events,
            poll.n_changes,
        )
        return int(cursor.lastrowid or 0)

    # Events

    def histories(
        self, start: pd.Timestamp, end: pd.Timestamp, identifiers: Iterable[str]
    ) -> dict[str, list[Version]]:
        """All versions, in order, of events that had a time in a period or one of identifiers."""
        rows = self._all(
            f"""
            SELECT event_id, poll, withdrawn, {COLUMNS} FROM versions WHERE event_id IN (
              SELECT event_id FROM versions WHERE time BETWEEN ? AND ?
              UNION
              SELECT event_id FROM identifiers
              WHERE reported_id IN (SELECT value FROM json_each(?))
            ) ORDER BY version
            """,  # noqa: S608 - names of our own columns
            start.value,
            end.value,
            json.dumps(sorted(identifiers), allow_nan=False),
        )
        found: dict[str, list[Version]] = {}
        for event_id, poll, withdrawn, *report in rows:
            version = Version(event_id, poll, bool(withdrawn), Report(*report))
            found.setdefault(event_id, []).append(version)
        return found

    def links(self, event_ids: Iterable[str]) -> dict[str, str]:
        """Reported identifier -> event, of these events."""
        return dict(
            self._all(
                "SELECT reported_id, event_id FROM identifiers "
                "WHERE event_id IN (SELECT value FROM json_each(?))",
                json.dumps(sorted(event_ids), allow_nan=False),
            )
        )

    def link(self, poll: int, links: Mapping[str, str]) -> None:
        """Say of which events identifiers are."""
        for reported_id, event_id in links.items():
            self._run(
                "INSERT OR REPLACE INTO identifiers VALUES (?, ?, ?)", reported_id, event_id, poll
            )

    def add_versions(self, poll: int, known: str, versions: Sequence[Version]) -> None:
        """Enter how events are known from a time on; of ``versions`` the poll does not count."""
        marks = ", ".join("?" for _ in range(5 + len(Report._fields)))
        with self._naming():
            self._db.executemany(
                f"INSERT INTO versions VALUES ({marks})",  # noqa: S608 - question marks
                (
                    (None, v.event_id, poll, known, int(v.withdrawn), *v.report)
                    for v in sorted(versions, key=lambda v: (v.report.time, v.event_id))
                ),
            )

    def known_at(self, time: pd.Timestamp) -> pd.DataFrame:
        """Events as they were known at a time, all that were ever reported and not withdrawn.

        Returns
        -------
        DataFrame
            ``time``, ``magnitude``, ``latitude``, ``longitude``, ``depth_km``, ``event_id`` (the
            first under which the event was known), ``event_type``, ``magnitude_type``, ``place``
            and ``url``, in order of time.
        """
        return self._known(self.newest(time))

    def known_since(self, magnitude: float) -> dict[str, str]:
        """Event -> when it was first known to have a magnitude or more, of those that had once."""
        return dict(
            self._all(
                "SELECT event_id, MIN(known) FROM versions WHERE magnitude >= ? AND NOT withdrawn "
                "GROUP BY event_id",
                magnitude - MAGNITUDE_TOLERANCE,
            )
        )

    def newest(self, time: pd.Timestamp) -> int:
        """The number of the last version that was known at a time; 0 before the first."""
        row = self._one("SELECT MAX(version) FROM versions WHERE known <= ?", written(time))
        return 0 if row is None or row[0] is None else int(row[0])

    def _known(self, newest: int) -> pd.DataFrame:
        # Beside MAX, SQLite gives the other columns of the row that has it. The versions known at
        # a time are those up to a number: the clock of a service does not go back.
        rows = self._all(
            f"""
            SELECT event_id, {COLUMNS} FROM (
              SELECT *, MAX(version) FROM versions WHERE version <= ? GROUP BY event_id
            ) WHERE NOT withdrawn ORDER BY time, event_id
            """,  # noqa: S608 - names of our own columns
            newest,
        )
        table = pd.DataFrame(rows, columns=["event_id", *Report._fields], dtype=object)
        return canonical(table)

    # Absences

    def absences(self) -> dict[str, tuple[str, int]]:
        """Event -> since when it is missing, and from how many answers in a row that cover it."""
        return {row[0]: (row[1], row[2]) for row in self._all("SELECT * FROM absences")}

    def set_absences(self, absences: Mapping[str, tuple[str, int]]) -> None:
        """Replace all of them."""
        self._run("DELETE FROM absences")
        for event_id, (since, answers) in absences.items():
            self._run("INSERT INTO absences VALUES (?, ?, ?)", event_id, since, answers)

    # Forecasts

    def entries(self, sequence_id: str | None = None) -> list[Entry]:
        """Forecasts issued, in order; of one sequence ("" for the region), or all."""
        rows = self._all(
            "SELECT forecast_id, sequence, scheduled, at, ends, files FROM forecasts "
            "WHERE sequence_id = coalesce(?, sequence_id) ORDER BY at, forecast_id",
            sequence_id,
        )
        return [
            Entry(
                name,
                SequenceState.from_json(json.loads(sequence), self.path) if sequence else None,
                scheduled,
                at,
                json.loads(ends),
                json.loads(files),
            )
            for name, sequence, scheduled, at, ends, files in rows
        ]

    def add_entry(self, entry: Entry) -> None:
        """Enter a forecast; its folder is in place."""
        with self.transaction():
            self._run(
                "INSERT INTO forecasts VALUES (?, ?, ?, ?, ?, ?, ?)",
                entry.forecast_id,
                entry.sequence_id,
                ""
                if entry.sequence is None
                else json.dumps(entry.sequence.to_json(), allow_nan=False),
                entry.scheduled,
                entry.at,
                json.dumps(entry.ends, allow_nan=False),
                json.dumps(entry.files, allow_nan=False),
            )

    # Outcomes

    def scored(self, basis: str) -> set[tuple[str, str]]:
        """Forecasts and labels of windows that have been scored."""
        return set(
            map(
                tuple,
                self._all("SELECT forecast_id, label FROM outcomes WHERE basis = ?", basis),
            )
        )

    def add_outcome(
        self, basis: str, forecast_id: str, label: str, known_until: str, content: str
    ) -> None:
        """Enter the scores of one window, JSON."""
        self._run(
            "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?)",
            forecast_id,
            basis,
            label,
            known_until,
            content,
        )

    def outcomes(self, basis: str, sequence_id: str | None = None) -> list[str]:
        """Scores of windows, JSON, in the order of the forecasts; of one sequence, or all."""
        rows = self._all(
            "SELECT content FROM outcomes JOIN forecasts USING (forecast_id) WHERE basis = ? "
            "AND sequence_id = coalesce(?, sequence_id) ORDER BY at, forecast_id, outcomes.rowid",
            basis,
            sequence_id,
        )
        return [row[0] for row in rows]

    # SQL

    def _run(self, sql: str, *values: object) -> sqlite3.Cursor:
        with self._naming():
            return self._db.execute(sql, values)

    def _one(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._run(sql, *values).fetchone()
        return row

    def _all(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self._run(sql, *values).fetchall()


def canonical(table: pd.DataFrame) -> pd.DataFrame:
    """Events with the columns and types of ``Store.known_at``."""
    out = pd.DataFrame(index=table.index)
    time = table["time"]
    if time.dtype == object:
        time = pd.Series(pd.to_datetime(time.to_numpy(np.int64), unit="ns", utc=True), time.index)
    out["time"] = time.astype("datetime64[ns, UTC]")
    for name in ("magnitude", "latitude", "longitude", "depth_km"):
        out[name] = table[name].astype(np.float64) if name in table else np.nan
    for name in ("event_id", "event_type", "magnitude_type", "place", "url"):
        out[name] = table[name].fillna("").astype(str) if name in table else ""
    return out.reset_index(drop=True)
