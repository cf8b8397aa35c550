"""Maximum-likelihood fit of the law of triggered places."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence, InputError
from etas.optimiser import climb, polish, scaled_objective
from etas.parameters import Bound, Box
from etas.space.law import PlaceLaw
from etas.space.region import Region
from etas.space.triggered import PlaceLikelihood, PlaceTerms, TriggeredPlaces
from etas.uncertainty import Uncertainty

MINIMUM_EVENTS = 70
"""Ten per parameter."""

CONVERGED = 1e-6
"""Largest projected gradient of a converged fit: nats per event, scaled parameters."""

START = {"alpha": 0.5, "c": 0.03, "p": 1.0, "d": 0.5, "gamma": 0.7, "q": 1.6}

BOUNDS = {
    "alpha": Bound(
        0.0,
        3.0,
        "larger events have no more offspring than smaller ones",
        "beyond, the largest event alone triggers everything",
    ),
    "c": Bound(
        1e-6,
        100.0,
        "a tenth of a second: delays below it are not resolved",
        "months: the last event says no more of the next place than those of months ago",
    ),
    "p": Bound(
        0.05,
        3.0,
        "old events count as much as new ones: seismicity is stationary",
        "the last event alone says where the next one is",
    ),
    "d": Bound(
        1e-6,
        1e4,
        "one metre: epicentres repeat; bin them or fix d",
        "a hundred kilometres: events do not cluster in space",
    ),
    "gamma": Bound(
        0.0,
        3.0,
        "large events trigger no further away than small ones",
        "beyond, large events trigger everywhere",
    ),
    "q": Bound(
        1.01,
        10.0,
        "the kernel has no mass near the event",
        "the kernel is a Gaussian: fix q",
    ),
}


@dataclass(frozen=True, eq=False, repr=False)
class PlaceFit:
    """A maximum-likelihood fit of ``TriggeredPlaces``.

    Parameters
    ----------
    law : TriggeredPlaces
        At the maximum.
    log_likelihood : float
        sum_i ln f(x_i | t_i, H) over the scored events, nats.
    n_events : int
        Scored events.
    converged : bool
        Whether ``gradient_norm`` is below 1e-6.
    gradient_norm : float
        Largest projected gradient in the scaled parameters, nats per event.
    bound_reasons : dict of str to str
        Parameters on the edge of the admissible box, and what that means.
    fixed : dict of str to float
        Parameters that were held.
    uncertainty : Uncertainty or None
        None where the Hessian is not that of a maximum.
    evaluations : int
        Number of evaluations of the likelihood.
    """

    law: TriggeredPlaces
    log_likelihood: float
    n_events: int
    converged: bool
    gradient_norm: float
    bound_reasons: dict[str, str]
    fixed: dict[str, float]
    uncertainty: Uncertainty | None
    evaluations: int

    @property
    def nats_per_event(self) -> float:
        """Log-likelihood per scored event."""
        return self.log_likelihood / self.n_events


def fit_places(
    sequence: EventSequence,
    region: Region,
    completeness: float,
    *,
    background: PlaceLaw | None = None,
    fixed: Mapping[str, float] | None = None,
    max_iterations: int = 100,
) -> PlaceFit:
    """Fit where triggered events happen by maximum likelihood.

        max over (mu, alpha, c, p, d, gamma, q) of sum_i ln f(x_i | t_i, H)

    over the scored events, by Fisher scoring and Newton steps as for the temporal ETAS.

    Parameters
    ----------
    sequence : EventSequence
        With locations, usually ``catalog.split().train``.
    region : Region
        That holds the scored events.
    completeness : float
        Mc.
    background : PlaceLaw, optional
        Law of background places; uniform by default.
    fixed : mapping of str to float, optional
        Parameters held at a value.
    max_iterations : int
        Scoring steps.

    Returns
    -------
    PlaceFit
        The law, with errors and how the maximum was found.

    Raises
    ------
    InputError
        With fewer than 70 scored events, an event below completeness or outside the region, or an
        impossible ``fixed`` value.
    """
    held = dict(fixed or {})
    n = sequence.n_scored
    if n < MINIMUM_EVENTS:
        raise InputError(
            f"{n} scored events are too few to fit places, which needs {MINIMUM_EVENTS}: lengthen "
            "the window or lower the completeness magnitude"
        )
    start = TriggeredPlaces(
        region, completeness, 1.0, **{**START, **_known(held)}, background=background
    )
    terms = PlaceTerms.of(
        sequence, start, c_min=0.99 * BOUNDS["c"].lower, p_max=BOUNDS["p"].upper + 0.01
    )
    # The background starts with a tenth of the weight of all parents
    weight = float(terms.evaluate(start.parameters).total.mean())
    box = Box(
        {
            "mu": Bound(
                1e-8 * weight,
                1e3 * weight,
                "every event has a parent: no background is needed",
                "events do not cluster about earlier ones",
            ),
            **BOUNDS,
        },
        weight,
    )
    values = box.fixed_mask(held)
    free = np.isnan(values)
    first = start.parameters
    first[0] = 0.1 * weight
    evaluate = scaled_objective(PlaceLikelihood(terms), box, n)
    begin = box.scaled(np.where(free, first, values))
    climbed = climb(evaluate, begin, box, free, tolerance=1e-10, max_iterations=max_iterations)
    edges = np.array([name in box.reasons(climbed.position) for name in box.names])
    # Sums use all cores already
    with ThreadPoolExecutor(max_workers=1) as pool:
        summit, hessian = polish(evaluate, climbed, box, free & ~edges, pool)
    x = summit.position
    gradient = np.where(free, summit.evaluation.gradient, 0.0)
    norm = float(np.abs(x - np.clip(x + gradient, box.lower, box.upper)).max())
    reasons = {name: why for name, why in box.reasons(x).items() if name not in held}
    return PlaceFit(
        start.with_parameters(np.where(free, box.natural(x), values)),
        n * summit.evaluation.value,
        n,
        bool(norm < CONVERGED),
        norm,
        reasons,
        held,
        Uncertainty.of(box, x, free & ~edges, hessian * n),
        summit.evaluations,
    )


def _known(fixed: Mapping[str, float]) -> dict[str, float]:
    """Fixed values that the law has, for a start; ``Box.fixed_mask`` refuses others by name."""
    return {name: value for name, value in fixed.items() if name in START}
