"""The Gutenberg-Richter law and what is estimated from magnitudes."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from catalogs import Catalog, GutenbergRichter, InputError
from catalogs.magnitudes import b_positive, b_standard_error
from catalogs.rounded_magnitudes import lowest_recorded, magnitude_grid, step_changes
from catalogs.stand_ins import stand_in

laws = st.builds(
    lambda completeness, b, span: GutenbergRichter(completeness, b, completeness + span),
    st.floats(-1.0, 5.0),
    st.floats(0.3, 2.5),
    st.floats(0.5, 8.0),
)


@given(law=laws)
def test_density_integrates_to_one(law: GutenbergRichter) -> None:
    total, _ = quad(
        lambda m: float(np.exp(law.log_density(m))), law.completeness, law.maximum, epsrel=1e-11
    )
    assert total == pytest.approx(1.0, rel=1e-9)


@given(law=laws, outside=st.floats(1e-3, 5.0))
def test_nothing_lies_outside_the_truncation(law: GutenbergRichter, outside: float) -> None:
    assert law.log_density(law.completeness - outside) == -np.inf
    assert law.log_density(law.maximum + outside) == -np.inf


def test_magnitudes_of_single_precision_lie_inside_as_they_are_complete() -> None:
    edges = np.array([3.1, 7.4])
    rounded = edges.astype(np.float32).astype(np.float64)  # 3.0999999, 7.4000001
    law = GutenbergRichter(3.1, 1.0, maximum=7.4)
    assert law.log_density(rounded) == pytest.approx(law.log_density(edges), abs=1e-5)


@given(law=laws, u=st.floats(0.0, 1.0))
def test_inverse_cdf_leaves_that_fraction_below(law: GutenbergRichter, u: float) -> None:
    m = float(law.inverse_cdf(u))
    assert law.completeness <= m <= law.maximum + 1e-9
    below, _ = quad(lambda x: float(np.exp(law.log_density(x))), law.completeness, m, epsrel=1e-11)
    assert below == pytest.approx(u, abs=1e-9)
    assert float(law.share_above(m)) == pytest.approx(1.0 - u, abs=1e-9)


@given(law=laws, alpha=st.floats(0.0, 3.0))
def test_mean_productivity_is_the_integral(law: GutenbergRichter, alpha: float) -> None:
    expected, _ = quad(
        lambda m: 10.0 ** (alpha * (m - law.completeness)) * float(np.exp(law.log_density(m))),
        law.completeness,
        law.maximum,
        epsrel=1e-11,
    )
    assert law.mean_productivity(alpha) == pytest.approx(expected, rel=1e-8)


@given(law=laws, offset=st.sampled_from([1e-14, 1e-11, 1e-8, 1e-5]))
def test_mean_productivity_is_smooth_where_alpha_is_b(law: GutenbergRichter, offset: float) -> None:
    at_b = law.mean_productivity(law.b)
    assert law.mean_productivity(law.b + offset) == pytest.approx(at_b, rel=1e-8 + 30 * offset)


def binned(b: float, n: int, step: float, lowest: float, seed: int) -> np.ndarray:
    """Magnitudes on a grid that starts at ``lowest``: the law, rounded to the nearest step."""
    rng = np.random.default_rng(seed)
    continuous = lowest - step / 2 + rng.exponential(1.0 / (b * np.log(10.0)), n)
    return lowest + step * np.round((continuous - lowest) / step)


@pytest.mark.parametrize("step", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("b", [0.7, 1.0, 1.4])
@pytest.mark.parametrize("strict", [False, True])
def test_b_is_recovered_on_any_grid(step: float, b: float, strict: bool) -> None:
    n, completeness = 40_000, 2.0
    lowest = completeness + step if strict else completeness
    magnitudes = binned(b, n, step, lowest, seed=1)
    law = GutenbergRichter.fit(magnitudes, completeness, bin_width=step, strict=strict)
    # Standard error b / sqrt(n) (Aki 1965); 4 of them, and a little more for coarse bins
    assert law.b == pytest.approx(b, abs=4.5 * b / np.sqrt(n))


def test_strictness_and_bins_matter_more_than_the_tolerance() -> None:
    """The cases above would fail if ``strict`` or ``bin_width`` were ignored."""
    magnitudes = binned(1.0, 40_000, 0.1, 2.1, seed=1)
    tolerance = 4.5 / np.sqrt(40_000)
    for wrong in ({"bin_width": 0.1}, {"bin_width": 0.0}, {"bin_width": 0.01, "strict": True}):
        assert abs(GutenbergRichter.fit(magnitudes, 2.0, **wrong).b - 1.0) > 3 * tolerance


def test_continuous_magnitudes_give_akis_estimate() -> None:
    magnitudes = np.array([1.0, 1.5, 3.0])
    law = GutenbergRichter.fit(magnitudes, 1.0, bin_width=0.0)
    assert law.beta == pytest.approx(1.0 / (magnitudes.mean() - 1.0), rel=1e-14)


@pytest.mark.parametrize("step", [0.01, 0.1])
def test_the_fit_has_the_highest_likelihood_of_the_counts(step: float) -> None:
    """Counts on a grid are geometric: P(k) = (1 - q) q^k with q = exp(-beta step)."""
    magnitudes = binned(1.1, 500, step, 3.0, seed=4)
    k = np.round((magnitudes - 3.0) / step)

    def log_likelihood(b: float) -> float:
        x = b * np.log(10.0) * step
        return float(np.sum(np.log(-np.expm1(-x)) - x * k))

    best = GutenbergRichter.fit(magnitudes, 3.0, bin_width=step).b
    for factor in (0.98, 0.999, 1.001, 1.02):
        assert log_likelihood(best) > log_likelihood(best * factor)


@pytest.mark.parametrize("n", [900, 1_100])
def test_a_table_that_was_cut_above_completeness_is_known_by_a_thousand_events(n: int) -> None:
    m = GutenbergRichter(2.0, 1.0, 9.0).sample(n, np.random.default_rng(n))
    lowest = 1.95 if n < 1_000 else m.min()
    b = GutenbergRichter.fit(m, 1.95, bin_width=0.0).b
    assert b == pytest.approx(1.0 / (np.log(10.0) * (m.mean() - lowest)))


@pytest.mark.parametrize(("kept", "lowest"), [(1.0, 2.05), (0.3, 2.0)])
def test_small_events_that_grow_rare_by_degrees_are_not_a_cut(kept: float, lowest: float) -> None:
    rng = np.random.default_rng(1)
    m = GutenbergRichter(2.0, 1.0, 9.0).sample(5_000, rng)
    seen = m[(m >= 2.05) & ((m >= 2.1) | (rng.random(m.size) < kept))]
    assert lowest_recorded(seen, 2.0) == pytest.approx(lowest, abs=1e-3)


def test_standard_error_is_the_scatter_over_many_catalogs() -> None:
    rng = np.random.default_rng(0)
    samples = [GutenbergRichter(2.0, 1.0, 20.0).sample(500, rng) for _ in range(400)]
    fits = np.array([GutenbergRichter.fit(m, 2.0, bin_width=0.0).b for m in samples])
    predicted = np.mean([b_standard_error(m, b) for m, b in zip(samples, fits, strict=True)])
    # The scatter of 400 values is itself known to 1 / sqrt(800) = 3.5 %
    assert predicted == pytest.approx(fits.std(ddof=1), rel=0.14)
    # Of 2, 3 and 4: ln(10) b^2 sqrt(2 / (3 * 2))
    assert b_standard_error([2.0, 3.0, 4.0], 0.5) == pytest.approx(0.25 * np.log(10) / np.sqrt(3))


@pytest.mark.parametrize("alpha", [0.4, 1.1])
@pytest.mark.parametrize("strict", [False, True])
def test_productivity_is_that_of_magnitudes_as_they_are_recorded(
    strict: bool, alpha: float
) -> None:
    law = GutenbergRichter(2.0, 1.0, 4.05, step=0.2, strict=strict)
    drawn = law.inverse_cdf((np.arange(400_000) + 0.5) / 400_000)
    recorded = law.recorded_excess(drawn)
    upper = np.ceil((drawn - 2.0) / 0.2) * 0.2  # of its bin
    np.testing.assert_allclose(recorded, upper if strict else upper - 0.2, atol=1e-6)
    np.testing.assert_allclose(law.recorded(drawn), 2.0 + recorded, atol=1e-6)
    mean = (10.0 ** (alpha * recorded)).mean()
    assert law.mean_productivity(alpha) == pytest.approx(mean, rel=1e-4)


def test_southern_california_has_b_near_one(real_catalog: Callable[[str], Catalog]) -> None:
    law = real_catalog("scedc").magnitude_law()
    # Hutton et al. 2010, doi:10.1785/0120090130: b is 1.0 within a few hundredths
    assert law.b == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    ("magnitudes", "completeness", "message"),
    [
        ([3.0], 2.0, r"1 magnitude\(s\)"),
        ([3.0, 3.0], 2.0, "all equal"),
        ([2.0, 1.9, 3.0], 2.0, r"magnitudes\[1\] = 1.9 is below completeness 2"),
    ],
)
def test_what_determines_no_b_value_is_named(
    magnitudes: list[float], completeness: float, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        GutenbergRichter.fit(magnitudes, completeness)


def test_a_threshold_that_cannot_be_strict_is_named() -> None:
    with pytest.raises(InputError, match="really strict"):
        GutenbergRichter.fit([2.0, 2.0, 2.005], 2.0, strict=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((2.0, 0.0), "b-value 0.0"), ((2.0, -1.0), "b-value"), ((2.0, 1.0, 2.0), "not above")],
)
def test_an_impossible_law_is_refused(arguments: tuple[float, ...], message: str) -> None:
    with pytest.raises(InputError, match=message):
        GutenbergRichter(*arguments)


@given(
    steps=st.lists(st.integers(-200, 900), min_size=1),
    digits=st.sampled_from([1, 2, 3]),
    off=st.floats(-1e-7, 1e-7),
)
def test_the_grid_of_rounded_magnitudes_is_found(steps: list[int], digits: int, off: float) -> None:
    odd = 10 * np.array(steps) + 1  # never on the coarser grid
    assert magnitude_grid(odd / 10.0**digits + off) == pytest.approx(10.0**-digits)


def test_continuous_magnitudes_have_no_grid() -> None:
    assert magnitude_grid([2.0, 2.12345]) == 0.0


def test_few_magnitudes_have_the_step_that_is_written() -> None:
    m = np.random.default_rng(0).uniform(2.0, 8.0, 150).round(2)
    assert magnitude_grid(m) == 0.01


@pytest.mark.parametrize("edges", [(80,), (60,), (100, 170), (100, 150)])
def test_the_step_changes_where_it_does(edges: tuple[int, ...]) -> None:
    m = 2.0 + np.random.default_rng(0).exponential(0.43, 240)
    periods = np.split(np.arange(240), edges)
    digits = np.concatenate([np.full(len(p), 1 + i % 2) for i, p in enumerate(periods)])
    found = step_changes(np.where(digits == 1, m.round(1), m.round(2)))
    assert [step for _, step in found] == [0.1, 0.01, 0.1][: len(periods)]
    # One in ten hundredths is a tenth by chance, so that an edge may seem to lie a few events off
    np.testing.assert_allclose([at for at, _ in found], (0, *edges), atol=3)


def test_a_share_that_changes_is_no_other_step() -> None:
    rng = np.random.default_rng(0)
    m = (2.0 + rng.exponential(0.43, 900)).round(2)
    tenths = np.where(np.arange(900) < 300, 1.0, np.where(np.arange(900) < 600, 0.5, 0.0))
    found = step_changes(np.where(rng.random(900) < tenths, m.round(1), m))
    assert [step for _, step in found] == [0.1, 0.01]
    assert found[1][0] == pytest.approx(300, abs=20)


def test_a_few_finer_magnitudes_among_the_later_ones_are_no_other_step() -> None:
    """As where another agency reports one event in ten: no period has a step of its own."""
    rng = np.random.default_rng(0)
    m = (2.0 + rng.exponential(0.43, 1800)).round(2)
    finer = (np.arange(1800) >= 900) & (rng.random(1800) < 0.12)
    assert step_changes(np.where(finer, m, m.round(1))) == [(0, 0.01)]


def test_zeros_among_magnitudes_around_zero_stand_for_none() -> None:
    m = np.random.default_rng(0).normal(0.5, 0.4, 500).round(1)
    assert stand_in(m) is None
    found = stand_in(np.concatenate([m[m != 0.0], np.zeros(600)]))
    assert found is not None
    assert (found.value, found.count, found.likely) == (0.0, 600, True)
    assert stand_in(np.concatenate([m[m != 0.3], np.full(600, 0.3)])) is None  # no usual number


def test_zeros_among_small_magnitudes_stand_for_none_though_there_are_many_smaller() -> None:
    rng = np.random.default_rng(0)
    m = np.round(-0.5 + rng.exponential(0.43, 10_000), 2)
    assert stand_in(m) is None
    found = stand_in(np.concatenate([m, np.zeros(500)]))
    assert found is not None
    assert (found.value, found.likely) == (0.0, True)
    halves = np.where(rng.random(m.size) < 0.2, np.round(2.0 * m) / 2.0, m)
    assert stand_in(halves) is None
    assert stand_in(np.where(rng.random(m.size) < 0.5, m.round(1), m)) is None


@pytest.mark.parametrize("bin_width", [0.0, 0.01, 0.1, 0.25, 0.3])
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


def test_no_law_reaches_magnitudes_that_no_earthquake_has() -> None:
    """A global catalog from M 7 on: five units above completeness are 12."""
    m = np.round(7.0 + np.random.default_rng(0).exponential(0.4, 2_000), 1).clip(max=9.5)
    assert GutenbergRichter.fit(m, 7.0, bin_width=0.1).maximum == 10.0
    assert GutenbergRichter.fit(m, 7.0, bin_width=0.1, maximum=9.6).maximum == 9.6
    assert GutenbergRichter.fit(m - 3.0, 4.0, bin_width=0.1).maximum == 9.0
    assert GutenbergRichter.fit(m + 3.0, 10.0, bin_width=0.1).maximum > 12.0  # no magnitudes
