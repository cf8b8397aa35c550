"""An immutable sequence of events observed on a half-open window."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catalogs.errors import InputError

FloatArray = NDArray[np.float64]

MAGNITUDE_TOLERANCE = 1e-6
"""Magnitudes are reported to 0.01; float32 round-off (6e-8) must not decide completeness."""


def reaches(
    magnitudes: FloatArray, lowest: float | FloatArray, *, strict: bool = False
) -> NDArray[np.bool_]:
    """Which magnitudes are at (unless ``strict``) or above ``lowest``, whatever their round-off."""
    if strict:
        return np.asarray(magnitudes > lowest + MAGNITUDE_TOLERANCE, dtype=np.bool_)
    return np.asarray(magnitudes >= lowest - MAGNITUDE_TOLERANCE, dtype=np.bool_)


@dataclass(frozen=True, eq=False)
class EventSequence:
    """Events observed on the window ``[start, end)`` and scored on ``[score_from, end)``.

    Events before ``score_from`` are history: models may look at them, but they are not scored.
    The constructor raises on anything that is not such a sequence; it never repairs.

    Parameters
    ----------
    times : array (event,)
        Days since the catalog's start, strictly increasing, inside ``[start, end)``.
    magnitudes : array (event,)
        Dimensionless, finite.
    start, end, score_from : float
        Days, ``start <= score_from < end``. ``score_from`` defaults to ``start``.
    locations : array (event, 2) or None
        Latitude and longitude in degrees.

    Raises
    ------
    InputError
        Naming the first event that breaks a rule.

    Examples
    --------
    >>> events = EventSequence([0.5, 2.0, 2.5], [3.1, 4.0, 3.3], start=0.0, end=10.0)
    >>> events.scored_from(1.0).n_scored
    2
    >>> events.inter_times
    array([0.5, 1.5, 0.5, 7.5])
    >>> len(events.between(0.0, 2.0)), len(events.between(2.0, 10.0))
    (1, 2)
    """

    times: FloatArray
    magnitudes: FloatArray
    start: float
    end: float
    score_from: float = np.nan
    locations: FloatArray | None = None

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "times", _frozen(self.times))
        set_field(self, "magnitudes", _frozen(self.magnitudes))
        set_field(self, "start", float(self.start))
        set_field(self, "end", float(self.end))
        score_from = self.start if np.isnan(self.score_from) else float(self.score_from)
        set_field(self, "score_from", score_from)
        if self.locations is not None:
            set_field(self, "locations", _frozen(self.locations))
        self._check_window()
        self._check_events()

    @classmethod
    def nothing(cls) -> EventSequence:
        """The day before day 0 without an event: the history of what starts from nothing."""
        return cls(np.empty(0), np.empty(0), -1.0, 0.0)

    def _check_window(self) -> None:
        if not (np.isfinite(self.start) and np.isfinite(self.end)):
            raise InputError(
                f"window [{self.start}, {self.end}) is not finite: give start and end in days"
            )
        if not self.start <= self.score_from < self.end:
            raise InputError(
                f"score_from = {self.score_from} is not inside the window "
                f"[{self.start}, {self.end}): need start <= score_from < end"
            )

    def _check_events(self) -> None:
        times, magnitudes = self.times, self.magnitudes
        if times.ndim != 1 or times.shape != magnitudes.shape:
            raise InputError(
                f"times {times.shape} and magnitudes {magnitudes.shape} must be one-dimensional "
                "and of equal length"
            )
        if self.locations is not None and self.locations.shape != (times.size, 2):
            raise InputError(
                f"locations have shape {self.locations.shape}, expected ({times.size}, 2): "
                "latitude and longitude of each event"
            )
        for label, values in (("times", times), ("magnitudes", magnitudes)):
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                raise InputError(
                    f"{label}[{bad[0]}] = {values[bad[0]]} is not a number: drop or mend that event"
                )
        bad = np.flatnonzero(np.diff(times) <= 0.0)
        if bad.size:
            i = int(bad[0])
            what = "ties with" if times[i + 1] == times[i] else "comes before"
            raise InputError(
                f"times[{i + 1}] = {float(times[i + 1])!r} {what} times[{i}] = "
                f"{float(times[i])!r}: sort the events and settle ties "
                "(Catalog.to_sequence does both)"
            )
        outside = np.flatnonzero((times < self.start) | (times >= self.end))
        if outside.size:
            i = int(outside[0])
            raise InputError(
                f"times[{i}] = {float(times[i])!r} is outside the window [{self.start}, "
                f"{self.end}): widen the window or drop the event"
            )

    def __len__(self) -> int:
        return int(self.times.size)

    @property
    def n_scored(self) -> int:
        """The number of events in ``[score_from, end)``."""
        return len(self) - self.first_scored

    @property
    def first_scored(self) -> int:
        """Index of the first event at or after ``score_from`` (``len(self)`` if there is none)."""
        return int(np.searchsorted(self.times, self.score_from, side="left"))

    @property
    def scored_days(self) -> float:
        """Length of the scored window in days."""
        return self.end - self.score_from

    @property
    def inter_times(self) -> FloatArray:
        """Inter-event times in days, shape (event + 1,): start to first event, ..., last to end."""
        return np.diff(self.times, prepend=self.start, append=self.end)

    def magnitude_excess(self, completeness: float) -> FloatArray:
        """m_i - completeness, shape (event,).

        Raises
        ------
        InputError
            If a magnitude lies below: a model complete from there knows nothing of such events.
        """
        excess = self.magnitudes - completeness
        bad = np.flatnonzero(excess < -MAGNITUDE_TOLERANCE)
        if bad.size:
            i = int(bad[0])
            raise InputError(
                f"magnitudes[{i}] = {self.magnitudes[i]:g} (day {self.times[i]:g}) is below the "
                f"model's completeness magnitude {completeness:g}: select the catalog at "
                f"{completeness:g} or fit the model at a lower one"
            )
        return excess

    def between(self, start: float, end: float) -> EventSequence:
        """The events in ``[start, end)`` as a sequence of its own, all of it scored."""
        if start < self.start or end > self.end:
            raise InputError(
                f"[{start}, {end}) reaches outside the observed window [{self.start}, {self.end})"
            )
        lo, hi = np.searchsorted(self.times, [start, end], side="left")
        return EventSequence(
            self.times[lo:hi],
            self.magnitudes[lo:hi],
            start,
            end,
            locations=None if self.locations is None else self.locations[lo:hi],
        )

    def where(self, keep: NDArray[np.bool_]) -> EventSequence:
        """The same window with only the events that ``keep``, shape (event,), marks."""
        return replace(
            self,
            times=self.times[keep],
            magnitudes=self.magnitudes[keep],
            locations=None if self.locations is None else self.locations[keep],
        )

    def before(self, end: float) -> EventSequence:
        """The history up to ``end``: window ``[start, end)``, scored from ``start``."""
        return self.between(self.start, end)

    def scored_from(self, time: float) -> EventSequence:
        """The same events, scored on ``[time, end)``."""
        return replace(self, score_from=time)

    def followed_by(self, later: EventSequence) -> EventSequence:
        """This sequence as the history of ``later``, which starts where this one ends."""
        if later.start != self.end:
            raise InputError(
                f"the later sequence starts at {later.start}, not at this one's end {self.end}"
            )
        locations = None
        if self.locations is not None and later.locations is not None:
            locations = np.concatenate([self.locations, later.locations])
        return EventSequence(
            np.concatenate([self.times, later.times]),
            np.concatenate([self.magnitudes, later.magnitudes]),
            self.start,
            later.end,
            later.score_from,
            locations,
        )


def _frozen(values: ArrayLike) -> FloatArray:
    """A read-only float64 array; copied unless it is one already."""
    if isinstance(values, np.ndarray) and values.dtype == np.float64 and not values.flags.writeable:
        return values
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
