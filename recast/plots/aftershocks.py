"""Plots of forecasts after mainshocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from catalogs.display import span
from recast.plots.style import (
    INK,
    OBSERVED,
    WIDTH,
    colour,
    legend_above,
    line,
    log_ticks,
    new_figure,
    styled,
)

ACROSS = 2
"""Panels side by side: text stays readable on a phone."""

FEWEST = 0.5
"""No events, on a logarithmic axis."""


class Scores(Protocol):
    """Scores of a model's forecasts of the events of a window above a magnitude."""

    @property
    def days(self) -> float:
        """Length of the window."""
        ...

    @property
    def magnitude(self) -> float:
        """Events at or above it are counted."""
        ...

    @property
    def pit(self) -> Sequence[float]:
        """Position of each observed number within its forecast."""
        ...


class Mainshock(Protocol):
    """A mainshock with its forecasts by model."""

    @property
    def label(self) -> str:
        """Date and magnitude."""
        ...

    @property
    def forecasts(self) -> Mapping[str, Sequence[Any]]:
        """Forecasts by model: ``AftershockForecast``."""
        ...


@styled
def aftershock_forecasts(sequences: Sequence[Mainshock]) -> Figure:
    """Forecasts of the longest window after each mainshock, and what was observed.

    A panel for each mainshock: at each lead time the 50 and 95 % ranges and the median of each
    model, and the observed number where it is known.
    """
    rows = -(-len(sequences) // ACROSS)
    figure = new_figure(0.7 + 1.7 * rows, WIDTH)
    grid = figure.subplots(rows, ACROSS, squeeze=False)
    for axes in grid.flat[len(sequences) :]:
        axes.set_axis_off()
    hours = sorted({forecast.hours for forecast in _all(sequences)})
    for axes, sequence in zip(grid.flat, sequences, strict=False):
        _panel(axes, sequence, hours)
    for axes in grid.flat[max(len(sequences) - ACROSS, 0) : len(sequences)]:  # of each column
        axes.set_xlabel("hours after it")
    row = _longest(_all(sequences)[0])
    counted = f"events of M ≥ {row.magnitude:g} in {row.days:g} days from then"
    figure.supylabel(counted, fontsize=10.0)
    legend_above(figure, grid[0, 0])
    return figure


def _all(sequences: Sequence[Mainshock]) -> list[Any]:
    return [f for s in sequences for forecasts in s.forecasts.values() for f in forecasts]


def _panel(axes: Axes, sequence: Mainshock, hours: Sequence[float]) -> None:
    models = sequence.forecasts
    width = 0.8 / len(models)
    for i, (name, forecasts) in enumerate(models.items()):
        rows = [_longest(forecast) for forecast in forecasts]
        places = [hours.index(forecast.hours) for forecast in forecasts]
        x = np.array(places) + (i + 0.5) * width - 0.4
        for ends, alpha in (("ci95", 0.25), ("ci50", 0.45)):
            found = np.array([getattr(row, ends) for row in rows], dtype=np.float64)
            low, high = np.maximum(found, FEWEST).T  # NaN where the upper end is unknown
            axes.bar(
                x, high - low, 0.8 * width, bottom=low, color=colour(name), alpha=alpha, lw=0.0
            )
        medians = np.maximum([row.median for row in rows], FEWEST)
        axes.plot(x, medians, "_", ms=7.0, mew=1.6, color=colour(name), label=name)
    first = next(iter(models.values()))
    seen = [(hours.index(f.hours), _longest(f).observed) for f in first]
    known = [(i, max(n, FEWEST)) for i, n in seen if n is not None]
    if known:
        axes.plot(*zip(*known, strict=True), "x", ms=5.0, color=OBSERVED, label="observed")
    axes.set_xticks(range(len(hours)), [f"{h:g}" for h in hours])
    axes.set_xlim(-0.6, len(hours) - 0.4)
    axes.set_yscale("log")
    axes.use_sticky_edges = False  # ranges end where they end, not at the axis
    axes.autoscale_view(scalex=False)
    axes.set_title(sequence.label, fontsize=9.0)
    log_ticks(axes.yaxis)


def _longest(forecast: Any) -> Any:
    """The row of the longest window, from the lowest magnitude."""
    return max(forecast.table, key=lambda row: (row.days, -row.magnitude))


@styled
def aftershock_calibration(models: Mapping[str, Sequence[Scores]]) -> Figure:
    """Distribution of the probability integral transform by window: the diagonal if calibrated.

    Of the events above the lowest magnitude.
    """
    lowest = min(row.magnitude for rows in models.values() for row in rows)
    windows = sorted({row.days for rows in models.values() for row in rows})
    figure = new_figure(0.9 + WIDTH / len(windows), WIDTH)
    panels = figure.subplots(1, len(windows), sharey=True, squeeze=False)[0]
    for axes, days in zip(panels, windows, strict=True):
        axes.plot([0.0, 1.0], [0.0, 1.0], color=INK, lw=0.8, ls=":")
        for name, rows in models.items():
            pit = [u for r in rows if (r.days, r.magnitude) == (days, lowest) for u in r.pit]
            if pit:
                axes.ecdf(pit, **line(name))
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), title=span(days))
        axes.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
    panels[0].set_ylabel("share of forecasts")
    panels[len(panels) // 2].set_xlabel("probability integral transform")
    legend_above(figure, panels[0])
    return figure
