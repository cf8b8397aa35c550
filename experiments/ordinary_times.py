"""Forecasts of ETAS where no sequence is under way, as it is and corrected, and what happened.

    python experiments/ordinary_times.py "[scedc, horus_italy, ncss, taupo, china]"

Every 15 days of the train and validation windows, from a third of the train window on, or with
``--test`` of the test window. ETAS is fitted every year to what was known. Of the numbers of events
in the next 1, 7 and 30 days: shares inside the 95 and 50 % range, share below the 95 % range, mean
log score (at least -20), and the sum of the means over what came. ``--shift`` and ``--spread`` are
the numbers of the correction (``recast.forecast.ordinary``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from jsonargparse import auto_cli

from catalogs import load
from etas import fit_etas
from recast.evaluation.counts import score_counts
from recast.forecast import ordinary
from recast.forecast.mainshocks import current_mainshock
from recast.pretrained import SHIPPED, etas_prior

DAYS = (1.0, 7.0, 30.0)
EVERY, REFIT = 15.0, 365.0
FIRST = 0.35
"""Share of the train and validation windows that is fitted to only."""

MOST = 50_000


def forecasts(name: str, samples: int, *, test: bool) -> Iterator[dict[str, object]]:
    """Forecast one catalog."""
    catalog = load(name)
    info, events, law = catalog.info, catalog.to_sequence(), catalog.magnitude_law()
    start, split, end = (
        info.to_days(edge)
        for edge in (info.splits.train_start, info.splits.test_start, info.splits.end)
    )
    begin, end = (split, end) if test else (start + FIRST * (split - start), split)
    prior, fitted = etas_prior(SHIPPED, None), -np.inf
    for i, day in enumerate(np.arange(begin, end - max(DAYS), EVERY).tolist()):
        history = events.before(day)
        if day - fitted >= REFIT:
            known, fitted = history.scored_from(max(start, history.start)), day
            model = fit_etas(known, law, prior=prior, protocol="all").model
        if current_mainshock(history, info.magnitude_completeness) is not None:
            continue
        for days in DAYS:
            drawn = model.simulate(
                history, days, samples, seed=[1, i], max_events=MOST, allow_supercritical=True
            )
            rng = np.random.default_rng([2, i])
            law = ordinary.OrdinaryCorrection.over(days, model.branching_ratio(ordinary.MONTH))
            several = law.apply(drawn, samples, rng, MOST)
            observed = int(((events.times >= day) & (events.times < day + days)).sum())
            for how, counts in (("as it is", drawn.counts), ("corrected", several.counts)):
                scores = score_counts(counts[None], [observed], rng)
                yield {
                    "catalog": name,
                    "days": days,
                    "forecast": how,
                    "inside 95": scores.inside_95[0],
                    "inside 50": scores.inside_50[0],
                    "below": observed < scores.quantiles[0, 0],
                    "log score": max(scores.log_score[0], -20.0),
                    "mean": scores.mean[0],
                    "observed": observed,
                }


def main(
    catalogs: list[str],
    test: bool = False,
    samples: int = 300,
    shift: tuple[float, float] = ordinary.SHIFT,
    spread: tuple[float, float] = ordinary.SPREAD,
) -> None:
    """Forecast all catalogs, and print scores."""
    ordinary.SHIFT, ordinary.SPREAD = shift, spread
    rows = [row for name in catalogs for row in forecasts(name, samples, test=test)]
    groups = pd.DataFrame(rows).groupby(["catalog", "days", "forecast"])
    shown = groups[["inside 95", "inside 50", "below", "log score"]].mean()
    shown["mean / observed"] = groups["mean"].sum() / groups["observed"].sum()
    print(shown.assign(forecasts=groups.size()).round(2).to_string())
    print("all", shown.groupby("forecast")["log score"].mean().round(3).to_dict())


if __name__ == "__main__":
    auto_cli(main)
