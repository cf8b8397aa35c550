"""The experiments on better nets of many regions: what is left out, what worlds are like."""

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.integrate import trapezoid

from catalogs import EventSequence, load
from catalogs.files import read_json
from etas.fit import fit_etas
from etas.model import ETAS
from recast.evaluation import score
from recast.training.region import Region

EXPERIMENTS = Path(__file__).parent.parent / "experiments"
CONFIG = EXPERIMENTS / "world" / "recipes.yaml"
CALIFORNIA = {"scedc", "scedc_m1", "scedc_located", "white", "qtm_salton_sea", "qtm_san_jacinto"}


@pytest.fixture(scope="module")
def world() -> ModuleType:
    spec = importlib.util.spec_from_file_location("world", EXPERIMENTS / "world.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["world"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def config() -> Any:
    return yaml.safe_load(CONFIG.read_text(encoding="utf-8"))


def test_no_net_has_seen_the_region_it_is_scored_on(world: ModuleType, config: Any) -> None:
    jobs = dict(world.jobs(config, Path("runs")))
    seeds = len(config["recipes"]) + sum(n - 1 for n in config["tested"].values())
    assert len(jobs) == seeds * len(config["left_out"])
    for key, job in jobs.items():
        group = key.split("/")[1]
        used = {re.split("[@+]", name)[0] for name in job["regions"]}
        for target in config["left_out"][group]["targets"]:
            stem = target.partition("@")[0]
            assert not used & (CALIFORNIA if stem in CALIFORNIA else {stem}), key


def test_a_world_is_the_same_each_time_and_others_differ(world: ModuleType) -> None:
    first, again, other = (world.synthetic_world(seed) for seed in (2, 2, 3))
    assert first.events.equals(again.events)
    assert len(first.events) != len(other.events)
    for name in ("mu", "k", "alpha", "c", "p", "b"):
        assert first.info.truth[name] != other.info.truth[name]


def test_a_varied_world_is_the_same_each_time(world: ModuleType) -> None:
    first, again, other = (world.varied_world(seed) for seed in (3, 3, 4))
    assert first.events.equals(again.events)
    assert len(first.events) != len(other.events)


def test_sequences_of_varied_worlds_follow_their_law(
    world: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[ETAS, Any, Any]] = []
    monkeypatch.setattr(world, "_observed", lambda _, model, t, m, __: made.append((model, t, m)))
    for seed in range(60):
        world.varied_world(seed)
    # Before networks miss some. A sequence of R offspring an event has 1 / (1 - R) events, of
    # which the mean is more than that of the mean R
    grown = [
        t.size * (1.0 - model.branching_ratio(world.DAYS)) / (model.mu * world.DAYS)
        for model, t, _ in made
    ]
    assert 1.0 < np.exp(np.log(grown).mean()) < 1.5
    truth, t, m = made[56]
    order = np.argsort(t)
    sequence = EventSequence(t[order], m[order], 0.0, world.DAYS)
    fit = fit_etas(sequence, truth.magnitude_law).model
    assert fit.mu == pytest.approx(truth.mu, rel=0.15)
    assert fit.alpha == pytest.approx(truth.alpha, rel=0.15)
    assert fit.p == pytest.approx(truth.p, rel=0.1)
    assert 0.4 < fit.c / truth.c < 2.0


def test_the_omori_law_of_a_sequence_is_integrated(world: ModuleType) -> None:
    for c, p in ((0.01, 1.02), (0.3, 1.4)):
        x = np.geomspace(1e-9, 300.0, 200_001)
        whole = trapezoid((x + c) ** -p, x)
        assert world._omori(300.0, c, p) == pytest.approx(whole, rel=1e-5)


def test_small_events_are_missed_after_large_ones(world: ModuleType) -> None:
    days, m = np.array([1.0, 1.001, 1.002, 20.0, 20.1]), np.array([7.0, 2.1, 6.0, 2.1, 3.0])
    seen = np.array([world._detected(days, m, np.random.default_rng(i)) for i in range(50)])
    assert seen[:, 1].sum() == 0
    assert seen[:, [0, 2, 4]].all()
    assert seen[:, 3].mean() > 0.4


def test_magnitudes_of_a_world_are_those_of_its_law_where_all_are_detected(
    world: ModuleType,
) -> None:
    catalog = world.synthetic_world(6)
    large = catalog.events["magnitude"][catalog.events["magnitude"] >= 3.5].to_numpy()
    b = np.log10(np.e) / (large.mean() + 0.005 - 3.5)
    assert b == pytest.approx(catalog.info.truth["b"], abs=4.0 * b / np.sqrt(len(large)))


def test_a_view_is_the_same_catalog_above_a_higher_completeness(
    world: ModuleType, tmp_path: Path
) -> None:
    view = world.region_catalog("ridgecrest_2019+3.0", tmp_path)
    assert view.info.name == "ridgecrest_2019_from_3p0"
    assert view.info.magnitude_completeness == 3.0
    assert world.region_catalog("ridgecrest_2019+3.0", tmp_path).events.equals(view.events)


def test_gains_are_scores_less_those_of_etas_on_validation_windows(
    world: ModuleType, tmp_path: Path
) -> None:
    found = world.evaluate("ridgecrest_2019", {}, tmp_path)
    region = Region(load("ridgecrest_2019"))
    val = region.split.val
    assert found["events"] == val.n_scored
    assert found["etas"] == pytest.approx(score(region.scaling.etas, val).nats_per_event)
    rows = {name: {"etas": etas, "new": [1.2, 1.4]} for name, etas in (("a", 1.0), ("b", 1.5))}
    assert world.table(rows).splitlines()[-1] == "| new | +0.3000 | -0.2000 | +0.0500 |"


def test_the_table_is_that_of_the_results() -> None:
    text = (EXPERIMENTS / "README.md").read_text(encoding="utf-8")
    results = read_json(CONFIG.with_suffix(".json"))
    (table,) = re.findall(r"\| recipe \| horus_italy.*?\n\n", text, re.DOTALL)
    order = ["horus_italy", "ncss@37/43/-127/-115", "scedc", "white", "qtm_salton_sea"]
    order += ["qtm_san_jacinto", "taupo", "china"]
    rows = [line.split("|")[1:-1] for line in table.splitlines()[2:] if line]
    assert len(rows) == 13
    for name, *cells in rows:
        gains = [results[t].get(name.strip(), [np.nan])[0] - results[t]["etas"] for t in order]
        shown = [float(cell) if cell.strip() else np.nan for cell in cells]
        np.testing.assert_allclose(shown[: len(order)], gains, atol=5.1e-5)


def test_the_table_of_the_test_windows_is_that_of_the_results() -> None:
    text = (EXPERIMENTS / "README.md").read_text(encoding="utf-8")
    tests = read_json(EXPERIMENTS / "world" / "recipes_test.json")
    for recipe, key, name in (
        ("named and varied", "code zero", "code zero"),
        ("named and varied", "code inferred", r"\*\*code inferred\*\*"),
        ("longer", "code inferred", "longer, code inferred, one seed"),
    ):
        results = tests[recipe]
        (row,) = re.findall(rf"\| {name} \|(.*)\|", text)
        gains = [np.mean(found[key]) - found["etas"] for found in results.values()]
        shown = [float(cell) for cell in row.split("|")]
        np.testing.assert_allclose(shown, [*gains, np.mean(gains)], atol=5.1e-5)


def test_the_second_net_of_the_package_is_of_the_recipe_that_is_tested(
    world: ModuleType, config: Any
) -> None:
    recipe = world.expanded(config, "longer")
    assert "longer" in config["tested"]
    asked = yaml.safe_load((EXPERIMENTS / "world" / "worlds.yaml").read_text(encoding="utf-8"))

    def word(name: str) -> str:
        made = "+" in name or name.startswith(("world_", "varied_"))
        return f"runs/world/catalogs/{world.own_name(name)}.json" if made else name

    assert not recipe["unnamed"]
    assert asked["catalog"] == [word(name) for name in recipe["regions"]]
    weights = [f"{word(name)}={weight}" for name, weight in recipe["weights"].items()]
    assert asked["weight"] == weights
    steps = asked["epochs"] * asked["steps-per-epoch"]
    assert steps == recipe["epochs"] * recipe["steps_per_epoch"]
    assert [list(map(str, gap)) for gap in asked["gap"]] == recipe["gaps"]
    assert asked["net"] == [f"{name}={value}" for name, value in recipe["net"].items()]


def test_a_net_is_trained_on_parts_of_a_catalog(
    world: ModuleType, config: Any, tmp_path: Path
) -> None:
    regions = ["ridgecrest_2019", "ridgecrest_2019@35.5/36/-118/-117", "ridgecrest_2019+3.0"]
    recipe = world.expanded(config, "today")
    recipe |= {"epochs": 1, "steps_per_epoch": 2, "accelerator": "cpu", "unnamed": regions[1:]}
    net = tmp_path / "net.ckpt"
    job = {"regions": regions, "recipe": recipe, "seed": 0, "work": str(tmp_path), "net": str(net)}
    assert world.train(job)["regions"] == 3
    assert net.is_file()
