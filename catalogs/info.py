"""What a catalog is and where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from difflib import get_close_matches
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from catalogs.errors import InputError
from catalogs.info_fields import PLAIN_DAYS, UTC, Ties, check_fields, is_of_type
from catalogs.magnitudes import GutenbergRichter
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches
from catalogs.texts import check_name, composed

NANOSECONDS_PER_DAY = 86_400_000_000_000

MOST_NANOSECONDS = 2**63 - 1
"""292 years: longer differences, and dates farther from 1970, are no 64-bit integers."""

LIKENESS = 0.85
"""Of names of which one is taken for the other misspelt: a letter in ten may differ."""

YEAR_LAST = re.compile(r"\s*\d{1,2}[-/. ]\d{1,2}[-/. ]\d")
"""A date that begins with day and month, in either order."""

DATE_OF_DAY_0 = (
    "give the date of its first day: `origin` where it is simulated, `start` where it is imported"
)
"""The remedy where plain days will not do."""


@dataclass(frozen=True)
class SplitDates:
    """Boundaries of the scored windows: ISO dates, or days where the catalog uses plain days.

    Parameters
    ----------
    train_start, val_start, test_start : str or float
        Where the train, validation and test windows begin; what lies before the first is history.
    end : str or float
        Where the test window ends.

    Examples
    --------
    >>> SplitDates("1981-01-01", "1998-01-01", "2007-01-01", "2020-01-17").test_start
    '2007-01-01'
    """

    train_start: str | float
    val_start: str | float
    test_start: str | float
    end: str | float


@dataclass(frozen=True)
class CatalogInfo:
    """What a catalog is and where it comes from; the fields of ``<name>.json``.

    Parameters
    ----------
    name : str
        By which it is loaded.
    start, end : str or float
        Window in which the catalog is complete: ISO dates, or days where ``time_unit`` says so.
    splits : SplitDates
        Boundaries of the train, validation and test windows.
    magnitude_completeness : float
        Magnitude of completeness.
    completeness_is_strict : bool
        Whether events at exactly that magnitude are left out.
    magnitude_bin : float
        Step of the grid on which magnitudes are reported; 0 for continuous magnitudes.
    title, region, kind, source, licence, citation, note : str
        What it is, for people; ``kind`` is "observed" or "synthetic".
    has_locations : bool
        Whether the table has latitudes and longitudes.
    ties : {"separate", "drop", "error"}
        What ``Catalog.to_sequence`` does with events at the same time.
    n_events : int
        Rows of the table.
    sha256 : str
        Hash of the table's file.
    time_unit : str
        "UTC", or "days since start" for times that fit no calendar.
    truth : dict of str to float
        Parameters that a synthetic catalog was drawn from.
    provenance : dict
        The files that a fetched catalog is made of, and how many events each rule left.
    gaps : tuple of pairs of str
        Dates between which nothing was recorded; they may overlap.
    area : str
        What the catalog covers, as ``parse_area`` reads it; empty where that is not known.
    others : dict
        Fields that this version does not know, as they stood in the JSON: a newer version may have
        written them, and they are written again.

    Raises
    ------
    InputError
        If the boundaries are not in order, or a field holds what it cannot.

    Examples
    --------
    >>> splits = SplitDates("2019-07-04", "2019-07-10", "2019-07-12", "2019-07-16")
    >>> info = CatalogInfo("mine", "2019-07-04", "2019-07-17", splits, 2.5)
    >>> info.to_days("2019-07-06T03:00")
    2.125
    >>> info.to_time(2.125)
    Timestamp('2019-07-06 03:00:00+0000', tz='UTC')
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
    time_unit: str = UTC
    truth: dict[str, float] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    gaps: tuple[tuple[str, str], ...] = ()
    area: str = ""
    others: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "gaps", tuple((str(a), str(b)) for a, b in self.gaps))
        check_name(self.name)
        object.__setattr__(self, "name", composed(self.name))
        try:
            check_fields(vars(self))
        except InputError as error:
            raise InputError(f"catalog {self.name!r}: {error}") from error
        s = self.splits
        edges = {
            "start": self.start,
            "train_start": s.train_start,
            "val_start": s.val_start,
            "test_start": s.test_start,
            "splits.end": s.end,
            "end": self.end,
        }
        days = {name: self._edge(name, value) for name, value in edges.items()}
        for begin, stop in self.gaps:
            if not self.to_days(begin) < self.to_days(stop):
                raise InputError(
                    f"catalog {self.name!r}: the gap from {begin} to {stop} has no length: give "
                    "its first and its last date"
                )
        for a, b in pairwise(days):
            may_equal = (a, b) in {("start", "train_start"), ("splits.end", "end")}
            if days[a] > days[b] or (days[a] == days[b] and not may_equal):
                raise InputError(
                    f"catalog {self.name!r}: {a} = {edges[a]} is not before {b} = {edges[b]}: "
                    "need start <= train_start < val_start < test_start < splits.end <= end"
                )

    def _edge(self, name: str, value: str | float) -> float:
        """The day of a boundary."""
        try:
            day = self.to_days(value)
        except (OverflowError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            day = np.nan
        if not np.isfinite(day):  # of plain days
            raise InputError(f"catalog {self.name!r}: {name} = {value!r:.40} is no day: correct it")
        return day

    @property
    def uses_plain_days(self) -> bool:
        """Whether times are days since the start (long synthetic catalogs fit no calendar)."""
        return self.time_unit == PLAIN_DAYS

    def to_days(self, time: str | float | pd.Timestamp) -> float:
        """Convert a date (or plain day) to days since the catalog's start.

        Parameters
        ----------
        time : str, float or pandas.Timestamp
            A date, in UTC where it has no zone, or a plain day.

        Returns
        -------
        float
            Days.
        """
        if self.uses_plain_days:
            return float(time) - float(self.start)
        # As integers: a difference of more than 292 years is no Timedelta
        return (self.date(time).value - self.date(self.start).value) / NANOSECONDS_PER_DAY

    def to_time(self, days: float) -> pd.Timestamp | float:
        """Convert days since the catalog's start to a date (or plain day).

        Parameters
        ----------
        days : float
            Days since the start.

        Returns
        -------
        pandas.Timestamp or float
            In UTC to the nanosecond, or the plain day.
        """
        if self.uses_plain_days:
            return float(self.start) + days
        nanoseconds = self.date(self.start).value + round(days * NANOSECONDS_PER_DAY)
        return pd.Timestamp(nanoseconds, unit="ns", tz="UTC")

    def to_times(self, days: ArrayLike) -> NDArray[np.datetime64]:
        """Convert days since the catalog's start to dates, also those beyond 2262.

        Parameters
        ----------
        days : array
            Days since the start, of any shape.

        Returns
        -------
        array of datetime64
            In UTC, of the same shape: to the nanosecond, or if one is 292 years after the start or
            beyond 2262 to the microsecond.

        Examples
        --------
        >>> splits = SplitDates("1683-05-13", "1900-01-01", "1950-01-01", "2000-01-01")
        >>> info = CatalogInfo("long", "1683-05-13", "2020-01-01", splits, 4.0)
        >>> info.to_times([122_900.25])
        array(['2019-11-08T06:00:00.000000'], dtype='datetime64[us]')
        """
        offsets = np.asarray(days, dtype=np.float64)
        start = self.date(self.start)
        longest = min(MOST_NANOSECONDS, MOST_NANOSECONDS - start.value) / NANOSECONDS_PER_DAY
        unit, per_day = "ns", NANOSECONDS_PER_DAY
        if np.abs(offsets).max(initial=0.0) >= longest:
            unit, per_day = "us", NANOSECONDS_PER_DAY // 1000
        whole = np.round(offsets * per_day).astype(f"timedelta64[{unit}]")
        return np.asarray(start.to_datetime64().astype(f"datetime64[{unit}]") + whole)

    def date(self, value: str | float | pd.Timestamp) -> pd.Timestamp:
        """Read a date of this catalog.

        Parameters
        ----------
        value : str, float or pandas.Timestamp
            In UTC where it has no zone.

        Returns
        -------
        pandas.Timestamp
            In UTC to the nanosecond.
        """
        return timestamp(value, f"catalog {self.name!r}")

    def is_complete(self, magnitudes: FloatArray) -> NDArray[np.bool_]:
        """Tell which magnitudes are at (unless strict) or above completeness.

        Parameters
        ----------
        magnitudes : array (event,)
            Their rounding errors do not count.

        Returns
        -------
        array of bool (event,)
            True for complete magnitudes.
        """
        return reaches(magnitudes, self.magnitude_completeness, strict=self.completeness_is_strict)

    def on_grid(self, magnitude: float) -> float:
        """The lowest magnitude that can occur at or above one.

        Parameters
        ----------
        magnitude : float
            Such as a threshold of a forecast.

        Returns
        -------
        float
            The same, unless magnitudes and completeness are multiples of ``magnitude_bin`` and this
            one is not.
        """
        step = self.magnitude_bin
        if step <= MAGNITUDE_TOLERANCE or not np.isfinite(magnitude):
            return magnitude
        completeness, bins = self.magnitude_completeness / step, magnitude / step
        near = MAGNITUDE_TOLERANCE / step
        if not np.isfinite([completeness, bins]).all():
            return magnitude
        if abs(completeness - round(completeness)) > near or abs(bins - round(bins)) <= near:
            return magnitude
        return round(step * float(np.ceil(bins)), 6)

    def magnitude_law(self, magnitudes: ArrayLike) -> GutenbergRichter:
        """Fit the Gutenberg-Richter law, given the catalog's magnitude grid and threshold.

        Parameters
        ----------
        magnitudes : array (event,)
            Complete magnitudes.

        Returns
        -------
        GutenbergRichter
            See ``GutenbergRichter.fit``.
        """
        return GutenbergRichter.fit(
            magnitudes,
            self.magnitude_completeness,
            bin_width=self.magnitude_bin,
            strict=self.completeness_is_strict,
        )

    def check_dated(self, what: str, remedy: str) -> None:
        """Refuse a catalog of plain days where dates are needed.

        Parameters
        ----------
        what : str
            Why dates are needed, for the message.
        remedy : str
            What to do about it.

        Raises
        ------
        InputError
            If the catalog counts plain days.
        """
        if self.uses_plain_days:
            raise InputError(f"catalog {self.name!r} counts plain days, {what}: {remedy}")

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON types.

        Returns
        -------
        dict
            All fields, those that are not known beside the others; no ``provenance``, ``gaps`` and
            ``area`` where there are none.
        """
        record = asdict(self)
        others: dict[str, Any] = record.pop("others")
        for name in ("provenance", "gaps", "area"):
            if not record[name]:
                del record[name]
        gaps = {"gaps": [list(gap) for gap in self.gaps]} if self.gaps else {}
        return others | record | gaps

    @classmethod
    def from_json(cls, record: dict[str, Any], where: str) -> CatalogInfo:
        """Make it from what ``to_json`` returned.

        Parameters
        ----------
        record : dict
            Parsed JSON.
        where : str
            The file, for error messages.

        Returns
        -------
        CatalogInfo
            With the fields checked; those that it does not know are ``others``.

        Raises
        ------
        InputError
            For a missing, misspelt or mistyped field.
        """
        known = {f.name: str(f.type) for f in fields(cls) if f.name != "others"}
        others = {name: value for name, value in record.items() if name not in known}
        record = {name: value for name, value in record.items() if name in known}
        _refuse_misspelt(others, known.keys() - record.keys(), where)
        for name in ("name", "start", "end", "splits", "magnitude_completeness"):
            if name not in record:
                raise InputError(f"{where}: the field {name!r} is missing: add it")
        for name, value in record.items():
            if name == "splits":
                continue  # has a message of its own
            if not is_of_type(value, known[name]):
                raise InputError(f"{where}: {name} = {value!r:.40} is no {known[name]}: correct it")
        splits = _splits(record["splits"], where)
        try:
            return cls(**{**record, "splits": splits, "others": others})
        except (OverflowError, TypeError, ValueError) as error:
            message = str(error) if isinstance(error, InputError) else f"no window ({error})"
            raise InputError(f"{where}: {message}") from error


def _refuse_misspelt(names: Iterable[str], absent: Iterable[str], where: str) -> None:
    """Raise an InputError for a name that is nearly that of a field which is not there."""
    for name in names:
        for meant in get_close_matches(name, absent, 1, LIKENESS):
            raise InputError(
                f"{where}: there is no field {name!r:.60}: rename it to {meant!r}, or remove it"
            )


def _splits(record: Any, where: str) -> SplitDates:
    """The boundaries in a catalog's record."""
    try:
        splits = SplitDates(**record)
    except TypeError as error:
        raise InputError(
            f"{where}: splits needs exactly train_start, val_start, test_start and end"
        ) from error
    for name, value in vars(splits).items():
        if not is_of_type(value, "str | float"):
            raise InputError(
                f"{where}: splits: {name} = {value!r:.40} is no str | float: correct it"
            )
    return splits


def timestamp(value: str | float | pd.Timestamp, where: str) -> pd.Timestamp:
    """Read a date to the nanosecond, in UTC where it has no zone.

    Raises
    ------
    InputError
        If it is no date, or one whose year comes last, in which day and month may change places;
        ``where`` says whose it is.
    """
    no_date = InputError(f"{where}: {value!r} is not a date: write it as 2019-07-06T03:19:53")
    if isinstance(value, str) and YEAR_LAST.match(value):
        raise InputError(
            f"{where}: {value!r} can be read in two ways: write the year first, "
            "as in 2019-07-06T03:19:53"
        )
    if isinstance(value, Real):  # pandas takes a number for 1970 plus that
        raise InputError(f"{no_date} (catalog.info.to_time makes one of days since the start)")
    if not isinstance(value, str | pd.Timestamp):
        raise no_date
    try:
        stamp = pd.Timestamp(value).as_unit("ns")
    except pd.errors.OutOfBoundsDatetime:
        raise InputError(
            f"{where}: {value!r} is before 1678 or after 2261, which times in nanoseconds cannot "
            "hold: give a date in between"
        ) from None
    except ValueError:
        raise no_date from None
    if pd.isna(stamp):
        raise no_date
    return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
