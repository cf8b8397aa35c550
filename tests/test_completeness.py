"""Completeness estimates on catalogs with known answers, also along a catalog."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from catalogs import GutenbergRichter, InputError
from catalogs.completeness import (
    b_by_completeness,
    b_stability,
    ks_completeness,
    maximum_curvature,
    moving_completeness,
)
from catalogs.magnitudes import b_standard_error


@given(mode=st.integers(-10, 40).map(lambda k: k / 10), jitter=st.sampled_from([0.0, -0.05, 0.04]))
def test_maximum_curvature_finds_the_fullest_bin(mode: float, jitter: float) -> None:
    """Bins are [m - 0.05, m + 0.05): the border belongs to the upper one, whatever round-off."""
    others = np.concatenate([mode - 0.3 + np.zeros(4), mode + 0.1 * np.arange(1, 20)])
    magnitudes = np.concatenate([others, np.full(5, mode + jitter)])
    assert maximum_curvature(magnitudes) == pytest.approx(mode + 0.2, abs=1e-9)


def test_completeness_of_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="no magnitudes"):
        maximum_curvature([])


def incomplete(n: int, seed: int) -> np.ndarray:
    """b = 1 above 1.0, detected with a probability that falls to a half at 2.0 (normal, 0.1)."""
    rng = np.random.default_rng(seed)
    m = GutenbergRichter(1.0, 1.0, 9.0).sample(n, rng)
    seen = m[rng.random(n) < norm.cdf(m, 2.0, 0.1)]
    return np.round(seen, 2)


def test_b_is_low_below_completeness_and_right_above() -> None:
    m = incomplete(100_000, 3)
    values, errors = b_by_completeness(m, [1.8, 2.3, 2.8, 9.0])
    assert values[0] < 1.0 - 10 * errors[0]
    assert abs(values[1] - 1.0) < 3 * errors[1]
    assert abs(values[2] - 1.0) < 3 * errors[2]
    assert np.isnan(values[3])
    above = m[m >= 2.8 - 1e-9]
    assert errors[2] == pytest.approx(b_standard_error(above, values[2]))


def test_completeness_is_found_where_detection_ends() -> None:
    # 2.0 + 3 standard deviations of the detection curve lie at 2.3
    m = incomplete(30_000, 4)
    assert 2.1 - 1e-9 <= b_stability(m) <= 2.4 + 1e-9
    assert 2.1 - 1e-9 <= ks_completeness(m, rng=np.random.default_rng(0)) <= 2.4 + 1e-9


def test_where_detection_fades_in_slowly_b_is_stable_later() -> None:
    rng = np.random.default_rng(8)
    m = GutenbergRichter(1.0, 1.0, 9.0).sample(200_000, rng)
    seen = m[rng.random(m.size) < norm.cdf(m, 2.0, 0.3)].round(2)
    assert b_stability(seen) > maximum_curvature(seen)  # half of the events at 2.0 are missing
    values, errors = b_by_completeness(seen, [b_stability(seen)])
    assert values[0] == pytest.approx(1.0, abs=3.0 * errors[0] + 0.03)


def test_b_is_stable_from_the_first_candidate_near_the_mean_of_the_next_half_unit() -> None:
    """Within the standard error of its own b-value (Cao and Gao 2002)."""
    for seed in (6, 16, 31):  # where four or six candidates would give another one
        rng = np.random.default_rng(seed)
        m = GutenbergRichter(1.0, 1.0, 9.0).sample(40_000, rng)
        seen = m[rng.random(m.size) < norm.cdf(m, 2.0, 0.4)].round(2)
        candidates = np.round(np.arange(1.0, 5.0, 0.1), 6)
        values, errors = b_by_completeness(seen, candidates)
        means = np.array([values[i : i + 5].mean() for i in range(30)])
        stable = np.abs(means - values[:30]) <= errors[:30]
        stable &= candidates[:30] >= maximum_curvature(seen, correction=0.0)
        assert b_stability(seen) == candidates[np.argmax(stable)]


def test_complete_catalogs_pass_the_ks_test_nine_times_in_ten() -> None:
    passed = 0
    for seed in range(30):
        m = GutenbergRichter(2.0, 1.0, 9.0).sample(400, np.random.default_rng([5, seed]))
        m = np.floor(m / 0.1 + 1e-9) * 0.1
        mc = ks_completeness(m, bin_width=0.1, rng=np.random.default_rng(seed), samples=100)
        passed += mc == pytest.approx(2.0)
    assert 22 <= passed <= 30  # binomial (30, 0.9) is below 22 in 0.2 % of cases


def test_what_is_no_gutenberg_richter_law_is_refused() -> None:
    rng = np.random.default_rng(6)
    uniform = np.round(rng.uniform(2.0, 3.0, 5000), 2)
    with pytest.raises(InputError, match="rejected above every threshold"):
        ks_completeness(uniform, rng=rng, step=0.5, samples=50)
    with pytest.raises(InputError, match="nowhere stable"):
        b_stability(uniform)


@pytest.mark.parametrize("bin_width", [0.0, 0.1])
def test_one_magnitude_that_comes_too_often_is_found_among_large_ones(bin_width: float) -> None:
    """Characteristic earthquakes: of 1,600 events a tenth half a unit above the smallest."""
    m = GutenbergRichter(2.0, 1.0, 9.0).sample(1_600, np.random.default_rng(9))
    m[::10] = 2.55
    if bin_width:
        m = np.round(np.floor(m / bin_width + 1e-9) * bin_width, 6)
    try:
        found = ks_completeness(m, bin_width=bin_width, rng=np.random.default_rng(0))
    except InputError:
        return
    assert found > 2.45


def test_continuous_magnitudes_pass_the_ks_test_too() -> None:
    m = GutenbergRichter(2.0, 1.0, 9.0).sample(3000, np.random.default_rng(7))
    mc = ks_completeness(m, bin_width=0.0, rng=np.random.default_rng(0), samples=100)
    assert mc == pytest.approx(2.0, abs=0.15)
    # A hundred equal ones have no law
    with pytest.raises(InputError, match="rejected above every threshold"):
        ks_completeness(np.full(100, 2.0), rng=np.random.default_rng(0))


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
