"""Where events come from: an event service, a file that another program writes, a folder of files.

A source answers with the events that it has now and says what they cover; what does not answer, or
answers half, raises.
"""

from __future__ import annotations

import csv
import io
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd

from catalogs.areas import Area, Box, bounding_box
from catalogs.display import some
from catalogs.errors import FetchError, InputError
from catalogs.formats import parse
from catalogs.formats.parsed import Rejected
from catalogs.formats.quakeml import read_quakeml
from catalogs.formats.reading import read_events
from catalogs.providers.answers import identifiers
from catalogs.providers.downloads import Downloads
from catalogs.providers.fdsn import Page, fetch_pages
from catalogs.providers.services import COMCAT, ELSEWHERE, PATH, SERVICES
from catalogs.providers.sources import Query, Service
from catalogs.providers.web import Answer as WebAnswer
from catalogs.providers.web import Patience
from recast.live.identity import Report
from recast.live.reconcile import Scope
from recast.live.times import written

MARGIN = 0.5
"""Degrees around the region that are asked for, too: an event that moves out of it is then known
to have moved."""

SETTLED = 10.0
"""A file that has not changed for so many seconds is not being written."""

BRIEF = Patience(
    attempts=3, first_wait=2.0, longest_wait=30.0, timeout=30.0, total=180.0, kept=False
)
"""A service asks again in a few minutes anyway."""

APART = pd.Timedelta(minutes=10)
"""Clocks of this machine and of a service differ by less, unless one is wrong."""

EVENT_PAGE = "https://earthquake.usgs.gov/earthquakes/eventpage/"

SUFFIXES = frozenset({".xml", ".qml", ".quakeml"})


@dataclass(frozen=True)
class Answer:
    """What a source has now.

    ``listed`` are identifiers in it whose rows could not be used; ``whole`` is False where some
    part could not be read, and ``note`` says which.
    """

    reports: tuple[Report, ...]
    scope: Scope
    listed: frozenset[str] = frozenset()
    whole: bool = True
    note: str = ""


class ClockError(InputError):
    """The clock of this machine is not that of the source."""


class Source(ABC):
    """Something that has events."""

    name: str
    """For people."""

    @abstractmethod
    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        """The events of a period.

        Raises
        ------
        FetchError, InputError, OSError
            In one line, if there is no answer that could be read.
        """


@dataclass(frozen=True)
class ServiceSource(Source):
    """An FDSN event service."""

    service: Service
    area: Area
    min_magnitude: float | None
    scratch: Path
    patience: Patience = BRIEF
    check_clock: bool = True

    @property
    def name(self) -> str:  # type: ignore[override]
        """Its host."""
        return self.service.url.split("/")[2]

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        """The events of a period, all of its pages.

        Raises
        ------
        ClockError
            If the service says another time than this machine.
        """
        box = widened(bounding_box(self.area))
        query = Query(start.floor("s"), end.ceil("s"), box, self.min_magnitude)
        self.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.scratch, prefix="poll-") as folder:
            downloads = Downloads(
                Path(folder), refresh=True, patience=self.patience, progress=False
            )
            with downloads.locked("answers"):
                pages = fetch_pages(self.service, query, downloads, "answers")
            if self.check_clock:
                self._refuse_other_time(pages)
            parts = [self._read(page) for page in pages if page.raw.n_bytes]
        reports = tuple(report for found, _, _ in parts for report in found)
        listed = frozenset[str]().union(*(names for _, names, _ in parts))
        damaged = [row for _, _, rows in parts for row in rows]
        scope = Scope(start, end, box, self.min_magnitude)
        listed -= {report.reported_id for report in reports}
        return Answer(reports, scope, listed, whole=not damaged, note=_unread(damaged))

    def _refuse_other_time(self, pages: Sequence[Page]) -> None:
        ahead = min((page.ahead for page in pages if page.ahead is not None), key=abs, default=0.0)
        if abs(ahead) > APART.total_seconds():
            here = pd.Timestamp.now("UTC")
            there = here - pd.Timedelta(seconds=ahead)
            raise ClockError(
                f"the clock of this machine says {written(here)}, and that of {self.name} "
                f"{written(there)}: nothing was done; set the clock right, or, if that of the "
                "service is wrong, write check_clock: false below source: in the settings"
            )

    def _read(self, page: Page) -> tuple[list[Report], list[str], list[Rejected]]:
        content = page.raw.read()
        parsed = parse(content, page.layout, name=self.name)
        names = identifiers(WebAnswer(content, is_delimited=True), page.layout)
        url = EVENT_PAGE if self.service.url == COMCAT.source.url else ""  # type: ignore[union-attr]
        found = reports_of(parsed.events, places(content, page.layout), url)
        return found, names, parsed.damaged()


