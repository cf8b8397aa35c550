"""A learned law of places, or what its training starts from, in one file."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from catalogs import InputError
from catalogs.areas import parse_area
from etas.space.records import law_from_json, law_to_json
from etas.space.region import Region
from etas.space.triggered import TriggeredPlaces
from recast.places.adaptive import AdaptiveParents
from recast.places.law import LearnedPlaces
from recast.places.memories import SingleArray
from recast.places.net import PlaceNet
from recast.pretrained.checkpoints import read_checkpoint, unreadable, write_checkpoint

START = "places_start.pt"
"""What the seeds of a catalog have in common, in the folder of its models."""


def write_law(path: Path, law: LearnedPlaces) -> None:
    """Write a law as weights and plain numbers."""
    about = {
        "area": str(law.region.area),
        "radius": law.region.radius,
        "completeness": law.completeness,
        "adaptive": asdict(law.adaptive),
        "share": law.share,
        "least_width": law.least_width,
        "mixture": law_to_json(law.mixture),
    }
    write_checkpoint(path, {"state_dict": law.net.state_dict(), "places": about})


def read_law(path: Path) -> LearnedPlaces:
    """Read what ``write_law`` wrote.

    Raises
    ------
    InputError
        If the file is missing, damaged or holds no law of places.
    """
    content = read_checkpoint(path)
    try:
        about = content["places"]
        region = Region(parse_area(about["area"]), float(about["radius"]))
        parents = AdaptiveParents.from_json(about["adaptive"])
        net = PlaceNet(parents, region.square_km)
        net.load_state_dict(content["state_dict"])
        net.eval()
        numbers = [float(about[name]) for name in ("completeness", "share", "least_width")]
        mixture = _mixture(about["mixture"])
    except Exception as error:  # torch raises several kinds for weights of another shape
        raise unreadable(path, error) from error
    completeness, share, least_width = numbers
    return LearnedPlaces(region, completeness, parents, net, share, mixture, least_width)


def write_start(
    folder: Path,
    key: str,
    mixture: TriggeredPlaces,
    parents: AdaptiveParents,
    memories: SingleArray,
) -> None:
    """Keep what training starts from, under the digest ``key`` of events and settings."""
    content = {
        "state_dict": {"memories": torch.from_numpy(memories)},
        "key": key,
        "adaptive": asdict(parents),
        "mixture": law_to_json(mixture),
    }
    write_checkpoint(folder / START, content)


def read_start(
    folder: Path, key: str
) -> tuple[TriggeredPlaces, AdaptiveParents, SingleArray] | None:
    """Read what ``write_start`` wrote; None if it is missing, damaged or has another key."""
    try:
        content = read_checkpoint(folder / START)
        if content["key"] != key:
            return None
        memories = np.asarray(content["state_dict"]["memories"].numpy())
        parents = AdaptiveParents.from_json(content["adaptive"])
        return _mixture(content["mixture"]), parents, memories
    except (InputError, AttributeError, KeyError, TypeError):
        return None


def _mixture(record: dict[str, Any]) -> TriggeredPlaces:
    law = law_from_json(record)
    if not isinstance(law, TriggeredPlaces):
        raise TypeError(f"{type(law).__name__} is no mixture of parents")
    return law
