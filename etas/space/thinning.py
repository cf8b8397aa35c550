"""Super-thinning: places that are uniform in the region if the law is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence
from catalogs.process import Seed
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.law import LogDensityAt, PlaceLaw
from etas.space.region import Region

THINNING = 17
"""Keeps the random numbers of thinning apart from others with the same seed."""


@dataclass(frozen=True, eq=False)
class SuperThinned:
    """One place for each event, uniform and independent if the law is right."""

    locations: FloatArray
    """Latitude and longitude, degrees, shape (event, 2)."""

    kept: np.ndarray
    """Which are the epicentres themselves; others are superposed, shape (event,)."""

    log_densities: FloatArray
    """Of the law at the epicentres, nats, shape (event,)."""


def super_thinned(
    law: PlaceLaw,
    sequence: EventSequence,
    *,
    seed: Seed,
    events: IntArray | None = None,
    at: LogDensityAt | None = None,
) -> SuperThinned:
    """Thin epicentres where they are denser than uniform, and superpose others where they are not.

    Event i is kept with probability

        min(1, k / f(x_i | t_i, H)),    k = 1 / A

    and is replaced otherwise by a place of density proportional to max(0, k - f(x | t_i, H)). The
    two have the mass of each other, so that under the true law each event leaves one place that is
    uniform, whatever the past. This is super-thinning (Clements et al. 2012), one event at a time:
    the times do not enter.

    Parameters
    ----------
    law : PlaceLaw
        Any law of places.
    sequence : EventSequence
        With locations.
    seed : int or sequence of int
        Another one leaves other events and superposes other places.
    events : array of int, optional
        Numbers of the scored events that are thinned; all by default.
    at : callable, optional
        ``law.at_events(sequence)``, if it is known.

    Returns
    -------
    SuperThinned
        As many places as events.

    References
    ----------
    Clements, R. A., Schoenberg, F. P. and Veen, A. (2012). Evaluation of space-time point process
    models using super-thinning. Environmetrics 23, 606-616. doi:10.1002/env.2168

    Examples
    --------
    >>> from catalogs.areas import Box
    >>> from etas.space import Region, UniformPlaces
    >>> events = EventSequence([1.0, 2.0], [3.0, 3.0], 0.0, 3.0, locations=[[1, 1], [2, 2]])
    >>> super_thinned(UniformPlaces(Region(Box(0, 3, 0, 3))), events, seed=0).kept
    array([ True,  True])
    """
    at = law.at_events(sequence) if at is None else at
    region, first = law.region, sequence.first_scored
    rng = np.random.default_rng([*np.atleast_1d(seed).tolist(), THINNING])
    log_k = -np.log(region.square_km)
    events = np.arange(sequence.n_scored) if events is None else events
    locations = region.located(sequence)[first + events]
    here = at(events, locations)
    kept = np.log(rng.random(len(locations))) < log_k - here
    left = np.flatnonzero(~kept)
    while left.size:
        places = uniform_places(region, left.size, rng)
        with np.errstate(over="ignore"):
            there = rng.random(left.size) < -np.expm1(at(events[left], places) - log_k)
        locations[left[there]] = places[there]
        left = left[~there]
    return SuperThinned(locations, kept, here)


def uniform_places(region: Region, n: int, rng: np.random.Generator) -> FloatArray:
    """Places at random in a region, latitude and longitude, degrees, shape (n, 2)."""
    from etas.space.place_loops import uniform_in
    from etas.space.placing import frame_of

    places = np.degrees(uniform_in(rng, n, *frame_of(region)))
    places[:, 1] = (places[:, 1] + 180.0) % 360.0 - 180.0
    return np.asarray(places)
