"""b-positive, the stability of b, and completeness estimates, on catalogs with known answers."""

import numpy as np
import pytest

from catalogs import GutenbergRichter, InputError
from catalogs.magnitudes import (
    b_by_completeness,
    b_positive,
    b_stability,
    b_standard_error,
    ks_completeness,
)


def incomplete(n: int, seed: int) -> np.ndarray:
    """b = 1 above 1.0, detected with a probability that falls to a half at 2.0 (normal, 0.1)."""
    from scipy.stats import norm

    rng = np.random.default_rng(seed)
    m = GutenbergRichter(1.0, 1.0, 9.0).sample(n, rng)
    seen = m[rng.random(n) < norm.cdf(m, 2.0, 0.1)]
    return np.round(seen, 2)


@pytest.mark.parametrize("bin_width", [0.0, 0.01, 0.1])
def test_b_positive_of_independent_magnitudes_is_b(bin_width: float) -> None:
    m = GutenbergRichter(2.0, 0.9, 9.0).sample(40_000, np.random.default_rng(1))
    if bin_width:
        m = np.round(np.floor(m / bin_width) * bin_width, 6)
    b = b_positive(m, bin_width=bin_width, threshold=0.2)
    # 0.63 / 2 of 40,000 differences count: standard error b / sqrt(12,600), 3 of them
    assert b == pytest.approx(0.9, abs=3 * 0.9 / np.sqrt(12_600))


def test_b_positive_outlives_short_term_incompleteness() -> None:
    rng = np.random.default_rng(2)
    m = GutenbergRichter(2.0, 1.0, 9.0).sample(60_000, rng)
    # Completeness sinks from 3.5 to 2.0 within each burst of 3,000 events
    hidden = 3.5 - 1.5 * np.tile(np.linspace(0.0, 1.0, 3000), 20)
    seen = m[m >= hidden]
    classic = GutenbergRichter.fit(seen, 2.0, bin_width=0.0).b
    positive = b_positive(seen, bin_width=0.0, threshold=0.2)
    assert classic < 0.85
    assert positive == pytest.approx(1.0, abs=3.0 / np.sqrt(0.3 * seen.size))


def test_too_few_differences_are_refused() -> None:
    with pytest.raises(InputError, match="1 differences of successive magnitudes reach"):
        b_positive([2.0, 3.0, 2.9, 2.0])


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


def test_continuous_magnitudes_pass_the_ks_test_too() -> None:
    m = GutenbergRichter(2.0, 1.0, 9.0).sample(3000, np.random.default_rng(7))
    mc = ks_completeness(m, bin_width=0.0, rng=np.random.default_rng(0), samples=100)
    assert mc == pytest.approx(2.0, abs=0.15)
    # A hundred equal ones have no law
    with pytest.raises(InputError, match="rejected above every threshold"):
        ks_completeness(np.full(100, 2.0), rng=np.random.default_rng(0))
