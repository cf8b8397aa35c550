"""Parameter sets that a fit cannot tell apart: how parameter uncertainty enters forecasts."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from catalogs import EventSequence, InputError
from catalogs.display import span
from catalogs.sequence import FloatArray
from etas.model import ETAS, shorter_or_other
from etas.parameters import LEAST
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
    logarithmic = np.array([name in LEAST for name in names])
    values = np.array([float(getattr(model, name)) for name in names])
    errors = np.array([uncertainty.standard_error(name) for name in names])
    errors = np.where(logarithmic, errors / values, errors)  # d ln x = dx / x
    centre = np.where(logarithmic, np.log(np.where(logarithmic, values, 1.0)), values)
    # The matrix may have lost its last digits, and with them its positive definiteness
    variances, axes = np.linalg.eigh(np.array(uncertainty.correlation.matrix))
    factor = errors[:, None] * axes * np.sqrt(np.maximum(variances, 0.0))

    def drawn_set() -> tuple[FloatArray, float, dict[str, Any]]:
        normal, uniform = rng.standard_normal(len(names)), rng.random()
        drawn = centre + factor @ normal
        drawn = np.where(logarithmic, np.exp(np.where(logarithmic, drawn, 0.0)), drawn)
        return normal, uniform, dict(zip(names, drawn.tolist(), strict=True))

    (best,) = _log_densities([model], events, prior)
    models: list[ETAS] = []
    unlikely: list[tuple[float, ETAS]] = []
    supercritical = impossible = 0
    with np.errstate(over="ignore"):  # e^1000 of a parameter that is not known at all
        tried = 0
        while len(models) < n and tried < ATTEMPTS:
            # No more at a time than are missing: what follows the last one kept is never drawn
            draws = [drawn_set() for _ in range(min(n - len(models), ATTEMPTS - tried))]
            tried += len(draws)
            possible = [
                (normal, uniform, other)
                for normal, uniform, parameters in draws
                if (other := _possible(model, parameters)) is not None
            ]
            finite = [draw for draw in possible if draw[2].branching_ratio(horizon) < 1.0]
            impossible += len(draws) - len(possible)
            supercritical += len(possible) - len(finite)
            densities = _log_densities([other for *_, other in finite], events, prior)
            for (normal, uniform, other), density in zip(finite, densities, strict=True):
                more = density - best
                if not math.isfinite(more):
                    impossible += 1
                elif uniform >= math.exp(min(more + 0.5 * float(normal @ normal), 0.0)):
                    unlikely.append((more, other))
                else:
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
    if parameters.get("alpha", 0.0) < 0.0 or parameters.get("p", 1.0) <= 0.0:
        return None
    try:
        return replace(model, **parameters)
    except InputError:
        return None


def _log_densities(
    models: Sequence[ETAS], events: EventSequence | None, prior: Prior | None
) -> list[float]:
    """Log-likelihood of each model plus its log prior, 0 where there are no events."""
    if events is None:
        return [0.0] * len(models)
    from etas.several import log_likelihoods

    densities = log_likelihoods(models, events)
    if prior is None:
        return densities
    rate = events.n_scored / events.scored_days
    return [x + prior.log_density(m, rate) for x, m in zip(densities, models, strict=True)]
