"""Completeness along a catalog: maximum curvature in successive windows of events."""

from __future__ import annotations

import numpy as np

from catalogs.magnitudes import maximum_curvature
from catalogs.sequence import FloatArray

WINDOW_EVENTS = 300
"""Enough for the fullest bin to be stable, few enough to see the hours after a large event."""


def moving_completeness(
    times: FloatArray,
    magnitudes: FloatArray,
    *,
    window: int = WINDOW_EVENTS,
    bin_width: float = 0.1,
    correction: float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """Fullest magnitude bin of each ``window`` successive events, as a step function.

    Parameters
    ----------
    times, magnitudes : array (event,)
        In order of time, all events of the table: those below completeness show where it lies.
    correction : float
        Added to each level, as in ``catalogs.magnitudes.maximum_curvature``.

    Returns
    -------
    edges : array (window + 1,)
        Level i holds from edges[i] to edges[i + 1].
    levels : array (window,)
        Empty, as are the edges, for fewer than ``window`` events; the last window is longer, by
        fewer than ``window`` events.
    """
    n = times.size // window
    if n == 0:
        return np.empty(0), np.empty(0)
    cuts = np.append(window * np.arange(n), times.size)
    levels = [
        maximum_curvature(magnitudes[lo:hi], bin_width=bin_width, correction=correction)
        for lo, hi in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)
    ]
    return times[np.minimum(cuts, times.size - 1)], np.array(levels)
