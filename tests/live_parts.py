"""Quick stand-ins for what a live step is made of: their numbers show what was known."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from catalogs.areas import Area, parse_area
from catalogs.files import write_json, write_whole
from catalogs.json_records import Record
from recast.forecast.results import Fan
from recast.live.config import LiveConfiguration, SourceOptions, write_template
from recast.live.parts import Parts, Site
from recast.live.policy import Policy
from recast.live.records import (
    Circle,
    Issued,
    IssuedWindow,
    ModelUsed,
    Quake,
    SequenceState,
    bin_of,
)
from recast.live.schedule import due, next_due
from recast.live.times import written

AREA = "33/36/-119/-115"


@dataclass(frozen=True)
class Found:
    state: SequenceState
    active: bool = True
    ended: str = ""


@dataclass(frozen=True)
class Passed(Record):
    """A window that has passed."""

    forecast_id: str
    window: str
    observed: int


def find(
    events: pd.DataFrame,
    policy: Policy,
    now: pd.Timestamp,
    known: Sequence[SequenceState] = (),
    area: Area | None = None,
) -> list[Found]:
    """Each event of the trigger magnitude has a sequence of its own."""
    large = events[events["magnitude"] >= policy.trigger_magnitude]
    if area is not None:
        large = large[area.contains(large["latitude"], large["longitude"])]
    return [
        Found(
            SequenceState(
                row.event_id,
                "mainshock",
                Quake(row.event_id, written(row.time), row.magnitude, row.latitude, row.longitude),
                Circle(row.latitude, row.longitude, 20.0),
                written(row.time),
            )
        )
        for row in large.itertuples()
        if now - row.time <= pd.Timedelta(days=policy.duration_days)
    ]


def make(
    *,
    events: pd.DataFrame,
    area: str,
    region: str,
    sequence: SequenceState | None,
    due: Any,
    now: pd.Timestamp,
    completeness: float,
    policy: Policy,
    seed: int,
    history_start: str,
    models: Path,
    gaps: Sequence[tuple[pd.Timestamp, pd.Timestamp]],
    threads: int | None,
) -> tuple[Issued, pd.DataFrame]:
    """Counts that depend on the last events that were known."""
    digest = hashlib.sha256(events.tail(2000).to_csv(index=False).encode()).digest()
    counts = np.frombuffer(digest, dtype=np.uint8).astype(np.int32)
    samples = pd.DataFrame({"window": "1 Day", "magnitude": 3.0, "sample": range(32)})
    name = "region" if sequence is None else re.sub(r"\W", "_", sequence.sequence_id)
    issued = Issued(
        forecast_id=f"{name}-{now:%Y%m%dT%H%M%S}",
        region=region,
        area=area,
        at=written(now),
        scheduled=due.scheduled,
        next=due.next,
        created="",
        windows=(
            IssuedWindow(
                "1 Day",
                1.0,
                written(now),
                written(now + pd.Timedelta(days=1)),
                (bin_of(3.0, counts),),
            ),
        ),
        completeness=completeness,
        observed=((3.0, len(events)),),
        model=ModelUsed("fake", "None.", ""),
        fan=Fan([0.0, 1.0], {"0.5": [0.0, float(len(events))]}),
        n_samples=32,
        seed=seed,
        catalog_sha256="",
        configuration_sha256="",
        version="0",
        sequence=sequence,
    )
    return issued, samples.assign(count=counts)


def outcomes(
    issued: Issued, samples: pd.DataFrame, events: pd.DataFrame, known_until: pd.Timestamp
) -> list[Passed]:
    found = []
    for window in issued.windows:
        start, end = pd.Timestamp(window.start), pd.Timestamp(window.end)
        if end <= known_until:
            n = int(((events["time"] >= start) & (events["time"] < end)).sum())
            found.append(Passed(issued.forecast_id, window.label, n))
    return found


def write_forecast(
    folder: Path, issued: Issued, events: pd.DataFrame, earlier: Sequence[Passed], pages: Any
) -> None:
    assert parse_area(issued.area).contains(events["latitude"], events["longitude"]).all()
    content = [*events["event_id"], *(f"{o.forecast_id} {o.observed}" for o in earlier)]
    write_json(folder / "forecast.json", content)


def write_site(folder: Path, site: Site, configuration: LiveConfiguration) -> None:
    lines = [str(site.now), str(site.last_good), site.trouble, *sorted(site.active)]
    lines += [issued.forecast_id for issued, _ in site.forecasts]
    write_whole(folder / "index.html", "\n".join(lines).encode())


def write_scores(
    folder: Path, first: Sequence[Passed], revised: Sequence[Passed], **_: str
) -> None:
    write_json(folder / "scores.json", [row.to_json() for row in [*first, *revised]])


FAKE = Parts(
    find,
    due,
    next_due,
    make,
    outcomes,
    lambda row: Passed.from_json(row, "scores"),
    write_forecast,
    write_site,
    write_scores,
)


def configured(folder: Path, source: SourceOptions, **settings: Any) -> Path:
    """A folder with settings."""
    settings = {"policy": Policy(regional="daily"), **settings}
    write_template(
        folder / "live.yaml", LiveConfiguration("Somewhere", AREA, 1.0, source, **settings)
    )
    return folder


def issued_files(folder: Path) -> dict[str, bytes]:
    """Every file of every forecast, without the time of its creation."""
    return {
        path.relative_to(folder).as_posix(): b"\n".join(
            line for line in path.read_bytes().split(b"\n") if b'"created"' not in line
        )
        for path in sorted((folder / "forecasts").rglob("*"))
        if path.is_file()
    }
