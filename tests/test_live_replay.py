"""A replayed catalog comes in as it was scripted; whatever stops it, the same forecasts result."""

import errno
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from live_killing import SCRIPT
from live_parts import FAKE, issued_files
from test_disk_full import full_disk

from catalogs import Catalog, InputError, load, save
from recast.live import issuing, scoring, step
from recast.live.replay import Script, open_replay, prepare, replay
from recast.live.service import BusyError, parquet_bytes
from recast.live.status import status
from recast.live.step import StepReport, run_once

UNTIL = "2019-07-06T06:00"


def at(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


def replayed(
    folder: Path, script: Script = SCRIPT, until: str = UNTIL, **options: Any
) -> list[StepReport]:
    prepare(folder, script)
    return list(replay(folder, at(until), parts=FAKE, **options))


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("undisturbed") / "replay"
    replayed(folder)
    files = issued_files(folder)
    assert len({name.split("/")[1] for name in files}) > 5
    return files


def killed(folder: Path, kills: list[dict[str, Any]], until: str = UNTIL) -> list[int]:
    script = Path(__file__).with_name("live_killing.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), until, json.dumps(kills)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    codes: list[int] = json.loads(done.stdout)
    return codes


def test_a_replay_that_is_killed_goes_on_with_the_same_forecasts(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    writes = [(1, "half"), (3, "after"), (4, "before"), (7, "after"), (9, "half"), (22, "before")]
    kills = [{"write": n, "moment": moment} for n, moment in writes]
    kills += [{"seconds": s} for s in np.random.default_rng(0).uniform(0.05, 0.4, 4)]
    codes = killed(tmp_path / "replay", kills)
    assert codes[-1] == 0
    assert codes.count(-9) > len(kills) // 2
    assert issued_files(tmp_path / "replay") == undisturbed
    assert not list((tmp_path / "replay").rglob(".tmp-*"))


@pytest.mark.slow
def test_200_random_kills(tmp_path: Path) -> None:
    until = "2019-07-12T00:00"
    started = time.perf_counter()
    replayed(tmp_path / "whole", until=until)
    whole = time.perf_counter() - started
    rng = np.random.default_rng(1)
    # Together not longer than the whole takes, or the last ones would come after its end
    kills = [{"seconds": s} for s in rng.uniform(0.0, 2.0 * whole / 300, 160)]
    kills += [
        {"write": int(n), "moment": m}
        for n in rng.integers(1, 12, 20)
        for m in ("half", "before", "after")
    ]
    rng.shuffle(kills)
    codes = killed(tmp_path / "replay", kills, until)
    assert codes[-1] == 0
    assert codes.count(-9) > 150
    assert issued_files(tmp_path / "replay") == issued_files(tmp_path / "whole")


def test_steps_in_which_nothing_happens_may_be_left_out(tmp_path: Path) -> None:
    script = Script(
        "ridgecrest_2019",
        "2019-07-04T20:00",
        900.0,
        300.0,
        revisions=True,
        outages=(("2019-07-06T04:00", "2019-07-06T05:30"),),
        seed=3,
    )
    until = "2019-07-06T07:30"
    short = replayed(tmp_path / "short", script, until)
    long = replayed(tmp_path / "long", script, until, skip=False)
    assert len(short) < 0.5 * len(long)
    assert [r.missed for r in short if r.missed] == [r.missed for r in long if r.missed]
    assert issued_files(tmp_path / "short") == issued_files(tmp_path / "long")


def test_the_catalog_comes_in_with_its_delay_and_ends_right(tmp_path: Path) -> None:
    replayed(tmp_path, until="2019-07-06T09:00")
    service, _, _ = open_replay(tmp_path, parts=FAKE)
    true = load("ridgecrest_2019").events

    def known(text: str) -> pd.DataFrame:
        with service.store(read_only=True) as store:
            return service.known_at(store, at(text))

    early = known("2019-07-06T05:00")
    assert early["time"].max() <= at("2019-07-06T04:55")
    now = known("2019-07-06T09:00")
    settled = true[true["time"] < at("2019-07-06T07:00")]
    mine = now[now["time"] < at("2019-07-06T07:00")]
    # Revised by now, false ones gone; names are those that came first
    assert mine["magnitude"].tolist() == settled["magnitude"].tolist()
    assert mine["event_id"].tolist() == [f"re{i}" for i in range(len(mine))]
    then = early[early["time"] < at("2019-07-06T04:30")].set_index("event_id")["magnitude"]
    assert not then.reindex(mine["event_id"]).dropna().isin(true["magnitude"]).all()


def test_two_steps_at_once(tmp_path: Path) -> None:
    replayed(tmp_path, until="2019-07-06T05:00")
    service, _, _ = open_replay(tmp_path, parts=FAKE)
    with service.locked(), pytest.raises(BusyError, match="another process is at work"):
        run_once(service, at("2019-07-06T06:00"))
    assert run_once(service, at("2019-07-06T06:00")).issued


def fails(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "some/file")


PLACES: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "samples": lambda patch: patch.setattr(issuing, "write_json", fails),
    "on disk": lambda patch: patch.setattr(issuing, "on_disk", fails),
    "named": lambda patch: patch.setattr(issuing, "sync", fails),
    "entered": lambda patch: patch.setattr("recast.live.store.Store.add_entry", fails),
    "state": lambda patch: patch.setattr("recast.live.store.Store.set_state", fails),
    "pages": lambda patch: patch.setattr(step, "site", fails),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_disk_that_fills_ends_the_step_and_the_next_one_goes_on(
    place: str, tmp_path: Path, undisturbed: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    replayed(tmp_path, until="2019-07-06T04:40")
    with monkeypatch.context() as patch:
        PLACES[place](patch)
        with pytest.raises(OSError, match="No space left"):
            replayed(tmp_path)
    assert (
        undisturbed.items()
        >= {
            name: content
            for name, content in issued_files(tmp_path).items()
            if not name.startswith("forecasts/.")
        }.items()
    )
    replayed(tmp_path)
    assert issued_files(tmp_path) == undisturbed


def test_a_database_that_cannot_grow_is_named(
    tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    replayed(tmp_path, until="2019-07-06T04:40")
    with full_disk(), pytest.raises(OSError, match="live.sqlite") as caught:
        replayed(tmp_path)
    assert str(caught.value.filename).startswith(str(tmp_path))
    replayed(tmp_path)
    assert issued_files(tmp_path) == undisturbed


def test_a_clock_that_was_set_back_is_refused(tmp_path: Path) -> None:
    replayed(tmp_path, until="2019-07-06T05:00")
    service, _, _ = open_replay(tmp_path, parts=FAKE)
    with pytest.raises(InputError, match="set the clock right"):
        run_once(service, at("2019-07-06T04:50"))


def test_another_replay_needs_another_folder(tmp_path: Path) -> None:
    replayed(tmp_path, until="2019-07-06T03:20")
    other = Script("ridgecrest_2019", "2019-07-06T03:00", 600.0, 300.0)
    with pytest.raises(InputError, match="with other options: choose another folder"):
        replayed(tmp_path, other)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (Script("ridgecrest_2019", "2020-01-01", 600.0, 0.0), "is after the catalog's end"),
        (Script("ridgecrest_2019", "2019-07-06", 0.0, 0.0), "give a time between steps"),
        (Script("without", "2019-07-06", 600.0, 0.0), "has no locations"),
        (
            Script(
                "ridgecrest_2019",
                "2019-07-06",
                600.0,
                0.0,
                outages=(("2019-07-07", "2019-07-06T05:00"),),
            ),
            "`outage` 2019-07-07 2019-07-06T05:00: it ends before it begins",
        ),
    ],
)
def test_what_cannot_be_replayed(
    script: Script, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = load("ridgecrest_2019")
    info = replace(catalog.info, has_locations=script.catalog != "without")
    monkeypatch.setattr("recast.live.replay.load", lambda _: Catalog(catalog.events, info))
    with pytest.raises(InputError, match=said):
        prepare(tmp_path, script)


def test_a_forecast_that_was_lost_is_told(tmp_path: Path) -> None:
    replayed(tmp_path, until="2019-07-06T04:40")
    service, _, _ = open_replay(tmp_path, parts=FAKE)
    gone = min((tmp_path / "forecasts").iterdir())
    for path in gone.iterdir():
        path.unlink()
    gone.rmdir()
    assert status(service, at("2030-01-01")).lost == (gone.name,)


def test_reports_that_are_far_larger_than_their_file_are_refused(tmp_path: Path) -> None:
    prepare(tmp_path, SCRIPT)
    path = tmp_path / "replay.parquet"
    path.write_bytes(parquet_bytes(pd.DataFrame({"magnitude": np.zeros(5_000_000)}), {}))
    with pytest.raises(InputError, match=r"replay.parquet is damaged \(5,000,000 values in"):
        open_replay(tmp_path, parts=FAKE)


def test_a_replay_scores_no_window_over_a_gap(tmp_path: Path) -> None:
    ridgecrest = load("ridgecrest_2019")
    begin, end = "2019-07-06T07:00", "2019-07-06T08:00:00Z"
    gap = Catalog(ridgecrest.events, replace(ridgecrest.info, gaps=((begin, end),)))
    save(gap, tmp_path / "catalogs")
    scored: dict[str, dict[str, int]] = {}
    for name in ("ridgecrest_2019", str(tmp_path / "catalogs" / "ridgecrest_2019.json")):
        folder = tmp_path / f"replay{len(scored)}"
        prepare(folder, Script(name, "2019-07-06T03:00", 3600.0, 300.0))
        list(replay(folder, pd.Timestamp("2019-07-07T13:00", tz="UTC"), parts=FAKE, threads=1))
        service, _, _ = open_replay(folder, parts=FAKE)
        with service.store(read_only=True) as store:
            rows = scoring.stored(service, store, "first")
            starts = {e.forecast_id: service.issued(e.forecast_id).at for e in store.entries()}
        scored[name] = {row.forecast_id: row.observed for row in rows}
        first, again, _ = scoring.all_scores(service)
        assert {o.forecast_id for o in first} == {o.forecast_id for o in again}
    whole, known = scored.values()
    over = {
        name
        for name in whole
        if pd.Timestamp(begin, tz="UTC") - pd.Timedelta(days=1) < pd.Timestamp(starts[name])
        and pd.Timestamp(starts[name]) < pd.Timestamp(end)
    }
    assert 0 < len(over) < len(whole)
    assert known == {name: n for name, n in whole.items() if name not in over}
    assert scoring.about_gaps(service) == [
        f"{len(over)} windows overlap gaps of the catalog: not scored"
    ]
