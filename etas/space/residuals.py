"""Residual analysis in space: are epicentres where a law of places has them?

Three tests, each given the times of the events, so that what is wrong with these does not matter:

- super-thinned places are uniform (``thinning``), so that their pairs are as those of uniform ones;
- an epicentre is as likely to be at a denser place than one drawn from the law as at a sparser one;
- cells hold as many events as expected, from places drawn at the time of each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from catalogs import EventSequence, InputError, cores
from catalogs.areas import bounding_box
from catalogs.json_records import Record
from catalogs.process import Seed
from catalogs.sequence import FloatArray
from catalogs.trajectories import IntArray
from etas.residuals import MINIMUM_EVENTS, kolmogorov_distance, kolmogorov_p
from etas.space.law import LogDensityAt, PlaceLaw
from etas.space.region import Region
from etas.space.thinning import SuperThinned, super_thinned, uniform_places

SIMULATIONS = 199
"""Sets of uniform places that pairs are compared with: p-values are multiples of 1 / 200."""

MOST_THINNED, MOST_POINTS = 10_000, 5_000
"""Events that are super-thinned, and whose pairs are counted: of more, evenly spaced ones."""

LEAST_PAIRS = 10.0
"""Expected within the least distance."""

LARGEST = 0.1
"""Largest distance, over the root of the region's surface."""

N_DISTANCES = 16

DRAWS, FEWEST_DRAWS, MOST_DRAWS = 40_000, 4, 100
"""Places drawn from the law: in total, and for each event."""

RANKED = 10_000
"""Of these, how many densities are computed, in total: one or more for each thinned event."""

PER_CELL, MOST_HALVINGS = 25, 8
"""Expected events in a cell, and how often the region is halved: into 256 cells at most."""

RESIDUALS = 23
"""Keeps the random numbers of the tests apart from others with the same seed."""


@dataclass(frozen=True)
class PairTest(Record):
    """Pairs of super-thinned places, over those of uniform ones.

    Parameters
    ----------
    distances : list of float
        Kilometres.
    ratio : list of float
        Pairs no further apart than that, over their mean number among uniform places: above 1 they
        cluster (Ripley's K over that of a Poisson process, its edges corrected by simulation).
    band : list of float
        Half-width of the band about 1 in which 95 % of uniform sets stay at all distances.
    p : float
        Share of sets, this one among them, that go as far outside.
    """

    distances: list[float]
    ratio: list[float]
    band: list[float]
    p: float


@dataclass(frozen=True)
class DensityTest(Record):
    """Densities at epicentres against those at places drawn from the law.

    Parameters
    ----------
    denser : float
        Share of drawn places that are less dense than the epicentre: 1/2 for the true law. Above,
        events keep closer to where they are expected than the law has it; below, they stray.
    denser_p : float
        Its p-value, two-sided.
    ks_p : float
        That of a Kolmogorov-Smirnov test of the rank of each epicentre, which is uniform.
    """

    denser: float
    denser_p: float
    ks_p: float


@dataclass(frozen=True)
class CellTest(Record):
    """Events in cells that have the same expected number.

    Parameters
    ----------
    edges : list
        South, north, west and east of each cell, degrees; longitudes may go on beyond 180.
    observed : list of int
        Events.
    expected : list of float
        Given the time of each event and all before it.
    z : list of float
        Observed less expected, in standard errors.
    chi_square : float
        Of all cells together, with the covariances that the law has.
    degrees : int
        Of freedom.
    p : float
        Its p-value.
    """

    edges: list[list[float]]
    observed: list[int]
    expected: list[float]
    z: list[float]
    chi_square: float
    degrees: int
    p: float


@dataclass(frozen=True)
class PlaceResiduals(Record):
    """Residual analysis of a law of places on a window.

    p-values hold for a law that was not fitted to these events.

    Parameters
    ----------
    n : int
        Scored events.
    thinned, kept : int
        Of which so many are super-thinned, and leave one place each; that many are epicentres.
    pairs : PairTest
        Are super-thinned places uniform?
    density : DensityTest
        Are epicentres as close to where they are expected as the law has it?
    cells : CellTest
        Where are more, or fewer, events than expected?

    See Also
    --------
    place_residuals : makes one.
    """

    n: int
    thinned: int
    kept: int
    pairs: PairTest
    density: DensityTest
    cells: CellTest


@dataclass(frozen=True, eq=False)
class ThinnedResiduals:
    """A residual analysis, and the places that it has left."""

    residuals: PlaceResiduals
    thinned: SuperThinned


