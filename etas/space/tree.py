"""The sum of ``pairs`` with far fewer terms: groups of earlier events that are far away act as one.

A tree divides the places and widths of events into ever smaller groups, whatever their times. The
Omori-Utsu law is a sum of exponentials, as in ``kernel.Quadrature``, so that

    (q - 1) / pi sum_n w_n sum_j g_j D_j^{q-1} e^{-s_n (t - t_j)} u_j^{-q},    u_j = r_j^2 + D_j

is known for a group from its moments: sums over its events so far of g_j D_j^{q-1} times 1, places,
widths and their products, of which each n has its own, fading at the rate s_n. Events are taken in
order of time: each first asks the groups, then joins those that contain it. With y the place from
the present mean, U = r^2 + D there, and v = u_j / U - 1 = h y + (y^2 + D_j - D) / U, h = -2 r / U,

    W U^{-q} (1 - q <v> + q (q + 1) / 2 <v^2> - ...)

up to the fourth power of y. Moments up to the third are exact; the fourth are those of an
elliptical distribution with the same covariance and the same <|y|^4>. Groups that are too near are
divided (Barnes and Hut 1986, doi:10.1038/324446a0); the smallest are summed event by event.

From 2 10^4 to 2 10^5 events time grows as N^1.4, not yet as N ln N: with each doubling a target
asks about 35 groups more, of 70 to 170.
"""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numba
import numpy as np
import numpy.typing as npt

from catalogs.cores import threads
from catalogs.sequence import FloatArray
from etas.space.pairs import SLOPES, Kernel, Sources, pair_sums
from etas.space.vectors import exponentials, logarithms

LEAF = 48
"""Events of a group that is not divided, at most."""

NEAR = 0.9
"""Largest |v| of a group that acts as one, over the root of the second coefficient of the series.

Errors of the mean log rate stay below 5e-5, and grow as the fourth power."""

LOWEST, HIGHEST, RIPPLE = 0.05, 1e-5, 1e-4
"""Of exponentials: the lowest rate times the longest delay + c, the share of c^{-p} that is cut off
above the highest, and the largest relative error in between."""

PARTS, STRANDS = 16, 8
"""The tree is cut into parts, which are summed in strands, in parallel: fixed numbers, so that
sums do not depend on the number of threads."""

IndexArray = npt.NDArray[np.int64]
SingleArray = npt.NDArray[np.float32]
BitsArray = npt.NDArray[np.uint32]

BEGIN, END, NEXT, OLDEST, PARENT = range(5)
"""Columns of ``Tree.groups``."""

TIMES, XS, YS, ZS, WIDTHS, LOG_WIDTHS, WEIGHTS, ALPHAS, GAMMAS, MARKS = range(10)
"""Rows of ``_events``: weights are g D^{q-1}; ALPHAS d ln g / d alpha, GAMMAS d ln D / d gamma."""

X, Y, Z, REACH, LEAST, SPREAD = range(6)
EAST, NORTH = 6, 9
SHAPE = 12
"""Columns of ``_measure``: centre, largest distance from it, least width and how much wider the
widest is, and the directions in which places are counted."""

COLUMNS = 15
"""Moments of each group and rate, with the place (x, y) from the centre in units of REACH and the
width d above LEAST in units of SPREAD: 1, x, y, d, xx, xy, yy, dd, xxx, xxy, xyy, yyy,
(xx + yy)^2, m, m d, where m is the mark."""

