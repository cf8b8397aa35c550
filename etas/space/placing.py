"""Drawing the places of simulated events."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from catalogs import EventSequence, InputError, Trajectories, cores
from catalogs.process import Seed
from catalogs.sequence import FloatArray
from catalogs.sphere import outline
from catalogs.trajectories import IntArray
from etas.space.region import Region

CHUNK = 64
"""Trajectories that share a random stream: part of the definition of the result, so a constant."""

OCTAVE = 2.0
"""Ratio of delays + c from one class of age to the next."""

DROP = 1.25
"""Factor by which the weight of the history falls from one alias table to the next, if it can."""

REDRAWN = 256
"""The same of events of the history that are placed again."""

FLAT = 100.0
"""D over q times the square of the region's diagonal from which kernels are flat inside it."""

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

    kernels: FloatArray
    """h_j^2 of the events of the history, km^2, and the running sum of their weights, shape
    (event, 2); empty where all are at random."""

    q: float

    @classmethod
    def about(cls, widths: FloatArray, weights: FloatArray, even: float, q: float) -> Sites:
        """About events by their weights, and ``even`` of the same units at random."""
        running = np.cumsum(weights)
        total = running[-1] if running.size else 0.0
        return cls(even / (even + total), np.column_stack([widths, running]), q)

    @property
    def widths(self) -> FloatArray:
        """h_j^2, km^2, shape (event,)."""
        return np.asarray(self.kernels[:, 0])

    @property
    def shares(self) -> FloatArray:
        """Of each event in what is not at random, shape (event,)."""
        running = self.kernels[:, 1]
        return np.asarray(np.diff(running, prepend=0.0) / running[-1:])

    @property
    def even(self) -> float:
        """Weight of what is at random, in the units of the others."""
        total = self.kernels[-1, 1] if self.kernels.size else 0.0
        return float(total * self.uniform / (1.0 - self.uniform)) if total else 0.0


