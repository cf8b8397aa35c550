"""Forecasts in the first hours after a mainshock, and after one of few aftershocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from catalogs import EventSequence, GutenbergRichter, PointProcess, Trajectories
from catalogs.sequence import FloatArray
from etas.kernel import inverse_omori, omori_integral
from etas.model import ETAS
from etas.omori import GENERIC
from recast.forecast.blocks import BLOCK
from recast.forecast.complete import STEP, highest_completeness, recorded_from, recorded_steps
from recast.forecast.correction import (
    LARGE,
    Correction,
    Learned,
    SequenceForecast,
    cut,
    learned,
    regime_of,
)
from recast.forecast.mainshocks import (
    FEWEST_IN_A_DAY,
    current_mainshock,
    is_early,
)
from recast.forecast.single import FEWEST_BEFORE_CAP, TIMES_EXPECTED, Request, stream

USUAL_C = 0.05
"""Days, of the Omori law: by it the time that a sequence was known is weighed."""

OMORI = 5
"""Random numbers of these windows, apart from those of other simulations with the same seed."""


@dataclass(frozen=True, eq=False)
class OmoriWindow:
    """One window, drawn from the Omori law of the sequence and what past sequences say of it.

    For each simulated catalog (K, c, p) are drawn from the posterior of ``OmoriSequence``, which is
    its prior where no aftershock is known yet; then a Poisson number of events in the window, with
    those that the events before the mainshock still cause. Events nearly as large as the mainshock
    have aftershocks of their own.
    """

    days: float
    sequence: SequenceForecast
    correction: Correction
    """Gives large events their aftershocks; its factor is not used."""

    expected: float
    quiet: float
    most: int | None = None
    """Events at which a simulated catalog is cut off, if not at the default."""

    recorded: bool = False
    """Whether events that networks miss after the mainshock are left out."""

    lowest: float = -np.inf
    """Magnitude below which they are left out too."""

    key: int = OMORI
    """Keeps random numbers apart from those of other windows with the same seed."""

    @property
    def steps(self) -> tuple[FloatArray, FloatArray]:
        """Between which days from now events are drawn, and from which magnitude on."""
        base = max(self.correction.law.completeness, self.lowest)
        elapsed = self.sequence.omori.elapsed
        if not self.recorded:
            return np.array([0.0, self.days]), np.array([base])
        stop = elapsed + self.days
        edges, levels = recorded_steps(self.sequence.magnitude, elapsed, stop, base)
        return np.append(edges[:-1] - elapsed, self.days), levels

    @classmethod
    def of(
        cls,
        sequence: SequenceForecast,
        days: float,
        *,
        most: int | None = None,
        recorded: bool = False,
    ) -> OmoriWindow:
        """Prepare one window."""
        expected, quiet = (n / sequence.omori.share for n in sequence.omori.expected(days))
        correction = Correction(
            shift=0.0,
            spread=0.0,
            large=sequence.magnitude - LARGE,
            share=1.0 - min(quiet / expected, 1.0),
            priors=sequence.priors,
            law=sequence.omori.process.magnitude_law,
        )
        return cls(days, sequence, correction, expected, quiet, most, recorded)

    @property
    def complete_from(self) -> float:
        """Magnitude from which all of its events are drawn."""
        return float(self.steps[1].max())

    @property
    def processes(self) -> tuple[PointProcess, ...]:
        """Gives what the events before the mainshock still cause, and magnitudes."""
        return (self.sequence.omori.process,)

    @property
    def adjusted(self) -> dict[str, Any]:
        """What past sequences say of the Omori law."""
        return self.sequence.learned.prior.to_json()

    @property
    def max_events(self) -> int:
        """Events at which a simulated catalog is cut off."""
        return self.most or max(FEWEST_BEFORE_CAP, round(TIMES_EXPECTED * self.expected))

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        """Draw one block of the ``n`` trajectories, whose events are in no order."""
        size = min(BLOCK, n - block * BLOCK)
        rng = np.random.default_rng([seed, stream(self.days), block, self.key])
        omori, law = self.sequence.omori, self.correction.law
        now = omori.before.end
        edges, levels = self.steps
        above = law.share_above(levels)
        k, c, p = (parameter[:, None] for parameter in omori.draw(size, rng))
        since = c + omori.elapsed  # the law goes on from here
        means = k * omori_integral(edges[:-1], edges[1:], since, p) * above / omori.share
        own, others = rng.poisson(means), rng.poisson(self.quiet, size)
        total, most = own.sum(axis=1, keepdims=True), 2 * self.max_events
        over = total > most  # a few more are drawn than it is cut off at
        own = np.where(over, own * most // np.maximum(total, 1), own)
        who, step = (np.repeat(index.ravel(), own.ravel()) for index in np.indices(own.shape))
        begin, length = edges[step], np.diff(edges)[step]
        u = rng.random(step.size)
        delays = begin + inverse_omori(u, length, since[who, 0] + begin, p[who, 0])
        delays = np.concatenate([delays, self.days * rng.random(others.sum())])
        share = np.concatenate([above[step], np.ones(others.sum())])
        drawn = Trajectories(
            np.concatenate([who, np.repeat(np.arange(size), others)]),
            np.minimum(now + delays, np.nextafter(now + self.days, 0.0)),
            law.inverse_cdf(1.0 - share * (1.0 - rng.random(share.size))),
            size,
            now,
            now + self.days,
            np.flatnonzero(over),
        )
        whole = self._seen(self.correction.with_aftershocks(drawn, rng))
        over = whole.counts.max(initial=0) > self.max_events
        return cut(whole, size, self.max_events) if over else whole

    def _seen(self, drawn: Trajectories) -> Trajectories:
        """The events that will be recorded."""
        if not self.recorded:
            return drawn
        least = recorded_from(self.sequence.magnitude, drawn.times - self.sequence.time)
        seen = drawn.magnitudes >= least
        return replace(
            drawn,
            trajectory=drawn.trajectory[seen],
            times=drawn.times[seen],
            magnitudes=drawn.magnitudes[seen],
        )


def recorded_sequence(
    processes: Sequence[PointProcess],
    history: EventSequence,
    shock: int,
    regime: str | None,
    magnitudes: GutenbergRichter | None,
) -> SequenceForecast | None:
    """The sequence of a mainshock, from the events that networks do not miss; None but for ETAS.

    Those count that are above what the mainshock hides (``raised_completeness``). In the first
    minutes there may be none, and what is known is what past sequences of a tectonic ``regime``
    did, by default the shallow continental crust. How many smaller events there are with those that
    count is told by the law of ``magnitudes``, by default that of the first process.
    """
    process = processes[0]
    if not isinstance(process, ETAS) or not all(isinstance(one, ETAS) for one in processes):
        return None
    law = magnitudes or process.magnitude_law
    until, lowest = most_telling(history, shock, law)
    past, process = generic(regime), in_law(process, law)
    return SequenceForecast.of(process, history, shock, past, lowest, until, regime)


def most_telling(history: EventSequence, shock: int, law: GutenbergRichter) -> tuple[float, float]:
    """Until when the events of a sequence count, and from which magnitude on.

    A large aftershock hides small events for some minutes, and above what it hides there may be
    none. What came before it tells more then. Of now and the times of such aftershocks that one is
    taken until which most events should count: 10^{-b m} ln(1 + t / c), m being the raised
    completeness and t the time since the mainshock.
    """
    time, until = float(history.times[shock]), history.end
    found: list[tuple[float, float, float]] = []
    while until > time:
        told = history.before(until)
        level, hidden_by = highest_completeness(told, law.completeness)
        lowest = min(level, law.maximum - STEP)
        number = float(law.share_above(lowest)) * np.log1p((until - time) / USUAL_C)
        found.append((number, until, lowest))
        if hidden_by is None or hidden_by <= shock:
            break
        until = float(history.times[hidden_by])
    _, until, lowest = max(found)
    return until, lowest


def in_law(process: ETAS, law: GutenbergRichter | None) -> ETAS:
    """The process with magnitudes of another law, if there is one."""
    return process if law is None else replace(process, magnitude_law=law)


def early_windows(sequence: SequenceForecast, request: Request) -> list[OmoriWindow]:
    """Prepare the windows of a forecast of events that will be recorded."""
    return [
        OmoriWindow.of(sequence, days, most=request.max_events, recorded=True)
        for days in request.days
    ]


def generic(regime: str | None) -> Learned:
    """What was learned, with the prior of a tectonic regime."""
    known = learned()
    return replace(known, prior=regime_of(regime or GENERIC).prior(known.prior))


def sequence_forecast(
    process: ETAS, history: EventSequence, day: float, regime: str | None = None
) -> tuple[SequenceForecast, bool] | None:
    """What is known of the sequence of a mainshock on some day of a history.

    None if that is not among the events. The flag tells whether it is early. How far off forecasts
    by ETAS are was learned from an hour after mainshocks on, and where a sequence was under way
    (``current_mainshock``: five aftershocks or more). What was learned there would say of one with
    fewer that the next are few, and be rather certain of it. Nor is the prior that was learned for
    these: its sequences had twenty aftershocks or more in the first day. Those of a ``regime``, by
    default the shallow continental crust, were not chosen by that.
    """
    near = np.flatnonzero(np.abs(history.times - day) < 2.0 / 86_400.0)
    if near.size == 0:
        return None
    shock = int(near[np.argmax(history.magnitudes[near])])
    past = generic(regime)
    known = learned() if regime is None else past
    found = SequenceForecast.of(process, history, shock, known, regime=regime)
    current = current_mainshock(history, process.magnitude_law.completeness)
    few = current != shock and found.omori.n_events < FEWEST_IN_A_DAY
    if not few and not is_early(found.omori.elapsed):
        return found, False
    return SequenceForecast.of(process, history, shock, past, regime=regime), True
