"""A table of earthquakes with its provenance, and the way from there to event sequences."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.sequence import MAGNITUDE_TOLERANCE, EventSequence, FloatArray
from catalogs.split import Split

Ties = Literal["separate", "drop", "error"]

NANOSECONDS_PER_DAY = 86_400_000_000_000
TIE_STEP_DAYS = 0.001 / 86_400
"""Events of equal time are set 1 ms apart: a tenth of the 10 ms to which networks report times."""

PLAIN_DAYS = "days since start"

SAME_EVENT = ["time", "latitude", "longitude", "magnitude"]
"""Rows equal in all of these list one event twice."""


@dataclass(frozen=True)
class SplitDates:
    """The boundaries of the scored windows: ISO dates, or days where the catalog uses days."""

    train_start: str | float
    val_start: str | float
    test_start: str | float
    end: str | float


@dataclass(frozen=True)
class CatalogInfo:
    """What a catalog is and where it comes from; the fields of ``<name>.json``.

    ``start`` and ``end`` bound the window in which the catalog is complete above
    ``magnitude_completeness``; if ``completeness_is_strict``, events at exactly that magnitude are
    left out. ``truth`` holds the parameters of a synthetic catalog.
    """

    name: str
    start: str | float
    end: str | float
    splits: SplitDates
    magnitude_completeness: float
    completeness_is_strict: bool = False
    magnitude_bin: float = 0.01
    title: str = ""
    region: str = ""
    kind: str = "observed"
    source: str = ""
    licence: str = ""
    citation: str = ""
    note: str = ""
    has_locations: bool = False
    ties: Ties = "separate"
    n_events: int = 0
    sha256: str = ""
    time_unit: str = "UTC"
    truth: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not np.isfinite(self.magnitude_completeness):
            raise InputError(
                f"catalog {self.name!r}: magnitude_completeness = {self.magnitude_completeness} "
                "is not a number"
            )
        if self.ties not in get_args(Ties):
            raise InputError(
                f"catalog {self.name!r}: ties = {self.ties!r}: choose separate, drop or error"
            )
        s = self.splits
        edges = {
            "start": self.start,
            "train_start": s.train_start,
            "val_start": s.val_start,
            "test_start": s.test_start,
            "splits.end": s.end,
            "end": self.end,
        }
        days = {name: self.to_days(value) for name, value in edges.items()}
        for a, b in pairwise(days):
            may_equal = (a, b) in {("start", "train_start"), ("splits.end", "end")}
            if days[a] > days[b] or (days[a] == days[b] and not may_equal):
                raise InputError(
                    f"catalog {self.name!r}: {a} = {edges[a]} is not before {b} = {edges[b]}: "
                    "need start <= train_start < val_start < test_start < splits.end <= end"
                )

    @property
    def uses_plain_days(self) -> bool:
        """Whether times are days since the start (long synthetic catalogs fit no calendar)."""
        return self.time_unit == PLAIN_DAYS

    def to_days(self, time: str | float | pd.Timestamp) -> float:
        """Days since the catalog's start of a date (or of a plain day)."""
        if self.uses_plain_days:
            return float(time) - float(self.start)
        delta = _timestamp(time, self.name) - _timestamp(self.start, self.name)
        return float(delta.value / NANOSECONDS_PER_DAY)

    def to_time(self, days: float) -> pd.Timestamp | float:
        """The date (or plain day) that lies ``days`` after the catalog's start."""
        if self.uses_plain_days:
            return float(self.start) + days
        return _timestamp(self.start, self.name) + pd.Timedelta(
            round(days * NANOSECONDS_PER_DAY), unit="ns"
        )

    def is_complete(self, magnitudes: FloatArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Which magnitudes are at (unless strict) or above completeness."""
        if self.completeness_is_strict:
            return magnitudes > self.magnitude_completeness + MAGNITUDE_TOLERANCE
        return magnitudes >= self.magnitude_completeness - MAGNITUDE_TOLERANCE

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: dict[str, Any], where: str) -> CatalogInfo:
        """Read a dictionary; ``where`` names the file in error messages.

        Raises
        ------
        InputError
            For a missing, unknown or mistyped field.
        """
        known = {f.name for f in fields(cls)}
        unknown = sorted(set(record) - known)
        if unknown:
            raise InputError(f"{where}: unknown field {unknown[0]!r}: remove or rename it")
        for name in ("name", "start", "end", "splits", "magnitude_completeness"):
            if name not in record:
                raise InputError(f"{where}: the field {name!r} is missing: add it")
        if not isinstance(record["magnitude_completeness"], int | float):
            raise InputError(
                f"{where}: magnitude_completeness = {record['magnitude_completeness']!r} "
                "is not a number"
            )
        try:
            splits = SplitDates(**record["splits"])
        except TypeError as error:
            raise InputError(
                f"{where}: splits needs exactly train_start, val_start, test_start and end"
            ) from error
        return cls(**{**record, "splits": splits})


@dataclass(frozen=True, eq=False)
class Catalog:
    """Earthquakes as a table, with provenance.

    ``events`` has one row per event and the columns time (datetime64[ns, UTC], or float64 days
    where ``info.uses_plain_days``), latitude, longitude [deg], depth_km, magnitude, and further
    columns where known (event_id, event_type, magnitude_type). Rows need not be sorted, complete
    or inside the window: ``to_sequence`` selects and sorts.
    """

    events: pd.DataFrame
    info: CatalogInfo

    def __post_init__(self) -> None:
        missing = {"time", "magnitude"} - set(self.events.columns)
        if missing:
            raise InputError(
                f"catalog {self.info.name!r} has no column {min(missing)!r}: it has "
                f"{', '.join(map(str, self.events.columns))}"
            )
        for column in ("time", "magnitude"):
            bad = np.flatnonzero(self.events[column].isna().to_numpy())
            if bad.size:
                raise InputError(
                    f"catalog {self.info.name!r}: row {bad[0]} has no {column}: drop the row"
                )

    @property
    def days(self) -> FloatArray:
        """Times in days since ``info.start``, in the table's order, shape (event,)."""
        if self.info.uses_plain_days:
            return self.events["time"].to_numpy(np.float64) - float(self.info.start)
        start = _timestamp(self.info.start, self.info.name).value
        stamps = self.events["time"].to_numpy("datetime64[ns]").astype(np.int64)
        return (stamps - start) / NANOSECONDS_PER_DAY

    def select(
        self,
        *,
        magnitude_completeness: float | None = None,
        start: str | float | None = None,
        end: str | float | None = None,
    ) -> Catalog:
        """The same table with another completeness magnitude or a narrower window."""
        info = self.info
        if magnitude_completeness is not None:
            info = replace(info, magnitude_completeness=magnitude_completeness)
        return Catalog(
            self.events,
            replace(
                info,
                start=info.start if start is None else start,
                end=info.end if end is None else end,
            ),
        )

    def to_sequence(self, ties: Ties | None = None) -> EventSequence:
        """The complete events of the window, sorted, as an EventSequence scored from its start.

        Parameters
        ----------
        ties : {"separate", "drop", "error"}, optional
            What to do with events of equal time: set them 1 ms apart, keep the first of each
            group (in the table's order), or raise. By default ``info.ties``.
        """
        info = self.info
        days, end = self.days, info.to_days(info.end)
        magnitudes = self.events["magnitude"].to_numpy(np.float64)
        keep = info.is_complete(magnitudes) & (days >= 0.0) & (days < end)
        if info.has_locations:  # the same time, place and size twice is one event listed twice
            keep &= ~self.events.duplicated(SAME_EVENT).to_numpy()
        order = np.flatnonzero(keep)[np.argsort(days[keep], kind="stable")]
        times = days[order]
        tied = np.flatnonzero(np.diff(times) == 0.0) + 1
        policy = ties or info.ties
        if tied.size and policy == "error":
            raise InputError(
                f"catalog {info.name!r}: rows {order[tied[0] - 1]} and {order[tied[0]]} have the "
                f"same time {info.to_time(times[tied[0]])}: choose ties 'separate' (1 ms apart) or "
                "'drop'"
            )
        if tied.size and policy == "drop":
            order, times = np.delete(order, tied), np.delete(times, tied)
        if tied.size and policy == "separate":
            times = _separated(times)
            inside = times < end
            order, times = order[inside], times[inside]
        locations = None
        if info.has_locations:
            locations = self.events[["latitude", "longitude"]].to_numpy(np.float64)[order]
        return EventSequence(times, magnitudes[order], 0.0, end, locations=locations)

    def split(self, ties: Ties | None = None) -> Split:
        """Train, validation and test sequences at the boundaries of ``info.splits``."""
        dates, sequence = self.info.splits, self.to_sequence(ties)
        boundaries = (dates.train_start, dates.val_start, dates.test_start, dates.end)
        train, val, test = (
            sequence.before(stop).scored_from(begin)
            for begin, stop in pairwise(map(self.info.to_days, boundaries))
        )
        try:
            return Split(train, val, test)
        except InputError as error:
            raise InputError(f"catalog {self.info.name!r}: {error}") from error


def _separated(times: FloatArray) -> FloatArray:
    """Sorted times with ties set TIE_STEP_DAYS apart, later events pushed on where needed."""
    out = times.copy()
    for i in np.flatnonzero(np.diff(times) == 0.0) + 1:
        j = int(i)
        while j < out.size and out[j] <= out[j - 1]:
            out[j] = out[j - 1] + TIE_STEP_DAYS
            j += 1
    return out


def _timestamp(value: str | float | pd.Timestamp, name: str) -> pd.Timestamp:
    no_date = InputError(
        f"catalog {name!r}: {value!r} is not a date: write it as 2019-07-06T03:19:53"
    )
    if not isinstance(value, str | pd.Timestamp):  # pandas takes a number for 1970 plus that
        raise no_date
    try:
        stamp = pd.Timestamp(value).as_unit("ns")
    except ValueError:
        raise no_date from None
    if pd.isna(stamp):
        raise no_date
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
