"""Is a catalog fit for use? What to look at before any model is fitted, as JSON types."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from catalogs.catalog import SAME_EVENT, Catalog, nanoseconds
from catalogs.completeness import maximum_curvature
from catalogs.display import some
from catalogs.errors import InputError
from catalogs.event_types import are_earthquakes
from catalogs.info import NANOSECONDS_PER_DAY
from catalogs.magnitudes import b_standard_error
from catalogs.rounded_magnitudes import magnitude_steps, step_changes
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray
from catalogs.stand_ins import stand_in

BLOCK = 250
"""Events behind a completeness or b-value at least: they scatter by 0.1 or less then."""

BLOCKS = 40
"""At most that many blocks over the whole window."""

LONGEST = 20
"""Gaps looked at, and the neighbouring spans on each side that they are compared with."""

EXPECTED_IN_GAP = 10
"""A gap is suspicious where nine of ten neighbouring spans of its length have so many events: a
Poisson process of that mean is silent for as long once in 20,000 times."""

TWICE = 0.01
"""Share of events that may be another one's second report, from which on that is said."""

SAME_SECONDS, SAME_KM = 1.0, 5.0
"""Events closer than that in time and place may be one, located twice."""

LATER_SECONDS, LIKELY = 10.0, 0.15
"""There are no more such pairs than by chance where those at lags up to here make as many so
likely; one is more where there is no other."""

NEAR_SECONDS, NEAR_KM, NEAR_UNITS = 3.0, 15.0, 0.3
"""Two agencies give the time, the place and the magnitude of one event so differently."""

FAR_SECONDS = 30.0
"""Aftershocks come as near each other in place and magnitude at lags up to here, and no less often:
within seconds of an event networks miss some."""

RARE = 1e-5
"""Probability of as many near pairs by chance below which they are more than that."""

MOST_BEHIND = 100
"""Events in ``FAR_SECONDS`` behind one: where there are more, nothing is known of pairs."""

BIN, CLEAR = 0.1, 2.0
"""Width of the bins of magnitude, and standard errors by which one is clearly fuller."""

KM_PER_DEGREE = 111.2

DAY_HOURS = (8.0, 18.0)
"""Local solar time when people make noise, and blasts."""

JACKKNIFE = 50
"""Spans of time that are left out in turn, so that an aftershock sequence counts as one thing."""


LEAST_REST = 0.1
"""Share of a silence that has to be known besides."""

LONG_GAP = 0.01
"""Share of the window from which on a silence matters to a fit."""


HIGHER, LONG_INCOMPLETE = 0.3, 0.2
"""Magnitude units by which completeness is clearly higher, and share of the window from which on
that matters: of eleven regional catalogs it is 0.13 at most."""


def check_catalog(catalog: Catalog) -> dict[str, Any]:
    """Look for what may be wrong with a catalog: ties, duplicates, gaps, changes in time.

    Parameters
    ----------
    catalog : Catalog
        Its events inside the window are looked at.

    Returns
    -------
    dict
        By name what the function of that name in ``catalogs.checks.quality`` returns, with dates
        for days; ``catalogs.checks.findings.findings`` says which of it deserves a look.

    Raises
    ------
    InputError
        If the catalog has no calendar, or no complete event in its window.

    Examples
    --------
    >>> from catalogs import load
    >>> check_catalog(load("ridgecrest_2019"))["ties"]
    {'events': 0, 'largest': 0}
    """
    info = catalog.info
    info.check_dated("which have no hour and no year", "give the date of its first day")
    order = catalog.rows_in_window()
    events, days = catalog.events.iloc[order].reset_index(drop=True), catalog.days[order]
    complete = info.is_complete(events["magnitude"].to_numpy(np.float64))
    if not complete.any():
        raise InputError(f"catalog {info.name!r} has no complete event in its window")
    end = info.to_days(info.end)
    report: dict[str, Any] = {
        "catalog": info.name,
        "start": str(info.start),
        "end": str(info.end),
        "magnitude_completeness": info.magnitude_completeness,
        "events": len(events),
        "complete_events": int(complete.sum()),
        "ties": ties(events),
        "duplicates": duplicates(events),
        "two_reports": two_reports(events),
        "gaps": _undeclared(catalog, _dated(catalog, gaps(days[complete], end))),
        "declared_gaps": [list(gap) for gap in info.gaps],
        "event_types": _counts(events, "event_type"),
        "not_earthquakes": int((~are_earthquakes(events)).sum()),
        "magnitude_types": _counts(events, "magnitude_type"),
        "magnitude_resolution": magnitude_resolution(events),
        "missing_magnitudes": stand_ins(events),
        "completeness_over_time": _dated(catalog, completeness_over_time(events, days)),
        "b_over_time": _dated(catalog, b_over_time(catalog, events[complete], days[complete])),
        "time_of_day": {
            "all": time_of_day(events, days, end),
            "complete": time_of_day(events[complete], days[complete], end),
        },
    }
    return report


