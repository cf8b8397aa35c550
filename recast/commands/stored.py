"""What a catalog is good for that was just stored, and what it lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def print_missed(catalog: Catalog) -> None:
    """Say that b is of an incomplete record, if much of it is of the hours after a mainshock."""
    for line in missed(catalog):
        print(f"note: {line}")


def missed(catalog: Catalog) -> list[str]:
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
