"""Logarithms and exponentials of whole arrays, in loops that fill vector registers.

Those of the mathematical library are called one number at a time. Relative errors are below 1e-11,
and nothing is checked: numbers must be positive, finite and normal, exponents below 700.
"""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray

LN2 = math.log(2.0)
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 in two parts: products of the first with small whole numbers are exact."""

# The layout of a double: 52 bits of mantissa, and above them the exponent plus 1023.
_MANTISSA = np.uint64(52)
_HALF_ROOT = np.uint64(0x3FE6A09E667F3BCD)  # sqrt(1/2)
_BIAS = np.uint64(1024 << 52)
_ONE = np.uint64(1023 << 52)
_WHOLE = np.uint64(0x4330000000000000)  # 2^52: its last bits count in ones
_ROUND = 1.5 * 2.0**52  # added to a small number, rounds it to a whole one

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})


@_jit
def logarithms(x: FloatArray, out: FloatArray) -> None:
    """Write ln x to ``out`` and spoil ``x``.

    With x = 2^k m, m from sqrt(1/2) to sqrt(2): ln x = k ln 2 + 2 artanh((m - 1) / (m + 1)).
    """
    bits, whole = x.view(np.uint64), out.view(np.uint64)
    for i in range(x.size):
        k = (bits[i] - _HALF_ROOT + _BIAS) >> _MANTISSA
        whole[i] = k | _WHOLE
        bits[i] = bits[i] - (k << _MANTISSA) + _BIAS
    for i in range(x.size):
        s = (x[i] - 1.0) / (x[i] + 1.0)
        z = s * s
        series = 1 / 7 + z * (1 / 9 + z * (1 / 11 + z * (1 / 13)))
        series = 1.0 + z * (1 / 3 + z * (1 / 5 + z * series))
        out[i] = (out[i] - (2.0**52 + 1024.0)) * LN2 + 2.0 * s * series


@_jit
def exponentials(x: FloatArray, out: FloatArray) -> None:
    """Write e^x to ``out``, that of -708 for what is below, and spoil ``x``.

    With x = k ln 2 + r, k whole: e^x = 2^k e^r.
    """
    bits = out.view(np.uint64)
    for i in range(x.size):
        x[i] = max(x[i], -708.0)
        out[i] = x[i] * (1.0 / LN2) + _ROUND
    for i in range(x.size):
        k = out[i] - _ROUND
        r = x[i] - k * LN2_HIGH - k * LN2_LOW
        series = 1 / 720 + r * (1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r / 3628800)))
        series = 1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r * series)))
        x[i] = 1.0 + r * (1.0 + r * series)
        bits[i] = (bits[i] << _MANTISSA) + _ONE
    for i in range(x.size):
        out[i] *= x[i]
