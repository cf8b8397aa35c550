"""QuakeML 1.2, read strictly: FDSN event services publish it.

obspy reads it too, ten times slower and more, and takes times such as ``22:5612`` for 22:56:12.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.parsed import Faults, Format, Parsed
from catalogs.formats.table import canonical

ROLES = (
    "event_id",
    "time",
    "latitude",
    "longitude",
    "depth_km",
    "magnitude",
    "magnitude_type",
    "event_type",
)


def read_quakeml(content: bytes, where: str) -> Parsed:
    """The preferred origin and magnitude of each event, or its first ones.

    Raises
    ------
    InputError
        If it is no well-formed QuakeML, or declares entities, which it has no need of.
    """
    if re.search(rb"<!(DOCTYPE|ENTITY)", content):
        raise InputError(f"{where} declares XML entities, which no catalog needs: refused")
    try:
        root = ET.fromstring(content)  # noqa: S314 - without entities nothing expands
    except ET.ParseError as error:
        raise InputError(f"{where} is no well-formed XML ({error}): fetch it again") from None
    if not root.tag.endswith("}quakeml"):
        raise InputError(f"{where} is XML, but no QuakeML: its root is {root.tag[:60]!r}")
    events = [element for element in root.iter() if _name(element) == "event"]
    rows = [_row(event) for event in events]
    index = pd.RangeIndex(1, len(rows) + 1, name="event")
    cells = pd.DataFrame(rows, index=index, columns=list(ROLES), dtype=object)
    faults = Faults(where, index)
    table = canonical(cells, faults, depths_per_km=1000.0)  # QuakeML has metres
    return faults.parsed(table, lambda i: str(rows[i]))


def _row(event: ET.Element) -> dict[str, Any]:
    origin = _preferred(event, "origin")
    magnitude = _preferred(event, "magnitude")
    return {
        "event_id": event.get("publicID", ""),
        "time": _text(origin, "time", "value"),
        "latitude": _text(origin, "latitude", "value"),
        "longitude": _text(origin, "longitude", "value"),
        "depth_km": _text(origin, "depth", "value"),
        "magnitude": _text(magnitude, "mag", "value"),
        "magnitude_type": _text(magnitude, "type"),
        "event_type": _text(event, "type"),
    }


def _preferred(event: ET.Element, kind: str) -> ET.Element | None:
    """The origin or magnitude that the event prefers, or its first where it says none."""
    found = [child for child in event if _name(child) == kind]
    wanted = _text(event, f"preferred{kind.capitalize()}ID").strip()
    if wanted:
        found = [child for child in found if child.get("publicID", "") == wanted]
    return found[0] if found else None


def _text(element: ET.Element | None, *path: str) -> str:
    for name in path:
        if element is None:
            return ""
        element = next((child for child in element if _name(child) == name), None)
    return (element.text or "") if element is not None else ""


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _fits(head: bytes) -> bool:
    return re.search(rb"<(\w+:)?quakeml[\s>]", head[:4096]) is not None


QUAKEML = Format("quakeml", "QuakeML 1.2, as FDSN event services give it", read_quakeml, _fits)
