"""Maximum-likelihood fit of the temporal ETAS model."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from catalogs import EventSequence, GutenbergRichter, InputError
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from etas.kernel import omori_integral
from etas.likelihood import PARAMETERS, LogLikelihood
from etas.model import ETAS

MINIMUM_EVENTS = 50
"""Ten events a parameter; below that the likelihood surface has no usable maximum."""

C_BOUNDS = (1e-5, 10.0)
"""One second, the duration of a source, to the days for which large events hide small ones."""

P_BOUNDS = (0.5, 3.0)
ALPHA_BOUNDS = (0.0, 3.0)

STARTS = tuple(itertools.islice(itertools.product((0.02, 0.002), (1.1,), (0.4, 0.9)), 3))
"""(c, p, alpha) of the starting points: the range of published regional fits."""


@dataclass(frozen=True)
class ETASFit:
    """The best model found, and how well it was found.

    ``gradient_norm`` is the largest projected gradient in the scaled parameters, nats per event;
    ``at_bound`` names parameters on the edge of the box (mu -> 0 is a common and honest optimum:
    the catalog then needs no background); ``expected`` is the compensator of the scored window,
    which equals ``n_events`` at an interior optimum.
    """

    model: ETAS
    log_likelihood: float
    n_events: int
    days: float
    expected: float
    branching_ratio: float
    converged: bool
    gradient_norm: float
    at_bound: tuple[str, ...]
    evaluations: int
    start_log_likelihoods: tuple[float, ...]

    @property
    def nats_per_event(self) -> float:
        """Log-likelihood over the number of scored events."""
        return self.log_likelihood / self.n_events

    @property
    def nll_per_day(self) -> float:
        """Negative log-likelihood over the scored days."""
        return -self.log_likelihood / self.days

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON types, with the derived scores."""
        return {
            **asdict(self),
            "nats_per_event": self.nats_per_event,
            "nll_per_day": self.nll_per_day,
        }


def fit_etas(
    sequence: EventSequence,
    magnitude_law: GutenbergRichter,
    *,
    starts: int = len(STARTS),
    max_iterations: int = 300,
) -> ETASFit:
    """Maximise the log-likelihood of the scored window over (mu, k, alpha, c, p).

    L-BFGS-B on (ln mu, ln k, alpha, ln c, p) with the analytic gradient, from several starts whose
    mu and k reproduce the observed number of events; the best end is kept.

    Parameters
    ----------
    sequence : EventSequence
        Usually ``catalog.split().train``.
    magnitude_law : GutenbergRichter
        Gives the completeness magnitude; becomes the model's law of magnitudes.
    starts : int
        How many of the starting points to use, 1 to 3.

    Raises
    ------
    InputError
        With fewer than 50 scored events, or an event below completeness.
    """
    n = sequence.n_scored
    if n < MINIMUM_EVENTS:
        raise InputError(
            f"{n} scored events are too few to fit ETAS, which needs {MINIMUM_EVENTS}: lengthen "
            "the window or lower the completeness magnitude"
        )
    evaluate = LogLikelihood.of(
        sequence, magnitude_law.completeness, c_min=C_BOUNDS[0], p_max=P_BOUNDS[1]
    )
    bounds = _bounds(n / sequence.scored_days)

    def loss(scaled: FloatArray) -> tuple[float, FloatArray]:
        parameters = _unscaled(scaled)
        value, gradient = evaluate(parameters)
        jacobian = np.where(_LOGARITHMIC, parameters, 1.0)
        return -value / n, -gradient * jacobian / n

    def climb(start: tuple[float, float, float]) -> OptimizeResult:
        return minimize(
            loss,
            np.clip(_scaled(_moment_start(evaluate, *start)), *bounds.T),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": max_iterations, "ftol": 1e-13, "gtol": 1e-7, "maxcor": 20},
        )

    # The compiled sums run without the interpreter lock, so threads use the cores.
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        results = list(pool.map(climb, STARTS[:starts]))
    best = min(results, key=lambda r: float(r.fun))
    model = ETAS(*_unscaled(best.x).tolist(), magnitude_law=magnitude_law)
    gradient = loss(best.x)[1]
    projected = best.x - np.clip(best.x - gradient, *bounds.T)
    edge = np.isclose(best.x, bounds[:, 0], atol=1e-6) | np.isclose(best.x, bounds[:, 1], atol=1e-6)
    norm = float(np.abs(projected).max())
    return ETASFit(
        model=model,
        log_likelihood=-float(best.fun) * n,
        n_events=n,
        days=sequence.scored_days,
        expected=float(model.compensator(sequence, sequence.end)[0]),
        branching_ratio=model.branching_ratio(sequence.scored_days),
        converged=bool(norm < 1e-4),
        gradient_norm=norm,
        at_bound=tuple(name for name, on in zip(PARAMETERS, edge, strict=True) if on),
        evaluations=sum(int(r.nfev) for r in results),
        start_log_likelihoods=tuple(-float(r.fun) * n for r in results),
    )


_LOGARITHMIC = np.array([True, True, False, True, False])


def _scaled(parameters: FloatArray) -> FloatArray:
    return np.where(_LOGARITHMIC, np.log(np.where(_LOGARITHMIC, parameters, 1.0)), parameters)


def _unscaled(scaled: FloatArray) -> FloatArray:
    return np.where(_LOGARITHMIC, np.exp(np.where(_LOGARITHMIC, scaled, 0.0)), scaled)


def _bounds(rate: float) -> FloatArray:
    """Lower and upper bounds of the scaled parameters, shape (5, 2), for a mean ``rate``."""
    mu = np.log([1e-8 * rate, 10.0 * rate])
    k = np.log([1e-8, 1e3])
    return np.array([mu, k, ALPHA_BOUNDS, np.log(C_BOUNDS), P_BOUNDS])


def _moment_start(evaluate: LogLikelihood, c: float, p: float, alpha: float) -> FloatArray:
    """Half of the events background, half triggered, at the given (c, p, alpha)."""
    sequence = evaluate.sequence
    since = np.maximum(sequence.score_from - sequence.times, 0.0)
    gains = np.exp(alpha * LN10 * evaluate.excess)
    integrals = omori_integral(since, sequence.end - sequence.times, c, p)
    half = 0.5 * sequence.n_scored
    return np.array([half / sequence.scored_days, half / float(gains @ integrals), alpha, c, p])
