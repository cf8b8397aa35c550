"""Forecasts after a mainshock: some catalogs are drawn as past sequences, the others by ETAS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from catalogs import EventSequence, GutenbergRichter, PointProcess, Trajectories
from catalogs.bent_magnitudes import BentGutenbergRichter
from recast.forecast.correction import SequenceForecast
from recast.forecast.early import OmoriWindow, early_windows, recorded_sequence
from recast.forecast.joined import JoinedWindow, evenly, incomplete_sequence, joined_windows
from recast.forecast.mainshocks import current_mainshock, quiet_mainshock
from recast.forecast.months import LongWindow, first_month, followed
from recast.forecast.single import Drawable, Request, Window, stream
from recast.forecast.varied import B_SPREAD, varied

HALF = 2.0 / 24.0
"""Days after a mainshock at which half of the simulated catalogs are those of past sequences."""

HALF_OF_FEW = 1.0 / 24.0
"""The same where few events followed, which is a sign of a poor sequence: of 1 to 12 hours the
best on train and validation windows of four catalogs (``experiments/first_minutes.py``)."""

LEAST = 0.01
"""Share of the simulated catalogs that changes nothing."""

POOLED, VARIED = 7, 10
"""Keep random numbers apart from those of other simulations with the same seed."""


def share_of_past(elapsed: float, half: float = HALF) -> float:
    """Share of the simulated catalogs that are drawn from past sequences, ``elapsed`` days after.

        half / (half + elapsed),    half = 2 h

    which scores within 0.01 nats of the best share from half an hour to twelve hours after
    mainshocks of the train and validation windows of three catalogs, and better than no pool up to
    three days (``experiments/first_minutes.py``).

    Parameters
    ----------
    elapsed : float
        Days since the mainshock.
    half : float
        Days after which it is a half.

    Returns
    -------
    float
        In (0, 1].

    Examples
    --------
    >>> share_of_past(6.0 / 24.0)
    0.25
    """
    return half / (half + elapsed)


@dataclass(frozen=True, eq=False)
class PooledWindow:
    """A window of which some catalogs are drawn from past sequences, and the others from ETAS.

    In the first hours a sequence is not known well enough for one of the two to be right: a pool of
    both holds what either does, and scores better than both.
    """

    usual: Window | JoinedWindow
    past: OmoriWindow | LongWindow
    share: float
    """Of the catalogs that are drawn from ``past``."""

    law: BentGutenbergRichter | None = None
    """Of magnitudes, where b varies between the catalogs."""

    @property
    def days(self) -> float:
        """Its length."""
        return self.usual.days

    @property
    def max_events(self) -> int:
        """Events at which a simulated catalog is cut off, the larger number of both."""
        return max(self.usual.max_events, self.past.max_events)

    @property
    def complete_from(self) -> float:
        """Magnitude from which all of its events are drawn."""
        return max(self.usual.complete_from, self.past.complete_from)

    @property
    def processes(self) -> tuple[PointProcess, ...]:
        """What its numbers depend on beside the history."""
        return (*self.usual.processes, *self.past.processes)

    @property
    def adjusted(self) -> dict[str, Any]:
        """What else they depend on."""
        past = {"share": self.share, "prior": self.past.adjusted}
        varies = {} if self.law is None else {"b_spread": B_SPREAD}
        return {"usual": self.usual.adjusted, "past": past, **varies}

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        """Draw one block of the ``n`` trajectories, whose events are in no order."""
        usual, past = self.usual.draw(block, n, seed), self.past.draw(block, n, seed)
        is_past = evenly(self.share, block, usual.n, [seed, stream(self.days), POOLED])
        kept = [~is_past[usual.trajectory], is_past[past.trajectory]]
        both = [usual, past]
        pool = replace(
            usual,
            trajectory=np.concatenate([d.trajectory[k] for d, k in zip(both, kept, strict=True)]),
            times=np.concatenate([d.times[k] for d, k in zip(both, kept, strict=True)]),
            magnitudes=np.concatenate([d.magnitudes[k] for d, k in zip(both, kept, strict=True)]),
            capped=np.union1d(
                usual.capped[~is_past[usual.capped]], past.capped[is_past[past.capped]]
            ),
            locations=None,
        )
        if self.law is None:
            return pool
        rng = np.random.default_rng([seed, stream(self.days), block, VARIED])
        return replace(pool, magnitudes=varied(pool, self.law, self.complete_from, rng))


def corrected_part(window: Drawable) -> Window | None:
    """What of a window is drawn from ETAS, corrected; None if nothing is."""
    if isinstance(window, LongWindow):
        window = window.first
    if isinstance(window, PooledWindow):
        window = window.usual
    if isinstance(window, JoinedWindow):
        window = window.small
    return window if isinstance(window, Window) and window.correction is not None else None


def after_mainshock(
    windows: Sequence[Window],
    processes: Sequence[PointProcess],
    history: EventSequence,
    request: Request,
    regime: str | None = None,
    magnitudes: GutenbergRichter | None = None,
) -> Sequence[Window | JoinedWindow | PooledWindow]:
    """The windows of a corrected forecast, with what past sequences say in the first hours.

    Large events are those of past sequences while small ones are missed (``joined``), and so is a
    share of the catalogs, which falls with time. Where b changes with magnitude it varies between
    the catalogs, too (``varied``).

    Parameters
    ----------
    windows : sequence of Window
        By ETAS, corrected for the sequence under way.
    processes : sequence of PointProcess
        The model.
    history : EventSequence
        All events so far.
    request : Request
        The forecast.
    regime : str, optional
        Tectonic regime, by default the shallow continental crust.
    magnitudes : GutenbergRichter, optional
        The law of a forecast, by default that of the model.
    """
    large = incomplete_sequence(processes, history, regime, magnitudes)
    joined = joined_windows(windows, large, request)
    shock = current_mainshock(history, processes[0].magnitude_law.completeness)
    if shock is None:
        return joined
    sequence = large or recorded_sequence(processes, history, shock, regime, magnitudes)
    if sequence is None:
        return joined
    share = share_of_past(sequence.omori.elapsed)
    past = early_windows(sequence, request)
    pairs = zip(joined, past, strict=True)
    law = magnitudes if isinstance(magnitudes, BentGutenbergRichter) else None
    return [PooledWindow(usual, omori, share, law) for usual, omori in pairs]


def after_few(
    windows: Sequence[Window],
    processes: Sequence[PointProcess],
    history: EventSequence,
    request: Request,
    regime: str | None = None,
    magnitudes: GutenbergRichter | None = None,
) -> tuple[Sequence[Window | PooledWindow], SequenceForecast | None]:
    """The windows of a forecast after a mainshock that few events followed, and what is known.

    In the first minutes networks miss most of what follows, those with a high completeness record
    few events after any mainshock, and one that few followed may have a rich sequence all the same.
    In a share of the catalogs, which falls with time, numbers are those of past sequences, updated
    by the few.

    Parameters
    ----------
    windows : sequence of Window
        Those of ordinary times.
    processes, history, request, regime, magnitudes
        As of ``after_mainshock``.

    Returns
    -------
    windows, few
        Pools, and what is known of the sequence; the windows as they are and None where there is no
        such mainshock, or the share is below a hundredth.
    """
    found = of_few(history, processes[0].magnitude_law.completeness)
    if found is None:
        return windows, None
    shock, share = found
    sequence = recorded_sequence(processes, history, shock, regime, magnitudes)
    if sequence is None:
        return windows, None

    def ordinary(long: Request) -> list[Window]:
        return [window for window in windows if window.days in long.days]

    past = followed(early_windows(sequence, first_month(request)), request, ordinary)
    pooled = [PooledWindow(usual, o, share) for usual, o in zip(windows, past, strict=True)]
    return pooled, sequence


def of_few(history: EventSequence, completeness: float) -> tuple[int, float] | None:
    """Return a mainshock that few events followed, and the share of past sequences after it."""
    shock = quiet_mainshock(history, completeness)
    if shock is None:
        return None
    share = share_of_past(history.end - float(history.times[shock]), HALF_OF_FEW)
    return None if share < LEAST else (shock, share)
