"""Scores of forecasts whose windows have passed: as known then, and again as revised."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pandas as pd

from recast.live.records import Issued, SequenceState
from recast.live.service import Service
from recast.live.store import Entry, Store
from recast.live.times import read, written

GRACE = pd.Timedelta(hours=1)
"""The last events of a window are known by then."""

REVISED = pd.Timedelta(days=30)
"""After which the events of a window are scored again, as they were revised."""

BASES = {"first": GRACE, "revised": REVISED}


def score(
    service: Service, store: Store, events: pd.DataFrame, known_until: pd.Timestamp
) -> int:
    """Enter the scores of all windows that have passed; how many there were."""
    entries = store.entries()
    n = 0
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
                n += _enter(service, store, entry, basis, labels, events, until)
    return n


def _enter(
    service: Service,
    store: Store,
    entry: Entry,
    basis: str,
    labels: Sequence[str],
    events: pd.DataFrame,
    until: pd.Timestamp,
) -> int:
    found = outcomes_of(service, entry, events, until)
    with store.transaction():
        for label in labels:
            some = [outcome.to_json() for outcome in found if outcome.window == label]
            store.add_outcome(basis, entry.forecast_id, label, written(until), json.dumps(some))
    return len(labels)


def outcomes_of(
    service: Service, entry: Entry, events: pd.DataFrame, until: pd.Timestamp
) -> Sequence[Any]:
    """The scores of all windows of a forecast that have passed."""
    folder = service.forecasts / entry.forecast_id
    issued = Issued.load(folder / "issued.json")
    samples = pd.read_parquet(folder / "samples.parquet")
    return service.parts.outcomes(issued, samples, events, until)


def earlier_outcomes(
    service: Service, store: Store, sequence: SequenceState | None
) -> list[Any]:
    """How earlier forecasts of a sequence, or of the region, did."""
    name = "" if sequence is None else sequence.sequence_id
    return stored(service, store, "first", name)


def stored(
    service: Service, store: Store, basis: str, sequence_id: str | None = None
) -> list[Any]:
    """Scores that have been entered."""
    found = store.outcomes(basis, sequence_id)
    return [service.parts.read_outcome(row) for text in found for row in json.loads(text)]
