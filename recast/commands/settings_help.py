"""Help of `recast fit | validate | test | predict`, without importing torch.

LightningCLI's own help, `--help-all`, takes seconds of imports and lists hundreds of settings of
the trainer. Here the parameters of data and model are read from the docstrings of their classes, so
that each is described in one place.
"""

from __future__ import annotations

import argparse
import ast
from dataclasses import dataclass
from importlib.resources import files

import docstring_parser

ALL = "--help-all"
"""Shows the help of LightningCLI."""

OWN = (("data", "training/data.py", "CatalogData"), ("model", "training/task.py", "RecastTask"))
"""Prefix of the settings, and the module and class that document them."""

LINKED = {"scalings", "trained_on"}
"""Parameters of the model that come from the data."""

CHECKPOINT = {
    "fit": "last.ckpt of an interrupted training, to resume it",
    "validate": "checkpoint of the net to score",
    "test": "checkpoint of the net to score",
    "predict": "checkpoint of the net to evaluate",
}


@dataclass(frozen=True)
class Setting:
    """A parameter of a class, with the text of its docstring."""

    name: str
    text: str
    default: object


def settings_of(source: str, name: str) -> list[Setting]:
    """Return the parameters of a class that have a default and are not linked."""
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    found = next(node for node in classes if node.name == name)
    functions = (node for node in found.body if isinstance(node, ast.FunctionDef))
    arguments = next(node for node in functions if node.name == "__init__").args
    named = [argument.arg for argument in arguments.args[-len(arguments.defaults) :]]
    defaults = dict(zip(named, map(ast.literal_eval, arguments.defaults), strict=True))
    texts: dict[str, str] = {}
    for parameter in docstring_parser.parse(ast.get_docstring(found) or "").params:
        for argument in parameter.arg_name.split(","):
            texts[argument.strip()] = " ".join((parameter.description or "").split())
    return [
        Setting(name, texts[name].replace("``", "").rstrip("."), default)
        for name, default in defaults.items()
        if name not in LINKED
    ]


def print_help(command: str, purpose: str) -> None:
    """Print the help of one of the four subcommands."""
    parser = argparse.ArgumentParser(
        prog=f"recast {command}",
        usage=f"recast {command} [--config FILE ...] [--SETTING VALUE ...]",
        description=f"{purpose[0].upper()}{purpose[1:]}.",
        epilog="Settings can also be given in a YAML file, as `data: {window: 256}`; the last "
        "value on the command line counts. This is a selection: "
        f"`recast {command} {ALL}` describes all settings, including those of the trainer.",
    )
    parser.add_argument(
        "-c", "--config", metavar="FILE", help="YAML with settings, as in experiments/configs"
    )
    parser.add_argument("--ckpt_path", metavar="FILE", help=CHECKPOINT[command])
    parser.add_argument("--print_config", action="store_true", help="show all settings and exit")
    parser.add_argument(ALL, action="store_true", help="describe all settings; takes a few seconds")
    parser.add_argument("--seed_everything", metavar="N", help="random seed (default: 0)")
    for prefix, module, name in OWN:
        group = parser.add_argument_group(prefix)
        for setting in settings_of(files("recast").joinpath(module).read_text("utf-8"), name):
            given = "" if setting.default in {None, ()} else f" (default: {setting.default})"
            text = f"{setting.text}{given}".replace("%", "%%")
            group.add_argument(f"--{prefix}.{setting.name}", metavar="VALUE", help=text)
    group = parser.add_argument_group("trainer")
    group.add_argument(
        "--trainer.max_epochs", metavar="N", help="maximum number of epochs (default: 30)"
    )
    group.add_argument(
        "--trainer.accelerator", metavar="NAME", help="cpu, gpu or auto (default: auto)"
    )
    group.add_argument(
        "--trainer.logger.init_args.save_dir",
        metavar="DIR",
        help="folder with a subfolder for each run (default: runs)",
    )
    parser.print_help()
