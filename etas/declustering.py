"""Background probabilities and stochastic declustering."""

from __future__ import annotations

import numpy as np

from catalogs import EventSequence
from catalogs.sequence import FloatArray
from etas.model import ETAS


def background_probability(model: ETAS, sequence: EventSequence) -> FloatArray:
    """Probability that each event is background.

        P_i = mu / lambda(t_i)

    Given the past, an event at t_i is background or offspring of event j in proportion to mu and
    k 10^{alpha (m_j - Mc)} (t_i - t_j + c)^{-p}. Under the true model the sum over the scored
    window estimates mu times its days. The first events of a window lack their history and look
    like background.

    Parameters
    ----------
    model : ETAS
        A fitted model.
    sequence : EventSequence
        Events above completeness, with their history.

    Returns
    -------
    array (event,)
        In [0, 1], for all events of the sequence, history included.

    Raises
    ------
    InputError
        If an event is below completeness.

    References
    ----------
    Zhuang, J., Ogata, Y. and Vere-Jones, D. (2002). Stochastic declustering of space-time
    earthquake occurrences. J. Am. Stat. Assoc. 97, 369-380. doi:10.1198/016214502760046925

    Examples
    --------
    >>> from catalogs import GutenbergRichter
    >>> model = ETAS(0.1, 0.02, 0.7, 0.01, 1.1, GutenbergRichter(2.5))
    >>> events = EventSequence([1.0, 1.01, 90.0], [6.0, 3.0, 3.0], start=0.0, end=100.0)
    >>> background_probability(model, events).round(2)
    array([1.  , 0.  , 0.71])
    """
    rates = model.intensity(sequence, sequence.times)
    return np.divide(model.mu, rates, out=np.zeros(len(rates)), where=rates > 0.0)


def decluster(model: ETAS, sequence: EventSequence, *, seed: int) -> EventSequence:
    """Draw one background catalog: keep each event with its background probability.

    If the model is true the kept events are a Poisson process of rate mu. Repeated draws show how
    much of a feature of the background is chance.

    Parameters
    ----------
    model : ETAS
        A fitted model.
    sequence : EventSequence
        Events above completeness, with their history.
    seed : int
        Random seed; the same gives the same events.

    Returns
    -------
    EventSequence
        The kept events, on the same window.

    Raises
    ------
    InputError
        If an event is below completeness.

    See Also
    --------
    background_probability : the probabilities, with references.

    Examples
    --------
    >>> from catalogs import GutenbergRichter
    >>> model = ETAS(0.1, 0.02, 0.7, 0.01, 1.1, GutenbergRichter(2.5))
    >>> events = EventSequence([1.0, 1.01, 90.0], [6.0, 3.0, 3.0], start=0.0, end=100.0)
    >>> decluster(model, events, seed=0).times
    array([ 1., 90.])
    """
    rng = np.random.default_rng(seed)
    keep = rng.random(len(sequence)) < background_probability(model, sequence)
    return sequence.where(keep)
