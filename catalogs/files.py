"""Files written whole or not at all; JSON read back."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import Any, BinaryIO

from catalogs.errors import InputError
from catalogs.expansion import check_expansion
from catalogs.texts import fault, visible

LARGEST_YAML, MOST_OPTIONS = 1 << 20, 100_000
"""Bytes of a file of options, and values in it with all that is referred to written out."""

BINARY = getattr(os, "O_BINARY", 0)
"""Keeps Windows from changing line ends."""

ESCAPED = re.compile(rb"\\u(00|20|d)")
"""How JSON begins to spell what ``visible`` may have to."""

_being_written: list[Path] = []


def write_json(path: Path, content: Any) -> None:
    """Write JSON beside the target, then rename: a reader sees the old file or the new one."""
    write_whole(path, json_bytes(content))


def json_bytes(content: Any) -> bytes:
    """Indented JSON, without NaN, which it does not know, and what ``read_json`` would refuse.

    A command line may hold anything, and is recorded.
    """
    text = (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()
    if ESCAPED.search(text) or b"\x7f" in text:
        text = (json.dumps(_visible(content), indent=2, allow_nan=False) + "\n").encode()
    return text


def _visible(content: Any) -> Any:
    """The same with all texts visible."""
    if isinstance(content, str):
        return visible(content)
    if isinstance(content, Mapping):
        return {_visible(key): _visible(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_visible(value) for value in content]
    return content


def write_whole(path: Path, content: bytes) -> None:
    """Write bytes beside the target, then rename."""
    with whole_file(path) as stream:
        stream.write(content)


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A stream into a file that gets its name when all is written, or not at all.

    Raises
    ------
    OSError
        Naming ``path``, if the disk is full or the folder cannot be written.
    """
    with naming(path), _noted(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        # Not by tempfile: its files are read by their owner only, whatever the umask
        handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o666)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
            scratch.replace(path)
        except BaseException:
            scratch.unlink(missing_ok=True)
            raise


@contextmanager
def _noted(path: Path) -> Iterator[None]:
    _being_written.append(path)
    try:
        yield
    finally:
        _being_written.remove(path)


def drop_unfinished() -> None:
    """Remove what this process has not written whole, when it is about to end at once."""
    with suppress(OSError):
        for path in tuple(_being_written):
            for scratch in path.parent.glob(f"{escape(f'.{path.name}-')}????????"):
                scratch.unlink(missing_ok=True)


def leftovers(folder: Path) -> Iterator[Path]:
    """What ``whole_file`` leaves in a folder where its process is killed."""
    return folder.rglob(".*-????????")


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let errors of the file system say which file could not be written.

    A full disk doesn't say so by itself, and of a scratch file the name means nothing.
    """
    try:
        yield
    except OSError as error:
        known = error.filename is not None and not Path(str(error.filename)).name.startswith(".")
        name = error.filename if known else str(path)
        raise OSError(error.errno, error.strerror or str(error), name) from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises
    ------
    InputError
        Naming the file, if it is missing, damaged or no object, and the field of a text with
        control characters or a number that is none.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = json.loads(text, parse_constant=_no_number)
        said = fault(content)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist") from error
    except (OSError, RecursionError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON ({error}): make it again") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no JSON object: make it again")
    if said:
        raise InputError(f"{path}: {said}")
    return content


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping of names to values from a YAML file.

    Raises
    ------
    InputError
        Naming the file, if it cannot be read, is no mapping, or is larger than options are.
    """
    import yaml  # noqa: PLC0415 - for what few callers need, not for all that read files

    try:
        if path.stat().st_size > LARGEST_YAML:
            raise ValueError(f"options have at most {LARGEST_YAML:,} bytes")  # noqa: TRY301
        text = path.read_text(encoding="utf-8")
        check_expansion(yaml.compose(text, yaml.SafeLoader), _below, most=MOST_OPTIONS)
        content = yaml.safe_load(text)
    except (OSError, RecursionError, ValueError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} cannot be read as YAML ({reason})") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds no options: write them as `catalog: [scedc]`")
    return content


def _below(node: Any) -> list[Any]:
    """What stands below a node of YAML."""
    value = getattr(node, "value", ())
    parts = [value] if isinstance(value, str) else value
    return [part for item in parts for part in (item if isinstance(item, tuple) else [item])]


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Blame the file where a field of its JSON is missing or of the wrong kind.

    Raises
    ------
    InputError
        Naming the file, in place of the errors by which Python says so.
    """
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise InputError(
            f"{path} is damaged or of another kind ({type(error).__name__}: {error}): make it again"
        ) from error
