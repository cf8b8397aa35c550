"""The plots that a benchmark writes; each function returns a matplotlib Figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from catalogs import Catalog, EventSequence, Split
from catalogs.catalog import NANOSECONDS_PER_DAY
from catalogs.sequence import FloatArray

PART_COLOURS = {"train": "#4477AA", "val": "#CCBB44", "test": "#EE6677"}
MODEL_COLOURS = {
    "poisson": "#999999",
    "etas": "#222222",
    "recast-paper": "#AA3377",
    "recast": "#0077BB",
    "recast-ensemble": "#009988",
    "recast-zero-shot": "#66CCEE",
    "recast-few-shot": "#EE7733",
    "truth": "#228833",
}
"""Colour-blind safe (Paul Tol's bright scheme)."""


def magnitude_time(catalog: Catalog, split: Split) -> Figure:
    """Magnitudes in time, the scored windows shaded; dot areas grow as 10^M."""
    figure = Figure(figsize=(9.0, 3.6), layout="constrained")
    axes = figure.subplots()
    sequence, info = split.test, catalog.info
    for name, part in split.items():
        axes.axvspan(
            axis_times(catalog, part.score_from),
            axis_times(catalog, part.end),
            color=PART_COLOURS[name],
            alpha=0.15,
            lw=0.0,
            label=f"{name}: {part.n_scored:,} events",
        )
    excess = np.clip(sequence.magnitudes - sequence.magnitudes.max(), -5.0, 0.0)
    axes.scatter(
        axis_times(catalog, sequence.times),
        sequence.magnitudes,
        s=1.0 + 90.0 * 10.0**excess,
        c="#222222",
        alpha=0.4,
        lw=0.0,
        rasterized=True,
    )
    axes.axhline(info.magnitude_completeness, color="#222222", lw=0.8, ls=":")
    axes.set_xlabel("day" if info.uses_plain_days else "time (UTC)")
    axes.set_ylabel("magnitude")
    axes.set_title(f"{info.title or info.name} ({len(sequence):,} events)", fontsize=10)
    axes.legend(loc="upper right", fontsize=8, framealpha=0.9)
    axes.margins(x=0.01)
    if not info.uses_plain_days:
        concise_dates(axes)
    return figure


def cumulative_gain(
    catalog: Catalog, test: EventSequence, terms: Mapping[str, FloatArray]
) -> Figure:
    """Cumulative log-likelihood gain over ETAS along the test window, one line a model.

    A line that rises steadily is a model that is better throughout; one that rises in a few steps
    owes its score to a few sequences. Poisson is left out: its losses would hide the rest.
    """
    figure = Figure(figsize=(9.0, 4.2), layout="constrained")
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    times = test.times[test.first_scored :]
    stamps = axis_times(catalog, times)
    for name, values in terms.items():
        if name in {"etas", "poisson"}:
            continue
        gain = values - terms["etas"]
        axes.plot(
            stamps,
            np.cumsum(gain),
            color=MODEL_COLOURS.get(name, "#EE7733"),
            lw=1.4,
            label=f"{name}: {gain.mean():+.4f} nats per event",
        )
    axes.axhline(0.0, color=MODEL_COLOURS["etas"], lw=0.8, label="etas")
    axes.set_ylabel("cumulative gain\nover ETAS (nats)")
    axes.set_title(f"{catalog.info.title or catalog.info.name}: test window", fontsize=10)
    axes.legend(fontsize=8, framealpha=0.9)
    counts.plot(stamps, np.arange(1, times.size + 1), color=PART_COLOURS["test"], lw=1.2)
    counts.set_ylabel("events")
    counts.set_xlabel("day" if catalog.info.uses_plain_days else "time (UTC)")
    counts.margins(x=0.01)
    if not catalog.info.uses_plain_days:
        concise_dates(counts)
    return figure


def save(figure: Figure, path: Path) -> Path:
    """Write a figure as PNG, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}")
    figure.savefig(scratch, dpi=150, format="png")
    scratch.replace(path)
    return path


def axis_times(catalog: Catalog, days: ArrayLike) -> Any:
    """Dates for the time axis, or plain days where the catalog has no calendar."""
    offsets = np.asarray(days, dtype=np.float64)
    start = catalog.info.to_time(0.0)
    if isinstance(start, float):
        return start + offsets
    return start.to_datetime64() + np.round(offsets * NANOSECONDS_PER_DAY).astype("timedelta64[ns]")


def concise_dates(axes: Any) -> None:
    """Short date labels on the time axis."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
