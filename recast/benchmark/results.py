"""Results of a benchmark, as records: `benchmark.json` and `trimmed.json`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

from catalogs.display import table_as_html
from catalogs.errors import InputError
from catalogs.json_records import Record
from catalogs.texts import check_file_name, check_name
from etas.residuals import ResidualTest
from recast.benchmark.protocols import ProtocolResult
from recast.models.registry import NULL, TRUTH

if TYPE_CHECKING:
    import pandas as pd

    from recast.evaluation import Interval

PARTS = ("train", "val", "test")
GAIN_TITLE = "gain over ETAS, test"
PLACE = "place"

SCHEMA_VERSION = 1
"""Of benchmark.json: raised when a field goes or changes its meaning, not for new fields."""


def newer(schema: object) -> str | None:
    """What is to be said of a file whose form is newer than this version."""
    if not isinstance(schema, int) or schema <= SCHEMA_VERSION:
        return None
    return f"a newer version made it (schema {schema}): update this one"


@dataclass(frozen=True)
class WindowScore(Record):
    """Log-likelihood of a scored window in the units in use; see ``recast.Score``."""

    n_events: int
    log_likelihood: float
    nats_per_event: float
    nll_per_day: float
    days: float | None = None


@dataclass(frozen=True)
class Gain(Record):
    """A mean gain, nats per event, with its 95 % interval; see ``mean_interval``."""

    mean: float
    ci95: tuple[float, float]
    effective_blocks: float | None = None

    @classmethod
    def of(cls, interval: Interval) -> Self:
        """Convert what ``recast.gain`` returns."""
        return cls(interval.mean, (interval.low, interval.high), interval.effective_blocks)


@dataclass(frozen=True)
class MarkScore(Record):
    """How well a model predicts a mark of events, on the test window but for ``nats_per_event``.

    ``gain`` is over the memoryless law, ``gain_over_etas`` over that of ETAS; ``nats_per_event`` is
    the log density by window, for places per km^2.
    """

    gain: Gain | None = None
    nats_per_event: dict[str, float] = field(default_factory=dict)
    gain_over_etas: Gain | None = None


@dataclass(frozen=True)
class SeedResult(Record):
    """One fit of a model: scores of the three windows, and residual test of the test window."""

    seed: int
    splits: dict[str, WindowScore]
    fit_seconds: float = 0.0
    n_parameters: int = 0
    started_from: str | None = None
    residuals: ResidualTest | None = None


@dataclass(frozen=True)
class ModelResult(Record):
    """A model on a catalog: means over its seeds, each seed, and gains over other models.

    ``marks`` holds the score of each mark for which the model has a law with memory, ``seen`` when
    and where the data were that the model was fitted to, by catalog, and ``leaks`` those of them
    that may hold events of the test window. ``file_sha256`` and ``package`` tell apart what has one
    name: nets in files of their own, and models of other packages.
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
    seen: dict[str, dict[str, Any]] = field(default_factory=dict)
    leaks: list[str] = field(default_factory=list)
    file_sha256: str | None = None
    package: str | None = None

    def __post_init__(self) -> None:
        if not self.seeds:
            raise ValueError("seeds is empty")
        if missing := {"train", "val", "test"} - self.splits.keys():
            raise ValueError(f"splits has no {min(missing)}")

    @property
    def test(self) -> WindowScore:
        """Score of the test window, by which models are compared."""
        return self.splits["test"]


@dataclass(frozen=True)
class ScoredAs(Record):
    """What is used of ``CatalogResult.info``; there is more."""

    title: str
    magnitude_completeness: float
    completeness_is_strict: bool


