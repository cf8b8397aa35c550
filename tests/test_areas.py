"""Areas: what is inside, how they are written, and catalogs cut by them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs import Catalog, CatalogInfo, InputError, SplitDates, load, parse_area, save
from catalogs.areas import Box, Polygon, bounding_box, box_around, box_step, share_within
from catalogs.errors import CatalogNotFoundError
from catalogs.texts import check_name
from recast.cli import main

LATITUDES = np.array([-90.0, -41.0, 34.0, 35.0, 35.5, 36.0, 90.0])
FIJI = Box(-20.0, -15.0, 175.0, -175.0)
"""Ten degrees wide, across 180."""

longitudes = st.floats(-180.0, 180.0)


def located(name: str = "grid") -> Catalog:
    """Two events a day, at 35.5 N and at 38 N."""
    days = np.arange(400) / 2.0 + 0.1
    events = pd.DataFrame(
        {
            "time": pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(days, unit="D"),
            "latitude": np.tile([35.5, 38.0], 200),
            "longitude": -117.0,
            "magnitude": np.linspace(2.0, 4.0, 400),
        }
    )
    splits = SplitDates("2020-01-01", "2020-05-01", "2020-06-01", "2020-07-01")
    info = CatalogInfo(name, "2020-01-01", "2020-07-01", splits, 2.5, has_locations=True)
    return Catalog(events, replace(info, title="Two places", sha256="0" * 64))


def test_a_box_is_half_open() -> None:
    box = Box(35.0, 36.0, -118.0, -117.0)
    assert box.contains(LATITUDES, -117.5).tolist() == [False] * 3 + [True] * 2 + [False] * 2
    assert box.contains([35.5] * 3, [-118.0, -117.5, -117.0]).tolist() == [True, True, False]
    assert box.contains([], []).shape == (0,)
    assert not box.contains(np.nan, np.nan)


def test_a_box_may_cross_180_degrees() -> None:
    places = [174.9, 175.0, 179.9, 180.0, -180.0, -175.1, -175.0, 0.0]
    expected = [False, True, True, True, True, True, False, False]
    assert FIJI.contains(np.full(8, -17.0), places).tolist() == expected


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("-48/-33/165/185", "-48/-33/165/-175"),
        ("-20/-15/185/190", "-20/-15/-175/-170"),
        ("-90/90/0/360", "-90/90/-180/180"),
        ("-90/90/-170/185", "-90/90/-170/-175"),
        ("-20,175 -15,175 -15,185 -20,185", "-20,175 -15,175 -15,-175 -20,-175"),
    ],
)
def test_areas_may_count_longitudes_to_360(text: str, same: str) -> None:
    assert str(parse_area(text)) == same
    assert str(parse_area(same)) == same


@pytest.mark.parametrize("text", ["-48/-33/165/365", "-48/-33/-180/360", "-48/-33/185/-175"])
def test_longitudes_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_area(text)


@given(longitude=longitudes, turns=st.integers(-2, 2))
def test_longitudes_count_modulo_360(longitude: float, turns: int) -> None:
    place = round(longitude, 3) + 0.0005  # off the borders, where round-off would decide
    for area in (FIJI, Polygon(((-20.0, 175.0), (-15.0, 175.0), (-15.0, -175.0), (-20.0, -175.0)))):
        assert area.contains(-17.0, place + 360.0 * turns) == area.contains(-17.0, place)


@given(cut=longitudes, place=longitudes)
def test_boxes_side_by_side_share_nothing_and_miss_nothing(cut: float, place: float) -> None:
    if abs(cut) == 180.0:
        return
    west, east = Box(-90.0, 90.0, -180.0, cut), Box(-90.0, 90.0, cut, 180.0)
    assert west.contains(0.0, place) != east.contains(0.0, place)
    assert Box(-90.0, 90.0, -180.0, 180.0).contains(0.0, place)


@given(
    latitude=st.sampled_from(np.linspace(-21.0, -14.0, 29).tolist()),
    longitude=st.sampled_from(np.linspace(170.0, 190.0, 41).tolist()),
)
def test_a_polygon_of_four_right_angles_is_a_box(latitude: float, longitude: float) -> None:
    south_first = ((-20.0, 175.0), (-20.0, -175.0), (-15.0, -175.0), (-15.0, 175.0))
    expected = FIJI.contains(latitude, longitude)
    for vertices in (south_first, south_first[::-1], (*south_first[2:], *south_first[:3])):
        assert Polygon(vertices).contains(latitude, longitude) == expected


def test_a_triangle_holds_the_share_of_its_area() -> None:
    places = np.random.default_rng(1).uniform(0.0, 1.0, (2, 100_000))
    triangle = Polygon(((0.0, 0.0), (0.0, 1.0), (1.0, 0.3)))
    inside = triangle.contains(*places)
    assert inside.mean() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(100_000))
    np.testing.assert_array_equal(inside, _left_of_all_edges(places, triangle.vertices))


def _left_of_all_edges(places: Any, vertices: Any) -> Any:
    """Inside a convex polygon that runs counterclockwise: an independent definition."""
    y, x = places
    inside = np.ones(y.shape, dtype=bool)
    for (y0, x0), (y1, x1) in zip(vertices, (*vertices[1:], vertices[0]), strict=True):
        inside &= (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) > 0.0
    return inside


def test_notches_and_crossings_follow_the_even_odd_rule() -> None:
    notched = Polygon(((0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (1.0, 2.0), (4.0, 0.0)))
    assert notched.contains([3.0, 3.0, 3.0, 0.5], [2.0, 0.5, 3.5, 2.0]).tolist() == [
        False,
        True,
        True,
        True,
    ]
    # A star of five points goes twice round its middle, once round its tips
    angles = np.radians(90.0 + 144.0 * np.arange(5))
    star = Polygon(tuple(zip(np.sin(angles), np.cos(angles), strict=True)))
    assert star.contains([0.0, 0.8, 0.0], [0.0, 0.0, 0.9]).tolist() == [False, True, False]


def test_polygons_side_by_side_share_nothing_and_miss_nothing() -> None:
    rng = np.random.default_rng(2)
    corner = (0.3, 0.7)
    square = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0)]
    parts = [Polygon((square[i - 1], square[i], corner)) for i in range(4)]
    on_an_edge = np.outer(np.linspace(0.0, 1.0, 1001)[:-1], corner).T
    for places in (rng.uniform(0.0, 1.0, (2, 10_000)), on_an_edge):
        assert np.all(sum(part.contains(*places).astype(int) for part in parts) == 1)


@pytest.mark.parametrize(
    ("area", "message"),
    [
        (lambda: Box(36.0, 35.0, -118.0, -117.0), "box 36/35/-118/-117 is empty: need south <"),
        (lambda: Box(35.0, 36.0, -118.0, -118.0), "is empty: .* west > east crosses 180"),
        (lambda: Box(35.0, 91.5, -118.0, -117.0), r"latitude 91.5 is not in \[-90, 90\] degrees"),
        (lambda: Box(35.0, 36.0, -118.0, 243.0), r"longitude 243 is not in \[-180, 180\] degrees"),
        (lambda: Box(np.nan, 36.0, -118.0, -117.0), "latitude nan is not in"),
        (lambda: Polygon(((35.0, -118.0), (36.0, -118.0))), "has 2 vertices: give three or more"),
        (lambda: Polygon(((0.0, 0.0), (1.0, 1.0), (2.0, 2.0))), "encloses no area"),
        (lambda: Polygon(((80.0, 0.0), (80.0, 120.0), (80.0, -120.0))), "runs around a pole"),
        (lambda: Polygon(((80.0, 0.0), (99.0, 1.0), (80.0, 1.0))), "latitude 99 is not in"),
        (lambda: Polygon((1.0, 2.0, 3.0)), "give pairs of latitude and longitude"),  # type: ignore[arg-type]
    ],
)
def test_an_area_that_cannot_be_is_refused(area: Callable[[], object], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        area()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("area", "text", "label"),
    [
        (Box(36.0, 38.0, -123.0, -121.0), "36/38/-123/-121", "36_38_-123_-121"),
        (Box(32.5, 36.0, -120.0, -114.25), "32.5/36/-120/-114.25", "32p5_36_-120_-114p25"),
        (
            Polygon(((35.0, -118.0), (36.0, -118.0), (36.0, -117.5))),
            "35,-118 36,-118 36,-117.5",
            "polygon_",
        ),
    ],
)
def test_an_area_is_written_as_it_is_read(area: Any, text: str, label: str) -> None:
    assert str(area) == text
    assert parse_area(text) == area
    assert area.label.startswith(label)
    check_name(area.label)


def test_polygons_are_told_apart_by_their_labels() -> None:
    one, other = (parse_area(f"35,-118 36,-118 36,{east}") for east in (-117.0, -117.1))
    assert one.label != other.label
    assert one.label == parse_area(str(one)).label


@pytest.mark.parametrize(
    "text",
    ["", "california", "1/2/3", "1/2/3/4/5", "1/2/3/x", "1,2 3", "1,2,3 4,5,6", "1/2/3/4 5/6/7/8"],
)
def test_text_that_is_no_area_says_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match="write a box as SOUTH/NORTH/WEST/EAST"):
        parse_area(text)


def test_a_catalog_within_an_area_is_the_same_but_for_its_events() -> None:
    whole, box = located(), Box(35.0, 36.0, -118.0, -117.0 + 1e-9)
    part = whole.within(box, name="south")
    assert part.events["latitude"].unique().tolist() == [35.5]
    assert part.events.index.tolist() == list(range(200))
    assert part.info == replace(
        whole.info,
        name="south",
        title="Two places, within 35/36/-118/-116.999999999",
        n_events=200,
        sha256="",
        area=str(box),
    )
    np.testing.assert_array_equal(part.events["time"], whole.events["time"][::2])
    assert len(whole.events) == 400


def test_an_area_without_events_or_a_catalog_without_places_is_refused() -> None:
    with pytest.raises(InputError, match="'grid' has no event within 1/2/3/4: check the order"):
        located().within(Box(1.0, 2.0, 3.0, 4.0))
    nowhere = Catalog(located().events, replace(located().info, has_locations=False))
    with pytest.raises(InputError, match="'grid' has no locations, so 1/2/3/4 cannot be cut") as e:
        nowhere.within(Box(1.0, 2.0, 3.0, 4.0))
    assert "\n" not in str(e.value)


def test_a_part_is_loaded_by_name_and_by_path(tmp_path: Path) -> None:
    save(located())
    record = save(located("elsewhere"), tmp_path / "me@home")
    part = load("grid@35/36/-118/-116.5")
    assert part.info.name == "grid_35_36_-118_-116p5"
    assert len(part.events) == 200
    assert load(f"{record}@35/36/-118/-116.5").info.name == "elsewhere_35_36_-118_-116p5"
    assert len(load(record).events) == 400
    assert len(load("grid@35,-118 35,-116 36,-116 36,-118").events) == 200
    saved = load(save(part))
    assert saved.info.name == part.info.name
    pd.testing.assert_frame_equal(saved.events, part.events)


def test_what_cannot_be_cut_says_why() -> None:
    save(located())
    with pytest.raises(CatalogNotFoundError, match="no catalog 'nowhere'"):
        load("nowhere@35/36/-118/-117")
    with pytest.raises(InputError, match="area 'here': write a box"):
        load("grid@here")


def test_the_command_line_takes_a_part_wherever_it_takes_a_catalog(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    save(located())
    name = "grid@35/36/-118/-116.5"
    assert main(["catalogs", "info", name]) == 0
    assert "Two places, within 35/36/-118/-116.5" in capsys.readouterr().out
    assert main(["etas", "fit", "--catalog", name, "--fix", "alpha=0", "--no-plots"]) == 0
    fitted = json.loads(Path("runs/etas/grid_35_36_-118_-116p5/etas.json").read_text())
    assert fitted["catalog"] == "grid_35_36_-118_-116p5"
    assert main(["catalogs", "info", "grid@36/35/-118/-117"]) == 2
    assert "box 36/35/-118/-117 is empty" in capsys.readouterr().err


def test_a_part_of_a_real_catalog_keeps_its_completeness(
    real_catalog: Callable[[str], Catalog],
) -> None:
    whole = real_catalog("ncss")
    areas = [Box(30.0, 37.0, -130.0, -110.0), Box(37.0, 45.0, -130.0, -110.0)]
    parts = [whole.within(area) for area in areas]
    assert sum(len(part.events) for part in parts) == len(whole.events)
    for part in parts:
        assert part.info.magnitude_completeness == whole.info.magnitude_completeness
        assert part.info.splits == whole.info.splits
        part.split()


def test_a_real_catalog_without_places_is_refused(real_catalog: Callable[[str], Catalog]) -> None:
    with pytest.raises(InputError, match="catalog 'scedc' has no locations"):
        real_catalog("scedc").within(Box(36.0, 38.0, -123.0, -121.0))


def test_the_box_around_an_area_holds_it() -> None:
    box = Box(36.0, 38.0, 179.0, -178.0)
    assert bounding_box(box) is box
    triangle = Polygon(((35.0, -118.0), (36.5, -117.0), (35.0, -116.0)))
    assert bounding_box(triangle) == Box(35.0, 36.5, -118.0, -116.0)
    # Across 180 degrees the box runs from its west to its east, through the date line
    across = Polygon(((-40.0, 178.0), (-38.0, 179.0), (-39.0, -177.0)))
    assert bounding_box(across) == Box(-40.0, -38.0, 178.0, -177.0)


def test_the_share_of_an_area_is_of_what_lies_inside_it() -> None:
    triangle = Polygon(((35.0, -118.0), (36.0, -117.0), (35.0, -116.0)))
    assert share_within(triangle, bounding_box(triangle)) == 1.0
    assert share_within(bounding_box(triangle), triangle) == pytest.approx(0.5, abs=0.01)
    assert share_within(triangle, Box(35.0, 36.0, -117.0, -110.0)) == pytest.approx(0.5, abs=0.01)


def test_a_box_around_places_at_a_pole_ends_there() -> None:
    for latitudes in ([89.97], [90.0], [-90.0, 90.0]):
        box = box_around(latitudes, np.zeros(len(latitudes)))
        assert box.north == 90.0
        assert box.south == (-90.0 if len(latitudes) > 1 else 89.9)


@given(
    places=st.lists(
        st.tuples(st.floats(-90.0, 89.999), st.floats(-180.0, 180.0)), min_size=1, max_size=6
    ),
    tenths=st.booleans(),
)
def test_the_box_around_places_holds_them_and_no_smaller_one_does(
    places: list[tuple[float, float]], tenths: bool
) -> None:
    latitude, longitude = np.array(places).T
    if tenths:  # on the edges
        latitude, longitude = latitude.round(1), longitude.round(1)
        latitude = np.minimum(latitude, 89.9)
    box = box_around(latitude, longitude)
    assert box.contains(latitude, longitude).all()
    for edge, step in (("south", 0.1), ("north", -0.1), ("west", 0.1), ("east", -0.1)):
        moved = round(getattr(box, edge) + step, 1)
        try:
            smaller = replace(box, **{edge: moved})
        except InputError:  # empty
            continue
        if (box.west, box.east) == (-180.0, 180.0) and edge in {"west", "east"}:
            continue
        if edge in {"west", "east"} and (smaller.west > smaller.east) != (box.west > box.east):
            continue  # wraps around: larger, not smaller
        assert not smaller.contains(latitude, longitude).all()


def test_the_box_leaves_out_the_widest_empty_span_of_longitudes() -> None:
    assert str(box_around([-38.62, -39.9], [178.43, -179.98])) == "-39.9/-38.6/178.4/-179.9"
    assert str(box_around([1.0, 1.0, 1.0], [-100.0, 0.0, 100.0])) == "1/1.1/-100/100.1"
    assert str(box_around([1.0, 1.0, 1.0], [-170.0, 0.0, 100.0])) == "1/1.1/0/-169.9"
    assert box_around(np.zeros(3600), np.arange(-180.0, 180.0, 0.1) + 0.05).east == 180.0


@pytest.mark.parametrize("wide", [0.006, 0.01, 0.04, 0.3, 0.52, 0.9, 7.0])
@pytest.mark.parametrize("west", [20.00037, 179.99987])
def test_the_box_around_few_kilometres_adds_little_to_them(wide: float, west: float) -> None:
    """Uniform places are no denser in the box than they are, whatever a network spans."""
    places = np.random.default_rng(0).random((1000, 2)) * (wide, 2.0 * wide) + (35.00021, west)
    step = box_step(*places.T)
    box = box_around(*places.T, step)
    assert box.contains(*places.T).all()
    surface = (box.north - box.south) * ((box.east - box.west) % 360.0)
    assert 2.0 * wide**2 * 0.99 < surface < 2.0 * wide**2 * 1.5
    assert (step == 0.1) == (wide > 0.51)
    assert str(box_around(*places.T)) == str(box_around(*places.T, 0.1))


def test_a_box_has_no_edges_between_what_places_are_rounded_to() -> None:
    assert box_step([35.2, 35.2, 35.3], [-117.0, -116.9, -117.0]) == 0.1
    assert box_step([35.25, 35.2, 35.3], [-117.0, -116.9, -117.0]) == 0.01
    assert box_step([35.1234], [-117.0]) == 0.0001
    assert box_step([35.123456], [-117.0]) == 0.0001


def test_boxes_around_ordinary_catalogs_have_tenths(
    real_catalog: Callable[[str], Catalog],
) -> None:
    """As in 0.1.0 and in published numbers."""
    assert str(real_catalog("white_06").area) == "33.1/34/-117.2/-116.1"
    assert str(real_catalog("taupo").area) == "-39.1/-38.5/175.6/176.3"
    assert str(real_catalog("ncss").area) == "31.9/44.5/-127.5/-112.1"


def test_a_catalog_covers_the_area_on_record_or_that_of_its_complete_events(
    tmp_path: Path,
) -> None:
    catalog = located()
    assert str(catalog.area) == "35.5/38.1/-117/-116.9"
    assert "area" not in catalog.info.to_json()
    small = catalog.events["magnitude"] < 2.4
    far = catalog.events.assign(latitude=catalog.events["latitude"].mask(small, 60.0))
    assert Catalog(far, catalog.info).area == catalog.area  # of the complete events only
    part = catalog.within(Box(35.0, 36.0, -118.0, -116.0))
    assert part.area == Box(35.0, 36.0, -118.0, -116.0)
    save(part, tmp_path)
    record = json.loads((tmp_path / f"{part.info.name}.json").read_text())
    assert record["area"] == "35/36/-118/-116"
    assert load(tmp_path / f"{part.info.name}.json").area == part.area
    with pytest.raises(InputError, match="catalog 'grid': area '35/36': write a box as"):
        replace(catalog.info, area="35/36")
    without = Catalog(catalog.events, replace(catalog.info, has_locations=False))
    with pytest.raises(InputError, match="has no locations, so it covers no known area"):
        _ = without.area
    with pytest.raises(InputError, match="has no complete event, so it covers no known area"):
        _ = catalog.select(magnitude_completeness=9.0).area


def test_an_imported_catalog_remembers_the_area_that_was_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    table = located().events.rename(columns={"magnitude": "mag"})
    table.to_csv(path, index=False)
    command = ["catalogs", "import", str(path), "--name", "mine", "--completeness", "2.5"]
    assert main([*command, "--area", "35/36/-118/-116", "--out", str(tmp_path)]) == 0
    assert str(load(tmp_path / "mine.json").area) == "35/36/-118/-116"
    later = tmp_path / "later.csv"
    stamps = table["time"] + pd.Timedelta(days=200)
    table.assign(time=stamps).to_csv(later, index=False)
    assert main(["catalogs", "append", str(tmp_path / "mine.json"), str(later)]) == 0
    again = load(tmp_path / "mine.json")
    assert again.events["latitude"].max() == 35.5  # the area keeps its meaning
    assert again.info.area == "35/36/-118/-116"
