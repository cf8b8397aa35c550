"""Paging by time: every fault of a service ends in the same complete catalog, or in one error."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from loopback import (
    QUICK,
    START,
    Fault,
    Provider,
    chosen,
    complete,
    listed,
    made_events,
    service,
    serving,
)

from catalogs import InputError
from catalogs.areas import Box
from catalogs.errors import FetchError, RefusedError
from catalogs.providers.downloads import Downloads
from catalogs.providers.fdsn import Page, fetch_pages
from catalogs.providers.sources import Query, Service

END = START + pd.Timedelta(days=300)
QUERY = Query(START, END)
LAYOUTS = ("fdsn_text", "ehp_csv", "quakeml")


@pytest.fixture
def downloads(tmp_path: Path) -> Downloads:
    return Downloads(tmp_path / "raw", patience=QUICK, progress=False)


FAULTS = {
    "none": {},
    "too many with 413": {"too_many": 413},
    "no counts": {"counts": False},
    "repeats and disorder": {"sloppy": True},
    "repeats, disorder, no counts": {"sloppy": True, "counts": False},
    "fewer than it should give": {"most": 30},
    "429": {"faults": [Fault(429, {"Retry-After": "0"})] * 3},
    "500, cut, 503": {"faults": [Fault(500), Fault(cut=0.5), Fault(503), Fault(cut=0.9)]},
    "ends of answers not said": {"delimited": False},
    "a page of a proxy": {"faults": [Fault(body=b"<html>Back soon</html>")] * 2},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_the_catalog_is_complete_in_spite_of(
    faults: dict[str, Any], layout: str, downloads: Downloads
) -> None:
    faults = {**faults, "faults": list(faults.get("faults", []))}
    with serving(**faults) as provider:
        pages = fetch_pages(service(provider, layout), QUERY, downloads, "x")
        assert listed(pages) == complete(provider)
        assert len(provider.asked) < 120
        # The pages fill the period without a gap, and no half-written file is left
        assert pages[0].start == START
        assert all(a.end == b.start for a, b in pairwise(pages))
        assert pages[-1].end == END
        assert not list(downloads.folder.rglob("tmp*"))
        # All of it is here now
        n_asked = len(provider.asked)
        again = fetch_pages(service(provider, layout), QUERY, downloads, "x")
        assert [p.raw for p in again] == [p.raw for p in pages]
        assert len(provider.asked) == n_asked


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("newest", [100, 128, 200])
def test_a_limit_that_nobody_told_is_noticed(
    newest: int, counts: bool, downloads: Downloads
) -> None:
    events = made_events(700)
    with serving(events=events, newest=newest, counts=counts, most=10_000) as provider:
        pages = fetch_pages(service(provider, most=5000), QUERY, downloads, "x")
        assert listed(pages) == complete(provider)
        assert len(provider.asked) < 120


def test_a_round_number_of_events_is_no_limit(downloads: Downloads) -> None:
    with serving(events=made_events(200), counts=False, most=10_000) as provider:
        (page,) = fetch_pages(service(provider, most=5000), QUERY, downloads, "x")
        assert listed([page]) == complete(provider)
        assert len(provider.asked) == 4  # the count, all, and both halves


@pytest.mark.parametrize("counts", [True, False])
@pytest.mark.parametrize("cut", [0.3, 0.999])
def test_an_answer_that_is_cut_without_a_word_is_noticed(
    cut: float, counts: bool, downloads: Downloads
) -> None:
    """Without a length the end of an answer is where the server hangs up."""
    options = {"delimited": False, "counts": counts}
    faults = [Fault(), Fault(cut=cut)] if counts else [Fault(), Fault(cut=cut), Fault(cut=cut)]
    with serving(events=made_events(50), faults=faults, **options) as provider:
        pages = fetch_pages(service(provider), QUERY, downloads, "x")
        assert listed(pages) == complete(provider)
        assert provider.faults == []


@pytest.mark.parametrize("says", [None, b"Sorry, format text is not known"])
def test_the_first_layout_that_the_service_has_is_used(
    says: bytes | None, downloads: Downloads
) -> None:
    """Others are refused, or answered with a sentence and status 200."""
    with serving(formats=("xml",), events=made_events(150)) as provider:
        if says:
            provider.always = lambda path: Fault(body=says) if "format=text" in path else None
        pages = fetch_pages(service(provider), QUERY, downloads, "x")
        assert {page.layout for page in pages} == {"quakeml"}
        assert listed(pages) == complete(provider)
        assert [q.get("format") for _, q in provider.asked].count("text") == 1


@pytest.mark.parametrize("stop_after", [8, 14])
def test_a_query_that_was_stopped_goes_on(stop_after: int, downloads: Downloads) -> None:
    with serving() as provider:
        provider.always = lambda path: Fault(403) if len(provider.asked) > stop_after else None
        with pytest.raises(RefusedError, match="HTTP 403"):
            fetch_pages(service(provider), QUERY, downloads, "x")
        kept = {path.stem for path in downloads.folder.rglob("*.fdsn_text")}
        assert kept
        provider.always = lambda path: None
        provider.asked.clear()
        pages = fetch_pages(service(provider), QUERY, downloads, "x")
        assert listed(pages) == complete(provider)
        asked = {
            f"{pd.Timestamp(query['starttime']):%Y%m%dT%H%M%S}_"
            f"{pd.Timestamp(query['endtime']):%Y%m%dT%H%M%S}"
            for path, query in provider.asked
            if path.endswith("query")
        }
        assert not asked & kept


def test_a_longer_period_asks_for_the_rest_only(downloads: Downloads) -> None:
    middle = START + pd.Timedelta(days=150)
    with serving() as provider:
        fetch_pages(service(provider), Query(START, middle), downloads, "x")
        provider.asked.clear()
        pages = fetch_pages(service(provider), QUERY, downloads, "x")
        assert listed(pages) == complete(provider)
        assert min(q["starttime"] for _, q in provider.asked) == f"{middle:%Y-%m-%dT%H:%M:%S}"
        # A damaged page is fetched again
        pages[0].raw.path.write_bytes(b"#EventID|Time\n")
        assert listed(fetch_pages(service(provider), QUERY, downloads, "x")) == complete(provider)
        # With other parameters nothing of it counts
        provider.asked.clear()
        large = Query(START, END, min_magnitude=2.0)
        fetch_pages(service(provider), large, downloads, "x")
        assert provider.asked


def test_a_refresh_replaces_what_was_there(downloads: Downloads) -> None:
    refreshing = replace(downloads, refresh=True)
    with serving() as provider:
        fetch_pages(service(provider), QUERY, downloads, "x")
        provider.events = made_events(100, seed=1).assign(event_id=lambda e: "new" + e["event_id"])
        assert not set(listed(fetch_pages(service(provider), QUERY, downloads, "x"))) & set(
            complete(provider)
        )
        assert listed(fetch_pages(service(provider), QUERY, refreshing, "x")) == complete(provider)
        provider.asked.clear()
        assert listed(fetch_pages(service(provider), QUERY, downloads, "x")) == complete(provider)
        assert provider.asked == []


def test_what_is_asked_for_is_what_comes(downloads: Downloads) -> None:
    box = Box(34.0, 35.5, -118.0, -116.25)
    query = Query(START, END, box, 1.5)
    with serving() as provider:
        pages = fetch_pages(
            service(provider, extra=(("orderby", "time-asc"),)), query, downloads, "x"
        )
        events = provider.events
        inside = box.contains(events["latitude"], events["longitude"]) & (
            events["magnitude"] >= 1.5
        )
        assert set(listed(pages)) >= set(events["event_id"][inside])
        asked = dict(provider.asked[-1][1])
    assert asked["orderby"] == "time-asc"
    assert (asked["minlatitude"], asked["maxlatitude"]) == ("34", "35.5")
    assert (asked["minlongitude"], asked["maxlongitude"]) == ("-118", "-116.25")
    assert asked["minmagnitude"] == "1.5"
    assert asked["user-agent"].startswith("recast-forecast/")


def test_across_180_degrees_only_latitudes_are_asked_for() -> None:
    box = Box(-48.0, -34.0, 166.0, -176.0)
    params = Service("http://x/").parameters(Query(START, END, box))
    assert params == {"minlatitude": "-48", "maxlatitude": "-34"}
    geonet = Service("http://x/", names=(("bbox", "bbox"), ("minmagnitude", "minmag")))
    params = geonet.parameters(Query(START, END, box, 2.0))
    assert params == {"minmag": "2", "bbox": "166,-48,184,-34"}


def test_events_at_the_boundaries_come_once(downloads: Downloads) -> None:
    """On whole seconds, so that windows end on them: both answers hold such an event."""
    events = made_events(400)
    events["time"] = START + pd.to_timedelta(np.arange(400) * 3600, unit="s")
    with serving(events=events, most=40) as provider:
        query = Query(START, START + pd.Timedelta(hours=512))
        pages = fetch_pages(service(provider, most=40), query, downloads, "x")
        assert listed(pages) == complete(provider)
        rows = sum(len(chosen_of(provider, page)) for page in pages)
        assert rows > len(events)


def chosen_of(provider: Provider, page: Page) -> pd.DataFrame:
    period = {"starttime": str(page.start)[:19], "endtime": str(page.end)[:19]}
    return chosen(provider.events, period)


HOPELESS = {
    "too many in one second": (
        {"events": made_events(50).assign(time=START + pd.Timedelta("0.5s")), "most": 20},
        r"query: the second from 2020-01-01T00:00:00 has more events than one answer may hold",
    ),
    "never as many as counted": (
        {"always": lambda path: Fault(body=b"7") if "/count" in path else Fault(204)},
        r"or its answers do not agree with its counts",
    ),
    "always the wrong page": (
        {"always": lambda path: Fault(body=b"<html>Login</html>")},
        r"is not QuakeML but begins with '<html>Login</html>' \(format=text was tried first\), 6 ",
    ),
    "a refusal": (
        {"always": lambda path: Fault(400, body=b"Error 400: bad minlatitude")},
        r"HTTP 400 \(Error 400: bad minlatitude\): check what was asked for",
    ),
    "always too many": (
        {"always": lambda path: Fault(413)},
        r"has more events than one answer may hold \(20\)",
    ),
    "always 429": (
        {"always": lambda path: Fault(429, {"Retry-After": "0"})},
        r"HTTP 429, 6 times in a row: try again later",
    ),
}


@pytest.mark.parametrize(("options", "message"), HOPELESS.values(), ids=HOPELESS)
def test_what_cannot_succeed_ends_in_one_error(
    options: dict[str, Any], message: str, downloads: Downloads
) -> None:
    with serving(**options) as provider:
        with pytest.raises(FetchError, match=message) as caught:
            fetch_pages(service(provider, most=20), QUERY, downloads, "x")
        assert len(provider.asked) < 150
    assert "\n" not in str(caught.value)
    assert provider.url in str(caught.value)
    assert not list(downloads.folder.rglob("*.fdsn_text"))


def test_nothing_in_the_period_is_no_error(downloads: Downloads) -> None:
    for counts in (True, False):
        with serving(counts=counts) as provider:
            late = Query(END + pd.Timedelta(days=9), END + pd.Timedelta(days=99))
            pages = fetch_pages(service(provider), late, downloads, "x")
            assert listed(pages) == []
            assert [page.raw.n_bytes for page in pages] == [0]


def test_offline_uses_what_is_there(downloads: Downloads) -> None:
    offline = Downloads(downloads.folder, offline=True, progress=False)
    with serving() as provider:
        there = Query(START, START + pd.Timedelta(days=30))
        fetch_pages(service(provider), there, downloads, "x")
        provider.asked.clear()
        assert fetch_pages(service(provider), there, offline, "x")
        with pytest.raises(
            InputError, match=r"no events from 2020-01-31T00:00:00 on, and `offline`"
        ):
            fetch_pages(service(provider), QUERY, offline, "x")
        assert provider.asked == []


def test_a_period_must_not_be_empty() -> None:
    with pytest.raises(InputError, match="period 2020-10-27T00:00:00 to 2020-01-01.* is empty"):
        Query(END, START)


def test_counts_may_be_json(downloads: Downloads) -> None:
    def count(path: str) -> Fault | None:
        return Fault(body=b'{"count": 50, "maxAllowed": 60}') if "/count" in path else None

    with serving(events=made_events(50), always=count) as provider:
        pages = fetch_pages(service(provider), QUERY, downloads, "x")
        assert listed(pages) == complete(provider)
        assert provider.paths() == ["count", "query"]
