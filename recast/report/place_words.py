"""What residuals of places say, in words."""

from __future__ import annotations

import numpy as np

from etas.space.residuals import CellTest, PairTest, PlaceResiduals

NOTABLE = 0.01
"""p-values up to which a sentence speaks of a difference."""


def place_lines(found: PlaceResiduals) -> list[str]:
    """The tests, one per line, and a sentence that sums them up."""
    n, pairs, density, cells = found.thinned, found.pairs, found.density, found.cells
    ratio, far = _furthest(pairs)
    chi = f"chi-square {cells.chi_square:.1f} for {cells.degrees} degrees of freedom"
    denser = f"denser than {100.0 * density.denser:.1f} % of places drawn for them"
    return [
        f"places: {found.kept:,} of {n:,} epicentres kept, {n - found.kept:,} superposed",
        f"pairs over those of uniform places: {ratio:.2f} within {far:.2g} km, p = {pairs.p:.3g}",
        f"epicentres are {denser}, p = {density.denser_p:.3g}",
        f"{len(cells.observed)} cells: {chi}, p = {cells.p:.3g}",
        place_sentence(found),
    ]


def place_sentence(found: PlaceResiduals) -> str:
    """Say whether events are where the model has them, and if not how they differ."""
    differ: list[str] = []
    density, pairs, cells = found.density, found.pairs, found.cells
    if density.denser_p <= NOTABLE:
        wide = density.denser > 0.5
        how = "spreads events too widely about" if wide else "keeps events too close to"
        differ.append(f"it {how} earlier ones")
    elif density.ks_p <= NOTABLE:
        differ.append("the densities at epicentres are distributed otherwise than it has them")
    ratio, far = _furthest(pairs)
    if pairs.p <= NOTABLE:
        what = "cluster" if ratio > 1.0 else "keep apart"
        differ.append(f"events that it hardly expects {what} within {far:.2g} km")
    if cells.p <= NOTABLE:
        most, least = int(np.argmax(cells.z)), int(np.argmin(cells.z))
        differ.append(
            f"too few events are expected at {_cell(cells, most)}, and too many at "
            f"{_cell(cells, least)}"
        )
    if not differ:
        return "the places of the events look like draws of the model"
    return f"the model is off in space: {'; '.join(differ)}"


def _furthest(pairs: PairTest) -> tuple[float, float]:
    """Ratio and distance where pairs are furthest outside their band."""
    ratio = np.array(pairs.ratio)
    band = np.maximum(pairs.band, 1e-9)
    k = int(np.argmax(np.abs(ratio - 1.0) / band))
    return float(ratio[k]), pairs.distances[k]


def _cell(cells: CellTest, k: int) -> str:
    """Where a cell is, how many events came and how many were expected."""
    south, north, west, east = cells.edges[k]
    longitude = (0.5 * (west + east) + 180.0) % 360.0 - 180.0
    return (
        f"{0.5 * (south + north):.2f}, {longitude:.2f} ({cells.observed[k]} came, "
        f"{cells.expected[k]:.1f} expected)"
    )
