"""The front door of `etas`: what it exports, and what importing it costs."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import etas

MODULES = {path.stem for path in Path(etas.__file__).parent.glob("*.py")} - {"__init__"}


def test_every_module_is_known() -> None:
    homes = {home.removeprefix("etas.") for home in etas._HOMES}
    assert homes | set(etas._PRIVATE) == MODULES
    assert not homes & set(etas._PRIVATE)


def test_no_module_shadows_a_public_name() -> None:
    assert not set(etas.__all__) & MODULES
    assert set(etas.__all__) <= set(dir(etas))
    assert sorted(name for names in etas._HOMES.values() for name in names) == sorted(etas.__all__)


@pytest.mark.parametrize("name", etas.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    value = getattr(etas, name)
    text = inspect.getdoc(value) or ""
    assert "Parameters\n---" in text, name
    if not inspect.isclass(value):
        assert "Returns\n---" in text, name
    for parameter in inspect.signature(value).parameters:
        assert parameter in text, parameter


@pytest.mark.parametrize("names", ["", "ETAS, Poisson, fit_etas, profile_likelihood"])
def test_importing_compiles_nothing(names: str) -> None:
    statement = f"from etas import {names}" if names else "import etas"
    check = f"{statement}; import sys; print(*{{'numba', 'scipy', 'torch'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
