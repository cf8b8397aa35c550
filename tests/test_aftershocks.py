"""Forecasts after mainshocks: which events they are, what models know, and how they are scored."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import sem
from scipy.stats import t as t_distribution

from catalogs import (
    Catalog,
    CatalogInfo,
    EventSequence,
    InputError,
    SplitDates,
    save,
)
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast import fit_model, run_aftershock_exam, run_benchmark, write_report
from recast.benchmark.folder import AFTERSHOCKS
from recast.cli import main
from recast.evaluation.intervals import mean_by_blocks
from recast.forecast import aftershocks
from recast.forecast.aftershock_results import (
    AftershockCatalog,
    AftershockForecast,
    AftershockResult,
    AftershockSequence,
    LeftOut,
    said_and_came,
)
from recast.forecast.aftershocks import Exam, known_before, lead_times, scored
from recast.forecast.mainshocks import find_mainshocks
from recast.forecast.results import ForecastRow
from recast.models.seen import seen_by_net

SMALL = ["--samples", "60", "--hours", "6", "24", "--days", "1", "7"]


def made(
    large: dict[float, float], after: float = 20, start: float = 0.0, end: float = 400.0
) -> Catalog:
    """An M2 event a day, and large ones with as many events in the twelve hours after them."""
    rows = [(day + 0.5, 2.0) for day in range(int(end))]
    for day, magnitude in large.items():
        rows += [(day, magnitude)]
        rows += [(day + 0.5 * (i + 1) / after, 2.0) for i in range(int(after))]
    times, magnitudes = np.array(sorted(rows)).T
    info = CatalogInfo(
        "made", 0.0, end, SplitDates(start, 100.0, 200.0, 390.0), 2.0, time_unit="days since start"
    )
    return Catalog(pd.DataFrame({"time": times, "magnitude": magnitudes}), info)


@pytest.mark.parametrize(
    ("large", "expected"),
    [
        ({150.2: 5.0, 250.2: 6.0}, [150.2, 250.2]),
        ({99.2: 5.0, 150.2: 5.0}, [150.2]),  # the train window
        ({150.2: 5.0, 390.2: 5.0}, [150.2]),  # after the test window
        ({150.2: 4.9, 250.2: 5.0}, [250.2]),
        ({150.2: 6.0, 179.2: 5.5, 181.2: 5.8}, [150.2, 181.2]),  # 29 and 31 days after a larger one
        ({150.2: 5.0, 151.2: 6.0}, [150.2, 151.2]),  # a foreshock was a mainshock when it came
        ({150.2: 5.0, 151.2: 5.0}, [150.2, 151.2]),  # no larger one
    ],
)
def test_a_mainshock_is_large_and_no_larger_one_precedes_it(
    large: dict[float, float], expected: list[float]
) -> None:
    found = find_mainshocks(made(large), 5.0)
    assert [shock.time for shock in found] == pytest.approx(expected)
    assert [shock.magnitude for shock in found] == [large[day] for day in expected]


def test_a_mainshock_has_twenty_events_in_the_day_after() -> None:
    # One of them is the daily event
    assert find_mainshocks(made({150.2: 5.0}, after=19), 5.0)[0].first_day == 20
    with pytest.raises(
        InputError, match=r"'made' has no mainshock of M >= 5 .*, in validation and test: choose"
    ):
        find_mainshocks(made({150.2: 5.0}, after=18), 5.0)


def test_forecasts_end_at_a_larger_event_and_with_the_catalog() -> None:
    exam = Exam(hours=(6.0, 24.0, 72.0), days=(1.0, 7.0))

    def hours(large: dict[float, float], end: float = 400.0) -> list[float]:
        catalog = made(large, end=end)
        return lead_times(catalog.to_sequence(), find_mainshocks(catalog, 5.0)[0], exam)

    assert hours({150.2: 5.0}) == [6.0, 24.0, 72.0]
    assert hours({150.2: 5.0, 152.2: 5.1}) == [6.0, 24.0]
    assert hours({150.2: 5.0, 150.4: 5.1}) == []
    assert hours({150.2: 5.0, 152.2: 5.0}) == [6.0, 24.0, 72.0]
    assert hours({389.2: 5.0}, end=392.0) == [6.0, 24.0]


@pytest.mark.parametrize("validation", [False, True])
def test_a_refit_knows_nothing_after_the_day_before(validation: bool) -> None:
    catalog = made({150.2: 5.0, 250.2: 6.0})
    shock = find_mainshocks(catalog, 5.0)[1]
    before = known_before(catalog, shock, validation=validation)
    split, events = before.split(), before.to_sequence()
    assert split.test.score_from == pytest.approx(249.2)
    assert (events.times >= 249.2).sum() == 1  # a test window has an event
    assert split.train.end == pytest.approx(249.2 * 0.85 if validation else 248.5, abs=1e-5)
    assert split.val.n_scored == (np.sum(events.times < 249.2) - len(split.train))
    if not validation:
        assert split.val.n_scored == 1


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """Five years of a known process, with two mainshocks."""
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 2000.0, 1, seed=12)
    return synthetic_catalog(events, SOCAL_TRUTH, "small", start="2041-01-01")


def changed_after(catalog: Catalog, day: float) -> Catalog:
    """The same with larger magnitudes from a day on."""
    later = catalog.days >= day
    table = catalog.events.assign(magnitude=catalog.events["magnitude"] + 0.3 * later)
    return Catalog(table, catalog.info)


@pytest.mark.parametrize("model", ["poisson", "etas", "recast-zero-shot"])
def test_later_events_do_not_change_a_refit(catalog: Catalog, model: str) -> None:
    shock = find_mainshocks(catalog, 5.0)[-1]
    fits = [
        fit_model(model, known_before(c, shock, validation=False)).process.fingerprint()
        for c in (catalog, changed_after(catalog, shock.time - 1.0))
    ]
    assert fits[0] == fits[1]
    earlier = changed_after(catalog, shock.time - 100.0)
    assert (
        fit_model(model, known_before(earlier, shock, validation=False)).process.fingerprint()
        != fits[0]
    )


def row(
    days: float, median: float, half: float, observed: int | None, **scores: float
) -> ForecastRow:
    return ForecastRow(
        days,
        2.0,
        median,
        median,
        (median - half / 2.0, median + half / 2.0),
        (median - half, median + half),
        1.0,
        observed,
        None if observed is None else {"pit": 0.5, **scores},
    )


def sequence(**forecasts: Sequence[ForecastRow]) -> AftershockSequence:
    return AftershockSequence(
        "2020-01-01T00:00:00+00:00",
        5.0,
        30,
        {
            model: [AftershockForecast(1.0, "x", [r]) for r in rows]
            for model, rows in forecasts.items()
        },
    )


def test_scores_of_a_few_forecasts() -> None:
    first = sequence(
        poisson=[row(1.0, 10.0, 4.0, 12, crps=2.0, log_score=-3.0)],
        etas=[row(1.0, 20.0, 8.0, 12, crps=3.0, log_score=-4.0)],
    )
    second = sequence(
        poisson=[
            row(1.0, 0.0, 4.0, 4, crps=1.0, log_score=-30.0),
            row(1.0, 5.0, 4.0, None),  # the catalog ends before the window does
        ],
        etas=[row(1.0, 4.0, 4.0, 4, crps=2.0, log_score=-2.0), row(1.0, 5.0, 4.0, None)],
    )
    (poisson,), (etas,) = scored([first, second]).values()
    assert (poisson.days, poisson.magnitude, poisson.forecasts) == (1.0, 2.0, 2)
    assert (poisson.inside_50, poisson.inside_95) == (0.5, 1.0)  # ends belong to ranges
    assert (etas.inside_50, etas.inside_95) == (0.5, 1.0)
    ratios = np.log([10.0 / 12.0, 0.5 / 4.0])
    assert poisson.log_ratio == pytest.approx(ratios.mean())
    assert poisson.absolute_log_ratio == pytest.approx(-ratios.mean())
    assert poisson.crps == 1.5
    assert poisson.log_score == (-3.0 - 20.0) / 2.0  # each no lower than -20
    assert poisson.pit == [0.5, 0.5]
    assert etas.differences == {}
    crps, log_score = poisson.differences["crps"], poisson.differences["log_score"]
    assert (crps.over, crps.mean, crps.better) == ("etas", -1.0, "lower")
    assert crps.ci95 == (-1.0, -1.0)
    assert (log_score.mean, log_score.better) == ((1.0 - 18.0) / 2.0, "higher")
    half = 9.5 * np.tan(0.475 * np.pi)  # Student's t with one degree of freedom is Cauchy's
    assert log_score.ci95 == pytest.approx((-8.5 - half, -8.5 + half))
    assert scored([first])["poisson"][0].differences["crps"].ci95 is None


def test_probabilities_stand_beside_how_often_it_came() -> None:
    came = [
        replace(row(7.0, 0.0, 4.0, n, crps=1.0, log_score=-1.0), probability=0.2) for n in (0, 0, 3)
    ]
    (rows,) = scored([sequence(etas=came)]).values()
    assert (rows[0].chance, rows[0].came) == pytest.approx((0.2, 1.0 / 3.0))
    assert said_and_came(rows[0].one_or_more) == "20 (33)%"
    older = replace(rows[0], chance=None, came=None)  # a file of an older version has neither
    assert said_and_came(older.one_or_more) == "-"


def test_the_table_has_the_windows_side_by_side() -> None:
    rows = [row(1.0, 10.0, 4.0, 12, crps=2.0, log_score=-3.0)]
    rows += [row(7.0, 2000.0, 4.0, 1000, crps=1234.5, log_score=-30.0)]
    forecast = AftershockForecast(1.0, "2020-01-01T01:00:00+00:00", rows)
    shock = sequence(etas=rows[:1])
    shock = replace(shock, forecasts={"etas": [forecast]})
    text = AftershockCatalog([shock], scored([shock])).table("mine")
    head, windows, _, columns, numbers = text.splitlines()
    assert head == "mine: 1 mainshock, 1 forecast"
    assert windows == "windows of 1 / 7 days side by side"
    assert columns.split()[:3] == ["M", ">=", "2"]
    expected = "etas 100 / 0 % 100 / 0 % -0.18 / +0.69 0.18 / 0.69 2 / 1,234 -3.00 / -20.00 "
    expected += "100 (100) / 100 (100) %"
    assert " ".join(numbers.split()) == expected
    day = replace(shock, forecasts={"etas": [replace(forecast, table=rows[:1])]})
    assert "\nin the next 1 day\n" in AftershockCatalog([day], scored([day])).table("mine")
    with_note = AftershockCatalog(
        [shock], scored([shock]), [LeftOut("512.25", 6.0, "too few events")]
    )
    assert with_note.table("mine").splitlines()[-1] == ("left out: day 512.25 M6.0: too few events")


def test_a_sequence_is_one_block() -> None:
    """Values of a block are equal: as many blocks as there are give the interval, not values."""
    rng = np.random.default_rng(3)
    each = rng.normal(size=40)
    alone = mean_by_blocks(each, range(40))
    fives = mean_by_blocks(np.repeat(each, 5), np.repeat(np.arange(40), 5).tolist())
    assert fives[0] == pytest.approx(alone[0])
    assert fives[1] == pytest.approx(alone[1])
    # Blocks of one size are a sample of their means
    expected = t_distribution.interval(0.95, 39, loc=each.mean(), scale=sem(each))
    assert alone[1] == pytest.approx(expected)


def test_long_sequences_weigh_as_much_as_they_hold() -> None:
    mean, ends = mean_by_blocks([0.0, 1.0, 1.0, 1.0], [7, 9, 9, 9])
    assert mean == 0.75
    assert ends is not None
    assert ends[0] < -1.0  # two blocks tell nearly nothing
    assert ends[1] > 2.0
    assert mean_by_blocks([0.0, 1.0], [7, 7]) == (0.5, None)


@pytest.mark.parametrize("blocks", [2, 5, 12])
def test_the_interval_holds_the_mean_as_often_as_it_says(blocks: int) -> None:
    rng, held = np.random.default_rng(blocks), []
    for _ in range(2000):
        label = np.repeat(np.arange(blocks), rng.integers(1, 6, blocks))
        values = rng.normal(size=blocks)[label] + 0.5 * rng.normal(size=label.size)
        _, ends = mean_by_blocks(values, label.tolist())
        assert ends is not None
        held.append(ends[0] <= 0.0 <= ends[1])
    assert np.mean(held) == pytest.approx(0.95, abs=0.02)


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*h.json"))}


@pytest.fixture(scope="module")
def folder(catalog: Catalog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalog and an exam of two models."""
    root = tmp_path_factory.mktemp("aftershocks")
    save(catalog, root)
    assert main([*command(root), "--out", str(root / "exam")]) == 0
    return root


