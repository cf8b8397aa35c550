"""Rolling forecasts: calibrated where the model is true, the same however they are made."""

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import lightning
import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats

from catalogs import Catalog, EventSequence, InputError, load, save
from catalogs.files import read_yaml
from etas.poisson import Poisson
from etas.synthetic import SOCAL_TRUTH, synthetic_catalog
from recast.cli import main
from recast.commands.printing import in_options
from recast.evaluation.counts import randomised_pit
from recast.forecast.blocks import BLOCK, Source, draw_blocks, n_blocks
from recast.forecast.chunks import read_chunks
from recast.forecast.engine import Engine
from recast.forecast.make import check_leak
from recast.forecast.rolling import (
    Member,
    Rolling,
    roll,
    window_log_likelihoods,
    written_time,
)
from recast.forecast.rolling_results import RollingResult
from recast.models.neural import Recast
from recast.models.seen import seen_by_net
from recast.net.network import RecastNet
from recast.net.scaling import Scaling
from recast.training.region import Region
from recast.training.task import RecastTask

DAYS = 5.0


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """3,000 days of a known process."""
    (events,) = SOCAL_TRUTH.sample(EventSequence.nothing(), 3000.0, 1, seed=8)
    return synthetic_catalog(events, SOCAL_TRUTH, "small", start="2001-01-01")


@pytest.fixture(scope="module")
def net(catalog: Catalog) -> Recast:
    torch.manual_seed(0)
    return Recast(RecastNet(Scaling.of(catalog, SOCAL_TRUTH), hidden_size=4, width=4))


