"""From a table of events to a catalog: completeness, window and splits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from catalogs.catalog import Catalog, in_order_of_time
from catalogs.completeness import maximum_curvature
from catalogs.errors import InputError
from catalogs.info import CatalogInfo, SplitDates, timestamp
from catalogs.info_fields import Ties
from catalogs.rounded_magnitudes import (
    COARSE,
    MagnitudeGrid,
    lowest_on_grid,
    lowest_recorded,
    magnitude_steps,
    step_changes,
)
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray
from catalogs.split import Split

COLUMNS = ("time", "magnitude", "latitude", "longitude")
"""That a table of events has to have."""

FRACTIONS = (0.6, 0.2, 0.2)
"""Shares of the events in the train, validation and test windows."""

MIXED = 0.05
"""Share of the events whose magnitudes are of another kind, from which that is said."""

MAXIMUM_CURVATURE = "completeness by maximum curvature + 0.2 (Woessner and Wiemer 2005)"


def import_table(
    events: pd.DataFrame,
    name: str,
    *,
    completeness: float | None = None,
    strict: bool = False,
    magnitude_bin: float | None = None,
    start: str | None = None,
    end: str | None = None,
    train_start: str | None = None,
    splits: SplitDates | None = None,
    fractions: Sequence[float] | None = None,
    ties: Ties = "error",
) -> Catalog:
    """A catalog of the events, ready to be split where they are enough for that.

    Parameters
    ----------
    events : DataFrame
        As ``catalogs.formats.table.read_table`` gives it, in any order; the index holds the line
        in the file.
    name : str
        The catalog's name.
    completeness : float, optional
        Magnitude of completeness; by default maximum curvature + 0.2 of the magnitudes inside
        the window.
    strict : bool
        Leave out events at exactly ``completeness``.
    magnitude_bin : float, optional
        Step of the magnitude grid, 0 for continuous magnitudes; by default what nearly all complete
        magnitudes keep. Completeness between two steps is set to the upper one.
    start, end : str, optional
        The window [start, end). By default it starts at midnight (UTC) of the first event, complete
        or not, and ends with the second of the last one; explicit ``splits`` widen it.
    train_start : str, optional
        Where scoring starts, by default with the window: earlier events are history only, such
        as the first hours after a mainshock, when small events are missed.
    splits : SplitDates, optional
        The scored windows, in place of ``train_start`` and ``fractions``; by default each
        boundary lies halfway between two events.
    fractions : three floats, optional
        Shares of the complete events in train, validation and test; they sum to 1. By default 0.6,
        0.2 and 0.2 of the events, or of the time where the events are too few to train on.
    ties : {"error", "separate", "drop"}
        What to do with complete events of equal time, also when the catalog is loaded later.

    Returns
    -------
    Catalog
        All events, sorted by time and identifier, those below completeness included.

    Raises
    ------
    InputError
        For a table that lacks a column, or a time zone, no complete events, ties, an impossible
        window or split, or fewer than 50 events to train on where ``splits`` or ``fractions`` ask
        for it.
    """
    _check_table(events)
    events = in_order_of_time(events)
    inside = _inside(events, name, start, end)
    notes = [] if completeness is not None else [MAXIMUM_CURVATURE]
    remedy = "lower `completeness`" if notes == [] else "say `completeness`, this is an estimate"
    if completeness is None:
        completeness = maximum_curvature(inside["magnitude"])
    window = _window(inside["time"], start, end, splits)
    info = CatalogInfo(
        name=name,
        start=iso(window[0]),
        end=iso(window[1]),
        splits=splits or _in_time(*window, FRACTIONS),
        magnitude_completeness=completeness,
        completeness_is_strict=strict,
        has_locations=bool(events[["latitude", "longitude"]].notna().all(axis=None)),
        ties=ties,
    )
    complete = inside[info.is_complete(inside["magnitude"].to_numpy(np.float64))]
    if complete.empty:
        raise InputError(
            f"catalog {name!r}: none of {len(inside)} events is "
            f"{'above' if strict else 'at or above'} magnitude {completeness:g}, the largest has "
            f"{inside['magnitude'].max():g}: {remedy}"
        )
    steps = None if magnitude_bin is not None else Steps.of(complete)
    step = magnitude_bin or 0.0 if steps is None else steps.grid.step
    lowest, where = _lowest(complete["magnitude"].to_numpy(np.float64), completeness, step, strict)
    if where:
        notes.append(
            f"completeness {completeness:g} lies {where}: {lowest:g} is the lowest complete "
            "magnitude"
        )
        completeness, strict = lowest, False
    notes += [] if steps is None else steps.sentences()
    notes += kinds_of_magnitude(complete)
    if len(complete) > 2 and np.ptp(complete["magnitude"].to_numpy(np.float64)) == 0.0:
        notes.append("all complete magnitudes are equal: they determine no b-value")
    info = replace(
        info,
        magnitude_completeness=completeness,
        completeness_is_strict=strict,
        magnitude_bin=step,
        note="; ".join(notes),
    )
    catalog = Catalog(events, info)
    if ties == "error":
        _refuse_ties(catalog)
    asked = splits is not None or fractions is not None
    if splits is None:
        scored = info.start if train_start is None else iso(info.date(train_start))
        try:
            splits = split_by_events(catalog, scored, fractions or FRACTIONS)
        except InputError:
            if asked:
                raise
            begin = window[0] if train_start is None else info.date(train_start)
            splits = _in_time(begin, window[1], FRACTIONS)
        info = replace(info, splits=splits)
    catalog = Catalog(events.reset_index(drop=True), info)
    if asked:
        catalog.split()  # raises where a window has too few events
    return catalog


def _lowest(
    magnitudes: FloatArray, completeness: float, step: float, strict: bool
) -> tuple[float, str]:
    """The lowest complete magnitude, and where completeness lies if it is not that."""
    lowest = lowest_on_grid(magnitudes, completeness, step)
    if lowest > completeness + MAGNITUDE_TOLERANCE:
        return lowest, f"between steps of {step:g}"
    expected = completeness + step if strict else completeness
    lowest = lowest_recorded(magnitudes, expected)
    if lowest > expected + MAGNITUDE_TOLERANCE:
        return lowest, "below all magnitudes"
    if strict and step >= COARSE and magnitudes.min() > expected - MAGNITUDE_TOLERANCE:
        # Else the law of magnitudes would begin a step below the lowest, and large ones be too few
        return float(np.round(expected, 6)), "a step below the magnitudes that are above it"
    return completeness, ""


@dataclass(frozen=True)
class Steps:
    """The steps in which the magnitudes of a table are given, and where they change.

    ``changes`` holds where each period begins (a position in order of time) and its step, and
    ``times`` those of the events; ``odd`` are the first magnitudes that do not keep the step.
    """

    grid: MagnitudeGrid
    changes: tuple[tuple[int, float], ...]
    times: tuple[pd.Timestamp, ...]
    odd: tuple[float, ...]
    total: int

    @classmethod
    def of(cls, events: pd.DataFrame) -> Steps:
        """The steps of events in order of time: where they change, the coarsest counts."""
        m = events["magnitude"].to_numpy(np.float64)
        grid, changes = magnitude_steps(m), tuple(step_changes(m))
        if len(changes) > 1:
            coarsest = max(step for _, step in changes)
            grid = MagnitudeGrid(coarsest)
            grid = replace(grid, odd=int((~grid.keep(m)).sum()))
        odd = tuple(m[~grid.keep(m)][:3].tolist())
        where = tuple(events["time"].iloc[at] for at, _ in changes)
        return cls(grid, changes, where, odd, m.size)

    def sentences(self) -> list[str]:
        """What deserves to be said of the steps."""
        if len(self.changes) > 1:
            periods = ", ".join(
                f"{'steps of ' + format(step, 'g') if step else 'continuous'} from {iso(time)} on"
                for (_, step), time in zip(self.changes, self.times, strict=True)
            )
            sentence = f"the step of the magnitudes changes ({periods}): b is that of steps of "
            return [f"{sentence}{self.grid.step:g}"]
        if not self.grid.odd:
            return []
        listed = ", ".join(f"{m:g}" for m in self.odd)
        odd = f"{self.grid.odd:,} of {self.total:,} magnitudes do not keep steps of"
        below = "for b they count with the step below"
        return [f"{odd} {self.grid.step:g}, such as {listed}: {below}"]


def kinds_of_magnitude(events: pd.DataFrame) -> list[str]:
    """What deserves to be said of the types of magnitudes: that they are mixed, and how.

    Types with the same two first letters are one kind, as Mw, Mww and Mwr; kinds that fewer than
    5 % of the events have do not count.

    Examples
    --------
    >>> kinds_of_magnitude(pd.DataFrame({"magnitude_type": ["ml", "MLv", "Mw", "mww", ""]}))
    ['magnitudes are of several kinds (2 ML, 2 Mw): completeness, b and fits are of their mixture']
    """
    if "magnitude_type" not in events:
        return []
    kinds = events["magnitude_type"].fillna("").astype(str).str.strip().str.lower().str[:2]
    counts = kinds[kinds.str.fullmatch("m[a-z]")].value_counts(sort=False)
    few = int(counts[counts < MIXED * len(events)].sum())
    counts = counts[counts >= MIXED * len(events)]
    if len(counts) < 2:
        return []
    names = {"ml": "ML", "mb": "mb", "mw": "Mw", "ms": "Ms", "md": "Md"}
    found = sorted((str(kind), int(n)) for kind, n in counts.items())
    listed = ", ".join(f"{n:,} {names.get(kind, kind.capitalize())}" for kind, n in found)
    listed += f", {few:,} of others" if few else ""
    return [
        f"magnitudes are of several kinds ({listed}): completeness, b and fits are of their mixture"
    ]


def out_of_order(events: pd.DataFrame) -> int:
    """How many rows are earlier than the row before them."""
    return int((events["time"].diff() < pd.Timedelta(0)).sum())


def tied_rows(catalog: Catalog) -> list[list[int]]:
    """Groups of complete events of equal time, each as positions in the table."""
    rows = catalog.complete_rows()
    first = np.append(0, np.flatnonzero(np.diff(catalog.days[rows]) > 0.0) + 1)
    stop = np.append(first[1:], rows.size)
    several = stop - first > 1
    return [rows[a:b].tolist() for a, b in zip(first[several], stop[several], strict=True)]


def _refuse_ties(catalog: Catalog) -> None:
    groups = tied_rows(catalog)
    if not groups:
        return
    events = catalog.events.iloc[groups[0]]
    label = "row" if events.index.name is None else events.index.name
    listed = " and ".join(str(i) for i in sorted(events.index)[:2])
    tied = sum(map(len, groups))
    raise InputError(
        f"catalog {catalog.info.name!r}: {label}s {listed} have the same time "
        f"{iso(events['time'].iloc[0])} ({tied} events share a time with another): choose `ties` "
        "separate (1 ms apart) or `ties` drop (the first of each time)"
    )


def _check_table(events: pd.DataFrame) -> None:
    """Refuse a table without one of the columns, or with times of no time zone."""
    lacking = [column for column in COLUMNS if column not in events]
    if lacking:
        raise InputError(
            f"the table of events has no column {lacking[0]!r}: it needs {', '.join(COLUMNS)}, "
            "empty where nothing is known"
        )
    if not isinstance(events["time"].dtype, pd.DatetimeTZDtype):
        raise InputError(
            "the times of the table have no time zone: make them UTC, by "
            "events['time'].dt.tz_localize('UTC') where they are"
        )


def _inside(events: pd.DataFrame, name: str, start: str | None, end: str | None) -> pd.DataFrame:
    """The events from ``start`` until before ``end``, where these are given."""
    inside = events
    if start is not None:
        inside = inside[inside["time"] >= timestamp(start, "`start`")]
    if end is not None:
        inside = inside[inside["time"] < timestamp(end, "`end`")]
    if inside.empty:
        raise InputError(
            f"catalog {name!r}: none of {len(events)} events lies in the window from "
            f"{start or 'the first'} to {end or 'the last'}: check `start` and `end`"
        )
    return inside


def _window(
    times: pd.Series, start: str | None, end: str | None, splits: SplitDates | None
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """The half-open window: what was asked for, else around the (sorted) times and the splits."""
    first, last = times.iloc[0], times.iloc[-1]
    begin, stop = first.floor("D"), last.floor("s") + pd.Timedelta(seconds=1)
    if splits is not None:
        begin = min(begin, timestamp(splits.train_start, "`splits`"))
        stop = timestamp(splits.end, "`splits`")
    return (
        begin if start is None else timestamp(start, "`start`"),
        stop if end is None else timestamp(end, "`end`"),
    )


def _in_time(start: pd.Timestamp, end: pd.Timestamp, fractions: Sequence[float]) -> SplitDates:
    """Windows that hold these shares of the time, where events are not counted or too few."""
    first, span = start.value, end.value - start.value
    edges = [first + round(share * span) for share in (fractions[0], fractions[0] + fractions[1])]
    inner = [pd.Timestamp(edge, unit="ns", tz="UTC") for edge in edges]
    if span > 10 * 10**9:
        inner = [edge.floor("s") for edge in inner]
    return SplitDates(iso(start), iso(inner[0]), iso(inner[1]), iso(end))


def split_by_events(
    catalog: Catalog, train_start: str | float, fractions: Sequence[float]
) -> SplitDates:
    """Boundaries between events, so that the windows hold these shares of the complete events.

    Raises
    ------
    InputError
        For shares that do not sum to 1, or too few events.
    """
    info, times = catalog.info, catalog.to_sequence().times
    times = times[times >= info.to_days(train_start)]
    if len(fractions) != 3 or not (min(fractions) > 0.0 and abs(sum(fractions) - 1.0) <= 1e-6):
        raise InputError(
            f"fractions {' '.join(f'{x:g}' for x in fractions)}: give three positive shares of the "
            "events that sum to 1, such as 0.6 0.2 0.2"
        )
    n_train = round(fractions[0] * times.size)
    n_before_test = round((fractions[0] + fractions[1]) * times.size)
    if n_train < Split.minimum_train or not n_train < n_before_test < times.size:
        raise InputError(
            f"catalog {info.name!r}: {times.size} events of magnitude "
            f"{info.magnitude_completeness:g} and above leave {n_train} for training, "
            f"{n_before_test - n_train} for validation and {times.size - n_before_test} for "
            f"testing: need {Split.minimum_train}, 1 and 1; lower `completeness` or give a longer "
            "table"
        )
    val_start, test_start = (_between(info, times, i) for i in (n_train, n_before_test))
    return SplitDates(train_start, val_start, test_start, info.end)


def _between(info: CatalogInfo, times: FloatArray, i: int) -> str | float:
    """A date halfway between event i - 1 and event i, on a whole second where one fits.

    Else on a whole millisecond, and so on: in no more digits than tell the two apart.
    """
    if info.uses_plain_days:
        return float(info.start) + 0.5 * float(times[i - 1] + times[i])
    before = pd.Timestamp(info.to_time(times[i - 1]))
    middle = pd.Timestamp(info.to_time(0.5 * (times[i - 1] + times[i])))
    whole = (middle.floor(unit) for unit in ("s", "ms", "us"))
    return iso(next((time for time in whole if time > before), middle))


def iso(time: pd.Timestamp) -> str:
    """2019-07-06 at midnight, else 2019-07-06T03:19:53Z with as many decimals as there are."""
    plain = time.tz_convert("UTC").tz_localize(None)
    if plain == plain.floor("D"):
        return f"{plain:%Y-%m-%d}"
    text = plain.isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"
