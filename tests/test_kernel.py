"""The Omori-Utsu law: exact integrals, their inverse, and the sum of exponentials."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from catalogs import InputError
from etas.kernel import Quadrature, inverse_omori, omori_integral, tapered_omori_integral
from etas.recursion import expected_sums

cs = st.floats(1e-5, 10.0)
ps = st.floats(0.5, 3.0)


@given(c=cs, p=ps, start=st.floats(0.0, 100.0), length=st.floats(1e-6, 1e4))
def test_integral_is_the_integral(c: float, p: float, start: float, length: float) -> None:
    # In ln(x + c) the integrand is smooth over all scales
    a, b = np.log(start + c), np.log(start + length + c)
    expected, _ = quad(lambda u: np.exp((1.0 - p) * u), a, b, epsabs=0.0, epsrel=1e-12)
    assert float(omori_integral(start, start + length, c, p)) == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("taper", [0.05, 3.0, 200.0, None])
@pytest.mark.parametrize("p", [0.7, 1.0, 1.3])
def test_integral_with_a_taper_is_the_integral(p: float, taper: float | None) -> None:
    c, horizon = 0.01, 100.0
    rate = 0.0 if taper is None else 1.0 / taper
    expected, _ = quad(
        lambda u: np.exp((1.0 - p) * u - rate * (np.exp(u) - c)),
        np.log(c),
        np.log(horizon + c),
        epsrel=1e-11,
        limit=200,
    )
    assert tapered_omori_integral(horizon, c, p, taper) == pytest.approx(expected, rel=1e-8)


@given(c=cs, length=st.floats(1e-3, 1e4), offset=st.floats(1e-13, 1e-7))
def test_integral_is_smooth_where_p_is_one(c: float, length: float, offset: float) -> None:
    at_one = float(omori_integral(0.0, length, c, 1.0))
    assert at_one == pytest.approx(np.log1p(length / c), rel=1e-12)
    for p in (1.0 - offset, 1.0 + offset):
        assert float(omori_integral(0.0, length, c, p)) == pytest.approx(at_one, rel=30 * offset)


@given(c=cs, p=st.one_of(ps, st.just(1.0)), horizon=st.floats(1e-3, 1e4), u=st.floats(0.0, 1.0))
def test_inverse_undoes_the_integral(c: float, p: float, horizon: float, u: float) -> None:
    delay = float(inverse_omori(u, horizon, c, p))
    total = float(omori_integral(0.0, horizon, c, p))
    assert 0.0 <= delay <= horizon * (1 + 1e-9)
    rounding = 1e-15 * c ** (1.0 - p)  # of x + c where x is far below c
    back = float(omori_integral(0.0, delay, c, p))
    assert back == pytest.approx(u * total, rel=1e-7, abs=rounding)


@pytest.mark.parametrize("p", [0.5, 0.92, 0.9999, 1.0, 1.0 + 1e-8, 1.0001, 1.02, 1.5, 3.0])
@pytest.mark.parametrize("c", [1e-4, 0.02, 3.0])
def test_compiled_sums_and_their_derivatives(c: float, p: float) -> None:
    rng = np.random.default_rng(0)
    since, gains = rng.uniform(0, 5, 20), rng.uniform(1, 9, 20)
    until, slopes = since + rng.uniform(1e-3, 1000, 20), rng.uniform(0, 4, 20)

    def total(c: float, p: float) -> float:
        return expected_sums(since, until, gains, slopes, c, p)[0]

    value, by_alpha, by_c, by_p = expected_sums(since, until, gains, slopes, c, p)
    assert value == pytest.approx(float(gains @ omori_integral(since, until, c, p)), rel=1e-12)
    assert by_alpha == pytest.approx(float(slopes @ omori_integral(since, until, c, p)), rel=1e-12)
    h = 1e-4 * c
    noise = 1e-15 * value / h  # of a difference of two sums
    numeric = (total(c + h, p) - total(c - h, p)) / (2 * h)
    assert by_c == pytest.approx(numeric, rel=1e-6, abs=noise)
    h = 1e-5
    assert by_p == pytest.approx((total(c, p + h) - total(c, p - h)) / (2 * h), rel=1e-6)


@given(horizon=st.floats(1.0, 1e6), c_min=cs, c=cs, p=ps, part=st.floats(0.0, 1.0))
def test_sum_of_exponentials_is_the_power_law(
    horizon: float, c_min: float, c: float, p: float, part: float
) -> None:
    c = max(c, c_min)
    quadrature = Quadrature.for_range(horizon, c_min)
    w, _, _ = quadrature.weights(c, p)
    x = np.array([0.0, min(part * c, horizon), part * horizon, horizon])
    approximate = (w[..., None] * np.exp(-quadrature.nodes[..., None] * x)).sum(axis=(0, 1))
    np.testing.assert_allclose(approximate, (x + c) ** -p, rtol=1e-8)


@pytest.mark.parametrize("p", [0.5, 1.0, 3.0])
def test_no_range_of_nodes_is_too_short(p: float) -> None:
    """Lanes are padded, which hides a range cut too short but for a few horizons."""
    c = 1e-3
    for horizon in 100.0 * 2.0 ** np.arange(0.0, 16.0, 0.25):
        quadrature = Quadrature.for_range(horizon, c)
        w, x = quadrature.weights(c, p)[0], np.array([0.0, c, 1.0, horizon])
        approximate = (w[..., None] * np.exp(-quadrature.nodes[..., None] * x)).sum(axis=(0, 1))
        np.testing.assert_allclose(approximate, (x + c) ** -p, rtol=1e-8)


@pytest.mark.parametrize("p", [0.6, 1.0, 1.3, 2.5])
def test_weights_have_the_right_derivatives(p: float) -> None:
    quadrature, c, h = Quadrature.for_range(1e4, 1e-3), 0.01, 1e-6
    w, w_c, w_p = quadrature.weights(c, p)
    noise = 1e-15 / h * w.max()  # of a difference
    up, down = quadrature.weights(c + h * c, p)[0], quadrature.weights(c - h * c, p)[0]
    np.testing.assert_allclose(w_c, (up - down) / (2 * h * c), rtol=1e-6, atol=noise / c)
    up, down = quadrature.weights(c, p + h)[0], quadrature.weights(c, p - h)[0]
    np.testing.assert_allclose(w_p, (up - down) / (2 * h), rtol=1e-6, atol=noise)


@pytest.mark.parametrize(
    ("horizon", "c_min"), [(0.0, 0.1), (10.0, 0.0), (np.inf, 0.1), (1, np.nan)]
)
def test_impossible_ranges_are_named(horizon: float, c_min: float) -> None:
    with pytest.raises(InputError, match="must be positive and finite"):
        Quadrature.for_range(horizon, c_min)
