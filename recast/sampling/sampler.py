"""Sampling of continuations of a history from a trained net, event by event."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral
from typing import NamedTuple

import numpy as np
import torch

from catalogs import EventSequence, GutenbergRichter, InputError, Trajectories, cores
from catalogs.process import MAX_EVENTS, Seed
from catalogs.sequence import FloatArray
from recast.net.decoders import ExponentialHazard
from recast.net.excitation import NODES
from recast.net.magnitude import SAMPLING_LOG_RATIO, TruncatedExponential
from recast.net.network import Net, State
from recast.sampling.arrays import Weights
from recast.sampling.compiled import encode, trajectories

CHUNKS_PER_THREAD = 8
"""Trajectories differ in length: small chunks keep all threads busy to the end."""


class Memory(NamedTuple):
    """State of a net after all events before day ``end``."""

    hidden: FloatArray
    """State of the encoder, (1, hidden_size)."""

    amplitudes: FloatArray
    """Excitation of ETAS just after the last event, events/day, (1, node)."""

    last: float
    """Time of the last event, or of the start if there was none, in the net's time."""

    end: float
    """That day, in the net's time; in days of the catalog in ``Recast.histories``."""


def sample_after(
    weights: Weights,
    memory: Memory,
    window: tuple[float, float],
    n: int,
    *,
    seed: Seed,
    max_events: int = MAX_EVENTS,
    threads: int | None = None,
) -> Trajectories:
    """Draw ``n`` continuations of a history on [start, end) of ``window``, by compiled code.

    The first event is drawn given the days elapsed since the last one of the history, every later
    one from the state after its predecessor. Magnitudes follow the net's head within
    ``SAMPLING_LOG_RATIO``, or the law in ``weights`` for a net without one, from completeness
    upward. There is no dropout, and everything is in float64.

    Trajectory i follows from (``seed``, i) and is the same for every ``n`` > i and number of
    ``threads`` (by default one per core). One that exceeds ``max_events`` is cut off there and
    listed in ``Trajectories.capped``.
    """
    streams = random_streams(seed, n)

    def draw(part: np.ndarray) -> tuple[np.ndarray, ...]:
        drawn: tuple[np.ndarray, ...] = trajectories(
            weights, part, memory.hidden, memory.amplitudes, memory.last, window, max_events
        )
        return drawn

    workers = threads or cores.threads()
    chunks = np.array_split(streams, min(n, 1 if workers == 1 else CHUNKS_PER_THREAD * workers))
    parts = cores.in_order(draw, chunks, workers=workers)
    counts, times, magnitudes, capped = (np.concatenate(p) for p in zip(*parts, strict=True))
    return Trajectories(
        np.repeat(np.arange(n), counts), times, magnitudes, n, *window, np.flatnonzero(capped)
    ).distinct()


def check_device(device: str | torch.device) -> None:
    """Raise an InputError for a device that torch cannot use."""
    try:
        torch.empty(0, dtype=torch.float64, device=device)
    except (AssertionError, RuntimeError, TypeError) as error:  # unknown, absent, no float64
        reason = str(error).splitlines()[0]
        raise InputError(
            f"device {str(device)!r} cannot be used ({reason}): give cpu, or cuda where there is a "
            "GPU"
        ) from error


def memories(weights: Weights, events: EventSequence, times: Sequence[float]) -> list[Memory]:
    """Return the state at each of ``times``, ascending, after the events strictly before it.

    It takes one pass over the events, for any number of times.
    """
    hidden = np.zeros((1, weights.from_hidden.weights.shape[0]))
    amplitudes = np.zeros((1, weights.nodes.size))
    stamps, out, last = events.times, [], events.start
    stops = [0, *np.searchsorted(stamps, times, side="left").tolist()]
    for (begin, stop), time in zip(pairwise(stops), times, strict=True):
        if stop > begin:
            inter_times = np.diff(stamps[begin:stop], prepend=last)
            encode(weights, inter_times, events.magnitudes[begin:stop], hidden, amplitudes)
            last = float(stamps[stop - 1])
        out.append(Memory(hidden.copy(), amplitudes.copy(), last, float(time)))
    return out


def random_streams(seed: Seed, n: int) -> np.ndarray:
    """States of ``n`` independent xoshiro256++ streams, uint64 of shape (n, 4).

    They are words of numpy's SeedSequence, the first of which do not depend on their number: stream
    i is the same for every n > i.
    """
    return np.random.SeedSequence(seed).generate_state(4 * n, np.uint64).reshape(n, 4)


@torch.no_grad()
def sample_with_torch(
    net: Net,
    magnitude_law: GutenbergRichter,
    history: EventSequence,
    horizon: float,
    n: int,
    *,
    seed: Seed,
    max_events: int = MAX_EVENTS,
    device: str | torch.device = "cpu",
) -> Trajectories:
    """Draw like ``sample_after``, on any device and with any decoder: all trajectories at once.

    They leave the batch as they pass the end. There is one random stream per batch and device: the
    same seed gives the same catalogs for the same ``n`` and device only.
    """
    exact = copy.deepcopy(net).to("cpu", torch.float64).eval()
    start, end = history.end, history.end + horizon
    state = State(*(part.to(device) for part in exact.state_after(history, n)))
    exact = exact.to(device)
    number = int(seed) if isinstance(seed, Integral) else int(random_streams(seed, 1)[0, 0]) >> 1
    generator = torch.Generator(device).manual_seed(number)
    last = float(history.times[-1]) if len(history) else history.start
    times = torch.full((n,), last, dtype=torch.float64, device=device)
    elapsed = torch.full_like(times, start - last)
    alive = torch.arange(n, device=device)
    events: list[tuple[torch.Tensor, ...]] = []
    while True:
        inter_times = exact.decode(*state).sample(elapsed, generator)
        times = torch.clamp_min(times + inter_times, start)
        going = times < end
        alive, times, inter_times = alive[going], times[going], inter_times[going]
        if not alive.numel() or len(events) == max_events:
            break
        state = State(*(part[going] for part in state))
        law = _magnitudes(exact, magnitude_law, state, inter_times)
        share = torch.rand(times.shape, generator=generator, dtype=times.dtype, device=device)
        magnitudes = law.inverse_cdf(share)
        events.append((alive, times, magnitudes))
        state = exact.advance(state, inter_times, magnitudes)
        elapsed = torch.zeros_like(times)
    if not events:
        events = [(alive, times, times)]  # all empty
    trajectory, stamps, sizes = (torch.cat(p).cpu().numpy() for p in zip(*events, strict=True))
    cut = alive.cpu().numpy()
    return Trajectories(trajectory, stamps, sizes, n, start, end, cut).sorted().distinct()


def _magnitudes(
    net: Net, law: GutenbergRichter, state: State, inter_times: torch.Tensor
) -> TruncatedExponential:
    """Laws of the magnitudes of events after ``inter_times``, from completeness upward."""
    if net.magnitude is None:
        beta = torch.full_like(inter_times, law.beta)
        return TruncatedExponential(beta, law.completeness, law.maximum)
    nodes = torch.from_numpy(NODES).to(state.amplitudes)
    mu = torch.full_like(inter_times, net.scaling.mu)
    expected = ExponentialHazard(mu, state.amplitudes, nodes).cumulative_hazard(inter_times)
    limit = SAMPLING_LOG_RATIO
    beta = net.magnitude(net.scaling, state.hidden, inter_times, expected, largest=limit).beta
    own = net.scaling.magnitude_law
    return TruncatedExponential(beta, own.completeness, own.maximum)
