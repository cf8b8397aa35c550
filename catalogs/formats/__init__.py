"""Parsers: pure functions from a provider's bytes to the canonical table of events."""

from __future__ import annotations

from catalogs.errors import InputError
from catalogs.formats.archive import heads, unpacked
from catalogs.formats.delimited import DELIMITED
from catalogs.formats.hauksson import HAUKSSON
from catalogs.formats.hypodd import HYPODD
from catalogs.formats.isc import ISC
from catalogs.formats.jma import JMA
from catalogs.formats.obspy_events import OBSPY, from_obspy, to_obspy
from catalogs.formats.parsed import Format, Parsed, Rejected
from catalogs.formats.quakeml import QUAKEML
from catalogs.formats.scedc import SCEDC, SCSN
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
    for layout in (SCEDC, SCSN, HAUKSSON, *DELIMITED, ISC, JMA, HYPODD, QUAKEML, ZMAP, OBSPY, TABLE)
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
