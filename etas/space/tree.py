"""The sum of ``pairs`` in near-linear time: groups of earlier events that are far away act as one.

A tree divides the events into ever smaller groups near in space, time and width. With weights
w_j = g_j D_j^{q-1} e^{taper t_j}, whose sum is W, a group adds

    (q - 1) / pi e^{-taper t} sum_j w_j (t - t_j + c)^{-p} u_j^{-q},    u_j = r_j^2 + D_j

If all of it precedes, and it is small beside its delay and its u, moments are enough: with weighted
means L of t - t_j + c and U of u_j, and relative deviations s and v from them,

    W L^{-p} U^{-q} <(1 + s)^{-p} (1 + v)^{-q}>

is a product of binomial series up to the fourth moments, and p q <s v>. u_j is quadratic in the
place of the target, so that the moments of v follow from those of places and widths. Derivatives
follow alike. Groups that are too near are divided (Barnes and Hut 1986, doi:10.1038/324446a0, who
stop at the first moment); the smallest are summed event by event.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np

from catalogs.cores import in_parallel
from catalogs.sequence import FloatArray
from etas.space.pairs import SLOPES, Kernel, Sources
from etas.space.vectors import exponentials, logarithms

LEAF = 16
"""Events of a group that is not divided, at most."""

TIME, SPACE, WIDTH = 0.3, 0.4, 0.3
"""Largest deviations of times from their mean beside the delay, of places beside sqrt(u) and of
widths beside u, over the root of the second coefficient of the series (``_series``)."""

KURTOSIS = 2.4
"""<v^4> / <v^2>^2, between 1.8 of an even and 3 of a normal distribution. It makes a difference
of some 1e-4 to the sums."""

BEGIN, END, NEXT, OLDEST, NEWEST = range(5)
"""Columns of ``Tree.groups``."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})

IndexArray = np.ndarray


@dataclass(frozen=True, eq=False)
class Tree:
    """Groups of events within groups, to be used for any parameters.

    Attributes
    ----------
    order : array (event,)
        Indices of events such that those of a group follow each other.
    groups : array (group, 5)
        Each before those inside it: its first and last + 1 in ``order``, the number of the next
        group that is not inside it, and its oldest and its newest event.
    """

    order: IndexArray
    groups: IndexArray

    @classmethod
    def of(cls, positions: FloatArray, widths: FloatArray) -> Tree:
        """Divide events until no group has more than ``LEAF``.

        Any tree gives the same sums, within their errors; one for other places or widths only
        takes longer.

        Parameters
        ----------
        positions : array (event, 3)
            Kilometres, in order of time.
        widths : array (event,)
            Typical D, km^2.
        """
        n = len(positions)
        order = np.arange(n)
        features = np.column_stack([positions, np.sqrt(widths), order])
        return cls(order, _divide(features, order, LEAF))


@_jit
def _divide(features: FloatArray, order: IndexArray, leaf: int) -> IndexArray:
    """Bring ``order`` into that of the tree and return its groups.

    A group is halved in space or width where it's longest, or in time (by number of event) if it is
    longer there beside the whole catalog.
    """
    n = order.size
    groups = np.empty((2 * n, 5), np.int64)
    extent = 1e-9
    for a in range(3):
        extent = max(extent, features[:, a].max() - features[:, a].min())
    low, high = np.empty(5), np.empty(5)
    size = 0
    todo = [(0, n)]
    while len(todo) > 0:
        begin, end = todo.pop()
        low[:], high[:] = np.inf, -np.inf
        for m in range(begin, end):
            for a in range(5):
                low[a] = min(low[a], features[order[m], a])
                high[a] = max(high[a], features[order[m], a])
        groups[size, BEGIN], groups[size, END] = begin, end
        groups[size, OLDEST], groups[size, NEWEST] = int(low[4]), int(high[4])
        size += 1
        if end - begin > leaf:
            axis = np.argmax(high[:4] - low[:4])
            if (high[4] - low[4]) / n > (high[axis] - low[axis]) / extent:
                axis = 4
            cut = begin + _halve(features[:, axis], order[begin:end], 0.5 * (low[axis] + high[axis]))
            todo.append((cut, end))
            todo.append((begin, cut))
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


