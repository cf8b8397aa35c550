"""Plots of forecasts; each function returns a matplotlib Figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from recast.report.plots import MODEL_COLOURS, concise_dates

OBSERVED_COLOUR = "#BB5566"


def rolling_forecasts(name: str, record: dict[str, Any], days: float) -> Figure:
    """Ranges of every window by model with what was observed, and the histogram of the PIT.

    Left: the central 50 and 95 % ranges and the median; windows whose number falls outside the
    95 % range are marked. Right: a calibrated forecast has a flat histogram.
    """
    models, windows = record["models"], record["windows"]
    figure = Figure(figsize=(11.0, 0.7 + 2.1 * len(models)), layout="constrained")
    grid = figure.subplots(len(models), 2, width_ratios=[5, 1], squeeze=False, sharex="col")
    seen = np.array([window["observed"] for window in windows])
    dated = isinstance(windows[0]["start"], str) and ":" in windows[0]["start"]
    if dated:
        stamps: Any = pd.to_datetime([w["start"] for w in windows]).tz_localize(None).to_numpy()
    else:
        stamps = np.array([float(window["start"]) for window in windows])
    for (left, right), (model, row) in zip(grid, models.items(), strict=True):
        colour = MODEL_COLOURS.get(model, "#EE7733")
        low, quarter, middle, most, high = (np.array(q) for q in row["quantiles"].values())
        left.fill_between(stamps, low, high, step="post", color=colour, alpha=0.2, lw=0.0)
        left.fill_between(stamps, quarter, most, step="post", color=colour, alpha=0.35, lw=0.0)
        left.step(stamps, middle, where="post", color=colour, lw=0.9)
        outside = (seen < low) | (seen > high)
        left.plot(stamps[~outside], seen[~outside], ".", ms=3.0, color="#222222")
        left.plot(stamps[outside], seen[outside], "x", ms=4.0, color=OBSERVED_COLOUR)
        left.set_yscale("symlog", linthresh=10.0)
        left.set_ylabel(f"events in\n{days:g} days")
        coverage = row["coverage"]
        left.set_title(
            f"{name}, {model}: {100 * coverage['95']:.1f} % of {seen.size} windows in the 95 % "
            f"range, {100 * coverage['50']:.1f} % in the 50 % range",
            fontsize=9,
        )
        left.margins(x=0.01)
        right.hist(row["pit"], bins=np.linspace(0.0, 1.0, 11), color=colour, alpha=0.6)
        right.axhline(seen.size / 10.0, color="#222222", lw=0.8, ls=":")
        right.set_title("PIT", fontsize=9)
    if dated:
        concise_dates(grid[-1][0])
    grid[-1][0].set_xlabel("time (UTC)" if dated else "day")
    return figure
