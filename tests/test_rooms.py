"""Every package says in its docstring what each of its modules is for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = sorted(
    path.parent.relative_to(ROOT)
    for package in ("catalogs", "etas", "recast")
    for path in (ROOT / package).rglob("__init__.py")
)


def named(docstring: str) -> Iterator[str]:
    """The modules in the table of a docstring, each once or more."""
    in_table = False
    for line in docstring.splitlines():
        if re.fullmatch(r"=+  =+", line):
            in_table = not in_table
        elif in_table:
            yield from re.findall(r"``(\w+)``", line.partition("  ")[0])
        elif found := re.match(r"(\w+)  +\S", line):
            yield found[1]


@pytest.mark.parametrize("package", PACKAGES, ids=str)
def test_a_package_names_each_of_its_modules_once(package: Path) -> None:
    folder = ROOT / package
    names = list(named(ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""))
    rooms = {path.parent.name for path in folder.glob("*/__init__.py")}
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}
    assert modules | rooms <= set(names)
    assert all(name in modules or (folder / name).is_dir() for name in names)
    assert len(names) == len(set(names))