SUMS = COLUMNS + 6
"""What ``_contract`` gives: these moments, and the derivatives by c and by p of the first three."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
# Sums of several numbers at once keep their order: else the compiler turns the inner loop round.
_in_order = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})


@dataclass(frozen=True, eq=False)
class Tree:
    """Groups of events within groups, to be used for any parameters.

    Attributes
    ----------
    order : array (event,)
        Indices of events such that those of a group follow each other, in order of time within
        groups that are not divided.
    groups : array (group, 5)
        Each before those inside it: its first and last + 1 in ``order``, the number of the next
        group that is not inside it, its oldest event, and the group that it is half of.
    """

    order: IndexArray
    groups: IndexArray

    @classmethod
    def of(cls, positions: FloatArray, widths: FloatArray, leaf: int = LEAF) -> Tree:
        """Divide events until no group has more than ``leaf``, or all are at one place.

        Any tree gives the same sums, within their errors; one for other places or widths only
        takes longer.

        Parameters
        ----------
        positions : array (event, 3)
            Kilometres, in order of time.
        widths : array (event,)
            Typical D, km^2.
        leaf : int
            Events of a group that is not divided, at most.
        """
        order = np.arange(len(positions))
        return cls(order, _divide(np.column_stack([positions, np.sqrt(widths)]), order, leaf))


@_jit
def _divide(features: FloatArray, order: IndexArray, leaf: int) -> IndexArray:
    """Bring ``order`` into that of the tree and return its groups, halved where longest."""
    n = order.size
    groups = np.empty((2 * n, 5), np.int64)
    low, high = np.empty(4), np.empty(4)
    size = 0
    todo = [(0, n, -1)]
    while len(todo) > 0:
        begin, end, parent = todo.pop()
        low[:], high[:] = np.inf, -np.inf
        for m in range(begin, end):
            for a in range(4):
                low[a] = min(low[a], features[order[m], a])
                high[a] = max(high[a], features[order[m], a])
        k = size
        groups[k, BEGIN], groups[k, END], groups[k, PARENT] = begin, end, parent
        groups[k, OLDEST] = order[begin]
        size += 1
        axis = int(np.argmax(high - low))
        if end - begin > leaf and high[axis] > low[axis]:
            middle = 0.5 * (low[axis] + high[axis])
            cut = begin + _halve(features[:, axis], order[begin:end], middle)
            if begin < cut < end:
                todo.append((cut, end, k))
                todo.append((begin, cut, k))
    groups = groups[:size].copy()
    following = np.full(n + 1, size)
    for k in range(size - 1, -1, -1):
        groups[k, NEXT] = following[groups[k, END]]
        following[groups[k, BEGIN]] = k
    return groups


@_jit
def _halve(feature: FloatArray, order: IndexArray, middle: float) -> int:
    """Move what lies below ``middle`` to the front, in the same order, and count it."""
    behind = np.empty_like(order)
    front = back = 0
    for event in order:
        if feature[event] <= middle:
            order[front] = event
            front += 1
        else:
            behind[back] = event
            back += 1
    order[front:] = behind[:back]
    return front


def tree_sums(sources: Sources, kernel: Kernel, first: int, tree: Tree | None = None) -> FloatArray:
    """What ``pair_sums`` gives, with an error of some 1e-5 in the mean log rate.

    Of a single log rate it is some 3e-4. The number of threads does not change it.

    Parameters
    ----------
    sources : Sources
        All events, with gains above 0.
    kernel : Kernel
        The laws of delays and distances. With p = 0, where all delays count alike, derivatives by c
        and p are not to be used; with p < 0 sums are those of ``pair_sums``.
    first : int
        Index of the first event to sum at.
    tree : Tree, optional
        Of these events, to be used again with other parameters.

    Returns
    -------
    array (event - first, 7)
        S_i, in events day^-1 km^-2 over the units of g, and its derivatives by ``SLOPES``.
    """
    if kernel.p < 0.0:  # not a sum of decaying exponentials
        return pair_sums(sources, kernel, first)
    if tree is None:
        tree = Tree.of(sources.positions, sources.widths)
    events, scale = _events(sources, kernel, tree.order)
    shapes = _measure(events, tree.groups)
    rates, weights = _exponentials(kernel, float(sources.times[-1] - sources.times[0]))
    places = np.empty_like(tree.order)
    places[tree.order] = np.arange(tree.order.size)
    limit = NEAR / math.sqrt(kernel.q * (kernel.q + 1.0) / 2.0)
    numbers = np.array([kernel.c, kernel.p, kernel.q, kernel.taper, kernel.radius, limit])
    marks, slopes = _marks(sources)

    def add(roots: list[int], slope: FloatArray) -> FloatArray:
        out = np.zeros((sources.times.size - first, 1 + len(SLOPES)))
        for root in roots:
            _sweep(
                root,
                first,
                sources.times,
                sources.positions,
                places,
                events,
                tree.groups,
                shapes,
                rates,
                weights,
                slope,
                numbers,
                out,
            )
        return out

    def sums(mark: FloatArray, slope: FloatArray) -> FloatArray:
        events[MARKS] = mark[tree.order]
        with ThreadPoolExecutor(max_workers=threads()) as pool:
            return np.asarray(sum(pool.map(partial(add, slope=slope), _strands(tree.groups))))

    out = sums(marks[0], slopes[0])
    if len(marks) > 1:
        plain = sums(marks[0], slopes[0] * [[1.0], [0.0]])
        for mark, slope in zip(marks[1:], slopes[1:], strict=True):
            out += sums(mark, slope) - plain
    out *= scale * (kernel.q - 1.0) / math.pi
    out[:, 6] += out[:, 0] / (kernel.q - 1.0)
    return out


def _marks(sources: Sources) -> tuple[FloatArray, FloatArray]:
    """What d ln g / d alpha, d ln D / d gamma and ln D are linear in: usually the magnitude alone.

    Marks of shape (mark, event), and for each the means of the three and what they grow by with it,
    shape (mark, 2, 3).
    """
    values = np.stack(
        [sources.gain_slopes / sources.gains, sources.width_slopes, np.log(sources.widths)]
    )
    means = values.mean(axis=1)
    growth, sizes, marks = np.linalg.svd(values - means[:, None], full_matrices=False)
    several = max(int((sizes > 1e-9 * sizes[0]).sum()), 1)
    slopes = np.stack([np.stack([means, growth[:, i]]) for i in range(several)])
    return marks[:several] * sizes[:several, None], slopes


def _events(sources: Sources, kernel: Kernel, order: IndexArray) -> tuple[FloatArray, float]:
    """What is needed of events in the order of the tree, (10, event), and a unit of weights."""
    log_widths = np.log(sources.widths)
    log_weights = np.log(sources.gains) + (kernel.q - 1.0) * log_widths
    top = float(log_weights.max())
    rows = [
        sources.times,
        *sources.positions.T,
        sources.widths,
        log_widths,
        np.exp(log_weights - top),
        sources.gain_slopes / sources.gains,
        sources.width_slopes,
        np.zeros_like(log_widths),
    ]
    return np.ascontiguousarray(np.stack(rows)[:, order]), math.exp(top)


def _exponentials(kernel: Kernel, horizon: float) -> tuple[FloatArray, FloatArray]:
    """Rates s_n, and w_n with its derivatives by c and p, shape (3, rate).

    As ``kernel.Quadrature``, for one c and p and 1e-4; all rates below the lowest act as one at
    their mean.
    """
    from scipy.special import digamma, gammainccinv, gammaln, loggamma

    c, p = kernel.c, kernel.p
    if p == 0.0:
        return np.array([kernel.taper]), np.array([[1.0], [0.0], [0.0]])
    low = LOWEST / (horizon + c)
    high = max(float(gammainccinv(p, HIGHEST)), 1.0) / c
    size, step, ripple = 0, 0.0, 1.0
    while ripple > RIPPLE:
        size += 8
        step = math.log(high / low) / (size - 1)
        ripple = 2.0 * math.exp(loggamma(p + 2j * math.pi / step).real - gammaln(p))
    s = low * np.exp(step * np.arange(size))
    w = step * np.exp(p * np.log(s) - c * s - gammaln(p))
    in_p = w * (np.log(s) - digamma(p))
    above = -math.expm1(-step * p)
    w[0] /= above
    in_p[0] = w[0] * (math.log(s[0]) - digamma(p) - step * (1.0 - above) / above)
    s[0] *= above / -math.expm1(-step * (p + 1.0))
    return s + kernel.taper, np.stack([w, -s * w, in_p])


def _strands(groups: IndexArray) -> list[list[int]]:
    """Groups that contain all events once, largest first, dealt to ``STRANDS``."""

    def size(k: int) -> int:
        return int(groups[k, END] - groups[k, BEGIN])

    parts = [0]
    while len(parts) < PARTS:
        divided = [k for k in parts if groups[k, NEXT] > k + 1]
        if not divided:
            break
        k = max(divided, key=size)
        parts.remove(k)
        parts += [k + 1, int(groups[k + 1, NEXT])]
    parts.sort(key=size, reverse=True)
    return [parts[i::STRANDS] for i in range(min(STRANDS, len(parts)))]


@_jit
def _measure(events: FloatArray, groups: IndexArray) -> FloatArray:
    """The shapes of groups, (group, 12)."""
    shapes = np.empty((len(groups), SHAPE))
    for k in range(len(groups)):
        begin, end = groups[k, BEGIN], groups[k, END]
        x = 0.5 * (events[XS, begin:end].min() + events[XS, begin:end].max())
        y = 0.5 * (events[YS, begin:end].min() + events[YS, begin:end].max())
        z = 0.5 * (events[ZS, begin:end].min() + events[ZS, begin:end].max())
        lift = _length(events[XS, begin], events[YS, begin], events[ZS, begin])
        lift /= max(_length(x, y, z), 1e-9)
        x, y, z = lift * x, lift * y, lift * z  # to the surface: what is normal to it is left out
        reach = 0.0
        for j in range(begin, end):
            far = _length(events[XS, j] - x, events[YS, j] - y, events[ZS, j] - z)
            reach = max(reach, far)
        shapes[k, X], shapes[k, Y], shapes[k, Z], shapes[k, REACH] = x, y, z, reach
        shapes[k, LEAST] = events[WIDTHS, begin:end].min()
        shapes[k, SPREAD] = events[WIDTHS, begin:end].max() - shapes[k, LEAST]
        flat, size = max(math.hypot(x, y), 1e-9), max(_length(x, y, z), 1e-9)
        x, y, z = x / flat, y / flat, z / size
        shapes[k, EAST], shapes[k, EAST + 1], shapes[k, EAST + 2] = -y, x, 0.0
        shapes[k, NORTH], shapes[k, NORTH + 1] = -x * z, -y * z
        shapes[k, NORTH + 2] = flat / size
    return shapes


@_jit
def _length(x: float, y: float, z: float) -> float:
    return math.sqrt(x * x + y * y + z * z)


@_jit
def _sweep(
    root: int,
    first: int,
    times: FloatArray,
    positions: FloatArray,
    places: IndexArray,
    events: FloatArray,
    groups: IndexArray,
    shapes: FloatArray,
    rates: FloatArray,
    weights: FloatArray,
    slope: FloatArray,
    numbers: FloatArray,
    out: FloatArray,
) -> None:
    """Add what the events of one part of the tree give to all later ones, in order of time."""
    stop, begin, end = groups[root, NEXT], groups[root, BEGIN], groups[root, END]
    c, p, q, taper, radius, limit = numbers
    slots, leaves = _slots(root, groups)
    states = np.zeros((slots.max() + 1, rates.size, COLUMNS + 1), np.float32)
    latest, filled = np.zeros(stop - root), np.zeros(stop - root, np.int64)
    far, near = np.empty(stop - root, np.int64), np.empty(end - begin, np.int64)
    far_work, near_work = np.empty((10, stop - root)), np.empty((6, end - begin))
    steps = (rates * (-1.0 / math.log(2.0))).astype(np.float32)
    weight = weights[0].astype(np.float32)
    by_c = (weights[1] / np.maximum(weights[0], 1e-300)).astype(np.float32)
    by_p = (weights[2] / np.maximum(weights[0], 1e-300)).astype(np.float32)
    decays, scales = np.empty(rates.size, np.float32), np.empty(rates.size, np.float32)
    bits = scales.view(np.uint32)
    sums = np.empty(SUMS, np.float32)
    for i in range(times.size):
        now = times[i]
        if i >= first and groups[root, OLDEST] < i:
            x, y, z = positions[i]
            n_far, n_near = _walk(
                i, x, y, z, radius, limit, root, groups, shapes, slots, filled, events,
                far, far_work, near, near_work,
            )  # fmt: skip
            for n in range(n_far):
                k = far[n] - root
                live = _powers(steps, now - latest[k], -36.0, decays, scales, bits)
                _contract(states, slots[k], live, decays, by_c, by_p, sums)
                _expand(n, far[n], x, y, z, radius, q, shapes, sums, far_work)
            _sum_groups(far_work, n_far, q, slope, out[i - first])
            _sum_events(near, near_work, n_near, now, events, c, p, q, taper, out[i - first])
        j = places[i]
        if begin <= j < end:
            k = leaves[j - begin]
            filled[k - root] += 1
            while k > root:
                k = groups[k, PARENT]
                live = _powers(steps, now - latest[k - root], -66.0, decays, scales, bits)
                decays[live:] = np.float32(0.0)
                latest[k - root] = now
                _join(j, k, slots[k - root], events, shapes, decays, weight, states)


@_jit
def _slots(root: int, groups: IndexArray) -> tuple[IndexArray, IndexArray]:
    """The number of each divided group of a part, -1 for others; the smallest group of events."""
    stop, begin = groups[root, NEXT], groups[root, BEGIN]
    slots = np.full(stop - root, -1)
    leaves = np.empty(groups[root, END] - begin, np.int64)
    size = 0
    for k in range(root, stop):
        if groups[k, NEXT] > k + 1:
            slots[k - root] = size
            size += 1
        else:
            leaves[groups[k, BEGIN] - begin : groups[k, END] - begin] = k
    return slots, leaves


@_jit
def _walk(
    i: int,
    x: float,
    y: float,
    z: float,
    radius: float,
    limit: float,
    root: int,
    groups: IndexArray,
    shapes: FloatArray,
    slots: IndexArray,
    filled: IndexArray,
    events: FloatArray,
    far: IndexArray,
    far_work: FloatArray,
    near: IndexArray,
    near_work: FloatArray,
) -> tuple[int, int]:
    """The groups that act as one on event i and, of all others, the events before it.

    Returns how many of both; ``far`` and ``near`` say which, and the squares of their distances,
    with D for events, are in the first rows of the work spaces.
    """
    k, stop = root, groups[root, NEXT]
    n_far = n_near = 0
    while k < stop:
        if groups[k, OLDEST] >= i:
            k = groups[k, NEXT]
            continue
        if slots[k - root] >= 0:
            square = _arc(x - shapes[k, X], y - shapes[k, Y], z - shapes[k, Z], radius)
            reach = shapes[k, REACH]
            deviation = reach * (2.0 * math.sqrt(square) + reach) + shapes[k, SPREAD]
            if deviation <= limit * (square + shapes[k, LEAST]):
                far[n_far], far_work[0, n_far] = k, square
                n_far += 1
                k = groups[k, NEXT]
                continue
        else:
            begin = groups[k, BEGIN]
            for j in range(begin, begin + filled[k - root]):
                n = n_near + j - begin
                near[n] = j
                dx, dy, dz = x - events[XS, j], y - events[YS, j], z - events[ZS, j]
                near_work[0, n] = _arc(dx, dy, dz, radius) + events[WIDTHS, j]
            n_near += filled[k - root]
        k += 1
    return n_far, n_near


@_jit
def _arc(dx: float, dy: float, dz: float, radius: float) -> float:
    """The square of the great-circle distance, as in ``pairs``."""
    chord = dx * dx + dy * dy + dz * dz
    return chord * (1.0 + chord * (1.0 / (12.0 * radius**2) + chord * (1.0 / (90.0 * radius**4))))


@_in_order
def _powers(
    steps: SingleArray,
    time: float,
    least: float,
    decays: SingleArray,
    scales: SingleArray,
    bits: BitsArray,
) -> int:
    """Write 2^(steps time) to ``decays``, and return how many there are above 2^least.

    With x = k + r, k whole: 2^x = 2^k 2^r, and the exponent of a single is k + 127, above 23 bits.
    """
    t, n = np.float32(time), steps.size
    while n > 1 and steps[n - 1] * t < least:
        n -= 1
    for m in range(n):
        x = max(steps[m] * t, np.float32(-66.0))
        k = np.int32(x - np.float32(0.5))
        r = x - np.float32(k)
        s = np.float32(1.3333558e-3) + r * np.float32(1.5403530e-4)
        s = np.float32(5.5504109e-2) + r * (np.float32(9.6181291e-3) + r * s)
        s = np.float32(0.69314718) + r * (np.float32(0.24022651) + r * s)
        decays[m] = np.float32(1.0) + r * s
        bits[m] = np.uint32(np.int32(k + np.int32(127)) << np.int32(23))
    for m in range(n):
        e = decays[m] * scales[m]
        decays[m] = e if e > np.float32(1e-19) else np.float32(0.0)  # denormals are slow
    return n


@_in_order
def _join(
    j: int,
    k: int,
    slot: int,
    events: FloatArray,
    shapes: FloatArray,
    decays: SingleArray,
    weight: SingleArray,
    states: SingleArray,
) -> None:
    """Let the moments of group k fade until now, and add event j."""
    dx, dy, dz = (
        events[XS, j] - shapes[k, X],
        events[YS, j] - shapes[k, Y],
        events[ZS, j] - shapes[k, Z],
    )
    unit = 1.0 / max(shapes[k, REACH], 1e-30)
    x = unit * (dx * shapes[k, EAST] + dy * shapes[k, EAST + 1])
    y = unit * (dx * shapes[k, NORTH] + dy * shapes[k, NORTH + 1] + dz * shapes[k, NORTH + 2])
    d = (events[WIDTHS, j] - shapes[k, LEAST]) / max(shapes[k, SPREAD], 1e-30)
    g, m, r = events[WEIGHTS, j], events[MARKS, j], x * x + y * y
    b0, b1, b2, b3 = np.float32(g), np.float32(g * x), np.float32(g * y), np.float32(g * d)
    b4, b5, b6 = np.float32(g * x * x), np.float32(g * x * y), np.float32(g * y * y)
    b7, b8, b9 = np.float32(g * d * d), np.float32(g * x * x * x), np.float32(g * x * x * y)
    b10, b11 = np.float32(g * x * y * y), np.float32(g * y * y * y)
    b12, b13, b14 = np.float32(g * r * r), np.float32(g * m), np.float32(g * m * d)
    for n in range(decays.size):
        e, w = decays[n], weight[n]
        states[slot, n, 0] = e * states[slot, n, 0] + w * b0
        states[slot, n, 1] = e * states[slot, n, 1] + w * b1
        states[slot, n, 2] = e * states[slot, n, 2] + w * b2
        states[slot, n, 3] = e * states[slot, n, 3] + w * b3
        states[slot, n, 4] = e * states[slot, n, 4] + w * b4
        states[slot, n, 5] = e * states[slot, n, 5] + w * b5
        states[slot, n, 6] = e * states[slot, n, 6] + w * b6
        states[slot, n, 7] = e * states[slot, n, 7] + w * b7
        states[slot, n, 8] = e * states[slot, n, 8] + w * b8
        states[slot, n, 9] = e * states[slot, n, 9] + w * b9
        states[slot, n, 10] = e * states[slot, n, 10] + w * b10
        states[slot, n, 11] = e * states[slot, n, 11] + w * b11
        states[slot, n, 12] = e * states[slot, n, 12] + w * b12
        states[slot, n, 13] = e * states[slot, n, 13] + w * b13
        states[slot, n, 14] = e * states[slot, n, 14] + w * b14


@_in_order
def _contract(
    states: SingleArray,
    slot: int,
    live: int,
    decays: SingleArray,
    by_c: SingleArray,
    by_p: SingleArray,
    sums: SingleArray,
) -> None:
    """The moments of a group now, and the derivatives of the first three by c and p."""
    a0 = a1 = a2 = a3 = a4 = a5 = a6 = a7 = np.float32(0.0)
    a8 = a9 = a10 = a11 = a12 = a13 = a14 = np.float32(0.0)
    c0 = c1 = c2 = p0 = p1 = p2 = np.float32(0.0)
    for n in range(live):
        e = decays[n]
        c, p = e * by_c[n], e * by_p[n]
        s = states[slot, n, 0]
        a0 += e * s
        c0 += c * s
        p0 += p * s
        s = states[slot, n, 1]
        a1 += e * s
        c1 += c * s
        p1 += p * s
        s = states[slot, n, 2]
        a2 += e * s
        c2 += c * s
        p2 += p * s
        a3 += e * states[slot, n, 3]
        a4 += e * states[slot, n, 4]
        a5 += e * states[slot, n, 5]
        a6 += e * states[slot, n, 6]
        a7 += e * states[slot, n, 7]
        a8 += e * states[slot, n, 8]
        a9 += e * states[slot, n, 9]
        a10 += e * states[slot, n, 10]
        a11 += e * states[slot, n, 11]
        a12 += e * states[slot, n, 12]
        a13 += e * states[slot, n, 13]
        a14 += e * states[slot, n, 14]
    sums[0], sums[1], sums[2], sums[3], sums[4] = a0, a1, a2, a3, a4
    sums[5], sums[6], sums[7], sums[8], sums[9] = a5, a6, a7, a8, a9
    sums[10], sums[11], sums[12], sums[13], sums[14] = a10, a11, a12, a13, a14
    sums[15], sums[16], sums[17], sums[18], sums[19], sums[20] = c0, c1, c2, p0, p1, p2


@_jit
def _central(
    sums: SingleArray, each: float
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    """Mean place, and about it xx, xy, yy, xxx, xxy, xyy, yyy and (xx + yy)^2; each is 1 / W."""
    x_mean, y_mean = float(sums[1]) * each, float(sums[2]) * each
    raw_xx, raw_xy, raw_yy = float(sums[4]) * each, float(sums[5]) * each, float(sums[6]) * each
    xx, xy, yy = raw_xx - x_mean * x_mean, raw_xy - x_mean * y_mean, raw_yy - y_mean * y_mean
    xxx = float(sums[8]) * each - 3.0 * x_mean * raw_xx + 2.0 * x_mean * x_mean * x_mean
    xxy = (
        float(sums[9]) * each
        - 2.0 * x_mean * raw_xy
        - y_mean * raw_xx
        + 2.0 * x_mean * x_mean * y_mean
    )
    xyy = (
        float(sums[10]) * each
        - 2.0 * y_mean * raw_xy
        - x_mean * raw_yy
        + 2.0 * x_mean * y_mean * y_mean
    )
    yyy = float(sums[11]) * each - 3.0 * y_mean * raw_yy + 2.0 * y_mean * y_mean * y_mean
    shift = x_mean * x_mean + y_mean * y_mean
    along = x_mean * x_mean * xx + 2.0 * x_mean * y_mean * xy + y_mean * y_mean * yy
    fourth = (
        float(sums[12]) * each
        - 4.0 * (x_mean * (xxx + xyy) + y_mean * (xxy + yyy))
        - 2.0 * shift * (xx + yy)
        - 4.0 * along
        - shift * shift
    )
    return x_mean, y_mean, xx, xy, yy, xxx, xxy, xyy, yyy, fourth


@_jit
def _expand(  # noqa: PLR0915 - one formula
    n: int,
    k: int,
    x: float,
    y: float,
    z: float,
    radius: float,
    q: float,
    shapes: FloatArray,
    sums: SingleArray,
    work: FloatArray,
) -> None:
    """What group k gives to a place, less the factor U^{-q}, as column n of the work space.

    Moments without a prefix are about the mean place, which lies at (east, north) - REACH (x_mean,
    y_mean) from the target; (x_square, y_square) is <(x, y) |y|^2>.
    """
    two = q * (q + 1.0) / 2.0
    three = two * (q + 2.0) / 3.0
    four = three * (q + 3.0) / 4.0
    two_q, three_q = q + 0.5, (3.0 * q * q + 6.0 * q + 2.0) / 6.0
    four_q = (4.0 * q**3 + 18.0 * q**2 + 22.0 * q + 6.0) / 24.0
    steep = (q + 1.0) * (q + 2.0) / 2.0
    steep3 = steep * (q + 3.0) / 3.0
    steep4 = steep3 * (q + 4.0) / 4.0
    whole = float(sums[0])
    each = 1.0 / max(whole, 1e-35)
    reach, spread = shapes[k, REACH], shapes[k, SPREAD]
    d_mean, mark = float(sums[3]) * each, float(sums[13]) * each
    x_mean, y_mean, xx, xy, yy, xxx, xxy, xyy, yyy, fourth = _central(sums, each)
    x_square, y_square, trace = xxx + xyy, xxy + yyy, xx + yy
    normal = trace * trace + 2.0 * (xx * xx + 2.0 * xy * xy + yy * yy)
    rho = fourth / max(normal, 1e-30)
    dd = max(float(sums[7]) * each - d_mean * d_mean, 0.0) * spread * spread
    md = (float(sums[14]) * each - mark * d_mean) * spread
    widths = shapes[k, LEAST] + d_mean * spread
    dx, dy, dz = x - shapes[k, X], y - shapes[k, Y], z - shapes[k, Z]
    bend = 1.0 + work[0, n] / (6.0 * radius * radius)
    east = dx * shapes[k, EAST] + dy * shapes[k, EAST + 1]
    north = dx * shapes[k, NORTH] + dy * shapes[k, NORTH + 1] + dz * shapes[k, NORTH + 2]
    area, shift = reach * reach, x_mean * x_mean + y_mean * y_mean
    u = work[0, n] - 2.0 * bend * reach * (east * x_mean + north * y_mean) + area * shift + widths
    closer = 1.0 / u
    hx = -2.0 * closer * reach * (bend * east - reach * x_mean)
    hy = -2.0 * closer * reach * (bend * north - reach * y_mean)
    kx, ky = xx * hx + xy * hy, xy * hx + yy * hy
    along = hx * kx + hy * ky
    ball = closer * area
    width2 = closer * closer * dd
    v2 = along + ball * (2.0 * (hx * x_square + hy * y_square) + ball * fourth) + width2
    v1 = ball * trace
    v3 = hx * hx * (hx * xxx + 3.0 * hy * xxy) + hy * hy * (3.0 * hx * xyy + hy * yyy)
    # the fourth moments
    v3 += 3.0 * ball * rho * (along * trace + 2.0 * (kx * kx + ky * ky))
    v4 = 3.0 * rho * along * along
    factor = 1.0 - q * v1 + two * v2 - three * v3 + four * v4
    # <D / u (1 + v)^{-q}>
    share = (
        closer * widths * (1.0 - (q + 1.0) * v1 + steep * v2 - steep3 * v3 + steep4 * v4)
        - (q + 1.0) * width2
    )
    wider = (q - 1.0) * factor - q * share
    mark_v = closer * md
    by_mark = mark * factor - q * mark_v
    by_q = two_q * v2 - v1 - three_q * v3 + four_q * v4
    in_c, in_p = float(sums[15]), float(sums[18])
    work[1, n] = u
    work[2, n] = whole * factor
    work[3, n] = whole * by_mark
    work[4, n] = in_c * factor - q * (
        hx * (float(sums[16]) - x_mean * in_c) + hy * (float(sums[17]) - y_mean * in_c)
    )
    work[5, n] = in_p * factor - q * (
        hx * (float(sums[19]) - x_mean * in_p) + hy * (float(sums[20]) - y_mean * in_p)
    )
    work[6, n] = whole * wider
    work[7, n] = whole * (
        mark * wider - q * closer * md - q * (q - 1.0 - (q + 1.0) * closer * widths) * mark_v
    )
    work[8, n] = whole * by_q


@_jit
def _sum_groups(work: FloatArray, n_far: int, q: float, slope: FloatArray, out: FloatArray) -> None:
    """Add what groups give, by which (q - 1) / pi is to be multiplied."""
    us, wide, terms = work[1, :n_far], work[0, :n_far], work[9, :n_far]
    logarithms(us, wide)
    for n in range(n_far):
        us[n] = -q * wide[n]
    exponentials(us, terms)
    total = by_mark = by_c = by_p = by_width = by_width_mark = by_q = 0.0
    for n in range(n_far):
        term = terms[n]
        total += term * work[2, n]
        by_mark += term * work[3, n]
        by_c += term * work[4, n]
        by_p += term * work[5, n]
        by_width += term * work[6, n]
        by_width_mark += term * work[7, n]
        by_q += term * (work[8, n] - wide[n] * work[2, n])
    out[0] += total
    out[1] += slope[0, 0] * total + slope[1, 0] * by_mark
    out[2] += by_c
    out[3] += by_p
    out[4] += by_width
    out[5] += slope[0, 1] * by_width + slope[1, 1] * by_width_mark
    out[6] += by_q + slope[0, 2] * total + slope[1, 2] * by_mark


@_jit
def _sum_events(
    near: IndexArray,
    work: FloatArray,
    n_near: int,
    now: float,
    events: FloatArray,
    c: float,
    p: float,
    q: float,
    taper: float,
    out: FloatArray,
) -> None:
    """Add what single events give, by which (q - 1) / pi is to be multiplied."""
    us, lags, late = work[0, :n_near], work[1, :n_near], work[2, :n_near]
    wide, spare, terms = work[3, :n_near], work[4, :n_near], work[5, :n_near]
    for n in range(n_near):
        lags[n] = now - events[TIMES, near[n]] + c
    spare[:] = lags
    logarithms(spare, late)
    spare[:] = us
    logarithms(spare, wide)
    for n in range(n_near):
        spare[n] = -p * late[n] - q * wide[n] - taper * (lags[n] - c)
    exponentials(spare, terms)
    total = by_alpha = by_c = by_p = by_width = by_gamma = by_q = 0.0
    for n in range(n_near):
        j = near[n]
        value = terms[n] * events[WEIGHTS, j]
        wider = value * (q - 1.0 - q * events[WIDTHS, j] / us[n])
        total += value
        by_alpha += value * events[ALPHAS, j]
        by_c += value / lags[n]
        by_p += value * late[n]
        by_width += wider
        by_gamma += wider * events[GAMMAS, j]
        by_q += value * (events[LOG_WIDTHS, j] - wide[n])
    out[0] += total
    out[1] += by_alpha
    out[2] -= p * by_c
    out[3] -= by_p
    out[4] += by_width
    out[5] += by_gamma
    out[6] += by_q
