"""How the forecasts of a service did: calibration, reliability, and coverage by lead time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from recast.plots.style import (
    BAND,
    INK,
    OBSERVED,
    SPARE_COLOURS,
    WIDTH,
    legend_above,
    new_figure,
    styled,
)

BINS = 10
"""Of the histogram of the probability integral transform."""


@styled
def pit_histograms(values: Mapping[str, Sequence[float]]) -> Figure:
    """Histogram of the probability integral transform by window: flat if calibrated."""
    rows = -(-len(values) // 2)
    figure = new_figure(0.5 + 1.5 * rows, WIDTH)
    columns = min(len(values), 2)
    grid = figure.subplots(rows, columns, sharex=True, squeeze=False)
    for axes, (label, pit) in zip(grid.flat, values.items(), strict=False):
        axes.hist(pit, np.linspace(0.0, 1.0, BINS + 1), color=BAND, alpha=0.6, lw=0.0)
        axes.axhline(len(pit) / BINS, color=INK, lw=0.8, ls=":")
        axes.set_title(f"{label}, {len(pit)} forecasts", fontsize=9.0)
        axes.set_xlim(0.0, 1.0)
        axes.set_xticks([0.0, 0.5, 1.0], ["0", "0.5", "1"])
    for axes in grid.flat[len(values) :]:
        axes.set_visible(False)
    figure.supxlabel("probability integral transform", fontsize=10.0)
    figure.supylabel("forecasts", fontsize=10.0)
    return figure


@styled
def reliability_diagram(
    forecast: Sequence[float],
    happened: Sequence[float],
    intervals: Sequence[tuple[float, float]],
    numbers: Sequence[int],
) -> Figure:
    """Share of the forecasts that came true, by their probability: the diagonal if reliable."""
    figure = new_figure(WIDTH - 0.4, WIDTH)
    axes = figure.subplots()
    axes.plot([0.0, 1.0], [0.0, 1.0], color=INK, lw=0.8, ls=":")
    ends = np.array(intervals, dtype=np.float64).reshape(-1, 2)
    shares = np.array(happened)
    errors = np.maximum(np.stack([shares - ends[:, 0], ends[:, 1] - shares]), 0.0)
    axes.errorbar(forecast, shares, errors, fmt="o", ms=4.0, color=BAND, lw=1.0, capsize=2.0)
    for x, y, n in zip(forecast, happened, numbers, strict=True):
        right = x < 0.8
        axes.annotate(
            f"{n:,}",
            (x, y),
            (5.0 if right else -5.0, -9.0),
            textcoords="offset points",
            fontsize=8.0,
            ha="left" if right else "right",
        )
    axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03))
    axes.set(xlabel="probability in the forecasts", ylabel="share in which it happened")
    return figure


@styled
def coverage_by_lead(
    leads: Sequence[str], coverage: Mapping[str, Sequence[tuple[str, float]]]
) -> Figure:
    """Share of observed numbers inside the 95 % range, by time since the mainshock and window."""
    figure = new_figure(3.2, WIDTH)
    axes = figure.subplots()
    axes.axhline(0.95, color=INK, lw=0.8, ls=":")
    for i, (window, points) in enumerate(coverage.items()):
        shift = 0.08 * (i - 0.5 * (len(coverage) - 1))
        places = [leads.index(lead) + shift for lead, _ in points]
        shares = [share for _, share in points]
        shade = [BAND, OBSERVED, *SPARE_COLOURS][i % (len(SPARE_COLOURS) + 2)]
        axes.plot(places, shares, "o-", ms=4.0, lw=1.0, color=shade, label=window)
    axes.set_xticks(range(len(leads)), [lead.replace(" to ", "\nto ") for lead in leads])
    axes.tick_params(axis="x", labelsize=8.0)
    axes.set(xlim=(-0.5, len(leads) - 0.5), ylim=(-0.03, 1.05))
    axes.set(xlabel="time since the mainshock", ylabel="inside the 95 % range")
    legend_above(figure, axes)
    return figure
