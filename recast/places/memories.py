"""Decaying memories of past seismicity: forgotten at several rates, smoothed by several widths."""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

from catalogs.cores import in_parallel
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.pairs import Kernel, Sources
from etas.space.sums import earlier_sums
from recast.places.past import Past

DECAYS = np.array([1.0, 10.0, 100.0, 1000.0, math.inf])
"""Days in which a memory fades; the last one keeps all."""

WIDTHS = (0.0, 0.02, 0.1, 0.4, 1.6, 6.4, 25.6, 102.4)
"""Kilometres, 0 the least width: from what locations resolve to the size of a region."""

ADAPTIVE = (1.0, 3.0)
"""The same in distances to the 4th nearest earlier event."""

N_WIDTHS = len(WIDTHS) + len(ADAPTIVE)

N_MEMORIES = DECAYS.size * N_WIDTHS

SMOOTHED = N_MEMORIES - len(ADAPTIVE)
"""The memory that is smoothed seismicity: of all times, with the events' own distances as widths,
and each event counting as it is background."""

EXPONENT = 2.0
"""q of the kernels: densities fall as r^-4, and need no logarithm."""

UNIFORM = 0.02
"""Share of the background that is uniform, so that no place is impossible."""

BLOCK = 512
"""Events that are faded together."""

FORGOTTEN = 25.0
"""Ages in decay times beyond which nothing is left: e^-25."""

LEAST = 1e-30
"""Density, km^-2, of which a logarithm can be taken."""

SingleArray = NDArray[np.float32]

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


def memories(past: Past, points: FloatArray, upto: IntArray) -> SingleArray:
    """Log densities of past seismicity at some points.

        M(x) = sum_j e^{-(t - t_j) / T} K_j(x) / Z_j / sum_j e^{-(t - t_j) / T}

    for each decay T and width, over the first ``upto`` events, of which there must be one. In the
    memory ``SMOOTHED`` events count as they are background (``Past.background``).

    Parameters
    ----------
    past : Past
        The events.
    points : array (point, 3)
        Places as points in space, km.
    upto : array of int (point,)
        Number of events that come before.

    Returns
    -------
    array (point, N_MEMORIES)
        ln M, nats, by decay and then width.
    """
    widths = squared_widths(past)
    heights = np.stack([_heights(past, row) for row in widths])
    n = len(past)
    blocks = np.arange(0, n, BLOCK)
    last = past.times[np.minimum(blocks + BLOCK, n) - 1] if n else np.empty(0)
    age = np.repeat(last, BLOCK)[:n] - past.times
    faded = np.exp(-age / DECAYS[:, None])
    left = np.add.reduceat(faded, blocks, axis=1) if n else np.zeros((DECAYS.size, 0))
    out = np.empty((len(points), DECAYS.size, N_WIDTHS), dtype=np.float32)
    wide, high, fresh = (_single(values) for values in (widths, heights, faded))
    numbers = np.array([*DECAYS, past.region.radius])

    def fill(begin: int, end: int) -> None:
        part = slice(begin, end)
        _memories(
            points[part], upto[part], past.positions, past.times, wide, high, fresh, left, numbers,
            out[part],
        )  # fmt: skip

    in_parallel(fill, len(points))
    flat = out.reshape(len(points), N_MEMORIES)
    if past.background is not None:
        flat[:, SMOOTHED] = declustered_log_densities(past, points, upto)
    return flat


def declustered_log_densities(past: Past, points: FloatArray, upto: IntArray) -> FloatArray:
    """Smoothed seismicity of events that count as they are background, nats, shape (point,).

        ln (sum_j phi_j K_j(x) / Z_j / sum_j phi_j)

    with widths h_j, over the first ``upto`` events.
    """
    widths, out = past.near**2, np.empty(len(points))
    heights, totals = past.counts * _heights(past, widths), np.cumsum(past.counts)

    def fill(begin: int, end: int) -> None:
        part = slice(begin, end)
        _smoothed(points[part], upto[part], past.positions, widths, heights, radius, out[part])

    radius = past.region.radius
    in_parallel(fill, len(points))
    return np.asarray(np.log(np.maximum(out / totals[upto - 1], LEAST)))


def log_background(smoothed: FloatArray, region_km2: float) -> FloatArray:
    """ln u of the background: smoothed seismicity and a little of the uniform law."""
    uniform = math.log(UNIFORM / region_km2)
    return np.asarray(np.logaddexp(math.log1p(-UNIFORM) + smoothed, uniform))


