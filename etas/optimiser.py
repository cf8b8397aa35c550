"""Maximising a point-process likelihood inside a box: Fisher scoring, finished by Newton."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from catalogs import EventSequence
from catalogs.sequence import FloatArray
from etas.likelihood import Evaluation
from etas.parameters import Box

BoolArray = NDArray[np.bool_]

LARGEST_STEP = 3.0
"""Steps are cut at this many scaled units (a factor of 20 in k or c)."""

FLAT_GRADIENT = 1e-6
"""Of the objective per event, in scaled parameters: above it Newton steps go on."""

HESSIAN_STEP = 1e-4
"""Step of central differences in scaled parameters: truncation and round-off near 1e-7."""

HESSIAN_STEP_MU = 3e-3
"""The same for mu, relative to mu, which may be many orders below the mean rate."""


class Objective(Protocol):
    """A log-likelihood of one sequence with its gradient and Fisher information."""

    @property
    def sequence(self) -> EventSequence:
        """What is scored."""
        ...

    def evaluate(self, parameters: FloatArray) -> Evaluation:
        """Value, gradient and information at natural parameters."""
        ...


@dataclass(frozen=True, eq=False)
class Summit:
    """Where a climb ended: scaled position, nats per event, and the evaluations it took."""

    position: FloatArray
    evaluation: Evaluation
    evaluations: int


def scaled_objective(
    objective: Objective, box: Box, n_events: int
) -> Callable[[FloatArray], Evaluation]:
    """The objective per event, as a function of scaled parameters."""

    def evaluate(position: FloatArray) -> Evaluation:
        natural = box.natural(position)
        done = objective.evaluate(natural)
        slopes = box.slopes(natural)
        return Evaluation(
            done.value / n_events,
            done.gradient * slopes / n_events,
            done.information * np.outer(slopes, slopes) / n_events,
        )

    return evaluate


def climb(
    evaluate: Callable[[FloatArray], Evaluation],
    start: FloatArray,
    box: Box,
    free: BoolArray,
    *,
    tolerance: float = 1e-12,
    max_iterations: int = 200,
) -> Summit:
    """Fisher scoring with Levenberg-Marquardt damping and an active set at the bounds.

    Each step solves (F + damping diag F) step = gradient for the parameters that are not held by a
    bound, F being the Fisher information, and is taken if the likelihood grows. F is positive
    semi-definite wherever the climb starts, so that it cannot stall at saddles, and close enough
    to the Hessian for each iteration to gain a digit. Stops when the predicted gain
    is below ``tolerance`` nats per event.
    """
    lower, upper = box.lower, box.upper
    x = np.clip(start, lower, upper)
    here = evaluate(x)
    evaluations, damping = 1, 1e-2
    for _ in range(max_iterations):
        held = ((x <= lower) & (here.gradient < 0.0)) | ((x >= upper) & (here.gradient > 0.0))
        step = _box_step(x, here, damping, free & ~held, lower, upper)
        gain = here.gradient @ step - 0.5 * step @ here.information @ step
        if np.abs(step).max() < 1e-9 or (0.0 <= gain < tolerance and damping < 1.0):
            break
        if gain < 0.0:  # parameters stopped at the edge spoil the step of the others: go slower
            damping *= 10.0
            continue
        there = evaluate(x + step)
        evaluations += 1
        if np.isfinite(there.value) and there.value > here.value:
            actual = (there.value - here.value) / gain
            damping = max(damping / 10.0, 1e-9) if actual > 0.75 else damping
            damping = 3.0 * damping if actual < 0.25 else damping
            x, here = np.clip(x + step, lower, upper), there
        else:
            damping *= 10.0
    return Summit(x, here, evaluations)


def _box_step(
    x: FloatArray,
    here: Evaluation,
    damping: float,
    free: BoolArray,
    lower: FloatArray,
    upper: FloatArray,
) -> FloatArray:
    """The damped scoring step; parameters that it would carry out of the box stop at the edge."""
    matrix = here.information + damping * np.diag(np.maximum(np.diag(here.information), 1e-12))
    step = np.zeros(x.size)
    moving = free.copy()
    while moving.any():
        inner, outer = np.flatnonzero(moving), np.flatnonzero(~moving)
        pull = here.gradient[inner] - matrix[np.ix_(inner, outer)] @ step[outer]
        step[inner] = np.linalg.solve(matrix[np.ix_(inner, inner)], pull)
        out = moving & ((x + step < lower) | (x + step > upper))
        if not out.any():
            break
        step[out] = np.clip(x + step, lower, upper)[out] - x[out]
        moving &= ~out
    step = np.clip(x + step, lower, upper) - x
    longest = float(np.abs(step[1:]).max())  # mu, the first, is bounded in itself
    return step * min(1.0, LARGEST_STEP / longest) if longest > 0.0 else step


def hessian(
    evaluate: Callable[[FloatArray], Evaluation],
    x: FloatArray,
    free: BoolArray,
    pool: Executor,
    step: float | FloatArray = HESSIAN_STEP,
) -> FloatArray:
    """Second derivatives in the free parameters, by central differences of the gradient.

    ``x`` must lie inside the box by more than the step in every free parameter. Shape (free, free).
    """
    axes = np.flatnonzero(free)
    steps = np.where(np.arange(x.size) == 0, HESSIAN_STEP_MU * x[0], step)
    shifts = np.eye(x.size)[axes] * steps
    ends = list(pool.map(evaluate, np.concatenate([x + shifts, x - shifts])))
    up, down = ends[: axes.size], ends[axes.size :]
    rows = [
        (u.gradient - d.gradient)[axes] / (2.0 * steps[axis])
        for axis, u, d in zip(axes, up, down, strict=True)
    ]
    matrix = np.array(rows).reshape(axes.size, axes.size)
    return np.asarray(0.5 * (matrix + matrix.T))


def polish(
    evaluate: Callable[[FloatArray], Evaluation],
    summit: Summit,
    box: Box,
    interior: BoolArray,
    pool: Executor,
    step: float = HESSIAN_STEP,
) -> tuple[Summit, FloatArray]:
    """Newton steps in the interior parameters; the summit, and the Hessian there.

    ``step`` is that of the Hessian's differences, where the box has room for it.
    """
    x, here, evaluations = summit.position, summit.evaluation, summit.evaluations
    curvature = np.zeros((0, 0))
    for _ in range(3):
        room = 0.5 * np.minimum(x - box.lower, box.upper - x)
        steps = np.maximum(np.minimum(step, room), min(step, HESSIAN_STEP))
        curvature = hessian(evaluate, x, interior, pool, steps)
        evaluations += 2 * int(interior.sum())
        if not interior.any() or np.linalg.eigvalsh(curvature).max() >= 0.0:
            break
        move = np.zeros(x.size)
        move[interior] = -np.linalg.solve(curvature, here.gradient[interior])
        target = np.clip(x + move, box.lower, box.upper)
        there = evaluate(target)
        evaluations += 1
        if not np.abs(there.gradient[interior]).max() < np.abs(here.gradient[interior]).max():
            break
        x, here = target, there
        good = np.abs(move).max() < 1e-3  # the Hessian is as good at the new point
        if good and np.abs(here.gradient[interior]).max() < FLAT_GRADIENT:
            break
    return Summit(x, here, evaluations), curvature
