"""Sequences under way: mainshocks, those that a larger event overtakes, and swarms."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.areas import Area
from catalogs.catalog import nanoseconds
from catalogs.info import NANOSECONDS_PER_DAY
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches
from catalogs.sphere import distances
from recast.live.policy import Policy
from recast.live.records import Circle, Quake, SequenceState
from recast.live.schedule import within
from recast.live.times import read, written

WITHIN = 0.5
"""No event of a swarm stands out by more: after a mainshock the largest aftershock is 1.2 units
smaller on average (Bath 1965), and that it is less than 0.5 smaller, is the exception."""

OTHERS = 2
"""Events besides the largest that must be so large: one is a doublet, two are a swarm."""

SWARM_DAYS = 7.0
"""In which the first three events of a swarm come."""


@dataclass(frozen=True)
class Sequence:
    """A sequence, and whether forecasts are still made for it."""

    state: SequenceState
    active: bool = True
    ended: str = ""
    """Why not, in words."""


@dataclass
class _Growing:
    """A sequence while events are added in order of time; numbers are rows of the table."""

    first: int
    main: int
    earlier: list[int] = field(default_factory=list)
    swarm: bool = False


def find_sequences(
    events: pd.DataFrame,
    policy: Policy,
    now: pd.Timestamp,
    *,
    known: Several[SequenceState] = (),
    area: Area | None = None,
) -> list[Sequence]:
    """Find the sequences that are under way, from the events as they are known now.

    An event of the trigger magnitude or more begins a sequence, unless it lies in the circle of one
    that is under way and is not larger than its mainshock. A larger one there, or one whose own
    circle contains the mainshock, takes the sequence over: it becomes the mainshock, the circle is
    its own, and the identifier stays that of the first event. So does it with several at once.
    Outside of an area no event begins a sequence, but a larger one there takes one over, and a
    mainshock that is found to lie there goes on.

    Parameters
    ----------
    events : DataFrame
        Sorted by time; later ones than ``now`` are not looked at.
    policy : Policy
        Trigger magnitude, circle and duration.
    now : Timestamp
        The time.
    known : sequence of SequenceState
        Those for which forecasts have been issued, the latest state of each. They keep their
        identifiers, and those that are no longer found are returned with the reason why.
    area : Area, optional
        Where sequences begin; by default everywhere.

    Returns
    -------
    list of Sequence
        In order of their beginning, the active ones and those of ``known`` that have ended.
    """
    table = events.iloc[: int(events["time"].searchsorted(now, side="right"))]
    oldest = now - pd.Timedelta(days=policy.duration_days)
    first = int(table["time"].searchsorted(oldest))
    names = {event for state in known for event in _events_of(state)}
    inside = np.ones(len(table), dtype=bool)
    if area is not None:
        inside = np.asarray(area.contains(table["latitude"], table["longitude"]))
    grown = _grown(table, policy, inside, inside | table["event_id"].isin(names).to_numpy())
    issued = _rows_of(table, names, grown)
    found = [
        _state(table, one, policy, now)
        for one in grown
        if one.main >= first or not issued.isdisjoint({one.main, *one.earlier})
    ]
    named = _with_known_names(found, known)
    ids = {state.sequence_id for state in named}
    out = []
    for state in named:
        if read(state.mainshock.time) >= oldest.floor("s"):
            out.append(Sequence(state))
        elif any(state.sequence_id == old.sequence_id for old in known):
            why = f"{policy.duration_days:g} days have passed since its mainshock"
            out.append(Sequence(state, active=False, ended=why))
    for old in known:
        if old.sequence_id not in ids:
            why = _why_ended(old, table, named, policy)
            out.append(Sequence(old, active=False, ended=why))
    return sorted(out, key=lambda s: (s.state.began, s.state.sequence_id))


def _grown(
    table: pd.DataFrame, policy: Policy, inside: NDArray[np.bool_], begins: NDArray[np.bool_]
) -> list[_Growing]:
    """Go through the large events in order of time.

    Those that are ``inside`` count for swarms, and those that may begin a sequence are ``begins``.
    """
    magnitudes = table["magnitude"].to_numpy(np.float64)
    places = table[["latitude", "longitude"]].to_numpy(np.float64)
    in_area = np.where(inside, magnitudes, np.nan)
    lowest = policy.least_magnitude
    sequences: list[_Growing] = []
    lasts = int(policy.duration_days * NANOSECONDS_PER_DAY)
    times = nanoseconds(table)
    located = np.isfinite(places).all(axis=1)
    for i in np.flatnonzero(reaches(magnitudes, lowest) & located).tolist():
        own = policy.radius_km(magnitudes[i])
        near, larger = [], False
        for one in sequences:
            if times[i] > times[one.main] + lasts:
                continue
            away = float(distances(places[i], places[one.main]))
            size = magnitudes[one.main]
            is_larger = magnitudes[i] > size + MAGNITUDE_TOLERANCE
            if away <= policy.radius_km(size) or (is_larger and away <= own):
                near.append(one)
                larger |= not is_larger
        if larger:
            continue  # it belongs to the sequence of a larger event
        triggers = bool(reaches(magnitudes[i : i + 1], policy.trigger_magnitude)[0])
        if near:
            sequences = [one for one in sequences if one not in near]
            sequences.append(_taken_over(near, i))
        elif triggers and begins[i]:
            sequences.append(_Growing(i, i))
        elif not triggers and inside[i]:
            swarm = _swarm(times, in_area, places, i, policy)
            if swarm is not None:
                sequences.append(swarm)
    return sequences


def _taken_over(several: Several[_Growing], i: int) -> _Growing:
    earlier = sorted({j for one in several for j in (*one.earlier, one.main)})
    swarm = any(one.swarm for one in several)
    return _Growing(min(one.first for one in several), i, earlier, swarm)


def _swarm(
    times: NDArray[np.int64],
    magnitudes: FloatArray,
    places: FloatArray,
    i: int,
    policy: Policy,
) -> _Growing | None:
    """The swarm that event i, too small for a mainshock, completes."""
    lowest = policy.swarm_magnitude
    if lowest is None:
        return None
    begin = int(np.searchsorted(times, times[i] - int(SWARM_DAYS * NANOSECONDS_PER_DAY)))
    near = distances(places[begin : i + 1], places[i]) <= policy.least_radius_km
    near &= reaches(magnitudes[begin : i + 1], lowest)
    rows = begin + np.flatnonzero(near)
    if not dominated_by_none(magnitudes[rows]):
        return None
    largest = rows[int(np.argmax(magnitudes[rows]))]
    return _Growing(int(rows[0]), int(largest), swarm=True)


def dominated_by_none(magnitudes: FloatArray) -> bool:
    """Whether three or more are the largest to half a unit.

    >>> dominated_by_none(np.array([4.0, 4.3, 4.1])), dominated_by_none(np.array([6.0, 4.8, 4.7]))
    (True, False)
    """
    if magnitudes.size <= OTHERS:
        return False
    third = np.sort(magnitudes)[-1 - OTHERS]
    return bool(magnitudes.max() - third <= WITHIN + MAGNITUDE_TOLERANCE)


def _state(
    table: pd.DataFrame, grown: _Growing, policy: Policy, now: pd.Timestamp
) -> SequenceState:
    main = quake(table, grown.main)
    circle = Circle(main.latitude, main.longitude, policy.radius_km(main.magnitude))
    state = SequenceState(
        sequence_id=str(table["event_id"].iloc[grown.first]),
        kind="mainshock",
        mainshock=main,
        region=circle,
        began=written(table["time"].iloc[grown.first]),
        overtaken=tuple(quake(table, row) for row in grown.earlier),
    )
    return replace(state, kind="swarm") if _is_swarm(table, state, now) else state


def _is_swarm(table: pd.DataFrame, state: SequenceState, now: pd.Timestamp) -> bool:
    """Whether no event dominates, of those in the circle within a week of the largest."""
    main, week = read(state.mainshock.time), pd.Timedelta(days=SWARM_DAYS)
    begin = int(table["time"].searchsorted(main - week))
    end = int(table["time"].searchsorted(min(main + week, now), side="right"))
    some = table.iloc[begin:end]
    return dominated_by_none(some["magnitude"].to_numpy(np.float64)[within(state, some)])


def quake(table: pd.DataFrame, row: int) -> Quake:
    """One row of a table of events as a record."""
    event = table.iloc[row]
    depth = event.get("depth_km")
    return Quake(
        event_id=str(event["event_id"]),
        time=written(event["time"]),
        magnitude=float(event["magnitude"]),
        latitude=float(event["latitude"]),
        longitude=float(event["longitude"]),
        depth_km=None if depth is None or pd.isna(depth) else float(depth),
        place=str(event.get("place") or ""),
        url=str(event.get("url") or ""),
    )


def _with_known_names(
    found: Several[SequenceState], known: Several[SequenceState]
) -> list[SequenceState]:
    """Let sequences keep the identifiers under which forecasts were issued.

    The first event may have become smaller, or be gone; the mainshock tells which one it is.
    """
    taken = {state.sequence_id for state in found}
    out = list(found)
    for old in known:
        if old.sequence_id in taken:
            continue
        for i, state in enumerate(out):
            same = not _events_of(state).isdisjoint(_events_of(old))
            if same and state.sequence_id not in {k.sequence_id for k in known}:
                out[i] = replace(state, sequence_id=old.sequence_id)
                taken.add(old.sequence_id)
                break
    return out


def _rows_of(table: pd.DataFrame, names: set[str], grown: Several[_Growing]) -> set[int]:
    """Which mainshocks have these identifiers."""
    rows = sorted({row for one in grown for row in (one.main, *one.earlier)})
    known = table["event_id"].iloc[rows].tolist() if names else []
    return {row for row, name in zip(rows, known, strict=False) if name in names}


def _events_of(state: SequenceState) -> set[str]:
    """Identifiers of its mainshock and of those before."""
    return {state.mainshock.event_id, *(event.event_id for event in state.overtaken)}


def _why_ended(
    old: SequenceState, table: pd.DataFrame, found: Several[SequenceState], policy: Policy
) -> str:
    """Why a sequence is no longer found, in words."""
    main = old.mainshock
    for state in found:
        if not {old.sequence_id, main.event_id}.isdisjoint(_events_of(state)):
            return f"the sequence {state.sequence_id} has taken it over"
    rows = table[(table["event_id"] == main.event_id).to_numpy()]
    if rows.empty:
        return f"its mainshock {main.event_id} is no longer in the catalog"
    magnitude = float(rows["magnitude"].iloc[0])
    if not reaches(np.array([magnitude]), policy.trigger_magnitude)[0]:
        return (
            f"the magnitude of its mainshock is now {magnitude:g}, below "
            f"{policy.trigger_magnitude:g}"
        )
    return "its mainshock belongs to the sequence of another event"
