"""From the name of a known catalog to the catalog: fetch, parse, select."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pandas as pd

from catalogs.areas import Area, bounding_box
from catalogs.catalog import Catalog
from catalogs.downloads import Downloads, RawFile
from catalogs.errors import InputError
from catalogs.fdsn import Query, Service, fetch_pages
from catalogs.formats import parse
from catalogs.formats.parsed import Parsed, Rejected
from catalogs.importing import import_table
from catalogs.info import timestamp
from catalogs.registry import find
from catalogs.rules import Selection, Step, apply
from catalogs.sources import Files, Record, Source, Yearly
from catalogs.store import file_hash

SHOWN_REJECTED = 5
"""That many rejected rows are kept in the provenance, word for word."""

SELECTING = ("start", "end", "area", "min_magnitude", "event_types")
"""Choices by which a catalog is not what its record says."""


@dataclass(frozen=True, eq=False)
class Fetched:
    """The events of a known catalog that a selection takes, and how that came about."""

    record: Record
    selection: Selection
    events: pd.DataFrame
    files: tuple[RawFile, ...]
    n_read: int
    rejected: tuple[Rejected, ...]
    steps: tuple[Step, ...]

    def provenance(self) -> dict[str, Any]:
        """Files with URL, time and hash, rows read and rejected, and what each rule left."""
        damaged = [row for row in self.rejected if not row.by_rule]
        content: dict[str, Any] = {
            "record": self.record.name,
            "files": [raw.to_json() for raw in self.files],
            "rows": self.n_read + len(self.rejected),
            "damaged_rows": len(damaged),
            "first_damaged": [str(row) for row in damaged[:SHOWN_REJECTED]],
            "rows_without_use": len(self.rejected) - len(damaged),
            "rules": [asdict(step) for step in self.steps],
        }
        if self.record.preset is not None:
            content["published_events"] = self.record.preset.n_events
        return content


def fetch_events(
    name: str,
    *,
    start: str | None = None,
    end: str | None = None,
    area: Area | None = None,
    min_magnitude: float | None = None,
    event_types: Sequence[str] | None = None,
    files: Sequence[Path] = (),
    downloads: Downloads | None = None,
    strict: bool = False,
) -> Fetched:
    """The events of a known catalog, from what is here already or from its provider.

    Parameters
    ----------
    name : str
        A name in ``catalogs.registry.RECORDS``.
    start, end : str, optional
        The half-open period; by default the record's, or until last midnight in UTC.
    area : Box or Polygon, optional
        Events inside.
    min_magnitude : float, optional
        Events of at least this magnitude.
    event_types : sequence of str, optional
        Take these types; by default the record's rule, mostly earthquakes only. ``["all"]`` takes
        all.
    files : sequence of Path
        Files that were fetched by hand, in place of the provider's.
    downloads : Downloads, optional
        Where raw files are kept, and how they are fetched.
    strict : bool
        Stop at the first damaged row; by default they are counted and reported.

    Raises
    ------
    FetchError
        Naming the URL, what the provider answered, and the remedy.
    InputError
        For a name, period or file that cannot be.
    """
    record = find(name)
    kinds = None if event_types is None else tuple(event_types)
    selection = record.selection.but(
        start=start or record.start,
        end=end or record.end or f"{pd.Timestamp.now('UTC').floor('D'):%Y-%m-%d}",
        area=area,
        min_magnitude=min_magnitude,
        event_types=kinds,
    )
    if kinds == ("all",):
        selection = replace(selection, event_types=None)
    downloads = downloads or Downloads()
    with downloads.locked(folder_name(record.source)):
        found = _local(record, files) if files else _remote(record, selection, downloads)
        parts = [
            parse(raw.read(), layout, name=raw.path.name, strict=strict) for raw, layout in found
        ]
    n_read = sum(len(part.events) for part in parts)
    steps: list[Step] = []
    if record.preset is not None and record.preset.loses_first_rows:
        parts = [_without_first_row(part) for part in parts]
        n_left = sum(len(part.events) for part in parts)
        steps.append(Step("without the first row of each file", n_read, n_left))
    together = Parsed(
        pd.concat([part.events for part in parts], ignore_index=True),
        tuple(row for part in parts for row in part.rejected),
    )
    if together.events.empty:
        raise InputError(
            f"{name}: the provider has no events from {selection.start} to {selection.end}: "
            "choose another period or area"
        )
    events, rules = apply(together.events, selection)
    return Fetched(
        record,
        selection,
        events,
        tuple(raw for raw, _ in found),
        n_read,
        together.rejected,
        (*steps, *rules),
    )


def fetch(
    name: str,
    as_name: str | None = None,
    *,
    making: Mapping[str, Any] | None = None,
    **choices: Any,
) -> Catalog:
    """A known catalog, ready to be split.

    Parameters
    ----------
    name : str
        A name in ``catalogs.registry.RECORDS``.
    as_name : str, optional
        What to call the catalog, by default the same.
    making : mapping, optional
        Arguments of ``catalogs.importing.import_table``: completeness, splits and so on. Those
        of a preset are the study's.
    **choices
        Arguments of ``fetch_events``.

    Raises
    ------
    FetchError
        Naming the URL, what the provider answered, and the remedy.
    InputError
        For input that cannot be; also for a preset with choices of one's own but no name of its
        own, since it would not be what it is called.
    """
    record = find(name)
    own = sorted(key for key in SELECTING if choices.get(key) is not None)
    if record.preset is not None and (own or making) and as_name in {None, name}:
        raise InputError(
            f"{name} is {record.title}: choose a --name of its own for another selection"
        )
    return to_catalog(fetch_events(name, **choices), as_name or name, making, is_preset=not own)


def to_catalog(
    fetched: Fetched, name: str, making: Mapping[str, Any] | None, *, is_preset: bool
) -> Catalog:
    """A catalog of the events, with completeness, window and splits, and their provenance."""
    record, selection, preset = fetched.record, fetched.selection, fetched.record.preset
    options: dict[str, Any] = {"ties": "separate"}
    if preset is not None and is_preset:
        options |= {
            "completeness": preset.completeness,
            "strict": preset.strict,
            "magnitude_bin": 0.01,
            "splits": preset.splits,
        }
    options |= {"start": selection.start, "end": selection.end, **(making or {})}
    catalog = import_table(fetched.events, name, **options)
    info = replace(
        catalog.info,
        title=record.title if name == record.name else f"{record.title}, own selection",
        region=record.region,
        source=f"{record.about} ({len(fetched.files)} files)",
        licence=record.licence,
        citation=record.citation,
        note="; ".join(filter(None, (record.note, catalog.info.note))),
        provenance=fetched.provenance(),
    )
    return Catalog(catalog.events, info)


def folder_name(source: Source) -> str:
    """The folder for a source's files: sources of the same address share it."""
    if isinstance(source, Files):
        url = source.urls[0].rpartition("/")[0] if source.urls else f"by_hand_{source.layout}"
    else:
        url = source.url.rpartition("/")[0]
    return re.sub(r"[^A-Za-z0-9.-]+", "_", url.partition("://")[2] or url)


