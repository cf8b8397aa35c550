"""Plots of `recast catalogs check`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from catalogs import Catalog
from recast.plots.style import (
    INK,
    OBSERVED,
    WIDTH,
    axis_times,
    concise_dates,
    dots,
    log_ticks,
    new_figure,
    powers,
    styled,
)

EVENTS, ESTIMATE, GAP = INK, OBSERVED, "#CCBB44"
MONTHS = 30.0


@styled
def over_time(catalog: Catalog, report: dict[str, Any]) -> Figure:
    """Magnitudes with completeness, b-values, and monthly numbers with gaps, along time."""
    figure = new_figure(7.2, 2.0 * WIDTH)
    top, middle, bottom = figure.subplots(3, 1, sharex=True, height_ratios=[2, 1, 1])
    days, end = catalog.days, catalog.info.to_days(catalog.info.end)
    inside = catalog.rows_in_window()
    m = catalog.events["magnitude"].to_numpy(np.float64)[inside]
    shown, label = dots(m)
    stamps = axis_times(catalog, days[inside][shown])
    top.scatter(stamps, m[shown], s=1.0, c=EVENTS, alpha=0.2, lw=0.0, label=label, rasterized=True)
    threshold = report["magnitude_completeness"]
    top.axhline(threshold, color=EVENTS, lw=0.8, ls=":", label=f"completeness {threshold:g}")
    for i, step in enumerate(report["completeness_over_time"]):
        label = "maximum curvature + 0.2" if i == 0 else None
        span, level = _dates(step), [step["completeness"]] * 2
        top.plot(span, level, color=ESTIMATE, lw=2.0, label=label)
    top.set_ylabel("magnitude")
    top.legend(loc="upper right")
    top.set_title(f"{report['catalog']}: {report['events']:,} events")
    for step in report["b_over_time"]:
        low, high = (step["b"] + sign * step["standard_error"] for sign in (-1.0, 1.0))
        middle.fill_between(_dates(step), low, high, color=ESTIMATE, alpha=0.3, lw=0.0)
        middle.plot(_dates(step), [step["b"]] * 2, color=ESTIMATE, lw=1.6)
    middle.set_ylabel("b-value")
    complete = days[catalog.complete_rows()]
    edges = np.append(np.arange(0.0, end, MONTHS), end)
    counts, _ = np.histogram(complete, edges)
    bottom.stairs(counts, axis_times(catalog, edges), color=EVENTS, lw=0.8)
    for gap in report["gaps"]:
        bottom.axvspan(*_dates(gap), color=GAP, alpha=0.7, lw=0.0)
    bottom.set_yscale("symlog")
    powers(bottom.yaxis)
    bottom.set_ylabel(f"complete events\nin {MONTHS:g} days")
    bottom.set_xlabel("time (UTC); gaps are shaded")
    bottom.margins(x=0.01)
    concise_dates(bottom)
    return figure


@styled
def magnitudes_and_hours(catalog: Catalog, report: dict[str, Any]) -> Figure:
    """Cumulative numbers by magnitude, magnitudes on tenths by year, and events by hour of day."""
    figure = new_figure(3.8, 2.5 * WIDTH)
    law, grid, clock = figure.subplots(1, 3)
    m = np.sort(catalog.events["magnitude"].to_numpy(np.float64))
    sizes, first = np.unique(m, return_index=True)
    law.step(sizes, m.size - first, color=EVENTS, lw=1.2, where="pre")
    law.axvline(report["magnitude_completeness"], color=ESTIMATE, lw=1.0, ls=":")
    law.set_yscale("log")
    log_ticks(law.yaxis)
    law.set_xlabel("magnitude (completeness dotted)")
    law.set_ylabel("events at and above")
    shares = report["magnitude_resolution"]["share_on_tenths_by_year"]
    grid.plot([int(year) for year in shares], list(shares.values()), "o-", ms=3.0, color=EVENTS)
    grid.axhline(0.1, color=ESTIMATE, lw=1.0, ls=":")
    grid.set_xlim(min(map(int, shares)) - 1, max(map(int, shares)) + 1)
    grid.set_ylim(-0.03, 1.03)
    grid.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    grid.set_xlabel("year (0.1 is due to hundredths)")
    grid.set_ylabel("share of magnitudes on tenths")
    for name, colour in (("all", EVENTS), ("complete", ESTIMATE)):
        part = report["time_of_day"][name]
        counts = np.asarray(part["hours"], dtype=np.float64)
        label = f"{name}: day / night {part['day_to_night']:.2f}" if "ci95" in part else name
        clock.stairs(
            counts / counts.mean(),
            np.arange(25.0),
            baseline=None,
            color=colour,
            lw=1.4,
            label=label,
        )
    clock.axhline(1.0, color=EVENTS, lw=0.6, ls=":")
    zone = "local solar time" if report["time_of_day"]["all"]["local"] else "UTC"
    clock.set_xlabel(f"hour ({zone})")
    clock.set_ylabel("events, over the mean hour")
    clock.legend()
    return figure


def _dates(span: dict[str, Any]) -> list[Any]:
    return [pd.Timestamp(span[edge]).tz_localize(None).to_datetime64() for edge in ("start", "end")]
