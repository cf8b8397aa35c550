"""Text that others wrote: what may be printed, name a file, or stand in a cell of a table.

Control characters move the cursor of a terminal and are no part of XML; overrides of the direction
of writing make text read otherwise than it is; halves of surrogate pairs cannot be written at all.
"""

from __future__ import annotations

import math
import re
import unicodedata
from itertools import islice
from typing import Any

from catalogs.errors import InputError

HIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What no text needs. Tabs and the ends of lines are not among them."""

LONGEST_NAME = 150
"""Bytes of a name in UTF-8; file systems allow 255, with suffixes and beginnings of our own."""

LARGEST_WHOLE = 2**63 - 1
"""Whole numbers beyond fit no array."""

FORMULA = re.compile(r"'*[=+\-@]")
"""How cells begin that spreadsheets compute, and such cells marked as text."""

NUMBER = re.compile(r"'*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


def visible(text: str) -> str:
    r"""The same text with what is hidden in it spelt out.

    >>> visible("a\x1b[2Jb\u202e")
    'a\\x1b[2Jb\\u202e'
    """
    return HIDDEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def hidden_in(text: str) -> str:
    r"""What is hidden in a text, and the remedy; "" if nothing is.

    >>> hidden_in("a\u2066b\u2069")
    'control characters (U+2066, U+2069): take them out'
    """
    found = sorted(set(HIDDEN.findall(text)))
    listed = ", ".join(f"U+{ord(ch):04X}" for ch in found[:3])
    return f"control characters ({listed}): take them out" if found else ""


def composed(name: str) -> str:
    r"""A name in one form of Unicode: e with an accent is one character, wherever it was typed.

    The file systems of some machines hand out names with accents apart.

    >>> composed("e\u0301") == "\u00e9"
    True
    """
    return unicodedata.normalize("NFC", name)


def fault(content: Any) -> str:
    r"""What is wrong with the first impossible value in parsed JSON, with its place; "" if nothing.

    >>> fault({"a": [1.0, "x"], "b": ["\x1b[2J"]})
    "b[0] = '\\x1b[2J' has control characters (U+001B): take them out"
    """
    return _fault(content).removeprefix(".")


def _fault(content: Any) -> str:
    if isinstance(content, dict):
        for key, value in content.items():
            if HIDDEN.search(key) or "\n" in key:
                what = hidden_in(key) or "control characters: take them out"  # a line end
                return f" has the field {key!a:.60} with {what}"
            if said := _fault(value):
                return f".{key}{said}"
    elif isinstance(content, list):
        for i, value in enumerate(content):
            if said := _fault(value):
                return f"[{i}]{said}"
    else:
        return _fault_of_one(content)
    return ""


def _fault_of_one(value: str | float | None) -> str:
    if isinstance(value, str):
        hidden = hidden_in(value)
        return f" = {value!a:.60} has {hidden}" if hidden else ""
    if isinstance(value, float):
        return " is too large for a number: correct it" if math.isinf(value) else ""  # 1e999
    too_large = value is not None and abs(value) > LARGEST_WHOLE
    return " is too large for a whole number: correct it" if too_large else ""


def check_name(name: str, what: str = "catalog name") -> None:
    """Raise an InputError for what cannot name a catalog and its files.

    The name, ``composed``, becomes that of files and folders, a part of identifiers in pages, and a
    word on command lines.
    """
    name = composed(name)
    if not name or not all(ch.isalnum() or ch in "_-" for ch in name):
        marks = (ch for ch in name if unicodedata.category(ch).startswith("M"))
        apart = "".join(f" (U+{ord(ch):04X} is a mark beside a letter)" for ch in islice(marks, 1))
        raise InputError(f"{what} {name!a:.60}: use letters, digits, _ and - only{apart}")
    if name.startswith("-"):
        raise InputError(f"{what} {name!a:.60} reads like an option: begin with a letter or digit")
    if len(name.encode()) > LONGEST_NAME:
        raise InputError(f"{what} {name[:20]!a}... is longer than {LONGEST_NAME} bytes: shorten it")


def check_file_name(name: str, what: str) -> None:
    """Raise an InputError for what is not the name of one file in one folder.

    Models that were read from files are known by the names of these, which have dots and perhaps
    blanks.
    """
    if re.search(r"[/\\:]", name) or not name.strip(". ") or HIDDEN.search(name) or "\n" in name:
        raise InputError(f"{what} {name!a:.60}: use the name of a file, without its folder")
    if len(name.encode()) > LONGEST_NAME:
        raise InputError(f"{what} {name[:20]!a}... is longer than {LONGEST_NAME} bytes: shorten it")


def as_cell(text: str) -> str:
    """Text for a cell of CSV; with an apostrophe where a spreadsheet would compute it.

    Blanks at its ends are left out, as readers do.

    >>> [as_cell(text) for text in ("ci3144585", " =1+1", "'=1", "-2.5")]
    ['ci3144585', "'=1+1", "''=1", '-2.5']
    """
    text = visible(text.strip())
    return f"'{text}" if _is_formula(text) else text


def of_cell(text: str) -> str:
    """The text of a cell that ``as_cell`` wrote."""
    return text[1:] if text.startswith("'") and _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return FORMULA.match(text) is not None and NUMBER.fullmatch(text) is None
