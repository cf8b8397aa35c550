"""The profile likelihood of one parameter of the space-time ETAS model."""

from __future__ import annotations

from numpy.typing import ArrayLike

from catalogs import EventSequence
from etas.completeness import CompletenessHistory
from etas.profile import Profile, profile_in_box
from etas.space.fit import SpaceFit, space_time_objective
from etas.space.model import SpaceTimeETAS


def space_time_profile(
    fit: SpaceFit[SpaceTimeETAS],
    sequence: EventSequence,
    name: str,
    *,
    values: ArrayLike | None = None,
    completeness: CompletenessHistory | None = None,
) -> Profile:
    """Profile likelihood of one parameter of ``fit_space_time``; see ``etas.profile_likelihood``.

    Parameters
    ----------
    fit : SpaceFit
        A fit of ``sequence``.
    sequence : EventSequence
        What was fitted.
    name : str
        A parameter that was estimated: mu, k, alpha, c, p, d, gamma or q.
    values : array (value,), optional
        Where to compute it, in the parameter's units; by default within 4 standard errors. Each
        takes about as long as the fit.
    completeness : CompletenessHistory, optional
        Mc(t), if the fit was made with one.

    Returns
    -------
    Profile
        Log-likelihoods at the values, and the 95 % interval.

    Raises
    ------
    InputError
        For a parameter that was not estimated.
    """
    objective, box = space_time_objective(
        sequence, fit.model, completeness, fit.fixed, fit.least_square
    )
    # Sums use all cores already
    return profile_in_box(fit, objective, box, name, values, workers=1)
