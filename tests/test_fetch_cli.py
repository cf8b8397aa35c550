"""`recast catalogs fetch`, `cache` and `list --known`, over a provider on the loopback device."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from loopback import QUICK, Fault, Provider, chosen, moved, serving
from row_writers import WRITERS, write

from catalogs import InputError, fetch_catalog, load
from catalogs.areas import Box
from catalogs.errors import CatalogNotFoundError
from catalogs.providers.known import RECORDS
from catalogs.providers.sources import Service
from catalogs.providers.web import Patience
from recast.cli import main

PERIOD = ("--start", "2020-01-01", "--end", "2020-10-27")
COMCAT = ("catalogs", "fetch", "comcat", *PERIOD, "--completeness", "1")


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider of ComCat and NCSS, in small pages and without long waits."""
    defaults = tuple(vars(QUICK).values())
    monkeypatch.setattr(Patience.__init__, "__defaults__", defaults)
    with serving() as running:
        for name in ("comcat", "ncss", "fdsn_ingv"):
            record = moved(RECORDS[name], running.url)
            if isinstance(record.source, Service):
                record = replace(record, source=replace(record.source, most=60))
            monkeypatch.setitem(RECORDS, name, record)
        yield running


def shows(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    code = main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    assert code == 0, err
    return out


def refuses(capsys: pytest.CaptureFixture[str], code: int, *args: object) -> str:
    assert main([str(arg) for arg in args]) == code
    _, err = capsys.readouterr()
    assert err.startswith("recast: ")
    assert err.count("\n") == 1
    return err


def test_a_service_becomes_a_catalog(
    provider: Provider, user_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.sloppy = True
    provider.faults = [Fault(), Fault(500), Fault(cut=0.5), Fault(429, {"Retry-After": "0"})]
    area = ("--area", "33.5/36/-118.5/-115")
    summary = json.loads(shows(capsys, *COMCAT, *area, "--json"))
    catalog = load("comcat")
    expected = provider.events[
        (provider.events["latitude"] >= 33.5) & (provider.events["longitude"] >= -118.5)
    ]
    expected = expected[expected["latitude"] < 36.0].reset_index(drop=True)
    for column in ("event_id", "time", "latitude", "longitude", "depth_km", "magnitude"):
        pd.testing.assert_series_equal(
            catalog.events[column], expected[column], check_dtype=False, check_index_type=False
        )
    provenance = summary["info"]["provenance"]
    assert provenance == catalog.info.provenance
    assert [step["rule"] for step in provenance["rules"]] == [
        "the last row of each event_id",
        "time >= 2020-01-01",
        "time < 2020-10-27",
        "earthquakes, and events of no type",
        "within 33.5/36/-118.5/-115",
    ]
    first, last = provenance["rules"][0], provenance["rules"][-1]
    assert first["before"] > first["after"] >= last["after"] == len(expected)
    assert all(f"{provider.url}/fdsnws/event/1/query?" in raw["url"] for raw in provenance["files"])
    assert catalog.info.licence.startswith("public domain")
    out = shows(capsys, "catalogs", "info", "comcat")
    assert f"{provenance['rows']:,} rows in {len(provenance['files'])} files" in out
    # Fetched again it is the same, without a question, and needs no --overwrite
    provider.asked.clear()
    out = shows(capsys, *COMCAT, *area, "--offline")
    assert provider.asked == []
    assert load("comcat").info == catalog.info
    assert f"{first['before']:>10,} -> {first['after']:>10,}  the last row of each" in out


@pytest.mark.parametrize("formats", [("text", "xml"), ("xml",)])
def test_text_and_quakeml_give_the_same_catalog(
    formats: tuple[str, ...], provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.formats = formats
    shows(
        capsys,
        "catalogs",
        "fetch",
        "ingv",
        *PERIOD,
        "--name",
        "italy",
        "--min-magnitude",
        "1.2",
        "--completeness",
        "1.2",
    )
    events = load("italy").events
    query = {"minmagnitude": "1.2"}
    expected = chosen(provider.events, query).reset_index(drop=True)
    assert list(events["event_id"].str.removeprefix("smi:local/")) == list(expected["event_id"])
    for column in ("time", "latitude", "longitude", "depth_km", "magnitude"):
        pd.testing.assert_series_equal(events[column], expected[column], check_dtype=False)


def test_damaged_rows_are_reported_or_stop(
    provider: Provider, capsys: pytest.CaptureFixture[str]
) -> None:
    _, rows = write("ehp_csv", 4000, np.random.default_rng(2))
    rows = [row for row in rows if row.startswith("1990")]
    rows[7] = rows[7].replace("1990-", "1990-99-", 1)
    provider.files["/1990.catalog"] = (WRITERS["ehp_csv"][0] + "\n".join(rows) + "\n").encode()
    ncss = ("catalogs", "fetch", "ncss", "--start", "1990-01-01", "--end", "1991-01-01")
    out = shows(capsys, *ncss, "--fractions", "0.8", "0.1", "0.1")
    assert "1 damaged rows left out" in out
    assert "1990.catalog line 9: time" in out
    err = refuses(capsys, 2, *ncss, "--strict")
    assert "1990.catalog line 9: time" in err


def test_failures_are_one_line(
    provider: Provider, user_cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    provider.always = lambda path: Fault(503)
    err = refuses(capsys, 1, *COMCAT)
    assert f"{provider.url}/fdsnws/event/1/count?" in err
    assert "HTTP 503, 6 times in a row: try again later" in err
    provider.always = lambda path: None
    assert "offline" in refuses(capsys, 2, *COMCAT, "--offline")
    err = refuses(
        capsys, 1, "catalogs", "fetch", "ncss", "--start", "1990-01-01", "--end", "1990-02-01"
    )
    assert f"{provider.url}/1990.catalog: HTTP 404 (404 Not Found): check the name" in err
    backwards = ("--start", "2021-01-01", "--end", "2020-01-01")
    assert "2020-01-01 is empty: need --start before" in refuses(capsys, 2, *COMCAT[:3], *backwards)
    err = refuses(capsys, 2, "catalogs", "fetch", "scedc", "--start", "1990-01-01")
    assert "choose --name for a selection of your own" in err
    assert "'soon' is not a date" in refuses(capsys, 2, *COMCAT[:3], "--start", "soon")
    assert not list(user_cache.glob("*"))


def test_a_catalog_of_ones_own_is_not_replaced(
    provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "mine.csv"
    provider.events.rename(columns={"depth_km": "depth"}).to_csv(table, index=False)
    shows(capsys, "catalogs", "import", table, "--name", "comcat", "--completeness", "1")
    assert "exists already" in refuses(capsys, 2, *COMCAT)
    assert provider.asked == []
    shows(capsys, *COMCAT, "--overwrite")
    assert load("comcat").info.provenance["record"] == "comcat"
    # One whose events are damaged is fetched again
    (tmp_path / "cache" / "catalogs" / "comcat.parquet").write_bytes(b"PAR1")
    shows(capsys, *COMCAT)
    assert len(load("comcat").events) == len(provider.events)


def test_python_gets_and_stores_the_same_catalog(
    provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shows(capsys, *COMCAT, "--area", "33/36/-119/-116")
    chosen = {"start": "2020-01-01", "end": "2020-10-27", "area": Box(33, 36, -119, -116)}
    fetched = fetch_catalog("comcat", **chosen, completeness=1.0, folder=tmp_path / "python")
    stored = load(tmp_path / "python" / "comcat.json")
    assert stored.info == load("comcat").info
    pd.testing.assert_frame_equal(stored.events, fetched.events)
    again = fetch_catalog("comcat", "other", **chosen, completeness=1.0, store=False)
    pd.testing.assert_frame_equal(again.events, fetched.events)
    with pytest.raises(CatalogNotFoundError):
        load("other")
    with pytest.raises(InputError, match=r"2020-01-01 is empty: need `start` before `end`"):
        fetch_catalog("comcat", start="2021-01-01", end="2020-01-01", store=False)


def test_the_cache_can_be_chosen_measured_and_cleared(
    provider: Provider, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = ("--cache", tmp_path / "elsewhere")
    shows(capsys, *COMCAT, *cache, "--out", tmp_path / "out")
    assert len(load(tmp_path / "out" / "comcat.json").events) == len(provider.events)
    assert "127.0.0.1" in shows(capsys, "catalogs", "cache", "info", *cache)
    assert "give names of known catalogs, or --all" in refuses(
        capsys, 2, "catalogs", "cache", "clear"
    )
    assert "MB removed" in shows(capsys, "catalogs", "cache", "clear", "comcat", *cache)
    assert "127.0.0.1" not in shows(capsys, "catalogs", "cache", "info", *cache)


def test_known_catalogs_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = json.loads(shows(capsys, "catalogs", "list", "--known", "--json"))
    assert [row["name"] for row in rows] == list(RECORDS)
    assert all(row["licence"] and row["citation"] for row in rows)
    assert "qtm_salton_sea" in shows(capsys, "catalogs", "list", "--known")
    assert "recast catalogs fetch NAME" in shows(capsys, "catalogs", "list")
