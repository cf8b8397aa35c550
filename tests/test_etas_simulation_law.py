"""Simulated catalogs: counts, Omori decay, b-value, and independence of how they are drawn."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import kstest

from catalogs import Catalog, EventSequence, GutenbergRichter, InputError
from catalogs.magnitudes import b_standard_error
from etas.fit import fit_etas
from etas.kernel import omori_integral
from etas.model import ETAS, check_subcritical
from etas.presets import PRESETS, preset
from etas.simulation import CHUNK

LAW = GutenbergRichter(2.0, 1.0, 7.0)
MODEL = ETAS(0.4, 0.03, 0.6, 0.02, 1.2, LAW)
EMPTY = EventSequence.nothing()


def test_a_trajectory_is_the_same_for_any_number_of_others_and_of_workers() -> None:
    history = EventSequence([1.0, 1.5], [5.5, 4.0], 0.0, 2.0)

    def drawn(n: int, workers: int) -> list[EventSequence]:
        return MODEL.simulate(history, 20.0, n, seed=9, threads=workers).sequences()

    many = drawn(3 * CHUNK + 7, 2)
    for n, workers in ((3 * CHUNK + 7, 1), (1, 1), (CHUNK + 1, 2), (CHUNK - 1, 3)):
        for a, b in zip(drawn(n, workers), many, strict=False):
            np.testing.assert_array_equal(a.times, b.times)
            np.testing.assert_array_equal(a.magnitudes, b.magnitudes)


def test_chunks_have_streams_of_their_own() -> None:
    sequences = MODEL.simulate(EMPTY, 20.0, 2 * CHUNK, seed=1).sequences()
    first = {s.times[0] for s in sequences if len(s)}
    assert len(first) == sum(len(s) > 0 for s in sequences)


def test_mean_count_follows_the_renewal_equation() -> None:
    # M(t) = mu t + integral_0^t n'(s) M(t - s) ds by generations, n' the density of offspring
    days, n = 50.0, 4000
    counts = MODEL.simulate(EMPTY, days, n, seed=2).counts
    grid = np.concatenate([[0.0], np.geomspace(1e-4, days, 600)])
    gain = MODEL.k * LAW.mean_productivity(MODEL.alpha)
    offspring = gain * np.diff(omori_integral(0.0, grid, MODEL.c, MODEL.p))
    middle = 0.5 * (grid[1:] + grid[:-1])
    mean = MODEL.mu * grid
    for _ in range(60):  # generations, each a factor of the branching ratio smaller
        mean = MODEL.mu * grid + np.array(
            [offspring @ np.interp(np.clip(t - middle, 0.0, None), grid, mean) for t in grid]
        )
    error = 3.0 * counts.std() / np.sqrt(n)
    # 0.3 %: the grid of the renewal equation
    assert counts.mean() == pytest.approx(mean[-1], abs=error + 0.003 * mean[-1])


def test_direct_offspring_decay_by_omori_and_utsu() -> None:
    # Offspring so few that grandchildren are rare (0.3 %): delays are those of the law
    lonely = ETAS(0.0, 0.02, 0.0, 0.02, 1.2, LAW)
    history = EventSequence([1.0], [2.0], 0.0, 1.0 + 1e-9)
    done = lonely.simulate(history, 30.0, 60_000, seed=3)
    first = done.times[np.concatenate([[True], np.diff(done.trajectory) != 0])] - 1.0
    total = float(omori_integral(0.0, 30.0, 0.02, 1.2))
    assert first.size > 3000

    def law(x: np.ndarray) -> np.ndarray:
        # The first of a Poisson number of delays
        some = -np.expm1(-0.02 * total)
        return -np.expm1(-0.02 * omori_integral(0.0, x, 0.02, 1.2)) / some

    assert kstest(first, law).pvalue > 0.003


def test_the_b_value_is_that_of_the_law() -> None:
    m = MODEL.simulate(EMPTY, 3000.0, 20, seed=4).magnitudes
    b = GutenbergRichter.fit(m, 2.0, bin_width=0.0).b
    # Truncation five units up lowers the mean by 5 e^{-5 ln 10}, far below the error
    assert b == pytest.approx(1.0, abs=3.0 * b_standard_error(m, b))
    assert m.max() <= 7.0


def test_capped_trajectories_are_kept_and_named() -> None:
    free = MODEL.simulate(EMPTY, 500.0, 50, seed=5)
    cap = int(np.median(free.counts))
    done = MODEL.simulate(EMPTY, 500.0, 50, seed=5, max_events=cap)
    assert free.capped.size == 0
    assert done.n == 50
    assert 0 < done.capped.size < 50
    assert np.all(done.counts[done.capped] > cap)
    assert np.all(np.delete(done.counts, done.capped) <= cap)


def test_supercritical_sets_simulate_only_when_asked_to() -> None:
    explosive = ETAS(0.1, 0.2, 0.9, 0.02, 1.0, LAW)
    ratio = explosive.branching_ratio(10.0)
    assert ratio > 1.0
    with pytest.raises(InputError, match=f"branching ratio {ratio:.3f} over 10 days"):
        explosive.sample(EMPTY, 10.0, 1, seed=0)
    done = explosive.simulate(
        EMPTY,
        10.0,
        20,
        seed=0,
        max_events=5000,
        allow_supercritical=True,
    )
    assert done.capped.size > 0
    with pytest.raises(InputError, match="each event triggers one or more"):
        check_subcritical(1.0, 10.0)
    check_subcritical(np.nextafter(1.0, 0.0), 10.0)
    # The same parameters over a horizon too short to explode need no permission
    assert explosive.branching_ratio(0.01) < 1.0
    explosive.sample(EMPTY, 0.01, 1, seed=0)


def test_presets_are_those_of_the_paper() -> None:
    many, single = preset("recast_many"), preset("recast_single")
    assert (many.catalogs, many.days) == (1000, 10_000.0)
    assert (single.catalogs, single.days) == (1, 3_000_000.0)
    assert many.model.parameters.tolist() == [0.02, 0.0073, 1.0, 0.1, 1.08]
    assert single.model.parameters.tolist() == [0.02, 0.005, 0.8, 0.1, 1.08]
    for chosen in PRESETS.values():
        assert chosen.model.branching_ratio(chosen.days) < 1.0
    with pytest.raises(InputError, match="choose one of recast_many"):
        preset("paper")


def test_the_long_preset_resembles_the_published_catalog(
    real_catalog: Callable[[str], Catalog],
) -> None:
    published = real_catalog("etas_single")
    drawn = preset("recast_single").draw(seed=6)
    # Clusters of mean size 1 / (1 - n) inflate the Poisson scatter by that factor
    ratio = preset("recast_single").model.branching_ratio(3e6)
    scatter = np.sqrt(2.0 * drawn.times.size) / (1.0 - ratio)
    assert drawn.times.size == pytest.approx(len(published.events), abs=4.0 * scatter)


def test_observed_counts_of_southern_california_lie_in_their_intervals(
    real_catalog: Callable[[str], Catalog],
) -> None:
    catalog = real_catalog("scedc")
    split, events = catalog.split(), catalog.to_sequence()
    model = fit_etas(split.train, catalog.magnitude_law()).model
    inside = 0
    for i in range(155):
        start = split.test.score_from + 14.0 * i
        counts = model.simulate(events.before(start), 14.0, 1000, seed=[5, i]).counts
        low, high = np.quantile(counts, [0.025, 0.975])
        inside += bool(low <= len(events.between(start, start + 14.0)) <= high)
    assert inside / 155 >= 0.80
