"""The law of an event's place, given its time and all earlier events."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self, cast

import numpy as np

from catalogs import EventSequence, Trajectories
from catalogs.marks import MarkLaw
from catalogs.process import Seed
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.placing import Parents, Sites, place
from etas.space.region import Region


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

    def in_plane(self) -> Self:
        """The law with kernels that integrate to 1 over the plane, as public benchmarks score."""
        changed: dict[str, Any] = {"region": replace(self.region, whole_plane=True)}
        background = getattr(self, "background", None)
        if isinstance(background, PlaceLaw):
            changed["background"] = background.in_plane()
        return replace(cast(Any, self), **changed)  # type: ignore[no-any-return]

    @abstractmethod
    def parents(self, history: EventSequence, drawn: Trajectories) -> Parents:
        """Weights and kernels of parents, of a history and of the events that continue it."""

    @abstractmethod
    def sites(self, history: EventSequence) -> Sites:
        """The background as known at the end of a history."""

    def place(
        self,
        history: EventSequence,
        drawn: Trajectories,
        *,
        seed: Seed,
        threads: int | None = None,
    ) -> tuple[Trajectories, IntArray]:
        """Draw the places of simulated events.

        Parameters
        ----------
        history : EventSequence
            With locations; ends where the trajectories start.
        drawn : Trajectories
            Simulated times and magnitudes.
        seed : int or sequence of int
            The same gives the same places.
        threads : int, optional
            By default one per core; the result does not depend on it.

        Returns
        -------
        Trajectories
            The same events with ``locations``.
        array of int (event,)
            Parents: an index in the history, the length of the history plus one in ``drawn``, or
            -1 for the background.

        Raises
        ------
        InputError
            If the history has no locations.
        """
        return place(
            self.region,
            history,
            drawn,
            self.parents(history, drawn),
            self.sites(history),
            seed=seed,
            threads=threads,
        )

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

    def density(self, sequence: EventSequence, time: float, locations: FloatArray) -> FloatArray:
        """1 / A at each place, km^-2, shape (place,)."""
        del sequence, time
        return np.full(len(locations), 1.0 / self.region.square_km)

    def parents(self, history: EventSequence, drawn: Trajectories) -> Parents:
        """No event is a parent."""
        return no_parents(history, drawn)

    def sites(self, history: EventSequence) -> Sites:
        """At random in the region."""
        del history
        return Sites(1.0, np.empty(0), 2.0)

    @property
    def reference(self) -> None:
        """None: this is the memoryless law."""
        return


def no_parents(history: EventSequence, drawn: Trajectories) -> Parents:
    """Weights by which every event is background."""
    old, new = np.zeros(len(history)), np.zeros(drawn.times.size)
    return Parents(1.0, 1.0, 1.0, 2.0, old, old + 1.0, new, new + 1.0)
