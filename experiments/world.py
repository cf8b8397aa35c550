"""What would make a better net of many regions: variants of its recipe, on regions left out.

    python experiments/world.py experiments/world/recipes.yaml --prepare
    python experiments/world.py experiments/world/recipes.yaml

The first fits ETAS to each region and draws the synthetic worlds, the second trains what is missing
and writes the zero-shot gains on validation windows to the JSON beside the file. No test window is
read, but with --test: by nets of the recipes ``tested``. A net without a region is trained without
all that shares its earthquakes. Catalogs are those of RECAST_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import as_completed
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from catalogs import Catalog, EventSequence, GutenbergRichter, Selection, load, save
from catalogs.files import read_json, write_json
from catalogs.processes import worker_processes
from etas.model import ETAS
from etas.synthetic import synthetic_catalog
from recast.evaluation import score

WORLD = "world_"
VARIED = "varied_"
DAYS = 6000.0
INFERRED = ", code inferred"
"""Follows the name of a recipe in tables."""

LARGEST_BRANCHING = 0.95
"""Of one sequence in a varied world: its events end."""
Job = dict[str, Any]


def region_catalog(name: str, work: Path) -> Catalog:
    """A catalog by its name: NAME, NAME@AREA, NAME+COMPLETENESS, world_N, varied_N."""
    known, _, completeness = name.partition("+")
    if not (completeness or name.startswith((WORLD, VARIED))):
        return load(name)
    path = work / "catalogs" / f"{own_name(name)}.json"
    if not path.is_file():
        if completeness:
            selection = Selection(magnitude_completeness=float(completeness))
            catalog = selection.of(load(known), own_name(name))
        elif name.startswith(WORLD):
            catalog = synthetic_world(int(name.removeprefix(WORLD)))
        else:
            catalog = varied_world(int(name.removeprefix(VARIED)))
        save(catalog, path.parent)
    return load(path)


def own_name(name: str) -> str:
    """What a catalog that is made here is called: ``scedc_from_2p5`` for ``scedc+2.5``."""
    known, _, completeness = name.partition("+")
    stem = "".join(ch if ch.isalnum() or ch in "_-" else "_" for ch in known)
    return f"{stem}_from_{completeness.replace('.', 'p')}" if completeness else stem


def synthetic_world(seed: int) -> Catalog:
    """An ETAS catalog of random parameters, with swarms, and with events missed.

    Missed are small events after large ones (Helmstetter et al. 2006), and in the early years.
    """
    rng = np.random.default_rng([seed, 20])
    law = GutenbergRichter(2.0, rng.uniform(0.8, 1.2), 7.5)
    alpha, c, p = rng.uniform(0.4, 0.9), 10 ** rng.uniform(-3.0, -1.3), rng.uniform(0.98, 1.3)
    branching, events = rng.uniform(0.4, 0.9), 10 ** rng.uniform(3.7, 4.5)
    unit = ETAS(1.0, 0.01, alpha, c, p, law).branching_ratio(DAYS)
    mu = events * (1.0 - branching) / DAYS
    model = ETAS(mu, 0.01 * branching / unit, alpha, c, p, law)
    (drawn,) = model.sample(EventSequence.nothing(), DAYS, 1, seed=seed, max_events=200_000)
    return _observed(f"{WORLD}{seed}", model, drawn.times, drawn.magnitudes, rng)


def varied_world(seed: int) -> Catalog:
    """The same, but that sequences differ in productivity and decay, as real ones do.

    The productivity of a cluster is lognormal with the mean of the model's, before a cap at the
    branching ratio 0.95; the spread of its logarithm is 0.2 to 1. ln c and p are normal about the
    model's, with standard deviations of 0.5 and 0.1 (p within 1.01 and 1.5). The logarithm of the
    background rate is a random walk.
    """
    rng = np.random.default_rng([seed, 21])
    law = GutenbergRichter(2.0, rng.uniform(0.8, 1.2), 7.5)
    alpha, c, p = rng.uniform(0.4, 0.9), 10 ** rng.uniform(-3.0, -1.3), rng.uniform(1.02, 1.3)
    branching, events = rng.uniform(0.4, 0.8), 10 ** rng.uniform(3.7, 4.5)
    unit = ETAS(1.0, 0.01, alpha, c, p, law).branching_ratio(DAYS)
    model = ETAS(events * (1.0 - branching) / DAYS, 0.01 * branching / unit, alpha, c, p, law)
    spread = rng.uniform(0.2, 1.0)
    walk = np.cumsum(rng.normal(0.0, rng.uniform(0.0, 0.15), 61))
    level = np.exp(walk - walk.mean())
    n = rng.poisson(model.mu * DAYS * level.mean())
    month = rng.choice(61, n, p=level / level.sum())
    t = (month + rng.uniform(size=n)) * DAYS / 61.0
    most = np.log(LARGEST_BRANCHING / branching)
    strength = np.minimum(rng.normal(-0.5 * spread**2, spread, n), most)
    c_of, p_of = c * np.exp(rng.normal(0.0, 0.5, n)), np.clip(rng.normal(p, 0.1, n), 1.01, 1.5)
    times, magnitudes = [], []
    while t.size:
        m = law.sample(t.size, rng)
        times.append(t)
        magnitudes.append(m)
        # As productive as the model's Omori law over the whole window, of whatever c and p
        whole = _omori(DAYS, c_of, p_of)
        mean = np.exp(strength + alpha * np.log(10.0) * (m - 2.0)) * model.k * _omori(DAYS, c, p)
        parent = np.repeat(np.arange(t.size), rng.poisson(mean))
        c_of, p_of, strength, whole = c_of[parent], p_of[parent], strength[parent], whole[parent]
        q = 1.0 - p_of
        begin = c_of**q
        t = t[parent] + (begin + q * whole * rng.uniform(size=parent.size)) ** (1.0 / q) - c_of
        inside = t < DAYS
        t, c_of, p_of, strength = t[inside], c_of[inside], p_of[inside], strength[inside]
    return _observed(
        f"{VARIED}{seed}", model, np.concatenate(times), np.concatenate(magnitudes), rng
    )


def _omori(days: float, c: Any, p: Any) -> Any:
    """Integral of (x + c)^-p from 0 to ``days``, p > 1."""
    return (c ** (1.0 - p) - (days + c) ** (1.0 - p)) / (p - 1.0)


def _observed(name: str, model: ETAS, t: Any, m: Any, rng: np.random.Generator) -> Catalog:
    """What a network lists of these events, and of swarms that are added."""
    times, magnitudes = [t], [m]
    law = model.magnitude_law
    for _ in range(rng.poisson(rng.choice([0.0, 20.0, 60.0]))):
        n, length = int(10 ** rng.uniform(1.0, 2.3)), 10 ** rng.uniform(0.0, 1.8)
        begin = rng.uniform(0.0, DAYS - length)
        times.append(begin + length * rng.beta(1.2, 2.0, n))
        magnitudes.append(2.0 + rng.exponential(1.0 / (law.b * np.log(10.0)), n))
    order = np.argsort(np.concatenate(times))
    t, m = (np.concatenate(part)[order] for part in (times, magnitudes))
    detected = _detected(t, m, rng)
    whole = EventSequence(t[detected], np.round(m[detected], 2), start=0.0, end=DAYS)
    return synthetic_catalog(whole, model, name, start="2000-01-01", shares=(0.05, 0.7, 0.85))


def _detected(times: Any, magnitudes: Any, rng: np.random.Generator) -> Any:
    limit = 1.6 + rng.uniform(0.0, 0.5) * (1.0 - times / DAYS)
    strength = rng.uniform(3.9, 4.8)
    for i in np.flatnonzero(magnitudes > 2.0 + 2.0):
        after = slice(i + 1, np.searchsorted(times, times[i] + 30.0))
        late = np.log10(np.maximum(times[after] - times[i], 1e-4))
        limit[after] = np.maximum(limit[after], magnitudes[i] - strength - 0.75 * late)
    chance = 1.0 / (1.0 + np.exp(-(magnitudes - limit) / 0.12))
    return (rng.uniform(size=len(times)) < chance) & (np.diff(times, prepend=-1.0) > 1e-9)


def region_of(name: str, work: Path) -> Any:
    """The region, with the ETAS and the clock that were fitted before."""
    from recast.net.scaling import Scaling
    from recast.training.region import Region

    region = Region(region_catalog(name, work))
    path = work / "fits" / f"{name.replace('/', '_')}.json"
    if path.is_file():
        region.__dict__["scaling"] = Scaling(**read_json(path))  # what would have been fitted
    else:
        write_json(path, region.scaling.to_json())
    return region


def train(job: Job) -> dict[str, Any]:
    """Train one net to the last step of its recipe, in a process of its own."""
    import lightning
    import torch

    from recast.pretrained.checkpoints import release
    from recast.training.data import CatalogData
    from recast.training.task import RecastTask
    from recast.training.trainer import TRAINER, quiet

    torch.set_num_threads(1)
    begin = time.monotonic()
    work, recipe = Path(job["work"]), job["recipe"]
    data = CatalogData(
        job["regions"],
        batch_size=recipe.get("batch_size", 32),
        steps_per_epoch=recipe["steps_per_epoch"],
        weights={n: w for n, w in recipe["weights"].items() if n in job["regions"]},
        unnamed=[n for n in recipe["unnamed"] if n in job["regions"]],
        seed=job["seed"],
        gaps=recipe.get("gaps", []),
    )
    # Those that share earthquakes may be trained on together: no test window is read
    data.__dict__["regions"] = [region_of(name, work) for name in job["regions"]]
    lightning.seed_everything(job["seed"], workers=True, verbose=False)
    task = RecastTask(data.scalings, data.trained_on, **recipe["net"])
    with quiet():
        trainer = lightning.Trainer(
            **{
                **TRAINER,
                "max_epochs": recipe["epochs"],
                "accelerator": recipe.get("accelerator", "cpu"),
            },
            limit_val_batches=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
        )
        trainer.fit(task, data)
        last = Path(job["net"]).with_suffix(".last")
        trainer.save_checkpoint(last)
    release(last, Path(job["net"]))
    last.unlink()
    return {"seconds": round(time.monotonic() - begin), "regions": len(job["regions"])}


def evaluate(target: str, nets: dict[str, list[str]], work: Path) -> dict[str, Any]:
    """Validation scores of one region: of ETAS and of each net, by its seeds.

    Each net is scored with the code zero and with the inferred code.
    """
    import torch

    from recast.models.neural import Recast
    from recast.pretrained import read_net
    from recast.training.codes import with_inferred_code

    torch.set_num_threads(1)
    region, etas = _with_etas(target, work)
    train, val = region.split.train, region.split.val
    found: dict[str, Any] = {"etas": score(etas, val).nats_per_event, "events": val.n_scored}
    for name, paths in nets.items():
        plain = [read_net(path, region.scaling) for path in paths]
        inferred = [with_inferred_code(net, train) for net in plain]
        found[name] = [score(Recast(net), val).nats_per_event for net in plain]
        found[f"{name}{INFERRED}"] = [score(Recast(net), val).nats_per_event for net in inferred]
    return found


def _with_etas(target: str, work: Path) -> tuple[Any, ETAS]:
    """A region, and the ETAS that its nets are compared with."""
    from recast.training.region import Region

    region = region_of(target, work)
    if region.scaling.clock.coefficients:  # its ETAS is in clock time
        return region, Region(region.catalog, day_clock=False).etas
    return region, region.scaling.etas


def tested(target: str, paths: list[str], work: Path) -> dict[str, Any]:
    """Test scores of one region by seed, and the gain of their mean."""
    import torch

    from recast.evaluation import event_terms, gain
    from recast.models.neural import Recast
    from recast.pretrained import read_net
    from recast.training.codes import with_inferred_code

    torch.set_num_threads(1)
    region, etas = _with_etas(target, work)
    train, test = region.split.train, region.split.test
    plain = [read_net(path, region.scaling) for path in paths]
    nets = [Recast(with_inferred_code(net, train)) for net in plain]
    terms = [event_terms(net, test) for net in nets]
    theirs = event_terms(etas, test)
    interval = gain(np.mean(terms, axis=0), theirs, test.times[test.first_scored :])
    return {
        "etas": score(etas, test).nats_per_event,
        "events": test.n_scored,
        "code zero": [score(Recast(net), test).nats_per_event for net in plain],
        "code inferred": [score(net, test).nats_per_event for net in nets],
        "gain": interval.mean,
        "ci95": [interval.low, interval.high],
    }


def read_tests(config: dict[str, Any], targets: dict[str, str], args: argparse.Namespace) -> None:
    """Score the test windows that have not been read, and write NAME_test.json."""
    out = args.config.with_name(f"{args.config.stem}_test.json")
    found: dict[str, Any] = read_json(out) if out.is_file() else {}
    for recipe, seeds in config["tested"].items():
        rows = found.setdefault(recipe, {})
        for target, group in targets.items():
            if target not in rows:
                stem = args.work / "nets" / f"{recipe}-{group}"
                paths = [f"{stem}-{seed}.ckpt" for seed in range(seeds)]
                rows[target] = tested(target, paths, args.work)
                write_json(out, found)
        print(f"{recipe}\n{table(rows)}\n")


def jobs(config: dict[str, Any], work: Path) -> Iterator[tuple[str, Job]]:
    """A net for each recipe, group of regions left out, and seed; the first seeds come first."""
    for seed in range(max(config["seeds"], *config["tested"].values())):
        for recipe in config["recipes"]:
            if seed >= max(config["seeds"], config["tested"].get(recipe, 0)):
                continue
            settings = expanded(config, recipe)
            for group, left_out in config["left_out"].items():
                regions = [n for n in settings["regions"] if not _is_of(n, left_out["without"])]
                key = f"{recipe}/{group}/{seed}"
                yield (
                    key,
                    {
                        "recipe": settings,
                        "regions": regions,
                        "seed": seed,
                        "work": str(work),
                        "net": str(work / "nets" / f"{key.replace('/', '-')}.ckpt"),
                    },
                )


def _is_of(name: str, catalogs: list[str]) -> bool:
    return name.partition("@")[0].partition("+")[0] in catalogs


def expanded(config: dict[str, Any], recipe: str) -> dict[str, Any]:
    """All settings of a recipe: the common ones, and its own lists of regions joined."""
    own = {**config["common"], **(config["recipes"][recipe] or {})}
    named = [name for part in own["named"] for name in config["regions"][part]]
    unnamed = [name for part in own["unnamed"] for name in config["regions"][part]]
    rare = [name for part in own["rare"] for name in config["regions"][part]]
    weights = {**dict.fromkeys([*unnamed, *rare], own["rare_weight"]), **own.get("weights", {})}
    net = {**config["common"]["net"], **own["net"]}
    return {
        **own,
        "regions": [*named, *unnamed],
        "unnamed": unnamed,
        "weights": weights,
        "net": net,
    }


def main() -> None:
    """Prepare, or train what is missing and score."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", type=Path, default=Path("runs/world"), help="fits and nets")
    parser.add_argument("--prepare", action="store_true", help="fit and simulate only")
    parser.add_argument("--train", action="store_true", help="train only")
    parser.add_argument("--test", action="store_true", help="score test windows, to NAME_test.json")
    parser.add_argument("--seconds", type=float, default=1e9, help="start no training after these")
    args = parser.parse_args()
    config = yaml.safe_load(args.config.read_text())
    todo = dict(jobs(config, args.work))
    targets = {t: g for g, part in config["left_out"].items() for t in part["targets"]}
    names = sorted({*targets, *(n for job in todo.values() for n in job["regions"])})
    if args.prepare:
        with worker_processes(args.workers) as pool:
            for region in pool.map(partial(prepare, work=args.work), names):
                print(region, flush=True)
        return
    if args.test:
        read_tests(config, {**targets, **config["only_tested"]}, args)
        return
    train_missing(todo, args)
    if args.train:
        return
    out = args.config.with_suffix(".json")
    result = read_json(out) if out.is_file() else {}
    for target, group in targets.items():
        nets: dict[str, list[str]] = {}
        for key, job in todo.items():
            recipe, of, _ = key.split("/")
            if of == group and Path(job["net"]).is_file():
                nets.setdefault(recipe, []).append(job["net"])
        result[target] = {**result.get(target, {}), **evaluate(target, nets, args.work)}
        write_json(out, result)
    print(table(result))


