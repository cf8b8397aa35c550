"""What a result was made with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("recast-forecast", "numpy", "scipy", "numba", "torch", "lightning")


def describe() -> dict[str, str | int]:
    """Versions and machine, as JSON types."""
    versions: dict[str, str | int] = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        **versions,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count() or 1,
    }
