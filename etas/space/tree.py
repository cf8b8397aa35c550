"""The sum of ``pairs`` with far fewer terms: groups of earlier events that are far away act as one.

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

Of 10^4 to 10^5 events many groups are still so long or wide that they are near in time or in place,
and those that last until now are divided wherever they are: time grows as N^1.7, not yet as N ln N.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba
import numpy as np
import numpy.typing as npt

from catalogs.cores import in_parallel
from catalogs.sequence import FloatArray
from etas.space.pairs import SLOPES, Kernel, Sources
from etas.space.vectors import exponentials, logarithms

LEAF = 24
"""Events of a group that is not divided, at most."""

TIME, SPACE, WIDTH = 0.4, 0.4, 0.3
"""Largest deviations of times from their mean beside the delay, of places beside sqrt(u) and of
widths beside u, over the root of the second coefficient of the series (``_series``)."""

KURTOSIS = 2.4
"""<v^4> / <v^2>^2, between 1.8 of an even and 3 of a normal distribution: what it's taken to be
matters by some 1e-4 of the sums."""

IndexArray = npt.NDArray[np.int64]

BEGIN, END, NEXT, OLDEST, NEWEST = range(5)
"""Columns of ``Tree.groups``."""

TIMES, XS, YS, ZS, WIDTHS, LOG_WIDTHS, LOG_WEIGHTS, GAINS, ALPHAS, GAMMAS = range(10)
"""Rows of ``_events``; the last but one are d ln g / d alpha, the last d ln D / d gamma."""

X, Y, Z, T, EXCESS, LEAST_U, LEAST_LAG, LOG_WEIGHT = range(8)
"""Columns of the means of groups: of places and times; what U is above the square of the distance
of the mean place; the least U and L at which the group may act as one; and ln W."""

D, LOG_D, ALPHA, GAMMA = range(4)
T2, T3, T4, T_ALPHA, T_LOG_D, D_GAMMA = range(4, 10)
E2, E3, D_E2 = range(10, 13)
P_D, P_T, P_ALPHA, P_LOG_D, P_GAMMA = range(13, 33, 4)
XX, XX_E, XX_D = range(33, 51, 6)
P_E = 51
"""Columns of the moments of groups: means of widths, of d ln g / d alpha and of d ln D / d gamma,
and moments about means. E is D + |place|^2, both from their means; P is (place, E), four columns;
XX are the products of places, six columns."""

MEANS, MOMENTS = 8, 55

LAGS, US, TERMS, LATE, WIDE, SPARE = range(6)
"""Rows of the work space for one target: delays + c, u, what they contribute, and logarithms."""

_jit = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})


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
            axis = int(np.argmax(high[:4] - low[:4]))
            if (high[4] - low[4]) / n > (high[axis] - low[axis]) / extent:
                axis = 4
            cut = begin + _halve(
                features[:, axis], order[begin:end], 0.5 * (low[axis] + high[axis])
            )
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


def tree_sums(sources: Sources, kernel: Kernel, first: int, tree: Tree | None = None) -> FloatArray:
    """What ``pair_sums`` gives, with an error of some 1e-5 to 1e-4 in the mean log rate.

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

    def gather(begin: int, end: int) -> None:
        _gather(events, groups[begin:end], limits, means[begin:end], moments[begin:end])

    in_parallel(gather, size)
    numbers = np.array([kernel.c, kernel.p, kernel.q, kernel.taper, kernel.radius])
    series = np.stack([delay_series, fall_series, _series(kernel.q + 1.0, KURTOSIS)])
    targets = tree.order[tree.order >= first]
    out = np.empty((n, 1 + len(SLOPES)))

    def fill(begin: int, end: int) -> None:
        _tree_sums(
            targets[begin:end],
            sources.times,
            sources.positions,
            events,
            tree.order,
            groups,
            means,
            moments,
            numbers,
            series,
            out,
        )

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
                (kernel.q - 1.0) * log_widths + kernel.taper * sources.times,  # ln(w_j / g_j)
                sources.gains,
                sources.gain_slopes / sources.gains,
                sources.width_slopes,
            ]
        )[:, order]
    )


