"""The transfer experiments: what is known is cut right, and nothing tested was trained on."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from catalogs import Catalog, InputError, load
from catalogs.checks.overlap import shared_fraction
from catalogs.files import read_json
from recast.benchmark.run import run_benchmark
from recast.cli import main
from recast.forecast.rolling import Rolling
from recast.models.neural_kinds import few_shot_settings
from recast.pretrained import FILES
from recast.training.data import CatalogData
from recast.training.trainer import train

FOLDER = Path(__file__).parent.parent / "experiments"
CONFIGS = sorted((FOLDER / "transfer").glob("*.yaml"))


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("transfer", FOLDER / "transfer.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("n", [300, 1000])
def test_someone_who_knows_n_events_knows_the_last_ones(n: int) -> None:
    whole = load("synthetic_socal")
    few = script().recent(whole, n).split()
    assert few.train.n_scored == n
    assert few.train.first_scored == 0  # no older history
    assert few.val.n_scored == n // 3
    assert few.test.n_scored == whole.split().test.n_scored
    np.testing.assert_allclose(
        np.diff(few.test.times[-50:]), np.diff(whole.split().test.times[-50:]), atol=1e-9
    )


def test_nobody_knows_more_events_than_there_are() -> None:
    with pytest.raises(InputError, match="too few for 100000 training events"):
        script().recent(load("synthetic_socal"), 100_000)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_what_is_left_out_is_left_out(path: Path, real_catalog: Callable[[str], Catalog]) -> None:
    """No net is called zero-shot on a region that shares earthquakes with those it has seen."""

    def catalog(name: str) -> Catalog:
        base, _, area = name.partition("@")
        whole = real_catalog(base)
        if not area:
            return whole
        from catalogs.areas import parse_area

        return whole.within(parse_area(area))

    config = yaml.safe_load(path.read_text())
    without = yaml.safe_load((FOLDER / "world" / "recipes.yaml").read_text())["left_out"]
    jobs = dict(script().jobs(config, Path("work")))
    assert len(jobs) > 5
    pairs = set()
    for job in jobs.values():
        if job["kind"] == "score" and job["net"] not in FILES and job["mode"] != "native":
            net = config["nets"][job["net"]]
            if isinstance(net, str):  # of experiments/world.py, whose tests say what is left out
                group = Path(net).stem.split("-")[1]
                assert job["region"].partition("@")[0] in without[group]["without"]
            else:
                pairs |= {(job["region"], seen) for seen in net}
    for here, there in sorted(pairs):
        assert here != there
        a, b = catalog(here), catalog(there)
        start, end = max(a.info.start, b.info.start), min(a.info.end, b.info.end)
        if start < end:
            assert shared_fraction(a, b, (start, end)) < 0.01, (here, there)


@pytest.mark.parametrize(
    "path", [p for p in CONFIGS if p.with_suffix(".json").is_file()], ids=lambda path: path.stem
)
def test_figures_come_from_the_committed_results(path: Path, tmp_path: Path) -> None:
    module = script()
    config, result = yaml.safe_load(path.read_text()), read_json(path.with_suffix(".json"))
    assert set(dict(module.jobs(config, tmp_path))) == set(result)
    module.draw(config, result, tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_few_events_teach_slowly() -> None:
    for n, steps, rate in (
        (250, 2, 0.015625),
        (1000, 5, 0.0625),
        (4000, 20, 0.25),
        (90000, 20, 0.5),
    ):
        settings = few_shot_settings(n)
        assert settings == {"data": {"steps_per_epoch": steps}, "model": {"fine_tuning": rate}}


def test_a_benchmark_of_a_pretrained_net(tmp_path: Path) -> None:
    data = CatalogData(["synthetic_socal"], window=64, burn_in=16, steps_per_epoch=2)
    checkpoint = train(data, tmp_path / "net", seed=0, max_epochs=1).checkpoint
    out = tmp_path / "out"
    command = ["benchmark", "--quick", "--catalog", "ridgecrest_2019", "--out", str(out)]
    models = ["--models", "etas", "recast-zero-shot", "recast-few-shot"]
    assert main([*command, *models, "--pretrained", str(checkpoint)]) == 0
    models = json.loads((out / "benchmark.json").read_text())["catalogs"]["ridgecrest_2019"][
        "models"
    ]
    assert list(models) == ["etas", "recast-zero-shot", "recast-few-shot"]
    assert models["recast-zero-shot"]["n_parameters"] == 5  # of its ETAS; the net learns nothing
    gain = models["recast-zero-shot"]["gain_over_etas"]["mean"]
    assert gain == pytest.approx(0.0, abs=0.05)


def test_a_net_is_forecast_with_where_it_has_seen_nothing_later(tmp_path: Path) -> None:
    data = CatalogData(["synthetic_socal"], window=64, burn_in=16, steps_per_epoch=1)
    checkpoint = train(data, tmp_path / "net", seed=0, max_epochs=1).checkpoint
    how: dict[str, Any] = {"models": ["recast-zero-shot"], "rolling": Rolling(0.5, 20, windows=2)}
    run_benchmark(["ridgecrest_2019"], out=tmp_path / "run", pretrained=str(checkpoint), **how)
    rolled = read_json(tmp_path / "run" / "rolling.json")["catalogs"]["ridgecrest_2019"]
    assert len(rolled["windows"]) == 2
    assert rolled["models"]["recast-zero-shot"]["leak"] == []
    content = torch.load(checkpoint, weights_only=True)
    later = {"start": "2025-01-01", "end": "2025-06-01", "until": "2026-01-01"}
    content["hyper_parameters"]["trained_on"] = {"here": {**later, "box": None, "gaps": []}}
    torch.save(content, checkpoint)  # it has seen no tested event, and yet what came of them
    out = tmp_path / "other"
    with pytest.raises(InputError, match="data from after the forecast .* here until 2026-01-01"):
        run_benchmark(["ridgecrest_2019"], out=out, pretrained=str(checkpoint), **how)
    assert not out.exists()
