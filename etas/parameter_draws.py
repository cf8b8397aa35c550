"""Parameter sets that a fit cannot tell apart: how parameter uncertainty enters forecasts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from catalogs import InputError
from catalogs.display import span
from etas.model import ETAS
from etas.parameters import LOGARITHMIC
from etas.uncertainty import Uncertainty

ATTEMPTS = 100
"""Draws tried for each one wanted before giving up."""

PURPOSE = 2
"""Keeps these random numbers apart from those of simulations with the same seed."""


@dataclass(frozen=True, eq=False)
class ParameterDraws:
    """Models with drawn parameters, and how many draws were rejected.

    Parameters
    ----------
    models : tuple of ETAS
        As many as were asked for.
    supercritical : int
        Draws rejected because their branching ratio is 1 or more.
    impossible : int
        Draws rejected because no model can have them: mu < 0, alpha < 0 or p <= 0.
    """

    models: tuple[ETAS, ...]
    supercritical: int
    impossible: int

    def to_json(self) -> dict[str, int]:
        """The numbers of draws, as forecasts record them."""
        return {
            "draws": len(self.models),
            "rejected_supercritical": self.supercritical,
            "rejected_impossible": self.impossible,
        }


def draw_models(
    model: ETAS, uncertainty: Uncertainty, n: int, horizon: float, *, seed: int
) -> ParameterDraws:
    """Draw models from the asymptotic distribution of the maximum-likelihood estimates.

    It is normal in ln k, ln c, the logarithm of the taper, and in mu, alpha and p themselves, with
    the standard errors and correlations of the fit. Parameters without error (fixed, or on a bound)
    keep their values. Draws that no model can have (mu < 0, alpha < 0, p <= 0), and those with a
    branching ratio of 1 or more over ``horizon`` days, are rejected and counted: the distribution
    is truncated there.

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
    correlation = np.array(uncertainty.correlation.matrix)
    logarithmic = np.array([name in LOGARITHMIC for name in names])
    values = np.array([float(getattr(model, name)) for name in names])
    errors = np.array([uncertainty.standard_error(name) for name in names])
    errors = np.where(logarithmic, errors / values, errors)  # d ln x = dx / x
    centre = np.where(logarithmic, np.log(np.where(logarithmic, values, 1.0)), values)
    covariance = correlation * np.outer(errors, errors)
    models: list[ETAS] = []
    supercritical = impossible = 0
    for _ in range(ATTEMPTS * n):
        if len(models) == n:
            break
        drawn = rng.multivariate_normal(centre, covariance, method="eigh")
        natural = np.where(logarithmic, np.exp(np.where(logarithmic, drawn, 0.0)), drawn)
        parameters = dict(zip(names, natural.tolist(), strict=True))
        if min(parameters.get("mu", 0.0), parameters.get("alpha", 0.0)) < 0.0 or not (
            parameters.get("p", 1.0) > 0.0
        ):
            impossible += 1
            continue
        other = replace(model, **parameters)
        if other.branching_ratio(horizon) >= 1.0:
            supercritical += 1
            continue
        models.append(other)
    if len(models) < n:
        raise InputError(
            f"only {len(models)} of {ATTEMPTS * n:,} draws from the uncertainty of the ETAS fit "
            f"have a branching ratio below 1 over {span(horizon)}: forecast fewer `days`"
        )
    return ParameterDraws(tuple(models), supercritical, impossible)
