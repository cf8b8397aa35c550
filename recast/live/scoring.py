"""Scores of forecasts whose windows have passed: as known then, and again as revised."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from catalogs.display import some
from catalogs.errors import InputError
from recast.live.intact import altered, check_intact
from recast.live.records import SequenceState
from recast.live.service import RECORD, SAMPLES, Service, Span, table_of
from recast.live.store import Entry, Store
from recast.live.times import read, written

GRACE = pd.Timedelta(hours=1)
"""The last events of a window are known by then."""

REVISED = pd.Timedelta(days=30)
"""After which the events of a window are scored again, as they were revised."""

BASES = {"first": GRACE, "revised": REVISED}


SCORED = (RECORD, SAMPLES)
"""Files of a forecast from which it is scored."""


def score(
    service: Service, store: Store, events: pd.DataFrame, known_until: pd.Timestamp
) -> tuple[int, tuple[str, ...]]:
    """Enter the scores of all windows that have passed; how many, and which forecasts cannot be."""
    entries, spans = store.entries(), service.holes(store)
    n, faults = 0, dict[str, None]()
    for basis, after in BASES.items():
        done = store.scored(basis)
        until = known_until - after
        for entry in entries:
            labels = [
                label
                for label, end in entry.ends.items()
                if (entry.forecast_id, label) not in done and read(end) <= until
            ]
            if labels and (service.forecasts / entry.forecast_id).is_dir():
                try:
                    n += _enter(service, store, entry, basis, labels, events, until, spans)
                except InputError as error:
                    faults[f"not scored: {error}"] = None
    return n, tuple(faults)


def _enter(
    service: Service,
    store: Store,
    entry: Entry,
    basis: str,
    labels: Sequence[str],
    events: pd.DataFrame,
    until: pd.Timestamp,
    spans: Sequence[Span],
) -> int:
    found = outcomes_of(service, entry, events, until, spans)
    with store.transaction():
        for label in labels:
            some = [outcome.to_json() for outcome in found if outcome.window == label]
            store.add_outcome(
                basis, entry.forecast_id, label, written(until), json.dumps(some, allow_nan=False)
            )
    return len(labels)


def outcomes_of(
    service: Service,
    entry: Entry,
    events: pd.DataFrame,
    until: pd.Timestamp,
    spans: Sequence[Span],
) -> Sequence[Any]:
    """The scores of all windows of a forecast that have passed, and overlap none of the spans.

    Raises
    ------
    InputError
        If it is not as it was issued.
    """
    folder = service.forecasts / entry.forecast_id
    check_intact(folder, entry, SCORED)
    samples = table_of(folder / SAMPLES).to_pandas()
    found = service.parts.outcomes(service.issued(entry.forecast_id), samples, events, until)
    lost = in_gaps(entry, spans)
    return [outcome for outcome in found if outcome.window not in lost]


def in_gaps(entry: Entry, spans: Sequence[Span]) -> set[str]:
    """Windows of a forecast that overlap spans of which nothing is known (``Service.holes``)."""
    at = read(entry.at)
    return {
        label
        for label, end in entry.ends.items()
        if any(begin < read(end) and at < until for begin, until in spans)
    }


def about_gaps(service: Service) -> list[str]:
    """How many windows that have passed are not scored, if any."""
    with service.store(read_only=True) as store:
        good, spans = store.last_poll(good=True), service.holes(store)
        if good is None or not spans:
            return []
        n = sum(
            read(entry.ends[label]) <= read(good.asked) - GRACE
            for entry in store.entries()
            if (service.forecasts / entry.forecast_id).is_dir()
            for label in in_gaps(entry, spans)
        )
    overlap = f"{some(n, 'window')} {'overlaps' if n == 1 else 'overlap'} gaps of the catalog"
    return [f"{overlap}: not scored"] if n else []


def earlier_outcomes(service: Service, store: Store, sequence: SequenceState | None) -> list[Any]:
    """How earlier forecasts of a sequence, or of the region, did."""
    name = "" if sequence is None else sequence.sequence_id
    return stored(service, store, "first", name)


def stored(service: Service, store: Store, basis: str, sequence_id: str | None = None) -> list[Any]:
    """Scores that have been entered."""
    found = store.outcomes(basis, sequence_id)
    return [service.parts.read_outcome(row) for text in found for row in json.loads(text)]


def next_scores(store: Store) -> pd.Timestamp | None:
    """When the next window can be scored, if the source answers then."""
    times = [
        read(end) + after
        for basis, after in BASES.items()
        for done in [store.scored(basis)]
        for entry in store.entries()
        for label, end in entry.ends.items()
        if (entry.forecast_id, label) not in done
    ]
    return min(times, default=None)


def all_scores(service: Service) -> tuple[list[Any], list[Any], str]:
    """Scores as entered when windows had passed, the same anew from what is known now, and when.

    Raises
    ------
    InputError
        If the service has not run yet.
    """
    with service.store(read_only=True) as store:
        first = stored(service, store, "first")
        good = store.last_poll(good=True)
        if good is None:
            return first, [], ""
        until = read(good.asked) - GRACE
        events = service.known_at(store, read(good.asked), around=True)
        spans = service.holes(store)
        revised: list[Any] = []
        for entry in store.entries():
            passed = any(read(end) <= until for end in entry.ends.values())
            if passed and not altered(service.forecasts / entry.forecast_id, entry, SCORED):
                revised += outcomes_of(service, entry, events, until, spans)
    return first, revised, good.asked
