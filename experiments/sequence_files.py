"""Forecasts from files of one sequence, as a network sends them, and what happened.

    python experiments/sequence_files.py scedc_located 4.8 2009-01-01

Of a catalog with places, the events within half a degree of each mainshock, from 30 days before it
on, are all that `recast forecast` knows: at the catalog's completeness, and half a unit and a unit
above. Numbers above completeness, and a unit above that, in the next 1 and 7 days. By the number of
events before the mainshock and the hours since then: mean log score, share inside the 95 % range,
and how often fewer came than the median. ``--few -1`` fits ETAS to all events of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from jsonargparse import auto_cli

from catalogs import Catalog, InputError, load
from catalogs.importing import import_table
from catalogs.sequence import reaches
from recast import run_forecast
from recast.forecast.mainshocks import sequence_since
from recast.models import so_far

BEFORE = pd.Timedelta(days=30)
KNOWN = pd.Timedelta(days=16)
"""After the mainshock: the last forecast and its window."""


def sequences(catalog: Catalog, magnitude: float, until: str) -> Iterator[pd.DataFrame]:
    """The events about each mainshock before a date, with the time since it."""
    events, stop = catalog.events, catalog.info.date(until)
    first = catalog.info.date(catalog.info.start) + BEFORE
    large = events[reaches(events["magnitude"].to_numpy(np.float64), magnitude)]
    for shock in large[(large["time"] >= first) & (large["time"] < stop)].itertuples():
        near = (events["latitude"] - shock.latitude).abs() < 0.5
        near &= (events["longitude"] - shock.longitude).abs() < 0.6
        near &= (events["time"] >= shock.time - BEFORE) & (events["time"] < shock.time + KNOWN)
        about = events[near].reset_index(drop=True)
        about = about.assign(since=about["time"] - shock.time)
        earlier = about["magnitude"][about["since"] < pd.Timedelta(0)]
        first_day = about["since"].between(pd.Timedelta(0), pd.Timedelta(days=1))
        if first_day.sum() > 20 and not earlier.max() >= shock.magnitude:
            yield about


def forecasts(
    about: pd.DataFrame, completeness: float, hours: list[float], days: list[float]
) -> Iterator[dict[str, float]]:
    """Forecast at each hour after the mainshock while it is the largest of its sequence."""
    zero = pd.Timedelta(0)
    shock = about["time"][about["since"] == zero].iloc[0]
    largest = float(about["magnitude"][about["since"] == zero].iloc[0])
    if largest < completeness + 2.0:
        return
    catalog = import_table(
        about.drop(columns="since"),
        "file",
        completeness=completeness,
        start=str((shock - BEFORE).floor("D")),
        end=str(shock + KNOWN),
        ties="separate",
    )
    lowest = catalog.info.magnitude_completeness  # on the grid of the magnitudes
    complete = about["magnitude"] >= lowest
    n_before = int((complete & (about["since"] < zero)).sum())
    for hour in hours:
        so_long = about["since"].between(zero, pd.Timedelta(hours=hour))
        at = shock + pd.Timedelta(hours=hour)
        day = catalog.info.to_days(at.isoformat())
        is_last = about["magnitude"][so_long].max() <= largest
        if not is_last or sequence_since(catalog, day) is None:
            continue
        try:
            made = run_forecast(
                catalog,
                at=at.isoformat(),
                days=days,
                magnitudes=[lowest, lowest + 1.0],
                samples=1000,
            )
        except InputError as error:
            print(f"{at}: {error}")
            continue
        for row in made.table:
            if row.observed is None or row.scores is None:
                continue
            low, high = row.ci95
            yield {
                "before": n_before,
                "hours": hour,
                "completeness": completeness,
                "magnitude": row.magnitude,
                "days": row.days,
                "observed": row.observed,
                "median": row.median,
                "log_score": row.scores["log_score"],
                "inside_95": low <= row.observed <= (np.inf if high is None else high),
                "below_median": (row.observed < row.median) + 0.5 * (row.observed == row.median),
            }


def main(
    catalog: str,
    magnitude: float,
    until: str,
    hours: list[float] = [1.1, 3.0, 8.0, 24.0, 72.0, 168.0],  # noqa: B006 - for jsonargparse
    few: int = so_far.FEW_BEFORE,
    out: Path | None = None,
) -> None:
    """Forecast after the mainshocks of a catalog, and print scores."""
    so_far.FEW_BEFORE = few
    whole = load(catalog)
    lowest = whole.info.magnitude_completeness
    rows = [
        row
        for about in sequences(whole, magnitude, until)
        for completeness in (lowest, lowest + 0.5, lowest + 1.0)
        for row in forecasts(about, completeness, hours, [1.0, 7.0])
    ]
    table = pd.DataFrame(rows)
    if out is not None:
        table.to_csv(out, index=False)
    known = pd.cut(table["before"], [-1, 3, 20, 10**9], labels=["0 to 3", "4 to 20", "more"])
    groups = table.groupby([known, "hours"], observed=True)
    shown = groups[["log_score", "inside_95", "below_median"]].mean()
    print(shown.assign(forecasts=groups.size()).round(2).to_string())


if __name__ == "__main__":
    auto_cli(main, as_positional=True)