def train_missing(todo: dict[str, Job], args: argparse.Namespace) -> None:
    """Train the nets that are not there."""
    begin = time.monotonic()
    missing = {key: job for key, job in todo.items() if not Path(job["net"]).is_file()}
    (args.work / "nets").mkdir(parents=True, exist_ok=True)
    with worker_processes(args.workers) as pool:
        running = {pool.submit(train, job): key for key, job in missing.items()}
        for done in as_completed(running):
            if not done.cancelled():
                print(running[done], json.dumps(done.result()), file=sys.stderr, flush=True)
            if time.monotonic() - begin > args.seconds:
                pool.shutdown(wait=False, cancel_futures=True)


def prepare(name: str, work: Path) -> str:
    """Fit ETAS and clock of a region, and keep them."""
    region = region_of(name, work)
    return f"{name}: {region.split.train.n_scored} training events, {region.scaling.etas}"


def table(result: dict[str, Any]) -> str:
    """Gains over ETAS by recipe and region, means over seeds, in Markdown."""
    recipes = list(dict.fromkeys(n for row in result.values() for n in row))
    recipes = [n for n in recipes if n not in {"etas", "events", "gain", "ci95"}]
    lines = ["| recipe | " + " | ".join(result) + " | mean |", "|---" * (len(result) + 2) + "|"]
    for recipe in recipes:
        gains = [
            np.mean(row[recipe]) - row["etas"] if recipe in row else np.nan
            for row in result.values()
        ]
        cells = [f"{gain:+.4f}" for gain in (*gains, np.mean(gains))]
        lines.append(f"| {recipe} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
