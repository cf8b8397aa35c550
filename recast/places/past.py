"""A sequence as parents of later events: where, how large, and how much of a kernel is inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence
from catalogs.sequence import FloatArray
from etas.space.neighbours import ranked_distances
from etas.space.region import Borders, Region
from etas.space.rounding import least_squares

NEIGHBOURS = (4, 16)
"""Earlier neighbours whose distances say how dense seismicity is, near and further."""

LEAST_MASS = 0.02
"""Least share of a kernel inside the region: events far outside are divided by no less."""


@dataclass(frozen=True, eq=False)
class Past:
    """Events, in order of time, with all that the law asks of each."""

    region: Region
    times: FloatArray
    """Days."""

    excess: FloatArray
    """Magnitudes above completeness."""

    positions: FloatArray
    """Points in space, km, shape (event, 3)."""

    borders: Borders
    near: FloatArray
    """Distance to the 4th nearest earlier event, km, no less than the rounding allows."""

    far: FloatArray
    """The same to the 16th."""

    least: FloatArray
    """Least squared width of a kernel, km^2."""

    background: FloatArray | None = None
    """How much each event counts in smoothed seismicity, as it is background, shape (event,); None
    where all count alike."""

    @classmethod
    def of(
        cls, sequence: EventSequence, region: Region, completeness: float, least_width: float
    ) -> Past:
        """The events of a sequence.

        Raises
        ------
        InputError
            If it has no locations, or a scored event lies outside the region.
        """
        locations = region.located(sequence)
        excess = sequence.magnitude_excess(completeness)
        return cls.at(sequence.times, excess, locations, region, least_width)

    @classmethod
    def at(
        cls,
        times: FloatArray,
        excess: FloatArray,
        locations: FloatArray,
        region: Region,
        least_width: float,
    ) -> Past:
        """Events at these times and places."""
        positions = region.positions(locations)
        least = least_squares(locations, region.radius, least_width)
        apart = ranked_distances(positions, NEIGHBOURS)
        near, far = np.sqrt(np.maximum(apart**2, least[:, None])).T
        return cls(region, times, excess, positions, region.borders(locations), near, far, least)

    @property
    def counts(self) -> FloatArray:
        """``background``, 1 where all count alike, shape (event,)."""
        return np.ones(len(self)) if self.background is None else self.background

    def __len__(self) -> int:
        return self.times.size

    def masses(self, widths: FloatArray, q: float) -> FloatArray:
        """Z_j of squared widths D_j, with its slopes by ln D and q, shape (event, 3)."""
        masses = self.borders.parent_masses(widths, q)
        np.clip(masses[:, 0], LEAST_MASS, 1.0, out=masses[:, 0])
        return masses
