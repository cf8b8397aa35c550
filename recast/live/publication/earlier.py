"""How earlier forecasts of a sequence did, as a page says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class Outcome(Protocol):
    """One number of a forecast whose window has passed."""

    @property
    def window(self) -> str:
        """Label of the window."""
        ...

    @property
    def magnitude(self) -> float:
        """Events at or above it are counted."""
        ...

    @property
    def inside_95(self) -> bool:
        """Whether the observed number was inside the 95 % range."""
        ...


@dataclass(frozen=True)
class Tally:
    """Numbers that were inside the 95 % range, of all."""

    inside: int
    n: int


def tally(outcomes: Sequence[Outcome]) -> Tally:
    """Count them."""
    return Tally(sum(outcome.inside_95 for outcome in outcomes), len(outcomes))


def tallies(
    outcomes: Sequence[Outcome], windows: Sequence[str], magnitudes: Sequence[float]
) -> list[list[Tally]]:
    """Count them by magnitude and window."""
    return [
        [
            tally([o for o in outcomes if o.magnitude == magnitude and o.window == window])
            for window in windows
        ]
        for magnitude in magnitudes
    ]
