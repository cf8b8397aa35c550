"""What a benchmark found, as records: `benchmark.json` and `trimmed.json`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from catalogs.json_records import Record
from etas.residuals import ResidualTest

if TYPE_CHECKING:
    import pandas as pd

    from recast.evaluation import Interval


@dataclass(frozen=True)
class WindowScore(Record):
    """Log-likelihood of a scored window in the units that are in use; see ``recast.Score``."""

    n_events: int
    log_likelihood: float
    nats_per_event: float
    nll_per_day: float
    days: float | None = None


@dataclass(frozen=True)
class Gain(Record):
    """A mean gain, nats per event, with its 95 % interval and the mean block of the bootstrap."""

    mean: float
    ci95: tuple[float, float]
    block_events: float | None = None

    @classmethod
    def of(cls, interval: Interval) -> Self:
        """As ``recast.evaluation.gain`` gives it."""
        return cls(interval.mean, (interval.low, interval.high), interval.block)


@dataclass(frozen=True)
class MarkScore(Record):
    """How well a model knows a mark of events: its gain over the law without memory."""

    gain: Gain | None = None


@dataclass(frozen=True)
class SeedResult(Record):
    """One fit of a model: the scores of the three windows, and the residual test of the last."""

    seed: int
    splits: dict[str, WindowScore]
    fit_seconds: float = 0.0
    n_parameters: int = 0
    started_from: str | None = None
    residuals: ResidualTest | None = None


@dataclass(frozen=True)
class ModelResult(Record):
    """A model on a catalog: means over its seeds, each seed, and gains over other models.

    ``marks`` has the score of each mark of events that the model knows a law with memory of.
    """

    splits: dict[str, WindowScore]
    seeds: list[SeedResult]
    fit_seconds: float
    n_parameters: int
    started_from: str | None = None
    residuals: ResidualTest | None = None
    test_sd: float | None = None
    gain_over_etas: Gain | None = None
    gain_over_poisson: Gain | None = None
    marks: dict[str, MarkScore] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.seeds:
            raise ValueError("seeds is empty")
        if missing := {"train", "val", "test"} - self.splits.keys():
            raise ValueError(f"splits has no {min(missing)}")

    @property
    def test(self) -> WindowScore:
        """The score that models are compared by."""
        return self.splits["test"]


@dataclass(frozen=True)
class CatalogResult(Record):
    """All models on one catalog; ``info`` is the catalog's record as it was then."""

    info: dict[str, Any]
    models: dict[str, ModelResult]
    source: str | None = None

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("models is empty")

    @property
    def n_events(self) -> dict[str, int]:
        """Scored events by window."""
        first = next(iter(self.models.values()))
        return {part: score.n_events for part, score in first.splits.items()}

    def compared(self, left_out: frozenset[str]) -> Iterator[tuple[str, ModelResult, Gain]]:
        """The models with a gain over ETAS, but for those ``left_out``."""
        for name, row in self.models.items():
            if row.gain_over_etas is not None and name not in left_out:
                yield name, row, row.gain_over_etas


@dataclass(frozen=True, repr=False)
class BenchmarkResult(Record):
    """Scores of models on catalogs, and what they were made with: `benchmark.json`."""

    catalogs: dict[str, CatalogResult]
    version: str | None = None
    command: str | None = None
    quick: bool = False
    pretrained: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, content: Mapping[str, Any], where: str) -> Self:
        """See ``Record.from_json``; version 0.1.0 kept the gain of magnitudes apart."""
        catalogs = content.get("catalogs")
        for entry in catalogs.values() if isinstance(catalogs, dict) else ():
            models = entry.get("models") if isinstance(entry, dict) else None
            for row in models.values() if isinstance(models, dict) else ():
                if isinstance(row, dict) and row.get("magnitude_gain") is not None:
                    row.setdefault("marks", {"magnitude": {"gain": row["magnitude_gain"]}})
        return super().from_json(content, where)

    def __str__(self) -> str:
        """A table for each catalog, and what the gains say in words."""
        from recast.benchmark.table import benchmark_table

        return "\n\n".join(benchmark_table(*entry) for entry in self.catalogs.items())

    __repr__ = __str__

    def to_dataframe(self) -> pd.DataFrame:
        """A row for each catalog, model and window.

        Returns
        -------
        DataFrame
            Columns catalog, model, window, n_events, log_likelihood (nats), nats_per_event,
            nll_per_day, gain_over_etas, gain_low, gain_high (nats per event, of the test window),
            seeds, n_parameters and fit_seconds.
        """
        import pandas as pd

        rows = []
        for name, catalog in self.catalogs.items():
            for model, row in catalog.models.items():
                for part, score in row.splits.items():
                    gain = row.gain_over_etas if part == "test" else None
                    low, high = (None, None) if gain is None else gain.ci95
                    rows.append(
                        {
                            "catalog": name,
                            "model": model,
                            "window": part,
                            "n_events": score.n_events,
                            "log_likelihood": score.log_likelihood,
                            "nats_per_event": score.nats_per_event,
                            "nll_per_day": score.nll_per_day,
                            "gain_over_etas": None if gain is None else gain.mean,
                            "gain_low": low,
                            "gain_high": high,
                            "seeds": len(row.seeds),
                            "n_parameters": row.n_parameters,
                            "fit_seconds": row.fit_seconds,
                        }
                    )
        return pd.DataFrame(rows)


@dataclass(frozen=True)
class TrainingSize(Record):
    """Test nats per event by model, fitted to ``n_train`` events just before the test window."""

    n_train: int
    models: dict[str, float]


@dataclass(frozen=True)
class TrainingSizes(Record):
    """Scores by number of training events, by catalog: `trimmed.json`."""

    catalogs: dict[str, list[TrainingSize]]
    version: str | None = None
    command: str | None = None
