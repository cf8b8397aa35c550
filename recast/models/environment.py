"""Versions and machine that a result was made with."""

from __future__ import annotations

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("recast-forecast", "numpy", "scipy", "numba", "torch", "lightning")
OWN_PACKAGES = ("catalogs", "etas", "recast")


def describe() -> dict[str, str | int]:
    """Return versions and machine, as JSON types."""
    versions: dict[str, str | int] = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return {
        **versions,
        "code": code_hash(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processors": os.cpu_count() or 1,
    }


def code_hash() -> str:
    """SHA-256 of this project's source code, which changes more often than its version."""
    root = Path(__file__).parent.parent.parent
    digest = hashlib.sha256()
    for package in OWN_PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
