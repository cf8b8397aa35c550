"""Style of all plots: colours, sizes, time axes, and writing figures to files."""

from __future__ import annotations

import functools
import io
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from textwrap import wrap
from typing import Any, ParamSpec, TypeVar

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator, FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike

from catalogs import Catalog
from catalogs.files import write_whole
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray
from recast.models.registry import MIXTURE, model_kind, model_kinds

P = ParamSpec("P")
R = TypeVar("R")

INK = "#202124"
"""Axes, text and observations; on a page it becomes the colour of the text."""

OBSERVED = "#EE6677"
"""Observations that models are compared with."""

BAND = "#4477AA"
"""Ranges of no particular model."""

PART_COLOURS = {"train": "#4477AA", "val": "#CCBB44", "test": "#EE6677"}
SPARE_COLOURS = (
    "#44AA99",
    "#CC6677",
    "#999933",
    "#AA4499",
    "#117733",
    "#88CCEE",
    "#DDCC77",
    "#661100",
)
"""Colours of kinds of models that name none, and of their mixtures; safe for colour-blind readers,
like those that the kinds name (Paul Tol's schemes)."""

ON_DARK = {
    "#222222": "#E8EAED",
    "#4477AA": "#77AADD",
    "#AA3377": "#DD77AA",
    "#661100": "#CC7766",
    "#882255": "#BB6699",
    "#0077BB": "#55AAEE",
    "#009988": "#33BBAA",
    "#228833": "#55BB66",
    "#117733": "#55BB77",
    "#AA4499": "#DD88CC",
    "#999933": "#BBBB55",
    "#CC3311": "#FF7755",
}
"""Replacements of colours that are too dark for a dark page."""

STYLE: Any = {  # matplotlib types the names of its settings, not dictionaries of them
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.titlesize": 10.0,
    "axes.labelsize": 10.0,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "legend.fontsize": 9.0,
    "legend.frameon": False,
    "legend.handlelength": 1.5,
    "legend.columnspacing": 1.2,
    "legend.borderaxespad": 0.2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.useoffset": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.5,
    "savefig.dpi": 130,
    # Text stays text: small, searchable, accessible
    "svg.fonttype": "none",
    # And no name of a catalog or model is taken for a formula
    "text.parse_math": False,
}

WIDTH = 4.4
"""Inches: narrow, so that text stays readable when a figure shrinks to the width of a phone."""

TITLE = 50
"""Characters that fit above a plot of that width."""

LEGEND_HANDLE, LEGEND_LETTER = 0.45, 0.072
"""Inches that the line and each letter of a legend take."""

DRAWN_DOTS = 200_000
"""Events in a plot of magnitudes against time: more are a wall, and take seconds a million."""

DRAWN_POINTS = 1500
"""A curve needs no more points than pixels across."""


def styled(make: Callable[P, R]) -> Callable[P, R]:
    """Make a function draw in our style, leaving matplotlib's settings unchanged."""

    @functools.wraps(make)
    def within(*args: P.args, **kwargs: P.kwargs) -> R:
        # The margins of a logarithmic axis may lie beyond the largest number
        with mpl.rc_context(STYLE), np.errstate(over="ignore"):
            return make(*args, **kwargs)

    return within


def new_figure(height: float = 3.4, width: float = WIDTH) -> Figure:
    """Make an empty figure that makes room for its labels."""
    return Figure(figsize=(width, height), layout="constrained")


def colour(model: str) -> str:
    """Colour of a model, or of the mixture of its seeds.

    Raises
    ------
    InputError
        If no kind of model has that name.
    """
    kind, is_mixture = model_kind(model), model.endswith(MIXTURE)
    own = kind.mixture_colour if is_mixture else kind.colour
    if own is not None:
        return own
    names = [kind.name for kind in model_kinds().values() if kind.colour is None]
    unlisted = len(names) + zlib.crc32(kind.name.encode())  # a file
    i = names.index(kind.name) if kind.name in names else unlisted
    return SPARE_COLOURS[(2 * i + is_mixture) % len(SPARE_COLOURS)]


def line(model: str) -> dict[str, Any]:
    """Colour, dashes and name of a model's curve."""
    return {"color": colour(model), "ls": model_kind(model).dashes, "label": model}


def in_lines(title: str, width: int = TITLE) -> str:
    """Wrap a title."""
    return "\n".join(wrap(title, width))


