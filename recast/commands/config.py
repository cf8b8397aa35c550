"""Options of a command from a YAML file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def with_config(args: argparse.Namespace, parser: argparse.ArgumentParser) -> argparse.Namespace:
    """The arguments again, with those of ``args.config`` in place of the defaults.

    Raises
    ------
    InputError
        If the file cannot be read, or names no option of the command.
    """
    if args.config is None:
        return args
    from catalogs import InputError

    options = read_options(args.config)
    known = {option for action in parser._actions for option in action.option_strings}  # noqa: SLF001 - argparse has no other list
    lines: list[str] = []
    for name, value in options.items():
        option = f"--{name}"
        if option not in known or name == "config":
            raise InputError(f"{args.config}: {name!r} is no option of `{parser.prog}`")
        if value is False or value is None:
            continue
        lines += [option] if value is True else [option, *map(str, _listed(value))]
    parsed = parser.parse_args([*lines, *args.argv[1:]])  # of an option given twice the last counts
    parsed.argv = args.argv
    return parsed


def read_options(path: Path) -> dict[str, Any]:
    """A mapping of option names to values."""
    import yaml

    from catalogs import InputError

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read as YAML ({reason})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no options: write them as `catalog: [scedc]`")
    return content


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
