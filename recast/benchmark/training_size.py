"""Scores by number of training events: fits to the last events before the test window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalogs import Catalog, InputError, Split
from recast.benchmark.comparison import compare
from recast.benchmark.results import TrainingSize
from recast.models.registry import TRUTH

VALIDATION_SHARE = 3
"""With n training events, the n / 3 just before the test window are for validation."""


def recent(catalog: Catalog, n: int) -> Catalog:
    """Cut a catalog to the last 4 n / 3 events before the test window.

    Raises
    ------
    InputError
        If there are fewer.
    """
    info = catalog.info
    events = catalog.to_sequence().before(info.to_days(info.splits.test_start)).times
    known = n + n // VALIDATION_SHARE
    check_size(n)
    if known > events.size:
        raise InputError(
            f"catalog {info.name!r} has {events.size} events before its test window, too few for "
            f"{n} training events and {n // VALIDATION_SHARE} for validation: give a smaller number"
        )

    def just_before(i: int) -> str | float:
        low = events[i - 1] if i > 0 else events[i] - 1e-3
        time = info.to_time(0.5 * (low + events[i]))
        return time if isinstance(time, float) else str(time)

    start = just_before(events.size - known)
    splits = replace(
        info.splits, train_start=start, val_start=just_before(events.size - n // VALIDATION_SHARE)
    )
    return Catalog(catalog.events, replace(info, start=start, splits=splits))


def check_size(n: int) -> None:
    """Raise an InputError for a number of training events that is too small for any model."""
    if n < Split.minimum_train:
        raise InputError(f"{n} training events are too few: give {Split.minimum_train} or more")


def compare_by_size(
    catalog: Catalog, models: Sequence[str], sizes: Sequence[int], out: Path, **how: Any
) -> list[TrainingSize]:
    """Compare models that are fitted to the last ``sizes`` training events only.

    The test window stays the same; sizes beyond the number of events are left out. ``how`` is
    passed to ``recast.benchmark.comparison.compare``, which writes to ``out/trimmed/SIZE/NAME``.
    """
    rows = []
    most = catalog.split().train.n_scored
    for n in sorted(size for size in set(sizes) if size < most):
        (done,) = compare([recent(catalog, n)], models, out / "trimmed" / str(n), **how)
        scores = {
            name: row.test.nats_per_event
            for name, row in done.result.models.items()
            if name != TRUTH.name
        }
        rows.append(TrainingSize(done.split.train.n_scored, scores))
    return rows
