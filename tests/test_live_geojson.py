"""GeoJSON of a live forecast: valid rings, also across 180 degrees, and the events of the page."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from issued_forecasts import MAINSHOCK, SEQUENCE, circle, events, issued

from catalogs.areas import parse_area
from catalogs.sphere import square_kilometres
from recast.live.publication.geojson import geojson_bytes, quakes_of, sequence_geojson
from recast.live.publication.options import Pages
from recast.live.publication.write import write_forecast
from recast.live.records import Circle


def rings(geometry: dict[str, Any]) -> list[np.ndarray]:
    """Outer rings of a polygon or several."""
    several = geometry["coordinates"]
    polygons = [several] if geometry["type"] == "Polygon" else several
    return [np.array(polygon[0]) for polygon in polygons]


def surface(ring: np.ndarray) -> float:
    """Signed, square degrees: positive if anticlockwise."""
    x, y = ring.T
    return float(0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]))


@pytest.mark.parametrize(
    ("longitude", "parts"), [(-117.6, 1), (179.9, 2), (-179.9, 2), (0.0, 1), (179.3, 1)]
)
def test_areas_are_rings_within_the_map(longitude: float, parts: int) -> None:
    """RFC 7946: closed, anticlockwise, cut in two at 180 degrees, nothing lost."""
    area = circle(Circle(-17.0, longitude, 56.0))
    found = rings(sequence_geojson(issued(area=area))["features"][0]["geometry"])
    assert len(found) == parts
    for ring in found:
        assert (ring[0] == ring[-1]).all()
        assert np.abs(ring[:, 0]).max() <= 180.0
        assert surface(ring) > 0.0
    degree = 6371.0 * np.pi / 180.0
    total = sum(map(surface, found)) * degree**2 * np.cos(np.radians(17.0))
    assert total == pytest.approx(square_kilometres(parse_area(area)), rel=1e-3)


def test_the_sequence_has_its_mainshocks() -> None:
    content = json.loads(geojson_bytes(sequence_geojson(issued())))
    roles = [feature["properties"]["role"] for feature in content["features"]]
    assert roles == ["area", "mainshock", "overtaken"]
    main = content["features"][1]
    assert main["geometry"]["coordinates"] == [MAINSHOCK.longitude, MAINSHOCK.latitude]
    assert main["properties"]["magnitude"] == 7.1
    assert content["features"][0]["properties"]["sequence"] == SEQUENCE.sequence_id
    region = sequence_geojson(issued(None))["features"]
    assert [feature["properties"]["role"] for feature in region] == ["area"]


def test_events_are_those_of_the_sequence_until_the_forecast(tmp_path: Path) -> None:
    known = events()
    long_ago = known.head(1).assign(time=known["time"].iloc[0] - pd.Timedelta(days=400))
    late = known.tail(1).assign(time=pd.Timestamp("2019-08-01T00:00:00Z"))
    table = pd.concat([long_ago, known, late], ignore_index=True)
    for forecast, n in ((issued(), len(known)), (issued(None), len(known))):
        write_forecast(tmp_path, forecast, table, [], Pages())
        content = json.loads((tmp_path / "events.geojson").read_bytes())
        assert content["type"] == "FeatureCollection"
        assert len(content["features"]) == n
        for feature in content["features"]:
            assert feature["geometry"]["type"] == "Point"
            assert set(feature["properties"]) == {
                "event_id",
                "magnitude",
                "time",
                "depth_km",
                "place",
                "url",
            }


def test_an_area_without_events(tmp_path: Path) -> None:
    """A swarm in an empty catalog, or one without the columns that are for people."""
    write_forecast(tmp_path, replace(issued(), observed=()), events().head(0), [], Pages())
    content = json.loads((tmp_path / "events.geojson").read_bytes())
    assert content["features"] == []
    bare = events(3)[["time", "magnitude", "latitude", "longitude"]]
    assert [quake.place for quake in quakes_of(bare)] == [""] * 5
    assert quakes_of(bare)[0].depth_km is None
