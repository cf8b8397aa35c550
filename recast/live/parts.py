"""What a step is made of: finding sequences, forecasting, scoring and publishing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from recast.live.config import LiveConfiguration
from recast.live.records import Issued, Quake


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

    mainshocks: Mapping[str, Quake] = field(default_factory=dict)
    """Their mainshocks as they are known now, by their identifiers."""

    unknown: Quake | None = None
    """The largest event of which the last forecast of the region knows nothing."""

    silent: str = ""
    """That the source answers and has nothing new, in a line; empty if that is usual."""


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
    write_scores: Callable[..., Any]

    @classmethod
    def shipped(cls) -> Parts:
        """Those of this package."""
        from recast.live.issue import make_forecast
        from recast.live.publication.write import write_forecast
        from recast.live.schedule import due, next_due
        from recast.live.score import Outcome, outcomes
        from recast.live.score_page import write_scores
        from recast.live.sequences import find_sequences

        return cls(
            find_sequences,
            due,
            next_due,
            make_forecast,
            outcomes,
            lambda row: Outcome.from_json(row, "the scores of the service"),
            write_forecast,
            _write_site,
            write_scores,
        )


def _write_site(folder: Path, site: Site, configuration: LiveConfiguration) -> None:
    from recast.live.publication.site import Published, SiteState, write_site

    state = SiteState(
        region=site.region,
        now=site.now,
        data_at=site.last_good,
        forecasts=tuple(Published(issued, folder) for issued, folder in site.forecasts),
        active=site.active,
        trouble=site.trouble,
        mainshocks=site.mainshocks,
        unknown=site.unknown,
        silent=site.silent,
    )
    write_site(folder, state, configuration.pages)
