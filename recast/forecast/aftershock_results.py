"""Forecasts after mainshocks and their scores, as records: `aftershocks.json`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalogs.display import some, span
from catalogs.json_records import Record
from catalogs.texts import check_file_name
from recast.forecast.by_catalog import ByCatalog
from recast.forecast.results import ForecastRow

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


def in_digits(value: float, sign: str = "") -> str:
    """Three digits, or all of a large number."""
    return f"{value:{sign},.0f}" if abs(value) >= 100.0 else f"{value:{sign}.3g}"


def said_and_came(shares: tuple[float, float]) -> str:
    """Mean of probabilities, and the share that came, per cent."""
    said, came = (100.0 * share for share in shares)
    return "-" if math.isnan(said) else f"{said:.0f} ({came:.0f})%"


COLUMNS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "in 95 %": ("inside_95", "{:.0%}".format),
    "in 50 %": ("inside_50", "{:.0%}".format),
    "ln(median/observed)": ("log_ratio", "{:+.2f}".format),
    "absolute": ("absolute_log_ratio", "{:.2f}".format),
    "CRPS": ("crps", in_digits),
    "log score": ("log_score", "{:.2f}".format),
    "one or more": ("one_or_more", said_and_came),
}
"""Columns of the table: a field of ``AftershockScores``, and how it is printed."""

SCORES = {"log_score": "log score", "crps": "CRPS"}
"""Scores that models are compared by."""


@dataclass(frozen=True)
class AftershockForecast(Record):
    """A forecast some hours after a mainshock, with what was observed where that is known."""

    hours: float
    at: str
    table: list[ForecastRow]
    capped: int = 0


@dataclass(frozen=True)
class AftershockSequence(Record):
    """A mainshock, and the forecasts after it by model.

    ``first_day`` is the number of complete events in the day after it. ``leak`` and
    ``parameter_uncertainty`` are those of the models that have any.
    """

    time: str
    magnitude: float
    first_day: int
    forecasts: dict[str, list[AftershockForecast]]
    leak: dict[str, list[str]] = field(default_factory=dict)
    parameter_uncertainty: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mainshock_label(self.time, self.magnitude)  # a date, or a day
        made = [*self.forecasts.values()]
        if not all([made, *made, *(each.table for forecasts in made for each in forecasts)]):
            raise ValueError("forecasts or their tables are empty")

    @property
    def label(self) -> str:
        """Date to the minute, or day, and magnitude."""
        return mainshock_label(self.time, self.magnitude)


@dataclass(frozen=True)
class LeftOut(Record):
    """A mainshock without forecasts, and why it has none."""

    time: str
    magnitude: float
    reason: str

    def __post_init__(self) -> None:
        mainshock_label(self.time, self.magnitude)


@dataclass(frozen=True)
class SequenceDifference(Record):
    """Mean difference of a score from that of another model, with its 95 % interval.

    The interval is that of a jackknife over sequences; there is none for a single sequence.
    """

    over: str
    mean: float
    ci95: tuple[float, float] | None
    better: str


@dataclass(frozen=True)
class AftershockScores(Record):
    """Scores of a model's forecasts of the events >= ``magnitude`` in ``days``.

    ``inside_50`` and ``inside_95`` are the shares of forecasts whose range holds the observed
    number, ``log_ratio`` and ``absolute_log_ratio`` the median of ln(median / observed) and of its
    absolute value, ``crps`` and ``log_score`` means (events; nats). The mean of well calibrated
    probabilities is the share of the forecasts after which events came.
    """

    days: float
    magnitude: float
    forecasts: int
    inside_50: float
    inside_95: float
    log_ratio: float
    absolute_log_ratio: float
    crps: float
    log_score: float
    pit: list[float]
    differences: dict[str, SequenceDifference] = field(default_factory=dict)
    chance: float | None = None
    """Mean probability of one event or more."""

    came: float | None = None
    """Share of forecasts after which there was one."""

    @property
    def one_or_more(self) -> tuple[float, float]:
        """Both; not a number in files of older versions."""
        said, came = (math.nan if x is None else x for x in (self.chance, self.came))
        return said, came


@dataclass(frozen=True)
class AftershockCatalog(Record):
    """Mainshocks of a catalog with their forecasts, and the scores of each model."""

    sequences: list[AftershockSequence]
    scores: dict[str, list[AftershockScores]]
    left_out: list[LeftOut] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name, rows in self.scores.items():
            check_file_name(name, "model")
            if not rows:
                raise ValueError(f"scores of {name} are empty")
        if not (self.sequences and self.scores):
            raise ValueError("there are no sequences or no scores")

    def table(self, name: str) -> str:
        """Scores of every model by magnitude, the windows side by side, for the terminal."""
        windows = sorted({row.days for rows in self.scores.values() for row in rows})
        shown = " / ".join(f"{days:g}" for days in windows)
        several = f"windows of {shown} days side by side"
        lines = [
            *(f"note: {remark}" for remark in self.remarks),
            self._head(name),
            several if len(windows) > 1 else f"in the next {span(windows[0])}",
        ]
        for magnitude in sorted({row.magnitude for rows in self.scores.values() for row in rows}):
            lines += ["", *self._rows(magnitude)]
        lines += ["", *(line for model in self.scores for line in self._leaks(model))]
        lines += [
            f"left out: {mainshock_label(shock.time, shock.magnitude)}: {shock.reason}"
            for shock in self.left_out
        ]
        return "\n".join(lines).rstrip("\n")

    def _head(self, name: str) -> str:
        n = len(self.sequences)
        made = sum(len(next(iter(s.forecasts.values()))) for s in self.sequences)
        return f"{name}: {some(n, 'mainshock')}, {some(made, 'forecast')}"

    def _rows(self, magnitude: float) -> Iterator[str]:
        width = max(len("M >= 9.99"), *map(len, self.scores))
        cells = {
            model: [row for row in rows if row.magnitude == magnitude]
            for model, rows in self.scores.items()
        }
        columns = {
            head: {
                model: _in_percent(" / ".join(form(getattr(row, what)) for row in rows))
                for model, rows in cells.items()
            }
            for head, (what, form) in COLUMNS.items()
        }
        widths = [max(len(head), *map(len, texts.values())) for head, texts in columns.items()]
        heads = (f"{head:>{w}}" for head, w in zip(columns, widths, strict=True))
        yield f"{f'M >= {magnitude:g}':<{width}}  {'  '.join(heads)}"
        for model in self.scores:
            own = (texts[model] for texts in columns.values())
            cell = (f"{text:>{w}}" for text, w in zip(own, widths, strict=True))
            yield f"{model:<{width}}  {'  '.join(cell)}"
        for model, rows in cells.items():
            for score in rows[0].differences if rows else ():
                found = [row.differences[score] for row in rows]
                shown = " / ".join(difference_text(difference) for difference in found)
                yield f"  {SCORES[score]} of {model} less that of {found[0].over}: {shown}"

    def _leaks(self, model: str) -> Iterator[str]:
        seen = [s.leak[model] for s in self.sequences if model in s.leak]
        if seen:
            what = "; ".join(dict.fromkeys(line for lines in seen for line in lines))
            n = f"{len(seen)} of {some(len(self.sequences), 'mainshock')}"
            yield f"LEAK: {model} has seen later data before {n}: {what}"

    def to_dataframe(self) -> pd.DataFrame:
        """The forecasts, a row per mainshock, model, lead time, window and magnitude.

        Returns
        -------
        DataFrame
            Columns mainshock, mainshock_magnitude, model, hours, days, magnitude, median, low95,
            low50, high50, high95, probability (of one or more), observed, pit, crps (events) and
            log_score (nats); the last four are missing where the catalog ends before the window
            does, or has a gap in it.
        """
        import pandas as pd

        rows = [
            {
                "mainshock": sequence.time,
                "mainshock_magnitude": sequence.magnitude,
                "model": model,
                "hours": forecast.hours,
                "days": row.days,
                "magnitude": row.magnitude,
                "median": row.median,
                "low95": row.ci95[0],
                "low50": row.ci50[0],
                "high50": row.ci50[1],
                "high95": row.ci95[1],
                "probability": row.probability,
                "observed": row.observed,
                **{s: (row.scores or {}).get(s) for s in ("pit", "crps", "log_score")},
            }
            for sequence in self.sequences
            for model, forecasts in sequence.forecasts.items()
            for forecast in forecasts
            for row in forecast.table
        ]
        return pd.DataFrame(rows).astype({"observed": "Int64"})


@dataclass(frozen=True, repr=False)
class AftershockResult(ByCatalog):
    """Forecasts after mainshocks and their scores, by catalog (`aftershocks.json`).

    Parameters
    ----------
    magnitude : float
        Mainshocks are of this magnitude or larger.
    hours, days : list of float
        Lead times after the mainshock, and lengths of the windows.
    refitted : bool
        Whether each model was fitted again before each mainshock.
    catalogs : dict of str to AftershockCatalog
        Forecasts and scores.
    n_samples : int
        Simulated catalogs per forecast.
    seed : int
        Random seed.
    own_magnitudes : bool
        Whether magnitudes were drawn from the nets' own laws.
    version, command : str, optional
        Version of the package, and the command line.
    environment : dict
        Versions and machine.

    See Also
    --------
    run_aftershock_exam : makes one.
    """

    magnitude: float
    hours: list[float]
    days: list[float]
    refitted: bool
    catalogs: dict[str, AftershockCatalog]
    n_samples: int = 0
    seed: int = 0
    own_magnitudes: bool = False
    version: str | None = None
    command: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)

    def to_dataframe(self) -> pd.DataFrame:
        """The forecasts, a row per catalog, mainshock, model, lead time, window and magnitude.

        Returns
        -------
        DataFrame
            Columns catalog, mainshock, mainshock_magnitude, model, hours, days, magnitude, median,
            low95, low50, high50, high95, probability, observed, pit, crps (events) and log_score
            (nats).
        """
        return self._joined()

    def plot(self, catalog: str | None = None) -> Figure:
        """Plot the forecasts over the longest window after each mainshock, with the outcome.

        Parameters
        ----------
        catalog : str, optional
            Name; by default the first.

        Returns
        -------
        matplotlib.figure.Figure
            Not shown or saved yet.
        """
        from recast.plots.aftershocks import aftershock_forecasts

        name = catalog or next(iter(self.catalogs))
        return aftershock_forecasts(self.catalogs[name].sequences)


def mainshock_label(time: str, magnitude: float) -> str:
    """``2019-07-06 03:19 M7.1``, or ``day 4321.07 M5.2``."""
    when = time[:16].replace("T", " ") if ":" in time else f"day {float(time):g}"
    return f"{when} M{magnitude:.1f}"


def _in_percent(text: str) -> str:
    """Shares side by side with one sign for all, where nothing stands between them."""
    return text.replace("% /", " /").replace("%", " %")


def difference_text(difference: SequenceDifference) -> str:
    """``+1.21 [+0.20, +2.44]``; no range for a single sequence."""
    mean = in_digits(difference.mean, "+")
    if difference.ci95 is None:
        return mean
    return f"{mean} [{', '.join(in_digits(end, '+') for end in difference.ci95)}]"
