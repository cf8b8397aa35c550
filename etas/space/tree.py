"""The sum of ``pairs`` in near-linear time: distant groups of earlier events act as one.

A tree divides the events into ever smaller groups near in space, time and width. With the weights
w_j = g_j D_j^{q-1} a group adds

    (q - 1) / pi sum_j w_j (t - t_j + c)^{-p} u_j^{-q},    u_j = r_j^2 + D_j

If it lies wholly in the past and is small beside its delay and its u, the sum needs no more than
the moments of t_j and u_j: with their weighted means, relative deviations s and v from these, and
pairs of binomial series,

    <(1 + s)^{-p}> = 1 + p (p + 1) / 2 <s^2> - p (p + 1) (p + 2) / 6 <s^3> + ...

and likewise v and q. As u_j is quadratic in the place of the target, the moments of u_j follow from
those of places and widths (Barnes and Hut 1986, doi:10.1038/324446a0, who stop at the mean).
Groups that are too near are divided; the smallest are summed event by event.
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

LEAF = 8
"""Events that are no longer divided."""

POWER = 1.0
SPACE, WIDTH, TIME = 0.3, 0.25, 0.3
KURTOSIS = 2.4

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


@dataclass(frozen=True, eq=False)
class Tree:
    order: np.ndarray
    begin: np.ndarray
    end: np.ndarray
    skip: np.ndarray
    oldest: np.ndarray
    newest: np.ndarray

    @classmethod
    def of(cls, positions, widths, leaf=None, power=None, wd=1.0):
        n = len(positions)
        order = np.arange(n)
        places = np.column_stack([positions, wd * np.sqrt(widths), np.arange(n)])
        return cls(order, *_divided(places, order, leaf or LEAF, power or POWER))


@_jit
def _divided(places, order, leaf, power):
    n = len(order)
    span = np.empty((2 * n, 2), np.int64)
    ages = np.empty((2 * n, 2), np.int64)
    whole = 0.0
    for a in range(3):
        whole = max(whole, places[:, a].max() - places[:, a].min())
    whole = max(whole, 1e-9)
    todo = [(0, n)]
    nodes = 0
    low, high = np.empty(5), np.empty(5)
    while len(todo) > 0:
        begin, end = todo.pop()
        low[:] = np.inf
        high[:] = -np.inf
        for m in range(begin, end):
            for a in range(5):
                low[a] = min(low[a], places[order[m], a])
                high[a] = max(high[a], places[order[m], a])
        span[nodes, 0], span[nodes, 1] = begin, end
        ages[nodes, 0], ages[nodes, 1] = int(low[4]), int(high[4])
        nodes += 1
        if end - begin > leaf:
            axis = np.argmax(high[:4] - low[:4])
            if (high[4] - low[4]) / n > ((high[axis] - low[axis]) / whole) ** power:
                axis = 4
            cut = _split(places[:, axis], order[begin:end], 0.5 * (low[axis] + high[axis]))
            todo.append((begin + cut, end))
            todo.append((begin, begin + cut))
    skip = np.empty(nodes, np.int64)
    following = np.full(n + 1, nodes)
    for k in range(nodes - 1, -1, -1):
        skip[k] = following[span[k, 1]]
        following[span[k, 0]] = k
    return span[:nodes, 0].copy(), span[:nodes, 1].copy(), skip, ages[:nodes, 0].copy(), ages[:nodes, 1].copy()


@_jit
def _split(places, order, middle):
    """Move what lies below ``middle`` to the front, and count it."""
    cut = 0
    behind = order.copy()
    later = 0
    for m in range(order.size):
        if places[order[m]] <= middle:
            order[cut] = order[m]
            cut += 1
        else:
            behind[later] = order[m]
            later += 1
    order[cut:] = behind[:later]
    return cut


def tree_sums(sources, kernel, first, tree=None, limits=None, rows=None, count=None, kurt=KURTOSIS):
    tree = tree or Tree.of(sources.positions, sources.widths)
    n = sources.times.size
    c, p, q = kernel.c, kernel.p, kernel.q
    o = tree.order
    events = np.column_stack([
        sources.times, sources.positions, sources.widths, np.log(sources.widths), sources.gains,
        sources.gain_slopes, sources.width_slopes])[o]
    groups = np.empty((tree.begin.size, N_FIELDS))

    def gather(a, b):
        _gather(events, tree.begin[a:b], tree.end[a:b], q, kernel.taper, groups[a:b])

    in_parallel(gather, len(groups))
    numbers = np.array([c, p, q, kernel.taper, kernel.radius, *(limits or (SPACE, WIDTH, TIME))])
    numbers[7] /= math.sqrt(max(0.5 * p * (p + 1.0), 1e-200))
    delays, falls = _series(p, KURTOSIS), np.array([_series(q, kurt), _series(q + 1.0, kurt)])
    targets = o[o >= first] if rows is None else rows
    out = np.empty((n, 7))
    cnt = np.zeros((len(targets), 3), np.int64)

    def fill(a, b):
        _sums(targets[a:b], events, o, tree.begin, tree.end, tree.skip, tree.oldest, tree.newest, groups,
              sources.times, sources.positions, numbers, delays, falls, out, cnt[a:b])

    in_parallel(fill, len(targets))
    if count is not None:
        count.append(cnt.mean(0))
        return out[targets]
    return out[first:]


def _series(p, kurtosis):
    """[[a_2, -a_3, a_4], derivatives]"""
    two = p * (p + 1.0) / 2.0
    three = two * (p + 2.0) / 3.0
    four = three * (p + 3.0) / 4.0
    return np.array([
        [two, three, four],
        [(2.0 * p + 1.0) / 2.0, (3.0 * p**2 + 6.0 * p + 2.0) / 6.0, (4.0 * p**3 + 18.0 * p**2 + 22.0 * p + 6.0) / 24.0],
    ]) * np.array([1.0, 1.0, kurtosis])


(X, Y, Z, E, D, T, RADIUS, SPREAD, DURATION, WEIGHT, LOG_D, ALPHA, GAMMA, T2, T3, T4, AT, LT, GD, EE, E3, DE2) = range(22)
XE, DX, TX, AX, LX, GX, XX, UX, VX = 22, 25, 29, 33, 37, 41, 45, 51, 57
N_FIELDS = 63


@_jit
def _gather(events, begin, end, q, taper, groups):
    for k in range(begin.size):
        o = groups[k]
        o[:] = 0.0
        mine = events[begin[k]:end[k]]
        ref = mine[:, 0].max()
        mass = 0.0
        for v in mine:
            w = v[6] * math.exp((q - 1.0) * v[5] + taper * (v[0] - ref))
            mass += w
            o[T] += w * v[0]
            o[X] += w * v[1]
            o[Y] += w * v[2]
            o[Z] += w * v[3]
            o[D] += w * v[4]
            o[LOG_D] += w * v[5]
            o[ALPHA] += w / v[6] * v[7]
            o[GAMMA] += w * v[8]
        o[WEIGHT] = math.log(mass) + taper * ref
        for a in (T, X, Y, Z, D, LOG_D, ALPHA, GAMMA):
            o[a] /= mass
        for v in mine:
            x, y, z = v[1] - o[X], v[2] - o[Y], v[3] - o[Z]
            o[E] += v[6] / mass * math.exp((q - 1.0) * v[5] + taper * (v[0] - ref)) * (x * x + y * y + z * z)
        for v in mine:
            w = v[6] / mass * math.exp((q - 1.0) * v[5] + taper * (v[0] - ref))
            t, x, y, z, d = v[0] - o[T], v[1] - o[X], v[2] - o[Y], v[3] - o[Z], v[4] - o[D]
            s = x * x + y * y + z * z
            e = s - o[E] + d
            o[T2] += w * t * t
            o[T3] += w * t * t * t
            o[T4] += w * t * t * t * t
            o[EE] += w * e * e
            o[E3] += w * e * e * e
            o[DE2] += w * d * e * e
            o[XE] += w * x * e
            o[XE + 1] += w * y * e
            o[XE + 2] += w * z * e
            a, g, l = v[7] / v[6] - o[ALPHA], v[8] - o[GAMMA], v[5] - o[LOG_D]
            for b, f in ((DX, d), (TX, t), (AX, a), (LX, l), (GX, g)):
                o[b] += w * f * x
                o[b + 1] += w * f * y
                o[b + 2] += w * f * z
                o[b + 3] += w * f * e
            for b, f in ((XX, 1.0), (UX, e), (VX, d)):
                o[b] += w * f * x * x
                o[b + 1] += w * f * y * y
                o[b + 2] += w * f * z * z
                o[b + 3] += 2.0 * w * f * x * y
                o[b + 4] += 2.0 * w * f * x * z
                o[b + 5] += 2.0 * w * f * y * z
            o[AT] += w * a * t
            o[GD] += w * g * d
            o[LT] += w * l * t
            o[RADIUS] = max(o[RADIUS], s)
            o[DURATION] = max(o[DURATION], abs(t))
            o[SPREAD] = max(o[SPREAD], abs(d))
        o[E] += o[D]


@_jit
def _with(o, at, x, y, z):
    return x * o[at] + y * o[at + 1] + z * o[at + 2] + o[at + 3]


@_jit
def _square(o, at, x, y, z):
    return x * x * o[at] + y * y * o[at + 1] + z * z * o[at + 2] + x * y * o[at + 3] + x * z * o[at + 4] + y * z * o[at + 5]


@_jit
def _arc(chord, radius):
    return chord * (1.0 + chord * (1.0 / (12.0 * radius**2) + chord * (1.0 / (90.0 * radius**4))))


@_jit
def _sums(rows, events, order, begin, end, skip, oldest, newest, groups, times, positions, numbers, delays, falls, out, cnt):
    c, p, q, taper, radius, space, width, duration = numbers
    space = space * space
    far = np.empty(skip.size, np.int64)
    near = np.empty(len(order), np.int64)
    size = max(len(order), skip.size)
    lag, late, u, wide, weight, power = np.empty((6, size))
    sums = np.empty(7)
    for row in range(rows.size):
        i = rows[row]
        now, x, y, z = times[i], positions[i, 0], positions[i, 1], positions[i, 2]
        k = nf = nn = nv = 0
        while k < skip.size:
            nv += 1
            if oldest[k] >= i:
                k = skip[k]
                continue
            if newest[k] < i:
                o = groups[k]
                dx, dy, dz = x - o[X], y - o[Y], z - o[Z]
                r2 = _arc(dx * dx + dy * dy + dz * dz, radius) + o[E]
                d = now - o[T] + c
                if o[RADIUS] < space * r2 and o[SPREAD] < width * r2 and o[DURATION] < duration * d:
                    far[nf] = k
                    u[nf] = r2
                    lag[nf] = d
                    nf += 1
                    k = skip[k]
                    continue
            if skip[k] == k + 1:
                for m in range(begin[k], end[k]):
                    if order[m] < i:
                        near[nn] = m
                        nn += 1
            k += 1
        cnt[row, 0], cnt[row, 1], cnt[row, 2] = nv, nf, nn
        sums[:] = 0.0
        for m in range(nf):
            power[m] = lag[m]
            weight[m] = u[m]
        logarithms(power[:nf], late[:nf])
        logarithms(weight[:nf], wide[:nf])
        for m in range(nf):
            power[m] = groups[far[m], WEIGHT] - p * late[m] - q * wide[m] - taper * now
        exponentials(power[:nf], weight[:nf])
        for m in range(nf):
            o = groups[far[m]]
            _add_group(o, weight[m], x - o[X], y - o[Y], z - o[Z], 1.0 / u[m], wide[m], 1.0 / lag[m], late[m],
                       p, q, delays, falls, sums)
        for m in range(nn):
            v = events[near[m]]
            dx, dy, dz = x - v[1], y - v[2], z - v[3]
            lag[m] = now - v[0] + c
            u[m] = _arc(dx * dx + dy * dy + dz * dz, radius) + v[4]
            power[m] = lag[m]
            weight[m] = u[m]
        logarithms(power[:nn], late[:nn])
        logarithms(weight[:nn], wide[:nn])
        for m in range(nn):
            power[m] = (q - 1.0) * events[near[m], 5] - p * late[m] - q * wide[m] - taper * (lag[m] - c)
        exponentials(power[:nn], weight[:nn])
        by_alpha = by_gamma = by_q = by_c = by_p = by_width = total = 0.0
        for m in range(nn):
            v = events[near[m]]
            value = v[6] * weight[m]
            wider = value * (q - 1.0 - q * v[4] / u[m])
            total += value
            by_alpha += v[7] * weight[m]
            by_c -= value / lag[m] * p
            by_p -= value * late[m]
            by_width += wider
            by_gamma += wider * v[8]
            by_q += value * (v[5] - wide[m])
        scale = (q - 1.0) / math.pi
        sums[0] += total
        sums[1] += by_alpha
        sums[2] += by_c
        sums[3] += by_p
        sums[4] += by_width
        sums[5] += by_gamma
        sums[6] += by_q
        for a in range(7):
            out[i, a] = scale * sums[a]
        out[i, 6] += sums[0] / math.pi


@_jit
def _add_group(o, value, dx, dy, dz, iu, wide, il, late, p, q, delays, falls, sums):
    m2, m3, m4 = o[T2] * il * il, o[T3] * il * il * il, o[T4] * il * il * il * il
    # delays
    ft = 1.0 + delays[0, 0] * m2 + delays[0, 1] * m3 + delays[0, 2] / 2.4 * m4
    ft_c = -il * (p + (p + 2.0) * delays[0, 0] * m2 + (p + 3.0) * delays[0, 1] * m3 + (p + 4.0) * delays[0, 2] / 2.4 * m4)
    ft_p = -late * ft + delays[1, 0] * m2 + delays[1, 1] * m3 + delays[1, 2] / 2.4 * m4
    # distances
    hx, hy, hz = -2.0 * dx * iu, -2.0 * dy * iu, -2.0 * dz * iu
    iu2 = iu * iu
    v2 = _square(o, XX, hx, hy, hz) + 2.0 * iu * (hx * o[XE] + hy * o[XE + 1] + hz * o[XE + 2]) + o[EE] * iu2
    v3 = 3.0 * iu * _square(o, UX, hx, hy, hz) + o[E3] * iu2 * iu
    v4 = v2 * v2
    w1 = iu * (hx * o[DX] + hy * o[DX + 1] + hz * o[DX + 2]) + iu2 * o[DX + 3]
    w2 = iu * _square(o, VX, hx, hy, hz) + o[DE2] * iu2 * iu
    fs = 1.0 + falls[0, 0, 0] * v2 - falls[0, 0, 1] * v3 + falls[0, 0, 2] * v4
    fs_q = -wide * fs + falls[0, 1, 0] * v2 - falls[0, 1, 1] * v3 + falls[0, 1, 2] * v4
    deep = 1.0 + falls[1, 0, 0] * v2 - falls[1, 0, 1] * v3 + falls[1, 0, 2] * v4
    share = o[D] * iu
    fs_w = (q - 1.0) * fs - q * (share * deep - (q + 1.0) * w1 + falls[1, 0, 0] * w2)
    # both
    both = -q * il * (hx * o[TX] + hy * o[TX + 1] + hz * o[TX + 2] + iu * o[TX + 3])
    f = ft * fs + p * both
    by_width = ft * fs_w + (q - 1.0 - (q + 1.0) * share) * p * both
    sums[0] += value * f
    sums[1] += value * (o[ALPHA] * f + p * il * o[AT] - q * (hx * o[AX] + hy * o[AX + 1] + hz * o[AX + 2] + iu * o[AX + 3]))
    sums[2] += value * (ft_c * fs - (p + 1.0) * il * p * both)
    sums[3] += value * (ft_p * fs + (1.0 - late * p) * both)
    sums[4] += value * by_width
    sums[5] += value * (o[GAMMA] * by_width - q * iu * o[GD] - q * (q - 1.0 - (q + 1.0) * share) * (hx * o[GX] + hy * o[GX + 1] + hz * o[GX + 2] + iu * o[GX + 3]))
    sums[6] += value * (o[LOG_D] * f + ft * fs_q + (1.0 / q - wide) * p * both + p * il * o[LT] - q * (hx * o[LX] + hy * o[LX + 1] + hz * o[LX + 2] + iu * o[LX + 3]))
