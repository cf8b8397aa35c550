"""ETAS on everything that is known at some time, with what other regions say where that is little.

It is what `recast forecast` uses where no model is named: hours of data are enough.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from catalogs import Catalog, EventSequence, GutenbergRichter, InputError
from catalogs.checks.extent import Extent
from catalogs.magnitudes import LARGEST_POSSIBLE, largest_drawn
from catalogs.sequence import reaches
from etas.completeness import CompletenessHistory
from etas.detection import Detection
from etas.fit import WITH_PRIOR, fit_etas
from etas.model import ETAS
from etas.parameters import Box
from etas.poisson import Poisson
from recast.models.etas_report import History, history_of, label_of, steps_of
from recast.models.kind import FittedModel
from recast.models.known import b_above, known_so_far
from recast.models.places import places_so_far
from recast.models.registry import REFERENCE, model_kind
from recast.pretrained import SHIPPED, b_prior, etas_prior

RECENT = 1000
"""Events by which b is estimated, which changes in time. Of 500 to all, above completeness or Mc(t)
and by increases of magnitude, the choice that told best which share of the events after mainshocks
of train windows was one unit above completeness."""

QUIET_DAYS = 30.0
"""Days before a mainshock of which a catalog has to tell before the fit may say what is usual."""

FEW_BEFORE, FEW_SINCE = 20, 100
"""Events before a sequence and in it: of so few fits do not tell the sequence from the region, and
of more in it they know what it is like."""

EXCESS = 2.0
"""Magnitude units above completeness that a mainshock has."""

LARGEST = 8.0
"""Largest magnitude drawn, unless one unit above the largest so far is more."""


def fit_so_far(
    catalog: Catalog,
    day: float,
    *,
    b: float | None = None,
    maximum_magnitude: float | None = None,
    places: bool = False,
    since: float | None = None,
    completeness_history: History = None,
) -> FittedModel:
    """Fit ETAS to all events before a day, with ``completeness_history`` to those above Mc(t).

    The result is the mode of the posterior whose prior are the regions of the net that comes with
    the package (``etas.prior``); with fewer than ten events it is the mean of that prior. The
    b-value is that of the last thousand events, of the n among them above Mc(t), which large events
    raise (``CompletenessHistory.helmstetter``), drawn towards those regions:

        1 / b = (n / b_events + n_0 / b_regions) / (n + n_0),    n_0 = (b_regions / sd)^2

    the precision-weighted mean of two estimates with variances b^2 / n and sd^2.

    Where the events begin less than a month before the mainshock of a month past, or with it, they
    do not tell the rate of ordinary times: the best fit takes aftershocks for it, and expects as
    many for ever. Then mu is at most that of the n events before the mainshock, (n + 1/2) / 30 d.

    A file that begins with a sequence tells of that, and not of the region: ETAS fitted to it
    expects too much in two of three forecasts (``experiments/sequence_files.py``). So where
    forecasts are corrected for the sequence ``since`` some day, no more than twenty events came
    before, and no more than a hundred in it, ETAS is fitted to the former.

    Parameters
    ----------
    catalog : Catalog
        With events before ``day``.
    day : float
        Days since its start.
    b : float, optional
        The b-value, if it is known.
    maximum_magnitude : float, optional
        The largest magnitude that can occur; by default 8, or one unit above the largest so
        far, 10 at most.
    places : bool
        Fit a law of places, too.
    since : float, optional
        Day of the mainshock of a sequence that forecasts are corrected for.
    completeness_history : CompletenessHistory, str or path, optional
        Mc(t), as in ``fit_catalog``.

    Returns
    -------
    FittedModel
        It has seen the events before ``day``.

    Raises
    ------
    InputError
        If ``b`` or ``maximum_magnitude`` is impossible, there is no event before ``day``, or the
        table of completeness cannot be read.
    """
    info = catalog.info
    history = history_of(catalog, "all", completeness_history)
    known = known_so_far(catalog, day)
    law = _law(catalog, known, b, maximum_magnitude, history)
    kind = model_kind(REFERENCE)
    time = info.to_time(day)
    until = time if isinstance(time, float) else time.isoformat()
    extent = replace(Extent.of(catalog), end=until, until=until)
    seen = {info.name: extent}
    detected = known if history is None else history.select(known)
    where = places_so_far(catalog, detected) if places else None
    usual = most_usual(catalog.to_sequence().before(day), info.magnitude_completeness)
    if since is not None:
        known = _of_the_region(known, since)
    detected = known if history is None else history.select(known)
    told = {
        "completeness": label_of(completeness_history),
        "completeness_steps": steps_of(history, completeness_history, info),
    }
    told = told if history is not None else {}
    if detected.n_scored < WITH_PRIOR:
        generic = _generic(known, law, history)
        generic = replace(generic, mu=min(generic.mu, usual))
        record = {**kind.to_json(generic), **told}
        return FittedModel(kind, generic, seen, 0, record=record, places=where)
    prior = etas_prior(SHIPPED, None)
    fit = fit_etas(known, law, prior=prior, protocol="all", completeness=history)
    if fit.model.mu > usual:
        fixed = {"mu": usual}
        fit = fit_etas(known, law, prior=prior, protocol="all", completeness=history, fixed=fixed)
    return FittedModel(
        kind,
        fit.model,
        seen,
        5,
        record={**fit.to_json(), **told},
        uncertainty=fit.uncertainty,
        fitted_to=detected,
        prior=prior,
        places=where,
    )


def _of_the_region(known: EventSequence, since: float) -> EventSequence:
    """The events before a sequence, if they are few, and those in it, too; else all."""
    if not known.score_from < since < known.end:
        return known
    before = known.before(since).scored_from(known.score_from)
    in_it = known.n_scored - before.n_scored
    return before if before.n_scored <= FEW_BEFORE and in_it <= FEW_SINCE else known


def with_magnitudes(
    fitted: FittedModel,
    catalog: Catalog,
    day: float,
    *,
    b: float | None = None,
    maximum_magnitude: float | None = None,
) -> FittedModel:
    """A fitted ETAS or Poisson process, of which other magnitudes are simulated.

    How many aftershocks an event of some magnitude has was fitted, and stays: more large events
    have more in all.

    Parameters
    ----------
    fitted : FittedModel
        The model.
    catalog : Catalog
        With events before ``day``.
    day : float
        Days since its start.
    b, maximum_magnitude : float, optional
        The b-value and the largest magnitude that can occur, by default the model's.

    Raises
    ------
    InputError
        If either is impossible, or the model draws magnitudes by a law of its own.
    """
    process, given = fitted.process, "maximum_magnitude" if b is None else "b"
    if not isinstance(process, (ETAS, Poisson)):
        raise InputError(
            f"`{given}` is for ETAS and Poisson, and {fitted.kind.name} has magnitudes of its own: "
            "leave it out"
        )
    law = process.magnitude_law
    largest = float(known_so_far(catalog, day).magnitudes.max(initial=-np.inf))
    top = law.maximum if maximum_magnitude is None else _checked(maximum_magnitude, largest)
    other = replace(law, b=law.b if b is None else b, maximum=top)
    return replace(fitted, process=replace(process, magnitude_law=other))


def _checked(maximum: float, largest: float) -> float:
    if not maximum <= LARGEST_POSSIBLE:
        raise InputError(
            f"`maximum_magnitude` {maximum:g}: give {LARGEST_POSSIBLE:g} at most, as no earthquake "
            "was larger than 9.6"
        )
    if maximum < largest:
        raise InputError(
            f"`maximum_magnitude` {maximum:g} is below the largest so far, {largest:g}: raise it"
        )
    return maximum


def most_usual(events: EventSequence, completeness: float) -> float:
    """The most events a day that are not caused by others, if a sequence hides how many they are.

    Infinite where they can be told from the aftershocks: no mainshock in the last month, or a month
    of events before it.
    """
    if len(events) == 0:
        return np.inf
    largest = int(np.argmax(events.magnitudes))
    time = float(events.times[largest])
    is_recent = events.end - time < QUIET_DAYS
    is_known = time - events.start >= QUIET_DAYS
    if is_known or not is_recent or not reaches(events.magnitudes, completeness + EXCESS)[largest]:
        return np.inf
    return (largest + 0.5) / QUIET_DAYS


def _law(
    catalog: Catalog,
    known: EventSequence,
    b: float | None,
    maximum: float | None,
    history: CompletenessHistory | None,
) -> GutenbergRichter:
    """The law of magnitudes."""
    info = catalog.info
    lowest, largest = info.magnitude_completeness, float(known.magnitudes.max(initial=-np.inf))
    top = largest_drawn(largest, LARGEST) if maximum is None else _checked(maximum, largest)
    law = GutenbergRichter(
        lowest,
        1.0 if b is None else b,
        top,
        step=info.magnitude_bin,
        strict=info.completeness_is_strict,
    )
    if b is not None:
        return law
    first = max(known.first_scored, len(known) - RECENT)
    recent = known.scored_from(float(known.times[first]))
    return replace(law, b=b_above(lowest, recent, known, info, *b_prior(SHIPPED), history))


def _generic(
    known: EventSequence, law: GutenbergRichter, history: CompletenessHistory | None
) -> ETAS:
    """The ETAS of the average region, with the rate of these events, over a month at least.

    A few events in less time say nothing of ordinary times: the file begins where they do. Days
    when only a share of the events is above Mc(t) count by that share.
    """
    prior = etas_prior(SHIPPED, None)
    if prior is None:
        raise InputError(f"{known.n_scored} events are too few to fit ETAS without a prior")
    n, days = known.n_scored, known.scored_days
    if history is not None:
        found = Detection.of(known, law, history)
        n, days = found.sequence.n_scored, float(found.steps @ found.shares)
    rate = max(n, 0.5) / max(days, QUIET_DAYS)
    mu, k, alpha, c, p = Box.of(rate, 1.0, taper=False).natural(prior.mean).tolist()
    return ETAS(mu, k, alpha, c, p, law)
