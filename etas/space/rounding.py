"""The cells to which epicentres are rounded: no kernel is narrower."""

from __future__ import annotations

import numpy as np

from catalogs.sequence import FloatArray

LEAST_WIDTH = 0.02
"""Kilometres: what the best relative locations resolve. Catalogs made with templates give several
per cent of their events the place of another one, digit for digit; narrower kernels would earn
their score there."""

STEPS = (0.1, 1 / 60, 0.01, 1 / 600, 1e-3, 1 / 6000, 1e-4, 1e-5)
"""Degrees: tenths, minutes, their tenths and hundredths, and so on."""

WINDOW = 400
"""Events before an event by which its rounding is judged: networks change their habits."""

HARMONICS = np.arange(1, 11)[:, None, None]
"""Of a comb of places; clusters of events have one or two of them as well."""

AGREED = 0.5
"""Length of the mean phase above which a harmonic is one of a comb."""

FEWEST = 20
"""Events by which rounding can be told."""


def least_squares(locations: FloatArray, radius: float, least_width: float) -> FloatArray:
    """Least squared width of a kernel about each event.

        D_min = max(cell / pi, least_width^2)

    where the cell is that of the coarsest step on which the epicentres of the 400 events before
    lie, whatever its origin: the phases exp(2 pi i k x / step) agree for k = 1 to 10, in latitude
    and in longitude. The first hundred are judged by themselves.

    Parameters
    ----------
    locations : array (event, 2)
        Latitude and longitude in order of time, degrees.
    radius : float
        Of the Earth, km.
    least_width : float
        Kilometres.

    Returns
    -------
    array (event,)
        In km^2.
    """
    block = WINDOW // 4
    side = np.empty(len(locations))
    for begin in range(0, len(locations), block):
        known = locations[max(0, begin - WINDOW) : begin] if begin else locations[:block]
        side[begin : begin + block] = np.radians(rounding_step(known)) * radius
    cell = side**2 * np.cos(np.radians(locations[:, 0]))
    return np.asarray(np.maximum(cell / np.pi, least_width**2))


def least_square(locations: FloatArray, radius: float) -> float:
    """Least squared width of all kernels about some events, ``max(cell / pi, (20 m)^2)``.

    Parameters
    ----------
    locations : array (event, 2)
        Latitude and longitude, degrees.
    radius : float
        Of the Earth, km.

    Returns
    -------
    float
        In km^2; the cell is that of the step on which most of the epicentres lie.

    Examples
    --------
    >>> places = np.random.default_rng(0).uniform((35.0, -118.0), (36.0, -117.0), (500, 2))
    >>> round(least_square(places, 6371.0), 4), round(least_square(places.round(2), 6371.0), 2)
    (0.0004, 0.32)
    """
    side = np.radians(rounding_step(locations)) * radius
    cell = side**2 * np.cos(np.radians(locations[:, 0])).mean() if len(locations) else 0.0
    return max(float(cell / np.pi), LEAST_WIDTH**2)


def rounding_step(locations: FloatArray) -> float:
    """Step to which places are rounded, degrees; 0 if none is known."""
    if len(locations) <= FEWEST:
        return 0.0
    for step in STEPS:
        phases = np.exp(2j * np.pi * HARMONICS * locations / step).mean(axis=1)
        if np.abs(phases).min() > AGREED:
            return step
    return 0.0
