"""How each model of the benchmark is fitted on a catalog."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogs import Catalog, InputError, PointProcess, Split
from catalogs.checks.extent import check_unseen
from catalogs.files import write_json
from etas.fit import fit_etas
from etas.poisson import Poisson
from recast.models.seen import fitted_on, to_json
from recast.pretrained import SHIPPED, seen

QUICK_EPOCHS = 1
FEW_SHOT_EPOCHS = 16
EVENTS_A_STEP = 200
"""Of fine-tuning: a net that sees a thousand events 300 times knows them by heart."""

ENOUGH_EVENTS = 8000
"""Of a region to teach a pretrained net at full speed (experiments/README.md, "Many regions")."""


def few_shot_settings(n_train: int) -> dict[str, dict[str, Any]]:
    """Settings of data and model for fine-tuning on ``n_train`` events.

    Steps an epoch and the learning rate of what regions share grow with the number of events.
    """
    return {
        "data": {"steps_per_epoch": min(20, math.ceil(n_train / EVENTS_A_STEP))},
        "model": {"fine_tuning": 0.5 * min(1.0, n_train / ENOUGH_EVENTS)},
    }


@dataclass(frozen=True, eq=False)
class Task:
    """One model to fit on one catalog."""

    catalog: Catalog
    split: Split
    folder: Path
    seed: int
    quick: bool
    resume: bool
    pretrained: str


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted process with the number of parameters that were estimated."""

    process: PointProcess
    n_parameters: int
    started_from: str | None = None
    """Of a net: the checkpoint whose weights training began with, or None for those of its ETAS."""


def _poisson(task: Task) -> Fitted:
    train = task.split.train
    process = Poisson.fit(train, task.catalog.magnitude_law())
    known = {"fitted_on": to_json(fitted_on(task.catalog))}
    write_json(task.folder / "poisson.json", {"model": "poisson", **known, "rate": process.rate})
    return Fitted(process, 1)


def _etas(task: Task) -> Fitted:
    train = task.split.train
    fit = fit_etas(train, task.catalog.magnitude_law())
    known = {"fitted_on": to_json(fitted_on(task.catalog))}
    record = {"catalog": task.catalog.info.name, **known, **fit.to_json()}
    write_json(task.folder / "etas.json", record)
    return Fitted(fit.model, 5)


def _recast(
    task: Task,
    name: str,
    model: dict[str, Any],
    *,
    day_clock: bool = True,
    max_epochs: int | None = None,
) -> Fitted:
    from recast.training.data import CatalogData, Region
    from recast.training.trainer import train

    settings: dict[str, Any] = {}
    if "pretrained" in model:
        check_unseen(seen(model["pretrained"]), task.catalog, f"net {model['pretrained']}")
        max_epochs = FEW_SHOT_EPOCHS
        few = few_shot_settings(task.split.train.n_scored)
        settings, model = few["data"], {**model, **few["model"]}
    trained = train(
        CatalogData.of(
            Region(task.catalog, day_clock=day_clock, pretrained=model.get("pretrained")),
            seed=task.seed,
            **settings,
        ),
        task.folder / name / f"seed{task.seed}",
        seed=task.seed,
        model=model,
        max_epochs=QUICK_EPOCHS if task.quick else max_epochs,
        resume=task.resume,
        label=f"{task.catalog.info.name}, {name}, seed {task.seed}",
    )
    return Fitted(
        trained.process,
        sum(p.numel() for p in trained.process.net.parameters()),
        model.get("pretrained"),
    )


def _recast_paper(task: Task) -> Fitted:
    from recast.training.trainer import PAPER, PAPER_EPOCHS

    return _recast(task, "recast-paper", PAPER, day_clock=False, max_epochs=PAPER_EPOCHS)


def _recast_default(task: Task) -> Fitted:
    """From the net that comes with the package, unless it may have seen the test window."""
    try:
        check_unseen(seen(SHIPPED), task.catalog, "the net that comes with the package")
    except InputError as error:
        print(f"{task.catalog.info.name}: recast starts from ETAS: {error}", file=sys.stderr)
        return _recast(task, "recast", {})
    return _recast(task, "recast", {"pretrained": SHIPPED})


def _recast_native(task: Task) -> Fitted:
    return _recast(task, "recast-native", {})


def _recast_few_shot(task: Task) -> Fitted:
    return _recast(task, "recast-few-shot", {"pretrained": task.pretrained})


def _recast_zero_shot(task: Task) -> Fitted:
    from recast.models.neural import Recast
    from recast.training.data import Region

    check_unseen(seen(task.pretrained), task.catalog, f"net {task.pretrained}")
    region = Region(task.catalog, pretrained=task.pretrained)
    return Fitted(Recast.load(task.pretrained, scaling=region.scaling), 5, task.pretrained)


FITTERS: dict[str, Callable[[Task], Fitted]] = {
    "poisson": _poisson,
    "etas": _etas,
    "recast-paper": _recast_paper,
    "recast": _recast_default,
    "recast-native": _recast_native,
    "recast-zero-shot": _recast_zero_shot,
    "recast-few-shot": _recast_few_shot,
}
"""Models by name: a function from a task to a fitted process. Add one here to benchmark it."""

SEEDED = {"recast-paper", "recast", "recast-native", "recast-few-shot"}
"""Models whose fit depends on the seed; the others are fitted once."""
