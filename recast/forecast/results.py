"""One forecast and its scores, as a record: `forecast.json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, log10
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from catalogs import InputError
from catalogs.areas import parse_area
from catalogs.display import some, span, table_as_html
from catalogs.json_records import Record
from etas.omori import GENERIC, REGIMES
from recast.forecast.gridded import GriddedRates

if TYPE_CHECKING:
    from os import PathLike

    import pandas as pd
    from matplotlib.figure import Figure

    from catalogs import Catalog


RUNAWAY = 0.025
"""Share of capped trajectories above which the upper end of the 95 % range is unknown."""


@dataclass(frozen=True)
class ForecastRow(Record):
    """Number of events at or above a magnitude in a window that starts at the forecast time.

    Where trajectories were cut off, ``lower_bounds`` names the numbers that are too low for it, as
    columns of ``ForecastResult.to_dataframe`` or low50 and high50; the upper end of a range is None
    where more of them were cut off than lie above it. ``observed`` and ``scores`` are None where
    the catalog ends before the window does, or has a gap in it; scores count a trajectory that was
    cut off with the events it had. Where few trajectories have such an event, ``expected`` and
    ``probability`` are what the law of magnitudes expects (``recast.forecast.rare``).
    """

    days: float
    magnitude: float
    expected: float
    median: float
    ci50: tuple[float, float | None]
    ci95: tuple[float, float | None]
    probability: float
    observed: int | None = None
    scores: dict[str, float] | None = None
    lower_bounds: tuple[str, ...] = ()


@dataclass(frozen=True)
class ForecastWindow(Record):
    """How one window was simulated.

    ``capped`` of its trajectories exceeded ``max_events`` and were cut off. For
    ``parameter_uncertainty`` see ``ForecastResult``.
    """

    days: float
    max_events: int
    capped: int
    parameter_uncertainty: dict[str, int] | None = None


@dataclass(frozen=True)
class Fan(Record):
    """Quantiles of the cumulative number of events, by days since the forecast time.

    A trajectory that was cut off counts with the events it had.
    """

    days: list[float]
    quantiles: dict[str, list[float]]


@dataclass(frozen=True)
class Factor(Record):
    """What numbers of one window were multiplied by: median, and standard deviation of the log."""

    days: float
    median: float
    spread: float


SAID = 0.05
"""Share of catalogs from past sequences below which they are not worth a word."""


@dataclass(frozen=True)
class SequenceUnderWay(Record):
    """The mainshock that a forecast comes after, and how it was corrected for its sequence."""

    time: str
    """Of the mainshock: a date, or a plain day."""

    magnitude: float
    hours: float
    """Since the mainshock."""

    events: int
    """Since the mainshock."""

    factors: list[Factor]
    """By window of a month at most."""

    lowered: tuple[float, float] | None = None
    """Branching ratio of the model over the longest window, and that of the simulations."""

    regime: str | None = None
    """Whose past sequences are the prior, if it was asked for."""

    large: float | None = None
    """Magnitude from which numbers are those of past sequences."""

    large_share: float = 1.0
    """Share of the simulated catalogs in which that is so, of those by ETAS."""

    past: float | None = None
    """Share of the simulated catalogs that are drawn from past sequences."""

    def note(self) -> str:
        """What was done, for people."""
        since = (
            f"{since_mainshock(self.time, self.magnitude, self.hours)}, with "
            f"{some(self.events, 'event')} since: "
        )
        about = REGIMES[self.regime or GENERIC].about
        others = (
            f"past sequences ({about}; `regime` names another kind), updated by the large "
            "aftershocks so far"
        )
        prior = "" if self.regime is None else f", with past ones ({about}) as its prior"
        decay = f"the decay of this sequence so far{prior}"
        ranges = "ranges are as wide as the past errors of such forecasts in California and Italy"
        parts = [f"numbers are a compromise between ETAS and {decay}, and {ranges}"]
        if self.past is not None and self.past >= SAID:
            share = f"{100.0 * self.past:.0f} % of the simulated catalogs, fewer as time goes by"
            parts.append(f"{share}, are those of {others}")
        if self.large is not None:
            among = f"{100.0 * self.large_share:.0f} % of the others"
            parts.append(
                f"networks miss events below M {self.large:g}, so larger ones are those of "
                f"past sequences in {'all catalogs' if self.large_share == 1.0 else among}"
            )
        note = f"{since}{'; '.join(parts)} (`uncorrected` simulates ETAS as it is)"
        if self.lowered is None:
            return note
        ratio, used = self.lowered
        lower = f"simulated with a branching ratio of {used:g} instead of {ratio:.3g}"
        return f"{note}; {lower} over {span(self.factors[-1].days)}"


def since_mainshock(time: str, magnitude: float, hours: float) -> str:
    """When a forecast is made, for people.

    >>> since_mainshock("2019-07-06T03:19:53+00:00", 7.1, 5.7)
    '5.7 hours after the M 7.1 of 2019-07-06 03:19 UTC'
    """
    if hours < 1.0 / 60.0:
        since = some(round(3600.0 * hours), "second")
    elif hours < 1.0:
        since = some(int(60.0 * hours), "minute")
    elif hours < 48.0:
        since = "1 hour" if f"{hours:.3g}" == "1" else f"{hours:.3g} hours"
    else:
        since = f"{hours / 24.0:.1f} days"
    when = f"{time[:16].replace('T', ' ')} UTC" if "T" in time else f"day {time}"
    return f"{since} after the M {magnitude:g} of {when}"


@dataclass(frozen=True)
class ForecastPlaces(Record):
    """Where the events of the longest window are expected (`forecast.json`).

    Parameters
    ----------
    law : dict
        The law that places are drawn from.
    cell : float
        Size of the cells, degrees.
    half_km2 : float
        Surface of the fewest cells in which half of the events are expected, in the region; 0 if no
        event was simulated.
    centre : pair of float
        Latitude and longitude of the middle of the cell with the highest rate, of its part in the
        region.
    files : list of str
        The rates by cell.
    spatial_test, pseudo_likelihood_test : float, optional
        Quantiles of CSEP's tests of the observed places, where the outcome is known.
    scored : str, optional
        Name of the model's own law, where it is another one.
    """

    law: dict[str, Any]
    cell: float
    half_km2: float
    centre: tuple[float, float]
    files: list[str]
    spatial_test: float | None = None
    pseudo_likelihood_test: float | None = None
    scored: str | None = None

    def note(self) -> str:
        """Where, in words."""
        if self.half_km2 == 0.0:
            return "no event was simulated over the longest window, so that there is no map"
        latitude, longitude = self.centre
        surface = f"{self.half_km2:,.0f}" if self.half_km2 >= 10.0 else f"{self.half_km2:.2g}"
        decimals = max(2, ceil(-log10(self.cell)))
        return (
            f"half of the events are expected within {surface} km^2, the most about "
            f"{latitude:.{decimals}f}, {longitude:.{decimals}f}"
        ) + self._drawn()

    def _drawn(self) -> str:
        if self.scored is None:
            return ""
        return "; places are drawn as ETAS has them: the learned law of this model is for scores"


@dataclass(frozen=True, repr=False)
class ForecastResult(Record):
    """One forecast: its table, and how it was made (`forecast.json`).

    Parameters
    ----------
    catalog : str
        Name of the catalog.
    at : str
        Time of the forecast: a date, or a plain day.
    model : dict
        Kind and parameters of the model.
    table : list of ForecastRow
        Expected number, ranges and probability by window and magnitude.
    fan : Fan
        Quantiles of the cumulative number of events over time.
    n_samples : int
        Simulated catalogs.
    seed : int
        Random seed.
    max_events : int
        Cap on a trajectory over the longest window.
    capped : int
        Trajectories that were cut off there.
    leak : list of str
        Data from after ``at`` that the model has seen.
    own_magnitudes : bool
        Whether magnitudes were drawn from the net's own law.
    parameter_uncertainty : dict, optional
        Numbers of parameter draws of the longest window, if the forecast includes them.
    magnitude_test : float, optional
        Quantile of the magnitude test over the longest window; None where the outcome is unknown.
    csep : dict, optional
        The file of simulated catalogs for CSEP, if one was asked for.
    fitted_on : dict
        Time and place of the data the model was fitted on, by catalog.
    version, command : str, optional
        Version of the package, and the command line.
    environment : dict
        Versions and machine.
    windows : list of ForecastWindow
        How each window was simulated.
    sequence : SequenceUnderWay, optional
        The mainshock after which the forecast was made, and how it was corrected for that.
    b, maximum_magnitude : float, optional
        The law that magnitudes were drawn from, unless that was a net's own.
    bend, b_above : float, optional
        Magnitude above which b is another, and that b-value, if there is one.
    remarks : list of str
        What model was taken where none was named, and what was taken for granted.
    places : ForecastPlaces, optional
        Where the events of the longest window are expected.

    See Also
    --------
    run_forecast : makes one.

    Examples
    --------
    >>> from catalogs import load
    >>> from recast import fit_model, run_forecast
    >>> catalog = load("ridgecrest_2019")
    >>> done = run_forecast(catalog, fit_model("poisson", catalog), days=[1.0], samples=100)
    >>> done.to_dataframe()[["days", "magnitude"]].head(2)
       days  magnitude
    0   1.0        2.5
    1   1.0        3.0
    """

    catalog: str
    at: str
    model: dict[str, Any]
    table: list[ForecastRow]
    fan: Fan
    n_samples: int
    seed: int
    max_events: int
    capped: int = 0
    leak: list[str] = field(default_factory=list)
    own_magnitudes: bool = False
    parameter_uncertainty: dict[str, int] | None = None
    magnitude_test: float | None = None
    csep: dict[str, Any] | None = None
    fitted_on: dict[str, Any] = field(default_factory=dict)
    version: str | None = None
    command: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    windows: list[ForecastWindow] = field(default_factory=list)
    sequence: SequenceUnderWay | None = None
    b: float | None = None
    maximum_magnitude: float | None = None
    bend: float | None = None
    b_above: float | None = None
    remarks: list[str] = field(default_factory=list)
    places: ForecastPlaces | None = None

    _made: ClassVar[GriddedRates | None] = None
    """The expected numbers by cell where they were just made, so that no map reads them again."""

    @property
    def kind(self) -> str:
        """Name of the model."""
        return str(self.model.get("kind", "model"))

    @property
    def horizon(self) -> float:
        """The longest window, days."""
        return max(row.days for row in self.table)

    def __str__(self) -> str:
        """The table, in the order of public aftershock forecasts."""
        notes, lines = self._notes(), [self._head()]
        if self.leak:
            lines.append(notes.pop(0))
        known = any(row.observed is not None for row in self.table)
        heads = ["days", "M >=", "expected", "median", "95 % range", "probability"]
        rows = [heads + ["observed"] * known, *(_cells(row, self.n_samples) for row in self.table)]
        widths = [
            max(width, *(len(row[i]) for row in rows if i < len(row)))
            for i, width in enumerate([6, 6, 10, 8, 16, 12, 9][: len(rows[0])])
        ]
        lines += [" ".join(map(str.rjust, row, widths)) for row in rows]
        return "\n".join([*lines, *notes])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return table_as_html(self._head(), self.to_dataframe(), self._notes())

    def _head(self) -> str:
        head = f"{self.catalog}, forecast at {self.at}, {self.n_samples:,} simulations"
        if self.b is None or self.maximum_magnitude is None:
            return head
        above = ""
        if self.bend is not None and self.b_above is not None:
            above = f" and {self.b_above:.2f} above M {self.bend:g}"
        return f"{head}, b {self.b:.2f}{above}, M up to {self.maximum_magnitude:.3g}"

    def _notes(self) -> list[str]:
        """Notes on the table; a leak comes first."""
        n, notes = self.n_samples, []
        if self.leak:
            notes.append(f"LEAK: the model was fitted on {'; '.join(self.leak)}")
        if self.csep is not None and self.csep["file"] is None:
            notes.append(f"no CSEP file: {self.csep['note']}")
        notes += self.remarks
        if self.sequence is not None:
            notes.append(self.sequence.note())
        if self.places is not None:
            notes.append(self.places.note())
        if self.parameter_uncertainty is not None:
            notes += _notes_on_draws(self.parameter_uncertainty, self.horizon)
        windows = self.windows or [ForecastWindow(self.horizon, self.max_events, self.capped)]
        notes += [
            f"{w.capped:,} of {n:,} simulations of {span(w.days)} exceeded {w.max_events:,} events "
            "and were cut off: the true numbers are larger"
            for w in windows
            if w.capped
        ]
        away = [w for w in windows if w.capped > RUNAWAY * n]
        if away:
            notes.append(
                f"WARNING: the model runs away over {span(away[0].days)}, and the upper end of its "
                "range is unknown: "
                + ("leave out `own_magnitudes`" if self.own_magnitudes else "forecast fewer `days`")
                + ", set a higher `max_events`, or use another `model`"
            )
        return notes

    def to_dataframe(self) -> pd.DataFrame:
        """The table of the forecast, a row per window and magnitude.

        Returns
        -------
        DataFrame
            Columns days, magnitude, expected, median, low95, high95 (missing where it is unknown),
            probability, observed (missing where the outcome is unknown) and lower_bounds (names of
            the columns that are too low because simulations were cut off).
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "days": [row.days for row in self.table],
                "magnitude": [row.magnitude for row in self.table],
                "expected": [row.expected for row in self.table],
                "median": [row.median for row in self.table],
                "low95": [row.ci95[0] for row in self.table],
                "high95": pd.Series([row.ci95[1] for row in self.table], dtype="float64"),
                "probability": [row.probability for row in self.table],
                "observed": pd.array([row.observed for row in self.table], dtype="Int64"),
                "lower_bounds": [
                    " ".join(name for name in row.lower_bounds if not name.endswith("50"))
                    for row in self.table
                ],
            }
        )

    def plot(self, catalog: Catalog) -> Figure:
        """Plot event numbers before and after the forecast, and expected numbers by magnitude.

        Parameters
        ----------
        catalog : Catalog
            That of the forecast; what came after is drawn where it is known.

        Returns
        -------
        matplotlib.figure.Figure
            Not shown or saved yet.
        """
        from recast.plots.forecasts import forecast_fan

        return forecast_fan(catalog, self)

    def map(self, catalog: Catalog, folder: str | PathLike[str]) -> Figure:
        """Plot where events are expected over the longest window, and those that came.

        Parameters
        ----------
        catalog : Catalog
            That of the forecast.
        folder : path
            Where its files are.

        Returns
        -------
        matplotlib.figure.Figure
            Not shown or saved yet.

        Raises
        ------
        InputError
            If the forecast has no places, or its rates are missing.
        """
        from recast.plots.maps import rate_map

        if self.places is None or not self.places.files:
            raise InputError("this forecast has no rates by cell: make it with `places` and `out`")
        rates = self._made or GriddedRates.from_dat(Path(folder) / self.places.files[0])
        start = catalog.info.to_days(self.at)
        whole = catalog.to_sequence()
        end = min(start + self.horizon, whole.end)
        known = any(row.observed is not None and row.days == self.horizon for row in self.table)
        return rate_map(
            rates.grid,
            rates.per_cell,
            area=parse_area(self.places.law["area"]),
            observed=whole.between(start, end) if known else None,
            title=f"{self.catalog}: {span(self.horizon)} from {self.at}",
            label=f"expected events of M ≥ {rates.magnitudes[0]:g} in a cell of "
            f"{rates.grid.step:g}°",
        )


