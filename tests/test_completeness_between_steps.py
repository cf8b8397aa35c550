"""Completeness between two magnitudes of a grid means the upper one, wherever it is used."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from catalogs import (
    Catalog,
    CatalogInfo,
    EventSequence,
    GutenbergRichter,
    InputError,
    Selection,
    SplitDates,
)
from catalogs.areas import parse_area
from catalogs.completeness import b_by_completeness
from catalogs.importing import import_table
from catalogs.rounded_magnitudes import lowest_on_grid, lowest_recorded
from etas.completeness import CompletenessHistory, law_above
from recast.forecast.aftershocks import Exam
from recast.forecast.mainshocks import Mainshock
from recast.live.issue import known_catalog
from recast.models.etas_report import history_of

BETWEEN = (0.001, 0.1, 0.5, 0.9, 0.999)
"""How far below the lowest magnitude completeness lies, in steps."""


def on_steps(step: float, n: int = 4000, seed: int = 0) -> np.ndarray:
    """Magnitudes from 2 on with b = 1."""
    x = np.random.default_rng(seed).exponential(1.0 / np.log(10.0), n)
    return np.round(2.0 + step * np.floor(x / step), 6)


def catalog(
    magnitudes: np.ndarray, completeness: float, step: float, strict: bool = False
) -> Catalog:
    start = pd.Timestamp("2020-01-01", tz="UTC")
    times = start + pd.to_timedelta(np.arange(1, magnitudes.size + 1), unit="h")
    info = CatalogInfo(
        "steps",
        "2020-01-01",
        "2020-07-01",
        SplitDates("2020-01-01", "2020-03-01", "2020-05-01", "2020-07-01"),
        completeness,
        completeness_is_strict=strict,
        magnitude_bin=step,
    )
    return Catalog(pd.DataFrame({"time": times.as_unit("ns"), "magnitude": magnitudes}), info)


def table_of(made: Catalog) -> pd.DataFrame:
    return made.events.assign(latitude=0.0, longitude=0.0, depth_km=0.0, event_id="")


@pytest.mark.parametrize("step", [0.5, 0.25, 0.2, 0.1, 0.01])
@pytest.mark.parametrize("strict", [False, True])
def test_b_is_that_of_the_lowest_magnitude(step: float, strict: bool) -> None:
    m = on_steps(step)
    there = GutenbergRichter.fit(m, 2.0, bin_width=step)
    # As Bender (1983) has it
    assert there.b == np.log1p(step / (m.mean() - 2.0)) / step / np.log(10.0)
    for share in BETWEEN:
        law = GutenbergRichter.fit(m, 2.0 - share * step, bin_width=step, strict=strict)
        assert law.b == pytest.approx(there.b, abs=1e-12)
        assert law == there
    with_one_below = np.append(m, 2.0 - 0.3 * step)  # which keeps no step
    law = GutenbergRichter.fit(with_one_below, 2.0 - 0.5 * step, bin_width=step, strict=strict)
    assert law == there


def test_steps_that_were_converted_and_rounded() -> None:
    tenths = on_steps(0.1) - 1.0
    m = np.round(0.85 * tenths + 1.0, 2)  # 1.85, 1.94, 2.02 ...
    for completeness, lowest in ((1.85, 1.85), (1.8, 1.85), (1.86, 1.94), (1.93, 1.94)):
        above = m[m >= completeness]
        assert lowest_on_grid(above, completeness, 0.085) == lowest
        law = GutenbergRichter.fit(above, completeness, bin_width=0.085)
        assert law == GutenbergRichter.fit(above, lowest, bin_width=0.085)
    quarters = np.round(on_steps(0.25) + 1e-9, 1)  # 2.0, 2.3, 2.5, 2.8 ...
    for completeness, lowest in ((2.0, 2.0), (1.9, 2.0), (2.3, 2.3), (2.05, 2.3), (2.35, 2.5)):
        assert lowest_on_grid(quarters, completeness, 0.25) == lowest


def test_continuous_magnitudes_know_no_steps() -> None:
    whole = 1.5 + np.random.default_rng(0).exponential(0.4, 3000)
    for completeness in (2.0, 1.95, 1.9987):
        m = whole[whole >= completeness]
        for step in (0.0, 0.01, 0.1):  # also where a step is claimed
            assert lowest_on_grid(m, completeness, step) == completeness
            assert catalog(whole, completeness, step).info.magnitude_completeness == completeness
        law = GutenbergRichter.fit(m, completeness, bin_width=0.0)
        assert law.beta == pytest.approx(1.0 / (m.mean() - completeness), rel=1e-13)


@pytest.mark.parametrize("step", [0.1, 0.01])
@pytest.mark.parametrize("strict", [False, True])
def test_a_table_that_was_cut_above_completeness(step: float, strict: bool) -> None:
    """1.95 is a magnitude of hundredths, but none of this table."""
    m = on_steps(step)
    there = GutenbergRichter.fit(m, 2.0, bin_width=step)
    here = GutenbergRichter.fit(m, 1.95, bin_width=step, strict=strict)
    assert here.b == pytest.approx(there.b, abs=1e-12)
    whole = catalog(m, 2.0, step)
    assert whole.select(magnitude_completeness=1.95).magnitude_law() == whole.magnitude_law()
    made = import_table(table_of(whole), "made", completeness=1.95, strict=strict)
    assert (made.info.magnitude_completeness, made.info.completeness_is_strict) == (2.0, False)
    assert "completeness 1.95 lies b" in made.info.note
    assert "2 is the lowest complete magnitude" in made.info.note
    # Continuous magnitudes begin a little above completeness by chance
    x = 2.0 + np.random.default_rng(0).exponential(0.4, 1000)
    assert x.min() > 2.0
    assert lowest_recorded(x, 2.0) == 2.0
    assert lowest_recorded(x, 1.95) == x.min()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("number", [np.inf, -np.inf, 1e308, -1e308, 1e-320])
def test_impossible_numbers_lie_on_no_grid(number: float) -> None:
    m = np.append(on_steps(0.1), number)
    assert lowest_on_grid(m, 1.95, 0.1) == 2.0
    assert lowest_on_grid(m, number, 0.1) == number
    assert lowest_on_grid(m, 1.95, abs(number)) == 1.95
    assert catalog(m, 1.95, 0.1).info.on_grid(number) in {number, 0.1}
    assert replace(catalog(m, 2.0, 0.1).info, magnitude_bin=1e-320).on_grid(3.0) == 3.0


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_completeness_on_the_grid_stays_as_it_is(dtype: type) -> None:
    for step in (0.5, 0.25, 0.2, 0.1, 0.01):
        m = on_steps(step).astype(dtype)
        for completeness in (2.0, 2.0 + step, round(2.0 + 3 * step, 6), 2.0 - 2 * step):
            assert lowest_on_grid(m, completeness, step) == completeness


def test_the_record_of_a_real_catalog_stays_as_it_is(
    real_catalog: Callable[[str], Catalog],
) -> None:
    for name in ("scedc", "china", "white", "ncss"):
        there = real_catalog(name)
        info = there.info
        m = there.events["magnitude"].to_numpy(np.float64)
        lowest = lowest_on_grid(m, info.magnitude_completeness, info.magnitude_bin)
        assert lowest == info.magnitude_completeness


@pytest.mark.parametrize("step", [0.1, 0.01])
@pytest.mark.parametrize("strict", [False, True])
def test_a_catalog_begins_at_the_lowest_magnitude(step: float, strict: bool) -> None:
    m = np.append(on_steps(step), 2.0 - 0.3 * step)  # the last keeps no step
    there, here = catalog(m, 2.0, step), catalog(m, 2.0 - 0.5 * step, step, strict)
    assert here.info == there.info
    assert here.magnitude_law() == there.magnitude_law()
    np.testing.assert_array_equal(here.to_sequence().magnitudes, there.to_sequence().magnitudes)
    whole = catalog(m, 2.0 - 2 * step, step)
    for cut in (
        whole.select(magnitude_completeness=2.0 - 0.4 * step),
        Selection(magnitude_completeness=2.0 - 0.4 * step).of(whole),
        Selection(magnitude_completeness=2.0 - 0.4 * step).of(here),  # in its own bin
    ):
        assert cut.info.magnitude_completeness == 2.0
    with pytest.raises(InputError, match="is below that of catalog"):
        Selection(magnitude_completeness=2.0 - 1.4 * step).of(here)


def test_a_table_is_imported_from_the_lowest_magnitude() -> None:
    table = table_of(catalog(on_steps(0.01), 2.0, 0.01))
    made = import_table(table, "made", completeness=1.995, strict=True)
    assert (made.info.magnitude_completeness, made.info.completeness_is_strict) == (2.0, False)
    assert "completeness 1.995 lies between steps of 0.01: 2 is" in made.info.note


def test_b_above_each_candidate() -> None:
    values, errors = b_by_completeness(on_steps(0.1), [1.95, 2.0, 2.05, 2.1], bin_width=0.1)
    np.testing.assert_allclose(values[::2], values[1::2], rtol=1e-12)
    np.testing.assert_allclose(errors[::2], errors[1::2], rtol=1e-12)


def test_completeness_in_time_between_steps() -> None:
    m = on_steps(0.1, seed=1)
    events = EventSequence(np.arange(1.0, m.size + 1.0), m, 0.0, m.size + 2.0)
    law = GutenbergRichter(2.0)

    def b(level: float) -> float:
        history = CompletenessHistory([0.0], [level], 2.0)
        return law_above(events, history, law, bin_width=0.1, strict=False).b

    assert b(2.45) == pytest.approx(b(2.5), abs=1e-12)
    above = m[m > 2.45]
    assert b(2.45) == pytest.approx(GutenbergRichter.fit(above, 2.5, bin_width=0.1).b, abs=1e-12)
    given = CompletenessHistory([0.0, 9.0], [2.45, 1.95], 1.95)
    used = history_of(catalog(m, 1.95, 0.1), "all", given)
    assert used is not None
    np.testing.assert_allclose(used.at([5.0, 10.0]), [2.5, 2.0], atol=1e-12)
    assert used.base == 2.0
    unchanged = given.on_grid(1.95, 0.0)  # continuous
    np.testing.assert_array_equal(unchanged.levels, given.levels)


def test_thresholds_of_forecasts_are_magnitudes_that_occur() -> None:
    m = on_steps(0.1)
    info = catalog(m, 1.95, 0.1).info
    assert [info.on_grid(x) for x in (1.95, 2.0, 2.95, 3.01, 7.0)] == [2.0, 2.0, 3.0, 3.1, 7.0]
    assert replace(info, magnitude_bin=0.0).on_grid(2.95) == 2.95
    shock = Mainshock(5, 100.0, 6.0, 50)
    for exam in (Exam(), Exam(magnitudes=(1.95, 2.95, 3.95))):
        assert exam.request(info, shock, 1.0).magnitudes == (2.0, 3.0, 4.0)


def test_a_service_forecasts_from_the_lowest_magnitude() -> None:
    m = np.append(on_steps(0.1, n=400), 1.97)  # one of another agency
    events = table_of(catalog(m, 2.0, 0.1)).assign(latitude=35.0, longitude=-117.0)
    at = pd.Timestamp("2020-02-01", tz="UTC")
    known = known_catalog(events, parse_area("34/36/-118/-116"), at, "2020-01-01", 1.95)
    assert (known.info.magnitude_bin, known.info.magnitude_completeness) == (0.1, 2.0)
