"""What forecasts say and how good they were, as records: `forecast.json` and `rolling.json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalogs.json_records import Record

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from catalogs import Catalog


RUNAWAY = 0.025
"""Beyond this share of capped trajectories the upper end of the 95 % range is not known."""


@dataclass(frozen=True)
class ForecastRow(Record):
    """Numbers of events at and above a magnitude in a window that begins with the forecast.

    ``observed`` and ``scores`` are None where the catalog does not know the outcome.
    """

    days: float
    magnitude: float
    expected: float
    median: float
    ci50: tuple[float, float]
    ci95: tuple[float, float]
    probability: float
    observed: int | None = None
    scores: dict[str, float] | None = None


@dataclass(frozen=True)
class Fan(Record):
    """Quantiles of the number of events so far, by day since the forecast."""

    days: list[float]
    quantiles: dict[str, list[float]]


@dataclass(frozen=True, repr=False)
class ForecastResult(Record):
    """One forecast: its table, and what it was made with (`forecast.json`).

    ``at`` is its date (or plain day), ``capped`` how many of ``n_samples`` trajectories went beyond
    ``max_events`` and were cut; ``leak`` says what the model has seen of the time after ``at``.
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
        n = self.n_samples
        lines = [f"{self.catalog}, forecast at {self.at}, {n:,} simulations"]
        if self.leak:
            lines.append(f"LEAK: the model was fitted on {'; '.join(self.leak)}")
        known = any(row.observed is not None for row in self.table)
        lines.append(
            f"{'days':>6} {'M >=':>6} {'expected':>10} {'95 % range':>16} {'probability':>12}"
            + (f" {'observed':>9}" if known else "")
        )
        for row in self.table:
            low, high = row.ci95
            span = f"{low:,.0f} to {high:,.0f}"
            seen = "" if row.observed is None else f" {row.observed:9,d}"
            lines.append(
                f"{row.days:6g} {row.magnitude:6g} {row.expected:10,.2f} {span:>16} "
                f"{_percent(row.probability, n):>12}{seen}"
            )
        if self.parameter_uncertainty is not None:
            p = self.parameter_uncertainty
            lines.append(
                f"{p['draws']} parameter sets from the uncertainty of the fit; "
                f"{p['rejected_supercritical']} supercritical and {p['rejected_impossible']} "
                "impossible ones thrown away"
            )
        if self.capped:
            lines.append(
                f"{self.capped:,} of {n:,} went beyond {self.max_events:,} events and were cut: "
                "expected numbers are too low"
            )
        if self.capped > RUNAWAY * n:
            lines.append(
                "WARNING: the model runs away from here, and the upper end of its range is not "
                "known: leave out --own-magnitudes, or trust ETAS for this forecast"
            )
        return "\n".join(lines)

    __repr__ = __str__

    def to_dataframe(self) -> pd.DataFrame:
        """The table of the forecast, a row for each window and magnitude.

        Returns
        -------
        DataFrame
            Columns days, magnitude, expected, median, low95, high95, probability and observed
            (missing where the outcome is not known).
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "days": [row.days for row in self.table],
                "magnitude": [row.magnitude for row in self.table],
                "expected": [row.expected for row in self.table],
                "median": [row.median for row in self.table],
                "low95": [row.ci95[0] for row in self.table],
                "high95": [row.ci95[1] for row in self.table],
                "probability": [row.probability for row in self.table],
                "observed": pd.array([row.observed for row in self.table], dtype="Int64"),
            }
        )

    def plot(self, catalog: Catalog) -> Figure:
        """Numbers before and after the forecast, and expected numbers by magnitude.

        Parameters
        ----------
        catalog : Catalog
            That of the forecast; what came after it is drawn where it is known.

        Returns
        -------
        Figure
            Of matplotlib.
        """
        from recast.plots.forecasts import forecast_fan

        return forecast_fan(catalog, self)


@dataclass(frozen=True)
class RollingWindow(Record):
    """One of consecutive windows, and the number of events in it."""

    start: str
    end: str
    observed: int


@dataclass(frozen=True)
class Difference(Record):
    """Mean difference of a score over that of a reference, by window, with its 95 % interval."""

    over: str
    mean: float
    ci95: tuple[float, float]
    better: str
    effective_blocks: float | None = None


@dataclass(frozen=True)
class RollingScores(Record):
    """Scores of a model's forecasts; every list has a number for each window.

    ``quantiles`` are of the number of events, by share; ``information_gain`` is over ETAS, nats.
    """

    quantiles: dict[str, list[float]]
    pit: list[float]
    crps: list[float]
    log_score: list[float]
    coverage: dict[str, float]
    mean: list[float] = field(default_factory=list)
    delta1: list[float] = field(default_factory=list)
    delta2: list[float] = field(default_factory=list)
    magnitude_test: list[float | None] = field(default_factory=list)
    information_gain: list[float] | None = None
    capped: int = 0
    members: int = 1
    differences: dict[str, Difference] = field(default_factory=dict)
    leak: list[str] | None = None
    parameter_uncertainty: dict[str, int] | None = None

    def __post_init__(self) -> None:
        if missing := {"0.025", "0.25", "0.5", "0.75", "0.975"} - self.quantiles.keys():
            raise ValueError(f"quantiles has no {min(missing)}")
        if missing := {"50", "95"} - self.coverage.keys():
            raise ValueError(f"coverage has no {min(missing)}")


@dataclass(frozen=True)
class RollingCatalog(Record):
    """Forecasts of consecutive windows of one catalog, by model."""

    windows: list[RollingWindow]
    models: dict[str, RollingScores]

    def __post_init__(self) -> None:
        for name, row in self.models.items():
            lists = [row.pit, row.crps, row.log_score, *row.quantiles.values()]
            lists += [] if row.information_gain is None else [row.information_gain]
            if not self.windows or any(len(values) != len(self.windows) for values in lists):
                raise ValueError(f"{name} has a list of other than {len(self.windows)} numbers")

    def table(self, name: str) -> str:
        """Coverage and mean scores of every model, for the terminal."""
        seen = [window.observed for window in self.windows]
        heads = ("50 %", "95 %", "too low", "too high", "medians", "CRPS", "log score", "gain")
        widths = (7, 7, 8, 9, 9, 8, 10, 8)
        head = " ".join(f"{text:>{width}}" for text, width in zip(heads, widths, strict=True))
        lines = [f"{name}: {len(seen)} windows, {sum(seen):,} events", f"{'':>24} {head}"]
        for model, row in self.models.items():
            q, gain = row.quantiles, row.information_gain
            low = sum(n > top for n, top in zip(seen, q["0.975"], strict=True))
            high = sum(n < bottom for n, bottom in zip(seen, q["0.025"], strict=True))
            mean_gain = "" if gain is None else f"{sum(gain) / len(gain):8.2f}"
            lines.append(
                f"{model:>24} {100 * row.coverage['50']:6.1f}% {100 * row.coverage['95']:6.1f}% "
                f"{low:8d} {high:9d} {sum(q['0.5']):9,.0f} {sum(row.crps) / len(seen):8.2f} "
                f"{sum(row.log_score) / len(seen):10.3f} {mean_gain:>8}"
            )
            if row.leak:
                lines.append(f"{'':>24} LEAK: {model} was fitted on {'; '.join(row.leak)}")
        return "\n".join(lines)

    def to_dataframe(self) -> pd.DataFrame:
        """A row for each window and model.

        Returns
        -------
        DataFrame
            Columns model, start, end, observed, low95, median, high95, pit, crps (events),
            log_score and information_gain (nats).
        """
        import pandas as pd

        parts = []
        for name, row in self.models.items():
            parts.append(
                pd.DataFrame(
                    {
                        "model": name,
                        "start": [window.start for window in self.windows],
                        "end": [window.end for window in self.windows],
                        "observed": [window.observed for window in self.windows],
                        "low95": row.quantiles["0.025"],
                        "median": row.quantiles["0.5"],
                        "high95": row.quantiles["0.975"],
                        "pit": row.pit,
                        "crps": row.crps,
                        "log_score": row.log_score,
                        "information_gain": row.information_gain,
                    }
                )
            )
        return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True, repr=False)
class RollingResult(Record):
    """Forecasts of consecutive windows, by catalog (`rolling.json`)."""

    window_days: float
    catalogs: dict[str, RollingCatalog]
    n_samples: int = 0
    seed: int = 0
    max_events: int = 0
    own_magnitudes: bool = False
    version: str | None = None
    command: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """A table for each catalog."""
        return "\n\n".join(catalog.table(name) for name, catalog in self.catalogs.items())

    __repr__ = __str__

    def to_dataframe(self) -> pd.DataFrame:
        """Those of the catalogs, one below the other, with a first column ``catalog``."""
        import pandas as pd

        parts = {name: catalog.to_dataframe() for name, catalog in self.catalogs.items()}
        return pd.concat(parts, names=["catalog"]).reset_index("catalog").reset_index(drop=True)

    def plot(self, catalog: str | None = None) -> Figure:
        """Ranges of every window by model with what was observed, and the histogram of the PIT.

        Parameters
        ----------
        catalog : str, optional
            Name; by default the first.

        Returns
        -------
        Figure
            Of matplotlib.
        """
        from recast.plots.forecasts import rolling_forecasts

        name = catalog or next(iter(self.catalogs))
        return rolling_forecasts(name, self.catalogs[name], self.window_days)


def _percent(probability: float, n: int) -> str:
    """Never 0 or 100 %, which no number of simulations shows."""
    if probability == 0.0:
        return f"< {100.0 / n:.2g} %"
    if probability >= 0.995:
        return "> 99 %"
    return f"{100.0 * probability:.2g} %"
