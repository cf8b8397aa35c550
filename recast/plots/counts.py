"""Counts and likelihoods of one model in time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from catalogs import Catalog, EventSequence, Trajectories
from catalogs.sequence import FloatArray
from etas.profile import HALF_CHI2_95
from recast.models.registry import NULL, REFERENCE
from recast.plots.continuations import cumulative_paths
from recast.plots.style import (
    BAND,
    OBSERVED,
    axis_times,
    band,
    colour,
    in_lines,
    legend_above,
    new_figure,
    styled,
    thousands,
    time_axis,
)

MODEL = colour(REFERENCE)


@styled
def cumulative_counts(
    catalog: Catalog, sequence: EventSequence, stops: FloatArray, expected: FloatArray, title: str
) -> Figure:
    """Observed events along the scored window, and the compensator at ``stops``, shape (stop,)."""
    figure = new_figure()
    axes = figure.subplots()
    times = sequence.times[sequence.first_scored :]
    axes.step(
        axis_times(catalog, np.append(times, sequence.end)),
        np.append(np.arange(1, times.size + 1), times.size),
        where="post",
        color=OBSERVED,
        lw=1.4,
        label=f"observed: {times.size:,}",
    )
    axes.plot(
        axis_times(catalog, stops),
        expected,
        color=MODEL,
        lw=1.0,
        label=f"expected given the past: {expected[-1]:,.1f}",
    )
    axes.set_ylabel("events")
    axes.set_title(in_lines(title))
    thousands(axes.yaxis)
    time_axis(axes, catalog)
    legend_above(figure, axes)
    return figure


@styled
def simulated_counts(
    done: Trajectories, title: str, observed: EventSequence | None = None
) -> Figure:
    """Cumulative events of the trajectories: median, 50 % and 95 % bands, and observed events."""
    figure = new_figure()
    axes = figure.subplots()
    grid = np.linspace(done.start, done.end, 201)
    counts = cumulative_paths(done, grid)
    days = grid - done.start
    for share, shade in ((0.95, 0.2), (0.5, 0.35)):
        label = f"{100 * share:.0f} % of {done.n:,}"
        axes.fill_between(days, *band(counts, share), color=BAND, alpha=shade, lw=0.0, label=label)
    axes.plot(days, np.median(counts, axis=0), color=MODEL, lw=1.2, label="median")
    if observed is not None:
        seen = np.searchsorted(observed.times, grid, side="right")
        axes.plot(days, seen, color=OBSERVED, lw=1.6, label=f"observed: {len(observed):,}")
    axes.set(xlabel="days", ylabel="events")
    axes.set_title(in_lines(title))
    axes.margins(x=0.0)
    thousands(axes.yaxis)
    legend_above(figure, axes)
    return figure


@styled
def cumulative_terms(
    catalog: Catalog, sequence: EventSequence, gain: FloatArray, title: str
) -> Figure:
    """Cumulative log-likelihood gain over Poisson along the scored window."""
    figure = new_figure()
    axes = figure.subplots()
    stamps = axis_times(catalog, sequence.times[sequence.first_scored :])
    label = f"{gain.mean():+.4f} nats per event"
    axes.plot(stamps, np.cumsum(gain), color=MODEL, lw=1.3, label=label)
    axes.axhline(0.0, color=colour(NULL), lw=0.8, label="Poisson")
    axes.set_ylabel("cumulative gain over\nPoisson (nats)")
    axes.set_title(in_lines(title))
    thousands(axes.yaxis)
    time_axis(axes, catalog)
    legend_above(figure, axes)
    return figure


@styled
def profile(values: FloatArray, drops: FloatArray, name: str, title: str) -> Figure:
    """Profile log-likelihood below its maximum, with the 95 % level."""
    figure = new_figure()
    axes = figure.subplots()
    axes.plot(values, drops, "o-", ms=3.5, lw=1.2, color=MODEL)
    axes.axhline(-HALF_CHI2_95, color=OBSERVED, lw=0.9, ls="--", label="95 %")
    axes.set(xlabel=name, ylabel="profile log-likelihood\nbelow the maximum (nats)")
    axes.set_title(in_lines(title))
    legend_above(figure, axes)
    return figure
