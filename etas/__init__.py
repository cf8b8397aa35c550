"""The temporal ETAS model: likelihood, fit, simulation and residuals; and the Poisson null model.

from catalogs import load
from etas import fit_etas

catalog = load("ridgecrest_2019")
print(fit_etas(catalog.split().train, catalog.magnitude_law()))
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
    "branching",
    "kernel",
    "likelihood",
    "optimiser",
    "parameters",
    "presets",
    "recursion",
    "simulation",
    "starting_points",
    "uncertainty",
    "weighted_likelihood",
)

check_alone(__file__, {*(home.removeprefix("etas.") for home in _HOMES), *_PRIVATE})

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
