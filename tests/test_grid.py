"""Grids: which cells cover an area, how large they are, and which cell a place is in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs import InputError
from catalogs.areas import Area, Box, Polygon, bounding_box
from catalogs.grid import Grid
from catalogs.sphere import square_kilometres

CALIFORNIA = Polygon(((32.0, -117.0), (33.0, -121.0), (42.0, -125.0), (42.0, -119.0)))
FIJI = Box(-20.0, -15.0, 175.0, -175.0)


NOTCHED = Polygon(((0.05, 0.05), (0.05, 1.0), (1.0, 1.0), (0.52, 0.3), (0.98, 0.07)))
"""With a notch, so that some cells are cut into pieces."""


@pytest.mark.parametrize("step", [0.1, 0.5, 2.0])
@pytest.mark.parametrize(
    "area", [Box(32, 37, -122, -114), Box(35.55, 36.05, 179.63, -179.02), FIJI, CALIFORNIA, NOTCHED]
)
def test_the_cells_cover_the_area_and_no_more(area: Area, step: float) -> None:
    grid = Grid.over(area, step)
    assert grid.inside_km2.sum() == pytest.approx(square_kilometres(area), rel=1e-11)
    assert (grid.inside_km2 > 0.0).all()
    assert (grid.inside_km2 <= grid.square_km * (1.0 + 1e-12)).all()
    box = bounding_box(area)
    rng = np.random.default_rng(0)
    wide = (box.east - box.west) % 360.0
    ends = np.sin(np.radians([box.south - step, box.north + step]))
    latitude = np.degrees(np.arcsin(rng.uniform(*ends, 50_000)))  # evenly on the sphere
    longitude = box.west - step + (wide + 2.0 * step) * rng.random(50_000)
    # Further from all edges than what counts as on them
    latitude, longitude = (x.round(4) + 4e-5 for x in (latitude, longitude))
    cells = grid.cell_of(np.column_stack([latitude, (longitude + 180.0) % 360.0 - 180.0]))
    inside = area.contains(latitude, longitude)
    assert (cells[inside] >= 0).all()
    south, north, west, east = grid.edges[cells].T
    east_of = west + (longitude - west) % 360.0
    within = (south <= latitude) & (latitude < north) & (east_of < east)
    assert within[cells >= 0].all()
    assert grid.is_cut[cells[~inside & (cells >= 0)]].all()  # whole cells have nothing outside
    # How much of each cell is inside, and its middle, from the points
    n = np.bincount(cells[cells >= 0], minlength=len(grid))
    some = np.flatnonzero(n > 300)
    share = np.bincount(cells[inside], minlength=len(grid))[some] / n[some]
    exact = (grid.inside_km2 / grid.square_km)[some]
    assert (np.abs(share - exact) < 5.0 * np.sqrt(0.25 / n[some])).all()
    for cell in some[share > 0.2][:20]:
        here = inside & (cells == cell)
        west = grid.edges[cell, 2]
        mean = latitude[here].mean(), (west + (longitude[here] - west) % 360.0).mean()
        assert np.abs(grid.middles[cell] - mean).max() < 2.0 * step / np.sqrt(here.sum())


def test_a_tiled_area_has_the_cells_whose_centres_it_holds() -> None:
    for area, step in (
        (Box(32, 37, -122, -114), 0.1),
        (FIJI, 0.25),
        (Box(-90, 90, -180, 180), 5.0),
    ):
        grid = Grid.over(area, step)
        assert area.contains(*grid.centres.T).all()
        assert not grid.is_cut.any()
        np.testing.assert_array_equal(grid.inside_km2, grid.square_km)
        np.testing.assert_array_equal(grid.middles, grid.centres)
    triangle = Polygon(((0.0, 0.0), (0.0, 1.0), (1.0, 1.0)))
    touched = Grid.over(triangle, 0.5)
    assert touched.edges[:, [0, 2]].tolist() == [[0, 0], [0, 0.5], [0.5, 0.5]]


def test_around_the_earth_the_first_cell_is_the_last() -> None:
    area = Box(0.0, 1.0, 10.6, 10.4)
    grid = Grid.over(area, 1.0)
    assert len(grid) == 360
    assert grid.inside_km2.sum() == pytest.approx(square_kilometres(area), rel=1e-12)
    assert grid.inside_km2[0] == pytest.approx(0.8 * grid.square_km[0], rel=1e-12)
    assert grid.cell_of([(0.5, 10.3), (0.5, 10.7)]).tolist() == [0, 0]
    # Its pieces, from 10 to 10.4 and from 10.7 to 11, weigh what they hold
    grid = Grid.over(Box(0.0, 1.0, 10.7, 10.4), 1.0)
    middle = (0.4 * 10.2 + 0.3 * 10.85) / 0.7
    np.testing.assert_allclose(grid.middles[0], [0.5, middle], rtol=1e-9)


def test_cells_across_180_degrees_are_side_by_side() -> None:
    grid = Grid.over(FIJI, 0.5)
    assert len(grid) == 200
    assert grid.edges[:, 2:].min() == 175.0
    assert grid.edges[:, 2:].max() == 185.0
    assert grid.cell_of([(-17.2, 180.2), (-17.2, -179.8)]).tolist() == [105, 105]
    around = Grid.over(Box(-90.0, 90.0, -180.0, 180.0), 1.0)
    assert len(around) == 180 * 360
    assert around.square_km.sum() == pytest.approx(4.0 * np.pi * 6371.0**2, rel=1e-12)
    assert around.cell_of([(90.0, 0.0), (-90.0, 360.0)]).tolist() == [180 * 181 - 1, 180 * 180]


@given(row=st.integers(-40, 39), column=st.integers(-40, 39))
def test_a_place_on_an_edge_is_in_the_cell_above_it(row: int, column: int) -> None:
    grid = Grid.over(Box(-2.0, 2.0, -2.0, 2.0), 0.05)
    latitude, longitude = row * 0.05, column * 0.05  # with all the round-off there may be
    expected = grid.cell_of([(latitude + 0.025, longitude + 0.025)])[0]
    assert expected >= 0
    places = [
        (latitude, longitude),
        (np.float32(latitude), np.float32(longitude)),
        (round(latitude, 2), round(longitude, 2)),
        (latitude - 4e-7, longitude - 4e-7),
    ]
    assert (grid.cell_of(places) == expected).all()
    below = grid.cell_of([(latitude - 2e-6, longitude)])[0]
    assert below != expected


def test_all_edges_are_the_decimal_numbers_they_look_like() -> None:
    edges = Grid.over(Box(32, 37, -122, -114)).edges
    np.testing.assert_array_equal(edges, edges.round(1))
    assert Grid.over(CALIFORNIA).cell_of(np.empty((0, 2))).size == 0
    assert Grid.over(CALIFORNIA).cell_of([(np.nan, np.nan)]).tolist() == [-1]


def test_a_grid_that_cannot_be_is_refused() -> None:
    area = Box(32, 37, -122, -114)
    for step in (0.0, -1.0, float("nan"), 91.0):
        with pytest.raises(InputError, match=r"is not in \(0, 90\] degrees: choose one such as"):
            Grid.over(area, step)
    with pytest.raises(InputError, match=r"step 0.7 does not divide 90 degrees"):
        Grid.over(area, 0.7)
    with pytest.raises(InputError, match=r"4,096,000 in the box around 32/37/-122/-114, more than"):
        Grid.over(area, 0.003125)
    with pytest.raises(InputError, match="less than 1e-06 degrees wide: widen it"):
        Grid.over(Polygon(((32, -122), (32.0000001, -122), (32.0000001, -121.9999999))))
    with pytest.raises(InputError, match="a cell is there twice"):
        Grid(1.0, np.array([3, 3]), np.array([-180, 180]))
    with pytest.raises(InputError, match="a cell lies beyond a pole"):
        Grid(1.0, np.array([90]), np.array([0]))
    with pytest.raises(InputError, match="with one cell or more"):
        Grid(1.0, np.array([]), np.array([]))
