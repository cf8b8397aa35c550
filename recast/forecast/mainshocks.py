"""Mainshocks: those of the past, and that of the sequence which is under way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalogs import Catalog, CatalogInfo, EventSequence, InputError
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, clipped, reaches
from catalogs.sphere import distances
from etas.omori import GENERIC, REGIMES
from recast.forecast.gaps import overlapped, recorded_days

QUIET_DAYS = 30.0
"""Days before a mainshock without a larger event, and for which its sequence is under way."""

EXCESS = 2.0
"""Magnitude units above completeness that a mainshock must have: smaller ones have few
aftershocks."""

FEWEST, FEWEST_IN_A_DAY = 5, 20
"""Events after a mainshock: so far, and in the first day once that is over. Of fewer there is no
sequence, or a poor one, which counts where there is no other."""

EARLY_DAYS = 1.0 / 24.0
"""After a mainshock, in which networks miss so much that its events tell little of its sequence."""

MOMENT = 1e-6
"""Days by which times may be rounded."""

SIGNIFICANT = 1.0
"""Standard deviations by which they exceed the usual number: chosen of 0 to 3 on the validation
windows of four catalogs."""

RUPTURE_LENGTHS, LEAST_REACH = 3.0, 30.0
"""Reach of a mainshock, in lengths of its rupture, and the least one, km. What is farther away is
of no sequence of it."""

NEW_DAYS = 3.0
"""Days in which a sequence far from a larger one may count before it. In train and validation
windows of ncss it is forecast better so for a day, a little better for three, and no better
later."""

WEIGHT, USUAL_C = 0.5, 0.018
"""Events that the productivity of its kind counts as beside those of a sequence so far, and c of
Omori's law, days: by them two sequences under way are compared."""


@dataclass(frozen=True)
class Mainshock:
    """A large event: its number among the complete events, its day and its magnitude."""

    index: int
    time: float
    magnitude: float
    first_day: int
    """Complete events in the day after it."""


def find_mainshocks(
    catalog: Catalog, magnitude: float, window: tuple[float, float] | None = None
) -> list[Mainshock]:
    """Find the mainshocks >= ``magnitude`` of a window, by default of validation and test.

    No event in the 30 days before is larger, and in the day after there are 20 complete events or
    more, as far as that was recorded. ``window`` is in days since the catalog's start.

    Raises
    ------
    InputError
        If there is none.
    """
    info, events = catalog.info, catalog.to_sequence()
    begin, end = window or _examined(info)
    large = _large(events, magnitude, begin, end)
    found = [shock for shock in large if shock.first_day >= FEWEST_IN_A_DAY]
    if not found:
        lost = len(_in_gaps(events, large))
        known = f" ({lost} of M >= {magnitude:g} with a gap of the catalog there)" if lost else ""
        raise InputError(
            f"catalog {info.name!r} has no mainshock of M >= {magnitude:g} with {FEWEST_IN_A_DAY} "
            f"complete events or more in the day after it{known} between {info.to_time(begin)} and "
            f"{info.to_time(end)}{'' if window else ', in validation and test'}: choose a lower "
            "magnitude, or other `splits`"
        )
    return found


def lost_mainshocks(catalog: Catalog, magnitude: float) -> list[Mainshock]:
    """Find those of validation and test whose aftershocks a gap of the catalog hides.

    It is in the day after them, of which fewer than 20 complete events are known.
    """
    events = catalog.to_sequence()
    return _in_gaps(events, _large(events, magnitude, *_examined(catalog.info)))


def _examined(info: CatalogInfo) -> tuple[float, float]:
    """Validation and test, days."""
    return info.to_days(info.splits.val_start), info.to_days(info.splits.end)


def _large(events: EventSequence, magnitude: float, begin: float, end: float) -> list[Mainshock]:
    """Large events with no larger one in the 30 days before, whatever came after them."""
    times, magnitudes = events.times, events.magnitudes
    large = reaches(magnitudes, magnitude) & (times >= begin) & (times < end)
    found = []
    for i in np.flatnonzero(large).tolist():
        before = magnitudes[np.searchsorted(times, times[i] - QUIET_DAYS) : i]
        first_day = int(np.searchsorted(times, times[i] + 1.0, side="right")) - i - 1
        if not is_larger(before, magnitudes[i]).any():
            found.append(Mainshock(i, float(times[i]), float(magnitudes[i]), first_day))
    return found


def _in_gaps(events: EventSequence, large: list[Mainshock]) -> list[Mainshock]:
    return [
        shock
        for shock in large
        if shock.first_day < FEWEST_IN_A_DAY and overlapped(events, shock.time, shock.time + 1.0)
    ]


