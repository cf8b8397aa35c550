"""Forecasts in ordinary times: ETAS, corrected by how far such forecasts of the past were off.

ETAS gives all sequences the productivity of the average one. Most are poorer and a few far richer,
so that it expects too much of most months, and is too sure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from catalogs import Trajectories
from catalogs.display import span
from recast.forecast.correction import cut, multiplied

SHIFT, SPREAD = (-0.2, -0.1), (-1.9, 1.1)
"""Of ``OrdinaryCorrection``, from train and validation windows of five catalogs
(``python experiments/ordinary_times.py``): of the laws that score alike the one whose mean is what
came in the three of many events."""

MONTH = 30.0
"""Days."""

CLUSTERED = 0.3
"""Branching ratio over a month from which the whole law holds: those of the five catalogs are 0.37
to 0.8. What it corrects is how many aftershocks sequences have, so that where events trigger none,
as in declustered catalogs, nothing is off."""


@dataclass(frozen=True)
class OrdinaryCorrection:
    """The law of the factor by which numbers are multiplied where no sequence is under way.

        ln(factor) = s (SHIFT . (1, ln w / ln 30) + exp(SPREAD . (1, ln w / ln 30)) Z)

    with w the length of the window in days, and a Z for every simulated catalog that is logistic,
    with mean 0 and variance 1. The share s is n / 0.3 and at most 1, n the branching ratio over 30
    days.
    """

    shift: float
    """Median of ln(factor)."""

    spread: float
    """Standard deviation of ln(factor)."""

    @classmethod
    def over(cls, days: float, branching: float) -> OrdinaryCorrection:
        """The law over one window; below a day and beyond 30 days that of these.

        >>> OrdinaryCorrection.over(30.0, branching=0.7)
        OrdinaryCorrection(shift=-0.3, spread=0.449)
        """
        window = np.clip(np.log(days) / np.log(MONTH), 0.0, 1.0)
        share = float(np.clip(branching / CLUSTERED, 0.0, 1.0))
        shift, spread = (a + b * window for a, b in (SHIFT, SPREAD))
        return cls(round(share * float(shift), 3), round(share * float(np.exp(spread)), 3))

    def apply(
        self, drawn: Trajectories, n: int, rng: np.random.Generator, max_events: int
    ) -> Trajectories:
        """Multiply the numbers of events (``recast.forecast.correction.multiplied``).

        Parameters
        ----------
        drawn : Trajectories
            A block.
        n : int
            Number of trajectories to return, the first of the block.
        rng : numpy.random.Generator
            Source of randomness.
        max_events : int
            A trajectory with more is cut off there.
        """
        return cut(multiplied(drawn, self.shift, self.spread, rng), n, max_events)


def about(laws: Mapping[float, OrdinaryCorrection]) -> str:
    """What was done where no sequence is under way, for people; ``laws`` by days of the window."""
    return f"no mainshock of the last 30 days has a sequence under way: {numbers(laws)}"


def numbers(laws: Mapping[float, OrdinaryCorrection]) -> str:
    """What numbers are, for people."""
    factors = ", ".join(f"{np.exp(law.shift):.2f} ({span(days)})" for days, law in laws.items())
    return (
        f"numbers are those of ETAS times {factors} in the median, and ranges are as wide as the "
        "past errors of such forecasts in five regions (`uncorrected` simulates ETAS as it is)"
    )
