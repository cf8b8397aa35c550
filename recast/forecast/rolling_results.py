"""Forecasts of consecutive windows and their scores, as records: `rolling.json`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from catalogs.display import some
from catalogs.json_records import Record
from catalogs.texts import check_file_name
from recast.forecast.by_catalog import ByCatalog

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class RollingWindow(Record):
    """One of consecutive windows, and the number of events in it."""

    start: str
    end: str
    observed: int


@dataclass(frozen=True)
class Difference(Record):
    """Mean difference of a score per window from a reference, with its 95 % interval."""

    over: str
    mean: float
    ci95: tuple[float, float]
    better: str
    effective_blocks: float | None = None


@dataclass(frozen=True)
class RollingScores(Record):
    """Scores of a model's forecasts; every list has one number per window.

    ``quantiles`` are those of the number of events, by share; ``information_gain`` is over ETAS, in
    nats.
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
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("there are no models")
        for name, row in self.models.items():
            check_file_name(name, "model")
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
        lines = [
            *(f"note: {remark}" for remark in self.remarks),
            f"{name}: {some(len(seen), 'window')}, {some(sum(seen), 'event')}",
            f"{'':>24} {head}",
        ]
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
        """The scores, a row per window and model.

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
class RollingResult(ByCatalog):
    """Rolling forecasts and their scores, by catalog (`rolling.json`).

    Parameters
    ----------
    window_days : float
        Length of a window, days.
    catalogs : dict of str to RollingCatalog
        Windows and scores of the models.
    n_samples : int
        Simulated catalogs per window.
    seed : int
        Random seed.
    max_events : int
        Cap on a trajectory.
    own_magnitudes : bool
        Whether magnitudes were drawn from the nets' own laws.
    version, command : str, optional
        Version of the package, and the command line.
    environment : dict
        Versions and machine.

    See Also
    --------
    run_rolling : makes one.

    Examples
    --------
    >>> windows = [RollingWindow("2020-01-01", "2020-01-15", 12)]
    >>> quantiles = {"0.025": [3.0], "0.25": [7.0], "0.5": [9.0], "0.75": [11.0], "0.975": [16.0]}
    >>> scores = RollingScores(quantiles, [0.8], [1.5], [-2.6], {"50": 0.0, "95": 1.0})
    >>> result = RollingResult(14.0, {"mine": RollingCatalog(windows, {"etas": scores})})
    >>> result.to_dataframe()[["catalog", "model", "observed", "median"]]
      catalog model  observed  median
    0    mine  etas        12     9.0
    """

    window_days: float
    catalogs: dict[str, RollingCatalog]
    n_samples: int = 0
    seed: int = 0
    max_events: int = 0
    own_magnitudes: bool = False
    version: str | None = None
    command: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)

    def to_dataframe(self) -> pd.DataFrame:
        """The scores, a row per catalog, model and window.

        Returns
        -------
        DataFrame
            Columns catalog, model, start, end, observed, low95, median, high95, pit, crps (events),
            log_score and information_gain (nats).
        """
        return self._joined()

    def plot(self, catalog: str | None = None) -> Figure:
        """Plot the range of every window by model with what was observed, and the PIT histogram.

        Parameters
        ----------
        catalog : str, optional
            Name; by default the first.

        Returns
        -------
        matplotlib.figure.Figure
            Not shown or saved yet.
        """
        from recast.plots.forecasts import rolling_forecasts

        name = catalog or next(iter(self.catalogs))
        return rolling_forecasts(name, self.catalogs[name], self.window_days)
