"""Grids: which cells cover an area, how large they are, and which cell a place is in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs import InputError
from catalogs.areas import Area, Box, Polygon
from catalogs.grid import Grid
from catalogs.sphere import square_kilometres

CALIFORNIA = Polygon(((32.0, -117.0), (33.0, -121.0), (42.0, -125.0), (42.0, -119.0)))
FIJI = Box(-20.0, -15.0, 175.0, -175.0)


@pytest.mark.parametrize(
    ("area", "error"),
    [(Box(32, 37, -122, -114), 1e-12), (FIJI, 1e-12), (CALIFORNIA, 0.003)],
)
def test_the_cells_cover_the_area(area: Area, error: float) -> None:
    """Exactly where it is made of cells, else but for halves of those along the border."""
    grid = Grid.over(area)
    assert grid.square_km.sum() == pytest.approx(square_kilometres(area), rel=error)
    assert area.contains(*grid.centres.T).all()
    rng = np.random.default_rng(0)
    places = np.column_stack([rng.uniform(-90, 90, 9999), rng.uniform(-180, 180, 9999)])
    some = rng.integers(len(grid), size=9999)
    places[::2] = (grid.centres[some] + rng.uniform(-0.1, 0.1, (9999, 2)))[::2]
    cells = grid.cell_of(places)
    south, north, west, east = grid.edges[cells].T
    longitude = west + (places[:, 1] - west) % 360.0
    within = (south <= places[:, 0]) & (places[:, 0] < north) & (longitude < east)
    assert within[cells >= 0].all()
    assert (cells >= 0).sum() > 2000
    if error < 1e-9:
        np.testing.assert_array_equal(cells >= 0, area.contains(*places.T))


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
    with pytest.raises(InputError, match="no cell of 1 degrees has its centre inside"):
        Grid.over(Box(32.1, 32.2, -122, -114), 1.0)
    with pytest.raises(InputError, match="a cell is there twice"):
        Grid(1.0, np.array([3, 3]), np.array([-180, 180]))
    with pytest.raises(InputError, match="a cell lies beyond a pole"):
        Grid(1.0, np.array([90]), np.array([0]))
    with pytest.raises(InputError, match="with one cell or more"):
        Grid(1.0, np.array([]), np.array([]))
