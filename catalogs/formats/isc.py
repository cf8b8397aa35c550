"""Event catalogue of the International Seismological Centre: commas, and magnitudes by the dozen.

https://www.isc.ac.uk/iscbulletin/search/catalogue/; the header names author, type and value of one
magnitude, and the rows repeat these three for every one that anybody has determined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd

from catalogs.errors import InputError
from catalogs.formats.lines import decoded, split_lines
from catalogs.formats.loose import events_of
from catalogs.formats.names import normalised
from catalogs.formats.parsed import Explanation, Faults, Format, Meaning, Parsed
from catalogs.formats.wanted import Wanted

NEEDED = ("EVENTID", "AUTHOR", "DATE", "TIME", "LAT", "LON", "DEPTH", "DEPFIX")
TRIPLE = ("AUTHOR", "TYPE", "MAG")

ROLES = {
    "EVENTID": "event_id",
    "DATE": "date",
    "TIME": "clock",
    "LAT": "latitude",
    "LON": "longitude",
    "DEPTH": "depth_km",
}

LISTED = 6
"""Magnitudes that a note names as those that could be chosen instead."""


def read_isc(content: bytes, where: str, wanted: Wanted | None = None) -> Parsed:
    """The events of a file, each with its first magnitude, or with that of the type asked for.

    ``wanted.columns`` may say ``magnitude: "ISC MS"``, or ``MS`` of any author.

    Raises
    ------
    InputError
        If the file has no such header, or nobody determined the magnitude asked for.
    """
    wanted = wanted or Wanted()
    lines = split_lines(decoded(content))
    at = _header(lines)
    if at is None:
        raise InputError(f"{where} is not of layout isc: no header EVENTID,...,AUTHOR,TYPE,MAG")
    names = [name.strip() for name in lines[at].split(",")]
    lead = len(names) - len(TRIPLE)
    rows = [
        (number, [cell.strip() for cell in line.split(",")])
        for number, line in enumerate(lines[at + 1 :], start=at + 2)
        if "," in line
    ]
    index = pd.Index([number for number, _ in rows], name="line", dtype=np.int64)
    faults = Faults(where, index)
    odd = np.array(
        [len(row) < lead or (len(row) - lead) % 3 > 1 for _, row in rows], dtype=np.bool_
    )
    faults.note(odd, f"not {lead} fields and three for each magnitude: fix or drop the line")
    triples = [[row[i : i + 3] for i in range(lead, len(row) - 2, 3)] for _, row in rows]
    asked = wanted.columns.get("magnitude", "")
    chosen = [_chosen(found, asked) for found in triples]
    said = Counter(f"{author} {kind}".strip() for author, kind, size in chosen if size)
    every = Counter(f"{a} {t}".strip() for found in triples for a, t, size in found if size)
    if asked and not said:
        raise InputError(
            f"{where}: no magnitude {asked!r}: there are {_counts(every)}; choose one with "
            f'`columns` magnitude="{next(iter(dict(every.most_common(1))), "ISC mb")}"'
        )
    cells = pd.DataFrame(
        {
            ROLES[n]: [row[names.index(n)] if len(row) >= lead else "" for _, row in rows]
            for n in ROLES
        },
        index=index,
        dtype=object,
    )
    cells["magnitude"] = [size for _, _, size in chosen]
    cells["magnitude_type"] = [kind for _, kind, _ in chosen]
    called = {role: name for name, role in ROLES.items()}
    called |= {"magnitude": "MAG", "magnitude_type": "TYPE"}
    if "TYPE" in names[:lead]:
        kind = names.index("TYPE")
        cells["event_type"] = [row[kind] if len(row) >= lead else "" for _, row in rows]
        called["event_type"] = "TYPE"
    which = f"those of {asked}" if asked else "the first of each event"
    faults.say(
        f"magnitudes are {which}: {_counts(said)}; choose others by author or type, as in "
        f'`columns` magnitude="{_other(every, said)}"'
    )
    events = events_of(cells, called, faults, wanted)
    meanings = tuple(
        Meaning(called[role], role, tuple(x for x in cells[role].iloc[:50] if x)[:3])
        for role in cells.columns
    )
    how = Explanation("isc", "ascii", ",", at + 1, meanings=meanings)
    return faults.parsed(events, lambda i: lines[int(index[i]) - 1], how)


def _chosen(found: list[list[str]], asked: str) -> tuple[str, str, str]:
    for author, kind, size in found:
        if size and asked in {"", kind, f"{author} {kind}", author}:
            return author, kind, size
    return "", "", ""


def _counts(found: Mapping[str, int]) -> str:
    ranked = Counter(found).most_common()
    rest = sum(n for _, n in ranked[LISTED:])
    listed = ", ".join(f"{name} {n:,}" for name, n in ranked[:LISTED])
    return f"{listed} and {rest:,} of {len(ranked) - LISTED} others" if rest else listed


def _other(every: Mapping[str, int], said: Mapping[str, int]) -> str:
    names = [name for name, _ in Counter(every).most_common()]
    return next((name for name in names if name != next(iter(said), "")), "ISC mb")


def _header(lines: list[str]) -> int | None:
    for i, line in enumerate(lines[:400]):
        names = [normalised(name).upper() for name in line.split(",")]
        if names[-3:] == list(TRIPLE) and {*NEEDED} <= {*names} and names.count("AUTHOR") > 1:
            return i
    return None


def _fits(head: bytes) -> bool:
    return b"EVENTID" in head and _header(split_lines(decoded(head))) is not None


ISC = Format("isc", "ISC event catalogue, with magnitudes of many authors", read_isc, _fits)
