"""A table of earthquakes with its provenance, and the way from there to event sequences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.areas import Area, box_around, box_step, parse_area
from catalogs.display import as_html, as_text
from catalogs.errors import InputError
from catalogs.info import NANOSECONDS_PER_DAY, CatalogInfo
from catalogs.info_fields import PLAIN_DAYS, Ties
from catalogs.magnitudes import GutenbergRichter
from catalogs.rounded_magnitudes import lowest_on_grid, lowest_recorded
from catalogs.sequence import (
    MAGNITUDE_TOLERANCE,
    EventSequence,
    FloatArray,
    Gaps,
    clipped,
    reaches,
)
from catalogs.split import Split

TIE_STEP_DAYS = 0.001 / 86_400
"""Events of equal time are set 1 ms apart: a tenth of the 10 ms to which networks report times."""

SAME_EVENT = ["time", "latitude", "longitude", "magnitude"]
"""Rows equal in all of these list one event twice."""


@dataclass(frozen=True, eq=False)
class Catalog:
    """Earthquakes as a table, with provenance.

    Parameters
    ----------
    events : DataFrame
        One row per event, with the columns time (datetime64[ns, UTC], or float64 days where
        ``info.uses_plain_days``), magnitude, latitude and longitude (degrees), depth_km, and
        others where known (event_id, event_type, magnitude_type). Rows need not be sorted,
        complete or inside the window: ``to_sequence`` selects and sorts.
    info : CatalogInfo
        Window, completeness, splits and provenance. Completeness between two magnitudes of the grid
        becomes the upper one, the lowest that can occur: 1.95 on a grid of tenths is 2.0.

    Raises
    ------
    InputError
        If the table has no times or magnitudes, one of them is missing, or times are numbers where
        the catalog has dates, or the other way round.

    Examples
    --------
    >>> from catalogs import load
    >>> load("ridgecrest_2019").select(magnitude_completeness=4.0)
    Catalog ridgecrest_2019: Ridgecrest, California: a week from the M7.1 mainshock of 2019-07-06
      window        2019-07-06T03:19:53Z to 2019-07-13T02:47:45Z
      completeness  M >= 4
      events        55 complete of 830
    """

    events: pd.DataFrame
    info: CatalogInfo

    def __post_init__(self) -> None:
        missing = {"time", "magnitude"} - set(self.events.columns)
        if missing:
            raise InputError(
                f"catalog {self.info.name!r} has no column {min(missing)!r}: it has "
                f"{', '.join(map(str, self.events.columns))}"
            )
        for column in ("time", "magnitude"):
            bad = np.flatnonzero(self.events[column].isna().to_numpy())
            if bad.size:
                raise InputError(
                    f"catalog {self.info.name!r}: row {bad[0]} has no {column}: drop the row"
                )
        if len(self.events):
            self._check_times(self.events["time"].dtype.kind)
        object.__setattr__(self, "info", self._info_on_grid())

    def _check_times(self, kind: str) -> None:
        """Refuse times of the other kind, which would lie in 1970 or far beyond any window."""
        info = self.info
        if info.uses_plain_days and kind in "mM":
            raise InputError(
                f"catalog {info.name!r} counts plain days, but the times of its table are dates: "
                "give days, or leave out `time_unit`"
            )
        if not info.uses_plain_days and kind in "iufm":
            raise InputError(
                f"catalog {info.name!r} has dates, but the times of its table are numbers: give "
                "dates, pandas.Timestamp(start) + pandas.to_timedelta(days, unit='D'), or set "
                f"`time_unit` to {PLAIN_DAYS!r}, and start, end and splits to days"
            )

    def _info_on_grid(self) -> CatalogInfo:
        """The provenance with completeness at the lowest magnitude that can occur."""
        info, m = self.info, self.events["magnitude"].to_numpy(np.float64)
        completeness = info.magnitude_completeness
        lowest = lowest_on_grid(m, completeness, info.magnitude_bin)
        if lowest <= completeness + MAGNITUDE_TOLERANCE:
            return info
        return replace(info, magnitude_completeness=lowest, completeness_is_strict=False)

    @property
    def days(self) -> FloatArray:
        """Times in days since ``info.start``, in the table's order, shape (event,)."""
        if self.info.uses_plain_days:
            return self.events["time"].to_numpy(np.float64) - float(self.info.start)
        start, times = self.info.date(self.info.start).value, nanoseconds(self.events)
        if len(times) and int(times.max()) - start >= 2**63:  # more than 292 years: int64 overflows
            return times / NANOSECONDS_PER_DAY - start / NANOSECONDS_PER_DAY
        return (times - start) / NANOSECONDS_PER_DAY

    @property
    def area(self) -> Area:
        """The area that the catalog covers.

        The one on record, or the smallest box around the complete events, with edges at tenths of a
        degree; at hundredths or less where these span less than half a degree (``box_step``).

        Raises
        ------
        InputError
            If there is no area on record and no complete event with a location.
        """
        info = self.info
        if info.area:
            return parse_area(info.area)
        if not info.has_locations:
            raise InputError(
                f"catalog {info.name!r} has no locations, so it covers no known area: choose one "
                "with latitudes and longitudes"
            )
        complete = self.complete_events()
        if complete.empty:
            raise InputError(
                f"catalog {info.name!r} has no complete event, so it covers no known area: lower "
                "`magnitude_completeness` or widen the window"
            )
        places = complete["latitude"], complete["longitude"]
        return box_around(*places, box_step(*places))

    def select(
        self,
        *,
        magnitude_completeness: float | None = None,
        start: str | float | None = None,
        end: str | float | None = None,
    ) -> Catalog:
        """The same table with another completeness magnitude or a narrower window.

        Parameters
        ----------
        magnitude_completeness : float, optional
            Magnitude of completeness. A lower one than now, a little below the smallest magnitude
            at which the table was cut, becomes that.
        start, end : str or float, optional
            The window [start, end): dates, or days where the catalog uses days.

        Returns
        -------
        Catalog
            With the same splits, which must fit the window.
        """
        info = self.info
        if magnitude_completeness is not None:
            lowest = magnitude_completeness
            if lowest < info.magnitude_completeness:
                m = self.events["magnitude"].to_numpy(np.float64)
                lowest = lowest_recorded(m[reaches(m, lowest)], lowest)
            info = replace(info, magnitude_completeness=lowest)
        return Catalog(
            self.events,
            replace(
                info,
                start=info.start if start is None else start,
                end=info.end if end is None else end,
            ),
        )

    def within(self, area: Area, name: str | None = None) -> Catalog:
        """The events inside an area as a catalog of its own.

        Window, splits and completeness stay: nothing is estimated again.

        Parameters
        ----------
        area : Box or Polygon
            The area.
        name : str, optional
            What to call the new catalog, by default NAME_AREA.

        Returns
        -------
        Catalog
            With fewer rows.

        Raises
        ------
        InputError
            If this catalog has no locations, or no event inside.
        """
        info = self.info
        if not info.has_locations:
            raise InputError(
                f"catalog {info.name!r} has no locations, so {area} cannot be cut from it: choose "
                "one with latitudes and longitudes"
            )
        inside = area.contains(self.events["latitude"], self.events["longitude"])
        if not inside.any():
            raise InputError(
                f"catalog {info.name!r} has no event within {area}: check the order of the numbers"
            )
        changed = replace(
            info,
            name=name or f"{info.name}_{area.label}",
            title=f"{info.title or info.name}, within {area}",
            area=str(area),
            n_events=int(inside.sum()),
            sha256="",  # of the file of the whole
        )
        return Catalog(self.events[inside].reset_index(drop=True), changed)

    def rows_in_window(self) -> NDArray[np.intp]:
        """Positions of all events inside the window and outside its gaps.

        Returns
        -------
        array of int (event,)
            Rows of the table, in order of time.
        """
        days = self.days
        kept = (days >= 0.0) & (days < self.info.to_days(self.info.end))
        for begin, end in self._gap_days:
            kept &= (days < begin) | (days >= end)
        inside = np.flatnonzero(kept)
        return inside[np.argsort(days[inside], kind="stable")]

    @property
    def _gap_days(self) -> Gaps:
        """The declared gaps inside the window, days; those that overlap are one."""
        info = self.info
        days = sorted((info.to_days(begin), info.to_days(end)) for begin, end in info.gaps)
        joined: list[tuple[float, float]] = []
        for begin, end in clipped(tuple(days), 0.0, info.to_days(info.end)):
            if joined and begin < joined[-1][1]:
                first, last = joined.pop()
                joined.append((first, max(end, last)))
            else:
                joined.append((begin, end))
        return tuple(joined)

    def complete_rows(self) -> NDArray[np.intp]:
        """Positions of the complete events inside the window.

        Returns
        -------
        array of int (event,)
            Rows of the table, in order of time, each event once.
        """
        keep = self.info.is_complete(self.events["magnitude"].to_numpy(np.float64))
        if self.info.has_locations:  # the same time, place and size twice: one event listed twice
            keep &= ~_listed_before(self.events)
        inside = self.rows_in_window()
        return inside[keep[inside]]

    def complete_events(self) -> pd.DataFrame:
        """The rows of the table at ``complete_rows``.

        Returns
        -------
        DataFrame
            With the index of the table.
        """
        return self.events.iloc[self.complete_rows()]

    def to_dataframe(self, *, complete: bool = False) -> pd.DataFrame:
        """The events as a table of one's own: changing it does not change the catalog.

        Parameters
        ----------
        complete : bool
            Only the complete events inside the window, in order of time, each once.

        Returns
        -------
        DataFrame
            The columns of ``events``: time, place, magnitude and whatever else is known.

        Examples
        --------
        >>> from catalogs import load
        >>> table = load("ridgecrest_2019").to_dataframe(complete=True)
        >>> table.loc[table["magnitude"].idxmax(), ["latitude", "longitude", "magnitude"]].to_list()
        [35.7695, -117.5993, 7.1]
        """
        if complete:
            return self.complete_events().reset_index(drop=True)
        return self.events.copy()

    def to_sequence(self, ties: Ties | None = None) -> EventSequence:
        """The complete events of the window, sorted, as an EventSequence scored from its start.

        Parameters
        ----------
        ties : {"separate", "drop", "error"}, optional
            What to do with events of equal time: set them 1 ms apart, keep the first of each
            group (in the table's order), or raise. By default ``info.ties``.

        Returns
        -------
        EventSequence
            Times in days since ``info.start``.

        Raises
        ------
        InputError
            For events of equal time where ``ties`` is ``"error"``.
        """
        info, order = self.info, self.complete_rows()
        times, end = self.days[order], info.to_days(info.end)
        tied = np.flatnonzero(np.diff(times) == 0.0) + 1
        policy = ties or info.ties
        if policy not in get_args(Ties):
            raise InputError(f"ties {policy!r}: choose one of {', '.join(get_args(Ties))}")
        if tied.size and policy == "error":
            raise InputError(
                f"catalog {info.name!r}: rows {order[tied[0] - 1]} and {order[tied[0]]} have the "
                f"same time {info.to_time(times[tied[0]])}: choose ties 'separate' (1 ms apart) or "
                "'drop'"
            )
        if tied.size and policy == "drop":
            order, times = np.delete(order, tied), np.delete(times, tied)
        if tied.size and policy == "separate":
            times = _separated(times)
            inside = times < end
            order, times = order[inside], times[inside]
        magnitudes = self.events["magnitude"].to_numpy(np.float64)
        locations = None
        if info.has_locations:
            locations = self.events[["latitude", "longitude"]].to_numpy(np.float64)[order]
        return EventSequence(
            times, magnitudes[order], 0.0, end, locations=locations, gaps=self._gap_days
        )

    def split(self, ties: Ties | None = None) -> Split:
        """Train, validation and test sequences at the boundaries of ``info.splits``.

        Parameters
        ----------
        ties : {"separate", "drop", "error"}, optional
            As for ``to_sequence``.

        Returns
        -------
        Split
            Each sequence with all earlier events as history.

        Raises
        ------
        InputError
            If a window has too few events.
        """
        dates, sequence = self.info.splits, self.to_sequence(ties)
        boundaries = (dates.train_start, dates.val_start, dates.test_start, dates.end)
        train, val, test = (
            sequence.before(stop).scored_from(begin)
            for begin, stop in pairwise(map(self.info.to_days, boundaries))
        )
        try:
            return Split(train, val, test)
        except InputError as error:
            raise InputError(f"catalog {self.info.name!r}: {error}") from error

    def magnitude_law(self) -> GutenbergRichter:
        """The Gutenberg-Richter law of the train window, by maximum likelihood.

        Returns
        -------
        GutenbergRichter
            Of the magnitudes of the scored events.
        """
        train = self.split().train
        return self.info.magnitude_law(train.magnitudes[train.first_scored :])

    def __repr__(self) -> str:
        return as_text(*self._shown())

    def _repr_html_(self) -> str:
        return as_html(*self._shown())

    def _shown(self) -> tuple[str, dict[str, str]]:
        """A title, and what to say below it."""
        info = self.info
        sign = ">" if info.completeness_is_strict else ">="
        unit = " days" if info.uses_plain_days else ""
        title = " ".join(info.title.split())
        return f"Catalog {info.name}" + (f": {title}" if title else ""), {
            "window": f"{info.start} to {info.end}{unit}",
            "completeness": f"M {sign} {info.magnitude_completeness:g}",
            "events": f"{len(self.complete_rows()):,} complete of {len(self.events):,}",
        }


