"""Do catalogs share earthquakes, and would a model trained on one have seen the test of another?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.catalog import Catalog, nanoseconds
from catalogs.errors import InputError

Stamps = NDArray[np.int64]
"""Sorted origin times in nanoseconds since 1970 (UTC)."""

SECOND = 1_000_000_000

MATCH = 2 * SECOND
"""One earthquake in two catalogs: relocation moves its origin time by a second or so."""

SHIFTS = [sign * minutes * 60 * SECOND for minutes in range(1, 6) for sign in (-1, 1)]
"""One catalog shifted by minutes matches the other by chance only, at the rates of that hour: far
more than the mean rates would give, because aftershock sequences are dense in both."""

LEAK = 0.01
"""Networks far apart share less than 0.2 % beyond chance, those whose regions overlap 8 % and more.
An event whose time is remembered to the minute, not the day, scores log(1440) = 7 nats more: for
1 % of the events 0.07 nats per event, about what models differ by."""

STANDARD_DEVIATIONS = 5.0
"""Matches by chance are about Poisson: a few in a short window are no leak."""


def shared_fraction(
    a: Catalog, b: Catalog, window: tuple[str | pd.Timestamp, str | pd.Timestamp]
) -> float:
    """The fraction of the events of the smaller catalog that are also in the other.

    Complete events match if their origin times differ by 2 s or less, whatever their magnitudes.
    With n events, m of them matched and c matched by chance, it is (m - c) / (n - c), not below 0;
    c is the mean number of matches with one catalog shifted by 1 to 5 minutes to either side.

    Parameters
    ----------
    a, b : Catalog
        In any order. Catalogs in plain days share nothing with any other.
    window : two dates
        Only events of the half-open window [first, second) count: the smaller catalog is the one
        with fewer of them.

    Raises
    ------
    InputError
        If the window is empty or not made of dates.
    """
    if a.info.uses_plain_days or b.info.uses_plain_days:
        return 0.0
    start, end = (a.info.date(date).value for date in window)
    if start >= end:
        raise InputError(f"window [{window[0]}, {window[1]}) is empty: give two dates in order")
    return _match(nanoseconds(_complete(a)), nanoseconds(_complete(b)), start, end).fraction


def check_no_leak(catalogs: Sequence[Catalog]) -> None:
    """Raise unless these catalogs can be trained as one and tested each on its own.

    A model that is trained on [start, val_start) of all of them, history included, must not have
    seen earthquakes of the test window [test_start, splits.end) of any. Catalogs in plain days
    share nothing, unless they are the same. Validation windows are not looked at.

    Raises
    ------
    InputError
        If two catalogs are the same, or more than 1 % of the events (of the smaller one) that lie
        in the test window of one and the train window of another are shared, and clearly more than
        by chance. It names both and the window.
    """
    tables = [(catalog.info, _complete(catalog)) for catalog in catalogs]
    for (a, events_a), (b, events_b) in combinations(tables, 2):
        if events_a.equals(events_b):
            raise InputError(
                f"catalogs {a.name!r} and {b.name!r} hold the same events: leave one out"
            )
    dated = [(info, nanoseconds(events)) for info, events in tables if not info.uses_plain_days]
    for (tested, in_test), (trained, in_train) in permutations(dated, 2):
        start = max(tested.splits.test_start, trained.start, key=tested.to_days)
        end = min(tested.splits.end, trained.splits.val_start, key=tested.to_days)
        if tested.to_days(start) >= tested.to_days(end):
            continue
        edges = (tested.date(date).value for date in (start, end))
        matches = _match(in_test, in_train, *edges)
        if matches.are_clear and matches.fraction > LEAK:
            percent = 100.0 * matches.fraction
            raise InputError(
                f"catalogs {tested.name!r} and {trained.name!r} share {percent:.1f} % of their "
                f"events from {start} to {end}, where the one is tested and the other "
                "trained: move the splits, cut one to another area, or leave one out"
            )


@dataclass(frozen=True)
class _Matches:
    """How many of ``events`` have a match, and how many would have one by chance."""

    events: int
    found: int
    by_chance: float

    @property
    def fraction(self) -> float:
        if self.by_chance >= self.events:
            return 0.0
        return max(0.0, (self.found - self.by_chance) / (self.events - self.by_chance))

    @property
    def are_clear(self) -> bool:
        deviation = float(np.sqrt(max(self.by_chance, 1.0)))
        return self.found - self.by_chance >= STANDARD_DEVIATIONS * deviation


def _match(a: Stamps, b: Stamps, start: int, end: int) -> _Matches:
    """The events in [start, end) of whichever has fewer there, looked up in all of the other."""
    inside_a, inside_b = (x[slice(*np.searchsorted(x, (start, end)))] for x in (a, b))
    few, other = (inside_a, b) if inside_a.size <= inside_b.size else (inside_b, a)
    by_chance = np.mean([_found(few + shift, other) for shift in SHIFTS])
    return _Matches(few.size, _found(few, other), float(by_chance))


def _found(times: Stamps, among: Stamps) -> int:
    """How many of ``times`` lie within MATCH of one of ``among``."""
    first = np.searchsorted(among, times - MATCH, side="left")
    behind = np.searchsorted(among, times + MATCH, side="right")
    return int(np.count_nonzero(first < behind))


def _complete(catalog: Catalog) -> pd.DataFrame:
    """Time and magnitude of the complete events, in order of time."""
    return catalog.complete_events()[["time", "magnitude"]].reset_index(drop=True)
