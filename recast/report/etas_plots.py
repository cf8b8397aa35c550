"""The plots by which seismologists judge an ETAS model; each function returns a Figure."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import poisson

from catalogs import Catalog, EventSequence, GutenbergRichter, PointProcess, Trajectories
from catalogs.sequence import FloatArray
from etas.residuals import KOLMOGOROV_95, ResidualTest
from recast.report.plots import MODEL_COLOURS, axis_times, concise_dates

OBSERVED = "#EE6677"
MODEL = MODEL_COLOURS["etas"]
MAINSHOCKS = 10
"""How many of the largest events are stacked in the Omori plot."""


def omori_decay(process: PointProcess, sequence: EventSequence, title: str) -> Figure:
    """Rates after the largest events, stacked, against time since them; both axes logarithmic.

    The model's rates are its expected numbers in the same bins, given all that happened, so that
    secondary aftershocks are in both. Bins reach from 10 s to 100 days, those without an expected
    hundredth of an event are left out; bars are 95 % Poisson intervals of the counts.
    """
    edges = np.logspace(-4, 2, 31)
    scored = np.arange(sequence.first_scored, len(sequence))
    largest = scored[np.argsort(sequence.magnitudes[scored])[::-1][:MAINSHOCKS]]
    observed, expected, days = (np.zeros(edges.size - 1) for _ in range(3))
    for onset in sequence.times[largest].tolist():
        stops = np.minimum(onset + edges, sequence.end)
        observed += np.diff(np.searchsorted(sequence.times, stops, side="right"))
        expected += np.diff(process.compensator(sequence, stops))
        days += np.diff(stops)
    seen = (days > 0.0) & (expected > 0.01)
    middle = np.sqrt(edges[1:] * edges[:-1])[seen]
    observed, expected, days = observed[seen], expected[seen], days[seen]
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(middle, expected / days, color=MODEL, lw=1.6, label="ETAS, given the past")
    some = observed > 0
    low = poisson.ppf(0.025, observed[some])
    high = poisson.ppf(0.975, observed[some])
    rates = observed[some] / days[some]
    bars = np.array([rates - np.maximum(low, 0.2) / days[some], high / days[some] - rates])
    axes.errorbar(
        middle[some],
        rates,
        yerr=np.maximum(bars, 0.0),
        fmt="o",
        ms=4.0,
        lw=0.9,
        color=OBSERVED,
        label=f"observed after the {largest.size} largest events (M "
        f"{sequence.magnitudes[largest].min():.1f} to {sequence.magnitudes[largest].max():.1f})",
    )
    axes.set(xscale="log", yscale="log", xlabel="days since the event", ylabel="events per day")
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8, loc="lower left")
    return figure


def frequency_magnitude(
    magnitudes: FloatArray, law: GutenbergRichter, error: float, bin_width: float, title: str
) -> Figure:
    """Numbers of events by magnitude, in bins and cumulative, with the fitted law.

    ``error`` is the standard error of b, ``bin_width`` the grid of the magnitudes.
    """
    figure = Figure(figsize=(6.4, 4.6), layout="constrained")
    axes = figure.subplots()
    width = max(bin_width, 0.1)
    first = np.floor(min(magnitudes.min(), law.completeness) / width) * width
    edges = first + width * np.arange(np.ceil((magnitudes.max() - first) / width) + 2)
    edges -= 0.5 * bin_width if bin_width else 0.0
    counts, _ = np.histogram(magnitudes, edges)
    middle = edges[:-1] + 0.5 * width
    axes.plot(middle[counts > 0], counts[counts > 0], "^", ms=4, color="#BBBBBB", label="per bin")
    ordered = np.sort(magnitudes)
    number = np.arange(ordered.size, 0, -1)
    axes.plot(ordered, number, ".", ms=3, color=OBSERVED, rasterized=True, label="M or larger")
    m = np.linspace(law.completeness, law.maximum - 0.01, 300)
    above = int(np.count_nonzero(magnitudes >= law.completeness - 1e-6))
    span = np.exp(-law.beta * (law.maximum - law.completeness))
    survival = (np.exp(-law.beta * (m - law.completeness)) - span) / law.mass
    axes.plot(m, above * survival, color=MODEL, lw=1.4, label=f"b = {law.b:.3f} ± {error:.3f}")
    axes.axvline(law.completeness, color=MODEL, lw=0.8, ls=":", label=f"Mc = {law.completeness:g}")
    axes.set(yscale="log", xlabel="magnitude", ylabel="number of events")
    axes.set_ylim(0.6, 2.0 * magnitudes.size)
    axes.set_xlim(first - 0.1, magnitudes.max() + 0.5)
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8)
    return figure


def transformed_residuals(transformed: FloatArray, test: ResidualTest, title: str) -> Figure:
    """Count minus transformed time with Kolmogorov's 95 % band, and intervals against Exp(1)."""
    figure = Figure(figsize=(9.0, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    n = transformed.size
    count = np.arange(1, n + 1)
    band = KOLMOGOROV_95 * np.sqrt(n)
    left.axhspan(-band, band, color="#4477AA", alpha=0.15, lw=0.0, label="95 % band")
    left.axhline(0.0, color=MODEL, lw=0.8)
    left.plot(transformed, count - transformed, color=OBSERVED, lw=1.0)
    left.set(xlabel="transformed time (expected events)", ylabel="observed - expected events")
    left.set_title(title, fontsize=10)
    left.legend(fontsize=8)
    intervals = np.sort(np.diff(transformed, prepend=0.0))
    quantiles = -np.log1p(-(count - 0.5) / n)
    right.plot(quantiles, intervals, ".", ms=3, color=OBSERVED, rasterized=True)
    reach = [0.0, float(quantiles[-1])]
    right.plot(reach, reach, color=MODEL, lw=0.8)
    right.set(xlabel="exponential quantile", ylabel="transformed interval")
    right.set_title(
        f"KS {test.ks_distance:.4f} (p = {test.ks_p:.2g}), runs p = {test.runs_p:.2g}", fontsize=9
    )
    return figure


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
    _time_axis(axes, catalog)
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8)
    return figure


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
    _time_axis(axes, catalog)
    axes.set_title(title, fontsize=10)
    axes.legend(fontsize=8)
    return figure


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


def _time_axis(axes: Axes, catalog: Catalog) -> None:
    axes.set_xlabel("day" if catalog.info.uses_plain_days else "time (UTC)")
    axes.margins(x=0.01)
    if not catalog.info.uses_plain_days:
        concise_dates(axes)
