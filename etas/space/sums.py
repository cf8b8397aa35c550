"""The rate that earlier events trigger at the place of each event, by the faster of two ways."""

from __future__ import annotations

from catalogs.sequence import FloatArray
from etas.space.pairs import Kernel, Sources, pair_sums
from etas.space.tree import Tree, tree_sums

FEW = 2_000
"""Events up to which the plain sum is as fast."""


def earlier_sums(
    sources: Sources, kernel: Kernel, first: int, tree: Tree | None = None
) -> FloatArray:
    """What ``pair_sums`` gives, of many events by a tree: good to 1e-4 nats per event.

    Parameters
    ----------
    sources : Sources
        All events.
    kernel : Kernel
        The laws of delays and distances.
    first : int
        Index of the first event to sum at.
    tree : Tree, optional
        Groups of the events, to be used again with other parameters.

    Returns
    -------
    array (event - first, 7)
        The sums and their derivatives.
    """
    if sources.times.size <= FEW:
        return pair_sums(sources, kernel, first)
    return tree_sums(sources, kernel, first, tree)
