"""Sampling of a trained net: all trajectories at once, event by event."""

from __future__ import annotations

import numpy as np
import torch

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories
from recast.net import RecastNet, State


@torch.no_grad()
def sample_trajectories(
    net: RecastNet,
    magnitude_law: GutenbergRichter,
    history: EventSequence,
    horizon: float,
    n: int,
    *,
    generator: torch.Generator,
    max_events: int = 100_000,
) -> Trajectories:
    """``n`` continuations of ``history`` on [history.end, history.end + horizon).

    The first event is drawn given the days that have passed since the last one of the history,
    every later one from the state after the one before, which has seen the full inter-event
    time. Trajectories leave the batch when they pass the end, or at ``max_events`` events, which
    ``Trajectories.capped`` reports.

    Raises
    ------
    InputError
        If horizon or n is not positive.
    """
    if not (np.isfinite(horizon) and horizon > 0.0) or n < 1:
        raise InputError(f"horizon = {horizon} days and n = {n} must be positive")
    start, end = history.end, history.end + horizon
    state = net.state_after(history, n)
    last = float(history.times[-1]) if len(history) else history.start
    times = torch.full((n,), last, dtype=torch.float64)
    elapsed = torch.full((n,), start - last, dtype=torch.float64)
    alive = torch.arange(n)
    events: list[tuple[torch.Tensor, torch.Tensor, torch.Tensor]] = []
    for _ in range(max_events):
        inter_times = net.decode(*state).sample(elapsed, generator)
        times = times + inter_times
        going = times < end
        alive, times, inter_times = alive[going], times[going], inter_times[going]
        if not alive.numel():
            break
        u = torch.rand(alive.numel(), generator=generator, dtype=torch.float64)
        magnitudes = torch.from_numpy(magnitude_law.inverse_cdf(u.numpy()))
        events.append((alive, times, magnitudes))
        state = net.advance(State(*(part[going] for part in state)), inter_times, magnitudes)
        elapsed = torch.zeros_like(times)
    if not events:
        events = [(alive, times, times)]
    trajectory, stamps, sizes = (torch.cat(part).numpy() for part in zip(*events, strict=True))
    return Trajectories.of_unsorted(trajectory, stamps, sizes, n, start, end, alive.numpy())
