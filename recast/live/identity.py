"""Which reports are of one earthquake: over identifiers that change, and over agencies.

Two reports of one agency in one answer are two earthquakes, however close: in the first minutes of
a sequence real events lie seconds apart. A report of another agency, or one that takes the place of
a report that has gone, is of the same earthquake if it is the nearest in time, place and magnitude,
and near enough.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np

from catalogs.sphere import distances

NEAR_SECONDS = 5.0
"""Origin times of two agencies differ by less, but for poorly recorded events: to be apart further
costs a duplicate, to be nearer merges aftershocks."""

NEAR_KM = 50.0
NEAR_MAGNITUDES = 1.0

ONE_AGENCY = 0.5
"""Of these limits, where an agency replaces its own report: it has the same stations."""

NANOSECONDS = 1_000_000_000


class Report(NamedTuple):
    """An earthquake as a source has it. Equal if nothing about it has changed."""

    reported_id: str
    time: int
    """Nanoseconds since 1970."""

    magnitude: float
    latitude: float
    longitude: float
    depth_km: float | None
    event_type: str
    magnitude_type: str
    place: str
    url: str


HEXADECIMAL = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{24,}"
"""A UUID or a hash, whose first letters say nothing of an agency."""

CODE = re.compile(rf"(?<![0-9a-z])(?:{HEXADECIMAL})(?![0-9a-z])|\d")


def agency(identifier: str) -> str:
    """Who gave an identifier: what stands before its number or code.

    >>> agency("ci38457511"), agency("us70004bn0"), agency("quakeml:eu.emsc/event/20190706_0000043")
    ('ci', 'us', 'quakeml:eu.emsc/event/')
    >>> agency("smi:local/cd613e30-d8f1-4adf-91b7-584a2265b1f5")
    'smi:local/'
    """
    return CODE.split(identifier.lower(), maxsplit=1)[0]


def apart(a: Report, b: Report) -> float:
    """How far apart two reports are, up to 1 for what may be one earthquake; else infinite.

    The root mean square of the differences in time, place and magnitude, each in its limit.
    """
    parts = np.array(
        [
            abs(a.time - b.time) / NANOSECONDS / NEAR_SECONDS,
            float(distances([a.latitude, a.longitude], [b.latitude, b.longitude])) / NEAR_KM,
            abs(a.magnitude - b.magnitude) / NEAR_MAGNITUDES,
        ]
    )
    limit = ONE_AGENCY if agency(a.reported_id) == agency(b.reported_id) else 1.0
    if not (parts <= limit).all():
        return float("inf")
    return float(np.sqrt(np.mean(parts**2)))


def matched(here: Sequence[Report], there: Sequence[Report]) -> list[tuple[int, int]]:
    """Pairs of positions of reports that are each other's nearest, and near enough.

    Examples
    --------
    >>> a = Report("ci1", 0, 4.0, 35.0, -117.0, 5.0, "", "ml", "", "")
    >>> b = a._replace(reported_id="us1", time=2 * NANOSECONDS, magnitude=4.3)
    >>> c = a._replace(reported_id="us2", time=4 * NANOSECONDS)
    >>> matched([a], [c, b])
    [(0, 1)]
    """
    order = sorted(range(len(there)), key=lambda j: there[j].time)
    times = [there[j].time for j in order]
    reach = int(NEAR_SECONDS * NANOSECONDS)
    found = []
    for i, report in enumerate(here):
        first = bisect_left(times, report.time - reach)
        last = bisect_right(times, report.time + reach)
        found += [(apart(report, there[j]), i, j) for j in order[first:last]]
    nearest = sorted(pair for pair in found if pair[0] <= 1.0)
    best_here: dict[int, int] = {}
    best_there: dict[int, int] = {}
    for _, i, j in nearest:
        best_here.setdefault(i, j)
        best_there.setdefault(j, i)
    return [(i, j) for i, j in sorted(best_here.items()) if best_there[j] == i]


def duplicates(reports: Sequence[Report]) -> Iterator[tuple[int, int]]:
    """Pairs of positions of reports in one answer by which two agencies tell of one earthquake."""
    by_agency: dict[str, list[int]] = {}
    for i, report in enumerate(reports):
        by_agency.setdefault(agency(report.reported_id), []).append(i)
    for first, second in combinations(sorted(by_agency), 2):
        one, other = by_agency[first], by_agency[second]
        for i, j in matched([reports[k] for k in one], [reports[k] for k in other]):
            yield one[i], other[j]
