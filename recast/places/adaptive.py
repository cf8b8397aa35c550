"""Parents whose kernels are as wide as seismicity about them is sparse, and their fit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from catalogs.cores import in_parallel
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.vectors import exponentials, logarithms

if TYPE_CHECKING:
    from recast.places.past import Past

BLOCK = 2048
"""Parents whose numbers stay in the cache of a core."""

START: dict[str, Any] = {
    "alpha": 0.2,
    "c": 0.005,
    "p": 0.95,
    "gamma": 0.35,
    "q": 1.5,
}
"""Where the fit begins, besides widths a little below the distance of neighbours."""

BOUNDS = [(-30, 10), (-2, 6), (-14, 4), (0.2, 3), (-14, 9), (-0.5, 5), (-2.3, 1.5), (-1.5, 1.5)]
"""Of ln mu, alpha ln 10, ln c, p, ln d, gamma ln 10, ln(q - 1) and eta. With q nearer to 1 widths
end at the rounding of epicentres, and the tail carries all."""

MOST_STEPS = 50
"""Of the optimiser, by when the score changes by less than 1e-4 nats."""

Vector = np.ndarray[tuple[int], np.dtype[np.float64]]

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


@dataclass(frozen=True)
class AdaptiveParents:
    """A mixture of all earlier events and a background, with kernels that adapt to seismicity.

        f(x | t, H) = (mu u(x | t) + sum_j w_j K_j(x)) / (mu + sum_j w_j Z_j)
        w_j = 10^{alpha (m_j - Mc)} (t - t_j + c)^{-p}
        D_j = D_min,j + d 10^{gamma (m_j - Mc)} (h_j / h)^{2 eta}

    with K_j and Z_j as in ``TriggeredPlaces``, h_j the distance of event j to its fourth nearest
    earlier one, and D_min,j what the rounding of epicentres allows. The background is past
    seismicity smoothed with widths h_j, each event counting as it is background under
    ``declustering``, or all alike.
    """

    mu: float
    alpha: float
    c: float
    p: float
    d: float
    gamma: float
    q: float
    eta: float
    h: float
    """Median of h_j in the train window, km."""

    declustering: AdaptiveParents | None = None
    """The mixture by which events are told from background."""

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> AdaptiveParents:
        """From what ``dataclasses.asdict`` gives."""
        values = dict(record)
        inner = values.pop("declustering", None)
        plain = cls(**values)
        return plain if inner is None else replace(plain, declustering=cls.from_json(inner))

    @classmethod
    def of(cls, x: FloatArray, h: float) -> AdaptiveParents:
        """From the scales of ``BOUNDS``."""
        ln_mu, alpha, ln_c, p, ln_d, gamma, tail, eta = x.tolist()
        mu, c, d, q = math.exp(ln_mu), math.exp(ln_c), math.exp(ln_d), 1.0 + math.exp(tail)
        return cls(mu, alpha / LN10, c, p, d, gamma / LN10, q, eta, h)

    def scaled(self) -> FloatArray:
        """On the scales of ``BOUNDS``, shape (8,)."""
        logs = np.log([self.mu, self.c, self.d, self.q - 1.0])
        alpha, gamma = self.alpha * LN10, self.gamma * LN10
        return np.array([logs[0], alpha, logs[1], self.p, logs[2], gamma, logs[3], self.eta])

    def squared_widths(self, past: Past) -> FloatArray:
        """D_j, km^2, shape (event,)."""
        adapted = (past.near / self.h) ** (2.0 * self.eta)
        return np.asarray(past.least + self.d * 10.0 ** (self.gamma * past.excess) * adapted)

    def weights(self, excess: FloatArray) -> FloatArray:
        """w_j without the decay, shape (event,)."""
        return np.asarray(10.0 ** (self.alpha * excess))


def fit_adaptive(
    past: Past,
    targets: IntArray,
    background: FloatArray,
    h: float,
    start: AdaptiveParents | None = None,
) -> AdaptiveParents:
    """Maximum likelihood of the places of some events, all earlier ones their parents.

    Parameters
    ----------
    past : Past
        The events.
    targets : array of int
        Which of them.
    background : array (target,)
        u at the targets, km^-2.
    h : float
        Median distance to the fourth nearest earlier event, km.
    start : AdaptiveParents, optional
        Where the fit begins.

    Returns
    -------
    AdaptiveParents
        At the maximum.
    """
    from scipy.optimize import minimize

    points, now = past.positions[targets], past.times[targets]

    def loss(x: Vector) -> tuple[float, FloatArray]:
        parents = AdaptiveParents.of(x, h)
        sums = parent_sums(past, parents, points, now, targets)
        mu = parents.mu
        top, bottom = mu * background + sums[:, 0, 0], mu + sums[:, 1, 0]
        slopes = (sums[:, 0, 1:] / top[:, None] - sums[:, 1, 1:] / bottom[:, None]).mean(axis=0)
        slopes *= [1.0, parents.c, 1.0, 1.0, 1.0, parents.q - 1.0, 1.0]
        by_mu = (mu * background / top - mu / bottom).mean()
        return -float(np.log(top / bottom).mean()), -np.concatenate([[by_mu], slopes])

    if start is None:  # the background with a tenth of the weight of all parents
        start = AdaptiveParents(mu=1.0, d=h**2 / math.e, eta=0.0, h=h, **START)
        start = replace(
            start, mu=0.1 * float(parent_sums(past, start, points, now, targets)[:, 1, 0].mean())
        )
    found = minimize(
        loss,
        start.scaled(),
        jac=True,
        method="L-BFGS-B",
        bounds=BOUNDS,
        options={"maxiter": MOST_STEPS, "maxfun": MOST_STEPS + 10},
    )
    return AdaptiveParents.of(found.x, h)


def parent_sums(
    past: Past, parents: AdaptiveParents, points: FloatArray, now: FloatArray, upto: IntArray
) -> FloatArray:
    """sum_j w_j K_j(x) and sum_j w_j Z_j, and what they change by.

    Parameters
    ----------
    past : Past
        The events.
    parents : AdaptiveParents
        Weights and kernels.
    points : array (point, 3)
        Places as points in space, km.
    now : array (point,)
        Times, days.
    upto : array of int (point,)
        Number of events that come before.

    Returns
    -------
    array (point, 2, 8)
        Both sums, then their derivatives by alpha ln 10, c, p, ln d, gamma ln 10, q and eta.
    """
    widths, weights = parents.squared_widths(past), parents.weights(past.excess)
    inside = past.masses(widths, parents.q) * weights[:, None]
    events = np.stack(
        [
            np.log(weights * (parents.q - 1.0) / (np.pi * widths)),
            widths,
            1.0 - past.least / widths,
            *inside.T,
            past.excess,
            2.0 * np.log(past.near / parents.h),
        ]
    )
    numbers = np.array([parents.c, parents.p, parents.q, past.region.radius])
    out = np.zeros((len(points), 2, 8))

    def fill(begin: int, end: int) -> None:
        part = slice(begin, end)
        _parent_sums(
            points[part], now[part], upto[part], past.positions, past.times, events, numbers,
            out[part],
        )  # fmt: skip

    in_parallel(fill, len(points))
    return out


@_jit
def _parent_sums(
    points: FloatArray,
    now: FloatArray,
    upto: IntArray,
    positions: FloatArray,
    times: FloatArray,
    events: FloatArray,
    numbers: FloatArray,
    out: FloatArray,
) -> None:
    """``parent_sums`` of all events before each point, in blocks."""
    c, p, q, radius = numbers
    bend, bend_more = 1.0 / (12.0 * radius**2), 1.0 / (90.0 * radius**4)
    buffers = np.empty((7, BLOCK))
    for row in range(len(points)):
        x, y, z = points[row, 0], points[row, 1], points[row, 2]
        for first in range(0, upto[row], BLOCK):
            n = min(BLOCK, upto[row] - first)
            lag, ratio, spare = buffers[0, :n], buffers[1, :n], buffers[2, :n]
            late, far = buffers[3, :n], buffers[4, :n]
            weight, kernel = buffers[5, :n], buffers[6, :n]
            here = events[:, first : first + n]
            for k in range(n):
                dx = x - positions[first + k, 0]
                dy = y - positions[first + k, 1]
                dz = z - positions[first + k, 2]
                chord = dx * dx + dy * dy + dz * dz
                lag[k] = now[row] - times[first + k] + c
                ratio[k] = 1.0 + chord * (1.0 + chord * (bend + chord * bend_more)) / here[1, k]
                spare[k] = ratio[k]
            logarithms(spare, far)
            for k in range(n):
                spare[k] = lag[k]
            logarithms(spare, late)
            for k in range(n):
                spare[k] = -p * late[k]
            exponentials(spare, weight)
            for k in range(n):
                spare[k] = here[0, k] - q * far[k]
            exponentials(spare, kernel)
            _add(here, lag, ratio, late, far, weight, kernel, p, q, out[row])


@_jit
def _add(
    events: FloatArray,
    lag: FloatArray,
    ratio: FloatArray,
    late: FloatArray,
    far: FloatArray,
    weight: FloatArray,
    kernel: FloatArray,
    p: float,
    q: float,
    out: FloatArray,
) -> None:
    """Add a block of events to both sums and their slopes."""
    a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = 0.0
    b0 = b1 = b2 = b3 = b4 = b5 = b6 = b7 = 0.0
    for k in range(lag.size):
        value = weight[k] * kernel[k]
        wider = value * events[2, k] * (q - 1.0 - q / ratio[k])
        a0 += value
        a1 += value * events[6, k]
        a2 += value / lag[k]
        a3 += value * late[k]
        a4 += wider
        a5 += wider * events[6, k]
        a6 += value * far[k]
        a7 += wider * events[7, k]
        inside = weight[k] * events[3, k]
        wider = weight[k] * events[4, k] * events[2, k]
        b0 += inside
        b1 += inside * events[6, k]
        b2 += inside / lag[k]
        b3 += inside * late[k]
        b4 += wider
        b5 += wider * events[6, k]
        b6 += weight[k] * events[5, k]
        b7 += wider * events[7, k]
    out[0] += np.array([a0, a1, -p * a2, -a3, a4, a5, a0 / (q - 1.0) - a6, a7])
    out[1] += np.array([b0, b1, -p * b2, -b3, b4, b5, b6, b7])
