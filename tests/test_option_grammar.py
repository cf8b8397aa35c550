"""An option means the same in every command that has it."""

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from recast import cli

SEVERAL = {
    "--catalog": "`benchmark` compares on several",
    "--days": "`forecast` counts in several windows from one date",
    "--format": "`simulate` writes several at once",
    "--model": "`etas score` takes one fit, all others the nets of a mixture too",
}
"""Options of which some commands take several values, and others one."""

OTHER_TYPE = {"--model": "`etas score` takes the JSON of a fit, all others the word shipped too"}

OTHER_CHOICES = {
    "--event-types": "a catalog that is made can be the paper's; a part of one has what there is",
    "--format": "a file of one catalog, or of many simulated ones",
}

OTHER_WORDS = {
    "--at": "of a forecast at the catalog's end, of a simulation at its test window",
    "--catalog": "`simulate` continues it; `benchmark` says where names are listed",
    "--days": "lengths of windows, or of catalogs",
    "--origin": "of simulated times, or of a column of days",
    "--end": "of what is fetched, or of a window",
    "--event-types": "see OTHER_CHOICES",
    "--format": "see OTHER_CHOICES",
    "--json": "summary, report, or all there is",
    "--model": "see SEVERAL",
    "--models": "of all there are, or of those of a benchmark",
    "--name": "of a catalog, a part, or what is simulated",
    "--out": "what is written there",
    "--overwrite": "of one catalog, several, or a file",
    "--rolling": "of the benchmark that is made, or one that is there",
    "--start": "see --end",
    "--workers": "what they do: train, draw forecasts, draw a report",
}
"""Options whose help differs beyond the default, by what differs in it."""


def parsers(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ()
) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    yield " ".join(words), parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, part in action.choices.items():
                yield from parsers(part, (*words, name))


def options() -> dict[str, dict[str, argparse.Action]]:
    """The commands that have an option, by its name."""
    found: dict[str, dict[str, argparse.Action]] = defaultdict(dict)
    for command, parser in parsers(cli._parser()):
        for action in parser._actions:
            for name in action.option_strings:
                found[name][command] = action
    return dict(found)


OPTIONS = options()
SHARED = sorted(name for name, actions in OPTIONS.items() if len(actions) > 1)


def differs(name: str, what: str) -> bool:
    """Whether it is not the same in all commands."""

    def of(action: argparse.Action) -> object:
        if what == "help":  # up to the default
            return re.sub(r" \(default(?:[^()]|\([^)]*\))*\)|; default: .*", "", action.help or "")
        if what == "several":
            return action.nargs in {"+", "*"}
        if what == "count":  # of values
            return None if action.nargs in {"+", "*"} else action.nargs
        if what == "class":
            return type(action)
        value: object = getattr(action, what)
        return value

    return len({repr(of(action)) for action in OPTIONS[name].values()}) > 1


def test_there_are_options_that_commands_share() -> None:
    assert len(SHARED) > 25
    assert {"--completeness", "--event-types", "--samples", "--threads", "--workers"} <= set(SHARED)


@pytest.mark.parametrize("name", SHARED)
def test_a_name_has_one_kind_of_value_everywhere(name: str) -> None:
    assert not differs(name, "dest")
    assert not differs(name, "class")
    assert not differs(name, "count")
    assert differs(name, "several") == (name in SEVERAL)
    assert differs(name, "type") == (name in OTHER_TYPE)
    assert differs(name, "choices") == (name in OTHER_CHOICES)


@pytest.mark.parametrize("name", SHARED)
def test_a_name_has_one_meaning_everywhere(name: str) -> None:
    assert not differs(name, "help") or name in OTHER_WORDS


def test_no_exception_is_left_over() -> None:
    different = {name for name in SHARED if differs(name, "help")}
    assert set(OTHER_WORDS) == different
    assert set(SEVERAL) | set(OTHER_TYPE) | set(OTHER_CHOICES) <= set(SHARED)


@pytest.mark.parametrize("old", ["--magnitude-completeness", "--earthquakes-only", "--mode", "-n"])
def test_an_old_spelling_says_the_new_one(old: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert old not in OPTIONS
    assert cli.main(["benchmark", f"{old}", "1"]) == 2
    assert f"{old} is now --" in capsys.readouterr().err
