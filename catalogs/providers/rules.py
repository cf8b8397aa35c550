"""Rules by which events are taken from a provider's table, and how many each one leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.areas import Area
from catalogs.catalog import in_order_of_time
from catalogs.errors import InputError
from catalogs.event_types import EventRule, are_earthquakes
from catalogs.info import timestamp
from catalogs.sequence import FloatArray, reaches

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """Which events of a table to take.

    Parameters
    ----------
    start, end : str, optional
        The half-open period, in UTC.
    event_types : {"earthquakes", "all", "paper"}
        Which types of events (``catalogs.event_types``); of rows with one identifier only the
        last is taken, unless it is ``paper``.
    area : Box or Polygon, optional
        Events inside.
    trim : float
        Of the range of latitudes and of longitudes, leave out this share on each of the four sides.
    min_magnitude : float, optional
        Events of at least this magnitude; above it, if ``strict``.
    """

    start: str | None = None
    end: str | None = None
    event_types: EventRule = "earthquakes"
    area: Area | None = None
    trim: float = 0.0
    min_magnitude: float | None = None
    strict: bool = False

    def but(self, **changes: object) -> Rules:
        """The same with other values, where these are not None."""
        return replace(self, **{k: v for k, v in changes.items() if v is not None})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Step:
    """What a rule did: the events before and after it."""

    rule: str
    before: int
    after: int


def apply(events: pd.DataFrame, rules: Rules) -> tuple[pd.DataFrame, tuple[Step, ...]]:
    """The events that rules take, in order of time, and what each rule left; see ``choose``."""
    chosen, steps = choose(events, rules)
    return in_order_of_time(chosen).reset_index(drop=True), steps


def choose(events: pd.DataFrame, rules: Rules) -> tuple[pd.DataFrame, tuple[Step, ...]]:
    """The rows that rules take, as they stand in the table, and what each rule left.

    Parameters
    ----------
    events : DataFrame
        The canonical table; of rows with one identifier, those further down are newer.
    rules : Rules
        The rules.

    Raises
    ------
    InputError
        If a rule leaves none, or needs a location that an event doesn't have.
    """
    steps = []
    for rule, mask in _in_turn(rules):
        before = len(events)
        events = events[mask(events)]
        steps.append(Step(rule, before, len(events)))
        if events.empty:
            raise InputError(f"none of {before:,} events is left by the rule: {rule}; widen it")
    return events, tuple(steps)


def _in_turn(rules: Rules) -> Iterator[tuple[str, Callable[[pd.DataFrame], Mask]]]:
    """The rules that there are, each with the function that says which events stay."""
    s = rules
    if s.event_types != "paper":
        yield "the last row of each event_id", _newest
    if s.start is not None:
        start = timestamp(s.start, "`start`")
        yield f"time >= {s.start}", lambda events: _mask(events["time"] >= start)
    if s.end is not None:
        end = timestamp(s.end, "`end`")
        yield f"time < {s.end}", lambda events: _mask(events["time"] < end)
    if s.event_types == "earthquakes":
        yield "earthquakes, and events of no type", are_earthquakes
    if s.area is not None:
        area = s.area
        yield f"within {area}", lambda events: area.contains(*_places(events))
    if s.trim:
        trim = s.trim
        rule = f"without {100 * trim:g} % of the range of latitude and longitude on each side"
        yield rule, lambda events: _trimmed(events, trim)
    if s.min_magnitude is not None:
        least, sign = s.min_magnitude, ">" if s.strict else ">="
        yield f"magnitude {sign} {least:g}", lambda events: _large(events, least, strict=s.strict)


def _mask(column: pd.Series) -> Mask:
    return column.to_numpy(np.bool_)


def _newest(events: pd.DataFrame) -> Mask:
    if "event_id" not in events:
        return np.ones(len(events), dtype=np.bool_)
    return ~_mask(events.duplicated("event_id", keep="last")) | _mask(events["event_id"] == "")


def _trimmed(events: pd.DataFrame, share: float) -> Mask:
    inside = np.ones(len(events), dtype=np.bool_)
    for degrees in _places(events):
        margin = share * float(np.ptp(degrees))
        inside &= (degrees > degrees.min() + margin) & (degrees < degrees.max() - margin)
    return inside


def _large(events: pd.DataFrame, least: float, *, strict: bool) -> Mask:
    return reaches(events["magnitude"].to_numpy(np.float64), least, strict=strict)


def _places(events: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    latitude, longitude = (events[c].to_numpy(np.float64) for c in ("latitude", "longitude"))
    missing = np.isnan(latitude) | np.isnan(longitude)
    if missing.any():
        raise InputError(
            f"{missing.sum():,} of {len(events):,} events have no latitude and longitude, so an "
            "area cannot be chosen: drop these rows from the file, or leave out `area`"
        )
    return latitude, longitude
