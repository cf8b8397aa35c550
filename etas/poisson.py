"""The homogeneous Poisson process: the null model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories
from catalogs.process import MAX_EVENTS, PointProcess, Seed, check_simulation, checked_times
from catalogs.sequence import FloatArray


@dataclass(frozen=True)
class Poisson(PointProcess):
    """Events at a constant ``rate`` (events/day), whatever came before.

    ``magnitude_law`` is used in sampling only.
    """

    rate: float
    magnitude_law: GutenbergRichter

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rate) and self.rate > 0.0):
            raise InputError(f"Poisson rate = {self.rate} must be positive and finite")

    @classmethod
    def fit(cls, sequence: EventSequence, magnitude_law: GutenbergRichter) -> Poisson:
        """Maximum likelihood: the number of scored events over the scored days."""
        if sequence.n_scored == 0:
            raise InputError("the scored window has no event: a Poisson rate cannot be fitted")
        return cls(sequence.n_scored / sequence.scored_days, magnitude_law)

    def log_likelihood(self, sequence: EventSequence) -> float:
        """N log(rate) - rate T, in nats."""
        return sequence.n_scored * float(np.log(self.rate)) - self.rate * sequence.scored_days

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """The rate at each of ``times``, events/day."""
        return np.full(checked_times(times, sequence.start, sequence.end).shape, self.rate)

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """rate (t - score_from) at each of ``times``."""
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
        """``n`` independent continuations of ``horizon`` days; see ``PointProcess.simulate``."""
        check_simulation(horizon, n, seed, max_events, threads)
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
