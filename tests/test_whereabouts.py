"""Where a catalog lies decides which nets it may use, whether its events have places or not."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, CatalogInfo, InputError, SplitDates, load, save
from catalogs.appending import append_events
from catalogs.areas import Box, parse_area
from catalogs.catalog import nanoseconds
from catalogs.checks.extent import Extent, check_unseen, read_extents
from catalogs.from_files import import_catalog
from catalogs.providers.known import RECORDS
from catalogs.whereabouts import PAPER_SETS
from recast import Rolling, RollingResult, run_aftershock_exam, run_benchmark
from recast.benchmark.folder import open_run
from recast.cli import main
from recast.models.registry import model_kind
from recast.pretrained import SHIPPED, seen
from recast.report.subject import read_subject

JAPAN = "30/46/128/148"
SPLITS = SplitDates("1990-01-01", "1994-01-01", "2000-01-01", "2004-01-01")


def made(
    place: tuple[float, float] | None = None,
    area: str = "",
    splits: SplitDates = SPLITS,
    name: str = "made",
) -> Catalog:
    """Events about a place, or without any; tested in 2000 to 2004, when scedc was trained on."""
    rng = np.random.default_rng(1)
    start, days = pd.Timestamp("1990-01-01", tz="UTC"), 20 * 365
    times = start + pd.to_timedelta(np.sort(rng.uniform(0.0, days, 400)), unit="D")
    events = pd.DataFrame(
        {"time": times.as_unit("ns"), "magnitude": 3.0 + rng.exponential(0.4, 400)}
    )
    if place is not None:
        events["latitude"], events["longitude"] = place[0] + rng.uniform(-1, 1, (2, 400))
        events["longitude"] += place[1] - place[0]
    info = CatalogInfo(
        name,
        "1990-01-01",
        "2009-12-27",
        splits,
        3.0,
        magnitude_bin=0.0,
        has_locations=place is not None,
        area=area,
    )
    return Catalog(events, info)


LATE = SplitDates("1990-01-01", "2000-01-01", "2005-01-01", "2009-12-27")

USED = {
    "far, with places": made((36.0, 140.0)),
    "far, with an area only": made(area=JAPAN),
    "far, across 180 degrees": made(area="50/55/170/-170"),
    "near, but later": made((36.0, -117.5), splits=LATE),
}
REFUSED = {
    "near, with places": made((34.0, -117.0)),
    "near, with an area only": made(area="33/35/-118/-116"),
    "anywhere": made(),
    "another part of Italy": made((44.3, 12.0)),
}


@pytest.mark.parametrize("catalog", USED.values(), ids=USED)
def test_the_shipped_net_is_used_where_it_has_seen_nothing(catalog: Catalog) -> None:
    assert model_kind("recast").caveat(catalog) == ""
    model_kind("recast-zero-shot").check(catalog, SHIPPED)
    model_kind("recast-few-shot").check(catalog, SHIPPED)


@pytest.mark.parametrize("catalog", REFUSED.values(), ids=REFUSED)
def test_it_is_refused_where_it_may_have_seen_the_test_window(catalog: Catalog) -> None:
    caveat = model_kind("recast").caveat(catalog)
    assert caveat.startswith(
        "made: recast starts from ETAS alone: the net that comes with the pack"
    )
    for name in ("recast-zero-shot", "recast-few-shot"):
        with pytest.raises(InputError, match="which may hold events of the test window of 'made'"):
            model_kind(name).check(catalog, SHIPPED)


def test_the_remedy_is_the_one_that_helps() -> None:
    """A catalog that lies nowhere in particular is given a place, one nearby a later test."""
    nowhere, nearby = made(), made((36.0, -117.5))
    recast = model_kind("recast")
    assert recast.caveat(nowhere).endswith(
        "say where the catalog lies (recast catalogs import --area)"
    )
    remedy = "to use it, test after 2005-01-01 (--splits)"
    assert recast.caveat(nearby).endswith(remedy)
    assert recast.caveat(made((36.0, -117.5), splits=LATE)) == ""
    with pytest.raises(InputError, match="or use one that says what it has seen"):
        check_unseen({"b": Extent.unknown()}, nearby, "the net")


def test_a_catalog_that_shares_events_is_refused_until_these_end(
    real_catalog: Callable[[str], Catalog],
) -> None:
    whole = real_catalog("scedc_located")
    shares = replace(whole.info.splits, val_start="1992-01-01", test_start="1998-01-01")
    early = Catalog(whole.events, replace(whole.info, splits=shares))
    with pytest.raises(InputError, match="trained on scedc from 1981-01-01 to 2005-01-01"):
        check_unseen(seen(SHIPPED), early, "the net")
    check_unseen(seen(SHIPPED), whole, "the net")  # tested from 2014 on


def test_the_world_is_open_to_the_shipped_net(real_catalog: Callable[[str], Catalog]) -> None:
    whole = real_catalog("china")
    dates = replace(whole.info.splits, val_start="2000-01-01", test_start="2004-01-01")
    catalog = Catalog(whole.events, replace(whole.info, splits=dates))
    assert catalog.area == Box(20.1, 50.1, 73.0, 125.0)
    check_unseen(seen(SHIPPED), catalog, "the net")


def test_every_region_of_the_shipped_net_has_a_place() -> None:
    extents = seen(SHIPPED)
    assert len(extents) == 17
    assert all(extent.box is not None for extent in extents.values())


@pytest.mark.parametrize("longitudes", [(170.0, -170.0), (179.0, 181.0), (-181.0, -179.0)])
def test_places_meet_across_180_degrees(longitudes: tuple[float, float]) -> None:
    extent = Extent("1990-01-01", "2005-01-01", "2005-01-01", (50.0, 55.0, *longitudes))
    assert extent.may_hold_test_events_of(made(area="50/55/175/-175"))
    assert extent.may_hold_test_events_of(made((52.0, 179.5)))
    assert not extent.may_hold_test_events_of(made(area="50/55/-160/160"))


@pytest.mark.parametrize("name", PAPER_SETS)
def test_the_boxes_hold_the_events_of_the_paper(
    real_catalog: Callable[[str], Catalog], name: str
) -> None:
    """As the Southern California Seismic Network locates those that it has, too."""
    bare, located = real_catalog(name), real_catalog("scedc_20")
    assert bare.area == PAPER_SETS[name].area
    theirs = located.events.sort_values("time")
    stamps, mine = nanoseconds(theirs), nanoseconds(bare.events)
    nearest = np.clip(np.searchsorted(stamps, mine), 1, len(stamps) - 1)
    nearest -= mine - stamps[nearest - 1] < stamps[nearest] - mine
    found = theirs.iloc[nearest]
    apart = np.abs(found["magnitude"].to_numpy() - bare.events["magnitude"].to_numpy())
    same = (np.abs(stamps[nearest] - mine) < 1_000_000_000) & (apart < 0.15)
    assert same.sum() > 1000
    assert PAPER_SETS[name].area.contains(found["latitude"], found["longitude"])[same].all()


def test_a_catalog_with_the_name_alone_is_another(tmp_path: Path) -> None:
    path = save(made(name="white"), tmp_path)
    assert load(path).info.area == ""
    fetched = replace(made(name="mine").info, provenance={"record": "white"})
    path = save(Catalog(made().events, fetched), tmp_path)
    assert load(path).area == PAPER_SETS["white"].area


def test_what_older_files_have_seen_of_the_paper_s_catalogs_is_placed() -> None:
    old = Extent("1990-01-01", "2005-01-01", "2005-01-01").to_json()
    extents = read_extents({"scedc": old, "scedc #2": old, "white": old, "mine": old})
    box = PAPER_SETS["scedc"].area
    for name in ("scedc", "scedc #2"):
        assert extents[name].box == (box.south, box.north, box.west, box.east)
    assert extents["white"].box is None  # the paper's begins in 2008
    assert extents["mine"].box is None


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_a_known_catalog_lies_in_a_known_area(record: object) -> None:
    area = record.area  # type: ignore[attr-defined]
    assert parse_area(str(area)) == area


def bare_file(folder: Path) -> Path:
    """A file of times and magnitudes."""
    path = folder / "bare.csv"
    table = made().events.rename(columns={"magnitude": "mag"}).round({"mag": 2})
    table.to_csv(path, index=False)
    return path


def test_a_file_without_places_is_asked_where_it_lies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = bare_file(tmp_path)
    command = ["catalogs", "import", str(path), "--name", "bare", "--completeness", "3"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "note: no event has a place, so the catalog may lie anywhere on Earth" in said
    assert "where it lies (--area)" in said
    assert main([*command, "--out", str(tmp_path), "--overwrite", "--area", JAPAN]) == 0
    assert "anywhere" not in capsys.readouterr().out
    catalog = load(tmp_path / "bare.json")
    assert catalog.area == parse_area(JAPAN)
    assert len(catalog.events) == 400
    assert model_kind("recast").caveat(catalog.select()) == ""


def test_events_appended_without_places_keep_the_area(tmp_path: Path) -> None:
    path = bare_file(tmp_path)
    catalog = import_catalog(path, "bare", completeness=3.0, area=JAPAN).catalog
    stored = save(catalog, tmp_path)
    path.write_text("time,mag\n2012-01-01T00:00:00,4.2\n")
    found = append_events(str(stored), path)
    assert (found.added, found.catalog.area) == (1, parse_area(JAPAN))


def test_all_output_begins_with_why_the_net_is_not_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A benchmark, its rolling forecasts and its report."""
    known = load("synthetic_socal")
    catalog = Catalog(known.events, replace(known.info, kind="observed", truth={}))
    caveat = model_kind("recast").caveat(catalog)
    assert caveat
    name = catalog.info.name
    path = save(catalog, tmp_path)
    rolling = Rolling(30.0, samples=50, windows=2)
    out = tmp_path / "run"
    result = run_benchmark([str(path)], ["etas", "recast"], out, quick=True, rolling=rolling)
    assert capsys.readouterr().err.splitlines()[0] == caveat
    assert result.catalogs[name].models["recast"].started_from is None
    assert str(result).splitlines()[0] == f"note: {caveat}"
    rolled = RollingResult.load(out / "rolling.json")
    assert rolled.catalogs[name].table(name).splitlines()[0] == f"note: {caveat}"
    assert read_subject(open_run(out), name, samples=40, seed=0).remarks == [caveat]


def test_forecasts_after_mainshocks_say_before_how_many_the_net_is_not_used() -> None:
    known = load("synthetic_socal")
    catalog = Catalog(known.events, replace(known.info, kind="observed", truth={}))
    how: dict[str, Any] = {"hours": [24], "days": [1.0], "samples": 50, "quick": True}
    found = run_aftershock_exam([catalog], ["recast"], 6.0, **how).catalogs[catalog.info.name]
    (remark,) = found.remarks
    assert remark.endswith("(so before 3 of 3 mainshocks)")
    assert found.table("it").startswith("note: synthetic_socal: recast starts from ETAS alone")
