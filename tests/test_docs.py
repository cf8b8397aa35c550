"""The documentation reads without a warning, and holds every public name of the packages.

Its examples run when it is built (`make docs`); here they are left out.
"""

import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("sphinx", reason="the extra [docs] is not installed")

DOCS = Path(__file__).parent.parent / "docs"

READ = """
import json, sys
from pathlib import Path
from sphinx.application import Sphinx

source, out = sys.argv[1:]
settings = {"nb_execution_mode": "off"}
app = Sphinx(source, source, out, out, "dummy", settings, status=None, warningiserror=True)
app.build()
objects = app.env.get_domain("py").get_objects()
(Path(out) / "names.json").write_text(json.dumps([name for name, *_ in objects]))
sys.exit(app.statuscode)
"""


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in the inventory of objects. Sphinx changes its process, so it has one of its own."""
    out = tmp_path_factory.mktemp("docs")
    command = [sys.executable, "-c", READ, str(DOCS), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    names: set[str] = set(json.loads((out / "names.json").read_text()))
    return names


def modules() -> list[ModuleType]:
    packages = [importlib.import_module(name) for name in ("catalogs", "etas", "recast")]
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
        "etas.fit.ETASFit.branching_ratio",
        "etas.kernel.STEP",
        "etas.recursion.score_sums",  # compiled
        "recast.Recast.load",
        "recast.decoders.HazardDecoder.forward",
        "recast.evaluation.bootstrap.block_length",
    }
    assert expected <= documented
