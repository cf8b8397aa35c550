"""What a step is made of: finding sequences, forecasting, scoring and publishing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from recast.live.config import LiveConfiguration
from recast.live.records import Issued


@dataclass(frozen=True)
class Site:
    """What the pages of a service show beside its forecasts."""

    region: str
    now: pd.Timestamp
    last_good: pd.Timestamp | None
    """When the source last gave an answer that was believed."""

    trouble: str
    """What is wrong with the source, in a line; empty if nothing is."""

    forecasts: Sequence[tuple[Issued, Path]]
    """The latest of each sequence and of the region, with their folders."""

    active: frozenset[str]
    """Sequences that are under way."""


@dataclass(frozen=True)
class Parts:
    """The functions that a step calls; tests put quick ones in their place."""

    find_sequences: Callable[..., Sequence[Any]]
    due: Callable[..., Any]
    next_due: Callable[..., str | None]
    make_forecast: Callable[..., tuple[Issued, pd.DataFrame]]
    outcomes: Callable[..., Sequence[Any]]
    read_outcome: Callable[[Any], Any]
    write_forecast: Callable[..., None]
    write_site: Callable[[Path, Site, LiveConfiguration], None]

    @classmethod
    def shipped(cls) -> Parts:
        """Those of this package."""
        raise NotImplementedError