def tree_sums(
    sources: Sources, kernel: Kernel, first: int, tree: Tree | None = None
) -> FloatArray:
    """What ``pair_sums`` gives, in near-linear time and with an error of 1e-4 in the mean log rate.

    The number of threads does not change it.

    Parameters
    ----------
    sources : Sources
        All events, with gains above 0.
    kernel : Kernel
        The laws of delays and distances. With p = 0, where all delays count alike, derivatives by c
        and p are not to be used.
    first : int
        Index of the first event to sum at.
    tree : Tree, optional
        Of these events, to be used again with other parameters.

    Returns
    -------
    array (event - first, 7)
        S_i, in events day^-1 km^-2 over the units of g, and its derivatives by ``SLOPES``.
    """
    if tree is None:
        tree = Tree.of(sources.positions, sources.widths)
    events = _events(sources, kernel, tree.order)
    n, size = sources.times.size, len(tree.groups)
    means, moments = np.empty((size, MEANS)), np.empty((size, MOMENTS))
    delay_series, fall_series = _series(kernel.p, 1.0), _series(kernel.q, KURTOSIS)
    limits = np.array([TIME, SPACE, WIDTH])
    limits[0] /= math.sqrt(max(delay_series[0, 0], 1e-200))
    limits[1:] /= math.sqrt(fall_series[0, 0])
    groups = tree.groups

    def sum_up(begin: int, end: int) -> None:
        _moments(events, groups[begin:end], limits, means[begin:end], moments[begin:end])

    in_parallel(sum_up, size)
    numbers = np.array([kernel.c, kernel.p, kernel.q, kernel.taper, kernel.radius])
    series = np.stack([delay_series, fall_series, _series(kernel.q + 1.0, KURTOSIS)])
    targets = tree.order[tree.order >= first]
    out = np.empty((n, 1 + len(SLOPES)))

    def fill(begin: int, end: int) -> None:
        _tree_sums(targets[begin:end], events, tree.order, groups, means, moments, numbers, series,
                   sources.times, sources.positions, out)

    in_parallel(fill, targets.size)
    return out[first:]


def _series(p: float, kurtosis: float) -> FloatArray:
    """Coefficients of <(1 + s)^{-p}> in <s^2>, -<s^3> and <s^4>, and their slopes in p.

    Shape (2, 3). The last are by <s^2>^2 if there is a kurtosis.
    """
    two = p * (p + 1.0) / 2.0
    three = two * (p + 2.0) / 3.0
    four = three * (p + 3.0) / 4.0
    slopes = [
        p + 1 / 2,
        (3.0 * p**2 + 6.0 * p + 2.0) / 6.0,
        (4.0 * p**3 + 18.0 * p**2 + 22.0 * p + 6.0) / 24.0,
    ]
    return np.array([[two, three, four], slopes]) * [1.0, 1.0, kurtosis]


TIMES, XS, YS, ZS, WIDTHS, LOG_WIDTHS, LOG_WEIGHTS, GAINS, ALPHAS, GAMMAS = range(10)


def _events(sources: Sources, kernel: Kernel, order: IndexArray) -> FloatArray:
    """What is needed of events in the order of the tree, shape (10, event)."""
    log_widths = np.log(sources.widths)
    return np.ascontiguousarray(
        np.stack(
            [
                sources.times,
                *sources.positions.T,
                sources.widths,
                log_widths,
                (kernel.q - 1.0) * log_widths + kernel.taper * sources.times,  # of w_j / g_j
                sources.gains,
                sources.gain_slopes / sources.gains,
                sources.width_slopes,
            ]
        )[:, order]
    )


X, Y, Z, U, T, LEAST_U, LEAST_LAG, LOG_WEIGHT = range(8)
MEANS = 8

D, LOG_D, ALPHA, GAMMA, T2, T3, T4, AT, LT, GD, EE, E3, DE2 = range(13)
XE, DX, TX, AX, LX, GX, XX, UX, VX = 13, 16, 20, 24, 28, 32, 36, 42, 48
MOMENTS = 54


