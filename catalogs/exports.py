"""Catalogs in the formats of other programs: CSEP CSV, ZMAP and QuakeML."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise, repeat
from os import PathLike
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd

from catalogs.catalog import Catalog
from catalogs.errors import InputError
from catalogs.files import whole_file, write_whole
from catalogs.info import DATE_OF_DAY_0, CatalogInfo
from catalogs.sequence import MAGNITUDE_TOLERANCE
from catalogs.texts import as_cell
from catalogs.trajectories import Trajectories

Format = Literal["quakeml", "zmap", "csep", "csv"]

CSEP_HEADER = "lon,lat,mag,time_string,depth,catalog_id,event_id"

QUAKEML_HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" '
    'xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">\n'
)


def export_catalog(
    catalog: Catalog,
    path: str | PathLike[str],
    format: Format,  # noqa: A002 - as obspy and others call it
    *,
    overwrite: bool = False,
) -> int:
    """Write the complete events of a catalog in the format of other programs.

    The file appears whole or not at all.

    Parameters
    ----------
    catalog : Catalog
        With dates, not plain days.
    path : str or path-like
        The file.
    format : {"quakeml", "zmap", "csep", "csv"}
        QuakeML 1.2, ZMAP (ten columns, tab-separated), pyCSEP's CSV, or CSV with the columns of
        the table, which ``recast catalogs import`` reads back.
    overwrite : bool
        Replace the file.

    Returns
    -------
    int
        The number of events written.

    Raises
    ------
    InputError
        If the file exists, the format is unknown, or the catalog lacks what it needs: a calendar,
        or locations for QuakeML.

    Examples
    --------
    >>> import tempfile
    >>> from catalogs import load
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export_catalog(load("ridgecrest_2019"), f"{folder}/events.xml", "quakeml")
    830
    """
    target = Path(path)
    if format not in WRITERS:
        raise InputError(f"format {format!r}: choose one of {', '.join(WRITERS)}")
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists already: choose another path, or `overwrite`")
    WRITERS[format](catalog, target)
    return len(catalog.complete_rows())


def write_csep(catalogs: Iterable[Catalog], path: Path) -> None:
    """One CSV for all, in the layout of pyCSEP; ``catalog_id`` counts the catalogs from 0.

    Where no place is known longitude, latitude and depth are ``nan``.

    Raises
    ------
    InputError
        If a catalog has no calendar.
    """

    def lines() -> Iterator[str]:
        yield CSEP_HEADER
        for number, catalog in enumerate(catalogs):
            for i, (stamp, m, place) in enumerate(_rows(catalog)):
                time = stamp.strftime("%Y-%m-%dT%H:%M:%S.%f")
                yield f"{place[1]:.9g},{place[0]:.9g},{m:.4f},{time},{place[2]:.9g},{number},{i}"

    _write(path, lines())


def write_csep_forecast(
    parts: Iterable[Trajectories],
    info: CatalogInfo,
    path: Path,
    *,
    place: tuple[float, float] | None,
) -> None:
    """A forecast in the same layout, one ``catalog_id`` per trajectory.

    Trajectories are numbered on from part to part, so that not all need be in memory.
    Trajectories without an event have a line with their number only, as pyCSEP reads it. Events
    stand where they were simulated; without locations all are at ``place`` (latitude, longitude),
    ``nan`` where None. Depths are ``nan``. Magnitudes are rounded down to four decimals, so that
    none of 2.99996 counts as one of 3.

    Raises
    ------
    InputError
        If the catalog has no calendar, or ``place`` is given for events with places of their own.
    """
    info.check_dated("which CSEP's format cannot hold", "leave it out")
    latitude, longitude = (np.nan, np.nan) if place is None else place
    one_place = f"{longitude:g},{latitude:g}"

    def places(drawn: Trajectories, lo: int, hi: int) -> Iterable[str]:
        if drawn.locations is None:
            return repeat(one_place, hi - lo)
        if place is not None:
            raise InputError(
                f"`place` {latitude:g}, {longitude:g} is for events without places, and these have "
                "their own: leave it out"
            )
        return (f"{x:.9g},{y:.9g}" for y, x in drawn.locations[lo:hi].tolist())

    def lines() -> Iterator[str]:
        yield CSEP_HEADER
        ends = ((drawn, *pair) for drawn in parts for pair in pairwise(drawn.edges.tolist()))
        for number, (drawn, lo, hi) in enumerate(ends):
            if lo == hi:
                yield f",,,,,{number},"
                continue
            times = info.to_times(drawn.times[lo:hi])
            stamps = np.datetime_as_string(times.astype("datetime64[us]"))
            magnitudes = np.floor((drawn.magnitudes[lo:hi] + MAGNITUDE_TOLERANCE) * 1e4) / 1e4
            rows = zip(places(drawn, lo, hi), stamps.tolist(), magnitudes.tolist(), strict=True)
            for i, (where, stamp, m) in enumerate(rows):
                yield f"{where},{m:.4f},{stamp},nan,{number},{i}"

    _write(path, lines())


def centre(catalog: Catalog) -> tuple[float, float] | None:
    """Mean latitude and longitude of the complete events; None where they have no locations."""
    if not catalog.info.has_locations:
        return None
    table = catalog.complete_events()
    # On the circle, as regions reach across 180 degrees
    angles = np.exp(1j * np.radians(table["longitude"].to_numpy(np.float64)))
    longitude = float(np.degrees(np.angle(angles.mean())))
    return float(table["latitude"].mean()), longitude


def write_zmap(catalog: Catalog, path: Path) -> None:
    """Tab-separated longitude, latitude, decimal year, month, day, magnitude, depth, h, min, s.

    Where no place is known longitude, latitude and depth are ``nan``.

    Raises
    ------
    InputError
        If the catalog has no calendar.
    """

    def lines() -> Iterator[str]:
        for stamp, m, place in _rows(catalog):
            year = pd.Timestamp(stamp.year, 1, 1, tz="UTC")
            length = pd.Timestamp(stamp.year + 1, 1, 1, tz="UTC") - year
            seconds = stamp.second + stamp.microsecond / 1e6
            cells = (
                f"{place[1]:.9g}",
                f"{place[0]:.9g}",
                f"{stamp.year + (stamp - year) / length:.12f}",
                str(stamp.month),
                str(stamp.day),
                f"{m:.4f}",
                f"{place[2]:.9g}",
                str(stamp.hour),
                str(stamp.minute),
                f"{seconds:.6f}",
            )
            yield "\t".join(cells)

    _write(path, lines())


def write_quakeml(catalog: Catalog, path: Path) -> None:
    """QuakeML 1.2 with one origin and one magnitude per event.

    Raises
    ------
    InputError
        If the catalog has no calendar or no locations, which QuakeML demands.
    """
    if not catalog.info.has_locations:
        raise InputError(
            f"catalog {catalog.info.name!r} has no locations, which QuakeML demands: give a "
            "place, or write CSEP CSV or ZMAP"
        )
    root = f"smi:local/{catalog.info.name}"

    def lines() -> Iterator[str]:
        yield f"{QUAKEML_HEAD}<eventParameters publicID={quoteattr(root)}>"
        for i, (stamp, m, place) in enumerate(_rows(catalog)):
            depth = (
                "" if np.isnan(place[2]) else f"<depth><value>{1000 * place[2]:.9g}</value></depth>"
            )
            time = stamp.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            yield (
                f'<event publicID="{root}/event/{i}">'
                f"<preferredOriginID>{root}/origin/{i}</preferredOriginID>"
                f"<preferredMagnitudeID>{root}/magnitude/{i}</preferredMagnitudeID>"
                f'<origin publicID="{root}/origin/{i}"><time><value>{time}</value></time>'
                f"<latitude><value>{place[0]:.9g}</value></latitude>"
                f"<longitude><value>{place[1]:.9g}</value></longitude>{depth}</origin>"
                f'<magnitude publicID="{root}/magnitude/{i}"><mag><value>{m:.4f}</value></mag>'
                f"<originID>{root}/origin/{i}</originID></magnitude></event>"
            )
        yield "</eventParameters>\n</q:quakeml>"

    _write(path, lines())


def write_csv(catalog: Catalog, path: Path) -> None:
    """The complete events with the columns of the catalog's table, times to the nanosecond.

    Raises
    ------
    InputError
        If the catalog has no calendar.
    """
    table = _complete(catalog)
    times = [f"{time.isoformat()}Z" for time in table["time"].dt.tz_localize(None)]
    write_whole(path, csv_bytes(table.assign(time=times)))


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as CSV, with no text in it that a spreadsheet computes."""

    def cell(value: object) -> object:
        return as_cell(value) if isinstance(value, str) else value

    safe = table.copy(deep=False)
    for name in table:
        if not pd.api.types.is_numeric_dtype(table[name]):
            safe[name] = table[name].map(cell)
    safe.columns = pd.Index([cell(name) for name in table])
    return bytes(safe.to_csv(index=False, lineterminator="\n").encode())


