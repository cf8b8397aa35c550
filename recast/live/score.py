"""How good the forecasts of a service were, once their windows are over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import beta

from catalogs.areas import parse_area
from catalogs.json_records import Record
from catalogs.sequence import reaches
from catalogs.trajectories import IntArray
from recast.evaluation.counts import score_counts
from recast.forecast.single import stream
from recast.live.draws import bin_key, counts_by_bin
from recast.live.records import FRACTILES, Bin, Issued, IssuedWindow
from recast.live.times import read, written

LEADS = (1.0, 6.0, 24.0, 72.0, 7 * 24.0, 30 * 24.0)
"""Hours since the mainshock that divide forecasts by lead time."""

EDGES = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0)
"""Ends of the bins of probabilities: fine where it is nearly certain, or nearly excluded."""

QUARTILES = (FRACTILES.index(0.25), FRACTILES.index(0.75))


@dataclass(frozen=True)
class Outcome(Record):
    """One number of a forecast whose window is over, and what happened."""

    forecast_id: str
    sequence_id: str
    """Empty for the region."""

    model: str
    at: str
    """Time of the forecast, ISO 8601."""

    hours: float | None
    """From the mainshock to the forecast; None for the region."""

    window: str
    days: float
    magnitude: float
    known_until: str
    """Until when the events were known that it is scored against."""

    observed: int
    expected: float
    low95: int
    median: int
    high95: int
    probability: float
    inside_50: bool
    inside_95: bool
    """Whether the observed number is inside the ranges that were issued, ends included."""

    pit: float
    crps: float
    log_score: float

    @property
    def kind(self) -> str:
        """What it was a forecast of."""
        return "sequence" if self.sequence_id else "region"


def outcomes(
    issued: Issued, samples: pd.DataFrame, events: pd.DataFrame, known_until: pd.Timestamp
) -> list[Outcome]:
    """Compare a forecast with what happened in those of its windows that are over.

    Parameters
    ----------
    issued : Issued
        The forecast.
    samples : DataFrame
        Every simulated number, as ``make_forecast`` returns them.
    events : DataFrame
        Events as known at some time: at the end of the window, or later as revised.
    known_until : Timestamp
        That time.

    Returns
    -------
    list of Outcome
        By window and magnitude. Windows that end later are left out.
    """
    area = parse_area(issued.area)
    begin = read(issued.at)
    latest = max((read(w.end) for w in issued.windows if read(w.end) <= known_until), default=None)
    if latest is None:
        return []
    inside = ((events["time"] >= begin) & (events["time"] < latest)).to_numpy()
    some = events[inside]
    some = some[area.contains(some["latitude"], some["longitude"])]
    numbers = counts_by_bin(samples)
    out = []
    for window in issued.windows:
        end = read(window.end)
        if end > known_until:
            continue
        magnitudes = some.loc[(some["time"] < end).to_numpy(), "magnitude"].to_numpy(np.float64)
        for one in window.bins:
            observed = int(reaches(magnitudes, one.magnitude).sum())
            counts = numbers[bin_key(window.label, one.magnitude)]
            out.append(_outcome(issued, window, one, counts, observed, known_until))
    return out


def _outcome(
    issued: Issued,
    window: IssuedWindow,
    one: Bin,
    counts: IntArray,
    observed: int,
    known_until: pd.Timestamp,
) -> Outcome:
    seed = [issued.seed, stream(window.days), round(1000.0 * (one.magnitude + 10.0))]
    scores = score_counts(counts[None, :], [observed], np.random.default_rng(seed))
    low, high = (one.fractiles[i] for i in QUARTILES)
    sequence = issued.sequence
    hours = None
    if sequence is not None:
        hours = (read(issued.at) - read(sequence.mainshock.time)) / pd.Timedelta(hours=1)
    return Outcome(
        forecast_id=issued.forecast_id,
        sequence_id="" if sequence is None else sequence.sequence_id,
        model=issued.model.name,
        at=issued.at,
        hours=hours,
        window=window.label,
        days=window.days,
        magnitude=one.magnitude,
        known_until=written(known_until),
        observed=observed,
        expected=one.expected,
        low95=one.low95,
        median=one.median,
        high95=one.high95,
        probability=one.probability,
        inside_50=low <= observed <= high,
        inside_95=one.low95 <= observed <= one.high95,
        pit=float(scores.pit[0]),
        crps=float(scores.crps[0]),
        log_score=float(scores.log_score[0]),
    )


@dataclass(frozen=True)
class Group(Record):
    """Scores of the outcomes that have something in common."""

    kind: str
    model: str
    window: str
    days: float
    value: str
    """The magnitude, or the lead time."""

    n: int
    independent: int
    """Sequences, or windows that do not overlap: forecasts of one sequence fail together."""

    inside_50: float
    inside_95: float
    observed: float
    """Mean number of events."""

    expected: float
    crps: float
    log_score: float


@dataclass(frozen=True)
class Reliable(Record):
    """Forecasts of about one probability, and how often it happened."""

    low: float
    high: float
    n: int
    independent: int
    forecast: float
    """Mean probability."""

    happened: float
    """Share of the forecasts after which there was an event."""

    interval: tuple[float, float]
    """Exact binomial 95 % interval of that share, if the forecasts were independent."""


@dataclass(frozen=True)
class Scores(Record):
    """How the forecasts of a service did."""

    n_forecasts: int
    n_sequences: int
    overall: tuple[Group, ...]
    """Of all models together, at the lowest magnitude of each forecast."""

    by_magnitude: tuple[Group, ...]
    by_lead: tuple[Group, ...]
    """Of the lowest magnitude of each forecast."""

    reliability: tuple[Reliable, ...]
    """Over windows up to a month and all magnitudes."""

    pit: dict[str, tuple[float, ...]]
    """By window, of the lowest magnitude of each forecast."""


def score_service(rows: Sequence[Outcome]) -> Scores:
    """Summarise outcomes by model, magnitude and lead time.

    Examples
    --------
    >>> score_service([]).n_forecasts
    0
    """
    lowest = _lowest(rows)
    windows = sorted({(row.days, row.window) for row in rows})
    return Scores(
        n_forecasts=len({row.forecast_id for row in rows}),
        n_sequences=len({row.sequence_id for row in rows if row.sequence_id}),
        overall=_grouped([replace(row, model="") for row in lowest], _magnitude),
        by_magnitude=_grouped(rows, _magnitude),
        by_lead=_grouped([row for row in lowest if row.hours is not None], _lead),
        reliability=reliability(rows),
        pit={
            label: tuple(row.pit for row in lowest if row.window == label) for _, label in windows
        },
    )


def _lowest(rows: Sequence[Outcome]) -> list[Outcome]:
    """Those at the lowest magnitude of their forecast and window, where numbers are largest."""
    least: dict[tuple[str, str], float] = {}
    for row in rows:
        key = row.forecast_id, row.window
        least[key] = min(row.magnitude, least.get(key, np.inf))
    return [row for row in rows if row.magnitude == least[row.forecast_id, row.window]]


def _magnitude(row: Outcome) -> tuple[float, str]:
    return row.magnitude, f"{row.magnitude:g}"


def _lead(row: Outcome) -> tuple[float, str]:
    """Which lead time a forecast has: its order, and its name."""
    i = int(np.searchsorted(LEADS, row.hours or 0.0, side="right"))
    return float(i), lead_names()[i]


def lead_names() -> tuple[str, ...]:
    """Names of the lead times.

    >>> lead_names()[:2], lead_names()[-1]
    (('under 1 h', '1 h to 6 h'), 'over 30 d')
    """
    named = [f"{h:g} h" if h < 48.0 else f"{h / 24.0:g} d" for h in LEADS]
    between = [f"{a} to {b}" for a, b in pairwise(named)]
    return (f"under {named[0]}", *between, f"over {named[-1]}")


def _grouped(
    rows: Sequence[Outcome], by: Callable[[Outcome], tuple[float, str]]
) -> tuple[Group, ...]:
    groups: dict[tuple[str, str, float, str, float, str], list[Outcome]] = {}
    for row in rows:
        key = (row.kind, row.model, row.days, row.window, *by(row))
        groups.setdefault(key, []).append(row)
    return tuple(
        Group(
            kind=kind,
            model=model,
            window=window,
            days=days,
            value=value,
            n=len(some),
            independent=independent(some),
            inside_50=_mean(row.inside_50 for row in some),
            inside_95=_mean(row.inside_95 for row in some),
            observed=_mean(row.observed for row in some),
            expected=_mean(row.expected for row in some),
            crps=_mean(row.crps for row in some),
            log_score=_mean(row.log_score for row in some),
        )
        for (kind, model, days, window, _, value), some in sorted(groups.items())
    )


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def independent(rows: Sequence[Outcome]) -> int:
    """Sequences among outcomes, and regional windows that do not overlap."""
    sequences = {row.sequence_id for row in rows if row.sequence_id}
    windows, end = 0, None
    regional = {(read(row.at), row.days) for row in rows if not row.sequence_id}
    for at, days in sorted(regional):
        if end is None or at >= end:
            windows, end = windows + 1, at + pd.Timedelta(days=days)
    return len(sequences) + windows


LONGEST = 30.0
"""Days of the windows whose probabilities are compared with what happened."""


def reliability(rows: Sequence[Outcome]) -> tuple[Reliable, ...]:
    """Compare probabilities of one or more events with how often they came."""
    short = [row for row in rows if row.days <= LONGEST]
    out = []
    for i, (low, high) in enumerate(pairwise(EDGES)):
        below = np.inf if i == len(EDGES) - 2 else high  # the last bin has both its ends
        some = [row for row in short if low <= row.probability < below]
        if some:
            happened = sum(row.observed > 0 for row in some)
            out.append(
                Reliable(
                    low=low,
                    high=high,
                    n=len(some),
                    independent=independent(some),
                    forecast=_mean(row.probability for row in some),
                    happened=happened / len(some),
                    interval=binomial_interval(happened, len(some)),
                )
            )
    return tuple(out)


def binomial_interval(hits: int, n: int) -> tuple[float, float]:
    """Exact 95 % interval of a share (Clopper and Pearson 1934).

    >>> [round(end, 3) for end in binomial_interval(8, 10)]
    [0.444, 0.975]
    """
    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, n - hits + 1))
    high = 1.0 if hits == n else float(beta.ppf(0.975, hits + 1, n - hits))
    return low, high


def to_dataframe(rows: Sequence[Outcome]) -> pd.DataFrame:
    """Outcomes as a table, a row each."""
    return pd.DataFrame([row.to_json() for row in rows], columns=[f.name for f in fields(Outcome)])
