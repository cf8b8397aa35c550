"""What makes two benchmarks comparable: the same events, scored on the same windows."""

from __future__ import annotations

import hashlib

import numpy as np

from catalogs import Split


def data_hash(split: Split) -> str:
    """SHA-256 of all that a comparison scores: events, the windows, and gaps.

    It is that of little-endian float64: the start of the catalog, of the three windows, and the end
    of the last; gaps; times, magnitudes, and places where there are any. Files of the same events,
    whoever wrote them, have the same hash.
    """
    events = split.test
    digest = hashlib.sha256()
    windows = [events.start, *(part.score_from for _, part in split.items()), events.end]
    parts = [windows, events.gaps, events.times, events.magnitudes]
    if events.locations is not None:
        parts.append(events.locations)
    for part in parts:
        values = np.ascontiguousarray(part, dtype="<f8")
        digest.update(values.size.to_bytes(8, "little") + values.tobytes())
    return digest.hexdigest()
