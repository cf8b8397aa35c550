"""What can be counted in a catalog, as JSON types."""

from __future__ import annotations

from typing import Any

import numpy as np

from catalogs.catalog import Catalog
from catalogs.errors import InputError
from catalogs.importing import tied_rows
from catalogs.magnitudes import b_standard_error
from catalogs.split import Split


def describe(catalog: Catalog) -> dict[str, Any]:
    """The catalog's information, its counts, and the b-value of the scored events.

    Where these are too few to be split, all complete events stand in for them; b is None where
    fewer than two different magnitudes determine none. The area is the one on record or the box
    around the complete events.
    """
    info, sequence = catalog.info, catalog.to_sequence()
    try:
        split = catalog.split()
    except InputError:
        parts, scored = _counted(catalog), sequence.magnitudes
    else:
        parts = {name: part.n_scored for name, part in split.items()}
        # Earlier events may be incomplete, such as those of a mainshock's first day
        scored = np.concatenate([part.magnitudes[part.first_scored :] for _, part in split.items()])
    try:
        b = info.magnitude_law(scored).b
    except InputError:
        b = None
    try:
        area = info.area or str(catalog.area)
    except InputError:  # no locations, or no complete event
        area = None
    return {
        "info": {**info.to_json(), "n_events": len(catalog.events)},
        **outline(catalog),
        "area": area,
        "splits": parts,
        "enough_to_split": parts["train"] >= Split.minimum_train and min(parts.values()) > 0,
        "largest_magnitude": float(sequence.magnitudes.max()) if len(sequence) else None,
        "b_value": b,
        "b_standard_error": None if b is None else b_standard_error(scored, b),
        "tied_events": sum(map(len, tied_rows(catalog))),
    }


def _counted(catalog: Catalog) -> dict[str, int]:
    """How many complete events lie in each window, be they too few."""
    info, dates, times = catalog.info, catalog.info.splits, catalog.to_sequence().times
    edges = [
        info.to_days(x) for x in (dates.train_start, dates.val_start, dates.test_start, dates.end)
    ]
    counts = np.diff(np.searchsorted(times, edges))
    return {name: int(n) for name, n in zip(("train", "val", "test"), counts, strict=True)}


def outline(catalog: Catalog) -> dict[str, Any]:
    """What a list of catalogs shows of each: window, completeness, number of complete events."""
    info = catalog.info
    return {
        "events": len(catalog.to_sequence()),
        "start": info.start,
        "end": info.end,
        "magnitude_completeness": info.magnitude_completeness,
        "completeness_is_strict": info.completeness_is_strict,
    }
