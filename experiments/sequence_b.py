"""How far does the b-value of a sequence lie from that of its catalog?

    python experiments/sequence_b.py experiments/aftershocks/learn.yaml

Forecasts 1 to 168 hours after the mainshocks that the correction was learned from
(`python experiments/aftershocks.py`), as `recast forecast` makes them, score the numbers of large
events that came in the next 1, 7 and 30 days, with b-values of the simulated catalogs that vary by
so much (``recast.forecast.varied``).
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
from large_sequences import DAYS, FLOOR, lead_times

from catalogs import Catalog, Trajectories, load
from catalogs.sequence import reaches
from recast.evaluation.counts import score_counts
from recast.forecast.bent import bent
from recast.forecast.blocks import n_blocks
from recast.forecast.correction import SequenceForecast, learned
from recast.forecast.pooled import after_mainshock
from recast.forecast.single import Request, windows_of
from recast.forecast.varied import varied

SPREADS = (0.0, 0.05, 0.075, 0.1, 0.125, 0.15)
"""Standard deviations of b, relative to its mean."""

UNITS = (1.0, 2.0)
"""Magnitudes above completeness."""


def scores(catalog: Catalog, past: Past, hours: float, samples: int) -> Iterator[dict[str, Any]]:
    """Scores of one forecast, by window, magnitude and spread."""
    at, events = past.time + hours / 24.0, past.events
    lowest, history = catalog.info.magnitude_completeness, past.history(hours)
    known = tuple(days for days in DAYS if at + days <= events.end)
    request = Request(at, known, (lowest,), samples, past.index * 200 + round(hours))
    sequence = SequenceForecast.of(past.model, history, past.index, learned())
    law = bent([past.model], catalog, at)
    if law is None:
        return
    windows = windows_of(history, [past.model], request, sequence, law)
    for window in after_mainshock(windows, [past.model], history, request, magnitudes=law):
        plain = replace(window, law=None)
        blocks = [plain.draw(block, samples, request.seed) for block in range(n_blocks(samples))]
        drawn = Trajectories.joined(blocks)
        later = events.between(at, at + window.days).magnitudes
        for spread in SPREADS:
            rng = np.random.default_rng([request.seed, round(window.days)])
            sizes = (
                varied(drawn, law, window.complete_from, rng, spread)
                if spread
                else drawn.magnitudes
            )
            for units in UNITS:
                large = reaches(sizes, lowest + units)
                counts = np.bincount(drawn.trajectory[large], minlength=drawn.n)
                seen = [int(reaches(later, lowest + units).sum())]
                found = score_counts(counts[None, :], seen, np.random.default_rng(0))
                yield {
                    "spread": spread,
                    "sequence": f"{catalog.info.name} {past.index}",
                    "magnitude": f"Mc + {units:g}",
                    "days": window.days,
                    "log score": max(float(found.log_score[0]), FLOOR),
                    "CRPS": float(found.crps[0]),
                    "in 95 %": int(found.inside_95[0]),
                    "in 50 %": int(found.inside_50[0]),
                }


def main() -> None:
    """Print scores by window and in all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--samples", type=int, default=500)
    args = parser.parse_args()
    config = yaml.safe_load(args.config.read_text())
    rows = [
        row
        for name, magnitude in config["catalogs"].items()
        for past in mainshocks(load(name), magnitude, config["refit_days"])
        for hours in lead_times(past, config["hours"])
        for row in scores(load(name), past, hours, args.samples)
    ]
    table = pd.DataFrame(rows)
    kinds = ["log score", "CRPS", "in 95 %", "in 50 %"]
    by = table.groupby(["magnitude", "days", "spread"])[kinds].mean()
    print(by.round(3).to_string(), end="\n\n")
    # Of the difference of log scores to one b, over sequences
    each = table.pivot_table("log score", ["magnitude", "sequence"], "spread")
    gains = each.sub(each[0.0], axis=0).groupby("magnitude").agg(["mean", "sem"])
    print(gains.round(3).T.to_string())


if __name__ == "__main__":
    main()
