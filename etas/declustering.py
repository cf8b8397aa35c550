"""Which events are background: probabilities, and stochastic declustering."""

from __future__ import annotations

import numpy as np

from catalogs import EventSequence
from catalogs.sequence import FloatArray
from etas.model import ETAS


def background_probability(model: ETAS, sequence: EventSequence) -> FloatArray:
    """Probability that each event is background, mu / lambda(t_i), shape (event,).

    Given the past, an event at t_i is background or offspring of event j in proportion to mu and
    k 10^{alpha (m_j - Mc)} (t_i - t_j + c)^{-p} (Zhuang et al. 2002,
    doi:10.1198/016214502760046925). Under a true model the sum over the scored window estimates
    mu times its days. The first events of a window lack their history and look like background.
    """
    return np.asarray(model.mu / model.intensity(sequence, sequence.times))


def decluster(model: ETAS, sequence: EventSequence, *, rng: np.random.Generator) -> EventSequence:
    """One random background catalog: each event is kept with its background probability.

    Repeated draws show how much of a feature of the background is chance. If the model is true the
    kept events are a Poisson process of rate mu.
    """
    keep = rng.random(len(sequence)) < background_probability(model, sequence)
    return sequence.where(keep)
