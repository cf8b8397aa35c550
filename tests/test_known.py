"""Known catalogs: complete, consistent, with terms of use, and open to other packages."""

import sys
from dataclasses import replace
from importlib.metadata import EntryPoint
from types import ModuleType
from urllib.parse import urlsplit

import pytest

from catalogs import InputError
from catalogs.formats import FORMATS
from catalogs.info import CatalogInfo, SplitDates
from catalogs.providers.known import PROVIDERS, RECORDS, find, known_records
from catalogs.providers.raw_files import folder_name
from catalogs.providers.services import record_name
from catalogs.providers.sources import Files, Record, Service, Yearly
from catalogs.texts import check_name
from recast.cli import main

WANTED = (
    "scedc white qtm_salton_sea qtm_san_jacinto scedc_all hauksson qtm_12dev qtm_9_5dev white_all "
    "ncss comcat geonet ingv horus tan_2021 shelly_2020 jma sed eth isc"
)


@pytest.mark.parametrize("name", WANTED.split())
def test_the_catalogs_that_people_ask_for_are_known(name: str) -> None:
    assert find(name).name in RECORDS


def test_every_event_service_of_obspy_is_known() -> None:
    """Under its key, and at the address that obspy has for it."""
    header = pytest.importorskip("obspy.clients.fdsn.header")
    forwarding = {"EIDA", "EARTHSCOPE+USGS"}  # to services that have keys of their own
    for key, url in header.URL_MAPPINGS.items():
        record = find(key)
        assert record.name == record_name(key)
        assert isinstance(record.source, Service)
        if key not in forwarding:
            assert record.source.url == f"{url}/fdsnws/event/1/"


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_record_says_what_is_needed(record: object) -> None:
    known = find(record.name)  # type: ignore[attr-defined]
    check_name(known.name)
    assert known.title
    assert known.region
    assert known.licence
    assert known.citation
    assert urlsplit(known.about).scheme in {"http", "https"}
    source = known.source
    layouts = source.layouts if isinstance(source, Service) else (source.layout,)
    assert set(layouts) <= set(FORMATS)
    if isinstance(source, Files):
        assert source.urls or source.by_hand
        assert all(len(digest) == 64 for digest in source.sha256)
    urls = source.urls if isinstance(source, Files) else (source.url,)
    assert all(urlsplit(url).scheme in {"http", "https"} for url in urls)
    assert not isinstance(source, Yearly) or "{year}" in source.url
    # Files are kept in one folder below the cache, whatever the address
    assert folder_name(source) not in {"", ".", ".."}
    assert "/" not in folder_name(source)
    splits = (
        known.preset.splits if known.preset else SplitDates(known.start, "2100", "2101", "2102")
    )
    end = (known.end or "2102") if known.preset else "2102"
    CatalogInfo("x", known.start, end, splits, 1.0)  # raises for a period that cannot be


def test_catalogs_of_one_file_fetch_it_once() -> None:
    three = ("qtm_12dev", "qtm_salton_sea", "qtm_san_jacinto")
    assert len({RECORDS[name].source for name in three}) == 1
    assert len({folder_name(RECORDS[name].source) for name in three}) == 1
    assert folder_name(RECORDS["comcat"].source) != folder_name(RECORDS["ncss"].source)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="catalog 'nowhere' cannot be fetched: choose .* scedc,"):
        find("nowhere")


def adding(monkeypatch: pytest.MonkeyPatch, **values: object) -> None:
    """Packages that are installed besides, each with an entry point for one of these values."""
    module = ModuleType("others_catalogs")
    vars(module).update(values)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    points = [EntryPoint(name, f"{module.__name__}:{name}", PROVIDERS) for name in values]
    monkeypatch.setattr("catalogs.providers.known.entry_points", lambda group: points)


OTHER = replace(RECORDS["ncss"], name="atlantis", title="Atlantis")
LEMURIA = replace(OTHER, name="lemuria")


def test_packages_add_known_catalogs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A record, several, or a function that returns them."""
    mu = replace(OTHER, name="mu")
    adding(monkeypatch, one=OTHER, more=[LEMURIA], made=lambda: iter([mu]))
    assert list(known_records()) == [*RECORDS, "atlantis", "lemuria", "mu"]
    assert find("mu") is mu
    assert main(["catalogs", "list", "--known"]) == 0
    assert "Atlantis, Northern California" in capsys.readouterr().out
    with pytest.raises(InputError, match="choose one of .*, mu$"):
        find("nowhere")


def fails() -> Record:
    raise KeyError("the database")


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"mine": replace(OTHER, name="scedc")}, "adds a catalog 'scedc', which is known already"),
        ({"first": OTHER, "mine": [OTHER, LEMURIA]}, None),
        ({"first": OTHER, "mine": replace(OTHER, title="Other")}, "'atlantis', which is known"),
        ({"mine": fails}, r"is broken \(KeyError: 'the database'\): fix or uninstall it"),
        ({"mine": 3}, "is broken .*TypeError"),
        ({"mine": ["scedc"]}, "is broken .*AttributeError"),
        ({"mine": replace(OTHER, name="../x")}, r"is broken \(InputError: catalog name '../x'"),
    ],
)
def test_what_a_package_adds_wrongly_is_named(
    values: dict[str, object], complaint: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    adding(monkeypatch, **values)
    if complaint is None:  # the same record twice is one
        assert known_records()["atlantis"] is OTHER
        return
    with pytest.raises(
        InputError, match=f"^the entry point mine = others_catalogs:mine .*{complaint}"
    ):
        known_records()
    assert find("scedc") is RECORDS["scedc"]  # what comes with this package is not hindered