def command(root: Path, *models: str) -> list[str]:
    catalog = ["--catalog", str(root / "small.json")]
    return [
        "forecast",
        "--after-mainshocks",
        "5",
        *catalog,
        "--models",
        *(models or ("poisson", "etas")),
        *SMALL,
    ]


def test_what_is_written_is_read_back(folder: Path, catalog: Catalog) -> None:
    path = folder / "exam" / AFTERSHOCKS
    result = AftershockResult.load(path)
    assert result.to_json() == json.loads(path.read_bytes())
    assert (result.magnitude, result.hours, result.days) == (5.0, [6.0, 24.0], [1.0, 7.0])
    assert (result.refitted, result.n_samples) == (True, 60)
    small = result.catalogs["small"]
    shocks = find_mainshocks(catalog, 5.0)
    assert len(shocks) >= 2
    assert len(small.sequences) + len(small.left_out) == len(shocks)
    table = result.to_dataframe()
    made_of = [f for s in small.sequences for forecasts in s.forecasts.values() for f in forecasts]
    assert len(table) == 6 * len(made_of)  # two windows, three magnitudes
    assert set(table["magnitude"]) == {2.5, 3.5, 4.5}
    events, first = catalog.to_sequence(), table.iloc[0]
    at = shocks[0].time + 0.25
    inside = (events.times >= at) & (events.times < at + 1.0)
    assert first["observed"] == inside.sum()
    shown = str(result)
    assert "small: " in shown
    assert "log score of poisson less that of etas" in shown
    assert "<pre>small" in result._repr_html_()


