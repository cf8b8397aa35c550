"""The circle around a mainshock, as an area of the map."""

from __future__ import annotations

import numpy as np

from catalogs.areas import Polygon
from catalogs.sphere import EARTH_RADIUS
from recast.live.records import Circle

CORNERS = 72
"""The polygon lies within 0.1 % of the circle."""


def polygon(circle: Circle) -> Polygon:
    """The polygon through points of a circle, 5 degrees apart.

    Corners are rounded to 0.0001 degrees, 10 m. It may cross 180 degrees.

    Raises
    ------
    InputError
        If the circle contains a pole.

    Examples
    --------
    >>> around = polygon(Circle(-17.0, 179.9, 50.0))
    >>> around.contains([-17.0, -17.0, -17.0], [179.9, -179.7, -179.5])
    array([ True,  True, False])
    """
    arc = circle.radius_km / EARTH_RADIUS
    bearing = np.arange(CORNERS) * (2.0 * np.pi / CORNERS)
    south = np.radians(circle.latitude)
    sine = np.sin(south) * np.cos(arc) + np.cos(south) * np.sin(arc) * np.cos(bearing)
    latitude = np.arcsin(np.clip(sine, -1.0, 1.0))
    east = np.arctan2(
        np.sin(bearing) * np.sin(arc) * np.cos(south), np.cos(arc) - np.sin(south) * sine
    )
    longitude = (circle.longitude + np.degrees(east) + 180.0) % 360.0 - 180.0
    corners = zip(np.degrees(latitude).round(4).tolist(), longitude.round(4).tolist(), strict=True)
    return Polygon(tuple(corners))
