"""What first answers and silences of a source mean for the events that are known."""

import os
from pathlib import Path

import pandas as pd
import pytest
from live_parts import FAKE, configured

from recast.live.config import SourceOptions
from recast.live.identity import Report
from recast.live.reconcile import Scope
from recast.live.service import Service
from recast.live.sources import Answer, Source
from recast.live.step import run_once

BEGIN = pd.Timestamp("2020-01-03T12:00", tz="UTC")
HOUR, DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)

QUAKEML = """\
<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2"
 xmlns="http://quakeml.org/xmlns/bed/1.2"><eventParameters publicID="smi:a/a">
<event publicID="smi:a/{0}"><origin publicID="smi:a/o{0}"><time><value>{1}</value></time>
<latitude><value>34.5</value></latitude><longitude><value>-117.5</value></longitude></origin>
<magnitude publicID="smi:a/m{0}"><mag><value>3.5</value></mag></magnitude></event>
</eventParameters></q:quakeml>
"""


class Asked(Source):
    """Has one event a day; keeps the beginnings of the periods it was asked for."""

    name = "days"

    def __init__(self) -> None:
        self.starts: list[pd.Timestamp] = []

    def ask(self, start: pd.Timestamp, end: pd.Timestamp) -> Answer:
        self.starts.append(start)
        days = pd.date_range(start.ceil("D"), end, freq="D")
        reports = (
            Report(f"d{day:%Y%m%d}", day.value, 3.0, 34.0, -117.0, 5.0, "", "", "", "")
            for day in days
        )
        return Answer(tuple(reports), Scope(start, end))


def test_a_folder_that_is_empty_at_first(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    folder = configured(tmp_path, SourceOptions("folder", path=str(files), days=3.0))
    service = Service(folder, parts=FAKE)
    report = run_once(service, BEGIN)
    assert report.issued == ()
    assert report.failed == (
        "the region: nothing to forecast from: the source has had no events so far",
    )
    (files / "a.xml").write_text(QUAKEML.format("1", "2012-01-01T00:00:00Z"))  # long ago
    report = run_once(service, BEGIN + HOUR)
    assert (len(report.issued), report.failed) == (1, ())
    with service.store(read_only=True) as store:
        assert service.complete_from(store) == "2012-01-01T00:00:00Z"


def test_a_file_whose_events_have_no_place(tmp_path: Path) -> None:
    table = tmp_path / "events.csv"
    table.write_text("time,latitude,longitude,depth,mag,id\n2020-01-03T00:00:00Z,,,5.0,3.0,a\n")
    os.utime(table, (0, 0))
    service = Service(configured(tmp_path, SourceOptions("file", path=str(table))), parts=FAKE)
    poll = run_once(service, BEGIN).poll
    assert poll is not None
    assert poll.message == f"{table} has no event with a time, a magnitude and a place"


@pytest.mark.parametrize("days", [20, 500])
def test_after_a_silence_nothing_is_left_out(days: int, tmp_path: Path) -> None:
    source = Asked()
    service = Service(configured(tmp_path, SourceOptions()), parts=FAKE, source=source)
    run_once(service, BEGIN)
    late = BEGIN + days * DAY
    run_once(service, late)
    assert source.starts[-1] < BEGIN
    with service.store(read_only=True) as store:
        known = service.known_at(store, late)
    assert (known["time"].diff().dropna() == DAY).all()
