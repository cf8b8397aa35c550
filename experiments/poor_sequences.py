"""Forecasts after mainshocks that five to nineteen events followed in the first day.

    python experiments/poor_sequences.py "[horus_italy, china, scedc, taupo]"

They are corrected for the sequence, in a pool with past ones (`pooled`, what `recast forecast`
does), or those of ordinary times. Mainshocks two units above completeness and more, of the train
and validation windows, after which no other sequence is under way; every fifth one of a catalog
with more than fifty. ETAS is fitted to what was known, again after half a year. Log scores of the
numbers of events above completeness and completeness + 1, in the next 1, 7 and 30 days.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from first_minutes import Past, mainshocks, scored
from jsonargparse import auto_cli

from catalogs import load
from recast.forecast.bent import bent
from recast.forecast.correction import under_way
from recast.forecast.mainshocks import EXCESS, FEWEST, FEWEST_IN_A_DAY, current_mainshock
from recast.forecast.pooled import after_mainshock
from recast.forecast.prepare import in_ordinary_times
from recast.forecast.single import Request, windows_of

MANY, EVERY = 50, 5


def poor(name: str) -> list[Past]:
    """The mainshocks of a catalog."""
    catalog = load(name)
    completeness = catalog.info.magnitude_completeness
    found = []
    for past in mainshocks(catalog, EXCESS):
        history = past.events.before(past.time + 1.0 + 1e-6)
        followed = len(history) - past.index - 1
        if FEWEST <= followed < FEWEST_IN_A_DAY:
            found += [past] * (current_mainshock(history, completeness) == past.index)
    return found[:: EVERY if len(found) > MANY else 1]


def forecasts(past: Past, hours: list[float], samples: int) -> Iterator[dict[str, Any]]:
    """Forecast after one mainshock while it is the largest and its sequence the only one."""
    info = past.catalog.info
    lowest, end = info.magnitude_completeness, info.to_days(info.splits.test_start)
    for hour in hours:
        at, history = past.time + hour / 24.0, past.history(60.0 * hour)
        if history is None or at + 30.0 > end:
            return
        current = under_way([past.model], history)
        if current is None or current.time != past.time:
            continue
        request = Request(at, (1.0, 7.0, 30.0), (lowest, lowest + 1.0), samples, past.index)
        law = bent([past.model], past.catalog, at)
        plain = windows_of(history, [past.model], request, law=law)
        corrected = windows_of(history, [past.model], request, current, law)
        ways = {
            "ordinary": in_ordinary_times(plain),
            "pooled": after_mainshock(corrected, [past.model], history, request, magnitudes=law),
        }
        for way, windows in ways.items():
            for window in windows:
                for one in scored(window, request, past):
                    yield {"mainshock": past.time, "hours": hour, "way": way, **one}


def main(
    catalogs: list[str],
    hours: list[float] = [24.5, 72.0, 168.0],  # noqa: B006 - as jsonargparse wants it
    samples: int = 300,
) -> None:
    """Forecast, and print scores by catalog, and differences by sequence."""
    rows = [
        {"catalog": name, **row}
        for name in catalogs
        for past in poor(name)
        for row in forecasts(past, hours, samples)
    ]
    table = pd.DataFrame(rows)
    inside = table.groupby(["way", "hours"])[["in 95 %", "in 50 %", "above"]].mean()
    print(inside.round(2).to_string(), "\n")
    scores = table.pivot_table(index=["catalog", "hours"], columns="way", values="log score")
    print(scores.round(2).to_string(), "\n")
    each = table.pivot_table(index=["catalog", "mainshock"], columns="way", values="log score")
    gain = each["pooled"] - each["ordinary"]
    print(gain.groupby("catalog").agg(["size", "mean", "sem"]).round(2).to_string())
    print(f"all: {gain.size} sequences, {np.mean(gain):.2f} +- {gain.sem():.2f}")


if __name__ == "__main__":
    auto_cli(main)
