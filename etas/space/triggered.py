"""Places of triggered events: near their parents, which the past weighs as ETAS does."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from catalogs import EventSequence, InputError
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.detection import Detection
from etas.kernel import Quadrature
from etas.likelihood import Evaluation
from etas.space.excitation import excitations
from etas.space.law import LogDensityAt, PlaceLaw, UniformPlaces
from etas.space.neighbours import neighbour_distances
from etas.space.pairs import Kernel, Sources, point_sums
from etas.space.placing import Parents, Placer, Sites
from etas.space.region import Borders, Region
from etas.space.sums import FEW, earlier_sums
from etas.space.tree import Tree

PARAMETERS = ("mu", "alpha", "c", "p", "d", "gamma", "q", "eta")

RECENT = 1_000
"""Events whose median neighbour distance a simulated event is given."""


@dataclass(frozen=True)
class TriggeredPlaces(PlaceLaw):
    """Places near earlier events, as in space-time ETAS, or of the background.

        f(x | t, H) = (mu u(x | t) + sum_j w_j K_j(x)) / (mu + sum_j w_j Z_j)
        w_j = 10^{alpha (m_j - Mc)} (t - t_j + c)^{-p}
        K_j(x) = (q - 1) / (pi D_j) (1 + r^2 / D_j)^{-q}
        D_j = d 10^{gamma (m_j - Mc)} h_j^{2 eta}

    with sums over all t_j < t, r the great-circle distance to event j, and Z_j the mass of K_j
    inside the region (Ogata 1998, doi:10.1023/A:1003403601725, whose kernels these are). As a law
    of places it has its own alpha, c and p; with those of the times, and eta = 0, it is the
    space-time ETAS. With eta above 0 kernels are narrower where events are dense: h_j is the
    distance in km of event j to the fourth nearest of those before it.

    Parameters
    ----------
    region : Region
        Where the law holds.
    completeness : float
        Mc.
    mu : float
        Weight of the background, in the units of w_j, day^{-p}.
    alpha : float
        Growth of a parent's weight with its magnitude, decades per unit.
    c, p : float
        Delay (days) and exponent with which the weight fades.
    d : float
        Squared width of the kernel of a parent at completeness, km^2.
    gamma : float
        Growth of the squared width with magnitude, decades per unit.
    q : float
        Exponent of the kernel, above 1.
    background : PlaceLaw, optional
        u; uniform by default.
    taper : float, optional
        Days in which weights fade exponentially besides.
    eta : float
        How far widths follow the distance of a parent to its neighbours; 0 for the same everywhere.
    neighbours : int
        Which neighbour.
    least_width : float
        Lower bound of h_j, km.

    Raises
    ------
    InputError
        For an impossible parameter.
    """

    region: Region
    completeness: float
    mu: float
    alpha: float
    c: float
    p: float
    d: float
    gamma: float
    q: float
    background: PlaceLaw | None = None
    taper: float | None = None
    eta: float = 0.0
    neighbours: int = 4
    least_width: float = 0.05

    def __post_init__(self) -> None:
        if self.taper is not None and not (np.isfinite(self.taper) and self.taper > 0.0):
            raise InputError(f"taper = {self.taper} days must be positive and finite")
        for name in ("mu", "c", "d", "neighbours", "least_width"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0.0):
                raise InputError(f"{name} = {value} must be positive and finite")
        for name in ("alpha", "gamma", "p", "eta"):
            if not np.isfinite(getattr(self, name)):
                raise InputError(f"{name} = {getattr(self, name)} must be finite")
        if not (np.isfinite(self.q) and self.q > 1.0):
            raise InputError(f"q = {self.q} must be above 1: kernels have no mass otherwise")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return PARAMETERS

    @property
    def parameters(self) -> FloatArray:
        """(mu, alpha, c, p, d, gamma, q, eta), shape (8,)."""
        return np.array([getattr(self, name) for name in PARAMETERS])

    def with_parameters(self, parameters: FloatArray) -> TriggeredPlaces:
        """The law with other parameters, in the order of ``parameters``."""
        return replace(self, **dict(zip(PARAMETERS, parameters.tolist(), strict=True)))

    @property
    def taper_rate(self) -> float:
        """1 / taper, 0 without one."""
        return 0.0 if self.taper is None else 1.0 / self.taper

    @property
    def background_law(self) -> PlaceLaw:
        """u, uniform where none was given."""
        return UniformPlaces(self.region) if self.background is None else self.background

    def log_density(self, sequence: EventSequence) -> FloatArray:
        """Log density of the place of each scored event, nats, shape (n_scored,)."""
        terms = PlaceTerms.of(sequence, self).evaluate(self.parameters)
        return np.log(terms.rate / terms.total)

    def at_events(self, sequence: EventSequence) -> LogDensityAt:
        """Log density at the times of the scored events, wherever they might have been."""
        places, excess = self.region.located(sequence), sequence.magnitude_excess(self.completeness)
        points, first = self.region.positions(places), sequence.first_scored
        gains, widths = 10.0 ** (self.alpha * excess), self.widths(excess, points)
        zero = np.zeros(len(sequence))
        sources = Sources(sequence.times, points, gains, zero, widths, zero)
        kernel = Kernel(self.c, self.p, self.q, self.region.radius, self.taper_rate)
        inside = gains * self.region.borders(places).parent_masses(widths, self.q)[:, 0]
        quadrature = Quadrature.for_range(
            sequence.end - sequence.start, self.c, p_max=max(self.p, 1.0)
        )
        total = (
            self.mu
            + excitations(
                sequence.times, inside[:, None], quadrature, self.c, self.p, self.taper_rate
            )[:, 0]
        )
        background = self.background_law.at_events(sequence)

        def log_density(events: IntArray, locations: FloatArray) -> FloatArray:
            upto, there = first + events, self.region.positions(locations)
            sums = point_sums(sources, kernel, there, sequence.times[upto], upto)
            rate = self.mu * np.exp(background(events, locations)) + sums
            return np.log(rate / total[upto])

        return log_density

    def triggered_rate(self, sequence: EventSequence) -> FloatArray:
        """sum_j w_j K_j at the time and place of each event, shape (event,)."""
        points = self.region.positions(self.region.located(sequence))
        excess = sequence.magnitude_excess(self.completeness)
        gains, zero = 10.0 ** (self.alpha * excess), np.zeros(len(sequence))
        sources = Sources(sequence.times, points, gains, zero, self.widths(excess, points), zero)
        kernel = Kernel(self.c, self.p, self.q, self.region.radius, self.taper_rate)
        return np.asarray(earlier_sums(sources, kernel, 0)[:, 0])

    def density(self, sequence: EventSequence, time: float, locations: FloatArray) -> FloatArray:
        """Density at one time, km^-2, shape (place,)."""
        past = sequence.before(time) if time < sequence.end else sequence
        excess = past.magnitude_excess(self.completeness)
        lags = time - past.times
        weights = 10.0 ** (self.alpha * excess) * (lags + self.c) ** -self.p
        weights *= np.exp(-self.taper_rate * lags)
        places = self.region.located(past)
        widths = self.widths(excess, self.region.positions(places))
        masses = self.region.borders(places).parent_masses(widths, self.q)[:, 0]
        total = self.mu * self.background_law.density(past, time, locations)
        heights = weights * (self.q - 1.0) / (np.pi * widths)
        for place, height, width in zip(places, heights, widths, strict=True):
            ratio = self.region.distances(locations, place) ** 2 / width
            total += height * (1.0 + ratio) ** -self.q
        return np.asarray(total / (self.mu + weights @ masses))

    @property
    def parents(self) -> Parents:
        """Weights and kernels of earlier events."""

        def weigh(magnitudes: FloatArray) -> tuple[FloatArray, FloatArray]:
            excess = LN10 * (magnitudes - self.completeness)
            return np.exp(self.alpha * excess), self.d * np.exp(self.gamma * excess)

        return Parents(self.mu, self.c, self.p, self.q, self.taper_rate, weigh)

    def widths(self, excess: FloatArray, points: FloatArray) -> FloatArray:
        """D_j of events by magnitude above completeness and place, km^2, shape (event,)."""
        plain = self.d * 10.0 ** (self.gamma * excess)
        if self.eta == 0.0:
            return plain
        return np.asarray(plain * np.exp(2.0 * self.eta * self.log_neighbours(points)))

    def log_neighbours(self, points: FloatArray) -> FloatArray:
        """ln h_j, shape (event,)."""
        return np.log(np.maximum(neighbour_distances(points, self.neighbours), self.least_width))

    def placer(self, history: EventSequence, end: float) -> Placer:
        """Prepare to draw places; simulated parents have the h of recent events.

        Parameters
        ----------
        history : EventSequence
            With locations.
        end : float
            Until when, days.

        Returns
        -------
        Placer
            Its ``place`` draws them.
        """
        if self.eta == 0.0 or not len(history):
            return super().placer(history, end)
        near = self.log_neighbours(self.region.positions(self.region.located(history)))
        adapted = np.exp(2.0 * self.eta * near)
        typical = float(np.exp(2.0 * self.eta * np.median(near[-RECENT:])))
        plain = self.parents

        def weigh(magnitudes: FloatArray) -> tuple[FloatArray, FloatArray]:
            gains, widths = plain.weigh(magnitudes)
            return gains, typical * widths

        parents, sites = replace(plain, weigh=weigh), self.sites(history)
        widths = plain.weigh(history.magnitudes)[1] * adapted
        return Placer.of(self.region, history, end, parents, sites, widths)

    def sites(self, history: EventSequence) -> Sites:
        """Those of the background."""
        return self.background_law.sites(history)


@dataclass(frozen=True, eq=False)
class Terms:
    """Numerator and denominator of the density at the scored events, with their gradients."""

    rate: FloatArray
    """mu u + sum_j w_j K_j at each event, shape (event,)."""

    total: FloatArray
    """mu + sum_j w_j Z_j at its time, shape (event,)."""

    rate_slopes: FloatArray
    """Derivatives of ``rate`` by the parameters, shape (event, 8)."""

    total_slopes: FloatArray
    """Derivatives of ``total``, shape (event, 8)."""


@dataclass(frozen=True, eq=False)
class PlaceTerms:
    """Log-likelihood of places, sum_i ln f(x_i | t_i, H), as a function of the parameters.

    What does not depend on them is computed once. An ``Objective`` of ``etas.optimiser``.
    """

    sequence: EventSequence
    region: Region
    excess: FloatArray
    points: FloatArray
    borders: Borders
    background: FloatArray
    """u at each scored event, shape (n_scored,)."""

    quadrature: Quadrature
    tree: Tree | None
    log_neighbours: FloatArray | None
    """ln h_j of each event; None where eta stays 0."""

    taper: float = 0.0
    """Rate, 1/days."""

    detection: Detection | None = None
    """What stands for undetected events, too, where completeness changes in time."""

    @classmethod
    def of(
        cls,
        sequence: EventSequence,
        law: TriggeredPlaces,
        *,
        c_min: float | None = None,
        p_max: float | None = None,
        adaptive: bool | None = None,
        detection: Detection | None = None,
    ) -> PlaceTerms:
        """Prepare a sequence for evaluations with c >= c_min and p <= p_max.

        ``adaptive`` allows an eta other than 0, by default if the law has one. With ``detection``
        the sequence is that of the detected events.
        """
        locations = law.region.located(sequence)
        excess = sequence.magnitude_excess(law.completeness)
        points, tree = law.region.positions(locations), None
        if len(sequence) > FEW:
            tree = Tree.of(points, law.widths(excess, points))
        follows = law.eta != 0.0 if adaptive is None else adaptive
        quadrature = Quadrature.for_range(
            sequence.end - sequence.start, c_min or law.c, p_max=max(p_max or law.p, 1.0)
        )
        return cls(
            sequence,
            law.region,
            excess,
            points,
            law.region.borders(locations),
            np.exp(law.background_law.log_density(sequence)),
            quadrature,
            tree,
            law.log_neighbours(points) if follows else None,
            law.taper_rate,
            detection,
        )

    def gains(self, alpha: float) -> tuple[FloatArray, FloatArray]:
        """10^{alpha (m_j - Mc)}, with that of undetected events, and its slope, (event,) each."""
        if self.detection is not None:
            return self.detection.gains(alpha)
        magnitudes = LN10 * self.excess
        gains = np.exp(alpha * magnitudes)
        return gains, gains * magnitudes

    def sums(self, kernel: Kernel, alpha: float, d: float, gamma: float, eta: float) -> FloatArray:
        """sum_j w_j K_j at each scored event, and slopes by alpha, c, p, d, gamma, q and eta."""
        magnitudes, first = LN10 * self.excess, self.sequence.first_scored
        widths = self._widths(d, gamma, eta)
        sources = Sources(self.sequence.times, self.points, *self.gains(alpha), widths, magnitudes)
        sums = earlier_sums(sources, kernel, first, self.tree)
        sums[:, 4] /= d  # from ln d to d
        by_eta = np.zeros((len(sums), 1))
        if self.log_neighbours is not None:
            other = replace(sources, width_slopes=2.0 * self.log_neighbours)
            by_eta = earlier_sums(other, kernel, first, self.tree)[:, 5:6]
        return np.concatenate([sums, by_eta], axis=1)

    def inside(self, alpha: float, d: float, gamma: float, q: float, eta: float) -> FloatArray:
        """10^{alpha (m_j - Mc)} Z_j, and its slopes by alpha, d, gamma, q and eta, (event, 6)."""
        magnitudes = LN10 * self.excess
        masses, by_width, by_q = self.borders.parent_masses(self._widths(d, gamma, eta), q).T
        near = 0.0 if self.log_neighbours is None else 2.0 * self.log_neighbours
        gains, slopes = self.gains(alpha)
        columns = [
            gains * masses,
            slopes * masses,
            gains * (by_width / d),
            gains * (by_width * magnitudes),
            gains * by_q,
            gains * (by_width * near),
        ]
        return np.stack(columns, axis=1)

    def _widths(self, d: float, gamma: float, eta: float) -> FloatArray:
        log = gamma * LN10 * self.excess
        if self.log_neighbours is not None:
            log = log + 2.0 * eta * self.log_neighbours
        return np.asarray(d * np.exp(log))

    def evaluate(self, parameters: FloatArray) -> Terms:
        """Numerators and denominators at (mu, alpha, c, p, d, gamma, q, eta)."""
        mu, alpha, c, p, d, gamma, q, eta = parameters.tolist()
        sums = self.sums(Kernel(c, p, q, self.region.radius, self.taper), alpha, d, gamma, eta)
        inside = self.inside(alpha, d, gamma, q, eta)
        totals = excitations(self.sequence.times, inside, self.quadrature, c, p, self.taper)
        total, by_alpha, by_d, by_gamma, by_q, by_eta, by_c, by_p = totals[
            self.sequence.first_scored :
        ].T
        one = np.ones(total.size)
        return Terms(
            mu * self.background + sums[:, 0],
            mu + total,
            np.column_stack([self.background, sums[:, 1:]]),
            np.column_stack([one, by_alpha, by_c, by_p, by_d, by_gamma, by_q, by_eta]),
        )


@dataclass(frozen=True, eq=False)
class PlaceLikelihood:
    """sum_i ln f(x_i | t_i, H) with its gradient and the sum of squares of the scores."""

    terms: PlaceTerms

    @property
    def sequence(self) -> EventSequence:
        """What is scored."""
        return self.terms.sequence

    def evaluate(self, parameters: FloatArray) -> Evaluation:
        """Value (nats), gradient and information at (mu, alpha, c, p, d, gamma, q, eta)."""
        t = self.terms.evaluate(parameters)
        scores = t.rate_slopes / t.rate[:, None] - t.total_slopes / t.total[:, None]
        value = float(np.log(t.rate / t.total).sum())
        return Evaluation(value, scores.sum(axis=0), scores.T @ scores)
