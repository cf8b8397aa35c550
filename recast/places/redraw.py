"""Other places that events might have had, drawn from the density of a net."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numba
import numpy as np
import torch

from catalogs.cores import in_parallel
from catalogs.process import Seed
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.place_loops import MOST_TRIES, about, anywhere, inside
from etas.space.placing import frame_of
from recast.places.candidates import RECENT, STRONG
from recast.places.memories import DECAYS, EXPONENT, N_MEMORIES, N_WIDTHS, SMOOTHED, UNIFORM
from recast.places.memories import squared_widths as memory_widths
from recast.places.net import PlaceNet, Weights
from recast.places.targets import BASE, SCALES, Known
from recast.training.trainer import one_thread

AT_ONCE = 512
"""Events whose places are drawn together."""

REDRAWN = 31
"""Keeps the random numbers of these places apart from others with the same seed."""

N_CANDIDATES = RECENT + STRONG
REST = N_CANDIDATES
"""Parts of the mixture: candidates, the rest, the memories, the uniform law."""

FIRST_MEMORY = REST + 1
ANYWHERE = FIRST_MEMORY + N_MEMORIES

_jit = numba.njit(cache=True, nogil=True, error_model="numpy")


def redrawn(known: Known, net: PlaceNet, share: float, n: int, *, seed: Seed) -> FloatArray:
    """Places of events, each drawn from the density that a net gives at its time.

    A part of the mixture is drawn first, then an event that it is about, then a place about that,
    until one lies inside the region.

    Parameters
    ----------
    known : Known
        The events.
    net : PlaceNet
        The net.
    share : float
        Of its density; the rest is the fitted mixture's.
    n : int
        Places for each event.
    seed : int or sequence of int
        The places do not depend on the number of threads.

    Returns
    -------
    array (event, n, 2)
        Latitude and longitude, degrees. An event without a past is placed at random.
    """
    rng = np.random.default_rng([*np.atleast_1d(seed).tolist(), REDRAWN])
    past, parents = known.past, known.parents
    widths = np.concatenate([parents.squared_widths(past)[None], memory_widths(past)])
    inside_weights = parents.weights(past.excess) * past.masses(widths[0], parents.q)[:, 0]
    numbers = np.array([parents.c, parents.p])
    places = np.radians(known.places)
    corners, frame = frame_of(past.region)
    out = np.empty((len(known.targets), n, 2))
    for begin, part, scale in _parts(known, net, share, n, rng):
        rows = slice(begin, begin + len(part))
        index = known.targets.index[rows].numpy().astype(np.int64)
        upto = known.targets.number[rows].numpy()
        chosen = np.full(part.shape, -1)
        uniforms = rng.random(part.shape)

        def choose(
            first: int,
            last: int,
            part: IntArray = part,
            index: IntArray = index,
            upto: IntArray = upto,
            uniforms: FloatArray = uniforms,
            chosen: IntArray = chosen,
        ) -> None:
            _choose(
                upto[first:last], index[first:last], part[first:last], uniforms[first:last],
                past.times, inside_weights, past.counts, numbers, DECAYS, chosen[first:last],
            )  # fmt: skip

        in_parallel(choose, len(part))
        logs = known.events.kernel.numpy()[np.maximum(chosen, 0), :]
        own = np.exp(np.take_along_axis(logs, scale[..., None], axis=2)[..., 0])
        memory = np.clip((part - FIRST_MEMORY) % N_WIDTHS + 1, 1, N_WIDTHS)
        width = np.where(part > REST, widths[memory, chosen], widths[0, chosen])
        width = np.where(part < REST, own, width)
        tail = np.where(part == REST, parents.q, EXPONENT)
        tail = np.where((part < REST) & (scale == BASE), parents.q, tail)
        _place(rng, chosen, width, tail, places, past.region.radius, corners, frame, out[rows])
    out[..., 1] = (out[..., 1] + 180.0) % 360.0 - 180.0
    return out


def _parts(
    known: Known, net: PlaceNet, share: float, n: int, rng: np.random.Generator
) -> Iterator[tuple[int, IntArray, IntArray]]:
    """Draw parts of the mixture, and widths of candidates, for some events at a time."""
    net.eval()
    for begin in range(0, len(known.targets), AT_ONCE):
        rows = slice(begin, begin + AT_ONCE)
        with torch.no_grad(), one_thread():
            weights = net.weights(known.targets.batch(known.events, rows))
        whole = _mixed(weights, share)
        part = _drawn(whole, rng.random((len(whole), n)))
        scales = np.exp(weights.scales.numpy().astype(np.float64))
        scales = np.take_along_axis(scales, np.minimum(part, N_CANDIDATES - 1)[..., None], axis=1)
        # What the fitted mixture gives a candidate has its own width
        learned = _shares(weights.learned)
        own = np.take_along_axis(share * learned / np.maximum(whole, 1e-300), part, axis=1)
        uniforms = rng.random(part.shape)
        cut = np.cumsum(scales, axis=2)
        scale = (rng.random(part.shape)[..., None] * cut[..., -1:] > cut).sum(axis=2)
        yield begin, part, np.where(uniforms < own, np.minimum(scale, len(SCALES) - 1), BASE)


def _mixed(weights: Weights, share: float) -> FloatArray:
    """Weights of all parts of the two mixtures together, (target, part)."""
    whole = share * _shares(weights.learned)
    fitted = np.exp(weights.fitted.numpy().astype(np.float64)) * (1.0 - share)
    whole[:, :FIRST_MEMORY] += fitted[:, :-1]
    whole[:, FIRST_MEMORY + SMOOTHED] += (1.0 - UNIFORM) * fitted[:, -1]
    whole[:, ANYWHERE] += UNIFORM * fitted[:, -1]
    return whole


def _shares(logs: torch.Tensor) -> FloatArray:
    return np.asarray(torch.softmax(logs.double(), dim=1).numpy())


def _drawn(weights: FloatArray, uniforms: FloatArray) -> IntArray:
    """Columns drawn by their weights, shape (row, draw)."""
    cut = np.cumsum(weights, axis=1)
    found = np.stack(
        [
            np.searchsorted(row, u * row[-1], side="right")
            for row, u in zip(cut, uniforms, strict=True)
        ]
    )
    return np.asarray(np.minimum(found, weights.shape[1] - 1))


@_jit
def _choose(
    upto: IntArray,
    index: IntArray,
    part: IntArray,
    uniforms: FloatArray,
    times: FloatArray,
    inside_weights: FloatArray,
    counts: FloatArray,
    numbers: FloatArray,
    decays: FloatArray,
    chosen: IntArray,
) -> None:
    """The event that each place is about; -1 where it is about none."""
    c, p = numbers
    running = np.zeros(times.size + 1)
    for row in range(len(part)):
        i = upto[row]
        for s in range(part.shape[1]):
            k = part[row, s]
            if k < REST:
                chosen[row, s] = index[row, k]
            elif k < ANYWHERE:
                if k == REST:
                    _weigh_rest(i, index[row], times, inside_weights, c, p, running)
                else:
                    _weigh_memory(i, times, decays[(k - FIRST_MEMORY) // N_WIDTHS], running)
                    if k == FIRST_MEMORY + SMOOTHED:
                        running[1 : i + 1] = counts[:i]
                for j in range(i):
                    running[j + 1] += running[j]
                target = uniforms[row, s] * running[i]
                j = np.searchsorted(running[1 : i + 1], target, side="right")
                chosen[row, s] = min(j, i - 1)


@_jit
def _weigh_rest(
    i: int,
    candidates: IntArray,
    times: FloatArray,
    inside_weights: FloatArray,
    c: float,
    p: float,
    weights: FloatArray,
) -> None:
    """Write the weights of the first i events that are no candidates, from place 1 on."""
    for j in range(i):
        weights[j + 1] = inside_weights[j] * (times[i] - times[j] + c) ** -p
    for j in candidates:
        if j >= 0:
            weights[j + 1] = 0.0


@_jit
def _weigh_memory(i: int, times: FloatArray, days: float, weights: FloatArray) -> None:
    """Write what a memory keeps of the first i events, from place 1 on."""
    for j in range(i):
        weights[j + 1] = math.exp((times[j] - times[i]) / days)


@_jit
def _place(
    rng: np.random.Generator,
    chosen: IntArray,
    width: FloatArray,
    tail: FloatArray,
    places: FloatArray,
    radius: float,
    corners: FloatArray,
    frame: FloatArray,
    out: FloatArray,
) -> None:
    """A place about each chosen event, inside the region, in degrees."""
    for row in range(len(chosen)):
        for s in range(chosen.shape[1]):
            j = chosen[row, s]
            for _ in range(MOST_TRIES if j >= 0 else 0):
                latitude, longitude = about(
                    rng, places[j, 0], places[j, 1], width[row, s], tail[row, s], radius
                )
                if inside(corners, frame, latitude, longitude):
                    break
            else:
                latitude, longitude = anywhere(rng, corners, frame)
            out[row, s, 0], out[row, s, 1] = math.degrees(latitude), math.degrees(longitude)
