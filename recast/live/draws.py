"""Simulated numbers of events of a live forecast: by window and magnitude, and over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs import GutenbergRichter, Trajectories
from catalogs.cores import in_order
from catalogs.sequence import FloatArray, reaches
from catalogs.trajectories import IntArray
from recast.evaluation.counts import QUANTILES
from recast.forecast.blocks import n_blocks
from recast.forecast.rare import expected_counts, tells_more
from recast.forecast.results import Fan
from recast.forecast.single import FAN_POINTS, Drawable, counted


@dataclass(frozen=True, eq=False)
class WindowDraws:
    """The simulations of one window."""

    days: float
    counts: IntArray
    """Events at or above each magnitude, (sample, magnitude)."""

    capped: NDArray[np.bool_]
    """Whether a simulation was cut off, (sample,)."""

    fan: IntArray | None = None
    """Events at or above the lowest magnitude until each time, (sample, time)."""

    expected: FloatArray | None = None
    chances: FloatArray | None = None
    """Expected number and probability by the law of magnitudes (``recast.forecast.rare``), by
    magnitude; NaN where the numbers tell more."""


def draw_window(
    window: Drawable,
    magnitudes: tuple[float, ...],
    samples: int,
    seed: int,
    *,
    law: GutenbergRichter | None = None,
    fan_from: float | None = None,
    threads: int = 1,
) -> WindowDraws:
    """Draw the simulations of one window, which depend on the seed and on its length only.

    With ``law``, that of all magnitudes, also what it says of large events; with ``fan_from``, a
    magnitude, also their course over time.
    """

    def draw(block: int) -> dict[str, np.ndarray]:
        drawn = window.draw(block, samples, seed)
        found = counted(drawn, magnitudes)
        if law is not None:
            found["expected"], found["chances"] = expected_counts(
                drawn, magnitudes, window.complete_from, law
            )
        return found if fan_from is None else {**found, "fan": _fan(drawn, fan_from)}

    parts = in_order(draw, range(n_blocks(samples)), workers=threads)
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    found = WindowDraws(window.days, arrays["counts"], arrays["capped"], arrays.get("fan"))
    if law is None:
        return found
    better = np.array([tells_more(column) for column in arrays["chances"].T])
    expected, chances = (
        np.where(better, arrays[name].mean(axis=0), np.nan) for name in ("expected", "chances")
    )
    return replace(found, expected=expected, chances=chances)


def _fan(drawn: Trajectories, lowest: float) -> IntArray:
    """Cumulative numbers of the events at or above the lowest magnitude, at ``fan_days``."""
    days = fan_days(drawn.end - drawn.start)
    cell = np.clip(np.searchsorted(days, drawn.times - drawn.start), 0, FAN_POINTS - 1)
    flat = (drawn.trajectory * FAN_POINTS + cell)[reaches(drawn.magnitudes, lowest)]
    each = np.bincount(flat, minlength=drawn.n * FAN_POINTS).reshape(drawn.n, FAN_POINTS)
    return np.asarray(each.cumsum(axis=1), dtype=np.int64)


def fan_days(days: float) -> FloatArray:
    """Days since the forecast, nearer to each other in the beginning, when most happens."""
    return np.asarray(days * np.linspace(0.0, 1.0, FAN_POINTS) ** 3)


def fan_of(draws: WindowDraws) -> Fan:
    """Quantiles of the cumulative number."""
    if draws.fan is None:
        raise ValueError("this window was drawn without its course over time")
    quantiles = np.quantile(draws.fan, QUANTILES, axis=0)
    return Fan(
        fan_days(draws.days).tolist(),
        {f"{q:g}": row.tolist() for q, row in zip(QUANTILES, quantiles, strict=True)},
    )


def growing(windows: Sequence[WindowDraws]) -> list[WindowDraws]:
    """The same simulations, with no fewer events in a longer window than in a shorter one.

    Windows are drawn each by itself, so that the numbers of a longer one can be lower by chance, or
    by the law of its correction. The i-th smallest number is raised to the quantile i / n of the
    window before where that is larger:

        Q_w(i / n) = max(Q_w(i / n), Q_v(i / n)),    v < w

    Parameters
    ----------
    windows : sequence of WindowDraws
        In order of their lengths.

    Examples
    --------
    >>> nothing = np.zeros(2, dtype=bool)
    >>> day = WindowDraws(1.0, np.array([[0], [4]]), nothing)
    >>> week = WindowDraws(7.0, np.array([[3], [2]]), nothing)
    >>> growing([day, week])[1].counts.tolist()
    [[4], [2]]
    """
    grown = list(windows[:1])
    for window in windows[1:]:
        before, counts = np.sort(grown[-1].counts, axis=0), window.counts.copy()
        n = len(counts)
        ranks = -(-np.arange(1, n + 1) * len(before) // n) - 1
        for j, column in enumerate(counts.T):
            order = np.argsort(column, kind="stable")
            column[order] = np.maximum(column[order], before[ranks, j])
        grown.append(
            replace(
                window,
                counts=counts,
                expected=_at_least(window.expected, grown[-1].expected),
                chances=_at_least(window.chances, grown[-1].chances),
            )
        )
    return grown


def _at_least(means: FloatArray | None, before: FloatArray | None) -> FloatArray | None:
    """Means, raised to those of a shorter window where both are known."""
    if means is None or before is None:
        return means
    return np.where(np.isnan(means), means, np.fmax(means, before))


def samples_table(draws: Mapping[str, WindowDraws], magnitudes: tuple[float, ...]) -> pd.DataFrame:
    """Every simulated number, a row each: window, magnitude, sample and count."""
    parts = []
    for label, one in draws.items():
        n = one.counts.shape[0]
        parts.append(
            pd.DataFrame(
                {
                    "window": pd.Series([label] * (n * len(magnitudes)), dtype="str"),
                    "magnitude": np.repeat(magnitudes, n),
                    "sample": np.tile(np.arange(n, dtype=np.int32), len(magnitudes)),
                    "count": one.counts.T.ravel().astype(np.int32),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def counts_by_bin(samples: pd.DataFrame) -> dict[tuple[str, float], IntArray]:
    """The simulated numbers, (sample,), of each window and magnitude (``bin_key``)."""
    groups = samples.groupby(["window", "magnitude"], sort=False, observed=True)["count"]
    return {
        bin_key(*cast("tuple[str, float]", key)): counts.to_numpy(np.int64)
        for key, counts in groups
    }


def bin_key(window: str, magnitude: float) -> tuple[str, float]:
    """Where a window and magnitude are found, although a file rounds the magnitude."""
    return str(window), round(float(magnitude), 6)
