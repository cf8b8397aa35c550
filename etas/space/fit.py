"""Maximum-likelihood fits of places, and of times and places."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from catalogs import EventSequence, GutenbergRichter, InputError
from catalogs.sequence import FloatArray
from etas.completeness import CompletenessHistory
from etas.detection import Detection
from etas.fit import fit_etas
from etas.optimiser import HESSIAN_STEP, climb, polish, scaled_objective
from etas.parameters import C_BOUND, Bound, Box
from etas.space.background import SmoothedPlaces
from etas.space.law import PlaceLaw
from etas.space.likelihood import SpaceTimeLikelihood
from etas.space.model import SpaceTimeETAS
from etas.space.region import Region
from etas.space.rounding import least_square
from etas.space.sums import FEW
from etas.space.triggered import PlaceLikelihood, PlaceTerms, TriggeredPlaces
from etas.uncertainty import Uncertainty

MINIMUM_EVENTS = 70
"""Ten per parameter."""

CONVERGED = 1e-6
"""Largest projected gradient of a converged fit: nats per event, scaled parameters."""

FLAT = 1e-6
"""Curvature below which there is none, nats: it is one of differences of gradients."""

TREE_STEP = 0.01
"""Step of the Hessian's differences where sums are taken by groups of events: these jump by some
1e-3 nats where a group is divided, and a step of 1e-4 takes the jump for a curvature."""

PART = 0.1
"""Least component of a parameter in a direction that it takes part in."""

LATEST = 10_000
"""Last events of a window that a law of places is fitted to, with all earlier ones as parents:
older epicentres are less precise, and on validation windows they made fits worse."""

HIGHEST_Q = 2.0
"""Where epicentres are rounded: a kernel with D = cell / pi has one event a cell at its peak."""

LEAST_SHARE = 1e-3
"""Weight of the background over that of all parents by which events are declustered, at least: on
the validation window of salton_sea_10 the first fit, which finds none, costs 0.1 nats per event."""

START = {"alpha": 0.5, "c": 0.03, "p": 1.0, "d": 0.5, "gamma": 0.7, "q": 1.6}

ADAPTIVE = {"eta": 0.5}

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
    "eta": Bound(
        0.0,
        1.5,
        "kernels are as wide where events are dense",
        "events cluster at the distance of their neighbours: fix eta",
    ),
}


Fitted = TypeVar("Fitted", TriggeredPlaces, SpaceTimeETAS)


@dataclass(frozen=True, eq=False, repr=False)
class SpaceFit(Generic[Fitted]):
    """A maximum-likelihood fit of ``TriggeredPlaces`` or ``SpaceTimeETAS``.

    Parameters
    ----------
    model : TriggeredPlaces or SpaceTimeETAS
        At the maximum.
    log_likelihood : float
        Of the places of the scored events given their times, or of both; nats, with densities per
        km^2 (and day).
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
        Of the parameters along which the likelihood is not flat; None where it is along all.
    evaluations : int
        Number of evaluations of the likelihood, those that declustered the background included.
    least_square : float, optional
        Least d, km^2, where epicentres are rounded or repeat so much that kernels would be narrower
        than what is known of a place.
    """

    model: Fitted
    log_likelihood: float
    n_events: int
    converged: bool
    gradient_norm: float
    bound_reasons: dict[str, str]
    fixed: dict[str, float]
    uncertainty: Uncertainty | None
    evaluations: int
    least_square: float | None = None

    @property
    def nats_per_event(self) -> float:
        """Log-likelihood per scored event."""
        return self.log_likelihood / self.n_events

    def __repr__(self) -> str:
        rows: list[str] = []
        for name in self.model.names:
            value, known = getattr(self.model, name), self.uncertainty
            if name in self.fixed:
                about = "fixed"
            elif name in self.bound_reasons:
                about = f"on its bound: {self.bound_reasons[name]}"
            elif known is None or name not in known.names:
                about = "no error: the likelihood is flat here"
            else:
                low, high = known.interval(name)
                about = f"{known.standard_error(name):12.3g}   {low:.6g} to {high:.6g}"
            rows.append(f"{name:>6} {value:12.6g} {about}")
        state = "converged" if self.converged else "NOT converged"
        effort = f"gradient {self.gradient_norm:.1e} nats/event, {self.evaluations} evaluations"
        return "\n".join(
            [
                f"{'':>6} {'estimate':>12} {'std. error':>12}   95 % interval",
                *rows,
                f"log-likelihood {self.nats_per_event:.4f} nats/event, densities per km^2",
                f"{state}: {effort}",
            ]
        )


@dataclass(frozen=True)
class Goal:
    """How near to the maximum a fit has to end."""

    tolerance: float
    """Nats per event that the climb may leave."""

    gradient: float
    """Of a fit that has converged, nats per event."""

    polished: bool = False
    """Whether Newton steps follow, and errors are from the Hessian."""


ROUGH, FINE, FINEST = Goal(1e-6, 1e-2), Goal(1e-10, 1e-4), Goal(1e-10, CONVERGED, polished=True)
"""Rough where it only tells background from other events."""


def fit_places(
    sequence: EventSequence,
    region: Region,
    completeness: float,
    *,
    background: PlaceLaw | None = None,
    fixed: Mapping[str, float] | None = None,
    decluster: bool = True,
    errors: bool = True,
    max_iterations: int = 100,
) -> SpaceFit[TriggeredPlaces]:
    """Fit where triggered events happen by maximum likelihood.

        max over (mu, alpha, c, p, d, gamma, q, eta) of sum_i ln f(x_i | t_i, H)

    over the scored events, by Fisher scoring and Newton steps as for the temporal ETAS.

    Rounded and repeated epicentres would earn without limit on kernels that shrink onto them. Where
    most kernels come out with more than one event in the cell to which epicentres are rounded, or
    in a circle of 20 m, the fit is made again with d no less than the cell / pi, q no more than 2,
    and eta = 0: distances between rounded epicentres say nothing of a width.

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
        Parameters held at a value: ``{"eta": 0.0}`` for kernels as wide everywhere.
    decluster : bool
        Whether smoothed seismicity (``SmoothedPlaces``) is declustered: the law is fitted again
        with events that count as often as they are background under the first fit.
    errors : bool
        Whether Newton steps end at the maximum to the last digit, and errors are from the Hessian
        there, which takes as long again. Else a climb ends within 1e-10 nats per event of it, and
        errors are from the Fisher information.
    max_iterations : int
        Scoring steps.

    Returns
    -------
    SpaceFit
        The law, with errors and how the maximum was found.

    Raises
    ------
    InputError
        With fewer than 70 scored events, an event below completeness or outside the region, or an
        impossible ``fixed`` value.
    """
    held = dict(fixed or {})
    _check_enough(sequence)
    points = region.positions(region.located(sequence))
    starts = {**START, **ADAPTIVE}.items()
    alpha, c, p, d, gamma, q, eta = (held.get(name, value) for name, value in starts)
    plain = TriggeredPlaces(
        region, completeness, 1.0, alpha, c, p, d, gamma, q, background=background, eta=eta
    )

    smoothed = background if decluster and isinstance(background, SmoothedPlaces) else None

    def fitted(start: TriggeredPlaces, *, again: bool) -> SpaceFit[TriggeredPlaces]:
        goal = ROUGH if smoothed is not None and not again else FINEST if errors else FINE
        fit = _fit_places(sequence, start, held, max_iterations, goal, again=again)
        widths = fit.model.widths(sequence.magnitude_excess(completeness), points)
        least = _too_narrow(sequence, region, fit, widths)
        if least is None:
            return fit
        here = {"eta": 0.0, **held}
        begin = replace(plain, background=start.background, eta=here["eta"])
        return _fit_places(sequence, begin, here, max_iterations, goal, least)

    fit = fitted(plain, again=False)
    if smoothed is None:
        return fit
    some = _declustering(fit.model, sequence)
    start = replace(some, background=replace(smoothed, declustering=some))
    return _after(fit, fitted(start, again=True))


def _declustering(law: TriggeredPlaces, sequence: EventSequence) -> TriggeredPlaces:
    """The law by which smoothed seismicity counts events as they are background.

    Where all events make the map, kernels of parents may explain as much as the background does,
    and mu comes out as nothing; it is given some, as events count for nothing else.
    """
    terms = _terms(sequence, law, adaptive=law.eta != 0.0).evaluate(law.parameters)
    weight = float(terms.total.mean()) - law.mu
    return replace(law, mu=max(law.mu, LEAST_SHARE * weight), background=None)


def _after(first: SpaceFit[Fitted], fit: SpaceFit[Fitted]) -> SpaceFit[Fitted]:
    """A fit, with the evaluations of the first one, which declustered its background."""
    return replace(fit, evaluations=first.evaluations + fit.evaluations)


def _fit_places(
    sequence: EventSequence,
    start: TriggeredPlaces,
    held: dict[str, float],
    max_iterations: int,
    goal: Goal,
    least: float | None = None,
    *,
    again: bool = False,
) -> SpaceFit[TriggeredPlaces]:
    """The maximum with d >= ``least``; ``again`` from one for another background."""
    bounds = _bounds(held, least)
    if "d" not in held:
        start = replace(start, d=max(start.d, bounds["d"].lower))
    terms = _terms(sequence, start, adaptive=held.get("eta") != 0.0)
    weight = float(terms.evaluate(start.parameters).total.mean())
    box = Box(
        {
            "mu": Bound(
                1e-8 * weight,
                1e3 * weight,
                "every event has a parent: no background is needed",
                "events do not cluster about earlier ones",
            ),
            **bounds,
        },
        weight,
    )
    if not again:  # the background starts with a tenth of the weight of all parents
        start = replace(start, mu=0.1 * weight)
    fit = _maximum(PlaceLikelihood(terms), box, start, held, max_iterations, goal)
    return replace(fit, least_square=least)


def fit_space_time(
    sequence: EventSequence,
    magnitude_law: GutenbergRichter,
    region: Region,
    *,
    background: PlaceLaw | None = None,
    fixed: Mapping[str, float] | None = None,
    completeness: CompletenessHistory | None = None,
    decluster: bool = True,
    max_iterations: int = 100,
) -> SpaceFit[SpaceTimeETAS]:
    """Fit the space-time ETAS model by maximum likelihood.

        max over (mu, k, alpha, c, p, d, gamma, q) of sum_i ln lambda(t_i, x_i) - integral lambda

    over the scored window and the region, from the temporal fit. Kernels have a least width where
    epicentres are rounded or repeat, as in ``fit_places``.

    Parameters
    ----------
    sequence : EventSequence
        With locations, usually ``catalog.split().train``.
    magnitude_law : GutenbergRichter
        Gives the completeness magnitude; becomes the model's law of magnitudes.
    region : Region
        That holds the scored events.
    background : PlaceLaw, optional
        Law of background places; uniform by default.
    fixed : mapping of str to float, optional
        Parameters held at a value.
    completeness : CompletenessHistory, optional
        Mc(t): events below it are left out and the others scored as ``SpaceTimeLikelihood`` says.
    decluster : bool
        Whether smoothed seismicity (``SmoothedPlaces``) is declustered: the model is fitted again
        with events that count as often as they are background under the first fit. As it is, it
        has the places of aftershocks too, and mu comes out too high. Errors hold for the
        background that was found.
    max_iterations : int
        Scoring steps.

    Returns
    -------
    SpaceFit
        The model, with errors and how the maximum was found.

    Raises
    ------
    InputError
        With fewer than 70 scored events, an event below completeness or outside the region, or an
        impossible ``fixed`` value.
    """
    held = dict(fixed or {})
    if completeness is not None:
        sequence = completeness.select(sequence)
    _check_enough(sequence)
    times = fit_etas(sequence, magnitude_law, starts=1, completeness=completeness).model
    values = {**START, "alpha": times.alpha, "c": times.c, "p": times.p, **_known(held)}
    days, n = sequence.scored_days, sequence.n_scored
    start = SpaceTimeETAS(
        max(times.mu, 0.1 * n / days),
        times.k,
        **values,
        magnitude_law=magnitude_law,
        region=region,
        background=background,
    )

    excess = sequence.magnitude_excess(magnitude_law.completeness)

    smoothed = background if decluster and isinstance(background, SmoothedPlaces) else None

    def climbed(start: SpaceTimeETAS, least: float | None, goal: Goal) -> SpaceFit[SpaceTimeETAS]:
        bounds = _bounds(held, least)
        begin = replace(start, d=held.get("d", max(start.d, bounds["d"].lower)))
        objective, box = space_time_objective(sequence, begin, completeness, held, least)
        fit = _maximum(objective, box, begin, held, max_iterations, goal)
        return replace(fit, least_square=least)

    def fitted(start: SpaceTimeETAS, goal: Goal) -> SpaceFit[SpaceTimeETAS]:
        fit = climbed(start, None, goal)
        widths = fit.model.d * 10.0 ** (fit.model.gamma * excess)
        least = _too_narrow(sequence, region, fit, widths)
        return fit if least is None else climbed(start, least, goal)

    fit = fitted(start, FINEST if smoothed is None else ROUGH)
    if smoothed is None:
        return fit
    some = _declustering(fit.model.places, sequence)
    start = replace(fit.model, background=replace(smoothed, declustering=some))
    return _after(fit, fitted(start, FINEST))


def space_time_objective(
    sequence: EventSequence,
    model: SpaceTimeETAS,
    completeness: CompletenessHistory | None = None,
    fixed: Mapping[str, float] | None = None,
    least: float | None = None,
) -> tuple[SpaceTimeLikelihood, Box]:
    """The log-likelihood of a sequence for any parameters in the box of a fit, and the box.

    Parameters
    ----------
    sequence : EventSequence
        With locations.
    model : SpaceTimeETAS
        With the region, the background and the law of magnitudes.
    completeness : CompletenessHistory, optional
        Mc(t).
    fixed : mapping of str to float, optional
        Parameters that are held.
    least : float, optional
        Least d, km^2 (``SpaceFit.least_square``).

    Returns
    -------
    tuple of SpaceTimeLikelihood and Box
        For ``etas.optimiser``.
    """
    detection = None
    if completeness is not None:
        detection = Detection.of(sequence, model.magnitude_law, completeness)
        sequence = detection.sequence
    days, n = sequence.scored_days, sequence.n_scored
    bounds = Box.of(n / days, days, taper=False).bounds
    kernels = _bounds(fixed or {}, least)
    box = Box({**bounds, **{name: kernels[name] for name in ("d", "gamma", "q")}}, n / days)
    terms = _terms(sequence, model.places, adaptive=False, detection=detection)
    return SpaceTimeLikelihood(terms), box


def latest(sequence: EventSequence, most: int = LATEST) -> EventSequence:
    """The same events, of which at most the last ``most`` are scored.

    Parameters
    ----------
    sequence : EventSequence
        The events.
    most : int
        How many.

    Returns
    -------
    EventSequence
        On the same window.
    """
    if sequence.n_scored <= most:
        return sequence
    return sequence.scored_from(float(sequence.times[-most]))


def _bounds(held: Mapping[str, float], least: float | None) -> dict[str, Bound]:
    """Of the parameters of kernels and weights; with ``least``, of epicentres that are rounded."""
    if least is None:
        return BOUNDS
    why = "epicentres are rounded or repeat: no kernel is narrower"
    peak = "epicentres are rounded or repeat: no kernel has a higher peak"
    found = {**BOUNDS, "d": replace(BOUNDS["d"], lower=least, why_lower=why)}
    if "q" not in held:
        found["q"] = replace(BOUNDS["q"], upper=HIGHEST_Q, why_upper=peak)
    return found


def _too_narrow(
    sequence: EventSequence, region: Region, fit: SpaceFit[Fitted], widths: FloatArray
) -> float | None:
    """The least squared width, km^2, if most kernels are narrower and d is not held; else None.

    The peak of a kernel is (q - 1) / (pi D).
    """
    if "d" in fit.fixed:
        return None
    places = region.located(sequence)[sequence.first_scored :]
    least = least_square(places, region.radius)
    return least if float(np.median(widths)) < (fit.model.q - 1.0) * least else None


def _check_enough(sequence: EventSequence) -> None:
    """Raise an InputError for fewer events than a fit needs."""
    if sequence.n_scored < MINIMUM_EVENTS:
        raise InputError(
            f"{sequence.n_scored} scored events are too few to fit places, which needs "
            f"{MINIMUM_EVENTS}: lengthen the window or lower the completeness magnitude"
        )


def _terms(
    sequence: EventSequence,
    law: TriggeredPlaces,
    *,
    adaptive: bool,
    detection: Detection | None = None,
) -> PlaceTerms:
    """What does not depend on the parameters, for all of the box."""
    lowest = 0.99 * min(BOUNDS["c"].lower, C_BOUND.lower)
    p_max = BOUNDS["p"].upper + 0.01
    return PlaceTerms.of(
        sequence, law, c_min=lowest, p_max=p_max, adaptive=adaptive, detection=detection
    )


def _maximum(
    objective: PlaceLikelihood | SpaceTimeLikelihood,
    box: Box,
    start: Fitted,
    held: dict[str, float],
    max_iterations: int,
    goal: Goal,
) -> SpaceFit[Fitted]:
    """Climb from ``start``, polish, and describe where it ends."""
    n = objective.sequence.n_scored
    values = box.fixed_mask(held)
    free = np.isnan(values)
    evaluate = scaled_objective(objective, box, n)
    begin = box.scaled(np.where(free, start.parameters, values))
    summit = climb(
        evaluate, begin, box, free, tolerance=goal.tolerance, max_iterations=max_iterations
    )
    inner = free & np.array([name not in box.reasons(summit.position) for name in box.names])
    interior = np.flatnonzero(inner)
    hessian = -summit.evaluation.information[np.ix_(interior, interior)]
    if goal.polished:
        with ThreadPoolExecutor(max_workers=1) as pool:  # sums use all cores already
            step = TREE_STEP if len(objective.sequence) > FEW else HESSIAN_STEP
            summit, hessian = polish(evaluate, summit, box, inner, pool, step)
    x = summit.position
    known = determined(hessian * n)
    inside = np.isin(np.arange(x.size), interior[known])
    gradient = np.where(free, summit.evaluation.gradient, 0.0)
    norm = float(np.abs(x - np.clip(x + gradient, box.lower, box.upper)).max())
    return SpaceFit(
        start.with_parameters(np.where(free, box.natural(x), values)),
        n * summit.evaluation.value,
        n,
        bool(norm < goal.gradient),
        norm,
        {name: why for name, why in box.reasons(x).items() if name not in held},
        held,
        Uncertainty.of(box, x, inside, hessian[np.ix_(known, known)] * n),
        summit.evaluations,
    )


def determined(hessian: FloatArray) -> NDArray[np.bool_]:
    """Which parameters take no part in a direction along which the likelihood is flat, or rises.

    Without offspring, say, d, gamma and q mean nothing, and mu is as well known as ever.

    Examples
    --------
    >>> determined(np.diag([-200.0, 0.0]))
    array([ True, False])
    """
    curvatures, directions = np.linalg.eigh(hessian)
    parts = np.abs(directions[:, curvatures >= -FLAT])
    return np.asarray((parts < PART).all(axis=1))


def _known(fixed: Mapping[str, float]) -> dict[str, float]:
    """Fixed values that a start has; ``Box.fixed_mask`` refuses unknown names."""
    return {name: value for name, value in fixed.items() if name in START}
