"""Text that comes from a source, before it is published.

Escaping is the business of each format; this is about what no format should carry: control
characters, which XML forbids and terminals obey, overrides of the direction of writing, which make
text read otherwise than it is, and texts as long as a page.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import urlsplit

LONGEST = 200
"""Characters of a place's name; the longest in use have half of it."""

LONGEST_LINK = 2000

OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates of bidirectional text."""

FILE_NAME = 60
"""Characters of an identifier that become a file's name."""


def plain(text: str, longest: int = LONGEST) -> str:
    r"""Keep what can be read, on one line.

    Examples
    --------
    >>> plain("5 km\n N of \x00<Rome>\u202e")
    '5 km N of <Rome>'
    """
    if len(text) <= longest and text.isprintable():  # nearly all of them
        return " ".join(text.split())
    # A source may send megabytes
    kept = "".join(map(_character, text[: 50 * longest]))
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"


def _character(character: str) -> str:
    if character.isspace():
        return " "
    if character in OVERRIDES or ord(character) & 0xFFFE == 0xFFFE:
        return ""
    # Control characters, and halves of surrogate pairs
    return "" if unicodedata.category(character) in {"Cc", "Cs"} else character


def link(url: str) -> str:
    """An address that a page may link to, or ""."""
    if not url.isprintable() or any(map(str.isspace, url)) or len(url) > LONGEST_LINK:
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def file_name(identifier: str) -> str:
    """An identifier as the name of a file, another one for each.

    Examples
    --------
    >>> file_name("ci38457511"), file_name("../etc")
    ('ci38457511', '_etc-f7f9121f')
    """
    if re.fullmatch(r"[A-Za-z0-9_-]+", identifier) and len(identifier) <= FILE_NAME:
        return identifier
    digest = hashlib.sha256(identifier.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    kept = re.sub(r"[^A-Za-z0-9_]+", "_", identifier)[:FILE_NAME]
    return f"{kept}-{digest}"
