"""The law of an event's place, given its time and all earlier events."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

import numpy as np

from catalogs import EventSequence
from catalogs.marks import MarkLaw
from catalogs.process import Seed
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.placing import Parents, Placer, Sites
from etas.space.region import Region

LogDensityAt = Callable[[IntArray, FloatArray], FloatArray]
"""ln f(x | t_i, H), nats, shape (place,): of scored events by number i, and one place x of each,
latitude and longitude, shape (place, 2). A number may come several times."""


class PlaceLaw(MarkLaw):
    """Density of the epicentre over a region, f(x | t, H), which integrates to 1 there.

    With the intensity of the times lambda(t) the events follow lambda(t) f(x | t, H) in events
    day^-1 km^-2. Scores are in nats with densities per km^2.
    """

    name: ClassVar[str] = "place"
    region: Region

    @abstractmethod
    def density(self, sequence: EventSequence, time: float, locations: FloatArray) -> FloatArray:
        """Density at one time.

        Parameters
        ----------
        sequence : EventSequence
            With locations; events before ``time`` count.
        time : float
            Days.
        locations : array (place, 2)
            Latitude and longitude in the region, degrees.

        Returns
        -------
        array (place,)
            In 1/km^2.
        """

    def at_events(self, sequence: EventSequence) -> LogDensityAt:
        """Prepare the density at the times of the scored events, wherever they might have been.

        Parameters
        ----------
        sequence : EventSequence
            With locations.

        Returns
        -------
        callable
            Log densities of places, each at the time of a scored event and given all before it. At
            the places of the events themselves they are ``log_density``.
        """
        times = sequence.times[sequence.first_scored :]

        def log_density(events: IntArray, locations: FloatArray) -> FloatArray:
            found = np.empty(len(locations))
            for i in np.unique(events).tolist():
                here = np.flatnonzero(events == i)
                found[here] = np.log(self.density(sequence, float(times[i]), locations[here]))
            return found

        return log_density

    def redrawn(self, sequence: EventSequence, n: int, *, seed: Seed) -> FloatArray:
        """Other places that the scored events might have had, each given its time and past.

        Parameters
        ----------
        sequence : EventSequence
            With locations.
        n : int
            Places for each event.
        seed : int or sequence of int
            Random seed.

        Returns
        -------
        array (scored event, n, 2)
            Latitude and longitude, degrees, of the law ``drawn``.
        """
        drawn = self.drawn
        return drawn.placer(sequence, sequence.end).redrawn(sequence.first_scored, n, seed=seed)

    def in_plane(self) -> Self:
        """The law with kernels that integrate to 1 over the plane, as public benchmarks score."""
        changed: dict[str, Any] = {"region": replace(self.region, whole_plane=True)}
        background = getattr(self, "background", None)
        if isinstance(background, PlaceLaw):
            changed["background"] = background.in_plane()
        return replace(cast(Any, self), **changed)  # type: ignore[no-any-return]

    @property
    @abstractmethod
    def parents(self) -> Parents:
        """Weights and kernels of earlier events as parents."""

    @abstractmethod
    def sites(self, history: EventSequence) -> Sites:
        """The background as known at the end of a history."""

    def placer(self, history: EventSequence, end: float) -> Placer:
        """Prepare to draw the places of events that continue a history.

        Parameters
        ----------
        history : EventSequence
            With locations.
        end : float
            Until when, days.

        Returns
        -------
        Placer
            Its ``place`` draws them.

        Raises
        ------
        InputError
            If the history has no locations.
        """
        return Placer.of(self.region, history, end, self.parents, self.sites(history))

    @property
    def drawn(self) -> PlaceLaw:
        """The law that simulated places follow: itself, unless a law says otherwise."""
        return self

    @property
    def reference(self) -> MarkLaw | None:
        """Uniform places."""
        return UniformPlaces(self.region)


@dataclass(frozen=True)
class UniformPlaces(PlaceLaw):
    """Every place of the region is as likely as any other.

        f(x) = 1 / A

    Parameters
    ----------
    region : Region
        With the surface A, km^2.
    """

    region: Region

    def log_density(self, sequence: EventSequence) -> FloatArray:
        """-ln A of each scored event, nats, shape (n_scored,)."""
        self.region.located(sequence)
        return np.full(sequence.n_scored, -np.log(self.region.square_km))

    def at_events(self, sequence: EventSequence) -> LogDensityAt:
        """-ln A everywhere."""
        del sequence
        return lambda events, _: np.full(len(events), -np.log(self.region.square_km))

    def density(self, sequence: EventSequence, time: float, locations: FloatArray) -> FloatArray:
        """1 / A at each place, km^-2, shape (place,)."""
        del sequence, time
        return np.full(len(locations), 1.0 / self.region.square_km)

    @property
    def parents(self) -> Parents:
        """No event is a parent."""
        return NO_PARENTS

    def sites(self, history: EventSequence) -> Sites:
        """At random in the region."""
        del history
        return Sites(1.0, np.empty((0, 2)), 2.0)

    @property
    def reference(self) -> None:
        """None: this is the memoryless law."""
        return


NO_PARENTS = Parents(1.0, 1.0, 1.0, 2.0, 0.0, lambda m: (np.zeros(m.size), np.ones(m.size)))
"""Every event is background."""
