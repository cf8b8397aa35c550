"""Until when a model has seen data, so that a forecast from before that can be refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from os import PathLike
from typing import Any

from catalogs import Catalog, CatalogInfo, InputError
from catalogs.info import timestamp

Until = str | float | None
"""A date, or a plain day; None where a file doesn't say."""


@dataclass(frozen=True)
class Seen:
    """Where the data of one catalog end that a model has seen.

    ``box`` is south, north, west and east in degrees, None where places are not known.
    """

    until: Until
    box: tuple[float, float, float, float] | None = None

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Seen:
        """Of what checkpoints keep: ``until``, and where known ``box`` and ``gaps``.

        Gaps are periods that training has left out, pairs of dates.
        """
        until: Until = fields["until"]
        for first, last in sorted(fields.get("gaps", ()), reverse=True):
            if isinstance(until, str) and timestamp(last, "gap") >= timestamp(until, "gap"):
                until = min(until, first, key=lambda date: timestamp(date, "gap"))
        box = fields.get("box")
        return cls(until, None if box is None else tuple(box))

    def to_json(self) -> dict[str, Any]:
        """Fields as JSON types."""
        return asdict(self)


FittedOn = Mapping[str, Seen]
"""What a model has seen, by catalog."""


def fitted_on(info: CatalogInfo, protocol: str = "train") -> dict[str, Seen]:
    """Of a fit on the train window, or with validation ("train+val"): unknown for others.

    What is stopped early on the validation window has seen that.
    """
    ends = {"train": info.splits.val_start, "train+val": info.splits.test_start}
    return {info.name: Seen(ends.get(protocol))}


def to_json(record: FittedOn) -> dict[str, dict[str, Any]]:
    """As JSON types."""
    return {name: seen.to_json() for name, seen in record.items()}


def from_json(record: Mapping[str, Any]) -> dict[str, Seen]:
    """The inverse of ``to_json``."""
    return {name: Seen.from_json(fields) for name, fields in record.items()}


def read_fitted_on(name: str | PathLike[str], catalog: Catalog) -> dict[str, Seen]:
    """What the net of a checkpoint has seen, with what it was fine-tuned from.

    A net that was trained on ``catalog`` has seen its train and validation window. Of others a
    file that doesn't say leaves it unknown.

    Raises
    ------
    InputError
        If the file is missing or no checkpoint.
    """
    import torch

    from recast.pretrained import checkpoint_path

    path = checkpoint_path(name)
    if not path.is_file():
        raise InputError(f"checkpoint {path} does not exist: `recast fit` writes one")
    try:
        settings = torch.load(path, weights_only=True, map_location="cpu")["hyper_parameters"]
        regions = list(settings["scalings"])
    except Exception as error:  # torch raises many kinds for a damaged archive
        raise InputError(f"checkpoint {path} cannot be read ({error}): train it anew") from error
    mine = fitted_on(catalog.info, "train+val")
    out: dict[str, Seen] = {}
    for region in regions:
        fields = (settings.get("trained_on") or {}).get(region)
        out[region] = mine.get(region, Seen(None)) if fields is None else Seen.from_json(fields)
    before = settings.get("pretrained")
    if before is None:
        return out
    if not checkpoint_path(before).is_file():
        return {f"what {before} was trained on": Seen(None), **out}
    return merged(out, read_fitted_on(before, catalog))


def merged(*records: FittedOn) -> dict[str, Seen]:
    """All catalogs of several records, each with the latest end; unknown if any is."""
    out: dict[str, Seen] = {}
    for record in records:
        for name, seen in record.items():
            out[name] = _later(name, [out[name], seen]) if name in out else seen
    return out


def _later(name: str, both: Sequence[Seen]) -> Seen:
    if any(seen.until is None for seen in both):
        return Seen(None)
    if all(isinstance(seen.until, str) for seen in both):
        return max(both, key=lambda seen: timestamp(str(seen.until), name))
    return max(both, key=lambda seen: float(seen.until or 0.0))


def leaks(record: FittedOn, catalog: Catalog, at: float) -> list[str]:
    """What a model has seen of the time after day ``at`` of a catalog: a phrase for each catalog.

    Data of elsewhere don't count where both places are known, as networks list earthquakes of
    their own region. What may have been seen does. Catalogs in plain days have nothing to do with
    others.
    """
    found = []
    for name, seen in record.items():
        if name != catalog.info.name and _are_apart(seen, catalog):
            continue
        if seen.until is None:
            found.append(f"{name} until an unknown date")
        elif _after(seen.until, name, catalog.info, at):
            found.append(f"{name} until {seen.until}")
    return found


def _after(until: str | float, name: str, info: CatalogInfo, at: float) -> bool:
    if isinstance(until, str) and not info.uses_plain_days:
        return info.to_days(until) > at
    if isinstance(until, str) or not info.uses_plain_days:
        return False  # one of the two is synthetic
    return name == info.name and info.to_days(until) > at


def _are_apart(seen: Seen, catalog: Catalog) -> bool:
    if seen.box is None or not catalog.info.has_locations:
        return False
    south, north, west, east = seen.box
    latitude, longitude = catalog.events["latitude"], catalog.events["longitude"]
    return bool(
        latitude.max() < south
        or latitude.min() > north
        or longitude.max() < west
        or longitude.min() > east
    )
