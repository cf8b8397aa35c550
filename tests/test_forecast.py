"""`recast forecast`, run in this process."""

import argparse
import csv
import inspect
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning
import numpy as np
import pandas as pd
import pytest
import torch

from catalogs import (
    Catalog,
    CatalogInfo,
    EventSequence,
    InputError,
    Selection,
    SplitDates,
    Trajectories,
    load,
    save,
)
from catalogs.checks.extent import Extent
from catalogs.files import write_json
from etas import ETAS, Prior, parameter_draws
from etas.fit import fit_etas
from etas.model import shorter_or_other
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast import (
    fit_model,
    load_model,
    residual_report,
    run_benchmark,
    run_forecast,
    run_simulation,
)
from recast.cli import _parser, main
from recast.commands.options import chunk_progress
from recast.commands.printing import in_options
from recast.evaluation.counts import QUANTILES
from recast.evaluation.magnitudes import magnitude_test
from recast.forecast import blocks, chunks, engine, make, results, single
from recast.forecast.chunks import read_chunk
from recast.forecast.results import Fan, ForecastResult
from recast.forecast.single import Request, default_cap, summarised
from recast.models.etas_report import fit_catalog
from recast.models.seen import leaks, merged, seen_by_fit, to_json
from recast.net.scaling import Scaling
from recast.training.task import RecastTask

AT = "2003-05-01"


