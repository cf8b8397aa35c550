"""Maps of expected numbers of events, with the events that came."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PolyCollection
from matplotlib.colorbar import Colorbar
from matplotlib.colors import LogNorm, Normalize, SymLogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon as Patch
from matplotlib.ticker import Formatter, FuncFormatter, MaxNLocator

from catalogs import EventSequence, InputError
from catalogs.areas import Area, bounding_box
from catalogs.grid import Grid
from catalogs.sequence import FloatArray
from catalogs.sphere import outline
from etas.space.residuals import CellTest
from etas.space.thinning import SuperThinned
from recast.plots.style import (
    INK,
    OBSERVED,
    WIDTH,
    in_lines,
    log_ticks,
    new_figure,
    save,
    styled,
)

COLOURS = "viridis"

RING, HALO = "#EE6677", "#FFFFFF"
"""Observed events: a ring and what sets it off from cells of any colour."""

DECADES = 6.0
"""The colours reach down that far from the highest rate: lower ones look alike."""

DRAWN_EVENTS = 300
"""The largest observed events are drawn: more rings would hide the map."""

LEGEND_SIZES = 5

STRAIGHT = 1e9
"""Kilometres: edges of regions are straight in latitude and longitude, so corners suffice."""

TALLEST, WIDEST = 6.8, 1.6
"""Inches, and widths of a figure: of regions that are long and narrow."""

STANDARD_ERRORS = 4.0
"""Ends of the colours of residuals."""

SUPERPOSED = "#99AABB"
"""Places that no event had."""

DRAWN_PLACES = 5_000
"""Super-thinned places that are drawn: of more, evenly spaced ones."""

Frame = tuple[float, float, float, float]
"""South, north, west and east, degrees."""

AROUND = 2.0
"""Inches above and below a map: title, scale, legend and labels."""


@styled
def rate_map(
    grid: Grid,
    rates: FloatArray,
    *,
    area: Area | None = None,
    observed: EventSequence | None = None,
    title: str = "",
    label: str = "expected events per cell",
) -> Figure:
    """The rate of each cell on a logarithmic scale, observed events as rings on top.

    Areas of rings grow as 10^(M / 2). The legend gives some magnitudes.

    Parameters
    ----------
    grid : Grid
        The cells.
    rates : array (cell,)
        Such as ``GriddedRates.per_cell``; cells of rate 0 stay blank.
    area : Box or Polygon, optional
        The region, whose border is drawn, and beyond which cells are not.
    observed : EventSequence, optional
        With locations; of more than 300 events the largest are drawn.
    title, label : str
        Above the map, and what the colours are.

    Raises
    ------
    InputError
        If rates do not fit the grid or none is positive, or events have no locations.
    """
    if rates.shape != (len(grid),):
        raise InputError(
            f"rates have shape {rates.shape}, expected ({len(grid)},): one for each cell"
        )
    positive = rates[np.isfinite(rates) & (rates > 0.0)]
    if not positive.size:
        raise InputError("no cell has a positive rate, so there is nothing to map: simulate more")
    low, top = _scale(positive)
    scale = ScalarMappable(LogNorm(low, top), COLOURS)
    shown = np.where(rates > 0.0, rates, np.nan)
    extend = "min" if positive.min() < low else "neither"
    figure, bar = _drawn(grid, shown, scale, area, observed, title, label, extend)
    log_ticks(bar.ax.xaxis)
    return figure


@styled
def residual_map(cells: CellTest, area: Area, title: str = "") -> Figure:
    """Where more events came than a model expects, in red, and where fewer, in blue.

    Parameters
    ----------
    cells : CellTest
        Of about the same expected number, so that they are small where events are many.
    area : Box or Polygon
        The region.
    title : str
        Above the map.
    """
    frame = _frame_of(area)
    scale = ScalarMappable(Normalize(-STANDARD_ERRORS, STANDARD_ERRORS), "RdBu_r")

    def paint(axes: Axes) -> None:
        corners = [
            [(west, south), (east, south), (east, north), (west, north)]
            for south, north, west, east in cells.edges
        ]
        boxes = PolyCollection(corners, cmap=scale.cmap, edgecolors=INK, linewidths=0.15)
        boxes.set_norm(scale.norm)
        boxes.set_array(np.array(cells.z))
        axes.add_collection(boxes)
        boxes.set_clip_path(Patch(_border(area, frame[2]), transform=axes.transData))

    label = "observed less expected events (standard errors)"
    figure = _framed(frame, paint, area, None, title)
    _scaled(figure, scale, label, "both")
    return figure


@styled
def thinned_map(thinned: SuperThinned, area: Area, title: str = "") -> Figure:
    """Super-thinned places: what is left of the epicentres, and what is superposed.

    Together they are uniform if the model is right.

    Parameters
    ----------
    thinned : SuperThinned
        The places.
    area : Box or Polygon
        The region.
    title : str
        Above the map.
    """
    frame = _frame_of(area)
    n = len(thinned.kept)
    some = np.linspace(0, n - 1, min(n, DRAWN_PLACES)).round().astype(np.int64)
    size = min(max(120.0 / np.sqrt(some.size), 2.0), 6.0)

    def paint(axes: Axes) -> None:
        for kept, colour, label in (
            (False, SUPERPOSED, "superposed"),
            (True, OBSERVED, "epicentres left"),
        ):
            latitude, longitude = thinned.locations[some[thinned.kept[some] == kept]].T
            axes.plot(
                _near(longitude, frame[2]),
                latitude,
                ".",
                ms=size,
                mew=0.0,
                color=colour,
                label=label,
            )

    figure = _framed(frame, paint, area, None, title)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, markerscale=8.0 / size)
    return figure


@styled
def gain_map(
    grid: Grid,
    gains: FloatArray,
    locations: FloatArray,
    *,
    area: Area | None = None,
    title: str = "",
    label: str = "gain in the cell (nats)",
) -> Figure:
    """Where a model is better: gains of events added up by cell, blue where it is.

    Parameters
    ----------
    grid : Grid
        The cells.
    gains : array (event,)
        Log density of each event less that of the other model, nats.
    locations : array (event, 2)
        Latitude and longitude, degrees; events outside of the cells are left out.
    area : Box or Polygon, optional
        The region, whose border is drawn, and beyond which cells are not.
    title, label : str
        Above the map, and what the colours are.
    """
    cells = grid.cell_of(locations)
    inside = cells >= 0
    total = np.bincount(cells[inside], gains[inside], minlength=len(grid))
    seen = np.bincount(cells[inside], minlength=len(grid)) > 0
    values = np.where(seen, total, np.nan)
    largest = float(np.quantile(np.abs(total[seen]), 0.98)) if seen.any() else 1.0
    limit = max(largest, 1e-6)
    scale = ScalarMappable(SymLogNorm(0.02 * limit, vmin=-limit, vmax=limit), "RdBu")
    figure, bar = _drawn(grid, values, scale, area, None, title, label, "both")
    bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:.3g}"))
    bar.set_ticks([-limit, -0.1 * limit, 0.0, 0.1 * limit, limit])
    bar.ax.minorticks_off()
    return figure


def _drawn(
    grid: Grid,
    values: FloatArray,
    scale: ScalarMappable,
    area: Area | None,
    observed: EventSequence | None,
    title: str,
    label: str,
    extend: str,
) -> tuple[Figure, Colorbar]:
    """A map of one number for each cell, NaN where there is none, and its scale."""
    x, y, image = _image(grid, values)

    def paint(axes: Axes) -> None:
        mesh = axes.pcolormesh(x, y, image, cmap=scale.cmap, rasterized=True)
        mesh.set_norm(scale.norm)
        if area is not None:  # cells along the border reach beyond it, where nothing is expected
            border = _border(area, float(x[0]))
            mesh.set_clip_path(Patch(border, transform=axes.transData))

    figure = _framed(_extent(grid, area), paint, area, observed, title)
    return figure, _scaled(figure, scale, label, extend)


def _framed(
    frame: Frame,
    paint: Callable[[Axes], None],
    area: Area | None,
    observed: EventSequence | None,
    title: str,
) -> Figure:
    """A map of what ``paint`` draws, with its border and axes."""
    south, north, west, east = frame
    stretch = float(np.cos(np.radians(0.5 * (south + north))))
    shape = (north - south) / ((east - west) * max(stretch, 0.1))
    figure = _sized(shape)
    axes = figure.subplots()
    paint(axes)
    if area is not None:
        axes.plot(*_border(area, west).T, color=INK, lw=1.0)
    if observed is not None:
        _rings(figure, axes, observed, west)
    margin = 0.02 * max(north - south, (east - west) * stretch)
    axes.set_xlim(west - margin / max(stretch, 0.1), east + margin / max(stretch, 0.1))
    axes.set_ylim(south - margin, north + margin)
    axes.set_aspect(1.0 / max(stretch, 0.1), adjustable="box")
    axes.set(xlabel="longitude (°E)", ylabel="latitude (°N)")
    if title:
        figure.suptitle(in_lines(title), fontsize=10.0)
    axes.xaxis.set_major_formatter(FuncFormatter(_meridian))
    # Fewer labels on a narrow map
    labels = max(1, min(6, int(9.0 / max(shape, 1.0))))
    steps = [1, 2, 2.5, 5, 10]
    axes.xaxis.set_major_locator(MaxNLocator(labels, steps=steps, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=steps))
    return figure


def _scaled(figure: Figure, scale: ScalarMappable, label: str, extend: str) -> Colorbar:
    """Add the scale of a map's colours."""
    bar = figure.colorbar(scale, ax=figure.axes[0], location="top", aspect=40, extend=extend)
    bar.set_label(label)
    bar.outline.set_visible(False)
    return bar


