"""Laws of places as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from catalogs import InputError
from catalogs.areas import parse_area
from etas.space.background import SmoothedPlaces
from etas.space.law import PlaceLaw, UniformPlaces
from etas.space.region import Region
from etas.space.triggered import TriggeredPlaces

LAWS: dict[str, type[PlaceLaw]] = {
    law.__name__: law for law in (UniformPlaces, SmoothedPlaces, TriggeredPlaces)
}

INNER: dict[str, tuple[type[PlaceLaw], ...]] = {
    "background": tuple(LAWS.values()),
    "declustering": (TriggeredPlaces,),
}
"""Fields that are laws, and which."""


def law_to_json(law: PlaceLaw) -> dict[str, Any]:
    """The numbers of a law, with its name and region.

    Parameters
    ----------
    law : PlaceLaw
        Its attributes have to be JSON types, or laws.

    Returns
    -------
    dict
        JSON types.
    """
    record: dict[str, Any] = {
        "law": type(law).__name__,
        "area": str(law.region.area),
        "radius": law.region.radius,
    }
    for name, value in vars(law).items():
        if isinstance(value, PlaceLaw):
            record[name] = law_to_json(value)
        elif name != "region" and value is not None:
            record[name] = value
    return record


def law_from_json(record: dict[str, Any], own: Sequence[type[PlaceLaw]] = ()) -> PlaceLaw:
    """The law that ``law_to_json`` wrote.

    Parameters
    ----------
    record : dict
        Parsed JSON.
    own : sequence of type
        Laws of another package, made from a region and their other attributes by name; none can
        take the name of one of this package.

    Returns
    -------
    PlaceLaw
        The law.

    Raises
    ------
    InputError
        If a field is missing, unknown or impossible.
    """
    values = dict(record)
    try:
        kind: Any = ({law.__name__: law for law in own} | LAWS)[values.pop("law")]
        region = Region(parse_area(values.pop("area")), float(values.pop("radius")))
        for name, value in values.items():
            if name in INNER or (isinstance(value, dict) and "law" in value):
                values[name] = _inner(name, value, own)
        law: PlaceLaw = kind(region, **values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"this is no law of places ({error!r}): fit it again") from error
    return law


def _inner(name: str, record: dict[str, Any], own: Sequence[type[PlaceLaw]]) -> PlaceLaw:
    """The law in a field of another one."""
    law: PlaceLaw = law_from_json(record, own)
    allowed: tuple[type[PlaceLaw], ...] = (*INNER.get(name, LAWS.values()), *own)
    if not isinstance(law, allowed):
        kinds = " or ".join(kind.__name__ for kind in allowed)
        raise InputError(f"{name} is a {type(law).__name__}, not a {kinds}")
    return law
