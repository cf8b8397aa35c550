"""Plots of single and rolling forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from catalogs import Catalog
from recast.plots.continuations import Scores, Window, interrupted
from recast.plots.style import (
    INK,
    OBSERVED,
    WIDTH,
    colour,
    concise_dates,
    date_and_time,
    new_figure,
    powers,
    styled,
)

ALARM = "#CC3311"


class Rolled(Protocol):
    """Rolling forecasts of a catalog: its windows, and scores by model."""

    @property
    def windows(self) -> Sequence[Window]:
        """Windows in order of time."""
        ...

    @property
    def models(self) -> Mapping[str, Scores]:
        """Scores by model."""
        ...


@styled
def rolling_forecasts(name: str, rolled: Rolled, days: float) -> Figure:
    """Ranges of every window by model with the observed numbers, and the PIT histogram.

    Left: the central 50 and 95 % ranges and the median; windows whose number falls outside the
    95 % range are marked. Right: a calibrated forecast has a flat histogram.
    """
    models, windows = rolled.models, rolled.windows
    figure = new_figure(0.7 + 2.1 * len(models), 2.5 * WIDTH)  # many windows side by side
    grid = figure.subplots(len(models), 2, width_ratios=[5, 1], squeeze=False, sharex="col")
    seen = np.array([window.observed for window in windows])
    dated = ":" in windows[0].start
    stamps, ends = (
        pd.to_datetime(written).tz_localize(None).to_numpy()
        if dated
        else np.array(written, dtype=np.float64)
        for written in ([w.start for w in windows], [w.end for w in windows])
    )
    for (left, right), (model, row) in zip(grid, models.items(), strict=True):
        shade = colour(model)
        both = [interrupted(stamps, ends, q) for q in row.quantiles.values()]
        steps = both[0][0]
        low, quarter, middle, most, high = (q for _, q in both)
        left.fill_between(steps, low, high, step="post", color=shade, alpha=0.2, lw=0.0)
        left.fill_between(steps, quarter, most, step="post", color=shade, alpha=0.35, lw=0.0)
        left.step(steps, middle, where="post", color=shade, lw=0.9)
        outside = (seen < row.quantiles["0.025"]) | (seen > row.quantiles["0.975"])
        left.plot(stamps[~outside], seen[~outside], ".", ms=3.0, color=INK)
        left.plot(stamps[outside], seen[outside], "x", ms=4.0, color=OBSERVED)
        left.set_yscale("symlog", linthresh=10.0)
        powers(left.yaxis)
        left.set_ylabel(f"events in\n{days:g} days")
        left.set_title(
            f"{name}, {model}: {100 * row.coverage['95']:.1f} % of {seen.size} windows in the 95 % "
            f"range, {100 * row.coverage['50']:.1f} % in the 50 % range",
        )
        left.margins(x=0.01)
        right.hist(row.pit, bins=np.linspace(0.0, 1.0, 11), color=shade, alpha=0.6)
        right.axhline(seen.size / 10.0, color=INK, lw=0.8, ls=":")
        right.set_title("PIT")
    if dated:
        concise_dates(grid[-1][0])
    grid[-1][0].set_xlabel("time (UTC)" if dated else "day")
    return figure


@styled
def forecast_fan(catalog: Catalog, done: Any) -> Figure:
    """Numbers before and after a forecast, and expected numbers by magnitude.

    ``done`` is a ``ForecastResult``. Left: the cumulative number of events before the forecast, and
    after it where known, with the central 50 and 95 % ranges and the median of the simulations.
    Right: for the longest window, the expected number of events at or above each magnitude with its
    95 % range.
    """
    info, events = catalog.info, catalog.to_sequence()
    at, horizon = (
        info.to_days(done.at if not info.uses_plain_days else float(done.at)),
        done.horizon,
    )
    figure = new_figure(4.0, 2.2 * WIDTH)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    shade = colour(done.kind)
    since = events.times - at
    past = since[(since >= -horizon) & (since < 0.0)]
    begun = past.size
    days = np.array(done.fan.days)
    low, quarter, middle, most, high = begun + np.array(list(done.fan.quantiles.values()))
    left.fill_between(days, low, high, color=shade, alpha=0.2, lw=0.0, label="95 % of simulations")
    left.fill_between(days, quarter, most, color=shade, alpha=0.35, lw=0.0, label="50 %")
    left.plot(days, middle, color=shade, lw=1.4, ls="--", label="median")
    # Until the catalog ends or has a gap
    until = min([events.end, *(max(begin, at) for begin, end in events.gaps if end > at)])
    known = min(horizon, until - at)
    came = since[(since >= 0.0) & (since < known)]
    steps = np.concatenate([[max(-horizon, events.start - at)], past, [0.0]])
    counts = np.append(np.arange(begun + 1), begun)
    left.step(steps, counts, where="post", color=OBSERVED, lw=1.2, label="observed")
    if known > 0.0:
        steps = np.concatenate([[0.0], came, [known]])
        counts = begun + np.append(np.arange(came.size + 1), came.size)
        left.step(steps, counts, where="post", color=OBSERVED, lw=1.8, label="observed since")
    left.axvline(0.0, color=INK, lw=0.8, ls=":")
    left.set_xlabel(f"days from {date_and_time(catalog, at)}")
    left.set_ylabel(f"cumulative number of events, M ≥ {info.magnitude_completeness:g}")
    left.set_ylim(bottom=0.0)
    left.set_title(f"{done.catalog}, {done.kind}")
    left.legend(loc="upper left")
    left.margins(x=0.01)
    _by_magnitude(right, done, shade)
    if done.table[-1].ci95[1] is None:
        cut = f"{done.capped:,} of {done.n_samples:,} simulations were cut off"
        left.set_title(f"{done.catalog}, {done.kind}: {cut}", color=ALARM)
    if done.leak:
        figure.suptitle("LEAK: the model has seen data from after this forecast", color=ALARM)
    return figure


def _by_magnitude(axes: Axes, done: Any, shade: str) -> None:
    """Expected number of events in the longest window at or above each magnitude."""
    rows = [row for row in done.table if row.days == done.horizon]
    magnitudes = np.array([row.magnitude for row in rows])
    expected = np.array([row.expected for row in rows])
    ends = np.array([row.ci95 for row in rows], dtype=np.float64).T  # NaN where unknown
    unknown = np.isnan(ends[1])
    low, high = ends[0], np.where(unknown, expected, ends[1])
    some = expected > 0.0
    floor = 0.5 / done.n_samples  # less than one event in all simulations is drawn there
    axes.vlines(magnitudes, np.maximum(low, floor), np.maximum(high, floor), color=shade)
    axes.plot(magnitudes[some], expected[some], "o", color=shade, label="expected, 95 % range")
    if unknown.any():
        axes.plot(magnitudes[some], expected[some], "^", color=ALARM, label="upper end unknown")
    shown = [(row.magnitude, row.observed) for row in rows if row.observed]
    if shown:
        axes.plot(*zip(*shown, strict=True), "x", color=OBSERVED, label="observed")
    axes.set_yscale("log")
    powers(axes.yaxis)
    axes.set_ylim(bottom=floor)
    axes.set_xlabel("magnitude M")
    axes.set_ylabel(f"events ≥ M in {done.horizon:g} days")
    axes.legend()
