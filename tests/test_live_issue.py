"""One forecast of a live service, on the week after the M7.1 of Ridgecrest."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from live_events import table, utc

from catalogs import GutenbergRichter, InputError, load
from catalogs.areas import parse_area
from catalogs.sequence import reaches
from etas.model import ETAS
from recast.forecast.complete import raised_completeness
from recast.forecast.make import run_forecast
from recast.forecast.ordinary import OrdinaryCorrection
from recast.forecast.single import Window
from recast.live.circle import polygon
from recast.live.draws import WindowDraws, bin_key, counts_by_bin, growing
from recast.live.fits import Fit
from recast.live.issue import forecast_id, known_catalog, make_forecast
from recast.live.plan import IN_ORDINARY_TIMES, Plan
from recast.live.policy import Policy
from recast.live.records import (
    FROM_PAST_SEQUENCES,
    Circle,
    Issued,
    Quake,
    SequenceState,
    bin_of,
    fractiles_of,
)
from recast.live.schedule import Due, due
from recast.live.sequences import find_sequences
from recast.live.times import read
from recast.models.kind import FittedModel
from recast.models.registry import model_kind

POLICY = Policy(samples=100, long_samples=50, windows=(1.0, 7.0))
START = "2010-01-01"
AREA = "33/38/-120/-115"
DAY = utc("2019-07-07T03:30")

Made = tuple[Issued, pd.DataFrame]


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    known = load("ridgecrest_2019").events
    known = known.sort_values("time").reset_index(drop=True)
    return known.assign(event_id=[f"ci{i}" for i in range(len(known))], place="", url="")


def forecast(
    events: pd.DataFrame,
    now: pd.Timestamp,
    models: Path,
    policy: Policy = POLICY,
    *,
    region: bool = False,
    **other: Any,
) -> Made:
    known = events[(events["time"] <= now).to_numpy()]
    state = None if region else find_sequences(known, policy, now)[0].state
    when = due(state, policy, now, [])
    assert when is not None
    return make_forecast(
        events=known,
        area=AREA,
        region="Somewhere",
        sequence=state,
        due=when,
        now=now,
        completeness=2.5,
        policy=policy,
        models=models,
        **{"seed": 3, "history_start": START, "threads": 1, **other},
    )


@pytest.fixture(scope="module")
def made(events: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return forecast(events, DAY, tmp_path_factory.mktemp("models"))


def test_it_says_what_when_and_from_what(made: Made, events: pd.DataFrame) -> None:
    issued, _ = made
    assert issued.sequence is not None
    assert issued.sequence.mainshock.magnitude == 7.1
    assert (issued.at, issued.scheduled) == ("2019-07-07T03:30:00Z", "2019-07-07T03:19:53Z")
    assert issued.next == "2019-07-08T03:19:53Z"
    assert [w.label for w in issued.windows] == ["1 Day", "1 Week"]
    assert [w.end for w in issued.windows] == ["2019-07-08T03:30:00Z", "2019-07-14T03:30:00Z"]
    asked = [magnitude for magnitude, _ in issued.observed]
    assert all([one.magnitude for one in w.bins] == asked for w in issued.windows)
    circle = polygon(issued.sequence.region)
    assert issued.area == str(circle)
    near = circle.contains(events["latitude"], events["longitude"])
    since = near & ((events["time"] < DAY) & (events["magnitude"] < 7.1)).to_numpy()
    magnitudes = events.loc[since, "magnitude"].to_numpy()
    assert issued.observed == tuple(
        (m, int(reaches(magnitudes, m).sum())) for m in (3.0, 4.0, 5.0, 6.0, 7.0, 8.0)
    )
    assert issued.model.fitted_at == issued.at
    assert Issued.from_json(issued.to_json(), "it") == issued


def test_a_year_that_is_not_known_in_full_is_told(events: pd.DataFrame, tmp_path: Path) -> None:
    """The page has the number of events in the last year."""
    for start, said in (("2019-07-01", "hardly"), ("2019-03-01", "since then"), (START, "")):
        policy = Policy(samples=20, regional_windows=(1.0,))
        issued, _ = forecast(
            events, DAY, tmp_path / start, policy, region=True, history_start=start
        )
        told = [remark for remark in issued.remarks if f"known since {start} only" in remark]
        assert len(told) == bool(said)
        assert all(remark.endswith((said, f"{said} are")) for remark in told)


def test_a_hole_in_what_is_known_is_no_quiet_time(events: pd.DataFrame, tmp_path: Path) -> None:
    at = pd.Timestamp("2019-07-12", tz="UTC")
    few = events[events["magnitude"] >= 3.0].iloc[::40]
    before = few.assign(time=few["time"] - pd.Timedelta(days=400))
    known = pd.concat([before, few], ignore_index=True)
    gap = (before["time"].max().floor("s"), few["time"].min().floor("s"))
    means = []
    for gaps in ((), (gap,)):
        issued, _ = forecast(
            known,
            at,
            tmp_path / f"{len(gaps)}",
            replace(POLICY, trigger_magnitude=8.0),
            region=True,
            history_start="2018-05-31",
            gaps=gaps,
        )
        means.append(issued.windows[-1].bins[0].expected)
        said = [remark for remark in issued.remarks if remark.startswith("no events are known")]
        assert len(said) == len(gaps)
    assert means[1] > 2.0 * means[0]


def test_what_is_rare_is_told_by_the_law_of_magnitudes() -> None:
    rare, some = np.zeros(1_000, dtype=np.int64), np.zeros(1_000, dtype=np.int64)
    rare[:3], some[:20] = 1, 1
    told = bin_of(7.0, rare, 0.0015, 0.0014)
    assert (told.expected, told.probability, told.high95) == (0.0015, 0.0014, 0)
    assert bin_of(7.0, rare) == bin_of(7.0, rare, 0.02, 0.02)  # fractiles say at most 1 %
    assert bin_of(7.0, some, 0.009, 0.009).probability == 0.02  # and here more
    likely = {"days": 1.0, "capped": np.zeros(1_000, dtype=bool)}
    day, week = (
        WindowDraws(counts=rare[:, None], expected=np.array([x]), chances=np.array([x]), **likely)
        for x in (0.0014, 0.0013)
    )
    grown = growing([day, week])[1]
    assert grown.chances == grown.expected == [0.0014]
    assert growing([replace(day, chances=np.array([np.nan])), week])[1].chances == [0.0013]
    unknown = growing([day, replace(week, chances=np.array([np.nan]))])[1]
    assert np.isnan(unknown.chances).all()  # its numbers tell more


def test_bins_and_chart_are_those_of_the_samples(made: Made) -> None:
    issued, samples = made
    numbers = counts_by_bin(samples)
    for window in issued.windows:
        assert window.above_mainshock is not None
        assert window.above_mainshock.magnitude == 7.1
        for one in (*window.bins, window.above_mainshock):
            counted = bin_of(one.magnitude, numbers[bin_key(window.label, one.magnitude)])
            assert one.probability <= one.expected
            if one.probability != counted.probability:
                # Few of the simulations have any: the law of magnitudes tells how many should
                assert counted.fractiles[-1] == 0
                assert one.probability > 0.0
                assert one.probability == pytest.approx(counted.probability, abs=0.01)
            assert one == replace(counted, expected=one.expected, probability=one.probability)
    last = numbers[bin_key("1 Week", 3.0)]
    assert issued.fan.days[-1] == 7.0
    # The longer window may have been raised to what the shorter one has
    assert issued.fan.quantiles["0.5"][-1] <= np.median(last)
    assert issued.fan.quantiles["0.975"][-1] == pytest.approx(np.quantile(last, 0.975), rel=0.05)


def test_numbers_are_those_of_recast_forecast(made: Made, events: pd.DataFrame) -> None:
    issued, _ = made
    catalog = known_catalog(events, parse_area(issued.area), DAY, START, 3.0)
    result = run_forecast(
        catalog,
        days=[1.0, 7.0],
        magnitudes=[one.magnitude for one in issued.windows[0].bins],
        samples=100,
        seed=issued.seed,
        threads=1,
    )
    assert result.sequence is not None
    mine = [(w.days, b.magnitude, b.expected) for w in issued.windows for b in w.bins]
    theirs = [(row.days, row.magnitude, row.expected) for row in result.table]
    day, n = len(issued.windows[0].bins), len(mine)
    for own, other in zip(mine[:day], theirs[:day], strict=True):
        assert own[:2] == other[:2]
        assert own[2] == pytest.approx(other[2], rel=1e-9) or max(own[2], other[2]) < 0.1
    for i in range(day, n):  # no fewer in a week than in a day
        assert mine[i][2] == pytest.approx(max(theirs[i][2], mine[i - day][2]), rel=0.05)


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=12),
    st.lists(st.integers(0, 9), min_size=1, max_size=12),
    st.integers(0, 3),
)
def test_longer_windows_have_no_fewer_events(short: list[int], long: list[int], more: int) -> None:
    day, week = (
        WindowDraws(
            days,
            np.array([[n + more, n // 2] for n in counts]),
            np.zeros(len(counts), dtype=np.bool_),
        )
        for days, counts in ((1.0, short), (7.0, long))
    )
    first, second = growing([day, week])
    assert first is day
    assert (second.counts >= week.counts).all()
    assert (second.counts[:, 0] >= second.counts[:, 1]).all()
    for j in range(2):
        before, after = first.counts[:, j], second.counts[:, j]
        assert all(a <= b for a, b in zip(fractiles_of(before), fractiles_of(after), strict=True))
        assert (before > 0).mean() <= (after > 0).mean() + 1.0 / len(after)
        own = fractiles_of(week.counts[:, j])
        if all(a <= b for a, b in zip(fractiles_of(before), own, strict=True)):
            assert own == fractiles_of(after)


def test_after_a_large_event_small_ones_do_not_count(made: Made) -> None:
    issued, _ = made
    # Mc a tenth of a day after M 7.1 is 7.1 - 4.5 + 0.75 = 3.35, beyond the lowest that is forecast
    assert issued.completeness == 2.5
    assert issued.model.parameters["magnitude_law"]["completeness"] == 3.0
    assert issued.remarks[0].startswith("only earthquakes of magnitude 3 or larger")


def test_completeness_falls_back_with_time(events: pd.DataFrame) -> None:
    place = parse_area(AREA)
    shock = utc("2019-07-06T03:19:53")
    found = {}
    for days in (0.01, 1.0, 5.0, 30.0, 1000.0):
        at = shock + pd.Timedelta(days=days)
        catalog = known_catalog(events[events["magnitude"] > 7.0], place, at, START, 2.5)
        known = catalog.to_sequence()
        found[days] = raised_completeness(known, 2.5)
    # 2.6 - 0.75 log10(t / 10), rounded up, and not below that of quiet times
    assert found == {0.01: 4.9, 1.0: 3.4, 5.0: 2.9, 30.0: 2.5, 1000.0: 2.5}
    assert raised_completeness(known, 2.5, 2.5) == 2.5


def test_the_same_again_on_any_number_of_threads(
    made: Made, events: pd.DataFrame, tmp_path: Path
) -> None:
    issued, samples = made
    again, more = forecast(events, DAY, tmp_path, threads=2)
    pd.testing.assert_frame_equal(samples, more)
    assert replace(again, created="") == replace(issued, created="")
    # With what a run that was cut off left, too
    third, _ = forecast(events, DAY, tmp_path)
    assert replace(third, created="") == replace(issued, created="")
    assert len(list(tmp_path.iterdir())) == 1


def test_what_comes_later_changes_nothing(made: Made, events: pd.DataFrame, tmp_path: Path) -> None:
    state, when = made[0].sequence, Due(made[0].scheduled, made[0].next)
    again, samples = make_forecast(
        events=events,
        area=AREA,
        region="Somewhere",
        sequence=state,
        due=when,
        now=DAY,
        completeness=2.5,
        policy=POLICY,
        seed=3,
        history_start=START,
        models=tmp_path,
        threads=1,
    )
    assert replace(again, created="") == replace(made[0], created="")
    pd.testing.assert_frame_equal(samples, made[1])


def test_another_seed_gives_other_numbers(made: Made, events: pd.DataFrame, tmp_path: Path) -> None:
    issued, _ = forecast(events, DAY, tmp_path, seed=4)
    assert issued.forecast_id == made[0].forecast_id
    assert issued.seed != made[0].seed
    assert issued.windows != made[0].windows


@pytest.mark.parametrize(
    ("refit", "fitted"),
    [
        ("none", ["2019-07-06T05:20:00Z"] * 3),
        ("nightly", ["2019-07-06T05:20:00Z", "2019-07-06T05:20:00Z", "2019-07-07T03:30:00Z"]),
        ("each", ["2019-07-06T05:20:00Z", "2019-07-06T22:00:00Z", "2019-07-07T03:30:00Z"]),
    ],
)
def test_refits(events: pd.DataFrame, tmp_path: Path, refit: Any, fitted: list[str]) -> None:
    policy = replace(POLICY, refit=refit, samples=50, windows=(1.0,))
    times = [utc("2019-07-06T05:20"), utc("2019-07-06T22:00"), DAY]
    early = events.iloc[100:130]  # enough before the mainshock for fits to all events
    days = pd.to_timedelta(np.arange(len(early)), unit="D")
    early = early.assign(
        time=pd.Series(utc("2019-05-01") + days, early.index).astype(events["time"].dtype),
        magnitude=4.6,
        event_id=[f"early{i}" for i in range(len(early))],
    )
    known = pd.concat([early, events], ignore_index=True)
    made = [forecast(known, now, tmp_path, policy)[0] for now in times]
    assert [issued.model.fitted_at for issued in made] == fitted
    assert len(list(tmp_path.glob("*.json"))) == len(set(fitted))
    parameters = {issued.model.parameters["k"] for issued in made}
    assert len(parameters) == len(set(fitted))


def test_a_file_of_one_sequence_is_not_fitted_to_it(events: pd.DataFrame, tmp_path: Path) -> None:
    """As in `recast forecast`, from the first fit on."""
    policy = replace(POLICY, refit="each", samples=50, windows=(1.0,))
    times = [utc("2019-07-06T04:30"), utc("2019-07-06T05:20")]
    made = [forecast(events, now, tmp_path, policy)[0] for now in times]
    assert len({issued.model.parameters["k"] for issued in made}) == 1


def test_ten_minutes_after_a_mainshock_ranges_are_wide(
    events: pd.DataFrame, tmp_path: Path
) -> None:
    now = utc("2019-07-06T03:30")
    issued, _ = forecast(events, now, tmp_path)
    first = issued.windows[0].bins[0]
    seen = events[((events["time"] >= now) & (events["time"] < now + pd.Timedelta(days=1)))]
    observed = int((seen["magnitude"] >= 3.0).sum())
    assert first.low95 < observed < first.high95
    # Productivities of sequences differ by a factor of four, one standard deviation
    assert first.high95 > 7 * max(first.low95, 1)


def test_the_first_minutes_with_no_aftershock_yet(tmp_path: Path) -> None:
    rows = [(f"e{i}", f"20{10 + i // 4}-0{1 + i % 4 * 2}-03", 2.6, 35.0, -117.0) for i in range(36)]
    quiet = table(*rows, ("main", "2019-07-06T03:19:53", 6.4, 35.0, -117.0))
    policy = replace(POLICY, windows=(1.0, 365.0))
    issued, _ = forecast(quiet, utc("2019-07-06T03:30"), tmp_path, policy)
    assert issued.model.name == FROM_PAST_SEQUENCES
    assert [window.label for window in issued.windows] == ["1 Day", "1 Year"]
    assert any("30 days" in remark for remark in issued.remarks)  # what comes after
    first = issued.windows[0].bins[0]
    assert first.low95 < first.median < first.high95
    # Reasenberg and Jones: M 6.4 has 10^(-1.67 + 0.91 * 3.4) * 0.6 = 20 aftershocks M >= 3 in a day
    assert 3 < first.median < 120
    assert first.high95 > 7 * max(first.low95, 1)


def test_a_forecast_for_the_region(events: pd.DataFrame, tmp_path: Path) -> None:
    policy = replace(POLICY, regional_windows=(1.0, 3.0))
    issued, samples = forecast(events, DAY, tmp_path, policy, region=True)
    assert (issued.kind, issued.sequence, issued.area) == ("region", None, AREA)
    assert issued.forecast_id == "region_20190707T000000Z"
    assert [window.label for window in issued.windows] == ["1 Day", "3 Days"]
    assert all(window.above_mainshock is None for window in issued.windows)
    assert set(samples["magnitude"]) == {3.0, 4.0, 5.0, 6.0, 7.0}


def test_in_ordinary_times_numbers_are_those_of_recast_forecast(tmp_path: Path) -> None:
    """Lowered by past errors, as far as events trigger others, and the record says so."""
    rows = [(f"e{i}", f"20{10 + i // 4}-0{1 + i % 4 * 2}-03", 2.6, 35.0, -117.0) for i in range(36)]
    quiet = table(*rows).assign(magnitude=2.5 + 0.1 * np.arange(36.0) % 1.2)
    policy = replace(POLICY, regional_windows=(1.0, 30.0))
    issued, _ = forecast(quiet, DAY, tmp_path, policy, region=True)
    assert issued.model.name == "ETAS, corrected by past errors"
    assert issued.model.sentence == IN_ORDINARY_TIMES
    parameters = issued.model.parameters
    factors = {one["days"]: one["median"] for one in parameters["factors"]}
    kept = {name: parameters[name] for name in ("mu", "k", "alpha", "c", "p", "magnitude_law")}
    branching = ETAS.from_json(kept).branching_ratio(30.0)
    medians = {days: np.exp(OrdinaryCorrection.over(days, branching).shift) for days in factors}
    assert factors == pytest.approx(medians, abs=1e-3)
    assert list(factors) == [1.0, 30.0]
    catalog = known_catalog(quiet, parse_area(AREA), DAY, START, issued.completeness)
    result = run_forecast(
        catalog,
        days=[30.0],
        magnitudes=[one.magnitude for one in issued.windows[1].bins],
        samples=100,
        seed=issued.seed,
        threads=1,
    )
    assert result.sequence is None
    for own, row in zip(issued.windows[1].bins, result.table, strict=True):
        # 5 of the 100 simulations have an event of which .02 are expected: pages tell the 5 %
        assert own.expected == pytest.approx(row.expected, rel=1e-9) or own.expected < 0.1


def test_long_windows_have_fewer_samples_and_say_so(events: pd.DataFrame, tmp_path: Path) -> None:
    policy = replace(POLICY, windows=(1.0, 365.0))
    issued, samples = forecast(events, DAY, tmp_path, policy)
    assert samples.groupby("window")["sample"].max().to_dict() == {"1 Day": 99, "1 Year": 49}
    assert issued.model.parameters["samples"] == {"1 Day": 100, "1 Year": 50}
    assert issued.fan.days[-1] == 365.0
    assert any("extrapolate" in remark for remark in issued.remarks)
    day, year = (window.bins[0] for window in issued.windows)
    assert year.median >= day.median


def test_a_model_that_runs_away_is_simulated_with_fewer_aftershocks() -> None:
    rows = [(f"e{i}", f"20{10 + i // 4}-0{1 + i % 4 * 2}-03", 2.6, 35.0, -117.0) for i in range(36)]
    catalog = known_catalog(table(*rows), parse_area(AREA), DAY, START, 2.5)
    runaway = ETAS(0.1, 0.5, 0.9, 0.01, 1.1, GutenbergRichter(2.5, 1.0, 8.0))
    assert (runaway.branching_ratio(1.0) or 0.0) > 1.0
    fit = Fit(FittedModel(model_kind("etas"), runaway, {}), DAY, {})
    plan = Plan.of(catalog, fit, None, (3.0,), POLICY, 1)
    assert "simulated with fewer aftershocks than the model has" in plan.remarks[0]
    for window in plan.windows:
        assert isinstance(window, Window)
        for process in window.source.processes:
            assert process.branching_ratio(window.days) == pytest.approx(0.8)
    assert plan.draw(1)["1 Day"].counts.shape == (100, 1)


def test_names_are_safe_and_differ() -> None:
    when = Due("2019-07-06T03:29:53Z", None)
    quake = Quake("a", "2019-07-06T03:19:53Z", 7.1, 35.8, -117.6)
    identifiers = ("ci38457511", "../ci38457511", "smi:org/x?id=1", "smi:org/x?id=2", "é", "")
    identifiers += ("us1", "us-1", "us:1", "region", "a" * 300, "a" * 301)
    names = {forecast_id(None, when)} | {
        forecast_id(
            SequenceState(name, "mainshock", quake, Circle(35.8, -117.6, 50.0), quake.time), when
        )
        for name in identifiers
    }
    assert len(names) == len(identifiers) + 1
    assert max(map(len, names)) < 64
    for name in names:
        assert name.replace("_", "").replace("-", "").isalnum()
        assert name.isascii()


def test_nothing_to_forecast_from(events: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no event before"):
        forecast(events.iloc[:0], DAY, tmp_path, region=True)
    with pytest.raises(InputError, match="the history begins at 2030-01-01"):
        forecast(events, DAY, tmp_path, history_start="2030-01-01")


def test_samples_are_small(made: Made) -> None:
    _, samples = made
    assert samples["count"].dtype == samples["sample"].dtype == np.int32
    assert len(samples) == 2 * 7 * 100
    assert read(made[0].windows[0].start) == DAY
