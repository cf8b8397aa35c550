"""From a table of events to a catalog: completeness, window, splits, and what stops it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs import Catalog, InputError, SplitDates, load
from catalogs.checks.summary import describe
from catalogs.formats.table import read_table
from catalogs.importing import import_table, out_of_order, tied_rows
from recast import cli

START = pd.Timestamp("2020-01-01T06:00", tz="UTC")


def regular(n: int = 200, magnitude: float = 3.0, **columns: Any) -> pd.DataFrame:
    """An event every hour from 06:00 on 2020-01-01, as read_table gives them."""
    return pd.DataFrame(
        {
            "time": START + pd.to_timedelta(np.arange(n), unit="h"),
            "latitude": 35.0,
            "longitude": -117.0,
            "depth_km": np.nan,
            "magnitude": magnitude,
            **columns,
        },
        index=pd.RangeIndex(2, n + 2, name="line"),
    )


def counts(catalog: Catalog) -> list[int]:
    return [part.n_scored for _, part in catalog.split().items()]


def test_defaults_are_as_documented() -> None:
    catalog = import_table(regular(), "x", completeness=3.0)
    info = catalog.info
    assert info.start == "2020-01-01"  # midnight before the first event
    assert info.end == "2020-01-09T13:00:01Z"  # the second after the last one, which is inside
    assert counts(catalog) == [120, 40, 40]
    # Boundaries halfway between events 119 and 120, and 159 and 160
    assert info.splits == SplitDates(
        "2020-01-01", "2020-01-06T05:30:00Z", "2020-01-07T21:30:00Z", info.end
    )
    assert info.has_locations
    assert len(catalog.to_sequence()) == 200


@given(
    gaps=st.lists(st.integers(1, 10**12), min_size=84, max_size=120),
    fractions=st.sampled_from([(0.6, 0.2, 0.2), (0.8, 0.1, 0.1), (0.7, 0.25, 0.05)]),
)
def test_splits_hold_the_fractions_of_the_events(
    gaps: list[int], fractions: tuple[float, float, float]
) -> None:
    """Whatever the spacing, from a nanosecond to a quarter of an hour."""
    events = regular(len(gaps))
    # Multiples of 1 us: float64 days resolve less than that only after years
    events["time"] = START + pd.to_timedelta(1000 * np.cumsum(gaps), unit="ns")
    catalog = import_table(events, "x", completeness=2.0, fractions=fractions)
    n = len(gaps)
    n_train = round(fractions[0] * n)
    n_both = round((fractions[0] + fractions[1]) * n)
    assert counts(catalog) == [n_train, n_both - n_train, n - n_both]


def test_the_window_is_that_of_all_events_at_any_completeness() -> None:
    """Raising completeness leaves fewer events of the same time, not of less."""
    large = (np.arange(200) > 80) & (np.arange(200) < 170)
    events = regular(magnitude=np.where(large, 4.0 + 0.1 * (np.arange(200) % 3), 3.0))
    infos = [import_table(events, "x", completeness=m).info for m in (3.0, 4.0)]
    assert {info.start for info in infos} == {"2020-01-01"}
    assert {info.end for info in infos} == {"2020-01-09T13:00:01Z"}


@pytest.mark.parametrize("n", [1, 2, 30, 82])
def test_few_events_are_a_catalog_that_cannot_be_split(n: int) -> None:
    catalog = import_table(regular(n), "x", completeness=3.0)
    assert len(catalog.to_sequence()) == n
    with pytest.raises(InputError, match=r"fewer than 50|has no event"):
        catalog.split()
    summary = describe(catalog)
    assert sum(summary["splits"].values()) == n
    assert not summary["enough_to_split"]
    assert summary["b_value"] is None  # all magnitudes are equal


def test_completeness_is_estimated_inside_the_window() -> None:
    early = np.arange(400) < 200
    spread = 0.1 * (np.arange(400) % 7)  # the fullest bin is every second event
    magnitudes = np.where(np.arange(400) % 2 == 0, 0.0, spread) + np.where(early, 3.0, 2.0)
    magnitudes[[1, 201]] = 2.0, 2.0
    events = regular(400, magnitude=magnitudes)
    start = str(events["time"].iloc[200])
    info = import_table(events, "x", start=start, fractions=(0.8, 0.1, 0.1)).info
    assert info.magnitude_completeness == pytest.approx(2.2)
    assert "Woessner and Wiemer 2005" in info.note
    info = import_table(events, "x", end=start, fractions=(0.8, 0.1, 0.1)).info
    assert info.magnitude_completeness == pytest.approx(3.2)
    assert import_table(events, "x", completeness=2.0).info.note == ""


def test_above_a_strict_threshold_the_law_begins_at_the_next_tenth() -> None:
    """M > 2.0 in tenths is M >= 2.1: from 2.0 on large events would be a fifth too few."""
    rng = np.random.default_rng(0)
    n = 20_000
    table = pd.DataFrame(
        {
            "time": pd.Timestamp("2001-01-01", tz="UTC")
            + pd.to_timedelta(np.sort(rng.uniform(0.0, 3000.0, n)), unit="D"),
            "magnitude": np.round(2.0 + rng.exponential(1.0 / np.log(10.0), n), 1),
            "latitude": 1.0,
            "longitude": 2.0,
            "depth_km": 1.0,
        }
    )
    catalog = import_table(table, "x", completeness=2.0, strict=True, ties="separate")
    assert catalog.info.magnitude_completeness == 2.1
    assert not catalog.info.completeness_is_strict
    assert "2.1 is the lowest complete magnitude" in catalog.info.note
    above = table["magnitude"][table["magnitude"] > 2.0].to_numpy()
    assert catalog.complete_rows().size == above.size
    share = (above >= 2.95).mean()
    error = np.sqrt(share / above.size)
    assert catalog.magnitude_law().share_above(3.0) == pytest.approx(share, abs=3.0 * error)


@pytest.mark.parametrize(("strict", "expected"), [(False, 200), (True, 100)])
def test_strict_completeness_leaves_out_its_own_magnitude(strict: bool, expected: int) -> None:
    events = regular(magnitude=np.where(np.arange(200) % 2, 3.0, 3.1))
    catalog = import_table(events, "x", completeness=3.0, strict=strict)
    assert len(catalog.to_sequence()) == expected


@pytest.mark.parametrize(("offset", "step"), [(0.1, 0.1), (0.01, 0.01), (0.001234, 0.0)])
def test_the_magnitude_grid_is_found(offset: float, step: float) -> None:
    events = regular(magnitude=3.0 + offset * np.arange(200))
    events.loc[2, "magnitude"] = 1.23  # below completeness: says nothing of the others
    found = import_table(events, "x", completeness=3.0).info.magnitude_bin
    assert found == pytest.approx(step)
    chosen = import_table(events, "x", completeness=3.0, magnitude_bin=0.05).info.magnitude_bin
    assert chosen == 0.05


def test_the_window_can_be_chosen() -> None:
    catalog = import_table(
        regular(), "x", completeness=2.0, start="2020-01-02", end="2020-01-08T00:00:00Z"
    )
    assert len(catalog.to_sequence()) == 144
    assert len(catalog.events) == 200  # what lies outside is kept for a wider selection
    assert counts(catalog) == [86, 29, 29]


def test_scoring_can_start_later_than_the_window() -> None:
    catalog = import_table(regular(), "x", completeness=2.0, train_start="2020-01-02T06:00")
    assert counts(catalog) == [106, 35, 35]
    assert catalog.split().train.score_from == 1.25
    assert catalog.split().train.first_scored == 24


def test_splits_can_be_chosen_and_widen_the_window() -> None:
    dates = SplitDates("2019-12-30", "2020-01-05", "2020-01-07", "2020-02-01")
    catalog = import_table(regular(), "x", completeness=2.0, splits=dates)
    assert (catalog.info.start, catalog.info.end) == ("2019-12-30", "2020-02-01")
    assert counts(catalog) == [90, 48, 62]


def test_a_table_is_sorted_by_time_and_identifier() -> None:
    ids = np.array([f"e{i:03d}" for i in range(200)])
    events = regular(event_id=ids)
    shuffled = events.sample(frac=1.0, random_state=0)
    assert out_of_order(events) == 0
    assert out_of_order(shuffled) > 50
    a, b = (import_table(e, "x", completeness=2.0) for e in (events, shuffled))
    pd.testing.assert_frame_equal(a.events, b.events)
    assert a.info == b.info


def test_ties_stop_an_import_unless_a_policy_is_chosen() -> None:
    events = regular(latitude=np.arange(200) / 10.0)
    events.iloc[[7, 8], 0] = events["time"].iloc[6]
    with pytest.raises(
        InputError, match=r"lines 8 and 9 have the same time 2020-01-01T12:00:00Z \(3 events .*"
    ) as caught:
        import_table(events, "x", completeness=2.0)
    assert "`ties` separate" in str(caught.value)
    for ties, expected in (("separate", 200), ("drop", 198)):
        catalog = import_table(events, "x", completeness=2.0, ties=ties)  # type: ignore[arg-type]
        assert len(catalog.to_sequence()) == expected
        assert catalog.info.ties == ties
        assert tied_rows(catalog) == [[6, 7, 8]]


def test_ties_below_completeness_do_not_matter() -> None:
    events = regular(magnitude=np.where(np.arange(200) == 8, 1.0, 3.0))
    events.iloc[8, 0] = events["time"].iloc[7]
    assert len(import_table(events, "x", completeness=2.0).to_sequence()) == 199


def test_missing_places_leave_the_catalog_without_locations() -> None:
    events = regular(latitude=np.where(np.arange(200) == 5, np.nan, 35.0))
    catalog = import_table(events, "x", completeness=2.0)
    assert not catalog.info.has_locations
    assert catalog.to_sequence().locations is None


@pytest.mark.parametrize(
    ("n", "options", "message"),
    [
        (200, {"completeness": 3.5}, r"none of 200 events is at or above magnitude 3.5"),
        (200, {"completeness": 3.0, "strict": True}, r"is above magnitude 3, the largest has 3"),
        (
            82,
            {"completeness": 3.0, "fractions": (0.6, 0.2, 0.2)},
            r"82 events .* leave 49 for training",
        ),
        (200, {"completeness": 3.0, "fractions": (0.5, 0.4, 0.2)}, r"fractions 0.5 0.4 0.2: give"),
        (200, {"completeness": 3.0, "fractions": (1.2, -0.1, -0.1)}, r"fractions 1.2 -0.1 -0.1"),
        (200, {"completeness": 3.0, "fractions": (0.998, 0.001, 0.001)}, r"0 for validation"),
        (200, {"start": "2021-01-01"}, r"none of 200 events lies in the window from 2021-01-01"),
        (200, {"start": "2020-01-05", "end": "2020-01-02"}, r"none of 200 events lies in the"),
        (200, {"completeness": 3.0, "start": "soon"}, r"'soon' is not a date"),
        (200, {"completeness": np.nan}, r"magnitude_completeness = nan is not a number"),
        (
            200,
            {"completeness": 3.0, "train_start": "2020-01-08", "fractions": (0.6, 0.2, 0.2)},
            r"leave 23 for training",
        ),
        (
            200,
            {"splits": SplitDates("2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04")},
            r"train window .* has 18 events, fewer than 50",
        ),
        (
            200,
            {"splits": SplitDates("2020-01-01", "2020-01-05", "2020-01-04", "2020-01-06")},
            r"val_start = 2020-01-05 is not before test_start = 2020-01-04",
        ),
    ],
    ids=str,
)
def test_an_impossible_import_is_refused(n: int, options: dict[str, Any], message: str) -> None:
    options = {"completeness": 2.0, **options}
    with pytest.raises(InputError, match=message) as caught:
        import_table(regular(n), "x", **options)
    assert "\n" not in str(caught.value)


def test_a_real_catalog_comes_back_as_it_was(real_catalog: Callable[[str], Catalog]) -> None:
    """Export as CSV, shuffled, with other names; import with the original window and splits."""
    original = real_catalog("taupo")
    info = original.info
    exported = original.events.rename(columns={"time": "origintime", "magnitude": "ML"})
    text = exported.sample(frac=1.0, random_state=1).to_csv(index=False)
    catalog = import_table(
        read_table(text.encode(), "taupo.csv"),
        "taupo",
        completeness=info.magnitude_completeness,
        start=str(info.start),
        end=str(info.end),
        splits=info.splits,
        ties=info.ties,
    )
    np.testing.assert_array_equal(catalog.to_sequence().times, original.to_sequence().times)
    assert counts(catalog) == counts(original)


def test_equal_magnitudes_are_a_catalog_if_completeness_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    days = pd.date_range("2020-01-01", periods=100, freq="7h")
    Path("same.csv").write_text(
        "\n".join(["time,mag", *(f"{day.isoformat()},3.0" for day in days)])
    )
    command = ["catalogs", "import", "same.csv", "--name", "same", "--out", "."]
    assert cli.main(command) == 2
    assert "are 3.0, which gives no completeness and no b-value" in (err := capsys.readouterr().err)
    assert err.strip().endswith("If it is, give --completeness")
    assert cli.main([*command, "--completeness", "3"]) == 0
    shown = capsys.readouterr().out
    assert "b-value        not determined by magnitudes that are all equal" in shown
    assert "Next: recast forecast" in shown
    assert "they determine no b-value" in load("same.json").info.note
    # A forecast takes b from the prior, as for a single event; a fit names what is missing
    forecast = ["forecast", "--catalog", "same.json", "--samples", "20", "--days", "1"]
    assert cli.main([*forecast, "--no-plots"]) == 0
    capsys.readouterr()
    assert cli.main(["etas", "fit", "--catalog", "same.json"]) == 2
    assert "all equal, do not determine a b-value" in capsys.readouterr().err


def test_equal_complete_magnitudes_determine_no_b_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "events.csv"
    rows = [f"2020-01-0{day}T00:00:00,{min(0.5 + day / 2, 2.0)}" for day in range(1, 6)]
    path.write_text("\n".join(["time,mag", *rows]))
    options = ["--name", "few", "--completeness", "2", "--magnitude-bin", "0"]
    assert cli.main(["catalogs", "import", str(path), *options]) == 0
    assert (
        "b-value        not determined by magnitudes that are all equal" in capsys.readouterr().out
    )


def test_windows_begin_at_dates_of_no_more_digits_than_the_file_has() -> None:
    seconds = 0.32 * np.arange(200) + 86_400.0 * (np.arange(200) >= 100)
    times = START + pd.to_timedelta(np.round(seconds, 2), unit="s").round("ms")
    magnitudes = 3.0 + 0.1 * (np.arange(200) % 7)
    catalog = import_table(regular(time=times, magnitude=magnitudes), "near", completeness=3.0)
    assert counts(catalog) == [120, 40, 40]
    splits = catalog.info.splits
    for date in (splits.val_start, splits.test_start):
        assert len(str(date).partition(".")[2]) <= len("320Z"), date


def test_tables_of_another_shape_are_refused() -> None:
    table = regular()
    with pytest.raises(InputError, match=r"no column 'longitude'.*time, magnitude, latitude"):
        import_table(table.drop(columns="longitude"), "x", completeness=3.0)
    naive = table.assign(time=table["time"].dt.tz_localize(None))
    with pytest.raises(InputError, match=r"no time zone.*dt\.tz_localize\('UTC'\)"):
        import_table(naive, "x", completeness=3.0)
    utc = naive.assign(time=naive["time"].dt.tz_localize("UTC"))  # as the message says
    assert len(import_table(utc, "x", completeness=3.0).events) == 200
