"""The folder of a service: its settings, its files, and the events it knows."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import Timeout

from catalogs import load
from catalogs.areas import Area, Box, bounding_box, parse_area, share_within
from catalogs.errors import InputError
from catalogs.event_types import are_earthquakes
from catalogs.files import write_whole
from catalogs.info import CatalogInfo
from catalogs.locking import file_lock
from catalogs.parquet import read_arrow
from catalogs.sequence import MAGNITUDE_TOLERANCE
from recast.live.config import FILE, LiveConfiguration
from recast.live.parts import Parts
from recast.live.records import Issued
from recast.live.sources import (
    FileSource,
    FolderSource,
    ServiceSource,
    Source,
    find_service,
    widened,
)
from recast.live.store import Store, canonical
from recast.live.times import read, written

RECORD, SAMPLES, CATALOG = "issued.json", "samples.parquet", "catalog.parquet"
"""Files of a forecast."""

SCRATCH = ".tmp-"
"""How the names of folders begin that are not whole yet."""

HOLE = pd.Timedelta(days=7)
"""What is shorter may be quiet before the first event of a file, and is too short to matter."""

COVERED = 0.98
"""Of an area, by its history: borders are rounded, and those of nations follow no box."""

Span = tuple[pd.Timestamp, pd.Timestamp]


class BusyError(Exception):
    """Another process is at work on the folder."""


class Service:
    """One folder: settings, database, forecasts, pages.

    Parameters
    ----------
    folder : Path
        Made by ``recast live init``.
    parts : Parts, optional
        What forecasts, scores and publishes.
    source : Source, optional
        Where events come from, in place of what the settings say.
    threads : int, optional
        For forecasts.

    Raises
    ------
    InputError
        If there is no service in the folder, or its settings cannot be.
    """

    def __init__(
        self,
        folder: Path,
        *,
        parts: Parts | None = None,
        source: Source | None = None,
        threads: int | None = None,
    ) -> None:
        self.folder = folder
        self.configuration = LiveConfiguration.read(folder / FILE)
        self.parts = parts or Parts.shipped()
        self.threads = threads
        self._source = source
        self._history: tuple[pd.DataFrame, str] | None = None
        self._history_end: pd.Timestamp | None = None
        self._gaps: tuple[Span, ...] | None = None
        self._known: tuple[tuple[int, str | None], pd.DataFrame, pd.DataFrame] | None = None
        self._earlier: tuple[str | None, pd.DataFrame, frozenset[str]] | None = None
        self._issued: dict[str, Issued] = {}

    @property
    def is_replay(self) -> bool:
        """Whether the clock is that of a replay."""
        return self.configuration.source.kind == "replay"

    @property
    def database(self) -> Path:
        """Events, polls, the index of forecasts, scores."""
        return self.folder / "live.sqlite"

    @property
    def forecasts(self) -> Path:
        """A folder for each forecast."""
        return self.folder / "forecasts"

    @property
    def pages(self) -> Path:
        """What a web server shows."""
        return self.folder / "pages"

    @property
    def models(self) -> Path:
        """Fitted models."""
        return self.folder / "models"

    @property
    def source(self) -> Source:
        """Where events come from."""
        if self._source is None:
            self._source = self._open_source()
        return self._source

    def _open_source(self) -> Source:
        options = self.configuration.source
        path = self.folder / options.path  # an absolute path stays as it is
        if options.kind == "file":
            return FileSource(path)
        if options.kind == "folder":
            return FolderSource(path)
        if options.kind == "replay":
            raise InputError(
                f"{self.folder} replays a catalog: `recast live replay CATALOG FOLDER` goes on"
            )
        return ServiceSource(
            find_service(options.service),
            self.configuration.within,
            options.min_magnitude,
            self.folder / f"{SCRATCH}source",
            check_clock=options.check_clock,
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """No other process works on the folder in the meantime.

        The lock is the operating system's, so that it ends with the process that holds it.

        Raises
        ------
        BusyError
            At once, if one does.
        """
        with ExitStack() as stack:
            try:
                stack.enter_context(file_lock(self.folder / ".lock", 0.0))
            except Timeout:
                raise BusyError(
                    f"{self.folder}: another process is at work; nothing was done"
                ) from None
            yield

    def store(self, *, read_only: bool = False) -> Store:
        """The database.

        Raises
        ------
        InputError
            If it is to be read only and there is none.
        """
        if read_only and not self.database.is_file():
            raise InputError(f"{self.folder} has not run yet: `recast live run {self.folder}` does")
        # A replay can be made again
        return Store(self.database, read_only=read_only, durable=not self.is_replay)

    @property
    def history_path(self) -> Path:
        """Events before the service began; written once."""
        return self.folder / "history.parquet"

    def history(self) -> tuple[pd.DataFrame, str]:
        """Events before the service began, and the date from which they are complete.

        Empty where there are none.
        """
        if self._history is None:
            if not self.history_path.is_file() and self.configuration.history:
                self._import_history()
            self._history = self._read_history()
        return self._history

    def _import_history(self) -> None:
        catalog = load(self.configuration.history)
        info = catalog.info
        if info.uses_plain_days or not info.has_locations:
            lack = "dates" if info.uses_plain_days else "locations"
            raise InputError(
                f"history {self.configuration.history!r} has no {lack}: choose another"
            )
        asked = info.on_grid(self.configuration.completeness)
        if info.magnitude_completeness > asked + MAGNITUDE_TOLERANCE:
            raise InputError(
                f"history {self.configuration.history!r} is complete from magnitude "
                f"{info.magnitude_completeness:g} on: raise `completeness` to that"
            )
        check_covers(
            info.area, self.configuration.within, f"history {self.configuration.history!r}"
        )
        write_history(
            self.history_path,
            canonical(catalog.events),  # all of them: the area may grow
            str(info.start),
            self.configuration.history,
            gaps=spans_of(info),
            end=str(info.end),
            area=info.area,
        )

    def _read_history(self) -> tuple[pd.DataFrame, str]:
        if not self.history_path.is_file():
            return canonical(pd.DataFrame({"time": pd.DatetimeIndex([], tz="UTC")})), ""
        table = table_of(self.history_path)
        metadata = table.schema.metadata or {}
        used, wanted = metadata.get(b"catalog", b"").decode(), self.configuration.history
        if used and wanted != used:
            raise InputError(
                f"{self.history_path} is of {used!r}, and `history` is {wanted!r}: set that back, "
                "or start in a new folder"
            )
        area = metadata.get(b"area", b"").decode()
        check_covers(area, self.configuration.within, str(self.history_path))
        events = canonical(table.to_pandas())
        end = metadata.get(b"end", b"").decode()
        if end or len(events):
            self._history_end = read(end) if end else events["time"].max()
        return self._near(events), metadata.get(b"start", b"").decode()

    @property
    def gaps(self) -> tuple[Span, ...]:
        """Spans in which nothing was recorded, of the history or of a catalog that is replayed."""
        if self._gaps is None:
            metadata: dict[bytes, bytes] = {}
            if self.history_path.is_file():
                metadata = table_of(self.history_path).schema.metadata or {}
            self._gaps = tuple(
                (read(begin), read(end)) for begin, end in json.loads(metadata.get(b"gaps", b"[]"))
            )
        return self._gaps

    @property
    def history_end(self) -> pd.Timestamp | None:
        """Until when the history is complete; None where there is none."""
        self.history()
        return self._history_end

    def unknown(self, store: Store) -> tuple[Span, ...]:
        """Spans that neither the history nor an answer covers so far."""
        known = store.state("holes")
        if known is not None:
            return tuple((read(begin), read(end)) for begin, end in json.loads(known))
        begins, end = store.state("history_until"), self.history_end
        if begins is None or end is None or self.is_replay or end >= read(begins):
            return ()
        return ((end, read(begins)),)

    def holes(self, store: Store) -> tuple[Span, ...]:
        """Spans of which nothing is known: those too long to be taken for quiet, and the gaps.

        Gaps of a history end where the first answer of the source begins.
        """
        long = [(begin, end) for begin, end in self.unknown(store) if end - begin > HOLE]
        begins = None if self.is_replay else store.state("history_until")
        until = None if begins is None else read(begins)
        gaps = [
            (begin, end if until is None else min(end, until))
            for begin, end in self.gaps
            if until is None or begin < until
        ]
        return tuple(sorted({*gaps, *long}))

    @property
    def around(self) -> Box:
        """The region with its margin, in which events are known."""
        return widened(bounding_box(self.configuration.within))

    def _near(self, events: pd.DataFrame) -> pd.DataFrame:
        """The earthquakes in the region and its margin."""
        places = events[["latitude", "longitude"]].to_numpy(np.float64)
        near = self.around.contains(places[:, 0], places[:, 1])
        near &= ~np.isnan(places).any(axis=1) & are_earthquakes(events)
        return events[near].reset_index(drop=True)

    def known_at(self, store: Store, time: pd.Timestamp, *, around: bool = False) -> pd.DataFrame:
        """Earthquakes in the region as they were known at a time, those of the history included.

        With ``around`` also those in the margin, into which circles of sequences reach. The history
        ends where the first answer of the source begins.
        """
        begins = store.state("history_until")
        key = store.newest(time), begins
        if self._known is None or self._known[0] != key:
            near = self._merged(store, time, begins)
            within = self.configuration.within.contains(near["latitude"], near["longitude"])
            self._known = key, near, near[within].reset_index(drop=True)
        _, near, inside = self._known
        return near if around else inside

    def _merged(self, store: Store, time: pd.Timestamp, begins: str | None) -> pd.DataFrame:
        received = self._near(store.known_at(time))
        before, names = self._before(begins)
        both = names.intersection(received["event_id"])
        if both:  # of an event that was revised across the border the answer counts
            before = before[~before["event_id"].isin(both)]
        if before.empty:
            return received
        events = pd.concat([before, received], ignore_index=True)
        if received.empty or received["time"].iloc[0] >= before["time"].iloc[-1]:
            return events
        return events.sort_values(["time", "event_id"], ignore_index=True)

    def _before(self, begins: str | None) -> tuple[pd.DataFrame, frozenset[str]]:
        """The history that counts, in order of time, and its identifiers."""
        if self._earlier is None or self._earlier[0] != begins:
            events, _ = self.history()
            if begins is not None:
                events = events[events["time"] < read(begins)]
            events = events.sort_values(["time", "event_id"], ignore_index=True)
            self._earlier = begins, events, frozenset(events["event_id"]) - {""}
        return self._earlier[1], self._earlier[2]

    def issued(self, forecast_id: str) -> Issued:
        """A forecast that was issued."""
        if forecast_id not in self._issued:
            self._issued[forecast_id] = Issued.load(self.forecasts / forecast_id / RECORD)
        return self._issued[forecast_id]

    def complete_from(self, store: Store) -> str:
        """The date from which events are complete: of the history, or of the first answer.

        Raises
        ------
        InputError
            If there is neither, as where a folder of files is empty so far.
        """
        _, start = self.history()
        known = start or store.state("history_until")
        if not known:
            raise InputError("nothing to forecast from: the source has had no events so far")
        return known


def check_covers(known: str, area: Area, name: str) -> None:
    """Refuse a catalog that has no events of a part of an area: what it lacks looks like quiet.

    Parameters
    ----------
    known : str
        What the catalog covers; empty where that is not known.
    area : Area
        Where forecasts are made.
    name : str
        Of the catalog, for people.

    Raises
    ------
    InputError
        If it covers less than ``COVERED``.
    """
    if not known:
        return
    share = share_within(area, parse_area(known))
    if share < COVERED:
        raise InputError(
            f"{name} covers {known}, {share:.0%} of the area {area}: choose an area within, or a "
            "catalog of all of it"
        )


def write_history(
    path: Path,
    events: pd.DataFrame,
    start: str,
    catalog: str = "",
    gaps: Sequence[tuple[str, str]] = (),
    end: str = "",
    area: str = "",
) -> None:
    """Write the events of a catalog before a service began, complete from ``start`` to ``end``.

    Without ``end`` it is the last event. In ``gaps`` nothing was recorded, and nothing outside of
    ``area`` where that is known.
    """
    metadata = {"start": start, "catalog": catalog}
    if area:
        metadata["area"] = area
    if end:
        metadata["end"] = end
    if gaps:
        metadata["gaps"] = json.dumps([list(gap) for gap in gaps], allow_nan=False)
    write_whole(path, parquet_bytes(events, metadata))


def spans_of(info: CatalogInfo) -> list[tuple[str, str]]:
    """The gaps of a catalog as ``write_history`` takes them."""
    return [(written(info.date(begin)), written(info.date(end))) for begin, end in info.gaps]


def parquet_bytes(events: pd.DataFrame, metadata: dict[str, str]) -> bytes:
    """A table as Parquet, the same bytes for the same content."""
    table = pa.Table.from_pandas(events, preserve_index=False)
    stream = io.BytesIO()
    pq.write_table(table.replace_schema_metadata(metadata), stream, compression="zstd")
    return stream.getvalue()


def table_of(path: Path) -> pa.Table:
    """The table of a file that ``parquet_bytes`` made.

    Raises
    ------
    InputError
        If it is missing or damaged, or holds far more than its size allows.
    """
    try:
        return read_arrow(path.read_bytes())
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{path} is damaged ({error}): put a copy of it in its place") from error
