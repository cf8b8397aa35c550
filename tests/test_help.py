"""Help of every command: complete, and quick because nothing heavy is imported for it."""

import argparse
import inspect
import json
import os
import shlex
import subprocess
import sys

import pytest

from recast import cli
from recast.commands.options import typed
from recast.commands.settings_help import LINKED, OWN
from recast.training.data import CatalogData
from recast.training.task import RecastTask

HEAVY = {"torch", "lightning", "matplotlib", "pandas", "scipy", "numba", "obspy", "pyarrow", "yaml"}

PROBE = """
import contextlib, io, json, sys
from recast.cli import main
shown = []
for words in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        code = main([*words, "--help"])
    shown.append([code, out.getvalue()[:6]])
print(json.dumps([shown, sorted(sys.modules)]))
"""


def commands(parser: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command line that ends in the name of a command."""
    found = [words]
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, part in action.choices.items():
                found += commands(part, (*words, name))
    return found


def test_no_help_imports_anything_heavy() -> None:
    """In a process of its own: heavy imports are what makes a command slow to answer."""
    every = commands(cli._parser())
    assert len(every) > 20
    done = subprocess.run(
        [sys.executable, "-c", PROBE, json.dumps(every)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    shown, modules = json.loads(done.stdout)
    assert shown == [[0, "usage:"]] * len(every)
    assert not HEAVY & set(modules)


@pytest.mark.parametrize("command", list(cli.LIGHTNING))
def test_help_describes_every_setting_of_data_and_model(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([command, "--help"]) == 0
    shown = capsys.readouterr().out
    for (prefix, *_), cls in zip(OWN, (CatalogData, RecastTask), strict=True):
        parameters = set(inspect.signature(cls).parameters) - LINKED
        for name in parameters:
            assert f"  --{prefix}.{name} VALUE" in shown
    assert "Scored intervals of a training window (default: 256)" in " ".join(shown.split())
    assert "None" not in shown


def test_options_are_not_abbreviated(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["catalogs", "info", "ridgecrest_2019", "--js"]) == 2
    assert "no option --js: did you mean --json?" in capsys.readouterr().err
    assert cli.main(["catalogs", "info", "ridgecrest_2019", "--json"]) == 0


def test_commands_are_written_so_that_they_can_be_typed_again() -> None:
    argv = ["forecast", "--area", "35,-118 36,-118 36,-117", "--days", "1"]
    assert typed(argv) == "recast forecast --area '35,-118 36,-118 36,-117' --days 1"
    assert shlex.split(typed(argv)) == ["recast", *argv]


def test_the_trainers_settings_are_described_by_lightning(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr("recast.training.lightning_cli.main", lambda argv: seen.append(argv) or 0)
    assert cli.main(["fit", "--help-all"]) == 0
    assert seen == [["fit", "--help"]]
