"""Plots of models on observed events: gains, residuals, intensities, Omori decay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from scipy.special import gammaincinv

from catalogs import Catalog, EventSequence
from catalogs.sequence import FloatArray
from etas.residuals import autocorrelation, count_band
from recast.evaluation import PeriodGain
from recast.evaluation.diagnosis import OMORI_EDGES, largest_scored, omori_stops, trace_times
from recast.models.registry import NULL, REFERENCE
from recast.plots.style import (
    BAND,
    INK,
    OBSERVED,
    PART_COLOURS,
    axis_times,
    colour,
    date_and_time,
    in_lines,
    legend_above,
    line,
    log_ticks,
    new_figure,
    powers,
    styled,
    thinned,
    thousands,
    time_axis,
)

LEFT_OUT = frozenset({NULL})
"""Left out of gains over ETAS and correlations: large losses would hide the rest."""

FEWEST_EXPECTED = 0.01
"""Omori bins with fewer expected events are left out."""


@styled
def cumulative_gain(
    catalog: Catalog,
    test: EventSequence,
    terms: Mapping[str, FloatArray],
    title: str = "",
    *,
    reference: str = REFERENCE,
) -> Figure:
    """Cumulative log-likelihood gain over a reference along the test window, a line per model.

    A model whose line rises steadily is better throughout; one whose line rises in a few steps owes
    its score to a few sequences. Poisson is left out: its losses would hide the rest.
    """
    figure = new_figure(4.2)
    axes, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    times = test.times[test.first_scored :]
    shown = thinned(times.size)
    stamps = axis_times(catalog, times)
    for name, values in terms.items():
        if name == reference or name in LEFT_OUT:
            continue
        gain = values - terms[reference]
        style = {**line(name), "label": f"{name} {gain.mean():+.4f}"}
        axes.plot(stamps[shown], np.cumsum(gain)[shown], **style)
    axes.axhline(0.0, color=INK, lw=0.9, label=reference)
    axes.set_ylabel(f"cumulative gain over\n{reference.upper()} (nats)")
    axes.set_title(in_lines(title))
    thousands(axes.yaxis)
    counts.plot(
        stamps[shown], shown + 1, color=PART_COLOURS["test"], drawstyle="steps-post", lw=1.2
    )
    counts.set_ylabel("events")
    thousands(counts.yaxis)
    time_axis(counts, catalog)
    legend_above(figure, axes)
    return figure


@styled
def gain_by_period(
    catalog: Catalog, periods: Mapping[str, Sequence[PeriodGain]], reference: str
) -> Figure:
    """Mean gain per event in each period with its 95 % interval, a row of points per model."""
    figure = new_figure(3.2)
    axes = figure.subplots()
    for i, (name, rows) in enumerate(periods.items()):
        shift = (i + 1) / (len(periods) + 1)
        some = [row for row in rows if row.n]
        days = np.array([row.start + shift * (row.end - row.start) for row in some])
        mean, low, high = np.array([(row.mean, row.low, row.high) for row in some]).T
        bars = np.nan_to_num(np.array([mean - low, high - mean]))
        axes.errorbar(
            axis_times(catalog, days),
            mean,
            yerr=np.maximum(bars, 0.0),
            fmt="o",
            ms=4.0,
            lw=1.2,
            color=colour(name),
            label=name,
        )
        for row in some:
            ends = axis_times(catalog, [row.start, row.end])
            axes.plot(ends, [row.mean, row.mean], color=colour(name), lw=0.9, alpha=0.5)
    edges = [row.start for row in next(iter(periods.values()))]
    for edge in edges[1:]:
        axes.axvline(axis_times(catalog, edge), color=INK, lw=0.5, alpha=0.25)
    axes.axhline(0.0, color=INK, lw=0.9)
    axes.set_ylabel(f"gain over {reference.upper()}\n(nats per event)")
    time_axis(axes, catalog)
    legend_above(figure, axes)
    return figure


@styled
def transformed_residuals(transformed: Mapping[str, FloatArray], title: str = "") -> Figure:
    """Count minus transformed time with its 95 % band, and intervals against Exp(1)."""
    figure = new_figure(5.6)
    above, below = figure.subplots(2, 1, height_ratios=[1.1, 1])
    first = next(iter(transformed.values()))
    n, half = first.size, count_band(first)
    longest = max(float(values[-1]) for values in transformed.values())
    above.fill_between(
        [0.0, longest], -half, half, color=BAND, alpha=0.2, lw=0.0, label="95 % of true models"
    )
    above.axhline(0.0, color=INK, lw=0.9)
    count, shown = np.arange(1, n + 1), thinned(n)
    quantiles = -np.log1p(-(count - 0.5) / n)
    # Evenly spaced quantiles, to keep all of the few long intervals
    picked = np.unique(np.searchsorted(quantiles, np.linspace(0.0, quantiles[-1], 200)))
    for name, values in transformed.items():
        above.plot(values[shown], (count - values)[shown], **line(name))
        intervals = np.sort(np.diff(values, prepend=0.0))
        below.plot(quantiles[picked], intervals[picked], **line(name))
    above.set(xlabel="transformed time Λ(t) (expected events)", ylabel="observed - expected")
    above.set_title(in_lines(title))
    thousands(above.xaxis)
    thousands(above.yaxis)
    reach = float(quantiles[-1])
    below.plot([0.0, reach], [0.0, reach], color=INK, lw=0.9)
    tops = [float(np.diff(v, prepend=0.0).max()) for k, v in transformed.items() if k != NULL]
    below.set_ylim(-0.03 * reach, 1.15 * max([reach, *tops]))
    below.set(xlabel="exponential quantile", ylabel="transformed interval ΔΛ")
    legend_above(figure, above)
    return figure


@styled
def residual_correlation(transformed: Mapping[str, FloatArray]) -> Figure:
    """Autocorrelation of transformed intervals with the 95 % band of independent ones."""
    figure = new_figure(3.2)
    axes = figure.subplots()
    n = next(iter(transformed.values())).size
    half = 1.96 / np.sqrt(n)
    axes.axhspan(-half, half, color=BAND, alpha=0.2, lw=0.0, label="95 % if independent")
    axes.axhline(0.0, color=INK, lw=0.9)
    tallest = half
    for name, values in transformed.items():
        if name in LEFT_OUT:
            continue
        correlation = autocorrelation(values)
        tallest = max(tallest, float(np.abs(correlation).max()))
        lags = np.arange(1, correlation.size + 1)
        axes.plot(lags, correlation, marker="o", ms=2.5, lw=0.8, **line(name))
    axes.set_ylim(-1.3 * tallest, 1.3 * tallest)
    axes.set(xlabel="lag (events)", ylabel="autocorrelation of\nintervals (as uniforms)")
    legend_above(figure, axes)
    return figure


@styled
def intensity_trace(
    catalog: Catalog, test: EventSequence, traces: Mapping[str, FloatArray]
) -> Figure:
    """Intensities around the largest scored event, logarithmic, with the events as a rug."""
    figure = new_figure(3.8)
    axes, rug = figure.subplots(2, 1, sharex=True, height_ratios=[3.2, 1])
    grid = trace_times(test)
    origin = float(largest_scored(test, 1)[0]) if test.n_scored else test.score_from
    span = float(grid[-1] - grid[0])
    unit, days = ("days", 1.0) if span > 4.0 else ("hours", 1.0 / 24.0)
    x = (grid - origin) / days
    for name, values in traces.items():
        axes.plot(x, values, **{**line(name), "lw": 1.1})
    axes.set(yscale="log", ylabel="intensity λ(t)\n(events per day)")
    log_ticks(axes.yaxis)
    lo, hi = np.searchsorted(test.times, [grid[0], grid[-1]])
    times, magnitudes = test.times[lo:hi], test.magnitudes[lo:hi]
    floor = float(magnitudes.min()) - 0.2 if times.size else 0.0
    rug.vlines((times - origin) / days, floor, magnitudes, color=OBSERVED, lw=0.8)
    rug.plot((times - origin) / days, magnitudes, ".", ms=3, color=OBSERVED)
    rug.set(xlabel=f"{unit} since {date_and_time(catalog, origin)}", ylabel="magnitude")
    rug.margins(x=0.01)
    legend_above(figure, axes)
    return figure


@styled
def omori_decay(
    sequence: EventSequence,
    expected: Mapping[str, FloatArray],
    samples: Mapping[str, FloatArray] | None = None,
    title: str = "",
) -> Figure:
    """Rates after the largest scored events, stacked, against time since; logarithmic axes.

    Expected numbers are those of ``recast.evaluation.Diagnosis``, given all events, so that both
    include secondary aftershocks. ``samples`` (sample, bin) are numbers in trajectories simulated
    from the past up to each event; the band is their range, 95 % for 39. Bars are 95 % confidence
    intervals of the expected numbers (``poisson_interval``).
    """
    stops = omori_stops(sequence)
    largest = stops.shape[0]
    observed = np.diff(np.searchsorted(sequence.times, stops, side="right"), axis=1).sum(axis=0)
    days = np.diff(stops, axis=1).sum(axis=0)
    most = np.max(list(expected.values()), axis=0)
    seen = (days > 0.0) & ((most > FEWEST_EXPECTED) | (observed > 0))
    middle = np.sqrt(OMORI_EDGES[1:] * OMORI_EDGES[:-1])
    figure = new_figure(3.8)
    axes = figure.subplots()
    for name, counts in (samples or {}).items():
        reach = np.flatnonzero(seen[: counts.shape[1]])
        # Zero events lie below every logarithmic axis
        ends = np.clip([counts.min(axis=0), counts.max(axis=0)], 1e-9, 1e9)[:, reach] / days[reach]
        axes.fill_between(
            middle[reach], *ends, color=colour(name), alpha=0.18, lw=0.0, label=f"{name}, samples"
        )
    for name, counts in expected.items():
        axes.plot(middle[seen], counts[seen] / days[seen], **line(name))
    some = seen & (observed > 0)
    low, high = poisson_interval(observed[some]) / days[some]
    rates = observed[some] / days[some]
    bars = np.array([rates - low, high - rates])
    magnitudes = np.sort(sequence.magnitudes[sequence.first_scored :])[::-1][:largest]
    axes.errorbar(
        middle[some],
        rates,
        yerr=np.maximum(bars, 0.0),
        fmt="o",
        ms=3.5,
        lw=0.9,
        color=OBSERVED,
        label=f"observed, M {magnitudes[-1]:.1f}-{magnitudes[0]:.1f}",
    )
    axes.set(xscale="log", yscale="log", xlabel="days since the event")
    shown = np.concatenate([rates, *(counts[seen] / days[seen] for counts in expected.values())])
    drawn = shown > np.finfo(float).tiny
    shown = shown[drawn] if drawn.any() else np.ones(1)  # the window ends at once
    axes.set_ylim(0.3 * shown.min(), 4.0 * shown.max())
    axes.set_xlim(0.5 * OMORI_EDGES[0], 2.0 * OMORI_EDGES[-1])
    axes.set_ylabel("events per day")
    powers(axes.xaxis)
    log_ticks(axes.yaxis)
    axes.set_title(in_lines(title))
    legend_above(figure, axes)
    return figure


def poisson_interval(counts: FloatArray) -> FloatArray:
    """Ends of the 95 % interval of the mean of a Poisson variable, by counts of 1 or more, (2, n).

    Those of Garwood (1936, doi:10.1093/biomet/28.3-4.437): at the lower end as many or more, at the
    upper one as many or fewer come in 2.5 % of cases.

    Examples
    --------
    >>> poisson_interval(np.array([1.0, 4.0])).round(2)
    array([[ 0.03,  1.09],
           [ 5.57, 10.24]])
    """
    return np.array([gammaincinv(counts, 0.025), gammaincinv(counts + 1.0, 0.975)])
