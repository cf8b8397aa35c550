"""b-values that differ between simulated catalogs."""

import numpy as np
import pytest

from catalogs import Trajectories
from catalogs.bent_magnitudes import BentGutenbergRichter
from recast.forecast.varied import B_SPREAD, varied

LAW = BentGutenbergRichter(2.0, 0.8, 8.0, bend=3.0, b_above=1.1)


def drawn(n: int, size: int) -> Trajectories:
    """So many catalogs of so many events, with magnitudes by the law."""
    rng = np.random.default_rng(1)
    magnitudes = LAW.inverse_cdf(rng.random(n * size))
    who, none = np.repeat(np.arange(n), size), np.empty(0, dtype=np.int64)
    return Trajectories(who, rng.random(n * size), magnitudes, n, 0.0, 1.0, none)


@pytest.mark.parametrize("spread", [B_SPREAD, 0.2])
def test_all_catalogs_together_keep_the_law(spread: float) -> None:
    one_each = drawn(400_000, 1)
    magnitudes = varied(one_each, LAW, 2.0, np.random.default_rng(2), spread)
    assert magnitudes.min() >= LAW.completeness
    assert magnitudes.max() <= LAW.maximum
    for least in (2.3, 3.0, 3.5, 4.5):
        share = float(LAW.share_above(least))
        error = np.sqrt(share / one_each.n)
        assert abs((magnitudes >= least).mean() - share) < 4.0 * error


def test_numbers_of_large_events_vary_as_b_does() -> None:
    """By spread b ln 10 (m - Mc) up to the bend, as much above it: a standard deviation of ln S."""
    n, size = 400, 5_000
    magnitudes = varied(drawn(n, size), LAW, 2.0, np.random.default_rng(2)).reshape(n, size)
    for least, units in ((2.5, 0.5), (3.0, 1.0), (4.0, 1.0)):
        share = (magnitudes >= least).mean(axis=1)
        noise = 1.0 / (size * share.mean())
        found = np.sqrt(np.log(share).var() - noise)
        assert found == pytest.approx(B_SPREAD * 0.8 * np.log(10.0) * units, rel=0.15)


def test_above_the_bend_catalogs_share_a_law() -> None:
    """So that all large events tell how many larger ones there are (``recast.forecast.rare``)."""
    n, size = 400, 5_000
    magnitudes = varied(drawn(n, size), LAW, 2.0, np.random.default_rng(2)).reshape(n, size)
    large = (magnitudes >= 3.0).sum(axis=1)
    share = (magnitudes >= 3.5).sum(axis=1) / large
    expected = float(LAW.share_above(3.5)) / LAW.share_of_large
    assert share.mean() == pytest.approx(expected, rel=0.01)
    assert share.var() == pytest.approx((expected * (1.0 - expected) / large).mean(), rel=0.25)


def test_events_below_what_networks_record_stay_as_they_are() -> None:
    """And as many lie above it, since those were not drawn that would come up."""
    some = drawn(2_000, 50)
    magnitudes = varied(some, LAW, 2.5, np.random.default_rng(3))
    small = some.magnitudes < 2.5
    np.testing.assert_array_equal(magnitudes[small], some.magnitudes[small])
    assert magnitudes[~small].min() >= 2.5
    assert not np.allclose(magnitudes[~small], some.magnitudes[~small])
    beyond = varied(some, LAW, 3.2, np.random.default_rng(3))
    np.testing.assert_allclose(beyond, some.magnitudes, rtol=1e-9)


def test_ranks_are_kept_within_a_catalog() -> None:
    one = drawn(1, 1_000)
    magnitudes = varied(one, LAW, 2.0, np.random.default_rng(3))
    assert (np.argsort(magnitudes) == np.argsort(one.magnitudes)).all()
