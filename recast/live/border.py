"""What a forecast says of events on the other side of the region's border."""

from __future__ import annotations

import numpy as np
import pandas as pd

from catalogs.areas import Area, Box, bounding_box
from catalogs.sequence import reaches
from catalogs.sphere import distances
from recast.live.circle import polygon
from recast.live.policy import Policy
from recast.live.records import Circle
from recast.live.times import written

LATELY = pd.Timedelta(days=30)
"""Aftershocks of older mainshocks have shown in the region what they are."""


def beyond(circle: Circle, around: Box) -> tuple[str, ...]:
    """Say that a circle reaches where no events are known.

    Parameters
    ----------
    circle : Circle
        Of a sequence.
    around : Box
        In which events are known.
    """
    if _corners(circle, around).all():
        return ()
    return ("events of the circle far outside the region are not known and do not count",)


def outside(events: pd.DataFrame, area: Area, policy: Policy, now: pd.Timestamp) -> tuple[str, ...]:
    """Name large events outside a region that have aftershocks inside, of which its model is blind.

    Parameters
    ----------
    events : DataFrame
        Of the region and its margin.
    area : Area
        The region.
    policy : Policy
        Trigger magnitude and circle.
    now : Timestamp
        The time.
    """
    large = reaches(events["magnitude"].to_numpy(np.float64), policy.trigger_magnitude)
    large &= ((events["time"] > now - LATELY) & (events["time"] <= now)).to_numpy()
    large &= ~area.contains(events["latitude"], events["longitude"])
    remarks = []
    for time, magnitude, latitude, longitude in events.loc[
        large, ["time", "magnitude", "latitude", "longitude"]
    ].itertuples(index=False):
        circle = Circle(latitude, longitude, policy.radius_km(magnitude))
        if _corners(circle, area).any() or _reached(circle, bounding_box(area)):
            remarks.append(
                f"the model does not know of the M {magnitude:.1f} at {written(time)} just outside "
                "the region: the numbers may be too low"
            )
    return tuple(remarks)


def _reached(circle: Circle, box: Box) -> bool:
    """Whether a corner of a box lies in a circle, which may be larger."""
    corners = [(y, x) for y in (box.south, box.north) for x in (box.west, box.east)]
    away = distances(np.array(corners), [circle.latitude, circle.longitude])
    return bool((away <= circle.radius_km).any())


def _corners(circle: Circle, area: Area) -> np.ndarray:
    """Which points of a circle lie in an area."""
    places = np.array(polygon(circle).vertices)
    return np.asarray(area.contains(places[:, 0], places[:, 1]))
