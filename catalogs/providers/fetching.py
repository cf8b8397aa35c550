"""From the name of a known catalog to the catalog: download, parse, select, store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from catalogs.areas import Area, parse_area
from catalogs.catalog import Catalog
from catalogs.errors import InputError
from catalogs.event_types import EventRule
from catalogs.files import read_json
from catalogs.formats import parse
from catalogs.formats.parsed import Parsed, Rejected
from catalogs.importing import import_table
from catalogs.info import SplitDates, timestamp
from catalogs.info_fields import Ties
from catalogs.providers.downloads import Downloads, RawFile
from catalogs.providers.known import find
from catalogs.providers.raw_files import folder_name, given, retrieve
from catalogs.providers.rules import Rules, Step, apply
from catalogs.providers.sources import Record
from catalogs.store import alone, check_free, record_path, save

SHOWN_REJECTED = 5
"""That many rejected rows are kept in the provenance, word for word."""


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
        A known catalog.
    start, end : str, optional
        The half-open period; by default the record's, or until last midnight in UTC.
    area : Box or Polygon, optional
        Events inside.
    min_magnitude : float, optional
        Events of at least this magnitude.
    event_types : {"earthquakes", "all", "paper"}, optional
        Which types of events; by default the record's rule, which is earthquakes but for presets.
    files : sequence of Path
        Files that were downloaded by hand, in place of the provider's.
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
    first, last = timestamp(str(rules.start), "`start`"), timestamp(str(rules.end), "`end`")
    if first >= last:
        raise InputError(
            f"{name}: the period from {rules.start} to {rules.end} is empty: need `start` before "
            "`end`"
        )
    if last > pd.Timestamp.now("UTC"):
        raise InputError(f"`end` {rules.end} is yet to come: leave it out for last midnight (UTC)")
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


def fetch_catalog(
    name: str,
    as_name: str | None = None,
    *,
    start: str | None = None,
    end: str | None = None,
    area: Area | str | None = None,
    min_magnitude: float | None = None,
    event_types: EventRule | None = None,
    completeness: float | None = None,
    strict_completeness: bool | None = None,
    splits: SplitDates | None = None,
    fractions: Sequence[float] | None = None,
    ties: Ties | None = None,
    files: Sequence[Path] = (),
    strict: bool = False,
    downloads: Downloads | None = None,
    store: bool = True,
    folder: str | PathLike[str] | None = None,
    overwrite: bool = False,
) -> Catalog:
    """Get a known catalog from its provider, ready to be split.

    Raw files are downloaded, or used from an earlier download, parsed, and reduced to the events
    that count. The provenance says where each file came from and how many events each rule left.

    Parameters
    ----------
    name : str
        A known catalog, such as ``"scedc"``; ``recast catalogs list --known`` shows them.
    as_name : str, optional
        What to call the catalog, by default the same.
    start, end : str, optional
        The half-open period; by default the record's, or until last midnight in UTC.
    area : Box, Polygon or str, optional
        Events inside; text as ``parse_area`` reads it.
    min_magnitude : float, optional
        Events of at least this magnitude.
    event_types : {"earthquakes", "all", "paper"}, optional
        Which types of events (``catalogs.event_types``); by default earthquakes, except for the
        catalogs of the RECAST paper.
    completeness : float, optional
        Magnitude of completeness; by default that of the study, or maximum curvature + 0.2.
    strict_completeness : bool, optional
        Leave out events at exactly ``completeness``.
    splits : SplitDates, optional
        The scored windows.
    fractions : three floats, optional
        Shares of the complete events in train, validation and test, in place of ``splits``; by
        default 0.6, 0.2 and 0.2.
    ties : {"separate", "drop", "error"}, optional
        What to do with events of equal time, by default set them 1 ms apart.
    files : sequence of Path
        Files that were downloaded by hand, in place of the provider's.
    strict : bool
        Stop at the first damaged row; by default they are counted and reported.
    downloads : Downloads, optional
        Where raw files are kept and how they are fetched: ``catalogs.providers.Downloads``, with
        ``offline=True`` to ask no server, ``refresh=True`` to download again.
    store : bool
        Save the catalog, so that ``load`` finds it. One from the same provider is replaced.
    folder : path, optional
        Where to save it, by default the user's cache.
    overwrite : bool
        Replace any catalog of the same name.

    Returns
    -------
    Catalog
        With completeness, window, splits and provenance.

    Raises
    ------
    FetchError
        Naming the URL, what the provider answered, and the remedy.
    InputError
        For input that cannot be, and for a catalog of the RECAST paper with choices of one's own
        but no ``as_name``, since it would not be what it is called.

    Examples
    --------
    >>> fetch_catalog("comcat", "ridgecrest", start="2019-07-04", end="2019-08-04",
    ...               area="35.2/36.4/-118.2/-117", min_magnitude=2.5)  # doctest: +SKIP
    >>> fetch_catalog("scedc", start="1990-01-01")
    Traceback (most recent call last):
    catalogs.errors.InputError: scedc is SCEDC, Southern California, as scored in the RECAST ...
    """
    record = find(name)
    known_as = as_name or record.name
    making = {
        "completeness": completeness,
        "strict": strict_completeness,
        "splits": splits,
        "fractions": fractions,
        "ties": ties,
    }
    making = {option: value for option, value in making.items() if value is not None}
    choices = (start, end, area, min_magnitude, event_types)
    is_preset = record.preset is not None and all(choice is None for choice in choices)
    if record.preset is not None and (making or not is_preset) and known_as == record.name:
        raise InputError(f"{name} is {record.title}: choose `as_name` for a selection of your own")
    if store:
        check_free(known_as, folder, overwrite=_may_replace(record, known_as, folder, overwrite))
    fetched = fetch_events(
        name,
        start=start,
        end=end,
        area=parse_area(area) if isinstance(area, str) else area,
        min_magnitude=min_magnitude,
        event_types=event_types,
        files=files,
        downloads=downloads,
        strict=strict,
    )
    catalog = to_catalog(fetched, known_as, making, is_preset=is_preset)
    if store:
        with alone(record_path(known_as, folder).parent):  # meanwhile another may have fetched it
            save(catalog, folder, overwrite=_may_replace(record, known_as, folder, overwrite))
    return catalog


def _may_replace(
    record: Record, name: str, folder: str | PathLike[str] | None, overwrite: bool
) -> bool:
    """Whether a catalog of that name may go: one that was fetched from the same provider.

    Its events may be damaged: that is a reason to fetch them again.
    """
    try:
        there = read_json(record_path(name, folder)).get("provenance", {})
    except InputError:
        there = {}
    return overwrite or there.get("record") == record.name


def to_catalog(
    fetched: Fetched, name: str, making: Mapping[str, Any], *, is_preset: bool
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
    options |= {"start": rules.start, "end": rules.end, **making}
    catalog = import_table(fetched.events, name, **options)
    area = rules.area if not rules.trim else None
    if area is None and not catalog.info.has_locations:
        area = record.area
    info = replace(
        catalog.info,
        title=record.title if name == record.name else f"{record.title}, own selection",
        region=record.region,
        source=f"{record.about} ({len(fetched.files)} files)",
        licence=record.licence,
        citation=record.citation,
        note="; ".join(filter(None, (record.note, catalog.info.note))),
        provenance=fetched.provenance(),
        area="" if area is None else str(area),
    )
    return Catalog(catalog.events, info)


def _without_first_row(part: Parsed) -> Parsed:
    """The events of a file less that of its first row, if that is one."""
    lines = part.events.index
    first = min([*lines[:1], *(row.row for row in part.rejected)], default=None)
    return Parsed(part.events[lines != first], part.rejected)
