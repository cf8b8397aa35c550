"""Do as many large aftershocks come as forecasts say, with one b-value and with two?

    python experiments/large_aftershocks.py scedc horus_italy ncss

ETAS is fitted, as `recast forecast` does without `--model`, to what was known before each mainshock
of the train and validation windows, again after half a year; an hour and a day after it the next
week and month are forecast. Printed are sums over these forecasts: of the probability of one event
or more so large, with one b-value and with two, and of forecasts after which there was one.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from catalogs import InputError, load
from catalogs.sequence import reaches
from recast.forecast.bent import BentWindow
from recast.forecast.blocks import n_blocks
from recast.forecast.mainshocks import find_mainshocks, is_larger
from recast.forecast.prepare import prepare
from recast.forecast.single import Request, counted
from recast.models.so_far import fit_so_far

HALF_A_YEAR = 182.6
FIRST_YEARS = 730.5
"""Days of the train window before the first forecast."""

HOURS = (1.0, 24.0)
DAYS = (7.0, 30.0)
BELOW = (1.5, 1.0, 0.5, 0.0)
"""Magnitude units below the mainshock."""


def forecasts(name: str, excess: float, samples: int) -> list[dict[str, float]]:
    """Forecast after each mainshock while it is the largest, and look what came."""
    catalog = load(name)
    info, events = catalog.info, catalog.to_sequence()
    lowest, end = info.magnitude_completeness, info.to_days(info.splits.test_start)
    begin = info.to_days(info.splits.train_start) + FIRST_YEARS
    fitted, since, rows = None, -np.inf, []
    for shock in find_mainshocks(catalog, lowest + excess, (begin, end - max(DAYS))):
        if fitted is None or shock.time - since > HALF_A_YEAR:
            fitted, since = fit_so_far(catalog, shock.time - 1e-3), shock.time
        magnitudes = tuple(shock.magnitude - below for below in BELOW)
        for hours in HOURS:
            at = shock.time + hours / 24.0
            later = events.magnitudes[(events.times > shock.time) & (events.times < at)]
            if is_larger(later, shock.magnitude).any():
                break
            request = Request(at, DAYS, (lowest,), samples, shock.index)
            try:
                windows = prepare(catalog, fitted, request, samples=samples).windows
            except InputError as error:
                print(f"{name} {info.to_time(at)}: {error}")
                continue
            for window in windows:
                if not isinstance(window, BentWindow):
                    continue
                counts: dict[str, list[np.ndarray]] = {"one": [], "two": []}
                for block in range(n_blocks(samples)):
                    drawn = window.window.draw(block, samples, shock.index)
                    counts["one"].append(counted(drawn, magnitudes)["counts"])
                    drawn = window.draw(block, samples, shock.index)
                    counts["two"].append(counted(drawn, magnitudes)["counts"])
                chances = {b: (np.concatenate(n) > 0).mean(axis=0) for b, n in counts.items()}
                seen = events.between(at, at + window.days).magnitudes
                rows += [
                    {
                        "hours": hours,
                        "days": window.days,
                        "below": below,
                        "one b": chances["one"][i],
                        "two b": chances["two"][i],
                        "came": float(reaches(seen, magnitudes[i]).any()),
                    }
                    for i, below in enumerate(BELOW)
                ]
    return rows


def main() -> None:
    """Compare probabilities with what came."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("catalogs", nargs="+", metavar="NAME")
    parser.add_argument("--excess", type=float, default=2.5, help="of mainshocks above Mc")
    parser.add_argument("--samples", type=int, default=1_000)
    args = parser.parse_args()
    for name in args.catalogs:
        table = pd.DataFrame(forecasts(name, args.excess, args.samples))
        sums = table.groupby(["hours", "days", "below"])
        print(name)
        print(sums.sum().assign(forecasts=sums.size()).round(1).to_string(), flush=True)


if __name__ == "__main__":
    main()
