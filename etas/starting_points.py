"""Where fits of the ETAS parameters start from."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from catalogs import EventSequence
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from etas.kernel import omori_integral
from etas.parameters import P_BOUND

STARTS = tuple(itertools.islice(itertools.product((0.02, 0.002), (1.1,), (0.4, 0.9)), 3))
"""(c, p, alpha) of the starting points: the range of published regional fits."""


def standard_starts(
    sequence: EventSequence, fixed: Mapping[str, float] | None = None
) -> list[FloatArray]:
    """The built-in starting points: (mu, k, alpha, c, p) with mu and k by moments."""
    given = fixed or {}
    return [
        moment_start(sequence, given.get("c", c), given.get("p", p), given.get("alpha", alpha))
        for c, p, alpha in STARTS
    ]


def moment_start(sequence: EventSequence, c: float, p: float, alpha: float) -> FloatArray:
    """(mu, k, alpha, c, p) with half of the events background and half triggered.

    ``alpha`` counts from the smallest magnitude, which a start may take for completeness.
    """
    since = np.maximum(sequence.score_from - sequence.times, 0.0)
    gains = np.exp(alpha * LN10 * (sequence.magnitudes - sequence.magnitudes.min()))
    integrals = omori_integral(since, sequence.end - sequence.times, c, p)
    half = 0.5 * sequence.n_scored
    return np.array([half / sequence.scored_days, half / float(gains @ integrals), alpha, c, p])


def random_starts(sequence: EventSequence, n: int, rng: np.random.Generator) -> list[FloatArray]:
    """``n`` starting points drawn from the whole box: mu, k and c log-uniform, alpha, p uniform."""
    rate = sequence.n_scored / sequence.scored_days
    return [
        np.array(
            [
                rate * 10.0 ** rng.uniform(-4.0, 1.0),
                10.0 ** rng.uniform(-6.0, 1.0),
                rng.uniform(0.0, 2.0),
                10.0 ** rng.uniform(-5.0, 1.0),
                rng.uniform(P_BOUND.lower, P_BOUND.upper),
            ]
        )
        for _ in range(n)
    ]
