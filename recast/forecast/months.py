"""Windows longer than a month after a mainshock: its sequence for a month, then ordinary times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from catalogs import PointProcess, Trajectories
from recast.forecast.correction import cut
from recast.forecast.ordinary import MONTH
from recast.forecast.single import Drawable, Request, Window

Near = TypeVar("Near", bound=Drawable)


@dataclass(frozen=True, eq=False)
class LongWindow:
    """A window of which the first month is drawn from one forecast, and the rest from another.

    What is known of a sequence was learned from forecasts of a month at most. Over a year its
    factor, and the aftershocks of all large events to come, multiply what other sequences bring.
    """

    first: Drawable
    """Of a month."""

    rest: Window
    """Of the whole length, in ordinary times."""

    @property
    def days(self) -> float:
        """Its length."""
        return self.rest.days

    @property
    def max_events(self) -> int:
        """Events at which a simulated catalog is cut off."""
        return self.rest.max_events

    @property
    def complete_from(self) -> float:
        """Magnitude from which all of its events are drawn."""
        return max(self.first.complete_from, self.rest.complete_from)

    @property
    def processes(self) -> tuple[PointProcess, ...]:
        """What its numbers depend on beside the history."""
        return (*self.first.processes, *self.rest.processes)

    @property
    def adjusted(self) -> dict[str, Any]:
        """What else they depend on."""
        return {"first": self.first.adjusted, "rest": self.rest.adjusted}

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        """Draw one block of the ``n`` trajectories, whose events are in no order.

        Their first month is that of the forecast for a month with the same seed.
        """
        first, rest = (window.draw(block, n, seed) for window in (self.first, self.rest))
        later = rest.times >= rest.start + MONTH
        both = replace(
            rest,
            trajectory=np.concatenate([first.trajectory, rest.trajectory[later]]),
            times=np.concatenate([first.times, rest.times[later]]),
            magnitudes=np.concatenate([first.magnitudes, rest.magnitudes[later]]),
            capped=np.union1d(first.capped, rest.capped),
            locations=None,
        )
        over = both.counts.max(initial=0) > self.max_events
        return cut(both, both.n, self.max_events) if over else both


def first_month(request: Request) -> Request:
    """The request with windows of a month instead of longer ones."""
    return replace(request, days=tuple(min(days, MONTH) for days in request.days))


def followed(
    windows: Sequence[Near],
    request: Request,
    ordinary: Callable[[Request], Sequence[Window]],
) -> Sequence[Near | LongWindow]:
    """The windows of a request, of which the longer ones go on as in ordinary times.

    On train and validation windows of five catalogs such forecasts of a year score .7 nats better
    than those of the sequence alone, and their means do not explode (``experiments/README.md``).

    Parameters
    ----------
    windows : sequence of Drawable
        Those of ``first_month(request)``.
    request : Request
        The forecast.
    ordinary : callable
        Prepares windows of another request for ordinary times.
    """
    long = tuple(days for days in request.days if days > MONTH)
    if not long:
        return windows
    found: dict[float, Near | LongWindow] = {window.days: window for window in windows}
    month = found[MONTH]
    for window in ordinary(replace(request, days=long)):
        # Cut off where the month is, if that is later
        most = max(month.max_events, window.max_events)
        found[window.days] = LongWindow(month, replace(window, max_events=most))
    return [found[days] for days in request.days]
