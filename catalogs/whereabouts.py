"""Where the catalogs of the RECAST paper lie, which are also kept as times and magnitudes alone.

A model that was trained on one of them has seen these places, whether the table names them or not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from catalogs.areas import Box
from catalogs.info import CatalogInfo, timestamp


@dataclass(frozen=True)
class PaperSet:
    """A catalog of the paper: a box around all its events, its window and its number of events.

    Boxes are those of the publications and a margin, by which other networks locate the same
    events differently.
    """

    area: Box
    start: str
    end: str
    n_events: int


PAPER_SETS = {
    # Files SCEC_DC/YYYY.catalog: 32 to 37 N, 122 to 114 W, distant earthquakes left out
    "scedc": PaperSet(Box(31.9, 37.1, -122.1, -113.9), "1981-01-01", "2020-01-01", 125_421),
    # Cut at 32.5 to 33.3 N, 116 to 115 W; the SCSN locates some around 32.3 N
    "qtm_salton_sea": PaperSet(Box(32.1, 33.6, -116.4, -114.7), "2008-01-01", "2018-01-01", 44_133),
    # Cut at 33 to 34 N, 117 to 116 W
    "qtm_san_jacinto": PaperSet(
        Box(32.8, 34.2, -117.2, -115.8), "2008-01-01", "2018-01-01", 20_790
    ),
    # Without 5 % of its range on each side; events that the SCSN has, too, lie in 32.5 to 34.5 N,
    # 117.6 to 115.4 W
    "white": PaperSet(Box(32.2, 34.8, -117.9, -115.1), "2008-01-01", "2021-01-01", 134_975),
}
"""By name."""


def with_known_area(info: CatalogInfo) -> CatalogInfo:
    """Add the area to the record of a catalog of the paper that has neither area nor places.

    It is known by what it was fetched as, or by its name and number of events.
    """
    if info.area or info.has_locations:
        return info
    fetched_as = info.provenance.get("record")
    found = PAPER_SETS.get(fetched_as or info.name)
    if found is None or (fetched_as is None and info.n_events != found.n_events):
        return info
    return replace(info, area=str(found.area))


def area_seen(name: str, start: str, until: str) -> Box | None:
    """Where the events were that a model has seen of a catalog with this name and window.

    None unless it is one of the paper's, or a part of it.
    """
    found = PAPER_SETS.get(name)
    if found is None:
        return None
    first, last, begin, end = (
        timestamp(date, name) for date in (start, until, found.start, found.end)
    )
    return found.area if begin <= first and last <= end else None