def checkpoint(path: Path, scaling: Scaling, seed: int, **settings: Any) -> None:
    torch.manual_seed(seed)
    task = RecastTask({"small": vars(scaling)}, hidden_size=4, width=4)
    assert task.net.magnitude is not None
    for weights in task.net.magnitude.parameters():  # an untrained head has the fixed law
        torch.nn.init.normal_(weights)
    hyper_parameters = {**task.hparams, **settings}
    saved = {"state_dict": task.state_dict(), "hyper_parameters": hyper_parameters}
    torch.save({**saved, "pytorch-lightning_version": lightning.__version__}, path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog of 1,000 days, an ETAS fit, a Poisson fit, and two nets."""
    out = tmp_path_factory.mktemp("forecast")
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 1000.0, 1, seed=2)
    catalog = synthetic_catalog(events, SOCAL_TRUTH, "small", start="2001-01-01")
    save(catalog, out)
    fit = fit_etas(catalog.split().train, catalog.magnitude_law())
    seen = to_json(seen_by_fit(catalog))
    record = {"catalog": "small", "fitted_on": seen, **fit.to_json()}
    write_json(out / "etas.json", record)
    later = {"small": {**seen["small"], "until": "2003-06-01"}}
    write_json(out / "later.json", {**record, "fitted_on": later})
    write_json(out / "unknown.json", {"model": fit.model.to_json()})
    write_json(out / "poisson.json", {"model": "poisson", "fitted_on": seen, "rate": 0.7})
    scaling = Scaling.of(catalog, SOCAL_TRUTH)
    dates = {"start": "2001-01-01", "end": "2002-02-01", "until": "2002-05-01"}
    early = {**dates, "box": None, "gaps": []}
    far = {**early, "until": "2019-01-01", "box": [60.0, 66.0, -25.0, -13.0]}
    checkpoint(out / "net0.ckpt", scaling, 0, trained_on={"small": early})
    checkpoint(out / "net1.ckpt", scaling, 1)  # as files were before they said until when
    checkpoint(out / "tuned.ckpt", scaling, 2, pretrained=str(out / "gone.ckpt"))
    checkpoint(out / "far.ckpt", scaling, 2, trained_on={"small": far})
    return out


def run(folder: Path, out: Path, model: str, *options: str) -> dict[str, Any]:
    files = [str(folder / name) for name in model.split()]
    command = ["forecast", "--catalog", str(folder / "small.json"), "--model", *files]
    assert main([*command, "--at", AT, "--out", str(out), *options]) == 0
    record: dict[str, Any] = json.loads((out / "forecast.json").read_text())
    return record


def test_a_poisson_forecast_is_the_poisson_law(folder: Path, tmp_path: Path) -> None:
    catalog = load(folder / "small.json")
    lowest = catalog.info.magnitude_completeness
    options = ["--days", "3", "10", "--magnitudes", f"{lowest}", f"{lowest + 1.0}"]
    record = run(folder, tmp_path, "poisson.json", *options, "--samples", "4000", "--no-plots")
    law = catalog.magnitude_law()
    for row in record["table"]:
        share = 1.0 - np.expm1(-law.beta * (row["magnitude"] - lowest)) / -law.mass
        mean = 0.7 * row["days"] * share
        # Of 4,000 simulations, five standard errors
        assert row["expected"] == pytest.approx(mean, abs=5.0 * np.sqrt(mean / 4000))
        chance = 1.0 - np.exp(-mean)
        error = np.sqrt(chance * (1.0 - chance) / 4000)
        assert row["probability"] == pytest.approx(chance, abs=5.0 * error)
    assert record["parameter_uncertainty"] is None
    assert record["leak"] == []


def test_what_is_written_hangs_together(folder: Path, tmp_path: Path) -> None:
    options = ["--days", "7", "1", "--samples", "700", "--csep", "--uncorrected"]
    record = run(folder, tmp_path, "etas.json", *options)
    rows = record["table"]
    assert [row["days"] for row in rows] == sorted(row["days"] for row in rows)
    week = next(row for row in rows if row["days"] == 7.0)
    assert record["fan"]["quantiles"]["0.5"][-1] == week["median"]
    assert record["fan"]["quantiles"]["0.975"][-1] == week["ci95"][1]
    assert record["fan"]["days"][-1] == 7.0
    assert record["parameter_uncertainty"]["draws"] == 14  # one for every 50 simulations
    catalog = load(folder / "small.json")
    at = catalog.info.to_days(AT)
    happened = catalog.to_sequence().between(at, at + 7.0)
    assert week["observed"] == len(happened)
    assert week["scores"]["delta1"] + week["scores"]["delta2"] >= 1.0
    with (tmp_path / "forecast.csv").open() as stream:
        table = list(csv.DictReader(stream))
    assert [float(row["expected"]) for row in table] == [row["expected"] for row in rows]
    assert (tmp_path / "forecast.png").stat().st_size > 0
    with (tmp_path / "forecast_csep.csv").open() as stream:
        events = list(csv.DictReader(stream))
    assert {int(row["catalog_id"]) for row in events} == set(range(700))
    listed = [row for row in events if row["time_string"]]
    assert len(listed) / 700 == pytest.approx(week["expected"], rel=1e-12)
    assert all(row["time_string"] >= AT for row in listed)
    assert record["csep"]["time_only"]
    assert record["csep"]["place"] is None


def test_threads_and_interruptions_change_nothing(folder: Path, tmp_path: Path) -> None:
    options = [
        "--days",
        "2",
        "5",
        "--samples",
        "1100",
        "--no-plots",
        "--max-events",
        "300",
        "--csep",
    ]
    out, model = tmp_path / "run", "net0.ckpt net1.ckpt"
    run(folder, out, model, *options)
    chunks = ["forecast/chunk_000002.npz", "forecast/chunk_000004.npz"]  # of each window
    names = ["forecast.json", "forecast.csv", "forecast_csep.csv", *chunks]
    before = {name: (out / name).read_bytes() for name in names}
    for name in chunks:
        (out / name).unlink()
    record = run(folder, out, model, *options, "--workers", "1", "--resume")
    assert {name: (out / name).read_bytes() for name in names} == before
    assert len(record["model"]["checkpoints"]) == 2
    test_start = load(folder / "small.json").info.splits.test_start
    until = [seen["until"] for seen in record["fitted_on"].values()]
    assert max(until) == test_start  # the later one of the two


def test_magnitudes_have_a_fixed_b_unless_the_nets_own_are_asked_for(
    folder: Path, tmp_path: Path
) -> None:
    options = ["--days", "5", "--samples", "500", "--no-plots", "--max-events", "300"]
    own = run(folder, tmp_path, "net0.ckpt", *options, "--own-magnitudes")
    fixed = run(folder, tmp_path, "net0.ckpt", *options)
    assert (own["own_magnitudes"], fixed["own_magnitudes"]) == (True, False)
    assert own["table"] != fixed["table"]
    files = ["--model", str(folder / "net0.ckpt"), "--at", AT, "--out", str(tmp_path)]
    command = ["forecast", "--catalog", str(folder / "small.json"), *files, *options]
    assert main([*command, "--own-magnitudes", "--resume"]) == 2  # a fixed b has drawn that


def test_uncertain_parameters_widen_the_forecast(folder: Path, tmp_path: Path) -> None:
    record = json.loads((folder / "etas.json").read_text())
    mu = record["uncertainty"]["parameters"]["mu"]
    mu["standard_error"] = 0.5 * mu["estimate"]
    write_json(folder / "refuted.json", record)  # by the likelihood of the events
    del record["log_likelihood"]
    write_json(folder / "vague.json", record)
    options = ["--days", "30", "--samples", "2000", "--no-plots", "--uncorrected"]
    vague = run(folder, tmp_path / "a", "vague.json", *options)
    fixed = run(folder, tmp_path / "b", "vague.json", *options, "--fixed-parameters")
    width = [np.diff(result["table"][0]["ci95"])[0] for result in (vague, fixed)]
    assert width[0] > 1.1 * width[1]
    assert vague["parameter_uncertainty"]["rejected_unlikely"] == 0
    refuted = run(folder, tmp_path / "c", "refuted.json", *options)
    assert refuted["parameter_uncertainty"]["rejected_unlikely"] > 0
    assert np.diff(refuted["table"][0]["ci95"])[0] < width[0]


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("etas.json", ["--at", "2030-01-01"], "is outside catalog 'small', which covers"),
        ("etas.json", ["--at", "2000-01-01"], "is outside catalog 'small'"),
        ("etas.json", ["--days", "0"], "days = [0.0]: give one or more positive"),
        ("etas.json", ["--magnitudes", "1"], "magnitude 1 is below completeness"),
        ("later.json", [], "was fitted on data from after the forecast at 2003-05-01"),
        ("unknown.json", [], "until an unknown date"),
        ("net1.ckpt", ["--at", "2002-01-01"], "set --allow-leak"),
        ("tuned.ckpt", [], "gone.ckpt knew until an unknown date"),
        ("far.ckpt", [], "small until 2019-01-01"),  # it is this catalog, wherever it says it is
        ("etas.json net0.ckpt", [], "only nets can be mixed"),
        (
            "etas.json",
            ["--place", "34", "-118"],
            "--place is for the CSEP file: add --csep, or leave it out",
        ),
        ("etas.json", ["--workers", "0"], "--workers 0: at least one is needed"),
        ("etas.json", ["--completeness", "2"], "below that of catalog 'small', 2.5"),
    ],
)
def test_refusals_are_one_line(
    folder: Path,
    model: str,
    options: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    files = [str(folder / name) for name in model.split()]
    command = ["forecast", "--catalog", str(folder / "small.json"), "--model", *files]
    assert main([*command, "--at", AT, "--out", str(tmp_path / "out"), *options]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert shown.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_leak_can_be_allowed_and_is_marked(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--samples", "50", "--days", "1", "--allow-leak"]
    record = run(folder, tmp_path, "later.json", *options)
    assert record["leak"] == ["small until 2003-06-01"]
    assert "LEAK: the model was fitted on small until 2003-06-01" in capsys.readouterr().out


def test_leaks_are_found_by_time_and_place(folder: Path) -> None:
    catalog = load(folder / "small.json")
    day = catalog.info.to_days("2002-01-01")

    def until(date: str | float | None, *place: float) -> Extent:
        box = (place[0], place[1], place[2], place[3]) if place else None
        return Extent("2000-01-01", "2000-02-01", date, box)

    early, late = until("2001-05-01"), until("2002-02-01")
    record = merged({"small": early, "far": late}, {"small": until("2002-01-01")}, {"far": late})
    assert len(record) == 3
    assert leaks(record, catalog, day) == ["far until 2002-02-01"]
    assert leaks({"other": until(300.0)}, catalog, day) == []  # plain days: a synthetic one
    unknown = seen_by_fit(catalog, "something else")
    assert leaks(unknown, catalog, day) == ["small until an unknown date"]
    located = load("ridgecrest_2019")
    assert leaks({"iceland": until("2030-01-01", 60.0, 66.0, -25.0, -13.0)}, located, 1.0) == []
    here = until("2030-01-01", 30.0, 40.0, -120.0, -110.0)
    assert len(leaks({"california": here}, located, 1.0)) == 1
    gap = replace(until("2002-02-01"), gaps=(("2002-01-01", "2003-01-01"),))
    assert leaks({"gap": gap}, catalog, day) == []
    assert leaks({"gap": gap}, catalog, day - 1.0) == ["gap until 2002-02-01"]


def test_a_part_of_a_catalog_is_forecast(folder: Path, tmp_path: Path) -> None:
    """What is cut off at the end is neither history nor known outcome."""
    options = ["--days", "5", "--samples", "200", "--no-plots"]
    record = run(folder, tmp_path, "poisson.json", *options, "--end", AT)
    assert record["at"].startswith(AT)
    assert [row["observed"] for row in record["table"]] == [None] * len(record["table"])


def test_runaways_are_cut_at_ten_times_the_busiest_window() -> None:
    events = EventSequence(np.append(np.linspace(0.0, 1.0, 3000), 50.0), np.full(3001, 3.0), 0, 60)
    assert default_cap(events, 60.0, 2.0) == 30_000
    assert default_cap(events, 60.0, 0.01) == 10_000
    assert default_cap(events, 0.5, 2.0) == 15_000  # of what came before


def test_an_event_counts_in_the_chart_from_its_time_on() -> None:
    rng = np.random.default_rng(4)
    times = [np.sort(np.append(rng.uniform(10.0, 70.0, 40), [10.0, 11.0, 69.999])), np.empty(0)]
    drawn = Trajectories.of_sequences([EventSequence(t, t / 20.0, 10.0, 70.0) for t in times])
    fan = single.detailed(drawn, np.array([0.0]))["fan"]
    grid = 10.0 + np.arange(61.0)  # days, both ends included
    wanted = (times[0][:, None] <= grid).sum(axis=0)
    np.testing.assert_array_equal(fan, [wanted, np.zeros(61)])


def test_all_that_came_is_in_the_magnitude_test(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    request = Request(catalog.info.to_days("2019-07-08"), (1.0, 3.0), (2.5,), 60)
    process = fit_model("poisson", catalog).process
    windows = single.windows_of(catalog.to_sequence().before(request.at), [process], request)
    done = single.draw_forecast(
        catalog, windows, request, tmp_path, engine=engine.Engine(), events=True
    )
    simulated = Trajectories.joined(list(done.trajectories()))
    seen = catalog.to_sequence().between(request.at, request.at + 3.0).magnitudes
    assert simulated.n == 60
    assert done.magnitude_quantile() == magnitude_test(simulated, seen, done.bins)
    assert done.counts[:, 1, 0].tolist() == simulated.counts.tolist()
    below = replace(request, magnitudes=(2.0, 4.0))
    with pytest.raises(InputError, match=r"magnitude 2 is below completeness 2.5"):
        below.check(catalog)


def test_what_came_is_what_a_window_holds() -> None:
    """Not the event with which the next window begins, nor smaller ones."""
    catalog = load("ridgecrest_2019")
    events, info = catalog.to_sequence(), catalog.info
    first = int(np.searchsorted(events.times, info.to_days("2019-07-08")))
    at = float(events.times[first])
    # The last ends with the catalog, whose outcome is known
    days = (float(events.times[first + 20]) - at, 1.5, events.end - at)
    model = fit_model("poisson", catalog)
    done = run_forecast(
        catalog,
        model,
        at=info.to_time(at),
        days=days,
        magnitudes=[2.5, 3.1],
        samples=40,
        allow_leak=True,
    )
    for row in done.table:
        seen = (events.times >= at) & (events.times < at + row.days)
        assert row.observed == (seen & (events.magnitudes >= row.magnitude - 1e-6)).sum()


@pytest.mark.parametrize("share", [0.0, 0.004, 0.02, 0.1, 0.4, 0.7, 1.0])
def test_lower_bounds_are_what_cut_off_trajectories_leave_open(share: float) -> None:
    """Whatever those would have had, what is not marked is true, and what is marked too low."""
    rng = np.random.default_rng(5)
    whole = rng.poisson(rng.gamma(1.0, 3.0, size=1000))
    capped = rng.random(1000) < share
    counts = np.where(capped, rng.binomial(whole, 0.5), whole)
    row = summarised(1.0, 3.0, counts, capped)
    low, low50, median, high50, high = np.quantile(whole, QUANTILES)
    truth = {
        "expected": (row.expected, whole.mean()),
        "median": (row.median, median),
        "low95": (row.ci95[0], low),
        "high95": (row.ci95[1], high),
        "low50": (row.ci50[0], low50),
        "high50": (row.ci50[1], high50),
        "probability": (row.probability, (whole > 0).mean()),
    }
    for name, (said, true) in truth.items():
        assert name in row.lower_bounds or said == true
        assert said is None or said <= true
    assert (row.ci95[1] is None) == (capped.mean() > 0.025)
    assert set(row.lower_bounds) <= truth.keys()
    assert bool(row.lower_bounds) == capped.any()


def test_what_is_rare_is_not_said_to_be_impossible() -> None:
    counts = np.zeros(2000, dtype=int)
    none = summarised(1.0, 8.0, counts, np.zeros(2000, dtype=bool))
    counts[:7] = 1
    few = summarised(1.0, 7.0, counts, np.zeros(2000, dtype=bool))
    lines = str(ForecastResult("a", "1.0", {}, [few, none], Fan([], {}), 2000, 0, 9)).splitlines()
    said = [" ".join(line.split()) for line in lines[2:4]]
    assert said == ["1 7 0.0035 0 0 to 0 0.35 %", "1 8 < 0.0005 0 0 to 0 < 0.05 %"]


def test_what_is_likely_is_said_in_per_cent_up_to_99() -> None:
    shown = []
    for events in (40, 970, 994, 996):
        counts = (np.arange(1000) < events).astype(int)
        row = summarised(1.0, 3.0, counts, np.zeros(1000, dtype=bool))
        table = str(ForecastResult("a", "1.0", {}, [row], Fan([], {}), 1000, 0, 9))
        shown.append(table.splitlines()[-1].split("to 1")[-1].split("to 0")[-1].strip())
    assert shown == ["4 %", "97 %", "99 %", "> 99 %"]


def test_numbers_have_two_decimals_from_a_hundredth_on() -> None:
    shown = []
    for total in (3, 4, 6, 214):
        counts = np.append(total, np.zeros(999, dtype=int))
        row = summarised(1.0, 3.0, counts, np.zeros(1000, dtype=bool))
        table = str(ForecastResult("a", "1.0", {}, [row], Fan([], {}), 1000, 0, 9))
        shown.append(table.splitlines()[-1].split()[2])
    assert shown == ["0.003", "0.004", "0.01", "0.21"]


@pytest.mark.parametrize(("above", "warned"), [(50, False), (51, True)])
def test_a_warning_comes_where_most_parameter_sets_are_supercritical(
    above: int, warned: bool
) -> None:
    row = summarised(1.0, 3.0, np.ones(9, dtype=int), np.zeros(9, dtype=bool))
    draws = {
        "draws": 100 - above,
        "rejected_supercritical": above,
        "rejected_unlikely": 0,
        "rejected_impossible": 40,
    }
    done = ForecastResult("a", "1.0", {}, [row], Fan([], {}), 9, 0, 9, parameter_uncertainty=draws)
    assert (f"WARNING: {above} % of the parameter sets" in str(done)) == warned


def test_the_table_has_the_ends_of_the_95_per_cent_range() -> None:
    rows = [
        summarised(days, 3.0, np.arange(1001), np.zeros(1001, dtype=bool)) for days in (1.0, 7.0)
    ]
    done = ForecastResult("a", "1.0", {}, rows, Fan([], {}), 1001, 0, 9)
    found = done.to_dataframe().iloc[0]
    assert (found["low95"], found["high95"], found["median"]) == (25.0, 975.0, 500.0)
    assert done.horizon == 7.0


@pytest.mark.parametrize(("capped", "warned"), [(25, False), (26, True)])
def test_a_model_runs_away_where_the_end_of_the_range_is_unknown(capped: int, warned: bool) -> None:
    row = summarised(1.0, 3.0, np.full(1000, 9), np.arange(1000) < capped)
    done = ForecastResult("a", "1.0", {}, [row], Fan([], {}), 1000, 0, 9, capped=capped)
    assert (row.ci95[1] is None) == warned
    assert ("WARNING: the model runs away" in str(done)) == warned


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (50.0 / 3600.0, "50 seconds"),
        (59.9 / 60.0, "59 minutes"),
        (1.0, "1 hour"),
        (30.0, "30 hours"),
        (47.9, "47.9 hours"),
        (48.0, "2.0 days"),
    ],
)
def test_times_since_a_mainshock_are_said_in_their_unit(hours: float, said: str) -> None:
    when = results.since_mainshock("2019-07-06T03:19:53+00:00", 7.1, hours)
    assert when == f"{said} after the M 7.1 of 2019-07-06 03:19 UTC"


def test_a_probability_is_known_once_every_cut_off_trajectory_has_an_event() -> None:
    all_of_them = np.ones(1000, dtype=bool)
    row = summarised(1.0, 7.0, np.full(1000, 38), all_of_them)
    assert row.probability == 1.0
    assert set(row.lower_bounds) == {"expected", "median", "low50", "low95", "high50", "high95"}
    row = summarised(1.0, 7.0, np.zeros(1000, dtype=int), all_of_them)
    result = ForecastResult("a", "1.0", {}, [row], Fan([], {}), 1000, 0, 9, capped=1000)
    *_, line, note, warning = str(result).splitlines()
    assert " ".join(line.split()) == "1 7 >= 0.00 >= 0 >= 0 to unknown unknown"
    assert note.startswith("1,000 of 1,000 simulations of 1 day exceeded 9 events and were cut off")
    assert warning.startswith("WARNING")
    assert "own_magnitudes" not in warning
    assert "leave out `own_magnitudes`, set a higher" in str(replace(result, own_magnitudes=True))
    assert ForecastResult.from_json(result.to_json(), "forecast.json") == result


def test_forecasts_of_older_versions_are_read() -> None:
    row = {"days": 1.0, "magnitude": 3.0, "expected": 2.0, "median": 2.0, "probability": 0.9}
    row |= {"ci50": [1.0, 3.0], "ci95": [0.0, 5.0]}
    old = {"catalog": "a", "at": "1.0", "model": {"kind": "etas"}, "table": [row]}
    old |= {"fan": {"days": [], "quantiles": {}}, "n_samples": 10, "seed": 0, "max_events": 99}
    shown = str(ForecastResult.from_json({**old, "capped": 2}, "forecast.json"))
    assert "2 of 10 simulations of 1 day exceeded 99 events and were cut off" in shown


@pytest.mark.parametrize("settings", [{"samples": 0}, {"max_events": 0}, {"seed": -1}])
def test_numbers_of_a_request_are_checked(settings: dict[str, int]) -> None:
    with pytest.raises(InputError, match=r"samples = .* must be positive, seed = .* not negative"):
        Request(1.0, (1.0,), (2.0,), **settings)


@pytest.mark.parametrize("magnitude", [np.nan, np.inf])
def test_magnitudes_of_a_request_are_numbers(magnitude: float) -> None:
    with pytest.raises(InputError, match=r"`magnitudes` = .*: give one or more numbers"):
        Request(1.0, (1.0,), (2.0, magnitude))


@pytest.mark.parametrize(
    ("option", "answer"),
    [
        ("--magnitudes nan", "--magnitudes = [nan]: give one or more numbers, or leave it out"),
        ("--maximum-magnitude 11", "--maximum-magnitude 11: give 10 at most"),
        ("--maximum-magnitude nan", "--maximum-magnitude nan: give 10 at most"),
    ],
)
def test_impossible_magnitudes_are_refused_before_anything_is_drawn(
    option: str, answer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "forecast"
    command = f"forecast --catalog ridgecrest_2019 --days 1 {option} --out {out}"
    assert main(command.split()) == 2
    shown = capsys.readouterr().err
    assert answer in shown
    assert not list(tmp_path.rglob("*.npz"))


def test_a_forecast_that_was_complete_is_only_read(folder: Path, tmp_path: Path) -> None:
    options = ["--days", "5", "--samples", "200", "--no-plots"]
    first = run(folder, tmp_path, "poisson.json", *options)
    chunk = tmp_path / "forecast" / "chunk_000000.npz"
    before = chunk.stat().st_mtime_ns
    again = run(folder, tmp_path, "poisson.json", *options, "--resume")
    assert again["table"] == first["table"]
    assert chunk.stat().st_mtime_ns == before


def test_too_many_events_are_not_written_for_csep(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("recast.forecast.single.MOST_KEPT", 10)
    options = ["--days", "5", "--samples", "200", "--no-plots", "--csep"]
    record = run(folder, tmp_path, "poisson.json", *options)
    assert record["csep"]["file"] is None
    note = r"no CSEP file: [\d,]+ events are too many: set fewer --samples or --days"
    assert re.search(note, capsys.readouterr().out)
    with np.load(tmp_path / "forecast" / "chunk_000000.npz") as chunk:
        assert chunk["sizes"].sum() > 10
        assert not chunk["times"].size
    assert not (tmp_path / "forecast_csep.csv").exists()


def test_a_csep_file_is_written_where_it_is_asked_for(folder: Path, tmp_path: Path) -> None:
    options = ["--days", "5", "--samples", "60", "--no-plots"]
    assert run(folder, tmp_path, "poisson.json", *options)["csep"] is None
    assert not (tmp_path / "forecast_csep.csv").exists()
    assert "times" not in read_chunk(tmp_path / "forecast", 0)  # nobody asked for events
    place = ["--csep", "--place", "35.5", "-117.5", "--resume"]  # of the same simulations
    assert run(folder, tmp_path, "poisson.json", *options, *place)["csep"]["place"] == [
        35.5,
        -117.5,
    ]
    assert "-117.5,35.5," in (tmp_path / "forecast_csep.csv").read_text()
    catalog, model = load(folder / "small.json"), load_model(folder / "poisson.json")
    with pytest.raises(InputError, match="`csep` is a file in `out`: set that"):
        run_forecast(catalog, model, csep=True)
    with pytest.raises(InputError, match="`place` is for the CSEP file: set `csep`"):
        run_forecast(catalog, model, place=(1.0, 2.0), out=tmp_path)
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 100.0, 1, seed=2)
    days = synthetic_catalog(events, SOCAL_TRUTH, "days")
    with pytest.raises(InputError, match="which CSEP's format cannot hold: leave out `csep`"):
        run_forecast(days, model, csep=True, out=tmp_path)


def test_progress_says_how_much_time_is_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter([100.0, 105.0, 120.0, 220.0, 300.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    say = chunk_progress("mine")
    for done in (1, 2, 3, 8, 10):
        say("forecast", done, 10)
    assert capsys.readouterr().err.splitlines() == [
        "mine: forecast, 1 of 10 chunks of forecasts",
        "mine: forecast, 3 of 10 chunks of forecasts, 70 s left",  # 10 s each
        "mine: forecast, 8 of 10 chunks of forecasts, 34 s left",
        "mine: forecast, 10 of 10 chunks of forecasts",
    ]


def test_runaways_are_said_and_warned_of(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--uncorrected", "--days", "9", "--samples", "200", "--no-plots", "--max-events"]
    counts = run(folder, tmp_path, "etas.json", *options, "1000")["capped"]
    assert counts == 0
    assert "were cut" not in capsys.readouterr().out
    assert run(folder, tmp_path, "poisson.json", *options, "6")["capped"] > 0
    assert "exceeded 6 events and were cut off" in capsys.readouterr().out
    for most, warned in (("100", False), ("6", True)):
        record = run(folder, tmp_path, "etas.json", *options, most)
        shown = capsys.readouterr().out
        said = f"{record['capped']} of 200 simulations of 9 days exceeded {most} events and were"
        assert said in shown
        assert ("WARNING: the model runs away over 9 days" in shown) == warned
        assert ("unknown: forecast fewer --days, set a higher --max-ev" in shown) == warned
        assert (" to unknown" in shown) == warned
        first = record["table"][0]
        assert (first["ci95"][1] is None) == warned
        assert "expected" in first["lower_bounds"]
        assert f">= {first['expected']:,.2f} " in shown
        with (tmp_path / "forecast.csv").open() as stream:
            row = next(csv.DictReader(stream))
        assert (row["high95"] == "") == warned
        assert row["lower_bounds"].split()[0] == "expected"


def test_what_a_warning_of_runaways_advises_helps(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = ["--samples", "200", "--no-plots", "--uncorrected"]

    def warned(model: str, *options: str) -> bool:
        run(folder, tmp_path, model, *few, *options)
        shown = capsys.readouterr().out
        advice = "forecast fewer --days, set a higher --max-events, or use another --model"
        assert ("WARNING" in shown) == (advice in shown)
        return "WARNING" in shown

    assert warned("etas.json", "--days", "9", "--max-events", "9")
    assert not warned("etas.json", "--days", "0.1", "--max-events", "9")
    assert not warned("etas.json", "--days", "9", "--max-events", "2000")
    assert not warned("poisson.json", "--days", "3", "--max-events", "9")


def test_a_forecast_by_few_of_the_parameter_sets_says_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = json.loads((folder / "etas.json").read_text())
    model = ETAS.load(folder / "etas.json")
    hot = replace(model, k=1.05 * model.k / model.branching_ratio(30.0))
    record = {**record, "model": hot.to_json(), "log_likelihood": 0.0}
    write_json(folder / "warm.json", record)
    options = ["--uncorrected", "--samples", "400", "--no-plots", "--days"]
    for days, most in (("30", True), ("1", False)):
        draws = run(folder, tmp_path, "warm.json", *options, days)["parameter_uncertainty"]
        shown = capsys.readouterr().out
        share = draws["rejected_supercritical"] / (draws["rejected_supercritical"] + draws["draws"])
        assert (share > 0.5) == most
        assert ("supercritical over 30 days: this is a forecast by the others" in shown) == most
        assert (f"WARNING: {100 * share:.0f} % of the parameter sets" in shown) == most


def test_a_saved_fit_knows_its_events_and_prior(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    path = fit_catalog(catalog, prior="shipped").write(tmp_path)
    fitted = load_model(path).on(catalog)
    assert fitted.fitted_to is not None
    np.testing.assert_array_equal(fitted.fitted_to.times, catalog.split().train.times)
    assert isinstance(fitted.prior, Prior)
    assert fit_model("etas", catalog).fitted_to is not None
    write_json(tmp_path / "etas.json", {**json.loads(path.read_text()), "log_likelihood": 1.0})
    assert load_model(path).on(catalog).fitted_to is None  # that of other events


def test_remedies_are_arguments_and_options_of_a_forecast() -> None:
    """What messages name in backticks is what a caller can set, in Python and in the shell."""
    arguments = set(inspect.signature(run_forecast).parameters)
    (commands,) = (a for a in _parser()._actions if isinstance(a, argparse._SubParsersAction))
    options = set(commands.choices["forecast"]._option_string_actions)
    modules = (blocks, chunks, engine, make, results, single, parameter_draws)
    texts = [inspect.getsource(module) for module in modules]
    texts.append(shorter_or_other(SOCAL_TRUTH, 1e9))
    named = {name for text in texts for name in re.findall(r"(?<!`)`(\w+)`(?!`)", text)}
    assert {"days", "model", "max_events", "own_magnitudes", "allow_leak", "resume"} <= named
    assert named <= arguments
    for name in named:
        assert in_options(f"`{name}`", dict.fromkeys(arguments)) in options


def test_a_supercritical_model_forecasts_as_long_as_it_says(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The longest window that the refusal names works, with a branching ratio below 1."""
    record = json.loads((folder / "etas.json").read_text())
    model = ETAS.load(folder / "etas.json")
    hot = replace(model, k=1.3 * model.k / model.branching_ratio(30.0))
    write_json(folder / "hot.json", {**record, "model": hot.to_json(), "uncertainty": None})
    command = ["forecast", "--catalog", str(folder / "small.json"), "--at", AT, "--no-plots"]
    command += ["--model", str(folder / "hot.json"), "--samples", "10", "--out", str(tmp_path)]
    command += ["--uncorrected"]
    assert main([*command, "--days", "30"]) == 2
    err = capsys.readouterr().err
    said = re.search(r"branching ratio 1.300 over 30 days: .* set --days to (\S+) or less", err)
    assert said is not None
    assert 0.8 < hot.branching_ratio(float(said[1])) < 1.0
    assert main([*command, "--days", said[1]]) == 0


def test_python_refuses_what_has_no_effect_as_the_command_does(folder: Path) -> None:
    catalog = load(folder / "small.json")
    etas, net = load_model(folder / "etas.json"), load_model(folder / "net0.ckpt")
    with pytest.raises(InputError, match=r"`own_magnitudes` is for nets, which .*etas.json is not"):
        run_forecast(catalog, etas, own_magnitudes=True, at=AT)
    with pytest.raises(InputError, match=r"`fixed_parameters` is for ETAS, .*net0.ckpt is a net"):
        run_forecast(catalog, net, fixed_parameters=True, at=AT)
    with pytest.raises(InputError, match="`pretrained` x.ckpt: none of the models starts from it"):
        run_benchmark([catalog], ["etas"], folder / "benchmark", pretrained="x.ckpt")


def test_a_simulation_takes_a_fitted_model_or_its_process(folder: Path) -> None:
    catalog = load(folder / "small.json")
    model = load_model(folder / "etas.json").on(catalog)
    with_model, with_process = (
        run_simulation(m, 2.0, 5, history=catalog, seed=1).drawn for m in (model, model.process)
    )
    np.testing.assert_array_equal(with_model.times, with_process.times)


def test_a_window_is_forecast_alike_alone_and_with_others(folder: Path) -> None:
    """Cap, parameter draws and random numbers are those of its own length."""
    catalog = load(folder / "small.json")
    for files in (["etas.json"], ["net0.ckpt", "net1.ckpt"]):
        model = load_model(*(folder / name for name in files)).on(catalog)
        several = run_forecast(catalog, model, at=AT, days=[1.0, 4.0, 20.0], samples=550)
        for days in (1.0, 4.0, 20.0):
            alone = run_forecast(catalog, model, at=AT, days=[days], samples=550)
            assert alone.table == [row for row in several.table if row.days == days]
        assert alone.fan == several.fan
        assert alone.magnitude_test == several.magnitude_test


def test_a_catalog_in_plain_days_is_forecast_and_continued_in_days(tmp_path: Path) -> None:
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 300.0, 1, seed=2)
    table = pd.DataFrame({"time": events.times, "magnitude": events.magnitudes})
    splits = SplitDates(0.0, 100.0, 200.0, 300.0)
    info = CatalogInfo("days", 0.0, 300.0, splits, 2.5, time_unit="days since start")
    catalog = Catalog(table, info)
    model = fit_model("poisson", catalog)
    done = run_forecast(catalog, model, days=[1.0], samples=50, out=tmp_path / "forecast")
    assert done.csep is None
    assert not list(tmp_path.rglob("*csep*"))
    run_simulation(model, 2.0, 5, history=catalog, seed=1, out=tmp_path / "simulation")
    continued = load(tmp_path / "simulation" / "simulated_0.json")
    assert continued.info.uses_plain_days
    assert (continued.info.start, continued.info.end) == (200.0, 202.0)  # from the test window on


