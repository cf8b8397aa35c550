"""Processes that fetch at the same time, and ones that are killed: the cache stays whole.

Run as a script, this is a process that fetches two catalogs from the URL in its first argument:
``once``, or until one gets through without being killed (``killed``).
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from loopback import PATH, Provider, made_events, moved, serving
from row_writers import WRITERS, write

from catalogs import load
from catalogs.errors import CatalogNotFoundError
from catalogs.providers.downloads import Downloads
from catalogs.providers.known import RECORDS
from recast.cli import main

FETCH = ("catalogs", "fetch")
COMCAT = (*FETCH, "comcat", "--start", "2020-01-01", "--end", "2020-10-27", "--completeness", "1")
YEARS = (*FETCH, "ncss", "--start", "1990-01-01", "--end", "1993-01-01", "--completeness", "0.1")


def point_at(url: str) -> None:
    """Let the registry name this provider; its answers are paged in small portions."""
    for name in ("comcat", "ncss"):
        RECORDS[name] = moved(RECORDS[name], url)
    object.__setattr__(RECORDS["comcat"].source, "most", 60)


def start(provider: Provider, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, __file__, provider.url, *args],
        env=os.environ | {"NO_PROXY": "127.0.0.1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def yearly_files() -> dict[str, bytes]:
    _, rows = write("ehp_csv", 40_000, np.random.default_rng(1))
    head = WRITERS["ehp_csv"][0]
    return {
        f"/{year}.catalog": (
            head + "\n".join(row for row in rows if row.startswith(str(year))) + "\n"
        ).encode()
        for year in (1990, 1991, 1992)
    }


def test_two_processes_fetch_the_same_catalogs(user_cache: Path) -> None:
    with serving(files=yearly_files(), events=made_events(240), pace=0.002) as provider:
        both = [start(provider, "once") for _ in range(2)]
        outputs = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs
    # Whatever one of them fetched the other did not ask for
    asked = Counter(
        (path, query.get("starttime"), query.get("endtime"))
        for path, query in provider.asked
        if not path.endswith("count")
    )
    assert set(asked.values()) == {1}
    assert_complete(provider, user_cache)


def assert_complete(provider: Provider, user_cache: Path) -> None:
    events = load("comcat").events
    assert sorted(events["event_id"]) == sorted(provider.events["event_id"])
    rows = sum(body.count(b"\n") - 1 for body in provider.files.values())
    assert len(load("ncss").events) == rows > 1000
    assert_whole(user_cache.parent / "downloads", provider)


def assert_whole(folder: Path, provider: Provider) -> None:
    """Every file that counts as there is byte for byte what the provider has."""
    for record in folder.rglob("[!.]*.json"):
        raw = Downloads(folder).kept(record.with_suffix(""))
        if raw is not None and not raw.url.startswith(f"{provider.url}{PATH}"):
            assert raw.read() == provider.files[raw.url.removeprefix(provider.url)]


def test_a_process_may_be_killed_at_any_moment(user_cache: Path) -> None:
    with serving(files=yearly_files(), events=made_events(240), pace=0.002) as provider:
        process = start(provider, "killed")
        output = process.communicate(timeout=120)[0]
        assert process.returncode == 0, output
        assert_complete(provider, user_cache)
    n_killed = int(output.split()[-1])
    assert n_killed >= 6


def killed(args: tuple[str, ...]) -> int:
    """Start fetching again and again, and kill it later and later, until it gets through."""
    n_killed, there = 0, False
    while True:
        child = os.fork()
        if child == 0:
            sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - until the process ends
            os._exit(main(args))
        time.sleep(0.04 * 1.25**n_killed)
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            assert status == 0
            return n_killed
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        n_killed += 1
        try:
            there |= len(load(args[2]).events) > 0  # whole, or not there
        except CatalogNotFoundError:
            assert not there


if __name__ == "__main__":
    point_at(sys.argv[1])
    if sys.argv[2] == "killed":
        sys.stdout.write(f"{killed(COMCAT) + killed(YEARS)}\n")
    else:
        sys.exit(main(COMCAT) or main(YEARS))
