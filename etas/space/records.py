"""Laws of places as JSON."""

from __future__ import annotations

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


def law_to_json(law: PlaceLaw) -> dict[str, Any]:
    """The numbers of a law, with its name and region.

    Parameters
    ----------
    law : PlaceLaw
        One of this package.

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


def law_from_json(record: dict[str, Any]) -> PlaceLaw:
    """The law that ``law_to_json`` wrote.

    Parameters
    ----------
    record : dict
        Parsed JSON.

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
        kind: Any = LAWS[values.pop("law")]
        region = Region(parse_area(values.pop("area")), float(values.pop("radius")))
        if "background" in values:
            values["background"] = law_from_json(values["background"])
        law: PlaceLaw = kind(region, **values)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"this is no law of places ({error!r}): fit it again") from error
    return law