def place_residuals(
    law: PlaceLaw, sequence: EventSequence, *, seed: Seed, least_distance: float = 0.0
) -> ThinnedResiduals:
    """Test whether events are where a law of places has them.

    Parameters
    ----------
    law : PlaceLaw
        Any law of places.
    sequence : EventSequence
        With locations; the scored events are tested.
    seed : int or sequence of int
        Of super-thinned and drawn places: another one gives other p-values.
    least_distance : float
        Kilometres below which pairs say more of rounding than of the law.

    Returns
    -------
    ThinnedResiduals
        The tests, and the super-thinned places.

    Raises
    ------
    InputError
        With fewer than 10 scored events, without locations, or with an event outside the region.

    Examples
    --------
    >>> from catalogs.areas import Box
    >>> from etas.space import Region, UniformPlaces
    >>> rng = np.random.default_rng(0)
    >>> places = rng.uniform([0, 0], [1, 0.5], (200, 2))  # of one degree, in the western half
    >>> events = EventSequence(np.arange(200.0), np.full(200, 3.0), 0.0, 200.0, locations=places)
    >>> law = UniformPlaces(Region(Box(0, 1, 0, 1)))
    >>> found = place_residuals(law, events, seed=0).residuals
    >>> found.pairs.p, found.cells.p < 1e-9, sum(found.cells.observed)
    (0.005, True, 200)
    """
    n = sequence.n_scored
    if n < MINIMUM_EVENTS:
        raise InputError(
            f"{n} scored events are too few for residual tests, which need {MINIMUM_EVENTS}: "
            "lengthen the window"
        )
    seeds = np.atleast_1d(seed).tolist()
    rng = np.random.default_rng([*seeds, RESIDUALS])
    at = law.at_events(sequence)
    events = _some(n, MOST_THINNED)
    thinned = super_thinned(law, sequence, seed=seed, events=events, at=at)
    each = min(max(DRAWS // n, FEWEST_DRAWS), MOST_DRAWS)
    drawn = law.redrawn(sequence, each, seed=seed)
    epicentres = law.region.located(sequence)[sequence.first_scored :]
    residuals = PlaceResiduals(
        n=n,
        thinned=len(events),
        kept=int(thinned.kept.sum()),
        pairs=pair_test(thinned.locations, law.region, rng, least_distance),
        density=_density_test(thinned.log_densities, events, drawn[events], at, rng),
        cells=cell_test(epicentres, drawn, law.region),
    )
    return ThinnedResiduals(residuals, thinned)


def pair_test(
    locations: FloatArray, region: Region, rng: np.random.Generator, least_distance: float = 0.0
) -> PairTest:
    """Compare pairs of places with those of uniform ones.

    Parameters
    ----------
    locations : array (place, 2)
        Latitude and longitude, degrees.
    region : Region
        In which uniform places are drawn.
    rng : Generator
        With which.
    least_distance : float
        Kilometres.

    Returns
    -------
    PairTest
        By distance, and together: its p-value is exact.
    """
    n = min(len(locations), MOST_POINTS)
    some = locations[_some(len(locations), n)]
    per_square = math.pi * n * (n - 1) / (2.0 * region.square_km)
    largest = LARGEST * math.sqrt(region.square_km)
    least = min(max(math.sqrt(LEAST_PAIRS / per_square), least_distance), largest / 2.0)
    distances = np.geomspace(least, largest, N_DISTANCES)
    sets = [some, *(uniform_places(region, n, rng) for _ in range(SIMULATIONS))]
    counts = np.array(cores.in_order(lambda x: _pairs(region, x, distances), sets))
    # Of all sets, so that none is special and ranks are uniform
    mean, spread = counts.mean(axis=0), counts.std(axis=0)
    spread = np.where(spread > 0.0, spread, 1.0)
    furthest = np.abs((counts - mean) / spread).max(axis=1)
    usual = counts[1:].mean(axis=0)
    usual = np.where(usual > 0.0, usual, 1.0)
    return PairTest(
        distances.tolist(),
        (counts[0] / usual).tolist(),
        (np.quantile(furthest[1:], 0.95) * spread / usual).tolist(),
        float(np.mean(furthest >= furthest[0])),
    )


def _some(n: int, most: int) -> IntArray:
    """Numbers of all, or of so many that are evenly spaced."""
    return np.linspace(0, n - 1, min(n, most)).round().astype(np.int64)


def _pairs(region: Region, locations: FloatArray, distances: FloatArray) -> FloatArray:
    """Pairs of places within some distances, through the Earth."""
    from scipy.spatial import cKDTree

    tree = cKDTree(region.positions(locations))
    return np.asarray((tree.count_neighbors(tree, distances) - len(locations)) / 2.0)


def _density_test(
    here: FloatArray,
    events: IntArray,
    drawn: FloatArray,
    at: LogDensityAt,
    rng: np.random.Generator,
) -> DensityTest:
    """Rank the log density of each event among those of places drawn for it."""
    from scipy.special import ndtr

    n = len(here)
    each = min(max(RANKED // n, 1), drawn.shape[1])
    places = drawn[:, :each].reshape(-1, 2)
    there = at(np.repeat(events, each), places).reshape(n, each)
    # Where a law is uniform densities differ by round-off
    below = there < here[:, None] - 1e-9
    tied = np.abs(there - here[:, None]) <= 1e-9
    rank = below.sum(axis=1) + rng.binomial(tied.sum(axis=1), 0.5)
    z = (rank.mean() / each - 0.5) / math.sqrt((each + 2) / (12.0 * each * n))
    uniform = (rank + rng.random(n)) / (each + 1)
    return DensityTest(
        float(rank.mean() / each),
        float(2.0 * ndtr(-abs(z))),
        kolmogorov_p(n, kolmogorov_distance(uniform)),
    )


def cell_test(epicentres: FloatArray, drawn: FloatArray, region: Region) -> CellTest:
    """Count events in cells of the same expected number, and say how unlikely the counts are.

    The region is halved again and again where half of the drawn places are on either side. With
    P_i the probabilities of event i to be in each cell, counts have the mean sum P_i and the
    covariance sum (diag P_i - P_i P_i'), given the times and the past of all events.

    Parameters
    ----------
    epicentres : array (event, 2)
        Latitude and longitude, degrees.
    drawn : array (event, draw, 2)
        Two or more places for each event, from its law.
    region : Region
        That holds them.

    Returns
    -------
    CellTest
        The cells, and a chi-square test of all.
    """
    from scipy.special import chdtrc

    n, each = drawn.shape[:2]
    halvings = min(max(int(math.log2(max(n / PER_CELL, 2.0))), 1), MOST_HALVINGS)
    axes, cuts, edges = _halved(_flat(drawn.reshape(-1, 2), region), region, halvings)
    there = _cell_of(_flat(drawn.reshape(-1, 2), region), axes, cuts).reshape(n, each)
    m = len(edges)
    observed = np.bincount(_cell_of(_flat(epicentres, region), axes, cuts), minlength=m)
    expected = np.bincount(there.ravel(), minlength=m) / each
    covariance = _covariance(there, m) * (1.0 + 1.0 / each)  # drawn places are random, too
    off = observed - expected
    spread = np.sqrt(np.diag(covariance))
    z = np.divide(off, spread, out=np.zeros(m), where=spread > 0.0)
    values, vectors = np.linalg.eigh(covariance)
    used = values > 1e-6 * max(values[-1], 1e-300)  # the sum is not random
    chi_square = float(((vectors[:, used].T @ off) ** 2 / values[used]).sum())
    degrees = int(used.sum())
    return CellTest(
        edges.tolist(),
        observed.tolist(),
        expected.tolist(),
        z.tolist(),
        chi_square,
        degrees,
        float(chdtrc(max(degrees, 1), chi_square)),
    )


def _covariance(there: IntArray, m: int) -> FloatArray:
    """Covariance of the counts of m cells, from the cells of drawn places, (event, draw)."""
    each = there.shape[1]
    together = np.zeros((m, m))
    for s in range(each):
        for r in range(s):
            np.add.at(together, (there[:, s], there[:, r]), 1.0)
    together += together.T
    mean = np.bincount(there.ravel(), minlength=m) / each
    return np.asarray(np.diag(mean) - together / (each * (each - 1)))


def _flat(locations: FloatArray, region: Region) -> FloatArray:
    """Latitude, and longitude without a jump inside the region, degrees."""
    west = bounding_box(region.area).west
    turned = np.mod(locations[:, 1] - west + 1.0, 360.0) - 1.0  # some are just outside
    return np.column_stack([locations[:, 0], west + turned])


def _halved(
    places: FloatArray, region: Region, halvings: int
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Cut boxes across their longer side where half of their places are on either side.

    Returns the axis and the place of each cut, those of box k leading to boxes 2 k + 1 and 2 k + 2,
    and the edges of the last boxes.
    """
    box = bounding_box(region.area)
    east = box.east if box.west < box.east else box.east + 360.0
    n = 2**halvings - 1
    axes, cuts = np.zeros(n, dtype=np.int64), np.zeros(n)
    boxes = [np.array([[box.south, box.north], [box.west, east]])]
    members = [places]
    for k in range(n):
        here, inside = boxes[k], members[k]
        stretch = math.cos(math.radians(float(here[0].mean())))
        sides = (here[:, 1] - here[:, 0]) * [1.0, stretch]
        axis = int(np.argmax(sides))
        cut = float(np.median(inside[:, axis])) if len(inside) else float(here[axis].mean())
        cut = min(max(cut, float(here[axis, 0])), float(here[axis, 1]))
        axes[k], cuts[k] = axis, cut
        below = inside[:, axis] < cut
        for side, kept in ((0, below), (1, ~below)):
            half = here.copy()
            half[axis, 1 - side] = cut
            boxes.append(half)
            members.append(inside[kept])
    return axes, cuts, np.array([half.ravel() for half in boxes[n:]])


def _cell_of(places: FloatArray, axes: IntArray, cuts: FloatArray) -> IntArray:
    """Numbers of the cells in which places are."""
    node = np.zeros(len(places), dtype=np.int64)
    rows = np.arange(len(places))
    while node.size and node[0] < len(cuts):
        node = 2 * node + 1 + (places[rows, axes[node]] >= cuts[node])
    return node - len(cuts)
