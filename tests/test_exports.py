"""Catalogs written for other programs come back as they were."""

import csv
import math
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest

from catalogs import (
    Catalog,
    EventSequence,
    GutenbergRichter,
    InputError,
    SplitDates,
    Trajectories,
    export_catalog,
    load,
)
from catalogs.exports import centre, write_csep, write_csep_forecast, write_quakeml, write_zmap
from catalogs.formats import from_dataframe
from catalogs.formats.reading import read_events
from catalogs.sequence import reaches
from etas.model import ETAS
from etas.synthetic import synthetic_catalog, true_model

MODEL = ETAS(1.0, 0.0208, 0.7, 0.01, 1.12, GutenbergRichter(2.5, 1.0, 7.5), 30.0)
NAMESPACE = {"b": "http://quakeml.org/xmlns/bed/1.2"}


def small(*, start: str | None = "2003-02-27", located: bool = False) -> Catalog:
    empty = EventSequence.nothing()
    (events,) = MODEL.sample(empty, 20.0, 1, seed=1)
    catalog = synthetic_catalog(events, MODEL, "small", start=start)
    if not located:
        return catalog
    table = catalog.events.assign(latitude=35.5, longitude=-117.25, depth_km=8.0)
    return Catalog(table, replace(catalog.info, has_locations=True))


def test_a_synthetic_catalog_knows_its_model() -> None:
    catalog = small()
    assert true_model(catalog.info) == MODEL
    assert catalog.info.splits.val_start == "2003-03-11"
    days = small(start=None)
    assert days.info.uses_plain_days
    np.testing.assert_allclose(days.days, catalog.days, atol=1e-10)


def test_csep_holds_all_catalogs(tmp_path: Path) -> None:
    catalog, path = small(), tmp_path / "all.csv"
    write_csep([catalog, catalog], path)
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    n = len(catalog.events)
    assert [row["catalog_id"] for row in rows] == ["0"] * n + ["1"] * n
    assert [row["event_id"] for row in rows[n:]] == [str(i) for i in range(n)]
    times = pd.Series(pd.to_datetime([row["time_string"] for row in rows[:n]], utc=True))
    gaps = (times - catalog.events["time"]).dt.total_seconds()
    assert gaps.abs().max() <= 1e-6
    np.testing.assert_allclose(
        [float(row["mag"]) for row in rows[:n]], catalog.events["magnitude"], atol=5e-5
    )
    assert math.isnan(float(rows[0]["lon"]))


def test_several_catalogs_in_one_file_are_not_read_as_one(tmp_path: Path) -> None:
    """Rates would be as many times too high; `catalog_id` alone may be an identifier."""
    path = tmp_path / "all.csv"
    write_csep([small()], path)
    assert len(read_events(path).events) == len(small().events)
    write_csep([small()] * 3, path)
    with pytest.raises(InputError, match=r"all.csv holds 3 catalogs \(column catalog_id\)"):
        read_events(path)
    table = pd.read_csv(path)
    table.to_parquet(tmp_path / "all.parquet")
    with pytest.raises(InputError, match=r"all.parquet holds 3 catalogs"):
        read_events(tmp_path / "all.parquet")
    with pytest.raises(InputError, match=r"the table holds 3 catalogs"):
        from_dataframe(table)
    assert len(from_dataframe(table[table["catalog_id"] == 0]).events) == len(small().events)
    path.write_text(path.read_text().replace("event_id", "number"))
    assert len(read_events(path).events) == 3 * len(small().events)


@pytest.mark.parametrize("located", [False, True])
def test_zmap_without_depths_or_places_is_read(located: bool, tmp_path: Path) -> None:
    catalog, path = small(located=located), tmp_path / "a.zmap"
    write_zmap(replace(catalog, events=catalog.events.assign(depth_km=np.nan)), path)
    found = read_events(path)
    assert found.explanation.layout == "zmap"
    np.testing.assert_allclose(found.events["magnitude"], catalog.events["magnitude"], atol=5e-5)
    assert found.events["longitude"].notna().all() == located


def test_zmap_columns(tmp_path: Path) -> None:
    catalog, path = small(located=True), tmp_path / "a.zmap"
    write_zmap(catalog, path)
    table = np.loadtxt(path, delimiter="\t")
    assert table.shape == (len(catalog.events), 10)
    assert np.all(table[:, [0, 1, 6]] == [-117.25, 35.5, 8.0])
    stamps = catalog.events["time"]
    np.testing.assert_array_equal(table[:, 3], stamps.dt.month)
    np.testing.assert_array_equal(table[:, 7], stamps.dt.hour)
    # Decimal years: day 0 is 57 days into 2003
    years = 2003 + (57.0 + catalog.days) / 365.0
    np.testing.assert_allclose(table[:, 2], years, atol=1e-8)


def test_quakeml_is_well_formed_and_complete(tmp_path: Path) -> None:
    catalog, path = small(located=True), tmp_path / "a.xml"
    write_quakeml(catalog, path)
    events = ET.parse(path).getroot().findall("b:eventParameters/b:event", NAMESPACE)
    assert len(events) == len(catalog.events)
    first, row = events[0], catalog.events.iloc[0]
    for path_in_event, expected in (
        ("b:origin/b:latitude/b:value", 35.5),
        ("b:origin/b:depth/b:value", 8000.0),
        ("b:magnitude/b:mag/b:value", row["magnitude"]),
    ):
        assert float(first.findtext(path_in_event, "", NAMESPACE)) == pytest.approx(
            expected, abs=5e-5
        )
    stamp = pd.Timestamp(first.findtext("b:origin/b:time/b:value", "", NAMESPACE))
    assert abs(stamp - row["time"]) <= pd.Timedelta(1, "us")
    origin = first.find("b:origin", NAMESPACE)
    assert origin is not None
    assert first.findtext("b:preferredOriginID", "", NAMESPACE) == origin.get("publicID")


