"""Forecasts of three months and of a year after mainshocks, and what happened.

    python experiments/long_windows.py "[horus_italy, china, taupo, ncss, scedc]"

A day, a week and four weeks after mainshocks 2.5 units above completeness and more, of the train
and validation windows, that twenty events or more followed in the first day; a dozen of each
catalog. The numbers are those of the sequence over the whole window (`sequence`), or those of the
sequence for a month and then of ordinary times (`followed`, what `recast forecast` does). ETAS is
fitted to what was known, again after half a year. Events above completeness and completeness + 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from first_minutes import Past, mainshocks, scored
from jsonargparse import auto_cli

from catalogs import load
from recast.forecast.bent import bent
from recast.forecast.correction import under_way
from recast.forecast.mainshocks import FEWEST_IN_A_DAY
from recast.forecast.months import first_month, followed
from recast.forecast.pooled import after_mainshock
from recast.forecast.prepare import later_windows
from recast.forecast.single import Drawable, Request, windows_of

HOURS, DAYS = (24.0, 168.0, 672.0), (90.0, 365.0)
EXCESS, DOZEN = 2.5, 12


def chosen(name: str) -> list[Past]:
    """The mainshocks of a catalog, evenly over its years."""
    found = []
    for past in mainshocks(load(name), EXCESS):
        day = np.searchsorted(past.events.times, past.time + 1.0)
        if day - past.index - 1 >= FEWEST_IN_A_DAY:
            found.append(past)
    return found[:: max(1, len(found) // DOZEN)]


def forecasts(past: Past, samples: int) -> Iterator[dict[str, Any]]:
    """Forecast after one mainshock while its sequence is under way."""
    info, model = past.catalog.info, [past.model]
    lowest, end = info.magnitude_completeness, info.to_days(info.splits.test_start)
    for hours in HOURS:
        at, history = past.time + hours / 24.0, past.history(60.0 * hours)
        if history is None or at + max(DAYS) > end:
            return
        current = under_way(model, history)
        if current is None or current.time != past.time:
            continue
        law = bent(model, past.catalog, at)
        request = Request(at, DAYS, (lowest, lowest + 2.0), samples, past.index)

        def sequence(
            request: Request, law: Any = law, current: Any = current, history: Any = history
        ) -> list[Drawable]:
            windows = windows_of(history, model, request, current, law)
            return list(after_mainshock(windows, model, history, request, magnitudes=law))

        ordinary = partial(later_windows, history, model, law=law)
        ways = {
            "sequence": sequence(request),
            "followed": followed(sequence(first_month(request)), request, ordinary),
        }
        for way, windows in ways.items():
            for window in windows:
                for one in scored(window, request, past):
                    yield {"catalog": info.name, "way": way, **one}


def main(catalogs: list[str], samples: int = 300) -> None:
    """Forecast, and print the scores."""
    table = pd.DataFrame(
        row for name in catalogs for past in chosen(name) for row in forecasts(past, samples)
    )
    for by in (["catalog", "days", "magnitude"], ["days", "magnitude"]):
        means = table.pivot_table(
            index=by, columns="way", values=["in 95 %", "ratio", "log score"], aggfunc="mean"
        )
        print(means.round(2).to_string(), "\n")
    print(table.groupby("catalog").size() // 8, "forecasts")


if __name__ == "__main__":
    auto_cli(main)
