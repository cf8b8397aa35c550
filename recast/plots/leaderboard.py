"""Gains of many models on one catalog, one below the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from recast.plots.style import BAND, INK, OBSERVED, new_figure, styled

ROW_HEIGHT, MARGIN = 0.27, 0.9
"""Inches that a row takes, and the axis below all of them."""

LETTERS = 28
"""Of a name, that leave room for the gains."""


@dataclass(frozen=True)
class GainRow:
    """A row of the plot: a gain, its interval where it is known, and whether it is published."""

    label: str
    gain: float
    ci95: tuple[float, float] | None
    published: bool


@styled
def gains_in_rows(rows: Sequence[GainRow]) -> Figure:
    """Gain over ETAS with its 95 % interval, a row per model, the first on top."""
    figure = new_figure(MARGIN + ROW_HEIGHT * len(rows))
    axes = figure.subplots()
    for i, row in enumerate(rows):
        shade = OBSERVED if row.published else BAND
        if row.ci95 is not None:
            axes.plot(row.ci95, (i, i), color=shade, lw=1.5)
        axes.plot(row.gain, i, "D" if row.published else "o", color=shade, ms=5.0)
    axes.axvline(0.0, color=INK, lw=0.9)
    axes.set(ylim=(len(rows) - 0.5, -0.5), xlabel="gain over ETAS (nats per event)")
    axes.set_yticks(range(len(rows)), [_short(row.label) for row in rows])
    for label in axes.get_yticklabels():
        label.set_parse_math(False)  # names of others are text, whatever is in them
    return figure


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}\u2026"
