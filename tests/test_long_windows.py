"""Windows longer than a month after a mainshock: its sequence, and then ordinary times."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from catalogs import Catalog, EventSequence, GutenbergRichter, Trajectories
from etas import ETAS
from etas.synthetic import synthetic_catalog
from recast import run_forecast
from recast.forecast.months import LongWindow, first_month, followed
from recast.forecast.ordinary import OrdinaryCorrection
from recast.forecast.prepare import later_windows
from recast.forecast.single import Request, windows_of
from recast.models.so_far import fit_so_far

LAW = GutenbergRichter(2.0, 1.0, 7.5)
TRUTH = ETAS(1.0, 0.02, 0.8, 0.01, 1.1, LAW)
DAYS = (7.0, 30.0, 60.0, 365.0)


@dataclass
class Part:
    """A window whose draws are known."""

    drawn: Trajectories
    max_events: int = 10_000

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        del block, n, seed
        return self.drawn


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """A day after an M 6 with sixty aftershocks, in a region of one event a day."""
    after = 400.0 + 10.0 ** np.linspace(-2.0, 0.0, 60)
    times = np.concatenate([np.arange(0.5, 400.0, 1.0), [400.0], after])
    events = EventSequence(times, np.where(times == 400.0, 6.0, 2.5), 0.0, 401.5)
    return synthetic_catalog(events, TRUTH, "after", start="2023-01-01")


def test_the_first_month_is_that_of_the_forecast_for_a_month(catalog: Catalog) -> None:
    history = catalog.to_sequence()
    request = Request(401.5, DAYS, (2.0,), 200)
    near = first_month(request)
    assert near.days == (7.0, 30.0)
    windows = windows_of(history, [TRUTH], near)

    def ordinary(long: Request) -> tuple:  # type: ignore[type-arg]
        return later_windows(history, [TRUTH], long, None)

    whole = followed(windows, request, ordinary)
    assert [window.days for window in whole] == list(DAYS)
    assert [isinstance(window, LongWindow) for window in whole] == [False, False, True, True]
    month, year = whole[1].draw(0, 200, 3), whole[3].draw(0, 200, 3)
    early = year.times < 431.5
    np.testing.assert_array_equal(np.sort(year.times[early]), np.sort(month.times))
    assert (year.start, year.end) == (401.5, 766.5)
    # What comes later has the rate of ordinary times, and their spread
    alone = ordinary(replace(request, days=(365.0,)))[0]
    assert isinstance(alone.correction, OrdinaryCorrection)
    rest = alone.draw(0, 200, 3)
    assert (year.times >= 431.5).sum() == (rest.times >= 431.5).sum()
    assert whole[3].max_events == max(whole[1].max_events, alone.max_events)
    assert followed(windows, near, ordinary) is windows
    # Cut off where the month is, if that is later
    later = [windows[0], replace(windows[1], max_events=70_000)]
    assert [one.max_events for one in followed(later, request, ordinary)[2:]] == [70_000, 70_000]


def test_a_long_window_that_either_part_cuts_off_is_cut_off() -> None:
    def part(numbers: list[int], end: float, capped: list[int]) -> Part:
        who = np.repeat(np.arange(4), numbers)
        times = 10.0 + end * (np.arange(who.size) + 0.5) / who.size
        magnitudes = np.full(who.size, 3.0)
        return Part(
            Trajectories(who, times, magnitudes, 4, 10.0, 10.0 + end, np.array(capped, np.int64))
        )

    month, year = part([5, 0, 9, 1], 30.0, [2]), part([40, 40, 40, 40], 300.0, [1])
    drawn = LongWindow(month, year).draw(0, 4, 0)  # type: ignore[arg-type]
    after = np.bincount(year.drawn.trajectory[year.drawn.times >= 40.0], minlength=4)
    both = after + month.drawn.counts
    np.testing.assert_array_equal(drawn.counts, both)
    assert (drawn.start, drawn.end, drawn.capped.tolist()) == (10.0, 310.0, [1, 2])
    year.max_events = 40
    short = LongWindow(month, year).draw(0, 4, 0)  # type: ignore[arg-type]
    np.testing.assert_array_equal(short.counts, np.minimum(both, 40))
    assert both.tolist() == [29, 40, 49, 41]
    assert short.capped.tolist() == [1, 2, 3]


def test_a_year_after_a_mainshock_is_a_month_of_it_and_the_rest_of_one(catalog: Catalog) -> None:
    model = replace(fit_so_far(catalog, 401.5), process=TRUTH)
    done = run_forecast(catalog, model, days=DAYS, samples=400)
    n = {row.days: row.median for row in done.table if row.magnitude == 2.0}
    a_day = 1.0 / (1.0 - TRUTH.branching_ratio(30.0))  # of a stationary process
    assert 0.3 * 335 * a_day < n[365.0] - n[30.0] < 1.5 * 335 * a_day
    assert n[7.0] < n[30.0] < n[60.0] < n[365.0]
    assert "after 30 days numbers are those of ordinary times" in str(done)
    short = run_forecast(catalog, model, days=[7.0, 30.0], samples=400)
    assert "after 30 days" not in str(short)
    assert short.table == [row for row in done.table if row.days <= 30.0]


def test_a_year_is_cut_off_where_it_is_asked_for(catalog: Catalog) -> None:
    model = replace(fit_so_far(catalog, 401.5), process=TRUTH)
    done = run_forecast(catalog, model, days=[365.0], samples=50, max_events=80)
    assert done.capped == 50
    assert done.max_events == 80
    assert max(row.median for row in done.table) <= 80
    free = run_forecast(catalog, model, days=[365.0], samples=50)
    assert free.table[0].median > 80


@pytest.mark.parametrize("ratio", [1.05, 0.97])
def test_a_model_that_would_run_away_is_lowered_for_the_rest(
    ratio: float, catalog: Catalog
) -> None:
    hot = replace(TRUTH, k=ratio * TRUTH.k / TRUTH.branching_ratio(365.0))
    history = catalog.to_sequence()
    (window,) = later_windows(history, [hot], Request(401.5, (365.0,), (2.0,)), None)
    assert window.processes[0].branching_ratio(365.0) == pytest.approx(0.8)
