"""Maximum likelihood of places on the train window, stopped on the validation window."""

from __future__ import annotations

import copy
import math
import sys
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from catalogs.sequence import FloatArray
from recast.places.net import PlaceNet
from recast.places.targets import Events, Targets

EPOCHS, BATCH = 4, 128

RATE, ENOUGH = 5e-3, 20_000
"""Learning rate, and number of events below which it falls as their square root: fewer events
have less to say against the fitted mixture."""

DECAY = 1e-2

WARM_UP = 50
"""Steps in which the rate grows."""

CLIP = 1.0
"""Largest norm of a gradient."""

MOST_JUDGED = 4000
"""Validation events that choose the epoch."""

AT_ONCE = 512
"""Targets that are evaluated together."""

MEMORY = 10
"""Steps after which the average of weights begins to forget its start."""


@dataclass(frozen=True, eq=False)
class Examples:
    """Targets of the train and the validation window, with the events that are their parents."""

    events: Events
    train: Targets
    validation: Targets


@torch.no_grad()
def log_densities(net: PlaceNet, events: Events, targets: Targets) -> FloatArray:
    """ln f of the net and of the fitted mixture, nats, shape (target, 2)."""
    net.eval()
    parts = [
        torch.stack(net(targets.batch(events, slice(k, k + AT_ONCE))), dim=1).double()
        for k in range(0, len(targets), AT_ONCE)
    ]
    return np.asarray(torch.cat(parts).numpy()) if parts else np.empty((0, 2))


def train_net(
    net: PlaceNet, examples: Examples, *, seed: int, epochs: int = EPOCHS, label: str = ""
) -> None:
    """Train a net in place, and leave it as after its best epoch.

    Weights are averaged over the training, and the epoch with the best validation score is kept.

    Parameters
    ----------
    net : PlaceNet
        As it starts.
    examples : Examples
        What it learns from, and is judged on.
    seed : int
        Of the order of examples and of dropout.
    epochs : int
        Passes over the train window.
    label : str
        Starts the progress lines; none without.
    """
    train = examples.train
    held = examples.validation[:: max(1, len(examples.validation) // MOST_JUDGED)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        averaged = copy.deepcopy(net)
        size = min(BATCH, len(train))
        n_batches = len(train) // size
        rate = RATE * min(1.0, len(train) / ENOUGH) ** 0.5
        optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=DECAY)
        best, kept, step = -math.inf, copy.deepcopy(net.state_dict()), 0
        for epoch in range(epochs):
            started = time.perf_counter()
            net.train()
            order = torch.randperm(len(train))[: n_batches * size]
            for rows in order.chunk(n_batches):
                for group in optimiser.param_groups:
                    group["lr"] = rate * pace(step, epochs * n_batches)
                _step(net, optimiser, examples.events, train, rows)
                step += 1
                keep = min(0.99, step / (step + MEMORY))
                with torch.no_grad():
                    pairs = zip(averaged.parameters(), net.parameters(), strict=True)
                    for mean, now in pairs:
                        mean.lerp_(now, 1.0 - keep)
            score = float(log_densities(averaged, examples.events, held)[:, 0].mean())
            if score > best:
                best, kept = score, copy.deepcopy(averaged.state_dict())
            if label:
                seconds = time.perf_counter() - started
                line = f"{label}: places, epoch {epoch + 1} of {epochs}, validation {score:.4f}"
                print(f"{line} nats/event, {seconds:.0f} s", file=sys.stderr, flush=True)
    net.load_state_dict(kept)
    net.eval()


def stacked_share(log_densities: FloatArray) -> float:
    """Share of the first of two densities in the mixture of most likelihood, by expectation.

    Parameters
    ----------
    log_densities : array (event, 2)
        Of both.

    Returns
    -------
    float
        In (0, 1).
    """
    ratio = np.exp(np.clip(log_densities[:, 1] - log_densities[:, 0], -50.0, 50.0))
    share = 0.5
    for _ in range(200):
        share = float(np.mean(share / (share + (1.0 - share) * ratio)))
    return min(max(share, 1e-6), 1.0 - 1e-6)


def pace(step: int, steps: int) -> float:
    """Share of the learning rate: a short rise, then half a cosine."""
    return min(1.0, (step + 1) / WARM_UP) * 0.5 * (1.0 + math.cos(math.pi * step / steps))


def _step(
    net: PlaceNet, optimiser: torch.optim.Optimizer, events: Events, train: Targets, rows: Tensor
) -> None:
    loss = -net(train.batch(events, rows))[0].mean()
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(net.parameters(), CLIP)
    optimiser.step()
