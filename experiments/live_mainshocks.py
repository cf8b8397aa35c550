"""Forecasts of a live service at fixed times after mainshocks of the past, and what happened.

    python experiments/live_mainshocks.py ncss 1988-01-01 1996-12-01 --magnitude 5.6

What the service does in the first hours was chosen by these: generic parameters of a tectonic
regime instead of those of sequences with many aftershocks, and events above the completeness that
the mainshock has raised. Share of the observed numbers inside the 95 % range, by magnitude, window
and hours since the mainshock.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from jsonargparse import auto_cli

from catalogs import Catalog, InputError, load
from recast.live.issue import make_forecast
from recast.live.policy import Policy
from recast.live.schedule import Due
from recast.live.score import Outcome, outcomes, to_dataframe
from recast.live.sequences import find_sequences
from recast.live.times import written


def known_events(catalog: Catalog) -> pd.DataFrame:
    """The events of a catalog in order of time, with identifiers."""
    events = catalog.events.sort_values("time").reset_index(drop=True)
    if "event_id" not in events:
        events = events.assign(event_id=[f"{catalog.info.name}{i}" for i in range(len(events))])
    return events


def forecasts(
    catalog: Catalog, start: str, end: str, policy: Policy, hours: list[float]
) -> Iterator[Outcome]:
    """Forecast after each mainshock while it is the largest of its sequence, and score it."""
    events, info = known_events(catalog), catalog.info
    begin, stop = info.date(start), info.date(end)
    large = events[events["magnitude"] >= policy.trigger_magnitude]
    for shock in large[(large["time"] >= begin) & (large["time"] < stop)].itertuples():
        for hour in hours:
            now = (shock.time + pd.Timedelta(hours=hour)).ceil("s")
            known = events.iloc[: int(events["time"].searchsorted(now, side="right"))]
            found = [
                one.state
                for one in find_sequences(known, policy, now)
                if one.state.mainshock.event_id == str(shock.event_id)
            ]
            if not found:
                break
            with tempfile.TemporaryDirectory() as folder:
                try:
                    issued, samples = make_forecast(
                        events=known,
                        area=str(catalog.area),
                        region=info.name,
                        sequence=found[0],
                        due=Due(written(now), None),
                        now=now,
                        completeness=info.magnitude_completeness,
                        policy=policy,
                        seed=1,
                        history_start=str(info.start),
                        models=Path(folder),
                    )
                except InputError as error:
                    print(f"{written(now)}: {error}")
                    continue
            yield from outcomes(issued, samples, events, info.date(info.end))


def main(
    catalog: str,
    start: str,
    end: str,
    magnitude: float = 5.0,
    hours: list[float] = [1 / 6, 5 / 6, 3.0, 24.0, 168.0],  # noqa: B006 - as jsonargparse wants it
    samples: int = 300,
    out: Path | None = None,
) -> None:
    """Forecast after mainshocks of a catalog."""
    policy = Policy(
        trigger_magnitude=magnitude,
        windows=(1.0, 7.0),
        magnitudes=(3.0, 4.0, 5.0),
        samples=samples,
    )
    table = to_dataframe(list(forecasts(load(catalog), start, end, policy, hours)))
    if out is not None:
        table.to_csv(out, index=False)
    table = table.assign(hours=table["hours"].round(1))
    for value in ("mean", "count"):
        shown = table.pivot_table("inside_95", ["magnitude", "window"], "hours", value)
        print(shown.round(2).to_string())


if __name__ == "__main__":
    auto_cli(main, as_positional=True)