@dataclass(frozen=True)
class FileSource(Source):
    """A table of events, or any other file that is known, which another program keeps current.

    It covers the time from its first event on.
    """

    path: Path

    @property
    def name(self) -> str:  # type: ignore[override]
        """The file's."""
        return str(self.path)

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        """The events in the file, unless it is being written."""
        before = _state(self.path)
        parsed = read_events(self.path)
        content = self.path.read_bytes()
        if _state(self.path) != before:
            raise FetchError(f"{self.path} changed while it was read: it is read again next time")
        is_text = parsed.explanation.delimiter != "" or content[:1] == b"<"
        damaged = parsed.damaged()
        last = max((row.row for row in damaged), default=0)
        cut = is_text and not content.endswith((b"\n", b">"))
        if (cut and time.time() - before[1] / 1e9 < SETTLED) or last > parsed.events.index.max():
            raise FetchError(f"{self.path} ends half-way: it is read again next time")
        found = reports_of(parsed.events, places(content, parsed.explanation.layout))
        if not found:
            raise FetchError(f"{self.path} has no event with a time, a magnitude and a place")
        first = pd.Timestamp(min(report.time for report in found), tz="UTC")
        kept = tuple(report for report in found if report.time >= start.value)
        return Answer(kept, Scope(max(start, first), end), whole=not damaged, note=_unread(damaged))


@dataclass(frozen=True)
class FolderSource(Source):
    """A folder of QuakeML files; of an event in several of them the newest file counts."""

    path: Path

    @property
    def name(self) -> str:  # type: ignore[override]
        """The folder's."""
        return str(self.path)

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        """The events in all files."""
        if not self.path.is_dir():
            raise InputError(f"{self.path} is no folder: give the one with the QuakeML files")
        files = [path for path in self.path.iterdir() if path.suffix.lower() in SUFFIXES]
        found: list[Report] = []
        faults: list[str] = []
        for path in sorted(files, key=lambda path: (path.stat().st_mtime_ns, path.name)):
            content = path.read_bytes()
            try:
                parsed = read_quakeml(content, path.name)
            except InputError as error:
                faults.append(str(error))
                continue
            found += reports_of(parsed.events, places(content, "quakeml"))
            faults += map(str, parsed.damaged())
        if not found and faults:
            raise FetchError(f"{self.path}: no file could be read, the first: {faults[0]}")
        first = min((report.time for report in found), default=start.value)
        scope = Scope(max(start, pd.Timestamp(first, tz="UTC")), end)
        kept = tuple(report for report in found if report.time >= start.value)
        note = f"{len(faults)} files could not be read, the first: {faults[0]}" if faults else ""
        return Answer(kept, scope, whole=not faults, note=note)


def find_service(name: str) -> Service:
    """The service of a name that ``recast catalogs list --known`` shows or obspy uses, or of a URL.

    Raises
    ------
    InputError
        For an unknown name.

    Examples
    --------
    >>> find_service("INGV").url, find_service("https://example.org/fdsnws/event/1/query").url
    ('https://webservices.ingv.it/fdsnws/event/1/', 'https://example.org/fdsnws/event/1/')
    """
    if "://" in name:
        url = name.removesuffix("/").removesuffix("/query")
        return Service(f"{url}{PATH}" if url.count("/") == 2 else f"{url}/")
    known = {record.name: record.source for record in SERVICES}
    found = known.get(name) or known.get(ELSEWHERE.get(name.upper(), f"fdsn_{name.lower()}"))
    if not isinstance(found, Service):
        raise InputError(f"no event service {name!r}: write its URL, or one of {', '.join(known)}")
    return found


