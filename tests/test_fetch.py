"""From the name of a known catalog to the catalog, over a provider on the loopback device."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loopback import QUICK, made_events, moved, serving
from row_writers import WRITERS, Event, write

from catalogs import Catalog, InputError
from catalogs.areas import Box
from catalogs.providers.downloads import Downloads
from catalogs.providers.fetching import fetch_catalog, fetch_events
from catalogs.providers.known import RECORDS
from catalogs.providers.sources import Files, Yearly

FILES = [record for record in RECORDS.values() if isinstance(record.source, Files | Yearly)]


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    return Downloads(tmp_path / "raw", patience=QUICK, progress=False)


def served(layout: str, rows: list[str]) -> bytes:
    return (WRITERS[layout][0] + "\n".join(rows) + "\n").encode()


@pytest.mark.parametrize("record", FILES, ids=lambda record: record.name)
def test_every_file_of_the_registry_is_read_in_its_layout(
    record: Any, downloads: Downloads, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, rows = write(record.source.layout, 300, np.random.default_rng(5))
    body = served(record.source.layout, rows)
    is_yearly = isinstance(record.source, Yearly)
    period = {"start": "1990-01-01", "end": "1993-01-01" if is_yearly else "2018-01-01"}
    with serving() as provider:
        monkeypatch.setitem(RECORDS, record.name, moved(record, provider.url))
        files = []
        if is_yearly:
            years = range(1990, 1993 + bool(record.source.hours_ahead))
            provider.files = {f"/{year}.catalog": body for year in years}
        elif record.source.by_hand:
            with pytest.raises(InputError, match="in a browser|by program: save .* from https://"):
                fetch_events(record.name, **period, downloads=downloads)
            files = [tmp_path / "by_hand.txt"]
            files[0].write_bytes(body)
        else:
            provider.files = {f"/{url.rpartition('/')[2]}": body for url in record.source.urls}
            provider.files = {path.partition("?")[0]: body for path in provider.files}
        fetched = fetch_events(
            record.name, **period, min_magnitude=0.0, files=files, downloads=downloads
        )
    provenance = fetched.provenance()
    n_files = len(provenance["files"])
    assert provenance["rows"] == 300 * n_files
    assert provenance["damaged_rows"] == 0
    assert provenance["rules"][0]["before"] >= 299 * n_files
    assert 0 < len(fetched.events) == provenance["rules"][-1]["after"]
    assert fetched.events["time"].is_monotonic_increasing
    assert all(
        len(raw["sha256"]) == 64 and raw["n_bytes"] == len(body) for raw in provenance["files"]
    )
    json.dumps(provenance)


PAPER = {
    "scedc": (125_421, [78_086, 22_928, 12_545]),
    "white": (134_975, [47_701, 33_050, 49_313]),
    "qtm_san_jacinto": (20_790, [11_478, 3_366, 4_311]),
    "qtm_salton_sea": (44_133, [35_404, 2_625, 4_026]),
}
"""Events that the paper scored, and how many lie in its train, validation and test windows."""


def rows_of(layout: str, events: pd.DataFrame, box: Box) -> list[str]:
    """Rows of a provider for these times and magnitudes, at places in a box."""
    rng = np.random.default_rng(3)
    latitudes = rng.uniform(box.south, box.north - 1e-4, len(events)).round(4)
    longitudes = rng.uniform(box.west, box.east - 1e-4, len(events)).round(4)
    stamps = events["time"].dt.floor("s").dt.tz_localize(None)
    times = [stamp.to_pydatetime() for stamp in stamps]
    magnitudes = events["magnitude"].to_numpy().round(2)
    row = WRITERS[layout][1]
    return [
        row(Event(time, latitude, longitude, 5.0, magnitude, i))
        for i, (time, latitude, longitude, magnitude) in enumerate(
            zip(times, latitudes, longitudes, magnitudes, strict=True)
        )
    ]


def files_of(name: str, events: pd.DataFrame) -> dict[str, bytes]:
    """What the provider would have: the events of the paper, and others that its rule drops."""
    record = RECORDS[name]
    assert record.preset is not None
    above = events.iloc[::50].assign(magnitude=5.0)
    at_threshold = above.assign(magnitude=record.preset.completeness)
    if name == "scedc":
        box, files = Box(32, 37, -122, -114), {}
        for year, part in events.groupby(events["time"].dt.year):
            rows = rows_of("scedc", part, box)
            rows[::7] = [row.replace(" eq  l", " qb  l") for row in rows[::7]]
            few = at_threshold[at_threshold["time"].dt.year == year]
            lost = rows_of("scedc", part.head(1), box)
            files[f"/{year}.catalog"] = served("scedc", lost + rows + rows_of("scedc", few, box))
        return files
    if name == "white":
        inside, rim = Box(33.1, 33.9, -116.9, -116.1), Box(33.0, 33.01, -117.0, -116.0)
        rows = rows_of("white", pd.concat([events, at_threshold]), inside)
        rows += rows_of("white", above, rim)
        rows += rows_of("white", above.head(2), Box(33.99, 34.0, -116.01, -116.0))
        return {"/file_downloaded": served("white", rows)}
    box = record.rules.area
    assert isinstance(box, Box)
    rows = rows_of("qtm", pd.concat([events, at_threshold]), box)
    rows += rows_of("qtm", above, Box(box.north, box.north + 1, box.west, box.east))
    return {"/qtm_final_12dev.hypo": served("qtm", rows)}


@pytest.mark.parametrize("name", PAPER)
def test_a_preset_takes_exactly_the_events_of_the_paper(
    name: str,
    real_catalog: Callable[[str], Catalog],
    downloads: Downloads,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Given a provider whose file holds them, in its layout, and others around them."""
    scored = real_catalog(name)
    n_events, n_scored = PAPER[name]
    with serving(files=files_of(name, scored.events)) as provider:
        monkeypatch.setitem(RECORDS, name, moved(RECORDS[name], provider.url))
        catalog = fetch_catalog(name, downloads=downloads, store=False)
    assert len(catalog.events) == n_events == catalog.info.provenance["published_events"]
    assert [part.n_scored for _, part in catalog.split().items()] == n_scored
    np.testing.assert_allclose(
        np.sort(catalog.events["magnitude"]), np.sort(scored.events["magnitude"]), atol=1e-6
    )
    same = ("start", "end", "splits", "magnitude_completeness", "completeness_is_strict", "licence")
    assert [getattr(catalog.info, f) for f in same] == [getattr(scored.info, f) for f in same]
    assert catalog.info.citation == scored.info.citation


