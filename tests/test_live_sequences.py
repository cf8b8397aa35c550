"""Which sequences a service sees, from the events as they are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_events import table, utc

from catalogs import InputError
from catalogs.areas import parse_area
from catalogs.sphere import distances
from recast.live.circle import polygon
from recast.live.policy import Policy
from recast.live.records import Circle
from recast.live.sequences import find_sequences

NOW = utc("2020-01-20")
FIRST = ("a", "2020-01-01T10:00:00", 5.5, 35.0, -117.0)


def test_radius_is_the_rupture_length_of_wells_and_coppersmith() -> None:
    # Their regression, worked out by hand: log10 L = -2.44 + 0.59 * 6 = 1.1
    assert Policy(least_radius_km=1.0).radius_km(6.0) == pytest.approx(10.0**1.1)
    assert Policy(rupture_lengths=2.0).radius_km(7.0) == pytest.approx(2.0 * 10.0**1.69)
    assert Policy(least_radius_km=15.0).radius_km(5.0) == 15.0


def test_smaller_events_nearby_belong_to_the_sequence() -> None:
    events = table(FIRST, ("b", "2020-01-02T10:00:00", 5.2, 35.02, -117.0))
    (found,) = find_sequences(events, Policy(), NOW)
    assert (found.state.sequence_id, found.state.mainshock.event_id, found.active) == (
        "a",
        "a",
        True,
    )
    assert (found.state.kind, found.state.overtaken) == ("mainshock", ())


def test_a_larger_event_takes_over_and_the_name_stays() -> None:
    events = table(FIRST, ("b", "2020-01-02T10:00:00", 6.6, 35.02, -117.0))
    (before,) = find_sequences(events, Policy(), utc("2020-01-02T09:00"))
    (after,) = find_sequences(events, Policy(), NOW)
    assert before.state.mainshock.event_id == "a"
    assert (after.state.sequence_id, after.state.mainshock.event_id) == ("a", "b")
    assert [event.event_id for event in after.state.overtaken] == ["a"]
    assert after.state.region.radius_km == pytest.approx(Policy().radius_km(6.6))
    assert after.state.region.radius_km > before.state.region.radius_km
    assert after.state.began == "2020-01-01T10:00:00Z"


def test_a_circle_that_contains_an_earlier_smaller_mainshock_takes_it_over() -> None:
    # 22 km away: outside the first circle (10 km), inside that of M 6.6 (28 km)
    events = table(FIRST, ("b", "2020-01-02T10:00:00", 6.6, 35.2, -117.0))
    assert distances([35.0, -117.0], [35.2, -117.0]) > Policy().radius_km(5.5)
    (found,) = find_sequences(events, Policy(), NOW)
    assert (found.state.sequence_id, found.state.mainshock.event_id) == ("a", "b")


def test_one_large_event_takes_over_two_sequences() -> None:
    events = table(
        FIRST,
        ("b", "2020-01-01T12:00:00", 5.4, 35.3, -117.0),
        ("c", "2020-01-03T00:00:00", 7.0, 35.15, -117.0),
    )
    assert len(find_sequences(events, Policy(), utc("2020-01-02"))) == 2
    (found,) = find_sequences(events, Policy(), NOW)
    assert [event.event_id for event in found.state.overtaken] == ["a", "b"]
    assert found.state.sequence_id == "a"


def test_outside_of_an_area_none_begins_and_a_larger_one_takes_over() -> None:
    area = parse_area("34/35.01/-118/-116")
    outside = ("b", "2020-01-02T10:00:00", 6.6, 35.02, -117.0)
    (after,) = find_sequences(table(FIRST, outside), Policy(), NOW, area=area)
    assert (after.state.sequence_id, after.state.mainshock.event_id) == ("a", "b")
    assert find_sequences(table(outside), Policy(), NOW, area=area) == []
    three = [
        (f"s{i}", f"2020-01-02T1{i}:00:00", 4.0, 35.0 + 0.02 * (i < 2), -117.0) for i in (0, 1, 2)
    ]
    swarms = Policy(swarm_magnitude=4.0)
    assert len(find_sequences(table(*three), swarms, NOW)) == 1
    assert find_sequences(table(*three), swarms, NOW, area=area) == []


def test_a_mainshock_that_is_found_to_lie_outside_goes_on() -> None:
    area = parse_area("34/35.01/-118/-116")
    (before,) = find_sequences(table(FIRST), Policy(), NOW, area=area)
    moved = table((*FIRST[:3], 35.02, -117.0))
    (after,) = find_sequences(moved, Policy(), NOW, known=[before.state], area=area)
    assert after.active
    assert (after.state.sequence_id, after.state.mainshock.latitude) == ("a", 35.02)


def test_two_sequences_far_apart_at_once() -> None:
    events = table(FIRST, ("b", "2020-01-01T11:00:00", 6.1, 33.0, -116.0))
    found = find_sequences(events, Policy(), NOW)
    assert [one.state.sequence_id for one in found] == ["a", "b"]


def test_events_after_now_are_not_known() -> None:
    events = table(FIRST, ("b", "2020-01-02T10:00:00", 6.6, 35.02, -117.0))
    assert find_sequences(events, Policy(), utc("2020-01-01T09:59:59")) == []


@pytest.mark.parametrize(
    ("later", "why"),
    [
        (table(("z", "2019-01-01", 3.0, 35.0, -117.0)), "mainshock a is no longer in the catalog"),
        (table((*FIRST[:2], 4.8, *FIRST[3:])), "mainshock is now 4.8, below 5"),
    ],
)
def test_a_mainshock_withdrawn_or_downgraded_ends_its_sequence(
    later: pd.DataFrame, why: str
) -> None:
    (before,) = find_sequences(table(FIRST), Policy(), NOW)
    (after,) = find_sequences(later, Policy(), NOW, known=[before.state])
    assert not after.active
    assert why in after.ended
    assert after.state == before.state


def test_a_sequence_keeps_its_name_when_its_first_event_is_withdrawn() -> None:
    second = ("b", "2020-01-02T10:00:00", 6.6, 35.02, -117.0)
    (before,) = find_sequences(table(FIRST, second), Policy(), NOW)
    (after,) = find_sequences(table(second), Policy(), NOW, known=[before.state])
    assert after.active
    assert (after.state.sequence_id, after.state.overtaken) == ("a", ())
    (unknown,) = find_sequences(table(second), Policy(), NOW)
    assert unknown.state.sequence_id == "b"


def test_a_second_sequence_that_is_taken_over_ends_and_says_by_which() -> None:
    both = (FIRST, ("b", "2020-01-01T12:00:00", 5.4, 35.3, -117.0))
    states = [one.state for one in find_sequences(table(*both), Policy(), utc("2020-01-02"))]
    events = table(*both, ("c", "2020-01-03T00:00:00", 7.0, 35.15, -117.0))
    found = {s.state.sequence_id: s for s in find_sequences(events, Policy(), NOW, known=states)}
    assert found["a"].active
    assert not found["b"].active
    assert "sequence a has taken it over" in found["b"].ended


def test_a_sequence_ends_when_its_time_is_over() -> None:
    policy = Policy(duration_days=10.0)
    (state,) = (one.state for one in find_sequences(table(FIRST), policy, utc("2020-01-11")))
    assert find_sequences(table(FIRST), policy, NOW) == []
    (ended,) = find_sequences(table(FIRST), policy, NOW, known=[state])
    assert not ended.active
    assert "10 days have passed" in ended.ended
    # And the next event there begins another
    events = table(FIRST, ("b", "2020-01-15", 5.1, 35.0, -117.0))
    (new,) = find_sequences(events, policy, NOW)
    assert new.state.sequence_id == "b"


def test_the_time_of_a_sequence_counts_from_the_event_that_took_it_over() -> None:
    policy = Policy(duration_days=10.0)
    rows = [
        FIRST,
        ("b", "2020-01-09T00:00:00", 6.6, 35.02, -117.0),
        ("c", "2020-01-15T00:00:00", 5.5, 35.02, -117.0),  # 14 days after the first
    ]
    (found,) = find_sequences(table(*rows), policy, utc("2020-01-16"))
    assert (found.state.sequence_id, found.state.mainshock.event_id) == ("a", "b")
    (still,) = find_sequences(table(*rows), policy, utc("2020-01-19"))
    assert still.active
    assert find_sequences(table(*rows), policy, utc("2020-01-19T00:00:01")) == []


def test_an_event_is_known_at_its_own_time() -> None:
    (found,) = find_sequences(table(FIRST), Policy(), utc(FIRST[1]))
    assert found.state.sequence_id == "a"


def test_events_without_a_place_or_a_size_begin_nothing() -> None:
    nowhere = ("b", "2020-01-02T10:00:00", 6.6, float("nan"), -117.0)
    unsized = ("c", "2020-01-03T10:00:00", float("nan"), 35.0, -117.0)
    (found,) = find_sequences(table(FIRST, nowhere, unsized), Policy(), NOW)
    assert found.state.mainshock.event_id == "a"


def test_a_swarm_begins_when_no_event_dominates() -> None:
    policy = Policy(swarm_magnitude=3.5)
    rows = [
        ("a", "2020-01-01T00:00:00", 3.6, 35.0, -117.0),
        ("b", "2020-01-02T00:00:00", 4.0, 35.01, -117.0),
        ("c", "2020-01-03T00:00:00", 3.7, 35.02, -117.0),
    ]
    assert find_sequences(table(*rows[:2]), policy, NOW) == []
    (swarm,) = find_sequences(table(*rows), policy, NOW)
    assert (swarm.state.kind, swarm.state.sequence_id) == ("swarm", "a")
    assert swarm.state.mainshock.event_id == "b"
    assert find_sequences(table(*rows), Policy(), NOW) == []
    dominated = [*rows[:1], ("b", "2020-01-02T00:00:00", 4.9, 35.01, -117.0), rows[2]]
    assert find_sequences(table(*dominated), policy, NOW) == []
    # By half a unit at most
    for size, number in ((4.1, 1), (4.2, 0)):
        some = [rows[0], ("b", "2020-01-02T00:00:00", size, 35.01, -117.0), rows[2]]
        assert len(find_sequences(table(*some), policy, NOW)) == number
    # Within a week
    for last, number in (("2020-01-08T00:00:00", 1), ("2020-01-08T01:00:00", 0)):
        some = [*rows[:2], ("c", last, 3.7, 35.02, -117.0)]
        assert len(find_sequences(table(*some), policy, NOW)) == number


def test_a_mainshock_with_two_as_large_is_a_swarm() -> None:
    rows = [
        FIRST,
        ("b", "2020-01-02T00:00:00", 5.4, 35.01, -117.0),
        ("c", "2020-01-03T00:00:00", 5.2, 35.02, -117.0),
    ]
    (doublet,) = find_sequences(table(*rows), Policy(), utc("2020-01-02T12:00"))
    (swarm,) = find_sequences(table(*rows), Policy(), NOW)
    assert (doublet.state.kind, swarm.state.kind) == ("mainshock", "swarm")


events_in_time = st.lists(
    st.tuples(
        st.integers(0, 300),
        st.integers(40, 75),
        st.integers(0, 20),
        st.integers(-3, 3),
    ),
    min_size=1,
    max_size=12,
)


@given(events_in_time)
def test_every_trigger_lies_in_a_sequence_of_one_as_large(rows: list[tuple[int, ...]]) -> None:
    start = utc("2020-01-01")
    events = table(
        *(
            (f"e{i}", str(start + pd.Timedelta(hours=h)), m / 10, 35.0 + y / 20, -180.0 + x / 10)
            for i, (h, m, y, x) in enumerate(rows)
        )
    )
    found = find_sequences(events, Policy(), utc("2020-02-01"))
    ids = [one.state.sequence_id for one in found]
    assert len(set(ids)) == len(ids)
    covered: set[str] = set()
    for one in found:
        state = one.state
        assert state.mainshock.magnitude >= 5.0
        assert all(event.magnitude < state.mainshock.magnitude for event in state.overtaken)
        assert all(event.time <= state.mainshock.time for event in state.overtaken)
        theirs = {state.mainshock.event_id, *(event.event_id for event in state.overtaken)}
        assert covered.isdisjoint(theirs)
        covered |= theirs
    # What no sequence names as a mainshock was, when it came, in the circle of a larger one
    mains = [event for one in found for event in (one.state.mainshock, *one.state.overtaken)]
    for row in events[events["magnitude"] >= 5.0].itertuples():
        if row.event_id not in covered:
            assert any(
                event.magnitude >= row.magnitude
                and distances([event.latitude, event.longitude], [row.latitude, row.longitude])
                <= Policy().radius_km(event.magnitude) + 1e-6
                for event in mains
            )


@given(
    st.floats(-80.0, 80.0),
    st.floats(-180.0, 180.0),
    st.floats(5.0, 200.0),
    st.floats(0.0, 360.0),
)
def test_polygon_of_a_circle_contains_what_is_inside(
    latitude: float, longitude: float, radius: float, bearing: float
) -> None:
    around = polygon(Circle(latitude, longitude, radius))
    arc = np.radians(bearing)
    for share, inside in ((0.0, True), (0.97, True), (1.03, False)):
        step = np.degrees(share * radius / 6371.0)
        y = latitude + step * np.cos(arc)
        x = longitude + step * np.sin(arc) / np.cos(np.radians(latitude))
        away = float(distances([latitude, longitude], [y, x]))
        if abs(away - radius) > 0.02 * radius:  # the flat step is not exact near the poles
            assert bool(around.contains(y, (x + 180.0) % 360.0 - 180.0)) is (away < radius), inside


def test_policy_refuses_what_cannot_be() -> None:
    with pytest.raises(InputError, match="`samples` = 0: give a positive number"):
        Policy(samples=0)
    with pytest.raises(InputError, match="`windows` = \\[-1.0\\]"):
        Policy(windows=(-1.0,))
    with pytest.raises(InputError, match="'soon' is no time: write 30 min, 6 h or 1 d"):
        Policy(schedule=("soon",))
    with pytest.raises(InputError, match="give one or more times that increase"):
        Policy(schedule=("6 h", "30 min"))
    with pytest.raises(InputError, match=r"live.yaml: refit: invalid enum value 'often'"):
        Policy.from_json({"refit": "often"}, "live.yaml")


def test_policy_reads_back() -> None:
    policy = Policy(schedule=("30 min", "1 d"), magnitudes=(4.0, 3.0), windows=(7, 1))
    assert policy.windows == (1.0, 7.0)
    assert policy.magnitudes == (3.0, 4.0)
    assert Policy.from_json(policy.to_json(), "it") == policy
    assert Policy.from_json({"trigger_magnitude": 4}, "it") == replace(
        Policy(), trigger_magnitude=4.0
    )


@pytest.mark.parametrize("lowest", [0.0, 0.3, -1.0])
def test_a_swarm_of_small_events_begins_at_any_magnitude(lowest: float) -> None:
    policy = Policy(trigger_magnitude=2.5, swarm_magnitude=lowest, least_radius_km=1.0)
    rows = [
        (name, f"2020-01-01T0{hour}:00:00", lowest + above, 35.0, -117.0)
        for hour, (name, above) in enumerate({"a": 0.1, "b": 0.5, "c": 0.2}.items())
    ]
    (swarm,) = find_sequences(table(*rows), policy, NOW)
    assert (swarm.state.kind, swarm.state.mainshock.event_id) == ("swarm", "b")


def test_magnitudes_counted_reach_down_to_those_that_begin_sequences() -> None:
    small = Policy(trigger_magnitude=2.5)
    assert small.counted(-0.5, None) == (1.0, 2.0, 3.0, 4.0, 5.0)
    assert small.counted(1.3, 2.9) == (1.3, 2.0, 3.0, 4.0, 5.0)
    assert small.counted(-0.5, 5.2) == (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    swarms = Policy(trigger_magnitude=2.5, swarm_magnitude=0.0)
    assert swarms.counted(-0.5, None) == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)
    assert Policy(trigger_magnitude=4.0).counted(1.0, None) == Policy().counted(1.0, None)


def test_magnitudes_counted() -> None:
    assert Policy().counted(2.5, None) == (3.0, 4.0, 5.0, 6.0, 7.0)
    assert Policy().counted(3.0, 6.9) == (3.0, 4.0, 5.0, 6.0, 7.0)
    assert Policy().counted(4.6, 7.0) == (4.6, 5.0, 6.0, 7.0, 8.0)
    assert Policy(magnitudes=(2.0, 4.0)).counted(2.5, None) == (4.0,)
    assert Policy(magnitudes=(2.0,)).counted(2.5, None) == (2.5,)
