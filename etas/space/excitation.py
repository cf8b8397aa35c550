"""Triggered excitation at each event in linear time, for several gains at once."""

from __future__ import annotations

import math

import numba
import numpy as np

from catalogs.sequence import FloatArray
from etas.kernel import Quadrature
from etas.recursion import NEGLIGIBLE

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


def excitations(
    times: FloatArray,
    gains: FloatArray,
    quadrature: Quadrature,
    c: float,
    p: float,
    taper: float = 0.0,
) -> FloatArray:
    """Sums over earlier events of each column of gains times the Omori-Utsu law.

        E_im = sum_{j < i} g_jm (t_i - t_j + c)^{-p} e^{-taper (t_i - t_j)}

    Parameters
    ----------
    times : array (event,)
        Days, increasing.
    gains : array (event, m)
        The first column is differentiated by c and p.
    quadrature : Quadrature
        That serves c and p on the window.
    c, p : float
        The Omori-Utsu law.
    taper : float
        Rate at which it fades besides, 1/days.

    Returns
    -------
    array (event, m + 2)
        E, then dE_i0 / dc and dE_i0 / dp.
    """
    columns = np.ascontiguousarray(gains, dtype=np.float64)
    return np.asarray(
        _excitations(times, columns, quadrature.base, *quadrature.weights(c, p), taper)
    )


@_jit
def _excitations(
    times: FloatArray,
    gains: FloatArray,
    base: FloatArray,
    w: FloatArray,
    w_c: FloatArray,
    w_p: FloatArray,
    taper: float,
) -> FloatArray:
    levels, lanes = w.shape
    n, m = gains.shape
    state = np.zeros((m, levels, lanes))
    decays = np.empty((levels, lanes))
    out = np.zeros((n, m + 2))
    for i in range(1, n):
        dt = times[i] - times[i - 1]
        for lane in range(lanes):
            decays[0, lane] = math.exp(-base[lane] * dt)
        for level in range(1, levels):
            for lane in range(lanes):
                e = decays[level - 1, lane] ** 2
                decays[level, lane] = e if e > NEGLIGIBLE else 0.0
        decays *= math.exp(-taper * dt)
        for column in range(m):
            gain = gains[i - 1, column]
            total = by_c = by_p = 0.0
            for level in range(levels):
                for lane in range(lanes):
                    a = decays[level, lane] * (state[column, level, lane] + gain)
                    state[column, level, lane] = a
                    total += w[level, lane] * a
                    by_c += w_c[level, lane] * a
                    by_p += w_p[level, lane] * a
            out[i, column] = total
            if column == 0:
                out[i, m], out[i, m + 1] = by_c, by_p
    return out
