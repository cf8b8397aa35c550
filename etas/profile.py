"""The profile likelihood of one parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence, InputError
from catalogs.cores import in_order, threads
from catalogs.json_records import Record
from catalogs.sequence import FloatArray
from etas.completeness import CompletenessHistory
from etas.fit import ETASFit, objective_of
from etas.optimiser import Objective, climb, scaled_objective
from etas.parameters import LEAST, Bound, Box
from etas.uncertainty import Uncertainty

HALF_CHI2_95 = 1.9207294103470625
"""Half the 95 % quantile of chi-squared with one degree of freedom, in nats."""

POINTS = 17
REACH = 4.0
"""The profile is computed this many standard errors to either side."""

HIGHER = 0.5
"""Nats by which a likelihood may exceed that of the fit: sums by groups of events differ."""


class Fit(Protocol):
    """What a profile needs to know of a fit."""

    @property
    def model(self) -> Any:
        """At the maximum; with ``parameters``, and each by its name."""

    @property
    def log_likelihood(self) -> float:
        """The maximum, nats."""

    @property
    def fixed(self) -> dict[str, float]:
        """Parameters that were held."""

    @property
    def uncertainty(self) -> Uncertainty | None:
        """None where the Hessian is not that of a maximum."""


@dataclass(frozen=True, eq=False)
class Profile(Record):
    """The likelihood maximised over all other parameters, at given values of one.

    Parameters
    ----------
    name : str
        The parameter.
    values : array (value,)
        Its values, increasing, in its units.
    log_likelihoods : array (value,)
        The maximum at each of them, in nats.
    ci95 : tuple
        95 % confidence interval: the values whose log-likelihood is within 1.92 nats of the
        maximum (Wilks 1938). An end is None where the profile does not fall that far.

    See Also
    --------
    profile_likelihood : makes one.

    Examples
    --------
    >>> values, heights = np.array([1.0, 1.1, 1.2]), np.array([-5.0, -1.0, -4.0])
    >>> profile = Profile("p", values, heights, (1.04, 1.17))
    >>> float(profile.values[profile.log_likelihoods.argmax()])
    1.1
    """

    name: str
    values: FloatArray
    log_likelihoods: FloatArray
    ci95: tuple[float | None, float | None]


def profile_likelihood(
    fit: ETASFit,
    sequence: EventSequence,
    name: str,
    *,
    values: ArrayLike | None = None,
    completeness: CompletenessHistory | None = None,
) -> Profile:
    """Profile likelihood of one parameter.

        log L_profile(x) = max over the other parameters of log L(x, others)

    Parameters
    ----------
    fit : ETASFit
        A fit of ``sequence``, without a prior.
    sequence : EventSequence
        What was fitted.
    name : str
        A parameter that was estimated: mu, k, alpha, c, p or taper.
    values : array (value,), optional
        Where to compute it, in the parameter's units, cut off at its bounds; by default 17 values
        within 4 standard errors, or 34 over the whole box for a parameter without standard error
        (one on its bound).
    completeness : CompletenessHistory, optional
        Mc(t), if the fit was made with one.

    Returns
    -------
    Profile
        Log-likelihoods at the values, and the 95 % interval.

    Raises
    ------
    InputError
        For a parameter that was not estimated, or another number of events than was fitted.

    References
    ----------
    Wilks, S. S. (1938). The large-sample distribution of the likelihood ratio for testing composite
    hypotheses. Ann. Math. Stat. 9, 60-62. doi:10.1214/aoms/1177732360

    Examples
    --------
    >>> from catalogs import load
    >>> from etas import fit_etas
    >>> catalog = load("synthetic_socal")
    >>> train = catalog.split().train
    >>> fit = fit_etas(train, catalog.magnitude_law())
    >>> [round(end, 3) for end in profile_likelihood(fit, train, "alpha").ci95]
    [0.688, 0.715]
    """
    model = fit.model
    objective = objective_of(sequence, model.magnitude_law, model.taper is not None, completeness)
    n, days = objective.sequence.n_scored, objective.sequence.scored_days
    if n != fit.n_events:
        raise InputError(
            f"the fit is of {fit.n_events:,} events, `sequence` has {n:,} to score: give the "
            "sequence that was fitted, and `completeness` if it was fitted with one"
        )
    box = Box.of(n / days, days, taper=model.taper is not None)
    return profile_in_box(fit, objective, box, name, values, workers=threads())


def profile_in_box(
    fit: Fit,
    objective: Objective,
    box: Box,
    name: str,
    values: ArrayLike | None = None,
    *,
    workers: int,
) -> Profile:
    """The profile likelihood of one parameter of any fit in a box; see ``profile_likelihood``."""
    if name not in box.names or name in fit.fixed:
        raise InputError(
            f"{name!r} was not estimated: choose one of "
            f"{', '.join(x for x in box.names if x not in fit.fixed)}"
        )
    n = objective.sequence.n_scored
    place = box.names.index(name)
    best = fit.model.parameters
    bound = box.bounds[name]
    grid = _grid(fit, name, bound) if values is None else np.asarray(values, dtype=np.float64)
    grid = np.unique(np.clip(grid, bound.lower, bound.upper))
    evaluate = scaled_objective(objective, box, n)
    free = np.array([x not in fit.fixed and x != name for x in box.names])

    def maximum(value: float) -> float:
        start = best.copy()
        start[place] = value
        return climb(evaluate, box.scaled(start), box, free).evaluation.value * n

    heights = np.array(in_order(maximum, grid.tolist(), workers=workers))
    above = float(np.max(heights, initial=-np.inf)) - fit.log_likelihood
    if above > HIGHER:
        raise InputError(
            f"the fit is no maximum of this likelihood, {above:.2g} nats higher at another {name}: "
            "profile one that was fitted without a prior, and with the same completeness"
        )
    return Profile(name, grid, heights, _interval(grid, heights, float(best[place]), fit))


def _grid(fit: Fit, name: str, bound: Bound) -> FloatArray:
    """Values in equal steps, of the logarithm where a parameter has a lower limit."""
    least = LEAST.get(name)
    if fit.uncertainty is None or name not in fit.uncertainty.names:
        if least is not None:
            return least + np.geomspace(bound.lower - least, bound.upper - least, 2 * POINTS)
        return np.linspace(bound.lower, bound.upper, 2 * POINTS)
    value = getattr(fit.model, name)
    error = fit.uncertainty.standard_error(name)
    offsets = np.linspace(-REACH, REACH, POINTS)
    if least is not None:
        above = value - least
        return np.asarray(least + above * np.exp(offsets * error / above))
    return np.asarray(value + offsets * error)


def _interval(
    grid: FloatArray, heights: FloatArray, best: float, fit: Fit
) -> tuple[float | None, float | None]:
    """Where the interpolated profile crosses the maximum less 1.92 nats, on either side."""
    from scipy.interpolate import PchipInterpolator

    level = fit.log_likelihood - HALF_CHI2_95
    if grid.size < 3:
        return None, None
    roots = [float(x) for x in PchipInterpolator(grid, heights - level, extrapolate=False).roots()]
    below = [x for x in roots if x < best]
    above = [x for x in roots if x > best]
    return (max(below) if below else None, min(above) if above else None)
