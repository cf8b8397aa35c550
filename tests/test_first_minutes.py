"""Forecasts minutes after a mainshock: those of past sequences, of what networks record."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import trapezoid

from catalogs import (
    Catalog,
    EventSequence,
    GutenbergRichter,
    InputError,
    Trajectories,
    load,
)
from catalogs.sequence import reaches
from etas.model import ETAS
from etas.omori import OmoriPrior, OmoriSequence
from recast import ForecastResult, run_forecast
from recast.cli import main
from recast.forecast.aftershocks import Job, Member, draw_task, windows_after
from recast.forecast.complete import raised_completeness, recorded_from, recorded_steps
from recast.forecast.correction import SequenceForecast, learned
from recast.forecast.early import OmoriWindow, most_telling, recorded_sequence
from recast.forecast.joined import JoinedWindow, evenly, some
from recast.forecast.mainshocks import too_early
from recast.forecast.pooled import PooledWindow
from recast.forecast.prepare import prepare
from recast.forecast.single import Request, Window
from recast.models.so_far import fit_so_far

LAW = GutenbergRichter(2.5, 1.0, 9.0)
PROCESS = ETAS(0.5, 0.02, 0.7, 0.01, 1.1, LAW)
SHOCK = 100.0
SURE = OmoriPrior(np.log(0.5), 0.0, 1e-3, 1.0, 1e-3, np.log(0.05), 0.0, 1e-3)
"""K = 0.5 events of those that count, p = 1, c = 0.05 days, whatever is observed."""

AT = "2019-07-06T03:22"
"""Two minutes after the M 7.1 of Ridgecrest, with no aftershock known."""

GIVEN: dict[str, Any] = {"at": AT, "samples": 150, "seed": 3}


def history(magnitudes: list[float], minutes: float, mainshock: float = 7.0) -> EventSequence:
    """A quiet region, a mainshock on day 100, and aftershocks in the minutes since."""
    before = np.arange(5.0, 95.0, 10.0)
    since = minutes / 1440.0 * np.arange(1, len(magnitudes) + 1) / (len(magnitudes) + 1)
    times = np.concatenate([before, [SHOCK], SHOCK + since])
    return EventSequence(
        times,
        np.array([2.5] * before.size + [mainshock, *magnitudes]),
        0.0,
        SHOCK + minutes / 1440.0,
    )


def known_of(events: EventSequence) -> SequenceForecast | None:
    """What is known of the sequence of a mainshock in its first hour."""
    shock = too_early(events, LAW.completeness)
    return None if shock is None else recorded_sequence([PROCESS], events, shock, None, None)


@pytest.fixture(scope="module")
def ridgecrest() -> Catalog:
    return load("ridgecrest_2019")


@pytest.fixture(scope="module")
def both(ridgecrest: Catalog, tmp_path_factory: pytest.TempPathFactory) -> ForecastResult:
    """Two windows, with everything that may be asked for."""
    return run_forecast(
        ridgecrest,
        days=[1.0, 2.0],
        out=tmp_path_factory.mktemp("both"),
        csep=True,
        places=True,
        **GIVEN,
    )


def test_small_events_that_are_missing_are_no_sign_of_a_quiet_sequence() -> None:
    """Ten minutes after M 7 networks record from 4.1 on: without smaller ones nothing is known."""
    nothing, small = (known_of(history(known, 10.0)) for known in ([], [2.6, 3.0, 2.5, 3.5]))
    assert nothing is not None
    assert small is not None
    assert nothing.omori.expected(1.0) == small.omori.expected(1.0)
    naive = SequenceForecast.of(PROCESS, history([], 10.0), 9, nothing.learned)
    assert nothing.omori.expected(1.0)[0] / nothing.omori.share > 2.0 * naive.omori.expected(1.0)[0]


def test_large_aftershocks_count_at_once() -> None:
    few, many = (known_of(history(known, 10.0)) for known in ([], [5.5, 5.2, 6.0]))
    assert few is not None
    assert many is not None
    assert many.omori.expected(1.0)[0] > 2.0 * few.omori.expected(1.0)[0]


def test_events_above_some_magnitude_have_a_sequence_of_their_own() -> None:
    """The likelihood of the larger events is that of a catalog which has no others."""
    known = history([2.6, 4.5, 3.0, 5.0], 30.0)
    large = known.where(reaches(known.magnitudes, 4.0))
    quiet = replace(PROCESS, mu=1e-12)
    above = replace(quiet, magnitude_law=replace(LAW, completeness=4.0))
    found = OmoriSequence.of(quiet, known, SHOCK, 7.0, learned().prior, 4.0)
    other = OmoriSequence.of(above, large, SHOCK, 7.0, learned().prior)
    assert found.n_events == other.n_events == 2
    # Before day 100 there is nothing >= 4, and after it ETAS has no part
    assert found.expected(7.0)[0] == pytest.approx(other.expected(7.0)[0], rel=0.01)
    assert LAW.share_above(4.0) == pytest.approx(10.0**-1.5, rel=1e-4)


def test_numbers_are_those_of_events_that_will_be_recorded() -> None:
    """The mean by magnitude is the integral of the rate of events above Mc(t)."""
    past = history([], 15.0)
    sequence = SequenceForecast.of(PROCESS, past, 9, replace(learned(), prior=SURE), 4.5)
    window = OmoriWindow.of(sequence, 2.0, recorded=True)
    window = replace(window, correction=replace(window.correction, large=20.0), quiet=0.0)
    n, now = 4000, 15.0 / 1440.0
    drawn = [window.draw(block, n, 1) for block in range(n // 50)]
    magnitudes = np.concatenate([one.magnitudes for one in drawn])
    k, c, p = (values[0] for values in sequence.omori.draw(1, np.random.default_rng(0)))
    times = np.geomspace(now, now + 2.0, 20_001)
    level = 7.0 - 4.5 - 0.75 * np.log10(times)
    for m in (2.5, 3.5, 4.5):
        share = [LAW.share_above(max(m, one)) / LAW.share_above(4.5) for one in level]
        mean = float(trapezoid(k * (times + c) ** -p * np.array(share), times))
        found = float(reaches(magnitudes, m).sum()) / n
        assert found == pytest.approx(mean, abs=4.0 * np.sqrt(mean / n))
    for one in drawn:
        assert np.all(one.magnitudes >= recorded_from(7.0, one.times - SHOCK))


@pytest.mark.parametrize("since", [1.0 - 1e-10, 1.0, 1.0 + 1e-10])
def test_a_day_after_a_mainshock_all_events_are_recorded_from_completeness(since: float) -> None:
    """Mc(t) is M - 4.5 then: but for rounding there is one step, and never none."""
    edges, levels = recorded_steps(6.5, since, 8.0, 2.0)
    np.testing.assert_array_equal(edges, [since, 8.0])
    np.testing.assert_array_equal(levels, [2.0])


def test_aftershocks_of_large_simulated_events_are_recorded_no_earlier() -> None:
    past = history([], 15.0)
    sequence = SequenceForecast.of(PROCESS, past, 9, replace(learned(), prior=SURE), 4.5)
    window = OmoriWindow.of(sequence, 0.1, recorded=True)
    window = replace(window, correction=replace(window.correction, large=4.6), quiet=0.0)
    drawn = window.draw(0, 50, 1)
    alone = replace(window, correction=replace(window.correction, large=20.0)).draw(0, 50, 1)
    assert drawn.times.size > alone.times.size
    assert np.all(drawn.magnitudes >= recorded_from(7.0, drawn.times - SHOCK))


def test_it_holds_what_came_after_the_largest_event_of_ridgecrest(both: ForecastResult) -> None:
    for row in both.table:
        assert row.observed is not None
        low, high = row.ci95
        assert high is not None
        assert low <= row.observed <= high


def test_one_sentence_says_what_was_used(both: ForecastResult, ridgecrest: Catalog) -> None:
    assert both.sequence is None  # nothing is known of it
    (said,) = (line for line in str(both).splitlines() if "networks miss" in line)
    assert said.startswith("2 minutes after the M 7.1 of 2019-07-06 03:19 UTC, which few events")
    assert "97 % of the simulated catalogs, fewer as time goes by, are those of past" in said
    assert "past sequences (active crust, shallow continental; " in said
    assert ForecastResult.from_json(both.to_json(), "there") == both
    plain = run_forecast(ridgecrest, days=[1.0], **GIVEN, uncorrected=True)
    assert plain.sequence is None
    assert "networks miss" not in str(plain)
    assert both.table[0].ci95[1] is not None
    assert plain.table[0].observed is not None
    assert plain.table[0].ci95[1] is not None
    assert plain.table[0].ci95[1] < plain.table[0].observed < both.table[0].ci95[1]


def test_a_large_aftershock_does_not_make_what_is_known_forgotten() -> None:
    """It hides small events for minutes: those before it tell more than those since."""
    known = history([4.0, 4.2, 5.0, 4.1, 4.4, 4.3, 4.6, 4.0] * 4, 30.0, mainshock=6.5)
    now = known.end + 10.0 / 86_400.0
    times = np.append(known.times, known.end)
    after = EventSequence(times, np.append(known.magnitudes, 5.9), 0.0, now)
    assert raised_completeness(after, 2.5) > raised_completeness(known, 2.5) + 1.0
    before, since = (known_of(one) for one in (known, after))
    assert before is not None
    assert since is not None
    assert since.omori.n_events == before.omori.n_events > 5
    assert since.omori.elapsed == pytest.approx(before.omori.elapsed + 10.0 / 86_400.0)
    expected = [one.omori.expected(1.0)[0] for one in (before, since)]
    assert expected[1] == pytest.approx(expected[0], rel=0.02)


def test_events_until_a_large_aftershock_tell_more_if_more_of_them_count() -> None:
    """By 10^-m ln(1 + t / 0.05 d), six hours after an M 6.85 in the first day of an M 7."""
    events = EventSequence([1.0, 100.0, 100.5], [2.5, 7.0, 6.85], 0.0, 100.75)
    levels = {  # Mc(t / 10), rounded up
        100.5: 3.5,  # 7 - 4.5 - 0.75 log10(0.05)
        100.75: 3.6,  # 6.85 - 4.5 - 0.75 log10(0.025)
    }
    numbers = {at: 10.0**-m * np.log1p((at - 100.0) / 0.05) for at, m in levels.items()}
    assert numbers[100.75] < numbers[100.5]
    assert most_telling(events, 1, LAW) == (100.5, 3.5)
    assert most_telling(replace(events, end=101.5), 1, LAW)[0] == 101.5
    # No more than the largest magnitude that the law has
    small = replace(LAW, maximum=3.4)
    assert most_telling(events.before(100.5), 1, small) == (100.5, pytest.approx(3.3))


def test_a_window_does_not_depend_on_others_or_on_workers(
    both: ForecastResult, ridgecrest: Catalog
) -> None:
    alone = run_forecast(ridgecrest, days=[1.0], threads=2, **GIVEN)
    assert alone.table == both.table[: len(alone.table)]
    pytest.importorskip("distributed")
    dask = run_forecast(ridgecrest, days=[1.0, 2.0], workers=2, **GIVEN)
    assert dask.table == both.table


def test_files_hold_the_same_events(ridgecrest: Catalog, tmp_path: Path) -> None:
    done = run_forecast(
        ridgecrest, days=[1.0], magnitudes=[2.5], out=tmp_path, csep=True, places=True, **GIVEN
    )
    events = pd.read_csv(tmp_path / "forecast_csep.csv")
    events = events[events["mag"].notna()]  # a simulation without events has a row, too
    assert len(events) / 150 == pytest.approx(done.table[0].expected)
    for _, one in events.groupby("catalog_id"):
        assert one["time_string"].is_monotonic_increasing
    assert events["time_string"].min() >= AT
    assert done.places is not None
    assert events["lat"].between(34.0, 40.0).all()
    assert abs(done.places.centre[0] - 35.77) < 0.5  # of the mainshock


def test_a_run_is_resumed_with_the_same_prior_only(ridgecrest: Catalog, tmp_path: Path) -> None:
    given = {**GIVEN, "days": [1.0], "out": tmp_path}
    first = run_forecast(ridgecrest, **given)
    kept = tmp_path / "forecast" / "chunk_000000.npz"
    drawn = kept.stat().st_mtime_ns
    assert run_forecast(ridgecrest, **given, resume=True).table == first.table
    assert kept.stat().st_mtime_ns == drawn
    with pytest.raises(InputError, match="holds chunks made with corrections"):
        run_forecast(ridgecrest, **given, resume=True, regime="SZ-GENERIC")
    with pytest.raises(InputError, match="holds chunks made with corrections"):
        run_forecast(ridgecrest, **given, resume=True, uncorrected=True)


def test_trajectories_are_cut_off_where_it_is_asked_for(ridgecrest: Catalog) -> None:
    done = run_forecast(ridgecrest, days=[1.0], magnitudes=[2.5], max_events=20, **GIVEN)
    free = run_forecast(ridgecrest, days=[1.0], magnitudes=[2.5], **GIVEN)
    assert done.max_events == 20
    assert done.capped > 0
    assert free.capped == 0
    (row,) = done.table
    assert row.median <= 20
    assert "expected" in row.lower_bounds
    assert row.ci95[1] is None  # unknown


def test_the_command_takes_a_regime(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["--at", AT, "--days", "1", "--samples", "50", "--no-plots", "--out", str(tmp_path)]
    command = ["forecast", "--catalog", "ridgecrest_2019", *given]
    assert main([*command, "--regime", "SZ-GENERIC"]) == 0
    assert "past sequences (subduction zone; --regime names another" in capsys.readouterr().out
    assert main([*command, "--regime", "MARS"]) == 2
    assert "MARS" in capsys.readouterr().err


def test_the_exam_makes_the_same_forecast(ridgecrest: Catalog) -> None:
    """Where it is asked for forecasts of the first hour."""
    info = ridgecrest.info
    at = info.to_days(AT)
    model = fit_so_far(ridgecrest, at)
    given = {**GIVEN, "days": [1.0], "magnitudes": [2.5], "fixed_parameters": True}
    alone = run_forecast(ridgecrest, model, **given)
    request = Request(at, (1.0,), (2.5,), GIVEN["samples"], GIVEN["seed"])
    job = Job(ridgecrest, [(Member("etas", [model.process]), 0.035, request)], threads=1)
    found = draw_task(job, 0)
    assert not isinstance(found, str)
    assert found.table == alone.table


@pytest.mark.parametrize(
    ("hours", "kind", "said"),
    [
        (0.02, Window, "98 % of the simulated catalogs, fewer as time goes by, are those of past"),
        (0.5, JoinedWindow, "80 % of the simulated catalogs, fewer as time goes by, are those of"),
        (1.5, JoinedWindow, "networks miss events below M 3.6, so larger ones are those of past"),
        (20.0, Window, "9 % of the simulated catalogs, fewer as time goes by, are those of past"),
        (60.0, Window, "numbers are a compromise between ETAS and the decay of this"),
    ],
)
def test_large_events_follow_past_sequences_while_small_ones_are_missed(
    ridgecrest: Catalog, hours: float, kind: type, said: str
) -> None:
    at = ridgecrest.info.to_days("2019-07-06T03:19:53.040Z") + hours / 24.0
    prepared = prepare(ridgecrest, fit_so_far(ridgecrest, at), Request(at, (1.0, 7.0), (2.5,), 50))
    windows = [
        window.usual if isinstance(window, PooledWindow) else window for window in prepared.windows
    ]
    assert {type(window) for window in windows} == {kind}
    assert all(isinstance(one, PooledWindow) for one in prepared.windows)
    if hours < 0.1:  # nothing is known of it
        assert prepared.sequence is None
        note = prepared.remarks[0]
    else:
        assert prepared.sequence is not None
        assert len(prepared.sequence.factors) == 2
        assert prepared.sequence.regime is None
        note = prepared.sequence.note()
    assert said in note
    assert ("networks miss events below" in note) == (kind is JoinedWindow)
    assert ("of the simulated catalogs" in note) == (hours < 38.0)


def test_a_pool_has_the_catalogs_of_either_in_their_shares(ridgecrest: Catalog) -> None:
    at = ridgecrest.info.to_days("2019-07-06T04:49:53.040Z")
    fitted = fit_so_far(ridgecrest, at)
    request = Request(at, (1.0,), (2.5,), 120)
    (window,) = prepare(ridgecrest, fitted, request, samples=120).windows
    assert isinstance(window, PooledWindow)
    assert window.share == pytest.approx(2.0 / 3.5)
    n_past = 0
    for block in range(3):
        both, usual, past = (one.draw(block, 120, 3) for one in (window, window.usual, window.past))
        assert both.n == usual.n == past.n == min(50, 120 - 50 * block)
        for i in range(both.n):
            times = np.sort(both.times[both.trajectory == i])
            of_past = np.array_equal(times, np.sort(past.times[past.trajectory == i]))
            of_usual = np.array_equal(times, np.sort(usual.times[usual.trajectory == i]))
            assert of_past != of_usual
            n_past += of_past
    assert abs(n_past - 120 * window.share) <= 1.0  # not left to chance


def test_joined_windows_have_the_large_events_of_one_and_the_number_of_the_other(
    ridgecrest: Catalog,
) -> None:
    at = ridgecrest.info.to_days("2019-07-06T04:49:53.040Z")
    request = Request(at, (1.0,), (2.5,), 100)
    fitted = fit_so_far(ridgecrest, at)
    (pool,) = prepare(ridgecrest, fitted, request, samples=100).windows
    assert isinstance(pool, PooledWindow)
    window = pool.usual
    assert isinstance(window, JoinedWindow)
    assert window.level == 3.6  # 7.1 - 4.5 - 0.75 log10(1.5 / 24), rounded up
    for block in range(2):
        both, small, large = (
            one.draw(block, 100, 3) for one in (window, window.small, window.large)
        )
        np.testing.assert_array_equal(
            np.sort(both.magnitudes[both.magnitudes >= 3.6]),
            np.sort(large.magnitudes[large.magnitudes >= 3.6]),
        )
        assert set(both.magnitudes[both.magnitudes < 3.6]) <= set(small.magnitudes)
        numbers = np.bincount(large.trajectory[large.magnitudes >= 3.6], minlength=50)
        most = np.maximum(np.sort(small.counts), np.sort(numbers))  # paired in their order
        assert (np.sort(both.counts) <= np.sort(most)).all()
        assert both.counts.sum() > 0.9 * most.sum()
    few = replace(window, small=replace(window.small, max_events=20)).draw(0, 100, 3)
    assert few.counts.max() == 20
    assert few.capped.size > 0


def test_no_two_parts_of_a_window_draw_the_same_random_numbers(
    ridgecrest: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = ridgecrest.info.to_days("2019-07-06T04:49:53.040Z")
    request = Request(at, (1.0,), (2.5,), 100)
    (pool,) = prepare(ridgecrest, fit_so_far(ridgecrest, at), request, samples=100).windows
    assert isinstance(pool, PooledWindow)
    assert isinstance(pool.usual, JoinedWindow)
    seeds: list[tuple[int, ...]] = []
    default_rng = np.random.default_rng

    def noted(seed: Any = None) -> np.random.Generator:
        if isinstance(seed, Sequence):
            seeds.append(tuple(seed))
        return default_rng(seed)

    monkeypatch.setattr(np.random, "default_rng", noted)
    pool.draw(0, 100, 3)
    assert len(seeds) >= 5
    assert len(set(seeds)) == len(seeds)


def test_catalogs_are_joined_by_and_by(ridgecrest: Catalog) -> None:
    """Where Mc(t) nears completeness a share keeps its own large events: no number jumps."""
    at = ridgecrest.info.to_days("2019-07-06T10:19:53.040Z")
    fitted = fit_so_far(ridgecrest, at)
    prepared = prepare(ridgecrest, fitted, Request(at, (1.0,), (2.5,), 100), samples=100)
    pool = prepared.windows[0]
    assert isinstance(pool, PooledWindow)
    window = pool.usual
    assert isinstance(window, JoinedWindow)
    # Mc(7 h) = 7.1 - 4.5 - 0.75 log10(7 / 24) = 3.001, 0.501 above completeness
    assert window.share == pytest.approx(0.753, abs=0.001)
    assert prepared.sequence is not None
    assert "in 75 % of the others" in prepared.sequence.note()
    which: list[bool] = []
    for block in range(2):
        both, whole, small = (
            one.draw(block, 100, 3) for one in (window, replace(window, share=1.0), window.small)
        )
        for i in range(both.n):
            own, of_all, of_small = (
                np.sort(one.magnitudes[one.trajectory == i]) for one in (both, whole, small)
            )
            joined = np.array_equal(own[own >= 3.1], of_all[of_all >= 3.1])
            assert joined or np.array_equal(own, of_small)
            which.append(joined and not np.array_equal(own, of_small))
    n_joined = sum(which)
    assert abs(n_joined - 75.3) <= 2.0
    # Not every fourth: of a pool, which takes every so many, some would be joined never or always
    assert len(set(np.diff(np.flatnonzero(~np.array(which))).tolist())) > 2


def test_catalogs_are_chosen_evenly_over_all_blocks_from_a_random_one_on() -> None:
    chosen = np.array(
        [[evenly(0.03, block, 50, [seed]) for block in range(10)] for seed in range(400)]
    )
    assert set(chosen.sum(axis=(1, 2)).tolist()) <= {14, 15, 16}  # of five hundred
    often = chosen.reshape(400, -1).mean(axis=0)
    assert np.abs(often - 0.03).max() < 5.0 * np.sqrt(0.03 / 400)


def test_events_are_chosen_as_many_as_asked_and_each_as_often() -> None:
    rng = np.random.default_rng(4)
    sizes, most = np.array([7, 0, 12, 5, 3]), np.array([3, 2, 11, 9, 0])
    trajectory = np.repeat(np.arange(5), sizes)
    among = np.ones(sizes.sum(), dtype=np.bool_)
    times = np.zeros(sizes.sum())
    for _ in range(4_000):
        chosen = some(trajectory, among, most, rng)
        counts = np.bincount(trajectory[chosen], minlength=5)
        np.testing.assert_array_equal(counts, np.minimum(sizes, most))
        times[chosen] += 1
    expected = (np.minimum(sizes, most) / np.maximum(sizes, 1))[trajectory]
    assert np.abs(times / 4_000 - expected).max() < 0.04  # five standard deviations


@dataclass
class Drawn:
    """A window whose draws are known."""

    drawn: Trajectories
    days: float = 1.0
    max_events: int = 10_000
    processes: tuple[ETAS, ...] = ()

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        del block, n, seed
        return self.drawn


def catalogs(numbers: np.ndarray, magnitude: float, capped: list[int]) -> Trajectories:
    """So many events of one magnitude in each of fifty simulated catalogs."""
    who = np.repeat(np.arange(50), numbers)
    times = np.linspace(0.0, 0.9, who.size)
    m = np.full(who.size, magnitude)
    return Trajectories(who, times, m, 50, 0.0, 1.0, np.array(capped, dtype=np.int64))


def test_a_pool_says_which_of_its_catalogs_were_cut_off() -> None:
    usual = Drawn(catalogs(np.full(50, 3), 3.0, list(range(50))), max_events=7)
    past = Drawn(catalogs(np.full(50, 1), 5.0, []), max_events=9)
    for first, second in ((usual, past), (past, usual)):
        pool = PooledWindow(first, second, 0.4)  # type: ignore[arg-type]
        assert pool.max_events == 9
        drawn = pool.draw(0, 50, 3)
        of_past = np.flatnonzero(drawn.counts == second.drawn.counts)
        assert of_past.size == 20
        cut_off = np.flatnonzero(drawn.counts == 3)
        assert drawn.capped.tolist() == cut_off.tolist()


def test_rich_catalogs_are_joined_with_rich_ones_and_with_what_was_cut_off() -> None:
    rank = np.random.default_rng(2).permutation(50)
    below, own = catalogs(2 * rank, 3.0, [int(np.argmax(rank == 7))]), catalogs(rank > -1, 4.0, [])
    both = replace(
        below,
        trajectory=np.concatenate([below.trajectory, own.trajectory]),
        times=np.concatenate([below.times, own.times]),
        magnitudes=np.concatenate([below.magnitudes, own.magnitudes]),
    )
    large = catalogs(np.arange(50)[::-1], 5.0, [0, 49])
    window = JoinedWindow(Drawn(both), Drawn(large), 3.6)  # type: ignore[arg-type]
    drawn = window.draw(0, 50, 1)
    sizes = {
        m: np.bincount(drawn.trajectory[drawn.magnitudes == m], minlength=50)
        for m in (3.0, 4.0, 5.0)
    }
    assert sizes[4.0].sum() == 0
    np.testing.assert_array_equal(sizes[5.0], rank)  # the n-th of one with the n-th of the other
    # As many as it had, 2 n + 1, where there are so many below
    np.testing.assert_array_equal(drawn.counts, np.where(rank > 0, 2 * rank + 1, 0))
    assert sorted(rank[drawn.capped].tolist()) == [0, 7, 49]
    # Of what is not joined all stays, and what was cut off there does
    apart = replace(window, share=0.0).draw(0, 50, 1)
    np.testing.assert_array_equal(apart.counts, both.counts)
    assert rank[apart.capped].tolist() == [7]


def test_completeness_is_raised_by_the_event_that_hides_most() -> None:
    """M - 4.5 - 0.75 log10(t / 10), rounded up to a tenth, of events a unit above or more."""
    for magnitude, minutes, level in ((3.6, 0.2, 2.8), (4.5, 2.0, 2.9), (5.6, 60.0, 2.9)):
        days = minutes / 1440.0
        exact = magnitude - 4.5 - 0.75 * np.log10(days / 10.0)
        assert level - 0.1 < exact <= level
        events = EventSequence([1.0, 9.0], [2.6, magnitude], 0.0, 9.0 + days)
        assert raised_completeness(events, 2.5) == level
        assert raised_completeness(events, 2.5, 2.7) == 2.7
        assert raised_completeness(events, 2.5, 2.0) == 2.5
    # Not above the event itself
    assert raised_completeness(replace(events, end=9.0 + 1e-9), 2.5) == 5.6


def test_the_exam_draws_the_windows_of_a_forecast(ridgecrest: Catalog) -> None:
    at = ridgecrest.info.to_days("2019-07-06T04:49:53.040Z")
    fitted = fit_so_far(ridgecrest, at)
    request = Request(at, (1.0, 30.0), (2.5, 4.0), 50)
    one = prepare(ridgecrest, fitted, request, samples=50).windows
    job = Job(ridgecrest, [], 1)
    other = windows_after(job, [fitted.process], ridgecrest.to_sequence().before(at), request)
    for a, b in zip(one, other, strict=True):
        assert type(a) is type(b) is PooledWindow
        np.testing.assert_array_equal(a.draw(0, 50, 0).times, b.draw(0, 50, 0).times)
        np.testing.assert_array_equal(a.draw(0, 50, 0).magnitudes, b.draw(0, 50, 0).magnitudes)


def test_b_varies_between_the_catalogs_of_a_sequence(ridgecrest: Catalog) -> None:
    """Not their numbers of events; and not with a b-value that was given."""
    at = ridgecrest.info.to_days("2019-07-09T03:19:53.040Z")
    fitted, request = fit_so_far(ridgecrest, at), Request(at, (1.0,), (2.5,), 100)
    (window,) = prepare(ridgecrest, fitted, request, samples=100).windows
    assert isinstance(window, PooledWindow)
    assert window.law is not None
    both, plain = (one.draw(0, 100, 3) for one in (window, replace(window, law=None)))
    np.testing.assert_array_equal(both.times, plain.times)
    assert not np.allclose(both.magnitudes, plain.magnitudes)
    assert both.magnitudes.min() >= window.law.completeness
    (given,) = prepare(ridgecrest, fitted, request, samples=100, own_b=True).windows
    assert isinstance(given, PooledWindow)
    assert given.law is None
