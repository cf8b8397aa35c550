"""Fixtures: a user cache of its own for every test, and real catalogs where there are any."""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

from catalogs import Catalog, load

# The same examples on every run, so that a failure is a change; new ones are looked for by
# `pytest --hypothesis-profile=default`. Timing on a busy machine is no property of the code.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

REAL_DATA = os.environ.get("RECAST_DATA")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Tiny nets gain nothing from threads, which wait for each other on a busy machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def user_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty user cache, so that no test sees or changes the catalogs of whoever runs it."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("RECAST_CACHE", str(folder))
    monkeypatch.delenv("RECAST_DATA", raising=False)
    return folder / "catalogs"


@pytest.fixture(scope="session")
def real_catalog() -> Callable[[str], Catalog]:
    """Load a real catalog of $RECAST_DATA by name; the test skips, saying which, without it."""

    @cache
    def get(name: str) -> Catalog:
        if not REAL_DATA:
            pytest.skip(f"needs the real catalog {name}: RECAST_DATA names no folder of catalogs")
        return load(Path(REAL_DATA) / f"{name}.json")

    return get


@pytest.fixture(scope="session")
def released_file() -> Callable[[str], Path]:
    """Weights that others released, from ``reference/authors`` beside $RECAST_DATA; or it skips."""

    def get(name: str) -> Path:
        path = Path(REAL_DATA or "") / ".." / "reference" / "authors" / name
        if not REAL_DATA or not path.is_file():
            pytest.skip(f"needs {name} in a folder reference/authors beside RECAST_DATA")
        return path

    return get


@pytest.fixture(scope="session")
def raw_file() -> Callable[[str], bytes]:
    """A file as a data centre published it, from ``raw`` beside $RECAST_DATA; or the test skips."""

    def get(name: str) -> bytes:
        path = Path(REAL_DATA or "") / ".." / "raw" / name
        if not REAL_DATA or not path.is_file():
            pytest.skip(f"needs the published file {name} in a folder raw beside RECAST_DATA")
        return path.read_bytes()

    return get