@_jit
def _gather(
    events: FloatArray,
    groups: IndexArray,
    limits: FloatArray,
    means: FloatArray,
    moments: FloatArray,
) -> None:
    """Means and moments of groups, weighted by w_j."""
    for k in range(len(groups)):
        mine = events[:, groups[k, BEGIN] : groups[k, END]]
        mean, moment = means[k], moments[k]
        top = mine[LOG_WEIGHTS].max()
        weights = mine[GAINS] * np.exp(mine[LOG_WEIGHTS] - top)
        whole = weights.sum()
        weights /= whole
        mean[LOG_WEIGHT] = top + math.log(whole)
        mean[T], mean[X] = (weights * mine[TIMES]).sum(), (weights * mine[XS]).sum()
        mean[Y], mean[Z] = (weights * mine[YS]).sum(), (weights * mine[ZS]).sum()
        moment[:] = 0.0
        moment[D], moment[LOG_D] = (
            (weights * mine[WIDTHS]).sum(),
            (weights * mine[LOG_WIDTHS]).sum(),
        )
        moment[ALPHA] = (weights * mine[ALPHAS]).sum()
        moment[GAMMA] = (weights * mine[GAMMAS]).sum()
        time, space, width = _add_moments(mine, weights, mean, moment)
        mean[EXCESS] += moment[D]
        mean[LEAST_U] = max(space / limits[1] ** 2, width / limits[2])
        mean[LEAST_LAG] = time / limits[0]


@_jit
def _add_moments(
    mine: FloatArray, weights: FloatArray, mean: FloatArray, moment: FloatArray
) -> tuple[float, float, float]:
    """Moments about the means; the largest |time|, |place|^2 and |width| from them."""
    x, y, z = mine[XS] - mean[X], mine[YS] - mean[Y], mine[ZS] - mean[Z]
    squares = x * x + y * y + z * z
    mean[EXCESS] = (weights * squares).sum()
    longest = farthest = widest = 0.0
    for j in range(weights.size):
        w, t, d = weights[j], mine[TIMES, j] - mean[T], mine[WIDTHS, j] - moment[D]
        by_alpha, by_gamma = mine[ALPHAS, j] - moment[ALPHA], mine[GAMMAS, j] - moment[GAMMA]
        log_d = mine[LOG_WIDTHS, j] - moment[LOG_D]
        e = squares[j] - mean[EXCESS] + d
        moment[T2] += w * t * t
        moment[T3] += w * t * t * t
        moment[T4] += w * t * t * t * t
        moment[T_ALPHA] += w * t * by_alpha
        moment[T_LOG_D] += w * t * log_d
        moment[D_GAMMA] += w * d * by_gamma
        moment[E2] += w * e * e
        moment[E3] += w * e * e * e
        moment[D_E2] += w * d * e * e
        for at, f in (
            (P_D, d),
            (P_T, t),
            (P_ALPHA, by_alpha),
            (P_LOG_D, log_d),
            (P_GAMMA, by_gamma),
            (P_E, e),
        ):
            moment[at] += w * f * x[j]
            moment[at + 1] += w * f * y[j]
            moment[at + 2] += w * f * z[j]
            moment[at + 3] += w * f * e
        for at, f in ((XX, 1.0), (XX_E, e), (XX_D, d)):
            moment[at] += w * f * x[j] * x[j]
            moment[at + 1] += w * f * y[j] * y[j]
            moment[at + 2] += w * f * z[j] * z[j]
            moment[at + 3] += 2.0 * w * f * x[j] * y[j]
            moment[at + 4] += 2.0 * w * f * x[j] * z[j]
            moment[at + 5] += 2.0 * w * f * y[j] * z[j]
        longest, farthest = max(longest, abs(t)), max(farthest, squares[j])
        widest = max(widest, abs(d))
    return longest, farthest, widest


@_jit
def _tree_sums(
    targets: IndexArray,
    times: FloatArray,
    positions: FloatArray,
    events: FloatArray,
    order: IndexArray,
    groups: IndexArray,
    means: FloatArray,
    moments: FloatArray,
    numbers: FloatArray,
    series: FloatArray,
    out: FloatArray,
) -> None:
    """``tree_sums`` at some events, which are rows of ``out``."""
    c, p, q, taper, radius = numbers
    far, far_work = np.empty(len(groups), np.int64), np.empty((6, len(groups)))
    near, near_work = np.empty(order.size, np.int64), np.empty((6, order.size))
    scale = (q - 1.0) / math.pi
    for i in targets:
        now, place = times[i] + c, positions[i]
        n_far, n_near = _walk(
            i, now, place, radius, events, order, groups, means, far, near, far_work, near_work
        )
        _evaluate(far_work, n_far, p, q, taper * times[i])
        _evaluate(near_work, n_near, p, q, taper * times[i])
        by_groups = _sum_groups(far[:n_far], far_work, place, means, moments, p, q, series)
        by_events = _sum_events(near[:n_near], near_work, events, p, q)
        for a in range(7):
            out[i, a] = scale * (by_groups[a] + by_events[a])
        out[i, 6] += (by_groups[0] + by_events[0]) / math.pi


