"""The homogeneous Poisson process, the null model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories
from catalogs.process import (
    MAX_EVENTS,
    PointProcess,
    Seed,
    check_expected,
    check_simulation,
    checked_times,
    without_gaps,
)
from catalogs.scalars import number
from catalogs.sequence import FloatArray

LARGEST_RATE = 1e12
"""Events/day."""


@dataclass(frozen=True)
class Poisson(PointProcess):
    """Homogeneous Poisson process: events at a constant rate, whatever came before.

        lambda(t) = rate

    Parameters
    ----------
    rate : float
        Events/day.
    magnitude_law : GutenbergRichter
        Law of magnitudes, used in simulation only.

    Raises
    ------
    InputError
        If the rate is not positive and finite, or out of range.

    Examples
    --------
    >>> events = EventSequence([1.0, 2.0], [3.0, 3.0], start=0.0, end=4.0)
    >>> model = Poisson.fit(events, GutenbergRichter(2.5))
    >>> model.rate, round(model.log_likelihood(events), 2)  # 2 ln 0.5 - 0.5 * 4
    (0.5, -3.39)
    """

    rate: float
    magnitude_law: GutenbergRichter

    def __post_init__(self) -> None:
        object.__setattr__(self, "rate", number("Poisson rate", self.rate))
        if not 0.0 < self.rate <= LARGEST_RATE:
            raise InputError(
                f"Poisson rate = {self.rate} must be positive and finite, up to {LARGEST_RATE:g} "
                "events/day"
            )

    @classmethod
    def fit(cls, sequence: EventSequence, magnitude_law: GutenbergRichter) -> Poisson:
        """Fit by maximum likelihood: rate = scored events / scored days.

        Parameters
        ----------
        sequence : EventSequence
            The events.
        magnitude_law : GutenbergRichter
            Law of magnitudes, used in simulation only.

        Returns
        -------
        Poisson
            The process.

        Raises
        ------
        InputError
            If the scored window has no event.
        """
        if sequence.n_scored == 0:
            raise InputError("the scored window has no event: a Poisson rate cannot be fitted")
        return cls(sequence.n_scored / sequence.scored_days, magnitude_law)

    def log_likelihood(self, sequence: EventSequence) -> float:
        """Log-likelihood of the scored window, log L = N ln(rate) - rate T.

        Parameters
        ----------
        sequence : EventSequence
            The events, with their history.

        Returns
        -------
        float
            In nats.
        """
        return sequence.n_scored * float(np.log(self.rate)) - self.rate * sequence.scored_days

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Return the rate at each of ``times``.

        Parameters
        ----------
        sequence : EventSequence
            The window.
        times : array (time,)
            Days, within [start, end].

        Returns
        -------
        array (time,)
            Events/day.
        """
        return np.full(checked_times(times, sequence.start, sequence.end).shape, self.rate)

    @without_gaps
    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Compensator: rate times the days from ``score_from`` to each of ``times``.

        Parameters
        ----------
        sequence : EventSequence
            The window.
        times : array (time,)
            Days, within [score_from, end].

        Returns
        -------
        array (time,)
            Expected numbers of events.
        """
        queries = checked_times(times, sequence.score_from, sequence.end)
        return self.rate * (queries - sequence.score_from)

    def simulate(
        self,
        history: EventSequence,
        horizon: float,
        n: int,
        *,
        seed: Seed,
        max_events: int = MAX_EVENTS,
        threads: int | None = None,
        allow_supercritical: bool = False,  # noqa: ARG002 - no event triggers another
    ) -> Trajectories:
        """Draw ``n`` independent continuations of ``horizon`` days.

        Parameters
        ----------
        history : EventSequence
            What happened before.
        horizon : float
            Days.
        n : int
            Number of trajectories.
        seed : int or sequence of int
            The same seed gives the same trajectories.
        max_events : int
            A trajectory with more is cut off there and listed in ``Trajectories.capped``.
        threads : int, optional
            Not used: one is enough.
        allow_supercritical : bool
            Not used: no event triggers another.

        Returns
        -------
        Trajectories
            The new events only.

        Raises
        ------
        InputError
            If a number is not positive, or the seed is negative.
        """
        check_simulation(horizon, n, seed, max_events, threads)
        check_expected(self.rate * horizon, n, max_events, f"rate = {self.rate:g} events/day")
        rng = np.random.default_rng(seed)
        start, end = history.end, history.end + horizon
        drawn = [
            EventSequence(
                np.sort(rng.uniform(start, end, size=count)),
                self.magnitude_law.sample(count, rng),
                start,
                end,
            )
            for count in rng.poisson(self.rate * horizon, size=n).tolist()
        ]
        return Trajectories.of_sequences(drawn, max_events)