def legend_above(figure: Figure, axes: Axes) -> None:
    """Put the legend of ``axes`` above the figure, in columns that fit, where it hides no data."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        each = LEGEND_HANDLE + LEGEND_LETTER * max(map(len, labels))
        columns = max(int(figure.get_figwidth() / each), 1)
        figure.legend(handles, labels, loc="outside upper left", ncols=columns)


def thousands(axis: Any) -> None:
    """Label ticks as 12,000 rather than 12000, and only a few on linear axes."""
    if isinstance(axis.get_major_locator(), AutoLocator):
        axis.set_major_locator(MaxNLocator(6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))


SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(value: float, _position: int | None = None) -> str:
    """A number as the label of a tick: a power of ten where it is long.

    >>> [power(value) for value in (0.0, 0.5, 1000.0, 1e-5, -2e6)]
    ['0', '0.5', '1000', '10⁻⁵', '-2·10⁶']
    """
    mantissa, _, exponent = f"{value:.2e}".partition("e")
    if -3 <= int(exponent) <= 3:
        return f"{value:.10g}"
    first = f"{float(mantissa):g}"
    sign = {"1": "", "-1": "-"}.get(first, f"{first}·")
    return f"{sign}10{str(int(exponent)).translate(SUPERSCRIPTS)}"


def powers(axis: Any) -> None:
    """Label the decades of an axis that is logarithmic, perhaps about zero."""
    axis.set_major_formatter(FuncFormatter(power))
    axis.set_minor_formatter(NullFormatter())


def log_ticks(axis: Any) -> None:
    """Label decades, or 1, 2 and 5 of each if an axis spans less than two; call it last."""
    low, high = sorted(axis.get_view_interval())
    steps = (1.0,) if high > 100.0 * low else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=steps))
    powers(axis)
    if low >= 0.01 and high < 1e7:
        thousands(axis)


def whole_steps(width: float, step: float) -> float:
    """The multiple of the step of a grid that is nearest to a width, one step or more.

    Examples
    --------
    >>> [round(whole_steps(0.25, step), 3) for step in (0.0, 0.01, 0.1, 0.5)]
    [0.25, 0.25, 0.2, 0.5]
    """
    return width if step <= MAGNITUDE_TOLERANCE else step * max(round(width / step), 1)


def thinned(n: int, most: int = DRAWN_POINTS) -> np.ndarray:
    """Indices of at most ``most`` of n points, evenly spaced, including the first and last."""
    return np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(np.int64))


def dots(magnitudes: FloatArray, most: int = DRAWN_DOTS) -> tuple[np.ndarray, str | None]:
    """Which events a plot against time shows, in order, and what to call them if not all.

    Of more than ``most`` events the largest tenth of so many, and others evenly spaced.
    """
    n = magnitudes.size
    if n <= most:
        return np.arange(n), None
    largest = np.argpartition(magnitudes, n - most // 10)[n - most // 10 :]
    shown = np.union1d(largest, thinned(n, most - largest.size))
    return shown, f"{shown.size:,} of {n:,} events"


def sign(figure: Figure, text: str) -> None:
    """Add a small line at the foot that identifies a plot away from its page."""
    with mpl.rc_context(STYLE):
        figure.supxlabel(text, fontsize=8.0, x=0.99, ha="right")


EXPECTED_WARNINGS = (
    "Glyph .* missing from",  # scripts that the font lacks; in SVG the reader's font is used
    "constrained_layout not applied",  # a name is longer than the figure is wide
)


def render(figure: Figure, kind: str) -> bytes:
    """Render a figure as PNG or SVG; the same figure gives the same bytes.

    The layout is computed once only: it takes as long as the drawing.
    """
    stream = io.BytesIO()
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    with mpl.rc_context({**STYLE, "svg.hashsalt": "recast"}), warnings.catch_warnings():
        for expected in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=expected)
        figure.savefig(stream, format=kind, metadata=metadata)
    figure.set_layout_engine("none")
    return stream.getvalue()


def save(figure: Figure, path: Path) -> Path:
    """Write a figure in the format of its suffix, whole or not at all."""
    write_whole(path, render(figure, path.suffix.removeprefix(".")))
    return path


def axis_times(catalog: Catalog, days: ArrayLike) -> Any:
    """Convert days to dates for the time axis, or to plain days if the catalog has no calendar."""
    offsets = np.asarray(days, dtype=np.float64)
    start = catalog.info.to_time(0.0)
    return start + offsets if isinstance(start, float) else catalog.info.to_times(offsets)


def time_axis(axes: Axes, catalog: Catalog) -> None:
    """Label the time axis, with short dates if the catalog has a calendar."""
    axes.set_xlabel("day" if catalog.info.uses_plain_days else "time (UTC)")
    axes.margins(x=0.01)
    if not catalog.info.uses_plain_days:
        concise_dates(axes)


def date_and_time(catalog: Catalog, day: float) -> str:
    """Format a time for an axis label: to the minute, or the plain day."""
    time = catalog.info.to_time(day)
    return f"day {time:,.2f}" if isinstance(time, float) else f"{time:%Y-%m-%d %H:%M} UTC"


def concise_dates(axes: Any) -> None:
    """Short date labels on the time axis."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator(minticks=3, maxticks=7)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def band(paths: FloatArray, share: float) -> FloatArray:
    """Ends of the central ``share`` of (trajectory, point) at each point, shape (2, point)."""
    tail = (1.0 - share) / 2.0
    return np.asarray(np.quantile(paths, [tail, 1.0 - tail], axis=0))
