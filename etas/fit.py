"""Maximum-likelihood fit of the temporal ETAS model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from catalogs import EventSequence, GutenbergRichter, InputError, Split
from catalogs.cores import threads
from catalogs.sequence import FloatArray
from etas.completeness import CompletenessHistory
from etas.likelihood import LogLikelihood
from etas.model import ETAS
from etas.optimiser import Objective, Summit, climb, polish, scaled_objective
from etas.parameters import C_BOUND, P_BOUND, TAPER, Box
from etas.prior import Prior
from etas.residuals import ResidualTest, residual_test
from etas.starting_points import STARTS, standard_starts
from etas.uncertainty import Uncertainty
from etas.weighted_likelihood import WeightedLogLikelihood

MINIMUM_EVENTS = 50
"""Ten events a parameter; below that the likelihood surface has no usable maximum."""

CONVERGED = 1e-6
"""Largest projected gradient of a converged fit, nats per event in scaled parameters."""

FittingProtocol = Literal["train", "train+val"]


@dataclass(frozen=True)
class ETASFit:
    """The best model found, how well it was found, and how well it is known.

    ``gradient_norm`` is the largest projected gradient in the scaled parameters, nats per event;
    ``at_bound`` names parameters on the edge of the box (mu -> 0 is a common and honest optimum:
    the catalog then needs no background) and ``bound_reasons`` what that means; ``expected`` is the
    compensator of the scored window, which equals ``n_events`` at an interior optimum;
    ``uncertainty`` is None where the Hessian is not that of a maximum. ``protocol`` says which
    windows the fit has seen.
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
    bound_reasons: dict[str, str]
    fixed: dict[str, float]
    uncertainty: Uncertainty | None
    residuals: ResidualTest
    protocol: str
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

    @property
    def n_parameters(self) -> int:
        """How many parameters were estimated."""
        return self.model.parameters.size - len(self.fixed)

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON types, with the derived scores."""
        return {
            "model": self.model.to_json(),
            "protocol": self.protocol,
            "log_likelihood": self.log_likelihood,
            "nats_per_event": self.nats_per_event,
            "nll_per_day": self.nll_per_day,
            "n_events": self.n_events,
            "days": self.days,
            "expected": self.expected,
            "n_parameters": self.n_parameters,
            "fixed": self.fixed,
            "at_bound": list(self.at_bound),
            "bound_reasons": self.bound_reasons,
            "uncertainty": None if self.uncertainty is None else self.uncertainty.to_json(),
            "branching_ratio": self.branching_ratio,
            "branching_ratio_horizon_days": self.days,
            "converged": self.converged,
            "gradient_norm": self.gradient_norm,
            "residuals": self.residuals.to_json(),
            "evaluations": self.evaluations,
            "start_log_likelihoods": list(self.start_log_likelihoods),
        }


def fitting_sequence(split: Split, protocol: FittingProtocol) -> EventSequence:
    """The sequence to fit: the train window, or train and validation as one window.

    Papers do both. Fitting on train + validation uses what neural models only stop early on.
    """
    return split.train if protocol == "train" else split.val.scored_from(split.train.score_from)


def fit_etas(
    sequence: EventSequence,
    magnitude_law: GutenbergRichter,
    *,
    starts: int | Sequence[FloatArray] = len(STARTS),
    fixed: Mapping[str, float] | None = None,
    taper: bool = False,
    completeness: CompletenessHistory | None = None,
    prior: Prior | None = None,
    protocol: str = "train",
    max_iterations: int = 200,
) -> ETASFit:
    """Maximise the log-likelihood of the scored window over (mu, k, alpha, c, p[, taper]).

    Fisher scoring in a box (``etas.optimiser``) from several starts whose mu and k reproduce the
    observed number of events; the best end is polished by Newton steps with the Hessian, which
    also gives the standard errors.

    Parameters
    ----------
    sequence : EventSequence
        Usually ``catalog.split().train``, or ``fitting_sequence``.
    magnitude_law : GutenbergRichter
        Gives the completeness magnitude; becomes the model's law of magnitudes.
    starts : int or sequence of arrays
        How many of the built-in starting points to use, 1 to 3; or starting points of one's own,
        (mu, k, alpha, c, p[, taper]) in natural units.
    fixed : mapping, optional
        Parameters held at a value, as in ``{"p": 1.1}`` or ``{"alpha": 0.0}``.
    taper : bool
        Whether triggering also fades as exp(-t / taper), with the taper estimated (or fixed).
    completeness : CompletenessHistory, optional
        Mc(t): events below it are left out and the rest scored as ``WeightedLogLikelihood`` says.
    prior : Prior, optional
        What fits elsewhere say of the parameters: the mode of the posterior is then found instead
        of the maximum of the likelihood, and errors are those of the posterior.
    protocol : str
        What ``sequence`` is, for the record.

    Raises
    ------
    InputError
        With fewer than 50 scored events, an event below completeness, an impossible
        ``fixed`` value, or a prior for a tapered law.

    Examples
    --------
    >>> from etas.synthetic import SOCAL_TRUTH, synthetic_socal
    >>> fit = fit_etas(synthetic_socal().split().train, SOCAL_TRUTH.magnitude_law)
    >>> fit.converged, round(fit.model.alpha - SOCAL_TRUTH.alpha, 2), round(fit.expected)
    (True, 0.0, 11142)
    """
    fixed = dict(fixed or {})
    if prior is not None and (taper or TAPER in fixed):
        raise InputError("a prior says nothing of a taper: fit without one of the two")
    objective = objective_of(sequence, magnitude_law, taper or TAPER in fixed, completeness)
    n = objective.sequence.n_scored
    if n < MINIMUM_EVENTS:
        raise InputError(
            f"{n} scored events are too few to fit ETAS, which needs {MINIMUM_EVENTS}: lengthen "
            "the window or lower the completeness magnitude"
        )
    days = objective.sequence.scored_days
    box = Box.of(n / days, days, taper=taper or TAPER in fixed)
    held = box.fixed_mask(fixed)
    free = np.isnan(held)
    likelihood = scaled_objective(objective, box, n)
    evaluate = likelihood if prior is None else prior.added_to(likelihood, n)

    def ascend(start: FloatArray) -> Summit:
        position = box.scaled(np.where(free, start, held))
        return climb(evaluate, position, box, free, max_iterations=max_iterations)

    # The compiled sums run without the interpreter lock, so threads use the cores.
    with ThreadPoolExecutor(max_workers=threads()) as pool:
        ends = list(pool.map(ascend, _starting_points(objective, box, starts, fixed)))
        best = max(ends, key=lambda end: end.evaluation.value)
        interior = free & ~_on_edge(box, best.position)
        summit, hessian = polish(evaluate, best, box, interior, pool)
    parameters = box.natural(summit.position)
    parameters = np.where(free, parameters, held)
    mu, k, alpha, c, p, *tapers = parameters.tolist()
    model = ETAS(mu, k, alpha, c, p, magnitude_law, *tapers)
    reasons = {name: why for name, why in box.reasons(summit.position).items() if name not in fixed}
    x, gradient = summit.position, np.where(free, summit.evaluation.gradient, 0.0)
    norm = float(np.abs(x - np.clip(x + gradient, box.lower, box.upper)).max())
    transformed, expected = _transformed(objective, model)
    return ETASFit(
        model=model,
        log_likelihood=n * (summit.evaluation if prior is None else likelihood(x)).value,
        n_events=n,
        days=days,
        expected=expected,
        branching_ratio=model.branching_ratio(days),
        converged=bool(norm < CONVERGED),
        gradient_norm=norm,
        at_bound=tuple(reasons),
        bound_reasons=reasons,
        fixed=fixed,
        uncertainty=Uncertainty.of(box, summit.position, interior, hessian * n),
        residuals=residual_test(transformed),
        protocol=protocol,
        evaluations=sum(end.evaluations for end in ends) + summit.evaluations - best.evaluations,
        start_log_likelihoods=tuple(end.evaluation.value * n for end in ends),
    )


def objective_of(
    sequence: EventSequence,
    law: GutenbergRichter,
    taper: bool,
    completeness: CompletenessHistory | None,
) -> LogLikelihood | WeightedLogLikelihood:
    """The log-likelihood of a sequence for any parameters in the box of a fit."""
    # The Hessian looks a little beyond the bounds' edge.
    c_min, p_max = 0.99 * C_BOUND.lower, P_BOUND.upper + 0.01
    if taper or completeness is not None:
        return WeightedLogLikelihood.of(
            sequence, law, taper=taper, completeness=completeness, c_min=c_min, p_max=p_max
        )
    return LogLikelihood.of(sequence, law.completeness, c_min=c_min, p_max=p_max)


def _on_edge(box: Box, position: FloatArray) -> Any:
    reasons = box.reasons(position)
    return np.array([name in reasons for name in box.names])


def _transformed(
    objective: LogLikelihood | WeightedLogLikelihood, model: ETAS
) -> tuple[FloatArray, float]:
    """Compensator at the scored events, and over the whole window."""
    if isinstance(objective, WeightedLogLikelihood):
        return objective.transformed_times(model.parameters)
    sequence = objective.sequence
    times = np.append(sequence.times[sequence.first_scored :], sequence.end)
    compensator = model.compensator(sequence, times)
    return compensator[:-1], float(compensator[-1])


def _starting_points(
    objective: Objective,
    box: Box,
    starts: int | Sequence[FloatArray],
    fixed: Mapping[str, float],
) -> list[FloatArray]:
    sequence = objective.sequence
    points = standard_starts(sequence, fixed)[:starts] if isinstance(starts, int) else starts
    # A taper of the whole window hardly matters at first
    return [np.append(point, sequence.scored_days)[: len(box.names)] for point in points]
