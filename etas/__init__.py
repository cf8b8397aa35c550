"""The temporal ETAS model: likelihood, fit, simulation and residuals; and the Poisson null model.

from catalogs import load
from etas import fit_etas

catalog = load("ridgecrest_2019")
print(fit_etas(catalog.split().train, catalog.magnitude_law()))

=======================  ===========================================================================
``model``                ETAS: the model as a point process
``fit``                  fit_etas and ETASFit: the maximum-likelihood fit
``likelihood``           log-likelihood, in linear time with gradient, and as the quadratic sum
``weighted_likelihood``  the same with a taper, and with completeness that changes in time
``detection``            the share of events that is then detected, and what the others trigger
``several``              log-likelihoods of many parameter sets at once
``kernel``               the Omori-Utsu law: integrals, inverse, and as a sum of exponentials
``recursion``            the compiled loops of the linear-time likelihood
``blocks``               its tasks on one thread or several
``parameters``           bounds of the parameters, and the scales on which a fit moves
``starting_points``      where fits start from
``optimiser``            maximising a likelihood inside a box: Fisher scoring, then Newton
``prior``                a prior for regions with few events, from fits elsewhere
``omori``                the Omori-Utsu law of one sequence, from its events so far
``uncertainty``          standard errors, confidence intervals and correlations
``profile``              the profile likelihood of one parameter
``parameter_draws``      parameter uncertainty in forecasts: sets that a fit cannot tell apart
``completeness``         completeness that changes in time: after large events small ones are missed
``simulation``           many trajectories at a time, as a branching process
``branching``            the compiled cascade: one trajectory after the other
``synthetic``            synthetic catalogs with known parameters
``presets``              their published sets of parameters
``space``                where events happen: laws of places, and the space-time ETAS model
``declustering``         background probabilities and stochastic declustering
``residuals``            residual analysis in transformed time
``poisson``              the homogeneous Poisson process, the null model
=======================  ===========================================================================
"""

from typing import TYPE_CHECKING

from catalogs.lazy import lazy_names
from catalogs.namesake import check_alone

if TYPE_CHECKING:
    from etas.completeness import CompletenessHistory
    from etas.declustering import background_probability, decluster
    from etas.fit import ETASFit, fit_etas
    from etas.model import ETAS
    from etas.parameter_draws import draw_models
    from etas.poisson import Poisson
    from etas.prior import Prior
    from etas.profile import profile_likelihood
    from etas.residuals import ResidualTest, residual_test
    from etas.synthetic import synthetic_catalog

    __version__: str

__all__ = [
    "ETAS",
    "CompletenessHistory",
    "ETASFit",
    "Poisson",
    "Prior",
    "ResidualTest",
    "background_probability",
    "decluster",
    "draw_models",
    "fit_etas",
    "profile_likelihood",
    "residual_test",
    "synthetic_catalog",
]

__distribution__ = "recast-forecast"

_HOMES = {
    "etas.completeness": ["CompletenessHistory"],
    "etas.declustering": ["background_probability", "decluster"],
    "etas.fit": ["ETASFit", "fit_etas"],
    "etas.model": ["ETAS"],
    "etas.parameter_draws": ["draw_models"],
    "etas.poisson": ["Poisson"],
    "etas.prior": ["Prior"],
    "etas.profile": ["profile_likelihood"],
    "etas.residuals": ["ResidualTest", "residual_test"],
    "etas.synthetic": ["synthetic_catalog"],
}
_PRIVATE = (
    "blocks",
    "branching",
    "detection",
    "kernel",
    "likelihood",
    "omori",
    "optimiser",
    "parameters",
    "presets",
    "recursion",
    "several",
    "simulation",
    "starting_points",
    "uncertainty",
    "weighted_likelihood",
)

check_alone(__file__, {*(home.removeprefix("etas.") for home in _HOMES), *_PRIVATE})

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
