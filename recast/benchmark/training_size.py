"""How many training events does a model need? Fits to the last events before the test window."""

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
"""With n training events, the n / 3 before the test window validate: both are what is known."""


def recent(catalog: Catalog, n: int) -> Catalog:
    """The catalog of someone who knows the 4 n / 3 events before the test window only.

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
            f"catalog {info.name!r} has {events.size} events before its test window: {n} training "
            f"events, and {n // VALIDATION_SHARE} to validate, cannot be taken from them"
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
    """Raise an InputError for a number of training events that no model can be fitted to."""
    if n < Split.minimum_train:
        raise InputError(f"{n} training events are too few: give {Split.minimum_train} or more")


def compare_by_size(
    catalog: Catalog, models: Sequence[str], sizes: Sequence[int], out: Path, **how: Any
) -> list[TrainingSize]:
    """Compare models that are fitted to the last ``sizes`` training events only.

    The test window stays the same; larger sizes than there are events are left out. ``how`` goes to
    ``recast.benchmark.comparison.compare``, whose files lie in ``out/trimmed/SIZE/NAME``.
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
