"""RECAST: neural temporal point processes for earthquake forecasting, measured against ETAS."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from catalogs.namesake import check_found

try:
    check_found()
    import etas  # noqa: F401 - checks that it stands alone
except ImportError as error:
    if sys.argv[0].endswith(("/recast", "\\recast", "\\recast.exe")):  # the command
        sys.exit(f"recast: {error}")
    raise

if TYPE_CHECKING:
    from recast.models.neural import Recast
    from recast.training.data import CatalogData
    from recast.training.task import RecastTask

__all__ = ["CatalogData", "Recast", "RecastTask"]

_HOMES = {
    "CatalogData": "recast.training.data",
    "Recast": "recast.models.neural",
    "RecastTask": "recast.training.task",
}


def __getattr__(name: str) -> Any:
    """Import torch and lightning on first use only, so that `recast --help` is quick."""
    if name not in _HOMES:
        raise AttributeError(f"module 'recast' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
