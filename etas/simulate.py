"""Simulation of ETAS as a branching process, many trajectories at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from catalogs import EventSequence, InputError
from catalogs.cores import threads
from catalogs.magnitudes import LN10
from catalogs.trajectories import Trajectories
from etas.cascade import cascade
from etas.kernel import omori_integral

if TYPE_CHECKING:
    from etas.model import ETAS

CHUNK = 64
"""Trajectories that share a random stream: part of the definition of the result, so a constant."""


def simulate(
    model: ETAS,
    history: EventSequence,
    horizon: float,
    n: int,
    *,
    rng: np.random.Generator,
    max_events: int = 1_000_000,
    allow_supercritical: bool = False,
    workers: int | None = None,
) -> Trajectories:
    """``n`` continuations of ``history`` on [history.end, history.end + horizon).

    The branching form of ETAS (Hawkes and Oakes 1974): background events and the direct offspring
    of the history in the window form the first generation; every event then has a Poisson number
    of direct offspring with mean k 10^{alpha (m - Mc)} integral_0^rest (x + c)^{-p} dx, at delays
    drawn by the inverse of the Omori-Utsu law and, with a taper, thinned by exp(-delay / taper).

    Every 64 trajectories have a random stream of their own, a child of ``rng``'s seed sequence, and
    are drawn from it one after the other. So trajectory i is the same for any ``n`` > i and any
    number of ``workers`` (threads; by default one a core).

    A trajectory that exceeds ``max_events`` has no further generation and is reported in
    ``Trajectories.capped``.

    Raises
    ------
    InputError
        If horizon, n, max_events or workers is not positive, the history holds an event below
        completeness, or the branching ratio over the horizon is 1 or more and
        ``allow_supercritical`` is not set.
    """
    if not (np.isfinite(horizon) and horizon > 0.0) or n < 1:
        raise InputError(f"horizon = {horizon} days and n = {n} must be positive")
    if max_events < 1 or (workers is not None and workers < 1):
        raise InputError(f"max_events = {max_events} and workers = {workers} must be positive")
    refuse_supercritical(model, horizon, allow=allow_supercritical)
    law, start = model.magnitude_law, history.end
    parameters = np.append(model.parameters[:5], 0.0 if model.taper is None else 1.0 / model.taper)
    parameters[2] *= LN10
    since = start - history.times
    gains = model.k * np.exp(model.alpha * LN10 * history.magnitude_excess(law.completeness))
    direct = gains * omori_integral(since, since + horizon, model.c, model.p)
    if model.taper is not None:  # up to the start; from there on the cascade thins
        direct *= np.exp(-since / model.taper)
    cumulative = np.cumsum(direct)
    law_numbers = np.array([law.completeness, law.beta, law.mass])
    sizes = [min(CHUNK, n - lo) for lo in range(0, n, CHUNK)]

    def draw(child: np.random.Generator, size: int) -> tuple[np.ndarray, ...]:
        chunk: tuple[np.ndarray, ...] = cascade(
            child,
            size,
            (start, start + horizon),
            parameters,
            law_numbers,
            history.times,
            cumulative,
            max_events,
        )
        return chunk

    # The compiled cascade runs without the interpreter lock, so threads use the cores.
    with ThreadPoolExecutor(max_workers=workers or threads()) as pool:
        chunks = list(pool.map(draw, rng.spawn(len(sizes)), sizes))
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


def refuse_supercritical(model: ETAS, horizon: float, *, allow: bool) -> None:
    """Stop before a cascade that grows from generation to generation.

    Raises
    ------
    InputError
        If the branching ratio over ``horizon`` days is 1 or more, unless ``allow``.
    """
    ratio = model.branching_ratio(horizon)
    if ratio >= 1.0 and not allow:
        raise InputError(
            f"branching ratio {ratio:.3f} over {horizon:g} days: each event triggers one or more, "
            "so that numbers explode; shorten the horizon, fit anew, or allow supercritical "
            "simulation (--allow-supercritical, allow_supercritical=True)"
        )
