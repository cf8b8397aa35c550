"""The events that are known at some time, and the b-value of the large ones."""

from __future__ import annotations

from catalogs import Catalog, CatalogInfo, EventSequence, GutenbergRichter, InputError
from catalogs.sequence import reaches
from etas.completeness import CompletenessHistory, law_above

ENOUGH = 1000
"""Events since the train window's start, of which the earlier ones are history only."""


def known_so_far(catalog: Catalog, day: float) -> EventSequence:
    """Return the events before a day, scored from the train window's start where they are many.

    Raises
    ------
    InputError
        If there is none.
    """
    info = catalog.info
    events = catalog.to_sequence().before(day)
    start = info.to_days(info.splits.train_start)
    known = events
    if events.start < start < day:
        later = events.scored_from(start)
        known = later if later.n_scored >= ENOUGH else events
    if known.n_scored == 0:
        raise InputError(
            f"catalog {info.name!r} has no event before {info.to_time(day)}: there is nothing to "
            "forecast from"
        )
    return known


def b_above(
    lowest: float,
    events: EventSequence,
    known: EventSequence,
    info: CatalogInfo,
    mean: float,
    sd: float,
    table: CompletenessHistory | None = None,
) -> float:
    """The b-value of scored events >= ``lowest`` and above Mc(t), drawn towards that of others.

        1 / b = (n / b_events + n_0 / mean) / (n + n_0),    n_0 = (mean / sd)^2

    Parameters
    ----------
    lowest : float
        The smallest magnitude.
    events, known : EventSequence
        Those that count, and all so far, which raise Mc(t).
    info : CatalogInfo
        The step of the magnitudes, and whether completeness is strict.
    mean, sd : float
        What other regions have, and how they scatter.
    table : CompletenessHistory, optional
        Mc(t) as it is known, beside that after large events.
    """
    n_0 = (mean / sd) ** 2
    history = CompletenessHistory.helmstetter(known, lowest)
    history = history if table is None else history.or_higher(table)
    scored = slice(events.first_scored, None)
    n = int(reaches(events.magnitudes, history.at(events.times))[scored].sum())
    law = GutenbergRichter(lowest, mean, lowest + 1.0)
    step, strict = info.magnitude_bin, info.completeness_is_strict
    try:
        found = law_above(events, history, law, bin_width=step, strict=strict).b
    except InputError:  # hardly an event above Mc(t)
        return mean
    return (n + n_0) / (n / found + n_0 / mean)
