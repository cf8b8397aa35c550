"""From a file to its events, with an account of how it was read."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from catalogs.errors import InputError
from catalogs.formats import FORMATS, detect
from catalogs.formats.archive import HEAD, unpacked
from catalogs.formats.dates import Dating, Order
from catalogs.formats.isc import ISC, read_isc
from catalogs.formats.lines import decoded, split_lines
from catalogs.formats.parsed import Explanation, Meaning, Parsed, Rejected
from catalogs.formats.region import names_columns
from catalogs.formats.table import TABLE, parse_table
from catalogs.formats.wanted import Wanted

READERS: dict[str, Callable[[bytes, str, Wanted], Parsed]] = {
    TABLE.name: lambda content, where, wanted: parse_table(content, where, wanted=wanted),
    ISC.name: read_isc,
}
"""Layouts of which a user may say more than their name."""

OBSPY_SIGNS = (
    (rb"^[A-Z]{3,4} +\d{4}/\d\d/\d\d [\d ]\d:[\d ]\d:[\d ]\d\.\d .{40}", "NDK"),
    (rb"^ .{78}1\s*$", "NORDIC"),
    (rb"^(DATA_TYPE|BEGIN)\s", "IMS1.0 or GSE2"),
    (rb"<(\w+:)?seiscomp", "SC3ML"),
    (rb"^HY\d{10}", "MCHEDR"),
    (rb"^(PDE|MLI|ISC|PDEW) .{70,}$", "NDK"),
    (rb"^#\s+\d{4}\s+\d+\s+\d+\s+\d+\s+\d+\s+[\d.]+\s+-?[\d.]+\s+-?[\d.]+", "HYPODDPHA"),
)
"""First lines of files that obspy reads, and what it calls them."""


def read_events(
    path: str | os.PathLike[str],
    *,
    layout: str | None = None,
    columns: Mapping[str, str] | None = None,
    names: Sequence[str] | None = None,
    encoding: str | None = None,
    dates: Order | None = None,
    time_zone: str | None = None,
    origin: str | None = None,
    missing_magnitudes: Sequence[float] = (),
    strict: bool = False,
) -> Parsed:
    r"""The events of a file in any layout that is known, and how it was read.

    Parameters
    ----------
    path : path
        The file: a table of any kind, a data centre's own layout, or an archive with one of them.
    layout : str, optional
        A name in ``catalogs.formats.FORMATS``; by default as the first lines show, else ``table``.
    columns : mapping, optional
        Role -> the file's name of the column, or its number from 1, as in ``{"time": "origin"}``.
        Of several for the magnitude, ``{"magnitude": "mw,ml"}``, the first with a value counts.
    names : sequence of str, optional
        Names of all columns of a table without a header, from left to right.
    encoding : str, optional
        Of the text, where it is not found.
    dates : {"dmy", "mdy", "ymd"}, optional
        Whether day or month comes first, where no day above 12 tells; or a year of two digits.
    time_zone : str, optional
        Zone of times that state none: ``+08:00`` or ``Asia/Manila``.
    origin : str, optional
        Date from which a column of plain numbers counts days, or what its name says, as ``t_h``
        does; ``seconds since DATE``; or ``datenum`` (MATLAB), ``mjd``, ``jd`` or ``decimalyear``.
    missing_magnitudes : sequence of float
        Numbers that stand for a missing magnitude, such as 0.0 or 9.9.
    strict : bool
        Stop at the first damaged row.

    Returns
    -------
    Parsed
        ``events`` as a table, the rows that were left out with their reasons, and
        ``explanation``: encoding, layout, the meaning of every column, notes.

    Raises
    ------
    InputError
        For a file that cannot be read or may mean several things, naming the argument that decides.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, "events.csv")
    ...     _ = path.write_text("Fecha;Hora;Mag.\n24/08/2016;01:36:35;6,0\n")
    ...     parsed = read_events(path)
    >>> parsed.events["magnitude"].tolist()
    [6.0]
    >>> [(meaning.column, meaning.role) for meaning in parsed.explanation.meanings]
    [('Fecha', 'date'), ('Hora', 'clock'), ('Mag.', 'magnitude')]
    """
    path = Path(path)
    where = str(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{where} cannot be read ({error.strerror}): check the path") from error
    wanted = Wanted(
        columns or {}, names, encoding, Dating(dates, time_zone, origin), missing_magnitudes
    )
    by_hand = bool(columns) or names is not None or encoding is not None
    if by_hand and layout not in {None, *READERS}:
        option = "`columns`" if columns else "`names`" if names is not None else "`encoding`"
        raise InputError(
            f"{option} goes with `layout` {TABLE.name}, not with {layout}: leave it out"
        )
    found = layout or (TABLE.name if names is not None or encoding else detect(content, name=where))
    if columns and found not in READERS:
        found = TABLE.name
    if found not in FORMATS:
        raise InputError(f"layout {found!r}: choose one of {', '.join(FORMATS)}")
    fits = is_table if found == TABLE.name else FORMATS[found].fits
    text = unpacked(content, where, fits)
    try:
        reader = READERS.get(found)
        parsed = reader(text, where, wanted) if reader else FORMATS[found].read(text, where)
    except InputError as error:
        if found == TABLE.name and layout is None and (kind := obspy_kind(text)):
            raise InputError(
                f"{where} looks like {kind}, which obspy reads: try `layout` obspy"
            ) from error
        raise
    parsed = parsed.checked() if strict else parsed
    if parsed.events.empty and not parsed.rejected:
        raise InputError(f"{where} holds no event: give a file with events")
    if parsed.events.empty:
        raise InputError(f"{where}: {account(parsed)}")
    return replace(parsed, explanation=_completed(parsed, found))


def is_table(head: bytes) -> bool:
    """Whether the first bytes of a file have a header with a time and a magnitude."""
    return names_columns(split_lines(decoded(head[:HEAD])))


def obspy_kind(content: bytes) -> str | None:
    """What kind of file obspy calls this, None where it is none that it reads."""
    head = content[:4096]
    for pattern, kind in OBSPY_SIGNS:
        if re.search(pattern, b"\n".join(head.splitlines()[:3]), flags=re.MULTILINE):
            return kind
    return None


def account(parsed: Parsed) -> str:
    """How many rows were read and left out, by reason, with the first of each."""
    if not parsed.rejected:
        return f"{_rows(parsed)} read, none left out"
    kinds = reasons(parsed)
    listed = "; ".join(
        f"{n:,}: {row.unit} {row.row}, {row.reason}"
        if n > 1
        else f"{row.unit} {row.row}: {row.reason}"
        for row, n in kinds
    )
    if parsed.events.empty:
        return f"none of {parsed.n_rows:,} rows is an event; {listed}"
    return f"{_rows(parsed)} read, {len(parsed.rejected):,} left out ({listed})"


def _rows(parsed: Parsed) -> str:
    return "1 row" if parsed.n_rows == 1 else f"{parsed.n_rows:,} rows"


def reasons(parsed: Parsed) -> list[tuple[Rejected, int]]:
    """The kinds of reasons for which rows were left out: the first row of each, and how many."""
    kinds: dict[str, list[Rejected]] = {}
    for row in parsed.rejected:
        kinds.setdefault(re.sub(r"= '.*?' |\d[\d.,]*", "", row.reason), []).append(row)
    return [(rows[0], len(rows)) for rows in sorted(kinds.values(), key=len, reverse=True)]


def _completed(parsed: Parsed, layout: str) -> Explanation:
    """The explanation, with the canonical columns where the layout fixes what they mean."""
    how = parsed.explanation
    meanings = how.meanings
    if not meanings:
        head = parsed.events.head(3)
        meanings = tuple(
            Meaning("", str(role), tuple(_shown(value) for value in head[role])) for role in head
        )
    return replace(how, layout=layout, meanings=meanings)


def _shown(value: object) -> str:
    if isinstance(value, pd.Timestamp):
        return value.tz_convert("UTC").tz_localize(None).isoformat() + "Z"
    return f"{value:g}" if isinstance(value, float) else str(value)
