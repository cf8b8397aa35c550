"""Maps of rates: what they show where, and what they refuse."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import LogNorm

from catalogs import EventSequence, InputError
from catalogs.areas import Box, Polygon
from catalogs.grid import Grid, map_step
from recast.plots.maps import gain_map, rate_map, save_map

AREA = Polygon(((-42.0, 172.0), (-34.0, 172.0), (-34.0, -177.0), (-38.0, -175.0), (-42.0, -178.0)))
GRID = Grid.over(AREA, 0.5)
RATES = np.geomspace(1e-3, 1.0, len(GRID))


def events(n: int) -> EventSequence:
    rng = np.random.default_rng(0)
    places = GRID.centres[rng.integers(len(GRID), size=n)]
    places[:, 1] = (places[:, 1] + 180.0) % 360.0 - 180.0
    magnitudes = 4.0 + rng.exponential(0.4, n)
    return EventSequence(np.arange(n) + 0.5, magnitudes, 0.0, n + 1.0, locations=places)


def test_each_cell_has_its_colour_across_180_degrees() -> None:
    rates = RATES.copy()
    rates[7] = 0.0
    axes = rate_map(GRID, rates, area=AREA).axes[0]
    (mesh,) = (x for x in axes.collections if isinstance(x, QuadMesh))
    corners, shown = mesh.get_coordinates(), mesh.get_array()
    assert isinstance(mesh.norm, LogNorm)
    assert (mesh.norm.vmin, mesh.norm.vmax) == pytest.approx((1e-3, 1.0))
    assert np.ma.count(shown) == len(GRID) - 1  # a cell without a rate stays blank
    middles = 0.5 * (corners[:-1, :-1] + corners[1:, 1:])
    cells = GRID.cell_of(middles[..., ::-1].reshape(-1, 2))
    here = ~np.ma.getmaskarray(shown).ravel()
    np.testing.assert_array_equal(np.asarray(shown).ravel()[here], rates[cells[here]])
    assert sorted(cells[here].tolist()) == [i for i in range(len(GRID)) if i != 7]
    # One region, drawn at the width that it has on the ground
    assert 171.0 < axes.get_xlim()[0] < 172.0
    assert 185.0 < axes.get_xlim()[1] < 186.0
    assert axes.get_aspect() == pytest.approx(1.0 / np.cos(np.radians(38.0)))
    (border,) = axes.lines
    assert sorted(set(border.get_xdata())) == [172.0, 182.0, 183.0, 185.0]
    labels = axes.xaxis.get_major_formatter()
    shown_as = [labels(x).replace("\N{MINUS SIGN}", "-") for x in (172.5, 180.0, 182.5, -120.0)]
    assert shown_as == ["172.5", "180", "-177.5", "-120"]


def test_rates_far_below_the_highest_share_one_colour() -> None:
    rates = np.geomspace(1e-12, 1.0, len(GRID))
    mesh = rate_map(GRID, rates).axes[0].collections[0]
    assert mesh.norm.vmin == pytest.approx(1e-6)
    alike = rate_map(GRID, np.full(len(GRID), 0.3)).axes[0].collections[0]
    assert alike.norm.vmin < 0.3 < alike.norm.vmax


@pytest.mark.parametrize(("n", "shown"), [(0, 0), (1, 1), (40, 40), (400, 300)])
def test_the_largest_observed_events_are_rings(n: int, shown: int) -> None:
    observed = events(n)
    figure = rate_map(GRID, RATES, area=AREA, observed=observed)
    rings = [x for x in figure.axes[0].collections if isinstance(x, PathCollection)]
    assert len(rings) == (2 if shown else 0)
    if not shown:
        assert not figure.legends
        return
    drawn = np.asarray(rings[1].get_offsets())
    assert len(drawn) == shown
    order = np.argsort(observed.magnitudes)[-shown:]
    assert observed.locations is not None
    np.testing.assert_allclose(drawn[:, 1], observed.locations[order, 0])
    np.testing.assert_allclose(drawn[:, 0], observed.locations[order, 1] % 360.0)
    areas = rings[1].get_sizes()
    assert (np.diff(areas) >= 0.0).all()  # the largest on top
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert 1 <= len(labels) <= 5
    assert all(label.startswith("M ") for label in labels)
    assert legend.get_title().get_text() == ("largest 300 events" if n > 300 else "")


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_a_map_becomes_a_file(suffix: str, tmp_path: Path) -> None:
    path = save_map(
        tmp_path / f"map.{suffix}",
        Grid.over(Box(0.0, 1.0, 0.0, 8.0), 0.5),
        np.ones(32),
        observed=None,
        title="A week",
    )
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG" if suffix == "png" else b"<?xml")
    assert suffix == "png" or b"expected events per cell" in content


def test_what_cannot_be_mapped_is_refused() -> None:
    with pytest.raises(InputError, match=r"rates have shape \(3,\), expected \(\d+,\)"):
        rate_map(GRID, RATES[:3])
    with pytest.raises(InputError, match="no cell has a positive rate"):
        rate_map(GRID, np.zeros(len(GRID)))
    with pytest.raises(InputError, match="observed events have no locations"):
        rate_map(GRID, RATES, observed=EventSequence([0.5], [4.0], 0.0, 1.0))


def test_gains_are_added_up_by_cell() -> None:
    grid = Grid.over(Box(35.0, 35.3, -118.0, -117.7))
    places = np.array([[35.05, -117.95], [35.06, -117.94], [35.25, -117.75], [40.0, -100.0]])
    figure = gain_map(grid, np.array([1.0, 2.0, -5.0, 9.0]), places, title="there")
    mesh = figure.axes[0].collections[0]
    values = np.asarray(mesh.get_array()).reshape(3, 3)
    assert values[0, 0] == 3.0
    assert values[2, 2] == -5.0
    assert np.ma.masked_invalid(mesh.get_array()).count() == 2


def test_maps_have_some_fifty_cells() -> None:
    assert map_step(Box(36.0, 36.05, -117.8, -117.72)) == 0.002
    assert map_step(Box(35.0, 35.3, -118.0, -117.7)) == 0.01
    assert map_step(Box(32, 37, -122, -114)) == 0.2
    assert map_step(Box(-60, 60, 170, -170)) == 2.0
    assert map_step(Box(-90, 90, -180, 180)) == 5.0
