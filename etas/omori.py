"""The Omori-Utsu law of one aftershock sequence, with what others say of it before it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from catalogs import EventSequence, InputError, PointProcess
from catalogs.json_records import Record
from catalogs.magnitudes import LN10
from catalogs.sequence import FloatArray, Gaps, clipped, reaches
from catalogs.trajectories import IntArray
from etas.kernel import inverse_omori, omori_integral

P = np.linspace(0.5, 1.7, 25)
LOG_C = np.linspace(np.log(1e-3), np.log(2.0), 22)
LOG_K_SPAN, LOG_K_STEP = 5.0, 0.1
"""The grid of the posterior: p, ln c (days), and ln K to either side of the prior's mean, in the
prior's standard deviations and nats."""

BINS = 60
"""Intervals of time since the mainshock, equal in its logarithm, in which events are counted."""

FIRST_MINUTE = 1.0 / 1440.0
"""End of the first interval, in days."""

MOST_AT_ONCE = 100_000
"""Direct aftershocks of one drawn event: more than any network has seen."""

Seen = tuple[FloatArray, FloatArray]
"""Between which days from now, (step + 1,), which share of the events that count is recorded,
(step,): more than one where smaller ones are."""


@dataclass(frozen=True)
class OmoriPrior(Record):
    """What past sequences say of the next: a normal prior of ln K, p and ln c.

        ln K ~ N(log_k + log_k_slope x, log_k_sd^2)
        p    ~ N(p, p_sd^2)
        ln c ~ N(log_c + log_c_slope x, log_c_sd^2),    x = M - completeness

    for a mainshock of magnitude M, with K in events day^(p - 1) at or above completeness and c in
    days. The productivity K grows with x, and so does c: more small events are missed at first.
    """

    log_k: float
    log_k_slope: float
    log_k_sd: float
    p: float
    p_sd: float
    log_c: float
    log_c_slope: float
    log_c_sd: float

    def __post_init__(self) -> None:
        if min(self.log_k_sd, self.p_sd, self.log_c_sd) <= 0.0:
            raise InputError("the standard deviations of an Omori prior must be positive")

    def draw(
        self, excess: FloatArray, rng: np.random.Generator
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draw (K, c, p) of mainshocks ``excess`` units above completeness, within the grid."""
        normal = rng.standard_normal((3, excess.size))
        log_k = self.log_k + self.log_k_slope * excess + self.log_k_sd * normal[0]
        log_c = self.log_c + self.log_c_slope * excess + self.log_c_sd * normal[1]
        p = self.p + self.p_sd * normal[2]
        return (
            np.exp(log_k),
            np.exp(np.clip(log_c, LOG_C[0], LOG_C[-1])),
            np.clip(p, P[0], P[-1]),
        )


@dataclass(frozen=True)
class Regime:
    """A tectonic regime: what its mainshocks of M >= 6 have in common, and how they differ.

    The rate of aftershocks >= m, t days after a mainshock M, is 10^{a + M - m} (t + c)^{-p}, where
    a differs from sequence to sequence by a normal law.
    """

    about: str
    a: float
    """Mean of a: log10 of events day^(p - 1) that are as large as the mainshock, or larger."""

    a_sd: float
    p: float

    def prior(self, other: OmoriPrior) -> OmoriPrior:
        """The prior of its sequences, with the rest (c, and the spread of p) from another."""
        return replace(
            other,
            log_k=LN10 * self.a,
            log_k_slope=LN10,
            log_k_sd=LN10 * self.a_sd,
            p=self.p,
        )


REGIMES = {
    "ANSR-DEEPCON": Regime("active crust, deep continental", -2.13, 0.52, 0.98),
    "ANSR-HOTSPOT": Regime("active crust, hot spot", -3.00, 0.68, 1.12),
    "ANSR-OCEANBD": Regime("active crust, oceanic boundary", -3.19, 0.60, 1.08),
    "ANSR-SHALCON": Regime("active crust, shallow continental", -2.42, 0.63, 0.98),
    "ANSR-ABSLDEC": Regime("active crust above a slab, deep", -2.29, 0.63, 1.01),
    "ANSR-ABSLOCB": Regime("active crust above a slab, oceanic boundary", -2.82, 0.80, 0.64),
    "ANSR-ABSLSHC": Regime("active crust above a slab, shallow", -2.85, 0.75, 1.06),
    "SCR-GENERIC": Regime("stable continent", -2.85, 0.78, 0.73),
    "SCR-ABVSLAB": Regime("stable continent above a slab", -2.85, 0.78, 0.73),
    "SOR-GENERIC": Regime("stable ocean", -3.04, 0.67, 0.97),
    "SOR-ABVSLAB": Regime("stable ocean above a slab", -3.04, 0.67, 0.97),
    "SZ-GENERIC": Regime("subduction zone", -2.47, 0.63, 0.88),
    "SZ-INLBACK": Regime("subduction zone, inland or back-arc", -2.43, 0.66, 0.86),
    "SZ-ONSHORE": Regime("subduction zone, on shore", -2.34, 0.60, 0.81),
    "SZ-OUTERTR": Regime("subduction zone, outer trench", -2.42, 0.64, 0.92),
}
"""Generic parameters by the regimes of Garcia et al. (2012), as Page et al. (2016) give them
(doi:10.1785/0120160073), with b = 1."""

GENERIC = "ANSR-SHALCON"
"""Tectonic regime where none is named: that of California, Italy and New Zealand."""


@dataclass(frozen=True, eq=False)
class OmoriSequence:
    """Posterior of the Omori-Utsu law of the sequence of one mainshock, from its events so far.

    Events after the mainshock at t0 are a Poisson process of rate

        lambda(t) = lambda_0(t) + K (t - t0 + c)^{-p}

    (Reasenberg and Jones 1989), where lambda_0 is what a model expects of the events before t0
    alone. Those of later generations are part of the law: it describes the sequence, not what one
    event triggers. The posterior is that of an ``OmoriPrior`` and of the counts in 60 intervals,
    equal in ln(t - t0), on a grid of (p, ln c, ln K). In the gaps of a catalog nothing is expected.

    References
    ----------
    Reasenberg, P. A. and Jones, L. M. (1989). Earthquake hazard after a mainshock in California.
    Science 243, 1173-1176. doi:10.1126/science.243.4895.1173
    """

    elapsed: float
    """Days since the mainshock."""

    n_events: int
    """Events since then."""

    log_k: FloatArray
    """Grid of ln K, shape (ln K,), with K in events day^(p - 1)."""

    weights: FloatArray
    """Of the grid, shape (p, ln c, ln K), adding up to one."""

    process: PointProcess
    """Gives lambda_0."""

    before: EventSequence
    """Events before the mainshock, in a window that ends now."""

    share: float = 1.0
    """Of the events of the process that are large enough to count."""

    @classmethod
    def of(
        cls,
        process: PointProcess,
        events: EventSequence,
        mainshock: float,
        magnitude: float,
        prior: OmoriPrior,
        lowest: float | None = None,
    ) -> OmoriSequence:
        """Compute it.

        Parameters
        ----------
        process : PointProcess
            Gives lambda_0, and the completeness magnitude.
        events : EventSequence
            All events up to now, the end of their window.
        mainshock, magnitude : float
            Time of the mainshock in days, and its magnitude.
        prior : OmoriPrior
            Law of its parameters before its aftershocks are known.
        lowest : float, optional
            Only events at or above it count, by default all above completeness. K is theirs.

        Returns
        -------
        OmoriSequence
            The posterior.

        Raises
        ------
        InputError
            If the mainshock is not before the end of the window.
        """
        elapsed = events.end - mainshock
        if not elapsed > 0.0:
            raise InputError("a mainshock must come before the time of its forecast")
        before = replace(events.where(events.times < mainshock), score_from=mainshock)
        first = min(FIRST_MINUTE, 0.1 * elapsed)
        edges = np.concatenate([[0.0], np.geomspace(first, elapsed, BINS)])
        edges[-1] = elapsed  # not a bit more
        law = process.magnitude_law
        lowest = law.completeness if lowest is None else lowest
        share = float(law.share_above(lowest))
        known = (events.times > mainshock) & reaches(events.magnitudes, lowest)
        since = events.times[known] - mainshock
        counts = np.histogram(since, edges)[0]
        dates = np.minimum(mainshock + edges, events.end)
        background = share * np.diff(process.compensator(before, dates))
        excess = magnitude - lowest
        mean = prior.log_k + prior.log_k_slope * excess
        span = LOG_K_SPAN * prior.log_k_sd
        log_k = np.linspace(mean - span, mean + span, 1 + 2 * round(span / LOG_K_STEP))
        gaps = tuple((a - mainshock, b - mainshock) for a, b in events.gaps)
        log_p = -0.5 * ((P - prior.p) / prior.p_sd) ** 2
        log_c = (LOG_C - prior.log_c - prior.log_c_slope * excess) / prior.log_c_sd
        logs = (
            log_p[:, None, None]
            - 0.5 * (log_c**2)[None, :, None]
            - 0.5 * ((log_k - mean) / prior.log_k_sd) ** 2
        )
        k = np.exp(log_k)
        for start, stop, n, quiet in zip(edges[:-1], edges[1:], counts, background, strict=True):
            expected = quiet + _recorded(start, stop, gaps)[:, :, None] * k
            logs -= expected
            if n:
                logs += n * np.log(expected)
        weights = np.exp(logs - logs.max())
        return cls(elapsed, since.size, log_k, weights / weights.sum(), process, before, share)

    def at(self, time: float) -> OmoriSequence:
        """What the same events say at a later time: nothing is known of what came since."""
        later = time - self.before.end
        return replace(self, elapsed=self.elapsed + later, before=replace(self.before, end=time))

    def expected(self, days: float, seen: Seen | None = None) -> tuple[float, float]:
        """Expected number of events in the next ``days``, and those of events before the mainshock.

        The first is the median of the posterior, the second the integral of lambda_0. Of all events
        only those ``seen`` count, where it is given.
        """
        expected, quiet = self._numbers(days, seen)
        order = np.argsort(expected, axis=None)
        share = np.cumsum(self.weights.ravel()[order])
        return float(expected.ravel()[order[np.searchsorted(share, 0.5)]]), quiet

    def none_within(self, days: float, seen: Seen | None = None) -> float:
        """Probability of no event in the next ``days``: the mean of exp(-N) over the posterior.

        Of all events only those ``seen`` count, where it is given.
        """
        expected, _ = self._numbers(days, seen)
        return float((self.weights * np.exp(-expected)).sum())

    def draw(self, n: int, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draw (K, c, p) from the posterior, each of shape (n,)."""
        cells = rng.choice(self.weights.size, n, p=self.weights.ravel())
        p, log_c, log_k = np.unravel_index(cells, self.weights.shape)
        return np.exp(self.log_k[log_k]), np.exp(LOG_C[log_c]), P[p]

    def _numbers(self, days: float, seen: Seen | None = None) -> tuple[FloatArray, float]:
        """Expected number of events in the next ``days`` on the grid, and of those before."""
        edges, shares = seen or (np.array([0.0, days]), np.ones(1))
        now = self.before.end
        window = replace(self.before, end=now + days, score_from=now)
        until = self.process.compensator(window, np.minimum(now + edges[1:], window.end))
        quiet = self.share * float(shares @ np.diff(until, prepend=0.0))
        steps = zip(self.elapsed + edges[:-1], self.elapsed + edges[1:], shares, strict=True)
        integrals = sum(share * _integrals(start, stop) for start, stop, share in steps)
        return quiet + integrals[:, :, None] * np.exp(self.log_k), quiet


def draw_aftershocks(
    priors: Sequence[OmoriPrior], excess: FloatArray, days: FloatArray, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Draw when the aftershocks of new mainshocks come, a Poisson number of each.

    Parameters
    ----------
    priors : sequence of OmoriPrior
        The parameters of each mainshock are drawn from one of them, each as often.
    excess : array (mainshock,)
        Magnitude above completeness.
    days : array (mainshock,)
        How long aftershocks are drawn.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    array of int (event,), array (event,)
        The mainshock of each aftershock, and the days since then.
    """
    drawn = np.stack([prior.draw(excess, rng) for prior in priors])
    k, c, p = drawn[rng.integers(len(priors), size=excess.size), :, np.arange(excess.size)].T
    n = np.minimum(rng.poisson(k * omori_integral(0.0, days, c, p)), MOST_AT_ONCE)
    which = np.repeat(np.arange(n.size), n)
    return which, inverse_omori(rng.random(which.size), days[which], c[which], p[which])


def _integrals(start: float, stop: float) -> FloatArray:
    """Integral of (t + c)^{-p} from ``start`` to ``stop`` on the grid, shape (p, ln c)."""
    c = np.exp(LOG_C)
    return np.array([omori_integral(start, stop, c, float(p)) for p in P])


def _recorded(start: float, stop: float, gaps: Gaps) -> FloatArray:
    """The same without the gaps, which are in days since the mainshock."""
    within = [_integrals(*gap) for gap in clipped(gaps, start, stop)]
    return np.maximum(_integrals(start, stop) - sum(within), 0.0)
