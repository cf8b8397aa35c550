"""Simulation of ETAS as a branching process, many trajectories at a time."""

from __future__ import annotations

import numpy as np

from catalogs import EventSequence, GutenbergRichter, Trajectories, cores
from catalogs.magnitudes import LN10
from catalogs.process import Seed, check_expected
from catalogs.sequence import FloatArray
from etas.kernel import omori_integrals

CHUNK = 64
"""Trajectories that share a random stream: part of the definition of the result, so a constant."""


def branching_trajectories(
    parameters: FloatArray,
    law: GutenbergRichter,
    history: EventSequence,
    horizon: float,
    n: int,
    *,
    seed: Seed,
    max_events: int,
    threads: int | None,
) -> Trajectories:
    """``n`` continuations of ``history`` by ETAS with ``parameters`` (mu, k, alpha, c, p[, taper]).

    The branching form of ETAS (Hawkes and Oakes 1974): background events and the direct offspring
    of the history in the window form the first generation; every event then has a Poisson number
    of direct offspring with mean k 10^{alpha (m - Mc)} integral_0^rest (x + c)^{-p} dx, m as the
    catalog gives it (``GutenbergRichter.recorded_excess``), at delays
    drawn by the inverse of the Omori-Utsu law and, with a taper, thinned by exp(-delay / taper).

    Every 64 trajectories have a random stream of their own, a child of ``seed``, and are drawn from
    it one after the other. So trajectory i is the same for any ``n`` > i and any number of
    ``threads`` (by default one a core). A trajectory that exceeds ``max_events`` has no further
    generation and is listed in ``Trajectories.capped``.

    Raises
    ------
    InputError
        If the history holds an event below completeness.
    """
    from etas.branching import cascade

    mu, k, alpha, c, p, *tapers = parameters.tolist()
    taper_rate = 1.0 / tapers[0] if tapers else 0.0
    start = history.end
    numbers = np.array([mu, k, alpha * LN10, c, p, taper_rate])
    since = start - history.times
    gains = k * np.exp(alpha * LN10 * history.magnitude_excess(law.completeness))
    direct = gains * omori_integrals(since, since + horizon, c, p)
    if tapers:  # up to the start; from there on the cascade thins
        direct *= np.exp(-since / tapers[0])
    cumulative = np.cumsum(direct)
    first = mu * horizon + float(direct.sum())
    check_expected(first, n, max_events, f"background mu = {mu:g} events/day and its history")
    law_numbers = np.array([law.completeness, law.beta, law.mass, law.step, law.strict])
    sizes = [min(CHUNK, n - lo) for lo in range(0, n, CHUNK)]

    def draw(child: np.random.Generator, size: int) -> tuple[np.ndarray, ...]:
        chunk: tuple[np.ndarray, ...] = cascade(
            child,
            size,
            (start, start + horizon),
            numbers,
            law_numbers,
            history.times,
            cumulative,
            max_events,
        )
        return chunk

    children = np.random.default_rng(seed).spawn(len(sizes))
    chunks = cores.in_order(draw, children, sizes, workers=threads)
    counts, times, magnitudes, capped = (np.concatenate(part) for part in zip(*chunks, strict=True))
    return Trajectories(
        np.repeat(np.arange(n), counts),
        times,
        magnitudes,
        n,
        start,
        start + horizon,
        np.flatnonzero(capped),
    ).distinct()
