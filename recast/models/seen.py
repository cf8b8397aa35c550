"""What a model has seen, so that a forecast from before that can be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

from catalogs import Catalog
from catalogs.checks.extent import Extent
from recast.pretrained import seen

Seen = Mapping[str, Extent]
"""What a model has been fitted on, by catalog."""


def seen_by_fit(catalog: Catalog, protocol: str = "train") -> dict[str, Extent]:
    """What a fit on the train window has seen, or with validation ("train+val").

    Unknown for other protocols. What is stopped early on the validation window has seen that.
    """
    extent = Extent.of(catalog)
    until = {"train": extent.end, "train+val": extent.until}.get(protocol)
    return {catalog.info.name: replace(extent, until=until)}


def seen_by_net(name: str | PathLike[str], catalog: Catalog | None) -> dict[str, Extent]:
    """What the net of a checkpoint has seen, with what it was fine-tuned from.

    Where a file doesn't say, a net that was trained on ``catalog`` has seen its train and
    validation window.

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
    """What the ETAS of a file from before files said so has seen."""
    if catalog is not None and record.get("catalog") == catalog.info.name:
        return seen_by_fit(catalog, str(record.get("protocol", "unknown")))
    return {str(record.get("catalog", "some catalog")): Extent.unknown()}


def to_json(record: Seen) -> dict[str, dict[str, Any]]:
    """As JSON types."""
    return {name: extent.to_json() for name, extent in record.items()}


def from_json(record: Mapping[str, Any] | None) -> dict[str, Extent]:
    """From what ``to_json`` gives; None for a file that does not say."""
    if record is None:
        return {"some catalog": Extent.unknown()}
    return {name: Extent.from_json(fields) for name, fields in record.items()}


def merged(*records: Seen) -> dict[str, Extent]:
    """All catalogs of several records; what one model has seen of a catalog twice is numbered."""
    out: dict[str, Extent] = {}
    for record in records:
        for name, extent in record.items():
            if extent not in [out[key] for key in out if key.partition(" #")[0] == name]:
                n = sum(key.partition(" #")[0] == name for key in out)
                out[f"{name} #{n + 1}" if n else name] = extent
    return out


def leaks(record: Seen, catalog: Catalog, at: float) -> list[str]:
    """What a model has seen of the time after day ``at`` of a catalog: a phrase for each catalog.

    See ``Extent.may_hold_events_after``.
    """
    return [
        f"{name} until {extent.until or 'an unknown date'}"
        for name, extent in record.items()
        if extent.may_hold_events_after(catalog, at, same=name.partition(" #")[0])
    ]
