"""Compiled: events of many trajectories counted by magnitude."""

from __future__ import annotations

import numba
import numpy as np

from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray


@numba.njit(cache=True, nogil=True, error_model="numpy")
def count_by_bin(
    trajectory: IntArray, magnitudes: FloatArray, bins: FloatArray, n: int, tolerance: float
) -> IntArray:
    """Number of events of each trajectory by magnitude, (trajectory, bin).

    ``bins`` are lower edges, and the last one is open. Events below the first are not counted.
    """
    counts = np.zeros((n, bins.size), np.int64)
    last, lowest = bins.size - 1, bins[0]
    per_unit = last / (bins[last] - lowest) if last > 0 else 0.0
    for i in range(magnitudes.size):
        m = magnitudes[i] + tolerance
        if m < lowest:
            continue
        k = int(min(per_unit * (m - lowest), float(last)))  # near the bin, where bins are even
        while m < bins[k]:
            k -= 1
        while k < last and m >= bins[k + 1]:
            k += 1
        counts[trajectory[i], k] += 1
    return counts
