"""Daily changes of detection: a clock that runs faster while more events are detected."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence
from catalogs.sequence import FloatArray
from etas.model import ETAS

HARMONICS = 4
"""Periods of 24, 12, 8 and 6 hours."""

SLOWEST = 0.05
"""The pace never falls below this: some events are detected at any hour of the day."""

TABLE, NEWTON_STEPS = 4096, 3
"""The table is accurate to 1e-6, and each step of Newton's method squares the error."""

PER_DAY = 24
"""Bins of expected events in the fit."""


def _waves(days: FloatArray, harmonics: int) -> FloatArray:
    """sin and cos of 2 pi h t for h = 1, 2, ..., shape (..., 2 harmonics)."""
    angles = 2.0 * np.pi * np.asarray(days)[..., None] * np.arange(1, harmonics + 1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=-1)


@dataclass(frozen=True)
class DayClock:
    """Time that passes at a pace of period one day and mean 1.

        pace(t) = 1 + sum_h a_h sin(2 pi h t) + b_h cos(2 pi h t),    clock(t) = integral of pace

    with t in days since the catalog's start. A process of intensity lambda'(clock) in clock
    time has intensity pace(t) lambda'(clock(t)) in days: every rate is multiplied by the relative
    detection at that time of day, and likelihoods stay exact. ``coefficients`` are
    (a_1, ..., b_1, ...); without any the clock shows days.
    """

    coefficients: tuple[float, ...] = ()

    @property
    def _harmonics(self) -> int:
        return len(self.coefficients) // 2

    def pace(self, days: ArrayLike) -> FloatArray:
        """Clock days per day, of the same shape."""
        t = np.asarray(days, dtype=np.float64)
        return np.asarray(1.0 + _waves(t, self._harmonics) @ np.array(self.coefficients))

    def log_pace(self, days: ArrayLike) -> FloatArray:
        """Log of the pace, which each event adds to a log-likelihood in clock time."""
        return np.log(self.pace(days))

    def __call__(self, days: ArrayLike) -> FloatArray:
        """The clock at these times, in days; 0 at 0."""
        t = np.asarray(days, dtype=np.float64)
        if not self.coefficients:
            return t
        n = self._harmonics
        a, b = np.array(self.coefficients[:n]), np.array(self.coefficients[n:])
        waves, per = _waves(t, n), 2.0 * np.pi * np.arange(1, n + 1)
        return np.asarray(t + (waves[..., :n] / per) @ b + ((1.0 - waves[..., n:]) / per) @ a)

    def days(self, clock: ArrayLike) -> FloatArray:
        """Invert the clock, by Newton's method from a table of one day."""
        target = np.asarray(clock, dtype=np.float64)
        if not self.coefficients:
            return target
        whole = np.floor(target)  # at midnight the clock is right
        part = target - whole
        grid = np.linspace(0.0, 1.0, TABLE + 1)
        t = np.interp(part, self(grid), grid)
        for _ in range(NEWTON_STEPS):
            shown, pace = self._read(t)
            t = np.clip(t - (shown - part) / pace, 0.0, 1.0)
        return np.asarray(whole + t)

    def _read(self, t: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The clock and its pace from one sine and cosine: higher harmonics are powers of them."""
        n = self._harmonics
        first = np.exp(2j * np.pi * t)
        wave = np.ones_like(first)
        shown, pace = t.copy(), np.ones_like(t)
        for h in range(1, n + 1):
            a, b = self.coefficients[h - 1], self.coefficients[n + h - 1]
            wave = wave * first
            pace += a * wave.imag + b * wave.real
            shown += (b * wave.imag + a * (1.0 - wave.real)) / (2.0 * np.pi * h)
        return shown, pace

    def sequence(self, sequence: EventSequence) -> EventSequence:
        """The same events in clock time."""
        if not self.coefficients:
            return sequence
        edges = self([sequence.start, sequence.end, sequence.score_from]).tolist()
        return replace(
            sequence,
            times=self(sequence.times),
            start=edges[0],
            end=edges[1],
            score_from=edges[2],
            gaps=tuple((a, b) for a, b in self(np.reshape(sequence.gaps, (-1, 2))).tolist()),
        )


def fit_clock(train: EventSequence, validation: EventSequence, etas: ETAS) -> DayClock:
    """Fit the pace to the hours of the events of ``train``, if it holds on ``validation``.

    Maximises sum_i ln pace(t_i) - integral of pace dLambda over the scored window, with the
    compensator Lambda of ``etas``, so that a swarm at some hour doesn't count as a habit of that
    hour. Detection may change with a network: the plain clock is returned unless ``validation`` has
    two events in whole hours, and the gain there is positive by two standard errors.
    """
    events, expected = _by_hour(train, etas)
    if events.size < 2:
        return DayClock()
    hours = (np.arange(PER_DAY) + 0.5) / PER_DAY
    waves = _waves(hours, HARMONICS)
    at_events = _waves(events, HARMONICS)

    def loss(w: FloatArray) -> tuple[float, FloatArray]:
        paces = 1.0 + at_events @ w
        with np.errstate(invalid="ignore", divide="ignore"):  # where a step breaks the constraint
            value = float(np.log(paces).sum() - expected @ (waves @ w))
        slope = at_events.T @ (1.0 / paces) - waves.T @ expected
        return -value / events.size, -slope / events.size

    grid = _waves(np.linspace(0.0, 1.0, 20 * PER_DAY, endpoint=False), HARMONICS)
    from scipy.optimize import LinearConstraint, minimize  # a tenth of a second

    positive = LinearConstraint(grid, lb=SLOWEST - 1.0)
    found = minimize(loss, np.zeros(2 * HARMONICS), jac=True, method="SLSQP", constraints=positive)
    clock = DayClock(tuple(map(float, found.x)))
    if not found.success or float(clock.pace(np.linspace(0.0, 1.0, 2000)).min()) <= 0.0:
        return DayClock()
    later, due = _by_hour(validation, etas)
    if later.size < 2:
        return DayClock()
    gains = clock.log_pace(later)
    gain = float(gains.mean() - due @ (clock.pace(hours) - 1.0) / later.size)
    return clock if gain > 2.0 * float(gains.std()) / np.sqrt(later.size) else DayClock()


def _by_hour(sequence: EventSequence, etas: ETAS) -> tuple[FloatArray, FloatArray]:
    """Times of the scored events, and the events ETAS expects by hour of day, shape (PER_DAY,)."""
    first, last = np.ceil(sequence.score_from * PER_DAY), np.floor(sequence.end * PER_DAY)
    edges = np.arange(first, last + 1) / PER_DAY
    if edges.size < 2:
        return np.empty(0), np.zeros(PER_DAY)
    events = sequence.times[(sequence.times >= edges[0]) & (sequence.times < edges[-1])]
    hours = np.round(edges[:-1] * PER_DAY).astype(np.int64) % PER_DAY
    expected = np.bincount(
        hours, weights=np.diff(etas.compensator(sequence, edges)), minlength=PER_DAY
    )
    return events, np.asarray(expected, dtype=np.float64)
