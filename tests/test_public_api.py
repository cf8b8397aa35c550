"""Public names: documented in full, importable at no cost, and shown as people want to see them."""

import ast
import importlib
import inspect
import json
import pkgutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

PACKAGES = ("catalogs",)
"""Whose public names are checked."""

FAULTS = {
    *("GL08", "SS01", "SS03"),  # a summary that is a sentence
    *("PR01", "PR02", "PR03", "PR04", "PR07", "PR10"),  # parameters as in the signature, described
    *("RT01", "RT03", "YD01"),
}
"""What numpydoc may not find; its other codes are matters of style."""

NAMES = [
    (package, name) for package in PACKAGES for name in importlib.import_module(package).__all__
]


def validated(name: str) -> set[str]:
    from numpydoc.validate import validate

    return {f"{code}: {text}" for code, text in validate(name)["errors"] if code in FAULTS}


def raises(function: Any) -> bool:
    """Whether its own body has a raise statement with an error."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(isinstance(node, ast.Raise) and node.exc is not None for node in ast.walk(tree))


def public_methods(cls: type) -> Iterator[tuple[str, Any]]:
    """Methods that a class defines itself."""
    for name, member in vars(cls).items():
        function = getattr(member, "__func__", member)
        if inspect.isfunction(function) and not name.startswith("_"):
            yield name, function


def faults(package: str, name: str) -> list[str]:
    """Of a public name and, where it is a class, of its methods."""
    value = getattr(importlib.import_module(package), name)
    home = f"{value.__module__}.{name}"
    found = [f"{name}: {fault}" for fault in validated(home)]
    doc = inspect.getdoc(value) or ""
    if ">>> " not in doc:
        found.append(f"{name}: no example")
    functions = [(name, value)] if inspect.isfunction(value) else []
    if inspect.isclass(value):
        functions += [(f"{name}.{method}", f) for method, f in public_methods(value)]
        for method, _ in public_methods(value):
            found += [f"{name}.{method}: {fault}" for fault in validated(f"{home}.{method}")]
    for label, function in functions:
        if raises(function) and "Raises\n---" not in (inspect.getdoc(function) or ""):
            found.append(f"{label}: no Raises")
    checks = vars(value).get("__post_init__") if inspect.isclass(value) else None
    if checks is not None and raises(checks) and "Raises\n---" not in doc:
        found.append(f"{name}: no Raises")
    return found


@pytest.mark.parametrize(("package", "name"), NAMES, ids=[".".join(n) for n in NAMES])
def test_a_public_name_is_documented_in_full(package: str, name: str) -> None:
    assert faults(package, name) == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_has_the_name_of_what_is_public(package: str) -> None:
    """``import catalogs.load`` would put a module where the function was."""
    module = importlib.import_module(package)
    assert not {found.name for found in pkgutil.iter_modules(module.__path__)} & set(module.__all__)
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        module.nothing  # noqa: B018


PROBE = "import json, sys; before = set(sys.modules); {}; print(json.dumps(sorted(sys.modules)))"
HEAVY = {"numpy", "pandas", "scipy", "pyarrow", "requests", "pooch", "obspy", "numba", "torch"}


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import catalogs", set()),
        ("from catalogs import InputError, FetchError", set()),
        ("from catalogs import EventSequence, PointProcess, Trajectories, Box", {"numpy"}),
    ],
)
def test_what_an_import_costs(statement: str, loaded: set[str]) -> None:
    """No more than the third-party packages that the names cannot do without."""
    command = [sys.executable, "-c", PROBE.format(statement)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert HEAVY & set(json.loads(done.stdout)) == loaded
