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
from dataclasses import replace
from typing import Any

import pytest

from catalogs import Catalog, EventSequence, Selection, Trajectories, load

PACKAGES = ("catalogs",)
"""Whose public names are checked."""

FAULTS = {
    *("GL08", "SS01", "SS03"),  # a summary that is a sentence
    *("PR01", "PR02", "PR03", "PR04", "PR07", "PR10"),  # parameters as in the signature, described
    *("RT01", "RT03", "YD01"),
}
"""What numpydoc may not find; its other codes are matters of style."""

PENDING = {"CatalogInfo", "GutenbergRichter", "MarkLaw", "PointProcess", "SplitDates"}
"""Names that are not documented in full yet."""

NAMES = [
    (package, name)
    for package in PACKAGES
    for name in importlib.import_module(package).__all__
    if name not in PENDING
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


EVENTS = EventSequence([0.5, 2.0, 2.5], [3.1, 4.0, 3.3], 0.0, 10.0, score_from=1.0)


def test_objects_show_what_people_look_for_in_a_few_lines() -> None:
    lines = repr(EVENTS).splitlines()
    assert [line.split()[0] for line in lines] == ["EventSequence", "window", "magnitudes"]
    assert "3 events" in lines[0]
    assert "[0, 10) days, scored on [1, 10) days: 2 events" in lines[1]
    assert lines[2].endswith("3.1 to 4")
    assert "magnitudes  none" in repr(EventSequence.nothing())
    catalog = load("ridgecrest_2019")
    shown = repr(replace_info(catalog, completeness_is_strict=True))
    assert "M > 2.5" in shown
    assert f"{len(catalog.to_sequence()):,} complete of 830" in repr(catalog)
    assert len(repr(catalog.split()).splitlines()) == 4
    assert repr(Selection()) == "Selection()"
    drawn = Trajectories.of_sequences([EVENTS, EVENTS.before(1.0).between(0.0, 1.0)], 2)
    assert "1.5 on average, 1 to 2" in repr(drawn)
    assert "1 of them" in repr(drawn)


def test_notebooks_show_names_and_not_the_markup_in_them() -> None:
    catalog = replace_info(load("ridgecrest_2019"), title="<script>alert(1)</script>")
    assert "&lt;script&gt;" in catalog._repr_html_()
    assert "<script" not in catalog._repr_html_()
    assert "<td>3.1 to 4</td>" in EVENTS._repr_html_()


def test_tables_hold_the_same_events() -> None:
    table = EVENTS.to_dataframe()
    assert table["time"].to_list() == EVENTS.times.tolist()
    assert table["scored"].sum() == EVENTS.n_scored
    catalog = load("ridgecrest_2019")
    complete = catalog.to_dataframe(complete=True)
    assert complete["magnitude"].to_list() == catalog.to_sequence().magnitudes.tolist()
    located = catalog.to_sequence().to_dataframe()
    assert located["latitude"].to_list() == complete["latitude"].to_list()
    own = catalog.to_dataframe()
    own["magnitude"] = 0.0
    assert catalog.events["magnitude"].min() > 0.0
    drawn = Trajectories.of_sequences([EVENTS, EVENTS])
    rows = drawn.to_dataframe().groupby("trajectory")["time"].apply(list)
    assert rows.to_list() == [EVENTS.times.tolist()] * 2


def replace_info(catalog: Catalog, **changes: Any) -> Catalog:
    return replace(catalog, info=replace(catalog.info, **changes))
