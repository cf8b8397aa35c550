"""What a model has seen, so that a forecast from before that can be refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

from catalogs import Catalog, Extent
from recast.pretrained import seen

FittedOn = Mapping[str, Extent]
"""What a model has seen, by catalog."""


def fitted_on(catalog: Catalog, protocol: str = "train") -> dict[str, Extent]:
    """Of a fit on the train window, or with validation ("train+val"): unknown for others.

    What is stopped early on the validation window has seen that.
    """
    extent = Extent.of(catalog)
    until = {"train": extent.end, "train+val": extent.until}.get(protocol)
    return {catalog.info.name: replace(extent, until=until)}


def to_json(record: FittedOn) -> dict[str, dict[str, Any]]:
    """As JSON types."""
    return {name: extent.to_json() for name, extent in record.items()}


def from_json(record: Mapping[str, Any]) -> dict[str, Extent]:
    """The inverse of ``to_json``."""
    return {name: Extent.from_json(fields) for name, fields in record.items()}


def read_fitted_on(name: str | PathLike[str], catalog: Catalog) -> dict[str, Extent]:
    """What the net of a checkpoint has seen, with what it was fine-tuned from.

    Where a file doesn't say, a net that was trained on ``catalog`` has seen its train and
    validation window.

    Raises
    ------
    InputError
        If the file is missing or no checkpoint.
    """
    mine = fitted_on(catalog, "train+val")
    return {
        region: mine[region] if extent.until is None and region in mine else extent
        for region, extent in seen(name).items()
    }


def merged(*records: FittedOn) -> dict[str, Extent]:
    """All catalogs of several records; what one model has seen of a catalog twice is numbered."""
    out: dict[str, Extent] = {}
    for record in records:
        for name, extent in record.items():
            if extent not in [out[key] for key in out if key.partition(" #")[0] == name]:
                n = sum(key.partition(" #")[0] == name for key in out)
                out[f"{name} #{n + 1}" if n else name] = extent
    return out


def leaks(record: FittedOn, catalog: Catalog, at: float) -> list[str]:
    """What a model has seen of the time after day ``at`` of a catalog: a phrase for each catalog.

    See ``Extent.may_hold_events_after``.
    """
    return [
        f"{name} until {extent.until or 'an unknown date'}"
        for name, extent in record.items()
        if extent.may_hold_events_after(catalog, at, same=name.partition(" #")[0])
    ]