def _notes_on_draws(draws: dict[str, int], days: float) -> list[str]:
    """How many parameter sets a forecast has, and what was rejected."""
    above = draws["rejected_supercritical"]
    rejected = [
        f"{n:,} {name.removeprefix('rejected_')}"
        for name, n in draws.items()
        if name.startswith("rejected_") and n
    ]
    share = above / max(sum(draws.values()) - draws["rejected_impossible"], 1)
    notes = [
        f"{some(draws['draws'], 'parameter set')} from the uncertainty of the fit"
        + (f"; rejected: {', '.join(rejected)}" if rejected else "")
    ]
    if share > 0.5:
        notes.append(
            f"WARNING: {100.0 * share:.0f} % of the parameter sets that the fit allows are "
            f"supercritical over {span(days)}: this is a forecast by the others only, and may be "
            "far too low: forecast fewer `days`, or use another `model`"
        )
    return notes


def _cells(row: ForecastRow, n: int) -> list[str]:
    """A row of the table, with lower bounds marked."""

    def at_least(name: str, text: str) -> str:
        return f">= {text}" if name in row.lower_bounds else text

    low, high = row.ci95
    top = "unknown" if high is None else at_least("high95", f"{high:,.0f}")
    return [
        f"{row.days:g}",
        f"{row.magnitude:g}",
        at_least("expected", _mean(row.expected, n, is_bound="expected" in row.lower_bounds)),
        at_least("median", f"{row.median:,.0f}"),
        f"{at_least('low95', f'{low:,.0f}')} to {top}",
        _percent(row.probability, n, is_bound="probability" in row.lower_bounds),
        *([] if row.observed is None else [f"{row.observed:,d}"]),
    ]


def _mean(expected: float, n: int, *, is_bound: bool) -> str:
    """Format an expected number; never as 0, which no number of simulations shows."""
    if expected >= 0.005 or is_bound:
        return f"{expected:,.2f}"
    return f"< {1.0 / n:.2g}" if expected == 0.0 else f"{expected:.2g}"


def _percent(probability: float, n: int, *, is_bound: bool) -> str:
    """Format a probability; never as 0 or 100 %, which no number of simulations shows."""
    if probability == 0.0:
        return "unknown" if is_bound else f"< {100.0 / n:.2g} %"
    if probability >= 0.995:
        return "> 99 %"
    return f"{'>= ' if is_bound else ''}{100.0 * probability:.2g} %"


def with_rates(result: ForecastResult, rates: GriddedRates) -> ForecastResult:
    """The same, whose map needs no file: expected numbers by cell, of all magnitudes, stay."""
    of_all = GriddedRates(rates.grid, rates.magnitudes[:1], rates.per_cell[:, None])
    object.__setattr__(result, "_made", of_all)
    return result
