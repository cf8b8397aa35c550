"""Which cells the border of an area crosses, and what of them lies inside it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from catalogs.sequence import FloatArray


def crossed_cells(ring: FloatArray, edges: FloatArray, tolerance: float) -> NDArray[np.bool_]:
    """Which cells a closed line passes through; those that it only touches are not among them.

    Parameters
    ----------
    ring : array (point, 2)
        Latitude and longitude, degrees, the first point again at the end.
    edges : array (cell, 4)
        South, north, west and east.
    tolerance : float
        Degrees; a line so little inside a cell only touches it.

    Returns
    -------
    array of bool (cell,)
        False for cells that lie wholly inside or wholly outside.

    Examples
    --------
    >>> square = np.array([(0.5, 0.5), (0.5, 3.0), (2.0, 3.0), (2.0, 0.5), (0.5, 0.5)])
    >>> crossed_cells(square, np.array([[0, 1, 0, 1], [1, 2, 1, 2], [1, 2, 2, 3]]), 1e-6)
    array([ True, False, False])
    """
    crossed = np.zeros(len(edges), dtype=np.bool_)
    low, high = edges[:, [0, 2]] + tolerance, edges[:, [1, 3]] - tolerance
    for start, end in pairwise(ring):
        least, most = np.minimum(start, end), np.maximum(start, end)
        near = np.flatnonzero(((least < high) & (low < most)).all(axis=1))
        still = start == end  # parallel to an axis: between the edges from its start to its end
        step = np.where(still, 1.0, end - start)
        a, b = (low[near] - start) / step, (high[near] - start) / step
        enters = np.where(still, 0.0, np.minimum(a, b)).max(axis=1, initial=0.0)
        leaves = np.where(still, 1.0, np.maximum(a, b)).min(axis=1, initial=1.0)
        crossed[near[enters < leaves]] = True
    return crossed


def clipped(ring: FloatArray, edges: FloatArray) -> FloatArray:
    """The part of an area inside one cell.

    Where that is in several pieces, lines along the edges of the cell join them, there and back.

    Parameters
    ----------
    ring : array (point, 2)
        Its border: latitude and longitude, degrees, the first point again at the end.
    edges : array (4,)
        South, north, west and east.

    Returns
    -------
    array (point, 2)
        The border of that part, the first point again at the end; empty where there is none.
    """
    corners = ring[:-1]
    for side, (axis, sign) in enumerate([(0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0)]):
        above = sign * (corners[:, axis] - edges[side])  # Sutherland and Hodgman, edge by edge
        following = np.roll(above, -1)
        cuts = (above >= 0.0) != (following >= 0.0)
        share = above / np.where(cuts, above - following, 1.0)
        points = corners + share[:, None] * (np.roll(corners, -1, axis=0) - corners)
        points[:, axis] = edges[side]
        kept = np.stack([above >= 0.0, cuts], axis=1)
        corners = np.stack([corners, points], axis=1)[kept]
    return np.concatenate([corners, corners[:1]])


def centroid(ring: FloatArray) -> FloatArray:
    """Centre of mass of an area in the plane of latitude and longitude, shape (2,)."""
    y, x = (ring - ring[0]).T
    turns = y[1:] * x[:-1] - y[:-1] * x[1:]
    total = 3.0 * turns.sum()
    if total == 0.0:
        return np.asarray(ring.mean(axis=0))
    y, x = (float((turns * (z[1:] + z[:-1])).sum()) / total for z in (y, x))
    return np.asarray(ring[0] + (y, x))