@dataclass(frozen=True)
class CatalogResult(Record):
    """All models on one catalog.

    ``info`` is the catalog's record at that time, ``data_sha256`` the hash of the events and
    windows that were scored (``recast.benchmark.identity``). ``remarks`` say what a reader should
    know first, as that a model could not start from its net.
    """

    info: dict[str, Any]
    models: dict[str, ModelResult]
    source: str | None = None
    protocol: ProtocolResult | None = None
    remarks: list[str] = field(default_factory=list)
    data_sha256: str | None = None

    def __post_init__(self) -> None:
        if not self.models:
            raise ValueError("models is empty")
        for name in self.models:
            check_file_name(name, "model")
        ScoredAs.from_json(self.info, "info")

    @property
    def n_events(self) -> dict[str, int]:
        """Scored events by window."""
        first = next(iter(self.models.values()))
        return {part: score.n_events for part, score in first.splits.items()}

    def compared(self) -> Iterator[tuple[str, ModelResult, Gain]]:
        """Models to compare with ETAS: name, result and gain."""
        for name, row in self.models.items():
            if row.gain_over_etas is not None and name not in {NULL, TRUTH.name}:
                yield name, row, row.gain_over_etas

    def table(self, name: str) -> str:
        """Format the scores of one catalog: heading, a row and a sentence per model."""
        info, models, n_events = self.info, self.models, self.n_events
        counts = " / ".join(f"{n_events[part]:,}" for part in PARTS)
        sign = ">" if info["completeness_is_strict"] else ">="
        wide = max(map(len, ("model", *models))) + 2
        scores = [row.splits[part] for row in models.values() for part in PARTS]
        nats = _width(9, [score.nats_per_event for score in scores])
        days = _width(10, [score.nll_per_day for score in scores])
        gains = {model: interval_text(row.gain_over_etas) for model, row in models.items()}
        fits = {
            m: f"{row.fit_seconds:.1f}" if row.n_parameters else "-" for m, row in models.items()
        }
        over = max(26, *map(len, gains.values()))
        fit = max(7, *map(len, fits.values()))
        lines = [
            *(f"note: {remark}" for remark in self.remarks),
            ": ".join([name, *filter(None, [info["title"]])]),
            f"events M {sign} {info['magnitude_completeness']:g}, train / val / test: {counts}",
            "",
            " ".join(
                [
                    f"{'':<{wide}}{'nats per event':^{3 * nats}}",
                    f"{'NLL per day':^{3 * days}} ",
                    f"{GAIN_TITLE:^{over}}",
                    f"{'fit':>{fit}}",
                ]
            ),
            f"{'model':<{wide}}"
            + "".join(f"{part:>{nats}}" for part in PARTS)
            + " "
            + "".join(f"{part:>{days}}" for part in PARTS)
            + f"  {'mean  [95 % interval]':^{over}} {'s':>{fit}}",
        ]
        for model, row in models.items():
            lines.append(
                f"{model:<{wide}}"
                + "".join(f"{row.splits[part].nats_per_event:>{nats}.4f}" for part in PARTS)
                + " "
                + "".join(f"{row.splits[part].nll_per_day:>{days}.4f}" for part in PARTS)
                + f"  {gains[model]:^{over}} {fits[model]:>{fit}}"
            )
        sentences = [
            sentence(name, model, gain, n_events["test"]) for model, _, gain in self.compared()
        ]
        sentences += [
            f"{mark.capitalize()}s, {model} over a fixed law: {interval_text(score.gain)} nats per "
            "event."
            for model, row in models.items()
            for mark, score in row.marks.items()
            if score.gain is not None and mark != PLACE
        ]
        if self.protocol is not None:
            sentences += ["", *self.protocol.table()]
        return "\n".join([*lines, "", *self._places(name), *sentences])

    def _places(self, name: str) -> list[str]:
        """A row of the scores of places for each model that has them, and a sentence."""
        scored = {
            model: row.marks[PLACE] for model, row in self.models.items() if PLACE in row.marks
        }
        if not scored:
            return []
        wide = max(map(len, ("model", *self.models))) + 2
        nats = _width(9, [row.nats_per_event[part] for row in scored.values() for part in PARTS])
        gains = {
            model: [interval_text(row.gain), interval_text(row.gain_over_etas)]
            for model, row in scored.items()
        }
        over = max(26, *(len(text) for both in gains.values() for text in both))
        heads = ("gain over uniform, test", GAIN_TITLE)
        lines = [
            f"{'':<{wide}}{'places, nats per event':^{3 * nats}}"
            + "".join(f"  {head:^{over}}" for head in heads)
        ]
        for model, score in scored.items():
            lines.append(
                f"{model:<{wide}}"
                + "".join(f"{score.nats_per_event[part]:>{nats}.4f}" for part in PARTS)
                + "".join(f"  {text:^{over}}" for text in gains[model])
            )
        sentences = [
            sentence(name, model, score.gain_over_etas, self.n_events["test"], places=True)
            for model, score in scored.items()
            if score.gain_over_etas is not None and model != NULL
        ]
        return [*lines, "", *sentences]


