"""The sequence of a forecast and its events as GeoJSON (RFC 7946)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from catalogs.areas import parse_area
from catalogs.sequence import FloatArray
from catalogs.sphere import outline
from recast.live.publication.outside import link, plain
from recast.live.records import Issued, Quake

EDGE = 50.0
"""Kilometres between points of a border: straight in latitude and longitude, as areas are."""


def sequence_geojson(issued: Issued) -> dict[str, Any]:
    """The area of a forecast, its mainshock and those that were overtaken."""
    border = outline(parse_area(issued.area), EDGE)
    about: dict[str, Any] = {"role": "area", "forecast": issued.forecast_id, "at": issued.at}
    sequence = issued.sequence
    if sequence is None:
        return _collection([_feature(_polygon(border), about)])
    about |= {
        "sequence": plain(sequence.sequence_id),
        "kind": sequence.kind,
        "radius_km": sequence.region.radius_km,
    }
    quakes = [
        _feature(_point(quake), {"role": role, **_about(quake)})
        for role, several in (
            ("mainshock", (sequence.mainshock,)),
            ("overtaken", sequence.overtaken),
        )
        for quake in several
    ]
    return _collection([_feature(_polygon(border), about), *quakes])


def events_geojson(quakes: Sequence[Quake]) -> dict[str, Any]:
    """Events as points, in their order."""
    return _collection([_feature(_point(quake), _about(quake)) for quake in quakes])


def quakes_of(events: pd.DataFrame) -> list[Quake]:
    """Rows of a table of events as they are published."""
    absent = pd.Series(index=events.index, dtype=object)
    names, places, links = (events.get(key, absent) for key in ("event_id", "place", "url"))
    times = events["time"].dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[ms]")
    rows = zip(
        map(_text, names),
        np.datetime_as_string(times, timezone="UTC").tolist(),
        events["magnitude"].tolist(),
        events["latitude"].tolist(),
        events["longitude"].tolist(),
        (None if pd.isna(depth) else float(depth) for depth in events.get("depth_km", absent)),
        map(_text, places),
        map(_text, links),
        strict=True,
    )
    return [Quake(*row) for row in rows]


def geojson_bytes(content: dict[str, Any]) -> bytes:
    """As a file, a line for each feature."""
    features = ",\n".join(
        json.dumps(feature, allow_nan=False, separators=(",", ":"))
        for feature in content["features"]
    )
    return f'{{"type":"FeatureCollection","features":[\n{features}\n]}}\n'.encode()


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _about(quake: Quake) -> dict[str, Any]:
    return {
        "event_id": plain(quake.event_id),
        "magnitude": quake.magnitude,
        "time": quake.time,
        "depth_km": quake.depth_km,
        "place": plain(quake.place),
        "url": link(quake.url),
    }


def _point(quake: Quake) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [_round(quake.longitude), _round(quake.latitude)]}


def _polygon(border: FloatArray) -> dict[str, Any]:
    """A border, (point, latitude and longitude), cut in two where it crosses 180 degrees."""
    rings = []
    for turn in (-360.0, 0.0, 360.0):
        ring = border[:, ::-1] + np.array([turn, 0.0])
        for side in (1.0, -1.0):
            ring = _clipped(ring, side)
        if len(ring) > 3:
            rings.append([[_round(x), _round(y)] for x, y in ring])
    if len(rings) == 1:
        return {"type": "Polygon", "coordinates": rings}
    return {"type": "MultiPolygon", "coordinates": [[ring] for ring in rings]}


def _clipped(ring: FloatArray, side: float) -> FloatArray:
    """What lies on this side of +180 degrees (1), or of -180 degrees (-1), closed."""
    kept: list[FloatArray] = []
    for a, b in pairwise(ring):
        inside, next_inside = side * a[0] <= 180.0, side * b[0] <= 180.0
        if inside:
            kept.append(a)
        if inside != next_inside:
            share = (side * 180.0 - a[0]) / (b[0] - a[0])
            kept.append(a + share * (b - a))
    return np.array([*kept, kept[0]]) if kept else np.empty((0, 2))


def _round(degrees: float) -> float:
    return round(float(degrees), 5)


def _feature(geometry: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}
