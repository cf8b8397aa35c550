"""Answers of event services: are they whole, and which events do they list?"""

from __future__ import annotations

import csv
import io
import re

from catalogs.providers.web import Answer, TransientError

PARAMETER = {"ehp_csv": "csv", "geonet": "", "fdsn_text": "text", "quakeml": "xml"}
"""Layout -> what the parameter ``format`` calls it; empty where the service has only one."""

IDENTIFIERS = {"ehp_csv": "id", "geonet": "publicid"}
"""The column that holds them."""

EVENT = re.compile(rb"""<(?:\w+:)?event\s[^>]*?publicID\s*=\s*["']([^"']*)["']""")
"""The start of an event in QuakeML."""

QUAKEML_END = re.compile(rb"</(?:\w+:)?quakeml>\s*$")

TEXT_FIELDS = 11
"""Fields of a row of FDSN text up to the magnitude; services add one or two behind the place."""


class OtherLayoutError(TransientError):
    """An answer in another layout than was asked for: a page of a proxy, or one in words."""


def identifiers(answer: Answer, layout: str) -> list[str]:
    """The identifiers of the events in an answer, in its order, with repeats.

    Raises
    ------
    TransientError
        If it was cut; ``OtherLayoutError`` if this is not the layout that was asked for.
    """
    data = answer.data
    if not data.strip():
        if not answer.is_delimited:
            raise _cut()  # nothing is said by status 204
        return []
    if layout == "quakeml":
        if not data.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<"):
            raise _other(data, "QuakeML")
        if not QUAKEML_END.search(data[-200:]):
            raise _other(data, "QuakeML") if b"quakeml" not in data[:2000] else _cut()
        return [found.decode("latin-1") for found in EVENT.findall(data)]
    text = data.decode("utf-8-sig", errors="replace")
    if not answer.is_delimited and not text.endswith("\n"):
        raise _cut()  # this server says the end of an answer by hanging up
    return _of_text(text, data) if layout == "fdsn_text" else _of_csv(text, data, layout)


def _of_text(text: str, data: bytes) -> list[str]:
    header, *lines = text.splitlines()
    if "|" not in header:
        raise _other(data, "text with | between the columns")
    rows = lines if header.startswith("#") else [header, *lines]
    cells = [row.split("|") for row in rows if row.strip()]
    if cells and len(cells[-1]) < TEXT_FIELDS:
        raise _cut()
    return [row[0].strip() for row in cells]


def _of_csv(text: str, data: bytes, layout: str) -> list[str]:
    try:
        header, *rows = csv.reader(io.StringIO(text, newline=""))
    except csv.Error:  # a page with a quote left open, longer than any field may be
        raise _other(data, "a table") from None
    names = [name.strip() for name in header]
    if IDENTIFIERS[layout] not in names:
        raise _other(data, f"a table with a column {IDENTIFIERS[layout]}")
    column = names.index(IDENTIFIERS[layout])
    rows = [row for row in rows if row]
    if rows and len(rows[-1]) < len(header):
        raise _cut()
    return [row[column].strip() for row in rows if len(row) > column]


def _cut() -> TransientError:
    return TransientError("the answer was cut half-way")


def _other(data: bytes, expected: str) -> OtherLayoutError:
    begin = " ".join(data[:60].decode("latin-1").split())
    return OtherLayoutError(f"the answer is not {expected} but begins with {begin!r}")
