"""The temporal ETAS model as a point process."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories
from catalogs.magnitudes import LN10
from catalogs.process import MAX_EVENTS, PointProcess, Seed, check_simulation, checked_times
from catalogs.sequence import FloatArray
from etas.kernel import Quadrature, tapered_omori_integral
from etas.likelihood import LogLikelihood
from etas.recursion import sweep
from etas.simulation import branching_trajectories
from etas.weighted_likelihood import WeightedLogLikelihood


@dataclass(frozen=True)
class ETAS(PointProcess):
    """Epidemic-type aftershock sequence in time (Ogata 1988, doi:10.1080/01621459.1988.10478560).

        lambda(t) = mu + sum_{t_j < t} k 10^{alpha (m_j - Mc)} (t - t_j + c)^{-p}

    With a ``taper`` each term is multiplied by exp(-(t - t_j) / taper).

    Parameters
    ----------
    mu : float
        Background rate, events/day.
    k : float
        Productivity of an event at completeness, events day^{p - 1}.
    alpha : float
        Growth of productivity with magnitude, decades per magnitude unit.
    c, p : float
        Omori-Utsu delay (days) and exponent; p <= 1 is allowed, every window being finite.
    magnitude_law : GutenbergRichter
        Law of magnitudes above completeness, used in sampling; its ``completeness`` is Mc.
    taper : float, optional
        Days beyond which triggering fades exponentially; None for the pure Omori-Utsu law.
    """

    mu: float
    k: float
    alpha: float
    c: float
    p: float
    magnitude_law: GutenbergRichter
    taper: float | None = None

    def __post_init__(self) -> None:
        for name in ("c", "p"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0.0):
                raise InputError(f"ETAS parameter {name} = {value} must be positive and finite")
        for name in ("mu", "k"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value >= 0.0):
                raise InputError(f"ETAS parameter {name} = {value} must be finite, not negative")
        if not np.isfinite(self.alpha):
            raise InputError(f"ETAS parameter alpha = {self.alpha} must be finite")
        if self.taper is not None and not (np.isfinite(self.taper) and self.taper > 0.0):
            raise InputError(
                f"ETAS taper = {self.taper} days must be positive and finite, or None for no taper"
            )

    @property
    def parameters(self) -> FloatArray:
        """(mu, k, alpha, c, p), and the taper if there is one."""
        five = [self.mu, self.k, self.alpha, self.c, self.p]
        return np.array(five if self.taper is None else [*five, self.taper])

    @property
    def _taper_rate(self) -> float:
        return 0.0 if self.taper is None else 1.0 / self.taper

    def branching_ratio(self, horizon: float) -> float:
        """Expected number of direct offspring of an event within ``horizon`` days.

        E[10^{alpha (m - Mc)}] k integral_0^horizon (x + c)^{-p} dx with m from the truncated
        Gutenberg-Richter law. It grows with the horizon, without bound for p <= 1.
        """
        mean_gain = self.magnitude_law.mean_productivity(self.alpha)
        return mean_gain * self.k * tapered_omori_integral(horizon, self.c, self.p, self.taper)

    def log_likelihood(self, sequence: EventSequence) -> float:
        """Nats over [score_from, end); linear time, relative error of each rate below 1e-8."""
        completeness, p_max = self.magnitude_law.completeness, max(self.p, 1.0)
        if self.taper is None:
            plain = LogLikelihood.of(sequence, completeness, c_min=self.c, p_max=p_max)
            return plain.evaluate(self.parameters).value
        tapered = WeightedLogLikelihood.of(
            sequence, self.magnitude_law, taper=True, c_min=self.c, p_max=p_max
        )
        return tapered.evaluate(self.parameters).value

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """lambda(t | events strictly before t), events/day, at each of ``times`` in the window."""
        queries = checked_times(times, sequence.start, sequence.end)
        rate, _ = self._sweep(sequence, queries, sequence.start)
        return self.mu + self.k * rate

    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Expected number of events from ``score_from`` to each of ``times``, given the past."""
        queries = checked_times(times, sequence.score_from, sequence.end)
        _, integral = self._sweep(sequence, queries, sequence.score_from)
        return self.mu * (queries - sequence.score_from) + self.k * integral

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
        """``n`` continuations of ``history`` over ``horizon`` days by branching simulation.

        See ``PointProcess.simulate`` and ``etas.simulation``.

        Raises
        ------
        InputError
            If a number is not positive, the history holds an event below completeness, or the
            branching ratio over the horizon is 1 or more and ``allow_supercritical`` is not set.

        Examples
        --------
        >>> model = ETAS(1.0, 0.02, 0.7, 0.01, 1.1, GutenbergRichter(2.5))
        >>> history = EventSequence([1.0, 4.0], [3.0, 6.5], start=0.0, end=4.1)
        >>> weeks = model.simulate(history, 7.0, 1000, seed=0)
        >>> weeks.n, weeks.start, weeks.end
        (1000, 4.1, 11.1)
        """
        check_simulation(horizon, n, seed, max_events, threads)
        ratio = self.branching_ratio(horizon)
        if ratio >= 1.0 and not allow_supercritical:
            raise InputError(
                f"branching ratio {ratio:.3f} over {horizon:g} days: each event triggers one or "
                "more, so that numbers explode; shorten the horizon, fit anew, or allow "
                "supercritical simulation (--allow-supercritical, allow_supercritical=True)"
            )
        return branching_trajectories(
            self.parameters,
            self.magnitude_law,
            history,
            horizon,
            n,
            seed=seed,
            max_events=max_events,
            threads=threads,
        )

    def fingerprint(self) -> str:
        """A hash of the parameters and of the magnitude law."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def _sweep(
        self, sequence: EventSequence, queries: FloatArray, origin: float
    ) -> tuple[FloatArray, FloatArray]:
        """Triggered rate and its integral from ``origin`` at ``queries``, in units of k."""
        excess = sequence.magnitude_excess(self.magnitude_law.completeness)
        quadrature = Quadrature.for_range(
            sequence.end - sequence.start, self.c, p_max=max(self.p, 1.0)
        )
        w, _, _ = quadrature.weights(self.c, self.p)
        asked = np.append(queries, origin)
        # Questions come first in the stable sort: an event doesn't see itself.
        stops = np.concatenate([asked, sequence.times])
        gains = np.concatenate([np.zeros(asked.size), np.exp(self.alpha * LN10 * excess)])
        order = np.argsort(stops, kind="stable")
        steps = np.diff(stops[order], prepend=stops[order[0]])
        rate, integral = sweep(
            steps,
            gains[order],
            quadrature.base,
            w,
            w / (quadrature.nodes + self._taper_rate),
            self._taper_rate,
        )
        back = np.empty(order.size, dtype=np.int64)
        back[order] = np.arange(order.size)
        here = back[: asked.size]
        return rate[here[:-1]], integral[here[:-1]] - integral[here[-1]]

    def to_json(self) -> dict[str, Any]:
        """Parameters and magnitude law as JSON types; no ``taper`` where there is none."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> ETAS:
        """The inverse of ``to_json``.

        Raises
        ------
        InputError
            If a parameter is missing or unknown.
        """
        try:
            law = GutenbergRichter(**record["magnitude_law"])
            return cls(**{**record, "magnitude_law": law})
        except (KeyError, TypeError) as error:
            raise InputError(
                f"these are not ETAS parameters ({error}): need mu, k, alpha, c, p, "
                "magnitude_law with completeness, b, maximum, and taper if there is one"
            ) from error
