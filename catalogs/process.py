"""The one interface that every model of event times satisfies."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike

from catalogs.errors import InputError
from catalogs.sequence import EventSequence, FloatArray


@runtime_checkable
class PointProcess(Protocol):
    """A process of event times, given the past times and magnitudes.

    With the conditional intensity lambda(t | H_t) in events/day, the log-likelihood of a
    sequence in nats is

        log L = sum_{score_from <= t_i < end} log lambda(t_i | H_{t_i})
                - integral_{score_from}^{end} lambda(t | H_t) dt

    (Daley and Vere-Jones 2003, proposition 7.2.III). Models satisfy this structurally; fitting
    is not part of it.
    """

    def log_likelihood(self, sequence: EventSequence) -> float:
        """Nats over the scored window, its censored head and tail included."""
        ...

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """lambda(t | events strictly before t) in events/day at each of ``times`` (days)."""
        ...

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """The integral of the intensity from ``score_from`` to each of ``times``."""
        ...

    def sample(
        self, history: EventSequence, horizon: float, n: int, *, rng: np.random.Generator
    ) -> list[EventSequence]:
        """``n`` continuations of ``history`` on ``[history.end, history.end + horizon)``.

        Each holds the new events only; ``history.followed_by(sample)`` puts them together.
        """
        ...


def checked_times(times: ArrayLike, lowest: float, highest: float) -> FloatArray:
    """Query times as a float64 vector.

    Raises
    ------
    InputError
        If one lies outside [lowest, highest].
    """
    queries = np.atleast_1d(np.asarray(times, dtype=np.float64))
    bad = np.flatnonzero(~((queries >= lowest) & (queries <= highest)))
    if bad.size:
        raise InputError(
            f"times[{bad[0]}] = {queries[bad[0]]} is outside [{lowest}, {highest}]: the process "
            "is known there only"
        )
    return queries