def save_map(
    path: Path,
    grid: Grid,
    rates: FloatArray,
    *,
    area: Area | None = None,
    observed: EventSequence | None = None,
    title: str = "",
    label: str = "expected events per cell",
) -> Path:
    """Write ``rate_map`` as PNG or SVG, by the suffix of the path."""
    figure = rate_map(grid, rates, area=area, observed=observed, title=title, label=label)
    return save(figure, path)


def _frame_of(area: Area) -> Frame:
    """The box around an area, whose east may go on beyond 180 degrees."""
    box = bounding_box(area)
    return box.south, box.north, box.west, box.east + 360.0 * (box.east <= box.west)


def _border(area: Area, west: float) -> FloatArray:
    """Longitude and latitude of the border on the scale of a map, shape (point, 2)."""
    border = outline(area, STRAIGHT)
    return np.column_stack([_near(border[:, 1], west, wrap=False), border[:, 0]])


def _extent(grid: Grid, area: Area | None) -> Frame:
    """South, north, west and east of what is shown, degrees."""
    edges = grid.edges
    south, west = edges[:, [0, 2]].min(axis=0).tolist()
    north, east = edges[:, [1, 3]].max(axis=0).tolist()
    if area is not None:
        x, y = _border(area, west).T
        south, north, west, east = y.min(), y.max(), x.min(), x.max()
    return south, north, west, east


