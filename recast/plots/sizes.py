"""Scores against the number of training events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from matplotlib.figure import Figure

from recast.plots.style import INK, colour, legend_above, line, log_ticks, new_figure, styled


class MeanGain(Protocol):
    """A mean gain with the ends of its 95 % interval, nats per event."""

    @property
    def mean(self) -> float:
        """Mean gain."""
        ...

    @property
    def ci95(self) -> tuple[float, float]:
        """Ends of the interval."""
        ...


@styled
def training_size(rows: Sequence[tuple[int, Mapping[str, float]]]) -> Figure:
    """Test score of each model against the number of training events, a row per size.

    A row has the number of training events, and nats per event on the test window by model.
    """
    figure = new_figure(3.4)
    axes = figure.subplots()
    names = dict.fromkeys(name for _, scores in rows for name in scores)
    for name in names:
        points = sorted((n, scores[name]) for n, scores in rows if name in scores)
        x, y = np.array(points).T
        axes.plot(x, y, marker="o", ms=4.0, **line(name))
    axes.set(xscale="log", xlabel="training events", ylabel="test log-likelihood\n(nats per event)")
    log_ticks(axes.xaxis)
    legend_above(figure, axes)
    return figure


@styled
def gain_by_size(catalogs: Mapping[str, tuple[int, Mapping[str, MeanGain]]]) -> Figure:
    """Gain over ETAS with its 95 % interval against the training events of each catalog.

    ``catalogs`` has the number of training events and the gain of each model, by catalog.
    """
    figure = new_figure(3.4)
    axes = figure.subplots()
    names = dict.fromkeys(name for _, gains in catalogs.values() for name in gains)
    for i, name in enumerate(names):
        rows = [(n, gains[name]) for n, gains in catalogs.values() if name in gains]
        shift = 1.0 + 0.05 * (i - 0.5 * (len(names) - 1))
        x = np.array([n for n, _ in rows], dtype=np.float64) * shift
        mean = np.array([gain.mean for _, gain in rows])
        low, high = np.array([gain.ci95 for _, gain in rows]).T
        bars = np.maximum([mean - low, high - mean], 0.0)
        axes.errorbar(x, mean, yerr=bars, fmt="o", ms=4.5, lw=1.2, color=colour(name), label=name)
    top = axes.get_ylim()[1]
    for label, (n, _) in catalogs.items():
        axes.annotate(
            label, (n, top), rotation=40, fontsize=8, ha="left", va="bottom", annotation_clip=False
        )
    axes.axhline(0.0, color=INK, lw=0.9)
    axes.set(xscale="log", xlabel="training events", ylabel="gain over ETAS\n(nats per event)")
    log_ticks(axes.xaxis)
    legend_above(figure, axes)
    return figure
