"""Plots of forecasts; each function returns a matplotlib Figure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from recast.report.style import INK, OBSERVED, WIDTH, colour, concise_dates, new_figure, styled

if TYPE_CHECKING:
    from catalogs import Catalog
    from recast.forecast import Forecast

ALARM = "#CC3311"


@styled
def rolling_forecasts(name: str, record: dict[str, Any], days: float) -> Figure:
    """Ranges of every window by model with what was observed, and the histogram of the PIT.

    Left: the central 50 and 95 % ranges and the median; windows whose number falls outside the
    95 % range are marked. Right: a calibrated forecast has a flat histogram.
    """
    models, windows = record["models"], record["windows"]
    figure = new_figure(0.7 + 2.1 * len(models), 2.5 * WIDTH)  # many windows side by side
    grid = figure.subplots(len(models), 2, width_ratios=[5, 1], squeeze=False, sharex="col")
    seen = np.array([window["observed"] for window in windows])
    dated = isinstance(windows[0]["start"], str) and ":" in windows[0]["start"]
    if dated:
        stamps: Any = pd.to_datetime([w["start"] for w in windows]).tz_localize(None).to_numpy()
    else:
        stamps = np.array([float(window["start"]) for window in windows])
    for (left, right), (model, row) in zip(grid, models.items(), strict=True):
        shade = colour(model)
        low, quarter, middle, most, high = (np.array(q) for q in row["quantiles"].values())
        left.fill_between(stamps, low, high, step="post", color=shade, alpha=0.2, lw=0.0)
        left.fill_between(stamps, quarter, most, step="post", color=shade, alpha=0.35, lw=0.0)
        left.step(stamps, middle, where="post", color=shade, lw=0.9)
        outside = (seen < low) | (seen > high)
        left.plot(stamps[~outside], seen[~outside], ".", ms=3.0, color=INK)
        left.plot(stamps[outside], seen[outside], "x", ms=4.0, color=OBSERVED)
        left.set_yscale("symlog", linthresh=10.0)
        left.set_ylabel(f"events in\n{days:g} days")
        coverage = row["coverage"]
        left.set_title(
            f"{name}, {model}: {100 * coverage['95']:.1f} % of {seen.size} windows in the 95 % "
            f"range, {100 * coverage['50']:.1f} % in the 50 % range",
        )
        left.margins(x=0.01)
        right.hist(row["pit"], bins=np.linspace(0.0, 1.0, 11), color=shade, alpha=0.6)
        right.axhline(seen.size / 10.0, color=INK, lw=0.8, ls=":")
        right.set_title("PIT")
    if dated:
        concise_dates(grid[-1][0])
    grid[-1][0].set_xlabel("time (UTC)" if dated else "day")
    return figure


@styled
def forecast_fan(catalog: Catalog, record: dict[str, Any], done: Forecast) -> Figure:
    """Number of events before and after the forecast, and expected numbers by magnitude.

    Left: the observed number so far, with time from the forecast, and the central 50 and 95 %
    ranges and the median of what was simulated. Right: for the longest window the expected number
    of events at and above each magnitude with its 95 % range.
    """
    request = done.request
    figure = new_figure(4.0, 2.2 * WIDTH)
    left, right = figure.subplots(1, 2, width_ratios=[3, 2])
    shade = colour(record["model"]["kind"])
    days = done.fan_days
    low, quarter, middle, most, high = np.array(list(record["fan"]["quantiles"].values()))
    left.fill_between(days, low, high, color=shade, alpha=0.2, lw=0.0, label="95 % of simulations")
    left.fill_between(days, quarter, most, color=shade, alpha=0.35, lw=0.0, label="50 %")
    left.plot(days, middle, color=shade, lw=1.2, label="median")
    before = catalog.to_sequence()
    past = before.times[
        (before.times >= request.at - request.horizon) & (before.times < request.at)
    ]
    if past.size:
        left.step(
            np.append(past - request.at, 0.0),
            np.append(np.arange(past.size), past.size) - past.size,
            where="post",
            color=INK,
            lw=1.2,
            label="observed",
        )
    if done.observed is not None:
        times = done.observed.times - request.at
        left.step(
            np.concatenate([[0.0], times, [done.observed.end - request.at]]),
            np.append(np.arange(times.size + 1), times.size),
            where="post",
            color=OBSERVED,
            lw=1.4,
            label="what happened",
        )
    left.axvline(0.0, color=INK, lw=0.8, ls=":")
    left.set_xlabel(f"days from {record['at']}")
    left.set_ylabel("number of events since the forecast")
    left.set_title(f"{record['catalog']}, {record['model']['kind']}")
    left.legend(loc="upper left")
    left.margins(x=0.01)
    rows = [row for row in record["table"] if row["days"] == request.horizon]
    magnitudes = np.array([row["magnitude"] for row in rows])
    expected = np.array([row["expected"] for row in rows])
    ends = np.array([row["ci95"] for row in rows]).T
    some = expected > 0.0
    floor = 0.5 / request.samples  # what is below one event in all simulations is drawn there
    right.vlines(magnitudes, np.maximum(ends[0], floor), np.maximum(ends[1], floor), color=shade)
    right.plot(magnitudes[some], expected[some], "o", color=shade, label="expected, 95 % range")
    seen = [(m, row["observed"]) for m, row in zip(magnitudes, rows, strict=True)]
    shown = [(m, n) for m, n in seen if n]
    if shown:
        right.plot(*zip(*shown, strict=True), "x", color=OBSERVED, label="what happened")
    right.set_yscale("log")
    right.set_ylim(bottom=floor)
    right.set_xlabel("magnitude M")
    right.set_ylabel(f"events >= M in {request.horizon:g} days")
    right.legend()
    if record["leak"]:
        figure.suptitle("LEAK: the model has seen data from after this forecast", color=ALARM)
    return figure
