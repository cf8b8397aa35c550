"""What a catalog is good for that was just stored, and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from catalogs import Catalog, EventSequence

MISSED_SHARE = 0.1
"""Of the events, which may have come in incomplete hours without b being far off."""


def next_command(catalog: Catalog, *, splits: bool) -> str:
    """The command that makes sense for these events, up to the name of the catalog.

    ``splits`` tells whether there are enough events to fit models to some and score them by others.
    """
    from etas.fit import WITH_PRIOR

    if _mainshock(catalog) is not None:
        return "forecast --catalog"
    if splits:
        return "benchmark --catalog"
    enough = len(catalog.complete_rows()) >= WITH_PRIOR
    return "etas fit --fit-to all --prior shipped --catalog" if enough else "catalogs check"


def print_doubts(catalog: Catalog) -> None:
    """Say where completeness or b is not what it seems."""
    for line in doubts(catalog):
        print(f"note: {line}")


def doubts(catalog: Catalog) -> list[str]:
    """What is to be said of completeness and b where the record tells too little of them."""
    return [*_guessed(catalog), *_missed(catalog)]


def _guessed(catalog: Catalog) -> list[str]:
    """What is to be said of completeness that few events tell, or those of an incomplete day."""
    from catalogs.completeness import MINIMUM_FOR_B
    from catalogs.importing import MAXIMUM_CURVATURE
    from recast.forecast.complete import recorded_from

    if MAXIMUM_CURVATURE not in catalog.info.note:
        return []
    rows = catalog.rows_in_window()
    days, lowest = catalog.days[rows], float(catalog.events["magnitude"].iloc[rows].min())
    reason = ""
    if (found := _mainshock(catalog)) is not None:
        events, shock = found
        begin, end = np.searchsorted(days, events.times[shock] + np.array([0.0, 1.0]))
        magnitude = float(events.magnitudes[shock])
        if end - begin > 0.5 * days.size and recorded_from(magnitude, 1.0 / 24.0) > lowest:
            reason = f"mostly by the day after the M {magnitude:g}, when small ones are missed"
    if not reason and days.size < MINIMUM_FOR_B:
        reason = f"by {days.size} event{'s' * (days.size > 1)} only"
    if not reason:
        return []
    return [
        (
            f"completeness, M >= {catalog.info.magnitude_completeness:g}, is estimated {reason}: "
            "if the network is complete to smaller ones on other days, import again and say so "
            "(recast catalogs import --completeness)"
        )
    ]


def _missed(catalog: Catalog) -> list[str]:
    """What is to be said of b where much of a catalog is of the hours after a mainshock."""
    from recast.forecast.complete import recorded_from

    found = _mainshock(catalog)
    if found is None:
        return []
    events, shock = found
    magnitude = float(events.magnitudes[shock])
    since = events.times[shock + 1 :] - events.times[shock]
    early = int((recorded_from(magnitude, since) > catalog.info.magnitude_completeness).sum())
    if early <= MISSED_SHARE * len(events):
        return []
    return [
        (
            f"{early:,} of these {len(events):,} events came while networks missed small ones "
            f"after the M {magnitude:g}: the b-value above is too low (`recast forecast` allows "
            "for that)"
        )
    ]


def _mainshock(catalog: Catalog) -> tuple[EventSequence, int] | None:
    """The events, and which is the mainshock of a sequence under way."""
    from recast.forecast.mainshocks import current_mainshock, too_early

    if not len(catalog.complete_rows()):
        return None
    events, completeness = catalog.to_sequence(), catalog.info.magnitude_completeness
    early = too_early(events, completeness)
    shock = current_mainshock(events, completeness) if early is None else early
    return None if shock is None else (events, shock)
