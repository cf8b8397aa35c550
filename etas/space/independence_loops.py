"""Compiled: how likely events are background, one after the other."""

from __future__ import annotations

import math
from typing import NamedTuple

import numba

from catalogs.sequence import FloatArray

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


class Smoothed(NamedTuple):
    """Events as kernels w_j (r^2 + h_j^2)^{-q}."""

    positions: FloatArray
    """Kilometres, shape (3, event)."""

    widths: FloatArray
    """h_j^2, km^2."""

    weights: FloatArray
    """w_j."""

    radius: float
    """Of the Earth, km."""

    q: float


@_jit
def _kernels(i: int, first: int, last: int, past: Smoothed) -> float:
    """sum_j w_j (r_ij^2 + h_j^2)^{-q} over the events j from ``first`` to ``last``.

    q is 3/2 or 2.
    """
    positions, widths, weights, radius, q = past
    x, y, z = positions[0], positions[1], positions[2]
    bend, bend_more = 1.0 / (12.0 * radius**2), 1.0 / (90.0 * radius**4)
    total, steep = 0.0, q > 1.75
    for j in range(first, last):
        dx, dy, dz = x[i] - x[j], y[i] - y[j], z[i] - z[j]
        chord = dx * dx + dy * dy + dz * dz
        square = chord * (1.0 + chord * (bend + chord * bend_more)) + widths[j]
        total += weights[j] / (square * (square if steep else math.sqrt(square)))
    return total


@_jit
def from_before(begin: int, past: Smoothed, first: int, out: FloatArray) -> None:
    """Write what the events before ``begin`` give to those from ``first`` on."""
    for k in range(out.size):
        out[k] = _kernels(first + k, 0, begin, past)


@_jit
def settle(
    begin: int,
    past: Smoothed,
    sums: FloatArray,
    triggered: FloatArray,
    masses: FloatArray,
    numbers: FloatArray,
    found: FloatArray,
) -> float:
    """Probabilities of the events from ``begin`` on; ``sums`` are what those before it give.

    The weights of these come as if each counted as one, and leave with their probabilities.
    ``numbers`` are mu, the weight and the share of what is uniform, its density, the mass of all
    kernels before ``begin``, and the least probability. Returns the mass of all until the last.
    """
    mu, uniform, share, even, mass, least = numbers
    for k in range(sums.size):
        i = begin + k
        total = sums[k] + _kernels(i, begin, i, past)
        smoothed = (uniform * even + total) / (uniform + mass)
        rate = mu * (share * even + (1.0 - share) * smoothed)
        found[i] = max(rate / (rate + triggered[i]), least)
        past.weights[i] *= found[i]
        mass += masses[i] * found[i]
    return float(mass)
