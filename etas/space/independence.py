"""How likely each event is background, from all before it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from catalogs.cores import in_parallel
from catalogs.sequence import FloatArray

BLOCK = 512
"""Events whose sums over those before them are computed in parallel."""

LEAST = 1e-9
"""Of a probability: sums need weights above 0."""


@dataclass(frozen=True, eq=False)
class Smoothing:
    """How past seismicity is smoothed, were every event background.

    Attributes
    ----------
    positions : array (event, 3)
        Kilometres, in order of time.
    widths : array (event,)
        h_j^2, km^2.
    heights : array (event,)
        a_j, km^-2, of the kernels K_j = a_j (1 + r^2 / h_j^2)^{-q}.
    masses : array (event,)
        Z_j.
    q : float
        3/2 or 2.
    radius, square_km : float
        Of the Earth, km, and A, of the region.
    weight, share : float
        u and s, of the uniform law.
    """

    positions: FloatArray
    widths: FloatArray
    heights: FloatArray
    masses: FloatArray
    q: float
    radius: float
    square_km: float
    weight: float
    share: float = 0.0


def background_probabilities(smoothing: Smoothing, triggered: FloatArray, mu: float) -> FloatArray:
    """Probability that each event is background, where background is what such events smooth to.

        phi_i = mu u_i / (mu u_i + T_i)
        u_i = s / A + (1 - s) (u / A + sum_{j < i} phi_j K_j(x_i)) / (u + sum_{j < i} phi_j Z_j)

    with T_i the rate at which earlier events trigger there (after Zhuang et al. 2002,
    doi:10.1198/016214502760046925, who use all events at once). Takes O(N^2) time, some two
    nanoseconds for each pair.

    Parameters
    ----------
    smoothing : Smoothing
        All events.
    triggered : array (event,)
        T_i, in the units of ``mu``.
    mu : float
        Weight of the background.

    Returns
    -------
    array (event,)
        phi_i, in (0, 1].
    """
    from etas.space.independence_loops import Smoothed, from_before, settle

    n, it, mass = len(smoothing.positions), smoothing, 0.0
    found = np.empty(n)
    positions = np.ascontiguousarray(it.positions.T)
    past = Smoothed(positions, it.widths, it.heights * it.widths**it.q, it.radius, it.q)

    def fill(sums: FloatArray, begin: int, first: int, last: int) -> None:
        from_before(begin, past, begin + first, sums[first:last])

    for begin in range(0, n, BLOCK):
        sums = np.empty(min(BLOCK, n - begin))
        in_parallel(partial(fill, sums, begin), sums.size)
        numbers = np.array([mu, it.weight, it.share, 1.0 / it.square_km, mass, LEAST])
        mass = settle(begin, past, sums, triggered, it.masses, numbers, found)
    return found
