"""What earthquakes elsewhere teach about here: the experiments behind the pretrained net.

    python experiments/transfer.py experiments/transfer/leave_one_out.yaml

reads what to do, trains what is missing, and writes NAME.json and NAME.png beside the file. A run
that was stopped resumes; `--plot` draws the figure from the JSON alone. Catalogs are
those of RECAST_DATA.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from concurrent.futures import as_completed
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from catalogs import load
from catalogs.files import read_json, write_json
from catalogs.processes import worker_processes
from recast.benchmark.training_size import recent
from recast.evaluation import event_terms, gain, score
from recast.models.neural_kinds import FEW_SHOT_EPOCHS, few_shot_settings
from recast.pretrained import FILES

Job = dict[str, Any]
"""What one process does: a net is pretrained, or a catalog scored in one mode."""

INTERVAL = "jackknife over blocks of time"
"""Of rows made today; those of "stationary bootstrap" are older, and too narrow."""

ZERO_SHOT = "zero-shot"
"""By the net as it is, with the code of the region or, where it has none, the one inferred."""

CODE_ZERO = "code-zero"
"""By the net as it is, with the code zero."""


def run(job: Job) -> dict[str, Any]:
    """Do one job, in a process of its own."""
    import torch

    from recast.models.neural import Recast
    from recast.pretrained import read_net
    from recast.training.codes import with_inferred_code
    from recast.training.data import CatalogData, Region
    from recast.training.trainer import train

    torch.set_num_threads(1)
    folder = Path(job["folder"])
    if job["kind"] == "pretrain":
        data = CatalogData(
            job["regions"],
            steps_per_epoch=job["steps_per_epoch"],
            weights={name: w for name, w in job["weights"].items() if name in job["regions"]},
            unnamed=[name for name in job["unnamed"] if name in job["regions"]],
            seed=job["seed"],
        )
        trained = train(
            data,
            folder,
            seed=job["seed"],
            model=job["model"],
            max_epochs=job["epochs"],
            resume=True,
            label=folder.name,
        )
        return {"validation": trained.validation}
    catalog = load(job["region"])
    known = catalog if job["n"] is None else recent(catalog, job["n"])
    prior = job["prior"] or job["checkpoint"]
    region = Region(known, pretrained=None if job["mode"] == "native" else prior)
    test = region.split.test
    if job["mode"] in {ZERO_SHOT, CODE_ZERO}:
        net = read_net(job["checkpoint"], region.scaling)
        if job["mode"] == ZERO_SHOT:
            net = with_inferred_code(net, region.split.train)
        process = Recast(net)
    else:
        few = job["mode"] == "few-shot"
        settings: dict[str, Any] = {"data": {}, "model": {}}
        if few:
            settings = few_shot_settings(region.split.train.n_scored)
            settings["model"]["pretrained"] = job["checkpoint"]
        trained = train(
            CatalogData.of(region, seed=job["seed"], **settings["data"]),
            folder,
            seed=job["seed"],
            model=settings["model"],
            max_epochs=FEW_SHOT_EPOCHS if few else None,
            resume=True,
            label=f"{folder.parent.name}/{folder.name}",
        )
        process = Recast.load(trained.checkpoint)
    etas = Region(region.catalog, day_clock=False).etas
    times = test.times[test.first_scored :]
    interval = gain(event_terms(process, test), event_terms(etas, test), times)
    return {
        "n_train": region.split.train.n_scored,
        "n_test": test.n_scored,
        "etas": score(etas, test).nats_per_event,
        "score": score(process, test).nats_per_event,
        "gain": interval.mean,
        "ci95": [interval.low, interval.high],
        "ci95_by": INTERVAL,
    }


def checkpoint(config: dict[str, Any], work: Path, key: str) -> str:
    """Of a net that is pretrained here or of ``experiments/world.py``, or the package's."""
    net = config["nets"].get(key)
    if isinstance(net, str):
        return net
    return key if key in FILES else str(work / "pretrain" / key / "best.ckpt")


def jobs(config: dict[str, Any], work: Path) -> Iterator[tuple[str, Job]]:
    """All jobs of a configuration by name; nets come before those that use them."""
    settings = config.get("pretraining", {})
    for key, regions in config["nets"].items():
        if isinstance(regions, str):
            continue
        yield (
            f"pretrain/{key}",
            {
                "kind": "pretrain",
                "regions": regions,
                "folder": str(Path(checkpoint(config, work, key)).parent),
                "seed": 0,
                "model": {},
                "unnamed": [],
                **settings,
            },
        )
    for entry in config["scores"]:
        for mode in entry["modes"]:
            seeds = range(1 if mode in {ZERO_SHOT, CODE_ZERO} else entry.get("seeds", 1))
            for n in entry.get("sizes", [None]):
                for seed in seeds:
                    where = f"{entry['region']}/{entry['net']}-{mode}-{n or 'all'}-{seed}"
                    yield (
                        f"score/{where}",
                        {
                            "kind": "score",
                            "region": entry["region"],
                            "net": entry["net"],
                            "mode": mode,
                            "n": n,
                            "seed": seed,
                            "checkpoint": checkpoint(config, work, entry["net"]),
                            "prior": config.get("priors", {}).get(entry["net"]),
                            "folder": str(work / where),
                        },
                    )