def in_order_of_time(events: pd.DataFrame) -> pd.DataFrame:
    """A table sorted by time, and by identifier where times are equal and there are identifiers."""
    events = events.sort_values("time", kind="stable")
    tied = np.flatnonzero(_of_shared_times(events))
    if not tied.size or "event_id" not in events:
        return events
    order = np.arange(len(events))
    keys = events[["time", "event_id"]].iloc[tied].set_axis(tied)
    order[tied] = keys.sort_values(["time", "event_id"], kind="stable").index
    return events.iloc[order]


def _listed_before(events: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows equal an earlier one in time, place and magnitude, shape (event,).

    Only rows of one time are compared in the other columns: in most catalogs there are few.
    """
    repeated = _of_shared_times(events)
    if repeated.any():
        repeated[repeated] = events.loc[repeated, SAME_EVENT].duplicated()
    return repeated


def _of_shared_times(events: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows have the time of another row, shape (event,)."""
    times = events["time"] if events["time"].dtype.kind == "f" else nanoseconds(events)
    if bool((np.diff(times) > 0).all()):  # in order, and no two equal: nothing to look up
        return np.zeros(len(events), dtype=np.bool_)
    return events["time"].duplicated(keep=False).to_numpy(np.bool_, copy=True)


def nanoseconds(events: pd.DataFrame) -> NDArray[np.int64]:
    """Origin times of a table in nanoseconds since 1970 (UTC), shape (event,)."""
    return events["time"].to_numpy("datetime64[ns]").astype(np.int64)


def _separated(times: FloatArray) -> FloatArray:
    """Sorted times with ties set TIE_STEP_DAYS apart, later events pushed on where needed."""
    out = times.copy()
    for i in np.flatnonzero(np.diff(times) == 0.0) + 1:
        j = int(i)
        while j < out.size and out[j] <= out[j - 1]:
            out[j] = out[j - 1] + TIE_STEP_DAYS
            j += 1
    return out
