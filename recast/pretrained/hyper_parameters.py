"""Hyper-parameters in checkpoints: checked against their types before anything makes use of them.

A checkpoint may come from anywhere, and jsonargparse imports what a ``class_path`` names. So only
what is checked here is handed on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import numpy as np
from msgspec import Meta

from catalogs.checks.extent import Extent
from catalogs.magnitudes import LARGEST_MAGNITUDE
from recast.net.scaling import Scaling
from recast.pretrained.checkpoints import read_checkpoint, unreadable

MOST_UNITS = 4096
"""Of a GRU or a layer, or components of a mixture: a hundred times the default."""

MOST_REGIONS = 10_000

LEAST_DAYS, MOST_WAVES = 1e-9, 64
"""Mean inter-event time, and coefficients of the clock."""

Size = Annotated[int, Meta(ge=1, le=MOST_UNITS)]
Share = Annotated[float, Meta(ge=0.0, lt=1.0)]
Name = Annotated[str, Meta(max_length=4096)]

INSTANTIATOR = "lightning.pytorch.cli.instantiate_module"
"""What Lightning notes beside them, and would import."""

FROM_DATA = frozenset({"scalings", "trained_on"})
"""Hyper-parameters that the command line takes from the data."""


@dataclass(frozen=True)
class HyperParameters:
    """Arguments of ``RecastTask`` as checkpoints keep them; older files lack some.

    Unknown ones are ignored.
    """

    scalings: dict[Name, Scaling]
    decoder: Name
    hidden_size: Size
    width: Size
    dropout: Share
    trained_on: dict[Name, Extent] | None = None
    recurrent_dropout: Share | None = None
    unknown: Share | None = None
    code_prior: Annotated[float, Meta(ge=0.0)] | None = None
    learning_rate: Annotated[float, Meta(gt=0.0)] | None = None
    weight_decay: Annotated[float, Meta(ge=0.0)] | None = None
    warmup: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    pretrained: Name | None = None
    fine_tuning: Annotated[float, Meta(gt=0.0)] | None = None
    frozen: Annotated[tuple[Name, ...], Meta(max_length=16)] | None = None


@dataclass(frozen=True)
class ReleasedNet:
    """Settings of a net that the authors of RECAST released, as far as they are used."""

    context_size: Size
    num_components: Size
    tau_mean: Annotated[float, Meta(ge=LEAST_DAYS, le=1.0 / LEAST_DAYS)]
    mag_mean: Annotated[float, Meta(ge=-LARGEST_MAGNITUDE, le=LARGEST_MAGNITUDE)]
    mag_completeness: float
    richter_b: float


@dataclass(frozen=True)
class ReleasedETAS:
    """Settings of an ETAS model that the authors of RECAST released, as far as they are used."""

    base_rate_init: Annotated[float, Meta(ge=1e-9, le=1e12)]
    mag_completeness: float
    richter_b: float


Kind = TypeVar("Kind", ReleasedNet, ReleasedETAS)


def hyper_parameters(content: Mapping[str, Any]) -> HyperParameters:
    """Check the hyper-parameters of a checkpoint.

    Raises
    ------
    ValueError
        For one of another type or out of range. Any ``KeyError`` or ``InputError`` says what is
        missing or impossible.
    """
    given = content["hyper_parameters"]
    found = msgspec.convert(given, HyperParameters)
    maker = given.get("_instantiator", INSTANTIATOR)
    if maker != INSTANTIATOR or "_class_path" in given:
        raise ValueError("it names code to be run")
    if not 1 <= len(found.scalings) <= MOST_REGIONS:
        raise ValueError(f"it has {len(found.scalings):,} regions, not 1 to {MOST_REGIONS:,}")
    for scaling in found.scalings.values():
        _check(scaling)
    return found


def _check(scaling: Scaling) -> None:
    """Raise a ValueError or an InputError unless a scaling is one that a catalog can have."""
    law = scaling.etas.magnitude_law  # checks ETAS and its law
    if not LEAST_DAYS <= scaling.mean_inter_time <= 1.0 / LEAST_DAYS:
        raise ValueError(f"mean_inter_time = {scaling.mean_inter_time} days")
    for name in ("mean_magnitude", "lowest_magnitude"):
        if not abs(getattr(scaling, name)) <= LARGEST_MAGNITUDE:
            raise ValueError(f"{name} = {getattr(scaling, name)}")
    if not scaling.lowest_magnitude < law.maximum:
        raise ValueError(f"lowest_magnitude = {scaling.lowest_magnitude}, of at most {law.maximum}")
    day = scaling.day
    if len(day) % 2 or len(day) > MOST_WAVES or not all(map(math.isfinite, day)):
        raise ValueError(f"day has {len(day)} numbers, finite pairs expected")
    if day and not float(scaling.clock.pace(np.linspace(0.0, 1.0, 2000)).min()) > 0.0:
        raise ValueError("day makes the clock run backwards")


def plain_settings(path: Path) -> dict[str, Any]:
    """The hyper-parameters of a checkpoint that the command line can set: plain values, checked.

    Raises
    ------
    InputError
        If the file cannot be read, or one of them is of another type or out of range.
    """
    return _checked(path)[0]


def all_settings(path: Path) -> dict[str, Any]:
    """The same with those that the command line takes from the data.

    Raises
    ------
    InputError
        As ``plain_settings``.
    """
    plain, known = _checked(path)
    extents = known.trained_on or {}
    return {
        **plain,
        "scalings": {name: scaling.to_json() for name, scaling in known.scalings.items()},
        "trained_on": {name: extent.to_json() for name, extent in extents.items()},
    }


def _checked(path: Path) -> tuple[dict[str, Any], HyperParameters]:
    content = read_checkpoint(path)
    try:
        known = hyper_parameters(content)
    except Exception as error:  # any kind, where something else was saved than a net
        raise unreadable(path, error) from error
    names = {field.name for field in fields(HyperParameters)} - FROM_DATA
    return {n: v for n, v in content["hyper_parameters"].items() if n in names}, known


def released(content: Mapping[str, Any], kind: type[Kind]) -> Kind:
    """Check the settings of a file that the authors of RECAST released.

    Raises
    ------
    ValueError
        For one that is missing, of another type or out of range.
    """
    return msgspec.convert(content["hyper_parameters"], kind)
