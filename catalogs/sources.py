"""Where catalogs come from: what a record of the registry says."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalogs.fdsn import Service
from catalogs.info import SplitDates
from catalogs.rules import Rules


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
    rules : Selection
        The default rules.
    preset : Preset, optional
        For a catalog as a study had it.
    note : str
        What one should know.
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

    @property
    def way(self) -> str:
        """How it comes, in a word or two."""
        if isinstance(self.source, Files):
            return "by hand" if self.source.by_hand else "file"
        return "yearly files" if isinstance(self.source, Yearly) else "web service"