def test_every_mainshock_has_a_model_of_its_own(folder: Path, catalog: Catalog) -> None:
    fits = sorted((folder / "exam" / "aftershocks" / "small").glob("*/etas.json"))
    shocks = find_mainshocks(catalog, 5.0)
    assert len(fits) == len(shocks)
    times = catalog.to_sequence().times
    for path, shock in zip(fits, shocks, strict=True):
        until = json.loads(path.read_text())["fitted_on"]["small"]["until"]
        last = times[times < shock.time - 1.0][-1]
        assert catalog.info.to_days(until) == pytest.approx(last, abs=1e-5)


def test_a_killed_run_resumes(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    drawn: list[int] = []
    draw = aftershocks.draw_task

    def counted(job: Any, i: int) -> Any:
        if len(drawn) == 5:
            raise KeyboardInterrupt
        drawn.append(i)
        return draw(job, i)

    out = ["--out", str(tmp_path / "part")]
    monkeypatch.setattr(aftershocks, "draw_task", counted)
    assert main([*command(folder), *out]) == 130
    assert len(files(tmp_path)) == 5
    monkeypatch.setattr(aftershocks, "draw_task", draw)
    seen: list[tuple[str, int, int]] = []
    result = run_aftershock_exam(
        [str(folder / "small.json")],
        ["poisson", "etas"],
        5.0,
        tmp_path / "part",
        hours=[6, 24],
        days=[1.0, 7.0],
        samples=60,
        resume=True,
        progress=lambda *done: seen.append(done),
    )
    assert sum(1 for _ in seen) == len(files(folder / "exam")) - 5
    assert files(tmp_path / "part") == files(folder / "exam")
    whole = AftershockResult.load(folder / "exam" / AFTERSHOCKS)
    assert result.catalogs == whole.catalogs
    assert main([*command(folder), *out, "--resume"]) == 0
    assert (tmp_path / "part" / AFTERSHOCKS).read_bytes() == (
        (folder / "exam" / AFTERSHOCKS)
        .read_bytes()
        .replace(str(folder / "exam").encode(), str(tmp_path / "part").encode())
    )
    capsys.readouterr()
    assert main([*command(folder), *out, "--resume", "--seed", "3"]) == 2
    assert "holds chunks made with seed = 0, now 3" in capsys.readouterr().err


def test_more_mainshocks_leave_forecasts_as_they_are(catalog: Catalog, tmp_path: Path) -> None:
    exam = {"hours": [24], "days": [1.0], "samples": 20}
    run_aftershock_exam([catalog], ["poisson"], 5.5, tmp_path, **exam)
    first = files(tmp_path)
    assert len(first) == 1
    run_aftershock_exam([catalog], ["poisson"], 5.0, tmp_path, **exam, resume=True)
    second = files(tmp_path)
    assert len(second) == 2
    assert first.items() <= second.items()


def test_workers_and_threads_change_nothing(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs dask: pip install '.[cluster]'")
    where = ["--workers", "2", "--threads", "1", "--no-plots"]
    assert main([*command(folder), *where, "--out", str(tmp_path)]) == 0
    assert files(tmp_path) == files(folder / "exam")
    assert not (tmp_path / "small" / "aftershocks.png").exists()


def test_the_models_of_a_benchmark_are_examined(folder: Path, tmp_path: Path) -> None:
    run_benchmark([str(folder / "small.json")], ["poisson", "etas"], tmp_path)
    options = ["--run", str(tmp_path), *SMALL, "--no-plots"]
    assert main(["forecast", "--after-mainshocks", "5", "--no-refit", *options]) == 0
    fixed = AftershockResult.load(tmp_path / AFTERSHOCKS)
    assert not fixed.refitted
    small = fixed.catalogs["small"]
    assert list(small.scores) == ["poisson", "etas", "truth"]
    assert main(["forecast", "--after-mainshocks", "5", "--models", "etas", *options]) == 0
    again = AftershockResult.load(tmp_path / AFTERSHOCKS).catalogs["small"]
    refitted = AftershockResult.load(folder / "exam" / AFTERSHOCKS).catalogs["small"]
    assert [s.forecasts["etas"] for s in again.sequences] == [
        s.forecasts["etas"] for s in refitted.sequences
    ]
    assert small.sequences[-1].forecasts["etas"] != again.sequences[-1].forecasts["etas"]


def test_uncertain_parameters_are_an_option(folder: Path, tmp_path: Path) -> None:
    out = ["--parameter-uncertainty", "--no-plots", "--out", str(tmp_path)]
    assert main([*command(folder, "etas"), *out]) == 0
    small = AftershockResult.load(tmp_path / AFTERSHOCKS).catalogs["small"]
    # one set for every 50 simulations
    assert all(s.parameter_uncertainty["etas"]["draws"] == 2 for s in small.sequences)


def test_a_mainshock_before_which_a_model_cannot_be_fitted_is_left_out() -> None:
    # 50 events before the validation window, two fewer the day before the first mainshock
    catalog = made({100.2: 5.0, 250.2: 5.5}, start=50.0)
    result = run_aftershock_exam([catalog], ["poisson"], hours=[24], days=[1.0], samples=20)
    made_of = result.catalogs["made"]
    assert [s.label for s in made_of.sequences] == ["day 250.2 M5.5"]
    assert [shock.time for shock in made_of.left_out] == ["100.2"]
    line = (
        "left out: day 100.2 M5.0: catalog 'made': the train window [50, 98.5) days has 48 events"
    )
    assert line in str(result)
    alone = made({100.2: 5.0}, start=50.0)
    with pytest.raises(InputError, match=r"no forecast .* after day 100.2 M5.0: .* 48 events"):
        run_aftershock_exam([alone], ["poisson"], hours=[24], days=[1.0], samples=20)


def test_a_mainshock_after_which_a_model_cannot_be_simulated_is_left_out(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = find_mainshocks(catalog, 5.0)
    draw = aftershocks.draw_forecast

    def explodes(catalog: Catalog, processes: Any, request: Any, *rest: Any, **more: Any) -> Any:
        if request.at < second.time:
            raise InputError("branching ratio 1.200 over 1 day")
        return draw(catalog, processes, request, *rest, **more)

    monkeypatch.setattr(aftershocks, "draw_forecast", explodes)
    exam = {"hours": [6, 24], "days": [1.0], "samples": 20}
    found = run_aftershock_exam([catalog], ["poisson"], 5.0, tmp_path, **exam).catalogs["small"]
    assert [shock.magnitude for shock in found.left_out] == [first.magnitude]
    assert found.left_out[0].reason == "poisson after 24 hours: branching ratio 1.200 over 1 day"
    assert [shock.magnitude for shock in found.sequences] == [second.magnitude]
    assert len(files(tmp_path)) == 2


def test_a_net_stops_early_on_the_last_events_before_a_mainshock(
    catalog: Catalog, tmp_path: Path
) -> None:
    shock = find_mainshocks(catalog, 5.0)[0]
    part = Catalog(catalog.events, replace(catalog.info, end=str(catalog.info.splits.end)))
    exam = {"hours": [24], "days": [1.0], "samples": 20, "quick": True, "max_events": 500}
    result = run_aftershock_exam([part], ["recast-native"], 5.0, tmp_path, **exam)
    assert len(result.catalogs["small"].sequences) == 2
    nets = sorted(tmp_path.glob("aftershocks/small/*/recast-native/seed0/best.ckpt"))
    assert len(nets) == 2
    seen = seen_by_net(nets[0], None)["small"]
    info = catalog.info
    assert info.to_days(seen.until or "") == pytest.approx(shock.time - 1.0)
    day, start = shock.time - 1.0, info.to_days(info.splits.train_start)
    assert info.to_days(seen.end) == pytest.approx(day - 0.15 * (day - start))


def test_a_model_that_has_seen_later_data_leaves_a_mainshock_out_or_is_marked(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = replace(catalog.info, start="2001-01-01", name="early")
    shift = pd.Timestamp("2041-01-01") - pd.Timestamp("2001-01-01")
    dates = vars(catalog.info.splits)
    moved = {name: str(pd.Timestamp(date) - shift) for name, date in dates.items()}
    early = replace(early, end=moved["end"], splits=SplitDates(**moved))
    table = catalog.events.assign(time=catalog.events["time"] - shift)
    exam = {"hours": [24], "days": [1.0], "samples": 20}
    with pytest.raises(InputError, match="recast-zero-shot was fitted on data from after"):
        run_aftershock_exam([Catalog(table, early)], ["recast-zero-shot"], 5.0, **exam)
    result = run_aftershock_exam(
        [Catalog(table, early)], ["etas", "recast-zero-shot"], 5.0, **exam, allow_leak=True
    )
    (sequence, *_) = result.catalogs["early"].sequences
    assert list(sequence.leak) == ["recast-zero-shot"]
    assert any(line.startswith("scedc until 2005") for line in sequence.leak["recast-zero-shot"])
    assert "LEAK: recast-zero-shot has seen later data before" in str(result)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--hours 6 --catalog x --model y", "--hours goes with --after-mainshocks: add that"),
        ("--no-refit --rolling", "--no-refit goes with --after-mainshocks: add that"),
        ("--parameter-uncertainty", "--parameter-uncertainty goes with --after-mainshocks"),
        ("--after-mainshocks", "needs --catalog NAME, or --run RUN of a benchmark"),
        ("--after-mainshocks --rolling", "are two ways to forecast: leave out one"),
        ("--after-mainshocks --catalog x --at 2020", "--at is for a single forecast"),
        ("--after-mainshocks --catalog x --model y", "--model is for a single forecast"),
        ("--after-mainshocks --catalog x --csep", "--csep is for a single forecast"),
        ("--after-mainshocks --catalog x --windows 3", "--windows goes with --rolling: leave it"),
        ("--after-mainshocks --catalog x --fixed-parameters", "is the default after mainshocks"),
        ("--after-mainshocks --run x --end 2020", "--end is for --catalog NAME: leave out"),
        ("--after-mainshocks --catalog x --hours 0", "hours = [0.0]: give one or more positive"),
        ("--after-mainshocks --catalog x --days -1", "days = [-1.0]: give one or more positive"),
        (
            "--after-mainshocks 6 --catalog synthetic_socal --magnitudes 2 --models poisson",
            "magnitude 2 is below completeness 2.5",
        ),
        ("--after-mainshocks nan --catalog x", "magnitude = nan is no number"),
        (
            "--after-mainshocks --catalog synthetic_socal --models etas etas",
            "model 'etas' is named twice: name it once",
        ),
        (
            "--after-mainshocks --catalog synthetic_socal --models etsa",
            "no model 'etsa': did you mean etas?",
        ),
        ("--after-mainshocks 8 --catalog synthetic_socal", "has no mainshock of M >= 8 with 20"),
        ("--catalog a b --model x", "--catalog a b: a forecast is of one, name that"),
    ],
)
def test_options_that_have_no_effect_are_refused(
    options: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forecast", *options.split()]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1


def test_a_report_holds_each_sequence(folder: Path, tmp_path: Path) -> None:
    """Of an exam alone, and of a benchmark beside it."""
    exam = AftershockResult.load(folder / "exam" / AFTERSHOCKS)
    labels = [shock.label for shock in exam.catalogs["small"].sequences]
    assert main(["report", str(folder / "exam"), "--out", str(tmp_path / "alone")]) == 0
    alone = (tmp_path / "alone" / "report.html").read_text(encoding="utf-8")
    run_benchmark([str(folder / "small.json")], ["poisson", "etas"], tmp_path / "run")
    (tmp_path / "run" / AFTERSHOCKS).write_bytes((folder / "exam" / AFTERSHOCKS).read_bytes())
    assert main(["report", str(tmp_path / "run"), "--samples", "40", "--workers", "1"]) == 0
    both = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    for page in (alone, both):
        (figure,) = re.findall(r'<figure id="small-aftershocks">.*?</figure>', page, re.DOTALL)
        assert all(f">{label}<" in figure for label in labels)
        assert '<figure id="small-aftershock_calibration">' in page
        rows = re.findall(r'<tr><th scope="row">M ≥ [\d.]+</th><td>[17]</td><td>(\w+)</td>', page)
        assert rows == ["poisson", "etas"] * 6  # three magnitudes, two windows
    assert "Gain over ETAS" in both
    assert "Gain over ETAS" not in alone
    assert (tmp_path / "alone/report/small/aftershocks.png").stat().st_size > 0


def test_what_was_left_out_is_on_the_page(tmp_path: Path) -> None:
    catalog = made({100.2: 5.0, 250.2: 5.5}, start=50.0)
    run_aftershock_exam([catalog], ["poisson"], 5.0, tmp_path, hours=[24], days=[1.0], samples=20)
    page, plots = write_report(tmp_path)
    assert plots == 2
    assert re.search(r"<li>day 100.2 M5.0: .* has 48 events", page.read_text(encoding="utf-8"))


def test_a_plot_has_a_panel_for_each_mainshock(folder: Path) -> None:
    result = AftershockResult.load(folder / "exam" / AFTERSHOCKS)
    shown = result.plot()
    titles = [axes.get_title() for axes in shown.axes if axes.get_title()]
    assert titles == [shock.label for shock in result.catalogs["small"].sequences]
