"""Simulated numbers of events of a live forecast: by window and magnitude, and over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs import Trajectories
from catalogs.sequence import FloatArray, reaches
from catalogs.trajectories import IntArray
from recast.evaluation.counts import QUANTILES
from recast.forecast.blocks import in_threads, n_blocks
from recast.forecast.results import Fan
from recast.forecast.single import FAN_POINTS, counted


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


class Drawable(Protocol):
    """A window that can be drawn block by block."""

    @property
    def days(self) -> float:
        """Its length."""
        ...

    def draw(self, block: int, n: int, seed: int) -> Trajectories:
        """Draw one block of the ``n`` trajectories."""
        ...


def draw_window(
    window: Drawable,
    magnitudes: tuple[float, ...],
    samples: int,
    seed: int,
    *,
    fan_from: float | None = None,
    threads: int = 1,
) -> WindowDraws:
    """Draw the simulations of one window, which depend on the seed and on its length only.

    With ``fan_from``, a magnitude, also their course over time.
    """

    def draw(block: int) -> dict[str, np.ndarray]:
        drawn = window.draw(block, samples, seed)
        found = counted(drawn, magnitudes)
        return found if fan_from is None else {**found, "fan": _fan(drawn, fan_from)}

    parts = in_threads(draw, range(n_blocks(samples)), threads)
    arrays = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return WindowDraws(window.days, arrays["counts"], arrays["capped"], arrays.get("fan"))


def _fan(drawn: Trajectories, lowest: float) -> IntArray:
    """Cumulative numbers of the events at or above the lowest magnitude."""
    share = (drawn.times - drawn.start) / (drawn.end - drawn.start)
    cell = np.clip(np.ceil(share * (FAN_POINTS - 1)).astype(np.int64), 0, FAN_POINTS - 1)
    flat = (drawn.trajectory * FAN_POINTS + cell)[reaches(drawn.magnitudes, lowest)]
    each = np.bincount(flat, minlength=drawn.n * FAN_POINTS).reshape(drawn.n, FAN_POINTS)
    return np.asarray(each.cumsum(axis=1), dtype=np.int64)


def fan_of(draws: WindowDraws) -> Fan:
    """Quantiles of the cumulative number."""
    if draws.fan is None:
        raise ValueError("this window was drawn without its course over time")
    quantiles = np.quantile(draws.fan, QUANTILES, axis=0)
    days: FloatArray = np.linspace(0.0, draws.days, FAN_POINTS)
    return Fan(
        days.tolist(),
        {f"{q:g}": row.tolist() for q, row in zip(QUANTILES, quantiles, strict=True)},
    )


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


def counts_of(samples: pd.DataFrame, window: str, magnitude: float) -> IntArray:
    """The simulated numbers of one window and magnitude, (sample,)."""
    here = (samples["window"] == window) & np.isclose(samples["magnitude"], magnitude)
    return samples.loc[here, "count"].to_numpy(np.int64)
