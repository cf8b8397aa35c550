"""Earthquake catalogs: from a provider's table to an immutable event sequence."""

from catalogs.catalog import Catalog, CatalogInfo, SplitDates
from catalogs.errors import CatalogNotFoundError, InputError
from catalogs.magnitudes import GutenbergRichter
from catalogs.process import PointProcess
from catalogs.sequence import EventSequence
from catalogs.split import Split
from catalogs.store import available, load, save
from catalogs.trajectories import Trajectories

__all__ = [
    "Catalog",
    "CatalogInfo",
    "CatalogNotFoundError",
    "EventSequence",
    "GutenbergRichter",
    "InputError",
    "PointProcess",
    "Split",
    "SplitDates",
    "Trajectories",
    "available",
    "load",
    "save",
]
