"""How much better one model explains the same events than another, in total and by period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import InputError
from catalogs.sequence import FloatArray
from recast.evaluation.bootstrap import Interval, mean_interval

BOOTSTRAP_SEED = 0

FEWEST_OF_PERIOD = 20
"""A period of fewer events has a mean but no interval: too few blocks to estimate the spread."""

PERIOD_RESAMPLES = 500
"""Resamples of each period; its intervals are read off a plot."""


@dataclass(frozen=True)
class PeriodGain:
    """Mean gain of the events in [start, end) days, nats per event; NaN without events."""

    start: float
    end: float
    n: int
    mean: float
    low: float
    high: float


def gain(terms: FloatArray, reference: FloatArray) -> Interval:
    """Mean difference of log-likelihood terms of two models, with its 95 % interval.

    The interval is that of a paired stationary block bootstrap with a fixed seed: the differences
    are resampled, not the models.

    Parameters
    ----------
    terms, reference : array (event,)
        ``event_terms`` of the model and of the reference on the same window, nats.

    Returns
    -------
    Interval
        mean, low and high in nats per event, and the mean block length in events.

    Raises
    ------
    InputError
        If the arrays differ in shape, or there are fewer than two events.

    References
    ----------
    Politis, D. N. and Romano, J. P. (1994). The stationary bootstrap. J. Am. Stat. Assoc. 89,
    1303-1313. doi:10.1080/01621459.1994.10476870

    Examples
    --------
    >>> from catalogs import load
    >>> from etas.poisson import Poisson
    >>> from etas.synthetic import SOCAL_TRUTH
    >>> from recast.evaluation import event_terms
    >>> split = load("synthetic_socal").split()
    >>> poisson = Poisson.fit(split.train, SOCAL_TRUTH.magnitude_law)
    >>> done = gain(event_terms(SOCAL_TRUTH, split.test), event_terms(poisson, split.test))
    >>> 0.0 < done.low < done.mean < done.high
    True
    """
    if terms.shape != reference.shape:
        raise InputError(
            f"terms of {terms.size} and {reference.size} events cannot be paired: score both "
            "models on the same window"
        )
    return mean_interval(terms - reference, rng=np.random.default_rng(BOOTSTRAP_SEED))


def gains_by_period(
    times: FloatArray, gains: FloatArray, edges: FloatArray
) -> tuple[PeriodGain, ...]:
    """Mean of ``gains`` (event,) over the events of each [edges[i], edges[i + 1]).

    Weighted by ``n``, the means average to that of all events. Periods of fewer than 20 events have
    no interval (NaN).
    """
    cuts = np.searchsorted(times, edges)
    out = []
    for i, (lo, hi) in enumerate(zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True)):
        part = gains[lo:hi]
        mean, low, high = (float(part.mean()) if part.size else np.nan), np.nan, np.nan
        if part.size >= FEWEST_OF_PERIOD:
            rng = np.random.default_rng([BOOTSTRAP_SEED, i])
            _, low, high, _ = mean_interval(part, rng=rng, resamples=PERIOD_RESAMPLES)
        out.append(PeriodGain(float(edges[i]), float(edges[i + 1]), hi - lo, mean, low, high))
    return tuple(out)
