"""An option means the same in every command that has it."""

import argparse
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs import load
from recast import cli
from recast.models.kind import Task
from recast.models.registry import model_kind

CHANGES = (Path(__file__).parent.parent / "CHANGELOG.md").read_text(encoding="utf-8")

SEVERAL = {
    "--catalog": "`benchmark` compares on several, `pretrain` trains on several",
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
    "--area": "`import` also says where events without places lie",
    "--at": "of a forecast at the catalog's end, of a simulation at its test window",
    "--catalog": "`simulate` continues it; `benchmark` says where names are listed",
    "--config": "options of a command, or the settings of a service",
    "--days": "lengths of windows, or of catalogs",
    "--origin": "of simulated times, or of a column of days",
    "--gap": "not recorded, or not trained on",
    "--end": "of what is fetched, or of a window",
    "--event-types": "see OTHER_CHOICES",
    "--format": "see OTHER_CHOICES",
    "--json": "summary, report, or all there is",
    "--model": "see SEVERAL",
    "--models": "of all there are, or of those of a benchmark",
    "--name": "of a catalog, a part, or what is simulated",
    "--out": "what is written there",
    "--overwrite": "of one catalog, several, or a file",
    "--places": "scored, forecast, or drawn",
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


def refused(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The line with which it is."""
    assert cli.main(command.split()) == 2
    shown = capsys.readouterr().err
    assert shown.count("\n") == 1
    return shown


OLD = {
    "benchmark --magnitude-completeness 3": "--magnitude-completeness is now --completeness M",
    "catalogs check x --magnitude-completeness 3": "is now --completeness M",
    "etas fit --catalog x --completeness helmstetter": "is now --completeness-history helmstetter",
    "etas fit --catalog x --protocol all": "--protocol is now --fit-to train, train+val or all",
    "forecast -n 10": "-n is now --samples N",
    "benchmark --earthquakes-only": "--earthquakes-only is now --event-types earthquakes",
    "catalogs fetch scedc --preset paper": "--preset is now --event-types paper",
    "catalogs fetch scedc --box 32/36/-120/-114": "--box is now --area AREA",
    "benchmark --mode native": "--mode is now --models recast-native, recast-zero-shot or recast-",
    "etas residuals --model x": "`recast etas residuals` is now `recast residuals`",
    "etas simulate -n 3": "`recast etas simulate` is now `recast simulate`",
    "simulate --preset recast_many --start 2020-01-01": "--start is now --origin DATE",
    "forecast --no-csep": "--no-csep is now the default: leave it out, or add --csep for the file",
    "benchmark --rolling --seed 1": "in `recast forecast --rolling DAYS --run RUN --seed N`",
    "benchmark --rolling --parameter-uncertainty": "is now the default of `recast forecast",
    "benchmark --rolling --own-magnitudes": "--rolling DAYS --run RUN --own-magnitudes`",
    "benchmark --rolling --allow-leak": "--rolling DAYS --run RUN --allow-leak`",
    "benchmark --rolling --scheduler a": "--rolling DAYS --run RUN --scheduler ADDRESS`",
}
"""Commands of version 0.1.0, and what they are answered with."""


@pytest.mark.parametrize(("command", "now"), OLD.items())
def test_an_old_spelling_says_the_new_one(
    command: str, now: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert now in refused(command, capsys)


def test_every_row_of_the_changes_is_tried() -> None:
    rows = re.search(r"### Changed: commands\n(.*?)\n###", CHANGES, re.DOTALL)
    assert rows is not None
    cells = [row.split("|")[1] for row in rows[1].splitlines() if row.startswith("| `")]
    assert len(cells) >= 10
    tried = " ".join(OLD)
    for cell in cells:
        for code in re.findall("`(.*?)`", cell):
            options = [word for word in code.split() if word.startswith("-")]
            assert all(word in tried for word in options or [code]), code


def test_an_old_spelling_in_a_file_of_options_says_the_new_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "options.yaml"
    path.write_text("magnitude-completeness: 3\n")
    assert "'magnitude-completeness' is now --completeness M" in refused(
        f"benchmark --config {path}", capsys
    )


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("forecats", "invalid choice: 'forecats': did you mean forecast?"),
        ("catalogs chek", "invalid choice: 'chek': did you mean check?"),
        ("etas frobnicate", "invalid choice: 'frobnicate' (choose from"),
        ("benchmark --model etas", "no option --model: did you mean --models?"),
        ("benchmark --threads 3", "no option --threads (see"),
        ("simulate --preset recast_many --mode native", "no option --mode: did you mean --model?"),
        ("benchmark --models etsa", "no model 'etsa': did you mean etas? choose from poisson"),
        ("benchmark --models oracle", "no model 'oracle': choose from poisson"),
        ("fit --foo 3", "(see `recast fit --help`)"),
    ],
)
def test_a_misspelt_word_is_answered_with_one_like_it(
    command: str, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer in refused(command, capsys)


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("benchmark --models etas --seeds 3", "--seeds 3 is for models that are trained"),
        ("benchmark --models etas --quick", "--quick is for models that are trained"),
        ("benchmark --models poisson etas --workers 2", "--workers 2 is for models that are"),
        ("benchmark --list-models --seeds 3", "--list-models only lists them"),
        ("benchmark --models etas --pretrained shipped", "none of the models starts from it"),
        ("catalogs check ridgecrest_2019 --layout table", "--layout is for files"),
        ("catalogs check ridgecrest_2019 --encoding gbk", "--encoding is for files"),
        ("catalogs check ridgecrest_2019 --column time=t", "--column is for files"),
        ("catalogs check ridgecrest_2019 --time-zone +08:00", "--time-zone is for files"),
        ("catalogs check ridgecrest_2019 --missing-magnitude 0", "--missing-magnitude is for"),
        ("catalogs check ridgecrest_2019 --strict", "--strict is for files"),
        ("catalogs list --known --layouts", "--layouts: not allowed with argument --known"),
        ("etas fit --catalog ridgecrest_2019 --seed 0", "--seed is for --random-starts"),
        ("forecast --catalog x --model y --place 1 2", "--place is for the CSEP file: add --csep"),
        (
            "forecast --catalog ridgecrest_2019 --model shipped --fixed-parameters",
            "--fixed-parameters is for ETAS, and shipped is a net",
        ),
    ],
)
def test_an_option_without_effect_is_refused(
    command: str, answer: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer in refused(command, capsys)


def test_a_poisson_process_has_no_parameter_uncertainty_to_leave_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = load("ridgecrest_2019")
    kind, task = model_kind("poisson"), Task(catalog, tmp_path)
    kind.save(task, kind.fit(task))
    model = kind.path(tmp_path, 0)
    command = f"forecast --catalog ridgecrest_2019 --model {model} --fixed-parameters"
    assert "poisson.json is of kind poisson: leave it out" in refused(command, capsys)
