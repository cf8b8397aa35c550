"""A learned law of places."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from catalogs import EventSequence
from catalogs.process import Seed
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.space.law import LogDensityAt, PlaceLaw
from etas.space.placing import Parents, Sites
from etas.space.region import Region
from etas.space.thinning import uniform_places
from etas.space.triggered import TriggeredPlaces
from recast.places.adaptive import AdaptiveParents, parent_sums
from recast.places.declustering import declustered
from recast.places.net import PlaceNet
from recast.places.past import Past
from recast.places.targets import Events, Known, Targets, at_points, targets
from recast.places.training import log_densities
from recast.training.trainer import one_thread

AT_ONCE = 512
"""Places whose density is computed together."""


@dataclass(frozen=True, eq=False)
class LearnedPlaces(PlaceLaw):
    """Places near earlier events, which a net weighs, and where it has been active.

        f(x | t, H) = s f_net(x | t, H) + (1 - s) f_E(x | t, H)

    where f_E is the mixture of parents with kernels that adapt to seismicity
    (``AdaptiveParents``), and f_net moves its weights and widths and adds memories of past
    seismicity (``PlaceNet``). Each is a mixture of densities over the region. All of the history
    counts.

    Scores stay with the net, but simulated places are drawn from ``mixture``, the one of ETAS:
    what a net says of an event depends on all others, which a simulation would have to repeat.

    Parameters
    ----------
    region : Region
        Where the law holds.
    completeness : float
        Mc.
    adaptive : AdaptiveParents
        Parameters of f_E.
    net : PlaceNet
        The net.
    share : float
        s, from the validation window.
    mixture : TriggeredPlaces
        From which places are drawn.
    least_width : float
        Kilometres: no kernel is narrower, nor than the cell to which epicentres are rounded. Scores
        depend on it where epicentres repeat.
    """

    region: Region
    completeness: float
    adaptive: AdaptiveParents
    net: PlaceNet
    share: float
    mixture: TriggeredPlaces
    least_width: float

    def log_density(self, sequence: EventSequence) -> FloatArray:
        """Log density of the place of each scored event, nats, shape (n_scored,)."""
        past = self._past(sequence)
        first = max(sequence.first_scored, 1)
        # The first event of all has no past: its place is uniform
        found = np.full(sequence.n_scored, -np.log(self.region.square_km))
        if len(past) > first:
            for events, block in targets(past, self.adaptive, first):
                numbers = block.number.numpy() - sequence.first_scored
                found[numbers] = self._log_density(events, block)
        return found

    def density(self, sequence: EventSequence, time: float, locations: FloatArray) -> FloatArray:
        """Density at one time, km^-2, shape (place,)."""
        known = sequence.where(sequence.times < time)
        n, m = len(known), len(locations)
        if n == 0:
            return np.full(m, 1.0 / self.region.square_km)
        places, points = self.region.located(known), self.region.positions(locations)
        # One more event stands for the next, wherever it may be
        once_more = Past.at(
            np.append(known.times, time),
            np.append(known.magnitude_excess(self.completeness), 0.0),
            np.concatenate([places, places[-1:]]),
            self.region,
            self.least_width,
        )
        past = declustered(once_more, self.adaptive.declustering)
        ((events, target),) = targets(past, self.adaptive, n)
        rows = torch.zeros(m, dtype=torch.int64)
        return np.asarray(np.exp(self._elsewhere(past, events, target, rows, points)))

    def at_events(self, sequence: EventSequence) -> LogDensityAt:
        """Log density at the times of the scored events, wherever they might have been."""
        known = self._known(sequence)
        first = known.first - sequence.first_scored

        def log_density(events: IntArray, locations: FloatArray) -> FloatArray:
            found = np.full(len(events), -np.log(self.region.square_km))
            some = np.flatnonzero(events >= first)
            rows = torch.from_numpy(events[some] - first)
            points = self.region.positions(locations[some])
            if some.size:
                found[some] = self._elsewhere(known.past, known.events, known.targets, rows, points)
            return found

        return log_density

    def redrawn(self, sequence: EventSequence, n: int, *, seed: Seed) -> FloatArray:
        """Other places that the scored events might have had, drawn from the net's density."""
        from recast.places.redraw import redrawn

        known = self._known(sequence)
        found = redrawn(known, self.net, self.share, n, seed=seed)
        without_past = (known.first - sequence.first_scored) * n
        first = uniform_places(self.region, without_past, np.random.default_rng(seed))
        return np.concatenate([first.reshape(-1, n, 2), found])

    def _past(self, sequence: EventSequence) -> Past:
        past = Past.of(sequence, self.region, self.completeness, self.least_width)
        return declustered(past, self.adaptive.declustering)

    def _known(self, sequence: EventSequence) -> Known:
        """The scored events with all that the net is told, from the second event of all on."""
        past = self._past(sequence)
        first = max(sequence.first_scored, 1)
        parts = list(targets(past, self.adaptive, first))
        places = self.region.located(sequence)
        joined = Targets.joined([block for _, block in parts])
        return Known(past, places, self.adaptive, parts[-1][0], joined, first)

    def _elsewhere(
        self, past: Past, events: Events, target: Targets, rows: Tensor, points: FloatArray
    ) -> FloatArray:
        """Log density of points at the times of these rows of the targets, nats."""
        upto = target.number[rows].numpy()
        sums = parent_sums(past, self.adaptive, points, past.times[upto], upto)[:, :, 0]
        found = np.empty(len(points))
        for begin in range(0, len(points), AT_ONCE):
            part = slice(begin, begin + AT_ONCE)
            some = target[rows[part]]
            there = at_points(some, past, points[part], sums[part], self.adaptive)
            found[part] = self._log_density(events, there)
        return found

    def in_plane(self) -> LearnedPlaces:
        """The law with kernels that integrate to 1 over the plane, as public benchmarks score."""
        plane = replace(self.region, whole_plane=True)
        return replace(self, region=plane, mixture=self.mixture.in_plane())

    @property
    def parents(self) -> Parents:
        """Those of ``mixture``."""
        return self.mixture.parents

    def sites(self, history: EventSequence) -> Sites:
        """Those of ``mixture``."""
        return self.mixture.sites(history)

    @property
    def drawn(self) -> PlaceLaw:
        """The mixture of ETAS."""
        return self.mixture

    def _log_density(self, events: Events, block: Targets) -> FloatArray:
        with one_thread():
            learned, fitted = log_densities(self.net, events, block).T
        return np.asarray(
            np.logaddexp(np.log(self.share) + learned, np.log1p(-self.share) + fitted)
        )
