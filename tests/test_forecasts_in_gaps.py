"""What came in a window that overlaps a gap of the catalog is not known, and is not scored."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_aftershocks import made

from catalogs import Catalog, EventSequence, GutenbergRichter, InputError, load, save
from catalogs.areas import Box
from etas.poisson import Poisson
from etas.space import Region, UniformPlaces
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast import Rolling, fit_model, run_benchmark, run_forecast, run_rolling, run_simulation
from recast.benchmark.folder import open_run
from recast.forecast import aftershocks
from recast.forecast.aftershocks import Exam, examine, lead_times
from recast.forecast.engine import Engine
from recast.forecast.gaps import about_forecast, spelt
from recast.forecast.mainshocks import find_mainshocks
from recast.forecast.rolling import Member, roll
from recast.forecast.rolling_results import RollingCatalog
from recast.plots.forecasts import forecast_fan, rolling_forecasts
from recast.report.subject import read_subject

DAYS = 5.0


@pytest.fixture(scope="module")
def whole() -> Catalog:
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 1000.0, 1, seed=8)
    return synthetic_catalog(events, SOCAL_TRUTH, "small", start="2001-01-01")


def declared(catalog: Catalog, *spans: tuple[float, float]) -> Catalog:
    """With gaps on days since its start; events there stay in the table."""
    info = catalog.info
    gaps = tuple((str(info.to_time(a)), str(info.to_time(b))) for a, b in spans)
    return Catalog(catalog.events, replace(info, gaps=gaps))


def quiet(catalog: Catalog, after: float, days: float) -> float:
    """The first day from which on no event is for so long: a gap there hides none."""
    times = catalog.to_sequence().times
    gaps = np.flatnonzero((np.diff(times) > days + 0.02) & (times[:-1] > after))
    return float(times[gaps[0]]) + 0.01


def rolled(catalog: Catalog, folder: Path, **settings: int) -> RollingCatalog:
    members = [
        Member("etas", (SOCAL_TRUTH,)),
        Member("poisson", (Poisson(0.3, SOCAL_TRUTH.magnitude_law),)),
    ]
    rolling = Rolling(days=DAYS, samples=60, **settings)
    return roll(catalog, members, rolling, folder, engine=Engine())


def test_windows_that_overlap_a_gap_are_left_out_and_the_others_stay(
    whole: Catalog, tmp_path: Path
) -> None:
    begin = whole.info.to_days(whole.info.splits.test_start)
    where = quiet(whole, begin + 12.0, 1.0)
    before = rolled(whole, tmp_path / "a")
    after = rolled(declared(whole, (where, where + 1.0)), tmp_path / "b")
    starts = Rolling(days=DAYS).starts(whole)
    lost = (starts < where + 1.0) & (starts + DAYS > where)
    assert 1 <= lost.sum() <= 2
    assert after.windows == [w for w, out in zip(before.windows, lost, strict=True) if not out]
    for name, row in after.models.items():
        old = before.models[name]
        for score in ("pit", "crps", "log_score", "mean", "delta1", "delta2", "magnitude_test"):
            kept = [x for x, out in zip(getattr(old, score), lost, strict=True) if not out]
            assert getattr(row, score) == kept, score
        for q, numbers in row.quantiles.items():
            np.testing.assert_array_equal(numbers, np.array(old.quantiles[q])[~lost])
        assert row.information_gain is not None
        gains = np.array(old.information_gain)[~lost]
        np.testing.assert_allclose(row.information_gain, gains, rtol=1e-12, atol=1e-12)
        seen = np.array([w.observed for w in after.windows])
        low, high = (np.array(row.quantiles[q]) for q in ("0.025", "0.975"))
        assert row.coverage["95"] == np.mean((low <= seen) & (seen <= high))
    difference = after.models["poisson"].differences["crps"].mean
    crps = [np.mean(after.models[name].crps) for name in ("poisson", "etas")]
    assert difference == pytest.approx(crps[0] - crps[1])
    (remark,) = after.remarks
    n = int(lost.sum())
    assert remark.startswith(f"{n} of {starts.size} windows overlap")
    assert remark.endswith("): not scored")
    assert before.remarks == []
    assert f"note: {remark}" in after.table("small")
    again = RollingCatalog.from_json(json.loads(json.dumps(after.to_json())), "x")
    assert again.remarks == [remark]


def test_silence_of_a_gap_spoils_no_score(whole: Catalog, tmp_path: Path) -> None:
    begin = whole.info.to_days(whole.info.splits.test_start)
    found = rolled(declared(whole, (begin + 20.0, begin + 60.0)), tmp_path)
    assert len(found.windows) == Rolling(days=DAYS).starts(whole).size - 8
    stamps = pd.to_datetime([w.start for w in found.windows])
    assert stamps.to_series().diff().max() == pd.Timedelta(days=8 * DAYS + DAYS)
    figure = rolling_forecasts("small", found, DAYS)  # steps end where windows are left out
    heights = figure.axes[0].lines[0].get_ydata()
    assert np.isnan(np.asarray(heights, dtype=np.float64)).sum() == 1


def test_windows_that_all_overlap_gaps_are_refused(whole: Catalog, tmp_path: Path) -> None:
    begin = whole.info.to_days(whole.info.splits.test_start)
    catalog = declared(whole, (begin + 1.0, begin + 2.0), (begin + 7.0, begin + 8.0))
    with pytest.raises(InputError, match=r"'small': every window of 5 days overlaps its gaps \("):
        rolled(catalog, tmp_path, windows=2)
    assert not list(tmp_path.iterdir())
    with pytest.raises(InputError, match="every window of 5 days overlaps"):
        run_benchmark([catalog], ["etas", "poisson"], tmp_path, rolling=Rolling(DAYS, windows=2))


def test_a_run_keeps_the_remark_beside_those_of_its_models(whole: Catalog, tmp_path: Path) -> None:
    begin = whole.info.to_days(whole.info.splits.test_start)
    catalog = declared(whole, (begin + 20.0, begin + 21.0))
    save(catalog, tmp_path)
    run_benchmark([str(tmp_path / "small.json")], ["etas", "poisson"], tmp_path / "run")
    result = run_rolling(tmp_path / "run", Rolling(DAYS, samples=20, windows=6))
    (remark,) = result.catalogs["small"].remarks
    assert remark.startswith("1 of 6 windows overlaps a gap of the catalog (")
    shown = read_subject(open_run(tmp_path / "run"), "small", samples=1, seed=0)
    assert shown.remarks == [f"consecutive forecasts: {remark}"]


@pytest.mark.parametrize(
    ("gap", "known"),
    [
        ((3.0, 4.0), [1.0]),  # 7 and 20 days overlap it
        ((-2.0, 0.5), []),  # the forecast is made in it
        ((-2.0, 0.0), [1.0, 7.0, 20.0]),  # it is over
        ((7.0, 9.0), [1.0, 7.0]),  # a window ends where it begins
        ((20.0, 30.0), [1.0, 7.0, 20.0]),
    ],
)
def test_a_forecast_over_a_gap_has_no_outcome(
    whole: Catalog, gap: tuple[float, float], known: list[float]
) -> None:
    at = 900.0
    catalog = declared(whole, (at + gap[0], at + gap[1]))
    model = fit_model("poisson", whole)
    options = {"at": str(whole.info.to_time(at)), "days": [1.0, 7.0, 20.0], "samples": 100}
    done = run_forecast(catalog, model, **options)  # type: ignore[arg-type]
    assert sorted({row.days for row in done.table if row.observed is not None}) == known
    assert {row.days for row in done.table if row.scores is not None} == set(known)
    before = run_forecast(whole, model, **options)  # type: ignore[arg-type]
    for new, old in zip(done.table, before.table, strict=True):
        assert new == (old if new.days in known else replace(old, observed=None, scores=None))
    assert (done.magnitude_test is None) == (20.0 not in known)
    lost = [f"{days:g}" for days in (1.0, 7.0, 20.0) if days not in known]
    said = [line for line in str(done).splitlines() if "in the window" in line]
    assert said == [line for line in done.remarks if "in the window" in line]
    past = [line for line in done.remarks if "nor are its aftershocks expected" in line]
    assert len(past) == (gap[0] < 0.0)
    if not lost:
        assert said == []
    else:
        listed = re.sub(", (?=[^,]*$)", " and ", ", ".join(lost))
        assert f"what came in the window{'s' * (len(lost) > 1)} of {listed} days is" in said[0]


def test_gaps_are_named_that_a_finished_window_overlaps(whole: Catalog) -> None:
    catalog = declared(whole, (900.0, 902.0), (940.0, 941.0))
    info, events = catalog.info, catalog.to_sequence()
    assert about_forecast(info, events, 890.0, [10.0]) == []
    assert about_forecast(info, events, 980.0, [30.0]) == []
    (one,) = about_forecast(info, events, 890.0, [5.0, 15.0, 200.0])  # the last is not over
    day = f"{pd.Timestamp('2001-01-01') + pd.Timedelta(days=900):%Y-%m-%d}"
    assert one.startswith(f"the catalog has a gap from {day} to ")
    assert one.endswith(": what came in the window of 15 days is not known")
    (two,) = about_forecast(info, events, 890.0, [60.0, 15.0])
    assert "has gaps from" in two
    assert two.count(" to ") == 2
    spans = tuple((day, day + 0.5) for day in (0.5, 3.0, 5.0, 7.0, 9.0))
    assert spelt(info, spans[:1]) == "2001-01-01 12:00:00 to 2001-01-02"
    assert spelt(info, ((0.5, 1.0 - 1e-9),)) == spelt(info, spans[:1])
    assert spelt(info, spans).endswith("2001-01-06 to 2001-01-06 12:00:00 and 2 more")
    assert "more" not in spelt(info, spans[:3])


def test_the_observed_curve_ends_at_the_gap(whole: Catalog) -> None:
    model = fit_model("poisson", whole)
    for begin, end in ((3.0, 3.0), (-1.0, None)):
        catalog = declared(whole, (900.0 + begin, 906.0))
        at = str(whole.info.to_time(900.0))
        done = run_forecast(catalog, model, at=at, days=[10.0], samples=50)
        lines = {line.get_label(): line for line in forecast_fan(catalog, done).axes[0].lines}
        assert ("observed since" in lines) == (end is not None)
        if end is not None:
            assert np.max(lines["observed since"].get_xdata()) == pytest.approx(end)


def test_tests_of_places_are_not_made_over_a_gap(tmp_path: Path) -> None:
    region = Region(Box(34.0, 35.0, -118.0, -117.0))
    process = Poisson(1.0, GutenbergRichter(2.0))
    law = UniformPlaces(region)
    run_simulation(process, 400.0, origin="2020-01-01", seed=1, places=law, out=tmp_path)
    catalog = load(tmp_path / "simulated.json")
    options = {"at": str(catalog.info.to_time(300.0)), "days": [20.0], "samples": 100}
    tests = []
    for one in (catalog, declared(catalog, (305.0, 306.0))):
        model = fit_model("poisson", one, places=True)
        done = run_forecast(one, model, places=True, **options)  # type: ignore[arg-type]
        assert done.places is not None
        tests.append((done.places.spatial_test, done.places.pseudo_likelihood_test))
    assert None not in tests[0]
    assert tests[1] == (None, None)


def test_a_simulation_over_a_gap_is_compared_with_nothing(whole: Catalog) -> None:
    catalog = declared(whole, (905.0, 907.0))
    process = Poisson(0.3, SOCAL_TRUTH.magnitude_law)
    at = str(whole.info.to_time(900.0))
    over = run_simulation(process, 14.0, 20, history=catalog, at=at)
    assert over.observed is None
    assert over.result.observed is None
    (remark,) = over.result.remarks
    assert remark == (
        "the catalog has a gap from 2003-06-25 to 2003-06-27: what came in the window of 14 days "
        "is not known"
    )
    assert str(over.result).endswith(remark)
    short = run_simulation(process, 5.0, 20, history=catalog, at=at)
    assert short.result.observed == len(whole.to_sequence().between(900.0, 905.0))
    assert short.result.remarks == []


def exam_of(
    catalog: Catalog, folder: Path, *, resume: bool = False
) -> aftershocks.AftershockCatalog:
    exam = Exam(hours=(6.0, 24.0, 72.0), days=(1.0, 7.0), samples=60)
    process = Poisson(1.0, GutenbergRichter(2.0))
    members: Sequence[Member] = [Member("poisson", (process,))]
    return examine(catalog, exam, lambda *_: members, folder, engine=Engine(), resume=resume)


def test_the_exam_scores_no_window_over_a_gap(tmp_path: Path) -> None:
    catalog = made({150.2: 5.0, 250.2: 5.0})
    before = exam_of(catalog, tmp_path / "a")
    gap = (152.6, 153.4)  # no event is there: the daily one comes at noon
    after = exam_of(declared(catalog, gap), tmp_path / "b")
    assert after.sequences[1] == before.sequences[1]
    hours = [forecast.hours for forecast in after.sequences[0].forecasts["poisson"]]
    assert hours == [6.0, 24.0]  # after 72 hours even the shortest window begins in the gap
    for new, old in zip(
        after.sequences[0].forecasts["poisson"],
        before.sequences[0].forecasts["poisson"],
        strict=False,
    ):
        for row, same in zip(new.table, old.table, strict=True):
            lost = row.days == 7.0
            assert row == (replace(same, observed=None, scores=None) if lost else same)
    n = {(row.days, row.magnitude): row.forecasts for row in after.scores["poisson"]}
    assert (n[1.0, 2.0], n[7.0, 2.0]) == (5, 3)
    (remark,) = after.remarks
    assert remark == (
        "4 of 12 windows overlap a gap of the catalog (day 152.6 to day 153.4): not scored"
    )
    assert f"note: {remark}" in after.table("made")
    assert before.remarks == []


def test_a_mainshock_whose_aftershocks_a_gap_hides_is_left_out_by_name(tmp_path: Path) -> None:
    catalog = declared(made({150.2: 5.0, 250.2: 5.0}), (150.25, 150.9))
    found = exam_of(catalog, tmp_path)
    assert [shock.time for shock in found.sequences] == ["250.2"]
    (left,) = found.left_out
    assert left.reason == "the catalog has a gap in the day after it (day 150.25 to day 150.9)"
    assert found.table("made").splitlines()[-1] == f"left out: day 150.2 M5.0: {left.reason}"
    alone = declared(made({150.2: 5.0}), (150.25, 150.9))
    with pytest.raises(
        InputError, match=r"in the day after it \(1 of M >= 5 with a gap of the cat"
    ):
        find_mainshocks(alone, 5.0)
    # Twenty events that were recorded are enough
    late = declared(made({150.2: 5.0}), (150.8, 151.2))
    assert [shock.first_day for shock in find_mainshocks(late, 5.0)] == [21]


def test_a_gap_over_all_windows_of_an_exam_is_named(tmp_path: Path) -> None:
    catalog = declared(made({150.2: 5.0}), (150.9, 160.0))
    shock = find_mainshocks(catalog, 5.0)[0]
    assert lead_times(catalog.to_sequence(), shock, Exam(hours=(6.0,), days=(1.0,))) == []
    with pytest.raises(InputError, match="M5.0: a gap of the catalog follows too soon"):
        exam_of(catalog, tmp_path)


def test_an_exam_does_not_resume_one_of_other_gaps(tmp_path: Path) -> None:
    catalog = made({150.2: 5.0})
    exam_of(catalog, tmp_path)
    with pytest.raises(InputError, match="made with gaps = None"):
        exam_of(declared(catalog, (155.6, 156.4)), tmp_path, resume=True)
