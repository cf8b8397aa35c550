"""What can be counted in a catalog, as JSON types."""

from __future__ import annotations

from typing import Any

import numpy as np

from catalogs.catalog import Catalog
from catalogs.importing import tied_rows
from catalogs.magnitudes import b_standard_error


def describe(catalog: Catalog) -> dict[str, Any]:
    """The catalog's information, its counts, and the b-value of the scored events."""
    info, sequence, split = catalog.info, catalog.to_sequence(), catalog.split()
    # Events before the scored windows may be incomplete, such as those of a mainshock's first day.
    scored = np.concatenate([part.magnitudes[part.first_scored :] for _, part in split.items()])
    b = info.magnitude_law(scored).b
    return {
        "info": {**info.to_json(), "n_events": len(catalog.events)},
        **outline(catalog),
        "splits": {name: part.n_scored for name, part in split.items()},
        "largest_magnitude": float(sequence.magnitudes.max()),
        "b_value": b,
        "b_standard_error": b_standard_error(scored, b),
        "tied_events": sum(map(len, tied_rows(catalog))),
    }


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
