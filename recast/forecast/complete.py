"""From which magnitude on the events of the minutes and hours after a mainshock are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence
from catalogs.sequence import FloatArray, reaches

SHARE = 0.1
"""Of the time since a large event that may be incomplete."""

STEP = 0.1

SHORTEST = 1e-9
"""Days after an event for which the law is not asked."""


def recorded_from(magnitude: ArrayLike, since: ArrayLike) -> FloatArray:
    """Magnitude from which networks record events some days ``since`` one of ``magnitude``.

    They miss small ones at first (Helmstetter et al. 2006, doi:10.1785/0120050067):

        Mc(t) = M - 4.5 - 0.75 log10(t)      t days after an event of magnitude M

    and not above the event itself, which was seen.

    Examples
    --------
    >>> recorded_from(7.1, [0.001, 1.0])
    array([4.85, 2.6 ])
    """
    largest = np.asarray(magnitude, dtype=np.float64)
    levels = largest - 4.5 - 0.75 * np.log10(np.maximum(since, SHORTEST))
    return np.minimum(levels, largest)


def recorded_steps(
    magnitude: float, start: float, stop: float, base: float
) -> tuple[FloatArray, FloatArray]:
    """Cut a time after a mainshock into steps in which completeness falls by a tenth at most.

    Parameters
    ----------
    magnitude : float
        Of the mainshock.
    start, stop : float
        The time, in days since then.
    base : float
        The completeness of quiet times.

    Returns
    -------
    array (step + 1,), array (step,)
        Between which times, and the completeness at the end of each step, the lowest in it.

    Examples
    --------
    >>> recorded_steps(7.0, 0.01, 1.0, 3.8)
    (array([0.01      , 0.01359356, 1.        ]), array([3.9, 3.8]))
    """
    first, last = recorded_from(magnitude, [start, stop]).tolist()
    last = max(last, base)
    if first <= last:
        return np.array([start, stop]), np.array([last])
    n = max(int(np.ceil((first - last) / STEP - 1e-6)), 1)  # none but by rounding
    levels = np.maximum(first - STEP * np.arange(1, n + 1), last)
    times = 10.0 ** ((magnitude - 4.5 - levels) / 0.75)
    return np.concatenate([[start], np.clip(times[:-1], start, stop), [stop]]), levels


def raised_completeness(events: EventSequence, base: float, most: float = np.inf) -> float:
    """Completeness at the end of a window, which large events have raised.

    A model that is fitted to events of which the small ones are missing takes a sequence for less
    productive than it is, and forecasts too few large ones. So only those count that have been
    complete for nine tenths of the time since each event, Mc(t / 10) (``recorded_from``).

    Parameters
    ----------
    events : EventSequence
        Until now.
    base : float
        The completeness of quiet times.
    most : float
        Completeness is not raised beyond.

    Returns
    -------
    float
        Rounded up to a tenth where it is raised.

    Examples
    --------
    >>> from catalogs import load
    >>> week = load("ridgecrest_2019").to_sequence()  # after M 7.1: 2.6 + 0.75 * 0.15
    >>> raised_completeness(week, 2.5), raised_completeness(week, 2.5, 2.6)
    (2.8, 2.6)
    """
    return float(min(highest_completeness(events, base)[0], max(base, most)))


def highest_completeness(events: EventSequence, base: float) -> tuple[float, int | None]:
    """``raised_completeness``, and which event has raised it most, None if none has.

    Examples
    --------
    >>> from catalogs import load
    >>> week = load("ridgecrest_2019").to_sequence()
    >>> level, by = highest_completeness(week, 2.5)
    >>> level, float(week.magnitudes[by])
    (2.8, 7.1)
    """
    large = np.flatnonzero(reaches(events.magnitudes, base + 1.0))
    since = SHARE * (events.end - events.times[large])
    levels = recorded_from(events.magnitudes[large], since)
    if levels.max(initial=base) <= base:
        return base, None
    by = int(np.argmax(levels))
    return float(max(base, round(np.ceil(levels[by] / STEP - 1e-6) * STEP, 6))), int(large[by])
