"""Data that a model has seen, so that earlier forecasts with it can be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

from catalogs import Catalog
from catalogs.checks.extent import Extent, read_extents
from recast.pretrained import seen

Seen = Mapping[str, Extent]
"""Time and place of the data a model was fitted on, by catalog."""


def seen_by_fit(catalog: Catalog, protocol: str = "train") -> dict[str, Extent]:
    """Extent of the train window, of train and validation ("train+val"), or of all events ("all").

    Unknown for other protocols. A model with early stopping has seen the validation window.
    """
    extent = Extent.of(catalog)
    ends = {"train": extent.end, "train+val": extent.until, "all": catalog.info.end}
    until = ends.get(protocol)
    return {catalog.info.name: replace(extent, until=until)}


def seen_by_net(name: str | PathLike[str], catalog: Catalog | None) -> dict[str, Extent]:
    """Extents that the net of a checkpoint has seen, including those of its pretrained net.

    If the file doesn't record them, a net trained on ``catalog`` has seen its train and validation
    windows.

    Raises
    ------
    InputError
        If the file is missing or no checkpoint.
    """
    mine = {} if catalog is None else seen_by_fit(catalog, "train+val")
    return {
        region: mine[region] if extent.until is None and region in mine else extent
        for region, extent in seen(name).items()
    }


def seen_by_old_file(record: Mapping[str, Any], catalog: Catalog | None) -> dict[str, Extent]:
    """Extent that the ETAS model of an older file has seen, which does not record it."""
    if catalog is not None and record.get("catalog") == catalog.info.name:
        return seen_by_fit(catalog, str(record.get("protocol", "unknown")))
    return {str(record.get("catalog", "some catalog")): Extent.unknown()}


def to_json(record: Seen) -> dict[str, dict[str, Any]]:
    """Convert to JSON types."""
    return {name: extent.to_json() for name, extent in record.items()}


def from_json(record: Mapping[str, Any] | None) -> dict[str, Extent]:
    """Restore it from JSON; None for a file that does not record it."""
    if record is None:
        return {"some catalog": Extent.unknown()}
    return read_extents(record)


def merged(*records: Seen) -> dict[str, Extent]:
    """Merge several records; different extents of the same catalog are numbered."""
    out: dict[str, Extent] = {}
    for record in records:
        for name, extent in record.items():
            if extent not in [out[key] for key in out if key.partition(" #")[0] == name]:
                n = sum(key.partition(" #")[0] == name for key in out)
                out[f"{name} #{n + 1}" if n else name] = extent
    return out


def leaks(record: Seen, catalog: Catalog, at: float) -> list[str]:
    """List the data a model has seen from after day ``at`` of a catalog, in words.

    See ``Extent.may_hold_events_after``.
    """
    return [
        f"{name} until {extent.until or 'an unknown date'}"
        for name, extent in record.items()
        if extent.may_hold_events_after(catalog, at, same=name.partition(" #")[0])
    ]
