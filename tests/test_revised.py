"""What a network changes in its file, and what a file may hold that should be said."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, InputError, append_events, import_catalog, load, save
from catalogs.from_files import Imported
from recast import cli, run_forecast
from recast.forecast.remarks import about_pairs

N = 80
TIMES = pd.Timestamp("2020-01-01") + pd.to_timedelta(
    np.sort(np.random.default_rng(1).uniform(0.0, 20.0, N)), unit="D"
)
FEED = pd.DataFrame(
    {
        "time": TIMES.round("ms"),
        "latitude": np.round(38.0 + 0.01 * np.arange(N), 3),
        "longitude": np.round(15.0 + 0.01 * np.arange(N), 3),
        "magnitude": np.round(2.0 + 0.1 * (np.arange(N) % 17), 1),
        "id": [f"ev{i}" for i in range(N)],
    }
)
LARGE = 40


def written(path: Path, table: pd.DataFrame) -> Path:
    table.to_csv(path, index=False)
    return path


def stored(folder: Path, table: pd.DataFrame) -> str:
    """Import a table and store it in a folder; return the path of its record."""
    made = import_catalog(written(folder / "first.csv", table), "mine", completeness=2.0)
    return str(save(made.catalog, folder))


def revised(table: pd.DataFrame, *, seconds: float = 0.0, identifier: str = "") -> pd.DataFrame:
    """The table with one event of M 6.6 that has become M 7.1."""
    newer = table.copy()
    newer.loc[LARGE, "magnitude"] = 7.1
    newer.loc[LARGE, "time"] += pd.Timedelta(seconds=seconds)
    if identifier:
        newer.loc[LARGE, "id"] = identifier
    return newer


@pytest.fixture
def feed() -> pd.DataFrame:
    table = FEED.copy()
    table.loc[LARGE, "magnitude"] = 6.6
    return table


@pytest.mark.parametrize("ids", ["none", "old", "both"])
def test_an_event_at_the_same_time_is_a_revision(
    tmp_path: Path, feed: pd.DataFrame, ids: str
) -> None:
    old = feed.drop(columns="id") if ids == "none" else feed
    new = revised(feed, identifier="other")
    new = new if ids == "both" else new.drop(columns="id")
    name = stored(tmp_path, old.iloc[:60])
    made = append_events(name, written(tmp_path / "second.csv", new))
    assert (made.added, made.replaced, made.known) == (20, 1, 59)
    magnitudes = load(name).events["magnitude"]
    assert len(magnitudes) == N
    assert magnitudes.max() == 7.1
    assert not (magnitudes == 6.6).any()
    assert made.notes == ()


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize(("hours", "zone"), [(-4.0, "-04:00"), (5.75, "+05:45"), (9.0, "+09:00")])
def test_a_file_in_local_time_is_not_appended(
    tmp_path: Path, feed: pd.DataFrame, hours: float, zone: str, ids: bool
) -> None:
    table = feed if ids else feed.drop(columns="id")
    name = stored(tmp_path, table.iloc[:60])
    local = table.iloc[40:].copy()
    local["time"] = (local["time"] + pd.Timedelta(hours=hours)).dt.round("s")
    second = written(tmp_path / "second.csv", local)
    with pytest.raises(InputError, match=re.escape(f"say `time_zone` {zone}")) as error:
        append_events(name, second)
    assert f"20 events of catalog 'mine' are in it {abs(hours):g} hours" in str(error.value)
    assert len(load(name).events) == 60
    made = append_events(name, second, reading={"time_zone": zone})
    assert made.added >= 20


def test_a_few_late_revisions_are_no_time_zone(tmp_path: Path, feed: pd.DataFrame) -> None:
    name = stored(tmp_path, feed.iloc[:60])
    newer = feed.copy()
    newer.loc[10:14, "time"] += pd.Timedelta(hours=1)
    assert append_events(name, written(tmp_path / "second.csv", newer)).added == 20


def test_events_that_a_network_withdrew_are_named(tmp_path: Path, feed: pd.DataFrame) -> None:
    name = stored(tmp_path, feed.iloc[:60])
    newer = feed.drop(index=[LARGE, LARGE + 1])
    made = append_events(name, written(tmp_path / "second.csv", newer))
    (note,) = made.notes
    largest = f"M 6.6 of {TIMES[LARGE]:%Y-%m-%d}"
    assert note.startswith(f"2 complete events of the catalog (the largest {largest}")
    assert note.endswith("where the network has withdrawn events, import all again")
    assert len(load(name).events) == N  # they stay
    # What the message says
    again = import_catalog(tmp_path / "second.csv", "mine", completeness=2.0)
    assert len(again.catalog.events) == N - 2


def test_a_list_of_updates_is_no_list_of_all(tmp_path: Path, feed: pd.DataFrame) -> None:
    name = stored(tmp_path, feed.iloc[:60])
    made = append_events(name, written(tmp_path / "second.csv", feed.iloc[[3, 50, *range(60, 80)]]))
    assert made.notes == ()


def test_two_events_of_one_time_are_not_taken_for_one(tmp_path: Path, feed: pd.DataFrame) -> None:
    second = feed.iloc[[LARGE, LARGE]].assign(magnitude=[6.6, 3.0]).drop(columns="id")
    name = stored(tmp_path, feed.drop(columns="id"))
    with pytest.raises(InputError, match="recast catalogs import --ties separate") as refused:
        append_events(name, written(tmp_path / "second.csv", second))
    assert "2 events of catalog 'mine' would have equal times" in str(refused.value)
    assert len(load(name).events) == N
    # The remedy: all events again
    whole = pd.concat([feed.drop(columns="id"), second.iloc[[1]]])
    made = import_catalog(written(tmp_path / "whole.csv", whole), "mine", ties="separate")
    assert len(made.catalog.events) == N + 1


def test_a_large_event_seconds_away_may_be_a_revision(tmp_path: Path, feed: pd.DataFrame) -> None:
    name = stored(tmp_path, feed)
    new = revised(feed, seconds=1.2, identifier="other")
    made = append_events(name, written(tmp_path / "second.csv", new))
    assert made.added == 1
    (note,) = made.notes
    assert note.startswith("1 new event of M 5 or more within 16 s and 100 km of another such")


def test_neighbours_within_a_file_are_no_revisions(tmp_path: Path, feed: pd.DataFrame) -> None:
    near = feed.iloc[[70]].assign(id="near", magnitude=2.5)
    near["time"] += pd.Timedelta(milliseconds=500)
    name = stored(tmp_path, feed.iloc[:60])
    made = append_events(name, written(tmp_path / "second.csv", pd.concat([feed.iloc[60:], near])))
    assert (made.added, made.notes) == (21, ())


def noted(folder: Path, table: pd.DataFrame, **how: object) -> Imported:
    return import_catalog(written(folder / "file.csv", table), "mine", completeness=2.0, **how)


def test_an_import_says_what_its_gaps_hold(tmp_path: Path, feed: pd.DataFrame) -> None:
    begin, end = (str(feed["time"][LARGE] + pd.Timedelta(minutes=m)) for m in (-1, 1))
    made = noted(tmp_path, feed, gaps=[(begin, end)])
    assert made.left_out[-1].startswith("1 event inside the gaps, the largest of M 6.6: left out")
    assert made.catalog.to_sequence().magnitudes.max() < 6.6
    assert "inside the gaps" in made.catalog.info.note


def test_an_import_and_a_forecast_name_a_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECAST_CACHE", str(tmp_path))
    quiet = pd.concat([FEED, FEED.assign(time=FEED["time"] + pd.Timedelta(days=45), id=range(N))])
    path = str(written(tmp_path / "file.csv", quiet))
    command = ["catalogs", "import", path, "--name", "quiet", "--completeness", "2"]
    assert cli.main(command) == 0
    printed = capsys.readouterr().out
    silence = "'quiet' has no event from 2020-01-20T"
    assert silence in printed
    forecast = ["forecast", "--catalog", "quiet", "--days", "1", "--samples", "10", "--no-plots"]
    forecast += ["--fixed-parameters", "--out", str(tmp_path / "out")]
    assert cli.main(forecast) == 0
    assert silence in capsys.readouterr().err
    # The remedy
    assert cli.main([*command, "--overwrite", "--gap", "2020-01-21", "2020-02-15"]) == 0
    assert "has no event from" not in capsys.readouterr().out
    assert cli.main(forecast) == 0
    assert "has no event from" not in capsys.readouterr().err


def test_an_import_says_that_events_were_reported_twice(tmp_path: Path, feed: pd.DataFrame) -> None:
    late = feed["time"][:4] + pd.Timedelta(seconds=0.8)
    twice = feed.iloc[:4].assign(time=late, id=["a", "b", "c", "d"])
    made = noted(tmp_path, pd.concat([feed, twice]))
    assert made.notes[-1].startswith("4 pairs of events within 1 s and 5 km")
    assert "pairs" not in "".join(noted(tmp_path, feed).notes)


def test_an_import_says_which_of_equal_times_is_kept(tmp_path: Path, feed: pd.DataFrame) -> None:
    feed = feed.drop(columns="id")
    tied = pd.concat([feed, revised(feed).iloc[[LARGE]]])
    made = noted(tmp_path, tied, ties="drop")
    assert "1 time a smaller one, as M 6.6 instead of M 7.1: say `ties` separate" in made.notes[-1]
    assert noted(tmp_path, tied, ties="separate").catalog.to_sequence().magnitudes.max() == 7.1
    first = pd.concat([revised(feed).iloc[[LARGE]], feed])
    assert noted(tmp_path, first, ties="drop").catalog.to_sequence().magnitudes.max() == 7.1


@pytest.mark.parametrize("date", ["06/07/2019", "1.5.2018", "22/03/2019", "6-7-19"])
def test_a_date_that_can_be_read_in_two_ways_is_refused(
    tmp_path: Path, feed: pd.DataFrame, date: str
) -> None:
    message = "can be read in two ways: write the year first, as in 2019-07-06T03:19:53"
    with pytest.raises(InputError, match=message):
        noted(tmp_path, feed, gaps=[(date, "2020-01-05")])
    with pytest.raises(InputError, match=message):
        noted(tmp_path, feed, start=date)


def test_a_forecast_says_that_events_may_be_reported_twice() -> None:
    catalog = load("ridgecrest_2019")
    day = catalog.info.to_days("2019-07-10")
    assert about_pairs(catalog, day) == []
    again = catalog.events.assign(time=catalog.events["time"] + pd.Timedelta(seconds=0.4))
    both = pd.concat([catalog.events, again]).sort_values("time").reset_index(drop=True)
    doubled = Catalog(both, catalog.info)
    n = int((catalog.days[catalog.complete_rows()] < day).sum())
    (said,) = about_pairs(doubled, day)
    found = re.match(r"in the last 30 days (\d+) pairs of events within 1 s and 5 km", said)
    assert found is not None
    assert n - 5 <= int(found[1]) <= 1.1 * n
    assert said in run_forecast(doubled, at="2019-07-10", samples=50).remarks
    assert about_pairs(doubled, 0.01) == []  # too few to tell
