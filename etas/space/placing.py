"""Drawing the places of simulated events."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from catalogs import EventSequence, Trajectories, cores
from catalogs.areas import bounding_box
from catalogs.process import Seed
from catalogs.sequence import FloatArray
from catalogs.sphere import outline
from catalogs.trajectories import IntArray
from etas.kernel import LEVELS, STEP, Quadrature
from etas.space.region import Region

CHUNK = 64
"""Trajectories that share a random stream: part of the definition of the result, so a constant."""

MARKS = 1_000
"""Parts of a running sum, in one of which a parent is then sought."""

PLACES = 9
"""Keeps the random numbers of places apart from those of times with the same seed."""


@dataclass(frozen=True, eq=False)
class Parents:
    """How a law weighs earlier events as parents, and how far from them it places others.

    The weight of parent j at time t is g_j (t - t_j + c)^{-p} e^{-taper (t - t_j)}, that of the
    background ``mu``; a place about it follows (q - 1) / (pi D_j) (1 + r^2 / D_j)^{-q}.
    """

    mu: float
    c: float
    p: float
    q: float
    taper: float
    """Rate, 1/days."""

    weigh: Callable[[FloatArray], tuple[FloatArray, FloatArray]]
    """g and D (km^2) of events by their magnitudes."""


@dataclass(frozen=True, eq=False)
class Sites:
    """Where background events happen: at random in the region, or about earlier events."""

    uniform: float
    """Share of those at random."""

    widths: FloatArray
    """h_j^2 of the events of the history, km^2; empty where all are at random."""

    q: float


@dataclass(frozen=True, eq=False)
class Placed:
    """Simulated events with places, and what each of them was placed about."""

    events: Trajectories
    parents: IntArray
    """Index in the history, the length of the history plus one in ``events``, or -1 for the
    background, shape (event,)."""


@dataclass(frozen=True, eq=False)
class Placer:
    """Draws places of simulated events that continue one history.

    A parent is drawn by its weight, or the background; then a place about it. What falls outside
    the region is drawn again, parent and all, so that places follow f(x | t, H) as it is
    normalised over the region. A parent is found through the sum of exponentials that the
    Omori-Utsu law is (``etas.kernel.Quadrature``): first the exponential, then the event, from the
    running sum of its weights, which holds for all times.
    """

    region: Region
    history: EventSequence
    parents: Parents
    sites: Sites
    widths: FloatArray
    """D_j of the history, km^2, shape (event,)."""

    base: FloatArray
    """Lowest exponent of each lane, 1/days, shape (lane,)."""

    shares: FloatArray
    """Weights of the exponentials, shape (level, lane)."""

    running: FloatArray
    """Running sums of the weights of the history, shape (level, lane, event)."""

    marks: IntArray
    """Events at which these reach every thousandth of their total, shape (level, lane, mark)."""

    @classmethod
    def of(
        cls,
        region: Region,
        history: EventSequence,
        end: float,
        parents: Parents,
        sites: Sites,
    ) -> Placer:
        """Prepare places of events from the end of a history to ``end``, days.

        Raises
        ------
        InputError
            If the history has no locations.
        """
        quadrature = Quadrature.for_range(end - history.start, parents.c, p_max=max(parents.p, 1.0))
        gains, widths = parents.weigh(history.magnitudes)
        since = history.end - history.times
        base, shares = exponentials(quadrature, parents.c, parents.p)
        nodes = base * 2.0 ** np.arange(LEVELS)[:, None]
        decays = np.exp(-(nodes[:, :, None] + parents.taper) * since)
        region.located(history)  # refuses events without places
        running = np.cumsum(decays * gains, axis=2)
        marks = np.zeros((*shares.shape, MARKS + 1), dtype=np.int64)
        if len(history):
            parts = np.arange(MARKS + 1) / MARKS
            for level, lane in np.ndindex(shares.shape):
                row = running[level, lane]
                marks[level, lane] = np.searchsorted(row, row[-1] * parts)
        return cls(region, history, parents, sites, widths, base, shares, running, marks)

    def place(self, drawn: Trajectories, *, seed: Seed, threads: int | None = None) -> Placed:
        """Draw a place for each simulated event, in order of time.

        Parameters
        ----------
        drawn : Trajectories
            Simulated times and magnitudes, from the end of the history on.
        seed : int or sequence of int
            Places depend on it and on the times, not on the number of threads.
        threads : int, optional
            By default one per core.

        Returns
        -------
        Placed
            The same events with ``locations``, and their parents.
        """
        from etas.space.place_loops import place_events

        parents, sites, n = self.parents, self.sites, len(self.history)
        start = self.running[:, :, -1] if n else np.zeros(self.shares.shape)
        known = np.radians(self.region.located(self.history))
        corners, frame = frame_of(self.region)
        gains, widths = parents.weigh(drawn.magnitudes)
        places = np.empty((drawn.times.size, 2))
        chosen = np.empty(drawn.times.size, dtype=np.int64)
        edges = drawn.edges
        chunks = [(lo, min(lo + CHUNK, drawn.n)) for lo in range(0, drawn.n, CHUNK)]
        numbers = np.array(
            [
                parents.mu,
                parents.q,
                sites.uniform,
                sites.q,
                self.region.radius,
                parents.taper,
            ]
        )

        def fill(rng: np.random.Generator, chunk: tuple[int, int]) -> None:
            first, last = edges[chunk[0]], edges[chunk[1]]
            place_events(
                rng,
                edges[chunk[0] : chunk[1] + 1] - first,
                drawn.times[first:last] - self.history.end,
                gains[first:last],
                widths[first:last],
                known,
                self.widths,
                self.running,
                self.marks,
                start,
                self.base,
                self.shares,
                sites.widths,
                numbers,
                corners,
                frame,
                places[first:last],
                chosen[first:last],
            )
            mine = chosen[first:last]
            mine[mine >= n] += first

        streams = np.random.default_rng([*np.atleast_1d(seed).tolist(), PLACES]).spawn(len(chunks))
        with ThreadPoolExecutor(max_workers=threads or cores.threads()) as pool:
            for _ in pool.map(fill, streams, chunks):
                pass
        return Placed(replace(drawn, locations=np.degrees(places)), chosen)


def exponentials(quadrature: Quadrature, c: float, p: float) -> tuple[FloatArray, FloatArray]:
    """Every other exponential of a quadrature: lowest ones of the lanes, and weights.

    With twice the step in ln s the Omori-Utsu law is good to 1e-5 at p = 1 and 5e-4 at p = 3, which
    no number of draws could tell, at half the work.
    """
    from scipy.special import gammaln

    base, step = quadrature.base[::2], 2.0 * STEP
    s = base * 2.0 ** np.arange(LEVELS)[:, None]
    weights = step * np.exp(p * np.log(s) - c * s - gammaln(p)) if p > 0.0 else np.ones(s.shape)
    if p > 0.0:
        weights[0, 0] /= 1.0 - np.exp(-step * p)  # and all nodes below
    return np.ascontiguousarray(base), np.asarray(weights)


def frame_of(region: Region) -> tuple[FloatArray, FloatArray]:
    """Corners of the region, (corner, 2), and south, north, west, east of it, in radians."""
    box = bounding_box(region.area)
    corners = outline(region.area, math.inf, region.radius)[:-1]
    return np.radians(corners), np.radians([box.south, box.north, box.west, box.east])
