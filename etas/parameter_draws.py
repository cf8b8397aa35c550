"""Parameter sets that a fit cannot tell apart: how parameter uncertainty enters forecasts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from catalogs import InputError
from etas.model import ETAS
from etas.parameters import LOGARITHMIC

ATTEMPTS = 100
"""Draws tried for each one wanted, before it is said that hardly any is possible."""


@dataclass(frozen=True, eq=False)
class ParameterDraws:
    """Models drawn, and how many draws were thrown away for either reason."""

    models: tuple[ETAS, ...]
    supercritical: int
    impossible: int

    def to_json(self) -> dict[str, int]:
        """How many of each kind."""
        return {
            "draws": len(self.models),
            "rejected_supercritical": self.supercritical,
            "rejected_impossible": self.impossible,
        }


def draw_models(
    model: ETAS, uncertainty: dict[str, Any], n: int, horizon: float, *, rng: np.random.Generator
) -> ParameterDraws:
    """``n`` models with parameters from the asymptotic normal law of the maximum likelihood.

    It is normal in ln k, ln c, the logarithm of the taper, and in mu, alpha and p themselves, with
    the standard errors and correlations of the fit. Parameters that have none (fixed, or on a
    bound) keep their values. Draws that no model can have (mu < 0, alpha < 0, p <= 0), and those
    with a branching ratio of 1 or more over ``horizon`` days, are thrown away and counted: the
    law is the normal one, cut off there.

    Parameters
    ----------
    model : ETAS
        The best one.
    uncertainty : dict
        As in the JSON of ``recast etas fit``, or of ``Uncertainty.to_json``.
    n : int
        How many.
    horizon : float
        Days to be forecast.

    Raises
    ------
    InputError
        If hardly any draw is possible, as with a branching ratio far above 1.
    """
    names = uncertainty["correlation"]["names"]
    correlation = np.array(uncertainty["correlation"]["matrix"])
    logarithmic = np.array([name in LOGARITHMIC for name in names])
    values = np.array([float(getattr(model, name)) for name in names])
    errors = np.array([uncertainty["parameters"][name]["standard_error"] for name in names])
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
            f"have a branching ratio below 1 over {horizon:g} days: forecast without parameter "
            "uncertainty, or a shorter window"
        )
    return ParameterDraws(tuple(models), supercritical, impossible)
