"""`recast benchmark` from the command line: what it writes, says and refuses."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from catalogs import Catalog, InputError, Selection, load, save
from catalogs.checks.extent import Extent
from catalogs.files import read_json
from catalogs.store import file_hash
from etas.model import ETAS
from recast.benchmark.comparison import compare
from recast.benchmark.folder import load_catalog, open_run
from recast.benchmark.results import (
    BenchmarkResult,
    CatalogResult,
    Gain,
    MarkScore,
    ModelResult,
    SeedResult,
    WindowScore,
    sentence,
)
from recast.benchmark.run import run_benchmark
from recast.cli import main
from recast.models import environment
from recast.models.etas_report import fit_catalog
from recast.models.fitting import fit_task
from recast.models.kind import FittedModel, ModelKind, Task
from recast.models.neural import Recast

RIDGECREST = "ridgecrest_2019"


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("benchmark")
    assert main(["benchmark", "--quick", "--seeds", "2", "--out", str(folder)]) == 0
    return folder


def test_the_result_has_the_documented_form(run_folder: Path) -> None:
    result = json.loads((run_folder / "benchmark.json").read_text())
    assert set(result) >= {"version", "command", "environment", "catalogs"}
    assert result["command"].startswith("recast benchmark --quick")
    assert set(result["catalogs"]) == {"ridgecrest_2019", "synthetic_socal"}
    for name, record in result["catalogs"].items():
        split = load(name).split()
        assert record["info"]["name"] == name
        models = record["models"]
        assert list(models)[:4] == ["poisson", "etas", "recast-paper", "recast"]
        assert ("truth" in models) == (name == "synthetic_socal")
        for row in models.values():
            assert set(row["splits"]) == {"train", "val", "test"}
            for part, sequence in split.items():
                got = row["splits"][part]
                assert got["n_events"] == sequence.n_scored
                assert got["log_likelihood"] == pytest.approx(
                    got["nats_per_event"] * got["n_events"]
                )
                assert got["nll_per_day"] == pytest.approx(
                    -got["log_likelihood"] / sequence.scored_days
                )
        assert models["etas"]["gain_over_etas"] is None
        gain = models["recast-paper"]["gain_over_etas"]
        difference = (
            models["recast-paper"]["splits"]["test"]["nats_per_event"]
            - models["etas"]["splits"]["test"]["nats_per_event"]
        )
        assert gain["mean"] == pytest.approx(difference, abs=1e-9)
        assert gain["ci95"][0] <= gain["mean"] <= gain["ci95"][1]
        seeds = models["recast-paper"]["seeds"]
        assert [run["seed"] for run in seeds] == [0, 1]
        tests = [run["splits"]["test"]["nats_per_event"] for run in seeds]
        assert models["recast-paper"]["splits"]["test"]["nats_per_event"] == np.mean(tests)
        assert models["recast-paper"]["test_sd"] == pytest.approx(abs(tests[0] - tests[1]) / 2**0.5)
        seconds = [run["fit_seconds"] for run in seeds]
        assert models["recast-paper"]["fit_seconds"] == pytest.approx(np.mean(seconds))
        assert models["etas"]["n_parameters"] == 5


def test_fitted_models_and_plots_lie_beside_it(run_folder: Path) -> None:
    result = read_json(run_folder / "benchmark.json")
    split = load("synthetic_socal").split()
    folder = run_folder / "synthetic_socal"
    models = result["catalogs"]["synthetic_socal"]["models"]
    etas = ETAS.from_json(read_json(folder / "etas.json")["model"])
    assert etas.log_likelihood(split.test) == pytest.approx(
        models["etas"]["splits"]["test"]["log_likelihood"], rel=1e-12
    )
    net = Recast.load(folder / "recast-paper" / "seed1" / "best.ckpt")
    assert net.log_likelihood(split.test) == pytest.approx(
        models["recast-paper"]["seeds"][1]["splits"]["test"]["log_likelihood"], rel=1e-12
    )
    for plot in ("magnitude_time.png", "cumulative_gain.png"):
        assert (folder / plot).read_bytes().startswith(b"\x89PNG")
    assert {path.name for path in run_folder.rglob(".*")} == {".lock"}


def test_truth_is_not_beaten_on_its_own_catalog(run_folder: Path) -> None:
    models = read_json(run_folder / "benchmark.json")["catalogs"]["synthetic_socal"]["models"]
    best = models["truth"]["splits"]["test"]["nats_per_event"]
    for name in ("poisson", "recast-paper"):
        assert models[name]["splits"]["test"]["nats_per_event"] < best
    # 3,600 test events decide between the truth and its estimate to a few thousandths
    assert models["etas"]["splits"]["test"]["nats_per_event"] == pytest.approx(best, abs=3e-3)


def test_the_table_says_it_in_words(run_folder: Path) -> None:
    record = read_json(run_folder / "benchmark.json")["catalogs"]["synthetic_socal"]
    table = CatalogResult.from_json(record, "benchmark.json").table("synthetic_socal")
    assert "M >= 2.5" in table
    rows = table.splitlines()[4 : 5 + len(record["models"])]
    assert [line.split()[0] for line in rows[1:]] == list(record["models"])
    assert len({len(line) for line in rows}) == 1
    assert "recast-paper explains them worse than ETAS" in table


@pytest.mark.parametrize(
    ("interval", "of_times", "of_places"),
    [
        ((0.01, 0.03), "explains them better than ETAS", "places them better than ETAS"),
        ((-0.03, -0.01), "explains them worse than ETAS", "places them worse than ETAS"),
        (
            (-0.01, 0.01),
            "cannot be told apart from ETAS",
            "cannot be told apart from ETAS in placing them",
        ),
    ],
)
def test_a_verdict_needs_an_interval_on_one_side(
    interval: tuple[float, float], of_times: str, of_places: str
) -> None:
    gain = Gain(sum(interval) / 2, interval)
    assert f", m {of_times}: " in sentence("x", "m", gain, 10)
    assert f", m {of_places}: " in sentence("x", "m", gain, 10, places=True)


def test_large_numbers_have_columns_of_their_own() -> None:
    models = {}
    for power in range(9):
        size = 10.0**power
        splits = dict.fromkeys(("train", "val", "test"), WindowScore(10, -size, -size, -size))
        gain = Gain(-size, (-7.0 * size, size))
        places = MarkScore(gain, dict.fromkeys(splits, -12.0 * size), gain)
        seeds = [SeedResult(1, splits)]
        models[f"m{power}"] = ModelResult(
            splits, seeds, size, 1, gain_over_etas=gain, marks={"place": places}
        )
    info = {"title": "", "magnitude_completeness": 2.0, "completeness_is_strict": False}
    lines = CatalogResult(info, models).table("x").splitlines()
    for title, heads, fields in (("NLL per day", 2, 11), ("places, nats per event", 1, 10)):
        (top,) = (i for i, line in enumerate(lines) if title in line)
        table = lines[top : top + heads + len(models)]
        assert {len(line.split()) for line in table[heads:]} == {fields}
        assert len({len(line) for line in table}) == 1


def test_nothing_is_not_less_than_nothing() -> None:
    said = sentence("x", "m", Gain(-1e-9, (-2e-5, -1e-5)), 10)
    assert said.endswith("+0.0000 nats per event, 95 % interval +0.0000 to +0.0000.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--catalog", "atlantis"], "no catalog 'atlantis' in .*recast catalogs import"),
        (
            ["--models", "oracle"],
            "no model 'oracle': choose from poisson, etas, recast-paper, recast",
        ),
        (["--seeds", "0"], "--seeds 0: at least one"),
        (["--workers", "0"], "--workers 0: at least one"),
        (["--catalog", "ridgecrest_2019", "ridgecrest_2019"], "named twice"),
        (["--seeds", "many"], "invalid int value"),
    ],
)
def test_mistakes_are_answered_before_anything_is_written(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert main(["benchmark", *arguments, "--out", str(out)]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert re.search(message, lines[0])
    assert not out.exists()


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"models": ["oracle"]}, "no model 'oracle': choose from poisson"),
        ({"seeds": 0}, "seeds = 0: at least one is needed"),
        ({"workers": 0}, "workers = 0: at least one is needed"),
        ({"seeds": 10**12}, "seeds = 1000000000000: give 1,000 or fewer"),
        ({"models": ["poisson", "poisson"]}, "model 'poisson' is named twice: name it once"),
        ({"pretrained": "mine.ckpt"}, "mine.ckpt: none of the models starts from it"),
        ({"catalogs": ["synthetic_socal"], "places": True}, "synthetic_socal has no locations"),
    ],
)
def test_python_is_answered_before_anything_is_written(
    asked: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message):
        run_benchmark(**{"catalogs": [RIDGECREST], "models": ["poisson"], "out": tmp_path} | asked)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("part", "value", "message"),
    [
        ("seeds", [], "seeds is empty"),
        ("splits", {}, "splits has no test"),
        (None, {}, "models is empty"),
    ],
)
def test_a_result_that_lacks_a_part_is_named(
    part: str | None, value: object, message: str, run_folder: Path
) -> None:
    record = read_json(run_folder / "benchmark.json")
    entry = record["catalogs"][RIDGECREST]
    if part is None:
        entry["models"] = value
    else:
        entry["models"]["etas"][part] = value
    with pytest.raises(InputError, match=f"^old.json: catalogs.*: {message}"):
        BenchmarkResult.from_json(record, "old.json")


def test_gains_in_magnitude_of_older_results_are_those_of_a_mark(run_folder: Path) -> None:
    record = read_json(run_folder / "benchmark.json")
    models = record["catalogs"][RIDGECREST]["models"]
    gain = {"mean": 0.25, "ci95": [0.125, 0.5]}
    for name in ("poisson", "recast"):
        models[name]["magnitude_gain"] = gain
    del models["poisson"]["marks"]
    found = BenchmarkResult.from_json(record, "old.json").catalogs[RIDGECREST].models
    assert found["poisson"].marks["magnitude"].gain == Gain(0.25, (0.125, 0.5))
    assert found["recast"].marks["magnitude"].to_json() == models["recast"]["marks"]["magnitude"]


def test_what_is_not_installed_is_recorded_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PACKAGES", ("numpy", "no-such-package"))
    found = environment.describe()
    assert (found["numpy"], found["no-such-package"]) == (np.__version__, "not installed")


def test_the_mixture_of_seeds_is_scored_as_a_model(run_folder: Path) -> None:
    split = load("synthetic_socal").split()
    folder = run_folder / "synthetic_socal"
    models = read_json(run_folder / "benchmark.json")["catalogs"]["synthetic_socal"]["models"]
    for name in ("recast-paper", "recast"):
        row = models[f"{name}-ensemble"]
        mixture = Recast.load(*(folder / name / f"seed{i}" / "best.ckpt" for i in range(2)))
        assert mixture.log_likelihood(split.test) == pytest.approx(
            row["splits"]["test"]["log_likelihood"], rel=1e-12
        )
        assert row["n_parameters"] == 2 * models[name]["n_parameters"]
        # Jensen, but for nets that kept the ETAS they began as
        assert row["gain_over_etas"]["mean"] >= models[name]["gain_over_etas"]["mean"] - 1e-12


def test_workers_change_no_score(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    one, two = (
        next(compare([catalog], ["recast"], tmp_path, seeds=2, quick=True, workers=workers))
        for workers in (1, 2)
    )
    assert one.terms.keys() == {"recast", "recast-ensemble"}
    for name, terms in one.terms.items():
        np.testing.assert_array_equal(terms, two.terms[name])


def test_gains_are_of_one_model_over_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = load("ridgecrest_2019")
    file = fit_catalog(catalog).write(tmp_path / "fit")

    def fit(kind: ModelKind, task: Task) -> FittedModel:
        until = "2019-07-12"  # a day of the test window
        peeked = {"elsewhere": replace(Extent.of(catalog), end=until, until=until)}
        fitted = fit_task(kind, task)
        return replace(fitted, seen=peeked) if kind.name == "poisson" else fitted

    monkeypatch.setattr("recast.benchmark.comparison.fit_task", fit)
    (done,) = compare([catalog], ["poisson", "etas", str(file)], tmp_path / "run")
    poisson, etas, read = done.result.models.values()
    difference = etas.test.nats_per_event - poisson.test.nats_per_event
    assert difference > 0.3
    assert poisson.gain_over_poisson is etas.gain_over_etas is None
    assert etas.gain_over_poisson is not None
    assert poisson.gain_over_etas is not None
    assert read.gain_over_etas is not None
    assert etas.gain_over_poisson.mean == pytest.approx(difference)
    assert poisson.gain_over_etas.mean == pytest.approx(-difference)
    assert read.gain_over_etas.mean == pytest.approx(0.0, abs=1e-12)  # the same fit
    assert (read.file_sha256, etas.file_sha256) == (file_hash(file), None)
    # A model that has seen a part of what it is tested on is marked
    assert (len(poisson.leaks), etas.leaks, read.leaks) == (1, [], [])


def test_without_etas_there_is_no_gain(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    (done,) = compare([catalog], ["poisson"], tmp_path)
    assert done.result.models["poisson"].gain_over_etas is None
    assert "poisson" in done.result.table("ridgecrest_2019")


def test_a_catalog_that_was_renamed_after_its_benchmark_is_named(tmp_path: Path) -> None:
    """Its files lie under the old name."""
    path = save(load("ridgecrest_2019"), tmp_path).with_suffix(".json")
    run_benchmark([str(path)], ["poisson"], tmp_path / "run")
    path.write_text(json.dumps({**json.loads(path.read_text()), "name": "other"}))
    with pytest.raises(InputError, match=r"'ridgecrest_2019' is named 'other' now: benchmark it"):
        load_catalog(open_run(tmp_path / "run"), "ridgecrest_2019")


def test_one_catalog_and_one_model_need_no_list(tmp_path: Path) -> None:
    catalog = load("ridgecrest_2019")
    for one in ("ridgecrest_2019", catalog):
        result = run_benchmark(one, "poisson", tmp_path / type(one).__name__)
        assert list(result.catalogs["ridgecrest_2019"].models) == ["poisson"]


@pytest.mark.parametrize(
    "part",
    [
        Selection(magnitude_completeness=3.0),
        Selection(area="35.7/36/-117.7/-117.4", earthquakes_only=True),
        Selection(end="2019-07-12", fractions=(0.5, 0.25, 0.25)),
    ],
)
def test_a_part_that_is_not_stored_is_cut_again(tmp_path: Path, part: Selection) -> None:
    """Its report and its rolling forecasts need the events, and the record says which."""
    whole = load("ridgecrest_2019")
    types = np.where(np.arange(len(whole.events)) % 5 == 4, "quarry blast", "earthquake")
    path = save(Catalog(whole.events.assign(event_type=types), whole.info), tmp_path)
    source = str(path.with_suffix(".json"))
    run_benchmark([source], ["poisson"], tmp_path / "run", select=lambda c: part.of(c, "part"))
    run = open_run(tmp_path / "run")
    asked, cut = part.of(load(source), "part"), load_catalog(run, "part")
    assert cut.info == asked.info
    pd.testing.assert_frame_equal(cut.events, asked.events)


def test_a_part_of_a_catalog_that_changed_is_not_cut_again(tmp_path: Path) -> None:
    whole = load("ridgecrest_2019")
    path = save(whole, tmp_path)
    select = Selection(magnitude_completeness=3.0).of
    run_benchmark([str(path.with_suffix(".json"))], ["poisson"], tmp_path / "run", select=select)
    large = whole.events.index[whole.events["magnitude"] >= 3.0][-1]
    save(Catalog(whole.events.drop(index=large), whole.info), tmp_path, overwrite=True)
    with pytest.raises(InputError, match="other events now, .* benchmark it again"):
        load_catalog(open_run(tmp_path / "run"), "ridgecrest_2019")
