"""Rules: which events they take, in which order, and what they count."""

import numpy as np
import pandas as pd
import pytest

from catalogs import Box, InputError
from catalogs.areas import parse_area
from catalogs.providers.rules import Rules, Step, apply

ALL = Rules(event_types="paper")


def table(**columns: object) -> pd.DataFrame:
    """Five events, an hour apart, latest first."""
    times = pd.date_range("2020-01-01", periods=5, freq="h", tz="UTC", unit="ns")[::-1]
    events = {
        "time": times,
        "latitude": [35.0, 35.1, 35.2, 35.3, 35.4],
        "longitude": [-117.0, -117.1, -117.2, -117.3, -117.4],
        "magnitude": [1.0, 2.0, 2.01, 3.0, 4.0],
    }
    return pd.DataFrame(events | columns)


def magnitudes(rules: Rules, events: pd.DataFrame | None = None) -> list[float]:
    taken, _ = apply(table() if events is None else events, rules)
    return sorted(taken["magnitude"])


def test_the_result_is_in_order_of_time_and_every_step_is_counted() -> None:
    rules = ALL.but(
        start="2020-01-01T01:00", end="2020-01-01T04:00", min_magnitude=2.0, strict=True
    )
    taken, steps = apply(table(), rules)
    assert taken["time"].is_monotonic_increasing
    assert list(taken["magnitude"]) == [3.0, 2.01]
    assert steps == (
        Step("time >= 2020-01-01T01:00", 5, 4),
        Step("time < 2020-01-01T04:00", 4, 3),
        Step("magnitude > 2", 3, 2),
    )


@pytest.mark.parametrize(
    ("strict", "expected"), [(False, [2.0, 2.01, 3.0, 4.0]), (True, [2.01, 3.0, 4.0])]
)
def test_a_strict_threshold_leaves_out_its_own_magnitude(
    strict: bool, expected: list[float]
) -> None:
    assert magnitudes(ALL.but(min_magnitude=2.0, strict=strict)) == expected


def test_areas() -> None:
    assert magnitudes(ALL.but(area=Box(35.1, 35.3, -118.0, -117.0))) == [2.0, 2.01]
    assert magnitudes(ALL.but(area=parse_area("35.15,-118 35.15,-117 36,-117.5"))) == [
        2.01,
        3.0,
        4.0,
    ]


def test_trimming_takes_a_share_of_the_range_off_each_side() -> None:
    """As published for White et al.: 5 % of the range of latitude and of longitude."""
    latitude = np.array([33.0, 33.05, 33.06, 33.94, 34.0])
    longitude = np.array([-116.5, -116.5, -116.0, -116.5, -117.0])
    events = table(latitude=latitude, longitude=longitude)
    assert magnitudes(ALL.but(trim=0.05), events) == [3.0]
    # 33.05 lies on the edge, which is left out; 33.06 has a longitude at the rim


def test_of_rows_with_one_identifier_the_last_is_the_newest() -> None:
    events = table(event_id=["a", "b", "a", "", ""])
    assert magnitudes(Rules(), events) == [2.0, 2.01, 3.0, 4.0]
    assert magnitudes(ALL, events) == [1.0, 2.0, 2.01, 3.0, 4.0]


def test_event_types_are_a_switch() -> None:
    events = table(event_type=["earthquake", "qb l", "eq l", "", "quarry blast"])
    assert magnitudes(Rules(), events) == [1.0, 2.01, 3.0]
    assert magnitudes(Rules(event_types="all"), events) == [1.0, 2.0, 2.01, 3.0, 4.0]


def test_a_rule_that_leaves_nothing_is_named() -> None:
    with pytest.raises(InputError, match="none of 5 events is left by the rule: magnitude >= 7"):
        apply(table(), ALL.but(min_magnitude=7.0))


def test_an_area_needs_places() -> None:
    events = table(latitude=[35.0, np.nan, 35.0, 35.0, 35.0])
    with pytest.raises(InputError, match="1 of 5 events have no latitude and longitude"):
        apply(events, ALL.but(trim=0.05))