def _scale(positive: FloatArray) -> tuple[float, float]:
    """Ends of the colours: of all rates, or of their highest decades."""
    low, top = float(positive.min()), float(positive.max())
    if low == top:
        return 0.5 * top, 2.0 * top
    return max(low, top * 10.0**-DECADES), top


def _sized(shape: float) -> Figure:
    """A figure that a map so many times as high as wide fills."""
    height = shape * (WIDTH - 0.8) + AROUND
    if height > TALLEST:
        return new_figure(TALLEST)
    if shape < 0.6:
        width = WIDEST * WIDTH
        return new_figure(shape * (width - 0.8) + AROUND, width)
    return new_figure(height)


def _near(longitudes: FloatArray, west: float, *, wrap: bool = True) -> FloatArray:
    """The same meridians on the scale of a map: each by itself, or all turned together."""
    if wrap:
        return np.asarray(west + (longitudes - west) % 360.0)
    middle = float(longitudes.mean())
    return np.asarray(longitudes + 360.0 * np.round((west - middle) / 360.0))


def _image(grid: Grid, rates: FloatArray) -> tuple[FloatArray, FloatArray, np.ma.MaskedArray]:
    """Edges of columns and rows, and the numbers on them, masked where there are none."""
    rows, columns = grid.rows - grid.rows.min(), grid.columns - grid.columns.min()
    values = np.full((rows.max() + 1, columns.max() + 1), np.nan)
    values[rows, columns] = rates
    y = grid.step * (np.arange(values.shape[0] + 1) + grid.rows.min())
    x = grid.step * (np.arange(values.shape[1] + 1) + grid.columns.min())
    return x, y, np.ma.masked_invalid(values)


def _rings(figure: Figure, axes: Axes, observed: EventSequence, west: float) -> None:
    """The largest observed events, larger ones on top, and a legend of sizes."""
    if observed.locations is None:
        raise InputError("observed events have no locations, so they are on no map: leave them out")
    largest = np.argsort(observed.magnitudes, kind="stable")[-DRAWN_EVENTS:]
    if not largest.size:
        return
    m = observed.magnitudes[largest]
    latitude, longitude = observed.locations[largest].T
    x, top = _near(longitude, west), float(m.max())
    for colour, width in ((HALO, 2.0), (RING, 1.0)):
        axes.scatter(
            x, latitude, s=_ring(m, top), facecolors="none", edgecolors=colour, lw=width, zorder=3
        )
    figure.legend(
        handles=[_key(size, top) for size in _sizes(float(m.min()), top)],
        loc="outside lower center",
        ncols=LEGEND_SIZES,
        title=None if len(observed) <= DRAWN_EVENTS else f"largest {DRAWN_EVENTS} events",
        title_fontsize=9.0,
    )


def _sizes(low: float, high: float) -> list[float]:
    """Round magnitudes for the legend, a few of them."""
    for step in (0.1, 0.2, 0.5, 1.0, 2.0):
        sizes = step * np.arange(np.ceil(low / step - 1e-6), np.floor(high / step + 1e-6) + 1.0)
        if sizes.size <= LEGEND_SIZES:
            break
    return [round(size, 1) for size in sizes.tolist()] or [round(high, 1)]


def _key(size: float, top: float) -> Line2D:
    """A ring of the legend."""
    diameter = float(np.sqrt(_ring(np.array([size]), top)[0]))
    return Line2D(
        [], [], ls="", marker="o", ms=diameter, mfc="none", mec=RING, mew=1.0, label=f"M {size:g}"
    )


def _ring(magnitudes: FloatArray, top: float) -> FloatArray:
    """Areas of rings: 10^(M / 2), over four magnitude units."""
    return np.asarray(8.0 + 150.0 * 10.0 ** (0.5 * np.clip(magnitudes - top, -4.0, 0.0)))


def _meridian(longitude: float, _: object = None) -> str:
    """A longitude of a map that may go on beyond 180 degrees."""
    east = longitude - 360.0 if longitude > 180.0 else longitude
    return Formatter.fix_minus(f"{east:.6g}")
