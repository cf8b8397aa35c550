"""Compiled: nearest earlier neighbours, sought in a tree of all events."""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.tree import BEGIN, END, NEXT, OLDEST

DEEPEST = 256
"""Groups that wait to be searched: two for each level of the tree at most."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


@_jit
def boxes(points: FloatArray, order: IntArray, groups: IntArray) -> FloatArray:
    """Lowest and highest coordinates of each group, shape (group, 6)."""
    box = np.empty((len(groups), 6))
    for g in range(len(groups)):
        for a in range(3):
            low, high = math.inf, -math.inf
            for m in range(groups[g, BEGIN], groups[g, END]):
                low = min(low, points[order[m], a])
                high = max(high, points[order[m], a])
            box[g, a], box[g, 3 + a] = low, high
    return box


@_jit
def _apart(x: float, y: float, z: float, box: FloatArray, g: int) -> float:
    """Squared distance of a point to the box of a group."""
    dx = max(box[g, 0] - x, 0.0, x - box[g, 3])
    dy = max(box[g, 1] - y, 0.0, y - box[g, 4])
    dz = max(box[g, 2] - z, 0.0, z - box[g, 5])
    return float(dx * dx + dy * dy + dz * dz)


@_jit
def _put(best: FloatArray, square: float) -> None:
    """Put a number into an ascending row, in place of the last."""
    place = best.size - 1
    while place > 0 and best[place - 1] > square:
        best[place] = best[place - 1]
        place -= 1
    best[place] = square


@_jit
def nearest_earlier(
    first: int,
    points: FloatArray,
    order: IntArray,
    groups: IntArray,
    box: FloatArray,
    nearest: FloatArray,
) -> None:
    """Distances of the events from ``first`` on to the nearest of those before them, ascending.

    One row of ``nearest`` for each; infinite where fewer come before.
    """
    k = nearest.shape[1]
    waiting, bound = np.empty(DEEPEST, np.int64), np.empty(DEEPEST)
    for row in range(len(nearest)):
        i, best = first + row, nearest[row]
        best[:] = math.inf
        x, y, z = points[i, 0], points[i, 1], points[i, 2]
        waiting[0], bound[0], size = 0, 0.0, 1
        while size > 0:
            size -= 1
            g = waiting[size]
            if bound[size] >= best[k - 1] or groups[g, OLDEST] >= i:
                continue
            if groups[g, NEXT] > g + 1:
                near, far = g + 1, groups[g + 1, NEXT]
                to_near, to_far = _apart(x, y, z, box, near), _apart(x, y, z, box, far)
                if to_far < to_near:
                    near, far, to_near, to_far = far, near, to_far, to_near
                waiting[size], bound[size] = far, to_far
                waiting[size + 1], bound[size + 1] = near, to_near
                size += 2
                continue
            for m in range(groups[g, BEGIN], groups[g, END]):
                j = order[m]
                if j >= i:  # in order of time within a group
                    break
                dx, dy, dz = x - points[j, 0], y - points[j, 1], z - points[j, 2]
                square = dx * dx + dy * dy + dz * dz
                if square < best[k - 1]:
                    _put(best, square)
        for n in range(k):
            best[n] = math.sqrt(best[n])
