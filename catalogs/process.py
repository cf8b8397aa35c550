"""The one interface that every model of event times satisfies."""

from __future__ import annotations

import functools
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import ArrayLike

from catalogs.errors import InputError
from catalogs.magnitudes import GutenbergRichter
from catalogs.marks import FixedMagnitudes, MarkLaw
from catalogs.scalars import check_seed, number
from catalogs.sequence import EventSequence, FloatArray
from catalogs.trajectories import Trajectories

Seed = int | Sequence[int]
"""What numpy's SeedSequence takes: numbers of 0 or more."""

MAX_EVENTS = 1_000_000
"""Default cap on a trajectory: more events than any catalog that a model is fitted to."""

LONGEST_DAYS, MOST_TRAJECTORIES = 1e9, 100_000_000
"""Of a simulation: three million years, and a hundred times what any test of a forecast needs."""

MOST_IN_ALL = 1e9
"""Events of all trajectories together: 16 GB of times and magnitudes."""

BRACKET, ROUNDS = 257, 4
"""Points at which the compensator is inverted, and how often: to 256^-4 of the horizon, and by the
straight line between two points from there."""


class PointProcess(ABC):
    """A process of event times, given the past times and magnitudes.

    With the conditional intensity lambda(t | H_t) in events/day, the log-likelihood of a
    sequence in nats is

        log L = sum_{score_from <= t_i < end} log lambda(t_i | H_{t_i})
                - integral_{score_from}^{end} lambda(t | H_t) dt

    (Daley and Vere-Jones 2003, proposition 7.2.III). The integral leaves out the gaps of the
    sequence, in which nothing was recorded; for one that does not, there is ``without_gaps``. A
    process gives its intensity and its compensator; everything else follows from these two, and a
    process that knows a faster way overrides it. Fitting is not part of it.

    Examples
    --------
    >>> class Clock(PointProcess):  # twice as busy on the first half of each day
    ...     magnitude_law = GutenbergRichter(2.0)
    ...
    ...     def intensity(self, sequence, times):
    ...         return np.where(checked_times(times, sequence.start, sequence.end) % 1 < 0.5, 4, 2)
    ...
    ...     @without_gaps
    ...     def compensator(self, sequence, times):
    ...         days, part = np.divmod(np.append(times, sequence.score_from), 1.0)
    ...         done = 3 * days + 2 * part + 2 * np.minimum(part, 0.5)
    ...         return done[:-1] - done[-1]
    >>> Clock().log_likelihood(EventSequence([0.1, 1.7], [2.5, 3.0], 0.0, 2.0)) # ln 4 + ln 2 - 6
    -3.9205584583201643
    >>> float(Clock().simulate(EventSequence.nothing(), 10.0, 100, seed=0).counts.mean())
    29.72
    """

    magnitude_law: GutenbergRichter
    """What magnitudes of simulated events are drawn from."""

    @abstractmethod
    def intensity(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Conditional intensity lambda(t | events strictly before t).

        Parameters
        ----------
        sequence : EventSequence
            The events, with their history.
        times : array (time,)
            Days, within [start, end].

        Returns
        -------
        array (time,)
            Events/day.
        """

    @abstractmethod
    def compensator(self, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        """Compensator: the integral of the intensity from ``score_from`` to each of ``times``.

        Nothing is expected where nothing was recorded: it does not grow in
        ``sequence.scored_gaps``. ``@without_gaps`` above it sees to that.

        Parameters
        ----------
        sequence : EventSequence
            The events, with their history.
        times : array (time,)
            Days, within [score_from, end].

        Returns
        -------
        array (time,)
            Expected numbers of events.
        """

    def log_likelihood(self, sequence: EventSequence) -> float:
        """Log-likelihood of the scored window, its censored head and tail included.

        Parameters
        ----------
        sequence : EventSequence
            The events, with their history.

        Returns
        -------
        float
            In nats.
        """
        times = sequence.times[sequence.first_scored :]
        logs = np.log(self.intensity(sequence, times)).sum() if times.size else 0.0
        return float(logs - self.compensator(sequence, np.array([sequence.end]))[0])

    @property
    def marks(self) -> Mapping[str, MarkLaw]:
        """Laws of the marks by name; by default fixed magnitudes."""
        return {FixedMagnitudes.name: FixedMagnitudes(self.magnitude_law)}

    def simulate(
        self,
        history: Any,
        horizon: float,
        n: int,
        *,
        seed: Seed,
        max_events: int = MAX_EVENTS,
        threads: int | None = None,
        allow_supercritical: bool = False,  # noqa: ARG002 - no branching ratio is known here
    ) -> Trajectories:
        """Draw ``n`` continuations of ``history`` on [history.end, history.end + horizon).

        By default times are drawn by inversion: between events the compensator grows by Exp(1)
        (Daley and Vere-Jones 2003, algorithm 7.4.III). Each event takes one pass over the whole
        history, so processes that are simulated often override this.

        Parameters
        ----------
        history : EventSequence, or an element of ``histories``
            What happened before.
        horizon : float
            Days.
        n : int
            Number of trajectories.
        seed : int or sequence of int
            The same seed gives the same trajectories on any number of threads.
        max_events : int
            A trajectory with more is cut off there and listed in ``Trajectories.capped``.
        threads : int, optional
            By default one per core; the result does not depend on it.
        allow_supercritical : bool
            Simulate even if each event triggers one or more on average.

        Returns
        -------
        Trajectories
            The new events only.

        Raises
        ------
        InputError
            If a number is not positive, the seed is negative, or the process is supercritical.
        """
        check_simulation(horizon, n, seed, max_events, threads)
        streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(n)]
        drawn = [self._continued(history, horizon, max_events, rng) for rng in streams]
        return Trajectories.of_sequences(drawn, max_events)

    def _continued(
        self, history: EventSequence, horizon: float, most: int, rng: np.random.Generator
    ) -> EventSequence:
        """One trajectory of at most ``most`` + 1 events, the new events only."""
        begin, end = history.end, history.end + horizon
        times, magnitudes, now = history.times, history.magnitudes, begin
        while times.size - len(history) <= most:
            known = EventSequence(times, magnitudes, history.start, end, score_from=now)
            due = rng.exponential()
            if self.compensator(known, np.array([end]))[0] <= due:
                break
            low, high = now, end
            for _ in range(ROUNDS):
                grid = np.linspace(low, high, BRACKET)
                value = self.compensator(known, grid)
                i = int(np.clip(np.searchsorted(value, due), 1, BRACKET - 1))
                low, high = float(grid[i - 1]), float(grid[i])
            rise = value[i] - value[i - 1]
            share = (due - value[i - 1]) / rise if rise > 0.0 else 1.0
            now = max(low + share * (high - low), np.nextafter(now, end))
            if now >= end:
                break
            times = np.append(times, now)
            magnitudes = np.append(magnitudes, self.magnitude_law.sample(1, rng))
        new = slice(len(history), None)
        return EventSequence(times[new], magnitudes[new], begin, end)

    def sample(
        self,
        history: EventSequence,
        horizon: float,
        n: int,
        *,
        seed: Seed,
        max_events: int = MAX_EVENTS,
        threads: int | None = None,
        allow_supercritical: bool = False,
    ) -> list[EventSequence]:
        """Draw continuations as ``simulate`` does, one sequence per trajectory.

        Parameters
        ----------
        history : EventSequence
            What happened before.
        horizon : float
            Days.
        n : int
            Number of trajectories.
        seed : int or sequence of int
            See ``simulate``, as for the following.
        max_events : int
            Cap on a trajectory.
        threads : int, optional
            By default one per core.
        allow_supercritical : bool
            Simulate even if each event triggers one or more on average.

        Returns
        -------
        list of EventSequence
            The new events only; ``history.followed_by(sample)`` joins them.

        Raises
        ------
        InputError
            As ``simulate`` does.
        """
        return self.simulate(
            history,
            horizon,
            n,
            seed=seed,
            max_events=max_events,
            threads=threads,
            allow_supercritical=allow_supercritical,
        ).sequences()

    def histories(self, sequence: EventSequence, times: Sequence[float]) -> Sequence[Any]:
        """Return what ``simulate`` needs of the past at each of ``times``.

        By default the events themselves. A process that summarises its past in a few numbers
        returns those, from one pass over the events.

        Parameters
        ----------
        sequence : EventSequence
            The events.
        times : sequence of float
            Days, ascending.

        Returns
        -------
        sequence
            One ``history`` for ``simulate`` per time, of the events strictly before it.
        """
        return Histories(sequence, tuple(times))

    def branching_ratio(self, horizon: float) -> float | None:  # noqa: ARG002 - not known here
        """Mean number of direct offspring of an event within a horizon.

        Parameters
        ----------
        horizon : float
            Days.

        Returns
        -------
        float or None
            None if the process has no branching ratio.
        """
        return None

    def with_fixed_magnitudes(self) -> PointProcess:
        """Return the process with magnitudes drawn from ``magnitude_law``, the default.

        Returns
        -------
        PointProcess
            The same process for all but nets with a magnitude head.
        """
        return self

    def on_device(self, device: str) -> PointProcess:
        """Return the process, simulated on another device.

        Parameters
        ----------
        device : str
            As torch names it: "cpu", "cuda".

        Returns
        -------
        PointProcess
            The same process otherwise.

        Raises
        ------
        InputError
            If the process is simulated on the CPU only.
        """
        if device != "cpu":
            raise InputError(f"{type(self).__name__} is simulated on the CPU only, not on {device}")
        return self

    def fingerprint(self) -> str:
        """Hash everything that simulated numbers depend on; a resumed run checks it.

        Returns
        -------
        str
            SHA-256, hexadecimal.
        """
        return hashlib.sha256(_content(self)).hexdigest()


@dataclass(frozen=True, eq=False)
class Histories(Sequence[EventSequence]):
    """The events before each of ``times``, cut on access: they are kept and sent once."""

    sequence: EventSequence
    times: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, i: Any) -> Any:
        return self.sequence.before(self.times[i])


def _content(value: Any) -> bytes:
    """Serialise an object: its class and attributes, arrays in full."""
    if isinstance(value, np.ndarray):
        return repr((value.dtype, value.shape)).encode() + value.tobytes()
    if isinstance(value, list | tuple):
        return b"(" + b",".join(map(_content, value)) + b")"
    if isinstance(value, Mapping):
        return _content([part for item in value.items() for part in item])
    if hasattr(value, "__dict__") and not isinstance(value, type):
        return type(value).__qualname__.encode() + _content(vars(value))
    return repr(value).encode()


Compensator = TypeVar("Compensator", bound=Callable[..., FloatArray])


def without_gaps(compensator: Compensator) -> Compensator:
    """Decorate a compensator that knows of no gaps, so that it does not grow in them.

    It is asked at the ends of each scored gap, too, and what it grows by in between is taken off.
    One that does not grow there stays as it is: to decorate twice changes nothing.

    Parameters
    ----------
    compensator : method of a PointProcess
        The integral of the intensity from ``score_from`` to each time, gaps or not.

    Returns
    -------
    method of a PointProcess
        The integral of the intensity over what was recorded: see ``PointProcess.compensator``.

    Raises
    ------
    InputError
        When it is asked for times in more than one dimension.

    Examples
    --------
    >>> class Steady(PointProcess):  # two a day
    ...     magnitude_law = GutenbergRichter(2.0)
    ...
    ...     def intensity(self, sequence, times):
    ...         return np.full(len(times), 2.0)
    ...
    ...     @without_gaps
    ...     def compensator(self, sequence, times):
    ...         return 2.0 * (np.asarray(times) - sequence.score_from)
    >>> week = EventSequence([0.5], [3.0], start=0.0, end=7.0, gaps=[(2.0, 5.0)])
    >>> Steady().compensator(week, [1.0, 2.0, 4.0, 5.0, 7.0])
    array([2., 4., 4., 4., 8.])
    """

    @functools.wraps(compensator)
    def flat(process: PointProcess, sequence: EventSequence, times: ArrayLike) -> FloatArray:
        edges = np.array(sequence.scored_gaps).ravel()  # begin, end, begin, end, ...
        queries = np.atleast_1d(np.asarray(times, dtype=np.float64))
        if queries.ndim > 1:
            raise InputError(f"times have shape {queries.shape}: give them in one dimension")
        if not edges.size:
            return compensator(process, sequence, queries)
        passed = np.searchsorted(edges, queries, side="right")
        recorded = np.where(passed % 2 == 1, edges[passed - 1], queries)  # a gap at its beginning
        values = compensator(process, sequence, np.concatenate([recorded, edges]))
        grown = np.diff(values[queries.size :])[::2]  # in each gap
        lost = np.append(0.0, np.cumsum(grown))
        return np.asarray(values[: queries.size] - lost[passed // 2])

    return cast(Compensator, flat)


def check_simulation(
    horizon: float, n: int, seed: Seed, max_events: int, threads: int | None
) -> None:
    """Raise an InputError for a request that no process can simulate."""
    horizon = number("horizon", horizon)
    if not isinstance(n, Integral):
        raise InputError(f"n = {n!r:.40} is no whole number: give one")
    if not (np.isfinite(horizon) and horizon > 0.0) or n < 1:
        raise InputError(f"horizon = {horizon} days and n = {n} must be positive")
    if horizon > LONGEST_DAYS or n > MOST_TRAJECTORIES:
        raise InputError(
            f"horizon = {horizon:g} days and n = {n:,}: give at most {LONGEST_DAYS:g} days and "
            f"{MOST_TRAJECTORIES:,} trajectories"
        )
    if max_events < 1 or (threads is not None and threads < 1):
        raise InputError(f"max_events = {max_events} and threads = {threads} must be positive")
    check_seed(seed)


def check_expected(expected: float, n: int, max_events: int, why: str) -> None:
    """Refuse a simulation whose first events alone would not fit into memory.

    Parameters
    ----------
    expected : float
        Events that a trajectory has at least on average, such as those of the background.
    n : int
        Number of trajectories.
    max_events : int
        The cap on a trajectory, which stops cascades, not what comes before them.
    why : str
        What they are of, for the message.

    Raises
    ------
    InputError
        If they are more than ten times the cap and its default, or 10^9 in all.
    """
    most = 10.0 * max(max_events, MAX_EVENTS)
    if not (expected <= most and expected * n <= MOST_IN_ALL):
        raise InputError(
            f"{why}: {expected:.3g} events in each of {n:,} simulations, where {most:g} and "
            f"{MOST_IN_ALL:g} in all can be kept: lower the rate, or simulate less (`days`, "
            "`samples`)"
        )


def checked_times(times: ArrayLike, lowest: float, highest: float) -> FloatArray:
    """Query times as a float64 vector.

    Raises
    ------
    InputError
        If one lies outside [lowest, highest], or they are in more than one dimension.
    """
    queries = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if queries.ndim > 1:
        raise InputError(f"times have shape {queries.shape}: give them in one dimension")
    bad = np.flatnonzero(~((queries >= lowest) & (queries <= highest)))
    if bad.size:
        raise InputError(
            f"times[{bad[0]}] = {queries[bad[0]]} is outside [{lowest}, {highest}]: the process "
            "is known there only"
        )
    return queries