@dataclass(frozen=True, repr=False)
class BenchmarkResult(Record):
    """Scores of models on catalogs, and how they were made (`benchmark.json`).

    Parameters
    ----------
    catalogs : dict of str to CatalogResult
        Scores of the models, by catalog.
    version, command : str, optional
        Version of the package, and the command line.
    quick : bool
        Whether nets were trained for one epoch only.
    pretrained : str, optional
        Checkpoint that zero-shot and few-shot models started from.
    environment : dict
        Versions and machine.
    protocol : str, optional
        The protocol that was followed; None for a part of a catalog, without ETAS, or ``quick``.
    date : str, optional
        When the last catalog was finished, UTC.
    schema_version : int
        Version of the form of this record (``recast.benchmark.schema``).

    See Also
    --------
    run_benchmark : makes one.

    Examples
    --------
    >>> import tempfile
    >>> from recast import run_benchmark
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     result = run_benchmark(["ridgecrest_2019"], ["poisson", "etas"], folder)
    >>> table = result.to_dataframe()
    >>> table[table["window"] == "test"][["model", "n_events"]]
         model  n_events
    2  poisson       103
    5     etas       103
    """

    catalogs: dict[str, CatalogResult]
    version: str | None = None
    command: str | None = None
    quick: bool = False
    pretrained: str | None = None
    environment: dict[str, Any] = field(default_factory=dict)
    protocol: str | None = None
    date: str | None = None
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        for name in self.catalogs:
            check_name(name)

    @classmethod
    def from_json(cls, content: Any, where: str | PathLike[str]) -> Self:
        """Make it from parsed JSON; also from that of version 0.1.0.

        Parameters
        ----------
        content : object
            What ``to_json`` returned.
        where : str or path
            The file, for error messages.

        Returns
        -------
        BenchmarkResult
            With the fields checked.

        Raises
        ------
        InputError
            Naming the field that is missing or impossible, or the newer form of the file.
        """
        catalogs = content.get("catalogs") if isinstance(content, dict) else None
        for entry in catalogs.values() if isinstance(catalogs, dict) else ():
            models = entry.get("models") if isinstance(entry, dict) else None
            for row in models.values() if isinstance(models, dict) else ():
                if isinstance(row, dict) and row.get("magnitude_gain") is not None:
                    row.setdefault("marks", {"magnitude": {"gain": row["magnitude_gain"]}})
        try:
            return super().from_json(content, where)
        except InputError as error:
            if isinstance(content, dict) and (said := newer(content.get("schema_version"))):
                raise InputError(f"{where}: {said}") from error
            raise

    def __str__(self) -> str:
        """A table for each catalog, and what the gains say in words."""
        return "\n\n".join(catalog.table(name) for name, catalog in self.catalogs.items())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        table = self.to_dataframe()
        shown = ["catalog", "model", "n_events", "nats_per_event", "nll_per_day"]
        gains = ["gain_over_etas", "gain_low", "gain_high"]
        title = "Test windows: " + ", ".join(self.catalogs)
        notes = [
            sentence(name, model, gain, row.test.n_events)
            for name, catalog in self.catalogs.items()
            for model, row, gain in catalog.compared()
        ]
        return table_as_html(title, table[table["window"] == "test"][[*shown, *gains]], notes)

    def to_dataframe(self) -> pd.DataFrame:
        """The scores, a row per catalog, model and window.

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
    """Test nats per event by model, fitted to the last ``n_train`` events before validation."""

    n_train: int
    models: dict[str, float]


@dataclass(frozen=True)
class TrainingSizes(Record):
    """Scores by number of training events, by catalog: `trimmed.json`."""

    catalogs: dict[str, list[TrainingSize]]
    version: str | None = None
    command: str | None = None

    def __post_init__(self) -> None:
        for name in self.catalogs:
            check_name(name)


def sentence(name: str, model: str, gain: Gain, n_events: int, *, places: bool = False) -> str:
    """State a gain in words, that of times unless it is of ``places``."""
    does = "places them" if places else "explains them"
    low, high = gain.ci95
    if low > 0.0:
        verdict = f"{does} better than ETAS"
    elif high < 0.0:
        verdict = f"{does} worse than ETAS"
    else:
        verdict = "cannot be told apart from ETAS" + (" in placing them" if places else "")
    return (
        f"On the {n_events:,} test events of {name}, {model} {verdict}: {_signed(gain.mean)} nats "
        f"per event, 95 % interval {_signed(low)} to {_signed(high)}."
    )


def _width(least: int, numbers: Iterable[float]) -> int:
    """Of a column: what the longest number takes with a space before it, ``least`` at least."""
    return max(least, *(len(f" {number:.4f}") for number in numbers))


def interval_text(gain: Gain | None) -> str:
    """Format a mean with its 95 % interval, or a dash."""
    if gain is None:
        return "-"
    mean, low, high = (_signed(value) for value in (gain.mean, *gain.ci95))
    return f"{mean} [{low}, {high}]"


def _signed(value: float) -> str:
    """Format with a sign, but never as -0.0000."""
    return f"{round(value, 4) + 0.0:+.4f}"
