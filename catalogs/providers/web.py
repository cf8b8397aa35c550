"""HTTP with patience: repeats what may succeed later, says clearly what will not."""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import urlencode

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from catalogs.errors import FetchError, RefusedError

Result = TypeVar("Result")

CHUNK = 1 << 16
SHOWN = 200
"""That many characters of a server's own message are shown."""

TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})
"""Time-outs, too many requests, faults of the server: the same request may succeed later."""

MARKUP = re.compile(r"<[^>]*>|<[^>]*$")

KEPT = "what has arrived is kept"


class TransientError(Exception):
    """A failure that may pass, and after how many seconds if the server says so."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


@dataclass(frozen=True)
class Patience:
    """How often and how long to try.

    Waits between attempts are ``first_wait`` seconds, doubled each time, or what the server asks
    for in Retry-After; if that is more than ``longest_wait``, it is left to the user.
    ``timeout`` is how many seconds may pass without an answer, or without another byte of it, and
    ``total`` how many until it is whole. Messages say that what has arrived is ``kept`` where it
    is.
    """

    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 300.0
    timeout: float = 120.0
    total: float = math.inf
    kept: bool = True
    sleep: Callable[[float], None] = time.sleep

    @property
    def again(self) -> str:
        """What remains to be done after the last attempt."""
        return f"try again later; {KEPT}" if self.kept else "try again later"

    def persist(self, attempt: Callable[[], Result], url: str) -> Result:
        """The result of ``attempt``, repeated after a ``TransientError`` as often as allowed.

        Raises
        ------
        FetchError
            After the last attempt, or if the server asks for more patience than this.
        """
        for i in range(self.attempts):
            try:
                return attempt()
            except TransientError as error:
                failure = error
            wait = self.first_wait * 2**i if failure.wait is None else failure.wait
            if wait > self.longest_wait:
                raise FetchError(
                    f"{url}: {failure}; the server asks to come back in {wait:.0f} s: {self.again}",
                    wait,
                )
            if i + 1 < self.attempts:
                self.sleep(wait)
        raise FetchError(f"{url}: {failure}, {self.attempts} times in a row: {self.again}")


@dataclass(frozen=True)
class Answer:
    """What a server sent: the bytes, and whether it had said where they end.

    ``ahead`` is by how many seconds the clock here is ahead of the server's, if it told the time.
    """

    data: bytes
    is_delimited: bool
    ahead: float | None = None


def get(
    url: str,
    params: Mapping[str, str],
    patience: Patience,
    most: int,
    check: Callable[[Answer], bool] | None = None,
) -> Answer:
    """The content at a URL, empty where the server has nothing (204).

    Parameters
    ----------
    url, params
        Where, and the query.
    patience : Patience
        For 429, 5xx, time-outs and connections that are cut.
    most : int
        Larger answers, in bytes, are refused.
    check : function, optional
        Raises a ``TransientError`` for an answer that is not whole; says whether it surely is.
        Where neither that nor the server tells, two answers of one length have to come.

    Raises
    ------
    FetchError
        Naming the URL, what happened, and the remedy; ``RefusedError`` for 4xx other than 429.
    """
    lengths: list[int] = []

    def attempt() -> Answer:
        ends = time.monotonic() + patience.total
        with opened(url, patience.timeout, params=params, kept=patience.kept) as response:
            ahead = _ahead(response.headers)
            if response.status_code == 204:
                return Answer(b"", is_delimited=True, ahead=ahead)
            parts = []
            for chunk in chunks(response, most):
                if time.monotonic() > ends:
                    raise TimeoutError
                parts.append(chunk)
            answer = Answer(b"".join(parts), says_its_end(response), ahead)
        is_whole = answer.is_delimited if check is None else check(answer) or answer.is_delimited
        if not is_whole:
            check_repeated(lengths, len(answer.data))
        return answer

    def once() -> Answer:
        try:
            return attempt() if patience.total == math.inf else in_time(attempt, patience.total)
        except TimeoutError:
            raise FetchError(
                f"{shown(url, params)}: the answer was not whole after {patience.total:g} s: "
                f"{patience.again}"
            ) from None

    return patience.persist(once, shown(url, params))


def in_time(attempt: Callable[[], Result], seconds: float) -> Result:
    """The result of ``attempt``, which is left alone after so many seconds.

    Nothing ends the wait for a server that sends a byte now and then, so that it waits in a thread,
    which ends with the process if not before.

    Raises
    ------
    TimeoutError
        If it takes longer.
    """
    future = Future[Result]()

    def run() -> None:
        try:
            future.set_result(attempt())
        except BaseException as error:  # noqa: BLE001 - raised where the result is waited for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result(seconds)


def check_repeated(lengths: list[int], n: int) -> None:
    """Ask again unless an answer of ``n`` bytes is as long as the one before it.

    For answers whose end nothing tells. ``lengths`` are those of the answers so far; ``n`` is
    added.

    Raises
    ------
    TransientError
        To be repeated at once.
    """
    lengths.append(n)
    if lengths[-1:] != lengths[-2:-1]:
        raise TransientError("answers that end without a word, each elsewhere", 0.0)


@contextmanager
def opened(
    url: str,
    timeout: float,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    kept: bool = True,
) -> Iterator[requests.Response]:
    """A response of 2xx whose body has not been read; every other outcome raises.

    What arrives is ``kept``, and used where a server is not asked.

    Raises
    ------
    TransientError
        For 429, 5xx, a time-out and a connection that is cut, also while the body is read.
    FetchError
        For a server that cannot be reached; ``RefusedError`` for the other 4xx.
    """
    try:
        with requests.get(
            url,
            params=params,
            headers={"User-Agent": user_agent(), **(headers or {})},
            timeout=timeout,
            stream=True,
        ) as response:
            _check_status(response)
            yield response
    except requests.Timeout as error:
        raise TransientError(f"no answer within {timeout:g} s") from error
    except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
        raise TransientError("the connection was cut half-way") from None
    except requests.ConnectionError as error:
        reason = error.args[0] if error.args else error
        if isinstance(reason, MaxRetryError):
            reason = reason.reason
        if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError) or (
            isinstance(reason, NewConnectionError)
        ):
            before = "; with `offline` what was fetched before is used" if kept else ""
            raise FetchError(
                f"{url}: cannot be reached ({_line(str(reason))}): check the network and the "
                f"address{before}"
            ) from error
        raise TransientError("the connection was cut") from error
    except requests.RequestException as error:  # too many redirections, no URL
        raise FetchError(f"{url}: {_line(str(error))}: check the address") from error


def says_its_end(response: requests.Response) -> bool:
    """Whether a body that is cut is noticed; else its end is where the server hangs up."""
    return "Content-Length" in response.headers or "Transfer-Encoding" in response.headers


def chunks(response: requests.Response, most: int, before: int = 0) -> Iterator[bytes]:
    """The body bit by bit, ``before`` bytes of which are here already; at most ``most`` in all."""
    announced = response.headers.get("Content-Length", "")
    n = before
    if announced.isdecimal() and n + int(announced) > most:
        _refuse_size(response.url, n + int(announced), most)
    for chunk in response.iter_content(CHUNK):
        n += len(chunk)
        if n > most:
            _refuse_size(response.url, n, most)
        yield chunk


@cache
def user_agent() -> str:
    """Who asks: some file servers send nothing to clients that don't say."""
    return f"recast-forecast/{version('recast-forecast')} (earthquake catalogs for forecasting)"