SINGLE_FORMATS: dict[str, tuple[str, Callable[[Catalog, Path], None]]] = {
    "zmap": (".zmap", write_zmap),
    "quakeml": (".xml", write_quakeml),
}
"""Formats with one catalog per file: suffix and writer."""


def _complete(catalog: Catalog) -> pd.DataFrame:
    """The table of the complete events, which must have a calendar."""
    catalog.info.check_dated("which this format cannot hold", DATE_OF_DAY_0)
    return catalog.complete_events()


def _rows(catalog: Catalog) -> Iterator[tuple[pd.Timestamp, float, tuple[float, float, float]]]:
    """Time, magnitude and (latitude, longitude, depth in km) of the complete events.

    Longitudes lie in [-180, 180], as QuakeML and pyCSEP have them.
    """
    table = _complete(catalog)
    latitude, longitude, depth = (
        table[name].to_numpy(np.float64) if name in table else np.full(len(table), np.nan)
        for name in ("latitude", "longitude", "depth_km")
    )
    places = zip(
        latitude, np.where(longitude > 180.0, longitude - 360.0, longitude), depth, strict=True
    )
    return zip(table["time"], table["magnitude"].to_numpy(np.float64).tolist(), places, strict=True)


def _write(path: Path, lines: Iterable[str]) -> None:
    """Write a text file, whole or not at all."""
    with whole_file(path) as stream:
        stream.writelines((line + "\n").encode() for line in lines)


WRITERS: dict[str, Callable[[Catalog, Path], None]] = {
    **{name: write for name, (_, write) in SINGLE_FORMATS.items()},
    "csep": lambda catalog, path: write_csep([catalog], path),
    "csv": write_csv,
}
"""Writers of one catalog into a file, by the name of the format."""
