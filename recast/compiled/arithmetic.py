"""Elementary functions, products and random numbers for compiled code, vectorised.

Numba renews a function's cache when its own file changes, not when a function that it calls does:
after changes here delete ``__pycache__`` (``make clean``).
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from catalogs.sequence import FloatArray
from recast.weights import Layer

StreamArray = NDArray[np.uint64]

jit = numba.njit(cache=True, nogil=True, error_model="numpy")

LOG2_E = 1.4426950408889634
LN2_HIGH = (
    6.93147180369123816490e-01  # the upper 33 bits: k LN2_HIGH is exact (Cody and Waite 1980)
)
LN2_LOW = 1.90821492927058770002e-10
SHIFT = 6755399441055744.0
"""1.5 x 2^52: adding it leaves the nearest integer in a double's last bits."""


@jit
def uniform(streams: StreamArray, i: int) -> float:
    """The next number in (0, 1) of a stream, with 52 random bits.

    xoshiro256++ (Blackman and Vigna 2021, doi:10.1145/3460772); ``streams`` (stream, 4) are the
    states.
    """
    return (np.float64(next_bits(streams, i) >> np.uint64(12)) + 0.5) * 2.0**-52


@jit
def next_bits(streams: StreamArray, i: int) -> np.uint64:
    """The next 64 random bits of a stream."""
    s0, s1, s2, s3 = streams[i, 0], streams[i, 1], streams[i, 2], streams[i, 3]
    total = s0 + s3
    out: np.uint64 = ((total << np.uint64(23)) | (total >> np.uint64(41))) + s0
    s2 ^= s0
    s3 ^= s1
    streams[i, 0] = s0 ^ s3
    streams[i, 1] = s1 ^ s2
    streams[i, 2] = s2 ^ (s1 << np.uint64(17))
    streams[i, 3] = (s3 << np.uint64(45)) | (s3 >> np.uint64(19))
    return out


@jit
def flat(x: FloatArray, n: int) -> FloatArray:
    """The first n rows, one after the other: a view."""
    return x.reshape(-1)[: n * x.shape[1]]


@jit
def split(x: FloatArray, scale: FloatArray) -> None:
    """e^x = scale (1 + y) with scale a power of two; y replaces x.

    Written so that the compiler uses vector instructions, which it does not for ``math.exp``.
    Beyond +-708, where doubles end, the argument is cut off.
    """
    for i in range(x.size):
        value = min(max(x[i], -708.0), 708.0)
        shifted = value * LOG2_E + SHIFT
        k = shifted - SHIFT
        r = (value - k * LN2_HIGH) - k * LN2_LOW  # |r| <= ln(2) / 2: 13 terms give 1e-17
        y = 1.0 / 6227020800.0
        y = y * r + 1.0 / 479001600.0
        y = y * r + 1.0 / 39916800.0
        y = y * r + 1.0 / 3628800.0
        y = y * r + 1.0 / 362880.0
        y = y * r + 1.0 / 40320.0
        y = y * r + 1.0 / 5040.0
        y = y * r + 1.0 / 720.0
        y = y * r + 1.0 / 120.0
        y = y * r + 1.0 / 24.0
        y = y * r + 1.0 / 6.0
        y = y * r + 0.5
        x[i] = (y * r + 1.0) * r
        scale[i] = shifted
    bits = scale.view(np.int64)
    for i in range(bits.size):
        bits[i] = (bits[i] + 1023) << 52


@jit
def exp(x: FloatArray, work: FloatArray) -> None:
    """Replace x by e^x; ``work`` has room for as many numbers."""
    scale = work[: x.size]
    split(x, scale)
    for i in range(x.size):
        x[i] = scale[i] * x[i] + scale[i]


@jit
def expm1(x: FloatArray, work: FloatArray) -> None:
    """Replace x by e^x - 1, exact to the last digits near 0 as well."""
    scale = work[: x.size]
    split(x, scale)
    for i in range(x.size):
        x[i] = scale[i] * x[i] + (scale[i] - 1.0)


@jit
def sigmoid(x: FloatArray, work: FloatArray) -> None:
    """Replace x by 1 / (1 + e^-x)."""
    for i in range(x.size):
        x[i] = -x[i]
    exp(x, work)
    for i in range(x.size):
        x[i] = 1.0 / (1.0 + x[i])


@jit
def tanh(x: FloatArray, work: FloatArray) -> None:
    """Replace x by (e^2x - 1) / (e^2x + 1)."""
    for i in range(x.size):
        x[i] *= 2.0
    expm1(x, work)
    for i in range(x.size):
        x[i] /= x[i] + 2.0


@jit
def silu(x: FloatArray, work: FloatArray) -> None:
    """Replace x by x / (1 + e^-x); ``work`` has room for twice as many numbers."""
    n = x.size
    kept = work[n : 2 * n]
    kept[:] = x
    sigmoid(x, work)
    for i in range(n):
        x[i] *= kept[i]


@jit
def affine(layer: Layer, x: FloatArray, n: int, out: FloatArray) -> None:
    """Out = x weights + bias, four inputs at a time: that many fewer loads and stores."""
    weights, bias = layer.weights, layer.bias
    rows, columns = weights.shape
    by_four = rows - rows % 4
    for lane in range(n):
        for i in range(columns):
            out[lane, i] = bias[i]
        for j in range(0, by_four, 4):
            a, b, c, d = x[lane, j], x[lane, j + 1], x[lane, j + 2], x[lane, j + 3]
            for i in range(columns):
                out[lane, i] += (a * weights[j, i] + b * weights[j + 1, i]) + (
                    c * weights[j + 2, i] + d * weights[j + 3, i]
                )
        for j in range(by_four, rows):
            for i in range(columns):
                out[lane, i] += x[lane, j] * weights[j, i]
