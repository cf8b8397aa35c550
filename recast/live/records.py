"""What a service issues: one forecast with all that its pages and its scores need.

A forecast is written once, as ``issued.json`` and ``samples.parquet`` in a folder of its own, and
never changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from catalogs.json_records import Record
from recast.forecast.results import Fan

FRACTILES = tuple(round(0.01 + 0.005 * i, 3) for i in range(197))
"""Probabilities 0.01, 0.015, ... 0.99."""

FROM_PAST_SEQUENCES = "Omori law of past sequences"
"""Name of the model where little is known of a sequence; pages say so in their language."""


@dataclass(frozen=True)
class Quake(Record):
    """One earthquake as it was known at some time."""

    event_id: str
    time: str
    """ISO 8601, UTC."""

    magnitude: float
    latitude: float
    longitude: float
    depth_km: float | None = None
    place: str = ""
    """In words, as the source has it."""

    url: str = ""


@dataclass(frozen=True)
class Circle(Record):
    """Where a forecast counts events: within ``radius_km`` of a centre."""

    latitude: float
    longitude: float
    radius_km: float


@dataclass(frozen=True)
class SequenceState(Record):
    """A sequence of earthquakes as it was known when a forecast was issued."""

    sequence_id: str
    """Of the event that began it; it stays when a larger event takes over."""

    kind: Literal["mainshock", "swarm"]
    mainshock: Quake
    region: Circle
    began: str
    """Time of the first event of the sequence, ISO 8601."""

    overtaken: tuple[Quake, ...] = ()
    """Earlier mainshocks, which a larger event made foreshocks; in order of time."""


@dataclass(frozen=True)
class Bin(Record):
    """Numbers of events at or above a magnitude in one window."""

    magnitude: float
    fractiles: tuple[int, ...]
    """At ``FRACTILES``: the least N with P(count <= N) >= the fractile."""

    expected: float
    low95: int
    """Fractiles 0.025 and 0.975."""

    median: int
    high95: int
    probability: float
    """Of one event or more, as a share of the simulated catalogs, or below 1 % by the law of
    magnitudes."""


@dataclass(frozen=True)
class IssuedWindow(Record):
    """A window, counted from the time of the forecast."""

    label: str
    """ "1 Day", "1 Week", "1 Month" or "1 Year", else "14 Days"."""

    days: float
    start: str
    end: str
    bins: tuple[Bin, ...]
    above_mainshock: Bin | None = None
    """At or above the mainshock's magnitude."""

    n_samples: int | None = None
    """Simulated catalogs of this window, where they are not ``Issued.n_samples``."""


@dataclass(frozen=True)
class ModelUsed(Record):
    """The model, for machines and for people."""

    name: str
    sentence: str
    """In plain words."""

    reference: str
    parameters: dict[str, Any] = field(default_factory=dict)
    fitted_at: str = ""
    """Until when the events are that its parameters were fitted to, ISO 8601."""


@dataclass(frozen=True)
class Issued(Record):
    """One forecast as it was issued."""

    forecast_id: str
    """Of letters, digits, "-" and "_" only; unique, and the same when it is made again."""

    region: str
    """Name of the service's region, for people."""

    area: str
    """Where events are counted, as ``catalogs.areas.parse_area`` reads it: the polygon of the
    sequence's circle, or that of the region."""

    at: str
    """Time of the forecast, ISO 8601: events until then were known, windows start there."""

    scheduled: str
    """When it was due."""

    next: str | None
    """When the next one of the same sequence or region is due."""

    created: str
    """When it was written, by the clock: the one field in which equal forecasts differ."""

    windows: tuple[IssuedWindow, ...]
    completeness: float
    observed: tuple[tuple[float, int], ...]
    """Magnitude, and events at or above it since the mainshock (of a region: in the last year)."""

    model: ModelUsed
    fan: Fan
    """Cumulative number over the longest window, at or above the lowest magnitude."""

    n_samples: int
    seed: int
    catalog_sha256: str
    """Of the events that were known, as Parquet."""

    configuration_sha256: str
    version: str
    sequence: SequenceState | None = None
    """None: a forecast for the whole region."""

    remarks: tuple[str, ...] = ()
    capped: int = 0

    @property
    def kind(self) -> Literal["sequence", "region"]:
        """What it is a forecast of."""
        return "region" if self.sequence is None else "sequence"


def fractiles_of(counts: np.ndarray) -> tuple[int, ...]:
    """The least N with P(count <= N) >= f, for each of ``FRACTILES``.

    Examples
    --------
    >>> fractiles_of(np.arange(1, 101))[:3], fractiles_of(np.zeros(10, dtype=int))[-1]
    ((1, 2, 2), 0)
    """
    ordered = np.sort(counts)
    # ceil(n f) of the samples; exact for fractiles that are multiples of 1/200
    thousandths = np.array([round(1000 * f) for f in FRACTILES])
    ranks = -(-ordered.size * thousandths // 1000)
    return tuple(int(n) for n in ordered[np.maximum(ranks, 1) - 1])


def bin_of(
    magnitude: float, counts: np.ndarray, expected: float = math.nan, chance: float = math.nan
) -> Bin:
    """Summarise the numbers of events at or above a magnitude, (sample,).

    Where ``expected`` number and ``chance`` of one or more are known otherwise
    (``recast.forecast.rare``), the number is that one, and the chance where it is so small that all
    fractiles are 0, which must agree with it.
    """
    fractiles = fractiles_of(counts)
    if fractiles[-1] == 0 and not chance <= 1.0 - FRACTILES[-1]:
        expected = chance = math.nan
    if fractiles[-1] > 0 or math.isnan(chance):
        chance = float((counts > 0).mean())
    if not expected >= chance:
        expected = float(counts.mean())
    low, median, high = (fractiles[FRACTILES.index(f)] for f in (0.025, 0.5, 0.975))
    return Bin(
        magnitude=magnitude,
        fractiles=fractiles,
        expected=expected,
        low95=low,
        median=median,
        high95=high,
        probability=chance,
    )