def files(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*.npz"))}


def test_the_truth_is_calibrated(catalog: Catalog, tmp_path: Path) -> None:
    rolling = Rolling(days=DAYS, samples=400)
    poisson = Poisson.fit(catalog.split().train, catalog.magnitude_law())
    members = [Member("etas", (SOCAL_TRUTH,)), Member("poisson", (poisson,))]
    record = roll(catalog, members, rolling, tmp_path, engine=Engine())
    truth, null = record.models["etas"], record.models["poisson"]
    n = len(record.windows)
    assert n == rolling.starts(catalog).size >= 50
    assert sum(w.observed for w in record.windows) > 100
    # Binomial: of n windows at 95 % (more, as counts are discrete) 4 sigma below
    assert truth.coverage["95"] > 0.95 - 4.0 * np.sqrt(0.95 * 0.05 / n)
    assert stats.kstest(truth.pit, "uniform").pvalue > 0.01
    gain = null.differences["information_gain"]
    assert null.information_gain is not None
    assert gain.mean == pytest.approx(np.mean(null.information_gain))
    assert gain.mean < 0.0
    assert null.differences["crps"].mean == pytest.approx(np.mean(null.crps) - np.mean(truth.crps))
    assert truth.differences == {}
    assert truth.information_gain == [0.0] * n


def test_times_are_written_as_they_were_given(catalog: Catalog) -> None:
    info = replace(catalog.info, start="1991-09-23")
    for seconds in range(0, 3_000_000, 99_991):
        time = info.date("1991-12-30T03:22:44.7") + pd.Timedelta(seconds=seconds)
        assert written_time(info, info.to_days(time)) == time.isoformat()


def test_gains_add_up_to_those_of_the_whole(catalog: Catalog) -> None:
    test = catalog.split().test
    days = test.scored_days / 7.0
    starts = test.score_from + days * np.arange(7)
    poisson = Poisson(0.3, SOCAL_TRUTH.magnitude_law)
    for process in (SOCAL_TRUTH, poisson):
        windows = window_log_likelihoods([process], test, starts, days)
        assert windows.sum() == pytest.approx(process.log_likelihood(test), rel=1e-9)
    # A mixture is between its members, and no worse than the better one less ln 2
    both = window_log_likelihoods([SOCAL_TRUTH, poisson], test, starts, days)
    each = [window_log_likelihoods([p], test, starts, days) for p in (SOCAL_TRUTH, poisson)]
    np.testing.assert_allclose(both, np.logaddexp(*each) - np.log(2.0))


def test_states_of_one_pass_draw_what_whole_histories_do(catalog: Catalog, net: Recast) -> None:
    events, starts = catalog.to_sequence(), [500.0, 700.25, 1400.0]
    source = Source.of([net], events, starts)
    for i, start in enumerate(starts):
        drawn = source.draw(i, 0, 3.0, 20, [4, i], 500)
        direct = net.simulate(events.before(start), 3.0, 20, seed=[4, i], max_events=500)
        np.testing.assert_array_equal(drawn.times, direct.times)
        np.testing.assert_array_equal(drawn.magnitudes, direct.magnitudes)


def test_an_ensemble_draws_every_block_from_one_net(catalog: Catalog, net: Recast) -> None:
    torch.manual_seed(1)
    other = Recast(RecastNet(Scaling.of(catalog, SOCAL_TRUTH), hidden_size=4, width=4))
    events, n = catalog.to_sequence(), 3 * BLOCK + 7
    mixed = draw_blocks(
        Source.of([net, other], events, [900.0]), 0, range(n_blocks(n)), 3.0, n, seed=2
    )
    assert mixed.n == n
    for j, process in enumerate((net, other, net, other)):
        alone = Source.of([process], events, [900.0])
        size = min(BLOCK, n - j * BLOCK)
        counts = alone.draw(0, 0, 3.0, size, [2, 0, j], 200_000).counts
        np.testing.assert_array_equal(mixed.counts[j * BLOCK : j * BLOCK + size], counts)


def test_files_do_not_depend_on_threads_or_interruptions(
    catalog: Catalog, net: Recast, tmp_path: Path
) -> None:
    rolling = Rolling(days=DAYS, samples=120, windows=12, max_events=500)
    members = [Member("etas", (SOCAL_TRUTH,)), Member("recast", (net,))]
    first = roll(catalog, members, rolling, tmp_path / "a", engine=Engine(), threads=1)
    again = roll(catalog, members, rolling, tmp_path / "b", engine=Engine(), threads=3)
    assert first == again
    before = files(tmp_path / "b")
    assert before == files(tmp_path / "a")
    (tmp_path / "b" / "recast" / "chunk_000001.npz").unlink()
    resumed = roll(catalog, members, rolling, tmp_path / "b", engine=Engine(), resume=True)
    assert resumed == first
    assert files(tmp_path / "b") == before
    counts = read_chunks(tmp_path / "a" / "etas", 3)["counts"]
    assert counts.shape == (12, 120)
    pit = randomised_pit(counts, [w.observed for w in first.windows], np.random.default_rng([0, 1]))
    assert first.models["etas"].pit == pit.tolist()
    changed = [Member("etas", (SOCAL_TRUTH,)), Member("recast", (SOCAL_TRUTH,))]
    with pytest.raises(InputError, match="holds chunks made with model"):
        roll(catalog, changed, rolling, tmp_path / "b", engine=Engine(), resume=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"days": 5000.0}, r"its test window has [\d.]+ days, too few for 1 window"),
        ({"days": 100.0, "windows": 99}, r"too few for 99 windows of 100 days"),
        ({"days": -1.0}, "both positive"),
        ({"windows": 0}, "windows = 0 must be positive"),
    ],
)
def test_windows_that_do_not_fit_are_refused(
    catalog: Catalog, settings: dict[str, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        Rolling(**settings).starts(catalog)  # type: ignore[arg-type]


CONFIG = Path(__file__).parent.parent / "experiments" / "rolling" / "scedc_14_days.yaml"


def test_scores_that_lack_a_part_are_named() -> None:
    quantiles = {q: [1.0] for q in ("0.025", "0.25", "0.5", "0.75", "0.975")}
    scores = {"quantiles": quantiles, "pit": [0.5], "crps": [1.0], "log_score": [-1.0]}
    model = {**scores, "coverage": {"50": 1.0, "95": 1.0}}
    windows = [{"start": "2020-01-01", "end": "2020-01-15", "observed": 1}]
    record = {"window_days": 14.0, "catalogs": {"x": {"windows": windows, "models": {"m": model}}}}
    assert RollingResult.from_json(record, "rolling.json").catalogs["x"].models["m"].pit == [0.5]
    for part, name in (("coverage", "50"), ("coverage", "95"), ("quantiles", "0.5")):
        content = copy.deepcopy(record)
        del content["catalogs"]["x"]["models"]["m"][part][name]  # type: ignore[index]
        with pytest.raises(InputError, match=f"^rolling.json: .*{part} has no {name}"):
            RollingResult.from_json(content, "rolling.json")


def test_the_result_is_of_its_configuration() -> None:
    """Published coverage of the 95 % range: RECAST 86.5 %, ETAS 67 %."""
    options = read_yaml(CONFIG)
    result = json.loads(CONFIG.with_suffix(".json").read_text())
    assert (result["window_days"], result["n_samples"]) == (options["rolling"], options["samples"])
    (scedc,) = result["catalogs"].values()
    assert scedc["windows"] == options["windows"] == 155
    assert set(options["models"]) | {"recast-ensemble"} == set(scedc["models"])
    for row in scedc["models"].values():
        outside = row["too_low"] + row["too_high"]
        assert row["coverage"]["95"] == pytest.approx(1.0 - outside / 155)
        assert sum(row["pit_histogram"]) == 155


@pytest.mark.slow
def test_southern_california_is_covered_by_its_ranges(
    real_catalog: Callable[[str], Catalog], tmp_path: Path
) -> None:
    """Figure 4 of the RECAST paper with one net: at least 90 % of 155 windows of 14 days."""
    save(real_catalog("scedc"), tmp_path)
    command = ["benchmark", "--config", str(CONFIG), "--catalog", str(tmp_path / "scedc.json")]
    assert (
        main([*command, "--models", "etas", "recast", "--seeds", "1", "--out", str(tmp_path)]) == 0
    )
    record = json.loads((tmp_path / "rolling.json").read_text())["catalogs"]["scedc"]
    assert len(record["windows"]) == 155
    assert record["models"]["recast"]["coverage"]["95"] >= 0.9
    assert record["models"]["etas"]["coverage"]["95"] >= 0.8


ROLLING = ["--rolling", "0.125", "--samples", "60"]


def run(folder: Path, *options: str) -> bytes:
    assert main(["forecast", *ROLLING, "--run", str(folder), *options]) == 0
    return (folder / "rolling.json").read_bytes()


def test_the_command_is_the_same_on_two_workers_and_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed", reason="needs dask: pip install '.[cluster]'")
    folder = tmp_path / "run"
    models = ["--catalog", "ridgecrest_2019", "--models", "poisson", "etas"]
    assert main(["benchmark", *models, *ROLLING, "--out", str(folder)]) == 0
    beside, of_benchmark = (folder / "rolling.json").read_bytes(), files(folder / "rolling")
    fixed = json.loads(run(folder, "--fixed-parameters", "--workers", "1"))
    assert fixed["catalogs"] == json.loads(beside)["catalogs"]
    assert files(folder / "rolling") == of_benchmark
    written, made = run(folder, "--workers", "1"), files(folder / "rolling")
    assert "LEAK" not in capsys.readouterr().out
    assert len(made) == 6  # 15 windows of 3 hours, two models
    record = json.loads(written)
    assert set(record) >= {"version", "command", "environment"}
    assert "--workers" not in record["command"]
    model = record["catalogs"]["ridgecrest_2019"]["models"]["etas"]
    n = len(record["catalogs"]["ridgecrest_2019"]["windows"])
    for name in ("mean", "delta1", "delta2", "pit", "crps", "log_score", "magnitude_test"):
        assert len(model[name]) == n
    assert (folder / "ridgecrest_2019" / "rolling.png").stat().st_size > 0
    (folder / "rolling/ridgecrest_2019/etas/chunk_000000.npz").unlink()
    assert run(folder, "--resume") == written
    assert files(folder / "rolling") == made
    assert run(folder, "--workers=2") == written
    assert files(folder / "rolling") == made


def test_a_resumed_run_trains_no_net_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["benchmark", "--catalog", "ridgecrest_2019", "--models", "etas", "recast", "--quick"]
    command += ["--rolling", "0.5", "--windows", "2", "--samples", "20", "--out", "run"]
    assert main(command) == 0
    net, rolled = Path("run/ridgecrest_2019/recast/seed0/best.ckpt"), Path("run/rolling.json")
    before, written = net.read_bytes(), rolled.read_bytes()
    assert main([*command, "--resume"]) == 0
    assert (net.read_bytes(), rolled.read_bytes()) == (before, written)
    record = json.loads(written)["catalogs"]["ridgecrest_2019"]["models"]["recast"]
    assert record["leak"] == []  # it says itself that it has seen no more than validation


def test_a_configuration_gives_the_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "small.yaml"
    config.write_text(
        "catalog: [ridgecrest_2019]\nmodels: [poisson]\nrolling: 0.5\nwindows: 2\nsamples: 50\n"
    )
    out = ["--out", str(tmp_path / "run")]
    assert main(["benchmark", "--config", str(config), "--samples", "20", *out]) == 0
    record = json.loads((tmp_path / "run" / "rolling.json").read_text())
    assert (record["window_days"], record["n_samples"]) == (0.5, 20)
    models = record["catalogs"]["ridgecrest_2019"]["models"]
    assert models["poisson"]["information_gain"] is None  # no ETAS to compare with
    config.write_text("catalogue: [ridgecrest_2019]\n")
    assert main(["benchmark", "--config", str(config)]) == 2
    said = "'catalogue' is not an option of `recast benchmark`: did you mean 'catalog'?"
    assert said in capsys.readouterr().err


def test_a_net_that_has_seen_later_data_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    catalog = load("ridgecrest_2019")
    torch.manual_seed(0)
    scaling = Scaling.of(catalog, Region(catalog, day_clock=False).etas)
    task = RecastTask({"a": vars(scaling), "b": vars(scaling)}, hidden_size=4, width=4)
    seen = {
        name: {"start": "2001", "end": until, "until": until, "box": None, "gaps": []}
        for name, until in (("a", "2011"), ("b", "2021"))
    }
    content = {
        "state_dict": task.state_dict(),
        "hyper_parameters": {**task.hparams, "trained_on": seen},
        "pytorch-lightning_version": lightning.__version__,
    }
    torch.save(content, tmp_path / "net.ckpt")
    out, net = ["--out", str(tmp_path / "run")], ["--pretrained", str(tmp_path / "net.ckpt")]
    command = ["benchmark", "--catalog", "ridgecrest_2019", "--models", "recast-zero-shot"]
    command += ["--rolling", "0.5", "--windows", "2", "--samples", "20", *out, *net]
    assert main(command) == 2
    shown = capsys.readouterr().err
    assert "was trained on b from 2001 to 2021, which may hold events of the test window" in shown
    assert " a from" not in shown
    assert not (tmp_path / "run").exists()  # before anything is fitted
    known = seen_by_net(tmp_path / "net.ckpt", catalog)
    assert check_leak("net", known, catalog, allow=True) == ["b until 2021"]
    with pytest.raises(
        InputError, match="b until 2021: fit it on earlier data, or set `allow_leak`"
    ):
        check_leak("net", known, catalog, allow=False)


def test_a_model_whose_numbers_explode_is_refused_with_what_helps(
    catalog: Catalog, tmp_path: Path
) -> None:
    hot = replace(SOCAL_TRUTH, k=1.2 * SOCAL_TRUTH.k / SOCAL_TRUTH.branching_ratio(14.0))
    members, engine = [Member("hot", (hot,))], Engine()
    with pytest.raises(InputError, match=r"set `days` to \S+ or less, or use another `model`") as e:
        roll(catalog, members, Rolling(14.0, 10, 1), tmp_path, engine=engine)
    of_rolling = {"days": None, "model": None, "spelled": {"days": "--rolling"}}
    assert "set --rolling to" in in_options(str(e.value), of_rolling)
    days = float(str(e.value).partition("set `days` to ")[2].split()[0])
    roll(catalog, members, Rolling(days, 10, 1), tmp_path, engine=engine)