@_jit
def _walk(
    i: int,
    now: float,
    place: FloatArray,
    radius: float,
    events: FloatArray,
    order: IndexArray,
    groups: IndexArray,
    means: FloatArray,
    far: IndexArray,
    near: IndexArray,
    far_work: FloatArray,
    near_work: FloatArray,
) -> tuple[int, int]:
    """The groups that act as one on event i and, of all others, the events before it.

    Returns how many of both; ``far`` and ``near`` say which, and their delays, u and weights are in
    the work spaces.
    """
    x, y, z = place
    k = n_far = n_near = 0
    while k < len(groups):
        if groups[k, OLDEST] >= i:
            k = groups[k, NEXT]
            continue
        if groups[k, NEWEST] < i:
            mean = means[k]
            u = _arc(x - mean[X], y - mean[Y], z - mean[Z], radius) + mean[EXCESS]
            lag = now - mean[T]
            if u > mean[LEAST_U] and lag > mean[LEAST_LAG]:
                far[n_far] = k
                far_work[US, n_far], far_work[LAGS, n_far] = u, lag
                far_work[TERMS, n_far] = mean[LOG_WEIGHT]
                n_far += 1
                k = groups[k, NEXT]
                continue
        if groups[k, NEXT] == k + 1:  # not divided
            begin = end = groups[k, BEGIN]
            while end < groups[k, END] and order[end] < i:
                end += 1
            for j in range(begin, end):
                n = n_near + j - begin
                near[n] = j
                dx, dy, dz = x - events[XS, j], y - events[YS, j], z - events[ZS, j]
                near_work[US, n] = _arc(dx, dy, dz, radius) + events[WIDTHS, j]
                near_work[LAGS, n] = now - events[TIMES, j]
                near_work[TERMS, n] = events[LOG_WEIGHTS, j]
            n_near += end - begin
        k += 1
    return n_far, n_near


@_jit
def _arc(dx: float, dy: float, dz: float, radius: float) -> float:
    """The square of the great-circle distance, as in ``pairs``."""
    chord = dx * dx + dy * dy + dz * dz
    return chord * (1.0 + chord * (1.0 / (12.0 * radius**2) + chord * (1.0 / (90.0 * radius**4))))


@_jit
def _evaluate(work: FloatArray, n: int, p: float, q: float, faded: float) -> None:
    """Replace ln w by w L^{-p} u^{-q} e^{-taper t} in ``TERMS``, and note ln L and ln u."""
    late, wide, spare, terms = work[LATE, :n], work[WIDE, :n], work[SPARE, :n], work[TERMS, :n]
    spare[:] = work[LAGS, :n]
    logarithms(spare, late)
    spare[:] = work[US, :n]
    logarithms(spare, wide)
    for k in range(n):
        spare[k] = terms[k] - p * late[k] - q * wide[k] - faded
    exponentials(spare, terms)


@_jit
def _sum_events(
    near: IndexArray, work: FloatArray, events: FloatArray, p: float, q: float
) -> tuple[float, float, float, float, float, float, float]:
    """Sums over single events, by which (q - 1) / pi is to be multiplied."""
    total = by_alpha = by_c = by_p = by_width = by_gamma = by_q = 0.0
    for n in range(near.size):
        j = near[n]
        value = work[TERMS, n] * events[GAINS, j]
        wider = value * (q - 1.0 - q * events[WIDTHS, j] / work[US, n])
        total += value
        by_alpha += value * events[ALPHAS, j]
        by_c += value / work[LAGS, n]
        by_p += value * work[LATE, n]
        by_width += wider
        by_gamma += wider * events[GAMMAS, j]
        by_q += value * (events[LOG_WIDTHS, j] - work[WIDE, n])
    return total, by_alpha, -p * by_c, -by_p, by_width, by_gamma, by_q