def test_quakeml_is_read_by_obspy(tmp_path: Path) -> None:
    obspy = pytest.importorskip("obspy")
    catalog, path = small(located=True), tmp_path / "a.xml"
    write_quakeml(catalog, path)
    read = obspy.read_events(str(path), format="QUAKEML")
    assert len(read) == len(catalog.events)
    assert read[0].preferred_origin().depth == 8000.0


def test_what_a_format_cannot_hold_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no locations, which QuakeML demands"):
        write_quakeml(small(), tmp_path / "a.xml")
    with pytest.raises(InputError, match="counts plain days"):
        write_csep([small(start=None)], tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_centre_of_a_region_across_180_degrees_is_inside_it() -> None:
    catalog = small(located=True)
    side = np.arange(len(catalog.events)) % 2
    table = catalog.events.assign(latitude=-39.0, longitude=np.where(side, 177.0, -179.0))
    latitude, longitude = centre(Catalog(table, catalog.info)) or (0.0, 0.0)
    assert latitude == pytest.approx(-39.0)
    assert abs(longitude) > 176.9
    assert centre(small()) is None


def test_a_forecast_in_plain_days_is_not_written(tmp_path: Path) -> None:
    drawn = Trajectories.of_sequences([EventSequence([0.5], [3.0], 0.0, 1.0)])
    with pytest.raises(InputError, match="counts plain days"):
        write_csep_forecast([drawn], small(start=None).info, tmp_path / "x.csv", place=None)
    assert not list(tmp_path.iterdir())


def test_an_unknown_format_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="format 'kml': choose one of zmap, quakeml, csep, csv"):
        export_catalog(load("ridgecrest_2019"), tmp_path / "x", "kml")  # type: ignore[arg-type]


def test_simulated_events_are_written_where_they_are(tmp_path: Path) -> None:
    first = EventSequence([0.5, 0.7], [3.0, 4.0], 0.0, 1.0, locations=[[35.1, -117.2], [-40, 180]])
    drawn = Trajectories.of_sequences([first, EventSequence([], [], 0.0, 1.0)])
    path, info = tmp_path / "forecast.csv", small().info
    write_csep_forecast([drawn], info, path, place=None)
    lines = path.read_text().splitlines()
    assert [line.split(",")[:2] for line in lines[1:3]] == [["-117.2", "35.1"], ["180", "-40"]]
    assert lines[3] == ",,,,,1,"
    with pytest.raises(InputError, match="`place` 35, -117 is for events without places"):
        write_csep_forecast([drawn], info, tmp_path / "other.csv", place=(35.0, -117.0))


@pytest.mark.parametrize(
    ("start", "day", "stamp"),
    [
        ("1683-05-13", 122_900.25, "2019-11-08T06:00:00.000000"),
        ("1990-01-01", 100_000.5, "2263-10-17T12:00:00.000000"),
    ],
)
def test_forecasts_of_centuries_have_their_times(
    tmp_path: Path, start: str, day: float, stamp: str
) -> None:
    """No 64-bit number of nanoseconds holds 292 years, or a date beyond 2262."""
    splits = SplitDates(start, "2000-01-01", "2005-01-01", "2010-01-01")
    info = replace(small().info, start=start, end="2010-01-01", splits=splits)
    event = EventSequence([day], [4.0], day - 1.0, day + 1.0)
    write_csep_forecast([Trajectories.of_sequences([event])], info, tmp_path / "x.csv", place=None)
    assert (tmp_path / "x.csv").read_text().splitlines()[1] == f"nan,nan,4.0000,{stamp},nan,0,0"


def test_magnitudes_of_a_forecast_cross_no_threshold_in_its_file(tmp_path: Path) -> None:
    """The file has as many events of M >= 3 as the table of the forecast."""
    magnitudes = np.array([2.5, 2.99994, 2.99996, 2.9999999, 3.0, 3.00001, 3.1])
    drawn = Trajectories.of_sequences([EventSequence(np.arange(7.0), magnitudes, 0.0, 7.0)])
    write_csep_forecast([drawn], small().info, tmp_path / "a.csv", place=None)
    written = pd.read_csv(tmp_path / "a.csv")["mag"].to_numpy()
    assert written.tolist() == [2.5, 2.9999, 2.9999, 3.0, 3.0, 3.0, 3.1]
    for threshold in (2.5, 3.0, 3.1):
        assert (written >= threshold).sum() == reaches(magnitudes, threshold).sum()


def test_longitudes_beyond_180_degrees_are_written_as_west(tmp_path: Path) -> None:
    """Of a catalog that counts to 360: pyCSEP compares them with those of forecasts as they are."""
    catalog = small(located=True)
    table = catalog.events.assign(longitude=np.where(catalog.events.index % 2, 179.5, 184.5))
    catalog = Catalog(table, catalog.info)
    for form in ("csep", "zmap", "quakeml"):
        path = tmp_path / form
        export_catalog(catalog, path, form)
        back = read_events(path).events["longitude"].to_numpy()
        np.testing.assert_array_equal(np.unique(back), [-175.5, 179.5], err_msg=form)
