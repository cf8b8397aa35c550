"""Counts and likelihoods of one model in time; each function returns a Figure."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.figure import Figure

from catalogs import Catalog, EventSequence, PointProcess, Trajectories
from catalogs.sequence import FloatArray
from recast.report.plots import MODEL_COLOURS, OBSERVED, axis_times, styled, time_axis

MODEL = MODEL_COLOURS["etas"]


@styled
def cumulative_counts(
    process: PointProcess, catalog: Catalog, sequence: EventSequence, title: str
) -> Figure:
    """Observed events and the compensator along the scored window."""
    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    axes = figure.subplots()
    grid = np.linspace(sequence.score_from, sequence.end, 800)
    times = sequence.times[sequence.first_scored :]
    stops = np.unique(np.concatenate([grid, times]))
    expected = process.compensator(sequence, stops)
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
        label=f"expected, event by event given the past: {expected[-1]:,.1f}",
    )
    axes.set_ylabel("events")
    time_axis(axes, catalog)
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8)
    return figure


@styled
def simulated_counts(
    done: Trajectories, title: str, observed: EventSequence | None = None
) -> Figure:
    """Cumulative events of the trajectories: median, 50 % and 95 % bands, and what came about."""
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    grid = np.linspace(done.start, done.end, 201)
    offsets = np.concatenate([[0], np.cumsum(done.counts)])
    counts = np.array(
        [np.searchsorted(done.times[lo:hi], grid) for lo, hi in pairwise(offsets.tolist())]
    )
    days = grid - done.start
    for low, high, shade in ((0.025, 0.975, 0.2), (0.25, 0.75, 0.35)):
        axes.fill_between(
            days,
            *np.quantile(counts, [low, high], axis=0),
            color="#4477AA",
            alpha=shade,
            lw=0.0,
            label=f"{100 * (high - low):.0f} % of {done.n:,} trajectories",
        )
    axes.plot(days, np.median(counts, axis=0), color=MODEL, lw=1.2, label="median")
    if observed is not None:
        seen = np.searchsorted(observed.times, grid)
        axes.plot(days, seen, color=OBSERVED, lw=1.6, label=f"observed: {len(observed):,}")
    axes.set(xlabel="days", ylabel="events")
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8, loc="upper left")
    axes.margins(x=0.0)
    return figure


@styled
def cumulative_terms(
    catalog: Catalog, sequence: EventSequence, gain: FloatArray, title: str
) -> Figure:
    """Cumulative log-likelihood gain over Poisson along the scored window."""
    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    axes = figure.subplots()
    stamps = axis_times(catalog, sequence.times[sequence.first_scored :])
    label = f"{gain.mean():+.4f} nats per event"
    axes.plot(stamps, np.cumsum(gain), color=MODEL, lw=1.3, label=label)
    axes.axhline(0.0, color=MODEL_COLOURS["poisson"], lw=0.8, label="Poisson")
    axes.set_ylabel("cumulative gain over Poisson (nats)")
    time_axis(axes, catalog)
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8)
    return figure


@styled
def profile(values: FloatArray, drops: FloatArray, name: str, title: str) -> Figure:
    """Profile log-likelihood below its maximum, with the 95 % level."""
    figure = Figure(figsize=(5.0, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(values, drops, "o-", ms=3.5, lw=1.2, color=MODEL)
    axes.axhline(-1.92, color=OBSERVED, lw=0.9, ls="--", label="95 %")
    axes.set(xlabel=name, ylabel="profile log-likelihood\nbelow the maximum (nats)")
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8)
    return figure