def current_mainshock(events: EventSequence, completeness: float) -> int | None:
    """Return which event is the mainshock of the sequence under way at the end of ``events``.

    It is the largest event of the last 30 days (of equal ones the last), at least two units above
    completeness, with no larger event in the 30 days before it. Twenty events or more followed in
    the first day, or five where that is not over or has a gap of the catalog in it, and more than
    usual: than the mean of the 30 days before, by one standard deviation of a Poisson number.
    Where the day of the largest event is over and it was not so, the next largest counts; where
    there is none, and none of which more may still come, the largest event if five followed.

    Where places are known, events beyond three rupture lengths of a larger one are mainshocks, too,
    if so many followed within their own reach. For three days such a one is returned if more events
    are expected of it in the next day than of the larger one, by those so far. Later the larger one
    tells as much of the region as a whole.
    """
    found = _sequences(events, completeness)[0]
    late = [shock for shock in found[1:] if events.end - events.times[shock] <= NEW_DAYS]
    if not late:
        return found[0] if found else None
    return max([found[0], *late], key=lambda shock: _next_day(events, shock, completeness))


def _sequences(events: EventSequence, completeness: float) -> tuple[list[int], int | None]:
    """The mainshocks that enough events followed, and the largest of which that may still come."""
    found = _followed_by(events, completeness, FEWEST_IN_A_DAY, pass_over=True)
    if found != ([], None):
        return found
    return _followed_by(events, completeness, FEWEST, pass_over=False)


def _followed_by(
    events: EventSequence, completeness: float, in_a_day: int, *, pass_over: bool
) -> tuple[list[int], int | None]:
    """The same for mainshocks that so many events follow in the first day, once that is over.

    Those of which fewer did are passed over for smaller ones, or not.
    """
    times, magnitudes = events.times, events.magnitudes
    first = int(np.searchsorted(times, events.end - QUIET_DAYS))
    large = reaches(magnitudes[first:], completeness + EXCESS)
    order = first + np.flatnonzero(large)
    order = order[np.lexsort((-order, -magnitudes[order]))]
    under_way, lone, leader = list[int](), list[int](), None
    for i in order.tolist():
        begin = int(np.searchsorted(times, times[i] - QUIET_DAYS))
        rivals = begin + np.flatnonzero(magnitudes[begin:] > magnitudes[i] + MAGNITUDE_TOLERANCE)
        if rivals.size == 0 and i != order[0]:  # as large as the largest, and before it
            rivals = order[:1]
        rivals = rivals[~np.isin(rivals, lone)]
        if rivals.size and _within_reach(events, rivals, i).any():
            continue
        day_is_known = _day_is_known(events, i)
        fewest = in_a_day if day_is_known else FEWEST
        followed = _followed(events, i) if i == order[0] else _followed_near(events, i)
        if followed >= max(fewest, _usual(events, i)):
            under_way.append(i)
        elif day_is_known:
            lone += [i] * pass_over
            continue
        leader = i if leader is None else leader
    return under_way, leader


def _within_reach(
    events: EventSequence, mainshocks: NDArray[np.int64], event: int
) -> NDArray[np.bool_]:
    """Whether an event may be of the sequence of each of some larger ones, (mainshock,)."""
    if events.locations is None:
        return np.ones(mainshocks.size, dtype=np.bool_)
    away = distances(events.locations[mainshocks], events.locations[event])
    return np.asarray(away <= _reach(events.magnitudes[mainshocks]))


def _reach(magnitudes: FloatArray) -> FloatArray:
    return np.maximum(RUPTURE_LENGTHS * rupture_length(magnitudes), LEAST_REACH)


def rupture_length(magnitudes: FloatArray) -> FloatArray:
    """Subsurface rupture length, km.

        log10 L = -2.44 + 0.59 M

    (Wells and Coppersmith 1994, doi:10.1785/BSSA0840040974, table 2A, all slip types).

    Examples
    --------
    >>> rupture_length(np.array([5.0, 7.1])).round(1)
    array([ 3.2, 56.1])
    """
    return np.asarray(10.0 ** (-2.44 + 0.59 * magnitudes))


def _near(events: EventSequence, mainshock: int, until: float) -> int:
    """Events after a mainshock and within its reach."""
    last = int(np.searchsorted(events.times, until))
    if events.locations is None:
        return last - mainshock - 1
    away = distances(events.locations[mainshock + 1 : last], events.locations[mainshock])
    return int((away <= _reach(events.magnitudes[[mainshock]])[0]).sum())


def _followed_near(events: EventSequence, mainshock: int) -> int:
    return _near(events, mainshock, _end_of_day(events, mainshock))


def _next_day(events: EventSequence, mainshock: int, completeness: float) -> float:
    """Events expected of a sequence in the next day.

    By Omori's law with p = 1 and the K that its events so far have, with half an event of the
    productivity of the shallow continental crust.
    """
    since = events.end - float(events.times[mainshock]) + USUAL_C
    usual = 10.0 ** (REGIMES[GENERIC].a + float(events.magnitudes[mainshock]) - completeness)
    expected = usual * np.log(since / USUAL_C)
    k = usual * (_near(events, mainshock, events.end) + WEIGHT) / (expected + WEIGHT)
    return float(k * np.log1p(1.0 / since))


def quiet_mainshock(events: EventSequence, completeness: float) -> int | None:
    """Return the mainshock of the last 30 days that too few events followed for a sequence.

    The largest of which more may still come, else the largest; None where a sequence is under way.
    """
    under_way, leader = _sequences(events, completeness)
    if under_way:
        return None
    return _largest(events, completeness) if leader is None else leader


