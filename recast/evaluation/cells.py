"""The spatial and the pseudo-likelihood test of catalog-based forecasts.

Both compare the cells of observed events with those of simulated catalogs, by the expected number
of events in each cell (Savran et al. 2020, doi:10.1785/0120200026). Near zero, delta2 says that the
observed catalog is less likely than simulated ones. Events outside of the cells do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from catalogs import InputError, Trajectories
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray

TIE = 1e-9
"""Relative difference of statistics that are equal but for the order of a sum."""


@dataclass(frozen=True, eq=False)
class CellTest:
    """A statistic of the observed catalog, and its place among those of simulated ones."""

    statistic: float
    simulated: FloatArray
    """Shape (trajectory,), without those that have no statistic."""

    @property
    def delta1(self) -> float:
        """P(simulated >= observed), as a share of the simulated catalogs."""
        return float((self.simulated >= self.statistic - self._tie).mean())

    @property
    def delta2(self) -> float:
        """P(simulated <= observed), the quantile of the test."""
        return float((self.simulated <= self.statistic + self._tie).mean())

    @property
    def _tie(self) -> float:
        return TIE * max(1.0, abs(self.statistic))


def pseudo_likelihood_test(
    rates: FloatArray, drawn: Trajectories, cells: IntArray, observed: IntArray
) -> CellTest | None:
    """Pseudo-likelihood test: of numbers and places together.

        PL = sum over events of ln rates(cell) - sum of all rates

    None if there is no observed event in the cells.

    Parameters
    ----------
    rates : array (cell,)
        Expected numbers of events, all positive.
    drawn : Trajectories
        The simulated catalogs.
    cells : array of int (event,)
        The cells of their events; -1 outside.
    observed : array of int (event,)
        The cells of the observed events; -1 outside.

    Raises
    ------
    InputError
        If a cell has no positive rate, or there is no such cell.
    """
    sums, _ = _log_rates(rates, drawn.trajectory, cells, drawn.n)
    here, n = _log_rates(rates, np.zeros(observed.size, dtype=np.int64), observed, 1)
    if n[0] == 0:
        return None
    total = float(rates.sum())
    return CellTest(float(here[0]) - total, sums - total)


def spatial_test(
    rates: FloatArray, drawn: Trajectories, cells: IntArray, observed: IntArray
) -> CellTest | None:
    """Spatial test: of places alone, whatever their number.

        S = mean over events of ln(rates(cell) / sum of all rates)

    Simulated catalogs without an event have no S and are left out. None if there is no observed, or
    no simulated, event in the cells.

    Parameters
    ----------
    rates : array (cell,)
        Expected numbers of events, all positive.
    drawn : Trajectories
        The simulated catalogs.
    cells : array of int (event,)
        The cells of their events; -1 outside.
    observed : array of int (event,)
        The cells of the observed events; -1 outside.

    Raises
    ------
    InputError
        If a cell has no positive rate, or there is no such cell.
    """
    sums, numbers = _log_rates(rates, drawn.trajectory, cells, drawn.n)
    here, n = _log_rates(rates, np.zeros(observed.size, dtype=np.int64), observed, 1)
    some = numbers > 0
    if n[0] == 0 or not some.any():
        return None
    total = float(np.log(rates.sum()))
    return CellTest(float(here[0] / n[0]) - total, sums[some] / numbers[some] - total)


def _log_rates(
    rates: FloatArray, trajectory: IntArray, cells: IntArray, n: int
) -> tuple[FloatArray, IntArray]:
    """Sum of ln rates over the events of each catalog, and their number, shape (n,) each."""
    bad = np.flatnonzero(~(np.isfinite(rates) & (rates > 0.0)))
    if bad.size:
        raise InputError(
            f"cell {bad[0]} has rate {rates[bad[0]]:g}, and no event could be there: give every "
            "cell a positive rate, as `floor` does"
        )
    if cells.shape != trajectory.shape or (cells.size and cells.max() >= rates.size):
        raise InputError(
            f"{cells.size} cells of {trajectory.size} events, up to {cells.max(initial=-1)} of "
            f"{rates.size}: take events and rates of one grid"
        )
    inside = cells >= 0
    who = trajectory[inside]
    sums = np.bincount(who, np.log(rates)[cells[inside]], minlength=n)
    return sums.astype(np.float64), np.bincount(who, minlength=n).astype(np.int64)