def widened(box: Box, by: float = MARGIN) -> Box:
    """A box with a margin, within the map."""
    west, east = box.west - by, box.east + by
    if box.west < box.east:
        west, east = max(west, -180.0), min(east, 180.0)
    return Box(max(box.south - by, -90.0), min(box.north + by, 90.0), west, east)


def reports_of(
    events: pd.DataFrame, places: dict[str, tuple[str, str]] | None = None, page: str = ""
) -> list[Report]:
    """The events of a parsed table that have a place on the map.

    One without an identifier is known by its time and place. ``page`` is a URL to which the
    identifier is appended.
    """
    places = places or {}
    count = len(events)

    def column(name: str) -> list[str]:
        return events[name].fillna("").astype(str).tolist() if name in events else [""] * count

    def numbers(name: str) -> list[float]:
        given = events[name].to_numpy(np.float64) if name in events else np.full(count, np.nan)
        found: list[float] = given.tolist()
        return found

    times = events["time"].astype("datetime64[ns, UTC]").astype(np.int64).tolist()
    rows = zip(
        column("event_id"),
        times,
        numbers("magnitude"),
        numbers("latitude"),
        numbers("longitude"),
        numbers("depth_km"),
        column("event_type"),
        column("magnitude_type"),
        strict=True,
    )
    found = []
    for name, at, magnitude, latitude, longitude, depth, kind, scale in rows:
        if np.isnan(latitude) or np.isnan(longitude):
            continue
        known = name or f"{at // 1_000_000}_{latitude:.2f}_{longitude:.2f}"
        place, url = places.get(name, ("", ""))
        url = url or (f"{page}{name}" if page else "")
        depth_km = None if np.isnan(depth) else depth
        found.append(
            Report(known, at, magnitude, latitude, longitude, depth_km, kind, scale, place, url)
        )
    return found


def places(content: bytes, layout: str) -> dict[str, tuple[str, str]]:
    """Where events are, in words, and their pages, by identifier, in layouts that say so."""
    if layout == "ehp_csv":
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig", errors="replace")))
        return {row["id"] or "": (row["place"] or "", "") for row in rows}
    if layout == "fdsn_text":
        return dict(_of_text(content.decode("utf-8-sig", errors="replace")))
    if layout == "quakeml":
        return dict(_of_quakeml(content))
    return {}


def _of_text(text: str) -> Iterator[tuple[str, tuple[str, str]]]:
    header, *lines = text.splitlines()
    names = [name.strip(" #").lower() for name in header.split("|")]
    if "eventlocationname" not in names:
        return
    where = names.index("eventlocationname")
    most = where if where == len(names) - 1 else -1  # in the last column a | is a letter
    for line in lines:
        cells = line.split("|", most)
        if len(cells) > where:
            yield cells[0].strip(), (cells[where].strip(), "")


def _of_quakeml(content: bytes) -> Iterator[tuple[str, tuple[str, str]]]:
    root = ET.fromstring(content)  # noqa: S314 - read_quakeml has refused entities
    for event in root.iter():
        if event.tag.rpartition("}")[2] != "event":
            continue
        for child in event:
            if child.tag.rpartition("}")[2] == "description":
                text = next((part.text for part in child if part.tag.endswith("text")), None)
                if text:
                    yield event.get("publicID", ""), (" ".join(text.split()), "")
                    break


def _unread(damaged: Sequence[Rejected]) -> str:
    if not damaged:
        return ""
    return f"{some(len(damaged), 'row')} could not be read, the first: {damaged[0]}"


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise FetchError(f"{path} cannot be read ({error.strerror}): check `path`") from error
    return status.st_size, status.st_mtime_ns
