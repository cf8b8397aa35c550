"""QuakeML 1.2, read strictly: FDSN event services publish it.

obspy reads it too, ten times slower and more, and takes times such as ``22:5612`` for 22:56:12.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET
from xml.parsers import expat

import pandas as pd

from catalogs.display import some
from catalogs.errors import InputError
from catalogs.event_types import WITHDRAWN, compared
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

KINDS = ("origin", "magnitude")
"""Of which an event may have several, of which it prefers one."""

CHUNK = 1 << 16
"""Bytes that are looked at together for a DOCTYPE."""

MOST_ELEMENTS, DEEPEST = 2_000_000, 100
"""Elements of one event, and levels: ten times what the arrivals at all stations take."""


def read_quakeml(content: bytes, where: str) -> Parsed:
    """The preferred origin and magnitude of each event, or its first ones.

    Raises
    ------
    InputError
        If it is no well-formed QuakeML, or declares entities, which it has no need of.
    """
    refuse_doctype(content, where)
    several = dict.fromkeys(KINDS, 0)
    try:
        rows = []
        for event in _events(content, where):
            rows.append(_row(event))
            for kind in KINDS:
                several[kind] += _has_several(event, kind)
    except InputError:
        raise
    except (ET.ParseError, LookupError, ValueError) as error:  # the latter of its encoding
        raise InputError(f"{where} is no well-formed XML ({error}): fetch it again") from None
    index = pd.RangeIndex(1, len(rows) + 1, name="event")
    cells = pd.DataFrame(rows, index=index, columns=list(ROLES), dtype=object)
    faults = Faults(where, index)
    for kind, n in several.items():
        if n:
            have = "has" if n == 1 else "have"
            faults.say(
                f"{some(n, 'event')} {have} several {kind}s and prefer{'s' * (n == 1)} none: the "
                "first counts"
            )
    table = canonical(cells, faults, depths_per_km=1000.0)  # QuakeML has metres
    return faults.parsed(table, lambda i: str(rows[i]))


def refuse_doctype(content: bytes, where: str) -> None:
    """Raise an InputError for XML of any encoding with a DOCTYPE, where entities are declared."""

    def refuse(*_: object) -> None:
        raise InputError(f"{where} declares XML entities, which no catalog needs: refused")

    begun: list[str] = []  # a DOCTYPE comes before the first element
    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda name, _: begun.append(name)
    try:
        for first in range(0, len(content), CHUNK):
            parser.Parse(content[first : first + CHUNK])
            if begun:
                return
        parser.Parse(b"", True)  # expat 2.6 and later wait with long comments and what follows
    except InputError:
        raise
    except (expat.ExpatError, LookupError, ValueError):  # whoever reads the file says so
        return


def _events(content: bytes, where: str) -> Iterator[ET.Element]:
    """Each event once it is read; it and all that lies between events is dropped afterwards."""
    open_: list[ET.Element] = []
    within = size = 0
    for what, element in ET.iterparse(io.BytesIO(content), events=("start", "end")):  # noqa: S314 - without entities nothing expands
        if what == "start":
            if not open_ and not element.tag.endswith("}quakeml"):
                raise InputError(
                    f"{where} is XML, but no QuakeML: its root is {element.tag[:60]!r}"
                )
            open_.append(element)
            within += _name(element) == "event"
            size += within > 0
            if size > MOST_ELEMENTS or len(open_) > DEEPEST:
                raise InputError(
                    f"{where}: an event has more than {MOST_ELEMENTS:,} elements or {DEEPEST} "
                    "levels: fetch it without arrivals and amplitudes"
                )
            continue
        open_.pop()
        if _name(element) == "event":
            within -= 1
            yield element
        if not within:
            size = 0
            if open_:
                open_[-1].remove(element)


def _row(event: ET.Element) -> dict[str, Any]:
    origin = _preferred(event, "origin")
    magnitude = _preferred(event, "magnitude")
    status = _text(origin, "evaluationStatus").strip()
    return {
        "event_id": event.get("publicID", ""),
        "time": _text(origin, "time", "value"),
        "latitude": _text(origin, "latitude", "value"),
        "longitude": _text(origin, "longitude", "value"),
        "depth_km": _text(origin, "depth", "value"),
        "magnitude": _text(magnitude, "mag", "value"),
        "magnitude_type": _text(magnitude, "type"),
        "event_type": status if compared(status) in WITHDRAWN else _text(event, "type"),
    }


def _has_several(event: ET.Element, kind: str) -> bool:
    """Whether there are several origins or magnitudes, and none is said to be the best."""
    n = sum(_name(child) == kind for child in event)
    return n > 1 and not _text(event, _preference(kind)).strip()


def _preference(kind: str) -> str:
    return f"preferred{kind.capitalize()}ID"


def _preferred(event: ET.Element, kind: str) -> ET.Element | None:
    """The origin or magnitude that the event prefers, or its first where it says none."""
    found = [child for child in event if _name(child) == kind]
    wanted = _text(event, _preference(kind)).strip()
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
