"""Event queries to FDSN web services, paged by time.

A service gives at most so many events at once. Paging by offset loses events where the catalog
changes meanwhile; so the period is cut into windows that each hold fewer, by asking the service to
count where it can, and halving the window where it has too many. Windows are half-open to us:
services include both ends, and an event at a boundary is in both answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pandas as pd
from tqdm import tqdm

from catalogs.errors import FetchError, InputError, RefusedError
from catalogs.providers.answers import PARAMETER, OtherLayoutError, identifiers
from catalogs.providers.downloads import Downloads, RawFile
from catalogs.providers.sources import SHORTEST, Query, Service
from catalogs.providers.web import Answer, get, shown

MOST_BYTES = 256 << 20
"""No answer of 20,000 events is larger, not even as QuakeML."""

TOO_MANY = ("exceed", "too many", "too large", "matching events", "limit of", "maximum number")
"""How services say, with status 400 or 413, that an answer would hold too many events."""

ROUND = 100
"""Limits that services keep to themselves are multiples of it, or powers of two."""

BAR = "{desc}: {n:.0f} of {total:.0f} days |{bar}| {elapsed}<{remaining}{postfix}"

STAMP = "%Y%m%dT%H%M%S"


@dataclass(frozen=True)
class Page:
    """An answer: the events from ``start`` until before ``end``, and one may be at ``end``.

    ``ahead`` is by how many seconds the clock here was ahead of the server's, if it told the time.
    """

    raw: RawFile
    layout: str
    start: pd.Timestamp
    end: pd.Timestamp
    ahead: float | None = None


def fetch_pages(service: Service, query: Query, downloads: Downloads, name: str) -> list[Page]:
    """All answers that together hold the events of a query, in order of time.

    What an earlier query with the same parameters has fetched is used again, so that a query that
    was stopped resumes; with ``downloads.refresh`` it is replaced.

    Parameters
    ----------
    service : Service
        Whom to ask.
    query : Query
        For what.
    downloads : Downloads
        Where answers are kept; to be called while ``downloads.locked(name)``.
    name : str
        The subfolder for this service.

    Raises
    ------
    FetchError
        Naming the URL, what happened and the remedy.
    InputError
        If a page is missing and ``downloads.offline`` is set.
    """
    params = service.parameters(query)
    folder = _folder(service, params, downloads, name)
    walk = _Walk(service, params, folder, downloads, service.most)
    known = [] if downloads.refresh else _known(folder)
    pages: list[Page] = []
    at, step = query.start, query.end - query.start
    days = (query.end - query.start) / pd.Timedelta(days=1)
    host = service.url.split("/")[2]
    began = monotonic()
    with tqdm(desc=host, total=days, bar_format=BAR, disable=downloads.quiet, leave=False) as bar:
        while at < query.end:
            page = _covering(known, at, downloads)
            if page is None:
                later = [start for start, _, _ in known if start > at]
                end = min([at + step, query.end, *later])
                page, n = walk.page(at, end)
                walk.n_events += n
                step = page.end - page.start
                if n < walk.most // 4:  # quiet times: longer windows
                    step *= 2
            pages.append(page)
            reached = min(page.end, query.end)
            bar.update((reached - at) / pd.Timedelta(days=1))
            rate = walk.n_events / max(monotonic() - began, 1.0)
            bar.set_postfix_str(f"{walk.n_events:,} events, {rate:,.0f} a second")
            at = reached
    if downloads.refresh:
        _drop_older(folder, pages, downloads)
    return pages


@dataclass
class _Walk:
    """What is learned about a service on the way."""

    service: Service
    params: Mapping[str, str]
    folder: Path
    downloads: Downloads
    most: int
    """Events in an answer, by what is known of the service or by what it does."""

    counts: bool = True
    n_layout: int = 0
    n_events: int = 0
    sizes: set[int] = field(default_factory=set)
    """Of answers so far."""

    def page(self, start: pd.Timestamp, end: pd.Timestamp) -> tuple[Page, int]:
        """An answer that is complete, from ``start`` on, until ``end`` or earlier."""
        if self.downloads.offline:
            raise InputError(
                f"{self.folder} has no events from {start:%Y-%m-%dT%H:%M:%S} on, and `offline` is "
                f"set: fetch them from {self.service.url} without it"
            )
        while True:
            page = self._try(start, end)
            if page is not None:
                return page
            if end - start < 2 * SHORTEST:
                raise FetchError(
                    f"{self.service.url}query: the second from {start:%Y-%m-%dT%H:%M:%S} has more "
                    f"events than one answer may hold ({self.service.most:,}), or its answers do "
                    "not agree with its counts: raise `min_magnitude`, or try again later"
                )
            end = start + ((end - start) / 2).floor("s")

    def _try(self, start: pd.Timestamp, end: pd.Timestamp) -> tuple[Page, int] | None:
        """The answer for a window, or nothing if it holds too many events."""
        period = self._period(start, end)
        expected = self._count(period)
        if expected is not None and expected > self.service.most:
            return None
        try:
            answer, ids = self._query(period)
        except RefusedError as error:
            if not too_many(error):
                raise
            return None
        found = len(set(ids))
        # A service that cannot count stops at the limit without a word.
        if found < expected if expected is not None else len(ids) >= self.most:
            return None
        if expected is None and self._is_cut(start, end, ids):
            self.most = len(ids)
            return None
        layout = self.service.layouts[self.n_layout]
        path = self.folder / f"{start:{STAMP}}_{end:{STAMP}}.{layout}"
        url = shown(f"{self.service.url}{self.service.query}", {**self.params, **period})
        raw = self.downloads.keep(path, answer.data if ids else b"", url)
        return Page(raw, layout, start, end, answer.ahead), found

    def _period(self, start: pd.Timestamp, end: pd.Timestamp) -> dict[str, str]:
        names = dict(self.service.names)
        return {
            names.get("starttime", "starttime"): f"{start:%Y-%m-%dT%H:%M:%S}",
            names.get("endtime", "endtime"): f"{end:%Y-%m-%dT%H:%M:%S}",
        }

    def _is_cut(self, start: pd.Timestamp, end: pd.Timestamp, ids: list[str]) -> bool:
        """Whether the halves of a window have events that its answer, of a likely limit, has not.

        A service may have a limit that nobody told, and stop there without a word.
        """
        n = len(ids)
        is_likely = n % ROUND == 0 or n & (n - 1) == 0 or n in self.sizes
        self.sizes.add(n)
        if n < ROUND or not is_likely or end - start < 2 * SHORTEST:
            return False
        middle = start + ((end - start) / 2).floor("s")
        for half in (self._period(start, middle), self._period(middle, end)):
            try:
                _, found = self._query(half)
            except RefusedError as error:
                if not too_many(error):
                    raise
                return True
            if not set(found) <= set(ids):
                return True
        return False

    def _count(self, period: Mapping[str, str]) -> int | None:
        """How many events the service says it has; None where it cannot count."""
        if not self.counts:
            return None
        url = f"{self.service.url}count"
        try:
            answer = get(url, {**self.params, **period}, self.downloads.patience, MOST_BYTES)
        except RefusedError as error:
            if too_many(error):
                return self.service.most + 1
            self.counts = False
            return None
        text = answer.data.decode("latin-1").strip()
        try:
            content = json.loads(text)
        except (RecursionError, ValueError):
            content = None
        if isinstance(content, dict):
            content = content.get("count")
        self.counts = isinstance(content, int)
        return content if isinstance(content, int) else None

    def _query(self, period: Mapping[str, str]) -> tuple[Answer, list[str]]:
        """An answer that is whole, and its identifiers, in the first layout that there is."""
        service = self.service
        url = f"{service.url}{service.query}"
        while True:
            layout = service.layouts[self.n_layout]
            params = {**self.params, **period}
            if PARAMETER[layout]:
                params["format"] = PARAMETER[layout]
            if not self.counts:
                params["limit"] = str(service.most)
            ids: list[str] = []

            def check(answer: Answer, layout: str = layout, ids: list[str] = ids) -> bool:
                try:
                    ids[:] = identifiers(answer, layout)
                except OtherLayoutError as error:
                    if layout == service.layouts[-1]:
                        raise OtherLayoutError(f"{error}{self._tried()}") from error
                    raise RefusedError(f"{url}: {error}", 200, str(error)) from error
                return layout == "quakeml"  # whose end tag is there

            try:
                return get(url, params, self.downloads.patience, MOST_BYTES, check), ids
            except RefusedError as error:
                if too_many(error) or layout == service.layouts[-1]:
                    raise
                self.n_layout += 1

    def _tried(self) -> str:
        """The layouts that were asked for before this one."""
        names = [PARAMETER[layout] for layout in self.service.layouts[: self.n_layout]]
        return f" (format={', '.join(names)} was tried first)" if names else ""


def too_many(error: RefusedError) -> bool:
    """Whether a service refused because its answer would hold too many events."""
    reason = error.reason.lower()
    return error.status == 413 or (error.status == 400 and any(p in reason for p in TOO_MANY))


def _folder(service: Service, params: Mapping[str, str], downloads: Downloads, name: str) -> Path:
    """Where the answers to queries that differ in their period only are kept."""
    query = json.dumps([service.url, sorted(params.items())], allow_nan=False)
    return downloads.folder / name / hashlib.sha256(query.encode()).hexdigest()[:12]


def _known(folder: Path) -> list[tuple[pd.Timestamp, pd.Timestamp, Path]]:
    """Start, end and file of the answers that are here."""
    known = []
    for path in folder.glob("*_*.*"):
        if path.suffix.removeprefix(".") in PARAMETER:
            start, end = (pd.Timestamp(edge, tz="UTC") for edge in path.stem.split("_"))
            known.append((start, end, path))
    return known


def _drop_older(folder: Path, pages: list[Page], downloads: Downloads) -> None:
    """Remove what these answers replace: others that share a time with them."""
    new = {page.raw.path for page in pages}
    first, last = pages[0].start, pages[-1].end
    for start, end, path in _known(folder):
        if path not in new and start < last and end > first:
            downloads.drop(path)


def _covering(
    known: list[tuple[pd.Timestamp, pd.Timestamp, Path]], at: pd.Timestamp, downloads: Downloads
) -> Page | None:
    """The undamaged answer that holds a time and reaches furthest, if any."""
    fits = [(end, start, path) for start, end, path in known if start <= at < end]
    for end, start, path in sorted(fits, reverse=True):
        raw = downloads.kept(path)
        if raw is not None:
            return Page(raw, path.suffix.removeprefix("."), start, end)
    return None
