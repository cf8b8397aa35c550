"""What documentation, docstrings and messages tell people to type can be typed.

`make docs` runs the commands whose output is shown; those that take hours or a network are parsed.
"""

import argparse
import ast
import inspect
import io
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from catalogs import Catalog
from etas.fit import fit_etas
from recast.cli import LIGHTNING, _parser, main
from recast.training.data import CatalogData
from recast.training.task import RecastTask

ROOT = Path(__file__).parent.parent
FENCED = re.compile(r"^```(?:bash|\{code-cell\})\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    \S.*\n)(?:^(?:    .*)?\n)*", re.MULTILINE)
PAGES = [
    *sorted((ROOT / "docs").rglob("*.md")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "experiments" / "README.md",
    ROOT / "recast" / "pretrained" / "MODEL_CARD.md",
]
PROGRAMS = {"recast", "python", "pytest", "make", "pip", "srun"}


def commands(page: Path) -> list[str]:
    """Lines of a page that begin with one of the programs, continued lines joined."""
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"```(?:yaml|text|python)\n.*?```", "", text, flags=re.DOTALL)
    blocks = FENCED.findall(text) + INDENTED.findall(FENCED.sub("", text))
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line for line in lines if line.partition(" ")[0] in PROGRAMS]


TYPED = [(page, line) for page in PAGES for line in commands(page)]


def test_there_are_commands_on_most_pages() -> None:
    assert len(TYPED) > 60
    assert {"start.md", "own_catalog.md", "train.md", "scale_out.md"} <= {p.name for p, _ in TYPED}


@pytest.mark.parametrize(("page", "line"), TYPED, ids=[f"{p.name}: {line}" for p, line in TYPED])
def test_a_command_can_be_typed(page: Path, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    program, *words = shlex.split(line.partition(" | ")[0], comments=True)
    if program == "srun":
        program, *words = words[words.index("recast") :]
    if program == "recast":
        _check_recast(words)
    elif program == "make":
        target = next(word for word in words if "=" not in word)
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    elif program == "pip":
        extras = re.findall(r"\[(\w+)\]", line)
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert set(extras) <= set(project["optional-dependencies"])
    else:
        files = [word for word in words if "/" in word and not word.startswith("runs/")]
        assert files or words == ["benchmarks"]
        assert all((ROOT / file.partition("::")[0]).exists() for file in files), files


def _check_recast(words: list[str]) -> None:
    if words[0] not in LIGHTNING:
        _parser().parse_args(words)
        return
    # A configuration that a page makes for itself has the settings of the shipped one
    shipped = "experiments/configs/ridgecrest_2019.yaml"
    words = [shipped if word == "train.yaml" else word for word in words]
    shown, said = io.StringIO(), io.StringIO()
    with redirect_stdout(shown), redirect_stderr(said):
        code = main([*words, "--print_config"])
    assert code == 0, said.getvalue()
    assert "data:" in shown.getvalue()


INLINE = re.compile(r"(`+)(recast [a-z][^`]+)\1")
MENTION = re.compile(r"recast( [a-z]+)+( --[a-z-]+( [^\s-]\S*)*)*")
"""A whole string that is a command, as messages and records hold it."""

ACCEPTED = re.compile(
    r"the following arguments are required|one of the arguments .* is required"
    r"|(invalid [\w ]+|invalid choice): '[A-Z]+'"  # a placeholder such as NAME
    r"|expected (one|at least one|\d+) arguments?"  # an option that is named without its value
)
"""What a mention of a command may leave to the reader."""


def texts(path: Path) -> Iterator[str]:
    """A page, or the strings of a module, with X for what they are filled with."""
    source = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield source
        return
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            parts = (v.value if isinstance(v, ast.Constant) else "X" for v in node.values)
            yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def mentions() -> set[str]:
    """Commands inside sentences of pages, docstrings, help and messages."""
    sources = [
        path for name in ("catalogs", "etas", "recast") for path in (ROOT / name).rglob("*.py")
    ]
    scripts = [*(ROOT / "experiments").glob("*.py"), *(ROOT / "experiments").rglob("*.yaml")]
    found = set()
    for path in [*PAGES, ROOT / "CHANGELOG.md", *sources, *scripts]:
        for text in texts(path):
            found |= {" ".join(match[2].split()) for match in INLINE.finditer(text)}
            found |= {text} if MENTION.fullmatch(text) else set()
    return found


def test_most_mentions_are_found() -> None:
    found = mentions()
    assert len(found) > 50
    assert "recast catalogs import FILE --name X" in found  # a remedy in a message


@pytest.mark.parametrize("mention", sorted(mentions()))
def test_a_mentioned_command_exists(mention: str, capsys: pytest.CaptureFixture[str]) -> None:
    first, *others = mention.split(" | ")
    words = shlex.split(first)[1:]
    for last in [words[-1], *others]:
        complaint = _complaint([*words[:-1], last], capsys)
        assert not complaint or ACCEPTED.search(complaint), complaint


def _complaint(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    if words[0] in LIGHTNING:
        known = {"--config", "--ckpt_path", "--print_config", "--help", "--help-all"}
        for prefix, cls in (("data", CatalogData), ("model", RecastTask)):
            known |= {f"--{prefix}.{name}" for name in inspect.signature(cls).parameters}
        options = {w for w in words if w.startswith("--") and not w.startswith("--trainer.")}
        return ", ".join(options - known)
    try:
        parsed, unknown = _parser().parse_known_args(words)
    except SystemExit:
        return capsys.readouterr().err
    return f"{mention_of(parsed)} has no {unknown}" if unknown else ""


def mention_of(parsed: argparse.Namespace) -> str:
    return str(parsed.parser.prog)


def section(title: str) -> str:
    """One section of the page that reproduces the paper."""
    text = (ROOT / "docs" / "reproduce.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {title}")[2].partition("\n## ")[0]


@pytest.mark.parametrize("title", ["Scores of the test windows", "Figure 3", "Figure 4"])
def test_scores_of_reproduce_are_those_of_the_experiments(title: str) -> None:
    experiments = (ROOT / "experiments" / "README.md").read_text(encoding="utf-8")
    rows = "".join(line for line in section(title).splitlines() if line.startswith("|"))
    numbers = re.findall(r"\d+\.\d+", rows)
    assert len(numbers) >= 3
    for number in numbers:
        assert number in experiments, number


def test_parameters_of_reproduce_are_those_of_a_fit(real_catalog: Callable[[str], Catalog]) -> None:
    name = "qtm_san_jacinto"
    _, ours, *_ = section("ETAS").partition(f"| {name} |")[2].splitlines()
    catalog = real_catalog(name)
    fit = fit_etas(catalog.split().train, catalog.magnitude_law())
    assert fit.uncertainty is not None
    shown = [cell.split(" ± ") for cell in ours.strip("| ").split(" | ")[1:]]
    errors = fit.uncertainty.standard_errors
    assert len(shown) == len(errors) == 5
    for (value, error), estimate, sigma in zip(shown, fit.model.parameters, errors, strict=True):
        # Half a unit of the last digit shown
        assert float(value) == pytest.approx(estimate, abs=0.51 * 10 ** -decimals(value))
        assert float(error) == pytest.approx(sigma, abs=0.51 * 10 ** -decimals(error))


def decimals(number: str) -> int:
    return len(number.partition(".")[2])
