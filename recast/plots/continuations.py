"""Plots of forecasts by simulation: continuations against observed events, and calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from catalogs import Catalog, EventSequence, GutenbergRichter, Trajectories
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray
from recast.evaluation.continuations import Continuations
from recast.evaluation.counts import number_test
from recast.plots.style import (
    INK,
    OBSERVED,
    axis_times,
    band,
    colour,
    date_and_time,
    legend_above,
    line,
    log_ticks,
    new_figure,
    powers,
    styled,
    thousands,
    time_axis,
    whole_steps,
)

FAN_STEPS = 121


class Window(Protocol):
    """A window of rolling forecasts: its ends (dates or days), and the number of events in it."""

    @property
    def start(self) -> str:
        """Start of the window, a date or day."""
        ...

    @property
    def end(self) -> str:
        """End of the window, a date or day."""
        ...

    @property
    def observed(self) -> int:
        """Number of events in the window."""
        ...


class Scores(Protocol):
    """Scores of a model's rolling forecasts, a number for each window in every list."""

    @property
    def quantiles(self) -> dict[str, list[float]]:
        """Quantiles of the number of events, by share."""
        ...

    @property
    def pit(self) -> list[float]:
        """Probability integral transform."""
        ...

    @property
    def coverage(self) -> dict[str, float]:
        """Shares of windows in the 50 and 95 % ranges."""
        ...


HISTOGRAM_BINS = 30
INTERVAL_EDGES_PER_DECADE = 4

MAGNITUDE_WIDTH = 0.25
"""Of the bins of magnitudes, or the whole steps of the catalog that are nearest."""


def cumulative_paths(done: Trajectories, grid: FloatArray) -> FloatArray:
    """Events of each trajectory up to each of ``grid``, shape (trajectory, time)."""
    return np.array(
        [
            np.searchsorted(done.times[lo:hi], grid, side="right")
            for lo, hi in pairwise(done.edges.tolist())
        ],
        dtype=np.float64,
    )


@styled
def forecast_fan(catalog: Catalog, before: EventSequence, shown: Continuations) -> Figure:
    """Cumulative events: observed, median and 50 and 95 % bands, with the first day enlarged.

    ``before`` is the sequence up to the start; a tenth of the horizon before it is drawn as well,
    to show the change at the start.
    """
    figure = new_figure(5.4)
    axes, first = figure.subplots(2, 1, height_ratios=[1.5, 1])
    observed = shown.observed
    horizon = observed.end - observed.start
    _fan(axes, shown, horizon, lead=before)
    axes.axvline(0.0, color=INK, lw=0.9, ls="--")
    axes.set(xlabel=f"days since {date_and_time(catalog, observed.start)}", ylabel="events")
    _fan(first, shown, min(1.0, horizon / 10.0), unit=1.0 / 24.0)
    first.set(xlabel="hours since then", ylabel="events")
    legend_above(figure, axes)
    return figure


def _fan(
    axes: Axes,
    shown: Continuations,
    days: float,
    lead: EventSequence | None = None,
    unit: float = 1.0,
) -> None:
    """Draw the first ``days``, on an axis in units of ``unit`` days."""
    start = shown.observed.start
    grid = np.linspace(0.0, days, FAN_STEPS)
    seen = np.searchsorted(shown.observed.times - start, grid, side="right")
    top = float(seen[-1])
    for name, done in shown.drawn.items():
        paths = cumulative_paths(done, start + grid)
        for share, shade in ((0.95, 0.15), (0.5, 0.3)):
            low, high = band(paths, share)
            axes.fill_between(grid / unit, low, high, color=colour(name), alpha=shade, lw=0.0)
            top = max(top, float(high[-1]))
        axes.plot(grid / unit, np.median(paths, axis=0), **line(name))
    axes.plot(grid / unit, seen, color=OBSERVED, lw=1.8, label=f"observed: {seen[-1]:,}")
    if lead is not None:
        back = np.linspace(-days / 10.0, 0.0, 40)
        count = np.searchsorted(lead.times - start, back, side="right") - len(lead)
        axes.plot(back / unit, count, color=OBSERVED, lw=1.0, ls=":", label="before the start")
        axes.axhline(0.0, color=INK, lw=0.5, alpha=0.5)
    # The upper quantile of a net may be huge: the observed line must stay visible
    axes.set_ylim(None, min(1.05 * top, 6.0 * max(float(seen[-1]), 5.0)))
    axes.margins(x=0.0)
    thousands(axes.yaxis)


