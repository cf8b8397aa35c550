"""The rate that earlier events trigger at the place of each event: the plain sum over all pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np

from catalogs.cores import in_parallel
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.vectors import exponentials, logarithms

SLOPES = ("alpha", "c", "p", "log_d", "gamma", "q")
"""What the columns of the sums after the first are derivatives by."""

BLOCK = 2048
"""Sources whose numbers stay in the cache of a core."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


@dataclass(frozen=True, eq=False)
class Sources:
    """Events as sources of others: when, where, how many and how far."""

    times: FloatArray
    """Days, increasing, shape (event,)."""

    positions: FloatArray
    """Kilometres from the centre of the Earth, shape (event, 3)."""

    gains: FloatArray
    """g_j, as 10^{alpha (m_j - Mc)}, shape (event,)."""

    gain_slopes: FloatArray
    """d g_j / d alpha, shape (event,)."""

    widths: FloatArray
    """D_j = d 10^{gamma (m_j - Mc)}, km^2, shape (event,)."""

    width_slopes: FloatArray
    """d ln D_j / d gamma, shape (event,)."""


@dataclass(frozen=True)
class Kernel:
    """The law of delays (t + c)^{-p}, and of distances (q - 1) / (pi D) (1 + r^2 / D)^{-q}.

    ``taper`` is a rate in 1/days: delays fade as e^{-taper t}. ``radius`` is that of the Earth, km.
    """

    c: float
    p: float
    q: float
    radius: float
    taper: float = 0.0


def pair_sums(sources: Sources, kernel: Kernel, first: int) -> FloatArray:
    """Sum over earlier events at the time and place of each event from index ``first`` on.

        S_i = sum_{j < i} g_j (t_i - t_j + c)^{-p} (q - 1) / (pi D_j) (1 + r_ij^2 / D_j)^{-q}

    with great-circle distances r_ij. Takes O(N^2) time.

    Parameters
    ----------
    sources : Sources
        All events.
    kernel : Kernel
        The laws of delays and distances.
    first : int
        Index of the first event to sum at.

    Returns
    -------
    array (event - first, 7)
        S_i, in events day^-1 km^-2 over the units of g, and its derivatives by ``SLOPES``.
    """
    n = sources.times.size - first
    out = np.empty((n, 1 + len(SLOPES)))
    numbers = np.array([kernel.c, kernel.p, kernel.q, kernel.taper, kernel.radius])

    def fill(begin: int, end: int) -> None:
        _pair_sums(
            sources.times,
            sources.positions,
            sources.gains,
            sources.gain_slopes,
            sources.widths,
            sources.width_slopes,
            numbers,
            first + begin,
            out[begin:end],
        )

    in_parallel(fill, n)
    return out


@_jit
def _pair_sums(
    times: FloatArray,
    positions: FloatArray,
    gains: FloatArray,
    gain_slopes: FloatArray,
    widths: FloatArray,
    width_slopes: FloatArray,
    numbers: FloatArray,
    first: int,
    out: FloatArray,
) -> None:
    """``pair_sums`` at the events from ``first`` on, as many as ``out`` has rows.

    From the chord a between two points: r^2 = a^2 (1 + a^2 / 12 R^2 + ...), good to 1e-5 at
    1,000 km.
    """
    c, p, q, taper, radius = numbers
    bend, bend_more = 1.0 / (12.0 * radius**2), 1.0 / (90.0 * radius**4)
    scale = (q - 1.0) / math.pi
    for row in range(len(out)):
        i = first + row
        now, x, y, z = times[i], positions[i, 0], positions[i, 1], positions[i, 2]
        total = by_alpha = by_c = by_p = by_width = by_gamma = by_q = 0.0
        for j in range(i):
            lag = now - times[j] + c
            dx, dy, dz = x - positions[j, 0], y - positions[j, 1], z - positions[j, 2]
            chord = dx * dx + dy * dy + dz * dz
            ratio = chord * (1.0 + chord * (bend + chord * bend_more)) / widths[j]
            late, far = math.log(lag), math.log1p(ratio)
            term = math.exp(-p * late - q * far - taper * (lag - c)) / widths[j]
            value = gains[j] * term
            wider = value * (q * ratio / (1.0 + ratio) - 1.0)
            total += value
            by_alpha += gain_slopes[j] * term
            by_c += value / lag
            by_p += value * late
            by_width += wider
            by_gamma += wider * width_slopes[j]
            by_q += value * far
        out[row, 0] = scale * total
        out[row, 1] = scale * by_alpha
        out[row, 2] = -p * scale * by_c
        out[row, 3] = -scale * by_p
        out[row, 4] = scale * by_width
        out[row, 5] = scale * by_gamma
        out[row, 6] = total / math.pi - scale * by_q


