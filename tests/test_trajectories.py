"""Many continuations as flat arrays: there and back, in order, cut off where they are too long."""

from dataclasses import replace

import numpy as np
import pytest

from catalogs import EventSequence, InputError, Trajectories

WEEK = [
    EventSequence([0.5, 2.0, 6.0], [3.0, 4.0, 5.0], 0.0, 7.0),
    EventSequence([], [], 0.0, 7.0),
    EventSequence([1.0], [3.5], 0.0, 7.0),
]


def flat(times: list[float], trajectory: list[int]) -> Trajectories:
    return Trajectories(
        np.array(trajectory), np.array(times), np.arange(4.0), 2, 0.0, 9.0, np.empty(0, np.int64)
    )


def test_sequences_are_there_and_back() -> None:
    drawn = Trajectories.of_sequences(WEEK)
    assert drawn.counts.tolist() == [3, 0, 1]
    assert drawn.edges.tolist() == [0, 3, 3, 4]
    for sequence, back in zip(WEEK, drawn.sequences(), strict=True):
        np.testing.assert_array_equal(back.times, sequence.times)
        np.testing.assert_array_equal(back.magnitudes, sequence.magnitudes)
        assert (back.start, back.end) == (0.0, 7.0)


def test_what_goes_beyond_the_cap_is_cut_there_and_reported() -> None:
    drawn = Trajectories.of_sequences(WEEK, max_events=2)
    assert drawn.times.tolist() == [0.5, 2.0, 1.0]
    assert drawn.capped.tolist() == [0]
    assert Trajectories.of_sequences(WEEK, max_events=3).capped.size == 0


def test_events_are_sorted_by_trajectory_and_time() -> None:
    drawn = flat([3.0, 1.0, 2.0, 0.5], [1, 1, 0, 1]).sorted()
    assert drawn.times.tolist() == [2.0, 0.5, 1.0, 3.0]
    assert drawn.magnitudes.tolist() == [2.0, 3.0, 1.0, 0.0]
    assert drawn.trajectory.tolist() == [0, 1, 1, 1]


@pytest.mark.parametrize("most", [3, 70_000])
@pytest.mark.parametrize("grid", [None, 50])
def test_the_order_is_that_of_lexsort_with_and_without_ties(most: int, grid: int | None) -> None:
    rng = np.random.default_rng(0)
    times = rng.random(5000) if grid is None else rng.integers(0, grid, 5000) / grid
    who = rng.integers(0, most, 5000)
    drawn = Trajectories(
        who, times, np.arange(5000.0), most, 0.0, 9.0, np.empty(0, np.int64)
    ).sorted()
    np.testing.assert_array_equal(drawn.magnitudes, np.lexsort((times, who)).astype(np.float64))


def test_of_two_events_at_one_time_the_second_is_left_out_unless_it_is_of_another_trajectory() -> (
    None
):
    drawn = flat([1.0, 2.0, 2.0, 2.0], [0, 0, 0, 1]).distinct()
    assert drawn.magnitudes.tolist() == [0.0, 1.0, 3.0]
    nothing = Trajectories.of_sequences([WEEK[1]])
    assert nothing.distinct().times.size == 0


def test_joined_trajectories_keep_their_order_and_caps() -> None:
    first, second = (Trajectories.of_sequences(WEEK, max_events=2) for _ in range(2))
    both = Trajectories.joined([first, second])
    assert both.n == 6
    assert both.trajectory.tolist() == [0, 0, 2, 3, 3, 5]
    assert both.capped.tolist() == [0, 3]


def located(sequence: EventSequence, longitude: float) -> EventSequence:
    """The same events, each at a latitude of its own: its magnitude."""
    places = np.column_stack([sequence.magnitudes, np.full(len(sequence), longitude)])
    return replace(sequence, locations=places)


def test_every_event_keeps_its_place() -> None:
    drawn = Trajectories.of_sequences([located(s, i) for i, s in enumerate(WEEK)], max_events=2)
    both = Trajectories.joined([drawn, drawn])
    mixed = replace(
        both,
        **{
            name: getattr(both, name)[::-1]
            for name in ("trajectory", "times", "magnitudes", "locations")
        },
    )
    for one in (both, mixed.sorted(), mixed.sorted().distinct()):
        assert one.locations is not None
        assert one.locations[:, 0].tolist() == one.magnitudes.tolist() == [3.0, 4.0, 3.5] * 2
        assert one.locations[:, 1].tolist() == [0.0, 0.0, 2.0] * 2
    back = both.sequences()
    assert [s.locations.tolist() for s in back[:3] if s.locations is not None] == [
        [[3.0, 0.0], [4.0, 0.0]],
        [],
        [[3.5, 2.0]],
    ]
    assert both.to_dataframe()["longitude"].tolist() == [0.0, 0.0, 2.0] * 2
    assert list(drawn.to_dataframe()) == [
        "trajectory",
        "time",
        "magnitude",
        "latitude",
        "longitude",
    ]


def test_places_are_known_of_all_events_or_of_none() -> None:
    placed, without = located(WEEK[0], 1.0), Trajectories.of_sequences(WEEK)
    assert without.locations is None
    assert Trajectories.of_sequences([placed, WEEK[2]]).locations is None
    only = Trajectories.of_sequences([placed])
    assert Trajectories.joined([only, without]).locations is None
    # What has no events lacks no places
    with_empty = Trajectories.of_sequences([placed, WEEK[1]])
    assert with_empty.locations is not None
    assert list(without.to_dataframe()) == ["trajectory", "time", "magnitude"]
    with pytest.raises(InputError, match=r"locations have shape \(3,\), expected \(3, 2\)"):
        replace(only, locations=only.times)
