"""The temporal ETAS model as a point process."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories
from catalogs.arguments import require_sequence
from catalogs.display import span
from catalogs.files import read_json, reading
from catalogs.magnitudes import LN10
from catalogs.process import (
    MAX_EVENTS,
    PointProcess,
    Seed,
    check_simulation,
    checked_times,
    without_gaps,
)
from catalogs.scalars import number
from catalogs.sequence import FloatArray
from etas.kernel import Quadrature, tapered_omori_integral
from etas.likelihood import LogLikelihood
from etas.simulation import branching_trajectories
from etas.weighted_likelihood import WeightedLogLikelihood

RANGES: Mapping[str, tuple[float, float]] = {
    "mu": (0.0, 1e15),
    "k": (0.0, 1e100),
    "alpha": (-100.0, 100.0),
    "c": (1e-12, 1e12),
    "p": (1e-6, 100.0),
    "taper": (1e-9, 1e15),
}
"""Far beyond the bounds of any fit (``etas.parameters``): draws from a wide law stay inside."""

LOG10_HIGHEST = 200.0
"""Decades of the rate at which the largest event begins to trigger: beyond, numbers overflow."""


@dataclass(frozen=True)
class ETAS(PointProcess):
    """Epidemic-type aftershock sequence (ETAS) in time.

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
        Law of magnitudes above completeness, used in simulation; its ``completeness`` is Mc.
    taper : float, optional
        Days beyond which triggering fades exponentially; None for the pure Omori-Utsu law.

    Raises
    ------
    InputError
        For a parameter that is no number, negative, not finite or out of range, and c, p or
        taper = 0.

    References
    ----------
    Ogata, Y. (1988). Statistical models for earthquake occurrences and residual analysis for point
    processes. J. Am. Stat. Assoc. 83, 9-27. doi:10.1080/01621459.1988.10478560

    Examples
    --------
    >>> model = ETAS(1.0, 0.02, 0.7, 0.01, 1.1, GutenbergRichter(2.5))
    >>> events = EventSequence([1.0, 4.0], [3.0, 6.5], start=0.0, end=5.0)
    >>> model.intensity(events, [0.5, 4.5]).round(2)
    array([ 1.  , 27.48])
    >>> model.compensator(events, 5.0).round(1)
    array([79.3])
    """

    mu: float
    k: float
    alpha: float
    c: float
    p: float
    magnitude_law: GutenbergRichter
    taper: float | None = None

    def __post_init__(self) -> None:
        for name, (low, high) in RANGES.items():
            if name == "taper" and self.taper is None:
                continue
            value = number(f"ETAS parameter {name}", getattr(self, name))
            if not (np.isfinite(value) and low <= value <= high):
                raise InputError(_out_of_range(name, value, low, high))
            object.__setattr__(self, name, value)
        law = self.magnitude_law
        growth = max(self.alpha, 0.0) * (law.maximum - law.completeness)
        if math.log10(self.k or 1.0) - self.p * math.log10(self.c) + growth > LOG10_HIGHEST:
            raise InputError(
                f"k = {self.k}, alpha = {self.alpha}, c = {self.c} and p = {self.p}: the largest "
                f"event would trigger 1e{LOG10_HIGHEST:.0f} events/day or more"
            )

    @property
    def parameters(self) -> FloatArray:
        """(mu, k, alpha, c, p[, taper]), shape (5,) or (6,)."""
        five = [self.mu, self.k, self.alpha, self.c, self.p]
        return np.array(five if self.taper is None else [*five, self.taper])

    @property
    def _taper_rate(self) -> float:
        return 0.0 if self.taper is None else 1.0 / self.taper

    def branching_ratio(self, horizon: float) -> float:
        """Expected number of direct offspring of an event within a horizon.

            n = E[10^{alpha (m - Mc)}] k integral_0^horizon (x + c)^{-p} dx

        with m from the truncated Gutenberg-Richter law. It grows with the horizon, without bound
        for p <= 1.

        Parameters
        ----------
        horizon : float
            Days.

        Returns
        -------
        float
            Dimensionless.
        """
        mean_gain = self.magnitude_law.mean_productivity(self.alpha)
        return mean_gain * self.k * tapered_omori_integral(horizon, self.c, self.p, self.taper)

    def log_likelihood(self, sequence: EventSequence) -> float:
        """Log-likelihood of the scored window, in nats.

        It takes linear time; the relative error of each rate is below 1e-8 for p from 0.35 to 4,
        and grows beyond: 1e-3 at p = 20.

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness, with their history.

        Returns
        -------
        float
            In nats.

        Raises
        ------
        InputError
            If an event is below completeness.
        """
        require_sequence(sequence)
        completeness, p_max = self.magnitude_law.completeness, max(self.p, 1.0)
        if self.taper is None:
            plain = LogLikelihood.of(sequence, completeness, c_min=self.c, p_max=p_max)
            return plain.evaluate(self.parameters).value
        tapered = WeightedLogLikelihood.of(
            sequence, self.magnitude_law, taper=True, c_min=self.c, p_max=p_max
        )
        return tapered.evaluate(self.parameters).value

    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Conditional intensity lambda(t | events strictly before t).

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness.
        times : array (time,)
            Days, within [start, end].

        Returns
        -------
        array (time,)
            Events/day.

        Raises
        ------
        InputError
            If a time is outside the window, or an event below completeness.
        """
        queries = checked_times(times, sequence.start, sequence.end)
        rate, _ = self._sweep(sequence, queries, sequence.start)
        return self.mu + self.k * rate

    @without_gaps
    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Compensator: the integral of the intensity from ``score_from`` to each of ``times``.

        Parameters
        ----------
        sequence : EventSequence
            Events above completeness.
        times : array (time,)
            Days, within [score_from, end].

        Returns
        -------
        array (time,)
            Expected numbers of events.

        Raises
        ------
        InputError
            If a time is outside the scored window, or an event below completeness.
        """
        queries = checked_times(times, sequence.score_from, sequence.end)
        _, triggered = self._sweep(sequence, queries, sequence.score_from)
        return self.mu * (queries - sequence.score_from) + self.k * triggered

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
        """Simulate ``n`` continuations of ``history`` as a branching process.

        Background events and the direct offspring of the history form the first generation, each
        event then has offspring of its own (Hawkes and Oakes 1974, doi:10.2307/3212693).

        Parameters
        ----------
        history : EventSequence
            Past events above completeness; simulation starts at its end.
        horizon : float
            Days.
        n : int
            Number of trajectories.
        seed : int or sequence of int
            Trajectory i is the same for any ``n`` > i and any number of threads.
        max_events : int
            A trajectory that exceeds it has no further generation and is listed in
            ``Trajectories.capped``.
        threads : int, optional
            By default one per core.
        allow_supercritical : bool
            Simulate although the branching ratio is 1 or more.

        Returns
        -------
        Trajectories
            The new events only.

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
        if not allow_supercritical:
            check_subcritical(self.branching_ratio(horizon), horizon)
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
        """Hash the parameters and the magnitude law.

        Returns
        -------
        str
            SHA-256, hexadecimal.
        """
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def _sweep(
        self, sequence: EventSequence, queries: FloatArray, origin: float
    ) -> tuple[FloatArray, FloatArray]:
        """Triggered rate and its integral from ``origin`` at ``queries``, in units of k."""
        require_sequence(sequence)
        excess = sequence.magnitude_excess(self.magnitude_law.completeness)
        gains = np.exp(self.alpha * LN10 * excess)
        return triggered(
            sequence, gains, queries, origin, c=self.c, p=self.p, taper_rate=self._taper_rate
        )

    def to_json(self) -> dict[str, Any]:
        """Convert to JSON types.

        Returns
        -------
        dict
            Parameters and ``magnitude_law``; no ``taper`` where there is none.
        """
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def from_json(cls, record: dict[str, Any]) -> ETAS:
        """Make a model from what ``to_json`` returned.

        Parameters
        ----------
        record : dict
            Parsed JSON.

        Returns
        -------
        ETAS
            The model.

        Raises
        ------
        InputError
            If a parameter is missing, unknown or impossible.
        """
        wrong = _misfit(record, cls)
        if not wrong:
            law = record["magnitude_law"]
            known = isinstance(law, dict)
            wrong = _misfit(law, GutenbergRichter) if known else "magnitude_law holds no fields"
        if not wrong:
            return cls(**{**record, "magnitude_law": GutenbergRichter(**law)})
        raise InputError(
            f"these are not ETAS parameters ({wrong}): need mu, k, alpha, c, p, "
            "magnitude_law with completeness, b, maximum, and taper if there is one"
        )

    @classmethod
    def load(cls, path: str | PathLike[str]) -> ETAS:
        """Read the model from a JSON file: a fit (etas.json), or the parameters alone.

        ``ETASFit.load`` reads all of a fit.

        Parameters
        ----------
        path : path
            The file.

        Returns
        -------
        ETAS
            The model.

        Raises
        ------
        InputError
            Naming the file, if it is missing, damaged or holds no ETAS model.
        """
        record = read_json(Path(path))
        with reading(Path(path)):
            return cls.from_json(record.get("model", record))


