"""How many aftershocks should large simulated events have: by which prior, and from which size on?

    python experiments/large_sequences.py experiments/aftershocks/learn.yaml

Forecasts 1 to 168 hours after the mainshocks that the correction was learned from
(`python experiments/aftershocks.py`), by ETAS corrected, score the numbers of events that came in
the next 1, 7 and 30 days. Simulated events so much below the mainshock, or larger, get aftershocks
by the prior that was learned from these sequences, by that of the shallow continental crust, or
half of them by either.
Printed first: how many events come in the first day after mainshocks of the train windows, whether
they have many or none, and how many both priors expect.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from aftershocks import Past, mainshocks

from catalogs import Catalog, load
from catalogs.sequence import reaches
from etas.kernel import omori_integral
from etas.omori import GENERIC, OmoriPrior
from recast.evaluation.counts import score_counts
from recast.forecast.bent import bent
from recast.forecast.blocks import n_blocks
from recast.forecast.correction import LARGE, SequenceForecast, learned, regime_of
from recast.forecast.mainshocks import EXCESS, QUIET_DAYS, is_larger
from recast.forecast.single import Request, Window, counted, windows_of

PRIORS = {"learned": learned().prior, "regime": regime_of(GENERIC).prior(learned().prior)}
WAYS = {name: (prior,) for name, prior in PRIORS.items()} | {"half": tuple(PRIORS.values())}
BELOW = (0.0, 0.3, 0.6, 1.0, 1.5)
"""Magnitude units below the mainshock, from which simulated events have aftershocks."""

TAKEN = f"half, {LARGE:g} below"

DAYS = (1.0, 7.0, 30.0)
FLOOR = -20.0
"""Of log scores, so that one miss does not decide the mean."""


def first_day(catalog: Catalog) -> Iterator[tuple[float, float]]:
    """Magnitude above completeness of mainshocks, and events in the day after, less the usual."""
    info, events = catalog.info, catalog.to_sequence()
    begin, end = info.to_days(info.splits.train_start), info.to_days(info.splits.val_start)
    times, magnitudes = events.times, events.magnitudes
    large = reaches(magnitudes, info.magnitude_completeness + EXCESS)
    large &= (times >= begin + QUIET_DAYS) & (times < end - 1.0)
    for i in np.flatnonzero(large).tolist():
        first = np.searchsorted(times, times[i] - QUIET_DAYS)
        last = np.searchsorted(times, times[i] + 1.0)
        larger = is_larger(magnitudes[[*range(first, i), *range(i + 1, last)]], magnitudes[i])
        if not larger.any():
            usual = (i - first) / QUIET_DAYS
            yield magnitudes[i] - info.magnitude_completeness, max(last - i - 1 - usual, 0.0)


def expected(prior: OmoriPrior, excess: float) -> float:
    """Events in the first day after a mainshock, of median parameters."""
    k = np.exp(prior.log_k + prior.log_k_slope * excess)
    c = np.exp(prior.log_c + prior.log_c_slope * excess)
    return float(k * omori_integral(0.0, 1.0, c, prior.p))


def scores(catalog: Catalog, past: Past, hours: float, samples: int) -> Iterator[dict[str, Any]]:
    """Scores of one forecast, by window, prior and size."""
    at, events = past.time + hours / 24.0, past.events
    lowest = catalog.info.magnitude_completeness
    history = past.history(hours)
    known = tuple(days for days in DAYS if at + days <= events.end)
    request = Request(at, known, (lowest, lowest + 1.0), samples, past.index * 200 + round(hours))
    sequence = SequenceForecast.of(past.model, history, past.index, learned())
    law = bent([past.model], catalog, at)
    for window in windows_of(history, [past.model], request, sequence, law):
        later = events.between(at, at + window.days).magnitudes
        for way, one in variants(window, past.magnitude):
            drawn = (one.draw(block, samples, request.seed) for block in range(n_blocks(samples)))
            counts = np.concatenate(
                [counted(block, request.magnitudes)["counts"] for block in drawn]
            )
            for magnitude, column in zip(request.magnitudes, counts.T, strict=True):
                seen = [int(reaches(later, magnitude).sum())]
                found = score_counts(column[None, :], seen, np.random.default_rng(0))
                yield {
                    "way": way,
                    "sequence": f"{catalog.info.name} {past.index}",
                    "log score": max(float(found.log_score[0]), FLOOR),
                    "CRPS": float(found.crps[0]),
                    "in 95 %": int(found.inside_95[0]),
                    "in 50 %": int(found.inside_50[0]),
                }


def variants(window: Window, magnitude: float) -> Iterator[tuple[str, Window]]:
    """The same window without large sequences, and with those by either prior."""
    correction = window.correction
    if correction is None:
        return
    yield "none", replace(window, correction=replace(correction, large=np.inf))
    for name, priors in WAYS.items():
        for below in BELOW:
            other = replace(correction, priors=priors, large=magnitude - below)
            yield f"{name}, {below:g} below", replace(window, correction=other)


def lead_times(past: Past, hours: list[float]) -> Iterator[float]:
    """Until a larger event comes, or the shortest window is not known."""
    times, magnitudes = past.events.times, past.events.magnitudes
    for lead in hours:
        at = past.time + lead / 24.0
        since = (times > past.time) & (times < at)
        if at + min(DAYS) > past.events.end or is_larger(magnitudes[since], past.magnitude).any():
            return
        yield lead


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--samples", type=int, default=300)
    args = parser.parse_args()
    config = yaml.safe_load(args.config.read_text())
    catalogs = {name: load(name) for name in config["catalogs"]}
    for name, catalog in catalogs.items():
        table = pd.DataFrame(first_day(catalog), columns=["excess", "first day"])
        table["excess"] = np.floor(2.0 * table["excess"] + 1e-6) / 2.0
        found = table.groupby("excess")["first day"].agg(["size", "median", "mean"])
        for way, prior in PRIORS.items():
            found[way] = [expected(prior, excess + 0.25) for excess in found.index]
        print(name, found.round(1).to_string(), sep="\n", end="\n\n")
    rows = [
        row
        for name, magnitude in config["catalogs"].items()
        for past in mainshocks(catalogs[name], magnitude, config["refit_days"])
        for hours in lead_times(past, config["hours"])
        for row in scores(catalogs[name], past, hours, args.samples)
    ]
    table = pd.DataFrame(rows)
    means = table.groupby("way", sort=False)[["log score", "CRPS", "in 95 %", "in 50 %"]].mean()
    # Of the difference of log scores to the taken way, over sequences
    each = table.pivot_table("log score", "sequence", "way")
    means["error"] = each.sub(each[TAKEN], axis=0).sem()
    print(means.round(3).to_string())


if __name__ == "__main__":
    main()
