"""An immutable sequence of events observed on a half-open window."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from catalogs.display import as_html, as_text, some, window
from catalogs.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Gaps = tuple[tuple[float, float], ...]

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
        Days since the catalog's start, strictly increasing, inside ``[start, end)``; copied, as all
        arrays are.
    magnitudes : array (event,)
        Dimensionless, finite.
    start, end : float
        The window, days.
    score_from : float, optional
        Where scoring starts, days, ``start <= score_from < end``; by default ``start``.
    locations : array (event, 2), optional
        Latitude and longitude in degrees.
    gaps : pairs of float, optional
        Spans [begin, end) of the window in which nothing was recorded, days, in order: no event
        lies in them, and nothing is expected there.

    Raises
    ------
    InputError
        Naming the first event that breaks a rule, or the array that holds no numbers.

    Examples
    --------
    >>> events = EventSequence([0.5, 2.0, 2.5], [3.1, 4.0, 3.3], start=0.0, end=10.0)
    >>> events.scored_from(1.0)
    EventSequence of 3 events
      window      [0, 10) days, scored on [1, 10) days: 2 events
      magnitudes  3.1 to 4
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
    gaps: Gaps = ()

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "times", _frozen("times", self.times))
        set_field(self, "magnitudes", _frozen("magnitudes", self.magnitudes))
        set_field(self, "start", float(self.start))
        set_field(self, "end", float(self.end))
        score_from = self.start if np.isnan(self.score_from) else float(self.score_from)
        set_field(self, "score_from", score_from)
        if self.locations is not None:
            set_field(self, "locations", _frozen("locations", self.locations))
        set_field(self, "gaps", tuple((float(a), float(b)) for a, b in self.gaps))
        self._check_window()
        self._check_events()
        self._check_gaps()

    @classmethod
    def nothing(cls) -> EventSequence:
        """The day before day 0 without an event: the history of what starts from nothing.

        Returns
        -------
        EventSequence
            Empty, on [-1, 0) days.
        """
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
                    f"{label}[{bad[0]}] = {values[bad[0]]} is not a number: drop or fix that event"
                )
        if self.locations is not None and not np.isfinite(self.locations).all():
            i = int(np.flatnonzero(~np.isfinite(self.locations).all(axis=1))[0])
            raise InputError(
                f"locations[{i}] = {self.locations[i].tolist()} is no place: drop that event, or "
                "leave out `locations`"
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

    def _check_gaps(self) -> None:
        last = self.start
        for begin, end in self.gaps:
            if not last <= begin < end <= self.end:
                raise InputError(
                    f"gap [{begin}, {end}) is empty, outside the window [{self.start}, {self.end}) "
                    "or not after the one before: give gaps in order, with none inside another"
                )
            last = end
            inside = np.flatnonzero((self.times >= begin) & (self.times < end))
            if inside.size:
                i = int(inside[0])
                raise InputError(
                    f"times[{i}] = {float(self.times[i])!r} lies in the gap [{begin}, {end}), in "
                    "which nothing was recorded: shorten the gap or drop the event"
                )

    def __len__(self) -> int:
        return int(self.times.size)

    def __repr__(self) -> str:
        return as_text(*self._shown())

    def _repr_html_(self) -> str:
        return as_html(*self._shown())

    def _shown(self) -> tuple[str, dict[str, str]]:
        """A title, and what to say below it."""
        scored = f"scored on {window(self.score_from, self.end)}: {some(self.n_scored, 'event')}"
        if self.score_from == self.start:
            scored = "all of it scored"
        m = self.magnitudes
        return f"EventSequence of {some(len(self), 'event')}", {
            "window": f"{window(self.start, self.end)}, {scored}",
            "magnitudes": f"{m.min():g} to {m.max():g}" if m.size else "none",
        }

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
        """Length of the scored window in days, without its gaps."""
        return self.end - self.score_from - sum(b - a for a, b in self.scored_gaps)

    @property
    def scored_gaps(self) -> Gaps:
        """The gaps, as far as they lie in ``[score_from, end)``."""
        return clipped(self.gaps, self.score_from, self.end)

    @property
    def inter_times(self) -> FloatArray:
        """Inter-event times in days, shape (event + 1,): start to first event, ..., last to end."""
        return np.diff(self.times, prepend=self.start, append=self.end)

    def magnitude_excess(self, completeness: float) -> FloatArray:
        """Magnitudes above completeness, m_i - completeness.

        Parameters
        ----------
        completeness : float
            Magnitude of completeness of a model.

        Returns
        -------
        array (event,)
            Not below 0 but for round-off.

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
        """The events in ``[start, end)`` as a sequence of its own, all of it scored.

        Parameters
        ----------
        start, end : float
            Days, inside the window.

        Returns
        -------
        EventSequence
            On the window ``[start, end)``.

        Raises
        ------
        InputError
            If it reaches outside the window.
        """
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
            gaps=clipped(self.gaps, start, end),
        )

    def where(self, keep: NDArray[np.bool_]) -> EventSequence:
        """The same window with some of the events.

        Parameters
        ----------
        keep : array of bool (event,)
            Which events stay.

        Returns
        -------
        EventSequence
            On the same window, scored from the same time.
        """
        return replace(
            self,
            times=self.times[keep],
            magnitudes=self.magnitudes[keep],
            locations=None if self.locations is None else self.locations[keep],
        )

    def before(self, end: float) -> EventSequence:
        """The history up to ``end``, all of it scored.

        Parameters
        ----------
        end : float
            Days, inside the window.

        Returns
        -------
        EventSequence
            On the window ``[start, end)``, with the events before ``end``.
        """
        return self.between(self.start, end)

    def scored_from(self, time: float) -> EventSequence:
        """The same events, scored on ``[time, end)``.

        Parameters
        ----------
        time : float
            Days, inside the window.

        Returns
        -------
        EventSequence
            Events before ``time`` are history.
        """
        return replace(self, score_from=time)

    def followed_by(self, later: EventSequence) -> EventSequence:
        """This sequence as the history of another.

        Parameters
        ----------
        later : EventSequence
            Starts where this one ends.

        Returns
        -------
        EventSequence
            The events of both, scored where ``later`` is; locations where both have them.

        Raises
        ------
        InputError
            If ``later`` starts elsewhere.
        """
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
            (*self.gaps, *later.gaps),
        )

    def to_dataframe(self) -> pd.DataFrame:
        """The events as a table, one row each.

        Returns
        -------
        DataFrame
            Columns ``time`` (days), ``magnitude``, ``latitude`` and ``longitude`` (degrees) where
            locations are known, and ``scored`` (bool).

        Examples
        --------
        >>> EventSequence([0.5, 2.0], [3.1, 4.0], 0.0, 10.0, score_from=1.0).to_dataframe()
           time  magnitude  scored
        0   0.5        3.1   False
        1   2.0        4.0    True
        """
        import pandas as pd  # noqa: PLC0415 - half a second

        columns = {"time": self.times, "magnitude": self.magnitudes}
        if self.locations is not None:
            columns |= {"latitude": self.locations[:, 0], "longitude": self.locations[:, 1]}
        return pd.DataFrame(columns).assign(scored=self.times >= self.score_from)


