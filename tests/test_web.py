"""HTTP errors that other tests do not meet: addresses that are none, and connections that break."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests
from loopback import Fault, serving
from urllib3.exceptions import MaxRetryError, ProtocolError

from catalogs.errors import FetchError
from catalogs.providers.web import Patience, TransientError, get, opened


@pytest.mark.parametrize("url", ["http://", "nowhere", "ftp://127.0.0.1/a"])
def test_what_is_no_address_says_so(url: str) -> None:
    with pytest.raises(FetchError, match="check the address") as caught, opened(url, 1.0):
        pass
    assert not isinstance(caught.value, TransientError)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectionError(ProtocolError("Connection aborted.")),
        requests.ConnectionError(MaxRetryError(None, "http://x", ProtocolError("reset"))),  # type: ignore[arg-type]
        requests.ConnectionError(),
    ],
    ids=str,
)
def test_a_broken_connection_may_be_tried_again(
    error: requests.ConnectionError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(requests, "get", broken)
    with pytest.raises(TransientError, match="the connection was cut"), opened("http://x", 1.0):
        pass


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("7", 7.0),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", 0.0),  # no zone: UTC
        ("", None),
    ],
)
def test_how_long_to_wait_is_a_number_or_a_date(header: str, expected: float | None) -> None:
    with (
        serving(faults=[Fault(429, {"Retry-After": header})]) as provider,
        pytest.raises(TransientError) as caught,
        opened(provider.url, 1.0),
    ):
        pass
    assert caught.value.wait == expected


def test_an_answer_that_does_not_end_is_left_alone() -> None:
    hasty = Patience(timeout=5.0, total=0.5, kept=False)
    began = time.monotonic()
    with (
        serving(files={"/slow": b"x" * 4096 * 40}, pace=0.05) as provider,
        pytest.raises(FetchError) as caught,
    ):
        get(f"{provider.url}/slow", {}, hasty, 1 << 20)
    assert str(caught.value).endswith(
        "/slow: the answer was not whole after 0.5 s: try again later"
    )
    assert len(provider.asked) == 1
    assert time.monotonic() - began < 5.0
    with serving(files={"/quick": b"x" * 4096}) as provider:
        patient = replace(hasty, total=60.0)
        assert get(f"{provider.url}/quick", {}, patient, 1 << 20).data == b"x" * 4096


@pytest.mark.parametrize("kept", [True, False])
def test_where_nothing_is_kept_no_message_says_so(kept: bool) -> None:
    patience = Patience(attempts=1, timeout=1.0, kept=kept)
    said = []
    with serving(always=lambda path: Fault(503)) as provider:
        for url in (provider.url, "http://127.0.0.1:1"):
            with pytest.raises(FetchError) as caught:
                get(url, {}, patience, 1000)
            said.append(str(caught.value))
    assert ["kept" in said[0], "`offline`" in said[1]] == [kept, kept]


def test_a_date_to_come_back_at_is_seconds_from_now() -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(minutes=10), usegmt=True)
    with (
        serving(faults=[Fault(503, {"Retry-After": then})]) as provider,
        pytest.raises(TransientError) as caught,
        opened(provider.url, 1.0),
    ):
        pass
    # Whole seconds, and a busy machine
    assert caught.value.wait == pytest.approx(600.0, abs=30.0)