@dataclass(frozen=True)
class Flat:
    """Parents much wider than the region, whose kernels are flat inside it.

    Nearly all places about such a parent lie outside and would be drawn again. Its weight is
    multiplied by the share (q - 1) A / (pi D) that lies inside, D is infinite, and its offspring
    are anywhere in the region, which is the same: densities there differ by a hundredth at most.
    """

    beyond: float
    """D from which kernels are flat, km^2."""

    share: float
    """(q - 1) A / pi, km^2."""

    @classmethod
    def of(cls, region: Region, q: float) -> Flat:
        """Those of a region, for kernels of an exponent q."""
        _, (south, north, west, east) = frame_of(region)
        nearest = 0.0 if south < 0.0 < north else min(abs(south), abs(north))
        longest = region.radius**2 * (
            (north - south) ** 2 + ((east - west) * math.cos(nearest)) ** 2
        )
        return cls(FLAT * q * longest, (q - 1.0) * region.square_km / math.pi)

    def spread(self, gains: FloatArray, widths: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Weights and D_j of parents, with those of flat ones replaced."""
        wide = widths > self.beyond
        if not wide.any():
            return gains, widths
        with np.errstate(divide="ignore"):  # of an infinite D
            inside = self.share / widths
        return np.where(wide, gains * inside, gains), np.where(wide, np.inf, widths)


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
    normalised over the region.
    """

    region: Region
    history: EventSequence
    parents: Parents
    sites: Sites
    known: FloatArray
    """Latitude and longitude (radians), D_j (km^2) and days before the end of the events of the
    history, shape (event, 4)."""

    knots: FloatArray
    """Times at which the weights of the history are known, from its end on, days."""

    totals: FloatArray
    """Their sums there, shape (knot,)."""

    tables: FloatArray
    """Alias tables of the weights (``parent_loops``), shape (knot, event, 2)."""

    @classmethod
    def of(
        cls,
        region: Region,
        history: EventSequence,
        end: float,
        parents: Parents,
        sites: Sites,
        widths: FloatArray | None = None,
    ) -> Placer:
        """Prepare places of events from the end of a history to ``end``, days.

        ``widths`` are the D_j of its events, by default those of ``parents``.

        Raises
        ------
        InputError
            If the history has no locations, or weights grow with time.
        """
        from etas.space.parent_loops import fill_alias_table

        if parents.p < 0.0:
            raise InputError(f"p = {parents.p}: places are drawn for p from 0 on")
        gains, plain = parents.weigh(history.magnitudes)
        widths = plain if widths is None else widths
        gains, _ = Flat.of(region, parents.q).spread(gains, widths)
        since = history.end - history.times

        def weights(now: float) -> FloatArray:
            decay = -parents.p * np.log(since + now + parents.c) - parents.taper * (since + now)
            return np.asarray(gains * np.exp(decay))

        times = np.array([*ages(end - history.end, parents.c), end - history.end])
        sums = np.array([weights(now).sum() for now in times])
        kept = [0]
        for k in range(1, times.size - 1):
            if sums[kept[-1]] > DROP * sums[k + 1]:
                kept.append(k)
        tables = np.empty((len(kept), len(history), 2))
        for table, k in zip(tables, kept, strict=True):
            if sums[k] > 0.0:
                fill_alias_table(weights(times[k]), table)
        places = np.radians(region.located(history))
        known = np.column_stack([places, widths, since])
        return cls(region, history, parents, sites, known, times[kept], sums[kept], tables)

    @property
    def widths(self) -> FloatArray:
        """D_j of the history, km^2, shape (event,)."""
        return np.asarray(self.known[:, 2])

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
        from etas.space.parent_loops import History, Numbers, place_events

        parents, sites, n = self.parents, self.sites, len(self.history)
        corners, frame = frame_of(self.region)
        places = np.empty((drawn.times.size, 2))
        chosen = np.empty(drawn.times.size, dtype=np.int64)
        edges = drawn.edges
        chunks = [(lo, min(lo + CHUNK, drawn.n)) for lo in range(0, drawn.n, CHUNK)]
        known = self.known.copy()
        flat = Flat.of(self.region, parents.q)
        _, known[:, 2] = flat.spread(np.ones(n), self.widths)
        history = History(known, self.knots, self.totals, self.tables, sites.kernels)
        numbers = Numbers(
            parents.mu,
            parents.c,
            parents.p,
            parents.q,
            parents.taper,
            sites.uniform,
            sites.q,
            self.region.radius,
        )
        classes = ages(drawn.end - self.history.end, parents.c)

        def fill(rng: np.random.Generator, chunk: tuple[int, int]) -> None:
            first, last = edges[chunk[0]], edges[chunk[1]]
            gains, widths = parents.weigh(drawn.magnitudes[first:last])
            gains, widths = flat.spread(gains, widths)
            place_events(
                rng,
                edges[chunk[0] : chunk[1] + 1] - first,
                drawn.times[first:last] - self.history.end,
                gains,
                widths,
                history,
                classes,
                numbers,
                corners,
                frame,
                places[first:last],
                chosen[first:last],
            )
            mine = chosen[first:last]
            mine[mine >= n] += first

        streams = np.random.default_rng([*np.atleast_1d(seed).tolist(), PLACES]).spawn(len(chunks))
        cores.in_order(fill, streams, chunks, workers=threads)
        return Placed(replace(drawn, locations=places), chosen)

    def redrawn(self, first: int, n: int, *, seed: Seed) -> FloatArray:
        """Other places for events of the history, each given its time and those before it.

        Parameters
        ----------
        first : int
            The first event that is placed again.
        n : int
            Places for each.
        seed : int or sequence of int
            The places do not depend on the number of threads.

        Returns
        -------
        array (event - first, n, 2)
            Latitude and longitude, degrees.
        """
        from etas.space.redraw_loops import redraw

        history, parents, sites = self.history, self.parents, self.sites
        corners, frame = frame_of(self.region)
        gains, _ = parents.weigh(history.magnitudes)
        # The share of what is uniform falls as events come
        numbers = np.array(
            [parents.mu, parents.c, parents.p, parents.q, parents.taper, sites.even, sites.q]
        )
        out = np.empty((len(history) - first, n, 2))
        parts = range(0, len(out), REDRAWN)

        def fill(rng: np.random.Generator, begin: int) -> None:
            redraw(
                rng,
                first + begin,
                history.times,
                gains,
                self.known,
                sites.kernels,
                numbers,
                self.region.radius,
                corners,
                frame,
                out[begin : begin + REDRAWN],
            )

        streams = np.random.default_rng([*np.atleast_1d(seed).tolist(), PLACES]).spawn(len(parts))
        cores.in_order(fill, streams, parts)
        return out


def ages(longest: float, c: float) -> FloatArray:
    """Delays from 0 to ``longest``, days, at which delay + c is c times powers of ``OCTAVE``."""
    size = max(1, math.ceil(math.log1p(longest / c) / math.log(OCTAVE)))
    return np.asarray(c * (OCTAVE ** np.arange(size) - 1.0))


def frame_of(region: Region) -> tuple[FloatArray, FloatArray]:
    """Corners of the region, (corner, 2), and south, north, west, east of it, in radians."""
    corners = np.radians(outline(region.area, math.inf, region.radius)[:-1])
    (south, west), (north, east) = corners.min(axis=0), corners.max(axis=0)
    return corners, np.array([south, north, west, east])
