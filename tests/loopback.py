"""A provider of catalogs on the loopback device: files and an FDSN event service, with faults."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pandas as pd

from catalogs.providers.answers import identifiers
from catalogs.providers.fdsn import Page
from catalogs.providers.sources import Files, Record, Service
from catalogs.providers.web import Answer, Patience

START = pd.Timestamp("2020-01-01", tz="UTC")
PATH = "/fdsnws/event/1/"
EHP_COLUMNS = (
    "time,latitude,longitude,depth,mag,magType,nst,gap,dmin,rms,net,id,updated,place,type,"
    "horizontalError,depthError,magError,magNst,status,locationSource,magSource"
)
QUICK = Patience(first_wait=0.001, timeout=2.0, longest_wait=5.0)
"""Six attempts within milliseconds."""


def made_events(n: int = 180, days: float = 300.0, seed: int = 0) -> pd.DataFrame:
    """Events in time order, on whole hundredths of a second, half of them in one burst."""
    rng = np.random.default_rng(seed)
    when = np.sort(np.concatenate([rng.uniform(0, days, n - n // 2), rng.uniform(40, 41, n // 2)]))
    return pd.DataFrame(
        {
            "event_id": [f"ev{i:06d}" for i in range(n)],
            "time": (START + pd.to_timedelta(when, unit="D")).as_unit("ns").round("10ms"),
            "latitude": np.round(rng.uniform(33, 36, n), 3),
            "longitude": np.round(rng.uniform(-119, -115, n), 3),
            "depth_km": np.round(rng.uniform(0, 15, n), 1),
            "magnitude": np.round(1.0 + rng.exponential(0.45, n), 2),
        }
    )


@dataclass
class Fault:
    """What goes wrong in one answer: a status, a header, a body cut after some bytes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: float | None = None
    pause: float = 0.0