def gap_warning(catalog: Catalog) -> str | None:
    """What to say of long silences before a model is fitted across them; None where none are long.

    Long is ``LONG_GAP`` of the window: what is fitted takes such quiet for the end of sequences.
    """
    info = catalog.info
    if info.uses_plain_days:
        return None
    end = info.to_days(info.end)
    found = gaps(catalog.to_sequence().times, end)
    long = [gap for gap in found if gap["end"] - gap["start"] > LONG_GAP * end]
    dated = _undeclared(catalog, _dated(catalog, long))
    if not dated:
        return None
    spans = ", ".join(f"{gap['start']} to {gap['end']}" for gap in dated)
    return (
        f"catalog {info.name!r} has no event from {spans}: fits take that for quiet; if nothing "
        "was recorded then, declare it (recast catalogs import --gap)"
    )


def incomplete_warning(catalog: Catalog, until: float | None = None) -> str | None:
    """What to say where completeness was higher for years; None where it was not.

    The days after large events, when networks miss small ones, are a small share of the window.

    Parameters
    ----------
    catalog : Catalog
        Looked at from its train window's start on.
    until : float, optional
        Days since its start; by default its end.
    """
    info, lowest = catalog.info, catalog.info.magnitude_completeness
    start = info.to_days(info.splits.train_start)
    end = info.to_days(info.end) if until is None else until
    order = catalog.rows_in_window()
    order = order[(catalog.days[order] >= start) & (catalog.days[order] < end)]
    if len(order) < 2 * BLOCK:
        return None
    blocks = completeness_over_time(catalog.events.iloc[order], catalog.days[order])
    long = sum(
        block["end"] - block["start"]
        for block in blocks
        if block["completeness"] > lowest + HIGHER + MAGNITUDE_TOLERANCE
    )
    if not long > LONG_INCOMPLETE * (end - start):
        return None
    return (
        f"catalog {info.name!r} looks incomplete at M {lowest:g} for {long / (end - start):.0%} of "
        "its window: rates and b are too low; begin later (`start`), raise `completeness`, or fit "
        "ETAS with a table of completeness (--completeness-history of recast etas fit and forecast)"
    ).replace("%", " %")