def _out_of_range(name: str, value: float, low: float, high: float) -> str:
    """Say what a parameter may be."""
    unit = {"mu": " events/day", "c": " days", "taper": " days"}.get(name, "")
    none = ", or None for no taper" if name == "taper" else ""
    signs = {"mu": "finite, not negative", "k": "finite, not negative", "alpha": "finite"}
    what = signs.get(name, "positive and finite")
    return f"ETAS parameter {name} = {value} must be {what}, {low:g} to {high:g}{unit}{none}"


def check_subcritical(ratio: float, horizon: float) -> None:
    """Raise an InputError for a branching ratio of 1 or more over ``horizon`` days."""
    if not ratio < 1.0:  # nor if it cannot be computed
        raise InputError(
            f"branching ratio {ratio:.3f} over {span(horizon)}: each event triggers one or more, "
            "so that numbers explode; shorten the horizon, refit, or use `allow_supercritical`"
        )


def supercritical(ratio: float) -> str:
    """What a branching ratio of 1 or more means, to be added to it; else empty."""
    if ratio < 1.0:
        return ""
    return (
        ": supercritical, each event triggers one or more: simulations that long would explode, "
        "and are refused; after a mainshock forecasts take 0.8. More events, or a prior, lower it"
    )


def triggered(
    sequence: EventSequence,
    gains: FloatArray,
    queries: FloatArray,
    origin: float,
    *,
    c: float,
    p: float,
    taper_rate: float = 0.0,
) -> tuple[FloatArray, FloatArray]:
    """sum_{t_j < t} g_j (t - t_j + c)^{-p} and its integral from ``origin``, at ``queries``.

    In linear time; with a taper each term fades by e^{-taper_rate (t - t_j)} besides.
    """
    from etas.recursion import sweep

    quadrature = Quadrature.for_range(sequence.end - sequence.start, c, p_max=max(p, 1.0))
    w, _, _ = quadrature.weights(c, p)
    asked = np.append(queries, origin)
    # Questions come first in the stable sort: an event doesn't see itself.
    stops = np.concatenate([asked, sequence.times])
    order = np.argsort(stops, kind="stable")
    steps = np.diff(stops[order], prepend=stops[order[0]])
    rate, integral = sweep(
        steps,
        np.concatenate([np.zeros(asked.size), gains])[order],
        quadrature.base,
        w,
        w / (quadrature.nodes + taper_rate),
        taper_rate,
    )
    back = np.empty(order.size, dtype=np.int64)
    back[order] = np.arange(order.size)
    here = back[: asked.size]
    return rate[here[:-1]], integral[here[:-1]] - integral[here[-1]]


def shorter_or_other(process: PointProcess, horizon: float) -> str:
    """What to do about a branching ratio of 1 or more over ``horizon`` days, for messages."""
    shorter = (horizon * 0.9**i for i in range(1, 100))
    longest = next((d for d in shorter if (process.branching_ratio(d) or 0.0) < 1.0), None)
    # Rounded, but below the limit
    less = "" if longest is None else f"set `days` to {0.95 * longest:.2g} or less, or "
    return f"{less}use another `model`"


def _misfit(record: dict[str, Any], cls: type) -> str:
    """Fields that a record lacks, or else those that it should not have; empty if it fits."""
    names = {field.name: field.default is MISSING for field in fields(cls)}
    if missing := [name for name, needed in names.items() if needed and name not in record]:
        return f"no {', '.join(missing)}"
    if unknown := [name for name in record if name not in names]:
        return f"unknown: {', '.join(unknown)}"
    return ""
