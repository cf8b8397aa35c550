"""Completeness that changes in time: after large events catalogs miss small ones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from catalogs import CatalogInfo, EventSequence, GutenbergRichter, InputError
from catalogs.magnitudes import b_of_mean
from catalogs.sequence import MAGNITUDE_TOLERANCE, FloatArray, reaches

STAIR = 0.1
"""Height of the stairs by which a smooth law of completeness is bounded from above."""


@dataclass(frozen=True, eq=False)
class CompletenessHistory:
    """The completeness magnitude as a step function of time.

        Mc(t) = levels[i]  for  times[i] < t <= times[i + 1],   Mc(t) = base elsewhere

    so that an event that begins a step is itself judged by the level before it. Events below Mc(t)
    are left out, recorded or not.

    Parameters
    ----------
    times : array (step,)
        Days since the catalog's start, increasing.
    levels : array (step,)
        Completeness magnitudes, none below ``base``.
    base : float
        Completeness magnitude in quiet times.

    Raises
    ------
    InputError
        If times do not increase, or a level is below ``base``.

    Examples
    --------
    >>> events = EventSequence([1.0, 1.01, 2.0], [6.5, 3.0, 3.0], start=0.0, end=3.0)
    >>> history = CompletenessHistory.helmstetter(events, base=2.5)
    >>> history.at([0.5, 1.01, 2.0])  # M - 4.5 - 0.75 log10(t), rounded up to stairs of 0.1
    array([2.5, 3.6, 2.5])
    >>> len(history.select(events))
    2
    """

    times: FloatArray
    levels: FloatArray
    base: float

    def __post_init__(self) -> None:
        times = np.array(self.times, dtype=np.float64)
        levels = np.array(self.levels, dtype=np.float64)
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "levels", levels)
        if times.ndim != 1 or times.shape != levels.shape:
            raise InputError(
                f"completeness history: {times.size} times and {levels.size} levels do not match"
            )
        bad = np.flatnonzero(~(np.diff(times) > 0.0))
        if bad.size:
            raise InputError(
                f"completeness history: times[{bad[0] + 1}] = {times[bad[0] + 1]:g} does not "
                f"come after times[{bad[0]}]: sort the rows"
            )
        bad = np.flatnonzero(~(levels >= self.base - MAGNITUDE_TOLERANCE))
        if bad.size:
            raise InputError(
                f"completeness history: levels[{bad[0]}] = {levels[bad[0]]:g} is below the base "
                f"{self.base:g}: lower the base to the smallest level"
            )

    @classmethod
    def helmstetter(
        cls, sequence: EventSequence, base: float, *, minimum_magnitude: float | None = None
    ) -> CompletenessHistory:
        """The law of Helmstetter et al. (2006) after each large event.

            Mc(t) = M - 4.5 - 0.75 log10(t)      t days after an event of magnitude M

        but at most M and at least ``base``; where several events overlap the highest Mc holds. The
        law is bounded from above by stairs of height 0.1.

        Parameters
        ----------
        sequence : EventSequence
            The events, with their history.
        base : float
            Completeness magnitude in quiet times.
        minimum_magnitude : float, optional
            Events of this magnitude or more hide smaller ones; by default all that do so for a
            minute or more, i.e. M >= base + 4.5 + 0.75 log10(1 / 1440).

        References
        ----------
        Helmstetter, A., Kagan, Y. Y. and Jackson, D. D. (2006). Comparison of short-term and
        time-independent earthquake forecast models for southern California. Bull. Seismol. Soc. Am.
        96, 90-106. doi:10.1785/0120050067
        """
        if minimum_magnitude is None:
            minimum_magnitude = base + 4.5 + 0.75 * float(np.log10(1.0 / 1440.0))
        magnitudes = sequence.magnitudes
        hides = magnitudes > base + MAGNITUDE_TOLERANCE  # Mc(t) of others never exceeds base
        large = np.flatnonzero(hides & (magnitudes >= minimum_magnitude))
        onsets, sizes = sequence.times[large], sequence.magnitudes[large]
        edges, falls = [], []
        for onset, size in zip(onsets.tolist(), sizes.tolist(), strict=True):
            stairs = int(np.ceil((size - base) / STAIR - 1e-9))
            heights = base + STAIR * np.arange(stairs, 0, -1)  # of the stairs, from the top
            # a stair lasts until the law has fallen to the next one
            until = onset + 10.0 ** ((size - 4.5 - (heights - STAIR)) / 0.75)
            edges.append(np.concatenate([[onset], until[:-1]]))
            falls.append((edges[-1], np.minimum(heights, size), float(until[-1])))
        if not edges:
            return cls(np.empty(0), np.empty(0), base)
        times = np.unique(np.concatenate([*edges, [end for _, _, end in falls]]))
        levels = np.full(times.size, base)
        for starts, heights, end in falls:
            lo, hi = np.searchsorted(times, [starts[0], end])
            place = np.searchsorted(starts, times[lo:hi], side="right") - 1
            levels[lo:hi] = np.maximum(levels[lo:hi], heights[place])
        changed = np.concatenate([[True], np.diff(levels) != 0.0])
        return cls(times[changed], levels[changed], base)

    def at(self, times: ArrayLike) -> FloatArray:
        """Completeness magnitude just before each of ``times``.

        Parameters
        ----------
        times : array (time,)
            Days since the catalog's start.

        Returns
        -------
        array (time,)
            Magnitudes.
        """
        step = np.searchsorted(self.times, np.asarray(times, dtype=np.float64), side="left")
        return np.concatenate([[self.base], self.levels])[step]

    def or_higher(self, other: CompletenessHistory) -> CompletenessHistory:
        """The higher of two, at each time.

        Parameters
        ----------
        other : CompletenessHistory
            Of the same catalog.

        Returns
        -------
        CompletenessHistory
            max(Mc(t), Mc'(t)).

        Examples
        --------
        >>> network = CompletenessHistory([0.0, 10.0], [3.0, 2.0], base=2.0)
        >>> hidden = CompletenessHistory([9.0, 12.0], [4.0, 2.5], base=2.5)
        >>> network.or_higher(hidden).at([1.0, 9.5, 11.0, 13.0])
        array([3. , 4. , 4. , 2.5])
        """
        times = np.union1d(self.times, other.times)
        after = np.nextafter(times, np.inf)
        return CompletenessHistory(
            times, np.maximum(self.at(after), other.at(after)), max(self.base, other.base)
        )

    def on_grid(self, completeness: float, step: float) -> CompletenessHistory:
        """Mc(t) as the lowest magnitude that can occur, where magnitudes are given in steps.

        Parameters
        ----------
        completeness : float
            The lowest magnitude of the catalog.
        step : float
            Of the magnitudes; 0 for continuous ones, which change nothing.

        Returns
        -------
        CompletenessHistory
            Whose levels are whole steps above ``completeness``, rounded up.
        """
        base = float(raised([self.base], completeness, step)[0])
        return CompletenessHistory(self.times, raised(self.levels, completeness, step), base)

    def dated(self, info: CatalogInfo) -> tuple[tuple[str, float], ...]:
        """Its steps as rows of a table of ``read_completeness``: when each begins, and Mc.

        Parameters
        ----------
        info : CatalogInfo
            Of the catalog.

        Returns
        -------
        tuple of (str, float)
            Dates, or days where the catalog uses days.
        """
        starts = (info.to_time(day) for day in self.times.tolist())
        texts = (s.isoformat() if isinstance(s, pd.Timestamp) else repr(s) for s in starts)
        return tuple(zip(texts, self.levels.tolist(), strict=True))

    def select(self, sequence: EventSequence) -> EventSequence:
        """Keep the events at or above the completeness of their time.

        Parameters
        ----------
        sequence : EventSequence
            All events.

        Returns
        -------
        EventSequence
            On the same window.
        """
        return sequence.where(reaches(sequence.magnitudes, self.at(sequence.times)))


def raised(levels: ArrayLike, completeness: float, step: float) -> FloatArray:
    """Magnitudes, those between whole steps above ``completeness`` raised to the next one.

    >>> raised([2.0, 2.05, 2.1], 2.0, step=0.1)
    array([2. , 2.1, 2.1])
    """
    levels = np.asarray(levels, dtype=np.float64)
    if step <= MAGNITUDE_TOLERANCE:  # continuous
        return levels
    bins = (levels - completeness) / step
    between = np.abs(bins - np.round(bins)) * step > MAGNITUDE_TOLERANCE
    return np.where(between, completeness + step * np.ceil(bins), levels)


def law_above(
    sequence: EventSequence,
    history: CompletenessHistory,
    law: GutenbergRichter,
    *,
    bin_width: float,
    strict: bool,
) -> GutenbergRichter:
    """The Gutenberg-Richter law with the b-value of the scored events above Mc(t).

        beta = ln(1 + dM / mean(m_i - Mc(t_i))) / dM

    with Mc(t_i) the lowest magnitude kept, one bin higher where the base is strict. Events above a
    raised Mc(t) are larger; measured from the base they would make b too low. Mc(t) between two
    steps is the upper one.
    """
    lowest = raised(history.at(sequence.times), law.completeness, bin_width)
    if strict:
        lowest = np.where(lowest <= history.base + MAGNITUDE_TOLERANCE, lowest + bin_width, lowest)
    excess = sequence.magnitudes - lowest
    scored = np.arange(len(sequence)) >= sequence.first_scored
    kept = excess[scored & (excess >= -MAGNITUDE_TOLERANCE)]
    mean = float(kept.mean()) if kept.size else 0.0
    if mean <= 0.0:
        raise InputError(
            f"{kept.size} scored events above Mc(t) determine no b-value: lower the completeness"
        )
    return replace(law, b=b_of_mean(mean, bin_width))


def read_completeness(path: Path, info: CatalogInfo) -> CompletenessHistory:
    """Read Mc(t) of a catalog from a CSV file.

    It has the columns time (dates, or days where the catalog counts days) and magnitude; each row
    holds until the next one. Before the first the catalog's own completeness holds.

    Raises
    ------
    InputError
        Naming the file, and the row where one is wrong.
    """
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as CSV ({error}): check the path") from error
    missing = {"time", "magnitude"} - set(table.columns)
    if missing:
        raise InputError(
            f"{path} has no column {min(missing)!r}: it needs time and magnitude, and has "
            f"{', '.join(map(str, table.columns))}"
        )
    try:
        return of_steps(zip(table["time"], table["magnitude"], strict=True), info)
    except ValueError as error:  # InputError is one, and so is what float() raises
        raise InputError(f"{path}: {error}") from error


def of_steps(rows: Iterable[tuple[str | float, float]], info: CatalogInfo) -> CompletenessHistory:
    """Mc(t) of a catalog from rows of time (date or day) and magnitude, each until the next."""
    steps = [(info.to_days(time), float(level)) for time, level in rows]
    lowest = info.magnitude_completeness
    levels = raised([level for _, level in steps], lowest, info.magnitude_bin)
    return CompletenessHistory(np.array([day for day, _ in steps]), levels, lowest)
