"""EventSequence: what it guarantees, and that every violation is named."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs import EventSequence, InputError

DAYS = 100.0


@st.composite
def sequences(draw: st.DrawFn) -> EventSequence:
    """Any valid sequence on [0, 100) days, also empty and scored from anywhere."""
    times = draw(
        st.lists(st.floats(0.0, DAYS, exclude_max=True, allow_subnormal=False), unique=True)
    )
    magnitudes = draw(st.lists(st.floats(-2, 9), min_size=len(times), max_size=len(times)))
    score_from = draw(st.floats(0.0, DAYS, exclude_max=True))
    return EventSequence(np.sort(times), np.array(magnitudes), 0.0, DAYS, score_from)


@given(sequence=sequences())
def test_inter_times_add_up_to_the_window(sequence: EventSequence) -> None:
    gaps = sequence.inter_times
    assert gaps.shape == (len(sequence) + 1,)
    assert np.all(gaps[1:] > 0.0)
    assert gaps.sum() == pytest.approx(DAYS, rel=1e-12)


@given(sequence=sequences(), cut=st.floats(0.5, DAYS - 0.5))
def test_adjacent_parts_make_up_the_whole(sequence: EventSequence, cut: float) -> None:
    early, late = sequence.before(cut), sequence.between(cut, DAYS)
    assert len(early) + len(late) == len(sequence)
    assert np.all(early.times < cut)
    assert np.all(late.times >= cut)
    whole = early.followed_by(late)
    np.testing.assert_array_equal(whole.times, sequence.times)
    np.testing.assert_array_equal(whole.magnitudes, sequence.magnitudes)
    assert (whole.start, whole.score_from, whole.end) == (0.0, cut, DAYS)


def test_gaps_of_adjacent_parts_are_those_of_the_whole() -> None:
    whole = EventSequence([1.0, 4.0, 8.0], [3.0] * 3, 0.0, 10.0, gaps=[(2.0, 3.0), (6.0, 7.0)])
    assert whole.before(5.0).followed_by(whole.between(5.0, 10.0)).gaps == whole.gaps


@given(sequence=sequences(), time=st.floats(0.0, DAYS, exclude_max=True))
def test_scored_events_are_those_from_the_given_time(sequence: EventSequence, time: float) -> None:
    scored = sequence.scored_from(time)
    assert scored.n_scored == int(np.sum(sequence.times >= time))
    assert len(scored) == len(sequence)
    assert scored.scored_days == DAYS - time
    assert np.all(scored.times[scored.first_scored :] >= time)


def test_an_event_belongs_to_the_window_that_starts_with_it() -> None:
    sequence = EventSequence([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], 0.0, 4.0)
    np.testing.assert_array_equal(sequence.before(2.0).times, [1.0])
    np.testing.assert_array_equal(sequence.between(2.0, 3.0).times, [2.0])
    assert sequence.scored_from(2.0).n_scored == 2


def test_arrays_are_read_only_copies() -> None:
    times = np.array([1.0, 2.0])
    sequence = EventSequence(times, [3.0, 4.0], 0.0, 3.0)
    times[0] = 99.0
    assert sequence.times[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        sequence.times[0] = 5.0


def test_a_table_that_changes_later_changes_no_sequence() -> None:
    # Columns of pandas are views that can't be written to, of memory that can
    table = pd.DataFrame({"time": [1.0, 2.0], "magnitude": [3.0, 4.0]})
    sequence = EventSequence(table["time"].to_numpy(), table["magnitude"].to_numpy(), 0.0, 3.0)
    table.loc[0, ["time", "magnitude"]] = 99.0
    assert (sequence.times[0], sequence.magnitudes[0]) == (1.0, 3.0)


def test_parts_of_a_sequence_share_its_arrays() -> None:
    sequence = EventSequence(np.arange(9.0), np.arange(9.0), 0.0, 9.0)
    part = sequence.between(2.0, 8.0).before(5.0)
    assert np.shares_memory(part.times, sequence.times)
    assert np.shares_memory(part.scored_from(3.0).magnitudes, sequence.magnitudes)


def test_masked_events_are_no_events() -> None:
    with pytest.raises(InputError, match=r"^magnitudes\[1\] = nan is not a number"):
        EventSequence([1.0, 2.0], np.ma.array([3.0, 9.0], mask=[False, True]), 0.0, 3.0)


def test_dates_are_no_days() -> None:
    # As nanoseconds since 1970 they would fit a window that was given in dates, too
    dates = pd.Series(pd.to_datetime(["2020-01-01", "2020-01-02"]))
    stamps = dates.to_numpy("datetime64[ns]")
    for times in (dates, dates.dt.tz_localize("UTC"), dates - dates[0], stamps, [*stamps]):
        with pytest.raises(InputError, match=r"^times are dates or durations: give days"):
            EventSequence(times, [3.0, 3.0], 0.0, 2e18)
    days = (dates - dates[0]) / pd.Timedelta(days=1)
    assert EventSequence(days, [3.0, 3.0], 0.0, 2.0).times.tolist() == [0.0, 1.0]


def test_score_from_is_the_start_unless_given() -> None:
    assert EventSequence([], [], 2.0, 3.0).score_from == 2.0


@given(sequence=sequences().filter(lambda s: len(s) >= 2), data=st.data())
def test_disorder_and_ties_name_the_index(sequence: EventSequence, data: st.DataObject) -> None:
    i = data.draw(st.integers(1, len(sequence) - 1))
    times = sequence.times.copy()
    times[i] = times[i - 1]
    with pytest.raises(InputError, match=rf"^times\[{i}\] = .* ties with times\[{i - 1}\]"):
        EventSequence(times, sequence.magnitudes, 0.0, DAYS)
    swapped = sequence.times.copy()
    swapped[[i - 1, i]] = swapped[[i, i - 1]]
    with pytest.raises(InputError, match=rf"^times\[{i}\] = .* comes before times\[{i - 1}\]"):
        EventSequence(swapped, sequence.magnitudes, 0.0, DAYS)


@given(
    sequence=sequences().filter(lambda s: len(s) >= 1),
    data=st.data(),
    bad=st.sampled_from([np.nan, np.inf, -np.inf]),
)
def test_what_is_no_number_names_the_index(
    sequence: EventSequence, data: st.DataObject, bad: float
) -> None:
    i = data.draw(st.integers(0, len(sequence) - 1))
    for field in ("times", "magnitudes"):
        arrays = {"times": sequence.times.copy(), "magnitudes": sequence.magnitudes.copy()}
        arrays[field][i] = bad
        with pytest.raises(InputError, match=rf"^{field}\[{i}\] = {bad} is not a number"):
            EventSequence(**arrays, start=0.0, end=DAYS)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: EventSequence([1.0, 5.0], [1, 1], 0.0, 5.0), r"times\[1\] = 5.0 is outside"),
        (lambda: EventSequence([1.0, 5.0], [1, 1], 2.0, 9.0), r"times\[0\] = 1.0 is outside"),
        (lambda: EventSequence(["noon"], [1], 0.0, 5.0), r"times are not an array of numbers"),
        (lambda: EventSequence([1.0], [[1], []], 0.0, 5.0), r"magnitudes are not an array"),
        (lambda: EventSequence([1.0], [1, 1], 0.0, 5.0), r"of equal length"),
        (lambda: EventSequence([[1.0]], [[1]], 0.0, 5.0), r"one-dimensional"),
        (lambda: EventSequence([], [], 0.0, np.inf), r"window \[0.0, inf\) is not finite"),
        (lambda: EventSequence([], [], 5.0, 5.0), r"not inside the window"),
        (lambda: EventSequence([], [], 0.0, 5.0, 5.0), r"score_from = 5.0 is not inside"),
        (lambda: EventSequence([], [], 0.0, 5.0, -1.0), r"score_from = -1.0 is not inside"),
        (
            lambda: EventSequence([1.0], [1], 0.0, 5.0, locations=np.zeros((1, 3))),
            r"locations have shape \(1, 3\), expected \(1, 2\)",
        ),
        (lambda: EventSequence([], [], 0.0, 5.0).before(6.0), r"reaches outside"),
        (
            lambda: EventSequence([], [], 0.0, 1.0).followed_by(EventSequence([], [], 2.0, 3.0)),
            r"starts at 2.0, not at this one's end 1.0",
        ),
    ],
)
def test_every_other_violation_is_named(build: Callable[[], EventSequence], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        build()
    assert "\n" not in str(caught.value)


def test_locations_follow_their_events() -> None:
    places = np.array([[35.0, -117.0], [36.0, -118.0], [37.0, -119.0]])
    sequence = EventSequence([1.0, 2.0, 3.0], [1, 2, 3], 0.0, 4.0, locations=places)
    late = sequence.between(2.0, 4.0)
    assert late.locations is not None
    np.testing.assert_array_equal(late.locations, places[1:])
    joined = sequence.before(2.0).followed_by(late)
    assert joined.locations is not None
    np.testing.assert_array_equal(joined.locations, places)


def test_magnitudes_below_completeness_are_named() -> None:
    sequence = EventSequence([1.0, 2.0], [2.5, 2.4], 0.0, 3.0)
    np.testing.assert_allclose(sequence.magnitude_excess(2.4), [0.1, 0.0], atol=1e-12)
    with pytest.raises(InputError, match=r"magnitudes\[1\] = 2.4 .* below"):
        sequence.magnitude_excess(2.5)


def test_chosen_events_keep_their_window_and_places() -> None:
    whole = EventSequence(
        [1.0, 2.0, 3.0], [2.0, 3.0, 4.0], 0.0, 5.0, 1.5, np.array([[1, 2], [3, 4], [5, 6]])
    )
    part = whole.where(np.array([True, False, True]))
    np.testing.assert_array_equal(part.times, [1.0, 3.0])
    np.testing.assert_array_equal(part.magnitudes, [2.0, 4.0])
    assert part.locations is not None
    np.testing.assert_array_equal(part.locations, [[1, 2], [5, 6]])
    assert (part.start, part.end, part.score_from) == (0.0, 5.0, 1.5)
