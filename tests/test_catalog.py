"""Catalog and CatalogInfo: selection, ties, splits, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs import Catalog, CatalogInfo, InputError, SplitDates, load, save
from catalogs.catalog import TIE_STEP_DAYS

START = pd.Timestamp("2020-01-01", tz="UTC")
INFO = CatalogInfo(
    name="small",
    start="2020-01-01",
    end="2020-04-10",  # 100 days
    splits=SplitDates("2020-01-11", "2020-03-11", "2020-03-31", "2020-04-10"),
    magnitude_completeness=2.0,
)


def table(days: Any, magnitudes: Any, **columns: Any) -> pd.DataFrame:
    """Events so many days after 2020-01-01."""
    time = START + pd.to_timedelta(np.asarray(days, dtype=np.float64), unit="D")
    return pd.DataFrame({"time": time, "magnitude": magnitudes, **columns})


def daily(**changes: Any) -> Catalog:
    """One event of M3 at noon of each of the 100 days."""
    return Catalog(table(np.arange(100) + 0.5, 3.0), replace(INFO, **changes))


def test_events_are_selected_by_window_and_completeness_and_sorted() -> None:
    days = [50.0, 1.0, -1.0, 100.0, 99.999, 0.0, 2.0]
    magnitudes = [2.0, 1.99, 5.0, 5.0, 3.0, 2.5, 7.0]
    sequence = Catalog(table(days, magnitudes), INFO).to_sequence()
    np.testing.assert_allclose(sequence.times, [0.0, 2.0, 50.0, 99.999], atol=1e-9)
    np.testing.assert_array_equal(sequence.magnitudes, [2.5, 7.0, 2.0, 3.0])
    assert (sequence.start, sequence.end, sequence.score_from) == (0.0, 100.0, 0.0)


@pytest.mark.parametrize(("strict", "expected"), [(False, 3), (True, 1)])
def test_round_off_does_not_decide_completeness(strict: bool, expected: int) -> None:
    rounded = np.array([2.0, 1.99, 2.01], dtype=np.float32).astype(np.float64)
    magnitudes = [*rounded, 2.0 - 2e-7]
    catalog = Catalog(table([1, 2, 3, 4], magnitudes), replace(INFO, completeness_is_strict=strict))
    assert len(catalog.to_sequence()) == expected


@given(whole=st.integers(0, 15_000), nanoseconds=st.integers(0, 86_400 * 10**9 - 1))
def test_days_and_dates_are_inverse(whole: int, nanoseconds: int) -> None:
    date = START + pd.Timedelta(days=whole) + pd.Timedelta(nanoseconds, unit="ns")
    days = INFO.to_days(date)
    assert days == pytest.approx(whole + nanoseconds / 86_400e9, abs=1e-11)
    # float64 days resolve 0.16 us after forty years
    assert abs(INFO.to_time(days) - date) < pd.Timedelta(200, unit="ns")


def test_dates_with_and_without_zone_are_the_same_instant() -> None:
    assert INFO.to_days("2020-01-02T09:00:00+09:00") == INFO.to_days("2020-01-02") == 1.0


def test_ties_are_settled_by_name() -> None:
    catalog = Catalog(table([1, 2, 2, 2, 3], [3, 4, 5, 6, 7]), INFO)
    separated = catalog.to_sequence("separate")
    np.testing.assert_array_equal(separated.magnitudes, [3, 4, 5, 6, 7])
    np.testing.assert_allclose(np.diff(separated.times)[1:3], TIE_STEP_DAYS, rtol=1e-4)
    np.testing.assert_array_equal(catalog.to_sequence("drop").magnitudes, [3, 4, 7])
    with pytest.raises(InputError, match=r"rows 1 and 2 have the same time 2020-01-03"):
        catalog.to_sequence("error")
    np.testing.assert_array_equal(
        Catalog(catalog.events, replace(INFO, ties="drop")).to_sequence().magnitudes, [3, 4, 7]
    )


def test_separating_ties_pushes_on_what_it_runs_into() -> None:
    step = TIE_STEP_DAYS
    days = [1.0, 1.0, 1.0 + 0.4 * step, 1.0 + 1.2 * step, 2.0]
    times = Catalog(table(days, 3.0), INFO).to_sequence("separate").times
    assert np.all(np.diff(times) > 0.0)
    np.testing.assert_array_equal(times[[0, -1]], [1.0, 2.0])


def test_one_event_listed_twice_counts_once() -> None:
    places = {"latitude": [35.0, 35.0, 36.0], "longitude": -117.0}
    events = table([1, 1, 1], [3.0, 3.0, 3.0], **places)
    catalog = Catalog(events, replace(INFO, has_locations=True))
    assert catalog.complete_rows().tolist() == [0, 2]
    assert len(catalog.to_sequence("separate")) == 2
    locations = catalog.to_sequence("separate").locations
    assert locations is not None
    np.testing.assert_array_equal(locations, [[35.0, -117.0], [36.0, -117.0]])


def test_splits_are_adjacent_and_carry_their_history() -> None:
    split = daily().split()
    assert [(name, part.n_scored) for name, part in split.items()] == [
        ("train", 60),
        ("val", 20),
        ("test", 10),
    ]
    assert [len(part) for _, part in split.items()] == [70, 90, 100]
    assert split.train.score_from == 10.0
    assert split["test"].end == 100.0
    with pytest.raises(InputError, match="no split 'tset'"):
        split["tset"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (("2020-01-01", "2020-02-19", "2020-03-31", "2020-04-10"), "has 49 events, fewer than 50"),
        (("2020-01-01", "2020-03-11", "2020-03-11T06", "2020-04-10"), "val window .* no event"),
        (("2020-01-01", "2020-03-11", "2020-03-12", "2020-03-12T06"), "test window .* no event"),
    ],
)
def test_a_split_with_too_few_events_is_refused(splits: tuple[str, ...], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        daily(splits=SplitDates(*splits)).split()
    assert str(caught.value).startswith("catalog 'small': the ")


def test_selection_changes_completeness_and_window_only() -> None:
    catalog = Catalog(table([1, 20, 99], [2.0, 3.0, 4.0]), INFO)
    assert len(catalog.select(magnitude_completeness=3.0).to_sequence()) == 2
    narrowed = catalog.select(start="2020-01-11")
    np.testing.assert_allclose(narrowed.to_sequence().times, [10.0, 89.0])
    assert narrowed.info.magnitude_completeness == 2.0
    assert narrowed.events is catalog.events


def test_gaps_that_overlap_are_one() -> None:
    gaps = (
        ("2020-02-01", "2020-02-05"),
        ("2020-01-20", "2020-01-22"),
        ("2020-02-03", "2020-02-04"),
    )
    more = (
        ("2020-02-03", "2020-02-04"),
        ("2020-02-04", "2020-02-08"),
        ("2020-02-08", "2020-02-09"),
    )
    catalog = daily(gaps=(*gaps, *more))
    sequence = catalog.to_sequence()
    assert sequence.gaps == ((19.0, 21.0), (31.0, 38.0), (38.0, 39.0))
    assert (len(sequence), sequence.scored_days) == (90, 90.0)


def test_plain_days_need_no_calendar() -> None:
    info = replace(
        INFO,
        start=10.0,
        end=3e6,
        splits=SplitDates(10.0, 1e6, 2e6, 3e6),
        time_unit="days since start",
    )
    catalog = Catalog(pd.DataFrame({"time": [11.0, 2.5e6], "magnitude": [3.0, 3.0]}), info)
    np.testing.assert_array_equal(catalog.to_sequence().times, [1.0, 2.5e6 - 10.0])
    assert info.to_time(1.5) == 11.5


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"magnitude_completeness": np.nan}, "magnitude_completeness = nan is not a number"),
        ({"start": "2020-02-01"}, "start = 2020-02-01 is not before train_start = 2020-01-11"),
        ({"end": "2020-04-01"}, r"splits.end = 2020-04-10 is not before end = 2020-04-01"),
        ({"start": "yesterday"}, "'yesterday' is not a date"),
        ({"start": 1981}, "1981 is not a date"),
        ({"end": "NaT"}, "'NaT' is not a date"),
        ({"end": "9999-01-01"}, "'9999-01-01' is before 1678 or after 2261"),
        ({"ties": "keep"}, "ties = 'keep': choose separate, drop or error"),
    ],
)
def test_impossible_information_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        replace(INFO, **changes)
    assert "catalog 'small'" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_information_survives_json() -> None:
    assert CatalogInfo.from_json(INFO.to_json(), "here") == INFO


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: r.pop("end"), "the field 'end' is missing"),
        (lambda r: r.update(magnitude_bins=r.pop("magnitude_bin")), "rename it to 'magnitude_bin'"),
        (lambda r: r.update(magnitude_completeness="2"), "magnitude_completeness = '2'"),
        (lambda r: r["splits"].pop("end"), "splits needs exactly"),
        (lambda r: r.update(splits=[1, 2, 3, 4]), "splits needs exactly train_start"),
    ],
)
def test_a_broken_record_names_its_file_and_field(change: Any, message: str) -> None:
    record = INFO.to_json()
    change(record)
    with pytest.raises(InputError, match=f"here.json: .*{message}"):
        CatalogInfo.from_json(record, "here.json")


def test_fields_of_a_newer_version_are_named_and_kept(tmp_path: Path) -> None:
    path = save(Catalog(table([1, 2], [3.0, 3.1]), INFO), tmp_path)
    record = json.loads(path.read_text()) | {"network": {"stations": 7}, "others": [1]}
    path.write_text(json.dumps(record))
    with pytest.warns(UserWarning, match="'network' and 1 more are not known") as said:
        catalog = load(path)
    assert len(said) == 1
    assert str(said[0].message).startswith(f"{path}: ")
    assert "\n" not in str(said[0].message)
    assert replace(catalog.info, others={}, n_events=0, sha256="") == INFO
    save(Catalog(catalog.events, replace(catalog.info, title="new")), tmp_path, overwrite=True)
    assert json.loads(path.read_text()) == record | {"title": "new"}


@pytest.mark.parametrize(
    ("events", "message"),
    [
        (pd.DataFrame({"time": [START]}), "has no column 'magnitude'"),
        (table([1, 2], [3.0, np.nan]), "row 1 has no magnitude"),
        (pd.DataFrame({"time": [pd.NaT], "magnitude": [3.0]}), "row 0 has no time"),
    ],
)
def test_a_table_that_lacks_something_is_refused(events: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Catalog(events, INFO)


@pytest.mark.parametrize("days", [[1.5, 2.5], np.array([1, 2]), pd.to_timedelta([1, 2], unit="D")])
def test_days_are_no_dates(days: Any) -> None:
    with pytest.raises(InputError, match="has dates, but the times of its table are numbers"):
        Catalog(pd.DataFrame({"time": days, "magnitude": 3.0}), INFO)


def test_dates_are_no_days() -> None:
    plain = replace(
        INFO,
        time_unit="days since start",
        start=0.0,
        end=9.0,
        splits=SplitDates(0.0, 3.0, 6.0, 9.0),
    )
    with pytest.raises(InputError, match="plain days, but the times of its table are dates"):
        Catalog(table([1, 2], 3.0), plain)
    assert len(Catalog(pd.DataFrame({"time": [1, 2], "magnitude": 3.0}), plain).to_sequence()) == 2
    assert len(Catalog(table([], 3.0), plain).to_sequence()) == 0


def test_the_embedded_catalog_is_what_its_script_says() -> None:
    catalog = load("ridgecrest_2019")
    split = catalog.split()
    assert len(catalog.events) == 830
    assert [part.n_scored for _, part in split.items()] == [309, 103, 103]
    mainshock = catalog.events.iloc[0]
    assert mainshock["magnitude"] == 7.1
    assert str(mainshock["time"]) == "2019-07-06 03:19:53.040000+00:00"
    # The first day is history, because small events were missed in it
    assert split.train.score_from == 1.0
    assert split.train.first_scored == 830 - 515
    early = split.train.magnitudes[: split.train.first_scored]
    assert np.median(early) > np.median(split.train.magnitudes[split.train.first_scored :]) + 0.3
    assert catalog.magnitude_law().b == pytest.approx(1.0, abs=0.15)
