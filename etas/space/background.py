"""Smoothed seismicity: places where events have happened before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from catalogs import EventSequence, InputError
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.law import NO_PARENTS, LogDensityAt, PlaceLaw
from etas.space.neighbours import neighbour_distances
from etas.space.pairs import Kernel, Sources, point_sums
from etas.space.placing import Parents, Sites
from etas.space.region import Region
from etas.space.sums import earlier_sums

if TYPE_CHECKING:
    from etas.space.triggered import TriggeredPlaces

EXPONENT = 1.5
"""q of the kernels: densities fall as r^-3 far from an event."""


@dataclass(frozen=True)
class SmoothedPlaces(PlaceLaw):
    """Seismicity so far, smoothed with adaptive kernels.

        f(x | t) = (u / A + sum_{t_j < t} phi_j K_j(x)) / (u + sum_{t_j < t} phi_j Z_j)
        K_j(x) = h_j / (2 pi) (r^2 + h_j^2)^{-3/2},  Z_j its mass inside the region

    where h_j is the distance of event j to the k-th nearest of the events before it (Helmstetter et
    al. 2007, doi:10.1785/gssrl.78.1.78, who use all events at once): the law of an event depends
    on earlier ones only. The second event of all is an exception: h of the first is the distance
    between the two, so that ``log_density`` there is none, while ``density`` has 1 km. phi_j is 1,
    or with ``declustering`` the probability that event j is background
    (``independence.background_probabilities``).

    Parameters
    ----------
    region : Region
        Where the law holds.
    neighbours : int
        k: more make a smoother map.
    least_width : float
        Lower bound of h_j, km: epicentres that are rounded, or repeat, give it no less.
    uniform_weight : float
        u, in events.
    declustering : TriggeredPlaces, optional
        Tells triggered events from background, which is this law: its own ``background`` is not
        used.

    Raises
    ------
    InputError
        For a number that is not positive.
    """

    region: Region
    neighbours: int = 8
    least_width: float = 0.2
    uniform_weight: float = 1.0
    declustering: TriggeredPlaces | None = None

    def __post_init__(self) -> None:
        for name in ("neighbours", "least_width", "uniform_weight"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"{name} = {value} must be positive and finite")

    def log_density(self, sequence: EventSequence) -> FloatArray:
        """Log density of the place of each scored event, nats, shape (n_scored,)."""
        sources, masses = self.sources(sequence)
        first = sequence.first_scored
        sums = earlier_sums(sources, self._kernel, first)[:, 0]
        before = np.concatenate([[0.0], np.cumsum(masses)])[first:-1]
        return np.log(
            (self.uniform_weight / self.region.square_km + sums) / (self.uniform_weight + before)
        )

    def at_events(self, sequence: EventSequence) -> LogDensityAt:
        """Log density at the times of the scored events, wherever they might have been."""
        sources, masses = self.sources(sequence)
        before = self.uniform_weight + np.concatenate([[0.0], np.cumsum(masses)])
        uniform, first = self.uniform_weight / self.region.square_km, sequence.first_scored

        def log_density(events: IntArray, locations: FloatArray) -> FloatArray:
            upto, points = first + events, self.region.positions(locations)
            now = sequence.times[upto]
            sums = point_sums(sources, self._kernel, points, now, upto)
            return np.log((uniform + sums) / before[upto])

        return log_density

    def density(self, sequence: EventSequence, time: float, locations: FloatArray) -> FloatArray:
        """Density at one time, km^-2, shape (place,)."""
        past = sequence.where(sequence.times < time)
        sources, masses = self.sources(past)
        places = self.region.located(past)
        total = np.full(len(locations), self.uniform_weight / self.region.square_km)
        for place, gain, width in zip(places, sources.gains, sources.widths, strict=True):
            ratio = self.region.distances(locations, place) ** 2 / width
            total += gain * (EXPONENT - 1.0) / (np.pi * width) * (1.0 + ratio) ** -EXPONENT
        return np.asarray(total / (self.uniform_weight + masses.sum()))

    @property
    def parents(self) -> Parents:
        """No event is a parent."""
        return NO_PARENTS

    def sites(self, history: EventSequence) -> Sites:
        """About the events of the history: simulated ones do not change the map."""
        if self.declustering is None:  # no masses are needed, which take longest
            widths = self._widths(self.region.positions(self.region.located(history)))
            return Sites.about(widths, np.ones(len(history)), self.uniform_weight, EXPONENT)
        sources, _ = self.sources(history)
        return Sites.about(sources.widths, sources.gains, self.uniform_weight, EXPONENT)

    def _widths(self, points: FloatArray) -> FloatArray:
        """h_j^2, km^2, shape (event,)."""
        return np.maximum(neighbour_distances(points, self.neighbours), self.least_width) ** 2

    @property
    def _kernel(self) -> Kernel:
        return Kernel(1.0, 0.0, EXPONENT, self.region.radius)

    def sources(self, sequence: EventSequence) -> tuple[Sources, FloatArray]:
        """The events as kernels, and the masses of these inside the region, shape (event,).

        Gains are phi_j, which masses have as a factor.
        """
        locations = self.region.located(sequence)
        points = self.region.positions(locations)
        widths = self._widths(points)
        one, zero = np.ones(len(sequence)), np.zeros(len(sequence))
        masses = self.region.borders(locations).parent_masses(widths, EXPONENT)[:, 0]
        sources = Sources(sequence.times, points, one, zero, widths, zero)
        if self.declustering is None:
            return sources, masses
        found = self._background(sequence, sources, masses, self.declustering)
        return replace(sources, gains=found), masses * found

    def _background(
        self, sequence: EventSequence, sources: Sources, masses: FloatArray, law: TriggeredPlaces
    ) -> FloatArray:
        """Probability of each event to be background, shape (event,)."""
        from etas.space.independence import Smoothing, background_probabilities

        smoothing = Smoothing(
            sources.positions,
            sources.widths,
            (EXPONENT - 1.0) / (np.pi * sources.widths),
            masses,
            EXPONENT,
            self.region.radius,
            self.region.square_km,
            self.uniform_weight,
        )
        return background_probabilities(smoothing, law.triggered_rate(sequence), law.mu)
