"""The server of a look at the pages: loopback, read-only, nothing outside the folder."""

import http.client
import socket
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from catalogs import InputError
from recast.live.serve import file_at, make_server, serve

SECRET = "the secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A service with two pages, a forecast, and things that nobody must see."""
    live = tmp_path / "live"
    for path, text in {
        "pages/index.html": "<p>all</p>",
        "pages/sequences/a.html": "<p>a</p>",
        "pages/feed.xml": "<feed/>",
        "pages/.hidden": SECRET,
        "forecasts/f1/forecast.json": "{}",
        "forecasts/f1/events.geojson": "{}",
        "live.yaml": SECRET,
        "live.sqlite": SECRET,
        "../outside.html": SECRET,
    }.items():
        (live / path).parent.mkdir(parents=True, exist_ok=True)
        (live / path).write_text(text)
    (live / "pages/link.html").symlink_to(tmp_path / "outside.html")
    (live / "pages/inner.html").symlink_to(live / "live.yaml")
    (live / "forecasts/link").symlink_to(tmp_path)
    return live


@pytest.fixture
def port(folder: Path) -> Iterator[int]:
    with make_server(folder, 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def ask(port: int, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10.0)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


def raw(port: int, text: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10.0) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("path", "kind", "text"),
    [
        ("/pages/", "text/html; charset=utf-8", b"<p>all</p>"),
        ("/pages/index.html?x=1", "text/html; charset=utf-8", b"<p>all</p>"),
        ("/pages/sequences/a.html", "text/html; charset=utf-8", b"<p>a</p>"),
        ("/pages/feed.xml", "application/atom+xml; charset=utf-8", b"<feed/>"),
        ("/forecasts/f1/forecast.json", "application/json; charset=utf-8", b"{}"),
        ("/forecasts/f1/events.geojson", "application/geo+json; charset=utf-8", b"{}"),
    ],
)
def test_files_and_their_types(port: int, path: str, kind: str, text: bytes) -> None:
    status, headers, body = ask(port, path)
    assert (status, headers["Content-Type"], body) == (200, kind, text)
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    status, without, body = ask(port, path, "HEAD")
    assert (status, body, without["Content-Length"]) == (200, b"", str(len(text)))


def test_the_root_leads_to_the_pages(port: int) -> None:
    status, headers, _ = ask(port, "/")
    assert (status, headers["Location"]) == (302, "/pages/")
    status, headers, _ = ask(port, "/pages")
    assert (status, headers["Location"]) == (302, "/pages/")


TRIES = [
    "/live.yaml",
    "/live.sqlite",
    "/pages/../live.yaml",
    "/pages/%2e%2e/live.yaml",
    "/pages/..%2flive.yaml",
    "/pages/%2e%2e%2flive.yaml",
    "/pages/..%5clive.yaml",
    "/pages/..\\live.yaml",
    "/pages/%252e%252e/live.yaml",
    "/pages/.hidden",
    "/pages/./index.html/../../live.yaml",
    "/pages//../live.yaml",
    "/pages/link.html",
    "/pages/inner.html",
    "/forecasts/link/outside.html",
    "/forecasts/",
    "/forecasts/f1/",
    "/forecasts/f1",
    "/pages/sequences/",
    "/pages/index.html/",
    "/pages/index.html%00.json",
    "/pages/%ff.html",
    "/etc/passwd",
    "//etc/passwd",
    "//127.0.0.1/pages/../live.yaml",
    "/forecasts/../../outside.html",
    "/..;/live.yaml",
    "/pages/" + "a" * 5000,
]


@pytest.mark.parametrize("path", TRIES)
def test_no_path_leaves_the_folder(port: int, path: str) -> None:
    status, _, body = ask(port, path)
    assert status == 404
    assert body == b""


@pytest.mark.parametrize(
    "line", [b"GET http://x/live.yaml HTTP/1.0", b"GET live.yaml HTTP/1.0", b"GET ../live.yaml"]
)
def test_requests_that_are_no_path(port: int, line: bytes) -> None:
    answer = raw(port, line + b"\r\n\r\n")
    assert SECRET.encode() not in answer
    assert b" 200 " not in answer.split(b"\r\n")[0]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_written(port: int, folder: Path, method: str) -> None:
    status, headers, _ = ask(port, "/pages/index.html", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")
    assert (folder / "pages/index.html").read_text() == "<p>all</p>"


def test_it_listens_on_loopback_only(folder: Path) -> None:
    with make_server(folder, 0) as server:
        assert server.server_address[0] == "127.0.0.1"


def test_it_says_where_and_ends_quietly(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(self: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", interrupted)
    serve(folder, 0)
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")


def test_what_cannot_be_served(folder: Path, tmp_path: Path, port: int) -> None:
    with pytest.raises(InputError, match="has no pages yet: run the service first"):
        make_server(tmp_path, 0)
    with pytest.raises(InputError, match=f"`port` {port} cannot be used"):
        make_server(folder, port)
    with pytest.raises(InputError, match="`port` 99999 cannot be used"):
        make_server(folder, 99_999)


def test_a_name_with_strange_letters(folder: Path) -> None:
    page = folder.resolve() / "pages" / "séquence à.html"
    page.write_text("x")
    assert file_at(folder.resolve(), "/pages/s%C3%A9quence%20%C3%A0.html") == page
