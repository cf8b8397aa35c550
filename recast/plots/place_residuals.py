"""Plots of residuals of places, as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from catalogs.areas import Area
from etas.space.residuals import PairTest, ThinnedResiduals
from recast.plots.maps import residual_map, thinned_map
from recast.plots.style import (
    BAND,
    INK,
    OBSERVED,
    in_lines,
    legend_above,
    log_ticks,
    new_figure,
    save,
    styled,
)


def place_plots(found: ThinnedResiduals, area: Area, title: str, out: Path) -> None:
    """Draw residuals by cell, super-thinned places and their pairs, as PNG."""
    residuals, thinned = found.residuals, found.thinned
    save(residual_map(residuals.cells, area, title), out / "place_residuals.png")
    save(thinned_map(thinned, area, title), out / "super_thinned.png")
    save(pair_ratios(residuals.pairs, title), out / "super_thinned_pairs.png")


@styled
def pair_ratios(pairs: PairTest, title: str = "") -> Figure:
    """Pairs of super-thinned places over those of uniform ones, by distance."""
    figure = new_figure(3.2)
    axes = figure.subplots()
    distances, ratio, band = (np.array(x) for x in (pairs.distances, pairs.ratio, pairs.band))
    axes.fill_between(
        distances, 1.0 - band, 1.0 + band, color=BAND, alpha=0.2, lw=0.0, label="95 % if uniform"
    )
    axes.axhline(1.0, color=INK, lw=0.9)
    axes.plot(distances, ratio, marker="o", ms=3, color=OBSERVED, label="super-thinned places")
    axes.set(
        xscale="log", xlabel="distance (km)", ylabel="pairs within, over\nthose of uniform places"
    )
    axes.set_ylim(bottom=max(0.0, min(1.0 - 1.2 * float(band.max()), 0.9 * float(ratio.min()))))
    log_ticks(axes.xaxis)
    axes.set_title(in_lines(title, 44))  # beside a label of two lines
    legend_above(figure, axes)
    return figure
