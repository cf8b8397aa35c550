"""Earthquake catalogs: from a provider's table to an immutable event sequence."""

from catalogs.areas import Box, Polygon, parse_area
from catalogs.catalog import Catalog
from catalogs.checks.extent import Extent, check_unseen
from catalogs.checks.overlap import check_no_leak, shared_fraction
from catalogs.errors import CatalogNotFoundError, InputError
from catalogs.info import CatalogInfo, SplitDates
from catalogs.magnitudes import GutenbergRichter
from catalogs.marks import MarkLaw
from catalogs.process import PointProcess
from catalogs.selection import Selection
from catalogs.sequence import EventSequence
from catalogs.split import Split
from catalogs.store import available, load, save
from catalogs.trajectories import Trajectories

__all__ = [
    "Box",
    "Catalog",
    "CatalogInfo",
    "CatalogNotFoundError",
    "EventSequence",
    "Extent",
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
    "check_no_leak",
    "check_unseen",
    "load",
    "parse_area",
    "save",
    "shared_fraction",
]