def smoothed_log_densities(past: Past) -> FloatArray:
    """The memory that is smoothed seismicity at the place of each event, nats, shape (event,).

    That of the first is uniform.
    """
    widths = past.near**2
    counts, zero = past.counts, np.zeros(len(past))
    gains = counts / past.masses(widths, EXPONENT)[:, 0]
    sources = Sources(past.times, past.positions, gains, zero, widths, zero)
    sums = earlier_sums(sources, Kernel(1.0, 0.0, EXPONENT, past.region.radius), 0)[:, 0]
    before = np.concatenate([np.ones(min(len(past), 1)), np.cumsum(counts)[:-1]])
    sums[:1] = 1.0 / past.region.square_km
    return np.asarray(np.log(np.maximum(sums / before, LEAST)))


def squared_widths(past: Past) -> FloatArray:
    """D_j by width, km^2, shape (width, event)."""
    fixed = [np.maximum(width**2, past.least) for width in WIDTHS]
    return np.stack([*fixed, *((times * past.near) ** 2 for times in ADAPTIVE)])


def _heights(past: Past, widths: FloatArray) -> FloatArray:
    """K_j / Z_j at r = 0, km^-2."""
    return np.asarray((EXPONENT - 1.0) / (np.pi * widths * past.masses(widths, EXPONENT)[:, 0]))


def _single(values: FloatArray) -> SingleArray:
    return np.ascontiguousarray(values, dtype=np.float32)


@_jit
def _dot(a: SingleArray, b: SingleArray) -> float:
    total = np.float32(0.0)
    for k in range(a.size):
        total += a[k] * b[k]
    return float(total)


@_jit
def _smoothed(
    points: FloatArray,
    upto: IntArray,
    positions: FloatArray,
    widths: FloatArray,
    heights: FloatArray,
    radius: float,
    out: FloatArray,
) -> None:
    """Sums of kernels of q = 2 and some heights over the events before each point."""
    bend, bend_more = 1.0 / (12.0 * radius**2), 1.0 / (90.0 * radius**4)
    for row in range(len(points)):
        x, y, z, total = points[row, 0], points[row, 1], points[row, 2], 0.0
        for j in range(upto[row]):
            dx, dy, dz = x - positions[j, 0], y - positions[j, 1], z - positions[j, 2]
            chord = dx * dx + dy * dy + dz * dz
            square = chord * (1.0 + chord * (bend + chord * bend_more))
            near = widths[j] / (widths[j] + square)
            total += heights[j] * near * near
        out[row] = total


@_jit
def _memories(  # noqa: C901, PLR0912 - one loop over pairs, by block, decay and width
    points: FloatArray,
    upto: IntArray,
    positions: FloatArray,
    times: FloatArray,
    widths: SingleArray,
    heights: SingleArray,
    faded: SingleArray,
    left: FloatArray,
    numbers: FloatArray,
    out: SingleArray,
) -> None:
    """``memories`` in blocks: within one all events fade alike, but for the unfinished one."""
    radius = numbers[-1]
    bend, bend_more = 1.0 / (12.0 * radius**2), 1.0 / (90.0 * radius**4)
    n_decays, n_widths = out.shape[1], out.shape[2]
    square, value = np.empty(BLOCK, np.float32), np.empty(BLOCK, np.float32)
    fresh = np.empty((n_decays, BLOCK), np.float32)
    scale, total = np.empty(n_decays), np.empty(n_decays)
    sums = np.empty((n_decays, n_widths))
    for row in range(len(points)):
        x, y, z = points[row, 0], points[row, 1], points[row, 2]
        n = upto[row]
        newest = times[n - 1]
        sums[:] = 0.0
        total[:] = 0.0
        for first in range(0, n, BLOCK):
            size = min(BLOCK, n - first)
            whole = size == BLOCK
            age = newest - times[first + size - 1]
            kept = 0
            while age > FORGOTTEN * numbers[kept]:
                kept += 1
            for k in range(size):
                dx = x - positions[first + k, 0]
                dy = y - positions[first + k, 1]
                dz = z - positions[first + k, 2]
                chord = dx * dx + dy * dy + dz * dz
                square[k] = np.float32(chord * (1.0 + chord * (bend + chord * bend_more)))
            for a in range(kept, n_decays):
                if whole:
                    scale[a] = math.exp(-age / numbers[a])
                    total[a] += scale[a] * left[a, first // BLOCK]
                else:
                    scale[a] = 1.0
                    for k in range(size):
                        fresh[a, k] = math.exp(-(newest - times[first + k]) / numbers[a])
                        total[a] += fresh[a, k]
            for w in range(n_widths):
                wide, high = widths[w, first : first + size], heights[w, first : first + size]
                for k in range(size):
                    near = wide[k] / (wide[k] + square[k])
                    value[k] = high[k] * near * near
                for a in range(kept, n_decays):
                    if whole:
                        part = _dot(faded[a, first : first + size], value[:size])
                    else:
                        part = _dot(fresh[a, :size], value[:size])
                    sums[a, w] += scale[a] * part
        for a in range(n_decays):
            for w in range(n_widths):
                out[row, a, w] = math.log(max(sums[a, w] / total[a], LEAST))
