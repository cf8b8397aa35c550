"""How likely events are background in the adaptive mixture."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from catalogs.sequence import FloatArray
from etas.space.independence import Smoothing, background_probabilities
from etas.space.pairs import Kernel, Sources
from etas.space.sums import earlier_sums
from recast.places.adaptive import AdaptiveParents
from recast.places.memories import EXPONENT, UNIFORM
from recast.places.past import Past

FIRST = 1e-9
"""Weight, in events, of the uniform law before the first event."""


def declustered(past: Past, parents: AdaptiveParents | None) -> Past:
    """The same events, which count as they are background in a mixture; all alike without one."""
    return replace(past, background=None if parents is None else background(past, parents))


def background(past: Past, parents: AdaptiveParents) -> FloatArray:
    """Probability that each event is background, from all before it, shape (event,).

    The background is seismicity smoothed as in the mixture, of events that count so themselves
    (``etas.space.independence``).
    """
    widths = past.near**2
    smoothing = Smoothing(
        past.positions,
        widths,
        (EXPONENT - 1.0) / (np.pi * widths * past.masses(widths, EXPONENT)[:, 0]),
        np.ones(len(past)),
        EXPONENT,
        past.region.radius,
        past.region.square_km,
        FIRST,
        UNIFORM,
    )
    zero = np.zeros(len(past))
    sources = Sources(
        past.times,
        past.positions,
        parents.weights(past.excess),
        zero,
        parents.squared_widths(past),
        zero,
    )
    kernel = Kernel(parents.c, parents.p, parents.q, past.region.radius)
    triggered = earlier_sums(sources, kernel, 0)[:, 0]
    return background_probabilities(smoothing, triggered, parents.mu)
