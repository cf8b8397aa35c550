"""Which events of a catalog count: earthquakes, whatever networks call them, each once."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.areas import Area
from catalogs.errors import InputError

EventRule = Literal["earthquakes", "all", "paper"]
"""``earthquakes`` leaves out what a network calls otherwise, and identifiers that come twice;
events without a type stay, since nothing says that they are not. ``all`` keeps every type.
``paper`` is what the RECAST paper did: it chose by time, place and magnitude alone, and kept quarry
blasts and repeated identifiers."""

EARTHQUAKES = frozenset(
    {
        "",
        "earthquake",
        "earthquake, few stations",  # JMA
        "eq",  # SCEDC, and NCSS
        "ke",  # ISC: known earthquake
        "se",  # ISC: suspected earthquake
        "induced or triggered event",  # QuakeML
        "induced earthquake",
        "le",  # SCEDC until 2015: local
        "re",  # regional
        "ts",  # far away
    }
)
"""What networks write for an earthquake, in lower case; SCEDC adds how far away, as in ``eq l``."""

DISTANCES = r"\s+[lrt]$"


def are_earthquakes(event_types: pd.Series) -> NDArray[np.bool_]:
    """Which of the types, as networks write them, are earthquakes or unknown."""
    plain = event_types.fillna("").str.strip().str.lower().str.replace(DISTANCES, "", regex=True)
    return plain.isin(EARTHQUAKES).to_numpy(np.bool_)


def choose_events(
    events: pd.DataFrame, rule: EventRule = "earthquakes", *, area: Area | None = None
) -> tuple[pd.DataFrame, dict[str, int]]:
    """The events that count, and how many each step left.

    Parameters
    ----------
    events : DataFrame
        A canonical table (``catalogs.formats.Parsed``).
    rule : {"earthquakes", "all", "paper"}
        Which types of events; ``earthquakes`` and ``all`` also keep each identifier once only.
    area : Box or Polygon, optional
        Only events inside.

    Returns
    -------
    tuple
        The table, and the number of events after each step, from ``read`` on.

    Raises
    ------
    InputError
        For an unknown rule.
    """
    if rule not in get_args(EventRule):
        raise InputError(f"event types {rule!r}: choose {', '.join(get_args(EventRule))}")
    counts = {"read": len(events)}
    if rule == "earthquakes" and "event_type" in events:
        events = events[are_earthquakes(events["event_type"])]
        counts["earthquakes"] = len(events)
    if rule != "paper" and "event_id" in events:
        ids = events["event_id"]
        events = events[~(ids.duplicated() & (ids != "")).to_numpy(np.bool_)]
        counts["each identifier once"] = len(events)
    if area is not None:
        events = events[area.contains(events["latitude"], events["longitude"])]
        counts[f"within {area}"] = len(events)
    return events, counts