def main() -> None:
    """Run what is missing, then draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--work", type=Path, default=Path("runs/transfer"), help="checkpoints")
    parser.add_argument("--plot", action="store_true", help="draw the figure from the JSON only")
    args = parser.parse_args()
    config = yaml.safe_load(args.config.read_text())
    out = args.config.with_suffix(".json")
    result = read_json(out) if out.is_file() else {}
    if not args.plot:
        missing = [
            (name, job)
            for name, job in jobs(config, args.work)
            if name not in result
            or (job["kind"] == "pretrain" and not (Path(job["folder"]) / "best.ckpt").is_file())
        ]
        for kind in ("pretrain", "score"):
            todo = [(name, job) for name, job in missing if job["kind"] == kind]
            with worker_processes(args.workers) as pool:
                running = {pool.submit(run, job): (name, job) for name, job in todo}
                for done in as_completed(running):
                    name, job = running[done]
                    said = {k: job[k] for k in ("region", "net", "mode", "n", "seed") if k in job}
                    result[name] = {**said, **done.result()}
                    write_json(out, dict(sorted(result.items())))
                    print(name, json.dumps(result[name]), file=sys.stderr, flush=True)
    draw(config, result, args.config.with_suffix(".png"))


def draw(config: dict[str, Any], result: dict[str, Any], path: Path) -> None:
    """The figure that the configuration asks for."""
    from matplotlib.figure import Figure

    from recast.plots.style import save

    rows = [row for name, row in result.items() if name.startswith("score/")]
    figure = Figure(figsize=(8.0, 4.2), layout="constrained")
    DRAWINGS[config["figure"]](figure, config, rows)
    print(f"written: {save(figure, path)}")


COLOURS = {"native": "#0077BB", "zero-shot": "#66CCEE", "few-shot": "#EE7733", "pooled": "#AA3377"}


def draw_gains(figure: Any, config: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Gain over ETAS by region and mode, with intervals where they are of today."""
    axes = figure.subplots()
    regions = list(dict.fromkeys(entry["region"] for entry in config["scores"]))
    kinds = ["native", "pooled", "zero-shot", "few-shot"]
    for k, kind in enumerate(kinds):
        for i, region in enumerate(regions):
            mine = [r for r in rows if r["region"] == region and _kind(r) == kind]
            if not mine:
                continue
            gain = np.mean([r["gain"] for r in mine])
            low, high = np.mean([r["ci95"] for r in mine], axis=0)
            known = all(r["ci95_by"] == INTERVAL for r in mine)
            axes.errorbar(
                i + 0.18 * (k - 1.5),
                gain,
                [[gain - low], [high - gain]] if known else None,
                fmt="o",
                color=COLOURS[kind],
                label=kind if kind not in axes.get_legend_handles_labels()[1] else None,
                capsize=2,
            )
    axes.axhline(0.0, color="#222222", lw=0.8)
    axes.set_xticks(range(len(regions)), regions, rotation=20, ha="right")
    axes.set_ylabel("gain over the region's ETAS\n(nats per test event)")
    axes.legend(fontsize=8, ncols=4)


def _kind(row: dict[str, Any]) -> str:
    pooled = row["net"] in FILES and row["mode"] == "zero-shot"
    return "pooled" if pooled else str(row["mode"])


def draw_sizes(figure: Any, config: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Test score against the number of training events, one panel a region."""
    from recast.plots.style import log_ticks

    regions = list(dict.fromkeys(entry["region"] for entry in config["scores"]))
    panels = figure.subplots(1, len(regions), squeeze=False)[0]
    for axes, region in zip(panels, regions, strict=True):
        mine = [r for r in rows if r["region"] == region]
        sizes = sorted({r["n"] for r in mine})
        etas = [np.mean([r["etas"] for r in mine if r["n"] == n]) for n in sizes]
        axes.plot(sizes, etas, "s-", color="#222222", label="ETAS")
        for mode in ("native", "zero-shot", "few-shot"):
            scores = [
                [r["score"] for r in mine if r["n"] == n and r["mode"] == mode] for n in sizes
            ]
            axes.errorbar(
                sizes,
                [np.mean(s) for s in scores],
                [np.std(s, ddof=1) if len(s) > 1 else 0.0 for s in scores],
                fmt="o-",
                color=COLOURS[mode],
                label=mode,
                capsize=2,
            )
        published = config.get("published", {}).get(region, {})
        for model, style in (("etas", "s:"), ("recast", "o:")):
            if model in published:
                x, y = zip(*published[model], strict=True)
                axes.plot(x, y, style, color="#999999", ms=3, label=f"{model}, published")
        axes.set_xscale("log")
        log_ticks(axes.xaxis)
        axes.set_xlabel("training events")
        axes.set_title(region, fontsize=10)
    panels[0].set_ylabel("nats per test event")
    panels[0].legend(fontsize=7)


def draw_counts(figure: Any, config: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Zero-shot gain against the number of pretraining regions."""
    axes = figure.subplots()
    counts = {key: len(regions) for key, regions in config["nets"].items()}
    for region in dict.fromkeys(entry["region"] for entry in config["scores"]):
        mine = sorted((counts[r["net"]], r["gain"]) for r in rows if r["region"] == region)
        axes.plot(*zip(*mine, strict=True), "o-", label=region)
    axes.axhline(0.0, color="#222222", lw=0.8)
    axes.set_xticks(sorted(set(counts.values())))
    axes.set_xlabel("pretraining regions")
    axes.set_ylabel("zero-shot gain over ETAS\n(nats per test event)")
    axes.legend(fontsize=8)


DRAWINGS = {"gains": draw_gains, "sizes": draw_sizes, "counts": draw_counts}

if __name__ == "__main__":
    main()
