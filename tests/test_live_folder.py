"""The folder of a service as people and disks leave it: strays, copies, edits, lost files."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from live_parts import FAKE, configured

from catalogs import InputError
from recast.live.config import SourceOptions
from recast.live.identity import Report
from recast.live.reconcile import Scope
from recast.live.service import Service, parquet_bytes
from recast.live.sources import Answer, Source
from recast.live.status import status
from recast.live.step import run_once

BEGIN = pd.Timestamp("2020-01-03T12:00", tz="UTC")
HOUR = pd.Timedelta(hours=1)
QUAKE = Report("ev1", BEGIN.value - 10**12, 3.0, 34.0, -117.0, 5.0, "", "", "", "")


class One(Source):
    """Always the same earthquake."""

    name = "one"

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        return Answer((QUAKE,), Scope(start, end))


def opened(folder: Path) -> Service:
    return Service(folder, parts=FAKE, source=One())


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """With one forecast."""
    one = opened(configured(tmp_path, SourceOptions()))
    assert len(run_once(one, BEGIN).issued) == 1
    return one


def forecast(service: Service) -> Path:
    (folder,) = service.forecasts.iterdir()
    return folder


def test_what_is_not_a_forecast_is_left_alone(service: Service) -> None:
    stray = service.forecasts / ".well-known"
    stray.mkdir()
    (service.forecasts / "README").write_text("ours")
    (stray / "security.txt").write_text("ours")
    report = run_once(service, BEGIN + HOUR)
    assert report.remarks == ()
    assert (stray / "security.txt").read_text() == "ours"


def test_a_copy_beside_its_forecast_is_told(service: Service) -> None:
    folder = forecast(service)
    shutil.copytree(folder, folder.with_name(f"{folder.name}-2"))
    told = f"{folder}-2 holds the forecast {folder.name}: move copies to another place"
    assert run_once(service, BEGIN + HOUR).remarks == (told,)
    assert status(service, BEGIN + HOUR).n_forecasts == 1


@pytest.mark.parametrize("name", ["issued.json", "samples.parquet", "forecast.json"])
def test_a_forecast_that_was_edited_is_noticed(name: str, service: Service) -> None:
    path = forecast(service) / name
    before = path.read_bytes()
    path.write_bytes(before[:-1] + b" ")
    assert status(service, BEGIN).altered == (f"{path.parent.name}/{name}",)
    assert f"altered           {path.parent.name}/{name}" in str(status(service, BEGIN))
    path.write_bytes(before)
    assert status(service, BEGIN).altered == ()


@pytest.mark.parametrize("name", ["issued.json", "samples.parquet"])
@pytest.mark.parametrize("damage", [b"junk", None])
def test_one_damaged_forecast_does_not_stop_the_service(
    name: str, damage: bytes | None, service: Service
) -> None:
    path = forecast(service) / name
    before = path.read_bytes()
    path.unlink() if damage is None else path.write_bytes(damage)
    late = BEGIN + 26 * HOUR
    report = run_once(opened(service.folder), late)
    assert len(report.issued) == 1
    assert report.scored == 0
    told = f"not scored: {path} is not as it was issued: put a copy of it in its place"
    assert report.remarks == (told,)
    path.write_bytes(before)
    assert run_once(opened(service.folder), late + HOUR).scored == 1


@pytest.fixture(scope="module")
def swollen() -> bytes:
    """A small file of many equal values."""
    return parquet_bytes(pd.DataFrame({"magnitude": np.zeros(5_000_000)}), {})


def test_a_history_that_is_far_larger_than_its_file_is_refused(
    swollen: bytes, service: Service
) -> None:
    service.history_path.write_bytes(swollen)
    with pytest.raises(InputError, match=r"history.parquet is damaged \(5,000,000 values in"):
        opened(service.folder).history()


def test_samples_that_are_far_larger_than_their_file_are_not_scored(
    swollen: bytes, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were their hash on record, too."""
    monkeypatch.setattr("recast.live.scoring.check_intact", lambda *_: None)
    path = forecast(service) / "samples.parquet"
    path.write_bytes(swollen)
    report = run_once(opened(service.folder), BEGIN + 26 * HOUR)
    (told,) = report.remarks
    assert told.startswith(f"not scored: {path} is damaged (5,000,000 values in")


def test_a_forecast_that_lost_its_page_is_not_shown(service: Service) -> None:
    path = forecast(service) / "forecast.json"
    assert path.parent.name in (service.pages / "index.html").read_text()
    path.unlink()
    run_once(service, BEGIN + HOUR)
    assert path.parent.name not in (service.pages / "index.html").read_text()


def test_a_database_that_was_lost_is_told(service: Service) -> None:
    service.database.unlink()
    report = run_once(service, BEGIN + HOUR)
    told = f"{service.database} is new: 1 forecast entered again, events are known from now on only"
    assert report.remarks == (told,)
    assert run_once(service, BEGIN + 2 * HOUR).remarks == ()
