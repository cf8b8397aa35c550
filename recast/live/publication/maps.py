"""Where the earthquakes of a forecast are, as a picture for people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from catalogs.areas import Area
from catalogs.sequence import FloatArray
from catalogs.sphere import EARTH_RADIUS, outline
from recast.live.publication.chart import NARROW
from recast.live.publication.language import Language
from recast.live.records import Quake
from recast.plots.style import BAND, INK, OBSERVED, new_figure, styled

DRAWN = 500
"""The largest events are drawn: more dots would hide each other."""

STRAIGHT = 1e9
"""Kilometres: edges of areas are straight in latitude and longitude, so corners suffice."""

STEP = 0.5
"""Magnitude units that share a size of dot."""

TALLEST, LOWEST = 4.6, 2.2
"""Inches of a map, without its labels."""

DEGREE = EARTH_RADIUS * np.pi / 180.0
"""Kilometres."""


@styled
def event_map(
    quakes: Sequence[Quake], area: Area, language: Language, star: Quake | None = None
) -> Figure:
    """Draw the largest events, the border of an area, meridians and parallels, and a scale."""
    border = outline(area, STRAIGHT)
    middle = 0.5 * float(border[:, 1].min() + border[:, 1].max())
    south, north = border[:, 0].min(), border[:, 0].max()
    west, east = border[:, 1].min(), border[:, 1].max()
    stretch = max(float(np.cos(np.radians(0.5 * (south + north)))), 0.1)
    shape = (north - south) / ((east - west) * stretch)
    height = float(np.clip(shape * (NARROW - 0.8), LOWEST, TALLEST))
    figure = new_figure(height + 0.5, NARROW)
    axes = figure.subplots()
    axes.grid(color=INK, lw=0.5, alpha=0.18)
    axes.fill(border[:, 1], border[:, 0], color=BAND, alpha=0.08, lw=0.0)
    axes.plot(border[:, 1], border[:, 0], color=BAND, lw=1.4)
    _dots(axes, quakes, middle)
    if star is not None:
        x = _near(np.array([star.longitude]), middle)
        for size, shade in ((19.0, "#ffffff"), (14.0, OBSERVED)):
            axes.plot(x, star.latitude, "*", ms=size, color=shade, mew=0.0, zorder=5)
        axes.plot(x, star.latitude, "*", ms=14.0, mfc="none", mec=INK, mew=0.8, zorder=5)
    margin = 0.04 * max(north - south, (east - west) * stretch)
    axes.set_xlim(west - margin / stretch, east + margin / stretch)
    axes.set_ylim(south - margin, north + margin)
    axes.set_aspect(1.0 / stretch, adjustable="box")
    _graticule(axes, language, shape)
    _scale(axes, language, stretch)
    return figure


def _dots(axes: Axes, quakes: Sequence[Quake], middle: float) -> None:
    """The largest events, those of about one magnitude by one mark, larger ones on top."""
    largest = sorted(quakes, key=lambda quake: quake.magnitude)[-DRAWN:]
    if not largest:
        return
    magnitudes = np.array([quake.magnitude for quake in largest])
    latitude = np.array([quake.latitude for quake in largest])
    longitude = _near(np.array([quake.longitude for quake in largest]), middle)
    sizes = np.floor(magnitudes / STEP)
    for size in np.unique(sizes):
        one = sizes == size
        diameter = 2.2 * 10.0 ** (0.17 * np.clip(size * STEP - 2.0, 0.0, 5.0))
        axes.plot(
            longitude[one],
            latitude[one],
            "o",
            ms=diameter,
            color=OBSERVED,
            alpha=0.55,
            mec=INK,
            mew=0.3,
            zorder=3,
        )


def _graticule(axes: Axes, language: Language, shape: float) -> None:
    """Label meridians and parallels."""
    columns = max(2, min(4, round(4.0 / max(shape, 1.0))))
    for axis, count, write in (
        (axes.xaxis, columns, language.meridian),
        (axes.yaxis, 5, language.parallel),
    ):
        locator = MaxNLocator(count, steps=[1, 2, 5, 10])
        axis.set_major_locator(locator)
        step = float(np.diff(locator.tick_values(*axis.get_view_interval()))[0])
        decimals = max(0, -int(np.floor(np.log10(step) + 1e-9)))
        axis.set_major_formatter(FuncFormatter(lambda value, _, w=write, d=decimals: w(value, d)))


def _scale(axes: Axes, language: Language, stretch: float) -> None:
    """A bar of a round number of kilometres, in the lower left corner."""
    west, east = axes.get_xlim()
    south, north = axes.get_ylim()
    wide = 0.3 * (east - west) * stretch * DEGREE
    decade = 10.0 ** np.floor(np.log10(wide))
    length = max(step * decade for step in (1.0, 2.0, 5.0) if step * decade <= wide)
    x = west + 0.06 * (east - west)
    y = south + 0.06 * (north - south)
    axes.plot([x, x + length / (stretch * DEGREE)], [y, y], color=INK, lw=2.5, zorder=6)
    axes.text(
        x, y + 0.015 * (north - south), language.kilometres(length), fontsize=9.0, va="bottom"
    )


def _near(longitudes: FloatArray, middle: float) -> FloatArray:
    """The same meridians within half a turn of the middle of a map."""
    return np.asarray(longitudes + 360.0 * np.round((middle - longitudes) / 360.0))