@_jit
def _moments(events, groups, limits, means, moments):
    for k in range(len(groups)):
        o, mo = means[k], moments[k]
        o[:] = 0.0
        mo[:] = 0.0
        begin, end = groups[k, BEGIN], groups[k, END]
        v = events[:, begin:end]
        top = v[LOG_WEIGHTS].max()
        w = v[GAINS] * np.exp(v[LOG_WEIGHTS] - top)
        mass = w.sum()
        w /= mass
        o[LOG_WEIGHT] = math.log(mass) + top
        for m in range(w.size):
            o[T] += w[m] * v[TIMES, m]
            o[X] += w[m] * v[XS, m]
            o[Y] += w[m] * v[YS, m]
            o[Z] += w[m] * v[ZS, m]
            mo[D] += w[m] * v[WIDTHS, m]
            mo[LOG_D] += w[m] * v[LOG_WIDTHS, m]
            mo[ALPHA] += w[m] * v[ALPHAS, m]
            mo[GAMMA] += w[m] * v[GAMMAS, m]
        trace = 0.0
        for m in range(w.size):
            x, y, z = v[XS, m] - o[X], v[YS, m] - o[Y], v[ZS, m] - o[Z]
            trace += w[m] * (x * x + y * y + z * z)
        radius = duration = spread = 0.0
        for m in range(w.size):
            t, x, y, z, d = v[TIMES, m] - o[T], v[XS, m] - o[X], v[YS, m] - o[Y], v[ZS, m] - o[Z], v[WIDTHS, m] - mo[D]
            a, g, l = v[ALPHAS, m] - mo[ALPHA], v[GAMMAS, m] - mo[GAMMA], v[LOG_WIDTHS, m] - mo[LOG_D]
            s = x * x + y * y + z * z
            e = s - trace + d
            wm = w[m]
            mo[T2] += wm * t * t
            mo[T3] += wm * t * t * t
            mo[T4] += wm * t * t * t * t
            mo[EE] += wm * e * e
            mo[E3] += wm * e * e * e
            mo[DE2] += wm * d * e * e
            mo[XE] += wm * x * e
            mo[XE + 1] += wm * y * e
            mo[XE + 2] += wm * z * e
            for b, f in ((DX, d), (TX, t), (AX, a), (LX, l), (GX, g)):
                mo[b] += wm * f * x
                mo[b + 1] += wm * f * y
                mo[b + 2] += wm * f * z
                mo[b + 3] += wm * f * e
            for b, f in ((XX, 1.0), (UX, e), (VX, d)):
                mo[b] += wm * f * x * x
                mo[b + 1] += wm * f * y * y
                mo[b + 2] += wm * f * z * z
                mo[b + 3] += 2.0 * wm * f * x * y
                mo[b + 4] += 2.0 * wm * f * x * z
                mo[b + 5] += 2.0 * wm * f * y * z
            mo[AT] += wm * a * t
            mo[GD] += wm * g * d
            mo[LT] += wm * l * t
            radius = max(radius, s)
            duration = max(duration, abs(t))
            spread = max(spread, abs(d))
        o[U] = trace + mo[D]
        o[LEAST_U] = max(radius / limits[1] ** 2, spread / limits[2])
        o[LEAST_LAG] = duration / limits[0]


@_jit
def _with(o, at, x, y, z, e):
    return x * o[at] + y * o[at + 1] + z * o[at + 2] + e * o[at + 3]


@_jit
def _square(o, at, x, y, z):
    return x * x * o[at] + y * y * o[at + 1] + z * z * o[at + 2] + x * y * o[at + 3] + x * z * o[at + 4] + y * z * o[at + 5]


@_jit
def _arc(chord, radius):
    return chord * (1.0 + chord * (1.0 / (12.0 * radius**2) + chord * (1.0 / (90.0 * radius**4))))


@_jit
def _tree_sums(targets, events, order, groups, means, moments, numbers, series, times, positions, out):
    c, p, q, taper, radius = numbers
    far = np.empty(len(groups), np.int64)
    near = np.empty(order.size, np.int64)
    work = np.empty((2, 6, order.size + len(groups)))
    for i in targets:
        place = positions[i]
        counts = _walk(i, times[i] + c, place, radius, events, order, groups, means, far, near, work)
        nf, nn = counts
        _kernel(work[0], nf, p, q, taper * times[i])
        _kernel(work[1], nn, p, q, taper * times[i])
        g = _group_sums(far[:nf], work[0], place, means, moments, p, q, series)
        e = _event_sums(near[:nn], work[1], events, p, q)
        scale = (q - 1.0) / math.pi
        for a in range(7):
            out[i, a] = scale * (g[a] + e[a])
        out[i, 6] += (g[0] + e[0]) / math.pi


LAGS, US, TERMS, LATE, WIDE, SPARE = range(6)


@_jit
def _walk(i, now, place, radius, events, order, groups, means, far, near, work):
    k = nf = nn = 0
    while k < len(groups):
        if groups[k, OLDEST] >= i:
            k = groups[k, NEXT]
            continue
        if groups[k, NEWEST] < i:
            o = means[k]
            dx, dy, dz = place[0] - o[X], place[1] - o[Y], place[2] - o[Z]
            u = _arc(dx * dx + dy * dy + dz * dz, radius) + o[U]
            lag = now - o[T]
            if u > o[LEAST_U] and lag > o[LEAST_LAG]:
                far[nf] = k
                work[0, US, nf] = u
                work[0, LAGS, nf] = lag
                work[0, TERMS, nf] = o[LOG_WEIGHT]
                nf += 1
                k = groups[k, NEXT]
                continue
        if groups[k, NEXT] == k + 1:
            stop = begin = groups[k, BEGIN]
            while stop < groups[k, END] and order[stop] < i:
                stop += 1
            for m in range(begin, stop):
                dx, dy, dz = place[0] - events[XS, m], place[1] - events[YS, m], place[2] - events[ZS, m]
                n = nn + m - begin
                work[1, US, n] = _arc(dx * dx + dy * dy + dz * dz, radius) + events[WIDTHS, m]
                work[1, LAGS, n] = now - events[TIMES, m]
                work[1, TERMS, n] = events[LOG_WEIGHTS, m]
                near[n] = m
            nn += stop - begin
        k += 1
    return nf, nn


