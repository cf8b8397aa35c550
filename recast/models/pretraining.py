"""One net for many regions, trained on any list of catalogs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from inspect import signature
from os import PathLike
from pathlib import Path
from typing import Any

from catalogs import Catalog, InputError, load
from catalogs.checks.extent import Extent
from catalogs.files import read_json, write_json, write_whole
from recast.evaluation import score
from recast.models.environment import describe
from recast.models.model_card import card
from recast.models.neural import Recast
from recast.models.pretraining_results import PretrainedRegion, PretrainingResult
from recast.pretrained import read_net
from recast.pretrained.checkpoints import release
from recast.training.data import CatalogData
from recast.training.region import Region
from recast.training.resuming import alone, is_first
from recast.training.task import RecastTask
from recast.training.trainer import LAST, train

DEFAULT_OUT = Path("runs/pretrain")
NET, RECORD, CARD, RECIPE = "net.ckpt", "pretraining.json", "MODEL_CARD.md", "recipe.json"
"""Files of a pretraining: the net, what is known of it, that as a page, and what was asked for."""

UNNAMED_WEIGHT = 0.33
"""How often a catalog that the net is not told is drawn, against one that it is."""

NET_SETTINGS: dict[str, Any] = {"dropout": 0.3, "unknown": 0.05}
"""Arguments of ``RecastTask`` that differ from its defaults, where there are unnamed catalogs."""

FROM_DATA = {"scalings", "trained_on", "pretrained"}
"""Arguments of ``RecastTask`` that the catalogs decide."""


def pretrain(
    catalogs: Sequence[str | Catalog],
    out: str | PathLike[str] = DEFAULT_OUT,
    *,
    unnamed: Sequence[str | Catalog] = (),
    weights: Mapping[str, float] | None = None,
    gaps: Sequence[tuple[str, str]] = (),
    epochs: int = 25,
    steps_per_epoch: int = 100,
    batch_size: int = 32,
    net: Mapping[str, Any] | None = None,
    trainer: Mapping[str, Any] | None = None,
    seed: int = 0,
    resume: bool = False,
    command: str | None = None,
) -> PretrainingResult | None:
    """Train one net on the train windows of many catalogs, and write it with its model card.

    The net can be used wherever the one that comes with the package can. Its last weights are kept:
    no validation window has chosen them, and its scores there are those of a net that has not seen
    these events.

    Parameters
    ----------
    catalogs : sequence of str or Catalog
        Catalogs, or names or paths for ``catalogs.load``. Each gets a code, which the net is told.
    out : path
        Folder for net.ckpt, MODEL_CARD.md, pretraining.json, and the state of the training.
    unnamed : sequence of str or Catalog
        Catalogs that are trained on but get no code, such as parts of those above: they teach the
        net what an unknown region is like.
    weights : mapping of str to float, optional
        How often a catalog is drawn, by name: 1 by default, and 0.33 for unnamed ones.
    gaps : sequence of pairs of dates
        Periods that no training window touches.
    epochs, steps_per_epoch, batch_size : int
        Length of the training, and windows per step.
    net : mapping, optional
        Arguments of ``RecastTask`` by name, such as ``hidden_size`` or ``dropout``.
    trainer : mapping, optional
        Arguments of Lightning's ``Trainer``, such as ``accelerator``, ``devices`` and ``strategy``.
    seed : int
        Random seed.
    resume : bool
        Resume an interrupted training from what it left in ``out``; it ends with the same weights.
    command : str, optional
        The command that asked for it, for the records.

    Returns
    -------
    PretrainingResult or None
        The regions, their scores on validation windows, and the recipe; None in all but the first
        process of a training on several devices.

    Raises
    ------
    InputError
        If there are fewer than two catalogs, two share test events, a setting is out of range,
        ``resume`` finds a training of another recipe, or another process is at work in ``out``.
    """
    begin = time.monotonic()
    out = Path(out)
    named, others = ([_loaded(catalog) for catalog in part] for part in (catalogs, unnamed))
    factors = {catalog.info.name: UNNAMED_WEIGHT for catalog in others}
    factors |= _by_name([*catalogs, *unnamed], [*named, *others], weights or {})
    if len(named) + len(others) < 2:
        raise InputError(
            "a net of many regions needs two catalogs or more: name others in `catalog`, or train "
            "on a single one by `recast fit`"
        )
    data = CatalogData.of(
        *(Region(catalog) for catalog in (*named, *others)),
        steps_per_epoch=steps_per_epoch,
        batch_size=batch_size,
        weights=factors,
        unnamed=[catalog.info.name for catalog in others],
        gaps=gaps,
        seed=seed,
    )
    settings = _settings(net or {}, unnamed=bool(others))
    recipe = {
        "catalogs": [catalog.info.name for catalog in named],
        "unnamed": [catalog.info.name for catalog in others],
        "weights": factors,
        "gaps": [list(gap) for gap in data.gaps],
        "epochs": epochs,
        "steps_per_epoch": steps_per_epoch,
        "batch_size": batch_size,
        "net": settings,
        "seed": seed,
    }
    with alone(out):
        _check_recipe(out / RECIPE, recipe, resume=resume)
        trained = train(
            data,
            out / "training",
            seed=seed,
            model=settings,
            max_epochs=epochs,
            resume=resume,
            patience=epochs,
            trainer_settings={"deterministic": "warn", **(trainer or {})},
        )
        if not is_first():  # that one writes and scores
            return None
        release(trained.checkpoint.with_name(LAST), out / NET)
        result = PretrainingResult(
            str(out / NET),
            tuple(_scored(region, data, out / NET) for region in data.regions),
            recipe,
            sum(p.numel() for p in read_net(out / NET, data.regions[0].scaling).parameters()),
            time.monotonic() - begin,
            command,
            describe(),
        )
        write_json(out / RECORD, result.to_json())
        write_whole(out / CARD, card(result).encode())
    return result


def _loaded(catalog: str | Catalog) -> Catalog:
    return load(catalog) if isinstance(catalog, str) else catalog


def _by_name(
    given: Sequence[str | Catalog], loaded: Sequence[Catalog], weights: Mapping[str, float]
) -> dict[str, float]:
    """Weights by the catalogs' own names; they may be given by what was loaded, such as a path."""
    own = {catalog.info.name: catalog.info.name for catalog in loaded}
    pairs = zip(given, loaded, strict=True)
    own |= {name: catalog.info.name for name, catalog in pairs if isinstance(name, str)}
    for name in weights:
        if name not in own:
            raise InputError(f"`weight` {name}: no such catalog in `catalog` or `unnamed`")
    return {own[name]: weight for name, weight in weights.items()}


