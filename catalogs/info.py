"""What a catalog is and where it comes from."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from catalogs.errors import InputError
from catalogs.magnitudes import GutenbergRichter
from catalogs.sequence import FloatArray, reaches

Ties = Literal["separate", "drop", "error"]

NANOSECONDS_PER_DAY = 86_400_000_000_000
PLAIN_DAYS = "days since start"

DATE_OF_DAY_0 = "give the date of its first day (--start DATE)"
"""The remedy where plain days will not do."""

KINDS: dict[str, tuple[type, ...]] = {
    "str": (str,),
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "str | float": (str, int, float),
    "Ties": (str,),
    "dict[str, float]": (dict,),
    "dict[str, Any]": (dict,),
    "tuple[tuple[str, str], ...]": (list, tuple),
}
"""What JSON has in place of the types of the fields below."""


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
    left out. ``truth`` holds the parameters of a synthetic catalog, ``provenance`` the files that a
    fetched one is made of and how many events each rule left; ``gaps`` are pairs of dates between
    which nothing was recorded.
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
    provenance: dict[str, Any] = field(default_factory=dict)
    gaps: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "gaps", tuple((str(a), str(b)) for a, b in self.gaps))
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
        for begin, stop in self.gaps:
            if not self.to_days(begin) < self.to_days(stop):
                raise InputError(
                    f"catalog {self.name!r}: the gap from {begin} to {stop} has no length: give "
                    "its first and its last date"
                )
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
        # As integers: a difference of more than 292 years is no Timedelta
        return (self.date(time).value - self.date(self.start).value) / NANOSECONDS_PER_DAY

    def to_time(self, days: float) -> pd.Timestamp | float:
        """The date (or plain day) that lies ``days`` after the catalog's start."""
        if self.uses_plain_days:
            return float(self.start) + days
        nanoseconds = self.date(self.start).value + round(days * NANOSECONDS_PER_DAY)
        return pd.Timestamp(nanoseconds, unit="ns", tz="UTC")

    def date(self, value: str | float | pd.Timestamp) -> pd.Timestamp:
        """A date of this catalog to the nanosecond in UTC, see ``timestamp``."""
        return timestamp(value, f"catalog {self.name!r}")

    def is_complete(self, magnitudes: FloatArray) -> NDArray[np.bool_]:
        """Which magnitudes are at (unless strict) or above completeness."""
        return reaches(magnitudes, self.magnitude_completeness, strict=self.completeness_is_strict)

    def magnitude_law(self, magnitudes: ArrayLike) -> GutenbergRichter:
        """The Gutenberg-Richter law of complete magnitudes, as their grid and threshold demand."""
        return GutenbergRichter.fit(
            magnitudes,
            self.magnitude_completeness,
            bin_width=self.magnitude_bin,
            strict=self.completeness_is_strict,
        )

    def check_dated(self, what: str, remedy: str) -> None:
        """Raise an InputError for plain days, which ``what`` cannot hold or take."""
        if self.uses_plain_days:
            raise InputError(f"catalog {self.name!r} counts plain days, {what}: {remedy}")

    def to_json(self) -> dict[str, Any]:
        """A dictionary of JSON types; without provenance and gaps where there are none."""
        record = asdict(self)
        for name in ("provenance", "gaps"):
            if not record[name]:
                del record[name]
        return record | ({"gaps": [list(gap) for gap in self.gaps]} if self.gaps else {})

    @classmethod
    def from_json(cls, record: dict[str, Any], where: str) -> CatalogInfo:
        """Read a dictionary; ``where`` names the file in error messages.

        Raises
        ------
        InputError
            For a missing, unknown or mistyped field.
        """
        known = {f.name: str(f.type) for f in fields(cls)}
        unknown = sorted(record.keys() - known.keys())
        if unknown:
            raise InputError(f"{where}: unknown field {unknown[0]!r}: remove or rename it")
        for name in ("name", "start", "end", "splits", "magnitude_completeness"):
            if name not in record:
                raise InputError(f"{where}: the field {name!r} is missing: add it")
        for name, value in record.items():
            if name == "splits":
                continue  # has a message of its own
            kinds = KINDS[known[name]]
            if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
                raise InputError(f"{where}: {name} = {value!r:.40} is no {known[name]}: correct it")
        try:
            splits = SplitDates(**record["splits"])
        except TypeError as error:
            raise InputError(
                f"{where}: splits needs exactly train_start, val_start, test_start and end"
            ) from error
        try:
            return cls(**{**record, "splits": splits})
        except (OverflowError, TypeError, ValueError) as error:
            message = str(error) if isinstance(error, InputError) else f"no window ({error})"
            raise InputError(f"{where}: {message}") from error


def timestamp(value: str | float | pd.Timestamp, where: str) -> pd.Timestamp:
    """A date to the nanosecond in UTC, which it is in where no zone is given.

    Raises
    ------
    InputError
        If it is no date; ``where`` says whose it is.
    """
    no_date = InputError(f"{where}: {value!r} is not a date: write it as 2019-07-06T03:19:53")
    if not isinstance(value, str | pd.Timestamp):  # pandas takes a number for 1970 plus that
        raise no_date
    try:
        stamp = pd.Timestamp(value).as_unit("ns")
    except ValueError:
        raise no_date from None
    if pd.isna(stamp):
        raise no_date
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
