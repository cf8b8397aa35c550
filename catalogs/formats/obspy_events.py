"""obspy's event catalogs, in and out, and through them the two dozen formats that obspy reads.

An obspy event takes a millisecond and kilobytes: for a hundred thousand events use a table.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Hashable
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from catalogs.catalog import Catalog
from catalogs.errors import InputError
from catalogs.event_types import WITHDRAWN
from catalogs.formats.parsed import Faults, Format, Parsed
from catalogs.formats.table import canonical
from catalogs.info import DATE_OF_DAY_0


def from_obspy(events: Any, *, where: str = "the obspy catalog") -> Parsed:
    """The events of an ``obspy.core.event.Catalog``: preferred origin and magnitude, or the first.

    Events without an origin time or a magnitude are rejected, with their number and reason.
    """
    rows = [_row(event) for event in events]
    index = pd.RangeIndex(1, len(rows) + 1, name="event")
    cells = pd.DataFrame(rows, index=index, columns=list(_row(None)))
    cells["time"] = pd.to_datetime(cells["time"], unit="ns", utc=True)
    faults = Faults(where, index)
    table = canonical(cells, faults, depths_per_km=1000.0)  # obspy has metres
    return faults.parsed(table, lambda i: str(rows[i]))


def _row(event: Any) -> dict[str, Any]:
    origin = magnitude = None
    if event is not None:
        origin = event.preferred_origin() or next(iter(event.origins), None)
        magnitude = event.preferred_magnitude() or next(iter(event.magnitudes), None)
    time = origin.time if origin is not None else None
    status = getattr(origin, "evaluation_status", None) or ""
    return {
        "event_id": str(event.resource_id) if event is not None else "",
        "time": time.ns if time is not None else None,
        "latitude": getattr(origin, "latitude", None),
        "longitude": getattr(origin, "longitude", None),
        "depth_km": getattr(origin, "depth", None),
        "magnitude": getattr(magnitude, "mag", None),
        "magnitude_type": getattr(magnitude, "magnitude_type", None) or "",
        "event_type": status if status in WITHDRAWN else getattr(event, "event_type", None) or "",
    }


def to_obspy(catalog: Catalog) -> Any:
    """The complete events as an ``obspy.core.event.Catalog``, one origin and magnitude each.

    Raises
    ------
    InputError
        If obspy is not installed, or the catalog has no calendar.
    """
    event = _obspy("to_obspy").core.event
    catalog.info.check_dated("which obspy cannot hold", DATE_OF_DAY_0)
    rows = catalog.complete_events().to_dict("records")
    return event.Catalog([_event(event, row) for row in rows])


def _event(event: Any, row: dict[Hashable, Any]) -> Any:
    from obspy import UTCDateTime  # noqa: PLC0415 - an optional package

    def known(name: str) -> float | None:
        value = row.get(name)
        return None if value is None or np.isnan(value) else float(value)

    depth = known("depth_km")
    origin = event.Origin(
        time=UTCDateTime(ns=int(row["time"].value)),
        latitude=known("latitude"),
        longitude=known("longitude"),
        depth=None if depth is None else 1000.0 * depth,
    )
    magnitude = event.Magnitude(
        mag=row["magnitude"],
        magnitude_type=row.get("magnitude_type") or None,
        origin_id=origin.resource_id,
    )
    made = event.Event(origins=[origin], magnitudes=[magnitude])
    made.preferred_origin_id = origin.resource_id
    made.preferred_magnitude_id = magnitude.resource_id
    return made


def read_obspy(content: bytes, where: str) -> Parsed:
    """The events of any file that obspy's ``read_events`` knows.

    Raises
    ------
    InputError
        If obspy is not installed, or cannot read the file.
    """
    obspy = _obspy(where)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # values it cannot read are None, and rejected below
            events = obspy.read_events(io.BytesIO(content))
    except Exception as error:  # its two dozen readers raise whatever they run into
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{where}: obspy cannot read it ({reason}): check the file") from error
    return from_obspy(events, where=where)


def _obspy(what: str) -> ModuleType:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of what obspy itself imports
            import obspy  # noqa: PLC0415 - an optional package, which takes a second to import
            import obspy.core.event  # noqa: PLC0415
    except ImportError:
        raise InputError(
            f"{what} needs obspy: install it with pip install recast-forecast[obspy]"
        ) from None
    module: ModuleType = obspy
    return module


OBSPY = Format(
    "obspy",
    "what obspy reads: SC3ML, NORDIC, NDK, HYPODD, IMS1.0, ... (needs obspy)",
    read_obspy,
    lambda _: False,
)