def _settings(given: Mapping[str, Any], *, unnamed: bool) -> dict[str, Any]:
    """Arguments of ``RecastTask``: those given, and the recipe's."""
    known = sorted(set(signature(RecastTask).parameters) - FROM_DATA)
    for name in given:
        if name not in known:
            raise InputError(f"`net` {name}: no such setting: choose from {', '.join(known)}")
    usual = NET_SETTINGS if unnamed else {"dropout": NET_SETTINGS["dropout"]}
    return {**usual, **given}


def _check_recipe(path: Path, recipe: Mapping[str, Any], *, resume: bool) -> None:
    """Write the recipe, or refuse to go on with another one than was begun."""
    if not (resume and path.is_file()):
        write_json(path, recipe)
        return
    begun = read_json(path)
    for name, now in recipe.items():
        if begun.get(name) != now:
            raise InputError(
                f"{path.parent} was begun with {name} = {begun.get(name)}, not {now}: choose "
                "another `out`, or leave out `resume`"
            )


def _scored(region: Region, data: CatalogData, net: Path) -> PretrainedRegion:
    catalog, split = region.catalog, region.split
    info, extent = catalog.info, Extent.of(catalog)
    plain = Region(catalog, day_clock=False) if region.scaling.clock.coefficients else region
    return PretrainedRegion(
        info.name,
        info.title,
        info.source,
        info.licence,
        info.citation,
        info.name not in data.unnamed,
        data.weights.get(info.name, 1.0),
        info.magnitude_completeness,
        info.completeness_is_strict,
        extent.start,
        extent.end,
        extent.box,
        split.train.n_scored,
        split.val.n_scored,
        score(plain.etas, split.val).nats_per_event,
        score(Recast.load(net, scaling=region.scaling), split.val).nats_per_event,
    )
