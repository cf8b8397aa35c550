"""From which magnitude on the events of the hours after a mainshock are known."""

from __future__ import annotations

import numpy as np

from catalogs import Catalog
from catalogs.sequence import reaches

SHARE = 0.1
"""Of the time since a large event that may be incomplete."""

STEP = 0.1


def raised_completeness(catalog: Catalog, most: float) -> float:
    """Completeness at the end of a catalog, which large events have raised.

    Networks miss small events after large ones (Helmstetter et al. 2006, doi:10.1785/0120050067):

        Mc(t) = M - 4.5 - 0.75 log10(t)      t days after an event of magnitude M

    A model that is fitted to events of which the small ones are missing takes a sequence for less
    productive than it is, and forecasts too few large ones. So only those count that have been
    complete for nine tenths of the time since each event, Mc(t / 10).

    Parameters
    ----------
    catalog : Catalog
        Until now, with the completeness of quiet times.
    most : float
        The lowest magnitude to be forecast: completeness is not raised beyond.

    Returns
    -------
    float
        Rounded up to a tenth where it is raised.

    Examples
    --------
    >>> from catalogs import load
    >>> week = load("ridgecrest_2019")  # after M 7.1: 2.6 + 0.75 * 0.15
    >>> raised_completeness(week, 4.0), raised_completeness(week, 2.6)
    (2.8, 2.6)
    """
    base = catalog.info.magnitude_completeness
    events = catalog.to_sequence()
    large = reaches(events.magnitudes, base + 1.0)
    since = np.maximum(events.end - events.times[large], 1e-9)
    levels = events.magnitudes[large] - 4.5 - 0.75 * np.log10(SHARE * since)
    # Not above the event itself, which was seen
    highest = float(np.minimum(levels, events.magnitudes[large]).max(initial=base))
    if highest <= base:
        return base
    return float(max(base, min(round(np.ceil(highest / STEP - 1e-6) * STEP, 6), most)))
