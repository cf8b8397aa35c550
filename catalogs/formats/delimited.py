"""Named layouts with a header: one event a line, columns apart by a delimiter or blanks.

A layout says which columns must be there, so that a file of another kind is refused and not
half understood; the rest is the table of ``catalogs.formats.table``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.archive import HEAD
from catalogs.formats.lines import (
    COMMENT,
    decoded,
    delimiter_of,
    fields_of,
    is_number,
    split_lines,
)
from catalogs.formats.names import normalised
from catalogs.formats.parsed import Format, Parsed
from catalogs.formats.table import parse_table

SAMPLE = 100
"""Rows by which swapped columns are told."""

MAJORITY = 0.5


@dataclass(frozen=True)
class Delimited:
    """A layout told by its header.

    ``required`` are names that the header must have, in any case of letters; ``columns`` maps roles
    to names where the usual rules of ``catalogs.formats.columns`` would choose another. A layout
    whose header other tables may have too is not ``unmistakable``.
    """

    name: str
    title: str
    required: str
    columns: Mapping[str, str] | None = None
    unmistakable: bool = True

    def missing(self, names: list[str]) -> list[str]:
        """The required names that are not among these."""
        there = {normalised(name) for name in names}
        return [name for name in self.required.split() if normalised(name) not in there]

    def fits(self, head: bytes) -> bool:
        """Whether the header, as the first line or a comment before it, has all names."""
        return self.unmistakable and self._header(head) is not None

    def read(self, content: bytes, where: str) -> Parsed:
        """The events of a file.

        Raises
        ------
        InputError
            If the header is not that of this layout.
        """
        header = self._header(content)
        if header is None:
            first = next(
                (line for line in split_lines(decoded(content[:4096])) if line.strip()), ""
            )
            raise InputError(
                f"{where} is not of layout {self.name}: no header with the columns "
                f"{', '.join(self.required.split())}; it starts with {first.strip()[:60]!r}"
            )
        columns = self._columns(content, header)
        return parse_table(content, where, columns, as_published=True)

    def _header(self, content: bytes) -> list[str] | None:
        """The names in the header: of the first line that is no comment, or of a comment before."""
        # Cut off in the middle of a character, and old catalogs are no UTF-8 anyway
        for line in split_lines(content[:HEAD].decode("utf-8-sig", errors="replace")):
            if not line.strip():
                continue
            text = line.strip().lstrip(COMMENT)
            names = fields_of(text, delimiter_of(text))
            if not self.missing(names):
                return names
            if line[0] not in COMMENT:
                return None
        return None

    def _columns(self, content: bytes, header: list[str]) -> Mapping[str, str] | None:  # noqa: ARG002
        return self.columns


class White(Delimited):
    """White et al. (2019): the headers ``time`` and ``Ml`` are swapped in what was published.

    Looks at which of them holds numbers, so that a corrected file is read properly, too.
    """

    def _columns(self, content: bytes, header: list[str]) -> Mapping[str, str] | None:
        places = {normalised(name): i for i, name in enumerate(header)}
        rows = split_lines(decoded(content[: 1 << 18]))[1 : SAMPLE + 1]
        cells = [fields_of(row, delimiter_of(" ".join(header))) for row in rows if row.strip()]
        under_time = pd.Series([row[places["time"]] for row in cells if len(row) == len(header)])
        numeric = pd.to_numeric(under_time, errors="coerce").notna().mean()
        if numeric > MAJORITY:
            return {"time": header[places["ml"]], "magnitude": header[places["time"]]}
        return {"time": header[places["time"]], "magnitude": header[places["ml"]]}


class FdsnText(Delimited):
    """Text of event services: the place, in words, may hold a |, and nothing is quoted."""

    def read(self, content: bytes, where: str) -> Parsed:
        """The events of a file; as ``Delimited.read``."""
        names = [normalised(name) for name in self._header(content) or ()]
        if names and names[-1] == normalised("EventLocationName"):
            at = names.index(normalised("Magnitude"))
            lines = content.split(b"\n")
            content = b"\n".join(_words_last(line, len(names), at) for line in lines)
        return super().read(content, where)


def _words_last(line: bytes, n_fields: int, magnitude: int) -> bytes:
    """A line with no | in its last field, unless its columns have moved."""
    if line.count(b"|") < n_fields:
        return line
    *fields, words = line.split(b"|", n_fields - 1)
    numbers = [is_number(text) for text in words.decode("latin-1").split("|")]
    if any(numbers) or not is_number(fields[magnitude].decode("latin-1")):
        return line
    return b"|".join([*fields, words.replace(b"|", b"/")])


LAYOUTS: tuple[Delimited, ...] = (
    Delimited(
        "ehp_csv",
        "CSV of the USGS (ComCat) and of the NCEDC (NCSS), 22 columns",
        "time latitude longitude depth mag magType nst gap dmin rms net id updated place type",
    ),
    Delimited(
        "geonet",
        "CSV of GeoNet's Quake Search (New Zealand)",
        "publicid eventtype origintime longitude latitude magnitude depth magnitudetype",
    ),
    Delimited(
        "horus",
        "HORUS (Italy), with tabs",
        "Year Mo Da Ho Mi Se Lat Lon Depth Mw sigMw",
        {"magnitude": "Mw"},
    ),
    Delimited(
        "qtm",
        "QTM (Ross et al. 2019), blanks between 17 columns",
        "YEAR MONTH DAY HOUR MINUTE SECOND EVENTID LATITUDE LONGITUDE DEPTH MAGNITUDE MAGP5 "
        "TEMPLATEID STACKCC",
    ),
    Delimited(
        "shelly2020",
        "Shelly (2020), Ridgecrest: a header with calendar columns, place and magnitude",
        "year month day hour minute second latitude longitude depth magnitude",
        unmistakable=False,
    ),
    Delimited(
        "tan2021",
        "Tan et al. (2021), Amatrice-Norcia, CSV of version 20210504",
        "year month day hour minute second lat lon mw ml_median",
        {"magnitude": "mw"},
    ),
    White(
        "white",
        "White et al. (2019), San Jacinto fault zone, blanks between columns",
        "event_id time Ml",
        unmistakable=False,
    ),
    FdsnText(
        "fdsn_text",
        "text of FDSN event services, with |",
        "EventID Time Latitude Longitude Depth/Km MagType Magnitude",
    ),
)

DELIMITED = tuple(Format(layout.name, layout.title, layout.read, layout.fits) for layout in LAYOUTS)
