"""The completeness magnitude: from which magnitude on no event is missing."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from catalogs.errors import InputError
from catalogs.magnitudes import LN10, GutenbergRichter, b_of_mean, b_standard_error
from catalogs.rounded_magnitudes import lowest_on_grid
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches

MINIMUM_FOR_B = 50
"""Fewer events leave a b-value uncertain by 0.15 or more."""

WINDOW_EVENTS = 300
"""Enough for the fullest bin to be stable, few enough to see the hours after a large event."""


def maximum_curvature(
    magnitudes: ArrayLike, *, bin_width: float = 0.1, correction: float = 0.2
) -> float:
    """Completeness magnitude: the fullest bin of the magnitudes, plus a correction.

    The mode of the frequency-magnitude histogram underestimates completeness, by about 0.2 where
    detection fades gradually (Woessner and Wiemer 2005, doi:10.1785/0120040007). Bins are
    centred on multiples of ``bin_width``; of equally full bins the lowest counts.

    Raises
    ------
    InputError
        If there is no magnitude.
    """
    m = np.asarray(magnitudes, dtype=np.float64)
    if m.size == 0:
        raise InputError("no magnitudes: completeness cannot be estimated from an empty table")
    # A magnitude on the border of two bins belongs to the upper one, whatever its round-off.
    bins = np.floor(m / bin_width + 0.5 + MAGNITUDE_TOLERANCE).astype(np.int64)
    fullest = int(np.argmax(np.bincount(bins - bins.min()))) + int(bins.min())
    return round(fullest * bin_width + correction, 6)


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
        Added to each level, as in ``maximum_curvature``.

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


def b_by_completeness(
    magnitudes: ArrayLike, candidates: ArrayLike, *, bin_width: float = 0.01
) -> tuple[FloatArray, FloatArray]:
    """b-value and its standard error above each candidate, NaN where fewer than 50 events are."""
    m = np.sort(np.asarray(magnitudes, dtype=np.float64))
    values, errors = [], []
    for lowest in np.asarray(candidates, dtype=np.float64).tolist():
        above = m[np.searchsorted(m, lowest - MAGNITUDE_TOLERANCE) :]
        enough = above.size >= MINIMUM_FOR_B and np.ptp(above) > 0.0
        b = GutenbergRichter.fit(above, lowest, bin_width=bin_width).b if enough else np.nan
        values.append(b)
        errors.append(b_standard_error(above, b) if enough else np.nan)
    return np.array(values), np.array(errors)


def b_stability(
    magnitudes: ArrayLike, *, bin_width: float = 0.01, step: float = 0.1, span: float = 0.5
) -> float:
    """Completeness: the lowest magnitude from which the b-value stays the same.

    Below completeness b grows with the threshold. The smallest candidate counts whose b differs
    from the mean of the b-values of candidates up to ``span`` above it by less than its standard
    error (Cao and Gao 2002, doi:10.1029/2001GL013775; error by Shi and Bolt 1982 as in Woessner and
    Wiemer 2005, doi:10.1785/0120040007).

    Raises
    ------
    InputError
        If there is none.
    """
    m = np.asarray(magnitudes, dtype=np.float64)
    candidates = _candidates(m, step)
    values, errors = b_by_completeness(m, candidates, bin_width=bin_width)
    width = round(span / step)
    for i in range(candidates.size - width):
        if abs(float(values[i : i + width].mean()) - values[i]) <= errors[i]:
            return float(candidates[i])
    raise InputError(
        f"the b-value of {m.size} magnitudes is nowhere stable over {span:g} units: give the "
        "completeness magnitude, or use maximum curvature"
    )


def ks_completeness(
    magnitudes: ArrayLike,
    *,
    rng: np.random.Generator,
    bin_width: float = 0.01,
    step: float = 0.1,
    p_value: float = 0.1,
    samples: int = 200,
) -> float:
    """Completeness: the lowest magnitude above which Gutenberg-Richter is not rejected.

    The Kolmogorov-Smirnov distance of the (binned) magnitudes from the fitted law is compared with
    that of ``samples`` catalogs of the same size drawn from it and fitted again, since
    tables of the test don't hold for fitted laws or bins (Clauset et al. 2009,
    doi:10.1137/070710111). Large catalogs reject any law at last: expect high values from them.

    Raises
    ------
    InputError
        If every candidate with 50 events or more is rejected.
    """
    m = np.asarray(magnitudes, dtype=np.float64)
    for lowest in _candidates(m, step).tolist():
        above = m[reaches(m, lowest)]
        if above.size < MINIMUM_FOR_B or np.ptp(above) == 0.0:
            break
        distance, beta = _ks_distance(above - lowest_on_grid(above, lowest, bin_width), bin_width)
        draws = rng.exponential(1.0 / beta, size=(samples, above.size))
        if bin_width > 0.0:
            draws = bin_width * np.floor(draws / bin_width)
        drawn = np.array([_ks_distance(row, bin_width)[0] for row in draws])
        if np.mean(drawn >= distance) >= p_value:
            return float(lowest)
    raise InputError(
        f"Gutenberg-Richter is rejected above every threshold for {m.size} magnitudes: give the "
        "completeness magnitude, or use maximum curvature"
    )


def _candidates(m: FloatArray, step: float) -> FloatArray:
    """Multiples of ``step`` from the fullest bin up to the largest magnitude."""
    lowest = maximum_curvature(m, bin_width=step, correction=0.0)
    count = int(np.ceil((float(m.max()) - lowest) / step)) + 1
    return np.asarray(np.round(lowest + step * np.arange(count), 6), dtype=np.float64)


def _ks_distance(excess: FloatArray, bin_width: float) -> tuple[float, float]:
    """Distance of magnitudes above the lowest from their fitted law, and its beta."""
    mean = float(excess.mean())
    beta = LN10 * b_of_mean(mean, bin_width)
    if bin_width > 0.0:
        counts = np.bincount(np.round(excess / bin_width).astype(np.int64))
        empirical = np.cumsum(counts) / excess.size
        law = -np.expm1(-beta * bin_width * np.arange(1, counts.size + 1))
        return float(np.abs(empirical - law).max()), beta
    law = -np.expm1(-beta * np.sort(excess))
    rank = np.arange(1, excess.size + 1) / excess.size
    return float(np.maximum(rank - law, law - rank + 1.0 / excess.size).max()), beta
