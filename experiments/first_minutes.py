"""Forecasts minutes and hours after mainshocks with few known aftershocks: by ETAS, or by others.

    python experiments/first_minutes.py scedc horus_italy ncss taupo

Each mainshock of the train and validation windows counts, also one without any aftershock: those
with many must not be chosen. ETAS is fitted to what was known, as `recast forecast` does without
`--model`, again after half a year. Where a sequence is under way, its corrected forecasts are
shown, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jsonargparse import auto_cli

from catalogs import Catalog, InputError, load
from catalogs.sequence import reaches
from etas import ETAS
from recast.evaluation.counts import score_counts
from recast.forecast.blocks import n_blocks
from recast.forecast.complete import raised_completeness
from recast.forecast.correction import SequenceForecast, learned, regime_of, under_way
from recast.forecast.early import GENERIC, OmoriWindow
from recast.forecast.mainshocks import EARLY_DAYS, EXCESS, QUIET_DAYS, is_larger
from recast.forecast.single import Request, counted, windows_of
from recast.models.so_far import fit_so_far

HALF_A_YEAR = 182.6
FLOOR = -20.0
FIRST_YEARS = 730.5
"""Days of the train window before the first forecast."""


def mainshocks(catalog: Catalog, excess: float) -> Iterator[int]:
    """Events of the train and validation windows without a larger one in the 30 days before."""
    info, events = catalog.info, catalog.to_sequence()
    begin = info.to_days(info.splits.train_start) + FIRST_YEARS
    end = info.to_days(info.splits.test_start)
    times, magnitudes = events.times, events.magnitudes
    large = reaches(magnitudes, info.magnitude_completeness + excess)
    for i in np.flatnonzero(large & (times >= begin) & (times < end)).tolist():
        before = magnitudes[np.searchsorted(times, times[i] - QUIET_DAYS) : i]
        if not is_larger(before, magnitudes[i]).any():
            yield i


def forecasts(
    catalog: Catalog, excess: float, minutes: list[float], days: list[float], samples: int
) -> Iterator[dict[str, Any]]:
    """Forecast after each mainshock while it is the largest, and score the numbers."""
    info, events = catalog.info, catalog.to_sequence()
    lowest, end = info.magnitude_completeness, info.to_days(info.splits.test_start)
    magnitudes = (lowest, lowest + 1.0)
    fitted, process = -np.inf, None
    generic = replace(learned(), prior=regime_of(GENERIC).prior(learned().prior))
    for shock in mainshocks(catalog, excess):
        time, magnitude = float(events.times[shock]), float(events.magnitudes[shock])
        if time - fitted > HALF_A_YEAR:
            process, fitted = fit_so_far(catalog, time - 1e-3).process, time
        if not isinstance(process, ETAS):
            continue
        for minute in minutes:
            at = time + minute / 1440.0
            history = events.before(at)
            since = history.magnitudes[shock + 1 :]
            if at + max(days) > end or (since >= magnitude).any():
                break
            few = SequenceForecast.of(process, history, shock, generic)
            raised = raised_completeness(history, lowest)
            above = SequenceForecast.of(process, history, shock, generic, raised)
            current = under_way([process], history)
            if current is not None and current.time != time:
                break
            state = "under way" if current is not None else "few"
            if since.size < 5 and minute / 1440.0 < EARLY_DAYS - 1e-6:
                state = "early"
            request = Request(at, tuple(days), magnitudes, samples, shock)
            drawn = {"omori": [OmoriWindow.of(few, one) for one in request.days]}
            drawn["omoriB"] = [OmoriWindow.of(above, one, recorded=True) for one in request.days]
            try:
                drawn["etas"] = list(windows_of(history, [process], request))
                if current is not None:
                    drawn["corrected"] = list(windows_of(history, [process], request, current))
            except InputError as error:
                print(f"{info.name} {info.to_time(at)}: {error}")
                continue
            for name, windows in drawn.items():
                for window in windows:
                    counts = np.concatenate(
                        [
                            counted(window.draw(block, samples, shock), magnitudes)["counts"]
                            for block in range(n_blocks(samples))
                        ]
                    )
                    later = events.between(at, at + window.days).magnitudes
                    for m, column in zip(magnitudes, counts.T, strict=True):
                        seen = int(reaches(later, m).sum())
                        scores = score_counts(column[None, :], [seen], np.random.default_rng(0))
                        yield {
                            "catalog": info.name,
                            "mainshock": str(info.to_time(time)),
                            "excess": magnitude - lowest,
                            "minutes": minute,
                            "known": since.size,
                            "state": state,
                            "days": window.days,
                            "magnitude": m - lowest,
                            "way": name,
                            "observed": seen,
                            "median": float(np.median(column)),
                            "in95": int(scores.inside_95[0]),
                            "in50": int(scores.inside_50[0]),
                            "above95": int(seen > scores.quantiles[4, 0]),
                            "log_score": max(float(scores.log_score[0]), FLOOR),
                        }


def summary(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Scores by group."""
    ratio = np.log(table["median"].clip(lower=0.5) / table["observed"].clip(lower=0.5))
    groups = table.assign(ratio=ratio, absolute=ratio.abs()).groupby(by)
    return groups.agg(
        n=("in95", "size"),
        in95=("in95", "mean"),
        in50=("in50", "mean"),
        above95=("above95", "mean"),
        ratio=("ratio", "median"),
        absolute=("absolute", "median"),
        log_score=("log_score", "mean"),
    ).round(2)


def main(
    catalogs: list[str],
    excess: float = EXCESS,
    minutes: list[float] = [2.0, 5.0, 10.0, 30.0],  # noqa: B006 - as jsonargparse wants it
    days: list[float] = [1.0, 7.0],  # noqa: B006
    samples: int = 500,
    out: Path | None = None,
) -> None:
    """Forecast after mainshocks, and print the scores."""
    rows = []
    for name in catalogs:
        rows += list(forecasts(load(name), excess, minutes, days, samples))
        table = pd.DataFrame(rows)
        if out is not None:
            table.to_csv(out, index=False)
    size = np.where(table["excess"] >= 3.0 - 1e-6, "M >= Mc + 3", "smaller")
    table = table.assign(size=size)
    for by in (
        ["state", "size", "way"],
        ["state", "size", "catalog", "way"],
        ["state", "size", "days", "magnitude", "way"],
        ["state", "size", "minutes", "way"],
    ):
        print(summary(table, by).to_string(), end="\n\n")


if __name__ == "__main__":
    auto_cli(main, as_positional=True)
