"""Parsers: pure functions from a provider's bytes to the canonical table of events.

================  =============================================================================
``reading``       from a file to its events, with an account of how it was read
``parsed``        Format, Parsed, Rejected: a layout, and what parsing gives
``archive``       compressed files and archives, opened in memory and with a bounded size
``table``         any table of events: CSV, TSV, blanks between columns, or Parquet
``loose``         the values of such a table: times, places, depths, magnitudes
``wanted``        what a user says of it that the table itself does not
``region``        where the table in a text is: header, delimiter, rows, and what stands around
``text``          the cells of a text table: its encoding, and the columns that play a role
``lines``         lines of text tables, and their fields
``columns``       what columns mean, by their names and by their values
``names``         the names under which catalogs publish the same columns, in a dozen languages
``dates``         dates and times as people write them: order, words or numbers
``zones``         the zone of times: what columns, the text around a table and the user say of it
``cells``         columns of text to numbers and times; what cannot be read is noted
``ranges``        which numbers are taken for values; others are noise or stand for "unknown"
``delimited``     named layouts with a header: one event a line, columns by a delimiter
``fixed``         fixed-width rows as a matrix of bytes
``scedc``         Southern California Earthquake Data Center: the layouts SCEC_DC and SCSN
``stp``           event lists of STP, the program by which the SCEDC gives out data
``hauksson``      Hauksson-Yang-Shearer: the relocated catalog of Southern California
``hypodd``        hypoDD: relocated or initial hypocentres
``hypoinverse``   HYPOINVERSE-2000: summary lines
``isc``           International Seismological Centre: the event catalogue as CSV
``jma``           Japan Meteorological Agency: hypocentres of 96 bytes a row
``quakeml``       QuakeML 1.2, as FDSN event services publish it
``zmap``          ZMAP: nine or ten columns without a header, and up to three of errors
``obspy_events``  obspy's event catalogs, in and out, and the formats that obspy reads
================  =============================================================================
"""

from __future__ import annotations

from catalogs.errors import InputError
from catalogs.formats.archive import heads, unpacked
from catalogs.formats.delimited import DELIMITED
from catalogs.formats.hauksson import HAUKSSON
from catalogs.formats.hypodd import HYPODD
from catalogs.formats.hypoinverse import HYPOINVERSE
from catalogs.formats.isc import ISC
from catalogs.formats.jma import JMA
from catalogs.formats.obspy_events import OBSPY, from_obspy, to_obspy
from catalogs.formats.parsed import Format, Parsed, Rejected
from catalogs.formats.quakeml import QUAKEML
from catalogs.formats.scedc import SCEDC, SCSN
from catalogs.formats.stp import STP
from catalogs.formats.table import TABLE, from_dataframe, parse_table
from catalogs.formats.zmap import ZMAP

__all__ = [
    "FORMATS",
    "Format",
    "Parsed",
    "Rejected",
    "detect",
    "from_dataframe",
    "from_obspy",
    "parse",
    "parse_table",
    "to_obspy",
    "unpacked",
]

FORMATS: dict[str, Format] = {
    layout.name: layout
    for layout in (
        SCEDC,
        SCSN,
        STP,
        HAUKSSON,
        *DELIMITED,
        ISC,
        JMA,
        HYPODD,
        HYPOINVERSE,
        QUAKEML,
        ZMAP,
        OBSPY,
        TABLE,
    )
}
"""The layouts by name."""


def detect(data: bytes, *, name: str) -> str:
    """The layout that the first kilobytes of a file show beyond doubt, else ``table``.

    Raises
    ------
    InputError
        For a damaged archive, or a file that fits several layouts.
    """
    fitting = sorted(
        {form.name for head in heads(data, name) for form in FORMATS.values() if form.fits(head)}
    )
    if len(fitting) > 1:
        raise InputError(f"{name} fits the layouts {', '.join(fitting)}: choose one with `layout`")
    return fitting[0] if fitting else TABLE.name


def parse(data: bytes, layout: str, *, name: str, strict: bool = False) -> Parsed:
    """The events of a file, and the rows that could not be used.

    A pure function of the bytes. Gzip files and zip archives are opened in memory.

    Parameters
    ----------
    data : bytes
        The file as published.
    layout : str
        A name in ``FORMATS``.
    name : str
        What to call the file in messages.
    strict : bool
        Stop at the first damaged row; by default they are collected in ``rejected``.

    Raises
    ------
    InputError
        For an unknown layout, a file that is not of this layout, a damaged archive, and, if
        ``strict``, for a damaged row: with the file, the row and the reason.
    """
    if layout not in FORMATS:
        raise InputError(f"layout {layout!r}: choose one of {', '.join(FORMATS)}")
    form = FORMATS[layout]
    parsed = form.read(unpacked(data, name, form.fits), name)
    return parsed.checked() if strict else parsed