@styled
def number_histogram(shown: Continuations) -> Figure:
    """Simulated numbers of events of each model, and the observed number, with the number test.

    A delta below 0.025 rejects the forecast number at 5 % (Zechar et al. 2010,
    doi:10.1785/0120090192).
    """
    figure = new_figure(1.1 + 1.5 * len(shown.drawn))
    n = len(shown.observed)
    rows = figure.subplots(len(shown.drawn), 1, sharex=True, squeeze=False)[:, 0]
    high = max(float(np.quantile(done.counts, 0.975)) for done in shown.drawn.values())
    low = min(float(np.quantile(done.counts, 0.0)) for done in shown.drawn.values())
    reach = (min(low, n), min(1.1 * max(high, n) + 2.0, 6.0 * max(n, 5)))
    edges = _integer_edges(*reach)
    for axes, (name, done) in zip(rows, shown.drawn.items(), strict=True):
        (delta1,), (delta2,) = number_test(done.counts, n)
        kept = np.minimum(done.counts, edges[-1] - 0.25)
        label = f"{name}: δ1 = {delta1:.3f}, δ2 = {delta2:.3f}"
        axes.hist(kept, edges, color=colour(name), alpha=0.6)
        axes.axvline(n, color=OBSERVED, lw=2.0)
        axes.set_ylabel("samples")
        axes.set_title(label, loc="left")
    beyond = any(float(done.counts.max()) > edges[-1] for done in shown.drawn.values())
    rest = "; last bar: all beyond" if beyond else ""
    rows[-1].set_xlabel(f"events (line: the {n:,} observed{rest})")
    thousands(rows[-1].xaxis)
    return figure


def _integer_edges(low: float, high: float) -> FloatArray:
    """Bin edges between whole numbers."""
    step = max(int(np.ceil((high - low) / HISTOGRAM_BINS)), 1)
    return np.arange(np.floor(low) - 0.5, high + step, step)


@styled
def magnitudes_and_intervals(shown: Continuations, law: GutenbergRichter) -> Figure:
    """Numbers by magnitude and inter-event time: observed, and 95 % of simulated catalogs.

    Simulated catalogs are scaled to the observed number of events, to compare shapes. Bins of
    magnitudes begin at the completeness of ``law`` and are whole steps of its grid: others would
    hold two of the observed magnitudes here and three there, where simulated ones have no steps.
    """
    figure = new_figure(5.6)
    above, below = figure.subplots(2, 1)
    observed, completeness = shown.observed, law.completeness
    width = whole_steps(MAGNITUDE_WIDTH, law.step)
    # An observed magnitude stands for those of the step above it, or below where it is strict
    seen = observed.magnitudes + law.step * (0.5 - law.strict)
    largest = max([completeness + 1.0, *seen.tolist()])
    magnitudes = completeness + width * np.arange(np.ceil((largest - completeness) / width) + 3)
    magnitudes -= MAGNITUDE_TOLERANCE
    gaps = np.diff(observed.times)
    lowest = np.floor(np.log10(max(gaps.min(), 1e-5))) if gaps.size else -3.0
    span = np.log10(observed.end - observed.start)
    intervals = 10.0 ** np.arange(lowest, span + 0.25, 1.0 / INTERVAL_EDGES_PER_DECADE)
    for name, done in shown.drawn.items():
        parts = [slice(lo, hi) for lo, hi in pairwise(done.edges.tolist())]
        for axes, edges, values in (
            (above, magnitudes, [done.magnitudes[part] for part in parts]),
            (below, intervals, [np.diff(done.times[part]) for part in parts]),
        ):
            total = len(observed) if axes is above else gaps.size
            low, high = _scaled_band(values, edges, total)
            axes.stairs(
                high,
                edges,
                baseline=np.maximum(low, 0.3),
                fill=True,
                color=colour(name),
                alpha=0.25,
                lw=0.0,
                label=f"{name}, 95 %",
            )
    for axes, edges, came in ((above, magnitudes, seen), (below, intervals, gaps)):
        counts, _ = np.histogram(came, edges)
        axes.stairs(np.maximum(counts, 0.3), edges, color=OBSERVED, lw=1.6, label="observed")
        axes.set(yscale="log", ylabel="events per bin")
        axes.set_ylim(0.3, None)
        log_ticks(axes.yaxis)
    above.set_xlabel("magnitude")
    below.set(xscale="log", xlabel="inter-event time (days)")
    powers(below.xaxis)
    legend_above(figure, above)
    return figure


