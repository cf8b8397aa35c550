"""The code of a region that a net has not seen, from the train window of the region.

The shared weights stay as they are. What is learned are as many numbers as a code has, sixteen in
the nets of the package. Their prior is normal, with the spread of the codes of the regions that the
net was trained on.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from catalogs import EventSequence
from catalogs.sequence import FloatArray
from recast.net.network import RecastNet, log_likelihood
from recast.net.regional import of_weights
from recast.training.region import ENOUGH_EVENTS
from recast.training.windows import Windows

FEWEST_CODES = 3
"""Codes of known regions of which a prior is made."""

MOST_EVENTS = 40_000
"""At most so many events of a train window, the latest, are used."""

WINDOW, BURN_IN, WINDOWS = 256, 128, 32
"""Intervals of a window, of what comes before it, and windows of a batch."""

ITERATIONS = 25
"""At most; 8 to 17 were enough on three regions."""


def spread_of_codes(net: RecastNet) -> Tensor | None:
    """Prior standard deviation of the numbers of a code that is to be inferred, (code_size,).

    The root mean square over the regions with a code: one for the numbers that change weights and
    one for the shifts. None if the net knows the region, or too few regions for a prior.
    """
    codes = net.codes.detach()
    codes = codes[codes.abs().sum(dim=1) > 0.0]
    if net.region is not None or len(codes) < FEWEST_CODES:
        return None
    half = len(of_weights(codes[0]))
    parts = (codes[:, :half], codes[:, half:])
    return torch.cat([part.square().mean().sqrt().expand(part.shape[1]) for part in parts])


@torch.inference_mode(mode=False)  # the search needs gradients, whoever asks for it
@torch.enable_grad()
def with_inferred_code(
    net: RecastNet, train: EventSequence, *, gaps: Sequence[tuple[float, float]] = ()
) -> RecastNet:
    """The net with the most probable code of a region that it does not know.

        max_c  w log L(train | c) - 1/2 sum_i (c_i / s_i)^2,   w = min(1, N / 8,000)

    with the spreads s of ``spread_of_codes`` and N training events. A few hundred events often
    belong to one or two sequences and are not independent: w keeps their region near the code zero,
    where the search starts. The search, L-BFGS, is deterministic.

    Parameters
    ----------
    net : RecastNet
        On the region's scaling. A net without codes, or of too few regions, or that knows the
        region, is returned as it is.
    train : EventSequence
        The train window with its history.
    gaps : pairs of float
        Periods that no window may touch, days.

    Returns
    -------
    RecastNet
        With one code, that of this region.
    """
    own = copy.deepcopy(net).eval()  # tensors that were made in inference mode have no gradients
    spread = spread_of_codes(own)
    if spread is None or train.n_scored == 0:
        return net
    net = own
    net.requires_grad_(requires_grad=False)
    net.region = 0
    weight = min(1.0, train.n_scored / ENOUGH_EVENTS)
    windows = Windows(train, net.scaling, length=WINDOW, burn_in=BURN_IN, gaps=gaps)
    starts = np.arange(max(windows.first, windows.stop - MOST_EVENTS), windows.stop, WINDOW)
    starts = starts[windows.allowed(starts)]
    batches = [
        windows.starting_at(starts[i : i + WINDOWS].tolist())
        for i in range(0, starts.size, WINDOWS)
    ]
    del net.codes

    def loss(unit: FloatArray) -> tuple[float, FloatArray]:
        """The negative of what is to be largest, and its gradient by the code in units of s."""
        code = torch.from_numpy(unit).float().requires_grad_()
        total, slope = 0.5 * float(unit @ unit), unit.copy()
        for batch in batches:
            net.codes = code[None] * spread
            part = -weight * log_likelihood(net, batch)
            (of_part,) = torch.autograd.grad(part, code)
            total += float(part.detach())
            slope += of_part.double().numpy()
        return total / train.n_scored, slope / train.n_scored

    found = minimize(
        loss,
        np.zeros(len(spread)),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": ITERATIONS, "maxcor": ITERATIONS},
    )
    code = torch.from_numpy(found.x).float() * spread
    del net.codes
    net.codes = torch.nn.Parameter(code[None], requires_grad=False)
    return net
