"""Models are named in recast/models only: everything else asks the registry."""

import ast
from collections.abc import Iterator
from pathlib import Path

from recast.models.registry import BUILT_IN, TRUTH, mixture_name

ROOT = Path(__file__).parent.parent
NAMES = {kind.name for kind in BUILT_IN} | {TRUTH.name}
NAMES |= {mixture_name(name) for name in NAMES}

NO_MODEL = {
    ("recast/cli.py", "recast"): "the program, as its usage names it",
    ("recast/training/lightning_cli.py", "recast"): "the program, and the name of its logger",
    ("recast/commands/options.py", "recast"): "the program, in commands that are written down",
    ("recast/commands/settings_help.py", "recast"): "the package whose files are read",
    ("recast/plots/style.py", "recast"): "a salt for the ids of SVG",
    ("recast/commands/etas.py", "etas"): "the subcommand",
    ("catalogs/namesake.py", "etas"): "the package, and another one of its name",
    ("catalogs/namesake.py", "recast"): "the package that tells ours from another one",
    ("catalogs/info_fields.py", "truth"): "a field of the record of a catalog",
    ("recast/commands/printing.py", "truth"): "a field of the record of a catalog",
    ("recast/live/fits.py", "etas"): "a field of the record of a fit",
    ("recast/live/serve.py", "recast"): "the name of a server",
    ("recast/benchmark/protocols.py", "recast"): "a protocol",
    ("experiments/shared_places.py", "etas"): "a column of what it prints",
    ("experiments/shared_places.py", "smoothed"): "a column of what it prints",
    ("experiments/world.py", "etas"): "a field of committed results",
    ("experiments/gain_interval.py", "poisson"): "a name in committed results",
    ("experiments/gain_interval.py", "truth"): "a name in committed results",
    ("experiments/transfer.py", "etas"): "a field of committed results",
    ("experiments/transfer.py", "recast"): "a field of committed results",
}
"""Where such a word is something else."""


def literals(path: Path) -> Iterator[str]:
    """Strings of a module but for its docstrings, which are statements of their own."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def test_no_model_is_named_elsewhere() -> None:
    paths = [
        path for part in ("catalogs", "etas", "recast") for path in (ROOT / part).rglob("*.py")
    ]
    paths += (ROOT / "experiments").glob("*.py")
    assert len(paths) > 100
    named = {
        (path.relative_to(ROOT).as_posix(), text)
        for path in paths
        if path.parent != ROOT / "recast" / "models"
        for text in literals(path)
        if text in NAMES
    }
    assert named == set(NO_MODEL)  # so that no exception outlives its reason