@_jit
def _kernel(work, n, p, q, faded):
    lags, us, terms = work[LAGS, :n], work[US, :n], work[TERMS, :n]
    late, wide, spare = work[LATE, :n], work[WIDE, :n], work[SPARE, :n]
    for m in range(n):
        spare[m] = lags[m]
    logarithms(spare, late)
    for m in range(n):
        spare[m] = us[m]
    logarithms(spare, wide)
    for m in range(n):
        spare[m] = terms[m] - p * late[m] - q * wide[m] - faded
    exponentials(spare, terms)


@_jit
def _event_sums(near, work, events, p, q):
    total = by_alpha = by_c = by_p = by_width = by_gamma = by_q = 0.0
    for n in range(near.size):
        m = near[n]
        value = work[TERMS, n] * events[GAINS, m]
        wider = value * (q - 1.0 - q * events[WIDTHS, m] / work[US, n])
        total += value
        by_alpha += value * events[ALPHAS, m]
        by_c += value / work[LAGS, n]
        by_p += value * work[LATE, n]
        by_width += wider
        by_gamma += wider * events[GAMMAS, m]
        by_q += value * (events[LOG_WIDTHS, m] - work[WIDE, n])
    return total, by_alpha, -p * by_c, -by_p, by_width, by_gamma, by_q


@_jit
def _group_sums(far, work, place, means, moments, p, q, series):
    delays, falls, steep = series[0], series[1], series[2]
    d2, d3, d4 = delays[0]
    e2, e3, e4 = delays[1]
    a2, a3, a4 = falls[0]
    b2, b3, b4 = falls[1]
    c2, c3, c4 = steep[0]
    total = by_alpha = by_c = by_p = by_width = by_gamma = by_q = 0.0
    for n in range(far.size):
        o, mean = moments[far[n]], means[far[n]]
        value, il, iu, late, wide = work[TERMS, n], 1.0 / work[LAGS, n], 1.0 / work[US, n], work[LATE, n], work[WIDE, n]
        hx, hy, hz = -2.0 * iu * (place[0] - mean[X]), -2.0 * iu * (place[1] - mean[Y]), -2.0 * iu * (place[2] - mean[Z])
        s2, s3, s4 = o[T2] * il * il, o[T3] * il * il * il, o[T4] * il * il * il * il
        ft = 1.0 + d2 * s2 + d3 * s3 + d4 * s4
        ft_c = -il * (p + (p + 2.0) * d2 * s2 + (p + 3.0) * d3 * s3 + (p + 4.0) * d4 * s4)
        ft_p = e2 * s2 + e3 * s3 + e4 * s4 - late * ft
        v2 = _square(o, XX, hx, hy, hz) + iu * (2.0 * (hx * o[XE] + hy * o[XE + 1] + hz * o[XE + 2]) + iu * o[EE])
        v3 = iu * (3.0 * _square(o, UX, hx, hy, hz) + iu * iu * o[E3])
        v4 = v2 * v2
        w1 = iu * _with(o, DX, hx, hy, hz, iu)
        w2 = iu * (_square(o, VX, hx, hy, hz) + o[DE2] * iu * iu)
        fs = 1.0 + a2 * v2 - a3 * v3 + a4 * v4
        fs_q = b2 * v2 - b3 * v3 + b4 * v4 - wide * fs
        share = o[D] * iu
        fs_w = (q - 1.0) * fs - q * (share * (1.0 + c2 * v2 - c3 * v3 + c4 * v4) - (q + 1.0) * w1 + c2 * w2)
        both = -q * il * _with(o, TX, hx, hy, hz, iu)
        f = ft * fs + p * both
        slope = q - 1.0 - (q + 1.0) * share
        wider = ft * fs_w + slope * p * both
        total += value * f
        by_alpha += value * (o[ALPHA] * f + p * il * o[AT] - q * _with(o, AX, hx, hy, hz, iu))
        by_c += value * (ft_c * fs - (p + 1.0) * il * p * both)
        by_p += value * (ft_p * fs + (1.0 - late * p) * both)
        by_width += value * wider
        by_gamma += value * (o[GAMMA] * wider - q * (iu * o[GD] + slope * _with(o, GX, hx, hy, hz, iu)))
        by_q += value * (o[LOG_D] * f + ft * fs_q + (1.0 / q - wide) * p * both + p * il * o[LT] - q * _with(o, LX, hx, hy, hz, iu))
    return total, by_alpha, by_c, by_p, by_width, by_gamma, by_q