@dataclass
class Provider:
    """What the server has, how it misbehaves, and what it was asked."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    events: pd.DataFrame = field(default_factory=made_events)
    most: int = 60
    too_many: int = 400
    counts: bool = True
    formats: tuple[str, ...] = ("text", "csv", "xml")
    sloppy: bool = False
    ranges: bool = True
    delimited: bool = True
    pace: float = 0.0
    faults: list[Fault] = field(default_factory=list)
    ahead: float = 0.0
    newest: int | None = None
    text: Callable[[str], str] = lambda text: text
    always: Callable[[str], Fault | None] = lambda path: None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """The last parts of the paths that were asked for."""
        return [path.rpartition("/")[2] for path, _ in self.asked]


@contextmanager
def serving(**options: Any) -> Iterator[Provider]:
    """A provider that runs in threads until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}", **options)
    server.provider = provider  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The time by the server's clock."""
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        return super().date_time_string(int(timestamp or time.time() + provider.ahead))

    def do_GET(self) -> None:
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
        provider.asked.append((path, query | {"user-agent": self.headers["User-Agent"]}))
        fault = provider.always(self.path) or (provider.faults.pop(0) if provider.faults else None)
        if fault is not None and fault.pause:
            time.sleep(fault.pause)
        if fault is not None and (fault.status != 200 or fault.body):
            self._send(fault.status, fault.body, fault.headers)
            return
        status, body, headers = self._answer(provider, path, query)
        self._send(status, body, headers, None if fault is None else fault.cut)

    def _answer(
        self, provider: Provider, path: str, query: dict[str, str]
    ) -> tuple[int, bytes, dict[str, str]]:
        if path in provider.files:
            return self._file(provider, provider.files[path])
        if path == f"{PATH}count" and provider.counts:
            return 200, str(len(chosen(provider.events, query))).encode(), {}
        if path == f"{PATH}query":
            return *answer(provider, query), {}
        return 404, b"<html><title>404 Not Found</title></html>", {}

    def _file(self, provider: Provider, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        tag = f'"{hash(body)}"'
        wanted = self.headers.get("Range")
        if not provider.ranges:
            return 200, body, {}
        if wanted and self.headers.get("If-Range") == tag:
            first = int(wanted.removeprefix("bytes=").removesuffix("-"))
            where = {"Content-Range": f"bytes {first}-{len(body) - 1}/{len(body)}", "ETag": tag}
            return 206, body[first:], where
        return 200, body, {"ETag": tag}

    def _send(
        self, status: int, body: bytes, headers: dict[str, str], cut: float | None = None
    ) -> None:
        provider: Provider = self.server.provider  # type: ignore[attr-defined]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if provider.delimited and status != 204:
            self.send_header("Content-Length", str(len(body)))
        elif not provider.delimited:
            self.close_connection = True
        self.end_headers()
        whole = body if cut is None else body[: int(cut * len(body))]
        try:
            if provider.pace:
                for at in range(0, len(whole), 4096):
                    self.wfile.write(whole[at : at + 4096])
                    time.sleep(provider.pace)
            else:
                self.wfile.write(whole)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        if cut is not None:
            self.close_connection = True


def chosen(events: pd.DataFrame, query: dict[str, str]) -> pd.DataFrame:
    """What a service finds, both ends of the period included."""
    keep = pd.Series(True, index=events.index)
    for name, column in (
        *(("time", "time"), ("latitude", "latitude")),
        *(("longitude", "longitude"), ("magnitude", "magnitude")),
    ):
        low, high = ("starttime", "endtime") if name == "time" else (f"min{name}", f"max{name}")
        as_value = (lambda x: pd.Timestamp(x, tz="UTC")) if name == "time" else float
        if low in query:
            keep &= events[column] >= as_value(query[low])
        if high in query:
            keep &= events[column] <= as_value(query[high])
    return events[keep]


def answer(provider: Provider, query: dict[str, str]) -> tuple[int, bytes]:
    """Status and body of a query."""
    found = chosen(provider.events, query)
    form = query.get("format", "xml")
    if form not in provider.formats:
        return 400, f"Bad request: format {form} is not supported".encode()
    limit = int(query.get("limit", 10**9))
    if len(found) > provider.most and limit > provider.most:
        said = f"{len(found)} matching events exceeds search limit of {provider.most}."
        return provider.too_many, said.encode()
    found = found.head(limit)
    if provider.newest is not None:
        found = found.tail(provider.newest)
    if found.empty:
        return 204, b""
    if provider.sloppy:
        found = pd.concat([found, found.sample(frac=0.3, random_state=1)])
        found = found.sample(frac=1.0, random_state=2)
    body = {"text": as_text, "csv": as_csv, "xml": as_quakeml}[form](found)
    return 200, provider.text(body.decode()).encode()


def _iso(events: pd.DataFrame) -> pd.Series:
    return events["time"].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str[:-3]


def as_text(events: pd.DataFrame) -> bytes:
    """FDSN text."""
    out = io.StringIO()
    out.write(
        "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|"
        "MagType|Magnitude|MagAuthor|EventLocationName\n"
    )
    for row, when in zip(events.itertuples(), _iso(events), strict=True):
        out.write(
            f"{row.event_id}|{when}|{row.latitude}|{row.longitude}|{row.depth_km}|A|C|B|"
            f"{row.event_id}|ML|{row.magnitude}|A|Somewhere, near\n"
        )
    return out.getvalue().encode()


def as_csv(events: pd.DataFrame) -> bytes:
    """The table of the U.S. Geological Survey."""
    table = events.rename(columns={"event_id": "id", "depth_km": "depth", "magnitude": "mag"})
    constant = (
        "magType=ml nst=12 gap=80 dmin=0.1 rms=0.1 net=xx horizontalError=0.2 depthError=0.4 "
        "magError=0.1 magNst=9 status=reviewed locationSource=xx magSource=xx type=earthquake"
    )
    table = table.assign(**dict(pair.split("=") for pair in constant.split()))
    table = table.assign(time=_iso(events) + "Z", updated=_iso(events) + "Z", place="There, near")
    return table[EHP_COLUMNS.split(",")].to_csv(index=False).encode()


def as_quakeml(events: pd.DataFrame) -> bytes:
    """QuakeML with what is needed."""
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<q:quakeml '
        'xmlns="http://quakeml.org/xmlns/bed/1.2" xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">'
        '<eventParameters publicID="smi:local/parameters">'
    )
    parts = [head]
    for row, when in zip(events.itertuples(), _iso(events), strict=True):
        place = "".join(
            f"<{name}><value>{value}</value></{name}>"
            for name, value in {
                "time": f"{when}Z",
                "latitude": row.latitude,
                "longitude": row.longitude,
                "depth": row.depth_km * 1000.0,  # metres
            }.items()
        )
        parts.append(
            f'<event publicID="smi:local/{row.event_id}">'
            f'<origin publicID="smi:local/o/{row.event_id}">{place}</origin>'
            f'<magnitude publicID="smi:local/m/{row.event_id}"><mag><value>{row.magnitude}</value>'
            "</mag><type>ML</type></magnitude><type>earthquake</type></event>"
        )
    return ("".join(parts) + "</eventParameters></q:quakeml>\n").encode()


def moved(record: Record, url: str) -> Record:
    """A record of the registry whose provider is here; hashes are not those of made-up files."""
    source = record.source
    if isinstance(source, Files):
        names = tuple(f"{url}/{urlsplit(there).path.rpartition('/')[2]}" for there in source.urls)
        return replace(record, source=replace(source, urls=names, sha256=()))
    here = f"{url}{PATH}" if isinstance(source, Service) else f"{url}/{{year}}.catalog"
    return replace(record, source=replace(source, url=here))


def service(provider: Provider, *layouts: str, **options: Any) -> Service:
    """The event service of a provider."""
    chosen_layouts = layouts or ("fdsn_text", "quakeml")
    return Service(f"{provider.url}{PATH}", chosen_layouts, **{"most": 60, **options})


def listed(pages: list[Page]) -> list[str]:
    """The identifiers in all answers, each once, sorted."""
    answers = [(Answer(page.raw.read(), is_delimited=True), page.layout) for page in pages]
    names = {name for answer in answers for name in identifiers(*answer)}
    return sorted(name.removeprefix("smi:local/") for name in names)


def complete(provider: Provider) -> list[str]:
    """The identifiers of all events, sorted."""
    return sorted(provider.events["event_id"])
