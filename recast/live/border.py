"""What a forecast says of events on the other side of the region's border."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.areas import Area, Box, bounding_box
from catalogs.sequence import MAGNITUDE_TOLERANCE, reaches
from catalogs.sphere import distances
from recast.live.circle import polygon
from recast.live.policy import Policy
from recast.live.records import Circle, SequenceState
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


def outside(
    events: pd.DataFrame,
    region: Area,
    policy: Policy,
    now: pd.Timestamp,
    sequence: SequenceState | None = None,
) -> tuple[str, ...]:
    """Name large events outside a region of which a forecast is blind, and which it should know.

    Their circles reach into the region, or into that of the sequence, and they are larger than its
    mainshock.

    Parameters
    ----------
    events : DataFrame
        Of the region and its margin.
    region : Area
        In which sequences begin.
    policy : Policy
        Trigger magnitude and circle.
    now : Timestamp
        The time.
    sequence : SequenceState, optional
        What is forecast, by default the region.
    """
    recent = ((events["time"] > now - LATELY) & (events["time"] <= now)).to_numpy()
    some = events[recent]
    if sequence is None:
        some = some[reaching(some, region, policy)]
    else:
        circle = polygon(sequence.region)
        larger = some["magnitude"] > sequence.mainshock.magnitude + MAGNITUDE_TOLERANCE
        unknown = ~circle.contains(some["latitude"], some["longitude"])
        unknown &= ~region.contains(some["latitude"], some["longitude"])
        some = some[larger.to_numpy() & unknown]
        some = some[reaching(some, circle, policy)]
    return tuple(
        f"the model does not know of the M {magnitude:.1f} at {written(time)} just outside the "
        "region: the numbers may be too low"
        for time, magnitude in some[["time", "magnitude"]].itertuples(index=False)
    )


def reaching(events: pd.DataFrame, area: Area, policy: Policy) -> NDArray[np.bool_]:
    """Which events of the trigger magnitude outside an area have circles that reach into it."""
    large = reaches(events["magnitude"].to_numpy(np.float64), policy.trigger_magnitude)
    found = large & ~area.contains(events["latitude"], events["longitude"])
    places = events[["latitude", "longitude"]].to_numpy(np.float64)
    magnitudes = events["magnitude"].to_numpy(np.float64)
    for i in np.flatnonzero(found).tolist():
        latitude, longitude = places[i].tolist()
        circle = Circle(latitude, longitude, policy.radius_km(magnitudes[i]))
        found[i] = _corners(circle, area).any() or _reached(circle, bounding_box(area))
    return found


def _reached(circle: Circle, box: Box) -> bool:
    """Whether a corner of a box lies in a circle, which may be larger."""
    corners = [(y, x) for y in (box.south, box.north) for x in (box.west, box.east)]
    away = distances(np.array(corners), [circle.latitude, circle.longitude])
    return bool((away <= circle.radius_km).any())


def _corners(circle: Circle, area: Area) -> np.ndarray:
    """Which points of a circle lie in an area."""
    places = np.array(polygon(circle).vertices)
    return np.asarray(area.contains(places[:, 0], places[:, 1]))
