"""A small catalog with an outage in each window, which models have to leave out."""

from collections.abc import Sequence
from dataclasses import replace

from catalogs import Catalog, load
from catalogs.split import SplitName


def with_outages(parts: Sequence[SplitName] = ("train", "val", "test")) -> Catalog:
    """A quarter of each of these scored windows is declared as not recorded."""
    catalog = load("ridgecrest_2019")
    to_time, gaps = catalog.info.to_time, []
    for part, window in catalog.split().items():
        if part in parts:
            days = window.end - window.score_from
            begin, end = (window.score_from + share * days for share in (0.3, 0.55))
            gaps.append((str(to_time(begin)), str(to_time(end))))
    return Catalog(catalog.events, replace(catalog.info, gaps=tuple(gaps)))