def test_the_published_file_of_1981_gives_the_events_of_the_paper(
    real_catalog: Callable[[str], Catalog],
    raw_file: Callable[[str], bytes],
    downloads: Downloads,
    tmp_path: Path,
) -> None:
    """All 2018 of them: its reader lost the first row of each year, which is above M2 in 1981."""
    (tmp_path / "1981.catalog.gz").write_bytes(raw_file("SCEC_DC_1981.catalog.gz"))
    fetched = fetch_events("scedc", files=[tmp_path / "1981.catalog.gz"], downloads=downloads)
    scored = real_catalog("scedc").events
    scored = scored[scored["time"] < "1982"]
    assert len(fetched.events) == len(scored) == 2018
    np.testing.assert_allclose(fetched.events["magnitude"], scored["magnitude"], atol=1e-6)
    # The paper's times are sums of inter-event times in float32
    assert (fetched.events["time"] - scored["time"]).abs().max() < pd.Timedelta("0.1s")


def test_the_file_of_a_year_is_fetched_again_once_the_year_is_over(
    downloads: Downloads, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, rows = write("ehp_csv", 300, np.random.default_rng(5))
    period = {"start": "1990-01-01", "end": "1992-01-01"}
    with serving(
        files={f"/{y}.catalog": served("ehp_csv", rows) for y in (1990, 1991)}
    ) as provider:
        monkeypatch.setitem(RECORDS, "ncss", moved(RECORDS["ncss"], provider.url))
        first = fetch_events("ncss", **period, downloads=downloads)
        provider.asked.clear()
        assert fetch_events("ncss", **period, downloads=downloads).files == first.files
        assert provider.asked == []
        record = first.files[1].path.with_name("1991.catalog.json")
        early = json.loads(record.read_text()) | {"retrieved": "1991-07-01T00:00:00Z"}
        record.write_text(json.dumps(early))
        offline = replace(downloads, offline=True)
        with pytest.raises(InputError, match="1991.catalog is older than 1992-01-01T00:00:00Z"):
            fetch_events("ncss", **period, downloads=offline)
        half = fetch_events("ncss", start="1990-01-01", end="1991-06-01", downloads=offline)
        assert half.files[1].retrieved == "1991-07-01T00:00:00Z"
        fetch_events("ncss", **period, downloads=downloads)
        assert provider.paths() == ["1991.catalog"]


def test_a_period_that_is_not_over_is_refused(downloads: Downloads) -> None:
    with pytest.raises(InputError, match="`end` 2200-01-01 is yet to come: leave it out"):
        fetch_events("comcat", end="2200-01-01", downloads=downloads)


def test_what_cannot_be_fetched_is_one_line(
    downloads: Downloads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"gone.csv is not a file: check `files`"):
        fetch_events("scedc", files=[tmp_path / "gone.csv"], downloads=downloads)
    source = replace(RECORDS["ncss"].source, last=1999)
    monkeypatch.setitem(RECORDS, "ncss", replace(RECORDS["ncss"], source=source))
    with pytest.raises(InputError, match=r"no files from 2005-01-01 to .* to 1999; check `start`"):
        fetch_events("ncss", start="2005-01-01", end="2006-01-01", downloads=downloads)
    with serving(events=made_events(20)) as provider:
        monkeypatch.setitem(RECORDS, "comcat", moved(RECORDS["comcat"], provider.url))
        with pytest.raises(InputError, match=r"comcat: the provider has no events from 2010-01-01"):
            fetch_events("comcat", start="2010-01-01", end="2011-01-01", downloads=downloads)
