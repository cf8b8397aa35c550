"""The magnitude test of catalog-based forecasts."""

from __future__ import annotations

import numpy as np

from catalogs import InputError, Trajectories
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray
from catalogs.trajectories import IntArray

BIN = 0.1
"""Width of the magnitude bins, that of CSEP experiments, unless magnitudes keep larger steps."""


def magnitude_bins(lowest: float, highest: float, width: float = BIN) -> FloatArray:
    """Lower edges of bins from ``lowest`` to ``highest``, the last one open."""
    return np.asarray(lowest + width * np.arange(int((highest - lowest) / width + 1.5)))


def width_of_bins(step: float) -> float:
    """Width of the bins where magnitudes keep a step: the least multiple that is not below ``BIN``.

    Finer bins than the step are empty among observed magnitudes and not among simulated ones.

    Examples
    --------
    >>> [width_of_bins(step) for step in (0.0, 0.01, 0.2, 0.5)]
    [0.1, 0.1, 0.2, 0.5]
    """
    if step <= MAGNITUDE_TOLERANCE:
        return BIN
    return round(step * float(np.ceil(BIN / step - MAGNITUDE_TOLERANCE)), 9)


def magnitude_test(drawn: Trajectories, observed: FloatArray, bins: FloatArray) -> float | None:
    """Magnitude test: P(D <= observed D), with the distance D of a catalog to the mean forecast.

    With the histogram U of all simulated magnitudes, scaled to the observed number N, and that of
    one catalog, Lambda, scaled likewise,

        D = sum_bins (log10(Lambda + 1) - log10(U + 1))^2

    (Savran et al. 2020, doi:10.1785/0120200026). Near one, the observed magnitudes are further from
    the forecast than simulated ones. Catalogs without events are left out. None if there are no
    observed, or no simulated, events.

    Parameters
    ----------
    drawn : Trajectories
        The simulated catalogs.
    observed : array (event,)
        Observed magnitudes.
    bins : array (bin,)
        Lower edges; the last bin is open.
    """
    return histogram_test(magnitude_histograms(drawn, bins), observed, bins)


def magnitude_histograms(drawn: Trajectories, bins: FloatArray) -> IntArray:
    """Number of events of each trajectory by magnitude, shape (trajectory, bin)."""
    from recast.evaluation.magnitude_loops import count_by_bin

    _check_above(drawn.magnitudes, bins)
    counts: IntArray = count_by_bin(
        drawn.trajectory, drawn.magnitudes, bins, drawn.n, MAGNITUDE_TOLERANCE
    )
    return counts.astype(np.int32)


def histogram_test(each: IntArray, observed: FloatArray, bins: FloatArray) -> float | None:
    """The magnitude test from the ``magnitude_histograms`` of the simulated catalogs."""
    union = each.sum(axis=0)
    if not observed.size or not union.any():
        return None
    seen = np.bincount(_bin(observed, bins), minlength=bins.size)
    n = float(seen.sum())
    target = np.log10(union * (n / union.sum()) + 1.0)
    events = each.sum(axis=1)
    each = each[events > 0]
    scaled = each * (n / events[events > 0])[:, None]
    distances = ((np.log10(scaled + 1.0) - target) ** 2).sum(axis=1)
    here = float(((np.log10(seen + 1.0) - target) ** 2).sum())
    return float((distances <= here).mean())


def _bin(magnitudes: FloatArray, bins: FloatArray) -> IntArray:
    _check_above(magnitudes, bins)
    return np.searchsorted(bins, magnitudes + MAGNITUDE_TOLERANCE, side="right") - 1


def _check_above(magnitudes: FloatArray, bins: FloatArray) -> None:
    """Raise an InputError if a magnitude lies below all bins."""
    if magnitudes.size and magnitudes.min() + MAGNITUDE_TOLERANCE < bins[0]:
        raise InputError(f"magnitude {magnitudes.min():g} lies below the lowest bin {bins[0]:g}")
