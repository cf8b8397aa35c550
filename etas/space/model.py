"""The space-time ETAS model as a point process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories, cores
from catalogs.magnitudes import LN10
from catalogs.marks import FixedMagnitudes, MarkLaw
from catalogs.process import (
    MAX_EVENTS,
    PointProcess,
    Seed,
    check_expected,
    check_simulation,
    checked_times,
    without_gaps,
)
from catalogs.sequence import FloatArray
from etas.completeness import CompletenessHistory
from etas.detection import Detection
from etas.kernel import omori_integral
from etas.model import ETAS, check_subcritical, triggered
from etas.simulation import CHUNK
from etas.space.law import PlaceLaw
from etas.space.placing import frame_of
from etas.space.records import law_from_json, law_to_json
from etas.space.region import Region
from etas.space.triggered import PlaceTerms, TriggeredPlaces

PARAMETERS = ("mu", "k", "alpha", "c", "p", "d", "gamma", "q")


@dataclass(frozen=True)
class SpaceTimeETAS(PointProcess):
    """Epidemic-type aftershock sequence (ETAS) in time and space.

        lambda(t, x) = mu u(x) + sum_{t_j < t} k 10^{alpha (m_j - Mc)} (t - t_j + c)^{-p} K_j(x)
        K_j(x) = (q - 1) / (pi D_j) (1 + r^2 / D_j)^{-q},   D_j = d 10^{gamma (m_j - Mc)}

    on a region. As a process of times it is the integral over the region,

        lambda(t) = mu + sum_{t_j < t} k 10^{alpha (m_j - Mc)} (t - t_j + c)^{-p} Z_j

    with Z_j the mass of K_j inside, and places follow lambda(t, x) / lambda(t). Events outside the
    region are not part of the model: they trigger nothing. Depth is not used.

    Parameters
    ----------
    mu : float
        Background rate in the region, events/day.
    k : float
        Productivity of an event at completeness, wherever its offspring happen, events day^{p - 1}.
    alpha : float
        Growth of productivity with magnitude, decades per unit.
    c, p : float
        Omori-Utsu delay (days) and exponent.
    d : float
        Squared width of the kernel of an event at completeness, km^2.
    gamma : float
        Growth of the squared width with magnitude, decades per unit.
    q : float
        Exponent of the kernel, above 1.
    magnitude_law : GutenbergRichter
        Law of magnitudes above completeness.
    region : Region
        Where the model holds.
    background : PlaceLaw, optional
        u; uniform by default.

    Raises
    ------
    InputError
        For an impossible parameter.

    References
    ----------
    Ogata, Y. (1998). Space-time point-process models for earthquake occurrences. Ann. Inst. Stat.
    Math. 50, 379-402. doi:10.1023/A:1003403601725

    Examples
    --------
    >>> from catalogs.areas import Box
    >>> law, region = GutenbergRichter(2.5), Region(Box(32, 37, -122, -114))
    >>> model = SpaceTimeETAS(1.0, 0.02, 0.7, 0.01, 1.1, 0.5, 0.8, 1.6, law, region)
    >>> events = EventSequence([1.0], [6.5], 0.0, 2.0, locations=[[35.0, -118.0]])
    >>> model.intensity(events, [0.5, 1.5]).round(1)
    array([ 1. , 26.1])
    """

    mu: float
    k: float
    alpha: float
    c: float
    p: float
    d: float
    gamma: float
    q: float
    magnitude_law: GutenbergRichter
    region: Region
    background: PlaceLaw | None = None

    def __post_init__(self) -> None:
        # Checks what the two have in common
        ETAS(self.mu, self.k, self.alpha, self.c, self.p, self.magnitude_law)
        if not self.mu > 0.0 or not self.k > 0.0:
            raise InputError(f"mu = {self.mu} and k = {self.k} must be positive")
        self.places  # noqa: B018 - checks the others

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return PARAMETERS

    @property
    def parameters(self) -> FloatArray:
        """(mu, k, alpha, c, p, d, gamma, q), shape (8,)."""
        return np.array([getattr(self, name) for name in PARAMETERS])

    def with_parameters(self, parameters: FloatArray) -> SpaceTimeETAS:
        """The model with other parameters, in the order of ``parameters``."""
        return replace(self, **dict(zip(PARAMETERS, parameters.tolist(), strict=True)))

    @property
    def places(self) -> TriggeredPlaces:
        """The law of places, lambda(t, x) / lambda(t)."""
        return TriggeredPlaces(
            self.region,
            self.magnitude_law.completeness,
            self.mu / self.k,
            self.alpha,
            self.c,
            self.p,
            self.d,
            self.gamma,
            self.q,
            self.background,
        )

    @property
    def marks(self) -> Mapping[str, MarkLaw]:
        """Fixed magnitudes, and places."""
        return {
            FixedMagnitudes.name: FixedMagnitudes(self.magnitude_law),
            PlaceLaw.name: self.places,
        }

    def branching_ratio(self, horizon: float) -> float:
        """Expected number of direct offspring of an event within a horizon, wherever they happen.

        Parameters
        ----------
        horizon : float
            Days.

        Returns
        -------
        float
            Dimensionless; ``branching_ratio_inside`` counts those in the region only.
        """
        plain = ETAS(self.mu, self.k, self.alpha, self.c, self.p, self.magnitude_law)
        return plain.branching_ratio(horizon)

    def branching_ratio_inside(self, sequence: EventSequence, horizon: float) -> float:
        """Expected number of direct offspring in the region, of an event where events are.

        Parameters
        ----------
        sequence : EventSequence
            With locations: offspring are expected about these events.
        horizon : float
            Days.

        Returns
        -------
        float
            The branching ratio times the mean of Z_j, weighted with productivity.
        """
        gains = self._gains(sequence)
        return self.branching_ratio(horizon) * float(self._inside(sequence).sum() / gains.sum())

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Intensity of events anywhere in the region.

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness, with locations.
        times : array (time,)
            Days, within [start, end].

        Returns
        -------
        array (time,)
            Events/day.
        """
        queries = checked_times(times, sequence.start, sequence.end)
        rate, _ = self._triggered(sequence, queries, sequence.start)
        return self.mu + self.k * rate

    @without_gaps
    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Integral of ``intensity`` from ``score_from`` to each of ``times``.

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness, with locations.
        times : array (time,)
            Days, within [score_from, end].

        Returns
        -------
        array (time,)
            Expected numbers of events.
        """
        queries = checked_times(times, sequence.score_from, sequence.end)
        _, expected = self._triggered(sequence, queries, sequence.score_from)
        return self.mu * (queries - sequence.score_from) + self.k * expected

    def _gains(self, sequence: EventSequence) -> FloatArray:
        excess = sequence.magnitude_excess(self.magnitude_law.completeness)
        return np.exp(self.alpha * LN10 * excess)

    def _inside(self, sequence: EventSequence) -> FloatArray:
        """g_j Z_j of each event."""
        excess = sequence.magnitude_excess(self.magnitude_law.completeness)
        borders = self.region.borders(self.region.located(sequence))
        widths = self.d * np.exp(self.gamma * LN10 * excess)
        return np.asarray(self._gains(sequence) * borders.parent_masses(widths, self.q)[:, 0])

    def _triggered(
        self, sequence: EventSequence, queries: FloatArray, origin: float
    ) -> tuple[FloatArray, FloatArray]:
        return triggered(sequence, self._inside(sequence), queries, origin, c=self.c, p=self.p)

    def background_probability(
        self, sequence: EventSequence, completeness: CompletenessHistory | None = None
    ) -> FloatArray:
        """Probability that each scored event is background, mu u(x_i) / lambda(t_i, x_i).

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness, with locations and history.
        completeness : CompletenessHistory, optional
            Mc(t): only events above it are kept, and undetected ones may be parents, too.

        Returns
        -------
        array (scored event,)
            In [0, 1] (Zhuang et al. 2002, doi:10.1198/016214502760046925).
        """
        law, detection = self.places, None
        if completeness is not None:
            detection = Detection.of(sequence, self.magnitude_law, completeness)
            sequence = detection.sequence
        terms = PlaceTerms.of(sequence, law, detection=detection)
        return np.asarray(law.mu * terms.background / terms.evaluate(law.parameters).rate)

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON types.

        Returns
        -------
        dict
            ``mu``, ``k``, the law of magnitudes, and that of places with the other parameters.
        """
        return {
            "mu": self.mu,
            "k": self.k,
            "magnitude_law": asdict(self.magnitude_law),
            "places": law_to_json(self.places),
        }

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> SpaceTimeETAS:
        """Make a model from what ``to_json`` returned.

        Parameters
        ----------
        record : dict
            Parsed JSON.

        Returns
        -------
        SpaceTimeETAS
            The model.

        Raises
        ------
        InputError
            If a field is missing or impossible.
        """
        try:
            places = law_from_json(record["places"])
            law = GutenbergRichter(**record["magnitude_law"])
            mu, k = float(record["mu"]), float(record["k"])
        except (KeyError, TypeError) as error:
            raise InputError(f"this is no space-time ETAS ({error!r}): fit it again") from error
        if not isinstance(places, TriggeredPlaces):
            raise InputError("this is no space-time ETAS, its places have no parents: fit it again")
        rest = {name: getattr(places, name) for name in PARAMETERS[2:]}
        return cls(
            mu, k, **rest, magnitude_law=law, region=places.region, background=places.background
        )

    def simulate(
        self,
        history: EventSequence,
        horizon: float,
        n: int,
        *,
        seed: Seed,
        max_events: int = MAX_EVENTS,
        threads: int | None = None,
        allow_supercritical: bool = False,
    ) -> Trajectories:
        """Simulate ``n`` continuations as a branching process, with places.

        Offspring outside the region are left out, with all that they would trigger.

        Parameters
        ----------
        history : EventSequence
            Past events above completeness, with locations; simulation starts at its end.
        horizon : float
            Days.
        n : int
            Number of trajectories.
        seed : int or sequence of int
            Trajectory i is the same for any ``n`` > i and any number of threads.
        max_events : int
            A trajectory that exceeds it has no further generation and is listed as capped.
        threads : int, optional
            By default one per core.
        allow_supercritical : bool
            Simulate although the branching ratio is 1 or more.

        Returns
        -------
        Trajectories
            The new events only, with ``locations``.

        Raises
        ------
        InputError
            If a number is not positive, the history has no locations or an event below
            completeness, or the process is supercritical over the horizon.
        """
        from etas.space.cascade import cascade

        check_simulation(horizon, n, seed, max_events, threads)
        if not allow_supercritical:
            check_subcritical(self.branching_ratio(horizon), horizon)
        excess = history.magnitude_excess(self.magnitude_law.completeness)
        since = history.end - history.times
        delays = omori_integral(since, since + horizon, self.c, self.p)
        direct = np.cumsum(self.k * self._gains(history) * delays)
        first = self.mu * horizon + (float(direct[-1]) if direct.size else 0.0)
        check_expected(first, n, max_events, f"background mu = {self.mu:g} events/day and history")
        law, sites = self.magnitude_law, self.places.sites(history)
        corners, frame = frame_of(self.region)
        arguments = (
            horizon,
            np.array(
                [
                    self.mu,
                    self.k,
                    self.alpha * LN10,
                    self.c,
                    self.p,
                    self.d,
                    self.gamma * LN10,
                    self.q,
                    self.region.radius,
                ]
            ),
            np.array([law.completeness, law.beta, law.mass, law.step, law.strict]),
            since,
            direct,
            np.radians(self.region.located(history)),
            self.d * np.exp(self.gamma * LN10 * excess),
            sites.kernels,
            np.array([sites.uniform, sites.q]),
            corners,
            frame,
            max_events,
        )
        sizes = [min(CHUNK, n - lo) for lo in range(0, n, CHUNK)]
        streams = np.random.default_rng(seed).spawn(len(sizes))
        chunks = cores.in_order(
            lambda rng, size: cascade(rng, size, *arguments), streams, sizes, workers=threads
        )
        counts, times, magnitudes, places, capped = (
            np.concatenate(part) for part in zip(*chunks, strict=True)
        )
        longitudes = np.degrees(places[:, 1])
        return Trajectories(
            np.repeat(np.arange(n), counts),
            history.end + times,
            magnitudes,
            n,
            history.end,
            history.end + horizon,
            np.flatnonzero(capped),
            np.stack([np.degrees(places[:, 0]), (longitudes + 180.0) % 360.0 - 180.0], axis=1),
        ).distinct()
