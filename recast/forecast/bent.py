"""Magnitudes of forecasts: b changes one unit above completeness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from catalogs import Catalog, GutenbergRichter, PointProcess, Trajectories
from catalogs.marks import FixedMagnitudes
from catalogs.sequence import FloatArray
from recast.forecast.single import Drawable
from recast.models.so_far import b_above, known_so_far
from recast.pretrained import SHIPPED, b_prior

ABOVE = 1.0
"""Magnitude units above completeness from which b is that of the large events."""

USUAL_B = 1.0
"""To which the b-value of large events is drawn where few are known: that of the world."""

LEAST_ROOM = 0.1
"""Magnitude units below the largest magnitude, from which a law does not change any more."""


@dataclass(frozen=True)
class BentLaw:
    """A Gutenberg-Richter law up to a magnitude, and another one above it.

    With S(m) the share of events >= m by ``law``,

        P(m' >= m) = S(m)                    m <= bend
                     S(bend) T(m)            m > bend

    T is the Gutenberg-Richter law above ``bend`` with b-value ``b_above``, truncated where ``law``
    is. Catalogs miss small events, most of all after large ones, so that b just above completeness
    is too low for large events: before 1993 it was 0.73 in Northern California above M 1.5, and
    0.93 above M 3. Continued to M 4.5 the first law expects three times as many as the second.

    Parameters
    ----------
    law : GutenbergRichter
        Up to ``bend``.
    bend : float
        Magnitude between ``law``'s completeness and maximum.
    b_above : float
        The b-value above it.

    Examples
    --------
    >>> bent = BentLaw(GutenbergRichter(2.0, 0.8, 9.0), 3.0, 1.0)
    >>> bent.moved([2.5, 3.0, 5.0]).round(2)
    array([2.5, 3. , 4.6])
    """

    law: GutenbergRichter
    bend: float
    b_above: float

    @property
    def completeness(self) -> float:
        """The smallest magnitude."""
        return self.law.completeness

    @property
    def maximum(self) -> float:
        """The largest magnitude."""
        return self.law.maximum

    @cached_property
    def above(self) -> GutenbergRichter:
        """The law of magnitudes above the bend."""
        return GutenbergRichter(self.bend, self.b_above, self.maximum)

    def survival(self, magnitudes: FloatArray) -> FloatArray:
        """Share of the events >= each magnitude, of the same shape."""
        m = np.asarray(magnitudes, dtype=np.float64)
        higher = self.law.survival(np.array(self.bend)) * self.above.survival(m)
        return np.where(m > self.bend, higher, self.law.survival(m))

    def moved(self, magnitudes: FloatArray) -> FloatArray:
        """Magnitudes drawn by ``law`` as those of the same rank by this one, of the same shape.

        Those up to the bend stay, so that numbers of events above magnitudes up to there do too.
        """
        m = np.array(magnitudes, dtype=np.float64)
        large = m > self.bend
        share = self.law.survival(m[large]) / self.law.survival(np.array(self.bend))
        m[large] = self.above.inverse_cdf(1.0 - share)
        return m


@dataclass(frozen=True, eq=False)
class BentWindow:
    """A window whose magnitudes are moved to a bent law, after its events were drawn.

    How many aftershocks a simulated event has was fitted with the law of the model, and stays with
    the rank of its magnitude.
    """

    window: Drawable
    law: BentLaw

    @property
    def days(self) -> float:
        """Its length."""
        return self.window.days

    @property
    def max_events(self) -> int:
        """Events at which a trajectory is cut off."""
        return self.window.max_events

    @property
    def processes(self) -> Sequence[PointProcess]:
        """What its numbers depend on beside the history."""
        return self.window.processes

    @property
    def adjusted(self) -> dict[str, Any]:
        """What else they depend on, for the record."""
        return {"numbers": self.window.adjusted, "bend": [self.law.bend, self.law.b_above]}

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        """Draw one block of the ``n`` trajectories, whose events may be in no order."""
        drawn = self.window.draw(block, n, seed)
        return replace(drawn, magnitudes=self.law.moved(drawn.magnitudes))


def bent(processes: Sequence[PointProcess], catalog: Catalog, day: float) -> BentLaw | None:
    """The law of magnitudes of a forecast; None for that of the model.

    A model that draws magnitudes by a law of its own keeps it, and so does one without room for a
    bend, and a mixture of several laws.
    ``b_above`` is that of the n events before ``day`` one unit above completeness or more, and
    above Mc(t) (``CompletenessHistory.helmstetter``), drawn towards 1 as far as the b-values of the
    regions of the net that comes with the package scatter. Where the bend lies, since when events
    count and towards what b is drawn was chosen on the train and validation windows of three
    catalogs.

    Parameters
    ----------
    processes : sequence of PointProcess
        The model, or what is mixed.
    catalog : Catalog
        With events before ``day``.
    day : float
        Days since its start.
    """
    law = processes[0].magnitude_law
    bend = law.completeness + ABOVE
    fixed = FixedMagnitudes(law)
    is_fixed = all(process.marks.get(fixed.name) == fixed for process in processes)
    if not is_fixed or bend > law.maximum - LEAST_ROOM:
        return None
    known = known_so_far(catalog, day)
    _, sd = b_prior(SHIPPED)
    return BentLaw(law, bend, b_above(bend, known, known, catalog.info, USUAL_B, sd))


def in_law(windows: Sequence[Drawable], law: BentLaw | None) -> Sequence[Drawable]:
    """The windows with magnitudes of a bent law, if there is one."""
    return windows if law is None else [BentWindow(window, law) for window in windows]
