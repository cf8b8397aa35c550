"""Completeness along a catalog."""

import numpy as np
import pytest

from catalogs import GutenbergRichter
from catalogs.completeness import moving_completeness


def test_a_time_without_small_events_is_seen() -> None:
    rng = np.random.default_rng(0)
    times = np.sort(rng.uniform(0.0, 100.0, 20000))
    magnitudes = np.round(GutenbergRichter(1.95).sample(20000, rng), 1)
    hidden = (times > 40.0) & (times < 60.0) & (magnitudes < 2.6)
    edges, levels = moving_completeness(times[~hidden], magnitudes[~hidden])
    middle = 0.5 * (edges[1:] + edges[:-1])
    # The next bin holds 0.8 times as many: of 300 events it is the fullest in some windows
    assert np.median(levels[middle < 35.0]) == pytest.approx(2.0)
    assert np.median(levels[middle > 65.0]) == pytest.approx(2.0)
    dark = levels[(edges[:-1] > 40.0) & (edges[1:] < 60.0)]
    assert dark.size > 0
    assert np.median(dark) == pytest.approx(2.6)


@pytest.mark.parametrize(("n", "windows"), [(299, 0), (300, 1), (599, 1), (600, 2)])
def test_windows_hold_at_least_300_events(n: int, windows: int) -> None:
    times = np.arange(float(n))
    edges, levels = moving_completeness(times, np.full(n, 3.0))
    assert levels.size == windows
    assert edges.size == (windows + 1 if windows else 0)
    if windows:
        assert (edges[0], edges[-1]) == (times[0], times[-1])
