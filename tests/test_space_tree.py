"""The sum by a tree against the plain sum over pairs, and what its parts promise."""

from dataclasses import replace

import numpy as np
import pytest

from catalogs.cores import at_most
from catalogs.sphere import EARTH_RADIUS, positions
from etas.space.pairs import SLOPES, Kernel, Sources, pair_sums
from etas.space.tree import LEAF, NEXT, Tree, tree_sums
from etas.space.vectors import exponentials, logarithms

KERNEL = Kernel(c=0.01, p=1.1, q=1.6, radius=EARTH_RADIUS)
LN_10 = np.log(10.0)


def clustered(n=3_000, *, seed=0, longitude=-116.0, alpha=1.0, d=0.5, gamma=1.0, largest=6.5):
    """Clusters of events about places and times of their own, on scales from 0.1 to 100 km."""
    rng = np.random.default_rng(seed)
    parent = rng.integers(0, n // 30, n)
    times = rng.uniform(0.0, 3_000.0, n // 30)[parent] + 10.0 ** rng.uniform(-3.0, 2.5, n)
    centre = rng.uniform(-0.7, 0.7, (n // 30, 2))[parent]
    offset = rng.normal(size=(n, 2)) * 10.0 ** rng.uniform(-3.0, -0.7, (n, 1))
    order = np.argsort(times)
    places = positions((centre + offset)[order] + [33.0, longitude])
    excess = LN_10 * np.minimum(rng.exponential(1.0 / LN_10, n), largest - 1.0)
    excess[n // 3] = LN_10 * (largest - 1.0)
    gains = np.exp(alpha * excess)
    return Sources(times[order], places, gains, excess * gains, d * np.exp(gamma * excess), excess)


def assert_alike(sources, kernel, *, mean=1e-4, slopes=2e-3, columns=SLOPES):
    """Log rates agree in the mean, and none is far off; their slopes agree in their sums."""
    exact, fast = pair_sums(sources, kernel, 1), tree_sums(sources, kernel, 1)
    error = np.log(fast[:, 0] / exact[:, 0])
    assert abs(error.mean()) < mean
    assert abs(error).max() < 0.05
    for i, name in enumerate(SLOPES, start=1):
        if name in columns:
            here, there = exact[:, i] / exact[:, 0], fast[:, i] / exact[:, 0]
            assert abs((there - here).sum()) <= slopes * abs(here).sum(), name


@pytest.mark.parametrize(
    ("kernel", "made"),
    [
        (KERNEL, {}),
        (Kernel(1e-4, 0.9, 1.3, EARTH_RADIUS), {"alpha": 1.5, "d": 0.01}),
        (Kernel(0.1, 1.5, 3.0, EARTH_RADIUS), {"d": 5.0, "gamma": 0.5}),
        (Kernel(0.01, 1.1, 1.6, EARTH_RADIUS, taper=0.02), {}),
        (KERNEL, {"gamma": 0.0}),
        (KERNEL, {"largest": 8.0}),
        (KERNEL, {"longitude": 179.9}),
    ],
    ids=["usual", "slow", "steep", "tapered", "one width", "one wide", "date line"],
)
def test_it_is_the_sum_over_pairs(kernel, made):
    assert_alike(clustered(**made), kernel)


def test_all_delays_count_alike_without_decay():
    sources = clustered()
    rng = np.random.default_rng(1)
    ones = np.ones(sources.times.size)
    widths = 10.0 ** rng.uniform(-1.0, 2.0, ones.size)
    sources = replace(
        sources, gains=ones, gain_slopes=0.0 * ones, widths=widths, width_slopes=0.0 * ones
    )
    assert_alike(
        sources, Kernel(0.01, 0.0, 1.5, EARTH_RADIUS), columns=("alpha", "log_d", "gamma", "q")
    )


def test_events_at_one_place_and_at_one_time():
    sources = clustered(600)
    times = np.sort(np.where(np.arange(600) < 300, 5.0, sources.times))
    here = replace(sources, times=times, positions=np.repeat(sources.positions[:1], 600, axis=0))
    assert_alike(here, KERNEL)


def test_a_few_events():
    for n in (1, 2, LEAF + 1):
        sources = clustered(60)
        few = Sources(**{name: values[:n] for name, values in vars(sources).items()})
        np.testing.assert_allclose(
            tree_sums(few, KERNEL, 0), pair_sums(few, KERNEL, 0), rtol=1e-3, atol=1e-30
        )


def test_the_first_event_to_sum_at():
    sources = clustered(500)
    np.testing.assert_array_equal(
        tree_sums(sources, KERNEL, 400), tree_sums(sources, KERNEL, 0)[400:]
    )


def test_threads_change_nothing():
    sources = clustered(500)
    both = tree_sums(sources, KERNEL, 0)
    with at_most(1):
        np.testing.assert_array_equal(tree_sums(sources, KERNEL, 0), both)


def test_a_tree_of_other_parameters_serves_as_well():
    sources = clustered()
    tree = Tree.of(sources.positions, 20.0 * sources.widths)
    own, other = tree_sums(sources, KERNEL, 1), tree_sums(sources, KERNEL, 1, tree)
    assert abs(np.log(other[:, 0] / own[:, 0]).mean()) < 1e-4


def test_groups_contain_each_event_once():
    tree = Tree.of(clustered().positions, clustered().widths)
    assert sorted(tree.order) == list(range(3_000))
    k, reached = 0, 0
    while k < len(tree.groups):
        begin, end, following, oldest, newest = tree.groups[k]
        events = tree.order[begin:end]
        assert (oldest, newest) == (events.min(), events.max())
        undivided = following == k + 1
        if undivided:
            assert begin == reached
            assert 0 < end - begin <= LEAF
            reached = end
        k += 1
    assert reached == 3_000
    assert tree.groups[0, NEXT] == len(tree.groups)


def test_logarithms_and_exponentials_of_arrays():
    x = np.exp(np.random.default_rng(0).uniform(-50.0, 50.0, 1_001))
    out = np.empty_like(x)
    logarithms(x.copy(), out)
    np.testing.assert_allclose(out, np.log(x), rtol=1e-11, atol=1e-12)
    x = np.random.default_rng(0).uniform(-690.0, 690.0, 1_001)
    exponentials(x.copy(), out)
    np.testing.assert_allclose(out, np.exp(x), rtol=1e-11)
    exponentials(np.full(3, -1e6), out[:3])
    assert (out[:3] < 1e-300).all()
