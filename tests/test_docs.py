"""The API reference that `make docs` has built holds every public name of the packages."""

import importlib
import inspect
import pkgutil
import sys
import zlib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
INVENTORY = ROOT / "docs" / "_build" / "html" / "objects.inv"
PACKAGES = ("catalogs", "etas", "recast")


@pytest.fixture(scope="module")
def documented() -> set[str]:
    """Python names in Sphinx's inventory: four lines about it, then compressed ones of objects."""
    if not INVENTORY.is_file():
        pytest.skip("the documentation is not built: make docs")
    sources = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    if INVENTORY.stat().st_mtime < max(path.stat().st_mtime for path in sources):
        pytest.skip("the documentation is older than the code: make docs")
    *_, compressed = INVENTORY.read_bytes().split(b"\n", 4)
    lines = zlib.decompress(compressed).decode().splitlines()
    return {name for name, kind, *_ in map(str.split, lines) if kind.startswith("py:")}


def modules() -> list[ModuleType]:
    packages = [importlib.import_module(name) for name in PACKAGES]
    found = [
        importlib.import_module(info.name)
        for package in packages
        for info in pkgutil.walk_packages(package.__path__, prefix=f"{package.__name__}.")
        if not info.name.rpartition(".")[2].startswith(("_", "make_"))
    ]
    return packages + found


def test_every_public_name_is_documented(documented: set[str]) -> None:
    missing, n = [], 0
    for module in modules():
        exported = getattr(module, "__all__", ()) if hasattr(module, "__path__") else ()
        own = {
            name
            for name, value in vars(module).items()
            if not name.startswith("_")
            and (inspect.isroutine(value) or inspect.isclass(value))
            and value.__module__ == module.__name__
        }
        package = sys.modules[module.__name__.rpartition(".")[0] or module.__name__]
        for name in own | set(exported):
            homes = {f"{module.__name__}.{name}", f"{package.__name__}.{name}"}
            n += 1
            if not homes & documented:
                missing.append(f"{module.__name__}.{name}")
    assert n > 500
    assert missing == []


def test_methods_and_constants_are_documented(documented: set[str]) -> None:
    expected = {
        "catalogs.EventSequence.inter_times",
        "catalogs.GutenbergRichter.fit",
        "catalogs.PointProcess.log_likelihood",
        "catalogs.sequence.FloatArray",
        "etas.ETASFit.branching_ratio",
        "etas.kernel.STEP",
        "etas.recursion.score_sums",  # compiled
        "recast.Recast.load",
        "recast.net.decoders.HazardDecoder.forward",
    }
    assert expected <= documented
