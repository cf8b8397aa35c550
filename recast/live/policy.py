"""What a service issues and when: the policy of an agency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from catalogs import InputError
from catalogs.json_records import Record
from etas.omori import REGIMES
from recast.forecast.mainshocks import rupture_length

UNITS = {"min": 1.0 / 1440.0, "h": 1.0 / 24.0, "d": 1.0}
"""Days in the units in which times after a mainshock are written."""

LABELS = {1.0: "1 Day", 7.0: "1 Week", 30.0: "1 Month", 365.0: "1 Year"}

WHOLE = (3, 7)
"""First and last magnitude of public forecasts."""

GREAT = 8
"""Counted, too, after mainshocks of magnitude 7 or more."""


@dataclass(frozen=True)
class Policy(Record):
    """When forecasts are issued, of what, and from what.

    Examples
    --------
    >>> Policy().radius_km(7.1)  # one rupture length
    56.1...
    >>> Policy(schedule=("30 min", "6 h", "1 d")).schedule
    ('30 min', '6 h', '1 d')
    """

    trigger_magnitude: float = 5.0
    """An event of this magnitude or more begins a sequence."""

    rupture_lengths: float = 1.0
    """Radius of the circle around a mainshock, in rupture lengths."""

    least_radius_km: float = 10.0
    """Epicentres are known to a few kilometres, and so are ruptures of M 5."""

    duration_days: float = 365.0
    """Time since its mainshock after which a sequence ends."""

    swarm_magnitude: float | None = None
    """Three events of this magnitude or more in a week and a circle of the least radius, none half
    a unit larger than the third, begin a swarm. None: only the trigger magnitude begins one."""

    schedule: Literal["usgs", "ingv"] | tuple[str, ...] = "usgs"
    """Times after the mainshock: those of the USGS; every midnight and after each event of M >= 3.5
    as at INGV; or a list of own ones, in "min", "h" or "d", of which the last is repeated."""

    regional: Literal["daily", "weekly", "none"] = "daily"
    """Forecasts of the whole region, at midnight UTC; weekly ones on Mondays."""

    windows: tuple[float, ...] = (1.0, 7.0, 30.0, 365.0)
    """Days, of forecasts for sequences."""

    regional_windows: tuple[float, ...] = (1.0, 7.0, 30.0)
    """Days, of forecasts for the region."""

    magnitudes: tuple[float, ...] | None = None
    """Count events at or above these; None: 3 to 7, or from completeness where that is higher, and
    8 after mainshocks of M >= 7. Where sequences begin below M 4, or swarms below M 3: from a unit
    below the trigger magnitude, or from that of swarms, to three units above it."""

    refit: Literal["none", "nightly", "each"] = "each"
    """When parameters are fitted again: never after the first forecast of a sequence (or region),
    at the first forecast of a day, or at each."""

    regime: str | None = None
    """Tectonic regime of the region, one of ``etas.omori.REGIMES``: what mainshocks there have in
    common is the forecast until a sequence itself is known. None: shallow continental crust."""

    samples: int = 2000
    """Simulated catalogs over each window."""

    long_samples: int = 500
    """Simulated catalogs over windows longer than a month, which take the most time."""

    def __post_init__(self) -> None:
        positive = {
            "rupture_lengths": self.rupture_lengths,
            "least_radius_km": self.least_radius_km,
            "duration_days": self.duration_days,
            "samples": self.samples,
            "long_samples": self.long_samples,
        }
        for name, value in positive.items():
            if not (np.isfinite(value) and value > 0):
                raise InputError(f"`{name}` = {value:g}: give a positive number")
        for name, days in (("windows", self.windows), ("regional_windows", self.regional_windows)):
            if not days or not all(np.isfinite(day) and day > 0.0 for day in days):
                raise InputError(f"`{name}` = {list(days)}: give one or more positive days")
            object.__setattr__(self, name, tuple(sorted({float(day) for day in days})))
        self._check_magnitudes()
        if self.regime is not None and self.regime not in REGIMES:
            raise InputError(f"`regime` {self.regime!r} is none of {', '.join(REGIMES)}")
        if not isinstance(self.schedule, str):
            own_delays(self.schedule)  # checks them

    def _check_magnitudes(self) -> None:
        if self.magnitudes is not None:
            if not self.magnitudes or not np.isfinite(self.magnitudes).all():
                raise InputError(
                    f"`magnitudes` = {list(self.magnitudes)}: give one or more numbers, or leave "
                    "it out"
                )
            object.__setattr__(self, "magnitudes", tuple(sorted(set(self.magnitudes))))
        for name in ("trigger_magnitude", "swarm_magnitude"):
            magnitude = getattr(self, name)
            if magnitude is not None and not np.isfinite(magnitude):
                raise InputError(f"`{name}` = {magnitude}: give a number")

    def radius_km(self, magnitude: float) -> float:
        """Radius of the circle around a mainshock, by its ``rupture_length``."""
        length = float(rupture_length(np.array(magnitude)))
        return max(self.rupture_lengths * length, self.least_radius_km)

    def counted(self, completeness: float, mainshock: float | None) -> tuple[float, ...]:
        """Magnitudes at or above which events are counted, none below completeness.

        >>> Policy().counted(2.0, 7.1), Policy().counted(4.3, None)
        ((3.0, 4.0, 5.0, 6.0, 7.0, 8.0), (4.3, 5.0, 6.0, 7.0))
        >>> Policy(trigger_magnitude=2.5, swarm_magnitude=0.5).counted(-0.5, None)
        (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
        """
        if self.magnitudes is not None:
            kept = tuple(m for m in self.magnitudes if m >= completeness)
            return kept or (completeness,)
        first, last = self._whole()
        if mainshock is not None and mainshock >= last:
            last = min(int(np.floor(mainshock)) + 1, GREAT)
        whole = tuple(float(m) for m in range(first, last + 1) if m > completeness)
        lowest = () if completeness < first else (completeness,)
        return (*lowest, *whole)

    @property
    def least_magnitude(self) -> float:
        """The magnitude from which on an event may begin a sequence, alone or with others."""
        if self.swarm_magnitude is None:
            return self.trigger_magnitude
        return min(self.trigger_magnitude, self.swarm_magnitude)

    def _whole(self) -> tuple[int, int]:
        """First and last magnitude of the forecasts, where none are given."""
        begins = int(np.floor(self.trigger_magnitude))
        first = min(WHOLE[0], begins - 1, int(np.floor(self.least_magnitude)))
        return first, WHOLE[-1] if begins > WHOLE[0] else begins + 3


def own_delays(times: tuple[str, ...]) -> tuple[float, ...]:
    """Read times after a mainshock, in days.

    Raises
    ------
    InputError
        If one is no time, or they do not increase.

    Examples
    --------
    >>> own_delays(("30 min", "6 h", "1 d"))
    (0.0208..., 0.25, 1.0)
    """
    days = []
    for time in times:
        found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(min|h|d)\s*", time)
        if found is None:
            raise InputError(f"`schedule`: {time!r} is no time: write 30 min, 6 h or 1 d")
        days.append(float(found[1]) * UNITS[found[2]])
    if not days or days[0] <= 0.0 or any(b <= a for a, b in pairwise(days)):
        raise InputError(f"`schedule` {list(times)}: give one or more times that increase")
    return tuple(days)


def label_of(days: float) -> str:
    """Name of a window.

    >>> label_of(7.0), label_of(14)
    ('1 Week', '14 Days')
    """
    return LABELS.get(float(days), f"{days:g} Days")
