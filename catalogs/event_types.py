"""Which events of a catalog count: earthquakes, whatever networks call them, each once."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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


def are_earthquakes(events: pd.DataFrame) -> NDArray[np.bool_]:
    """Which events of a table are earthquakes by their type, or of no type, shape (event,)."""
    if "event_type" not in events:
        return np.ones(len(events), dtype=np.bool_)
    plain = (
        events["event_type"]
        .fillna("")
        .str.strip()
        .str.lower()
        .str.replace(DISTANCES, "", regex=True)
    )
    return plain.isin(EARTHQUAKES).to_numpy(np.bool_)
