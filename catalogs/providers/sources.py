"""What is known of a catalog that can be fetched: its source, period, rules and licence."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from catalogs.areas import Area, Box
from catalogs.errors import InputError
from catalogs.info import SplitDates
from catalogs.providers.rules import Rules

SHORTEST = pd.Timedelta(seconds=1)
"""Windows are whole seconds; if one second holds too many events, the query cannot be answered."""


@dataclass(frozen=True)
class Files:
    """Files at fixed addresses, with their sha256 where known.

    ``by_hand`` are names of files that must be fetched in a browser, from the record's ``about``.
    """

    layout: str
    urls: tuple[str, ...] = ()
    sha256: tuple[str, ...] = ()
    by_hand: str = ""


@dataclass(frozen=True)
class Yearly:
    """One file a year: ``{year}`` in ``url`` stands for it, ``first`` and ``last`` are there.

    Years are those of a clock ``hours_ahead`` of UTC. Without ``last`` the current year is there.
    """

    layout: str
    url: str
    first: int
    last: int | None = None
    hours_ahead: int = 0


@dataclass(frozen=True)
class Service:
    """A web service for events.

    Parameters
    ----------
    url : str
        What ``query`` and ``count`` are appended to, with a slash at the end.
    layouts : tuple of str
        The layouts in which it gives events, the fastest to read first; names of
        ``catalogs.providers.answers.PARAMETER``.
    most : int
        That many events it gives at once.
    extra : tuple of (name, value)
        Parameters that go with every query.
    query : str
        What is appended to ``url`` to ask for events, where it isn't the standard's "query".
    names : tuple of (standard, theirs)
        Parameters that they call otherwise; ``bbox`` among them stands for all of the box.
    """

    url: str
    layouts: tuple[str, ...] = ("fdsn_text", "quakeml")
    most: int = 10_000
    extra: tuple[tuple[str, str], ...] = ()
    query: str = "query"
    names: tuple[tuple[str, str], ...] = ()

    def parameters(self, query: Query) -> dict[str, str]:
        """The parameters of a query, without those for its period."""
        box = query.box
        params = dict(self.extra)
        if box is not None:
            params |= {"minlatitude": f"{box.south:.10g}", "maxlatitude": f"{box.north:.10g}"}
            if box.west < box.east:  # services differ in how to ask across 180 degrees
                params |= {"minlongitude": f"{box.west:.10g}", "maxlongitude": f"{box.east:.10g}"}
        if query.min_magnitude is not None:
            params["minmagnitude"] = f"{query.min_magnitude:.10g}"
        names = dict(self.names)
        if "bbox" in names and box is not None:
            edges = (
                box.west,
                box.south,
                box.east if box.west < box.east else box.east + 360,
                box.north,
            )
            params = {k: v for k, v in params.items() if not k.endswith(("latitude", "longitude"))}
            params["bbox"] = ",".join(f"{edge:.10g}" for edge in edges)
        return {names.get(name, name): value for name, value in params.items()}


@dataclass(frozen=True)
class Query:
    """Which events: a half-open period of whole seconds, a box around them, a least magnitude."""

    start: pd.Timestamp
    end: pd.Timestamp
    box: Box | None = None
    min_magnitude: float | None = None

    def __post_init__(self) -> None:
        if self.end - self.start < SHORTEST:
            raise InputError(
                f"period {self.start:%Y-%m-%dT%H:%M:%S} to {self.end:%Y-%m-%dT%H:%M:%S} is empty: "
                "need `start` before `end`"
            )


Source = Files | Yearly | Service


@dataclass(frozen=True)
class Preset:
    """How a published study cut its catalog, and how many events it had.

    ``loses_first_rows``: the study's reader took the first row of every file for column names.
    """

    start: str
    end: str
    splits: SplitDates
    completeness: float
    n_events: int
    strict: bool = True
    loses_first_rows: bool = False


@dataclass(frozen=True)
class Record:
    """A catalog that can be fetched.

    Parameters
    ----------
    name, title, region
        What it is.
    source
        Where it comes from, and in which layout.
    licence, citation : str
        The terms of use, and what to cite.
    about : str
        A page for people.
    start : str
        The default start of the period: from here on detection changes little.
    end : str, optional
        The default end; without it last midnight in UTC.
    rules : Rules
        Which events are taken where nothing else is asked for.
    preset : Preset, optional
        For a catalog as a study had it.
    note : str
        What one should know.
    area : Box or Polygon, optional
        That surely holds all its events, for those that come without places; None where they may
        lie anywhere on Earth.
    """

    name: str
    title: str
    region: str
    source: Source
    licence: str
    citation: str
    about: str
    start: str
    end: str | None = None
    rules: Rules = field(default_factory=Rules)
    preset: Preset | None = None
    note: str = ""
    area: Area | None = None

    @property
    def way(self) -> str:
        """How it comes, in a word or two."""
        if isinstance(self.source, Files):
            return "by hand" if self.source.by_hand else "file"
        return "yearly files" if isinstance(self.source, Yearly) else "web service"
