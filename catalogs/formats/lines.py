"""Lines of text tables, and their fields."""

from __future__ import annotations

import csv
import re
import unicodedata

DELIMITERS = ",;\t|"

COMMENT = "#%"


def decoded(content: bytes) -> str:
    """UTF-8, else Latin-1, which old catalogs use for place names and worse."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


MARKS = {"\u066b": ".", "\uff0e": ".", "\uff1a": ":", "\uff0f": "/", "\uff0d": "-", "\uff0b": "+"}
"""Marks inside numbers and dates that go with digits of another script, or of full width."""


INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
"""Characters without a width, which web pages and files that were put together leave."""


def with_plain_digits(text: str) -> str:
    """The text with the digits of all scripts as 0 to 9, and without what cannot be seen.

    >>> with_plain_digits("٢٠٢٣-٠٢-٠٦")
    '2023-02-06'
    """
    if text.isascii():
        return text
    if INVISIBLE.search(text) is not None:
        text = INVISIBLE.sub("", text)
    if re.search(r"(?![0-9])\d", text) is None:
        return text
    digits = {ch: str(unicodedata.decimal(ch)) for ch in {*text} if ch.isdecimal()}
    directions = dict.fromkeys("\u200e\u200f\u061c", "")
    return text.translate({ord(ch): to for ch, to in (digits | MARKS | directions).items()})


def split_lines(text: str) -> list[str]:
    """Lines as Unix, Windows and old Macs end them; other control bytes end no line."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def rows_below_comments(content: bytes) -> list[tuple[int, str]]:
    """Line number and text of what is neither blank nor a comment above the first row.

    Comments stand above the rows: one below is a damaged row. Of comments only, these.
    """
    numbered = [
        (number, line)
        for number, line in enumerate(split_lines(decoded(content)), start=1)
        if line.strip()
    ]
    first = next((i for i, (_, line) in enumerate(numbered) if line[0] not in COMMENT), 0)
    return numbered[first:]


def delimiter_of(header: str) -> str:
    """What separates the columns: the most frequent delimiter, or nothing for blanks."""
    most = max(DELIMITERS, key=header.count)
    return most if most in header else ""


def fields_of(line: str, delimiter: str) -> list[str]:
    """The fields of a line; none where quotes are left open or a byte is zero."""
    if "\0" in line:
        return []
    if not delimiter:
        return _quoted_words(line) if '"' in line else line.split()
    return _quoted(line, delimiter) if '"' in line else line.split(delimiter)


def _quoted_words(line: str) -> list[str]:
    if line.count('"') % 2:
        return line.split()
    return [a or b for a, b in re.findall(r'"([^"]*)"|([^\s"]+)', line)]


def _quoted(line: str, delimiter: str) -> list[str]:
    parts = line.split('"')
    if len(parts) == 3 and parts[0].endswith(delimiter) and parts[2].startswith(delimiter):
        # One quoted field between others, as nearly always: the csv module takes five times longer
        return [*parts[0][:-1].split(delimiter), parts[1], *parts[2][1:].split(delimiter)]
    if len(parts) % 2 == 0:
        return []
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        return []


def is_number(text: str) -> bool:
    """Whether a field is a plain number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