def _undeclared(catalog: Catalog, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The gaps that the catalog does not know of: less than half of each is declared."""
    info = catalog.info
    spans = [(info.to_days(a), info.to_days(b)) for a, b in info.gaps]

    def known(gap: dict[str, Any]) -> float:
        start, end = info.to_days(gap["start"]), info.to_days(gap["end"])
        return sum(max(min(end, b) - max(start, a), 0.0) for a, b in spans) / max(end - start, 1e-9)

    return [gap for gap in found if known(gap) < 0.5]


def ties(events: pd.DataFrame) -> dict[str, int]:
    """Events that share their time with another, and the most that share one."""
    sizes = events["time"].value_counts()
    shared = sizes[sizes > 1]
    return {"events": int(shared.sum()), "largest": int(shared.max()) if len(shared) else 0}


def duplicates(events: pd.DataFrame) -> dict[str, int]:
    """Rows equal to an earlier one, identifiers that come again, and neighbours that may be one.

    Neighbours count where there are more of them than as many pairs at lags up to 10 s make likely:
    in a swarm of thousands of events a day many follow each other within a second.
    """
    columns = [column for column in SAME_EVENT if column in events]
    ids = events["event_id"] if "event_id" in events else pd.Series([], dtype="str")
    found = {
        "rows": int(events.duplicated(columns).sum()),
        "identifiers": int((ids.duplicated() & (ids != "")).sum()),
    }
    if {"latitude", "longitude"} <= set(events):
        latitude, longitude = (events[c].to_numpy(np.float64) for c in ("latitude", "longitude"))
        seconds = events["time"].diff().dt.total_seconds().to_numpy()[1:]
        across = np.diff(longitude) * np.cos(np.radians(latitude[1:]))
        km = KM_PER_DEGREE * np.hypot(np.diff(latitude), across)
        near = int(((seconds <= SAME_SECONDS) & (km <= SAME_KM)).sum())
        found["may_be_one"] = near if near and near > _same_by_chance(events, near) else 0
    return found


def _same_by_chance(events: pd.DataFrame, near: int) -> float:
    """How many neighbours are within a second and 5 km by chance; so many that it is likely: all.

    By the pairs at lags of 1 to ``LATER_SECONDS`` s, which are real events.
    """
    far = sum(
        int(((lag > SAME_SECONDS) & (km <= SAME_KM)).sum())
        for lag, km, _ in _pairs(events, LATER_SECONDS)
    )
    share = SAME_SECONDS / LATER_SECONDS
    by_chance = far * share / (1.0 - share)
    if near <= by_chance or _as_many(near, near + far, share) > LIKELY:
        return float(near)
    return by_chance


def _pairs(
    events: pd.DataFrame, longest: float
) -> Iterator[tuple[FloatArray, FloatArray, FloatArray]]:
    """Seconds, kilometres and magnitude units between events and the next, the next but one, ...

    Of pairs no more than ``longest`` seconds apart, and at most ``MOST_BEHIND`` - 1 times.
    """
    seconds = nanoseconds(events) / 1e9
    latitude, longitude, magnitude = (
        events[name].to_numpy(np.float64) for name in ("latitude", "longitude", "magnitude")
    )
    for behind in range(1, min(MOST_BEHIND, len(events))):
        first = np.flatnonzero(seconds[behind:] - seconds[:-behind] <= longest)
        if not first.size:
            return
        second = first + behind
        turn = (longitude[second] - longitude[first] + 180.0) % 360.0 - 180.0
        across = turn * np.cos(np.radians(latitude[second]))
        yield (
            seconds[second] - seconds[first],
            KM_PER_DEGREE * np.hypot(latitude[second] - latitude[first], across),
            np.abs(magnitude[second] - magnitude[first]),
        )


def reported_twice(events: pd.DataFrame) -> list[str]:
    """A warning where many of the events, in order of time, may have been reported twice."""
    pairs = duplicates(events).get("may_be_one", 0)
    near = f"{some(pairs, 'pair')} of events within {SAME_SECONDS:g} s and {SAME_KM:g} km"
    beyond = pairs - _same_by_chance(events, pairs) if pairs else 0.0
    if not pairs or beyond < TWICE * len(events):
        found = two_reports(events)
        if not found:
            return []
        near = in_words(found)
    remedy = (
        "if these are two reports of one event each, leave those of one network out of the file"
    )
    return [f"{near}: {remedy}"]


def two_reports(events: pd.DataFrame) -> dict[str, float]:
    """Pairs of events near in time, place and magnitude, if they are clearly more than by chance.

    Merged lists of two agencies have many events twice, some seconds, kilometres and tenths of a
    magnitude apart. Real aftershocks come as near, so that pairs at lags up to 3 s are compared
    with those at lags of 3 to 30 s: by chance one in ten is of the former. There are two reports if
    there are more pairs than that has a probability of 1e-5 of, and those beyond chance are a
    hundredth of the events.

    Returns
    -------
    dict
        ``pairs`` and ``by_chance``; empty where there are no more than by chance.
    """
    if not {"latitude", "longitude"} <= set(events) or len(events) < 2:
        return {}
    near = far = steps = 0
    for lag, km, units in _pairs(events, FAR_SECONDS):
        alike = (km <= NEAR_KM) & (units <= NEAR_UNITS + MAGNITUDE_TOLERANCE)
        soon = lag <= NEAR_SECONDS
        near += int((alike & soon).sum())
        far += int((alike & ~soon).sum())
        steps += 1
    if steps == MOST_BEHIND - 1 and len(events) > MOST_BEHIND:
        return {}
    by_chance = far * NEAR_SECONDS / (FAR_SECONDS - NEAR_SECONDS)
    rare = _as_many(near, near + far, NEAR_SECONDS / FAR_SECONDS) < RARE
    if not rare or near - by_chance < TWICE * len(events):
        return {}
    return {"pairs": near, "by_chance": by_chance}


def _as_many(hits: int, trials: int, share: float) -> float:
    """Probability of so many hits or more, by the binomial law."""
    k = np.arange(hits, trials + 1)
    ways = np.array([math.lgamma(j + 1.0) + math.lgamma(trials - j + 1.0) for j in k.tolist()])
    logs = math.lgamma(trials + 1.0) - ways + k * np.log(share) + (trials - k) * np.log1p(-share)
    return float(np.exp(logs).sum())


def in_words(found: dict[str, float]) -> str:
    """How many pairs ``two_reports`` has found, and within what."""
    return (
        f"{found['pairs']:,.0f} pairs of events within {NEAR_SECONDS:g} s, {NEAR_KM:g} km and "
        f"{NEAR_UNITS:g} magnitude units, of which {found['by_chance']:,.0f} would be by chance"
    )


def gaps(days: FloatArray, end: float) -> list[dict[str, Any]]:
    """Spans of any length without complete events, where there should be some.

    The longest silences are compared with twenty spans before and after each, nine of ten of which
    must hold ``EXPECTED_IN_GAP`` events or more. Where a silence is so long that fewer than ten
    such spans fit into the window, the rest of it is cut into twenty, and the rate that nine of ten
    of them exceed is what a silence is measured by. A rest shorter than a tenth of the silence, as
    in the file of a sequence that has just begun, says nothing of it.
    """
    edges = np.concatenate([[0.0], days, [end]])
    lengths = np.diff(edges)
    found = []
    for i in np.argsort(lengths)[::-1][:LONGEST].tolist():
        first, last, length = float(edges[i]), float(edges[i + 1]), float(lengths[i])
        steps = np.arange(LONGEST)
        starts = np.concatenate([first - length * (steps + 1), last + length * steps])
        starts = starts[(starts >= 0.0) & (starts + length <= end)]
        scale = 1.0
        if starts.size < LONGEST // 2:
            if end - length < LEAST_REST * length:
                continue
            starts, width = _rest(first, last, end)
            scale = length / width
            counts = np.searchsorted(days, starts + width) - np.searchsorted(days, starts)
        else:
            counts = np.searchsorted(days, starts + length) - np.searchsorted(days, starts)
        usual = float(np.quantile(counts, 0.1)) * scale
        if usual >= EXPECTED_IN_GAP:
            span = {"start": first, "end": last, "days": length}
            found.append(span | {"events_usual": float(np.median(counts)) * scale})
    return sorted(found, key=lambda gap: float(gap["start"]))


def _rest(first: float, last: float, end: float) -> tuple[FloatArray, float]:
    """Where twenty spans of equal length begin that fill the window but for [first, last)."""
    width = (end - (last - first)) / LONGEST
    before = np.arange(int(first / width + 1e-9))
    after = np.arange(int((end - last) / width + 1e-9))
    starts = np.concatenate([first - width * (before + 1), last + width * after])
    return (starts if starts.size else np.zeros(1)), width


def magnitude_resolution(events: pd.DataFrame) -> dict[str, Any]:
    """The step that nearly all magnitudes keep, how many do not, and the share on tenths by year.

    Of magnitudes in hundredths a tenth lies on tenths; where most do, they were rounded.
    ``changes`` holds the step of each period, from its first event on, where it changed.
    """
    m = events["magnitude"].to_numpy(np.float64)
    on_tenths = np.abs(m - np.round(m, 1)) < MAGNITUDE_TOLERANCE
    by_year = pd.Series(on_tenths).groupby(events["time"].dt.year.to_numpy()).mean()
    grid, changes = magnitude_steps(m), step_changes(m)
    times = events["time"].iloc[[at for at, _ in changes]]
    return {
        "step": grid.step,
        "not_in_steps": grid.odd,
        "examples": np.unique(m[~grid.keep(m)])[:3].tolist(),
        "changes": [
            {"from": f"{time:%Y-%m-%dT%H:%M:%SZ}", "step": step}
            for time, (_, step) in zip(times, changes, strict=True)
        ]
        if len(changes) > 1
        else [],
        "share_on_tenths": float(on_tenths.mean()),
        "share_on_tenths_by_year": {str(year): float(share) for year, share in by_year.items()},
    }


def stand_ins(events: pd.DataFrame) -> dict[str, Any]:
    """The magnitude that seems to stand for none, its count, and the range of the others."""
    found = stand_in(events["magnitude"])
    return {} if found is None else asdict(found)


def completeness_over_time(events: pd.DataFrame, days: FloatArray) -> list[dict[str, Any]]:
    """Maximum curvature + 0.2 of blocks of successive events, with days for dates.

    Where no bin is clearly fuller than the lowest of the table, which then was cut at a magnitude,
    all that can be said is that the block is complete from there.
    """
    m = events["magnitude"].to_numpy(np.float64)
    lowest = float(m.min())

    def level(block: FloatArray) -> float:
        tenths = np.floor((block - lowest) / BIN + MAGNITUDE_TOLERANCE).astype(np.int64)
        counts = np.bincount(tenths)
        excess = int(counts.max()) - int(counts[0])
        clear = excess > CLEAR * np.sqrt(counts.max() + counts[0])
        return maximum_curvature(block, bin_width=BIN) if clear else round(lowest, 6)

    return [_span(days, block) | {"completeness": level(m[block])} for block in _blocks(len(m))]


def b_over_time(catalog: Catalog, events: pd.DataFrame, days: FloatArray) -> list[dict[str, Any]]:
    """The b-value of blocks of successive complete events, with its standard error."""
    m = events["magnitude"].to_numpy(np.float64)
    found = []
    for block in _blocks(len(m)):
        if np.ptp(m[block]) == 0.0:
            continue
        b = catalog.info.magnitude_law(m[block]).b
        error = b_standard_error(m[block], b)
        found.append(_span(days, block) | {"b": b, "standard_error": error})
    return found


def time_of_day(events: pd.DataFrame, days: FloatArray, end: float) -> dict[str, Any]:
    """Events by the hour, and how many more there are by day than by night.

    Hours are of local solar time, UTC + longitude / 15, where places are known, else of UTC. The
    ratio compares hourly rates of 8 to 18 h with those of the other hours: below 1 the noise of
    the day hides events, above 1 there are blasts. Its 95 % interval is from a jackknife over 50
    spans of time; without places the ratio is left out.
    """
    stamps = nanoseconds(events)
    hours = (stamps % NANOSECONDS_PER_DAY) / NANOSECONDS_PER_DAY * 24.0
    longitude = events.get("longitude", pd.Series(np.nan, index=events.index)).to_numpy(np.float64)
    located = bool(np.isfinite(longitude).all())
    if located:
        hours = (hours + longitude / 15.0) % 24.0
    counts = np.bincount(np.minimum(hours, 23.0).astype(np.int64), minlength=24)
    found: dict[str, Any] = {"local": located, "hours": counts.tolist()}
    if not located:
        return found
    by_day = (hours >= DAY_HOURS[0]) & (hours < DAY_HOURS[1])
    span = np.minimum((days / end * JACKKNIFE).astype(np.int64), JACKKNIFE - 1)
    light = np.bincount(span[by_day], minlength=JACKKNIFE).astype(np.float64)
    dark = np.bincount(span[~by_day], minlength=JACKKNIFE).astype(np.float64)
    left_out = np.stack([light.sum() - light, dark.sum() - dark])
    if min(left_out.min(), light.sum()) <= 0.0:
        return found
    length = DAY_HOURS[1] - DAY_HOURS[0]
    log_ratio = float(np.log(light.sum() / length) - np.log(dark.sum() / (24.0 - length)))
    ratios = np.log(left_out[0]) - np.log(left_out[1])
    error = float(np.sqrt((JACKKNIFE - 1) * np.mean((ratios - ratios.mean()) ** 2)))
    low, high = np.exp([log_ratio - 1.96 * error, log_ratio + 1.96 * error])
    return found | {"day_to_night": float(np.exp(log_ratio)), "ci95": [float(low), float(high)]}


def _blocks(n: int) -> list[slice]:
    """Equal blocks of ``BLOCK`` events or more, ``BLOCKS`` at most; one where there are fewer."""
    count = int(np.clip(n // BLOCK, 1, BLOCKS))
    edges = np.linspace(0, n, count + 1).round().astype(int)
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(edges)]


def _span(days: FloatArray, block: slice) -> dict[str, Any]:
    part = days[block]
    return {"start": float(part[0]), "end": float(part[-1]), "events": len(part)}


def _dated(catalog: Catalog, spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The spans with dates for their days."""
    return [
        span | {edge: _second(catalog, span[edge]) for edge in ("start", "end")} for span in spans
    ]


def _second(catalog: Catalog, days: float) -> str:
    stamp = pd.Timestamp(catalog.info.to_time(days))
    return stamp.tz_convert("UTC").tz_localize(None).floor("s").isoformat() + "Z"


def _counts(events: pd.DataFrame, column: str) -> dict[str, int]:
    """How often each value occurs; nothing where the table has no such column."""
    if column not in events:
        return {}
    return {str(value): int(n) for value, n in events[column].fillna("").value_counts().items()}
