"""Plots of forecasts after mainshocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recast.plots.style import (
    OBSERVED,
    WIDTH,
    colour,
    legend_above,
    log_ticks,
    new_figure,
    styled,
)

ACROSS = 2
"""Panels side by side: text stays readable on a phone."""

FEWEST = 0.5
"""No events, on a logarithmic axis."""


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
    for axes, sequence in zip(grid.flat, sequences, strict=False):
        _panel(axes, sequence)
    days = max(row.days for forecast in _all(sequences) for row in forecast.table)
    figure.supxlabel("hours after the mainshock", fontsize=10.0)
    figure.supylabel(f"events in {days:g} days from then", fontsize=10.0)
    legend_above(figure, grid[0, 0])
    return figure


def _all(sequences: Sequence[Mainshock]) -> list[Any]:
    return [f for s in sequences for forecasts in s.forecasts.values() for f in forecasts]


def _panel(axes: Axes, sequence: Mainshock) -> None:
    models = sequence.forecasts
    width = 0.8 / len(models)
    for i, (name, forecasts) in enumerate(models.items()):
        rows = [_longest(forecast) for forecast in forecasts]
        x = np.arange(len(rows)) + (i + 0.5) * width - 0.4
        for ends, alpha in (("ci95", 0.25), ("ci50", 0.45)):
            low, high = np.maximum([getattr(row, ends) for row in rows], FEWEST).T
            axes.bar(
                x, high - low, 0.8 * width, bottom=low, color=colour(name), alpha=alpha, lw=0.0
            )
        medians = np.maximum([row.median for row in rows], FEWEST)
        axes.plot(x, medians, "_", ms=7.0, mew=1.6, color=colour(name), label=name)
    first = next(iter(models.values()))
    seen = [(i, _longest(f).observed) for i, f in enumerate(first)]
    known = [(i, max(n, FEWEST)) for i, n in seen if n is not None]
    if known:
        axes.plot(*zip(*known, strict=True), "x", ms=5.0, color=OBSERVED, label="observed")
    axes.set_xticks(range(len(first)), [f"{f.hours:g}" for f in first])
    axes.set_xlim(-0.6, len(first) - 0.4)
    axes.set_yscale("log")
    axes.use_sticky_edges = False  # ranges end where they end, not at the axis
    axes.autoscale_view(scalex=False)
    axes.set_title(sequence.label, fontsize=9.0)
    log_ticks(axes.yaxis)


def _longest(forecast: Any) -> Any:
    """The row of the longest window, from the lowest magnitude."""
    return max(forecast.table, key=lambda row: (row.days, -row.magnitude))
