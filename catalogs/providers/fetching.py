"""From the name of a known catalog to the catalog: fetch, parse, select."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from catalogs.areas import Area
from catalogs.catalog import Catalog
from catalogs.errors import InputError
from catalogs.event_types import EventRule
from catalogs.formats import parse
from catalogs.formats.parsed import Parsed, Rejected
from catalogs.importing import import_table
from catalogs.info import timestamp
from catalogs.providers.downloads import Downloads, RawFile
from catalogs.providers.known import find
from catalogs.providers.records import Record
from catalogs.providers.retrieval import folder_name, given, retrieve
from catalogs.providers.rules import Rules, Step, apply

SHOWN_REJECTED = 5
"""That many rejected rows are kept in the provenance, word for word."""

SELECTING = ("start", "end", "area", "min_magnitude", "event_types")
"""Choices by which a catalog is not what its record says."""


@dataclass(frozen=True, eq=False)
class Fetched:
    """The events of a known catalog that rules take, and how that came about."""

    record: Record
    rules: Rules
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
            "rows_without_magnitude": len(self.rejected) - len(damaged),
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
    event_types: EventRule | None = None,
    files: Sequence[Path] = (),
    downloads: Downloads | None = None,
    strict: bool = False,
) -> Fetched:
    """The events of a known catalog, from what is here already or from its provider.

    Parameters
    ----------
    name : str
        A name in ``catalogs.providers.known.RECORDS``.
    start, end : str, optional
        The half-open period; by default the record's, or until last midnight in UTC.
    area : Box or Polygon, optional
        Events inside.
    min_magnitude : float, optional
        Events of at least this magnitude.
    event_types : {"earthquakes", "all", "paper"}, optional
        Which types of events; by default the record's rule, which is earthquakes but for presets.
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
    rules = record.rules.but(
        start=start or record.start,
        end=end or record.end or f"{pd.Timestamp.now('UTC').floor('D'):%Y-%m-%d}",
        area=area,
        min_magnitude=min_magnitude,
        event_types=event_types,
    )
    first, last = timestamp(str(rules.start), "--start"), timestamp(str(rules.end), "--end")
    if first >= last:
        raise InputError(
            f"{name}: the period from {rules.start} to {rules.end} is empty: need --start before "
            "--end"
        )
    if last > pd.Timestamp.now("UTC"):
        raise InputError(f"--end {rules.end} is yet to come: leave it out for last midnight (UTC)")
    downloads = downloads or Downloads()
    with downloads.locked(folder_name(record.source)):
        found = given(record, files) if files else retrieve(record, rules, downloads)
        parts = [
            parse(raw.read(), layout, name=raw.path.name, strict=strict) for raw, layout in found
        ]
    n_read = sum(len(part.events) for part in parts)
    steps: list[Step] = []
    if record.preset is not None and record.preset.loses_first_rows:
        parts = [_without_first_row(part) for part in parts]
        n_left = sum(len(part.events) for part in parts)
        steps.append(Step("without the first row of each file", n_read, n_left))
    if not any(len(part.events) for part in parts):
        raise InputError(
            f"{name}: the provider has no events from {rules.start} to {rules.end}: "
            "choose another period or area"
        )
    together = pd.concat([part.events for part in parts if len(part.events)], ignore_index=True)
    events, done = apply(together, rules)
    return Fetched(
        record,
        rules,
        events,
        tuple(raw for raw, _ in found),
        n_read,
        tuple(row for part in parts for row in part.rejected),
        (*steps, *done),
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
        A name in ``catalogs.providers.known.RECORDS``.
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
    if record.preset is not None and (own or making) and as_name in {None, record.name}:
        raise InputError(
            f"{name} is {record.title}: choose a --name of its own for another selection"
        )
    return to_catalog(
        fetch_events(name, **choices), as_name or record.name, making, is_preset=not own
    )


def to_catalog(
    fetched: Fetched, name: str, making: Mapping[str, Any] | None, *, is_preset: bool
) -> Catalog:
    """A catalog of the events, with completeness, window and splits, and their provenance."""
    record, rules, preset = fetched.record, fetched.rules, fetched.record.preset
    options: dict[str, Any] = {"ties": "separate"}
    if preset is not None and is_preset:
        options |= {
            "completeness": preset.completeness,
            "strict": preset.strict,
            "magnitude_bin": 0.01,
            "splits": preset.splits,
        }
    options |= {"start": rules.start, "end": rules.end, **(making or {})}
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


def _without_first_row(part: Parsed) -> Parsed:
    """The events of a file less that of its first row, if that is one."""
    lines = part.events.index
    first = min([*lines[:1], *(row.row for row in part.rejected)], default=None)
    return Parsed(part.events[lines != first], part.rejected)
