"""Plots of a catalog: magnitudes in time, their distribution, and a map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from catalogs import Catalog, EventSequence, GutenbergRichter, InputError, Split
from catalogs.completeness import WINDOW_EVENTS, moving_completeness
from catalogs.magnitudes import b_standard_error
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches
from recast.plots.style import (
    INK,
    OBSERVED,
    PART_COLOURS,
    axis_times,
    band,
    dots,
    in_lines,
    legend_above,
    log_ticks,
    new_figure,
    styled,
    time_axis,
    whole_steps,
)

DOTS = "#5B8DB8"
"""Between light and dark: dots are an image that does not adapt to the page."""

MC_COLOUR = "#AA3377"

BAR_WIDTH, DOT_SPACING = 0.1, 0.05
"""Magnitude units of the bins, and between two dots of cumulative numbers: or the whole steps of
the catalog that are nearest."""

LAW_DRAWS = 400
"""Catalogs drawn for the band of the frequency-magnitude plot."""

MAP_EVENTS = 20_000
"""Largest number of events on a map: more would hide each other."""


@styled
def magnitude_time(catalog: Catalog, split: Split, title: str = "") -> Figure:
    """Magnitudes in time, the scored windows shaded, completeness of 300 successive events.

    Dot areas grow as 10^M.
    """
    figure = new_figure(3.4)
    axes = figure.subplots()
    sequence, info = split.test, catalog.info
    for name, part in split.items():
        axes.axvspan(
            axis_times(catalog, part.score_from),
            axis_times(catalog, part.end),
            color=PART_COLOURS[name],
            alpha=0.18,
            lw=0.0,
            label=f"{name}: {part.n_scored:,}",
        )
    shown, label = dots(sequence.magnitudes)
    axes.scatter(
        axis_times(catalog, sequence.times[shown]),
        sequence.magnitudes[shown],
        s=_areas(sequence.magnitudes[shown]),
        c=DOTS,
        alpha=0.6,
        lw=0.0,
        label=label,
        rasterized=True,
    )
    rows = catalog.rows_in_window()
    magnitudes = catalog.events["magnitude"].to_numpy(np.float64)[rows]
    edges, levels = moving_completeness(catalog.days[rows], magnitudes)
    if levels.size:
        stamps = axis_times(catalog, edges)
        label = f"Mc(t), {WINDOW_EVENTS} events"
        axes.stairs(levels, stamps, baseline=None, color=MC_COLOUR, lw=1.2, label=label)
    mc = info.magnitude_completeness
    axes.axhline(mc, color=INK, lw=1.0, ls="--", label=f"Mc = {mc:g}")
    axes.set_ylabel("magnitude")
    axes.set_ylim(mc - 0.3, None)
    axes.set_title(in_lines(title))
    time_axis(axes, catalog)
    legend_above(figure, axes)
    return figure


def _areas(magnitudes: FloatArray) -> FloatArray:
    """Areas of dots: 10^M, over five magnitude units."""
    excess = np.clip(magnitudes - magnitudes.max(), -5.0, 0.0)
    return np.asarray(2.0 + 90.0 * 10.0**excess)


@styled
def frequency_magnitude(
    magnitudes: FloatArray, law: GutenbergRichter, bin_width: float, title: str = ""
) -> Figure:
    """Numbers of events by magnitude, in bins and cumulative, with the fitted law.

    The band holds 95 % of catalogs of as many events drawn from the law, its b from the normal
    distribution of the estimate with the standard error of Shi and Bolt (1982). ``bin_width`` is
    the grid of the magnitudes. Between two of its magnitudes the number does not change but the
    law falls, so that the cumulative number is drawn at magnitudes of the grid only; where the law
    is strict, at the step below, which such an event is above.
    """
    figure = new_figure(3.6)
    axes = figure.subplots()
    width, spacing = whole_steps(BAR_WIDTH, bin_width), whole_steps(DOT_SPACING, bin_width)
    first = min(float(magnitudes.min()), law.completeness)
    edges = first + width * np.arange(np.ceil((magnitudes.max() - first) / width) + 2)
    edges -= 0.5 * bin_width if bin_width else 0.0
    counts, _ = np.histogram(magnitudes, edges)
    middle = edges[:-1] + 0.5 * width
    above = magnitudes[reaches(magnitudes, law.completeness)]
    error = b_standard_error(above, law.b)
    m = np.arange(law.completeness, magnitudes.max() + 0.5, 0.05)
    low, high = _simulated_numbers(law, error, above.size, m)
    axes.fill_between(m, low, high, color=INK, alpha=0.2, lw=0.0, label="95 % of simulated")
    label = f"b = {law.b:.3f} ± {error:.3f}"
    axes.plot(m, above.size * law.share_above(m), color=INK, label=label)
    steps = np.arange(first, magnitudes.max() + spacing, spacing)
    reached = steps - max(0.5 * bin_width, MAGNITUDE_TOLERANCE)
    number = magnitudes.size - np.searchsorted(np.sort(magnitudes), reached)
    held = (number > 0) & (number < magnitudes.size)
    at = steps - bin_width * law.strict
    axes.plot(at[held], number[held], "o", ms=2.5, color=OBSERVED, label="M or larger")
    some = counts > 0
    axes.plot(middle[some], counts[some], "^", ms=4, color="#4477AA", label=f"per {width:g} units")
    mc = law.completeness
    axes.axvline(mc, color=INK, lw=1.0, ls="--", label=f"Mc = {mc:g}")
    axes.set(yscale="log", xlabel="magnitude", ylabel="number of events")
    axes.set_ylim(0.6, 2.0 * magnitudes.size)
    axes.set_xlim(first - 0.1, magnitudes.max() + 0.5)
    axes.set_title(in_lines(title))
    log_ticks(axes.yaxis)
    legend_above(figure, axes)
    return figure


def _simulated_numbers(law: GutenbergRichter, error: float, n: int, m: FloatArray) -> FloatArray:
    """2.5 and 97.5 % quantiles of the number of events at or above each m, shape (2, m)."""
    rng = np.random.default_rng(0)
    draws = np.maximum(rng.normal(law.b, error, LAW_DRAWS), 0.05)
    shares = np.array([replace(law, b=b).share_above(m) for b in draws])
    return band(rng.binomial(n, shares).astype(np.float64), 0.95)


@styled
def event_map(catalog: Catalog, test: EventSequence) -> Figure:
    """Epicentres, coloured by time, dot areas growing as 10^M; the largest are drawn on top.

    Raises
    ------
    InputError
        If the sequence has no locations.
    """
    if test.locations is None:
        raise InputError(f"catalog {catalog.info.name!r} has no locations, so it has no map")
    figure = new_figure(4.2)
    axes = figure.subplots()
    largest = np.argsort(test.magnitudes, kind="stable")[-MAP_EVENTS:]
    latitude, longitude = test.locations[largest].T
    # A region across the date line is one region
    if np.ptp(longitude) > 180.0:
        longitude = longitude % 360.0
    values, label = _when(catalog, test.times[largest])
    norm = Normalize(float(values.min()), float(values.max()))
    axes.scatter(
        longitude,
        latitude,
        c=values,
        s=_areas(test.magnitudes[largest]),
        cmap="viridis",
        norm=norm,
        alpha=0.7,
        lw=0.0,
        rasterized=True,
    )
    axes.set_aspect(1.0 / max(np.cos(np.radians(latitude.mean())), 0.1), adjustable="box")
    # A single event far away must not shrink all others to a dot
    for fit, degrees in ((axes.set_xlim, longitude), (axes.set_ylim, latitude)):
        low, high = np.quantile(degrees, [0.005, 0.995])
        margin = 0.1 * (high - low) + 0.01
        fit(low - margin, high + margin)
    axes.set(xlabel="longitude (°E)", ylabel="latitude (°N)")
    bar = figure.colorbar(ScalarMappable(norm, "viridis"), ax=axes, location="top", aspect=40)
    bar.set_label(label)
    bar.outline.set_visible(False)
    return figure


def _when(catalog: Catalog, times: FloatArray) -> tuple[FloatArray, str]:
    """Values and label of the time scale: years, or days for a short catalog."""
    start = catalog.info.to_time(0.0)
    if isinstance(start, float) or np.ptp(times) < 730.0:
        return times - times.min(), "days since the first event"
    return start.year + (start.day_of_year - 1 + times) / 365.25, "year"
