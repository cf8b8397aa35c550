"""No test without an assertion."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*ROOT.glob("tests/test_*.py"), *ROOT.glob("benchmarks/test_*.py")])
ASSERTING = {"raises", "warns", "deprecated_call", "fail"}
"""Of pytest; numpy and pandas call theirs assert_something."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def asserts(function: Function, helpers: set[str]) -> bool:
    """Whether it may fail by itself, or calls a function of its file that may."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = called(node)
            if name in ASSERTING | helpers or name.startswith("assert_"):
                return True
    return False


def without_assertion(source: str) -> list[str]:
    tree = ast.parse(source)
    helpers: set[str] = set()
    while True:  # a helper may call another
        more = {f.name for f in functions(tree) if asserts(f, helpers)}
        if more == helpers:
            break
        helpers = more
    return [f.name for f in functions(tree) if f.name.startswith("test") and f.name not in helpers]


def test_what_has_no_assertion_is_found() -> None:
    source = (
        "def check(x):\n    assert x\n"
        "def twice(x):\n    check(x)\n"
        "def test_a():\n    twice(1)\n"
        "def test_b():\n    with pytest.raises(ValueError):\n        run()\n"
        "def test_c():\n    np.testing.assert_allclose(1, 1)\n"
        "def test_d():\n    run()\n"
        "class TestE:\n    def test_f(self):\n        self.run()\n"
    )
    assert without_assertion(source) == ["test_d", "test_f"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_test_can_fail(path: Path) -> None:
    assert without_assertion(path.read_text(encoding="utf-8")) == []
