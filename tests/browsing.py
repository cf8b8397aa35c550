"""An installed Chromium, driven by playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser; the test skips where there is none."""
    if not CHROMIUM:
        pytest.skip("no browser: neither chromium nor google-chrome is on the PATH")
    playwright = pytest.importorskip("playwright.sync_api", reason="no browser: needs playwright")
    try:
        driver = playwright.sync_playwright().start()
    except Exception as error:  # noqa: BLE001 - playwright raises nothing narrower
        pytest.skip(f"no browser: playwright does not start, has it libatomic1? ({error})")
    try:
        running = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()
    finally:
        driver.stop()
