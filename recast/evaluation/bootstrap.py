"""Confidence intervals of means of dependent values, by the stationary block bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from catalogs import InputError
from catalogs.sequence import FloatArray


class Interval(NamedTuple):
    """A mean with the ends of its confidence interval and the mean block length used."""

    mean: float
    low: float
    high: float
    block: float


def mean_interval(
    values: ArrayLike,
    *,
    rng: np.random.Generator,
    level: float = 0.95,
    resamples: int = 2000,
    block: float | None = None,
) -> Interval:
    """Mean of a stationary series and its percentile interval.

    The stationary bootstrap (Politis and Romano 1994, doi:10.1080/01621459.1994.10476870) draws
    blocks of geometric length from the series, wrapped around its end, so that clusters of
    dependent events stay together. Paired comparisons pass the differences.

    Parameters
    ----------
    values : array (event,)
        At least two finite values, in order of time.
    block : float, optional
        Mean block length in events; by default ``block_length(values)``.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or x.size < 2 or not np.isfinite(x).all():
        raise InputError(
            f"{x.size} value(s) of shape {x.shape} give no interval: need at least two finite "
            "values in one dimension"
        )
    length = block_length(x) if block is None else max(float(block), 1.0)
    n = x.size
    sums = np.concatenate([[0.0], np.cumsum(np.concatenate([x, x]))])
    means = np.empty(resamples)
    # Enough blocks for their lengths to reach n (mean n, sd sqrt(n length)), except 1 in 1e9
    draws = int(np.ceil(n / length + 6.0 * np.sqrt(n / length) + 12.0))
    for i in range(resamples):
        starts = rng.integers(n, size=draws)
        ends = np.cumsum(rng.geometric(1.0 / length, size=draws))
        lengths = np.diff(np.minimum(ends, n), prepend=0)
        turns, rest = np.divmod(lengths, n)
        means[i] = (sums[starts + rest] - sums[starts] + turns * sums[n]).sum()
        means[i] /= min(int(ends[-1]), n)
    low, high = np.quantile(means, [0.5 - level / 2.0, 0.5 + level / 2.0])
    return Interval(float(x.mean()), float(low), float(high), length)


def block_length(values: FloatArray) -> float:
    """Mean block length that minimises the error of the bootstrap variance of the mean.

    The automatic rule of Politis and White (2004, doi:10.1081/ETC-120028836) with the correction
    of Patton et al. (2009): (2 G^2 / D)^{1/3} n^{1/3}, where ``G = sum |k| w(k) R(k)`` and
    D = 2 (sum w(k) R(k))^2 with autocovariances R, a flat-top window w, and its width twice the
    lag after which autocorrelations are negligible. At least 1, at most min(3 sqrt(n), n / 3).
    """
    n = values.size
    centred = values - values.mean()
    variance = float(centred @ centred) / n
    if variance == 0.0 or n < 8:
        return 1.0
    run = max(5, int(np.ceil(np.sqrt(np.log10(n)))))
    longest = min(int(np.ceil(np.sqrt(n))) + run, n - 1)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(centred, size)) ** 2
    covariance = np.fft.irfft(spectrum, size)[: longest + 1] / n
    small = np.abs(covariance / variance) < 2.0 * np.sqrt(np.log10(n) / n)
    # The smallest lag after which `run` autocorrelations in a row are negligible
    lag = next(
        (m for m in range(longest - run + 1) if small[m + 1 : m + 1 + run].all()), longest - run
    )
    width = min(max(2 * lag, 1), longest)
    k = np.arange(1, width + 1)
    weights = np.clip(2.0 * (1.0 - k / width), 0.0, 1.0)  # flat top: 1 up to half the width
    g = 2.0 * float((weights * k) @ covariance[1 : width + 1])
    d = 2.0 * (variance + 2.0 * float(weights @ covariance[1 : width + 1])) ** 2
    length = (2.0 * g**2 / d * n) ** (1.0 / 3.0) if d > 0.0 else 1.0
    return float(np.clip(length, 1.0, max(min(3.0 * np.sqrt(n), n / 3.0), 1.0)))


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
