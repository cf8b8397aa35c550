"""Windows that overlap gaps of the catalog: nothing was recorded there, so what came is unknown."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from catalogs import CatalogInfo, EventSequence
from catalogs.display import some
from catalogs.sequence import Gaps, clipped

ROUNDING = 1e-9
"""Days, a tenth of a millisecond: a window that ends where a gap begins does not overlap it."""

MOST = 3
"""Gaps that are spelt out."""


def overlapped(events: EventSequence, start: float, end: float) -> Gaps:
    """The gaps that a window overlaps.

    >>> events = EventSequence([], [], 0.0, 100.0, gaps=[(20.0, 45.0)])
    >>> overlapped(events, 40.0, 47.0), overlapped(events, 45.0, 52.0)
    (((20.0, 45.0),), ())
    """
    return tuple((a, b) for a, b in events.gaps if max(a, start) + ROUNDING < min(b, end))


def recorded_days(events: EventSequence, start: float, end: float) -> float:
    """Length of a window in days, without the gaps of the catalog.

    >>> recorded_days(EventSequence([], [], 0.0, 100.0, gaps=[(20.0, 45.0)]), 40.0, 47.0)
    2.0
    """
    return max(end - start, 0.0) - sum(b - a for a, b in clipped(events.gaps, start, end))


def about_past(info: CatalogInfo, events: EventSequence, at: float, since: float) -> list[str]:
    """That the events of a gap between two days are missed, if there is one."""
    gaps = overlapped(events, since, at)
    if not gaps:
        return []
    known = f"the catalog has {_some(gaps)} before the forecast ({spelt(info, gaps)})"
    return [f"{known}: what came then is not known, nor are its aftershocks expected"]


def spelt(info: CatalogInfo, gaps: Gaps) -> str:
    """``2002-03-01 to 2002-04-15``, with commas between several."""
    said = [f"{_when(info, begin)} to {_when(info, end)}" for begin, end in gaps[:MOST]]
    more = len(gaps) - MOST
    return ", ".join(said) + (f" and {more} more" if more > 0 else "")


def _when(info: CatalogInfo, day: float) -> str:
    time = info.to_time(day)
    if not isinstance(time, pd.Timestamp):
        return f"day {time:g}"
    time = time.round("s")
    return f"{time:%Y-%m-%d}" if time == time.normalize() else f"{time:%Y-%m-%d %H:%M:%S}"


def about_windows(
    info: CatalogInfo, events: EventSequence, windows: Sequence[tuple[float, float]]
) -> list[str]:
    """How many of the windows are not scored, if any."""
    found = [gaps for start, end in windows if (gaps := overlapped(events, start, end))]
    if not found:
        return []
    gaps = tuple(sorted({gap for several in found for gap in several}))
    overlap = f"{'overlaps' if len(found) == 1 else 'overlap'} {_some(gaps)} of the catalog"
    n = f"{len(found):,} of {some(len(windows), 'window')}"
    return [f"{n} {overlap} ({spelt(info, gaps)}): not scored"]


def about_forecast(
    info: CatalogInfo, events: EventSequence, at: float, days: Sequence[float]
) -> list[str]:
    """In which windows of a forecast it is not known what came, if there are any.

    Of those alone that end before the catalog does.
    """
    ended = [length for length in days if at + length <= events.end + ROUNDING]
    lost = [length for length in ended if overlapped(events, at, at + length)]
    if not lost:
        return []
    gaps = overlapped(events, at, at + max(lost))
    *first, last = (f"{length:g}" for length in lost)
    lengths = f"{', '.join(first)} and {last}" if first else last
    unit = "day" if lengths == "1" else "days"
    windows = f"window{'s' if first else ''} of {lengths} {unit}"
    known = f"the catalog has {_some(gaps)} from {spelt(info, gaps)}"
    return [f"{known}: what came in the {windows} is not known"]


def _some(gaps: Gaps) -> str:
    return "a gap" if len(gaps) == 1 else "gaps"
