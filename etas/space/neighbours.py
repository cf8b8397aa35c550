"""Distances to the nearest of the events before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from catalogs.cores import in_parallel
from catalogs.sequence import FloatArray

LEAF = 12
"""Events of the smallest groups of the tree in which neighbours are sought."""


def neighbour_distances(points: FloatArray, k: int) -> FloatArray:
    """Distance of each point to the k-th nearest of those before it.

    Where fewer than k come before it, to the furthest of them; the first has that of the second.

    Parameters
    ----------
    points : array (event, 3)
        In order of time, km.
    k : int
        Which neighbour.

    Returns
    -------
    array (event,)
        Kilometres.
    """
    return ranked_distances(points, (k,))[:, 0]


def ranked_distances(points: FloatArray, ranks: Sequence[int]) -> FloatArray:
    """``neighbour_distances`` for several k at once, shape (event, k), km."""
    from etas.space.neighbour_loops import boxes, nearest_earlier
    from etas.space.tree import Tree

    n, k = len(points), max(ranks)
    nearest = np.full((n, k), np.inf)
    if n > 1:
        tree = Tree.of(points, np.ones(n), LEAF)
        box = boxes(points, tree.order, tree.groups)
        in_parallel(
            lambda first, last: nearest_earlier(
                first, points, tree.order, tree.groups, box, nearest[first:last]
            ),
            n,
        )
    known = np.maximum(np.isfinite(nearest).sum(axis=1), 1)[:, None]
    distances = np.take_along_axis(nearest, np.minimum(known, np.asarray(ranks)) - 1, axis=1)
    if n:
        distances[0] = distances[1] if n > 1 else 1.0
    return np.asarray(distances)
