"""Log-likelihood scores, in total and event by event."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from catalogs import EventSequence, InputError, PointProcess
from catalogs.arguments import require_sequence
from catalogs.display import some
from catalogs.sequence import FloatArray


@dataclass(frozen=True, repr=False)
class Score:
    """Log-likelihood of a scored window, in the three units in use.

    ``nats_per_event`` compares models on the same events only; ``nll_per_day`` is the unit of the
    RECAST paper.

    Parameters
    ----------
    n_events : int
        Scored events.
    days : float
        Length of the scored window.
    log_likelihood : float
        In nats.

    Examples
    --------
    >>> row = Score(n_events=2, days=4.0, log_likelihood=-3.4)
    >>> row.nats_per_event, row.nll_per_day
    (-1.7, 0.85)
    >>> row
    2 events in 4 days: -1.7000 nats/event, 0.85000 NLL/day
    """

    n_events: int
    days: float
    log_likelihood: float

    @property
    def nats_per_event(self) -> float:
        """log L / N."""
        return self.log_likelihood / self.n_events

    @property
    def nll_per_day(self) -> float:
        """-log L / (end - score_from)."""
        return -self.log_likelihood / self.days

    def __repr__(self) -> str:
        return (
            f"{some(self.n_events, 'event')} in {self.days:g} days: "
            f"{self.nats_per_event:.4f} nats/event, {self.nll_per_day:.5f} NLL/day"
        )

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON types.

        Returns
        -------
        dict
            All fields and the derived scores.
        """
        return {
            **asdict(self),
            "nats_per_event": self.nats_per_event,
            "nll_per_day": self.nll_per_day,
        }


def score(process: PointProcess, sequence: EventSequence) -> Score:
    """Score a process on [score_from, end) of a sequence.

        log L = sum_i log lambda(t_i) - integral lambda(t) dt

    Parameters
    ----------
    process : PointProcess
        Any model of event times.
    sequence : EventSequence
        The events, with their history.

    Returns
    -------
    Score
        Log-likelihood in nats, and per event and day.

    Raises
    ------
    InputError
        If the window has no event, or the log-likelihood is not finite.

    Examples
    --------
    >>> from catalogs import GutenbergRichter
    >>> from etas.poisson import Poisson
    >>> events = EventSequence([1.0, 2.0], [3.0, 3.0], start=0.0, end=4.0)
    >>> score(Poisson(0.5, GutenbergRichter(2.5)), events).log_likelihood  # 2 ln 0.5 - 0.5 * 4
    -3.386...
    """
    _check_events(sequence)
    value = process.log_likelihood(sequence)
    if not np.isfinite(value):
        raise InputError(
            f"the log-likelihood of {type(process).__name__} is {value}: its intensity vanishes or "
            "overflows at an event; fit it again"
        )
    return Score(sequence.n_scored, sequence.scored_days, value)


def event_terms(process: PointProcess, sequence: EventSequence) -> FloatArray:
    """Contribution of each scored event to the log-likelihood.

        log lambda(t_i) - (Lambda(t_i) - Lambda(t_{i-1}))

    The censored head is counted with the first event and the tail with the last, so that the terms
    add up to the log-likelihood.

    Parameters
    ----------
    process : PointProcess
        Any model of event times.
    sequence : EventSequence
        The events, with their history; one or more are scored.

    Returns
    -------
    array (scored event,)
        In nats.

    Raises
    ------
    InputError
        If the window has no event.

    Examples
    --------
    >>> from catalogs import GutenbergRichter
    >>> from etas.poisson import Poisson
    >>> events = EventSequence([1.0, 2.0], [3.0, 3.0], start=0.0, end=4.0)
    >>> event_terms(Poisson(0.5, GutenbergRichter(2.5)), events).round(2)
    array([-1.19, -2.19])
    """
    _check_events(sequence)
    times = sequence.times[sequence.first_scored :]
    return terms_of(
        process.intensity(sequence, times),
        process.compensator(sequence, np.append(times, sequence.end)),
    )


def _check_events(sequence: EventSequence) -> None:
    """Raise an InputError for a window without an event."""
    require_sequence(sequence)
    if sequence.n_scored == 0:
        raise InputError(
            f"the scored window [{sequence.score_from:g}, {sequence.end:g}) days has no event: "
            "score an earlier or longer one"
        )


def terms_of(rates: FloatArray, cumulative: FloatArray) -> FloatArray:
    """Compute ``event_terms`` from intensities at the scored events, shape (n_scored,).

    ``cumulative`` is the compensator there and at the window's end, shape (n_scored + 1,).
    """
    terms = np.log(rates) - np.diff(cumulative[:-1], prepend=0.0)
    terms[-1] -= cumulative[-1] - cumulative[-2]
    return np.asarray(terms)
