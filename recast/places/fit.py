"""Fit a learned law of places to a catalog's train and validation windows."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from catalogs import EventSequence, InputError
from catalogs.locking import FOREVER, file_lock
from etas.space.background import SmoothedPlaces
from etas.space.fit import LEAST_SHARE, fit_places, latest
from etas.space.law import PlaceLaw
from etas.space.region import Region
from etas.space.rounding import LEAST_WIDTH
from etas.space.triggered import TriggeredPlaces
from recast.places.adaptive import AdaptiveParents, fit_adaptive, parent_sums
from recast.places.declustering import declustered
from recast.places.files import START, read_start, write_start
from recast.places.law import LearnedPlaces
from recast.places.memories import (
    SMOOTHED,
    SingleArray,
    declustered_log_densities,
    log_background,
)
from recast.places.net import PlaceNet, State
from recast.places.past import Past
from recast.places.targets import Targets, memories_from, targets, warm_start
from recast.places.training import EPOCHS, Examples, log_densities, stacked_share, train_net
from recast.training.trainer import one_thread

FEWEST = 500
"""Train events below which the net has nothing to add."""

MOST_TRAIN, QUICK_TRAIN = 30_000, 1000
"""Latest events of the train window that the law is fitted to: older ones were located less well,
and are parents all the same."""

FIRST = 50
"""Events after which there is a past to learn from."""

LOCK = f".{START}.lock"
"""Seeds are fitted in parallel: the first one makes what all of them start from."""

FITTED = 1500
"""Events that the eight parameters of the mixture are fitted to."""


@dataclass(frozen=True, eq=False)
class Start:
    """What training starts from, alike for all seeds."""

    mixture: TriggeredPlaces
    parents: AdaptiveParents
    memories: SingleArray
    """``memories_from`` the first target on."""


def fit_learned_places(
    train: EventSequence,
    val: EventSequence,
    region: Region,
    completeness: float,
    *,
    background: PlaceLaw | None = None,
    seed: int = 0,
    quick: bool = False,
    least_width: float = LEAST_WIDTH,
    plane: bool = False,
    folder: Path | None = None,
    label: str = "",
    weights: State | None = None,
) -> LearnedPlaces:
    """Fit a mixture of parents, train a net that moves it, and weigh the two.

    Parameters
    ----------
    train : EventSequence
        With locations; its scored window is learned from.
    val : EventSequence
        Its continuation, by which training is stopped and the net's share found.
    region : Region
        That holds the scored events.
    completeness : float
        Mc.
    background : PlaceLaw, optional
        Of the mixture from which places are drawn; smoothed seismicity by default.
    seed : int
        Of the net.
    quick : bool
        Train for one epoch on the latest events only.
    least_width : float
        Least width of a kernel, km.
    plane : bool
        Fit for scores with kernels that integrate to 1 over the plane (``in_plane``), which costs
        what they have outside the region.
    folder : Path, optional
        Where what does not depend on the seed is kept, and found again.
    label : str
        Starts the progress lines; none without.
    weights : dict of str to Tensor, optional
        Of a net of other regions (``recast.places.shared``), from which training starts; by default
        it starts at the mixture.

    Returns
    -------
    LearnedPlaces
        The law.

    Raises
    ------
    InputError
        With fewer than 500 train events, an event below completeness or outside the region, or a
        width that is not positive.
    """
    if not (np.isfinite(least_width) and least_width > 0.0):
        raise InputError(f"least_width = {least_width} km must be positive and finite")
    if train.n_scored < FEWEST:
        raise InputError(
            f"{train.n_scored} events of the train window are too few to learn places from, which "
            f"needs {FEWEST}: use the mixture of ETAS"
        )
    most = QUICK_TRAIN if quick else MOST_TRAIN
    first = max(train.first_scored, len(train) - most, FIRST)
    background = SmoothedPlaces(region) if background is None else background
    here = replace(region, whole_plane=plane or region.whole_plane)
    past = Past.of(val, here, completeness, least_width)
    key = _key(val, region, plane, completeness, least_width, background, first, len(train))

    def begin() -> Start:
        mixture = fit_places(
            latest(train), region, completeness, background=background, errors=False
        ).model
        return _start(past, mixture, first, len(train))

    start = begin() if folder is None else _once(folder, key, begin)
    past = declustered(past, start.parents.declustering)
    parts = list(targets(past, start.parents, first, start.memories))
    events, both = parts[-1][0], Targets.joined([block for _, block in parts])
    n_train = len(train) - first
    examples = Examples(events, both[:n_train], both[n_train:])
    with one_thread():
        net = _new_net(start.parents, region, examples, seed)
        if weights is not None:
            net.load_state_dict(weights, strict=False)
        train_net(net, examples, seed=seed, epochs=1 if quick else EPOCHS, label=label)
        share = stacked_share(log_densities(net, events, examples.validation))
    return LearnedPlaces(
        region, completeness, start.parents, net, share, start.mixture, least_width
    )


def _new_net(parents: AdaptiveParents, region: Region, examples: Examples, seed: int) -> PlaceNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = PlaceNet(parents, region.square_km)
    net.standardise(examples.train.situation)
    return net


def _start(past: Past, mixture: TriggeredPlaces, first: int, n_train: int) -> Start:
    """Fit the adaptive mixture to some of the train events from ``first`` on."""
    _, parents, memories = fit_mixture(past, first, n_train)
    return Start(mixture, parents, memories)


def fit_mixture(past: Past, first: int, n_train: int) -> tuple[Past, AdaptiveParents, SingleArray]:
    """Fit the adaptive mixture to some of the train events from ``first`` on.

    Twice: the first tells the second which events smoothed seismicity is to count.

    Parameters
    ----------
    past : Past
        The events.
    first, n_train : int
        The train events.

    Returns
    -------
    Past, AdaptiveParents, array (event, N_MEMORIES)
        The events as they count, the mixture at the maximum, and ``memories_from`` the first on.
    """
    pool = np.arange(first, n_train)
    some = np.sort(np.random.default_rng(0).choice(pool, min(FITTED, pool.size), replace=False))
    typical = float(np.median(past.near[:n_train]))

    def fitted(memories: SingleArray, start: AdaptiveParents | None = None) -> AdaptiveParents:
        smoothed = memories[some - warm_start(first), SMOOTHED].astype(np.float64)
        background = np.exp(log_background(smoothed, past.region.square_km))
        return fit_adaptive(past, some, background, typical, start)

    memories = memories_from(past, first)
    plain = fitted(memories)
    inside = parent_sums(past, plain, past.positions[some], past.times[some], some)[:, 1, 0]
    # With a mu of nothing no event would count
    plain = replace(plain, mu=max(plain.mu, LEAST_SHARE * float(inside.mean())))
    past = declustered(past, plain)
    numbers = np.arange(warm_start(first), len(past))
    memories[:, SMOOTHED] = declustered_log_densities(past, past.positions[numbers], numbers)
    return past, replace(fitted(memories, plain), declustering=plain), memories


def _once(folder: Path, key: str, begin: Callable[[], Start]) -> Start:
    """What another seed has left, perhaps while this one waited, or a new one."""
    folder.mkdir(parents=True, exist_ok=True)
    with file_lock(folder / LOCK, FOREVER):
        found = read_start(folder, key)
        if found is not None:
            return Start(*found)
        start = begin()
        write_start(folder, key, start.mixture, start.parents, start.memories)
    return start


def _key(val: EventSequence, *settings: object) -> str:
    """A digest of events and settings."""
    digest = hashlib.sha256(repr(settings).encode())
    for values in (val.times, val.magnitudes, val.locations):
        digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()
