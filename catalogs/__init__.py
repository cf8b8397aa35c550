"""Earthquake catalogs: from a provider's table to an immutable event sequence.

Models, benchmarks and forecasts build on these types; nothing here imports them. Public names are
imported on first use, so that ``import catalogs`` costs nothing.

========================  =======================================================================
``sequence``              EventSequence: times, magnitudes, window, where scoring starts
``catalog``, ``info``     a table of events, its provenance, and how sequences are made of it
``split``                 train, validation and test windows
``selection``, ``areas``  a part of a catalog: area, window, completeness and splits
``process``, ``marks``    PointProcess and MarkLaw: the interfaces that every model satisfies
``trajectories``          many simulated continuations as flat arrays
``magnitudes``            the Gutenberg-Richter law and its b-value
``completeness``          the magnitude of completeness, also as it changes in time
``store``                 NAME.parquet + NAME.json: available, load, save
``importing``             from a table of events to a catalog
``event_types``           which events are earthquakes
``exports``               CSEP CSV, ZMAP, QuakeML and CSV
``formats``               parsers: bytes to the canonical table, and the rows they reject
``providers``             known catalogs and event services: download, parse, select
``checks``                what is odd about a catalog, what two of them share
``errors``                what can go wrong for a user
``files``                 writing whole files or none; reading JSON
``cores``                 how many threads and processes by default
``lazy``                  public names that are imported on first use
``embedded``              the small real catalog in the wheel, with the script that made it
========================  =======================================================================
"""

from typing import TYPE_CHECKING

from catalogs.lazy import lazy_names

if TYPE_CHECKING:
    from catalogs.areas import Box, Polygon
    from catalogs.catalog import Catalog
    from catalogs.checks.extent import Extent
    from catalogs.errors import CatalogNotFoundError, FetchError, InputError
    from catalogs.exports import export_catalog
    from catalogs.info import CatalogInfo, SplitDates
    from catalogs.magnitudes import GutenbergRichter
    from catalogs.marks import MarkLaw
    from catalogs.process import PointProcess
    from catalogs.providers.fetching import fetch_catalog
    from catalogs.selection import Selection
    from catalogs.sequence import EventSequence
    from catalogs.split import Split
    from catalogs.store import available, load, save
    from catalogs.trajectories import Trajectories

    __version__: str

__all__ = [
    "Box",
    "Catalog",
    "CatalogInfo",
    "CatalogNotFoundError",
    "EventSequence",
    "Extent",
    "FetchError",
    "GutenbergRichter",
    "InputError",
    "MarkLaw",
    "PointProcess",
    "Polygon",
    "Selection",
    "Split",
    "SplitDates",
    "Trajectories",
    "available",
    "export_catalog",
    "fetch_catalog",
    "load",
    "save",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "catalogs.areas": ["Box", "Polygon"],
        "catalogs.catalog": ["Catalog"],
        "catalogs.checks.extent": ["Extent"],
        "catalogs.errors": ["CatalogNotFoundError", "FetchError", "InputError"],
        "catalogs.exports": ["export_catalog"],
        "catalogs.info": ["CatalogInfo", "SplitDates"],
        "catalogs.magnitudes": ["GutenbergRichter"],
        "catalogs.marks": ["MarkLaw"],
        "catalogs.process": ["PointProcess"],
        "catalogs.providers.fetching": ["fetch_catalog"],
        "catalogs.selection": ["Selection"],
        "catalogs.sequence": ["EventSequence"],
        "catalogs.split": ["Split"],
        "catalogs.store": ["available", "load", "save"],
        "catalogs.trajectories": ["Trajectories"],
    },
)
