"""Forecasts minutes and hours after mainshocks of the past: by ETAS, or by other past sequences.

    python experiments/first_minutes.py "[scedc, horus_italy, ncss, china]"

Every mainshock of the train and validation windows counts, also one without any aftershock: those
with many must not be chosen. ETAS is fitted to what was known, as `recast forecast` does without
`--model`, again after half a year. These ways are compared:

    as it is   ETAS without correction
    corrected  for the sequence so far, where one is under way (recast.forecast.correction)
    all        the Omori law of past sequences, and of all aftershocks that are known
    recorded   the same, of those above the completeness that the mainshock has raised, for events
               that will be recorded (recast.forecast.early)
    joined     after that hour: while small events are missed, large ones as recorded, small ones as
               corrected (recast.forecast.joined)
    ordinary   where none is under way: as it is, times the factor of ordinary times
               (recast.forecast.ordinary)
    pooled     a share of the catalogs as recorded, which falls with time, the others as joined or
               corrected, or where no sequence is under way as ordinary (recast.forecast.pooled):
               what `recast forecast` does
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jsonargparse import auto_cli

from catalogs import Catalog, EventSequence, load
from catalogs.sequence import reaches
from etas import ETAS
from recast.evaluation.counts import score_counts
from recast.forecast.bent import bent
from recast.forecast.blocks import n_blocks
from recast.forecast.correction import SequenceForecast, under_way
from recast.forecast.early import OmoriWindow, early_windows, generic, in_law, most_telling
from recast.forecast.joined import incomplete_sequence, joined_windows
from recast.forecast.mainshocks import EXCESS, FEWEST, QUIET_DAYS, is_early, is_larger
from recast.forecast.pooled import HALF_OF_FEW, PooledWindow, after_mainshock, share_of_past
from recast.forecast.prepare import in_ordinary_times
from recast.forecast.single import Drawable, Request, counted, windows_of
from recast.models.so_far import fit_so_far

HALF_A_YEAR = 182.6
FIRST_YEARS = 730.5
"""Days of the train window before the first forecast."""

FLOOR = -20.0
"""Of log scores, so that one miss does not decide the mean."""


@dataclass(frozen=True)
class Past:
    """A mainshock, and the model that was fitted before it."""

    catalog: Catalog
    events: EventSequence
    model: ETAS
    index: int

    @property
    def time(self) -> float:
        """Of the mainshock, in days."""
        return float(self.events.times[self.index])

    @property
    def magnitude(self) -> float:
        """Of the mainshock."""
        return float(self.events.magnitudes[self.index])

    def history(self, minutes: float) -> EventSequence | None:
        """Events until then; None where a larger one has come, or the validation window ends."""
        history = self.events.before(self.time + minutes / 1440.0)
        since = history.magnitudes[self.index + 1 :]
        return None if (since >= self.magnitude).any() else history


def mainshocks(catalog: Catalog, excess: float) -> Iterator[Past]:
    """Events of the train and validation windows without a larger one in the 30 days before."""
    info, events = catalog.info, catalog.to_sequence()
    begin = info.to_days(info.splits.train_start) + FIRST_YEARS
    end = info.to_days(info.splits.test_start)
    times, magnitudes = events.times, events.magnitudes
    large = reaches(magnitudes, info.magnitude_completeness + excess)
    fitted, model = -np.inf, None
    for i in np.flatnonzero(large & (times >= begin) & (times < end)).tolist():
        before = magnitudes[np.searchsorted(times, times[i] - QUIET_DAYS) : i]
        if is_larger(before, magnitudes[i]).any():
            continue
        if times[i] - fitted > HALF_A_YEAR:
            model, fitted = fit_so_far(catalog, times[i] - 1e-3).process, times[i]
        if isinstance(model, ETAS):
            yield Past(catalog, events, model, i)


def ways(
    past: Past, history: EventSequence, request: Request
) -> tuple[str, dict[str, Sequence[Drawable]]]:
    """The windows of a forecast by each way, and what is known of the sequence."""
    prior = generic(None)
    current, early = under_way([past.model], history), is_early(request.at - past.time)
    if current is not None and current.time != past.time:
        return "of another", {}
    n = len(history) - past.index - 1
    known = f"first hour, {'fewer than' if n < FEWEST else 'at least'} {FEWEST} known"
    every = SequenceForecast.of(past.model, history, past.index, prior)
    law = bent([past.model], past.catalog, request.at)
    model = in_law(past.model, law)
    until, lowest = most_telling(history, past.index, model.magnitude_law)
    above = SequenceForecast.of(model, history, past.index, prior, lowest, until)
    windows: dict[str, Sequence[Drawable]] = {
        "as it is": windows_of(history, [past.model], request),
        "all": [OmoriWindow.of(every, days) for days in request.days],
        "recorded": early_windows(above, request),
    }
    if current is None:
        usual = in_ordinary_times(windows_of(history, [past.model], request, law=law))
        share = share_of_past(request.at - past.time, HALF_OF_FEW)
        few = zip(usual, early_windows(above, request), strict=True)
        windows["ordinary"] = usual
        windows["pooled"] = [PooledWindow(window, omori, share) for window, omori in few]
        return known if early else "later, no sequence under way", windows
    corrected = windows_of(history, [past.model], request, current, law)
    windows["corrected"] = corrected
    windows["pooled"] = after_mainshock(corrected, [past.model], history, request, magnitudes=law)
    if early:
        return known, windows
    large = incomplete_sequence([past.model], history, magnitudes=law)
    windows["joined"] = joined_windows(corrected, large, request)
    return f"later, {'small events missed' if large else 'complete'}", windows


def forecasts(
    catalog: Catalog, excess: float, minutes: list[float], days: list[float], samples: int
) -> Iterator[dict[str, Any]]:
    """Forecast after each mainshock while it is the largest, and score the numbers."""
    info = catalog.info
    lowest, end = info.magnitude_completeness, info.to_days(info.splits.test_start)
    for past in mainshocks(catalog, excess):
        for minute in minutes:
            at = past.time + minute / 1440.0
            history = past.history(minute)
            if history is None or at + max(days) > end:
                break
            request = Request(at, tuple(days), (lowest, lowest + 1.0), samples, past.index)
            known, windows = ways(past, history, request)
            row = {
                "catalog": info.name,
                "mainshock": str(info.to_time(past.time)),
                "excess": past.magnitude - lowest,
                "minutes": minute,
                "known": known,
            }
            for way, several in windows.items():
                for window in several:
                    yield from ({**row, "way": way, **one} for one in scored(window, request, past))


def scored(window: Drawable, request: Request, past: Past) -> Iterator[dict[str, Any]]:
    """Draw one window, and score its numbers."""
    n, seed = request.samples, request.seed
    blocks = (window.draw(block, n, seed) for block in range(n_blocks(n)))
    counts = np.concatenate([counted(one, request.magnitudes)["counts"] for one in blocks])
    later = past.events.between(request.at, request.at + window.days).magnitudes
    for magnitude, column in zip(request.magnitudes, counts.T, strict=True):
        seen = int(reaches(later, magnitude).sum())
        scores = score_counts(column[None, :], [seen], np.random.default_rng(seed))
        median = max(float(np.median(column)), 0.5)
        yield {
            "days": window.days,
            "magnitude": f"Mc + {magnitude - request.magnitudes[0]:g}",
            "in 95 %": int(scores.inside_95[0]),
            "in 50 %": int(scores.inside_50[0]),
            "above": int(seen > scores.quantiles[4, 0]),
            "ratio": float(np.log(median / max(seen, 0.5))),
            "log score": max(float(scores.log_score[0]), FLOOR),
        }


def summary(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Scores by group: shares, the median of ln(median/observed), its absolute value's, means."""
    groups = table.assign(absolute=table["ratio"].abs()).groupby(by)
    means = groups[["in 95 %", "in 50 %", "above"]].mean()
    medians = groups[["ratio", "absolute"]].median()
    return groups.size().to_frame("n").join([means, medians, groups["log score"].mean()]).round(2)


def main(
    catalogs: list[str],
    excess: float = EXCESS,
    minutes: list[float] = [2.0, 5.0, 10.0, 30.0],  # noqa: B006 - as jsonargparse wants it
    days: list[float] = [1.0, 7.0],  # noqa: B006
    samples: int = 300,
    out: Path | None = None,
) -> None:
    """Forecast after mainshocks, and print the scores."""
    rows = [
        row
        for name in catalogs
        for row in forecasts(load(name), excess, sorted(minutes), days, samples)
    ]
    table = pd.DataFrame(rows)
    if out is not None:
        table.to_csv(out, index=False)
    table["size"] = np.where(table["excess"] > 3.0 - 1e-6, "M >= Mc + 3", "smaller")
    for by in ([], ["catalog"], ["minutes"], ["days", "magnitude"]):
        print(summary(table, ["known", "size", *by, "way"]).to_string(), end="\n\n")


if __name__ == "__main__":
    auto_cli(main, as_positional=True)
