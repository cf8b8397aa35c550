"""All that the net is told of the time and place of an event."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from scipy.signal import lfilter
from torch import Tensor

from catalogs.sequence import FloatArray
from recast.places.adaptive import AdaptiveParents
from recast.places.candidates import LEAST_REST, Kernels, Mixture, Scan
from recast.places.memories import EXPONENT, LEAST, SingleArray, memories
from recast.places.past import Past

SCALES = (0.0, 1 / 64, 1 / 8, 1.0, 8.0, 64.0)
"""Squared widths of the kernels of a parent, in D_j; 0 stands for the least one."""

BASE = SCALES.index(1.0)
"""The kernel of the fitted mixture."""

REMEMBERED = (10.0, 100.0)
"""Events over which it is averaged which memories have explained places."""

WARM_UP = 1000
"""Events before the first target after which these averages have forgotten their start."""

LARGEST_OF = 20
"""Events among which the largest magnitude is told."""

N_LAST = 5
"""Numbers of the situation after the averages: two gaps, weight of the rest, two magnitudes."""

TINY = 1e-35
"""Above the least number in single precision."""


@dataclass(frozen=True, eq=False)
class Events:
    """What the net is told of an event as a candidate, single precision."""

    static: Tensor
    """Excess magnitude, ln h, ln(h16 / h), and ln f at its own birth, shape (event, 4)."""

    kernel: Tensor
    """ln D_js, ln of K_js / Z_js at r = 0, and ln of w_j Z_j without decay, (event, 2 s + 1)."""

    @classmethod
    def of(cls, past: Past, parents: AdaptiveParents, kernels: Kernels) -> Events:
        """All events of a sequence, before anything is known of their births."""
        logs: list[FloatArray] = []
        peaks: list[FloatArray] = []
        for k, scale in enumerate(SCALES):
            widths = np.maximum(scale * kernels.widths, past.least)
            q = parents.q if k == BASE else EXPONENT
            logs.append(np.log(widths))
            peaks.append(np.log((q - 1.0) / (np.pi * widths * past.masses(widths, q)[:, 0])))
        ratio = np.log(past.far / past.near)
        static = np.stack([past.excess, np.log(past.near), ratio, np.zeros(len(past))], axis=1)
        kernel = np.stack([*logs, *peaks, np.log(kernels.inside)], axis=1)
        return cls(_single(static), _single(kernel))

    def born(self, begin: int, surprise: FloatArray) -> None:
        """Note ln f at their births of the events from ``begin`` on."""
        self.static[begin : begin + surprise.size, 3] = _single(surprise)


@dataclass(frozen=True, eq=False)
class Batch:
    """Several targets, to be given to the net."""

    there: Tensor
    rank: Tensor
    square: Tensor
    log_age: Tensor
    activity: Tensor
    static: Tensor
    kernel: Tensor
    rest: Tensor
    components: Tensor
    situation: Tensor


@dataclass(frozen=True, eq=False)
class Targets:
    """Times and places whose density is asked for, with their candidates.

    ``components`` holds the log densities of the memories and of the uniform law, ``situation``
    what the past says of this time.
    """

    number: Tensor
    index: Tensor
    square: Tensor
    log_age: Tensor
    activity: Tensor
    rest: Tensor
    components: Tensor
    situation: Tensor

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, rows: slice | Tensor) -> Targets:
        return Targets(**{name: values[rows] for name, values in vars(self).items()})

    def batch(self, events: Events, rows: Tensor | slice) -> Batch:
        """Some of the targets, with what is known of their candidates."""
        index = self.index[rows].long()
        known = index.clamp(min=0)
        return Batch(
            index >= 0,
            (self.number[rows][:, None] - known).float(),
            self.square[rows],
            self.log_age[rows],
            self.activity[rows].float(),
            events.static[known],
            events.kernel[known],
            self.rest[rows],
            self.components[rows],
            self.situation[rows],
        )

    @classmethod
    def joined(cls, parts: Sequence[Targets]) -> Targets:
        """Several in one."""
        return cls(*(torch.cat([getattr(p, f.name) for p in parts]) for f in fields(cls)))


@dataclass(frozen=True, eq=False)
class Known:
    """Consecutive events as targets, and all that came before them."""

    past: Past
    places: FloatArray
    """Latitude and longitude of all events, degrees."""

    parents: AdaptiveParents
    events: Events
    targets: Targets
    first: int
    """The event that is the first target."""


def targets(
    past: Past, parents: AdaptiveParents, first: int, known: SingleArray | None = None
) -> Iterator[tuple[Events, Targets]]:
    """Targets at the events from ``first`` on, in blocks, with the events known by then.

    Parameters
    ----------
    past : Past
        The events.
    parents : AdaptiveParents
        The fitted mixture.
    first : int
        At least 1: the first event has no past.
    known : array (event, N_MEMORIES), optional
        What ``memories_from`` gives for the same arguments.

    Yields
    ------
    Events, Targets
        Of consecutive events.
    """
    kernels = Kernels.of(past, parents)
    scan = Scan(past, parents, kernels, Mixture.of(past, parents, kernels))
    events = Events.of(past, parents, kernels)
    begin = warm_start(first)
    densities = memories_from(past, first) if known is None else known
    components = _components(past, densities)
    averages = _Averages(components.shape[1] + 1)
    for at, found in scan.blocks(begin):
        end = at + len(found.index)
        events.born(at, scan.surprise[at:end])
        here = components[at - begin : end - begin]
        seen = averages.before(np.concatenate([here, scan.surprise[at:end, None]], axis=1))
        last = _last(past, at, found.rest[:, 1] / parents.mu)
        if end > first:
            kept = slice(max(first - at, 0), None)
            yield (
                events,
                Targets(
                    torch.arange(at, end)[kept],
                    torch.from_numpy(found.index[kept].astype(np.int32)),
                    _single(found.square[kept]),
                    _single(found.log_age[kept]),
                    torch.from_numpy(found.activity[kept].astype(np.float16)),
                    _positive(found.rest[kept]),
                    _single(here[kept]),
                    _single(np.concatenate([seen, last], axis=1)[kept]),
                ),
            )


def warm_start(first: int) -> int:
    """The event from which memories are needed for targets from ``first`` on."""
    return max(1, first - WARM_UP)


def memories_from(past: Past, first: int) -> SingleArray:
    """The memories at the events from ``warm_start(first)`` on, shape (event, N_MEMORIES)."""
    numbers = np.arange(warm_start(first), len(past))
    return memories(past, past.positions[numbers], numbers)


def at_points(
    target: Targets, past: Past, points: FloatArray, sums: FloatArray, parents: AdaptiveParents
) -> Targets:
    """Targets at other places, at the same times.

    Parameters
    ----------
    target : Targets
        As many as there are points.
    past : Past
        The events, of which each target is one; it is no parent.
    points : array (point, 3)
        Places as points in space, km.
    sums : array (point, 2)
        sum w_j K_j and sum w_j Z_j over all parents.
    parents : AdaptiveParents
        The fitted mixture.
    """
    number, index = target.number.numpy(), target.index.numpy()
    there, known = index >= 0, np.maximum(index, 0)
    square = squared_arcs(points, past.positions[known], past.region.radius)
    kernels = Kernels.of(past, parents)
    lag = np.where(there, past.times[number][:, None] - past.times[known], 0.0)
    decay = np.where(there, (lag + parents.c) ** -parents.p, 0.0)
    ratio = square / kernels.widths[known]
    value = (np.exp(kernels.log_peak[known]) * (1.0 + ratio) ** -parents.q * decay).sum(axis=1)
    weight = (kernels.inside[known] * decay).sum(axis=1)
    rest = sums - np.stack([value, weight], axis=1)
    return replace(
        target,
        square=_single(np.where(there, square, 0.0)),
        rest=_positive(np.maximum(rest, LEAST_REST * sums)),
        components=_single(_components(past, memories(past, points, number))),
    )


def squared_arcs(here: FloatArray, there: FloatArray, radius: float) -> FloatArray:
    """Squared great-circle distances between points in space, km^2, shape (here, there).

    ``there`` is the same for all of ``here``, or has a row for each.
    """
    chords = np.sqrt(((here[:, None] - there) ** 2).sum(axis=2))
    return np.asarray((2.0 * radius * np.arcsin(np.minimum(0.5 * chords / radius, 1.0))) ** 2)


class _Averages:
    """Which densities have explained the places of the latest events, of any number of blocks."""

    def __init__(self, n: int) -> None:
        self.state = np.full((len(REMEMBERED), n), 1.0 / n)

    def before(self, log_densities: SingleArray) -> FloatArray:
        """Logarithms of the averages before each event of the next block, (event, 2 n)."""
        shares = np.exp(log_densities - log_densities.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        seen = []
        for k, events in enumerate(REMEMBERED):
            keep = math.exp(-1.0 / events)
            after = lfilter(
                [1.0 - keep], [1.0, -keep], shares, axis=0, zi=keep * self.state[k][None]
            )[0]
            seen.append(np.log(np.concatenate([self.state[k][None], after[:-1]]) + 1e-3) + 3.0)
            self.state[k] = after[-1]
        return np.concatenate(seen, axis=1)


def _last(past: Past, begin: int, rest: FloatArray) -> FloatArray:
    """Two gaps, the weight of the rest over that of the background, and two magnitudes."""
    end = begin + rest.size
    numbers = np.arange(begin, end)
    gaps = np.log(np.diff(past.times[:end], prepend=past.times[0] - 1.0) + 1e-4) / 3.0
    largest = [past.excess[max(0, i - LARGEST_OF) : i].max() for i in numbers]
    return np.stack(
        [
            gaps[numbers],
            gaps[numbers - 1],
            np.log(rest + LEAST) / 3.0,
            past.excess[numbers - 1],
            np.array(largest),
        ],
        axis=1,
    )


def _components(past: Past, densities: SingleArray) -> FloatArray:
    """Log densities of the memories and, last, of the uniform law."""
    uniform = np.full((len(densities), 1), -math.log(past.region.square_km))
    return np.concatenate([densities, uniform], axis=1)


def _single(values: FloatArray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float32))


def _positive(values: FloatArray) -> Tensor:
    return _single(values).clamp(min=TINY)
