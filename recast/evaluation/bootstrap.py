"""Confidence intervals of means of values that come in known blocks, by a bootstrap."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

BOOTSTRAP_SEED = 0


def mean_by_blocks(
    values: ArrayLike,
    blocks: Sequence[int],
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 2000,
) -> tuple[float, tuple[float, float] | None]:
    """Mean of values that depend on each other within blocks, and its percentile interval.

    Whole blocks are drawn with replacement, as many as there are, and all their values averaged.

    Parameters
    ----------
    values : array (value,)
        One or more.
    blocks : sequence of int
        Number of the block of each value.

    Returns
    -------
    mean, (low, high)
        No interval for a single block.
    """
    x = np.asarray(values, dtype=np.float64)
    _, block = np.unique(np.asarray(blocks), return_inverse=True)
    sums, sizes = np.bincount(block, weights=x), np.bincount(block)
    if sums.size < 2:
        return float(x.mean()), None
    drawn = rng.integers(sums.size, size=(resamples, sums.size))
    means = sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.5 - level / 2.0, 0.5 + level / 2.0]).tolist()
    return float(x.mean()), (low, high)
