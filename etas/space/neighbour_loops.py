"""Compiled: nearest earlier neighbours within a block of events."""

from __future__ import annotations

import math

import numba

from catalogs.sequence import FloatArray

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def nearest_in_block(points: FloatArray, nearest: FloatArray) -> None:
    """Put distances to earlier events of the block into the sorted rows of the nearest ones."""
    k = nearest.shape[1]
    for i in range(len(points)):
        row = nearest[i]
        for j in range(i):
            dx = points[i, 0] - points[j, 0]
            dy = points[i, 1] - points[j, 1]
            dz = points[i, 2] - points[j, 2]
            square = dx * dx + dy * dy + dz * dz
            if square < row[k - 1] * row[k - 1]:
                distance = math.sqrt(square)
                place = k - 1
                while place > 0 and row[place - 1] > distance:
                    row[place] = row[place - 1]
                    place -= 1
                row[place] = distance
