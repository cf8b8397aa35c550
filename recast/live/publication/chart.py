"""Numbers of earthquakes so far and expected, as a picture for people."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from catalogs.sequence import FloatArray
from recast.forecast.results import Fan
from recast.live.publication.language import Language
from recast.plots.style import BAND, INK, OBSERVED, new_figure, styled, thinned

AHEAD = (7.0, 30.0)
"""Days that are drawn if the fan has points enough: of a year, the next days would be a line."""

POINTS = 4

NARROW = 4.0
"""Inches: text of a figure of this width can be read on a telephone."""

LETTERS = 34
"""Of a legend that fits on one line."""

SHORT = 3.0
"""Days up to which the axis has hours."""


def drawn_until(fan: Fan) -> float:
    """Days ahead that are drawn: the first of ``AHEAD`` that the fan resolves, or all of it."""
    days = np.array(fan.days)
    for ahead in AHEAD:
        near = days[(days > 0.0) & (days <= ahead)]
        if ahead < days[-1] and near.size >= POINTS:
            return ahead
    return float(days[-1])


@styled
def fan_chart(
    fan: Fan,
    days_before: FloatArray,
    earlier: int,
    language: Language,
    *,
    at: str,
    magnitude: float,
) -> Figure:
    """Draw the cumulative number of events before and after a forecast.

    Parameters
    ----------
    fan : Fan
        Quantiles of the number from the forecast on.
    days_before : array (event,)
        Days before the forecast of the events that are drawn, decreasing.
    earlier : int
        Events before those, which count as well.
    language : Language
        Of the labels.
    at : str
        Time of the forecast, in words.
    magnitude : float
        Events at or above it are counted.
    """
    until = drawn_until(fan)
    scale = 24.0 if until <= SHORT else 1.0
    days = np.array(fan.days)
    ahead = np.append(days[days < until], until)
    begun = earlier + days_before.size
    low, quarter, middle, most, high = (
        begun + np.interp(ahead, days, line) for line in fan.quantiles.values()
    )
    x = scale * ahead
    figure = new_figure(3.6, NARROW)
    axes = figure.subplots()
    axes.fill_between(x, low, high, color=BAND, alpha=0.22, lw=0.0, label=_say(language, "most"))
    axes.fill_between(x, quarter, most, color=BAND, alpha=0.4, lw=0.0, label=_say(language, "half"))
    axes.plot(x, middle, color=BAND, ls="--", label=_say(language, "median"))
    _past(axes, -scale * days_before, earlier, _say(language, "observed"))
    axes.axvline(0.0, color=INK, lw=0.8, ls=":")
    axes.set_xlabel(_say(language, "hours" if scale > 1.0 else "days", at=at))
    axes.set_ylabel(_say(language, "count", magnitude=language.magnitude(magnitude)))
    axes.set_ylim(bottom=0.0 if earlier == 0 else None)
    axes.margins(x=0.01)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: language.number(value)))
    handles, labels = axes.get_legend_handles_labels()
    columns = len(labels) if sum(map(len, labels)) <= LETTERS else 2
    figure.legend(handles, labels, loc="outside upper left", ncols=columns, columnspacing=0.9)
    return figure


def _past(axes: Axes, times: FloatArray, earlier: int, label: str) -> None:
    """Draw events that happened as steps, up to now."""
    counts = earlier + np.arange(times.size + 1)
    begin = times[:1] if times.size else np.array([0.0])
    steps = np.concatenate([begin, times, [0.0]])
    kept = thinned(steps.size)
    axes.step(
        steps[kept],
        np.append(counts, counts[-1])[kept],
        where="post",
        color=OBSERVED,
        lw=2.0,
        label=label,
    )


def _say(language: Language, key: str, **values: object) -> str:
    """A label of the chart."""
    return language.say(f"pictures.fan_{key}", **values)
