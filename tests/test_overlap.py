"""Shared earthquakes: the estimate beyond chance, and test windows that others were trained on."""

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from catalogs import Catalog, CatalogInfo, InputError, SplitDates
from catalogs.areas import Box
from catalogs.checks.overlap import check_no_leak, shared_fraction

EARLY = SplitDates("2020-01-01", "2020-03-01", "2020-04-01", "2020-05-01")
LATE = SplitDates("2020-04-01", "2020-08-01", "2020-09-01", "2020-10-01")
"""History from January on, which is trained on as well: the test window of EARLY is seen."""

YEAR = ("2020-01-01", "2020-12-31")

CALIFORNIAN = ("scedc", "scedc_located", "white", "qtm_salton_sea", "qtm_san_jacinto")
REAL = (*CALIFORNIAN, "horus_italy", "taupo")


def dated(seconds: Any, name: str, splits: SplitDates = EARLY, magnitude: float = 3.0) -> Catalog:
    """Events so many seconds after 2020 began, in no order."""
    time = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(seconds, unit="s")
    info = CatalogInfo(name, "2020-01-01", "2020-12-31", splits, 2.0)
    return Catalog(pd.DataFrame({"time": time, "magnitude": magnitude}), info)


def moments(n: int, seed: int) -> NDArray[np.float64]:
    """So many seconds of the first 300 days, at random."""
    return np.random.default_rng(seed).uniform(0.0, 300 * 86_400.0, n)


def pair(shared: int, of: int, jitter: float = 1.0) -> tuple[Catalog, Catalog]:
    """Two catalogs with ``shared`` of their ``of`` events in common, to within ``jitter`` s."""
    common = moments(shared, 1)
    moved = common + np.random.default_rng(2).uniform(-jitter, jitter, shared)
    return (
        dated(np.concatenate([common, moments(of - shared, 3)]), "one"),
        dated(np.concatenate([moved, moments(of - shared, 4)]), "other", LATE, magnitude=2.5),
    )


@pytest.mark.parametrize("shared", [0, 3_000, 30_000, 100_000])
def test_what_is_shared_is_found_beyond_chance(shared: int) -> None:
    one, other = pair(shared, 100_000)
    # By chance 1 - exp(-4 s * 100,000 / 300 days) = 1.5 % match; six standard deviations of that
    tolerance = 6.0 * np.sqrt(0.015 / 100_000)
    assert shared_fraction(one, other, YEAR) == pytest.approx(shared / 100_000, abs=tolerance)
    assert shared_fraction(other, one, YEAR) == pytest.approx(shared / 100_000, abs=tolerance)


def test_the_fraction_is_that_of_the_smaller_catalog() -> None:
    whole = dated(moments(10_000, 1), "whole")
    part = dated(moments(10_000, 1)[:500], "part")
    assert shared_fraction(whole, part, YEAR) == 1.0
    assert shared_fraction(part, whole, YEAR) == 1.0


def test_times_match_within_two_seconds_whatever_the_magnitude() -> None:
    times = np.arange(100) * 86_400.0
    for shift, expected in ((1.99, 1.0), (2.01, 0.0), (-1.99, 1.0), (-2.01, 0.0)):
        other = dated(times + 3600.0 + shift, "other", magnitude=5.0)
        assert shared_fraction(dated(times + 3600.0, "one"), other, YEAR) == expected


def test_dense_aftershock_sequences_of_two_places_share_nothing() -> None:
    # Ten hours a month with an event every 20 s: mean rates would expect an 80th of the matches
    rng = np.random.default_rng(5)
    bursts = np.repeat(np.arange(8) * 30 * 86_400.0, 1_800)
    one, other = (dated(bursts + rng.uniform(3600, 39_600, bursts.size), x) for x in ("a", "b"))
    # By chance 1 - exp(-4 s / 20 s) = 18 % match; six standard deviations of that
    tolerance = 6.0 * np.sqrt(0.18 * 0.82 / 14_400) / 0.82
    assert shared_fraction(one, other, YEAR) == pytest.approx(0.0, abs=tolerance)


def test_only_complete_events_of_the_window_count() -> None:
    times = np.arange(60) * 86_400.0 + 3600.0
    one = dated(times, "one")
    late = dated(times[30:], "late")
    assert shared_fraction(one, late, ("2020-01-01", "2020-01-31")) == 0.0
    assert shared_fraction(one, late, ("2020-01-31", "2020-03-01")) == 1.0
    assert shared_fraction(one, late.select(magnitude_completeness=4.0), YEAR) == 0.0
    with pytest.raises(InputError, match=r"window \[2020-03-01, 2020-01-01\) is empty"):
        shared_fraction(one, late, ("2020-03-01", "2020-01-01"))
    with pytest.raises(InputError, match="'soon' is not a date"):
        shared_fraction(one, late, ("soon", "2020-01-01"))


def test_a_test_window_that_another_was_trained_on_is_refused() -> None:
    one, other = pair(2_000, 10_000)
    message = (
        r"catalogs 'one' and 'other' share 2\d\.\d % of their events from 2020-04-01 to 2020-05-01"
    )
    for catalogs in ([one, other], [other, one]):
        with pytest.raises(InputError, match=message) as caught:
            check_no_leak(catalogs)
        assert "\n" not in str(caught.value)


