"""A look at the pages of a service in a browser: on this machine only, and for reading only."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO
from urllib.parse import quote, unquote, urlsplit

from catalogs import InputError

ROOTS = ("pages", "forecasts")
"""What is shown of the folder of a service."""

HOST = "127.0.0.1"

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".xml": "application/atom+xml; charset=utf-8",
    ".json": "application/json; charset=utf-8",
    ".geojson": "application/geo+json; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".css": "text/css; charset=utf-8",
    ".parquet": "application/vnd.apache.parquet",
}

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

SECONDS = 30.0
"""A client that says nothing for so long is hung up on."""


def serve(folder: Path, port: int = 8000) -> None:
    """Show the pages of a service at http://127.0.0.1:PORT until interrupted.

    Parameters
    ----------
    folder : Path
        Of the service.
    port : int
        0 for any that is free.

    Raises
    ------
    InputError
        If the folder has no pages yet, or the port is taken.
    """
    with make_server(folder, port) as server, suppress(KeyboardInterrupt):
        print(f"http://{HOST}:{server.server_address[1]}/ shows {folder} (Ctrl-C ends it)")
        server.serve_forever()


def make_server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return the server, listening already.

    Raises
    ------
    InputError
        If the folder has no pages yet, or the port is taken.
    """
    if not (folder / "pages").is_dir():
        raise InputError(f"{folder} has no pages yet: run the service first")
    try:
        return ThreadingHTTPServer((HOST, port), partial(_Handler, folder=folder.resolve()))
    except (OSError, OverflowError) as error:
        raise InputError(f"`port` {port} cannot be used ({error}): choose another") from error


def file_at(folder: Path, path: str) -> Path | None:
    """Find the file that the path of an address names; None if it names none that is shown.

    Parameters
    ----------
    folder : Path
        Of the service, resolved.
    path : str
        As requested, with its percent signs.

    Examples
    --------
    >>> file_at(Path("/srv/live"), "/pages/../live.yaml") is None
    True
    """
    try:
        parts = unquote(path, errors="strict").removeprefix("/").split("/")
    except UnicodeDecodeError:
        return None
    if parts[-1] == "":
        parts[-1] = "index.html"
    if parts[0] not in ROOTS or not all(map(_is_name, parts)):
        return None
    found = folder.joinpath(*parts)
    with suppress(OSError, ValueError):
        # No link may lead elsewhere, not even within
        if found.resolve(strict=True) == found and found.is_file():
            return found
    return None


def _is_name(part: str) -> bool:
    """Whether a part of a path is an ordinary name: not hidden, not above."""
    return bool(part) and not part.startswith(".") and part.isprintable() and "\\" not in part


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD."""

    server_version, sys_version = "recast", ""
    timeout = SECONDS

    def __init__(self, *args: object, folder: Path) -> None:
        self.folder = folder
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Send a file."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Send what would come before it."""
        self._answer(body=False)

    def _refuse(self) -> None:
        self._send(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})

    do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _refuse  # noqa: N815 - their names

    def _answer(self, *, body: bool) -> None:
        path = urlsplit(self.path).path if self.path.startswith("/") else ""
        if path in {"", "/"} and self.path.startswith("/"):
            self._send(HTTPStatus.FOUND, {"Location": "/pages/"})
            return
        found = file_at(self.folder, path)
        if found is None:
            if file_at(self.folder, f"{path}/") is not None:  # relative links need the slash
                self._send(HTTPStatus.FOUND, {"Location": f"{quote(unquote(path))}/"})
            else:
                self._send(HTTPStatus.NOT_FOUND)
            return
        try:
            with _opened(found) as stream:
                self._send(
                    HTTPStatus.OK,
                    {
                        "Content-Type": TYPES.get(found.suffix, "application/octet-stream"),
                        "Content-Length": str(os.fstat(stream.fileno()).st_size),
                    },
                )
                if body:
                    copyfileobj(stream, self.wfile)
        except FileNotFoundError:  # replaced or removed in between
            self._send(HTTPStatus.NOT_FOUND)

    def _send(self, status: HTTPStatus, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, **(headers or {})}.items():
            self.send_header(name, value)
        if status is not HTTPStatus.OK:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _opened(path: Path) -> BinaryIO:
    """Open a file that is still one, and no link.

    Raises
    ------
    FileNotFoundError
        If it is not.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise FileNotFoundError(path) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileNotFoundError(path)
    return os.fdopen(handle, "rb")