def sequence_since(catalog: Catalog, day: float) -> float | None:
    """Return the day of the mainshock whose sequence is under way at some day, if there is one."""
    history = catalog.to_sequence().before(day)
    shock = current_mainshock(history, catalog.info.magnitude_completeness)
    return None if shock is None else float(history.times[shock])


def unfollowed_mainshock(events: EventSequence, completeness: float) -> tuple[int, int] | None:
    """Return the largest event of the last 30 days, and the events in the day after it, too few.

    They are five or more, and more than usual, but fewer than twenty, and the day is over: another
    sequence is under way, or may come to be. None if it is not so.
    """
    largest = _largest(events, completeness)
    if largest is None or not _day_is_known(events, largest):
        return None
    if current_mainshock(events, completeness) == largest:
        return None
    followed = _followed(events, largest)
    few = max(FEWEST, _usual(events, largest)) <= followed < FEWEST_IN_A_DAY
    return (largest, followed) if few else None


def _day_is_known(events: EventSequence, mainshock: int) -> bool:
    """Whether the day after it is over, and recorded as a whole."""
    time = float(events.times[mainshock])
    return events.end - time >= 1.0 and not overlapped(events, time, time + 1.0)


def _usual(events: EventSequence, mainshock: int) -> float:
    """Events in the day after it, as far as it is over, that are no more than usual."""
    times = events.times
    time = float(times[mainshock])
    before = mainshock - int(np.searchsorted(times, time - QUIET_DAYS))
    known = recorded_days(events, max(time - QUIET_DAYS, events.start), time)
    day = recorded_days(events, time, min(events.end, _end_of_day(events, mainshock)))
    usual = before * day / known if known > 0.0 else 0.0
    return float(usual + SIGNIFICANT * np.sqrt(usual))


def too_small_mainshock(events: EventSequence, completeness: float) -> int | None:
    """Return the largest event of the last 30 days if it is a mainshock but for its magnitude.

    It is less than two units above completeness, and more events than usual followed, five or more.
    """
    largest = _largest(events, -np.inf)
    if largest is None or _largest(events, completeness) is not None:
        return None
    enough = _followed(events, largest) >= max(FEWEST, _usual(events, largest))
    return largest if enough else None


def aftershocks_until(events: EventSequence, completeness: float, day: float) -> float:
    """How many aftershocks of the sequence under way should come from the end of the events on.

    By Omori's law with p = 1 through the n of the second half of the time t since the mainshock:
    n ln((t + s) / t) / ln 2 in the time s until ``day``, if no gap of the catalog is in that half.
    Zero where no sequence is under way, or nothing of that half was recorded.
    """
    shock = current_mainshock(events, completeness)
    if shock is None:
        return 0.0
    time = float(events.times[shock])
    elapsed = events.end - time
    middle = time + 0.5 * elapsed
    n = int((events.times > middle).sum())
    lost = clipped(events.gaps, middle, events.end)
    known = np.log(2.0) - sum(np.log((end - time) / (begin - time)) for begin, end in lost)
    return float(n * np.log((day - time) / elapsed) / known) if known > MOMENT else 0.0


def too_early(events: EventSequence, completeness: float) -> int | None:
    """Return which event is a mainshock of less than an hour ago: its sequence is not known yet.

    Hours in a gap of the catalog do not count.
    """
    leader = _sequences(events, completeness)[1]
    if leader is None:
        return None
    known = recorded_days(events, float(events.times[leader]), events.end)
    return leader if is_early(known) else None


def is_early(elapsed: float) -> bool:
    """Whether an hour is not over, of the days ``elapsed`` since a mainshock."""
    return elapsed < EARLY_DAYS - MOMENT


def _largest(events: EventSequence, completeness: float) -> int | None:
    """The largest event of the last 30 days, if it may be a mainshock."""
    times, magnitudes = events.times, events.magnitudes
    first = int(np.searchsorted(times, events.end - QUIET_DAYS))
    if first == len(events):
        return None
    largest = first + int(np.flatnonzero(magnitudes[first:] == magnitudes[first:].max())[-1])
    time, magnitude = float(times[largest]), float(magnitudes[largest])
    if magnitude < completeness + EXCESS - MAGNITUDE_TOLERANCE:
        return None
    before = magnitudes[np.searchsorted(times, time - QUIET_DAYS) : largest]
    return None if is_larger(before, magnitude).any() else largest


def _followed(events: EventSequence, mainshock: int) -> int:
    """Events in the day after it."""
    return int(np.searchsorted(events.times, _end_of_day(events, mainshock))) - mainshock - 1


def _end_of_day(events: EventSequence, mainshock: int) -> float:
    """When a day since a mainshock is over, of which gaps of the catalog are no part."""
    time = float(events.times[mainshock])
    end = time + 1.0
    for begin, stop in events.gaps:
        if stop > time and begin < end:
            end += stop - max(begin, time)
    return end


def is_larger(magnitudes: FloatArray, than: float) -> NDArray[np.bool_]:
    """Which magnitudes are larger by more than round-off, (event,)."""
    return magnitudes > than + MAGNITUDE_TOLERANCE
