"""How much better one model explains the same events than another, in total and by period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from catalogs import InputError
from catalogs.sequence import FloatArray
from recast.evaluation.intervals import Interval, mean_interval

FEWEST_OF_PERIOD = 20
"""A period of fewer events has a mean but no interval: too few blocks to estimate the spread."""


@dataclass(frozen=True)
class PeriodGain:
    """Mean gain of the events in [start, end) days, nats per event; NaN without events."""

    start: float
    end: float
    n: int
    mean: float
    low: float
    high: float


def gain(terms: ArrayLike, reference: ArrayLike, times: ArrayLike | None = None) -> Interval:
    """Mean difference of log-likelihood terms of two models, with its 95 % interval.

    The 95 % interval is that of the expected mean in windows of this length, by ``mean_interval``
    of the differences: pass ``times`` of the events, so that its blocks hold whole sequences.

    Parameters
    ----------
    terms, reference : array (event,)
        ``event_terms`` of the model and of the reference on the same window, nats, in order of
        time.
    times : array (event,), optional
        When the events were, ascending; without them, each counts as one step of time.

    Returns
    -------
    Interval
        mean, low and high in nats per event, and the number of blocks that carry the error.

    Raises
    ------
    InputError
        If the arrays differ in shape, or there are fewer than two events.

    Examples
    --------
    >>> from catalogs import load
    >>> from etas.poisson import Poisson
    >>> from etas.synthetic import SOCAL_TRUTH
    >>> from recast.evaluation import event_terms
    >>> split = load("synthetic_socal").split()
    >>> poisson = Poisson.fit(split.train, SOCAL_TRUTH.magnitude_law)
    >>> test = split.test
    >>> times = test.times[test.first_scored :]
    >>> done = gain(event_terms(SOCAL_TRUTH, test), event_terms(poisson, test), times)
    >>> 0.0 < done.low < done.mean < done.high
    True
    """
    # In their order: pandas would pair them by label
    ours, theirs = np.asarray(terms, np.float64), np.asarray(reference, np.float64)
    if ours.shape != theirs.shape:
        raise InputError(
            f"terms of {ours.size} and {theirs.size} events cannot be paired: score both models "
            "on the same window"
        )
    return mean_interval(ours - theirs, times)


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
            _, low, high, _ = mean_interval(part, times[lo:hi])
        out.append(PeriodGain(float(edges[i]), float(edges[i + 1]), hi - lo, mean, low, high))
    return tuple(out)
