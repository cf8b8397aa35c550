"""The Omori-Utsu law: integrals, inverse, and its representation as a sum of exponentials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from catalogs import InputError
from catalogs.sequence import FloatArray

LEVELS = 8
"""Nodes of one lane: each decay factor is the square of the one before (see ``Quadrature``)."""

STEP = float(np.log(2.0) / 2.0)
"""Trapezoid step in ln s; two lanes then fill each factor of two."""

LANE_MULTIPLE = 4
"""Lanes are padded to this, the width of a 256-bit vector register in doubles."""

PART = 8192
"""Elements that are computed together: 64 kB an array."""

LOWEST_NODE = 1e-6
"""Lowest node times the longest delay + c: what lies below is lumped there, to
(1e-6)^{p+1} / Gamma(p+1)."""


def omori_integral(start: ArrayLike, stop: ArrayLike, c: ArrayLike, p: ArrayLike) -> FloatArray:
    """Integral of (x + c)^{-p} from ``start`` to ``stop`` (days), exact and smooth at p = 1.

    With q = 1 - p, a = start + c and D = ln((stop + c) / a): a^q D f(q D), f(z) = (e^z - 1) / z.

    Examples
    --------
    >>> float(omori_integral(0.0, 1.0, c=1.0, p=2.0))  # 1 - 1/2
    0.5
    """
    c = np.asarray(c, dtype=np.float64)
    a = np.asarray(start, dtype=np.float64) + c
    ratio = np.log((np.asarray(stop, dtype=np.float64) + c) / a)
    q = 1.0 - np.asarray(p, dtype=np.float64)
    return np.asarray(a**q * ratio * _exprel(q * ratio))


def omori_integrals(start: FloatArray, stop: FloatArray, c: float, p: float) -> FloatArray:
    """``omori_integral`` of many pairs, part by part: what lies between then stays in the cache."""
    out = np.empty(start.size)
    for lo in range(0, start.size, PART):
        here = slice(lo, lo + PART)
        out[here] = omori_integral(start[here], stop[here], c, p)
    return out


def tapered_omori_integral(horizon: float, c: float, p: float, taper: float | None) -> float:
    """Integral of (x + c)^{-p} e^{-x / taper} from 0 to ``horizon`` (days).

    Without a taper the closed form, else the sum of exponentials, relative error below 1e-8 for p
    from 0.35 to 4.
    """
    if taper is None:
        return float(omori_integral(0.0, horizon, c, p))
    quadrature = Quadrature.for_range(horizon, c, p_max=max(p, 1.0))
    w, _, _ = quadrature.weights(c, p)
    s = quadrature.nodes + 1.0 / taper
    return float((w / s * -np.expm1(-s * horizon)).sum())


def inverse_omori(u: ArrayLike, horizon: ArrayLike, c: ArrayLike, p: ArrayLike) -> FloatArray:
    """The delay x in [0, horizon) at which a fraction ``u`` of the triggered events has come.

    Solves omori_integral(0, x) = u omori_integral(0, horizon) in closed form.

    Examples
    --------
    >>> inverse_omori(0.5, [1.0, 3.0], c=1.0, p=[2.0, 1.0])  # (1/2)^-1 - 1, sqrt(4) - 1
    array([0.33333333, 1.        ])
    """
    q = 1.0 - np.asarray(p, dtype=np.float64)
    c = np.asarray(c, dtype=np.float64)
    total = np.log1p(np.asarray(horizon, dtype=np.float64) / c)
    u = np.asarray(u, dtype=np.float64)
    logarithmic = np.abs(q) < 1e-12
    if logarithmic.all():
        return np.asarray(c * np.expm1(u * total))
    q = np.where(logarithmic, 1.0, q)
    drop = u * np.expm1(q * total)
    # ln((1 - u) + u e^{q D}), from the side on which it doesn't cancel
    near_end = np.log(np.maximum((1.0 - u) + u * np.exp(q * total), 1e-300))
    log_mix = np.where(drop > -0.5, np.log1p(np.maximum(drop, -0.5)), near_end)
    return np.asarray(c * np.expm1(np.where(logarithmic, u * total, log_mix / q)))


def _exprel(z: FloatArray) -> FloatArray:
    """(e^z - 1) / z, 1 at z = 0."""
    safe = np.where(z == 0.0, 1.0, z)
    return np.where(z == 0.0, 1.0, np.expm1(safe) / safe)


@dataclass(frozen=True, eq=False)
class Quadrature:
    """The Omori-Utsu law as a sum of exponentials on nodes that don't depend on its parameters.

        (x + c)^{-p} = 1/Gamma(p) integral_0^inf s^{p-1} e^{-s (x + c)} ds
                     ~ sum_q w_q(p, c) e^{-s_q x},   w_q = h s_q^p e^{-c s_q} / Gamma(p)

    by the trapezoid rule in ln s, which converges exponentially in the step h (Beylkin and Monzon
    2010, doi:10.1016/j.acha.2009.08.011): with h = ln(2)/2 its relative error is
    ``2 |Gamma(p + 2 pi i / h)| / Gamma(p)``, 1e-11 at p = 1, 2e-9 at p = 3, 4e-8 at p = 5 and 1e-3
    at p = 20.

    The nodes are laid out in lanes of ``LEVELS``: ``base`` holds the lowest node of each lane and
    every further one is twice the one before, so that e^{-s x} needs one exponential a lane and
    a squaring for each further node.
    """

    base: FloatArray
    """Lowest node of each lane, 1/days, shape (lane,)."""

    @classmethod
    def for_range(
        cls,
        horizon: float,
        c_min: float,
        *,
        c_max: float = 10.0,
        p_max: float = 3.0,
        tolerance: float = 1e-9,
    ) -> Quadrature:
        """Nodes that serve every delay in [0, horizon], c from c_min to c_max and p <= p_max.

        ``tolerance`` bounds what is cut off above the highest node, relative to (x + c)^{-p}.

        Raises
        ------
        InputError
            If horizon or c_min is not positive and finite.
        """
        if not (0.0 < horizon < np.inf and 0.0 < c_min < np.inf):
            raise InputError(
                f"horizon = {horizon} and c_min = {c_min} must be positive and finite, in days"
            )
        from scipy.special import gammainccinv

        lowest = LOWEST_NODE / (horizon + max(c_min, c_max))
        highest = float(gammainccinv(p_max, tolerance)) / c_min
        doublings = np.log2(highest / lowest)
        groups = int(np.ceil(doublings / LEVELS))
        lanes = -(-2 * groups // LANE_MULTIPLE) * LANE_MULTIPLE
        lane = np.arange(lanes)
        return cls(lowest * 2.0 ** (LEVELS * (lane // 2) + 0.5 * (lane % 2)))

    @property
    def nodes(self) -> FloatArray:
        """s_q in 1/days, shape (LEVELS, lane)."""
        return self.base * 2.0 ** np.arange(LEVELS)[:, None]

    def weights(self, c: float, p: float) -> tuple[FloatArray, FloatArray, FloatArray]:
        """w_q(p, c) and its derivatives in c and in p, each of shape (LEVELS, lane).

        The lowest node also carries the geometric series of all nodes below it, whose decay over
        the horizon is negligible.
        """
        from scipy.special import digamma, gammaln

        s = self.nodes
        log_s = np.log(s)
        w = STEP * np.exp(p * log_s - c * s - gammaln(p))
        in_c = -s * w
        in_p = w * (log_s - digamma(p))
        below = np.exp(-STEP * p)
        w[0, 0] /= 1.0 - below
        in_c[0, 0] /= 1.0 - below
        in_p[0, 0] = w[0, 0] * (log_s[0, 0] - digamma(p) - STEP * below / (1.0 - below))
        return w, in_c, in_p
