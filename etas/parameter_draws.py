"""Parameter sets that a fit cannot tell apart: how parameter uncertainty enters forecasts."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from catalogs import EventSequence, InputError
from catalogs.display import span
from etas.model import ETAS, shorter_or_other
from etas.parameters import POSITIVE
from etas.prior import Prior
from etas.uncertainty import Uncertainty

ATTEMPTS = 40_000
"""Draws tried, in seconds. A fit to a few hundred events keeps one of fifty or fewer."""

FEWEST = 0.1
"""Share of those wanted below which there are too few."""

PURPOSE = 2
"""Keeps these random numbers apart from those of simulations with the same seed."""


@dataclass(frozen=True, eq=False)
class ParameterDraws:
    """Models with drawn parameters, and how many draws were rejected.

    Parameters
    ----------
    models : tuple of ETAS
        As many as were asked for, or those that were found.
    supercritical : int
        Draws rejected because their branching ratio is 1 or more.
    impossible : int
        Draws rejected because no model can have them: alpha < 0, p <= 0, no finite number, or one
        out of its range.
    unlikely : int
        Draws rejected because their likelihood is below that of the normal law.
    """

    models: tuple[ETAS, ...]
    supercritical: int
    impossible: int
    unlikely: int = 0

    def to_json(self) -> dict[str, int]:
        """The numbers of draws, as forecasts record them."""
        return {
            "draws": len(self.models),
            "rejected_supercritical": self.supercritical,
            "rejected_impossible": self.impossible,
            "rejected_unlikely": self.unlikely,
        }


def draw_models(
    model: ETAS,
    uncertainty: Uncertainty,
    n: int,
    horizon: float,
    *,
    seed: int,
    events: EventSequence | None = None,
    prior: Prior | None = None,
) -> ParameterDraws:
    """Draw models that a fit cannot tell from the best one.

    Parameters are drawn on the scales on which their intervals are symmetric: from a normal law of
    ln mu, ln k, ln c, the logarithm of the taper, alpha and p, with the standard errors and
    correlations of the fit. Parameters without error (fixed, or on a bound) keep their values.

    That law is the second-order expansion of the likelihood L around its maximum, and may be far
    too wide where there are few events. With the ``events`` of the fit a draw x of density q is
    therefore kept with the probability

        min(1, L(x) / L(best) * q(best) / q(x))

    with the density of the ``prior`` as a factor of L, so that all are about as likely as the data
    say; if too few are, the likeliest of the others make up the number. Draws that no model can
    have (alpha < 0, p <= 0), and those with a branching ratio of 1 or more over ``horizon`` days,
    are rejected and counted: the law is truncated there.

    Parameters
    ----------
    model : ETAS
        The fitted model.
    uncertainty : Uncertainty
        That of the fit.
    n : int
        Number of models.
    horizon : float
        Days to be forecast.
    seed : int
        Random seed; the same gives the same models.
    events : EventSequence, optional
        What the model was fitted to.
    prior : Prior, optional
        That of the fit.

    Returns
    -------
    ParameterDraws
        The models, and how many draws were rejected.

    Raises
    ------
    InputError
        If hardly any draw is accepted, as with a branching ratio far above 1.

    Examples
    --------
    >>> from catalogs import load
    >>> from etas import fit_etas
    >>> catalog = load("synthetic_socal")
    >>> fit = fit_etas(catalog.split().train, catalog.magnitude_law())
    >>> draws = draw_models(fit.model, fit.uncertainty, 1000, 30.0, seed=0)
    >>> len(draws.models), draws.supercritical
    (1000, 0)
    """
    rng = np.random.default_rng([seed, PURPOSE])
    names = uncertainty.correlation.names
    logarithmic = np.array([name in POSITIVE for name in names])
    values = np.array([float(getattr(model, name)) for name in names])
    errors = np.array([uncertainty.standard_error(name) for name in names])
    errors = np.where(logarithmic, errors / values, errors)  # d ln x = dx / x
    centre = np.where(logarithmic, np.log(np.where(logarithmic, values, 1.0)), values)
    # The matrix may have lost its last digits, and with them its positive definiteness
    variances, axes = np.linalg.eigh(np.array(uncertainty.correlation.matrix))
    factor = errors[:, None] * axes * np.sqrt(np.maximum(variances, 0.0))

    def log_density(other: ETAS) -> float:
        if events is None:
            return 0.0
        density = other.log_likelihood(events)
        rate = events.n_scored / events.scored_days
        return density + (0.0 if prior is None else prior.log_density(other, rate))

    best = log_density(model)
    models: list[ETAS] = []
    unlikely: list[tuple[float, ETAS]] = []
    supercritical = impossible = 0
    with np.errstate(over="ignore"):  # e^1000 of a parameter that is not known at all
        for _ in range(ATTEMPTS):
            if len(models) == n:
                break
            normal, uniform = rng.standard_normal(len(names)), rng.random()
            drawn = centre + factor @ normal
            drawn = np.where(logarithmic, np.exp(np.where(logarithmic, drawn, 0.0)), drawn)
            parameters = dict(zip(names, drawn.tolist(), strict=True))
            p, alpha = parameters.get("p", 1.0), parameters.get("alpha", 0.0)
            other = _possible(model, parameters) if alpha >= 0.0 and p > 0.0 else None
            if other is None:
                impossible += 1
                continue
            if not other.branching_ratio(horizon) < 1.0:
                supercritical += 1
                continue
            more = log_density(other) - best
            if not math.isfinite(more):
                impossible += 1
                continue
            if uniform >= math.exp(min(more + 0.5 * float(normal @ normal), 0.0)):
                unlikely.append((more, other))
                continue
            models.append(other)
    missing = n - len(models)
    unlikely.sort(key=lambda draw: -draw[0])
    models += [other for _, other in unlikely[:missing]]
    if len(models) < max(1.0, FEWEST * n):
        raise InputError(
            f"only {len(models)} of {ATTEMPTS:,} draws from the uncertainty of the ETAS fit "
            f"can be used over {span(horizon)}, {supercritical:,} have a branching ratio of 1 or "
            f"more: {shorter_or_other(model, horizon)}"
        )
    return ParameterDraws(tuple(models), supercritical, impossible, len(unlikely[missing:]))


def _possible(model: ETAS, parameters: dict[str, Any]) -> ETAS | None:
    """The model with other parameters; None where one is out of its range."""
    try:
        return replace(model, **parameters)
    except InputError:
        return None