def _remote(
    record: Record, selection: Selection, downloads: Downloads
) -> list[tuple[RawFile, str]]:
    """The raw files of a record, each with its layout."""
    source = record.source
    folder = downloads.folder / folder_name(source)
    start = timestamp(str(selection.start), "--start")
    end = timestamp(str(selection.end), "--end")
    if isinstance(source, Service):
        box = None if selection.area is None else bounding_box(selection.area)
        query = Query(start.floor("s"), end.ceil("s"), box, selection.min_magnitude)
        pages = fetch_pages(source, query, downloads, folder.name)
        # Of two versions of an event the one that was fetched later counts
        return [(page.raw, page.layout) for page in sorted(pages, key=lambda p: p.raw.retrieved)]
    if isinstance(source, Files):
        if source.by_hand:
            raise InputError(
                f"{record.name} cannot be fetched by program: save {source.by_hand} from "
                f"{record.about} and give it with --from FILE"
            )
        hashes = dict(zip(source.urls, source.sha256, strict=False))
        urls = source.urls
    else:
        hashes = {}
        urls = tuple(source.url.format(year=year) for year in _years(source, record, start, end))
    return [
        (
            downloads.file(
                url, folder / Path(urlsplit(url).path).name, known_hash=hashes.get(url, "")
            ),
            source.layout,
        )
        for url in urls
    ]


def _years(source: Yearly, record: Record, start: pd.Timestamp, end: pd.Timestamp) -> range:
    """The years of the files that hold a period."""
    ahead = pd.Timedelta(hours=source.hours_ahead)
    last = source.last or pd.Timestamp.now("UTC").year
    first = max((start + ahead).year, source.first)
    years = range(first, min((end + ahead - pd.Timedelta(1, "ns")).year, last) + 1)
    if not years:
        raise InputError(
            f"{record.name}: no files from {start:%Y-%m-%d} to {end:%Y-%m-%d}: they go from "
            f"{source.first} to {last}; check --start and --end"
        )
    return years


def _local(record: Record, files: Sequence[Path]) -> list[tuple[RawFile, str]]:
    """Files that were fetched by hand, in the layout of the record."""
    source = record.source
    layout = source.layouts[0] if isinstance(source, Service) else source.layout
    found = []
    for path in files:
        if not path.is_file():
            raise InputError(f"{path} is no file: check --from")
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        raw = RawFile(
            path,
            f"{path.name}, given by hand",
            file_hash(path),
            path.stat().st_size,
            changed.strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        found.append((raw, layout))
    return found


def _without_first_row(part: Parsed) -> Parsed:
    """The events of a file less that of its first row, if that is one."""
    lines = part.events.index
    first = min([*lines[:1], *(row.row for row in part.rejected)], default=None)
    return Parsed(part.events[lines != first], part.rejected)
