"""Until when a model has seen data, so that a forecast from before that can be refused."""

from __future__ import annotations

from collections.abc import Mapping

from catalogs import CatalogInfo
from catalogs.info import timestamp

Until = str | float | None
"""A date, or a plain day; None where a file doesn't say."""

FittedOn = Mapping[str, Until]
"""Where the data that a model was fitted on end, by catalog."""


def fitted_on(info: CatalogInfo, protocol: str = "train") -> dict[str, Until]:
    """Of a fit on the train window, or with validation ("train+val"): None for another protocol.

    What is stopped early on the validation window has seen that.
    """
    ends = {"train": info.splits.val_start, "train+val": info.splits.test_start}
    return {info.name: ends.get(protocol)}


def merged(*records: FittedOn) -> dict[str, Until]:
    """All catalogs of several records, each with the latest end; unknown if any is."""
    out: dict[str, Until] = {}
    for record in records:
        for name, until in record.items():
            out[name] = _later(name, out[name], until) if name in out else until
    return out


def _later(name: str, a: Until, b: Until) -> Until:
    if a is None or b is None:
        return None
    if isinstance(a, str) and isinstance(b, str):
        return max(a, b, key=lambda date: timestamp(date, name))
    return max(float(a), float(b))


def leaks(record: FittedOn, info: CatalogInfo, at: float) -> list[str]:
    """What a model has seen of the time after day ``at`` of a catalog: a phrase for each catalog.

    Any data after that time count, of whatever catalog, since networks list each other's
    earthquakes; what may have been seen counts as well. Only catalogs in plain days have nothing
    to do with others.
    """
    found = []
    for name, until in record.items():
        if until is None:
            found.append(f"{name} until an unknown date")
        elif _after(until, name, info, at):
            found.append(f"{name} until {until}")
    return found


def _after(until: str | float, name: str, info: CatalogInfo, at: float) -> bool:
    if isinstance(until, str) and not info.uses_plain_days:
        return info.to_days(until) > at
    if isinstance(until, str) or not info.uses_plain_days:
        return False  # one of the two is synthetic
    return name == info.name and info.to_days(until) > at
