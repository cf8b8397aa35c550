"""Earthquake catalogs: from a provider's table to an immutable event sequence.

Models, benchmarks and forecasts build on these types; nothing here imports them. Public names are
imported on first use, so that ``import catalogs`` costs nothing.

========================  =======================================================================
``sequence``              EventSequence: times, magnitudes, window, where scoring starts
``catalog``, ``info``     a table of events, its provenance, and how sequences are made of it
``info_fields``           what each field of a catalog's record may hold
``split``                 train, validation and test windows
``selection``, ``areas``  a part of a catalog: area, window, completeness and splits
``whereabouts``           where catalogs lie that came without places
``sphere``                distances, surfaces and outlines on a spherical Earth
``clipping``              which cells the border of an area crosses, and what of them is inside
``grid``                  cells in latitude and longitude, and which one a place is in
``process``, ``marks``    PointProcess and MarkLaw: the interfaces that every model satisfies
``trajectories``          many simulated continuations as flat arrays
``magnitudes``            the Gutenberg-Richter law and its b-value
``bent_magnitudes``       one whose b-value changes at some magnitude
``rounded_magnitudes``    the steps to which magnitudes are rounded
``stand_ins``             magnitudes that stand for none
``completeness``          the magnitude of completeness, also as it changes in time
``store``                 NAME.parquet + NAME.json: available, load, save
``importing``             from a table of events to a catalog
``from_files``            catalogs made of files: imported, or only looked at
``appending``             newer events of a file in a stored catalog
``event_types``           which events are earthquakes
``exports``               CSEP CSV, ZMAP, QuakeML and CSV
``formats``               parsers: bytes to the canonical table, and the rows they reject
``providers``             known catalogs and event services: download, parse, select
``checks``                what is odd about a catalog, what two of them share
``errors``                what can go wrong for a user
``files``                 writing whole files or none; reading JSON
``parquet``               reading Parquet, if it holds no more than its size allows
``expansion``             how much a small file may stand for
``texts``                 what may be printed, name a file, or stand in a cell of a table
``locking``               one process at a time in a folder
``processes``             workers that end with the process that started them
``starting``              what ends a process waits until those that it starts have started
``json_records``          frozen dataclasses that are written as JSON and read back checked
``scalars``               numbers of numpy as those of Python
``arguments``             whether what was given is a catalog, or a sequence
``display``               how objects are shown, as text and as HTML
``cores``                 how many threads and processes by default
``lazy``                  public names that are imported on first use
``namesake``              whether another distribution is imported as ``etas``, too
``embedded``              the small real catalog in the wheel, with the script that made it
========================  =======================================================================
"""

from typing import TYPE_CHECKING

from catalogs.lazy import lazy_names

if TYPE_CHECKING:
    from catalogs.appending import append_events
    from catalogs.areas import parse_area
    from catalogs.catalog import Catalog
    from catalogs.checks.quality import check_catalog
    from catalogs.errors import FetchError, InputError
    from catalogs.exports import export_catalog
    from catalogs.formats.reading import read_events
    from catalogs.from_files import import_catalog
    from catalogs.info import CatalogInfo, SplitDates
    from catalogs.magnitudes import GutenbergRichter
    from catalogs.marks import MarkLaw
    from catalogs.process import PointProcess, without_gaps
    from catalogs.providers.fetching import fetch_catalog
    from catalogs.selection import Selection
    from catalogs.sequence import EventSequence
    from catalogs.split import Split
    from catalogs.store import available, load, save
    from catalogs.trajectories import Trajectories

    __version__: str

__all__ = [
    "Catalog",
    "CatalogInfo",
    "EventSequence",
    "FetchError",
    "GutenbergRichter",
    "InputError",
    "MarkLaw",
    "PointProcess",
    "Selection",
    "Split",
    "SplitDates",
    "Trajectories",
    "append_events",
    "available",
    "check_catalog",
    "export_catalog",
    "fetch_catalog",
    "import_catalog",
    "load",
    "parse_area",
    "read_events",
    "save",
    "without_gaps",
]

__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "catalogs.appending": ["append_events"],
        "catalogs.areas": ["parse_area"],
        "catalogs.catalog": ["Catalog"],
        "catalogs.checks.quality": ["check_catalog"],
        "catalogs.errors": ["FetchError", "InputError"],
        "catalogs.exports": ["export_catalog"],
        "catalogs.formats.reading": ["read_events"],
        "catalogs.from_files": ["import_catalog"],
        "catalogs.info": ["CatalogInfo", "SplitDates"],
        "catalogs.magnitudes": ["GutenbergRichter"],
        "catalogs.marks": ["MarkLaw"],
        "catalogs.process": ["PointProcess", "without_gaps"],
        "catalogs.providers.fetching": ["fetch_catalog"],
        "catalogs.selection": ["Selection"],
        "catalogs.sequence": ["EventSequence"],
        "catalogs.split": ["Split"],
        "catalogs.store": ["available", "load", "save"],
        "catalogs.trajectories": ["Trajectories"],
    },
)
