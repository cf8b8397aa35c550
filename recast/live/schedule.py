"""When the next forecast is due."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Several
from dataclasses import dataclass
from itertools import count, pairwise

import numpy as np
import pandas as pd

from catalogs.sequence import MAGNITUDE_TOLERANCE, reaches
from catalogs.sphere import distances
from recast.live.policy import Policy, own_delays
from recast.live.records import Quake, SequenceState
from recast.live.times import read, written

USGS = (
    *(minutes / 1440.0 for minutes in (10, 30, 50)),
    *(hours / 24.0 for hours in (2, 4, 6, 12, 18)),
    *(float(day) for day in range(1, 15)),
    *(float(day) for day in range(17, 29, 3)),
    *(float(day) for day in range(35, 365, 7)),
    365.0,
)
"""Days after a mainshock, as the USGS updates its forecasts in the first year."""

MONTH = 30.0
"""Days between forecasts after that."""

NOTABLE = 3.5
"""INGV updates its forecasts after each event of this magnitude or more."""

REVISED = 0.2
"""A mainshock whose magnitude changes by so much has another number of aftershocks: by a factor of
1.6, where ten times as many follow one that is a unit larger."""

SAME = pd.Timedelta(minutes=1)
"""A mainshock's time is revised by seconds: times this close are the same one of the schedule."""


@dataclass(frozen=True)
class Due:
    """A forecast to be issued now."""

    scheduled: str
    """When it was due, ISO 8601."""

    next: str | None
    """When the one after it is; None if there is none."""

    missed: tuple[str, ...] = ()
    """Earlier times that passed without one."""


def due(
    state: SequenceState | None,
    policy: Policy,
    now: pd.Timestamp,
    issued: Several[tuple[str, str]],
    *,
    events: pd.DataFrame | None = None,
    since: pd.Timestamp | None = None,
    before: Quake | None = None,
) -> Due | None:
    """Tell whether a forecast is due.

    Of several times that have passed, only the latest is; the others are missed. After a larger
    event the schedule starts again. Where the mainshock is no longer the one that the last forecast
    was for, by a revision, one is due at once.

    Parameters
    ----------
    state : SequenceState or None
        The sequence, or None for the whole region.
    policy : Policy
        Its schedule.
    now : Timestamp
        The time.
    issued : sequence of (str, str)
        When each forecast of this sequence (or region) so far was scheduled, and the mainshock it
        had then ("" for the region).
    events : DataFrame, optional
        Events as known, for schedules with a forecast after each notable one. With a column
        ``known`` that is after it became known, which may be after a later one.
    since : Timestamp, optional
        When the service began: what was due before was not missed.
    before : Quake, optional
        The mainshock for which the last forecast of the sequence was issued.

    Returns
    -------
    Due or None
        None if nothing is due.
    """
    mainshock = "" if state is None else state.mainshock.event_id
    done = [read(time) for time, shock in issued if shock == mainshock]
    last = max(done, default=None)
    # A mainshock that is one again: what was due meanwhile was issued for the other
    latest = max((read(time) for time, _ in issued), default=None)
    passed: list[pd.Timestamp] = []
    following, begun = None, False
    for time in times(state, policy, now, events, begin=last if last is not None else since):
        if time > now:
            following = written(time)
            break
        begun = True
        if (last is None or time > last + SAME) and (latest is None or time > latest):
            passed.append(time)
    if not passed:
        if state is None or before is None or not begun or not differ(before, state.mainshock):
            return None
        return Due(written(now), following) if latest is None or now > latest else None
    missed = [time for time in passed[:-1] if since is None or time >= since]
    return Due(written(passed[-1]), following, tuple(map(written, missed)))


def differ(before: Quake, now: Quake) -> bool:
    """Whether a forecast for one mainshock says little of another, or of the same as revised.

    >>> from dataclasses import replace
    >>> shock = Quake("a", "2020-01-01T10:00:00Z", 6.0, 35.0, -117.0)
    >>> differ(shock, shock), differ(shock, replace(shock, magnitude=5.8))
    (False, True)
    """
    change = abs(before.magnitude - now.magnitude)
    return before.event_id != now.event_id or change >= REVISED - MAGNITUDE_TOLERANCE


def next_due(
    state: SequenceState | None,
    policy: Policy,
    now: pd.Timestamp,
    *,
    events: pd.DataFrame | None = None,
) -> str | None:
    """When the next forecast after ``now`` is due, ISO 8601."""
    for time in times(state, policy, now, events, begin=now):
        if time > now:
            return written(time)
    return None


def times(
    state: SequenceState | None,
    policy: Policy,
    now: pd.Timestamp,
    events: pd.DataFrame | None = None,
    *,
    begin: pd.Timestamp | None = None,
) -> Iterator[pd.Timestamp]:
    """All times of a schedule in order; a region's has neither beginning nor end.

    Of a region those from the last one at ``begin`` (by default ``now``) on are given.
    """
    if state is None:
        yield from _regional(policy, now if begin is None else min(begin, now))
        return
    start = read(state.mainshock.time)
    end = start + pd.Timedelta(days=policy.duration_days)
    if policy.schedule == "ingv":
        series = _midnights_and_events(state, start, end, now, events)
    else:
        delays = USGS if policy.schedule == "usgs" else own_delays(policy.schedule)
        gap = MONTH if policy.schedule == "usgs" else _last_gap(delays)
        series = (start + pd.Timedelta(days=days) for days in _and_on(delays, gap))
    for time in series:
        if time > end:
            return
        yield time.floor("s")


def _and_on(delays: Several[float], gap: float) -> Iterator[float]:
    """The delays, and then one every ``gap``."""
    yield from delays
    yield from (delays[-1] + i * gap for i in count(1))


def _last_gap(delays: Several[float]) -> float:
    return [b - a for a, b in pairwise((0.0, *delays))][-1]


def _regional(policy: Policy, begin: pd.Timestamp) -> Iterator[pd.Timestamp]:
    if policy.regional == "none":
        return
    first = begin.floor("D")
    days = 1
    if policy.regional == "weekly":
        first, days = first - pd.Timedelta(days=first.weekday()), 7
    yield from (first + i * pd.Timedelta(days=days) for i in count())


def _midnights_and_events(
    state: SequenceState,
    start: pd.Timestamp,
    end: pd.Timestamp,
    now: pd.Timestamp,
    events: pd.DataFrame | None,
) -> Iterator[pd.Timestamp]:
    """The mainshock itself, each midnight after it, and each notable event until now."""
    marks = set(pd.date_range(start.ceil("D"), end, freq="D")) | {start}
    if events is not None and len(events):
        notable = reaches(events["magnitude"].to_numpy(np.float64), NOTABLE)
        notable &= ((events["time"] > start) & (events["time"] <= now)).to_numpy()
        notable &= within(state, events)
        when = events[[name for name in ("time", "known") if name in events]].max(axis=1)
        marks |= set(when[notable])
    yield from sorted(marks)


def within(state: SequenceState, events: pd.DataFrame) -> np.ndarray:
    """Which events lie in the circle of a sequence."""
    circle = state.region
    places = events[["latitude", "longitude"]].to_numpy(np.float64)
    away = distances(places, [circle.latitude, circle.longitude])
    return np.asarray(away <= circle.radius_km)
