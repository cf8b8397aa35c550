"""Forecasts after a mainshock, corrected by its own aftershocks and by past errors.

ETAS gives every sequence the productivity and decay of the average one, and forecasts that are too
sure. After a mainshock its numbers are therefore multiplied by a random factor, whose law
was learned from how far such forecasts of past sequences were off (``experiments/aftershocks.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from catalogs import EventSequence, GutenbergRichter, InputError, PointProcess, Trajectories
from catalogs.json_records import Record
from catalogs.sequence import FloatArray, reaches
from etas.model import ETAS
from etas.omori import GENERIC, REGIMES, OmoriPrior, OmoriSequence, Regime, draw_aftershocks
from recast.forecast.mainshocks import current_mainshock

LEARNED = Path(__file__).parent / "correction.json"

EARLIEST, LATEST = 0.5, 30.0 * 24.0
"""Hours after a mainshock, beyond which the law of the factor stays what it is there."""

LARGE = 0.6
"""Simulated events so much below the mainshock of their sequence, or larger, have aftershocks as
mainshocks have: half of them those of past sequences, half those of a tectonic regime. Of 0, 0.3,
0.6, 1 and 1.5 one with which past sequences are forecast best
(``experiments/large_sequences.py``)."""

MOST_BRANCHING = 0.8
"""Branching ratio of the simulations whose numbers are multiplied, at most. That of whole regions
is 0.7 over a month. A sequence alone looks like more, and would make most of its numbers, which
are corrected anyway: here only their shape matters."""

UNIT_LOGISTIC = float(np.sqrt(3.0) / np.pi)
"""Scale of the logistic law of variance 1."""

HALF = 0.5
"""Added to numbers of events before logarithms are taken."""


@dataclass(frozen=True)
class Learned(Record):
    """What past sequences taught: the Omori prior, and the law of the factor.

    With w the length of the window and h the time since the mainshock in days, n the events since
    then, and E and N the median numbers of events in the window by ETAS and by the Omori law of the
    sequence (``etas.omori``),

        ln(factor) = ln N - ln E + shift . (1, ln w / ln 30, ln E - ln N)
                     + exp(spread . (1, ln h / 3, ln(n + 5) / 5 - 1)) Z

    with a Z for every simulated catalog that is logistic, with mean 0 and variance 1: large errors
    are more frequent than by a normal law.
    """

    prior: OmoriPrior
    shift: tuple[float, float, float]
    spread: tuple[float, float, float]
    sequences: dict[str, int]
    """Mainshocks that it was learned from, by catalog."""

    command: str
    """What made the file."""


@cache
def learned() -> Learned:
    """Read what comes with the package."""
    return Learned.load(LEARNED)


@dataclass(frozen=True, eq=False)
class Correction:
    """The law of the factor by which numbers of events in one window are multiplied."""

    shift: float
    """Median of ln(factor)."""

    spread: float
    """Standard deviation of ln(factor)."""

    large: float
    """Magnitude from which an event of the sequence has aftershocks as its mainshock has."""

    share: float
    """Of the sequence among the events of the window."""

    priors: tuple[OmoriPrior, ...]
    """Of what large events trigger, each as often."""

    law: GutenbergRichter

    def apply(
        self, drawn: Trajectories, n: int, rng: np.random.Generator, max_events: int
    ) -> Trajectories:
        """Multiply the numbers of events, and add the aftershocks of large ones.

        A trajectory whose factor is f becomes the events of f trajectories of a block: of whole
        ones, and of one more a random part. So factors keep what belongs together.

        Parameters
        ----------
        drawn : Trajectories
            A block.
        n : int
            Number of trajectories to return, the first of the block.
        rng : numpy.random.Generator
            Source of randomness.
        max_events : int
            A trajectory with more is cut off there.
        """
        several = multiplied(drawn, self.shift, self.spread, rng)
        return cut(self.with_aftershocks(several, rng), n, max_events)

    def with_aftershocks(self, drawn: Trajectories, rng: np.random.Generator) -> Trajectories:
        """Add those of large events if they are of the sequence, with probability ``share``.

        They have no places, so that none are kept.
        """
        larger = reaches(drawn.magnitudes, self.large)
        larger &= rng.random(larger.size) < self.share
        if not larger.any():
            return replace(drawn, locations=None)
        start, excess = drawn.times[larger], drawn.magnitudes[larger] - self.law.completeness
        which, delays = draw_aftershocks(self.priors, excess, drawn.end - start, rng)
        times = np.minimum(start[which] + delays, np.nextafter(drawn.end, 0.0))
        magnitudes = self.law.sample(times.size, rng)
        return replace(
            drawn,
            trajectory=np.concatenate([drawn.trajectory, drawn.trajectory[larger][which]]),
            times=np.concatenate([drawn.times, times]),
            magnitudes=np.concatenate([drawn.magnitudes, magnitudes]),
            locations=None,
        )


def multiplied(
    drawn: Trajectories, shift: float, spread: float, rng: np.random.Generator
) -> Trajectories:
    """Trajectories with numbers of events times factors: ln(factor) = shift + spread Z.

    Z is logistic, with mean 0 and variance 1, one for each trajectory.
    """
    errors = rng.logistic(scale=UNIT_LOGISTIC, size=drawn.n)
    return scaled(drawn, np.exp(shift + spread * errors), rng)


def scaled(drawn: Trajectories, factors: FloatArray, rng: np.random.Generator) -> Trajectories:
    """Multiply the numbers of events of a block: events of trajectory i, i + 1, ... until it is.

    The last of them gives each of its events with the probability that is left of the factor. The
    trajectories are a ring; more than all of them are not given.

    Examples
    --------
    >>> one = EventSequence([0.5], [3.0], 0.0, 1.0)
    >>> drawn = Trajectories.of_sequences([one, replace(one, times=[0.25])])
    >>> scaled(drawn, np.array([1.0, 2.0]), np.random.default_rng(0)).counts
    array([1, 2])
    """
    n, edges = drawn.n, drawn.edges
    whole = np.floor(np.minimum(factors, n)).astype(np.int64)
    rest = np.minimum(factors, n) - whole
    own = np.arange(n)
    target, chosen, capped = [], [], np.zeros(n, dtype=np.bool_)
    cut_off = np.zeros(n, dtype=np.bool_)
    cut_off[drawn.capped] = True
    for i in range(int(whole.max(initial=0)) + 1):
        use = np.flatnonzero((whole > i) | ((whole == i) & (rest > 0.0)))
        source = (own[use] + i) % n
        sizes = edges[source + 1] - edges[source]
        events = np.repeat(edges[source] - np.cumsum(sizes) + sizes, sizes) + np.arange(sizes.sum())
        share = np.repeat(np.where(whole[use] > i, 1.0, rest[use]), sizes)
        kept = np.flatnonzero(rng.random(events.size) < share)
        target.append(np.repeat(use, sizes)[kept])
        chosen.append(events[kept])
        capped[use] |= cut_off[source]
    picked = np.concatenate(chosen)
    return replace(
        drawn,
        trajectory=np.concatenate(target),
        times=drawn.times[picked],
        magnitudes=drawn.magnitudes[picked],
        locations=None if drawn.locations is None else drawn.locations[picked],
        capped=np.flatnonzero(capped),
    )


def cut(drawn: Trajectories, n: int, max_events: int) -> Trajectories:
    """The first ``n`` trajectories, those of more than ``max_events`` in order and cut off there.

    Where there are none, events stay in the order, or disorder, they were in.
    """
    if n == drawn.n and drawn.counts.max(initial=0) <= max_events:
        return drawn
    ordered = drawn.sorted()
    edges = ordered.edges
    capped = np.union1d(drawn.capped, np.flatnonzero(np.diff(edges) > max_events))
    whole = replace(ordered, n=n, capped=capped[capped < n])
    position = np.arange(ordered.times.size) - edges[ordered.trajectory]
    kept = (position < max_events) & (ordered.trajectory < n)
    return replace(
        whole,
        trajectory=ordered.trajectory[kept],
        times=ordered.times[kept],
        magnitudes=ordered.magnitudes[kept],
        locations=None if ordered.locations is None else ordered.locations[kept],
    ).distinct()


@dataclass(frozen=True, eq=False)
class SequenceForecast:
    """What is known of the sequence under way: corrects the forecast of any window."""

    time: float
    """Of the mainshock, in days since the catalog's start."""

    magnitude: float
    omori: OmoriSequence
    learned: Learned

    priors: tuple[OmoriPrior, ...]
    """Of what large events still to come trigger. The one of ``learned`` expects too little from
    M >= Mc + 4 on and too much below, as its sequences were chosen by their aftershocks, the one of
    the tectonic regime too little where one active sequence follows another."""

    @classmethod
    def of(
        cls,
        process: PointProcess,
        history: EventSequence,
        mainshock: int,
        known: Learned,
        lowest: float | None = None,
        until: float | None = None,
        regime: str | None = None,
    ) -> SequenceForecast:
        """Compute the Omori law of the sequence of one event of ``history``.

        Of its aftershocks those at or above ``lowest`` count that came ``until`` some day, by
        default all until now. Of large events still to come half have the prior of a tectonic
        ``regime``, by default the shallow continental crust.
        """
        time, magnitude = float(history.times[mainshock]), float(history.magnitudes[mainshock])
        told = history if until is None else history.before(until)
        omori = OmoriSequence.of(process, told, time, magnitude, known.prior, lowest)
        generic = regime_of(regime or GENERIC).prior(known.prior)
        return cls(time, magnitude, omori.at(history.end), known, (known.prior, generic))

    def features(
        self, days: float, expected: float, counts: FloatArray
    ) -> tuple[float, FloatArray, FloatArray]:
        """ln N - ln E, and what shift and spread depend on, for one window.

        ``expected`` is the number by the Omori law, ``counts`` are those of simulated catalogs,
        (trajectory,).
        """
        own = float(np.log(expected + HALF))
        base = float(np.median(np.log(counts + HALF)))
        hours = np.clip(24.0 * self.omori.elapsed, EARLIEST, LATEST)
        window, lead = np.log(days) / np.log(30.0), np.log(hours / 24.0) / 3.0
        size = np.log(self.omori.n_events + 5.0) / 5.0 - 1.0
        return (
            own - base,
            np.array([1.0, window, base - own]),
            np.array([1.0, lead, size]),
        )

    def correction(self, days: float, counts: FloatArray, law: GutenbergRichter) -> Correction:
        """Return the law of the factor over one window."""
        expected, quiet = self.omori.expected(days)
        ratio, shift, spread = self.features(days, expected, counts)
        return Correction(
            ratio + float(shift @ np.array(self.learned.shift)),
            float(np.exp(spread @ np.array(self.learned.spread))),
            self.magnitude - LARGE,
            1.0 - min(quiet / expected, 1.0),
            self.priors,
            law,
        )


