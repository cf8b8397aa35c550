"""The API pages hold the public names of the three packages, each once, and nothing else."""

import importlib
import re
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
INVENTORY = ROOT / "docs" / "_build" / "html" / "objects.inv"
PACKAGES = ("catalogs", "etas", "etas.space", "recast")
LISTED = re.compile(r"^```\{api\} ([\w.]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def public() -> list[str]:
    modules = [importlib.import_module(name) for name in PACKAGES]
    return sorted(f"{module.__name__}.{name}" for module in modules for name in module.__all__)


def test_the_api_pages_list_every_public_name_once() -> None:
    pages = [page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md")]
    listed = [
        f"{package}.{name}"
        for page in pages
        for package, names in LISTED.findall(page)
        for name in names.split()
    ]
    assert sorted(listed) == public()


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


def test_the_documentation_holds_public_names_only(documented: set[str]) -> None:
    homes = {importlib.import_module(package) for package in PACKAGES}
    canonical = {
        f"{value.__module__}.{name}"
        for home in homes
        for name in home.__all__
        for value in [getattr(home, name)]
    }
    names = set(public())
    assert names <= documented
    inside = tuple(f"{name}." for name in names | canonical)
    assert {name for name in documented - names - canonical if not name.startswith(inside)} == set()


def test_methods_are_documented(documented: set[str]) -> None:
    expected = {
        "catalogs.EventSequence.inter_times",
        "catalogs.GutenbergRichter.fit",
        "catalogs.PointProcess.log_likelihood",
        "etas.ETASFit.to_dataframe",
        "recast.ForecastResult.to_dataframe",
        "recast.Recast.load",
    }
    assert expected <= documented