def _refuse_size(url: str, n: int, most: int) -> None:
    raise FetchError(
        f"{url}: {n:,} bytes or more where at most {most:,} are expected: this is not the file or "
        "answer that was asked for; check the address"
    )


def _check_status(response: requests.Response) -> None:
    status = response.status_code
    if status < 300:
        return
    reason = _line(next(response.iter_content(SHOWN * 5), b"").decode("latin-1"))
    said = f"HTTP {status}" + (f" ({reason})" if reason else "")
    if status in TRANSIENT:
        raise TransientError(said, _retry_after(response.headers.get("Retry-After")))
    remedy = "check the name and the period" if status == 404 else "check what was asked for"
    raise RefusedError(f"{response.url}: {said}: {remedy}", status, reason)


def _ahead(headers: Mapping[str, str]) -> float | None:
    """By how many seconds the clock here is ahead of that of a server, from its answer."""
    try:
        then = parsedate_to_datetime(headers.get("Date", ""))
        age = float(headers.get("Age", "0"))  # in a cache on the way
    except ValueError:
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    return (datetime.now(UTC) - aware).total_seconds() - age


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait: the header holds them, or a date."""
    if not header:
        return None
    try:
        return max(0.0, float(int(header)))
    except ValueError:
        pass
    try:
        then = parsedate_to_datetime(header)
    except ValueError:
        return None
    aware = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (aware - datetime.now(UTC)).total_seconds())


def _line(text: str) -> str:
    """The beginning of a message, on one line, without markup."""
    plain = "".join(ch if ch.isprintable() else " " for ch in MARKUP.sub(" ", text))
    return " ".join(plain.split())[:SHOWN]


def shown(url: str, params: Mapping[str, str]) -> str:
    """The URL of a query."""
    return f"{url}?{urlencode(params, safe=':,/')}" if params else url