def under_way(
    processes: Sequence[PointProcess], history: EventSequence, regime: str | None = None
) -> SequenceForecast | None:
    """Return what is known of the sequence at the end of a history, where forecasts use it.

    That is after a mainshock, and for ETAS: what was learned, was learned of its errors. The
    productivity and decay that mainshocks have in common may be those of a tectonic ``regime``.
    """
    known = learned()
    if regime is not None:
        known = replace(known, prior=regime_of(regime).prior(known.prior))
    if not all(isinstance(process, ETAS) for process in processes):
        return None
    shock = current_mainshock(history, processes[0].magnitude_law.completeness)
    if shock is None:
        return None
    return SequenceForecast.of(processes[0], history, shock, known, regime=regime)


def regime_of(name: str) -> Regime:
    """Return a tectonic regime by its name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if name not in REGIMES:
        raise InputError(f"no `regime` {name!r}: {', '.join(REGIMES)}")
    return REGIMES[name]


def subcritical(process: PointProcess, days: float) -> PointProcess:
    """Lower the productivity of ETAS whose branching ratio over a window is above 0.8."""
    ratio = process.branching_ratio(days)
    if not isinstance(process, ETAS) or ratio is None or ratio <= MOST_BRANCHING:
        return process
    return replace(process, k=process.k * MOST_BRANCHING / ratio)
