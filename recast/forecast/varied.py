"""Magnitudes after a mainshock: sequences have more large events than others, or fewer."""

from __future__ import annotations

import numpy as np

from catalogs import Trajectories
from catalogs.bent_magnitudes import BentGutenbergRichter
from catalogs.sequence import FloatArray, reaches

B_SPREAD = 0.1
"""Standard deviation of the b-value of a sequence, relative to that of its catalog: of 0 to 0.15
near the best on past sequences (``experiments/sequence_b.py``)."""


def varied(
    drawn: Trajectories,
    law: BentGutenbergRichter,
    lowest: float,
    rng: np.random.Generator,
    spread: float = B_SPREAD,
) -> FloatArray:
    """Magnitudes of the same rank by the laws of simulated catalogs that differ in b.

    With S(m) the share of ``law`` above m among the events above ``lowest``, and a standard normal
    Z for each catalog, its own share is

        S_Z(m) = S(m) exp(spread x Z - (spread x)^2 / 2),    x = -ln max(S(m), S(bend)),

    which has the mean S(m). Up to the bend x = b ln 10 (m - lowest), and b varies by ``spread``;
    above it the law of large events stays what it is, and only their share among all events varies.

    Parameters
    ----------
    drawn : Trajectories
        With magnitudes by ``law``.
    law : BentGutenbergRichter
        Of all magnitudes.
    lowest : float
        Magnitude from which all events are drawn; smaller ones stay as they are.
    rng : numpy.random.Generator
        Source of randomness.
    spread : float
        Below 0.2, so that no catalog has a negative b.

    Returns
    -------
    array (event,)
        Magnitudes.
    """
    z = spread * np.clip(rng.standard_normal(drawn.n), -4.0, 4.0)[drawn.trajectory]
    magnitudes = drawn.magnitudes
    first, bend = -np.log(law.share_above(np.array([lowest, max(law.bend, lowest)])))
    share = np.maximum(law.share_above(magnitudes), np.finfo(np.float64).tiny)
    x, bend = np.maximum(-np.log(share) - first, 0.0), bend - first
    # S_Z(m') = S(m), of which x is known: a quadratic equation up to the bend, a shift above it
    below = (z - 1.0 + np.sqrt((1.0 - z) ** 2 + 2.0 * spread**2 * x)) / spread**2
    above = x + z * bend - 0.5 * (spread * bend) ** 2
    moved = law.inverse_cdf(-np.expm1(-first - np.where(below < bend, below, above)))
    return np.where(reaches(magnitudes, lowest), moved, magnitudes)
