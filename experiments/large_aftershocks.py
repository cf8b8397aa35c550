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
from catalogs.sequence import FloatArray, reaches
from recast.forecast.blocks import n_blocks
from recast.forecast.mainshocks import find_mainshocks, is_larger
from recast.forecast.prepare import prepare
from recast.forecast.single import Drawable, Request, counted
from recast.models.so_far import fit_so_far

HALF_A_YEAR = 182.6
FIRST_YEARS = 730.5
"""Days of the train window before the first forecast."""

HOURS = (1.0, 24.0)
DAYS = (7.0, 30.0)
BELOW = (1.5, 1.0, 0.5, 0.0)
"""Magnitude units below the mainshock."""


def chances_of(
    window: Drawable, magnitudes: tuple[float, ...], samples: int, seed: int
) -> FloatArray:
    """Probability of one event or more at or above each magnitude."""
    counts = [
        counted(window.draw(block, samples, seed), magnitudes)["counts"]
        for block in range(n_blocks(samples))
    ]
    return np.asarray((np.concatenate(counts) > 0).mean(axis=0))


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
                one, two = (
                    prepare(catalog, fitted, request, samples=samples, own_b=own).windows
                    for own in (True, False)
                )
            except InputError as error:
                print(f"{name} {info.to_time(at)}: {error}")
                continue
            for pair in zip(one, two, strict=True):
                chances = [chances_of(window, magnitudes, samples, shock.index) for window in pair]
                seen = events.between(at, at + pair[0].days).magnitudes
                rows += [
                    {
                        "hours": hours,
                        "days": pair[0].days,
                        "below": below,
                        "one b": chances[0][i],
                        "two b": chances[1][i],
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
