"""`recast-csep`: a model in a folder as floatCSEP lays it out."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs import load
from catalogs.areas import parse_area
from recast import fit_model
from recast.commands.csep import main

ARGUMENTS = """start_date = 2019-07-10T00:00:00
end_date: 2019-07-10T12:00:00
n_sims: 100
seed: 23
mag_min: 2.5
area: 35/37/-118.5/-117
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The folder of a model with its catalog and arguments."""
    home = tmp_path / "mymodel"
    (home / "input").mkdir(parents=True)
    events = load("ridgecrest_2019").to_dataframe()
    events = events[events["time"] < "2019-07-10"].sort_values("time")
    rows = pd.DataFrame(
        {
            "lon": events["longitude"],
            "lat": events["latitude"],
            "mag": events["magnitude"],
            "time_string": events["time"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f"),
            "depth": events["depth_km"],
            "catalog_id": -1,
            "event_id": np.arange(len(events)),
        }
    )
    rows.to_csv(home / "input" / "catalog.csv", index=False)
    (home / "input" / "args.txt").write_text(ARGUMENTS)
    return home


def forecast(home: Path) -> pd.DataFrame:
    """The events of the simulated catalogs."""
    (path,) = (home / "forecasts").iterdir()
    assert path.name == "mymodel_2019-07-10T00:00:00_2019-07-10T12:00:00.csv"
    return pd.read_csv(path)


def test_a_forecast_is_where_it_is_looked_for(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(model)
    assert main([]) == 0
    said = capsys.readouterr().out
    assert "written" in said
    assert "ETAS, fitted to the" in said  # what was done is in the log of floatCSEP
    assert "(`uncorrected` simulates ETAS as it is)" in said
    assert "raise `mag_min`" in said
    table = forecast(model)
    header = ",".join(table.columns)
    assert header == "lon,lat,mag,time_string,depth,catalog_id,event_id"
    assert table["catalog_id"].nunique() == 100
    events = table.dropna(subset="mag")
    times = pd.to_datetime(events["time_string"])
    assert times.between("2019-07-10", "2019-07-10T12:00").all()
    assert events["lat"].between(35, 37).all()
    assert events["lon"].between(-118.5, -117).all()
    assert (events["mag"] >= 2.5).all()
    before = forecast(model)
    assert main([]) == 0
    pd.testing.assert_frame_equal(forecast(model), before)  # the same seed


def test_a_fitted_model_is_used(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit_model("etas", load("ridgecrest_2019"), model, places=True)
    arguments = ARGUMENTS.replace("area: 35/37/-118.5/-117\n", "model: etas.json\n")
    (model / "input" / "args.txt").write_text(arguments)
    assert main([str(model / "input" / "args.txt")]) == 0
    assert len(forecast(model)) > 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("start_date", "begin"), "unknown key 'begin'"),
        (("2019-07-10T12", "2019-07-09T12"), "is not before end_date"),
        (("seed: 23", "seed 23"), "is no `key: value`"),
        (("n_sims: 100", "n_sims: many"), "give numbers for n_sims"),
        (("end_date: 2019-07-10T12:00:00\n", ""), "has no end_date"),
        (("seed: 23", "catalog: input/none.csv"), "none.csv"),
        (("2019-07-10T12:00:00", "tomorrow"), "'tomorrow' is not a date"),
        (("seed: 23", "model: none.json"), "none.json"),
        (("n_sims: 100", "n_sims: 0"), "n_sims 0 or seed 23 is too small"),
        (("seed: 23", "seed: -1"), "n_sims 100 or seed -1 is too small"),
        (("seed: 23", "uncorrected: maybe"), "uncorrected 'maybe' is neither true nor false"),
        (("mag_min: 2.5", "mag_min: 9"), "the largest has 7.1: lower `mag_min`"),
        (("= 2019-07-10T00", "= 2019-07-01T00"), "check `catalog` and `start_date`"),
    ],
)
def test_mistakes_get_one_line(
    model: Path, change: tuple[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = model / "input" / "args.txt"
    path.write_text(ARGUMENTS.replace(*change))
    assert main([str(path)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]


def test_where_places_lie_without_an_area_and_etas_as_it_is(
    model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = model / "input" / "args.txt"
    path.write_text(ARGUMENTS.replace("area: 35/37/-118.5/-117", "uncorrected: True"))
    assert main([str(path)]) == 0
    said = capsys.readouterr().out
    found = re.search(r"places lie in (\S+), the box around the \d+ events so far.* `area`", said)
    assert found is not None
    events = forecast(model).dropna(subset="mag")
    assert parse_area(found[1]).contains(events["lat"], events["lon"]).all()
    assert "compromise between ETAS and the decay" not in said


def test_a_catalog_without_events_is_named(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = model / "input" / "catalog.csv"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    assert main([str(model / "input" / "args.txt")]) == 2
    assert "catalog.csv holds no event: give a file with events" in capsys.readouterr().err


def test_a_missing_file_of_arguments_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "args.txt")]) == 2
    assert "args.txt cannot be read" in capsys.readouterr().err
