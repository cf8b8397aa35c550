"""Train, validation and test: adjacent windows with events in each."""

import numpy as np
import pytest

from catalogs import EventSequence, InputError, Split

EVENTS = EventSequence(np.arange(100.0) + 0.5, np.full(100, 3.0), 0.0, 100.0)


def part(start: float, end: float) -> EventSequence:
    return EVENTS.before(end).scored_from(start)


def test_windows_must_meet() -> None:
    split = Split(part(0.0, 60.0), part(60.0, 80.0), part(80.0, 100.0))
    assert [split[name].n_scored for name in ("train", "val", "test")] == [60, 20, 20]
    with pytest.raises(InputError, match="the scored windows are not adjacent"):
        Split(part(0.0, 60.0), part(61.0, 80.0), part(80.0, 100.0))
    with pytest.raises(InputError, match="the scored windows are not adjacent"):
        Split(part(0.0, 60.0), part(60.0, 80.0), part(79.0, 100.0))


def test_fifty_events_are_enough_to_train_on() -> None:
    assert Split(part(0.0, 50.0), part(50.0, 80.0), part(80.0, 100.0)).train.n_scored == 50
    with pytest.raises(InputError, match="has 49 events, fewer than 50"):
        Split(part(0.0, 49.0), part(49.0, 80.0), part(80.0, 100.0))


def test_there_are_three_parts() -> None:
    split = Split(part(0.0, 60.0), part(60.0, 80.0), part(80.0, 100.0))
    with pytest.raises(InputError, match="no split 'all': choose train, val or test"):
        split["all"]  # type: ignore[index]