def _scaled_band(values: list[FloatArray], edges: FloatArray, total: int) -> FloatArray:
    counts = np.array(
        [np.histogram(part, edges)[0] * total / part.size for part in values if part.size]
    )
    return band(counts, 0.95) if counts.size else np.zeros((2, edges.size - 1))


def interrupted(starts: Any, ends: Any, values: ArrayLike) -> tuple[Any, FloatArray]:
    """Corners of steps that end where windows are left out, as in gaps of the catalog.

    >>> interrupted(np.array([0.0, 1.0, 5.0]), np.array([1.0, 2.0, 6.0]), [3.0, 4.0, 5.0])[1]
    array([ 3.,  4.,  4., nan,  5.])
    """
    heights = np.asarray(values, dtype=np.float64)
    last = np.flatnonzero(starts[1:] != ends[:-1])
    at = np.repeat(last + 1, 2)
    after = np.stack([heights[last], np.full(last.size, np.nan)], axis=1).ravel()
    return np.insert(starts, at, np.repeat(ends[last], 2)), np.insert(heights, at, after)


@styled
def rolling_windows(
    catalog: Catalog, windows: Sequence[Window], models: Mapping[str, Scores]
) -> Figure:
    """Observed events of consecutive windows within the 50 and 95 % ranges of each forecast."""
    figure = new_figure(1.0 + 2.0 * len(models))
    rows = figure.subplots(len(models), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    starts = axis_times(catalog, [catalog.info.to_days(w.start) for w in windows])
    ends = axis_times(catalog, [catalog.info.to_days(w.end) for w in windows])
    observed = np.array([w.observed for w in windows], dtype=np.float64)
    for axes, (name, row) in zip(rows, models.items(), strict=True):
        q = {}
        for key, values in row.quantiles.items():
            steps, q[key] = interrupted(starts, ends, np.maximum(values, 0.5))
        for low, high, shade in (("0.025", "0.975", 0.2), ("0.25", "0.75", 0.4)):
            axes.fill_between(
                steps, q[low], q[high], step="post", color=colour(name), alpha=shade, lw=0.0
            )
        axes.plot(steps, q["0.5"], color=colour(name), lw=1.0, drawstyle="steps-post")
        outside = (observed < row.quantiles["0.025"]) | (observed > row.quantiles["0.975"])
        shown = np.maximum(observed, 0.5)
        axes.plot(starts, shown, "o", ms=2.5, color=INK)
        axes.plot(starts[outside], shown[outside], "o", ms=4.5, color=OBSERVED)
        within = row.coverage
        axes.set_title(
            f"{name}: {_percent(within['50'])} in 50 %, {_percent(within['95'])} in 95 %",
            loc="left",
        )
        axes.set(yscale="log", ylabel="events")
        log_ticks(axes.yaxis)
    time_axis(rows[-1], catalog)
    return figure


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f} %"


@styled
def calibration(models: Mapping[str, Scores]) -> Figure:
    """Histograms of the probability integral transform: flat for a calibrated forecast."""
    figure = new_figure(1.0 + 1.4 * len(models))
    rows = figure.subplots(len(models), 1, sharex=True, squeeze=False)[:, 0]
    edges = np.linspace(0.0, 1.0, 11)
    for axes, (name, row) in zip(rows, models.items(), strict=True):
        pit = np.asarray(row.pit, dtype=np.float64)
        expected = pit.size / 10.0
        half = 1.96 * np.sqrt(expected * 0.9)
        axes.axhspan(max(expected - half, 0.0), expected + half, color=INK, alpha=0.12, lw=0.0)
        axes.hist(pit, edges, color=colour(name), alpha=0.7)
        axes.axhline(expected, color=INK, lw=0.9)
        axes.set_title(f"{name}: mean {pit.mean():.3f}", loc="left")
        axes.set_ylabel("windows")
    rows[-1].set_xlabel("probability integral transform of the observed number")
    return figure
