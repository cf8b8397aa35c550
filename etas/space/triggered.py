"""Places of triggered events: near their parents, which the past weighs as ETAS does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence, InputError, Trajectories
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray
from etas.kernel import Quadrature
from etas.likelihood import Evaluation
from etas.space.excitation import excitations
from etas.space.law import PlaceLaw, UniformPlaces
from etas.space.pairs import Kernel, Sources, pair_sums
from etas.space.placing import Parents, Sites
from etas.space.region import Borders, Region

PARAMETERS = ("mu", "alpha", "c", "p", "d", "gamma", "q")


@dataclass(frozen=True)
class TriggeredPlaces(PlaceLaw):
    """Places near earlier events, as in space-time ETAS, or of the background.

        f(x | t, H) = (mu u(x | t) + sum_j w_j K_j(x)) / (mu + sum_j w_j Z_j)
        w_j = 10^{alpha (m_j - Mc)} (t - t_j + c)^{-p}
        K_j(x) = (q - 1) / (pi D_j) (1 + r^2 / D_j)^{-q},   D_j = d 10^{gamma (m_j - Mc)}

    with sums over all t_j < t, r the great-circle distance to event j, and Z_j the mass of K_j
    inside the region (Ogata 1998, doi:10.1023/A:1003403601725, whose kernels these are). As a law
    of places it has its own alpha, c and p; with those of the times it is the space-time ETAS.

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

    def __post_init__(self) -> None:
        for name in ("mu", "c", "d"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0.0):
                raise InputError(f"{name} = {value} must be positive and finite")
        for name in ("alpha", "gamma", "p"):
            if not np.isfinite(getattr(self, name)):
                raise InputError(f"{name} = {getattr(self, name)} must be finite")
        if not (np.isfinite(self.q) and self.q > 1.0):
            raise InputError(f"q = {self.q} must be above 1: kernels have no mass otherwise")

    @property
    def parameters(self) -> FloatArray:
        """(mu, alpha, c, p, d, gamma, q), shape (7,)."""
        return np.array([getattr(self, name) for name in PARAMETERS])

    def with_parameters(self, parameters: FloatArray) -> TriggeredPlaces:
        """The law with other parameters, in the order of ``parameters``."""
        values = dict(zip(PARAMETERS, parameters.tolist(), strict=True))
        return TriggeredPlaces(self.region, self.completeness, **values, background=self.background)

    @property
    def background_law(self) -> PlaceLaw:
        """u, uniform where none was given."""
        return UniformPlaces(self.region) if self.background is None else self.background

    def log_density(self, sequence: EventSequence) -> FloatArray:
        """Log density of the place of each scored event, nats, shape (n_scored,)."""
        terms = PlaceTerms.of(sequence, self).evaluate(self.parameters)
        return np.log(terms.rate / terms.total)

    def density(self, sequence: EventSequence, time: float, locations: FloatArray) -> FloatArray:
        """Density at one time, km^-2, shape (place,)."""
        past = sequence.before(time) if time < sequence.end else sequence
        excess = past.magnitude_excess(self.completeness)
        weights = 10.0 ** (self.alpha * excess) * (time - past.times + self.c) ** -self.p
        widths = self.d * 10.0 ** (self.gamma * excess)
        places = self.region.located(past)
        masses = self.region.borders(places).parent_masses(widths, self.q)[:, 0]
        total = self.mu * self.background_law.density(past, time, locations)
        heights = weights * (self.q - 1.0) / (np.pi * widths)
        for place, height, width in zip(places, heights, widths, strict=True):
            ratio = self.region.distances(locations, place) ** 2 / width
            total += height * (1.0 + ratio) ** -self.q
        return np.asarray(total / (self.mu + weights @ masses))

    def parents(self, history: EventSequence, drawn: Trajectories) -> Parents:
        """Weights and kernels of the events of both."""
        old = history.magnitude_excess(self.completeness)
        new = drawn.magnitudes - self.completeness
        return Parents(
            self.mu,
            self.c,
            self.p,
            self.q,
            10.0 ** (self.alpha * old),
            self.d * 10.0 ** (self.gamma * old),
            10.0 ** (self.alpha * new),
            self.d * 10.0 ** (self.gamma * new),
        )

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
    """Derivatives of ``rate`` by the parameters, shape (event, 7)."""

    total_slopes: FloatArray
    """Derivatives of ``total``, shape (event, 7)."""


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

    @classmethod
    def of(
        cls,
        sequence: EventSequence,
        law: TriggeredPlaces,
        *,
        c_min: float | None = None,
        p_max: float | None = None,
    ) -> PlaceTerms:
        """Prepare a sequence for evaluations with c >= c_min and p <= p_max."""
        locations = law.region.located(sequence)
        quadrature = Quadrature.for_range(
            sequence.end - sequence.start, c_min or law.c, p_max=max(p_max or law.p, 1.0)
        )
        return cls(
            sequence,
            law.region,
            sequence.magnitude_excess(law.completeness),
            law.region.positions(locations),
            law.region.borders(locations),
            np.exp(law.background_law.log_density(sequence)),
            quadrature,
        )

    def evaluate(self, parameters: FloatArray) -> Terms:
        """Numerators and denominators at (mu, alpha, c, p, d, gamma, q)."""
        mu, alpha, c, p, d, gamma, q = parameters.tolist()
        first, magnitudes = self.sequence.first_scored, LN10 * self.excess
        gains = np.exp(alpha * magnitudes)
        widths = d * np.exp(gamma * magnitudes)
        sources = Sources(
            self.sequence.times, self.points, gains, gains * magnitudes, widths, magnitudes
        )
        sums = pair_sums(sources, Kernel(c, p, q, self.region.radius), first)
        masses, by_width, by_q = self.borders.parent_masses(widths, q).T
        inside = excitations(
            self.sequence.times,
            gains[:, None]
            * np.stack(
                [masses, masses * magnitudes, by_width, by_width * magnitudes, by_q], axis=1
            ),
            self.quadrature,
            c,
            p,
        )[first:]
        total, by_alpha, by_d, by_gamma, by_q, by_c, by_p = inside.T
        one = np.ones(total.size)
        return Terms(
            mu * self.background + sums[:, 0],
            mu + total,
            np.stack(
                [
                    self.background,
                    sums[:, 1],
                    sums[:, 2],
                    sums[:, 3],
                    sums[:, 4] / d,
                    *sums[:, 5:].T,
                ],
                axis=1,
            ),
            np.column_stack([one, by_alpha, by_c, by_p, by_d / d, by_gamma, by_q]),
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
        """Value (nats), gradient and information at (mu, alpha, c, p, d, gamma, q)."""
        t = self.terms.evaluate(parameters)
        scores = t.rate_slopes / t.rate[:, None] - t.total_slopes / t.total[:, None]
        value = float(np.log(t.rate / t.total).sum())
        return Evaluation(value, scores.sum(axis=0), scores.T @ scores)
