"""Candidate parents of an event: the latest and the strongest, and what has happened near them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numba
import numpy as np

from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.kernel import Quadrature
from etas.space.excitation import excitations
from etas.space.pairs import Kernel, Sources
from etas.space.sums import earlier_sums
from recast.places.adaptive import AdaptiveParents
from recast.places.memories import log_background, smoothed_log_densities
from recast.places.past import Past

RECENT, STRONG = 240, 60
"""Candidates: the latest events, and of older ones those of the largest 10^m / (t - t_j + 1)."""

SHARES = np.exp(-1.0 / np.array([30.0, 300.0]))
"""How offspring of a candidate fade with each later event."""

COUNTS = np.exp(-1.0 / np.array([10.0, 100.0, 1000.0]))
"""How events near a candidate fade."""

N_ACTIVITY = SHARES.size + COUNTS.size

COUNTED = 2000
"""Earlier events that are counted as near a new one."""

REACH = 4.0
"""Near is within about twice the distance h of neighbours: squared, in h^2."""

SOFT = 0.2
"""Offspring, seen and expected, below which their ratio says little."""

FEW = 0.1
"""The same of counts."""

INSTANT = 1e-5
"""Days, about a second: least age in logarithms."""

LEAST_REST = 1e-5
"""Least share of events that are no candidates: their sums are differences of larger ones."""

BLOCK = 4096
"""Events at a time: 300 candidates each take 30 MB."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


@dataclass(frozen=True, eq=False)
class Candidates:
    """Candidates of a few consecutive events; the axis c is padded with index -1."""

    index: IntArray
    """Which events, shape (event, c)."""

    square: FloatArray
    """Squared distance, km^2."""

    log_age: FloatArray
    """ln of days since the candidate."""

    activity: FloatArray
    """ln of offspring over those expected, and of events near it, shape (event, c, N_ACTIVITY)."""

    rest: FloatArray
    """sum w_j K_j and sum w_j Z_j over all other events, shape (event, 2)."""


@dataclass(frozen=True, eq=False)
class Kernels:
    """Each event as a parent in the adaptive mixture, shapes (event,)."""

    log_peak: FloatArray
    """ln of w_j K_j at r = 0, without the decay."""

    inside: FloatArray
    """w_j Z_j, without the decay."""

    widths: FloatArray
    """D_j, km^2."""

    @classmethod
    def of(cls, past: Past, parents: AdaptiveParents) -> Kernels:
        """Under these parameters."""
        widths, weights = parents.squared_widths(past), parents.weights(past.excess)
        peaks = weights * (parents.q - 1.0) / (np.pi * widths)
        return cls(np.log(peaks), weights * past.masses(widths, parents.q)[:, 0], widths)


@dataclass(frozen=True, eq=False)
class Mixture:
    """The adaptive mixture at the place of each event, shapes (event,)."""

    rate: FloatArray
    """sum_j w_j K_j over earlier events."""

    total: FloatArray
    """sum_j w_j Z_j."""

    log_background: FloatArray
    """ln u."""

    @classmethod
    def of(cls, past: Past, parents: AdaptiveParents, kernels: Kernels) -> Mixture:
        """In a time that grows little faster than the number of events."""
        weights, zero = parents.weights(past.excess), np.zeros(len(past))
        sources = Sources(past.times, past.positions, weights, zero, kernels.widths, zero)
        law = Kernel(parents.c, parents.p, parents.q, past.region.radius)
        days = float(np.ptp(past.times)) + 1.0
        quadrature = Quadrature.for_range(days, parents.c, p_max=max(parents.p, 1.0))
        gains = kernels.inside[:, None]
        return cls(
            earlier_sums(sources, law, 0)[:, 0],
            excitations(past.times, gains, quadrature, parents.c, parents.p)[:, 0],
            log_background(smoothed_log_densities(past), past.region.square_km),
        )


