"""Public names: documented in full, cheap to import, and shown in a few lines."""

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
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from catalogs import Catalog, EventSequence, GutenbergRichter, Selection, Trajectories, load
from catalogs.checks.extent import Extent
from catalogs.display import some, span
from etas import Poisson
from recast import (
    Rolling,
    fit_model,
    load_model,
    model_kinds,
    residual_report,
    run_benchmark,
    run_forecast,
    run_rolling,
    run_simulation,
)

PACKAGES = ("catalogs", "etas", "recast")

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
    """Methods that a class defines itself, but for hooks that lightning calls and documents."""
    foreign = [base for base in cls.__mro__ if base.__module__.partition(".")[0] not in PACKAGES]
    for name, member in vars(cls).items():
        function = getattr(member, "__func__", member)
        is_hook = any(name in vars(base) for base in foreign)
        if inspect.isfunction(function) and not name.startswith("_") and not is_hook:
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
def test_numpydoc_finds_a_public_name_documented_in_full(package: str, name: str) -> None:
    assert faults(package, name) == []


def test_public_names_can_be_learned_in_a_day() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert 40 <= len(NAMES) <= 61


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_has_the_name_of_what_is_public(package: str) -> None:
    """``import catalogs.load`` would put a module where the function was."""
    module = importlib.import_module(package)
    assert not {found.name for found in pkgutil.iter_modules(module.__path__)} & set(module.__all__)
    assert set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        module.nothing  # noqa: B018


@pytest.mark.parametrize("package", PACKAGES)
def test_the_version_is_that_of_the_distribution(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__version__ == version("recast-forecast")


@pytest.mark.parametrize("package", PACKAGES)
def test_dir_shows_what_is_public(package: str) -> None:
    module = importlib.import_module(package)
    assert dir(module) == sorted([*module.__all__, "__version__"])


PROBE = "import json, sys; before = set(sys.modules); {}; print(json.dumps(sorted(sys.modules)))"
HEAVY = {
    "jinja2",
    "lightning",
    "matplotlib",
    "msgspec",
    "numpy",
    "pandas",
    "scipy",
    "pyarrow",
    "requests",
    "pooch",
    "obspy",
    "numba",
    "torch",
}


@pytest.mark.parametrize(
    ("statement", "loaded"),
    [
        ("import catalogs", set()),
        ("import recast; recast.__version__; import catalogs; catalogs.__version__", set()),
        ("from catalogs import InputError, FetchError", set()),
        ("from catalogs import EventSequence, PointProcess, Trajectories", {"numpy"}),
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


def test_models_show_what_they_are_and_what_they_have_seen(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    fitted = fit_model("poisson", catalog, tmp_path)
    assert repr(fitted).splitlines() == [
        "FittedModel: poisson, 1 parameter",
        f"  seen  ridgecrest_2019 until {catalog.info.splits.val_start}",
    ]
    saved = load_model(tmp_path / "poisson.json")
    assert repr(saved) == f"SavedModel: poisson in {tmp_path / 'poisson.json'}"
    assert repr(saved.on(catalog)) == repr(fitted)
    seen = {name: replace(Extent.unknown(), until="2020-01-01") for name in "abcde"}
    tuned = replace(fitted, seen=seen, members=(fitted.process,) * 2, started_from="<b>.ckpt")
    assert repr(tuned).splitlines() == [
        "FittedModel: poisson, mixture of 2, 1 parameter",
        "  seen          a until 2020-01-01, b until 2020-01-01, c until 2020-01-01 and 2 more",
        "  started from  <b>.ckpt",
    ]
    assert repr(model_kinds()["poisson"]) == "PoissonKind: model 'poisson', a constant rate"


def shown_results(folder: Path) -> Iterator[tuple[Any, list[str]]]:
    """A result of each kind, with words that its HTML must have."""
    catalog = load("ridgecrest_2019")
    model = fit_model("poisson", catalog)
    bench = run_benchmark(["ridgecrest_2019"], ["poisson", "etas"], folder)
    yield bench, ["<td>etas</td>", "<th>nats_per_event</th>", "<td>103</td>"]
    rolled = run_rolling(folder, Rolling(0.5, 50))
    yield replace(rolled, catalogs={"mine": rolled.catalogs["ridgecrest_2019"]}), ["mine: 3"]
    done = run_forecast(catalog, model, days=[1.0], magnitudes=[3.0], samples=100)
    yield replace(done, catalog="<i>", leak=["<i>"]), ["&lt;i&gt;, forecast at", "LEAK: the model"]
    poisson = Poisson(2.0, GutenbergRichter(2.5))
    yield run_simulation(poisson, 3.0, 10), ["10 x 3 days"]
    result = residual_report(model, catalog)
    yield replace(result, split="<i>"), ["&lt;i&gt;: 103 events observed"]  # type: ignore[arg-type]


def test_notebooks_show_results_as_escaped_html(tmp_path: Path) -> None:
    for result, words in shown_results(tmp_path):
        html = result._repr_html_()
        assert all(word in html for word in words), html
        assert "<i>" not in html
        assert repr(result) == str(result)


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


def test_one_is_singular() -> None:
    assert [some(n, "window") for n in (0, 1, 1200)] == ["0 windows", "1 window", "1,200 windows"]
    assert [span(days) for days in (0.5, 1.0, 30.0)] == ["0.5 days", "1 day", "30 days"]