def _frozen(name: str, values: ArrayLike) -> FloatArray:
    """A read-only float64 array: a copy, unless nobody can write to its memory.

    Raises
    ------
    InputError
        For dates and whatever else is no number; what is masked becomes NaN.
    """
    if isinstance(values, np.ndarray) and values.dtype == np.float64 and _is_constant(values):
        return values
    try:
        given: Any = values if hasattr(values, "dtype") else np.asarray(values)
        if given.dtype.kind in ("m", "M"):  # as numbers these are nanoseconds, or days since 1970
            raise InputError(
                f"{name} are dates or durations: give days, as in (time - start) / "
                "pandas.Timedelta(days=1)"
            )
        if isinstance(given, np.ma.MaskedArray):
            given = np.ma.filled(given.astype(np.float64), np.nan)
        array = np.array(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{name} are not an array of numbers: {error}") from error
    array.flags.writeable = False
    return array


def _is_constant(array: FloatArray) -> bool:
    """Whether nobody can write to the memory of an array.

    An array that is read-only may be a view of one that is not: columns of pandas are.
    """
    owner: Any = array if array.base is None else array.base
    return (
        not isinstance(array, np.ma.MaskedArray)
        and not array.flags.writeable
        and isinstance(owner, np.ndarray)
        and not owner.flags.writeable
    )


def clipped(gaps: Gaps, start: float, end: float) -> Gaps:
    """What lies of gaps in [start, end)."""
    inside = ((max(a, start), min(b, end)) for a, b in gaps)
    return tuple((a, b) for a, b in inside if a < b)
