"""How a service is doing."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from catalogs.display import as_text, some
from catalogs.json_records import Record
from recast.live.durations import shown
from recast.live.intact import altered
from recast.live.polling import memory, reservations
from recast.live.service import Service
from recast.live.step import trouble
from recast.live.times import read


@dataclass(frozen=True)
class Status(Record):
    """How a service is doing; times are ISO 8601."""

    folder: str
    region: str
    last_step: str | None
    last_good: str | None
    """When the source last gave an answer that was believed."""

    age_seconds: float | None
    """Since then."""

    trouble: str
    """What is wrong with the source; empty if nothing is."""

    n_events: int
    """Known in the region, with those of the history."""

    missing: tuple[str, ...]
    """Known events that the last answers did not have, and that are kept for now."""

    remarks: tuple[str, ...]
    """What forecasts that are made from these answers say of them."""

    active: tuple[str, ...]
    """Sequences under way."""

    n_forecasts: int
    last_forecasts: tuple[str, ...]
    """The last one of the region and of each sequence under way."""

    next: str | None
    """When the next forecast is due."""

    lost: tuple[str, ...] = ()
    """Forecasts whose folders are gone."""

    altered: tuple[str, ...] = ()
    """Files of forecasts that are not as they were issued."""

    def __str__(self) -> str:
        age = "never" if self.age_seconds is None else f"{shown(self.age_seconds)} ago"
        rows = {
            "last step": self.last_step or "none that ended",
            "last good answer": age + (f", {self.last_good}" if self.last_good else ""),
            "source": self.trouble or "no trouble",
            "events": f"{self.n_events:,} known",
            "missing": ", ".join(self.missing),
            "remarks": "; ".join(self.remarks),
            "sequences": ", ".join(self.active) or "none under way",
            "forecasts": f"{self.n_forecasts:,} issued"
            + (f", the last: {', '.join(self.last_forecasts)}" if self.last_forecasts else ""),
            "next forecast": self.next or "none",
            "lost": f"{some(len(self.lost), 'forecast')} without a folder: {', '.join(self.lost)}"
            if self.lost
            else "",
            "altered": ", ".join(self.altered),
        }
        kept = {label: text for label, text in rows.items() if text}
        return as_text(f"{self.region} ({self.folder})", kept)


def status(service: Service, now: pd.Timestamp) -> Status:
    """Look how a service is doing; of a replay at its own time.

    Raises
    ------
    InputError
        If it has not run yet.
    """
    with service.store(read_only=True) as store:
        last = store.state("last_step")
        good, asked = store.last_poll(good=True), store.last_poll()
        if service.is_replay and asked is not None:
            now = read(asked.asked)
        entries = store.entries()
        active = tuple(filter(None, (store.state("active") or "").split("\n")))
        latest = {entry.sequence_id: entry.forecast_id for entry in entries}
        folders = service.forecasts
        here = [entry for entry in entries if (folders / entry.forecast_id).is_dir()]
        return Status(
            folder=str(service.folder),
            region=service.configuration.region,
            last_step=last,
            last_good=None if good is None else good.asked,
            age_seconds=None if good is None else (now - read(good.asked)).total_seconds(),
            trouble=trouble(store),
            n_events=len(service.known_at(store, now)),
            missing=tuple(sorted(memory(store).absences)),
            remarks=reservations(store),
            active=active,
            n_forecasts=len(entries),
            last_forecasts=tuple(latest[name] for name in ("", *active) if name in latest),
            next=store.state("next"),
            lost=tuple(entry.forecast_id for entry in entries if entry not in here),
            altered=tuple(
                f"{entry.forecast_id}/{name}"
                for entry in here
                for name in altered(folders / entry.forecast_id, entry)
            ),
        )
