"""Which of several sequences a forecast is corrected for: what is far away is no aftershock."""

from __future__ import annotations

import numpy as np

from catalogs import EventSequence
from recast.forecast.mainshocks import current_mainshock, too_early

MC = 2.5


def history(
    *sequences: tuple[float, float, int, float], places: bool = True, end: float = 100.0
) -> EventSequence:
    """Noise, and mainshocks: day, magnitude, aftershocks in 12 hours, latitude."""
    rng = np.random.default_rng(0)
    rows = [(t, 2.6, rng.uniform(30.0, 40.0)) for t in np.arange(0.5, end, 5.0).tolist()]
    for day, magnitude, n, latitude in sequences:
        rows.append((day, magnitude, latitude))
        delays = 0.5 * np.sort(rng.random(n)) ** 3 + 1e-4
        rows += [(day + x, 2.7, latitude + 0.02 * rng.standard_normal()) for x in delays]
    rows = sorted(row for row in rows if row[0] < end)
    times, magnitudes, latitudes = map(np.array, zip(*rows, strict=True))
    where = np.column_stack([latitudes, np.full(times.size, -117.0)]) if places else None
    return EventSequence(times, magnitudes, 0.0, end, locations=where)


def mainshock(events: EventSequence) -> float | None:
    index = current_mainshock(events, MC)
    return None if index is None else float(events.times[index])


def test_a_lone_larger_event_does_not_hide_a_sequence() -> None:
    """M 6.9 deep or far, weeks ago and with no aftershocks; six hours after an M 6.4 with many."""
    for places in (True, False):
        events = history((85.0, 6.9, 0, 45.0), (99.75, 6.4, 150, 35.0), places=places)
        assert mainshock(events) == 99.75


def test_of_two_sequences_the_one_counts_that_is_stronger_now() -> None:
    old, new = (89.0, 7.0, 80, 40.4), (99.75, 5.9, 120, 35.0)
    assert mainshock(history(old, new)) == 99.75
    # Where places are not known, all later events are those of the largest
    assert mainshock(history(old, new, places=False)) == 89.0
    # and near each other the smaller one is an aftershock
    assert mainshock(history(old, (99.75, 5.9, 120, 40.3))) == 89.0


def test_a_larger_event_far_away_takes_no_sequence_over_before_its_own_is_known() -> None:
    """One hour ago, 580 km deep as it may be; the M 6.4 of six hours ago has 150 aftershocks."""
    events = history((99.75, 6.4, 150, 35.0), (99.95, 6.5, 0, 40.0))
    assert mainshock(events) == 99.75


def test_a_sequence_that_just_began_is_seen_behind_a_lone_larger_event() -> None:
    events = history((80.0, 6.0, 0, 40.0), (100.0 - 0.02, 5.8, 2, 35.0))
    assert mainshock(events) is None
    early = too_early(events, MC)
    assert early is not None
    assert events.times[early] == 100.0 - 0.02


def test_a_mainshock_of_today_hides_its_foreshocks_though_few_events_followed_yet() -> None:
    """Its day is not over: the foreshock with more events is of its sequence."""
    events = history((99.5, 5.0, 30, 35.0), (99.9, 6.5, 3, 35.1))
    found = current_mainshock(events, MC)
    assert found is None or events.magnitudes[found] == 6.5
