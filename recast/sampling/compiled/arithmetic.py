"""Elementary functions, products and random numbers for compiled code, vectorised.

Numba updates a function's cache when its own file changes, not when a function that it calls does:
after changes here delete ``__pycache__`` (``make clean``).
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numba.core import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from catalogs.sequence import FloatArray
from recast.sampling.arrays import Layer

StreamArray = NDArray[np.uint64]

jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
"""A product and the sum that it goes into may be one instruction, rounded once."""

inline = numba.njit(
    cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True
)
"""For functions of one number: the loops that call them become vector instructions."""

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


@intrinsic
def _power_of_two(_context: Any, _shifted: Any) -> Any:
    """2^k of the integer k in the last bits of a double, written into the bits of its exponent."""

    def generate(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        integer, double = (context.get_value_type(t) for t in (types.int64, types.float64))
        k = builder.bitcast(arguments[0], integer)
        biased = builder.add(k, integer(1023))
        return builder.bitcast(builder.shl(biased, integer(52)), double)

    return types.float64(types.float64), generate


@inline
def _split(x: float) -> tuple[float, float]:
    """(s, y) with e^x = s (1 + y) and s a power of two.

    A loop over it becomes vector instructions, unlike one over ``math.exp``. Arguments are clipped
    to +-708, the range of doubles.
    """
    value = min(max(x, -708.0), 708.0)
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
    return _power_of_two(shifted), (y * r + 1.0) * r  # type: ignore[call-arg]  # numba adds one


@inline
def exp(x: float) -> float:
    """e^x."""
    scale, y = _split(x)
    return scale * y + scale


@inline
def expm1(x: float) -> float:
    """e^x - 1, accurate near 0 as well."""
    scale, y = _split(x)
    return scale * y + (scale - 1.0)


@inline
def sigmoid(x: float) -> float:
    """1 / (1 + e^-x)."""
    return 1.0 / (1.0 + exp(-x))


@inline
def tanh(x: float) -> float:
    """(e^2x - 1) / (e^2x + 1)."""
    e = expm1(2.0 * x)
    return e / (e + 2.0)


@inline
def silu(x: float) -> float:
    """x / (1 + e^-x)."""
    return x / (1.0 + exp(-x))


@jit
def affine(layer: Layer, x: FloatArray, n: int, out: FloatArray) -> None:
    """Out = x weights + bias, for four inputs and two lanes at a time, which saves loads.

    Each sum is one chain of multiply-adds in the order of the inputs, so that a lane has the same
    result with a neighbour and without.
    """
    for lane in range(0, n - 1, 2):
        _affine_of_two(layer, x, lane, out)
    if n % 2 == 1:
        _affine_of_one(layer, x, n - 1, out)


@jit
def _affine_of_two(layer: Layer, x: FloatArray, p: int, out: FloatArray) -> None:
    weights, bias, q = layer.weights, layer.bias, p + 1
    rows, columns = weights.shape
    by_four = rows - rows % 4
    for i in range(columns):
        out[p, i] = bias[i]
        out[q, i] = bias[i]
    for j in range(0, by_four, 4):
        a, b, c, d = x[p, j], x[p, j + 1], x[p, j + 2], x[p, j + 3]
        e, f, g, h = x[q, j], x[q, j + 1], x[q, j + 2], x[q, j + 3]
        for i in range(columns):
            s, t, u, v = weights[j, i], weights[j + 1, i], weights[j + 2, i], weights[j + 3, i]
            out[p, i] = out[p, i] + a * s + b * t + c * u + d * v
            out[q, i] = out[q, i] + e * s + f * t + g * u + h * v
    for j in range(by_four, rows):
        for i in range(columns):
            out[p, i] += x[p, j] * weights[j, i]
            out[q, i] += x[q, j] * weights[j, i]


@jit
def _affine_of_one(layer: Layer, x: FloatArray, p: int, out: FloatArray) -> None:
    weights, bias = layer.weights, layer.bias
    rows, columns = weights.shape
    by_four = rows - rows % 4
    for i in range(columns):
        out[p, i] = bias[i]
    for j in range(0, by_four, 4):
        a, b, c, d = x[p, j], x[p, j + 1], x[p, j + 2], x[p, j + 3]
        for i in range(columns):
            s, t, u, v = weights[j, i], weights[j + 1, i], weights[j + 2, i], weights[j + 3, i]
            out[p, i] = out[p, i] + a * s + b * t + c * u + d * v
    for j in range(by_four, rows):
        for i in range(columns):
            out[p, i] += x[p, j] * weights[j, i]
