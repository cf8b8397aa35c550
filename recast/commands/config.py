"""Options of a command from a YAML file."""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from typing import Any

from recast.commands.options import renamed


def with_config(args: argparse.Namespace, parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the arguments again, with those of ``args.config`` instead of the defaults.

    Raises
    ------
    InputError
        If the file cannot be read, or names no option of the command.
    """
    if args.config is None:
        return args
    from catalogs import InputError
    from catalogs.files import read_yaml

    options = read_yaml(args.config)
    known = {option for action in parser._actions for option in action.option_strings}  # noqa: SLF001 - argparse has no other list
    lines: list[str] = []
    for name, value in options.items():
        option = f"--{str(name).replace('_', '-')}"  # as settings of YAML files mostly are named
        if option not in known or name == "config":
            now = renamed(parser, option)
            why = f"is not an option of `{parser.prog}`" if now is None else f"is now {now}"
            near = get_close_matches(option, known, n=1) if now is None else []
            meant = f": did you mean {near[0].removeprefix('--')!r}?" if near else ""
            raise InputError(f"{args.config}: {name!r} {why}{meant}")
        if value is False or value is None:
            continue
        lines += [option] if value is True else _words(option, value)
    parsed = parser.parse_args([*lines, *args.argv[1:]])  # the last value of an option counts
    parsed.argv = args.argv
    return parsed


def _words(option: str, value: Any) -> list[str]:
    """The option with its values; a list of lists repeats it."""
    values = value if isinstance(value, list) else [value]
    uses = values if any(isinstance(part, list) for part in values) else [values]
    listed = [use if isinstance(use, list) else [use] for use in uses]
    return [word for use in listed for word in (option, *map(str, use))]