def test_history_before_the_train_window_counts_as_trained_on() -> None:
    one, other = pair(2_000, 10_000)  # ``other`` is scored from April on only
    march = SplitDates("2020-01-01", "2020-02-01", "2020-03-01", "2020-04-01")
    tested = Catalog(one.events, replace(one.info, splits=march))
    with pytest.raises(InputError, match="from 2020-03-01 to 2020-04-01"):
        check_no_leak([tested, other])
    check_no_leak([tested, other.select(start="2020-04-01")])


def test_catalogs_of_two_places_and_those_tested_in_step_pass() -> None:
    check_no_leak(pair(0, 10_000))
    one, other = pair(2_000, 10_000)
    with pytest.raises(InputError):
        check_no_leak([one, other])
    check_no_leak([one, Catalog(other.events, replace(other.info, splits=EARLY))])
    check_no_leak([one])
    check_no_leak([])


def test_a_few_per_cent_that_are_shared_are_a_leak() -> None:
    one, other = pair(300, 10_000)
    for catalogs in ([one, other], [other, one]):
        with pytest.raises(InputError, match=r"'one' and 'other' share [23]\.\d % of their events"):
            check_no_leak(catalogs)


def test_a_few_matches_by_chance_are_no_leak() -> None:
    tested, trained = moments(400, 1), moments(400, 2)
    trained[:2] = tested[(tested > 91 * 86_400) & (tested < 121 * 86_400)][:2]
    one, other = dated(tested, "one"), dated(trained, "other", LATE)
    assert shared_fraction(one, other, ("2020-04-01", "2020-05-01")) > 0.03
    check_no_leak([one, other])


def test_a_catalog_given_twice_is_refused() -> None:
    one = dated(moments(1_000, 1), "one")
    again = Catalog(one.events.sample(frac=1.0, random_state=1), replace(one.info, name="again"))
    with pytest.raises(InputError, match="'one' and 'again' hold the same events: leave one out"):
        check_no_leak([one, again])
    synthetic = days("synthetic")
    with pytest.raises(InputError, match="hold the same events"):
        check_no_leak([synthetic, days("again")])


def days(name: str, splits: tuple[float, ...] = (0.0, 30.0, 40.0, 50.0)) -> Catalog:
    """A hundred events in plain days."""
    info = CatalogInfo(name, 0.0, 100.0, SplitDates(*splits), 2.0, time_unit="days since start")
    return Catalog(pd.DataFrame({"time": np.arange(100) + 0.5, "magnitude": 3.0}), info)


def test_plain_days_share_nothing() -> None:
    one, synthetic = dated(np.arange(100) * 86_400.0, "one"), days("synthetic")
    assert shared_fraction(one, synthetic, YEAR) == 0.0
    assert shared_fraction(synthetic, synthetic, YEAR) == 0.0
    check_no_leak([one, synthetic])


def moved(catalog: Catalog, **dates: str) -> Catalog:
    """The same with other dates of its splits."""
    splits = replace(catalog.info.splits, **dates)
    return Catalog(catalog.events, replace(catalog.info, splits=splits))


def test_real_catalogs_of_one_region_share_events_and_others_do_not(
    real_catalog: Callable[[str], Catalog],
) -> None:
    decade = ("2008-01-01", "2018-01-01")
    get = real_catalog
    # One network's list with and without blasts; and QTM and White et al. both reach down to M1
    # and below on the San Jacinto fault
    assert shared_fraction(get("scedc"), get("scedc_located"), decade) > 0.9
    assert shared_fraction(get("white"), get("qtm_san_jacinto"), decade) > 0.8
    for other in CALIFORNIAN:
        for far in ("horus_italy", "taupo"):
            assert shared_fraction(get(other), get(far), decade) < 0.005
    # Boxes that do not touch
    assert shared_fraction(get("qtm_salton_sea"), get("qtm_san_jacinto"), decade) < 0.005


def test_real_catalogs_may_be_pooled(real_catalog: Callable[[str], Catalog]) -> None:
    catalogs = [real_catalog(name) for name in REAL]
    began = perf_counter()
    check_no_leak([*catalogs, real_catalog("etas_single")])
    assert perf_counter() - began < 5.0


@pytest.mark.parametrize(
    ("name", "dates", "message"),
    [
        (
            "scedc",
            {"val_start": "2016-01-01", "test_start": "2018-01-01"},
            "'scedc_located' and 'scedc' share 9.* from 2014-01-01 to 2016-01-01",
        ),
        (
            "white",
            {"val_start": "2012-01-01", "test_start": "2013-01-01"},
            "'white' and 'qtm_s.* from 2013-01-01 to 2014-01-01",
        ),
    ],
)
def test_a_moved_split_of_a_real_catalog_is_caught(
    real_catalog: Callable[[str], Catalog], name: str, dates: dict[str, str], message: str
) -> None:
    catalogs = [real_catalog(other) for other in REAL if other != name]
    with pytest.raises(InputError, match=message):
        check_no_leak([moved(real_catalog(name), **dates), *catalogs])


def test_northern_california_is_tested_while_its_south_is_trained_on_elsewhere(
    real_catalog: Callable[[str], Catalog],
) -> None:
    # Both networks list the events around 36 N, the Ridgecrest sequence of 1995 among them
    whole, south = real_catalog("ncss"), real_catalog("scedc")
    with pytest.raises(InputError, match="'ncss' and 'scedc' share .* 1995-01-01 to 1997-01-01"):
        check_no_leak([south, whole])
    check_no_leak([south, whole.within(Box(37.0, 43.0, -127.0, -115.0))])
