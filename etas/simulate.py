"""Simulation of ETAS by generations, all trajectories at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from catalogs import EventSequence, InputError
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray, Trajectories
from etas.kernel import inverse_omori, omori_integral

if TYPE_CHECKING:
    from etas.model import ETAS


def simulate(
    model: ETAS,
    history: EventSequence,
    horizon: float,
    n: int,
    *,
    rng: np.random.Generator,
    max_events: int = 1_000_000,
) -> Trajectories:
    """``n`` continuations of ``history`` on [history.end, history.end + horizon).

    The branching form of ETAS (Hawkes and Oakes 1974): background events and the direct offspring
    of the history in the window form the first generation; every event then has a Poisson number
    of direct offspring with mean k 10^{alpha (m - Mc)} integral_0^rest (x + c)^{-p} dx, at delays
    drawn by the inverse of the Omori-Utsu law.

    A trajectory that exceeds ``max_events`` has no further generation and is reported in
    ``Trajectories.capped``.

    Raises
    ------
    InputError
        If horizon or n is not positive, or the history holds an event below completeness.
    """
    if not (np.isfinite(horizon) and horizon > 0.0) or n < 1:
        raise InputError(f"horizon = {horizon} days and n = {n} must be positive")
    law, start, end = model.magnitude_law, history.end, history.end + horizon
    trajectory, times = _first_generation(
        model, history, history.magnitude_excess(law.completeness), horizon, n, rng
    )
    total = np.bincount(trajectory, minlength=n)
    generations = []
    while times.size:
        magnitudes = law.sample(times.size, rng)
        generations.append((trajectory, times, magnitudes))
        gains = model.k * np.exp(model.alpha * LN10 * (magnitudes - law.completeness))
        rest = end - times
        offspring = rng.poisson(gains * omori_integral(0.0, rest, model.c, model.p))
        offspring[total[trajectory] > max_events] = 0
        trajectory = np.repeat(trajectory, offspring)
        delays = inverse_omori(
            rng.random(trajectory.size), np.repeat(rest, offspring), model.c, model.p
        )
        times = np.repeat(times, offspring) + delays
        inside = times < end  # rounding may carry a delay onto the end
        trajectory, times = trajectory[inside], times[inside]
        total += np.bincount(trajectory, minlength=n)
    if not generations:
        generations = [(trajectory, times, times)]
    trajectory, times, magnitudes = (np.concatenate(part) for part in zip(*generations, strict=True))
    return Trajectories.of_unsorted(
        trajectory, times, magnitudes, n, start, end, np.flatnonzero(total > max_events)
    )


def _first_generation(
    model: ETAS,
    history: EventSequence,
    excess: FloatArray,
    horizon: float,
    n: int,
    rng: np.random.Generator,
) -> tuple[IntArray, FloatArray]:
    """Trajectory and time of background events and of direct offspring of the history."""
    start, end = history.end, history.end + horizon
    background = rng.poisson(model.mu * horizon, size=n)
    trajectory = np.repeat(np.arange(n), background)
    times = start + horizon * rng.random(trajectory.size)
    if len(history):
        since = start - history.times
        gains = model.k * np.exp(model.alpha * LN10 * excess)
        cumulative = np.cumsum(gains * omori_integral(since, since + horizon, model.c, model.p))
        triggered = rng.poisson(cumulative[-1], size=n)
        drawn = cumulative[-1] * rng.random(int(triggered.sum()))
        parent = np.minimum(np.searchsorted(cumulative, drawn, side="right"), len(history) - 1)
        # The law of delays beyond `since` is the Omori-Utsu law with c shifted by `since`.
        delays = inverse_omori(rng.random(parent.size), horizon, since[parent] + model.c, model.p)
        trajectory = np.concatenate([trajectory, np.repeat(np.arange(n), triggered)])
        times = np.concatenate([times, start + delays])
    inside = times < end
    return trajectory[inside], times[inside]