def point_sums(
    sources: Sources, kernel: Kernel, points: FloatArray, now: FloatArray, upto: IntArray
) -> FloatArray:
    """Sum over the first events at any times and places, not only those of events.

        S(t, x) = sum_{j < n} g_j (t - t_j + c)^{-p} (q - 1) / (pi D_j) (1 + r_j^2 / D_j)^{-q}

    Parameters
    ----------
    sources : Sources
        All events.
    kernel : Kernel
        The laws of delays and distances.
    points : array (point, 3)
        Places as points in space, km.
    now : array (point,)
        t, days.
    upto : array of int (point,)
        n: how many events come before.

    Returns
    -------
    array (point,)
        S, in events day^-1 km^-2 over the units of g.
    """
    out = np.empty(len(points))
    numbers = np.array([kernel.c, kernel.p, kernel.q, kernel.taper, kernel.radius])
    heights = sources.gains * (kernel.q - 1.0) / (math.pi * sources.widths)

    def fill(begin: int, end: int) -> None:
        _point_sums(
            points[begin:end],
            now[begin:end],
            upto[begin:end],
            sources.positions,
            sources.times,
            heights,
            1.0 / sources.widths,
            numbers,
            out[begin:end],
        )

    in_parallel(fill, len(points))
    return out


@_jit
def _point_sums(
    points: FloatArray,
    now: FloatArray,
    upto: IntArray,
    positions: FloatArray,
    times: FloatArray,
    heights: FloatArray,
    narrow: FloatArray,
    numbers: FloatArray,
    out: FloatArray,
) -> None:
    """``point_sums``, in blocks; ``narrow`` is 1 / D."""
    c, p, q, taper, radius = numbers
    bend, bend_more = 1.0 / (12.0 * radius**2), 1.0 / (90.0 * radius**4)
    buffers = np.empty((4, BLOCK))
    for row in range(len(points)):
        x, y, z, t = points[row, 0], points[row, 1], points[row, 2], now[row]
        total = 0.0
        for first in range(0, upto[row], BLOCK):
            n = min(BLOCK, upto[row] - first)
            power, spare = buffers[0, :n], buffers[1, :n]
            far, late = buffers[2, :n], buffers[3, :n]
            for k in range(n):
                dx = x - positions[first + k, 0]
                dy = y - positions[first + k, 1]
                dz = z - positions[first + k, 2]
                chord = dx * dx + dy * dy + dz * dz
                arc = chord * (1.0 + chord * (bend + chord * bend_more))
                spare[k] = 1.0 + arc * narrow[first + k]
            logarithms(spare, far)
            if p == 0.0 and taper == 0.0:
                for k in range(n):
                    power[k] = -q * far[k]
            else:
                for k in range(n):
                    spare[k] = t - times[first + k] + c
                logarithms(spare, late)
                for k in range(n):
                    power[k] = -q * far[k] - p * late[k] - taper * (t - times[first + k])
            exponentials(power, far)
            for k in range(n):
                total += heights[first + k] * far[k]
        out[row] = total