@_jit
def _sum_groups(
    far: IndexArray,
    work: FloatArray,
    place: FloatArray,
    means: FloatArray,
    moments: FloatArray,
    p: float,
    q: float,
    series: FloatArray,
) -> tuple[float, float, float, float, float, float, float]:
    """Sums over groups, by which (q - 1) / pi is to be multiplied.

    v = h place + E / U, where h = -2 (target - mean place) / U. Means of quantities that vary
    within a group, as d ln g / d alpha, are taken with their covariances with s and v.
    """
    total = by_alpha = by_c = by_p = by_width = by_gamma = by_q = 0.0
    for n in range(far.size):
        mean, moment = means[far[n]], moments[far[n]]
        value, late, wide = work[TERMS, n], work[LATE, n], work[WIDE, n]
        sooner, closer = 1.0 / work[LAGS, n], 1.0 / work[US, n]
        hx = -2.0 * closer * (place[0] - mean[X])
        hy = -2.0 * closer * (place[1] - mean[Y])
        hz = -2.0 * closer * (place[2] - mean[Z])
        delay, delay_c, delay_p = _delays(moment, sooner, late, p, series[0])
        fall, fall_q, fall_d = _falls(moment, hx, hy, hz, closer, wide, q, series)
        both = -q * sooner * _along(moment, P_T, hx, hy, hz, closer)
        factor = delay * fall + p * both
        slope = q - 1.0 - (q + 1.0) * moment[D] * closer
        wider = delay * fall_d + slope * p * both
        total += value * factor
        by_alpha += value * (
            moment[ALPHA] * factor
            + p * sooner * moment[T_ALPHA]
            - q * _along(moment, P_ALPHA, hx, hy, hz, closer)
        )
        by_c += value * (delay_c * fall - (p + 1.0) * sooner * p * both)
        by_p += value * (delay_p * fall + (1.0 - late * p) * both)
        by_width += value * wider
        by_gamma += value * (
            moment[GAMMA] * wider
            - q * closer * moment[D_GAMMA]
            - q * slope * _along(moment, P_GAMMA, hx, hy, hz, closer)
        )
        by_q += value * (
            moment[LOG_D] * factor
            + delay * fall_q
            + (1.0 / q - wide) * p * both
            + p * sooner * moment[T_LOG_D]
            - q * _along(moment, P_LOG_D, hx, hy, hz, closer)
        )
    return total, by_alpha, by_c, by_p, by_width, by_gamma, by_q


@_jit
def _delays(
    moment: FloatArray, sooner: float, late: float, p: float, series: FloatArray
) -> tuple[float, float, float]:
    """<(1 + s)^{-p}>, and the slopes in c and p of L^{-p} times it over L^{-p}."""
    s2 = sooner * sooner * moment[T2]
    s3 = sooner * sooner * sooner * moment[T3]
    s4 = sooner * sooner * sooner * sooner * moment[T4]
    two, three, four = series[0, 0] * s2, series[0, 1] * s3, series[0, 2] * s4
    factor = 1.0 + two + three + four
    in_c = -sooner * (p * factor + 2.0 * two + 3.0 * three + 4.0 * four)
    in_p = series[1, 0] * s2 + series[1, 1] * s3 + series[1, 2] * s4 - late * factor
    return factor, in_c, in_p


@_jit
def _falls(
    moment: FloatArray,
    hx: float,
    hy: float,
    hz: float,
    closer: float,
    wide: float,
    q: float,
    series: FloatArray,
) -> tuple[float, float, float]:
    """<(1 + v)^{-q}>, and the slopes in q and ln D of w U^{-q} times it over w U^{-q}.

    Of <v^3> what is odd in the place is left out.
    """
    along = hx * moment[P_E] + hy * moment[P_E + 1] + hz * moment[P_E + 2]
    v2 = _across(moment, XX, hx, hy, hz) + closer * (2.0 * along + closer * moment[E2])
    v3 = closer * (3.0 * _across(moment, XX_E, hx, hy, hz) + closer * closer * moment[E3])
    v4 = v2 * v2
    v_d = closer * _along(moment, P_D, hx, hy, hz, closer)
    v2_d = closer * (_across(moment, XX_D, hx, hy, hz) + closer * closer * moment[D_E2])
    here, in_q, steeper = series[1, 0], series[1, 1], series[2, 0]
    factor = 1.0 + here[0] * v2 - here[1] * v3 + here[2] * v4
    slope = in_q[0] * v2 - in_q[1] * v3 + in_q[2] * v4 - wide * factor
    share = closer * moment[D] * (1.0 + steeper[0] * v2 - steeper[1] * v3 + steeper[2] * v4)
    share += steeper[0] * v2_d - (q + 1.0) * v_d
    return factor, slope, (q - 1.0) * factor - q * share


@_jit
def _along(moment: FloatArray, at: int, hx: float, hy: float, hz: float, closer: float) -> float:
    """The covariance of v with what has its moments with (place, E) in these columns."""
    linear: float = hx * moment[at] + hy * moment[at + 1] + hz * moment[at + 2]
    shift: float = closer * moment[at + 3]
    return linear + shift


@_jit
def _across(moment: FloatArray, at: int, hx: float, hy: float, hz: float) -> float:
    """The quadratic form of h with the products of places in these columns."""
    by_x: float = hx * (hx * moment[at] + hy * moment[at + 3] + hz * moment[at + 4])
    by_y: float = hy * (hy * moment[at + 1] + hz * moment[at + 5])
    by_z: float = hz * hz * moment[at + 2]
    return by_x + by_y + by_z