def test_numbers_may_be_those_of_numpy(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    model = fit_model("poisson", catalog)
    plain = run_forecast(
        catalog, model, days=[1.0], magnitudes=[3.0, 4.0], samples=20, seed=3, out=tmp_path / "a"
    )
    arrays = run_forecast(
        catalog,
        model,
        days=np.int64(1),
        magnitudes=np.array([4.0, 3.0]),
        samples=np.int32(20),
        seed=np.int64(3),
        out=tmp_path / "b",
    )
    assert arrays.table == plain.table
    for wrong in ({"seed": 1.5}, {"samples": 20.5}, {"samples": 0}, {"seed": None}):
        with pytest.raises(InputError, match=r"^(seed|samples) = "):
            run_forecast(catalog, model, days=[1.0], **{"samples": 20, **wrong})


def test_folders_are_paths_or_names(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    model = fit_model("poisson", catalog)
    run_forecast(catalog, model, days=[1.0], samples=5, out=str(tmp_path / "forecast"))
    run_simulation(model, 1.0, 2, out=str(tmp_path / "simulated"))
    assert save(catalog, str(tmp_path)) == tmp_path / "ridgecrest_2019.json"
    assert (tmp_path / "forecast" / "forecast.json").is_file()
    assert (tmp_path / "simulated" / "simulation.json").is_file()


def test_a_fitted_model_is_used_with_its_own_completeness() -> None:
    # Of events of M >= 3 a model of M >= 2.5 expects three times as many
    catalog = load("ridgecrest_2019")
    fewer = Selection(magnitude_completeness=3.0).of(catalog)
    for model in (fit_model("poisson", catalog), load_model("shipped").on(catalog, fit=True)):
        for apply in (
            lambda model: residual_report(model, fewer),
            lambda model: run_forecast(fewer, model, days=[1.0], samples=5),
            lambda model: run_simulation(model, 1.0, 2, history=fewer),
            lambda model: run_simulation(model.process, 1.0, 2, history=fewer),
        ):
            with pytest.raises(InputError, match=r"magnitude 2\.5, catalog .* complete from 3"):
                apply(model)


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    fit = fit_etas(catalog.split().train, catalog.magnitude_law())
    for wrong in (fit, fit.model, "etas", tmp_path / "etas.json", fit_catalog(catalog)):
        given: Any = wrong
        with pytest.raises(InputError, match=rf"^`model` is of type {type(wrong).__name__}: give"):
            run_forecast(catalog, given, days=[1.0], samples=5)
