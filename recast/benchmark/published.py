"""Scores that others have published, with their sources: facts to stand beside runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

from catalogs.json_records import Record


@dataclass(frozen=True)
class PublishedCatalog(Record):
    """Rows of a published table on one test window.

    Parameters
    ----------
    n_events : int
        Events of the test window.
    models : dict of str to tuple of float
        NLL per day of each seed, where ``days`` is given; else nats per event of times and places.
    days : float, optional
        Length of the test window.
    """

    n_events: int
    models: dict[str, tuple[float, ...]]
    days: float | None = None


@dataclass(frozen=True)
class PublishedTable(Record):
    """A published table: where it stands, in short and in full, what its numbers are, and these."""

    label: str
    source: str
    note: str
    catalogs: dict[str, PublishedCatalog] = field(default_factory=dict)


@dataclass(frozen=True)
class PublishedScore:
    """One row: a model on a test window, as its authors scored it.

    Parameters
    ----------
    model : str
        As its authors call it.
    n_events : int
        Events of the test window.
    nats_per_event : float
        Of the times, mean over seeds.
    nll_per_day : float, optional
        The same in the other unit, where that was published.
    places : float, optional
        Nats per event of the places.
    seeds : int, optional
        Number of fits, where that is known.
    seed_sd : float, optional
        Standard deviation over seeds, nats per event.
    """

    model: str
    n_events: int
    nats_per_event: float
    nll_per_day: float | None = None
    places: float | None = None
    seeds: int | None = None
    seed_sd: float | None = None

    @property
    def numbers(self) -> tuple[float, ...]:
        """Nats per event of times, and NLL per day or nats per event of places."""
        known = (self.nats_per_event, self.nll_per_day, self.places)
        return tuple(value for value in known if value is not None)


@cache
def published_tables() -> dict[str, PublishedTable]:
    """Published tables by protocol."""
    path = files("recast.benchmark") / "published.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    return {name: PublishedTable.from_json(table, str(path)) for name, table in content.items()}


def published_scores(protocol: str, catalog: str) -> Iterator[PublishedScore]:
    """Yield what was published under a protocol on a catalog; nothing for most."""
    table = published_tables().get(protocol)
    found = None if table is None else table.catalogs.get(catalog)
    if found is None:
        return
    for model, values in found.models.items():
        if found.days is None:
            times, places = values
            yield PublishedScore(model, found.n_events, times, places=places)
        else:
            nats = -np.array(values) * found.days / found.n_events
            yield PublishedScore(
                model,
                found.n_events,
                float(nats.mean()),
                float(np.mean(values)),
                seeds=len(values),
                seed_sd=float(nats.std(ddof=1)),
            )
