"""The raw files of a known catalog: already here, from the provider, or given by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd

from catalogs.areas import bounding_box
from catalogs.errors import InputError
from catalogs.info import timestamp
from catalogs.providers.downloads import STAMP, Downloads, RawFile
from catalogs.providers.fdsn import fetch_pages
from catalogs.providers.rules import Rules
from catalogs.providers.sources import Files, Query, Record, Service, Source, Yearly
from catalogs.store import file_hash


def folder_name(source: Source) -> str:
    """The folder for a source's files: sources of the same address share it."""
    if isinstance(source, Files):
        url = source.urls[0].rpartition("/")[0] if source.urls else f"by_hand_{source.layout}"
    else:
        url = source.url.rpartition("/")[0]
    return re.sub(r"[^A-Za-z0-9.-]+", "_", url.partition("://")[2] or url)


def retrieve(record: Record, rules: Rules, downloads: Downloads) -> list[tuple[RawFile, str]]:
    """The raw files of a record, each with its layout, the newest versions of events last.

    To be called while ``downloads.locked(folder_name(record.source))``.

    Raises
    ------
    FetchError
        Naming the URL, what the provider answered, and the remedy.
    InputError
        For a period without files, files that no program can fetch, or what is not here while
        ``downloads.offline`` is set.
    """
    source = record.source
    folder = downloads.folder / folder_name(source)
    start = timestamp(str(rules.start), "`start`")
    end = timestamp(str(rules.end), "`end`")
    if isinstance(source, Service):
        box = None if rules.area is None else bounding_box(rules.area)
        query = Query(start.floor("s"), end.ceil("s"), box, rules.min_magnitude)
        pages = fetch_pages(source, query, downloads, folder.name)
        pages = [page for page in pages if page.raw.n_bytes]  # quiet times
        return [(page.raw, page.layout) for page in sorted(pages, key=lambda p: p.raw.retrieved)]
    if isinstance(source, Yearly):
        raws = []
        for year in _years(source, record, start, end):
            # Until then the year's file grows
            over = min(end, pd.Timestamp(f"{year + 1}-01-01", tz="UTC"))
            url = source.url.format(year=year)
            raws.append(downloads.file(url, folder / file_name(url), not_before=f"{over:{STAMP}}"))
        return [(raw, source.layout) for raw in raws]
    if source.by_hand:
        raise InputError(
            f"{record.name} cannot be fetched by program: save {source.by_hand} from "
            f"{record.about} and give it as `files`"
        )
    hashes = dict(zip(source.urls, source.sha256, strict=False))
    raws = [
        downloads.file(url, folder / file_name(url), known_hash=hashes.get(url, ""))
        for url in source.urls
    ]
    return [(raw, source.layout) for raw in raws]


def file_name(url: str) -> str:
    """What to call the file at a URL here: the last part of its path."""
    return Path(urlsplit(url).path).name


def sizes(folder: Path) -> dict[str, int]:
    """Bytes in each subfolder of a folder of downloads."""
    if not folder.is_dir():
        return {}
    return {
        path.name: sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
        for path in sorted(folder.iterdir())
        if path.is_dir()
    }


def clear(downloads: Downloads, name: str) -> int:
    """Remove the raw files of a catalog; returns how many bytes that freed."""
    n_bytes = sizes(downloads.folder).get(name)
    if n_bytes is None:
        raise InputError(f"{downloads.folder} holds nothing of {name!r}: see `cache info`")
    with downloads.locked(name) as folder:
        shutil.rmtree(folder)
    return n_bytes


def _years(source: Yearly, record: Record, start: pd.Timestamp, end: pd.Timestamp) -> range:
    """The years of the files that hold a period."""
    ahead = pd.Timedelta(hours=source.hours_ahead)
    last = source.last or pd.Timestamp.now("UTC").year
    first = max((start + ahead).year, source.first)
    years = range(first, min((end + ahead - pd.Timedelta(1, "ns")).year, last) + 1)
    if not years:
        raise InputError(
            f"{record.name}: no files from {start:%Y-%m-%d} to {end:%Y-%m-%d}: they go from "
            f"{source.first} to {last}; check `start` and `end`"
        )
    return years


def given(record: Record, files: Sequence[Path]) -> list[tuple[RawFile, str]]:
    """Files that were fetched by hand, in the layout of the record.

    Raises
    ------
    InputError
        If one is not there.
    """
    source = record.source
    layout = source.layouts[0] if isinstance(source, Service) else source.layout
    found = []
    for path in files:
        if not path.is_file():
            raise InputError(f"{path} is not a file: check `files`")
        changed = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        raw = RawFile(
            path,
            f"{path.name}, given by hand",
            file_hash(path),
            path.stat().st_size,
            f"{changed:{STAMP}}",
        )
        found.append((raw, layout))
    return found