@dataclass(frozen=True, eq=False)
class Scan:
    """One pass over all events in order of time, which remembers what happens near each."""

    past: Past
    parents: AdaptiveParents
    kernels: Kernels
    mixture: Mixture
    surprise: FloatArray = field(init=False)
    """ln f of each event in the mixture, known up to where the pass has come, shape (event,)."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "surprise", np.zeros(len(self.past)))

    def blocks(self, first: int) -> Iterator[tuple[int, Candidates]]:
        """Candidates of the events from ``first`` on, in blocks, each with its first event.

        ``surprise`` is then known up to the end of the block.
        """
        n = len(self.past)
        shares, counts = np.zeros((n, 2, SHARES.size)), np.zeros((n, COUNTS.size))
        strong = np.full(STRONG, -1)
        edges = [*range(0, first, BLOCK), *range(first, n, BLOCK), n]
        for begin, end in pairwise(edges):
            kept = begin >= first
            rows = end - begin if kept else 0
            shape = (rows, RECENT + STRONG)
            found = Candidates(
                np.full(shape, -1, dtype=np.int64),
                np.zeros(shape),
                np.zeros(shape),
                np.zeros((*shape, N_ACTIVITY)),
                np.zeros((rows, 2)),
            )
            self._scan(begin, end, shares, counts, strong, found)
            if kept:
                yield begin, found

    def _scan(
        self,
        begin: int,
        end: int,
        shares: FloatArray,
        counts: FloatArray,
        strong: IntArray,
        found: Candidates,
    ) -> None:
        past, parents = self.past, self.parents
        _scan(
            begin,
            end,
            past.times,
            past.excess,
            past.positions,
            REACH * past.near**2,
            (self.kernels.log_peak, self.kernels.inside, self.kernels.widths),
            (self.mixture.rate, self.mixture.total, self.mixture.log_background),
            np.array([parents.mu, parents.c, parents.p, parents.q, past.region.radius]),
            (shares, counts, strong, self.surprise),
            (found.index, found.square, found.log_age, found.activity, found.rest),
        )


@_jit
def _square(positions: FloatArray, i: int, j: int, radius: float) -> float:
    dx = positions[i, 0] - positions[j, 0]
    dy = positions[i, 1] - positions[j, 1]
    dz = positions[i, 2] - positions[j, 2]
    chord = dx * dx + dy * dy + dz * dz
    bend = chord / (12.0 * radius**2)
    return float(chord * (1.0 + bend * (1.0 + 1.6 * bend)))


@_jit
def _keep_strong(
    j: int, now: float, times: FloatArray, excess: FloatArray, strong: IntArray
) -> None:
    """Let an event that is no longer recent take the place of the weakest of the strong."""
    least, slot = math.inf, -1
    for k in range(strong.size):
        if strong[k] < 0:
            strong[k] = j
            return
        strength = 2.3 * excess[strong[k]] - math.log(now - times[strong[k]] + 1.0)
        if strength < least:
            least, slot = strength, k
    if 2.3 * excess[j] - math.log(now - times[j] + 1.0) > least:
        strong[slot] = j


@_jit
def _scan(  # noqa: C901, PLR0912 - one pass, whose parts share their sums
    begin: int,
    end: int,
    times: FloatArray,
    excess: FloatArray,
    positions: FloatArray,
    reach: FloatArray,
    kernels: tuple[FloatArray, FloatArray, FloatArray],
    mixture: tuple[FloatArray, FloatArray, FloatArray],
    numbers: FloatArray,
    state: tuple[FloatArray, FloatArray, IntArray, FloatArray],
    out: tuple[IntArray, FloatArray, FloatArray, FloatArray, FloatArray],
) -> None:
    """Candidates of the events from ``begin`` to ``end``, if ``out`` has rows, and the state."""
    log_peak, inside, widths = kernels
    rate, total, log_background = mixture
    mu, c, p, q, radius = numbers
    shares, counts, strong, surprise = state
    index, square, log_age, activity, rest = out
    n_shares, n_counts = shares.shape[2], counts.shape[1]
    most = RECENT + STRONG
    here, r2 = np.empty(most, np.int64), np.empty(most)
    value, weight = np.empty(most), np.empty(most)
    fading = np.empty((COUNTED + 1, n_counts))
    for a in range(n_counts):
        for k in range(COUNTED + 1):
            fading[k, a] = COUNTS[a] ** k
    for i in range(max(begin, 0), end):
        if i - RECENT - 1 >= 0:
            _keep_strong(i - RECENT - 1, times[i], times, excess, strong)
        m = 0
        for j in range(i - 1, max(i - 1 - RECENT, -1), -1):
            here[m] = j
            m += 1
        for k in range(strong.size):
            if strong[k] >= 0:
                here[m] = strong[k]
                m += 1
        near, near_weight = 0.0, 0.0
        for k in range(m):
            j = here[k]
            r2[k] = _square(positions, i, j, radius)
            decay = -p * math.log(times[i] - times[j] + c)
            value[k] = math.exp(decay + log_peak[j] - q * math.log1p(r2[k] / widths[j]))
            weight[k] = math.exp(decay) * inside[j]
            near += value[k]
            near_weight += weight[k]
        far = max(rate[i] - near, LEAST_REST * rate[i])
        far_weight = max(total[i] - near_weight, LEAST_REST * total[i])
        if len(index):
            row = i - begin
            rest[row, 0], rest[row, 1] = far, far_weight
            for k in range(m):
                j = here[k]
                index[row, k], square[row, k] = j, r2[k]
                log_age[row, k] = math.log(times[i] - times[j] + INSTANT)
                for a in range(n_shares):
                    seen, expected = shares[j, 0, a], shares[j, 1, a]
                    activity[row, k, a] = math.log((seen + SOFT) / (expected + SOFT))
                for a in range(n_counts):
                    activity[row, k, n_shares + a] = math.log(counts[j, a] + FEW)
        top = near + far + mu * math.exp(log_background[i])
        bottom = near_weight + far_weight + mu
        surprise[i] = math.log(top / bottom)
        for k in range(m):
            j = here[k]
            for a in range(n_shares):
                shares[j, 0, a] = shares[j, 0, a] * SHARES[a] + value[k] / top
                shares[j, 1, a] = shares[j, 1, a] * SHARES[a] + weight[k] / bottom
            close = reach[j] / (reach[j] + r2[k])
            for a in range(n_counts):
                counts[j, a] = counts[j, a] * COUNTS[a] + close * close
        for j in range(max(0, i - COUNTED), i):
            close = reach[i] / (reach[i] + _square(positions, i, j, radius))
            for a in range(n_counts):
                counts[i, a] += close * close * fading[i - j, a]
